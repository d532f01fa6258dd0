/* unbound_context - contexts of libunbound, made and ended one at a time. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_UNBOUND_CONTEXT_H
#define COMMON_IO_UNBOUND_CONTEXT_H

struct ub_ctx;

/*
 * unbound_context_new, unbound_context_free - ub_ctx_create, ub_ctx_delete
 *
 * NULL where there is no memory or no thread to be had; freeing NULL is fine.
 * Each waits while another context is made, readied or ended.
 */
struct ub_ctx *unbound_context_new(void);
void unbound_context_free(struct ub_ctx *context);

/* unbound_context_ready - read the files that were set; nothing can be set
 * after it.  Before anything is asked: 0, or an error of the library */
int unbound_context_ready(struct ub_ctx *context);

#endif
