/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_answer.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

struct dns_answer *
dns_answer_failed(enum lookup_state state, const char *why)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	answer->lookup.state = state;
	text_clean(answer->why, sizeof(answer->why), why, strlen(why));
	return answer;
}

void
dns_answer_free(struct dns_answer *answer)
{
	if (answer == NULL)
		return;
	free(answer->records);
	free(answer);
}
