/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/mailer.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/proto/address.h"

enum { PORT_SMTP = 25 };

/* --- where to --- */

/* "127.0.0.1:25", "[::1]:587"; the port may be left out */
static const char *
parse_smtp(const char *text, struct mailer *out)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *host = end == NULL ? text : text + 1;
	const char *colon = strchr(end == NULL ? text : end, ':');
	struct address address;
	size_t length;
	uint32_t port = PORT_SMTP;

	if (end == NULL)
		end = colon == NULL ? text + strlen(text) : colon;
	length = (size_t)(end - host);
	if (length >= sizeof(out->address))
		return "no address";
	memcpy(out->address, host, length);
	out->address[length] = '\0';
	end += text[0] == '[';
	if (address_parse(out->address, &address) != 0 ||
	    (end[0] != '\0' && end != colon))
		return "no address";
	if (colon != NULL &&
	    (text_uint(colon + 1, UINT16_MAX, &port) != 0 || port == 0))
		return "no port";
	out->port = (uint16_t)port;
	return NULL;
}

const char *
mailer_parse(const char *text, struct mailer *out)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(text, "smtp:", 5) == 0)
		return parse_smtp(text + 5, out);
	if (strncmp(text, "sendmail:/", 10) != 0)
		return "neither smtp:ADDRESS nor sendmail:/PATH";
	return text_copy(out->program, sizeof(out->program), text + 9)
		   ? NULL
		   : "path too long";
}

/* --- by SMTP --- */

struct handing {
	CURL *curl;
	const struct mailer_mail *mail;
	size_t read;
	struct curl_slist *recipients;
	char error[CURL_ERROR_SIZE];
};

static size_t
on_read(char *to, size_t size, size_t count, void *arg)
{
	struct handing *handing = arg;
	size_t left = handing->mail->size - handing->read;
	size_t room = size * count;

	if (room > left)
		room = left;
	memcpy(to, handing->mail->octets + handing->read, room);
	handing->read += room;
	return room;
}

static int
on_mail_progress(void *arg, curl_off_t down_all, curl_off_t down,
    curl_off_t up_all, curl_off_t up)
{
	const struct handing *handing = arg;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return handing->mail->ended != NULL &&
	       atomic_load(handing->mail->ended);
}

static CURLcode
set_smtp_url(struct handing *handing, const struct mailer *mailer)
{
	char url[sizeof(mailer->address) + LIMIT_DOMAIN_SIZE + 32];
	bool v6 = strchr(mailer->address, ':') != NULL;

	snprintf(url, sizeof(url), v6 ? "smtp://[%s]:%u/%s" : "smtp://%s:%u/%s",
	    mailer->address, mailer->port, handing->mail->helo);
	return curl_easy_setopt(handing->curl, CURLOPT_URL, url);
}

static void
set_smtp_mail(struct handing *handing)
{
	const struct mailer_mail *mail = handing->mail;
	CURL *curl = handing->curl;

	handing->recipients = curl_slist_append(NULL, mail->recipient);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->sender);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, handing->recipients);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(
	    curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, handing);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_mail_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, handing);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handing->error);
}

/* RFC 5321 section 4.2.1: 5yz is for good.  A code from before the connection
 * was lost says nothing. */
static enum mailer_outcome
smtp_outcome(
    const struct handing *handing, CURLcode rc, char detail[LIMIT_DETAIL_SIZE])
{
	const char *why =
	    handing->error[0] != '\0' ? handing->error : curl_easy_strerror(rc);
	long code = 0;

	detail[0] = '\0';
	if (rc == CURLE_OK)
		return MAILER_TAKEN;
	text_clean(detail, LIMIT_DETAIL_SIZE, why, strlen(why));
	curl_easy_getinfo(handing->curl, CURLINFO_RESPONSE_CODE, &code);
	return code >= 500 && code < 600 ? MAILER_REFUSED : MAILER_LATER;
}

static enum mailer_outcome
send_by_smtp(const struct mailer *mailer, const struct mailer_mail *mail,
    char detail[LIMIT_DETAIL_SIZE])
{
	struct handing handing = {.mail = mail, .curl = curl_easy_init()};
	long left_ms = clock_left_ms(mail->deadline_ms);
	enum mailer_outcome outcome;
	CURLcode rc;

	if (handing.curl == NULL || left_ms == 0) {
		curl_easy_cleanup(handing.curl);
		text_copy(detail, LIMIT_DETAIL_SIZE, "no_time_left");
		return MAILER_LATER;
	}
	curl_easy_setopt(handing.curl, CURLOPT_TIMEOUT_MS, left_ms);
	curl_easy_setopt(handing.curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
	set_smtp_mail(&handing);
	rc = set_smtp_url(&handing, mailer);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(handing.curl);
	outcome = smtp_outcome(&handing, rc, detail);
	curl_easy_cleanup(handing.curl);
	curl_slist_free_all(handing.recipients);
	return outcome;
}

/* --- by a program --- */

static int
file_of_mail(const struct mailer_mail *mail)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < mail->size) {
		ssize_t n = write(fd, mail->octets + done, mail->size - done);

		if (n < 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* sysexits(3); a signal, or more than its time, is no word on the mail. */
static enum mailer_outcome
program_outcome(int status, char detail[LIMIT_DETAIL_SIZE])
{
	snprintf(detail, LIMIT_DETAIL_SIZE, "status_%d", status);
	if (status == 0) {
		detail[0] = '\0';
		return MAILER_TAKEN;
	}
	return status == EX_TEMPFAIL || status > 128 ? MAILER_LATER
						     : MAILER_REFUSED;
}

static enum mailer_outcome
send_by_program(const struct mailer *mailer, const struct mailer_mail *mail,
    char detail[LIMIT_DETAIL_SIZE])
{
	const char *const argv[] = {mailer->program, "-i", "-f",
	    mail->sender[0] == '\0' ? "<>" : mail->sender, "--",
	    mail->recipient, NULL};
	struct process process;
	char said[256];
	struct err err = {.text = "no memory"};
	int fd = file_of_mail(mail), rc = -1;

	if (fd >= 0)
		rc =
		    process_filter(&process, argv, fd, mail->deadline_ms, &err);
	if (fd >= 0)
		close(fd);
	if (rc != 0) {
		text_clean(
		    detail, LIMIT_DETAIL_SIZE, err.text, strlen(err.text));
		return MAILER_LATER;
	}
	while (process_read(&process, said, sizeof(said), NULL) > 0)
		continue;
	return program_outcome(process_end(&process), detail);
}

enum mailer_outcome
mailer_send(const struct mailer *mailer, const struct mailer_mail *mail,
    char detail[LIMIT_DETAIL_SIZE])
{
	return mailer->program[0] == '\0'
		   ? send_by_smtp(mailer, mail, detail)
		   : send_by_program(mailer, mail, detail);
}
