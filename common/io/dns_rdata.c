/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_rdata.h"

#include <stdbool.h>

#include "common/base/wire.h"

enum {
	CLASS_IN = 1,

	/* RFC 1035 section 4.1.1: of the header, before the counts */
	ID_AND_FLAGS = 4,
	OTHER_COUNTS = 4, /* of authority and additional records */

	MAX_NAME = 255, /* RFC 1035 section 2.3.4 */
	MAX_LABEL = 63,
	POINTER = 0xc0,

	KEY_HEAD = 4, /* of DNSKEY and DS: all but the key or its digest */

	SOA_NUMBERS = 20, /* RFC 1035 section 3.3.13: behind two names */
};

#define NO_POINTER SIZE_MAX

static const char cut_short[] = "cut short";

/* Labels from where wire stands, to the root or to a pointer; then *target is
 * where that leads, else 0.  Adds to *octets what they have uncompressed. */
static const char *
read_labels(struct wire *wire, size_t *octets, size_t *target)
{
	*target = NO_POINTER;
	for (;;) {
		uint8_t label = wire_u8(wire);

		if (wire->bad)
			return "name cut short";
		if ((label & POINTER) == POINTER) {
			*target =
			    (size_t)(label & ~POINTER) << 8 | wire_u8(wire);
			return wire->bad ? "name cut short" : NULL;
		}
		if (label > MAX_LABEL)
			return "odd label";
		*octets += 1 + label;
		if (*octets > MAX_NAME)
			return "name too long";
		if (label == 0)
			return NULL;
		if (wire_take(wire, label) == NULL)
			return "name cut short";
	}
}

/* The rest of a name, whose labels before it began at offset begun.  Each
 * pointer leads to before the labels that it ends, so that there is an end. */
static const char *
follow_pointers(
    const uint8_t *message, size_t begun, size_t target, size_t octets)
{
	const char *fault = NULL;

	while (fault == NULL && target != NO_POINTER) {
		struct wire wire;

		if (target >= begun)
			return "name points ahead";
		/* nothing of an earlier name stands behind the later one */
		wire_init(&wire, message + target, begun - target);
		begun = target;
		fault = read_labels(&wire, &octets, &target);
	}
	return fault;
}

static const char *
fault_of_name(const uint8_t *message, struct wire *wire)
{
	size_t begun = (size_t)(wire->at - message);
	size_t octets = 0;
	size_t target;
	const char *fault = read_labels(wire, &octets, &target);

	if (fault == NULL)
		fault = follow_pointers(message, begun, target, octets);
	return fault;
}

static const char *
fault_of_strings(struct wire *wire)
{
	if (wire->left == 0)
		return "no text";
	while (wire->left > 0 && !wire->bad)
		wire_take(wire, wire_u8(wire));
	return NULL;
}

static const char *
fault_of_soa(const uint8_t *message, struct wire *wire)
{
	const char *fault = fault_of_name(message, wire);

	if (fault == NULL)
		fault = fault_of_name(message, wire);
	if (fault == NULL)
		wire_take(wire, SOA_NUMBERS);
	return fault;
}

static const char *
read_fields(enum dns_type type, const uint8_t *message, struct wire *wire)
{
	switch (type) {
	case DNS_A:
		wire_take(wire, 4);
		return NULL;
	case DNS_AAAA:
		wire_take(wire, 16);
		return NULL;
	case DNS_MX:
		wire_u16(wire);
		return wire->bad ? NULL : fault_of_name(message, wire);
	case DNS_CNAME:
	case DNS_NS:
		return fault_of_name(message, wire);
	case DNS_SOA:
		return fault_of_soa(message, wire);
	case DNS_TXT:
		return fault_of_strings(wire);
	case DNS_DNSKEY:
	case DNS_DS:
		wire_take(wire, KEY_HEAD);
		wire_take(wire, wire->left > 0 ? wire->left : 1);
		return NULL;
	case DNS_TLSA:
		wire_take(wire, wire->left);
		return NULL;
	}
	return "unknown type";
}

const char *
dns_rdata_fault(enum dns_type type, const uint8_t *message, size_t size,
    size_t at, size_t length)
{
	struct wire wire;
	const char *fault;

	if (at > size || length > size - at)
		return cut_short;
	wire_init(&wire, message + at, length);
	fault = read_fields(type, message, &wire);
	if (fault != NULL)
		return fault;
	if (wire.bad)
		return cut_short;
	return wire.left > 0 ? "octets behind its end" : NULL;
}

/* An owner's or question's name, wherever its pointer leads. */
static void
skip_name(struct wire *wire)
{
	size_t octets = 0;
	size_t target;

	if (read_labels(wire, &octets, &target) != NULL)
		wire->bad = true;
}

/* Of the next record, if it is of the type or an alias; wire ends behind it. */
static const char *
fault_of_record(
    enum dns_type type, const uint8_t *message, size_t size, struct wire *wire)
{
	unsigned found, class;
	size_t length;
	const uint8_t *data;

	skip_name(wire);
	found = wire_u16(wire);
	class = wire_u16(wire);
	wire_take(wire, 4); /* the TTL */
	length = wire_u16(wire);
	data = wire_take(wire, length);
	if (wire->bad)
		return cut_short;
	if (class != CLASS_IN || (found != type && found != DNS_CNAME))
		return NULL;
	return dns_rdata_fault((enum dns_type)found, message, size,
	    (size_t)(data - message), length);
}

const char *
dns_rdata_fault_in(enum dns_type type, const uint8_t *message, size_t size)
{
	const char *fault = NULL;
	unsigned questions, answers;
	struct wire wire;

	wire_init(&wire, message, size);
	wire_take(&wire, ID_AND_FLAGS);
	questions = wire_u16(&wire);
	answers = wire_u16(&wire);
	wire_take(&wire, OTHER_COUNTS);
	while (questions-- > 0 && !wire.bad) {
		skip_name(&wire);
		wire_take(&wire, 4); /* type and class */
	}
	while (answers-- > 0 && fault == NULL)
		fault = fault_of_record(type, message, size, &wire);
	return fault;
}
