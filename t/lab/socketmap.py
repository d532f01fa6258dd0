"""A client of the map socket and of the line socket, octet by octet; and a
map socket that is handed over."""
import os
import re
import signal
import socket
import subprocess

import mta

MAP = "/run/postern/map.sock"
LINE = "/run/postern/line.sock"
OTHER = "/run/postern/other.sock"
WAIT_S = 30
CONF = "MapSocket unix:%s, inet:8642@127.0.0.1\nLineSocket unix:%s\n" % (
    MAP, LINE)


def frame(text):
    data = text if isinstance(text, bytes) else text.encode()
    return b"%d:%s," % (len(data), data)


class Client:
    def __init__(self, path=MAP, wait_s=WAIT_S):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(wait_s)
        self.socket.connect(path)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        """False at the end of the connection."""
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.data += got
        return bool(got)

    def reply(self):
        """The next one; None if the connection ends instead."""
        while True:
            match = re.match(rb"(\d+):", self.data)
            end = match and match.end() + int(match[1])
            if match and len(self.data) > end:
                text = self.data[match.end():end]
                if self.data[end:end + 1] != b",":
                    raise ValueError(self.data)
                self.data = self.data[end + 1:]
                return text.decode("ascii")
            if not self.more():
                return None

    def ask(self, text):
        self.send(frame(text))
        return self.reply()

    def rest(self):
        """All until the end of the connection."""
        while self.more():
            pass
        return self.data


def ask(key, name="QUERY"):
    with Client() as client:
        return client.ask(name + " " + key)


def line(text):
    with Client(LINE) as client:
        client.send(text.encode() + b"\n")
        return client.rest().decode("ascii")


def postmap(key, name="QUERY", at="unix:" + MAP):
    """(what it prints, what it complains of)"""
    done = subprocess.run(["postmap", "-q", key,
                           "socketmap:%s:%s" % (at, name)],
                          capture_output=True, text=True, timeout=WAIT_S)
    return done.stdout.rstrip("\n"), done.stderr


class Handed:
    """It outlives each posternd that it is handed to, as sd_listen_fds(3) has
    it; who comes while there is none waits."""

    def __init__(self, path, extra=""):
        self.path = path
        self.extra = extra
        self.pid = None
        self.conf = mta.HERE + "/handed.conf"

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.socket.listen(64)
        mta.write(self.conf, mta.conf_with(
            "MapSocket unix:%s\nSocket unix:%s\nControlSocket none\n"
            "Store none\n" % (self.path, OTHER) + self.extra))
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.remove(self.path)

    def start(self):
        """Until it takes signals."""
        self.pid = os.fork()
        if self.pid == 0:
            self._become()
        mta.await_true(self._serves, mta.START_S, "posternd's socket")

    @staticmethod
    def _serves():
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(OTHER) == 0

    def _become(self):
        fd = self.socket.fileno()
        if fd != 3:
            os.dup2(fd, 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execv(mta.program("posternd"), ["posternd", "-f", "-c", self.conf])

    def end(self):
        os.kill(self.pid, signal.SIGTERM)

    def await_end(self):
        """Its exit status."""
        return os.waitpid(self.pid, 0)[1]

    def stop(self):
        self.end()
        return self.await_end()
