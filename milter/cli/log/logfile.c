/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/logfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "milter/cli/log/logline.h"

enum { CHUNK_SIZE = 64 * 1024, MATCH_SIZE = 128, UNPACK_MS = 120 * 1000 };

/* Octets come in any portions, lines go out. */
struct splitter {
	const struct logfile *logfile;
	int64_t deadline_ms;
	size_t length;
	char line[LOGLINE_SIZE];
};

static void
end_log_line(struct splitter *splitter)
{
	splitter->line[splitter->length] = '\0';
	splitter->logfile->each(splitter->logfile->arg, splitter->line);
	splitter->length = 0;
}

static void
add_octets(struct splitter *splitter, const char *octets, size_t length)
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
split_octets(struct splitter *splitter, const char *octets, size_t length)
{
	while (length > 0) {
		const char *end = memchr(octets, '\n', length);
		size_t part = end == NULL ? length : (size_t)(end - octets);

		add_octets(splitter, octets, part);
		if (end == NULL)
			return;
		end_log_line(splitter);
		octets += part + 1;
		length -= part + 1;
	}
}

/* What unpacks a file from standard input, known by how the file begins. xz and
 * zstd let the file say how much memory they take. */
static const struct unpacker {
	const char *magic;
	const char *argv[6];
} unpackers[] = {
    {"\x1f\x8b", {"gzip", "-dc"}},
    {"\x1f\x9d", {"gzip", "-dc"}},
    {"BZh", {"bzip2", "-dc"}},
    {"\xfd\x37zXZ", {"xz", "-dc", "--memlimit-decompress=256MiB"}},
    {"\x28\xb5\x2f\xfd", {"zstd", "-dcq", "--memory=256MB"}},
};

static const struct unpacker *
find_unpacker(const char *octets, size_t length)
{
	for (size_t i = 0; i < sizeof(unpackers) / sizeof(unpackers[0]); i++)
		if (length >= strlen(unpackers[i].magic) &&
		    memcmp(octets, unpackers[i].magic,
			strlen(unpackers[i].magic)) == 0)
			return &unpackers[i];
	return NULL;
}

/* How far a program that shares the file came since at. */
static size_t
octets_since(FILE *in, off_t *at)
{
	off_t now = in == NULL ? 0 : lseek(fileno(in), 0, SEEK_CUR);
	size_t octets = now > *at ? (size_t)(now - *at) : 0;

	if (now > *at)
		*at = now;
	return octets;
}

/* Whether there is time, and somebody who wants to have more. */
static bool
goes_on(const struct splitter *splitter, size_t octets)
{
	const struct logfile *logfile = splitter->logfile;

	return clock_left_ms(splitter->deadline_ms) > 0 &&
	       (logfile->go_on == NULL || logfile->go_on(logfile->arg, octets));
}

/* All that a process writes; it ends here. */
static int
split_process(struct process *process, const char *name,
    struct splitter *splitter, FILE *in, struct err *err)
{
	off_t at = 0;
	char chunk[CHUNK_SIZE];
	struct err why;
	ssize_t got;
	int status;

	while ((got = process_read(process, chunk, sizeof(chunk), &why)) > 0) {
		size_t octets = octets_since(in, &at);

		split_octets(splitter, chunk, (size_t)got);
		if (!goes_on(splitter, octets)) {
			got = err_set(&why, ERR_TEMP, "not read to its end");
			break;
		}
	}
	if (got == 0 && splitter->length > 0)
		end_log_line(splitter);
	if (got < 0)
		process->deadline_ms = 0;
	status = process_end(process);
	if (got < 0)
		return err_set(err, why.kind, "%s: %s", name, why.text);
	return status == 0 ? 0
			   : err_set(err, ERR_LOCAL, "%s: exit status %d", name,
				 status);
}

/* The program reads the file anew; it does so as the user who asks. */
static int
read_packed(FILE *in, const char *path, const struct unpacker *unpacker,
    struct splitter *splitter, struct err *err)
{
	const char *name = unpacker->argv[0];
	struct process process;
	struct err why;

	if (lseek(fileno(in), 0, SEEK_SET) != 0)
		return err_set(err, ERR_DATA,
		    "%s is compressed, and comes from a pipe: put %s -dc into "
		    "that",
		    path, name);
	if (process_filter(&process, unpacker->argv, fileno(in),
		clock_sooner_ms(splitter->deadline_ms, UNPACK_MS), &why) != 0)
		return err_set(
		    err, ERR_DATA, "%s is compressed, and %s", path, why.text);
	if (split_process(&process, name, splitter, in, &why) == 0)
		return 0;
	return err_set(err,
	    clock_left_ms(splitter->deadline_ms) == 0 || why.kind == ERR_TEMP
		? ERR_TEMP
		: ERR_DATA,
	    "%s: %s", path, why.text);
}

static int
read_log_stream(
    FILE *in, const char *path, struct splitter *splitter, struct err *err)
{
	const struct unpacker *unpacker;
	char chunk[CHUNK_SIZE];
	bool first = true;
	size_t got;

	while ((got = fread(chunk, 1, sizeof(chunk), in)) > 0) {
		unpacker = first ? find_unpacker(chunk, got) : NULL;
		if (unpacker != NULL)
			return read_packed(in, path, unpacker, splitter, err);
		first = false;
		if (!goes_on(splitter, got))
			return err_set(
			    err, ERR_TEMP, "%s: not read to its end", path);
		split_octets(splitter, chunk, got);
	}
	if (ferror(in))
		return err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (splitter->length > 0)
		end_log_line(splitter);
	return 0;
}

int
logfile_read(const struct logfile *logfile, const char *path, struct err *err)
{
	struct splitter splitter = {
	    .logfile = logfile, .deadline_ms = logfile->deadline_ms};
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int rc;

	if (in == NULL)
		return err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	rc = read_log_stream(in, path, &splitter, err);
	if (in != stdin)
		fclose(in);
	return rc;
}

/* --- the file before --- */

/* Of "mail.log.1" and "mail.log-20261122", with or without an ending of a
 * compressed file: 0 is none. */
static int
rotation_rank(const char *name, const char *log)
{
	size_t length = strlen(log);

	if (strncmp(name, log, length) != 0)
		return 0;
	name += length;
	if (name[0] == '-' && isdigit((unsigned char)name[1]))
		return 1;
	return strncmp(name, ".1", 2) == 0 &&
		       (name[2] == '\0' || name[2] == '.')
		   ? 2
		   : 0;
}

/* By date the greatest is the last; "mail.log.1" before "mail.log.1.gz", which
 * may be half written. */
static bool
is_better(const char *name, const char *best, const char *log)
{
	int rank = rotation_rank(name, log);
	int before = best[0] == '\0' ? 0 : rotation_rank(best, log);

	if (rank != before)
		return rank > before;
	if (rank == 1)
		return strcmp(name, best) > 0;
	return rank == 2 && strcmp(name, best) < 0;
}

bool
logfile_before(const char *path, char *out, size_t size)
{
	const char *log = strrchr(path, '/');
	char best[NAME_MAX + 1] = "";
	struct dirent *entry;
	struct stat info;
	DIR *folder;

	if (log == NULL)
		return false;
	snprintf(out, size, "%.*s", (int)(++log - path), path);
	folder = opendir(out);
	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL)
		if (is_better(entry->d_name, best, log))
			text_copy(best, sizeof(best), entry->d_name);
	closedir(folder);
	snprintf(out, size, "%.*s%s", (int)(log - path), path, best);
	return best[0] != '\0' && strlen(out) + 1 < size &&
	       stat(out, &info) == 0 && S_ISREG(info.st_mode);
}

int
logfile_read_journal(const struct logfile *logfile, const char *program,
    time_t since, time_t until, struct err *err)
{
	struct splitter splitter = {
	    .logfile = logfile, .deadline_ms = logfile->deadline_ms};
	char match[MATCH_SIZE], from[MATCH_SIZE], to[MATCH_SIZE];
	const char *const argv[] = {"journalctl", "--quiet", "--no-pager",
	    "--output=short-iso", from, "SYSLOG_FACILITY=2", "+", match,
	    until == 0 ? NULL : to, NULL};
	struct process process;

	snprintf(match, sizeof(match), "SYSLOG_IDENTIFIER=%s", program);
	snprintf(from, sizeof(from), "--since=@%lld", (long long)since);
	snprintf(to, sizeof(to), "--until=@%lld", (long long)until);
	if (process_start(&process, argv, splitter.deadline_ms, err) != 0)
		return -1;
	return split_process(&process, argv[0], &splitter, NULL, err);
}
