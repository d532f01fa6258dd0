/* settings - what postern.conf says, as one immutable snapshot. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_H
#define MILTER_CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/conf.h"
#include "common/base/own.h"
#include "common/judge/terms.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings_list.h"

struct rule_list;
struct text;

#define SETTINGS_PATH "/etc/postern/postern.conf"

enum decide_at { DECIDE_AT_RCPT, DECIDE_AT_MESSAGE };
enum internal_error { INTERNAL_ERROR_ACCEPT, INTERNAL_ERROR_TEMPFAIL };
enum honor_no { HONOR_NO_NEVER, HONOR_NO_UNRULED, HONOR_NO_ALWAYS };
enum header_domains {
	HEADER_DOMAINS_VISIBLE,
	HEADER_DOMAINS_NONE,
	HEADER_DOMAINS_ALL,
};

/* Sessions are counted for TLS reports, or not. */
enum tls_reports { TLS_REPORTS_NO, TLS_REPORTS_COLLECT, TLS_REPORTS_YES };
enum tls_sources {
	TLS_SOURCE_MTA = 1,     /* sessions that it tells of */
	TLS_SOURCE_REFUSED = 2, /* our probes for mail that we refused */
	TLS_SOURCE_POLICY = 4,  /* policies that failed without a session */
};
enum tls_details { TLS_DETAILS_FULL, TLS_DETAILS_MINIMAL };

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { MESSAGE_WAIT_AUTO = -1, INSECURE_MX_AUTO = -1 };

/* Immutable once loaded and counted: settings_ref, settings_free. */
struct settings {
	_Atomic unsigned refs;

	char *socket;
	char *control_socket;              /* a path; NULL: none */
	char *control_group;               /* of it; NULL: the user's own */
	struct settings_list map_sockets;  /* as Socket */
	struct settings_list line_sockets; /* likewise */
	int map_wait_ms;
	int map_max_clients;
	char *user;         /* USER or USER:GROUP */
	unsigned user_line; /* of the file, or 0 */
	int umask;
	char *pid_file; /* NULL: none */
	int background;

	int on_fail, on_temperror, on_softfail, on_none; /* enum action */
	int on_internal_error;                           /* enum */
	int decide_at;                                   /* enum */
	int rcpt_wait_ms;
	int message_wait_ms; /* or MESSAGE_WAIT_AUTO */
	int max_domains;
	int honor_no; /* enum: TLS-Required: No */

	struct settings_list local_mailers;
	struct settings_list exempt_domains; /* ".name": what is below it */
	struct settings_list internal_domains;
	char *destinations_file;
	int default_level;              /* enum level */
	struct rule_list *destinations; /* never NULL once loaded */

	int insecure_mx;  /* enum insecure_mx, or INSECURE_MX_AUTO */
	int partial_dane; /* enum partial_dane */
	int resolver;     /* enum dns_kind */
	struct settings_list nameservers;
	int recurse;
	int trust_remote_resolver;
	char *trust_anchor_file; /* NULL: the distribution's */
	struct settings_list
	    insecure_domains; /* besides those of special use */
	struct settings_list bogus_names;
	int dns_timeout_ms;
	int probe;
	int greeting_timeout_ms;
	int probe_timeout_ms;
	int probe_port;
	char *probe_helo;
	struct settings_list probe_source; /* one of a family at most */
	int probe_floor;                   /* enum tls_floor */
	int probe_addresses;               /* of a destination; 0: all */
	int probe_families;                /* enum families */
	int probe_per_host;
	int allow_private;
	char *ca_file; /* NULL: the system's store */
	int sts_timeout_ms;
	char *state_directory;
	char *store;      /* a file name; NULL: none */
	char *store_path; /* of it, whole; NULL: none */
	int verdict_ttl_ms, fail_ttl_ms, temperror_ttl_ms;
	int max_checks;
	int max_queue;
	int max_cache_mib;

	char *header_name; /* NULL: no header */
	int header_domains;
	char *authserv_id;

	int syslog;
	int syslog_facility; /* LOG_MAIL and others of syslog(3) */
	char *syslog_name;
	int syslog_success;
	int log_why;
	int log_level;
	struct settings_list debug_domains; /* none: all */
	char *metrics_socket;               /* as Socket; NULL: none */
	char *metrics_label;                /* NULL: none */

	char *facts_directory; /* NULL: none */
	int facts_keep_days;
	int facts_max_files;
	int facts_max_mib;

	int tls_reports;         /* enum */
	char *tls_report_socket; /* a path; NULL: none */
	char *tls_report_organization, *tls_report_contact; /* NULL: none */
	int tls_report_sources;                             /* tls_sources */
	int tls_report_details;                             /* enum */
	char *tls_report_sender; /* NULL: the contact; "<>" */
	char *tls_report_mailer; /* as mailer_parse reads it */
	int tls_report_spread_ms;
	int tls_report_max_per_rua;
	int tls_report_verify;      /* certificates of https: */
	int tls_report_own_counted; /* the MTA tells of report mail, too */
	int tls_report_keep_ms;
	int tls_report_max_domains;
	struct settings_list tls_report_exclude;

	struct settings_list shared_store;        /* none: nothing is shared */
	char *shared_user, *shared_password_file; /* NULL: none */
	char *shared_ca_file;                     /* NULL: the system's */
	char *shared_client_cert, *shared_client_key; /* NULL: none */
	char *shared_key_file;                        /* NULL: none */
	int shared_content; /* of enum share_content */
	char *shared_prefix;
	int shared_timeout_ms;
};

/* A keyword set by an option, over what the file says. */
struct settings_override {
	const char *option; /* as the fault names it: "-p" */
	const char *keyword;
	const char *value;
};

/*
 * settings_load - read a configuration file
 *
 * path NULL: SETTINGS_PATH, which may be missing.  overrides: count of them.
 * NULL when anything is wrong; all of it stands in faults.
 */
void settings_free(struct settings *settings); /* drops one reference */
struct settings *
settings_load(const char *path, const struct settings_override *overrides,
    size_t count, struct conf_faults *faults) OWNED(settings_free);
struct settings *settings_ref(struct settings *settings);
AUTO_DEFINE(settings);

/* settings_same_for_engine - whether no keyword differs that is the engine's as
 * it is; for all that an engine is told see settings_engine_same */
bool
settings_same_for_engine(const struct settings *a, const struct settings *b);

/* settings_list_restart - add "Keyword,Keyword" of what differs and takes
 * effect at the next start only */
void settings_list_restart(const struct settings *at_start,
    const struct settings *now, struct text *list);

/* settings_answers_mtas - whether MTAs may ask what to enforce */
bool settings_answers_mtas(const struct settings *settings);

/* settings_cut_host - part "port@host", "port@[address]" or "port", as a Socket
 * of inet has it: text becomes the port; returns the host in it, or NULL */
char *settings_cut_host(char *text);

#endif
