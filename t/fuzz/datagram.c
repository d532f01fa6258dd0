/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/datagram.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "common/proto/tlsrpt_record.h"
#include "milter/tlsrpt/day_report.h"
#include "t/fuzz/fuzz.h"

static void
check_text(const char *text, size_t most)
{
	assert(strlen(text) <= most);
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void
check_detail(const struct tlsrpt_detail *detail)
{
	struct tlsrpt_rua uri;

	assert(detail->result != TLSRPT_RESULT_OTHER);
	check_text(detail->sending, INET6_ADDRSTRLEN - 1);
	check_text(detail->receiving, INET6_ADDRSTRLEN - 1);
	check_text(detail->helo, LIMIT_TLSRPT_HELO);
	check_text(detail->reason, LIMIT_TLSRPT_REASON);
	if (detail->mx[0] != '\0')
		fuzz_check_domain(detail->mx);
	if (detail->info[0] != '\0')
		assert(tlsrpt_rua_parse(
			   detail->info, strlen(detail->info), &uri) == NULL);
}

/* Equal policies have one body, which is JSON. */
static void
check_outcome(struct tlsrpt_outcome *outcome)
{
	char *body = day_report_body(outcome), *again;
	json_t *json = json_loads(body, 0, NULL);

	fuzz_check_domain(outcome->domain);
	assert(json_array_size(json) == 2);
	assert(outcome->detail_count <= LIMIT_TLSRPT_DETAILS);
	assert(outcome->strings.count <= LIMIT_TLSRPT_LINES);
	for (size_t i = 0; i < outcome->detail_count; i++)
		check_detail(&outcome->details[i]);
	tlsrpt_lines_order(&outcome->strings, outcome->type);
	again = day_report_body(outcome);
	assert(strcmp(body, again) == 0);
	json_decref(json);
	free(body);
	free(again);
}

/* A datagram is taken whole or not at all. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;
	enum datagram_outcome outcome =
	    datagram_read((const char *)data, size, &session);

	assert((outcome == DATAGRAM_GOOD) == (session != NULL));
	if (session == NULL)
		return 0;
	fuzz_check_domain(session->domain);
	assert(session->outcome_count > 0 &&
	       session->outcome_count <= LIMIT_TLSRPT_POLICIES);
	for (size_t i = 0; i < session->outcome_count; i++)
		check_outcome(&session->outcomes[i]);
	return 0;
}
