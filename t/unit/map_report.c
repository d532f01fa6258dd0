/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_report.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "t/unit/tap.h"

/* In place of milter/serve/report: what was said. */
static char said[1024];
static struct text lines;

static void
hear(void)
{
	text_init(&lines, said, sizeof(said));
}

void
report_map(const struct report_map *map)
{
	text_addf(&lines, "map %s %s %s%s;", map->domain,
	    figures_asker_text(map->asker), map->answer,
	    map->put_off ? " waits" : "");
}

void
report_map_level(const struct rule *rule, enum figures_asker asker)
{
	text_addf(&lines, "level %s %s;", rule->key, figures_asker_text(asker));
}

void
report_map_host_rule(const struct rule *rule, const char *domain)
{
	text_addf(&lines, "host %s %s;", rule->key, domain);
}

static struct rule *
rule_of(enum level level, bool no_sts, const char *match)
{
	struct rule *rule = rule_new();

	text_copy(rule->key, sizeof(rule->key), "d.ex");
	rule->level = level;
	rule->no_sts = no_sts;
	if (match != NULL) {
		rule->match = xcalloc(1, sizeof(*rule->match));
		rule->match[rule->match_count++] = xstrdup(match);
	}
	return rule;
}

/* S08, X11 */
static void
a_rule_that_an_mta_cannot_be_told_is_said_once(void **state)
{
	static const struct {
		const char *id;
		enum level level;
		bool no_sts;
		const char *match;
		enum figures_asker asker;
		const char *said;
	} rows[] = {
	    {"S08 may", LEVEL_MAY, 0, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S08 none", LEVEL_NONE, 0, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S08 encrypt", LEVEL_ENCRYPT, 0, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S08 dane", LEVEL_DANE, 0, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S08 dane-only", LEVEL_DANE_ONLY, 0, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S08 sts=no", LEVEL_AUTO, 1, NULL, FIGURES_SENDMAIL,
		"level d.ex sendmail;"},
	    {"S06", LEVEL_SECURE, 0, NULL, FIGURES_SENDMAIL, ""},
	    {"S auto", LEVEL_AUTO, 0, NULL, FIGURES_SENDMAIL, ""},
	    {"X11", LEVEL_SECURE, 0, "a.ex", FIGURES_LINE, "level d.ex line;"},
	    {"X06", LEVEL_SECURE, 0, NULL, FIGURES_LINE, ""},
	    {"X06 may", LEVEL_MAY, 0, NULL, FIGURES_LINE, ""},
	    {"P46", LEVEL_SECURE, 0, "a.ex", FIGURES_PLAIN, ""},
	    {"P42", LEVEL_ENCRYPT, 0, NULL, FIGURES_TLSRPT, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule)
		struct rule *rule =
		    rule_of(rows[i].level, rows[i].no_sts, rows[i].match);

		hear();
		map_report_rule(rows[i].asker, rule);
		map_report_rule(rows[i].asker, rule);
		ROW_TEXT(rows[i].id, said, rows[i].said);
	}
	hear();
	map_report_rule(FIGURES_SENDMAIL, NULL);
	assert_string_equal(said, "");
}

/* P53 */
static void
a_rule_for_a_host_that_is_not_the_answer_is_said_once(void **state)
{
	AUTO(rule) struct rule *rule = rule_of(LEVEL_MAY, false, NULL);
	struct enforcement e = {.answer = ENFORCE_ENCRYPT, .unheard = rule};
	struct check check = {.domain = "d.ex", .enforcement = &e};

	(void)state;
	check.verdict = verdict_new(RESULT_NONE, REASON_OK);
	hear();
	map_report_answer(FIGURES_PLAIN, &check, "OK encrypt", false);
	map_report_answer(FIGURES_TLSRPT, &check, "OK encrypt", true);
	assert_string_equal(said, "map d.ex plain encrypt;host d.ex d.ex;"
				  "map d.ex tlsrpt encrypt;");
	verdict_free(check.verdict);
}

static void
the_answer_is_said_as_it_was_told(void **state)
{
	static const struct {
		enum figures_asker asker;
		const char *reply, *said;
	} rows[] = {
	    {FIGURES_PLAIN, "NOTFOUND ", "map d.ex plain notfound;"},
	    {FIGURES_PLAIN, "TEMP dns-servfail: MX d.ex",
		"map d.ex plain temp waits;"},
	    {FIGURES_SENDMAIL, "OK secure match=a servername=hostname",
		"map d.ex sendmail secure;"},
	    {FIGURES_LINE, "answer=refuse tls=verify", "map d.ex line refuse;"},
	};
	struct enforcement e = {.answer = ENFORCE_TEMP};
	struct check check = {.domain = "d.ex", .enforcement = &e};

	(void)state;
	check.verdict = verdict_new(RESULT_NONE, REASON_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		hear();
		map_report_answer(rows[i].asker, &check, rows[i].reply, false);
		ROW_TEXT(rows[i].reply, said, rows[i].said);
	}
	verdict_free(check.verdict);
	hear();
	map_report_deadline(FIGURES_LINE, "d.ex", 1);
	assert_string_equal(said, "map d.ex line temp waits;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_that_an_mta_cannot_be_told_is_said_once),
	    cmocka_unit_test(
		a_rule_for_a_host_that_is_not_the_answer_is_said_once),
	    cmocka_unit_test(the_answer_is_said_as_it_was_told),
	};

	return RUN_TESTS(tests);
}
