#!/usr/bin/env python3
"""peers - whoever posternd speaks with may be hostile, in the lab.

First MTAs that there should not be: after each of them posternd lives, does
not grow, and answers a good message well.  Then mail hosts, certificates and
DNS whose text would break a log line.  Every line and every tag of the whole
run is read by one strict grammar.  TAP.
"""
import grp
import os
import random
import re
import shutil
import signal
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import evil
import grammar
import milter_client as milter
import mta
import tap
import world
from milter_client import Client, Gone, packet, ready, strings

GOOD = "dane-ee.example"
GOOD_TAG = ("gate.sender.example; v=1; result=pass; action=none; id=%s;\n"
            " d=dane-ee.example/pass/tlsa/ok")
SETTLE_S = 20
GROWTH_KB = 64 * 1024
GROWTH_FDS = 10
MANY = 200
SEED = 4711

EVIL = ("\r\n x event=check result=pass domain=a.example;\n d=x/pass/tlsa/ok"
        "\t\"=\x00\x01\x1b[31m\x7f\x80\xff %s%n\u2028\u202e=")


# -- what is looked at after each --------------------------------------------

class Watched:
    """A posternd, and what it had when it had nothing to do."""

    def __init__(self, out):
        self.out = out
        self.start = mta.syslog_size()
        self.daemon = mta.Posternd("peers", "HeaderDomains all\nLogLevel debug\n")
        self.number = 0
        self.tags = []
        with ready(mta.SOCKET) as client:
            client.message(GOOD, "WARM")
        self.await_idle(lambda: len(self.links("fd")), 1 << 20)
        self.memory = self.rss()
        # a sanitizer multiplies both
        self.most = self.memory + max(GROWTH_KB, 3 * self.memory)
        self.files = len(self.links("fd"))
        self.threads = len(self.links("task"))

    def links(self, name):
        return os.listdir("/proc/%d/%s" % (self.daemon.process.pid, name))

    def rss(self):
        """In kilobytes."""
        for line in mta.read("/proc/%d/status"
                             % self.daemon.process.pid).splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def await_idle(self, count, most):
        """Until a number has come down; the last one."""
        end = time.monotonic() + SETTLE_S
        while count() > most and time.monotonic() < end:
            time.sleep(0.05)
        return count()

    def alive(self):
        return self.daemon.process.poll() is None

    def good(self):
        """A good message over a connection of its own: what is wrong."""
        self.number += 1
        queue_id = "GOOD%d" % self.number
        try:
            with ready(mta.SOCKET) as client:
                tag = client.message(GOOD, queue_id)
        except Gone as error:
            return ["a good message: %s" % error]
        if tag != GOOD_TAG % queue_id:
            return ["a good message has the tag %r" % tag]
        return []

    def well(self):
        """What is wrong now, in words."""
        if not self.alive():
            return ["posternd ended: %s" % mta.read(self.daemon.err)]
        problems = self.good()
        files = self.await_idle(lambda: len(self.links("fd")),
                                self.files + GROWTH_FDS)
        threads = self.await_idle(lambda: len(self.links("task")),
                                  self.threads + GROWTH_FDS)
        if files > self.files + GROWTH_FDS:
            problems.append("%d descriptors, %d at first" % (files,
                                                             self.files))
        if threads > self.threads + GROWTH_FDS:
            problems.append("%d threads, %d at first" % (threads,
                                                         self.threads))
        if self.rss() > self.most:
            problems.append("%d kB, %d at first" % (self.rss(), self.memory))
        return problems

    def survives(self, name, attack):
        """One test: an attack gives what is wrong, or the tags it got."""
        begun = time.monotonic()
        problems = []
        try:
            problems += attack(self) or []
        except Gone as error:
            problems.append("the connection is gone: %s" % error)
        problems += self.well()
        self.out.test(not problems, name, problems)
        self.out.say("%.1f s, %d kB" % (time.monotonic() - begun,
                                        self.rss()))

    def take(self, client):
        """Keep the tag of the message that ended, for the grammar."""
        tag = client.tag()
        if tag is not None:
            self.tags.append(tag)
        return tag


def expect(problems, what, got, wanted):
    if got != wanted:
        problems.append("%s: %r, expected %r" % (what, got, wanted))


# -- connections -------------------------------------------------------------

def connect_and_close(_):
    for _ in range(MANY):
        Client(mta.SOCKET).close()


def half_open(watched):
    """While they stand there, mail goes on."""
    idle = [ready(mta.SOCKET) for _ in range(MANY)]
    mute = [Client(mta.SOCKET) for _ in range(MANY)]
    problems = watched.good()
    for client in idle + mute:
        client.close()
    return problems


def garbage(_):
    noise = random.Random(SEED)
    texts = [b"\0" * 65536, b"\xff" * 65536, b"GET / HTTP/1.1\r\n\r\n",
             b"EHLO x\r\nMAIL FROM:<>\r\n", *(noise.randbytes(4096)
                                              for _ in range(100))]
    for text in texts:
        with Client(mta.SOCKET) as client:
            try:
                client.send(text)
            except Gone:
                pass


def conversation():
    """The octets of a good message."""
    return b"".join((
        packet(b"O", struct.pack("!III", 6, milter.ACTIONS, milter.STEPS)),
        packet(b"D", b"M" + strings("j", "gate.sender.example")),
        packet(b"M", strings("<app@sender.example>")),
        packet(b"D", b"R" + strings("{rcpt_mailer}", "smtp")),
        packet(b"R", strings("<user@%s>" % GOOD)),
        packet(b"L", strings("To", "user@" + GOOD)),
        packet(b"D", b"E" + strings("i", "CUT")),
        packet(b"E")))


def cut_anywhere(_):
    whole = conversation()
    for size in range(len(whole) + 1):
        with Client(mta.SOCKET) as client:
            client.send(whole[:size])


def wrong_lengths(_):
    """Such a packet ends the connection, and nothing is waited for."""
    problems = []
    for length in (0xffffffff, 0x80000000, 0x7fffffff, 16 << 20, 1 << 20, 0):
        for prepare in (Client, ready):
            with prepare(mta.SOCKET) as client:
                client.send(struct.pack("!I", length) + b"M" * 64)
                if not client.ends(SETTLE_S):
                    problems.append("length %#x is waited for" % length)
    return problems


def slow(watched):
    """An octet a second, then at once: an answer like any other."""
    text = conversation()
    problems = []
    with Client(mta.SOCKET) as client:
        for octet in text[:4]:
            client.send(bytes([octet]))
            time.sleep(1)
            problems += watched.good()
        client.send(text[4:])
        codes = [client.final()[0] for _ in range(4)]
        expect(problems, "answers", codes, [b"O", b"c", b"c", b"c"])
    return problems


def odd_negotiations(_):
    full = (0, 1, 0x1ff, 0xffffffff, 0x80000000)
    for version in (0, 1, 2, 3, 5, 7, 99, 0x7fffffff, 0xffffffff):
        for flags in full:
            try:
                with Client(mta.SOCKET) as client:
                    client.negotiate(version, flags, flags)
                    client.message(GOOD, "ODD")
            except Gone:
                pass
    for size in range(12):
        with Client(mta.SOCKET) as client:
            client.send(packet(b"O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"
                               [:size]))
            client.ends(0.05)
    with ready(mta.SOCKET) as client:
        client.send(packet(b"O", struct.pack("!III", 6, 0x1ff, 0)) * 3)
        client.ends(0.2)


# -- commands ----------------------------------------------------------------

ORDERS = ("E", "R", "L", "B", "N", "T", "A", "ME", "MM", "MRMR", "MRE E",
          "MREE", "MRBE", "MRLBLE", "RMRE", "EMRE", "MRNBE", "MRAE", "MA",
          "MRTTTE", "MRAMRE", "LLLMRE", "CHMRE", "HCMRE", "MRCE", "UMRE",
          "MRLUE", "MRQE", "MKMRE", "MRKCMRE", "DDDMRE", "K", "AAAA")
PACKETS = {
    "C": packet(b"C", b"host\0004\0\x19192.0.2.1\0"),
    "H": packet(b"H", b"helo\0"), "N": packet(b"N"), "T": packet(b"T"),
    "B": packet(b"B", b"body\r\n"), "E": packet(b"E"), "A": packet(b"A"),
    "Q": packet(b"Q"), "K": packet(b"K"), "U": packet(b"U", b"NOOP\0"),
    "L": packet(b"L", strings("To", "x@" + GOOD)),
    "D": packet(b"D", b"R" + strings("{rcpt_host}", "x")),
    "M": packet(b"M", strings("<a@sender.example>")),
    "R": packet(b"R", strings("<user@%s>" % GOOD)), " ": b""}


def out_of_order(_):
    """Whatever comes of it; where a whole message is last, it is answered."""
    for order in ORDERS:
        with ready(mta.SOCKET) as client:
            try:
                client.send(b"".join(PACKETS[letter] for letter in order))
            except Gone:
                continue
            client.ends(0.05)


def all_letters(_):
    for letter in range(256):
        for begin in (b"", packet(b"M", strings("<a@sender.example>"))):
            for data in (b"", b"x\0y\0"):
                with ready(mta.SOCKET) as client:
                    try:
                        client.send(begin + packet(bytes([letter]), data))
                    except Gone:
                        pass


def arguments(watched):
    """None, no NUL, nothing but NUL, no brackets, very long."""
    problems = []
    for command in b"MRLDCHU":
        for data in (b"", b"x", b"\0", b"\0\0\0", b"x\0y", b"=\0=\0=",
                     b"M", b"R\0", b"Ma\0", b"x" * 65000,
                     b"x" * 65000 + b"\0", b"\0" * 65000, b"x\0" * 32000):
            with ready(mta.SOCKET) as client:
                try:
                    client.send(packet(bytes([command]), data))
                    client.send(PACKETS["E"])
                except Gone:
                    pass
    for sender in ("app@sender.example", "", "<", "a b", "<@a:b@c>", EVIL):
        with ready(mta.SOCKET) as client:
            expect(problems, "MAIL %r" % sender,
                   client.mail(sender.replace("\0", ""))[0], b"c")
            client.to("user@" + GOOD, GOOD)
            expect(problems, "end", client.end()[0], b"c")
            watched.take(client)
    return problems


def hostile_macros(watched):
    """The longest that a packet holds, and what a line must not hold."""
    text = EVIL.replace("\0", "\1")
    values = ("", text, text * 100, "%s%n%d" * 500, "x" * 60000, "=" * 2000,
              "a b\tc", "\u00fc" * 5000, "Q;\n d=x/pass/tlsa/ok", "a/b",
              b"\xff\xfe\xc3(", "[", "]", "[1.2.3.4]:99999", "," * 5000,
              "a.example," * 3000, "[a b]:25", ".", "..", "-")
    problems = []
    for value in values:
        value = value[:30000]
        for name in ("i", "j", "{auth_authen}", "{rcpt_host}",
                     "{rcpt_mailer}", "{rcpt_addr}", value or "x"):
            with ready(mta.SOCKET) as client:
                client.macros(b"M", name, value)
                client.mail()
                client.macros(b"R", "{rcpt_mailer}", "smtp")
                client.macros(b"R", name, value)
                client.recipient("<user@%s>" % GOOD)
                client.macros(b"E", name, value)
                code, _ = client.end()
                expect(problems, "end after %r" % value[:20], code, b"c")
                watched.take(client)
    return problems


def hostile_domains(watched):
    text = EVIL.replace("\0", "")
    domains = (text, "a=b", "a b", "a;b", "[;result=pass]", "[a/b]", "[a b]",
               "[" + "1" * 500 + "]", "[1.2.3.4", "%s%n.example", "a\r\nb",
               "x" * 300, "x." * 120 + "example", "a..b", ".", "-", "*",
               "\u202e.example", "xn--\u00fc.example", "xn--a.example",
               "a@b", "a>b", "\\", "'", "\"", "_a.example", "A" * 64 + ".b",
               "[IPv6:::1]", "[IPv6:" + ":" * 100 + "]")
    problems = []
    with ready(mta.SOCKET) as client:
        for domain in domains:
            client.begin("DOMAIN")
            client.macros(b"R", "{rcpt_mailer}", "smtp")
            client.recipient("<user@%s>" % domain)
            client.recipient("user@" + domain)
            client.header("To", "user@%s, <u@%s>" % (domain, domain))
            expect(problems, "end of %r" % domain, client.end()[0], b"c")
            watched.take(client)
    return problems


def many_recipients(watched):
    """Ten thousand of one domain, then of as many domains."""
    problems = []
    with ready(mta.SOCKET) as client:
        client.begin("MANY")
        client.macros(b"E", "i", "MANY")
        codes = set()
        for i in range(10000):
            client.macros(b"R", "{rcpt_mailer}", "smtp", "{rcpt_host}", GOOD)
            codes.add(client.recipient("<u%d@%s>" % (i, GOOD))[0])
        expect(problems, "one domain", (codes, client.end()[0]),
               ({b"c"}, b"c"))
        expect(problems, "its tag", watched.take(client), GOOD_TAG % "MANY")
        client.begin("DOMAINS")
        for i in range(10000):
            client.macros(b"R", "{rcpt_mailer}", "smtp")
            client.recipient("<u@n%d.null-mx.example>" % i)
        for _ in range(4):
            client.header("To", ",".join("a@%d" % i for i in range(9000)))
        expect(problems, "many domains", client.end()[0], b"c")
        tag = watched.take(client) or ""
        expect(problems, "its tag", tag.split("\n")[-1], " more=9980")
    return problems


def headers(watched):
    problems = []
    big = "u@%s, " % GOOD
    values = ("", "x" * 65000, big * 3000, "(" * 65000, "\"" * 65000,
              "<" * 65000, "@," * 32000, "u@" + "a" * 60000,
              EVIL.replace("\0", ""), "\r\n " * 20000)
    for value in values:
        for name in ("To", "Cc", "X-TLS-Precheck", "TLS-Required",
                     value[:60000] or "x"):
            with ready(mta.SOCKET) as client:
                client.begin("HEADERS")
                client.to("<user@%s>" % GOOD, GOOD)
                client.header(name, value[:65000 - len(name.encode())])
                expect(problems, "%.10r: %.10r" % (name, value),
                       client.end()[0], b"c")
                watched.take(client)
    return problems


def odd_headers(_):
    """A NUL within, none at the end, one string or three."""
    for data in (b"To", b"To\0", b"To\0x", b"\0\0", b"\0x\0", b"To\0a\0b\0",
                 b"X-TLS-Precheck\0a\0b", b"To\0u@a\0,u@dane-ee.example\0",
                 b"TLS-Required\0No\0yes\0"):
        with ready(mta.SOCKET) as client:
            client.begin("NULHEAD")
            client.to("<user@%s>" % GOOD, GOOD)
            try:
                client.send(packet(b"L", data))
                client.end()
            except Gone:
                pass


def many_headers(watched):
    """Forged tags are removed from the highest index down, each once; of very
    many none, and the message is refused."""
    problems = []
    for count, end, last in ((100, b"c", 0), (5000, b"y", 5000)):
        with ready(mta.SOCKET) as client:
            client.begin("FORGED")
            client.to("<user@%s>" % GOOD, GOOD)
            for i in range(count):
                client.header("x-tls-PRECHECK", "v=1; result=pass %d" % i)
            expect(problems, "end", client.end()[0], end)
            removed = [struct.unpack("!I", data[:4])[0]
                       for code, data in client.changes if code == b"m"]
            expect(problems, "removed", removed, list(range(count, last, -1)))
            watched.take(client)
    return problems


def one_after_another(watched):
    """Messages on one connection, with a break between and in the middle."""
    problems = []
    with ready(mta.SOCKET) as client:
        for i in range(50):
            client.begin("ABORTED")
            client.to("<user@dane-mismatch.example>", "dane-mismatch.example")
            client.header("X-TLS-Precheck", "forged")
            client.abort()
            expect(problems, "after a break", client.message(
                GOOD, "AFTER%d" % i), GOOD_TAG % ("AFTER%d" % i))
            removed = [c for c, _ in client.changes if c == b"m"]
            expect(problems, "left from the one before", removed, [])
        client.begin("QUIT")
        client.to("<user@%s>" % GOOD, GOOD)
        client.quit()
        expect(problems, "the connection ends", client.ends(SETTLE_S), True)
    return problems


def crowd(watched):
    """A hundred connections at once, each with its messages; in between some
    that go away in the middle."""
    def one(number):
        with ready(mta.SOCKET) as client:
            client.begin("GONE")
            client.to("<user@%s>" % GOOD, GOOD)
            if number % 3 == 0:
                return []
            client.abort()
            tags = [client.message(GOOD, "CROWD%d.%d" % (number, i))
                    for i in range(5)]
        return [] if tags == [GOOD_TAG % ("CROWD%d.%d" % (number, i))
                              for i in range(5)] else [repr(tags)]
    with ThreadPoolExecutor(100) as pool:
        return sum(pool.map(one, range(100)), [])


ATTACKS = (
    ("%d connections that are closed at once" % MANY, connect_and_close),
    ("%d that say nothing, before and after they negotiate" % MANY,
     half_open),
    ("garbage", garbage),
    ("a message that is cut off after any octet", cut_anywhere),
    ("lengths that are wrong end the connection", wrong_lengths),
    ("an octet a second", slow),
    ("versions and flags that there are not", odd_negotiations),
    ("commands out of order", out_of_order),
    ("every letter as a command", all_letters),
    ("arguments that are none", arguments),
    ("macros that would break a line", hostile_macros),
    ("recipients that would break a line", hostile_domains),
    ("ten thousand recipients, ten thousand domains", many_recipients),
    ("headers of 64 kB", headers),
    ("headers with a NUL", odd_headers),
    ("five thousand forged tags", many_headers),
    ("messages that end early, one after another", one_after_another),
    ("a crowd, of which a third goes away", crowd))


# -- what is far away --------------------------------------------------------

NOISE = EVIL.encode("utf-8", "surrogateescape").replace(b"\r\n", b" ") \
    .replace(b"\n", b" ")
SUBJECT = "/O=a\x01b\r\n\x1b[31m\u202e/CN=x event=check result=pass\n; y%s"


def say(code, text):
    """A refusal with octets that are in no grammar."""
    return code + b" " + text + b"\r\n"


def evil_hosts():
    """{destination: what its mail host does}"""
    hello = b"220 x\r\n"
    offer = b"250-x " + NOISE + b"\r\n250-" + NOISE + b"\r\n250 STARTTLS\r\n"
    tls = evil.context(evil.certificate("evil", SUBJECT))
    named = evil.context(evil.certificate("evil-ca", SUBJECT, "webpki-int"))
    return {
        "evil0": (say(b"554", NOISE),),
        "evil1": (b"220 " + NOISE + b"\r\n", None, say(b"554", NOISE)),
        "evil2": (hello, None, offer, None, say(b"454", NOISE)),
        "evil3": (NOISE + b"\r\n",),
        "evil4": (hello, None, b"250-" + NOISE + b"\r\n421 " + NOISE +
                  b"\r\n"),
        "evil5": (hello, None, offer, None, b"220 " + NOISE + b"\r\n", tls),
        "evil6": (hello, None, offer, None, b"220 go\r\n", None,
                  b"\x15\x03\x03\x00\x02\x02\x28"),
        "evil7": (b"554-" + b"x\xff" * 500 + b"\r\n554 \x1b=\r\n",),
        "evil-sts0": (hello, None, offer, None, b"220 go\r\n", tls),
        "evil-sts1": (hello, None, offer, None, b"220 go\r\n", named)}


EVIL_RESULTS = {
    "evil0": "temperror", "evil1": "fail", "evil2": "fail",
    "evil3": "temperror", "evil4": "temperror", "evil5": "fail",
    "evil6": "fail", "evil7": "temperror", "evil-sts0": "fail",
    "evil-sts1": "fail", "evil-mx": "none"}


def far_away(watched):
    """A message to each: the result, and a detail that tells something."""
    hosts = [evil.Host(evil.address_of(name), evil.steps(*what))
             for name, what in evil_hosts().items()]
    problems = []
    start = mta.syslog_size()
    for name, result in EVIL_RESULTS.items():
        domain = world.WORLD.find(name).domain
        with ready(mta.SOCKET) as client:
            watched.tags.append(client.message(domain, "EVIL"))
        pairs = mta.check_line(domain, start)
        expect(problems, name, pairs.get("result"), result)
        watched.out.say("%s: %s %s" % (name, pairs.get("reason"),
                                       pairs.get("detail")))
    for host in hosts:
        host.close()
    return problems


# -- the other events ---------------------------------------------------------

ODD_FOLDER = "/run/lab/x event=check result=pass;\u202e%s"
ODD_CONF = "On-Fail \x1b[31m=event=check\"\nresult=pass\x01=\u202e x\n"
RULES = """past.example may until=2020-01-31 # event=check
.past.example none until=2020-01-31
mx:.past.example dane until=2020-01-31 on-fail=tag
"""


def reload(daemon, text):
    """The settings, changed and read anew."""
    start = mta.syslog_size()
    with open(daemon.conf, "w") as out:
        out.write(text)
    daemon.process.send_signal(signal.SIGHUP)
    mta.await_true(lambda: any("event=reload" in line
                               for line in mta.syslog(start)), SETTLE_S,
                   "the reload")


def flips_and_reloads(out):
    """change, rule, reload; then TERM twice while there is a message."""
    with open("/etc/postern/rules", "w") as file:
        file.write(RULES)
    changes = change.Changes()
    changes.host(world.WORLD.find("dane-ee"), "no-starttls")
    changes.apply()
    daemon = mta.Posternd("events", "Destinations /etc/postern/rules\nLogWhy yes\n")
    text = mta.read(daemon.conf)
    with ready(mta.SOCKET) as client:
        client.message(GOOD, "CHANGE")
        reload(daemon, text + ODD_CONF)
        reload(daemon, text + "HeaderName X-Other\nUMask 022\n")
        client.begin("FLIGHT")
        client.to("<user@null-mx.example>", "null-mx.example")
        for _ in range(2):
            daemon.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        client.header("Subject", "in flight")
        code, _ = client.end()
    status = daemon.process.wait(mta.STOP_S)
    out.test(code == b"c" and status == 0, "a second TERM lets a message in "
             "flight end as well", ["answer %r, status %d" % (code, status)])


def steps_of(start):
    """(domain, step) of each debug line."""
    return [tuple(re.search(r" domain=(\S+) step=(\S+)", line).groups())
            for line in mta.syslog(start) if " event=step " in line]


def steps(out):
    """step: of DebugDomains alone, and of what is looked at anew alone."""
    daemon = mta.Posternd("steps", "LogLevel debug\nDebugDomains %s\n" % GOOD)
    start = mta.syslog_size()
    with ready(mta.SOCKET) as client:
        client.message(GOOD, "STEPS")
        client.message("sts.example", "OTHER")
        client.message(GOOD, "AGAIN")
        told = steps_of(start)
        out.test(told == [(GOOD, step) for step in
                          ("mx", "sts-record", "host", "probe", "verdict")],
                 "a domain of DebugDomains has its steps logged, once", told)
        daemon.reload("LogLevel debug\n")
        start = mta.syslog_size()
        client.message("dane-ta.example", "ALL")
        told = steps_of(start)
        out.test(len(told) >= 5 and {name for name, _ in told} ==
                 {"dane-ta.example"}, "without them any, after a reload", told)
        daemon.reload("LogLevel info\n")
        start = mta.syslog_size()
        client.message("sts-testing.example", "NONE")
        told = steps_of(start)
        out.test(not told, "and none at the level info", told)
    daemon.stop()


def odd_store(out):
    """store: its path is the admin's, who may be odd."""
    os.makedirs(ODD_FOLDER + "/state.db")
    shutil.chown(ODD_FOLDER, "postern", "postern")
    daemon = mta.Posternd("store", "StateDirectory %s\n" % ODD_FOLDER)
    with ready(mta.SOCKET) as client:
        client.message("sts.example", "STORE")
    daemon.stop()


def socket_of_a_group(out):
    daemon = mta.Posternd("group", "UserID postern:mail\nUMask 017\n")
    stat = os.stat(mta.SOCKET)
    got = (grp.getgrgid(stat.st_gid).gr_name, oct(stat.st_mode & 0o777))
    out.test(got == ("mail", "0o760"), "the socket has group and mode of the "
             "settings", ["%s" % (got,)])
    daemon.stop()


def told_often(watched, event):
    return sum(": event=" + event in line
               for line in mta.syslog(watched.start))


def read_all(watched):
    """The whole log and all tags, by the grammar."""
    mta.await_true(lambda: told_often(watched, "start") ==
                   told_often(watched, "stop"), SETTLE_S, "the last line")
    faults, counts = grammar.log_faults(mta.syslog(watched.start))
    watched.out.say(", ".join("%d %s" % (count, event)
                              for event, count in sorted(counts.items())))
    watched.out.test(not faults, "every line is of the grammar", faults[:20])
    bad = ["%s: %r" % (grammar.tag_fault(tag), tag) for tag in watched.tags
           if grammar.tag_fault(tag)]
    watched.out.test(not bad and len(watched.tags) > 100,
                     "so is each of %d tags" % len(watched.tags), bad[:20])
    missing = sorted(set(grammar.EVENTS) - set(counts) - grammar.OF_MAPS -
                     grammar.OF_FACTS - grammar.OF_FLEET -
                     grammar.OF_TLSRPT - {"log", "accept"})
    watched.out.test(not missing, "each kind of event is among them", missing)


def inside():
    out = tap.Tap()
    try:
        watched = Watched(out)
        for name, attack in ATTACKS:
            watched.survives(name, attack)
        watched.survives("mail hosts that would break a line", far_away)
        status = watched.daemon.stop()
        out.test(status == 0, "posternd ends well", ["status %d" % status])
        flips_and_reloads(out)
        steps(out)
        odd_store(out)
        socket_of_a_group(out)
        read_all(watched)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
