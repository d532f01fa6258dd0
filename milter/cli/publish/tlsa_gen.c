/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/publish/keys.h"
#include "milter/cli/publish/own.h"

enum { KINDS_MAX = 16 };

/* A file, or a certificate that a live host showed. */
struct source {
	const char *word;
	struct x509_key *key;
	char host[LIMIT_DOMAIN_SIZE]; /* that showed it, or "" */
	uint16_t port;
};

struct line {
	char owner[LIMIT_DOMAIN_SIZE]; /* "": no name was given */
	size_t record;                 /* of the set */
	const struct source *source;
};

struct gen {
	const struct cli_options *options;
	struct cli_names names;
	size_t kind_count;
	struct tlsa_form kinds[KINDS_MAX];
	size_t source_count;
	struct source *sources;
	struct tlsa_set set;
	size_t line_count;
	struct line *lines;
	json_t *warnings;
};

static void
gen_fini(struct gen *gen)
{
	for (size_t i = 0; i < gen->source_count; i++)
		x509_key_free(gen->sources[i].key);
	free(gen->sources);
	free(gen->lines);
	tlsa_set_fini(&gen->set);
	cli_names_fini(&gen->names);
	json_decref(gen->warnings);
}

/* --- what to read --- */

static struct source *
add_source(struct gen *gen, const char *word, struct x509_key *key)
{
	struct source *source;

	gen->sources = xrealloc(
	    gen->sources, gen->source_count + 1, sizeof(*gen->sources));
	source = &gen->sources[gen->source_count++];
	memset(source, 0, sizeof(*source));
	source->word = word;
	source->key = key;
	source->port = gen->options->port;
	return source;
}

/* Whether the word was a kind of record. */
static bool
read_kind(struct gen *gen, const char *word)
{
	struct tlsa_form kind;

	if (tlsa_form_parse(word, &kind) != 0)
		return false;
	if (gen->kind_count < KINDS_MAX)
		gen->kinds[gen->kind_count++] = kind;
	return true;
}

static bool
is_known_leaf(const struct gen *gen, const char *word, struct der leaf)
{
	for (size_t i = 0; i < gen->source_count; i++) {
		const struct source *source = &gen->sources[i];
		struct der other;

		if (source->word != word)
			continue;
		other = x509_cert(source->key->chain, 0);
		if (other.size == leaf.size &&
		    memcmp(other.data, leaf.data, leaf.size) == 0)
			return true;
	}
	return false;
}

static void
add_shown(struct gen *gen, const char *word, const struct facts *facts,
    const struct probe_facts *probe)
{
	struct x509_chain *chain;
	struct source *source;

	if (probe == NULL || probe->cert_count == 0)
		return;
	chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
	if (chain == NULL || is_known_leaf(gen, word, x509_cert(chain, 0))) {
		x509_chain_free(chain);
		return;
	}
	source = add_source(gen, word, x509_key_of_chain(chain));
	source->port = facts->next_hop.port;
	text_copy(source->host, sizeof(source->host), facts->next_hop.host);
}

/* Of a host with an RSA and an ECDSA certificate a sender sees either. */
static void
add_other_keys(struct gen *gen, const char *word, const struct facts *facts,
    const struct settings *settings)
{
	struct cli_keys keys = {.count = 0};

	cli_keys_look(&keys, settings, facts);
	for (size_t i = 0; i < keys.count; i++) {
		const struct cli_address_keys *address = &keys.items[i];

		for (size_t k = 0; k < address->count; k++)
			add_shown(gen, word, facts, address->others[k].probe);
		if (address->unsure)
			cli_warn(gen->warnings,
			    "%s: not all types of key could be seen at %s",
			    word, address->facts->text);
	}
	cli_keys_fini(&keys);
}

static int
say_not_shown(const char *asked, const struct check *check)
{
	const struct verdict *verdict = check->verdict;

	return cli_fail(3, "%s: cannot get a certificate: %s%s%s", asked,
	    reason_text(verdict->reason), verdict->detail == NULL ? "" : ", ",
	    verdict->detail == NULL ? "" : verdict->detail);
}

static int
read_shown(struct gen *gen, const char *word, const struct check *check,
    const struct settings *settings)
{
	const struct facts *facts = check->facts;
	size_t before = gen->source_count;

	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t k = 0; k < facts->hosts[i].address_count; k++)
			add_shown(gen, word, facts,
			    facts->hosts[i].addresses[k].probe);
	if (gen->source_count > before)
		add_other_keys(gen, word, facts, settings);
	if (gen->source_count == before)
		return say_not_shown(word, check);
	if (gen->source_count > before + 1)
		cli_warn(gen->warnings,
		    "%s: it shows %zu certificates; records of all", word,
		    gen->source_count - before);
	cli_warn(gen->warnings,
	    "%s: taken from the network, not authenticated: compare it with "
	    "the host's own file",
	    word);
	return 0;
}

static int
read_owner_host(struct gen *gen, const char *word)
{
	struct engine_query like = {.level = LEVEL_MAY, .all_hosts = true};
	struct engine_wait *wait = NULL;
	const struct check *check;
	struct cli_engine cli;
	int status = cli_engine_takes(word);

	if (status != 0)
		return status;
	status = cli_engine_open_own(&cli, gen->options);
	if (status == 0) {
		check = cli_ask_one(&cli, &like, word, &wait);
		status = check == NULL
			     ? 3
			     : read_shown(gen, word, check, cli.settings);
	}
	engine_wait_free(wait);
	cli_engine_close(&cli);
	return status;
}

static void
add_file(struct gen *gen, const char *word, struct x509_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		add_source(gen, word, x509_keys_take(keys, i));
	if (keys->count > 1)
		cli_warn(gen->warnings, "%s: it holds %zu keys; records of all",
		    word, keys->count);
	if (keys->disordered)
		cli_warn(gen->warnings,
		    "%s: a CA's certificate stands before the host's; a "
		    "server wants its own first",
		    word);
	if (keys->of_ca)
		cli_warn(gen->warnings,
		    "%s: this is the certificate of a CA, not of a host, "
		    "which a record of usage 3 has to match",
		    word);
}

static int
read_source(struct gen *gen, const char *word)
{
	AUTO(x509_keys) struct x509_keys *keys = NULL;
	int status = 0;

	if (strncmp(word, "mx:", 3) == 0)
		return read_owner_host(gen, word);
	keys = cli_read_keys(word, &status);
	if (keys != NULL)
		add_file(gen, word, keys);
	else if (status == EX_NOINPUT && strchr(word, '/') == NULL)
		cli_fail(status, "a live host is written mx:%s", word);
	return status;
}

static int
read_words(struct gen *gen)
{
	const struct cli_list *words = &gen->options->words;
	int status = cli_names_read(&gen->names, &gen->options->names);

	for (size_t i = 0; status == 0 && i < words->count; i++)
		if (!read_kind(gen, words->items[i]))
			status = read_source(gen, words->items[i]);
	if (status == 0 && gen->source_count == 0)
		return cli_fail(EX_USAGE, "a file or mx:HOST is missing");
	if (gen->kind_count == 0)
		read_kind(gen, "3 1 1");
	return status;
}

/* --- records --- */

static void
warn_of_anchor(struct gen *gen, const struct source *source)
{
	const struct x509_chain *chain = source->key->chain;

	if (chain == NULL)
		cli_warn(gen->warnings,
		    "%s: usage 2 is right only if this is the key of the CA "
		    "that issues the host's certificates",
		    source->word);
	else
		cli_warn(gen->warnings,
		    "%s: with usage 2 the host must send this CA's "
		    "certificate, bear the name, and never be late to renew",
		    source->word);
	if (chain != NULL && gen->names.count > 0 && !x509_is_ca(chain, 0) &&
	    !x509_leaf_has_name(
		chain, gen->names.list, gen->names.count, X509_NAMES_SAN_OR_CN))
		cli_warn(gen->warnings,
		    "%s: the certificate bears none of the names given",
		    source->word);
	if (chain != NULL && x509_not_after(chain, 0) < clock_wall_s())
		cli_warn(gen->warnings,
		    "%s: it has expired, and with usage 2 dates count",
		    source->word);
}

static void
warn_of_kind(
    struct gen *gen, const struct source *source, struct tlsa_form kind)
{
	if (kind.usage == TLSA_DANE_TA)
		warn_of_anchor(gen, source);
	else if (kind.selector == TLSA_CERT)
		cli_warn(gen->warnings,
		    "%s: a 3 0 %u record changes with every renewal; 3 1 %u "
		    "does not while the key stays",
		    source->word, kind.mtype, kind.mtype);
	if (kind.mtype == TLSA_FULL)
		cli_warn(gen->warnings,
		    "matching type 0 makes answers large; a digest (1) will "
		    "do");
}

static bool
is_listed_record(
    const struct gen *gen, const char *owner, const struct tlsa *record)
{
	for (size_t i = 0; i < gen->line_count; i++)
		if (strcmp(gen->lines[i].owner, owner) == 0 &&
		    tlsa_equal(&gen->set.records[gen->lines[i].record], record))
			return true;
	return false;
}

/* The record last made, below a name. */
static int
add_line(struct gen *gen, const struct source *source, const char *name)
{
	size_t record = gen->set.count - 1;
	char owner[LIMIT_DOMAIN_SIZE] = "";
	struct line *line;

	if (name[0] != '\0' && !tlsa_owner(owner, source->port, name))
		return cli_fail(EX_USAGE, "--name: too long for TLSA records");
	if (is_listed_record(gen, owner, &gen->set.records[record]))
		return 0;
	gen->lines =
	    xrealloc(gen->lines, gen->line_count + 1, sizeof(*gen->lines));
	line = &gen->lines[gen->line_count++];
	text_copy(line->owner, sizeof(line->owner), owner);
	line->record = record;
	line->source = source;
	return 0;
}

static int
make_tlsa_record(
    struct gen *gen, const struct source *source, struct tlsa_form kind)
{
	struct der cert, spki;
	struct err err;
	int status = 0;

	if (!cli_tlsa_subject(source->key, kind, &cert, &spki))
		return cli_fail(EX_DATAERR,
		    "%s: no CA certificate in it; records of usage 2 name the "
		    "issuer, never the host's own",
		    source->word);
	if (tlsa_set_make(&gen->set, kind, cert, spki, &err) != 0)
		return cli_fail(kind.selector == TLSA_CERT && cert.size == 0
				    ? EX_DATAERR
				    : EX_USAGE,
		    "%u %u %u: %s", kind.usage, kind.selector, kind.mtype,
		    err.text);
	warn_of_kind(gen, source, kind);
	if (gen->names.count == 0)
		return add_line(gen, source, source->host);
	for (size_t i = 0; status == 0 && i < gen->names.count; i++)
		status = add_line(gen, source, gen->names.items[i]);
	return status;
}

static int
make_records(struct gen *gen)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < gen->source_count; i++)
		for (size_t k = 0; status == 0 && k < gen->kind_count; k++)
			status = make_tlsa_record(
			    gen, &gen->sources[i], gen->kinds[k]);
	return status;
}

/* --- output --- */

static json_t *
line_json(const struct line *line, const struct tlsa *record)
{
	json_t *object = cli_tlsa_json(record);
	char *rdata = tlsa_print(record), *generic = tlsa_print_generic(record);
	json_t *from = json_string(line->source->word);

	json_object_set_new(object, "owner", json_string(line->owner));
	json_object_set_new(object, "rdata", json_string(rdata));
	json_object_set_new(object, "generic", json_string(generic));
	json_object_set_new(object, "from", from == NULL ? json_null() : from);
	json_object_set_new(object, "source",
	    json_string(x509_key_source_text(line->source->key->source)));
	json_object_set_new(object, "authenticated",
	    json_boolean(line->source->host[0] == '\0'));
	free(rdata);
	free(generic);
	return object;
}

static int
print_tlsa_json(const struct gen *gen)
{
	json_t *records = json_array();

	for (size_t i = 0; i < gen->line_count; i++)
		json_array_append_new(
		    records, line_json(&gen->lines[i],
				 &gen->set.records[gen->lines[i].record]));
	return cli_print_json(json_pack("{s:i, s:o, s:O}", "schema", 1,
	    "records", records, "warnings", gen->warnings));
}

/* A line without an owner takes that of the line before it in the zone. */
static void
print_zone_line(const struct line *line, const struct tlsa *record)
{
	const char *dot = line->owner[0] == '\0' ? "" : ". ";
	char *rdata = tlsa_print(record), *generic = tlsa_print_generic(record);

	printf("%s%sIN TLSA %s\n", line->owner, dot, rdata);
	printf("; or: %s%sIN TYPE52 %s\n", line->owner, dot, generic);
	free(rdata);
	free(generic);
}

static int
print_tlsa_text(const struct gen *gen)
{
	bool nameless = false;

	for (size_t i = 0; i < gen->line_count; i++) {
		print_zone_line(
		    &gen->lines[i], &gen->set.records[gen->lines[i].record]);
		nameless |= gen->lines[i].owner[0] == '\0';
	}
	if (nameless)
		fprintf(stderr,
		    "postern: with --name MXHOST the lines are whole\n");
	return 0;
}

int
cli_tlsa_gen(const struct cli_options *options)
{
	struct gen gen = {.options = options, .warnings = json_array()};
	int status = read_words(&gen);

	if (status == 0)
		status = make_records(&gen);
	if (status == 0)
		status = options->json ? print_tlsa_json(&gen)
				       : print_tlsa_text(&gen);
	gen_fini(&gen);
	return status;
}
