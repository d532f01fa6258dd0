/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/proto/sts_policy.h"
#include "t/fuzz/fuzz.h"

/* The media type is what stands in front of the first ";". */
static bool
is_plain(const char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strcspn(text, ";");
	while (
	    length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	return length == 10 && strncasecmp(text, "text/plain", 10) == 0;
}

/* Parameters, blanks and case make no difference. */
static void
check_spellings(const char *text, bool plain)
{
	static const char behind[] = " \t; charset=\"utf-8";
	size_t size = strlen(text) + sizeof(behind) + 1;
	char *other = xmalloc(size);

	snprintf(other, size, "\t%s", text);
	assert(sts_media_type(other) == plain);
	for (char *c = other; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	assert(sts_media_type(other) == plain);
	snprintf(other, size, "%s%s", text, behind);
	assert(sts_media_type(other) == plain);
	free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	bool plain = sts_media_type(text);

	assert(!sts_media_type(NULL));
	assert(plain == is_plain(text));
	check_spellings(text, plain);
	free(text);
	return 0;
}
