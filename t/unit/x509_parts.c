/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_parts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* The least that has the form of a certificate: serial number, algorithm,
 * issuer, validity, subject and key; algorithm; signature. */
#define VERSION_3 "\xa0\3\2\1\2"
#define SERIAL "\2\1\1"
#define SEQUENCE "\x30\0"
#define ISSUER "\x30\2\5\0"
#define SUBJECT "\x30\3\5\1i"
#define KEY "\x30\4\5\2ke"
#define TBS SERIAL SEQUENCE ISSUER SEQUENCE SUBJECT KEY
#define SIGNATURE "\3\3\0si"
#define OCTETS(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

/* In octets of its own, so that nothing may be read behind them. */
static bool
read_exact(struct der der, struct x509_parts *parts, uint8_t **octets)
{
	*octets = xmemdup(der.data, der.size);
	der.data = *octets;
	return x509_parts_read(parts, der);
}

static void
check_part(const char *id, struct der part, const char *wanted, size_t size)
{
	ROW(id, part.size == size);
	ROW(id, memcmp(part.data, wanted, size) == 0);
}

static void
each_part_is_found_with_or_without_a_version(void **state)
{
	static const struct {
		const char *id;
		struct der cert;
		struct der tbs;
	} rows[] = {
	    {"version 1", OCTETS("\x30\x1f\x30\x16" TBS SEQUENCE SIGNATURE),
		OCTETS("\x30\x16" TBS)},
	    {"version 3",
		OCTETS("\x30\x24\x30\x1b" VERSION_3 TBS SEQUENCE SIGNATURE),
		OCTETS("\x30\x1b" VERSION_3 TBS)},
	    {"extensions behind the key",
		OCTETS("\x30\x21\x30\x18" TBS SEQUENCE SEQUENCE SIGNATURE),
		OCTETS("\x30\x18" TBS SEQUENCE)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *id = rows[i].id;
		struct x509_parts parts;
		uint8_t *octets;

		ROW(id, read_exact(rows[i].cert, &parts, &octets));
		check_part(id, parts.tbs, (const char *)rows[i].tbs.data,
		    rows[i].tbs.size);
		check_part(id, parts.issuer_dn, ISSUER, 4);
		check_part(id, parts.subject_dn, SUBJECT, 5);
		check_part(id, parts.spki, KEY, 6);
		check_part(id, parts.signature, "si", 2);
		free(octets);
	}
}

static void
what_has_not_the_form_is_no_certificate(void **state)
{
	static const struct {
		const char *id;
		struct der cert;
	} rows[] = {
	    {"nothing", OCTETS("")},
	    {"an empty one", OCTETS(SEQUENCE)},
	    {"an octet behind it",
		OCTETS("\x30\x1f\x30\x16" TBS SEQUENCE SIGNATURE "\0")},
	    {"an octet behind the signature",
		OCTETS("\x30\x20\x30\x16" TBS SEQUENCE SIGNATURE "\0")},
	    {"no algorithm", OCTETS("\x30\x1d\x30\x16" TBS SIGNATURE)},
	    {"no signature", OCTETS("\x30\x1a\x30\x16" TBS SEQUENCE)},
	    {"a signature of nothing, not even its unused bits",
		OCTETS("\x30\x1c\x30\x16" TBS SEQUENCE "\3\0")},
	    {"no key", OCTETS("\x30\x19\x30\x10" SERIAL SEQUENCE ISSUER SEQUENCE
			       SUBJECT SEQUENCE SIGNATURE)},
	    {"nothing to be signed",
		OCTETS("\x30\x09\x30\x00" SEQUENCE SIGNATURE)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct x509_parts parts;
		uint8_t *octets;

		ROW(rows[i].id, !read_exact(rows[i].cert, &parts, &octets));
		free(octets);
	}
}

static void
a_signature_may_be_empty(void **state)
{
	static const struct der cert =
	    OCTETS("\x30\x1d\x30\x16" TBS SEQUENCE "\3\1\0");
	struct x509_parts parts;
	uint8_t *octets;

	(void)state;
	assert_true(read_exact(cert, &parts, &octets));
	assert_int_equal(parts.signature.size, 0);
	free(octets);
}

int
main(void)
{
	const struct CMUnitTest x509_parts[] = {
	    cmocka_unit_test(each_part_is_found_with_or_without_a_version),
	    cmocka_unit_test(what_has_not_the_form_is_no_certificate),
	    cmocka_unit_test(a_signature_may_be_empty),
	};

	return RUN_TESTS(x509_parts);
}
