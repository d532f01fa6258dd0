/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_packet.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns_rdata.h"
#include "common/proto/domain.h"

enum {
	HEADER_SIZE = 12,
	ID_SIZE = 2,
	QUESTION_TAIL = 4, /* type and class */
	OPT_SIZE = 11,     /* without options */
	CODE_SIZE = 2,     /* of an extended error */
	RCODE_BITS = 4,    /* of the header, the rest stand in OPT */

	/* In the octets where they stand: of the header, of OPT */
	RD_BIT = 0x01,
	AD_BIT = 0x20,
	DO_BIT = 0x80,

	/* What passes the common paths in one piece: the DNS flag day 2020 */
	UDP_SIZE = 1232,

	/* RFC 1035 section 3.3.13: MINIMUM is the last field of an SOA */
	SOA_MINIMUM = 6,
};

/* A length octet is at most 63 and so no letter: case can be ignored in all. */
static bool
same_name(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_rdf_size(a) == ldns_rdf_size(b) &&
	       strncasecmp((const char *)ldns_rdf_data(a),
		   (const char *)ldns_rdf_data(b), ldns_rdf_size(a)) == 0;
}

static bool
is_of(const ldns_rr *rr, const ldns_rdf *owner, ldns_rr_type type)
{
	return ldns_rr_get_type(rr) == type &&
	       ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	       same_name(ldns_rr_owner(rr), owner);
}

static size_t
limit_of(enum dns_type type)
{
	return type == DNS_TLSA ? LIMIT_TLSA_RECORDS : LIMIT_DNS_RECORDS;
}

static void
lower_ttl(struct dns_answer *answer, const ldns_rr *rr)
{
	if (ldns_rr_ttl(rr) < answer->lookup.ttl_s)
		answer->lookup.ttl_s = ldns_rr_ttl(rr);
}

static const ldns_rr *
find_rrset(
    const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (is_of(ldns_rr_list_rr(section, i), owner, type))
			return ldns_rr_list_rr(section, i);
	return NULL;
}

/* The end of the chain that begins at name, NULL if there is none. */
static const ldns_rdf *
follow_aliases(const ldns_rr_list *section, const ldns_rdf *name,
    struct dns_answer *answer)
{
	for (int hops = 0; hops <= LIMIT_CNAME_HOPS; hops++) {
		const ldns_rr *cname =
		    find_rrset(section, name, LDNS_RR_TYPE_CNAME);

		if (cname == NULL)
			return name;
		if (ldns_rr_rd_count(cname) != 1)
			return NULL;
		lower_ttl(answer, cname);
		name = ldns_rr_rdf(cname, 0);
	}
	return NULL;
}

static size_t
rdata_size(const ldns_rr *rr)
{
	size_t size = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		size += ldns_rdf_size(ldns_rr_rdf(rr, i));
	return size;
}

static uint8_t *
copy_rdata(uint8_t *to, const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns_rr_rdf(rr, i);

		memcpy(to, ldns_rdf_data(field), ldns_rdf_size(field));
		to += ldns_rdf_size(field);
	}
	return to;
}

static void
take_records(const ldns_rr_list *section, const ldns_rdf *owner,
    enum dns_type type, struct dns_answer *answer)
{
	const ldns_rr *taken[LIMIT_TLSA_RECORDS];
	size_t count = 0;
	size_t octets = 0;
	uint8_t *at;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (count == limit_of(type) ||
		    !is_of(rr, owner, (ldns_rr_type)type))
			continue;
		taken[count++] = rr;
		octets += rdata_size(rr);
		lower_ttl(answer, rr);
	}
	answer->records = xmalloc(count * sizeof(*answer->records) + octets);
	answer->count = count;
	at = (uint8_t *)(answer->records + count);
	for (size_t i = 0; i < count; i++) {
		answer->records[i].data = at;
		at = copy_rdata(at, taken[i]);
		answer->records[i].size =
		    (size_t)(at - answer->records[i].data);
	}
}

/* Where RDATA goes on behind its length, ldns finds the next record elsewhere
 * than check_records did: what is taken has to be of its type by itself. */
static int
check_taken(enum dns_type type, struct dns_answer *answer, struct err *err)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_rdata *rdata = &answer->records[i];
		const char *fault = dns_rdata_fault(
		    type, rdata->data, rdata->size, 0, rdata->size);

		if (fault == NULL)
			continue;
		free(answer->records);
		answer->records = NULL;
		answer->count = 0;
		return err_set(
		    err, ERR_DATA, "malformed record in the answer: %s", fault);
	}
	return 0;
}

static void
take_negative_ttl(const ldns_rr_list *authority, struct dns_answer *answer)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);
		uint32_t minimum;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA ||
		    ldns_rr_rd_count(rr) <= SOA_MINIMUM)
			continue;
		minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, SOA_MINIMUM));
		lower_ttl(answer, rr);
		if (minimum < answer->lookup.ttl_s)
			answer->lookup.ttl_s = minimum;
		return;
	}
	answer->lookup.ttl_s = 0; /* RFC 2308 section 5: not to be cached */
}

static int
read_sections(const ldns_pkt *message, const ldns_rdf *name, enum dns_type type,
    struct dns_answer *answer, struct err *err)
{
	const ldns_rr_list *section = ldns_pkt_answer(message);
	const ldns_rdf *owner = name;
	struct wire wire;

	answer->lookup.ttl_s = UINT32_MAX;
	if (type != DNS_CNAME)
		owner = follow_aliases(section, name, answer);
	if (owner == NULL)
		return err_set(err, ERR_DATA, "CNAME loop or chain too long");
	wire_init(&wire, ldns_rdf_data(owner), ldns_rdf_size(owner));
	if (domain_from_wire(&wire, answer->owner, err) < 0)
		return -1;
	take_records(section, owner, type, answer);
	if (answer->count == 0)
		take_negative_ttl(ldns_pkt_authority(message), answer);
	return check_taken(type, answer, err);
}

static int
read_message(const ldns_pkt *message, const char *name, enum dns_type type,
    struct dns_answer *answer, struct err *err)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(*name == '\0' ? "." : name);
	int rc;

	if (owner == NULL)
		return err_set(err, ERR_DATA, "not a name for the DNS");
	rc = read_sections(message, owner, type, answer, err);
	ldns_rdf_deep_free(owner);
	return rc;
}

static ldns_pkt *
parse_message(const uint8_t *packet, size_t size, struct err *err)
{
	ldns_pkt *message = NULL;
	ldns_status status = ldns_wire2pkt(&message, packet, size);

	if (status == LDNS_STATUS_OK)
		return message;
	err_set(err, ERR_DATA, "malformed DNS message: %s",
	    ldns_get_errorstr_by_id(status));
	return NULL;
}

/* ldns takes RDATA that ends behind any of its fields, or goes on behind the
 * last; records short of their data are no data (RFC 7672 section 2.1.1). */
static int
check_records(
    const uint8_t *packet, size_t size, enum dns_type type, struct err *err)
{
	const char *fault = dns_rdata_fault_in(type, packet, size);

	if (fault == NULL)
		return 0;
	return err_set(
	    err, ERR_DATA, "malformed record in the answer: %s", fault);
}

int
dns_packet_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer, struct err *err)
{
	ldns_pkt *message = parse_message(packet, size, err);
	int rc;

	if (message == NULL)
		return -1;
	rc = check_records(packet, size, type, err);
	if (rc == 0)
		rc = read_message(message, name, type, answer, err);
	ldns_pkt_free(message);
	return rc;
}

/* Written by hand: there is a query for each answer, and little in it. */
int
dns_packet_query(struct dns_packet_query *query, const char *name,
    enum dns_type type, struct err *err)
{
	static const uint8_t header[HEADER_SIZE] = {
	    [2] = RD_BIT, [3] = AD_BIT, [5] = 1, [11] = 1};
	static const uint8_t opt[OPT_SIZE] = {0, 0, LDNS_RR_TYPE_OPT,
	    UDP_SIZE >> 8, UDP_SIZE & 0xff, 0, 0, DO_BIT};
	const uint8_t tail[QUESTION_TAIL] = {
	    (uint8_t)((unsigned)type >> 8), (uint8_t)type, 0, LDNS_RR_CLASS_IN};
	uint8_t *at = query->octets + HEADER_SIZE;
	size_t length = dns_plain_name(at, name);

	if (length == 0)
		return err_set(err, ERR_DATA, "not a name for the DNS");
	memcpy(query->octets, header, sizeof(header));
	memcpy(at + length, tail, sizeof(tail));
	memcpy(at + length + sizeof(tail), opt, sizeof(opt));
	query->size = HEADER_SIZE + length + sizeof(tail) + sizeof(opt);
	return 0;
}

void
dns_packet_set_id(struct dns_packet_query *query, uint16_t id)
{
	query->octets[0] = (uint8_t)(id >> 8);
	query->octets[1] = (uint8_t)id;
}

/* The name in our question has its only NUL at the end. */
static bool
same_question(
    const struct dns_packet_query *query, const uint8_t *packet, size_t size)
{
	size_t length = query->size - HEADER_SIZE - OPT_SIZE;
	size_t name = length - QUESTION_TAIL;
	const uint8_t *ours = query->octets + HEADER_SIZE;
	const uint8_t *theirs = packet + HEADER_SIZE;

	return size >= HEADER_SIZE + length &&
	       strncasecmp((const char *)ours, (const char *)theirs, name) ==
		   0 &&
	       memcmp(ours + name, theirs + name, QUESTION_TAIL) == 0;
}

bool
dns_packet_is_reply(
    const struct dns_packet_query *query, const uint8_t *packet, size_t size)
{
	unsigned questions;

	if (size < HEADER_SIZE || memcmp(packet, query->octets, ID_SIZE) != 0 ||
	    !LDNS_QR_WIRE(packet))
		return false;
	questions = LDNS_QDCOUNT(packet);
	if (questions == 0)
		return LDNS_RCODE_WIRE(packet) == LDNS_RCODE_FORMERR ||
		       LDNS_RCODE_WIRE(packet) == LDNS_RCODE_NOTIMPL ||
		       LDNS_RCODE_WIRE(packet) == LDNS_RCODE_REFUSED;
	return questions == 1 && same_question(query, packet, size);
}

bool
dns_packet_is_truncated(const uint8_t *packet)
{
	return LDNS_TC_WIRE(packet);
}

const char *
dns_packet_rcode(int rcode)
{
	const ldns_lookup_table *known = ldns_lookup_by_id(ldns_rcodes, rcode);

	return known == NULL ? "unknown answer code" : known->name;
}

/* RFC 8914 section 2: an option of the nameserver, borrowed from its reply. */
struct extended_error {
	bool there;
	bool dnssec; /* section 4.7 to 4.13: validation failed */
	unsigned code;
	int text_size;
	const char *text;
};

static struct extended_error
read_extended_error(const uint8_t *data, size_t size)
{
	struct extended_error error = {.there = true};
	struct wire value;

	wire_init(&value, data, size);
	error.code = wire_u16(&value);
	error.dnssec = error.code >= LDNS_EDE_DNSSEC_BOGUS &&
		       error.code <= LDNS_EDE_NSEC_MISSING;
	error.text_size = (int)value.left;
	error.text = (const char *)value.at;
	return error;
}

/* Of several, one that tells of DNSSEC, else the first. */
static struct extended_error
find_extended_error(const ldns_pkt *message)
{
	struct extended_error found = {.text = ""};
	const ldns_rdf *options = ldns_pkt_edns_data(message);
	struct wire wire = {.left = 0};

	if (options != NULL)
		wire_init(
		    &wire, ldns_rdf_data(options), ldns_rdf_size(options));
	while (wire.left > 0 && !found.dnssec) {
		unsigned option = wire_u16(&wire);
		size_t size = wire_u16(&wire);
		const uint8_t *data = wire_take(&wire, size);

		if (data == NULL)
			break;
		if (option == LDNS_EDNS_EDE && size >= CODE_SIZE) {
			struct extended_error next =
			    read_extended_error(data, size);

			if (!found.there || next.dnssec)
				found = next;
		}
	}
	return found;
}

/* A validator's SERVFAIL is bogus data, if it cares to say so. */
static struct dns_answer *
read_failure(const ldns_pkt *message, int rcode)
{
	struct extended_error error = find_extended_error(message);
	char why[LIMIT_DETAIL_SIZE];

	if (error.there)
		snprintf(why, sizeof(why), "%s, EDE %u%s%.*s",
		    dns_packet_rcode(rcode), error.code,
		    error.text_size > 0 ? " " : "", error.text_size,
		    error.text);
	else
		text_copy(why, sizeof(why), dns_packet_rcode(rcode));
	return dns_answer_failed(
	    error.dnssec ? LOOKUP_BOGUS : LOOKUP_SERVFAIL, why);
}

static bool
is_owned_in(const ldns_rr *rr, const struct dns_insecure *insecure)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	char name[LIMIT_DOMAIN_SIZE];
	struct wire wire;

	wire_init(&wire, ldns_rdf_data(owner), ldns_rdf_size(owner));
	return domain_from_wire(&wire, name, NULL) == 0 &&
	       dns_insecure_has(insecure, name);
}

static bool
has_insecure_record(
    const ldns_pkt *message, const struct dns_insecure *insecure)
{
	const ldns_rr_list *section = ldns_pkt_answer(message);

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (is_owned_in(ldns_rr_list_rr(section, i), insecure))
			return true;
	return false;
}

static struct dns_answer *
read_success(const ldns_pkt *message, const char *name, enum dns_type type,
    const struct dns_insecure *insecure)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));
	struct err why;

	if (read_message(message, name, type, answer, &why) < 0) {
		dns_answer_free(answer);
		return dns_answer_failed(LOOKUP_SERVFAIL, why.text);
	}
	answer->lookup.secure =
	    ldns_pkt_ad(message) && !has_insecure_record(message, insecure);
	if (answer->count > 0)
		answer->lookup.state = LOOKUP_DATA;
	else if (ldns_pkt_get_rcode(message) == LDNS_RCODE_NXDOMAIN)
		answer->lookup.state = LOOKUP_NXDOMAIN;
	else
		answer->lookup.state = LOOKUP_NODATA;
	return answer;
}

static struct dns_answer *
read_by_library(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, bool authoritative, const struct dns_insecure *insecure)
{
	struct err why;
	ldns_pkt *message = parse_message(packet, size, &why);
	struct dns_answer *answer;
	int rcode;

	if (message == NULL)
		return dns_answer_failed(LOOKUP_SERVFAIL, why.text);
	rcode = (int)ldns_pkt_get_rcode(message) |
		ldns_pkt_edns_extended_rcode(message) << RCODE_BITS;
	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
		answer = read_failure(message, rcode);
	else if (authoritative && !ldns_pkt_aa(message))
		answer = dns_answer_failed(
		    LOOKUP_SERVFAIL, "the nameserver is not authoritative");
	else if (!authoritative &&
		 !ldns_pkt_ra(message)) /* what it says may be a referral */
		answer = dns_answer_failed(
		    LOOKUP_SERVFAIL, "the nameserver does not recurse");
	else if (check_records(packet, size, type, &why) < 0)
		answer = dns_answer_failed(LOOKUP_SERVFAIL, why.text);
	else
		answer = read_success(message, name, type, insecure);
	ldns_pkt_free(message);
	return answer;
}

bool
dns_packet_is_insecure(
    const uint8_t *packet, size_t size, const struct dns_insecure *insecure)
{
	ldns_pkt *message = parse_message(packet, size, NULL);
	bool found = message != NULL && has_insecure_record(message, insecure);

	ldns_pkt_free(message);
	return found;
}

/* What is read by hand and secure has no signature with it, as is seldom. */
struct dns_answer *
dns_packet_reply(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, bool authoritative, const struct dns_insecure *insecure)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	if (!authoritative &&
	    dns_plain_read(packet, size, name, type, answer)) {
		answer->lookup.secure =
		    answer->lookup.secure &&
		    !dns_packet_is_insecure(packet, size, insecure);
		return answer;
	}
	dns_answer_free(answer);
	return read_by_library(
	    packet, size, name, type, authoritative, insecure);
}

const char *
dns_packet_library(void)
{
	return ldns_version();
}
