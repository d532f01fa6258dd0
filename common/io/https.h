/* https - fetch or post one small file, pinned to given addresses. Any thread.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_HTTPS_H
#define COMMON_IO_HTTPS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/x509.h"

struct https_request {
	const char *host; /* normalised: for the URL, SNI and the certificate */
	const char *path; /* begins with "/" */
	const char *const *addresses; /* the only ones that are connected to */
	size_t address_count;         /* at least one */
	uint16_t port;                /* 0: 443 */
	const struct x509_store *roots; /* borrowed */
	size_t max_octets;              /* of the body, however encoded */
	int64_t deadline_ms;            /* for everything, clock_mono_ms */
	const char *agent;              /* NULL: "postern" */
	const atomic_bool *ended;       /* borrowed: once it is true the rest
					   is given up; or NULL */
};

enum https_outcome {
	HTTPS_NOT_TRIED, /* we lack what it takes: time, sockets, memory; or
			    a GET was given up */
	HTTPS_FAILED,    /* connection, TLS, protocol or time */
	HTTPS_UNTRUSTED, /* the certificate: chain, dates, no dNSName, or a key
			    that costs too much to check by */
	HTTPS_TOO_LARGE,
	HTTPS_ANSWERED, /* status, type and body are there */
};

/* At what HTTPS_FAILED failed. */
enum https_failure {
	HTTPS_AT_PROTOCOL,
	HTTPS_AT_TIME,
	HTTPS_AT_CONNECTION,
	HTTPS_AT_TLS,
};

struct https_reply {
	enum https_outcome outcome;
	enum https_failure failure; /* of HTTPS_FAILED */
	long status;            /* 200 ...; of a POST also where what follows
				   it is too large, or does not come */
	bool untrusted;         /* of ANSWERED, or with such a status: as
				   HTTPS_UNTRUSTED, and it was sent all the
				   same */
	bool wildcard;          /* of ANSWERED: the certificate has the
				   host's name by a wildcard alone */
	long retry_after_s;     /* 0: the server says nothing */
	char content_type[128]; /* "" if absent; cut */
	char *body;             /* length octets and a NUL */
	size_t length;
	char detail[LIMIT_DETAIL_SIZE]; /* why not, cleaned */
};

/* https_global_init - once, before threads; LOCAL if libcurl cannot do https
 * by GnuTLS */
int https_global_init(struct err *err);

/*
 * https_get - a GET without redirects, proxy, cookies, cache or credentials
 *
 * The certificate must chain to the roots, be in date, and have the host as a
 * dNSName; a CN does not count.  That is verified before the request is sent,
 * by x509_verify_store.  TLS 1.2 at least.  Always gives a reply.
 * RFC 8461 section 3.3.
 */
void https_reply_free(struct https_reply *reply);
struct https_reply *
https_get(const struct https_request *request) OWNED(https_reply_free);
AUTO_DEFINE(https_reply);

/* What is posted. */
struct https_upload {
	const void *octets;
	size_t size;
	const char *type;   /* of media */
	const char *agent;  /* "Postern/1.0" */
	bool untrusted_too; /* a certificate that does not do is told */
};

/*
 * https_post - the same as a POST of upload
 *
 * With untrusted_too a certificate that does not chain, is out of date or bears
 * another name is no hindrance; one that costs too much to check by is.
 */
struct https_reply *https_post(const struct https_request *request,
    const struct https_upload *upload) OWNED(https_reply_free);

/* https_library - the version of the library behind this, a constant */
const char *https_library(void);

#endif
