"""The MTA's side of the milter protocol, as far as posternd uses it."""
import socket
import struct

ALL_ACTIONS = 0x1ff
ALL_STEPS = 0x1fffff
VERSION = 6


class Milter:
    """One connection to a Unix socket; every wait ends after timeout."""

    def __init__(self, path, timeout=120):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.send(b"O", struct.pack("!III", VERSION, ALL_ACTIONS, ALL_STEPS))
        code, _ = self.receive()
        if code != b"O":
            raise OSError("no negotiation: %r" % code)

    def send(self, code, data=b""):
        self.socket.sendall(struct.pack("!I", 1 + len(data)) + code + data)

    def receive(self):
        size, = struct.unpack("!I", self.exactly(4))
        packet = self.exactly(size)
        return packet[:1], packet[1:]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise OSError("connection closed")
            data += part
        return data

    def macros(self, step, **values):
        text = step
        for name, value in values.items():
            name = name if len(name) == 1 else "{%s}" % name
            text += name.encode() + b"\0" + value.encode() + b"\0"
        self.send(b"D", text)

    def ask(self, code, *words):
        self.send(code, b"".join(w.encode() + b"\0" for w in words))
        return self.receive()[0]

    def message(self, queue_id, domains, begun=lambda: None):
        """The tag of a message to one recipient in each domain; begun is
        called when all of them have been told."""
        self.macros(b"M", j="gate.test", i=queue_id)
        self.ask(b"M", "<app@sender.test>")
        for domain in domains:
            self.macros(b"R", rcpt_mailer="smtp", rcpt_host=domain)
            self.ask(b"R", "<user@%s>" % domain)
        begun()
        self.macros(b"E", i=queue_id)
        self.send(b"E")
        tag = ""
        while True:
            code, data = self.receive()
            if code == b"i":
                tag = data[4:].split(b"\0")[1].decode()
            elif code != b"p":
                return tag

    def close(self):
        self.send(b"Q")
        self.socket.close()
