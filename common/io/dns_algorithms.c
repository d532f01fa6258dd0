/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_algorithms.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "common/base/text.h"
#include "common/io/unbound_context.h"

/*
 * What libunbound can validate depends on the library of ciphers that it was
 * built with, and it has no call that tells.  But it tells in its log of each
 * trust anchor that is a DS record of an algorithm or digest that it lacks: so
 * it is given one of each, below a name that says which, and its log is read.
 * What it says of a digest that cannot be shows that it still tells.
 */

enum {
	NUMBERS = 256,
	RSASHA256 = 8,
	SHA256 = 2,
	DIGEST_MAX = 48,
	NO_DIGEST = 255, /* not assigned */

	/* Of a DS record (RFC 4034 section 5.1) */
	AT_ALGORITHM = 2,
	AT_DIGEST = 3,
};

static struct {
	pthread_once_t once;
	bool algorithm[NUMBERS], digest[NUMBERS]; /* what is lacking */
} lacks = {.once = PTHREAD_ONCE_INIT};

/* RFC 8624 section 3.1: to be validated. */
static const struct {
	unsigned number;
	const char *name;
} in_use[] = {
    {5, "RSASHA1"},
    {7, "RSASHA1-NSEC3-SHA1"},
    {8, "RSASHA256"},
    {10, "RSASHA512"},
    {13, "ECDSAP256SHA256"},
    {14, "ECDSAP384SHA384"},
    {15, "ED25519"},
    {16, "ED448"},
};

enum { IN_USE = sizeof(in_use) / sizeof(in_use[0]) };

static size_t
digest_size(unsigned digest)
{
	switch (digest) {
	case 1:
		return 20;
	case 4:
		return DIGEST_MAX;
	default:
		return 32;
	}
}

/* A trust anchor whose name is a letter and a number. */
static void
add_anchor(struct ub_ctx *ub, char letter, unsigned algorithm, unsigned digest)
{
	char text[64 + 2 * DIGEST_MAX];
	unsigned number = letter == 'a' ? algorithm : digest;
	int used = snprintf(text, sizeof(text), "%c%u.invalid. IN DS 1 %u %u ",
	    letter, number, algorithm, digest);

	for (size_t i = 0; i < digest_size(digest); i++)
		used +=
		    snprintf(text + used, sizeof(text) - (size_t)used, "00");
	ub_ctx_add_ta(ub, text);
}

static bool
is_told(const char *log, char letter, unsigned number)
{
	char words[64];

	snprintf(words, sizeof(words),
	    "trust anchor %c%u.invalid. has no supported algorithms", letter,
	    number);
	return strstr(log, words) != NULL;
}

static void
read_log(const char *log)
{
	if (!is_told(log, 'd', NO_DIGEST) || is_told(log, 'a', RSASHA256))
		return; /* another library, with other words */
	for (unsigned i = 1; i < NUMBERS; i++) {
		lacks.algorithm[i] = is_told(log, 'a', i);
		lacks.digest[i] = is_told(log, 'd', i);
	}
}

static void
ask_library(struct ub_ctx *ub, FILE *log)
{
	ub_ctx_debugout(ub, log);
	for (unsigned i = 1; i < NUMBERS; i++) {
		add_anchor(ub, 'a', i, SHA256);
		add_anchor(ub, 'd', RSASHA256, i);
	}
	unbound_context_ready(ub);
	ub_ctx_debugout(ub, NULL);
}

static void
learn_all(void)
{
	char *text = NULL;
	size_t size;
	FILE *log = open_memstream(&text, &size);
	struct ub_ctx *ub = unbound_context_new();

	if (log != NULL && ub != NULL)
		ask_library(ub, log);
	unbound_context_free(ub);
	if (log != NULL && fclose(log) == 0)
		read_log(text);
	free(text);
}

void
dns_algorithms_learn(void)
{
	pthread_once(&lacks.once, learn_all);
}

bool
dns_algorithms_lack(
    const struct dns_rdata *records, size_t count, unsigned *algorithm)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *data = records[i].data;

		if (!lacks.algorithm[data[AT_ALGORITHM]] &&
		    !lacks.digest[data[AT_DIGEST]])
			return false;
	}
	if (count > 0)
		*algorithm = records[0].data[AT_ALGORITHM];
	return count > 0;
}

void
dns_algorithms_list(char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; i < IN_USE; i++)
		if (lacks.algorithm[in_use[i].number])
			text_addf(&text, "%s%s", text.len == 0 ? "" : ", ",
			    in_use[i].name);
}

void
dns_algorithms_print(unsigned algorithm, char out[DNS_ALGORITHM_SIZE])
{
	snprintf(out, DNS_ALGORITHM_SIZE, "%u", algorithm);
	for (size_t i = 0; i < IN_USE; i++)
		if (in_use[i].number == algorithm)
			text_copy(out, DNS_ALGORITHM_SIZE, in_use[i].name);
}
