#!/usr/bin/env python3
"""doctor_tlsrpt - "postern doctor" on a host that counts for TLS reports, with
one thing of it broken after another.

What the doctor says must be the finding for that; what it says to mend it with
is done where it is a command of Postfix, and then all is well.  TAP.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import doctor_map
import mta
import tap
from ask_doctor import (CONF, MAIN_CF, MASTER_CF, conf, findings, kept,
                        prepare_conf, run)
from doctor_map import chrooted, main_cf, mode, together

QUEUE = "/var/spool/postfix"
SOCKET = QUEUE + "/postern/tlsrpt.sock"
QLEN = "/proc/sys/net/unix/max_dgram_qlen"
NAME = "smtp_tlsrpt_socket_name"
CHECK = "tls-reports"
# as Postfix 3.10 has them; that of the lab may be older
FIT = ("mail_version = 3.10.6", "smtp_tlsrpt_enable = yes",
       NAME + " = postern/tlsrpt.sock", "smtp_tls_security_level = dane",
       "smtp_dns_support_level = dnssec",
       "debug_peer_list = $smtp_tlsrpt_enable $" + NAME)
COUNTING = """TLSReports collect
TLSReportSocket unix:%s
TLSReportOrganization Example Org
TLSReportContact tlsrpt@sender.example
""" % SOCKET


def short_queue():
    return doctor_map.together(text(QLEN, "10"))


class text:
    """A file of the kernel with other text."""

    def __init__(self, path, words):
        self.path, self.words = path, words

    def __enter__(self):
        self.before = mta.read(self.path)
        mta.write(self.path, self.words)

    def __exit__(self, *_):
        mta.write(self.path, self.before)


class owned:
    """The socket as another program's."""

    def __enter__(self):
        shutil.chown(SOCKET, "nobody")

    def __exit__(self, *_):
        shutil.chown(SOCKET, "postern")


# (state, words in what was seen, how to break it, whether a command of it
# mends it)
BROKEN = (
    ("warn", "TLSReportSocket is not set: only failures are counted",
     lambda: conf("", ("TLSReportSocket",)), False),
    ("warn", "Postfix 3.7.11 tells of no sessions",
     main_cf("mail_version = 3.7.11"), False),
    ("warn", "is not yes: Postfix tells of no session",
     main_cf("smtp_tlsrpt_enable = no"), True),
    ("warn", "has no TLS, so that there is no session to tell of",
     main_cf("smtp_tls_security_level = none"), True),
    ("fail", "is not set: nothing that Postfix tells comes in",
     main_cf(NAME + " ="), True),
    ("fail", "= postern/other.sock is not TLSReportSocket",
     main_cf(NAME + " = postern/other.sock"), True),
    ("fail", "is hidden by its chroot", lambda: together(
        main_cf(NAME + " = /run/postern/tlsrpt.sock")(), chrooted()), True),
    ("fail", "is the socket of another program", owned, False),
    ("fail", "postfix cannot send to", lambda: mode(SOCKET, 0o600), False),
    ("warn", "net.unix.max_dgram_qlen is 10", short_queue, False),
)

RIGHT = (
    ("from 3.10.6 on it logs hosts", main_cf("mail_version = 3.10.5")),
    ("before 3.10.4 also of those for mail with TLS-Required",
     main_cf("mail_version = 3.10.1")),
    ("tells posternd of its sessions", lambda: together(
        main_cf(NAME + " = " + SOCKET)(), chrooted())),
    ("TLSReportSources leaves out mta: failures alone are counted",
     lambda: conf("TLSReportSources refused,policy")),
)


# at _smtp._tls of the contact's domain
OWN = (
    ([], "ok", "has no record at _smtp._tls"),
    (['"v=TLSRPTv1; rua=mailto:a@sender.example"'], "ok",
     "it gets reports itself"),
    (['"v=TLSRPTv1; rua=ftp://sender.example"'], "warn",
     "the record at _smtp._tls.sender.example is of no use"),
    (['"v=TLSRPTv1; rua=mailto:a@b.example"',
      '"v=TLSRPTv1; rua=mailto:b@b.example"'], "warn", "is of no use"),
)


def no_folder(out):
    """posternd makes the socket in a folder that is there, and no other."""
    gone = QUEUE + "/gone/tlsrpt.sock"
    with kept(MAIN_CF, MASTER_CF), main_cf(NAME + " = gone/tlsrpt.sock")(), \
            conf("TLSReportSocket unix:" + gone, ("TLSReportSocket",)):
        finding = findings()[2][CHECK]
        doctor_map.check_finding(out, "the folder is not there", finding,
                                 "fail", "cannot send to " + gone)
        mend = " ".join(finding["mend"])
        out.test("install -d " in mend and os.path.dirname(gone) in mend,
                 "and how to make it", doctor_map.explain(finding))


def broken(out):
    for state, words, break_it, by_command in BROKEN:
        with kept(MAIN_CF, MASTER_CF), break_it():
            finding = findings()[2][CHECK]
            doctor_map.check_finding(out, "%s: %s" % (state, words), finding,
                                     state, words)
            out.test(bool(finding["mend"]) and
                     doctor_map.mend(finding) == by_command,
                     "what it says to do", doctor_map.explain(finding))
            if by_command:
                finding = findings()[2][CHECK]
                out.test(finding["state"] == "ok", "and that mends it",
                         doctor_map.explain(finding))


def others(out):
    for words, altered in RIGHT:
        with altered():
            doctor_map.check_finding(out, "right: " + words,
                                     findings()[2][CHECK], "ok", words)
    found = findings()[2]["tls-report-contact"]
    doctor_map.check_finding(out, "whose signature reports need", found, "ok",
                             "signature of sender.example")
    for records, state, words in OWN:
        change.records("sender.example", "_smtp._tls.sender.example",
                       "TXT", records)
        found = findings()[2]["tls-report-contact"]
        doctor_map.check_finding(out, "its own record: %s" % records, found,
                                 state, words)
        out.test(bool(found["mend"]) == (state == "warn"), "and what to do",
                 doctor_map.explain(found))
    for keyword in ("TLSReportContact", "TLSReportOrganization"):
        with conf("", (keyword,)):
            found = findings()[2]["tls-report-contact"]
            doctor_map.check_finding(out, keyword, found, "warn",
                                     keyword + " is not set")
    with conf("", ("TLSReports",)):
        found = findings()[2]
    out.test(CHECK not in found and "tls-report-contact" not in found,
             "without TLSReports there is nothing to say", sorted(found))


def inside():
    out = tap.Tap()
    daemon = None
    try:
        prepare_conf()
        with open(CONF, "a") as file:
            file.write(COUNTING)
        folder = os.path.dirname(SOCKET)
        os.makedirs(folder, exist_ok=True)
        shutil.chown(folder, "postern", "postern")
        os.chmod(folder, 0o755)
        run("postconf", "-e", *FIT)
        daemon = mta.Posternd("doctor-tlsrpt", COUNTING)
        mta.await_true(lambda: os.path.exists(SOCKET), mta.START_S, SOCKET)
        os.chmod(SOCKET, 0o666)
        doctor_map.check_finding(out, "all is well", findings()[2][CHECK],
                                 "ok", "tells posternd of its sessions")
        broken(out)
        no_folder(out)
        others(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        if daemon:
            daemon.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "setpriv"))
