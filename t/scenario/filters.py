#!/usr/bin/env python3
"""filters - the sample rules of etc/ on real tags, by the programs they are for.

posternd tags real mail in the lab; Postfix's cleanup and postmap, Pigeonhole's
sieve-test, SpamAssassin, rspamd, Exim, procmail and amavis then say what they
make of it.  The same mail with the tag of another host must mean nothing to
them.  The last four are unpacked where they are not installed.  TAP.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import fetched
import mta
import packages
import release
import tap
from readers import DIR, NOBODY, Amavis, Rspamd, exim, procmail, run

SRC = os.environ.get("POSTERN_SRCDIR", os.path.dirname(os.path.dirname(HERE)))
GATE = "gate.sender.example"
PARTNER = "two-bad.example"
NAMES = ("filter-postfix.regexp", "filter.sieve", "filter-spamassassin.cf",
         "filter-rspamd.lua", "filter.exim", "filter.procmailrc",
         "filter-amavis.conf")
# Each program, and the package that brings it.
UNPACKED = {"rspamd": "rspamd", "exim4": "exim4-daemon-light",
            "procmail": "procmail", "amavisd": "amavisd-new"}

# What each program has to say of mail to these domains: Postfix, Sieve,
# SpamAssassin, rspamd and amavis, Exim, procmail.
HELD = "partner.example fails its TLS policy"
EXPIRED = "a certificate has expired"
ROWS = (
    (("dane-ee", "sts"), (None, "INBOX", [], None, "INBOX")),
    (("two-good", "two-bad", "plain"),
     ("HOLD " + HELD, "TLS/partner", ["TLS_FAIL", "TLS_FAIL_PARTNER"], HELD,
      "tls-partner")),
    (("two-good", "dane-mismatch", "d01"),
     ("WARN", "TLS/fail", ["TLS_FAIL"], "logged", "tls-fail")),
    (("d22", "dane-ee"),
     ("HOLD " + EXPIRED, "TLS/fail", ["TLS_FAIL"], EXPIRED, "tls-fail")),
    (("plain", "sts", "d23"),
     ("HOLD " + EXPIRED, "TLS/fail", ["TLS_FAIL"], EXPIRED, "tls-fail")),
    (("bogus", "two-good"), (None, "TLS/unknown", ["TLS_UNKNOWN"], None,
                             "tls-unknown")),
)
UNKNOWN = (None, "INBOX", ["TLS_UNTAGGED"], None, "INBOX")
NOT_OURS = ("evil.example", "x" + GATE, GATE + ".evil.example",
            GATE.replace(".", "x"), GATE + "; v=2; x=" + GATE)


def install():
    """The samples as an admin would: with names of one's own."""
    os.mkdir(DIR)
    os.mkdir(DIR + "/rules")
    os.mkdir(DIR + "/site")
    for name in NAMES:
        text = mta.read("%s/etc/%s" % (SRC, name))
        for old, new in (("gate.example.org", GATE),
                         ("partner.example", PARTNER)):
            for dot in (".", r"\.", r"\\."):
                text = text.replace(old.replace(".", dot),
                                    new.replace(".", dot))
        ruled = name.endswith((".cf", ".conf"))
        with open("%s/%s%s" % (DIR, "rules/" if ruled else "", name),
                  "w") as out:
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


class Readers:
    """The programs that there are; what: which one of what is expected."""

    def __init__(self, lacking):
        self.rspamd = Rspamd() if "rspamd" not in lacking else None
        self.amavis = Amavis() if "amavisd" not in lacking else None
        self.programs = [("Postfix", 0, postfix), ("Sieve", 1, sieve),
                         ("SpamAssassin", 2, spamassassin)]
        if self.rspamd:
            self.programs.append(("rspamd", 2, lambda message: sorted(
                self.rspamd.symbols(message))))
        if self.amavis:
            self.programs.append(("amavis", 2, self.by_amavis))
        if "exim4" not in lacking:
            self.programs.append(("Exim", 3, by_exim))
        if "procmail" not in lacking:
            self.programs.append(("procmail", 4, procmail))

    def by_amavis(self, message):
        """Tests of all recipients."""
        return sorted({name for tests, _ in self.amavis.read(message)
                       for name in tests})

    def stop(self):
        for each in filter(None, (self.rspamd, self.amavis)):
            each.stop()


def by_exim(message):
    said = exim(message)
    return said and said.replace(PARTNER, "partner.example")


def expect(out, readers, name, message, expected):
    for program, what, ask in readers.programs:
        said, wanted = ask(message), expected[what]
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


def check_topmost(out, readers, good, failing):
    """A later gate's tag goes before ours, and nothing is ours below it."""
    field = mta.headers(failing, "X-TLS-Precheck")[0]
    above = field.replace(GATE, "later.example")
    for name, message, wanted in (
            ("a bad tag of our name below ours", good.replace(
                "Subject:", field + "\nSubject:", 1), ROWS[0][1]),
            ("our tag below that of a later gate", above + "\n" + failing,
             UNKNOWN)):
        for program, what, ask in readers.programs:
            if program in ("rspamd", "Exim", "amavis"):
                said = ask(message)
                out.test(said == wanted[what], "%s: the topmost counts: %s" % (
                    program, name), [str(said)])


def check_recipients(out, readers, failing):
    """Each recipient has a score of its own; only the partner's mail goes
    elsewhere."""
    if readers.amavis:
        said = sorted((to, tests) for tests, many in
                      readers.amavis.read(failing) for to in many)
        others = {"TLS_FAIL": "0.5"}
        out.test(said == [("postmaster@example.org",
                           {**others, "TLS_FAIL_PARTNER": "2"}),
                          ("user@plain.example", others),
                          ("user@two-good.example", others)],
                 "amavis: mail for the partner that fails is redirected",
                 [str(said)])


def check_words(out, readers, failing):
    if readers.rspamd:
        said = readers.rspamd.symbols(failing)
        out.test(said.get("TLS_FAIL") == PARTNER + ": validation-failure",
                 "rspamd: the symbol has domain and reason", [str(said)])


def check_all(out, readers):
    hold_all()
    for domains, expected in ROWS:
        message = tagged(domains)
        if domains == ROWS[0][0]:
            good = message
        expect(out, readers, "mail to %s" % " ".join(domains), message, expected)
        if domains[1] == "two-bad":
            failing = message
    for name, forged in by_others(failing):
        expect(out, readers, "a tag of " + name, forged, UNKNOWN)
    check_topmost(out, readers, good, failing)
    check_words(out, readers, failing)
    check_recipients(out, readers, failing)
    item = " d=%s/fail/" % PARTNER
    for other in (item.replace("=", "=x-"), item.replace("fail", "softfail")):
        expect(out, readers, "instead of the partner's item" + other,
               failing.replace(item, other), ROWS[2][1])
    check_cleanup(out)


def inside(root):
    out = tap.Tap()
    packages.lay(root)
    install()
    lacking = packages.missing(UNPACKED)
    for why in lacking:
        out.say("not tried: " + why)
    readers = Readers({why.split()[0].rstrip(":") for why in lacking})
    daemon = None
    try:
        daemon = mta.Posternd("filters")
        check_all(out, readers)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        readers.stop()
        if daemon:
            daemon.stop()
    return out.close()


def fetch(root):
    why = packages.fetch(root, UNPACKED)
    if why:
        print("# " + why)


if __name__ == "__main__":
    sys.exit(fetched.main(__file__, inside, fetch, "swaks", "sieve-test",
                          "spamassassin"))
