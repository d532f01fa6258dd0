/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/advice.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define HOST "mx1.d.ex"

/* What is at fault, told from what a check saw. */
struct case_row {
	const char *name;
	enum reason reason;
	enum probe_outcome outcome; /* of the one address */
	const char *probe_detail;
	const char *mx_detail, *host_detail; /* of lookups */
	const char *who;                     /* begins so */
	const char *what;                    /* has this in it */
};

static void
check_row(const struct case_row *row)
{
	AUTO(facts) struct facts *facts = facts_new();
	AUTO(verdict)
	struct verdict *verdict = verdict_new(RESULT_TEMPERROR, row->reason);
	struct host_facts *host = xcalloc(1, sizeof(*host));
	struct advice advice;

	facts->hosts = host;
	facts->host_count = 1;
	text_copy(host->name, sizeof(host->name), HOST);
	text_copy(host->detail, sizeof(host->detail), row->host_detail);
	text_copy(facts->detail, sizeof(facts->detail), row->mx_detail);
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	host->address_count = 1;
	host->addresses[0].probe = probe_facts_new(row->outcome);
	text_copy(host->addresses[0].probe->detail,
	    sizeof(host->addresses[0].probe->detail), row->probe_detail);
	verdict->mx = xstrdup(HOST);
	verdict->host_count = 1;
	verdict->hosts = xcalloc(1, sizeof(*verdict->hosts));
	verdict->hosts[0].address_count = 1;
	verdict->hosts[0].addresses =
	    xcalloc(1, sizeof(*verdict->hosts[0].addresses));
	verdict->hosts[0].addresses[0].reason = row->reason;
	advice = advice_of(verdict, facts);
	ROW(row->name, strncmp(advice.who, row->who, strlen(row->who)) == 0);
	ROW(row->name, strstr(advice.what, row->what) != NULL);
}

static void
faults_of_this_host_blame_nobody_else(void **state)
{
	static const struct case_row rows[] = {
	    {"no route", REASON_CONNECT_FAILED, PROBE_CONNECT_FAILED,
		FACTS_NO_ROUTE, "", "", "you: ", "ip route get"},
	    {"refused", REASON_CONNECT_FAILED, PROBE_CONNECT_FAILED,
		"Connection refused", "", "", "the receiving", "port 25"},
	    {"what a host says is not our route", REASON_CONNECT_FAILED,
		PROBE_REFUSED, FACTS_NO_ROUTE, "", "", "the receiving",
		"reply"},
	    {"a root that looks bogus", REASON_RESOLVER_NOT_VALIDATING,
		PROBE_NOT_DONE, "", "", "", "you: ", "the clock"},
	    {"a signature of tomorrow", REASON_DNSSEC_INVALID, PROBE_NOT_DONE,
		"", "validation failure: signature before inception date", "",
		"you, with ", "clock"},
	    {"one of the TLSA records", REASON_DNSSEC_INVALID, PROBE_NOT_DONE,
		"", "", "signature before inception date", "you, with ",
		"clock"},
	    {"one that has expired", REASON_DNSSEC_INVALID, PROBE_NOT_DONE, "",
		"validation failure: signature expired", "", "whoever runs",
		"delv"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

int
main(void)
{
	const struct CMUnitTest advice[] = {
	    cmocka_unit_test(faults_of_this_host_blame_nobody_else),
	};

	return RUN_TESTS(advice);
}
