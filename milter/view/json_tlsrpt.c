/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_tlsrpt.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/io/store_outbox.h"
#include "milter/view/json_put.h"

void
json_tlsrpt_day(int64_t day, char out[JSON_DAY_SIZE])
{
	char whole[CLOCK_PRINT_SIZE];

	clock_print((time_t)(day * CLOCK_DAY_S), whole);
	snprintf(out, JSON_DAY_SIZE, "%.*s", JSON_DAY_SIZE - 1, whole);
}

int64_t
json_tlsrpt_day_of(const char *text)
{
	struct tm tm = {.tm_isdst = 0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	char again[JSON_DAY_SIZE];
	int64_t day;

	if (end == NULL || *end != '\0' || tm.tm_year < 70)
		return -1;
	day = (int64_t)timegm(&tm) / CLOCK_DAY_S;
	json_tlsrpt_day(day, again);
	return strcmp(again, text) == 0 ? day : -1;
}

/* Of a day that is over: what became of its report. */
static const char *
word_of_report(const struct tlsrpt_row *row)
{
	switch (row->report) {
	case OUTBOX_REPORT_DUE:
		return "due";
	case OUTBOX_REPORT_WITHDRAWN:
		return "withdrawn";
	case OUTBOX_REPORT_EXPIRED:
		return "expired";
	case OUTBOX_REPORT_SUPPRESSED:
		return "suppressed";
	case OUTBOX_REPORT_PLANNED:
		break;
	default:
		return "closed";
	}
	if (row->waiting > 0)
		return "sending";
	return row->sent > 0 ? "sent" : "failed";
}

char *
json_tlsrpt_row_line(const struct tlsrpt_row *row, bool open)
{
	json_t *object = json_object();
	char day[JSON_DAY_SIZE];

	json_tlsrpt_day(row->day, day);
	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "tlsrpt");
	json_put_text(object, "day", day);
	json_put_text(object, "domain", row->domain);
	json_put_number(object, "sessions", (int64_t)(row->ok + row->failed));
	json_put_number(object, "failures", (int64_t)row->failed);
	json_put_text(object, "state", open ? "open" : word_of_report(row));
	json_put_number(object, "destinations", row->destinations);
	json_put_number(object, "sent", row->sent);
	return json_line(object);
}

char *
json_tlsrpt_report_line(const char *report, bool open)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "tlsrpt-report");
	json_put_bool(object, "open", open);
	json_object_set_new(object, "report", json_loads(report, 0, NULL));
	return json_line(object);
}
