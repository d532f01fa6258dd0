#!/usr/bin/env python3
"""doctor_way - "postern doctor" in the lab: whether probes go the way that mail
goes.

Each row gives Postfix, or Sendmail where there is no Postfix, another way; the
doctor must name the difference, and with the lines that it gives for
postern.conf there is none.  TAP.
"""
import contextlib
import json
import os
import shlex
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import tap
from ask_doctor import (conf, covered, findings, postconf, prepare_conf, run,
                        write)

CHECK = "probe-way"
POSTCONF = "/usr/sbin/postconf"
OPENSSL = "/usr/bin/openssl"
SENDMAIL_CF = "/etc/mail/sendmail.cf"

# An address of the lab's, and one that it has not
OURS, STRANGE = "127.0.0.25", "192.0.2.25"
INSTEAD = "    # in "


def service(*options):
    """The services that mail may go out by have options of their own."""
    return ("-P",) + tuple(name + "/unix/" + option for option in options
                           for name in ("smtp", "relay"))


def main(*lines):
    return ("-e",) + lines


# (what is done to Postfix, lines that mend it, of posternd before that)
OTHER = (
    (main("inet_protocols = ipv4"), ["ProbeFamilies ipv4"], ""),
    (main("inet_protocols = ipv6"), ["ProbeFamilies ipv6"], ""),
    (main("inet_protocols = all"), ["ProbeFamilies all"],
     "ProbeFamilies ipv4"),
    (main("inet_protocols = ipv6, ipv4"), ["ProbeFamilies all"],
     "ProbeFamilies ipv6"),
    (service("inet_protocols=ipv4"), ["ProbeFamilies ipv4"], ""),
    (main("smtp_bind_address = " + OURS), ["ProbeSource " + OURS], ""),
    (main("smtp_bind_address = [%s]" % OURS), ["ProbeSource " + OURS], ""),
    (service("smtp_bind_address=" + OURS), ["ProbeSource " + OURS], ""),
    (main("smtp_bind_address6 = ::1"), ["ProbeSource ::1"], ""),
    (main("smtp_bind_address = " + OURS, "smtp_bind_address6 = 0:0::1"),
     ["ProbeSource %s,::1" % OURS], "ProbeSource ::1"),
    (main("smtp_bind_address = 0.0.0.0"), ["# take ProbeSource out of"],
     "ProbeSource " + OURS),
    (main("smtp_helo_name = other.sender.example"),
     ["ProbeHelo other.sender.example"], ""),
    (main("myhostname = Third.Sender.Example"),
     ["ProbeHelo third.sender.example"], ""),
    (main("smtp_mx_address_limit = 2"), ["ProbeAddresses 2"], ""),
    (main("smtp_mx_address_limit = 0"), ["ProbeAddresses 0"], ""),
    (main("smtp_mx_address_limit = 999"), ["ProbeAddresses 0"], ""),
    (main("smtp_mx_address_limit = 5"), ["ProbeAddresses 5"],
     "ProbeAddresses 3"),
    (main("smtp_tls_mandatory_protocols = >=TLSv1.3"),
     ["ProbeProtocols >=TLSv1.3"], ""),
    (main("smtp_tls_mandatory_protocols = TLSv1.3"),
     ["ProbeProtocols >=TLSv1.3"], ""),
    (main("smtp_tls_mandatory_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1"),
     ["ProbeProtocols >=TLSv1.2"], "ProbeProtocols >=TLSv1"),
    (main("smtp_tls_mandatory_protocols = >=tlsv1.1"),
     ["ProbeProtocols >=TLSv1.1"], "ProbeProtocols >=TLSv1.3"),
    (main("inet_protocols = ipv4", "smtp_mx_address_limit = 9",
          "smtp_helo_name = x.sender.example"),
     ["ProbeFamilies ipv4", "ProbeHelo x.sender.example", "ProbeAddresses 9"],
     ""),
)

# What cannot be told, and what it is called
UNKNOWN = (
    (main("inet_protocols = ipv5"), "inet_protocols"),
    (main("smtp_bind_address = gate.sender.example"), "smtp_bind_address"),
    (main("smtp_bind_address = [%s" % OURS), "smtp_bind_address"),
    (main("smtp_bind_address = ::1"), "smtp_bind_address"),
    (main("inet_interfaces = gate.sender.example"), "inet_interfaces"),
    (main("smtp_helo_name = [127.0.0.1]"), "smtp_helo_name"),
    (main("smtp_mx_address_limit = many"), "smtp_mx_address_limit"),
    (main("smtp_tls_mandatory_protocols = <=TLSv1.2"), "mandatory_protocols"),
    (main("smtp_tls_mandatory_protocols = TLSv1, TLSv1.3"),
     "mandatory_protocols"),
    (main("smtp_tls_mandatory_protocols = >=0303"), "mandatory_protocols"),
    (main("smtp_tls_mandatory_protocols = >TLSv1"), "mandatory_protocols"),
    # a table may choose it
    (("-P", "relay/unix/inet_protocols=ipv4"), "inet_protocols"),
    (("-P", "relay/unix/smtp_bind_address=" + OURS), "smtp_bind_address"),
    (main("default_transport = error:none"), "which service"),
)

# Client options of Sendmail, what mends them, or what cannot be told
SENDMAIL = (
    ("", []),
    ("O ClientPortOptions=Family=inet, Address=0.0.0.0\n", []),
    ("O ClientPortOptions=Family=inet, Address=%s\n" % OURS,
     ["ProbeSource " + OURS]),
    ("O ClientPortOptions=Family=inet, Addr=%s\nO ClientPortOptions="
     "Family=inet6,\n\tAddr=IPv6:::1\n" % OURS,
     ["ProbeSource %s,::1" % OURS]),
    ("O HeloName=mail.sender.example\n", ["ProbeHelo mail.sender.example"]),
    ("O CipherList=HIGH\nO ClientSSLOptions=+SSL_OP_NO_TLSv1\n", []),
    ("O CipherList=NONSENSE\n", None),
    ("O CipherList=%s\n" % ("AES128-SHA:" * 200), None),
    ("O ClientSSLOptions=+SSL_OP_NO_TLSv1_3\n", None),
    ("O ClientPortOptions=Address=mail.sender.example\n", None),
    ("O ClientPortOptions=Family=iso\n", None),
    ("O ClientPortOptions=Address=%s, Modifiers=h\n" % OURS, None),
)


def look():
    return findings()[2][CHECK]


def lines_of(finding):
    """Lines for the configuration, without what they are for."""
    return [line.split(INSTEAD)[0].split(" /run")[0]
            for line in finding["mend"]
            if line.startswith(("Probe", "# take Probe"))]


def explain(finding):
    return [json.dumps(finding)]


def check_mended(out, name, finding, lines, before):
    """With its lines, in place of those that were there, all is well."""
    out.test(finding["state"] == "warn" and lines_of(finding) == lines,
             name + " is named, with the line", explain(finding))
    keep = [line for line in lines if line[0] != "#"]
    drop = [line.split()[0] for line in lines + before.splitlines()
            if line[0] != "#"]
    with conf("\n".join(keep), tuple(drop)):
        finding = look()
    out.test(finding["state"] == "ok", name + " is mended by it",
             explain(finding))


def check_other(out):
    for change, lines, before in OTHER:
        keyword = before.split()[:1]
        with postconf(*change), conf(before, tuple(keyword)):
            check_mended(out, " ".join(change[1:]), look(), lines, before)


def check_unknown(out):
    for change, name in UNKNOWN:
        with postconf(*change):
            finding = look()
        out.test(finding["state"] == "skip" and name in finding["seen"],
                 "%s cannot be told" % " ".join(change[1:]),
                 explain(finding))
    with postconf("-e", "inet_protocols = ipv5", "smtp_mx_address_limit = 2"):
        finding = look()
    out.test(finding["state"] == "warn" and
             "cannot tell inet_protocols" in finding["seen"],
             "what is known to differ is told beside it", explain(finding))


def check_interfaces(out):
    """Postfix leaves from the address that it is at, if that is one."""
    for value, lines in (
            (STRANGE, ["ProbeSource " + STRANGE]),
            ("[2001:db8::1], localhost", ["ProbeSource 2001:db8::1"]),
            (STRANGE + ", 192.0.2.26", []), ("loopback-only", []),
            ("all", [])):
        with postconf("-e", "inet_interfaces = " + value):
            finding = look()
        out.test(finding["state"] == ("warn" if lines else "ok") and
                 lines_of(finding) == lines, "at " + value, explain(finding))


def check_older(out):
    """What Postfix takes by default, and posternd on purpose does not."""
    with postconf("-e", "smtp_tls_mandatory_protocols = !SSLv2, !SSLv3"):
        finding = look()
    out.test(finding["state"] == "ok" and "as ProbeProtocols >=TLSv1 would" in
             finding["seen"], "older versions that Postfix takes are told",
             explain(finding))


# What matters of the suites that Postfix offers, and what it is called
CIPHERS = (
    ("smtp_tls_exclude_ciphers = AES", "suites fewer"),
    ("smtp_tls_exclude_ciphers = MD5, kRSA RC4", "such as AES128-SHA"),
    ("smtp_tls_mandatory_exclude_ciphers = SHA1:SEED", "suites fewer"),
    ("tls_medium_cipherlist = ECDHE+AESGCM:ECDHE+CHACHA20", "suites fewer"),
    ("smtp_tls_mandatory_ciphers = high",
     "tls_high_cipherlist = ECDHE-RSA-AES256-GCM-SHA384", "suites fewer"),
)
# What makes no difference that matters
SAME_CIPHERS = (
    ("smtp_tls_mandatory_ciphers = high",), ("smtp_tls_ciphers = high",),
    ("smtp_tls_exclude_ciphers = aNULL, eNULL, EXPORT, DES, 3DES, MD5, RC4,"
     " PSK, SRP, aECDH, EDH-DSS-DES-CBC3-SHA, CAMELLIA, ARIA, SEED",),
    ("tls_high_cipherlist = ECDHE+AESGCM",),
    ("tls_medium_cipherlist = HIGH",))
UNKNOWN_CIPHERS = (
    ("tls_medium_cipherlist = HIGH:MEDIUM:@SECLEVEL=0",),
    ("tls_medium_cipherlist = NONSENSE",),
    ("smtp_tls_exclude_ciphers = !aNULL",),
    ("smtp_tls_mandatory_ciphers = strong",))


def check_ciphers(out):
    for *lines, words in CIPHERS:
        name = "; ".join(lines)
        with postconf("-e", *lines):
            finding = look()
            out.test(finding["state"] == "warn" and words in finding["seen"]
                     and "systemctl reload posternd" not in finding["mend"],
                     name + " is named", explain(finding))
            for line in finding["mend"]:
                words = shlex.split(line, comments=True)
                if words[:1] == ["postconf"]:
                    run(*words)
            finding = look()
            out.test(finding["state"] == "ok", "and mended by what it says",
                     explain(finding))
    with postconf(*service("smtp_tls_exclude_ciphers=kRSA")):
        finding = look()
    out.test("smtp/unix/smtp_tls_exclude_ciphers=" in finding["mend"][0],
             "ciphers of a service are changed there", explain(finding))
    with postconf("-e", "smtp_tls_exclude_ciphers = MD5, kRSA RC4"):
        finding = look()
    out.test("MD5,RC4" in finding["mend"][0], "what is harmless stays",
             explain(finding))
    for lines in SAME_CIPHERS:
        with postconf("-e", *lines):
            finding = look()
        out.test(finding["state"] == "ok", "%s makes no difference" % lines,
                 explain(finding))
    for lines in UNKNOWN_CIPHERS:
        with postconf("-e", *lines):
            finding = look()
        out.test(finding["state"] == "skip" and "cipher" in finding["seen"],
                 "%s cannot be told" % lines, explain(finding))
    with covered(OPENSSL):
        finding = look()
        out.test(finding["state"] == "ok", "the default needs no openssl",
                 explain(finding))
        with postconf("-e", "smtp_tls_exclude_ciphers = RC4"):
            finding = look()
        out.test(finding["state"] == "skip", "and no other can be told without",
                 explain(finding))


def check_balance(out):
    with postconf("-e", "smtp_balance_inet_protocols = no"):
        finding = look()
    out.test(finding["state"] == "warn" and
             "smtp_balance_inet_protocols" in finding["mend"][0],
             "families that are not balanced are told", explain(finding))


def check_source(out):
    with conf("ProbeSource " + STRANGE):
        finding = look()
    out.test(finding["state"] == "fail" and STRANGE + ": Cannot assign" in
             finding["seen"], "an address that is not ours is told",
             explain(finding))
    with conf("Probe no"):
        finding = look()
    out.test(finding["state"] == "skip", "without probes there is no way",
             explain(finding))


@contextlib.contextmanager
def sendmail_cf(text):
    os.makedirs(os.path.dirname(SENDMAIL_CF), exist_ok=True)
    write(SENDMAIL_CF, text)
    try:
        yield
    finally:
        os.unlink(SENDMAIL_CF)


def check_sendmail(out):
    with covered(POSTCONF), conf("ProbeAddresses 0"):
        finding = look()
        out.test(finding["state"] == "skip", "without an MTA there is no way",
                 explain(finding))
        for text, lines in SENDMAIL:
            name = "Sendmail, %r" % text
            with sendmail_cf(text):
                finding = look()
                if lines:
                    check_mended(out, name, finding, lines, "")
                    continue
            out.test(finding["state"] == ("skip" if lines is None else "ok"),
                     name, explain(finding))
    with covered(POSTCONF), conf("ProbeAddresses 0"), sendmail_cf(
            "O CipherList=ECDHE+AESGCM\n"):
        finding = look()
        out.test(finding["state"] == "warn" and "suites fewer" in
                 finding["seen"] and "confCIPHER_LIST" in finding["mend"][0],
                 "Sendmail's own list of ciphers is named", explain(finding))
    with covered(POSTCONF), sendmail_cf(""):
        out.test(lines_of(look()) == ["ProbeAddresses 0"],
                 "Sendmail tries all addresses")


def inside():
    out = tap.Tap()
    try:
        prepare_conf()
        finding = look()
        out.test(finding["state"] == "ok", "the lab's Postfix and posternd "
                 "go the same way", explain(finding))
        check_other(out)
        check_unknown(out)
        check_interfaces(out)
        check_older(out)
        check_balance(out)
        check_ciphers(out)
        check_source(out)
        check_sendmail(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside))
