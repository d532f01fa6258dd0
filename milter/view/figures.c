/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/figures.h"

const unsigned figures_bounds_ms[FIGURES_BUCKETS - 1] = {
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 60000};

const char *
figures_asker_text(enum figures_asker asker)
{
	static const char *const words[] = {
	    [FIGURES_PLAIN] = "plain",
	    [FIGURES_TLSRPT] = "tlsrpt",
	    [FIGURES_SENDMAIL] = "sendmail",
	    [FIGURES_LINE] = "line",
	};

	return words[asker];
}

const char *
figures_status_text(enum figures_status status)
{
	static const char *const words[] = {
	    [FIGURES_OK] = "ok",
	    [FIGURES_NOTFOUND] = "notfound",
	    [FIGURES_TEMP] = "temp",
	    [FIGURES_PERM] = "perm",
	};

	return words[status];
}

const char *
figures_report_text(enum figures_report report)
{
	static const char *const words[] = {
	    [FIGURES_MADE] = "made",
	    [FIGURES_SENT] = "sent",
	    [FIGURES_RETRY] = "retry",
	    [FIGURES_FAILED] = "failed",
	    [FIGURES_EXPIRED] = "expired",
	    [FIGURES_WITHDRAWN] = "withdrawn",
	    [FIGURES_SUPPRESSED] = "suppressed",
	};

	return words[report];
}

const char *
figures_loss_text(enum figures_loss loss)
{
	static const char *const words[] = {
	    [FIGURES_LOSS_MALFORMED] = "malformed",
	    [FIGURES_LOSS_FULL] = "queue-full",
	    [FIGURES_LOSS_CUT] = "too-large",
	    [FIGURES_LOSS_FOREIGN] = "foreign",
	    [FIGURES_LOSS_UNSAVED] = "store",
	    [FIGURES_LOSS_DOMAINS] = "max-domains",
	};

	return words[loss];
}
