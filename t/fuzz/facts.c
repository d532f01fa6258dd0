/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_facts.h"

#include <assert.h>
#include <string.h>

#include "common/judge/enforce.h"
#include "common/judge/judge.h"
#include "milter/view/json_put.h"
#include "t/fuzz/fuzz.h"

static char *
write_again(const struct facts_file *file)
{
	struct facts_told told = {.terms = &file->terms,
	    .judged_s = file->judged_s,
	    .ms = file->ms,
	    .asked = file->asked};

	return json_line(json_facts(file->facts, &told));
}

/* What was read is written, and that reads as what is written. */
static void
check_round(const struct facts_file *file)
{
	char *line = write_again(file), *twice;
	AUTO(facts_file) struct facts_file *again = NULL;
	struct err err;
	size_t used;

	fuzz_err_init(&err);
	again = facts_file_read(line, strlen(line), &used, &err);
	assert(again != NULL && used == strlen(line));
	twice = write_again(again);
	assert(strcmp(line, twice) == 0);
	free(twice);
	free(line);
}

static void
check_shown(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

/* A file of facts: whatever it says, it can be judged, by any level. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	AUTO(facts_file) struct facts_file *file = NULL;
	struct err err;
	size_t used;

	fuzz_err_init(&err);
	file = facts_file_read(text, strlen(text), &used, &err);
	if (file == NULL)
		fuzz_check_refusal(&err);
	for (int i = 0; file != NULL && i < LEVEL_HALF_DANE; i++) {
		struct judge_terms terms = file->terms;
		AUTO(verdict) struct verdict *verdict = NULL;
		AUTO(enforcement) struct enforcement *e = NULL;

		if (i != LEVEL_AUTO) {
			terms.rule = NULL;
			terms.list = NULL;
			terms.level = (enum level)i;
		}
		verdict = judge(file->facts, &terms, file->judged_s);
		e = enforce(file->facts, &terms, file->judged_s);
		check_shown(verdict->detail);
		check_shown(verdict->walk);
		check_shown(e->where);
	}
	if (file != NULL)
		check_round(file);
	free(text);
	return 0;
}
