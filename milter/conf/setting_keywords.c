/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/setting_keywords.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/io/dns_options.h"
#include "common/io/tls_client.h"
#include "common/proto/address.h"
#include "common/sts/share.h"
#include "milter/conf/destinations.h"
#include "milter/conf/settings.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	DAY = 24 * 60 * MINUTE,

	/* RFC 5321 section 4.5.3.2.3: a client waits so long at RCPT */
	WAIT_MAX = 5 * MINUTE,

	/* Postfix waits 100 s for an answer of a map */
	MAP_WAIT_MAX = 90 * SECOND,
};

static const struct value_choice yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
static const struct value_choice actions[] = {{"none", ACTION_NONE},
    {"tag", ACTION_TAG}, {"defer", ACTION_DEFER}, {"reject", ACTION_REJECT},
    {"hold", ACTION_HOLD}, {NULL, 0}};
static const struct value_choice internal_errors[] = {
    {"accept", INTERNAL_ERROR_ACCEPT}, {"tempfail", INTERNAL_ERROR_TEMPFAIL},
    {NULL, 0}};
static const struct value_choice decide_ats[] = {
    {"rcpt", DECIDE_AT_RCPT}, {"message", DECIDE_AT_MESSAGE}, {NULL, 0}};
static const struct value_choice honor_nos[] = {{"yes", HONOR_NO_ALWAYS},
    {"no", HONOR_NO_NEVER}, {"unruled", HONOR_NO_UNRULED}, {NULL, 0}};
static const struct value_choice auto_wait[] = {
    {"auto", MESSAGE_WAIT_AUTO}, {NULL, 0}};
static const struct value_choice insecure_mxs[] = {{"dane", INSECURE_MX_DANE},
    {"encrypt", INSECURE_MX_ENCRYPT}, {"may", INSECURE_MX_MAY},
    {"policy", INSECURE_MX_POLICY}, {"auto", INSECURE_MX_AUTO}, {NULL, 0}};
static const struct value_choice partial_danes[] = {
    {"dane-only", PARTIAL_DANE_ONLY}, {"secure", PARTIAL_DANE_SECURE},
    {"dane", PARTIAL_DANE_DANE}, {NULL, 0}};
static const struct value_choice resolvers[] = {
    {"embedded", DNS_EMBEDDED}, {"system", DNS_SYSTEM}, {NULL, 0}};
static const struct value_choice floors[] = {{">=TLSv1", TLS_FROM_1_0},
    {">=TLSv1.1", TLS_FROM_1_1}, {">=TLSv1.2", TLS_FROM_1_2},
    {">=TLSv1.3", TLS_FROM_1_3}, {NULL, 0}};
static const struct value_choice families[] = {{"all", FAMILIES_ALL},
    {"ipv4", FAMILIES_IPV4}, {"ipv6", FAMILIES_IPV6}, {NULL, 0}};
static const struct value_choice header_domains[] = {
    {"visible", HEADER_DOMAINS_VISIBLE}, {"none", HEADER_DOMAINS_NONE},
    {"all", HEADER_DOMAINS_ALL}, {NULL, 0}};
static const struct value_choice log_levels[] = {
    {"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG}, {NULL, 0}};
static const struct value_choice tls_reports[] = {{"no", TLS_REPORTS_NO},
    {"collect", TLS_REPORTS_COLLECT}, {"yes", TLS_REPORTS_YES}, {NULL, 0}};
static const struct value_choice own_sessions[] = {
    {"excluded", 0}, {"counted", 1}, {NULL, 0}};
static const struct value_choice tls_sources[] = {{"mta", TLS_SOURCE_MTA},
    {"refused", TLS_SOURCE_REFUSED}, {"policy", TLS_SOURCE_POLICY}, {NULL, 0}};
static const struct value_choice tls_details[] = {
    {"full", TLS_DETAILS_FULL}, {"minimal", TLS_DETAILS_MINIMAL}, {NULL, 0}};
static const struct value_choice shared_contents[] = {
    {"policies", SHARE_POLICIES}, {"flush", SHARE_FLUSHES},
    {"probes", SHARE_PROBES}, {"verdicts", SHARE_VERDICTS}, {NULL, 0}};
static const struct value_choice facilities[] = {{"mail", LOG_MAIL},
    {"daemon", LOG_DAEMON}, {"user", LOG_USER}, {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7}, {NULL, 0}};

#define INT(name, effect, fallback, read, field, choices, min, max) \
	{                                                           \
		name, effect, fallback, read,                       \
		    offsetof(struct settings, field), SETTING_INT,  \
		{                                                   \
			choices, min, max                           \
		}                                                   \
	}
#define CHOICE(name, effect, fallback, field, choices) \
	INT(name, effect, fallback, value_read_choice, field, choices, 0, 0)
#define DURATION(name, effect, fallback, field, min, max) \
	INT(name, effect, fallback, value_read_duration, field, NULL, min, max)
#define NUMBER(name, effect, fallback, field, min, max) \
	INT(name, effect, fallback, value_read_number, field, NULL, min, max)
#define TEXT(name, effect, fallback, read, field, choices)          \
	{                                                           \
		name, effect, fallback, read,                       \
		    offsetof(struct settings, field), SETTING_TEXT, \
		{                                                   \
			choices, 0, 0                               \
		}                                                   \
	}
#define LIST_OF(name, effect, fallback, read, field, max)           \
	{                                                           \
		name, effect, fallback, read,                       \
		    offsetof(struct settings, field), SETTING_LIST, \
		{                                                   \
			NULL, 0, max                                \
		}                                                   \
	}
#define LIST(name, effect, fallback, read, field) \
	LIST_OF(name, effect, fallback, read, field, 0)

const struct setting_keyword setting_keywords[] = {
    TEXT("Socket", RESTART, "unix:/run/postern/milter.sock", value_read_socket,
	socket, NULL),
    TEXT("ControlSocket", RESTART, "/run/postern/control.sock",
	value_read_control_socket, control_socket, NULL),
    TEXT("ControlGroup", RESTART, NULL, value_read_name, control_group, NULL),
    LIST("MapSocket", RESTART, NULL, value_read_sockets, map_sockets),
    LIST("LineSocket", RESTART, NULL, value_read_sockets, line_sockets),
    DURATION("MapWait", LIVE, "10s", map_wait_ms, 100, MAP_WAIT_MAX),
    NUMBER("MapMaxClients", LIVE, "1024", map_max_clients, 1, 100000),
    INT("UMask", RESTART, "007", value_read_umask, umask, NULL, 0, 0),
    TEXT("UserID", RESTART, "postern", value_read_user, user, NULL),
    TEXT("PidFile", RESTART, NULL, value_read_path, pid_file, NULL),
    CHOICE("Background", RESTART, "yes", background, yes_no),
    CHOICE("On-Fail", LIVE, "tag", on_fail, actions),
    CHOICE("On-TempError", LIVE, "tag", on_temperror, actions),
    CHOICE("On-SoftFail", LIVE, "tag", on_softfail, actions),
    CHOICE("On-None", LIVE, "none", on_none, actions),
    CHOICE(
	"On-InternalError", LIVE, "accept", on_internal_error, internal_errors),
    CHOICE("DecideAt", LIVE, "rcpt", decide_at, decide_ats),
    DURATION("RcptWait", INDIRECT, "20s", rcpt_wait_ms, 0, WAIT_MAX),
    INT("MessageWait", LIVE, "auto", value_read_duration, message_wait_ms,
	auto_wait, 0, WAIT_MAX),
    CHOICE("HonorTLSRequiredNo", LIVE, "unruled", honor_no, honor_nos),
    LIST("LocalMailers", LIVE,
	"local,virtual,lmtp,lmtps,dovecot,cyrus,cyrusv2,cyrusbb,maildrop,"
	"procmail,uucp,suucp,uucp-old,uucp-new,uucp-dom,uucp-uudom,mail11,"
	"usenet,fax,pop,ph,qpage,error,discard,retry,prog,*file*,*include*",
	value_read_words, local_mailers),
    LIST("ExemptDomains", LIVE, NULL, value_read_domains, exempt_domains),
    LIST("InternalDomains", LIVE, NULL, value_read_domains, internal_domains),
    TEXT("Destinations", LIVE, DESTINATIONS_PATH, value_read_destinations,
	destinations_file, NULL),
    INT("DefaultLevel", LIVE, "auto", value_read_level, default_level, NULL, 0,
	0),
    CHOICE("InsecureMX", ENGINE, "auto", insecure_mx, insecure_mxs),
    CHOICE("PartialDANE", ENGINE, "dane-only", partial_dane, partial_danes),
    CHOICE("Resolver", ENGINE, "embedded", resolver, resolvers),
    LIST("Nameservers", ENGINE, NULL, value_read_nameservers, nameservers),
    CHOICE("TrustRemoteResolver", ENGINE, "no", trust_remote_resolver, yes_no),
    TEXT("TrustAnchorFile", ENGINE, NULL, value_read_input_path,
	trust_anchor_file, NULL),
    LIST("InsecureDomains", ENGINE, NULL, value_read_names, insecure_domains),
    LIST_OF("BogusNames", ENGINE, "dnssec-failed.org,rhybar.cz",
	value_read_names, bogus_names, LIMIT_BROKEN_NAMES),
    DURATION("DNSTimeout", ENGINE, "5s", dns_timeout_ms, 100, MINUTE),
    CHOICE("Probe", ENGINE, "yes", probe, yes_no),
    DURATION(
	"GreetingTimeout", ENGINE, "15s", greeting_timeout_ms, 100, MINUTE),
    DURATION("ProbeTimeout", ENGINE, "6s", probe_timeout_ms, 100, MINUTE),
    NUMBER("ProbePort", ENGINE, "25", probe_port, 1, UINT16_MAX),
    TEXT("ProbeHelo", ENGINE, NULL, value_read_host, probe_helo, NULL),
    LIST("ProbeSource", INDIRECT, NULL, value_read_sources, probe_source),
    CHOICE("ProbeFamilies", ENGINE, "all", probe_families, families),
    NUMBER("ProbeAddresses", ENGINE, "5", probe_addresses, 0,
	LIMIT_TRIED_ADDRESSES),
    CHOICE("ProbeProtocols", ENGINE, ">=TLSv1.2", probe_floor, floors),
    NUMBER("ProbePerHost", ENGINE, "2", probe_per_host, 1, 100),
    CHOICE("AllowPrivateAddresses", ENGINE, "no", allow_private, yes_no),
    TEXT("CAFile", ENGINE, NULL, value_read_input_path, ca_file, NULL),
    DURATION("STSTimeout", ENGINE, "8s", sts_timeout_ms, 100, MINUTE),
    TEXT("StateDirectory", INDIRECT, "/var/lib/postern", value_read_path,
	state_directory, NULL),
    TEXT("Store", INDIRECT, "sqlite:state.db", value_read_store, store, NULL),
    DURATION("VerdictTTL", ENGINE, "1h", verdict_ttl_ms, 30 * SECOND, 7 * DAY),
    DURATION("FailTTL", ENGINE, "5m", fail_ttl_ms, 30 * SECOND, 7 * DAY),
    DURATION(
	"TempErrorTTL", ENGINE, "30s", temperror_ttl_ms, 30 * SECOND, 7 * DAY),
    NUMBER("MaxChecks", ENGINE, "256", max_checks, 1, 4096),
    NUMBER("MaxQueue", ENGINE, "4096", max_queue, 1, 1000000),
    INT("MaxCacheSize", ENGINE, "256M", value_read_size, max_cache_mib, NULL,
	16, 1024 * 1024),
    NUMBER("MaxDomains", LIVE, "500", max_domains, 1, 10000),
    TEXT("HeaderName", LIVE, "X-TLS-Precheck", value_read_header_name,
	header_name, NULL),
    CHOICE("HeaderDomains", LIVE, "visible", header_domains, header_domains),
    TEXT("AuthservID", LIVE, NULL, value_read_host, authserv_id, NULL),
    CHOICE("Syslog", RESTART, "yes", syslog, yes_no),
    CHOICE("SyslogFacility", RESTART, "mail", syslog_facility, facilities),
    TEXT("SyslogName", RESTART, "posternd", value_read_name, syslog_name, NULL),
    CHOICE("SyslogSuccess", LIVE, "yes", syslog_success, yes_no),
    CHOICE("LogWhy", ENGINE, "no", log_why, yes_no),
    CHOICE("LogLevel", LIVE, "info", log_level, log_levels),
    LIST("DebugDomains", LIVE, NULL, value_read_domains, debug_domains),
    TEXT("MetricsSocket", RESTART, NULL, value_read_near_socket, metrics_socket,
	NULL),
    TEXT("MetricsLabel", LIVE, NULL, value_read_name, metrics_label, NULL),
    TEXT("FactsDirectory", RESTART, NULL, value_read_path, facts_directory,
	NULL),
    INT("FactsKeep", RESTART, "90d", value_read_days, facts_keep_days, NULL, 1,
	3650),
    NUMBER("FactsMaxFiles", RESTART, "1000", facts_max_files, 1, 100000),
    INT("FactsMaxSize", RESTART, "100M", value_read_size, facts_max_mib, NULL,
	1, 1024 * 1024),
    CHOICE("TLSReports", RESTART, "no", tls_reports, tls_reports),
    TEXT("TLSReportSocket", RESTART, NULL, value_read_unix_socket,
	tls_report_socket, NULL),
    INT("TLSReportSources", RESTART, "mta,refused,policy", value_read_flags,
	tls_report_sources, tls_sources, 0, 0),
    TEXT("TLSReportOrganization", LIVE, NULL, value_read_line,
	tls_report_organization, NULL),
    TEXT("TLSReportContact", LIVE, NULL, value_read_address, tls_report_contact,
	NULL),
    TEXT("TLSReportSender", LIVE, NULL, value_read_sender, tls_report_sender,
	NULL),
    TEXT("TLSReportMailer", LIVE, "smtp:127.0.0.1:25", value_read_mailer,
	tls_report_mailer, NULL),
    DURATION("TLSReportSpread", LIVE, "4h", tls_report_spread_ms, 0,
	12 * 60 * MINUTE),
    NUMBER(
	"TLSReportMaxPerRua", LIVE, "1000", tls_report_max_per_rua, 1, 1000000),
    CHOICE("TLSReportHTTPSVerify", LIVE, "yes", tls_report_verify, yes_no),
    CHOICE("TLSReportOwnSessions", LIVE, "excluded", tls_report_own_counted,
	own_sessions),
    CHOICE("TLSReportDetails", LIVE, "full", tls_report_details, tls_details),
    DURATION(
	"TLSReportKeep", LIVE, "14d", tls_report_keep_ms, 2 * DAY, 21 * DAY),
    NUMBER("TLSReportMaxDomains", RESTART, "20000", tls_report_max_domains, 1,
	1000000),
    LIST(
	"TLSReportExclude", LIVE, NULL, value_read_domains, tls_report_exclude),
    LIST("SharedStore", RESTART, NULL, value_read_stores, shared_store),
    TEXT("SharedUser", RESTART, NULL, value_read_name, shared_user, NULL),
    TEXT("SharedPasswordFile", RESTART, NULL, value_read_path,
	shared_password_file, NULL),
    TEXT("SharedCAFile", RESTART, NULL, value_read_input_path, shared_ca_file,
	NULL),
    TEXT("SharedClientCert", RESTART, NULL, value_read_input_path,
	shared_client_cert, NULL),
    TEXT("SharedClientKey", RESTART, NULL, value_read_path, shared_client_key,
	NULL),
    TEXT(
	"SharedKeyFile", RESTART, NULL, value_read_path, shared_key_file, NULL),
    INT("SharedContent", RESTART, "policies,flush", value_read_flags,
	shared_content, shared_contents, 0, 0),
    TEXT("SharedPrefix", RESTART, "postern", value_read_name, shared_prefix,
	NULL),
    DURATION("SharedTimeout", RESTART, "50ms", shared_timeout_ms, 5, SECOND),
    {.name = NULL},
};

const struct setting_keyword *
setting_keyword_find(const char *name)
{
	for (const struct setting_keyword *row = setting_keywords;
	     row->name != NULL; row++)
		if (strcasecmp(row->name, name) == 0)
			return row;
	return NULL;
}

void *
setting_keyword_field(
    struct settings *settings, const struct setting_keyword *keyword)
{
	return (char *)settings + keyword->at;
}

struct settings *
settings_ref(struct settings *settings)
{
	assert(settings->refs > 0);
	settings->refs++;
	return settings;
}

void
settings_free(struct settings *settings)
{
	assert(settings == NULL || settings->refs > 0);
	if (settings == NULL || --settings->refs > 0)
		return;
	free(settings->store_path);
	rule_list_free(settings->destinations);
	for (const struct setting_keyword *keyword = setting_keywords;
	     keyword->name != NULL; keyword++) {
		void *field = setting_keyword_field(settings, keyword);

		switch (keyword->kind) {
		case SETTING_INT:
			break;
		case SETTING_TEXT:
			value_set_text(field, NULL);
			break;
		case SETTING_LIST:
			settings_list_fini(field);
			break;
		}
	}
	free(settings);
}

static bool
is_same_settings_list(
    const struct settings_list *a, const struct settings_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
is_same_value(const struct setting_keyword *keyword, const struct settings *a,
    const struct settings *b)
{
	const void *left = (const char *)a + keyword->at;
	const void *right = (const char *)b + keyword->at;

	switch (keyword->kind) {
	case SETTING_INT:
		return *(const int *)left == *(const int *)right;
	case SETTING_TEXT:
		return text_equal(*(char *const *)left, *(char *const *)right);
	case SETTING_LIST:
		break;
	}
	return is_same_settings_list(left, right);
}

bool
settings_same_for_engine(const struct settings *a, const struct settings *b)
{
	for (const struct setting_keyword *keyword = setting_keywords;
	     keyword->name != NULL; keyword++)
		if (keyword->effect == ENGINE && !is_same_value(keyword, a, b))
			return false;
	return true;
}

void
settings_list_restart(const struct settings *at_start,
    const struct settings *now, struct text *list)
{
	for (const struct setting_keyword *keyword = setting_keywords;
	     keyword->name != NULL; keyword++)
		if (keyword->effect == RESTART &&
		    !is_same_value(keyword, at_start, now))
			text_addf(list, "%s%s", list->len > 0 ? "," : "",
			    keyword->name);
}
