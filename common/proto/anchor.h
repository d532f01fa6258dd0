/* anchor - the root's keys that a trust anchor file names. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_ANCHOR_H
#define COMMON_PROTO_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key that signs the zone's keys: a DNSKEY's RDATA with SEP and without
 * REVOKE (RFC 4034 section 2.1.1, RFC 5011 section 2.1). */
bool anchor_is_entry(const uint8_t *dnskey, size_t size);

/* anchor_key_tag - RFC 4034 appendix B, of a DNSKEY's RDATA */
uint16_t anchor_key_tag(const uint8_t *dnskey, size_t size);

/* anchor_count - the DS and DNSKEY records in text, a file in the form of a
 * zone file */
size_t anchor_count(const char *text);

/*
 * anchor_has - whether text names this key: a DNSKEY by its octets, a DS by key
 * tag and algorithm
 *
 * To tell what a file knows; it proves nothing.
 */
bool anchor_has(const char *text, const uint8_t *dnskey, size_t size);

#endif
