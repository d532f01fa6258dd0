"""Programs of Debian packages whose installation would take others away: they
are fetched before the lab is entered, and unpacked into a folder."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import mta
import tap

FETCH_S = 60
APT = ("apt-get", "-q", "-o", "APT::Sandbox::User=root",
       "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1")


def apt(folder, *words):
    """(what it prints, None), or (None, why not)."""
    try:
        done = subprocess.run([*APT, *words], cwd=folder, text=True,
                              timeout=FETCH_S, capture_output=True,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or
                      ["apt-get failed"])[0]
    return done.stdout, None


def unpack(folder, packages):
    """Why that cannot be, or None."""
    _, why = apt(folder, "download", *packages)
    if why:
        return why
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            mta.run("dpkg", "-x", os.path.join(folder, name), folder)
    return None


def lacking(program):
    """The libraries that a program does not find."""
    return " ".join(re.findall(r"(\S+) => not found",
                               mta.run("ldd", program)))


def main(script, inside, fetch, *tools):
    """A test's main: skip, or go into a lab and run inside(folder), with what
    fetch(folder) has put there, which says why it cannot."""
    if "--inside" in sys.argv[1:]:
        return inside(sys.argv[-1])
    why = tap.why_not("dpkg", "apt-get", *tools)
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = tap.not_built()
    if why:
        print("Bail out! " + why)
        return 70
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="postern-fetched.")
    try:
        os.chmod(folder, 0o755)
        why = fetch(folder)
        if why:
            print("1..0 # SKIP " + why)
            return 0
        return tap.enter(script, folder)
    finally:
        shutil.rmtree(folder)
