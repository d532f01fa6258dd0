/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/exclude.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"

enum {
	KEY_SIZE = LIMIT_DOMAIN_SIZE + 2,
	OCTET_BITS = 8,
	MAPPED_BITS = 96,
};

/* What a name stands for: the first letter of its key. */
enum { KEY_NAME = '=', KEY_BELOW = '.', KEY_HOST = 'm' };

struct network {
	struct address address;
	unsigned bits;
};

struct exclude {
	size_t key_count, network_count;
	char **keys; /* sorted */
	struct network *networks;
};

static const char byte_order_mark[] = "\xef\xbb\xbf";

static int
compare_exclusions(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_exclusion(struct exclude *exclude, char kind, const char *name)
{
	char domain[LIMIT_DOMAIN_SIZE], key[KEY_SIZE];

	if (domain_normalise(name, domain, NULL) != 0 || domain[0] == '\0')
		return -1;
	snprintf(key, sizeof(key), "%c%s", kind, domain);
	/* grown by doubling */
	if ((exclude->key_count & (exclude->key_count + 1)) == 0)
		exclude->keys = xrealloc(exclude->keys,
		    2 * (exclude->key_count + 1), sizeof(*exclude->keys));
	exclude->keys[exclude->key_count++] = xstrdup(key);
	return 0;
}

/* "::ffff:192.0.2.0/120" is 192.0.2.0/24: no host has it otherwise. */
static void
unmap_network(struct network *network)
{
	static const uint8_t prefix[MAPPED_BITS / OCTET_BITS] = {
	    [10] = 0xff, [11] = 0xff};
	struct address *address = &network->address;

	if (address->family != AF_INET6 || network->bits < MAPPED_BITS ||
	    memcmp(address->octets, prefix, sizeof(prefix)) != 0)
		return;
	address->family = AF_INET;
	address->size -= sizeof(prefix);
	memmove(
	    address->octets, address->octets + sizeof(prefix), address->size);
	network->bits -= MAPPED_BITS;
}

/* An address, or one and how many bits of it count; 1: neither. */
static int
add_excluded_network(struct exclude *exclude, char *word)
{
	char *slash = strchr(word, '/');
	struct network network;
	uint32_t bits = 0;

	if (slash != NULL)
		*slash = '\0';
	if (address_parse(word, &network.address) != 0)
		return slash == NULL ? 1 : -1;
	network.bits = (unsigned)network.address.size * OCTET_BITS;
	if (slash != NULL) {
		if (text_uint(slash + 1, network.bits, &bits) != 0)
			return -1;
		network.bits = bits;
	}
	unmap_network(&network);
	exclude->networks = xrealloc(exclude->networks,
	    exclude->network_count + 1, sizeof(*exclude->networks));
	exclude->networks[exclude->network_count++] = network;
	return 0;
}

static int
add_exclusion_word(struct exclude *exclude, char *word)
{
	int added;

	if (strncmp(word, "mx:", 3) == 0)
		return add_exclusion(exclude, KEY_HOST, word + 3);
	if (word[0] == '.')
		return add_exclusion(exclude, KEY_BELOW, word + 1);
	added = add_excluded_network(exclude, word);
	return added == 1 ? add_exclusion(exclude, KEY_NAME, word) : added;
}

static int
read_exclusions(struct exclude *exclude, char *text, struct err *err)
{
	char clean[LIMIT_DETAIL_SIZE], *line;

	for (unsigned number = 1; (line = strsep(&text, "\n")) != NULL;
	     number++) {
		char *word;

		line[strcspn(line, "#\r")] = '\0';
		word = text_trim(line);
		text_clean(clean, sizeof(clean), word, strlen(word));
		if (word[0] != '\0' && add_exclusion_word(exclude, word) != 0)
			return err_set(err, ERR_DATA,
			    "line %u names nobody: %.80s", number, clean);
	}
	return 0;
}

struct exclude *
exclude_read(char *text, size_t length, struct err *err)
{
	struct exclude *exclude = xcalloc(1, sizeof(*exclude));
	size_t mark = strncmp(text, byte_order_mark, 3) == 0 ? 3 : 0;
	int rc = 0;

	if (strlen(text) != length)
		rc = err_set(err, ERR_DATA, "a zero octet is in it");
	if (rc == 0)
		rc = read_exclusions(exclude, text + mark, err);
	if (rc != 0) {
		exclude_free(exclude);
		return NULL;
	}
	if (exclude->key_count > 0)
		qsort(exclude->keys, exclude->key_count, sizeof(*exclude->keys),
		    compare_exclusions);
	return exclude;
}

void
exclude_free(struct exclude *exclude)
{
	if (exclude == NULL)
		return;
	for (size_t i = 0; i < exclude->key_count; i++)
		free(exclude->keys[i]);
	free(exclude->keys);
	free(exclude->networks);
	free(exclude);
}

static bool
has_exclusion(const struct exclude *exclude, char kind, const char *name)
{
	char key[KEY_SIZE], *at = key;

	snprintf(key, sizeof(key), "%c%s", kind, name);
	return exclude->key_count > 0 &&
	       bsearch(&at, exclude->keys, exclude->key_count,
		   sizeof(*exclude->keys), compare_exclusions) != NULL;
}

/* The name or one that it is below. */
static bool
has_suffix(const struct exclude *exclude, char kind, const char *name)
{
	for (;;) {
		if (has_exclusion(exclude, kind, name))
			return true;
		name = strchr(name, '.');
		if (name == NULL)
			return false;
		name++;
	}
}

bool
exclude_has_domain(const struct exclude *exclude, const char *domain)
{
	return exclude != NULL && (has_exclusion(exclude, KEY_NAME, domain) ||
				      has_suffix(exclude, KEY_BELOW, domain));
}

static bool
is_in_network(const struct network *network, const struct address *address)
{
	size_t whole = network->bits / OCTET_BITS;
	unsigned rest = network->bits % OCTET_BITS;
	unsigned shift = OCTET_BITS - rest;

	if (network->address.family != address->family ||
	    memcmp(network->address.octets, address->octets, whole) != 0)
		return false;
	return rest == 0 || network->address.octets[whole] >> shift ==
				address->octets[whole] >> shift;
}

bool
exclude_has_host(
    const struct exclude *exclude, const char *host, const char *address)
{
	struct address parsed, reached;

	if (exclude == NULL)
		return false;
	if (has_suffix(exclude, KEY_HOST, host))
		return true;
	if (address_parse(address, &parsed) != 0)
		return false;
	address_translated(&parsed, &reached);
	for (size_t i = 0; i < exclude->network_count; i++)
		if (is_in_network(&exclude->networks[i], &parsed) ||
		    is_in_network(&exclude->networks[i], &reached))
			return true;
	return false;
}
