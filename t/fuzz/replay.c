/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main of a fuzz target where there is no libFuzzer: try every file of the
 * corpora given, or of the target's own one.  TAP.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fuzz/fuzz.h"

enum { INPUT_SIZE = 1024 * 1024, PATH_SIZE = 4096 };

/* Told before it is tried: who aborts can no more say on what. */
static bool
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *buffer;
	uint8_t *data;
	size_t size;
	bool whole;

	printf("# %s\n", path);
	fflush(stdout);
	if (file == NULL)
		return false;
	buffer = xmalloc(INPUT_SIZE);
	size = fread(buffer, 1, INPUT_SIZE, file);
	whole = feof(file) && !ferror(file);
	fclose(file);
	data = xmemdup(buffer, size);
	free(buffer);
	if (whole)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return whole;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* How many files of the corpus were tried; -1 if one could not be read. */
static int
replay_corpus(const char *corpus)
{
	struct dirent **entries;
	int count = scandir(corpus, &entries, is_visible, alphasort);
	bool good = true;

	for (int i = 0; i < count; i++) {
		char path[PATH_SIZE];
		struct text text;

		text_init(&text, path, sizeof(path));
		text_addf(&text, "%s/%s", corpus, entries[i]->d_name);
		if (!replay_file(path))
			good = false;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return good ? count : -1;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
report(int number, const char *corpus)
{
	int count = replay_corpus(corpus);

	printf("%s %d - %s: %d inputs\n", count > 0 ? "ok" : "not ok", number,
	    base_name(corpus), count > 0 ? count : 0);
	return count > 0;
}

/* t/fuzz/NAME.t tries t/fuzz/corpus/NAME. */
static void
own_corpus(const char *program, char *out, size_t size)
{
	const char *source = getenv("POSTERN_SRCDIR");
	const char *name = base_name(program);
	struct text text;

	text_init(&text, out, size);
	text_addf(&text, "%s/t/fuzz/corpus/%.*s", source ? source : ".",
	    (int)strcspn(name, "."), name);
}

int
main(int argc, char *argv[])
{
	char own[PATH_SIZE];
	bool good = true;

	if (argc < 2) {
		own_corpus(argv[0], own, sizeof(own));
		printf("1..1\n");
		return report(1, own) ? 0 : 1;
	}
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		if (!report(i, argv[i]))
			good = false;
	return good ? 0 : 1;
}
