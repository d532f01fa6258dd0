/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/wire.h"

#include "t/unit/tap.h"

static void
octets_come_in_network_order(void **state)
{
	static const uint8_t octets[] = {1, 2, 3, 4, 5};
	struct wire wire;

	(void)state;
	wire_init(&wire, octets, sizeof(octets));
	assert_int_equal(wire_u8(&wire), 1);
	assert_int_equal(wire_u16(&wire), 0x0203);
	assert_ptr_equal(wire_take(&wire, 2), octets + 3);
	assert_int_equal(wire.left, 0);
	assert_false(wire.bad);
}

static void
a_read_past_the_end_is_remembered(void **state)
{
	static const uint8_t octets[] = {1, 2, 3};
	struct wire wire;

	(void)state;
	wire_init(&wire, octets, sizeof(octets));
	assert_null(wire_take(&wire, 4));
	assert_true(wire.bad);
	assert_int_equal(wire_u8(&wire), 0);
	assert_int_equal(wire_u16(&wire), 0);
	assert_null(wire_take(&wire, 0));
	assert_true(wire.bad);
}

int
main(void)
{
	const struct CMUnitTest wire[] = {
	    cmocka_unit_test(octets_come_in_network_order),
	    cmocka_unit_test(a_read_past_the_end_is_remembered),
	};

	return RUN_TESTS(wire);
}
