/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nexthop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"
#include "t/fuzz/fuzz.h"

static bool
is_address(const char *host)
{
	unsigned char octets[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, octets) == 1 ||
	       inet_pton(AF_INET6, host, octets) == 1;
}

static bool
same_hop(const struct nexthop *a, const struct nexthop *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port &&
	       a->mx_lookup == b->mx_lookup && a->literal == b->literal;
}

/* What is printed is a key: it stands for this next hop and no other. */
static void
check_key(const struct nexthop *hop)
{
	char key[NEXTHOP_TEXT_SIZE];
	struct nexthop back[LIMIT_NEXTHOPS];

	nexthop_print(hop, key);
	assert(nexthop_parse(key, 25, back, NULL) == 1);
	assert(same_hop(hop, &back[0]));
}

static void
check_hop(const struct nexthop *hop)
{
	assert(hop->port != 0);
	assert(is_address(hop->host) == hop->literal);
	assert(!hop->literal || !hop->mx_lookup);
	if (!hop->literal)
		fuzz_check_domain(hop->host);
	check_key(hop);
}

/* The list as printed is that list again. */
static void
check_list(const struct nexthop *hops, int count)
{
	char list[LIMIT_NEXTHOPS * (NEXTHOP_TEXT_SIZE + 2)];
	char key[NEXTHOP_TEXT_SIZE];
	struct nexthop back[LIMIT_NEXTHOPS];
	struct text text;

	text_init(&text, list, sizeof(list));
	for (int i = 0; i < count; i++) {
		nexthop_print(&hops[i], key);
		text_addf(&text, "%s%s", i > 0 ? ", " : "", key);
	}
	assert(nexthop_parse(list, 25, back, NULL) == count);
	for (int i = 0; i < count; i++)
		assert(same_hop(&hops[i], &back[i]));
}

/* The default port stands where no other does. */
static void
check_default_port(const char *text, const struct nexthop *hops, int count)
{
	struct nexthop other[LIMIT_NEXTHOPS];

	assert(nexthop_parse(text, 10025, other, NULL) == count);
	for (int i = 0; i < count; i++)
		assert(other[i].port == hops[i].port ||
		       (other[i].port == 10025 && hops[i].port == 25));
}

static void
try_parse(const char *text)
{
	struct nexthop hops[LIMIT_NEXTHOPS];
	struct err err;
	int count;

	fuzz_err_init(&err);
	count = nexthop_parse(text, 25, hops, &err);
	if (count < 0) {
		fuzz_check_refusal(&err);
		assert(!domain_is_literal(text));
		return;
	}
	assert(count >= 1 && count <= LIMIT_NEXTHOPS);
	for (int i = 0; i < count; i++)
		check_hop(&hops[i]);
	check_list(hops, count);
	check_default_port(text, hops, count);
	if (domain_is_literal(text))
		assert(count == 1 && hops[0].literal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	try_parse(text);
	free(text);
	return 0;
}
