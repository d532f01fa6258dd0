/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/conf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

static const char space[] = " \t\v\f";

void
conf_fault(struct conf_faults *faults, const char *file, unsigned line,
    const char *format, ...)
{
	char text[512], where[600], shown[800];
	va_list args;

	if (faults->count == LIMIT_CONF_FAULTS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (line == 0)
		snprintf(where, sizeof(where), "%s: %s", file, text);
	else
		snprintf(where, sizeof(where), "%s:%u: %s", file, line, text);
	text_escape(shown, sizeof(shown), where, strlen(where));
	faults->texts =
	    xrealloc(faults->texts, faults->count + 1, sizeof(*faults->texts));
	faults->texts[faults->count++] = xstrdup(shown);
}

char *
conf_faults_take(struct conf_faults *faults)
{
	assert(faults->count > 0);
	return faults->texts[--faults->count];
}

void
conf_faults_fini(struct conf_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->texts[i]);
	free(faults->texts);
	*faults = (struct conf_faults){0};
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf->count; i++) {
		free(conf->entries[i].keyword);
		free(conf->entries[i].value);
	}
	free(conf->entries);
	free(conf->path);
	free(conf);
}

/* Read all of fd, NUL-terminated; the octets read, or -1 with errno. */
static ssize_t
read_descriptor(int fd, char *to, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size - 1 &&
	       (got = read(fd, to + used, size - 1 - used)) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			used += (size_t)got;
	}
	to[used] = '\0';
	return (ssize_t)used;
}

/* The text of the file and its length, or NULL with errno. */
static char *
read_conf_text(const char *path, size_t *length)
{
	size_t size = LIMIT_CONF_OCTETS + 2; /* one octet over, to notice */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text;
	ssize_t used;

	if (fd < 0)
		return NULL;
	text = xmalloc(size);
	used = read_descriptor(fd, text, size);
	if (used < 0) {
		int kept = errno;

		free(text);
		close(fd);
		errno = kept;
		return NULL;
	}
	close(fd);
	*length = (size_t)used;
	return text;
}

static bool
is_text(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == 0x7f || (c < ' ' && strchr(space, c) == NULL) ||
		    c == '\0')
			return false;
	}
	return true;
}

static void
drop_comment(char *line)
{
	for (char *c = line; *c != '\0'; c++) {
		if (*c == '#' && (c == line || strchr(space, c[-1]) != NULL)) {
			*c = '\0';
			return;
		}
	}
}

static void
take_conf_line(struct conf *conf, unsigned number, char *line, size_t length,
    struct conf_faults *faults)
{
	struct conf_entry *entry;
	size_t word;

	if (length > 0 && line[length - 1] == '\r')
		line[--length] = '\0';
	if (length > LIMIT_CONF_LINE) {
		conf_fault(faults, conf->path, number,
		    "line longer than %d octets", LIMIT_CONF_LINE);
		return;
	}
	if (!is_text(line, length)) {
		conf_fault(
		    faults, conf->path, number, "control character in line");
		return;
	}
	drop_comment(line);
	line = text_trim(line);
	if (*line == '\0')
		return;
	word = strcspn(line, space);
	conf->entries =
	    xrealloc(conf->entries, conf->count + 1, sizeof(*conf->entries));
	entry = &conf->entries[conf->count++];
	entry->line = number;
	entry->keyword = xstrndup(line, word);
	entry->value = xstrdup(text_trim(line + word));
}

struct conf *
conf_read(const char *path, bool may_be_missing, struct conf_faults *faults)
{
	size_t length = 0;
	char *text = read_conf_text(path, &length);
	struct conf *conf;
	char *line = text;

	if (text == NULL && !(may_be_missing && errno == ENOENT)) {
		conf_fault(faults, path, 0, "%s", strerror(errno));
		return NULL;
	}
	conf = xcalloc(1, sizeof(*conf));
	conf->path = xstrdup(path);
	if (length > LIMIT_CONF_OCTETS) {
		conf_fault(faults, path, 0, "file larger than %d octets",
		    LIMIT_CONF_OCTETS);
		length = 0;
	}
	for (unsigned number = 1; length > 0; number++) {
		char *newline = memchr(line, '\n', length);
		size_t taken =
		    newline == NULL ? length : (size_t)(newline - line);

		line[taken] = '\0';
		take_conf_line(conf, number, line, taken, faults);
		if (newline != NULL)
			taken++;
		line += taken;
		length -= taken;
	}
	free(text);
	return conf;
}
