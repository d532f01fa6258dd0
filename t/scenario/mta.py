#!/usr/bin/env python3
"""mta - the same rows through Postfix and through Sendmail, in the lab.

A row is a message: whom it is for, what posternd is told to do, and what is
to come of it at RCPT, at the end of the message, in the header and in the
queue.  TAP, with what was seen in the name of each test.  Last, what the
command makes of the MTAs' logs and of sendmail.cf.
"""
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import gates
import mta
import release
import rows
import sendmail
import weights
import world
from dialogue import Dialogue
from gates import actions
from rows import GONE, LOCAL, Row, forged, item, refusal, run_all

NOBODYS = "a recipient's domain"
ALSO = "validation-failure (outbound TLS precheck)"
TOO_MANY = "550 5.7.1 X-TLS-Precheck: too many fields of this name " \
    "(outbound TLS precheck)"


# -- one action for every result ---------------------------------------------

ACTIONS = ("none", "tag", "hold", "defer", "reject")
GRID = ("dane-ee", "plain", "second-mx", "dane-mismatch", "sts-untrusted",
        "d54", "refused")
DNS_TROUBLE = ("dnssec-invalid", "dns-servfail", "dns-timeout")


def action_for(action, expect):
    """What a configured action comes to: a temperror and MTA-STS are never
    refused for good, what passes is let alone."""
    if expect.result == "pass":
        return "none"
    transient = expect.result == "temperror" or expect.policy == "sts"
    return "defer" if transient and action == "reject" else action


def grid_row(action, at, name):
    expect = world.WORLD.find(name).expect
    row = Row("%s (%s, %s), all actions %s at %s" % (
        name, expect.result, expect.policy, action, at), [name])
    does = action_for(action, expect)
    if does in ("defer", "reject"):
        code = "550" if does == "reject" else \
            "450" if expect.reason in DNS_TROUBLE else "451"
        row.final, row.about = code, name
        if at == "rcpt":
            row.replies, row.final = {name: code}, "250"
        return row
    row.tag = "%s/%s" % (expect.result, does)
    row.outcome = "held" if does == "hold" else \
        "deferred" if name == "refused" else "sent"
    return row


def grid():
    return [(actions(action, action, action, action, at),
             [grid_row(action, at, name) for name in GRID])
            for action in ACTIONS for at in ("rcpt", "message")]


# -- rows that each have their own say ---------------------------------------

MIXED = ("reject", "defer", "hold", "tag")


def strictest_wins():
    return actions(*MIXED, "message"), [
        Row("tag beats none", ["dane-ee", "plain"], tag="none/tag"),
        Row("hold beats tag", ["plain", "second-mx", "dane-ee"],
            tag="softfail/hold", outcome="held"),
        Row("defer beats hold", ["second-mx", "d54", "plain"],
            final="450", about="d54"),
        Row("reject beats defer", ["d54", "dane-mismatch", "second-mx"],
            final="550", about="dane-mismatch"),
        Row("what the MTA bounces is let alone", ["null-mx"],
            tag="none/none", outcome="bounced"),
        Row("TLS-Required: No", ["dane-mismatch", "d54"], tag="skip/none",
            fields=["TLS-Required: No"],
            items=[d + ".example/skip/no-policy-found/tls-required-no"
                   for d in ("dane-mismatch", "d54")]),
        Row("a null sender is never stopped", ["dane-mismatch", "d54"],
            sender="", tag="fail/tag")]


def each_alone():
    return actions(*MIXED, "rcpt"), [
        Row("each recipient stands alone",
            ["dane-ee", "d54", "second-mx", "dane-mismatch", "plain"],
            replies={"d54": "450", "dane-mismatch": "550"},
            tag="softfail/hold", outcome="held",
            log=["{id}: event=message result=softfail action=hold domains=3 "
                 "rcpts=3", "NOQUEUE: event=check domain=d54.example"]),
        Row("a null sender is never stopped", ["dane-mismatch", "d54"],
            sender="", tag="fail/tag"),
        Row("the next hop is judged", ["behind", "m67"],
            replies={"behind": "550"}, tag="pass/none"),
        Row("of two next hops, the one that takes the mail", ["hops"],
            tag="pass/none"),
        Row("an address literal is not looked at", ["user@[127.20.3.10]"],
            log=["{id}: event=skip domain=[127.20.3.10] reason=no-policy "
                 "action=none rcpts=1"]),
        Row("local mail is not looked at", ["user@" + LOCAL, "dane-ee"],
            tag="pass/none", items=[item("dane-ee"), LOCAL +
                                    "/skip/no-policy-found/internal"],
            log=["{id}: event=skip domain=%s reason=internal action=none "
                 "rcpts=1" % LOCAL]),
        Row("the MTA's own name is not looked at",
            ["user@gate.sender.example"], outcome=None,
            log=["{id}: event=skip domain=gate.sender.example "
                 "reason=internal"]),
        Row("whom the MTA refuses does not count",
            ["stranger@" + GONE, "dane-ee"], {"stranger@" + GONE: "550 5.1.1"},
            tag="pass/none", log=["{id}: event=message result=pass "
                                  "action=none domains=1 rcpts=1"]),
        Row("capitals are no other domain",
            ["user@DANE-Mismatch.EXAMPLE"],
            {"user@DANE-Mismatch.EXAMPLE": "550 5.7.5 dane-mismatch.example: "
             + ALSO}),
        Row("the MTA's reading of an address counts",
            ["user%dane-mismatch.example@" + LOCAL],
            {"user%dane-mismatch.example@" + LOCAL:
             "550 5.7.5 dane-mismatch.example: " + ALSO})]


def lists():
    skip = "{id}: event=skip domain=%s reason=%s action=none rcpts=1"
    return [
        (actions(*MIXED, "rcpt") + "ExemptDomains d54.example\n"
         "InternalDomains .dane-mismatch.example dane-mismatch.example\n", [
             Row("InternalDomains, ExemptDomains", ["dane-mismatch", "d54"],
                 log=[skip % ("dane-mismatch.example", "internal"),
                      skip % ("d54.example", "exempt")]),
             Row("a domain that is in neither", ["two-bad"],
                 replies={"two-bad": "550"})]),
        (actions(*MIXED, "rcpt") + "LocalMailers lmtp\n", [
            Row("local mail, by a mailer that LocalMailers has not",
                ["user@" + LOCAL], log=[
                    "{id}: event=check domain=%s result=none" % LOCAL])])]


def no_header():
    return actions("hold", "hold", "none", "none", "message") + \
        "HeaderName none\n", [
        Row("HeaderName none", ["dane-ee"]),
        Row("HeaderName none", ["dane-mismatch"], outcome="held")]


def forgeries():
    name, value = mta.FORGED.split(":", 1)
    odd = ["%s:%s" % (odd, value) for odd in (
        name.lower(), name.upper(), "x-TLS-preCheck")]
    folded = name + ":\r\n forged.example;\r\n\tv=1;\r\n result=pass"
    kinds = [("no", []), ("1", forged(1)), ("50", forged(50)),
            ("one, folded", [folded]), ("oddly spelled", odd),
            ("empty", [name + ":", name + ": "]),
            ("with white space", [name + " :" + value, name + "\t:" + value]),
            ("all kinds", forged(3) + odd + [folded] + forged(2))]
    many = ["%s: %d" % (name, n) for n in range(101)]
    return actions("tag", "tag", "tag", "none", "rcpt"), [
        Row("forged tags: " + what, ["dane-mismatch"], tag="fail/tag",
            fields=fields, never="forged") for what, fields in kinds] + [
        Row("forged tags: 100", ["dane-mismatch"], tag="fail/tag",
            fields=many[:-1],
            log=["{id}: event=message result=fail action=tag domains=1 "
                 "rcpts=1 auth=no"]),
        Row("forged tags: 101", ["dane-mismatch"], final=TOO_MANY,
            fields=many),
        Row("forged tags: 101, of a null sender", ["dane-ee"], sender="",
            final=TOO_MANY, fields=many),
        Row("forged tags: 101, to a local recipient", ["user@" + LOCAL],
            final=TOO_MANY, fields=many)]


def bcc(header_domains, at, items, name):
    to = ["user@dane-ee.example"]
    both = ["dane-ee", "dane-mismatch"]
    what = " (Bcc, HeaderDomains %s)" % header_domains
    never = "" if header_domains == "all" else "dane-mismatch"
    more = "HeaderDomains %s\n" % header_domains
    return [
        (actions("hold", "tag", "tag", "none", at) + more, [
            Row("held" + what, both, to=to, tag="fail/hold", items=items,
                outcome="held", never=never)]),
        (actions("defer", "tag", "tag", "none", at) + more, [
            Row("deferred" + what, both, to=to,
                final=refusal("451", name, "validation-failure"))])]


def hidden():
    good, bad = item("dane-ee"), item("dane-mismatch")
    return bcc("visible", "message", [good], NOBODYS) + \
        bcc("none", "message", [], NOBODYS) + \
        bcc("all", "message", [good, bad], "dane-mismatch.example")


def max_domains():
    full = [d + ".example/temperror/no-policy-found/queue-full"
            for d in ("dane-mismatch", "second-mx")]
    four = ["dane-ee", "plain", "dane-mismatch", "second-mx"]
    return [
        (actions("reject", "hold", "tag", "none", "message") +
         "MaxDomains 2\n", [
            Row("MaxDomains", four, tag="temperror/hold", outcome="held",
                items=[item("dane-ee"), item("plain"), *full]),
            Row("MaxDomains counts domains", [
                "a@dane-ee.example", "b@dane-ee.example", "plain"],
                tag="none/none", items=[item("dane-ee"), item("plain")])]),
        (actions("reject", "defer", "tag", "none", "rcpt") +
         "MaxDomains 2\n", [
            Row("MaxDomains", four, tag="none/none", replies={
                d: refusal("451", d + ".example", "queue-full")
                for d in four[2:]})])]


# -- what the logs tell ------------------------------------------------------

# Recipients of a message, what "postern explain" exits with, and what it says
# of each: what the MTA did, and whether that was foreseen.
STORIES = (
    (["dane-ee", "dane-mismatch"], 2,
     {"dane-ee.example": ("sent", "as-predicted"),
      "dane-mismatch.example": ("refused", "refused")}),
    (["refused"], 3, {"refused.example": ("deferred", "nothing-predicted")}),
    (["null-mx"], 1, {"null-mx.example": ("bounced", "as-predicted")}))


def explained(gate, notes):
    """The log of the MTA is read right."""
    for rcpts, status, outcomes in STORIES:
        start = mta.syslog_size()
        with Dialogue(gate.port) as dialogue:
            sent = rows.speak(dialogue, Row("", rcpts))
        queue_id = gate.queue_id(sent)
        rows.fate(gate, queue_id, sent.accepted(), start)
        done = ask("explain", "--log", mta.HERE + "/syslog", queue_id)
        told = {domain["domain"]: (rcpt["status"], rcpt["outcome"])
                for domain in json.loads(done.stdout)["domains"]
                for rcpt in domain["recipients"]}
        notes.test(told == outcomes and done.returncode == status,
                   "explain: " + " ".join(
                       ",".join(pair) for pair in told.values()),
                   [str(done.returncode), done.stdout, done.stderr])


def ask(verb, *words):
    return subprocess.run(
        [mta.program("postern"), verb, "--json", "-c", mta.CONF, *words],
        capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL)


def weighed(out):
    """V04: a survey has each message of both, once for each domain."""
    log = mta.syslog()
    wanted = weights.of_syslog(log)
    path = mta.HERE + "/both.log"
    mta.write(path, "".join(line + "\n" for line in log))
    weights.compare(out, "a survey counts %d domains of Postfix and Sendmail"
                    % len(wanted), mta.CONF, wanted, "--maillog", path)


def mailers(gate, notes):
    """What leaves Sendmail otherwise than by SMTP is not looked at."""
    start = mta.syslog_size()
    names = gate.mailers()
    domains = [sendmail.domain_of_mailer(name) for name in names]
    with Dialogue(gate.port) as dialogue:
        sent = rows.speak(dialogue, Row("", ["user@" + d for d in domains]))
    notes.test(len(names) > 15 and len(sent.accepted()) == len(names),
               "Sendmail's mailers: " + " ".join(names),
               ["%s: %s" % pair for pair in sent.replies.items()])
    mta.await_true(lambda: any("event=message" in line
                               for line in mta.syslog(start)), rows.LOG_S,
                   "the end of the message")
    told = re.findall(r"event=skip domain=(\S+) reason=internal",
                      "\n".join(mta.syslog(start)))
    notes.test(sorted(told) == sorted(domains), "all of them are local",
               sorted(set(domains) ^ set(told)))


def examined(out, gate):
    """The doctor reads the sendmail.cf that Sendmail runs with."""
    os.makedirs("/etc/mail", exist_ok=True)
    shutil.copy(mta.HERE + "/sendmail/sendmail.cf", "/etc/mail")
    done = ask("doctor")
    found = [check["state"] for check in json.loads(done.stdout)["checks"]
             if check["check"] == "sendmail"]
    out.test(found == ["ok"], "doctor finds nothing wrong with sendmail.cf",
             [done.stdout, done.stderr])
    mta.run("mount", "--bind", gate.program, "/usr/sbin/sendmail")
    has_dane = release.word("sendmail has DANE")
    found = tls_of_sendmail()
    out.test(found["state"] == "warn" and "nobody" in found["seen"] and
             ("built without DANE" in found["mend"][0]) != has_dane and
             ("confDANE" in found["mend"][0] and found["mend"][-1:] ==
              ["sendmailconfig"]) == has_dane,
             "Sendmail is asked what it was built with", [json.dumps(found)])
    mta.write("/etc/mail/sendmail.cf", "O DANE=true\n" +
              mta.read("/etc/mail/sendmail.cf"))
    found = tls_of_sendmail()
    ran = subprocess.run(
        ["/usr/sbin/sendmail", "-C", "/etc/mail/sendmail.cf", "-bp"],
        capture_output=True, text=True, timeout=60)
    said = ran.stdout + ran.stderr
    if has_dane:
        out.test(found["state"] == "ok" and "authenticates" in found["seen"]
                 and ran.returncode == 0 and "DANE" not in said,
                 "an option that it takes is well",
                 [json.dumps(found), said])
    else:
        out.test(found["state"] == "fail" and "refuses" in found["seen"] and
                 ran.returncode != 0 and "DANE" in said,
                 "an option that it refuses is a failure",
                 [json.dumps(found), said])
    mta.run("umount", "/usr/sbin/sendmail")


def tls_of_sendmail():
    found, = [check for check in json.loads(ask("doctor").stdout)["checks"]
              if check["check"] == "sendmail-tls"]
    return found


# -- the run -----------------------------------------------------------------

def inside(out, *both):
    postern = mta.Posternd("mta")
    for settings, some in (*grid(), strictest_wins(), each_alone(), *lists(),
                           no_header(), forgeries(), *hidden(),
                           *max_domains()):
        postern.reload(settings)
        run_all(out, both, some)
    postern.reload(actions("defer", "tag", "tag", "none", "rcpt"))
    gates.tell(out, both, explained)
    gates.tell(out, both[1:], mailers)
    examined(out, both[1])
    weighed(out)
    out.test(postern.stop() == 0, "posternd ends")


if __name__ == "__main__":
    sys.exit(gates.main(__file__, inside))
