/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared_lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

/* Kept by whoever asks and by the thread that the system keeps waiting: the
 * last one ends it. */
struct shared_lookup {
	struct lock lock;
	struct cond done;
	unsigned refs;
	bool running;
	char host[LIMIT_DOMAIN_SIZE], service[8];
	int rc; /* of getaddrinfo */
	struct shared_addresses found;
};

struct shared_lookup *
shared_lookup_new(void)
{
	struct shared_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lock_init(&lookup->lock);
	cond_init(&lookup->done);
	lookup->refs = 1;
	return lookup;
}

void
shared_lookup_free(struct shared_lookup *lookup)
{
	unsigned left;

	if (lookup == NULL)
		return;
	lock_take(&lookup->lock);
	left = --lookup->refs;
	lock_drop(&lookup->lock);
	if (left > 0)
		return;
	cond_fini(&lookup->done);
	lock_fini(&lookup->lock);
	free(lookup);
}

static void
copy_addresses(const struct addrinfo *list, struct shared_addresses *out)
{
	out->count = 0;
	for (; list != NULL && out->count < SHARED_ADDRESSES;
	     list = list->ai_next) {
		if (list->ai_addrlen > sizeof(out->items[0].address))
			continue;
		memcpy(&out->items[out->count].address, list->ai_addr,
		    list->ai_addrlen);
		out->items[out->count++].size = list->ai_addrlen;
	}
}

static int
ask_system(const char *host, const char *service, int flags,
    struct shared_addresses *out)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, service, &hints, &list);

	if (rc != 0)
		return rc;
	copy_addresses(list, out);
	freeaddrinfo(list);
	return out->count > 0 ? 0 : EAI_NONAME;
}

static void *
run_lookup(void *arg)
{
	struct shared_lookup *lookup = arg;
	struct shared_addresses found = {.count = 0};
	int rc = ask_system(lookup->host, lookup->service, 0, &found);

	lock_take(&lookup->lock);
	lookup->rc = rc;
	lookup->found = found;
	lookup->running = false;
	cond_broadcast(&lookup->done);
	lock_drop(&lookup->lock);
	shared_lookup_free(lookup);
	return NULL;
}

/* Host and service are the thread's to read while it runs. */
static bool
start_thread(struct shared_lookup *lookup, const char *host, uint16_t port)
{
	pthread_t thread;

	text_copy(lookup->host, sizeof(lookup->host), host);
	snprintf(lookup->service, sizeof(lookup->service), "%u", port);
	lookup->running = true;
	lookup->refs++;
	if (pthread_create(&thread, NULL, run_lookup, lookup) != 0) {
		lookup->running = false;
		lookup->refs--;
		return false;
	}
	pthread_detach(thread);
	return true;
}

/* 0 with what was found, or why not. */
static int
await_names_locked(struct shared_lookup *lookup, const char *host,
    int64_t deadline_ms, struct shared_addresses *out, struct err *err)
    HOLDS(lookup->lock)
{
	while (lookup->running)
		if (!cond_wait_until(&lookup->done, &lookup->lock, deadline_ms))
			return err_set(err, ERR_TEMP,
			    "%.100s: no answer to the name in time", host);
	if (lookup->rc != 0)
		return err_set(err, ERR_TEMP, "%.100s: %s", host,
		    gai_strerror(lookup->rc));
	*out = lookup->found;
	return 0;
}

int
shared_lookup_find(struct shared_lookup *lookup, const char *host,
    uint16_t port, int64_t deadline_ms, struct shared_addresses *out,
    struct err *err)
{
	char service[8];
	int rc;

	snprintf(service, sizeof(service), "%u", port);
	if (ask_system(host, service, AI_NUMERICHOST, out) == 0)
		return 0;
	lock_take(&lookup->lock);
	if (lookup->running)
		rc = err_set(err, ERR_TEMP, "the system still looks for %.100s",
		    lookup->host);
	else if (!start_thread(lookup, host, port))
		rc = err_set(err, ERR_LOCAL, "no more threads");
	else
		rc = await_names_locked(lookup, host, deadline_ms, out, err);
	lock_drop(&lookup->lock);
	return rc;
}
