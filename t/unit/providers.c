/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/providers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define TABLE                                                 \
	"# a comment\n\n"                                     \
	".Example.com big mailbox 2026-02 vendor dane=optin"  \
	" sts=customer # and one\r\n"                         \
	".mx.example.com small gateway 2026-01 github:a/b\n"  \
	"ns:.example.com dns 2026-02 guides dnssec=partial\n" \
	"ns:.awsdns-* aws 2026-02 guides dnssec=yes"

static struct providers *
parsed(const char *text)
{
	struct err err = {.text = ""};
	struct providers *providers = providers_parse(text, strlen(text), &err);

	if (providers == NULL)
		fail_msg("%s", err.text);
	return providers;
}

static void
the_longest_suffix_at_a_label_counts(void **state)
{
	static const struct {
		const char *name, *mx, *dns;
	} rows[] = {
	    {"a.example.com", "big", "dns"},
	    {"a.b.example.com", "big", "dns"},
	    {"a.mx.example.com", "small", "dns"},
	    {"mx.example.com", "big", "dns"},
	    {"example.com", "", ""},
	    {"notexample.com", "", ""},
	    {"a.notexample.com", "", ""},
	    {"example.com.evil.org", "", ""},
	    {"ns-1.awsdns-12.co.uk", "", "aws"},
	    {"ns-1.notawsdns-12.co.uk", "", ""},
	    {"", "", ""},
	};
	AUTO(providers) struct providers *providers = parsed(TABLE);

	(void)state;
	assert_int_equal(providers_count(providers), 4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct provider *mx =
		    providers_find(providers, rows[i].name);
		const struct provider *dns =
		    providers_find_dns(providers, rows[i].name);

		ROW_TEXT(rows[i].name, mx == NULL ? "" : mx->name, rows[i].mx);
		ROW_TEXT(
		    rows[i].name, dns == NULL ? "" : dns->name, rows[i].dns);
	}
}

static void
a_row_keeps_all_its_words(void **state)
{
	AUTO(providers) struct providers *providers = parsed(TABLE);
	const struct provider *row = providers_find(providers, "a.example.com");

	(void)state;
	assert_string_equal(row->asof, "2026-02");
	assert_string_equal(row->source, "vendor");
	assert_int_equal(row->dane, PROVIDER_OPTIN);
	assert_int_equal(row->sts, PROVIDER_CUSTOMER);
	assert_string_equal(provider_class_text(row), "mailbox");
	assert_string_equal(provider_class_text(NULL), "unknown");
	row = providers_find_dns(providers, "x.example.com");
	assert_int_equal(row->dnssec, PROVIDER_PARTIAL);
}

static void
a_wrong_word_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
	    {"\n.x", "line 2: the name is"},
	    {"x big mailbox 2026-02 vendor", "the suffix is"},
	    {". big mailbox 2026-02 vendor", "the suffix is"},
	    {".a..b big mailbox 2026-02 vendor", "the suffix is"},
	    {".a<b big mailbox 2026-02 vendor", "the suffix is"},
	    {".a* big mailbox 2026-02 vendor", "\"*\""},
	    {"ns:.*a big 2026-02 vendor dnssec=no", "\"*\""},
	    {".a big bank 2026-02 vendor", "the class is"},
	    {".a big", "the class is"},
	    {".a big mailbox 2026 vendor", "a month"},
	    {".a big mailbox", "a month"},
	    {".a big mailbox 2026-02", "the source"},
	    {".a big mailbox 2026-02 <b>", "the source"},
	    {".a b/c mailbox 2026-02 vendor", "the name"},
	    {".a big mailbox 2026-02 vendor dane=perhaps", "no such offer"},
	    {".a big mailbox 2026-02 vendor dnssec=yes", "no such offer"},
	    {"ns:.a big 2026-02 vendor dane=yes", "no such offer"},
	    {"ns:.a big 2026-02 vendor", "dnssec= is missing"},
	    {".a 12345678901234567890123456789012 mailbox 2026-02 v",
		"the name is"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.text = ""};
		struct providers *none =
		    providers_parse(rows[i].text, strlen(rows[i].text), &err);

		ROW(rows[i].text, none == NULL);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
	}
	assert_null(providers_parse("a\0b", 3, NULL));
}

static void
rows_are_bounded(void **state)
{
	static const char row[] = ".a b mailbox 2026-02 c\n";
	size_t length = sizeof(row) - 1;
	char *text = xmalloc((LIMIT_PROVIDERS + 1) * length + 1);
	struct err err;

	(void)state;
	for (size_t i = 0; i <= LIMIT_PROVIDERS; i++)
		memcpy(text + i * length, row, length + 1);
	providers_free(parsed(text + length));
	assert_null(providers_parse(text, strlen(text), &err));
	assert_non_null(strstr(err.text, "too many rows"));
	free(text);
}

/* The file that is installed: it is read, and fits what it is read into. */
static void
our_own_table_is_read(void **state)
{
	static const struct {
		const char *host, *name;
	} rows[] = {
	    {"d-ex.mail.protection.outlook.com", "microsoft"},
	    {"d-ex.o-v1.mx.microsoft", "microsoft-dnssec"},
	    {"aspmx.l.google.com", "google"},
	    {"mx1.mailbox.org", "mailbox.org"},
	};
	const char *tree = getenv("POSTERN_SRCDIR");
	char path[4096], *text;
	struct providers *providers;
	FILE *in;

	(void)state;
	snprintf(
	    path, sizeof(path), "%s/etc/providers", tree == NULL ? "." : tree);
	in = fopen(path, "re");
	assert_non_null(in);
	text = xcalloc(1, LIMIT_PROVIDERS_OCTETS + 1);
	assert_true(fread(text, 1, LIMIT_PROVIDERS_OCTETS, in) > 0);
	fclose(in);
	providers = parsed(text);
	free(text);
	assert_true(providers_count(providers) > 30);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct provider *row =
		    providers_find(providers, rows[i].host);

		ROW(rows[i].host, row != NULL);
		ROW_TEXT(rows[i].host, row->name, rows[i].name);
	}
	providers_free(providers);
}

int
main(void)
{
	const struct CMUnitTest providers[] = {
	    cmocka_unit_test(the_longest_suffix_at_a_label_counts),
	    cmocka_unit_test(a_row_keeps_all_its_words),
	    cmocka_unit_test(a_wrong_word_is_told_with_its_line),
	    cmocka_unit_test(rows_are_bounded),
	    cmocka_unit_test(our_own_table_is_read),
	};

	return RUN_TESTS(providers);
}
