/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/inbox_tries.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"

void
inbox_tries_init(struct inbox_tries *tries, const char *path)
{
	*tries =
	    (struct inbox_tries){.path = path == NULL ? NULL : xstrdup(path)};
}

void
inbox_tries_fini(struct inbox_tries *tries)
{
	free(tries->path);
	tries->path = NULL;
}

struct inbox *
inbox_tries_open(struct inbox_tries *tries, gid_t *group)
{
	struct err err = {.text = ""};
	struct inbox *inbox;
	struct stat status;

	if (tries->path == NULL || clock_left_ms(tries->again_ms) > 0)
		return NULL;
	tries->again_ms = clock_mono_ms() + INBOX_TRIES_MS;
	inbox = inbox_open(tries->path, &err);
	if (inbox == NULL) {
		if (!tries->told)
			report_tlsrpt_trouble("socket", err.text);
		tries->told = true;
		return NULL;
	}
	tries->told = false;
	*group = stat(tries->path, &status) == 0 ? status.st_gid : getegid();
	return inbox;
}
