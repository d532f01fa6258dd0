/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  Each look asks posternd for its figures, and top_draw shows
 * them.  A terminal is put into a mode where a key is read at once, and put
 * back at the end, also on Ctrl-C.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "common/base/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/print.h"
#include "milter/cli/watch/top.h"
#include "milter/cli/watch/watch.h"

static volatile sig_atomic_t interrupted;

static void
note_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* --- keys --- */

/* The first of those that are shown. */
static void
ask_to_flush(struct top *top, const struct watch *watch)
{
	size_t row = top->by_name ? top_next_by_name(watch, "") : 0;

	if (watch_rows(watch) > 0 && row != SIZE_MAX)
		text_copy(top->asking, sizeof(top->asking),
		    watch_cell(watch, row, "domain"));
}

static void
pass_over(void *arg, const struct json_t *row)
{
	(void)arg;
	(void)row;
}

/* Who may not flush sees it by the domain's staying as it is. */
static void
flush_asked(struct top *top)
{
	struct json_request request = {.ask = JSON_ASK_FLUSH};
	struct err err;

	text_copy(request.domain, sizeof(request.domain), top->asking);
	cli_daemon_ask(top->settings, &request, pass_over, NULL, &err);
}

/* Whether to go on. */
static bool
take_letter(struct top *top, const struct watch *watch, char key)
{
	if (top->asking[0] != '\0') {
		if (key == 'y')
			flush_asked(top);
		top->asking[0] = '\0';
		return true;
	}
	switch (key) {
	case 'q':
		return false;
	case 's':
		top->by_name = !top->by_name;
		break;
	case 'f':
		ask_to_flush(top, watch);
		break;
	default:
		break;
	}
	return true;
}

/* Until the next look or a key; whether to go on. */
static bool
await_key(struct top *top, const struct watch *watch)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	struct timespec every = {.tv_sec = top->options->every_s};
	char key;

	if (ppoll(&in, 1, &every, &top->waiting) <= 0)
		return interrupted == 0;
	if (read(STDIN_FILENO, &key, 1) != 1)
		return false;
	return take_letter(top, watch, key);
}

/* --- the verb --- */

static bool
enter_screen(struct top *top)
{
	struct termios raw;
	struct sigaction action = {.sa_handler = note_interrupt};
	sigset_t ends;

	if (top->options->once || !cli_print_is_terminal() ||
	    tcgetattr(STDIN_FILENO, &top->before) != 0)
		return false;
	raw = top->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
		return false;
	/* one that comes while the screen is drawn is there when we wait */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &top->waiting);
	sigdelset(&top->waiting, SIGINT);
	sigdelset(&top->waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fputs("\033[?1049h\033[2J", stdout);
	return true;
}

static void
leave_screen(const struct top *top)
{
	if (!top->screen)
		return;
	fputs("\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
}

static int
look_on(struct top *top, struct err *err)
{
	bool more = true;

	while (more) {
		struct watch watch;
		int status = watch_ask(&watch, top->settings, true, err) ==
				     CLI_DAEMON_ANSWERED
				 ? 0
				 : EX_UNAVAILABLE;

		if (status == 0)
			top_draw(top, &watch);
		more = status == 0 && top->screen && await_key(top, &watch);
		watch_fini(&watch);
		if (status != 0)
			return status;
	}
	return 0;
}

int
cli_top(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct top top = {.settings = settings, .options = options};
	struct err err;
	int status;

	if (settings == NULL)
		return EX_CONFIG;
	if (options->json)
		return cli_fail(EX_USAGE, "--json: ask \"postern status\"");
	top.screen = enter_screen(&top);
	status = look_on(&top, &err);
	leave_screen(&top);
	return status == 0 ? 0 : cli_fail(status, "%s", err.text);
}
