/* dns_system - a stub resolver: asks nameservers that validate, and takes
 * their word for it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_SYSTEM_H
#define COMMON_IO_DNS_SYSTEM_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/dns_answer.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_options.h"
#include "common/io/dns_pending.h"

struct dns_system;

/*
 * dns_system_new - as dns_new and dns_free
 *
 * A nameserver's AD bit counts if it has a loopback address, or with
 * trust_remote.  If any counts, the others are not asked: all they could add is
 * that a secure name looks insecure.  What lies in insecure, or is reached by
 * an alias there, is never secure; insecure is borrowed.  Nameservers are asked
 * in order; the next one when there is no answer after a third of the time-out,
 * or SERVFAIL.  One that is silent to all is left to the last for half a
 * minute.
 */
void dns_system_free(struct dns_system *system);
struct dns_system *dns_system_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
    OWNED(dns_system_free);
AUTO_DEFINE(dns_system);

/*
 * dns_system_ask - start a lookup, which dns_pending_await ends
 *
 * name is valid.  server: one of dns_system_server alone, DNS_SYSTEM_ANY: all.
 */
enum { DNS_SYSTEM_ANY = -1 };
struct dns_pending *dns_system_ask(struct dns_system *system, const char *name,
    enum dns_type type, int server, int64_t deadline_ms);

/*
 * dns_system_server - the text of a nameserver, by number from 0; NULL past the
 * last one
 *
 * trusted: its AD bit counts.  Borrowed from system.
 */
const char *
dns_system_server(const struct dns_system *system, int number, bool *trusted);

/* dns_system_is_trusted - whether the AD bit of those asked counts */
bool dns_system_is_trusted(const struct dns_system *system);

#endif
