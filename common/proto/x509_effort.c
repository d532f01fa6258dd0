/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_effort.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/limits.h"
#include "common/proto/x509_parts.h"

/* What a key is made of, as far as it tells the cost. */
enum family {
	FAMILY_OTHER,
	FAMILY_RSA,
	FAMILY_DSA,
	FAMILY_CURVE,
	FAMILY_AGREEMENT,
};

#define OID(...)                                                           \
	{                                                                  \
		(uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}) \
	}

static const struct {
	struct der oid;
	enum family family;
} families[] = {
    /* 1.2.840.113549.1.1: rsaEncryption, id-RSASSA-PSS; then what GnuTLS
     * takes for the former: md5WithRSA, sha1WithRSA, rsa of X.509 (2.5.8.1.1),
     * sha1WithRSA of OIW (1.3.14.3.2.29) */
    {OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1), FAMILY_RSA},
    {OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10), FAMILY_RSA},
    {OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4), FAMILY_RSA},
    {OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5), FAMILY_RSA},
    {OID(0x55, 8, 1, 1), FAMILY_RSA},
    {OID(0x2b, 14, 3, 2, 29), FAMILY_RSA},
    /* 1.2.840.10040.4.1: id-dsa; 1.3.14.3.2.12: dsa of OIW */
    {OID(0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1), FAMILY_DSA},
    {OID(0x2b, 14, 3, 2, 12), FAMILY_DSA},
    /* 1.2.840.10045.2.1: id-ecPublicKey; 1.3.132.1.12: id-ecDH */
    {OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1), FAMILY_CURVE},
    {OID(0x2b, 0x81, 4, 1, 12), FAMILY_CURVE},
    /* 1.2.840.113549.1.3.1: dhKeyAgreement; 1.2.840.10046.2.1: dhpublicnumber
     */
    {OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1), FAMILY_AGREEMENT},
    {OID(0x2a, 0x86, 0x48, 0xce, 0x3e, 2, 1), FAMILY_AGREEMENT},
};

static bool __attribute__((format(printf, 2, 3)))
refuse_key(char reason[X509_EFFORT_REASON], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, X509_EFFORT_REASON, format, args);
	va_end(args);
	return false;
}

static enum family
family_of(struct der oid)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (der_equal(families[i].oid, oid))
			return families[i].family;
	return FAMILY_OTHER;
}

/* Of an INTEGER, which libraries take as unsigned. */
static size_t
count_bits(struct der number)
{
	size_t bits;

	while (number.size > 0 && number.data[0] == 0) {
		number.data++;
		number.size--;
	}
	bits = 8 * number.size;
	if (bits > 0)
		for (unsigned top = number.data[0]; top < 0x80; top <<= 1)
			bits--;
	return bits;
}

static bool
holds_limit(struct der number, const char *what, size_t limit, char reason[])
{
	size_t bits = count_bits(number);

	return bits <= limit ||
	       refuse_key(reason, "%s of %zu bits", what, bits);
}

/* RSAPublicKey of RFC 8017 appendix A.1.1. */
struct rsa_key {
	struct der modulus;
	struct der exponent;
};

static bool
read_rsa(struct rsa_key *key, struct der bits)
{
	struct der content;
	struct wire in;

	der_open(&in, bits);
	wire_u8(&in); /* unused bits */
	content = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, content);
	key->modulus = der_take(&in, DER_INTEGER, NULL);
	key->exponent = der_take(&in, DER_INTEGER, NULL);
	return !in.bad;
}

static bool
holds_rsa_limits(const struct rsa_key *key, char reason[])
{
	return holds_limit(
		   key->modulus, "an RSA modulus", LIMIT_RSA_BITS, reason) &&
	       holds_limit(key->exponent, "an RSA exponent",
		   LIMIT_RSA_EXPONENT_BITS, reason);
}

static bool
is_bounded_rsa(struct der bits, char reason[])
{
	struct rsa_key key;

	return read_rsa(&key, bits)
		   ? holds_rsa_limits(&key, reason)
		   : refuse_key(reason, "an RSA key that cannot be read");
}

/* No library here checks by it, or at a cost that its name bounds.  What looks
 * like RSA may be taken for RSA under a name that we do not know. */
static bool
is_bounded_other(struct der bits, char reason[])
{
	struct rsa_key key;

	return !read_rsa(&key, bits) || holds_rsa_limits(&key, reason);
}

/* Dss-Parms of RFC 3279 section 2.3.2.  Without them there is no key: those
 * that the issuer hands down are in use nowhere. */
static bool
is_bounded_dsa(struct wire *parameters, char reason[])
{
	struct der group = der_take(parameters, DER_SEQUENCE, NULL);
	struct der p, q;
	struct wire in;

	der_open(&in, group);
	p = der_take(&in, DER_INTEGER, NULL);
	q = der_take(&in, DER_INTEGER, NULL);
	if (in.bad)
		return refuse_key(reason, "a DSA key that cannot be read");
	return holds_limit(p, "a DSA modulus", LIMIT_DSA_BITS, reason) &&
	       holds_limit(q, "a DSA subgroup", LIMIT_DSA_ORDER_BITS, reason);
}

/* RFC 5480 section 2.1.1: a curve has a name, and so a size that is known. */
static bool
is_bounded_curve(struct wire *parameters, char reason[])
{
	der_take(parameters, DER_OID, NULL);
	return !parameters->bad ||
	       refuse_key(reason, "an elliptic curve without a name");
}

bool
x509_effort_is_bounded_key(struct der spki, char reason[X509_EFFORT_REASON])
{
	struct der content, algorithm, oid, bits;
	struct wire in;

	reason[0] = '\0';
	der_open(&in, spki);
	content = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, content);
	algorithm = der_take(&in, DER_SEQUENCE, NULL);
	bits = der_take(&in, DER_BIT_STRING, NULL);
	if (in.bad)
		return refuse_key(reason, "a key that cannot be read");
	der_open(&in, algorithm);
	oid = der_take(&in, DER_OID, NULL);
	if (in.bad)
		return refuse_key(reason, "a key that cannot be read");
	switch (family_of(oid)) {
	case FAMILY_RSA:
		return is_bounded_rsa(bits, reason);
	case FAMILY_DSA:
		return is_bounded_dsa(&in, reason);
	case FAMILY_CURVE:
		return is_bounded_curve(&in, reason);
	case FAMILY_AGREEMENT:
		return refuse_key(reason, "a key that cannot sign");
	case FAMILY_OTHER:
		return is_bounded_other(bits, reason);
	}
	assert(false); /* every family is above */
	return false;
}

bool
x509_effort_is_bounded(struct der certificate, char reason[X509_EFFORT_REASON])
{
	struct x509_parts parts;

	if (!x509_parts_read(&parts, certificate))
		return refuse_key(reason, "a certificate that cannot be read");
	return x509_effort_is_bounded_key(parts.spki, reason);
}
