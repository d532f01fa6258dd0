#!/usr/bin/env python3
"""postfix - what only Postfix has, with posternd in the lab.

A relayhost, mail by sendmail(1) that never sees SMTP, a chroot with the
socket in it, a socket of TCP, what the default action does, and that settings
of the sample are for posternd alone.  The lines for
main.cf are those of etc/postfix-main.cf.  TAP.
"""
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import gates
import mta
import postfix
import rows
import tap
import world_store
from dialogue import Dialogue, compose, new_id
from gates import actions
from rows import Row, item, refusal

DEFER = actions("defer", "tag", "tag", "none", "rcpt")


# -- mail past SMTP ----------------------------------------------------------

def submit(gate, row):
    """A message by sendmail(1); its Sent has no replies."""
    sent = mta.Sent([rows.address(r) for r in row.rcpts], new_id())
    text = compose(sent.message_id, sent.recipients, row.fields)
    done = subprocess.run(["/usr/sbin/sendmail", "-t", "-i", "-f",
                           mta.SENDER], input=text.replace("\r", ""),
                          text=True, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise mta.Failure("sendmail: " + done.stderr)
    return sent


def find_queue_id(sent, start):
    found = re.findall(r"cleanup\[\d+\]: (\w+): message-id=" +
                       re.escape(sent.message_id),
                       "\n".join(mta.syslog(start)))
    return found[0] if found else None


def queue_id_of(sent, start):
    return mta.await_true(lambda: find_queue_id(sent, start), mta.DELIVERY_S,
                          "the queue id")


def by_sendmail(gate, notes, *submissions):
    for row in submissions:
        start = mta.syslog_size()
        seen = rows.Seen()
        sent = submit(gate, row)
        queue_id = queue_id_of(sent, start)
        sent.replies = dict.fromkeys(sent.recipients, "250")
        sent.final = "250 2.0.0 Ok: queued as " + queue_id
        rows.check_outcome(gate, row, sent, seen, start)
        rows.check_log(row, queue_id, start)
        notes.test(not seen.problems, "sendmail(1), %s: tag %s, queue %s" % (
            row.name, seen.tag, seen.queue), seen.problems)


def past_smtp(action, at):
    """Rows of mail that did not come by SMTP."""
    what = "On-Fail %s at %s" % (action, at)
    return [
        Row("a pass, " + what, ["dane-ee"], tag="pass/none",
            fields=rows.forged(2), never="forged"),
        Row("a fail, " + what, ["dane-ee", "dane-mismatch"],
            tag="fail/hold", outcome="held", items=[
                item("dane-ee"), item("dane-mismatch")],
            log=["{id}: event=message result=fail action=hold domains=2 "
                 "rcpts=2"])]


def without_smtp(out, postern, gate):
    for action, at in (("defer", "rcpt"), ("reject", "message")):
        postern.reload(actions(action, "tag", "tag", "none", at))
        gates.tell(out, [gate], lambda gate, notes: by_sendmail(
            gate, notes, *past_smtp(action, at)))


# So many that cleanup(8) would not survive to take each out.
COPIES = 11000
# A mail host that says nothing, and what a message to it may cost others.
SILENT_CONF = DEFER + "GreetingTimeout 15s\nProbeTimeout 30s\nMessageWait 60s\n"
LOCAL_WAIT_S = 5
MARGIN_S = 6


def overdone(gate, notes):
    """Mail for a local box, full of forged tags."""
    name = mta.FORGED.split(":", 1)[0]
    start = mta.syslog_size()
    begun = time.monotonic()
    notes.row(Row(
        "%d forged tags, to a local recipient" % COPIES,
        ["user@" + rows.LOCAL], fields=["%s: x" % name] * COPIES,
        final="550 5.7.1 %s: too many fields of this name" % name))
    took = time.monotonic() - begun
    lines = mta.syslog(start)
    notes.test(took < mta.MARK_S, "and they cost the MTA little: %.1f s"
               % took)
    notes.test(not [line for line in lines if re.search(
        r"panic|signal 6|X-TLS-Precheck: x", line)],
        "nothing of it breaks cleanup(8)", lines[-20:])
    told = [line for line in lines if "event=message result=skip "
            "action=reject domains=1 rcpts=1 auth=no" in line]
    notes.test(len(told) == 1 and told[0].startswith("mail.warning ") and
               told[0].endswith(" forged=%d" % COPIES),
               "the log tells it", lines[-5:])


def overdone_by_sendmail(gate, notes):
    """Nobody can be refused."""
    name = mta.FORGED.split(":", 1)[0]
    start = mta.syslog_size()
    sent = submit(gate, Row("", ["dane-ee"], fields=["%s: x" % name] * 101))
    queue_id = queue_id_of(sent, start)
    mta.await_true(lambda: gate.is_held(queue_id), mta.DELIVERY_S,
                   "hold of " + queue_id)
    notes.test(any("%s: event=message result=skip action=hold" % queue_id
                   in line for line in mta.syslog(start)),
               "sendmail(1), 101 forged tags: held")


def local_mail_flows(gate, notes):
    """pickup(8) takes in one message after the other."""
    start = mta.syslog_size()
    submit(gate, Row("", ["smtp-silent"]))
    begun = time.monotonic()
    sent = submit(gate, Row("", ["dane-ee"]))
    queue_id = queue_id_of(sent, start)
    mta.await_true(lambda: any(
        "%s: event=message result=pass" % queue_id in line
        for line in mta.syslog(start)), mta.DELIVERY_S, "the second message")
    took = time.monotonic() - begun
    notes.test(took < LOCAL_WAIT_S + MARGIN_S,
               "a silent destination does not keep local mail: %.1f s" % took)
    told = [line for line in mta.syslog(start)
            if "domain=smtp-silent.example result=temperror" in line]
    notes.test(len(told) == 1 and " reason=deadline " in told[0],
               "it has no verdict by then", told)


# -- mail that stays, and mail that goes on ------------------------------------

def comes_back(out, postern, gate):
    """Of such mail the MTA does not say that it stays."""
    kept = mta.run("postconf", "-h", "myhostname").strip()
    postern.reload(actions("hold", "hold", "hold", "hold", "message"))
    skipped = ["{id}: event=skip domain=plain.example reason=internal "
               "action=none rcpts=1"]
    gates.tell(out, [gate], lambda gate, notes: by_sendmail(gate, notes, Row(
        "another's domain without a policy", ["plain"], tag="none/hold",
        outcome="held")))
    gate.change("myhostname=mx1.plain.example")
    gates.tell(out, [gate], lambda gate, notes: by_sendmail(gate, notes, Row(
        "a domain whose mail host is this one loops", ["plain"],
        outcome="bounced", log=skipped)))
    gate.change("myhostname=" + kept)
    postern.reload(actions("hold", "hold", "hold", "hold", "message") +
                   "AllowPrivateAddresses no\n")
    own = world_store.OWN_MAIL
    mta.run("ip", "address", "add", own + "/32", "dev", "lo")
    gate.change("proxy_interfaces=" + own)
    skipped = [skipped[0].replace("plain.", "own.")]
    gates.tell(out, [gate], lambda gate, notes: by_sendmail(gate, notes, Row(
        "so does one whose mail host has an address of this one", ["own"],
        outcome="bounced", log=skipped)))
    mta.run("ip", "address", "del", own + "/32", "dev", "lo")
    gate.change("proxy_interfaces=")


REINJECT = "127.0.0.1:10026/inet"


def forwarded(out, postern, gate):
    """As the manual has it."""
    postern.reload(DEFER)
    mta.write("/etc/postfix/virtual", "alias@%s user@dane-mismatch.example\n"
              % rows.GONE)
    gate.change("virtual_alias_maps=texthash:/etc/postfix/virtual")
    alias = "alias@" + rows.GONE
    gates.tell(out, [gate], lambda gate, notes: notes.row(Row(
        "the target of a virtual alias is not looked at", [alias],
        outcome=None, log=["{id}: event=skip domain=%s reason=internal"
                           % rows.GONE])))
    mta.run("postconf", "-M", "%s=127.0.0.1:10026 inet n - n - - smtpd "
            "-o content_filter= -o receive_override_options="
            "no_address_mappings" % REINJECT)
    gate.change("content_filter=smtp:[127.0.0.1]:10026")
    gates.tell(out, [gate], lambda gate, notes: notes.row(Row(
        "it is where the mail passes smtpd(8) again", [alias], outcome=None,
        log=["NOQUEUE: event=check domain=dane-mismatch.example result=fail "
             "policy=tlsa"])))
    gate.change("content_filter=", "virtual_alias_maps=")
    mta.run("postconf", "-MX", REINJECT)


# -- next hops, sockets ------------------------------------------------------

def relayhost(out, postern, gate):
    postern.reload(DEFER)
    gate.change("relayhost=[mx1.dane-mismatch.example]")
    reply = refusal("451", "mx1.dane-mismatch.example", "validation-failure")
    gates.tell(out, [gate], lambda gate, notes: notes.row(Row(
        "the relayhost is judged", ["dane-ee"], replies={"dane-ee": reply})))
    gate.change("relayhost=")


def socket_elsewhere(out, gate, what, socket, *more):
    """A row with a posternd at another socket, and what else it shows; the
    lines for Postfix are those that etc/postfix-main.cf shows."""
    milters = gate.sample("unix:postern/" if what == "chroot" else what)
    out.test(len(milters) == 2, what + ": the sample has it", milters)
    postern = mta.Posternd(what, DEFER + "Socket %s\n" % socket)
    gate.change(*milters)
    gates.tell(out, [gate], lambda gate, notes: notes.row(Row(
        what, ["dane-ee", "dane-mismatch"], tag="pass/none",
        replies={"dane-mismatch": "451"})))
    for story in more:
        gates.tell(out, [gate], story)
    out.test(postern.stop() == 0, what + ": posternd ends")


def is_chrooted(_, notes):
    roots = set(postfix.processes("smtpd").values())
    notes.test(roots == {"/var/spool/postfix"}, "smtpd is in a chroot",
               roots)


def submits(gate, notes):
    by_sendmail(gate, notes, *past_smtp("defer", "rcpt"))


def in_chroot(out, gate):
    """As etc/postfix-main.cf has it."""
    folder = "/var/spool/postfix/postern"
    mta.run("install", "-d", "-o", "postern", "-g", "postern", "-m", "750",
            folder)
    mta.run("postconf", "-F", "smtp/inet/chroot=y")
    socket_elsewhere(out, gate, "chroot", "unix:%s/milter.sock" % folder,
                     is_chrooted, submits)
    mta.run("postconf", "-F", "smtp/inet/chroot=n")


def down_tempfail(gate, notes):
    with Dialogue(gate.port) as dialogue:
        reply = dialogue.say("MAIL FROM:<%s>" % mta.SENDER)
    notes.test(reply.startswith("451 4.7.1"), "posternd is down, tempfail: "
               + reply)


def own_settings(gate, notes):
    """As the sample has it: posternd is down, and mail passes; another filter
    is down, and it does not."""
    ours = gate.full_sample()[0]
    gate.change(ours)
    with Dialogue(gate.port) as dialogue:
        reply = dialogue.say("MAIL FROM:<%s>" % mta.SENDER)
    notes.test(reply.startswith("250"), "the sample, posternd is down: "
               + reply)
    gate.change(ours.replace("= ", "= unix:/run/no-such-filter, ", 1))
    with Dialogue(gate.port) as dialogue:
        reply = dialogue.say("MAIL FROM:<%s>" % mta.SENDER)
    notes.test(reply.startswith("451 4.7.1"), "the sample, another filter is "
               "down: " + reply)
    gate.change(*gate.sample("unix:/run/postern"))


# -- the run -----------------------------------------------------------------

def run(out, gate):
    postern = mta.Posternd("postfix", DEFER)
    without_smtp(out, postern, gate)
    gates.tell(out, [gate], overdone)
    gates.tell(out, [gate], overdone_by_sendmail)
    postern.reload(SILENT_CONF)
    gates.tell(out, [gate], local_mail_flows)
    comes_back(out, postern, gate)
    forwarded(out, postern, gate)
    relayhost(out, postern, gate)
    out.test(postern.stop() == 0, "posternd ends")
    gates.tell(out, [gate], down_tempfail)
    gates.tell(out, [gate], own_settings)
    in_chroot(out, gate)
    socket_elsewhere(out, gate, "inet", "inet:10894@127.0.0.1", submits)


def inside():
    return gates.guarded(lambda out: run(out, postfix.Postfix()))


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
