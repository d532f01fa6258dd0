#!/usr/bin/env python3
"""fairness - destinations that are slow, or very many, beside good ones.

A posternd with few workers, in a network namespace of its own, where all of
them have something to wait for.  What is tested is an order: good mail is
through while the other is still on its way.  TAP.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

# what a sanitizer keeps of freed memory is none that posternd takes
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + \
    ":quarantine_size_mb=8"
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import crowd
import milter
import root
import tap

CHECKS = 8
QUEUE = 400
DEAD = 10000
FLOOD = 500    # domains of one message
START_S = 20

# Where AddressSanitizer and ThreadSanitizer keep what they know of memory, on
# amd64; nothing else is mapped there.
SHADOW = range(0x010000000000, 0x550000000000)

CONF = """Socket unix:%(dir)s/sock
ControlSocket %(dir)s/control
Nameservers %(nameserver)s
%(resolver)s
StateDirectory %(dir)s
AuthservID gate.test
ProbeHelo gate.test
UserID nobody
Syslog no
AllowPrivateAddresses yes
HeaderDomains all
RcptWait 20s
MessageWait 60s
MaxChecks %(checks)d
MaxQueue %(queue)d
"""


SYSTEM = "Resolver system"
EMBEDDED = """Resolver embedded
TrustAnchorFile %(dir)s/root.key
DNSTimeout 10s"""


class Daemon:
    def __init__(self, folder, resolver):
        self.path = folder + "/sock"
        self.log = folder + "/log"
        conf = folder + "/conf"
        with open(conf, "w") as out:
            out.write(CONF % {"dir": folder, "checks": CHECKS,
                              "queue": QUEUE,
                              "resolver": resolver % {"dir": folder},
                              "nameserver": crowd.NAMESERVER})
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [os.environ["POSTERN_BUILDDIR"] + "/milter/posternd", "-fv",
                 "-c", conf], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        end = time.monotonic() + START_S
        while "event=start" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("posternd: " + self.said())
            time.sleep(0.05)

    def said(self):
        with open(self.log) as file:
            return file.read()

    def memory_kb(self):
        """What it has in memory, but for what a sanitizer knows of that."""
        taken_kb = 0
        with open("/proc/%d/smaps" % self.process.pid) as file:
            for line in file:
                mapped = re.match(r"([0-9a-f]+)-[0-9a-f]+ ", line)
                if mapped:
                    shadow = int(mapped[1], 16) in SHADOW
                elif line.startswith("Rss:") and not shadow:
                    taken_kb += int(line.split()[1])
        return taken_kb

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def send(self, key, domains, begun=lambda: None):
        """The tag of one message."""
        client = milter.Milter(self.path)
        try:
            return client.message(key, domains, begun)
        finally:
            client.close()

    def begin(self, key, lists):
        """Messages that are not waited for, but for their recipients."""
        threads = []
        for domains in lists:
            begun = threading.Event()
            thread = threading.Thread(target=self.send,
                                      args=(key, domains, begun.set))
            thread.begun = begun
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.begun.wait(60)
        return threads


def good(out, daemon, others, name, domain):
    """Whether a domain gets its verdict before the others are through."""
    began = time.monotonic()
    tag = daemon.send("GOOD", [domain])
    waited = any(thread.is_alive() for thread in others)
    out.test("d=%s/none/no-policy-found/no-policy" % domain in tag and
             waited, name, [tag, "in %.1f s" % (time.monotonic() - began),
                            "others on their way: %s" % waited])
    out.say("%s: %.2f s" % (domain, time.monotonic() - began))


def settle(seconds=3):
    """Until what was begun has got all the workers there are."""
    time.sleep(seconds)


def stuck(out, daemon):
    kinds = [("mute", "whose name servers are silent"),
             ("drip", "whose mail hosts say a byte a second"),
             ("web", "whose policy hosts are silent")]
    for turn, (kind, what) in enumerate(kinds):
        others = daemon.begin("SLOW", [["%s-%d.test" % (kind, n)
                                        for n in range(5 * CHECKS)]])
        settle()
        good(out, daemon, others, "destinations %s: a new one is checked"
             % what, "good-%d.test" % (turn + 1))
        good(out, daemon, others, "destinations %s: a known one is known"
             % what, "good-0.test")
        for thread in others:
            thread.join()


def one_farm(out, daemon, servers):
    count = 60
    others = daemon.begin("FARM", [["farm-%d.test" % n
                                    for n in range(count)]])
    settle(1)
    good(out, daemon, others, "one farm of mail hosts: a new one is checked",
         "good-10.test")
    others[0].join()
    out.test(servers.most == 2, "and no more than ProbePerHost connections "
             "go there at once", ["%d" % servers.most])
    found = re.findall(r"event=check domain=farm-\d+\.test result=(\w+)",
                       daemon.said())
    out.test(len(found) == count and set(found) == {"none"},
             "each of the farm's domains gets its verdict in turn",
             [" ".join(found)])


def flood(out, daemon):
    daemon.send("LATELY", ["good-30.test"])
    before = daemon.memory_kb()
    others = daemon.begin("FLOOD", [[
        "mute-%d.test" % n for n in range(start, start + FLOOD)]
        for start in range(1000, 1000 + DEAD, FLOOD)])
    settle()
    good(out, daemon, others, "%d dead domains: a known one is known" % DEAD,
         "good-30.test")
    good(out, daemon, others, "%d dead domains: one whose verdict is over is "
         "checked" % DEAD, "good-0.test")
    good(out, daemon, others, "%d dead domains: a new one is checked" % DEAD,
         "good-20.test")
    for thread in others:
        thread.join()
    after = daemon.memory_kb()
    out.test(after - before < 64 * 1024, "they take memory within bounds",
             ["%d KiB, then %d" % (before, after)])
    out.say("memory: %d KiB, then %d" % (before, after))
    found = re.findall(r"domain=mute-\d{4,}\.test result=(\w+)",
                       daemon.said())
    out.test(len(found) == DEAD and set(found) == {"temperror"},
             "each of them is a temperror", [str(len(found))])


class Behind(threading.Thread):
    """The resolver in the process, behind a nameserver that is late with some
    names and silent on others, beside the rest of the test."""

    def __init__(self, folder, anchor):
        super().__init__()
        with open(folder + "/root.key", "w") as out:
            out.write(anchor)
        self.daemon = Daemon(folder, EMBEDDED)
        self.tags = []

    def run(self):
        for turn in range(10):
            self.daemon.send("FIRST", ["good-%d.lab" % turn])
        self.tags.append(self.daemon.send("LATE", ["late-1.lab"]))
        for thread in self.daemon.begin("MUTE", [[
                "mute-%d.lab" % n for n in range(5 * CHECKS)]]):
            thread.join()
        self.tags.append(self.daemon.send("GOOD", ["good-20.lab"]))

    def tell(self, out):
        self.join()
        for number, (domain, name) in enumerate((
                ("late-1.lab", "a nameserver that is slow and seldom so has "
                 "its time"),
                ("good-20.lab", "a nameserver that was silent on many names "
                 "is asked for another"))):
            tag = "".join(self.tags[number:number + 1])
            out.test("d=%s/none/no-policy-found/no-policy" % domain in tag,
                     "Resolver embedded: " + name,
                     [tag] + self.daemon.said().splitlines()[-5:])


def inside():
    out = tap.Tap()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder, \
            tempfile.TemporaryDirectory() as other:
        signed = root.Root(other)
        servers = crowd.Crowd(signed)
        os.chmod(folder, 0o777)
        os.chmod(other, 0o777)
        daemon = Daemon(folder, SYSTEM)
        behind = Behind(other, signed.anchor)
        behind.start()
        try:
            daemon.send("FIRST", ["good-0.test"])
            stuck(out, daemon)
            behind.tell(out)
            one_farm(out, daemon, servers)
            flood(out, daemon)
            out.test(daemon.stop() == 0, "posternd ends well",
                     daemon.said().splitlines()[-5:])
        finally:
            daemon.process.kill()
            behind.daemon.process.kill()
    return out.close()


def main():
    if "--inside" in sys.argv[1:]:
        return inside()
    why = None
    if os.geteuid() != 0:
        why = "namespaces need root"
    elif subprocess.run(["unshare", "--net", "ip", "link", "set", "lo",
                         "up"], capture_output=True).returncode != 0:
        why = "namespaces are not available"
    elif shutil.which("ldns-signzone") is None:
        why = "ldnsutils is not installed"
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = tap.not_built()
    if why:
        print("Bail out! " + why)
        return 70
    return subprocess.run(["unshare", "--net", sys.executable, "-B",
                           os.path.abspath(__file__), "--inside"]).returncode


if __name__ == "__main__":
    sys.exit(main())
