/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/postfix_list.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

enum { MILTERS_MAX = 64 };

/* Up to MILTERS_MAX of a list that is not broken. */
static int
split_list(const char *list, struct postfix_milter milters[])
{
	int count = 0;

	while (count < MILTERS_MAX &&
	       postfix_list_next(&list, &milters[count]) == POSTFIX_LIST_MILTER)
		count++;
	return count;
}

static bool
is_same(const struct postfix_word *a, const struct postfix_word *b)
{
	return a->length == b->length &&
	       memcmp(a->text, b->text, a->length) == 0;
}

/* All but one are as they were. */
static void
check_kept(const struct postfix_milter *before, int count, const char *list,
    int changed)
{
	struct postfix_milter after[MILTERS_MAX];

	assert(split_list(list, after) == count);
	for (int i = 0; i < count; i++)
		if (i != changed)
			assert(is_same(&before[i].whole, &after[i].whole));
}

static void
check_set(const char *list, const struct postfix_milter *milters, int count,
    int index)
{
	char *set =
	    postfix_list_set(list, &milters[index], "command_timeout", "77s");
	struct postfix_milter after[MILTERS_MAX];
	struct postfix_word value;

	if (set == NULL)
		return;
	check_kept(milters, count, set, index);
	assert(split_list(set, after) == count);
	assert(is_same(&milters[index].address, &after[index].address));
	if (postfix_list_attribute(&after[index], "command_timeout", &value) ==
	    POSTFIX_ATTRIBUTE_SET)
		assert(postfix_word_is(&value, "77s"));
	free(set);
}

/* The same milters, with the same settings. */
static void
check_dense(const char *list, const struct postfix_milter *milters, int count)
{
	char *dense = postfix_list_dense(list);
	struct postfix_milter after[MILTERS_MAX];
	char *again;

	if (dense == NULL)
		return;
	assert(strpbrk(dense, " \t\r\n") == NULL);
	assert(split_list(dense, after) == count);
	for (int i = 0; i < count; i++)
		assert(is_same(&milters[i].address, &after[i].address));
	again = postfix_list_dense(dense);
	assert(again != NULL && strcmp(again, dense) == 0);
	free(again);
	free(dense);
}

static void
try_list(const char *list)
{
	struct postfix_milter milters[MILTERS_MAX];
	int total = postfix_list_count(list);
	int count = split_list(list, milters);
	char *moved, *more;

	if (total < 0 || total >= MILTERS_MAX)
		return;
	assert(count == total);
	more = postfix_list_add(list, "{ unix:/added, protocol=6 }");
	assert(postfix_list_count(more) == count + 1);
	free(more);
	check_dense(list, milters, count);
	for (int i = 0; i < count; i++) {
		check_set(list, milters, count, i);
		moved = postfix_list_move(list, &milters[i], "unix:/moved");
		check_kept(milters, count, moved, i);
		free(moved);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct postfix_word word = {text, strlen(text)};

	try_list(text);
	assert(postfix_time_ms(&word) != 0);
	free(text);
	return 0;
}
