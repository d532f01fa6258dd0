/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/review.h"

#include <assert.h>
#include <string.h>

#include "milter/cli/review/report.h"
#include "t/fuzz/fuzz.h"

static void
check_printable(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void
check_tables(const struct sheet_section *section)
{
	for (size_t i = 0; i < section->note_count; i++)
		check_printable(section->notes[i]);
	for (size_t i = 0; i < section->table_count; i++) {
		const struct sheet_table *table = &section->tables[i];

		assert(table->row_count * table->column_count == table->room);
		for (size_t j = 0; j < table->room; j++)
			check_printable(table->cells[j]);
	}
}

/* What is shown of the MTA has no address: each "@" has the mask before it. */
static void
check_masked(const struct review *review)
{
	for (size_t i = 0; i < review->missed_count; i++)
		for (const char *at = review->missed[i].theirs; *at != '\0';
		     at++)
			assert(*at != '@' || at[-1] == '*');
}

/* Lines of a log: what comes of it is fit to be shown, in each form. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct review_options options = {
	    .program = "posternd", .now = 1800000000};
	char *text = fuzz_string(data, size), *rest = text, *line;
	FILE *out = fopen("/dev/null", "w");
	struct review review;
	struct sheet *sheet;

	review_init(&review, &options);
	while ((line = strsep(&rest, "\n")) != NULL)
		review_line(&review, line);
	review_end(&review);
	assert(
	    review.as_foreseen + review.not_as_foreseen >= review.missed_count);
	check_masked(&review);
	sheet = review_sheet(&review, NULL);
	for (size_t i = 0; i < sheet->section_count; i++)
		check_tables(&sheet->sections[i]);
	if (out != NULL) {
		sheet_text(sheet, out, 80);
		sheet_csv(sheet, out);
		sheet_markdown(sheet, out);
		sheet_html(sheet, out);
		fclose(out);
	}
	sheet_free(sheet);
	review_fini(&review);
	free(text);
	return 0;
}
