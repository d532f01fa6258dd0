/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_survey_probes.h"

#include <sqlite3.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000 };

struct both {
	struct store_survey *survey;
	struct store_survey_probes *probes;
};

static int
open_both(void **state)
{
	struct both *both = xcalloc(1, sizeof(*both));

	both->survey = store_survey_open(NULL, STORE_SURVEY_SCAN, NULL);
	both->probes = store_survey_probes_new(both->survey, NULL);
	*state = both;
	return both->probes == NULL;
}

static int
close_both(void **state)
{
	struct both *both = *state;

	store_survey_probes_free(both->probes);
	store_survey_free(both->survey);
	free(both);
	return 0;
}

static const struct survey_probe_key key = {"192.0.2.1", 25, "mx.example"};

static struct probe_facts *
chain_of(size_t count, const size_t sizes[])
{
	struct probe_facts *facts = probe_facts_new(PROBE_TLS);
	struct der certs[LIMIT_CHAIN_CERTS];
	uint8_t *octets = xmalloc(LIMIT_CHAIN_OCTETS);

	for (size_t i = 0; i < LIMIT_CHAIN_OCTETS; i++)
		octets[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < count; i++)
		certs[i] = (struct der){octets + i, sizes[i]};
	probe_facts_set_certs(facts, certs, count);
	free(octets);
	return facts;
}

static void
what_a_host_showed_comes_back_whole(void **state)
{
	static const size_t sizes[] = {1, 900, 100 * 1024};
	struct both *both = *state;
	AUTO(probe_facts) struct probe_facts *facts = chain_of(3, sizes);
	AUTO(probe_facts) struct probe_facts *got = NULL;
	struct survey_probe_key others[] = {{"192.0.2.2", 25, "mx.example"},
	    {"192.0.2.1", 26, "mx.example"}, {"192.0.2.1", 25, "mx.test"}};

	facts->connected = facts->starttls = facts->tls_ehlo = true;
	facts->requiretls = true;
	facts->ms = 77;
	text_copy(facts->tls, sizeof(facts->tls), "TLS1.3");
	text_copy(facts->detail, sizeof(facts->detail), "so");
	assert_int_equal(
	    store_survey_probe_put(both->probes, &key, facts, NOW, NULL), 0);
	got = store_survey_probe_get(both->probes, &key, NOW);
	assert_non_null(got);
	assert_int_equal(got->outcome, PROBE_TLS);
	assert_true(got->connected && got->starttls && got->tls_ehlo);
	assert_true(got->requiretls && !got->tls_answered && !got->inferred);
	assert_int_equal(got->ms, 77);
	assert_string_equal(got->tls, "TLS1.3");
	assert_string_equal(got->detail, "so");
	assert_int_equal(got->cert_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(got->certs[i].size, sizes[i]);
		assert_memory_equal(
		    got->certs[i].data, facts->certs[i].data, sizes[i]);
	}
	assert_null(store_survey_probe_get(both->probes, &key, NOW + 1));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_null(
		    store_survey_probe_get(both->probes, &others[i], NOW));
}

/* A host that is down may be up when the scan goes on. */
static void
how_a_host_fares_is_not_kept(void **state)
{
	struct both *both = *state;

	for (int i = PROBE_NOT_DONE; i <= PROBE_OWN; i++) {
		enum probe_outcome outcome = (enum probe_outcome)i;
		AUTO(probe_facts)
		struct probe_facts *facts = probe_facts_new(outcome);
		AUTO(probe_facts) struct probe_facts *got = NULL;
		struct survey_probe_key own = {
		    "192.0.2.9", 25, probe_outcome_text(outcome)};
		bool kept = outcome == PROBE_NO_STARTTLS ||
			    outcome == PROBE_STARTTLS_REFUSED ||
			    outcome == PROBE_TLS_FAILED;

		assert_int_equal(store_survey_probe_put(
				     both->probes, &own, facts, NOW, NULL),
		    0);
		/* with TLS there are certificates, or it is no such row */
		got = store_survey_probe_get(both->probes, &own, NOW);
		ROW(own.name, (got != NULL) == kept);
		ROW(own.name, got == NULL || got->outcome == outcome);
	}
}

static int64_t
chains(struct both *both)
{
	sqlite3_stmt *stmt;
	int64_t count;

	sqlite3_prepare_v2(store_survey_handle(both->survey),
	    "SELECT count(*) FROM chain", -1, &stmt, NULL);
	sqlite3_step(stmt);
	count = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return count;
}

static void
names_share_a_chain(void **state)
{
	static const size_t sizes[] = {500};
	struct both *both = *state;
	AUTO(probe_facts) struct probe_facts *facts = chain_of(1, sizes);
	int64_t before = chains(both);

	for (int i = 0; i < 3; i++) {
		char name[] = "a.example";
		struct survey_probe_key own = {"192.0.2.3", 25, name};

		name[0] = (char)('a' + i);
		store_survey_probe_put(both->probes, &own, facts, NOW, NULL);
	}
	assert_int_equal(chains(both), before + 1);
}

static void
a_row_that_is_not_whole_is_none(void **state)
{
	static const char *const changes[] = {"UPDATE chain SET sizes = '9'",
	    "UPDATE chain SET sizes = '10 x'", "UPDATE chain SET sizes = ''",
	    "UPDATE chain SET sizes = '0 10'", "UPDATE chain SET sizes = '11'",
	    "DELETE FROM chain", "UPDATE probe SET outcome = 'no such'",
	    "UPDATE probe SET outcome = 'own'"};
	static const size_t sizes[] = {4, 6};
	struct both *both = *state;

	for (size_t i = 0; i < COUNT(changes); i++) {
		AUTO(probe_facts)
		struct probe_facts *facts = chain_of(2, sizes);
		AUTO(probe_facts) struct probe_facts *got = NULL;
		sqlite3 *handle = store_survey_handle(both->survey);

		sqlite3_exec(handle, "DELETE FROM chain", NULL, NULL, NULL);
		store_survey_probe_put(both->probes, &key, facts, NOW, NULL);
		got = store_survey_probe_get(both->probes, &key, NOW);
		ROW(changes[i], got != NULL && got->cert_count == 2);
		sqlite3_exec(handle, changes[i], NULL, NULL, NULL);
		ROW(changes[i],
		    store_survey_probe_get(both->probes, &key, NOW) == NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest store_survey_probes[] = {
	    cmocka_unit_test(what_a_host_showed_comes_back_whole),
	    cmocka_unit_test(how_a_host_fares_is_not_kept),
	    cmocka_unit_test(names_share_a_chain),
	    cmocka_unit_test(a_row_that_is_not_whole_is_none),
	};

	return RUN_TESTS_WITH(store_survey_probes, open_both, close_both);
}
