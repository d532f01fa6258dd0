/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/conf_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "t/unit/tap.h"

void
conf_text_write(char path[32], const char *text)
{
	int fd;

	text_copy(path, 32, "/tmp/settings-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

struct settings *
conf_text_try(char path[32], const char *text, struct conf_faults *faults)
{
	struct settings *settings;

	conf_text_write(path, text);
	settings = settings_load(path, NULL, 0, faults);
	unlink(path);
	return settings;
}

struct settings *
conf_text_load(const char *text)
{
	struct conf_faults faults = {0};
	char path[32];
	struct settings *settings = conf_text_try(path, text, &faults);

	if (settings == NULL)
		fail_msg("%s", faults.texts[0]);
	return settings;
}

FILE *
conf_text_sample(void)
{
	const char *srcdir = getenv("POSTERN_SRCDIR");
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/etc/postern.conf",
	    srcdir == NULL ? "." : srcdir);
	in = fopen(path, "r");
	assert_non_null(in);
	return in;
}
