/* svg - charts of a table: strips of SVG, whose words are HTML beside them so
 * that they stay as large on a small screen. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_SVG_H
#define MILTER_VIEW_SVG_H

#include <stdio.h>

#include "milter/view/sheet.h"

/* svg_bars - a bar for the first number of each row; svg_stacked - of each row
 * all numbers, behind each other, the last rows where there are many;
 * svg_timeline - a strip for each name, coloured by its state */
void svg_bars(const struct sheet_table *table, FILE *out);
void svg_stacked(const struct sheet_table *table, FILE *out);
void svg_timeline(const struct sheet_table *table, FILE *out);

/* svg_patterns - what the charts of a page draw with, once before them */
void svg_patterns(FILE *out);

/* html_escape - text as it may stand in an element or a quoted attribute */
void html_escape(const char *text, FILE *out);

#endif
