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
	text_addf(&text, ", %" PRIu64 " %s/s",
	    done * SECOND_MS / took_ms / progress->scale, progress->unit);
	if (progress->total > done)
		text_addf(&text, ", %" PRIu64 " s left",
		    (progress->total - done) / (done / took_ms + 1) /
			SECOND_MS);
	return out;
}

bool
cli_progress_step(struct cli_progress *progress, uint64_t more)
{
	char line[CLI_PROGRESS_SIZE];
	int64_t now_ms = clock_mono_ms();

	progress->done += more;
	if (stopped != 0)
		return false;
	if (now_ms - progress->begun_ms < FIRST_MS ||
	    now_ms - progress->drawn_ms < DRAW_MS || isatty(STDERR_FILENO) != 1)
		return true;
	progress->drawn_ms = now_ms;
	progress->drawn = true;
	fprintf(
	    stderr, "\r\033[K%s", cli_progress_text(progress, now_ms, line));
	return true;
}

bool
cli_progress_end(struct cli_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
	signal(SIGINT, SIG_DFL);
	return stopped != 0;
}
