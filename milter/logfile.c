/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/logfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "milter/logline.h"
#include "milter/process.h"

enum { CHUNK_SIZE = 64 * 1024, MATCH_SIZE = 128 };

/* Octets come in any portions, lines go out. */
struct splitter {
	logfile_line *each;
	void *arg;
	size_t length;
	char line[LOGLINE_SIZE];
};

static void
end_line(struct splitter *splitter)
{
	splitter->line[splitter->length] = '\0';
	splitter->each(splitter->arg, splitter->line);
	splitter->length = 0;
}

static void
add(struct splitter *splitter, const char *octets, size_t length)
{
	size_t room = sizeof(splitter->line) - 1 - splitter->length;
	char *to = splitter->line + splitter->length;

	if (length > room)
		length = room;
	memcpy(to, octets, length);
	for (char *nul = memchr(to, '\0', length); nul != NULL;
	     nul = memchr(nul, '\0', (size_t)(to + length - nul)))
		*nul = '?';
	splitter->length += length;
}

static void
split(struct splitter *splitter, const char *octets, size_t length)
{
	while (length > 0) {
		const char *end = memchr(octets, '\n', length);
		size_t part = end == NULL ? length : (size_t)(end - octets);

		add(splitter, octets, part);
		if (end == NULL)
			return;
		end_line(splitter);
		octets += part + 1;
		length -= part + 1;
	}
}

static bool
is_compressed(const char *octets, size_t length)
{
	static const char *const magics[] = {
	    "\x1f\x8b", "BZh", "\xfd\x37zXZ", "\x28\xb5\x2f\xfd"};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (length >= strlen(magics[i]) &&
		    memcmp(octets, magics[i], strlen(magics[i])) == 0)
			return true;
	return false;
}

static int
read_stream(
    FILE *in, const char *path, struct splitter *splitter, struct err *err)
{
	char chunk[CHUNK_SIZE];
	bool first = true;
	size_t got;

	while ((got = fread(chunk, 1, sizeof(chunk), in)) > 0) {
		if (first && is_compressed(chunk, got))
			return err_set(err, ERR_DATA,
			    "%s is compressed: zcat %s | postern explain "
			    "--log - ...",
			    path, path);
		first = false;
		split(splitter, chunk, got);
	}
	if (ferror(in))
		return err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (splitter->length > 0)
		end_line(splitter);
	return 0;
}

int
logfile_read(const char *path, logfile_line *each, void *arg, struct err *err)
{
	struct splitter splitter = {.each = each, .arg = arg};
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int rc;

	if (in == NULL)
		return err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	rc = read_stream(in, path, &splitter, err);
	if (in != stdin)
		fclose(in);
	return rc;
}

int
logfile_read_journal(const char *program, int64_t deadline_ms,
    logfile_line *each, void *arg, struct err *err)
{
	struct splitter splitter = {.each = each, .arg = arg};
	char match[MATCH_SIZE], chunk[CHUNK_SIZE];
	const char *const argv[] = {"journalctl", "--quiet", "--no-pager",
	    "--output=short-iso", "SYSLOG_FACILITY=2", "+", match, NULL};
	struct process process;
	struct err why;
	ssize_t got;
	int status;

	snprintf(match, sizeof(match), "SYSLOG_IDENTIFIER=%s", program);
	if (process_start(&process, argv, deadline_ms, err) != 0)
		return -1;
	while ((got = process_read(&process, chunk, sizeof(chunk), &why)) > 0)
		split(&splitter, chunk, (size_t)got);
	if (got == 0 && splitter.length > 0)
		end_line(&splitter);
	if (got < 0)
		process.deadline_ms = 0;
	status = process_end(&process);
	if (got < 0)
		return err_set(err, why.kind, "journalctl: %s", why.text);
	return status == 0 ? 0
			   : err_set(err, ERR_LOCAL,
				 "journalctl: exit status %d", status);
}
