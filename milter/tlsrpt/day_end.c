/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/day_end.h"

#include <string.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"

static void
print_day(int64_t day, char out[CLOCK_PRINT_SIZE])
{
	clock_print((time_t)(day * CLOCK_DAY_S), out);
	out[strcspn(out, "T")] = '\0';
}

void
day_end_tell(struct store_tlsrpt *store, int64_t day)
{
	struct report_tlsrpt_day told = {.received = 0};
	struct tlsrpt_day sums = {.received = 0};
	char text[CLOCK_PRINT_SIZE];

	if (store_tlsrpt_day(store, day, &sums, NULL) != 1)
		return;
	print_day(day, text);
	told.day = text;
	told.received = sums.received;
	told.domains = sums.domains;
	told.dropped = sums.dropped;
	told.norua = sums.norua;
	told.foreign = sums.foreign;
	report_tlsrpt_day(&told);
}

void
day_end_forget(struct store_tlsrpt *store, int64_t open_day,
    const struct settings *settings)
{
	int64_t days = settings->tls_report_keep_ms / 1000 / CLOCK_DAY_S;

	store_tlsrpt_forget(store, open_day - days, NULL);
}
