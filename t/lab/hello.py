"""What a TLS client offers: its ClientHello as captured behind STARTTLS."""
import socket
import struct
import threading

HANDSHAKE, CLIENT_HELLO = 22, 1
GROUPS, SIGNATURES, VERSIONS, SHARES = 10, 13, 43, 51
HANDSHAKE_FAILURE = b"\x15\3\3\0\2\2\x28"
IDLE_S = 20


class Reader:
    """Counted octets; a read past the end raises struct.error."""

    def __init__(self, data):
        self.data = data

    def number(self, size):
        got = self.take(size)
        return int.from_bytes(got, "big")

    def take(self, size):
        if size > len(self.data):
            raise struct.error("cut short")
        got, self.data = self.data[:size], self.data[size:]
        return got

    def vector(self, size):
        """Octets behind a length of so many octets."""
        return Reader(self.take(self.number(size)))

    def numbers(self):
        """All that is left, as numbers of two octets."""
        return [self.number(2) for _ in range(len(self.data) // 2)]


class Hello:
    """The lists of a ClientHello, in its order (RFC 8446 section 4.1.2)."""

    def __init__(self, message):
        body = Reader(message)
        assert body.number(1) == CLIENT_HELLO
        body = body.vector(3)
        body.take(2 + 32)
        body.vector(1)
        self.suites = body.vector(2).numbers()
        body.vector(1)
        self.extensions = {}
        left = body.vector(2)
        while left.data:
            kind = left.number(2)
            self.extensions[kind] = left.vector(2)
        self.groups = self.list_of(GROUPS, 2)
        self.signatures = self.list_of(SIGNATURES, 2)
        self.versions = self.list_of(VERSIONS, 1)
        shares = self.extensions.get(SHARES, Reader(b"\0\0")).vector(2)
        self.shares = []
        while shares.data:
            self.shares.append(shares.number(2))
            shares.vector(2)

    def list_of(self, kind, size):
        data = self.extensions.get(kind, Reader(b"\0" * size)).data
        return Reader(data).vector(size).numbers()


def read_record(connection):
    head = receive(connection, 5)
    kind, _, size = struct.unpack("!BHH", head)
    assert kind == HANDSHAKE, "no handshake: %r" % head
    return receive(connection, size)


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the client is gone")
        data += part
    return data


def read_hello(connection):
    """The first message of a handshake, over as many records as it takes."""
    data = read_record(connection)
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[1:4], "big"):
        data += read_record(connection)
    return Hello(data)


class Catcher:
    """Speaks SMTP at an address up to the first message of a handshake, and
    then takes none of the suites."""

    def __init__(self, address, port):
        self.server = socket.create_server((address, port))
        self.caught = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        """The address is free then: who waits in accept() is woken."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()

    def run(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            connection.settimeout(IDLE_S)
            with connection:
                try:
                    self.caught.append(self.serve(connection))
                except (OSError, EOFError):
                    pass

    @staticmethod
    def serve(connection):
        connection.sendall(b"220 hello.example ESMTP\r\n")
        lines = connection.makefile("rb", buffering=0)
        while not (line := lines.readline()).upper().startswith(b"STARTTLS"):
            if not line:
                raise EOFError("the client is gone")
            connection.sendall(b"250-hello.example\r\n250 STARTTLS\r\n")
        connection.sendall(b"220 go ahead\r\n")
        caught = read_hello(connection)
        connection.sendall(HANDSHAKE_FAILURE)
        return caught
