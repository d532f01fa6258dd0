#!/usr/bin/env python3
"""metrics_socket - figures and health by HTTP.

What is no request, drips, sits there or floods is put off, and mail does not
notice.  Prometheus itself scrapes it in metrics.py.  TAP.
"""
import contextlib
import json
import os
import re
import select
import smtplib
import socket
import stat
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import limits
import mta
import tap
from faulty import Told

PORT = 9642
UNIX = "/run/postern/metrics.sock"
TCP = "MetricsSocket inet:%d@127.0.0.1\n" % PORT
PATIENCE_S = 30
DEADLINE_S = 5
IDLE = 100
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def call(at=("127.0.0.1", PORT)):
    family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET
    client = socket.socket(family)
    client.settimeout(PATIENCE_S)
    client.connect(at)
    return client


def rest(client):
    """What comes up to the end, however that comes."""
    text = b""
    try:
        while data := client.recv(65536):
            text += data
    except ConnectionError:
        pass
    return text.decode()


def ask(request, at=("127.0.0.1", PORT)):
    with call(at) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(request)
        return rest(client)


def get(path, *fields, method="GET", at=("127.0.0.1", PORT)):
    """(status, {field: value}, text); status 0: the connection was closed, as
    it is while there are as many as may be, or their end is not seen yet"""
    lines = ("%s %s HTTP/1.1" % (method, path), "Host: posternd") + fields
    head, _, text = ask("\r\n".join(lines + ("", "")).encode(),
                        at).partition("\r\n\r\n")
    first, *others = head.split("\r\n")
    if not first:
        return 0, {}, ""
    return (int(first.split()[1]),
            dict(line.split(": ", 1) for line in others), text)


def health(at=("127.0.0.1", PORT)):
    status, _, text = get("/healthz", at=at)
    return status, text


def well():
    return mta.await_true(lambda: health() == (200, "ok\n"), PATIENCE_S,
                          "a resolver that validates")


# -- what is told ------------------------------------------------------------

def pages(out):
    with Told(out, "/metrics has the figures, in the form that is read"
              ) as told:
        status, fields, text = get("/metrics")
        told.same("status", status, 200)
        told.same("type", fields["Content-Type"], PROMETHEUS)
        told.same("length", int(fields["Content-Length"]), len(text))
        told.same("connection", fields["Connection"], "close")
        told.same("figures", "\npostern_messages_total{" in text, True)
        done = subprocess.run(["promtool", "check", "metrics"], input=text,
                              text=True, capture_output=True, timeout=60)
        told.same("promtool", (done.returncode, done.stderr), (0, ""))
        status, fields, text = get("/metrics", "Accept: application/"
                                   "openmetrics-text;version=1.0.0,*/*;q=0.1")
        told.same("OpenMetrics", (status, fields["Content-Type"],
                                  text.endswith("# EOF\n")),
                  (200, OPENMETRICS, True))
        status, fields, text = get("/metrics", method="HEAD")
        told.same("HEAD", (status, text), (200, ""))
        told.same("its length", int(fields["Content-Length"]) > 1000, True)


def refused(out):
    """LIMIT_METRICS_REQUEST"""
    size = limits.LIMIT_METRICS_REQUEST
    with Told(out, "F07: what is no such request is refused") as told:
        told.same("path", get("/")[0], 404)
        told.same("path", get("/../etc/passwd")[0], 404)
        status, fields, _ = get("/metrics", "Content-Length: 3",
                                method="POST")
        told.same("POST", (status, fields["Allow"]), (405, "GET, HEAD"))
        told.same("DELETE", get("/metrics", method="DELETE")[0], 405)
        told.same("5 KiB", get("/metrics", "X: " + "x" * 5120)[0], 431)
        line = "GET /metrics HTTP/1.1\r\nX: "
        for more, wanted in ((0, "200"), (1, "431")):
            text = line + "x" * (size - len(line) - 4 + more) + "\r\n\r\n"
            told.same("%d octets" % len(text), ask(text.encode())[9:12],
                      wanted)
        for garbage in (b"QUERY a.example\r\n\r\n", b"\0" * 16 + b"\n\n",
                        b"\r\n\r\n\r\n", b"GET /metrics HTTP/1.\r\n\r\n"):
            told.same(repr(garbage), ask(garbage)[9:12], "400")
        told.same("version", ask(b"PRI * HTTP/2.0\r\n\r\n")[9:12], "505")
        told.same("without end", ask(b"x" * size * 4)[9:12], "431")
        told.same("a second request", ask(
            b"GET /healthz HTTP/1.1\r\n\r\n" * 2).count("HTTP/1.1"), 1)
        told.same("half a request", get_half(), "")
        well()


def get_half():
    with call() as client:
        client.sendall(b"GET /metrics")
        client.shutdown(socket.SHUT_WR)
        return rest(client)


def dripped(out):
    """Each octet would put off a time-out that begins anew with it."""
    with Told(out, "F07: a request that drips ends after five seconds"
              ) as told, call() as client:
        begun = time.monotonic()
        while not select.select([client], [], [], 0.2)[0]:
            try:
                client.sendall(b"x")
            except ConnectionError:
                break
            if time.monotonic() - begun > PATIENCE_S:
                told.problems.append("it is still there")
                return
        told.same("said", rest(client), "")
        if time.monotonic() - begun < DEADLINE_S - 0.5:
            told.problems.append("it ended too early")


def crowded(out):
    """LIMIT_METRICS_CLIENTS"""
    with Told(out, "F07: a ninth connection is closed, and the next one after "
              "the others is not") as told:
        most = limits.LIMIT_METRICS_CLIENTS
        told.same("most", most, 8)
        others = [call() for _ in range(most)]
        with call() as ninth:
            told.same("the ninth", rest(ninth), "")
        for other in others:
            other.close()
        well()


def idle(out):
    with Told(out, "F07: a hundred idle connections do not matter to mail"
              ) as told:
        others = [call() for _ in range(IDLE)]
        start = mta.syslog_size()
        sent = mta.send(["user@two-good.example"], "idle")
        told.same("queued", bool(sent.queue_id()), True)
        told.same("status", mta.status(sent.queue_id(), sent.recipients[0],
                                       start)[0], "sent")
        for other in others:
            other.close()
        well()


def flooded(out):
    with Told(out, "figures are told the same while many ask") as told:
        wrong = [status for status in (get("/metrics")[0] for _ in range(300))
                 if status != 200]
        told.same("others than 200", wrong, [])


# -- health ------------------------------------------------------------------

def errors(stage):
    return re.search(r'^postern_milter_errors_total\{stage="%s"\} (\d+)$'
                     % stage, get("/metrics")[2], re.M)[1]


def stopping(out, daemon):
    """A message is under way, so posternd waits before it ends."""
    with Told(out, "/healthz tells that posternd stops") as told:
        with smtplib.SMTP("127.0.0.1", 25, timeout=60) as client:
            client.ehlo("app.sender.example")
            client.docmd("MAIL", "FROM:<%s>" % mta.SENDER)
            told.same("RCPT", client.docmd(
                "RCPT", "TO:<user@two-good.example>")[0], 250)
            daemon.process.terminate()
            mta.await_true(lambda: health() == (503, "stopping\n"),
                           PATIENCE_S, "503 stopping")
            told.same("error", errors("mail"), "0")
            with smtplib.SMTP("127.0.0.1", 25, timeout=60) as other:
                other.ehlo("app.sender.example")
                told.same("MAIL", other.docmd(
                    "MAIL", "FROM:<%s>" % mta.SENDER)[0], 250)
                told.same("errors", errors("mail"), "1")
            client.docmd("RSET")
        told.same("status", daemon.process.wait(mta.STOP_S), 0)


def by_path(out):
    with Told(out, "a Unix socket is for user and group, and goes at the end"
              ) as told:
        daemon = mta.Posternd("metrics_unix", "Nameservers 127.0.0.66\n"
                              "DNSTimeout 1s\nMetricsSocket unix:%s\n" % UNIX)
        told.same("mode", stat.filemode(os.stat(UNIX).st_mode), "srw-rw----")
        told.same("figures", get("/metrics", at=UNIX)[0], 200)
        status, word = mta.await_true(lambda: health(UNIX), PATIENCE_S,
                                      "health")
        told.same("status", status, 503)
        told.among("word", word, ("resolver-unknown\n",
                                  "resolver-not-validating\n"))
        told.among("doctor", doctor_says("MetricsSocket unix:%s\n" % UNIX), [
            ("warn", "unix:%s answers that posternd is not well: resolver-%s"
             % (UNIX, why)) for why in ("unknown", "not-validating")])
        told.same("without figures", re.findall(
            "^postern_resolver_validating 1$", get("/metrics", at=UNIX)[2],
            re.M), [])
        told.same("status", daemon.stop(), 0)
        told.same("left behind", os.path.exists(UNIX), False)


def configured(out):
    with Told(out, "F08: no other address than one of this host's own"
              ) as told:
        for at in ("inet:9642@0.0.0.0", "inet:9642", "inet6:9642@::",
                   "inet:9642@192.0.2.1"):
            mta.write("/run/lab/bad.conf", mta.read(mta.CONF) +
                      "MetricsSocket %s\n" % at)
            done = subprocess.run([mta.program("posternd"), "-n", "-c",
                                   "/run/lab/bad.conf"], text=True,
                                  capture_output=True, timeout=60)
            told.same(at, done.returncode, 78)
            told.same("said", "MetricsSocket: \"%s\" is not at a loopback" % at
                      in done.stderr, True)


def doctor_says(line):
    """What it finds with this setting; None: it does not look."""
    mta.write("/run/lab/doctor.conf", re.sub(
        "MetricsSocket .*\n", "", mta.read(mta.CONF)) + line)
    done = subprocess.run([mta.program("postern"), "doctor", "--json", "-c",
                           "/run/lab/doctor.conf"], text=True,
                          capture_output=True, timeout=180)
    for check in json.loads(done.stdout)["checks"]:
        if check["check"] == "metrics":
            return check["state"], check["seen"]
    return None


def doctored(out):
    with Told(out, "doctor says whether monitoring is told anything") as told:
        told.same("not set", doctor_says(""), None)
        told.same("healthy", doctor_says(TCP), (
            "ok", "inet:%d@127.0.0.1 answers: ok" % PORT))
        with socket.create_server(("127.0.0.1", 0)) as other:
            at = "inet:%d@127.0.0.1" % other.getsockname()[1]
            thread = threading.Thread(target=answer_oddly, args=(other,))
            thread.start()
            told.same("another program", doctor_says(
                "MetricsSocket %s\n" % at), (
                    "warn", at + " accepts, but what answers is not posternd"))
            thread.join()
        told.same("nobody", doctor_says("MetricsSocket %s\n" % at), (
            "warn", at + ": Connection refused; monitoring is told nothing"))


def answer_oddly(server):
    with server.accept()[0] as client:
        client.sendall(b"220 mail.example ESMTP\r\n")
        client.recv(1000)


def inside():
    out = tap.Tap()
    try:
        daemon = mta.Posternd("metrics_socket", TCP)
        well()
        for test in (pages, refused, dripped, crowded, idle, flooded):
            test(out)
        doctored(out)
        stopping(out, daemon)
        by_path(out)
        configured(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "promtool"))
