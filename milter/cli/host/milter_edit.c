/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/milter_edit.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/conf/settings.h"

enum {
	/* Beyond posternd's own waits */
	RCPT_SPARE_S = 10,
	MESSAGE_S = 300,
};

/* --- posternd, as Postfix writes it --- */

static const char *
unix_path(const char *socket)
{
	const char *rest = strchr(socket, ':') + 1;

	return rest[0] == '/' ? rest : NULL;
}

/* The part of a path below the queue directory, or NULL. */
static const char *
below_queue(const struct postfix *postfix, const char *path)
{
	const char *queue = postfix_get(postfix, "queue_directory");
	size_t length = strlen(queue);

	if (length == 0 || strncmp(path, queue, length) != 0 ||
	    path[length] != '/')
		return NULL;
	return path + length + 1;
}

static void
print_port(const char *socket, char out[MILTER_ADDRESS_SIZE])
{
	char copy[MILTER_ADDRESS_SIZE / 2];
	const char *host;

	text_copy(copy, sizeof(copy), strchr(socket, ':') + 1);
	host = settings_cut_host(copy);
	if (host == NULL || strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	snprintf(out, MILTER_ADDRESS_SIZE,
	    strchr(host, ':') == NULL ? "inet:%s:%s" : "inet:[%s]:%s", host,
	    copy);
}

void
milter_edit_address(const struct postfix *postfix, const char *socket,
    char out[MILTER_ADDRESS_SIZE])
{
	const char *path = unix_path(socket);
	const char *below;

	if (path == NULL) {
		print_port(socket, out);
		return;
	}
	below = below_queue(postfix, path);
	snprintf(
	    out, MILTER_ADDRESS_SIZE, "unix:%s", below == NULL ? path : below);
}

bool
milter_edit_is_hidden(const struct postfix *postfix, const char *socket)
{
	const char *path = unix_path(socket);

	return path != NULL && below_queue(postfix, path) == NULL;
}

/* With time-outs and a default action of its own: those of main.cf are for all
 * filters. */
void
milter_edit_print(const char *address, int rcpt_wait_ms, char out[MILTER_SIZE])
{
	snprintf(out, MILTER_SIZE,
	    "{ %s, default_action=accept, connect_timeout=30s, "
	    "command_timeout=%ds, content_timeout=%ds }",
	    address, rcpt_wait_ms / 1000 + RCPT_SPARE_S, MESSAGE_S);
}

/* --- changes of a list --- */

/* What is printed is what is meant. */
static bool
is_plain_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static struct postfix_milter
milter_at(const char *list, size_t index)
{
	struct postfix_milter milter = {.whole = {list, 0}};

	for (size_t i = 0; i <= index; i++)
		(void)postfix_list_next(&list, &milter);
	return milter;
}

static size_t
index_of(const char *list, const struct postfix_milter *wanted)
{
	struct postfix_milter milter;
	size_t index = 0;

	while (postfix_list_next(&list, &milter) == POSTFIX_LIST_MILTER &&
	       milter.whole.text != wanted->whole.text)
		index++;
	return index;
}

static char *
apply_cures(const char *list, const struct postfix_milter *milter,
    const struct milter_change *change)
{
	size_t index = index_of(list, milter);
	char *changed = xstrdup(list);

	for (size_t i = 0; i < change->count && changed != NULL; i++) {
		struct postfix_milter now = milter_at(changed, index);
		char *next = postfix_list_set(changed, &now,
		    change->cures[i].name, change->cures[i].value);

		free(changed);
		changed = next;
	}
	return changed;
}

/* For free(), or NULL: it cannot be written. */
static char *
apply_change(const char *list, const struct postfix_milter *milter,
    const struct milter_change *change)
{
	if (change->add != NULL)
		return postfix_list_add(list, change->add);
	if (change->move_to != NULL)
		return postfix_list_move(list, milter, change->move_to);
	return apply_cures(list, milter, change);
}

/* The milter of the list as it is written that is ours: it may be hidden in a
 * $name. */
static bool
find_written(
    const char *raw, const struct asker *asker, struct postfix_milter *milter)
{
	const struct postfix_word *ours = &asker->milter.address;

	while (postfix_list_next(&raw, milter) == POSTFIX_LIST_MILTER)
		if (milter->address.length == ours->length &&
		    memcmp(milter->address.text, ours->text, ours->length) == 0)
			return true;
	return false;
}

static bool
is_same_list(const char *a, const char *b)
{
	char *dense_a = postfix_list_dense(a);
	char *dense_b = postfix_list_dense(b);
	bool same =
	    dense_a != NULL && dense_b != NULL && strcmp(dense_a, dense_b) == 0;

	free(dense_a);
	free(dense_b);
	return same;
}

/* Whether Postfix makes of the written list what was meant. */
static bool
is_as_meant(struct postfix *postfix, const struct asker *asker,
    const struct milter_change *change, const char *written)
{
	char *meant = apply_change(asker->list, &asker->milter, change);
	char *made =
	    postfix_try(postfix, &asker->service, asker->parameter, written);
	bool same = meant != NULL && made != NULL && is_same_list(meant, made);

	free(meant);
	free(made);
	return same;
}

char *
milter_edit_list(struct postfix *postfix, const struct asker *asker,
    const struct milter_change *change)
{
	const char *own =
	    postfix_own(postfix, &asker->service, asker->parameter);
	const char *raw =
	    own != NULL ? own : postfix_raw(postfix, asker->parameter);
	struct postfix_milter milter;
	char *written, *dense;

	if (!is_plain_text(raw) || postfix_list_count(raw) < 0 ||
	    (change->add == NULL && !find_written(raw, asker, &milter)))
		return NULL;
	written = apply_change(raw, &milter, change);
	if (own != NULL && written != NULL) {
		dense = postfix_list_dense(written);
		free(written);
		written = dense;
	}
	if (written != NULL && is_as_meant(postfix, asker, change, written))
		return written;
	free(written);
	return NULL;
}

bool
milter_edit_follows(const struct postfix *postfix, const struct asker *asker)
{
	return postfix_own(postfix, &asker->service, asker->parameter) ==
		   NULL &&
	       strcmp(postfix_raw(postfix, asker->parameter),
		   "$smtpd_milters") == 0;
}
