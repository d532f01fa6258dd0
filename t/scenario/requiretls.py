#!/usr/bin/env python3
"""requiretls - RFC 8689, in the lab.

REQUIRETLS is a word of MAIL that the lab's Postfix may not know yet, so those
messages come from a milter client, past a real posternd that looks at real
mail hosts.  TLS-Required, and the field that stands for REQUIRETLS, come by
real mail.  TAP.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import dialogue
import milter_client
import mta
import tap
from listed import load_list
from world_require import CASES, LATER, NO_AUTH, NOT_OFFERED, TAKEN

AT_END = "DecideAt message\n"
BAD = "dane-mismatch.example"       # DANE fails
UNSURE = "bogus.example"            # a lookup fails
STS_BAD = "sts-mx.example"          # MTA-STS fails
PORT = 25

PART = """\
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain
TLS-Required: No

A part.
--b
Content-Type: message/rfc822

TLS-Required: No
Subject: attached

Another message.
--b--
"""


# -- a message of a milter client ---------------------------------------------

class Client:
    """Messages to one recipient each, over one connection."""

    def __init__(self):
        self.client = milter_client.ready(mta.SOCKET)
        self.number = 0

    def send(self, domain, sender="<app@sender.example>", words=(),
             fields=(), smtp=True):
        """(reply to RCPT, reply to the end of the message), "" for yes."""
        self.number += 1
        name = "Q%d" % self.number
        client = self.client
        client.macros(b"M", "j", "gate.sender.example", "i", name)
        client.mail(sender, *words)
        if smtp:
            client.macros(b"R", "{rcpt_mailer}", "smtp", "{rcpt_host}",
                          domain)
        else:
            client.macros(b"R", "{rcpt_addr}", "user@" + domain)
        at_rcpt = text_of(client.recipient("<user@%s>" % domain))
        at_end = ""
        if not at_rcpt:
            client.header("To", "user@" + domain)
            for field, value in fields:
                client.header(field, value)
            client.macros(b"E", "i", name)
            at_end = text_of(client.end())
        else:
            client.abort()
        return at_rcpt, at_end

    def held(self):
        """The reason that the last message was held for, or ""."""
        for code, data in self.client.changes:
            if code == b"q":
                return data.rstrip(b"\0").decode()
        return ""


def text_of(answer):
    """What the client is told, "" where the mail may go on."""
    code, data = answer
    if code == b"y":
        return data.rstrip(b"\0").decode()
    return "" if code in b"ac" else repr(code)


def reply_of(domain, reply, reason):
    if reply == TAKEN:
        return ""
    return "%s %s: %s (outbound TLS precheck)" % (reply, domain, reason)


REQUIRED = ("SIZE=1000", "REQUIRETLS")


# -- the parts ------------------------------------------------------------------

def required(out):
    """Every destination, refused or taken at RCPT."""
    start = mta.syslog_size()
    client = Client()
    listed = load_list()
    for number, dest, reply, reason in CASES:
        if dest.name.upper() == number:
            same(out, number + " is as listed", listed[number][0],
                 reply.split(" ")[-1] or "taken")
        at_rcpt, at_end = client.send(dest.domain, words=REQUIRED)
        wanted = reply_of(dest.domain, reply, reason)
        why = ["replies are %r and %r, expected %r" % (at_rcpt, at_end,
                                                       wanted)]
        pairs = mta.check_line(dest.domain, start)
        if reply != TAKEN:
            good = pairs.get("reason") == reason and pairs.get("action") == (
                "defer" if reply == LATER else "reject")
        else:
            good = pairs.get("action") in ("none", "tag")
        why.append(repr(pairs))
        out.test(good and (at_rcpt, at_end) == (wanted, ""), "%s %s: %s" % (
            number or "also", dest.name, dest.what), why)


def same(out, name, got, wanted):
    out.test(got == wanted, name, ["%r, expected %r" % (got, wanted)])


def others(out):
    """What is not refused, or otherwise."""
    client = Client()
    same(out, "Q10 a null sender is taken where REQUIRETLS is not offered",
         client.send("q02.example", sender="<>", words=REQUIRED), ("", ""))
    same(out, "no mail is refused without REQUIRETLS",
         client.send("q02.example"), ("", ""))
    same(out, "the word is read in any case", client.send(
        "q02.example", words=("RequireTLS",)),
        (reply_of("q02.example", NOT_OFFERED, "requiretls-unmet"), ""))
    same(out, "mail that did not come by SMTP is not refused", client.send(
        "q03.example", words=REQUIRED, smtp=False), ("", ""))
    same(out, "but held", client.held(),
         "outbound TLS precheck: q03.example: requiretls-unmet")
    kept = [("Require-TLS-ESMTP", "yes")]
    same(out, "so is what carries it in a field",
         client.send("q03.example", smtp=False, fields=kept), ("", ""))
    same(out, "for the same reason", client.held(),
         "outbound TLS precheck: q03.example: requiretls-unmet")
    same(out, "a stranger's field is not believed",
         client.send("q03.example", fields=kept), ("", ""))
    same(out, "and nothing is held for it", client.held(), "")


def at_end(out):
    """The same at the end of a message."""
    client = Client()
    for number, dest, reply, reason in CASES:
        if dest.name in ("q01", "q02", "q03", "q09"):
            same(out, "%s %s at the end: %s" % (number, dest.name, dest.what),
                 client.send(dest.domain, words=REQUIRED),
                 ("", reply_of(dest.domain, reply, reason)))
    same(out, "Q11 REQUIRETLS wins over TLS-Required: No",
         client.send("q03.example", words=REQUIRED,
                     fields=[("TLS-Required", "No")]),
         ("", reply_of("q03.example", NO_AUTH, "requiretls-unmet")))


def mailed(domain, *fields, body=None):
    """The reply to a message by real mail."""
    with dialogue.Dialogue(PORT) as smtp:
        sent = mta.Sent(["user@" + domain], dialogue.new_id())
        smtp.envelope(sent)
        head = dialogue.compose(sent.message_id, sent.recipients, fields)
        if body is not None:
            head = head.split("\r\n\r\n", 1)[0] + "\r\nMIME-Version: 1.0" + \
                "\r\n" + body.replace("\n", "\r\n")
        smtp.data(sent, head)
        smtp.say("QUIT")
    return sent.final


def waived(out):
    """TLS-Required, by real mail, where a failing recipient is deferred."""
    no = "TLS-Required: No"
    rows = (
        ("Q12 DANE fails", True, BAD, no),
        ("Q12 MTA-STS fails", True, STS_BAD, no),
        ("Q12 a lookup fails", True, UNSURE, no),
        ("Q13 case", True, BAD, "tls-required:no"),
        ("Q13 fold", True, BAD, "TLS-Required: \r\n No"),
        ("Q14 yes", False, BAD, "TLS-Required: Yes"),
        ("Q14 empty", False, BAD, "TLS-Required:"),
        ("Q14 more", False, BAD, "TLS-Required: No; x"),
        ("Q15 twice", False, BAD, no, no),
        ("no field", False, BAD))
    for name, taken, domain, *fields in rows:
        reply = mailed(domain, *fields)
        out.test(reply.startswith("250 " if taken else "451 4.7.5 " + domain),
                 name, [reply])
    reply = mailed(BAD, body=PART)
    out.test(reply.startswith("451 4.7.5 " + BAD),
             "Q16 TLS-Required: No inside a part", [reply])
    reply = mailed("q03.example", "Require-TLS-ESMTP: yes")
    out.test(reply == "550 5.7.10 q03.example: requiretls-unmet (outbound "
             "TLS precheck)", "a field of this host stands for REQUIRETLS",
             [reply])


def ruled(out):
    """A rule of the admin's stands over TLS-Required: No."""
    no = "TLS-Required: No"
    for name, taken, domain, *fields in (
            ("what the rule names is not waived", False, BAD, no),
            ("nor is it by a mail host's rule", False, STS_BAD, no),
            ("what no rule names is waived", True, UNSURE, no),
            ("without the field it is not", False, UNSURE)):
        reply = mailed(domain, *fields)
        out.test(reply.startswith("250 " if taken else "45"), name, [reply])


def never_waived(out):
    reply = mailed(BAD, "TLS-Required: No")
    out.test(reply.startswith("451 4.7.5 " + BAD),
             "HonorTLSRequiredNo no: nothing is waived", [reply])


def always_waived(out):
    reply = mailed(BAD, "TLS-Required: No")
    out.test(reply.startswith("250 "),
             "HonorTLSRequiredNo yes: whatever a rule says", [reply])


def unknown_to_old_postfix(out):
    """What the manual says of an MTA that does not know the word."""
    version = subprocess.run(["postconf", "-h", "mail_version"], text=True,
                             capture_output=True, timeout=20).stdout
    major, minor = map(int, version.split(".")[:2])
    with dialogue.Dialogue(PORT) as smtp:
        reply = smtp.say("MAIL FROM:<%s> REQUIRETLS" % mta.SENDER)
        smtp.say("QUIT")
    out.test(reply.startswith("555 ") == ((major, minor) < (3, 11)),
             "Postfix before 3.11 answers REQUIRETLS itself",
             [version, reply])


def unprobed(out):
    """Nobody looks: what DNS does not rule out goes on, and is no pass."""
    client = Client()
    start = mta.syslog_size()
    same(out, "not probed: what may do is let go",
         client.send("q01.example", words=REQUIRED), ("", ""))
    pairs = mta.check_line("q01.example", start)
    same(out, "and called so", [pairs.get(key) for key in (
        "result", "reason", "depth")], ["none", "not-probed", "dns"])
    same(out, "not probed: what DNS rules out is refused",
         client.send("q03.example", words=REQUIRED),
         (reply_of("q03.example", NO_AUTH, "requiretls-unmet"), ""))


def with_posternd(out, name, conf, *parts):
    daemon = mta.Posternd("require-" + name, conf)
    try:
        for part in parts:
            part(out)
    finally:
        status = daemon.stop()
    same(out, "posternd ends (%s)" % name, status, 0)


def inside():
    out = tap.Tap()
    try:
        with_posternd(out, "rcpt", "", required, others)
        with_posternd(out, "end", AT_END + "On-Fail defer\n"
                      "On-TempError defer\n", at_end, waived,
                      unknown_to_old_postfix)
        with_posternd(out, "unprobed", "Probe no\n", unprobed)
        rules = mta.HERE + "/require-rules"
        mta.write(rules, "%s dane-only\nmx:.%s auto\n* auto\n" % (
            BAD, STS_BAD))
        strict = AT_END + "On-Fail defer\nOn-TempError defer\n" \
            "Destinations %s\n" % rules
        with_posternd(out, "ruled", strict, ruled)
        with_posternd(out, "never", AT_END + "On-Fail defer\n"
                      "HonorTLSRequiredNo no\n", never_waived)
        with_posternd(out, "always", strict + "HonorTLSRequiredNo yes\n",
                      always_waived)
    except (mta.Failure, milter_client.Gone) as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
