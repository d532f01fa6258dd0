/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/host_lines.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static const struct lookup secure = {LOOKUP_DATA, true, 60};
static const struct lookup denied = {LOOKUP_NODATA, true, 60};

/* Facts of one host, mx.d.ex, with two addresses. */
static struct facts *
one_host(void)
{
	struct facts *facts = facts_new();
	struct host_facts *host;

	facts->host_count = 1;
	facts->hosts = xcalloc(1, sizeof(*facts->hosts));
	host = &facts->hosts[0];
	text_copy(host->name, sizeof(host->name), "mx.d.ex");
	host->a = secure;
	host->aaaa = host->tlsa = denied;
	host->addresses = xcalloc(2, sizeof(*host->addresses));
	host->address_count = 2;
	text_copy(host->addresses[0].text, INET6_ADDRSTRLEN, "192.0.2.2");
	text_copy(host->addresses[1].text, INET6_ADDRSTRLEN, "192.0.2.1");
	return facts;
}

/* The line of the first host; roots are of no use without a certificate. */
static json_t *
line_of(struct facts *facts)
{
	const struct check check = {.domain = "d.ex", .facts = facts};
	const struct survey_count count = {.domains = 2, .messages = 7};
	struct host_lines *lines = host_lines_make(&check, NULL);
	struct survey_host host = {
	    lines->names[0], lines->facts[0], lines->probed[0]};
	char *text = NULL;
	json_t *object;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(lines->count, 1);
	assert_int_equal(lines->probed[0], 0);
	host_lines_print(out, &host, &count);
	fclose(out);
	host_lines_free(lines);
	object = json_loads(text, 0, NULL);
	assert_non_null(object);
	free(text);
	return object;
}

static const char *
word_at(json_t *list, size_t i, const char *key)
{
	json_t *item = json_array_get(list, i);

	return json_string_value(
	    key == NULL ? item : json_object_get(item, key));
}

static void
a_host_is_told_in_an_order_of_its_own(void **state)
{
	AUTO(facts) struct facts *facts = one_host();
	json_t *line = line_of(facts);
	json_t *addresses = json_object_get(line, "addresses");

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(line, "name")), "mx.d.ex");
	assert_string_equal(
	    json_string_value(json_object_get(line, "security")), "secure");
	assert_int_equal(
	    json_integer_value(json_object_get(line, "messages")), 7);
	assert_int_equal(json_array_size(addresses), 2);
	assert_string_equal(word_at(addresses, 0, "address"), "192.0.2.1");
	assert_string_equal(word_at(addresses, 0, "probe"), "not-done");
	assert_string_equal(word_at(addresses, 0, "verify"), "");
	assert_true(json_is_null(
	    json_object_get(json_array_get(addresses, 0), "not_after")));
	json_decref(line);
}

static void
add_records(struct tlsa_set *set, unsigned count)
{
	for (unsigned i = count; i > 0; i--) {
		char text[96];

		snprintf(text, sizeof(text), "3 1 1 %064x", i);
		assert_int_equal(tlsa_set_add_text(set, text, NULL), 0);
	}
}

/* LIMIT_SURVEY_TLSA, LIMIT_SURVEY_TLSA_DATA: the first by their text, and of
 * each what a digest has */
static void
records_have_limits(void **state)
{
	AUTO(facts) struct facts *facts = one_host();
	struct tlsa_set *set = &facts->hosts[0].records;
	char last[LIMIT_SURVEY_TLSA + 80], record[160];
	json_t *line, *list;

	(void)state;
	snprintf(record, sizeof(record), "2 1 0 %0130x", 1);
	assert_int_equal(tlsa_set_add_text(set, record, NULL), 0);
	add_records(set, LIMIT_SURVEY_TLSA);
	tlsa_set_finish(set);
	line = line_of(facts);
	list = json_object_get(line, "tlsa");
	assert_int_equal(json_array_size(list), LIMIT_SURVEY_TLSA);
	assert_int_equal(strlen(word_at(list, 0, NULL)),
	    strlen("2 1 0 ...") + 2 * LIMIT_SURVEY_TLSA_DATA);
	snprintf(last, sizeof(last), "3 1 1 %064x", LIMIT_SURVEY_TLSA - 1);
	assert_string_equal(word_at(list, LIMIT_SURVEY_TLSA - 1, NULL), last);
	json_decref(line);
}

/* A host whose facts were lost, or that are none. */
static void
what_cannot_be_read_is_told_as_an_error(void **state)
{
	static const char *const facts[] = {NULL, "", "{", "[1]"};
	const struct survey_count count = {.domains = 1, .messages = 1};

	(void)state;
	for (size_t i = 0; i < COUNT(facts); i++) {
		struct survey_host host = {"mx.d.ex", facts[i], 0};
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		host_lines_print(out, &host, &count);
		fclose(out);
		assert_non_null(strstr(text, "\"security\":\"error\""));
		assert_non_null(strstr(text, "\"addresses\":[]"));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest host_lines[] = {
	    cmocka_unit_test(a_host_is_told_in_an_order_of_its_own),
	    cmocka_unit_test(records_have_limits),
	    cmocka_unit_test(what_cannot_be_read_is_told_as_an_error),
	};

	return RUN_TESTS(host_lines);
}
