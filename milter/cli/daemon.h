/* daemon - ask the posternd that runs. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DAEMON_H
#define MILTER_CLI_DAEMON_H

#include "common/base/err.h"
#include "milter/conf/settings.h"
#include "milter/view/json_request.h"

struct json_t; /* of jansson */

enum cli_daemon_outcome {
	CLI_DAEMON_ANSWERED,
	CLI_DAEMON_NONE,   /* nobody is there to ask */
	CLI_DAEMON_FAILED, /* it did not do it, or not all of it */
};

/*
 * cli_daemon_ask - one request at ControlSocket
 *
 * row is called for each object of the answer but the one that ends it.  err
 * tells why it is none.
 */
typedef void cli_daemon_row(void *arg, const struct json_t *row);
enum cli_daemon_outcome cli_daemon_ask(const struct settings *settings,
    const struct json_request *request, cli_daemon_row *row, void *arg,
    struct err *err);

/* cli_daemon_text - a text of an object, fit to be printed, in out; "" where
 * there is none */
enum { CLI_DAEMON_TEXT_SIZE = 300 };
const char *cli_daemon_text(
    const struct json_t *row, const char *key, char out[CLI_DAEMON_TEXT_SIZE]);

/* cli_daemon_number - an integer of an object, or 0 */
int64_t cli_daemon_number(const struct json_t *row, const char *key);

/* cli_print_policy - a row of a policy as text; whole: with its body, and what
 * else is known */
void cli_print_policy(const struct json_t *row, bool whole);

/* cli_print_row - the object as a line of stdout */
void cli_print_row(const struct json_t *row);

#endif
