/* dns_unbound - the library behind the embedded resolver: set up as we want
 * it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_UNBOUND_H
#define COMMON_IO_DNS_UNBOUND_H

#include "common/base/err.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_options.h"
#include "common/io/unbound_context.h"

/*
 * dns_unbound_new - a context of libunbound that works in a thread of its own,
 * not started yet
 *
 * insecure is for the call.  As dns_new, it fails LOCAL.
 */
struct ub_ctx *dns_unbound_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
    OWNED(unbound_context_free);

/* dns_unbound_start - start the thread of the library; somebody must process
 * its results from now on */
int dns_unbound_start(struct ub_ctx *ub, struct err *err);

#endif
