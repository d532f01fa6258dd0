/* fleet_options - how a host shares what it knows. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_OPTIONS_H
#define COMMON_ENGINE_FLEET_OPTIONS_H

#include <stddef.h>

#include "common/engine/fleet_events.h"
#include "common/io/shared.h"
#include "common/sts/share.h"

/* Borrowed strings, needed during the call only. */
struct fleet_options {
	const char *const *servers; /* as shared_address_parse has them */
	size_t server_count;
	const char *user;                 /* NULL: the store's default user */
	const char *password_file;        /* NULL: no login */
	const char *ca_file;              /* NULL: the system's store */
	const char *cert_file, *key_file; /* of TLS; NULL: none */
	const char *keys_file;            /* of signatures */
	const char *prefix;
	const char *host;    /* this one's name */
	const char *version; /* of the program, a constant */
	const char *digest;  /* of its settings, see share_set_digest */
	unsigned content;    /* of enum share_content */
	int timeout_ms;

	shared_changed *changed; /* must not block, nor may told */
	share_told *told;
	fleet_apply *apply;
	void *arg;
};

#endif
