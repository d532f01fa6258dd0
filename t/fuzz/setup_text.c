/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_text.h"

#include <assert.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/fuzz/fuzz.h"

/* What is told of two texts is both of them. */
struct rebuilt {
	char *before, *after;
	size_t before_size, after_size;
};

static void
add_line(char *text, size_t *size, const char *line, size_t length)
{
	memcpy(text + *size, line, length);
	*size += length;
	text[(*size)++] = '\n';
}

static void
rebuild(void *arg, char sign, const char *line, size_t length)
{
	struct rebuilt *rebuilt = arg;

	assert(sign == ' ' || sign == '-' || sign == '+');
	if (sign != '+')
		add_line(rebuilt->before, &rebuilt->before_size, line, length);
	if (sign != '-')
		add_line(rebuilt->after, &rebuilt->after_size, line, length);
}

/* A last line may lack its end. */
static void
check_rebuilt(const char *text, const char *made, size_t size)
{
	size_t length = strlen(text);

	assert(size == length ||
	       (size == length + 1 && length > 0 && text[length - 1] != '\n'));
	assert(memcmp(text, made, length) == 0);
}

static void
try_diff(const char *before, const char *after)
{
	size_t size = strlen(before) + strlen(after) + 2;
	struct rebuilt rebuilt = {
	    .before = xmalloc(size), .after = xmalloc(size)};

	setup_diff(before, after, rebuild, &rebuilt);
	check_rebuilt(before, rebuilt.before, rebuilt.before_size);
	check_rebuilt(after, rebuilt.after, rebuilt.after_size);
	free(rebuilt.before);
	free(rebuilt.after);
}

/* All that stood there stands there, but for the line that is replaced. */
static void
try_conf(const char *text)
{
	char *set = setup_conf_set(text, "Socket", "unix:/a");
	char *again = setup_conf_set(set, "Socket", "unix:/a");
	char *without = setup_conf_set(text, "Socket", NULL);

	assert(setup_conf_has(set, "Socket"));
	assert(strcmp(set, again) == 0);
	assert(strlen(without) <= strlen(text));
	if (!setup_conf_has(text, "Socket")) {
		assert(strcmp(without, text) == 0);
		assert(
		    strlen(set) - strlen(text) <= strlen("\nSocket unix:/a\n"));
	}
	free(set);
	free(again);
	free(without);
}

static void
try_mc(const char *text)
{
	char *made = setup_mc_insert(text, "NEW\n");
	const char *at;

	if (made == NULL)
		return;
	at = strstr(made, "NEW\n");
	assert(at != NULL && strlen(made) == strlen(text) + 4);
	free(made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *a = fuzz_string(data, size);
	size_t used = strlen(a) < size ? strlen(a) + 1 : size;
	char *b = fuzz_string(data + used, size - used);

	try_conf(a);
	try_mc(a);
	try_diff(a, b);
	assert(setup_cf_same(a, a));
	assert(setup_cf_same(a, b) == setup_cf_same(b, a));
	assert(!setup_cf_adds(a, a, "postern"));
	if (setup_cf_adds(a, b, "postern"))
		assert(!setup_cf_same(a, b));
	(void)setup_unit_has(a, "Before", "x.service");
	if (setup_unit_may_write(a, "/q/postern"))
		assert(setup_unit_may_write(a, "/q/postern/below"));
	free(a);
	free(b);
	return 0;
}
