/* facts_folder - a folder of files that are never more than a few, and each of
 * them whole.  One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_FACTS_FOLDER_H
#define MILTER_SERVE_FACTS_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"

/* The oldest go where there are more, or older ones. */
struct facts_folder_bounds {
	size_t files;
	uint64_t octets;
	time_t age_s;
};

struct facts_folder;

/* facts_folder_new - path is copied; nothing is looked at yet */
void facts_folder_free(struct facts_folder *folder);
struct facts_folder *facts_folder_new(const char *path,
    const struct facts_folder_bounds *bounds) OWNED(facts_folder_free);
AUTO_DEFINE(facts_folder);

/*
 * facts_folder_tidy - remove what is too much, or too old at the time now
 *
 * The folder is made where it is missing.  Files whose name is none of
 * facts_name.h are nobody's business here.  TEMP when the folder cannot be had,
 * belongs to somebody else, or may be written to by others.
 */
int facts_folder_tidy(struct facts_folder *folder, time_t now, struct err *err);

/*
 * facts_folder_put - the same, then write a file
 *
 * name: as facts_name_print makes it.  The file is there whole, or not at all.
 * TEMP likewise, and when the disk is full, or the file is larger than all may
 * be together.
 */
int facts_folder_put(struct facts_folder *folder, const char *name,
    const char *text, size_t length, time_t now, struct err *err);

#endif
