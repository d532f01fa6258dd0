#!/usr/bin/env python3
"""agree - postern check against programs that no one here wrote.

For each destination of the lab that DANE has a say in: what posttls-finger
sees there with TLS level "dane", what "openssl s_client" says of the TLSA
records, and what Postfix does with mail.  A difference that a table below
explains is one of reading the RFCs; any other fails.  TAP.
"""
import os
import re
import smtplib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import cli
import mta
import release
import tap
import world

WORKERS = 8
RUN_S = 90
DELIVERY_S = 90

# Hosts that hang: half a minute each, and nothing to see of DANE.
HANG = {"tls-hang", "smtp-silent", "smtp-drip", "smtp-big-banner"}

# What is known to differ, by destination: what the other program finds, and
# why.  posttls-finger and Postfix are of one mind.
NEXT_HOP = "under an insecure MX, Postfix takes the next hop for a name " \
    "too: RFC 7672 section 3.2.2 leaves it the host's name only"
NULL = "to Postfix any \".\" makes a null MX: RFC 7505 section 3 wants it " \
    "alone"
ALIAS = "without MX, Postfix knows the end of the alias only: RFC 7672 " \
    "section 3.2.2 adds the next-hop domain"
STRANGER = "a host that refuses our name is none to try later for Postfix: " \
    "it says nothing of TLS"
ONE_NAME = "openssl is told one name, the TLSA base domain"
PKIX = "usages 0 and 1 are for openssl to verify: RFC 7672 section 3.1.3 " \
    "makes them unusable in SMTP"
PARTIAL = "openssl takes a wildcard in part of a label unless told not to: " \
    "RFC 7672 section 3.2.3"
FINGER_DIFFERS = {"d65": ("trusted", NEXT_HOP), "d68": ("null-mx", NULL),
                  "d70": ("wrong-name", ALIAS)}
POSTFIX_DIFFERS = {"d65": ("sent", NEXT_HOP), "d68": ("bounced", NULL),
                   "d70": ("deferred", ALIAS),
                   "helo-550": ("bounced", STRANGER)}
OPENSSL_DIFFERS = {
    "d15": ("not verified", ONE_NAME), "d70": ("not verified", ONE_NAME),
    "d72": ("not verified", ONE_NAME), "d73": ("not verified", ONE_NAME),
    "d19": ("verified", PARTIAL), "d19-front": ("verified", PARTIAL),
    "d35": ("verified", PKIX), "d36": ("not verified", PKIX),
    "d42": ("verified", PKIX), "d79": ("not verified", PKIX),
    "d79-near": ("not verified", PKIX)}


class Row:
    """A destination, and what postern check says of it."""

    def __init__(self, dest, answer):
        self.dest = dest
        self.answer = answer
        self.addresses = [(host, address) for host in answer["hosts"]
                          for address in host["addresses"]]
        self.records = [record for host in answer["hosts"]
                        for record in host["tlsa"]]

    def is_single(self):
        """One host of one address, or none: the others posttls-finger leaves
        at the first that has TLS."""
        return len(self.answer["hosts"]) <= 1 and len(self.addresses) <= 1

    def unusable(self):
        return sum(not record["usable"] for record in self.records)

    def matched(self):
        return ["%d %d %d %s" % (record["usage"], record["selector"],
                                 record["mtype"], record["data"].lower())
                for record in self.records if record["matched"]]

    def text(self):
        return "%s/%s/%s" % tuple(self.answer[key] for key in
                                  ("result", "policy", "reason"))


def rows():
    """MTA-STS is foreign to all three: rows that it decides are left out."""
    dests = [dest for dest in world.WORLD.dests if dest.expect and
             not dest.relay and dest.name not in HANG]
    conf = cli.configuration("embedded")
    answers, error = cli.check(conf, *(dest.domain for dest in dests))
    for dest in dests:
        if dest.domain not in answers:
            raise mta.Failure("no answer for %s, %s" % (dest.domain, error))
        if cli.is_late(answers[dest.domain], dest.expect):
            answers.update(cli.check(conf, dest.domain)[0])
        row = Row(dest, answers[dest.domain])
        if row.answer["policy"] != "sts" and (row.records or not dest.sts):
            yield row


# -- posttls-finger ---------------------------------------------------------

FINGER_SAYS = (
    ("Verified TLS connection", "verified"),
    ("Trusted TLS connection", "trusted"),
    ("Untrusted TLS connection", "untrusted"),
    ("TLSA lookup error", "tlsa-error"),
    ("(nullMX)", "null-mx"),
    ("Destination address lookup failed", "lookup-failed"),
    ("STARTTLS rejected", "no-starttls"),
    ("EHLO rejected", "unreachable"),
    ("SSL_connect error", "tls-failed"),
    ("Failed to establish session", "unreachable"),
    ("timeout while", "unreachable"),
    ("lost connection", "unreachable"),
    ("service not available", "unreachable"))
FINGER_WRONG_NAME = "num=62:hostname mismatch"
FINGER_UNUSABLE = re.compile(r"unusable TLSA RR: |unsupported TLSA certif"
                             r"icate usage: |reserved private-use matching")
FINGER_MATCHED = re.compile(r"Matched DANE .. certificate at depth \d+: "
                            r"(\d \d \d) ([0-9A-F.]+)$", re.M)


def finger(row):
    done = subprocess.run(
        ["posttls-finger", "-c", "-l", "dane", "-t", "20", "-L",
         "summary,certmatch", row.dest.domain], capture_output=True,
        text=True, timeout=RUN_S, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def finger_found(row, said):
    """Without TLSA records a name stands for nothing."""
    if row.records and FINGER_WRONG_NAME in said and \
            release.word("wrong name") in said:
        return "wrong-name"
    return next((word for text, word in FINGER_SAYS if text in said),
                "no-starttls")


def finger_expected(answer):
    """What posttls-finger finds where postern is right."""
    result, reason = answer["result"], answer["reason"]
    tls = any(address["tls"] for host in answer["hosts"]
              for address in host["addresses"])
    if reason in ("nxdomain", "no-address"):
        return "lookup-failed"
    if reason == "null-mx":
        return "null-mx"
    if result == "pass":
        return "trusted" if reason == "insecure-mx" else "verified"
    if result == "temperror":
        if answer["dane"] == "temperror" and answer["rt"]:
            return "tlsa-error"
        if reason == "probe-timeout":
            return "unreachable|tls-failed"
        return "unreachable" if reason == "connect-failed" \
            else "lookup-failed"
    if reason == "starttls-not-supported":
        return "no-starttls"
    if reason == "certificate-host-mismatch":
        return "wrong-name"
    return "untrusted" if tls else "tls-failed"


def compare_finger(row):
    """(name, problems, output)"""
    said = finger(row)
    found = finger_found(row, said)
    expected = finger_expected(row.answer)
    problems = []
    if found not in expected.split("|"):
        problems.append("posttls-finger: %s, postern: %s, which is %s"
                        % (found, row.text(), expected))
    unusable = len(set(line for line in said.splitlines()
                       if FINGER_UNUSABLE.search(line)))
    if unusable != row.unusable():
        problems.append("posttls-finger: %d unusable records, postern: %d"
                        % (unusable, row.unusable()))
    for numbers, data in FINGER_MATCHED.findall(said):
        data = re.escape(data.lower()).replace(r"\.\.\.", ".*")
        if not any(re.fullmatch(numbers + " " + data, record)
                   for record in row.matched()):
            problems.append("posttls-finger: %s matches, postern: %s"
                            % (numbers, row.matched()))
    return found, problems, said


# -- openssl ----------------------------------------------------------------

def openssl(host, address):
    where = address["address"]
    command = ["openssl", "s_client", "-brief", "-starttls", "smtp",
               "-connect", ("[%s]:25" if ":" in where else "%s:25") % where,
               "-dane_tlsa_domain", host["base_domain"],
               "-dane_ee_no_namechecks"]
    for record in host["tlsa"]:
        command += ["-dane_tlsa_rrdata", "%d %d %d %s" % (
            record["usage"], record["selector"], record["mtype"],
            record["data"])]
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=RUN_S, input="QUIT\r\n")
    return done.stdout + done.stderr


def compare_openssl(row):
    host, address = row.addresses[0]
    said = openssl(host, address)
    problems = []
    ok = "Verification: OK" in said
    unusable = said.count("warning: unusable TLSA rrdata")
    if unusable != row.unusable():
        problems.append("openssl: %d unusable records, postern: %d"
                        % (unusable, row.unusable()))
    found = "verified" if ok else "not verified"
    if unusable < len(row.records) and ok != (address["verify"] == "ok"):
        problems.append("openssl: %s, postern: %s" % (
            found, address["verify"] or row.text()))
    return found, problems, said


# -- Postfix ----------------------------------------------------------------

def be_sender():
    """Make the lab's Postfix one that looks at DANE and asks no milter."""
    subprocess.run(["postconf", "-e", "smtp_tls_security_level=dane",
                    "smtp_dns_support_level=dnssec", "smtpd_milters=",
                    "smtp_connect_timeout=20s", "smtp_helo_timeout=20s",
                    "smtp_starttls_timeout=20s"], check=True)
    subprocess.run(["postfix", "reload"], check=True, capture_output=True)


def send(found):
    """{destination: queue id}"""
    queued = {}
    with smtplib.SMTP("127.0.0.1", 25, timeout=RUN_S) as client:
        client.ehlo()
        for row in found:
            client.docmd("MAIL", "FROM:<%s>" % mta.SENDER)
            code, reply = client.docmd("RCPT", "TO:<user@%s>"
                                       % row.dest.domain)
            if code == 250:
                code, reply = client.data(b"Subject: outbound\r\n\r\nA test.")
            match = re.search(rb"queued as (\w+)", reply)
            if not match:
                raise mta.Failure("%s: not queued: %s" % (row.dest.domain,
                                                          reply))
            queued[row.dest.name] = match[1].decode()
    return queued


def deliver(found):
    """{destination: (outcome, line of the log)}"""
    start = mta.syslog_size()
    queued = send(found)
    ids = {queue_id: name for name, queue_id in queued.items()}
    pattern = re.compile(r"postfix/\w+\[\d+\]: (\w+): to=<user@.*status=(\w+)")
    outcomes = {}
    end = time.monotonic() + DELIVERY_S
    while len(outcomes) < len(queued) and time.monotonic() < end:
        for line in mta.syslog(start):
            match = pattern.search(line)
            if match and match[1] in ids:
                outcomes[ids[match[1]]] = match[2], line
        time.sleep(0.2)
    return outcomes


def postfix_expected(answer):
    if answer["reason"] in ("null-mx", "nxdomain", "no-address"):
        return "bounced"
    return "deferred" if answer["result"] in ("fail", "temperror") \
        else "sent"


def compare_postfix(row, outcomes):
    outcome, line = outcomes.get(row.dest.name, ("none", "no outcome"))
    expected = postfix_expected(row.answer)
    problems = [] if outcome == expected else [
        "Postfix: %s, postern: %s, which is %s" % (outcome, row.text(),
                                                   expected)]
    return outcome, problems, line


# -- the run ----------------------------------------------------------------

def report(out, what, row, compared, differs):
    """One test: agreement, or the very difference that the table has."""
    found, problems, said = compared
    name = "%s on %s (%s): %s" % (what, row.dest.name, " ".join(
        row.dest.vectors) or "-", row.text())
    known, why = differs.get(row.dest.name, (None, ""))
    if known is None:
        out.test(not problems, name, problems + said.splitlines())
    else:
        out.test(problems and found == known, "%s, but %s: %s" % (
            name, known, why), problems + said.splitlines())
    return known is None


def inside():
    out = tap.Tap()
    try:
        be_sender()
        found = list(rows())
        with ThreadPoolExecutor(WORKERS) as pool:
            outcomes = pool.submit(deliver, found)
            single = [row for row in found if row.is_single()]
            records = [row for row in single
                       if row.records and row.addresses[0][1]["tls"]]
            tables = (
                ("posttls-finger", single,
                 list(pool.map(compare_finger, single)), FINGER_DIFFERS),
                ("openssl", records,
                 list(pool.map(compare_openssl, records)), OPENSSL_DIFFERS),
                ("Postfix", found,
                 [compare_postfix(row, outcomes.result()) for row in found],
                 POSTFIX_DIFFERS))
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    for what, compared, results, differs in tables:
        same = [report(out, what, row, result, differs)
                for row, result in zip(compared, results)]
        gone = set(differs) - {row.dest.name for row in compared}
        out.test(not gone, "%s: %d compared, %d the same, %d explained" % (
            what, len(same), sum(same), len(same) - sum(same)),
            ["explained, but not compared: " + " ".join(sorted(gone))])
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "posttls-finger", "openssl"))
