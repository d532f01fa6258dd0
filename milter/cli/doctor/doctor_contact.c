/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/clock.h"
#include "common/engine/errand.h"
#include "milter/cli/doctor/doctor.h"

/* What others find at _smtp._tls of who reports to them; NULL: nothing wrong,
 * or nobody can say now. */
static const char *
fault_of_own_record(
    const struct doctor *doctor, const char *domain, const char **note)
{
	int64_t deadline = clock_mono_ms() + doctor->settings->dns_timeout_ms;
	struct tlsrpt_record record;
	char why[LIMIT_DETAIL_SIZE];

	*note = "";
	if (doctor->dns == NULL ||
	    !errand_record(errand_ask_by(doctor->dns, domain, deadline), NULL,
		NULL, &record, why)) {
		*note = "; its own record at _smtp._tls cannot be looked up";
		return NULL;
	}
	switch (record.outcome) {
	case TLSRPT_RECORD_ABSENT:
		*note = "; it has no record at _smtp._tls, so that nobody "
			"reports to it";
		return NULL;
	case TLSRPT_RECORD_VALID:
		*note = "; it gets reports itself";
		return NULL;
	case TLSRPT_RECORD_MANY:
	case TLSRPT_RECORD_NO_RUA:
		break;
	}
	return record.why;
}

static void
say_own_record(const struct doctor *doctor, const char *contact,
    struct doctor_finding *found)
{
	const char *domain = strrchr(contact, '@') + 1, *note;
	const char *fault = fault_of_own_record(doctor, domain, &note);

	if (fault == NULL) {
		doctor_say(found, DOCTOR_OK,
		    "%s: reports need the DKIM signature of %s, whose key is "
		    "good for the service tlsrpt (s=* or s=tlsrpt)%s",
		    contact, domain, note);
		return;
	}
	doctor_say(found, DOCTOR_WARN,
	    "the record at _smtp._tls.%s is of no use: %s: nobody reports to "
	    "the domain that reports to others",
	    domain, fault);
	doctor_mend(found,
	    "# one TXT record at _smtp._tls.%s: \"v=TLSRPTv1; "
	    "rua=mailto:%s\"",
	    domain, contact);
}

/* RFC 8460 section 3: a report is signed by the domain of who sends it. */
void
doctor_tlsrpt_contact(struct doctor *doctor, struct doctor_finding *found)
{
	const char *contact = doctor->settings->tls_report_contact;

	if (contact == NULL ||
	    doctor->settings->tls_report_organization == NULL) {
		doctor_say(found, DOCTOR_WARN,
		    "%s is not set: a report does not say who reports",
		    contact == NULL ? "TLSReportContact"
				    : "TLSReportOrganization");
		doctor_mend(found,
		    contact == NULL
			? "TLSReportContact tlsrpt@example.org    # %s: an "
			  "address of a domain whose mail is DKIM-signed here"
			: "TLSReportOrganization Example Org    # %s",
		    doctor_conf_file(doctor));
		return;
	}
	say_own_record(doctor, contact, found);
}
