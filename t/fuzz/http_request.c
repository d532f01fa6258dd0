/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/http_request.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of just that size, so that a read past its end is seen */
	char *text = malloc(size + (size == 0));
	struct http_request out;
	size_t whole;

	assert(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	whole = http_request_size(text, size);
	assert(whole <= size);
	for (size_t part = 0; part < whole; part += 1 + part / 8)
		assert(http_request_size(text, part) == 0);
	if (whole > 0)
		assert(text[whole - 1] == '\n');
	http_request_parse(text, whole > 0 ? whole : size, &out);
	if (out.answer >= HTTP_NO_SUCH_PAGE)
		assert(strncmp(text, out.head_only ? "HEAD /" : "GET ",
			   out.head_only ? 5 : 4) == 0);
	free(text);
	return 0;
}
