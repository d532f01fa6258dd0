/* tap - what every unit test includes: cmocka, and its group as TAP. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For rows of a table: which of them it was that failed. */
#define ROW(id, condition)                                    \
	do {                                                  \
		if (!(condition))                             \
			fail_msg("%s: %s", (id), #condition); \
	} while (0)

/* ROW_TEXT - the same for two texts, both shown */
#define ROW_TEXT(id, got, wanted)                                           \
	do {                                                                \
		if (strcmp((got), (wanted)) != 0)                           \
			fail_msg("%s: got \"%s\", not \"%s\"", (id), (got), \
			    (wanted));                                      \
	} while (0)

/* RUN_TESTS - the body of main; RUN_TESTS_WITH - between setup and teardown */
#define RUN_TESTS(tests) RUN_TESTS_WITH(tests, NULL, NULL)
#define RUN_TESTS_WITH(tests, setup, teardown)     \
	(cmocka_set_message_output(CM_OUTPUT_TAP), \
	    cmocka_run_group_tests_name(#tests, tests, setup, teardown))

#endif
