/* dns - asking a validating resolver. Any thread; answers come through one
 * dispatcher. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_H
#define COMMON_IO_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/dns_answer.h"
#include "common/io/dns_options.h"

struct dns;
struct dns_query;

/*
 * dns_new - a resolver; starts its dispatcher thread
 *
 * LOCAL when the trust anchor or resolv.conf cannot be read, or a nameserver is
 * no address.  Without a trust anchor nothing would be secure.
 * Make it after fork, and with RLIMIT_NOFILE raised: half of it bounds the
 * sockets for queries; dns_free ends the dispatcher; no query may be pending.
 */
void dns_free(struct dns *dns);
struct dns *
dns_new(const struct dns_options *options, struct err *err) OWNED(dns_free);
AUTO_DEFINE(dns);

/*
 * dns_ask - start a lookup; dns_await - its answer, at the deadline at latest
 *
 * name is normalised ("" is the root).  Ask for all that is wanted side by side
 * first, then await each.  dns_await ends the query and always gives an answer:
 * trouble is a LOOKUP_TIMEOUT or LOOKUP_SERVFAIL in it.
 * The wait ends at deadline_ms (clock_mono_ms) or after the resolver's timeout,
 * whichever is sooner.
 */
struct dns_query *dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms);
struct dns_answer *dns_await(struct dns_query *query) OWNED(dns_answer_free);

/* dns_drop - as dns_await, without waiting and without an answer; for a lookup
 * that turned out to be of no use */
void dns_drop(struct dns_query *query);

/*
 * dns_watch - see that ready is called, with arg and NULL, when dns_await would
 * not wait; for who has something else to do
 *
 * Once: at once in this thread, in one of the resolver's, or in dns_await where
 * that gives up.  It must not block.  Call dns_await at dns_deadline all the
 * same.  One at a time: whoever watched the query before is told at once.
 */
void dns_watch(struct dns_query *query, cache_ready *ready, void *arg);

/* dns_deadline - when dns_await gives up, by clock_mono_ms */
int64_t dns_deadline(const struct dns_query *query);

/*
 * dns_self_test - whether the resolver validates: the root's DNSKEY must be
 * secure, and a name whose DNSSEC is broken must fail
 *
 * DNS_SYSTEM: each nameserver that may be asked and that answers must say so.
 * It does not validate if it has addresses for one of broken_names at least,
 * and none of them fails: each may once be mended.
 * TEMP when no answer comes, LOCAL when the root is not secure, or what is
 * broken has addresses.
 */
int dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err);

/*
 * dns_shortcomings - the DNSSEC algorithms in use in the Internet that the
 * resolvers of a kind cannot validate, as words: "ED448"; "" for none, and
 * before the first of them was made
 *
 * DNS_EMBEDDED: zones signed with nothing else are insecure to it (RFC 4035
 * section 5.2).  But where a nameserver that is asked has a loopback address,
 * or with trust_remote, its AD bit counts for the names in such a zone, as it
 * would with DNS_SYSTEM; where none has, the answer says why it is insecure.
 */
void dns_shortcomings(enum dns_kind kind, char *out, size_t size);

#endif
