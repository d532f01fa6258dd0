/* nameserver - a nameserver on loopback, by UDP and TCP, with the manners of a
 * script; and a stub resolver that asks it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_NAMESERVER_H
#define T_FAKE_NAMESERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/io/dns.h"

enum nameserver_manners {
	ANSWER,           /* one A record, AD */
	ANSWER_INSECURE,  /* the same without AD */
	ANSWER_SLOWLY,    /* it has more to do than to read */
	ANSWER_GOOD_ONLY, /* good.example; silent to the rest */
	NO_DATA,          /* SOA, AD */
	NO_NAME,
	SILENT,
	SERVFAIL,
	REFUSED,
	FORMERR_HEADER, /* nothing but a header */
	SERVFAIL_BOGUS, /* with an extended error */
	SERVFAIL_STALE_THEN_BOGUS,
	SERVFAIL_ODD_OPTION,
	LAME,     /* a referral: RA is not set */
	OWN_ZONE, /* an answer with AA, without RA */
	LOOP,     /* CNAMEs in a circle */
	MALFORMED,
	ADDRESS_WITHOUT_OCTETS,
	ALIAS_THROUGH, /* good.example, b.test, c.example: a chain of aliases */
	BAD_FAILS,     /* SERVFAIL for names that begin with "bad" */
	BAD_IS_BOGUS,  /* the same with an extended error */
	BAD_IS_SILENT,
	BAD_IS_NOT_THERE,
	BAD_HAS_NO_DATA,
	BAD_IS_INSECURE, /* an address without AD */
	BAD2_FAILS,      /* "bad2" alone */
	WRONG_ID,        /* a forged answer first, in these */
	WRONG_NAME,
	WRONG_TYPE,
	NO_QUESTION,
	A_QUERY,
	OTHER_PORT,
	SHORT,
	FLOOD, /* of wrong ids; the answer by TCP only */
	LONG,  /* truncated, and 64 KB by TCP */
	TCP_CLOSES,
	TCP_SILENT,
	TCP_NEVER_ENDS, /* promises more than it sends */
	TCP_EMPTY,
	TCP_WRONG_ID,
	TCP_TRUNCATED,
	TCP_IN_PIECES,
};

enum {
	NAMESERVER_HEADER = 12,                 /* octets of a message */
	NAMESERVER_AD = 0x20,                   /* in the fourth of them */
	NAMESERVER_FLOODED = LIMIT_DNS_MISFITS, /* datagrams of FLOOD */
	NAMESERVER_PORTS = 16,
	NAMESERVER_LONG = 65450, /* octets of the record of LONG */
};

struct nameserver_message {
	uint8_t octets[65537];
	size_t size;
};

struct fake_nameserver {
	int udp, tcp;
	_Atomic int manners;
	atomic_uint queries, connections;
	struct nameserver_message query;   /* the last one */
	in_port_t ports[NAMESERVER_PORTS]; /* that the first came from */
	uint16_t ids[NAMESERVER_PORTS];
	atomic_bool stop;
	pthread_t thread;
	char text[32];
	char remote[32]; /* the same, as an address that is not loopback */
	struct nameserver_message reply;
};

/* fake_nameserver_start - serve in a thread, at a port of its own; manners may
 * be set anew at any time */
void fake_nameserver_start(
    struct fake_nameserver *fake, enum nameserver_manners manners);
void fake_nameserver_stop(struct fake_nameserver *fake);

/* fake_nameserver_resolver - a resolver that asks one nameserver or two, by
 * their text */
struct dns *
fake_nameserver_resolver(const char *one, const char *two, int timeout_ms);

/* fake_nameserver_remote - the same, with nameservers that may be no loopback
 * address; fake_nameserver_names - of one, with names that are insecure or
 * broken on purpose, or NULL */
struct dns *
fake_nameserver_remote(bool trust, const char *one, const char *two);
struct dns *fake_nameserver_names(const char *text,
    const struct dns_names *insecure, const struct dns_names *broken);

/* fake_nameserver_look_up - the address of a name, however long it takes */
struct dns_answer *fake_nameserver_look_up(struct dns *dns, const char *name);

/* fake_nameserver_octet - the last one of the one address in an answer, or 0 */
uint8_t fake_nameserver_octet(const struct dns_answer *answer);

#endif
