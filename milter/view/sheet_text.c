/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/view/sheet.h"

/* Rows of a table that people are shown; columns of one. */
enum { ROWS_SHOWN = 20, COLUMNS_MAX = 16, INDENT = 2, BELOW_INDENT = 6 };

/* What a terminal would take for more than text is "?", as in Markdown. */
static char
terminal_octet(char c)
{
	if (c < ' ' || c > '~')
		return '?';
	return c;
}

/* Words up to width, broken at blanks, and what is longer than a line
 * anywhere. */
static void
put_wrapped(FILE *out, size_t indent, size_t width, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (length > width - indent)
			length = width - indent;
		if (column > 0 && column + 1 + length > width) {
			putc('\n', out);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(out, "%*s", (int)indent, "");
		else
			column += (size_t)fprintf(out, " ");
		column += length;
		while (length-- > 0)
			putc(terminal_octet(*text++), out);
		text += strspn(text, " ");
	}
	putc('\n', out);
}

static size_t
rows_shown(const struct sheet_table *table)
{
	size_t most = table->shown > 0 ? table->shown : ROWS_SHOWN;

	return table->row_count < most ? table->row_count : most;
}

static bool
is_beside(const struct sheet_table *table, size_t column)
{
	return table->columns[column].kind != SHEET_BELOW;
}

static size_t
needed_width(const struct sheet_table *table, size_t column)
{
	size_t width = strlen(table->columns[column].label);

	for (size_t row = 0; row < rows_shown(table); row++) {
		size_t length = strlen(sheet_cell_at(table, row, column));

		if (length > width)
			width = length;
	}
	return width;
}

/* What does not fit is taken from the widest column, a cell of which goes on on
 * a line of its own then. */
static void
fit_columns(const struct sheet_table *table, size_t widths[], size_t width)
{
	size_t total = INDENT;

	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = is_beside(table, i) ? needed_width(table, i) : 0;
		total += is_beside(table, i) ? widths[i] + 2 : 0;
	}
	while (total > width + 2) {
		size_t widest = 0;

		for (size_t i = 1; i < table->column_count; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= 8)
			break;
		widths[widest]--;
		total--;
	}
}

static void
put_cell(FILE *out, const struct sheet_table *table, size_t column,
    size_t width, const char *text, bool last)
{
	if (table->columns[column].kind == SHEET_NUMBER)
		fprintf(out, "%*s", (int)width, text);
	else if (last)
		fputs(text, out);
	else
		fprintf(out, "%-*s", (int)width, text);
	if (!last)
		fputs("  ", out);
}

static size_t
last_beside(const struct sheet_table *table)
{
	size_t last = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_beside(table, i))
			last = i;
	return last;
}

/* One line of a row: of each cell the part that starts there; whether there is
 * more of any. */
static bool
put_line(FILE *out, const struct sheet_table *table, const size_t widths[],
    const char *parts[])
{
	size_t last = last_beside(table);
	bool more = false;

	fprintf(out, "%*s", INDENT, "");
	for (size_t i = 0; i < table->column_count; i++) {
		char part[512];
		size_t length = strlen(parts[i]);

		if (!is_beside(table, i))
			continue;
		if (length > widths[i])
			length = widths[i];
		if (length >= sizeof(part))
			length = sizeof(part) - 1;
		for (size_t j = 0; j < length; j++)
			part[j] = terminal_octet(parts[i][j]);
		part[length] = '\0';
		parts[i] += length;
		more |= parts[i][0] != '\0';
		put_cell(out, table, i, widths[i], part, i == last);
	}
	putc('\n', out);
	return more;
}

/* Short ones stand beside each other; each with its label. */
static void
put_below(FILE *out, const struct sheet_table *table, size_t row, size_t width)
{
	char line[2048];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < table->column_count; i++) {
		const char *cell = sheet_cell_at(table, row, i);

		if (is_beside(table, i) || cell[0] == '\0')
			continue;
		if (text.len > 0 && text.len + strlen(cell) > width) {
			put_wrapped(out, BELOW_INDENT, width, line);
			text_init(&text, line, sizeof(line));
		}
		text_addf(&text, "%s%s: %s", text.len > 0 ? "; " : "",
		    table->columns[i].label, cell);
	}
	if (text.len > 0)
		put_wrapped(out, BELOW_INDENT, width, line);
}

static void
put_table_row(FILE *out, const struct sheet_table *table, const size_t widths[],
    size_t row, size_t width)
{
	const char *parts[COLUMNS_MAX];

	for (size_t i = 0; i < table->column_count; i++)
		parts[i] = sheet_cell_at(table, row, i);
	while (put_line(out, table, widths, parts))
		continue;
	put_below(out, table, row, width);
}

static void
put_table(FILE *out, const struct sheet_table *table, size_t width)
{
	size_t widths[COLUMNS_MAX];
	const char *labels[COLUMNS_MAX];

	if (table->row_count == 0 || table->chart == SHEET_DATA ||
	    table->column_count > COLUMNS_MAX)
		return;
	fit_columns(table, widths, width);
	for (size_t i = 0; i < table->column_count; i++)
		labels[i] = table->columns[i].label;
	if (table->title[0] != '\0')
		fprintf(out, "\n%s\n", table->title);
	put_line(out, table, widths, labels);
	for (size_t row = 0; row < rows_shown(table); row++)
		put_table_row(out, table, widths, row, width);
	if (table->row_count + table->more > rows_shown(table))
		fprintf(out, "%*sand %" PRIu64 " more; \"--as csv\" has them\n",
		    INDENT, "",
		    table->row_count + table->more - rows_shown(table));
}

void
sheet_text(const struct sheet *sheet, FILE *out, size_t width)
{
	put_wrapped(out, 0, width, sheet->title);
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *section = &sheet->sections[i];

		putc('\n', out);
		put_wrapped(out, 0, width, section->title);
		for (size_t j = 0; j < section->note_count; j++)
			put_wrapped(out, INDENT, width, section->notes[j]);
		for (size_t j = 0; j < section->table_count; j++)
			put_table(out, &section->tables[j], width);
	}
}
