/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_connect.h"
#include "milter/conf/settings.h"

enum { HEALTH_MS = 5000, PAGE_SIZE = 1024 };

#define RESTART "systemctl restart posternd"

/* All that comes by the deadline and has room, to the end or not. */
static size_t
read_page(int fd, char page[PAGE_SIZE])
{
	int64_t deadline_ms = clock_mono_ms() + HEALTH_MS;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	size_t length = 0;
	ssize_t got = 1;

	while (got > 0 && length < PAGE_SIZE - 1 &&
	       poll(&poll_fd, 1, clock_left_ms(deadline_ms)) == 1) {
		got = recv(fd, page + length, PAGE_SIZE - 1 - length, 0);
		length += got > 0 ? (size_t)got : 0;
	}
	page[length] = '\0';
	return length;
}

/* The word of /healthz, fit to be printed; whether there is one. */
static bool
ask_health(int fd, char word[64], bool *well)
{
	static const char request[] =
	    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char page[PAGE_SIZE];
	const char *body;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) !=
		(ssize_t)strlen(request) ||
	    read_page(fd, page) == 0)
		return false;
	body = strstr(page, "\r\n\r\n");
	*well = strncmp(page, "HTTP/1.1 200 ", 13) == 0;
	if (body == NULL || (!*well && strncmp(page, "HTTP/1.1 503 ", 13) != 0))
		return false;
	body += 4;
	text_clean(word, 64, body, strcspn(body, "\r\n"));
	return word[0] != '\0';
}

void
doctor_metrics(struct doctor *doctor, struct doctor_finding *found)
{
	const char *at = doctor->settings->metrics_socket;
	int fd = doctor_connect(at);
	bool well = false, answers;
	char word[64];

	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		doctor_blind(found, "%s: %s", at, strerror(errno));
		return;
	}
	if (fd < 0) {
		doctor_say(found, DOCTOR_WARN,
		    "%s: %s; monitoring is told nothing", at, strerror(errno));
		doctor_mend(found, RESTART);
		return;
	}
	answers = ask_health(fd, word, &well);
	close(fd);
	if (!answers) {
		doctor_say(found, DOCTOR_WARN,
		    "%s accepts, but what answers is not posternd", at);
		doctor_mend(found, RESTART);
	} else if (well) {
		doctor_say(found, DOCTOR_OK, "%s answers: %s", at, word);
	} else {
		doctor_say(found, DOCTOR_WARN,
		    "%s answers that posternd is not well: %s", at, word);
	}
}
