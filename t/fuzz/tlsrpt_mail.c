/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mail.h"

#include <assert.h>
#include <string.h>

#include "milter/cli/tlsrpt/authres.h"
#include "milter/cli/tlsrpt/message_scan.h"
#include "t/fuzz/fuzz.h"

/* What was decoded can be read to its end. */
static void
check_leaf(void *arg, const struct mail_part *part)
{
	size_t *octets = arg;

	for (size_t i = 0; i < part->size; i++)
		*octets += (unsigned char)part->octets[i];
	if (part->hints.domain[0] != '\0')
		fuzz_check_domain(part->hints.domain);
	if (part->hints.submitter[0] != '\0')
		fuzz_check_domain(part->hints.submitter);
	assert(part->hints.begin <= part->hints.end);
}

/* A message of anybody, and a field of it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *octets = (const char *)data;
	char *field = fuzz_string(data, size);
	size_t sum = 0;
	const char *why =
	    mail_read(octets, size, "mx.d.example", check_leaf, &sum);

	assert((why != NULL) == (message_scan(octets, size) != NULL));
	authres_is_of(field, "mx.d.example");
	authres_passed(field, "s.example");
	free(field);
	return 0;
}
