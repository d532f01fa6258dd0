/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { SECRET_SIZE = 4096 };

struct fleet {
	struct shared_tls *tls; /* NULL: no server is reached by it */
	struct shared_counts counts;
	struct share_counts share_counts;
	struct shared *store;
	struct share *share;
	struct fleet_events *events;
};

/* What is read of the files. */
struct secrets {
	struct shared_keys keys;
	char password[SECRET_SIZE]; /* "": none */
};

static int
read_open_secret(
    int fd, const char *path, char out[SECRET_SIZE], struct err *err)
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
	length = read(fd, out, SECRET_SIZE);
	if (length < 0)
		return err_set(
		    err, ERR_LOCAL, "%.150s: %s", path, strerror(errno));
	if (length == SECRET_SIZE || memchr(out, '\0', (size_t)length) != NULL)
		return err_set(err, ERR_LOCAL, "%.150s: no secret", path);
	out[length] = '\0';
	return 0;
}

static int
read_secret(const char *path, char out[SECRET_SIZE], struct err *err)
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
read_password(const char *path, char out[SECRET_SIZE], struct err *err)
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
	char text[SECRET_SIZE];
	struct err why;
	int rc = read_secret(path, text, err);

	if (rc == 0 && shared_keys_parse(keys, text, &why) != 0)
		rc = err_set(err, ERR_LOCAL, "%.120s: %.100s", path, why.text);
	memset(text, 0, sizeof(text));
	return rc;
}

static int
read_secrets(const struct fleet_options *options, struct secrets *secrets,
    struct err *err)
{
	secrets->password[0] = '\0';
	if (read_shared_keys(options->keys_file, &secrets->keys, err) != 0)
		return -1;
	return options->password_file == NULL
		   ? 0
		   : read_password(
			 options->password_file, secrets->password, err);
}

static int
parse_servers(const struct fleet_options *options, struct shared_options *store,
    bool *tls, struct err *err)
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

static struct shared_tls *
load_tls(const struct fleet_options *options, struct err *err)
{
	return shared_tls_new(
	    options->ca_file, options->cert_file, options->key_file, err);
}

int
fleet_try(const struct fleet_options *options, struct err *err)
{
	struct shared_options store = {.server_count = 0};
	struct shared_tls *tls = NULL;
	struct secrets secrets;
	bool wants_tls;
	int rc = read_secrets(options, &secrets, err);

	memset(&secrets, 0, sizeof(secrets));
	if (rc != 0 || parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (tls = load_tls(options, err)) == NULL)
		return -1;
	shared_tls_free(tls);
	return 0;
}

/* --- what a store lets us do --- */

/* What its client tells, of which the first thing counts. */
struct examined {
	struct lock lock;
	struct cond told;
	bool done; /* with the lock, as what follows */
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE];
};

static void
note_examined(void *arg, enum shared_state state, const char *where)
{
	struct examined *examined = arg;

	lock_take(&examined->lock);
	examined->done = true;
	examined->state = state;
	text_copy(examined->where, sizeof(examined->where), where);
	cond_broadcast(&examined->told);
	lock_drop(&examined->lock);
}

/* Up, or -1 with why not. */
static int
await_examined(struct examined *examined, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err)
{
	bool up;

	lock_take(&examined->lock);
	while (!examined->done &&
	       cond_wait_until(&examined->told, &examined->lock, deadline_ms))
		continue;
	up = examined->done && examined->state == SHARED_UP;
	text_copy(out->where, sizeof(out->where), examined->where);
	lock_drop(&examined->lock);
	if (up)
		return 0;
	return err_set(err, ERR_TEMP, "%s",
	    out->where[0] == '\0' ? "it does not answer" : out->where);
}

/* Each once, on keys that nobody else has; what is left goes by itself. */
static void
try_requests(
    struct shared *store, const char *prefix, char *denied, size_t size)
{
	char key[SHARE_PREFIX_SIZE + 24], stream[SHARE_PREFIX_SIZE + 32];
	const struct resp_words tries[] = {
	    {5, {"SET", key, "x", "PX", "60000"}}, {2, {"GET", key}},
	    {8, {"XADD", stream, "MAXLEN", "~", "10", "*", "v", "x"}},
	    {6, {"XREAD", "COUNT", "1", "STREAMS", stream, "0"}},
	    {3, {"DEL", key, stream}}};
	struct text text;

	snprintf(key, sizeof(key), "%s:1:doctor:%d", prefix, (int)getpid());
	snprintf(stream, sizeof(stream), "%s-e", key);
	text_init(&text, denied, size);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		enum shared_result result;

		resp_free(shared_ask(store, SHARED_OP_PUT, &tries[i], &result));
		if (result < SHARED_RESULT_MISS)
			text_addf(&text, "%s%s", text.len > 0 ? "," : "",
			    tries[i].items[0]);
	}
}

static int
examine_store(const struct shared_options *store, const char *prefix,
    int64_t deadline_ms, struct fleet_exam *out, struct err *err)
{
	struct shared *shared = shared_new(store, err);
	int rc;

	if (shared == NULL)
		return -1;
	rc = await_examined(store->arg, deadline_ms, out, err);
	if (rc == 0)
		try_requests(shared, prefix, out->denied, sizeof(out->denied));
	shared_free(shared);
	return rc;
}

int
fleet_examine(const struct fleet_options *options, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err)
{
	struct shared_counts counts = {.took_us = 0};
	struct examined examined = {.done = false};
	struct shared_options store = {.user = options->user,
	    .timeout_ms = clock_left_ms(deadline_ms) / 10 + 1,
	    .counts = &counts,
	    .changed = note_examined,
	    .arg = &examined};
	struct secrets secrets;
	bool wants_tls;
	int rc;

	*out = (struct fleet_exam){.where = ""};
	if (read_secrets(options, &secrets, err) != 0 ||
	    parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (store.tls = load_tls(options, err)) == NULL)
		return -1;
	store.password = secrets.password[0] == '\0' ? NULL : secrets.password;
	lock_init(&examined.lock);
	cond_init(&examined.told);
	rc = examine_store(&store, options->prefix, deadline_ms, out, err);
	cond_fini(&examined.told);
	lock_fini(&examined.lock);
	shared_tls_free(store.tls);
	memset(&secrets, 0, sizeof(secrets));
	return rc;
}

/* --- making and ending --- */

static int
open_shared(struct fleet *fleet, const struct fleet_options *options,
    const struct secrets *secrets, struct err *err)
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
	    .counts = &fleet->share_counts,
	    .told = options->told,
	    .arg = options->arg};
	bool wants_tls;

	if (parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (fleet->tls = load_tls(options, err)) == NULL)
		return -1;
	store.tls = fleet->tls;
	fleet->store = shared_new(&store, err);
	if (fleet->store == NULL)
		return -1;
	share.store = fleet->store;
	fleet->share = share_new(&share, err);
	return fleet->share == NULL ? -1 : 0;
}

static int
open_events(
    struct fleet *fleet, const struct fleet_options *options, struct err *err)
{
	struct fleet_events_options events = {.store = fleet->store,
	    .share = fleet->share,
	    .counts = &fleet->share_counts,
	    .apply = options->apply,
	    .arg = options->arg};

	fleet->events = fleet_events_new(&events, err);
	return fleet->events == NULL ? -1 : 0;
}

struct fleet *
fleet_new(const struct fleet_options *options, struct err *err)
{
	struct fleet *fleet = xcalloc(1, sizeof(*fleet));
	struct secrets secrets;
	int rc = read_secrets(options, &secrets, err);

	if (rc == 0)
		rc = open_shared(fleet, options, &secrets, err);
	memset(&secrets, 0, sizeof(secrets));
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
		share_bury(fleet->share, domain, clock_wall_s());
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
