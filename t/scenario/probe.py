#!/usr/bin/env python3
"""probe - the probe and Postfix's smtp(8) see the same of a mail host.

First the ClientHello of both, as captured: each difference is one that a table
explains.  Then hosts that say odd things, or show one of several certificates:
what smtp(8) delivers to at TLS level "dane" is a pass, and nothing else.  Last
a real postscreen, in its default settings.  TAP.
"""
import os
import re
import smtplib
import ssl
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import cli
import evil
import hello
import mta
import release
import tap
import world

WAIT_S = 90

# -- the two ClientHellos ----------------------------------------------------

# What only one of the two offers, and why.
ONLY_POSTFIX = release.word("suites of Postfix")
ONLY_PROBE = release.word("suites of a probe")
SIGNATURES_ONLY_POSTFIX = release.word("signatures of Postfix")


def is_tls13(suite):
    return suite >> 8 == 0x13


def explained(table):
    return {suite for suites in table.values() for suite in suites}


def catch(name, command):
    """The hellos of a command at the address of a destination's host."""
    catcher = hello.Catcher(evil.address_of(name), 25)
    try:
        subprocess.run(command, capture_output=True, timeout=WAIT_S,
                       stdin=subprocess.DEVNULL)
    finally:
        catcher.close()
    if not catcher.caught:
        raise mta.Failure("no ClientHello of " + command[0])
    return catcher.caught


def numbers(some):
    return " ".join("%04x" % number for number in some)


def compare_hellos(out, conf):
    ours, *more = catch("evil0", [mta.program("postern"), "check", "-c", conf,
                                  "evil0.example"])
    theirs = catch("evil1", ["posttls-finger", "-c", "-l", "dane",
                             "evil1.example"])[0]
    unsent = explained(SIGNATURES_ONLY_POSTFIX)
    for what in ("signatures", "groups", "shares"):
        pair = getattr(ours, what), [number for number in getattr(
            theirs, what) if number not in unsent]
        out.test(pair[0] == pair[1], "the two ClientHellos have the same "
                 "%s in the same order" % what, map(numbers, pair))
        out.say("%s: %s" % (what, numbers(pair[0])))
    out.test(unsent <= set(theirs.signatures), "but for signatures that are "
             "explained: " + "; ".join(SIGNATURES_ONLY_POSTFIX))
    signal = {0x00ff}  # RFC 5746: GnuTLS has it as an extension
    only = set(ours.suites) - set(theirs.suites) - signal
    out.test(only == explained(ONLY_PROBE), "suites that only the probe "
             "offers are explained: " + "; ".join(ONLY_PROBE),
             [numbers(sorted(only))])
    only = set(theirs.suites) - set(ours.suites) - signal
    out.test(only == explained(ONLY_POSTFIX), "suites that only Postfix "
             "offers are explained: " + "; ".join(ONLY_POSTFIX),
             [numbers(sorted(only))])
    common = [[suite for suite in made.suites if is_tls13(suite) and
               suite not in explained(ONLY_PROBE)] for made in (ours, theirs)]
    out.test(common[0] == common[1], "those of TLS 1.3 are in the same order",
             map(numbers, common))
    first = [next(suite for suite in made.suites if not is_tls13(suite))
             for made in (ours, theirs)]
    out.test(first[0] == first[1] == 0xc02c, "the first of TLS 1.2 is the "
             "same, of ECDSA; GnuTLS then sorts by key exchange, OpenSSL by "
             "strength", [numbers(first)])
    compare_second(out, more, theirs)


def compare_second(out, more, theirs):
    """What follows a first hello that had no suite for the host."""
    out.test(len(more) == 1, "who takes none of the suites is sent one more "
             "ClientHello, and no third", [str(len(more))])
    for made in more:
        missing = [suite for suite in theirs.suites
                   if suite in explained(ONLY_POSTFIX) or suite == 0x00ff]
        for what, pair in (
                ("suites that only Postfix offers", (made.suites, missing)),
                ("signatures", (made.signatures, theirs.signatures)),
                ("groups", (made.groups, theirs.groups))):
            out.test(pair[0] == pair[1], "that has Postfix's %s, all in the "
                     "same order" % what, map(numbers, pair))
        strange = set(made.extensions) - set(theirs.extensions)
        out.test(not strange, "that has no extension that Postfix's has not",
                 [numbers(sorted(strange))])


# -- hosts that say odd things -----------------------------------------------

GREETING = b"220 mx ESMTP\r\n"
OFFER = b"250-mx\r\n250 STARTTLS\r\n"
GO = b"220 go\r\n"
YES = b"250 mx\r\n"
MORE = "more"  # certificates with these keys, beside the first
RSA = ("rsa:2048",)
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
ED25519 = ("ed25519",)


def says(greeting=GREETING, ehlo=OFFER, starttls=GO, helo=YES, inside=YES):
    return {"greeting": greeting, "EHLO": ehlo, "STARTTLS": starttls,
            "HELO": helo, "inside": inside}


HOSTS = (
    ("says nothing odd", says()),
    ("a blank before the keyword", says(ehlo=b"250-mx\r\n250- STARTTLS\r\n"
                                        b"250 x\r\n")),
    ("STARTTLS=yes", says(ehlo=b"250-mx\r\n250 STARTTLS=yes\r\n")),
    ("a TAB behind the keyword", says(ehlo=b"250-mx\r\n250 STARTTLS\tx\r\n")),
    ("- before the keyword", says(ehlo=b"250-mx\r\n250--STARTTLS\r\n"
                                  b"250 x\r\n")),
    ("the keyword without a code", says(ehlo=b"250-mx\r\nx STARTTLS\r\n"
                                        b"250 x\r\n")),
    ("the keyword on the first line", says(ehlo=b"250 STARTTLS\r\n")),
    ("no name on the first line", says(ehlo=b"250-\r\n250 STARTTLS\r\n")),
    ("lower case, LF alone", says(ehlo=b"250-mx\n250 starttls\n")),
    ("a NUL before the keyword", says(ehlo=b"250-mx\r\n250-x\0 STARTTLS\r\n"
                                      b"250 x\r\n")),
    ("other codes in between", says(ehlo=b"250-mx\r\n550-STARTTLS\r\n"
                                    b"299 x\r\n")),
    ("a long line before the keyword", says(
        ehlo=b"250-mx\r\n250-" + b"x" * 1900 + b"\r\n250 STARTTLS\r\n")),
    ("too long a line before the keyword", says(
        ehlo=b"250-mx\r\n250-" + b"x" * 2500 + b"\r\n250 STARTTLS\r\n")),
    ("an empty line before the banner", says(greeting=b"\r\n" + GREETING)),
    ("garbage before the banner", says(greeting=b"hello\r\n" + GREETING)),
    ("a banner of stars", says(greeting=b"220 ****2**0*\r\n")),
    ("a bare 220", says(greeting=b"220\r\n")),
    ("a banner of 299", says(greeting=b"299 mx\r\n")),
    ("a banner of 354", says(greeting=b"354 mx\r\n")),
    ("250 to STARTTLS", says(starttls=b"250 go\r\n")),
    ("a bare 220 to STARTTLS", says(starttls=b"220\r\n")),
    ("354 to STARTTLS", says(starttls=b"354 go\r\n")),
    ("450 to EHLO", says(ehlo=b"450 no\r\n")),
    ("421 to EHLO", says(ehlo=b"421 no\r\n")),
    ("421 to EHLO inside TLS", says(inside=b"421 no\r\n")),
    ("502 to EHLO inside TLS", says(inside=b"502 no\r\n")),
    ("closes inside TLS", says(inside=None)),
    ("shows EC and RSA, TLSA of EC", dict(says(), more=(RSA,))),
    ("shows EC, RSA and Ed25519, TLSA of EC", dict(says(), more=(
        RSA, ED25519))),
)
RSA_HOSTS = {
    "odd-rsa": ("shows RSA and EC, TLSA of RSA", dict(says(), more=(EC,))),
    "odd-three": ("shows RSA, EC and Ed25519, TLSA of RSA", dict(
        says(), more=(EC, ED25519)))}


# Hosts with suites of TLS 1.2 alone, and what is said of them.
SUITES = "suites"
ARIA_ECDSA = "ECDHE-ECDSA-ARIA256-GCM-SHA384"
ARIA_RSA = "ECDHE-ARIA128-GCM-SHA256"
SUITE_HOSTS = {
    "odd-aria": (ARIA_ECDSA, "sent", "none", "tls-unsupported"),
    "odd-aria-rsa": (ARIA_RSA, "sent", "none", "tls-unsupported"),
    "odd-aria-wrong": (ARIA_ECDSA, "deferred", "fail",
                       "validation-failure"),
    "odd-suites": ("ECDHE-PSK-CHACHA20-POLY1305", "deferred", "fail",
                   "validation-failure")}


class Odd:
    """A mail host that takes mail, but for what it is told to say."""

    def __init__(self, name, words):
        self.words = words
        base = evil.built(name)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(base + ".pem", base + ".key")
        if SUITES in words:
            self.tls.maximum_version = ssl.TLSVersion.TLSv1_2
            self.tls.set_ciphers(words[SUITES])
        for number, key in enumerate(words.get(MORE, ())):
            other = evil.certificate("%s-more%d" % (name, number),
                                     "/CN=other", newkey=key)
            self.tls.load_cert_chain(other + ".chain", other + ".key")
        self.host = evil.Host(evil.address_of(name), self.serve)

    def serve(self, connection):
        connection.sendall(self.words["greeting"])
        with connection.makefile("rb") as lines:
            for line in lines:
                verb = line.strip().split(b" ")[0].upper().decode()
                reply = self.words.get(verb, b"250 ok\r\n")
                connection.sendall(reply)
                if verb == "STARTTLS" and reply.startswith(b"2"):
                    break
            else:
                return
        with self.tls.wrap_socket(connection, server_side=True) as inside:
            self.serve_inside(inside)

    def serve_inside(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                verb = line.strip().split(b" ")[0].upper()
                if verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                reply = self.words["inside"] if verb == b"EHLO" \
                    else b"250 ok\r\n"
                if reply is None:
                    return
                connection.sendall(reply)
                if verb == b"QUIT" or reply.startswith(b"421"):
                    return


# -- what smtp(8) does --------------------------------------------------------

def be_sender():
    """Make the lab's Postfix one that looks at DANE and asks no milter."""
    subprocess.run(["postconf", "-e", "smtp_tls_security_level=dane",
                    "smtp_dns_support_level=dnssec", "smtpd_milters=",
                    "smtp_helo_timeout=20s", "smtp_starttls_timeout=20s"],
                   check=True)
    subprocess.run(["postfix", "reload"], check=True, capture_output=True)


def deliver(names):
    """{destination: what became of its message, and the line of the log}"""
    start = mta.syslog_size()
    for name in names:
        with smtplib.SMTP("127.0.0.1", 25, timeout=WAIT_S) as client:
            client.sendmail(mta.SENDER, ["user@%s.example" % name],
                            b"Subject: odd\r\n\r\nA test.\r\n")
    told = {}
    end = time.monotonic() + WAIT_S
    pattern = re.compile(r"to=<user@(\S+)\.example>.*status=(\w+)")
    while len(told) < len(names) and time.monotonic() < end:
        for line in mta.syslog(start):
            match = pattern.search(line)
            if match and match[1] in names:
                told.setdefault(match[1], (match[2], line))
        time.sleep(0.2)
    return told


def compare_hosts(out, conf):
    names = {"odd%d" % number: row for number, row in enumerate(HOSTS)}
    names.update(RSA_HOSTS)
    hosts = [Odd(name, words) for name, (_, words) in names.items()]
    told = deliver(names)
    answers, error = cli.check(conf, *("%s.example" % name
                                       for name in names))
    for name, (what, _) in names.items():
        outcome, line = told.get(name, ("none", "no outcome"))
        answer = answers.get(name + ".example", {})
        passes = answer.get("result") == "pass"
        out.test(answer and outcome in ("sent", "deferred", "bounced") and
                 passes == (outcome == "sent"),
                 "a host that %s: smtp(8) %s, postern %s" % (
                     what if what.startswith(("says", "shows", "closes"))
                     else "says " + what, outcome, answer.get("result")),
                 [line, str(answer.get("reason")), error])
    for host in hosts:
        host.host.close()


def compare_suites(out, conf):
    hosts = [Odd(name, dict(says(), suites=row[0]))
             for name, row in SUITE_HOSTS.items()]
    told = deliver(list(SUITE_HOSTS))
    answers, error = cli.check(conf, *("%s.example" % name
                                       for name in SUITE_HOSTS))
    for name, (suite, *wanted) in SUITE_HOSTS.items():
        outcome, line = told.get(name, ("none", "no outcome"))
        answer = answers.get(name + ".example", {})
        got = [outcome, answer.get("result"), answer.get("reason")]
        shown = [len(address["chain"]) > 0 for host in answer.get("hosts", ())
                 for address in host["addresses"]]
        out.test(got == wanted and shown == ["ARIA" in suite], "a host that has %s alone, %s: smtp(8) %s, "
                 "postern %s for %s" % (suite, name, *got),
                 [line, error, str(shown)])
    for host in hosts:
        host.host.close()


# -- postscreen ---------------------------------------------------------------

SCREEN = "screen"
GREET_WAIT_S = 6  # postconf -d postscreen_greet_wait


def start_postscreen():
    """Before the host's port, as it comes; but it trusts no neighbour, and
    what smtpd(8) takes from it is thrown away."""
    at = evil.address_of(SCREEN) + ":25"
    base = evil.built(SCREEN)
    name = " -o myhostname=mx1.%s.example" % SCREEN
    for key, line in (
            (at + "/inet", at + " inet n - n - 1 postscreen"
             " -o postscreen_access_list=" + name),
            ("smtpd/pass", "smtpd pass - - n - - smtpd"
             " -o smtpd_tls_security_level=may"
             " -o smtpd_tls_chain_files=%s.key,%s.chain"
             " -o { smtpd_end_of_data_restrictions ="
             " check_client_access static:DISCARD }" % (base, base) + name)):
        subprocess.run(["postconf", "-M", "%s=%s" % (key, line)], check=True)
    subprocess.run(["postfix", "reload"], check=True, capture_output=True)
    mta.await_true(lambda: listens(evil.address_of(SCREEN)), WAIT_S,
                   "postscreen")


def listens(address):
    """Told without a connection: whoever connects is known from then on."""
    return mta.run("ss", "-Hltn", "src", address + ":25").strip() != ""


def default_waits():
    """Settings as the lab has them, but for waits: those are the defaults."""
    path = mta.HERE + "/waits.conf"
    mta.write(path, "".join(
        line for line in mta.read(mta.CONF).splitlines(True)
        if not line.split()[0].endswith(("Timeout", "Wait"))))
    return path


def compare_postscreen(out):
    start_postscreen()
    start = mta.syslog_size()
    begun = time.monotonic()
    answers, error = cli.check(default_waits(), SCREEN + ".example")
    seconds = time.monotonic() - begun
    answer = answers.get(SCREEN + ".example", {})
    said = [line for line in mta.syslog(start) if "postfix/postscreen" in line]
    outcome, line = deliver([SCREEN]).get(SCREEN, ("none", "no outcome"))
    out.test(any("PASS NEW" in text for text in said) and
             seconds >= GREET_WAIT_S,
             "postscreen lets wait whom it does not know", said)
    out.test(answer.get("result") == "pass" and outcome == "sent",
             "that is waited for: postern %s, smtp(8) %s" % (
                 answer.get("result"), outcome),
             [line, str(answer.get("reason")), error, *said])
    out.say("%.1f s" % seconds)


def inside():
    out = tap.Tap()
    conf = cli.configuration("embedded")
    try:
        be_sender()
        compare_hellos(out, conf)
        compare_hosts(out, conf)
        compare_suites(out, conf)
        compare_postscreen(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "posttls-finger", "openssl"))
