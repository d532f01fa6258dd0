/* requiretls - what a message itself says of TLS, and what that means for a
 * verdict: RFC 8689. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_REQUIRETLS_H
#define MILTER_ACT_REQUIRETLS_H

#include <stdbool.h>

#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings.h"

struct requiretls {
	bool required; /* REQUIRETLS, from MAIL or a field that stands for it */
	unsigned fields; /* named TLS-Required */
	bool says_no;    /* the last of them is well-formed */
};

/*
 * requiretls_read - read one field of the message's header
 *
 * trusted: whoever sent it may say that REQUIRETLS was demanded before, with
 * the field that Postfix keeps it in, "Require-TLS-ESMTP: yes".
 */
void requiretls_read(
    struct requiretls *says, const char *name, const char *value, bool trusted);

/* requiretls_is_waived - "TLS-Required: No": it is to be delivered whatever
 * the TLS; REQUIRETLS wins over that */
bool requiretls_is_waived(const struct requiretls *says);

/*
 * requiretls_object - what is wrong with a destination for mail under
 * REQUIRETLS
 *
 * The verdict for such a message: fail or temperror, requiretls-unmet; or NULL
 * where the one that there is may stand.
 */
struct verdict *
requiretls_object(const struct verdict *verdict) OWNED(verdict_free);

/* requiretls_applies - whether the verdict's destination is one that
 * REQUIRETLS is for; requiretls_action - the least that is done there */
bool requiretls_applies(const struct verdict *verdict);
enum action requiretls_action(const struct verdict *verdict);

#endif
