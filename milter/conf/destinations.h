/* destinations - the file of rules per destination, read. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_DESTINATIONS_H
#define MILTER_CONF_DESTINATIONS_H

#include <stdbool.h>
#include <time.h>

#include "common/base/conf.h"
#include "common/judge/action.h"
#include "common/judge/rules.h"

#define DESTINATIONS_PATH "/etc/postern/destinations"

/* What holds without a rule; one that ends must be weaker. */
struct destinations_default {
	enum level level;
	enum action on_fail;
	enum action on_temperror;
};

/*
 * destinations_load - read "KEY LEVEL [option ...]" lines
 *
 * Every mistake is a fault, with its line.  A file that is not there is empty
 * if may_be_missing.
 * The list is of no use where faults were noted.
 */
struct rule_list *destinations_load(const char *path, bool may_be_missing,
    const struct destinations_default *normal, struct conf_faults *faults)
    OWNED(rule_list_free);

/* destinations_read - the rule of a line as destinations_print makes it; NULL
 * where it has a mistake, which is noted under path */
struct rule *destinations_read(const char *text, const char *path,
    struct conf_faults *faults) OWNED(rule_free);

/*
 * destinations_rule - the rule for a recipient's domain (normalised) that goes
 * to hop, which may be NULL or several as in {rcpt_host}; borrowed, or NULL
 */
struct rule *destinations_rule(const struct rule_list *list, const char *domain,
    const char *hop, time_t now);

/* destinations_print - a rule as it could stand in the file, cut to size - 1
 * octets */
void destinations_print(const struct rule *rule, char *out, size_t size);

/*
 * destinations_each_ending - tell the rules whose last day is at most a week
 * off, or past
 */
typedef void destinations_ending(void *arg, const struct rule *rule);
void destinations_each_ending(const struct rule_list *list, time_t now,
    destinations_ending *tell, void *arg);

#endif
