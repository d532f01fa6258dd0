/* map_request - what an MTA asks at a map or line socket. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_MAP_REQUEST_H
#define MILTER_ACT_MAP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/proto/nexthop.h"
#include "milter/act/mta_policy.h"

/* How far the octets go that have come. */
enum map_scan {
	MAP_SCAN_BAD,  /* no request, and none will follow */
	MAP_SCAN_MORE, /* as far as they go, the begin of one */
	MAP_SCAN_WHOLE,
};

/* A part of what has come; borrowed. */
struct map_payload {
	const char *data;
	size_t length;
	size_t used; /* octets to be passed over for it */
};

/*
 * map_scan_netstring - the first netstring of what has come: "5:hello,"
 *
 * A payload of more than LIMIT_MAP_REQUEST octets, or a length with a leading
 * zero, is BAD.
 * map_scan_line - the first line, of LIMIT_LINE_REQUEST octets at most
 */
enum map_scan
map_scan_netstring(const char *data, size_t length, struct map_payload *out);
enum map_scan
map_scan_line(const char *data, size_t length, struct map_payload *out);

/* What is asked. */
enum map_ask {
	MAP_ASK_INVALID,   /* no request that we know */
	MAP_ASK_NOTHING,   /* a key that no policy is ever for */
	MAP_ASK_MISPLACED, /* Postfix asks the map that is Sendmail's */
	MAP_ASK_POLICY,
	MAP_ASK_CHECK,
};

struct map_request {
	enum mta_dialect dialect; /* of a socketmap */
	struct nexthop hop;
	bool has_host;
	char host[LIMIT_DOMAIN_SIZE]; /* of a line: as it came, or "" */
};

/*
 * map_request_read - the payload of a socketmap: "name key"
 *
 * The name, in any case, tells the dialect: "sts" is Sendmail's,
 * "QUERYwithTLSRPT" that of Postfix with attributes, every other Postfix's.
 * The key is the text of transport(5): a domain, "domain:port", "[host]",
 * "[host]:port".  port: where it has none.
 */
enum map_ask map_request_read(
    const char *payload, size_t length, uint16_t port, struct map_request *out);

/* line_request_read - a line: "CHECK domain", "POLICY domain", "POLICY domain
 * host" */
enum map_ask line_request_read(
    const char *line, size_t length, uint16_t port, struct map_request *out);

#endif
