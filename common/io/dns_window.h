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

	/* What had no answer for so long is taken for read: a nameserver that
	 * has to ask others itself holds up nobody here */
	DNS_WINDOW_RECENT_MS = 100,
};

struct dns_window {
	unsigned size;    /* how many may be unread */
	unsigned most;    /* that size becomes */
	unsigned borne;   /* up to here it grows with each late answer */
	unsigned answers; /* towards the next step beyond that */
	int64_t shrunk_ms;
	bool filled; /* somebody waits for it */

	unsigned unread; /* the sum of these, one for each millisecond */
	unsigned asked[DNS_WINDOW_RECENT_MS];
	int64_t first_ms; /* what was asked before has been read */
};

void dns_window_init(struct dns_window *window, unsigned most);

/* dns_window_wait_ms - 0 where one more may be asked; else when time alone
 * makes room, if no answer does before */
int dns_window_wait_ms(struct dns_window *window, int64_t now_ms);

void dns_window_ask(struct dns_window *window, int64_t now_ms);

/* dns_window_close - what was asked at that time is not awaited any more */
void
dns_window_close(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

/* dns_window_hear - what was asked at that time is answered, so that all that
 * was asked before it has been read */
void
dns_window_hear(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

/* dns_window_shrink - what was asked at that time got no answer at all */
void
dns_window_shrink(struct dns_window *window, int64_t asked_ms, int64_t now_ms);

#endif
