/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/proto/domain.h"
#include "common/proto/sts_policy.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/sts_gen.h"

enum {

	/* RFC 8461 section 3.2: weeks or more, once it is trusted */
	MAX_AGE_ENFORCE_S = 14 * CLOCK_DAY_S,
	MAX_AGE_TRIAL_S = CLOCK_DAY_S,

	TXT_STRING = 255, /* RFC 1035 section 3.3 */
};

static const char nginx_format[] =
    "server {\n"
    "\tlisten 443 ssl;\n"
    "\tlisten [::]:443 ssl;\n"
    "\tserver_name mta-sts.%1$s;\n"
    "\tssl_certificate /etc/ssl/mta-sts.%1$s/fullchain.pem;\n"
    "\tssl_certificate_key /etc/ssl/mta-sts.%1$s/privkey.pem;\n"
    "\tlocation = /.well-known/mta-sts.txt {\n"
    "\t\talias /var/www/mta-sts/%1$s.txt;\n"
    "\t\tdefault_type text/plain;\n"
    "\t}\n"
    "\tlocation / {\n"
    "\t\treturn 404;\n"
    "\t}\n"
    "}\n";

static const char apache_format[] =
    "<VirtualHost *:443>\n"
    "\tServerName mta-sts.%1$s\n"
    "\tSSLEngine on\n"
    "\tSSLCertificateFile /etc/ssl/mta-sts.%1$s/fullchain.pem\n"
    "\tSSLCertificateKeyFile /etc/ssl/mta-sts.%1$s/privkey.pem\n"
    "\tAlias /.well-known/mta-sts.txt /var/www/mta-sts/%1$s.txt\n"
    "\t<Location /.well-known/mta-sts.txt>\n"
    "\t\tForceType text/plain\n"
    "\t\tRequire all granted\n"
    "\t</Location>\n"
    "</VirtualHost>\n";

/* --- what is asked for --- */

/* RFC 8460 section 3: in a URI of rua, "!", "," and ";" must be escaped. */
static bool
is_uri_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("!,;\"\\<>", *c) != NULL)
			return false;
	return text[0] != '\0';
}

static int
read_reports(struct sts_gen *gen)
{
	const struct cli_list *ruas = &gen->options->ruas;
	struct text text;

	text_init(&text, gen->reports, sizeof(gen->reports));
	text_add(&text, "v=TLSRPTv1; rua=");
	if (ruas->count == 0)
		text_addf(&text, "mailto:tls-reports@%s", gen->domain);
	for (size_t i = 0; i < ruas->count; i++) {
		const char *rua = ruas->items[i];
		bool is_uri = strncasecmp(rua, "mailto:", 7) == 0 ||
			      strncasecmp(rua, "https://", 8) == 0;

		if (!is_uri_text(rua) ||
		    (!is_uri &&
			(strchr(rua, '@') == NULL || strchr(rua, ':') != NULL)))
			return cli_fail(
			    EX_USAGE, "--rua: a mailbox or an https URI");
		text_addf(&text, "%s%s%s", i == 0 ? "" : ",",
		    is_uri ? "" : "mailto:", rua);
	}
	return text.cut ? cli_fail(EX_USAGE, "--rua: too many") : 0;
}

static int
check_part(const struct sts_gen *gen)
{
	static const char *const parts[] = {"policy", "dns", "nginx", "apache"};
	const char *part = gen->options->part;

	if (part == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(part, parts[i]) == 0)
			return 0;
	return cli_fail(EX_USAGE, "--part: policy, dns, nginx or apache");
}

static void
set_max_age(struct sts_gen *gen)
{
	uint32_t age_s = gen->options->max_age_s;
	bool enforce = gen->options->mode == STS_MODE_ENFORCE;

	if (age_s == 0)
		age_s = enforce ? MAX_AGE_ENFORCE_S : MAX_AGE_TRIAL_S;
	gen->policy.max_age_s = age_s;
	if (enforce && age_s < CLOCK_DAY_S)
		cli_warn(gen->warnings,
		    "a policy that is kept for less than a day protects "
		    "little");
}

static int
read_sts_question(struct sts_gen *gen)
{
	struct err err;
	int status;

	if (domain_normalise(gen->options->words.items[0], gen->domain, &err) !=
	    0)
		return cli_fail(EX_USAGE, "%s", err.text);
	gen->policy.mode = gen->options->mode;
	set_max_age(gen);
	status = check_part(gen);
	return status == 0 ? read_reports(gen) : status;
}

/* --- what is to be published --- */

/* An id of its own for each second. */
static void
make_sts_record(struct sts_gen *gen)
{
	time_t now = clock_wall_s();
	char id[32] = "1";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(id, sizeof(id), "%Y%m%d%H%M%S", &tm);
	snprintf(gen->record, sizeof(gen->record), "v=STSv1; id=%s;", id);
}

/* What a mail host's name may have is more than a policy's may. */
static int
make_policy(struct sts_gen *gen)
{
	AUTO(sts_policy) struct sts_policy *read = NULL;
	struct err err = {.kind = ERR_DATA};

	gen->body = sts_policy_print(&gen->policy);
	read = sts_policy_parse(gen->body, strlen(gen->body), &err);
	return read != NULL
		   ? 0
		   : cli_fail(2, "%s: no policy can name these hosts: %s",
			 gen->domain, err.text);
}

static int
make_parts(struct sts_gen *gen)
{
	make_sts_record(gen);
	snprintf(gen->nginx, sizeof(gen->nginx), nginx_format, gen->domain);
	snprintf(gen->apache, sizeof(gen->apache), apache_format, gen->domain);
	if (gen->policy.mode == STS_MODE_NONE)
		fprintf(stderr,
		    "postern: leave this policy and its record in place until "
		    "the max_age of the old policy is over\n");
	return make_policy(gen);
}

static void
print_txt(const char *label, const char *domain, const char *text)
{
	printf("%s.%s. IN TXT", label, domain);
	while (*text != '\0') {
		size_t length = strnlen(text, TXT_STRING);

		printf(" \"%.*s\"", (int)length, text);
		text += length;
	}
	putchar('\n');
}

static void
print_dns(const struct sts_gen *gen)
{
	print_txt("_mta-sts", gen->domain, gen->record);
	print_txt("_smtp._tls", gen->domain, gen->reports);
	printf("; mta-sts.%s. needs the addresses of its web server\n",
	    gen->domain);
}

static int
print_part(const struct sts_gen *gen)
{
	const char *part = gen->options->part;

	if (strcmp(part, "dns") == 0)
		print_dns(gen);
	else
		fputs(strcmp(part, "policy") == 0  ? gen->body
		      : strcmp(part, "nginx") == 0 ? gen->nginx
						   : gen->apache,
		    stdout);
	return 0;
}

static int
print_sts_text(const struct sts_gen *gen)
{
	printf("# /var/www/mta-sts/%s.txt, served as\n"
	       "# https://mta-sts.%s/.well-known/mta-sts.txt\n%s\n",
	    gen->domain, gen->domain, gen->body);
	printf("# DNS\n");
	print_dns(gen);
	printf("\n# nginx\n%s\n# or Apache\n%s", gen->nginx, gen->apache);
	return 0;
}

static json_t *
sts_record_json(const char *label, const struct sts_gen *gen, const char *text)
{
	return json_pack("{s:s++, s:s, s:s}", "owner", label, ".", gen->domain,
	    "type", "TXT", "text", text);
}

static int
print_sts_json(const struct sts_gen *gen)
{
	json_t *mx = json_array(), *object;

	for (size_t i = 0; i < gen->policy.mx_count; i++)
		json_array_append_new(mx, json_string(gen->policy.mx[i]));
	object = json_pack("{s:i, s:s, s:{s:s, s:o, s:I, s:s}, s:[o, o], s:s, "
			   "s:s, s:O, s:O}",
	    "schema", 1, "domain", gen->domain, "policy", "mode",
	    sts_mode_text(gen->policy.mode), "mx", mx, "max_age",
	    (json_int_t)gen->policy.max_age_s, "body", gen->body, "records",
	    sts_record_json("_mta-sts", gen, gen->record),
	    sts_record_json("_smtp._tls", gen, gen->reports), "nginx",
	    gen->nginx, "apache", gen->apache, "hosts", gen->hosts, "warnings",
	    gen->warnings);
	return cli_print_json(object);
}

static int
print_sts(const struct sts_gen *gen)
{
	if (gen->options->json)
		return print_sts_json(gen);
	return gen->options->part != NULL ? print_part(gen)
					  : print_sts_text(gen);
}

int
cli_sts_gen(const struct cli_options *options)
{
	struct sts_gen gen = {.options = options,
	    .hosts = json_array(),
	    .warnings = json_array()};
	int status = read_sts_question(&gen);

	if (status == 0 && gen.policy.mode != STS_MODE_NONE)
		status = sts_gen_look(&gen);
	if (status == 0)
		status = make_parts(&gen);
	if (status == 0)
		status = print_sts(&gen);
	free(gen.body);
	json_decref(gen.hosts);
	json_decref(gen.warnings);
	return status == 0 && gen.doubtful ? 1 : status;
}
