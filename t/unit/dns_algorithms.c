/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_algorithms.h"

#include <string.h>

#include "t/unit/tap.h"

static void
an_algorithm_has_a_word_or_a_number(void **state)
{
	static const struct {
		unsigned algorithm;
		const char *word;
	} rows[] = {
	    {5, "RSASHA1"},
	    {7, "RSASHA1-NSEC3-SHA1"},
	    {13, "ECDSAP256SHA256"},
	    {16, "ED448"},
	    {0, "0"},
	    {255, "255"},
	};
	char word[DNS_ALGORITHM_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		dns_algorithms_print(rows[i].algorithm, word);
		ROW_TEXT(rows[i].word, word, rows[i].word);
	}
}

static void
a_zone_is_lost_only_if_none_of_its_records_can_be_followed(void **state)
{
	/* of DS records: a key tag, an algorithm, a digest type */
	static const struct {
		const char *id;
		uint8_t records[3][4];
		size_t count;
		bool lacks;
		unsigned algorithm;
	} rows[] = {
	    {"RSASHA256", {{0, 1, 8, 2}}, 1, false, 0},
	    {"ECDSA", {{0, 1, 13, 2}}, 1, false, 0},
	    {"SHA-384", {{0, 1, 13, 4}}, 1, false, 0},
	    {"unassigned", {{0, 1, 200, 2}}, 1, true, 200},
	    {"unassigned digest", {{0, 1, 8, 255}}, 1, true, 8},
	    {"one of them", {{0, 1, 200, 2}, {0, 1, 8, 2}}, 2, false, 0},
	    {"none of them", {{0, 1, 200, 2}, {0, 1, 201, 2}, {0, 1, 8, 255}},
		3, true, 200},
	    {"no record", {{0}}, 0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_rdata records[3];
		unsigned algorithm = 0;

		for (size_t k = 0; k < COUNT(records); k++)
			records[k] = (struct dns_rdata){rows[i].records[k], 4};
		ROW(rows[i].id, dns_algorithms_lack(records, rows[i].count,
				    &algorithm) == rows[i].lacks);
		ROW(rows[i].id, algorithm == rows[i].algorithm);
	}
}

/* Debian's library has at least these; what it lacks is a word each. */
static void
what_is_lacking_is_a_list_of_words(void **state)
{
	char list[200], word[DNS_ALGORITHM_SIZE];

	(void)state;
	dns_algorithms_list(list, sizeof(list));
	assert_null(strstr(list, "RSASHA256"));
	assert_null(strstr(list, "ECDSAP256SHA256"));
	for (unsigned algorithm = 7; algorithm < 17; algorithm++) {
		uint8_t octets[] = {0, 1, (uint8_t)algorithm, 2};
		struct dns_rdata record = {octets, sizeof(octets)};
		unsigned lacking;

		dns_algorithms_print(algorithm, word);
		if (strstr(list, word) != NULL)
			ROW(word, dns_algorithms_lack(&record, 1, &lacking));
	}
}

int
main(void)
{
	const struct CMUnitTest dns_algorithms[] = {
	    cmocka_unit_test(an_algorithm_has_a_word_or_a_number),
	    cmocka_unit_test(
		a_zone_is_lost_only_if_none_of_its_records_can_be_followed),
	    cmocka_unit_test(what_is_lacking_is_a_list_of_words),
	};

	dns_algorithms_learn();
	return RUN_TESTS(dns_algorithms);
}
