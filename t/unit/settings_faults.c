/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

static const struct {
	const char *line, *fault;
} bad_values[] = {
    {"Sokcet unix:/x", "Sokcet: unknown keyword"},
    {"Destination /x", "Destination: unknown keyword"},
    {"Destinations /nonexistent",
	"Destinations: /nonexistent: No such file or directory"},
    {"Destinations x", "Destinations: \"x\" is no path"},
    {"DefaultLevel half-dane",
	"DefaultLevel: \"half-dane\" is not one of: auto none may "
	"encrypt dane dane-only secure"},
    {"Socket", "Socket: no value"},
    {"Socket /run/x", "Socket: \"/run/x\" is not unix:/PATH, "
		      "inet:PORT@HOST or inet6:PORT@HOST"},
    {"ControlSocket unix:/run/x", "ControlSocket: \"unix:/run/x\" is no path"},
    {"ControlSocket "
     "/run/01234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567",
	"ControlSocket: \"/run/01234"},
    {"Socket unix:run/x", "Socket: \"unix:run/x\" is not"},
    {"Socket inet:smtp@localhost", "Socket: \"inet:smtp"},
    {"Socket inet:0", "Socket: \"inet:0\""},
    {"Socket inet:65536", "Socket: \"inet:65536\""},
    {"On-Fail accept",
	"On-Fail: \"accept\" is not one of: none tag defer reject "
	"hold"},
    {"On-InternalError tag", "On-InternalError: \"tag\" is not one"},
    {"DecideAt data", "DecideAt: \"data\" is not one of: rcpt message"},
    {"RcptWait soon", "RcptWait: \"soon\" is no time"},
    {"RcptWait 6m", "RcptWait: \"6m\" is no time"},
    {"RcptWait -1s", "RcptWait: \"-1s\" is no time"},
    {"RcptWait auto", "RcptWait: \"auto\" is no time"},
    {"VerdictTTL 29s", "VerdictTTL: \"29s\" is no time"},
    {"Resolver unbound",
	"Resolver: \"unbound\" is not one of: embedded system"},
    {"Nameservers recurse\nResolver system",
	"Nameservers: \"recurse\" is for Resolver embedded alone"},
    {"Nameservers localhost", "Nameservers: \"localhost\" is no"},
    {"Nameservers 192.0.2.1@0", "Nameservers: \"192.0.2.1@0\" is no"},
    {"Nameservers recurse 192.0.2.1", "Nameservers: \"recurse\" is no"},
    {"TrustAnchorFile /nonexistent",
	"TrustAnchorFile: /nonexistent: No such file or directory"},
    {"CAFile ca.pem", "CAFile: \"ca.pem\" is no path"},
    {"Probe maybe", "Probe: \"maybe\" is not one of: yes no"},
    {"ProbePort 0", "ProbePort: \"0\" is no number from 1 to 65535"},
    {"ProbePort 25x", "ProbePort: \"25x\" is no number"},
    {"ProbeHelo a..b", "ProbeHelo: "},
    {"ProbeSource gate.example",
	"ProbeSource: \"gate.example\" is no address of a host"},
    {"ProbeSource [192.0.2.1]", "ProbeSource: \"[192.0.2.1]\" is no address"},
    {"ProbeSource 0.0.0.0", "ProbeSource: \"0.0.0.0\" is no address of a"},
    {"ProbeSource ::", "ProbeSource: \"::\" is no address of a host"},
    {"ProbeSource 224.0.0.1", "ProbeSource: \"224.0.0.1\" is no address"},
    {"ProbeSource ff02::1", "ProbeSource: \"ff02::1\" is no address"},
    {"ProbeSource 192.0.2.1,2001:db8::1,192.0.2.2",
	"ProbeSource: \"192.0.2.2\" is the second address of its family"},
    {"ProbeProtocols TLSv1.2",
	"ProbeProtocols: \"TLSv1.2\" is not one of: >=TLSv1 >=TLSv1.1 "
	">=TLSv1.2 >=TLSv1.3"},
    {"ProbeAddresses 129", "ProbeAddresses: \"129\" is no number from 0"},
    {"ProbeFamilies any",
	"ProbeFamilies: \"any\" is not one of: all ipv4 ipv6"},
    {"MaxCacheSize 15M", "MaxCacheSize: no size from 16M to 1024G"},
    {"MaxCacheSize 1025G", "MaxCacheSize: no size"},
    {"MaxCacheSize 256", "MaxCacheSize: no size"},
    {"MaxCacheSize M", "MaxCacheSize: no size"},
    {"MaxCacheSize 1T", "MaxCacheSize: no size"},
    {"MaxCacheSize 99999999999G", "MaxCacheSize: no size"},
    {"FactsDirectory facts", "FactsDirectory: \"facts\" is no path"},
    {"FactsKeep 0d", "FactsKeep: no days from 1d to 3650d"},
    {"FactsKeep 3651d", "FactsKeep: no days from 1d to 3650d"},
    {"FactsKeep 90", "FactsKeep: no days from 1d to 3650d"},
    {"FactsKeep 9h", "FactsKeep: no days from 1d to 3650d"},
    {"FactsMaxFiles 0", "FactsMaxFiles: \"0\" is no number"},
    {"FactsMaxFiles 100001", "FactsMaxFiles: \"100001\" is no number"},
    {"FactsMaxSize 0M", "FactsMaxSize: no size from 1M to 1024G"},
    {"MaxDomains 10001", "MaxDomains: \"10001\" is no number"},
    {"TLSReportSocket inet:24@127.0.0.1",
	"TLSReportSocket: \"inet:24@127.0.0.1\" is not unix:/PATH"},
    {"SharedStore tcp://192.0.2.1",
	"SharedStore: \"tcp://192.0.2.1\": without TLS only a loopback address "
	"may be named"},
    {"SharedStore unix:/a unix:/b unix:/c unix:/d",
	"SharedStore: more than 3 servers"},
    {"SharedTimeout 2s", "SharedTimeout: \"2s\" is no time from 0.005s to 1s"},
    {"SharedContent policies,mail",
	"SharedContent: \"mail\" is not one of: policies flush probes "
	"verdicts"},
    {"SharedPrefix a:b", "SharedPrefix: \"a:b\" is no word of letters"},
    {"TLSReportSocket /run/tlsrpt.sock",
	"TLSReportSocket: \"/run/tlsrpt.sock\" is not unix:/PATH"},
    {"TLSReportSources mta,log",
	"TLSReportSources: \"log\" is not one of: mta refused policy"},
    {"TLSReportSources ,",
	"TLSReportSources: \"\" is not one of: mta refused policy"},
    {"TLSReportContact postmaster",
	"TLSReportContact: \"postmaster\" is no mail address"},
    {"TLSReportContact a b@d.example",
	"TLSReportContact: \"a b@d.example\" is no mail address"},
    {"TLSReportContact a%21@d.example",
	"TLSReportContact: \"a%21@d.example\" is no mail address"},
    {"TLSReportOrganization Caf\xc3\xa9",
	"TLSReportOrganization: \"Caf??\" is not printable ASCII"},
    {"TLSReports yes\nTLSReportContact a@d.example",
	"TLSReports: \"yes\" needs TLSReportOrganization"},
    {"TLSReports yes\nTLSReportOrganization Example",
	"TLSReports: \"yes\" needs TLSReportOrganization and TLSReportContact"},
    {"TLSReportSender <", "TLSReportSender: \"<\" is no mail address"},
    {"TLSReportMailer lmtp:127.0.0.1",
	"TLSReportMailer: \"lmtp:127.0.0.1\": neither smtp:ADDRESS nor "
	"sendmail:/PATH"},
    {"TLSReportSpread 13h", "TLSReportSpread: \"13h\" is no time"},
    {"TLSReportMaxPerRua 0", "TLSReportMaxPerRua: \"0\" is no number"},
    {"TLSReportKeep 1d", "TLSReportKeep: \"1d\" is no time"},
    {"HeaderName X:Y", "HeaderName: \"X:Y\" is no name"},
    {"HeaderName X Y", "HeaderName: \"X Y\" is no name"},
    {"HeaderName Received", "HeaderName: \"Received\" is a standard field"},
    {"HeaderName dkim-signature",
	"HeaderName: \"dkim-signature\" is a standard field"},
    {"HeaderName Subject", "HeaderName: \"Subject\" is a standard"},
    {"HeaderName TLS-Required", "HeaderName: \"TLS-Required\" is a"},
    {"HeaderName Authentication-Results", "HeaderName: \"Authentication-R"},
    {"HeaderName Require-Recipient-Valid-Since",
	"HeaderName: \"Require-Recipient-Valid-Since\" is a standard"},
    {"HeaderName bimi-selector", "HeaderName: \"bimi-selector\" is a"},
    {"HeaderName List-Id", "HeaderName: \"List-Id\" is a standard field"},
    {"ControlSocket /run/x\nSocket unix:/run/x",
	"ControlSocket: \"/run/x\" is that of Socket"},
    {"MetricsSocket unix:/run/postern/milter.sock",
	"MetricsSocket: \"/run/postern/milter.sock\" is that of Socket"},
    /* F08 */
    {"MetricsSocket inet:9642@0.0.0.0",
	"MetricsSocket: \"inet:9642@0.0.0.0\" is not at a loopback address"},
    {"MetricsSocket inet:9642",
	"MetricsSocket: \"inet:9642\" is not at a loopback address"},
    {"MetricsSocket inet6:9642@::",
	"MetricsSocket: \"inet6:9642@::\" is not at a loopback address"},
    {"MetricsSocket inet6:9642@[::ffff:127.0.0.1]",
	"MetricsSocket: \"inet6:9642@[::ffff:127.0.0.1]\" is not at a "
	"loopback"},
    {"MetricsSocket inet:9642@::1",
	"MetricsSocket: \"inet:9642@::1\" is not at a loopback address"},
    {"MetricsSocket inet:9642@localhost",
	"MetricsSocket: \"inet:9642@localhost\" is not at a loopback"},
    {"MetricsSocket inet:@127.0.0.1",
	"MetricsSocket: \"inet:@127.0.0.1\" is not unix:/PATH"},
    {"ControlSocket /run/postern/milter.sock",
	"ControlSocket: \"/run/postern/milter.sock\" is that of Socket"},
    {"ControlGroup a b", "ControlGroup: \"a b\" is no word"},
    {"HonorTLSRequiredNo maybe",
	"HonorTLSRequiredNo: \"maybe\" is not one of: yes no unruled"},
    {"AuthservID a;b", "AuthservID: "},
    {"SyslogFacility ftp", "SyslogFacility: \"ftp\" is not one of: "
			   "mail daemon user local0"},
    {"SyslogName a b", "SyslogName: \"a b\" is no word"},
    {"UserID :mail", "UserID: \":mail\" is not USER or USER:GROUP"},
    {"InsecureDomains .lan",
	"InsecureDomains: \".lan\": a name holds for all below it, without "
	"a dot in front"},
    {"InsecureDomains a..b", "InsecureDomains: "},
    {"BogusNames a b c d e f g h i", "BogusNames: more than 8 names"},
    {"UMask 8", "UMask: \"8\" is no file mode"},
    {"UMask 1000", "UMask: \"1000\" is over 777"},
    {"PidFile run.pid", "PidFile: \"run.pid\" is no path"},
    {"ExemptDomains a..b", "ExemptDomains: "},
    {"ExemptDomains file:list", "ExemptDomains: \"file:list\" is no path"},
    {"ExemptDomains file:/no/such",
	"ExemptDomains: /no/such: No such file or directory"},
};

static void
bad_values_are_told_with_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_values); i++) {
		struct conf_faults faults = {0};
		char text[192];
		char path[32];
		char wanted[192];

		snprintf(text, sizeof(text), "\n%s\n", bad_values[i].line);
		ROW(bad_values[i].line,
		    conf_text_try(path, text, &faults) == NULL);
		ROW(bad_values[i].line, faults.count == 1);
		snprintf(wanted, sizeof(wanted), "%s:2: %s", path,
		    bad_values[i].fault);
		if (strncmp(faults.texts[0], wanted, strlen(wanted)) != 0)
			fail_msg("%s: %s", bad_values[i].line, faults.texts[0]);
		conf_faults_fini(&faults);
	}
}

static void
all_mistakes_are_told_in_one_run(void **state)
{
	static const char text[] = "Nonsense 1\n"
				   "On-Fail maybe\n"
				   "RcptWait 5s\n"
				   "rcptwait 6s\n"
				   "Probe\n";
	struct settings_override override = {"-p", "Socket", "nowhere"};
	struct conf_faults faults = {0};
	char path[32];

	(void)state;
	conf_text_write(path, text);
	assert_null(settings_load(path, &override, 1, &faults));
	unlink(path);
	assert_int_equal(faults.count, 5);
	assert_non_null(strstr(faults.texts[0], ":1: Nonsense"));
	assert_non_null(strstr(faults.texts[1], ":2: On-Fail"));
	assert_non_null(
	    strstr(faults.texts[2], ":4: RcptWait: stands in line 3 already"));
	assert_non_null(strstr(faults.texts[3], ":5: Probe: no value"));
	assert_non_null(strstr(faults.texts[4], "-p: Socket: \"nowhere\""));
	conf_faults_fini(&faults);
}

int
main(void)
{
	static const struct CMUnitTest settings_faults[] = {
	    cmocka_unit_test(bad_values_are_told_with_their_line),
	    cmocka_unit_test(all_mistakes_are_told_in_one_run),
	};

	return RUN_TESTS(settings_faults);
}
