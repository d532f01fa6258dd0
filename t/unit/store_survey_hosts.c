/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_survey_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000, DAY_S = 86400 };

static struct store_survey *
surveyed(void)
{
	struct store_survey *survey =
	    store_survey_open(NULL, STORE_SURVEY_SCAN, NULL);

	assert_non_null(survey);
	return survey;
}

static void
add_domain(struct store_survey *survey, const char *domain, int64_t weight,
    const char *hosts)
{
	struct survey_row row = {.domain = domain, .time = NOW};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_HOSTS] = hosts;
	assert_int_equal(store_survey_add(survey, domain, weight, 0, NULL), 0);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

static void
put_host(struct store_survey_hosts *hosts, const char *name, const char *facts,
    unsigned probed, time_t now)
{
	struct survey_host host = {name, facts, probed};

	assert_int_equal(
	    store_survey_host_put(hosts, &host, now, now - DAY_S, NULL), 0);
}

static void
print_host(
    void *arg, const struct survey_host *host, const struct survey_count *count)
{
	text_addf(arg, "%s=%s/%lld/%lld ", host->name,
	    host->facts == NULL ? "-" : host->facts, (long long)count->domains,
	    (long long)count->messages);
}

static void
expect_hosts(struct store_survey *survey, const char *wanted)
{
	char seen[256];
	struct text text;

	text_init(&text, seen, sizeof(seen));
	assert_int_equal(
	    store_survey_each_host(survey, print_host, &text, NULL), 0);
	assert_string_equal(seen, wanted);
}

static void
each_host_is_told_once_with_who_has_it(void **state)
{
	AUTO(store_survey) struct store_survey *survey = surveyed();
	AUTO(store_survey_hosts)
	struct store_survey_hosts *hosts = store_survey_hosts_new(survey, NULL);

	(void)state;
	add_domain(survey, "a.ex", 5, "mx2.ex mx1.ex");
	add_domain(survey, "b.ex", 1, "mx2.ex mx1.ex");
	add_domain(survey, "c.ex", 2, "mx1.ex");
	add_domain(survey, "d.ex", 9, "");
	put_host(hosts, "mx1.ex", "one", 0, NOW);
	put_host(hosts, "mx9.ex", "of nobody", 0, NOW);
	expect_hosts(survey, "mx1.ex=one/3/8 mx2.ex=-/2/6 ");
	store_survey_least(survey, 2);
	expect_hosts(survey, "mx1.ex=one/2/7 mx2.ex=-/1/5 ");
}

static void
what_shows_less_is_left_out_for_a_day(void **state)
{
	AUTO(store_survey) struct store_survey *survey = surveyed();
	AUTO(store_survey_hosts)
	struct store_survey_hosts *hosts = store_survey_hosts_new(survey, NULL);

	(void)state;
	add_domain(survey, "a.ex", 1, "mx.ex");
	put_host(hosts, "mx.ex", "none", 0, NOW);
	put_host(hosts, "mx.ex", "two", 2, NOW);
	put_host(hosts, "mx.ex", "one", 1, NOW + 5);
	expect_hosts(survey, "mx.ex=two/1/1 ");
	put_host(hosts, "mx.ex", "two more", 2, NOW + 5);
	expect_hosts(survey, "mx.ex=two more/1/1 ");
	put_host(hosts, "mx.ex", "later", 0, NOW + 5 + DAY_S);
	expect_hosts(survey, "mx.ex=two more/1/1 ");
	put_host(hosts, "mx.ex", "later still", 0, NOW + 6 + DAY_S);
	expect_hosts(survey, "mx.ex=later still/1/1 ");
}

/* LIMIT_SURVEY_HOST */
static void
facts_have_a_limit(void **state)
{
	AUTO(store_survey) struct store_survey *survey = surveyed();
	AUTO(store_survey_hosts)
	struct store_survey_hosts *hosts = store_survey_hosts_new(survey, NULL);
	char *facts = xcalloc(1, LIMIT_SURVEY_HOST + 2);
	char seen[2 * LIMIT_SURVEY_HOST];
	struct text text;

	(void)state;
	add_domain(survey, "a.ex", 1, "long.ex");
	memset(facts, 'x', LIMIT_SURVEY_HOST + 1);
	put_host(hosts, "long.ex", facts, 0, NOW);
	expect_hosts(survey, "long.ex=-/1/1 ");
	facts[LIMIT_SURVEY_HOST] = '\0';
	put_host(hosts, "long.ex", facts, 0, NOW);
	text_init(&text, seen, sizeof(seen));
	assert_int_equal(
	    store_survey_each_host(survey, print_host, &text, NULL), 0);
	assert_int_equal(text.len, LIMIT_SURVEY_HOST + strlen("long.ex=/1/1 "));
	free(facts);
}

static void
a_survey_without_hosts_has_their_names(void **state)
{
	AUTO(store_survey) struct store_survey *survey = surveyed();

	(void)state;
	add_domain(survey, "a.ex", 1, "mx.ex");
	expect_hosts(survey, "mx.ex=-/1/1 ");
}

int
main(void)
{
	const struct CMUnitTest store_survey_hosts[] = {
	    cmocka_unit_test(each_host_is_told_once_with_who_has_it),
	    cmocka_unit_test(what_shows_less_is_left_out_for_a_day),
	    cmocka_unit_test(facts_have_a_limit),
	    cmocka_unit_test(a_survey_without_hosts_has_their_names),
	};

	return RUN_TESTS(store_survey_hosts);
}
