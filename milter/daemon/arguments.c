/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage_text[] =
    "usage: posternd [-fhnvV] [-c FILE] [-p SOCKET] [-P PIDFILE] "
    "[-u USER[:GROUP]]\n";

static int
print_usage(void)
{
	fputs(usage_text, stderr);
	return EX_USAGE;
}

void
arguments_print_help(void)
{
	fputs(usage_text, stdout);
	fputs(
	    "\n"
	    "  -c FILE           configuration, instead of " SETTINGS_PATH "\n"
	    "  -f                stay in the foreground\n"
	    "  -h, --help        this text\n"
	    "  -n                tell what a start would find amiss, and exit\n"
	    "  -p SOCKET         listen there, instead of at Socket\n"
	    "  -P PIDFILE        instead of PidFile\n"
	    "  -u USER[:GROUP]   instead of UserID\n"
	    "  -v                write log lines to standard error too\n"
	    "  -V, --version     the version\n",
	    stdout);
}

static void
override_setting(
    struct arguments *arguments, const char *option, const char *keyword)
{
	struct settings_override *slot = NULL;

	for (size_t i = 0; i < arguments->count; i++)
		if (strcmp(arguments->overrides[i].keyword, keyword) == 0)
			slot = &arguments->overrides[i];
	if (slot == NULL)
		slot = &arguments->overrides[arguments->count++];
	*slot = (struct settings_override){option, keyword, optarg};
}

int
arguments_read(struct arguments *arguments, int argc, char **argv)
{
	static const struct option longs[] = {
	    {.name = "help", .val = 'h'}, {.name = "version", .val = 'V'}, {0}};
	int letter;

	while ((letter = getopt_long(
		    argc, argv, "c:fhnp:P:u:vV", longs, NULL)) != -1) {
		switch (letter) {
		case 'c':
			arguments->file = optarg;
			break;
		case 'f':
			arguments->foreground = true;
			break;
		case 'h':
			arguments->help = true;
			break;
		case 'n':
			arguments->check_only = true;
			break;
		case 'p':
			override_setting(arguments, "-p", "Socket");
			break;
		case 'P':
			override_setting(arguments, "-P", "PidFile");
			break;
		case 'u':
			override_setting(arguments, "-u", "UserID");
			break;
		case 'v':
			arguments->verbose = true;
			break;
		case 'V':
			arguments->version = true;
			break;
		default:
			return print_usage();
		}
	}
	return optind == argc ? 0 : print_usage();
}
