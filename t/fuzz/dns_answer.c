/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns_packet.h"
#include "common/proto/domain.h"
#include "t/fuzz/fuzz.h"

/* What may have been asked. */
static const struct question {
	const char *name;
	enum dns_type type;
} questions[] = {
    {"mx1.d.example", DNS_A},
    {"mx1.d.example", DNS_AAAA},
    {"mx1.d.example", DNS_CNAME},
    {"d.example", DNS_MX},
    {"_25._tcp.mx1.d.example", DNS_TLSA},
    {"_mta-sts.d.example", DNS_TXT},
    {"", DNS_DNSKEY},
    {"d.example", DNS_DS},
};

/* A name without compression, whatever octets it has. */
static void
skip_name(struct wire *wire)
{
	uint8_t length;

	while ((length = wire_u8(wire)) != 0) {
		assert(length <= 63);
		wire_take(wire, length);
	}
}

/* RDATA has the form of its type, whoever sent it. */
static void
check_rdata(enum dns_type type, const struct dns_rdata *rdata)
{
	struct wire wire;

	wire_init(&wire, rdata->data, rdata->size);
	switch (type) {
	case DNS_A:
		wire_take(&wire, 4);
		break;
	case DNS_AAAA:
		wire_take(&wire, 16);
		break;
	case DNS_MX:
		wire_u16(&wire);
		skip_name(&wire);
		break;
	case DNS_CNAME:
	case DNS_NS:
		skip_name(&wire);
		break;
	case DNS_SOA:
		skip_name(&wire);
		skip_name(&wire);
		wire_take(&wire, 20);
		break;
	case DNS_TXT:
		assert(wire.left > 0);
		while (wire.left > 0 && !wire.bad)
			wire_take(&wire, wire_u8(&wire));
		break;
	case DNS_DNSKEY:
	case DNS_DS:
		assert(wire.left > 4);
		wire_take(&wire, wire.left);
		break;
	case DNS_TLSA:
		wire_take(&wire, wire.left);
		break;
	}
	assert(!wire.bad && wire.left == 0);
}

/* Every octet is there, one record behind the other. */
static void
check_octets(const struct dns_answer *answer)
{
	const uint8_t *at = (const uint8_t *)(answer->records + answer->count);
	size_t total = 0;
	uint8_t *copy;

	for (size_t i = 0; i < answer->count; i++) {
		assert(answer->records[i].data == at + total);
		total += answer->records[i].size;
	}
	copy = xmemdup(at, total);
	free(copy);
}

static void
check_answer(const struct dns_answer *answer, const struct question *question)
{
	if (answer->owner[0] != '\0')
		fuzz_check_domain(answer->owner);
	if (question->type == DNS_CNAME)
		assert(strcmp(answer->owner, question->name) == 0);
	assert(
	    answer->count <= (question->type == DNS_TLSA ? LIMIT_TLSA_RECORDS
							 : LIMIT_DNS_RECORDS));
	check_octets(answer);
	for (size_t i = 0; i < answer->count; i++)
		check_rdata(question->type, &answer->records[i]);
}

static void
try_question(
    const uint8_t *packet, size_t size, const struct question *question)
{
	struct dns_answer answer;
	struct err err;

	memset(&answer, 0, sizeof(answer));
	answer.lookup.state = LOOKUP_NOT_ASKED;
	fuzz_err_init(&err);
	if (dns_packet_read(packet, size, question->name, question->type,
		&answer, &err) < 0) {
		fuzz_check_refusal(&err);
		assert(answer.count == 0 && answer.records == NULL);
		return;
	}
	check_answer(&answer, question);
	assert(answer.lookup.state == LOOKUP_NOT_ASKED);
	assert(!answer.lookup.secure && answer.why[0] == '\0');
	free(answer.records);
}

/* The message is the answer to any of the questions. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < COUNT(questions); i++)
		try_question(data, size, &questions[i]);
	return 0;
}
