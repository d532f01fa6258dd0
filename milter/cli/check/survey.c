/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread asks and starts checks, no more at once than jobs;
 * the workers that end them print each answer into memory and put it into the
 * list; one thread writes the list out, in the order of the questions if that
 * is wanted. A place is free again when its answer is written, not before, so
 * that a slow reader of stdout holds the questions back.
 */
#include "milter/cli/check/survey.h"

#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/progress.h"

/* A line holds a domain or an address, and perhaps a comment. */
enum { LINE_SIZE = 1024, PROGRESS_MS = 100 };

/* One destination, from the question to the printed answer. */
struct item {
	struct run *run;
	struct item *next;
	size_t number; /* of the question */
	char asked[LIMIT_DOMAIN_SIZE];
	char *text; /* from open_memstream */
	size_t length;
	enum result result;
};

/* Shared by the thread that asks, the workers that answer, and the thread that
 * writes; all below the lock is under it. */
struct run {
	const struct cli_survey *survey;
	struct lock lock;
	struct cond changed;
	struct item *answers; /* not yet written, in the order to write */
	size_t running;       /* asked, not yet written */
	bool asked_all;
	bool broken; /* stdout takes no more */
	struct cli_tally tally;
	struct cli_progress progress; /* with a file; of the writer */
	size_t asked;                 /* of the asker alone */
	int64_t drawn_ms; /* of the writer: when the progress was last drawn */
};

/* Behind all that came before, or by number. */
static void
insert_item_locked(struct run *run, struct item *item)
{
	struct item **at = &run->answers;

	while (*at != NULL &&
	       (!run->survey->ordered || (*at)->number < item->number))
		at = &(*at)->next;
	item->next = *at;
	*at = item;
}

/* By a worker: the check is only lent, so it is printed here. */
static void
keep_answer(void *arg, const struct check *check, bool cached)
{
	struct item *item = arg;
	struct run *run = item->run;
	FILE *out = open_memstream(&item->text, &item->length);

	(void)cached;
	if (out != NULL) {
		run->survey->print(run->survey->arg, out, check, item->asked);
		fclose(out);
	}
	item->result = check->verdict->result;
	lock_take(&run->lock);
	insert_item_locked(run, item);
	cond_broadcast(&run->changed);
	lock_drop(&run->lock);
}

static void
draw_progress(struct run *run, const struct cli_tally *tally, size_t running)
{
	int64_t now_ms = clock_mono_ms();

	if (run->survey->progress && run->survey->file != NULL) {
		cli_progress_draw(&run->progress, tally->count);
		return;
	}
	if (!run->survey->progress || now_ms - run->drawn_ms < PROGRESS_MS)
		return;
	run->drawn_ms = now_ms;
	fprintf(stderr, "\r\033[Kchecking: %zu done, %zu running", tally->count,
	    running);
}

static void
erase_progress(struct run *run)
{
	cli_progress_erase(&run->progress);
	if (!run->survey->progress || run->drawn_ms == 0)
		return;
	run->drawn_ms = 0;
	fputs("\r\033[K", stderr);
}

static bool
can_write_locked(const struct run *run)
{
	return run->answers != NULL &&
	       (!run->survey->ordered ||
		   run->answers->number == run->tally.count);
}

/* The next to be written; NULL when all is. */
static struct item *
take_next_item(struct run *run)
{
	struct item *item;

	lock_take(&run->lock);
	while (
	    !can_write_locked(run) && (!run->asked_all || run->running > 0)) {
		struct cli_tally tally = run->tally;
		size_t running = run->running;

		if (run->survey->progress) {
			lock_drop(&run->lock);
			draw_progress(run, &tally, running);
			lock_take(&run->lock);
		}
		if (!can_write_locked(run))
			cond_wait_until(&run->changed, &run->lock,
			    clock_mono_ms() + PROGRESS_MS);
	}
	item = run->answers;
	if (item != NULL)
		run->answers = item->next;
	lock_drop(&run->lock);
	return item;
}

static void
write_answer(struct run *run, struct item *item)
{
	bool broken =
	    item->text == NULL ||
	    fwrite(item->text, 1, item->length, stdout) != item->length ||
	    fflush(stdout) != 0;

	lock_take(&run->lock);
	run->broken |= broken;
	run->running--;
	run->tally.count++;
	run->tally.of[item->result]++;
	if (result_is_worse(item->result, run->tally.worst))
		run->tally.worst = item->result;
	cond_broadcast(&run->changed);
	lock_drop(&run->lock);
	free(item->text);
	free(item);
}

static void *
write_answers(void *arg)
{
	struct run *run = arg;
	struct item *item;

	while ((item = take_next_item(run)) != NULL) {
		erase_progress(run);
		write_answer(run, item);
	}
	erase_progress(run);
	return NULL;
}

static bool
ends_early_locked(const struct run *run)
{
	return run->broken ||
	       (run->survey->file != NULL && cli_progress_is_stopped());
}

/* Start a check as soon as there is room for one; false: no more of them. */
static bool
begin_item(struct run *run, const char *word)
{
	struct item *item;
	bool broken;

	lock_take(&run->lock);
	/* nothing else tells of Ctrl-C */
	while (!ends_early_locked(run) && run->running >= run->survey->jobs)
		cond_wait_until(
		    &run->changed, &run->lock, clock_mono_ms() + PROGRESS_MS);
	broken = ends_early_locked(run);
	run->running += !broken;
	cond_broadcast(&run->changed);
	lock_drop(&run->lock);
	if (broken)
		return false;
	item = xcalloc(1, sizeof(*item));
	item->run = run;
	item->number = run->asked++;
	text_clean(item->asked, sizeof(item->asked), word, strlen(word));
	cli_engine_submit(
	    run->survey->cli, run->survey->like, word, keep_answer, item);
	return true;
}

/* The rest of a line that is too long. */
static void
skip_line(FILE *file)
{
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n')
		continue;
}

static void
cut_comment(char *line)
{
	for (char *c = line; *c != '\0'; c++)
		if (*c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			return;
		}
}

/* The next that is asked about, in line; NULL at the end. */
static const char *
next_question(FILE *file, char line[LINE_SIZE])
{
	while (fgets(line, LINE_SIZE, file) != NULL) {
		const char *word;

		if (strchr(line, '\n') == NULL)
			skip_line(file);
		cut_comment(line);
		word = text_trim(line);
		if (word[0] != '\0')
			return word;
	}
	return NULL;
}

/* How many there are; 0 where the file can be read but once. */
static size_t
count_words(FILE *file)
{
	char line[LINE_SIZE];
	size_t count = 0;
	long begin = ftell(file);

	if (begin < 0 || fseek(file, begin, SEEK_SET) != 0)
		return 0;
	while (next_question(file, line) != NULL)
		count++;
	return fseek(file, begin, SEEK_SET) == 0 ? count : 0;
}

static int
ask_file(struct run *run, FILE *file)
{
	char line[LINE_SIZE];
	const char *word;

	while ((word = next_question(file, line)) != NULL)
		if (!begin_item(run, word))
			return 0;
	return ferror(file) && !cli_progress_is_stopped()
		   ? cli_fail(EX_NOINPUT, "cannot read the file")
		   : 0;
}

static int
ask_all(struct run *run)
{
	const struct cli_survey *survey = run->survey;

	for (size_t i = 0; i < survey->words->count; i++)
		if (!begin_item(run, survey->words->items[i]))
			return 0;
	return survey->file == NULL ? 0 : ask_file(run, survey->file);
}

int
cli_survey_run(const struct cli_survey *survey, struct cli_tally *tally)
{
	struct run run = {.survey = survey};
	pthread_t writer;
	int status;

	run.tally.worst = RESULT_SKIP;
	if (survey->file != NULL)
		cli_progress_begin(&run.progress, "checking", "domains", 1,
		    survey->words->count + count_words(survey->file));
	lock_init(&run.lock);
	cond_init(&run.changed);
	if (pthread_create(&writer, NULL, write_answers, &run) != 0)
		return cli_fail(EX_UNAVAILABLE, "the system gives no thread");
	status = ask_all(&run);
	lock_take(&run.lock);
	run.asked_all = true;
	cond_broadcast(&run.changed);
	lock_drop(&run.lock);
	pthread_join(writer, NULL);
	cond_fini(&run.changed);
	lock_fini(&run.lock);
	if (survey->file != NULL)
		run.tally.stopped = cli_progress_end(&run.progress);
	*tally = run.tally;
	if (status == 0 && run.broken)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return status;
}
