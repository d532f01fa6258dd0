/* dns_pace - how often a survey asks each nameserver, and whether they bear it.
 * Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_PACE_H
#define COMMON_IO_DNS_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/own.h"

enum {
	/* Of so many answers in a row from a nameserver more than half must be
	 * none, SERVFAIL or REFUSED for it to be asked half as often */
	DNS_PACE_WINDOW = 200,

	/* So many failures, and a fourth of those answers, want to be explained
	 * (dns_pace_is_doubted); what was explained well holds for so long, and
	 * nobody is asked less often before there was so much time for it */
	DNS_PACE_DOUBT = 8,
	DNS_PACE_DOUBT_PART = 4,
	DNS_PACE_PROOF_MS = 10 * 1000,
	DNS_PACE_DOUBT_MS = 1000,

	/* a second; it is never asked less often for that */
	DNS_PACE_FLOOR = 20,

	/* Where all of them are asked so seldom for so long they are dead */
	DNS_PACE_DEAD_MS = 60 * 1000,
};

/*
 * dns_pace_new - queries a second to each nameserver, those with a loopback
 * address and others; 0: as it goes
 *
 * It outlives the resolvers that have it in their options, all of which count
 * together.  Each function here but for dns_pace_new takes NULL, and then
 * nothing is bounded.
 */
struct dns_pace;
void dns_pace_free(struct dns_pace *pace);
struct dns_pace *
dns_pace_new(unsigned loopback_rate, unsigned rate) OWNED(dns_pace_free);
AUTO_DEFINE(dns_pace);

/* --- for a resolver; servers go by number from 0 --- */

/* dns_pace_server - there is such a one; said by each resolver */
void dns_pace_server(
    struct dns_pace *pace, size_t server, const char *text, bool loopback);

/* dns_pace_post - a lookup waits to be begun; dns_pace_take - it is */
void dns_pace_post(struct dns_pace *pace);
void dns_pace_take(struct dns_pace *pace);

/* dns_pace_wait_ms - how long the first lookup that waits, and that this server
 * is the first for, is to wait */
int dns_pace_wait_ms(struct dns_pace *pace, size_t server);

/* dns_pace_asked - it was asked; dns_pace_heard - what came of that */
enum dns_pace_end {
	DNS_PACE_SILENT, /* or it could not be reached */
	DNS_PACE_FAILED, /* SERVFAIL or REFUSED */
	DNS_PACE_ANSWERED,
};
void dns_pace_asked(struct dns_pace *pace, size_t server);
void
dns_pace_heard(struct dns_pace *pace, size_t server, enum dns_pace_end end);

/* --- for who asks about names --- */

/* dns_pace_may_begin - whether lookups of one more name would not have to wait
 * for long; dns_pace_begin - they begin */
bool dns_pace_may_begin(struct dns_pace *pace);
void dns_pace_begin(struct dns_pace *pace);

/* dns_pace_judge - whether nameservers are judged by their answers from now on,
 * as at first; where names are asked about that fail by themselves they cannot
 * be */
void dns_pace_judge(struct dns_pace *pace, bool judged);

/*
 * dns_pace_explain - there is somebody who finds out whether SERVFAIL is what
 * zones say, or what a nameserver is ill of
 *
 * From then on a nameserver is slowed for it when there was time to find out.
 * dns_pace_is_doubted: it is wanted now.  dns_pace_explained - what was found:
 * with zones nobody is blamed for SERVFAIL for a while, and who was is asked as
 * before.  Who is silent is blamed all the same.
 */
void dns_pace_explain(struct dns_pace *pace);
bool dns_pace_is_doubted(struct dns_pace *pace);
void dns_pace_explained(struct dns_pace *pace, bool zones);

/* dns_pace_is_slowed - a nameserver that is asked half as often for the first
 * time; once for each */
enum { DNS_PACE_TEXT_SIZE = 80 };
bool dns_pace_is_slowed(struct dns_pace *pace, char text[DNS_PACE_TEXT_SIZE]);

/* dns_pace_is_dead - whether all are; *since then is when it began */
bool dns_pace_is_dead(struct dns_pace *pace, time_t *since);

#endif
