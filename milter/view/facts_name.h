/* facts_name - names of the files that posternd keeps facts in. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_FACTS_NAME_H
#define MILTER_VIEW_FACTS_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { FACTS_NAME_SIZE = sizeof("20261130T002019Z-0badcafe.json") };

/*
 * facts_name_print - the name for facts that were judged at that time (UTC)
 *
 * number tells those of one second apart.  Names sort as their times do.
 * False, and "", where the time has no four digits of a year.
 */
bool
facts_name_print(time_t judged_s, uint32_t number, char out[FACTS_NAME_SIZE]);

/* facts_name_read - whether a name is one, to the letter; judged_s gets its
 * time, and may be NULL */
bool facts_name_read(const char *name, time_t *judged_s);

#endif
