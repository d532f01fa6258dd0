/* https - in place of common/io/https: a policy host that is a function of the
 * test. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_HTTPS_H
#define T_FAKE_HTTPS_H

#include "common/io/https.h"

/*
 * fake_https_use - before anybody fetches: what https_get does, in the thread
 * that calls it
 *
 * The reply is HTTPS_FAILED unless get does something; so it is without a get.
 */
void fake_https_use(void (*get)(
    const struct https_request *request, struct https_reply *reply));

/* fake_https_body - the reply is this text, status 200, text/plain */
void fake_https_body(struct https_reply *reply, const char *text);

#endif
