/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/store_client.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "t/unit/tap.h"

static void
on_store_changed(void *arg, enum shared_state state, const char *where)
{
	struct store_client *client = arg;

	lock_take(&client->lock);
	client->state = state;
	text_copy(client->where, sizeof(client->where), where);
	client->told[state]++;
	cond_broadcast(&client->changed);
	lock_drop(&client->lock);
}

void
store_client_open(struct store_client *client, struct shared_options *options)
{
	struct err err;

	*client = (struct store_client){.state = SHARED_DOWN};
	lock_init(&client->lock);
	cond_init(&client->changed);
	options->counts = &client->counts;
	options->changed = on_store_changed;
	options->arg = client;
	client->shared = shared_new(options, &err);
	assert_non_null(client->shared);
}

void
store_client_close(struct store_client *client)
{
	shared_free(client->shared);
	cond_fini(&client->changed);
	lock_fini(&client->lock);
}

void
store_client_await(
    struct store_client *client, enum shared_state state, unsigned times)
{
	int64_t deadline_ms = clock_mono_ms() + STORE_CLIENT_WAIT_MS;
	bool there;

	lock_take(&client->lock);
	while (client->told[state] < times)
		if (!cond_wait_until(
			&client->changed, &client->lock, deadline_ms))
			break;
	there = client->told[state] >= times;
	lock_drop(&client->lock);
	if (!there)
		fail_msg("state %d was not told %u times, but \"%s\"", state,
		    times, client->where);
}

void
store_client_server(struct shared_options *options, const char *text)
{
	assert_int_equal(shared_address_parse(text,
			     &options->servers[options->server_count++], NULL),
	    0);
}

enum shared_result
store_client_ask(struct store_client *client, enum shared_op op,
    const char *const *words, char out[STORE_CLIENT_TEXT])
{
	struct resp_words command = {.count = 0};
	enum shared_result result;
	struct resp *reply;

	while (words[command.count] != NULL) {
		command.items[command.count] = words[command.count];
		command.count++;
	}
	reply = shared_ask(client->shared, op, &command, &result);
	out[0] = '\0';
	if (reply != NULL && reply->text != NULL)
		text_copy(out, STORE_CLIENT_TEXT, reply->text);
	resp_free(reply);
	return result;
}
