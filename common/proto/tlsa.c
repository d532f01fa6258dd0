/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsa.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/x509.h"

enum {
	FIELD_ABSENT = 255,
	SHA2_256_OCTETS = 32,
	SHA2_512_OCTETS = 64,
	KIND_OCTETS = 3,
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
read_wire_field(struct wire *in)
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
	record.usage = read_wire_field(&in);
	record.selector = read_wire_field(&in);
	record.mtype = read_wire_field(&in);
	record.size = in.left;
	record.data = xmemdup(in.at, in.left);
	record.usable = is_usable(&record);
	set->records =
	    xrealloc(set->records, set->count + 1, sizeof(set->records[0]));
	set->records[set->count++] = record;
}

void
tlsa_set_merge(struct tlsa_set *set, const uint8_t *rdata, size_t length)
{
	size_t before = set->count;
	struct tlsa record;

	tlsa_set_add(set, rdata, length);
	if (set->count == before)
		return;
	record = set->records[before];
	set->count = before;
	if (tlsa_set_has(set, &record))
		free(record.data);
	else
		set->count++;
}

/* A decimal field of one octet in front of *text, which moves behind it. */
static int
take_tlsa_field(const char **text, uint8_t *out)
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
	/* white space, or the end */
	return strchr(" \t", **text) != NULL ? 0 : -1;
}

/* Those before the data; *text moves behind them. */
static int
take_kind(const char **text, struct tlsa_form *out)
{
	return take_tlsa_field(text, &out->usage) == 0 &&
		       take_tlsa_field(text, &out->selector) == 0 &&
		       take_tlsa_field(text, &out->mtype) == 0
		   ? 0
		   : -1;
}

int
tlsa_form_parse(const char *text, struct tlsa_form *out)
{
	return take_kind(&text, out) == 0 && text[strspn(text, " \t")] == '\0'
		   ? 0
		   : -1;
}

/* RDATA of a kind, with room for size octets of data; for free(). */
static uint8_t *
make_rdata(struct tlsa_form kind, size_t size)
{
	uint8_t *rdata = xmalloc(KIND_OCTETS + size);

	rdata[0] = kind.usage;
	rdata[1] = kind.selector;
	rdata[2] = kind.mtype;
	return rdata;
}

int
tlsa_set_add_text(struct tlsa_set *set, const char *text, struct err *err)
{
	struct tlsa_form kind;
	size_t size;
	uint8_t *rdata;
	int data;

	if (take_kind(&text, &kind) < 0)
		return err_set(
		    err, ERR_DATA, "a TLSA record is USAGE SELECTOR MTYPE HEX");
	size = strlen(text) / 2;
	if (size > MAX_RDATA - KIND_OCTETS)
		return err_set(err, ERR_DATA, "TLSA record too long");
	rdata = make_rdata(kind, size);
	data = text_unhex(rdata + KIND_OCTETS, size, text);
	if (data > 0)
		tlsa_set_add(set, rdata, KIND_OCTETS + (size_t)data);
	free(rdata);
	if (data <= 0)
		return err_set(err, ERR_DATA,
		    "the data of a TLSA record is pairs of hex digits");
	return 0;
}

/* What is wrong with asking for records of a kind, or NULL. */
static const char *
kind_fault(struct tlsa_form kind, bool has_cert)
{
	if (kind.usage == TLSA_PKIX_TA || kind.usage == TLSA_PKIX_EE)
		return "usages 0 and 1 do not count for mail (RFC 7672 "
		       "section 3.1.3); 3 1 1 is the usual kind";
	if (kind.usage > TLSA_DANE_EE)
		return "a usage for mail is 2 or 3";
	if (kind.selector > TLSA_SPKI)
		return "a selector is 0 (certificate) or 1 (key)";
	if (kind.mtype > TLSA_SHA2_512)
		return "a matching type is 0 (all), 1 (SHA2-256) or "
		       "2 (SHA2-512)";
	if (kind.selector == TLSA_CERT && !has_cert)
		return "selector 0 wants the certificate, and there is only "
		       "the key";
	return NULL;
}

int
tlsa_set_make(struct tlsa_set *set, struct tlsa_form kind, struct der cert,
    struct der spki, struct err *err)
{
	const char *fault = kind_fault(kind, cert.size != 0);
	struct der whole = kind.selector == TLSA_CERT ? cert : spki;
	uint8_t *rdata;
	size_t size = kind.mtype == TLSA_SHA2_256   ? SHA2_256_OCTETS
		      : kind.mtype == TLSA_SHA2_512 ? SHA2_512_OCTETS
						    : whole.size;

	if (fault != NULL)
		return err_set(err, ERR_DATA, "%s", fault);
	if (size > MAX_RDATA - KIND_OCTETS)
		return err_set(err, ERR_DATA, "too large for a record");
	rdata = make_rdata(kind, size);
	switch ((enum tlsa_mtype)kind.mtype) {
	case TLSA_FULL:
		memcpy(rdata + KIND_OCTETS, whole.data, whole.size);
		break;
	case TLSA_SHA2_256:
		x509_sha256(whole, rdata + KIND_OCTETS);
		break;
	case TLSA_SHA2_512:
		x509_sha512(whole, rdata + KIND_OCTETS);
		break;
	}
	tlsa_set_add(set, rdata, KIND_OCTETS + size);
	free(rdata);
	return 0;
}

static bool
same_kind(const struct tlsa *a, const struct tlsa *b)
{
	return a->usage == b->usage && a->selector == b->selector;
}

bool
tlsa_equal(const struct tlsa *a, const struct tlsa *b)
{
	return same_kind(a, b) && a->mtype == b->mtype && a->size == b->size &&
	       memcmp(a->data, b->data, a->size) == 0;
}

bool
tlsa_set_has(const struct tlsa_set *set, const struct tlsa *record)
{
	for (size_t i = 0; i < set->count; i++)
		if (tlsa_equal(&set->records[i], record))
			return true;
	return false;
}

/* The data in hex behind a head. */
static char *
print_hex_record(const char *head, const struct tlsa *record)
{
	size_t length = strlen(head), size = length + 2 * record->size + 1;
	char *text = xmalloc(size);

	text_copy(text, size, head);
	text_hex(text + length, size - length, record->data, record->size);
	return text;
}

char *
tlsa_print(const struct tlsa *record)
{
	char head[16];

	snprintf(head, sizeof(head), "%u %u %u ", record->usage,
	    record->selector, record->mtype);
	return print_hex_record(head, record);
}

char *
tlsa_print_generic(const struct tlsa *record)
{
	char head[32];

	snprintf(head, sizeof(head), "\\# %zu %02x%02x%02x",
	    KIND_OCTETS + record->size, record->usage, record->selector,
	    record->mtype);
	return print_hex_record(head, record);
}

bool
tlsa_owner(char owner[LIMIT_DOMAIN_SIZE], uint16_t port, const char *base)
{
	return snprintf(owner, LIMIT_DOMAIN_SIZE, "_%u._tcp.%s", port, base) <
	       LIMIT_DOMAIN_SIZE;
}

/* Whether digest agility prefers the digest of a to that of b. */
static bool
is_stronger(const struct tlsa *a, const struct tlsa *b)
{
	return a->mtype == TLSA_SHA2_512 && b->mtype == TLSA_SHA2_256;
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

const char *
tlsa_fault(const struct tlsa *record)
{
	if (record->usable)
		return "";
	if (record->usage == TLSA_PKIX_TA || record->usage == TLSA_PKIX_EE)
		return "usages 0 and 1 do not count for mail";
	if (record->usage > TLSA_DANE_EE)
		return "no such usage";
	if (record->selector > TLSA_SPKI)
		return "no such selector";
	if (record->mtype > TLSA_SHA2_512)
		return "no such matching type";
	return record->mtype == TLSA_FULL ? "the data is no such structure"
					  : "the digest is of a wrong length";
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
