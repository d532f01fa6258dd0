/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/publish/own.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/view/json_put.h"

enum {
	/* A chain of LIMIT_CHAIN_CERTS in PEM, with what openssl writes between
	 */
	KEY_FILE_MAX = 1024 * 1024,

	GRACE_MS = 2000,
};

int
cli_names_read(struct cli_names *names, const struct cli_list *words)
{
	struct err err;

	names->count = words->count;
	names->items = xcalloc(words->count, sizeof(*names->items));
	names->list = xcalloc(words->count, sizeof(*names->list));
	for (size_t i = 0; i < words->count; i++) {
		names->list[i] = names->items[i];
		if (domain_normalise(words->items[i], names->items[i], &err) !=
		    0)
			return cli_fail(EX_USAGE, "--name: %s", err.text);
	}
	return 0;
}

void
cli_names_fini(struct cli_names *names)
{
	free(names->items);
	free(names->list);
}

struct x509_keys *
cli_read_keys(const char *path, int *status)
{
	struct x509_keys *keys;
	struct err err;
	size_t length;
	char *text = cli_read_file(path, KEY_FILE_MAX, &length, &err);

	if (text == NULL) {
		*status =
		    cli_fail(err.kind == ERR_LOCAL ? EX_NOINPUT : EX_DATAERR,
			"%s", err.text);
		return NULL;
	}
	keys = x509_keys_read(text, length, &err);
	explicit_bzero(text, length);
	free(text);
	if (keys == NULL)
		*status = cli_fail(EX_DATAERR, "%s: %s", path, err.text);
	return keys;
}

struct x509_key *
cli_read_key(const char *path, int *status)
{
	AUTO(x509_keys) struct x509_keys *keys = cli_read_keys(path, status);

	if (keys == NULL)
		return NULL;
	if (keys->count == 1)
		return x509_keys_take(keys, 0);
	*status = cli_fail(EX_DATAERR,
	    "%s: it holds %zu keys: name a file for each", path, keys->count);
	return NULL;
}

bool
cli_tlsa_subject(const struct x509_key *key, struct tlsa_form form,
    struct der *cert, struct der *spki)
{
	size_t at = 0;

	*cert = (struct der){NULL, 0};
	*spki = key->spki;
	if (key->chain == NULL)
		return true;
	while (form.usage == TLSA_DANE_TA && !x509_is_ca(key->chain, at))
		if (++at == x509_count(key->chain))
			return false;
	*cert = x509_cert(key->chain, at);
	*spki = x509_spki(key->chain, at);
	return true;
}

void
cli_warn(struct json_t *list, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "postern: warning: %s\n", text);
	if (list != NULL)
		json_array_append_new(list, json_string(text));
}

json_t *
cli_tlsa_json(const struct tlsa *record)
{
	size_t size = 2 * record->size + 1;
	char *hex = xmalloc(size);
	json_t *object;

	text_hex(hex, size, record->data, record->size);
	object = json_pack("{s:i, s:i, s:i, s:s}", "usage", record->usage,
	    "selector", record->selector, "mtype", record->mtype, "data", hex);
	free(hex);
	return object;
}

int
cli_print_json(json_t *object)
{
	if (json_print(stdout, object) != 0 || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return 0;
}

const struct check *
cli_ask_one(struct cli_engine *cli, const struct engine_query *like,
    const char *asked, struct engine_wait **wait)
{
	const struct check *check;

	*wait = cli_engine_ask(cli, like, asked);
	check = engine_await(
	    *wait, clock_mono_ms() + cli->check_timeout_ms + GRACE_MS);
	if (check == NULL)
		cli_fail(3, "no verdict in time");
	return check;
}
