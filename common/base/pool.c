/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: jobs wait in four lanes.  POOL_AGAIN is for what goes on after
 * a wait, and always comes first; then POOL_FIRST.  Of the other two, new and
 * slow, the older job is next.  A job that is not done says so and is put among
 * the slow ones.
 *
 * A job takes a place, but for those of POOL_AGAIN, and its thread gives that
 * back when it has run.  What it began, and waits for without a thread, has a
 * place by pool_keep.  So places bound what is under way, also where that is
 * more than there are threads.
 *
 * About three of four places are for jobs that take as long as they take.  The
 * others are for POOL_FIRST and the newest of the new ones, which get QUICK_MS;
 * a job that is not done by then gives its place back.  So however many slow
 * jobs there are, a quick one finds a place.
 *
 * A thread that finds nothing to do is put on top of those that sleep.  Where
 * there is a job for one of them, the top one is woken: what it did last is
 * still in the processor's cache.  One at a time is on its way: it takes what
 * it finds, and wakes the next one if there is more.  In a flood of short jobs
 * most of them so meet a thread that is awake.
 */
#include "common/base/pool.h"

#include <assert.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

enum {
	/* Enough for a TLS handshake, and little enough for hundreds of
	 * threads */
	STACK_OCTETS = 512 * 1024,

	/* Lookups of a cold name, or a handshake with a host at the other end
	 * of the world, take a second or less where all is well */
	QUICK_MS = 2000,

	LANES = POOL_SLOW + 1,
};

struct job {
	TAILQ_ENTRY(job) next;
	uint64_t number; /* by age */
	pool_job *run;
	void *arg;
};
TAILQ_HEAD(lane, job);

/* A thread of the pool. */
struct pool_thread {
	struct pool *pool;
	pthread_t id;
	SLIST_ENTRY(pool_thread) below; /* of those that sleep */
	struct cond call;
	bool called; /* with the pool's lock */
};

struct pool {
	struct lock lock; /* guards lanes, and all to ending */
	SLIST_HEAD(, pool_thread) asleep;
	unsigned called; /* threads that were woken and are not up yet */
	_Atomic unsigned callers; /* who wakes them, without the lock */
	struct lane lanes[LANES];
	uint64_t submitted;
	unsigned queued;
	unsigned taken;     /* places */
	unsigned unhurried; /* of them, those that may take long */
	bool ending;
	unsigned max_queue;
	unsigned max_taken;
	unsigned max_unhurried;
	unsigned thread_count;
	struct pool_thread *threads;
};

static struct job *
oldest_job(struct job *a, struct job *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return a->number < b->number ? a : b;
}

static struct job *
oldest_locked(struct pool *pool, enum pool_lane *lane)
{
	struct job *slow = TAILQ_FIRST(&pool->lanes[POOL_SLOW]);
	struct job *job = oldest_job(TAILQ_FIRST(&pool->lanes[POOL_NEW]), slow);

	*lane = job == slow ? POOL_SLOW : POOL_NEW;
	return job;
}

/* What this thread may do now, or NULL. */
static struct job *
choose_locked(struct pool *pool, enum pool_lane *lane)
{
	struct job *job = TAILQ_FIRST(&pool->lanes[POOL_AGAIN]);

	*lane = POOL_AGAIN;
	if (job != NULL || pool->taken >= pool->max_taken)
		return job;
	job = TAILQ_FIRST(&pool->lanes[POOL_FIRST]);
	*lane = POOL_FIRST;
	if (job != NULL)
		return job;
	if (pool->unhurried < pool->max_unhurried)
		return oldest_locked(pool, lane);
	*lane = POOL_NEW;
	return TAILQ_LAST(&pool->lanes[POOL_NEW], lane);
}

static void
unqueue_locked(struct pool *pool, enum pool_lane lane, struct job *job)
{
	assert(lane <= POOL_SLOW && pool->queued > 0);
	TAILQ_REMOVE(&pool->lanes[lane], job, next);
	pool->queued--;
}

/* A place, which is hurried where those that may take long are all taken. */
static bool
take_place_locked(struct pool *pool)
{
	bool hurried = pool->unhurried >= pool->max_unhurried;

	pool->taken++;
	pool->unhurried += !hurried;
	return hurried;
}

static void
leave_place_locked(struct pool *pool, bool hurried)
{
	assert(pool->taken > 0 && (hurried || pool->unhurried > 0));
	pool->taken--;
	pool->unhurried -= !hurried;
}

/* The one to be woken, by wake_called when the lock is dropped; or NULL. */
static struct cond *
call_locked(struct pool *pool)
{
	struct pool_thread *thread = SLIST_FIRST(&pool->asleep);
	enum pool_lane lane;

	if (thread == NULL || pool->called > 0 ||
	    choose_locked(pool, &lane) == NULL)
		return NULL;
	SLIST_REMOVE_HEAD(&pool->asleep, below);
	thread->called = true;
	pool->called++;
	pool->callers++;
	return &thread->call;
}

static void
call_all_locked(struct pool *pool)
{
	struct pool_thread *thread;

	while ((thread = SLIST_FIRST(&pool->asleep)) != NULL) {
		SLIST_REMOVE_HEAD(&pool->asleep, below);
		thread->called = true;
		pool->called++;
		cond_signal(&thread->call);
	}
}

/* Without the lock: who is woken wants it at once. */
static void
wake_called(struct pool *pool, struct cond *call)
{
	if (call == NULL)
		return;
	cond_signal(call);
	pool->callers--; /* the last that it has to do with the pool */
}

static void
sleep_locked(struct pool *pool, struct pool_thread *thread) HOLDS(pool->lock)
{
	SLIST_INSERT_HEAD(&pool->asleep, thread, below);
	while (!thread->called)
		cond_wait(&thread->call, &pool->lock);
	thread->called = false;
	assert(pool->called > 0);
	pool->called--;
}

/* What a thread has taken on. */
struct turn {
	struct job *job;
	bool placed;
	bool hurried;
};

static bool
next_turn(struct pool *pool, struct pool_thread *thread, struct turn *turn)
{
	struct cond *call;
	enum pool_lane lane;

	lock_take(&pool->lock);
	while (
	    (turn->job = choose_locked(pool, &lane)) == NULL && !pool->ending)
		sleep_locked(pool, thread);
	if (turn->job != NULL) {
		unqueue_locked(pool, lane, turn->job);
		turn->placed = lane != POOL_AGAIN;
		turn->hurried = turn->placed && take_place_locked(pool);
	}
	call = call_locked(pool);
	lock_drop(&pool->lock);
	wake_called(pool, call);
	return turn->job != NULL;
}

static void
queue_locked(struct pool *pool, enum pool_lane lane, struct job *job)
{
	assert(lane <= POOL_SLOW);
	TAILQ_INSERT_TAIL(&pool->lanes[lane], job, next);
	pool->queued++;
}

/* A thread that ends a job looks for the next one itself, so that no other need
 * be woken for what may run now. */
static void
end_turn(struct pool *pool, const struct turn *turn, bool done)
{
	assert(turn->hurried || done);
	lock_take(&pool->lock);
	if (turn->placed)
		leave_place_locked(pool, turn->hurried);
	if (!done)
		queue_locked(pool, POOL_SLOW, turn->job);
	lock_drop(&pool->lock);
	if (done)
		free(turn->job);
}

static void *
run_worker(void *arg)
{
	struct pool_thread *thread = arg;
	struct pool *pool = thread->pool;
	struct turn turn;

	while (next_turn(pool, thread, &turn)) {
		int64_t until_ms =
		    turn.hurried ? clock_mono_ms() + QUICK_MS : INT64_MAX;

		end_turn(pool, &turn, turn.job->run(turn.job->arg, until_ms));
	}
	return NULL;
}

void
pool_keep(struct pool *pool, bool hurried)
{
	lock_take(&pool->lock);
	pool->taken++;
	pool->unhurried += !hurried;
	lock_drop(&pool->lock);
}

void
pool_leave(struct pool *pool, bool hurried)
{
	struct cond *call;

	lock_take(&pool->lock);
	leave_place_locked(pool, hurried);
	call = call_locked(pool);
	lock_drop(&pool->lock);
	wake_called(pool, call);
}

/* 0, or an errno. */
static int
start_worker(struct pool *pool, const pthread_attr_t *attr, const char *name)
{
	struct pool_thread *thread = &pool->threads[pool->thread_count];
	int rc;

	thread->pool = pool;
	cond_init(&thread->call);
	rc = pthread_create(&thread->id, attr, run_worker, thread);
	if (rc != 0) {
		cond_fini(&thread->call);
		return rc;
	}
	pthread_setname_np(thread->id, name);
	pool->thread_count++;
	return 0;
}

/* Signals are for the thread that waits for them: block all, start, restore. */
static int
start_threads(struct pool *pool, const char *name, unsigned threads)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int rc = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_OCTETS);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (rc == 0 && pool->thread_count < threads)
		rc = start_worker(pool, &attr, name);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

void
pool_set_places(struct pool *pool, unsigned places)
{
	lock_take(&pool->lock);
	assert(places >= pool->thread_count && pool->submitted == 0);
	pool->max_taken = places;
	pool->max_unhurried = places - (places + 2) / 4;
	lock_drop(&pool->lock);
}

struct pool *
pool_new(
    const char *name, unsigned threads, unsigned max_queue, struct err *err)
{
	struct pool *pool = xcalloc(1, sizeof(*pool));
	int rc;

	assert(threads > 0);
	lock_init(&pool->lock);
	SLIST_INIT(&pool->asleep);
	for (size_t i = 0; i < LANES; i++)
		TAILQ_INIT(&pool->lanes[i]);
	pool->max_queue = max_queue;
	pool_set_places(pool, threads);
	pool->threads = xcalloc(threads, sizeof(*pool->threads));
	rc = start_threads(pool, name, threads);
	if (rc != 0) {
		err_set(err, ERR_TEMP, "cannot start thread %u of %u: %s",
		    pool->thread_count + 1, threads, strerror(rc));
		pool_free(pool);
		return NULL;
	}
	return pool;
}

bool
pool_submit(struct pool *pool, enum pool_lane lane, pool_job *run, void *arg)
{
	struct job *job = xmalloc(sizeof(*job));
	struct cond *call = NULL;
	bool taken;

	assert(run != NULL);
	job->run = run;
	job->arg = arg;
	lock_take(&pool->lock);
	job->number = pool->submitted++;
	taken = pool->queued < pool->max_queue;
	if (taken) {
		queue_locked(pool, lane, job);
		call = call_locked(pool);
	}
	lock_drop(&pool->lock);
	wake_called(pool, call);
	if (!taken)
		free(job);
	return taken;
}

void *
pool_displace(struct pool *pool)
{
	enum pool_lane lane;
	struct job *job;
	void *arg = NULL;

	lock_take(&pool->lock);
	job = oldest_locked(pool, &lane);
	if (job != NULL)
		unqueue_locked(pool, lane, job);
	lock_drop(&pool->lock);
	if (job != NULL)
		arg = job->arg;
	free(job);
	return arg;
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	lock_take(&pool->lock);
	pool->ending = true;
	call_all_locked(pool);
	lock_drop(&pool->lock);
	for (unsigned i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i].id, NULL);
	while (pool->callers > 0)
		sched_yield();
	for (unsigned i = 0; i < pool->thread_count; i++)
		cond_fini(&pool->threads[i].call);
	assert(pool->queued == 0 && pool->taken == 0 && pool->unhurried == 0);
	free(pool->threads);
	lock_fini(&pool->lock);
	free(pool);
}
