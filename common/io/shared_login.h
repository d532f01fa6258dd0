/* shared_login - the first exchange with a store: who we are, and whether it is
 * one that takes what is written. One thread an object. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_LOGIN_H
#define COMMON_IO_SHARED_LOGIN_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/io/shared_link.h"
#include "common/proto/resp.h"

enum shared_login {
	SHARED_LOGIN_LOST,   /* no answer, or none that is known */
	SHARED_LOGIN_BUSY,   /* it cannot yet: it loads, or waits for another */
	SHARED_LOGIN_DENIED, /* who we are is not known to it */
	SHARED_LOGIN_REPLICA, /* it copies another, and takes no writes */
	SHARED_LOGIN_DONE,
};

/* who we are to it */
struct shared_name {
	const char *user;     /* or NULL: "default" */
	const char *password; /* or NULL: nobody asks for it */
};

/*
 * shared_login - HELLO, with user and password where there is one
 *
 * err: why it is not done.  A cluster is LOST: its keys are elsewhere.
 */
enum shared_login shared_login(struct shared_link *link,
    struct resp_reader *reader, const struct shared_name *name, int stop,
    int64_t deadline_ms, struct err *err);

#endif
