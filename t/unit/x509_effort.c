/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_effort.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

#define OCTETS(...)                                                        \
	(struct der)                                                       \
	{                                                                  \
		(uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}) \
	}

#define OID_RSA OCTETS(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0)
#define OID_PSS OCTETS(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10)
#define OID_MD5_RSA OCTETS(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4)
#define OID_RSA_OLD OCTETS(6, 4, 0x55, 8, 1, 1)
#define OID_DSA OCTETS(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1)
#define OID_DH OCTETS(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1)
#define OID_X942 OCTETS(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3e, 2, 1)
#define OID_EC 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1
#define OID_P256 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7
#define OID_ED25519 OCTETS(6, 3, 0x2b, 0x65, 0x70)
#define OID_UNKNOWN OCTETS(6, 3, 0x2a, 3, 4)

enum { BUFFER_SIZE = 64 * 1024 };

/* Octets that are built from the end to the beginning. */
struct built {
	uint8_t octets[BUFFER_SIZE];
	size_t begin;
};

static struct der
built_der(const struct built *b)
{
	return (struct der){b->octets + b->begin, BUFFER_SIZE - b->begin};
}

static void
put_before(struct built *b, struct der der)
{
	assert_true(der.size <= b->begin);
	b->begin -= der.size;
	memcpy(b->octets + b->begin, der.data, der.size);
}

/* A tag, and a length of four octets, over all that was put since end. */
static void
wrap_since(struct built *b, uint8_t tag, size_t end)
{
	size_t size = end - b->begin;

	put_before(
	    b, OCTETS(tag, 0x84, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
		   (uint8_t)(size >> 8), (uint8_t)size));
}

/* An INTEGER of so many bits, each of them set. */
static void
put_number(struct built *b, size_t bits)
{
	size_t end = b->begin;

	for (; bits >= 8; bits -= 8)
		put_before(b, OCTETS(0xff));
	put_before(b, OCTETS((uint8_t)((1U << bits) - 1)));
	wrap_since(b, DER_INTEGER, end);
}

/* SubjectPublicKeyInfo of what stands there since end. */
static void
finish_key(struct built *b, struct der algorithm, size_t end)
{
	put_before(b, OCTETS(0));
	wrap_since(b, DER_BIT_STRING, end);
	end = b->begin;
	put_before(b, algorithm);
	wrap_since(b, DER_SEQUENCE, end);
	wrap_since(b, DER_SEQUENCE, BUFFER_SIZE);
}

static void
build_rsa(struct built *b, struct der oid, size_t bits, size_t exponent_bits)
{
	b->begin = BUFFER_SIZE;
	put_number(b, exponent_bits);
	put_number(b, bits);
	wrap_since(b, DER_SEQUENCE, BUFFER_SIZE);
	finish_key(b, oid, BUFFER_SIZE);
}

static void
build_dsa(struct built *b, size_t p_bits, size_t q_bits)
{
	struct built algorithm = {.begin = BUFFER_SIZE};

	put_number(&algorithm, 2);
	put_number(&algorithm, q_bits);
	put_number(&algorithm, p_bits);
	wrap_since(&algorithm, DER_SEQUENCE, BUFFER_SIZE);
	put_before(&algorithm, OID_DSA);
	b->begin = BUFFER_SIZE;
	put_number(b, 8);
	finish_key(b, built_der(&algorithm), BUFFER_SIZE);
}

static void
build_other(struct built *b, struct der algorithm)
{
	b->begin = BUFFER_SIZE;
	put_before(b, OCTETS(4, 1, 2, 3));
	finish_key(b, algorithm, BUFFER_SIZE);
}

static const char *
reason_of(const struct built *b)
{
	static char reason[X509_EFFORT_REASON];
	struct der der = built_der(b);
	uint8_t *exact = xmemdup(der.data, der.size);
	bool bounded;

	der.data = exact;
	bounded = x509_effort_is_bounded_key(der, reason);
	free(exact);
	assert_true(bounded == (reason[0] == '\0'));
	return reason;
}

static void
rsa_keys_are_bounded_by_modulus_and_exponent(void **state)
{
	static struct built b;
	static const struct {
		const char *id;
		size_t bits, exponent_bits;
		const char *reason;
	} rows[] = {
	    {"usual", 2048, 17, ""},
	    {"at the limits", LIMIT_RSA_BITS, LIMIT_RSA_EXPONENT_BITS, ""},
	    {"modulus over", LIMIT_RSA_BITS + 1, 17,
		"an RSA modulus of 16385 bits"},
	    {"huge modulus", 65536, 17, "an RSA modulus of 65536 bits"},
	    {"exponent over", 2048, LIMIT_RSA_EXPONENT_BITS + 1,
		"an RSA exponent of 65 bits"},
	    {"huge exponent", 2048, 65536, "an RSA exponent of 65536 bits"},
	    {"both huge", 65536, 65536, "an RSA modulus of 65536 bits"},
	    {"zero", 0, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < 5 * COUNT(rows); i++) {
		const struct der oids[] = {
		    OID_RSA, OID_PSS, OID_MD5_RSA, OID_RSA_OLD, OID_UNKNOWN};

		build_rsa(&b, oids[i % 5], rows[i / 5].bits,
		    rows[i / 5].exponent_bits);
		ROW_TEXT(rows[i / 5].id, reason_of(&b), rows[i / 5].reason);
	}
}

static void
dsa_keys_are_bounded_by_modulus_and_order(void **state)
{
	static struct built b;

	(void)state;
	build_dsa(&b, 2048, 256);
	assert_string_equal(reason_of(&b), "");
	build_dsa(&b, LIMIT_DSA_BITS, LIMIT_DSA_ORDER_BITS);
	assert_string_equal(reason_of(&b), "");
	build_dsa(&b, LIMIT_DSA_BITS + 1, 256);
	assert_string_equal(reason_of(&b), "a DSA modulus of 10001 bits");
	build_dsa(&b, 2048, LIMIT_DSA_ORDER_BITS + 1);
	assert_string_equal(reason_of(&b), "a DSA subgroup of 257 bits");
	build_other(&b, OID_DSA);
	assert_string_equal(reason_of(&b), "a DSA key that cannot be read");
	build_other(
	    &b, OCTETS(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1, 0x30, 0));
	assert_string_equal(reason_of(&b), "a DSA key that cannot be read");
}

static void
other_algorithms_are_bounded_unless_their_size_is_free(void **state)
{
	static struct built b;
	const struct {
		const char *id;
		struct der algorithm;
		const char *reason;
	} rows[] = {
	    {"named curve", OCTETS(OID_EC, OID_P256), ""},
	    {"curve of a long name", OCTETS(OID_EC, 6, 3, 9, 9, 9), ""},
	    {"described curve", OCTETS(OID_EC, 0x30, 3, 2, 1, 1),
		"an elliptic curve without a name"},
	    {"curve of the issuer", OCTETS(OID_EC, 5, 0),
		"an elliptic curve without a name"},
	    {"curve left out", OCTETS(OID_EC),
		"an elliptic curve without a name"},
	    {"DH", OID_DH, "a key that cannot sign"},
	    {"DH of X9.42", OID_X942, "a key that cannot sign"},
	    {"Ed25519", OID_ED25519, ""},
	    {"unknown", OID_UNKNOWN, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		build_other(&b, rows[i].algorithm);
		ROW_TEXT(rows[i].id, reason_of(&b), rows[i].reason);
	}
}

/* Each cut of a key is refused, or (behind all that counts) as the whole. */
static void
what_cannot_be_read_is_not_bounded(void **state)
{
	static struct built b;
	char reason[X509_EFFORT_REASON];
	struct der der;

	(void)state;
	build_rsa(&b, OID_RSA, 2048, 17);
	der = built_der(&b);
	while (der.size > 0) {
		uint8_t *cut = xmemdup(der.data, --der.size);

		assert_false(x509_effort_is_bounded_key(
		    (struct der){cut, der.size}, reason));
		assert_string_not_equal(reason, "");
		free(cut);
	}
	build_other(&b, OID_RSA);
	assert_string_equal(reason_of(&b), "an RSA key that cannot be read");
	build_other(&b, OCTETS(5, 0)); /* an algorithm without a name */
	assert_string_equal(reason_of(&b), "a key that cannot be read");
	assert_false(x509_effort_is_bounded(OCTETS(0x30, 0), reason));
	assert_string_equal(reason, "a certificate that cannot be read");
}

static void
the_key_of_a_certificate_counts(void **state)
{
	static const struct {
		const char *id;
		unsigned flaws;
		const char *reason;
	} rows[] = {
	    {"P-256", 0, ""},
	    {"version 1", CERTS_VERSION_1, ""},
	    {"RSA 1024", CERTS_RSA_1024, ""},
	    {"exponent", CERTS_BIG_EXPONENT, "an RSA exponent of 81 bits"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_spec spec = {.cn = "a", .flaws = rows[i].flaws};
		AUTO(cert_made) struct cert_made *made = cert_make(&spec);
		char reason[X509_EFFORT_REASON];
		bool bounded = x509_effort_is_bounded(cert_der(made), reason);

		ROW_TEXT(rows[i].id, reason, rows[i].reason);
		ROW(rows[i].id, bounded == (reason[0] == '\0'));
	}
}

int
main(void)
{
	static const struct CMUnitTest x509_effort[] = {
	    cmocka_unit_test(rsa_keys_are_bounded_by_modulus_and_exponent),
	    cmocka_unit_test(dsa_keys_are_bounded_by_modulus_and_order),
	    cmocka_unit_test(
		other_algorithms_are_bounded_unless_their_size_is_free),
	    cmocka_unit_test(what_cannot_be_read_is_not_bounded),
	    cmocka_unit_test(the_key_of_a_certificate_counts),
	};

	return RUN_TESTS(x509_effort);
}
