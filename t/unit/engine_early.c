/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <string.h>

#include "t/fake/network.h"
#include "t/unit/tap.h"

/* TLSA records that are asked for beside the addresses. */

static void
same_in_row(const char *id, int got, int wanted)
{
	if (got != wanted)
		fail_msg("%s: got %d, not %d", id, got, wanted);
}

static bool
is_asked(const char *lookup)
{
	bool found;

	lock_take(&net.lock);
	found = strstr(net.asked, lookup) != NULL;
	lock_drop(&net.lock);
	return found;
}

/* The addresses of all these hosts are there when the gate is open. */
static void
a_host_that_seems_signed_is_asked_for_tlsa_early(void **state)
{
	static const struct {
		const char *domain, *lookup;
		bool early;
	} rows[] = {
	    {"early.example", "_25._tcp.mute.early.example 52;", true},
	    /* in another zone, two labels below, under an insecure MX */
	    {"apart.example", "_25._tcp.mute.early.example 52;", false},
	    {"deep.example", "_25._tcp.mute.x.deep.example 52;", false},
	    {"half-early.example", "_25._tcp.mute.half-early.example 52;",
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;

		network_set_gate(true);
		wait = network_start(engine, rows[i].domain);
		network_await(&net.lookups, 2);
		same_in_row(
		    rows[i].domain, is_asked(rows[i].lookup), rows[i].early);
		network_set_gate(false);
		assert_non_null(engine_await(wait, network_soon()));
		same_in_row(rows[i].domain, is_asked(rows[i].lookup), true);
	}
}

/* RFC 7672 sections 2.1.2 and 2.2.2: D57, and a host whose lookup failed. */
static void
what_was_asked_early_for_nothing_is_no_fact(void **state)
{
	static const struct {
		const char *id, *domain;
		enum reason reason;
	} rows[] = {
	    /* insecure addresses, where TLSA fails; where it never comes */
	    {"D57", "cut.example", REASON_NO_POLICY},
	    {"D57", "deaf.example", REASON_NO_POLICY},
	    {"D69", "nomx-cut.example", REASON_NO_POLICY},
	    /* TLSA that would match nothing, where no address can be had */
	    {"D60", "lost.example", REASON_DNS_SERVFAIL},
	    {"D59", "bare-early.example", REASON_NO_ADDRESS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct check *check;

		network_set_gate(true);
		wait = network_start(engine, rows[i].domain);
		check = engine_await(wait, network_soon());
		network_set_gate(false);
		assert_non_null(check);
		same_in_row(rows[i].domain, is_asked(" 52;"), true);
		same_in_row(rows[i].domain, check->facts->hosts[0].tlsa.state,
		    LOOKUP_NOT_ASKED);
		ROW_TEXT(rows[i].id, reason_text(check->verdict->reason),
		    reason_text(rows[i].reason));
	}
}

/* D77 to D79: the end of an alias goes first, and often is the last. */
static void
an_alias_has_its_turn_before_what_was_asked_early(void **state)
{
	static const struct {
		const char *id, *domain, *base;
		enum lookup_state tlsa;
	} rows[] = {
	    {"D78", "end-fails.example", "", LOOKUP_SERVFAIL},
	    {"D79", "end-unusable.example", "u.example", LOOKUP_DATA},
	    {"D76", "end-without.example", "mx.end-without.example",
		LOOKUP_DATA},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct check *check;

		wait = network_start(engine, rows[i].domain);
		check = engine_await(wait, network_soon());
		assert_non_null(check);
		ROW_TEXT(rows[i].id, check->facts->hosts[0].base_domain,
		    rows[i].base);
		same_in_row(rows[i].id, check->facts->hosts[0].tlsa.state,
		    rows[i].tlsa);
	}
}

int
main(void)
{
	const struct CMUnitTest engine_early[] = {
	    cmocka_unit_test(a_host_that_seems_signed_is_asked_for_tlsa_early),
	    cmocka_unit_test(what_was_asked_early_for_nothing_is_no_fact),
	    cmocka_unit_test(an_alias_has_its_turn_before_what_was_asked_early),
	};

	return RUN_TESTS_WITH(engine_early, network_setup, network_teardown);
}
