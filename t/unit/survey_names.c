/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/names.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static const struct {
	const char *id, *line, *domain; /* NULL: bad; "": blank */
	int64_t weight, rank;
} rows[] = {
    {"V01", "Example.COM.", "example.com", 1, 0},
    {"V01", "user@example.com", "example.com", 1, 0},
    {"V01", "example.com 3", "example.com", 3, 0},
    {"V02", "12,example.org", "example.org", 1, 12},
    {"V02", "example.org,12", "example.org", 12, 0},
    {"V02", "example.org 12", "example.org", 12, 0},
    {"V02", "example.org\t12\r", "example.org", 12, 0},
    {"V03 BOM",
	"\xef\xbb\xbf"
	"example.org\r",
	"example.org", 1, 0},
    {"V03 comment", "# example.org", "", 0, 0},
    {"V03 comment", "example.org 2 # one", "example.org", 2, 0},
    {"V03 blank", " \t\r", "", 0, 0},
    {"V03 U-label", "m\xc3\xbcller.example", "xn--mller-kva.example", 1, 0},
    {"V03", "-x.example", NULL, 0, 0},
    {"V03", "x.-y.example", NULL, 0, 0},
    {"V03", "x-.example", NULL, 0, 0},
    {"V03", "[192.0.2.1]", NULL, 0, 0},
    {"weight", "example.org 0", NULL, 0, 0},
    {"weight", "example.org 1000000000", "example.org", 1000000000, 0},
    {"weight", "example.org 1000000001", NULL, 0, 0},
    {"weight", "example.org many", NULL, 0, 0},
    {"two names", "example.org example.com", NULL, 0, 0},
    {"rank alone", "12,", NULL, 0, 0},
    {"V06", "a b\"@x.example", NULL, 0, 0},
};

static void
lines_are_names_with_weights(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct named named;
		enum names_line read =
		    names_read(rows[i].line, strlen(rows[i].line), &named);

		if (rows[i].domain == NULL) {
			ROW(rows[i].line, read == NAMES_BAD);
			continue;
		}
		if (rows[i].domain[0] == '\0') {
			ROW(rows[i].line, read == NAMES_BLANK);
			continue;
		}
		ROW(rows[i].line, read == NAMES_DOMAIN);
		ROW_TEXT(rows[i].line, named.domain, rows[i].domain);
		ROW(rows[i].line, named.weight == rows[i].weight);
		ROW(rows[i].line, named.rank == rows[i].rank);
	}
}

/* V03: LIMIT_SURVEY_LINE, LIMIT_SURVEY_WEIGHT is above */
static void
long_lines_and_nul_are_bad(void **state)
{
	char *line = xmalloc(LIMIT_SURVEY_LINE + 1);
	struct named named;

	(void)state;
	memset(line, ' ', LIMIT_SURVEY_LINE + 1);
	memcpy(line, "a.example", 9);
	assert_int_equal(
	    names_read(line, LIMIT_SURVEY_LINE, &named), NAMES_DOMAIN);
	assert_int_equal(
	    names_read(line, LIMIT_SURVEY_LINE + 1, &named), NAMES_BAD);
	free(line);
	assert_int_equal(names_read("a\0.example", 10, &named), NAMES_BAD);
}

int
main(void)
{
	const struct CMUnitTest names[] = {
	    cmocka_unit_test(lines_are_names_with_weights),
	    cmocka_unit_test(long_lines_and_nul_are_bad),
	};

	return RUN_TESTS(names);
}
