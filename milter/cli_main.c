/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/cli_check.h"
#include "milter/settings.h"

enum { OPTION_JSON = 256, OPTION_DEPTH, OPTION_LEVEL };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void
print_usage(FILE *out)
{
	fputs(
	    "usage: postern check [options] DOMAIN|ADDRESS ...\n"
	    "\n"
	    "Says what DANE and MTA-STS demand of a destination, whether it\n"
	    "keeps it now, why not, and who can mend it.\n"
	    "\n"
	    "  -c FILE              configuration, " SETTINGS_PATH "\n"
	    "      --depth dns      look at DNS and policy, connect to no "
	    "host\n"
	    "      --level LEVEL    judge by may, encrypt, dane, dane-only or\n"
	    "                       secure, not by what is published (auto)\n"
	    "      --json           one JSON object a line\n"
	    "  -h, --help           this text\n"
	    "  -V, --version        version\n"
	    "\n"
	    "exit status: 0 pass, 1 none or softfail, 2 fail, 3 temperror or\n"
	    "skip; 64 usage, 69 no resolver, 78 configuration\n",
	    out);
}

static int
usage_error(const char *what, const char *value)
{
	fprintf(stderr, "postern: %s%s\n", what, value);
	fputs("Try: postern --help\n", stderr);
	return EX_USAGE;
}

static int
read_depth(const char *word, struct cli_check_options *options)
{
	options->dns_only = strcmp(word, "dns") == 0;
	return options->dns_only || strcmp(word, "probe") == 0 ? 0 : -1;
}

/* Returns -1 to go on, else the exit status. */
static int
read_option(int option, struct cli_check_options *options)
{
	switch (option) {
	case 'c':
		options->conf_file = optarg;
		return -1;
	case OPTION_JSON:
		options->json = true;
		return -1;
	case OPTION_DEPTH:
		return read_depth(optarg, options) == 0
			   ? -1
			   : usage_error(
				 "--depth wants dns or probe, not ", optarg);
	case OPTION_LEVEL:
		return level_parse(optarg, &options->level) == 0
			   ? -1
			   : usage_error("--level: no such level: ", optarg);
	case 'h':
		print_usage(stdout);
		return EX_OK;
	case 'V':
		puts("postern " PACKAGE_VERSION);
		return EX_OK;
	default:
		fputs("Try: postern --help\n", stderr);
		return EX_USAGE;
	}
}

int
main(int argc, char *argv[])
{
	struct cli_check_options options = {.level = LEVEL_AUTO};
	int option, status;

	/* a reader that goes away is a write that fails, no death */
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) !=
	       -1) {
		status = read_option(option, &options);
		if (status != -1)
			return status;
	}
	if (optind == argc) {
		print_usage(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[optind], "check") != 0)
		return usage_error("no such verb: ", argv[optind]);
	optind++;
	if (optind == argc)
		return usage_error("check wants at least one domain", "");
	return cli_check(&options, &argv[optind], (size_t)(argc - optind));
}
