/* dns_pending - lookups that wait for an answer: bounded, asked by one thread
 * and answered by another. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_PENDING_H
#define COMMON_IO_DNS_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/own.h"
#include "common/io/dns_answer.h"

struct dns_pending;

/*
 * dns_pending_list_new - those of one resolver, which is their owner: most of
 * them at once
 *
 * dns_pending_list_free: nobody waits for an answer any more, but for those who
 * are told by dns_pending_watch and then end their part; and nobody who answers
 * will end his: it is ended here.
 */
struct dns_pending_list;
void dns_pending_list_free(struct dns_pending_list *list);
struct dns_pending_list *
dns_pending_list_new(unsigned most, void *owner) OWNED(dns_pending_list_free);

/*
 * dns_pending_new - a lookup that has no answer; name is copied
 *
 * It belongs to two.  Who asks ends his part with dns_pending_await, who
 * answers with dns_pending_finish; neither touches it after that.  Where there
 * are as many as there may be nobody is to answer: dns_pending_is_refused.
 */
struct dns_pending *dns_pending_new(struct dns_pending_list *list,
    const char *name, enum dns_type type, int64_t deadline_ms);
bool dns_pending_is_refused(const struct dns_pending *pending);

/* --- for who answers --- */

void *dns_pending_owner(const struct dns_pending *pending);
const char *dns_pending_name(const struct dns_pending *pending);
enum dns_type dns_pending_type(const struct dns_pending *pending);
int64_t dns_pending_deadline(const struct dns_pending *pending);

/* dns_pending_is_wanted - whether somebody waits, and has time left */
bool dns_pending_is_wanted(struct dns_pending *pending);

/* dns_pending_note - what has gone wrong so far: it is told where there is no
 * answer in time */
void dns_pending_note(struct dns_pending *pending, const char *trouble);

/* dns_pending_finish - give the answer, and that away; NULL: there is none in
 * time */
void dns_pending_finish(struct dns_pending *pending, struct dns_answer *answer);

/* --- for who asks --- */

/*
 * dns_pending_watch - see that ready is called, with arg and NULL, when
 * dns_pending_await would not wait
 *
 * Once: at once in this thread, in that of who answers, or in dns_pending_await
 * where that gives up at the deadline.  A lookup is watched by one at a time:
 * whoever was before is told at once.
 */
void
dns_pending_watch(struct dns_pending *pending, cache_ready *ready, void *arg);

/* dns_pending_await - the answer, at the deadline at latest; LOOKUP_TIMEOUT for
 * a lookup that was refused, and where there is no answer */
struct dns_answer *
dns_pending_await(struct dns_pending *pending) OWNED(dns_answer_free);

/* dns_pending_drop - as that, without waiting and without an answer */
void dns_pending_drop(struct dns_pending *pending);

#endif
