/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/sendmail_filters.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/doctor/doctor_sendmail_cf.h"

enum {
	FIELD_SIZE = 300,

	/* Where T= has no such time */
	REPLY_MS = 10 * 1000,
	END_MS = 5 * 60 * 1000,

	DAY_MS = CLOCK_DAY_S * 1000,
	RESOLVE_MS = 5000,
};

/* "unix:/path", "local:/path", "/path", "inet:port@host" */
static enum listener
match_socket(const char *value, const char *socket)
{
	const char *ours = strchr(socket, ':') + 1;
	const char *colon = strchr(value, ':');
	const char *rest = colon == NULL ? value : colon + 1;
	size_t scheme = colon == NULL ? 0 : (size_t)(colon - value);
	char port[FIELD_SIZE];
	const char *at = strchr(rest, '@');

	if (scheme == 0 || strncmp(value, "unix:", scheme + 1) == 0 ||
	    strncmp(value, "local:", scheme + 1) == 0)
		return ours[0] == '/' ? listener_path(rest, ours)
				      : LISTENER_OTHER;
	if (strncmp(value, "inet:", scheme + 1) != 0 &&
	    strncmp(value, "inet6:", scheme + 1) != 0)
		return LISTENER_UNSURE;
	if (at == NULL || (size_t)(at - rest) >= sizeof(port))
		return LISTENER_UNSURE;
	snprintf(port, sizeof(port), "%.*s", (int)(at - rest), rest);
	return listener_port(
	    at + 1, port, socket, clock_mono_ms() + RESOLVE_MS);
}

/* Sendmail's "5m", "30s", "1h30m" or "10", of which we read one unit. */
static bool
read_time(const char *text, size_t length, int *ms)
{
	char word[16];

	if (length == 0 || length >= sizeof(word))
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)length, text);
	return text_duration_ms(word, DAY_MS, ms) == 0;
}

/* "C:30s;S:30s;R:30s;E:5m" */
static void
read_times(struct sendmail_filter *filter, const char *times)
{
	for (const char *at = times + strspn(times, ";" SENDMAIL_SPACE);
	     *at != '\0';) {
		size_t size = strcspn(at, ";");
		const char *value = memchr(at, ':', size);
		size_t length;
		int ms = 0;

		if (value == NULL) {
			filter->unclear = true;
			return;
		}
		value += 1 + strspn(value + 1, SENDMAIL_SPACE);
		length = strcspn(value, ";" SENDMAIL_SPACE);
		filter->unclear |= !read_time(value, length, &ms);
		filter->unclear |= strchr("CSRE", *at) == NULL;
		if (*at == 'R')
			filter->reply_ms = ms;
		else if (*at == 'E')
			filter->end_ms = ms;
		at += size;
		at += strspn(at, ";" SENDMAIL_SPACE);
	}
}

static void
read_flags(struct sendmail_filter *filter, const char *flags)
{
	for (; *flags != '\0'; flags++) {
		if (strchr(SENDMAIL_SPACE, *flags) != NULL)
			continue;
		filter->unclear |= strchr("TR4", *flags) == NULL;
		filter->down = *flags;
	}
}

/* "KEY=value" of an X line; Sendmail looks at the first letter of the key. */
static void
read_field(
    struct sendmail_filter *filter, const char *field, const char *socket)
{
	const char *value = strchr(field, '=');

	if (value == NULL) {
		filter->unclear = true;
		return;
	}
	value += 1 + strspn(value + 1, SENDMAIL_SPACE);
	switch (field[0]) {
	case 'S':
		filter->at = match_socket(value, socket);
		break;
	case 'T':
		read_times(filter, value);
		break;
	case 'F':
		read_flags(filter, value);
		break;
	default:
		filter->unclear = true;
	}
}

/* "Xname, S=..., F=..., T=..." */
static void
note_filter(struct sendmail_filters *sendmail, char *line)
{
	struct sendmail_filter filter = {
	    .at = LISTENER_OTHER, .reply_ms = REPLY_MS, .end_ms = END_MS};
	char *rest;
	char *name = strtok_r(line, "," SENDMAIL_SPACE, &rest);

	if (name == NULL)
		return;
	text_copy(filter.name, sizeof(filter.name), name);
	for (char *field = strtok_r(NULL, ",", &rest); field != NULL;
	     field = strtok_r(NULL, ",", &rest)) {
		field = text_trim(field);
		if (*field != '\0')
			read_field(&filter, field, sendmail->socket);
	}
	if (filter.at == LISTENER_OTHER)
		return;
	if (sendmail->filter_count == SENDMAIL_FILTERS_MAX)
		sendmail->too_many = true;
	else
		sendmail->filters[sendmail->filter_count++] = filter;
}

/* "Name=MTA, Port=smtp, InputMailFilters=a;b" */
static void
note_daemon(struct sendmail_filters *sendmail, char *options)
{
	struct sendmail_daemon daemon = {.name = "a daemon"};
	bool own = false;
	char *rest;

	for (char *field = strtok_r(options, ",", &rest); field != NULL;
	     field = strtok_r(NULL, ",", &rest)) {
		char *value;

		field = text_trim(field);
		value = strchr(field, '=');
		if (value == NULL)
			continue;
		if (strchr("Nn", field[0]) != NULL) {
			text_copy(daemon.name, sizeof(daemon.name),
			    text_trim(value + 1));
		} else if (strchr("Ii", field[0]) != NULL) {
			own = true;
			text_copy(daemon.list, sizeof(daemon.list), value + 1);
		}
	}
	if (!own)
		sendmail->others++;
	else if (sendmail->daemon_count == SENDMAIL_DAEMONS_MAX)
		sendmail->too_many = true;
	else
		sendmail->daemons[sendmail->daemon_count++] = daemon;
}

static void
note_sendmail_line(void *arg, char *line)
{
	struct sendmail_filters *sendmail = arg;
	char *value;

	if (line[0] == 'X')
		note_filter(sendmail, line + 1);
	else if ((value = doctor_sendmail_option(line, "InputMailFilters")) !=
		 NULL)
		text_copy(sendmail->list, sizeof(sendmail->list), value);
	else if ((value = doctor_sendmail_option(line, "DaemonPortOptions")) !=
		 NULL)
		note_daemon(sendmail, value);
}

int
sendmail_filters_read(struct sendmail_filters *sendmail)
{
	return doctor_sendmail_read(note_sendmail_line, sendmail);
}
