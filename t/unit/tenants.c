/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/tenants.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/gather/survey_probes.h"
#include "t/unit/tap.h"

#define AT "192.0.2.1"

/* Octets stand for certificates: nothing looks into them. */
static struct probe_facts *
shown(enum probe_outcome outcome, const char *octets)
{
	struct probe_facts *facts = probe_facts_new(outcome);
	struct der cert = {(const uint8_t *)octets, strlen(octets)};

	if (cert.size > 0)
		probe_facts_set_certs(facts, &cert, 1);
	return facts;
}

static bool
note(struct tenants *tenants, const char *address, unsigned number,
    enum probe_outcome outcome, const char *octets)
{
	AUTO(probe_facts) struct probe_facts *facts = shown(outcome, octets);
	char name[32];

	snprintf(name, sizeof(name), "t%u.example", number);
	return tenants_note(tenants, address, name, facts);
}

static void
note_names(struct tenants *tenants, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_false(note(tenants, AT, i, PROBE_TLS, "one"));
}

/* V71: of 300 names 5 and 5 are asked for. */
static void
five_names_tell_of_the_rest_but_for_one_of_fifty(void **state)
{
	struct tenants *tenants = tenants_new();
	unsigned asked = 0, inferred = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		AUTO(probe_facts)
		struct probe_facts *facts = tenants_infer(tenants, AT);

		if (facts != NULL) {
			assert_true(facts->inferred);
			assert_int_equal(facts->cert_count, 1);
			assert_string_equal(facts->shown_to, "t4.example");
			inferred++;
			continue;
		}
		asked++;
		assert_false(note(tenants, AT, i, PROBE_TLS, "one"));
	}
	assert_int_equal(asked, 10);
	assert_int_equal(inferred, 290);
	assert_null(tenants_infer(tenants, "192.0.2.2"));
	tenants_free(tenants);
}

/* G7: 100,000 names on three addresses want 2,500 connections at most. */
static void
very_many_names_want_few_connections(void **state)
{
	static const char *const addresses[] = {
	    "192.0.2.1", "192.0.2.2", "192.0.2.3"};
	struct tenants *tenants = tenants_new();
	unsigned asked = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		const char *address = addresses[i % COUNT(addresses)];
		AUTO(probe_facts)
		struct probe_facts *facts = tenants_infer(tenants, address);

		if (facts != NULL)
			continue;
		asked++;
		assert_false(note(tenants, address, i, PROBE_TLS, "one"));
	}
	assert_in_range(asked, 3 * TENANTS_NAMES, 2500);
	tenants_free(tenants);
}

/* V72 */
static void
one_difference_ends_it_for_good(void **state)
{
	struct tenants *tenants = tenants_new();
	struct probe_facts *facts;

	(void)state;
	note_names(tenants, TENANTS_NAMES);
	facts = tenants_infer(tenants, AT);
	assert_non_null(facts);
	probe_facts_free(facts);
	assert_false(tenants_differ(tenants, AT));
	assert_true(note(tenants, AT, 77, PROBE_TLS, "two"));
	assert_true(tenants_differ(tenants, AT));
	assert_false(tenants_differ(tenants, "192.0.2.2"));
	assert_null(tenants_infer(tenants, AT));
	assert_false(note(tenants, AT, 78, PROBE_TLS, "three"));
	note_names(tenants, 2 * TENANTS_NAMES);
	assert_null(tenants_infer(tenants, AT));
	tenants_free(tenants);
}

static void
nothing_is_inferred_where(void **state)
{
	static const struct {
		const char *what;
		unsigned names; /* each once; 1: the same again and again */
		enum probe_outcome last;
		const char *octets;
	} cases[] = {
	    {"they are four", 4, PROBE_TIMEOUT, ""},
	    {"the same name came five times", 1, PROBE_TIMEOUT, ""},
	    {"the fifth is shown another", 4, PROBE_TLS, "two"},
	    {"the fifth has no TLS", 4, PROBE_NO_STARTTLS, ""},
	    {"the fifth is sent away by an alert", 4, PROBE_TLS_FAILED, "one"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tenants *tenants = tenants_new();

		for (unsigned k = 0; k < 4; k++)
			note(tenants, AT, k % cases[i].names, PROBE_TLS, "one");
		note(tenants, AT, 9, cases[i].last, cases[i].octets);
		ROW(cases[i].what, tenants_infer(tenants, AT) == NULL);
		tenants_free(tenants);
	}
}

/* How a host fares today tells nothing of its names. */
static void
a_failure_is_no_difference(void **state)
{
	struct tenants *tenants = tenants_new();
	struct probe_facts *facts;

	(void)state;
	note_names(tenants, TENANTS_NAMES);
	assert_false(note(tenants, AT, 8, PROBE_TIMEOUT, ""));
	assert_false(note(tenants, AT, 9, PROBE_REFUSED, ""));
	facts = tenants_infer(tenants, AT);
	assert_non_null(facts);
	probe_facts_free(facts);
	tenants_free(tenants);
}

static void
crowd_out(struct tenants *tenants)
{
	char address[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < LIMIT_PACED_ADDRESSES; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		note(tenants, address, 0, PROBE_NO_STARTTLS, "");
	}
}

/* LIMIT_PACED_ADDRESSES */
static void
the_oldest_of_very_many_begins_anew(void **state)
{
	struct tenants *tenants = tenants_new();

	(void)state;
	note_names(tenants, TENANTS_NAMES);
	crowd_out(tenants);
	assert_null(tenants_infer(tenants, AT));
	tenants_free(tenants);
}

/* Else names would be told it, and asked about again, without an end. */
static void
what_was_inferred_wrongly_once_is_never_inferred_again(void **state)
{
	struct tenants *tenants = tenants_new();

	(void)state;
	note_names(tenants, TENANTS_NAMES);
	probe_facts_free(tenants_infer(tenants, AT));
	assert_true(note(tenants, AT, 77, PROBE_TLS, "two"));
	crowd_out(tenants);
	assert_true(tenants_differ(tenants, AT));
	note_names(tenants, TENANTS_NAMES);
	assert_null(tenants_infer(tenants, AT));
	/* of one that nobody was told of nothing need be remembered */
	note(tenants, "192.0.2.2", 1, PROBE_TLS, "one");
	note(tenants, "192.0.2.2", 2, PROBE_TLS, "two");
	assert_true(tenants_differ(tenants, "192.0.2.2"));
	crowd_out(tenants);
	assert_false(tenants_differ(tenants, "192.0.2.2"));
	tenants_free(tenants);
}

/* --- of a survey --- */

/* What an earlier run kept: one name was shown something else. */
static struct probe_facts *
recall_kept(void *arg, const char *address, uint16_t port, const char *name)
{
	(void)arg;
	(void)address;
	(void)port;
	return shown(
	    PROBE_TLS, strcmp(name, "other.example") == 0 ? "two" : "one");
}

static void
count_differing(void *arg, const char *address)
{
	unsigned *count = arg;

	assert_string_equal(address, AT);
	(*count)++;
}

static void
before(struct survey_probes *known, const char *name)
{
	struct survey_target target = {.address = AT, .port = 25, .name = name};

	probe_facts_free(survey_probes_before(known, &target));
}

static void
what_was_kept_disproves_what_was_inferred(void **state)
{
	unsigned differing = 0;
	const struct manners manners = {.survey = true,
	    .recall = recall_kept,
	    .differ = count_differing,
	    .arg = &differing};
	const struct pacing_options options = {.per_address = 1};
	struct pacing *pacing = pacing_new(&options, NULL, NULL, NULL);
	struct survey_probes *known = survey_probes_new(&manners);
	struct probe_facts *facts;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < TENANTS_NAMES; i++) {
		snprintf(name, sizeof(name), "t%u.example", i);
		before(known, name);
	}
	facts = survey_probes_at_turn(known, pacing, AT);
	assert_true(facts != NULL && facts->inferred);
	assert_false(survey_probes_disproved(known, AT, facts));
	assert_int_equal(differing, 0);
	before(known, "other.example");
	assert_true(survey_probes_disproved(known, AT, facts));
	assert_int_equal(differing, 1);
	assert_null(survey_probes_at_turn(known, pacing, AT));
	probe_facts_free(facts);
	survey_probes_free(known);
	pacing_free(pacing);
}

int
main(void)
{
	const struct CMUnitTest tenants[] = {
	    cmocka_unit_test(five_names_tell_of_the_rest_but_for_one_of_fifty),
	    cmocka_unit_test(very_many_names_want_few_connections),
	    cmocka_unit_test(one_difference_ends_it_for_good),
	    cmocka_unit_test(nothing_is_inferred_where),
	    cmocka_unit_test(a_failure_is_no_difference),
	    cmocka_unit_test(the_oldest_of_very_many_begins_anew),
	    cmocka_unit_test(
		what_was_inferred_wrongly_once_is_never_inferred_again),
	    cmocka_unit_test(what_was_kept_disproves_what_was_inferred),
	};

	return RUN_TESTS(tenants);
}
