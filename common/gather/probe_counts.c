/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/probe_counts.h"

enum counts_probe
probe_counts_as(enum probe_outcome outcome)
{
	switch (outcome) {
	case PROBE_TLS:
	case PROBE_TLS_UNSUPPORTED:
		return COUNTS_PROBE_TLS;
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
		return COUNTS_PROBE_PLAINTEXT;
	case PROBE_TIMEOUT:
		return COUNTS_PROBE_TIMEOUT;
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
	case PROBE_CONNECT_FAILED:
	case PROBE_NO_SOURCE:
	case PROBE_NOT_DONE:
		return COUNTS_PROBE_REFUSED;
	case PROBE_BLOCKED:
	case PROBE_OWN:
		return COUNTS_PROBE_BLOCKED;
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_FAILED:
		break;
	}
	return COUNTS_PROBE_TLS_FAILED;
}
