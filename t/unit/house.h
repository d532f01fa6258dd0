/* house - a process that knows policies; its policy host and DNS are fakes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_HOUSE_H
#define T_UNIT_HOUSE_H

#include <stdatomic.h>

#include "common/io/https.h"
#include "common/io/store.h"
#include "common/sts/policies.h"
#include "common/sts/policy_refresh.h"

/* What the policy host may have. */
#define ENFORCE "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 86400\n"
#define MODE_NONE "version: STSv1\nmode: none\nmax_age: 86400\n"
#define AT_ONCE "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 0\n"
#define SHORT "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 3500\n"

/* What the policy host and the DNS are to do, and what they were asked. */
extern struct house_host {
	atomic_uint gets;
	_Atomic(const char *) body;      /* NULL: the fetch fails */
	const struct https_reply *reply; /* if body is NULL; NULL: HTTPS_FAILED
					  */
	atomic_bool record;              /* whether _mta-sts announces id 1 */
	atomic_bool silent;              /* as long as this lasts */
	atomic_int given_ms;             /* to the last fetch that began */
	atomic_uint lookups;
	atomic_bool dns_silent; /* as long as this lasts, or to the deadline */
	_Atomic(enum lookup_state) dns_fails; /* so, or with data */
} house_host;

/* How often trouble with the store was told, and its end. */
extern struct house_store_news {
	atomic_int troubles, recoveries;
} house_store_news;

void house_hear_of_trouble(void *arg, const struct err *err);

/* Of all processes. */
extern struct policy_turns house_turns;

/* One process that knows policies: leaves, store and all. */
struct house {
	struct pool *leaves;
	struct store *store; /* a real one */
	struct policies *policies;
	struct policy_refresh *refresh; /* NULL: none */
	struct cache_budget *budget;    /* the test's; NULL: none */
	struct counts *counts;          /* likewise */
	int timeout_ms;                 /* of policies_options; 0: 1 s */
	unsigned patient;               /* likewise */
	struct share *share;            /* likewise */
};

/* What was told of failures: "d.ex FETCH MODE\n" each, by the mode of what is
 * kept, or "-". */
extern char house_failures[256];

/* house_use_fakes - before all tests */
void house_use_fakes(void);

/* house_new_store - no file yet, and a host and news as at first */
extern char house_path[64];
void house_new_store(void);
void house_unlink_store(void);

/* house_move_in - start the process; house_move_out - end it, the file stays */
void house_move_in(struct house *house, bool read_only, bool refresh);
void house_move_in_with(
    struct house *house, bool read_only, bool refresh, unsigned max_queue);
void house_move_out(struct house *house);

/* What a check of a domain is told, with the record's id or NULL: of d.ex, of
 * any, and of d0.ex to as many as told. */
struct sts_facts house_ask(struct house *house, const char *id);
struct sts_facts house_ask_for(
    struct house *house, const char *domain, const char *id, int wait_ms);
void house_ask_for_many(struct house *house, unsigned count, int wait_ms);

#define DAY 86400
#define OK POLICY_NOT_FETCHED
#define ERROR POLICY_FETCH_ERROR

enum { YEARS = 10 * 365 * DAY };

#endif
