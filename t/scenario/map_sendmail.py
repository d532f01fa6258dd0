#!/usr/bin/env python3
"""map_sendmail - Sendmail, which asks the map socket as etc/sendmail-sts.mc has
it, and what it does with mail.

For each destination of the lab with a policy and no TLSA records the outcome is
what "postern check" forecasts, but for what the table below explains.  TAP.
"""
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import agree
import cli
import fetched
import map_delivery
import mta
import sendmail
import tap
from faulty import Told
from sendmail import STS_SNIPPET, Sendmail
from socketmap import CONF

WORKERS = 6
PATIENT = CONF + "MapWait 18s\nRcptWait 20s\n"
DANE = "define(`confDANE', `true')dnl"


# What Sendmail does otherwise.
FIRST_ONLY = "Sendmail leaves a recipient at the first host that takes the " \
    "connection, whatever its name"
TOO_LONG = "Sendmail takes no policy with as many names of hosts (S03)"
DIFFERS = {"m50": ("deferred", FIRST_ONLY), "s03": ("deferred", TOO_LONG)}

# Nobody asks for its policy, until one looks in vain.
UNASKED = "m26-stall"


def is_compared(dest):
    return dest.sts is not None and dest.name != UNASKED and not any(
        host.tlsa or host.tlsa_at for host in dest.hosts)


def all_destinations(out, gate, conf):
    found = list(map_delivery.rows(conf, is_compared))
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = dict(pool.map(
            lambda row: (row.dest.name, gate.send(row.dest.domain)), found))
    for row in found:
        agree.report(out, "Sendmail", row,
                     agree.compare_postfix(row, outcomes), DIFFERS)
    out.test(len(found) > 70, "E09: %d delivered or not as forecast, "
             "or explained" % len(found))


def told_rows(told, gate, rows):
    with ThreadPoolExecutor(WORKERS) as pool:
        for (name, domain, wanted), (got, text) in zip(rows, pool.map(
                lambda row: gate.send(row[1]), rows)):
            told.same("%s %s: %s" % (name, domain, text), got, wanted)


def policies(out, gate, has_dane):
    """The policy of s02 would be more than Sendmail reads of a reply: it takes
    that for none, and delivers."""
    with Told(out, "S01-S04, M71-M74: the policy counts, %s" % (
            "after DANE" if has_dane else "and nothing else")) as told:
        told_rows(told, gate, [
            ("S01", "sts.example", "sent"),
            ("S01", "sts-untrusted.example", "deferred"),
            ("S01", "sts-mx.example", "deferred"),
            ("S01 M71", "m71.example", "sent" if has_dane else "deferred"),
            ("S01 M72", "dane-over-sts.example",
             "deferred" if has_dane else "sent"),
            ("S01 M73", "m73.example", "deferred" if has_dane else "sent"),
            ("S01 M74", "m74.example", "sent"),
            # any TLSA records put the policy aside there, usable or not
            ("S01 M74", "m74-untrusted.example",
             "sent" if has_dane else "deferred"),
            ("S02", "s02.example", "sent"),
            ("S02", "s02-untrusted.example", "deferred"),
            ("S03", "s03.example", "deferred"),
            ("S04", "plain.example", "sent"),
            ("S04", "sts-testing.example", "sent"),
            ("S04", "m19.example", "sent")])
        said = [line for line in mta.syslog() if "event=map" in line and
                " domain=s03.example " in line]
        if not said or not said[0].startswith("mail.warning") or \
                " answer=temp policy=sts reason=internal-error " \
                not in said[0]:
            told.problems += said or ["no line of the log"]


RULES = """half-dane.example     secure
sts-testing.example   secure
m45.example           secure match=dot-nexthop
m70.example           secure match=nexthop,.other.example
m22.example           secure match=mail.other.example
sts-untrusted.example may
m54.example           encrypt
sts-mx.example        auto sts=no
"""


def rules(out, gate, postern):
    mta.write(mta.HERE + "/sendmail.rules", RULES)
    with Told(out, "S06-S10: rules, exempt domains, an address") as told:
        postern.reload(PATIENT + "Destinations %s/sendmail.rules\n"
                       "ExemptDomains m55.example\n" % mta.HERE)
        told_rows(told, gate, [
            ("S06", "half-dane.example", "sent"),
            ("S06", "sts-testing.example", "deferred"),
            ("S07", "m45.example", "sent"),
            ("S07", "m70.example", "sent"),
            ("S07", "m22.example", "deferred"),
            ("S08 may", "sts-untrusted.example", "sent"),
            ("S08 encrypt", "m54.example", "sent"),
            ("S08 sts=no", "sts-mx.example", "sent"),
            ("S09 exempt", "m55.example", "sent"),
            ("S09, S10", "[%s]" % address_of("dane-ee"), "sent")])
        postern.reload(PATIENT)


def address_of(name):
    dest = map_delivery.world.WORLD.find(name)
    return dest.mail_addresses(dest.hosts[0])[0][0]


def faults(out, gate, postern):
    with Told(out, "S05, E12: what nobody could look at in time waits") as told:
        postern.reload(CONF + "MapWait 1s\nSTSTimeout 20s\n")
        told_rows(told, gate, [("S05", UNASKED + ".example", "deferred")])
        postern.reload(PATIENT)
    hasty = re.sub(r"(?m)^(Ksts socket) -d\d+", r"\1 -d1",
                   mta.read(sendmail.HERE + "/sendmail.cf"))
    with Told(out, "F01: while posternd hangs, or is down, mail waits"
              ) as told:
        mta.write(sendmail.HERE + "/sendmail.cf", hasty)
        postern.process.send_signal(signal.SIGSTOP)
        told_rows(told, gate, [("hung", "sts.example", "deferred")])
        postern.process.send_signal(signal.SIGCONT)
        told_rows(told, gate, [("again", "sts.example", "sent")])
        postern.kill()
        told_rows(told, gate, [("killed", "sts.example", "deferred")])


def inside(root):
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded", CONF)
        postern = mta.Posternd("map", PATIENT)
        has_dane = " DANE" in sendmail.compiled_with(root)
        gate = Sendmail(root, STS_SNIPPET, DANE if has_dane else "")
        all_destinations(out, gate, conf)
        policies(out, gate, has_dane)
        rules(out, gate, postern)
        faults(out, gate, postern)
        gate.stop()
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(fetched.main(__file__, inside, sendmail.fetch, "m4"))
