/* store_survey_inferred - of which names of a survey something was inferred, by
 * address. For store_survey. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_INFERRED_H
#define COMMON_IO_STORE_SURVEY_INFERRED_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct sqlite3; /* of SQLite */

/* store_survey_inferred_new - handle is borrowed, and may be written to; LOCAL
 */
struct store_survey_inferred;
void store_survey_inferred_free(struct store_survey_inferred *inferred);
struct store_survey_inferred *store_survey_inferred_new(
    struct sqlite3 *handle, struct err *err) OWNED(store_survey_inferred_free);

/* These return 0, or -1 with LOCAL. */

/* store_survey_inferred_put - at these addresses, a blank between, for that
 * name */
int store_survey_inferred_put(struct store_survey_inferred *inferred,
    const char *addresses, const char *domain, struct err *err);

/* store_survey_inferred_reopen - as store_survey_reopen; how long it takes is a
 * matter of those names alone */
int store_survey_inferred_reopen(struct store_survey_inferred *inferred,
    const char *address, int64_t *count, struct err *err);

#endif
