/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/pace.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

enum { PACE_MS = 1000 };

bool
pace_allows(const struct pace *pace, const char *host, int64_t now_ms)
{
	bool room = false;

	for (size_t i = 0; i < PACE_HOSTS; i++) {
		bool over = pace->tried[i].until_ms <= now_ms;

		room = room || over;
		if (!over && strcmp(pace->tried[i].host, host) == 0)
			return false;
	}
	return room;
}

void
pace_note(struct pace *pace, const char *host, int64_t now_ms)
{
	for (size_t i = 0; i < PACE_HOSTS; i++)
		if (pace->tried[i].until_ms <= now_ms) {
			text_copy(pace->tried[i].host,
			    sizeof(pace->tried[i].host), host);
			pace->tried[i].until_ms = now_ms + PACE_MS;
			return;
		}
}
