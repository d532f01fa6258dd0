/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/findings_memo.h"

#include "common/base/xalloc.h"

struct findings_memo *
findings_memo_new(void)
{
	struct findings_memo *memo = xcalloc(1, sizeof(*memo));

	memo->checks_left = LIMIT_SIGNATURE_CHECKS;
	return memo;
}

void
findings_memo_free(struct findings_memo *memo)
{
	if (memo == NULL)
		return;
	while (memo->first != NULL) {
		struct findings *next = memo->first->next;

		free(memo->first);
		memo->first = next;
	}
	free(memo);
}
