/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/maker.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/errand.h"
#include "milter/tlsrpt/counted_report.h"
#include "milter/tlsrpt/due.h"
#include "milter/tlsrpt/outcome_line.h"

enum {
	PAGE = 32,             /* reports in one step */
	LOOKUP_MS = 20 * 1000, /* all records of one */
};

/* --- made --- */

/* R44: how many of a day's sessions are known to be our own mail. */
static uint64_t
own_sessions_of(struct store_tlsrpt *store, const struct settings *settings,
    const struct tlsrpt_row *row)
{
	int64_t own =
	    settings->tls_report_own_counted == 0
		? 0
		: store_outbox_own(store, row->day, row->domain, NULL);

	return own < 0 ? 0 : (uint64_t)own;
}

static enum outbox_report
state_of_made(const struct outbox_made *made, int64_t now)
{
	int64_t end = (made->row.day + 1) * CLOCK_DAY_S;

	if (made->size == 0)
		return OUTBOX_REPORT_EXPIRED;
	if (made->row.ok + made->row.failed == 0)
		return OUTBOX_REPORT_SUPPRESSED;
	return now - end > DUE_OLD_S ? OUTBOX_REPORT_EXPIRED
				     : OUTBOX_REPORT_DUE;
}

static void
tell_made(const struct outbox_made *made)
{
	struct outbox_item item = {.row = made->row};

	text_copy(item.name, sizeof(item.name), made->name);
	switch (made->state) {
	case OUTBOX_REPORT_SUPPRESSED:
		outcome_line_tell("suppressed", &item, "own-mail", NULL);
		break;
	case OUTBOX_REPORT_EXPIRED:
		if (made->size == 0)
			outcome_line_tell("failed", &item, "no-report", NULL);
		else
			outcome_line_tell("expired", &item, "old", NULL);
		break;
	case OUTBOX_REPORT_DUE:
	case OUTBOX_REPORT_PLANNED:
	case OUTBOX_REPORT_WITHDRAWN:
		outcome_line_tell("made", &item, NULL, NULL);
		break;
	}
}

/* Whether it is kept. */
static bool
make_report(struct store_tlsrpt *store, const struct settings *settings,
    const char *secret, const struct tlsrpt_row *row)
{
	int64_t now = (int64_t)clock_wall_s();
	struct outbox_made made = {.row = *row};
	struct counted_packed packed = {.octets = NULL};
	bool kept = false;
	struct err err;

	if (counted_report_pack(store, settings, &made.row,
		own_sessions_of(store, settings, row), &packed, &err) != 0 &&
	    err.kind != ERR_DATA)
		return false;
	made.name = packed.name;
	made.body = packed.octets == NULL ? "" : packed.octets;
	made.size = packed.octets == NULL ? 0 : packed.size;
	made.state = state_of_made(&made, now);
	made.due = due_first(secret, row->day, row->domain,
	    settings->tls_report_spread_ms / 1000, now);
	kept = store_outbox_make(store, &made, NULL) == 0;
	if (kept)
		tell_made(&made);
	free(packed.octets);
	return kept;
}

bool
maker_make(struct maker *maker, struct store_tlsrpt *store,
    const struct settings *settings, int64_t before)
{
	struct tlsrpt_row rows[PAGE];
	char secret[STORE_TLSRPT_ID_SIZE];
	int count;

	if (maker->before != before) /* later, or the clock was set right */
		*maker = (struct maker){.before = before};
	if (maker->done || store_tlsrpt_secret(store, secret, NULL) != 0)
		return false;
	count =
	    store_outbox_unmade(store, before, &maker->after, rows, PAGE, NULL);
	for (int i = 0; i < count; i++)
		if (!make_report(store, settings, secret, &rows[i]))
			return false; /* the store is not to be had now */
	if (count == PAGE) {
		maker->after = rows[PAGE - 1];
		return true;
	}
	maker->done = count >= 0;
	return false;
}

/* --- planned --- */

/* Destinations that the admin wants left out go. */
static void
drop_excluded(const struct settings *settings, struct tlsrpt_record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->count; i++)
		if (!settings_lists_domain(
			&settings->tls_report_exclude, record->rua[i].host))
			record->rua[kept++] = record->rua[i];
	record->count = kept;
}

static bool
settle_item(struct store_tlsrpt *store, struct outbox_item *item,
    enum outbox_report state, const char *action, const char *reason)
{
	if (store_outbox_settle(store, item, state, 0, NULL) != 0)
		return false;
	outcome_line_tell(action, item, reason, NULL);
	return true;
}

/* F04: nobody can say now. */
static bool
put_off_lookup(
    struct store_tlsrpt *store, struct outbox_item *item, const char *why)
{
	int64_t now = (int64_t)clock_wall_s(), due;

	if (item->first == 0)
		item->first = now;
	item->tries++;
	if (!due_again(item->tries, item->first, now, (uint32_t)clock_mono_ms(),
		0, &due))
		return settle_item(
		    store, item, OUTBOX_REPORT_EXPIRED, "expired", "record");
	if (store_outbox_settle(store, item, OUTBOX_REPORT_DUE, due, NULL) != 0)
		return false;
	outcome_line_tell("retry", item, "record", why);
	return true;
}

static bool
plan_deliveries(struct store_tlsrpt *store, const struct settings *settings,
    struct outbox_item *item, const struct tlsrpt_record *record)
{
	int limited;

	item->first = 0;
	item->tries = 0;
	limited =
	    store_outbox_plan(store, item, record, (int64_t)clock_wall_s(),
		(uint64_t)settings->tls_report_max_per_rua, NULL);
	if (limited > 0)
		outcome_line_tell("failed", item, "rua-limit", NULL);
	return limited >= 0;
}

static bool
plan_item(struct store_tlsrpt *store, const struct settings *settings,
    struct outbox_item *item, struct tlsrpt_record *record)
{
	if (record->outcome != TLSRPT_RECORD_VALID)
		return settle_item(store, item, OUTBOX_REPORT_WITHDRAWN,
		    "withdrawn",
		    record->outcome == TLSRPT_RECORD_NO_RUA ? "no-rua"
							    : "no-record");
	drop_excluded(settings, record);
	if (record->count == 0)
		return settle_item(store, item, OUTBOX_REPORT_SUPPRESSED,
		    "suppressed", "excluded");
	return plan_deliveries(store, settings, item, record);
}

/* F05: those that are not sent any more end, which is noted or not; how many
 * are left. */
static int
expire_stale(struct store_tlsrpt *store, struct outbox_item *items, int count,
    int64_t today, bool *noted)
{
	int64_t now = (int64_t)clock_wall_s();
	int left = 0;

	for (int i = 0; i < count; i++)
		if (due_is_stale(items[i].row.day, items[i].due, today, now))
			*noted |= settle_item(store, &items[i],
			    OUTBOX_REPORT_EXPIRED, "expired", "old");
		else
			items[left++] = items[i];
	return left;
}

/* Whether what came of its lookup is noted. */
static bool
conclude_lookup(struct store_tlsrpt *store, const struct settings *settings,
    struct outbox_item *item, struct dns_query *query)
{
	char why[LIMIT_DETAIL_SIZE];
	struct tlsrpt_record record;

	if (!errand_record(query, NULL, NULL, &record, why))
		return put_off_lookup(store, item, why);
	if (!plan_item(store, settings, item, &record))
		return false;
	if (record.cut)
		outcome_line_tell("cut", item, NULL, NULL);
	return true;
}

bool
maker_plan(struct store_tlsrpt *store, const struct settings *settings,
    struct engine *engine, int64_t today)
{
	struct outbox_item items[PAGE];
	struct dns_query *queries[PAGE];
	int64_t deadline_ms = clock_mono_ms() + LOOKUP_MS;
	bool noted = false;
	int count =
	    store_outbox_due(store, (int64_t)clock_wall_s(), items, PAGE, NULL);

	count = expire_stale(store, items, count, today, &noted);
	for (int i = 0; i < count; i++)
		queries[i] =
		    errand_ask(engine, items[i].row.domain, deadline_ms);
	for (int i = 0; i < count; i++)
		noted |=
		    conclude_lookup(store, settings, &items[i], queries[i]);
	return noted;
}
