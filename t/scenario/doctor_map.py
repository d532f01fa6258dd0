#!/usr/bin/env python3
"""doctor_map - "postern doctor" on a Postfix that asks the map, with one thing
of it broken after another.

What the doctor says must be the finding for that; what it says to mend it with
is done where it is a command of Postfix, and then all is well.  TAP.
"""
import contextlib
import json
import os
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import check
import dnsfault
import json_page
import mta
import socketmap
import tap
from ask_doctor import (ASK_S, CONF, MAIN_CF, MASTER_CF, conf, findings, kept,
                        postconf, prepare_conf, run)

QUEUE = "/var/spool/postfix"
MAP = "unix:" + socketmap.MAP
MAPS = "smtp_tls_policy_maps = "
TABLE = "socketmap:%s:QUERY" % MAP
OTHER = "socketmap:inet:127.0.0.1:8461:postfix"
FIT = ("smtp_tls_security_level = dane", "smtp_dns_support_level = dnssec",
       "smtp_tls_dane_insecure_mx_policy = dane", MAPS + TABLE)
RESOLV_CONF = "/etc/resolv.conf"
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
    for row, check, words, altered in RIGHT:
        with altered():
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


# -- what "postern advise --sending" makes of the same -----------------------

NO_MAPS = ("smtp_tls_policy_maps =",)
LEVEL_MAY = ("smtp_tls_security_level = may",)

# What is another, what becomes of 04-M, 06-M, 08-R and 09-M, and the exit.
SENDING = (
    ("A22 P10", "a table of posternd, and another program for reports",
     version("3.10.5", "smtp_tlsrpt_enable = yes",
             "debug_peer_list = $smtp_tlsrpt_enable"),
     "pass pass warning pass", 1),
    ("P10", "no TLS reports", main_cf("smtp_tls_loglevel = 0"), "pass pass warning fail", 2),
    ("A24", "Postfix at may", main_cf(*NO_MAPS, *LEVEL_MAY),
     "pass fail fail fail", 2),
    ("A24", "Postfix with DANE", main_cf(*NO_MAPS), "pass pass fail fail", 2),
    ("A24", "DANE without dnssec", main_cf(
        *NO_MAPS, "smtp_dns_support_level = enabled"),
     "pass fail fail fail", 2),
    ("A24", "no TLS", main_cf(*NO_MAPS, "smtp_tls_security_level = none"),
     "fail fail fail fail", 2),
    ("A24", "a table that says may of all", main_cf(
        MAPS + "static:may"), "pass fail warning fail", 2),
    ("A24", "a resolver that does not validate", lambda: together(
        main_cf(*NO_MAPS)(), other_resolver("127.0.0.2")),
     "fail fail fail fail", 2),
    ("A24", "a resolver that does not answer", lambda: together(
        main_cf(*NO_MAPS)(), other_resolver("127.0.0.3")),
     "not-tested not-tested fail fail", 2),
    ("A24", "a milter that defers", lambda: together(
        main_cf(*NO_MAPS, *LEVEL_MAY)(), conf("On-Fail defer")),
     "pass warning warning fail", 2),
)


def without_ad(answer):
    return answer[:3] + bytes([answer[3] & ~0x20]) + answer[4:]


def believe_nobody(address):
    """A resolver that passes on what the lab's says, but not that it is
    secure."""
    def udp():
        while True:
            query, client = packets.recvfrom(65535)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                upstream.settimeout(5)
                upstream.sendto(query, ("127.0.0.1", 53))
                packets.sendto(without_ad(upstream.recv(65535)), client)

    def tcp():
        while True:
            connection = streams.accept()[0]
            with connection, socket.create_connection(
                    ("127.0.0.1", 53), timeout=5) as upstream:
                query = dnsfault.read_tcp(connection)
                upstream.sendall(struct.pack("!H", len(query)) + query)
                answer = without_ad(dnsfault.read_tcp(upstream))
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind((address, 53))
    streams = socket.create_server((address, 53))
    for serve in (udp, tcp):
        threading.Thread(target=serve, daemon=True).start()


@contextlib.contextmanager
def other_resolver(address):
    with kept(RESOLV_CONF):
        mta.write(RESOLV_CONF, "nameserver %s\n" % address)
        yield


def sending(*words):
    return subprocess.run(
        [mta.program("postern"), "advise", "--sending", "-c", CONF, *words],
        capture_output=True, text=True, timeout=ASK_S,
        stdin=subprocess.DEVNULL)


def check_sending(out):
    believe_nobody("127.0.0.2")
    schema, every, wrong = check.validator("advise_sending"), [], []
    for row, name, change, wanted, status in SENDING:
        with change():
            done = sending("--json")
        found = json.loads(done.stdout)
        results = {one["id"]: one["result"] for one in found["checks"]}
        said = " ".join(results[key] for key in "04-M 06-M 08-R 09-M".split())
        out.test(said == wanted and done.returncode == status and
                 len(results) == len(found["checks"]) == 16 and
                 [step["id"] for step in found["steps"]] == ["P10"],
                 "%s: sending with %s" % (row, name),
                 [said, "exit %d" % done.returncode] +
                 [json.dumps(one) for one in found["checks"]
                  if one["id"] in ("04-M", "06-M", "08-R", "09-M")])
        wrong += check.mistakes(schema, found)
        every.append(found)
    out.test(not wrong and not list(check.open_objects(schema.schema)),
             "all of it is as the schema has it", wrong)
    json_page.compare(out, "advise --sending", json_page.keys_of(every, {}))
    with main_cf(*NO_MAPS, *LEVEL_MAY)():
        text = sending().stdout
        page = sending("--as", "html", "--at", "2026-11-30T12:00:00Z").stdout
        done = sending("sts.example")
    wide = [line for line in text.splitlines() if len(line) > 80]
    out.test("smtp_tls_security_level = dane" in " ".join(text.split()) and
             "MapSocket in" in " ".join(text.split()) and not wide,
             "its text says what to set", [text])
    out.test("16-M" in page and "2026-11-30" in page and
             "<script" not in page, "HTML has all requirements")
    out.test(done.returncode == 64, "a domain beside it is a usage error",
             [done.stderr])


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
        check_sending(out)
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
