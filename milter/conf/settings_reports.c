/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_reports.h"

#include <stddef.h>
#include <string.h>

/* Failures alone, without the sessions that succeeded, mislead: they are sent
 * where that is said to be meant. */
bool
settings_send_reports(const struct settings *settings)
{
	return settings->tls_reports == TLS_REPORTS_YES &&
	       (settings->tls_report_socket != NULL ||
		   (settings->tls_report_sources & TLS_SOURCE_MTA) == 0);
}

const char *
settings_report_sender(const struct settings *settings)
{
	if (settings->tls_report_sender == NULL)
		return settings->tls_report_contact;
	return strcmp(settings->tls_report_sender, "<>") == 0
		   ? ""
		   : settings->tls_report_sender;
}
