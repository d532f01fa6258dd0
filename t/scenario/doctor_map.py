#!/usr/bin/env python3
"""doctor_map - "postern doctor" on a Postfix that asks the map, with one thing
of it broken after another.

What the doctor says must be the finding for that; what it says to mend it with
is done where it is a command of Postfix, and then all is well.  TAP.
"""
import contextlib
import os
import shlex
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import socketmap
import tap
from ask_doctor import (CONF, MAIN_CF, MASTER_CF, conf, findings, kept,
                        postconf, prepare_conf, run)

QUEUE = "/var/spool/postfix"
MAP = "unix:" + socketmap.MAP
MAPS = "smtp_tls_policy_maps = "
TABLE = "socketmap:%s:QUERY" % MAP
OTHER = "socketmap:inet:127.0.0.1:8461:postfix"
FIT = ("smtp_tls_security_level = dane", "smtp_dns_support_level = dnssec",
       "smtp_tls_dane_insecure_mx_policy = dane", MAPS + TABLE)
ROWS = ("map", "map-socket", "map-settings")


def main_cf(*lines):
    return lambda: postconf("-e", *lines)


@contextlib.contextmanager
def together(*parts):
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield


@contextlib.contextmanager
def mode(path, bits):
    before = os.stat(path).st_mode & 0o7777
    os.chmod(path, bits)
    try:
        yield
    finally:
        os.chmod(path, before)


def chrooted():
    return postconf("-F", "smtp/unix/chroot=y")


def version(number, *lines):
    return main_cf("mail_version = " + number, *lines)


# (row, check, state, words in what was seen, how to break it, whether a
# command of it mends it)
BROKEN = (
    ("C01", "map-settings", "fail", "smtp/unix, by smtp_dns_support_level",
     main_cf("smtp_dns_support_level = enabled"), True),
    ("C01", "map-settings", "fail", "relay/unix, by disable_dns_lookups",
     lambda: postconf("-P", "relay/unix/disable_dns_lookups=yes"), False),
    ("C02", "map-settings", "warn", "= may counts where posternd has no answer",
     main_cf("smtp_tls_security_level = may"), True),
    ("C02", "map-settings", "warn", "= (not set) counts where",
     main_cf("smtp_tls_security_level ="), True),
    ("C02", "map-settings", "warn", "= encrypt counts where",
     main_cf("smtp_tls_security_level = encrypt"), False),
    ("C02", "map-settings", "warn", "= secure is more than posternd answers",
     main_cf("smtp_tls_security_level = secure"), False),
    ("C03", "map-settings", "warn", "insecure_mx_policy = may, where posternd's"
     " InsecureMX means dane",
     main_cf("smtp_tls_dane_insecure_mx_policy = may"), True),
    # its default follows the level of main.cf
    ("C03", "map-settings", "warn", "insecure_mx_policy = may", lambda:
     together(conf("DefaultLevel encrypt"), postconf(
         "-e", "smtp_tls_security_level = encrypt",
         "smtp_tls_dane_insecure_mx_policy = ${{$smtp_tls_security_level} == "
         "{dane} ? {dane} : {may}}")), True),
    ("C03", "map-settings", "warn", "means encrypt",
     lambda: conf("InsecureMX encrypt"), True),
    ("C04", "map", "fail", "QUERYwithTLSRPT, which Postfix 3.7.11 does not",
     version("3.7.11", MAPS + TABLE + "withTLSRPT"), True),
    ("C04", "map", "fail", "Postfix 3.9.4 does not understand",
     version("3.9.4", MAPS + "inline:{a.example=may}, " + TABLE +
             "withTLSRPT"), False),
    ("C05", "map-socket", "fail", "smtp/unix: the chroot %s hides %s" % (
        QUEUE, socketmap.MAP), chrooted, True),
    ("C05", "map-socket", "fail", "proxymap: the chroot", lambda: together(
        postconf("-e", MAPS + "proxy:" + TABLE),
        postconf("-F", "proxymap/unix/chroot=y")), False),
    ("C05", "map-socket", "fail", "postfix cannot connect to",
     lambda: mode(socketmap.MAP, 0o700), False),
    ("C06", "tls-ca", "warn", "as for MTA-STS, mail is deferred",
     main_cf("smtp_tls_CAfile ="), True),
    ("C07", "map", "fail", 'asks the map "STS", which is Sendmail\'s',
     main_cf(MAPS + "socketmap:%s:STS" % MAP), True),
    ("C07", "map", "warn", "asks %s too, where posternd has no answer" % OTHER,
     main_cf(MAPS + TABLE + " " + OTHER), False),
    ("C07", "map", "warn", "no smtp of master.cf asks it", main_cf(MAPS), True),
    ("C07", "map", "warn", "no smtp of master.cf asks it",
     main_cf(MAPS + OTHER), False),
    ("C08", "map-settings", "warn", "mx_patterns = no: the names", version(
        "3.10.5", "smtp_tls_enforce_sts_mx_patterns = no",
        "debug_peer_list = $smtp_tls_enforce_sts_mx_patterns"), True),
)

# Other than by default, and yet right.
RIGHT = (
    ("C02", "map-settings", "Postfix enforces", lambda: together(
        conf("DefaultLevel encrypt"),
        postconf("-e", "smtp_tls_security_level = encrypt"))),
    ("C03", "map-settings", "Postfix enforces", lambda: together(
        conf("InsecureMX may"),
        postconf("-e", "smtp_tls_dane_insecure_mx_policy = may"))),
    ("C04", "map", "would compare the names of mail hosts",
     version("3.10.5")),
    ("C04", "map", "asks %swithTLSRPT" % TABLE,
     version("3.10.5", MAPS + TABLE + "withTLSRPT")),
    ("C04", "map", "asks %swithTLSRPT" % TABLE,
     version("3.11-20250101", MAPS + TABLE + "withTLSRPT")),
    ("C05", "map-socket", "may connect", lambda: together(
        postconf("-e", MAPS + "proxy:" + TABLE), chrooted())),
    ("C05", "map-socket", "has no mode",
     main_cf(MAPS + "socketmap:inet:localhost:8642:QUERY")),
    ("C07", "map", "after inline:{a.example=may}",
     main_cf(MAPS + "inline:{a.example=may}, " + TABLE)),
    ("C07", "map", "asks socketmap:inet:127.0.0.1:8642:postfix",
     main_cf(MAPS + "socketmap:inet:127.0.0.1:8642:postfix")),
)


def explain(finding):
    return [repr(finding)]


def check_finding(out, name, finding, state, words):
    out.test(finding["state"] == state and words in finding["seen"], name,
             explain(finding))


def mend(finding):
    """Do what it says, as far as that is Postfix's: whether anything was."""
    commands = [words for words in (shlex.split(line, comments=True)
                                    for line in finding["mend"])
                if words[:1] == ["postconf"]]
    for words in commands:
        run(*words)
    return bool(commands)


def check_good(out, name):
    found = findings()[2]
    for row in ROWS:
        check_finding(out, "%s: %s" % (name, row), found[row], "ok", "")


def check_broken(out):
    for row, check, state, words, broken, by_command in BROKEN:
        name = "%s %s %s: %s" % (row, check, state, words)
        with kept(MAIN_CF, MASTER_CF), broken():
            finding = findings()[2][check]
            check_finding(out, name, finding, state, words)
            out.test(bool(finding["mend"]) and
                     mend(finding) == by_command,
                     "%s: what it says to do" % row, explain(finding))
            if by_command:
                finding = findings()[2][check]
                out.test(finding["state"] == "ok",
                         "%s: and that mends it" % row, explain(finding))


def check_right(out):
    for row, check, words, change in RIGHT:
        with change():
            check_finding(out, "%s is right: %s" % (row, words),
                          findings()[2][check], "ok", words)


def check_below(out):
    """C05: a socket below the queue directory, as a chroot sees it."""
    folder = QUEUE + "/postern"
    os.makedirs(folder, exist_ok=True)
    shutil.chown(folder, "postern", "postern")
    os.chmod(folder, 0o755)
    other = mta.Posternd("doctor-below", "MapSocket unix:%s/map.sock\n"
                         "Socket unix:/run/postern/below.sock\nUMask 000\n"
                         "ControlSocket none\nStore none\n" % folder)
    with conf("MapSocket unix:%s/map.sock" % folder, ("MapSocket",)), \
            postconf("-e", MAPS + "socketmap:unix:postern/map.sock:QUERY"), \
            postconf("-F", "smtp/unix/chroot=y"):
        found = findings()[2]
        check_finding(out, "C05: a socket below the queue directory is seen in "
                      "a chroot", found["map-socket"], "ok", "may connect")
        check_finding(out, "C05: and is the one that is asked", found["map"],
                      "ok", "socketmap:unix:postern/map.sock:QUERY")
    other.stop()
    shutil.rmtree(folder)


def check_absent(out):
    """Who answers no MTA is told nothing of it."""
    with conf("", ("MapSocket",)):
        found = findings()[2]
    out.test(not set(ROWS) & set(found),
             "without MapSocket there is nothing to say", sorted(found))


def inside():
    out = tap.Tap()
    daemon = None
    try:
        prepare_conf()
        with open(CONF, "a") as file:
            file.write("MapSocket %s, inet:8642@127.0.0.1\n" % MAP)
        run("postconf", "-e", *FIT)
        daemon = mta.Posternd("doctor-map", "MapSocket %s, inet:8642@127.0.0.1"
                              "\n" % MAP)
        os.chmod(socketmap.MAP, 0o666)
        check_good(out, "all is well")
        check_broken(out)
        check_right(out)
        check_below(out)
        check_absent(out)
        check_good(out, "and is again")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        if daemon:
            daemon.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "postmap", "setpriv"))
