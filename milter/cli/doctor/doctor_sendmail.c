/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_sendmail_cf.h"
#include "milter/cli/host/listener.h"

#define SENDMAIL_MC "/etc/mail/sendmail.mc"
#define SPACE " \t\r\n"

enum {
	LINE_SIZE = 4096,
	NAME_SIZE = 64,
	FIELD_SIZE = 300,
	FILTERS_MAX = 8,
	DAEMONS_MAX = 8,

	/* Where T= has no such time */
	REPLY_MS = 10 * 1000,
	END_MS = 5 * 60 * 1000,

	/* session.c waits so long over all RCPTs of a message */
	MESSAGE_AUTO_MS = 60 * 1000,
	DAY_MS = CLOCK_DAY_S * 1000,
	RESOLVE_MS = 5000,
};

/* A filter that is, or may be, at our socket. */
struct filter {
	char name[NAME_SIZE];
	enum listener at;
	bool unclear; /* its times or flags are none that we know */
	int reply_ms, end_ms;
	char down; /* what becomes of mail: 'T', 'R', '4', or 0: it passes */
};

/* A daemon of Sendmail with filters of its own. */
struct daemon_filters {
	char name[NAME_SIZE];
	char list[LINE_SIZE];
};

struct sendmail {
	const char *socket;
	bool too_many;
	size_t filter_count, daemon_count;
	size_t others; /* daemons that take the common list */
	struct filter filters[FILTERS_MAX];
	struct daemon_filters daemons[DAEMONS_MAX];
	char list[LINE_SIZE]; /* of all other daemons */
};

/* --- sendmail.cf --- */

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
read_times(struct filter *filter, const char *times)
{
	for (const char *at = times + strspn(times, ";" SPACE); *at != '\0';) {
		size_t size = strcspn(at, ";");
		const char *value = memchr(at, ':', size);
		size_t length;
		int ms = 0;

		if (value == NULL) {
			filter->unclear = true;
			return;
		}
		value += 1 + strspn(value + 1, SPACE);
		length = strcspn(value, ";" SPACE);
		filter->unclear |= !read_time(value, length, &ms);
		filter->unclear |= strchr("CSRE", *at) == NULL;
		if (*at == 'R')
			filter->reply_ms = ms;
		else if (*at == 'E')
			filter->end_ms = ms;
		at += size;
		at += strspn(at, ";" SPACE);
	}
}

static void
read_flags(struct filter *filter, const char *flags)
{
	for (; *flags != '\0'; flags++) {
		if (strchr(SPACE, *flags) != NULL)
			continue;
		filter->unclear |= strchr("TR4", *flags) == NULL;
		filter->down = *flags;
	}
}

/* "KEY=value" of an X line; Sendmail looks at the first letter of the key. */
static void
read_field(struct filter *filter, const char *field, const char *socket)
{
	const char *value = strchr(field, '=');

	if (value == NULL) {
		filter->unclear = true;
		return;
	}
	value += 1 + strspn(value + 1, SPACE);
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
note_filter(struct sendmail *sendmail, char *line)
{
	struct filter filter = {
	    .at = LISTENER_OTHER, .reply_ms = REPLY_MS, .end_ms = END_MS};
	char *rest;
	char *name = strtok_r(line, "," SPACE, &rest);

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
	if (sendmail->filter_count == FILTERS_MAX)
		sendmail->too_many = true;
	else
		sendmail->filters[sendmail->filter_count++] = filter;
}

/* "Name=MTA, Port=smtp, InputMailFilters=a;b" */
static void
note_daemon(struct sendmail *sendmail, char *options)
{
	struct daemon_filters daemon = {.name = "a daemon"};
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
	else if (sendmail->daemon_count == DAEMONS_MAX)
		sendmail->too_many = true;
	else
		sendmail->daemons[sendmail->daemon_count++] = daemon;
}

static void
note_line(void *arg, char *line)
{
	struct sendmail *sendmail = arg;
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

/* --- what it comes to --- */

/* Names in a list, which Sendmail cuts at commas, a daemon's at semicolons. */
static bool
is_listed(const char *list, const char *separators, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list + strspn(list, separators); *at != '\0';) {
		size_t word = strcspn(at, separators);

		if (word == length && strncmp(at, name, word) == 0)
			return true;
		at += word;
		at += strspn(at, separators);
	}
	return false;
}

/* The first of our filters that a list has, or NULL; one that may be ours
 * counts only where no other does. */
static const struct filter *
listed_filter(
    const struct sendmail *sendmail, const char *list, const char *separators)
{
	const struct filter *found = NULL;

	for (size_t i = 0; i < sendmail->filter_count; i++) {
		const struct filter *filter = &sendmail->filters[i];

		if (is_listed(list, separators, filter->name) &&
		    (found == NULL || filter->at > found->at))
			found = filter;
	}
	return found;
}

/* What asks us, and what does not. */
struct askers {
	const struct filter *filter; /* the first that is listed, or NULL */
	struct text without;         /* daemons that leave it out */
	char without_array[160];
};

static void
note_list(const struct sendmail *sendmail, struct askers *askers,
    const char *name, const char *list, const char *separators)
{
	const struct filter *filter = listed_filter(sendmail, list, separators);

	if (filter == NULL)
		text_addf(&askers->without, "%s%s",
		    askers->without.len == 0 ? "" : ", ", name);
	else if (askers->filter == NULL)
		askers->filter = filter;
}

static void
find_askers(const struct sendmail *sendmail, struct askers *askers)
{
	*askers = (struct askers){.filter = NULL};
	text_init(&askers->without, askers->without_array,
	    sizeof(askers->without_array));
	if (sendmail->others > 0 || sendmail->daemon_count == 0)
		note_list(sendmail, askers, "InputMailFilters", sendmail->list,
		    "," SPACE);
	for (size_t i = 0; i < sendmail->daemon_count; i++)
		note_list(sendmail, askers, sendmail->daemons[i].name,
		    sendmail->daemons[i].list, ";" SPACE);
}

static void
say_no_filter(const struct doctor *doctor, const struct sendmail *sendmail,
    const struct askers *askers, struct doctor_finding *found)
{
	if (sendmail->filter_count > 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "Sendmail does not ask posternd: %s leaves it out",
		    askers->without.s);
		doctor_mend(found,
		    "# add %s to the filters that %s names, in " SENDMAIL_MC
		    ": behind the others, after \";\" at a daemon, else after "
		    "\",\"",
		    sendmail->filters[0].name, askers->without.s);
		return;
	}
	doctor_say(found, DOCTOR_FAIL,
	    "Sendmail does not ask posternd: no filter has its socket");
	doctor_mend(found,
	    "INPUT_MAIL_FILTER(`postern', `S=%s, T=C:30s;S:30s;R:%ds;E:5m')    "
	    "# in " SENDMAIL_MC ", behind the filters that are there",
	    doctor->settings->socket,
	    doctor->settings->rcpt_wait_ms / 1000 + 10);
	doctor_mend(found, "sendmailconfig");
	if (sendmail->daemon_count > 0)
		doctor_mend(found,
		    "# and add ;postern to the InputMailFilters of the daemon "
		    "that takes outgoing mail");
}

/* Sendmail must wait longer than posternd, or it takes it for dead. */
static bool
say_short(const struct doctor *doctor, const struct filter *filter,
    struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;
	int rcpt_ms = settings->rcpt_wait_ms;
	int message_ms = settings->message_wait_ms == MESSAGE_WAIT_AUTO
			     ? MESSAGE_AUTO_MS
			     : settings->message_wait_ms;
	bool reply = filter->reply_ms <= rcpt_ms;

	if (!reply && filter->end_ms > message_ms)
		return false;
	doctor_say(found, DOCTOR_WARN,
	    "Sendmail waits %d s for a reply%s, posternd %d s for a verdict: "
	    "it gives up before posternd answers",
	    (reply ? filter->reply_ms : filter->end_ms) / 1000,
	    reply ? "" : " at the end", (reply ? rcpt_ms : message_ms) / 1000);
	doctor_mend(found,
	    "# in " SENDMAIL_MC ", the filter %s needs: "
	    "T=C:30s;S:30s;R:%ds;E:%ds",
	    filter->name, rcpt_ms / 1000 + 10, message_ms / 1000 + 240);
	doctor_mend(found, "sendmailconfig");
	return true;
}

static void
say_filter(const struct askers *askers, struct doctor_finding *found)
{
	const struct filter *filter = askers->filter;
	const char *means = filter->down == 'R' ? "is refused for good"
			    : filter->down == 0 ? "goes out unseen"
						: "is refused for now";

	if (filter->down == 'R') {
		doctor_say(found, DOCTOR_WARN,
		    "%s has F=R: while posternd is down, mail %s", filter->name,
		    means);
		doctor_mend(found,
		    "# in " SENDMAIL_MC ", the filter %s needs: "
		    "F=T, or no F=",
		    filter->name);
		return;
	}
	doctor_say(found, DOCTOR_OK,
	    "Sendmail asks posternd%s%s%s; while that is down, mail %s",
	    askers->without.len == 0 ? "" : " (not ", askers->without.s,
	    askers->without.len == 0 ? "" : ")", means);
}

static void
say_sendmail(const struct doctor *doctor, const struct sendmail *sendmail,
    struct doctor_finding *found)
{
	const struct filter *filter;
	struct askers askers;

	find_askers(sendmail, &askers);
	filter = askers.filter;
	if (sendmail->too_many)
		doctor_blind(found, DOCTOR_SENDMAIL_CF " has too many to tell");
	else if (filter == NULL)
		say_no_filter(doctor, sendmail, &askers, found);
	else if (filter->at == LISTENER_UNSURE)
		doctor_blind(found, "cannot tell whether %s is at our socket",
		    filter->name);
	else if (filter->unclear)
		doctor_blind(
		    found, "cannot tell what %s has beside S=", filter->name);
	else if (!say_short(doctor, filter, found))
		say_filter(&askers, found);
}

void
doctor_sendmail(struct doctor *doctor, struct doctor_finding *found)
{
	struct sendmail *sendmail = xcalloc(1, sizeof(*sendmail));

	sendmail->socket = doctor->settings->socket;
	if (doctor_sendmail_read(note_line, sendmail) == 0) {
		doctor->no_filter =
		    sendmail->filter_count == 0 && !sendmail->too_many;
		say_sendmail(doctor, sendmail, found);
	} else if (errno == ENOENT)
		doctor_say(
		    found, DOCTOR_SKIP, "no " DOCTOR_SENDMAIL_CF " here");
	else
		doctor_blind(found, DOCTOR_SENDMAIL_CF ": %s", strerror(errno));
	free(sendmail);
}
