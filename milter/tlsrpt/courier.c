/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the store gives one delivery of each of some hosts, and they
 * are tried in that order for TURN_MS; then it is asked again, for others may
 * have become due, to hosts that were not tried for longer.  That a try begins
 * is noted before it, and what came of it after.  Where the latter cannot be
 * written it is owed: tried again at once it would be sent twice, and it would
 * stay SENDING until a restart if it were forgotten.
 */
#include "milter/tlsrpt/courier.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/delivery.h"
#include "milter/tlsrpt/due.h"
#include "milter/tlsrpt/outcome_line.h"

enum {
	HOSTS = PACE_HOSTS,
	TURN_MS = 2000,
};

static bool
pay_owed(struct courier *courier, struct store_tlsrpt *store)
{
	const struct courier_owed *owed = &courier->owed;

	if (owed->any && store_outbox_end(store, owed->delivery, owed->state,
			     owed->due, owed->said, NULL) != 0)
		return false;
	courier->owed.any = false;
	return true;
}

/* Whether it is noted. */
static bool
note_end_of(struct courier *courier, struct store_tlsrpt *store,
    const struct outbox_item *item, enum outbox_delivery state, int64_t due,
    const char *said)
{
	struct courier_owed *owed = &courier->owed;

	owed->any = true;
	owed->delivery = item->delivery;
	owed->state = state;
	owed->due = due;
	text_copy(owed->said, sizeof(owed->said), said);
	return pay_owed(courier, store);
}

static bool
settle_try(struct courier *courier, struct store_tlsrpt *store,
    struct outbox_item *item, const struct delivery_end *end)
{
	enum outbox_delivery state = OUTBOX_SENT;
	int64_t due = 0, now = (int64_t)clock_wall_s();
	const char *action = "sent";

	item->tries++;
	switch (end->outcome) {
	case DELIVERY_TAKEN:
		break;
	case DELIVERY_REFUSED:
		state = OUTBOX_FAILED;
		action = "failed";
		break;
	case DELIVERY_LATER:
		state = due_again(item->tries, item->first, now,
			    (uint32_t)clock_mono_ms() + (uint32_t)item->report,
			    end->asked_s, &due)
			    ? OUTBOX_RETRY
			    : OUTBOX_EXPIRED;
		action = state == OUTBOX_RETRY ? "retry" : "expired";
		break;
	}
	outcome_line_try(action, item, end->untrusted,
	    end->why[0] == '\0' || state == OUTBOX_SENT ? NULL : end->why);
	return note_end_of(courier, store, item, state, due, end->why);
}

/* F05 */
static bool
expire_item(struct courier *courier, struct store_tlsrpt *store,
    const struct outbox_item *item)
{
	outcome_line_try("expired", item, false, "old");
	return note_end_of(courier, store, item, OUTBOX_EXPIRED, 0, "old");
}

static bool
try_body(struct courier *courier, struct store_tlsrpt *store,
    struct outbox_item *item, const struct delivery_body *body)
{
	int64_t now = (int64_t)clock_wall_s();
	struct service_hold held;
	struct delivery_end end;

	if (store_outbox_begin(store, item->delivery, now, NULL) != 0)
		return false;
	if (item->first == 0)
		item->first = now;
	pace_note(&courier->pace, item->rua.host, clock_mono_ms());
	service_hold(&held);
	delivery_try(
	    held.settings, held.engine, item, body, courier->cut, &end);
	service_let_go(&held);
	return settle_try(courier, store, item, &end);
}

/* Whether the store could be read and written. */
static bool
try_item(struct courier *courier, struct store_tlsrpt *store,
    struct outbox_item *item, int64_t today)
{
	struct err err = {.kind = ERR_LOCAL};
	struct delivery_body body;
	void *octets;
	bool noted;

	if (due_is_stale(
		item->row.day, item->due, today, (int64_t)clock_wall_s()))
		return expire_item(courier, store, item);
	octets = store_outbox_body(store, item->report, &body.size, &err);
	if (octets == NULL)
		return err.kind == ERR_DATA; /* its day was just forgotten */
	body.octets = octets;
	noted = try_body(courier, store, item, &body);
	free(octets);
	return noted;
}

bool
courier_deliver(
    struct courier *courier, struct store_tlsrpt *store, int64_t today)
{
	int64_t until_ms = clock_mono_ms() + TURN_MS;
	struct outbox_item items[HOSTS];
	bool any = false;
	int count;

	courier->paced = false;
	if (!pay_owed(courier, store))
		return false;
	count = store_outbox_next(store, courier->scheme,
	    (int64_t)clock_wall_s(), items, HOSTS, NULL);
	for (int i = 0; i < count && clock_left_ms(until_ms) > 0; i++) {
		if (atomic_load(courier->over))
			return false;
		if (!pace_allows(
			&courier->pace, items[i].rua.host, clock_mono_ms()))
			continue;
		if (!try_item(courier, store, &items[i], today))
			return false;
		any = true;
	}
	courier->paced = count > 0 && !any;
	return any;
}
