/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/survey_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "t/unit/tap.h"

char survey_file_path[64];
static char folder[] = "/tmp/survey-XXXXXX";

int
survey_file_begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(survey_file_path, sizeof(survey_file_path), "%s/db", folder);
	return 0;
}

void
survey_file_drop(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < COUNT(ends); i++) {
		char name[80];

		snprintf(name, sizeof(name), "%s%s", survey_file_path, ends[i]);
		unlink(name);
	}
}

int
survey_file_end(void **state)
{
	(void)state;
	survey_file_drop();
	return rmdir(folder);
}

struct store_survey *
survey_file_open(const char *path)
{
	struct err err = {.text = ""};
	struct store_survey *survey =
	    store_survey_open(path, STORE_SURVEY_SCAN, &err);

	if (survey == NULL)
		fail_msg("%s", err.text);
	return survey;
}
