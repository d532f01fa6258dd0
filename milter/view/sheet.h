/* sheet - a report before it is text, CSV, JSON or HTML: sections of notes and
 * tables. Plain data; one thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_SHEET_H
#define MILTER_VIEW_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/own.h"

struct json_t; /* of jansson */

enum sheet_kind {
	SHEET_WORDS,
	SHEET_NUMBER,
	SHEET_BELOW, /* long: for people on lines of its own below the row */
};

/* id is a key for programs, label a word for people; constants, as are ids and
 * titles of sections and tables. */
struct sheet_column {
	const char *id, *label;
	enum sheet_kind kind;
};

/* How a table is drawn in HTML, beside itself. */
enum sheet_chart {
	SHEET_PLAIN,
	SHEET_BARS,     /* the first number of each row */
	SHEET_STACKED,  /* all numbers of each row */
	SHEET_TIMELINE, /* columns name, time, before, after */
	SHEET_DATA,     /* for programs alone: people have it from the notes */
};

struct sheet_table {
	const char *id, *title;
	enum sheet_chart chart;
	size_t column_count, row_count;
	const struct sheet_column *columns; /* borrowed */
	char **cells;                       /* row by row */
	size_t room;
	uint64_t more; /* rows that there are beside these */
	size_t shown;  /* rows of it that text has; 0: some */
};

struct sheet_section {
	const char *id, *title;
	size_t note_count, table_count;
	char **notes;
	struct sheet_table *tables;
};

struct sheet {
	char *title;
	bool contents;
	size_t section_count;
	struct sheet_section *sections;
};

void sheet_free(struct sheet *sheet);
struct sheet *sheet_new(const char *title) OWNED(sheet_free);
AUTO_DEFINE(sheet);

/* What is added goes to the last section, and to the last table of it. */
void sheet_section(struct sheet *sheet, const char *id, const char *title);
void sheet_note(struct sheet *sheet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sheet_table(struct sheet *sheet, const char *id, const char *title,
    enum sheet_chart chart, const struct sheet_column *columns, size_t count);

/* sheet_cell, sheet_number - the next cell, in the order of the columns */
void sheet_cell(struct sheet *sheet, const char *text);
void sheet_number(struct sheet *sheet, uint64_t number);
void sheet_more(struct sheet *sheet, uint64_t rows);
void sheet_shown(struct sheet *sheet, size_t rows);

/* sheet_contents - the page of HTML begins with links to its sections, whose
 * ids each stand there once; tables are folded below their charts */
void sheet_contents(struct sheet *sheet);

/* sheet_cell_at - borrowed */
const char *
sheet_cell_at(const struct sheet_table *table, size_t row, size_t column);

/* sheet_text - for people, in so many columns; of a long table the first rows
 */
void sheet_text(const struct sheet *sheet, FILE *out, size_t width);

/* sheet_csv - a line for each cell: section,table,row,column,value; RFC 4180,
 * and no cell that a spreadsheet takes for a formula */
void sheet_csv(const struct sheet *sheet, FILE *out);

/* sheet_csv_cell - one cell, quoted; what a terminal would take for more than
 * text is "\xhh" */
void sheet_csv_cell(FILE *out, const char *text);

/* sheet_json - an object: by section an object with "notes", and by table an
 * array of rows */
struct json_t *sheet_json(const struct sheet *sheet);
void sheet_print_json(const struct sheet *sheet, FILE *out); /* a line */

/* sheet_markdown - for who reads it, or turns it into something else */
void sheet_markdown(const struct sheet *sheet, FILE *out);

/* sheet_html - one page that loads nothing and runs nothing: html.c */
void sheet_html(const struct sheet *sheet, FILE *out);

#endif
