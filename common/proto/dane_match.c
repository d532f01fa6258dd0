/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/dane_match.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

/* What records may say of a certificate, by selector; a digest once it is
 * wanted. */
struct print {
	struct der full[2];
	bool has_sha256[2], has_sha512[2];
	uint8_t sha256[2][32];
	uint8_t sha512[2][64];
};

/* One match in the making. */
struct match {
	const struct tlsa_set *set;
	const struct x509_chain *chain;
	time_t now;
	size_t count; /* certificates of the chain */
	struct print prints[LIMIT_CHAIN_CERTS];
};

/* Trust anchors, and for each the result if the path ends there. */
struct anchors {
	size_t count;
	struct der *certs;
	struct dane_result *results;
};

static void
match_init(struct match *match, const struct tlsa_set *set,
    const struct x509_chain *chain, time_t now)
{
	match->set = set;
	match->chain = chain;
	match->now = now;
	match->count = x509_count(chain);
	for (size_t i = 0; i < match->count; i++)
		match->prints[i] =
		    (struct print){.full = {[TLSA_CERT] = x509_cert(chain, i),
				       [TLSA_SPKI] = x509_spki(chain, i)}};
}

static const uint8_t *
sha256_of(struct print *print, size_t selector)
{
	if (!print->has_sha256[selector])
		x509_sha256(print->full[selector], print->sha256[selector]);
	print->has_sha256[selector] = true;
	return print->sha256[selector];
}

static const uint8_t *
sha512_of(struct print *print, size_t selector)
{
	if (!print->has_sha512[selector])
		x509_sha512(print->full[selector], print->sha512[selector]);
	print->has_sha512[selector] = true;
	return print->sha512[selector];
}

/* RFC 6698 section 2.1: selector and matching type applied.  A usable record
 * of a digest has the digest's size. */
static bool
record_fits(const struct tlsa *record, struct print *print)
{
	const struct der *full = &print->full[record->selector];

	switch ((enum tlsa_mtype)record->mtype) {
	case TLSA_FULL:
		return record->size == full->size &&
		       memcmp(record->data, full->data, full->size) == 0;
	case TLSA_SHA2_256:
		return memcmp(record->data, sha256_of(print, record->selector),
			   sizeof(print->sha256[0])) == 0;
	case TLSA_SHA2_512:
		return memcmp(record->data, sha512_of(print, record->selector),
			   sizeof(print->sha512[0])) == 0;
	}
	assert(false); /* no other is usable */
	return false;
}

static bool
is_considered(const struct tlsa *record, enum tlsa_usage usage)
{
	return record->considered && record->usage == usage;
}

/* Whether a certificate fits a record of the usage, and the first such one. */
static bool
find_fitting_record(const struct tlsa_set *set, enum tlsa_usage usage,
    struct print *print, size_t *found)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!is_considered(&set->records[i], usage) ||
		    !record_fits(&set->records[i], print))
			continue;
		*found = i;
		return true;
	}
	return false;
}

/* RFC 7672 section 3.1.1: no names, no dates, nothing but the match */
static bool
match_leaf(const struct tlsa_set *set, struct print *leaf, size_t *found)
{
	return find_fitting_record(set, TLSA_DANE_EE, leaf, found);
}

static size_t
count_considered(const struct tlsa_set *set, enum tlsa_usage usage)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += is_considered(&set->records[i], usage);
	return count;
}

static bool
is_full(const struct tlsa *record, enum tlsa_selector selector)
{
	return is_considered(record, TLSA_DANE_TA) &&
	       record->mtype == TLSA_FULL && record->selector == selector;
}

static void
anchors_add(
    struct anchors *anchors, struct der cert, const struct dane_result *result)
{
	anchors->certs[anchors->count] = cert;
	anchors->results[anchors->count++] = *result;
}

/*
 * The certificates that DANE-TA records make trust anchors: issuers presented
 * that fit a record, and those that stand whole in a "2 0 0" record, presented
 * or not (RFC 7671 section 5.2.2).  The leaf is no issuer.
 */
static void
collect_anchors(struct match *match, struct anchors *anchors)
{
	struct dane_result result = {.outcome = DANE_MATCHED};

	for (size_t i = 1; i < match->count; i++) {
		struct print *print = &match->prints[i];

		result.depth = (int)i;
		if (find_fitting_record(
			match->set, TLSA_DANE_TA, print, &result.record))
			anchors_add(anchors, print->full[TLSA_CERT], &result);
	}
	for (size_t r = 0; r < match->set->count; r++) {
		const struct tlsa *record = &match->set->records[r];
		struct der cert = {record->data, record->size};

		if (!is_full(record, TLSA_CERT))
			continue;
		result.record = r;
		result.depth = (int)match->count;
		anchors_add(anchors, cert, &result);
	}
}

static enum dane_outcome
outcome_of(enum x509_status status)
{
	switch (status) {
	case X509_TRUSTED:
		return DANE_MATCHED;
	case X509_EXPIRED:
		return DANE_EXPIRED;
	case X509_NOT_YET_VALID:
		return DANE_NOT_YET_VALID;
	case X509_TOO_COSTLY:
		return DANE_TOO_COSTLY;
	case X509_NOT_TRUSTED:
		return DANE_NOT_TRUSTED;
	}
	assert(false); /* every enum value is above */
	return DANE_NOT_TRUSTED;
}

static struct dane_result
match_anchors(const struct match *match, const struct anchors *anchors)
{
	struct dane_result result = {.outcome = DANE_NOT_TRUSTED};
	enum x509_status status;
	size_t used = 0;

	status = x509_verify(
	    match->chain, anchors->certs, anchors->count, match->now, &used);
	if (status == X509_TRUSTED)
		return anchors->results[used];
	result.outcome = outcome_of(status);
	return result;
}

/* RFC 7671 section 5.2.3: "2 1 0" records whose key signed the topmost. */
static struct dane_result
match_bare_keys(const struct match *match)
{
	struct dane_result best = {.outcome = DANE_NOT_TRUSTED};
	enum x509_status best_status = X509_NOT_TRUSTED;
	int tried = 0;

	for (size_t r = 0; r < match->set->count; r++) {
		const struct tlsa *record = &match->set->records[r];
		struct der key = {record->data, record->size};
		enum x509_status status;

		if (!is_full(record, TLSA_SPKI) || tried++ >= LIMIT_BARE_KEYS)
			continue;
		status = x509_verify_key(match->chain, key, match->now);
		if (!x509_is_nearer(status, best_status))
			continue;
		best_status = status;
		best.outcome = outcome_of(status);
		best.record = r;
		best.depth = (int)match->count;
	}
	return best;
}

/* The path to a trust anchor, names not looked at. */
static struct dane_result
match_path(struct match *match)
{
	size_t room = match->count + match->set->count;
	struct anchors anchors = {.certs = xcalloc(room, sizeof(struct der)),
	    .results = xcalloc(room, sizeof(struct dane_result))};
	struct dane_result by_cert, by_key;

	collect_anchors(match, &anchors);
	by_cert = match_anchors(match, &anchors);
	free(anchors.certs);
	free(anchors.results);
	if (by_cert.outcome == DANE_MATCHED ||
	    by_cert.outcome == DANE_TOO_COSTLY)
		return by_cert;
	by_key = match_bare_keys(match);
	if (by_key.outcome == DANE_MATCHED ||
	    by_key.outcome == DANE_TOO_COSTLY ||
	    by_cert.outcome == DANE_NOT_TRUSTED)
		return by_key;
	return by_cert;
}

struct dane_result
dane_match(const struct tlsa_set *set, const struct x509_chain *chain,
    const char *const names[], size_t count, time_t now)
{
	struct dane_result result = {.outcome = DANE_UNUSABLE};
	struct match match;

	if (tlsa_set_usable(set) == 0)
		return result;
	match_init(&match, set, chain, now);
	if (match_leaf(set, &match.prints[0], &result.record)) {
		result.outcome = DANE_MATCHED;
		return result;
	}
	result.outcome = DANE_NO_MATCH;
	if (count_considered(set, TLSA_DANE_TA) == 0)
		return result;
	result = match_path(&match);
	/* RFC 7672 section 3.2.3 */
	if (result.outcome == DANE_MATCHED &&
	    !x509_leaf_has_name(chain, names, count, X509_NAMES_SAN_OR_CN))
		result.outcome = DANE_NAME_MISMATCH;
	return result;
}

bool
dane_match_leaf(const struct tlsa_set *set, struct der leaf, struct der spki,
    size_t *record)
{
	struct print print = {.full = {[TLSA_CERT] = leaf, [TLSA_SPKI] = spki}};

	return match_leaf(set, &print, record);
}

enum dane_outcome
dane_match_alone(const struct tlsa *record, const struct x509_chain *chain,
    const char *const names[], size_t count, time_t now)
{
	struct tlsa one = *record;
	struct tlsa_set set = {1, &one};

	one.considered = one.usable;
	return dane_match(&set, chain, names, count, now).outcome;
}
