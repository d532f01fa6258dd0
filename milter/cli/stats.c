/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"
#include "milter/cli/output.h"

static void
print_value(const char *group, const char *key, const json_t *value)
{
	char name[80];

	snprintf(name, sizeof(name), "%s%s%s", group == NULL ? "" : group,
	    group == NULL ? "" : ".", key);
	if (json_is_integer(value))
		printf("%-40s %" JSON_INTEGER_FORMAT "\n", name,
		    json_integer_value(value));
	else if (json_is_string(value))
		printf("%-40s %s\n", name, json_string_value(value));
}

/* A figure goes by its own name and that of the object that it stands in. */
static void
print_stats(const char *group, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (json_is_object(value))
			print_stats(key, value);
		else
			print_value(group, key, value);
	}
}

static void
take_store(void *arg, const json_t *row)
{
	const json_t *cache = json_object_get(row, "cache");
	const char *word = json_string_value(json_object_get(row, "store"));
	struct cli_stats_store *store = arg;

	store->unwritten = cli_daemon_number(cache, "unwritten");
	store->lost = cli_daemon_number(cache, "lost");
	store->failing = word != NULL && strcmp(word, "failing") == 0;
}

struct cli_stats_store
cli_stats_store(const struct settings *settings)
{
	struct json_request request = {.ask = JSON_ASK_STATS};
	struct cli_stats_store store = {0, 0, false};

	cli_daemon_ask(settings, &request, take_store, &store, NULL);
	return store;
}

static void
print_stats_row(void *arg, const json_t *row)
{
	const struct cli_options *options = arg;
	json_t *copy;

	if (options->json) {
		cli_print_row(row);
		return;
	}
	copy = json_deep_copy(row);
	json_object_del(copy, "schema");
	print_stats(NULL, copy);
	json_decref(copy);
}

/* The text that posternd made, as it is. */
static void
keep_metrics(void *arg, const json_t *row)
{
	char **text = arg;
	const char *found = json_string_value(json_object_get(row, "metrics"));

	if (found != NULL && *text == NULL)
		*text = xstrdup(found);
}

static int
write_metrics(const char *text, const char *path)
{
	struct cli_output output;
	int status = cli_output_open(&output, path);

	if (status != 0)
		return status;
	fputs(text, output.out);
	return cli_output_close(&output, 0);
}

/* Without an answer the file stays as it was: its age tells. */
static int
print_metrics(
    const struct cli_options *options, const struct settings *settings)
{
	struct json_request request = {.ask = options->prometheus
						  ? JSON_ASK_PROMETHEUS
						  : JSON_ASK_OPENMETRICS};
	char *text = NULL;
	struct err err = {.text = "no figures in the answer"};
	int status;

	if (cli_daemon_ask(settings, &request, keep_metrics, &text, &err) !=
		CLI_DAEMON_ANSWERED ||
	    text == NULL)
		status = cli_fail(EX_UNAVAILABLE, "%s", err.text);
	else
		status = write_metrics(text, options->output);
	free(text);
	return status;
}

static int
show_stats(const struct cli_options *options, const struct settings *settings)
{
	struct json_request request = {.ask = JSON_ASK_STATS};
	struct cli_options copy = *options;
	struct err err;

	if (cli_daemon_ask(settings, &request, print_stats_row, &copy, &err) !=
	    CLI_DAEMON_ANSWERED)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return 0;
}

int
cli_stats(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	bool metrics = options->prometheus || options->openmetrics;

	if (options->prometheus + options->openmetrics + options->json > 1)
		return cli_fail(
		    EX_USAGE, "one of --json, --prometheus and --openmetrics");
	if (options->output != NULL && !metrics)
		return cli_fail(
		    EX_USAGE, "-o goes with --prometheus or --openmetrics");
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	return metrics ? print_metrics(options, settings)
		       : show_stats(options, settings);
}
