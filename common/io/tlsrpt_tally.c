/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/tlsrpt_tally.h"

#include <stdlib.h>

void
tlsrpt_tally_free(struct tlsrpt_tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->body);
	free(tally->failures);
	free(tally);
}
