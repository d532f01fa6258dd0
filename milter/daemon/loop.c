/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the main thread sleeps until a signal, the next timer, or room
 * for log lines that were kept. Timers are three: once an hour (statistics,
 * rules that end), every ten seconds where resolv.conf counts, and at half the
 * time of systemd's watchdog. Reload and stop happen here and nowhere else, so
 * that nothing that they change needs a lock against another of them.
 */
#include "milter/daemon/loop.h"

#include <signal.h>

#include "common/base/clock.h"
#include "milter/daemon/daemon.h"
#include "milter/daemon/reload.h"
#include "milter/serve/log.h"
#include "milter/serve/notify.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/stats.h"

enum {
	/* Between two looks at what is to be told of now and then, and at
	 * resolv.conf */
	TICK_MS = 60 * 60 * 1000,
	FOLLOW_MS = 10 * 1000,

	/* Between two tries to be rid of log lines, where nothing tells when */
	FLUSH_MS = 500,
};

void
loop_tell_stats(void)
{
	struct stats stats;

	stats_take(&stats);
	report_stats(&stats);
}

static void
tell_now_and_then(void)
{
	AUTO(settings) struct settings *settings = service_settings();

	report_rules_daily(settings, clock_wall_s());
	loop_tell_stats();
}

/* It can take the locks that mail needs, too. */
static void
show_life(void)
{
	service_active();
	notify_alive();
}

enum { HOURLY, FOLLOW, LIFE, TIMERS };

/* What is done every so often; 0: never. */
struct timer {
	int period_ms;
	int64_t due_ms;
	void (*act)(void);
};

static void
arm_timer(struct timer *timer, int period_ms, void (*act)(void))
{
	timer->period_ms = period_ms;
	timer->due_ms =
	    period_ms == 0 ? INT64_MAX : clock_mono_ms() + period_ms;
	timer->act = act;
}

static void
arm_follow(struct timer timers[TIMERS])
{
	arm_timer(&timers[FOLLOW], service_follows() ? FOLLOW_MS : 0,
	    reload_nameservers);
}

/* Acts where it is time to; returns when it is next. */
static int64_t
serve_timers(struct timer timers[TIMERS])
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < TIMERS; i++) {
		if (clock_mono_ms() >= timers[i].due_ms) {
			timers[i].act();
			timers[i].due_ms =
			    clock_mono_ms() + timers[i].period_ms;
		}
		if (timers[i].due_ms < next_ms)
			next_ms = timers[i].due_ms;
	}
	return next_ms;
}

bool
loop_run(const struct arguments *arguments, const struct settings *settings)
{
	struct timer timers[TIMERS];
	int log_fd;

	arm_timer(&timers[HOURLY], TICK_MS, tell_now_and_then);
	arm_timer(&timers[LIFE], notify_watchdog_ms(), show_life);
	arm_follow(timers);
	for (;;) {
		int64_t next_ms = serve_timers(timers);
		bool left = log_flush(&log_fd);
		int64_t until_ms =
		    left ? clock_sooner_ms(next_ms, FLUSH_MS) : next_ms;

		switch (daemon_next_signal(until_ms, left ? log_fd : -1)) {
		case DAEMON_NO_SIGNAL:
			break;
		case SIGTERM:
		case SIGINT:
			return true;
		case SIGHUP:
		case SIGUSR1:
			reload_settings(arguments, settings);
			arm_follow(timers);
			break;
		default:
			return false;
		}
	}
}
