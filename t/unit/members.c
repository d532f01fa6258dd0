/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "t/unit/tap.h"

#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

struct redis *members_store;
struct member member_a, member_b;
static char path_of_a[64], path_of_b[64];

static void
note_told(void *arg, enum share_what what, const char *domain, const char *by,
    enum shared_fault fault)
{
	struct member *member = arg;

	(void)domain;
	(void)by;
	(void)fault;
	member->told[what]++;
}

void
members_join(struct member *member, const char *host, const char *key)
{
	struct shared_options options = {.timeout_ms = MEMBERS_PATIENT_MS};
	struct share_options share = {.prefix = "postern",
	    .host = host,
	    .counts = &member->counts,
	    .content = SHARE_POLICIES | SHARE_PROBES,
	    .told = note_told,
	    .arg = member};
	char text[160];

	memset(member, 0, sizeof(*member));
	snprintf(text, sizeof(text), "unix:%s", redis_path(members_store));
	store_client_server(&options, text);
	store_client_open(&member->client, &options);
	store_client_await(&member->client, SHARED_UP, 1);
	assert_int_equal(shared_keys_parse(&share.keys, key, NULL), 0);
	share.store = member->client.shared;
	member->share = share_new(&share, NULL);
	assert_non_null(member->share);
	member->house.share = member->share;
}

void
members_leave(struct member *member)
{
	share_free(member->share);
	store_client_close(&member->client);
}

int
members_begin(void **state)
{
	(void)state;
	members_store = redis_new("");
	members_join(&member_a, "a.host", KEY);
	members_join(&member_b, "b.host", KEY);
	house_new_store();
	text_copy(path_of_b, sizeof(path_of_b), house_path);
	snprintf(house_path, sizeof(house_path), "%.50s-a", path_of_b);
	house_move_in(&member_a.house, false, false);
	text_copy(path_of_a, sizeof(path_of_a), house_path);
	text_copy(house_path, sizeof(house_path), path_of_b);
	house_move_in(&member_b.house, false, false);
	return 0;
}

int
members_end(void **state)
{
	(void)state;
	house_move_out(&member_a.house);
	house_move_out(&member_b.house);
	house_unlink_store();
	text_copy(house_path, sizeof(house_path), path_of_a);
	house_unlink_store();
	members_leave(&member_a);
	members_leave(&member_b);
	redis_free(members_store);
	return 0;
}

void
members_set(const char *name, const char *value)
{
	const char *const words[] = {"SET", name, value, NULL};
	char text[STORE_CLIENT_TEXT];

	assert_int_equal(
	    store_client_ask(&member_a.client, SHARED_OP_PUT, words, text),
	    SHARED_RESULT_OK);
}

char *
members_get(const char *name)
{
	struct resp_words words = {.count = 2, .items = {"GET", name}};
	enum shared_result result;
	struct resp *reply =
	    shared_ask(member_a.client.shared, SHARED_OP_GET, &words, &result);
	char *value = result == SHARED_RESULT_HIT ? strdup(reply->text) : NULL;

	resp_free(reply);
	return value;
}

void
members_put(
    const char *domain, const char *id, const char *body, time_t fetched_s)
{
	struct shared_policy policy = {
	    .fetched_s = fetched_s, .expires_s = fetched_s + 365 * DAY};
	char name[SHARE_NAME_SIZE], *payload, *value;

	text_copy(policy.domain, sizeof(policy.domain), domain);
	text_copy(policy.id, sizeof(policy.id), id);
	text_copy(policy.by, sizeof(policy.by), "c.host");
	policy.body = strdup(body);
	payload = shared_policy_print(&policy);
	share_name(member_a.share, "p", domain, name);
	value = share_sign(member_a.share, name, payload);
	members_set(name, value);
	free(policy.body);
	free(payload);
	free(value);
}

void
members_await_puts(const struct member *member, uint64_t count)
{
	const _Atomic uint64_t *put =
	    &member->client.counts.requests[SHARED_OP_PUT][SHARED_RESULT_OK];
	int64_t deadline_ms = clock_mono_ms() + STORE_CLIENT_WAIT_MS;

	while (*put < count && clock_left_ms(deadline_ms) > 0)
		usleep(MEMBERS_LOOK_US);
	assert_int_equal(*put, count);
}

struct shared_policy *
members_await(const char *domain, const char *body)
{
	int64_t deadline_ms = clock_mono_ms() + STORE_CLIENT_WAIT_MS;
	struct shared_policy *policy;

	while ((policy = share_policy_ask(member_a.share, domain)) == NULL ||
	       strcmp(policy->body, body) != 0) {
		shared_policy_free(policy);
		if (clock_left_ms(deadline_ms) == 0)
			fail_msg("nothing was put");
		usleep(MEMBERS_LOOK_US);
	}
	return policy;
}
