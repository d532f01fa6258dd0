/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon/stop.h"

#include <unistd.h>

#include "common/base/clock.h"
#include "milter/daemon/loop.h"
#include "milter/daemon/start.h"
#include "milter/serve/downtime.h"
#include "milter/serve/facts_keeper.h"
#include "milter/serve/log.h"
#include "milter/serve/notify.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/own_sessions.h"

enum {
	/* Messages in flight get so long to end */
	DRAIN_MS = 30 * 1000,

	/* The answer to the last of them is written after its callback */
	LAST_ANSWER_US = 200 * 1000,

	/* Checks that nobody waits for any more may end, or not; and facts
	 * are written, or not */
	CLOSE_MS = 2 * 1000,

	/* For all tries to be rid of log lines */
	LAST_LINES_MS = 1000,
};

/*
 * Let messages in flight end, then the engine.  libmilter is left to the end of
 * the process: it would take five seconds, and drop idle connections as well.
 * False when a thread is left that still uses an engine.
 */
static bool
end_service(void)
{
	bool idle, closed;

	notify_stopping();
	idle = service_drain(clock_mono_ms() + DRAIN_MS);

	start_stop_answering();
	loop_tell_stats();
	if (!idle)
		return false;
	usleep(LAST_ANSWER_US);
	closed = service_close(clock_mono_ms() + CLOSE_MS);
	/* no check runs any more that could have facts */
	facts_keeper_stop(clock_mono_ms() + CLOSE_MS);
	if (closed)
		own_sessions_close();
	return closed;
}

bool
stop_serving(const struct settings *settings)
{
	bool clean = end_service();

	start_release_socket(settings);
	downtime_begin(settings, clock_wall_s());
	report_stop();
	log_close(clock_mono_ms() + LAST_LINES_MS);
	return clean;
}
