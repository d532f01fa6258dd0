/* book - sessions of the days that are counted: what is new in memory, the rest
 * in a store. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_BOOK_H
#define MILTER_TLSRPT_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/store_tlsrpt.h"

struct book;

/*
 * book_new - count into the database at path, which is opened at the first
 * book_flush, and again whenever that fails
 *
 * max_domains: next hops of a day that are kept.
 */
void book_free(struct book *book); /* what is new is lost */
struct book *book_new(const char *path, uint64_t max_domains) OWNED(book_free);
AUTO_DEFINE(book);

/* What may be said of a datagram that is no session. */
enum book_event {
	BOOK_RECEIVED,
	BOOK_DROPPED,
	BOOK_NO_RUA,
	BOOK_FOREIGN,
};
void book_count(
    struct book *book, int64_t day, enum book_event event, uint64_t count);

/*
 * book_add - one session, of its source; false when it is not counted, since
 * LIMIT_TLSRPT_UNSAVED octets wait for a store that cannot be written
 */
bool book_add(struct book *book, int64_t day, enum tlsrpt_source source,
    const struct tlsrpt_session *session);

/*
 * book_flush - write what is new: 0, or -1 with err, and all of it stays
 *
 * *left_out: sessions of next hops beyond max_domains.  *renamed: a damaged
 * store was put aside.  One thread at a time.
 */
struct book_flushed {
	uint64_t left_out;
	bool renamed;
};
int
book_flush(struct book *book, struct book_flushed *flushed, struct err *err);

/* book_store - what is written, or NULL while it cannot be opened; borrowed */
struct store_tlsrpt *book_store(struct book *book);

#endif
