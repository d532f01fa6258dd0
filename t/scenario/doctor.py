#!/usr/bin/env python3
"""doctor - "postern doctor" in the lab, on a Postfix that is broken one way
after another.

Each row breaks one thing, asks, and puts it back; what the doctor says must be
the finding for that, and what it says to mend it with is done where it is a
command of Postfix.  TAP.
"""
import contextlib
import json
import os
import re
import shlex
import shutil
import smtplib
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import tap
from ask_doctor import (ASK_S, CONF, DIR, MAIN_CF, MASTER_CF, ask, conf,
                        covered, findings, kept, postconf, prepare_conf, run,
                        write)
from postfix import CLIENTS_OF_MILTERS, processes

RESOLV_CONF = "/etc/resolv.conf"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
QUEUE = "/var/spool/postfix"
STATE = "/var/lib/postern"
POSTCONF = "/usr/sbin/postconf"
SENDMAIL_CF = "/etc/mail/sendmail.cf"
ACCESS, SBIN = "/etc/mail/access", "/usr/sbin"
GOOD = "dane-ee.example"
LOG = ("--log", mta.HERE + "/syslog")
STATUS = {"ok": 0, "warn": 1, "fail": 2, "unknown": 3}
FIT = ("smtp_tls_security_level = dane", "smtp_dns_support_level = dnssec",
       "non_smtpd_milters = unix:" + mta.SOCKET,
       "relayhost = [mx1.%s]:587" % GOOD,
       "transport_maps = inline:{a.example=smtp:}")

# Lines of the configuration, and what they take the place of.
NO_RESOLVER = ("Nameservers 127.0.0.1@1\nDNSTimeout 500ms", "DNSTimeout")

# Another key, of no zone.
OTHER_ANCHOR = ". IN DS 4711 8 2 " + "ab" * 32 + "\n"


# -- ways to break things, each puts back what it took ------------------------

@contextlib.contextmanager
def file(path, text):
    with kept(path):
        write(path, text)
        yield


@contextlib.contextmanager
def absent(path):
    """A file that is not there, whether or not it was."""
    there = os.path.exists(path)
    if there:
        os.rename(path, path + ".away")
    try:
        yield
    finally:
        if there:
            os.rename(path + ".away", path)


@contextlib.contextmanager
def sendmail(times="T=C:30s;S:30s;R:30s;E:5m", names="first, postern",
             at="local:" + mta.SOCKET, more=""):
    """What m4 makes of etc/sendmail.mc."""
    os.makedirs(os.path.dirname(SENDMAIL_CF), exist_ok=True)
    write(SENDMAIL_CF, "O InputMailFilters=%s\nO Milter.macros.eom={msg_id}\n"
          "%sXfirst, S=inet:8892@127.0.0.1\nXpostern, S=%s,\n\t%s\n" % (
              names, more, at, times))
    try:
        yield
    finally:
        os.unlink(SENDMAIL_CF)


# A daemon with filters of its own
DAEMON = "O DaemonPortOptions=Name=MTA, Port=smtp, InputMailFilters=%s\n"
PORT_8891 = ("Socket inet:8891@127.0.0.1", ("Socket",))


@contextlib.contextmanager
def mode(path, bits):
    before = os.stat(path).st_mode & 0o7777
    os.chmod(path, bits)
    try:
        yield
    finally:
        os.chmod(path, before)


@contextlib.contextmanager
def owner(path, user):
    before = os.stat(path)
    shutil.chown(path, user)
    try:
        yield
    finally:
        os.chown(path, before.st_uid, before.st_gid)


@contextlib.contextmanager
def full_disk(path):
    """A disk there that no policy fits on."""
    before = os.stat(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path],
                   check=True, timeout=20)
    try:
        os.chown(path, before.st_uid, before.st_gid)
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True, timeout=20)


@contextlib.contextmanager
def listener(path):
    """Something at the socket that is no milter."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                server.accept()[0].close()
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        server.close()
        os.unlink(path)


@contextlib.contextmanager
def together(*parts):
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield


def extra(text, *drop):
    return lambda: conf(text, drop)


@contextlib.contextmanager
def access(text, more=""):
    """Sendmail with an access map, made of a text."""
    os.makedirs(os.path.dirname(ACCESS), exist_ok=True)
    write(ACCESS, text)
    try:
        with sendmail(more="Kaccess hash -T<TMPF> -o %s.db\n" % ACCESS + more):
            yield
    finally:
        os.unlink(ACCESS)


@contextlib.contextmanager
def without(name):
    """A folder of programs as it would be without one of them."""
    folder, real = DIR + "/sbin", DIR + "/real-sbin"
    for path in (folder, real):
        os.mkdir(path)
    run("mount", "--bind", SBIN, real)
    for entry in os.listdir(real):
        if entry != name:
            os.symlink(real + "/" + entry, folder + "/" + entry)
    run("mount", "--bind", folder, SBIN)
    try:
        yield
    finally:
        for path in (SBIN, real):
            run("umount", path)
        for path in (folder, real):
            shutil.rmtree(path)


def main_cf(*lines):
    return lambda: postconf("-e", *lines)


def hops(*lines, insecure="", more=""):
    """Next hops of Postfix, with no zone insecure on purpose but these."""
    return lambda: together(postconf("-e", *lines), conf(
        insecure + more, ("InsecureDomains",)))


def table(kind, text, parameter="transport_maps"):
    """A table whose text is there, whether or not it was made a database."""
    return lambda: together(
        file(DIR + "/table", text), conf("", ("InsecureDomains",)),
        postconf("-e", "%s = %s:%s/table" % (parameter, kind, DIR)))


@contextlib.contextmanager
def unbound(option):
    """The nameserver with an option that is off otherwise."""
    control = ("unbound-control", "-c", "/run/lab/unbound.conf", "set_option",
               option + ":")
    run(*control, "yes")
    try:
        yield
    finally:
        run(*control, "no")


def smart_host(line):
    """Sendmail's, and none of Postfix."""
    return lambda: together(
        postconf("-e", "relayhost ="), conf("", ("InsecureDomains",)),
        sendmail(more=line + "\n"))


def milter(attribute, *lines):
    """posternd with a setting of its own."""
    return main_cf("smtpd_milters = unix:/run/other, { unix:%s, %s }" % (
        mta.SOCKET, attribute), *lines)


# -- what is broken, and what is to be said of it ----------------------------

FORGED = "forged, as DNSSEC has it (dnssec-invalid): "
INSIDE = "[relay.inside.example]"
MANY = [form % name for form in ("mx1.%s.example", "[mx1.%s.example]")
        for name in ("dane-ee", "dane-mismatch", "dane-stripped", "dane-ta",
                     "dane-ta-name", "dane-over-sts", "two-good", "two-bad",
                     "ipv6")]

# (check, state, words in what was seen, how to break it)
BROKEN = (
    ("configuration", "fail", "2 mistakes, the first: " + CONF,
     extra("Sokcet x\nOn-Fail maybe")),
    ("user", "fail", 'no user "no-such-user"', extra("UserID no-such-user")),
    ("user", "fail", "is root", extra("UserID root")),
    ("store", "fail", "cannot write in " + STATE,
     lambda: owner(STATE, "root")),
    ("store", "fail", "postern cannot write " + STATE,
     lambda: together(owner(STATE + "/state.db", "root"),
                      mode(STATE + "/state.db", 0o600))),
    ("store", "fail", "the disk of %s is full" % STATE,
     lambda: full_disk(STATE)),
    ("store", "skip", "Store none", extra("Store none")),
    ("socket", "fail", "posternd does not run",
     extra("Socket unix:/run/postern/none", "Socket")),
    ("socket", "fail", "no milter answers",
     lambda: together(listener(DIR + "/other"), conf(
         "Socket unix:%s/other" % DIR, ("Socket",)))),
    ("socket", "fail", "Connection refused",
     extra("Socket inet:1@127.0.0.1", "Socket")),
    ("socket", "warn", "mode 0777", lambda: mode(mta.SOCKET, 0o777)),
    ("socket-user", "fail", "postfix cannot connect",
     lambda: mode(mta.SOCKET, 0o700)),
    ("socket-user", "fail", "postfix cannot connect",
     lambda: mode("/run/postern", 0o700)),
    ("resolver", "fail", "127.0.0.1@1: ", extra(*NO_RESOLVER)),
    ("trust-anchor", "fail", "none of the root's keys",
     extra("TrustAnchorFile %s/other.key" % DIR, "TrustAnchorFile")),
    ("trust-anchor", "fail", "has no key",
     extra("TrustAnchorFile %s/empty.key" % DIR, "TrustAnchorFile")),
    ("trust-anchor", "skip", "Resolver system", extra("Resolver system")),
    ("nameservers", "warn", "Postfix's DANE believes nameserver 10.53.0.1",
     lambda: file(RESOLV_CONF,
                  "nameserver 127.0.0.1\nnameserver 10.53.0.1\n")),
    ("nameservers", "warn", QUEUE + "/etc/resolv.conf",
     lambda: together(absent(QUEUE + RESOLV_CONF),
                      postconf("-F", "smtp/unix/chroot=y"))),
    ("nameservers", "fail", "10.53.0.1 is another host",
     extra("Resolver system\nNameservers 10.53.0.1")),
    ("nameservers", "warn", "who forges it", extra(
        "Resolver system\nNameservers 10.53.0.1\nTrustRemoteResolver yes")),
    ("ca-store", "fail", "no MTA-STS policy can be had",
     lambda: file(BUNDLE, "nothing\n")),
    ("ca-store", "fail", CONF, extra("CAFile " + CONF)),
    ("smtpd-milters", "fail", "no smtpd asks posternd",
     main_cf("smtpd_milters =")),
    ("smtpd-milters", "fail", "no smtpd asks posternd",
     main_cf("smtpd_milters = unix:/run/other, inet:127.0.0.1:8891")),
    ("smtpd-milters", "fail", "no smtpd asks posternd",
     lambda: postconf("-P", "smtp/inet/smtpd_milters=")),
    ("non-smtpd-milters", "warn", "sendmail(1)",
     main_cf("non_smtpd_milters = $smtpd_milters_of_old")),
    ("chroot", "fail", "smtp/inet: the chroot /var/spool/postfix hides "
     + mta.SOCKET, lambda: postconf("-F", "smtp/inet/chroot=y")),
    ("chroot", "fail", "cleanup/unix: the chroot",
     lambda: postconf("-F", "cleanup/unix/chroot=y")),
    ("chroot", "fail", "smtp/inet", lambda: together(
        postconf("-F", "smtp/inet/chroot=-"),
        postconf("-e", "compatibility_level = 0"))),
    ("smtpd-milters", "fail", "is no list of milters",
     main_cf("smtpd_milters = unix:%s, { unix:/x" % mta.SOCKET)),
    ("smtpd-milters", "skip", "whom their smtpd_milter_maps names",
     main_cf("smtpd_milter_maps = static:DISABLE")),
    ("smtpd-milters", "fail", "no smtpd asks posternd",
     main_cf("receive_override_options = no_milters")),
    ("smtpd-milters", "fail", "no smtpd asks posternd", lambda: together(
        conf("Socket inet:8891@127.0.0.1", ("Socket",)),
        postconf("-e", "smtpd_milters = inet:127.0.0.2:8891"))),
    ("smtpd-milters", "skip", "cannot tell where", lambda: together(
        conf("Socket inet:8891@127.0.0.1", ("Socket",)),
        postconf("-e", "smtpd_milters = inet:no-such-host.invalid:8891"))),
    ("non-smtpd-milters", "warn", "sendmail(1)", lambda: postconf(
        "-P", "pickup/unix/receive_override_options=no_milters")),
    ("non-smtpd-milters", "warn", "sendmail(1)", lambda: together(
        postconf("-M", "other/unix=other unix n - n - 0 cleanup"),
        postconf("-P", "pickup/unix/cleanup_service_name=other",
                 "other/unix/non_smtpd_milters="))),
    ("default-action", "warn", "refused for good",
     main_cf("milter_default_action = reject")),
    ("default-action", "warn", "refused for good", milter(
        "default_action=reject", "milter_default_action = accept")),
    ("default-action", "warn", "refused for good", lambda: postconf(
        "-P", "smtp/inet/milter_default_action=reject")),
    ("default-action", "skip", "cannot tell", milter("default_action=maybe")),
    ("timeouts", "warn", "command_timeout = 20s is no longer",
     main_cf("milter_command_timeout = 20s")),
    ("timeouts", "warn", "command_timeout = 5s is no longer", milter(
        "command_timeout=5s", "milter_command_timeout = 90s")),
    ("timeouts", "warn", "command_timeout = 5s is no longer", lambda: postconf(
        "-P", "smtp/inet/milter_command_timeout=5s")),
    ("timeouts", "warn", "content_timeout = 10 ",
     main_cf("milter_content_timeout = 10")),
    ("timeouts", "warn", "content_timeout = 10s ",
     milter("content_timeout=10s", "milter_content_timeout = 1h")),
    ("timeouts", "skip", "cannot tell its connect_timeout",
     milter("connect_timeout=5q")),
    ("timeouts", "skip", "cannot tell", milter("colour=red")),
    ("tls-level", "warn", "may: ", main_cf("smtp_tls_security_level = may")),
    ("tls-level", "warn", "may: ", main_cf("smtp_tls_security_level =",
                                           "smtp_use_tls = yes")),
    ("tls-level", "warn", "smtp/unix, may: ", lambda: postconf(
        "-P", "smtp/unix/smtp_tls_security_level=may")),
    ("tls-level", "warn", "encrypt: ",
     main_cf("smtp_tls_security_level = encrypt")),
    ("tls-level", "fail", "not set: ", main_cf("smtp_tls_security_level =")),
    ("tls-level", "fail", "relay/unix, none: ", lambda: postconf(
        "-P", "relay/unix/smtp_tls_security_level=none")),
    ("tls-level", "skip", "cannot tell what smtp_tls_policy_maps makes of it",
     main_cf("smtp_tls_policy_maps = hash:/nowhere")),
    ("tls-level", "fail", 'says "none" of destinations that it does not name',
     main_cf("smtp_tls_policy_maps = static:none")),
    ("tls-level", "warn", 'says "may" of destinations that it does not name',
     main_cf("smtp_tls_policy_maps = inline:{a.example=secure}, "
             "regexp:{{/./ may}}")),
    ("tls-level", "skip", "cannot tell what goes by other/unix",
     lambda: together(
         postconf("-M", "other/unix=other unix - - n - - smtp"),
         postconf("-P", "other/unix/smtp_tls_security_level=none"))),
    ("tls-level", "skip", "cannot tell which service",
     main_cf("default_transport = error:none", "relay_transport = error:no")),
    ("sendmail-tls", "warn", "authenticates nobody", sendmail),
    ("sendmail-tls", "warn", "authenticates nobody; 1 destinations get no TLS",
     lambda: access("Try_TLS:a.example\tNO\n#Try_TLS:b.example NO\n")),
    ("sendmail-tls", "warn", "authenticates nobody but 2 that the access map",
     lambda: access("TLS_Srv:a.example  VERIFY\nTLS_Rcpt:b.example "
                    "PERM+VERIFY:128\nTLS_Srv:c.example ENCR:112\n",
                    "O CACertPath=/etc/ssl/certs\n")),
    ("sendmail-tls", "fail", "VERIFY of 1 destinations, but there is no CACert",
     lambda: access("tls_srv:a.example VERIFY\n", "O CACertFile=\n")),
    ("sendmail-tls", "warn", "but those that the access map may name",
     lambda: sendmail(more="Kaccess hash -T<TMPF> -o /no/such.db\n")),
    ("sendmail-tls", "warn", "but those that the access map may name",
     lambda: sendmail(more="Kaccess ldap -k (x=%0)\n")),
    ("sendmail-tls", "skip", "cannot tell whether this Sendmail was built",
     lambda: sendmail(more="O DANE=true\n")),
    ("tls-ca", "fail", "all mail is deferred", main_cf(
        "smtp_tls_security_level = secure", "smtp_tls_CAfile =")),
    ("tls-ca", "fail", "all mail is deferred", lambda: postconf(
        "-P", "relay/unix/smtp_tls_security_level=verify",
        "relay/unix/smtp_tls_CAfile=/dev/null")),
    ("tls-ca", "warn", "as for MTA-STS, mail is deferred", main_cf(
        "smtp_tls_policy_maps = inline:{dane-ee.example=secure}",
        "smtp_tls_CAfile =")),
    ("dns-support", "fail", "does nothing",
     main_cf("smtp_dns_support_level = enabled")),
    ("dns-support", "fail", "smtp_host_lookup = native",
     main_cf("smtp_host_lookup = native")),
    ("dns-support", "fail", "relay/unix: smtp_dns_support_level = enabled",
     lambda: postconf("-P", "relay/unix/smtp_dns_support_level=enabled")),
    ("internal-domains", "warn", "mail to own.example, .deep.example",
     main_cf("mydestination = $myhostname, own.example",
             "virtual_alias_domains =",
             "virtual_mailbox_domains = .deep.example own.example")),
    ("internal-domains", "warn", "mail to backup.example",
     main_cf("relay_domains = backup.example")),
    ("internal-domains", "skip", "by hash:/no/such",
     main_cf("relay_domains = hash:/no/such")),
    ("dns-support", "skip", "is not dane",
     main_cf("smtp_tls_security_level = secure")),
    ("sendmail", "fail", "no filter has its socket",
     lambda: sendmail(at="local:/run/other")),
    ("sendmail", "fail", "leaves it out", lambda: sendmail(names="first")),
    ("sendmail", "fail", "MTA leaves it out",
     lambda: sendmail(more=DAEMON % "first")),
    ("sendmail", "fail", "no filter has its socket", lambda: together(
        conf(*PORT_8891), sendmail(at="inet:8891@127.0.0.2"))),
    ("sendmail", "skip", "cannot tell whether postern", lambda: together(
        conf(*PORT_8891), sendmail(at="inet:8891@no-such-host.invalid"))),
    ("sendmail", "skip", "cannot tell whether postern",
     lambda: sendmail(at="tcp:8891@localhost")),
    ("sendmail", "skip", "cannot tell what", lambda: sendmail("T=R:soon")),
    ("sendmail", "skip", "cannot tell what", lambda: sendmail("F=X")),
    ("sendmail", "warn", "refused for good",
     lambda: sendmail("T=R:30s, F=R")),
    ("sendmail", "warn", "waits 20 s for a reply at the end",
     lambda: sendmail("T=R:30s;E:20s")),
    ("sendmail", "warn", "waits 20 s", lambda: sendmail("T=C:1m;R:20s")),
    ("sendmail", "warn", "waits 10 s", lambda: sendmail("F=T")),
    ("tls-level", "skip", "postconf: ", lambda: covered(POSTCONF)),
    ("next-hops", "warn", FORGED + "[relay.inside.example]: all mail",
     hops("relayhost = [relay.inside.example]:587")),
    ("next-hops", "fail", FORGED + "relay.inside.example: no mail goes there",
     hops("relayhost = relay.inside.example", more="On-TempError defer")),
    ("next-hops", "warn", FORGED + "[relay.inside.example]: ", hops(
        "relayhost = [relay.inside.example]", more="InsecureDomains a.test")),
    ("next-hops", "warn", FORGED + "[mx1.bogus.example]: ", lambda: together(
        unbound("ede"), hops("relayhost = [mx1.bogus.example]",
                             more="Resolver system")())),
    ("next-hops", "fail", INSIDE + "; no answer: d62-lame.example: no mail "
     "goes there that posternd looks at; no address: none.dane-ee.example",
     hops("relayhost = [relay.inside.example]", "transport_maps = inline:{ "
          "a.example=:d62-lame.example b.example=:none.dane-ee.example }",
          more="On-TempError hold")),
    ("next-hops", "warn", "no answer: d62-lame.example: all",
     hops("relayhost = d62-lame.example")),
    ("next-hops", "warn", "no address: [none.dane-ee.example]",
     hops("relayhost = [none.dane-ee.example]")),
    ("next-hops", "skip", "in /etc/hosts: [none.dane-ee.example]", hops(
        "relayhost = [none.dane-ee.example]",
        "smtp_host_lookup = dns, native")),
    ("next-hops", "warn", INSIDE,
     hops("default_transport = smtp:[relay.inside.example]")),
    ("next-hops", "warn", INSIDE,
     hops("relay_transport = relay:[relay.inside.example]:24")),
    ("next-hops", "warn", INSIDE,
     hops("transport_maps = static:smtp:[relay.inside.example]")),
    ("next-hops", "warn", INSIDE, hops(
        "transport_maps = inline:{ a.example=error:no, { b.example = "
        ":[gw.dane-ee.example], [relay.inside.example] } }")),
    ("next-hops", "warn", INSIDE, hops(
        "sender_dependent_relayhost_maps = inline:{ @a.example=DUNNO, "
        "@b.example=[relay.inside.example] }")),
    ("next-hops", "warn", INSIDE, table(
        "texthash", "# all\n\na.example :\nb.example\n"
        "  # by the relay\n  smtp:[relay.inside.example]\n")),
    ("next-hops", "warn", INSIDE, table(
        "hash", "@b.example\t[relay.inside.example]\n",
        "sender_dependent_relayhost_maps")),
    ("next-hops", "skip", "by hash:/no/such, pcre:/etc/postfix/x",
     main_cf("transport_maps = proxy:hash:/no/such pcre:/etc/postfix/x")),
    ("next-hops", "skip", "by texthash:%s/table" % DIR,
     table("texthash", "b.example smtp:[x]\n" * 70000)),
    ("next-hops", "skip", "16 next hops can be looked up", hops(
        "relayhost =", "transport_maps = inline:{ %s }" % " ".join(
            "d%d.example=:%s" % pair for pair in enumerate(MANY)),
        more="MaxChecks 1")),
    ("next-hops", "skip", "none is configured", main_cf("relayhost =")),
    ("next-hops", "skip", "none is configured",
     main_cf("relayhost = [127.0.0.1]:10025")),
    ("next-hops", "skip", "see resolver", extra(*NO_RESOLVER)),
    ("next-hops", "warn", INSIDE, smart_host("DS[relay.inside.example]")),
    ("next-hops", "warn", INSIDE,
     smart_host("DSgw.dane-ee.example\nDSesmtp:[relay.inside.example]")),
)

# Other than by default, and yet right.
RIGHT = (
    ("smtpd-milters", "smtp/inet", main_cf(
        "smtpd_milters = inet:127.0.0.1:9, { unix:%s, default_action = accept"
        " }" % mta.SOCKET)),
    ("smtpd-milters", "smtp/inet", main_cf(
        "own_milter = unix:" + mta.SOCKET, "smtpd_milters = $own_milter")),
    ("smtpd-milters", "submission/inet asks posternd (not smtp/inet)",
     lambda: together(
         postconf("-e", "smtpd_milters ="), postconf(
             "-M", "submission/inet=submission inet n - n - - smtpd"),
         postconf("-P", "submission/inet/smtpd_milters=unix:" + mta.SOCKET))),
    ("smtpd-milters", "smtp/inet", lambda: together(
        conf("Socket inet:8891@127.0.0.1", ("Socket",)),
        postconf("-e", "smtpd_milters = inet:localhost:8891"))),
    ("chroot", "", lambda: together(
        conf("Socket unix:%s/postern/sock" % QUEUE, ("Socket",)),
        postconf("-e", "smtpd_milters = unix:/postern/sock",
                 "non_smtpd_milters = unix:postern/sock"),
        postconf("-F", "smtp/inet/chroot=y", "cleanup/unix/chroot=n"))),
    ("default-action", "unseen", main_cf("milter_default_action = accept")),
    ("nameservers", "believes none", lambda: together(
        file(RESOLV_CONF, "nameserver 10.53.0.1\n"),
        conf("Nameservers 127.0.0.1"),
        postconf("-e", "smtp_tls_security_level = may"))),
    ("resolver", "127.0.0.1", extra("Nameservers 127.0.0.1")),
    ("resolver", "127.0.0.1",
     extra("Resolver system\nNameservers 127.0.0.1")),
    ("sendmail", "goes out unseen", sendmail),
    ("sendmail", "goes out unseen", lambda: sendmail(at=mta.SOCKET)),
    ("sendmail", "refused for now", lambda: sendmail("T=R:30s, F=4")),
    ("sendmail", "goes out unseen",
     lambda: sendmail(names="first", more=DAEMON % "first;postern")),
    ("sendmail", "(not MTA)", lambda: sendmail(
        more=DAEMON % "first" + "O DaemonPortOptions=Name=MSA\n")),
    ("sendmail", "goes out unseen", lambda: together(
        conf(*PORT_8891), sendmail(at="inet:8891@localhost"))),
    ("sendmail", "is refused", lambda: together(
        conf("Socket inet:8891@127.0.0.1", ("Socket",)), sendmail(
            "T=C:30s;S:30s;R:1m;E:5m, F=T", "postern",
            "inet:8891@127.0.0.1"))),
    ("timeouts", "", main_cf("milter_content_timeout = 1h")),
    ("timeouts", "", milter("command_timeout=1m",
                            "milter_command_timeout = 1s",
                            "non_smtpd_milters =")),
    ("default-action", "waits", milter(
        "default_action=tempfail", "milter_default_action = reject",
        "non_smtpd_milters =")),
    ("smtpd-milters", "smtp/inet", lambda: together(
        conf("Socket inet:8891@0.0.0.0", ("Socket",)),
        postconf("-e", "smtpd_milters = inet:127.0.0.1:8891"))),
    ("smtpd-milters", "smtp/inet", lambda: together(
        postconf("-e", "smtpd_milters = $mua_milters"),
        postconf("-P", "smtp/inet/mua_milters=unix:" + mta.SOCKET))),
    ("tls-level", "dane, where smtp_tls_policy_maps says nothing else",
     main_cf("smtp_tls_policy_maps = inline:{a.example=may}")),
    ("tls-level", "dane-only, by smtp_tls_policy_maps", main_cf(
        "smtp_tls_policy_maps = static:{dane-only}")),
    ("tls-ca", "has CA certificates", main_cf(
        "smtp_tls_security_level = secure")),
    ("tls-ca", "has CA certificates", main_cf(
        "smtp_tls_security_level = secure", "smtp_tls_CAfile =",
        "tls_append_default_CA = yes")),
    ("next-hops", "finds [relay.inside.example]",
     main_cf("relayhost = [relay.inside.example]")),
    ("next-hops", "finds [relay.corp.internal]",
     hops("relayhost = [relay.corp.internal]")),
    ("next-hops", "finds [mx1.dane-ee.example], dane-ee.example", hops(
        "default_transport = smtp:[127.0.0.1]",
        "transport_maps = inline:{ a.example=error:[relay.inside.example], "
        "b.example=smtp:, c.example=relay:dane-ee.example:26, .d.example="
        "smtp:[relay.inside.example], u@e.example=:[relay.inside.example] }",
        more="InternalDomains .d.example,e.example")),
    ("next-hops", "finds mx1.dane-ee.example",
     smart_host("DSrelay:mx1.dane-ee.example")),
    ("next-hops", "finds mx1.dane-ee.example", lambda: together(
        postconf("-e", "relayhost = mx1.dane-ee.example"),
        sendmail(more="DSuucp-dom:[relay.inside.example]\n"))),
    ("internal-domains", "", lambda: together(
        conf("InternalDomains .example"),
        postconf("-e", "mydestination = $myhostname, own.example"))),
)

# (domain, state, words)
REACHED = (
    (GOOD, "ok", "mx1.dane-ee.example answers, with TLS1."),
    ("plain.example", "ok", "answers, with TLS1."),
    ("dane-stripped.example", "warn", "does not offer STARTTLS"),
    ("refused.example", "fail", "no host can be reached at port 25"),
    ("smtp-421.example", "warn", "mx1.smtp-421.example"),
    ("null-mx.example", "skip", "null-mx"),
)


HOP = "[mx1.%s]:587" % GOOD
MAPS, NO_RELAY = "smtp_tls_policy_maps = ", "relayhost ="

# What is in force for GOOD: (main.cf, state, words)
IN_FORCE = (
    ((), "ok", HOP + ": dane, by smtp_tls_security_level"),
    (("smtp_tls_security_level = may",), "warn",
     HOP + ": may, by smtp_tls_security_level"),
    ((MAPS + "inline:{%s=may}" % HOP,), "warn",
     HOP + ": may, by smtp_tls_policy_maps"),
    # a next hop that is more than a domain is under none
    ((MAPS + "inline:{[mx1.%s]=none, %s=none, .example=none}" % (GOOD, GOOD),),
     "ok", HOP + ": dane, by smtp_tls_security_level"),
    ((NO_RELAY, MAPS + "inline:{.example=none}"), "fail",
     GOOD + ": none, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "inline:{ {%s = secure match=nexthop}, .example=none }"
      % GOOD), "ok", GOOD + ": secure, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "inline:{a.example=none}, inline:{%s=encrypt}" % GOOD),
     "warn", GOOD + ": encrypt, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "inline:{%s=sekure}" % GOOD), "fail",
     'says "sekure", which is no level'),
    ((NO_RELAY, MAPS + "texthash:%s/policy" % DIR), "ok",
     GOOD + ": dane-only, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "hash:%s/policy" % DIR), "ok",
     GOOD + ": dane-only, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "static:{fingerprint match=00:11}"), "ok",
     GOOD + ": fingerprint, by smtp_tls_policy_maps"),
    ((NO_RELAY, MAPS + "hash:/nowhere"), "skip", "cannot tell"),
    ((NO_RELAY, MAPS + "socketmap:inet:127.0.0.1:9:x"), "skip", "cannot tell"),
    ((NO_RELAY, MAPS + "frob:x"), "skip", "cannot tell"),
    (("transport_maps = inline:{%s=relay:[mx2.example]}" % GOOD,
      MAPS + "inline:{[mx2.example]=none}"), "fail", "[mx2.example]: none"),
    (("transport_maps = inline:{.example=smtp:}",), "ok", GOOD + ": dane, by"),
    (("transport_maps = inline:{example=smtp:}",
      "parent_domain_matches_subdomains = transport_maps"), "ok",
     GOOD + ": dane, by"),
    (("transport_maps = inline:{*=:b.example}", MAPS + "inline:{.example=may}"),
     "warn", "b.example: may, by smtp_tls_policy_maps"),
    (("transport_maps = inline:{*=discard:}",), "skip",
     "mail goes by discard, not by SMTP"),
    (("transport_maps = regexp:{{/x/ smtp:}}",), "skip", "cannot tell"),
    (("transport_maps = hash:/nowhere",), "skip", "cannot tell"),
    (("relayhost = %s, b.example" % HOP, MAPS + "inline:{b.example=none}"),
     "fail", "b.example: none"),
    (("default_transport = smtp:c.example", MAPS + "inline:{c.example=may}"),
     "warn", "c.example: may"),
    (("smtp_tls_security_level = may", "smtp_dns_support_level =",
      MAPS + "inline:{%s=dane-only}" % HOP), "fail", "DANE does nothing"),
    (("sender_dependent_relayhost_maps = inline:{a@b.example=c.example}",),
     "ok", "senders may have next hops of their own"),
)


def explain(finding):
    return [json.dumps(finding)]


def check_finding(out, name, finding, state, words):
    out.test(finding["state"] == state and words in finding["seen"], name,
             explain(finding))


def check_status(out, name, status, result, found):
    """The exit status follows from the states."""
    states = {f["state"] for f in found.values()}
    worst = "fail" if "fail" in states else "warn" if "warn" in states else ""
    good = status == STATUS[result] and (
        result == worst if worst else result in ("ok", "unknown"))
    out.test(good, name, ["exit status %d, result %s, states %s" % (
        status, result, states)])


def check_good(out):
    """The clock is not the lab's: it may be kept or not."""
    status, result, found = findings(GOOD, *LOG)
    bad = [f for name, f in found.items()
           if f["state"] != "ok" and name not in (
               "clock", "sendmail", "sendmail-tls")]
    out.test(not bad, "all is well with a host that is fit",
             [json.dumps(f) for f in bad])
    check_status(out, "and the exit status says so", status, result, found)
    status, text = ask(GOOD, *LOG, options=())
    lines = re.sub(r"\n {6}(?! )", " ", text).splitlines()
    lines = [line for line in lines if line[:1] != " "]
    out.test(len(lines) == len(found) and all(
        line.split()[0].lower() == f["state"] and line.endswith(
            "%s - %s" % (f["what"], f["seen"]))
        for line, f in zip(lines, found.values())),
        "a line a finding says the same", text.splitlines())
    out.test(max(map(len, text.splitlines())) <= 80,
             "and fits a screen", text.splitlines())


def mend(finding):
    """Do what it says, as far as that is Postfix's: whether anything was."""
    done = False
    for line in finding["mend"]:
        words = shlex.split(line, comments=True)
        if words[:1] == ["postconf"]:
            run(*words)
            done = True
    return done


def check_broken(out):
    for check, state, words, broken in BROKEN:
        with kept(MAIN_CF, MASTER_CF), broken():
            status, result, found = findings()
            finding = found[check]
            name = "%s %s: %s" % (check, state, words)
            check_finding(out, name, finding, state, words)
            check_status(out, "its exit status", status, result, found)
            out.test((state == "skip") == (not finding["mend"]),
                     "what is broken can be mended", explain(finding))
            if check != "chroot" and mend(finding):
                finding = findings()[2][check]
                out.test(finding["state"] in ("ok", "skip"),
                         "what it says to do mends it", explain(finding))


def check_words(out):
    """Where a command might take something away, there is none."""
    for check, broken in (
            ("tls-level", main_cf("smtp_tls_security_level = encrypt")),
            ("smtpd-milters", main_cf("smtpd_milters = { unix:/x")),
            ("timeouts", main_cf(
                "own_milter = { unix:%s, command_timeout=1s }" % mta.SOCKET,
                "smtpd_milters = $own_milter"))):
        with broken():
            finding = findings()[2][check]
        out.test(finding["mend"] and not [
            line for line in finding["mend"]
            if line.startswith("postconf")], "%s: it says what to do, and "
            "has no command for it" % check, explain(finding))


def check_zone(out):
    """What names the next hop's zone, to be put into the configuration."""
    with hops("relayhost = [deep.er.inside.example]", "transport_maps = "
              "inline:{ a.example=smtp:[relay.inside.example] }")():
        lines = findings()[2]["next-hops"]["mend"]
    zone = [line.split("    #")[0] for line in lines
            if line.startswith("InsecureDomains ")]
    out.test(zone == ["InsecureDomains inside.example"] and
             "no TLSA record there counts" in lines[1],
             "next-hops: the zone is named once, and what it means", lines)
    with unbound("ede"), hops("relayhost = [mx1.bogus.example]",
                              more="Resolver system")():
        finding = findings()[2]["next-hops"]
    out.test("the nameserver itself finds bogus.example" in
             finding["mend"][0],
             "but not where the nameserver would have to believe it",
             explain(finding))
    with hops("relayhost = [relay.inside.example]",
              insecure="".join(zone))():
        check_finding(out, "and with that line it is found",
                      findings()[2]["next-hops"], "ok", INSIDE)


def check_right(out):
    for check, words, change in RIGHT:
        with change():
            check_finding(out, "%s is right: %s" % (check, words),
                          findings()[2][check], "ok", words)


def check_reach(out):
    for domain, state, words in REACHED:
        check_finding(out, "port 25 of " + domain,
                      findings(domain)[2]["port-25"], state, words)
    with extra(*NO_RESOLVER)():
        finding = findings(GOOD)[2]["port-25"]
    check_finding(out, "port 25 without a resolver", finding, "skip",
                  "dns-timeout")
    _, text = ask(GOOD, "plain.example", options=())
    out.test(text.count("  port 25 - ") == 2, "several domains, a line each",
             text.splitlines())


def check_in_force(out):
    """What is asked of the tables, as smtp(8) asks them."""
    write(DIR + "/policy", GOOD + " dane-only\n")
    run("postmap", DIR + "/policy")
    for lines, state, words in IN_FORCE:
        with postconf("-e", "smtp_tls_policy_maps =", *lines):
            finding = findings(GOOD)[2]["tls-policy"]
            check_finding(out, "in force: " + "; ".join(lines), finding, state,
                          words)
            out.test((state in ("skip", "ok")) == (not finding["mend"]),
                     "what is not strong can be mended", explain(finding))
            if finding["mend"] and mend(finding):
                finding = findings(GOOD)[2]["tls-policy"]
                out.test(finding["state"] == "ok", "and what it says mends it",
                         explain(finding))
    check_finding(out, "in force: of no destination",
                  findings()[2]["tls-policy"], "skip", "is named")


def check_sendmail_host(out):
    """Of an MTA that is not there nothing is said, of the one that is there
    it is."""
    with without("postconf"):
        with sendmail():
            _, text = ask(options=())
            found = findings()[2]
        out.test("Postfix" not in text and "postconf" not in text,
                 "a Sendmail host: nothing of Postfix", text.splitlines())
        out.test(found["sendmail"]["state"] == "ok" and
                 found["sendmail-tls"]["state"] == "warn" and
                 "Sendmail" in found["probe-way"]["seen"] and
                 not {"smtpd-milters", "tls-level", "tls-policy"} & set(found),
                 "but of Sendmail", [json.dumps(found)])
        found = findings()[2]
        out.test(found["tls-level"]["state"] == "skip",
                 "without any MTA both are told to be missing",
                 [json.dumps(found)])


def check_failing_store(out):
    """The file could be made now; posternd, who finds a folder in its place,
    could not."""
    state, good = DIR + "/failing", DIR + "/good"
    os.makedirs(state + "/state.db")
    os.mkdir(good)
    for path in (state, good):
        shutil.chown(path, "postern", "postern")
    lines = "ControlSocket /run/postern/failing.sock\nStateDirectory %s\n"
    daemon = mta.Posternd("doctor-store", lines % state +
                          "Socket unix:/run/postern/other.sock\n")
    with conf(lines % good, ("StateDirectory", "ControlSocket")):
        finding = findings()[2]["store"]
    daemon.stop()
    check_finding(out, "store: that posternd could not open it", finding,
                  "warn", "could not use %s/state.db" % good)
    out.test("event=store" in finding["mend"][0], "and where the reason is",
             explain(finding))


def check_odd(out):
    program = DIR + "/postern"
    shutil.copy(mta.program("postern"), program)
    run("touch", "-d", "+10 days", program)
    check_finding(out, "a clock that is days behind",
                  findings(program=program)[2]["clock"], "fail", "behind")
    status, result, found = findings(conf=DIR + "/readable", user=65534)
    blind = [name for name in ("store", "socket", "socket-user")
             if found[name]["state"] != "skip"]
    out.test(not blind, "who is not root is told that he cannot see",
             explain(found))
    check_status(out, "and the exit status is none of health", status, result,
                 found)
    status, text = ask(conf=DIR + "/\033[31m\u00e4\n", options=())
    out.test(status == 2 and "\033" not in text and "\u00e4" not in text,
             "odd file names do not reach the terminal", [repr(text)])
    with open("/dev/full", "w") as full:
        done = subprocess.run([mta.program("postern"), "doctor", "-c", CONF],
                              stdout=full, stderr=subprocess.PIPE,
                              timeout=ASK_S)
    out.test(done.returncode == 74, "a full disk is no answer",
             [str(done.returncode)])


# -- what passed while posternd was down -------------------------------------

def queued(start, count):
    """So many messages are in the queue since then."""
    mta.await_true(lambda: sum(", nrcpt=" in line for line in
                               mta.syslog(start)) >= count, mta.DELIVERY_S,
                   "%d messages in the queue" % count)


def reload():
    """Postfix's settings are in force for the next client."""
    before = processes(*CLIENTS_OF_MILTERS)
    run("postfix", "reload")
    mta.await_true(lambda: not before.keys() & processes(*CLIENTS_OF_MILTERS),
                   mta.START_S, "the end of Postfix's processes")


def pass_unseen(name):
    """A message by SMTP and one by sendmail(1)."""
    start = mta.syslog_size()
    mta.send(["user@two-good.example"], name)
    subprocess.run(
        ["sendmail", "-f", mta.SENDER, "user@two-good.example"],
        input="Subject: %s\n\nBy hand.\n" % name, text=True, timeout=ASK_S,
        check=True)
    queued(start, 2)


def refused_for_now():
    """The code with which the MTA refuses the sender."""
    with smtplib.SMTP("127.0.0.1", timeout=ASK_S) as smtp:
        smtp.ehlo()
        return smtp.mail(mta.SENDER)[0]


def gaps(*words):
    return findings(*(words or LOG))[2]["gaps"]


def check_gaps(out):
    """posternd does not run, and then it does."""
    with postconf("-e", "milter_default_action = accept"):
        reload()
        pass_unseen("gap")
        finding = gaps()
        check_finding(out, "gaps: what passes is counted", finding, "warn",
                      "2 messages passed unseen, ")
        out.test("2 of them while posternd was stopped" in finding["seen"] and
                 "the MTA says: connect to Milter service unix:" in
                 finding["seen"] and finding["mend"],
                 "gaps: with the cause", explain(finding))
    with postconf("-e", "milter_default_action = tempfail"):
        reload()
        code = refused_for_now()
        out.test(code == 451 and gaps()["seen"] == finding["seen"],
                 "gaps: what is refused does not count", [str(code)])
    reload()
    daemon = mta.Posternd("doctor-again")
    start = mta.syslog_size()
    mta.send(["user@two-good.example"], "after the gap")
    queued(start, 1)
    daemon.stop()
    out.test(gaps()["seen"] == finding["seen"],
             "gaps: nor what posternd sees again", explain(gaps()))
    day = time.strftime("%b %e", time.localtime(time.time() - 3 * 24 * 3600))
    old = re.sub(r"\b[A-Z][a-z]{2} [ \d]\d (?=\d\d:\d\d:)", day + " ",
                 mta.read(LOG[1]))
    write(DIR + "/old.log", old)
    check_finding(out, "gaps: of long ago it is told, and all is well",
                  gaps("--log", DIR + "/old.log"), "ok",
                  "2 messages passed unseen, ")
    check_finding(out, "gaps: without a log there is nothing to tell",
                  gaps("--log", DIR + "/none.log"), "skip", "/none.log")


def prepare():
    prepare_conf()
    write(DIR + "/readable", mta.read(mta.CONF))
    write(DIR + "/other.key", OTHER_ANCHOR)
    write(DIR + "/empty.key", "; no key\n")
    os.makedirs(QUEUE + "/etc", exist_ok=True)
    run("postconf", "-e", *FIT)


def inside():
    out = tap.Tap()
    daemon = None
    try:
        prepare()
        daemon = mta.Posternd("doctor-daemon")
        mta.send(["user@" + GOOD], "doctor")
        check_good(out)
        check_broken(out)
        check_words(out)
        check_zone(out)
        check_right(out)
        check_reach(out)
        check_in_force(out)
        check_sendmail_host(out)
        check_failing_store(out)
        check_odd(out)
        check_good(out)
        daemon.stop()
        daemon = None
        check_gaps(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        if daemon:
            daemon.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "setpriv"))
