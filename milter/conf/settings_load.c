/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_options.h"
#include "common/io/tls_client.h"
#include "common/proto/address.h"
#include "common/sts/share.h"
#include "milter/conf/destinations.h"
#include "milter/conf/host_name.h"
#include "milter/conf/setting_keywords.h"
#include "milter/conf/value.h"

/* Readers cut their text up, so they get a copy. */
static void
read_setting_value(struct settings *settings,
    const struct setting_keyword *keyword, struct value_place place,
    const char *value)
{
	char *copy = xstrdup(value);

	place.keyword = keyword->name;
	if (value[0] == '\0')
		value_complain(&place, "no value");
	else
		keyword->read(&place, &keyword->form,
		    setting_keyword_field(settings, keyword), copy);
	free(copy);
}

static void
read_defaults(struct settings *settings, struct conf_faults *faults)
{
	for (const struct setting_keyword *keyword = setting_keywords;
	     keyword->name != NULL; keyword++)
		if (keyword->fallback != NULL)
			read_setting_value(settings, keyword,
			    (struct value_place){
				.faults = faults, .file = "default"},
			    keyword->fallback);
}

/* Where it stands first. */
static unsigned
line_of_keyword(const struct conf *conf, const char *keyword)
{
	for (size_t i = 0; i < conf->count; i++)
		if (strcasecmp(conf->entries[i].keyword, keyword) == 0)
			return conf->entries[i].line;
	return 0;
}

static void
read_setting(struct settings *settings, const struct conf *conf,
    const struct conf_entry *entry, struct conf_faults *faults)
{
	const struct setting_keyword *keyword =
	    setting_keyword_find(entry->keyword);
	struct value_place place = {
	    .faults = faults, .file = conf->path, .line = entry->line};
	unsigned first = line_of_keyword(conf, entry->keyword);

	if (keyword == NULL)
		conf_fault(faults, conf->path, entry->line,
		    "%.64s: unknown keyword", entry->keyword);
	else if (first != entry->line)
		conf_fault(faults, conf->path, entry->line,
		    "%s: stands in line %u already", keyword->name, first);
	else
		read_setting_value(settings, keyword, place, entry->value);
}

static void
read_entries(struct settings *settings, const struct conf *conf,
    struct conf_faults *faults)
{
	for (size_t i = 0; i < conf->count; i++)
		read_setting(settings, conf, &conf->entries[i], faults);
}

static void
set_recurse(struct settings *settings, const struct conf *conf,
    struct conf_faults *faults)
{
	settings->recurse =
	    settings->nameservers.count == 1 &&
	    strcmp(settings->nameservers.items[0], "recurse") == 0;
	if (!settings->recurse)
		return;
	settings_list_fini(&settings->nameservers);
	if (settings->resolver == DNS_SYSTEM)
		conf_fault(faults, conf->path,
		    line_of_keyword(conf, "Nameservers"),
		    "Nameservers: \"recurse\" is for Resolver embedded alone");
}

/* Where the path of another socket begins in a Socket; "" in one of inet. */
static const char *
path_of_socket(const char *socket)
{
	const char *rest = strchr(socket, ':') + 1;

	return rest[0] == '/' ? rest : "";
}

/* The later listener would take the socket of the earlier away. */
static void
compare_socket(const struct settings *settings, const char *keyword,
    const char *path, const struct conf *conf, struct conf_faults *faults)
{
	if (settings->socket == NULL || path == NULL || path[0] == '\0' ||
	    strcmp(path_of_socket(settings->socket), path) != 0)
		return;
	conf_fault(faults, conf == NULL ? SETTINGS_PATH : conf->path,
	    conf == NULL ? 0 : line_of_keyword(conf, keyword),
	    "%s: \"%s\" is that of Socket", keyword, path);
}

static void
compare_sockets(const struct settings *settings, const struct conf *conf,
    struct conf_faults *faults)
{
	compare_socket(
	    settings, "ControlSocket", settings->control_socket, conf, faults);
	if (settings->metrics_socket != NULL)
		compare_socket(settings, "MetricsSocket",
		    path_of_socket(settings->metrics_socket), conf, faults);
}

/* RFC 8460 section 4.4: who reports, and whom to ask, is told. */
static void
check_reporter(const struct settings *settings, const struct conf *conf,
    struct conf_faults *faults)
{
	if (settings->tls_reports == TLS_REPORTS_YES &&
	    (settings->tls_report_organization == NULL ||
		settings->tls_report_contact == NULL))
		conf_fault(faults, conf == NULL ? SETTINGS_PATH : conf->path,
		    conf == NULL ? 0 : line_of_keyword(conf, "TLSReports"),
		    "TLSReports: \"yes\" needs TLSReportOrganization and "
		    "TLSReportContact");
}

static void
set_store_path(struct settings *settings)
{
	char path[LIMIT_CONF_LINE * 2];

	if (settings->store == NULL || settings->store[0] == '/') {
		value_set_text(&settings->store_path, settings->store);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", settings->state_directory,
	    settings->store);
	value_set_text(&settings->store_path, path);
}

/* The rules, by what the rest says; all mistakes in one run. */
static void
load_destinations(struct settings *settings, struct conf_faults *faults)
{
	const char *path = settings->destinations_file;
	struct destinations_default normal = {
	    .level = (enum level)settings->default_level,
	    .on_fail = (enum action)settings->on_fail,
	    .on_temperror = (enum action)settings->on_temperror};

	settings->destinations = destinations_load(
	    path, strcmp(path, DESTINATIONS_PATH) == 0, &normal, faults);
}

/* What follows from other settings, and from the host. */
static void
complete_settings(struct settings *settings)
{
	char name[LIMIT_DOMAIN_SIZE];

	set_store_path(settings);
	if (settings->authserv_id != NULL && settings->probe_helo != NULL)
		return;
	host_name_find(name);
	if (settings->authserv_id == NULL)
		value_set_text(&settings->authserv_id, name);
	if (settings->probe_helo == NULL)
		value_set_text(&settings->probe_helo, name);
}

struct settings *
settings_load(const char *path, const struct settings_override *overrides,
    size_t count, struct conf_faults *faults)
{
	AUTO(settings)
	struct settings *settings = xcalloc(1, sizeof(*settings));
	AUTO(conf) struct conf *conf = NULL;
	struct settings *loaded = settings;

	settings->refs = 1;
	read_defaults(settings, faults);
	conf = conf_read(
	    path == NULL ? SETTINGS_PATH : path, path == NULL, faults);
	if (conf != NULL) {
		read_entries(settings, conf, faults);
		settings->user_line = line_of_keyword(conf, "UserID");
		set_recurse(settings, conf, faults);
	}
	for (size_t i = 0; i < count; i++) {
		struct value_place place = {
		    .faults = faults, .file = overrides[i].option};

		read_setting_value(settings,
		    setting_keyword_find(overrides[i].keyword), place,
		    overrides[i].value);
	}
	compare_sockets(settings, conf, faults);
	check_reporter(settings, conf, faults);
	load_destinations(settings, faults);
	if (faults->count > 0)
		return NULL;
	complete_settings(settings);
	settings = NULL;
	return loaded;
}

bool
settings_answers_mtas(const struct settings *settings)
{
	return settings->map_sockets.count + settings->line_sockets.count > 0;
}

char *
settings_cut_host(char *text)
{
	char *host = strchr(text, '@');

	if (host == NULL)
		return NULL;
	*host++ = '\0';
	if (host[0] == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	return host;
}
