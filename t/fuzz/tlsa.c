/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsa.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/dane_match.h"
#include "t/fuzz/fuzz.h"

enum {
	MAX_RECORDS = LIMIT_TLSA_RECORDS + 8,

	/* Up to here no limit of the search for a path is in the way */
	FEW_RECORDS = 8,
};

/* The certificates that the records are matched against: made once. */
static const struct x509_chain *
fixed_chain(void)
{
	static struct x509_chain *chain;
	char pem[8192];
	struct text text;

	if (chain != NULL)
		return chain;
	text_init(&text, pem, sizeof(pem));
	text_add(&text, fuzz_leaf_pem);
	text_add(&text, fuzz_ca_pem);
	text_add(&text, fuzz_root_pem);
	assert(!text.cut);
	chain = x509_chain_pem(pem, text.len, NULL);
	assert(chain != NULL && x509_count(chain) == 3);
	return chain;
}

static bool
same_record(const struct tlsa *a, const struct tlsa *b)
{
	return a->usage == b->usage && a->selector == b->selector &&
	       a->mtype == b->mtype && a->usable == b->usable &&
	       a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* RFC 7672 section 3.1.3, as far as it is not a matter of DER. */
static bool
may_be_usable(const struct tlsa *record)
{
	if (record->usage != 2 && record->usage != 3)
		return false;
	if (record->selector > 1 || record->mtype > 2 || record->size == 0)
		return false;
	return record->mtype == 0 || record->size == 32U * record->mtype;
}

/* The record holds what the RDATA does. */
static void
check_record(const struct tlsa *record, struct der rdata)
{
	const uint8_t fields[] = {
	    record->usage, record->selector, record->mtype};

	for (size_t i = 0; i < sizeof(fields); i++)
		assert(fields[i] == (i < rdata.size ? rdata.data[i] : 255));
	assert(record->size == (rdata.size > 3 ? rdata.size - 3 : 0));
	if (record->size > 0)
		assert(memcmp(record->data, rdata.data + 3, record->size) == 0);
	if (record->usable)
		assert(may_be_usable(record));
	else
		assert(!may_be_usable(record) || record->mtype == 0);
}

/* The same record, written as in a zone file. */
static void
check_printed(const struct tlsa *record)
{
	size_t size = 2 * record->size + 16;
	char *text = xmalloc(size);
	struct tlsa_set set = {0, NULL};
	struct text build;

	text_init(&build, text, size);
	text_addf(&build, "%u %u\t%u ", record->usage, record->selector,
	    record->mtype);
	text_hex(
	    text + build.len, size - build.len, record->data, record->size);
	if (record->size > 0) {
		assert(tlsa_set_add_text(&set, text, NULL) == 0);
		assert(set.count == 1 && same_record(&set.records[0], record));
	} else {
		assert(tlsa_set_add_text(&set, text, NULL) < 0);
	}
	tlsa_set_fini(&set);
	free(text);
}

/* RFC 7671 section 9: digest agility, read once more. */
static bool
is_outdone(const struct tlsa_set *set, const struct tlsa *record)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *other = &set->records[i];

		if (record->mtype == 1 && other->mtype == 2 && other->usable &&
		    other->usage == record->usage &&
		    other->selector == record->selector)
			return true;
	}
	return false;
}

static void
check_finished(const struct tlsa_set *set)
{
	size_t usable = 0, considered = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *record = &set->records[i];

		usable += record->usable;
		considered += record->considered;
		if (record->considered)
			assert(record->usable && !is_outdone(set, record));
		else
			assert(!record->usable || is_outdone(set, record));
	}
	assert(usable == tlsa_set_usable(set));
	assert((usable > 0) == (considered > 0));
}

/* Whether the record is of that usage and fits certificate i. */
static bool
fits(const struct tlsa *record, enum tlsa_usage usage, size_t i)
{
	const struct x509_chain *chain = fixed_chain();
	struct der der;
	uint8_t digest[64];

	if (!record->considered || record->usage != usage)
		return false;
	der = record->selector == TLSA_CERT ? x509_cert(chain, i)
					    : x509_spki(chain, i);
	if (record->mtype == TLSA_SHA2_256)
		x509_sha256(der, digest);
	if (record->mtype == TLSA_SHA2_512)
		x509_sha512(der, digest);
	if (record->mtype != TLSA_FULL)
		der = (struct der){digest, 32U * record->mtype};
	return der.size == record->size &&
	       memcmp(der.data, record->data, der.size) == 0;
}

/* How many records fit a certificate of the fixed chain as they must. */
static size_t
count_fits(const struct tlsa_set *set, enum tlsa_usage usage)
{
	size_t first = usage == TLSA_DANE_EE ? 0 : 1;
	size_t last = usage == TLSA_DANE_EE ? 0 : 2;
	size_t count = 0;

	for (size_t r = 0; r < set->count; r++)
		for (size_t i = first; i <= last; i++)
			count += fits(&set->records[r], usage, i);
	return count;
}

static void
check_matched(const struct tlsa_set *set, const struct dane_result *result)
{
	const struct tlsa *record = &set->records[result->record];

	assert(result->record < set->count);
	assert(record->considered);
	if (record->usage == TLSA_DANE_EE) {
		assert(result->depth == 0 && fits(record, TLSA_DANE_EE, 0));
		return;
	}
	assert(record->usage == TLSA_DANE_TA);
	assert(result->depth >= 1 && result->depth <= 3);
	if (result->depth < 3)
		assert(fits(record, TLSA_DANE_TA, (size_t)result->depth));
	else
		assert(record->mtype == TLSA_FULL);
}

static void
check_match(const struct tlsa_set *set)
{
	static const char *const names[] = {"other.example", FUZZ_HOST};
	bool ee = count_fits(set, TLSA_DANE_EE) > 0;
	bool ta = count_fits(set, TLSA_DANE_TA) > 0;
	struct dane_result result =
	    dane_match(set, fixed_chain(), names, 2, FUZZ_NOW);
	struct dane_result nameless =
	    dane_match(set, fixed_chain(), NULL, 0, FUZZ_NOW);
	struct dane_result late =
	    dane_match(set, fixed_chain(), names, 2, FUZZ_NOW * (time_t)2);

	assert(
	    (result.outcome == DANE_UNUSABLE) == (tlsa_set_usable(set) == 0));
	assert((nameless.outcome == DANE_MATCHED) == ee);
	assert((late.outcome == DANE_MATCHED) == ee);
	if (result.outcome == DANE_MATCHED)
		check_matched(set, &result);
	else
		assert(!ee && (!ta || set->count > FEW_RECORDS));
	if (ee)
		assert(result.depth == 0);
	else if (result.outcome == DANE_MATCHED)
		assert(nameless.outcome == DANE_NAME_MISMATCH);
}

/* The order of the answer makes no difference but to which record it was. */
static void
check_order(const struct der *rdata, size_t count, enum dane_outcome outcome)
{
	static const char *const names[] = {FUZZ_HOST};
	struct tlsa_set set = {0, NULL};

	for (size_t i = count; i > 0; i--)
		tlsa_set_add(&set, rdata[i - 1].data, rdata[i - 1].size);
	tlsa_set_finish(&set);
	assert(dane_match(&set, fixed_chain(), names, 1, FUZZ_NOW).outcome ==
	       outcome);
	tlsa_set_fini(&set);
}

static void
try_rdata(const struct fuzz_pieces *pieces)
{
	static const char *const names[] = {FUZZ_HOST};
	struct tlsa_set set = {0, NULL};

	for (size_t i = 0; i < pieces->count; i++) {
		const struct der *rdata = &pieces->items[i];

		tlsa_set_add(&set, rdata->data, rdata->size);
		if (i < LIMIT_TLSA_RECORDS)
			check_record(&set.records[i], *rdata);
		if (i < FEW_RECORDS)
			check_printed(&set.records[i]);
	}
	assert(set.count == (pieces->count < LIMIT_TLSA_RECORDS
				    ? pieces->count
				    : LIMIT_TLSA_RECORDS));
	tlsa_set_finish(&set);
	check_finished(&set);
	check_match(&set);
	if (set.count <= FEW_RECORDS)
		check_order(pieces->items, set.count,
		    dane_match(&set, fixed_chain(), names, 1, FUZZ_NOW)
			.outcome);
	tlsa_set_fini(&set);
}

/* Each piece, read as the text of a record. */
static void
try_text(const struct der *piece)
{
	char *text = fuzz_string(piece->data, piece->size);
	struct tlsa_set set = {0, NULL};
	struct err err;

	fuzz_err_init(&err);
	if (tlsa_set_add_text(&set, text, &err) < 0) {
		fuzz_check_refusal(&err);
		assert(set.count == 0 && set.records == NULL);
	} else {
		assert(set.count == 1 && set.records[0].size > 0);
		check_printed(&set.records[0]);
	}
	tlsa_set_fini(&set);
	free(text);
}

/* Pieces are the RDATA of an RRset. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(fuzz_pieces)
	struct fuzz_pieces *pieces = fuzz_pieces_new(data, size, MAX_RECORDS);

	try_rdata(pieces);
	for (size_t i = 0; i < pieces->count && i < FEW_RECORDS; i++)
		try_text(&pieces->items[i]);
	return 0;
}
