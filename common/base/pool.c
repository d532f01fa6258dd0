/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/pool.h"

#include <signal.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/lock.h"
#include "common/base/xalloc.h"

/* Enough for a TLS handshake, and little enough for hundreds of threads. */
enum { STACK_OCTETS = 512 * 1024 };

struct job {
	STAILQ_ENTRY(job) next;
	pool_job *run;
	void *arg;
};

struct pool {
	struct lock lock; /* guards queue, queued, ending */
	struct cond work;
	STAILQ_HEAD(, job) queue;
	unsigned queued;
	bool ending;
	unsigned max_queue;
	unsigned thread_count;
	pthread_t *threads;
};

static struct job *
next_job(struct pool *pool)
{
	struct job *job;

	lock_take(&pool->lock);
	while ((job = STAILQ_FIRST(&pool->queue)) == NULL && !pool->ending)
		cond_wait(&pool->work, &pool->lock);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&pool->queue, next);
		pool->queued--;
	}
	lock_drop(&pool->lock);
	return job;
}

static void *
work(void *arg)
{
	struct pool *pool = arg;
	struct job *job;

	while ((job = next_job(pool)) != NULL) {
		job->run(job->arg);
		free(job);
	}
	return NULL;
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
	while (rc == 0 && pool->thread_count < threads) {
		pthread_t *thread = &pool->threads[pool->thread_count];

		rc = pthread_create(thread, &attr, work, pool);
		if (rc == 0) {
			pthread_setname_np(*thread, name);
			pool->thread_count++;
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

struct pool *
pool_new(
    const char *name, unsigned threads, unsigned max_queue, struct err *err)
{
	struct pool *pool = xcalloc(1, sizeof(*pool));
	int rc;

	lock_init(&pool->lock);
	cond_init(&pool->work);
	STAILQ_INIT(&pool->queue);
	pool->max_queue = max_queue;
	pool->threads = xcalloc(threads, sizeof(*pool->threads));
	rc = start_threads(pool, name, threads);
	if (rc != 0) {
		err_set(err, ERR_LOCAL, "cannot start thread %u of %u: %s",
		    pool->thread_count + 1, threads, strerror(rc));
		pool_free(pool);
		return NULL;
	}
	return pool;
}

bool
pool_submit(struct pool *pool, pool_job *run, void *arg)
{
	struct job *job = xmalloc(sizeof(*job));
	bool taken;

	job->run = run;
	job->arg = arg;
	lock_take(&pool->lock);
	taken = pool->queued < pool->max_queue;
	if (taken) {
		STAILQ_INSERT_TAIL(&pool->queue, job, next);
		pool->queued++;
		cond_signal(&pool->work);
	}
	lock_drop(&pool->lock);
	if (!taken)
		free(job);
	return taken;
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	lock_take(&pool->lock);
	pool->ending = true;
	cond_broadcast(&pool->work);
	lock_drop(&pool->lock);
	for (unsigned i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool->threads);
	cond_fini(&pool->work);
	lock_fini(&pool->lock);
	free(pool);
}
