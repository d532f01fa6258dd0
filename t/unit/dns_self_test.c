/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "t/fake/nameserver.h"

static struct fake_nameserver first, second;

/* D97 */
static void
self_test_wants_a_secure_root(void **state)
{
	enum { NONE = -1 };
	static const struct {
		const char *id;
		int one, two;
		bool remote, trust;
		int rc;
		enum err_kind kind;
	} rows[] = {
	    {"no DNSKEY", NO_DATA, NONE, false, false, -1, ERR_LOCAL},
	    {"secure", ANSWER, NONE, false, false, 0, ERR_TEMP},
	    {"insecure", ANSWER_INSECURE, NONE, false, false, -1, ERR_LOCAL},
	    {"bogus", SERVFAIL_BOGUS, NONE, false, false, -1, ERR_LOCAL},
	    {"silent", SILENT, NONE, false, false, -1, ERR_TEMP},
	    {"SERVFAIL", SERVFAIL, NONE, false, false, -1, ERR_TEMP},
	    {"two", ANSWER, ANSWER, false, false, 0, ERR_TEMP},
	    {"one silent", SILENT, ANSWER, false, false, 0, ERR_TEMP},
	    {"one insecure", ANSWER, ANSWER_INSECURE, false, false, -1,
		ERR_LOCAL},
	    {"insecure, silent", ANSWER_INSECURE, SILENT, false, false, -1,
		ERR_LOCAL},
	    {"remote", ANSWER, NONE, true, false, -1, ERR_LOCAL},
	    {"remote, trusted", ANSWER, NONE, true, true, 0, ERR_TEMP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		struct err err = {.kind = ERR_TEMP};
		bool two = rows[i].two != NONE;
		int64_t begun = clock_mono_ms();

		fake_nameserver_start(
		    &first, (enum nameserver_manners)rows[i].one);
		if (two)
			fake_nameserver_start(
			    &second, (enum nameserver_manners)rows[i].two);
		dns = fake_nameserver_remote(rows[i].trust,
		    rows[i].remote ? first.remote : first.text,
		    two ? second.text : NULL);
		ROW(rows[i].id,
		    dns_self_test(dns, INT64_MAX, &err) == rows[i].rc);
		ROW(rows[i].id, err.kind == rows[i].kind);
		ROW(rows[i].id, !two || clock_mono_ms() - begun < 1100);
		fake_nameserver_stop(&first);
		if (two)
			fake_nameserver_stop(&second);
	}
}

static void
a_nameserver_that_takes_what_is_broken_does_not_validate(void **state)
{
	static const char *const names[] = {"bad1.example", "bad2.example"};
	static const struct dns_names broken = {names, COUNT(names)};
	static const struct {
		const char *id;
		enum nameserver_manners manners;
		int rc;
	} rows[] = {
	    {"all is secure", ANSWER, -1},
	    {"broken is insecure", BAD_IS_INSECURE, -1},
	    {"broken fails", BAD_FAILS, 0},
	    {"broken is bogus", BAD_IS_BOGUS, 0},
	    {"one of two is mended", BAD2_FAILS, 0},
	    {"no answer", BAD_IS_SILENT, 0},
	    {"not there", BAD_IS_NOT_THERE, 0},
	    {"without an address", BAD_HAS_NO_DATA, 0},
	    {"an insecure root", ANSWER_INSECURE, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		struct err err = {.kind = ERR_TEMP};
		int64_t begun = clock_mono_ms();

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_names(first.text, NULL, &broken);
		ROW(rows[i].id,
		    dns_self_test(dns, INT64_MAX, &err) == rows[i].rc);
		ROW(rows[i].id,
		    err.kind == (rows[i].rc == 0 ? ERR_TEMP : ERR_LOCAL));
		ROW(rows[i].id, clock_mono_ms() - begun < 1200);
		fake_nameserver_stop(&first);
	}
}

static void
at_most_so_many_broken_names_are_asked_for(void **state)
{
	const char *names[LIMIT_BROKEN_NAMES + 1];
	struct dns_names broken = {names, COUNT(names)};
	AUTO(dns) struct dns *dns = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		names[i] = "bad.example";
	fake_nameserver_start(&first, BAD_FAILS);
	dns = fake_nameserver_names(first.text, NULL, &broken);
	assert_int_equal(dns_self_test(dns, INT64_MAX, NULL), 0);
	assert_int_equal(first.queries, 1 + LIMIT_BROKEN_NAMES);
	fake_nameserver_stop(&first);
}

int
main(void)
{
	const struct CMUnitTest dns_self_test[] = {
	    cmocka_unit_test(self_test_wants_a_secure_root),
	    cmocka_unit_test(
		a_nameserver_that_takes_what_is_broken_does_not_validate),
	    cmocka_unit_test(at_most_so_many_broken_names_are_asked_for),
	};

	return RUN_TESTS(dns_self_test);
}
