/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/own_mail.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "t/unit/tap.h"

enum { NOW = 1795910400 };

/* X01 */
static void
an_address_counts_for_a_day(void **state)
{
	char longest[LIMIT_TLSRPT_URI + 10];

	(void)state;
	own_mail_add("r@d.ex", NOW);
	assert_true(own_mail_goes_to("r@d.ex", NOW));
	assert_true(own_mail_goes_to("<R@D.EX>", NOW + CLOCK_DAY_S - 1));
	assert_false(own_mail_goes_to("r@d.ex", NOW + CLOCK_DAY_S));
	assert_false(own_mail_goes_to("s@d.ex", NOW));
	assert_false(own_mail_goes_to("", NOW));
	assert_false(own_mail_goes_to("<", NOW));
	own_mail_add("r@d.ex", NOW + 100);
	own_mail_add("r@d.ex", NOW + 50);
	assert_true(own_mail_goes_to("r@d.ex", NOW + 99 + CLOCK_DAY_S));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(own_mail_goes_to(longest, NOW));
	own_mail_forget();
	assert_false(own_mail_goes_to("r@d.ex", NOW));
}

static void
add_numbered(int number, int64_t at)
{
	char address[32];

	snprintf(address, sizeof(address), "r%d@d.ex", number);
	own_mail_add(address, at);
}

static void
there_is_an_end_to_them(void **state)
{
	(void)state;
	for (int i = 0; i <= LIMIT_OWN_MAIL; i++)
		add_numbered(i, NOW);
	assert_true(own_mail_goes_to("r0@d.ex", NOW));
	assert_false(own_mail_goes_to("r40000@d.ex", NOW));
	own_mail_forget();
}

/* X01: those of days ago take no room, however long the service runs */
static void
what_is_over_makes_room(void **state)
{
	(void)state;
	for (int i = 0; i < LIMIT_OWN_MAIL; i++)
		add_numbered(i, NOW + i % 2 * 100);
	own_mail_add("new@d.ex", NOW + CLOCK_DAY_S - 1);
	assert_false(own_mail_goes_to("new@d.ex", NOW + CLOCK_DAY_S - 1));
	own_mail_add("new@d.ex", NOW + CLOCK_DAY_S);
	assert_true(own_mail_goes_to("new@d.ex", NOW + CLOCK_DAY_S));
	assert_true(own_mail_goes_to("r1@d.ex", NOW + CLOCK_DAY_S));
	assert_false(own_mail_goes_to("r0@d.ex", NOW));
	for (int i = 1; i < LIMIT_OWN_MAIL / 2; i++)
		add_numbered(-i, NOW + CLOCK_DAY_S);
	own_mail_add("more@d.ex", NOW + CLOCK_DAY_S);
	assert_false(own_mail_goes_to("more@d.ex", NOW + CLOCK_DAY_S));
	own_mail_add("more@d.ex", NOW + CLOCK_DAY_S + 100);
	assert_true(own_mail_goes_to("more@d.ex", NOW + CLOCK_DAY_S + 100));
	own_mail_forget();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_counts_for_a_day),
	    cmocka_unit_test(there_is_an_end_to_them),
	    cmocka_unit_test(what_is_over_makes_room),
	};

	return RUN_TESTS(tests);
}
