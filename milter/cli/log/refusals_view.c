/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "milter/cli/log/story_view.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"

enum { LINE_SIZE = 1024 };

static void
print_refused(const struct refused *refused, bool first)
{
	bool queued = strcmp(refused->id, "NOQUEUE") != 0;
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "%s%s%s: %s, %s%s%s", refused->when,
	    refused->when[0] == '\0' ? "" : " ",
	    refused->address[0] == '\0' ? "a message" : refused->address,
	    refused->reason,
	    refused->permanent ? "for good (5xx)" : "for now (4xx)",
	    queued ? ", " : "", queued ? refused->id : "");
	cli_print_text(stdout, first ? "refused" : "", line);
}

void
cli_refusals_print(
    const struct refusals *refusals, const struct settings *settings)
{
	printf("%s\n", refusals->domain);
	for (size_t i = 0; i < refusals->count; i++)
		print_refused(refusals_at(refusals, i), i == 0);
	if (refusals->count == 0)
		cli_print_text(
		    stdout, "refused", "the MTA's own lines are not there");
	if (refusals->cut)
		cli_print_text(
		    stdout, "note", "there are older ones than are told");
	for (size_t i = 0; i < refusals->check_count; i++) {
		putchar('\n');
		cli_story_check(&refusals->checks[i], settings);
	}
}

json_t *
cli_refusals_json(
    const struct refusals *refusals, const struct settings *settings)
{
	json_t *list = json_array(), *checks = json_array();
	char date[CLI_TIME_SIZE];

	for (size_t i = 0; i < refusals->count; i++) {
		const struct refused *refused = refusals_at(refusals, i);

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:b}", "when",
			      refused->when, "id", refused->id, "address",
			      refused->address, "reason", refused->reason,
			      "permanent", refused->permanent));
	}
	for (size_t i = 0; i < refusals->check_count; i++)
		json_array_append_new(checks,
		    cli_story_check_json(&refusals->checks[i], settings));
	return json_pack("{s:i, s:s, s:o, s:b, s:o, s:o}", "schema", 1,
	    "domain", refusals->domain, "since",
	    refusals->since_given ? json_string(cli_time(refusals->since, date))
				  : json_null(),
	    "cut", refusals->cut, "refused", list, "checks", checks);
}
