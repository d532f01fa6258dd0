/* tls_sessions - what of a check a TLS report counts: RFC 8460. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_TLS_SESSIONS_H
#define COMMON_JUDGE_TLS_SESSIONS_H

#include <stddef.h>

#include "common/base/own.h"
#include "common/judge/facts.h"
#include "common/judge/verdict.h"
#include "common/proto/tlsrpt_session.h"

/*
 * A session is counted by whoever made it.  These are the ones that no MTA
 * makes.  facts and verdict are of one check that was made just now; of the
 * admin's own relay, to which the mail of other domains goes, nothing is
 * counted.
 */

/*
 * tls_sessions_events - what is found wrong with a policy, whatever becomes of
 * the mail: TLSA lookups that fail, and hosts that an MTA-STS policy in force
 * does not name
 *
 * An MTA waits for the one and passes by the other, and tells of neither.  RFC
 * 8460 section 4.3.4: that nobody answered is not counted.  tested: also of a
 * policy that is only tested; then the session is somebody else's, and this a
 * detail of it.  NULL where there is nothing.
 */
struct tlsrpt_session *tls_sessions_events(const struct facts *facts,
    const struct verdict *verdict, bool tested) OWNED(tlsrpt_session_free);

/*
 * tls_sessions_tested - what a session with a host of a next hop is, if its
 * MTA-STS policy is only tested: an MTA takes each for a success
 *
 * One outcome, by the policy; NULL where there is no such policy, or where the
 * hosts that mail goes to were not all seen to be alike.
 */
struct tlsrpt_session *tls_sessions_tested(const struct facts *facts,
    const struct verdict *verdict) OWNED(tlsrpt_session_free);

/*
 * Hosts that failed in probes of the check, for the case that the mail is
 * refused for it.  Any thread.
 *
 * tls_refusal_new - NULL where there are none.  A probe counts for the first
 * check that asks, and only if it was made for that.
 *
 * tls_refusal_take - the sessions, borrowed, the first time that it is called;
 * after that NULL, as for NULL.
 */
struct tls_refusal;
void tls_refusal_free(struct tls_refusal *refusal);
struct tls_refusal *tls_refusal_new(const struct facts *facts,
    const struct verdict *verdict) OWNED(tls_refusal_free);
const struct tlsrpt_session *tls_refusal_take(struct tls_refusal *refusal);

/* tls_refusal_octets - that tls_refusal_free gives back; NULL is fine */
size_t tls_refusal_octets(const struct tls_refusal *refusal);

#endif
