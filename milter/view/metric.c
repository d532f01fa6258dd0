/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/metric.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SECOND_MS = 1000 };

void
metric_family(struct metric_printer *printer, const char *family,
    const char *type, const char *help)
{
	bool counter = strcmp(type, "counter") == 0;
	const char *suffix =
	    counter && printer->form == METRIC_PROMETHEUS ? "_total" : "";

	printer->family = family;
	printer->counter = counter;
	fprintf(printer->out,
	    "# HELP postern_%s%s %s\n# TYPE postern_%s%s %s\n", family, suffix,
	    help, family, suffix, type);
}

/* By rule, though all that comes here are our own words. */
static void
put_label_value(FILE *out, const char *value)
{
	putc('"', out);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*value == '"' || *value == '\\')
			putc('\\', out);
		putc(*value, out);
	}
	putc('"', out);
}

/* Names and values in turn, up to a NULL. */
static void
put_labels(struct metric_printer *printer, const char *const labels[])
{
	const char *before = "{";

	for (size_t i = 0; labels[i] != NULL; i += 2) {
		fprintf(printer->out, "%s%s=", before, labels[i]);
		put_label_value(printer->out, labels[i + 1]);
		before = ",";
	}
	if (printer->name != NULL) {
		fprintf(printer->out, "%sname=", before);
		put_label_value(printer->out, printer->name);
		before = ",";
	}
	if (*before == ',')
		putc('}', printer->out);
}

void
metric_sample(struct metric_printer *printer, const char *suffix,
    const char *const labels[], const char *value)
{
	fprintf(printer->out, "postern_%s%s%s", printer->family, suffix,
	    printer->counter ? "_total" : "");
	put_labels(printer, labels);
	fprintf(printer->out, " %s\n", value);
}

const char *const metric_no_labels[] = {NULL};

void
metric_count(
    struct metric_printer *printer, const char *const labels[], uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, number);
	metric_sample(printer, "", labels, value);
}

void
metric_gauge(struct metric_printer *printer, const char *family,
    const char *help, uint64_t number)
{
	metric_family(printer, family, "gauge", help);
	metric_count(printer, metric_no_labels, number);
}

void
metric_state(struct metric_printer *printer, const char *family,
    const char *help, enum figures_state state)
{
	if (state != FIGURES_UNKNOWN)
		metric_gauge(printer, family, help, state == FIGURES_GOOD);
}

void
metric_print_seconds(uint64_t ms, char out[METRIC_SECONDS_SIZE])
{
	size_t length;

	snprintf(out, METRIC_SECONDS_SIZE, "%" PRIu64 ".%03" PRIu64,
	    ms / SECOND_MS, ms % SECOND_MS);
	length = strlen(out);
	while (out[length - 1] == '0')
		out[--length] = '\0';
	if (out[length - 1] == '.')
		out[--length] = '\0';
}
