/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_value.h"

#include <assert.h>
#include <string.h>

#include "common/proto/shared_fields.h"
#include "common/proto/shared_finding.h"
#include "common/proto/shared_record.h"
#include "t/fuzz/fuzz.h"

#define NAME "postern:1:p:a.example"
#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

static void
try_findings(const char *payload, size_t size)
{
	static const struct shared_probe where = {
	    .address = "192.0.2.1", .port = 25, .sni = "mx1.a.example"};
	static const struct shared_verdict what = {.hop = "a.example",
	    .domain = "a.example",
	    .level = "auto",
	    .digest = "00000000000000000000000000000000"};
	enum shared_fault fault;
	struct shared_probe *probe =
	    shared_probe_read(payload, size, &where, FUZZ_NOW, &fault);
	struct shared_verdict verdict;

	assert((probe != NULL) == (fault == SHARED_NO_FAULT));
	if (probe != NULL) {
		assert(probe->cert_count > 0 &&
		       probe->cert_count <= LIMIT_CHAIN_CERTS);
		assert(probe->port == where.port);
		assert(shared_is_host_name(probe->by));
	}
	shared_probe_free(probe);
	if (shared_verdict_read(payload, size, &what, FUZZ_NOW, &verdict) ==
	    SHARED_NO_FAULT)
		assert(verdict.expires_s > FUZZ_NOW &&
		       verdict.found_s + SHARED_VERDICT_S > FUZZ_NOW);
}

/* Where the payload is changed, the MAC is made anew: parsers are behind it. */
static void
try_payload(const char *payload, size_t size)
{
	enum shared_fault fault;
	struct shared_policy *policy =
	    shared_policy_read(payload, size, "a.example", FUZZ_NOW, &fault);
	struct shared_event event;
	struct shared_host host;

	assert((policy != NULL) == (fault == SHARED_NO_FAULT));
	if (policy != NULL) {
		assert(strcmp(policy->domain, "a.example") == 0);
		assert(policy->expires_s > FUZZ_NOW);
		assert(policy->fetched_s <= FUZZ_NOW + SHARED_SKEW_S);
		assert(strlen(policy->body) <= LIMIT_STS_BODY);
		assert(shared_is_host_name(policy->by));
	}
	shared_policy_free(policy);
	try_findings(payload, size);
	if (shared_event_read(payload, size, FUZZ_NOW, &event) ==
		SHARED_NO_FAULT &&
	    event.domain[0] != '\0')
		fuzz_check_domain(event.domain);
	if (shared_host_read(payload, size, &host) == SHARED_NO_FAULT)
		assert(strlen(host.digest) == SHARED_DIGEST_SIZE - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shared_keys keys;
	char *text = fuzz_string(data, size);
	const char *payload;
	enum shared_fault fault;
	size_t length = 0;
	struct err err;
	char *value;

	if (shared_keys_parse(&keys, KEY, NULL) != 0)
		abort();
	payload = shared_value_verify(
	    &keys, NAME, (const char *)data, size, &length, &fault);
	assert(payload == NULL); /* nobody guesses a MAC */
	value = shared_value_sign(&keys, NAME, text);
	payload = shared_value_verify(
	    &keys, NAME, value, strlen(value), &length, &fault);
	assert((payload != NULL) == (strlen(value) <= LIMIT_SHARED_VALUE));
	if (payload != NULL)
		assert(length == strlen(text));
	try_payload((const char *)data, size);
	fuzz_err_init(&err);
	if (shared_keys_parse(&keys, text, &err) != 0)
		fuzz_check_refusal(&err);
	free(value);
	free(text);
	return 0;
}
