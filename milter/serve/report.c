/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/report.h"

#include <stdio.h>
#include <string.h>
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
count_check(const struct report_check *check)
{
	struct tally_check counted = {.verdict = check->verdict,
	    .action = check->action,
	    .refused = check->refused ? check->rcpts : 0,
	    .looked = check->looked,
	    .cached = check->cached,
	    .joined = check->joined,
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

void
report_change(const struct report_change *change)
{
	char line[REPORT_SIZE];
	int severity = report_change_line(line, change);

	tally_change(change->after);
	emit_line(severity, line);
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
report_shared(const struct report_shared *shared)
{
	char line[REPORT_SIZE];

	emit_line(report_shared_line(line, shared), line);
}

void
report_shared_state(enum shared_state state, const char *where)
{
	char line[REPORT_SIZE];

	emit_line(report_shared_state_line(line, state, where), line);
}

void
report_map(const struct report_map *map)
{
	char line[REPORT_SIZE];

	emit_line(report_map_line(line, map), line);
}

void
report_map_level(const struct rule *rule, enum figures_asker asker)
{
	char line[REPORT_SIZE];
	int severity = report_map_level_line(line, rule, asker);

	emit_line(severity, line);
}

void
report_map_host_rule(const struct rule *rule, const char *domain)
{
	char line[REPORT_SIZE];
	int severity = report_map_host_rule_line(line, rule, domain);

	emit_line(severity, line);
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
	int severity = report_store_line(line, detail);

	emit_line(severity, line);
}

void
report_facts(const char *detail)
{
	char line[REPORT_SIZE];
	int severity = report_facts_line(line, detail);

	emit_line(severity, line);
}

void
report_accept(const char *detail)
{
	char line[REPORT_SIZE];
	int severity = report_accept_line(line, detail);

	emit_line(severity, line);
}

void
report_tlsrpt(const struct report_tlsrpt *told)
{
	char line[REPORT_SIZE];

	tally_tls_report(told->action);
	emit_line(report_tlsrpt_line(line, told), line);
}

void
report_tlsrpt_day(const struct report_tlsrpt_day *day)
{
	char line[REPORT_SIZE];

	emit_line(report_tlsrpt_day_line(line, day), line);
}

void
report_tlsrpt_drop(const char *reason, uintmax_t count)
{
	char line[REPORT_SIZE];

	emit_line(report_tlsrpt_drop_line(line, reason, count), line);
}

void
report_tlsrpt_trouble(const char *reason, const char *detail)
{
	char line[REPORT_SIZE];

	emit_line(report_tlsrpt_trouble_line(line, reason, detail), line);
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
	int severity = report_start_line(line, version, down_s);

	emit_line(severity, line);
}

void
report_stop(void)
{
	char line[REPORT_SIZE];
	int severity = report_stop_line(line);

	emit_line(severity, line);
}

void
report_stats(const struct stats *stats)
{
	char line[REPORT_SIZE];
	int severity = report_stats_line(line, stats);

	emit_line(severity, line);
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
