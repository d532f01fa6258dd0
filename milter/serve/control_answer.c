/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/control_answer.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/engine/inventory.h"
#include "common/io/tlsrpt_tally.h"
#include "milter/serve/control_fleet.h"
#include "milter/serve/recent.h"
#include "milter/serve/service.h"
#include "milter/serve/sharing.h"
#include "milter/serve/stats.h"
#include "milter/view/json_check.h"
#include "milter/view/json_request.h"
#include "milter/view/json_stats.h"
#include "milter/view/json_tlsrpt.h"
#include "milter/view/openmetrics.h"

enum stage {
	STAGE_BEGIN,
	STAGE_VERDICTS,
	STAGE_POLICIES,
	STAGE_RECENT,
	STAGE_TLSRPT,
	STAGE_ENDED
};

struct control_answer {
	struct service_hold held;
	struct json_request request;
	struct inventory *inventory;
	struct tlsrpt_query query;
	struct figures_domain *recent;
	size_t recent_count;
	enum stage stage;
	size_t lines;
	bool may_flush;
	bool refused;
	struct err err; /* what was wrong, or "" */
};

void
control_add_line(struct control_lines *lines, const char *line)
{
	size_t length = strlen(line);
	size_t needed = lines->length + length + 1;

	if (needed > lines->size) {
		lines->size = needed + LIMIT_CONTROL_CHUNK;
		lines->data = xrealloc(lines->data, lines->size, 1);
	}
	memcpy(lines->data + lines->length, line, length);
	lines->data[needed - 1] = '\n';
	lines->length = needed;
}

static void
add_owned(struct control_lines *lines, char *line)
{
	control_add_line(lines, line);
	free(line);
}

void
control_add_end(struct control_lines *lines, const char *word, const char *text)
{
	add_owned(lines, json_request_end_line(word, 0, text));
}

struct control_answer *
control_answer_new(const char *request, size_t length, bool may_flush)
{
	struct control_answer *answer = xcalloc(1, sizeof(*answer));

	answer->may_flush = may_flush;
	service_hold(&answer->held);
	json_request_parse(request, length, &answer->request, &answer->err);
	return answer;
}

void
control_answer_free(struct control_answer *answer)
{
	if (answer == NULL)
		return;
	inventory_free(answer->inventory);
	free(answer->recent);
	service_let_go(&answer->held);
	free(answer);
}

/* NULL for all. */
static const char *
domain_of(const struct control_answer *answer)
{
	return answer->request.domain[0] == '\0' ? NULL
						 : answer->request.domain;
}

static void
begin_list(struct control_answer *answer)
{
	answer->inventory = inventory_new(answer->held.engine,
	    answer->held.settings->destinations, domain_of(answer));
	answer->stage = STAGE_VERDICTS;
}

static void
add_stats(struct control_answer *answer, struct control_lines *lines)
{
	struct stats stats;

	stats_take(&stats);
	add_owned(lines, json_stats_line(&stats, PACKAGE_VERSION));
	answer->lines++;
	answer->stage = STAGE_ENDED;
}

static void
add_metrics(struct control_answer *answer, enum metric_form form,
    struct control_lines *lines)
{
	struct stats stats;
	char *text;

	stats_take(&stats);
	text = openmetrics_print(&stats, PACKAGE_VERSION,
	    answer->held.settings->metrics_label, form);
	add_owned(lines, json_metrics_line(text));
	free(text);
	answer->lines++;
	answer->stage = STAGE_ENDED;
}

/* What is forgotten may be lied about when it is asked for again: who holds a
 * policy back would profit. */
static bool
may_flush(struct control_answer *answer)
{
	answer->stage = STAGE_ENDED;
	answer->refused = !answer->may_flush;
	if (answer->refused)
		err_set(&answer->err, ERR_LOCAL,
		    "root and the user that it runs as may flush");
	return !answer->refused;
}

/* All hosts do the same, this one first: what is known is looked at anew, or a
 * policy is forgotten. */
static void
flush_fleet(struct control_answer *answer, struct control_lines *lines)
{
	bool forget = answer->request.ask == JSON_ASK_FLEET_FORGET;
	struct inventory_flushed flushed;

	if (!may_flush(answer) ||
	    sharing_tell(forget ? SHARED_EVENT_FORGET : SHARED_EVENT_FLUSH,
		domain_of(answer), &answer->err) != 0)
		return;
	if (forget)
		inventory_flush(answer->held.engine, domain_of(answer),
		    &flushed, &answer->err);
	else
		inventory_renew(
		    answer->held.engine, domain_of(answer), &flushed);
	service_forget();
	add_owned(lines, json_flushed_line(&flushed));
	answer->lines++;
}

/* line NULL: that is why not. */
static void
add_fleet_line(
    struct control_answer *answer, struct control_lines *lines, char *line)
{
	answer->stage = STAGE_ENDED;
	if (line == NULL)
		return;
	add_owned(lines, line);
	answer->lines++;
}

/* What the store has, and then what is here. */
static void
begin_fleet_show(struct control_answer *answer, struct control_lines *lines)
{
	add_fleet_line(answer, lines,
	    control_fleet_show(
		answer->held.engine, answer->request.domain, &answer->err));
	if (answer->err.text[0] != '\0')
		return;
	begin_list(answer);
	answer->stage = STAGE_POLICIES;
}

static void
flush_cached(struct control_answer *answer, struct control_lines *lines)
{
	struct inventory_flushed flushed;

	if (!may_flush(answer))
		return;
	inventory_flush(
	    answer->held.engine, domain_of(answer), &flushed, &answer->err);
	service_forget();
	add_owned(lines, json_flushed_line(&flushed));
	answer->lines++;
}

static struct control_counts counted;

void
control_answer_counts(const struct control_counts *counts)
{
	counted = *counts;
}

/* The day that is asked about, or all of them. */
static int64_t
day_asked(struct control_answer *answer)
{
	int64_t day = TLSRPT_ALL_DAYS;

	if (answer->request.day[0] != '\0')
		day = json_tlsrpt_day_of(answer->request.day);
	if (answer->request.day[0] != '\0' && day < 0)
		err_set(&answer->err, ERR_DATA, "\"day\" is no day");
	return day;
}

static void
begin_tlsrpt_list(struct control_answer *answer)
{
	answer->query.day = day_asked(answer);
	answer->query.domain = domain_of(answer);
	answer->stage =
	    answer->err.text[0] == '\0' ? STAGE_TLSRPT : STAGE_ENDED;
}

static void
add_tlsrpt_rows(struct control_answer *answer, struct control_lines *lines)
{
	enum { PAGE = 64 };
	struct tlsrpt_row rows[PAGE];
	int count = counted.rows(&answer->query, rows, PAGE, &answer->err);

	for (int i = 0; i < count; i++)
		add_owned(lines, json_tlsrpt_row_line(
				     &rows[i], rows[i].day >= counted.today()));
	answer->lines += count > 0 ? (size_t)count : 0;
	if (count < PAGE)
		answer->stage = STAGE_ENDED;
	else
		answer->query.after = rows[PAGE - 1];
}

/* What leaves this host in its name is for who may do more than ask. */
static void
hurry_reports(struct control_answer *answer)
{
	int64_t day = day_asked(answer);

	answer->stage = STAGE_ENDED;
	if (answer->err.text[0] != '\0')
		return;
	answer->refused = !answer->may_flush;
	if (answer->refused)
		err_set(&answer->err, ERR_LOCAL,
		    "root and the user that it runs as may send");
	else
		counted.hurry(day, domain_of(answer), answer->request.again,
		    &answer->err);
}

/* Of the day that is asked about, or of today. */
static void
add_tlsrpt_report(struct control_answer *answer, struct control_lines *lines)
{
	int64_t day = day_asked(answer), today = counted.today();
	char *report;

	answer->stage = STAGE_ENDED;
	if (answer->err.text[0] != '\0')
		return;
	if (day == TLSRPT_ALL_DAYS)
		day = today;
	report = counted.report(day, answer->request.domain, &answer->err);
	if (report == NULL) {
		if (answer->err.kind == ERR_DATA) /* there is none */
			answer->err.text[0] = '\0';
		return;
	}
	add_owned(lines, json_tlsrpt_report_line(report, day >= today));
	free(report);
	answer->lines++;
}

static void
begin_answer(struct control_answer *answer, struct control_lines *lines)
{
	if (answer->err.text[0] != '\0') {
		answer->stage = STAGE_ENDED;
		return;
	}
	switch (answer->request.ask) {
	case JSON_ASK_CHECK:
	case JSON_ASK_LIST:
	case JSON_ASK_SHOW:
		begin_list(answer);
		break;
	case JSON_ASK_FLUSH:
		flush_cached(answer, lines);
		break;
	case JSON_ASK_FLEET_FLUSH:
	case JSON_ASK_FLEET_FORGET:
		flush_fleet(answer, lines);
		break;
	case JSON_ASK_FLEET_STATUS:
		add_fleet_line(
		    answer, lines, control_fleet_status(&answer->err));
		break;
	case JSON_ASK_FLEET_SHOW:
		begin_fleet_show(answer, lines);
		break;
	case JSON_ASK_STATS:
		add_stats(answer, lines);
		break;
	case JSON_ASK_PROMETHEUS:
		add_metrics(answer, METRIC_PROMETHEUS, lines);
		break;
	case JSON_ASK_RECENT:
		answer->recent = recent_copy(&answer->recent_count);
		answer->stage = STAGE_RECENT;
		break;
	case JSON_ASK_TLSRPT_LIST:
		begin_tlsrpt_list(answer);
		break;
	case JSON_ASK_TLSRPT_SHOW:
		add_tlsrpt_report(answer, lines);
		break;
	case JSON_ASK_TLSRPT_SEND:
		hurry_reports(answer);
		break;
	case JSON_ASK_OPENMETRICS:
		add_metrics(answer, METRIC_OPENMETRICS, lines);
		break;
	}
}

static void
add_verdict(struct control_answer *answer, struct control_lines *lines)
{
	bool check = answer->request.ask == JSON_ASK_CHECK;
	char hops[NEXTHOP_LIST_SIZE];
	const struct check *found =
	    inventory_next_check(answer->inventory, hops);

	if (found == NULL) {
		answer->stage = check ? STAGE_ENDED : STAGE_POLICIES;
		return;
	}
	/* a next hop of that name is another's */
	if (check && strcmp(found->domain, answer->request.domain) != 0)
		return;
	add_owned(lines, json_check_line(answer->held.settings, found, hops));
	answer->lines++;
}

static void
add_policy(struct control_answer *answer, struct control_lines *lines)
{
	const struct store_policy *row =
	    inventory_next_policy(answer->inventory, &answer->err);

	if (row == NULL) {
		answer->stage = STAGE_ENDED;
		return;
	}
	add_owned(lines, json_policy_line(row,
			     answer->request.ask == JSON_ASK_SHOW ||
				 answer->request.ask == JSON_ASK_FLEET_SHOW));
	answer->lines++;
}

static void
add_recent(struct control_answer *answer, struct control_lines *lines)
{
	if (answer->lines == answer->recent_count) {
		answer->stage = STAGE_ENDED;
		return;
	}
	add_owned(lines, json_recent_line(&answer->recent[answer->lines]));
	answer->lines++;
}

static void
add_end(const struct control_answer *answer, struct control_lines *lines)
{
	bool good = answer->err.text[0] == '\0';
	const char *word = good ? "ok" : answer->refused ? "refused" : "error";

	add_owned(lines, json_request_end_line(word, answer->lines,
			     good ? NULL : answer->err.text));
}

bool
control_answer_more(struct control_answer *answer, struct control_lines *lines)
{
	while (lines->length < LIMIT_CONTROL_CHUNK) {
		switch (answer->stage) {
		case STAGE_BEGIN:
			begin_answer(answer, lines);
			break;
		case STAGE_VERDICTS:
			add_verdict(answer, lines);
			break;
		case STAGE_POLICIES:
			add_policy(answer, lines);
			break;
		case STAGE_RECENT:
			add_recent(answer, lines);
			break;
		case STAGE_TLSRPT:
			add_tlsrpt_rows(answer, lines);
			break;
		case STAGE_ENDED:
			add_end(answer, lines);
			return false;
		}
	}
	return true;
}
