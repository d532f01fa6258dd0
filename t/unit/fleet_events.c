/* SPDX-License-Identifier: BSD-2-Clause */
/* Two hosts, and a real store that tells one what the other wants. */
#include "common/engine/fleet_events.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/fleet_hosts.h"
#include "t/fake/redis.h"
#include "t/fake/tlsd.h"
#include "t/unit/store_client.h"
#include "t/unit/tap.h"

#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define BOOT "0123456789abcdef"

enum { PATIENT_MS = 30 * 1000, LOOK_US = 10 * 1000, MOST = 200 };

struct listener {
	struct store_client client;
	struct share_counts counts;
	struct share *share;
	struct fleet_events *events;
	struct lock lock;
	unsigned count; /* with the lock */
	struct shared_event applied[MOST];
};

static struct redis *server;
static char address[160]; /* of it */
static struct listener a, b;

static void
note_applied(void *arg, const struct shared_event *event)
{
	struct listener *listener = arg;

	lock_take(&listener->lock);
	assert_true(listener->count < MOST);
	listener->applied[listener->count++] = *event;
	lock_drop(&listener->lock);
}

static void
join_listener(struct listener *listener, const char *host, const char *where)
{
	struct shared_options options = {.timeout_ms = PATIENT_MS};
	struct share_options share = {.prefix = "postern",
	    .host = host,
	    .content = SHARE_FLUSHES,
	    .counts = &listener->counts};
	struct fleet_events_options events = {.counts = &listener->counts,
	    .version = "1.2.3",
	    .apply = note_applied,
	    .arg = listener};

	memset(listener, 0, sizeof(*listener));
	lock_init(&listener->lock);
	store_client_server(&options, where);
	store_client_open(&listener->client, &options);
	store_client_await(&listener->client, SHARED_UP, 1);
	assert_int_equal(shared_keys_parse(&share.keys, KEY, NULL), 0);
	share.store = listener->client.shared;
	listener->share = share_new(&share, NULL);
	events.store = listener->client.shared;
	events.share = listener->share;
	listener->events = fleet_events_new(&events, NULL);
	assert_non_null(listener->events);
}

static void
begin_to_listen(struct listener *listener, const char *host, const char *where)
{
	join_listener(listener, host, where);
	fleet_events_begin(listener->events);
}

static void
end_to_listen(struct listener *listener)
{
	fleet_events_free(listener->events);
	share_free(listener->share);
	store_client_close(&listener->client);
	lock_fini(&listener->lock);
}

static int
begin_events(void **state)
{
	(void)state;
	server = redis_new("");
	snprintf(address, sizeof(address), "unix:%s", redis_path(server));
	begin_to_listen(&a, "a.host", address);
	begin_to_listen(&b, "b.host", address);
	return 0;
}

static int
end_events(void **state)
{
	(void)state;
	end_to_listen(&a);
	end_to_listen(&b);
	redis_free(server);
	return 0;
}

static unsigned
count_applied(struct listener *listener)
{
	unsigned count;

	lock_take(&listener->lock);
	count = listener->count;
	lock_drop(&listener->lock);
	return count;
}

static void
await_applied(struct listener *listener, unsigned count)
{
	int64_t deadline_ms = clock_mono_ms() + STORE_CLIENT_WAIT_MS;

	while (count_applied(listener) < count) {
		if (clock_left_ms(deadline_ms) == 0)
			fail_msg("%u events, not %u", count_applied(listener),
			    count);
		usleep(LOOK_US);
	}
}

static void
add_raw(const char *value)
{
	const char *const words[] = {
	    "XADD", "postern:1:e", "*", "v", value, NULL};
	char text[STORE_CLIENT_TEXT];

	assert_int_equal(
	    store_client_ask(&a.client, SHARED_OP_EVENT, words, text),
	    SHARED_RESULT_OK);
}

/* By a third host that has the key. */
static void
add_event(enum shared_event_kind kind, const char *domain, int64_t number,
    int later_s)
{
	struct shared_event event = {.kind = kind,
	    .by = "c.host",
	    .boot = BOOT,
	    .number = number,
	    .at_s = clock_wall_s() + later_s};
	char *payload, *value;

	text_copy(event.domain, sizeof(event.domain), domain);
	payload = shared_event_print(&event);
	value = share_sign(a.share, "postern:1:e", payload);
	add_raw(value);
	free(value);
	free(payload);
}

static void
what_one_wants_the_other_does(void **state)
{
	(void)state;
	assert_int_equal(
	    fleet_events_send(a.events, SHARED_EVENT_FLUSH, "d.ex", NULL), 0);
	assert_int_equal(
	    fleet_events_send(a.events, SHARED_EVENT_FLUSH, NULL, NULL), 0);
	assert_int_equal(
	    fleet_events_send(a.events, SHARED_EVENT_FORGET, "e.ex", NULL), 0);
	await_applied(&b, 3);
	assert_string_equal(b.applied[0].domain, "d.ex");
	assert_string_equal(b.applied[0].by, "a.host");
	assert_int_equal(b.applied[0].kind, SHARED_EVENT_FLUSH);
	assert_string_equal(b.applied[1].domain, "");
	assert_int_equal(b.applied[2].kind, SHARED_EVENT_FORGET);
	/* its own are none of its affair */
	assert_int_equal(count_applied(&a), 0);
}

static void
to_forget_takes_the_policy_out_of_the_store(void **state)
{
	const char *const set[] = {"SET", "postern:1:p:e.ex", "x", NULL};
	const char *const get[] = {"GET", "postern:1:p:e.ex", NULL};
	char text[STORE_CLIENT_TEXT];

	(void)state;
	store_client_ask(&a.client, SHARED_OP_PUT, set, text);
	assert_int_equal(
	    fleet_events_send(a.events, SHARED_EVENT_FORGET, "e.ex", NULL), 0);
	assert_int_equal(store_client_ask(&a.client, SHARED_OP_GET, get, text),
	    SHARED_RESULT_MISS);
}

/* F63; the last one of each test shows that all before it were heard */
static void
an_event_counts_once_and_for_ten_minutes(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		add_event(SHARED_EVENT_FLUSH, "d.ex", 1, 0);
	add_event(SHARED_EVENT_FLUSH, "d.ex", 2, -601);
	add_event(SHARED_EVENT_FLUSH, "d.ex", 3, 700);
	add_event(SHARED_EVENT_FLUSH, "d.ex", 0, 0);
	add_event(SHARED_EVENT_FLUSH, "last.ex", 9, 0);
	await_applied(&b, 3);
	assert_int_equal(b.applied[0].number, 1);
	assert_int_equal(b.applied[1].number, 0);
	assert_int_equal(b.applied[2].number, 9);
	assert_int_equal(
	    b.counts.events[SHARED_EVENT_FLUSH][SHARE_EVENT_OLD], 4);
}

static uint64_t
count_heard_by_b(void)
{
	_Atomic uint64_t *counts = b.counts.events[SHARED_EVENT_FLUSH];

	return counts[SHARE_EVENT_APPLIED] + counts[SHARE_EVENT_OLD];
}

/* F63, R13: of those for all domains, and of any, and twice in any order */
static void
a_flood_of_events_is_cut(void **state)
{
	enum { ALL = 8, FLOOD = 5000 };

	(void)state;
	for (int i = 0; i < ALL; i++)
		add_event(SHARED_EVENT_FLUSH, "", FLOOD + i, 0);
	for (int i = 0; i < FLOOD; i++)
		add_event(SHARED_EVENT_FLUSH, "d.ex", i, 0);
	for (int i = FLOOD; i-- > 0;)
		add_event(SHARED_EVENT_FLUSH, "d.ex", i, 0);
	while (count_heard_by_b() < ALL + 60)
		usleep(LOOK_US);
	/* of the first minute: six of all, as many as are left of sixty */
	assert_in_range(count_applied(&b), 1, 6 + 60 - ALL);
	await_applied(&b, 6 + 60 - ALL);
	while (count_heard_by_b() < ALL + 2 * FLOOD)
		usleep(LOOK_US);
	assert_int_equal(b.applied[5].domain[0], '\0');
	assert_string_equal(b.applied[6].domain, "d.ex");
	/* a slow machine takes another minute for the rest */
	assert_in_range(count_applied(&b), 6 + 60 - ALL, MOST - 1);
	for (unsigned i = 0; i < b.count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(
			    b.applied[i].number, b.applied[j].number);
}

static void
what_is_no_event_is_passed_over(void **state)
{
	static const char *const words[] = {
	    "XADD", "postern:1:e", "*", "x", "y", NULL};
	char *value, text[STORE_CLIENT_TEXT];

	(void)state;
	add_raw("1.630dcd29.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.{}");
	add_raw("");
	value = share_sign(a.share, "postern:1:e", "{}");
	add_raw(value);
	free(value);
	/* what stands for a policy is no event */
	value = share_sign(a.share, "postern:1:p:d.ex", "{}");
	add_raw(value);
	free(value);
	store_client_ask(&a.client, SHARED_OP_EVENT, words, text);
	add_event(SHARED_EVENT_FLUSH, "last.ex", 9, 0);
	await_applied(&b, 1);
	assert_string_equal(b.applied[0].domain, "last.ex");
	assert_int_equal(b.counts.rejected[SHARED_FAULT_MAC], 2);
	assert_int_equal(b.counts.rejected[SHARED_FAULT_SYNTAX], 2);
}

/* As if it had been told then. */
static void
add_event_of(const char *domain, int64_t number, int age_s)
{
	struct shared_event event = {.by = "c.host",
	    .boot = BOOT,
	    .number = number,
	    .at_s = clock_wall_s() - age_s};
	char id[32], text[STORE_CLIENT_TEXT], *payload, *value;
	const char *words[] = {"XADD", "postern:1:e", id, "v", NULL, NULL};

	snprintf(id, sizeof(id), "%lld000-1", (long long)event.at_s);
	text_copy(event.domain, sizeof(event.domain), domain);
	payload = shared_event_print(&event);
	value = share_sign(a.share, "postern:1:e", payload);
	words[4] = value;
	assert_int_equal(
	    store_client_ask(&a.client, SHARED_OP_EVENT, words, text),
	    SHARED_RESULT_OK);
	free(value);
	free(payload);
}

/* F32: after five minutes, and not after fifteen */
static void
what_was_missed_is_heard_within_ten_minutes(void **state)
{
	enum { MINUTE = 60 };

	(void)state;
	end_to_listen(&b);
	add_event_of("lost.ex", 1, 15 * MINUTE);
	add_event_of("d.ex", 2, 5 * MINUTE);
	begin_to_listen(&b, "b.host", address);
	await_applied(&b, 1);
	add_event(SHARED_EVENT_FLUSH, "last.ex", 3, 0);
	await_applied(&b, 2);
	assert_string_equal(b.applied[0].domain, "d.ex");
	assert_string_equal(b.applied[1].domain, "last.ex");
}

/* What is told before there is who can do it waits for that. */
static void
nothing_is_heard_before_the_beginning(void **state)
{
	enum { A_SECOND_AND_MORE_US = 1500 * 1000 };

	(void)state;
	end_to_listen(&b);
	join_listener(&b, "b.host", address);
	add_event(SHARED_EVENT_FLUSH, "d.ex", 1, 0);
	usleep(A_SECOND_AND_MORE_US);
	assert_int_equal(count_heard_by_b(), 0);
	fleet_events_begin(b.events);
	await_applied(&b, 1);
	/* nor does one that never begins keep anybody */
	end_to_listen(&b);
	join_listener(&b, "b.host", address);
}

/* --- the hosts --- */

static int
read_hosts(struct fleet_hosts *hosts)
{
	return fleet_hosts_read(a.client.shared, a.share, hosts, NULL);
}

/* What somebody has signed for name says of host. */
static void
add_host(const char *host, const char *name, int age_s)
{
	struct shared_host says = {.version = "1",
	    .digest = "00000000000000000000000000000000",
	    .at_s = clock_wall_s() - age_s};
	char key[SHARE_NAME_SIZE], text[STORE_CLIENT_TEXT];
	char *payload = shared_host_print(&says), *value;
	const char *words[] = {"HSET", "postern:1:hosts", host, NULL, NULL};

	share_name(a.share, "hosts", name, key);
	value = share_sign(a.share, key, payload);
	words[3] = value;
	store_client_ask(&a.client, SHARED_OP_EVENT, words, text);
	free(value);
	free(payload);
}

static void
each_host_says_that_it_is_there(void **state)
{
	struct fleet_hosts hosts = {.count = 0};

	(void)state;
	while (hosts.count < 2) {
		fleet_hosts_fini(&hosts);
		usleep(LOOK_US);
		assert_int_equal(read_hosts(&hosts), 0);
	}
	assert_string_equal(hosts.items[0].name, "a.host");
	assert_string_equal(hosts.items[1].name, "b.host");
	assert_string_equal(hosts.items[1].says.version, "1.2.3");
	assert_true(hosts.items[1].same);
	fleet_hosts_fini(&hosts);
	share_set_digest(b.share, "0123456789abcdef0123456789abcdef");
	fleet_hosts_tell(b.client.shared, b.share, "1.2.4");
	assert_int_equal(read_hosts(&hosts), 0);
	assert_string_equal(hosts.items[1].says.version, "1.2.4");
	assert_false(hosts.items[1].same);
	fleet_hosts_fini(&hosts);
}

static void
a_host_counts_for_a_day_and_for_itself(void **state)
{
	struct fleet_hosts hosts;
	const char *name;
	char text[STORE_CLIENT_TEXT];
	static const char *const words[] = {
	    "HGET", "postern:1:hosts", "old.host", NULL};

	(void)state;
	add_host("old.host", "old.host", 24 * 3600 + 60);
	add_host("new.host", "new.host", -400);
	add_host("moved.host", "new.host", 0);
	assert_int_equal(read_hosts(&hosts), 0);
	for (size_t i = 0; i < hosts.count; i++) {
		assert_string_not_equal(hosts.items[i].name, "old.host");
		assert_string_not_equal(hosts.items[i].name, "moved.host");
	}
	assert_int_equal(hosts.unsigned_count, 1);
	assert_in_range(
	    fleet_hosts_skew(&hosts, clock_wall_s(), &name), 390, 400);
	assert_string_equal(name, "new.host");
	fleet_hosts_fini(&hosts);
	assert_int_equal(
	    store_client_ask(&a.client, SHARED_OP_GET, words, text),
	    SHARED_RESULT_MISS);
	/* nothing was counted against the store */
	assert_int_equal(a.counts.rejected[SHARED_FAULT_MAC], 0);
}

/* F65 */
static void
of_a_list_without_end_one_reading_is_made(void **state)
{
	static const char *const words[] = {"EVAL",
	    "for i=1,100000 do redis.call('HSET',KEYS[1],'h'..i,'x') end", "1",
	    "postern:1:hosts", NULL};
	struct fleet_hosts hosts;
	char text[STORE_CLIENT_TEXT], name[24];

	(void)state;
	for (int i = 0; i <= LIMIT_SHARED_HOSTS; i++) {
		snprintf(name, sizeof(name), "h%d.host", i);
		add_host(name, name, 0);
	}
	assert_int_equal(read_hosts(&hosts), 0);
	assert_int_equal(hosts.count, LIMIT_SHARED_HOSTS);
	fleet_hosts_fini(&hosts);
	store_client_ask(&a.client, SHARED_OP_EVENT, words, text);
	assert_int_equal(read_hosts(&hosts), -1);
	store_client_await(&a.client, SHARED_UP, 2);
}

static void
without_a_store_nobody_is_told(void **state)
{
	struct err err;

	(void)state;
	redis_signal(server, SIGKILL);
	store_client_await(&a.client, SHARED_DOWN, 1);
	assert_int_equal(
	    fleet_events_send(a.events, SHARED_EVENT_FLUSH, "d.ex", &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
}

/* --- a store that lies: see tlsd.h --- */

#define L TLSD_READ
#define WORD L, L
#define HELLO L, WORD, WORD
#define HSET L, WORD, WORD, WORD, WORD
#define XREAD L, WORD, WORD, WORD, WORD, WORD, WORD
#define MASTER                                               \
	"*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$4\r\nmode\r\n" \
	"$10\r\nstandalone\r\n"

enum { ENTRIES = 100, PAGES = 1000, STEPS_A_PAGE = 14, PAGE_SIZE = 64 * 1024 };

/* An event that is signed, and too old to be applied. */
static char *
old_event(void)
{
	struct shared_event event = {.by = "c.host",
	    .boot = BOOT,
	    .domain = "d.ex",
	    .at_s = clock_wall_s() - 2 * SHARED_EVENT_S};
	struct shared_keys keys;
	char *payload = shared_event_print(&event), *value;

	assert_int_equal(shared_keys_parse(&keys, KEY, NULL), 0);
	value = shared_value_sign(&keys, "postern:1:e", payload);
	free(payload);
	return value;
}

/* The reply to XREAD: as many as were asked for, all the same. */
static void
print_page(char page[PAGE_SIZE], const char *value)
{
	struct text text;

	text_init(&text, page, PAGE_SIZE);
	text_addf(&text, "*1\r\n*2\r\n$11\r\npostern:1:e\r\n*%d\r\n", ENTRIES);
	for (int i = 0; i < ENTRIES; i++)
		text_addf(&text,
		    "*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nv\r\n$%zu\r\n%s\r\n",
		    strlen(value), value);
	assert_false(text.cut);
}

static struct tlsd *
serve_pages(const char *page)
{
	static const char *const begin[] = {
	    HELLO, MASTER, HSET, ":1\r\n", NULL};
	static const char *const read[] = {XREAD, NULL};
	static const char *steps[COUNT(begin) + PAGES * STEPS_A_PAGE + 1];
	struct tlsd_options options = {.steps = steps};
	size_t count = COUNT(begin) - 1;

	memcpy(steps, begin, sizeof(begin));
	for (int i = 0; i < PAGES; i++) {
		memcpy(&steps[count], read, sizeof(read));
		count += COUNT(read) - 1;
		steps[count++] = page;
	}
	steps[count++] = TLSD_HANG;
	steps[count] = NULL;
	assert_true(count < COUNT(steps));
	return tlsd_new(&options);
}

/* How many events were heard of pages without end, when the first were and the
 * listener has ended. */
static uint64_t
hear_of_pages(const char *value, enum share_event how)
{
	static char page[PAGE_SIZE];
	AUTO(tlsd) struct tlsd *liar = NULL;
	_Atomic uint64_t *heard = &a.counts.events[SHARED_EVENT_FLUSH][how];
	char lies[64];

	print_page(page, value);
	liar = serve_pages(page);
	snprintf(lies, sizeof(lies), "tcp://127.0.0.1:%u", tlsd_port(liar));
	begin_to_listen(&a, "a.host", lies);
	while (*heard < ENTRIES)
		usleep(LOOK_US);
	end_to_listen(&a);
	return *heard;
}

static void
a_store_with_events_without_end_keeps_nobody(void **state)
{
	char *value = old_event();

	(void)state;
	assert_true(hear_of_pages(value, SHARE_EVENT_OLD) < PAGES * ENTRIES);
	/* forged ones shut it after the first page */
	value[strlen("1.630dcd29.")] ^= 1;
	assert_int_equal(hear_of_pages(value, SHARE_EVENT_FORGED), ENTRIES);
	free(value);
}

#define EVENTS_TEST(name) \
	cmocka_unit_test_setup_teardown(name, begin_events, end_events)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EVENTS_TEST(what_one_wants_the_other_does),
	    EVENTS_TEST(to_forget_takes_the_policy_out_of_the_store),
	    EVENTS_TEST(an_event_counts_once_and_for_ten_minutes),
	    EVENTS_TEST(a_flood_of_events_is_cut),
	    EVENTS_TEST(what_is_no_event_is_passed_over),
	    EVENTS_TEST(what_was_missed_is_heard_within_ten_minutes),
	    EVENTS_TEST(nothing_is_heard_before_the_beginning),
	    EVENTS_TEST(each_host_says_that_it_is_there),
	    EVENTS_TEST(a_host_counts_for_a_day_and_for_itself),
	    EVENTS_TEST(of_a_list_without_end_one_reading_is_made),
	    EVENTS_TEST(without_a_store_nobody_is_told),
	    cmocka_unit_test(a_store_with_events_without_end_keeps_nobody),
	};

	if (!redis_is_there()) {
		puts("1..0 # SKIP no redis-server");
		return 0;
	}
	return RUN_TESTS(tests);
}
