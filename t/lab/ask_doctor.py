"""Asking "postern doctor" in the lab, and changing what it looks at."""
import contextlib
import json
import os
import subprocess
import time

import mta

DIR = "/run/lab/doctor"
CONF = DIR + "/conf"
MAIN_CF, MASTER_CF = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
ASK_S = 120


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def prepare_conf():
    """A folder, and posternd's configuration in it."""
    os.mkdir(DIR)
    os.chmod(DIR, 0o755)
    write(CONF, mta.read(mta.CONF))


def age():
    """Postfix sleeps before it reads a file that is young."""
    for path in (MAIN_CF, MASTER_CF):
        os.utime(path, (time.time() - 60, time.time() - 60))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise mta.Failure("%s: %s" % (command[0], done.stderr))
    age()


def ask(*words, conf=CONF, program=None, user=None, options=("--json",)):
    """(exit status, stdout)"""
    command = [program or mta.program("postern"), "doctor", *options, "-c",
               conf, *words]
    if user is not None:
        command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user,
                   "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=ASK_S, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def findings(*words, **how):
    """(exit status, result, {check: finding})"""
    status, text = ask(*words, **how)
    answer = json.loads(text)
    return status, answer["result"], {c["check"]: c
                                      for c in answer["checks"]}


@contextlib.contextmanager
def kept(*paths):
    texts = {path: mta.read(path) for path in paths}
    try:
        yield
    finally:
        for path, text in texts.items():
            write(path, text)
        age()


@contextlib.contextmanager
def covered(path):
    """A program that is not there."""
    run("mount", "--bind", "/dev/null", path)
    try:
        yield
    finally:
        run("umount", path)


@contextlib.contextmanager
def conf(text, drop=()):
    """More lines in posternd's configuration, and some fewer."""
    with kept(CONF):
        lines = mta.read(CONF).splitlines(True)
        write(CONF, "".join(line for line in lines if not line.startswith(
            tuple(drop) or "\0")) + text + "\n")
        yield


@contextlib.contextmanager
def postconf(*words):
    with kept(MAIN_CF, MASTER_CF):
        run("postconf", *words)
        yield
