/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/report.h"

#include <string.h>

#include "common/base/text.h"
#include "t/unit/tap.h"

static char report_log[8192];
static struct text report_lines;
struct fake_report_seen fake_report_seen;

void
fake_report_clear(void)
{
	text_init(&report_lines, report_log, sizeof(report_log));
	memset(&fake_report_seen, 0, sizeof(fake_report_seen));
}

const char *
fake_report_log(void)
{
	return report_log;
}

void
report_check(const char *queue_id, const struct report_check *check)
{
	text_addf(&report_lines, "%s check%s %s %s %s %s %u\n", queue_id,
	    check->why ? "+why" : "", check->domain,
	    result_text(check->verdict->result),
	    reason_text(check->verdict->reason), action_text(check->action),
	    check->rcpts);
	assert_true(check->looked ==
		    (check->domain[0] != '[' &&
			check->verdict->reason != REASON_DEADLINE &&
			check->verdict->reason != REASON_QUEUE_FULL &&
			check->verdict->reason != REASON_NAME_INVALID));
}

void
report_wait(unsigned ms)
{
	fake_report_seen.waits++;
	fake_report_seen.waited_ms += ms;
}

void
report_skip(const char *queue_id, const struct report_check *check)
{
	text_addf(&report_lines, "%s skip %s %s %s %u\n", queue_id,
	    check->domain, reason_text(check->verdict->reason),
	    action_text(check->action), check->rcpts);
}

void
report_message(const char *queue_id, const struct report_message *message)
{
	fake_report_seen.message_ms = message->ms;
	fake_report_seen.domains = message->domains;
	fake_report_seen.authenticated = message->authenticated;
	text_addf(&report_lines, "%s message %s %s %zu %u", queue_id,
	    result_text(message->result), action_text(message->action),
	    message->domains, message->rcpts);
	if (message->overdone)
		text_addf(&report_lines, " overdone %u", message->forged);
	text_addf(&report_lines, "\n");
}
