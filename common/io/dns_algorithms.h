/* dns_algorithms - which DNSSEC algorithms libunbound can validate. Any thread.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_ALGORITHMS_H
#define COMMON_IO_DNS_ALGORITHMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/io/dns_answer.h"

/*
 * dns_algorithms_learn - ask the library, once in a process
 *
 * Before there is a resolver: it sets where the library logs to.  Threads may
 * call it at once.  Where the library does not tell, it can validate all.
 */
void dns_algorithms_learn(void);

/* dns_algorithms_lack - whether the library can follow none of the DS records
 * (at least one), and says which algorithm it is that it lacks */
bool dns_algorithms_lack(
    const struct dns_rdata *records, size_t count, unsigned *algorithm);

/* dns_algorithms_list - words for those lacking of which RFC 8624 says that a
 * validator must or should have them; "" for none */
void dns_algorithms_list(char *out, size_t size);

/* dns_algorithms_print - a word for an algorithm: "ED448", or its number */
enum { DNS_ALGORITHM_SIZE = 20 };
void dns_algorithms_print(unsigned algorithm, char out[DNS_ALGORITHM_SIZE]);

#endif
