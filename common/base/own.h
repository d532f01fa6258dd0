/* own - who frees what, said to the compiler. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_OWN_H
#define COMMON_BASE_OWN_H

/*
 * AUTO(thing) struct thing *t = ...: thing_free(t) runs when t goes out of
 * scope.  A module that has thing_free says AUTO_DEFINE(thing) in its header.
 */
#define AUTO(thing) __attribute__((cleanup(thing##_auto)))
#define AUTO_DEFINE(thing)                                \
	static inline void thing##_auto(struct thing **p) \
	{                                                 \
		thing##_free(*p);                         \
	}                                                 \
	struct thing

/* OWNED(free_fn) on a prototype: the caller releases the result with free_fn */
#ifdef __clang__
#define OWNED(free_fn) __attribute__((malloc, warn_unused_result))
#else
#define OWNED(free_fn) __attribute__((malloc(free_fn, 1), warn_unused_result))
#endif

#endif
