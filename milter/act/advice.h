/* advice - what each reason means, whose job it is, and what to try. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_ADVICE_H
#define MILTER_ACT_ADVICE_H

#include "common/judge/facts.h"
#include "common/judge/verdict.h"

/* Sentences without remote text; constants, none is NULL. */
struct advice {
	const char *why;
	const char *who; /* "" where nobody has to do anything */
	const char *what;
};

struct advice advice_for(enum reason reason);

/* advice_of - the same for one verdict, by what led to it; facts may be NULL */
struct advice
advice_of(const struct verdict *verdict, const struct facts *facts);

#endif
