#!/usr/bin/env python3
"""tlsrpt_chain - TLS reports from one end to the other: mail by a real Postfix
3.10, also from a chroot and by tlsproxy(8); its sessions, counted; the reports
of their day, mailed by the same Postfix past posternd; and what "postern tlsrpt
read" makes of them where they arrive.  Then days on which nobody writes.

posternd's clock is put ahead from one of its lives to the next.  TAP.
"""
import json
import os
import shutil
import smtplib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import map_delivery
import moment
import mta
import newer
import reports
import socketmap
import tap
import watch
import world
from faulty import Told

FOLDER = newer.HERE + "/spool/postern"
SOCKET = FOLDER + "/tlsrpt.sock"
SENDER = "tlsrpt@sender.example"
PORT = 2525
CONF = socketmap.CONF + """TLSReports yes
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact %s
TLSReportMailer smtp:127.0.0.1:%d
TLSReportSpread 0
On-Fail reject
On-TempError reject
DecideAt rcpt
""" % (SOCKET, SENDER, PORT)
SERVICES = """127.0.0.1:%d inet n - n - - smtpd
 -o smtpd_milters=unix:%s
tlsproxy unix - - n - 0 tlsproxy
chrooted unix - - y - - smtp -o smtp_tls_policy_maps=
 -o syslog_name=newer/chrooted
proxied unix - - n - - smtp -o smtp_tls_policy_maps=
 -o syslog_name=newer/proxied -o smtp_tls_connection_reuse=yes
 -o smtp_connection_cache_destinations=static:all
""" % (PORT, mta.SOCKET)
# what a chrooted smtp(8) needs below the queue directory
IN_CHROOT = ("resolv.conf", "hosts", "services", "nsswitch.conf")
DAY_S = 24 * 60 * 60
RECORD = '"v=TLSRPTv1; rua=mailto:tls@%s"'

# destination: messages to it, what becomes of them, the type of its policy
PLAIN, BROKEN, CHROOTED, PROXIED, STS = (
    "plain", "dane-mismatch", "dane-ta", "dane-ee", "sts")
ROWS = ((PLAIN, 3, "sent", "no-policy-found"), (BROKEN, 2, "deferred", "tlsa"),
        (CHROOTED, 2, "sent", "tlsa"), (PROXIED, 3, "sent", "tlsa"),
        (STS, 2, "sent", "sts"))


def domain_of(name):
    return world.WORLD.find(name).domain


def host_of(name):
    dest = world.WORLD.find(name)
    return dest.fill(dest.hosts[0].name)


def seen_at(name, event):
    """How often a mail host saw it."""
    return sum(seen["event"] == event and seen["host"] == host_of(name)
               for seen in watch.events("smtp"))


class Chain:
    """posternd on one day after the other, and a Postfix that runs on."""

    def __init__(self):
        self.daemon = None
        self.day = ""
        os.makedirs(FOLDER)
        shutil.chown(FOLDER, "postern", "postern")
        os.chmod(FOLDER, 0o750)
        os.makedirs(newer.HERE + "/spool/etc")
        for name in IN_CHROOT:
            shutil.copy("/etc/" + name, newer.HERE + "/spool/etc")
        self.live_on(0)
        os.chmod(socketmap.MAP, 0o666)
        settings = dict(map_delivery.sample())
        settings["smtp_tls_policy_maps"] = \
            "socketmap:unix:%s:QUERYwithTLSRPT" % socketmap.MAP
        self.postfix = newer.Newer(
            *("%s=%s" % pair for pair in settings.items()),
            "smtp_tlsrpt_enable=yes",
            "smtp_tlsrpt_socket_name=postern/tlsrpt.sock",
            "transport_maps=inline:{ {%s=chrooted:} {%s=proxied:} }" % (
                domain_of(CHROOTED), domain_of(PROXIED)), services=SERVICES)

    def live_on(self, number, extra=""):
        """From noon of tomorrow, or of so many days later: what the lab has
        signed is not of the future then."""
        if self.daemon and self.daemon.stop() != 0:
            raise mta.Failure("posternd does not end well")
        noon = (int(time.time()) // DAY_S + 1) * DAY_S + DAY_S // 2
        moment.set_clock(noon + number * DAY_S - int(time.time()))
        self.day = time.strftime("%Y-%m-%d", time.gmtime(noon + number * DAY_S))
        self.daemon = mta.Posternd("chain", CONF + extra)
        mta.await_true(lambda: os.path.exists(SOCKET), mta.START_S, SOCKET)

    def stop(self):
        self.postfix.stop()
        return self.daemon.stop()


def postern(*words):
    return subprocess.run(
        [mta.program("postern"), "tlsrpt", *words], capture_output=True,
        text=True, timeout=mta.RUN_S)


def ask(verb, *words):
    return postern(verb, *words, "-c", mta.HERE + "/chain.conf").stdout


def rows(day):
    """{domain: (sessions, failures, state)} of a day"""
    return {row["domain"]: (row["sessions"], row["failures"], row["state"])
            for row in map(json.loads, ask("list", "--json", "--day", day)
                           .splitlines())}


def publish():
    for name, *_ in ROWS:
        domain = domain_of(name)
        change.records(domain, "_smtp._tls." + domain, "TXT",
                       [RECORD % domain])


def mail_and_count(out, chain):
    """{domain: report}, as show has it of the open day"""
    for name, count, outcome, kind in ROWS:
        with Told(out, "E01 E02 %d messages to %s are as many sessions" % (
                count, name)) as told:
            domain = domain_of(name)
            for _ in range(count):
                became, said = chain.postfix.send("user@" + domain)
                told.same("outcome: " + said, became, outcome)
            good = count if outcome == "sent" else 0
            told.same("mail at the host", seen_at(name, "mail"), good)
            # by tlsproxy(8), a connection may have taken several
            sessions = seen_at(name, "tls") if name == PROXIED else count
            told.same("counted", mta.await_true(
                lambda: rows(chain.day).get(domain), mta.DELIVERY_S, domain),
                      (sessions, count - good, "open"))
            shown = json.loads(ask("show", domain, "--day", chain.day))
            told.same("policies", [policy["policy"]["policy-type"]
                                   for policy in shown["policies"]], [kind])
    return {domain_of(name): json.loads(ask(
        "show", domain_of(name), "--day", chain.day)) for name, *_ in ROWS}


def services(out):
    """E02: who delivered, and from where."""
    log = mta.syslog()
    for name, service in ((CHROOTED, "chrooted"), (PROXIED, "proxied")):
        with Told(out, "E02 %s is reached by the service %s" % (name, service)
                  ) as told:
            told.same("lines", any("newer/%s/smtp[" % service in line and
                                   "@%s>" % domain_of(name) in line and
                                   "status=sent" in line for line in log),
                      True)
    out.test(any("newer/tlsproxy[" in line for line in log),
             "E02 and tlsproxy(8) has its TLS")


def arrive(out, chain, before):
    """E03 E05 E10: each report is mailed, and says what show said."""
    day, start = chain.day, mta.syslog_size()
    chain.live_on(1)
    mta.await_true(lambda: set(row[2] for row in rows(day).values()) ==
                   {"sent"}, mta.DELIVERY_S, "the reports, as sent")
    mta.await_true(lambda: len(reports.mailed()) == len(ROWS), mta.DELIVERY_S,
                   "the mail with reports")
    found = {message["TLS-Report-Domain"]: reports.report_of(message)
             for _, message in reports.mailed()}
    out.test(found == before, "E03 what arrives, read by Python, is what show "
             "printed the day before", [repr(found), repr(before)])
    wrong = [(domain, fault) for domain, report in found.items()
             for fault in reports.faults(report)]
    out.test(not wrong, "E03 E10 each keeps to RFC 8460, and is what parsedmarc "
             "takes", map(repr, wrong))
    lines = [line for line in mta.syslog(start) if " reason=exempt" in line]
    out.test(len(lines) == len(ROWS) and
             any("domain=%s " % domain_of(BROKEN) in line for line in lines),
             "X01 E05 posternd lets each pass, also that to the domain which "
             "fails", lines)
    return day


def forged(out):
    with smtplib.SMTP("127.0.0.1", PORT, "app.sender.example",
                      timeout=mta.RUN_S) as client:
        client.ehlo()
        client.mail(SENDER)
        code, reply = client.rcpt("other@" + domain_of(BROKEN))
    out.test(code == 550, "X01 E05 H09 a forger with the same MAIL FROM does "
             "not pass", [str(code), repr(reply)])


def read_back(out, before, folder):
    """E10: the recipient's Maildir."""
    reports.maildir(folder)
    found = json.loads(postern("read", "--format", "json", folder).stdout)
    numbers = {report["report-id"]: reports.numbers(report)
               for report in found["reports"]}
    out.test(numbers == {report["report-id"]: reports.numbers(report)
                         for report in before.values()},
             "E10 postern tlsrpt read of the Maildir has the numbers that show "
             "printed", [repr(numbers)])
    sums = {(row["domain"], row["success"], row["failure"])
            for row in found["domains"]}
    summed = {(domain, *policy["summary"].values())
              for domain, report in before.items()
              for policy in report["policies"]}
    out.test(sums == summed,
             "E10 and so has each line of what they come to", [repr(sums)])


def tell_of_plain():
    """As Postfix does, and 3.10.3 of report mail as well."""
    subprocess.run([sys.executable, "-c", """import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
    out.sendto(sys.argv[2].encode(), sys.argv[1])""", SOCKET, json.dumps({
        "d": domain_of(PLAIN), "pr": "v=TLSRPTv1; rua=mailto:x@y.example",
        "policies": [{"policy-type": 9, "t": 0, "f": 0}]})], check=True)


def ceased(out, chain):
    """E06: sessions of report mail are no reason for a report."""
    day, count = chain.day, len(reports.mailed())
    out.test(rows(day) == {}, "E06 R44 Postfix 3.10 tells of no session of "
             "report mail", [repr(rows(day))])
    chain.live_on(2, "TLSReportOwnSessions counted\n")
    tell_of_plain()
    mta.await_true(lambda: rows(chain.day), mta.START_S, "the session")
    told_of = chain.day
    chain.live_on(3, "TLSReportOwnSessions counted\n")
    mta.await_true(lambda: len(reports.mailed()) > count, mta.DELIVERY_S,
                   "the report of the third day")
    out.test(rows(day) == {} and len(reports.mailed()) == count + 1 and
             rows(told_of) == {domain_of(PLAIN): (1, 0, "sent")},
             "E06 R47 a day on which nobody wrote has no report",
             [repr(rows(day)), repr(rows(told_of))])
    tell_of_plain()
    mta.await_true(lambda: rows(chain.day), mta.START_S, "the session")
    told_of = chain.day
    chain.live_on(4, "TLSReportOwnSessions counted\n")
    mta.await_true(lambda: rows(told_of).get(domain_of(PLAIN), ("", "", ""))[2]
                   == "suppressed", mta.START_S, "the end of it")
    out.test(len(reports.mailed()) == count + 1,
             "E06 R44 and of one on which an older Postfix told of report mail "
             "alone none is sent")


def inside():
    out = tap.Tap()
    command, why = moment.faked()
    if not command:
        print("1..0 # SKIP " + why)
        return 0
    mta.UNDER[:0] = ["env", *command]
    try:
        publish()
        chain = Chain()
        before = mail_and_count(out, chain)
        services(out)
        arrive(out, chain, before)
        read_back(out, before, mta.HERE + "/maildir")
        ceased(out, chain)
        forged(out)     # which is a session, that posternd refused
        out.test(chain.stop() == 0, "posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(newer.main(__file__, inside, "dig"))
