/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/refusals.h"

#include <string.h>

#include "t/unit/tap.h"

#define POSTERND "Nov 22 07:48:37 gate posternd[3]: "

#define REFUSED(when, id, address)                                      \
	when " gate postfix/smtpd[1]: " id                              \
	     ": milter-reject: RCPT from x[1]: 451 4.7.5 bad.example: " \
	     "validation-failure (outbound TLS precheck); from=<a@s> "  \
	     "to=<" address "> proto=ESMTP helo=<h>"

static void
take_refusals(struct refusals *refusals, const char *const lines[])
{
	refusals_init(refusals, "bad.example", "posternd");
	refusals->since_given = true;
	refusals->since = 1800000000; /* 2027-01-15T08:00:00Z */
	refusals->now = 1800001000;
	for (; *lines != NULL; lines++)
		refusals_line(refusals, *lines);
}

static void
refusals_are_found_by_domain_and_time(void **state)
{
	static const char *const lines[] = {
	    REFUSED("2027-01-15T07:59:59Z", "NOQUEUE", "early@bad.example"),
	    REFUSED("2027-01-15T08:00:00Z", "NOQUEUE", "u@BAD.example"),
	    "gate posternd[3]: NOQUEUE: event=check domain=bad.example "
	    "result=fail policy=sts level=secure reason=validation-failure "
	    "action=defer rcpts=1 ms=1",
	    "gate posternd[3]: NOQUEUE: event=check domain=bad.example "
	    "result=fail policy=sts level=secure reason=validation-failure "
	    "action=defer rcpts=1 ms=2",
	    "gate posternd[3]: NOQUEUE: event=check domain=other.example "
	    "result=fail reason=validation-failure action=defer",
	    "gate posternd[3]: F1: event=check domain=bad.example result=pass",
	    "gate other[3]: NOQUEUE: event=check domain=bad.example",
	    REFUSED("", "F1", "v@bad.example"),
	    "gate postfix/smtpd[1]: NOQUEUE: reject: RCPT from x: 550 5.1.1 "
	    "<z@bad.example>: no; from=<a@s> to=<z@bad.example>",
	    "2027-01-15T08:00:01Z gate sm-mta[8]: NOQUEUE: Milter: "
	    "to=<w@bad.example>, reject=550 5.7.5 bad.example: dane-required "
	    "(outbound TLS precheck)",
	    NULL};
	struct refusals r;

	(void)state;
	take_refusals(&r, lines);
	assert_int_equal(r.count, 3);
	assert_string_equal(refusals_at(&r, 0)->address, "u@BAD.example");
	assert_false(refusals_at(&r, 0)->permanent);
	assert_string_equal(refusals_at(&r, 1)->id, "F1");
	assert_string_equal(refusals_at(&r, 2)->reason, "dane-required");
	assert_true(refusals_at(&r, 2)->permanent);
	assert_int_equal(r.check_count, 1);
	assert_string_equal(r.checks[0].ms, "2");
	refusals_fini(&r);
}

static void
of_many_refusals_the_last_are_told(void **state)
{
	char line[400];
	struct refusals r;

	(void)state;
	refusals_init(&r, "bad.example", "posternd");
	for (unsigned i = 0; i < LIMIT_STORY_RCPTS + 3; i++) {
		snprintf(line, sizeof(line),
		    REFUSED("", "NOQUEUE",
			"u%u@bad."
			"example"),
		    i);
		refusals_line(&r, line);
	}
	assert_int_equal(r.count, LIMIT_STORY_RCPTS);
	assert_true(r.cut);
	assert_string_equal(refusals_at(&r, 0)->address, "u3@bad.example");
	assert_string_equal(
	    refusals_at(&r, r.count - 1)->address, "u4098@bad.example");
	for (unsigned i = 0; i < LIMIT_STORY_CHECKS + 3; i++) {
		snprintf(line, sizeof(line),
		    POSTERND "NOQUEUE: event=check domain=bad.example "
			     "result=fail reason=r%u action=defer",
		    i);
		refusals_line(&r, line);
	}
	assert_int_equal(r.check_count, LIMIT_STORY_CHECKS);
	refusals_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals_are_found_by_domain_and_time),
	    cmocka_unit_test(of_many_refusals_the_last_are_told),
	};

	return RUN_TESTS(tests);
}
