/*
 * Lines that both texts begin and end with are set aside.  Of what is between
 * them the longest common part is found by a table of lengths, and walked from
 * its first corner.  Where that table would be too large, all lines of one text
 * count as taken away and all of the other as new: that is true too.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/cli/setup/setup_text.h"

/* Of a table: more is no configuration that people wrote */
enum { CELLS_MAX = 4 * 1024 * 1024 };

struct text_lines {
	size_t count;
	const char **lines; /* and where the last one ends */
};

static struct text_lines
index_lines(const char *text)
{
	struct text_lines lines = {.count = 0};
	size_t size = 2;

	for (const char *at = text; *at != '\0'; at++)
		size += *at == '\n';
	lines.lines = xcalloc(size, sizeof(*lines.lines));
	while (*text != '\0') {
		lines.lines[lines.count++] = text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	lines.lines[lines.count] = text;
	return lines;
}

static size_t
line_length(const struct text_lines *lines, size_t i)
{
	size_t size = (size_t)(lines->lines[i + 1] - lines->lines[i]);

	return size > 0 && lines->lines[i][size - 1] == '\n' ? size - 1 : size;
}

/* With its end: a last line without one is another line. */
static bool
is_equal_line(
    const struct text_lines *a, size_t i, const struct text_lines *b, size_t j)
{
	size_t size = (size_t)(a->lines[i + 1] - a->lines[i]);

	return size == (size_t)(b->lines[j + 1] - b->lines[j]) &&
	       memcmp(a->lines[i], b->lines[j], size) == 0;
}

struct differ {
	struct text_lines a, b;
	size_t begin, a_end, b_end; /* what is between */
	setup_diff_line *each;
	void *arg;
};

static void
tell_lines(const struct differ *differ, char sign,
    const struct text_lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		differ->each(
		    differ->arg, sign, lines->lines[i], line_length(lines, i));
}

/* lengths[i][j]: of the common part of what is left from there on. */
static uint32_t *
make_table(const struct differ *differ, size_t rows, size_t columns)
{
	uint32_t *lengths =
	    xcalloc((rows + 1) * (columns + 1), sizeof(*lengths));

	for (size_t i = rows; i-- > 0;)
		for (size_t j = columns; j-- > 0;) {
			uint32_t *cell = &lengths[i * (columns + 1) + j];
			uint32_t down = cell[columns + 1], right = cell[1];

			if (is_equal_line(&differ->a, differ->begin + i,
				&differ->b, differ->begin + j))
				*cell = cell[columns + 2] + 1;
			else
				*cell = down >= right ? down : right;
		}
	return lengths;
}

static void
walk_table(const struct differ *differ, const uint32_t *lengths, size_t rows,
    size_t columns)
{
	size_t i = 0, j = 0;

	while (i < rows || j < columns) {
		const uint32_t *cell = &lengths[i * (columns + 1) + j];
		size_t a = differ->begin + i, b = differ->begin + j;

		if (i < rows && j < columns &&
		    is_equal_line(&differ->a, a, &differ->b, b)) {
			tell_lines(differ, ' ', &differ->a, a, a + 1);
			i++;
			j++;
		} else if (j == columns ||
			   (i < rows && cell[columns + 1] >= cell[1])) {
			tell_lines(differ, '-', &differ->a, a, a + 1);
			i++;
		} else {
			tell_lines(differ, '+', &differ->b, b, b + 1);
			j++;
		}
	}
}

static void
tell_middle(const struct differ *differ)
{
	size_t rows = differ->a_end - differ->begin;
	size_t columns = differ->b_end - differ->begin;
	uint32_t *lengths;

	if ((rows + 1) > CELLS_MAX / (columns + 1)) {
		tell_lines(
		    differ, '-', &differ->a, differ->begin, differ->a_end);
		tell_lines(
		    differ, '+', &differ->b, differ->begin, differ->b_end);
		return;
	}
	lengths = make_table(differ, rows, columns);
	walk_table(differ, lengths, rows, columns);
	free(lengths);
}

void
setup_diff(
    const char *before, const char *after, setup_diff_line *each, void *arg)
{
	struct differ differ = {.a = index_lines(before),
	    .b = index_lines(after),
	    .each = each,
	    .arg = arg};

	differ.a_end = differ.a.count;
	differ.b_end = differ.b.count;
	while (differ.begin < differ.a_end && differ.begin < differ.b_end &&
	       is_equal_line(&differ.a, differ.begin, &differ.b, differ.begin))
		differ.begin++;
	while (differ.a_end > differ.begin && differ.b_end > differ.begin &&
	       is_equal_line(
		   &differ.a, differ.a_end - 1, &differ.b, differ.b_end - 1)) {
		differ.a_end--;
		differ.b_end--;
	}
	tell_lines(&differ, ' ', &differ.a, 0, differ.begin);
	tell_middle(&differ);
	tell_lines(&differ, ' ', &differ.a, differ.a_end, differ.a.count);
	free(differ.a.lines);
	free(differ.b.lines);
}
