/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/io/https.h"
#include "t/fake/tlsd.h"

#define HOST "mta-sts.d.example"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define COSTLY_WHY \
	"key_costs_too_much_to_check_by:_an_RSA_modulus_of_65536_bits"
#define CLOSE "Connection: close\r\n\r\n"
#define TALK TLSD_TLS, TLSD_READ_HEAD
#define LINE64 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n"

enum { AMPLE_MS = 10000, SHORT_MS = 1500, SLACK_MS = 1000, MAX_OCTETS = 64 };

static char ca_file[] = "/tmp/postern-t-https-XXXXXX";

static atomic_bool ended;

static struct https_reply *
get_from(const struct tlsd *server, const char *const *addresses, size_t count,
    int timeout_ms)
{
	AUTO(x509_store)
	struct x509_store *roots = x509_store_load(ca_file, NULL);
	struct https_request request = {.host = HOST,
	    .path = "/.well-known/mta-sts.txt",
	    .addresses = addresses,
	    .address_count = count,
	    .port = tlsd_port(server),
	    .roots = roots,
	    .max_octets = MAX_OCTETS,
	    .deadline_ms = clock_mono_ms() + timeout_ms,
	    .ended = &ended};

	return https_get(&request);
}

static struct https_reply *
get(const struct tlsd *server, int timeout_ms)
{
	static const char *const addresses[] = {"127.0.0.1"};

	return get_from(server, addresses, 1, timeout_ms);
}

static struct tlsd *
trusted_server(const struct tlsd_options *options)
{
	struct tlsd *server = tlsd_new(options);
	FILE *file = fopen(ca_file, "we");

	assert_non_null(file);
	fputs(tlsd_root(server), file);
	fclose(file);
	return server;
}

static const struct {
	const char *id;
	const char *steps[8];
	enum https_outcome outcome;
	long status;
	const char *type;
	const char *body;
} answers[] = {
    {"plain", {TALK, HEAD CLOSE "version: STSv1\n"}, HTTPS_ANSWERED, 200,
	"text/plain", "version: STSv1\n"},
    {"length", {TALK, HEAD "Content-Length: 3\r\n\r\nabc"}, HTTPS_ANSWERED, 200,
	"text/plain", "abc"},
    {"empty", {TALK, HEAD "Content-Length: 0\r\n\r\n"}, HTTPS_ANSWERED, 200,
	"text/plain", ""},
    {"chunks",
	{TALK, HEAD "Transfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n",
	    "2\r\nde\r\n0\r\n\r\n"},
	HTTPS_ANSWERED, 200, "text/plain", "abcde"},
    {"no type", {TALK, "HTTP/1.1 200 OK\r\n" CLOSE "abc"}, HTTPS_ANSWERED, 200,
	"", "abc"},
    {"as large as may be", {TALK, HEAD CLOSE, LINE64}, HTTPS_ANSWERED, 200,
	"text/plain", LINE64},
    {"one octet more", {TALK, HEAD CLOSE, LINE64 "x"}, HTTPS_TOO_LARGE, 0, "",
	NULL},
    {"length too large", {TALK, HEAD "Content-Length: 65\r\n\r\n"},
	HTTPS_TOO_LARGE, 0, "", NULL},
    {"chunks too large",
	{TALK, HEAD "Transfer-Encoding: chunked\r\n\r\n",
	    "40\r\n" LINE64 "\r\n", "1\r\nx\r\n0\r\n\r\n"},
	HTTPS_TOO_LARGE, 0, "", NULL},
    {"flood", {TALK, HEAD CLOSE, TLSD_FLOOD}, HTTPS_TOO_LARGE, 0, "", NULL},
    {"redirect",
	{TALK, "HTTP/1.1 301 Moved\r\nLocation: https://" HOST "/b\r\n" CLOSE},
	HTTPS_ANSWERED, 301, "", ""},
    {"404", {TALK, "HTTP/1.1 404 No\r\n" CLOSE "no"}, HTTPS_ANSWERED, 404, "",
	"no"},
    {"cut short", {TALK, HEAD "Content-Length: 9\r\n\r\nabc"}, HTTPS_FAILED, 0,
	"", NULL},
    {"endless line", {TALK, "HTTP/1.1 200 OK\r\n", TLSD_LONG_LINE},
	HTTPS_FAILED, 0, "", NULL},
    {"HTTP/0.9", {TALK, "version: STSv1\n"}, HTTPS_FAILED, 0, "", NULL},
    {"garbage", {TLSD_READ, TLSD_GARBAGE}, HTTPS_FAILED, 0, "", NULL},
    {"plaintext", {"HTTP/1.1 200 OK\r\n" CLOSE "abc", TLSD_READ}, HTTPS_FAILED,
	0, "", NULL},
    {"hang up", {TALK}, HTTPS_FAILED, 0, "", NULL},
    {"reset", {TLSD_RESET}, HTTPS_FAILED, 0, "", NULL},
};

static void
answers_come_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct tlsd_options options = {
		    .steps = answers[i].steps, .name = HOST};
		AUTO(tlsd) struct tlsd *server = trusted_server(&options);
		AUTO(https_reply)
		struct https_reply *reply = get(server, AMPLE_MS);

		if (reply->outcome != answers[i].outcome)
			fail_msg("%s: outcome %d, %s", answers[i].id,
			    reply->outcome, reply->detail);
		ROW(answers[i].id, reply->status == answers[i].status);
		ROW_TEXT(answers[i].id, reply->content_type, answers[i].type);
		ROW(answers[i].id,
		    (reply->body == NULL) == (answers[i].body == NULL));
		if (answers[i].body != NULL)
			ROW_TEXT(answers[i].id, reply->body, answers[i].body);
		ROW(answers[i].id, (reply->detail[0] == '\0') ==
				       (answers[i].outcome == HTTPS_ANSWERED));
	}
}

static void
a_header_may_be_as_large_as_the_limit(void **state)
{
	static const char fields[] = HEAD "Content-Length: 1\r\nX: ";
	size_t room = LIMIT_HTTPS_HEAD - strlen(fields) - strlen("\r\n\r\n");
	char *value = xmalloc(room + 2);

	(void)state;
	memset(value, 'x', room + 1);
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		const char *const steps[] = {
		    TALK, fields, value, "\r\n\r\na", NULL};
		struct tlsd_options options = {.steps = steps, .name = HOST};
		AUTO(tlsd) struct tlsd *server = trusted_server(&options);
		AUTO(https_reply) struct https_reply *reply = NULL;

		value[room + beyond] = '\0';
		reply = get(server, AMPLE_MS);
		assert_int_equal(reply->outcome,
		    beyond == 0 ? HTTPS_ANSWERED : HTTPS_FAILED);
		assert_string_equal(
		    reply->detail, beyond == 0 ? "" : "header_too_large");
		value[room] = 'x';
	}
	free(value);
}

static void
endless_header_is_cut_off(void **state)
{
	static const char *const steps[] = {
	    TALK, "HTTP/1.1 200 OK\r\n", TLSD_FLOOD, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	AUTO(https_reply) struct https_reply *reply = get(server, AMPLE_MS);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_FAILED);
	assert_string_equal(reply->detail, "header_too_large");
}

static void
certificate_must_be_trusted_in_date_and_name_the_host(void **state)
{
	static const struct {
		const char *id;
		const char *name;
		unsigned flaws;
		const char *priority;
		enum https_outcome outcome;
	} rows[] = {
	    {"name", HOST, 0, NULL, HTTPS_ANSWERED},
	    {"wildcard", "*.d.example", 0, NULL, HTTPS_ANSWERED},
	    {"part of a label", "*-sts.d.example", 0, NULL, HTTPS_UNTRUSTED},
	    {"two labels", "*.example", 0, NULL, HTTPS_UNTRUSTED},
	    {"other name", "d.example", 0, NULL, HTTPS_UNTRUSTED},
	    {"CN only", HOST, TLSD_CN_ONLY, NULL, HTTPS_UNTRUSTED},
	    {"expired", HOST, TLSD_EXPIRED, NULL, HTTPS_UNTRUSTED},
	    {"Ed25519", HOST, TLSD_ED25519, NULL, HTTPS_ANSWERED},
	    {"Ed448", HOST, TLSD_ED448, NULL, HTTPS_ANSWERED},
	    {"RSA", HOST, TLSD_KEY_ENCIPHERMENT, "NORMAL:-VERS-TLS1.3",
		HTTPS_ANSWERED},
	    {"long chain", HOST, TLSD_LONG_CHAIN, NULL, HTTPS_ANSWERED},
	    {"TLS 1.2", HOST, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.2",
		HTTPS_ANSWERED},
	    {"TLS 1.1", HOST, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.1", HTTPS_FAILED},
	};
	static const char *const steps[] = {TALK, HEAD CLOSE "abc", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = rows[i].name,
		    .flaws = rows[i].flaws,
		    .priority = rows[i].priority};
		AUTO(tlsd) struct tlsd *server = trusted_server(&options);
		AUTO(https_reply)
		struct https_reply *reply = get(server, AMPLE_MS);

		if (reply->outcome != rows[i].outcome)
			fail_msg("%s: outcome %d, %s", rows[i].id,
			    reply->outcome, reply->detail);
		ROW(rows[i].id, (reply->body != NULL) ==
				    (rows[i].outcome == HTTPS_ANSWERED));
		/* A20 */
		ROW(rows[i].id,
		    reply->wildcard == (strcmp(rows[i].id, "wildcard") == 0));
	}
}

static void
stranger_is_untrusted(void **state)
{
	static const char *const steps[] = {TALK, HEAD CLOSE "abc", NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *other = trusted_server(&options);
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(https_reply) struct https_reply *reply = get(server, AMPLE_MS);

	(void)state;
	assert_non_null(other); /* its root is trusted, the server's is not */
	assert_int_equal(reply->outcome, HTTPS_UNTRUSTED);
	assert_null(reply->body);
	assert_string_equal(tlsd_heard(server), "");
}

/* The flight is there before our ClientHello is: the session must be watched
 * before it reads for the first time. */
static void
a_key_that_is_costly_to_check_by_is_not_checked_by(void **state)
{
	static const char *const steps[] = {TLSD_COSTLY, TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	clock_t begun = clock();
	AUTO(https_reply) struct https_reply *reply = get(server, AMPLE_MS);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_UNTRUSTED);
	assert_string_equal(reply->detail, COSTLY_WHY);
	assert_true(clock() - begun < CLOCKS_PER_SEC / 2);
}

static void
request_is_plain(void **state)
{
	static const char *const steps[] = {TALK, HEAD CLOSE, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	AUTO(https_reply) struct https_reply *reply = get(server, AMPLE_MS);
	char wanted[256];

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_ANSWERED);
	snprintf(wanted, sizeof(wanted),
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " HOST ":%u\r\n"
	    "User-Agent: postern\r\nAccept: */*\r\n\r\n",
	    tlsd_port(server));
	assert_string_equal(tlsd_heard(server), wanted);
	assert_string_equal(tlsd_sni(server), HOST);
}

static void
slow_servers_end_at_the_deadline(void **state)
{
	static const struct {
		const char *id;
		const char *steps[6];
	} rows[] = {
	    {"silent", {TLSD_HANG}},
	    {"drip in the handshake", {TLSD_DRIP}},
	    {"silent after TLS", {TALK, TLSD_HANG}},
	    {"drip in the header", {TALK, "HTTP/1.1 200 OK\r\nX: ", TLSD_DRIP}},
	    {"drip in the body",
		{TALK, HEAD "Content-Length: 60\r\n\r\n", TLSD_HANG}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsd_options options = {
		    .steps = rows[i].steps, .name = HOST};
		AUTO(tlsd) struct tlsd *server = trusted_server(&options);
		int64_t begun = clock_mono_ms();
		AUTO(https_reply)
		struct https_reply *reply = get(server, SHORT_MS);

		ROW(rows[i].id, clock_mono_ms() - begun < SHORT_MS + SLACK_MS);
		ROW(rows[i].id, reply->outcome == HTTPS_FAILED);
	}
}

static void
every_pinned_address_is_tried_and_no_other(void **state)
{
	static const char *const good[] = {"::1", "127.0.0.2", "127.0.0.1"};
	static const char *const odd[] = {"localhost"};
	static const char *const steps[] = {TALK, HEAD CLOSE "abc", NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	AUTO(https_reply)
	struct https_reply *reply = get_from(server, good, 3, AMPLE_MS);
	AUTO(https_reply)
	struct https_reply *none = get_from(server, good, 2, AMPLE_MS);
	AUTO(https_reply)
	struct https_reply *name = get_from(server, odd, 1, AMPLE_MS);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_ANSWERED);
	assert_int_equal(none->outcome, HTTPS_FAILED);
	assert_int_equal(name->outcome, HTTPS_FAILED);
}

static void
proxy_of_the_environment_is_not_used(void **state)
{
	static const char *const steps[] = {TALK, HEAD CLOSE "abc", NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	struct https_reply *reply;

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	reply = get(server, AMPLE_MS);
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(reply->outcome, HTTPS_ANSWERED);
	https_reply_free(reply);
}

static struct https_reply *
post(const struct tlsd *server, const char *host, bool untrusted_too)
{
	static const char *const addresses[] = {"127.0.0.1"};
	AUTO(x509_store)
	struct x509_store *roots = x509_store_load(ca_file, NULL);
	struct https_request request = {.host = host,
	    .path = "/v1?a=b",
	    .addresses = addresses,
	    .address_count = 1,
	    .port = tlsd_port(server),
	    .roots = roots,
	    .max_octets = MAX_OCTETS,
	    .deadline_ms = clock_mono_ms() + AMPLE_MS};
	struct https_upload upload = {.octets = "abc\n",
	    .size = 4,
	    .type = "application/tlsrpt+gzip",
	    .agent = "Postern/1",
	    .untrusted_too = untrusted_too};

	return https_post(&request, &upload);
}

/* S20 */
static void
what_is_posted_comes_with_its_type(void **state)
{
	static const char *const steps[] = {TLSD_TLS, TLSD_READ_HEAD, TLSD_READ,
	    "HTTP/1.1 503 No\r\nRetry-After: 77\r\n" CLOSE, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	AUTO(https_reply) struct https_reply *reply = post(server, HOST, false);
	const char *heard = tlsd_heard(server);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_ANSWERED);
	assert_int_equal(reply->status, 503);
	assert_int_equal(reply->retry_after_s, 77);
	assert_false(reply->untrusted);
	assert_memory_equal(heard, "POST /v1?a=b HTTP/1.1", 21);
	assert_non_null(strstr(heard, "application/tlsrpt+gzip"));
	assert_non_null(strstr(heard, "User-Agent: Postern/1"));
	assert_non_null(strstr(heard, "Content-Length: 4"));
	assert_null(strstr(heard, "Expect"));
	assert_non_null(strstr(heard, "abc"));
}

/* S21 */
static void
nothing_is_posted_to_a_stranger_unless_that_is_wanted(void **state)
{
	static const char *const steps[] = {TLSD_TLS, TLSD_READ_HEAD, TLSD_READ,
	    "HTTP/1.1 201 Made\r\n" CLOSE, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	struct tlsd *server = trusted_server(&options);
	struct https_reply *reply = post(server, "other.example", false);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_UNTRUSTED);
	assert_null(strstr(tlsd_heard(server), "POST"));
	https_reply_free(reply);
	tlsd_free(server);
	server = trusted_server(&options);
	reply = post(server, "other.example", true);
	assert_int_equal(reply->outcome, HTTPS_ANSWERED);
	assert_int_equal(reply->status, 201);
	assert_true(reply->untrusted);
	assert_string_equal(
	    reply->detail, "host_is_no_dNSName_of_the_certificate");
	https_reply_free(reply);
	tlsd_free(server);
}

/* LIMIT_TLSRPT_ANSWER is what errand_post gives for max_octets. */
static void
of_too_long_an_answer_the_status_counts(void **state)
{
	static const char *const steps[] = {
	    TLSD_TLS, TLSD_READ_HEAD, TLSD_READ, HEAD CLOSE, TLSD_FLOOD, NULL};
	struct tlsd_options options = {.steps = steps, .name = HOST};
	AUTO(tlsd) struct tlsd *server = trusted_server(&options);
	AUTO(https_reply) struct https_reply *reply = post(server, HOST, false);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_TOO_LARGE);
	assert_int_equal(reply->status, 200);
}

/* S01: of an answer that ends early, too, by whatever; none before it counts */
static void
of_an_answer_to_a_post_that_is_cut_the_status_counts(void **state)
{
	static const struct {
		const char *const steps[7];
		long status;
	} rows[] = {
	    {{TLSD_TLS, TLSD_READ_HEAD, TLSD_READ,
		 "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", NULL},
		200},
	    {{TLSD_TLS, TLSD_READ_HEAD, TLSD_READ,
		 "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n", TLSD_RESET,
		 NULL},
		503},
	    {{TLSD_TLS, TLSD_READ_HEAD, TLSD_READ, "HTTP/1.1 102 Wait\r\n\r\n",
		 NULL},
		0},
	    {{TLSD_TLS, TLSD_READ_HEAD, TLSD_READ, TLSD_RESET, NULL}, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsd_options options = {
		    .steps = rows[i].steps, .name = HOST};
		AUTO(tlsd) struct tlsd *server = trusted_server(&options);
		AUTO(https_reply)
		struct https_reply *reply = post(server, HOST, false);

		assert_int_equal(reply->outcome, HTTPS_FAILED);
		assert_int_equal(reply->status, rows[i].status);
	}
}

static void
no_time_left_is_no_fetch(void **state)
{
	static const char *const steps[] = {TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(https_reply) struct https_reply *reply = get(server, 0);

	(void)state;
	assert_int_equal(reply->outcome, HTTPS_NOT_TRIED);
	assert_string_equal(reply->detail, "no_time_left");
}

static void
what_nobody_wants_any_more_is_given_up(void **state)
{
	static const char *const steps[] = {TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(https_reply) struct https_reply *reply = NULL;

	(void)state;
	atomic_store(&ended, true);
	reply = get(server, AMPLE_MS);
	atomic_store(&ended, false);
	assert_int_equal(reply->outcome, HTTPS_NOT_TRIED);
	assert_string_equal(reply->detail, "given_up");
}

static int
set_up(void **state)
{
	int fd = mkstemp(ca_file);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return https_global_init(NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(ca_file);
}

int
main(void)
{
	const struct CMUnitTest https[] = {
	    cmocka_unit_test(answers_come_whole_or_not_at_all),
	    cmocka_unit_test(a_header_may_be_as_large_as_the_limit),
	    cmocka_unit_test(endless_header_is_cut_off),
	    cmocka_unit_test(
		certificate_must_be_trusted_in_date_and_name_the_host),
	    cmocka_unit_test(stranger_is_untrusted),
	    cmocka_unit_test(
		a_key_that_is_costly_to_check_by_is_not_checked_by),
	    cmocka_unit_test(request_is_plain),
	    cmocka_unit_test(slow_servers_end_at_the_deadline),
	    cmocka_unit_test(every_pinned_address_is_tried_and_no_other),
	    cmocka_unit_test(proxy_of_the_environment_is_not_used),
	    cmocka_unit_test(what_is_posted_comes_with_its_type),
	    cmocka_unit_test(
		nothing_is_posted_to_a_stranger_unless_that_is_wanted),
	    cmocka_unit_test(of_too_long_an_answer_the_status_counts),
	    cmocka_unit_test(
		of_an_answer_to_a_post_that_is_cut_the_status_counts),
	    cmocka_unit_test(no_time_left_is_no_fetch),
	    cmocka_unit_test(what_nobody_wants_any_more_is_given_up),
	};

	return RUN_TESTS_WITH(https, set_up, tear_down);
}
