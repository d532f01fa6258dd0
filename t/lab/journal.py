"""A real systemd-journald in the lab, for journalctl to read."""
import os
import socket
import subprocess
import time

import mta
import servers

JOURNALD = "/usr/lib/systemd/systemd-journald"
DEV_LOG = "/run/systemd/journal/dev-log"
KEPT = "/var/log/journal"
START_S = 30
CONF = "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n" \
    "ForwardToSyslog=no\nReadKMsg=no\nAudit=no\n"


def datagram(line):
    """What servers.readable made a line of."""
    head, _, text = line.partition(" ")
    facility, _, severity = head.partition(".")
    numbers = {name: number for number, name in servers.FACILITIES.items()}
    number = numbers.get(facility)
    if number is None: # local0 and so on
        number = 16 + int(facility[5:])
    return ("<%d>%s" % (number * 8 + servers.SEVERITIES.index(severity),
                        text)).encode()


class Journal:
    """With nothing in it but what it is given."""

    def __enter__(self):
        os.makedirs("/etc/systemd/journald.conf.d", exist_ok=True)
        mta.write("/etc/systemd/journald.conf.d/lab.conf", CONF)
        os.makedirs(os.path.dirname(DEV_LOG), exist_ok=True)
        self.hides = os.path.isdir(KEPT)
        if self.hides: # the host's
            mta.run("mount", "-t", "tmpfs", "tmpfs", KEPT)
        self.process = subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        mta.await_true(lambda: os.path.exists(DEV_LOG), START_S, "journald")
        return self

    def take(self, lines):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.connect(DEV_LOG)
            for line in lines:
                log.send(datagram(line))
            mark = "mark%d" % time.monotonic_ns()
            log.send(("<46>lab: %s" % mark).encode())
        mta.await_true(lambda: mark in mta.run(
            "journalctl", "--quiet", "--output=cat", "SYSLOG_FACILITY=5"),
            START_S, "the journal's lines")

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait()
        if self.hides:
            mta.run("umount", KEPT)
