"""Rows of ../mta: a message through an MTA, and what is to come of it.

For programs that run inside the lab.
"""
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import mta
import world
from dialogue import Dialogue, Sink

WORKERS = 6
LOG_S = 20
FIELD = "X-TLS-Precheck"

# A domain whose mail stays here and is thrown away, and one whose recipients
# the MTA refuses by itself.
LOCAL = "boxes.example"
GONE = "gone.example"

SINK = Sink()


@dataclass
class Row:
    """A message, and what is to come of it.

    rcpts: names of destinations, or addresses.  replies: by recipient, 250
    where there is none; a code alone stands for what Postern says of the
    destination.  final: the same for the end of the message, of the
    destination "about".  tag: "result/action", or None for no tag.  items:
    its domains, if they are not all that are left.  outcome: what becomes of
    the recipients that are left, by recipient where they differ, None for
    whatever the MTA does.  log: parts of lines that posternd logs, "{id}"
    for the queue id.  never: what is to stand neither in the header nor in
    why the message is held.
    """
    name: str
    rcpts: list
    replies: dict = field(default_factory=dict)
    final: str = "250"
    about: str = ""
    tag: str = None
    items: list = None
    outcome: object = "sent"
    to: list = None
    sender: str = mta.SENDER
    fields: tuple = ()
    log: tuple = ()
    never: str = ""


def address(rcpt):
    return rcpt if "@" in rcpt else "user@" + domain_of(rcpt)


def domain_of(rcpt):
    return rcpt.split("@", 1)[1] if "@" in rcpt \
        else world.WORLD.find(rcpt).domain


def refusal(code, domain, reason):
    """What Postern has the MTA say."""
    status = {"451": "4.7.5", "450": "4.4.3", "550": "5.7.5"}[code]
    return "%s %s %s: %s (outbound TLS precheck)" % (code, status, domain,
                                                     reason)


def reply_of(said, rcpt):
    """A refusal names what was judged: the next hop, where there is one."""
    if said == "250" or len(said) > len("250"):
        return said
    dest = world.WORLD.find(rcpt)
    return refusal(said, dest.relay.strip("[]") if dest.relay else dest.domain,
                   dest.expect.reason)


def item(rcpt):
    expect = world.WORLD.find(rcpt).expect
    return "%s/%s/%s/%s" % (domain_of(rcpt), expect.result, expect.policy,
                            expect.reason)


def forged(number):
    """Fields of a message."""
    return [mta.FORGED.replace("id=x", "id=%d" % n) for n in range(number)]


@dataclass
class Seen:
    """What came of a row with one MTA."""
    problems: list = field(default_factory=list)
    replies: list = field(default_factory=list)
    final: str = "-"
    tag: str = "-"
    queue: str = "-"

    def same(self, what, got, expected):
        if got != expected:
            self.problems.append("%s: %r, expected %r" % (what, got,
                                                          expected))

    def begins(self, what, got, expected):
        if not got.startswith(expected):
            self.problems.append("%s: %r, expected %r" % (what, got,
                                                          expected))

    def __str__(self):
        return "RCPT %s, end %s, tag %s, queue %s" % (
            " ".join(self.replies), self.final, self.tag, self.queue)


def run(gate, row, dialogue=None):
    """Send a row's message, over a connection of its own or over one that
    there is; what is wrong with it."""
    seen = Seen()
    start = mta.syslog_size()
    try:
        if dialogue is None:
            with Dialogue(gate.port) as own:
                sent = speak(own, row)
                own.say("QUIT")
        else:
            sent = speak(dialogue, row)
        check_replies(row, sent, seen)
        if gate.queue_id(sent):
            check_outcome(gate, row, sent, seen, start)
        check_log(row, gate.queue_id(sent), start)
    except mta.Failure as error:
        seen.problems += [str(error), *complaints(start)]
    return seen


def complaints(start):
    """What the MTAs say of a milter that fails them."""
    return [line for line in mta.syslog(start) if re.search(
        r"warning: (milter|connect to Milter) |Milter \(postern\): (?!delete|"
        r"insert)", line)]


def speak(dialogue, row):
    return dialogue.send([address(r) for r in row.rcpts], to=row.to,
                         fields=row.fields, sender=row.sender)


def check_replies(row, sent, seen):
    """Sendmail puts the recipient before what it was told to say."""
    for rcpt in row.rcpts:
        reply = sent.replies[address(rcpt)].replace(
            "<%s>... " % address(rcpt), "")
        seen.replies.append(reply[:3])
        seen.begins("reply to RCPT", reply,
                    reply_of(row.replies.get(rcpt, "250"), rcpt))
    if not sent.accepted():
        seen.same("reply at the end", sent.final, "")
        return
    seen.final = sent.final[:3]
    seen.begins("reply at the end", sent.final, reply_of(row.final,
                                                         row.about))


def check_outcome(gate, row, sent, seen, start):
    queue_id = gate.queue_id(sent)
    words = fate(gate, queue_id, sent.accepted(), start)
    seen.queue = "+".join(dict.fromkeys(words.values()))
    if row.outcome is None:
        return
    for rcpt in row.rcpts:
        if address(rcpt) in words:
            expected = row.outcome if isinstance(row.outcome, str) \
                else row.outcome[rcpt]
            seen.same("outcome for " + rcpt, words[address(rcpt)], expected)
    away = [word for rcpt, word in words.items()
            if not rcpt.endswith("@" + LOCAL)]
    for text in copies(gate, sent, queue_id, away):
        check_tag(row, text, queue_id, seen)
    if "held" in words.values() and row.never:
        seen.same("in the reason to hold",
                  row.never in gate.hold_reason(queue_id), False)


def fate(gate, queue_id, left, start):
    """{recipient: sent, held, ...} once it is settled for all."""
    def look():
        if gate.is_held(queue_id):
            return dict.fromkeys(left, "held")
        found = gate.outcomes(queue_id, start)
        return found if set(found) >= set(left) else None
    return mta.await_true(look, mta.DELIVERY_S, "the fate of " + queue_id)


def copies(gate, sent, queue_id, words):
    """The texts of the message as it left, and as it waits."""
    found = []
    if "sent" in words:
        found = [text for _, text in mta.await_true(
            lambda: SINK.find(sent.message_id), mta.DELIVERY_S,
            "the sink's copy of " + queue_id)]
    if set(words) & {"held", "deferred"}:
        found.append(gate.waiting(queue_id))
    return found


def check_tag(row, text, queue_id, seen):
    fields = mta.headers(text, FIELD)
    if row.never:
        seen.same("in the header", row.never in mta.header_block(text),
                  False)
    if len(fields) != (row.tag is not None):
        seen.problems.append("%d tags: %s" % (len(fields), fields))
    if not fields:
        return
    pairs = dict(re.findall(r" (result|action|id)=(\S+?)(?:;|$)", fields[0]))
    seen.tag = "%s/%s" % (pairs.get("result"), pairs.get("action"))
    seen.same("tag", seen.tag, row.tag)
    seen.same("id of the tag", pairs.get("id"), queue_id)
    items = row.items
    if items is None:
        items = [item(rcpt) for rcpt in row.rcpts
                 if row.replies.get(rcpt, "250") == "250"]
    seen.same("domains of the tag", sorted(re.findall(
        r"^ d=(\S+?);?$", fields[0], re.M)), sorted(items))
    if "\nReceived:" in "\n" + text[:text.index(fields[0])]:
        seen.problems.append("the tag is not on top")


def check_log(row, queue_id, start):
    for part in row.log:
        part = part.replace("{id}", str(queue_id))
        mta.await_true(lambda: any("posternd[" in line and part in line
                                   for line in mta.syslog(start)), LOG_S,
                       "%r in the log" % part)


def run_all(out, gates, rows):
    """Each row through each MTA, some side by side, as TAP."""
    pairs = [(gate, row) for row in rows for gate in gates]
    with ThreadPoolExecutor(WORKERS) as pool:
        for (gate, row), seen in zip(pairs, pool.map(
                lambda pair: run(*pair), pairs)):
            out.test(not seen.problems, "%s: %s: %s" % (gate.name, row.name,
                                                        seen), seen.problems)
