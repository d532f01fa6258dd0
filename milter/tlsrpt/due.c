/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/due.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/proto/x509.h"

enum {
	AFTER_MIDNIGHT_S = 5 * 60,
	FIRST_WAIT_S = 5 * 60,
	LONGEST_WAIT_S = 2 * 60 * 60,
	LONGEST_ASKED_S = 6 * 60 * 60,
};

/* A number below spread_s that nobody can foresee without the secret. */
static int64_t
share_of_spread(
    const char *secret, int64_t day, const char *domain, int64_t spread_s)
{
	char input[LIMIT_DOMAIN_SIZE + 128];
	uint8_t digest[32];
	uint64_t number = 0;

	if (spread_s <= 0)
		return 0;
	snprintf(
	    input, sizeof(input), "%s %" PRId64 " %s", secret, day, domain);
	x509_sha256(
	    (struct der){(const uint8_t *)input, strlen(input)}, digest);
	for (size_t i = 0; i < 7; i++)
		number = number << 8 | digest[i];
	return (int64_t)(number % (uint64_t)spread_s);
}

int64_t
due_first(const char *secret, int64_t day, const char *domain, int64_t spread_s,
    int64_t now)
{
	int64_t share = share_of_spread(secret, day, domain, spread_s);
	int64_t due = (day + 1) * CLOCK_DAY_S + AFTER_MIDNIGHT_S + share;

	return due < now ? now + share : due;
}

bool
due_is_stale(int64_t day, int64_t due, int64_t today, int64_t now)
{
	return (today - day - 1) * CLOCK_DAY_S >= DUE_OLD_S &&
	       now - due > DUE_GIVE_UP_S;
}

bool
due_again(int tries, int64_t first, int64_t now, uint32_t chance,
    int64_t asked_s, int64_t *out)
{
	int64_t wait = FIRST_WAIT_S;

	assert(tries > 0);
	if (now - first >= DUE_GIVE_UP_S)
		return false;
	for (int i = 1; i < tries && wait < LONGEST_WAIT_S; i++)
		wait *= 2;
	if (wait > LONGEST_WAIT_S)
		wait = LONGEST_WAIT_S;
	wait += wait * (int64_t)(chance % 401) / 1000 - wait / 5;
	if (asked_s > LONGEST_ASKED_S)
		asked_s = LONGEST_ASKED_S;
	if (wait < asked_s)
		wait = asked_s;
	*out = now + wait;
	if (*out > first + DUE_GIVE_UP_S)
		*out = first + DUE_GIVE_UP_S;
	return true;
}
