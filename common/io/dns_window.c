/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: as the congestion window of TCP (RFC 5681), but that a question
 * counts for some milliseconds only.
 * 1. A burst that a local resolver has no time to read is lost, and each
 *    question of it then costs the time of an attempt.  So of those asked
 *    lately only so many are open at once.
 * 2. Answers that come soon make room for the next.  With each that comes late
 *    one more may be open, up to half of what was when something got lost;
 *    from there on one more for all that the window holds.
 * 3. When something gets no answer it is halved, once for all of what was on
 *    its way then.
 */
#include "common/io/dns_window.h"

#include <assert.h>
#include <string.h>

static unsigned
not_less(unsigned size)
{
	return size < DNS_WINDOW_LEAST ? DNS_WINDOW_LEAST : size;
}

void
dns_window_init(struct dns_window *window, unsigned most)
{
	memset(window, 0, sizeof(*window));
	window->size = DNS_WINDOW_LEAST;
	window->most = window->borne = not_less(most);
}

static unsigned *
asked_at(struct dns_window *window, int64_t ms)
{
	return &window->asked[ms % DNS_WINDOW_RECENT_MS];
}

/* What was asked too long ago does not count any more. */
static void
move_to(struct dns_window *window, int64_t now_ms)
{
	if (now_ms - window->now_ms >= DNS_WINDOW_RECENT_MS) {
		memset(window->asked, 0, sizeof(window->asked));
		window->open = 0;
		window->now_ms = now_ms;
	}
	while (window->now_ms < now_ms) {
		unsigned *oldest = asked_at(window, ++window->now_ms);

		window->open -= *oldest;
		*oldest = 0;
	}
}

int
dns_window_wait_ms(struct dns_window *window, int64_t now_ms)
{
	int wait_ms = 1;

	move_to(window, now_ms);
	window->filled = window->open >= window->size;
	if (!window->filled)
		return 0;
	while (*asked_at(window, now_ms + wait_ms) == 0)
		wait_ms++;
	return wait_ms;
}

void
dns_window_ask(struct dns_window *window, int64_t now_ms)
{
	move_to(window, now_ms);
	++*asked_at(window, now_ms);
	window->open++;
}

void
dns_window_close(struct dns_window *window, int64_t asked_ms, int64_t now_ms)
{
	move_to(window, now_ms);
	if (now_ms - asked_ms >= DNS_WINDOW_RECENT_MS)
		return;
	assert(*asked_at(window, asked_ms) > 0);
	--*asked_at(window, asked_ms);
	window->open--;
}

void
dns_window_grow(struct dns_window *window, int64_t asked_ms, int64_t now_ms)
{
	if (!window->filled || window->size >= window->most ||
	    now_ms - asked_ms < DNS_WINDOW_RECENT_MS)
		return;
	if (window->size >= window->borne && ++window->answers < window->size)
		return;
	window->answers = 0;
	window->size++;
}

void
dns_window_shrink(struct dns_window *window, int64_t asked_ms, int64_t now_ms)
{
	if (asked_ms < window->shrunk_ms)
		return;
	window->shrunk_ms = now_ms;
	window->answers = 0;
	window->size = window->borne = not_less(window->size / 2);
}
