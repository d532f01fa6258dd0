/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_session.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "common/proto/sts_policy.h"
#include "common/proto/tlsa.h"
#include "common/proto/tlsrpt_record.h"

/* --- failures --- */

/* Of ::ffff:0:0/96 the IPv4 address in it: who listens on a socket for both
 * sees it so. */
static void
read_detail_address(char out[INET6_ADDRSTRLEN], const char *text)
{
	static const uint8_t mapped[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct address address;
	size_t behind = 0;

	out[0] = '\0';
	if (text == NULL || address_parse(text, &address) != 0)
		return;
	if (address.size > sizeof(mapped) &&
	    memcmp(address.octets, mapped, sizeof(mapped)) == 0)
		behind = sizeof(mapped);
	address_from_rdata(address.octets + behind, address.size - behind, out);
}

static bool
is_detail_name(const char *text)
{
	char name[LIMIT_DOMAIN_SIZE];
	struct address address;

	return address_parse(text, &address) != 0 &&
	       domain_normalise(text, name, NULL) == 0;
}

static void
read_mx(char out[LIMIT_DOMAIN_SIZE], const char *text)
{
	out[0] = '\0';
	if (text != NULL && is_detail_name(text))
		domain_normalise(text, out, NULL);
}

/* "250-mx.example greets you", CR LF, more lines: "mx.example" */
static void
read_helo(char out[LIMIT_TLSRPT_HELO + 1], const char *reply)
{
	size_t length;

	out[0] = '\0';
	if (reply == NULL)
		return;
	if (isdigit((unsigned char)reply[0]) &&
	    isdigit((unsigned char)reply[1]) &&
	    isdigit((unsigned char)reply[2]) &&
	    (reply[3] == ' ' || reply[3] == '-'))
		reply += 4;
	length = strcspn(reply, " \t\r\n");
	if (length > LIMIT_TLSRPT_HELO)
		return;
	memcpy(out, reply, length);
	out[length] = '\0';
	if (!domain_is_literal(out) && !is_detail_name(out))
		out[0] = '\0';
}

static void
read_info(char out[LIMIT_TLSRPT_URI + 1], const char *text)
{
	struct tlsrpt_rua uri;

	out[0] = '\0';
	if (text != NULL &&
	    tlsrpt_rua_parse(text, strlen(text), &uri) == NULL &&
	    uri.scheme == TLSRPT_HTTPS)
		text_copy(out, LIMIT_TLSRPT_URI + 1, text);
}

static void
read_reason(char out[LIMIT_TLSRPT_REASON + 1], const char *text)
{
	text_copy(out, LIMIT_TLSRPT_REASON + 1, text == NULL ? "" : text);
	text_printable(out, "");
}

void
tlsrpt_detail_read(
    struct tlsrpt_detail *out, const struct tlsrpt_raw_detail *raw)
{
	out->result = raw->result;
	read_detail_address(out->sending, raw->sending);
	read_detail_address(out->receiving, raw->receiving);
	read_mx(out->mx, raw->mx);
	read_helo(out->helo, raw->helo);
	read_info(out->info, raw->info);
	read_reason(out->reason, raw->reason);
}

/* --- lines of a policy --- */

void
tlsrpt_lines_fini(struct tlsrpt_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	free(lines->lines);
	memset(lines, 0, sizeof(*lines));
}

void
tlsrpt_lines_add(struct tlsrpt_lines *lines, const char *line)
{
	char *copy = xstrdup(line);

	text_printable(copy, "");
	lines->lines =
	    xrealloc(lines->lines, lines->count + 1, sizeof(*lines->lines));
	lines->lines[lines->count++] = copy;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
order_records(struct tlsrpt_lines *lines)
{
	size_t kept = 0;

	for (size_t i = 0; i < lines->count; i++)
		for (char *at = lines->lines[i]; *at != '\0'; at++)
			if (*at >= 'a' && *at <= 'z')
				*at = (char)(*at - 'a' + 'A');
	if (lines->count > 1)
		qsort(lines->lines, lines->count, sizeof(*lines->lines),
		    compare_lines);
	for (size_t i = 0; i < lines->count; i++)
		if (kept > 0 &&
		    strcmp(lines->lines[kept - 1], lines->lines[i]) == 0)
			free(lines->lines[i]);
		else
			lines->lines[kept++] = lines->lines[i];
	lines->count = kept;
}

/* Where a line stands in a policy file, as RFC 8461 section 3.2 shows it. */
static size_t
line_rank(const char *line)
{
	static const char *const keys[] = {
	    "version:", "mode:", "mx:", "max_age:"};
	size_t rank = 0;

	while (rank < sizeof(keys) / sizeof(keys[0]) &&
	       strncmp(line, keys[rank], strlen(keys[rank])) != 0)
		rank++;
	return rank;
}

/* Few lines, in order already where a policy map is ours. */
static void
order_policy_file(struct tlsrpt_lines *lines)
{
	for (size_t i = 1; i < lines->count; i++) {
		char *line = lines->lines[i];
		size_t at = i;

		for (; at > 0 &&
		       line_rank(lines->lines[at - 1]) > line_rank(line);
		     at--)
			lines->lines[at] = lines->lines[at - 1];
		lines->lines[at] = line;
	}
}

void
tlsrpt_lines_order(struct tlsrpt_lines *lines, enum tlsrpt_policy_type type)
{
	switch (type) {
	case TLSRPT_POLICY_TLSA:
		order_records(lines);
		break;
	case TLSRPT_POLICY_STS:
		order_policy_file(lines);
		break;
	case TLSRPT_POLICY_NONE:
	case TLSRPT_POLICY_OTHER:
		break;
	}
}

/* --- sessions --- */

struct tlsrpt_session *
tlsrpt_session_new(const char *domain)
{
	struct tlsrpt_session *session = xcalloc(1, sizeof(*session));

	text_copy(session->domain, sizeof(session->domain), domain);
	return session;
}

void
tlsrpt_session_free(struct tlsrpt_session *session)
{
	if (session == NULL)
		return;
	for (size_t i = 0; i < session->outcome_count; i++) {
		tlsrpt_lines_fini(&session->outcomes[i].strings);
		tlsrpt_lines_fini(&session->outcomes[i].mx);
		free(session->outcomes[i].details);
	}
	free(session->outcomes);
	free(session);
}

struct tlsrpt_outcome *
tlsrpt_session_add(struct tlsrpt_session *session, enum tlsrpt_policy_type type)
{
	struct tlsrpt_outcome *outcome;

	assert(type != TLSRPT_POLICY_OTHER);
	session->outcomes = xrealloc(session->outcomes,
	    session->outcome_count + 1, sizeof(*session->outcomes));
	outcome = &session->outcomes[session->outcome_count++];
	memset(outcome, 0, sizeof(*outcome));
	outcome->type = type;
	return outcome;
}

void
tlsrpt_outcome_add(
    struct tlsrpt_outcome *outcome, const struct tlsrpt_raw_detail *raw)
{
	outcome->details = xrealloc(outcome->details, outcome->detail_count + 1,
	    sizeof(*outcome->details));
	tlsrpt_detail_read(&outcome->details[outcome->detail_count++], raw);
}

void
tlsrpt_outcome_take_tlsa(
    struct tlsrpt_outcome *outcome, const struct tlsa_set *records)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct tlsa *record = &records->records[i];
		size_t size = sizeof("2 255 255 ") + 2 * record->size;
		char *line;
		int length;

		if (record->usage != TLSA_DANE_TA &&
		    record->usage != TLSA_DANE_EE)
			continue;
		line = xmalloc(size);
		length = snprintf(line, size, "%u %u %u ", record->usage,
		    record->selector, record->mtype);
		text_hex(line + length, size - (size_t)length, record->data,
		    record->size);
		tlsrpt_lines_add(&outcome->strings, line);
		free(line);
	}
}

static bool
has_line(const struct tlsrpt_lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->lines[i], line) == 0)
			return true;
	return false;
}

void
tlsrpt_outcome_take_sts(
    struct tlsrpt_outcome *outcome, const struct sts_policy *policy)
{
	char line[LIMIT_DOMAIN_SIZE + 16];

	tlsrpt_lines_add(&outcome->strings, "version: STSv1");
	snprintf(line, sizeof(line), "mode: %s", sts_mode_text(policy->mode));
	tlsrpt_lines_add(&outcome->strings, line);
	for (size_t i = 0; i < policy->mx_count; i++) {
		if (has_line(&outcome->mx, policy->mx[i]))
			continue;
		tlsrpt_lines_add(&outcome->mx, policy->mx[i]);
		snprintf(line, sizeof(line), "mx: %s", policy->mx[i]);
		tlsrpt_lines_add(&outcome->strings, line);
	}
	snprintf(
	    line, sizeof(line), "max_age: %u", (unsigned)policy->max_age_s);
	tlsrpt_lines_add(&outcome->strings, line);
}

static size_t
lines_octets(const struct tlsrpt_lines *lines)
{
	size_t octets = lines->count * sizeof(*lines->lines);

	for (size_t i = 0; i < lines->count; i++)
		octets += strlen(lines->lines[i]) + 1;
	return octets;
}

size_t
tlsrpt_session_octets(const struct tlsrpt_session *session)
{
	size_t octets = sizeof(*session) +
			session->outcome_count * sizeof(*session->outcomes);

	for (size_t i = 0; i < session->outcome_count; i++) {
		const struct tlsrpt_outcome *outcome = &session->outcomes[i];

		octets += lines_octets(&outcome->strings) +
			  lines_octets(&outcome->mx) +
			  outcome->detail_count * sizeof(*outcome->details);
	}
	return octets;
}

void
tlsrpt_outcome_finish(
    struct tlsrpt_outcome *outcome, const char *domain, const char *next_hop)
{
	tlsrpt_lines_order(&outcome->strings, outcome->type);
	if (domain != NULL &&
	    domain_normalise(domain, outcome->domain, NULL) == 0)
		return;
	text_copy(outcome->domain, sizeof(outcome->domain), next_hop);
	if (outcome->type == TLSRPT_POLICY_TLSA)
		for (size_t i = outcome->detail_count; i-- > 0;)
			if (outcome->details[i].mx[0] != '\0')
				text_copy(outcome->domain,
				    sizeof(outcome->domain),
				    outcome->details[i].mx);
}
