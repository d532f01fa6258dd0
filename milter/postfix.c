/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/postfix.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/process.h"

/* Far beyond the output for any configuration made by people */
enum { OUTPUT_MAX = 1024 * 1024, ENTRY_SIZE = 512 };

#define SEPARATORS ", \t"

/* Output of postconf: lines of "name = value", cut at the ends of lines. */
struct postfix {
	struct lines {
		char *text;
		size_t size;
	} main, services, overrides;
};

static void
cut(struct lines *lines)
{
	lines->size = strlen(lines->text);
	for (size_t i = 0; i < lines->size; i++)
		if (lines->text[i] == '\n')
			lines->text[i] = '\0';
}

static int
ask(struct lines *lines, const char *option, int64_t deadline_ms,
    struct err *err)
{
	const char *const argv[] = {"postconf", option, NULL};

	lines->text = process_capture(argv, deadline_ms, OUTPUT_MAX, err);
	if (lines->text == NULL)
		return -1;
	cut(lines);
	return 0;
}

struct postfix *
postfix_ask(int64_t deadline_ms, struct err *err)
{
	struct postfix *postfix = xcalloc(1, sizeof(*postfix));

	if (ask(&postfix->main, "-x", deadline_ms, err) == 0 &&
	    ask(&postfix->services, "-F", deadline_ms, err) == 0 &&
	    ask(&postfix->overrides, "-xP", deadline_ms, err) == 0)
		return postfix;
	postfix_free(postfix);
	return NULL;
}

void
postfix_free(struct postfix *postfix)
{
	if (postfix == NULL)
		return;
	free(postfix->main.text);
	free(postfix->services.text);
	free(postfix->overrides.text);
	free(postfix);
}

/* The value of the line that begins with name, or NULL. */
static const char *
find_value(const struct lines *lines, const char *name)
{
	size_t length = strlen(name);
	const char *end = lines->text + lines->size;

	for (const char *at = lines->text; at < end; at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 &&
		    strncmp(at + length, " =", 2) == 0) {
			const char *value = at + length + 2;

			return value + strspn(value, " ");
		}
	return NULL;
}

const char *
postfix_get(const struct postfix *postfix, const char *parameter)
{
	const char *value = find_value(&postfix->main, parameter);

	return value == NULL ? "" : value;
}

const char *
postfix_get_of(const struct postfix *postfix,
    const struct postfix_service *service, const char *parameter)
{
	char name[2 * POSTFIX_NAME_SIZE];
	const char *value;

	snprintf(name, sizeof(name), "%s/%s", service->name, parameter);
	value = find_value(&postfix->overrides, name);
	return value == NULL ? postfix_get(postfix, parameter) : value;
}

/* postconf(5), compatibility_level: what "-" means depends on it. */
static bool
is_chrooted(const struct postfix *postfix, const char *service)
{
	char name[POSTFIX_NAME_SIZE + 16];
	const char *value;

	snprintf(name, sizeof(name), "%s/chroot", service);
	value = find_value(&postfix->services, name);
	if (value == NULL || strcmp(value, "-") != 0)
		return value != NULL && strcmp(value, "y") == 0;
	return strcmp(postfix_get(postfix, "compatibility_level"), "0") == 0;
}

static bool
runs(const char *command, const char *program)
{
	size_t length = strlen(program);

	return strncmp(command, program, length) == 0 &&
	       (command[length] == '\0' || command[length] == ' ');
}

void
postfix_each(const struct postfix *postfix, const char *program,
    const char *type, postfix_found *each, void *arg)
{
	static const char mark[] = "/command = ";
	const struct lines *lines = &postfix->services;
	const char *end = lines->text + lines->size;

	for (const char *at = lines->text; at < end; at += strlen(at) + 1) {
		const char *found = strstr(at, mark);
		struct postfix_service service;
		const char *slash;

		if (found == NULL || !runs(found + strlen(mark), program) ||
		    (size_t)(found - at) >= sizeof(service.name))
			continue;
		snprintf(service.name, sizeof(service.name), "%.*s",
		    (int)(found - at), at);
		slash = strrchr(service.name, '/');
		if (type != NULL &&
		    (slash == NULL || strcmp(slash + 1, type) != 0))
			continue;
		service.chrooted = is_chrooted(postfix, service.name);
		each(arg, &service);
	}
}

/* Two names of one socket, or one name. */
static bool
is_same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
	       of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static enum postfix_reach
reach_path(const struct postfix *postfix, bool chrooted, const char *path,
    const char *ours)
{
	char seen[POSTFIX_PATH_SIZE];

	if (chrooted || path[0] != '/')
		snprintf(seen, sizeof(seen), "%s/%s",
		    postfix_get(postfix, "queue_directory"), path);
	else
		text_copy(seen, sizeof(seen), path);
	if (is_same_file(seen, ours))
		return POSTFIX_REACHES;
	return is_same_file(path, ours) ? POSTFIX_SHUT_OUT : POSTFIX_ANOTHER;
}

/* Postfix writes host:port, we write port@host; of the host only the port's
 * number is compared, since names for one host are many. */
static bool
is_same_port(const char *theirs, const char *ours)
{
	const char *port = strrchr(theirs, ':');
	size_t length = strcspn(ours, "@");

	port = port == NULL ? theirs : port + 1;
	return strlen(port) == length && strncmp(port, ours, length) == 0;
}

static enum postfix_reach
reach_entry(const struct postfix *postfix, bool chrooted, const char *entry,
    const char *socket)
{
	const char *ours = strchr(socket, ':') + 1;

	if (strncmp(entry, "unix:", 5) == 0)
		return ours[0] == '/'
			   ? reach_path(postfix, chrooted, entry + 5, ours)
			   : POSTFIX_ANOTHER;
	if (strncmp(entry, "inet:", 5) == 0 && ours[0] != '/' &&
	    is_same_port(entry + 5, ours))
		return POSTFIX_REACHES;
	return POSTFIX_ANOTHER;
}

/* An entry may be "{ unix:path, name=value ... }": what is in it that is no
 * address reaches nothing. */
enum postfix_reach
postfix_reach(const struct postfix *postfix, bool chrooted, const char *milters,
    const char *socket)
{
	enum postfix_reach best = POSTFIX_ANOTHER;

	for (const char *at = milters; *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS "{}");
		char entry[ENTRY_SIZE];
		enum postfix_reach reach = POSTFIX_ANOTHER;

		if (length > 0 && length < sizeof(entry)) {
			snprintf(entry, sizeof(entry), "%.*s", (int)length, at);
			reach = reach_entry(postfix, chrooted, entry, socket);
		}
		if (reach == POSTFIX_REACHES)
			return reach;
		if (reach == POSTFIX_SHUT_OUT)
			best = reach;
		at += length;
		at += strspn(at, SEPARATORS "{}");
	}
	return best;
}
