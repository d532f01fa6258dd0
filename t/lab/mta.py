"""Driving real mail through the lab: posternd, Postfix, swaks, the sink.

For programs that run inside the lab.  Every wait has an end.
"""
import glob
import itertools
import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import time
from dataclasses import dataclass, field

HERE = "/run/lab"
# a program to run posternd under, like valgrind
UNDER = os.environ.get("POSTERND_UNDER", "").split()
CONF = "/etc/postern/postern.conf"
SOCKET = "/run/postern/milter.sock"
SENDER = "app@sender.example"
FORGED = "X-TLS-Precheck: forged.example; v=1; result=pass; action=none; id=x"
START_S = 20
MARK_S = 5
RUN_S = 60
STOP_S = 45
DELIVERY_S = 45


class Failure(Exception):
    pass


def program(name):
    return os.path.join(os.environ["POSTERN_BUILDDIR"], "milter", name)


def is_sanitized(name):
    """Whether memory says nothing: a shadow is some, and what was freed."""
    with open(program(name), "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


MARKS = itertools.count()


def syslog_from(start):
    with open(HERE + "/syslog", "rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace").splitlines()


def settle_syslog():
    """Lines on their way are in the file when one that is sent now is, if
    there is a syslog."""
    mark = "lab: mark %d.%d" % (os.getpid(), next(MARKS))
    start = os.path.getsize(HERE + "/syslog")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.settimeout(MARK_S)
        try:
            log.connect("/dev/log")
            log.send(("<46>" + mark).encode())
        except OSError:
            return
    end = time.monotonic() + MARK_S
    while time.monotonic() < end:
        if any(line.endswith(mark) for line in syslog_from(start)):
            return
        time.sleep(0.01)


def syslog(start=0):
    """The syslog lines from an offset in octets on."""
    settle_syslog()
    return [line for line in syslog_from(start) if " lab: mark " not in line]


def syslog_size():
    settle_syslog()
    return os.path.getsize(HERE + "/syslog")


def await_true(test, seconds, what):
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure("%s: not within %d s" % (what, seconds))
        time.sleep(0.05)


def run(*command):
    """What a command prints."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=RUN_S,
                          capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise Failure("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


def conf_with(extra):
    """The lab's conf, with lines in the place of those there of the same
    keyword."""
    keywords = {line.split()[0] for line in extra.splitlines()}
    return "".join(line for line in read(CONF).splitlines(True)
                   if line.split()[0] not in keywords) + extra


class Posternd:
    """A posternd in the foreground; extra: lines for the lab's conf, in the
    place of those there with the same keyword."""

    def __init__(self, name, extra=""):
        self.conf = "%s/%s.conf" % (HERE, name)
        self.err = "%s/%s.err" % (HERE, name)
        self._configure(extra)
        self.socket = re.search(r"^Socket\s+(\S+)", read(self.conf), re.M)[1]
        with open(self.err, "w") as err:
            self.process = subprocess.Popen(
                UNDER + [program("posternd"), "-f", "-c", self.conf],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        try:
            await_true(self._ready, START_S, "posternd's socket")
        except Failure:
            self.process.kill()
            raise

    def _configure(self, extra):
        write(self.conf, conf_with(extra))

    def reload(self, extra):
        """Other lines; they are in force for the next message."""
        start = syslog_size()
        self._configure(extra)
        self.process.send_signal(signal.SIGHUP)
        line = await_true(lambda: [line for line in syslog(start)
                                   if " -: event=reload" in line],
                          START_S, "posternd's new settings")[0]
        if " faults=0 " not in line + " ":
            raise Failure(line)

    def _ready(self):
        if self.process.poll() is not None:
            raise Failure("posternd ended with status %d:\n%s"
                          % (self.process.returncode, read(self.err)))
        if self.socket.startswith("inet:"):
            port, host = self.socket[len("inet:"):].split("@")
            family, at = socket.AF_INET, (host, int(port))
        else:
            family, at = socket.AF_UNIX, self.socket[len("unix:"):]
        with socket.socket(family) as client:
            return client.connect_ex(at) == 0

    def cpu_seconds(self):
        """What it has had of the processor, by all threads there were."""
        fields = read("/proc/%d/stat" % self.process.pid).rsplit(")", 1)[1]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Exit status after SIGTERM, negative for a signal."""
        if self.process.poll() is not None:
            raise Failure("posternd has ended before, with status %d:\n%s"
                          % (self.process.returncode, read(self.err)))
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        self.process.kill()
        return self.process.wait()


@dataclass
class Sent:
    """What the SMTP dialogue came to."""
    recipients: list
    message_id: str
    replies: dict = field(default_factory=dict)
    final: str = ""

    def queue_id(self):
        match = re.search(r"queued as (\w+)", self.final)
        return match[1] if match else None

    def accepted(self):
        return [r for r in self.recipients
                if self.replies.get(r, "").startswith("250")]


def send(recipients, key):
    """Send one message through Postfix, with two forged tags in it."""
    sent = Sent(recipients, "<%s.%d@sender.example>" % (key,
                                                        time.time_ns()))
    if all(r.isascii() for r in recipients):
        send_swaks(sent)
    else:
        send_utf8(sent)
    return sent


def send_swaks(sent):
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--helo", "app.sender.example",
         "--from", SENDER, "--to", ",".join(sent.recipients),
         "--header", "Subject: outbound", "--header",
         "Message-Id: " + sent.message_id, "--add-header", FORGED,
         "--add-header", FORGED, "--timeout", "90"],
        capture_output=True, text=True, timeout=240,
        stdin=subprocess.DEVNULL)
    said = None
    for line in done.stdout.splitlines():
        if line.startswith(" -> "):
            said = line[4:]
        match = re.match(r"<(?:-|\*\*)  ?(\d{3} .*)", line)
        if match and said and said.startswith("RCPT TO:<"):
            sent.replies[said[9:].rstrip(">")] = match[1]
        elif match and said == ".":
            sent.final = match[1]
    if not sent.replies:
        raise Failure("swaks got no answer to RCPT:\n" + done.stdout
                      + done.stderr)


def send_utf8(sent):
    """swaks knows no SMTPUTF8."""
    text = "\r\n".join(["To: " + ", ".join(sent.recipients),
                        "From: " + SENDER, "Subject: outbound",
                        "Message-Id: " + sent.message_id, FORGED, FORGED, "",
                        "A test.", ""])
    with smtplib.SMTP("127.0.0.1", 25, "app.sender.example",
                      timeout=90) as client:
        client.ehlo()
        client.docmd("MAIL", "FROM:<%s> SMTPUTF8" % SENDER)
        client.command_encoding = "utf-8"
        for recipient in sent.recipients:
            code, reply = client.docmd("RCPT", "TO:<%s>" % recipient)
            sent.replies[recipient] = "%d %s" % (code, reply.decode())
        if sent.accepted():
            code, reply = client.data(text.encode())
            sent.final = "%d %s" % (code, reply.decode())


def status(queue_id, recipient, start):
    """What Postfix did for a recipient: (sent|deferred|bounced, line)."""
    pattern = re.compile(r"postfix/\w+\[\d+\]: %s: to=<%s>, .*status=(\w+)"
                         % (queue_id, re.escape(recipient)))

    def look():
        for line in syslog(start):
            match = pattern.search(line)
            if match:
                return match[1], line
        return None
    return await_true(look, DELIVERY_S, "delivery of %s to %s"
                      % (queue_id, recipient))


def in_sink(message_id, where):
    """The sink's [(envelope, message)] that have an id: where is "head"
    for the message itself, "body" for a bounce of it."""
    found = []
    for path in sorted(glob.glob(HERE + "/mail/*.json")):
        message = read(path[:-4] + "eml")
        head, _, body = message.partition("\n\n")
        if message_id in (head if where == "head" else body):
            found.append((json.loads(read(path)), message))
    return found


def taken(sent, outcome):
    """A copy of the message as it left Postfix, or waits in its queue:
    (envelope of that copy or None, text of the message)."""
    if outcome == "sent":
        envelope, message = await_true(
            lambda: in_sink(sent.message_id, "head"), DELIVERY_S,
            "the sink's copy")[0]
        return envelope, message
    if outcome == "bounced":
        envelope, message = await_true(
            lambda: in_sink(sent.message_id, "body"), DELIVERY_S,
            "the bounce")[0]
        return envelope, original(message)
    done = subprocess.run(["postcat", "-bhq", sent.queue_id()], timeout=20,
                          capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise Failure("postcat: " + done.stderr)
    return None, done.stdout


def original(bounce):
    """The returned message, or its headers, inside a bounce."""
    parts = re.split(r"^Content-Type: (?:message/(?:global|rfc822)\S*|"
                     r"text/rfc822-headers).*\n(?:\S.*\n)*\n", bounce,
                     flags=re.M)
    if len(parts) < 2:
        raise Failure("a bounce without the message")
    return parts[-1].lstrip("\n")


def header_block(message):
    return message.split("\n\n", 1)[0] + "\n"


def check_line(domain, start):
    """{key: value} of the check line for a domain, from an offset on."""
    def look():
        for line in syslog(start):
            if "event=check " in line and " domain=%s " % domain in line:
                return dict(re.findall(r" ([a-z]+)=(\S+)", line))
        return None
    return await_true(look, 30, "check line for " + domain)


def headers(message, name):
    """[raw field, folds kept], of that name."""
    return re.findall(r"^%s:.*(?:\n[ \t].*)*" % re.escape(name),
                      header_block(message), re.M | re.I)
