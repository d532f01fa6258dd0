/* store_file - the store's files by name: the database, and what SQLite keeps
 * beside it. Knows no SQL; one thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_FILE_H
#define COMMON_IO_STORE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/base/err.h"

struct store_file {
	char *path;            /* as the caller named it, owned */
	char *name;            /* the same without symbolic links, owned */
	struct stat main, wal; /* as they were noted; zeroed: not there */
};

void store_file_init(struct store_file *file, const char *path);
void store_file_fini(struct store_file *file);

/* store_file_resolve - set name to where the path leads now */
void store_file_resolve(struct store_file *file);

/* store_file_rename - set name, to that which SQLite goes by; copied */
void store_file_rename(struct store_file *file, const char *name);

/*
 * store_file_look - stat the database (suffix "") or a file beside it ("-wal")
 *
 * 0, or an errno and out zeroed.
 */
int store_file_look(
    const struct store_file *file, const char *suffix, struct stat *out);

/* store_file_note - remember which files are there, as they were opened */
void store_file_note(struct store_file *file);

/*
 * store_file_replaced - which names lead to another file than the one noted, or
 * to none: 0, or STORE_FILE_MAIN, STORE_FILE_WAL or both
 *
 * What is written to a handle on such a file would be lost with it.
 */
enum { STORE_FILE_MAIN = 1, STORE_FILE_WAL = 2 };
unsigned store_file_replaced(const struct store_file *file);

/* store_file_is_written - whether the database has changed since noted */
bool store_file_is_written(const struct store_file *file);

/*
 * store_file_set_aside - rename what is there to name.damaged-SECONDS, the log
 * and the others likewise, each with its suffix
 *
 * The log goes first: one that is left beside a new database would be taken for
 * its own, or deleted.  main_too: the database as well as what is beside it.  A
 * name that is taken is never written over.  LOCAL when a file cannot be moved;
 * then some may have been.
 */
int store_file_set_aside(
    const struct store_file *file, bool main_too, struct err *err);

#endif
