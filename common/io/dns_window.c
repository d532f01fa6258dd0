/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: as the congestion window of TCP (RFC 5681), but that it bounds
 * what may be unread, not what is on its way.
 * 1. A burst that a local resolver has no time to read is lost, and each
 *    question of it then costs the time of an attempt.  A socket is read in
 *    order: with an answer all that was asked before is known to be read, also
 *    what is answered later or never.
 * 2. Where all answers take long there is nothing to know it by but the time.
 *    With each that does one more may be unread, up to half of what was when
 *    something got lost; from there on one more for all that the window holds.
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

/* What was asked before that does not count any more. */
static void
take_as_read(struct dns_window *window, int64_t until_ms)
{
	if (until_ms - window->first_ms > DNS_WINDOW_RECENT_MS)
		window->first_ms = until_ms - DNS_WINDOW_RECENT_MS;
	for (; window->first_ms < until_ms; window->first_ms++) {
		unsigned *asked = asked_at(window, window->first_ms);

		window->unread -= *asked;
		*asked = 0;
	}
}

static void
move_window(struct dns_window *window, int64_t now_ms)
{
	take_as_read(window, now_ms - DNS_WINDOW_RECENT_MS + 1);
}

int
dns_window_wait_ms(struct dns_window *window, int64_t now_ms)
{
	int64_t at_ms;

	move_window(window, now_ms);
	window->filled = window->unread >= window->size;
	if (!window->filled)
		return 0;
	at_ms = window->first_ms;
	while (*asked_at(window, at_ms) == 0)
		at_ms++;
	return (int)(at_ms + DNS_WINDOW_RECENT_MS - now_ms);
}

void
dns_window_ask(struct dns_window *window, int64_t now_ms)
{
	move_window(window, now_ms);
	++*asked_at(window, now_ms);
	window->unread++;
}

void
dns_window_close(struct dns_window *window, int64_t asked_ms, int64_t now_ms)
{
	move_window(window, now_ms);
	if (asked_ms < window->first_ms)
		return;
	assert(*asked_at(window, asked_ms) > 0);
	--*asked_at(window, asked_ms);
	window->unread--;
}

static void
grow_window(struct dns_window *window)
{
	if (window->size >= window->most)
		return;
	if (window->size >= window->borne && ++window->answers < window->size)
		return;
	window->answers = 0;
	window->size++;
}

void
dns_window_hear(struct dns_window *window, int64_t asked_ms, int64_t now_ms)
{
	if (window->filled && now_ms - asked_ms >= DNS_WINDOW_RECENT_MS)
		grow_window(window);
	take_as_read(window, asked_ms);
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
