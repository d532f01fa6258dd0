/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_report.h"

#include <string.h>

#include "common/base/text.h"
#include "common/judge/enforcement.h"
#include "milter/serve/report.h"

/* The first word of the data, "notfound", "temp"; of a line its answer. */
static void
print_answer_word(const char *reply, char *out, size_t size)
{
	static const char ok[] = "OK ", line[] = "answer=";
	const char *word = reply;

	if (strncmp(reply, ok, strlen(ok)) == 0)
		word += strlen(ok);
	else if (strncmp(reply, line, strlen(line)) == 0)
		word += strlen(line);
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

void
map_report_answer(const struct check *check, const char *reply, bool cached)
{
	const struct enforcement *e = check->enforcement;
	char answer[32];
	struct report_map map = {.domain = check->domain,
	    .answer = answer,
	    .put_off = e->answer == ENFORCE_TEMP,
	    .policy = map_policy_type(e),
	    .reason = e->reason,
	    .dane = e->dane,
	    .sts = e->sts,
	    .cached = cached,
	    .ttl_s = check->verdict->ttl_s,
	    .ms = check->ms,
	    .rule = check->verdict->rule,
	    .detail = check->verdict->detail};

	print_answer_word(reply, answer, sizeof(answer));
	report_map(&map);
}

void
map_report_deadline(const char *domain, unsigned ms)
{
	struct report_map map = {.domain = domain,
	    .answer = "temp",
	    .put_off = true,
	    .reason = REASON_DEADLINE,
	    .ms = ms};

	report_map(&map);
}
