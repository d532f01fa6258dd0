/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/settings.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "milter/destinations.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	DAY = 24 * 60 * MINUTE,

	/* RFC 5321 section 4.5.3.2.3: a client waits five minutes for the
	 * answer to RCPT */
	WAIT_MAX = 5 * MINUTE,

	/* A check may end a little before the wait for it: then its own reason
	 * is told, and not "deadline"; and whatever the wait, a check gets a
	 * fair time, for the messages that come after */
	CHECK_MARGIN = SECOND / 2,
	CHECK_MIN = 10 * SECOND,

	/* Hosts of a walk, times A, AAAA, CNAME and TLSA, are never all under
	 * way at once in every check */
	LOOKUPS_PER_CHECK = 16,

	TOKEN_MAX = 64,
	LIST_SHOWN = 256,
};

/* Where a value stands, for what is wrong with it. */
struct place {
	struct conf_faults *faults;
	const char *file;
	unsigned line;
	const char *keyword;
};

struct choice {
	const char *word;
	int value;
};

struct keyword;
typedef void reader(const struct place *place, const struct keyword *keyword,
    void *field, char *value);

enum kind { KIND_INT, KIND_TEXT, KIND_LIST };

struct keyword {
	const char *name;
	const char *fallback; /* as it could stand in the file; NULL: unset */
	reader *read;
	size_t at; /* of the field in struct settings */
	enum kind kind;
	const struct choice *choices; /* ends with a NULL word */
	int min, max;
};

static void complain(const struct place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
complain(const struct place *place, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conf_fault(place->faults, place->file, place->line, "%s: %s",
	    place->keyword, text);
}

static void
set_text(void *field, const char *value)
{
	char **text = field;

	free(*text);
	*text = value == NULL ? NULL : xstrdup(value);
}

static void
list_fini(struct settings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct settings_list){0};
}

static void
list_add(struct settings_list *list, const char *item)
{
	list->items =
	    xrealloc(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = xstrdup(item);
}

static const struct choice *
find_choice(const struct choice *choices, const char *word)
{
	for (; choices != NULL && choices->word != NULL; choices++)
		if (strcasecmp(choices->word, word) == 0)
			return choices;
	return NULL;
}

static void
refuse_choice(
    const struct place *place, const struct keyword *keyword, const char *value)
{
	char words[LIST_SHOWN];
	struct text list;

	text_init(&list, words, sizeof(words));
	for (const struct choice *c = keyword->choices; c->word != NULL; c++)
		text_addf(&list, "%s%s", list.len > 0 ? " " : "", c->word);
	complain(place, "\"%s\" is not one of: %s", value, words);
}

static void
read_choice(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	const struct choice *choice = find_choice(keyword->choices, value);

	if (choice == NULL)
		refuse_choice(place, keyword, value);
	else
		*(int *)field = choice->value;
}

/* As read_choice, but the word itself is kept. */
static void
read_word(const struct place *place, const struct keyword *keyword, void *field,
    char *value)
{
	const struct choice *choice = find_choice(keyword->choices, value);

	if (choice == NULL)
		refuse_choice(place, keyword, value);
	else
		set_text(field, choice->word);
}

/* A duration, or one of the choices where there are any. */
static void
read_duration(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	const struct choice *choice = find_choice(keyword->choices, value);
	int ms;

	if (choice != NULL)
		*(int *)field = choice->value;
	else if (text_duration_ms(value, keyword->max, &ms) == 0 &&
		 ms >= keyword->min)
		*(int *)field = ms;
	else
		complain(place,
		    "\"%s\" is no time from %gs to %gs, such as 20s or 5m",
		    value, (double)keyword->min / SECOND,
		    (double)keyword->max / SECOND);
}

static void
read_number(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	uint32_t number;

	if (text_uint(value, (uint32_t)keyword->max, &number) == 0 &&
	    (int)number >= keyword->min)
		*(int *)field = (int)number;
	else
		complain(place, "\"%s\" is no number from %d to %d", value,
		    keyword->min, keyword->max);
}

static void
read_umask(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	int mask = 0;

	(void)keyword;
	if (value[0] == '\0' || strlen(value) > 4 ||
	    strspn(value, "01234567") != strlen(value)) {
		complain(place, "\"%s\" is no file mode, such as 007", value);
		return;
	}
	for (const char *c = value; *c != '\0'; c++)
		mask = mask * 8 + (*c - '0');
	if (mask > 0777)
		complain(place, "\"%s\" is over 777", value);
	else
		*(int *)field = mask;
}

static void
read_path(const struct place *place, const struct keyword *keyword, void *field,
    char *value)
{
	(void)keyword;
	if (value[0] != '/')
		complain(place, "\"%s\" is no path that begins with /", value);
	else
		set_text(field, value);
}

/* A file that must be there, so that the mistake is told with its line. */
static void
read_input_path(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	if (value[0] == '/' && access(value, R_OK) != 0)
		complain(place, "%s: %s", value, strerror(errno));
	else
		read_path(place, keyword, field, value);
}

/* As read_input_path, but where it is by default it may be missing. */
static void
read_destinations(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	if (strcmp(value, DESTINATIONS_PATH) == 0)
		set_text(field, value);
	else
		read_input_path(place, keyword, field, value);
}

static bool
is_token(const char *s, const char *also, size_t max)
{
	size_t length = strlen(s);

	if (length == 0 || length > max)
		return false;
	for (; *s != '\0'; s++) {
		bool alnum = (*s >= 'a' && *s <= 'z') ||
			     (*s >= 'A' && *s <= 'Z') ||
			     (*s >= '0' && *s <= '9');

		if (!alnum && strchr(also, *s) == NULL)
			return false;
	}
	return true;
}

static void
read_name(const struct place *place, const struct keyword *keyword, void *field,
    char *value)
{
	(void)keyword;
	if (is_token(value, "-_.", TOKEN_MAX))
		set_text(field, value);
	else
		complain(place,
		    "\"%s\" is no word of letters, digits, \"-\", \"_\" and "
		    "\".\"",
		    value);
}

static void
read_host(const struct place *place, const struct keyword *keyword, void *field,
    char *value)
{
	char host[LIMIT_DOMAIN_SIZE];
	struct err err;

	(void)keyword;
	if (domain_normalise(value, host, &err) < 0)
		complain(place, "%s", err.text);
	else
		set_text(field, host);
}

/* RFC 5322 section 3.6.8: any printable but ":"; ours is a plain word. */
static void
read_header_name(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	(void)keyword;
	if (strcasecmp(value, "none") == 0)
		set_text(field, NULL);
	else if (is_token(value, "-_", TOKEN_MAX))
		set_text(field, value);
	else
		complain(place, "\"%s\" is no name of a header field", value);
}

static void
read_user(const struct place *place, const struct keyword *keyword, void *field,
    char *value)
{
	char *colon = strchr(value, ':');
	bool good;

	(void)keyword;
	if (colon != NULL)
		*colon = '\0';
	good = is_token(value, "-_.", TOKEN_MAX) &&
	       (colon == NULL || is_token(colon + 1, "-_.", TOKEN_MAX));
	if (colon != NULL)
		*colon = ':';
	if (good)
		set_text(field, value);
	else
		complain(place, "\"%s\" is not USER or USER:GROUP", value);
}

static bool
is_inet_socket(char *text)
{
	char *at = strchr(text, '@');
	uint32_t port;
	bool good;

	if (at != NULL)
		*at = '\0';
	good = text_uint(text, UINT16_MAX, &port) == 0 && port > 0 &&
	       (at == NULL || is_token(at + 1, "-_.:[]", LIMIT_DOMAIN));
	if (at != NULL)
		*at = '@';
	return good;
}

static void
read_socket(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	char *colon = strchr(value, ':');
	size_t scheme = colon == NULL ? 0 : (size_t)(colon - value);
	bool local = (scheme == 4 && strncmp(value, "unix", 4) == 0) ||
		     (scheme == 5 && strncmp(value, "local", 5) == 0);
	bool inet = (scheme == 4 && strncmp(value, "inet", 4) == 0) ||
		    (scheme == 5 && strncmp(value, "inet6", 5) == 0);

	(void)keyword;
	if (local && colon[1] == '/') {
		if (strlen(colon + 1) <
		    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
			set_text(field, value);
		else
			complain(place, "\"%s\" is too long for a socket",
			    colon + 1);
	} else if (inet && is_inet_socket(colon + 1)) {
		set_text(field, value);
	} else {
		complain(place,
		    "\"%s\" is not unix:/PATH, inet:PORT@HOST or "
		    "inet6:PORT@HOST",
		    value);
	}
}

/* A path, or "none". */
static void
read_control_socket(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	if (strcasecmp(value, "none") == 0)
		set_text(field, NULL);
	else if (strlen(value) >=
		 sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
		complain(place, "\"%s\" is too long for a socket", value);
	else
		read_path(place, keyword, field, value);
}

static void
read_words(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	struct settings_list *list = field;
	char *rest;

	(void)place;
	(void)keyword;
	list_fini(list);
	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest))
		list_add(list, word);
}

static int
compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name", or ".name" for what is below it. */
static void
add_domain(
    const struct place *place, struct settings_list *list, const char *item)
{
	char name[LIMIT_DOMAIN_SIZE + 1] = ".";
	bool below = item[0] == '.';
	struct err err;

	if (domain_normalise(item + below, name + 1, &err) < 0)
		complain(place, "%s", err.text);
	else
		list_add(list, below ? name : name + 1);
}

static void
read_domain_file(
    const struct place *place, struct settings_list *list, const char *path)
{
	AUTO(conf) struct conf *file = NULL;

	if (path[0] != '/') {
		complain(
		    place, "\"file:%s\" is no path that begins with /", path);
		return;
	}
	file = conf_read(path, false, place->faults);
	for (size_t i = 0; file != NULL && i < file->count; i++) {
		struct conf_entry *entry = &file->entries[i];
		struct place there = {.faults = place->faults,
		    .file = path,
		    .line = entry->line,
		    .keyword = place->keyword};

		if (entry->value[0] != '\0')
			complain(&there, "more than one word in a line");
		else
			add_domain(&there, list, entry->keyword);
	}
}

static void
read_domains(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	struct settings_list *list = field;
	char *rest;

	(void)keyword;
	list_fini(list);
	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest)) {
		if (strncmp(word, "file:", 5) == 0)
			read_domain_file(place, list, word + 5);
		else
			add_domain(place, list, word);
	}
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items),
		    compare_items);
}

/* ADDRESS or ADDRESS@PORT */
static bool
is_nameserver(char *text)
{
	char *at = strchr(text, '@');
	struct address address;
	uint32_t port;
	bool good;

	if (at != NULL)
		*at = '\0';
	good = address_parse(text, &address) == 0 &&
	       (at == NULL ||
		   (text_uint(at + 1, UINT16_MAX, &port) == 0 && port > 0));
	if (at != NULL)
		*at = '@';
	return good;
}

/* "none", or "sqlite:" and the name of a file, in StateDirectory unless it
 * begins with "/". */
static void
read_store(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	static const char sqlite[] = "sqlite:";
	size_t prefix = sizeof(sqlite) - 1;

	(void)keyword;
	if (strcmp(value, "none") == 0)
		set_text(field, NULL);
	else if (strncmp(value, sqlite, prefix) == 0 && value[prefix] != '\0')
		set_text(field, value + prefix);
	else
		complain(
		    place, "\"%s\" is neither none nor sqlite:FILE", value);
}

static void
read_nameservers(const struct place *place, const struct keyword *keyword,
    void *field, char *value)
{
	struct settings_list *list = field;

	read_words(place, keyword, field, value);
	for (size_t i = 0; i < list->count; i++) {
		bool alone = list->count == 1;

		if (!is_nameserver(list->items[i]) &&
		    !(alone && strcmp(list->items[i], "recurse") == 0))
			complain(place,
			    "\"%s\" is no address, or the word recurse alone",
			    list->items[i]);
	}
}

static const struct choice yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
static const struct choice actions[] = {{"none", ACTION_NONE},
    {"tag", ACTION_TAG}, {"defer", ACTION_DEFER}, {"reject", ACTION_REJECT},
    {"hold", ACTION_HOLD}, {NULL, 0}};
static const struct choice internal_errors[] = {
    {"accept", INTERNAL_ERROR_ACCEPT}, {"tempfail", INTERNAL_ERROR_TEMPFAIL},
    {NULL, 0}};
static const struct choice decide_ats[] = {
    {"rcpt", DECIDE_AT_RCPT}, {"message", DECIDE_AT_MESSAGE}, {NULL, 0}};
static const struct choice auto_wait[] = {
    {"auto", MESSAGE_WAIT_AUTO}, {NULL, 0}};
static const struct choice levels[] = {{"auto", LEVEL_AUTO},
    {"none", LEVEL_NONE}, {"may", LEVEL_MAY}, {"encrypt", LEVEL_ENCRYPT},
    {"dane", LEVEL_DANE}, {"dane-only", LEVEL_DANE_ONLY},
    {"secure", LEVEL_SECURE}, {"opportunistic", LEVEL_AUTO},
    {"mandatory", LEVEL_DANE_ONLY}, {NULL, 0}};
static const struct choice insecure_mxs[] = {{"dane", INSECURE_MX_DANE},
    {"encrypt", INSECURE_MX_ENCRYPT}, {"may", INSECURE_MX_MAY}, {NULL, 0}};
static const struct choice resolvers[] = {
    {"embedded", DNS_EMBEDDED}, {"system", DNS_SYSTEM}, {NULL, 0}};
static const struct choice header_domains[] = {
    {"visible", HEADER_DOMAINS_VISIBLE}, {"none", HEADER_DOMAINS_NONE},
    {"all", HEADER_DOMAINS_ALL}, {NULL, 0}};
static const struct choice facilities[] = {{"mail", 0}, {"daemon", 0},
    {"user", 0}, {"local0", 0}, {"local1", 0}, {"local2", 0}, {"local3", 0},
    {"local4", 0}, {"local5", 0}, {"local6", 0}, {"local7", 0}, {NULL, 0}};

#define INT(name, fallback, read, field, choices, min, max)             \
	{                                                               \
		name, fallback, read, offsetof(struct settings, field), \
		    KIND_INT, choices, min, max                         \
	}
#define CHOICE(name, fallback, field, choices) \
	INT(name, fallback, read_choice, field, choices, 0, 0)
#define DURATION(name, fallback, field, min, max) \
	INT(name, fallback, read_duration, field, NULL, min, max)
#define NUMBER(name, fallback, field, min, max) \
	INT(name, fallback, read_number, field, NULL, min, max)
#define TEXT(name, fallback, read, field, choices)                      \
	{                                                               \
		name, fallback, read, offsetof(struct settings, field), \
		    KIND_TEXT, choices, 0, 0                            \
	}
#define LIST(name, fallback, read, field)                               \
	{                                                               \
		name, fallback, read, offsetof(struct settings, field), \
		    KIND_LIST, NULL, 0, 0                               \
	}

static const struct keyword keywords[] = {
    TEXT("Socket", "unix:/run/postern/milter.sock", read_socket, socket, NULL),
    TEXT("ControlSocket", "/run/postern/control.sock", read_control_socket,
	control_socket, NULL),
    CHOICE("On-Fail", "tag", on_fail, actions),
    CHOICE("On-TempError", "tag", on_temperror, actions),
    CHOICE("On-SoftFail", "tag", on_softfail, actions),
    CHOICE("On-None", "none", on_none, actions),
    CHOICE("On-InternalError", "accept", on_internal_error, internal_errors),
    CHOICE("DecideAt", "rcpt", decide_at, decide_ats),
    DURATION("RcptWait", "20s", rcpt_wait_ms, 0, WAIT_MAX),
    INT("MessageWait", "auto", read_duration, message_wait_ms, auto_wait, 0,
	WAIT_MAX),
    LIST("LocalMailers",
	"local,virtual,lmtp,lmtps,dovecot,cyrus,maildrop,procmail,uucp,error,"
	"discard,retry,prog,*file*,*include*",
	read_words, local_mailers),
    LIST("ExemptDomains", NULL, read_domains, exempt_domains),
    LIST("InternalDomains", NULL, read_domains, internal_domains),
    TEXT("Destinations", DESTINATIONS_PATH, read_destinations,
	destinations_file, NULL),
    CHOICE("DefaultLevel", "auto", default_level, levels),
    CHOICE("InsecureMX", "dane", insecure_mx, insecure_mxs),
    CHOICE("Resolver", "embedded", resolver, resolvers),
    LIST("Nameservers", NULL, read_nameservers, nameservers),
    CHOICE("TrustRemoteResolver", "no", trust_remote_resolver, yes_no),
    TEXT("TrustAnchorFile", NULL, read_input_path, trust_anchor_file, NULL),
    DURATION("DNSTimeout", "5s", dns_timeout_ms, 100, MINUTE),
    CHOICE("Probe", "yes", probe, yes_no),
    DURATION("ProbeTimeout", "6s", probe_timeout_ms, 100, MINUTE),
    NUMBER("ProbePort", "25", probe_port, 1, UINT16_MAX),
    TEXT("ProbeHelo", NULL, read_host, probe_helo, NULL),
    NUMBER("ProbePerHost", "2", probe_per_host, 1, 100),
    CHOICE("AllowPrivateAddresses", "no", allow_private, yes_no),
    TEXT("CAFile", NULL, read_input_path, ca_file, NULL),
    DURATION("STSTimeout", "8s", sts_timeout_ms, 100, MINUTE),
    TEXT(
	"StateDirectory", "/var/lib/postern", read_path, state_directory, NULL),
    TEXT("Store", "sqlite:state.db", read_store, store, NULL),
    DURATION("VerdictTTL", "1h", verdict_ttl_ms, 30 * SECOND, 7 * DAY),
    DURATION("FailTTL", "5m", fail_ttl_ms, 30 * SECOND, 7 * DAY),
    DURATION("TempErrorTTL", "30s", temperror_ttl_ms, 30 * SECOND, 7 * DAY),
    NUMBER("MaxChecks", "256", max_checks, 1, 4096),
    NUMBER("MaxQueue", "4096", max_queue, 1, 1000000),
    NUMBER("MaxDomains", "500", max_domains, 1, 10000),
    TEXT("HeaderName", "X-TLS-Precheck", read_header_name, header_name, NULL),
    CHOICE("HeaderDomains", "visible", header_domains, header_domains),
    TEXT("AuthservID", NULL, read_host, authserv_id, NULL),
    CHOICE("Syslog", "yes", syslog, yes_no),
    TEXT("SyslogFacility", "mail", read_word, syslog_facility, facilities),
    TEXT("SyslogName", "posternd", read_name, syslog_name, NULL),
    CHOICE("SyslogSuccess", "yes", syslog_success, yes_no),
    CHOICE("LogWhy", "no", log_why, yes_no),
    TEXT("UserID", "postern", read_user, user, NULL),
    INT("UMask", "007", read_umask, umask, NULL, 0, 0),
    TEXT("PidFile", NULL, read_path, pid_file, NULL),
    CHOICE("Background", "yes", background, yes_no),
};

enum { KEYWORDS = sizeof(keywords) / sizeof(keywords[0]) };

static void *
field_of(struct settings *settings, const struct keyword *keyword)
{
	return (char *)settings + keyword->at;
}

static const struct keyword *
find_keyword(const char *name)
{
	for (size_t i = 0; i < KEYWORDS; i++)
		if (strcasecmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* Readers cut their text up, so they get a copy. */
static void
read_value(struct settings *settings, const struct keyword *keyword,
    struct place place, const char *value)
{
	char *copy = xstrdup(value);

	place.keyword = keyword->name;
	if (value[0] == '\0')
		complain(&place, "no value");
	else
		keyword->read(
		    &place, keyword, field_of(settings, keyword), copy);
	free(copy);
}

static void
read_defaults(struct settings *settings, struct conf_faults *faults)
{
	for (size_t i = 0; i < KEYWORDS; i++)
		if (keywords[i].fallback != NULL)
			read_value(settings, &keywords[i],
			    (struct place){.faults = faults, .file = "default"},
			    keywords[i].fallback);
}

static void
read_entries(struct settings *settings, const struct conf *conf,
    struct conf_faults *faults)
{
	unsigned seen[KEYWORDS] = {0};

	for (size_t i = 0; i < conf->count; i++) {
		const struct conf_entry *entry = &conf->entries[i];
		const struct keyword *keyword = find_keyword(entry->keyword);
		struct place place = {
		    .faults = faults, .file = conf->path, .line = entry->line};

		if (keyword == NULL) {
			conf_fault(faults, conf->path, entry->line,
			    "%.64s: unknown keyword", entry->keyword);
		} else if (seen[keyword - keywords] != 0) {
			conf_fault(faults, conf->path, entry->line,
			    "%s: stands in line %u already", keyword->name,
			    seen[keyword - keywords]);
		} else {
			seen[keyword - keywords] = entry->line;
			read_value(settings, keyword, place, entry->value);
		}
	}
}

/* This host's name, with its domain where the system knows it. */
static void
host_name(char out[LIMIT_DOMAIN_SIZE])
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME};
	struct addrinfo *info = NULL;
	char name[LIMIT_DOMAIN_SIZE] = "";

	gethostname(name, sizeof(name) - 1);
	if (strchr(name, '.') == NULL &&
	    getaddrinfo(name, NULL, &hints, &info) == 0 &&
	    info->ai_canonname != NULL && strchr(info->ai_canonname, '.'))
		text_copy(name, sizeof(name), info->ai_canonname);
	if (info != NULL)
		freeaddrinfo(info);
	if (domain_normalise(name, out, NULL) < 0)
		text_copy(out, LIMIT_DOMAIN_SIZE, "localhost");
}

static unsigned
line_of(const struct conf *conf, const char *keyword)
{
	for (size_t i = 0; i < conf->count; i++)
		if (strcasecmp(conf->entries[i].keyword, keyword) == 0)
			return conf->entries[i].line;
	return 0;
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
	list_fini(&settings->nameservers);
	if (settings->resolver == DNS_SYSTEM)
		conf_fault(faults, conf->path, line_of(conf, "Nameservers"),
		    "Nameservers: \"recurse\" is for Resolver embedded alone");
}

static void
set_store_path(struct settings *settings)
{
	char path[LIMIT_CONF_LINE * 2];

	if (settings->store == NULL || settings->store[0] == '/') {
		set_text(&settings->store_path, settings->store);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", settings->state_directory,
	    settings->store);
	set_text(&settings->store_path, path);
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
complete(struct settings *settings)
{
	char name[LIMIT_DOMAIN_SIZE];

	set_store_path(settings);

	if (settings->authserv_id != NULL && settings->probe_helo != NULL)
		return;
	host_name(name);
	if (settings->authserv_id == NULL)
		set_text(&settings->authserv_id, name);
	if (settings->probe_helo == NULL)
		set_text(&settings->probe_helo, name);
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
		settings->user_line = line_of(conf, "UserID");
		set_recurse(settings, conf, faults);
	}
	for (size_t i = 0; i < count; i++) {
		struct place place = {
		    .faults = faults, .file = overrides[i].option};

		read_value(settings, find_keyword(overrides[i].keyword), place,
		    overrides[i].value);
	}
	load_destinations(settings, faults);
	if (faults->count > 0)
		return NULL;
	complete(settings);
	settings = NULL;
	return loaded;
}

struct settings *
settings_ref(struct settings *settings)
{
	settings->refs++;
	return settings;
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL || --settings->refs > 0)
		return;
	free(settings->store_path);
	rule_list_free(settings->destinations);
	for (size_t i = 0; i < KEYWORDS; i++) {
		void *field = field_of(settings, &keywords[i]);

		switch (keywords[i].kind) {
		case KIND_INT:
			break;
		case KIND_TEXT:
			set_text(field, NULL);
			break;
		case KIND_LIST:
			list_fini(field);
			break;
		}
	}
	free(settings);
}

static int
check_timeout_ms(const struct settings *settings)
{
	int wait_ms = settings->rcpt_wait_ms;

	return (wait_ms < CHECK_MIN ? CHECK_MIN : wait_ms) - CHECK_MARGIN;
}

void
settings_engine_options(
    const struct settings *settings, struct engine_options *options)
{
	unsigned checks = (unsigned)settings->max_checks;

	*options = (struct engine_options){
	    .dns = {.kind = (enum dns_kind)settings->resolver,
		.trust_anchor_file = settings->trust_anchor_file,
		.nameservers = (const char *const *)settings->nameservers.items,
		.nameserver_count = settings->nameservers.count,
		.recurse = settings->recurse,
		.trust_remote = settings->trust_remote_resolver,
		.timeout_ms = settings->dns_timeout_ms,
		.max_outstanding = checks * LOOKUPS_PER_CHECK},
	    .max_checks = checks,
	    .max_queue = (unsigned)settings->max_queue,
	    .check_timeout_ms = check_timeout_ms(settings),
	    .probe = settings->probe,
	    .probe_timeout_ms = settings->probe_timeout_ms,
	    .probe_helo = settings->probe_helo,
	    .probe_per_host = (unsigned)settings->probe_per_host,
	    .probe_port = (uint16_t)settings->probe_port,
	    .allow_private = settings->allow_private,
	    .ca_file = settings->ca_file,
	    .sts_timeout_ms = settings->sts_timeout_ms,
	    .keep_walk = settings->log_why,
	    .store_path = settings->store_path,
	    .insecure_mx = (enum insecure_mx)settings->insecure_mx,
	    .verdict_ttl_s = (uint32_t)settings->verdict_ttl_ms / SECOND,
	    .fail_ttl_s = (uint32_t)settings->fail_ttl_ms / SECOND,
	    .temperror_ttl_s = (uint32_t)settings->temperror_ttl_ms / SECOND,
	};
}

static bool
list_has(const struct settings_list *list, const char *item)
{
	return list->count > 0 &&
	       bsearch(&item, list->items, list->count, sizeof(*list->items),
		   compare_items) != NULL;
}

bool
settings_lists_domain(const struct settings_list *list, const char *domain)
{
	if (list_has(list, domain))
		return true;
	for (const char *dot = strchr(domain, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		if (list_has(list, dot))
			return true;
	return false;
}

bool
settings_lists_word(const struct settings_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
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

const char *
action_text(enum action action)
{
	static const char *const words[] = {
	    [ACTION_NONE] = "none",
	    [ACTION_TAG] = "tag",
	    [ACTION_HOLD] = "hold",
	    [ACTION_DEFER] = "defer",
	    [ACTION_REJECT] = "reject",
	};

	return words[action];
}
