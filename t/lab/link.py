"""A link between two network namespaces that delays what goes over it.

Each end is a TAP device; a process holds each frame for half a round trip.
Neither namespace has another way out.  For tc(8) has netem only where the kernel
was built with it.
"""
import collections
import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time

NEAR, FAR = "10.99.0.1", "10.99.0.2"
MACS = {NEAR: "02:00:00:00:00:01", FAR: "02:00:00:00:00:02"}
DEVICE = "far0"
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
FRAME_MAX = 65536
HOSTS = "10.98.0.0/16"


def unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def own_network(address):
    """A network namespace with one end of the link: its TAP device's file."""
    unshare(CLONE_NEWNET)
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(),
                                             IFF_TAP | IFF_NO_PI))
    other = FAR if address == NEAR else NEAR
    ip("link", "set", "lo", "up")
    ip("link", "set", DEVICE, "address", MACS[address])
    ip("address", "add", address + "/24", "dev", DEVICE)
    ip("link", "set", DEVICE, "up")
    ip("neighbour", "replace", other, "lladdr", MACS[other], "dev", DEVICE)
    return file


class Held:
    """Frames of one direction, each until its time."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.frames = collections.deque()

    def take(self, due):
        try:
            self.frames.append((due, os.read(self.source, FRAME_MAX)))
        except BlockingIOError:
            pass

    def give(self, now):
        """What is due; the seconds until the next one, or None."""
        while self.frames and self.frames[0][0] <= now:
            os.write(self.target, self.frames.popleft()[1])
        return self.frames[0][0] - now if self.frames else None


def forward(ends, delay):
    """For ever; delay.value: seconds that a frame is held, from the next one
    on."""
    ways = [Held(ends[0], ends[1]), Held(ends[1], ends[0])]
    while True:
        now = time.monotonic()
        waits = [wait for way in ways
                 if (wait := way.give(now)) is not None]
        ready, _, _ = select.select([way.source for way in ways], [], [],
                                    min(waits) if waits else None)
        now = time.monotonic()
        for way in ways:
            if way.source in ready:
                way.take(now + delay.value)


def start(serve, delay):
    """Two namespaces and what forwards between them: this process is left in
    the near one, serve() runs in the far one until this process ends.

    All of HOSTS are addresses of the far one.
    """
    unshare(CLONE_NEWNS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    near = own_network(NEAR)
    ip("route", "add", HOSTS, "via", FAR)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    far = own_network(FAR)
    ip("route", "add", "local", HOSTS, "dev", "lo")
    pipe = os.pipe()
    child(serve, pipe[1])
    os.close(pipe[1])
    child(lambda _: forward((near, far), delay), None)
    ctypes.CDLL(None).setns(here, CLONE_NEWNET)
    for file in (near, far, here):
        os.close(file)
    if os.read(pipe[0], 1) != b"x":
        raise RuntimeError("the far end does not start")


def child(act, pipe):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        try:
            act(pipe)
        except BaseException as error:     # the parent cannot tell
            print(error, file=sys.stderr)
        os._exit(1)
