/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_report.h"

#include <stdatomic.h>
#include <string.h>

#include "common/base/text.h"
#include "common/judge/enforcement.h"
#include "milter/serve/report.h"

static const char line_start[] = "answer=", temp_start[] = "TEMP ";

static bool
is_line(const char *reply)
{
	return strncmp(reply, line_start, strlen(line_start)) == 0;
}

/* The first word of the data, "notfound", "temp"; of a line its answer. */
static void
print_answer_word(const char *reply, char *out, size_t size)
{
	static const char ok[] = "OK ";
	const char *word = reply;

	if (strncmp(reply, ok, strlen(ok)) == 0)
		word += strlen(ok);
	else if (is_line(reply))
		word += strlen(line_start);
	text_copy(out, size, word);
	out[strcspn(out, " ")] = '\0';
	text_lower(out);
}

static enum policy_type
map_policy_type(const struct enforcement *e)
{
	switch (e->answer) {
	case ENFORCE_POLICY:
	case ENFORCE_HOSTS:
		return POLICY_TYPE_STS;
	case ENFORCE_DANE:
	case ENFORCE_DANE_ONLY:
		return e->ruled ? POLICY_TYPE_LOCAL : POLICY_TYPE_TLSA;
	case ENFORCE_NONE:
	case ENFORCE_MAY:
	case ENFORCE_ENCRYPT:
	case ENFORCE_NAMES:
		return POLICY_TYPE_LOCAL;
	case ENFORCE_TEMP:
	case ENFORCE_NOTHING:
		break;
	}
	return POLICY_TYPE_NONE;
}

static bool
has_pair(const char *line, const char *key, const char *value)
{
	const char *found = strstr(line, key);
	size_t length = strlen(value);

	if (found == NULL)
		return false;
	found += strlen(key);
	return strncmp(found, value, length) == 0 &&
	       strchr(" :", found[length]) != NULL;
}

/* A line tells of one host, and Sendmail is told of MTA-STS alone: what they
 * are told is not always the answer for the whole next hop. */
static void
take_reply_words(struct report_map *map, const char *reply)
{
	bool line = is_line(reply);

	if (!line && strncmp(reply, temp_start, strlen(temp_start)) != 0)
		return; /* most: there are no words */
	for (int i = 0; line && i < POLICY_TYPES; i++)
		if (has_pair(reply, " policy=", policy_type_text(i)))
			map->policy = i;
	for (int i = 0; i < REASONS; i++)
		if (has_pair(
			reply, line ? " reason=" : temp_start, reason_text(i)))
			map->reason = i;
	map->put_off = !line || has_pair(reply, line_start, "temp");
}

/* What was said of a rule: a bit each. */
enum { TOLD_OF_HOST = 1 << FIGURES_ASKERS };

static bool
is_told_first(struct rule *rule, unsigned bit)
{
	return (atomic_fetch_or(&rule->told, bit) & bit) == 0;
}

/* Sendmail reads nothing but "secure" in an answer; Exim compares with the name
 * of the host alone. */
static bool
is_lost_on(enum figures_asker asker, const struct rule *rule)
{
	switch (asker) {
	case FIGURES_PLAIN:
	case FIGURES_TLSRPT:
		break;
	case FIGURES_SENDMAIL:
		return rule->level == LEVEL_AUTO ? rule->no_sts
						 : rule->level != LEVEL_SECURE;
	case FIGURES_LINE:
		return rule->level == LEVEL_SECURE && rule->match_count > 0;
	}
	return false;
}

void
map_report_rule(enum figures_asker asker, struct rule *rule)
{
	if (rule != NULL && is_lost_on(asker, rule) &&
	    is_told_first(rule, 1U << asker))
		report_map_level(rule, asker);
}

void
map_report_answer(enum figures_asker asker, const struct check *check,
    const char *reply, bool cached)
{
	const struct enforcement *e = check->enforcement;
	char answer[32];
	struct report_map map = {.domain = check->domain,
	    .asker = asker,
	    .answer = answer,
	    .policy = map_policy_type(e),
	    .reason = e->reason,
	    .dane = e->dane,
	    .sts = e->sts,
	    .cached = cached,
	    .shared = check->shared,
	    .ttl_s = check->verdict->ttl_s,
	    .ms = check->ms,
	    .rule = check->verdict->rule,
	    .detail = check->verdict->detail};

	print_answer_word(reply, answer, sizeof(answer));
	take_reply_words(&map, reply);
	report_map(&map);
	if (e->unheard != NULL && is_told_first(e->unheard, TOLD_OF_HOST))
		report_map_host_rule(e->unheard, check->domain);
}

void
map_report_deadline(enum figures_asker asker, const char *domain, unsigned ms)
{
	struct report_map map = {.domain = domain,
	    .asker = asker,
	    .answer = "temp",
	    .put_off = true,
	    .reason = REASON_DEADLINE,
	    .ms = ms};

	report_map(&map);
}
