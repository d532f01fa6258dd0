/* store_outbox - TLS reports that were made, and where each is to be sent, in
 * the store that counts sessions. SQLite; any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_OUTBOX_H
#define COMMON_IO_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/io/store_tlsrpt.h"
#include "common/proto/tlsrpt_record.h"

/* Numbers of both stand in files. */
enum outbox_report {
	OUTBOX_REPORT_DUE,        /* its record is to be looked up */
	OUTBOX_REPORT_PLANNED,    /* it has deliveries */
	OUTBOX_REPORT_WITHDRAWN,  /* there is no record any more */
	OUTBOX_REPORT_EXPIRED,    /* none could be found for a day, or it is old
				   */
	OUTBOX_REPORT_SUPPRESSED, /* it is wanted where nothing is to go */
};
enum outbox_delivery {
	OUTBOX_DUE,
	OUTBOX_SENDING, /* a try has begun, and may have succeeded */
	OUTBOX_RETRY,
	OUTBOX_SENT,
	OUTBOX_FAILED,
	OUTBOX_EXPIRED,
};

/*
 * store_outbox_unmade - next hops of days before that one without a report, by
 * day and name, behind after, which is zeroed at first
 *
 * Gives how many of most there were, -1 with err.
 */
int store_outbox_unmade(struct store_tlsrpt *store, int64_t before,
    const struct tlsrpt_row *after, struct tlsrpt_row *rows, int most,
    struct err *err);

/* A report as it is made. */
struct outbox_made {
	struct tlsrpt_row row; /* day, next hop and sums */
	const char *name;      /* its report-id */
	const void *body;      /* packed */
	size_t size;
	enum outbox_report state; /* DUE, EXPIRED or SUPPRESSED */
	int64_t due;              /* seconds since 1970 */
};

/* store_outbox_make - keep it; one of that day and next hop stays as it is */
int store_outbox_make(struct store_tlsrpt *store,
    const struct outbox_made *made, struct err *err);

/* One that is there. */
struct outbox_item {
	int64_t report;
	struct tlsrpt_row row;
	char name[LIMIT_TLSRPT_ID];
	int64_t delivery; /* of a delivery, with the next two */
	struct tlsrpt_rua rua;
	int64_t first; /* try, seconds since 1970; 0: none yet */
	int tries;
	int64_t due; /* since when */
};

/* store_outbox_due - reports whose record is to be looked up by now: how many,
 * -1 with err */
int store_outbox_due(struct store_tlsrpt *store, int64_t now,
    struct outbox_item *items, int most, struct err *err);

/* store_outbox_settle - what came of that: another state, or DUE again */
int
store_outbox_settle(struct store_tlsrpt *store, const struct outbox_item *item,
    enum outbox_report state, int64_t due, struct err *err);

/*
 * store_outbox_plan - it is to be sent to each rua of the record; one step
 *
 * A rua that max_per_rua reports of that day go to already (an address, or a
 * URL's host) gets none.  Returns how many those are, -1 with err.
 */
int store_outbox_plan(struct store_tlsrpt *store,
    const struct outbox_item *item, const struct tlsrpt_record *record,
    int64_t now, uint64_t max_per_rua, struct err *err);

/* store_outbox_next - deliveries to be tried by now, one of each host, the
 * longest due first: how many, -1 with err */
int store_outbox_next(struct store_tlsrpt *store, enum tlsrpt_scheme scheme,
    int64_t now, struct outbox_item *items, int most, struct err *err);

/*
 * store_outbox_begin - a try begins; store_outbox_end - what came of it: due is
 * for RETRY, said what was answered
 *
 * Whoever dies between both has it tried again: store_outbox_recover, once when
 * nobody sends yet.
 */
int store_outbox_begin(
    struct store_tlsrpt *store, int64_t delivery, int64_t now, struct err *err);
int store_outbox_end(struct store_tlsrpt *store, int64_t delivery,
    enum outbox_delivery state, int64_t due, const char *said, struct err *err);
int store_outbox_recover(struct store_tlsrpt *store, struct err *err);

/* store_outbox_body - what was made, for free(), and its size; NULL with err,
 * DATA where there is none.  store_outbox_find - that of a day and next hop */
void *store_outbox_body(
    struct store_tlsrpt *store, int64_t report, size_t *size, struct err *err);
void *store_outbox_find(struct store_tlsrpt *store, int64_t day,
    const char *domain, size_t *size, struct err *err);

/* store_outbox_soonest - when the next lookup or delivery by scheme is due, -1
 * for never, also where nobody can say */
int64_t
store_outbox_soonest(struct store_tlsrpt *store, enum tlsrpt_scheme scheme);

/*
 * store_outbox_hurry - what is not sent is due now, as if it had not been
 * tried: of one day or of all (TLSRPT_ALL_DAYS), to one next hop or to all
 * (NULL)
 *
 * again: what was sent is, too.  What is one too many for its rua is not, nor a
 * report that could not be made.
 */
int store_outbox_hurry(struct store_tlsrpt *store, int64_t day,
    const char *domain, int64_t now, bool again, struct err *err);

/* store_outbox_mailed - each address that a try went to by mail since then */
typedef void outbox_mailed(void *arg, const char *address, int64_t tried);
int store_outbox_mailed(struct store_tlsrpt *store, int64_t since,
    outbox_mailed *each, void *arg, struct err *err);

/* store_outbox_own - how many reports were mailed to addresses at domain on a
 * day; -1 with err */
int64_t store_outbox_own(struct store_tlsrpt *store, int64_t day,
    const char *domain, struct err *err);

#endif
