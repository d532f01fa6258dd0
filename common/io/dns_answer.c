/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_answer.h"

#include <string.h>

#include "common/base/counts.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

struct dns_answer *
dns_answer_failed(enum lookup_state state, const char *why)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	answer->lookup.state = state;
	text_clean(answer->why, sizeof(answer->why), why, strlen(why));
	return answer;
}

void
dns_answer_free(struct dns_answer *answer)
{
	if (answer == NULL)
		return;
	free(answer->records);
	free(answer);
}

static enum counts_status
counted_status(const struct lookup *lookup)
{
	switch (lookup->state) {
	case LOOKUP_DATA:
		return lookup->secure ? COUNTS_STATUS_SECURE
				      : COUNTS_STATUS_INSECURE;
	case LOOKUP_NODATA:
	case LOOKUP_NXDOMAIN:
		return COUNTS_STATUS_NODATA;
	case LOOKUP_BOGUS:
		return COUNTS_STATUS_BOGUS;
	case LOOKUP_SERVFAIL:
		return COUNTS_STATUS_SERVFAIL;
	case LOOKUP_NOT_ASKED:
	case LOOKUP_TIMEOUT:
		break;
	}
	return COUNTS_STATUS_TIMEOUT;
}

void
dns_answer_count(
    const struct dns_answer *answer, enum dns_type type, struct counts *counts)
{
	static const struct {
		enum dns_type type;
		enum counts_lookup counted;
	} types[] = {{DNS_MX, COUNTS_LOOKUP_MX}, {DNS_A, COUNTS_LOOKUP_A},
	    {DNS_AAAA, COUNTS_LOOKUP_AAAA}, {DNS_TLSA, COUNTS_LOOKUP_TLSA},
	    {DNS_TXT, COUNTS_LOOKUP_TXT}, {DNS_CNAME, COUNTS_LOOKUP_CNAME},
	    {DNS_DS, COUNTS_LOOKUP_DS}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			counts_looked_up(counts, types[i].counted,
			    counted_status(&answer->lookup));
}
