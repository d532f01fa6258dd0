#!/usr/bin/env python3
"""map_exim - Exim, which asks the line socket as etc/exim.conf has it, and what
it does with mail, against what "postern check" forecasts.

A difference that the table below explains is one of Exim's DANE, or of GnuTLS;
any other fails.  TAP.
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
import exim
import fetched
import map_delivery
import mta
import tap
import weights
from exim import Exim
from faulty import Told
from socketmap import CONF

WORKERS = 6
PATIENT = CONF + "MapWait 20s\nRcptWait 20s\n"

# What Exim does otherwise, with any answer.
NO_HALF = "Exim does not look for TLSA records under an insecure MX"
ONE_NAME = "Exim wants the name of the mail host: RFC 7672 section 3.2.2 " \
    "takes that of the next hop too"
GARBAGE = "GnuTLS takes a record 2 0 0 of garbage for one that does not match"
ALIAS = "Exim knows the end of the alias only, which no policy names"
SYNC = "Exim takes what was sent too early for an attack"
DIFFERS = {
    "helo-550": ("bounced", agree.STRANGER), "inject": ("deferred", SYNC),
    "d41": ("deferred", GARBAGE), "d64": ("sent", NO_HALF),
    "d65": ("sent", NO_HALF), "d72": ("deferred", ONE_NAME),
    "d73": ("deferred", ONE_NAME),
    "m58": ("sent", map_delivery.COMMON_NAME), "m69": ("deferred", ALIAS)}


def is_compared(dest):
    """Where more than Exim's own DANE decides."""
    return dest.demo or dest.sts is not None or dest.name in DIFFERS


def all_destinations(out, gate, conf):
    found = list(map_delivery.rows(conf, is_compared))
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = dict(pool.map(
            lambda row: (row.dest.name, gate.send(row.dest.domain)), found))
    same = sum([agree.report(out, "Exim", row,
                             agree.compare_postfix(row, outcomes), DIFFERS)
                for row in found])
    missing = set(DIFFERS) - {row.dest.name for row in found}
    out.test(len(found) > 100 and not missing, "E10: %d delivered or not, %d "
             "as forecast, %d explained" % (len(found), same,
                                            len(found) - same), missing)


# -- rows ---------------------------------------------------------------------

def how(outcome):
    """sent dane, sent yes, sent no, sent clear: by which certificate; or what
    else became of it."""
    word, line = outcome
    if word != "sent":
        return word
    found = re.search(r" CV=(\w+)", line)
    return "sent " + (found[1] if found else "clear")


def told_rows(told, gate, rows):
    gate.forget()
    with ThreadPoolExecutor(WORKERS) as pool:
        for (name, domain, wanted), got in zip(rows, pool.map(
                lambda row: gate.send(row[1]), rows)):
            told.same("%s %s: %s" % (name, domain, got[1]), how(got), wanted)


def policies(out, gate):
    with Told(out, "X01-X04, M71-M74: DANE goes first, then the policy"
              ) as told:
        told_rows(told, gate, [
            ("X01", "plain.example", "sent yes"),
            ("X01", "dane-ee.example", "sent dane"),
            ("X01", "sts-testing.example", "sent no"),
            ("X01", "m59-starttls.example", "sent clear"),
            ("X02", "sts.example", "sent yes"),
            ("X02", "sts-untrusted.example", "deferred"),
            ("X02", "m52.example", "deferred"),
            ("X03 M71", "m71.example", "sent dane"),
            ("X04", "sts-mx.example", "deferred"),
            ("X04", "m50.example", "sent yes"),
            ("M72", "dane-over-sts.example", "deferred"),
            ("M73", "m73.example", "deferred"),
            ("M74", "m74.example", "sent yes"),
            ("M74", "m74-untrusted.example", "deferred"),
            ("P06", "p06-stale.example", "sent yes"),
            ("P06", "p06-private.example", "deferred"),
            ("P06", "p06-forged.example", "sent yes"),
            ("P04", "p04-two.example", "sent yes"),
            ("P04", "p04-stale.example", "sent yes"),
            ("P04", "p04-clear.example", "sent dane"),
            ("P10", "p10.example", "sent yes")])
        said = [line for line in mta.syslog() if "event=map" in line and
                " domain=sts-mx.example " in line]
        if not said or " answer=refuse policy=sts reason=sts-mx-mismatch " \
                not in said[0]:
            told.problems += said or ["no line of the log"]


RULES = """dane-mismatch.example may
dane-ee.example       none
plain.example         encrypt
dane-stripped.example encrypt
sts-untrusted.example dane
d65.example           secure
sts-testing.example   secure
m45.example           secure match=mail.other.example
dane-ta.example       dane-only
sts.example           dane-only
m73.example           dane-only
half-dane.example     dane-only
dane-over-sts.example auto dane=no
sts-mx.example        auto sts=no
"""


def rules(out, gate, postern):
    mta.write(mta.HERE + "/exim.rules", RULES)
    with Told(out, "X06-X09, X11: rules; nothing bounces where TLSA records "
              "are a must") as told:
        postern.reload(PATIENT + "Destinations %s/exim.rules\n"
                       "DefaultLevel encrypt\n" % mta.HERE)
        told_rows(told, gate, [
            ("X06 may", "dane-mismatch.example", "sent yes"),
            ("X06 none", "dane-ee.example", "sent clear"),
            ("X06 encrypt", "plain.example", "sent yes"),
            ("X06 encrypt", "dane-stripped.example", "deferred"),
            ("X06 dane", "sts-untrusted.example", "sent no"),
            ("X06 secure", "d65.example", "deferred"),
            ("X06 secure", "sts-testing.example", "deferred"),
            ("X11", "m45.example", "sent yes"),
            ("X07", "dane-ta.example", "sent dane"),
            ("X08", "sts.example", "deferred"),
            ("X08 E", "m73.example", "deferred"),
            ("X08 insecure", "half-dane.example", "deferred"),
            ("X09 dane=no", "dane-over-sts.example", "sent yes"),
            ("X09 sts=no", "sts-mx.example", "sent yes"),
            ("X09 floor", "m59-starttls.example", "deferred")])
        postern.reload(PATIENT)


# -- faults -------------------------------------------------------------------

def down(out, gate, postern):
    """As the sample is, but for how long Exim waits."""
    mta.write(exim.HERE + "/hasty.conf", re.sub(
        r"\{\d+s:shutdown", "{1s:shutdown", mta.read(exim.SNIPPET)))
    with Told(out, "F01, E10: while posternd hangs, or is down, mail waits"
              ) as told:
        gate.configure(exim.HERE + "/hasty.conf")
        postern.process.send_signal(signal.SIGSTOP)
        told.same("hung", how(gate.send("dane-ee.example")), "deferred")
        postern.process.send_signal(signal.SIGCONT)
        gate.configure(exim.SNIPPET)
        gate.forget()
        told.same("again", how(gate.send("dane-ee.example")), "sent dane")
        postern.kill()
        told.same("killed", how(gate.send("dane-ee.example")), "deferred")


def inside(root):
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded", CONF)
        postern = mta.Posternd("map", PATIENT)
        gate = Exim(root)
        all_destinations(out, gate, conf)
        policies(out, gate)
        rules(out, gate, postern)
        down(out, gate, postern)
        log = exim.HERE + "/log/mainlog"
        wanted = weights.of_exim(mta.read(log))
        weights.compare(out, "a survey counts %d domains of Exim" %
                        len(wanted), conf, wanted, "--maillog", log)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(fetched.main(__file__, inside, exim.fetch))
