/* dns_unvalidated - a second opinion on zones that are signed, but not with
 * what libunbound can validate. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_UNVALIDATED_H
#define COMMON_IO_DNS_UNVALIDATED_H

#include <stdint.h>

#include "common/base/own.h"
#include "common/io/dns_answer.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_system.h"

/* What was asked. */
struct dns_unvalidated_question {
	const char *name;
	enum dns_type type;
	int64_t deadline_ms;
};

/*
 * dns_unvalidated_review - what an insecure answer of embedded amounts to
 *
 * Takes answer.  It comes back as it is unless the name asked or the owner lies
 * in a zone whose DS records are secure, and all of algorithms that the library
 * lacks.  For one that does, system is asked, whose nameservers' word counts,
 * or NULL if there is none; the answer is
 *   system's, if that is secure or a failure: as with Resolver system
 *   embedded's, which says why it is insecure, otherwise
 */
struct dns_answer *dns_unvalidated_review(struct dns_embedded *embedded,
    struct dns_system *system, const struct dns_unvalidated_question *question,
    struct dns_answer *answer) OWNED(dns_answer_free);

#endif
