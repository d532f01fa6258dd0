/* network - an engine with a network of its own: DNS, mail hosts and policy
 * hosts that are tables, and gates that they wait at. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_NETWORK_H
#define T_FAKE_NETWORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/lock.h"
#include "common/engine/engine.h"
#include "common/proto/der.h"

/*
 * By t/fake/dns and t/fake/https, and in place of common/io/smtp.  A name that
 * is not in the table of network.c does not exist, securely.  What is special
 * about others:
 * - cN.farm.example: at one address, without MX
 * - hostN.own.example: each at an address of its own, N from 0 to 9
 * - mute...: has an answer when the gate is open; deaf...: about TLSA
 * - many.example: NETWORK_MANY hosts in own.example and, as a host, so many
 *   addresses; herd.example has such hosts that are mute
 * - lateda.example: at one address, with a TLSA record that nothing matches
 * - tail.example: many.example, and then mx1.d.example
 * - 198.51.100.1: has no STARTTLS; probes of all others wait at the gate
 *
 * A host that is "late" shakes hands, and has what follows wait; one that is
 * "far" connects first when the gate is open; one that is "stuck" has no
 * deadline.
 */

enum {
	NETWORK_MANY = 20,
	BRIEF_S = 40, /* the TTL of what has "brief" in its name */
	VERDICT_TTL_S = 3600,
	FAIL_TTL_S = 300,
	HURRY_MS = 2000,    /* of the pool */
	AGAIN_AFTER_S = 10, /* of probes */
};

/* What the network was asked, and a gate that probes wait at. */
struct network {
	struct lock lock;
	struct cond changed;
	bool gate_shut;
	bool cut_off;           /* no host can be connected to */
	bool dead;              /* none can but host0.own.example */
	const char *sourceless; /* part of addresses that none can leave for */
	unsigned probes;
	unsigned waiting;        /* probes at the gate */
	bool quit_shut;          /* no session ends */
	unsigned quitting;       /* sessions at that */
	unsigned at_farm;        /* connections to the farm */
	unsigned most;           /* of those, ever */
	unsigned lookups;        /* at the gate */
	unsigned most_lookups;   /* of those, ever */
	char asked[4096];        /* "name type;" of each lookup */
	enum dns_kind gate_kind; /* who was asked for the prefixes of gates */
	char sni[LIMIT_DOMAIN_SIZE];
	struct der chain; /* one certificate, of hosts that are late; or none */
};
extern struct network net;

/* What the resolver's test shows, and a gate that it waits at. */
struct network_resolver {
	bool fails;
	enum err_kind kind;
	bool gate_shut; /* with net.lock */
	bool waiting;   /* with net.lock */
	atomic_uint tests;
};
extern struct network_resolver resolver;

/* What was told of the resolver. */
struct network_told {
	atomic_uint calls;
	atomic_bool validates;
	char why[32];
};
extern struct network_told told;

/* What was told of the way out. */
struct network_reached {
	atomic_uint calls;
	atomic_bool open;
};
extern struct network_reached reached;

/* What differs from the engine of most tests; to be set back. */
struct network_wish {
	int check_timeout_ms;
	size_t max_cache_octets;
	bool allow_private;
	struct dns_options dns_options;
	bool keep_facts;
	enum families families;
	unsigned tried_addresses;
	bool for_mtas;
	struct policy_turns *turns;
	engine_number *number_facts;
	engine_take *take_facts;
	struct share *share;
	struct manners manners;
};
extern struct network_wish wish;

/* network_open - from now on DNS answers from the table; network_let_through -
 * the gate is open now: tell who watches lookups at it */
void network_open(void);
void network_let_through(void);

/* For RUN_TESTS_WITH. */
int network_setup(void **state);
int network_teardown(void **state);

/* network_engine - an engine in an open network that nobody asked anything */
struct engine *network_engine_with(
    unsigned max_checks, unsigned max_queue, struct counts *counts);
struct engine *network_engine(unsigned max_checks, unsigned max_queue);

/* network_set_gate - shut it, or open it; network_set_quit - likewise, the one
 * that sessions wait at before they are closed; network_await - until a count
 * of net is at least so large */
void network_set_gate(bool shut);
void network_set_quit(bool shut);
void network_await(const unsigned *count, unsigned wanted);

/* network_take_places - take all places for lookups that a check's worker has,
 * or so many, by checks that are stuck; network_await_all - the end of each */
enum { NETWORK_PLACES = 4 };
void network_take_places(
    struct engine *engine, struct engine_wait *stuck[], unsigned count);
void network_await_all(struct engine_wait *waits[], size_t count);

/* network_soon - the deadline of what ends in a moment */
int64_t network_soon(void);

/*
 * network_start - check a domain; network_start_at - mail for it to this host,
 * in brackets
 *
 * network_check - check it by rules and at next hops, or NULL, to the end;
 * network_check_by - give what that came to as well; network_reason - why
 */
struct engine_wait *network_start(struct engine *engine, const char *domain);
struct engine_wait *
network_start_at(struct engine *engine, const char *domain, const char *host);
void network_check(struct engine *engine, const char *domain, const char *hop,
    struct rule_list *rules);
struct engine_wait *network_check_by(
    struct engine *engine, const char *domain, struct rule_list *rules);
enum reason network_reason(struct engine *engine, const char *domain);

#endif
