/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_record.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/shared_fields.h"

/* An id of a record, or none: RFC 8461 section 3.1. */
static bool
take_id(const json_t *object, char out[LIMIT_STS_ID + 1])
{
	if (!shared_fields_text(object, "id", out, LIMIT_STS_ID + 1))
		return false;
	for (const char *c = out; *c != '\0'; c++)
		if (!text_is_alnum(*c))
			return false;
	return true;
}

/* --- policies --- */

void
shared_policy_free(struct shared_policy *policy)
{
	if (policy == NULL)
		return;
	sts_policy_free(policy->policy);
	free(policy->body);
	free(policy);
}

/* json_string_value of a text with a NUL in it is never had: the parser
 * refuses those.  That of a policy bounds the body. */
static bool
take_body(const json_t *object, struct shared_policy *policy)
{
	const json_t *value = json_object_get(object, "b");
	size_t length = json_string_length(value);

	if (!json_is_string(value))
		return false;
	policy->body = xstrndup(json_string_value(value), length);
	policy->policy = sts_policy_parse(policy->body, length, NULL);
	return policy->policy != NULL;
}

static enum shared_fault
fill_policy(const json_t *object, const char *domain, time_t now,
    struct shared_policy *policy)
{
	time_t ignored;

	if (!shared_fields_text(
		object, "d", policy->domain, sizeof(policy->domain)) ||
	    !take_id(object, policy->id) ||
	    !shared_fields_time(object, "f", &policy->fetched_s) ||
	    !shared_fields_time(object, "x", &ignored) ||
	    !shared_fields_host(object, "by", policy->by) ||
	    !take_body(object, policy))
		return SHARED_FAULT_SYNTAX;
	if (strcmp(policy->domain, domain) != 0)
		return SHARED_FAULT_KEY;
	policy->expires_s =
	    policy->fetched_s + (time_t)policy->policy->max_age_s;
	if (policy->fetched_s > now + SHARED_SKEW_S || policy->expires_s <= now)
		return SHARED_FAULT_TIME;
	return SHARED_NO_FAULT;
}

struct shared_policy *
shared_policy_read(const char *payload, size_t size, const char *domain,
    time_t now, enum shared_fault *fault)
{
	json_t *object = shared_fields_load(payload, size, 0);
	struct shared_policy *policy;

	*fault = SHARED_FAULT_SYNTAX;
	if (object == NULL)
		return NULL;
	policy = xcalloc(1, sizeof(*policy));
	*fault = fill_policy(object, domain, now, policy);
	json_decref(object);
	if (*fault == SHARED_NO_FAULT)
		return policy;
	shared_policy_free(policy);
	return NULL;
}

char *
shared_policy_print(const struct shared_policy *policy)
{
	return shared_fields_print(json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}",
	    "d", policy->domain, "id", policy->id, "b", policy->body, "f",
	    (json_int_t)policy->fetched_s, "x", (json_int_t)policy->expires_s,
	    "by", policy->by));
}

/* --- events --- */

static const char *const event_words[] = {
    [SHARED_EVENT_FLUSH] = "flush", [SHARED_EVENT_FORGET] = "forget"};
enum { EVENT_WORDS = sizeof(event_words) / sizeof(event_words[0]) };

static bool
take_record_kind(const json_t *object, enum shared_event_kind *out)
{
	const char *word = json_string_value(json_object_get(object, "k"));

	for (int i = 0; word != NULL && i < EVENT_WORDS; i++)
		if (strcmp(word, event_words[i]) == 0) {
			*out = (enum shared_event_kind)i;
			return true;
		}
	return false;
}

/* Of all domains, or of one.  All policies are never forgotten at once. */
static bool
take_event_domain(const json_t *object, struct shared_event *event)
{
	if (!shared_fields_text(
		object, "d", event->domain, sizeof(event->domain)))
		return false;
	if (strcmp(event->domain, "*") != 0)
		return shared_fields_is_domain(event->domain);
	event->domain[0] = '\0';
	return event->kind == SHARED_EVENT_FLUSH;
}

static enum shared_fault
fill_event(const json_t *object, time_t now, struct shared_event *event)
{
	long long number;

	if (!take_record_kind(object, &event->kind) ||
	    !take_event_domain(object, event) ||
	    !shared_fields_host(object, "by", event->by) ||
	    !shared_fields_text(
		object, "boot", event->boot, sizeof(event->boot)) ||
	    !shared_fields_is_hex(event->boot, SHARED_BOOT_SIZE - 1) ||
	    !shared_fields_integer(object, "n", &number) ||
	    !shared_fields_time(object, "t", &event->at_s))
		return SHARED_FAULT_SYNTAX;
	event->number = number;
	if (event->at_s > now + SHARED_EVENT_S ||
	    event->at_s < now - SHARED_EVENT_S)
		return SHARED_FAULT_TIME;
	return SHARED_NO_FAULT;
}

enum shared_fault
shared_event_read(
    const char *payload, size_t size, time_t now, struct shared_event *event)
{
	json_t *object = shared_fields_load(payload, size, 0);
	enum shared_fault fault = SHARED_FAULT_SYNTAX;

	if (object != NULL)
		fault = fill_event(object, now, event);
	json_decref(object);
	return fault;
}

char *
shared_event_print(const struct shared_event *event)
{
	return shared_fields_print(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}",
	    "k", event_words[event->kind], "d",
	    event->domain[0] == '\0' ? "*" : event->domain, "by", event->by,
	    "boot", event->boot, "n", (json_int_t)event->number, "t",
	    (json_int_t)event->at_s));
}

/* --- hosts --- */

static bool
fill_host(const json_t *object, struct shared_host *host)
{
	char clean[SHARED_VERSION_SIZE];

	if (!shared_fields_text(
		object, "v", host->version, sizeof(host->version)) ||
	    !shared_fields_text(
		object, "g", host->digest, sizeof(host->digest)) ||
	    !shared_fields_is_hex(host->digest, SHARED_DIGEST_SIZE - 1) ||
	    !shared_fields_time(object, "t", &host->at_s))
		return false;
	text_clean(clean, sizeof(clean), host->version, strlen(host->version));
	return strcmp(clean, host->version) == 0;
}

enum shared_fault
shared_host_read(const char *payload, size_t size, struct shared_host *host)
{
	json_t *object = shared_fields_load(payload, size, 0);
	bool filled = object != NULL && fill_host(object, host);

	json_decref(object);
	return filled ? SHARED_NO_FAULT : SHARED_FAULT_SYNTAX;
}

char *
shared_host_print(const struct shared_host *host)
{
	return shared_fields_print(json_pack("{s:s, s:s, s:I}", "v",
	    host->version, "g", host->digest, "t", (json_int_t)host->at_s));
}
