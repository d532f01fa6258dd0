/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/smtp_steps.h"

#include "common/base/clock.h"

struct smtp_target
smtp_steps_target(uint16_t port)
{
	return (struct smtp_target){.address = "127.0.0.1",
	    .port = port,
	    .sni = "mx.example",
	    .helo = "client.example"};
}

struct probe_facts *
smtp_steps_probe(uint16_t port, int timeout_ms)
{
	struct smtp_target target = smtp_steps_target(port);

	return smtp_probe(&target, clock_mono_ms() + timeout_ms);
}
