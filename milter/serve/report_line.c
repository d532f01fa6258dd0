/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/report_line.h"

#include <string.h>
#include <syslog.h>

static void
begin_event(struct text *text, char line[REPORT_SIZE], const char *queue_id,
    const char *event)
{
	text_init(text, line, REPORT_SIZE);
	text_addf(text, "%s: event=%s", queue_id, event);
}

/* Keys whose value came from elsewhere: made fit for a value here, at the last
 * moment, whatever others did to it before. */
void
report_add(struct text *text, const char *key, const char *value)
{
	char clean[LIMIT_DOMAIN_SIZE + 2];

	text_clean(clean, sizeof(clean), value, strlen(value));
	if (clean[0] == '\0')
		text_copy(clean, sizeof(clean), "-");
	text_addf(text, " %s=%s", key, clean);
}

void
report_add_detail(struct text *text, const char *detail)
{
	char clean[LIMIT_DETAIL_SIZE];

	if (detail == NULL || detail[0] == '\0')
		return;
	text_clean(clean, sizeof(clean), detail, strlen(detail));
	text_addf(text, " detail=%s", clean);
}

static int
check_severity(const struct report_check *check)
{
	switch (check->verdict->result) {
	case RESULT_SKIP:
	case RESULT_PASS:
	case RESULT_NONE:
		return LOG_INFO;
	case RESULT_SOFTFAIL:
		return LOG_NOTICE;
	case RESULT_TEMPERROR:
		return LOG_WARNING;
	case RESULT_FAIL:
		break;
	}
	return check->action > ACTION_TAG ? LOG_WARNING : LOG_NOTICE;
}

/* A key so long that it would cut the detail off, or the name of the file in
 * front of that, is left out. */
static void
add_rule(struct text *text, const struct rule *rule, const char *facts)
{
	size_t behind = LIMIT_DETAIL + sizeof(" rule= detail=") +
			(facts == NULL ? 0 : strlen(facts) + strlen(" facts="));

	if (rule != NULL &&
	    text->len + strlen(rule->key) + behind <= text->size)
		report_add(text, "rule", rule_word(rule));
}

int
report_check_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check)
{
	const struct verdict *verdict = check->verdict;
	struct text text;

	begin_event(&text, line, queue_id, "check");
	report_add(&text, "domain", check->domain);
	text_addf(&text, " result=%s policy=%s level=%s reason=%s",
	    result_text(verdict->result), policy_type_text(verdict->policy),
	    level_text(verdict->level), reason_text(verdict->reason));
	text_addf(&text, " action=%s rcpts=%u", action_text(check->action),
	    check->rcpts);
	if (verdict->mx != NULL && verdict->mx[0] != '\0')
		report_add(&text, "mx", verdict->mx);
	if (verdict->policy == POLICY_TYPE_STS && verdict->mode[0] != '\0')
		text_addf(&text, " mode=%s", verdict->mode);
	if (check->looked)
		text_addf(&text, " depth=%s cache=%s ttl=%u ms=%u",
		    verdict->probed ? "probe" : "dns",
		    check->cached   ? "hit"
		    : check->shared ? "shared"
				    : "miss",
		    check->ttl_s, check->ms);
	add_rule(&text, verdict->rule, check->facts);
	if (check->facts != NULL)
		report_add(&text, "facts", check->facts);
	report_add_detail(
	    &text, check->detail != NULL ? check->detail : verdict->detail);
	return check_severity(check);
}

static const char *
requiretls_text(enum requiretls_state requiretls)
{
	static const char *const words[] = {
	    [REQUIRETLS_NOT_ASKED] = "-",
	    [REQUIRETLS_MET] = "met",
	    [REQUIRETLS_UNPROBED] = "not-probed",
	    [REQUIRETLS_UNKNOWN] = "unknown",
	    [REQUIRETLS_NOT_OFFERED] = "not-offered",
	    [REQUIRETLS_NO_AUTH] = "not-authenticated",
	};

	return words[requiretls];
}

int
report_why_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check)
{
	const struct verdict *verdict = check->verdict;
	char walk[LIMIT_WALK_SIZE];
	struct text text;

	begin_event(&text, line, queue_id, "why");
	report_add(&text, "domain", check->domain);
	text_addf(&text, " dane=%s sts=%s", dane_state_text(verdict->dane),
	    sts_state_text(verdict->sts));
	if (verdict->sts_reason != REASON_OK)
		text_addf(
		    &text, " stsreason=%s", reason_text(verdict->sts_reason));
	if (verdict->rt[0] != '\0')
		text_addf(&text, " rt=%s", verdict->rt);
	if (verdict->requiretls != REQUIRETLS_NOT_ASKED)
		text_addf(&text, " requiretls=%s",
		    requiretls_text(verdict->requiretls));
	if (verdict->walk != NULL) {
		text_clean(
		    walk, sizeof(walk), verdict->walk, strlen(verdict->walk));
		text_addf(&text, " hosts=%s", walk);
	}
	return LOG_INFO;
}

int
report_skip_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check)
{
	struct text text;

	begin_event(&text, line, queue_id, "skip");
	report_add(&text, "domain", check->domain);
	text_addf(&text, " reason=%s action=%s rcpts=%u",
	    reason_text(check->verdict->reason), action_text(check->action),
	    check->rcpts);
	return LOG_INFO;
}

int
report_message_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_message *message)
{
	struct text text;

	begin_event(&text, line, queue_id, "message");
	text_addf(&text,
	    " result=%s action=%s domains=%zu rcpts=%u auth=%s ms=%u",
	    result_text(message->result), action_text(message->action),
	    message->domains, message->rcpts,
	    message->authenticated ? "yes" : "no", message->ms);
	if (message->forged > 0)
		text_addf(&text, " forged=%u", message->forged);
	return message->overdone ? LOG_WARNING : LOG_INFO;
}

int
report_resolver_line(
    char line[REPORT_SIZE], const struct report_resolver *resolver)
{
	struct text text;

	begin_event(&text, line, "-", "resolver");
	report_add(&text, "addr", resolver->addr);
	text_addf(&text, " validating=%s reason=%s",
	    resolver->validating ? "yes" : "no", reason_text(resolver->reason));
	report_add_detail(&text, resolver->detail);
	return resolver->validating ? LOG_INFO : LOG_ERR;
}

int
report_map_line(char line[REPORT_SIZE], const struct report_map *map)
{
	struct text text;

	begin_event(&text, line, "-", "map");
	report_add(&text, "domain", map->domain);
	text_addf(&text, " map=%s", figures_asker_text(map->asker));
	report_add(&text, "answer", map->answer);
	text_addf(&text, " policy=%s reason=%s dane=%s sts=%s",
	    policy_type_text(map->policy), reason_text(map->reason),
	    enforce_dane_text(map->dane), enforce_sts_text(map->sts));
	text_addf(&text, " cache=%s ttl=%u ms=%u",
	    map->cached   ? "hit"
	    : map->shared ? "shared"
			  : "miss",
	    map->ttl_s, map->ms);
	add_rule(&text, map->rule, NULL);
	report_add_detail(&text, map->detail);
	return map->put_off ? LOG_WARNING : LOG_INFO;
}

int
report_map_level_line(
    char line[REPORT_SIZE], const struct rule *rule, enum figures_asker asker)
{
	struct text text;

	begin_event(&text, line, "-", "map-level");
	text_addf(&text, " map=%s", figures_asker_text(asker));
	report_add(&text, "rule", rule_word(rule));
	text_addf(&text, " level=%s", level_text(rule->level));
	return LOG_WARNING;
}

int
report_map_host_rule_line(
    char line[REPORT_SIZE], const struct rule *rule, const char *domain)
{
	struct text text;

	begin_event(&text, line, "-", "map-host-rule");
	report_add(&text, "domain", domain);
	report_add(&text, "rule", rule_word(rule));
	text_addf(&text, " level=%s", level_text(rule->level));
	return LOG_WARNING;
}

int
report_garbage_line(char line[REPORT_SIZE], const char *socket)
{
	struct text text;

	begin_event(&text, line, "-", "garbage");
	report_add(&text, "socket", socket);
	report_add_detail(&text, "no request");
	return LOG_NOTICE;
}

int
report_change_line(char line[REPORT_SIZE], const struct report_change *change)
{
	struct text text;

	begin_event(&text, line, "-", "change");
	report_add(&text, "domain", change->domain);
	text_addf(&text, " old=%s new=%s", change->before, change->after);
	if (change->mx != NULL)
		report_add(&text, "mx", change->mx);
	return LOG_NOTICE;
}

int
report_reach_line(char line[REPORT_SIZE], unsigned port, bool open)
{
	struct text text;

	begin_event(&text, line, "-", "probe");
	text_addf(&text, " port=%u depth=%s reason=%s", port,
	    open ? "probe" : "dns",
	    reason_text(open ? REASON_OK : REASON_CONNECT_FAILED));
	return open ? LOG_NOTICE : LOG_ERR;
}

/* What is to be kept is, or is not, and why. */
static int
end_keeping(struct text *text, const char *detail)
{
	text_addf(text, " reason=%s",
	    reason_text(detail == NULL ? REASON_OK : REASON_INTERNAL_ERROR));
	if (detail != NULL)
		report_add_detail(text, detail);
	return detail == NULL ? LOG_NOTICE : LOG_ERR;
}

int
report_store_line(char line[REPORT_SIZE], const char *detail)
{
	struct text text;

	begin_event(&text, line, "-", "store");
	return end_keeping(&text, detail);
}

int
report_facts_line(char line[REPORT_SIZE], const char *detail)
{
	struct text text;

	begin_event(&text, line, "-", "facts");
	return end_keeping(&text, detail);
}

static int
severity_of_tlsrpt(const char *action)
{
	if (strcmp(action, "failed") == 0 || strcmp(action, "expired") == 0)
		return LOG_WARNING;
	return strcmp(action, "made") == 0 || strcmp(action, "sent") == 0
		   ? LOG_INFO
		   : LOG_NOTICE;
}

int
report_tlsrpt_line(char line[REPORT_SIZE], const struct report_tlsrpt *told)
{
	struct text text;

	begin_event(&text, line, "-", "tlsrpt");
	text_addf(&text, " action=%s domain=%s day=%s", told->action,
	    told->domain, told->day);
	report_add(&text, "id", told->id);
	if (told->to != NULL)
		report_add(&text, "to", told->to);
	text_addf(&text, " sessions=%ju failures=%ju", told->sessions,
	    told->failures);
	if (told->tries > 0)
		text_addf(&text, " tries=%u", told->tries);
	if (told->untrusted)
		report_add(&text, "verify", "failed");
	if (told->reason != NULL)
		report_add(&text, "reason", told->reason);
	report_add_detail(&text, told->detail);
	return severity_of_tlsrpt(told->action);
}

int
report_tlsrpt_day_line(
    char line[REPORT_SIZE], const struct report_tlsrpt_day *day)
{
	struct text text;

	begin_event(&text, line, "-", "tlsrpt-day");
	text_addf(&text, " day=%s received=%ju domains=%ju", day->day,
	    day->received, day->domains);
	text_addf(&text, " dropped=%ju norua=%ju foreign=%ju", day->dropped,
	    day->norua, day->foreign);
	return LOG_INFO;
}

int
report_tlsrpt_drop_line(
    char line[REPORT_SIZE], const char *reason, uintmax_t count)
{
	struct text text;

	begin_event(&text, line, "-", "tlsrpt-drop");
	text_addf(&text, " reason=%s count=%ju", reason, count);
	return LOG_WARNING;
}

int
report_tlsrpt_trouble_line(
    char line[REPORT_SIZE], const char *reason, const char *detail)
{
	struct text text;

	begin_event(&text, line, "-", "tlsrpt-trouble");
	text_addf(&text, " reason=%s", reason);
	report_add_detail(&text, detail);
	return LOG_ERR;
}

int
report_accept_line(char line[REPORT_SIZE], const char *detail)
{
	struct text text;

	begin_event(&text, line, "-", "accept");
	text_addf(&text, " reason=%s", reason_text(REASON_INTERNAL_ERROR));
	report_add_detail(&text, detail);
	return LOG_ERR;
}

int
report_rule_line(char line[REPORT_SIZE], const struct rule *rule, time_t now)
{
	struct text text;

	begin_event(&text, line, "-", "rule");
	report_add(&text, "rule", rule_word(rule));
	text_addf(&text, " until=%s", rule->until);
	if (!rule_in_effect(rule, now))
		text_addf(
		    &text, " reason=%s", reason_text(REASON_EXPIRED_RULE));
	return LOG_WARNING;
}

int
report_start_line(char line[REPORT_SIZE], const char *version, int64_t down_s)
{
	struct text text;

	begin_event(&text, line, "-", "start");
	report_add(&text, "version", version);
	if (down_s >= 0)
		text_addf(&text, " down=%lld", (long long)down_s);
	return LOG_INFO;
}

int
report_shared_line(char line[REPORT_SIZE], const struct report_shared *shared)
{
	static const char *const words[] = {[SHARE_REJECTED] = "rejected",
	    [SHARE_SHUT] = "shut",
	    [SHARE_HINT] = "hint",
	    [SHARE_EXTENDED] = "extended",
	    [SHARE_CREATED] = "created",
	    [SHARE_USED] = "used",
	    [SHARE_FLUSHED] = "flushed",
	    [SHARE_FORGOTTEN] = "forgotten"};
	bool forged = shared->fault == SHARED_FAULT_MAC;
	struct text text;

	begin_event(&text, line, "-", "shared");
	report_add(&text, "domain", shared->domain);
	report_add(&text, "what", words[shared->what]);
	report_add(&text, "by", shared->by);
	if (shared->fault != SHARED_NO_FAULT)
		report_add(&text, "fault", shared_fault_word(shared->fault));
	if (shared->what == SHARE_SHUT)
		return LOG_ERR;
	return shared->what == SHARE_REJECTED && forged ? LOG_WARNING
							: LOG_INFO;
}

int
report_shared_state_line(
    char line[REPORT_SIZE], enum shared_state state, const char *where)
{
	static const char *const words[] = {[SHARED_DENIED] = "denied",
	    [SHARED_DOWN] = "down",
	    [SHARED_UP] = "up"};
	struct text text;

	begin_event(&text, line, "-", "shared-store");
	report_add(&text, "state", words[state]);
	if (state == SHARED_UP)
		report_add(&text, "addr", where);
	else
		report_add_detail(&text, where);
	return state == SHARED_DENIED ? LOG_ERR : LOG_NOTICE;
}

int
report_stop_line(char line[REPORT_SIZE])
{
	struct text text;

	begin_event(&text, line, "-", "stop");
	return LOG_INFO;
}

int
report_lost_line(char line[REPORT_SIZE], uintmax_t lost)
{
	struct text text;

	begin_event(&text, line, "-", "log");
	text_addf(&text, " lost=%ju", lost);
	return LOG_WARNING;
}

int
report_stats_line(char line[REPORT_SIZE], const struct stats *stats)
{
	const struct report_counts *done = &stats->counts;
	const struct counts *engine = &stats->engine;
	const uint64_t *results = done->results;
	struct text text;

	begin_event(&text, line, "-", "stats");
	text_addf(
	    &text, " uptime=%ju messages=%ju", stats->uptime_s, done->messages);
	text_addf(&text, " fail=%ju temperror=%ju softfail=%ju",
	    results[RESULT_FAIL], results[RESULT_TEMPERROR],
	    results[RESULT_SOFTFAIL]);
	text_addf(&text, " none=%ju pass=%ju skip=%ju", results[RESULT_NONE],
	    results[RESULT_PASS], results[RESULT_SKIP]);
	text_addf(&text, " hits=%ju misses=%ju", done->hits, done->misses);
	text_addf(&text, " checks=%ju maxrunning=%ju maxwaiting=%ju",
	    engine->checks, engine->running_max, engine->waiting_max);
	text_addf(&text, " queuefull=%ju probes=%ju fetches=%ju",
	    engine->queue_full, engine->probes, counts_fetches(engine));
	text_addf(&text, " verdicts=%zu policies=%zu", stats->now.verdicts,
	    stats->now.policies);
	text_addf(&text, " store=%s resolver=%s", stats->now.store,
	    stats->now.resolver);
	text_addf(&text, " rss=%ju", stats->rss_kb);
	text_addf(&text, " rcptdefer=%ju rcptreject=%ju",
	    done->refused[ACTION_DEFER], done->refused[ACTION_REJECT]);
	return LOG_INFO;
}

int
report_reload_line(char line[REPORT_SIZE], const struct report_reload *reload)
{
	struct text text;

	begin_event(&text, line, "-", "reload");
	text_addf(&text, " faults=%zu", reload->faults);
	if (reload->faults > 0) {
		report_add_detail(&text, reload->detail);
		return LOG_ERR;
	}
	text_addf(&text, " engine=%s", reload->renewed ? "new" : "kept");
	if (reload->restart[0] != '\0')
		text_addf(&text, " restart=%s", reload->restart);
	return LOG_NOTICE;
}
