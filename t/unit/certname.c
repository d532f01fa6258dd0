/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/certname.h"

#include <string.h>

#include "t/unit/tap.h"

static void
a_name_covers_what_the_rfc_says(void **state)
{
	static const struct {
		const char *id, *presented, *name;
		bool match;
	} rows[] = {
	    {"same", "mx1.d.example", "mx1.d.example", true},
	    {"M48", "MX1.D.Example", "mx1.d.example", true},
	    {"final dot", "mx1.d.example.", "mx1.d.example", false},
	    {"D16", "other.example", "mx1.d.example", false},
	    {"D17", "*.d.example", "mx1.d.example", true},
	    {"D17 case", "*.D.Example", "mx1.d.example", true},
	    {"D17 final dot", "*.d.example.", "mx1.d.example", false},
	    {"D18", "*.d.example", "a.b.d.example", false},
	    {"parent", "*.d.example", "d.example", false},
	    {"D19 front", "mx*.d.example", "mx1.d.example", false},
	    {"D19 back", "*1.d.example", "mx1.d.example", false},
	    {"middle", "m*1.d.example", "mx1.d.example", false},
	    {"second label", "mx1.*.example", "mx1.d.example", false},
	    {"two wildcards", "*.*.example", "mx1.d.example", false},
	    {"bare star", "*", "mx1", false},
	    {"star dot", "*.", "mx1.d.example", false},
	    {"star dot dot", "*..", "mx1.d.example", false},
	    {"top-level", "*.example", "d.example", false},
	    {"suffix only", "d.example", "mx1.d.example", false},
	    {"dot suffix", ".d.example", "mx1.d.example", false},
	    {"longer", "mx1.d.example.evil.example", "mx1.d.example", false},
	    {"empty", "", "mx1.d.example", false},
	    {"dot", ".", "mx1.d.example", false},
	    {"a letter", "a", "a", true},
	    {"no dot", "*.d", "mx1", false},
	    {"both empty", "", "", false},
	    {"A-label", "XN--mller-kva.example", "xn--mller-kva.example", true},
	    {"wildcard over A-label", "*.d.example", "xn--mller-kva.d.example",
		true},
	    {"below", "mx1.d.example", ".d.example", true},
	    {"far below", "a.B.D.Example", ".d.example", true},
	    {"below, final dot", "mx1.d.example.", ".d.example", false},
	    {"below, by a wildcard", "*.d.example", ".d.example", true},
	    {"below, the parent itself", "d.example", ".d.example", false},
	    {"below, only the dot", ".d.example", ".d.example", false},
	    {"below, another label's end", "mx1.bad.example", ".d.example",
		false},
	    {"U-label", "m\u00fcller.example", "xn--mller-kva.example", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].id, certname_match(rows[i].presented,
				    rows[i].name) == rows[i].match);
}

int
main(void)
{
	static const struct CMUnitTest certname[] = {
	    cmocka_unit_test(a_name_covers_what_the_rfc_says),
	};

	return RUN_TESTS(certname);
}
