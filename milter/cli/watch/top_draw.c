/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  What is shown as a rate is the difference to the look before,
 * and of the first one the mean since the start.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/print.h"
#include "milter/cli/watch/top.h"

enum { LINE_SIZE = 400, ROWS_PLAIN = 20, HEAD_ROWS = 5, PERCENT = 100 };
enum { SECOND_MS = 1000, WORD_SIZE = 64 };

/* Since the look before; in all, at the first. */
static int64_t
change_of(const struct top *top, int64_t now, int64_t before)
{
	return top->seen && now >= before ? now - before : now;
}

static int64_t
percent_of(int64_t part, int64_t whole)
{
	return whole == 0 ? 0 : part * PERCENT / whole;
}

/* Up to the end of the line, and no further. */
static void
put_screen_line(const struct top *top, const char *line)
{
	printf("%.*s%s\n", (int)cli_print_width(), line,
	    top->screen ? "\033[K" : "");
}

static const char *
clean_word(const char *text, char out[WORD_SIZE])
{
	text_escape(out, WORD_SIZE, text, strlen(text));
	return out;
}

static void
put_top_head(const struct top *top, const struct watch *watch)
{
	char line[LINE_SIZE], version[WORD_SIZE], resolver[WORD_SIZE];
	char port[WORD_SIZE], store[WORD_SIZE];
	int64_t uptime = watch_number(watch, "uptime");

	snprintf(line, sizeof(line),
	    "posternd %s  up %" PRId64 "d%02" PRId64
	    "h  resolver %s  port25 %s  store %s",
	    clean_word(watch_text(watch, "version"), version),
	    uptime / CLOCK_DAY_S, uptime % CLOCK_DAY_S / 3600,
	    clean_word(watch_text(watch, "resolver"), resolver),
	    clean_word(watch_text(watch, "port25"), port),
	    clean_word(watch_text(watch, "store"), store));
	put_screen_line(top, line);
}

static void
put_top_mail(
    const struct top *top, const struct watch *watch, int64_t passed_ms)
{
	int64_t pass =
	    change_of(top, watch_number(watch, "results.pass"), top->pass);
	int64_t none =
	    change_of(top, watch_number(watch, "results.none"), top->none);
	int64_t soft = change_of(
	    top, watch_number(watch, "results.softfail"), top->softfail);
	int64_t fail =
	    change_of(top, watch_number(watch, "results.fail"), top->fail);
	int64_t temp = change_of(
	    top, watch_number(watch, "results.temperror"), top->temperror);
	int64_t all = pass + none + soft + fail + temp;
	int64_t messages = change_of(
	    top, watch_number(watch, "messages.ended"), top->messages);
	char line[LINE_SIZE];

	snprintf(line, sizeof(line),
	    "messages %.1f/s  pass %" PRId64 "%%  none %" PRId64
	    "%%  softfail %" PRId64 "%%  fail %" PRId64 "%%  temperror %" PRId64
	    "%%  %s",
	    (double)messages * SECOND_MS / (double)passed_ms,
	    percent_of(pass, all), percent_of(none, all), percent_of(soft, all),
	    percent_of(fail, all), percent_of(temp, all),
	    top->seen ? "now" : "in all");
	put_screen_line(top, line);
}

static void
put_top_work(
    const struct top *top, const struct watch *watch, int64_t passed_ms)
{
	int64_t hits = watch_number(watch, "cache.hits");
	int64_t misses = watch_number(watch, "cache.misses");
	int64_t probes =
	    change_of(top, watch_number(watch, "probes"), top->probes);
	int64_t fetches =
	    change_of(top, watch_number(watch, "fetches.made"), top->fetches);
	char line[LINE_SIZE];

	snprintf(line, sizeof(line),
	    "checks running %" PRId64 " waiting %" PRId64 "  cache %" PRId64
	    "%%  probes %.1f/s  fetches %.1f/s (%" PRId64 " failed)",
	    watch_number(watch, "checks.running"),
	    watch_number(watch, "checks.waiting"),
	    percent_of(hits, hits + misses),
	    (double)probes * SECOND_MS / (double)passed_ms,
	    (double)fetches * SECOND_MS / (double)passed_ms,
	    watch_number(watch, "fetches.failed"));
	put_screen_line(top, line);
}

static size_t
rows_on_screen(const struct top *top)
{
	struct winsize size;

	if (!top->screen || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
	    size.ws_row <= HEAD_ROWS + 1)
		return ROWS_PLAIN;
	return size.ws_row - HEAD_ROWS - 1u;
}

size_t
top_next_by_name(const struct watch *watch, const char *after)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < watch_rows(watch); i++) {
		const char *name = watch_cell(watch, i, "domain");

		if (strcmp(name, after) > 0 &&
		    (best == SIZE_MAX ||
			strcmp(name, watch_cell(watch, best, "domain")) < 0))
			best = i;
	}
	return best;
}

/* What the other columns leave; of a narrow terminal's the hosts go first. */
static int
domain_width(void)
{
	enum { LEAST = 22, OTHERS = 86 };
	int width = (int)cli_print_width();

	return width - OTHERS > LEAST ? width - OTHERS : LEAST;
}

static void
put_top_row(const struct top *top, const struct watch *watch, size_t row)
{
	char line[LINE_SIZE], domain[WORD_SIZE], result[WORD_SIZE];
	char reason[WORD_SIZE], mx[WORD_SIZE], first[WORD_SIZE];

	clean_word(watch_cell(watch, row, "first"), first);
	snprintf(line, sizeof(line),
	    "%6" PRId64 "  %-*.*s  %-9.9s  %-25.25s  %.5s  %s",
	    watch_messages(watch, row), domain_width(), domain_width(),
	    clean_word(watch_cell(watch, row, "domain"), domain),
	    clean_word(watch_cell(watch, row, "result"), result),
	    clean_word(watch_cell(watch, row, "reason"), reason),
	    strlen(first) > 16 ? first + 11 : first,
	    clean_word(watch_cell(watch, row, "mx"), mx));
	put_screen_line(top, line);
}

static void
put_top_rows(const struct top *top, const struct watch *watch)
{
	size_t most = rows_on_screen(top), count = watch_rows(watch);
	const char *after = "";
	char line[LINE_SIZE];

	snprintf(line, sizeof(line),
	    "  MSGS  %-*s  RESULT     %-25s  SINCE  MX", domain_width(),
	    "DOMAIN", "REASON");
	put_screen_line(top, line);
	for (size_t i = 0; i < count && i < most; i++) {
		size_t row = top->by_name ? top_next_by_name(watch, after) : i;

		if (row == SIZE_MAX)
			break;
		after = watch_cell(watch, row, "domain");
		put_top_row(top, watch, row);
	}
	if (count == 0)
		put_screen_line(
		    top, "        no domain that mail goes to fails");
}

static void
keep_look(struct top *top, const struct watch *watch)
{
	top->seen = true;
	top->at_ms = clock_mono_ms();
	top->messages = watch_number(watch, "messages.ended");
	top->pass = watch_number(watch, "results.pass");
	top->none = watch_number(watch, "results.none");
	top->softfail = watch_number(watch, "results.softfail");
	top->fail = watch_number(watch, "results.fail");
	top->temperror = watch_number(watch, "results.temperror");
	top->probes = watch_number(watch, "probes");
	top->fetches = watch_number(watch, "fetches.made");
}

void
top_draw(struct top *top, const struct watch *watch)
{
	int64_t passed_ms = top->seen
				? clock_mono_ms() - top->at_ms
				: watch_number(watch, "uptime") * SECOND_MS;
	char line[LINE_SIZE];

	if (passed_ms < SECOND_MS)
		passed_ms = SECOND_MS;
	if (top->screen)
		fputs("\033[H", stdout);
	put_top_head(top, watch);
	put_top_mail(top, watch, passed_ms);
	put_top_work(top, watch, passed_ms);
	put_top_rows(top, watch);
	if (top->asking[0] != '\0')
		snprintf(
		    line, sizeof(line), "look anew at %s? y or n", top->asking);
	else
		snprintf(line, sizeof(line),
		    "q quit  s sort  f look anew at "
		    "the first");
	if (top->screen)
		printf("%s\033[J", line);
	fflush(stdout);
	keep_look(top, watch);
}
