/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_edit.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

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

/* " command_timeout=50s default_action=tempfail" */
static void
print_cures(const struct milter_change *change, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; i < change->count; i++)
		text_addf(&text, "%s%s=%s", i == 0 ? "" : ", ",
		    change->cures[i].name, change->cures[i].value);
}

static void
explain_change(struct doctor_finding *found, const struct asker *asker,
    bool own, const struct milter_change *change)
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
    const struct asker *asker, const struct milter_change *change)
{
	const char *own =
	    postfix_own(doctor->postfix, &asker->service, asker->parameter);
	char *written = milter_edit_list(doctor->postfix, asker, change);

	if (written == NULL)
		explain_change(found, asker, own != NULL, change);
	else
		say_setting(found, own == NULL ? NULL : &asker->service,
		    asker->parameter, written);
	free(written);
}

void
doctor_edit_add(const struct doctor *doctor, struct doctor_finding *found,
    const struct asker *asker)
{
	char address[MILTER_ADDRESS_SIZE], milter[MILTER_SIZE];

	if (asker->service.chrooted &&
	    milter_edit_is_hidden(doctor->postfix, doctor->settings->socket)) {
		doctor_edit_unhide(doctor, found);
		snprintf(address, sizeof(address), "unix:" MILTER_BELOW_QUEUE);
	} else {
		milter_edit_address(
		    doctor->postfix, doctor->settings->socket, address);
	}
	milter_edit_print(address, doctor->settings->rcpt_wait_ms, milter);
	say_change(
	    doctor, found, asker, &(struct milter_change){.add = milter});
}

void
doctor_edit_set(const struct doctor *doctor, struct doctor_finding *found,
    const struct asker *asker, const struct milter_cure *cures, size_t count)
{
	say_change(doctor, found, asker,
	    &(struct milter_change){.cures = cures, .count = count});
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
	    "Socket unix:%s/" MILTER_BELOW_QUEUE
	    "    # in %s, then restart posternd",
	    queue, conf);
}

static void
move_lists(const struct doctor *doctor, struct doctor_finding *found,
    const struct askers *askers)
{
	for (size_t i = 0; i < askers->count; i++) {
		const struct asker *asker = &askers->items[i];

		if ((asker->asks == ASKER_US ||
			asker->asks == ASKER_SHUT_OUT) &&
		    !milter_edit_follows(doctor->postfix, asker))
			say_change(doctor, found, asker,
			    &(struct milter_change){
				.move_to = "unix:" MILTER_BELOW_QUEUE});
	}
}

void
doctor_edit_unhide(const struct doctor *doctor, struct doctor_finding *found)
{
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	struct askers askers;

	say_folder(doctor, found, queue);
	askers_smtpd(doctor->postfix, doctor->settings->socket, &askers);
	move_lists(doctor, found, &askers);
	askers_cleanup(doctor->postfix, doctor->settings->socket, &askers);
	move_lists(doctor, found, &askers);
}
