/* postfix_map - lists of tables of Postfix, and what postmap(1) finds in them.
 * The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_POSTFIX_MAP_H
#define MILTER_CLI_HOST_POSTFIX_MAP_H

#include <stddef.h>

enum { POSTFIX_MAP_SIZE = 512 };

/* postfix_map_cut - cut the next table off a list, or NULL: "{ ... }" is one
 * word, whatever it holds */
char *postfix_map_cut(char **rest);

enum postfix_map {
	POSTFIX_MAP_UNKNOWN, /* it could not be asked, in time */
	POSTFIX_MAP_ABSENT,
	POSTFIX_MAP_FOUND,
};

/*
 * postfix_map_ask - what the first table that knows key says of it
 *
 * maps: as a parameter has them, $names replaced.  What is found is cut to
 * size.
 */
enum postfix_map
postfix_map_ask(const char *maps, const char *key, char *out, size_t size);

/*
 * postfix_map_ask_domain - the same of a domain, and then of those above it
 *
 * above: what stands before those in a key, "." or "".
 */
enum postfix_map postfix_map_ask_domain(const char *maps, const char *domain,
    const char *above, char *out, size_t size);

#endif
