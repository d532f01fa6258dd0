/* watch - in place of milter/serve/service and milter/tlsrpt/collect: who is
 * told of checks, and what he counts. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_WATCH_H
#define T_FAKE_WATCH_H

#include <stdbool.h>

struct check;
struct facts;
struct policy_facts;
struct sts_policy;

/* Lines: "SOURCE DOMAIN TYPE LINES RESULT REASON F", of the first failure. */
extern char fake_counted[1024];

/* fake_watch_clear - nobody is told, nothing was counted */
void fake_watch_clear(void);

/* What a check, and a fetch that failed, are told to; the latter is false where
 * nobody wants it. */
void fake_watch_look(const struct facts *facts, const struct check *check);
bool fake_watch_fail(const char *domain, const struct policy_facts *failed,
    const struct sts_policy *kept);
bool fake_watch_keeps_refusals(void);

#endif
