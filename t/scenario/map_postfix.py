#!/usr/bin/env python3
"""map_postfix - what one answer for all hosts of a next hop makes of mail, and
which next hops Postfix asks for; ways to the socket, a posternd that is started
anew under load, policies that want to break the reply.

Where smtp(8) is not told of DANE by main.cf, what is verified is verified for
the map's sake.  TAP.
"""
import os
import re
import shutil
import smtplib
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import limits
import map_delivery
import mta
import postfix
import tap
import world
from faulty import Told
from socketmap import LINE, MAP, Handed, ask, line

WORKERS = 6
BELOW = postfix.SPOOL + "/postern"
CONF = "MapSocket unix:%s, unix:%s/map.sock\nLineSocket unix:%s\n" \
    "VerdictTTL 1h\nMapWait 20s\n" % (MAP, BELOW, LINE)
TABLE = "smtp_tls_policy_maps=%ssocketmap:unix:%s:%s"
NAMES = (3, 10)     # the version that compares names, with QUERYwithTLSRPT


def version():
    text = mta.run("postconf", "-h", "mail_version")
    return tuple(int(n) for n in re.findall(r"\d+", text)[:2])


def change_postfix(*settings):
    """They are in force for the next message, to any destination."""
    if settings:
        mta.run("postconf", "-e", *settings)
    mta.run("postfix", "reload")


# -- what became of a message ------------------------------------------------

def deliver(recipient):
    """"sent HOST LEVEL", where LEVEL is Postfix's word for the connection or
    "clear", or what else became of it; and the line of its log."""
    start = mta.syslog_size()
    sent = mta.send([recipient], "map")
    outcome, said = mta.status(sent.queue_id(), recipient, start)
    if outcome != "sent":
        return outcome, said
    envelope, _ = mta.taken(sent, outcome)
    host = envelope["host"]
    relay = re.search(r" relay=([^,]+),", said)[1]
    level = re.findall(r"(\w+) TLS connection established to %s:"
                       % re.escape(relay), "\n".join(mta.syslog(start)),
                       re.I)
    if not envelope["tls"]:
        level = ["clear"]
    return "sent %s %s" % (host, level[-1] if level else "by TLS"), said


def told_rows(told, rows):
    """rows: (id, recipient's domain, what becomes of it)"""
    with ThreadPoolExecutor(WORKERS) as pool:
        for (name, domain, wanted), (got, said) in zip(rows, pool.map(
                lambda row: deliver("user@" + row[1]), rows)):
            told.same("%s %s: %s" % (name, domain, said), got, wanted)


def at(name, host="mx1", level="Trusted"):
    return "sent %s.%s.example %s" % (host, name, level)


# -- several hosts, one level: E02 --------------------------------------------

HOSTED = "sent %s.mx.hosting Trusted"
PARTIAL = {
    "dane-only": (at("p04-two", "mx2", "Verified"), "deferred",
                  at("p04-clear", "mx2", "Verified")),
    "secure": (at("p04-two", level="Verified"),
               at("p04-stale", "mx2", "Verified"), "deferred"),
    "dane": (at("p04-two"), at("p04-stale", "mx2"),
             at("p04-clear", level="clear"))}
DOWN = {"dane-only": at("p04-two", "mx2", "Verified"), "secure": "deferred",
        "dane": at("p04-two", "mx2", "Verified")}


def one_level(out, postern):
    with Told(out, "E02, P06: under an insecure MX the policy decides"
              ) as told:
        told_rows(told, [
            ("P06", "p06-good.example", "sent p06-good.mx.hosting Verified"),
            ("P06", "p06-stale.example",
             "sent p06-stale.mx.hosting Verified"),
            ("P06", "p06-private.example", "deferred"),
            ("P06", "p06-forged.example",
             "sent p06-right.mx.hosting Verified"),
            ("P10", "p10.example", at("p10", "mx2", "Verified")),
            ("P08", "m74.example", at("m74", level="Verified")),
            ("P10b", "m73.example", "deferred")])
    for setting, (two, stale, clear) in PARTIAL.items():
        with Told(out, "E02, P04: PartialDANE " + setting) as told:
            change_postfix()
            postern.reload(CONF + "PartialDANE %s\n" % setting)
            told_rows(told, [("P04", "p04-two.example", two),
                             ("P04", "p04-stale.example", stale),
                             ("P04", "p04-clear.example", clear)])
            first_down(told, setting)
    postern.reload(CONF)


def first_down(told, setting):
    changes = change.Changes()
    changes.host(world.WORLD.find("p04-two"), "421")
    changes.apply()
    change_postfix()
    told_rows(told, [("first MX down", "p04-two.example", DOWN[setting])])
    change.Changes().apply()


# -- TEMP: E05 ----------------------------------------------------------------

def flushed(domain, postern):
    """The answer anew; the resolver remembers a failure for some seconds."""
    mta.run(mta.program("postern"), "cache", "flush", domain, "-c",
            postern.conf)
    return ask(domain)


def waits(out, postern):
    """The reason stands in Postfix's log, and the mail goes when it may."""
    dest = world.WORLD.find("m73")
    recipient = "user@" + dest.domain
    with Told(out, "E05: TEMP defers, its reason in the log, until the fault "
              "is over") as told:
        change_postfix()
        start = mta.syslog_size()
        sent = mta.send([recipient], "temp")
        told.same("first", mta.status(sent.queue_id(), recipient, start)[0],
                  "deferred")
        told.same("reason", any(
            "socketmap server temporary error: dns-servfail: TLSA "
            "_25._tcp.mx1.m73.example" in text
            for text in mta.syslog(start)), True)
        changes = change.Changes()
        changes.kinds["dns"]["_25._tcp.mx1.%s TLSA" % dest.domain] = "pass"
        changes.zones.add(dest.domain)
        changes.apply()
        mta.await_true(lambda: flushed(dest.domain, postern) ==
                       "OK dane-only", mta.START_S, "the end of the fault")
        start = mta.syslog_size()
        change_postfix()
        mta.run("postqueue", "-i", sent.queue_id())
        told.same("then", mta.status(sent.queue_id(), recipient, start)[0],
                  "sent")


# -- next hops, and ways to the socket: E07 -----------------------------------

def hops(out):
    good, gw = "Verified", "gw"
    with Told(out, "E07: next hops with brackets, ports, in a list, in "
              "capitals, in other letters") as told:
        change_postfix("smtp_tls_security_level=may")
        told_rows(told, [
            ("[gw]:587", "d90.example", at("d90", gw, good)),
            ("[gw]:submission", "relay-port.example",
             at("relay-port", gw, good)),
            ("[gw]:smtp", "relay-smtp.example", "deferred"),
            ("list, the first down", "hop-refused.example",
             at("hop-refused", gw, good)),
            ("list, the second fails", "hop-gone.example", "deferred"),
            ("port 26", "hop-26.example", at("hop-26", level=good)),
            ("capitals", "DANE-EE.EXAMPLE", at("dane-ee", level=good)),
            ("capitals, fails", "DANE-MISMATCH.EXAMPLE", "deferred"),
            ("U-label", "müller.example", at("xn--mller-kva", level=good)),
            ("no policy", "plain.example", at("plain")),
            ("an address", "[%s]" % world.WORLD.find(
                "dane-mismatch").mail_addresses(world.WORLD.find(
                    "dane-mismatch").hosts[0])[0][0],
             "sent mx1.dane-mismatch.example Trusted")])


def readme(out):
    """Its lines for main.cf are those that are run here."""
    lines = ["%s = %s" % pair for pair in postfix.map_settings().items()]
    text = mta.read(HERE + "/../../README")
    missing = [each for each in lines if "    %s\n" % each not in text]
    out.test(len(lines) == 5 and not missing, "the README has the lines of "
             "etc/postfix-main.cf", missing)


def be_in_chroot():
    """As Debian's start of Postfix fills it."""
    os.makedirs(postfix.SPOOL + "/etc", exist_ok=True)
    for name in ("resolv.conf", "services", "hosts", "nsswitch.conf"):
        shutil.copy("/etc/" + name, postfix.SPOOL + "/etc/" + name)
    mta.run("postconf", "-F", "smtp/unix/chroot=y")


def ways(out):
    """The samples of etc/postfix-main.cf for it."""
    below, proxied = re.findall(
        r"^#(smtp_tls_policy_maps) = ((?:proxy:|socketmap:unix:postern/).*)",
        mta.read(postfix.SAMPLE), re.M)
    be_in_chroot()
    for what, setting, good in (
            ("socket below the queue directory", "=".join(below), True),
            ("by proxymap(8)", "=".join(proxied), True),
            ("an absolute path", TABLE % ("", MAP, "QUERY"), False)):
        with Told(out, "E07, C05: smtp(8) in a chroot, %s" % what) as told:
            change_postfix(setting)
            told_rows(told, [
                (what, "dane-ta.example", at("dane-ta", level="Verified")
                 if good else "deferred"),
                (what, "dane-mismatch.example", "deferred")])
    mta.run("postconf", "-F", "smtp/unix/chroot=n")
    change_postfix(TABLE % ("", MAP, "QUERY"))


# -- names: E04 ---------------------------------------------------------------

def names(out):
    """M46, M51, M56: which hosts a policy means, and what each may show."""
    tells = version() >= NAMES
    start = mta.syslog_size()
    with Told(out, "E04: with QUERYwithTLSRPT Postfix compares the names of "
              "hosts" if tells else "E04: Postfix before 3.10 says what it "
              "does not know of QUERYwithTLSRPT") as told:
        change_postfix(TABLE % ("", MAP, "QUERYwithTLSRPT"))
        good = at("m45", level="Verified") if tells else "deferred"
        second = at("m50", "mx2", "Verified") if tells else "deferred"
        told_rows(told, [
            ("M45", "m45.example", good), ("M46", "m46.example", "deferred"),
            ("M46", "m46-deep.example", "deferred"),
            ("M50", "m50.example", second), ("M51", "sts-mx.example",
                                             "deferred"),
            ("M56", "m56.example", "deferred"),
            ("no attributes", "dane-ee.example",
             at("dane-ee", level="Verified"))])
        said = any("invalid attribute name" in text
                   for text in mta.syslog(start))
        told.same("said so", said, not tells)
        change_postfix(TABLE % ("", MAP, "QUERY"))


# -- policies that want to be more than one: E11 ------------------------------

LINES = ("version: STSv1", "mode: enforce", "mx: mx1.{d}", "max_age: 86400")
# Dests whose policy nobody has asked for, and what theirs is.
HOSTILE = {
    "m24": LINES + ("mx: a:b.example",),
    "m24-case": LINES + ("mx: a.example servername=none",),
    "m28": LINES + ("mx: {a.example}",),
    "m28-crlf": ("version: STSv1", "mode: enforce } { policy_string = x",
                 "mx: mx1.{d}", "max_age: 86400"),
    "m30": LINES + ("mx: a\x00b.example",),
    "m32": LINES + ("mx: \xe4.example",),
    "m34": LINES + ("note: } match=evil.example, \"'\\" + 60000 * "x",),
    "m41": LINES + tuple("mx: %s%03d.example" % (("x" * 60 + ".") * 3, n)
                         for n in range(limits.LIMIT_STS_MX - 1)),
    "m45": LINES + tuple("mx: *.a%03d.example" % n
                         for n in range(limits.LIMIT_STS_MX - 1))}
KEPT = ("m34", "m41", "m45")
TOO_LONG = ("m41",)     # for attributes: A05
NAME = r"\.?[a-z0-9_.-]+"
SEC = r"OK secure match=%s(:%s)* servername=hostname" % (NAME, NAME)
ATTRIBUTES = r" policy_type=sts policy_domain=[a-z0-9.-]+" \
    r"( mx_host_pattern=(\*\.)?[a-z0-9.-]+)+" \
    r"( \{ policy_string = [a-z_]+: [A-Za-z0-9*.-]+ \})*"


def hostile(out):
    changes = change.Changes()
    for name, lines in HOSTILE.items():
        dest = world.WORLD.find(name)
        changes.policy(dest, body=dest.fill("\r\n".join(lines) + "\r\n"))
    changes.apply()
    with Told(out, "E11: whatever stands in a policy, the reply is well-formed"
              ) as told:
        for name in HOSTILE:
            domain = world.WORLD.find(name).domain
            kept = name in KEPT
            for word, shape in (("QUERY", SEC),
                                ("QUERYwithTLSRPT", SEC + ATTRIBUTES
                                 if name not in TOO_LONG else SEC)):
                reply = ask(domain, word)
                told.same("%s %s: %.200s" % (name, word, reply), bool(
                    re.fullmatch(shape if kept else "NOTFOUND ", reply)) and
                    len(reply) <= limits.LIMIT_MAP_REPLY, True)
            reply = line("POLICY %s mx1.%s" % (domain, domain))
            told.same("%s line: %s" % (name, reply), bool(re.fullmatch(
                r"answer=ok tls=%s dane=try policy=[a-z-]+ reason=[a-z-]+ "
                r"ttl=\d+( mx=mx1\.%s)?\n" % ("verify" if kept else "may",
                                           re.escape(domain)), reply)), True)
        told_rows(told, [("as Postfix reads it", world.WORLD.find(name).domain,
                          at(name, level="Verified")) for name in KEPT])


# -- a posternd that is started anew: E06 -------------------------------------

RESTARTS = 3
MESSAGES = 30


def flow():
    """{queue id} of messages, one after another, to domains with a policy."""
    ids = set()
    with smtplib.SMTP("127.0.0.1", 25, timeout=60) as client:
        for number in range(MESSAGES):
            client.ehlo_or_helo_if_needed()
            client.mail(mta.SENDER)
            client.rcpt("user@" + ("dane-ee", "dane-ta", "sts")[number % 3] +
                        ".example")
            _, reply = client.data(b"Subject: outbound\r\n\r\nA test.")
            ids.add(re.search(rb"queued as (\w+)", reply)[1].decode())
    return ids


def outcomes_of(ids, start):
    found = re.findall(r"postfix/smtp\[\d+\]: (\w+): to=.*status=(\w+)",
                       "\n".join(mta.syslog(start)))
    return {queue_id: word for queue_id, word in found if queue_id in ids}


def restarted(out):
    """As posternd-map.socket has it: who asks meanwhile waits."""
    path = "/run/postern/handed.sock"
    with Told(out, "E06, W17: %d restarts while mail flows defer nothing"
              % RESTARTS) as told:
        change_postfix(TABLE % ("", path, "QUERY"))
        with Handed(path) as handed, ThreadPoolExecutor(1) as pool:
            handed.start()
            for _ in range(RESTARTS):
                start = mta.syslog_size()
                flowing = pool.submit(flow)
                mta.await_true(lambda s=start: "status=sent" in "\n".join(
                    mta.syslog(s)), mta.DELIVERY_S, "the first message")
                told.same("status", handed.stop(), 0)
                handed.start()
                ids = flowing.result()
                mta.await_true(lambda s=start, i=ids: len(outcomes_of(i, s))
                               == len(i), mta.DELIVERY_S, "all mail")
                told.same("outcomes", set(outcomes_of(ids, start).values()),
                          {"sent"})
            told.same("status", handed.stop(), 0)


def inside():
    out = tap.Tap()
    try:
        os.mkdir(BELOW, 0o750)
        shutil.chown(BELOW, "postern", "postern")
        postern = mta.Posternd("map", CONF)
        map_delivery.be_sender()
        one_level(out, postern)
        waits(out, postern)
        hops(out)
        readme(out)
        names(out)
        hostile(out)
        ways(out)
        out.test(postern.stop() == 0, "posternd ends well")
        restarted(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "postmap", "swaks"))
