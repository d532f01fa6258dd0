/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/unit/store_client.h"
#include "t/unit/store_steps.h"
#include "t/unit/tap.h"

/* No answer is slower here than a machine is slow */
enum { PATIENT_MS = 30 * 1000 };

static const char *const get_x[] = {"GET", "x", NULL};

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct shared_tls *
trust_root_of(const struct tlsd *server)
{
	char path[] = "/tmp/postern-ca.XXXXXX";
	struct shared_tls *tls;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	write_file(path, tlsd_root(server));
	tls = shared_tls_new(path, NULL, NULL, NULL);
	unlink(path);
	assert_non_null(tls);
	return tls;
}

/* F45 */
static void
only_the_named_host_with_a_good_certificate_is_used(void **state)
{
	static const char *const steps[] = {
	    TLSD_TLS, HELLO, MASTER, GET, ANSWER, TLSD_HANG, NULL};
	static const char *const plain[] = {HELLO, MASTER, TLSD_HANG, NULL};
	static const struct row {
		const char *id;
		const char *name;
		unsigned flaws;
		const char *const *steps;
		bool other_root;
		bool good;
	} rows[] = {
	    {"its name", "localhost", 0, steps, false, true},
	    {"F45: another name", "store.example", 0, steps, false, false},
	    {"F45: expired", "localhost", TLSD_EXPIRED, steps, false, false},
	    {"F45: another CA", "localhost", 0, steps, true, false},
	    {"F45: no TLS at the port", "localhost", 0, plain, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct tlsd_options as = {.steps = row->steps,
		    .name = row->name,
		    .flaws = row->flaws};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&as);
		AUTO(tlsd) struct tlsd *other = tlsd_new(&as);
		struct shared_options options = {.timeout_ms = PATIENT_MS};
		struct store_client client;
		char address[64], text[STORE_CLIENT_TEXT];

		options.tls = trust_root_of(row->other_root ? other : server);
		snprintf(address, sizeof(address), "tls://localhost:%u",
		    tlsd_port(server));
		store_client_server(&options, address);
		store_client_open(&client, &options);
		store_client_await(
		    &client, row->good ? SHARED_UP : SHARED_DOWN, 1);
		ROW(row->id,
		    store_client_ask(&client, SHARED_OP_GET, get_x, text) ==
			(row->good ? SHARED_RESULT_HIT : SHARED_RESULT_RESTED));
		ROW(row->id, row->good || client.told[SHARED_UP] == 0);
		store_client_close(&client);
		shared_tls_free(options.tls);
	}
}

static void
files_of_tls_that_are_wrong_are_told(void **state)
{
	struct err err;

	(void)state;
	assert_null(shared_tls_new("/nonexistent/ca.pem", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
	assert_null(shared_tls_new("/dev/null", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "no certificate"));
}

static void
addresses_are_read_and_plain_ones_stay_here(void **state)
{
	static const struct {
		const char *text;
		enum shared_scheme scheme;
		const char *host; /* NULL: refused */
		unsigned port;
	} rows[] = {{"unix:/run/redis/redis.sock", SHARED_UNIX,
			"/run/redis/redis.sock", 0},
	    {"tls://store.example", SHARED_TLS, "store.example", 6379},
	    {"tls://store.example:6380", SHARED_TLS, "store.example", 6380},
	    {"tls://[2001:db8::1]:1", SHARED_TLS, "2001:db8::1", 1},
	    {"tls://192.0.2.1", SHARED_TLS, "192.0.2.1", 6379},
	    {"tcp://127.0.0.2:7", SHARED_TCP, "127.0.0.2", 7},
	    {"tcp://[::1]", SHARED_TCP, "::1", 6379},
	    {"tcp://localhost", SHARED_TCP, "localhost", 6379},
	    {"tcp://192.0.2.1", SHARED_TCP, NULL, 0},
	    {"tcp://store.example", SHARED_TCP, NULL, 0},
	    {"tcp://127.0.0.1.example", SHARED_TCP, NULL, 0},
	    {"tls://", SHARED_TLS, NULL, 0}, {"tls://:1", SHARED_TLS, NULL, 0},
	    {"tls://a b", SHARED_TLS, NULL, 0},
	    {"tls://a.example:0", SHARED_TLS, NULL, 0},
	    {"tls://a.example:65536", SHARED_TLS, NULL, 0},
	    {"tls://[::1", SHARED_TLS, NULL, 0},
	    {"tls://[::1]x", SHARED_TLS, NULL, 0},
	    {"unix:redis.sock", SHARED_UNIX, NULL, 0},
	    {"redis://a.example", SHARED_TLS, NULL, 0},
	    {"a.example", SHARED_TLS, NULL, 0}, {"", SHARED_TLS, NULL, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct shared_address address;
		int rc = shared_address_parse(rows[i].text, &address, NULL);

		ROW(rows[i].text, (rc == 0) == (rows[i].host != NULL));
		if (rc != 0)
			continue;
		ROW_TEXT(rows[i].text, address.host, rows[i].host);
		ROW(rows[i].text, address.scheme == rows[i].scheme);
		ROW(rows[i].text, address.port == rows[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_read_and_plain_ones_stay_here),
	    cmocka_unit_test(
		only_the_named_host_with_a_good_certificate_is_used),
	    cmocka_unit_test(files_of_tls_that_are_wrong_are_told),
	};

	return RUN_TESTS(tests);
}
