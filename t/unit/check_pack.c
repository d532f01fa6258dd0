/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/check_pack.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* What a check has that has everything. */
static struct check
full_check(void)
{
	static char host[] = "mx.d.example", below[] = ".d.example";
	static char *const names[] = {host, below};
	struct check check = {.domain = "d.example",
	    .verdict = verdict_new(RESULT_PASS, REASON_OK),
	    .enforcement = enforcement_new(ENFORCE_POLICY),
	    .ms = 7,
	    .expires_ms = 8,
	    .facts_number = 9};
	struct enforcement *e = check.enforcement;

	check.verdict->mx = xstrdup("mx.d.example");
	check.verdict->detail = xstrdup("so it is");
	check.verdict->walk = xstrdup("mx.d.example=pass");
	check.verdict->rule = rule_new();
	e->domain = xstrdup("d.example");
	e->where = xstrdup("TLSA");
	e->unheard = rule_new();
	enforcement_take_names(e, names, COUNT(names));
	e->hosts = xcalloc(2, sizeof(*e->hosts));
	e->host_count = 2;
	e->hosts[0] = (struct enforced_host){
	    xstrdup("mx.d.example"), ENFORCE_HOST_USABLE, true};
	e->hosts[1] = (struct enforced_host){
	    xstrdup("b.example"), ENFORCE_HOST_NONE, false};
	return check;
}

static void
a_packed_check_says_the_same(void **state)
{
	struct check check = full_check();
	struct rule *rule = check.verdict->rule;
	struct rule *unheard = check.enforcement->unheard;
	AUTO(check) struct check *packed = check_pack(&check);
	const struct enforcement *e = packed->enforcement;

	(void)state;
	assert_string_equal(packed->domain, "d.example");
	assert_int_equal(packed->ms, 7);
	assert_int_equal(packed->expires_ms, 8);
	assert_int_equal(packed->facts_number, 9);
	assert_int_equal(packed->verdict->result, RESULT_PASS);
	assert_string_equal(packed->verdict->mx, "mx.d.example");
	assert_string_equal(packed->verdict->detail, "so it is");
	assert_string_equal(packed->verdict->walk, "mx.d.example=pass");
	assert_ptr_equal(packed->verdict->rule, rule);
	assert_int_equal(e->answer, ENFORCE_POLICY);
	assert_string_equal(e->domain, "d.example");
	assert_string_equal(e->where, "TLSA");
	assert_ptr_equal(e->unheard, unheard);
	assert_int_equal(e->name_count, 2);
	assert_string_equal(e->names[0], "mx.d.example");
	assert_string_equal(e->names[1], ".d.example");
	assert_int_equal(e->host_count, 2);
	assert_string_equal(e->hosts[0].name, "mx.d.example");
	assert_int_equal(e->hosts[0].dane, ENFORCE_HOST_USABLE);
	assert_true(e->hosts[0].named);
	assert_string_equal(e->hosts[1].name, "b.example");
	assert_int_equal(e->hosts[1].dane, ENFORCE_HOST_NONE);
}

static void
a_check_that_has_nothing_more_is_packed_too(void **state)
{
	struct check check = {
	    .domain = "", .verdict = verdict_new(RESULT_SKIP, REASON_EXEMPT)};
	AUTO(check) struct check *packed = check_pack(&check);

	(void)state;
	assert_string_equal(packed->domain, "");
	assert_null(packed->enforcement);
	assert_null(packed->verdict->mx);
	assert_null(packed->verdict->detail);
	assert_null(packed->verdict->walk);
}

/* The domain three times, a host twice: one text. */
static void
a_text_stands_once_and_ends_another(void **state)
{
	enum { DOMAIN = sizeof("d.example"), HOST = sizeof("mx.d.example") };
	struct check check = {.domain = "d.example",
	    .verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY)};
	AUTO(check) struct check *small = check_pack(&check), *large = NULL;

	(void)state;
	check.verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY);
	check.verdict->mx = xstrdup("mx.d.example");
	large = check_pack(&check);
	assert_int_equal(
	    check_octets(large) - check_octets(small), HOST - DOMAIN);
	assert_ptr_equal(large->domain, large->verdict->mx + strlen("mx."));
	assert_true(check_octets(small) >=
		    sizeof(struct check) + sizeof(struct verdict) + DOMAIN);
}

static struct check *
answered(enum enforce_answer answer, const char *domain, uint32_t max_age_s)
{
	struct check check = {.domain = "d.example",
	    .verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY),
	    .enforcement = enforcement_new(answer)};

	if (domain != NULL)
		check.enforcement->domain = xstrdup(domain);
	check.enforcement->max_age_s = max_age_s;
	return check_pack(&check);
}

/* As many different ones as there is room for, and more. */
static void
what_is_enforced_without_a_name_is_shared(void **state)
{
	enum { MANY = 200 };
	AUTO(check) struct check *one = answered(ENFORCE_NOTHING, NULL, 0);
	AUTO(check) struct check *same = answered(ENFORCE_NOTHING, NULL, 0);
	AUTO(check) struct check *other = answered(ENFORCE_DANE, NULL, 0);
	AUTO(check)
	struct check *named = answered(ENFORCE_DANE, "d.example", 0);

	(void)state;
	assert_ptr_equal(one->enforcement, same->enforcement);
	assert_ptr_not_equal(one->enforcement, other->enforcement);
	assert_ptr_not_equal(other->enforcement, named->enforcement);
	assert_int_equal(one->enforcement->answer, ENFORCE_NOTHING);
	assert_int_equal(other->enforcement->answer, ENFORCE_DANE);
	assert_null(other->enforcement->domain);
	assert_string_equal(named->enforcement->domain, "d.example");
	assert_int_equal(check_octets(named) - check_octets(one),
	    sizeof(struct enforcement));
	for (uint32_t age_s = 1; age_s < MANY; age_s++) {
		AUTO(check)
		struct check *aged = answered(ENFORCE_NOTHING, NULL, age_s);

		assert_int_equal(aged->enforcement->max_age_s, age_s);
	}
	assert_int_equal(one->enforcement->max_age_s, 0);
}

static void
hosts_of_the_verdict_go_over(void **state)
{
	struct check check = {.domain = "d.example",
	    .verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY)};
	struct host_verdict *hosts = xcalloc(1, sizeof(*hosts));
	AUTO(check) struct check *packed = NULL;

	(void)state;
	check.verdict->hosts = hosts;
	check.verdict->host_count = 1;
	packed = check_pack(&check);
	assert_ptr_equal(packed->verdict->hosts, hosts);
	assert_int_equal(packed->verdict->host_count, 1);
}

int
main(void)
{
	const struct CMUnitTest check_pack[] = {
	    cmocka_unit_test(a_packed_check_says_the_same),
	    cmocka_unit_test(a_check_that_has_nothing_more_is_packed_too),
	    cmocka_unit_test(a_text_stands_once_and_ends_another),
	    cmocka_unit_test(what_is_enforced_without_a_name_is_shared),
	    cmocka_unit_test(hosts_of_the_verdict_go_over),
	};

	return RUN_TESTS(check_pack);
}
