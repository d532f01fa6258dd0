/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/svg.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/text.h"

/* A strip is WIDTH wide, whatever it is stretched to. */
enum { WIDTH = 1000, BARS_SHOWN = 30, DAYS_SHOWN = 62, STRIPS_SHOWN = 40 };

/* The words beside a strip are read in it: its title, and what it shows. */
static void
open_strip(FILE *out, const char *label, const char *shows)
{
	fputs("<div class=\"strip\"><span class=\"name\" "
	      "aria-hidden=\"true\">",
	    out);
	html_escape(label, out);
	fprintf(out,
	    "</span><svg viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
	    "role=\"img\"><title>",
	    WIDTH);
	html_escape(label, out);
	fputs("</title><desc>", out);
	html_escape(shows, out);
	fputs("</desc>", out);
}

static void
close_strip(FILE *out, const char *value)
{
	fputs("</svg><span class=\"value\" aria-hidden=\"true\">", out);
	html_escape(value, out);
	fputs("</span></div>\n", out);
}

static void
put_rect(
    FILE *out, const char *kind, unsigned from, unsigned to, const char *title)
{
	fprintf(out,
	    "<rect class=\"r-%s\" x=\"%u\" y=\"0\" width=\"%u\" "
	    "height=\"10\"><title>",
	    kind, from, to > from ? to - from : 1);
	html_escape(title, out);
	fputs("</title></rect>", out);
	/* who sees no red sees lines */
	if (strcmp(kind, "fail") == 0)
		fprintf(out,
		    "<rect fill=\"url(#lines)\" x=\"%u\" y=\"0\" "
		    "width=\"%u\" height=\"10\"/>",
		    from, to > from ? to - from : 1);
}

void
svg_patterns(FILE *out)
{
	fputs("<svg width=\"0\" height=\"0\" style=\"position:absolute\" "
	      "aria-hidden=\"true\"><defs><pattern id=\"lines\" width=\"12\" "
	      "height=\"10\" patternUnits=\"userSpaceOnUse\"><rect "
	      "class=\"lines\" width=\"4\" height=\"10\"/></pattern></defs>"
	      "</svg>\n",
	    out);
}

/* The colour of a word: that of a result or of what is like one, or the plain
 * one. */
static const char *
colour_of(const char *word)
{
	static const char *const words[][2] = {{"fail", "fail"},
	    {"temperror", "temperror"}, {"softfail", "softfail"},
	    {"none", "none"}, {"pass", "pass"}, {"skip", "skip"},
	    /* how mail ends */
	    {"delivered", "pass"}, {"queued", "fail"}, {"lookup", "temperror"},
	    {"bounced", "none"}, {"unknown", "skip"},
	    /* what protects it */
	    {"both", "pass"}, {"dane", "pass"}, {"sts", "pass"},
	    {"full", "pass"}, {"valid", "pass"}, {"sts-testing", "softfail"},
	    {"partial", "softfail"}, {"half", "softfail"}, {"invalid", "fail"},
	    {"unusable", "fail"}, {"neither", "none"}, {"na", "skip"},
	    {"error", "temperror"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], word) == 0)
			return words[i][1];
	return "plain";
}

static uint64_t
value_at(const struct sheet_table *table, size_t row, size_t column)
{
	return strtoull(sheet_cell_at(table, row, column), NULL, 10);
}

static unsigned
share_of(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (unsigned)(part * WIDTH / whole);
}

static size_t
first_number(const struct sheet_table *table)
{
	size_t column = 0;

	while (column + 1 < table->column_count &&
	       table->columns[column].kind != SHEET_NUMBER)
		column++;
	return column;
}

void
svg_bars(const struct sheet_table *table, FILE *out)
{
	size_t column = first_number(table);
	uint64_t most = 0;

	for (size_t row = 0; row < table->row_count; row++)
		if (value_at(table, row, column) > most)
			most = value_at(table, row, column);
	fputs("<div class=\"chart\">\n", out);
	for (size_t row = 0; row < table->row_count && row < BARS_SHOWN;
	     row++) {
		const char *label = sheet_cell_at(table, row, 0);
		uint64_t value = value_at(table, row, column);

		open_strip(out, label, sheet_cell_at(table, row, column));
		if (value > 0)
			put_rect(out, colour_of(label), 0,
			    share_of(value, most), label);
		close_strip(out, sheet_cell_at(table, row, column));
	}
	fputs("</div>\n", out);
}

/* --- stacked --- */

static uint64_t
row_sum(const struct sheet_table *table, size_t row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].kind == SHEET_NUMBER)
			sum += value_at(table, row, i);
	return sum;
}

/* "successful 12, failed 3" */
static void
list_parts(const struct sheet_table *table, size_t row, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].kind == SHEET_NUMBER)
			text_addf(&text, "%s%s %s", text.len == 0 ? "" : ", ",
			    table->columns[i].label,
			    sheet_cell_at(table, row, i));
}

static void
put_parts(const struct sheet_table *table, size_t row, uint64_t most, FILE *out)
{
	uint64_t before = 0;
	char value[64], parts[512];

	list_parts(table, row, parts, sizeof(parts));
	open_strip(out, sheet_cell_at(table, row, 0), parts);
	for (size_t i = 0; i < table->column_count; i++) {
		uint64_t part = value_at(table, row, i);

		if (table->columns[i].kind != SHEET_NUMBER || part == 0)
			continue;
		snprintf(value, sizeof(value), "%s %llu",
		    table->columns[i].label, (unsigned long long)part);
		put_rect(out, colour_of(table->columns[i].id),
		    share_of(before, most), share_of(before + part, most),
		    value);
		before += part;
	}
	snprintf(value, sizeof(value), "%llu", (unsigned long long)before);
	close_strip(out, value);
}

static void
put_legend(const struct sheet_table *table, FILE *out)
{
	fputs("<p class=\"legend\">", out);
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].kind == SHEET_NUMBER)
			fprintf(out, "<span><i class=\"b-%s\"></i>%s</span> ",
			    colour_of(table->columns[i].id),
			    table->columns[i].label);
	fputs("</p>\n", out);
}

void
svg_stacked(const struct sheet_table *table, FILE *out)
{
	size_t first =
	    table->row_count > DAYS_SHOWN ? table->row_count - DAYS_SHOWN : 0;
	uint64_t most = 0;

	for (size_t row = first; row < table->row_count; row++)
		if (row_sum(table, row) > most)
			most = row_sum(table, row);
	put_legend(table, out);
	fputs("<div class=\"chart\">\n", out);
	for (size_t row = first; row < table->row_count; row++)
		put_parts(table, row, most, out);
	fputs("</div>\n", out);
}

/* --- timeline --- */

/* Columns of a table of changes. */
enum { NAME, AT, BEFORE, AFTER };

/* "2026-11-29 13:05" as minutes; 0: no such time. */
static uint64_t
minutes_of(const char *text)
{
	struct tm tm = {0};
	time_t at;

	if (strptime(text, "%Y-%m-%d %H:%M", &tm) == NULL)
		return 0;
	at = timegm(&tm);
	return at > 0 ? (uint64_t)at / 60 : 0;
}

struct span {
	uint64_t first, last;
	const char *first_text, *last_text;
};

static struct span
find_span(const struct sheet_table *table)
{
	struct span span = {.first_text = "", .last_text = ""};

	for (size_t row = 0; row < table->row_count; row++) {
		const char *text = sheet_cell_at(table, row, AT);
		uint64_t at = minutes_of(text);

		if (at == 0)
			continue;
		if (span.first == 0 || at < span.first) {
			span.first = at;
			span.first_text = text;
		}
		if (at > span.last) {
			span.last = at;
			span.last_text = text;
		}
	}
	return span;
}

/* The first and last change stand a tenth from the ends. */
static unsigned
place_of_time(const struct span *span, uint64_t at)
{
	enum { EDGE = WIDTH / 10 };

	if (at < span->first)
		return EDGE;
	return EDGE +
	       (span->last == span->first
		       ? 0
		       : (unsigned)((at - span->first) * (WIDTH - 2 * EDGE) /
				    (span->last - span->first)));
}

/* The strip of one name; returns the row behind its rows. */
static size_t
put_strip(const struct sheet_table *table, const struct span *span, size_t row,
    FILE *out)
{
	const char *name = sheet_cell_at(table, row, NAME);
	const char *state = sheet_cell_at(table, row, BEFORE);
	unsigned from = 0;

	open_strip(out, name, state);
	for (; row < table->row_count &&
	       strcmp(sheet_cell_at(table, row, NAME), name) == 0;
	     row++) {
		unsigned to = place_of_time(
		    span, minutes_of(sheet_cell_at(table, row, AT)));

		if (to > from)
			put_rect(out, colour_of(state), from, to, state);
		from = to > from ? to : from;
		state = sheet_cell_at(table, row, AFTER);
	}
	put_rect(out, colour_of(state), from, WIDTH, state);
	close_strip(out, state);
	return row;
}

void
svg_timeline(const struct sheet_table *table, FILE *out)
{
	struct span span = find_span(table);
	size_t row = 0, strips = 0;

	fputs("<p class=\"legend\">", out);
	for (size_t i = 0; i < 4; i++) {
		static const char *const words[] = {
		    "pass", "none", "softfail", "fail"};

		fprintf(out, "<span><i class=\"b-%s\"></i>%s</span> ", words[i],
		    words[i]);
	}
	fputs("</p>\n<div class=\"chart\">\n", out);
	while (row < table->row_count && strips++ < STRIPS_SHOWN)
		row = put_strip(table, &span, row, out);
	fputs("</div>\n<p class=\"axis\"><span>", out);
	html_escape(span.first_text, out);
	fputs("</span><span>", out);
	html_escape(span.last_text, out);
	fputs("</span></p>\n", out);
}
