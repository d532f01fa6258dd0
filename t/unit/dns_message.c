/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/dns_message.h"

#include <string.h>

#include "common/io/dns_packet.h"
#include "t/unit/tap.h"

enum { HEADER = 12, SOA = 6, CLASS_IN = 1 };

static void
put(struct dns_message *m, const void *data, size_t size)
{
	assert_true(m->size + size <= sizeof(m->octets));
	memcpy(m->octets + m->size, data, size);
	m->size += size;
}

static void
put_u16(struct dns_message *m, unsigned value)
{
	uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(m, octets, 2);
}

static size_t
name_to_wire(uint8_t *to, const char *name)
{
	size_t size = 0;

	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		to[size++] = (uint8_t)label;
		memcpy(to + size, name, label);
		size += label;
		name += label + (name[label] == '.');
	}
	to[size++] = 0;
	return size;
}

static void
put_wire_name(struct dns_message *m, const char *name)
{
	uint8_t wire[256];

	put(m, wire, name_to_wire(wire, name));
}

static void
put_rr(struct dns_message *m, const char *owner, unsigned type, unsigned ttl,
    const void *rdata, size_t size)
{
	put_wire_name(m, owner);
	put_u16(m, type);
	put_u16(m, CLASS_IN);
	put_u16(m, ttl >> 16);
	put_u16(m, ttl & 0xffff);
	put_u16(m, (unsigned)size);
	put(m, rdata, size);
}

void
dns_message_answer(struct dns_message *m, const char *owner, unsigned type,
    unsigned ttl, const void *rdata, size_t size)
{
	put_rr(m, owner, type, ttl, rdata, size);
	m->answers++;
}

void
dns_message_cname(
    struct dns_message *m, const char *owner, unsigned ttl, const char *target)
{
	uint8_t wire[256];

	dns_message_answer(
	    m, owner, DNS_CNAME, ttl, wire, name_to_wire(wire, target));
}

void
dns_message_soa(
    struct dns_message *m, const char *owner, unsigned ttl, uint8_t minimum)
{
	uint8_t rdata[22] = {[21] = minimum}; /* two roots and five numbers */

	put_rr(m, owner, SOA, ttl, rdata, sizeof(rdata));
	m->authorities++;
}

void
dns_message_begin(struct dns_message *m, const char *name, enum dns_type type)
{
	memset(m, 0, sizeof(*m));
	m->size = HEADER;
	put_wire_name(m, name);
	put_u16(m, type);
	put_u16(m, CLASS_IN);
}

int
dns_message_read(struct dns_message *m, const char *name, enum dns_type type,
    struct dns_answer *answer)
{
	m->octets[2] = 0x81;
	m->octets[3] = 0x80;
	m->octets[5] = 1;
	m->octets[6] = (uint8_t)(m->answers >> 8);
	m->octets[7] = (uint8_t)m->answers;
	m->octets[9] = (uint8_t)m->authorities;
	memset(answer, 0, sizeof(*answer));
	return dns_packet_read(m->octets, m->size, name, type, answer, NULL);
}
