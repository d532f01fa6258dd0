/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/print.h"

#include <string.h>

#include "common/base/text.h"
#include "t/unit/tap.h"

/* What was said, as a log line has it, and as people are to read it. */
static void
a_detail_is_read_as_it_was_said(void **state)
{
	static const char *const said[] = {
	    "Failed to connect to mta-sts.d.ex port 443: Couldn't connect",
	    "no answer for _mta-sts.d.ex within 5 s",
	    "TLSA records of _25._tcp.mx1.d.ex",
	    "_465._tcp.mx1.d.ex has none",
	    "validation failure [_25._tcp.mx1.d.ex. TLSA IN]",
	    "host name \"mx1.d.ex\", 25 of 26",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(said); i++) {
		char clean[LIMIT_DETAIL_SIZE], plain[LIMIT_DETAIL_SIZE];

		text_clean(clean, sizeof(clean), said[i], strlen(said[i]));
		ROW_TEXT(said[i], cli_plain_detail(clean, plain), said[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest print[] = {
	    cmocka_unit_test(a_detail_is_read_as_it_was_said),
	};

	return RUN_TESTS(print);
}
