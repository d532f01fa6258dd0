/* conf_text - settings from a text, by way of a file. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_CONF_TEXT_H
#define T_UNIT_CONF_TEXT_H

#include <stdio.h>

#include "milter/conf/settings.h"

/* conf_text_write - a file with this text; its path stays in path */
void conf_text_write(char path[32], const char *text);

/* conf_text_load - settings that have no fault; conf_text_try - NULL and the
 * faults, where they have.  The path that was stays in path. */
struct settings *conf_text_load(const char *text);
struct settings *
conf_text_try(char path[32], const char *text, struct conf_faults *faults);

/* conf_text_sample - etc/postern.conf, to read */
FILE *conf_text_sample(void);

#endif
