/* own_sessions - in place of milter/tlsrpt/own_sessions: who was refused. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_OWN_SESSIONS_H
#define T_FAKE_OWN_SESSIONS_H

#include "milter/tlsrpt/own_sessions.h"

/* The domains of the checks, each behind a blank; a test clears it. */
extern char fake_refused[512];

#endif
