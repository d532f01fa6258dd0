/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	    cmocka_unit_test(a_pointer_and_hook_set_later_do_not_harm),
	    cmocka_unit_test(groups_that_are_too_small_or_large_are_refused),
	};

	return RUN_TESTS(tls_watch);
}
