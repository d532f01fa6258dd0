/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/doctor.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"
#define SENDMAIL_MC "/etc/mail/sendmail.mc"

enum {
	LINE_SIZE = 1024,
	NAME_SIZE = 64,

	/* Where T= has no R: Sendmail waits so long for a reply */
	REPLY_MS = 10 * 1000,
	DAY_MS = 24 * 60 * 60 * 1000,
};

/* What sendmail.cf says of the filter at our socket. */
struct filter {
	char name[NAME_SIZE]; /* "": there is none */
	char lists[LINE_SIZE];
	int reply_ms;
	bool refuses; /* while posternd is down */
};

/* "unix:" and "local:" are one. */
static bool
is_same_socket(const char *a, size_t length, const char *b)
{
	const char *path = strchr(b, '/');
	size_t scheme = strcspn(a, ":") + 1;

	if (path == NULL || scheme > length || a[scheme] != '/')
		return strlen(b) == length && strncmp(a, b, length) == 0;
	return strlen(path) == length - scheme &&
	       strncmp(a + scheme, path, length - scheme) == 0;
}

/* The value of a field "KEY=" of an X line, with its length. */
static const char *
find_field(const char *line, char key, size_t *length)
{
	for (const char *at = strchr(line, ','); at != NULL;
	     at = strchr(at, ',')) {
		at += strspn(at, ", \t");
		if (at[0] != key || at[1] != '=')
			continue;
		*length = strcspn(at + 2, ", \t\r\n");
		return at + 2;
	}
	return NULL;
}

/* "C:30s;S:30s;R:30s;E:5m" */
static int
reply_ms(const char *times, size_t length)
{
	const char *end = times + length;
	char word[16];
	int ms;

	for (const char *at = times; at < end; at++) {
		size_t size = strcspn(at, ";, \t\r\n");

		if (strncmp(at, "R:", 2) == 0 && size > 2 &&
		    size - 2 < sizeof(word)) {
			snprintf(
			    word, sizeof(word), "%.*s", (int)size - 2, at + 2);
			return text_duration_ms(word, DAY_MS, &ms) == 0
				   ? ms
				   : REPLY_MS;
		}
		at += size;
	}
	return REPLY_MS;
}

static void
read_filter(struct filter *filter, const char *line, const char *socket)
{
	size_t length;
	const char *value = find_field(line, 'S', &length);

	if (value == NULL || !is_same_socket(value, length, socket))
		return;
	snprintf(filter->name, sizeof(filter->name), "%.*s",
	    (int)strcspn(line + 1, ", \t"), line + 1);
	value = find_field(line, 'T', &length);
	filter->reply_ms = value == NULL ? REPLY_MS : reply_ms(value, length);
	value = find_field(line, 'F', &length);
	filter->refuses = value != NULL && (value[0] == 'T' || value[0] == 'R');
}

static int
read_cf(struct filter *filter, const char *socket)
{
	static const char list[] = "O InputMailFilters=";
	FILE *in = fopen(SENDMAIL_CF, "re");
	char line[LINE_SIZE];
	int rc;

	if (in == NULL)
		return -1;
	while (fgets(line, sizeof(line), in) != NULL) {
		if (line[0] == 'X')
			read_filter(filter, line, socket);
		else if (strncmp(line, list, strlen(list)) == 0)
			text_copy(filter->lists, sizeof(filter->lists),
			    line + strlen(list));
	}
	rc = ferror(in) ? -1 : 0;
	fclose(in);
	return rc;
}

static bool
is_listed(const struct filter *filter)
{
	size_t length = strlen(filter->name);

	for (const char *at = filter->lists; *at != '\0';) {
		size_t word;

		at += strspn(at, ",; \t\r\n");
		word = strcspn(at, ",; \t\r\n");
		if (word == length && strncmp(at, filter->name, word) == 0)
			return true;
		at += word;
	}
	return false;
}

static void
mend(const struct doctor *doctor, struct doctor_finding *found, int wait_ms)
{
	doctor_mend(found,
	    "INPUT_MAIL_FILTER(`postern', `S=%.200s, "
	    "T=C:30s;S:30s;R:%ds;E:5m')    # in " SENDMAIL_MC,
	    doctor->settings->socket, wait_ms / 1000 + 10);
	doctor_mend(found, "sendmailconfig");
}

void
doctor_sendmail(struct doctor *doctor, struct doctor_finding *found)
{
	int wait_ms = doctor->settings->rcpt_wait_ms;
	struct filter filter = {.name = ""};

	if (read_cf(&filter, doctor->settings->socket) != 0) {
		if (errno == ENOENT)
			doctor_say(
			    found, DOCTOR_SKIP, "no " SENDMAIL_CF " here");
		else
			doctor_blind(
			    found, SENDMAIL_CF ": %s", strerror(errno));
		return;
	}
	if (filter.name[0] == '\0' || !is_listed(&filter))
		doctor_say(found, DOCTOR_FAIL,
		    "Sendmail does not ask posternd: %s",
		    filter.name[0] == '\0' ? "no filter has its socket"
					   : "InputMailFilters leaves it out");
	else if (filter.reply_ms <= wait_ms)
		doctor_say(found, DOCTOR_WARN,
		    "Sendmail waits %d s for a reply, posternd %d s for a "
		    "verdict: it gives up before posternd answers",
		    filter.reply_ms / 1000, wait_ms / 1000);
	else
		doctor_say(found, DOCTOR_OK,
		    "Sendmail asks posternd; while that is down, mail %s",
		    filter.refuses ? "is refused" : "goes out unseen");
	if (found->state > DOCTOR_OK)
		mend(doctor, found, wait_ms);
}
