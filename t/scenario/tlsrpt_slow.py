#!/usr/bin/env python3
"""tlsrpt_slow - TLS reports to web servers that are not there, or take their
time: what is tried again, and that no other report waits for it.

By a real posternd, in the lab, with its real deadline of a minute.  TAP.
"""
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import mta
import reports
import tap
import tlsrpt_send as send
import watch
from faulty import Told

# whose reports go by mail; to a port where nobody listens, at a host of the
# next; to one that takes its time; and to one that does not
MAILED, DEAD, SLOW, QUICK = "plain", "sts", "sts-testing", "sts-untrusted"
DEAD_PORT = 4443
DEADLINE_S = 60     # of a try
# that others are done before a slow one is given up: they took so long at most
BUSY_S = DEADLINE_S - 10


def web_host(name):
    return send.WEB_HOST % send.domain_of(name)


def records():
    for name, rua in (
            (MAILED, "mailto:tls@" + send.domain_of(MAILED)),
            (DEAD, "https://%s:%d/v1/r" % (web_host(DEAD), DEAD_PORT)),
            (SLOW, "https://%s/v1/r" % web_host(SLOW)),
            (QUICK, "https://%s/v1/r" % web_host(QUICK))):
        domain = send.domain_of(name)
        change.records(domain, "_smtp._tls." + domain, "TXT",
                       ['"v=TLSRPTv1; rua=%s"' % rua])


class Hurry:
    """postern tlsrpt send, which waits; with it, that is under way."""

    def __init__(self, name):
        self.process = subprocess.Popen(
            [mta.program("postern"), "tlsrpt", "send", send.domain_of(name),
             "-c", mta.HERE + "/send.conf"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def lines(start_of_log, name, action=""):
    """[(number, line)] of what became of the report to a domain."""
    words = "event=tlsrpt action=%s" % action
    return [(number, line) for number, line
            in enumerate(mta.syslog(start_of_log))
            if words in line and " domain=%s " % send.domain_of(name) in line]


def became(start_of_log, name, action, seconds=mta.DELIVERY_S):
    return mta.await_true(lambda: lines(start_of_log, name, action), seconds,
                          "%s of %s" % (action, name))[0]


def asked_of(name):
    """How often something was posted to its web server, taken or not."""
    return sum(event["event"] == "request" and
               event["host"] == web_host(name) and
               event["line"].startswith("POST ")
               for event in watch.events("https"))


def make_slow(flags):
    changes = change.Changes()
    changes.policy(send.dest_of(SLOW), https=flags)
    changes.apply()


class Listener:
    """At the port that was dead: takes what is posted."""

    def __init__(self):
        host = next(host for host in json.loads(
            mta.read(mta.HERE + "/world.json"))["https"]
                    if host["name"] == web_host(DEAD))
        base = "%s/pki/%s" % (mta.HERE, host["cert"])
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(base + ".chain", base + ".key")
        self.server = socket.create_server((host["address"], DEAD_PORT))
        self.posted = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            try:
                with self.context.wrap_socket(connection,
                                              server_side=True) as tls:
                    self.take(tls)
            except OSError:
                pass

    def take(self, tls):
        with tls.makefile("rwb") as file:
            size = 0
            while (line := file.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            self.posted.append(reports.unpacked(file.read(size)))
            file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def dead_port(out):
    start_of_log = mta.syslog_size()
    domain = send.domain_of(DEAD)
    with Hurry(DEAD):
        _, line = became(start_of_log, DEAD, "retry")
    with Told(out, "E04 S02 at a port where nobody listens it is tried again, "
              "and is sent once somebody does") as told:
        told.same("to", " to=https:%s " % web_host(DEAD) in line, True)
        told.same("tries", " tries=1 " in line, True)
        told.same("why", "onnect" in line.partition(" detail=")[2], True)
        told.same("state", send.rows(domain)[domain]["state"], "sending")
        listener = Listener()
        status, _, error = send.postern("send", domain)
        told.same("sent (%s)" % error, status, 0)
        told.same("posted", len(listener.posted), 1)


def slow(out):
    """One by mail goes out meanwhile; one by POST when it is given up."""
    domain = send.domain_of(SLOW)
    make_slow("wait")
    start_of_log = mta.syslog_size()
    began = time.monotonic()
    with Hurry(SLOW):
        mta.await_true(lambda: asked_of(SLOW) == 1, mta.DELIVERY_S,
                       "the slow one's POST")
    status, _, error = send.postern("send", send.domain_of(MAILED))
    quick = time.monotonic() - began
    mailed = became(start_of_log, MAILED, "sent")
    with Told(out, "E04 F07 while a web server takes its time a report goes "
              "out by mail") as told:
        told.same("sent (%s)" % error, status, 0)
        if quick < BUSY_S:
            told.same("the slow one's end", lines(start_of_log, SLOW, "sent") +
                      lines(start_of_log, SLOW, "retry"), [])
    with Hurry(QUICK):
        late = became(start_of_log, SLOW, "retry", 2 * DEADLINE_S)
        behind = became(start_of_log, QUICK, "sent")
    with Told(out, "E04 S02 after a minute it is given up, to be tried again, "
              "and the next web server gets its own") as told:
        told.same("order", mailed[0] < late[0] < behind[0], True)
        told.same("why", "imed_out" in late[1].partition(" detail=")[2], True)
        told.same("state", send.rows(domain)[domain]["state"], "sending")
        told.same("tries at it", asked_of(SLOW), 1)


def back(out):
    """It takes its time, and then what it was sent."""
    domain = send.domain_of(SLOW)
    start_of_log = mta.syslog_size()
    with Hurry(SLOW):
        mta.await_true(lambda: asked_of(SLOW) == 2, mta.DELIVERY_S,
                       "its second POST")
        make_slow("ok")
        _, line = became(start_of_log, SLOW, "sent")
    with Told(out, "E04 a slow one that answers in the end has taken it") \
            as told:
        told.same("tries", " tries=1" in line, True)
        told.same("tries at it", asked_of(SLOW), 2)
        told.same("state", send.rows(domain)[domain]["state"], "sent")


def inside():
    out = tap.Tap()
    names = (MAILED, DEAD, SLOW, QUICK)
    try:
        records()
        daemon = send.start()
        for name in names:
            send.tell(send.domain_of(name), 2, 1)
        mta.await_true(lambda: len(send.rows()) == len(names), mta.START_S,
                       "the sessions")
        out.test(daemon.stop() == 0, "posternd ends well")
        send.make_yesterday()
        daemon = send.start()
        mta.await_true(lambda: all(row["state"] == "due"
                                   for row in send.rows().values()),
                       4 * mta.START_S, "the reports")
        dead_port(out)
        slow(out)
        back(out)
        out.test(daemon.stop() == 0, "F09 posternd ends well")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "dig"))
