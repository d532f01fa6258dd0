/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/rules.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

static const char *const words[] = {
    [LEVEL_AUTO] = "auto",
    [LEVEL_NONE] = "none",
    [LEVEL_MAY] = "may",
    [LEVEL_ENCRYPT] = "encrypt",
    [LEVEL_DANE] = "dane",
    [LEVEL_DANE_ONLY] = "dane-only",
    [LEVEL_SECURE] = "secure",
    [LEVEL_HALF_DANE] = "half-dane",
};

/* Of Exchange. */
static const struct {
	const char *word;
	enum level level;
} aliases[] = {
    {"opportunistic", LEVEL_AUTO},
    {"mandatory", LEVEL_DANE_ONLY},
};

enum { ALIASES = sizeof(aliases) / sizeof(aliases[0]) };

const char *
level_text(enum level level)
{
	return words[level];
}

const char *
level_word(size_t i)
{
	if (i < LEVEL_HALF_DANE)
		return words[i];
	i -= LEVEL_HALF_DANE;
	return i < ALIASES ? aliases[i].word : NULL;
}

int
level_parse(const char *word, enum level *out)
{
	for (size_t i = 0; level_word(i) != NULL; i++) {
		if (strcasecmp(word, level_word(i)) != 0)
			continue;
		*out = i < LEVEL_HALF_DANE ? (enum level)i
					   : aliases[i - LEVEL_HALF_DANE].level;
		return 0;
	}
	return -1;
}

static uint64_t
next_id(void)
{
	static _Atomic uint64_t last;

	return ++last;
}

struct rule *
rule_new(void)
{
	struct rule *rule = xcalloc(1, sizeof(*rule));

	rule->refs = 1;
	rule->id = next_id();
	rule->on_fail = rule->on_temperror = RULE_NO_ACTION;
	return rule;
}

struct rule *
rule_ref(struct rule *rule)
{
	assert(rule == NULL || rule->refs > 0);
	if (rule != NULL)
		rule->refs++;
	return rule;
}

void
rule_free(struct rule *rule)
{
	assert(rule == NULL || rule->refs > 0);
	if (rule == NULL || --rule->refs > 0)
		return;
	for (size_t i = 0; i < rule->match_count; i++)
		free(rule->match[i]);
	free(rule->match);
	free(rule);
}

bool
rule_in_effect(const struct rule *rule, time_t now)
{
	return rule->ends_s == 0 || now < rule->ends_s;
}

const char *
rule_word(const struct rule *rule)
{
	return rule->scope == RULE_ANY ? "any" : rule->key;
}

bool
rule_is_of_host(const struct rule *rule)
{
	return rule->scope == RULE_MX || rule->scope == RULE_MX_BELOW;
}

struct rule_list *
rule_list_new(enum level level)
{
	struct rule_list *list = xcalloc(1, sizeof(*list));

	list->refs = 1;
	list->id = next_id();
	list->level = level;
	return list;
}

struct rule_list *
rule_list_ref(struct rule_list *list)
{
	assert(list == NULL || list->refs > 0);
	if (list != NULL)
		list->refs++;
	return list;
}

void
rule_list_free(struct rule_list *list)
{
	assert(list == NULL || list->refs > 0);
	if (list == NULL || --list->refs > 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		rule_free(list->rules[i]);
	free(list->rules);
	free(list);
}

void
rule_list_add(struct rule_list *list, struct rule *rule)
{
	list->rules =
	    xrealloc(list->rules, list->count + 1, sizeof(struct rule *));
	list->rules[list->count++] = rule;
}

/* Longer names are more specific; the alphabet makes the order whole. */
static int
compare_to_rule(
    enum rule_scope scope, const char *name, const struct rule *rule)
{
	size_t length = strlen(name), theirs = strlen(rule->name);

	if (scope != rule->scope)
		return scope < rule->scope ? -1 : 1;
	if (length != theirs)
		return length > theirs ? -1 : 1;
	return strcmp(name, rule->name);
}

static int
compare_rules(const void *left, const void *right)
{
	const struct rule *a = *(struct rule *const *)left;

	return compare_to_rule(a->scope, a->name, *(struct rule *const *)right);
}

void
rule_list_sort(struct rule_list *list)
{
	if (list->count > 0)
		qsort(list->rules, list->count, sizeof(struct rule *),
		    compare_rules);
}

struct rule *
rule_list_get(
    const struct rule_list *list, enum rule_scope scope, const char *name)
{
	size_t first = 0, end = list->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		int order = compare_to_rule(scope, name, list->rules[middle]);

		if (order == 0)
			return list->rules[middle];
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return NULL;
}

static struct rule *
get_in_effect(const struct rule_list *list, enum rule_scope scope,
    const char *name, time_t now)
{
	struct rule *rule = rule_list_get(list, scope, name);

	return rule != NULL && rule_in_effect(rule, now) ? rule : NULL;
}

/* The name itself, else the longest of what it is below. */
static struct rule *
find_rule(const struct rule_list *list, enum rule_scope exact,
    enum rule_scope below, const char *name, time_t now)
{
	struct rule *rule = get_in_effect(list, exact, name, now);

	for (const char *dot = strchr(name, '.'); dot != NULL && rule == NULL;
	     dot = strchr(dot + 1, '.'))
		rule = get_in_effect(list, below, dot, now);
	return rule;
}

struct rule *
rule_list_find(const struct rule_list *list, const char *domain, time_t now)
{
	struct rule *rule;

	if (list->count == 0)
		return NULL;
	rule = find_rule(list, RULE_DOMAIN, RULE_BELOW, domain, now);
	return rule != NULL ? rule : get_in_effect(list, RULE_ANY, "", now);
}

struct rule *
rule_list_find_host(const struct rule_list *list, const char *host, time_t now)
{
	return find_rule(list, RULE_MX, RULE_MX_BELOW, host, now);
}
