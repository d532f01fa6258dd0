/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/so_far.h"

#include "milter/serve/service.h"
#include "milter/tlsrpt/collect.h"
#include "milter/tlsrpt/counted_report.h"

int
so_far_rows(const struct tlsrpt_query *query, struct tlsrpt_row *rows, int most,
    struct err *err)
{
	struct store_tlsrpt *store = collect_write(err);

	return store == NULL ? -1
			     : store_tlsrpt_rows(store, query, rows, most, err);
}

char *
so_far_report(int64_t day, const char *domain, struct err *err)
{
	AUTO(settings) struct settings *settings = service_settings();
	struct store_tlsrpt *store = collect_write(err);
	char *text;

	if (store == NULL)
		return NULL;
	text = counted_report_made(store, day, domain);
	return text != NULL
		   ? text
		   : counted_report_print(store, settings, day, domain, err);
}
