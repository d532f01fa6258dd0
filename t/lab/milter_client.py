"""The MTA's side of the milter protocol, for MTAs that there should not be.

Commands are methods; send() takes any octets.  Every wait has an end.
"""
import socket
import struct
import time

ADDHDRS, QUARANTINE, CHGHDRS, SETSYMLIST = 0x01, 0x20, 0x10, 0x100
ACTIONS = 0x1ff
STEPS = 0x1fffff
NR_HDR = 0x80
WAIT_S = 90

# What ends the answer to a command; all before it changes the message.
FINAL = b"acdrtyfsO"


class Gone(Exception):
    """The milter closed the connection, or says nothing."""


def packet(command, data=b""):
    return struct.pack("!I", len(data) + 1) + command + data


def octets(text):
    return text.encode("utf-8", "surrogateescape") \
        if isinstance(text, str) else text


def strings(*texts):
    return b"".join(octets(text) + b"\0" for text in texts)


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        # with a time-out it would not wait for a place in the backlog
        self.socket.connect(path)
        self.socket.settimeout(WAIT_S)
        self.changes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from None

    def receive(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except OSError as error:
                raise Gone(str(error)) from None
            if not more:
                raise Gone("closed")
            data += more
        return data

    def answer(self):
        """(code, data) of the next packet."""
        size, = struct.unpack("!I", self.receive(4))
        data = self.receive(size)
        return data[:1], data[1:]

    def final(self):
        """The answer to a command, what comes before it in changes."""
        while True:
            code, data = self.answer()
            if code in FINAL:
                return code, data
            if code != b"p":
                self.changes.append((code, data))

    def ends(self, seconds):
        """Whether the milter closes the connection within that time."""
        end = time.monotonic() + seconds
        try:
            while True:
                self.socket.settimeout(max(end - time.monotonic(), 0.01))
                if not self.socket.recv(65536):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(WAIT_S)

    # -- commands ------------------------------------------------------------

    def negotiate(self, version=6, actions=ACTIONS, steps=STEPS):
        self.send(packet(b"O", struct.pack("!III", version, actions, steps)))
        return self.final()

    def macros(self, command, *pairs):
        self.send(packet(b"D", command + strings(*pairs)))

    def mail(self, sender="<app@sender.example>", *words):
        self.send(packet(b"M", strings(sender, *words)))
        return self.final()

    def recipient(self, address, *words):
        self.send(packet(b"R", strings(address, *words)))
        return self.final()

    def header(self, name, value):
        """No answer: posternd says at the beginning that there is none."""
        self.send(packet(b"L", strings(name, value)))

    def end(self):
        self.changes = []
        self.send(packet(b"E"))
        return self.final()

    def abort(self):
        self.send(packet(b"A"))

    def quit(self):
        self.send(packet(b"Q"))

    # -- messages ------------------------------------------------------------

    def begin(self, queue_id):
        self.macros(b"M", "j", "gate.sender.example", "i", queue_id,
                    "{auth_authen}", "user")
        return self.mail()

    def to(self, address, domain):
        self.macros(b"R", "{rcpt_mailer}", "smtp", "{rcpt_host}", domain,
                    "{rcpt_addr}", address.strip("<>"))
        return self.recipient(address)

    def message(self, domain, queue_id):
        """A good message from begin to end: its tag."""
        self.begin(queue_id)
        self.to("<user@%s>" % domain, domain)
        self.header("To", "user@" + domain)
        self.header("Subject", "good")
        self.macros(b"E", "i", queue_id)
        self.end()
        return self.tag()

    def tag(self):
        """The value of the field that was inserted, or None."""
        for code, data in self.changes:
            if code == b"i":
                name, value = data[4:].split(b"\0")[:2]
                if name == b"X-TLS-Precheck":
                    return value.decode("ascii", "backslashreplace")
        return None


def ready(path):
    """A client that has negotiated."""
    client = Client(path)
    code, _ = client.negotiate()
    if code != b"O":
        raise Gone("answer to the negotiation: %r" % code)
    return client
