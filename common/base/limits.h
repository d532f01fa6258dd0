/* limits - every maximum in one place, with its reason. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_LIMITS_H
#define COMMON_BASE_LIMITS_H

enum {
	/* RFC 1035 section 2.3.4: 253 octets of text without the final dot */
	LIMIT_DOMAIN = 253,
	LIMIT_DOMAIN_SIZE = LIMIT_DOMAIN + 1,

	/* The same as somebody may write it: U-labels take four octets a
	 * letter at most */
	LIMIT_RAW_DOMAIN_SIZE = 4 * LIMIT_DOMAIN_SIZE,

	/* Hosts walked for one domain: large farms publish about 20; an MTA
	 * gives up earlier (Postfix: smtp_mx_address_limit 5 addresses) */
	LIMIT_MX_HOSTS = 16,

	/* Addresses probed of one host, A and AAAA together, half of each where
	 * there are more of both */
	LIMIT_HOST_ADDRESSES = 8,

	/* ProbeAddresses: of all hosts of a walk */
	LIMIT_TRIED_ADDRESSES = LIMIT_MX_HOSTS * LIMIT_HOST_ADDRESSES,

	/* TLSA records of one RRset: a DNS message of 64 KiB has room for 1393
	 * of SHA-256, the shortest that is usable.  A larger set, with shorter
	 * records that are not, is cut after so many. */
	LIMIT_TLSA_RECORDS = 1400,

	/* Records taken of any other answer */
	LIMIT_DNS_RECORDS = 256,

	/* Datagrams that do not fit a query, then TCP: who guesses ids does
	 * not get far there */
	LIMIT_DNS_MISFITS = 16,

	/* Nameservers that are asked: resolv.conf(5) allows for 3 */
	LIMIT_NAMESERVERS = 8,

	/* Names whose DNSSEC is broken on purpose, that a nameserver is tried
	 * with: one would do, the others are for its being mended */
	LIMIT_BROKEN_NAMES = 8,

	/* Prefixes of NAT64 gates: a network has one or two */
	LIMIT_NAT64_PREFIXES = 8,

	/* CNAME hops that are followed; longer is a lookup error (RFC 7672
	 * section 2.1.3) */
	LIMIT_CNAME_HOPS = 11,

	/* A _smtp._tls record: octets that are read, URIs that are looked at,
	 * of them those that get reports, octets of one.  Nobody has more than
	 * two destinations; each costs a connection a day */
	LIMIT_TLSRPT_RECORD = 4096,
	LIMIT_TLSRPT_URIS = 20,
	LIMIT_TLSRPT_RUA = 5,
	LIMIT_TLSRPT_URI = 1024,

	/* Of a TLS report's failure: the name that a host says of itself, RFC
	 * 5321 section 4.5.3.1.2, and the text of a reason */
	LIMIT_TLSRPT_HELO = 255,
	LIMIT_TLSRPT_REASON = 200,

	/* Of one session that an MTA tells: policies, failures of one, lines of
	 * one, levels of JSON.  Postfix has one policy with one failure; a DNS
	 * answer of 64 KiB has 1,393 TLSA records */
	LIMIT_TLSRPT_POLICIES = 8,
	LIMIT_TLSRPT_DETAILS = 16,
	LIMIT_TLSRPT_LINES = 1400,
	LIMIT_TLSRPT_DEPTH = 8,
	LIMIT_TLSRPT_DATAGRAM = 256 * 1024,

	/* Addresses that reports went to within a day, whose mail is exempt
	 * from checks: two of each of 20,000 domains */
	LIMIT_OWN_MAIL = 40000,

	/* Octets of a report that is sent, packed: RFC 8460 section 5.2 has
	 * receivers take 10 MB, of base64 in mail */
	LIMIT_TLSRPT_MADE = 7 * 1024 * 1024,

	/* Octets of what a host answers to a report that is posted */
	LIMIT_TLSRPT_ANSWER = 64 * 1024,

	/* Octets of the path of the program that mail is handed to */
	LIMIT_MAILER_PATH = 255,

	/* Datagrams that came and were not looked at yet, and their octets: a
	 * second of a host that delivers as fast as it can */
	LIMIT_TLSRPT_WAITING = 8192,
	LIMIT_TLSRPT_WAITING_OCTETS = 16 * 1024 * 1024,

	/* Octets of counts that wait for a store that cannot be written */
	LIMIT_TLSRPT_UNSAVED = 64 * 1024 * 1024,

	/* Of a next hop and day: policies whose lines are kept; of a policy:
	 * failures that are told apart.  A domain with more is broken or
	 * hostile, and its sums are as exact as any */
	LIMIT_TLSRPT_KEPT_POLICIES = 64,
	LIMIT_TLSRPT_KEPT_DETAILS = 100,

	/* Next hops of which it is known how sessions under a policy in testing
	 * mode are; and of the admin's own, which are few */
	LIMIT_TLSRPT_TESTED = 10000,
	LIMIT_TLSRPT_RELAYS = 256,

	/* Certificates of a presented chain, and octets of all of them */
	LIMIT_CHAIN_CERTS = 16,
	LIMIT_CHAIN_OCTETS = 128 * 1024,

	/* Bare keys of a TLSA set that are tried as trust anchors: each costs
	 * signature checks, and a set of hundreds is made to cost them */
	LIMIT_BARE_KEYS = 8,

	/* A key that signatures are checked with: OpenSSL stops at the same,
	 * and a check takes some 10 ms.  One of RSA costs the exponent's bits
	 * times the square of the modulus; of DSA, the subgroup's order is the
	 * exponent (FIPS 186-4 section 4.2: 256 at most). */
	LIMIT_RSA_BITS = 16384,
	LIMIT_RSA_EXPONENT_BITS = 64,
	LIMIT_DSA_BITS = 10000,
	LIMIT_DSA_ORDER_BITS = 256,

	/* Signature checks of one check: the hosts of a large farm take about
	 * four each, and with the dearest keys these take seconds */
	LIMIT_SIGNATURE_CHECKS = 256,

	/* A Certificate message of TLS: more is an error to OpenSSL */
	LIMIT_TLS_CERTIFICATE = 100 * 1024,

	/* A subject or issuer in one: the library's time for it grows with the
	 * square of its parts, half a second for all of the message.  Names of
	 * CAs have 200 octets. */
	LIMIT_CERT_DN = 8 * 1024,

	/* A list of key purposes in one, of which it grows likewise, for each
	 * path that the certificate is on.  There are some dozens of them. */
	LIMIT_CERT_PURPOSES = 2 * 1024,

	/* The group of a DHE key exchange, most and least: OpenSSL's */
	LIMIT_DH_BITS = 10000,
	LIMIT_DH_LEAST_BITS = 1024,

	/* SAN dNSNames looked at in one certificate */
	LIMIT_CERT_NAMES = 1024,

	/* Octets of a reply line, and of all lines of a reply, that are looked
	 * at: as many as Postfix does.  RFC 5321 section 4.5.3.1.5: 512 a line.
	 * What follows is passed over up to the second, where Postfix knows no
	 * limit but time. */
	LIMIT_SMTP_LINE = 2048,
	LIMIT_SMTP_REPLY = 1024 * 1024,

	/* RFC 8461 section 3.3: 64 KiB for a policy */
	LIMIT_STS_BODY = 64 * 1024,
	LIMIT_STS_MX = 256,

	/* Header fields of its answer: libcurl keeps them, before 8.4.0
	 * however many */
	LIMIT_HTTPS_HEAD = 64 * 1024,

	/* What gzip octets may become, times their own size: a report of TLS
	 * comes to some twenty, a bomb to 1,032 */
	LIMIT_GZIP_RATIO = 1000,

	/* JSON of a TLS report: levels, which jansson would take 2,048 of; and
	 * values, of which each takes some 100 to 250 octets of memory, so 100
	 * MiB at worst.  A report with all the details below has 100,000.
	 * Lines of its policies are counted as such, for a text has many */
	LIMIT_REPORT_DEPTH = 32,
	LIMIT_REPORT_VALUES = 400000,

	/* Policies and details of one report; a report-id of a Subject */
	LIMIT_REPORT_POLICIES = 1000,
	LIMIT_REPORT_DETAILS = 10000,
	LIMIT_TLSRPT_ID = 512,

	/* What is read of files with such reports: a message, one that is
	 * packed, and JSON, in octets; reports in all, and levels of messages
	 * that are attached to messages */
	LIMIT_MESSAGE_OCTETS = 32 * 1024 * 1024,
	LIMIT_TLSRPT_PACKED = 16 * 1024 * 1024,
	LIMIT_TLSRPT_JSON = 20 * 1024 * 1024,
	LIMIT_TLSRPT_REPORTS = 100000,
	LIMIT_MESSAGE_LEVELS = 3,

	/* Reports in one message, as many as it may have parts: one that is
	 * full of them leaves room for others */
	LIMIT_TLSRPT_OF_MESSAGE = 1000,

	/* Of a message before a MIME parser has it: lines that begin with "--",
	 * of each of which GMime makes a part of 1.3 KB; lines before the first
	 * empty one; lines of the form of a field, 500 octets each; and octets
	 * of fields, of whose parameters and addresses it makes a hundred times
	 * as many */
	LIMIT_MESSAGE_DASHES = 1000,
	LIMIT_MESSAGE_HEADER = 2000,
	LIMIT_MESSAGE_FIELDS = 20000,
	LIMIT_MESSAGE_FIELD_OCTETS = 1024 * 1024,

	/* Colons in one field: 60,000 groups of addresses in each other are
	 * more than 8 MiB of stack */
	LIMIT_MESSAGE_COLONS = 2000,

	/* What is kept of reports together, each row of some kilobytes at
	 * worst: rows of policies and of what failed; reporters, those of one
	 * row, days; and octets of a text that is shown */
	LIMIT_TLSRPT_ROWS = 20000,
	LIMIT_TLSRPT_REPORTERS = 10000,
	LIMIT_TLSRPT_FINDING_REPORTERS = 256,
	LIMIT_TLSRPT_DAYS = 1000,
	LIMIT_TLSRPT_SHOWN = 1024,

	/* What is told of single reports, of which there may be many bad ones
	 */
	LIMIT_TLSRPT_NOTES = 1000,

	/*
	 * A value in a store that hosts share: a policy with each octet of its
	 * body escaped comes near it, and none is put that does; keys that are
	 * in use at once, an old and a new one and one to spare
	 */
	LIMIT_SHARED_VALUE = 160 * 1024,
	LIMIT_SHARED_PAYLOAD = LIMIT_SHARED_VALUE - 128,
	LIMIT_SHARED_KEYS = 4,

	/* Its servers: a master and two that may become it.  Octets that make
	 * no whole reply, parts of one, a list with those of a thousand hosts
	 * among them, and levels: a stream of events has five.  Requests that
	 * are sent before the first is answered */
	LIMIT_SHARED_SERVERS = 3,
	LIMIT_SHARED_UNREAD = 1024 * 1024,
	LIMIT_SHARED_ITEMS = 2048,
	LIMIT_SHARED_DEPTH = 5,
	LIMIT_SHARED_PIPELINE = 64,

	/* Policies that wait to be put there, and their octets; and those that
	 * were forgotten and are not to come back, for a day */
	LIMIT_SHARED_PUTS = 1024,
	LIMIT_SHARED_PUT_OCTETS = 16 * 1024 * 1024,
	LIMIT_SHARED_GRAVES = 256,

	/* Hosts that are listed: more than share one store */
	LIMIT_SHARED_HOSTS = 1000,

	LIMIT_STS_ID = 32,              /* RFC 8461 section 3.1 */
	LIMIT_STS_MAX_AGE_S = 31557600, /* RFC 8461 section 3.2 */

	/* Next hops in one {rcpt_host}: relayhost lists are short */
	LIMIT_NEXTHOPS = 8,

	/* Remote text in a log line (`detail`), and the whole line */
	LIMIT_DETAIL = 120,
	LIMIT_DETAIL_SIZE = LIMIT_DETAIL + 1,
	LIMIT_LOG_LINE = 900,

	/* Log lines that wait for a syslog that takes none: a busy gate's of a
	 * minute, in 8 MiB of memory */
	LIMIT_LOG_BACKLOG = 8192,

	/* What is said of all hosts of a domain */
	LIMIT_WALK_SIZE = 400,

	/*
	 * Forged tags that are taken out of one message, and octets of header
	 * that the MTA reads for it: Postfix's cleanup(8) walks its queue file
	 * from the begin for each, and takes a fifth of a second for so many.
	 * Mail that came by another gate has one.
	 */
	LIMIT_FORGED_TAGS = 100,
	LIMIT_FORGED_WALK = 64 * 1024 * 1024,

	/* d= items of one tag */
	LIMIT_TAG_ITEMS = 20,

	/* Domains of a message that are told apart, whatever MaxDomains:
	 * more than an MTA takes in one message, and some megabytes */
	LIMIT_MESSAGE_DOMAINS = 10000,

	/* Octets of To, Cc and their kin that are read of one message, more
	 * than MTAs take of all fields; and addresses in them, each of which is
	 * compared with each domain of the envelope.  What is behind them stays
	 * unnamed. */
	LIMIT_MESSAGE_SCAN = 256 * 1024,
	LIMIT_MESSAGE_NAMES = 10000,

	/* Entries kept in the caches of verdicts, of verdicts with all that
	 * led to them, and of probes */
	LIMIT_CACHED_VERDICTS = 100000,
	LIMIT_CACHED_FACTS = 1000,
	LIMIT_CACHED_PROBES = 20000,

	/* Addresses of which a survey remembers when they were connected to,
	 * how often they failed, and what they show; some 300 octets each */
	LIMIT_PACED_ADDRESSES = 200000,

	/* Results that wait to be noted in the store */
	LIMIT_FLIPS_WAITING = 10000,

	/* Policies in the store, and those of them kept in memory, of 64 KiB
	 * at worst */
	LIMIT_CACHED_POLICIES = 20000,
	LIMIT_KEPT_POLICIES = 4096,

	/* The control socket: those served at once, a request, and how much of
	 * an answer is made before the client has taken it, but for one line */
	LIMIT_CONTROL_CLIENTS = 32,
	LIMIT_CONTROL_LINE = 4096,
	LIMIT_CONTROL_CHUNK = 64 * 1024,

	/* A line of an answer: a policy with all of its octets escaped */
	LIMIT_CONTROL_ANSWER = 1024 * 1024,

	/*
	 * A file of facts (postern-json(7)): with a chain of LIMIT_CHAIN_OCTETS
	 * at each of LIMIT_TRIED_ADDRESSES, in base64; how deep its lists and
	 * objects stand in each other; and values in it, TLSA records among
	 * them, each of which takes memory
	 */
	LIMIT_FACTS_OCTETS = 32 * 1024 * 1024,
	LIMIT_FACTS_DEPTH = 9,
	LIMIT_FACTS_VALUES = 64 * 1024,

	/* Facts that posternd has to write to FactsDirectory: files, and octets
	 * of them, of some 20 KB each.  A disk that is slower than that is not
	 * waited for. */
	LIMIT_FACTS_WAITING = 256,
	LIMIT_FACTS_WAITING_OCTETS = 64 * 1024 * 1024,

	/* Roots in it: those that may have issued a certificate of a chain.
	 * Stores have some hundred. */
	LIMIT_FACTS_ROOTS = 256,

	/* MetricsSocket: connections at once, a monitoring system has one or
	 * two; and a request with its header fields, of which Prometheus sends
	 * half a kilobyte */
	LIMIT_METRICS_CLIENTS = 8,
	LIMIT_METRICS_REQUEST = 4096,

	/* A request of the socketmap: Postfix sends keys of 10,000 octets; and
	 * a reply: Postfix takes no more */
	LIMIT_MAP_REQUEST = 16384,
	LIMIT_MAP_REPLY = 100000,

	/* A request of the line socket */
	LIMIT_LINE_REQUEST = 1024,

	/* Requests of one connection that are answered side by side; and octets
	 * of replies that it has not taken, before more are read of it */
	LIMIT_MAP_PIPELINE = 128,
	LIMIT_MAP_UNSENT = 256 * 1024,

	/* Replies that are kept as they are sent, and octets of them */
	LIMIT_CACHED_REPLIES = 100000,
	LIMIT_REPLY_OCTETS = 32 * 1024 * 1024,

	/* A configuration file, one line of it, and mistakes that are told: who
	 * has more has another kind of file */
	LIMIT_CONF_OCTETS = 1024 * 1024,
	LIMIT_CONF_LINE = 4096,
	LIMIT_CONF_FAULTS = 100,

	/* What "postern explain" keeps of one message: more domains than
	 * MaxDomains of any use, and recipients of a large list */
	LIMIT_STORY_CHECKS = 512,
	LIMIT_STORY_RCPTS = 4096,

	/* Domains that fail now, for "postern top" and "status": more than
	 * anybody looks at, in 300 KiB */
	LIMIT_RECENT_DOMAINS = 512,

	/* What "postern review" keeps of a log, whatever its size.  Domains,
	 * as many as verdicts are cached, some 200 octets each, and the flips
	 * that are drawn of one; days, a year and a month; messages whose end
	 * is not seen yet: a queue of that size is a disaster, half a kilobyte
	 * each; their domains, as of the mail of people; rules; senders' days
	 * told apart, eight octets each. */
	LIMIT_REVIEW_DOMAINS = 100000,
	LIMIT_REVIEW_FLIPS = 32,
	LIMIT_REVIEW_DAYS = 400,
	LIMIT_REVIEW_MESSAGES = 65536,
	LIMIT_REVIEW_PAIRS = 100,
	LIMIT_REVIEW_RULES = 10000,
	LIMIT_REVIEW_SENDERS = 65536,

	/* Rows of it: disagreements with both lines, slowest checks, rows of a
	 * table that go into CSV, JSON and HTML; of the last, text shows some
	 * dozen */
	LIMIT_REVIEW_MISSED = 200,
	LIMIT_REVIEW_SLOWEST = 10,
	LIMIT_REVIEW_ROWS = 5000,

	/* Rows of etc/providers, which has some fifty; and octets of it */
	LIMIT_PROVIDERS = 1000,
	LIMIT_PROVIDERS_OCTETS = 128 * 1024,

	/* Octets of a word in the file of a survey: the names of
	 * LIMIT_MX_HOSTS hosts are the longest, with a fourth left over */
	LIMIT_SURVEY_ROW = 5 * LIMIT_MX_HOSTS * LIMIT_DOMAIN_SIZE / 4,

	/* What is kept of a mail host, as text: of each of its addresses, and
	 * of so many TLSA records, so many octets of data, as SHA-512 has; and
	 * all of it */
	LIMIT_SURVEY_TLSA = 16,
	LIMIT_SURVEY_TLSA_DATA = 64,
	LIMIT_SURVEY_HOST = 16 * 1024,

	/* A row as it is read, with all words of a domain: hosts, and as many
	 * patterns of a policy as LIMIT_SURVEY_ROW has room for, are the long
	 * ones; or a host */
	LIMIT_SURVEY_JOINED = 2 * LIMIT_SURVEY_HOST,

	/* Names of a survey that is kept in memory alone */
	LIMIT_SURVEY_MEMORY = 10000,

	/* Octets of a line in a list for it, and a weight there */
	LIMIT_SURVEY_LINE = 1024,
	LIMIT_SURVEY_WEIGHT = 1000000000,

	/* From a mail log: messages that are under way and domains of each,
	 * beyond which deliveries count by line; transports of Exim's, with a
	 * domain, that no line named a host for yet; and of the answer to
	 * "postqueue -j" what one message may have */
	LIMIT_SURVEY_MESSAGES = 4000000,
	LIMIT_SURVEY_WAITING = 10000,
	LIMIT_SURVEY_QUEUED = 1024 * 1024,

	/* Octets of a line of its export that is read back */
	LIMIT_SURVEY_EXPORT_LINE = 64 * 1024,

	/* Domains of one "postern advise": each is probed at all its hosts */
	LIMIT_ADVISE_DOMAINS = 1000,
};

#endif
