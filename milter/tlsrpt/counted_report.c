/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/counted_report.h"

#include <stdlib.h>

#include "milter/tlsrpt/day_report.h"

static const char *
text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

char *
counted_report_print(struct store_tlsrpt *store,
    const struct settings *settings, int64_t day, const char *domain,
    struct err *err)
{
	char id[STORE_TLSRPT_ID_SIZE];
	struct day_report report = {.day = day,
	    .domain = domain,
	    .organization = text_or_empty(settings->tls_report_organization),
	    .contact = text_or_empty(settings->tls_report_contact),
	    .store_id = id,
	    .minimal = settings->tls_report_details == TLS_DETAILS_MINIMAL};
	struct tlsrpt_tally **tallies;
	size_t count;
	char *text = NULL;

	if (store_tlsrpt_id(store, id, err) != 0 ||
	    store_tlsrpt_tallies(store, day, domain, &tallies, &count, err) !=
		0)
		return NULL;
	if (count > 0)
		text = day_report_print(&report, tallies, count);
	else
		err_set(err, ERR_DATA, "no session on that day");
	for (size_t i = 0; i < count; i++)
		tlsrpt_tally_free(tallies[i]);
	free(tallies);
	return text;
}
