/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/report.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/conf/destinations.h"
#include "milter/serve/log.h"
#include "milter/serve/recent.h"
#include "milter/serve/tally.h"

enum { GARBAGE_REST_MS = 60 * 1000 };

/* Set once, before there are threads, but for what is atomic. */
static struct {
	bool to_syslog;
	bool to_stderr;
	_Atomic bool success;
	int rules_day; /* since 1900, about: when rules were told of last */
	char name[65];
	struct log_options log;
} report = {.success = true};

static int
count_lost(char line[REPORT_SIZE], uintmax_t lost)
{
	tally_lost(lost);
	return report_lost_line(line, lost);
}

void
report_open(
    const struct settings *settings, bool also_stderr, void (*kept)(void))
{
	report.to_syslog = settings->syslog;
	report.to_stderr = also_stderr;
	report.success = settings->syslog_success;
	text_copy(report.name, sizeof(report.name), settings->syslog_name);
	report.log = (struct log_options){.path = _PATH_LOG,
	    .name = report.name,
	    .facility = settings->syslog_facility,
	    .lost = count_lost,
	    .kept = kept};
	log_open(&report.log);
}

static bool
is_heard(void)
{
	return report.to_syslog || report.to_stderr;
}

static void
emit_line(int severity, const char *line)
{
	if (report.to_syslog)
		log_write(severity, line);
	if (report.to_stderr)
		fprintf(stderr, "%s: %s\n", report.name, line);
}

void
report_debug(const char *line)
{
	emit_line(LOG_DEBUG, line);
}

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

/* A key so long that it would cut the detail off is left out. */
static void
add_rule(struct text *text, const struct rule *rule)
{
	if (rule != NULL && text->len + strlen(rule->key) + LIMIT_DETAIL +
				    sizeof(" rule= detail=") <=
				text->size)
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
		    check->cached ? "hit" : "miss", check->ttl_s, check->ms);
	add_rule(&text, verdict->rule);
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
	report_add(&text, "answer", map->answer);
	text_addf(&text, " policy=%s reason=%s dane=%s sts=%s",
	    policy_type_text(map->policy), reason_text(map->reason),
	    enforce_dane_text(map->dane), enforce_sts_text(map->sts));
	text_addf(&text, " cache=%s ttl=%u ms=%u", map->cached ? "hit" : "miss",
	    map->ttl_s, map->ms);
	add_rule(&text, map->rule);
	report_add_detail(&text, map->detail);
	return map->put_off ? LOG_WARNING : LOG_INFO;
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

static void
count_check(const struct report_check *check)
{
	struct tally_check counted = {.verdict = check->verdict,
	    .action = check->action,
	    .refused = check->refused ? check->rcpts : 0,
	    .looked = check->looked,
	    .cached = check->cached,
	    .ms = check->ms};

	tally_check(&counted);
	recent_note(check->domain, check->verdict, clock_wall_s());
}

void
report_check(const char *queue_id, const struct report_check *check)
{
	enum result result = check->verdict->result;
	char line[REPORT_SIZE];
	int severity;

	count_check(check);
	if (!is_heard() || (!report.success && (result == RESULT_PASS ||
						   result == RESULT_NONE)))
		return;
	severity = report_check_line(line, queue_id, check);
	emit_line(severity, line);
	if (!check->why)
		return;
	severity = report_why_line(line, queue_id, check);
	emit_line(severity, line);
}

void
report_wait(unsigned ms)
{
	tally_wait(FIGURES_RCPT, ms);
}

void
report_skip(const char *queue_id, const struct report_check *check)
{
	char line[REPORT_SIZE];

	count_check(check);
	if (is_heard())
		emit_line(report_skip_line(line, queue_id, check), line);
}

void
report_message(const char *queue_id, const struct report_message *message)
{
	char line[REPORT_SIZE];

	tally_message(message->result, message->action, message->ms);
	if (is_heard())
		emit_line(report_message_line(line, queue_id, message), line);
}

void
report_resolver(const struct report_resolver *resolver)
{
	char line[REPORT_SIZE];
	int severity = report_resolver_line(line, resolver);

	emit_line(severity, line);
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

void
report_change(const struct report_change *change)
{
	char line[REPORT_SIZE];
	int severity = report_change_line(line, change);

	tally_change(change->after);
	emit_line(severity, line);
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

void
report_reach(unsigned port, bool open)
{
	char line[REPORT_SIZE];
	int severity = report_reach_line(line, port, open);

	tally_port(open);
	emit_line(severity, line);
}

void
report_map(const struct report_map *map)
{
	char line[REPORT_SIZE];

	emit_line(report_map_line(line, map), line);
}

void
report_garbage(const char *socket)
{
	static _Atomic int64_t again_ms; /* when the next may be said */
	int64_t now_ms = clock_mono_ms();
	char line[REPORT_SIZE];

	if (now_ms < again_ms)
		return;
	again_ms = now_ms + GARBAGE_REST_MS;
	emit_line(report_garbage_line(line, socket), line);
}

void
report_store(const char *detail)
{
	char line[REPORT_SIZE];
	struct text text;

	begin_event(&text, line, "-", "store");
	text_addf(&text, " reason=%s",
	    reason_text(detail == NULL ? REASON_OK : REASON_INTERNAL_ERROR));
	if (detail != NULL)
		report_add_detail(&text, detail);
	emit_line(detail == NULL ? LOG_NOTICE : LOG_ERR, line);
}

void
report_accept(const char *detail)
{
	char line[REPORT_SIZE];
	struct text text;

	begin_event(&text, line, "-", "accept");
	text_addf(&text, " reason=%s", reason_text(REASON_INTERNAL_ERROR));
	report_add_detail(&text, detail);
	emit_line(LOG_ERR, line);
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
report_lost_line(char line[REPORT_SIZE], uintmax_t lost)
{
	struct text text;

	begin_event(&text, line, "-", "log");
	text_addf(&text, " lost=%ju", lost);
	return LOG_WARNING;
}

static void
report_rule(void *arg, const struct rule *rule)
{
	const time_t *now = arg;
	char line[REPORT_SIZE];
	int severity = report_rule_line(line, rule, *now);

	emit_line(severity, line);
}

static int
day_of(time_t now)
{
	struct tm local;

	localtime_r(&now, &local);
	return local.tm_year * 366 + local.tm_yday;
}

void
report_rules(const struct settings *settings, time_t now)
{
	report.rules_day = day_of(now);
	destinations_each_ending(
	    settings->destinations, now, report_rule, &now);
}

bool
report_rules_daily(const struct settings *settings, time_t now)
{
	if (day_of(now) == report.rules_day)
		return false;
	report_rules(settings, now);
	return true;
}

void
report_start(const char *version, int64_t down_s)
{
	char line[REPORT_SIZE];
	struct text text;

	begin_event(&text, line, "-", "start");
	report_add(&text, "version", version);
	if (down_s >= 0)
		text_addf(&text, " down=%lld", (long long)down_s);
	emit_line(LOG_INFO, line);
}

void
report_stop(void)
{
	emit_line(LOG_INFO, "-: event=stop");
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
	    engine->queue_full, engine->probes, engine->fetches);
	text_addf(&text, " verdicts=%zu policies=%zu", stats->now.verdicts,
	    stats->now.policies);
	text_addf(&text, " store=%s resolver=%s", stats->now.store,
	    stats->now.resolver);
	text_addf(&text, " rss=%ju", stats->rss_kb);
	text_addf(&text, " rcptdefer=%ju rcptreject=%ju",
	    done->refused[ACTION_DEFER], done->refused[ACTION_REJECT]);
	return LOG_INFO;
}

void
report_stats(const struct stats *stats)
{
	char line[REPORT_SIZE];
	int severity = report_stats_line(line, stats);

	emit_line(severity, line);
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

void
report_reload(const struct report_reload *reload)
{
	char line[REPORT_SIZE];
	int severity = report_reload_line(line, reload);

	tally_reload(reload->faults == 0, clock_wall_s());
	emit_line(severity, line);
}

void
report_success(bool success)
{
	report.success = success;
}
