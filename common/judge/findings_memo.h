/* findings_memo - what the chains of one check were found to be, so that none
 * is looked at twice. Not for two threads at once, as the facts that it belongs
 * to. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_FINDINGS_MEMO_H
#define COMMON_JUDGE_FINDINGS_MEMO_H

#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/judge/verdict.h"

/*
 * Of a chain, against what is demanded of its host.  Signatures are dear, hosts
 * have many addresses with one chain, and a check is judged several times as
 * its facts come in: so findings stay with the facts, under a digest of all
 * that they follow from.
 */
struct findings {
	struct findings *next;
	uint8_t key[32];

	/* Against the TLSA records: OK where they match, NOT_PROBED where they
	 * do not count */
	enum reason dane;
	int matched; /* index of the record, or -1 */

	/* RFC 8461 section 4.2: OK for a trusted chain, in date, that bears the
	 * name of the host, or one that the admin's rule wants; NOT_PROBED
	 * where nobody asks for that */
	enum reason webpki;

	char dane_detail[LIMIT_DETAIL_SIZE];
	char webpki_detail[LIMIT_DETAIL_SIZE];
};

/* Those of one check, and what it may still spend on more. */
struct findings_memo {
	struct findings *first;
	unsigned checks_left; /* of LIMIT_SIGNATURE_CHECKS */
};
void findings_memo_free(struct findings_memo *memo);
struct findings_memo *findings_memo_new(void) OWNED(findings_memo_free);

#endif
