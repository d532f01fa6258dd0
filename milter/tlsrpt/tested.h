/* tested - what sessions under MTA-STS policies in testing mode are, by what
 * was found of their hosts. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_TESTED_H
#define MILTER_TLSRPT_TESTED_H

#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/own.h"
#include "common/proto/tlsrpt_session.h"

struct tested;
void tested_free(struct tested *tested);
struct tested *tested_new(void) OWNED(tested_free);

/*
 * tested_learn - found of a next hop by a check just now, as
 * tls_sessions_tested has it: the session, which is taken, or NULL
 *
 * It is good for life_ms.  Of more than LIMIT_TLSRPT_TESTED next hops the least
 * used are forgotten.
 */
void tested_learn(struct tested *tested, const char *domain,
    struct tlsrpt_session *session, int64_t life_ms);

/*
 * tested_find - what stands for a session that an MTA tells of, held, for
 * cache_value to give as a struct tlsrpt_session; or NULL
 *
 * An MTA tells of a success, without a policy or with one in testing mode,
 * whatever certificate it saw: in that mode none is compared.
 */
struct cache_entry *
tested_find(struct tested *tested, const struct tlsrpt_session *told);

#endif
