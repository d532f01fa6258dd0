/* put_off - the answer that an MTA has to wait, and which lookup it waits for.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_PUT_OFF_H
#define COMMON_JUDGE_PUT_OFF_H

#include "common/judge/enforcement.h"
#include "common/judge/facts.h"

/*
 * Each makes an answer ENFORCE_TEMP with its reason, and names what it is of.
 *
 * put_off_mx - the lookup of MX records failed
 * put_off_host - the first lookup of this host that failed; NULL: there are
 * more hosts than are looked at
 * put_off_trouble - there was no asking: facts->trouble
 */
struct enforcement *
put_off_mx(const struct facts *facts) OWNED(enforcement_free);
struct enforcement *put_off_host(const struct facts *facts,
    const struct host_facts *host) OWNED(enforcement_free);
struct enforcement *
put_off_trouble(const struct facts *facts) OWNED(enforcement_free);

#endif
