/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/story.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

/*
 * How it works: line by line, in the order of the log, and nothing is looked at
 * twice.
 * 1. A line with the message's queue id is posternd's, and tells of a check, of
 *    why, or of the message; or it is the MTA's, and tells of the client, the
 *    sender, a delivery or a refusal.
 * 2. What the MTA refuses at RCPT has no queue id in posternd's lines.  The
 *    MTA's line comes first and makes a check with a domain, a reason and no
 *    result; the next line NOQUEUE of that domain and reason fills it.
 * 3. "why" has no id of its check: it belongs to the last check of its domain,
 *    if that has none yet.
 * 4. A queue id comes again.  When the MTA begins a message under it and there
 *    is something of one before, that is dropped, and counted.
 */

#define EVENT "event="
#define NOQUEUE "NOQUEUE"
#define KEY(name, to)                \
	{                            \
		name, to, sizeof(to) \
	}

void
story_init(struct story *story, const char *id, const char *program,
    const char *socket)
{
	memset(story, 0, sizeof(*story));
	text_copy(story->id, sizeof(story->id), id);
	story->program = program;
	story->unasked.socket = socket;
}

static void
forget_rcpt(struct story_rcpt *rcpt)
{
	free(rcpt->domain);
	free(rcpt->address);
	free(rcpt->relay);
	free(rcpt->dsn);
	free(rcpt->said);
}

void
story_fini(struct story *story)
{
	for (size_t i = 0; i < story->rcpt_count; i++)
		forget_rcpt(&story->rcpts[i]);
	free(story->rcpts);
	free(story->checks);
	unasked_fini(&story->unasked);
}

/* A queue id comes again when its file is gone: another message. */
static void
begin_anew(struct story *story)
{
	struct story before = *story;

	memset(&story->unasked, 0, sizeof(story->unasked));
	story_fini(story);
	story_init(story, before.id, before.program, before.unasked.socket);
	story->earlier = before.earlier + 1;
	story->unasked = before.unasked;
}

/* --- what posternd found --- */

static bool
is_event(const char *text, const char *name)
{
	size_t length = strlen(name);

	text += strlen(EVENT);
	return strncmp(text, name, length) == 0 && text[length] == ' ';
}

static struct story_check *
find_check(struct story *story, const char *domain)
{
	for (size_t i = 0; i < story->check_count; i++)
		if (strcmp(story->checks[i].domain, domain) == 0)
			return &story->checks[i];
	return NULL;
}

/* The same line may stand in two logs. */
static bool
is_told_before(const struct story *story, const struct story_check *check)
{
	for (size_t i = 0; i < story->check_count; i++)
		if (memcmp(&story->checks[i], check,
			offsetof(struct story_check, dane)) == 0)
			return true;
	return false;
}

static void
add_check(struct story *story, const struct story_check *check)
{
	if (is_told_before(story, check))
		return;
	if (story->check_count == LIMIT_STORY_CHECKS) {
		story->checks_cut = true;
		return;
	}
	story->checks = xrealloc(
	    story->checks, story->check_count + 1, sizeof(*story->checks));
	story->checks[story->check_count++] = *check;
}

void
story_read_check(struct story_check *check, const char *text)
{
	struct logline_key keys[] = {KEY("domain", check->domain),
	    KEY("result", check->result), KEY("policy", check->policy),
	    KEY("level", check->level), KEY("reason", check->reason),
	    KEY("action", check->action), KEY("rcpts", check->count),
	    KEY("mx", check->mx), KEY("mode", check->mode),
	    KEY("ms", check->ms), KEY("hop", check->hop),
	    KEY("rule", check->rule), KEY("facts", check->facts),
	    KEY("detail", check->detail)};

	memset(check, 0, sizeof(*check));
	logline_values(text, keys, sizeof(keys) / sizeof(keys[0]));
	check->skipped = is_event(text, "skip");
	if (check->skipped)
		text_copy(check->result, sizeof(check->result),
		    result_text(RESULT_SKIP));
}

/* One line for each next hop of a domain. */
static void
read_check(struct story *story, const char *text)
{
	struct story_check check;

	story_read_check(&check, text);
	add_check(story, &check);
}

static void
read_why(struct story_check *check, const char *text)
{
	logline_value(text, "dane", check->dane, sizeof(check->dane));
	logline_value(text, "sts", check->sts, sizeof(check->sts));
	logline_value(
	    text, "stsreason", check->sts_reason, sizeof(check->sts_reason));
	logline_value(
	    text, "requiretls", check->requiretls, sizeof(check->requiretls));
	logline_value(text, "hosts", check->hosts, sizeof(check->hosts));
}

/* The line that it follows: the last of its domain, if that has none yet. */
static void
add_why(struct story *story, const char *text)
{
	char domain[LIMIT_DOMAIN_SIZE];

	logline_value(text, "domain", domain, sizeof(domain));
	for (size_t i = story->check_count; i-- > 0;) {
		struct story_check *check = &story->checks[i];

		if (strcmp(check->domain, domain) != 0)
			continue;
		if (check->dane[0] == '\0' && check->result[0] != '\0')
			read_why(check, text);
		return;
	}
}

static void
read_own_line(struct story *story, const char *text)
{
	story->judged = true;
	logline_value(text, "result", story->result, sizeof(story->result));
	logline_value(text, "action", story->action, sizeof(story->action));
	logline_value(text, "ms", story->wait_ms, sizeof(story->wait_ms));
}

static void
read_event(struct story *story, const char *text)
{
	if (is_event(text, "check") || is_event(text, "skip"))
		read_check(story, text);
	else if (is_event(text, "why"))
		add_why(story, text);
	else if (is_event(text, "message"))
		read_own_line(story, text);
}

/* Behind the line of a refusal that was taken: not that of another message. */
static void
add_refused_why(struct story *story, const char *text)
{
	char domain[LIMIT_DOMAIN_SIZE];

	logline_value(text, "domain", domain, sizeof(domain));
	for (size_t i = 0; i < story->check_count; i++) {
		struct story_check *check = &story->checks[i];

		if (check->refused && check->result[0] != '\0' &&
		    check->dane[0] == '\0' &&
		    strcmp(check->domain, domain) == 0) {
			read_why(check, text);
			return;
		}
	}
}

/* What the MTA refused, as its own line told, and nothing more is known of. */
static struct story_check *
find_refused(struct story *story, const struct story_check *check)
{
	for (size_t i = 0; i < story->check_count; i++) {
		struct story_check *refused = &story->checks[i];

		if (refused->refused && refused->result[0] == '\0' &&
		    strcmp(refused->domain, check->domain) == 0 &&
		    strcmp(refused->reason, check->reason) == 0)
			return refused;
	}
	return NULL;
}

/* The lines of a refusal that the MTA told of before. */
static void
read_refused(struct story *story, const char *text)
{
	struct story_check check, *refused;

	if (is_event(text, "why")) {
		add_refused_why(story, text);
		return;
	}
	if (!is_event(text, "check"))
		return;
	story_read_check(&check, text);
	check.refused = true;
	refused = find_refused(story, &check);
	if (refused != NULL)
		*refused = check;
}

/* --- what the MTA did --- */

static void
set_word(char **to, const char *s)
{
	free(*to);
	*to = xstrdup(s);
}

static void
normalise_address(const char *address, char out[LIMIT_DOMAIN_SIZE])
{
	char domain[LIMIT_RAW_DOMAIN_SIZE];

	if (domain_of_address(address, domain, sizeof(domain), NULL) != 0)
		out[0] = '\0';
	else if (domain_normalise(domain, out, NULL) != 0)
		text_escape(out, LIMIT_DOMAIN_SIZE, domain, strlen(domain));
}

static struct story_rcpt *
add_rcpt(struct story *story, const char *address)
{
	char escaped[LOGLINE_ADDRESS_SIZE], domain[LIMIT_DOMAIN_SIZE];
	struct story_rcpt *rcpt;

	text_escape(escaped, sizeof(escaped), address, strlen(address));
	for (size_t i = 0; i < story->rcpt_count; i++)
		if (strcmp(story->rcpts[i].address, escaped) == 0)
			return &story->rcpts[i];
	if (story->rcpt_count == LIMIT_STORY_RCPTS) {
		story->rcpts_cut = true;
		return NULL;
	}
	normalise_address(address, domain);
	story->rcpts = xrealloc(
	    story->rcpts, story->rcpt_count + 1, sizeof(*story->rcpts));
	rcpt = &story->rcpts[story->rcpt_count++];
	memset(rcpt, 0, sizeof(*rcpt));
	set_word(&rcpt->address, escaped);
	set_word(&rcpt->domain, domain);
	set_word(&rcpt->relay, "");
	set_word(&rcpt->dsn, "");
	set_word(&rcpt->said, "");
	return rcpt;
}

/* posternd saw the address that the client named, before any alias. */
static void
note_delivery(void *arg, const struct logline_delivery *delivery)
{
	struct story *story = arg;
	struct story_rcpt *rcpt = add_rcpt(story, delivery->address);
	char domain[LIMIT_DOMAIN_SIZE];

	if (rcpt == NULL)
		return;
	if (delivery->original[0] != '\0' &&
	    find_check(story, rcpt->domain) == NULL) {
		normalise_address(delivery->original, domain);
		set_word(&rcpt->domain, domain);
	}
	text_copy(rcpt->status, sizeof(rcpt->status), delivery->status);
	set_word(&rcpt->relay, delivery->relay);
	set_word(&rcpt->dsn, delivery->dsn);
	set_word(&rcpt->said, delivery->said);
	rcpt->attempts++;
}

static void
add_refused(struct story *story, const struct logline_refusal *refusal)
{
	struct story_check check;

	memset(&check, 0, sizeof(check));
	check.refused = true;
	text_copy(check.domain, sizeof(check.domain), refusal->domain);
	text_copy(check.reason, sizeof(check.reason), refusal->reason);
	text_copy(check.action, sizeof(check.action),
	    refusal->permanent ? "reject" : "defer");
	add_check(story, &check);
}

/* A recipient refused at RCPT, or the whole message at its end. */
static void
note_refusal(struct story *story, const struct logline_refusal *refusal)
{
	struct story_rcpt *rcpt;

	if (refusal->domain[0] != '\0' &&
	    find_check(story, refusal->domain) == NULL)
		add_refused(story, refusal);
	if (refusal->address[0] == '\0')
		return;
	rcpt = add_rcpt(story, refusal->address);
	if (rcpt == NULL)
		return;
	text_copy(rcpt->status, sizeof(rcpt->status), "refused");
	rcpt->attempts++;
}

static void
read_sender(struct story *story, const char *text)
{
	char address[LOGLINE_ADDRESS_SIZE];

	if (!logline_address(text, "from=", address))
		return;
	text_escape(
	    story->sender, sizeof(story->sender), address, strlen(address));
	story->sender_seen = true;
}

/* Sendmail's line of the sender ends with the client; Postfix has another. */
static void
read_relay(struct story *story, const char *text)
{
	static const char key[] = ", relay=";
	const char *relay = strstr(text, key);

	if (relay != NULL)
		text_escape(story->client, sizeof(story->client),
		    relay + strlen(key), strlen(relay + strlen(key)));
}

static void
begin_story_message(struct story *story)
{
	if (story->removed || story->rcpt_count > 0 || story->check_count > 0)
		begin_anew(story);
}

static void
read_client(struct story *story, const char *text)
{
	begin_story_message(story);
	text += strlen("client=");
	text_escape(
	    story->client, sizeof(story->client), text, strcspn(text, ","));
}

static bool
has_beginning(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void
read_mta(struct story *story, const char *text)
{
	struct logline_refusal refusal;

	if (has_beginning(text, "client=")) {
		read_client(story, text);
	} else if (has_beginning(text, "uid=")) {
		begin_story_message(story);
		text_copy(story->client, sizeof(story->client), "sendmail(1)");
	} else if (has_beginning(text, "from=<")) {
		read_sender(story, text);
		read_relay(story, text);
	} else if (has_beginning(text, "removed")) {
		story->removed = true;
	} else if (has_beginning(text, "milter-hold:") ||
		   (has_beginning(text, "milter=") &&
		       strstr(text, " quarantine=") != NULL)) {
		story->held = true;
		read_sender(story, text);
	} else if (logline_refusal(text, &refusal)) {
		note_refusal(story, &refusal);
		read_sender(story, text);
	} else {
		logline_deliveries(text, note_delivery, story);
	}
}

/* --- lines --- */

static void
read_line(struct story *story, const struct logline *line)
{
	bool ours = strcmp(line->program, story->program) == 0 &&
		    has_beginning(line->text, EVENT);

	if (ours && strcmp(line->id, NOQUEUE) == 0)
		read_refused(story, line->text);
	if (strcmp(line->id, story->id) != 0)
		return;
	if (ours)
		read_event(story, line->text);
	else
		read_mta(story, line->text);
	story->seen = true;
	if (story->first[0] == '\0')
		text_copy(story->first, sizeof(story->first), line->when);
	if (line->when[0] != '\0')
		text_copy(story->last, sizeof(story->last), line->when);
}

static void
note_unasked(struct story *story, const struct logline *line)
{
	const char *said = unasked_line(&story->unasked, line, story->id);

	if (said != NULL)
		text_copy(story->unreached, sizeof(story->unreached), said);
}

void
story_line(struct story *story, const char *line)
{
	struct logline parsed;

	/* most lines are of others: do not even read them */
	if (strstr(line, story->id) == NULL &&
	    (story->check_count == 0 || strstr(line, NOQUEUE) == NULL) &&
	    !unasked_wants(&story->unasked, line))
		return;
	if (!logline_read(line, &parsed))
		return;
	if (parsed.id[0] != '\0')
		read_line(story, &parsed);
	if (strcmp(parsed.program, story->program) != 0)
		note_unasked(story, &parsed);
}
