/* dns_rdata - whether the RDATA of a record has the form of its type. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_RDATA_H
#define COMMON_IO_DNS_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "common/io/dns_answer.h"

/*
 * dns_rdata_fault - what keeps RDATA from being of its type: a constant, or
 * NULL for well-formed RDATA
 *
 * message: all size octets of the DNS message, to which compressed names point
 * back.  The RDATA are the length octets at offset at; beyond the message, they
 * are cut short.  RDATA outside a message is a message of its own, at 0.
 * Every field is there, and nothing behind the last.  A TLSA record of any
 * length is well-formed: what it lacks makes it unusable (RFC 7672 section
 * 2.1.1, RFC 6698 section 4.1).
 * RFC 1035 section 3.3 and 4.1.4, RFC 3596 section 2.2, RFC 4034 section 2.1
 * and 5.1.
 */
const char *dns_rdata_fault(enum dns_type type, const uint8_t *message,
    size_t size, size_t at, size_t length);

/*
 * dns_rdata_fault_in - the fault of the first malformed record of the type in
 * the answer section of a message, or NULL
 *
 * Whatever its owner.  Aliases count as well, with a fault of their own.  A
 * message that ends before its last answer has the fault to be cut short.
 */
const char *
dns_rdata_fault_in(enum dns_type type, const uint8_t *message, size_t size);

#endif
