/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_edit.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	ADDRESS_SIZE = 600,
	MILTER_SIZE = ADDRESS_SIZE + 200,

	/* Beyond posternd's own waits */
	RCPT_SPARE_S = 10,
	MESSAGE_S = 300,
};

#define BELOW_QUEUE "postern/milter.sock"

/* --- lines --- */

/* For a shell: 'it'\''s'.  For free(). */
static char *
quote_word(const char *word)
{
	char *quoted = xmalloc(4 * strlen(word) + 3);
	char *to = quoted;

	*to++ = '\'';
	for (; *word != '\0'; word++) {
		if (*word == '\'') {
			memcpy(to, "'\\''", 4);
			to += 4;
		} else {
			*to++ = *word;
		}
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

/* What is printed is what is meant. */
static bool
is_plain_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool
is_said(const struct doctor_finding *found, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = found->mend; at != NULL && *at != '\0';) {
		size_t size = strcspn(at, "\n");

		if (size == length && strncmp(at, line, size) == 0)
			return true;
		at += size;
		at += *at == '\n';
	}
	return false;
}

static void
say_command(struct doctor_finding *found, const char *option, const char *word)
{
	char *quoted = quote_word(word);
	size_t size = strlen(quoted) + strlen(option) + sizeof("postconf  ");
	char *line = xmalloc(size);

	snprintf(line, size, "postconf %s %s", option, quoted);
	if (!is_said(found, line))
		doctor_mend(found, "%s", line);
	free(line);
	free(quoted);
}

/* In main.cf: no service; else at its "-o". */
static void
say_setting(struct doctor_finding *found, const struct postfix_service *service,
    const char *parameter, const char *value)
{
	size_t size = POSTFIX_NAME_SIZE + strlen(parameter) + strlen(value) + 8;
	char *word = xmalloc(size);

	if (service == NULL)
		snprintf(word, size, "%s = %s", parameter, value);
	else
		snprintf(
		    word, size, "%s/%s=%s", service->name, parameter, value);
	say_command(found, service == NULL ? "-e" : "-P", word);
	free(word);
}

void
doctor_edit_reload(struct doctor_finding *found)
{
	if (!is_said(found, "postfix reload"))
		doctor_mend(found, "postfix reload");
}

/* --- posternd, as Postfix writes it --- */

static const char *
socket_path(const struct doctor *doctor)
{
	const char *rest = strchr(doctor->settings->socket, ':') + 1;

	return rest[0] == '/' ? rest : NULL;
}

/* The part of a path below the queue directory, or NULL. */
static const char *
below_queue(const struct doctor *doctor, const char *path)
{
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	size_t length = strlen(queue);

	if (length == 0 || strncmp(path, queue, length) != 0 ||
	    path[length] != '/')
		return NULL;
	return path + length + 1;
}

static void
print_port(const char *socket, char out[ADDRESS_SIZE])
{
	char copy[ADDRESS_SIZE / 2];
	const char *host;

	text_copy(copy, sizeof(copy), strchr(socket, ':') + 1);
	host = settings_cut_host(copy);
	if (host == NULL || strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	snprintf(out, ADDRESS_SIZE,
	    strchr(host, ':') == NULL ? "inet:%s:%s" : "inet:[%s]:%s", host,
	    copy);
}

static void
print_address(const struct doctor *doctor, char out[ADDRESS_SIZE])
{
	const char *path = socket_path(doctor);
	const char *below;

	if (path == NULL) {
		print_port(doctor->settings->socket, out);
		return;
	}
	below = below_queue(doctor, path);
	snprintf(out, ADDRESS_SIZE, "unix:%s", below == NULL ? path : below);
}

bool
doctor_edit_is_hidden(const struct doctor *doctor)
{
	const char *path = socket_path(doctor);

	return path != NULL && below_queue(doctor, path) == NULL;
}

/* With time-outs and a default action of its own: those of main.cf are for all
 * filters. */
static void
print_milter(
    const struct doctor *doctor, const char *address, char out[MILTER_SIZE])
{
	snprintf(out, MILTER_SIZE,
	    "{ %s, default_action=accept, connect_timeout=30s, "
	    "command_timeout=%ds, content_timeout=%ds }",
	    address, doctor->settings->rcpt_wait_ms / 1000 + RCPT_SPARE_S,
	    MESSAGE_S);
}

/* --- changes of a list --- */

/* One change: exactly one of them is set. */
struct change {
	const char *add;     /* a milter */
	const char *move_to; /* another address */
	const struct doctor_cure *cures;
	size_t count; /* of cures */
};

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
    const struct change *change)
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
    const struct change *change)
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
find_written(const char *raw, const struct doctor_asker *asker,
    struct postfix_milter *milter)
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
is_as_meant(const struct doctor *doctor, const struct doctor_asker *asker,
    const struct change *change, const char *written)
{
	char *meant = apply_change(asker->list, &asker->milter, change);
	char *made = postfix_try(
	    doctor->postfix, &asker->service, asker->parameter, written);
	bool same = meant != NULL && made != NULL && is_same_list(meant, made);

	free(meant);
	free(made);
	return same;
}

/* The list as it is to be written, for free(), or NULL: no command is sure to
 * do that and nothing else. */
static char *
write_list(const struct doctor *doctor, const struct doctor_asker *asker,
    const char *own, const struct change *change)
{
	const char *raw =
	    own != NULL ? own : postfix_raw(doctor->postfix, asker->parameter);
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
	if (written != NULL && is_as_meant(doctor, asker, change, written))
		return written;
	free(written);
	return NULL;
}

/* " command_timeout=50s default_action=tempfail" */
static void
print_cures(const struct change *change, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; i < change->count; i++)
		text_addf(&text, "%s%s=%s", i == 0 ? "" : ", ",
		    change->cures[i].name, change->cures[i].value);
}

static void
explain_change(struct doctor_finding *found, const struct doctor_asker *asker,
    bool own, const struct change *change)
{
	char where[2 * POSTFIX_NAME_SIZE];
	char cures[MILTER_SIZE];
	int length = (int)asker->milter.address.length;
	const char *ours = asker->milter.address.text;

	print_cures(change, cures, sizeof(cures));
	if (own)
		snprintf(where, sizeof(where), "%s, at %s in master.cf",
		    asker->parameter, asker->service.name);
	else
		snprintf(
		    where, sizeof(where), "%s in main.cf", asker->parameter);
	if (change->add != NULL)
		doctor_mend(
		    found, "# add by hand to %s: %s", where, change->add);
	else if (change->move_to != NULL)
		doctor_mend(found, "# in %s, write %s instead of %.*s", where,
		    change->move_to, length, ours);
	else
		doctor_mend(found,
		    "# in %s, the milter %.*s needs: { %.*s, %s }", where,
		    length, ours, length, ours, cures);
}

static void
say_change(const struct doctor *doctor, struct doctor_finding *found,
    const struct doctor_asker *asker, const struct change *change)
{
	const char *own =
	    postfix_own(doctor->postfix, &asker->service, asker->parameter);
	char *written = write_list(doctor, asker, own, change);

	if (written == NULL)
		explain_change(found, asker, own != NULL, change);
	else
		say_setting(found, own == NULL ? NULL : &asker->service,
		    asker->parameter, written);
	free(written);
}

void
doctor_edit_add(const struct doctor *doctor, struct doctor_finding *found,
    const struct doctor_asker *asker)
{
	char address[ADDRESS_SIZE], milter[MILTER_SIZE];

	if (asker->service.chrooted && doctor_edit_is_hidden(doctor)) {
		doctor_edit_unhide(doctor, found);
		snprintf(address, sizeof(address), "unix:" BELOW_QUEUE);
	} else {
		print_address(doctor, address);
	}
	print_milter(doctor, address, milter);
	say_change(doctor, found, asker, &(struct change){.add = milter});
}

void
doctor_edit_set(const struct doctor *doctor, struct doctor_finding *found,
    const struct doctor_asker *asker, const struct doctor_cure *cures,
    size_t count)
{
	say_change(doctor, found, asker,
	    &(struct change){.cures = cures, .count = count});
}

void
doctor_edit_parameter(const struct doctor *doctor, struct doctor_finding *found,
    const struct postfix_service *service, const char *parameter,
    const char *value)
{
	bool own = postfix_own(doctor->postfix, service, parameter) != NULL;

	say_setting(found, own ? service : NULL, parameter, value);
}

/* --- a socket that a chroot does not hide --- */

static void
say_folder(const struct doctor *doctor, struct doctor_finding *found,
    const char *queue)
{
	struct identity who;
	const struct group *group;
	const char *conf =
	    doctor->conf_file == NULL ? SETTINGS_PATH : doctor->conf_file;

	if (identity_find(doctor->settings->user, &who, NULL) != 0)
		return;
	group = getgrgid(who.gid);
	doctor_mend(found, "install -d -o %s -g %s -m 750 %s/postern", who.name,
	    group == NULL ? who.name : group->gr_name, queue);
	doctor_mend(found,
	    "ReadWritePaths=%s/postern    # below [Service], by: systemctl "
	    "edit posternd",
	    queue);
	doctor_mend(found,
	    "Socket unix:%s/" BELOW_QUEUE "    # in %s, then restart posternd",
	    queue, conf);
}

bool
doctor_edit_follows(
    const struct doctor *doctor, const struct doctor_asker *asker)
{
	return postfix_own(doctor->postfix, &asker->service,
		   asker->parameter) == NULL &&
	       strcmp(postfix_raw(doctor->postfix, asker->parameter),
		   "$smtpd_milters") == 0;
}

static void
move_lists(const struct doctor *doctor, struct doctor_finding *found,
    const struct doctor_askers *askers)
{
	for (size_t i = 0; i < askers->count; i++) {
		const struct doctor_asker *asker = &askers->items[i];

		if ((asker->asks == DOCTOR_ASKS_US ||
			asker->asks == DOCTOR_ASKS_SHUT_OUT) &&
		    !doctor_edit_follows(doctor, asker))
			say_change(doctor, found, asker,
			    &(struct change){.move_to = "unix:" BELOW_QUEUE});
	}
}

void
doctor_edit_unhide(const struct doctor *doctor, struct doctor_finding *found)
{
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	struct doctor_askers askers;

	say_folder(doctor, found, queue);
	doctor_askers_smtpd(doctor, &askers);
	move_lists(doctor, found, &askers);
	doctor_askers_cleanup(doctor, &askers);
	move_lists(doctor, found, &askers);
}
