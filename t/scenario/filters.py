#!/usr/bin/env python3
"""filters - the sample rules of etc/ on real tags, by the programs they are for.

posternd tags real mail in the lab; Postfix's cleanup and postmap, Pigeonhole's
sieve-test and SpamAssassin then say what they make of it.  The same mail with
the tag of another host must mean nothing to them.  TAP.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import release
import tap

SRC = os.environ.get("POSTERN_SRCDIR", os.path.dirname(os.path.dirname(HERE)))
DIR = "/run/lab/filters"
GATE = "gate.sender.example"
PARTNER = "two-bad.example"
NAMES = ("filter-postfix.regexp", "filter.sieve", "filter-spamassassin.cf")
NOBODY = 65534

# What each program has to say of mail to these domains: Postfix, Sieve,
# SpamAssassin.
ROWS = (
    (("dane-ee", "sts"), (None, "INBOX", [])),
    (("two-good", "two-bad", "plain"),
     ("HOLD partner.example fails its TLS policy", "TLS/partner",
      ["TLS_FAIL", "TLS_FAIL_PARTNER"])),
    (("two-good", "dane-mismatch", "d01"),
     ("WARN", "TLS/fail", ["TLS_FAIL"])),
    (("d22", "dane-ee"),
     ("HOLD a certificate has expired", "TLS/fail", ["TLS_FAIL"])),
    (("plain", "sts", "d23"),
     ("HOLD a certificate has expired", "TLS/fail", ["TLS_FAIL"])),
    (("bogus", "two-good"), (None, "TLS/unknown", ["TLS_UNKNOWN"])),
)
UNKNOWN = (None, "INBOX", ["TLS_UNTAGGED"])
NOT_OURS = ("evil.example", "x" + GATE, GATE + ".evil.example",
            GATE.replace(".", "x"), GATE + "; v=2; x=" + GATE)


def run(*command, text=None, statuses=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                          input=text, env={**os.environ, "HOME": DIR})
    if done.returncode not in statuses or done.returncode and done.stderr:
        raise mta.Failure("%s: exit status %d: %s" % (
            command[0], done.returncode, done.stderr or done.stdout))
    return done.stdout


def install():
    """The samples as an admin would: with names of one's own."""
    os.mkdir(DIR)
    os.mkdir(DIR + "/rules")
    os.mkdir(DIR + "/site")
    for name in NAMES:
        text = mta.read("%s/etc/%s" % (SRC, name))
        for old, new in (("gate.example.org", GATE),
                         ("partner.example", PARTNER)):
            text = text.replace(old, new).replace(
                old.replace(".", r"\."), new.replace(".", r"\."))
        with open("%s/%s%s" % (DIR, "rules/" if name.endswith(".cf") else "",
                               name), "w") as out:
            out.write(text)
    with open(DIR + "/dovecot.conf", "w") as out:
        out.write(release.word("dovecot") % (DIR + "/mail"))
        out.write("mail_uid = %d\nmail_gid = %d\nmail_home = %s\n" % (
            NOBODY, NOBODY, DIR))
    os.chown(DIR, NOBODY, NOBODY)


# -- what each program says of a message ------------------------------------

def postfix(message):
    """The action of header_checks, or None."""
    said = run("postmap", "-h", "-q", "-",
               "regexp:%s/filter-postfix.regexp" % DIR, text=message,
               statuses=(0, 1))
    action = said.rstrip("\n").rpartition("\t")[2]
    return action.replace(PARTNER, "partner.example") or None


def sieve(message):
    """The folder."""
    path = DIR + "/message"
    with open(path, "w") as out:
        out.write(message)
    said = run("sieve-test", "-c", DIR + "/dovecot.conf",
               DIR + "/filter.sieve", path)
    match = re.search(r"store message in folder: (\S+)", said)
    if not match:
        raise mta.Failure("sieve-test: " + said)
    return match[1]


def spamassassin(message):
    """The tests that hit."""
    said = run("spamassassin", "-L", "-x", "-t", "-p", "/dev/null",
               "--siteconfigpath=%s/site" % DIR, "-C", DIR + "/rules",
               "--pre=loadplugin Mail::SpamAssassin::Plugin::Check",
               "--cf=util_rb_tld example",
               "--cf=add_header all Hits _TESTS(,)_", text=message)
    match = re.search(r"^X-Spam-Hits: (\S+)$", said, re.M)
    if not match:
        raise mta.Failure("spamassassin: " + said)
    return [] if match[1] == "none" else sorted(match[1].split(","))


PROGRAMS = (("Postfix", postfix), ("Sieve", sieve),
            ("SpamAssassin", spamassassin))


def expect(out, name, message, expected):
    for (program, ask), wanted in zip(PROGRAMS, expected):
        said = ask(message)
        out.test(said == wanted, "%s: %s says %s" % (program, name, wanted),
                 ["it says %s of" % said] +
                 mta.headers(message, "X-TLS-Precheck"))


# -- mail -------------------------------------------------------------------

def send(domains):
    """A message to these; its queue id."""
    sent = mta.send(["user@%s.example" % d for d in domains], domains[0])
    if sent.queue_id() is None:
        raise mta.Failure("not queued: " + sent.final)
    return sent.queue_id()


def tagged(domains):
    """A message to these as it is on hold, behind posternd."""
    message = run("postcat", "-bhq", send(domains))
    if len(mta.headers(message, "X-TLS-Precheck")) != 1:
        raise mta.Failure("not one tag:\n" + message)
    return message


def hold_all():
    """What is to be looked at stays in the queue."""
    run("postconf", "-e", "smtpd_end_of_data_restrictions = "
        "check_client_access static:{HOLD to be read}")
    run("postfix", "reload")


def by_others(message):
    """The message as if another host had tagged it."""
    for name in NOT_OURS:
        yield name, message.replace("Precheck: %s;" % GATE,
                                    "Precheck: %s;" % name)


def check_cleanup(out):
    """Postfix's own cleanup, while the message comes in."""
    run("postconf", "-e", "smtpd_end_of_data_restrictions =",
        "milter_header_checks = regexp:%s/filter-postfix.regexp" % DIR)
    run("postfix", "reload")
    for domains, word in ((("two-good", "two-bad"), "hold"),
                          (("two-good", "dane-mismatch"), "warning")):
        start = mta.syslog_size()
        queue_id = send(domains)
        mta.await_true(
            lambda q=queue_id, s=start, w=word: [
                line for line in mta.syslog(s) if re.search(
                    r"postfix/cleanup\[\d+\]: %s: milter-header-%s: header "
                    r"X-TLS-Precheck: " % (q, w), line)],
            20, "cleanup's line about " + queue_id)
        held = os.path.exists("/var/spool/postfix/hold/" + queue_id)
        out.test(held == (word == "hold"), "Postfix: the tag of mail that "
                 "comes in is a " + word, mta.syslog(start))


def check_all(out):
    hold_all()
    for domains, expected in ROWS:
        message = tagged(domains)
        expect(out, "mail to %s" % " ".join(domains), message, expected)
        if domains[1] == "two-bad":
            failing = message
    for name, forged in by_others(failing):
        expect(out, "a tag of " + name, forged, UNKNOWN)
    item = " d=%s/fail/" % PARTNER
    for other in (item.replace("=", "=x-"), item.replace("fail", "softfail")):
        expect(out, "instead of the partner's item" + other,
               failing.replace(item, other),
               ("WARN", "TLS/fail", ["TLS_FAIL"]))
    check_cleanup(out)


def inside():
    out = tap.Tap()
    install()
    daemon = None
    try:
        daemon = mta.Posternd("filters")
        check_all(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        if daemon:
            daemon.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "sieve-test",
                      "spamassassin"))
