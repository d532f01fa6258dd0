/* dns_plain - read by hand what most nameservers say most of the time: records
 * of the type asked, or none. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_PLAIN_H
#define COMMON_IO_DNS_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/io/dns_answer.h"

enum { DNS_NAME_MAX = 255 }; /* RFC 1035 section 2.3.4: with its lengths */

/* dns_plain_name - how long a name is in a message; 0: it is none for the DNS.
 * name has no final dot, "" is the root. */
size_t dns_plain_name(uint8_t to[DNS_NAME_MAX], const char *name);

/*
 * dns_plain_read - the answer of a nameserver that recurses to a question of
 * type A, AAAA, MX, TXT or TLSA
 *
 * False, and answer is as it was, for a message that has anything else to it: a
 * failure, an alias, a signature, an option, a record that is malformed or of a
 * type that is seldom there.  The answer to such is dns_packet_reply's to find,
 * by the library; to the others that would be the same.
 */
bool dns_plain_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer);

#endif
