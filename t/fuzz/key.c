/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/proto/tlsa.h"
#include "common/proto/x509_key.h"
#include "t/fuzz/fuzz.h"

/* A record of what was found is one that senders can use. */
static void
check_record(const struct x509_key *key)
{
	static const struct tlsa_form form = {
	    TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA2_256};
	struct tlsa_set set = {.count = 0};

	assert(tlsa_set_make(
		   &set, form, (struct der){NULL, 0}, key->spki, NULL) == 0);
	assert(set.count == 1 && set.records[0].usable);
	tlsa_set_fini(&set);
}

static void
check_key(const struct x509_key *key)
{
	assert((key->source == X509_KEY_CERT) == (key->chain != NULL));
	assert(key->spki.size > 0);
	if (key->chain == NULL)
		assert(x509_is_spki(key->spki));
	check_record(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.text = ""};
	struct x509_keys *keys = x509_keys_read((const char *)data, size, &err);

	if (keys == NULL) {
		assert(err.kind == ERR_DATA && err.text[0] != '\0');
		return 0;
	}
	assert(keys->count > 0 && keys->count <= LIMIT_CHAIN_CERTS);
	for (size_t i = 0; i < keys->count; i++)
		check_key(keys->items[i]);
	x509_keys_free(keys);
	return 0;
}
