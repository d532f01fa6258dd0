/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/base64.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

/* RFC 4648 section 10 */
static void
octets_become_the_text_of_the_rfc_and_back(void **state)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xfb\xff\xbf", "+/+/"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i][0]), size = 99;
		uint8_t *octets = base64_decode(rows[i][1], &size);
		char *text = base64_encode((const uint8_t *)rows[i][0], length);

		ROW_TEXT(rows[i][1], text, rows[i][1]);
		ROW(rows[i][1], octets != NULL && size == length);
		ROW(rows[i][1], memcmp(octets, rows[i][0], length) == 0);
		free(octets);
		free(text);
	}
}

static void
there_is_one_spelling(void **state)
{
	static const char *const rows[] = {"Z", "Zg",
	    "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm 9v", "Zm9v\n",
	    "Z===", "====", "=Zm9", "Zg==Zg==", "Zm9-", "Zm9_",
	    "Zm9v=", "\xc3\xa4oo"};
	size_t size;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i], base64_decode(rows[i], &size) == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(octets_become_the_text_of_the_rfc_and_back),
	    cmocka_unit_test(there_is_one_spelling),
	};

	return RUN_TESTS(tests);
}
