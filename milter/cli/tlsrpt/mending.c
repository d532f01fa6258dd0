/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mending.h"

#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

/* One case: "%D" is the domain and "%H" the host. */
struct row {
	const char *reason; /* a piece of the reason code; NULL: any */
	enum tlsrpt_policy_type type; /* OTHER: any */
	const char *text;
};

static const struct row no_starttls[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"A sender was not offered STARTTLS by %H, or it was taken out on the "
	"way. Look from outside at all hosts and all their addresses: postern "
	"check mx:%H. If one sender alone says so, it is in its network."},
    {NULL, 0, NULL}};

static const struct row host_mismatch[] = {
    {NULL, TLSRPT_POLICY_TLSA,
	"The certificate of %H does not have the TLSA base domain in it. "
	"Issue it again with that name: postern tlsa check %D"},
    {NULL, TLSRPT_POLICY_OTHER,
	"The certificate of %H does not have the name of the MX host in it. "
	"Issue it again with that name: postern sts check %D"},
    {NULL, 0, NULL}};

static const struct row expired[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The certificate of %H is expired. Renew it and have the server load "
	"it; one of several machines behind the name may lag: postern check "
	"mx:%H"},
    {NULL, 0, NULL}};

static const struct row not_trusted[] = {
    {NULL, TLSRPT_POLICY_TLSA,
	"No TLSA record of %H matches its key. Yours to mend: postern tlsa "
	"check %D"},
    {NULL, TLSRPT_POLICY_OTHER,
	"The chain of %H is incomplete, or of no public CA. Send the "
	"intermediate certificates with it: postern sts check %D"},
    {NULL, 0, NULL}};

static const struct row validation[] = {
    {"mx-mismatch", TLSRPT_POLICY_OTHER,
	"%H is an MX host that no \"mx\" line of the policy allows. Compare "
	"these lines with the MX records: postern sts check %D"},
    {"self-signed", TLSRPT_POLICY_TLSA,
	"The certificate of %H is self-signed, and no TLSA record matches its "
	"key: postern tlsa check %D"},
    {"self-signed", TLSRPT_POLICY_OTHER,
	"The certificate of %H is self-signed, where a policy wants one of a "
	"public CA: postern sts check %D"},
    {"dane-no-match", TLSRPT_POLICY_OTHER,
	"No TLSA record of %H matches its key. Yours to mend: postern tlsa "
	"check %D"},
    {"handshake", TLSRPT_POLICY_OTHER,
	"The TLS handshake with %H failed: protocol versions, ciphers, or a "
	"device between: postern check mx:%H"},
    {"not_yet_valid", TLSRPT_POLICY_OTHER,
	"The certificate of %H was not valid yet: issued too late, or a clock "
	"is wrong: postern check mx:%H"},
    {NULL, TLSRPT_POLICY_OTHER,
	"The TLS session with %H failed in a way that the sender does not "
	"name, or only in its own words: postern check mx:%H"},
    {NULL, 0, NULL}};

static const struct row fetch_error[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The policy was not to be had at mta-sts.%D: no answer, 404, or a "
	"redirect, which is not followed. A matter of that web server: "
	"postern sts check %D"},
    {NULL, 0, NULL}};

static const struct row policy_invalid[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The policy at mta-sts.%D breaks the grammar of RFC 8461: save it and "
	"run postern sts lint"},
    {NULL, 0, NULL}};

static const struct row webpki_invalid[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The certificate of mta-sts.%D is expired, or lacks that name, or is "
	"of no public CA. Renew it: postern sts check %D"},
    {NULL, 0, NULL}};

static const struct row tlsa_invalid[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"No TLSA record of %H can be used. Publish \"3 1 1\": postern tlsa "
	"gen mx:%H"},
    {NULL, 0, NULL}};

static const struct row dnssec_invalid[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"Signatures of the zone are bad, or a nameserver fails on TLSA "
	"records. A matter of who runs the DNS: postern check %D"},
    {NULL, 0, NULL}};

static const struct row dane_required[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The sender demands DANE of you, by agreement. Publish TLSA records, "
	"or talk to it: postern tlsa gen mx:%H"},
    {NULL, 0, NULL}};

static const struct row no_policy[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"Senders saw neither TLSA records nor a policy, though there is one. "
	"Many have no DANE or MTA-STS: no fault of yours, unless this one "
	"used to see it."},
    {NULL, 0, NULL}};

static const struct row not_known[] = {
    {NULL, TLSRPT_POLICY_OTHER,
	"The report does not say what failed in words that are known: postern "
	"check %D"},
    {NULL, 0, NULL}};

static const struct row *
rows_of(const struct mending_case *of)
{
	static const struct row *const rows[TLSRPT_RESULTS] = {
	    [TLSRPT_RESULT_OTHER] = not_known,
	    [TLSRPT_STARTTLS_NOT_SUPPORTED] = no_starttls,
	    [TLSRPT_CERTIFICATE_HOST_MISMATCH] = host_mismatch,
	    [TLSRPT_CERTIFICATE_NOT_TRUSTED] = not_trusted,
	    [TLSRPT_CERTIFICATE_EXPIRED] = expired,
	    [TLSRPT_VALIDATION_FAILURE] = validation,
	    [TLSRPT_STS_POLICY_FETCH_ERROR] = fetch_error,
	    [TLSRPT_STS_POLICY_INVALID] = policy_invalid,
	    [TLSRPT_STS_WEBPKI_INVALID] = webpki_invalid,
	    [TLSRPT_TLSA_INVALID] = tlsa_invalid,
	    [TLSRPT_DNSSEC_INVALID] = dnssec_invalid,
	    [TLSRPT_DANE_REQUIRED] = dane_required,
	};

	return strcmp(of->word, "no-policy-found") == 0 ? no_policy
							: rows[of->result];
}

static const char *
text_of(const struct mending_case *of)
{
	const struct row *row = rows_of(of);

	while (row->text != NULL &&
	       ((row->reason != NULL &&
		    strcasestr(of->reason, row->reason) == NULL) ||
		   (row->type != TLSRPT_POLICY_OTHER && row->type != of->type)))
		row++;
	return row->text;
}

/* A name that may stand in a command, or the word for it. */
static void
take_safe_name(
    const char *name, const char *instead, char out[LIMIT_DOMAIN_SIZE])
{
	if (strlen(name) >= LIMIT_RAW_DOMAIN_SIZE ||
	    domain_normalise(name, out, NULL) != 0)
		text_copy(out, LIMIT_DOMAIN_SIZE, instead);
}

const char *
mending_text(const struct mending_case *of, char out[MENDING_SIZE])
{
	char domain[LIMIT_DOMAIN_SIZE], host[LIMIT_DOMAIN_SIZE];
	const char *text = text_of(of);
	struct text to;

	take_safe_name(of->domain, "DOMAIN", domain);
	take_safe_name(of->mx, "HOST", host);
	text_init(&to, out, MENDING_SIZE);
	while (*text != '\0') {
		size_t length = strcspn(text, "%");

		text_addf(&to, "%.*s", (int)length, text);
		text += length;
		if (*text == '\0')
			break;
		text_add(&to, text[1] == 'H' ? host : domain);
		text += 2;
	}
	return out;
}
