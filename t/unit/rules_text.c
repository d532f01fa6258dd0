/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/rules_text.h"

#include <unistd.h>

#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

const struct destinations_default rules_text_normal = {
    .level = LEVEL_AUTO, .on_fail = ACTION_TAG, .on_temperror = ACTION_TAG};

struct rule_list *
rules_text_try(const char *text, const struct destinations_default *by,
    struct conf_faults *faults)
{
	struct rule_list *list;
	char path[32];

	conf_text_write(path, text);
	list = destinations_load(path, false, by, faults);
	unlink(path);
	return list;
}

struct rule_list *
rules_text_load(const char *text)
{
	struct conf_faults faults = {0};
	struct rule_list *list =
	    rules_text_try(text, &rules_text_normal, &faults);

	if (faults.count > 0)
		fail_msg("%s", faults.texts[0]);
	return list;
}
