/* settings_engine - what of the settings is the engine's. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_ENGINE_H
#define MILTER_CONF_SETTINGS_ENGINE_H

#include <stdbool.h>

#include "common/engine/engine_options.h"
#include "milter/conf/settings.h"

/* settings_engine_options - what the engine is to do; strings are borrowed */
void settings_engine_options(
    const struct settings *settings, struct engine_options *options);

/*
 * settings_terms - what the judge is told by an engine of these settings, but
 * for the roots; by the rules for a next hop's domain, or where by_level by
 * level alone
 *
 * What is borrowed is the settings'.
 */
struct judge_terms settings_terms(const struct settings *settings,
    const char *domain, bool by_level, enum level level, time_t now);

/* settings_insecure_mx - InsecureMX, auto being what is then enforced: by MTAs
 * that ask posternd, or by a Postfix that does not */
enum insecure_mx
settings_insecure_mx(const struct settings *settings, bool answers_mtas);

/* settings_engine_same - whether an engine made by one serves the other as
 * well; what files hold is not compared */
bool settings_engine_same(const struct settings *a, const struct settings *b);

#endif
