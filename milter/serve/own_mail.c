/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/own_mail.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

struct own_address {
	int64_t until;
	char *text;
};

static struct {
	struct lock lock; /* guards the rest */
	void *tree;       /* of own_address, by compare_own_addresses */
	size_t count;
	int64_t over; /* what counts until then at most is dropped */
	int64_t full; /* none of them is over before */
} own = {.lock = {PTHREAD_MUTEX_INITIALIZER}};

static int
compare_own_addresses(const void *left, const void *right)
{
	const struct own_address *a = left, *b = right;

	return strcasecmp(a->text, b->text);
}

static void
free_address(void *node)
{
	struct own_address *address = node;

	free(address->text);
	free(address);
}

static void
keep_or_free_locked(void *node)
{
	struct own_address *address = node;

	if (address->until > own.over &&
	    tsearch(address, &own.tree, compare_own_addresses) != NULL) {
		own.count++;
		if (own.full == 0 || address->until < own.full)
			own.full = address->until;
	} else {
		free_address(address);
	}
}

/* Room for new ones, once there is any to be had. */
static void
drop_over_locked(int64_t now)
{
	void *before = own.tree;

	if (now < own.full)
		return;
	own.over = now;
	own.tree = NULL;
	own.count = 0;
	own.full = 0;
	tdestroy(before, keep_or_free_locked);
}

void
own_mail_add(const char *address, int64_t at)
{
	struct own_address *made = xcalloc(1, sizeof(*made));
	struct own_address **found;

	made->text = xstrdup(address);
	made->until = at + CLOCK_DAY_S;
	lock_take(&own.lock);
	if (own.count >= LIMIT_OWN_MAIL)
		drop_over_locked(at);
	found = tfind(made, &own.tree, compare_own_addresses);
	if (found != NULL) {
		if ((*found)->until < made->until)
			(*found)->until = made->until;
	} else if (own.count < LIMIT_OWN_MAIL &&
		   tsearch(made, &own.tree, compare_own_addresses) != NULL) {
		own.count++;
		made = NULL;
	}
	lock_drop(&own.lock);
	if (made != NULL)
		free_address(made);
}

bool
own_mail_goes_to(const char *address, int64_t now)
{
	char text[LIMIT_TLSRPT_URI + 3];
	struct own_address key = {.text = text};
	struct own_address **found;
	bool goes;

	if (!text_copy(text, sizeof(text), address))
		return false;
	if (text[0] == '<' && text[strlen(text) - 1] == '>') {
		key.text = text + 1;
		text[strlen(text) - 1] = '\0';
	}
	lock_take(&own.lock);
	found = tfind(&key, &own.tree, compare_own_addresses);
	goes = found != NULL && now < (*found)->until;
	lock_drop(&own.lock);
	return goes;
}

void
own_mail_forget(void)
{
	lock_take(&own.lock);
	tdestroy(own.tree, free_address);
	own.tree = NULL;
	own.count = 0;
	own.full = 0;
	lock_drop(&own.lock);
}
