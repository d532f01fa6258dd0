#!/usr/bin/env python3
"""map_migration - from postfix-tlspol and postfix-mta-sts-resolver to posternd:
their lines of main.cf stay, and what is answered otherwise is in a table here.

The latter runs beside, from Debian's package, and both are asked of each
destination of the lab: a difference that the table does not explain fails.
TAP.
"""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import fetched
import map_delivery
import map_postfix
import mta
import tap
import world
from faulty import Told
from socketmap import MAP, Client, frame, postmap

WORKERS = 8

# The ports and sockets of postfix-tlspol, of postfix-mta-sts-resolver, and of
# Sendmail's FEATURE(sts) as it is.
TLSPOL = "/run/postfix-tlspol/tlspol.sock"
RESOLVER = "/run/mta-sts/map.sock"
CONF = "VerdictTTL 1h\nMapWait 20s\nMapSocket unix:%s, unix:%s, unix:%s, " \
    "inet:8642@127.0.0.1, inet:8461@127.0.0.1, inet:5461@127.0.0.1\n" % (
        MAP, TLSPOL, RESOLVER)
LINES = (
    "socketmap:inet:127.0.0.1:8642:QUERY",
    "socketmap:unix:%s:QUERY" % TLSPOL,
    "socketmap:inet:127.0.0.1:8461:postfix",
    "socketmap:unix:%s:postfix" % RESOLVER,
    "proxy:socketmap:inet:127.0.0.1:8461:postfix")

PACKAGE = "postfix-mta-sts-resolver"
PEER_PORT = 8462
PEER_CONF = """host: 127.0.0.1
port: %d
cache:
  type: internal
  options:
    cache_size: 10000
""" % PEER_PORT

SAME = "the same"
DANE = "P01-P04: DANE goes first"
HALF = "P02, P05, P07, P09, P12: Postfix looks itself, host by host"
WAITS = "P10b, P13: what DANE says is not known"
HOSTS = "P10: the host that DANE says nothing of is shut out"
RECORD = "the record is none by RFC 8461 section 3.1 (M13, M15)"
POLICY = "the policy is none by RFC 8461 section 3.2 (M21, M27, M29, M33, " \
    "M42, M47)"
READS = "RFC 8461 section 3.2 has it, postfix-mta-sts-resolver does not " \
    "(M34, M41, M49)"
CAPITALS = "K02: names are in small letters (M48)"
BY_ANSWER = ((DANE, r"OK dane-only", r"NOTFOUND |OK secure .*"),
             (HALF, r"OK dane", r"NOTFOUND "), (WAITS, r"TEMP .*", "OK .*"))
BY_NAME = {
    **dict.fromkeys(("m13", "m13-long", "m15"), RECORD),
    **dict.fromkeys(("m21", "m27", "m29", "m33", "m42-digits", "m47-dot",
                     "m47-star", "m47-part", "m47-address", "evil-mx"),
                    POLICY),
    **dict.fromkeys(("m34", "m41", "m41-digits", "m49-utf8"), READS),
    "m48": CAPITALS, "p10": HOSTS}


# -- their lines of main.cf ---------------------------------------------------

def lines_stay(out):
    for text in LINES:
        with Told(out, "main.cf of before: smtp_tls_policy_maps = " + text
                  ) as told:
            map_postfix.change_postfix("smtp_tls_policy_maps=" + text)
            map_postfix.told_rows(told, [
                ("P01", "dane-ee.example", "sent mx1.dane-ee.example "
                 "Verified"),
                ("P15", "sts-untrusted.example", "deferred"),
                ("M72", "dane-over-sts.example", "deferred")])
    with Told(out, "what they answer by other names") as told:
        port = "inet:127.0.0.1:%d"
        told.same("QUERYwithTLSRPT", postmap(
            "sts.example", "QUERYwithTLSRPT", port % 8642)[0].split(" {")[0],
            "secure match=mx1.sts.example servername=hostname "
            "policy_type=sts policy_domain=sts.example "
            "mx_host_pattern=mx1.sts.example")
        told.same("FEATURE(sts)", postmap("sts.example", "sts", port % 5461),
                  ("secure match=mx1.sts.example servername=hostname", ""))
        told.same("JSON", postmap("dane-ee.example", "JSON", port % 8642),
                  ("dane-only", ""))
        with Client() as client:
            told.same("DUMP", client.ask("DUMP"), "NOTFOUND ")


# The kinds of lines that postfix-mta-sts-resolver is tested with, and its
# answers but where another is given here.
KEYS = (
    ("any sts.example", "OK secure match=mx1.sts.example servername=hostname"),
    ("other sts.example",
     "OK secure match=mx1.sts.example servername=hostname"),
    ("any sts.example.",
     "OK secure match=mx1.sts.example servername=hostname"),
    ("any .sts.example", "NOTFOUND "), ("any m60.example", "NOTFOUND "),
    ("any sts-testing.example", "NOTFOUND "),
    ("any plain.example", "NOTFOUND "), ("any .plain.example", "NOTFOUND "),
    ("any m11-case.example", "NOTFOUND "), ("any m12.example", "NOTFOUND "),
    ("any m35.example", "NOTFOUND "), ("any m39.example", "NOTFOUND "),
    ("any m43.example", "NOTFOUND "), ("any m19.example", "NOTFOUND "),
    ("any m20-self.example", "NOTFOUND "), ("any [192.0.2.1]", "NOTFOUND "),
    ("any sts.example:25",
     "OK secure match=mx1.sts.example servername=hostname"),
    ("any [mx1.sts.example]", "NOTFOUND "))
# What it closes the connection for, or takes for a domain.
BETTER = (("any bücher.example", "NOTFOUND "),
          ("any [mx1.dane-ee.example]", "OK dane-only"))
SIZES = (4096, 128, 16, 1)


def known_lines(out):
    with Told(out, "its lines, in pieces of %s octets" % ", ".join(
            map(str, SIZES))) as told:
        told.same("lines", answers(KEYS + BETTER, 4096),
                  [reply for _, reply in KEYS + BETTER])
        for size in SIZES[1:]:
            told.same("pieces of %d" % size, answers(KEYS, size),
                      [reply for _, reply in KEYS])


def answers(keys, size):
    data = b"".join(frame(text) for text, _ in keys)
    with Client() as client:
        for begin in range(0, len(data), size):
            client.send(data[begin:begin + size])
        return [client.reply() for _ in keys]


# -- beside it: E13 -----------------------------------------------------------

def fetch(folder):
    """None, with or without it: most of the test does without."""
    text, why = fetched.apt(folder, "-s", "--no-install-recommends",
                            "install", PACKAGE)
    names = re.findall(r"^Inst (\S+)", text or "", re.M) or [PACKAGE]
    why = why or fetched.unpack(folder, names)
    if why:
        mta.write(folder + "/why", why)


class Peer:
    def __init__(self, folder):
        mta.write(mta.HERE + "/peer.yml", PEER_CONF)
        self.process = subprocess.Popen(
            [sys.executable, folder + "/usr/bin/mta-sts-daemon", "-c",
             mta.HERE + "/peer.yml", "-v", "fatal"],
            env=dict(os.environ, SSL_CERT_FILE=map_delivery.ca_file(),
                     PYTHONPATH=folder + "/usr/lib/python3/dist-packages",
                     LD_LIBRARY_PATH=":".join(
                         glob.glob(folder + "/usr/lib/*-linux-gnu"))),
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        mta.await_true(self.is_up, mta.START_S, PACKAGE)

    @staticmethod
    def is_up():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", PEER_PORT)) == 0

    @staticmethod
    def ask(key):
        client = Client.__new__(Client)
        client.socket = socket.create_connection(("127.0.0.1", PEER_PORT), 60)
        client.data = b""
        with client:
            return ordered(client.ask("postfix " + key) or "closed")


def ordered(reply):
    """Its names come in any order."""
    match = re.match(r"OK secure match=(\S+)(.*)", reply)
    return "OK secure match=" + ":".join(sorted(match[1].split(":"))) + \
        match[2] if match else reply


def explanation(dest, ours, theirs):
    if ours == theirs:
        return SAME
    for why, mine, other in BY_ANSWER:
        if re.fullmatch(mine, ours) and re.fullmatch(other, theirs):
            return why
    return BY_NAME.get(dest.name)


def ask_ours(domain):
    with Client() as client:
        return ordered(client.ask("postfix " + domain))


def beside(out, folder):
    peer = Peer(folder)
    dests = [dest for dest in world.WORLD.dests if not dest.relay]
    with ThreadPoolExecutor(WORKERS) as pool:
        both = list(zip(
            pool.map(lambda dest: ask_ours(dest.domain), dests),
            pool.map(lambda dest: peer.ask(dest.domain), dests)))
    peer.process.terminate()
    table, wrong = {}, []
    for dest, (ours, theirs) in zip(dests, both):
        why = explanation(dest, ours, theirs)
        table.setdefault(why, []).append(dest.name)
        if why is None:
            wrong.append("%s: %s, %s: %s" % (dest.name, ours, PACKAGE,
                                             theirs))
    for why, names in table.items():
        out.say("%3d  %s" % (len(names), why))
    unused = set(BY_NAME) - {name for names in table.values()
                             for name in names} | \
        set(BY_NAME) & set(table.get(SAME, ()))
    wrong += ["explained, but the same: " + " ".join(sorted(unused))] \
        if unused else []
    out.test(not wrong, "E13: beside %s, %d of %d answers are the same, each "
             "other is explained" % (PACKAGE, len(table.get(SAME, ())),
                                     len(dests)), wrong)


def inside(folder):
    out = tap.Tap()
    try:
        for path in (TLSPOL, RESOLVER):
            os.makedirs(os.path.dirname(path))
            shutil.chown(os.path.dirname(path), "postern", "postern")
        postern = mta.Posternd("map", CONF)
        map_delivery.be_sender()
        lines_stay(out)
        known_lines(out)
        why = mta.read(folder + "/why")
        if why:
            out.test(True, "E13: beside %s # SKIP %s" % (PACKAGE, why))
        else:
            beside(out, folder)
        out.test(postern.stop() == 0, "posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(fetched.main(__file__, inside, fetch, "postmap", "swaks"))
