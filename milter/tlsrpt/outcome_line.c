/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/outcome_line.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"

static void
tell_outcome(const struct outbox_item *item, struct report_tlsrpt told)
{
	char day[CLOCK_PRINT_SIZE];

	clock_print((time_t)(item->row.day * CLOCK_DAY_S), day);
	day[strcspn(day, "T")] = '\0';
	told.domain = item->row.domain;
	told.day = day;
	told.id = item->name;
	told.sessions = item->row.ok + item->row.failed;
	told.failures = item->row.failed;
	report_tlsrpt(&told);
}

void
outcome_line_tell(const char *action, const struct outbox_item *item,
    const char *reason, const char *detail)
{
	struct report_tlsrpt told = {
	    .action = action, .reason = reason, .detail = detail};

	tell_outcome(item, told);
}

void
outcome_line_try(const char *action, const struct outbox_item *item,
    bool untrusted, const char *detail)
{
	char to[LIMIT_DOMAIN_SIZE + sizeof("mailto:")];
	struct report_tlsrpt told = {.action = action,
	    .to = to,
	    .tries = (unsigned)item->tries,
	    .untrusted = untrusted,
	    .detail = detail};

	snprintf(to, sizeof(to), "%s:%s",
	    item->rua.scheme == TLSRPT_MAILTO ? "mailto" : "https",
	    item->rua.host);
	tell_outcome(item, told);
}
