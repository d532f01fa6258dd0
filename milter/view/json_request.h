/* json_request - what is asked at the control socket, and how answers end. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_REQUEST_H
#define MILTER_VIEW_JSON_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/limits.h"

/* A request of the control socket. */
enum json_ask {
	JSON_ASK_CHECK,
	JSON_ASK_LIST,
	JSON_ASK_SHOW,
	JSON_ASK_FLUSH,
	JSON_ASK_STATS,
	JSON_ASK_PROMETHEUS,
	JSON_ASK_OPENMETRICS,
	JSON_ASK_RECENT,
	JSON_ASK_TLSRPT_LIST,
	JSON_ASK_TLSRPT_SHOW,
	JSON_ASK_FLEET_FLUSH,
	JSON_ASK_FLEET_FORGET,
	JSON_ASK_FLEET_STATUS,
	JSON_ASK_FLEET_SHOW,
	JSON_ASK_TLSRPT_SEND,
};

enum { JSON_DAY_SIZE = 11 };
struct json_request {
	enum json_ask ask;
	char domain[LIMIT_DOMAIN_SIZE]; /* normalised; "" where none */
	char day[JSON_DAY_SIZE];        /* "2026-11-28"; "" where none */
	bool again;                     /* of TLSRPT_SEND: what was sent, too */
};

/* json_request_parse - read one of length octets; DATA when it is none */
int json_request_parse(const char *line, size_t length,
    struct json_request *request, struct err *err);

/* Lines without the end of line, for free(). */

/* json_request_line - the one that asks so */
char *json_request_line(const struct json_request *request);

/* json_request_end_line - what ends each answer: "ok" and how many lines there
 * were, or "error" or "refused", and why */
char *json_request_end_line(const char *word, size_t lines, const char *text);

#endif
