/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "milter/cli/tlsrpt/views.h"
#include "milter/view/json_put.h"

static json_t *
policy_object(const struct total_policy *policy)
{
	json_t *object = json_object();

	json_put_text(object, "domain", policy->domain);
	json_put_text(object, "policy", policy->word);
	json_put_text(object, "policy_domain", policy->policy_domain);
	json_put_text(object, "mode", policy->mode);
	json_put_number(object, "success", (int64_t)policy->succeeded);
	json_put_number(object, "failure", (int64_t)policy->failed);
	json_put_text(object, "worst", policy->worst);
	return object;
}

static json_t *
reporters_array(
    const struct totals *totals, const struct total_finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->reporter_count; i++)
		json_array_append_new(
		    array, json_string(
			       totals->reporters.items[finding->reporters[i]]));
	return array;
}

static json_t *
finding_object(const struct totals *totals, const struct total_finding *finding)
{
	const struct total_policy *policy = &totals->policies[finding->policy];
	char name[VIEW_SHOWN_SIZE], first[VIEW_DAY_SIZE], last[VIEW_DAY_SIZE];
	char advice[VIEW_ADVICE_SIZE];
	json_t *object = json_object();

	json_put_text(object, "domain", policy->domain);
	json_put_text(object, "policy", view_policy(policy, name));
	json_put_text(object, "mx", finding->mx);
	json_put_text(object, "rt", finding->word);
	json_put_number(object, "count", (int64_t)finding->count);
	json_object_set_new(
	    object, "reporters", reporters_array(totals, finding));
	json_put_text(object, "first", view_day(finding->first, first));
	json_put_text(object, "last", view_day(finding->last, last));
	json_put_text(object, "reason", finding->reason);
	json_put_text(object, "advice", view_advice(totals, finding, advice));
	return object;
}

static json_t *
note_object(const struct reading_note *note)
{
	json_t *object = json_object();
	json_t *array = json_array();
	char quirks[TLSRPT_QUIRKS_SIZE], *rest = quirks, *word;

	json_put_text(object, "state", reading_state_text(note->state));
	json_put_text(object, "source", note->source);
	json_put_text(object, "report_id", note->id);
	json_put_text(object, "why", note->why);
	tlsrpt_quirks_text(note->quirks, quirks);
	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			json_array_append_new(array, json_string(word));
	json_object_set_new(object, "tolerated", array);
	return object;
}

static json_t *
counts_object(const struct reading *reading)
{
	json_t *object = json_object();

	for (int i = 0; i < READING_STATES; i++)
		json_put_number(object,
		    reading_state_text((enum reading_state)i),
		    (int64_t)reading->counts[i]);
	return object;
}

/* An array, one object after the other: there may be many. */
static void
put_member(FILE *out, json_t *object, bool *first)
{
	if (!*first)
		putc(',', out);
	*first = false;
	json_dumpf(object, out, JSON_COMPACT);
	json_decref(object);
}

static void
put_totals(const struct view *view, const struct totals *totals)
{
	uint32_t *order = totals_policies(totals);
	bool first = true;

	fputs("],\"domains\":[", view->out);
	for (size_t i = 0; i < totals->policy_count; i++)
		if (view_policy_is_shown(view, &totals->policies[order[i]]))
			put_member(view->out,
			    policy_object(&totals->policies[order[i]]), &first);
	free(order);
}

static void
put_found(const struct view *view, const struct totals *totals)
{
	bool first = true;

	fputs("],\"findings\":[", view->out);
	for (size_t i = 0; i < totals->finding_count; i++)
		if (view_finding_is_shown(view, totals, &totals->findings[i]))
			put_member(view->out,
			    finding_object(totals, &totals->findings[i]),
			    &first);
}

void
view_json_totals(const struct view *view, const struct reading *reading)
{
	bool first = true;
	json_t *counts = counts_object(reading);

	put_totals(view, &reading->totals);
	put_found(view, &reading->totals);
	fputs("],\"notes\":[", view->out);
	for (size_t i = 0; i < reading->note_count; i++)
		put_member(view->out, note_object(&reading->notes[i]), &first);
	fputs("],\"counts\":", view->out);
	json_dumpf(counts, view->out, JSON_COMPACT);
	json_decref(counts);
	fputs("}\n", view->out);
}
