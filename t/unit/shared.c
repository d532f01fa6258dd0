/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "t/fake/tlsd.h"
#include "t/unit/store_client.h"
#include "t/unit/store_steps.h"
#include "t/unit/tap.h"

/* No answer is slower here than a machine is slow, but where it hangs */
enum { PATIENT_MS = 30 * 1000, SHORT_MS = 50, SLOW_MS = 500 };

/* Sanitizers keep what is given back. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WITH_SANITIZER = true };
#else
enum { WITH_SANITIZER = false };
#endif

static const char *const get_x[] = {"GET", "x", NULL};

static struct tlsd *
serve_steps(const char *const *steps)
{
	struct tlsd_options options = {.steps = steps};

	return tlsd_new(&options);
}

static void
name_server(struct shared_options *options, const char *scheme,
    const struct tlsd *server)
{
	char text[64];

	snprintf(
	    text, sizeof(text), "%s://127.0.0.1:%u", scheme, tlsd_port(server));
	store_client_server(options, text);
}

static void
open_client(struct store_client *client, const struct tlsd *server,
    const char *password, int timeout_ms)
{
	struct shared_options options = {
	    .password = password, .timeout_ms = timeout_ms};

	name_server(&options, "tcp", server);
	store_client_open(client, &options);
}

static void
an_answer_comes_to_who_asked(void **state)
{
	static const char *const steps[] = {HELLO, MASTER, GET, ANSWER, GET,
	    "$-1\r\n", GET, "-ERR no\r\n", TLSD_HANG, NULL};
	AUTO(tlsd) struct tlsd *server = serve_steps(steps);
	struct store_client client;
	struct shared_status status;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	open_client(&client, server, NULL, PATIENT_MS);
	store_client_await(&client, SHARED_UP, 1);
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_HIT);
	assert_string_equal(text, "value");
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_MISS);
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_ERROR);
	assert_int_equal(
	    client.counts.requests[SHARED_OP_GET][SHARED_RESULT_HIT], 1);
	assert_int_equal(
	    client.counts.requests[SHARED_OP_GET][SHARED_RESULT_ERROR], 1);
	shared_look(client.shared, &status);
	assert_int_equal(status.state, SHARED_UP);
	assert_true(strstr(status.where, "127.0.0.1:") == status.where);
	store_client_close(&client);
}

static void
it_logs_in_where_there_is_a_password(void **state)
{
	static const char *const steps[] = {
	    LOGIN, MASTER, GET, ANSWER, TLSD_HANG, NULL};
	struct tlsd *server = serve_steps(steps);
	struct store_client client;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	open_client(&client, server, "secret", PATIENT_MS);
	store_client_await(&client, SHARED_UP, 1);
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_HIT);
	store_client_close(&client);
	assert_non_null(strstr(tlsd_heard(server), "AUTH"));
	assert_non_null(strstr(tlsd_heard(server), "default"));
	assert_non_null(strstr(tlsd_heard(server), "secret"));
	tlsd_free(server);
}

/* F43, and what is no store at all */
static void
what_says_hello_otherwise_is_not_used(void **state)
{
	static const struct {
		const char *answer;
		enum shared_state state;
		const char *where;
	} rows[] = {{REPLICA, SHARED_DOWN, "replica"},
	    {CLUSTER, SHARED_DOWN, "cluster"},
	    {"*2\r\n$6\r\nserver\r\n$5\r\nother\r\n", SHARED_DOWN, "neither"},
	    {"+OK\r\n", SHARED_DOWN, "neither"},
	    {"-ERR unknown command\r\n", SHARED_DOWN, "unknown"},
	    {"-LOADING it loads\r\n", SHARED_DOWN, "LOADING"},
	    {"-BUSY it works\r\n", SHARED_DOWN, "BUSY"},
	    {"-MASTERDOWN gone\r\n", SHARED_DOWN, "MASTERDOWN"},
	    {"-WRONGPASS no\r\n", SHARED_DENIED, "WRONGPASS"},
	    {"-NOAUTH no\r\n", SHARED_DENIED, "NOAUTH"},
	    {"220 mx1 ESMTP\r\n", SHARED_DOWN, "no reply"},
	    {"*1000000000\r\n", SHARED_DOWN, "no reply"},
	    {TLSD_RESET, SHARED_DOWN, "does not answer"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const steps[] = {
		    HELLO, rows[i].answer, TLSD_HANG, NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];

		open_client(&client, server, NULL, PATIENT_MS);
		store_client_await(&client, rows[i].state, 1);
		ROW(rows[i].answer,
		    strstr(client.where, rows[i].where) != NULL);
		ROW(rows[i].answer, store_client_ask(&client, SHARED_OP_GET,
					get_x, text) == SHARED_RESULT_RESTED);
		ROW(rows[i].answer, client.told[SHARED_UP] == 0);
		store_client_close(&client);
	}
}

/* F42: each answer is none, and the connection is given up over it */
static void
a_liar_gets_no_second_question(void **state)
{
	static const char *const rows[] = {"*1000000000\r\n",
	    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	    ":99999999999999999999\r\n", ",1.5\r\n", "hello\r\n", ANSWER ANSWER,
	    "-LOADING it loads\r\n", "-READONLY replica\r\n",
	    "-BUSY it works\r\n", "-NOAUTH log in\r\n", TLSD_LONG_LINE,
	    TLSD_RESET};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const steps[] = {
		    HELLO, MASTER, GET, rows[i], TLSD_HANG, NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];

		open_client(&client, server, NULL, PATIENT_MS);
		store_client_await(&client, SHARED_UP, 1);
		store_client_ask(&client, SHARED_OP_GET, get_x, text);
		store_client_await(&client, SHARED_DOWN, 1);
		store_client_close(&client);
	}
}

/* Of this process, from /proc/self/status. */
static long
status_kib(const char *key)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	assert_non_null(file);
	while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtol(line + strlen(key), NULL, 10);
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

/* The highest is from now on that of now. */
static long
begin_highest_kib(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "we");

	assert_non_null(file);
	fputs("5", file);
	assert_int_equal(fclose(file), 0);
	return status_kib("VmRSS:");
}

/* F42: whatever is announced or follows, memory grows by no more than what may
 * be unread. */
static void
a_liar_takes_no_memory(void **state)
{
	static const char *const rows[][2] = {{"$536870912\r\n", TLSD_FLOOD},
	    {"*1000000000\r\n", TLSD_FLOOD}, {"*2048\r\n", TLSD_FLOOD},
	    {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", TLSD_FLOOD},
	    {":99999999999999999999\r\n", TLSD_FLOOD}, {"+", TLSD_LONG_LINE},
	    {"*2\r\n+", TLSD_LONG_LINE}, {ANSWER ANSWER, TLSD_FLOOD}};
	const long most_kib = 2 * 1024; /* GF4 */

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const steps[] = {HELLO, MASTER, GET, rows[i][0],
		    rows[i][1], TLSD_HANG, NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];
		long before;

		open_client(&client, server, NULL, PATIENT_MS);
		store_client_await(&client, SHARED_UP, 1);
		before = begin_highest_kib();
		store_client_ask(&client, SHARED_OP_GET, get_x, text);
		store_client_await(&client, SHARED_DOWN, 1);
		ROW(rows[i][0], WITH_SANITIZER ||
				    status_kib("VmHWM:") - before <= most_kib);
		store_client_close(&client);
	}
}

/* F43: of the value alone, not of the store */
static void
an_error_of_one_request_ends_nothing(void **state)
{
	static const char *const rows[] = {
	    "-NOPERM no\r\n", "-OOM full\r\n", "-WRONGTYPE no\r\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const steps[] = {
		    HELLO, MASTER, GET, rows[i], GET, ANSWER, TLSD_HANG, NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];

		open_client(&client, server, NULL, PATIENT_MS);
		store_client_await(&client, SHARED_UP, 1);
		ROW(rows[i], store_client_ask(&client, SHARED_OP_GET, get_x,
				 text) == SHARED_RESULT_ERROR);
		ROW(rows[i], store_client_ask(&client, SHARED_OP_GET, get_x,
				 text) == SHARED_RESULT_HIT);
		ROW(rows[i], client.told[SHARED_DOWN] == 0);
		store_client_close(&client);
	}
}

/* F43: told once and as what it is, for as long as it is refused; what else is
 * asked goes on */
static void
each_command_that_is_refused_is_told(void **state)
{
	static const char *const rows[] = {
	    "SET", "DEL", "XADD", "XREAD", "HSET", "HGETALL", "HDEL"};
	static const char *const steps[] = {HELLO, MASTER, GET,
	    "-NOPERM no right\r\n", GET, "-NOPERM no right\r\n", GET, ANSWER,
	    GET, ANSWER, TLSD_HANG, NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const words[] = {rows[i], "x", NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];

		open_client(&client, server, NULL, PATIENT_MS);
		store_client_await(&client, SHARED_UP, 1);
		store_client_ask(&client, SHARED_OP_PUT, words, text);
		store_client_await(&client, SHARED_DENIED, 1);
		ROW_TEXT(rows[i], client.where, "NOPERM no right");
		store_client_ask(&client, SHARED_OP_PUT, words, text);
		ROW(rows[i], store_client_ask(&client, SHARED_OP_GET, get_x,
				 text) == SHARED_RESULT_HIT);
		ROW(rows[i], client.told[SHARED_UP] == 1);
		store_client_ask(&client, SHARED_OP_PUT, words, text);
		store_client_await(&client, SHARED_UP, 2);
		ROW(rows[i], client.told[SHARED_DENIED] == 1 &&
				 client.told[SHARED_DOWN] == 0);
		store_client_close(&client);
	}
}

static void
who_hangs_at_the_login_keeps_no_end_waiting(void **state)
{
	enum { LONG_MS = 1000, HEARD_US = 200 * 1000 };
	static const char *const steps[] = {HELLO, TLSD_HANG, NULL};
	AUTO(tlsd) struct tlsd *server = serve_steps(steps);
	struct store_client client;
	int64_t began_ms;

	(void)state;
	open_client(&client, server, NULL, PATIENT_MS);
	usleep(HEARD_US);
	began_ms = clock_mono_ms();
	store_client_close(&client);
	assert_true(clock_mono_ms() - began_ms < LONG_MS);
}

/* Nor is one that takes the login and then breaks asked every second. */
static void
a_store_that_breaks_at_once_is_rested_longer_each_time(void **state)
{
	static const char *const steps[] = {HELLO, MASTER, TLSD_RESET, NULL};
	AUTO(tlsd) struct tlsd *server = serve_steps(steps);
	struct store_client client;
	int64_t began_ms;

	(void)state;
	open_client(&client, server, NULL, PATIENT_MS);
	store_client_await(&client, SHARED_DOWN, 1);
	began_ms = clock_mono_ms();
	store_client_await(&client, SHARED_DOWN, 3);
	/* 1 and 2 seconds, by chance a fifth less */
	assert_true(clock_mono_ms() - began_ms > 2200);
	store_client_close(&client);
}

/* F40, F42: who says nothing, or an octet every 20 ms, costs three waits */
static void
a_silent_store_is_waited_for_three_times(void **state)
{
	static const char *const rows[] = {TLSD_HANG, TLSD_DRIP};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const steps[] = {
		    HELLO, MASTER, rows[i], TLSD_HANG, NULL};
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		unsigned timeouts = 0;
		char text[STORE_CLIENT_TEXT];
		int64_t began_ms;

		open_client(&client, server, NULL, SHORT_MS);
		store_client_await(&client, SHARED_UP, 1);
		began_ms = clock_mono_ms();
		while (store_client_ask(&client, SHARED_OP_GET, get_x, text) ==
		       SHARED_RESULT_TIMEOUT)
			timeouts++;
		/* and what the machine takes to wake us */
		ROW(rows[i], clock_mono_ms() - began_ms < 3 * SLOW_MS);
		/* a drip may be seen to be no answer before that */
		ROW(rows[i], timeouts == 3 || i == 1);
		store_client_await(&client, SHARED_DOWN, 1);
		ROW(rows[i], store_client_ask(&client, SHARED_OP_GET, get_x,
				 text) == SHARED_RESULT_RESTED);
		ROW(rows[i], timeouts <= 3);
		store_client_close(&client);
	}
}

/* The thread sleeps without an end, or for a question that was answered. */
static void
a_later_question_has_its_time_too(void **state)
{
	enum { TIME_MS = 1000, PAUSE_US = 1200 * 1000 };
	static const char *const steps[] = {
	    HELLO, MASTER, GET, ANSWER, GET, TLSD_HANG, NULL};

	(void)state;
	for (int i = 0; i < 2; i++) {
		AUTO(tlsd) struct tlsd *server = serve_steps(steps);
		struct store_client client;
		char text[STORE_CLIENT_TEXT];
		int64_t began_ms;

		open_client(&client, server, NULL, TIME_MS);
		store_client_await(&client, SHARED_UP, 1);
		assert_int_equal(
		    store_client_ask(&client, SHARED_OP_GET, get_x, text),
		    SHARED_RESULT_HIT);
		usleep(i * PAUSE_US);
		began_ms = clock_mono_ms();
		assert_int_equal(
		    store_client_ask(&client, SHARED_OP_GET, get_x, text),
		    SHARED_RESULT_TIMEOUT);
		assert_in_range(
		    clock_mono_ms() - began_ms, TIME_MS - 1, 3 * TIME_MS);
		store_client_close(&client);
	}
}

/* What came of questions that nobody waits for. */
enum { BEGUN = 3 };
struct begun {
	struct lock lock;
	enum shared_result results[BEGUN]; /* with lock */
	size_t count;
};

static void
note_result(void *arg, struct resp *reply, enum shared_result result)
{
	struct begun *begun = arg;

	resp_free(reply);
	lock_take(&begun->lock);
	begun->results[begun->count++] = result;
	lock_drop(&begun->lock);
}

static void
each_of_several_gets_its_own_answer(void **state)
{
	static const char *const steps[] = {HELLO, MASTER, GET, GET, GET,
	    ANSWER "$-1\r\n" ANSWER, GET, "$-1\r\n", TLSD_HANG, NULL};
	const struct resp_words words = {.count = 2, .items = {"GET", "x"}};
	AUTO(tlsd) struct tlsd *server = serve_steps(steps);
	struct begun begun = {.count = 0};
	struct store_client client;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	lock_init(&begun.lock);
	open_client(&client, server, NULL, PATIENT_MS);
	store_client_await(&client, SHARED_UP, 1);
	for (size_t i = 0; i < BEGUN; i++)
		shared_begin(
		    client.shared, SHARED_OP_GET, &words, note_result, &begun);
	/* whose answer comes last */
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_MISS);
	lock_take(&begun.lock);
	assert_int_equal(begun.count, BEGUN);
	assert_int_equal(begun.results[0], SHARED_RESULT_HIT);
	assert_int_equal(begun.results[1], SHARED_RESULT_MISS);
	assert_int_equal(begun.results[2], SHARED_RESULT_HIT);
	lock_drop(&begun.lock);
	store_client_close(&client);
	lock_fini(&begun.lock);
}

static void
the_first_of_several_that_takes_writes_is_used(void **state)
{
	static const char *const replica[] = {HELLO, REPLICA, TLSD_HANG, NULL};
	static const char *const master[] = {
	    HELLO, MASTER, GET, ANSWER, TLSD_HANG, NULL};
	AUTO(tlsd) struct tlsd *one = serve_steps(replica);
	AUTO(tlsd) struct tlsd *two = serve_steps(master);
	struct shared_options options = {.timeout_ms = PATIENT_MS};
	struct store_client client;
	char text[STORE_CLIENT_TEXT], port[16];

	(void)state;
	name_server(&options, "tcp", one);
	store_client_server(&options, "tcp://127.0.0.1:1");
	name_server(&options, "tcp", two);
	assert_int_equal(options.server_count, LIMIT_SHARED_SERVERS);
	store_client_open(&client, &options);
	store_client_await(&client, SHARED_UP, 1);
	snprintf(port, sizeof(port), ":%u", tlsd_port(two));
	assert_non_null(strstr(client.where, port));
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_HIT);
	store_client_close(&client);
}

/* F41 */
static void
it_starts_where_nothing_listens(void **state)
{
	struct shared_options options = {.timeout_ms = SHORT_MS};
	struct store_client client;
	char text[STORE_CLIENT_TEXT];

	(void)state;
	store_client_server(&options, "tls://name.invalid");
	store_client_server(&options, "unix:/nonexistent/redis.sock");
	options.tls = NULL;
	store_client_open(&client, &options);
	assert_int_equal(store_client_ask(&client, SHARED_OP_GET, get_x, text),
	    SHARED_RESULT_RESTED);
	store_client_await(&client, SHARED_DOWN, 1);
	store_client_close(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_comes_to_who_asked),
	    cmocka_unit_test(it_logs_in_where_there_is_a_password),
	    cmocka_unit_test(what_says_hello_otherwise_is_not_used),
	    cmocka_unit_test(a_liar_gets_no_second_question),
	    cmocka_unit_test(a_liar_takes_no_memory),
	    cmocka_unit_test(an_error_of_one_request_ends_nothing),
	    cmocka_unit_test(each_command_that_is_refused_is_told),
	    cmocka_unit_test(who_hangs_at_the_login_keeps_no_end_waiting),
	    cmocka_unit_test(
		a_store_that_breaks_at_once_is_rested_longer_each_time),
	    cmocka_unit_test(a_silent_store_is_waited_for_three_times),
	    cmocka_unit_test(a_later_question_has_its_time_too),
	    cmocka_unit_test(each_of_several_gets_its_own_answer),
	    cmocka_unit_test(the_first_of_several_that_takes_writes_is_used),
	    cmocka_unit_test(it_starts_where_nothing_listens),
	};

	return RUN_TESTS(tests);
}
