/* settings_reports - what settings come to for TLS reports. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_REPORTS_H
#define MILTER_CONF_SETTINGS_REPORTS_H

#include <stdbool.h>

#include "milter/conf/settings.h"

/* settings_send_reports - whether TLS reports are sent: not where an MTA should
 * tell of its sessions and has no socket to do so */
bool settings_send_reports(const struct settings *settings);

/* settings_report_sender - the address that reports are mailed from, "" for
 * none, borrowed; there is a TLSReportContact */
const char *settings_report_sender(const struct settings *settings);

#endif
