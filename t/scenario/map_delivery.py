#!/usr/bin/env python3
"""map_delivery - what Postfix does with mail when it asks the map, against what
"postern check" forecasts, for every destination of the lab.

A difference that the table below explains is one of reading the RFCs, or of one
answer for all hosts of a next hop; any other fails.  TAP.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import agree
import cli
import mta
import postfix
import tap
import world
from socketmap import CONF, MAP, postmap

# Where Postfix and the RFCs are not of one mind, with a map or without (see
# agree.py), and what its level "secure" makes of a policy (E04).  The names of
# mail hosts are compared by Postfix 3.10 and later, with QUERYwithTLSRPT.
DEEP = "\".d\" in a match is a name of any depth below: RFC 8461 section 4.1 " \
    "wants one label"
ANY_NAME = "any name of the policy will do for any of its hosts: RFC 8461 " \
    "section 4.2 wants that of the host"
COMMON_NAME = "a CN counts where there is no SAN: RFC 8461 section 4.2 wants " \
    "a SAN"
ONE_LEVEL = "Postfix has one level for all hosts of a next hop: those without " \
    "TLSA records are shut out (PartialDANE)"
DIFFERS = dict(agree.POSTFIX_DIFFERS, **{
    "m46-deep": ("sent", DEEP), "m56": ("sent", ANY_NAME),
    "m58": ("sent", COMMON_NAME), "p04-stale": ("deferred", ONE_LEVEL)})


def sample():
    found = postfix.map_settings()
    found["smtp_tls_CAfile"] = ca_file()
    return found


def be_sender():
    agree.be_sender()
    subprocess.run(["postconf", "-e"] + ["%s=%s" % pair for pair in
                                         sample().items()], check=True)
    subprocess.run(["postfix", "reload"], check=True, capture_output=True)


def ca_file():
    for line in mta.read(mta.CONF).splitlines():
        if line.split()[:1] == ["CAFile"]:
            return line.split()[1]
    return "/etc/ssl/certs/ca-certificates.crt"


def rows(conf, is_wanted=lambda dest: True):
    dests = [dest for dest in world.WORLD.dests if dest.expect and
             not dest.relay and dest.name not in agree.HANG and
             is_wanted(dest)]
    answers, error = cli.check(conf, *(dest.domain for dest in dests))
    for dest in dests:
        if dest.domain not in answers:
            raise mta.Failure("no answer for %s, %s" % (dest.domain, error))
        if not cli.is_late(answers[dest.domain], dest.expect):
            yield agree.Row(dest, answers[dest.domain])


def without_posternd(out, found):
    """F01: a map has no default: all mail waits."""
    some = [row for row in found if row.dest.name in (
        "plain", "sts", "dane-ee", "unsigned-tlsa")]
    for name, (outcome, line) in sorted(agree.deliver(some).items()):
        out.test(outcome == "deferred" and "dsn=4.7.5" in line,
                 "F01: posternd is down: %s waits" % name, [line])


def inside():
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded", CONF)
        postern = mta.Posternd("map", CONF)
        os.chmod(MAP, 0o666)
        be_sender()
        found = list(rows(conf))
        outcomes = agree.deliver(found)
        same = 0
        for row in found:
            compared = agree.compare_postfix(row, outcomes)
            same += agree.report(
                out, "%s (%s)" % ("Postfix with the map",
                                  row.answer["postfix"] or "not found"),
                row, compared, DIFFERS)
        out.test(sample()["smtp_tls_policy_maps"] ==
                 "socketmap:unix:%s:QUERY" % MAP, "the settings are those of "
                 "etc/postfix-main.cf")
        out.test(len(found) > 200, "E01, E03: %d delivered or not, %d as "
                 "forecast, %d explained" % (len(found), same,
                                             len(found) - same))
        over_dane = [row for row in found
                     if {"M72", "M73"} & set(row.dest.vectors)]
        for row in over_dane:
            out.test(outcomes[row.dest.name][0] == "deferred",
                     "E01: %s is deferred, whatever its policy says: %s"
                     % (row.dest.name, postmap(row.dest.domain)[0] or "TEMP"))
        out.test(postern.stop() == 0, "posternd ends well")
        without_posternd(out, found)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "postmap"))
