/* err - what went wrong, and whose matter it is. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_ERR_H
#define COMMON_BASE_ERR_H

enum err_kind {
	ERR_TEMP,  /* may go well later: network, time, a full table */
	ERR_DATA,  /* the input is wrong: a record, a file, an argument */
	ERR_LOCAL, /* this host is wrong: permissions, a missing file */
};

struct err {
	enum err_kind kind;
	char text[256];
};

/*
 * err_set - store kind and a formatted text, cut to fit; err may be NULL
 *
 * Returns -1, so that a function that acts can `return err_set(...)`.
 */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* err_status - the same of kind LOCAL, for who returns an exit status of
 * sysexits(3): that */
int err_status(struct err *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
