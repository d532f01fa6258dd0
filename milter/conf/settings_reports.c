/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_reports.h"

#include <stddef.h>

/* Failures alone, without the sessions that succeeded, mislead: they are sent
 * where that is said to be meant. */
bool
settings_send_reports(const struct settings *settings)
{
	return settings->tls_reports == TLS_REPORTS_YES &&
	       (settings->tls_report_socket != NULL ||
		   (settings->tls_report_sources & TLS_SOURCE_MTA) == 0);
}
