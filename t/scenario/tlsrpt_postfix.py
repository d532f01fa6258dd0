#!/usr/bin/env python3
"""tlsrpt_postfix - the sessions that Postfix 3.10 tells of, beside its own log
and what the mail hosts saw; and with mail that posternd refused beside it.

What stands here of Postfix is what it was seen to do.  TAP.
"""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import mta
import newer
import tap
import tlsrpt_own
import watch
import world
from faulty import Told

RECORD = '"v=TLSRPTv1; rua=mailto:tls@%s"'
DANE = ("smtp_dns_support_level=dnssec", "smtp_tls_security_level=dane",
        "smtp_tls_dane_insecure_mx_policy=dane", "smtp_tls_policy_maps=",
        "smtp_tlsrpt_enable=yes",
        "smtp_tlsrpt_socket_name=" + tlsrpt_own.SOCKET)

# destination: what becomes of mail; policies with (sessions, failures) and
# result types, or None where Postfix tells of nothing
ROWS = (
    ("dane-ee", "sent", [("tlsa", (1, 0), [])]),
    ("dane-mismatch", "deferred", [("tlsa", (0, 1),
                                    ["certificate-not-trusted"])]),
    ("dane-stripped", "deferred", [("tlsa", (0, 1),
                                    ["starttls-not-supported"])]),
    ("dane-ta-name", "deferred", [("tlsa", (0, 1),
                                   ["certificate-host-mismatch"])]),
    ("half-dane", "sent", [("tlsa", (1, 0), [])]),
    ("second-mx", "sent", [("tlsa", (0, 1), ["certificate-not-trusted"]),
                           ("tlsa", (1, 0), [])]),
    ("unsigned-tlsa", "sent", [("no-policy-found", (1, 0), [])]),
    ("plain", "sent", [("no-policy-found", (1, 0), [])]),
    ("d22", "deferred", [("tlsa", (0, 1), ["certificate-expired"])]),
    ("d35", "sent", [("no-policy-found", (1, 0), [])]),
    ("d38", "sent", [("tlsa", (0, 1), ["tlsa-invalid"])]),
    ("d45", "deferred", [("tlsa", (0, 1), ["starttls-not-supported"])]),
    ("d46-alert", "deferred", [("tlsa", (0, 1), ["validation-failure"])]),
    ("refused", "deferred", None),
    ("bogus", "deferred", None),
)


def publish():
    for name, _, _ in ROWS:
        domain = world.WORLD.find(name).domain
        try:
            change.records(domain, "_smtp._tls." + domain, "TXT",
                           [RECORD % domain])
        except (OSError, RuntimeError, mta.Failure):
            pass    # no zone of its own that is signed


def has_record(domain):
    return RECORD % domain in mta.run("dig", "+short", "TXT",
                                      "_smtp._tls." + domain, "@127.0.0.1")


def established(host):
    """The TLS sessions at a mail host."""
    return sum(event["event"] == "tls" and event["host"] == host
               for event in watch.events("smtp"))


def one(told, postfix, row):
    name, outcome, policies = row
    dest = world.WORLD.find(name)
    start = mta.syslog_size()
    became, said = postfix.send("user@" + dest.domain)
    told.same("outcome: " + said, became, outcome)
    if not has_record(dest.domain):
        policies = None
    found = mta.await_true(
        lambda: tlsrpt_own.report(dest.domain) or not policies,
        mta.DELIVERY_S, "what Postfix tells of " + name)
    told.same("report", found if policies else
              tlsrpt_own.report(dest.domain), policies)
    lines = [line for line in mta.syslog(start) if "newer/smtp" in line]
    done = sum(" TLS connection established to " in line for line in lines)
    told.same("sessions in Postfix's log that ended well",
              sum(policy[1][0] for policy in policies or []) <= done, True)


def totals(told, postfix, count):
    """Counts add up: as many sessions as the mail host saw."""
    dest = world.WORLD.find("dane-ee")
    host = dest.fill(dest.hosts[0].name)
    seen, before = established(host), tlsrpt_own.report(dest.domain)[0][1][0]
    for _ in range(count):
        told.same("outcome", postfix.send("user@" + dest.domain)[0], "sent")
    mta.await_true(
        lambda: tlsrpt_own.report(dest.domain)[0][1][0] >= before + count,
        mta.DELIVERY_S, "each session")
    told.same("sessions at the host", established(host) - seen, count)
    told.same("report", tlsrpt_own.report(dest.domain),
              [("tlsa", (before + count, 0), [])])


def refused_beside(told, postfix):
    """E07: what posternd defers and what Postfix tries are two sessions, as
    many as the mail host had."""
    domain = "dane-mismatch.example"
    dest = world.WORLD.find(domain)
    host = dest.fill(dest.hosts[0].name)
    sent = mta.send(["user@" + domain], "e07")
    told.same("reply", sent.replies["user@" + domain][:3], "451")
    kind, sums, types = tlsrpt_own.report(domain)[0]
    told.same("report", (kind, sums), ("tlsa", (0, 2)))
    told.same("types", types, ["certificate-not-trusted",
                               "validation-failure"])
    told.same("sessions at the host", established(host), 2)
    mta.send(["user@" + domain], "e07-again")
    told.same("again", tlsrpt_own.report(domain)[0][1], (0, 2))
    told.same("by Postfix", postfix.send("user@" + domain)[0], "deferred")
    mta.await_true(lambda: tlsrpt_own.report(domain)[0][1] != (0, 2),
                   mta.DELIVERY_S, "its session")
    told.same("and by Postfix again", tlsrpt_own.report(domain)[0][1], (0, 3))
    told.same("sessions at the host then", established(host), 3)


def inside():
    out = tap.Tap()
    try:
        publish()
        daemon = mta.Posternd("own", tlsrpt_own.CONF)
        mta.await_true(lambda: os.path.exists(tlsrpt_own.SOCKET), mta.START_S,
                       tlsrpt_own.SOCKET)
        os.chmod(tlsrpt_own.SOCKET, 0o666)
        postfix = newer.Newer(*DANE)
        for row in ROWS:
            with Told(out, "E01 Postfix tells of %s as it logs it" % row[0]
                      ) as told:
                one(told, postfix, row)
        with Told(out, "E01 as many sessions as the mail host saw") as told:
            totals(told, postfix, 5)
        with Told(out, "E07 mail that posternd refused is a session of its "
                  "own, once") as told:
            refused_beside(told, postfix)
        postfix.stop()
        out.test(daemon.stop() == 0, "posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(newer.main(__file__, inside, "swaks", "dig"))
