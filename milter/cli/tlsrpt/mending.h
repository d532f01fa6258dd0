/* mending - what a result of a TLS report means for who receives it, and what
 * to do. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_MENDING_H
#define MILTER_CLI_TLSRPT_MENDING_H

#include "common/proto/tlsrpt_result.h"

enum { MENDING_SIZE = 1024 };

struct mending_case {
	enum tlsrpt_result result;
	enum tlsrpt_policy_type type;
	const char *word;        /* of the result, as written */
	const char *reason;      /* failure-reason-code, or "" */
	const char *domain, *mx; /* as written, or "" */
};

/*
 * mending_text - sentences for people, and the verb of postern that looks
 * closer
 *
 * What is no domain name is not in them: a command may be copied to a shell.
 * Returns out; "" where there is nothing to say.
 */
const char *mending_text(const struct mending_case *of, char out[MENDING_SIZE]);

#endif
