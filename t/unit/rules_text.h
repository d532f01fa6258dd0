/* rules_text - rules for destinations from a text, by way of a file. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_RULES_TEXT_H
#define T_UNIT_RULES_TEXT_H

#include "milter/conf/destinations.h"

/* rules_text_try - under what holds without a rule; rules_text_load - the same
 * for rules that have no fault, where auto and tag hold */
struct rule_list *rules_text_try(const char *text,
    const struct destinations_default *by, struct conf_faults *faults);
struct rule_list *rules_text_load(const char *text);

extern const struct destinations_default rules_text_normal;

#endif
