/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/engine/fleet_inside.h"

struct fleet {
	struct shared_tls *tls; /* NULL: no server is reached by it */
	struct shared_counts counts;
	struct share_counts share_counts;
	struct shared *store;
	struct share *share;
	struct fleet_events *events;
};

static int
read_open_secret(
    int fd, const char *path, char out[FLEET_SECRET_SIZE], struct err *err)
{
	struct stat status;
	ssize_t length;

	if (fstat(fd, &status) != 0)
		return err_set(
		    err, ERR_LOCAL, "%.150s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_LOCAL, "%.150s: no file", path);
	if ((status.st_mode & S_IROTH) != 0)
		return err_set(err, ERR_LOCAL,
		    "%.150s: everybody may read it: chmod 640", path);
	length = read(fd, out, FLEET_SECRET_SIZE);
	if (length < 0)
		return err_set(
		    err, ERR_LOCAL, "%.150s: %s", path, strerror(errno));
	if (length == FLEET_SECRET_SIZE ||
	    memchr(out, '\0', (size_t)length) != NULL)
		return err_set(err, ERR_LOCAL, "%.150s: no secret", path);
	out[length] = '\0';
	return 0;
}

static int
read_secret(const char *path, char out[FLEET_SECRET_SIZE], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0)
		return err_set(
		    err, ERR_LOCAL, "%.150s: %s", path, strerror(errno));
	rc = read_open_secret(fd, path, out, err);
	close(fd);
	return rc;
}

static int
read_password(const char *path, char out[FLEET_SECRET_SIZE], struct err *err)
{
	if (read_secret(path, out, err) != 0)
		return -1;
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] != '\0'
		   ? 0
		   : err_set(err, ERR_LOCAL, "%.150s: no password", path);
}

static int
read_shared_keys(const char *path, struct shared_keys *keys, struct err *err)
{
	char text[FLEET_SECRET_SIZE];
	struct err why;
	int rc = read_secret(path, text, err);

	if (rc == 0 && shared_keys_parse(keys, text, &why) != 0)
		rc = err_set(err, ERR_LOCAL, "%.120s: %.100s", path, why.text);
	explicit_bzero(text, sizeof(text));
	return rc;
}

int
fleet_read_secrets(const struct fleet_options *options,
    struct fleet_secrets *secrets, struct err *err)
{
	secrets->password[0] = '\0';
	if (read_shared_keys(options->keys_file, &secrets->keys, err) != 0)
		return -1;
	return options->password_file == NULL
		   ? 0
		   : read_password(
			 options->password_file, secrets->password, err);
}

int
fleet_parse_servers(const struct fleet_options *options,
    struct shared_options *store, bool *tls, struct err *err)
{
	*tls = false;
	if (options->server_count > LIMIT_SHARED_SERVERS)
		return err_set(err, ERR_LOCAL, "more than %d servers",
		    LIMIT_SHARED_SERVERS);
	for (size_t i = 0; i < options->server_count; i++) {
		if (shared_address_parse(
			options->servers[i], &store->servers[i], err) != 0)
			return -1;
		*tls |= store->servers[i].scheme == SHARED_TLS;
	}
	store->server_count = options->server_count;
	return 0;
}

struct shared_tls *
fleet_load_tls(const struct fleet_options *options, struct err *err)
{
	return shared_tls_new(
	    options->ca_file, options->cert_file, options->key_file, err);
}

int
fleet_try(const struct fleet_options *options, struct err *err)
{
	struct shared_options store = {.server_count = 0};
	struct shared_tls *tls = NULL;
	struct fleet_secrets secrets;
	bool wants_tls;
	int rc = fleet_read_secrets(options, &secrets, err);

	explicit_bzero(&secrets, sizeof(secrets));
	if (rc != 0 ||
	    fleet_parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (tls = fleet_load_tls(options, err)) == NULL)
		return -1;
	shared_tls_free(tls);
	return 0;
}

/* --- making and ending --- */

static int
open_shared(struct fleet *fleet, const struct fleet_options *options,
    const struct fleet_secrets *secrets, struct err *err)
{
	struct shared_options store = {.user = options->user,
	    .password = secrets->password[0] == '\0' ? NULL : secrets->password,
	    .timeout_ms = options->timeout_ms,
	    .counts = &fleet->counts,
	    .changed = options->changed,
	    .arg = options->arg};
	struct share_options share = {.keys = secrets->keys,
	    .prefix = options->prefix,
	    .host = options->host,
	    .content = options->content,
	    .counts = &fleet->share_counts,
	    .told = options->told,
	    .arg = options->arg};
	bool wants_tls;

	if (fleet_parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (fleet->tls = fleet_load_tls(options, err)) == NULL)
		return -1;
	store.tls = fleet->tls;
	fleet->store = shared_new(&store, err);
	if (fleet->store == NULL)
		return -1;
	share.store = fleet->store;
	fleet->share = share_new(&share, err);
	if (fleet->share == NULL)
		return -1;
	share_set_digest(fleet->share, options->digest);
	return 0;
}

static int
open_events(
    struct fleet *fleet, const struct fleet_options *options, struct err *err)
{
	struct fleet_events_options events = {.store = fleet->store,
	    .share = fleet->share,
	    .counts = &fleet->share_counts,
	    .apply = options->apply,
	    .arg = options->arg,
	    .version = options->version};

	fleet->events = fleet_events_new(&events, err);
	return fleet->events == NULL ? -1 : 0;
}

struct fleet *
fleet_new(const struct fleet_options *options, struct err *err)
{
	struct fleet *fleet = xcalloc(1, sizeof(*fleet));
	struct fleet_secrets secrets;
	int rc = fleet_read_secrets(options, &secrets, err);

	if (rc == 0)
		rc = open_shared(fleet, options, &secrets, err);
	explicit_bzero(&secrets, sizeof(secrets));
	if (rc == 0)
		rc = open_events(fleet, options, err);
	if (rc == 0)
		return fleet;
	fleet_free(fleet);
	return NULL;
}

void
fleet_free(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	fleet_events_free(fleet->events);
	share_free(fleet->share);
	shared_free(fleet->store);
	shared_tls_free(fleet->tls);
	free(fleet);
}

void
fleet_begin(struct fleet *fleet)
{
	fleet_events_begin(fleet->events);
}

struct share *
fleet_share(struct fleet *fleet)
{
	return fleet->share;
}

int
fleet_tell(struct fleet *fleet, enum shared_event_kind kind, const char *domain,
    struct err *err)
{
	if (kind == SHARED_EVENT_FORGET)
		graves_bury(share_graves(fleet->share), domain, clock_wall_s());
	return fleet_events_send(fleet->events, kind, domain, err);
}

void
fleet_look(struct fleet *fleet, struct fleet_figures *out)
{
	shared_look(fleet->store, &out->store);
	for (size_t i = 0; i < SHARED_OPS; i++)
		for (size_t j = 0; j < SHARED_RESULTS; j++)
			out->requests[i][j] = fleet->counts.requests[i][j];
	for (size_t i = 0; i <= SHARED_BOUNDS; i++)
		out->took[i] = fleet->counts.took[i];
	out->took_us = fleet->counts.took_us;
	for (size_t i = 0; i < SHARED_FAULTS; i++)
		out->rejected[i] = fleet->share_counts.rejected[i];
	for (size_t i = 0; i < SHARED_EVENTS; i++)
		for (size_t j = 0; j < SHARE_EVENTS; j++)
			out->events[i][j] = fleet->share_counts.events[i][j];
	out->dropped = fleet->share_counts.dropped;
}

int
fleet_list_hosts(struct fleet *fleet, struct fleet_hosts *out, struct err *err)
{
	return fleet_hosts_read(fleet->store, fleet->share, out, err);
}
