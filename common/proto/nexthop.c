/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nexthop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

/* What stands between two separators: hosts with a ":" and a port each. */
enum { PART_SIZE = LIMIT_NEXTHOPS * (LIMIT_DOMAIN_SIZE + 8) };

/* strspn(3) and its like make a table of their set first: that takes longer
 * than a next hop does. */
static bool
is_hop_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_separators(const char *text)
{
	while (is_hop_separator(*text))
		text++;
	return text;
}

/* One host and nothing else, as most texts are. */
static bool
is_lone_host(const char *text)
{
	size_t length = 0;

	while (length < LIMIT_DOMAIN && text[length] != '\0' &&
	       !is_hop_separator(text[length]) && text[length] != ':' &&
	       text[length] != '[')
		length++;
	return length > 0 && text[length] == '\0';
}

static size_t
part_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' && !is_hop_separator(text[length]))
		length++;
	return length;
}

/* Most names have an octet that no IP address has, and early. */
static bool
may_be_address(const char *text)
{
	while ((*text >= '0' && *text <= '9') ||
	       (*text >= 'a' && *text <= 'f') ||
	       (*text >= 'A' && *text <= 'F') || *text == '.' || *text == ':')
		text++;
	return *text == '\0';
}

static int
refuse_part(struct err *err, const char *part, const char *why)
{
	char clean[64];

	text_clean(clean, sizeof(clean), part, strlen(part));
	return err_set(err, ERR_DATA, "next hop %s: %s", clean, why);
}

/* An IPv4 or IPv6 address, and its one spelling in host. */
static bool
read_ip_literal(const char *text, char host[LIMIT_DOMAIN_SIZE])
{
	static const int families[] = {AF_INET, AF_INET6};
	unsigned char octets[sizeof(struct in6_addr)];

	if (!may_be_address(text))
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (inet_pton(families[i], text, octets) != 1)
			continue;
		inet_ntop(families[i], octets, host, LIMIT_DOMAIN_SIZE);
		return true;
	}
	return false;
}

static bool
is_number(const char *text)
{
	const char *at = text;

	while (*at >= '0' && *at <= '9')
		at++;
	return at > text && *at == '\0';
}

static int
read_hop_host(const char *text, struct nexthop *hop, struct err *err)
{
	hop->literal = read_ip_literal(text, hop->host);
	hop->mx_lookup = !hop->literal;
	if (hop->literal)
		return 0;
	if (domain_normalise(text, hop->host, err) < 0)
		return -1;
	/* "9." and wide digits are numbers only once they are normalised */
	if (is_number(hop->host) || read_ip_literal(hop->host, hop->host))
		return refuse_part(err, text, "no host");
	return 0;
}

/* What stands in brackets: a host without MX look-up, or an address. */
static int
read_bracketed(const char *text, struct nexthop *hop, struct err *err)
{
	if (strncasecmp(text, "IPv6:", 5) == 0) {
		if (!read_ip_literal(text + 5, hop->host))
			return refuse_part(err, text, "no IPv6 address");
		hop->literal = true;
	} else if (read_hop_host(text, hop, err) < 0) {
		return -1;
	}
	hop->mx_lookup = false;
	return 0;
}

/*
 * Cut "host" or "[host]" off the front of rest.  Gives the host, without its
 * brackets, and moves rest behind the ":" that follows, or to NULL.
 */
static char *
cut_host(char **rest, bool *bracketed)
{
	char *host = *rest;
	char *end;

	*bracketed = host[0] == '[';
	if (*bracketed) {
		end = strchr(++host, ']');
		if (end == NULL)
			return NULL;
		*end++ = '\0';
	} else {
		end = strchrnul(host, ':');
	}
	if (*end == '\0') {
		*rest = NULL;
		return host;
	}
	if (*end != ':')
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return host;
}

/* The port of a mail service, or 0. */
static uint16_t
find_service(const char *name)
{
	static const struct {
		const char *name;
		uint16_t port;
	} services[] = {{"lmtp", 24}, {"smtp", 25}, {"smtps", 465},
	    {"submissions", 465}, {"submission", 587}};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcasecmp(services[i].name, name) == 0)
			return services[i].port;
	return 0;
}

int
nexthop_port(const char *text, uint16_t *port, struct err *err)
{
	uint16_t service = find_service(text);
	uint32_t value = service;

	if (service == 0 &&
	    (text_uint(text, UINT16_MAX, &value) < 0 || value == 0))
		return refuse_part(err, text, "no port");
	*port = (uint16_t)value;
	return 0;
}

/* If rest begins with a port, or with nothing in its place at the end, rest
 * moves behind it. */
static int
read_hop_port(char **rest, uint16_t *port, struct err *err)
{
	char *word = *rest;
	char *behind = strchr(word, ':');
	size_t length = behind == NULL ? strlen(word) : (size_t)(behind - word);
	char text[LIMIT_DOMAIN_SIZE];

	if (length >= sizeof(text))
		return 0; /* a host, or too long for one */
	memcpy(text, word, length);
	text[length] = '\0';
	if (length == 0 && behind == NULL) {
		*rest = NULL;
		return 0;
	}
	if (!is_number(text) && find_service(text) == 0)
		return 0;
	*rest = behind == NULL ? NULL : behind + 1;
	return nexthop_port(text, port, err);
}

/* One host of a part and its port, if it has one; rest moves behind them. */
static int
read_one_hop(char **rest, struct nexthop *hop, struct err *err)
{
	bool bracketed;
	char *host = cut_host(rest, &bracketed);
	int rc;

	if (host == NULL)
		return refuse_part(err, *rest, "brackets");
	rc = bracketed ? read_bracketed(host, hop, err)
		       : read_hop_host(host, hop, err);
	if (rc < 0 || *rest == NULL)
		return rc;
	return read_hop_port(rest, &hop->port, err);
}

/* The next hops of a part "a", "a:25", "[a]:25", "a:b" or "a:25:b". */
static int
read_hop_part(char *part, uint16_t default_port, struct nexthop *out, int count,
    struct err *err)
{
	char *rest = part;

	if (count == LIMIT_NEXTHOPS)
		return count;
	/* "2001:db8::25" has no brackets and no port */
	if (read_ip_literal(part, out[count].host)) {
		out[count].literal = true;
		out[count].mx_lookup = false;
		out[count].port = default_port;
		return count + 1;
	}
	for (; rest != NULL && count < LIMIT_NEXTHOPS; count++) {
		out[count].port = default_port;
		if (read_one_hop(&rest, &out[count], err) < 0)
			return -1;
	}
	return count;
}

int
nexthop_parse(const char *text, uint16_t default_port,
    struct nexthop out[LIMIT_NEXTHOPS], struct err *err)
{
	struct nexthop hops[LIMIT_NEXTHOPS];
	char part[PART_SIZE];
	int count = 0;

	if (is_lone_host(text)) {
		hops[0].port = default_port;
		if (read_hop_host(text, &hops[0], err) < 0)
			return -1;
		out[0] = hops[0];
		return 1;
	}
	for (text = skip_separators(text);
	     *text != '\0' && count < LIMIT_NEXTHOPS;
	     text = skip_separators(text)) {
		size_t length = part_length(text);

		if (length >= sizeof(part))
			return err_set(err, ERR_DATA, "next hop too long");
		memcpy(part, text, length);
		part[length] = '\0';
		text += length;
		count = read_hop_part(part, default_port, hops, count, err);
		if (count < 0)
			return -1;
	}
	if (count == 0)
		return err_set(err, ERR_DATA, "no next hop");
	memcpy(out, hops, (size_t)count * sizeof(out[0]));
	return count;
}

static void
print_hop(struct text *text, const struct nexthop *hop)
{
	if (!hop->mx_lookup)
		text_add(text, "[");
	text_add(text, hop->host);
	if (!hop->mx_lookup)
		text_add(text, "]");
	if (hop->port != 25) {
		text_add(text, ":");
		text_add_uint(text, hop->port);
	}
	assert(!text->cut);
}

void
nexthop_print(const struct nexthop *hop, char out[NEXTHOP_TEXT_SIZE])
{
	struct text text;

	text_init(&text, out, NEXTHOP_TEXT_SIZE);
	print_hop(&text, hop);
}

void
nexthop_print_list(
    const struct nexthop hops[], size_t count, char out[NEXTHOP_LIST_SIZE])
{
	struct text text;

	text_init(&text, out, NEXTHOP_LIST_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add(&text, ",");
		print_hop(&text, &hops[i]);
	}
}
