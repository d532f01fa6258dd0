/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/https.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/tls_watch.h"
#include "common/proto/address.h"

/*
 * How it works: libcurl moves the octets; whom they come from is for us to say,
 * with the verifier that judges mail hosts.
 * 1. libcurl tells in its trace when it has made a TLS session, before it uses
 *    it.  There tls_watch is put on the session: it takes down what the server
 *    presents, and ends a handshake that would cost too much.
 * 2. When the handshake is done libcurl asks whether it may send the request.
 *    There the chain, its dates and the name are verified; without a yes
 *    nothing is sent and nothing is read.  A session that was not watched gets
 *    none.
 * 3. The answer's header and body are counted, and cut off at their limits.
 */

enum {
	PORT_HTTPS = 443,
};

struct transfer {
	const struct https_request *request;
	const struct https_upload *upload; /* NULL: a GET */
	struct https_reply *reply;
	CURL *curl;
	struct curl_slist *pins;
	struct curl_slist *fields;
	struct tls_watch watch;
	const char *distrust; /* why the request was not sent, or NULL */
	bool wildcard;        /* the certificate has no other name that fits */
	int lack;             /* errno of a socket that we did not get, or 0 */
	size_t head_octets;
	bool too_large;
	char error[CURL_ERROR_SIZE];
};

static const struct {
	CURLoption option;
	long value;
} numbers[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_HTTPGET, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_FOLLOWLOCATION, 0}, /* RFC 8461 section 3.3 */
    {CURLOPT_SSL_VERIFYPEER, 0}, /* we do: on_request */
    {CURLOPT_SSL_VERIFYHOST, 0},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_SESSIONID_CACHE, 0},
    {CURLOPT_VERBOSE, 1}, /* to on_trace */
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_FRESH_CONNECT, 1},
    {CURLOPT_FORBID_REUSE, 1},
};

static const struct {
	CURLoption option;
	const char *value;
} texts[] = {
    {CURLOPT_PROTOCOLS_STR, "https"},
    {CURLOPT_PROXY, ""}, /* else the environment says */
    {CURLOPT_NOPROXY, "*"},
    {CURLOPT_USERAGENT, "postern"}, /* some servers refuse none */
    {CURLOPT_CAINFO, NULL},         /* else they are read, and not used */
    {CURLOPT_CAPATH, NULL},
};

int
https_global_init(struct err *err)
{
	CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
	const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;

	if (rc != CURLE_OK)
		return err_set(
		    err, ERR_LOCAL, "libcurl: %s", curl_easy_strerror(rc));
	if (tls == NULL || strncmp(tls, "GnuTLS/", 7) != 0)
		return err_set(err, ERR_LOCAL, "libcurl is without GnuTLS");
	return 0;
}

void
https_reply_free(struct https_reply *reply)
{
	if (reply == NULL)
		return;
	free(reply->body);
	free(reply);
}

static size_t
on_body(char *octets, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct https_reply *reply = t->reply;
	size_t length = size * count;

	if (length > t->request->max_octets - reply->length) {
		t->too_large = true;
		return 0;
	}
	memcpy(reply->body + reply->length, octets, length);
	reply->length += length;
	return length;
}

static size_t
on_head(char *octets, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;

	(void)octets;
	t->head_octets += size * count;
	return t->head_octets > LIMIT_HTTPS_HEAD ? 0 : size * count;
}

static void
from_sockaddr(const struct curl_sockaddr *from, struct address *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(out, 0, sizeof(*out));
	out->family = from->family;
	if (from->family == AF_INET && from->addrlen >= sizeof(in)) {
		memcpy(&in, &from->addr, sizeof(in));
		out->size = 4;
		memcpy(out->octets, &in.sin_addr, out->size);
	} else if (from->family == AF_INET6 && from->addrlen >= sizeof(in6)) {
		memcpy(&in6, &from->addr, sizeof(in6));
		out->size = 16;
		memcpy(out->octets, &in6.sin6_addr, out->size);
	}
}

static bool
is_pinned(const struct https_request *request, const struct address *to)
{
	struct address pin;

	for (size_t i = 0; i < request->address_count; i++)
		if (address_parse(request->addresses[i], &pin) == 0 &&
		    to->size != 0 && address_equal(&pin, to))
			return true;
	return false;
}

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;
	struct address address;
	int fd;

	from_sockaddr(to, &address);
	if (purpose != CURLSOCKTYPE_IPCXN || !is_pinned(t->request, &address))
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd < 0 && errno != EAFNOSUPPORT)
		t->lack = errno;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* Between gnutls_init and the handshake the trace has a line at least. */
static int
on_trace(CURL *curl, curl_infotype type, char *octets, size_t size, void *arg)
{
	const struct curl_tlssessioninfo *tls = NULL;
	struct transfer *t = arg;

	(void)octets;
	(void)size;
	if (type == CURLINFO_TEXT &&
	    curl_easy_getinfo(curl, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK &&
	    tls != NULL && tls->backend == CURLSSLBACKEND_GNUTLS &&
	    tls->internals != NULL)
		tls_watch_begin(&t->watch, tls->internals);
	return 0;
}

struct own_name {
	const char *host;
	bool found;
};

static void
note_own_name(void *arg, const char *name)
{
	struct own_name *own = arg;

	own->found |= strcasecmp(name, own->host) == 0;
}

/* What speaks against the server, a constant, or NULL. */
static const char *
fault_of_server(struct transfer *t)
{
	struct own_name own = {.host = t->request->host};
	const struct tls_watch *watch = &t->watch;
	const char *const names[] = {t->request->host};
	AUTO(x509_chain) struct x509_chain *chain = NULL;

	if (watch->count == 0)
		return "no certificate presented";
	chain = x509_chain_new(watch->certs, watch->count, NULL);
	if (chain == NULL)
		return "certificate cannot be read";
	switch (x509_verify_store(chain, t->request->roots, clock_wall_s())) {
	case X509_NOT_TRUSTED:
	case X509_TOO_COSTLY:
		return "certificate not trusted";
	case X509_NOT_YET_VALID:
		return "certificate not yet valid";
	case X509_EXPIRED:
		return "certificate expired";
	case X509_TRUSTED:
		break;
	}
	x509_each_name(chain, 0, note_own_name, &own);
	t->wildcard = !own.found;
	return x509_leaf_has_name(chain, names, 1, X509_NAMES_SAN)
		   ? NULL
		   : "host is no dNSName of the certificate";
}

static int
on_request(
    void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *t = arg;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	t->distrust = fault_of_server(t);
	return t->distrust == NULL ||
		       (t->upload != NULL && t->upload->untrusted_too)
		   ? CURL_PREREQFUNC_OK
		   : CURL_PREREQFUNC_ABORT;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
    curl_off_t up)
{
	const struct transfer *t = arg;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return atomic_load(t->request->ended) ? 1 : 0;
}

static unsigned
port_of(const struct https_request *request)
{
	return request->port == 0 ? PORT_HTTPS : request->port;
}

/* "host:443:192.0.2.1,[2001:db8::1]" */
static struct curl_slist *
make_pins(const struct https_request *request)
{
	size_t size = LIMIT_DOMAIN_SIZE + 16 +
		      request->address_count * (INET6_ADDRSTRLEN + 3);
	char *array = xmalloc(size);
	struct curl_slist *pins;
	struct text text;

	text_init(&text, array, size);
	text_addf(&text, "%s:%u:", request->host, port_of(request));
	for (size_t i = 0; i < request->address_count; i++) {
		const char *address = request->addresses[i];
		bool v6 = strchr(address, ':') != NULL;

		text_addf(
		    &text, v6 ? "%s[%s]" : "%s%s", i == 0 ? "" : ",", address);
	}
	pins = curl_slist_append(NULL, array);
	free(array);
	return pins;
}

static CURLcode
set_fixed(CURL *curl)
{
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (rc == CURLE_OK)
			rc = curl_easy_setopt(
			    curl, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (rc == CURLE_OK)
			rc = curl_easy_setopt(
			    curl, texts[i].option, texts[i].value);
	return rc;
}

static void
set_callbacks(struct transfer *t)
{
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(t->curl, CURLOPT_DEBUGDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(t->curl, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	if (t->request->ended != NULL) {
		curl_easy_setopt(
		    t->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(t->curl, CURLOPT_XFERINFODATA, t);
		curl_easy_setopt(t->curl, CURLOPT_NOPROGRESS, 0L);
	}
}

static CURLcode
set_request(struct transfer *t, long left_ms)
{
	const struct https_request *request = t->request;
	char array[LIMIT_DOMAIN_SIZE + LIMIT_TLSRPT_URI + 32];
	CURLcode rc = CURLE_OK;
	struct text url;

	text_init(&url, array, sizeof(array));
	text_addf(&url, "https://%s:%u%s", request->host, port_of(request),
	    request->path);
	if (url.cut)
		return CURLE_URL_MALFORMAT;
	rc = curl_easy_setopt(t->curl, CURLOPT_URL, url.s);
	t->pins = make_pins(request);
	curl_easy_setopt(t->curl, CURLOPT_RESOLVE, t->pins);
	/* before 8.4.0 this looks at Content-Length only: see on_body */
	curl_easy_setopt(
	    t->curl, CURLOPT_MAXFILESIZE, (long)request->max_octets);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, left_ms);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
	return rc;
}

/* An "Expect" would have some servers keep silent. */
static CURLcode
set_upload(struct transfer *t)
{
	const struct https_upload *upload = t->upload;
	char type[128];

	if (upload == NULL)
		return t->request->agent == NULL
			   ? CURLE_OK
			   : curl_easy_setopt(
				 t->curl, CURLOPT_USERAGENT, t->request->agent);
	snprintf(type, sizeof(type), "Content-Type: %s", upload->type);
	t->fields = curl_slist_append(NULL, type);
	t->fields = curl_slist_append(t->fields, "Expect:");
	curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, upload->octets);
	curl_easy_setopt(
	    t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)upload->size);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->fields);
	return curl_easy_setopt(t->curl, CURLOPT_USERAGENT, upload->agent);
}

static struct https_reply *
conclude_transfer(
    struct transfer *t, enum https_outcome outcome, const char *why)
{
	struct https_reply *reply = t->reply;

	reply->outcome = outcome;
	if (outcome != HTTPS_ANSWERED) {
		free(reply->body);
		reply->body = NULL;
		reply->length = 0;
	}
	text_clean(reply->detail, sizeof(reply->detail), why, strlen(why));
	return reply;
}

static enum https_failure
failure_of(CURLcode rc)
{
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		return HTTPS_AT_TIME;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTPS_AT_CONNECTION;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTPS_AT_TLS;
	default: /* the rest is what the server said, or did not say */
		return HTTPS_AT_PROTOCOL;
	}
}

/* As far as there was one. */
static void
note_post_answer(struct transfer *t)
{
	struct https_reply *reply = t->reply;
	curl_off_t retry_after = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	if (reply->status < 200) /* RFC 9110 section 15.2: another follows */
		reply->status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry_after);
	reply->retry_after_s = (long)retry_after;
	reply->untrusted = t->distrust != NULL && t->upload->untrusted_too;
}

static struct https_reply *
conclude_failed(struct transfer *t, CURLcode rc)
{
	const char *why =
	    t->error[0] != '\0' ? t->error : curl_easy_strerror(rc);

	t->reply->failure = failure_of(rc);
	if (t->upload != NULL) /* which may have been taken all the same */
		note_post_answer(t);
	if (t->too_large || rc == CURLE_FILESIZE_EXCEEDED)
		return conclude_transfer(t, HTTPS_TOO_LARGE, "body too large");
	if (t->head_octets > LIMIT_HTTPS_HEAD)
		return conclude_transfer(t, HTTPS_FAILED, "header too large");
	if (t->distrust != NULL &&
	    (t->upload == NULL || !t->upload->untrusted_too))
		return conclude_transfer(t, HTTPS_UNTRUSTED, t->distrust);
	if (t->watch.refused[0] != '\0')
		return conclude_transfer(t, HTTPS_UNTRUSTED, t->watch.refused);
	if (t->lack != 0)
		return conclude_transfer(t, HTTPS_NOT_TRIED, strerror(t->lack));
	if (rc == CURLE_ABORTED_BY_CALLBACK && t->upload == NULL)
		return conclude_transfer(t, HTTPS_NOT_TRIED, "given up");
	/* so libcurl calls what is over one of its own limits */
	if (rc == CURLE_OUT_OF_MEMORY)
		return conclude_transfer(t, HTTPS_FAILED, "line too long");
	return conclude_transfer(t, HTTPS_FAILED, why);
}

static struct https_reply *
conclude_answered(struct transfer *t)
{
	struct https_reply *reply = t->reply;
	const char *type = NULL;
	curl_off_t retry_after = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
	if (type != NULL)
		text_copy(
		    reply->content_type, sizeof(reply->content_type), type);
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry_after);
	reply->retry_after_s = (long)retry_after;
	reply->body[reply->length] = '\0';
	reply->untrusted = t->distrust != NULL;
	reply->wildcard = t->wildcard;
	return conclude_transfer(
	    t, HTTPS_ANSWERED, reply->untrusted ? t->distrust : "");
}

static struct https_reply *
run_transfer(struct transfer *t)
{
	/* to libcurl a timeout of 0 is none at all */
	long left_ms = clock_left_ms(t->request->deadline_ms);
	CURLcode rc;

	if (left_ms == 0)
		return conclude_transfer(t, HTTPS_NOT_TRIED, "no time left");
	rc = set_fixed(t->curl);
	set_callbacks(t);
	if (rc == CURLE_OK)
		rc = set_request(t, left_ms);
	if (rc == CURLE_OK)
		rc = set_upload(t);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(t->curl);
	return rc == CURLE_OK ? conclude_answered(t) : conclude_failed(t, rc);
}

static struct https_reply *
exchange_https(
    const struct https_request *request, const struct https_upload *upload)
{
	struct transfer t = {.request = request, .upload = upload};
	struct https_reply *reply;

	assert(request->roots != NULL && request->address_count > 0);
	t.reply = xcalloc(1, sizeof(*t.reply));
	t.reply->body = xmalloc(request->max_octets + 1);
	t.curl = curl_easy_init();
	if (t.curl == NULL)
		return conclude_transfer(
		    &t, HTTPS_NOT_TRIED, "libcurl cannot start");
	reply = run_transfer(&t);
	curl_easy_cleanup(t.curl);
	curl_slist_free_all(t.pins);
	curl_slist_free_all(t.fields);
	tls_watch_fini(&t.watch);
	return reply;
}

struct https_reply *
https_get(const struct https_request *request)
{
	return exchange_https(request, NULL);
}

struct https_reply *
https_post(
    const struct https_request *request, const struct https_upload *upload)
{
	return exchange_https(request, upload);
}

const char *
https_library(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
