/* watch - how the posternd that runs is doing, asked of it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_WATCH_WATCH_H
#define MILTER_CLI_WATCH_WATCH_H

#include <stddef.h>

#include "common/base/err.h"
#include "milter/cli/daemon.h"

/* Of jansson; each as postern-json(7) has it. */
struct watch {
	struct json_t *stats;
	struct json_t *domains; /* an array: those that fail now */
};

/* watch_ask - the figures, and with_domains those too; as cli_daemon_ask */
enum cli_daemon_outcome watch_ask(struct watch *watch,
    const struct settings *settings, bool with_domains, struct err *err);
void watch_fini(struct watch *watch);

/* watch_number, watch_text - by a path such as "messages.ended"; 0 and "" where
 * there is none.  The text is borrowed. */
int64_t watch_number(const struct watch *watch, const char *path);
const char *watch_text(const struct watch *watch, const char *path);

/* watch_cell - a text of one of the domains, borrowed */
const char *watch_cell(const struct watch *watch, size_t row, const char *key);
int64_t watch_messages(const struct watch *watch, size_t row);
size_t watch_rows(const struct watch *watch);

#endif
