/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

static const struct sheet_column columns[] = {
    {"name", "name", SHEET_WORDS},
    {"count", "count", SHEET_NUMBER},
    {"note", "note", SHEET_BELOW},
};

static struct sheet *
small_sheet(const char *cell, const char *below, enum sheet_chart chart)
{
	struct sheet *sheet = sheet_new("Title");

	sheet_section(sheet, "part", "A part");
	sheet_note(sheet, "%d notes", 1);
	sheet_table(sheet, "rows", "Rows", chart, columns, COUNT(columns));
	sheet_cell(sheet, cell);
	sheet_number(sheet, 7);
	sheet_cell(sheet, below);
	return sheet;
}

/* What a writer writes, for free(). */
static char *
written(const struct sheet *sheet, void (*write)(const struct sheet *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	write(sheet, out);
	fclose(out);
	return text;
}

static void
write_text(const struct sheet *sheet, FILE *out)
{
	sheet_text(sheet, out, 80);
}

#define LONG "0123456789012345678901234567890123456789"

static void
text_keeps_within_its_width(void **state)
{
	struct sheet *sheet =
	    small_sheet(LONG LONG LONG, LONG LONG " " LONG, SHEET_PLAIN);
	char *text = written(sheet, write_text), *rest = text, *line;
	size_t digits = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) != NULL) {
		assert_true(strlen(line) <= 80);
		digits += strspn(line + strspn(line, " "), "0123456789");
	}
	assert_true(digits >= 120);
	free(text);
	sheet_free(sheet);
}

static void
cells_are_no_formulas_in_csv(void **state)
{
	static const struct {
		const char *cell, *csv;
	} rows[] = {
	    {"a", "part,rows,1,name,\"a\"\r\n"},
	    {"=1+1", "part,rows,1,name,\"'=1+1\"\r\n"},
	    {"@x", "part,rows,1,name,\"'@x\"\r\n"},
	    {"-1", "part,rows,1,name,\"'-1\"\r\n"},
	    {"+1", "part,rows,1,name,\"'+1\"\r\n"},
	    {"a\"b,c", "part,rows,1,name,\"a\"\"b,c\"\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sheet *sheet =
		    small_sheet(rows[i].cell, "", SHEET_PLAIN);
		char *text = written(sheet, sheet_csv);

		ROW(rows[i].cell, strstr(text, rows[i].csv) != NULL);
		ROW(rows[i].cell,
		    strstr(text, "part,rows,1,count,\"7\"\r\n") != NULL);
		free(text);
		sheet_free(sheet);
	}
}

static void
json_has_rows_as_objects(void **state)
{
	struct sheet *sheet = small_sheet("a\"b", "c", SHEET_DATA);
	char *text = written(sheet, sheet_print_json);

	(void)state;
	assert_string_equal(text,
	    "{\"schema\":1,\"title\":\"Title\",\"part\":{\"notes\":[\"1 "
	    "notes\"],\"rows\":[{\"name\":\"a\\\"b\",\"count\":7,\"note\":"
	    "\"c\"}]}}\n");
	free(text);
	sheet_free(sheet);
}

/* Hostile text in every place where text may stand. */
static void
html_is_escaped_in_every_chart(void **state)
{
	static const char hostile[] = "<script>'\"&\x01";

	(void)state;
	for (int i = SHEET_PLAIN; i <= SHEET_STACKED; i++) {
		struct sheet *sheet =
		    small_sheet(hostile, hostile, (enum sheet_chart)i);
		char *text = written(sheet, sheet_html);

		assert_null(strstr(text, "<script"));
		assert_non_null(
		    strstr(text, "&lt;script&gt;&#39;&quot;&amp;?"));
		free(text);
		sheet_free(sheet);
	}
}

static void
markdown_is_a_table_of_escaped_text(void **state)
{
	struct sheet *sheet = small_sheet("a|b<i>*", "[c](d)\x01", SHEET_BARS);
	char *text = written(sheet, sheet_markdown);

	(void)state;
	assert_non_null(strstr(text, "# Title\n\n## "));
	assert_non_null(
	    strstr(text, "| a\\|b\\<i\\>\\* | 7 | \\[c\\](d)? |\n"));
	assert_non_null(strstr(text, "|---|---:|---|\n"));
	free(text);
	sheet_free(sheet);
	sheet = small_sheet("a", "b", SHEET_DATA);
	text = written(sheet, sheet_markdown);
	assert_null(strstr(text, "| a |"));
	free(text);
	sheet_free(sheet);
}

static void
a_timeline_draws_each_state(void **state)
{
	static const struct sheet_column changes[] = {
	    {"domain", "domain", SHEET_WORDS}, {"at", "when", SHEET_WORDS},
	    {"before", "before", SHEET_WORDS}, {"after", "after", SHEET_WORDS}};
	static const char *const cells[] = {"<a>", "2026-11-29 10:00", "pass",
	    "fail", "<a>", "2026-11-30 10:00", "fail", "pass", "b", "", "none",
	    "<b>"};
	struct sheet *sheet = sheet_new("<t>");
	char *text;

	(void)state;
	sheet_section(sheet, "s", "S");
	sheet_table(sheet, "f", "F", SHEET_TIMELINE, changes, COUNT(changes));
	for (size_t i = 0; i < COUNT(cells); i++)
		sheet_cell(sheet, cells[i]);
	text = written(sheet, sheet_html);
	assert_null(strstr(text, "<a>"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "<t>"));
	assert_non_null(strstr(text, "<rect class=\"r-pass\" x=\"0\" y=\"0\" "
				     "width=\"100\""));
	assert_non_null(strstr(text, "<rect class=\"r-fail\" x=\"100\" y=\"0\" "
				     "width=\"800\""));
	assert_non_null(strstr(text, "<rect class=\"r-pass\" x=\"900\" y=\"0\" "
				     "width=\"100\""));
	free(text);
	sheet_free(sheet);
}

/* Who does not see colours sees lines, and who sees nothing hears numbers. */
static void
a_stacked_bar_is_more_than_its_colours(void **state)
{
	static const struct sheet_column parts[] = {{"day", "day", SHEET_WORDS},
	    {"pass", "well", SHEET_NUMBER}, {"fail", "failed", SHEET_NUMBER}};
	struct sheet *sheet = sheet_new("Title");
	char *html;

	(void)state;
	sheet_section(sheet, "part", "A part");
	sheet_table(sheet, "days", "Days", SHEET_STACKED, parts, COUNT(parts));
	sheet_cell(sheet, "Monday");
	sheet_number(sheet, 9);
	sheet_number(sheet, 3);
	html = written(sheet, sheet_html);
	assert_non_null(
	    strstr(html, "<title>Monday</title><desc>well 9, failed 3</desc>"));
	assert_non_null(strstr(html, "<pattern id=\"lines\""));
	assert_non_null(strstr(html, "<rect fill=\"url(#lines)\" x=\"750\""));
	free(html);
	sheet_free(sheet);
}

static void
csv_is_no_command_to_a_terminal(void **state)
{
	struct sheet *sheet =
	    small_sheet("a\x1b[2J\x7f\tb\n\"c\"", "", SHEET_PLAIN);
	char *csv = written(sheet, sheet_csv);

	(void)state;
	assert_non_null(strstr(csv, "\"a\\x1b[2J\\x7f\tb\n\"\"c\"\"\"\r\n"));
	free(csv);
	sheet_free(sheet);
}

/* V90: nor is text, which has no line that is not its own. */
static void
text_is_no_command_to_a_terminal(void **state)
{
	struct sheet *sheet = small_sheet(
	    "a\x1b[2J\x7f\tb\nc\x9b", "d\x1b\r\xc2\x9b", SHEET_PLAIN);
	char *text;

	(void)state;
	sheet_note(sheet, "%s", "n\x07\x1b]0;x");
	text = written(sheet, write_text);
	assert_non_null(strstr(text, "  a?[2J??b?c?      7\n"));
	assert_non_null(strstr(text, "note: d????\n"));
	assert_non_null(strstr(text, "  n??]0;x\n"));
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	free(text);
	sheet_free(sheet);
}

static void
html_loads_nothing_and_runs_nothing(void **state)
{
	static const char *const words[] = {"<script", "http:", "https:", "//",
	    "url(", "@import", "<link", "<img", "onload", "<iframe"};
	struct sheet *sheet = small_sheet("a", "b", SHEET_BARS);
	char *text = written(sheet, sheet_html);

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		ROW(words[i], strstr(text, words[i]) == NULL);
	assert_non_null(strstr(text, "default-src 'none'"));
	free(text);
	sheet_free(sheet);
}

/* On a narrow screen each cell has its heading in front. */
static void
html_of_an_empty_cell_or_heading_is_no_lone_colon(void **state)
{
	struct sheet *sheet = small_sheet("a", "b", SHEET_BARS);
	char *text = written(sheet, sheet_html);

	(void)state;
	assert_non_null(strstr(text, "td:empty{display:none}"));
	assert_non_null(
	    strstr(text, "td[data-label=\"\"]::before{content:none}"));
	free(text);
	sheet_free(sheet);
}

static void
a_table_for_programs_is_shown_to_nobody(void **state)
{
	struct sheet *sheet = small_sheet("xyzzy", "", SHEET_DATA);
	char *text = written(sheet, write_text);
	char *html = written(sheet, sheet_html);
	char *csv = written(sheet, sheet_csv);

	(void)state;
	assert_null(strstr(text, "xyzzy"));
	assert_null(strstr(html, "xyzzy"));
	assert_non_null(strstr(csv, "xyzzy"));
	free(text);
	free(html);
	free(csv);
	sheet_free(sheet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_keeps_within_its_width),
	    cmocka_unit_test(cells_are_no_formulas_in_csv),
	    cmocka_unit_test(json_has_rows_as_objects),
	    cmocka_unit_test(html_is_escaped_in_every_chart),
	    cmocka_unit_test(markdown_is_a_table_of_escaped_text),
	    cmocka_unit_test(a_timeline_draws_each_state),
	    cmocka_unit_test(a_stacked_bar_is_more_than_its_colours),
	    cmocka_unit_test(csv_is_no_command_to_a_terminal),
	    cmocka_unit_test(text_is_no_command_to_a_terminal),
	    cmocka_unit_test(html_loads_nothing_and_runs_nothing),
	    cmocka_unit_test(html_of_an_empty_cell_or_heading_is_no_lone_colon),
	    cmocka_unit_test(a_table_for_programs_is_shown_to_nobody),
	};

	return RUN_TESTS(tests);
}
