/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsa.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/x509.h"

enum {
	FIELD_ABSENT = 255,
	SHA2_256_OCTETS = 32,
	SHA2_512_OCTETS = 64,
	MAX_RDATA = 65535,
};

/* RFC 6698 section 2.1.3: a digest of its full length, or the thing itself. */
static bool
has_usable_data(const struct tlsa *record)
{
	struct der der = {record->data, record->size};

	switch (record->mtype) {
	case TLSA_FULL:
		return record->selector == TLSA_CERT ? x509_is_cert(der)
						     : x509_is_spki(der);
	case TLSA_SHA2_256:
		return record->size == SHA2_256_OCTETS;
	case TLSA_SHA2_512:
		return record->size == SHA2_512_OCTETS;
	default:
		return false;
	}
}

/* RFC 7672 section 3.1.3: PKIX-TA and PKIX-EE are not used in SMTP. */
static bool
is_usable(const struct tlsa *record)
{
	if (record->usage != TLSA_DANE_TA && record->usage != TLSA_DANE_EE)
		return false;
	if (record->selector != TLSA_CERT && record->selector != TLSA_SPKI)
		return false;
	return has_usable_data(record);
}

static uint8_t
field(struct wire *in)
{
	return in->left > 0 ? wire_u8(in) : FIELD_ABSENT;
}

void
tlsa_set_add(struct tlsa_set *set, const uint8_t *rdata, size_t length)
{
	struct tlsa record = {0};
	struct wire in;

	if (set->count == LIMIT_TLSA_RECORDS)
		return;
	wire_init(&in, rdata, length);
	record.usage = field(&in);
	record.selector = field(&in);
	record.mtype = field(&in);
	record.size = in.left;
	record.data = xmemdup(in.at, in.left);
	record.usable = is_usable(&record);
	set->records =
	    xrealloc(set->records, set->count + 1, sizeof(set->records[0]));
	set->records[set->count++] = record;
}

/* A decimal field of one octet in front of *text, which moves behind it. */
static int
take_field(const char **text, uint8_t *out)
{
	char digits[4] = "";
	size_t length;
	uint32_t value;

	*text += strspn(*text, " \t");
	length = strspn(*text, "0123456789");
	if (length >= sizeof(digits))
		return -1;
	memcpy(digits, *text, length);
	*text += length;
	if (text_uint(digits, UINT8_MAX, &value) < 0)
		return -1;
	*out = (uint8_t)value;
	return **text == ' ' || **text == '\t' ? 0 : -1;
}

int
tlsa_set_add_text(struct tlsa_set *set, const char *text, struct err *err)
{
	uint8_t fields[3];
	size_t size;
	uint8_t *rdata;
	int data;

	for (size_t i = 0; i < sizeof(fields); i++)
		if (take_field(&text, &fields[i]) < 0)
			return err_set(err, ERR_DATA,
			    "a TLSA record is USAGE SELECTOR MTYPE HEX");
	size = strlen(text) / 2;
	if (size > MAX_RDATA)
		return err_set(err, ERR_DATA, "TLSA record too long");
	rdata = xmalloc(sizeof(fields) + size);
	memcpy(rdata, fields, sizeof(fields));
	data = text_unhex(rdata + sizeof(fields), size, text);
	if (data > 0)
		tlsa_set_add(set, rdata, sizeof(fields) + (size_t)data);
	free(rdata);
	if (data <= 0)
		return err_set(err, ERR_DATA,
		    "the data of a TLSA record is pairs of hex digits");
	return 0;
}

/* Whether digest agility prefers the digest of a to that of b. */
static bool
is_stronger(const struct tlsa *a, const struct tlsa *b)
{
	return a->mtype == TLSA_SHA2_512 && b->mtype == TLSA_SHA2_256;
}

static bool
same_kind(const struct tlsa *a, const struct tlsa *b)
{
	return a->usage == b->usage && a->selector == b->selector;
}

/*
 * RFC 7671 section 9: of the digests of one usage and selector only the
 * strongest counts; full records stand apart.  Unusable ones are out before.
 */
static bool
is_outdone(const struct tlsa_set *set, const struct tlsa *record)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *other = &set->records[i];

		if (other->usable && same_kind(other, record) &&
		    is_stronger(other, record))
			return true;
	}
	return false;
}

void
tlsa_set_finish(struct tlsa_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct tlsa *record = &set->records[i];

		record->considered = record->usable && !is_outdone(set, record);
	}
}

size_t
tlsa_set_usable(const struct tlsa_set *set)
{
	size_t usable = 0;

	for (size_t i = 0; i < set->count; i++)
		usable += set->records[i].usable;
	return usable;
}

void
tlsa_set_fini(struct tlsa_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->records[i].data);
	free(set->records);
	set->records = NULL;
	set->count = 0;
}
