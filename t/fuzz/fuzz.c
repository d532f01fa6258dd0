/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);
	size_t length;

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	/* so that the allocation ends where the text does */
	length = strlen(text);
	return xrealloc(text, length + 1, 1);
}

static struct der
take_piece(struct wire *in)
{
	struct der piece = {NULL, wire_u16(in)};

	if (piece.size > in->left)
		piece.size = in->left;
	piece.data = xmemdup(in->at, piece.size);
	wire_take(in, piece.size);
	return piece;
}

struct fuzz_pieces *
fuzz_pieces_new(const uint8_t *data, size_t size, size_t max)
{
	struct fuzz_pieces *pieces = xcalloc(1, sizeof(*pieces));
	struct wire in;

	pieces->items = xcalloc(max, sizeof(pieces->items[0]));
	wire_init(&in, data, size);
	while (in.left >= 2 && pieces->count < max)
		pieces->items[pieces->count++] = take_piece(&in);
	return pieces;
}

void
fuzz_pieces_free(struct fuzz_pieces *pieces)
{
	if (pieces == NULL)
		return;
	for (size_t i = 0; i < pieces->count; i++)
		free((void *)(uintptr_t)pieces->items[i].data);
	free(pieces->items);
	free(pieces);
}

static void
check_labels(const char *name)
{
	while (*name != '\0') {
		size_t length = strcspn(name, ".");

		assert(length >= 1 && length <= 63);
		name += length;
		assert(*name == '\0' || name[1] != '\0');
		name += *name == '.';
	}
}

void
fuzz_check_domain(const char *name)
{
	char again[LIMIT_DOMAIN_SIZE];

	assert(strlen(name) >= 1 && strlen(name) <= LIMIT_DOMAIN);
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
	       strlen(name));
	check_labels(name);
	assert(domain_normalise(name, again, NULL) == 0);
	assert(strcmp(name, again) == 0);
}

void
fuzz_err_init(struct err *err)
{
	err->kind = ERR_LOCAL;
	memset(err->text, '\n', sizeof(err->text));
}

void
fuzz_check_refusal(const struct err *err)
{
	size_t length = strnlen(err->text, sizeof(err->text));

	assert(err->kind == ERR_DATA);
	assert(length > 0 && length < sizeof(err->text));
	for (size_t i = 0; i < length; i++)
		assert(err->text[i] >= ' ' && err->text[i] <= '~');
}
