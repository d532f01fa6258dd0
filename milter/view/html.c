/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file that can be mailed or put on any web server: style and charts stand
 * in it, it loads nothing and runs nothing, and its own policy (CSP) forbids
 * both.  On a narrow screen a row of a table becomes a block, unless it has two
 * cells.  On paper it is light.
 */
#include <inttypes.h>

#include "milter/view/sheet.h"
#include "milter/view/svg.h"

/* Rows of a table: a page is for people, CSV for the rest */
enum { ROWS_SHOWN = 200 };

/* Columns that stand side by side on any screen. */
enum { PAIR = 2 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n";

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;"
    "--line:#d0d7de;--box:#f6f8fa;--plain:#4f6d8f;--pass:#2a7d46;"
    "--none:#616d79;--softfail:#b7791f;--fail:#c2312c;--temperror:#7b4fb5;"
    "--skip:#87919b}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--bg:#12161b;"
    "--fg:#e3e8ee;"
    "--dim:#9aa7b4;--line:#333d47;--box:#1a2027;--plain:#7fa3cc;"
    "--pass:#4fae6d;--none:#96a2af;--softfail:#d8a24a;--fail:#ec6a64;"
    "--temperror:#a98be0;--skip:#66727f}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--bg);"
    "color:var(--fg);font:1rem/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}\n"
    "h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 "
    ".5rem;border-bottom:1px solid var(--line)}h3{font-size:1rem;margin:"
    "1.25rem 0 .35rem}\n"
    "p{margin:.35rem 0;max-width:48rem}\n"
    "section:first-of-type{background:var(--box);border:1px solid "
    "var(--line);border-radius:.4rem;padding:0 1rem .75rem;margin:1rem 0}\n"
    "section:first-of-type h2{margin-top:.75rem;border:0}\n"
    "section:first-of-type p:first-of-type{font-weight:600}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}\n"
    "th,td{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:"
    "top;border-bottom:1px solid var(--line)}\n"
    "th{color:var(--dim);font-weight:500}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;padding-right:"
    "1.5rem}th:last-child,td:last-child{padding-right:0}\n"
    "tr:has(+.below)>td{border-bottom:0}\n"
    ".below td{color:var(--dim);padding-left:1.25rem}\n"
    ".below b{font-weight:500;color:var(--fg)}\n"
    "nav{font-size:.92rem}nav a{display:inline-block;margin:.1rem .75rem .1rem "
    "0;color:var(--plain)}summary{color:var(--dim);font-size:.92rem;"
    "cursor:pointer}\n"
    ".chart{margin:.4rem 0 .75rem}\n"
    ".strip{display:grid;grid-template-columns:minmax(6rem,14rem) 1fr "
    "minmax(3rem,max-content);gap:.6rem;align-items:center;font-size:.92rem;"
    "break-inside:avoid}\n"
    ".strip svg{width:100%;height:.8rem;background:var(--box)}\n"
    ".strip .value{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".legend span{margin-right:1rem;white-space:nowrap}\n"
    ".legend i{display:inline-block;width:.8rem;height:.8rem;margin-right:"
    ".3rem;vertical-align:-.05rem}\n"
    ".axis{display:flex;justify-content:space-between;color:var(--dim);"
    "font-size:.85rem;max-width:none}\n"
    ".r-plain{fill:var(--plain)}.r-pass{fill:var(--pass)}.r-none{fill:"
    "var(--none)}.r-softfail{fill:var(--softfail)}.r-fail{fill:var(--fail)}"
    ".r-temperror{fill:var(--temperror)}.r-skip{fill:var(--skip)}\n"
    ".b-plain{background:var(--plain)}.b-pass{background:var(--pass)}"
    ".b-none{background:var(--none)}.b-softfail{background:var(--softfail)}"
    ".b-fail{background:var(--fail)}.b-temperror{background:"
    "var(--temperror)}.b-skip{background:var(--skip)}\n"
    ".lines{fill:var(--bg);opacity:.55}.b-fail{background-image:"
    "repeating-linear-gradient(90deg,transparent 0 2px,var(--bg) 2px 3px)}\n"
    "@media (max-width:40rem){.wide thead{position:absolute;clip-path:"
    "inset(50%);width:1px;height:1px;overflow:hidden}.wide tr,.wide td{"
    "display:block;border:0;padding:0}.wide tr{padding:.35rem 0}.wide tbody "
    "tr:not(.below){border-top:1px solid var(--line)}.wide td.n{display:"
    "inline-block;text-align:left;margin-right:1rem}.wide "
    "td[data-label]::before{content:attr(data-label) \": \";color:"
    "var(--dim)}.wide .below td{padding-left:1rem}.wide td:empty{display:"
    "none}.wide td[data-label=\"\"]::before{content:none}"
    ".strip{grid-template-columns:minmax(5rem,40%) 1fr max-content}}\n"
    "@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#999;--box:"
    "#fff;color-scheme:light}body{max-width:none;padding:0;font-size:10pt}"
    "nav,summary{display:none}details::details-content{content-visibility:"
    "visible;block-size:auto}"
    "rect,i{-webkit-print-color-adjust:exact;print-color-adjust:exact}tr{"
    "break-inside:avoid}h2,h3,.legend,tr:has(+.below){break-after:avoid}}\n"
    "</style></head><body>\n";

void
html_escape(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;

		switch (octet) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(octet < ' ' || octet > '~' ? '?' : octet, out);
			break;
		}
	}
}

static void
put_element(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<%s>", name);
	html_escape(text, out);
	fprintf(out, "</%s>\n", name);
}

static size_t
columns_beside(const struct sheet_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->column_count; i++)
		count += table->columns[i].kind != SHEET_BELOW;
	return count;
}

static void
put_head(FILE *out, const struct sheet_table *table)
{
	fputs("<thead><tr>", out);
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].kind == SHEET_BELOW)
			continue;
		fputs(table->columns[i].kind == SHEET_NUMBER
			  ? "<th class=\"n\">"
			  : "<th>",
		    out);
		html_escape(table->columns[i].label, out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void
put_beside(FILE *out, const struct sheet_table *table, size_t row)
{
	fputs("<tr>", out);
	for (size_t i = 0; i < table->column_count; i++) {
		const struct sheet_column *column = &table->columns[i];

		if (column->kind == SHEET_BELOW)
			continue;
		fprintf(out, "<td%s data-label=\"",
		    column->kind == SHEET_NUMBER ? " class=\"n\"" : "");
		html_escape(column->label, out);
		fputs("\">", out);
		html_escape(sheet_cell_at(table, row, i), out);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void
put_below_row(FILE *out, const struct sheet_table *table, size_t row)
{
	if (columns_beside(table) == table->column_count)
		return;
	fprintf(out, "<tr class=\"below\"><td colspan=\"%zu\">",
	    columns_beside(table));
	for (size_t i = 0; i < table->column_count; i++) {
		const char *cell = sheet_cell_at(table, row, i);

		if (table->columns[i].kind != SHEET_BELOW || cell[0] == '\0')
			continue;
		fputs("<div><b>", out);
		html_escape(table->columns[i].label, out);
		fputs(":</b> ", out);
		html_escape(cell, out);
		fputs("</div>", out);
	}
	fputs("</td></tr>\n", out);
}

static void
put_chart(FILE *out, const struct sheet_table *table)
{
	switch (table->chart) {
	case SHEET_PLAIN:
	case SHEET_DATA:
		break;
	case SHEET_BARS:
		svg_bars(table, out);
		break;
	case SHEET_STACKED:
		svg_stacked(table, out);
		break;
	case SHEET_TIMELINE:
		svg_timeline(table, out);
		break;
	}
}

static void
put_rows(FILE *out, const struct sheet_table *table)
{
	size_t shown =
	    table->row_count < ROWS_SHOWN ? table->row_count : ROWS_SHOWN;

	fputs(
	    columns_beside(table) > PAIR ? "<table class=\"wide\">" : "<table>",
	    out);
	put_head(out, table);
	fputs("<tbody>\n", out);
	for (size_t row = 0; row < shown; row++) {
		put_beside(out, table, row);
		put_below_row(out, table, row);
	}
	fputs("</tbody></table>\n", out);
	if (table->row_count + table->more > shown)
		fprintf(out, "<p>and %" PRIu64 " more</p>\n",
		    table->row_count + table->more - shown);
}

/* folds: the numbers of a chart stand folded below it */
static void
put_html_table(FILE *out, const struct sheet_table *table, bool folds)
{
	folds &= table->chart != SHEET_PLAIN;
	if (table->chart == SHEET_DATA || table->row_count == 0)
		return;
	put_element(out, "h3", table->title);
	put_chart(out, table);
	if (folds)
		fputs("<details><summary>as numbers</summary>\n", out);
	put_rows(out, table);
	if (folds)
		fputs("</details>\n", out);
}

static void
put_contents(FILE *out, const struct sheet *sheet)
{
	fputs("<nav>", out);
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *section = &sheet->sections[i];

		fprintf(out, "<a href=\"#s-%s\">", section->id);
		html_escape(section->title, out);
		fputs("</a> ", out);
	}
	fputs("</nav>\n", out);
}

void
sheet_html(const struct sheet *sheet, FILE *out)
{
	fputs(head, out);
	put_element(out, "title", sheet->title);
	fputs(style, out);
	svg_patterns(out);
	put_element(out, "h1", sheet->title);
	if (sheet->contents)
		put_contents(out, sheet);
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *section = &sheet->sections[i];

		if (sheet->contents)
			fprintf(out, "<section id=\"s-%s\">\n", section->id);
		else
			fputs("<section>\n", out);
		put_element(out, "h2", section->title);
		for (size_t j = 0; j < section->note_count; j++)
			put_element(out, "p", section->notes[j]);
		for (size_t j = 0; j < section->table_count; j++)
			put_html_table(
			    out, &section->tables[j], sheet->contents);
		fputs("</section>\n", out);
	}
	fputs("</body></html>\n", out);
}
