/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "milter/view/sheet.h"

/* --- CSV --- */

static bool
is_control(char c)
{
	return (c > 0 && c < ' ' && strchr("\t\r\n", c) == NULL) || c == 0x7f;
}

/* A cell that begins like a formula gets an apostrophe first. */
void
sheet_csv_cell(FILE *out, const char *text)
{
	putc('"', out);
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		putc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', out);
		if (is_control(*text))
			fprintf(out, "\\x%02x", (unsigned)*text);
		else
			putc(*text, out);
	}
	putc('"', out);
}

static void
put_cells(FILE *out, const struct sheet_section *section,
    const struct sheet_table *table, size_t row)
{
	for (size_t i = 0; i < table->column_count; i++) {
		fprintf(out, "%s,%s,%zu,%s,", section->id, table->id, row + 1,
		    table->columns[i].id);
		sheet_csv_cell(out, sheet_cell_at(table, row, i));
		fputs("\r\n", out);
	}
}

void
sheet_csv(const struct sheet *sheet, FILE *out)
{
	fputs("section,table,row,column,value\r\n", out);
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *section = &sheet->sections[i];

		for (size_t j = 0; j < section->table_count; j++)
			for (size_t row = 0; row < section->tables[j].row_count;
			     row++)
				put_cells(
				    out, section, &section->tables[j], row);
	}
}

/* --- JSON --- */

static json_t *
cell_json(const struct sheet_column *column, const char *text)
{
	if (column->kind == SHEET_NUMBER && text[0] != '\0')
		return json_integer(strtoll(text, NULL, 10));
	return json_string(text);
}

static json_t *
table_json(const struct sheet_table *table)
{
	json_t *rows = json_array();

	for (size_t row = 0; row < table->row_count; row++) {
		json_t *object = json_object();

		for (size_t i = 0; i < table->column_count; i++)
			json_object_set_new(object, table->columns[i].id,
			    cell_json(&table->columns[i],
				sheet_cell_at(table, row, i)));
		json_array_append_new(rows, object);
	}
	return rows;
}

static json_t *
section_json(const struct sheet_section *section)
{
	json_t *object = json_object(), *notes = json_array();

	for (size_t i = 0; i < section->note_count; i++)
		json_array_append_new(notes, json_string(section->notes[i]));
	json_object_set_new(object, "notes", notes);
	for (size_t i = 0; i < section->table_count; i++)
		json_object_set_new(object, section->tables[i].id,
		    table_json(&section->tables[i]));
	return object;
}

json_t *
sheet_json(const struct sheet *sheet)
{
	json_t *object = json_object();

	json_object_set_new(object, "schema", json_integer(1));
	json_object_set_new(object, "title", json_string(sheet->title));
	for (size_t i = 0; i < sheet->section_count; i++)
		json_object_set_new(object, sheet->sections[i].id,
		    section_json(&sheet->sections[i]));
	return object;
}

void
sheet_print_json(const struct sheet *sheet, FILE *out)
{
	json_t *object = sheet_json(sheet);

	json_dumpf(object, out, JSON_COMPACT);
	putc('\n', out);
	json_decref(object);
}
