/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/checklist.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
check_say(struct check_answer *answer, enum check_result result,
    const char *format, ...)
{
	va_list args;

	answer->result = result;
	answer->unseen = result == CHECK_NOT_TESTED;
	va_start(args, format);
	vsnprintf(answer->evidence, sizeof(answer->evidence), format, args);
	va_end(args);
}

void
checklist_run(struct checklist *list, enum standard standard,
    const struct check_spec *specs, size_t count, const struct sight *sight)
{
	bool idle = !standing_takes_mail(&sight->standing) &&
		    sight->standing.mx != STANDING_MX_ERROR;

	for (size_t i = 0; i < count; i++) {
		const struct check_spec *spec = &specs[i];
		struct check_answer answer = {.result = CHECK_NOT_TESTED};
		struct check_row *row = &list->rows[list->count++];

		assert(list->count <= CHECKS_MAX);
		if (spec->test != NULL && idle && !spec->without_mail)
			check_say(
			    &answer, CHECK_NOT_APPLICABLE, "it takes no mail");
		else if (spec->test != NULL)
			spec->test(sight, &answer);
		*row = (struct check_row){.standard = standard,
		    .id = spec->id,
		    .title = spec->title,
		    .how = spec->how,
		    .level = spec->level,
		    .result = answer.result,
		    .unseen = answer.unseen};
		memcpy(row->evidence, answer.evidence, sizeof(row->evidence));
	}
}

int
checklist_status(const struct checklist *list)
{
	bool failed = false, unseen = false, open = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct check_row *row = &list->rows[i];
		bool must = row->level == CHECK_MUST;

		failed |= must && row->result == CHECK_FAIL;
		unseen |= must && row->unseen;
		open |= row->level != CHECK_NOTE &&
			(row->result == CHECK_WARNING ||
			    (!must && row->result == CHECK_FAIL));
	}
	if (failed)
		return 2;
	return unseen ? 3 : open ? 1 : 0;
}

const char *
checklist_status_text(int status)
{
	static const char *const words[] = {
	    "pass", "warning", "fail", "not-tested"};

	assert(status >= 0 && status < 4);
	return words[status];
}

const char *
standard_text(enum standard standard)
{
	static const char *const words[] = {
	    [STANDARD_RFC] = "rfc",
	    [STANDARD_BSI] = "bsi",
	    [STANDARD_NL] = "nl",
	};

	return words[standard];
}

const char *
check_level_text(enum check_level level)
{
	static const char *const words[] = {
	    [CHECK_MUST] = "must",
	    [CHECK_SHOULD] = "should",
	    [CHECK_NOTE] = "note",
	};

	return words[level];
}

const char *
check_result_text(enum check_result result)
{
	static const char *const words[] = {
	    [CHECK_NOT_TESTED] = "not-tested",
	    [CHECK_FAIL] = "fail",
	    [CHECK_WARNING] = "warning",
	    [CHECK_NOT_APPLICABLE] = "not-applicable",
	    [CHECK_PASS] = "pass",
	};

	return words[result];
}
