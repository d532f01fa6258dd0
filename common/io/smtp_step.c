/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp_step.h"

#include "common/base/clock.h"

const struct smtp_step_meaning smtp_steps[] = {
    [AT_CONNECT] = {"connect", PHASE_CONNECT, PROBE_CONNECT_FAILED,
	PROBE_REFUSED, PROBE_NOT_SMTP},
    [AT_GREETING] = {"greeting", PHASE_GREETING, PROBE_CONNECT_FAILED,
	PROBE_REFUSED, PROBE_NOT_SMTP},
    [AT_EHLO] = {"EHLO", PHASE_STARTTLS, PROBE_CONNECT_FAILED, PROBE_REFUSED,
	PROBE_NOT_SMTP},
    [AT_STARTTLS] = {"STARTTLS", PHASE_STARTTLS, PROBE_TLS_FAILED,
	PROBE_STARTTLS_REFUSED, PROBE_STARTTLS_REFUSED},
    [AT_TLS] = {"TLS handshake", PHASE_HANDSHAKE, PROBE_TLS_FAILED,
	PROBE_TLS_FAILED, PROBE_TLS_FAILED},
    [AT_TLS_GREETING] = {"greeting inside TLS", PHASE_GREETING,
	PROBE_TLS_REFUSED, PROBE_TLS_REFUSED, PROBE_TLS_REFUSED},
    [AT_TLS_EHLO] = {"EHLO inside TLS", PHASE_EHLO, PROBE_TLS_REFUSED,
	PROBE_TLS_REFUSED, PROBE_TLS_REFUSED},
};

void
smtp_clock_stop(struct smtp_clock *clock, struct probe_sight *sight)
{
	if (clock->begun_ms != 0)
		sight->phase_ms[clock->phase] +=
		    (unsigned)(clock_mono_ms() - clock->begun_ms);
	clock->begun_ms = 0;
}

void
smtp_clock_go(
    struct smtp_clock *clock, struct probe_sight *sight, enum smtp_step step)
{
	smtp_clock_stop(clock, sight);
	clock->begun_ms = clock_mono_ms();
	clock->phase = smtp_steps[step].phase;
	sight->is_begun[clock->phase] = true;
}
