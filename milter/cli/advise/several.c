/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/several.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/advise/groups.h"
#include "milter/cli/advise/report.h"
#include "milter/cli/cli.h"
#include "milter/view/json_put.h"

enum { AHEAD = 8, STATUS_UNSEEN = 3 };

/* The answer while it is made. */
struct telling {
	const struct several *several;
	FILE *out;
	struct sheet *sheet; /* of all but JSON */
	struct advise_groups groups;
	char (*names)[LIMIT_DOMAIN_SIZE]; /* titles of sections */
	size_t *unseen;                   /* by number */
	size_t unseen_count;
	int worst;
};

bool
several_domain(const char *asked, char out[LIMIT_DOMAIN_SIZE])
{
	char part[LIMIT_RAW_DOMAIN_SIZE];

	if (strchr(asked, '@') != NULL &&
	    domain_of_address(asked, part, sizeof(part), NULL) == 0)
		asked = part;
	return !domain_is_literal(asked) &&
	       domain_normalise(asked, out, NULL) == 0 && out[0] != '\0';
}

/* 2 is worse than 3, which is worse than 1. */
static int
worse_status(int a, int b)
{
	static const int rank[] = {0, 1, 3, 2};

	return rank[a] > rank[b] ? a : b;
}

static void
put_counsel(struct telling *t, const struct sight *sight, size_t at)
{
	const struct several *several = t->several;
	AUTO(counsel)
	struct counsel *counsel =
	    counsel_new(sight, several->wish, several->standards);

	t->worst = worse_status(t->worst, counsel_status(counsel));
	if (several->form == FORM_JSON)
		json_print(t->out, counsel_json(counsel));
	else if (several->wish->bulk)
		advise_groups_add(&t->groups, counsel);
	else
		counsel_put(counsel, t->names[at], several->form != FORM_TEXT,
		    t->sheet);
}

/* --- those without a verdict --- */

static const char no_verdict[] = "no verdict in time";

static json_t *
json_unseen(const struct telling *t, size_t at)
{
	const struct look *look = t->several->look;
	json_t *object = json_object();
	char domain[LIMIT_DOMAIN_SIZE];
	bool named = several_domain(t->several->domains[at], domain);

	json_put_number(object, "schema", 1);
	json_put_text(object, "domain", named ? domain : "");
	json_put_time(
	    object, "time", look->at_given ? look->at : clock_wall_s());
	json_put_text(object, "version", PACKAGE_VERSION);
	json_put_text(object, "error", no_verdict);
	json_put_text(object, "worst", checklist_status_text(STATUS_UNSEEN));
	return object;
}

static void
put_unseen(struct telling *t, size_t at)
{
	/* by 0 it is no error of the verb, which JSON would tell */
	cli_fail(0, "%s: %s", t->names[at], no_verdict);
	t->worst = worse_status(t->worst, STATUS_UNSEEN);
	if (t->several->form == FORM_JSON) {
		json_print(t->out, json_unseen(t, at));
	} else if (t->several->wish->bulk) {
		t->unseen[t->unseen_count++] = at;
	} else {
		sheet_section(t->sheet, "advice", t->names[at]);
		sheet_note(t->sheet,
		    "Not looked at: %s. Ask about it again for advice.",
		    no_verdict);
	}
}

/* Where the others are rows of groups. */
static void
put_all_unseen(const struct telling *t)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"why", "why", SHEET_WORDS},
	};

	if (t->unseen_count == 0)
		return;
	sheet_section(t->sheet, "unseen", "Domains that were not looked at");
	sheet_note(t->sheet, "%zu of %zu. Ask about them again for advice.",
	    t->unseen_count, t->several->count);
	sheet_table(t->sheet, "not-looked-at", "Not looked at", SHEET_PLAIN,
	    columns, sizeof(columns) / sizeof(columns[0]));
	sheet_shown(t->sheet, t->unseen_count);
	for (size_t i = 0; i < t->unseen_count; i++) {
		sheet_cell(t->sheet, t->names[t->unseen[i]]);
		sheet_cell(t->sheet, no_verdict);
	}
}

/* --- each of them --- */

static void
end_domain(struct telling *t, struct sighting *sighting, size_t at)
{
	const struct sight *sight = look_end(t->several->look, sighting);

	if (sight == NULL)
		put_unseen(t, at);
	else
		put_counsel(t, sight, at);
}

/* Some checks run ahead of the one that is waited for. */
static void
ask_domains(struct telling *t)
{
	const struct several *several = t->several;
	struct sighting *ahead[AHEAD] = {NULL};
	size_t begun = 0;

	for (size_t i = 0; i < several->count; i++) {
		while (begun < several->count && begun < i + AHEAD) {
			ahead[begun % AHEAD] =
			    look_begin(several->look, several->domains[begun]);
			begun++;
		}
		end_domain(t, ahead[i % AHEAD], i);
		sighting_free(ahead[i % AHEAD]);
		ahead[i % AHEAD] = NULL;
	}
}

static void
clean_asked_names(struct telling *t)
{
	for (size_t i = 0; i < t->several->count; i++) {
		const char *asked = t->several->domains[i];

		text_clean(
		    t->names[i], LIMIT_DOMAIN_SIZE, asked, strlen(asked));
	}
}

int
several_advise(const struct several *several, FILE *out)
{
	AUTO(sheet) struct sheet *sheet = sheet_new(several->title);
	struct telling t = {.several = several, .out = out, .sheet = sheet};

	t.names = xcalloc(several->count, sizeof(*t.names));
	t.unseen = xcalloc(several->count, sizeof(*t.unseen));
	clean_asked_names(&t);
	ask_domains(&t);
	if (several->form != FORM_JSON) {
		if (several->wish->bulk)
			advise_groups_put(&t.groups, sheet);
		put_all_unseen(&t);
		cli_form_write(sheet, several->form, out);
	}
	advise_groups_fini(&t.groups);
	free(t.names);
	free(t.unseen);
	return t.worst;
}
