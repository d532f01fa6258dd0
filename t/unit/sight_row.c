/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/sight_row.h"

#include <string.h>

#include "common/base/text.h"

static const struct provider microsoft = {
    .name = "microsoft", .class = PROVIDER_MAILBOX};
static const struct provider moved = {
    .name = "microsoft-dnssec", .class = PROVIDER_MAILBOX};
static const struct provider google = {
    .name = "google", .class = PROVIDER_MAILBOX};

const struct case_row sight_tested = {.mx = "s",
    .hosts = "U",
    .policy = "testing mx1.d.ex",
    .chain = S,
    .whose = "x",
    .zones = "s",
    .rua = "m"};

static void
set_rua(struct standing_extra *extra, char letter)
{
	static const struct sts_txt texts[] = {
	    {"v=TLSRPTv1; rua=mailto:r@d.ex", 29},
	    {"v=TLSRPTv1; rua=https://d.ex/r", 30}};

	extra->tlsrpt = (struct lookup){LOOKUP_DATA, false, 60};
	extra->tlsrpt_record = tlsrpt_record_select(
	    &texts[letter == 'h'], letter != '-', NULL, NULL);
}

static const struct provider *
provider_of(char letter)
{
	switch (letter) {
	case 'm':
		return &microsoft;
	case 'M':
		return &moved;
	case 'g':
		return &google;
	}
	return NULL;
}

void
seen_make(struct seen *seen, const struct case_row *row)
{
	struct sight *sight = &seen->sight;

	memset(seen, 0, sizeof(*seen));
	seen->facts = destination_make(row->mx, row->hosts, row->policy);
	if (row->policy != NULL)
		seen->facts->sts.record.outcome = STS_RECORD_VALID;
	sight->facts = seen->facts;
	sight->at = NOW;
	sight->chain = row->chain;
	text_copy(sight->chain_facts.zone, LIMIT_DOMAIN_SIZE, "d.ex");
	sight->dns_provider = row->dns;
	for (size_t i = 0; i < seen->facts->host_count; i++) {
		struct sight_host *host = &sight->hosts[i];

		host->own = row->whose[i] == 'o';
		host->provider = provider_of(row->whose[i]);
		host->chain = row->zones[i] == 's' ? S : U;
	}
	set_rua(&sight->extra, row->rua[0]);
	seen->verdict = outlook_judge(seen->facts, OUTLOOK_AUTO, NULL, NOW);
	seen->secure = outlook_judge(seen->facts, OUTLOOK_SECURE, NULL, NOW);
	sight->verdict = seen->verdict;
	sight->secure = seen->secure;
	sight->standing = standing_make(seen->facts, &sight->extra, NULL, NOW);
}

void
seen_fini(struct seen *seen)
{
	verdict_free(seen->verdict);
	verdict_free(seen->secure);
	facts_free(seen->facts);
}
