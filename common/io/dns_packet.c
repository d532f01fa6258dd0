/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_packet.h"

#include <ldns/ldns.h>
#include <string.h>
#include <strings.h>

#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

/* RFC 1035 section 3.3.13: MINIMUM is the last field of an SOA */
enum { SOA_MINIMUM = 6 };

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
find(const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (is_of(ldns_rr_list_rr(section, i), owner, type))
			return ldns_rr_list_rr(section, i);
	return NULL;
}

/* The end of the chain that begins at name, NULL if there is none. */
static const ldns_rdf *
follow(const ldns_rr_list *section, const ldns_rdf *name,
    struct dns_answer *answer)
{
	for (int hops = 0; hops <= LIMIT_CNAME_HOPS; hops++) {
		const ldns_rr *cname = find(section, name, LDNS_RR_TYPE_CNAME);

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
		owner = follow(section, name, answer);
	if (owner == NULL)
		return err_set(err, ERR_DATA, "CNAME loop or chain too long");
	wire_init(&wire, ldns_rdf_data(owner), ldns_rdf_size(owner));
	if (domain_from_wire(&wire, answer->owner, err) < 0)
		return -1;
	take_records(section, owner, type, answer);
	if (answer->count == 0)
		take_negative_ttl(ldns_pkt_authority(message), answer);
	return 0;
}

int
dns_packet_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer, struct err *err)
{
	ldns_pkt *message = NULL;
	ldns_rdf *owner;
	ldns_status status;
	int rc;

	owner = ldns_dname_new_frm_str(*name == '\0' ? "." : name);
	if (owner == NULL)
		return err_set(err, ERR_DATA, "not a name for the DNS");
	status = ldns_wire2pkt(&message, packet, size);
	if (status == LDNS_STATUS_OK)
		rc = read_sections(message, owner, type, answer, err);
	else
		rc = err_set(err, ERR_DATA, "malformed DNS message: %s",
		    ldns_get_errorstr_by_id(status));
	ldns_pkt_free(message);
	ldns_rdf_deep_free(owner);
	return rc;
}
