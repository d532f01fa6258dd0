/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/io/tls_watch.h"
#include "t/fake/tlsd.h"

/* A Certificate message of count certificates, each of the one octet "c". */
static size_t
write_message(uint8_t *to, size_t count, bool tls13)
{
	size_t each = tls13 ? 6 : 4, size = 0;

	if (tls13)
		to[size++] = 0;
	to[size++] = 0;
	to[size++] = 0;
	to[size++] = (uint8_t)(count * each);
	for (size_t i = 0; i < count; i++) {
		memcpy(to + size, "\0\0\1c\0\0", each);
		size += each;
	}
	return size;
}

static void
put_u24(uint8_t *to, size_t number)
{
	to[0] = (uint8_t)(number >> 16);
	to[1] = (uint8_t)(number >> 8);
	to[2] = (uint8_t)number;
}

/* A SEQUENCE of so many octets begins. */
static void
put_head(uint8_t *to, size_t size)
{
	to[0] = 0x30;
	to[1] = 0x83;
	put_u24(to + 2, size);
}

/* A name that has so many octets in all; where it ends. */
static uint8_t *
put_name(uint8_t *to, size_t size)
{
	memset(to, 0, size);
	put_head(to, size - 5);
	return to + size;
}

static void
a_large_certificate_is_taken_down_whole(void **state)
{
	enum { LARGE = 0x12345 };
	uint8_t *message = xcalloc(1, LARGE + 6);
	struct tls_watch watch = {.begun = false};

	(void)state;
	put_u24(message, LARGE + 3);
	put_u24(message + 3, LARGE);
	assert_true(tls_watch_read(&watch, message, LARGE + 6, false));
	assert_int_equal(watch.count, 1);
	assert_int_equal(watch.certs[0].size, LARGE);
	tls_watch_fini(&watch);
	assert_int_equal(watch.count, 0);
	free(message);
}

static void
a_chain_is_taken_down_up_to_its_limit(void **state)
{
	static const struct {
		size_t presented;
		size_t kept;
	} rows[] = {{1, 1}, {2, 2}, {LIMIT_CHAIN_CERTS, LIMIT_CHAIN_CERTS},
	    {LIMIT_CHAIN_CERTS + 1, LIMIT_CHAIN_CERTS}};
	struct tls_watch watch = {.begun = false};
	uint8_t message[256];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		bool tls13 = i % 2 == 1;
		size_t size =
		    write_message(message, rows[i / 2].presented, tls13);

		assert_true(tls_watch_read(&watch, message, size, tls13));
		assert_int_equal(watch.count, rows[i / 2].kept);
		for (size_t k = 0; k < watch.count; k++) {
			assert_int_equal(watch.certs[k].size, 1);
			assert_int_equal(watch.certs[k].data[0], 'c');
		}
	}
	tls_watch_fini(&watch);
}

static void
what_is_no_chain_leaves_none(void **state)
{
	struct tls_watch watch = {.begun = false};
	uint8_t message[256];

	(void)state;
	for (int tls13 = 0; tls13 <= 1; tls13++) {
		size_t size = write_message(message, 2, tls13 == 1);

		for (size_t cut = 0; cut < size; cut++) {
			assert_false(
			    tls_watch_read(&watch, message, cut, tls13 == 1));
			assert_int_equal(watch.count, 0);
		}
		assert_false(
		    tls_watch_read(&watch, message, size + 1, tls13 == 1));
		size = write_message(message, 0, tls13 == 1);
		assert_false(tls_watch_read(&watch, message, size, tls13 == 1));
	}
	tls_watch_fini(&watch);
}

/* Each length tells of what stands there, and of nothing else. */
static void
what_is_no_list_of_certificates_leaves_none(void **state)
{
	static const struct {
		const char *id;
		struct der message;
		bool tls13;
	} rows[] = {
#define MESSAGE(text) {(const uint8_t *)(text), sizeof(text) - 1}
	    {"an octet behind a certificate", MESSAGE("\0\0\5\0\0\1c\0"),
		false},
	    {"a second one that is cut", MESSAGE("\0\0\10\0\0\1c\0\0\2c"),
		false},
	    {"extensions that are cut", MESSAGE("\0\0\0\6\0\0\1c\0\1"), true},
	};
	struct tls_watch watch = {.begun = false};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].id, !tls_watch_read(&watch, rows[i].message.data,
				    rows[i].message.size, rows[i].tls13));
		ROW(rows[i].id, watch.count == 0);
	}
	tls_watch_fini(&watch);
}

/* A Certificate message of TLS 1.2 with these. */
static bool
watch_certificates(
    struct tls_watch *watch, const struct der *certs, size_t count)
{
	uint8_t *message = xmalloc(2 * LIMIT_TLS_CERTIFICATE);
	size_t size = 3;
	bool good;

	for (size_t i = 0; i < count; i++) {
		put_u24(message + size, certs[i].size);
		memcpy(message + size + 3, certs[i].data, certs[i].size);
		size += 3 + certs[i].size;
	}
	put_u24(message, size - 3);
	good = tls_watch_certificate(watch, message, size, false);
	free(message);
	return good;
}

/* LIMIT_TLS_CERTIFICATE */
static void
a_message_may_be_so_long_and_no_longer(void **state)
{
	enum { HEAD = 3, MOST = LIMIT_TLS_CERTIFICATE - 2 * HEAD };
	uint8_t *octets = xcalloc(1, MOST + 1);
	struct tls_watch watch = {.begun = false};
	struct der cert = {octets, MOST};

	(void)state;
	assert_false(watch_certificates(&watch, &cert, 1));
	assert_int_equal(watch.certs[0].size, MOST);
	assert_string_equal(watch.refused, "key costs too much to check by: "
					   "a certificate that cannot be read");
	cert.size++;
	assert_false(watch_certificates(&watch, &cert, 1));
	assert_string_equal(watch.refused, "chain is too long");
	assert_false(watch_certificates(&watch, NULL, 0));
	assert_string_equal(watch.refused, "no certificate presented");
	tls_watch_fini(&watch);
	assert_int_equal(watch.count, 0);
	tls_watch_fini(&watch); /* has nothing to free any more */
	free(octets);
}

/* What has the form of a certificate, with names of so many octets. */
static struct der
shape_certificate(uint8_t *to, size_t issuer, size_t subject)
{
	static const uint8_t serial[] = {2, 1, 1, 0x30, 0};
	static const uint8_t validity[] = {0x30, 0};
	static const uint8_t key[] = {
	    0x30, 9, 0x30, 3, 6, 1, 0x2a, 3, 2, 0, 0xaa};
	static const uint8_t rest[] = {0x30, 0, 3, 2, 0, 0xaa};
	uint8_t *at = to + 10, *end;

	memcpy(at, serial, sizeof(serial));
	at = put_name(at + sizeof(serial), issuer);
	memcpy(at, validity, sizeof(validity));
	at = put_name(at + sizeof(validity), subject);
	memcpy(at, key, sizeof(key));
	end = at + sizeof(key);
	put_head(to + 5, (size_t)(end - to) - 10);
	memcpy(end, rest, sizeof(rest));
	end += sizeof(rest);
	put_head(to, (size_t)(end - to) - 5);
	return (struct der){to, (size_t)(end - to)};
}

/* LIMIT_CERT_DN */
static void
names_are_bounded_in_each_certificate(void **state)
{
	enum { MOST = LIMIT_CERT_DN, USUAL = 100 };
	static const char too_long[] = "a name in a certificate is too long";
	static const struct {
		const char *id;
		size_t issuer, subject;
		const char *refused;
	} rows[] = {
	    {"both as long as may be", MOST, MOST, ""},
	    {"subject", USUAL, MOST + 1, too_long},
	    {"issuer", MOST + 1, USUAL, too_long},
	};
	uint8_t *a = xmalloc(3 * MOST), *b = xmalloc(3 * MOST);

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		struct der odd = shape_certificate(
		    a, rows[i / 2].issuer, rows[i / 2].subject);
		struct der usual = shape_certificate(b, USUAL, USUAL);
		struct der certs[] = {usual, odd};
		struct tls_watch watch = {.begun = false};

		if (i % 2 == 0) {
			certs[0] = odd;
			certs[1] = usual;
		}
		ROW(rows[i / 2].id, watch_certificates(&watch, certs, 2) ==
					(rows[i / 2].refused[0] == '\0'));
		ROW_TEXT(rows[i / 2].id, watch.refused, rows[i / 2].refused);
		tls_watch_fini(&watch);
	}
	free(a);
	free(b);
}

/* LIMIT_DH_BITS, LIMIT_DH_LEAST_BITS */
static void
a_group_is_as_large_as_its_prime_without_zeros_in_front(void **state)
{
	enum {
		LEAST = LIMIT_DH_LEAST_BITS / 8,
		MOST = LIMIT_DH_BITS / 8,
		SIZE = 2 + 2 * MOST,
	};
	static const struct {
		const char *id;
		size_t zeros, octets;
		const char *refused;
	} rows[] = {
	    {"the least", 0, LEAST, ""},
	    {"less", 0, LEAST - 1, "DH group is too small"},
	    {"less behind a zero", 1, LEAST - 1, "DH group is too small"},
	    {"the least behind a zero", 1, LEAST, ""},
	    {"the most", 0, MOST, ""},
	    {"the most behind zeros", 9, MOST, ""},
	    {"more", 0, MOST + 1, "DH group costs too much"},
	    {"nothing but zeros", LEAST, 0, "DH group is too small"},
	    {"nothing", 0, 0, "DH group is too small"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t prime = rows[i].zeros + rows[i].octets;
		uint8_t *message = xcalloc(1, 2 + prime);
		struct tls_watch watch = {.begun = false};

		message[0] = (uint8_t)(prime >> 8);
		message[1] = (uint8_t)prime;
		memset(message + 2 + rows[i].zeros, 1, rows[i].octets);
		ROW(rows[i].id, tls_watch_group(&watch, message, 2 + prime) ==
				    (rows[i].refused[0] == '\0'));
		ROW_TEXT(rows[i].id, watch.refused, rows[i].refused);
		if (prime > 0)
			ROW(rows[i].id,
			    !tls_watch_group(&watch, message, 1 + prime));
		free(message);
	}
}

static int
connect_to(const struct tlsd *server)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(tlsd_port(server)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int
hook_of_another(gnutls_session_t session, unsigned type, unsigned post,
    unsigned incoming, const gnutls_datum_t *message)
{
	(void)session;
	(void)type;
	(void)post;
	(void)incoming;
	(void)message;
	return GNUTLS_E_INTERNAL_ERROR;
}

/* As libcurl does, which tells of its session before it is complete. */
static void
a_pointer_and_hook_set_later_do_not_harm(void **state)
{
	static const char *const steps[] = {TLSD_TLS, NULL};
	AUTO(tlsd)
	struct tlsd *server = tlsd_new(
	    &(struct tlsd_options){.steps = steps, .name = "mx.d.example"});
	struct tls_watch watch = {.begun = false};
	gnutls_certificate_credentials_t credentials;
	int fd = connect_to(server), theirs = 0;
	gnutls_session_t session;

	(void)state;
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_set_default_priority(session);
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	tls_watch_begin(&watch, session);
	assert_true(watch.begun);
	gnutls_session_set_ptr(session, &theirs);
	gnutls_handshake_set_hook_function(
	    session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, hook_of_another);
	tls_watch_begin(&watch, session);
	assert_int_equal(gnutls_handshake(session), 0);
	assert_int_equal(watch.count, 1);
	assert_ptr_equal(gnutls_session_get_ptr(session), &theirs);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	tls_watch_fini(&watch);
	close(fd);
}

/* A client that leaves the choice of the group to the server, as all did before
 * RFC 7919; else GnuTLS's server would take none of its own. */
static int
shake_hands_with_group(unsigned bits, struct tls_watch *watch)
{
	static const char *const steps[] = {TLSD_TLS, NULL};
	static const char priority[] =
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:-GROUP-DH-ALL:"
	    "%COMPAT";
	AUTO(tlsd)
	struct tlsd *server = tlsd_new(&(struct tlsd_options){.steps = steps,
	    .name = "mx.d.example",
	    .flaws = TLSD_RSA,
	    .priority = priority,
	    .dh_bits = bits});
	gnutls_certificate_credentials_t credentials;
	int rc, fd = connect_to(server);
	gnutls_session_t session;

	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_priority_set_direct(session, priority, NULL);
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	tls_watch_begin(watch, session);
	rc = gnutls_handshake(session);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	close(fd);
	return rc;
}

static void
groups_that_are_too_small_or_large_are_refused(void **state)
{
	static const struct {
		unsigned bits;
		const char *refused;
	} groups[] = {
	    {LIMIT_DH_LEAST_BITS - 8, "DH group is too small"},
	    {LIMIT_DH_LEAST_BITS, ""},
	    {LIMIT_DH_BITS, ""},
	    {LIMIT_DH_BITS + 8, "DH group costs too much"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(groups); i++) {
		struct tls_watch watch = {.begun = false};
		int rc = shake_hands_with_group(groups[i].bits, &watch);

		assert_string_equal(watch.refused, groups[i].refused);
		assert_int_equal(rc == 0, groups[i].refused[0] == '\0');
		tls_watch_fini(&watch);
	}
}

int
main(void)
{
	const struct CMUnitTest tls_watch[] = {
	    cmocka_unit_test(a_chain_is_taken_down_up_to_its_limit),
	    cmocka_unit_test(what_is_no_chain_leaves_none),
	    cmocka_unit_test(a_large_certificate_is_taken_down_whole),
	    cmocka_unit_test(what_is_no_list_of_certificates_leaves_none),
	    cmocka_unit_test(a_message_may_be_so_long_and_no_longer),
	    cmocka_unit_test(names_are_bounded_in_each_certificate),
	    cmocka_unit_test(
		a_group_is_as_large_as_its_prime_without_zeros_in_front),
	    cmocka_unit_test(a_pointer_and_hook_set_later_do_not_harm),
	    cmocka_unit_test(groups_that_are_too_small_or_large_are_refused),
	};

	return RUN_TESTS(tls_watch);
}
