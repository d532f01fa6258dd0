/* SPDX-License-Identifier: BSD-2-Clause */
/* Advice on several domains, some of which come to no verdict in time. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/advise/several.h"
#include "t/unit/sight_row.h"
#include "t/unit/tap.h"

/* In place of the command's, and of what looks: a name that begins with "late"
 * has no verdict, one with "bad" mail that waits. */
static char said[4096];
static size_t looks, open_looks;

int
cli_fail(int status, const char *format, ...)
{
	size_t length = strlen(said);
	va_list args;

	/* any other is told as JSON, too */
	assert_int_equal(status, 0);
	va_start(args, format);
	vsnprintf(said + length, sizeof(said) - length, format, args);
	va_end(args);
	text_copy(said + strlen(said), 2, "\n");
	return status;
}

/* The sighting comes first, so that it is found by its own address. */
struct looking {
	struct sighting sighting;
	struct seen seen;
};

struct sighting *
look_begin(const struct look *look, const char *domain)
{
	struct case_row row = sight_tested;
	struct looking *looking = xcalloc(1, sizeof(*looking));

	(void)look;
	looks++;
	open_looks++;
	if (strncmp(domain, "bad", 3) == 0)
		row = (struct case_row){.mx = "f",
		    .hosts = "",
		    .chain = CHAIN_BOGUS_DS,
		    .whose = "",
		    .zones = "",
		    .rua = "-"};
	seen_make(&looking->seen, &row);
	text_copy(looking->sighting.domain, LIMIT_RAW_DOMAIN_SIZE, domain);
	return &looking->sighting;
}

const struct sight *
look_end(const struct look *look, struct sighting *sighting)
{
	struct looking *looking = (struct looking *)sighting;

	(void)look;
	return strncmp(sighting->domain, "late", 4) == 0 ? NULL
							 : &looking->seen.sight;
}

void
sighting_free(struct sighting *sighting)
{
	struct looking *looking = (struct looking *)sighting;

	if (looking == NULL)
		return;
	open_looks--;
	seen_fini(&looking->seen);
	free(looking);
}

/* What is written of them, owned by the caller. */
static char *
advise_on(
    char *const *domains, size_t count, enum form form, bool bulk, int *worst)
{
	struct look look = {.at_given = true, .at = NOW};
	struct advise_wish wish = {.bulk = bulk};
	struct several several = {.look = &look,
	    .wish = &wish,
	    .standards = 1U << STANDARD_RFC,
	    .form = form,
	    .title = "Advice",
	    .domains = domains,
	    .count = count};
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	said[0] = '\0';
	looks = 0;
	*worst = several_advise(&several, out);
	fclose(out);
	assert_int_equal(looks, count);
	assert_int_equal(open_looks, 0);
	return text;
}

/* The same of words with a blank between. */
static char *
advise_on_words(const char *words, enum form form, int *worst)
{
	char *copy = xstrdup(words), *rest = copy, *domains[8], *text;
	size_t count = 0;

	while (rest != NULL)
		domains[count++] = strsep(&rest, " ");
	text = advise_on(domains, count, form, false, worst);
	free(copy);
	return text;
}

static void
one_without_a_verdict_ends_nothing(void **state)
{
	static const struct {
		enum form form;
		const char *says;
	} rows[] = {
	    {FORM_TEXT, "Not looked at: no verdict in time."},
	    {FORM_MARKDOWN, "Not looked at: no verdict in time."},
	    {FORM_HTML, "Not looked at: no verdict in time."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int worst;
		char *text = advise_on_words(
		    "one.ex late.ex two.ex", rows[i].form, &worst);
		const char *one = strstr(text, "one.ex");
		const char *late = strstr(text, "late.ex");
		const char *two = strstr(text, "two.ex");

		assert_int_equal(worst, 3);
		assert_true(one != NULL && late != NULL && two != NULL);
		assert_true(one < late && late < two);
		assert_non_null(strstr(late, rows[i].says));
		assert_true(strstr(late, rows[i].says) < two);
		assert_non_null(strstr(two, "P11"));
		assert_string_equal(said, "late.ex: no verdict in time\n");
		free(text);
	}
}

static void
in_json_it_is_an_object_with_the_error(void **state)
{
	static const char *const keys[] = {
	    "schema", "domain", "time", "version", "error", "worst"};
	char *text, *line, *rest;
	json_t *objects[3];
	int worst;

	(void)state;
	text = advise_on_words("one.ex late.EX. two.ex", FORM_JSON, &worst);
	assert_int_equal(worst, 3);
	rest = text;
	for (size_t i = 0; i < 3; i++) {
		line = strsep(&rest, "\n");
		objects[i] = json_loads(line, 0, NULL);
		assert_non_null(objects[i]);
	}
	assert_string_equal(rest, "");
	assert_non_null(json_object_get(objects[0], "checks"));
	assert_non_null(json_object_get(objects[2], "checks"));
	assert_int_equal(json_object_size(objects[1]), 6);
	for (size_t i = 0; i < 6; i++)
		assert_non_null(json_object_get(objects[1], keys[i]));
	assert_string_equal(
	    json_string_value(json_object_get(objects[1], "domain")),
	    "late.ex");
	assert_string_equal(
	    json_string_value(json_object_get(objects[1], "error")),
	    "no verdict in time");
	assert_string_equal(
	    json_string_value(json_object_get(objects[1], "worst")),
	    "not-tested");
	for (size_t i = 0; i < 3; i++)
		json_decref(objects[i]);
	free(text);
}

static void
of_a_hundred_they_are_a_table_of_their_own(void **state)
{
	enum { MANY = 120 };

	char names[MANY][16], *domains[MANY], *text;
	int worst;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%zu.ex",
		    i % 40 == 7 ? "late" : "d", i);
		domains[i] = names[i];
	}
	text = advise_on(domains, MANY, FORM_MARKDOWN, true, &worst);
	assert_int_equal(worst, 3);
	assert_non_null(strstr(text, "1 states."));
	assert_non_null(strstr(text, "117"));
	assert_non_null(strstr(text, "3 of 120."));
	assert_non_null(strstr(text, "| late7.ex | no verdict in time |"));
	assert_non_null(strstr(text, "| late87.ex | no verdict in time |"));
	assert_string_equal(said,
	    "late7.ex: no verdict in time\nlate47.ex: no verdict in "
	    "time\nlate87.ex: no verdict in time\n");
	free(text);
	domains[7] = domains[47] = domains[87] = domains[0];
	text = advise_on(domains, MANY, FORM_TEXT, true, &worst);
	assert_null(strstr(text, "not looked at"));
	free(text);
}

static void
mail_that_waits_is_worse_than_what_was_not_seen(void **state)
{
	int worst;

	(void)state;
	free(advise_on_words("late1.ex bad.ex late2.ex", FORM_TEXT, &worst));
	assert_int_equal(worst, 2);
	free(advise_on_words("late1.ex", FORM_TEXT, &worst));
	assert_int_equal(worst, 3);
}

static void
what_is_asked_about_is_a_domain(void **state)
{
	static const struct {
		const char *asked, *domain; /* NULL: none */
	} rows[] = {
	    {"One.EX.", "one.ex"},
	    {"user@one.ex", "one.ex"},
	    {"<user@one.ex>", "one.ex"},
	    {"b\xc3\xbc"
	     "cher.ex",
		"xn--bcher-kva.ex"},
	    {"a..b", NULL},
	    {"[192.0.2.1]", NULL},
	    {"user@[192.0.2.1]", NULL},
	    {".", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char domain[LIMIT_DOMAIN_SIZE];
		bool named = several_domain(rows[i].asked, domain);

		assert_int_equal(named, rows[i].domain != NULL);
		if (named)
			assert_string_equal(domain, rows[i].domain);
	}
}

int
main(void)
{
	const struct CMUnitTest several[] = {
	    cmocka_unit_test(one_without_a_verdict_ends_nothing),
	    cmocka_unit_test(in_json_it_is_an_object_with_the_error),
	    cmocka_unit_test(of_a_hundred_they_are_a_table_of_their_own),
	    cmocka_unit_test(mail_that_waits_is_worse_than_what_was_not_seen),
	    cmocka_unit_test(what_is_asked_about_is_a_domain),
	};

	return RUN_TESTS(several);
}
