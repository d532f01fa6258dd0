/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine_options.h"
#include "common/judge/action.h"
#include "milter/conf/settings.h"
#include "milter/conf/settings_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/text.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

static void
an_empty_file_gives_the_defaults(void **state)
{
	AUTO(settings) struct settings *s = conf_text_load("");

	(void)state;
	assert_string_equal(s->socket, "unix:/run/postern/milter.sock");
	assert_string_equal(s->control_socket, "/run/postern/control.sock");
	assert_int_equal(s->on_fail, ACTION_TAG);
	assert_int_equal(s->on_temperror, ACTION_TAG);
	assert_int_equal(s->on_softfail, ACTION_TAG);
	assert_int_equal(s->on_none, ACTION_NONE);
	assert_int_equal(s->on_internal_error, INTERNAL_ERROR_ACCEPT);
	assert_int_equal(s->decide_at, DECIDE_AT_RCPT);
	assert_int_equal(s->rcpt_wait_ms, 20000);
	assert_int_equal(s->message_wait_ms, MESSAGE_WAIT_AUTO);
	assert_int_equal(s->local_mailers.count, 28);
	assert_true(settings_lists_word(&s->local_mailers, "local"));
	assert_true(settings_lists_word(&s->local_mailers, "*include*"));
	assert_false(settings_lists_word(&s->local_mailers, "smtp"));
	assert_int_equal(s->exempt_domains.count, 0);
	assert_int_equal(s->internal_domains.count, 0);
	assert_int_equal(s->nameservers.count, 0);
	assert_int_equal(s->insecure_domains.count, 0);
	assert_int_equal(s->bogus_names.count, 2);
	assert_null(s->trust_anchor_file);
	assert_null(s->ca_file);
	assert_int_equal(s->probe_port, 25);
	assert_int_equal(s->max_domains, 500);
	assert_null(s->facts_directory);
	assert_int_equal(s->facts_keep_days, 90);
	assert_int_equal(s->facts_max_files, 1000);
	assert_int_equal(s->facts_max_mib, 100);
	assert_string_equal(s->header_name, "X-TLS-Precheck");
	assert_int_equal(s->header_domains, HEADER_DOMAINS_VISIBLE);
	assert_true(strlen(s->authserv_id) > 0);
	assert_string_equal(s->probe_helo, s->authserv_id);
	assert_true(s->syslog && s->syslog_success && s->background);
	assert_false(s->log_why);
	assert_int_equal(s->syslog_facility, LOG_MAIL);
	assert_string_equal(s->syslog_name, "posternd");
	assert_string_equal(s->user, "postern");
	assert_int_equal(s->umask, 007);
	assert_null(s->pid_file);
}

static void
good_values_are_taken(void **state)
{
	static const char *const rows[] = {"Socket local:/run/x.sock",
	    "Socket inet:8891@localhost", "Socket inet:8891",
	    "Socket inet6:8891@[::1]", "ControlSocket /run/c",
	    "ControlSocket None", "on-fail REJECT", "On-None hold",
	    "On-InternalError tempfail", "DecideAt message", "RcptWait 250ms",
	    "MessageWait 2m", "MessageWait AUTO", "Resolver embedded",
	    "LocalMailers local virtual", "ProbePort 2525", "HeaderName none",
	    "HeaderName X-Gate_1", "HeaderName Received-TLS-Precheck",
	    "HeaderName Subjects", "HonorTLSRequiredNo NO", "ControlGroup adm",
	    "HeaderDomains all", "Syslog no", "SyslogFacility local3",
	    "UserID mail:postfix", "UMask 0117", "PidFile /run/p.pid",
	    "InsecureDomains lan", "BogusNames None", "BogusNames a.example",
	    "Background no", "MaxQueue 1", "MaxCacheSize 16M", "FactsKeep 1D",
	    "FactsKeep 3650d", "MaxCacheSize 1g", "MaxCacheSize 1024G"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		settings_free(conf_text_load(rows[i]));
}

static void
every_facility_is_that_of_syslog(void **state)
{
	static const struct {
		const char *line;
		int facility;
	} rows[] = {{"SyslogFacility mail", LOG_MAIL},
	    {"SyslogFacility Daemon", LOG_DAEMON},
	    {"SyslogFacility user", LOG_USER},
	    {"SyslogFacility local0", LOG_LOCAL0},
	    {"SyslogFacility local1", LOG_LOCAL1},
	    {"SyslogFacility local2", LOG_LOCAL2},
	    {"SyslogFacility local3", LOG_LOCAL3},
	    {"SyslogFacility local4", LOG_LOCAL4},
	    {"SyslogFacility local5", LOG_LOCAL5},
	    {"SyslogFacility local6", LOG_LOCAL6},
	    {"SyslogFacility local7", LOG_LOCAL7}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(settings)
		struct settings *s = conf_text_load(rows[i].line);

		ROW(rows[i].line, s->syslog_facility == rows[i].facility);
	}
}

/* One line for each keyword, with another value than its default, and what the
 * change takes effect in. */
static const struct {
	const char *line;
	enum { IN_MESSAGE, IN_ENGINE, AT_START } effect;
} changes[] = {
    {"Socket inet:8891", AT_START},
    {"ControlSocket /run/other.sock", AT_START},
    {"ControlGroup mail", AT_START},
    {"MapSocket inet:8642@127.0.0.1", AT_START},
    {"LineSocket unix:/run/line.sock", AT_START},
    {"MapWait 9s", IN_MESSAGE},
    {"MapMaxClients 8", IN_MESSAGE},
    {"UMask 022", AT_START},
    {"UserID nobody", AT_START},
    {"PidFile /run/postern.pid", AT_START},
    {"Background no", AT_START},
    {"Syslog no", AT_START},
    {"SyslogFacility daemon", AT_START},
    {"SyslogName gate", AT_START},
    {"On-Fail defer", IN_MESSAGE},
    {"On-TempError defer", IN_MESSAGE},
    {"On-SoftFail none", IN_MESSAGE},
    {"On-None tag", IN_MESSAGE},
    {"LogLevel debug", IN_MESSAGE},
    {"MetricsLabel gate1", IN_MESSAGE},
    {"MetricsSocket inet:9642@127.0.0.1", AT_START},
    {"FactsDirectory /var/facts", AT_START},
    {"FactsKeep 91d", AT_START},
    {"FactsMaxFiles 3", AT_START},
    {"FactsMaxSize 101M", AT_START},
    {"TLSReports collect", AT_START},
    {"TLSReportSocket unix:/run/tlsrpt.sock", AT_START},
    {"TLSReportSources policy", AT_START},
    {"TLSReportOrganization Example Org", IN_MESSAGE},
    {"TLSReportContact a@d.example", IN_MESSAGE},
    {"TLSReportSender <>", IN_MESSAGE},
    {"TLSReportMailer smtp:[::1]:587", IN_MESSAGE},
    {"TLSReportSpread 0", IN_MESSAGE},
    {"TLSReportMaxPerRua 3", IN_MESSAGE},
    {"TLSReportHTTPSVerify no", IN_MESSAGE},
    {"TLSReportOwnSessions counted", IN_MESSAGE},
    {"TLSReportDetails minimal", IN_MESSAGE},
    {"TLSReportKeep 3d", IN_MESSAGE},
    {"TLSReportMaxDomains 3", AT_START},
    {"TLSReportExclude d.example", IN_MESSAGE},
    {"SharedStore tls://s.example", AT_START},
    {"SharedUser postern", AT_START},
    {"SharedPasswordFile /p", AT_START},
    {"SharedCAFile /dev/null", AT_START},
    {"SharedClientCert /dev/null", AT_START},
    {"SharedClientKey /k", AT_START},
    {"SharedKeyFile /k", AT_START},
    {"SharedContent policies,probes,verdicts", AT_START},
    {"SharedPrefix gates", AT_START},
    {"SharedTimeout 5ms", AT_START},
    {"DebugDomains a.example", IN_MESSAGE},
    {"On-InternalError tempfail", IN_MESSAGE},
    {"DecideAt message", IN_MESSAGE},
    {"MessageWait 1m", IN_MESSAGE},
    {"HonorTLSRequiredNo no", IN_MESSAGE},
    {"LocalMailers local", IN_MESSAGE},
    {"ExemptDomains a.example", IN_MESSAGE},
    {"InternalDomains a.example", IN_MESSAGE},
    {"Destinations /dev/null", IN_MESSAGE},
    {"DefaultLevel secure", IN_MESSAGE},
    {"MaxDomains 400", IN_MESSAGE},
    {"HeaderName X-Gate", IN_MESSAGE},
    {"HeaderDomains all", IN_MESSAGE},
    {"AuthservID gate.example", IN_MESSAGE},
    {"SyslogSuccess no", IN_MESSAGE},
    {"RcptWait 40s", IN_ENGINE},
    {"InsecureMX may", IN_ENGINE},
    {"PartialDANE secure", IN_ENGINE},
    {"Resolver system", IN_ENGINE},
    {"Nameservers 192.0.2.1", IN_ENGINE},
    {"Nameservers recurse", IN_ENGINE},
    {"TrustRemoteResolver yes", IN_ENGINE},
    {"TrustAnchorFile /dev/null", IN_ENGINE},
    {"InsecureDomains a.example", IN_ENGINE},
    {"BogusNames a.example,b.example", IN_ENGINE},
    {"DNSTimeout 4s", IN_ENGINE},
    {"Probe no", IN_ENGINE},
    {"GreetingTimeout 14s", IN_ENGINE},
    {"ProbeTimeout 5s", IN_ENGINE},
    {"ProbePort 26", IN_ENGINE},
    {"ProbeHelo gate.example", IN_ENGINE},
    {"ProbeSource 192.0.2.1", IN_ENGINE},
    {"ProbeSource 2001:db8::1", IN_ENGINE},
    {"ProbeFamilies ipv4", IN_ENGINE},
    {"ProbeAddresses 4", IN_ENGINE},
    {"ProbeProtocols >=TLSv1.3", IN_ENGINE},
    {"ProbePerHost 3", IN_ENGINE},
    {"AllowPrivateAddresses yes", IN_ENGINE},
    {"CAFile /dev/null", IN_ENGINE},
    {"STSTimeout 7s", IN_ENGINE},
    {"StateDirectory /var/lib/other", IN_ENGINE},
    {"Store sqlite:other.db", IN_ENGINE},
    {"Store none", IN_ENGINE},
    {"VerdictTTL 2h", IN_ENGINE},
    {"FailTTL 6m", IN_ENGINE},
    {"TempErrorTTL 31s", IN_ENGINE},
    {"MaxChecks 255", IN_ENGINE},
    {"MaxQueue 4095", IN_ENGINE},
    {"MaxCacheSize 255M", IN_ENGINE},
    {"LogWhy yes", IN_ENGINE},
};

static void
compare_with_default(const char *line, int effect)
{
	AUTO(settings) struct settings *before = conf_text_load("");
	AUTO(settings) struct settings *after = conf_text_load(line);
	char words[64], keyword[64] = "";
	struct text list;

	if (effect == AT_START)
		sscanf(line, "%63s", keyword);
	text_init(&list, words, sizeof(words));
	settings_list_restart(before, after, &list);
	ROW_TEXT(line, words, keyword);
	ROW(line, settings_engine_same(before, after) == (effect != IN_ENGINE));
	ROW(line, settings_engine_same(after, after));
}

static void
each_change_takes_effect_where_it_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++)
		compare_with_default(changes[i].line, changes[i].effect);
}

/* The sample has each keyword; see every_line_of_the_sample_can_be_used. */
static void
what_a_change_takes_effect_in_is_known_of_every_keyword(void **state)
{
	char line[512], keyword[64];
	FILE *sample = conf_text_sample();
	size_t found = 0;

	(void)state;
	while (fgets(line, sizeof(line), sample) != NULL) {
		size_t i = 0;

		if (sscanf(line, "#%63[A-Za-z-] %*[^ ]", keyword) != 1 ||
		    line[1 + strlen(keyword)] != ' ')
			continue;
		while (i < COUNT(changes) &&
		       strncmp(changes[i].line, keyword, strlen(keyword)) != 0)
			i++;
		ROW(keyword, i < COUNT(changes));
		found++;
	}
	fclose(sample);
	assert_true(found >= 59);
}

static void
an_engine_stays_where_it_would_be_told_the_same(void **state)
{
	static const char *const same[][2] = {
	    {"RcptWait 5s", "RcptWait 8s"},
	    {"StateDirectory /a\nStore none", "StateDirectory /b\nStore none"},
	    {"StateDirectory /a\nStore sqlite:/x/y.db",
		"StateDirectory /b\nStore sqlite:/x/y.db"},
	    {"ProbeSource 192.0.2.1,2001:db8::1",
		"ProbeSource 2001:db8::1,192.0.2.1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		AUTO(settings) struct settings *a = conf_text_load(same[i][0]);
		AUTO(settings) struct settings *b = conf_text_load(same[i][1]);

		ROW(same[i][0], settings_engine_same(a, b));
	}
}

static void
changes_that_wait_for_a_start_are_listed_in_order(void **state)
{
	AUTO(settings) struct settings *before = conf_text_load("");
	AUTO(settings)
	struct settings *after = conf_text_load(
	    "SyslogName gate\nBackground no\nUMask 022\nOn-Fail defer\n"
	    "Socket inet:8891\nSyslog no\nSyslogFacility daemon\n");
	char words[160];
	struct text list;

	(void)state;
	text_init(&list, words, sizeof(words));
	settings_list_restart(before, after, &list);
	assert_string_equal(
	    words, "Socket,UMask,Background,Syslog,SyslogFacility,SyslogName");
}

static void
options_go_over_the_file(void **state)
{
	struct settings_override overrides[] = {
	    {"-p", "Socket", "inet:8891@localhost"}, {"-u", "UserID", "mail"}};
	struct conf_faults faults = {0};
	AUTO(settings) struct settings *s = NULL;
	char path[32];

	(void)state;
	conf_text_write(path, "Socket unix:/run/a\nPidFile /run/p\n");
	s = settings_load(path, overrides, COUNT(overrides), &faults);
	unlink(path);
	assert_string_equal(s->socket, "inet:8891@localhost");
	assert_string_equal(s->user, "mail");
	assert_string_equal(s->pid_file, "/run/p");
}

static void
domains_match_themselves_or_below(void **state)
{
	static const struct {
		const char *domain;
		bool listed;
	} rows[] = {{"example.org", true}, {"sub.example.org", false},
	    {"example.net", false}, {"sub.example.net", true},
	    {"a.b.example.net", true}, {"xexample.net", false},
	    {"xn--mller-kva.example", true}, {"example", false}, {"org", false},
	    {"[192.0.2.1]", false}};
	AUTO(settings)
	struct settings *s =
	    conf_text_load("InternalDomains Example.ORG., .example.net "
			   "m\xc3\xbcller.example\n");

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].domain, settings_lists_domain(&s->internal_domains,
					rows[i].domain) == rows[i].listed);
	assert_false(settings_lists_domain(&s->exempt_domains, "example.org"));
}

static void
settings_live_as_long_as_they_are_held(void **state)
{
	struct settings *s = conf_text_load("");
	struct settings *held = settings_ref(s);

	(void)state;
	settings_free(s);
	assert_string_equal(held->user, "postern");
	settings_free(held);
}

int
main(void)
{
	static const struct CMUnitTest settings[] = {
	    cmocka_unit_test(an_empty_file_gives_the_defaults),
	    cmocka_unit_test(good_values_are_taken),
	    cmocka_unit_test(every_facility_is_that_of_syslog),
	    cmocka_unit_test(each_change_takes_effect_where_it_can),
	    cmocka_unit_test(
		what_a_change_takes_effect_in_is_known_of_every_keyword),
	    cmocka_unit_test(an_engine_stays_where_it_would_be_told_the_same),
	    cmocka_unit_test(changes_that_wait_for_a_start_are_listed_in_order),
	    cmocka_unit_test(options_go_over_the_file),
	    cmocka_unit_test(domains_match_themselves_or_below),
	    cmocka_unit_test(settings_live_as_long_as_they_are_held),
	};

	return RUN_TESTS(settings);
}
