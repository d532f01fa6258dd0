/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsa.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/* Append a record of so many octets of data. */
static void
add(struct tlsa_set *set, uint8_t usage, uint8_t selector, uint8_t mtype,
    size_t size)
{
	uint8_t rdata[3 + 256] = {usage, selector, mtype};

	memset(rdata + 3, 0xab, 256);
	assert_true(size <= 256);
	tlsa_set_add(set, rdata, 3 + size);
}

static void
usable_is_what_smtp_may_use(void **state)
{
	static const struct {
		const char *id;
		uint8_t usage, selector, mtype;
		size_t size;
		bool usable;
	} rows[] = {
	    {"3 1 1", 3, 1, 1, 32, true},
	    {"3 1 2", 3, 1, 2, 64, true},
	    {"3 0 1", 3, 0, 1, 32, true},
	    {"2 0 2", 2, 0, 2, 64, true},
	    {"D35", 1, 1, 1, 32, false},
	    {"D36", 0, 0, 1, 32, false},
	    {"usage 4", 4, 1, 1, 32, false},
	    {"usage 255", 255, 1, 1, 32, false},
	    {"D37", 3, 2, 1, 32, false},
	    {"selector 255", 3, 255, 1, 32, false},
	    {"D38", 3, 1, 3, 32, false},
	    {"D38 private", 3, 1, 255, 32, false},
	    {"D39", 3, 1, 1, 31, false},
	    {"33 octets", 3, 1, 1, 33, false},
	    {"D31", 3, 1, 2, 63, false},
	    {"digest of the other type", 3, 1, 2, 32, false},
	    {"D40", 3, 1, 1, 0, false},
	    {"D40 full", 3, 1, 0, 0, false},
	    {"D41", 2, 0, 0, 200, false},
	    {"garbage SPKI", 3, 1, 0, 91, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsa_set set = {0};

		add(&set, rows[i].usage, rows[i].selector, rows[i].mtype,
		    rows[i].size);
		ROW(rows[i].id, set.count == 1);
		ROW(rows[i].id, set.records[0].usage == rows[i].usage);
		ROW(rows[i].id, set.records[0].selector == rows[i].selector);
		ROW(rows[i].id, set.records[0].mtype == rows[i].mtype);
		ROW(rows[i].id, set.records[0].size == rows[i].size);
		ROW(rows[i].id, set.records[0].usable == rows[i].usable);
		ROW(rows[i].id, tlsa_set_usable(&set) == rows[i].usable);
		ROW(rows[i].id,
		    (tlsa_fault(&set.records[0])[0] == '\0') == rows[i].usable);
		tlsa_set_finish(&set);
		ROW(rows[i].id, set.records[0].considered == rows[i].usable);
		tlsa_set_fini(&set);
	}
}

static void
why_a_record_is_unusable_is_told(void **state)
{
	static const struct {
		uint8_t usage, selector, mtype;
		size_t size;
		const char *fault;
	} rows[] = {
	    {0, 1, 1, 32, "usages 0 and 1 do not count for mail"},
	    {1, 1, 1, 32, "usages 0 and 1 do not count for mail"},
	    {4, 1, 1, 32, "no such usage"},
	    {3, 2, 1, 32, "no such selector"},
	    {3, 1, 3, 32, "no such matching type"},
	    {3, 1, 0, 32, "the data is no such structure"},
	    {3, 1, 1, 31, "the digest is of a wrong length"},
	    {2, 0, 2, 32, "the digest is of a wrong length"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsa_set set = {0};

		add(&set, rows[i].usage, rows[i].selector, rows[i].mtype,
		    rows[i].size);
		assert_string_equal(tlsa_fault(&set.records[0]), rows[i].fault);
		tlsa_set_fini(&set);
		assert_null(set.records);
	}
}

static void
full_data_is_usable_for_its_own_selector(void **state)
{
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	struct der cert = cert_der(made);
	struct der spki = cert_spki(made);
	uint8_t rdata[1024] = {3, TLSA_CERT, TLSA_FULL};
	struct tlsa_set set = {0};

	(void)state;
	memcpy(rdata + 3, cert.data, cert.size);
	tlsa_set_add(&set, rdata, 3 + cert.size);
	tlsa_set_add(&set, rdata, 3 + cert.size - 1);
	rdata[1] = TLSA_SPKI;
	tlsa_set_add(&set, rdata, 3 + cert.size);
	memcpy(rdata + 3, spki.data, spki.size);
	tlsa_set_add(&set, rdata, 3 + spki.size);
	tlsa_set_add(&set, rdata, 3 + spki.size - 1);
	rdata[1] = TLSA_CERT;
	tlsa_set_add(&set, rdata, 3 + spki.size);
	assert_true(set.records[0].usable);
	assert_false(set.records[1].usable);
	assert_false(set.records[2].usable);
	assert_true(set.records[3].usable);
	assert_false(set.records[4].usable);
	assert_false(set.records[5].usable);
	assert_int_equal(tlsa_set_usable(&set), 2);
	tlsa_set_fini(&set);
	cert_made_free(made);
}

static void
a_record_cut_short_is_kept_but_unusable(void **state)
{
	static const uint8_t rdata[] = {3, 1, 1, 0xab};
	struct tlsa_set set = {0};

	(void)state;
	tlsa_set_add(&set, NULL, 0);
	for (size_t length = 0; length <= sizeof(rdata); length++)
		tlsa_set_add(&set, rdata, length);
	assert_int_equal(set.count, 6);
	assert_int_equal(tlsa_set_usable(&set), 0);
	assert_int_equal(set.records[0].usage, 255);
	assert_int_equal(set.records[2].usage, 3);
	assert_int_equal(set.records[2].selector, 255);
	assert_int_equal(set.records[3].selector, 1);
	assert_int_equal(set.records[3].mtype, 255);
	assert_int_equal(set.records[4].mtype, 1);
	assert_int_equal(set.records[4].size, 0);
	assert_int_equal(set.records[5].size, 1);
	tlsa_set_fini(&set);
	assert_int_equal(set.count, 0);
}

static void
records_past_the_limit_are_dropped(void **state)
{
	struct tlsa_set set = {0};

	(void)state;
	for (int i = 0; i < LIMIT_TLSA_RECORDS + 1; i++)
		add(&set, 3, 1, 1, 32);
	assert_int_equal(set.count, LIMIT_TLSA_RECORDS);
	tlsa_set_fini(&set);
}

static void
a_record_that_comes_again_is_the_same_record(void **state)
{
	static const uint8_t rdata[][5] = {{3, 1, 1, 7, 7}, {3, 1, 2, 7, 7},
	    {3, 1, 1, 7, 8}, {2, 1, 1, 7, 7}, {3, 0, 1, 7, 7}};
	struct tlsa_set set = {0};

	(void)state;
	for (size_t i = 0; i < 3 * COUNT(rdata); i++)
		tlsa_set_merge(&set, rdata[i % COUNT(rdata)], sizeof(rdata[0]));
	tlsa_set_merge(&set, rdata[0], 4);
	assert_int_equal(set.count, COUNT(rdata) + 1);
	for (size_t i = 0; i < COUNT(rdata); i++)
		assert_int_equal(set.records[i].usage, rdata[i][0]);
	tlsa_set_fini(&set);
}

static void
agility_leaves_the_strongest_digest_of_each_kind(void **state)
{
	static const struct {
		const char *id;
		const char *records;    /* "USM" each, "-" before an unusable */
		const char *considered; /* "y" or "n" for each */
	} rows[] = {
	    {"one", "311", "y"},
	    {"D07", "311 311", "yy"},
	    {"D30", "311 312", "ny"},
	    {"D30 order", "312 311", "yn"},
	    {"D31", "-312 311", "ny"},
	    {"D32", "312 301", "yy"},
	    {"D34", "312 211", "yy"},
	    {"both usages", "312 311 212 211", "ynyn"},
	    {"two strong", "312 311 312", "yny"},
	    {"D42", "-111 311", "ny"},
	    {"unusable alone", "-112", "n"},
	    {"unusable usage does not outdo", "-112 311", "ny"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsa_set set = {0};

		for (const char *p = rows[i].records; *p != '\0'; p++) {
			bool bad = *p == '-';

			if (*p == ' ')
				continue;
			p += bad;
			add(&set, (uint8_t)(p[0] - '0'), (uint8_t)(p[1] - '0'),
			    (uint8_t)(p[2] - '0'),
			    (p[2] == '2' ? 64u : 32u) - bad);
			p += 2;
		}
		tlsa_set_finish(&set);
		ROW(rows[i].id, set.count == strlen(rows[i].considered));
		for (size_t r = 0; r < set.count; r++)
			ROW(rows[i].id, set.records[r].considered ==
					    (rows[i].considered[r] == 'y'));
		tlsa_set_fini(&set);
	}
}

static void
agility_does_not_touch_full_records(void **state) /* D33 */
{
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	struct tlsa_set set = {0};

	(void)state;
	certs_tlsa(&set, TLSA_DANE_EE, TLSA_SPKI, TLSA_FULL, made);
	certs_tlsa(&set, TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA2_256, made);
	tlsa_set_finish(&set);
	assert_true(set.records[0].considered);
	assert_true(set.records[1].considered);
	certs_tlsa(&set, TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA2_512, made);
	tlsa_set_finish(&set);
	assert_true(set.records[0].considered);
	assert_false(set.records[1].considered);
	assert_true(set.records[2].considered);
	tlsa_set_fini(&set);
	cert_made_free(made);
}

static void
text_is_read_as_in_a_zone_file(void **state)
{
	static const struct {
		const char *text;
		uint8_t usage, selector, mtype;
		size_t size; /* 0: refused */
	} rows[] = {
	    {"3 1 1 00ff", 3, 1, 1, 2},
	    {"3 1 1 00 FF aB", 3, 1, 1, 3},
	    {"  2\t0  2\tab", 2, 0, 2, 1},
	    {"255 255 255 ab", 255, 255, 255, 1},
	    {"3 1 1 ab ", 3, 1, 1, 1},
	    {"", 0, 0, 0, 0},
	    {"3 1 1", 0, 0, 0, 0},
	    {"3 1 1 ", 0, 0, 0, 0},
	    {"3 1 1 a", 0, 0, 0, 0},
	    {"3 1 1 xy", 0, 0, 0, 0},
	    {"3 1 1 ab;", 0, 0, 0, 0},
	    {"3 1 ab", 0, 0, 0, 0},
	    {"3 1 256 ab", 0, 0, 0, 0},
	    {"3 1 1000 ab", 0, 0, 0, 0},
	    {"3 1 0001 ab", 0, 0, 0, 0},
	    {"3 1 -1 ab", 0, 0, 0, 0},
	    {"3,1,1,ab", 0, 0, 0, 0},
	    {"3 1 1ab", 0, 0, 0, 0},
	    {"DANE-EE SPKI SHA2-256 ab", 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsa_set set = {0};
		struct err err;
		int rc = tlsa_set_add_text(&set, rows[i].text, &err);

		ROW(rows[i].text, rc == (rows[i].size == 0 ? -1 : 0));
		ROW(rows[i].text, rc == 0 || err.kind == ERR_DATA);
		ROW(rows[i].text, set.count == (rc == 0));
		if (rc == 0) {
			const struct tlsa *record = &set.records[0];

			ROW(rows[i].text, record->usage == rows[i].usage);
			ROW(rows[i].text, record->selector == rows[i].selector);
			ROW(rows[i].text, record->mtype == rows[i].mtype);
			ROW(rows[i].text, record->size == rows[i].size);
		}
		tlsa_set_fini(&set);
	}
}

/* RDATA has 65535 octets at most, and three of them are the kind. */
static void
a_record_is_no_longer_than_its_rdata(void **state)
{
	enum { MOST = 65535 - 3 };
	const struct tlsa_form kind = {3, TLSA_SPKI, TLSA_FULL};
	char text[6 + 2 * (MOST + 1) + 1] = "3 1 0 ";
	struct tlsa_set set = {0};
	uint8_t *octets = xcalloc(1, MOST + 1);

	(void)state;
	memset(text + 6, 'a', sizeof(text) - 7);
	assert_int_equal(tlsa_set_add_text(&set, text, NULL), -1);
	text[6 + 2 * MOST] = '\0';
	assert_int_equal(tlsa_set_add_text(&set, text, NULL), 0);
	assert_int_equal(set.records[0].size, MOST);
	assert_int_equal(tlsa_set_make(&set, kind, (struct der){NULL, 0},
			     (struct der){octets, MOST + 1}, NULL),
	    -1);
	assert_int_equal(tlsa_set_make(&set, kind, (struct der){NULL, 0},
			     (struct der){octets, MOST}, NULL),
	    0);
	assert_int_equal(set.records[1].size, MOST);
	tlsa_set_fini(&set);
	free(octets);
}

static void
endless_text_is_refused(void **state)
{
	size_t length = 1 << 20;
	char *text = xmalloc(length + 1);
	struct tlsa_set set = {0};

	(void)state;
	memset(text, 'a', length);
	memcpy(text, "3 1 1 ", 6);
	text[length] = '\0';
	assert_int_equal(tlsa_set_add_text(&set, text, NULL), -1);
	assert_int_equal(set.count, 0);
	free(text);
}

static void
a_kind_is_three_numbers(void **state)
{
	static const char *const bad[] = {"", "3", "3 1", "3 1 1 00", "3 1 x",
	    "3 1 256", "-3 1 1", "3,1,1", "311", "3 1 1x"};
	struct tlsa_form kind;

	(void)state;
	assert_int_equal(tlsa_form_parse(" 2\t0 255 ", &kind), 0);
	assert_int_equal(kind.usage, 2);
	assert_int_equal(kind.selector, 0);
	assert_int_equal(kind.mtype, 255);
	for (size_t i = 0; i < COUNT(bad); i++)
		ROW(bad[i], tlsa_form_parse(bad[i], &kind) == -1);
}

static void
a_record_is_made_of_what_it_is_to_match(void **state)
{
	AUTO(cert_made)
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	struct der cert = cert_der(made), spki = cert_spki(made);

	(void)state;
	for (unsigned i = 0; i < 2 * 2 * 3; i++) {
		struct tlsa_form kind = {
		    (uint8_t)(2 + i / 6), i / 3 % 2, (uint8_t)(i % 3)};
		struct tlsa_set set = {0};

		assert_int_equal(
		    tlsa_set_make(&set, kind, cert, spki, NULL), 0);
		certs_tlsa(&set, kind.usage, kind.selector, kind.mtype, made);
		assert_int_equal(set.count, 2);
		assert_true(set.records[0].usable);
		assert_true(tlsa_equal(&set.records[0], &set.records[1]));
		set.records[1].data[0] ^= 1;
		assert_false(tlsa_equal(&set.records[0], &set.records[1]));
		tlsa_set_fini(&set);
	}
}

static void
what_smtp_has_no_use_for_is_not_made(void **state)
{
	static const struct tlsa_form kinds[] = {{0, 1, 1}, {1, 1, 1},
	    {4, 1, 1}, {255, 1, 1}, {3, 2, 1}, {3, 255, 1}, {3, 1, 3},
	    {3, 1, 255}, {3, 0, 1}, {2, 0, 0}};
	AUTO(cert_made)
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	struct tlsa_set set = {0};
	struct err err;

	(void)state;
	/* the last two want a certificate */
	for (size_t i = 0; i < COUNT(kinds); i++) {
		assert_int_equal(
		    tlsa_set_make(&set, kinds[i], (struct der){NULL, 0},
			cert_spki(made), &err),
		    -1);
		assert_int_equal(err.kind, ERR_DATA);
	}
	assert_int_equal(set.count, 0);
}

static void
a_record_is_printed_for_any_name_server(void **state)
{
	struct tlsa_set set = {0};
	char owner[LIMIT_DOMAIN_SIZE], longest[LIMIT_DOMAIN_SIZE];
	char *text;

	(void)state;
	assert_int_equal(tlsa_set_add_text(&set, "3 1 255 00ABff", NULL), 0);
	text = tlsa_print(&set.records[0]);
	assert_string_equal(text, "3 1 255 00abff");
	free(text);
	text = tlsa_print_generic(&set.records[0]);
	assert_string_equal(text, "\\# 6 0301ff00abff");
	free(text);
	tlsa_set_fini(&set);
	assert_true(tlsa_owner(owner, 25, "mx1.d.example"));
	assert_string_equal(owner, "_25._tcp.mx1.d.example");
	memset(longest, 'a', LIMIT_DOMAIN);
	longest[LIMIT_DOMAIN] = '\0';
	assert_false(tlsa_owner(owner, 25, longest));
	assert_true(tlsa_owner(owner, 25, longest + strlen("_25._tcp.")));
}

int
main(void)
{
	static const struct CMUnitTest tlsa[] = {
	    cmocka_unit_test(usable_is_what_smtp_may_use),
	    cmocka_unit_test(why_a_record_is_unusable_is_told),
	    cmocka_unit_test(full_data_is_usable_for_its_own_selector),
	    cmocka_unit_test(a_record_cut_short_is_kept_but_unusable),
	    cmocka_unit_test(records_past_the_limit_are_dropped),
	    cmocka_unit_test(a_record_that_comes_again_is_the_same_record),
	    cmocka_unit_test(agility_leaves_the_strongest_digest_of_each_kind),
	    cmocka_unit_test(agility_does_not_touch_full_records),
	    cmocka_unit_test(text_is_read_as_in_a_zone_file),
	    cmocka_unit_test(a_record_is_no_longer_than_its_rdata),
	    cmocka_unit_test(endless_text_is_refused),
	    cmocka_unit_test(a_kind_is_three_numbers),
	    cmocka_unit_test(a_record_is_made_of_what_it_is_to_match),
	    cmocka_unit_test(what_smtp_has_no_use_for_is_not_made),
	    cmocka_unit_test(a_record_is_printed_for_any_name_server),
	};

	return RUN_TESTS(tlsa);
}
