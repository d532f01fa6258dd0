/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/exclude.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static struct exclude *
list_of(const char *text, struct err *err)
{
	char *copy = xstrdup(text);
	struct exclude *exclude = exclude_read(copy, strlen(text), err);

	free(copy);
	return exclude;
}

static void
whom_a_line_stands_for(void **state)
{
	static const char list[] =
	    "\xef\xbb\xbf# none\n\nOne.Example.\r\n.below.example\n"
	    "mx:hosts.example # theirs\n192.0.2.0/25\n"
	    "2001:db8::/32\n198.51.100.7\n203.0.113.77/29\n"
	    "m\xc3\xbcller.example\n::ffff:203.0.113.128/121\n";
	static const struct {
		const char *domain, *host, *address;
		bool has;
	} cases[] = {
	    {"one.example", NULL, NULL, true},
	    {"a.one.example", NULL, NULL, false},
	    {"below.example", NULL, NULL, true},
	    {"a.b.below.example", NULL, NULL, true},
	    {"notbelow.example", NULL, NULL, false},
	    {"hosts.example", NULL, NULL, false},
	    {"xn--mller-kva.example", NULL, NULL, true},
	    {NULL, "mx1.hosts.example", "203.0.113.1", true},
	    {NULL, "hosts.example", "203.0.113.1", true},
	    {NULL, "otherhosts.example", "203.0.113.1", false},
	    {NULL, "mx.example", "192.0.2.127", true},
	    {NULL, "mx.example", "192.0.2.128", false},
	    {NULL, "mx.example", "203.0.113.79", true},
	    {NULL, "mx.example", "203.0.113.80", false},
	    {NULL, "mx.example", "198.51.100.7", true},
	    {NULL, "mx.example", "198.51.100.6", false},
	    {NULL, "mx.example", "2001:db8:ffff::1", true},
	    {NULL, "mx.example", "2001:db9::1", false},
	    {NULL, "mx.example", "203.0.113.200", true},
	    {NULL, "mx.example", "203.0.113.127", false},
	    /* behind a NAT64 gate */
	    {NULL, "mx.example", "64:ff9b::c000:27f", true},
	    {NULL, "mx.example", "64:ff9b::c000:280", false},
	};
	AUTO(exclude) struct exclude *exclude = list_of(list, NULL);

	(void)state;
	assert_non_null(exclude);
	for (size_t i = 0; i < COUNT(cases); i++)
		ROW(cases[i].domain == NULL ? cases[i].address
					    : cases[i].domain,
		    (cases[i].domain != NULL
			    ? exclude_has_domain(exclude, cases[i].domain)
			    : exclude_has_host(exclude, cases[i].host,
				  cases[i].address)) == cases[i].has);
	assert_false(exclude_has_domain(NULL, "one.example"));
	assert_false(exclude_has_host(NULL, "one.example", "192.0.2.1"));
}

static void
a_line_that_names_nobody_is_a_mistake(void **state)
{
	static const char *const lines[] = {"192.0.2.0/33", "192.0.2.0/x",
	    "a b", "mx:", ".", "mx:a..b", "2001:db8::/129", "x/8"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct err err = {.text = ""};
		char text[64];

		snprintf(text, sizeof(text), "\n%s\n", lines[i]);
		ROW(lines[i], list_of(text, &err) == NULL);
		ROW(lines[i], err.kind == ERR_DATA &&
				  strncmp(err.text, "line 2 ", 7) == 0);
	}
}

static void
a_list_may_be_empty(void **state)
{
	AUTO(exclude) struct exclude *exclude = list_of("", NULL);

	(void)state;
	assert_non_null(exclude);
	assert_false(exclude_has_domain(exclude, "one.example"));
}

/* Who asked to be left alone behind it would not be. */
static void
a_zero_octet_is_a_mistake(void **state)
{
	char text[] = "one.example\n\0two.example\n";
	struct err err = {.text = ""};

	(void)state;
	assert_null(exclude_read(text, sizeof(text) - 1, &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.text, "a zero octet is in it");
}

int
main(void)
{
	const struct CMUnitTest exclude[] = {
	    cmocka_unit_test(whom_a_line_stands_for),
	    cmocka_unit_test(a_line_that_names_nobody_is_a_mistake),
	    cmocka_unit_test(a_list_may_be_empty),
	    cmocka_unit_test(a_zero_octet_is_a_mistake),
	};

	return RUN_TESTS(exclude);
}
