/* own - what the verbs for one's own mail hosts share. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_OWN_H
#define MILTER_CLI_PUBLISH_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/tlsa.h"
#include "common/proto/x509_key.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"

struct json_t; /* of jansson */

/* Names, normalised. */
struct cli_names {
	size_t count;
	char (*items)[LIMIT_DOMAIN_SIZE];
	const char **list; /* the same, as matching wants them */
};

/* cli_names_read - those of --name; 0, or EX_USAGE said */
int cli_names_read(struct cli_names *names, const struct cli_list *words);
void cli_names_fini(struct cli_names *names);

/* cli_read_keys - what a file holds; NULL with *status when that was said */
struct x509_keys *
cli_read_keys(const char *path, int *status) OWNED(x509_keys_free);

/* cli_read_key - the same of a file that may hold one key only */
struct x509_key *
cli_read_key(const char *path, int *status) OWNED(x509_key_free);

/*
 * cli_tlsa_subject - what a record of this form is of: the key and certificate
 * of the host, or for DANE-TA those of the CA next to it
 *
 * cert is {NULL, 0} if only a key is known.  False if there is no CA.
 */
bool cli_tlsa_subject(const struct x509_key *key, struct tlsa_form form,
    struct der *cert, struct der *spki);

/* cli_warn - a line on stderr, and where list is not NULL one more in it */
void cli_warn(struct json_t *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* cli_tlsa_json - a record as an object: usage, selector, mtype, data */
struct json_t *cli_tlsa_json(const struct tlsa *record);

/* cli_print_json - print object as a line and drop it; 0, or EX_IOERR said */
int cli_print_json(struct json_t *object);

/*
 * cli_ask_one - a check of one destination, awaited
 *
 * The check is borrowed until *wait is freed; NULL when it took too long, which
 * was said.
 */
const struct check *
cli_ask_one(struct cli_engine *cli, const struct engine_query *like,
    const char *asked, struct engine_wait **wait);

#endif
