/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/report.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/base/text.h"
#include "milter/serve/recent.h"
#include "milter/serve/stats.h"
#include "milter/serve/tally.h"
#include "t/unit/tap.h"

static void
events_are_counted_though_not_told(void **state)
{
	struct verdict verdict = {.result = RESULT_FAIL,
	    .level = LEVEL_MAY,
	    .reason = REASON_DANE_REQUIRED};
	struct report_check check = {
	    .domain = "example.com", .verdict = &verdict, .looked = true};
	struct report_message message = {.action = ACTION_HOLD};
	struct report_counts counts;

	(void)state;
	report_check("id", &check);
	check.cached = true;
	check.refused = true;
	check.rcpts = 3;
	check.action = ACTION_DEFER;
	report_check("id", &check);
	check.refused = false;
	check.looked = false;
	verdict.result = RESULT_SKIP;
	report_skip("id", &check);
	report_message("id", &message);
	tally_counts(&counts);
	assert_int_equal(counts.results[RESULT_FAIL], 2);
	assert_int_equal(counts.results[RESULT_SKIP], 1);
	assert_int_equal(counts.reasons[REASON_DANE_REQUIRED], 3);
	assert_int_equal(counts.hits, 1);
	assert_int_equal(counts.misses, 1);
	assert_int_equal(counts.messages, 1);
	assert_int_equal(counts.actions[ACTION_HOLD], 1);
	assert_int_equal(counts.actions[ACTION_NONE], 0);
	assert_int_equal(counts.refused[ACTION_DEFER], 3);
	assert_int_equal(counts.refused[ACTION_REJECT], 0);
}

static struct verdict *
found(enum result result)
{
	return verdict_new(result, REASON_CERTIFICATE_EXPIRED);
}

static void
domains_that_fail_are_listed_until_they_do_not(void **state)
{
	AUTO(verdict) struct verdict *fail = found(RESULT_FAIL);
	AUTO(verdict) struct verdict *pass = found(RESULT_PASS);
	AUTO(verdict) struct verdict *skip = found(RESULT_SKIP);
	struct figures_domain *rows;
	size_t count, before;

	(void)state;
	free(recent_copy(&before));
	recent_note("a.example", pass, 10);
	recent_note("b.example", fail, 10);
	recent_note("c.example", fail, 11);
	recent_note("c.example", fail, 12);
	recent_note("c.example", skip, 13);
	rows = recent_copy(&count);
	assert_int_equal(count, before + 2);
	assert_string_equal(rows[0].domain, "c.example");
	assert_int_equal(rows[0].messages, 2);
	assert_int_equal(rows[0].first_s, 11);
	assert_int_equal(rows[0].last_s, 12);
	free(rows);
	recent_note("c.example", pass, 13);
	recent_note("b.example", pass, 13);
	rows = recent_copy(&count);
	assert_int_equal(count, before);
	free(rows);
}

static void
the_domain_not_seen_for_longest_makes_room(void **state)
{
	AUTO(verdict) struct verdict *fail = found(RESULT_FAIL);
	struct figures_domain *rows;
	size_t count;

	(void)state;
	for (int i = 0; i <= LIMIT_RECENT_DOMAINS; i++) {
		char domain[40];

		snprintf(domain, sizeof(domain), "d%d.example", i);
		recent_note(domain, fail, 100 + i);
		recent_note("d0.example", fail, 100 + i);
	}
	rows = recent_copy(&count);
	assert_int_equal(count, LIMIT_RECENT_DOMAINS);
	assert_string_equal(rows[0].domain, "d0.example");
	for (size_t i = 0; i < count; i++)
		assert_string_not_equal(rows[i].domain, "d1.example");
	free(rows);
}

static void
what_becomes_of_a_report_is_told(void **state)
{
	struct report_counts before, after;
	static const struct {
		struct report_tlsrpt told;
		int severity;
		const char *rest;
	} rows[] = {
	    {{.action = "sent", .to = "mailto:r.ex", .tries = 1}, LOG_INFO,
		" to=mailto:r.ex sessions=120 failures=3 tries=1"},
	    {{.action = "sent",
		 .to = "https:r.ex",
		 .tries = 2,
		 .untrusted = true},
		LOG_INFO,
		" to=https:r.ex sessions=120 failures=3 tries=2 verify=failed"},
	    {{.action = "made"}, LOG_INFO, " sessions=120 failures=3"},
	    {{.action = "withdrawn", .reason = "no-rua"}, LOG_NOTICE,
		" sessions=120 failures=3 reason=no-rua"},
	    {{.action = "retry",
		 .to = "mailto:r.ex",
		 .tries = 1,
		 .detail = "450 busy"},
		LOG_NOTICE,
		" to=mailto:r.ex sessions=120 failures=3 tries=1 "
		"detail=450_busy"},
	    {{.action = "cut"}, LOG_NOTICE, " sessions=120 failures=3"},
	    {{.action = "failed"}, LOG_WARNING, " sessions=120 failures=3"},
	    {{.action = "expired"}, LOG_WARNING, " sessions=120 failures=3"},
	};

	(void)state;
	tally_counts(&before);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct report_tlsrpt told = rows[i].told;
		char line[REPORT_SIZE], wanted[REPORT_SIZE];

		told.domain = "d.ex";
		told.day = "2026-11-28";
		told.id = "20261128.1f0c22ab.d.ex@example.org";
		told.sessions = 120;
		told.failures = 3;
		assert_int_equal(
		    report_tlsrpt_line(line, &told), rows[i].severity);
		snprintf(wanted, sizeof(wanted),
		    "-: event=tlsrpt action=%s domain=d.ex day=2026-11-28 "
		    "id=20261128.1f0c22ab.d.ex@example.org%s",
		    told.action, rows[i].rest);
		assert_string_equal(line, wanted);
		tally_tls_report(told.action);
	}
	tally_counts(&after);
	assert_int_equal(
	    after.reports[FIGURES_SENT] - before.reports[FIGURES_SENT], 2);
	for (int i = 0; i < FIGURES_REPORTS; i++)
		if (i != FIGURES_SENT)
			assert_int_equal(after.reports[i] - before.reports[i],
			    i != FIGURES_SUPPRESSED);
}

int
main(void)
{
	static const struct CMUnitTest report_tally[] = {
	    cmocka_unit_test(events_are_counted_though_not_told),
	    cmocka_unit_test(domains_that_fail_are_listed_until_they_do_not),
	    cmocka_unit_test(the_domain_not_seen_for_longest_makes_room),
	    cmocka_unit_test(what_becomes_of_a_report_is_told),
	};

	return RUN_TESTS(report_tally);
}
