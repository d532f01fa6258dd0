/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/domain.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/fuzz/fuzz.h"

/* Where no output may be written: nothing that a function puts there. */
static void
mark(char out[LIMIT_DOMAIN_SIZE])
{
	memset(out, '\n', LIMIT_DOMAIN_SIZE);
}

static void
check_marked(const char out[LIMIT_DOMAIN_SIZE])
{
	for (size_t i = 0; i < LIMIT_DOMAIN_SIZE; i++)
		assert(out[i] == '\n');
}

static void
check_under(const char *name)
{
	char other[LIMIT_DOMAIN_SIZE + 1];

	assert(domain_under(name, ""));
	for (const char *parent = name; parent != NULL;
	     parent = strchr(parent, '.')) {
		parent += *parent == '.';
		assert(domain_under(name, parent));
		assert(parent == name || !domain_under(parent, name));
	}
	snprintf(other, sizeof(other), "x%s", name);
	assert(!domain_under(other, name));
}

/* The name as a DNS message has it, in upper case, and back. */
static void
check_wire(const char *name)
{
	uint8_t octets[LIMIT_DOMAIN_SIZE + 1];
	char back[LIMIT_DOMAIN_SIZE];
	size_t used = 0;
	struct wire wire;

	for (const char *label = name; *label != '\0';) {
		size_t length = strcspn(label, ".");

		octets[used++] = (uint8_t)length;
		for (size_t i = 0; i < length; i++)
			octets[used++] = (uint8_t)toupper(label[i]);
		label += length;
		label += *label == '.';
	}
	octets[used++] = 0;
	wire_init(&wire, octets, used);
	assert(domain_from_wire(&wire, back, NULL) == 0);
	assert(wire.left == 0 && strcmp(back, name) == 0);
}

/* A final dot and ASCII case make no other name. */
static void
check_spellings(const char *name)
{
	char spelled[LIMIT_DOMAIN_SIZE + 1];
	char back[LIMIT_DOMAIN_SIZE];
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		spelled[i] = (char)toupper(name[i]);
	spelled[length] = '.';
	spelled[length + 1] = '\0';
	assert(domain_normalise(spelled, back, NULL) == 0);
	assert(strcmp(back, name) == 0);
}

static void
try_normalise(const char *text)
{
	char name[LIMIT_DOMAIN_SIZE];
	struct err err;

	mark(name);
	fuzz_err_init(&err);
	if (domain_normalise(text, name, &err) < 0) {
		fuzz_check_refusal(&err);
		check_marked(name);
		return;
	}
	fuzz_check_domain(name);
	check_under(name);
	check_wire(name);
	check_spellings(name);
}

static void
try_wire(const uint8_t *data, size_t size)
{
	char name[LIMIT_DOMAIN_SIZE];
	struct wire wire;
	struct err err;

	mark(name);
	fuzz_err_init(&err);
	wire_init(&wire, data, size);
	if (domain_from_wire(&wire, name, &err) < 0) {
		fuzz_check_refusal(&err);
		check_marked(name);
		return;
	}
	assert(!wire.bad);
	if (name[0] == '\0') {
		assert(wire.left == size - 1);
		return;
	}
	fuzz_check_domain(name);
	assert(wire.left == size - strlen(name) - 2);
}

/* Just the room that it needs is enough, and one octet less is not. */
static void
try_address(const char *address)
{
	size_t size = strlen(address) + 1;
	char *domain = xmalloc(size);
	char *exact;
	struct err err;

	fuzz_err_init(&err);
	if (domain_of_address(address, domain, size, &err) < 0) {
		fuzz_check_refusal(&err);
		free(domain);
		return;
	}
	size = strlen(domain) + 1;
	assert(size > 1 && strpbrk(domain, "@\"") == NULL);
	assert(memcmp(strrchr(address, '@') + 1, domain, size - 1) == 0);
	exact = xmalloc(size);
	assert(domain_of_address(address, exact, size, NULL) == 0);
	assert(strcmp(exact, domain) == 0);
	assert(domain_of_address(address, exact, size - 1, NULL) < 0);
	free(exact);
	free(domain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	try_normalise(text);
	try_wire(data, size);
	try_address(text);
	if (domain_is_literal(text))
		assert(text[0] == '[' && text[strlen(text) - 1] == ']');
	free(text);
	return 0;
}
