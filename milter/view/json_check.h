/* json_check - what is known of a domain: its verdict, and the policy that is
 * kept. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_CHECK_H
#define MILTER_VIEW_JSON_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/check.h"
#include "common/engine/inventory.h"
#include "common/io/store.h"
#include "common/proto/shared_record.h"
#include "milter/conf/settings.h"

struct json_t; /* of jansson */

/* json_check_put - the keys of the log line, with its values and in its order;
 * asked: the domain, where the check has none */
void json_check_put(struct json_t *object, const struct settings *settings,
    const struct check *check, const char *asked, bool cached, uint32_t ttl_s);

/* json_policy - what is kept of a policy domain; with its body or not */
struct json_t *json_policy(const struct store_policy *row, bool body);

/* json_shared_policy - what another host has put, as json_policy has its policy
 */
struct json_t *json_shared_policy(const struct shared_policy *policy);

/* Lines without the end of line, for free(). */
char *json_check_line(const struct settings *settings,
    const struct check *check, const char *hops);
char *json_policy_line(const struct store_policy *row, bool body);
char *json_flushed_line(const struct inventory_flushed *flushed);

#endif
