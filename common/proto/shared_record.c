/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_record.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

/* Of whoever writes a second time than 1970 to year 9999 */
static const json_int_t latest_s = 253402300799;

/* A payload is flat, and the parser climbs down whatever it is given. */
static bool
is_flat_payload(const char *payload, size_t size)
{
	size_t opened = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		if (quoted && payload[i] == '\\')
			i++;
		else if (payload[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			opened += payload[i] == '{' || payload[i] == '[';
	}
	return opened == 1;
}

static json_t *
load_payload(const char *payload, size_t size)
{
	json_t *object;

	if (size > LIMIT_SHARED_VALUE || !is_flat_payload(payload, size))
		return NULL;
	object = json_loadb(payload, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static bool
take_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && text_copy(out, size, value);
}

static bool
take_integer(const json_t *object, const char *key, json_int_t *out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0 && *out <= latest_s;
}

static bool
take_time(const json_t *object, const char *key, time_t *out)
{
	json_int_t value;
	bool taken = take_integer(object, key, &value);

	*out = (time_t)value;
	return taken;
}

bool
shared_is_host_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < LIMIT_DOMAIN_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._:-") == length;
}

static bool
take_host(const json_t *object, const char *key, char out[LIMIT_DOMAIN_SIZE])
{
	return take_text(object, key, out, LIMIT_DOMAIN_SIZE) &&
	       shared_is_host_name(out);
}

static bool
is_one_spelling(const char *domain)
{
	char normal[LIMIT_DOMAIN_SIZE];

	return domain_normalise(domain, normal, NULL) == 0 &&
	       strcmp(domain, normal) == 0;
}

static bool
is_hex(const char *text, size_t length)
{
	return strlen(text) == length &&
	       strspn(text, "0123456789abcdef") == length;
}

/* An id of a record, or none: RFC 8461 section 3.1. */
static bool
take_id(const json_t *object, char out[LIMIT_STS_ID + 1])
{
	if (!take_text(object, "id", out, LIMIT_STS_ID + 1))
		return false;
	for (const char *c = out; *c != '\0'; c++)
		if (!text_is_alnum(*c))
			return false;
	return true;
}

static char *
print_payload(json_t *object)
{
	char *printed =
	    object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
	char *copy = printed == NULL ? NULL : xstrdup(printed);

	free(printed);
	json_decref(object);
	return copy;
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
 * refuses those. */
static bool
take_body(const json_t *object, struct shared_policy *policy)
{
	const json_t *value = json_object_get(object, "b");
	size_t length = json_string_length(value);

	if (!json_is_string(value) || length > LIMIT_STS_BODY)
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

	if (!take_text(object, "d", policy->domain, sizeof(policy->domain)) ||
	    !take_id(object, policy->id) ||
	    !take_time(object, "f", &policy->fetched_s) ||
	    !take_time(object, "x", &ignored) ||
	    !take_host(object, "by", policy->by) || !take_body(object, policy))
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
	json_t *object = load_payload(payload, size);
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
	char *payload = print_payload(json_pack(
	    "{s:s, s:s, s:s, s:I, s:I, s:s}", "d", policy->domain, "id",
	    policy->id, "b", policy->body, "f", (json_int_t)policy->fetched_s,
	    "x", (json_int_t)policy->expires_s, "by", policy->by));

	if (payload == NULL || strlen(payload) <= LIMIT_SHARED_PAYLOAD)
		return payload;
	free(payload);
	return NULL;
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
	if (!take_text(object, "d", event->domain, sizeof(event->domain)))
		return false;
	if (strcmp(event->domain, "*") != 0)
		return is_one_spelling(event->domain);
	event->domain[0] = '\0';
	return event->kind == SHARED_EVENT_FLUSH;
}

static enum shared_fault
fill_event(const json_t *object, time_t now, struct shared_event *event)
{
	json_int_t number;

	if (!take_record_kind(object, &event->kind) ||
	    !take_event_domain(object, event) ||
	    !take_host(object, "by", event->by) ||
	    !take_text(object, "boot", event->boot, sizeof(event->boot)) ||
	    !is_hex(event->boot, SHARED_BOOT_SIZE - 1) ||
	    !take_integer(object, "n", &number) ||
	    !take_time(object, "t", &event->at_s))
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
	json_t *object = load_payload(payload, size);
	enum shared_fault fault = SHARED_FAULT_SYNTAX;

	if (object != NULL)
		fault = fill_event(object, now, event);
	json_decref(object);
	return fault;
}

char *
shared_event_print(const struct shared_event *event)
{
	return print_payload(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "k",
	    event_words[event->kind], "d",
	    event->domain[0] == '\0' ? "*" : event->domain, "by", event->by,
	    "boot", event->boot, "n", (json_int_t)event->number, "t",
	    (json_int_t)event->at_s));
}

/* --- hosts --- */

static bool
fill_host(const json_t *object, struct shared_host *host)
{
	char clean[SHARED_VERSION_SIZE];

	if (!take_text(object, "v", host->version, sizeof(host->version)) ||
	    !take_text(object, "g", host->digest, sizeof(host->digest)) ||
	    !is_hex(host->digest, SHARED_DIGEST_SIZE - 1) ||
	    !take_time(object, "t", &host->at_s))
		return false;
	text_clean(clean, sizeof(clean), host->version, strlen(host->version));
	return strcmp(clean, host->version) == 0;
}

enum shared_fault
shared_host_read(const char *payload, size_t size, struct shared_host *host)
{
	json_t *object = load_payload(payload, size);
	bool filled = object != NULL && fill_host(object, host);

	json_decref(object);
	return filled ? SHARED_NO_FAULT : SHARED_FAULT_SYNTAX;
}

char *
shared_host_print(const struct shared_host *host)
{
	return print_payload(json_pack("{s:s, s:s, s:I}", "v", host->version,
	    "g", host->digest, "t", (json_int_t)host->at_s));
}
