/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns.h"
#include "common/judge/reasons.h"
#include "common/proto/domain.h"
#include "common/proto/sts_policy.h"
#include "milter/cli/publish/own.h"
#include "milter/conf/settings_engine.h"

enum {

	/* RFC 8461 section 3.2: weeks or more, once it is trusted */
	MAX_AGE_ENFORCE_S = 14 * CLOCK_DAY_S,
	MAX_AGE_TRIAL_S = CLOCK_DAY_S,

	TEXT_SIZE = 2048,
	TXT_STRING = 255, /* RFC 1035 section 3.3 */
};

struct gen {
	const struct cli_options *options;
	char domain[LIMIT_DOMAIN_SIZE];
	struct sts_policy policy; /* its names are those of names */
	char names[LIMIT_STS_MX][LIMIT_DOMAIN_SIZE];
	char *mx[LIMIT_STS_MX];
	char *body;
	char record[64]; /* TXT at _mta-sts */
	char reports[TEXT_SIZE];
	char nginx[TEXT_SIZE];
	char apache[TEXT_SIZE];
	bool doubtful; /* a host would not keep the policy, or was not seen */
	json_t *hosts;
	json_t *warnings;
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
read_reports(struct gen *gen)
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
check_part(const struct gen *gen)
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
set_max_age(struct gen *gen)
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
read_sts_question(struct gen *gen)
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

/* --- what is there --- */

/* Whether there are MX records to make a policy of: 0, or the exit status. */
static int
see_mx(const struct gen *gen, const struct check *check)
{
	const struct facts *facts = check->facts;

	if (facts->trouble != TROUBLE_NONE)
		return cli_fail(3, "%s: %s", gen->domain,
		    reason_text(check->verdict->reason));
	switch (facts->mx.state) {
	case LOOKUP_DATA:
		break;
	case LOOKUP_NODATA:
		return cli_fail(2,
		    "%s: no MX records; a policy names MX hosts, so publish "
		    "them first",
		    gen->domain);
	case LOOKUP_NXDOMAIN:
		return cli_fail(2, "%s: no such domain", gen->domain);
	case LOOKUP_NOT_ASKED:
	case LOOKUP_BOGUS:
	case LOOKUP_SERVFAIL:
	case LOOKUP_TIMEOUT:
		return cli_fail(3, "%s: MX: %s", gen->domain,
		    reason_text(lookup_reason(&facts->mx)));
	}
	if (facts->null_mx)
		return cli_fail(2, "%s: takes no mail (null MX)", gen->domain);
	if (facts->host_count == 0)
		return cli_fail(2, "%s: no usable MX host", gen->domain);
	return 0;
}

static void
note_host(struct gen *gen, const struct host_facts *host,
    const struct host_verdict *judged)
{
	enum reason reason =
	    judged->mixed ? judged->mixed_reason : judged->reason;
	bool good = host_is_good(judged->outcome) && !judged->mixed;
	bool seen = judged->probed;

	json_array_append_new(gen->hosts,
	    json_pack("{s:s, s:s, s:s}", "name", host->name, "result",
		good && seen                                    ? "pass"
		: judged->outcome == HOST_FAIL || judged->mixed ? "fail"
								: "unknown",
		"reason", reason_text(reason)));
	if (gen->options->dns_only || (good && seen))
		return;
	gen->doubtful = true;
	if (judged->outcome == HOST_FAIL || judged->mixed)
		cli_warn(gen->warnings, "%s would not keep the policy: %s%s%s",
		    host->name, reason_text(reason),
		    judged->detail[0] == '\0' ? "" : ", ", judged->detail);
	else
		cli_warn(gen->warnings, "%s could not be seen: %s", host->name,
		    reason_text(reason));
}

static void
add_mx_name(struct gen *gen, const char *name)
{
	size_t at = gen->policy.mx_count++;

	text_copy(gen->names[at], sizeof(gen->names[at]), name);
	gen->mx[at] = gen->names[at];
}

static void
take_hosts(struct gen *gen, const struct check *check)
{
	const struct facts *facts = check->facts;

	gen->policy.mx = gen->mx;
	for (size_t i = 0; i < facts->host_count; i++) {
		add_mx_name(gen, facts->hosts[i].name);
		note_host(gen, &facts->hosts[i], &check->verdict->hosts[i]);
	}
}

static bool
has_name(const struct gen *gen, const char *name)
{
	for (size_t i = 0; i < gen->policy.mx_count; i++)
		if (strcmp(gen->names[i], name) == 0)
			return true;
	return false;
}

static int
say_too_many(const struct gen *gen)
{
	return cli_fail(2,
	    "%s: over %d MX hosts; of a part of them no policy is made",
	    gen->domain, LIMIT_STS_MX - 1);
}

/* One that a check does not look at: a sender that gets to it wants to find it
 * in the policy all the same. */
static int
take_further_name(struct gen *gen, const char *name)
{
	if (has_name(gen, name))
		return 0;
	if (gen->policy.mx_count == LIMIT_STS_MX)
		return say_too_many(gen);
	add_mx_name(gen, name);
	json_array_append_new(gen->hosts,
	    json_pack("{s:s, s:s, s:s}", "name", name, "result", "unknown",
		"reason", reason_text(REASON_NOT_PROBED)));
	if (!gen->options->dns_only)
		cli_warn(gen->warnings,
		    "%s could not be seen: only %d MX hosts are looked at",
		    name, LIMIT_MX_HOSTS);
	gen->doubtful |= !gen->options->dns_only;
	return 0;
}

static int
take_further_names(struct gen *gen, const struct dns_answer *answer)
{
	int status = 0;

	if (answer->count == LIMIT_DNS_RECORDS) /* there may be more */
		return say_too_many(gen);
	for (size_t i = 0; status == 0 && i < answer->count; i++) {
		char name[LIMIT_DOMAIN_SIZE];
		struct wire wire;

		wire_init(
		    &wire, answer->records[i].data, answer->records[i].size);
		wire_u16(&wire); /* preference */
		if (domain_from_wire(&wire, name, NULL) == 0 && name[0] != '\0')
			status = take_further_name(gen, name);
	}
	return status;
}

/* A check looks at the first hosts only; a policy names all. */
static int
look_for_more(struct gen *gen, const struct cli_engine *cli)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct engine_options options;
	struct dns *dns;
	struct err err;
	int status;

	if (gen->policy.mx_count < LIMIT_MX_HOSTS)
		return 0;
	settings_engine_options(cli->settings, &options);
	dns = dns_new(&options.dns, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	answer = dns_await(dns_ask(dns, gen->domain, DNS_MX,
	    clock_mono_ms() + options.dns.timeout_ms));
	status = answer->lookup.state == LOOKUP_DATA
		     ? take_further_names(gen, answer)
		     : cli_fail(3, "%s: MX: %s", gen->domain,
			   reason_text(lookup_reason(&answer->lookup)));
	dns_free(dns);
	return status;
}

/* Judged as a sender would by a policy that names all of them. */
static int
look_at_hosts(struct gen *gen, struct cli_engine *cli)
{
	struct engine_query like = {.level = LEVEL_SECURE,
	    .all_hosts = true,
	    .dns_only = gen->options->dns_only};
	struct engine_wait *wait;
	const struct check *check = cli_ask_one(cli, &like, gen->domain, &wait);
	int status = check == NULL ? 3 : see_mx(gen, check);

	if (status == 0)
		take_hosts(gen, check);
	engine_wait_free(wait);
	return status == 0 ? look_for_more(gen, cli) : status;
}

/* RFC 8461 section 5: testing is what shows mistakes before mail waits. */
static int
look_at_policy(struct gen *gen, struct cli_engine *cli)
{
	struct engine_query like = {.level = LEVEL_AUTO, .dns_only = true};
	struct engine_wait *wait;
	const struct check *check = cli_ask_one(cli, &like, gen->domain, &wait);
	const struct policy_facts *now =
	    check == NULL ? NULL : check->facts->sts.policy;
	int status = check == NULL ? 3 : 0;

	if (check != NULL && (now == NULL || now->policy == NULL ||
				 now->policy->mode == STS_MODE_NONE))
		cli_warn(gen->warnings,
		    "no policy is published now: begin with --mode testing, "
		    "and read the reports, before enforce");
	engine_wait_free(wait);
	return status;
}

static int
look_at_domain(struct gen *gen)
{
	struct cli_engine cli;
	int status = cli_engine_open_own(&cli, gen->options);

	if (status == 0)
		status = look_at_hosts(gen, &cli);
	if (status == 0 && gen->policy.mode == STS_MODE_ENFORCE)
		status = look_at_policy(gen, &cli);
	cli_engine_close(&cli);
	return status;
}

/* --- what is to be published --- */

/* An id of its own for each second. */
static void
make_sts_record(struct gen *gen)
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
make_policy(struct gen *gen)
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
make_parts(struct gen *gen)
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
print_dns(const struct gen *gen)
{
	print_txt("_mta-sts", gen->domain, gen->record);
	print_txt("_smtp._tls", gen->domain, gen->reports);
	printf("; mta-sts.%s. needs the addresses of its web server\n",
	    gen->domain);
}

static int
print_part(const struct gen *gen)
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
print_sts_text(const struct gen *gen)
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
sts_record_json(const char *label, const struct gen *gen, const char *text)
{
	return json_pack("{s:s++, s:s, s:s}", "owner", label, ".", gen->domain,
	    "type", "TXT", "text", text);
}

static int
print_sts_json(const struct gen *gen)
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
print_sts(const struct gen *gen)
{
	if (gen->options->json)
		return print_sts_json(gen);
	return gen->options->part != NULL ? print_part(gen)
					  : print_sts_text(gen);
}

int
cli_sts_gen(const struct cli_options *options)
{
	struct gen gen = {.options = options,
	    .hosts = json_array(),
	    .warnings = json_array()};
	int status = read_sts_question(&gen);

	if (status == 0 && gen.policy.mode != STS_MODE_NONE)
		status = look_at_domain(&gen);
	if (status == 0)
		status = make_parts(&gen);
	if (status == 0)
		status = print_sts(&gen);
	free(gen.body);
	json_decref(gen.hosts);
	json_decref(gen.warnings);
	return status == 0 && gen.doubtful ? 1 : status;
}
