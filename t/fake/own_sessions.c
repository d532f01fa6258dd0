/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/own_sessions.h"

#include <stdio.h>
#include <string.h>

char fake_refused[512];

void
own_sessions_refused(const struct check *check)
{
	size_t length = strlen(fake_refused);

	snprintf(fake_refused + length, sizeof(fake_refused) - length, " %s",
	    check->domain);
}
