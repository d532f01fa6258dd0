/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/terms.h"

#include "common/base/text.h"

void
terms_set(struct judge_terms *terms, struct rule_list *list, const char *domain,
    time_t now)
{
	terms->list = list;
	terms->rule = rule_list_find(list, domain, now);
	terms->encrypt = list->level == LEVEL_ENCRYPT;
	terms->level = terms->encrypt ? LEVEL_AUTO : list->level;
}

/* Rules for hosts rank above "*" only. */
static bool
hosts_have_rules(const struct judge_terms *terms)
{
	return terms->list != NULL &&
	       (terms->rule == NULL || terms->rule->scope == RULE_ANY);
}

/* Rules only ever go out of effect, so their number tells which are left. */
static size_t
count_host_rules(const struct judge_terms *terms, time_t now)
{
	size_t count = 0;

	for (size_t i = 0; i < terms->list->count; i++)
		if (rule_is_of_host(terms->list->rules[i]) &&
		    rule_in_effect(terms->list->rules[i], now))
			count++;
	return count;
}

void
terms_key(const struct judge_terms *terms, time_t now, char out[TERMS_KEY_SIZE])
{
	size_t hosts =
	    hosts_have_rules(terms) ? count_host_rules(terms, now) : 0;
	struct text text;

	text_init(&text, out, TERMS_KEY_SIZE);
	text_add(&text, level_text(terms->level));
	text_add(&text, terms->encrypt ? "+" : "");
	if (terms->rule != NULL) {
		text_add(&text, " ");
		text_add_uint(&text, terms->rule->id);
	}
	if (hosts > 0) {
		text_add(&text, "/");
		text_add_uint(&text, terms->list->id);
		text_add(&text, ":");
		text_add_uint(&text, hosts);
	}
}

static struct demand
demand_of(const struct judge_terms *terms, struct rule *rule)
{
	enum level level = rule == NULL ? terms->level : rule->level;
	bool automatic = level == LEVEL_AUTO;

	return (struct demand){.rule = rule,
	    .level = level,
	    .encrypt =
		level == LEVEL_ENCRYPT || (rule == NULL && terms->encrypt),
	    .dane = level == LEVEL_DANE || level == LEVEL_DANE_ONLY ||
		    (automatic && (rule == NULL || !rule->no_dane)),
	    .sts = automatic && (rule == NULL || !rule->no_sts)};
}

struct demand
terms_demand_domain(const struct judge_terms *terms)
{
	return demand_of(terms, terms->rule);
}

struct demand
terms_demand(const struct judge_terms *terms, const char *host, time_t now)
{
	struct rule *rule = NULL;

	if (hosts_have_rules(terms))
		rule = rule_list_find_host(terms->list, host, now);
	return demand_of(terms, rule == NULL ? terms->rule : rule);
}

bool
terms_have_host_rules(const struct judge_terms *terms, time_t now)
{
	return hosts_have_rules(terms) && count_host_rules(terms, now) > 0;
}

static time_t
sooner_end(time_t end_s, const struct rule *rule, time_t now)
{
	if (rule->ends_s == 0 || !rule_in_effect(rule, now))
		return end_s;
	return end_s == 0 || rule->ends_s < end_s ? rule->ends_s : end_s;
}

time_t
terms_end(const struct judge_terms *terms, time_t now)
{
	time_t end_s = 0;

	if (terms->rule != NULL)
		end_s = sooner_end(0, terms->rule, now);
	for (size_t i = 0; hosts_have_rules(terms) && i < terms->list->count;
	     i++)
		if (rule_is_of_host(terms->list->rules[i]))
			end_s = sooner_end(end_s, terms->list->rules[i], now);
	return end_s;
}

bool
terms_may_want_sts(const struct judge_terms *terms, time_t now)
{
	if (demand_of(terms, terms->rule).sts)
		return true;
	for (size_t i = 0; hosts_have_rules(terms) && i < terms->list->count;
	     i++) {
		struct rule *rule = terms->list->rules[i];

		if (rule_is_of_host(rule) && rule_in_effect(rule, now) &&
		    demand_of(terms, rule).sts)
			return true;
	}
	return false;
}
