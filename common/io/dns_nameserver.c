/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_nameserver.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define SPACE " \t\r\n"

enum { LINE_SIZE = 512 };

static bool
is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

int
dns_nameserver_parse(
    const char *text, struct dns_nameserver *out, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *info;
	char host[sizeof(out->text)];
	char *at;
	uint32_t port = 53;

	if (!text_copy(host, sizeof(host), text))
		return err_set(
		    err, ERR_LOCAL, "nameserver %s: no address", text);
	at = strchr(host, '@');
	if (at != NULL) {
		*at = '\0';
		if (text_uint(at + 1, UINT16_MAX, &port) < 0 || port == 0)
			return err_set(
			    err, ERR_LOCAL, "nameserver %s: no port", text);
	}
	if (getaddrinfo(host, NULL, &hints, &info) != 0)
		return err_set(
		    err, ERR_LOCAL, "nameserver %s: no address", text);
	memcpy(&out->address, info->ai_addr, info->ai_addrlen);
	out->size = info->ai_addrlen;
	out->loopback = is_loopback(info->ai_addr);
	if (info->ai_family == AF_INET6)
		((struct sockaddr_in6 *)&out->address)->sin6_port =
		    htons((uint16_t)port);
	else
		((struct sockaddr_in *)&out->address)->sin_port =
		    htons((uint16_t)port);
	freeaddrinfo(info);
	text_copy(out->text, sizeof(out->text), text);
	return 0;
}

static int
load_lines(
    FILE *file, struct dns_nameserver out[LIMIT_NAMESERVERS], struct err *err)
{
	char line[LINE_SIZE];
	int count = 0;

	while (count < LIMIT_NAMESERVERS &&
	       fgets(line, sizeof(line), file) != NULL) {
		char *rest;
		const char *keyword = strtok_r(line, SPACE, &rest);
		const char *value = strtok_r(NULL, SPACE, &rest);

		if (keyword == NULL || strcmp(keyword, "nameserver") != 0 ||
		    value == NULL)
			continue;
		if (dns_nameserver_parse(value, &out[count], err) < 0)
			return -1;
		count++;
	}
	if (ferror(file))
		return err_set(err, ERR_LOCAL, "%s", strerror(errno));
	return count;
}

int
dns_nameserver_load(const char *path,
    struct dns_nameserver out[LIMIT_NAMESERVERS], struct err *err)
{
	FILE *file = fopen(path, "re");
	struct err why;
	int count;

	if (file == NULL)
		return err_set(err, ERR_LOCAL, "cannot read %s: %s", path,
		    strerror(errno));
	count = load_lines(file, out, &why);
	fclose(file);
	if (count < 0)
		return err_set(err, ERR_LOCAL, "%s: %s", path, why.text);
	if (count > 0)
		return count;
	return dns_nameserver_parse("127.0.0.1", &out[0], err) < 0 ? -1 : 1;
}
