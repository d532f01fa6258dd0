/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Items stand in one array and are linked three ways by their numbers: by
 * bucket of the queue id, by age, and those not in use one behind the other.
 */
#include "milter/cli/review/messages.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { NONE = UINT32_MAX, ID_BUCKETS = 1 << 16 };

void
review_messages_init(
    struct review_messages *messages, review_message_end *end, void *arg)
{
	*messages = (struct review_messages){.free = NONE,
	    .oldest = NONE,
	    .newest = NONE,
	    .end = end,
	    .arg = arg};
	messages->items =
	    xcalloc(LIMIT_REVIEW_MESSAGES, sizeof(*messages->items));
	messages->buckets = xmalloc(ID_BUCKETS * sizeof(*messages->buckets));
	memset(
	    messages->buckets, 0xff, ID_BUCKETS * sizeof(*messages->buckets));
}

void
review_messages_fini(struct review_messages *messages)
{
	while (messages->oldest != NONE)
		review_messages_end(
		    messages, &messages->items[messages->oldest]);
	free(messages->items);
	free(messages->buckets);
}

static uint32_t *
bucket_for(struct review_messages *messages, const char *id)
{
	return &messages->buckets[names_hash(id, strlen(id)) % ID_BUCKETS];
}

struct review_message *
review_messages_find(struct review_messages *messages, const char *id)
{
	uint32_t i = *bucket_for(messages, id);

	while (i != NONE && strcmp(messages->items[i].id, id) != 0)
		i = messages->items[i].chain;
	return i == NONE ? NULL : &messages->items[i];
}

/* A place that is free, if need be that of the oldest. */
static uint32_t
take_place(struct review_messages *messages)
{
	uint32_t place;

	if (messages->free == NONE && messages->used < LIMIT_REVIEW_MESSAGES)
		return messages->used++;
	if (messages->free == NONE) {
		messages->given_up++;
		review_messages_end(
		    messages, &messages->items[messages->oldest]);
	}
	place = messages->free;
	assert(place != NONE);
	messages->free = messages->items[place].chain;
	return place;
}

struct review_message *
review_messages_take(struct review_messages *messages, const char *id)
{
	struct review_message *message = review_messages_find(messages, id);
	uint32_t place, *bucket;

	assert(id[0] != '\0');
	if (message != NULL)
		return message;
	place = take_place(messages);
	bucket = bucket_for(messages, id);
	message = &messages->items[place];
	*message = (struct review_message){
	    .chain = *bucket, .before = messages->newest, .after = NONE};
	text_copy(message->id, sizeof(message->id), id);
	*bucket = place;
	if (messages->newest == NONE)
		messages->oldest = place;
	else
		messages->items[messages->newest].after = place;
	messages->newest = place;
	return message;
}

static void
leave_bucket(struct review_messages *messages, uint32_t place)
{
	uint32_t *at = bucket_for(messages, messages->items[place].id);

	while (*at != place) {
		assert(*at != NONE);
		at = &messages->items[*at].chain;
	}
	*at = messages->items[place].chain;
}

static void
leave_age(
    struct review_messages *messages, const struct review_message *message)
{
	if (message->before == NONE)
		messages->oldest = message->after;
	else
		messages->items[message->before].after = message->after;
	if (message->after == NONE)
		messages->newest = message->before;
	else
		messages->items[message->after].before = message->before;
}

void
review_messages_end(
    struct review_messages *messages, struct review_message *message)
{
	uint32_t place = (uint32_t)(message - messages->items);

	assert(message->id[0] != '\0');
	messages->end(messages->arg, message);
	leave_bucket(messages, place);
	leave_age(messages, message);
	for (size_t i = 0; i < message->pair_count; i++) {
		free(message->pairs[i].name);
		free(message->pairs[i].ours);
		free(message->pairs[i].theirs);
	}
	free(message->pairs);
	*message = (struct review_message){.chain = messages->free};
	messages->free = place;
}

struct review_pair *
review_pair_of(const struct review_message *message, const char *name)
{
	for (size_t i = 0; i < message->pair_count; i++)
		if (strcmp(message->pairs[i].name, name) == 0)
			return &message->pairs[i];
	return NULL;
}

struct review_pair *
review_pair_add(struct review_message *message, const char *name)
{
	struct review_pair *pair;

	if (message->pair_count == LIMIT_REVIEW_PAIRS)
		return NULL;
	message->pairs = xrealloc(
	    message->pairs, message->pair_count + 1, sizeof(*message->pairs));
	pair = &message->pairs[message->pair_count++];
	*pair = (struct review_pair){.name = xstrdup(name)};
	return pair;
}
