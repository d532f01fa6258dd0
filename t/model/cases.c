/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cases - facts as lines of a few letters on standard input, and on standard
 * output a line for each with what judge() and enforce() make of them.
 *
 * How it works: a line is "MX TERMS STS HOST...", each of them letters with
 * ":TTL" behind where that is not 3600.  model.py has what each letter means;
 * a letter that it does not know ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/enforce.h"
#include "common/judge/judge.h"

enum { NOW = 1800000000, HOSTS = 6, LINE = 1024 };

static const char *line_now;

static void
give_up(const char *what, char letter)
{
	fprintf(stderr, "cases: %s '%c' in: %s\n", what, letter, line_now);
	exit(2);
}

/* The TTL behind ":", which is cut off. */
static uint32_t
cut_ttl(char *token)
{
	char *colon = strchr(token, ':');
	uint32_t ttl_s = 3600;

	if (colon == NULL)
		return ttl_s;
	*colon = '\0';
	if (text_uint(colon + 1, UINT32_MAX, &ttl_s) != 0)
		give_up("TTL", colon[1]);
	return ttl_s;
}

static struct lookup
lookup_of(char letter, uint32_t ttl_s)
{
	struct lookup lookup = {LOOKUP_DATA, true, ttl_s};

	switch (letter) {
	case 'S':
		break;
	case 'I':
		lookup.secure = false;
		break;
	case 'N':
		lookup.state = LOOKUP_NODATA;
		break;
	case 'n':
		lookup = (struct lookup){LOOKUP_NODATA, false, ttl_s};
		break;
	case 'X':
		lookup.state = LOOKUP_NXDOMAIN;
		break;
	case 'B':
		lookup = (struct lookup){LOOKUP_BOGUS, false, 0};
		break;
	case 'E':
		lookup = (struct lookup){LOOKUP_SERVFAIL, false, 0};
		break;
	case 'T':
		lookup = (struct lookup){LOOKUP_TIMEOUT, false, 0};
		break;
	case '-':
		lookup = (struct lookup){LOOKUP_NOT_ASKED, false, 0};
		break;
	default:
		give_up("lookup", letter);
	}
	return lookup;
}

/* --- terms --- */

static struct rule *
rule_of(enum rule_scope scope, const char *name, char letter)
{
	struct rule *rule = rule_new();

	rule->scope = scope;
	text_copy(rule->name, sizeof(rule->name), name);
	text_copy(rule->key, sizeof(rule->key), name);
	switch (letter) {
	case 'x':
		rule->no_dane = true;
		break;
	case 'y':
		rule->no_sts = true;
		break;
	case 'z':
		rule->no_dane = rule->no_sts = true;
		break;
	case 'a':
		break;
	case 'n':
		rule->level = LEVEL_NONE;
		break;
	case 'm':
		rule->level = LEVEL_MAY;
		break;
	case 'e':
		rule->level = LEVEL_ENCRYPT;
		break;
	case 'd':
		rule->level = LEVEL_DANE;
		break;
	case 'o':
		rule->level = LEVEL_DANE_ONLY;
		break;
	case 'M': /* secure by names of the admin's */
		rule->match = xcalloc(1, sizeof(char *));
		rule->match[rule->match_count++] = xstrdup("given.example");
		rule->level = LEVEL_SECURE;
		break;
	case 's':
		rule->level = LEVEL_SECURE;
		break;
	default:
		give_up("rule", letter);
	}
	return rule;
}

static enum level
level_of(char letter)
{
	AUTO(rule) struct rule *rule = rule_of(RULE_ANY, "", letter);

	return rule->level;
}

/* "aad" and so on: LEVEL, or R and the letter of a rule; InsecureMX;
 * PartialDANE; then maybe "+" for a floor, "Q" for REQUIRETLS. */
static void
set_terms(const char *token, struct judge_terms *terms, struct rule_list *list)
{
	memset(terms, 0, sizeof(*terms));
	terms->list = list;
	terms->verdict_ttl_s = 2400;
	terms->fail_ttl_s = 300;
	terms->temperror_ttl_s = 45;
	if (*token == 'R' || *token == '*') {
		terms->rule = rule_of(*token == 'R' ? RULE_DOMAIN : RULE_ANY,
		    *token == 'R' ? "d.example" : "", token[1]);
		rule_list_add(list, terms->rule);
		token++;
	} else {
		terms->level = level_of(*token);
	}
	token++;
	switch (*token++) {
	case 'd':
		terms->insecure_mx = INSECURE_MX_DANE;
		break;
	case 'e':
		terms->insecure_mx = INSECURE_MX_ENCRYPT;
		break;
	case 'm':
		terms->insecure_mx = INSECURE_MX_MAY;
		break;
	case 'p':
		terms->insecure_mx = INSECURE_MX_POLICY;
		break;
	default:
		give_up("InsecureMX", token[-1]);
	}
	switch (*token++) {
	case 'o':
		terms->partial_dane = PARTIAL_DANE_ONLY;
		break;
	case 's':
		terms->partial_dane = PARTIAL_DANE_SECURE;
		break;
	case 'd':
		terms->partial_dane = PARTIAL_DANE_DANE;
		break;
	default:
		give_up("PartialDANE", token[-1]);
	}
	terms->encrypt = strchr(token, '+') != NULL;
	terms->requiretls = strchr(token, 'Q') != NULL;
}

/* --- MTA-STS --- */

static void
set_policy(struct facts *facts, char letter, uint32_t left_s)
{
	struct policy_facts *policy =
	    policy_facts_new(letter == 'F'   ? POLICY_FETCH_ERROR
			     : letter == 'W' ? POLICY_WEBPKI_INVALID
			     : letter == 'V' ? POLICY_INVALID
					     : POLICY_FETCHED);

	facts->sts.policy = policy;
	if (policy->fetch != POLICY_FETCHED)
		return;
	policy->policy = xcalloc(1, sizeof(*policy->policy));
	policy->policy->mode = letter == 'E'   ? STS_MODE_ENFORCE
			       : letter == 'T' ? STS_MODE_TESTING
					       : STS_MODE_NONE;
	policy->policy->max_age_s = 86400;
	policy->fetched_s = NOW + (time_t)left_s - 86400;
	policy->policy->mx = xcalloc(HOSTS + 1, sizeof(char *));
	policy->policy->mx[policy->policy->mx_count++] =
	    xstrdup("named.example");
}

/* The policy, or why there is none; "c" kept, and not to be renewed. */
static void
set_sts(struct facts *facts, char *token)
{
	uint32_t ttl_s = cut_ttl(token);
	struct sts_facts *sts = &facts->sts;

	sts->txt = lookup_of(*token == '-'          ? 'N'
			     : *token == '?'        ? '-'
			     : token[1] == 'c'      ? 'E'
			     : strchr("BL", *token) ? 'E'
						    : 'I',
	    3600);
	sts->record.why = "";
	if (strchr("ETNFWV", *token) != NULL)
		set_policy(facts, *token, ttl_s);
	if (token[1] == 'c') {
		sts->cached = true;
		sts->failed = POLICY_FETCH_ERROR;
	}
	facts_note(facts, &sts->txt);
}

/* --- hosts --- */

static const struct {
	char letter;
	enum probe_outcome outcome;
	bool tls, answered, yes;
} probe_letters[] = {
    {'g', PROBE_TLS, true, true, true},
    {'H', PROBE_TLS_REFUSED, true, true, false},
    {'L', PROBE_TLS, true, false, false},
    {'U', PROBE_TLS_UNSUPPORTED, true, false, false},
    {'p', PROBE_NO_STARTTLS, false, false, false},
    {'q', PROBE_STARTTLS_REFUSED, false, false, false},
    {'a', PROBE_TLS_FAILED, false, false, false},
    {'r', PROBE_REFUSED, false, false, false},
    {'w', PROBE_NOT_SMTP, false, false, false},
    {'c', PROBE_CONNECT_FAILED, false, false, false},
    {'t', PROBE_TIMEOUT, false, false, false},
    {'N', PROBE_NO_SOURCE, false, false, false},
    {'k', PROBE_BLOCKED, false, false, false},
    {'O', PROBE_OWN, false, false, false},
};

/* "gok": outcome, and where there is TLS what its certificate is by DANE and by
 * the WebPKI; "R" behind it offers REQUIRETLS; "." is no probe, "!" before it
 * no address that mail gets to. */
static void
set_probe(struct address_facts *address, const char *token)
{
	struct der cert;
	size_t i = 0;

	text_copy(address->text, sizeof(address->text), "192.0.2.1");
	if (*token == '!') {
		address->untried = true;
		token++;
	}
	if (*token == '.')
		return;
	while (probe_letters[i].letter != *token)
		if (++i == sizeof(probe_letters) / sizeof(probe_letters[0]))
			give_up("probe", *token);
	address->probe = probe_facts_new(probe_letters[i].outcome);
	address->probe->tls_answered = probe_letters[i].answered;
	address->probe->tls_ehlo = probe_letters[i].yes;
	address->probe->connected = true;
	if (!probe_letters[i].tls)
		return;
	cert = (struct der){(const uint8_t *)token + 1, 2};
	probe_facts_set_certs(address->probe, &cert, 1);
	address->probe->requiretls = token[3] == 'R';
}

static void
set_addresses(struct facts *facts, struct host_facts *host, char *token)
{
	uint32_t ttl_s = cut_ttl(token);
	char a = *token, aaaa = 'N';

	switch (*token) {
	case 'D': /* neither */
		a = 'N';
		break;
	case 'P': /* one family answers */
		a = 'S';
		aaaa = 'E';
		break;
	case 'F': /* none does */
		a = aaaa = 'E';
		break;
	case 'G': /* one is denied */
		a = 'N';
		aaaa = 'T';
		break;
	case 'M': /* data without an address */
		a = 'S';
		break;
	case 'H': /* only one of them is secure */
		a = 'S';
		aaaa = 'I';
		break;
	case 'K': /* alias, all secure */
	case 'k': /* alias itself secure, not its addresses */
	case 'j': /* nor the alias */
	case 'f': /* or that cannot be told */
		a = *token == 'K' ? 'S' : 'I';
		snprintf(host->expanded, sizeof(host->expanded), "alias.%.200s",
		    host->name);
		break;
	}
	host->a = lookup_of(a, ttl_s);
	host->aaaa = lookup_of(aaaa, 3600);
	if (*token == 'k' || *token == 'j' || *token == 'f')
		host->cname = lookup_of(*token == 'k'   ? 'S'
					: *token == 'j' ? 'I'
							: 'E',
		    3600);
	facts_note(facts, &host->a);
	facts_note(facts, &host->aaaa);
	facts_note(facts, &host->cname);
	if (strchr("SIPHKkjf", *token) != NULL)
		host->addresses = xcalloc(4, sizeof(*host->addresses));
}

/* "u" usable, "x" none usable, "i" insecure; else a lookup. */
static void
set_records(struct facts *facts, struct host_facts *host, char *token)
{
	static const uint8_t usable[4 + 31] = {3, 1, 1}, unusable[] = {3, 1, 1};
	uint32_t ttl_s = cut_ttl(token);

	host->tlsa = lookup_of(*token == 'u' || *token == 'x' ? 'S'
			       : *token == 'i'                ? 'I'
							      : *token,
	    ttl_s);
	facts_note(facts, &host->tlsa);
	if (host->tlsa.state != LOOKUP_DATA || !host->tlsa.secure)
		return;
	text_copy(host->base_domain, sizeof(host->base_domain), host->name);
	tlsa_set_add(&host->records, *token == 'u' ? usable : unusable,
	    *token == 'u' ? sizeof(usable) : sizeof(unusable));
	tlsa_set_finish(&host->records);
}

/* "1,S,u,y,gok,p": preference, addresses, TLSA, whether the policy names it, a
 * probe for each address; "@o" behind it is a rule of its own. */
static void
set_host(struct facts *facts, struct rule_list *list, char *token)
{
	struct host_facts *host = &facts->hosts[facts->host_count++];
	char *rule = strchr(token, '@'), *fields[8] = {NULL};
	struct sts_policy *policy =
	    facts->sts.policy == NULL ? NULL : facts->sts.policy->policy;
	size_t count = 0;

	if (rule != NULL)
		*rule++ = '\0';
	while (count < 8 && (fields[count] = strsep(&token, ",")) != NULL)
		count++;
	if (count < 4)
		give_up("host", *fields[0]);
	host->preference = (unsigned)(*fields[0] - '0');
	snprintf(host->name, sizeof(host->name), "mx%zu.d.example",
	    facts->host_count);
	text_copy(host->expanded, sizeof(host->expanded), host->name);
	if (rule != NULL)
		rule_list_add(list, rule_of(RULE_MX, host->name, *rule));
	set_addresses(facts, host, fields[1]);
	set_records(facts, host, fields[2]);
	if (policy != NULL && *fields[3] == 'y')
		policy->mx[policy->mx_count++] = xstrdup(host->name);
	for (size_t i = 4; i < count && host->addresses != NULL; i++)
		set_probe(&host->addresses[host->address_count++], fields[i]);
}

static void
set_mx(struct facts *facts, char *token)
{
	uint32_t ttl_s = cut_ttl(token);

	facts->mx = lookup_of(*token == '0' ? 'S' : *token, ttl_s);
	facts->null_mx = *token == '0';
	facts->more_hosts = token[1] == '>';
	facts_note(facts, &facts->mx);
}

static struct facts *
read_case(char *line, struct judge_terms *terms, struct rule_list *list)
{
	struct facts *facts = facts_new();
	char *mx = strsep(&line, " "), *terms_token = strsep(&line, " ");
	char *sts = strsep(&line, " "), *host;

	if (sts == NULL)
		give_up("line", '?');
	text_copy(facts->domain, sizeof(facts->domain), "d.example");
	text_copy(facts->expanded, sizeof(facts->expanded), "d.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "d.example");
	facts->next_hop.port = 25;
	facts->probed = true;
	facts->hosts = xcalloc(HOSTS, sizeof(*facts->hosts));
	set_terms(terms_token, terms, list);
	set_mx(facts, mx);
	set_sts(facts, sts);
	while ((host = strsep(&line, " ")) != NULL && *host != '\0') {
		if (facts->host_count == HOSTS)
			give_up("hosts", '>');
		set_host(facts, list, host);
	}
	rule_list_sort(list);
	return facts;
}

static const char *
requiretls_text(enum requiretls_state state)
{
	static const char *const words[] = {
	    [REQUIRETLS_UNKNOWN] = "unknown",
	    [REQUIRETLS_NO_AUTH] = "no-auth",
	    [REQUIRETLS_NOT_OFFERED] = "not-offered",
	    [REQUIRETLS_UNPROBED] = "unprobed",
	    [REQUIRETLS_MET] = "met",
	    [REQUIRETLS_NOT_ASKED] = "-",
	};

	return words[state];
}

static const char *
answer_text(enum enforce_answer answer)
{
	static const char *const words[] = {
	    [ENFORCE_TEMP] = "TEMP",
	    [ENFORCE_NOTHING] = "NOTFOUND",
	    [ENFORCE_NONE] = "none",
	    [ENFORCE_MAY] = "may",
	    [ENFORCE_ENCRYPT] = "encrypt",
	    [ENFORCE_DANE] = "dane",
	    [ENFORCE_DANE_ONLY] = "dane-only",
	    [ENFORCE_NAMES] = "names",
	    [ENFORCE_POLICY] = "SEC",
	    [ENFORCE_HOSTS] = "SEC(N)",
	};

	return words[answer];
}

static void
answer_case(char *line)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	struct judge_terms terms;
	AUTO(facts) struct facts *facts = read_case(line, &terms, list);
	AUTO(verdict) struct verdict *verdict = judge(facts, &terms, NOW);
	AUTO(enforcement) struct enforcement *e = enforce(facts, &terms, NOW);

	printf("%s %s %s %s %s %s %s %s %u %s %s\n",
	    result_text(verdict->result), reason_text(verdict->reason),
	    policy_type_text(verdict->policy), level_text(verdict->level),
	    dane_state_text(verdict->dane), sts_state_text(verdict->sts),
	    reason_text(verdict->sts_reason),
	    requiretls_text(verdict->requiretls), verdict->ttl_s,
	    verdict->rt[0] == '\0' ? "-" : verdict->rt, answer_text(e->answer));
}

int
main(void)
{
	char line[LINE], copy[LINE];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		text_copy(copy, sizeof(copy), line);
		line_now = copy;
		answer_case(line);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
