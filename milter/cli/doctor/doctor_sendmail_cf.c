/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_sendmail_cf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "milter/cli/doctor/doctor.h"

char *
doctor_sendmail_option(char *line, const char *name)
{
	size_t length = strlen(name);
	char *at = line + 1;

	if (line[0] != 'O' || (*at != ' ' && *at != '\t'))
		return NULL;
	at += strspn(at, " \t");
	if (strncasecmp(at, name, length) != 0)
		return NULL;
	at += length;
	at += strspn(at, " \t");
	return *at == '=' ? at + 1 : NULL;
}

/* A line that begins with white space goes on with the one before. */
int
doctor_sendmail_read(doctor_sendmail_line *each, void *arg)
{
	FILE *in = fopen(DOCTOR_SENDMAIL_CF, "re");
	char *line = NULL, *whole = xstrdup("");
	size_t size = 0;
	int rc;

	if (in == NULL) {
		free(whole);
		return -1;
	}
	while (getline(&line, &size, in) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == ' ' || line[0] == '\t') {
			size_t length = strlen(whole);

			whole = xrealloc(whole, length + strlen(line) + 1, 1);
			memcpy(whole + length, line, strlen(line) + 1);
			continue;
		}
		each(arg, whole);
		free(whole);
		whole = xstrdup(line);
	}
	each(arg, whole);
	rc = ferror(in) ? -1 : 0;
	free(whole);
	free(line);
	fclose(in);
	return rc;
}
