#!/usr/bin/env python3
"""watch - "postern top" and "postern status" on a posternd that works.

Real mail passes it in the lab; the same is asked for as text, JSON and a page,
and at a terminal, by keys.  TAP.
"""
import html
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import json_page
import mta
import tap

RUN_S = 60


def ask(verb, *words, conf):
    done = subprocess.run([mta.program("postern"), verb, "-c", conf, *words],
                          capture_output=True, text=True, timeout=RUN_S)
    return done.returncode, done.stdout, done.stderr


def send(name):
    start = mta.syslog_size()
    sent = mta.send(["user@%s.example" % name], name)
    mta.await_true(lambda: [line for line in mta.syslog(start) if
                            sent.queue_id() + ": event=message" in line],
                   mta.DELIVERY_S, "the message line")


def check_status(out, daemon):
    status, text, error = ask("status", conf=daemon.conf)
    lines = text.splitlines()
    out.test(status == 0 and max(map(len, lines)) <= 80 and not error,
             "status is a screen of 80 columns", [error, text])
    out.test(re.search(r"two-bad\.example +2 +fail +validation-failure", text)
             and "two-good" not in text,
             "a domain that fails is on it, and no other", [text])
    status, text, _ = ask("status", "--json", conf=daemon.conf)
    found = json.loads(text)
    json_page.compare(out, "status", json_page.keys_of(found, {}), 1)
    counts = {r["what"]: r["count"] for r in found["figures"]["counts"]}
    out.test(counts["messages"] == 4 and
             [r["domain"] for r in found["failing"]["domains"]] ==
             ["two-bad.example", "bogus.example"], "JSON says the same",
             [text])
    states = {r["what"]: r["state"] for r in found["state"]["states"]}
    out.test(states["resolver"] == "validating" and
             states["port 25"] == "open", "states are told", [str(states)])
    path = "/run/lab/status.html"
    status, text, error = ask("status", "--html", path, conf=daemon.conf)
    page = mta.read(path)
    out.test((status, text, error) == (0, "", "") and "two-bad" in page and
             "<script" not in page and "://" not in page,
             "so does a page that stands for itself", [error])
    words = re.sub("<style>.*?</style>", "", page, flags=re.S)
    words = " ".join(html.unescape(re.sub("<[^>]*>", " ", words)).split())
    out.test(PAGE.fullmatch(words),
             "F13 and its words are those that were promised", [words])
    status, _, _ = ask("status", "--html", path, "--no-domains",
                       conf=daemon.conf)
    out.test(status == 0 and ".example" not in
             mta.read(path).split("</h1>", 1)[1],
             "--no-domains leaves them out")


GOLDEN = re.compile(
    r"posternd \S+  up 0d00h  resolver validating  port25 open  store \S+\n"
    r"messages [\d.]+/s  pass 25%  none 0%  softfail 0%  fail 50%  "
    r"temperror 25%  in all\n"
    r"checks running 0 waiting 0  cache 25%  probes [\d.]+/s  "
    r"fetches [\d.]+/s \(0 failed\)\n"
    r"  MSGS  DOMAIN                  RESULT     REASON +SINCE  MX\n"
    r"     2  two-bad\.example +fail +validation-failure +\d\d:\d\d  "
    r"\S*\n"
    r"     1  bogus\.example +temperror +dnssec-invalid +\d\d:\d\d .*\n")


AT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
PAGE = re.compile(
    r"(Postern at gate\.sender\.example, AT ){2}State Now what state "
    r"posternd \S+ runs for 0 h \d+ min resolver validating port 25 open "
    r"policy store \S+ Since the start Domains of messages by result "
    r"fail fail 2 fail 2 temperror temperror 1 temperror 1 "
    r"softfail softfail 0 0 none none 0 0 pass pass 1 pass 1 skip skip 0 0 "
    r"what count fail 2 temperror 1 softfail 0 none 0 pass 1 skip 0 "
    r"Work what count messages 4 deferred or rejected at RCPT 0 held 0 "
    r"verdicts at hand \d checks made \d checks running 0 checks waiting 0 "
    r"connections to mail hosts \d fetches of policies 0 of them failed 0 "
    r"Domains that fail now By messages domain msgs result reason "
    r"two-bad\.example 2 fail validation-failure host: mx1\.two-bad\.example "
    r"first: AT last: AT bogus\.example 1 temperror dnssec-invalid first: AT "
    r"last: AT".replace("AT", AT))


def check_once(out, daemon):
    status, text, error = ask("top", "--once", conf=daemon.conf)
    out.test(status == 0 and GOLDEN.fullmatch(text) and not error,
             "F13 top --once is one screen of text", [text, error])
    out.test(all(len(line) <= 80 for line in text.splitlines()),
             "in 80 columns", [text])
    out.test(ask("top", conf=daemon.conf)[1].count("MSGS") == 1,
             "and so it is where there is no terminal")
    for words in (("--every", "0"), ("--every", "x"), ("--json",)):
        status, _, error = ask("top", *words, conf=daemon.conf)
        out.test(status == 64, "%s is a mistake" % " ".join(words), [error])


class Terminal:
    def __init__(self, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(mta.program("postern"), ["postern", *words])
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.seen = ""

    def until(self, pattern, seconds=RUN_S):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            if time.monotonic() > end:
                return False
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode()
                except OSError:
                    return bool(re.search(pattern, self.seen))
        return True

    def key(self, letter):
        self.seen = ""
        os.write(self.fd, letter.encode())

    def end(self):
        self.until("never", 2)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def check_keys(out, daemon):
    top = Terminal("top", "-c", daemon.conf, "--every", "1")
    out.test(top.until(r"two-bad\.example.*bogus") or
             top.until(r"(?s)two-bad\.example.*bogus\.example"),
             "on a terminal it is drawn", [top.seen])
    top.key("s")
    out.test(top.until(r"(?s)bogus\.example.*two-bad\.example"),
             "s sorts by name", [top.seen])
    top.key("f")
    out.test(top.until(r"look anew at bogus\.example\?"), "f asks first",
             [top.seen])
    top.key("n")
    out.test(top.until("q quit"), "n leaves it", [top.seen])
    top.key("f")
    top.until("look anew at")
    top.key("y")
    out.test(top.until("q quit"), "y does it", [top.seen])
    _, listed, _ = ask("cache", "list", conf=daemon.conf)
    out.test("bogus" not in listed, "the verdict is forgotten", [listed])
    top.key("q")
    out.test(top.end() == 0 and "\033[?1049l" in top.seen,
             "q ends it, and puts the screen back", [repr(top.seen)])
    top = Terminal("top", "-c", daemon.conf, "--every", "60")
    top.until("q quit")
    top.seen = ""
    os.kill(top.pid, signal.SIGINT)
    out.test(top.end() == 0 and "\033[?1049l" in top.seen,
             "so does Ctrl-C", [repr(top.seen)])


def inside():
    out = tap.Tap()
    try:
        daemon = mta.Posternd("watch", "On-Fail tag\n")
        for name in ("two-bad", "two-bad", "bogus", "two-good"):
            send(name)
        check_status(out, daemon)
        check_once(out, daemon)
        check_keys(out, daemon)
        daemon.stop()
        for verb in ("status", "top"):
            status, text, error = ask(verb, conf=daemon.conf)
            out.test((status, text) == (69, "") and error,
                     "%s: nobody answers" % verb, [error])
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks"))
