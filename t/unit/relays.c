/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/relays.h"

#include <stdio.h>

#include "t/unit/tap.h"

static struct relays relays;

static void
each_is_known_once(void **state)
{
	(void)state;
	relays_init(&relays);
	assert_false(relays_has(&relays, "relay.example"));
	relays_add(&relays, "relay.example");
	relays_add(&relays, "relay.example");
	assert_true(relays_has(&relays, "relay.example"));
	assert_false(relays_has(&relays, "elay.example"));
	assert_int_equal(relays.count, 1);
	relays_fini(&relays);
}

static void
the_oldest_are_forgotten(void **state)
{
	char name[32];

	(void)state;
	relays_init(&relays);
	for (int i = 0; i <= LIMIT_TLSRPT_RELAYS; i++) {
		snprintf(name, sizeof(name), "r%d.example", i);
		relays_add(&relays, name);
	}
	assert_false(relays_has(&relays, "r0.example"));
	assert_true(relays_has(&relays, "r1.example"));
	assert_true(relays_has(&relays, name));
	relays_fini(&relays);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
	    cmocka_unit_test(each_is_known_once),
	    cmocka_unit_test(the_oldest_are_forgotten),
	};

	return RUN_TESTS(all);
}
