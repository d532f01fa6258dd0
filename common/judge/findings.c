/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/findings.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "common/proto/dane_match.h"
#include "common/proto/x509.h"

/* --- what they follow from --- */

/* Octets in the making, each part behind its size. */
struct heap {
	uint8_t *octets;
	size_t size;
};

static void
heap_put(struct heap *heap, const void *octets, size_t size)
{
	if (size == 0)
		return;
	heap->octets = xrealloc(heap->octets, heap->size + size, 1);
	memcpy(heap->octets + heap->size, octets, size);
	heap->size += size;
}

static void
heap_add(struct heap *heap, const void *octets, size_t size)
{
	heap_put(heap, &size, sizeof(size));
	heap_put(heap, octets, size);
}

static void
heap_add_text(struct heap *heap, const char *text)
{
	heap_add(heap, text, strlen(text));
}

static void
heap_add_records(struct heap *heap, const struct host_case *c)
{
	const char *names[HOST_REFERENCE_NAMES];
	size_t count = host_reference_names(c->facts, c->host, names);

	for (size_t i = 0; i < count; i++)
		heap_add_text(heap, names[i]);
	for (size_t i = 0; i < c->host->records.count; i++) {
		const struct tlsa *record = &c->host->records.records[i];
		uint8_t form[] = {record->usage, record->selector,
		    record->mtype, record->considered};

		heap_add(heap, form, sizeof(form));
		heap_add(heap, record->data, record->size);
	}
}

static bool
looks_at_dane(const struct host_case *c)
{
	return c->dane == DEMAND_VERIFY;
}

/* Also where MTA-STS is only tested; and REQUIRETLS takes the WebPKI. */
static bool
looks_at_webpki(const struct host_case *c)
{
	return c->demand.level == LEVEL_SECURE || c->sts != NULL ||
	       c->terms->requiretls;
}

/* Roots and time are those of the whole check. */
static void
make_key(
    const struct host_case *c, const struct probe_facts *probe, uint8_t key[32])
{
	const bool looks[] = {looks_at_dane(c), looks_at_webpki(c)};
	struct heap heap = {0};
	struct der der;

	heap_add(&heap, looks, sizeof(looks));
	if (looks_at_dane(c))
		heap_add_records(&heap, c);
	if (looks_at_webpki(c)) {
		heap_add_text(&heap, c->host->name);
		heap_add(&heap, &c->demand.rule, sizeof(c->demand.rule));
	}
	for (size_t i = 0; i < probe->cert_count; i++)
		heap_add(&heap, probe->certs[i].data, probe->certs[i].size);
	der.data = heap.octets;
	der.size = heap.size;
	x509_sha256(der, key);
	free(heap.octets);
}

/* --- the work --- */

/* Postfix's words of a match: the rest are names, or ".name". */
static const char *
match_name(const struct host_case *c, const char *word,
    char dotted[LIMIT_DOMAIN_SIZE + 1])
{
	if (strcmp(word, "hostname") == 0)
		return c->host->name;
	if (strcmp(word, "nexthop") == 0)
		return c->facts->next_hop.host;
	if (strcmp(word, "dot-nexthop") != 0)
		return word;
	dotted[0] = '.';
	text_copy(dotted + 1, LIMIT_DOMAIN_SIZE, c->facts->next_hop.host);
	return dotted;
}

/* RFC 8461 section 4.2: the MX host as a dNSName, a CN does not count; or one
 * of the names that the admin's rule wants. */
static bool
leaf_is_named(const struct host_case *c, const struct x509_chain *chain)
{
	const struct rule *rule = c->demand.rule;
	char dotted[LIMIT_DOMAIN_SIZE + 1];
	const char *name = c->host->name;

	if (c->demand.level != LEVEL_SECURE || rule == NULL ||
	    rule->match_count == 0)
		return x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN);
	for (size_t i = 0; i < rule->match_count; i++) {
		name = match_name(c, rule->match[i], dotted);
		if (x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN))
			return true;
	}
	return false;
}

static enum reason
find_webpki(const struct host_case *c, const struct x509_chain *chain)
{
	enum reason reason;

	if (!x509_leaf_is_read(chain))
		return REASON_TLS_UNSUPPORTED;
	reason = x509_status_reason(
	    x509_verify_store(chain, c->terms->store, c->now));
	if (reason != REASON_OK)
		return reason;
	return leaf_is_named(c, chain) ? REASON_OK
				       : REASON_CERTIFICATE_HOST_MISMATCH;
}

/* RFC 7672 section 3: the certificate against the TLSA records, and against the
 * names where the record that matches asks for them. */
static enum reason
find_dane(
    const struct host_case *c, const struct x509_chain *chain, int *matched)
{
	const char *names[HOST_REFERENCE_NAMES];
	size_t count = host_reference_names(c->facts, c->host, names);
	struct dane_result match =
	    dane_match(&c->host->records, chain, names, count, c->now);

	if (match.outcome == DANE_MATCHED)
		*matched = (int)match.record;
	/* our library's lack, where it is more than to compare octets */
	if (match.outcome == DANE_NOT_TRUSTED && !x509_leaf_is_read(chain))
		return REASON_TLS_UNSUPPORTED;
	return dane_outcome_reason(match.outcome);
}

static void
work_out(struct findings *f, const struct host_case *c,
    const struct x509_chain *chain)
{
	if (looks_at_dane(c))
		f->dane = find_dane(c, chain, &f->matched);
	if (looks_at_webpki(c))
		f->webpki = find_webpki(c, chain);
	reason_detail(chain, f->dane, f->dane_detail);
	reason_detail(chain, f->webpki, f->webpki_detail);
}

/* Most hosts have a DANE-EE record that fits, and nothing else is asked: for
 * that no library need read their chain. */
static bool
is_settled_by_leaf(struct findings *f, const struct host_case *c,
    const struct probe_facts *probe)
{
	struct der leaf, spki;
	size_t record;

	if (!looks_at_dane(c) || looks_at_webpki(c) ||
	    !x509_leaf_octets(probe->certs, probe->cert_count, &leaf, &spki) ||
	    !dane_match_leaf(&c->host->records, leaf, spki, &record))
		return false;
	f->dane = REASON_OK;
	f->matched = (int)record;
	return true;
}

static void
work_out_chain(struct findings *f, const struct host_case *c,
    const struct probe_facts *probe)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    x509_chain_new(probe->certs, probe->cert_count, NULL);

	if (chain == NULL) {
		f->dane = f->webpki = REASON_VALIDATION_FAILURE;
		return;
	}
	x509_chain_charge(chain, &c->facts->memo->checks_left);
	work_out(f, c, chain);
}

static struct findings *
findings_new(const struct host_case *c, const struct probe_facts *probe,
    const uint8_t key[32])
{
	struct findings *f = xcalloc(1, sizeof(*f));

	memcpy(f->key, key, sizeof(f->key));
	f->matched = -1;
	f->dane = f->webpki = REASON_NOT_PROBED;
	if (!is_settled_by_leaf(f, c, probe))
		work_out_chain(f, c, probe);
	return f;
}

const struct findings *
findings_of(const struct host_case *c, const struct probe_facts *probe)
{
	struct findings_memo *memo = c->facts->memo;
	struct findings *f;
	uint8_t key[32];

	make_key(c, probe, key);
	for (f = memo->first; f != NULL; f = f->next)
		if (memcmp(f->key, key, sizeof(key)) == 0)
			return f;
	f = findings_new(c, probe, key);
	f->next = memo->first;
	memo->first = f;
	return f;
}
