/* state - a store of the test's own: state.db in a new directory, with
 * another's hand in it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_STATE_H
#define T_UNIT_STATE_H

#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/io/store.h"

/* When the first policy was fetched. */
enum { T0 = 1700000000 };

/* In a child cmocka cannot say what is wrong. */
#define CHECK(condition)                                                     \
	do {                                                                 \
		if (!(condition)) {                                          \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, \
			    #condition);                                     \
			_exit(1);                                            \
		}                                                            \
	} while (0)

#define FLIP(result, now) \
	state_flip(store, "example.com", (result), (now), old, NULL)

/* A test that begins without a file. */
#define STATE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, state_setup, state_teardown)

/* Each test has a directory of its own, and there: */
extern char state_dir[64];
extern char state_path[128];

int state_setup(void **state);
int state_teardown(void **state);

/* state_beside - the path and a suffix; until the next call */
const char *state_beside(const char *suffix);
bool is_file_there(const char *name);

/* The files of the directory that have part in their names: for globfree, and
 * how many. */
void state_find_files(const char *part, glob_t *found);
int state_files_with(const char *part);

/* state_open - the store, to write; nothing was wrong with it */
struct store *state_open(void) OWNED(store_free);

/* A policy whose body is number, and filler to length octets. */
struct store_policy
state_policy(const char *domain, unsigned number, size_t length);
int state_put_sized(struct store *store, const char *domain, unsigned number,
    size_t length, struct err *err);
int state_put(struct store *store, const char *domain, unsigned number);

/* The number last put, 0 if it is unknown, -1 on failure. */
int64_t state_get(struct store *store, const char *domain);

/* One result noted: 1 and the old word if it differs, 0 if not, -1 with err. */
int state_flip(struct store *store, const char *domain, const char *result,
    time_t now, char old[STORE_RESULT_SIZE], struct err *err);

/* A new store with d1.example=1 and so on to count, closed again; bodies of 64
 * or of length octets. */
void state_fill(unsigned count);
void state_fill_sized(unsigned count, size_t length);

/* What each row of store_each_policy is told. */
struct state_listing {
	struct store *store; /* dropped from, when not NULL */
	char text[512];
};

void state_list_row(void *arg, const struct store_policy *row);
void state_assert_listing(struct store *store, int count, const char *text);

/* Another's hand in the file: true when it could; the first column of the first
 * row, for free(). */
bool state_sql(const char *text);
char *state_ask(const char *text);
void state_assert_answer(const char *text, const char *wanted);

/* state_fork - fork, with nothing left to be written twice; the child ends by
 * _exit, 0 if all is well */
pid_t state_fork(void);
void state_assert_child(pid_t pid);

/* Root may do everything; the tests of what one may not do are for others. */
void state_drop_root(void);

/*
 * Puts until it is killed, and tells each that returned 0: the numbers go on
 * from first, over forty domains.
 */
void state_write_until_killed(int to, uint32_t first);

/* Reads what is told, kills after so many, and returns the last that was. */
uint32_t
state_kill_after(pid_t pid, int from, unsigned count, unsigned more_us);

#endif
