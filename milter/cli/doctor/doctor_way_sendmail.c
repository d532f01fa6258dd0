/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "milter/cli/doctor/doctor_ciphers.h"
#include "milter/cli/doctor/doctor_sendmail_cf.h"
#include "milter/cli/doctor/doctor_way.h"

enum { LIST_SIZE = 1024 };

/* What sendmail.cf says of the way out. */
struct way_out {
	struct doctor_way way;
	char sources[2][INET6_ADDRSTRLEN];
	char helo[LIMIT_RAW_DOMAIN_SIZE];
	bool unclear; /* of ClientPortOptions */
	char ciphers[LIST_SIZE];
	bool ciphers_cut, own_protocols;
};

/* "Family=inet6": Sendmail looks at the first letter of what is before "=", and
 * of IPv6 there is also "inet6" alone in the value. */
static void
note_client_field(char *field, const char **address, int *family, bool *unclear)
{
	char *value = strchr(field, '=');

	if (value == NULL) {
		*unclear = true;
		return;
	}
	value = text_trim(value + 1);
	switch (tolower((unsigned char)field[0])) {
	case 'f':
		if (strcasecmp(value, "inet6") == 0)
			*family = AF_INET6;
		else if (strcasecmp(value, "inet") != 0)
			*unclear = true;
		break;
	case 'a':
		*address = value;
		break;
	case 'm':
		/* "h": the name of the address is said in EHLO */
		*unclear |= strchr(value, 'h') != NULL;
		break;
	case 'p':
	case 's':
	case 'r':
		break;
	default:
		*unclear = true;
	}
}

static void
note_client(struct way_out *out, char *options)
{
	const char *address = "";
	int family = AF_INET;
	char *rest;

	for (char *field = strtok_r(options, ",", &rest); field != NULL;
	     field = strtok_r(NULL, ",", &rest))
		note_client_field(
		    text_trim(field), &address, &family, &out->unclear);
	if (strncasecmp(address, "IPv6:", 5) == 0)
		address += 5;
	if (!doctor_way_address(
		address, family, out->sources[family == AF_INET6]))
		out->unclear = true;
}

/* Whether a version is left out that probes offer. */
static bool
names_protocol(const char *options)
{
	return strstr(options, "NO_TLSv1_2") != NULL ||
	       strstr(options, "NO_TLSv1_3") != NULL;
}

/* In place of OpenSSL's own list. */
static void
compare_cipher_list(struct way_out *out)
{
	struct doctor_ciphers ciphers;
	char what[LIST_SIZE];

	if (out->ciphers[0] == '\0')
		return;
	if (out->ciphers_cut ||
	    !doctor_ciphers_compare(out->ciphers, &ciphers)) {
		doctor_way_unknown(&out->way, "CipherList");
		return;
	}
	if (ciphers.lost == 0)
		return;
	doctor_ciphers_print(&ciphers, what, sizeof(what));
	doctor_way_other(&out->way, what);
	doctor_mend(out->way.found,
	    "# take confCIPHER_LIST out of /etc/mail/sendmail.mc, then: "
	    "sendmailconfig; or leave it so: hosts with nothing else then pass "
	    "here, and Sendmail defers their mail");
}

static void
note_way_out(void *arg, char *line)
{
	struct way_out *out = arg;
	char *value;

	value = doctor_sendmail_option(line, "ClientPortOptions");
	if (value != NULL)
		note_client(out, value);
	value = doctor_sendmail_option(line, "CipherList");
	if (value != NULL)
		out->ciphers_cut = !text_copy(
		    out->ciphers, sizeof(out->ciphers), text_trim(value));
	value = doctor_sendmail_option(line, "ClientSSLOptions");
	if (value != NULL)
		out->own_protocols |= names_protocol(value);
	value = doctor_sendmail_option(line, "HeloName");
	if (value != NULL)
		text_copy(out->helo, sizeof(out->helo), text_trim(value));
}

static void
compare_way_out(struct way_out *out)
{
	const char *ipv4 = out->sources[0], *ipv6 = out->sources[1];

	if (out->unclear)
		doctor_way_unknown(&out->way, "ClientPortOptions");
	else
		doctor_way_sources(&out->way, ipv4[0] == '\0' ? NULL : ipv4,
		    ipv6[0] == '\0' ? NULL : ipv6, "ClientPortOptions");
	if (out->own_protocols)
		doctor_way_unknown(&out->way, "ClientSSLOptions");
	compare_cipher_list(out);
	if (out->helo[0] != '\0')
		doctor_way_helo(&out->way, out->helo, "HeloName");
	if (out->way.doctor->settings->probe_addresses != 0)
		doctor_way_set(&out->way, "ProbeAddresses", "0",
		    "Sendmail tries all addresses");
	if (out->way.doctor->settings->probe_families != FAMILIES_ALL)
		doctor_way_set(&out->way, "ProbeFamilies", "all",
		    "Sendmail uses both families");
}

void
doctor_way_sendmail(struct doctor *doctor, struct doctor_finding *found)
{
	struct way_out *out = xcalloc(1, sizeof(*out));

	doctor_way_init(&out->way, doctor, found);
	if (doctor_sendmail_read(note_way_out, out) == 0) {
		compare_way_out(out);
		doctor_way_say(&out->way, "Sendmail");
	} else if (errno == ENOENT) {
		doctor_say(found, DOCTOR_SKIP,
		    "neither Postfix nor " DOCTOR_SENDMAIL_CF " here");
	} else {
		doctor_blind(found, DOCTOR_SENDMAIL_CF ": %s", strerror(errno));
	}
	free(out);
}
