/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_facts.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/view/json_put.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

static const struct judge_terms plain_terms = {.level = LEVEL_AUTO,
    .verdict_ttl_s = 3600,
    .fail_ttl_s = 300,
    .temperror_ttl_s = 30};

static char *
write_facts(const struct facts *facts, const struct judge_terms *terms)
{
	struct facts_told told = {.terms = terms,
	    .judged_s = CERTS_NOW,
	    .ms = 812,
	    .asked = "U@D.Example"};

	return json_line(json_facts(facts, &told));
}

static struct facts_file *
read_line(const char *line)
{
	struct err err = {.text = ""};
	size_t used;
	struct facts_file *file =
	    facts_file_read(line, strlen(line), &used, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(used, strlen(line));
	return file;
}

static void
assert_same_text(const char *a, const char *b)
{
	assert_string_equal(a == NULL ? "" : a, b == NULL ? "" : b);
}

static void
assert_same_verdict(const struct verdict *a, const struct verdict *b)
{
	assert_int_equal(a->result, b->result);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->dane, b->dane);
	assert_int_equal(a->sts, b->sts);
	assert_int_equal(a->sts_reason, b->sts_reason);
	assert_int_equal(a->ttl_s, b->ttl_s);
	assert_string_equal(a->rt, b->rt);
	assert_string_equal(a->mode, b->mode);
	assert_same_text(a->mx, b->mx);
	assert_same_text(a->detail, b->detail);
	assert_same_text(a->walk, b->walk);
}

/* Facts of a row, written, read, judged, and written once more. */
static void
go_round(const struct row *row)
{
	AUTO(facts) struct facts *facts = fact_row_make(row);
	struct judge_terms terms = plain_terms;
	AUTO(verdict) struct verdict *first = NULL;
	AUTO(verdict) struct verdict *second = NULL;
	AUTO(facts_file) struct facts_file *file = NULL;
	char *line, *again;

	terms.store = fact_pki.store;
	first = judge(facts, &terms, CERTS_NOW);
	line = write_facts(facts, &terms);
	file = read_line(line);
	second = judge(file->facts, &file->terms, file->judged_s);
	assert_same_verdict(first, second);
	again = write_facts(file->facts, &file->terms);
	assert_string_equal(line, again);
	free(again);
	free(line);
}

static void
what_is_read_is_judged_as_what_was_written(void **state)
{
	static const enum dns mxs[] = {SEC, INS, NIL, BOG, ERR, TMO, NXD, NOT};
	struct row row = {
	    .hosts = {{10, SEC, T_OK, P_GOOD}, {20, INS, T_NIL, P_GOOD}}};

	(void)state;
	for (int tlsa = T_NIL; tlsa <= T_TMO; tlsa++)
		for (int probe = P_GOOD; probe <= P_NOT; probe++)
			for (int sts = S_NIL; sts <= S_WEBPKI; sts++) {
				row.hosts[0].tlsa = (enum tlsa_kind)tlsa;
				row.hosts[0].probe = (enum probe_kind)probe;
				row.sts = (enum sts_kind)sts;
				go_round(&row);
			}
	for (size_t i = 0; i < COUNT(mxs); i++)
		for (size_t j = 0; j < COUNT(mxs); j++) {
			row.mx = mxs[i];
			row.hosts[1].addresses = mxs[j];
			go_round(&row);
		}
}

/* Without a root nobody is trusted. */
static void
facts_without_roots_can_be_judged(void **state)
{
	static const struct row row = {
	    .hosts = {{10, SEC, T_NIL, P_SELF}}, .sts = S_ENFORCE};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	char *line = write_facts(facts, &plain_terms);
	AUTO(facts_file) struct facts_file *file = read_line(line);
	AUTO(verdict)
	struct verdict *verdict =
	    judge(file->facts, &file->terms, file->judged_s);

	(void)state;
	assert_int_equal(verdict->reason, REASON_CERTIFICATE_NOT_TRUSTED);
	free(line);
}

static struct facts *
some_facts(void)
{
	static const struct row row = {
	    .hosts = {{10, SEC, T_OK, P_GOOD}, {20, SEC, T_TA, P_GOOD}},
	    .sts = S_ENFORCE};

	return fact_row_make(&row);
}

static char *
some_line(void)
{
	AUTO(facts) struct facts *facts = some_facts();

	return write_facts(facts, &plain_terms);
}

/* What no row has. */
static void
all_that_was_seen_is_kept(void **state)
{
	static const char strange[] = "v=spf1;\0\xff";
	const struct sts_txt texts[] = {{"v=STSv1; id=20260101;", 21},
	    {strange, sizeof(strange) - 1}, {"", 0}, {"caf\xc3\xa9", 5}};
	AUTO(facts) struct facts *facts = some_facts();
	AUTO(facts_file) struct facts_file *file = NULL;
	struct host_facts *host = &facts->hosts[0];
	struct probe_facts *probe = host->addresses[0].probe;
	const struct sts_facts *sts;
	char *line;

	(void)state;
	tlsa_set_add(&host->records, (const uint8_t *)"\3\1", 2);
	tlsa_set_finish(&host->records);
	sts_facts_set_texts(&facts->sts, texts, COUNT(texts));
	text_copy(probe->sight.banner, sizeof(probe->sight.banner), "mx1 =x");
	probe->sight.is_begun[PHASE_STARTTLS] = true;
	probe->sight.phase_ms[PHASE_STARTTLS] = 7;
	host->addresses[0].remembered = true;
	facts->more_hosts = true;
	line = write_facts(facts, &plain_terms);
	file = read_line(line);
	free(line);
	sts = &file->facts->sts;
	assert_int_equal(sts->record.outcome, STS_RECORD_VALID);
	assert_string_equal(sts->record.id, "20260101");
	assert_int_equal(sts->text_count, COUNT(texts));
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(sts->texts[i].length, texts[i].length);
		assert_memory_equal(
		    sts->texts[i].data, texts[i].data, texts[i].length);
	}
	assert_int_equal(file->facts->hosts[0].records.count, 2);
	assert_true(tlsa_equal(&file->facts->hosts[0].records.records[1],
	    &host->records.records[1]));
	probe = file->facts->hosts[0].addresses[0].probe;
	assert_string_equal(probe->sight.banner, "mx1 =x");
	assert_true(probe->sight.is_begun[PHASE_STARTTLS]);
	assert_false(probe->sight.is_begun[PHASE_EHLO]);
	assert_int_equal(probe->sight.phase_ms[PHASE_STARTTLS], 7);
	assert_true(file->facts->hosts[0].addresses[0].remembered);
	assert_true(file->facts->more_hosts);
	assert_int_equal(file->ms, 812);
	assert_string_equal(file->asked, "U@D.Example");
	assert_int_equal(file->judged_s, CERTS_NOW);
}

static void
rules_that_apply_come_along(void **state)
{
	static const struct rule_row rules[2] = {
	    {RULE_DOMAIN, "d.example", LEVEL_AUTO, false, false, {NULL}},
	    {RULE_DOMAIN, "other.example", LEVEL_MAY, false, false, {NULL}}};
	struct rule_list *list = fact_row_rules(LEVEL_ENCRYPT, rules);
	struct rule *rule = list->rules[0];
	AUTO(facts) struct facts *facts = some_facts();
	AUTO(facts_file) struct facts_file *file = NULL;
	struct judge_terms terms = plain_terms;
	char *line;

	(void)state;
	if (strcmp(rule->name, "d.example") != 0)
		rule = list->rules[1];
	rule->no_dane = true;
	rule->on_fail = 3;
	terms_set(&terms, list, "d.example", CERTS_NOW);
	line = write_facts(facts, &terms);
	file = read_line(line);
	free(line);
	assert_int_equal(file->rules->count, 1);
	assert_int_equal(file->rules->level, LEVEL_ENCRYPT);
	assert_non_null(file->terms.rule);
	assert_string_equal(file->terms.rule->key, "d.example");
	assert_true(file->terms.rule->no_dane);
	assert_int_equal(file->terms.rule->on_fail, 3);
	rule_list_free(list);
}

/* The line with the first of an old text replaced, for free(). */
static char *
replaced(const char *line, const char *old, const char *new)
{
	const char *at = strstr(line, old);
	size_t size = strlen(line) + strlen(new) + 1;
	char *out = xmalloc(size);
	struct text text;

	if (at == NULL)
		fail_msg("no %s in %s", old, line);
	text_init(&text, out, size);
	text_addf(
	    &text, "%.*s%s%s", (int)(at - line), line, new, at + strlen(old));
	return out;
}

/* What to change of facts, and what is then said of them. */
static const struct {
	const char *old, *new, *why;
} refused[] = {
    {"\"schema\":1", "\"schema\":2", "schema: is another than 1"},
    {"\"kind\":\"facts\"", "\"kind\":\"verdict\"", "kind: is not \"facts\""},
    {"\"kind\":\"facts\",", "", "kind: is not \"facts\""},
    {"\"kind\"", "\"schema\":1,\"kind\"",
	"line 1: duplicate object key near '\"schema\"'"},
    {"\"asked\":\"U@D", "\"asked\":\"\\u001b", "asked: is no printable text"},
    {"\"at\":\"2027", "\"at\":\"2027x", "at: is no time of RFC 3339"},
    {"\"domain\":\"d.example\"", "\"domain\":\"D.example\"",
	"domain: is no normalised name"},
    {"\"trouble\":\"none\"", "\"trouble\":\"any\"",
	"trouble: is no word that stands there"},
    {"\"port\":0", "\"port\":65536",
	"next_hop.port: is too great, or negative"},
    {"\"port\":0", "\"port\":-1", "next_hop.port: is too great, or negative"},
    {"\"port\":0", "\"port\":1.5", "next_hop.port: is of the wrong type"},
    {"\"probed\":true", "\"probed\":1", "probed: is neither true nor false"},
    {"\"mx\":{", "\"mx\":{\"x\":[[[[[[[[]]]]]]]],", "too deep"},
    {"\"mx\":{\"state\":\"data\"", "\"mx\":{\"state\":\"\"",
	"mx.state: is no word that stands there"},
    {"\"hosts\":[", "\"hosts\":[{},", "hosts[0].name: is missing"},
    {"\"preference\":10", "\"preference\":30", "hosts: is not in order"},
    {"\"records\":[\"3 1 1 ", "\"records\":[\"3 1 ",
	"hosts[0].records: has what is no TLSA record"},
    {"\"base_domain\":\"mx1", "\"base_domain\":\"mx3",
	"hosts[0].base_domain: is not that of the lookup"},
    {"\"base_domain\":\"mx1.d.example\"", "\"base_domain\":\"\"",
	"hosts[0].base_domain: is not that of the lookup"},
    {"\"address\":\"192.0.2.1\"", "\"address\":\"192.0.2\"",
	"hosts[0].addresses[0].address: is no address"},
    {"\"outcome\":\"tls\"", "\"outcome\":\"\\\"\"",
	"hosts[0].addresses[0].probe.outcome: is no word that stands "
	"there"},
    {"\"chain\":[\"", "\"chain\":[\"=",
	"hosts[0].addresses[0].probe.chain: has what is no base64"},
    {"\"chain\":[", "\"chain\":[\"\",",
	"hosts[0].addresses[0].probe.chain: has what is no base64"},
    {"\"chain\":[", "\"chain\":[1,",
	"hosts[0].addresses[0].probe.chain: has what is no base64"},
    {"\"body\":\"version", "\"body\":\"Version",
	"sts.policy.body: is no policy"},
    {"\"body\":\"version", "\"body\":\"\\u0000", "line 1: "},
    {"\"body\":\"", "\"body\":null,\"x\":\"",
	"sts.policy.body: is neither text nor base64"},
    {"\"fetch\":\"fetched\"", "\"fetch\":\"invalid\"",
	"sts.policy.body: is of no policy"},
    {"\"texts\":[", "\"texts\":[{\"base64\":\"A\"}",
	"sts.texts: is neither text nor base64"},
    {"\"level\":\"auto\"", "\"level\":\"half-dane\"",
	"terms.level: is no word that stands there"},
    {"\"rules\":null", "\"rules\":[\"d.example\"]",
	"terms.rules: has what is no rule"},
    {"\"rules\":null", "\"rules\":[\"* may\",\"* dane\"]",
	"terms.rules: has a rule twice"},
    {"\"roots\":[", "\"roots\":{},\"x\":[", "roots: is of the wrong type"},
};

static void
what_gathering_cannot_have_come_to_is_refused(void **state)
{
	char *line = some_line();

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		char *bad = replaced(line, refused[i].old, refused[i].new);
		struct err err = {.text = ""};
		size_t used;

		ROW(refused[i].new,
		    facts_file_read(bad, strlen(bad), &used, &err) == NULL);
		ROW(refused[i].new, err.kind == ERR_DATA);
		if (strncmp(err.text, refused[i].why, strlen(refused[i].why)) !=
		    0)
			ROW_TEXT(refused[i].new, err.text, refused[i].why);
		free(bad);
	}
	free(line);
}

/* So many of an item in a list, for free(). */
static char *
many(const char *head, const char *item, size_t count)
{
	size_t size = strlen(head) + count * (strlen(item) + 1) + 1;
	char *out = xmalloc(size);
	struct text text;

	text_init(&text, out, size);
	text_add(&text, head);
	for (size_t i = 0; i < count; i++) {
		text_add(&text, item);
		text_add(&text, ",");
	}
	return out;
}

static void
no_list_is_longer_than_its_limit(void **state)
{
	static const struct {
		const char *head, *item;
		size_t most;
		const char *why;
	} rows[] = {
	    {"\"hosts\":[", "{}", LIMIT_MX_HOSTS, "hosts: has too many"},
	    {"\"addresses\":[", "{}", LIMIT_HOST_ADDRESSES,
		"hosts[0].addresses: has too many"},
	    {"\"records\":[", "\"3 1 1 00\"", LIMIT_TLSA_RECORDS,
		"hosts[0].records: has too many"},
	    {"\"chain\":[", "\"AAAA\"", LIMIT_CHAIN_CERTS,
		"hosts[0].addresses[0].probe.chain: has too many"},
	    {"\"texts\":[", "\"\"", LIMIT_DNS_RECORDS + 1,
		"sts.texts: has too many"},
	    {"\"roots\":[", "\"AAAA\"", LIMIT_FACTS_ROOTS + 1,
		"roots: has too many"},
	    {"\"roots\":[", "1", LIMIT_FACTS_VALUES, "too many values"},
	};
	char *line = some_line();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *items = many(rows[i].head, rows[i].item, rows[i].most);
		char *bad = replaced(line, rows[i].head, items);
		struct err err = {.text = ""};
		size_t used;

		/* the last comma, where there was no item */
		for (char *c = strstr(bad, ",]"); c != NULL;
		     c = strstr(c, ",]"))
			*c = ' ';
		ROW(rows[i].why,
		    facts_file_read(bad, strlen(bad), &used, &err) == NULL);
		ROW_TEXT(rows[i].why, err.text, rows[i].why);
		free(bad);
		free(items);
	}
	free(line);
}

static void
a_file_is_measured_before_it_is_parsed(void **state)
{
	char *deep = many("{\"a\":", "[", LIMIT_FACTS_DEPTH);
	char *large = xmalloc(LIMIT_FACTS_OCTETS + 3);
	struct err err = {.text = ""};
	size_t used;

	(void)state;
	assert_null(facts_file_read(deep, strlen(deep), &used, &err));
	assert_string_equal(err.text, "too deep");
	memset(large, ' ', LIMIT_FACTS_OCTETS + 2);
	large[0] = '{';
	large[LIMIT_FACTS_OCTETS + 1] = '}';
	assert_null(
	    facts_file_read(large, LIMIT_FACTS_OCTETS + 2, &used, &err));
	assert_string_equal(err.text, "over 33554432 octets");
	free(large);
	free(deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_read_is_judged_as_what_was_written),
	    cmocka_unit_test(facts_without_roots_can_be_judged),
	    cmocka_unit_test(all_that_was_seen_is_kept),
	    cmocka_unit_test(rules_that_apply_come_along),
	    cmocka_unit_test(what_gathering_cannot_have_come_to_is_refused),
	    cmocka_unit_test(no_list_is_longer_than_its_limit),
	    cmocka_unit_test(a_file_is_measured_before_it_is_parsed),
	};

	return RUN_TESTS_WITH(tests, fact_pki_make, fact_pki_drop);
}
