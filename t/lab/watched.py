"""A program that talks to a terminal on its standard error, for what it shows
there while it works, and for Ctrl-C."""
import os
import pty
import re
import select
import signal
import subprocess
import time

PATIENCE_S = 120


class Watched:
    def __init__(self, *command):
        self.terminal, theirs = pty.openpty()
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        self.seen = ""

    def look(self, seconds):
        """More of what it shows, if it comes in time; False at the end."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.seen += data.decode()
        return bool(data)

    def until(self, pattern, give=b""):
        """Whether it shows this; until it does, it gets some more to read."""
        end = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.seen):
            if time.monotonic() > end:
                return False
            if give:
                self.child.stdin.write(give)
                self.child.stdin.flush()
            if not self.look(0.1):
                break
        return bool(re.search(pattern, self.seen))

    def interrupt(self):
        """(exit status, what it prints) after Ctrl-C."""
        self.child.send_signal(signal.SIGINT)
        text, _ = self.child.communicate(timeout=PATIENCE_S)
        while self.look(PATIENCE_S):
            continue
        os.close(self.terminal)
        return self.child.returncode, text.decode()
