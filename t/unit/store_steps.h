/* store_steps - what a store says, as steps of tlsd: see there. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_STORE_STEPS_H
#define T_UNIT_STORE_STEPS_H

#include "t/fake/tlsd.h"

/* A request is a line for its count, and two for each word. */
#define L TLSD_READ
#define LINES5 L, L, L, L, L
#define HELLO LINES5
#define LOGIN LINES5, L, L, L, L, L, L
#define GET LINES5
#define ROLE(role, mode) \
	"*4\r\n$4\r\nrole\r\n" role "\r\n$4\r\nmode\r\n" mode "\r\n"
#define MASTER ROLE("$6\r\nmaster", "$10\r\nstandalone")
#define REPLICA ROLE("$5\r\nslave", "$10\r\nstandalone")
#define CLUSTER ROLE("$6\r\nmaster", "$7\r\ncluster")
#define ANSWER "$5\r\nvalue\r\n"

#endif
