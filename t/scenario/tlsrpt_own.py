#!/usr/bin/env python3
"""tlsrpt_own - what posternd itself counts for TLS reports, in the lab: mail
that it refused after a probe, and what no session of an MTA shows.

Real mail by Postfix's smtpd; each message twice, for a verdict that is
remembered is no session.  TAP.
"""
import glob
import json
import os
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import tap
import world
from faulty import Told

SOCKET = "/run/postern/tlsrpt.sock"
CONF = """On-Fail defer
VerdictTTL 1h
FailTTL 1h
TempErrorTTL 1h
TLSReports collect
TLSReportSocket unix:%s
""" % SOCKET
RELAY = "relay.corp.internal"
MANUAL = HERE + "/../../milter/man/postern-tlsrpt.7"
# of what mta.send sends
MESSAGE = (mta.SENDER, "user@", "outbound", "This is a test",
           "@sender.example>")

# destination: each policy, (sessions, failures), result types of the failures
ROWS = (
    ("R30", "dane-mismatch", [("tlsa", (0, 1), ["validation-failure"])]),
    ("R30", "dane-stripped", [("tlsa", (0, 1), ["starttls-not-supported"])]),
    ("R30", "dane-ta-name", [("tlsa", (0, 1),
                              ["certificate-host-mismatch"])]),
    ("R30", "sts-untrusted", [("sts", (0, 1), ["certificate-not-trusted"])]),
    ("R32", "second-mx", None),
    ("R32", "dane-ee", None),
    ("R33", "d55-servfail", [("tlsa", (0, 1), ["dnssec-invalid"])]),
    ("R34", "bogus", None),
    ("R34", "refused", None),
    ("R34", "tls-hang", None),
    ("R36", "dane-over-sts", [("tlsa", (0, 1), ["validation-failure"])]),
    ("R38", "d43", [("tlsa", (0, 1), ["tlsa-invalid",
                                      "starttls-not-supported"])]),
    ("R40", "m17-404", [("sts", (0, 1), ["sts-policy-fetch-error"])]),
    ("R42", "sts-mx", [("sts", (0, 1), ["validation-failure"])]),
    ("R43", "sts-testing", None),
    ("R17", "split", None),
    ("no policy", "plain", None),
)


def postern(*words):
    done = subprocess.run(
        [mta.program("postern"), "tlsrpt", *words, "-c",
         mta.HERE + "/own.conf"], capture_output=True, text=True,
        timeout=mta.RUN_S)
    return done.stdout


def report(domain):
    """[(policy type, (sessions, failures), [result types])], or None"""
    text = postern("show", domain)
    if not text:
        return None
    return [(policy["policy"]["policy-type"],
             tuple(policy["summary"].values()),
             sorted(detail["result-type"]
                    for detail in policy["failure-details"]))
            for policy in json.loads(text)["policies"]]


def wanted(policies):
    return policies and [(kind, sums, sorted(types))
                         for kind, sums, types in policies]


def tell(domain):
    """As Postfix tells of a session to a domain whose policy it does not
    compare."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(SOCKET)
        out.send(json.dumps({
            "d": domain, "pr": "v=TLSRPTv1; rua=mailto:tls@" + domain,
            "policies": [{"policy-type": 9, "policy-domain": domain, "t": 0,
                          "f": 0}]}).encode())


def refused(out):
    for row, name, policies in ROWS:
        dest = world.WORLD.find(name)
        # both while its records live
        for turn in ("", ", and once alone"):
            mta.send(["user@" + dest.domain], dest.name)
            with Told(out, "%s %s%s" % (row, dest.domain, turn)) as told:
                told.same("report", report(dest.domain), wanted(policies))


def details(out):
    text = postern("show", "dane-stripped.example")
    detail = json.loads(text)["policies"][0]["failure-details"][0]
    with Told(out, "J06 R30 with what the probe saw") as told:
        told.same("host", detail.get("receiving-mx-hostname"),
                  "mx1.dane-stripped.example")
        told.same("helo", detail.get("receiving-mx-helo"),
                  "mx1.dane-stripped.example")
        told.same("from", detail.get("sending-mta-ip", "")[:4], "127.")
        told.same("to", detail.get("receiving-ip", "")[:7], "127.20.")
        told.same("count", detail["failed-session-count"], 1)


def nothing_of_mail(out):
    """J12: in the reports on mail that was refused, and in what they are made
    of."""
    text = "".join(postern("show", world.WORLD.find(name).domain)
                   for _, name, policies in ROWS if policies)
    for path in glob.glob("/var/lib/postern/tlsrpt.db*"):
        with open(path, "rb") as file:
            text += file.read().decode("latin-1")
    found = [word for word in MESSAGE if word in text]
    out.test(not found and "mx1.dane-stripped.example" in text, "J12 of "
             "messages, people and mailboxes nothing is kept, nor reported",
             found)
    words = " ".join(mta.read(MANUAL).split())
    out.test("A report tells its domain that this host mailed it on a day, "
             "from which address, how often TLS failed and how; nothing of a "
             "person, a message or a mailbox." in words,
             "J12 as the manual says")


def told_of(out):
    for domain in ("sts-testing.example", "plain.example", RELAY):
        tell(domain)
    with Told(out, "R43 under a policy in testing mode, what Postfix took for "
              "a success is the failure that it would be") as told:
        told.same("report", report("sts-testing.example"),
                  [("sts", (0, 1), ["certificate-not-trusted"])])
        told.same("without one", report("plain.example"),
                  [("no-policy-found", (1, 0), [])])
    with Told(out, "R17 of a relay nothing is counted") as told:
        told.same("report", report(RELAY), None)


def inside():
    out = tap.Tap()
    try:
        daemon = mta.Posternd("own", CONF)
        mta.await_true(lambda: os.path.exists(SOCKET), mta.START_S, SOCKET)
        refused(out)
        details(out)
        nothing_of_mail(out)
        told_of(out)
        out.test(daemon.stop() == 0, "posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks"))
