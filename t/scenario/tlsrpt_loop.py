#!/usr/bin/env python3
"""tlsrpt_loop - two sites that report to each other, day by day: after mail has
ceased, so do reports; also where an MTA tells of the mail with reports as well,
as Postfix up to 3.10.3 does, with TLSReportOwnSessions counted.

A posternd for each site; its Postfix is this program, which sends datagrams and
takes reports.  The clock is put ahead from one day to the next.  TAP.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import moment
import mta
import reports
import tap
import tlsrpt_kill as kill
import world
from faulty import Told

CONF = """Socket unix:/run/postern/%(name)s.sock
ControlSocket /run/postern/%(name)s.control
StateDirectory %(state)s
TLSReports yes
TLSReportSocket unix:%(told)s
TLSReportOrganization Site %(name)s
TLSReportContact tlsrpt@%(domain)s
TLSReportMailer smtp:127.0.0.1:%(port)d
TLSReportSpread 0
"""
COUNTED = "TLSReportOwnSessions counted\n"
PORTS = 2525, 2526
DAY_S = 24 * 60 * 60
# the sites' domains, and whom both write to when not to each other
ONE, OTHER, THIRD = (world.WORLD.find(name).domain
                     for name in ("plain", "dane-ee", "dane-ta"))
PEER = "the other's"    # domain
# one session was told of, and left out; nothing is left, so there is no report
SUPPRESSED = 1, 0, "suppressed"


class Relay(kill.Mailer):
    """Takes reports; of the session that it then delivers one in, it tells if
    it is an older one."""

    def __init__(self, site, port):
        self.site = site
        self.older = False
        super().__init__(port)

    def at(self, step):
        if step == "answered" and self.older:
            to = reports.parsed(self.taken[-1])["To"]
            self.site.tell(to.split("@")[1], 1)


class Site:
    def __init__(self, name, domain, port):
        self.name = name
        self.domain = domain
        self.port = port
        self.told = "/run/postern/%s.tlsrpt" % name
        self.relay = Relay(self, port)
        self.state = ""
        self.daemon = None

    def found(self, history, older):
        """With nothing that it remembers."""
        self.state = "%s/loop-%s-%s" % (mta.HERE, history, self.name)
        os.mkdir(self.state)
        shutil.chown(self.state, "postern", "postern")
        self.relay.taken.clear()
        self.relay.older = older

    def start(self, settings):
        conf = CONF % vars(self) + settings
        self.daemon = mta.Posternd("loop-" + self.name, conf)
        mta.await_true(lambda: os.path.exists(self.told), mta.START_S,
                       self.told)

    def stop(self):
        daemon, self.daemon = self.daemon, None
        if daemon and daemon.stop() != 0:
            raise mta.Failure("posternd does not end well")

    def tell(self, domain, count):
        """As Postfix does, of sessions with a domain that did well."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(self.told)
            for _ in range(count):
                out.send(json.dumps({
                    "d": domain, "pr": "v=TLSRPTv1; rua=mailto:x@y.example",
                    "policies": [{"policy-type": 9, "t": 0, "f": 0}]}
                                    ).encode())

    def rows(self, day):
        """{domain: (sessions, failures, state)} of a day"""
        done = subprocess.run(
            [mta.program("postern"), "tlsrpt", "list", "--json", "--day", day,
             "-c", self.daemon.conf], capture_output=True, text=True,
            timeout=mta.RUN_S)
        return {row["domain"]: (row["sessions"], row["failures"],
                                row["state"])
                for row in map(json.loads, done.stdout.splitlines())}

    def sent(self, domain):
        """[(day, to, sessions, failures)] of its reports about a domain."""
        found = []
        for message in map(reports.parsed, list(self.relay.taken)):
            if message["TLS-Report-Domain"] != domain:
                continue
            report = reports.report_of(message)
            found += [(report["date-range"]["start-datetime"][:10],
                       message["To"], *policy["summary"].values())
                      for policy in report["policies"]]
        return found


class Days:
    """Of both sites, from noon of tomorrow on: what the lab has signed is not
    of the future then."""

    def __init__(self):
        self.noon = (int(time.time()) // DAY_S + 1) * DAY_S + DAY_S // 2
        self.sites = [Site("one", ONE, PORTS[0]), Site("other", OTHER,
                                                       PORTS[1])]
        self.number = 0

    def begin(self, history, older, settings):
        self.stop()
        for site in self.sites:
            site.found(history, older)
        self.live(0, settings)

    def live(self, number, settings=""):
        self.stop()
        self.number = number
        moment.set_clock(self.noon + number * DAY_S - int(time.time()))
        for site in self.sites:
            site.start(settings)

    def stop(self):
        for site in self.sites:
            site.stop()

    def day(self, number):
        return time.strftime("%Y-%m-%d",
                             time.gmtime(self.noon + number * DAY_S))

    def tell(self, *counts):
        """Of so many sessions of each site with the other's domain."""
        for site, peer, count in zip(self.sites, self.sites[::-1], counts):
            site.tell(peer.domain, count)

    def tell_third(self):
        for site in self.sites:
            site.tell(THIRD, 1)

    def await_rows(self, told, number, *wanted):
        """Each site comes to have rows of a day; those with the other's domain
        have PEER as their key."""
        day = self.day(number)
        for site, peer, rows in zip(self.sites, self.sites[::-1], wanted):
            rows = {peer.domain if key == PEER else key: row
                    for key, row in rows.items()}
            try:
                mta.await_true(lambda: site.rows(day) == rows,
                               mta.DELIVERY_S, "rows")
            except mta.Failure:
                told.same("%s of day %d" % (site.name, number + 1),
                          site.rows(day), rows)

    def same_reports(self, told, *wanted):
        """What each site has sent about the other: [(day, sessions)]."""
        for site, peer, sent in zip(self.sites, self.sites[::-1], wanted):
            told.same("reports by " + site.name, site.sent(peer.domain),
                      [(self.day(number), "tls@" + peer.domain, count, 0)
                       for number, count in sent])


def first_days(told, days, history, older, settings):
    """Mail, and then one report of it by each, that the other's host takes."""
    days.begin(history, older, settings)
    days.tell(3, 2)
    days.await_rows(told, 0, {PEER: (3, 0, "open")}, {PEER: (2, 0, "open")})
    days.live(1, settings)
    days.await_rows(told, 0, {PEER: (3, 0, "sent")}, {PEER: (2, 0, "sent")})
    days.same_reports(told, [(0, 3)], [(0, 2)])


def ceases(out, days, history, older, settings, name):
    """Sessions with others, of which reports go out, tell that those with each
    other were looked at as well."""
    of_mail = {PEER: (1, 0, "open")} if older else {}
    third = {THIRD: (1, 0, "sent")}
    with Told(out, "E06 %s: on the second day each reports the first, once"
              % name) as told:
        first_days(told, days, history, older, settings)
        days.await_rows(told, 1, of_mail, of_mail)
        days.tell_third()
        seen = {**of_mail, THIRD: (1, 0, "open")}
        days.await_rows(told, 1, seen, seen)
    with Told(out, "E06 R44 R47 %s: on the third day neither reports the "
              "second" % name) as told:
        days.live(2, settings)
        left = {**third, **({PEER: SUPPRESSED} if older else {})}
        days.await_rows(told, 1, left, left)
        days.same_reports(told, [(0, 3)], [(0, 2)])
        days.tell_third()
        seen = {THIRD: (2 if older else 1, 0, "open")}
        days.await_rows(told, 2, seen, seen)
    with Told(out, "E06 R44 R47 %s: nor on the fourth the third, and reports "
              "to others are of their mail alone" % name) as told:
        days.live(3, settings)
        # as told of, of which the reports leave out what was their own
        told_of = {THIRD: (2 if older else 1, 0, "sent")}
        days.await_rows(told, 2, told_of, told_of)
        days.same_reports(told, [(0, 3)], [(0, 2)])
        for site in days.sites:
            told.same("reports to others by " + site.name, site.sent(THIRD),
                      [(days.day(number), "tls@" + THIRD, 1, 0)
                       for number in (1, 2)])


def goes_on(out, days):
    """What counted is there for, and it with mail from one side."""
    of_mail = {PEER: (1, 0, "open")}
    with Told(out, "E06 R44 an older Postfix, excluded: each reports the report "
              "of the day before") as told:
        first_days(told, days, "excluded", True, "")
        days.await_rows(told, 1, of_mail, of_mail)
        days.live(2)
        days.await_rows(told, 1, {PEER: (1, 0, "sent")},
                        {PEER: (1, 0, "sent")})
        days.same_reports(told, [(0, 3), (1, 1)], [(0, 2), (1, 1)])
        days.await_rows(told, 2, of_mail, of_mail)
    with Told(out, "E06 R44 counted from then on, one writes two messages: it "
              "reports those, the other nothing") as told:
        days.tell(2, 0)
        days.await_rows(told, 2, {PEER: (3, 0, "open")}, of_mail)
        days.live(3, COUNTED)
        days.await_rows(told, 2, {PEER: (3, 0, "sent")}, {PEER: SUPPRESSED})
        days.await_rows(told, 3, of_mail, {})
        days.same_reports(told, [(0, 3), (1, 1), (2, 2)], [(0, 2), (1, 1)])
    with Told(out, "E06 R44 and then neither reports") as told:
        days.live(4, COUNTED)
        days.await_rows(told, 3, {PEER: SUPPRESSED}, {})
        days.same_reports(told, [(0, 3), (1, 1), (2, 2)], [(0, 2), (1, 1)])


def inside():
    out = tap.Tap()
    command, why = moment.faked()
    if not command:
        print("1..0 # SKIP " + why)
        return 0
    mta.UNDER[:0] = ["env", *command]
    try:
        for domain in (ONE, OTHER, THIRD):
            change.records(domain, "_smtp._tls." + domain, "TXT",
                           ['"v=TLSRPTv1; rua=mailto:tls@%s"' % domain])
        days = Days()
        ceases(out, days, "newer", False, "", "Postfix 3.10.4")
        ceases(out, days, "older", True, COUNTED, "an older one, counted")
        goes_on(out, days)
        days.stop()
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "dig"))
