/* recent - domains that fail now, the ones seen last, for who looks on. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_RECENT_H
#define MILTER_SERVE_RECENT_H

#include <stddef.h>
#include <time.h>

#include "milter/view/figures.h"

/* recent_note - what was found of a domain: it is listed while that is a fail,
 * temperror or softfail, and the one not seen for longest makes room */
void recent_note(const char *domain, const struct verdict *verdict, time_t now);

/* recent_copy - all of them, most messages first, for free(); count becomes how
 * many */
struct figures_domain *recent_copy(size_t *count);

#endif
