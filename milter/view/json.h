/* json - the lines of JSON that posternd and postern have in common. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_H
#define MILTER_VIEW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/engine/engine.h"
#include "common/engine/inventory.h"
#include "common/io/store.h"
#include "milter/conf/settings.h"

struct json_t; /* of jansson */
struct stats;

/* Keys of an object. */
void json_put_text(struct json_t *object, const char *key, const char *value);
void json_put_number(struct json_t *object, const char *key, int64_t value);
void json_put_bool(struct json_t *object, const char *key, bool value);
void json_put_time(struct json_t *object, const char *key, time_t at);

/* json_print_time - RFC 3339, in UTC; "" for a time that nobody can print */
enum { JSON_TIME_SIZE = 32 };
void json_print_time(time_t at, char out[JSON_TIME_SIZE]);

/* json_put_check - the keys of the log line, with its values and in its order;
 * asked: the domain, where the check has none */
void json_put_check(struct json_t *object, const struct settings *settings,
    const struct check *check, const char *asked, bool cached, uint32_t ttl_s);

/* json_policy - what is kept of a policy domain; with its body or not */
struct json_t *json_policy(const struct store_policy *row, bool body);

/* Lines without the end of line, for free(). */
char *json_line_verdict(const struct settings *settings,
    const struct check *check, const char *hops);
char *json_line_policy(const struct store_policy *row, bool body);
char *json_line_stats(const struct stats *stats, const char *version);
char *json_line_flushed(const struct inventory_flushed *flushed);

/* json_line_end - what ends each answer: "ok" and how many lines there were, or
 * "error" or "refused", and why */
char *json_line_end(const char *word, size_t lines, const char *text);

/* A request of the control socket. */
enum json_ask {
	JSON_ASK_CHECK,
	JSON_ASK_LIST,
	JSON_ASK_SHOW,
	JSON_ASK_FLUSH,
	JSON_ASK_STATS,
};

struct json_request {
	enum json_ask ask;
	char domain[LIMIT_DOMAIN_SIZE]; /* normalised; "" where none */
};

/* json_read_request - read one of length octets; DATA when it is none */
int json_read_request(const char *line, size_t length,
    struct json_request *request, struct err *err);

/* json_line_request - the line that asks so */
char *json_line_request(const struct json_request *request);

#endif
