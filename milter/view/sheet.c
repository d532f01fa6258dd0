/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/sheet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/xalloc.h"

enum { NOTE_SIZE = 4096 };

struct sheet *
sheet_new(const char *title)
{
	struct sheet *sheet = xcalloc(1, sizeof(*sheet));

	sheet->title = xstrdup(title);
	return sheet;
}

static void
free_section(struct sheet_section *section)
{
	for (size_t i = 0; i < section->note_count; i++)
		free(section->notes[i]);
	for (size_t i = 0; i < section->table_count; i++) {
		struct sheet_table *table = &section->tables[i];

		for (size_t j = 0; j < table->row_count * table->column_count;
		     j++)
			free(table->cells[j]);
		free(table->cells);
	}
	free(section->notes);
	free(section->tables);
}

void
sheet_free(struct sheet *sheet)
{
	if (sheet == NULL)
		return;
	for (size_t i = 0; i < sheet->section_count; i++)
		free_section(&sheet->sections[i]);
	free(sheet->sections);
	free(sheet->title);
	free(sheet);
}

void
sheet_section(struct sheet *sheet, const char *id, const char *title)
{
	sheet->sections = xrealloc(sheet->sections, sheet->section_count + 1,
	    sizeof(*sheet->sections));
	sheet->sections[sheet->section_count++] =
	    (struct sheet_section){.id = id, .title = title};
}

static struct sheet_section *
last_section(struct sheet *sheet)
{
	assert(sheet->section_count > 0);
	return &sheet->sections[sheet->section_count - 1];
}

void
sheet_note(struct sheet *sheet, const char *format, ...)
{
	struct sheet_section *section = last_section(sheet);
	char text[NOTE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	section->notes = xrealloc(
	    section->notes, section->note_count + 1, sizeof(*section->notes));
	section->notes[section->note_count++] = xstrdup(text);
}

void
sheet_table(struct sheet *sheet, const char *id, const char *title,
    enum sheet_chart chart, const struct sheet_column *columns, size_t count)
{
	struct sheet_section *section = last_section(sheet);

	assert(count > 0);
	section->tables = xrealloc(section->tables, section->table_count + 1,
	    sizeof(*section->tables));
	section->tables[section->table_count++] = (struct sheet_table){.id = id,
	    .title = title,
	    .chart = chart,
	    .columns = columns,
	    .column_count = count};
}

static struct sheet_table *
last_table(struct sheet *sheet)
{
	struct sheet_section *section = last_section(sheet);

	assert(section->table_count > 0);
	return &section->tables[section->table_count - 1];
}

/* A row counts from its last cell on: room has how many there are. */
void
sheet_cell(struct sheet *sheet, const char *text)
{
	struct sheet_table *table = last_table(sheet);

	table->cells =
	    xrealloc(table->cells, table->room + 1, sizeof(*table->cells));
	table->cells[table->room++] = xstrdup(text);
	table->row_count = table->room / table->column_count;
}

void
sheet_number(struct sheet *sheet, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	sheet_cell(sheet, text);
}

void
sheet_more(struct sheet *sheet, uint64_t rows)
{
	last_table(sheet)->more = rows;
}

void
sheet_shown(struct sheet *sheet, size_t rows)
{
	last_table(sheet)->shown = rows;
}

void
sheet_contents(struct sheet *sheet)
{
	sheet->contents = true;
}

const char *
sheet_cell_at(const struct sheet_table *table, size_t row, size_t column)
{
	assert(row < table->row_count && column < table->column_count);
	return table->cells[row * table->column_count + column];
}
