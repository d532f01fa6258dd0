/* destination - facts of a destination, from a few letters: for tables. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_DESTINATION_H
#define T_FAKE_DESTINATION_H

#include "common/judge/facts.h"
#include "common/judge/rules.h"

enum { DESTINATION_NOW = 1800000000 };

/*
 * destination_make - facts of d.ex
 *
 * mx: s secure, i insecure, f lookup failed, n null MX, x NXDOMAIN, - none is
 * looked up, h no record and so its own host.
 * hosts: a letter for mx1.d.ex, mx2.d.ex and so on: U usable TLSA records,
 * X unusable ones, N none, E TLSA lookup failed, A address lookup failed,
 * 0 no address.
 * policy: NULL; or "error"; or a mode and patterns, "enforce mx1.d.ex *.w.ex";
 * "?": nobody has looked, since time was up; "!": since the queue was full;
 * "~" before any of these: the resolver does not validate.
 */
struct facts *destination_make(
    const char *mx, const char *hosts, const char *policy) OWNED(facts_free);

/* destination_host_rule - one more rule, for a host such as mx1.d.ex; the list
 * is still to be sorted */
void destination_host_rule(
    struct rule_list *list, const char *host, enum level level);

#endif
