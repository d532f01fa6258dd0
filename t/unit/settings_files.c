/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

static void
rules_are_read_with_the_settings(void **state)
{
	char rules[32], text[128];

	(void)state;
	conf_text_write(rules, "d.example may until=2027-03-31\n"
			       "e.example dane-only on-fail=none\n");
	snprintf(text, sizeof(text),
	    "DefaultLevel Mandatory\nDestinations %s\n", rules);
	{
		AUTO(settings) struct settings *s = conf_text_load(text);

		assert_int_equal(s->destinations->count, 2);
		assert_int_equal(s->destinations->level, LEVEL_DANE_ONLY);
		assert_int_equal(s->default_level, LEVEL_DANE_ONLY);
	}
	unlink(rules);
}

static void
mistakes_in_rules_are_told_with_the_others(void **state)
{
	struct conf_faults faults = {0};
	char path[32], rules[32], text[128], wanted[128];

	(void)state;
	conf_text_write(rules, "# head\nd.example high\ne.example low\n");
	snprintf(text, sizeof(text), "On-Fail maybe\nDestinations %s\n", rules);
	assert_null(conf_text_try(path, text, &faults));
	unlink(rules);
	assert_int_equal(faults.count, 3);
	snprintf(wanted, sizeof(wanted), "%s:2: \"high\" is not", rules);
	assert_memory_equal(faults.texts[1], wanted, strlen(wanted));
	conf_faults_fini(&faults);
}

static void
a_named_file_that_is_missing_is_an_error(void **state)
{
	struct conf_faults faults = {0};

	(void)state;
	assert_null(settings_load("/nonexistent", NULL, 0, &faults));
	assert_int_equal(faults.count, 1);
	conf_faults_fini(&faults);
}

static void
a_list_may_stand_in_a_file(void **state)
{
	struct conf_faults faults = {0};
	AUTO(settings) struct settings *s = NULL;
	char list[32];
	char path[32];
	char text[128];

	(void)state;
	conf_text_write(list, "# ours\nb.example\n\n.c.example # below\n");
	snprintf(text, sizeof(text), "ExemptDomains a.example,file:%s\n", list);
	s = conf_text_try(path, text, &faults);
	unlink(list);
	assert_non_null(s);
	assert_int_equal(s->exempt_domains.count, 3);
	assert_true(settings_lists_domain(&s->exempt_domains, "a.example"));
	assert_true(settings_lists_domain(&s->exempt_domains, "b.example"));
	assert_true(settings_lists_domain(&s->exempt_domains, "x.c.example"));
}

static void
a_mistake_in_a_list_is_told_with_its_own_line(void **state)
{
	struct conf_faults faults = {0};
	char list[32];
	char path[32];
	char text[128];
	char wanted[128];

	(void)state;
	conf_text_write(list, "a.example\nb..example\nc.example yes\n");
	snprintf(text, sizeof(text), "ExemptDomains file:%s\n", list);
	assert_null(conf_text_try(path, text, &faults));
	unlink(list);
	assert_int_equal(faults.count, 2);
	snprintf(wanted, sizeof(wanted), "%s:2: ExemptDomains: ", list);
	assert_memory_equal(faults.texts[0], wanted, strlen(wanted));
	snprintf(wanted, sizeof(wanted), "%s:3: ExemptDomains: ", list);
	assert_memory_equal(faults.texts[1], wanted, strlen(wanted));
	conf_faults_fini(&faults);
}

/* Each "#Keyword value" of the sample as a setting; what stands in brackets is
 * a remark, and files need not be here. */
static void
add_sample_line(struct text *text, const char *line)
{
	const char *remark = strstr(line, "  (");
	size_t length = strcspn(line, "\n");

	if (line[0] != '#' || line[1] < 'A' || line[1] > 'Z' ||
	    strstr(line, "File ") != NULL || strstr(line, "file:") != NULL ||
	    strstr(line, " /etc/postern/") != NULL)
		return;
	if (remark != NULL)
		length = (size_t)(remark - line);
	text_addf(text, "%.*s\n", (int)length - 1, line + 1);
}

static void
every_line_of_the_sample_can_be_used(void **state)
{
	char line[512];
	char sample[8192];
	struct text text;
	FILE *in = conf_text_sample();

	(void)state;
	text_init(&text, sample, sizeof(sample));
	while (fgets(line, sizeof(line), in) != NULL)
		add_sample_line(&text, line);
	fclose(in);
	assert_false(text.cut);
	assert_non_null(strstr(sample, "\nSyslogSuccess "));
	settings_free(conf_text_load(sample));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_are_read_with_the_settings),
	    cmocka_unit_test(mistakes_in_rules_are_told_with_the_others),
	    cmocka_unit_test(a_named_file_that_is_missing_is_an_error),
	    cmocka_unit_test(a_list_may_stand_in_a_file),
	    cmocka_unit_test(a_mistake_in_a_list_is_told_with_its_own_line),
	    cmocka_unit_test(every_line_of_the_sample_can_be_used),
	};

	return RUN_TESTS(tests);
}
