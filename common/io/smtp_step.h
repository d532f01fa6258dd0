/* smtp_step - the steps of a probe: what each is called, what trouble at it
 * means, and the time that it took. One thread a clock. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SMTP_STEP_H
#define COMMON_IO_SMTP_STEP_H

#include <stdint.h>

#include "common/judge/facts.h"

enum smtp_step {
	AT_CONNECT,
	AT_GREETING,
	AT_EHLO,
	AT_STARTTLS,
	AT_TLS,
	AT_TLS_GREETING, /* port 465 */
	AT_TLS_EHLO,
};

/* What it means when the connection is lost, the answer is no, or no SMTP. */
struct smtp_step_meaning {
	const char *name;
	enum probe_phase phase;
	enum probe_outcome lost;
	enum probe_outcome refused;
	enum probe_outcome odd;
};

extern const struct smtp_step_meaning smtp_steps[AT_TLS_EHLO + 1];

/* Where the time goes; zeroed before the first step. */
struct smtp_clock {
	int64_t begun_ms; /* of the phase; 0: none is */
	enum probe_phase phase;
};

/* smtp_clock_go - the step begins: what has passed belongs to the one before;
 * smtp_clock_stop - the last one is over */
void smtp_clock_go(
    struct smtp_clock *clock, struct probe_sight *sight, enum smtp_step step);
void smtp_clock_stop(struct smtp_clock *clock, struct probe_sight *sight);

#endif
