/* explaining - whether SERVFAIL is what zones say or what the resolver is ill
 * of, for dns_pace. By the thread that asks, but for what says otherwise. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_EXPLAINING_H
#define MILTER_CLI_SURVEY_EXPLAINING_H

#include "common/base/own.h"
#include "common/io/dns_pace.h"
#include "milter/cli/survey/further.h"

/* explaining_new - both borrowed; explaining_free waits for what it asked */
struct explaining;
void explaining_free(struct explaining *explaining);
struct explaining *explaining_new(
    struct further *further, struct dns_pace *pace) OWNED(explaining_free);

/* explaining_note - the MX records of this name ended in SERVFAIL; any thread
 */
void explaining_note(struct explaining *explaining, const char *domain);

/* explaining_go_on - ask, where it is doubted, and tell what was found; from
 * time to time */
void explaining_go_on(struct explaining *explaining);

#endif
