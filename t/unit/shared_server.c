/* SPDX-License-Identifier: BSD-2-Clause */
/* With a real server: what others write about, here it happens. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/io/shared.h"
#include "t/fake/redis.h"
#include "t/unit/store_client.h"
#include "t/unit/tap.h"

/* As the manual has it; all else is refused. */
#define ACL                                                                  \
	"user default off\n"                                                 \
	"user postern on >secret resetkeys ~postern:1:* resetchannels"       \
	" -@all +get +set +del +pexpireat +xadd +xread +hset +hgetall +hdel" \
	" +hello +auth +ping\n"

enum { PATIENT_MS = 30 * 1000, SHORT_MS = 50 };

static void
open_at(struct store_client *client, const struct redis *server,
    const char *password, int timeout_ms)
{
	struct shared_options options = {
	    .user = "postern", .password = password, .timeout_ms = timeout_ms};
	char text[160];

	snprintf(text, sizeof(text), "unix:%s", redis_path(server));
	store_client_server(&options, text);
	store_client_open(client, &options);
}

/* All that is needed may be done, and nothing else. */
static void
the_acl_of_the_manual_is_enough_and_no_more(void **state)
{
	static const struct {
		const char *words[RESP_WORDS];
		enum shared_result result;
	} rows[] = {
	    {{"SET", "postern:1:p:a", "v", "PX", "60000"}, SHARED_RESULT_OK},
	    {{"SET", "postern:1:l:a", "h", "NX", "PX", "60000"},
		SHARED_RESULT_OK},
	    {{"SET", "postern:1:l:a", "h", "NX", "PX", "60000"},
		SHARED_RESULT_MISS},
	    {{"GET", "postern:1:p:a"}, SHARED_RESULT_OK},
	    {{"DEL", "postern:1:p:a"}, SHARED_RESULT_OK},
	    {{"XADD", "postern:1:e", "MAXLEN", "~", "1000", "*", "v", "x"},
		SHARED_RESULT_OK},
	    {{"XREAD", "COUNT", "100", "STREAMS", "postern:1:e", "0"},
		SHARED_RESULT_OK},
	    {{"HSET", "postern:1:hosts", "a", "b"}, SHARED_RESULT_OK},
	    {{"HGETALL", "postern:1:hosts"}, SHARED_RESULT_OK},
	    {{"HDEL", "postern:1:hosts", "a"}, SHARED_RESULT_OK},
	    {{"PING"}, SHARED_RESULT_OK},
	    {{"GET", "other:1:p:a"}, SHARED_RESULT_ERROR},
	    {{"SET", "postern:2:p:a", "v"}, SHARED_RESULT_ERROR},
	    {{"FLUSHALL"}, SHARED_RESULT_ERROR},
	    {{"CONFIG", "GET", "*"}, SHARED_RESULT_ERROR},
	    {{"EVAL", "return 1", "0"}, SHARED_RESULT_ERROR},
	    {{"SCAN", "0"}, SHARED_RESULT_ERROR},
	    {{"SUBSCRIBE", "x"}, SHARED_RESULT_ERROR},
	    {{"REPLICAOF", "NO", "ONE"}, SHARED_RESULT_ERROR},
	};
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	open_at(&client, server, "secret", PATIENT_MS);
	store_client_await(&client, SHARED_UP, 1);
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].words[0],
		    store_client_ask(&client, SHARED_OP_PUT, rows[i].words,
			text) == rows[i].result);
	assert_int_equal(client.told[SHARED_DOWN], 0);
	store_client_close(&client);
}

static void
a_wrong_password_is_told_as_that(void **state)
{
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;

	(void)state;
	open_at(&client, server, "wrong", PATIENT_MS);
	store_client_await(&client, SHARED_DENIED, 1);
	assert_non_null(strstr(client.where, "WRONGPASS"));
	store_client_close(&client);
	/* nor is there a way in without one */
	open_at(&client, server, NULL, PATIENT_MS);
	store_client_await(&client, SHARED_DENIED, 1);
	store_client_close(&client);
}

static const char *const get_x[] = {"GET", "postern:1:x", NULL};

/* F40 */
static void
one_that_is_stopped_is_rested_and_comes_back(void **state)
{
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;
	char text[STORE_CLIENT_TEXT];
	unsigned timeouts = 0;

	(void)state;
	open_at(&client, server, "secret", SHORT_MS);
	store_client_await(&client, SHARED_UP, 1);
	redis_signal(server, SIGSTOP);
	while (store_client_ask(&client, SHARED_OP_GET, get_x, text) !=
	       SHARED_RESULT_RESTED)
		timeouts++;
	assert_true(timeouts <= 3);
	store_client_await(&client, SHARED_DOWN, 1);
	redis_signal(server, SIGCONT);
	store_client_await(&client, SHARED_UP, 2);
	store_client_close(&client);
}

static void
one_that_is_killed_and_started_is_found_again(void **state)
{
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	open_at(&client, server, "secret", PATIENT_MS);
	for (unsigned round = 1; round <= 2; round++) {
		store_client_await(&client, SHARED_UP, round);
		assert_int_equal(
		    store_client_ask(&client, SHARED_OP_GET, get_x, text),
		    SHARED_RESULT_MISS);
		redis_signal(server, SIGKILL);
		store_client_await(&client, SHARED_DOWN, round);
		assert_int_equal(
		    store_client_ask(&client, SHARED_OP_GET, get_x, text),
		    SHARED_RESULT_RESTED);
		redis_restart(server);
	}
	store_client_await(&client, SHARED_UP, 3);
	store_client_close(&client);
}

/* Each gets the answer to what it has asked, whoever asks beside it. */
struct asker {
	struct store_client *client;
	unsigned number;
	unsigned right, other; /* answers */
};

enum { ASKERS = 2 * LIMIT_SHARED_PIPELINE, ROUNDS = 20 };

static void *
ask_often(void *arg)
{
	struct asker *asker = arg;
	char key[64], value[64], text[STORE_CLIENT_TEXT];
	const char *const set[] = {"SET", key, value, "PX", "600000", NULL};
	const char *const get[] = {"GET", key, NULL};

	for (unsigned round = 0; round < ROUNDS; round++) {
		snprintf(key, sizeof(key), "postern:1:%u", asker->number);
		snprintf(value, sizeof(value), "%u-%u", asker->number, round);
		store_client_ask(asker->client, SHARED_OP_PUT, set, text);
		if (store_client_ask(asker->client, SHARED_OP_GET, get, text) !=
		    SHARED_RESULT_HIT)
			continue;
		if (strcmp(text, value) == 0)
			asker->right++;
		else
			asker->other++;
	}
	return NULL;
}

/* What befalls the store meanwhile; NULL: nothing. */
typedef void disturb(struct redis *server);

/* Each gets the answer to what it has asked, or none. */
static void
let_many_ask(struct redis *server, struct store_client *client,
    disturb *disturb_store, struct asker askers[ASKERS])
{
	pthread_t threads[ASKERS];

	for (unsigned i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){.client = client, .number = i};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_often, &askers[i]),
		    0);
	}
	if (disturb_store != NULL)
		disturb_store(server);
	for (unsigned i = 0; i < ASKERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].other, 0);
	}
}

static void
many_who_ask_get_their_own_answers(void **state)
{
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;
	struct asker askers[ASKERS];

	(void)state;
	open_at(&client, server, "secret", PATIENT_MS);
	store_client_await(&client, SHARED_UP, 1);
	let_many_ask(server, &client, NULL, askers);
	for (unsigned i = 0; i < ASKERS; i++)
		assert_int_equal(askers[i].right, ROUNDS);
	store_client_close(&client);
}

static void
stop_and_kill(struct redis *server)
{
	redis_signal(server, SIGSTOP);
	redis_signal(server, SIGCONT);
	redis_signal(server, SIGKILL);
	redis_restart(server);
}

static void
nobody_gets_anothers_answer_while_it_comes_and_goes(void **state)
{
	AUTO(redis) struct redis *server = redis_new(ACL);
	struct store_client client;
	struct asker askers[ASKERS];

	(void)state;
	open_at(&client, server, "secret", SHORT_MS);
	store_client_await(&client, SHARED_UP, 1);
	let_many_ask(server, &client, stop_and_kill, askers);
	store_client_await(&client, SHARED_UP, 2);
	store_client_close(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_acl_of_the_manual_is_enough_and_no_more),
	    cmocka_unit_test(a_wrong_password_is_told_as_that),
	    cmocka_unit_test(one_that_is_stopped_is_rested_and_comes_back),
	    cmocka_unit_test(one_that_is_killed_and_started_is_found_again),
	    cmocka_unit_test(many_who_ask_get_their_own_answers),
	    cmocka_unit_test(
		nobody_gets_anothers_answer_while_it_comes_and_goes),
	};

	if (!redis_is_there()) {
		puts("1..0 # SKIP no redis-server");
		return 0;
	}
	return RUN_TESTS(tests);
}
