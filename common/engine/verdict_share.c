/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/verdict_share.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/judge/reasons.h"
#include "common/proto/shared_finding.h"
#include "common/sts/known.h"

enum { NAME_FIELDS = 5 };

/* Whether its verdict means the same to any host with the same settings. */
static bool
is_shareable(const struct verdict_share *with)
{
	const struct engine_options *options = &with->engine->options;
	const struct facts *facts = with->facts;

	return share_has(options->share, SHARE_VERDICTS) &&
	       !options->keep_enforcement && !options->keep_facts &&
	       facts->trouble == TROUBLE_NONE &&
	       facts->probed == options->probe && !facts->all_hosts &&
	       !with->terms->requiretls && with->hop != NULL &&
	       with->terms->rule == NULL &&
	       !terms_have_host_rules(with->terms, clock_wall_s());
}

/* What it is a verdict on. */
static void
describe_verdict(
    const struct verdict_share *with, struct shared_verdict *verdict)
{
	char level[SHARED_WORD_SIZE];
	struct text text;

	memset(verdict, 0, sizeof(*verdict));
	nexthop_print(with->hop, verdict->hop);
	text_copy(
	    verdict->domain, sizeof(verdict->domain), with->facts->domain);
	text_init(&text, level, sizeof(level));
	text_addf(&text, "%s%s", level_text(with->terms->level),
	    with->terms->encrypt ? "+" : "");
	text_copy(verdict->level, sizeof(verdict->level), level);
	share_get_digest(with->engine->options.share, verdict->digest);
}

static void
name_verdict(const struct verdict_share *with,
    const struct shared_verdict *verdict, char name[SHARE_NAME_SIZE])
{
	const char *const fields[NAME_FIELDS] = {"v", verdict->hop,
	    verdict->domain, verdict->level, verdict->digest};

	share_name_of(
	    with->engine->options.share, "v", fields, NAME_FIELDS, name);
}

/* --- words --- */

/* What a verdict has a word for. */
enum word_kind {
	WORD_RESULT,
	WORD_POLICY,
	WORD_REASON,
	WORD_LEVEL,
	WORD_DANE,
	WORD_STS,
	WORD_MODE,
};

static const char *
word_for(enum word_kind kind, int number)
{
	switch (kind) {
	case WORD_RESULT:
		return result_text((enum result)number);
	case WORD_POLICY:
		return policy_type_text((enum policy_type)number);
	case WORD_REASON:
		return reason_text((enum reason)number);
	case WORD_LEVEL:
		return level_text((enum level)number);
	case WORD_DANE:
		return dane_state_text((enum dane_state)number);
	case WORD_STS:
		return sts_state_text((enum sts_state)number);
	case WORD_MODE:
		return sts_mode_text((enum sts_mode)number);
	}
	assert(false); /* every enum value is above */
	return "";
}

/* The number below count that has the word; -1: none. */
static int
find_word(enum word_kind kind, int count, const char *word)
{
	for (int i = 0; i < count; i++)
		if (strcmp(word_for(kind, i), word) == 0)
			return i;
	return -1;
}

/* The words of a verdict as numbers; -1 for what is none. */
struct numbers {
	int result, policy, reason, level, dane, sts, mode;
};

static struct numbers
numbers_of(const struct shared_verdict *words)
{
	return (struct numbers){
	    .result = find_word(WORD_RESULT, RESULTS, words->result),
	    .policy =
		find_word(WORD_POLICY, POLICY_TYPE_LOCAL + 1, words->policy),
	    .reason = find_word(WORD_REASON, REASONS, words->reason),
	    .level =
		find_word(WORD_LEVEL, LEVEL_HALF_DANE + 1, words->enforced),
	    .dane = find_word(WORD_DANE, DANE_STATE_PASS + 1, words->dane),
	    .sts = find_word(WORD_STS, STS_STATE_NONE + 1, words->sts),
	    .mode = find_word(WORD_MODE, STS_MODE_ENFORCE + 1, words->mode)};
}

static bool
may_be_shared(enum result result)
{
	return result == RESULT_PASS || result == RESULT_SOFTFAIL ||
	       result == RESULT_NONE;
}

/* NULL where its words are none, or it may not be shared. */
static struct verdict *
verdict_of_words(const struct shared_verdict *words, time_t now)
{
	struct numbers is = numbers_of(words);
	time_t until_s = words->found_s + SHARED_VERDICT_S;
	struct verdict *verdict;

	if (is.result < 0 || is.policy < 0 || is.reason < 0 || is.level < 0 ||
	    is.dane < 0 || is.sts < 0 ||
	    (is.mode < 0 && words->mode[0] != '\0') ||
	    !may_be_shared((enum result)is.result))
		return NULL;
	if (until_s > now + SHARED_VERDICT_S)
		until_s = now + SHARED_VERDICT_S;
	if (until_s > words->expires_s)
		until_s = words->expires_s;
	verdict = verdict_new((enum result)is.result, (enum reason)is.reason);
	verdict->policy = (enum policy_type)is.policy;
	verdict->level = (enum level)is.level;
	verdict->dane = (enum dane_state)is.dane;
	verdict->sts = (enum sts_state)is.sts;
	verdict->rt = reason_rt(verdict->reason);
	verdict->mode =
	    is.mode < 0 ? "" : sts_mode_text((enum sts_mode)is.mode);
	verdict->mx = words->mx[0] == '\0' ? NULL : xstrdup(words->mx);
	verdict->settled = true;
	verdict->ttl_s = (uint32_t)(until_s - now);
	return verdict;
}

/* --- taking --- */

static bool
has_known_policy(const struct verdict_share *with)
{
	struct policy_keep *keep = policies_keep(with->engine->policies);
	struct cache_entry *entry =
	    policy_keep_find(keep, with->facts->next_hop.host);
	bool in_force;

	if (entry == NULL)
		return false;
	in_force = known_is_unexpired(cache_value(entry));
	cache_release(entry);
	return in_force;
}

/* words: what is wanted, and then what there is. */
static struct verdict *
read_verdict(const char *payload, size_t size, struct shared_verdict *words,
    enum shared_fault *fault)
{
	struct shared_verdict theirs;
	struct verdict *verdict;
	time_t now = clock_wall_s();

	*fault = shared_verdict_read(payload, size, words, now, &theirs);
	if (*fault != SHARED_NO_FAULT)
		return NULL;
	verdict = verdict_of_words(&theirs, now);
	if (verdict == NULL)
		*fault = SHARED_FAULT_SYNTAX;
	else
		*words = theirs;
	return verdict;
}

/* NULL where there is none that counts, which is told. */
static struct verdict *
look_for_verdict(const struct verdict_share *with, struct shared_verdict *words)
{
	struct share *share = with->engine->options.share;
	struct verdict *verdict = NULL;
	char name[SHARE_NAME_SIZE];
	enum shared_fault fault;
	struct resp *reply;
	const char *payload;
	size_t size;

	describe_verdict(with, words);
	name_verdict(with, words, name);
	payload = share_get(share, name, &reply, &size, &fault);
	if (payload != NULL)
		verdict = read_verdict(payload, size, words, &fault);
	if (fault != SHARED_NO_FAULT)
		share_reject(share, with->facts->domain, "", fault);
	resp_free(reply);
	return verdict;
}

struct verdict *
verdict_share_take(const struct verdict_share *with)
{
	struct share *share = with->engine->options.share;
	struct shared_verdict words;
	struct verdict *verdict;

	if (!is_shareable(with) || !share_is_open(share))
		return NULL;
	verdict = look_for_verdict(with, &words);
	if (verdict == NULL)
		return NULL;
	if (verdict->result == RESULT_NONE && has_known_policy(with)) {
		verdict_free(verdict);
		return NULL;
	}
	share_tell(
	    share, SHARE_USED, with->facts->domain, words.by, SHARED_NO_FAULT);
	verdict->probed = with->facts->probed;
	return verdict;
}

/* --- putting --- */

static void
print_words(const struct verdict *verdict, struct shared_verdict *words)
{
	text_copy(
	    words->result, SHARED_WORD_SIZE, result_text(verdict->result));
	text_copy(
	    words->policy, SHARED_WORD_SIZE, policy_type_text(verdict->policy));
	text_copy(
	    words->reason, SHARED_WORD_SIZE, reason_text(verdict->reason));
	text_copy(
	    words->enforced, SHARED_WORD_SIZE, level_text(verdict->level));
	text_copy(
	    words->dane, SHARED_WORD_SIZE, dane_state_text(verdict->dane));
	text_copy(words->sts, SHARED_WORD_SIZE, sts_state_text(verdict->sts));
	text_copy(words->mode, SHARED_WORD_SIZE, verdict->mode);
	text_copy(words->mx, sizeof(words->mx),
	    verdict->mx == NULL ? "" : verdict->mx);
}

void
verdict_share_put(const struct verdict_share *with, const struct check *check)
{
	const struct verdict *verdict = check->verdict;
	struct share *share = with->engine->options.share;
	struct share_put put = {.payload = NULL};
	struct shared_verdict words;
	uint32_t life_s = SHARED_VERDICT_S;

	if (check->shared || check->ran_out || !is_shareable(with) ||
	    !may_be_shared(verdict->result) || verdict->comes_back ||
	    verdict->rule != NULL)
		return;
	describe_verdict(with, &words);
	print_words(verdict, &words);
	if (verdict->ttl_s < life_s)
		life_s = verdict->ttl_s;
	words.found_s = check->judged_s;
	words.expires_s = check->judged_s + (time_t)life_s;
	text_copy(words.by, sizeof(words.by), share_host(share));
	put.payload = shared_verdict_print(&words);
	put.until_s = words.expires_s;
	name_verdict(with, &words, put.name);
	if (put.payload != NULL)
		share_add(share, &put);
}
