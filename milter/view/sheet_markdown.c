/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Markdown as CommonMark has it, with the tables of GitHub's: what stands below
 * a row of other forms is a column here.  Octets that mean something in it are
 * escaped, so that text from outside stays text.
 */
#include <inttypes.h>
#include <string.h>

#include "milter/view/sheet.h"

static void
put_marked(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\`*_{}[]<>#|~&!", *text) != NULL)
			putc('\\', out);
		putc(*text < ' ' || *text > '~' ? '?' : *text, out);
	}
}

static void
put_marked_row(FILE *out, const struct sheet_table *table, size_t row)
{
	for (size_t i = 0; i < table->column_count; i++) {
		fputs("| ", out);
		put_marked(out, sheet_cell_at(table, row, i));
		putc(' ', out);
	}
	fputs("|\n", out);
}

static void
put_marked_table(FILE *out, const struct sheet_table *table)
{
	if (table->row_count == 0)
		return;
	fputs("\n### ", out);
	put_marked(out, table->title);
	fputs("\n\n", out);
	for (size_t i = 0; i < table->column_count; i++) {
		fputs("| ", out);
		put_marked(out, table->columns[i].label);
		putc(' ', out);
	}
	fputs("|\n", out);
	for (size_t i = 0; i < table->column_count; i++)
		fputs(table->columns[i].kind == SHEET_NUMBER ? "|---:" : "|---",
		    out);
	fputs("|\n", out);
	for (size_t row = 0; row < table->row_count; row++)
		put_marked_row(out, table, row);
	if (table->more > 0)
		fprintf(out, "\n%" PRIu64 " more.\n", table->more);
}

void
sheet_markdown(const struct sheet *sheet, FILE *out)
{
	fputs("# ", out);
	put_marked(out, sheet->title);
	putc('\n', out);
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *section = &sheet->sections[i];

		fputs("\n## ", out);
		put_marked(out, section->title);
		putc('\n', out);
		for (size_t j = 0; j < section->note_count; j++) {
			putc('\n', out);
			put_marked(out, section->notes[j]);
			putc('\n', out);
		}
		for (size_t j = 0; j < section->table_count; j++)
			if (section->tables[j].chart != SHEET_DATA)
				put_marked_table(out, &section->tables[j]);
	}
}
