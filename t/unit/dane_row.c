/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/dane_row.h"

#include <string.h>

#include "common/base/limits.h"
#include "t/unit/tap.h"

/* What stands where in made. */
static const char letters[] = "RILEMX";

static const struct cert_made *
cert_of(const struct dane_row_pki *pki, char letter)
{
	const char *at = strchr(letters, letter);

	assert_true(at != NULL && *at != '\0');
	return pki->made[at - letters];
}

void
dane_row_init(struct dane_row_pki *pki, struct cert_spec root,
    struct cert_spec int1, struct cert_spec leaf)
{
	static const struct cert_spec evil = {.cn = "Root", .ca = true};
	struct cert_spec victim = {.names = {"mx1.d.example"}};

	memset(pki, 0, sizeof(*pki));
	root.cn = "Root";
	pki->made[0] = cert_make(&root);
	int1.cn = "Int";
	int1.issuer = pki->made[0];
	pki->made[1] = cert_make(&int1);
	leaf.issuer = pki->made[1];
	pki->made[2] = cert_make(&leaf);
	pki->made[3] = cert_make(&evil);
	victim.issuer = pki->made[3];
	pki->made[4] = cert_make(&victim);
	pki->made[5] = cert_make(&evil);
}

void
dane_row_fini(struct dane_row_pki *pki)
{
	for (size_t i = 0; i < COUNT(pki->made); i++)
		cert_made_free(pki->made[i]);
}

void
dane_row_good(struct dane_row_pki *pki)
{
	dane_row_init(pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){DANE_ROW_SAN});
}

/* Append "USM" of a certificate; "-" in front cuts the last octet off. */
static void
add_record(
    struct tlsa_set *set, const struct dane_row_pki *pki, const char *text)
{
	bool cut = *text == '-';
	struct tlsa_set whole = {0};
	uint8_t rdata[1024];

	text += cut;
	certs_tlsa(&whole, text[0] - '0', text[1] - '0', text[2] - '0',
	    cert_of(pki, text[3]));
	rdata[0] = whole.records[0].usage;
	rdata[1] = whole.records[0].selector;
	rdata[2] = whole.records[0].mtype;
	memcpy(rdata + 3, whole.records[0].data, whole.records[0].size);
	tlsa_set_add(set, rdata, 3 + whole.records[0].size - cut);
	tlsa_set_fini(&whole);
}

/* "311L 312X": the records of a set, each of a certificate. */
void
dane_row_set(
    struct tlsa_set *set, const struct dane_row_pki *pki, const char *text)
{
	memset(set, 0, sizeof(*set));
	while (*text != '\0') {
		add_record(set, pki, text);
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	tlsa_set_finish(set);
}

struct x509_chain *
dane_row_chain(const struct dane_row_pki *pki, const char *text)
{
	const struct cert_made *made[LIMIT_CHAIN_CERTS];
	size_t count = strlen(text);

	for (size_t i = 0; i < count; i++)
		made[i] = cert_of(pki, text[i]);
	return certs_chain(made, count);
}

/* What is found by the octets of the leaf is what is found by all. */
static void
expect_by_leaf(const struct tlsa_set *set, const struct x509_chain *chain,
    const struct dane_result *by_all)
{
	size_t record;
	bool by_leaf = dane_match_leaf(
	    set, x509_cert(chain, 0), x509_spki(chain, 0), &record);

	assert_int_equal(
	    by_leaf, by_all->outcome == DANE_MATCHED &&
			 set->records[by_all->record].usage == TLSA_DANE_EE);
	if (by_leaf)
		assert_int_equal(record, by_all->record);
}

struct dane_result
dane_row_match(const struct dane_row_pki *pki, const char *records,
    const char *chain_text, const char *host)
{
	const char *names[] = {host, "d.example"};
	struct x509_chain *chain = dane_row_chain(pki, chain_text);
	struct dane_result result;
	struct tlsa_set set;

	dane_row_set(&set, pki, records);
	result = dane_match(&set, chain, names, 2, CERTS_NOW);
	expect_by_leaf(&set, chain, &result);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	return result;
}

void
dane_row_fill(struct tlsa_set *set, size_t count, const char *text,
    const struct dane_row_pki *pki, const char *last)
{
	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < count; i++)
		add_record(set, pki, text);
	if (last != NULL)
		add_record(set, pki, last);
	tlsa_set_finish(set);
}
