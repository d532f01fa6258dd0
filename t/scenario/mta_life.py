#!/usr/bin/env python3
"""mta_life - what befalls connections, daemons and crowds, with both MTAs.

Several messages on a connection, and what ends them too early; hosts that
hang; a message for very many, and very many messages; a posternd that is
down.  TAP.
"""
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import gates
import mta
import rows
import world_mta
from dialogue import Dialogue, compose, new_id
from gates import actions
from rows import Row, refusal

CONNECTIONS = 50
EACH = 4

# A destination that hangs, for one MTA alone: the verdict that the one had
# waited for would be there for the other.
HANGS = {"postfix": "smtp-silent", "sendmail": "smtp-drip"}
PROBE_S = 15
MESSAGE_WAIT_S = 10
FETCH_S = 29
RULES = mta.HERE + "/rules"


# -- a connection ------------------------------------------------------------

def begin(dialogue, rcpt):
    """A message that will not get to its end."""
    dialogue.say("MAIL FROM:<%s>" % mta.SENDER)
    return dialogue.say("RCPT TO:<%s>" % rows.address(rcpt))


def one_connection(gate, notes):
    """Messages, and what begins like one, in a row; whatever went before,
    the next is judged by itself."""
    alone = "{id}: event=message result=%s action=%s domains=1 rcpts=1"
    with Dialogue(gate.port) as dialogue:
        notes.row(Row("the first message of a connection", ["dane-ee"],
                      tag="pass/none"), dialogue)
        begin(dialogue, "dane-mismatch")
        dialogue.say("RSET")
        notes.row(Row("after RSET", ["plain"], tag="none/none",
                      log=[alone % ("none", "none")]), dialogue)
        begin(dialogue, "d54")
        dialogue.say("EHLO again.sender.example")
        notes.row(Row("after a second EHLO", ["second-mx"],
                      tag="softfail/hold", outcome="held",
                      log=[alone % ("softfail", "hold")]), dialogue)
        notes.row(refused(), dialogue)
        notes.row(Row("after a refusal", ["dane-ee", "plain"],
                      tag="none/none", fields=rows.forged(2),
                      never="forged"), dialogue)
        begin(dialogue, "dane-ee")
        dialogue.say("DATA")
        dialogue.smtp.send("Subject: unfinished\r\n")
    with Dialogue(gate.port) as dialogue:
        notes.row(Row("after a connection that broke", ["dane-ee"],
                      tag="pass/none",
                      log=[alone % ("pass", "none")]), dialogue)


def refused():
    return Row("a refusal at the end", ["dane-mismatch"], final="451",
               about="dane-mismatch")


def refused_then_reset(gate, notes):
    """What was refused is logged, though there is no message."""
    start = mta.syslog_size()
    name = {"postfix": "dane-mismatch", "sendmail": "two-bad"}[gate.name]
    with Dialogue(gate.port) as dialogue:
        reply = begin(dialogue, name)
        notes.test(reply.startswith("451 4.7.5 "), "refused at RCPT", [reply])
        dialogue.say("RSET")
        notes.row(Row("after a refusal at RCPT and RSET", ["dane-ee"],
                      tag="pass/none", log=[
                          "{id}: event=message result=pass action=none "
                          "domains=1 rcpts=1"]), dialogue)
    logged = [line for line in mta.syslog(start)
              if "event=check domain=%s.example " % name in line]
    notes.test(len(logged) == 1 and "NOQUEUE: " in logged[0] and
               " action=defer rcpts=1 " in logged[0],
               "the refusal is logged once, without a queue id", logged)


# -- waits -------------------------------------------------------------------

def deadline(gate, notes):
    """RcptWait runs out; the check goes on, and the next message has it."""
    name = HANGS[gate.name]
    domain = name + ".example"
    notes.row(Row("RcptWait runs out", [name, "dane-ee"], tag="pass/none",
                  replies={name: refusal("451", domain, "deadline")},
                  log=["NOQUEUE: event=check domain=%s result=temperror "
                       % domain, "reason=deadline action=defer rcpts=1"]))

    def known():
        with Dialogue(gate.port) as dialogue:
            reply = begin(dialogue, name)
        return reply if "deadline" not in reply else None
    mta.await_true(known, 30, "the verdict on " + domain)
    notes.row(Row("and the verdict is there for the next message", [name],
                  replies={name: "451"}, log=[" cache=hit "]))


def held_rcpt(gate, notes):
    """A reply to RCPT that takes long, and is waited for."""
    name = HANGS[gate.name]
    began = time.monotonic()
    notes.row(Row("a RCPT of %d s" % PROBE_S,
                  ["dane-ee", name, "plain", "dane-mismatch"],
                  replies={name: "451"}, tag="fail/hold", outcome="held"))
    took = time.monotonic() - began
    notes.test(took >= PROBE_S, "it took so long", ["%.1f s" % took])


def crowd():
    """{domain: result}, 200 of them."""
    kinds = {"good.many": "pass", "bad.many": "fail", "plain.many": "none"}
    found = {"n%d.%s.example" % (n, kind): result
             for kind, result in kinds.items() for n in range(60)}
    for kind in ("mute.many", "stuck"):
        found.update(("n%d.%s.example" % (n, kind), "temperror")
                     for n in range(world_mta.STUCK))
    return found


def very_many(gate, notes):
    """One message for 500 recipients at 200 domains, 20 of which hang."""
    domains = crowd()
    recipients = ["%s@%s" % (user, domain) for user in "abc"
                  for domain in domains][:500]
    start = mta.syslog_size()
    sent = mta.Sent(recipients, new_id())
    with Dialogue(gate.port) as dialogue:
        dialogue.envelope(sent)
        began = time.monotonic()
        dialogue.data(sent, compose(sent.message_id, recipients))
        took = time.monotonic() - began
    queue_id = gate.queue_id(sent)
    notes.test(queue_id and len(sent.accepted()) == 500,
               "500 recipients at 200 domains are taken: " + sent.final)
    notes.test(took < 2 * MESSAGE_WAIT_S, "within MessageWait",
               ["%.1f s" % took])

    def lines_of_it():
        found = [line for line in mta.syslog(start)
                 if "]: %s: event=check " % queue_id in line]
        return len(found) >= len(domains) and found
    lines = mta.await_true(lines_of_it, rows.LOG_S, "the lines of it")
    got = dict(re.findall(r" domain=(\S+) result=(\S+)", line)[0]
               for line in lines)
    notes.test(len(lines) == len(domains) and got == domains,
               "each domain has its line, and its verdict",
               ["%s: %s" % pair for pair in set(got.items()) ^
                set(domains.items())][:20])
    late = [line for line in lines if ".mute.many.example " in line]
    notes.test(all(" reason=deadline " in line for line in late),
               "what hangs is given up for now", late)
    notes.test(gate.is_held(queue_id), "for those that fail it is held")
    tag = mta.headers(gate.waiting(queue_id), rows.FIELD)
    notes.test(len(tag) == 1 and tag[0].endswith(";\n more=180"),
               "the tag tells how many more there are", tag)


def hang_settings():
    """The policies of "mute" hang for far longer than MessageWait."""
    mta.write(RULES, "".join("%s.example auto on-temperror=defer\n" % name
                             for name in HANGS.values()))
    return actions("hold", "hold", "none", "none", "rcpt") + \
        "RcptWait 30s\nMessageWait %ds\nProbeTimeout %ds\n" \
        "GreetingTimeout %ds\nDNSTimeout %ds\nSTSTimeout %ds\n" \
        "Destinations %s\n" % (
            MESSAGE_WAIT_S, PROBE_S, PROBE_S, FETCH_S, FETCH_S, RULES)


# -- a crowd of messages -----------------------------------------------------

def kinds():
    return [Row("", ["dane-ee"], tag="pass/none"),
            Row("", ["dane-mismatch"], replies={"dane-mismatch": "451"}),
            Row("", ["plain", "second-mx"], tag="softfail/hold",
                outcome="held"),
            Row("", ["dane-ee", "dane-mismatch"], tag="pass/none",
                replies={"dane-mismatch": "451"})]


def at_once(gate, notes):
    """Many connections, with a message of each kind, not in step."""
    start = mta.syslog_size()

    def connection(number):
        with Dialogue(gate.port) as dialogue:
            order = kinds()[number % EACH:] + kinds()[:number % EACH]
            return [(row, rows.speak(dialogue, row)) for row in order]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        pairs = [pair for pairs in pool.map(connection, range(CONNECTIONS))
                 for pair in pairs]
    problems = []
    for row, sent in pairs:
        seen = rows.Seen()
        rows.check_replies(row, sent, seen)
        if sent.accepted():
            rows.check_outcome(gate, row, sent, seen, start)
        problems += seen.problems
    taken = {gate.queue_id(sent) for _, sent in pairs if sent.accepted()}
    notes.test(not problems, "%d messages over %d connections, %d taken" % (
        len(pairs), CONNECTIONS, len(taken)), problems[:20])

    def told():
        found = [line.split("]: ", 1)[1].split(":")[0] for line in
                 mta.syslog(start) if ": event=message " in line]
        return taken <= set(found) and found
    logged = mta.await_true(told, rows.LOG_S, "a line of each message")
    notes.test(sorted(q for q in logged if q in taken) == sorted(taken),
               "each that was taken is told once", logged[:20])


# -- posternd is down --------------------------------------------------------

def down(gate, notes):
    notes.row(Row("posternd is down: mail goes", ["dane-mismatch"]))


# -- the run -----------------------------------------------------------------

def with_posternd(out, postern, *both):
    postern.reload(hang_settings())
    gates.tell(out, both, held_rcpt, very_many)
    for at in ("message", "rcpt"):
        postern.reload(actions("defer", "tag", "hold", "none", at))
        gates.tell(out, both, one_connection if at == "message"
                   else refused_then_reset)
    postern.reload(actions("tag", "defer", "tag", "none", "rcpt") +
                   "RcptWait 1s\n")
    gates.tell(out, both, deadline)
    postern.reload(actions("defer", "tag", "hold", "none", "rcpt"))
    gates.tell(out, both, at_once)


def inside(out, *both):
    postern = mta.Posternd("mta")
    with_posternd(out, postern, *both)
    out.test(postern.stop() == 0, "posternd ends")
    both[0].change("milter_default_action=accept")
    gates.tell(out, both, down)


if __name__ == "__main__":
    sys.exit(gates.main(__file__, inside))
