/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_plain.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns_rdata.h"
#include "common/proto/domain.h"

/*
 * How it works: the library makes a dozen objects of each record, which for a
 * message without signatures is most of the work that a lookup is.  Here the
 * message is walked once, record by record: what is wanted of it is noted, and
 * at the first thing out of the ordinary it is given up.  Then RDATA of the
 * records that were noted are copied, names in them uncompressed.
 */

enum {
	HEADER_SIZE = 12,
	AT_FLAGS = 2,

	/* RFC 1035 section 4.1.1, RFC 4035 section 3.1.6: of the two octets */
	FLAG_TC = 0x0200,
	FLAG_RA = 0x0080,
	FLAG_AD = 0x0020,
	RCODE = 0x000f,
	NXDOMAIN = 3,

	CLASS_IN = 1,
	TYPE_OPT = 41,
	MAX_LABEL = 63,
	POINTER = 0xc0,
	TYPE_AND_CLASS = 4,
	PREFERENCE = 2, /* octets, of an MX record */
	MINIMUM = 4,    /* the last octets of an SOA record */
};

struct plain_record {
	uint8_t owner[DNS_NAME_MAX];
	size_t owner_size;
	unsigned type, class;
	uint32_t ttl;
	const uint8_t *data;
	size_t size;
};

/* A message as it is walked, and what was found in it. */
struct plain {
	const uint8_t *packet;
	size_t size;
	enum dns_type type;
	uint8_t name[DNS_NAME_MAX];
	size_t name_size;
	struct wire wire;
	struct plain_data {
		const uint8_t *data;
		size_t size;
	} taken[LIMIT_DNS_RECORDS];
	size_t count;
	uint32_t ttl_s;      /* of those; UINT32_MAX: of none */
	uint32_t negative_s; /* of the SOA record */
	bool negative, edns;
};

size_t
dns_plain_name(uint8_t to[DNS_NAME_MAX], const char *name)
{
	size_t size = 0;

	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > MAX_LABEL ||
		    size + 1 + label + 1 > DNS_NAME_MAX)
			return 0;
		to[size] = (uint8_t)label;
		memcpy(to + size + 1, name, label);
		size += 1 + label;
		name += label;
		if (*name == '.' && *++name == '\0')
			return 0;
	}
	to[size] = 0;
	return size + 1;
}

/* To before the labels that it ends, so that there is an end; false, if it
 * leads elsewhere. */
static bool
follow_pointer(
    const uint8_t *packet, struct wire *at, size_t *begun, uint8_t high)
{
	size_t target = (size_t)(high & ~POINTER) << 8 | wire_u8(at);

	if (at->bad || target < HEADER_SIZE || target >= *begun)
		return false;
	wire_init(at, packet + target, *begun - target);
	*begun = target;
	return true;
}

/* The name where wire stands, uncompressed: how long it is, 0 for none.  wire
 * ends behind it. */
static size_t
expand_name(const uint8_t *packet, struct wire *wire, uint8_t to[DNS_NAME_MAX])
{
	size_t begun = (size_t)(wire->at - packet), size = 0;
	struct wire at = *wire;
	bool led = false;

	for (;;) {
		uint8_t label = wire_u8(&at);
		const uint8_t *text;

		if ((label & POINTER) == POINTER) {
			if (!led) /* both octets */
				wire_take(wire, (size_t)(at.at - wire->at) + 1);
			led = true;
			if (!follow_pointer(packet, &at, &begun, label))
				return 0;
			continue;
		}
		text = wire_take(&at, label);
		if (at.bad || label > MAX_LABEL ||
		    size + 1 + label > DNS_NAME_MAX)
			return 0;
		to[size++] = label;
		memcpy(to + size, text, label);
		size += label;
		if (label == 0)
			break;
	}
	if (!led)
		*wire = at;
	return size;
}

static uint32_t
read_u32(struct wire *wire)
{
	uint32_t high = wire_u16(wire);

	return high << 16 | wire_u16(wire);
}

static bool
next_plain(struct plain *plain, struct plain_record *record)
{
	struct wire *wire = &plain->wire;

	record->owner_size = expand_name(plain->packet, wire, record->owner);
	record->type = wire_u16(wire);
	record->class = wire_u16(wire);
	record->ttl = read_u32(wire);
	record->size = wire_u16(wire);
	record->data = wire_take(wire, record->size);
	return record->owner_size > 0 && !wire->bad;
}

/* Whether so many names in RDATA, behind the first octets, can be expanded. */
static bool
has_names(const struct plain *plain, const struct plain_record *record,
    size_t skipped, int names)
{
	uint8_t name[DNS_NAME_MAX];
	struct wire wire;

	wire_init(&wire, record->data, record->size);
	wire_take(&wire, skipped);
	while (names > 0 && expand_name(plain->packet, &wire, name) > 0)
		names--;
	return names == 0;
}

/* Of a type that is met without signatures and aliases. */
static bool
is_plain_type(const struct plain *plain, const struct plain_record *record)
{
	switch ((enum dns_type)record->type) {
	case DNS_A:
	case DNS_AAAA:
	case DNS_TLSA:
	case DNS_TXT:
		return true;
	case DNS_MX:
		return has_names(plain, record, PREFERENCE, 1);
	case DNS_NS:
		return has_names(plain, record, 0, 1);
	case DNS_SOA:
		return has_names(plain, record, 0, 2);
	case DNS_CNAME:
	case DNS_DNSKEY:
	case DNS_DS:
		break;
	}
	return false; /* any other number as well */
}

static bool
is_plain(const struct plain *plain, const struct plain_record *record)
{
	return record->class == CLASS_IN && is_plain_type(plain, record) &&
	       dns_rdata_fault((enum dns_type)record->type, plain->packet,
		   plain->size, (size_t)(record->data - plain->packet),
		   record->size) == NULL;
}

/* A length octet is at most 63 and so no letter: case can be ignored in all. */
static bool
is_asked(const struct plain *plain, const struct plain_record *record)
{
	return record->type == plain->type &&
	       record->owner_size == plain->name_size &&
	       strncasecmp((const char *)record->owner,
		   (const char *)plain->name, plain->name_size) == 0;
}

static bool
walk_answers(struct plain *plain, unsigned count)
{
	struct plain_record record;

	while (count-- > 0) {
		if (!next_plain(plain, &record) || !is_plain(plain, &record))
			return false;
		if (!is_asked(plain, &record))
			continue;
		if (plain->count == LIMIT_DNS_RECORDS)
			return false;
		plain->taken[plain->count++] =
		    (struct plain_data){record.data, record.size};
		if (record.ttl < plain->ttl_s)
			plain->ttl_s = record.ttl;
	}
	return true;
}

/* RFC 2308 section 5: the first SOA record says how long there is none. */
static bool
walk_authority(struct plain *plain, unsigned count)
{
	struct plain_record record;
	struct wire minimum;

	while (count-- > 0) {
		if (!next_plain(plain, &record) || !is_plain(plain, &record))
			return false;
		if (record.type != DNS_SOA || plain->negative)
			continue;
		wire_init(
		    &minimum, record.data + record.size - MINIMUM, MINIMUM);
		plain->negative_s = read_u32(&minimum);
		if (record.ttl < plain->negative_s)
			plain->negative_s = record.ttl;
		plain->negative = true;
	}
	return true;
}

/* RFC 6891 section 6.1: without options, and no more to RCODE. */
static bool
is_bare_edns(const struct plain_record *record)
{
	return record->type == TYPE_OPT && record->owner_size == 1 &&
	       record->size == 0 && record->ttl >> 16 == 0;
}

static bool
walk_additional(struct plain *plain, unsigned count)
{
	struct plain_record record;

	while (count-- > 0) {
		if (!next_plain(plain, &record))
			return false;
		if (is_bare_edns(&record) && !plain->edns)
			plain->edns = true;
		else if (!is_plain(plain, &record))
			return false;
	}
	return true;
}

static bool
walk_message(struct plain *plain)
{
	struct wire *wire = &plain->wire;
	unsigned flags, questions, answers, authority, additional;
	const uint8_t *question;

	wire_init(wire, plain->packet, plain->size);
	wire_take(wire, AT_FLAGS);
	flags = wire_u16(wire);
	questions = wire_u16(wire);
	answers = wire_u16(wire);
	authority = wire_u16(wire);
	additional = wire_u16(wire);
	if (wire->bad || questions != 1 || (flags & FLAG_TC) != 0 ||
	    (flags & FLAG_RA) == 0 ||
	    ((flags & RCODE) != 0 && (flags & RCODE) != NXDOMAIN))
		return false;
	question = wire_take(wire, plain->name_size);
	wire_take(wire, TYPE_AND_CLASS);
	if (wire->bad || strncasecmp((const char *)question,
			     (const char *)plain->name, plain->name_size) != 0)
		return false;
	return walk_answers(plain, answers) &&
	       walk_authority(plain, authority) &&
	       walk_additional(plain, additional);
}

/* Where RDATA end that were copied to at, uncompressed. */
static uint8_t *
copy_plain(
    const struct plain *plain, const struct plain_data *taken, uint8_t *at)
{
	struct wire wire;
	size_t length;

	if (plain->type != DNS_MX) {
		memcpy(at, taken->data, taken->size);
		return at + taken->size;
	}
	memcpy(at, taken->data, PREFERENCE);
	wire_init(&wire, taken->data + PREFERENCE, taken->size - PREFERENCE);
	length = expand_name(plain->packet, &wire, at + PREFERENCE);
	assert(length > 0); /* is_plain has seen to that */
	return at + PREFERENCE + length;
}

static void
fill_answer(const struct plain *plain, struct dns_answer *answer)
{
	size_t octets = 0;
	uint8_t *at;

	for (size_t i = 0; i < plain->count; i++)
		octets += plain->type == DNS_MX ? PREFERENCE + DNS_NAME_MAX
						: plain->taken[i].size;
	answer->count = plain->count;
	answer->records =
	    xmalloc(plain->count * sizeof(*answer->records) + octets);
	at = (uint8_t *)(answer->records + plain->count);
	for (size_t i = 0; i < plain->count; i++) {
		answer->records[i].data = at;
		at = copy_plain(plain, &plain->taken[i], at);
		answer->records[i].size =
		    (size_t)(at - answer->records[i].data);
	}
}

static struct lookup
plain_lookup(const struct plain *plain)
{
	unsigned flags = (unsigned)plain->packet[AT_FLAGS] << 8 |
			 plain->packet[AT_FLAGS + 1];
	struct lookup lookup = {.secure = (flags & FLAG_AD) != 0};

	if (plain->count > 0) {
		lookup.state = LOOKUP_DATA;
		lookup.ttl_s = plain->ttl_s;
		return lookup;
	}
	lookup.state =
	    (flags & RCODE) == NXDOMAIN ? LOOKUP_NXDOMAIN : LOOKUP_NODATA;
	lookup.ttl_s = plain->negative ? plain->negative_s : 0;
	return lookup;
}

static bool
is_read_plainly(enum dns_type type)
{
	return type == DNS_A || type == DNS_AAAA || type == DNS_MX ||
	       type == DNS_TXT || type == DNS_TLSA;
}

bool
dns_plain_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer)
{
	struct plain plain;
	struct wire owner;
	char text[LIMIT_DOMAIN_SIZE];

	plain.packet = packet;
	plain.size = size;
	plain.type = type;
	plain.count = 0;
	plain.ttl_s = UINT32_MAX;
	plain.negative = plain.edns = false;
	plain.name_size = dns_plain_name(plain.name, name);
	if (!is_read_plainly(type) || plain.name_size == 0)
		return false;
	wire_init(&owner, plain.name, plain.name_size);
	if (domain_from_wire(&owner, text, NULL) < 0 || !walk_message(&plain))
		return false;
	memcpy(answer->owner, text, sizeof(text));
	answer->lookup = plain_lookup(&plain);
	fill_answer(&plain, answer);
	return true;
}
