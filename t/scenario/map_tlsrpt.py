#!/usr/bin/env python3
"""map_tlsrpt - what a Postfix that asks the map by QUERYwithTLSRPT tells of its
TLS sessions, as posternd counts it and its report would have it.

Postfix 3.10 or later does the telling.  TAP.
"""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import map_delivery
import mta
import newer
import tap
import world
from faulty import Told
from socketmap import CONF, MAP, ask

SOCKET = "/run/postern/tlsrpt.sock"
COUNTING = CONF + """TLSReports collect
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact tlsrpt@sender.example
""" % SOCKET
TABLE = "smtp_tls_policy_maps=socketmap:unix:%s:QUERYwithTLSRPT" % MAP
RECORD = '"v=TLSRPTv1; rua=mailto:tls@%s"'

# destination: what becomes of mail, the policy that a report has of it, and
# (sessions, failures).  What word Postfix has for a failure is its own affair.
ROWS = (
    ("dane-ee", "sent", "tlsa", (1, 0)),
    ("dane-mismatch", "deferred", "tlsa", (0, 1)),
    ("sts", "sent", "sts", (1, 0)),
    ("sts-untrusted", "deferred", "sts", (0, 1)),
    ("m45", "sent", "sts", (1, 0)),
    ("m74", "sent", "sts", (1, 0)),
    ("plain", "sent", "no-policy-found", (1, 0)),
    ("sts-testing", "sent", "no-policy-found", (1, 0)),
)


def dest_of(name):
    return next(dest for dest in world.WORLD.dests if dest.name == name)


def report(domain):
    done = subprocess.run(
        [mta.program("postern"), "tlsrpt", "show", domain, "-c",
         mta.HERE + "/map.conf"], capture_output=True, text=True,
        timeout=mta.RUN_S)
    return json.loads(done.stdout) if done.stdout else None


def awaited(domain):
    return mta.await_true(lambda: report(domain), mta.DELIVERY_S,
                          "a session with " + domain)


def told_row(told, postfix, row):
    name, outcome, kind, sums = row
    dest = dest_of(name)
    became, said = postfix.send("user@" + dest.domain)
    told.same("%s: %s" % (name, said), became, outcome)
    policies = awaited(dest.domain)["policies"]
    told.same(name, [(policy["policy"]["policy-type"],
                      tuple(policy["summary"].values()))
                     for policy in policies], [(kind, sums)])
    told.same(name + ", failures", [
        (detail["receiving-mx-hostname"], detail["failed-session-count"])
        for policy in policies
        for detail in policy.get("failure-details", [])],
              [(dest.fill(dest.hosts[0].name), 1)] if sums[1] else [])
    return policies[0]["policy"]


def told_policy(told, name, policy):
    """What the map said of it is what the report has of it."""
    dest = dest_of(name)
    answer = ask(dest.domain, "QUERYwithTLSRPT")
    told.same(name + ", policy-domain", policy.get("policy-domain"),
              dest.domain)
    for text in policy["policy-string"]:
        if "{ policy_string = %s }" % text not in answer:
            told.problems.append("%s: %s is not in %s" % (name, text, answer))
    told.same(name + ", first", policy["policy-string"][0], "version: STSv1")
    for host in policy["mx-host"]:
        if " mx_host_pattern=%s " % host not in answer:
            told.problems.append("%s: %s is not in %s" % (name, host, answer))


def inside():
    out = tap.Tap()
    try:
        for name, *_ in ROWS:
            domain = dest_of(name).domain
            change.records(domain, "_smtp._tls." + domain, "TXT",
                           [RECORD % domain])
        postern = mta.Posternd("map", COUNTING)
        for path in (MAP, SOCKET):
            mta.await_true(lambda p=path: os.path.exists(p), mta.START_S, path)
            os.chmod(path, 0o666)
        settings = dict(map_delivery.sample())
        del settings["smtp_tls_policy_maps"]
        postfix = newer.Newer(
            *("%s=%s" % pair for pair in settings.items()), TABLE,
            "smtp_tlsrpt_enable=yes", "smtp_tlsrpt_socket_name=" + SOCKET)
        for row in ROWS:
            with Told(out, "E08: Postfix tells of %s: %s" % (row[0], row[2])
                      ) as told:
                policy = told_row(told, postfix, row)
                if row[2] == "sts":
                    told_policy(told, row[0], policy)
        postfix.stop()
        out.test(postern.stop() == 0, "posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(newer.main(__file__, inside, "postmap"))
