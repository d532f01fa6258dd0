#!/usr/bin/env python3
"""remembered - what a probe of a moment ago is good for, in the lab.

Several domains have one mail host, whose key is changed as RFC 7671 section 8.1
has it while posternd remembers the old one.  Mail to the next domain must not fail by
that: Postfix with TLS level "dane" delivers it.  TAP.
"""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import mta
import tap
import watch
import world

HOST = world.WORLD.find("keys").fill("mx1.{d}")
NEXT = mta.HERE + "/pki/keys-next"
FAILING = 6    # domains that are asked for while the host fails


def shown():
    """The certificate that the host has at first, its path without suffix."""
    rows = json.loads(mta.read(mta.HERE + "/world.json"))["smtp"]
    return "%s/pki/%s" % (mta.HERE, next(
        row["cert"] for row in rows if row["name"] == HOST))


def make_key():
    mta.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", NEXT + ".key",
            "-out", NEXT + ".chain", "-days", "90", "-subj", "/CN=next",
            "-addext", "subjectAltName=DNS:" + HOST)


def record(base):
    """The TLSA record 3 1 1 of a certificate, by openssl."""
    done = subprocess.run(
        "openssl x509 -in %s.chain -pubkey -noout | "
        "openssl pkey -pubin -outform DER | openssl sha256" % base,
        shell=True, capture_output=True, text=True, check=True)
    return "3 1 1 " + done.stdout.split()[-1]


def publish(*rdatas):
    change.records("keys.example", "_25._tcp." + HOST, "TLSA", rdatas)


def show(base):
    changes = change.Changes()
    changes.certificate(world.WORLD.find("keys"), base)
    changes.apply()


def connections():
    return sum(event["event"] == "connect" and event["host"] == HOST
               for event in watch.events("smtp"))


def name(number):
    return "k%d.keys.example" % number


def passes(out, number, text):
    start = mta.syslog_size()
    sent = mta.send(["user@" + name(number)], "k%d" % number)
    lines = [line for line in mta.syslog(start) if "event=check " in line]
    status, delivery = "refused", sent.final
    if sent.queue_id():
        status, delivery = mta.status(sent.queue_id(), "user@" + name(number),
                                      start)
    out.test(len(lines) == 1 and " result=pass " in lines[0] and
             status == "sent", text, lines + [delivery])


def fail(out, numbers, text):
    """The replies refuse them, so that nobody but posternd connects."""
    before = connections()
    start = mta.syslog_size()
    sent = mta.send(["user@" + name(number) for number in numbers], "fail")
    lines = [line for line in mta.syslog(start) if "event=check " in line]
    out.test(len(lines) == len(numbers) and not sent.accepted() and
             all(" result=fail " in line for line in lines), text, lines)
    return connections() - before


def inside():
    out = tap.Tap()
    make_key()
    mta.run("postconf", "-e", "smtp_tls_security_level=dane",
            "smtp_dns_support_level=dnssec")
    mta.run("postfix", "reload")
    postern = mta.Posternd("remembered", "On-Fail defer\nResolver system\n")
    try:
        publish(record(shown()), record(NEXT))
        passes(out, 1, "a host is about to change its key")
        show(NEXT)
        publish(record(NEXT))
        passes(out, 2, "another domain passes when that was just done")
        passes(out, 3, "and so does the next one")
        publish("3 1 1 " + 64 * "0")
        count = fail(out, range(4, 4 + FAILING),
                     "with a record of another key all fail")
        out.test(count <= 1, "and the host is probed once more for all of "
                 "them", ["%d connections" % count])
    finally:
        out.test(postern.stop() == 0, "posternd ends well",
                 mta.read(postern.err).splitlines()[-5:])
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
