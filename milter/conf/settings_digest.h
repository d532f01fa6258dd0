/* settings_digest - by what a host judges, as a text that is the same for hosts
 * that judge alike. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_DIGEST_H
#define MILTER_CONF_SETTINGS_DIGEST_H

#include "common/proto/shared_value.h"
#include "milter/conf/settings.h"

/*
 * settings_digest - of the rules, of the settings that have a part in verdicts,
 * of the file of CAs, and of the program's version
 *
 * Not of what differs from host to host by its nature: names, addresses, times,
 * sizes, and what is done with a verdict.
 */
void settings_digest(const struct settings *settings, const char *version,
    char out[SHARED_DIGEST_SIZE]);

#endif
