/* header_field - pieces of a structured header field (RFC 5322). Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_HEADER_FIELD_H
#define COMMON_PROTO_HEADER_FIELD_H

/* header_field_comment - the first octet behind the comment that begins at s,
 * which may hold others; the end, where it does not end */
const char *header_field_comment(const char *s);

#endif
