/* dns_embedded - the validating resolver inside this process: libunbound. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_EMBEDDED_H
#define COMMON_IO_DNS_EMBEDDED_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/dns_answer.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_options.h"
#include "common/io/dns_pending.h"

struct dns_embedded;

/* As dns_new and dns_free.  What lies in insecure is never secure and never
 * bogus; insecure is borrowed. */
void dns_embedded_free(struct dns_embedded *resolver);
struct dns_embedded *dns_embedded_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
    OWNED(dns_embedded_free);
AUTO_DEFINE(dns_embedded);

/* dns_embedded_ask - start a lookup of a valid name, which dns_pending_await
 * ends */
struct dns_pending *dns_embedded_ask(struct dns_embedded *resolver,
    const char *name, enum dns_type type, int64_t deadline_ms);

/* dns_embedded_library - the version of the library behind this, a constant */
const char *dns_embedded_library(void);

#endif
