/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/enforce_row.h"

#include <stdlib.h>
#include <string.h>

#include "milter/act/mta_policy.h"
#include "t/unit/tap.h"

void
enforce_row_reply(
    const char *id, const struct enforcement *e, const char *wanted)
{
	char *reply = mta_policy_reply(MTA_POSTFIX, e, "d.ex");

	ROW_TEXT(id, reply, wanted);
	free(reply);
}

void
enforce_row_check(
    const struct enforce_row *row, const struct judge_terms *terms)
{
	AUTO(facts)
	struct facts *facts =
	    destination_make(row->mx, row->hosts, row->policy);
	AUTO(enforcement)
	struct enforcement *e = enforce(facts, terms, DESTINATION_NOW);

	enforce_row_reply(row->id, e, row->reply);
}

void
enforce_rows_check(const struct enforce_row *rows, size_t count,
    const struct judge_terms *terms)
{
	for (size_t i = 0; i < count; i++)
		enforce_row_check(&rows[i], terms);
}
