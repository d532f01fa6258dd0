"""postfix-mta-sts-resolver beside posternd: Debian's package, unpacked and
never installed."""
import os
import shutil
import socket
import subprocess

import figures

PACKAGES = ("postfix-mta-sts-resolver", "python3-aiodns", "python3-pycares",
            "python3-aiohttp", "python3-aiosqlite", "python3-aioredis",
            "python3-hiredis", "python3-multidict", "python3-yarl",
            "python3-idna", "python3-async-timeout", "python3-frozenlist",
            "python3-aiosignal", "python3-charset-normalizer",
            "python3-typing-extensions", "python3-attr", "python3-yaml")
PYTHON = "/usr/bin/python3" # whose modules these are
FETCH_S = 120
MODULES = "/usr/lib/python3/dist-packages"
MAIN = "from postfix_mta_sts_resolver.daemon import main; main()"
CONF = """host: 127.0.0.1
port: %d
cache:
  type: internal
  options:
    cache_size: 100000
"""

def fetch(folder):
    """Unpack it into a folder; why that cannot be, or None."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "no apt-get"
    done = subprocess.run(
        ["apt-get", "-q", "-o", "APT::Sandbox::User=root",
         "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1",
         "download", *PACKAGES], cwd=folder, text=True, timeout=FETCH_S,
        capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["cannot be fetched"])[0]
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", name, "."], cwd=folder, check=True)
    done = subprocess.run([PYTHON, "-c",
                           MAIN.replace("; main()", "")],
                          env=environment(folder, os.devnull), text=True,
                          capture_output=True)
    return None if done.returncode == 0 else done.stderr.splitlines()[-1]

def environment(folder, ca):
    return {**os.environ, "PYTHONPATH": folder + MODULES, "SSL_CERT_FILE": ca}

def offer(folder):
    """Fetch it where there is a network, for those who start without one."""
    return {"POSTERN_BENCH_PEER": folder,
            "POSTERN_BENCH_NO_PEER": fetch(folder) or ""}

def fetched():
    """(folder, why it is not there)."""
    return (os.environ.get("POSTERN_BENCH_PEER"),
            os.environ.get("POSTERN_BENCH_NO_PEER", "not fetched"))

class Peer(figures.Process):
    def __init__(self, root, folder, port, ca):
        def answers():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0
        conf = folder + "/peer.yml"
        with open(conf, "w") as out:
            out.write(CONF % port)
        super().__init__([PYTHON, "-c", MAIN, "-c", conf, "-v",
                          "warn"], answers, env=environment(root, ca))
