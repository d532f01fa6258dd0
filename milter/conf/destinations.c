/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/destinations.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "common/proto/nexthop.h"

enum {
	QUARTER_S = 15 * 60, /* zones shift by whole ones */
	WARN_DAYS = 7,

	/* struct tm counts from there */
	YEAR_ZERO = 1900,
};

/* One line on its way to a rule. */
struct line {
	struct conf_faults *faults;
	const char *file;
	unsigned number;
	const struct destinations_default *normal;
	struct rule *rule;
	bool sound;
};

static void complain_of_line(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
complain_of_line(struct line *line, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conf_fault(line->faults, line->file, line->number, "%s", text);
	line->sound = false;
}

/* "*", or a name with what stands before it. */
static void
read_key(struct line *line, const char *key)
{
	struct rule *rule = line->rule;
	bool host = strncasecmp(key, "mx:", 3) == 0;
	const char *name = host ? key + 3 : key;
	bool below = name[0] == '.';
	struct err err;

	if (strcmp(key, "*") == 0) {
		rule->scope = RULE_ANY;
		text_copy(rule->key, sizeof(rule->key), "*");
		return;
	}
	if (host)
		rule->scope = below ? RULE_MX_BELOW : RULE_MX;
	else
		rule->scope = below ? RULE_BELOW : RULE_DOMAIN;
	rule->name[0] = '.';
	if (domain_normalise(name + below, rule->name + below, &err) < 0)
		complain_of_line(line, "%s", err.text);
	snprintf(rule->key, sizeof(rule->key), "%s%s", host ? "mx:" : "",
	    rule->name);
}

static void
read_action(struct line *line, int *action, const char *value)
{
	for (enum action a = ACTION_NONE; a <= ACTION_REJECT; a++) {
		if (strcasecmp(value, action_text(a)) == 0) {
			*action = (int)a;
			return;
		}
	}
	complain_of_line(
	    line, "\"%.64s\" is not one of: none tag hold defer reject", value);
}

static bool
is_match_word(const char *name)
{
	return strcmp(name, "hostname") == 0 || strcmp(name, "nexthop") == 0 ||
	       strcmp(name, "dot-nexthop") == 0;
}

static void
add_rule_match(struct line *line, const char *name)
{
	struct rule *rule = line->rule;
	char text[LIMIT_DOMAIN_SIZE + 1] = ".";
	bool below = name[0] == '.';
	struct err err;

	if (domain_normalise(name + below, text + below, &err) < 0) {
		complain_of_line(line, "match: %s", err.text);
		return;
	}
	if (strchr(name, '.') == NULL && !is_match_word(text)) {
		complain_of_line(line,
		    "match: \"%.64s\" is no name with a dot, nor one of: "
		    "hostname nexthop dot-nexthop",
		    name);
		return;
	}
	rule->match =
	    xrealloc(rule->match, rule->match_count + 1, sizeof(char *));
	rule->match[rule->match_count++] = xstrdup(text);
}

/* As in Postfix with ":" between the names, or with ",". */
static void
read_match(struct line *line, char *value)
{
	for (char *name = value; name != NULL;) {
		char *end = strpbrk(name, ":,");

		if (end != NULL)
			*end++ = '\0';
		add_rule_match(line, name);
		name = end;
	}
}

static bool
is_day(const struct tm *day, time_t at)
{
	struct tm tm;

	return localtime_r(&at, &tm) != NULL && tm.tm_mday == day->tm_mday &&
	       tm.tm_mon == day->tm_mon;
}

/* "2027-03-31" as a day that there is, behind those that ends_s cannot tell
 * from none. */
static bool
parse_day(const char *text, struct tm *day, time_t *noon)
{
	uint32_t year, month, date;
	char copy[11], *rest = copy;
	struct tm normal;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	text_copy(copy, sizeof(copy), text);
	copy[4] = copy[7] = '\0';
	if (text_uint(rest, 9999, &year) != 0 ||
	    text_uint(rest + 5, 12, &month) != 0 ||
	    text_uint(rest + 8, 31, &date) != 0)
		return false;
	*day = (struct tm){.tm_year = (int)year - YEAR_ZERO,
	    .tm_mon = (int)month - 1,
	    .tm_mday = (int)date,
	    .tm_hour = 12,
	    .tm_isdst = -1};
	normal = *day;
	*noon = mktime(&normal);
	return *noon > 0 && is_day(day, *noon);
}

/* The last day counts whole, in local time: where clocks change at midnight,
 * there may be no midnight, or two. */
static void
read_until(struct line *line, const char *value)
{
	struct tm day;
	time_t ends_s;

	if (!parse_day(value, &day, &ends_s)) {
		complain_of_line(line,
		    "until: \"%.64s\" is no day, such as 2027-03-31", value);
		return;
	}
	while (is_day(&day, ends_s))
		ends_s += QUARTER_S;
	line->rule->ends_s = ends_s;
	text_copy(line->rule->until, sizeof(line->rule->until), value);
}

/* dane=no and sts=no, which are all that may be said of them. */
static void
read_no(struct line *line, const char *name, bool *field, const char *value)
{
	if (strcasecmp(value, "no") == 0)
		*field = true;
	else
		complain_of_line(line, "%s: \"%.64s\" is not no", name, value);
}

enum option {
	OPTION_ON_FAIL,
	OPTION_ON_TEMPERROR,
	OPTION_UNTIL,
	OPTION_MATCH,
	OPTION_DANE,
	OPTION_STS,
	OPTIONS,
};

static const char *const options[OPTIONS] = {[OPTION_ON_FAIL] = "on-fail",
    [OPTION_ON_TEMPERROR] = "on-temperror",
    [OPTION_UNTIL] = "until",
    [OPTION_MATCH] = "match",
    [OPTION_DANE] = "dane",
    [OPTION_STS] = "sts"};

static void
set_option(struct line *line, enum option option, char *value)
{
	struct rule *rule = line->rule;

	switch (option) {
	case OPTION_ON_FAIL:
		read_action(line, &rule->on_fail, value);
		break;
	case OPTION_ON_TEMPERROR:
		read_action(line, &rule->on_temperror, value);
		break;
	case OPTION_UNTIL:
		read_until(line, value);
		break;
	case OPTION_MATCH:
		read_match(line, value);
		break;
	case OPTION_DANE:
		read_no(line, "dane", &rule->no_dane, value);
		break;
	case OPTION_STS:
		read_no(line, "sts", &rule->no_sts, value);
		break;
	case OPTIONS:
		break;
	}
}

static void
read_option(struct line *line, char *word, bool seen[OPTIONS])
{
	char *value = strchr(word, '=');
	enum option option = 0;

	if (value != NULL)
		*value++ = '\0';
	while (option < OPTIONS && strcasecmp(word, options[option]) != 0)
		option++;
	if (option == OPTIONS)
		complain_of_line(line, "\"%.64s\" is no option", word);
	else if (value == NULL || *value == '\0')
		complain_of_line(line, "%s: no value", options[option]);
	else if (seen[option])
		complain_of_line(
		    line, "%s: stands there twice", options[option]);
	else
		set_option(line, option, value);
	if (option < OPTIONS)
		seen[option] = true;
}

/* What is demanded of a destination, each a bit. */
enum {
	DEMANDS_TRY = 1, /* TLS where it is offered */
	DEMANDS_TLS = 2,
	DEMANDS_DANE = 4, /* where there is TLSA */
	DEMANDS_STS = 8,
	DEMANDS_NAME = 16, /* somebody is authenticated in any case */
	DEMANDS_ALL = 31,
};

static unsigned
demands_of(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
		return 0;
	case LEVEL_MAY:
		return DEMANDS_TRY;
	case LEVEL_ENCRYPT:
		return DEMANDS_TRY | DEMANDS_TLS;
	case LEVEL_DANE:
	case LEVEL_HALF_DANE:
		return DEMANDS_TRY | DEMANDS_DANE;
	case LEVEL_AUTO:
		return DEMANDS_TRY | DEMANDS_DANE | DEMANDS_STS;
	case LEVEL_DANE_ONLY:
	case LEVEL_SECURE:
		break;
	}
	return DEMANDS_ALL;
}

/* Whether there is anything that the rule asks less of than the default. */
static bool
is_weaker_rule(
    const struct rule *rule, const struct destinations_default *normal)
{
	unsigned theirs = demands_of(rule->level);
	unsigned wanted = demands_of(normal->level);

	if (normal->level == LEVEL_ENCRYPT) /* a floor below auto */
		wanted |= demands_of(LEVEL_AUTO);
	if (rule->no_dane)
		theirs &= ~(unsigned)DEMANDS_DANE;
	if (rule->no_sts)
		theirs &= ~(unsigned)DEMANDS_STS;
	return (wanted & ~theirs) != 0 ||
	       (rule->on_fail != RULE_NO_ACTION &&
		   rule->on_fail < (int)normal->on_fail) ||
	       (rule->on_temperror != RULE_NO_ACTION &&
		   rule->on_temperror < (int)normal->on_temperror);
}

/* Options that say nothing beside this level, or must not stand there. */
static void
check_options(struct line *line, const bool seen[OPTIONS])
{
	const struct rule *rule = line->rule;
	const char *level = level_text(rule->level);

	if (seen[OPTION_MATCH] && rule->level != LEVEL_SECURE)
		complain_of_line(
		    line, "match: is for secure, not for %s", level);
	if (seen[OPTION_DANE] && rule->level != LEVEL_AUTO)
		complain_of_line(line, "dane: is for auto, not for %s", level);
	if (seen[OPTION_STS] && rule->level != LEVEL_AUTO)
		complain_of_line(line, "sts: is for auto, not for %s", level);
	if (rule->ends_s != 0 && line->normal != NULL &&
	    !is_weaker_rule(rule, line->normal))
		complain_of_line(line,
		    "until: this rule is not weaker than the default, and "
		    "needs no end");
}

static void
read_rule_value(struct line *line, char *value)
{
	static const char space[] = " \t\v\f";
	bool seen[OPTIONS] = {false};
	bool levelled = false;
	char *rest;
	char *word = strtok_r(value, space, &rest);

	if (word == NULL)
		complain_of_line(line, "no level");
	else if (level_parse(word, &line->rule->level) == 0)
		levelled = true;
	else
		complain_of_line(line,
		    "\"%.64s\" is not one of: auto may none encrypt dane "
		    "dane-only secure",
		    word);
	while (word != NULL && (word = strtok_r(NULL, space, &rest)) != NULL)
		read_option(line, word, seen);
	if (levelled)
		check_options(line, seen);
}

static void
read_entry(struct rule_list *list, struct line *line, struct conf_entry *entry)
{
	AUTO(rule) struct rule *rule = rule_new();

	line->number = rule->line = entry->line;
	line->rule = rule;
	line->sound = true;
	read_key(line, entry->keyword);
	if (line->sound) {
		/* kept even if the rest is not sound, to see it twice */
		rule_list_add(list, rule_ref(rule));
	}
	read_rule_value(line, entry->value);
}

/* Sorted, the same key stands side by side. */
static void
refuse_twice(
    const struct rule_list *list, const char *path, struct conf_faults *faults)
{
	for (size_t i = 1; i < list->count; i++) {
		const struct rule *a = list->rules[i - 1], *b = list->rules[i];
		unsigned first = a->line < b->line ? a->line : b->line;

		if (strcmp(a->key, b->key) == 0)
			conf_fault(faults, path, a->line + b->line - first,
			    "%s: stands in line %u already", a->key, first);
	}
}

struct rule_list *
destinations_load(const char *path, bool may_be_missing,
    const struct destinations_default *normal, struct conf_faults *faults)
{
	struct rule_list *list = rule_list_new(normal->level);
	AUTO(conf) struct conf *conf = conf_read(path, may_be_missing, faults);
	struct line line = {.faults = faults, .file = path, .normal = normal};

	for (size_t i = 0; conf != NULL && i < conf->count; i++)
		read_entry(list, &line, &conf->entries[i]);
	rule_list_sort(list);
	refuse_twice(list, path, faults);
	return list;
}

struct rule *
destinations_read(
    const char *text, const char *path, struct conf_faults *faults)
{
	struct line line = {.faults = faults, .file = path, .sound = true};
	AUTO(rule) struct rule *rule = rule_new();
	char *copy = xstrdup(text), *value = copy + strcspn(copy, " ");
	size_t before = faults->count;

	if (*value != '\0')
		*value++ = '\0';
	line.number = rule->line = 1;
	line.rule = rule;
	read_key(&line, copy);
	if (line.sound)
		read_rule_value(&line, value);
	free(copy);
	return faults->count == before ? rule_ref(rule) : NULL;
}

struct rule *
destinations_rule(const struct rule_list *list, const char *domain,
    const char *hop, time_t now)
{
	struct nexthop hops[LIMIT_NEXTHOPS];

	if (list->count == 0)
		return NULL;
	if (hop != NULL && nexthop_parse(hop, 25, hops, NULL) > 0)
		return rule_list_find(list, hops[0].host, now);
	return rule_list_find(list, domain, now);
}

static void
add_action(struct text *text, const char *name, int action)
{
	if (action != RULE_NO_ACTION)
		text_addf(
		    text, " %s=%s", name, action_text((enum action)action));
}

void
destinations_print(const struct rule *rule, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	text_addf(&text, "%s %s", rule->key, level_text(rule->level));
	if (rule->no_dane)
		text_add(&text, " dane=no");
	if (rule->no_sts)
		text_add(&text, " sts=no");
	for (size_t i = 0; i < rule->match_count; i++)
		text_addf(
		    &text, "%s%s", i == 0 ? " match=" : ":", rule->match[i]);
	add_action(&text, options[OPTION_ON_FAIL], rule->on_fail);
	add_action(&text, options[OPTION_ON_TEMPERROR], rule->on_temperror);
	if (rule->ends_s != 0)
		text_addf(&text, " until=%s", rule->until);
}

void
destinations_each_ending(const struct rule_list *list, time_t now,
    destinations_ending *tell, void *arg)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct rule *rule = list->rules[i];

		if (rule->ends_s != 0 &&
		    now >= rule->ends_s - (time_t)WARN_DAYS * CLOCK_DAY_S)
			tell(arg, rule);
	}
}
