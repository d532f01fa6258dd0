"""SMTP hosts that take mail and misbehave as told.

Behaviour words of an address ("ok" is none of them):
refuse          nothing listens
silent          no banner       drip          banner at a byte a second
close           closes at once  421 554       says that and closes
garbage-banner  not SMTP        big-banner    one line of 1 MB
long-banner     20,000 lines    no-ehlo       502 to EHLO
no-starttls     not offered     starttls-454  offered, then refused
tls-alert tls-reset tls-garbage tls-hang      what follows STARTTLS's 220
tls10 tls12     highest version inject        plaintext behind the 220
cbc             TLS 1.2, and CBC with SHA-2 only
tls-costly      shows its certificate, and signs nothing
helo-550        550 to EHLO and HELO
requiretls      advertised inside TLS         reject  550 to RCPT
tls-421         421 to EHLO inside TLS
"""
import json
import os

import costly
from live import ALERT, drip, hold, listen, reset, spawn

LINE_MAX = 4096
MESSAGE_MAX = 1 << 22


class Gone(OSError):
    """The client left."""


class Lines:
    """CRLF lines from a socket that may turn into TLS."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""

    def read(self):
        while b"\n" not in self.buffer:
            data = self.connection.recv(65536)
            if not data or len(self.buffer) > MESSAGE_MAX:
                raise Gone()
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")


class Session:
    def __init__(self, live, host, connection):
        self.live = live
        self.host = host
        self.flags = host["smtp"].split()
        self.connection = connection
        self.lines = Lines(connection)
        self.tls = None
        self.sni = None
        self.helo = ""
        self.forget()

    def forget(self):
        self.sender = None
        self.recipients = []

    def log(self, event, **more):
        self.live.log("smtp", event, host=self.host["name"],
                      address=self.host["address"], **more)

    def say(self, *lines):
        out = ""
        for i, line in enumerate(lines):
            if i + 1 < len(lines):
                line = line[:3] + "-" + line[4:]
            out += line + "\r\n"
        self.connection.sendall(out.encode())

    def run(self):
        self.log("connect")
        if not self.banner():
            return
        verbs = {"EHLO": self.ehlo, "HELO": self.hello, "MAIL": self.mail,
                 "RCPT": self.rcpt, "DATA": self.data,
                 "STARTTLS": self.starttls}
        while True:
            text = self.lines.read()[:LINE_MAX].decode("utf-8", "replace")
            verb = text.split(" ")[0].upper()
            if verb == "QUIT":
                self.log("quit")
                self.say("221 2.0.0 bye")
                return
            if verb in ("RSET", "NOOP"):
                self.forget()
                self.say("250 2.0.0 ok")
            elif verb in verbs:
                if verbs[verb](text) is False:
                    return
            else:
                self.say("502 5.5.1 no such command")

    def banner(self):
        flags, name = self.flags, self.host["name"]
        if "silent" in flags:
            hold(self.connection)
        elif "drip" in flags:
            drip(self.connection, b"220 %s slow and steady ESMTP\r\n"
                 % name.encode())
        elif "close" in flags:
            pass
        elif "421" in flags:
            self.say("421 4.3.2 %s closed for today" % name)
        elif "554" in flags:
            self.say("554 5.7.1 %s does not want you" % name)
        elif "garbage-banner" in flags:
            self.connection.sendall(bytes(range(256)) * 4 + b"\r\n")
            hold(self.connection)
        elif "big-banner" in flags:
            self.connection.sendall(b"220 " + b"x" * (1 << 20) + b"\r\n")
            hold(self.connection)
        elif "long-banner" in flags:
            self.say(*["220 %s line %d" % (name, i) for i in range(20000)])
            return True
        else:
            self.say("220 %s ESMTP" % name)
            return True
        return False

    def ehlo(self, text):
        if "helo-550" in self.flags:
            return self.hello(text)
        if "no-ehlo" in self.flags:
            self.say("502 5.5.1 never heard of it")
            return True
        if self.tls and "tls-421" in self.flags:
            self.say("421 4.3.2 closing")
            return False
        self.helo = text[5:]
        self.log("ehlo", name=self.helo, tls=self.tls)
        offer = ["250 " + self.host["name"], "250 8BITMIME", "250 SMTPUTF8"]
        if self.tls is None and "no-starttls" not in self.flags:
            offer.append("250 STARTTLS")
        if self.tls and "requiretls" in self.flags:
            offer.append("250 REQUIRETLS")
        self.say(*offer)
        return True

    def hello(self, text):
        if "helo-550" in self.flags:
            self.say("550 5.7.1 we do not know you")
            return True
        self.helo = text[5:]
        self.say("250 " + self.host["name"])

    def starttls(self, _):
        if self.tls or "no-starttls" in self.flags:
            self.say("502 5.5.1 not now")
            return True
        if "starttls-454" in self.flags:
            self.say("454 4.7.0 TLS not available")
            return True
        reply = b"220 2.0.0 go ahead\r\n"
        if "inject" in self.flags:
            reply += b"250 2.0.0 injected\r\n"
        self.connection.sendall(reply)
        self.log("starttls")
        return self.handshake()

    def handshake(self):
        flags = self.flags
        if "tls-hang" in flags:
            hold(self.connection)
            return False
        if {"tls-alert", "tls-reset", "tls-garbage"} & set(flags):
            self.connection.recv(65536)
            if "tls-alert" in flags:
                self.connection.sendall(ALERT)
            elif "tls-garbage" in flags:
                self.connection.sendall(b"\x16garbage" * 64)
            else:
                reset(self.connection)
            return False
        if "tls-costly" in flags:
            self.show_certificate()
            return False
        context = self.live.context(self.host["cert"], flags,
                                    self.host["sni"], self.seen,
                                    self.host["second"])
        self.connection = context.wrap_socket(self.connection,
                                              server_side=True)
        self.tls = self.connection.version()
        self.lines = Lines(self.connection)
        self.forget()
        self.log("tls", version=self.tls, sni=self.sni)
        return True

    def show_certificate(self):
        self.connection.recv(65536)
        with open(os.path.join(self.live.folder, "pki",
                               self.host["cert"] + ".pem")) as file:
            self.connection.sendall(costly.flight(file.read()))
        hold(self.connection)

    def seen(self, name):
        self.sni = name

    def mail(self, text):
        self.forget()
        self.sender = text[5:]
        self.say("250 2.1.0 ok")

    def rcpt(self, text):
        if "reject" in self.flags:
            self.say("550 5.1.1 nobody here")
            return
        self.recipients.append(text[3:])
        self.say("250 2.1.5 ok")

    def data(self, _):
        if not self.recipients:
            self.say("503 5.5.1 who for?")
            return
        self.say("354 go on")
        body = []
        while (line := self.lines.read()) != b".":
            body.append(line[1:] if line.startswith(b".") else line)
        self.store(b"\n".join(body) + b"\n")
        self.say("250 2.0.0 taken")
        self.forget()

    def store(self, message):
        """NNNN.json (envelope) is there when NNNN.eml is whole."""
        base = os.path.join(self.live.folder, "mail",
                            "%04d" % self.live.number())
        with open(base + ".eml", "wb") as out:
            out.write(message)
        envelope = {"host": self.host["name"],
                    "address": self.host["address"], "helo": self.helo,
                    "from": self.sender, "to": self.recipients,
                    "tls": self.tls, "sni": self.sni}
        with open(base + ".tmp", "w") as out:
            json.dump(envelope, out)
        os.rename(base + ".tmp", base + ".json")
        self.log("mail", file=os.path.basename(base) + ".eml", tls=self.tls)


def serve(live, host, connection):
    with connection:
        connection.settimeout(60)
        session = Session(live, live.spec("smtp", host), connection)
        try:
            session.run()
        finally:
            session.log("close")
            session.connection.close()


def start(live, accepts):
    """Bind every host; accepts: {socket: function(connection)}."""
    for host in live.world["smtp"]:
        if "refuse" not in host["smtp"].split():
            accepts[listen(host["address"], host["port"])] = \
                lambda c, h=host: spawn(serve, live, h, c)
