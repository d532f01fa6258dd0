/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_replies.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cache.h"
#include "common/base/cache_budget.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/policy_turns.h"
#include "milter/serve/service.h"

enum {
	SECOND_MS = 1000,
	LENGTH_MASK = 0xffffff, /* of a reply; more than LIMIT_MAP_REPLY */
};

static struct {
	struct cache_budget *budget;
	struct cache *kept;
	struct map_reply *nothing[FIGURES_LINE]; /* of those before it */
} replies;

/* --- made --- */

static bool
leads_reply(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* Of a line "CHECK" asks for what is found, else whether mail may go. */
static enum figures_status
status_of(const char *text)
{
	static const struct {
		const char *word;
		enum figures_status status;
	} words[] = {
	    {"OK ", FIGURES_OK},
	    {"NOTFOUND ", FIGURES_NOTFOUND},
	    {"PERM ", FIGURES_PERM},
	    {"answer=ok ", FIGURES_OK},
	    {"answer=refuse ", FIGURES_PERM},
	    {"domain=", FIGURES_OK},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (leads_reply(text, words[i].word))
			return words[i].status;
	return FIGURES_TEMP;
}

/* No less than the struct, the end of which octets overlap. */
static size_t
reply_size(size_t length)
{
	size_t size = offsetof(struct map_reply, octets) + length;

	return size < sizeof(struct map_reply) ? sizeof(struct map_reply)
					       : size;
}

/* W12: no text is longer than an MTA takes. */
struct map_reply *
map_reply_new(enum figures_asker asker, const char *text)
{
	size_t length = strlen(text), head = 0;
	struct map_reply *reply;
	char size[16] = "";

	assert(length <= LIMIT_MAP_REPLY);
	if (asker != FIGURES_LINE)
		head = (size_t)snprintf(size, sizeof(size), "%zu:", length);
	reply = xmalloc(reply_size(head + length + 1));
	*reply = (struct map_reply){.asker = asker,
	    .status = status_of(text),
	    .length = (uint32_t)(head + length + 1) & LENGTH_MASK};
	if (head > 0)
		memcpy(reply->octets, size, head);
	memcpy(reply->octets + head, text, length);
	reply->octets[head + length] = asker == FIGURES_LINE ? '\n' : ',';
	return reply;
}

struct map_reply *
map_reply_owned(enum figures_asker asker, char *text)
{
	struct map_reply *reply = map_reply_new(asker, text);

	free(text);
	return reply;
}

struct map_reply *
map_reply_temp(enum figures_asker asker, enum reason reason)
{
	return map_reply_owned(asker, asker == FIGURES_LINE
					  ? mta_policy_line_temp(reason)
					  : mta_policy_temp(reason));
}

struct map_reply *
map_reply_skip(enum figures_asker asker, enum reason reason)
{
	return asker == FIGURES_LINE
		   ? map_reply_owned(asker, mta_policy_line_skip(reason))
		   : map_reply_new(asker, MTA_POLICY_NOTHING);
}

const char *
map_reply_print(
    const struct map_reply *reply, char out[MAP_LINE_SIZE], size_t *length)
{
	static const char key[] = " ttl=";
	const char *end = reply->octets + reply->length, *at;
	struct text text;

	*length = reply->length;
	if (reply->asker != FIGURES_LINE || reply->expires_ms == 0)
		return reply->octets;
	at = memmem(reply->octets, reply->length, key, strlen(key));
	if (at == NULL)
		return reply->octets;
	at += strlen(key);
	text_init(&text, out, MAP_LINE_SIZE);
	text_addf(&text, "%.*s%d", (int)(at - reply->octets), reply->octets,
	    clock_left_ms(reply->expires_ms) / SECOND_MS);
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	text_addf(&text, "%.*s", (int)(end - at), at);
	*length = text.len;
	return out;
}

/* --- kept --- */

static size_t
reply_octets(const void *value)
{
	return reply_size(((const struct map_reply *)value)->length);
}

static const struct cache_kind reply_kind = {free, reply_octets, 0};

void
map_replies_open(void)
{
	replies.budget = cache_budget_new(LIMIT_REPLY_OCTETS);
	replies.kept =
	    cache_new(LIMIT_CACHED_REPLIES, &reply_kind, replies.budget);
	for (enum figures_asker i = 0; i < FIGURES_LINE; i++)
		replies.nothing[i] = map_reply_new(i, MTA_POLICY_NOTHING);
}

void
map_replies_close(void)
{
	cache_free(replies.kept);
	cache_budget_free(replies.budget);
	replies.kept = NULL;
	replies.budget = NULL;
	for (size_t i = 0; i < FIGURES_LINE; i++) {
		free(replies.nothing[i]);
		replies.nothing[i] = NULL;
	}
}

const struct map_reply *
map_reply_nothing(enum figures_asker asker)
{
	assert(asker < FIGURES_LINE && replies.nothing[asker] != NULL);
	return replies.nothing[asker];
}

/* The octets of the request behind one that tells the protocol. */
bool
map_replies_key(enum map_protocol protocol, const struct map_payload *payload,
    char key[MAP_KEY_SIZE])
{
	key[0] = '\0';
	if (payload->length >= MAP_KEY_SIZE - 1 ||
	    memchr(payload->data, '\0', payload->length) != NULL)
		return false;
	memcpy(key + 1, payload->data, payload->length);
	key[1 + payload->length] = '\0';
	key[0] = protocol == MAP_PROTOCOL_TABLE ? 't' : 'l';
	return true;
}

struct map_reply *
map_replies_find(const char *key, struct cache_entry **entry)
{
	struct map_reply *reply;

	*entry = cache_find(replies.kept, key);
	if (*entry == NULL)
		return NULL;
	reply = cache_value(*entry);
	if (reply->turn == service_turn() &&
	    policy_turns_is_current(service_policies(), &reply->policy))
		return reply;
	cache_release(*entry);
	return NULL;
}

void
map_replies_release(struct cache_entry *entry)
{
	cache_release(entry);
}

void
map_replies_keep(const char *key, struct map_reply *reply, int64_t expires_ms)
{
	cache_put(replies.kept, key, reply, expires_ms);
}
