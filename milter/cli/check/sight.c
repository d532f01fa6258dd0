/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/check/sight.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/print.h"
#include "milter/view/json_facts.h"

enum {
	NAMES_SIZE = 16 * 1024, /* octets of a certificate's names, shown */
};

static void
begin_sight(FILE *out, const char *name)
{
	cli_print_part(out, "");
	fprintf(out, "  %-8s ", name);
}

static void
print_sight(FILE *out, const char *name, const char *value)
{
	begin_sight(out, name);
	fprintf(out, "%s\n", value);
}

/* Names on as many lines as they need, which a text holds whole or not. */
struct name_line {
	char text[NAMES_SIZE];
	struct text names;
};

static void
add_sighted_name(void *arg, const char *name)
{
	struct name_line *line = arg;

	text_addf(&line->names, "%s%s", line->names.len == 0 ? "" : " ", name);
}

static void
print_names(FILE *out, const struct x509_chain *chain, size_t i)
{
	static const char indent[] = "                         ";
	struct name_line *line = xmalloc(sizeof(*line));

	text_init(&line->names, line->text, sizeof(line->text));
	x509_each_name(chain, i, add_sighted_name, line);
	if (line->names.len > 0) {
		begin_sight(out, "names");
		cli_print_wrap(out, sizeof(indent) - 1, indent, line->text);
	}
	if (line->names.cut)
		print_sight(out, "", "and more");
	free(line);
}

static void
print_key_type(FILE *out, const struct x509_chain *chain, size_t i)
{
	unsigned bits;
	const char *type = x509_key_type(chain, i, &bits);
	char line[64];

	if (type[0] == '\0')
		return;
	snprintf(line, sizeof(line), "%s, %u bits", type, bits);
	print_sight(out, "key", line);
}

void
cli_sight_chain(FILE *out, const struct x509_chain *chain)
{
	for (size_t i = 0; i < x509_count(chain); i++) {
		char hex[2 * 32 + 1], line[2 * CLI_TIME_SIZE + 4];
		char from[CLI_TIME_SIZE], until[CLI_TIME_SIZE];
		uint8_t digest[32];

		cli_print_part(out, "");
		fprintf(out, "certificate %zu%s\n", i,
		    x509_is_ca(chain, i) ? ", of a CA" : "");
		print_sight(out, "subject", x509_subject(chain, i));
		print_sight(out, "issuer", x509_issuer(chain, i));
		snprintf(line, sizeof(line), "%s to %s",
		    cli_time(x509_not_before(chain, i), from),
		    cli_time(x509_not_after(chain, i), until));
		print_sight(out, "valid", line);
		print_key_type(out, chain, i);
		print_names(out, chain, i);
		x509_sha256(x509_cert(chain, i), digest);
		text_hex(hex, sizeof(hex), digest, sizeof(digest));
		print_sight(out, "0 1", hex);
		x509_sha256(x509_spki(chain, i), digest);
		text_hex(hex, sizeof(hex), digest, sizeof(digest));
		print_sight(out, "1 1", hex);
	}
}

static void
print_if_seen(FILE *out, const char *name, const char *value)
{
	static const char indent[] = "                         ";

	if (value[0] == '\0')
		return;
	begin_sight(out, name);
	cli_print_wrap(out, sizeof(indent) - 1, indent, value);
}

void
cli_sight_session(FILE *out, const struct probe_sight *sight)
{
	char line[160];
	struct text times;

	text_init(&times, line, sizeof(line));
	for (int i = 0; i < PROBE_PHASES; i++)
		if (sight->is_begun[i])
			text_addf(&times, "%s%s %u", times.len == 0 ? "" : ", ",
			    facts_phase_word(i), sight->phase_ms[i]);
	text_add(&times, " ms");
	if (sight->is_begun[PHASE_CONNECT])
		print_sight(out, "times", line);
	print_if_seen(out, "banner", sight->banner);
	print_if_seen(out, "cipher", sight->cipher);
	print_if_seen(out, "group", sight->group);
	print_if_seen(out, "signed", sight->signature);
}
