/* doctor - what is looked at to see whether this host is fit for posternd: one
 * function a finding.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_H
#define MILTER_CLI_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/conf.h"
#include "common/io/dns.h"
#include "milter/cli/doctor/doctor_finding.h"
#include "milter/conf/settings.h"

#define DOCTOR_SENDMAIL_CF "/etc/mail/sendmail.cf"

struct postfix;
struct cli_list; /* cli.h */

/* A setting of postern.conf that a finding wants otherwise, "" for none at all,
 * and why. */
typedef void doctor_setting(
    void *arg, const char *keyword, const char *value, const char *because);

/* What the checks have in common; those before may fill it for those after. */
struct doctor {
	const char *conf_file;     /* as an option names it */
	struct conf_faults faults; /* of the configuration */
	struct settings *settings; /* NULL: it has faults */
	struct postfix *postfix;   /* NULL: no Postfix, or it cannot be asked */
	char no_postfix[120];      /* why not */
	bool sendmail_only;        /* there is Sendmail, and no postconf */
	struct dns *dns;           /* NULL: none to be had */
	bool validates;
	const struct cli_list *logs; /* of --log */
	const char *domain;          /* a destination to try, or NULL */
	bool local_mail;             /* mail by sendmail(1) will be looked at */
	bool no_filter;              /* sendmail.cf has none at our socket */
	doctor_setting *setting;     /* told beside what mends it; or NULL */
	void *setting_arg;
	int64_t deadline_ms;
};

typedef void doctor_check(struct doctor *doctor, struct doctor_finding *found);

/* doctor_conf_file - whose settings they are */
const char *doctor_conf_file(const struct doctor *doctor);

/* of the daemon: doctor_daemon.c */
doctor_check doctor_configuration;
doctor_check doctor_user;
doctor_check doctor_store;
doctor_check doctor_shared; /* doctor_shared.c */

/* of its socket: doctor_socket.c */
doctor_check doctor_socket;
doctor_check doctor_socket_user;

/* of DNS: doctor_resolver.c */
doctor_check doctor_resolver;
doctor_check doctor_trust_anchor;
doctor_check doctor_nameservers;

/* of what checks rest on else: doctor_ground.c */
doctor_check doctor_clock;
doctor_check doctor_ca_store;
doctor_check doctor_port_25;

/* of Postfix, who asks posternd: doctor_postfix.c */
doctor_check doctor_smtpd_milters;
doctor_check doctor_chroot;
doctor_check doctor_non_smtpd_milters;

/* of Postfix, how it asks: doctor_manner.c */
doctor_check doctor_default_action;
doctor_check doctor_timeouts;

/* of Postfix, how mail goes out: doctor_delivery.c */
doctor_check doctor_tls_level;
doctor_check doctor_tls_ca;
doctor_check doctor_dns_support;

/* of Postfix, what is in force for a destination: doctor_policy.c */
doctor_check doctor_tls_policy;

/* of Postfix, whether it enforces what posternd answers: doctor_map.c */
doctor_check doctor_map;
doctor_check doctor_map_socket;
doctor_check doctor_map_settings;
doctor_check doctor_metrics;

/* of both, what is counted for TLS reports: doctor_tlsrpt.c */
doctor_check doctor_tlsrpt;
doctor_check doctor_tlsrpt_contact; /* doctor_contact.c */

/* of Postfix, what it keeps: doctor_domains.c */
doctor_check doctor_internal_domains;

/* of Sendmail: doctor_sendmail.c */
doctor_check doctor_sendmail;

/* of Sendmail, how mail goes out: doctor_sendmail_tls.c */
doctor_check doctor_sendmail_tls;

/* of both, how mail goes out and probes do: doctor_way.c */
doctor_check doctor_probe_way;

/* of both, where they hand mail to: doctor_nexthop.c */
doctor_check doctor_next_hops;

/* of what passed without posternd: doctor_gaps.c */
doctor_check doctor_gaps;

#endif
