/* tlsrpt_report - a TLS report (RFC 8460 section 4.4) as it was received: what
 * real reporters write is read, and what was odd about it is told. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_REPORT_H
#define COMMON_PROTO_TLSRPT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/proto/tlsrpt_hints.h"
#include "common/proto/tlsrpt_result.h"

struct json_t; /* of jansson */

/* What is odd about a report, by the number that postern-tlsrpt(7) has it
 * under; a set has bit n for number n. */
enum tlsrpt_quirk {
	TLSRPT_SUBJECT_ID = 1,    /* the Subject has another report-id */
	TLSRPT_SUBJECT_BARE = 2,  /* the Subject's has no "<>" */
	TLSRPT_NO_ZONE = 3,       /* a time without zone */
	TLSRPT_NO_LIST = 4,       /* no mx-host, no failure-details */
	TLSRPT_STRING_LIST = 5,   /* a string where a list belongs */
	TLSRPT_NEXT_MIDNIGHT = 6, /* a day that ends when the next begins */
	TLSRPT_MORE_DETAILS = 8,  /* details of more sessions than failed */
	TLSRPT_NO_CONTACT = 9,    /* no contact-info */
	TLSRPT_NO_DOMAIN = 10,    /* no policy-domain */
	TLSRPT_NO_COUNT = 11,     /* a count is missing */
	TLSRPT_COUNT_FORM = 12,   /* a count is no integer of JSON */
	TLSRPT_UNKNOWN_WORD = 13, /* a type or key of its own */
	TLSRPT_OTHER_KEY = 14,    /* a key by another name */
	TLSRPT_PART_TYPE = 15,    /* a part of another media type */
	TLSRPT_FORWARDED = 16,    /* in a message that is attached */
	TLSRPT_MENDED_JSON = 18,  /* bad UTF-8, NULs, equal keys, a tail */
	TLSRPT_MEMBERS = 19,      /* several gzip members */
	TLSRPT_MISSING = 22,      /* a key that must be there is not */
	TLSRPT_IN_ARRAY = 23,     /* several reports in one array */
};
enum { TLSRPT_QUIRKS = TLSRPT_IN_ARRAY + 1 };
#define TLSRPT_QUIRK(number) (UINT32_C(1) << (number))

/* The greatest count: what a JSON number holds exactly (RFC 7493). */
#define TLSRPT_COUNT_MAX (UINT64_C(1) << 53)

/* tlsrpt_count_add - the sum, at most TLSRPT_COUNT_MAX */
uint64_t tlsrpt_count_add(uint64_t a, uint64_t b);

/* Texts are UTF-8 from outside, NULL where they are not there; names and
 * addresses that are such are normalised. */
struct tlsrpt_failure {
	enum tlsrpt_result result;
	char *word; /* of the result, as written; never NULL */
	char *sending_ip, *mx, *helo, *receiving_ip, *information, *reason;
	uint64_t count;
	struct json_t *others; /* keys that are none of ours, or NULL */
};

struct tlsrpt_list {
	size_t count;
	char **items;
};

struct tlsrpt_policy {
	enum tlsrpt_policy_type type;
	char *word;   /* of the type, as written; never NULL */
	char *domain; /* never NULL */
	struct tlsrpt_list strings, mx;
	const char *mode; /* of an MTA-STS policy, a constant; "" not known */
	uint64_t succeeded, failed;
	size_t detail_count;
	struct tlsrpt_failure *details;
	struct json_t *others, *outer_others, *summary_others;
};

struct tlsrpt_report {
	char *organization, *contact;      /* or NULL */
	char *id;                          /* never NULL */
	time_t begin, end;                 /* the last second of it */
	char domain[LIMIT_DOMAIN_SIZE];    /* that it is about, or "" */
	char submitter[LIMIT_DOMAIN_SIZE]; /* or "" */
	size_t policy_count;
	struct tlsrpt_policy *policies; /* sorted: type, domain, strings */
	uint32_t quirks;
	struct json_t *others;
};

void tlsrpt_report_free(struct tlsrpt_report *report);
AUTO_DEFINE(tlsrpt_report);

/* tlsrpt_json_is_report - whether value looks like one: an object with
 * "report-id" or "policies" */
bool tlsrpt_json_is_report(const struct json_t *value);

/*
 * tlsrpt_report_parse - the report of an object
 *
 * hints fill in what it does not tell.  NULL with err, of kind DATA, that says
 * why it is invalid.
 */
struct tlsrpt_report *
tlsrpt_report_parse(struct json_t *object, const struct tlsrpt_hints *hints,
    struct err *err) OWNED(tlsrpt_report_free);

/* tlsrpt_report_load - the same of a text of JSON, which we made ourselves */
struct tlsrpt_report *tlsrpt_report_load(
    const char *octets, size_t size, struct err *err) OWNED(tlsrpt_report_free);

/* tlsrpt_report_json - it in one form, whoever wrote it: RFC 8460 section 4.4,
 * what is unknown is left out; for json_decref() */
struct json_t *tlsrpt_report_json(const struct tlsrpt_report *report);

/* tlsrpt_report_reporter - who made it: the submitter, else the organisation,
 * or "" */
const char *tlsrpt_report_reporter(const struct tlsrpt_report *report);

/* tlsrpt_report_about - the domain that a policy of it is about: the report's,
 * or the policy's own */
const char *tlsrpt_report_about(
    const struct tlsrpt_report *report, const struct tlsrpt_policy *policy);

/*
 * tlsrpt_report_key - digests in hex of what tells it from others: reporter,
 * report-id, time and policy domains; and of all that is in it
 */
enum { TLSRPT_DIGEST_SIZE = 65 };
void tlsrpt_report_key(const struct tlsrpt_report *report,
    char key[TLSRPT_DIGEST_SIZE], char content[TLSRPT_DIGEST_SIZE]);

/* tlsrpt_quirks_text - "T05 T06", for people */
enum { TLSRPT_QUIRKS_SIZE = 4 * TLSRPT_QUIRKS };
void tlsrpt_quirks_text(uint32_t quirks, char out[TLSRPT_QUIRKS_SIZE]);

/*
 * tlsrpt_time_parse - RFC 3339 seconds since 1970; zoned becomes false where
 * the text has no zone, which is taken for UTC
 *
 * Returns 0, or -1 if it is no such time from 1970 to 9999.
 */
int tlsrpt_time_parse(const char *text, time_t *out, bool *zoned);

/* tlsrpt_digest - SHA-256 of octets, in hex */
void
tlsrpt_digest(const void *octets, size_t size, char out[TLSRPT_DIGEST_SIZE]);

#endif
