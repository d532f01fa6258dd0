/* requiretls - whether mail that demands TLS all the way may go somewhere:
 * RFC 8689 section 4.2.1. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_REQUIRETLS_H
#define COMMON_JUDGE_REQUIRETLS_H

#include "common/judge/findings.h"
#include "common/judge/host_case.h"
#include "common/judge/verdict.h"

/*
 * requiretls_of_address - the name is vouched for, the certificate is verified
 * by DANE or the WebPKI, and the EHLO inside TLS offers REQUIRETLS; before any
 * probe, what DNS alone says
 *
 * found is NULL where no certificate was to come.
 */
enum requiretls_state
requiretls_of_address(const struct host_case *c, const struct findings *found,
    const struct probe_facts *probe, const struct address_verdict *verdict);

/* requiretls_of_host - the best of its good addresses: one out of reach says
 * nothing where another is in reach */
enum requiretls_state requiretls_of_host(const struct host_verdict *host);

/* requiretls_of_domain - the best of all hosts: the sender may take any */
enum requiretls_state
requiretls_of_domain(const struct facts *facts, const struct verdict *verdict);

#endif
