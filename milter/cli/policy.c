/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "common/base/limits.h"
#include "common/proto/domain.h"
#include "milter/act/action.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/conf/destinations.h"
#include "milter/view/json_put.h"

/* What is asked of the rules: a next-hop domain, or a mail host. */
struct question {
	const struct settings *settings;
	char name[LIMIT_DOMAIN_SIZE];
	bool host; /* "mx:HOST" */
	time_t at;
};

static const char *
meaning_of_level(enum level level)
{
	switch (level) {
	case LEVEL_AUTO:
		return "DANE, and MTA-STS where DANE leaves it open";
	case LEVEL_NONE:
		return "no TLS is asked for, nothing can fail";
	case LEVEL_MAY:
		return "TLS where it is offered, nothing can fail";
	case LEVEL_ENCRYPT:
		return "TLS is a must, nobody is authenticated";
	case LEVEL_DANE:
		return "DANE where there are TLSA records, else as may";
	case LEVEL_DANE_ONLY:
		return "DANE, or it fails";
	case LEVEL_SECURE:
		return "a trusted certificate with the right name";
	case LEVEL_HALF_DANE: /* no rule's */
		break;
	}
	return "";
}

static enum action
action_on(const struct question *question, enum result result,
    const struct demand *demand)
{
	struct verdict verdict = {.result = result, .rule = demand->rule};

	return action_for(question->settings, &verdict);
}

/* What holds for the domain or the host, with a rule or without. */
static struct demand
demand_for(const struct question *question)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};

	terms_set(&terms, question->settings->destinations,
	    question->host ? "" : question->name, question->at);
	return terms_demand(
	    &terms, question->host ? question->name : "", question->at);
}

static bool
rule_covers(const struct rule *rule, const struct question *question)
{
	size_t length = strlen(question->name), end = strlen(rule->name);

	if (rule->scope != RULE_ANY && rule_is_of_host(rule) != question->host)
		return false;
	if (rule->name[0] != '.' && rule->scope != RULE_ANY)
		return strcmp(rule->name, question->name) == 0;
	return length > end &&
	       strcmp(question->name + length - end, rule->name) == 0;
}

/* The rule number i or a later one that would apply, but is past its day. */
static const struct rule *
next_expired(const struct question *question, size_t *i)
{
	const struct rule_list *list = question->settings->destinations;

	while (*i < list->count) {
		const struct rule *rule = list->rules[(*i)++];

		if (rule_covers(rule, question) &&
		    !rule_in_effect(rule, question->at))
			return rule;
	}
	return NULL;
}

static bool
hosts_may_have_rules(
    const struct question *question, const struct demand *demand)
{
	const struct rule_list *list = question->settings->destinations;

	if (question->host ||
	    (demand->rule != NULL && demand->rule->scope != RULE_ANY))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (rule_is_of_host(list->rules[i]) &&
		    rule_in_effect(list->rules[i], question->at))
			return true;
	return false;
}

static void
put_word(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key,
	    value == NULL || value[0] == '\0' ? json_null()
					      : json_string(value));
}

static void
put_rule(json_t *object, const struct rule *rule)
{
	json_t *match = json_array();

	for (size_t i = 0; i < rule->match_count; i++)
		json_array_append_new(match, json_string(rule->match[i]));
	put_word(object, "key", rule->key);
	put_word(object, "rule", rule_word(rule));
	json_object_set_new(object, "line", json_integer(rule->line));
	json_object_set_new(object, "match", match);
	put_word(object, "until", rule->until);
}

static const char *
own_action(int action)
{
	return action == RULE_NO_ACTION ? NULL
					: action_text((enum action)action);
}

static int
list_json(const struct rule *rule)
{
	json_t *object = json_pack("{s:i}", "schema", 1);

	put_rule(object, rule);
	put_word(object, "level", level_text(rule->level));
	json_object_set_new(object, "dane_off", json_boolean(rule->no_dane));
	json_object_set_new(object, "sts_off", json_boolean(rule->no_sts));
	put_word(object, "on_fail", own_action(rule->on_fail));
	put_word(object, "on_temperror", own_action(rule->on_temperror));
	return json_print(stdout, object);
}

static int
list_text(const struct rule *rule)
{
	char line[LIMIT_CONF_LINE];

	destinations_print(rule, line, sizeof(line));
	return puts(line) == EOF ? -1 : 0;
}

int
cli_policy_list(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	int rc = 0;

	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	for (size_t i = 0; rc == 0 && i < settings->destinations->count; i++) {
		const struct rule *rule = settings->destinations->rules[i];

		if (!rule_in_effect(rule, options->at))
			cli_fail(0, "%s: expired-rule, until %s", rule->key,
			    rule->until);
		else
			rc = options->json ? list_json(rule) : list_text(rule);
	}
	if (rc != 0 || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	if (settings->destinations->count == 0)
		cli_fail(0, "no rules in %s", settings->destinations_file);
	return 0;
}

static int
test_json(const struct question *question, const struct demand *demand)
{
	json_t *object = json_pack("{s:i}", "schema", 1);
	json_t *expired = json_array();
	const struct rule *rule;

	for (size_t i = 0; (rule = next_expired(question, &i)) != NULL;)
		json_array_append_new(expired, json_string(rule->key));
	put_word(object, question->host ? "mx" : "domain", question->name);
	if (demand->rule != NULL)
		put_rule(object, demand->rule);
	else
		json_object_set_new(object, "rule", json_null());
	put_word(object, "level",
	    level_text(demand->encrypt ? LEVEL_ENCRYPT : demand->level));
	json_object_set_new(object, "dane", json_boolean(demand->dane));
	json_object_set_new(object, "sts", json_boolean(demand->sts));
	put_word(object, "on_fail",
	    action_text(action_on(question, RESULT_FAIL, demand)));
	put_word(object, "on_temperror",
	    action_text(action_on(question, RESULT_TEMPERROR, demand)));
	json_object_set_new(object, "host_rules",
	    json_boolean(hosts_may_have_rules(question, demand)));
	json_object_set_new(object, "expired", expired);
	return json_print(stdout, object);
}

static void
print_meaning(const struct demand *demand)
{
	const struct rule *rule = demand->rule;

	printf("  means       %s", meaning_of_level(demand->level));
	if (demand->encrypt && demand->level != LEVEL_ENCRYPT)
		printf("; TLS is a must");
	if (demand->level == LEVEL_AUTO && !demand->dane)
		printf("; without DANE");
	if (demand->level == LEVEL_AUTO && !demand->sts)
		printf("; without MTA-STS");
	putchar('\n');
	if (demand->level != LEVEL_SECURE)
		return;
	printf("  names      ");
	for (size_t i = 0; rule != NULL && i < rule->match_count; i++)
		printf(" %s", rule->match[i]);
	if (rule == NULL || rule->match_count == 0)
		printf(" that of the mail host");
	putchar('\n');
}

static int
test_text(const struct question *question, const struct demand *demand)
{
	const struct rule *rule;
	char line[LIMIT_CONF_LINE];

	printf("%s\n", question->name);
	for (size_t i = 0; (rule = next_expired(question, &i)) != NULL;) {
		destinations_print(rule, line, sizeof(line));
		printf("  ignored     %s (expired-rule)\n", line);
	}
	if (demand->rule != NULL) {
		destinations_print(demand->rule, line, sizeof(line));
		printf("  rule        %s\n", line);
	} else {
		printf("  rule        none, default level %s\n",
		    level_text(question->settings->destinations->level));
	}
	print_meaning(demand);
	printf("  fail        %s\n  temperror   %s\n",
	    action_text(action_on(question, RESULT_FAIL, demand)),
	    action_text(action_on(question, RESULT_TEMPERROR, demand)));
	if (hosts_may_have_rules(question, demand))
		printf("  hosts       a rule for its mail host goes before\n");
	return ferror(stdout) ? -1 : 0;
}

/* A domain, an address, or "mx:HOST". */
static int
read_policy_question(
    struct question *question, const char *word, struct err *err)
{
	char domain[LIMIT_RAW_DOMAIN_SIZE];

	question->host = strncasecmp(word, "mx:", 3) == 0;
	if (question->host)
		word += 3;
	else if (strchr(word, '@') != NULL) {
		if (domain_of_address(word, domain, sizeof(domain), err) != 0)
			return -1;
		word = domain;
	}
	return domain_normalise(word, question->name, err);
}

int
cli_policy_test(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	struct question question = {.at = options->at};
	struct demand demand;
	struct err err;
	int rc;

	if (read_policy_question(&question, options->words.items[0], &err) != 0)
		return cli_fail(EX_USAGE, "%s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	question.settings = settings;
	demand = demand_for(&question);
	rc = options->json ? test_json(&question, &demand)
			   : test_text(&question, &demand);
	if (rc != 0 || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return demand.rule == NULL ? 1 : 0;
}
