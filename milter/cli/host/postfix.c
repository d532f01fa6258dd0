/* Postfix is asked four times at the start: for main.cf with and without its
 * $names replaced, for the services of master.cf, and for their "-o".  Where a
 * service has any "-o", what they make of all parameters is asked once more,
 * with the same "-o" given to postconf: what is replaced in what is then up to
 * Postfix alone. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/postfix.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/host/listener.h"

enum {
	/* Far beyond the output for any configuration made by people */
	OUTPUT_MAX = 1024 * 1024,
	ENTRY_SIZE = 512,

	/* Services with an "-o" that are looked into, and of one service; what
	 * is beyond cannot be told */
	SERVICES_MAX = 32,
	OPTIONS_MAX = 64,

	QUESTION_MS = 10 * 1000,
};

/* Output of postconf: lines of "name = value", cut at the ends of lines. */
struct lines {
	char *text; /* NULL: it could not be asked */
	size_t size;
};

struct view {
	char service[POSTFIX_NAME_SIZE];
	struct lines lines;
};

struct postfix {
	bool silent; /* it did not answer: it is not asked again */
	struct lines main, raw, services, options;
	struct view views[SERVICES_MAX];
	size_t view_count;
};

static void
cut_lines(struct lines *lines)
{
	lines->size = strlen(lines->text);
	for (size_t i = 0; i < lines->size; i++)
		if (lines->text[i] == '\n')
			lines->text[i] = '\0';
}

static int
ask_postconf(struct lines *lines, const char *option, int64_t deadline_ms,
    struct err *err)
{
	const char *const argv[] = {"postconf", option, NULL};

	lines->text = process_capture(argv, deadline_ms, OUTPUT_MAX, err);
	if (lines->text == NULL)
		return -1;
	cut_lines(lines);
	return 0;
}

struct postfix *
postfix_ask(int64_t deadline_ms, struct err *err)
{
	struct postfix *postfix = xcalloc(1, sizeof(*postfix));

	if (ask_postconf(&postfix->main, "-x", deadline_ms, err) == 0 &&
	    ask_postconf(&postfix->raw, NULL, deadline_ms, err) == 0 &&
	    ask_postconf(&postfix->services, "-F", deadline_ms, err) == 0 &&
	    ask_postconf(&postfix->options, "-P", deadline_ms, err) == 0)
		return postfix;
	postfix_free(postfix);
	return NULL;
}

void
postfix_free(struct postfix *postfix)
{
	if (postfix == NULL)
		return;
	for (size_t i = 0; i < postfix->view_count; i++)
		free(postfix->views[i].lines.text);
	free(postfix->main.text);
	free(postfix->raw.text);
	free(postfix->services.text);
	free(postfix->options.text);
	free(postfix);
}

/* The line after at, or the first for NULL; NULL at the end. */
static const char *
next_line(const struct lines *lines, const char *at)
{
	const char *end = lines->text + lines->size;

	if (at == NULL)
		return lines->size == 0 ? NULL : lines->text;
	at += strlen(at) + 1;
	return at < end ? at : NULL;
}

/* The value of the last line that begins with name, or NULL. */
static const char *
find_value(const struct lines *lines, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	for (const char *at = next_line(lines, NULL); at != NULL;
	     at = next_line(lines, at))
		if (strncmp(at, name, length) == 0 &&
		    strncmp(at + length, " =", 2) == 0) {
			value = at + length + 2;
			value += strspn(value, " ");
		}
	return value;
}

const char *
postfix_get(const struct postfix *postfix, const char *parameter)
{
	const char *value = find_value(&postfix->main, parameter);

	return value == NULL ? "" : value;
}

const char *
postfix_raw(const struct postfix *postfix, const char *parameter)
{
	const char *value = find_value(&postfix->raw, parameter);

	return value == NULL ? "" : value;
}

const char *
postfix_own(const struct postfix *postfix,
    const struct postfix_service *service, const char *parameter)
{
	char name[2 * POSTFIX_NAME_SIZE];

	snprintf(name, sizeof(name), "%s/%s", service->name, parameter);
	return find_value(&postfix->options, name);
}

/* --- services --- */

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
runs_program(const char *command, const char *program)
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

	for (const char *at = next_line(&postfix->services, NULL); at != NULL;
	     at = next_line(&postfix->services, at)) {
		const char *found = strstr(at, mark);
		struct postfix_service service;
		const char *slash;

		if (found == NULL ||
		    !runs_program(found + strlen(mark), program) ||
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

bool
postfix_has(const struct postfix *postfix, const char *service)
{
	char name[POSTFIX_NAME_SIZE + 16];

	snprintf(name, sizeof(name), "%s/command", service);
	return find_value(&postfix->services, name) != NULL;
}

/* --- a service's own view --- */

/* "-o" words, and the memory of them. */
struct options {
	const char *argv[2 * OPTIONS_MAX + 8];
	char *words[OPTIONS_MAX];
	size_t argc, count;
};

static void
free_options(struct options *options)
{
	for (size_t i = 0; i < options->count; i++)
		free(options->words[i]);
}

static bool
add_option(
    struct options *options, const char *name, size_t length, const char *value)
{
	size_t size = length + strlen(value) + 2;

	if (options->count == OPTIONS_MAX)
		return false;
	options->words[options->count] = xmalloc(size);
	snprintf(options->words[options->count], size, "%.*s=%s", (int)length,
	    name, value);
	options->argv[options->argc++] = "-o";
	options->argv[options->argc++] = options->words[options->count++];
	return true;
}

/* All that the service has. */
static bool
add_options(const struct postfix *postfix,
    const struct postfix_service *service, struct options *options)
{
	size_t length = strlen(service->name);

	for (const char *at = next_line(&postfix->options, NULL); at != NULL;
	     at = next_line(&postfix->options, at)) {
		const char *name = at + length + 1;
		const char *equals;

		if (strncmp(at, service->name, length) != 0 ||
		    at[length] != '/' || (equals = strstr(name, " =")) == NULL)
			continue;
		if (!add_option(options, name, (size_t)(equals - name),
			equals + 2 + strspn(equals + 2, " ")))
			return false;
	}
	return true;
}

/* What postconf prints with these options, for free(); NULL: nothing. */
static char *
ask_with(struct postfix *postfix, const struct options *options)
{
	char *text;

	if (postfix->silent)
		return NULL;
	text = process_capture(
	    options->argv, clock_mono_ms() + QUESTION_MS, OUTPUT_MAX, NULL);
	postfix->silent = text == NULL;
	return text;
}

static struct lines
see_as(struct postfix *postfix, const struct postfix_service *service)
{
	struct options options = {.argv = {"postconf", "-x"}, .argc = 2};
	struct lines lines = {NULL, 0};

	if (add_options(postfix, service, &options))
		lines.text = ask_with(postfix, &options);
	free_options(&options);
	if (lines.text != NULL)
		cut_lines(&lines);
	return lines;
}

static bool
has_options(
    const struct postfix *postfix, const struct postfix_service *service)
{
	size_t length = strlen(service->name);

	for (const char *at = next_line(&postfix->options, NULL); at != NULL;
	     at = next_line(&postfix->options, at))
		if (strncmp(at, service->name, length) == 0 &&
		    at[length] == '/')
			return true;
	return false;
}

static const struct lines *
view_of(struct postfix *postfix, const struct postfix_service *service)
{
	struct view *view;

	if (!has_options(postfix, service))
		return &postfix->main;
	for (size_t i = 0; i < postfix->view_count; i++)
		if (strcmp(postfix->views[i].service, service->name) == 0)
			return &postfix->views[i].lines;
	if (postfix->view_count == SERVICES_MAX)
		return NULL;
	view = &postfix->views[postfix->view_count++];
	text_copy(view->service, sizeof(view->service), service->name);
	view->lines = see_as(postfix, service);
	return &view->lines;
}

const char *
postfix_get_of(struct postfix *postfix, const struct postfix_service *service,
    const char *parameter)
{
	const struct lines *lines = view_of(postfix, service);
	const char *value;

	if (lines == NULL || lines->text == NULL)
		return NULL;
	value = find_value(lines, parameter);
	return value == NULL ? "" : value;
}

char *
postfix_try(struct postfix *postfix, const struct postfix_service *service,
    const char *parameter, const char *value)
{
	struct options options = {.argv = {"postconf", "-xh"}, .argc = 2};
	char *text = NULL;

	/* where the service has its own, the last one counts */
	if (add_options(postfix, service, &options) &&
	    add_option(&options, parameter, strlen(parameter), value)) {
		options.argv[options.argc] = parameter;
		text = ask_with(postfix, &options);
	}
	free_options(&options);
	if (text != NULL)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

char *
postfix_default(struct postfix *postfix, const char *parameter)
{
	struct options options = {
	    .argv = {"postconf", "-dh", parameter}, .argc = 3};
	char *text = ask_with(postfix, &options);

	if (text != NULL)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* --- milters --- */

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
	if (listener_path(seen, ours) == LISTENER_OURS)
		return POSTFIX_REACHES;
	return path[0] == '/' && listener_path(path, ours) == LISTENER_OURS
		   ? POSTFIX_SHUT_OUT
		   : POSTFIX_ANOTHER;
}

/* "host:port", or a port alone */
static enum postfix_reach
reach_port(char *address, const char *socket)
{
	char *colon = strrchr(address, ':');
	enum listener listener;

	if (colon != NULL)
		*colon = '\0';
	listener = listener_port(colon == NULL ? NULL : address,
	    colon == NULL ? address : colon + 1, socket,
	    clock_mono_ms() + QUESTION_MS);
	switch (listener) {
	case LISTENER_OURS:
		return POSTFIX_REACHES;
	case LISTENER_OTHER:
		return POSTFIX_ANOTHER;
	case LISTENER_UNSURE:
		break;
	}
	return POSTFIX_UNSURE;
}

enum postfix_reach
postfix_reach(const struct postfix *postfix, bool chrooted,
    const struct postfix_milter *milter, const char *socket)
{
	const char *ours = strchr(socket, ':') + 1;
	char entry[ENTRY_SIZE];

	if (milter->address.length >= sizeof(entry))
		return POSTFIX_UNSURE;
	snprintf(entry, sizeof(entry), "%.*s", (int)milter->address.length,
	    milter->address.text);
	if (strncmp(entry, "unix:", 5) == 0)
		return ours[0] == '/'
			   ? reach_path(postfix, chrooted, entry + 5, ours)
			   : POSTFIX_ANOTHER;
	if (strncmp(entry, "inet:", 5) == 0)
		return reach_port(entry + 5, socket);
	return POSTFIX_UNSURE;
}
