/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_insecure.h"

#include <string.h>

#include "t/unit/tap.h"

static const char *const own_zones[] = {"corp.example", "lan"};
static const struct dns_names own = {own_zones, 2};

static void
a_name_in_a_zone_is_insecure_on_purpose(void **state)
{
	static const struct {
		const char *name;
		bool has;
	} rows[] = {
	    {"corp.example", true},
	    {"mx.corp.example", true},
	    {"lan", true},
	    {"a.b.lan", true},
	    {"xcorp.example", false},
	    {"example", false},
	    {"", false},
	    {"corp.example.net", false},
	    {"home.arpa", true},
	    {"mx.home.arpa", true},
	    {"arpa", false},
	    {"internal", true},
	    {"printer.local", true},
	    {"a.test", true},
	    {"a.alt", true},
	    {"localhost", true},
	    {"a.invalid", true},
	    {"x.onion", true},
	    {"example.com", false},
	};
	AUTO(dns_insecure) struct dns_insecure *insecure = NULL;

	(void)state;
	insecure = dns_insecure_new(&own);
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].name,
		    dns_insecure_has(insecure, rows[i].name) == rows[i].has);
}

static void
zones_are_told_by_number_and_end(void **state)
{
	static const struct dns_names none = {NULL, 0};
	AUTO(dns_insecure) struct dns_insecure *insecure = NULL;
	AUTO(dns_insecure) struct dns_insecure *special = NULL;
	size_t count = 0;

	(void)state;
	insecure = dns_insecure_new(&own);
	special = dns_insecure_new(&none);
	while (dns_insecure_zone(special, count) != NULL)
		count++;
	assert_true(count > 0);
	assert_string_equal(dns_insecure_zone(insecure, count), own_zones[0]);
	assert_string_equal(
	    dns_insecure_zone(insecure, count + 1), own_zones[1]);
	assert_null(dns_insecure_zone(insecure, count + 2));
	assert_null(dns_insecure_zone(insecure, SIZE_MAX));
	assert_false(dns_insecure_has(special, own_zones[0]));
}

static void
nobody_is_asked_about_three_of_them(void **state)
{
	static const struct {
		const char *zone;
		bool here;
	} rows[] = {{"invalid", true}, {"localhost", true}, {"onion", true},
	    {"local", false}, {"home.arpa", false}, {"lan", false},
	    {"a.onion", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].zone, dns_insecure_is_answered_here(rows[i].zone) ==
				      rows[i].here);
}

int
main(void)
{
	const struct CMUnitTest dns_insecure[] = {
	    cmocka_unit_test(a_name_in_a_zone_is_insecure_on_purpose),
	    cmocka_unit_test(zones_are_told_by_number_and_end),
	    cmocka_unit_test(nobody_is_asked_about_three_of_them),
	};

	return RUN_TESTS(dns_insecure);
}
