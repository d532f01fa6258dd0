/* dns_unvalidated - lookups of the embedded resolver, with a second opinion on
 * zones that are signed, but not with what libunbound can validate. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_UNVALIDATED_H
#define COMMON_IO_DNS_UNVALIDATED_H

#include <stdint.h>

#include "common/base/own.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_pending.h"
#include "common/io/dns_system.h"

struct dns_unvalidated;

/*
 * dns_unvalidated_new - both are borrowed; system is one whose nameservers'
 * word counts, or NULL if there is none; counts: for lookups of DS records, may
 * be NULL
 *
 * dns_unvalidated_free: after both.
 */
void dns_unvalidated_free(struct dns_unvalidated *second);
struct dns_unvalidated *
dns_unvalidated_new(struct dns_embedded *embedded, struct dns_system *system,
    struct counts *counts) OWNED(dns_unvalidated_free);
AUTO_DEFINE(dns_unvalidated);

/*
 * dns_unvalidated_ask - start a lookup, which dns_pending_await ends
 *
 * The answer is embedded's, unless that is insecure, and the name asked or the
 * owner lies in a zone whose DS records are secure, and all of algorithms that
 * the library lacks, or cannot be had.  Then it is
 *   system's, if that is secure or a failure: as with Resolver system
 *   embedded's, which says why it is insecure, otherwise
 * Where there is a system, and not the time to ask it, there is no answer.
 */
struct dns_pending *dns_unvalidated_ask(struct dns_unvalidated *second,
    const char *name, enum dns_type type, int64_t deadline_ms);

#endif
