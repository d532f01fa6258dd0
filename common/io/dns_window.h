/* dns_window - how many questions go to nameservers by UDP at once, so that no
 * more come than a socket holds until it is read.  One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_WINDOW_H
#define COMMON_IO_DNS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Linux keeps some 270 small datagrams for a socket that nobody reads:
	 * net.core.rmem_default */
	DNS_WINDOW_LEAST = 128,

	/* Who takes longer than this to answer has read the question, and asks
	 * others; it holds up nobody here */
	DNS_WINDOW_RECENT_MS = 20,
};

struct dns_window {
	unsigned size;    /* of those asked lately, how many may be open */
	unsigned most;    /* that size becomes */
	unsigned borne;   /* up to here it grows with each answer */
	unsigned answers; /* towards the next step beyond that */
	int64_t shrunk_ms;
	bool filled; /* somebody waits for it */

	unsigned open; /* of those asked lately: the sum of these, one for each
			  millisecond up to now_ms */
	unsigned asked[DNS_WINDOW_RECENT_MS];
	int64_t now_ms;
};

void dns_window_init(struct dns_window *window, unsigned most);

/* dns_window_wait_ms - 0 where one more may be asked; else when time alone
 * makes room, if no answer does before */
int dns_window_wait_ms(struct dns_window *window, int64_t now_ms);

void dns_window_ask(struct dns_window *window, int64_t now_ms);

/* dns_window_close - what was asked at that time is not awaited any more */
void
dns_window_close(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

/* dns_window_grow - what was asked at that time is answered; it counts where
 * the window is full of those that take long, for others make room by
 * themselves */
void
dns_window_grow(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

/* dns_window_shrink - what was asked at that time got no answer at all */
void
dns_window_shrink(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

#endif
