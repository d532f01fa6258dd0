/* advice_words - whose matter it is: words that advice has in common. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_ADVICE_WORDS_H
#define MILTER_ACT_ADVICE_WORDS_H

#define NOBODY ""
#define THEM "the receiving domain's mail administrator"
#define THEIR_DNS "whoever runs the receiving domain's DNS"
#define THEIR_STS "whoever publishes the receiving domain's MTA-STS policy"
#define US "you: it is this host's matter"
#define SENDER "the sender of the message"
#define BOTH "you, with the receiving domain's mail administrator"
#define TAKE_BACK "Agree on DANE with the destination, or take the rule back."

#endif
