/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/sts/known.h"
#include "milter/cli/advise/look.h"

/* A policy that is published now follows those that were kept, as another fetch
 * of posternd would. */
static struct policy_past
past_until_now(const struct known *known, const struct facts *facts)
{
	AUTO(known) struct known *now = NULL;

	if (sts_facts_policy(&facts->sts) == NULL)
		return known->past;
	now = known_learn(known, facts->sts.policy);
	return now->past;
}

struct sight_memory
look_back(const struct look *look, const struct facts *facts)
{
	struct sight_memory memory = {.any = false};
	AUTO(known) struct known *known = NULL;
	struct store_policy row;
	struct err err;
	bool askew;
	int found;

	if (look->store == NULL) {
		text_copy(memory.why, sizeof(memory.why), look->no_store);
		return memory;
	}
	found = store_get_policy(look->store, facts->domain, &row, &err);
	if (found > 0) {
		known = known_from_row(&row, false, &askew);
		store_policy_fini(&row);
	}
	memory.any = known != NULL && known->policy != NULL;
	if (memory.any)
		memory.past = past_until_now(known, facts);
	else if (found < 0)
		text_clean(
		    memory.why, sizeof(memory.why), err.text, strlen(err.text));
	else
		text_copy(memory.why, sizeof(memory.why),
		    "posternd here has kept no policy of it");
	return memory;
}
