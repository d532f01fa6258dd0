/* metric - one family of figures after the other, in either form of text. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_METRIC_H
#define MILTER_VIEW_METRIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "milter/view/figures.h"

enum metric_form {
	METRIC_PROMETHEUS, /* text format 0.0.4 */
	METRIC_OPENMETRICS,
};

struct metric_printer {
	FILE *out;
	const char *name; /* of MetricsLabel, or NULL */
	enum metric_form form;

	/* the family that is printed, with "postern_" left out */
	const char *family;
	bool counter;
};

/* metric_family - what comes next belongs to it; a counter's is its name in one
 * form, and without "_total" in the other */
void metric_family(struct metric_printer *printer, const char *family,
    const char *type, const char *help);

/* Names and values in turn, up to a NULL. */
#define METRIC_LABELS(...)        \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}
extern const char *const metric_no_labels[];

/* metric_sample - of the family; suffix: "_bucket", "" */
void metric_sample(struct metric_printer *printer, const char *suffix,
    const char *const labels[], const char *value);
void metric_count(struct metric_printer *printer, const char *const labels[],
    uint64_t number);

/* metric_gauge - a family of one figure
 * metric_state - the same, 0 or 1; nothing while it is not known */
void metric_gauge(struct metric_printer *printer, const char *family,
    const char *help, uint64_t number);
void metric_state(struct metric_printer *printer, const char *family,
    const char *help, enum figures_state state);

/* metric_print_seconds - without an exponent, and without noughts behind the
 * point */
enum { METRIC_SECONDS_SIZE = 24 };
void metric_print_seconds(uint64_t ms, char out[METRIC_SECONDS_SIZE]);

#endif
