/* pace - one try a second to one host. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_PACE_H
#define MILTER_TLSRPT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"

enum { PACE_HOSTS = 64 };

/* Zeroed at first. */
struct pace {
	struct {
		char host[LIMIT_DOMAIN_SIZE];
		int64_t until_ms; /* clock_mono_ms */
	} tried[PACE_HOSTS];
};

/* pace_allows - whether host may be tried; where all places are taken, none
 * may.  pace_note - it is tried */
bool pace_allows(const struct pace *pace, const char *host, int64_t now_ms);
void pace_note(struct pace *pace, const char *host, int64_t now_ms);

#endif
