/* dns_insecure - zones that are taken as insecure on purpose. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_INSECURE_H
#define COMMON_IO_DNS_INSECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/own.h"
#include "common/io/dns_options.h"

struct dns_insecure;

/*
 * dns_insecure_new - these zones, and those of special use that only a local
 * resolver may know
 *
 * The root denies the latter, so that every answer about them is bogus to who
 * validates: alt, home.arpa, internal, local, test, and what nobody is to ask
 * for.  RFC 6761, 6762, 7686, 8375 and 9476; "internal" is ICANN's, of 2024.
 */
void dns_insecure_free(struct dns_insecure *insecure);
struct dns_insecure *
dns_insecure_new(const struct dns_names *zones) OWNED(dns_insecure_free);
AUTO_DEFINE(dns_insecure);

/* dns_insecure_zone - a zone, by number from 0; NULL past the last one */
const char *
dns_insecure_zone(const struct dns_insecure *insecure, size_t number);

/* dns_insecure_has - whether a normalised name is in one of the zones */
bool dns_insecure_has(const struct dns_insecure *insecure, const char *name);

/* dns_insecure_is_answered_here - whether nobody is to be asked about a zone:
 * invalid, localhost, onion (RFC 6761 section 6.3 and 6.4, RFC 7686) */
bool dns_insecure_is_answered_here(const char *zone);

#endif
