/* dns_text - TXT records of an answer, as texts. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_TEXT_H
#define COMMON_IO_DNS_TEXT_H

#include <stddef.h>

#include "common/io/dns_answer.h"
#include "common/proto/sts_record.h"

/* The strings of each record are one text, as RFC 8461 section 3.1 and RFC 8460
 * section 3 want it. */
struct dns_texts {
	size_t count;
	struct sts_txt texts[LIMIT_DNS_RECORDS];
};

/* dns_texts_take - those of an answer to a question for TXT; none where there
 * was no data */
void dns_texts_take(struct dns_texts *texts, const struct dns_answer *answer);
void dns_texts_fini(struct dns_texts *texts);

#endif
