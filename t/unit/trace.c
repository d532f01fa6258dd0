/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/trace.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "t/unit/tap.h"

enum { LINES = 8 };

static struct {
	size_t count;
	char lines[LINES][REPORT_SIZE];
} said;

static void
keep_line(void *arg, const char *line)
{
	(void)arg;
	assert_true(said.count < LINES);
	text_copy(said.lines[said.count++], REPORT_SIZE, line);
}

static void
must_be(size_t i, const char *wanted)
{
	assert_true(i < said.count);
	assert_string_equal(said.lines[i], wanted);
}

/* Of one host with one address, that was connected to. */
static struct facts *
facts_of_one(struct probe_facts *probe)
{
	struct facts *facts = facts_new();
	struct host_facts *host = xcalloc(1, sizeof(*host));

	text_copy(facts->domain, sizeof(facts->domain), "a.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "a.example");
	facts->next_hop.mx_lookup = true;
	facts->next_hop.port = 25;
	facts->mx = (struct lookup){LOOKUP_DATA, true, 300};
	facts->sts.txt = (struct lookup){LOOKUP_NXDOMAIN, true, 60};
	text_copy(host->name, sizeof(host->name), "mx.a.example");
	host->a = (struct lookup){LOOKUP_DATA, true, 300};
	host->aaaa = (struct lookup){LOOKUP_NODATA, true, 30};
	host->tlsa = (struct lookup){LOOKUP_SERVFAIL, false, 0};
	text_copy(host->detail, sizeof(host->detail), "the server said no");
	host->address_count = 1;
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	text_copy(host->addresses[0].text, sizeof(host->addresses[0].text),
	    "192.0.2.1");
	host->addresses[0].probe = probe;
	facts->hosts = host;
	facts->host_count = 1;
	return facts;
}

static char mx[] = "mx.a.example";

static void
trace_of(struct facts *facts)
{
	struct verdict verdict = {.result = RESULT_TEMPERROR,
	    .reason = REASON_DNS_SERVFAIL,
	    .mx = mx,
	    .ttl_s = 30};
	struct check check = {
	    .domain = "a.example", .verdict = &verdict, .ms = 7};

	said.count = 0;
	trace_lines(facts, &check, keep_line, NULL);
}

static void
each_step_is_a_line_in_its_order(void **state)
{
	struct probe_facts *probe = probe_facts_new(PROBE_TLS);
	struct facts *facts = facts_of_one(probe);

	(void)state;
	text_copy(probe->tls, sizeof(probe->tls), "TLS1.3");
	text_copy(probe->sight.cipher, sizeof(probe->sight.cipher),
	    "TLS_AES_256_GCM_SHA384");
	probe->ms = 12;
	trace_of(facts);
	assert_int_equal(said.count, 5);
	must_be(0, "-: event=step domain=a.example step=mx next=a.example "
		   "mx=data,secure,300 hosts=1");
	must_be(1, "-: event=step domain=a.example step=sts-record "
		   "txt=nxdomain,secure,60 record=absent");
	must_be(2, "-: event=step domain=a.example step=host mx=mx.a.example "
		   "a=data,secure,300 aaaa=nodata,secure,30 tlsa=servfail "
		   "records=0 addresses=1 detail=the_server_said_no");
	must_be(3, "-: event=step domain=a.example step=probe mx=mx.a.example "
		   "addr=192.0.2.1 outcome=tls cache=miss ms=12 tls=TLS1.3 "
		   "cipher=TLS_AES_256_GCM_SHA384 certs=0");
	must_be(4, "-: event=step domain=a.example step=verdict "
		   "result=temperror policy=no-policy-found level=auto "
		   "reason=dns-servfail mx=mx.a.example ttl=30 ms=7");
	facts_free(facts);
}

static void
what_a_host_said_cannot_forge_a_key(void **state)
{
	struct probe_facts *probe = probe_facts_new(PROBE_REFUSED);
	struct facts *facts = facts_of_one(probe);

	(void)state;
	memset(probe->detail, 'x', sizeof(probe->detail) - 1);
	memcpy(probe->detail, "554 no\nevent=check \x1b[31m \xff", 26);
	trace_of(facts);
	assert_non_null(
	    strstr(said.lines[3], " outcome=refused cache=miss ms=0 "
				  "detail=554_no_event?check_?[31m_?x"));
	for (size_t i = 0; i < said.count; i++)
		assert_true(strlen(said.lines[i]) <= LIMIT_LOG_LINE);
	facts_free(facts);
}

static void
a_check_that_could_not_look_has_its_verdict_alone(void **state)
{
	struct facts *facts = facts_new();

	(void)state;
	facts->trouble = TROUBLE_QUEUE_FULL;
	trace_of(facts);
	assert_int_equal(said.count, 1);
	assert_non_null(strstr(said.lines[0], "step=verdict"));
	facts_free(facts);
}

int
main(void)
{
	const struct CMUnitTest trace[] = {
	    cmocka_unit_test(each_step_is_a_line_in_its_order),
	    cmocka_unit_test(what_a_host_said_cannot_forge_a_key),
	    cmocka_unit_test(a_check_that_could_not_look_has_its_verdict_alone),
	};

	return RUN_TESTS(trace);
}
