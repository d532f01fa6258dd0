/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"

/* The first line comes after a while: what is done at once needs none. */
enum { FIRST_MS = 500, DRAW_MS = 200, SECOND_MS = 1000, PERCENT = 100 };

/* A rate below it has a digit behind the point. */
enum { TENTHS_BELOW = 10 };

static volatile sig_atomic_t stopped;

static void
note_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void
cli_progress_begin(struct cli_progress *progress, const char *what,
    const char *unit, uint64_t scale, uint64_t total)
{
	struct sigaction action = {
	    .sa_handler = note_stop, .sa_flags = SA_RESETHAND};

	*progress = (struct cli_progress){.what = what,
	    .unit = unit,
	    .scale = scale,
	    .total = total,
	    .begun_ms = clock_mono_ms()};
	stopped = 0;
	sigaction(SIGINT, &action, NULL);
}

const char *
cli_progress_text(const struct cli_progress *progress, int64_t now_ms,
    char out[CLI_PROGRESS_SIZE])
{
	uint64_t took_ms = now_ms > progress->begun_ms
			       ? (uint64_t)(now_ms - progress->begun_ms)
			       : 0;
	uint64_t done = progress->done;
	double scale = (double)progress->scale;
	double rate;
	struct text text;

	text_init(&text, out, CLI_PROGRESS_SIZE);
	text_addf(&text, "%s: %" PRIu64 " %s", progress->what,
	    done / progress->scale, progress->unit);
	if (progress->total > 0 && done <= progress->total)
		text_addf(&text, " of %" PRIu64 ", %" PRIu64 "%%",
		    progress->total / progress->scale,
		    done * PERCENT / progress->total);
	if (took_ms == 0 || done == 0)
		return out;
	rate = (double)done / (double)took_ms * SECOND_MS;
	text_addf(&text, ", %.*f %s/s", rate < TENTHS_BELOW * scale ? 1 : 0,
	    rate / scale, progress->unit);
	if (progress->total > done)
		text_addf(&text, ", %.0f s left",
		    (double)(progress->total - done) / rate);
	return out;
}

bool
cli_progress_is_stopped(void)
{
	return stopped != 0;
}

void
cli_progress_draw(struct cli_progress *progress, uint64_t done)
{
	char line[CLI_PROGRESS_SIZE];
	int64_t now_ms = clock_mono_ms();

	progress->done = done;
	if (now_ms - progress->begun_ms < FIRST_MS ||
	    now_ms - progress->drawn_ms < DRAW_MS || isatty(STDERR_FILENO) != 1)
		return;
	progress->drawn_ms = now_ms;
	progress->drawn = true;
	fprintf(
	    stderr, "\r\033[K%s", cli_progress_text(progress, now_ms, line));
}

void
cli_progress_erase(struct cli_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

bool
cli_progress_step(struct cli_progress *progress, uint64_t more)
{
	if (stopped != 0) {
		progress->done += more;
		return false;
	}
	cli_progress_draw(progress, progress->done + more);
	return true;
}

bool
cli_progress_end(struct cli_progress *progress)
{
	cli_progress_erase(progress);
	signal(SIGINT, SIG_DFL);
	return stopped != 0;
}
