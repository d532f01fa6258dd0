/* doctor_ciphers - which cipher suites a list of OpenSSL leaves out. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_CIPHERS_H
#define MILTER_CLI_DOCTOR_DOCTOR_CIPHERS_H

#include <stdbool.h>
#include <stddef.h>

/* What probes offer, before TLS 1.3, as such a list */
#define DOCTOR_CIPHERS_OFFERED "HIGH:MEDIUM:!aNULL"

enum { DOCTOR_SUITE_SIZE = 40 };

/* Suites before TLS 1.3, whose suites no list changes. */
struct doctor_ciphers {
	unsigned lost; /* that hosts rely on, and only probes offer */
	char name[DOCTOR_SUITE_SIZE]; /* one of them */
};

/* doctor_ciphers_compare - a list as OpenSSL takes it with what probes offer;
 * false when it cannot be told */
bool doctor_ciphers_compare(const char *list, struct doctor_ciphers *out);

/* doctor_ciphers_print - that in words */
void doctor_ciphers_print(
    const struct doctor_ciphers *ciphers, char *out, size_t size);

#endif
