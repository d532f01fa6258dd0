/* made - a store with sessions of a day that is over, what is made of them, and
 * what is told of that. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_MADE_H
#define T_UNIT_MADE_H

#include <stddef.h>
#include <stdint.h>

#include "common/io/store_outbox.h"
#include "milter/tlsrpt/maker.h"

/* A test with a store of its own. */
#define MADE_TEST(name)                  \
	cmocka_unit_test_setup_teardown( \
	    name, open_outbox_store, close_outbox_store)

int open_outbox_store(void **state);
int close_outbox_store(void **state);

extern struct store_tlsrpt *maker_store;
extern char maker_db[80]; /* its path */
extern int64_t yesterday;

/* A line of each event since it was opened: action, domain, sums, reason. */
extern char made_log[1024];

/* new_tally - sessions to domain; policy tells policies of one domain apart,
 * body is taken; add_tallies, add_tally - count them, and free them */
struct tlsrpt_tally *
new_tally(int64_t day, const char *domain, int policy, char *body);
void add_tallies(struct tlsrpt_tally **tallies, size_t count);
void add_tally(struct tlsrpt_tally *tally);
void add_sums(
    int64_t day, const char *domain, int policy, uint64_t ok, uint64_t bad);

/* make_before - the reports of all days before that one, by these settings;
 * make_all - of those before today */
void make_before(struct maker *maker, int64_t before, const char *more);
void make_all(const char *more);

#endif
