"""PID 1 of the lab: mounts, addresses, servers; then it only waits.

When it ends, the kernel ends everything in its PID namespace.
"""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import conf
import unpacked
from pki import run

HERE = conf.HERE
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "pts", "shm")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0",
         "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
         "ptmx": "pts/ptmx"}
READY_S = 60


def bind(source, target, recursive=False):
    run(["mount", "--rbind" if recursive else "--bind", source, target])


def devices(state):
    """A /dev of our own, since the host's /dev/log must stay the host's."""
    for name in DEVICES:
        source, target = "/dev/" + name, "%s/dev/%s" % (state, name)
        if os.path.isdir(source):
            os.mkdir(target)
        elif os.path.exists(source):
            open(target, "w").close()
        else:
            continue
        bind(source, target, recursive=True)
    for name, target in LINKS.items():
        os.symlink(target, "%s/dev/%s" % (state, name))
    bind(state + "/dev", "/dev", recursive=True)


def mounts(state):
    devices(state)
    bind(state + "/etc", "/etc")
    if unpacked.is_used():
        unpacked.lay(run)
    bind(state + "/spool", "/var/spool/postfix")
    bind(state + "/var-lib", "/var/lib")
    bind(state, state + "/run/lab")
    bind(state + "/run", "/run", recursive=True)


def owners():
    uid = conf.postern_uid(HERE)
    for path in ("/run/postern", "/var/lib/postern"):
        os.chown(path, uid, uid)
    conf.owner("/var/lib/postfix", "postfix")
    conf.owner(HERE + "/nsd", "nsd")
    conf.owner(HERE + "/unbound", "unbound")


def addresses():
    """Loopback, and one address that is not, for AI_ADDRCONFIG."""
    run(["ip", "link", "set", "lo", "up"])
    run(["ip", "address", "add", "10.53.0.1/32", "dev", "lo"])
    with open(HERE + "/world.json") as file:
        hosts = json.load(file)["smtp"]
    for address in sorted({h["address"] for h in hosts
                           if ":" in h["address"]}):
        run(["ip", "-6", "address", "add", address + "/128", "dev", "lo",
             "nodad"])


def syslog_queue():
    """Room for what a burst of mail has to say, where it can be had."""
    try:
        with open("/proc/sys/net/unix/max_dgram_qlen", "w") as file:
            file.write("512")
    except OSError:
        pass


def start(name, command):
    with open("%s/%s.out" % (HERE, name), "w") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                stdout=out, stderr=out)


def servers():
    """AppArmor, where it is, confines Unbound by the path of its program to
    the host's directories: a copy is not confined."""
    run(["cp", "/usr/sbin/unbound", HERE + "/bin/unbound"])
    here = os.path.dirname(os.path.abspath(__file__))
    return {
        "servers": start("servers", [sys.executable, "-B",
                                     here + "/servers.py", HERE]),
        **{name: start(name, ["nsd", "-d", "-c", "%s/%s.conf" % (HERE, name)])
           for name in conf.NSDS},
        "unbound": start("unbound", [HERE + "/bin/unbound", "-d", "-c",
                                     HERE + "/unbound.conf"]),
        "postfix": start("postfix", ["postfix", "start"]),
    }


def await_ready(running):
    """Until every server answers; a server that ends is an error."""
    checks = {"servers": lambda: os.path.exists(HERE + "/servers.ready"),
              **{name: lambda a=address: rcode(a, "", 6) is not None
                 for name, address in conf.NSDS.items()},
              "unbound": lambda: rcode("127.0.0.1", "sender.example",
                                       15) == (0, True),
              "postfix": lambda: speaks("127.0.0.1", 25)}
    end = time.monotonic() + READY_S
    for name, check in checks.items():
        while not check():
            status = running[name].poll()
            if status is not None and not (name == "postfix" and
                                           status == 0):
                raise RuntimeError("%s ended with status %d" % (name, status))
            if time.monotonic() > end:
                raise RuntimeError("%s is not ready" % name)
            time.sleep(0.03)


def rcode(server, name, rtype):
    """(rcode, authenticated) of a query, or None."""
    labels = b"".join(bytes([len(label)]) + label.encode()
                      for label in name.split(".") if label)
    query = struct.pack("!HHHHHH", 4711, 0x0120, 1, 0, 0, 0) + labels + \
        b"\0" + struct.pack("!HH", rtype, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        try:
            client.connect((server, 53))
            client.send(query)
            answer = client.recv(4096)
        except OSError:
            return None
    return answer[3] & 15, bool(answer[3] & 0x20)


def speaks(address, port):
    try:
        with socket.create_connection((address, port), timeout=2) as client:
            return client.recv(3) == b"220"
    except OSError:
        return False


def main(state):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    mounts(state)
    os.chdir("/")
    os.umask(0o022)
    owners()
    addresses()
    syslog_queue()
    socket.sethostname(conf.GATE)
    await_ready(servers())
    open(HERE + "/ready", "w").close()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1])
