/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/public_suffix.h"

#include <string.h>

#include "t/unit/tap.h"

static void
a_site_is_what_somebody_registered(void **state)
{
	static const struct {
		const char *name, *site;
	} rows[] = {
	    {"mx1.mail.example.com", "example.com"},
	    {"example.com", "example.com"},
	    {"mx.example.co.uk", "example.co.uk"},
	    {"co.uk", "co.uk"},
	    {"uk", "uk"},
	    /* not by what companies add for their customers */
	    {"me.github.io", "github.io"},
	    /* of a TLD that is on no list */
	    {"mx1.d.survey.nosuchtld", "survey.nosuchtld"},
	    {"", ""},
	};

	(void)state;
	assert_true(public_suffix_is_known());
	for (size_t i = 0; i < COUNT(rows); i++) {
		char site[LIMIT_DOMAIN_SIZE];

		public_suffix_site(rows[i].name, site);
		ROW_TEXT(rows[i].name, site, rows[i].site);
	}
}

int
main(void)
{
	const struct CMUnitTest public_suffix[] = {
	    cmocka_unit_test(a_site_is_what_somebody_registered),
	};

	return RUN_TESTS(public_suffix);
}
