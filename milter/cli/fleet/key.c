/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/proto/shared_value.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"

/* In pieces of 256 octets and less it comes whole. */
int
cli_fleet_key(const struct cli_options *options)
{
	uint8_t secret[SHARED_SECRET_OCTETS];
	char digits[2 * SHARED_SECRET_OCTETS + 1];
	json_t *row;

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return cli_fail(
		    EX_IOERR, "no random octets: %s", strerror(errno));
	text_hex(digits, sizeof(digits), secret, sizeof(secret));
	if (options->json) {
		row = json_pack("{s:i, s:s}", "schema", 1, "key", digits);
		cli_print_row(row);
		json_decref(row);
	} else {
		puts(digits);
	}
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the key");
	return 0;
}
