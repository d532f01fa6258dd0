/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/advise/look.h"
#include "milter/cli/advise/report.h"
#include "milter/cli/advise/sending_report.h"
#include "milter/cli/advise/several.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/form.h"
#include "milter/cli/output.h"
#include "milter/conf/settings_engine.h"
#include "milter/view/json_put.h"

enum { LIST_LINE_SIZE = 1024 };

/* The answer while it is made. */
struct advising {
	const struct cli_options *options;
	enum form form;
	unsigned standards;
	struct advise_wish wish;
	struct look look;
	size_t count;
	char **domains; /* owned */
};

/* --- what is asked --- */

static int
read_standards(struct advising *a)
{
	const struct cli_list *words = &a->options->standards;

	for (size_t i = 0; i < words->count; i++) {
		int standard = 0;

		while (standard < STANDARDS &&
		       strcmp(words->items[i],
			   standard_text((enum standard)standard)) != 0)
			standard++;
		if (standard == STANDARDS)
			return cli_fail(EX_USAGE, "--standard: rfc, bsi or nl");
		a->standards |= 1U << standard;
	}
	if (a->standards == 0)
		a->standards = 1U << STANDARD_RFC;
	a->wish.regulated =
	    a->options->regulated ||
	    (a->standards & (1U << STANDARD_BSI | 1U << STANDARD_NL)) != 0;
	a->wish.cannot_sign = a->options->cannot_sign;
	a->wish.testing_since = a->options->since_given ? a->options->since : 0;
	return 0;
}

static int
take_asked(struct advising *a, const char *word)
{
	char domain[LIMIT_DOMAIN_SIZE];
	int status = cli_engine_takes(word);

	if (status != 0)
		return status;
	if (strncmp(word, "mx:", 3) == 0)
		return cli_fail(EX_USAGE,
		    "advice is on domains: for a host see \"postern check\"");
	/* said before any is looked at, not where its turn would be */
	if (!several_domain(word, domain)) {
		text_clean(domain, sizeof(domain), word, strlen(word));
		return cli_fail(EX_USAGE, "\"%s\" is no domain", domain);
	}
	if (a->count == LIMIT_ADVISE_DOMAINS)
		return cli_fail(
		    EX_USAGE, "over %d domains at once", LIMIT_ADVISE_DOMAINS);
	a->domains = xrealloc(a->domains, a->count + 1, sizeof(*a->domains));
	a->domains[a->count++] = xstrdup(word);
	return 0;
}

static int
read_domain_list(struct advising *a, FILE *file)
{
	char line[LIST_LINE_SIZE];
	int status = 0;

	while (status == 0 && fgets(line, sizeof(line), file) != NULL) {
		char *word;

		if (strchr(line, '\n') == NULL && !feof(file))
			return cli_fail(EX_DATAERR, "%s: a line is too long",
			    a->options->list);
		line[strcspn(line, "#\r\n")] = '\0';
		word = text_trim(line);
		if (word[0] != '\0')
			status = take_asked(a, word);
	}
	if (status == 0 && ferror(file))
		return cli_fail(EX_NOINPUT, "%s: it cannot be read to its end",
		    a->options->list);
	return status;
}

static int
read_domains(struct advising *a)
{
	const char *path = a->options->list;
	FILE *file = NULL;
	int status = 0;

	for (size_t i = 0; status == 0 && i < a->options->words.count; i++)
		status = take_asked(a, a->options->words.items[i]);
	if (status != 0)
		return status;
	if (path != NULL) {
		file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
		if (file == NULL)
			return cli_fail(
			    EX_NOINPUT, "%s: %s", path, strerror(errno));
		status = read_domain_list(a, file);
		if (file != stdin)
			fclose(file);
	}
	if (status == 0 && a->count == 0)
		return path == NULL
			   ? cli_fail(EX_USAGE, "advise wants a domain, or "
						"--list")
			   : cli_fail(EX_NOINPUT, "no domain in %s", path);
	a->wish.bulk = a->count >= ADVISE_BULK;
	return status;
}

/* --- each of them --- */

static int
write_answer_to(struct advising *a)
{
	char title[96], time[CLOCK_PRINT_SIZE];
	struct cli_output output;
	struct several several = {.look = &a->look,
	    .wish = &a->wish,
	    .standards = a->standards,
	    .form = a->form,
	    .title = title,
	    .domains = a->domains,
	    .count = a->count};
	int status, worst;

	clock_print(a->look.at_given ? a->look.at : clock_wall_s(), time);
	snprintf(title, sizeof(title),
	    "Advice on MTA-STS and DANE, %s, postern %s", time,
	    PACKAGE_VERSION);
	status = cli_output_open(&output, a->options->output);
	if (status != 0)
		return status;
	worst = several_advise(&several, output.out);
	status = cli_output_close(&output, 0);
	return status == 0 ? worst : status;
}

/* With all that a look needs. */
static int
look_with_engine(struct advising *a, struct cli_engine *cli)
{
	AUTO(x509_store) struct x509_store *roots = NULL;
	AUTO(providers) struct providers *providers = NULL;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(store) struct store *store = NULL;
	struct engine_options wanted;
	struct err err, no_store = {.text = "posternd here keeps no policies"};
	int status = cli_load_roots(cli->settings, &roots);

	if (status != 0)
		return status;
	providers = providers_load(&err);
	if (providers == NULL)
		return cli_fail(EX_CONFIG, "%s", err.text);
	if (providers_count(providers) == 0)
		cli_fail(
		    0, "no table of providers is installed: none is known");
	settings_engine_options(cli->settings, &wanted);
	dns = dns_new(&wanted.dns, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	if (cli->settings->store_path != NULL)
		store = store_open(
		    cli->settings->store_path, true, NULL, &no_store);
	a->look = (struct look){.cli = cli,
	    .store = store,
	    .no_store = no_store.text,
	    .dns = dns,
	    .roots = roots,
	    .providers = providers,
	    .dns_timeout_ms = wanted.dns.timeout_ms,
	    .dns_only = a->options->dns_only,
	    .at_given = a->options->at_given,
	    .at = a->options->at};
	return write_answer_to(a);
}

static int
run_advice(struct advising *a)
{
	struct cli_engine cli;
	int status = read_standards(a);

	if (status == 0)
		status = read_domains(a);
	if (status != 0)
		return status;
	status = cli_engine_open(&cli, a->options, false);
	if (status == 0)
		status = look_with_engine(a, &cli);
	cli_engine_close(&cli);
	return status;
}

/* --- the host that sends --- */

static int
write_sending(const struct advising *a, const struct sending_counsel *counsel)
{
	AUTO(sheet) struct sheet *sheet = NULL;
	char title[96], time[CLOCK_PRINT_SIZE];
	struct cli_output output;
	int status = cli_output_open(&output, a->options->output);

	if (status != 0)
		return status;
	clock_print(counsel->at, time);
	snprintf(title, sizeof(title), "Advice on sending, %s, postern %s",
	    time, PACKAGE_VERSION);
	sheet = sheet_new(title);
	sending_counsel_put(counsel, a->form != FORM_TEXT, sheet);
	if (a->form == FORM_JSON)
		json_print(output.out, sending_counsel_json(counsel));
	else
		cli_form_write(sheet, a->form, output.out);
	return cli_output_close(&output, 0);
}

/* The standard whose list has requirements of it is BSI's, whatever was asked.
 */
static int
advise_sending(const struct advising *a)
{
	struct sending_counsel *counsel = xcalloc(1, sizeof(*counsel));
	struct sending sending;
	int status;

	if (a->options->words.count > 0 || a->options->list != NULL) {
		free(counsel);
		return cli_fail(EX_USAGE, "--sending is on this host: name no "
					  "domain");
	}
	sending_look(&sending, a->options->conf_file);
	sending_counsel_make(counsel, &sending,
	    a->options->at_given ? a->options->at : clock_wall_s());
	status = write_sending(a, counsel);
	if (status == 0)
		status = checklist_status(&counsel->checks);
	sending_fini(&sending);
	free(counsel);
	return status;
}

int
cli_advise(const struct cli_options *options)
{
	struct advising a = {.options = options, .form = cli_form_of(options)};
	int status;

	if (a.form == FORM_NONE || a.form == FORM_CSV || a.form == FORM_NDJSON)
		return cli_fail(EX_USAGE, "--as: text, json, markdown or html");
	status = options->sending ? advise_sending(&a) : run_advice(&a);
	for (size_t i = 0; i < a.count; i++)
		free(a.domains[i]);
	free(a.domains);
	return status;
}
