/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/facts.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static void
a_lookup_is_denied_or_failed_or_neither(void **state)
{
	static const struct {
		const char *word;
		enum lookup_state state;
		bool denied, failed;
	} rows[] = {
	    {"not-asked", LOOKUP_NOT_ASKED, false, false},
	    {"data", LOOKUP_DATA, false, false},
	    {"nodata", LOOKUP_NODATA, true, false},
	    {"nxdomain", LOOKUP_NXDOMAIN, true, false},
	    {"bogus", LOOKUP_BOGUS, false, true},
	    {"servfail", LOOKUP_SERVFAIL, false, true},
	    {"timeout", LOOKUP_TIMEOUT, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lookup lookup = {.state = rows[i].state};

		ROW(rows[i].word, lookup_denied(&lookup) == rows[i].denied);
		ROW(rows[i].word, lookup_failed(&lookup) == rows[i].failed);
		ROW_TEXT(rows[i].word, lookup_state_text(rows[i].state),
		    rows[i].word);
	}
}

static void
each_outcome_of_a_probe_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (enum probe_outcome a = PROBE_NOT_DONE; a <= PROBE_OWN; a++)
		for (enum probe_outcome b = PROBE_NOT_DONE; b < a; b++)
			assert_string_not_equal(
			    probe_outcome_text(a), probe_outcome_text(b));
}

static void
what_tls_showed_lasts_and_nothing_else(void **state)
{
	(void)state;
	for (enum probe_outcome o = PROBE_NOT_DONE; o <= PROBE_OWN; o++)
		assert_int_equal(probe_outcome_lasts(o),
		    o == PROBE_TLS || o == PROBE_TLS_REFUSED ||
			o == PROBE_TLS_UNSUPPORTED || o == PROBE_TLS_FAILED ||
			o == PROBE_NO_STARTTLS || o == PROBE_STARTTLS_REFUSED);
}

static void
the_least_ttl_counts_and_a_failure_has_none(void **state)
{
	static const struct lookup rows[] = {{LOOKUP_DATA, true, 300},
	    {LOOKUP_NXDOMAIN, false, 200}, {LOOKUP_NOT_ASKED, false, 1}};
	static const struct lookup failed = {LOOKUP_SERVFAIL, false, 5};
	AUTO(facts) struct facts *facts = facts_new();

	(void)state;
	assert_int_equal(facts->least_ttl_s, UINT32_MAX);
	for (size_t i = 0; i < COUNT(rows); i++)
		facts_note(facts, &rows[i]);
	assert_int_equal(facts->least_ttl_s, 200);
	assert_false(facts->any_failed);
	facts_note(facts, &failed);
	assert_int_equal(facts->least_ttl_s, 200);
	assert_true(facts->any_failed);
}

static void
mx_records_are_forgeable_vouched_for_or_absent(void **state)
{
	static const struct {
		const char *id;
		struct lookup mx;
		bool insecure, vouched;
	} rows[] = {
	    {"signed", {LOOKUP_DATA, true, 1}, false, true},
	    {"forgeable", {LOOKUP_DATA, false, 1}, true, false},
	    {"signed absence", {LOOKUP_NODATA, true, 1}, false, true},
	    {"absence", {LOOKUP_NODATA, false, 1}, false, false},
	    {"of the admin", {LOOKUP_NOT_ASKED, false, 0}, false, true},
	    {"bogus", {LOOKUP_BOGUS, false, 0}, false, false},
	};
	AUTO(facts) struct facts *facts = facts_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		facts->mx = rows[i].mx;
		ROW(rows[i].id,
		    facts_mx_is_insecure(facts) == rows[i].insecure);
		ROW(rows[i].id, facts_mx_is_vouched(facts) == rows[i].vouched);
	}
}

static void
certificates_are_copied_in_order(void **state)
{
	uint8_t octets[] = "leafroot";
	struct der certs[] = {{octets, 4}, {octets + 4, 4}};
	AUTO(probe_facts) struct probe_facts *probe = NULL;

	(void)state;
	probe = probe_facts_new(PROBE_TLS);
	probe_facts_set_certs(probe, certs, COUNT(certs));
	memset(octets, 'x', sizeof(octets));
	assert_int_equal(probe->cert_count, 2);
	assert_memory_equal(probe->certs[0].data, "leaf", 4);
	assert_memory_equal(probe->certs[1].data, "root", 4);
}

static void
texts_are_copied_in_order_until_they_are_dropped(void **state)
{
	char octets[] = "v=STSv1; id=1;v=spf1";
	const struct sts_txt texts[] = {{octets, 14}, {octets + 14, 6}};
	struct sts_facts sts = {.text_count = 0};

	(void)state;
	sts_facts_set_texts(&sts, texts, COUNT(texts));
	memset(octets, 'x', sizeof(octets));
	assert_int_equal(sts.text_count, 2);
	assert_int_equal(sts.texts[0].length, 14);
	assert_memory_equal(sts.texts[0].data, "v=STSv1; id=1;", 14);
	assert_int_equal(sts.texts[1].length, 6);
	assert_memory_equal(sts.texts[1].data, "v=spf1", 6);
	assert_string_equal(sts.record.id, "1");
	sts_facts_drop_texts(&sts);
	assert_null(sts.texts);
	assert_null(sts.octets);
	assert_int_equal(sts.text_count, 0);
	assert_string_equal(sts.record.id, "1");
}

static void
a_policy_is_there_where_one_was_fetched(void **state)
{
	static const char body[] =
	    "version: STSv1\nmode: none\nmax_age: 86400\n";
	struct sts_facts sts = {.policy = NULL};

	(void)state;
	assert_null(sts_facts_policy(&sts));
	sts.policy = policy_facts_new(POLICY_FETCH_ERROR);
	assert_null(sts_facts_policy(&sts));
	policy_facts_free(sts.policy);
	sts.policy = policy_facts_new(POLICY_FETCHED);
	sts.policy->policy = sts_policy_parse(body, sizeof(body) - 1, NULL);
	assert_ptr_equal(sts_facts_policy(&sts), sts.policy->policy);
	policy_facts_free(sts.policy);
}

/* Two hosts of two addresses, none of which was probed. */
static struct facts *
make_unprobed(void)
{
	struct facts *facts = facts_new();

	facts->hosts = xcalloc(2, sizeof(*facts->hosts));
	for (facts->host_count = 0; facts->host_count < 2;) {
		struct host_facts *host = &facts->hosts[facts->host_count++];

		host->address_count = 2;
		host->addresses = xcalloc(2, sizeof(*host->addresses));
	}
	return facts;
}

static void
each_address_of_each_host_may_have_been_reached(void **state)
{
	AUTO(facts) struct facts *facts = make_unprobed();

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct address_facts *address =
		    &facts->hosts[i / 2].addresses[i % 2];

		address->probe = probe_facts_new(PROBE_REFUSED);
		assert_false(facts_connected(facts));
		address->probe->connected = true;
		assert_true(facts_connected(facts));
		facts_forget_probes(facts);
		assert_null(address->probe);
	}
}

static void
a_probe_lives_as_long_as_anybody_has_it(void **state)
{
	struct probe_facts *probe = probe_facts_new(PROBE_REFUSED);
	AUTO(facts) struct facts *facts = facts_new();

	(void)state;
	probe->connected = facts->probed = true;
	probe->shown_to = xstrdup("mx.d.example");
	assert_false(facts_connected(facts));
	facts->host_count = 1;
	facts->hosts = xcalloc(1, sizeof(*facts->hosts));
	facts->hosts[0].address_count = 2;
	facts->hosts[0].addresses =
	    xcalloc(2, sizeof(*facts->hosts[0].addresses));
	assert_false(facts_connected(facts));
	facts->hosts[0].addresses[1].probe = probe_facts_ref(probe);
	facts->hosts[0].addresses[1].remembered = true;
	assert_true(facts_connected(facts));
	facts_forget_probes(facts);
	assert_false(facts_connected(facts));
	assert_false(facts->probed);
	assert_false(facts->hosts[0].addresses[1].remembered);
	assert_int_equal(probe->outcome, PROBE_REFUSED);
	assert_string_equal(probe->shown_to, "mx.d.example");
	assert_int_equal(probe->refs, 1);
	probe_facts_free(probe);
}

int
main(void)
{
	const struct CMUnitTest facts[] = {
	    cmocka_unit_test(a_lookup_is_denied_or_failed_or_neither),
	    cmocka_unit_test(each_outcome_of_a_probe_has_a_word_of_its_own),
	    cmocka_unit_test(what_tls_showed_lasts_and_nothing_else),
	    cmocka_unit_test(the_least_ttl_counts_and_a_failure_has_none),
	    cmocka_unit_test(mx_records_are_forgeable_vouched_for_or_absent),
	    cmocka_unit_test(certificates_are_copied_in_order),
	    cmocka_unit_test(texts_are_copied_in_order_until_they_are_dropped),
	    cmocka_unit_test(a_policy_is_there_where_one_was_fetched),
	    cmocka_unit_test(each_address_of_each_host_may_have_been_reached),
	    cmocka_unit_test(a_probe_lives_as_long_as_anybody_has_it),
	};

	return RUN_TESTS(facts);
}
