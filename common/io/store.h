/* store - MTA-STS policies and verdict flips that survive a restart. SQLite;
 * any thread, one writer at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_H
#define COMMON_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/store_flip.h"
#include "common/io/store_policy.h"

struct store;

/*
 * store_open - open, make or migrate the database at path
 *
 * A writer makes a file that is not there, of mode 0644 less the umask: 0600 or
 * 0640 is for the caller's umask to say; -wal and -shm beside it get the mode
 * of the file.  A database that is damaged is moved aside with those two (to
 * path.damaged-SECONDS, never deleted) and a new one made; *renamed tells, when
 * not NULL, and is set on success only.
 *
 * read_only: for a command beside a running daemon, or where a writer was
 * refused.  Nothing is ever made, moved or changed then, but an index (-shm)
 * beside a log (-wal) that a killed writer left.  Without a log, which a live
 * writer always has, the file is read as it is (SQLite's "immutable"), so that
 * the directory need not be writable; if a writer comes meanwhile and changes
 * it, the reading call is LOCAL.
 *
 * LOCAL when the path cannot be used, is no database of Postern, was written by
 * a newer schema, or is locked; a reader's also when there is no file or it is
 * damaged.  Waits a second at most for another process's lock.
 *
 * Of a store that is open, a call that fails leaves it usable: the next call
 * opens the file again if it must, so that what was mended works again.  If the
 * file was deleted, replaced or damaged meanwhile, the writer's call that sees
 * it is LOCAL and has, if it can, a new database ready; a damaged one is moved
 * aside as above.
 */
void store_free(struct store *store);
struct store *store_open(const char *path, bool read_only, bool *renamed,
    struct err *err) OWNED(store_free);
AUTO_DEFINE(store);

/*
 * store_open_patiently - store_open for a writer that can wait
 *
 * Never NULL.  Where the path cannot be used now, what is there is read, if it
 * can be, and else counts as empty; calls that change it are LOCAL, at once,
 * until store_try has opened it.
 */
struct store *
store_open_patiently(const char *path, bool *renamed) OWNED(store_free);

/*
 * store_waits - whether it does, and why; store_try - try to open it, if it
 * does: 1 when it is now open, 0 when it was before, -1 with err
 */
bool store_waits(struct store *store, struct err *why);
int store_try(struct store *store, bool *renamed, struct err *err);

/*
 * store_put_policy - insert or replace what is kept of policy->domain
 *
 * On return 0 it is on disk, whatever happens to the process or the power.
 * LOCAL when it is not (disk full, locked, read-only, damaged): the old row is
 * still there, whole; only where the disk took the new one and then failed to
 * sync may it be that.  DATA when a field breaks its limit.  When there are
 * more than LIMIT_CACHED_POLICIES, those go first of which only a failure is
 * known, then those that were not used again, then the others; of each, those
 * that were used longest ago.  How long a policy says that it holds does not
 * matter.
 */
int store_put_policy(
    struct store *store, const struct store_policy *policy, struct err *err);

/* store_drop_policy - forget a domain, or all where it is NULL: how many were
 * known, or -1 */
int store_drop_policy(struct store *store, const char *domain, struct err *err);

/*
 * store_get_policy - 1 and out (fini it), 0 when unknown, -1 with err
 *
 * A row that Postern would not have written is unknown: a name that is not in
 * its one spelling, a time before 1970, a field that is too long or holds a
 * NUL.  The body's grammar is not looked at.
 */
int store_get_policy(struct store *store, const char *domain,
    struct store_policy *out, struct err *err);

/*
 * store_each_policy - call each for every row, by domain; row is borrowed
 *
 * A row that store_get_policy would not know is skipped.  Returns the count, or
 * -1, then some may have been seen already.  each may call the store; nothing
 * is locked while it runs, and what is put meanwhile may be seen or not.
 */
typedef void store_row(void *arg, const struct store_policy *row);
int store_each_policy(
    struct store *store, store_row *each, void *arg, struct err *err);

/* store_next_policy - the row behind that of domain after, "" for the first: 1
 * and out (fini it), 0 at the end, -1 with err */
int store_next_policy(struct store *store, const char *after,
    struct store_policy *out, struct err *err);

/*
 * store_flips - note results of some domains, in one transaction; whether each
 * differs from the last noted
 *
 * Each domain once.  0, or -1 with err, and then none differs.  Of more than
 * LIMIT_CACHED_VERDICTS domains those noted longest ago go; a time that is to
 * come, of a clock that was ahead, counts as now.
 */
int store_flips(struct store *store, struct store_flip *flips, size_t count,
    time_t now, struct err *err);

/* store_library - the version of SQLite, a constant */
const char *store_library(void);

#endif
