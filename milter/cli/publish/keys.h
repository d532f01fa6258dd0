/* keys - the certificates that a host shows by type of key: it may have one
 * of RSA and one of ECDSA, of which a client sees one. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_KEYS_H
#define MILTER_CLI_PUBLISH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/io/smtp.h"
#include "common/judge/facts.h"
#include "milter/conf/settings.h"

enum { CLI_KEY_TYPES = 3 };

/* What one address shows beside the chain that a check saw. */
struct cli_address_keys {
	const struct address_facts *facts; /* borrowed */
	const char *sni;
	size_t count;
	struct {
		const char *type; /* "RSA", "ECDSA", "EdDSA" */
		struct probe_facts *probe;
	} others[CLI_KEY_TYPES];
	bool unsure; /* a type could not be looked at */
};

struct cli_keys {
	size_t count;
	struct cli_address_keys *items; /* an address with TLS each */
};

/*
 * cli_keys_look - connect anew to each address where facts have a TLS session,
 * once for each type of key
 *
 * Side by side for the addresses, in turn for one of them.  Zeroed keys become
 * the caller's; facts are borrowed until cli_keys_fini.
 */
void cli_keys_look(struct cli_keys *keys, const struct settings *settings,
    const struct facts *facts);
void cli_keys_fini(struct cli_keys *keys);

/* cli_keys_of - those of an address, or NULL where none was looked at */
const struct cli_address_keys *
cli_keys_of(const struct cli_keys *keys, const struct address_facts *facts);

#endif
