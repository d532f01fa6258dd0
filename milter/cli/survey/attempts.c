/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a line of Postfix's smtp(8), of Sendmail with a mailer that is
 * not local, of posternd, or of Exim names a message and a domain.  That pair
 * counts once until the log says that the message is gone: from then on Postfix
 * may give its id to another.  Exim does not say which transport goes out, but
 * for a host in some of its lines: what comes before the first of them waits
 * until the end.
 */
#include "milter/cli/survey/attempts.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/log/logline.h"
#include "milter/cli/review/event.h"
#include "milter/cli/survey/names.h"

void
attempts_init(struct attempts *attempts, const struct settings *settings,
    attempts_found *found, void *arg)
{
	memset(attempts, 0, sizeof(*attempts));
	attempts->program = settings->syslog_name;
	attempts->local_mailers = &settings->local_mailers;
	attempts->found = found;
	attempts->arg = arg;
	names_init(&attempts->waiting, LIMIT_SURVEY_WAITING);
	attempts->waiting_messages =
	    xcalloc(LIMIT_SURVEY_WAITING, sizeof(int64_t));
	pairs_init(&attempts->pairs, LIMIT_SURVEY_MESSAGES);
}

/* --- Exim --- */

/* The length of an id, "1tHxyz-000000001-Abcd" or "1tHxyz-000001-AB", with the
 * blank behind it; 0: it is none. */
static size_t
exim_id_length(const char *at)
{
	static const size_t forms[][3] = {{6, 11, 4}, {6, 6, 2}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = 0;
		bool fits = true;

		for (int part = 0; fits && part < 3; part++) {
			size_t end = length + forms[i][part];

			while (length < end && text_is_alnum(at[length]))
				length++;
			fits = length == end &&
			       at[length] == (part < 2 ? '-' : ' ');
			length++;
		}
		if (fits)
			return length - 1;
	}
	return 0;
}

/* Past the next word, in which what stands in quotes or "<>" has blanks. */
static const char *
skip_exim_word(const char *at)
{
	bool quoted = false, angled = false;

	for (; *at != '\0' && (quoted || angled || *at != ' '); at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (*at == '<' || *at == '>'))
			angled = *at == '<';
	}
	return at;
}

static size_t
find_transport(struct attempts *attempts, const char *name)
{
	size_t i = 0;

	while (i < attempts->transport_count &&
	       strcmp(attempts->transports[i].name, name) != 0)
		i++;
	if (i == attempts->transport_count && i < ATTEMPTS_TRANSPORTS)
		text_copy(
		    attempts->transports[attempts->transport_count++].name,
		    ATTEMPTS_TRANSPORT_SIZE, name);
	return i;
}

/* A name of Exim's configuration: no blank, of which find_transport knows. */
static bool
copy_transport(
    const char *word, size_t length, char name[ATTEMPTS_TRANSPORT_SIZE])
{
	for (size_t i = 0; i < length; i++)
		if (!text_is_alnum(word[i]) && strchr("_-.", word[i]) == NULL)
			return false;
	return logline_copy(name, ATTEMPTS_TRANSPORT_SIZE, word, length);
}

/* Words "T=..." and "H=..." behind the address, up to the first that ends with
 * a colon: from there on a host may have said what stands there. */
static bool
read_exim_transport(
    const char *at, char name[ATTEMPTS_TRANSPORT_SIZE], bool *host)
{
	bool found = false;

	*host = false;
	while (*at == ' ') {
		const char *word = at + 1, *end = skip_exim_word(word);

		if (!found && strncmp(word, "T=", 2) == 0)
			found = copy_transport(
			    word + 2, (size_t)(end - word - 2), name);
		*host |= strncmp(word, "H=", 2) == 0;
		if (end > word && end[-1] == ':')
			break;
		at = end;
	}
	return found;
}

static void
note_waiting(
    struct attempts *attempts, const char *transport, const char *domain)
{
	char key[ATTEMPTS_TRANSPORT_SIZE + LIMIT_DOMAIN_SIZE];
	uint32_t number;

	snprintf(key, sizeof(key), "%s %s", transport, domain);
	number = names_add(&attempts->waiting, key);
	if (number == NAMES_NONE)
		attempts->passed++;
	else
		attempts->waiting_messages[number]++;
}

/* The domain of an address of so many octets. */
static bool
read_attempt_domain(struct attempts *attempts, const char *address,
    size_t length, char domain[LIMIT_DOMAIN_SIZE])
{
	char copy[LOGLINE_ADDRESS_SIZE];

	if (logline_copy(copy, sizeof(copy), address, length) &&
	    strchr(copy, '@') != NULL && names_domain(copy, domain))
		return true;
	attempts->bad++;
	return false;
}

static void
take_exim(struct attempts *attempts, const char *id, const char *text)
{
	static const char *const arrows[] = {"=> ", "-> ", "== ", "** "};
	char transport[ATTEMPTS_TRANSPORT_SIZE], domain[LIMIT_DOMAIN_SIZE];
	const char *end;
	size_t i = 0, at;
	bool host;

	if (strcmp(text, "Completed") == 0 ||
	    strncmp(text, "Completed ", 10) == 0)
		pairs_end(&attempts->pairs, id);
	while (i < sizeof(arrows) / sizeof(arrows[0]) &&
	       strncmp(text, arrows[i], 3) != 0)
		i++;
	if (i == sizeof(arrows) / sizeof(arrows[0]))
		return;
	end = skip_exim_word(text + 3);
	if (!read_exim_transport(end, transport, &host))
		return;
	at = find_transport(attempts, transport);
	if (at == ATTEMPTS_TRANSPORTS) {
		attempts->passed++;
		return;
	}
	attempts->transports[at].remote |= host;
	/* "=> joe <joe@example.org>": to a mailbox here */
	if (memchr(text + 3, '@', (size_t)(end - text - 3)) == NULL ||
	    !read_attempt_domain(
		attempts, text + 3, (size_t)(end - text - 3), domain) ||
	    !pairs_add(&attempts->pairs, id, domain))
		return;
	if (attempts->transports[at].remote)
		attempts->found(attempts->arg, domain, 1);
	else
		note_waiting(attempts, transport, domain);
}

/* "exim4[12]:", "x/exim:"; what others log may hold anything. */
static bool
may_be_before_exim(const char *word, size_t length)
{
	const char *name = word + length;

	if (length == 0 || word[length - 1] != ':')
		return true;
	while (name > word && name[-1] != '/')
		name--;
	return strncmp(name, "exim", 4) == 0;
}

/* "[DATE HOST PROGRAM:] DATE TIME [ZONE] [PID] ID TEXT" */
static bool
is_of_exim(struct attempts *attempts, const char *line)
{
	enum { WORDS_BEFORE = 10 };
	char id[LOGLINE_ID_SIZE];

	for (int i = 0; i < WORDS_BEFORE && *line != '\0'; i++) {
		size_t length = exim_id_length(line);

		if (length > 0) {
			logline_copy(id, sizeof(id), line, length);
			take_exim(attempts, id, line + length + 1);
			return true;
		}
		length = strcspn(line, " ");
		if (!may_be_before_exim(line, length))
			return false;
		line += length;
		line += strspn(line, " ");
	}
	return false;
}

/* --- Postfix, Sendmail, posternd --- */

struct attempt_line {
	struct attempts *attempts;
	const struct logline *line;
	bool postfix;
};

static void
take_attempt(void *arg, const struct logline_delivery *delivery)
{
	struct attempt_line *of = arg;
	struct attempts *attempts = of->attempts;
	char domain[LIMIT_DOMAIN_SIZE];

	if (!of->postfix &&
	    (delivery->mailer[0] == '\0' ||
		settings_lists_word(attempts->local_mailers, delivery->mailer)))
		return;
	if (read_attempt_domain(attempts, delivery->address,
		strlen(delivery->address), domain) &&
	    pairs_add(&attempts->pairs, of->line->id, domain))
		attempts->found(attempts->arg, domain, 1);
}

static void
take_ours(struct attempts *attempts, const struct logline *line)
{
	char name[LIMIT_DOMAIN_SIZE], domain[LIMIT_DOMAIN_SIZE];

	if (!event_is(line->text, "check") ||
	    !logline_value(line->text, "domain", name, sizeof(name)))
		return;
	if (!names_domain(name, domain))
		attempts->bad++;
	else if (pairs_add(&attempts->pairs, line->id, domain))
		attempts->found(attempts->arg, domain, 1);
}

void
attempts_line(struct attempts *attempts, const char *text)
{
	struct attempt_line of = {.attempts = attempts};
	char when[LOGFRAME_WHEN_SIZE], room[LOGFRAME_SIZE];
	struct logline line;
	const char *slash;

	if (is_of_exim(attempts, logframe_open(text, when, room)) ||
	    !logline_parse(text, &line) || strcmp(line.id, "NOQUEUE") == 0)
		return;
	if (event_begins(line.text)) {
		if (strcmp(line.program, attempts->program) == 0)
			take_ours(attempts, &line);
		return;
	}
	slash = strrchr(line.program, '/');
	slash = slash == NULL ? line.program : slash + 1;
	if (strcmp(slash, "qmgr") == 0 && strcmp(line.text, "removed") == 0)
		pairs_end(&attempts->pairs, line.id);
	of.line = &line;
	of.postfix = strcmp(slash, "smtp") == 0;
	if (logline_deliveries(line.text, take_attempt, &of) == 0 &&
	    of.postfix && strncmp(line.text, "to=<", 4) == 0)
		attempts->bad++;
}

void
attempts_end(struct attempts *attempts)
{
	for (uint32_t i = 0; i < attempts->waiting.count; i++) {
		char *key = attempts->waiting.items[i];
		char *domain = strchr(key, ' ');

		*domain++ = '\0';
		if (attempts->transports[find_transport(attempts, key)].remote)
			attempts->found(attempts->arg, domain,
			    attempts->waiting_messages[i]);
	}
	names_fini(&attempts->waiting);
	free(attempts->waiting_messages);
	pairs_fini(&attempts->pairs);
}
