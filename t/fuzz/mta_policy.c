/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/mta_policy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/judge/enforce.h"
#include "t/fake/destination.h"
#include "t/fuzz/fuzz.h"

enum { HOSTS_MAX = 5 };

/* What an MTA would read as something else: nothing but our words and names. */
static void
check_reply(const char *reply)
{
	int depth = 0;

	assert(strlen(reply) <= LIMIT_MAP_REPLY);
	for (const char *s = reply; *s != '\0'; s++) {
		assert(*s >= ' ' && *s <= '~');
		assert(strchr(",\"'\\;", *s) == NULL);
		depth += (*s == '{') - (*s == '}');
		assert(depth == 0 || depth == 1);
	}
	assert(depth == 0);
	if (strncmp(reply, "OK ", 3) == 0) {
		assert(reply[3] != '\0' && reply[3] != ' ');
		assert(strstr(reply, "match= ") == NULL);
		assert((strstr(reply, " match=") == NULL) ||
		       strstr(reply, " servername=hostname") != NULL);
	} else {
		assert(strcmp(reply, "NOTFOUND ") == 0 ||
		       strncmp(reply, "TEMP ", 5) == 0);
	}
}

static void
render_all(const struct enforcement *e, const char *host)
{
	char *line;

	for (int dialect = 0; dialect < MTA_DIALECTS; dialect++) {
		char *reply =
		    mta_policy_reply((enum mta_dialect)dialect, e, "d.ex");

		check_reply(reply);
		free(reply);
	}
	line = mta_policy_line(e, host, 60);
	assert(strncmp(line, "answer=", 7) == 0);
	for (const char *s = line; *s != '\0'; s++)
		assert(*s >= ' ' && *s <= '~');
	free(line);
}

/* Two octets choose the MX lookup, the hosts and the settings; the rest is the
 * policy as its host would send it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mx[] = "sif-h", kinds[] = "UXNEA0";
	char hosts[HOSTS_MAX + 1] = "", look[2] = "s";
	struct judge_terms terms = {.level = LEVEL_AUTO};
	struct sts_policy *policy;
	struct facts *facts;

	if (size < 2)
		return 0;
	look[0] = mx[data[0] % (sizeof(mx) - 1)];
	for (size_t i = 0; look[0] != 'f' && i < HOSTS_MAX; i++)
		if (data[0] / 8 % HOSTS_MAX >= i)
			hosts[i] = kinds[(data[1] + i * data[0]) %
					 (sizeof(kinds) - 1)];
	terms.partial_dane = (enum partial_dane)(data[1] % 3);
	terms.encrypt = data[1] & 0x80;
	facts = destination_make(look, hosts, NULL);
	policy = sts_policy_parse((const char *)data + 2, size - 2, NULL);
	if (policy != NULL) {
		facts->sts.policy = policy_facts_new(POLICY_FETCHED);
		facts->sts.policy->policy = policy;
	}
	{
		AUTO(enforcement)
		struct enforcement *e = enforce(facts, &terms, FUZZ_NOW);
		char *host = fuzz_string(data + 2, size - 2);

		render_all(e, host);
		free(host);
	}
	facts_free(facts);
	return 0;
}
