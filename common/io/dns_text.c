/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_text.h"

#include <string.h>

#include "common/base/wire.h"
#include "common/base/xalloc.h"

static size_t
join_strings(const struct dns_rdata *rdata, char *to)
{
	struct wire wire;
	size_t length = 0;

	wire_init(&wire, rdata->data, rdata->size);
	while (wire.left > 0 && !wire.bad) {
		uint8_t part = wire_u8(&wire);
		const uint8_t *octets = wire_take(&wire, part);

		if (octets != NULL)
			memcpy(to + length, octets, part);
		length += octets == NULL ? 0 : part;
	}
	return length;
}

void
dns_texts_take(struct dns_texts *texts, const struct dns_answer *answer)
{
	texts->count = 0;
	if (answer->lookup.state != LOOKUP_DATA)
		return;
	for (size_t i = 0; i < answer->count && i < LIMIT_DNS_RECORDS; i++) {
		char *joined = xmalloc(answer->records[i].size);

		texts->texts[i].data = joined;
		texts->texts[i].length =
		    join_strings(&answer->records[i], joined);
		texts->count = i + 1;
	}
}

void
dns_texts_fini(struct dns_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		char *owned; /* what is const to everybody else */

		memcpy(&owned, &texts->texts[i].data, sizeof(owned));
		free(owned);
	}
	texts->count = 0;
}
