/* message_scan - whether a message may be given to a MIME parser: what it would
 * be made into can be a hundred times as large as it is. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_MESSAGE_SCAN_H
#define MILTER_CLI_TLSRPT_MESSAGE_SCAN_H

#include <stddef.h>

/* message_scan - NULL, or why not, a constant: one of the limits
 * LIMIT_MESSAGE_DASHES, _HEADER, _FIELDS and _FIELD_OCTETS is passed */
const char *message_scan(const char *octets, size_t size);

#endif
