/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * many_policies KEY COUNT: the requests, for "redis-cli --pipe", by which a
 * host that has the key puts policies of dN.nobody.example, N below COUNT,
 * domains that there are not.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/text.h"
#include "common/proto/resp.h"
#include "common/proto/shared_record.h"
#include "common/proto/shared_value.h"

static char body[] = "version: STSv1\nmode: enforce\nmx: *.x.example\n"
		     "max_age: 86400\n";

static void
put_policy(const struct shared_keys *keys, uint32_t number)
{
	struct shared_policy policy = {
	    .id = "1", .body = body, .fetched_s = time(NULL), .by = "c.host"};
	char name[LIMIT_DOMAIN_SIZE + 16], *payload, *value, *request;
	size_t size;

	snprintf(
	    policy.domain, sizeof(policy.domain), "d%u.nobody.example", number);
	snprintf(name, sizeof(name), "postern:1:p:%s", policy.domain);
	policy.expires_s = policy.fetched_s + 86400;
	payload = shared_policy_print(&policy);
	value = shared_value_sign(keys, name, payload);
	request =
	    resp_command(&(struct resp_words){3, {"SET", name, value}}, &size);
	if (fwrite(request, size, 1, stdout) != 1)
		err(EX_IOERR, "stdout");
	free(request);
	free(value);
	free(payload);
}

int
main(int argc, char **argv)
{
	struct shared_keys keys;
	uint32_t count;

	if (argc != 3 || shared_keys_parse(&keys, argv[1], NULL) != 0 ||
	    text_uint(argv[2], UINT32_MAX, &count) != 0)
		errx(EX_USAGE, "usage: many_policies KEY COUNT");
	for (uint32_t i = 0; i < count; i++)
		put_policy(&keys, i);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}
