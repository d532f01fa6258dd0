"""SMTP with an MTA of the lab, command by command, and the mail that it
sends on; for programs that run inside the lab."""
import glob
import json
import smtplib
import threading
import time

import mta

TIMEOUT_S = 120
HELO = "app.sender.example"


def compose(message_id, to, fields=()):
    """A message, the fields given on top."""
    return "\r\n".join([
        *fields, "From: " + mta.SENDER, "To: " + ",\r\n ".join(to),
        "Subject: outbound", "Message-Id: " + message_id, "", "A test.", ""])


class Dialogue:
    """A connection, for one message or for several."""

    def __init__(self, port):
        try:
            self.smtp = smtplib.SMTP("127.0.0.1", port, HELO,
                                     timeout=TIMEOUT_S)
        except (OSError, smtplib.SMTPException) as error:
            raise mta.Failure("no SMTP at port %d: %s" % (port, error))
        self.say("EHLO " + HELO)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.smtp.close()

    def say(self, text):
        """The reply, "250 2.0.0 ok"; what stands in several lines in one."""
        try:
            self.smtp.send(text + "\r\n")
            code, reply = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise mta.Failure("%s: %s" % (text[:60], error))
        return "%d %s" % (code, reply.decode("utf-8", "replace"))

    def envelope(self, sent, sender=mta.SENDER):
        reply = self.say("MAIL FROM:<%s>" % sender)
        if not reply.startswith("250"):
            raise mta.Failure("MAIL: " + reply)
        for recipient in sent.recipients:
            sent.replies[recipient] = self.say("RCPT TO:<%s>" % recipient)

    def data(self, sent, text):
        reply = self.say("DATA")
        if not reply.startswith("354"):
            raise mta.Failure("DATA: " + reply)
        sent.final = self.say(text + ".")

    def send(self, recipients, to=None, fields=(), sender=mta.SENDER):
        """A message; one that no recipient is left of ends with RSET."""
        sent = mta.Sent(recipients, new_id())
        self.envelope(sent, sender)
        if sent.accepted():
            self.data(sent, compose(sent.message_id,
                                    recipients if to is None else to, fields))
        else:
            self.say("RSET")
        return sent


COUNTER = iter(range(1, 1 << 30))


def new_id():
    return "<%d.%d@sender.example>" % (time.time_ns(), next(COUNTER))


class Sink:
    """The copies that the mail hosts took, by Message-Id."""

    def __init__(self):
        self.lock = threading.Lock()
        self.read = set()
        self.mail = {}

    def find(self, message_id):
        """[(envelope, message)] so far."""
        with self.lock:
            for path in glob.glob(mta.HERE + "/mail/*.json"):
                if path not in self.read:
                    self.read.add(path)
                    self._add(path)
            return list(self.mail.get(message_id, ()))

    def _add(self, path):
        message = mta.read(path[:-len("json")] + "eml")
        ids = mta.headers(message, "Message-Id")
        if ids:
            message_id = ids[0].split(":", 1)[1].strip()
            self.mail.setdefault(message_id, []).append(
                (json.loads(mta.read(path)), message))
