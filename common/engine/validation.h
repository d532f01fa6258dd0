/* validation - whether the resolver validates, tested from time to time. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_VALIDATION_H
#define COMMON_ENGINE_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/dns.h"

struct validation;

/*
 * validation_changed - told when it shows that the resolver validates, or that
 * it does not, for the first time or other than before
 *
 * In the thread that tested, outside locks, one call at a time.  why: for one
 * that does not, else "".
 */
typedef void validation_changed(void *arg, bool validates, const char *why);

/* validation_new - nothing is known yet; dns is borrowed, changed may be NULL
 */
void validation_free(struct validation *validation);
struct validation *validation_new(struct dns *dns, validation_changed *changed,
    void *arg) OWNED(validation_free);
AUTO_DEFINE(validation);

/* validation_test - see dns_self_test; one test at a time */
int validation_test(
    struct validation *validation, int64_t deadline_ms, struct err *err);

/*
 * validation_is_missing - whether the resolver is known not to validate
 *
 * Tests it where that is due: ten minutes after a test that went well, half a
 * minute after another.  Meanwhile others get the last state at once, or wait
 * where there is none.  A test without an answer shows nothing.
 */
bool validation_is_missing(struct validation *validation, int64_t deadline_ms);

/* validation_word - a constant: validating, not-validating, unknown */
const char *validation_word(struct validation *validation);

/* validation_losses - how often it was found missing: what was learnt while
 * this was less is not to be relied on */
unsigned validation_losses(struct validation *validation);

#endif
