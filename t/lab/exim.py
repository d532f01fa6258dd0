"""Exim, which sends to the lab's hosts as etc/exim.conf has it: from Debian's
packages."""
import os
import re
import shutil
import subprocess

import fetched
import mta
import unpacked

PACKAGES = ("exim4-daemon-light", "exim4-base")
PROGRAM = "usr/sbin/exim4"
HERE = mta.HERE + "/exim"
SNIPPET = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../etc/exim.conf")
USER = "Debian-exim"
SEND_S = 240

# Time-outs as in the lab's Postfix.
LAB_CONF = """exim_path = {program}
primary_hostname = gate.sender.example
exim_user = {user}
exim_group = {user}
spool_directory = {here}/spool
log_file_path = {here}/log/%slog
log_selector = +tls_certificate_verified +tls_cipher +smtp_connection
tls_advertise_hosts =
dns_dnssec_ok = 1
keep_environment =
message_size_limit = 1M
trusted_users = root
never_users =
local_interfaces = 127.0.0.1
daemon_smtp_ports = 2526
acl_smtp_rcpt = accept

begin acl

begin routers
elsewhere:
  driver = dnslookup
  ignore_target_hosts =
  transport = remote_smtp
  self = send
  no_more

begin transports
.include {snippet}
  tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt
  connect_timeout = 5s
  command_timeout = 5s

begin retry
* * F,1d,1h
"""


def fetch(folder):
    """Unpack Exim into a folder; why that cannot be, or None."""
    why = fetched.unpack(folder, PACKAGES)
    if why:
        return "Exim cannot be fetched: " + why
    libraries = fetched.lacking(os.path.join(folder, PROGRAM))
    return "libraries of Exim are missing: " + libraries \
        if libraries else None


def add_user():
    """Exim asks for it whatever it is to do."""
    if USER + ":" in mta.read("/etc/passwd"):
        return
    uid = next(n for n in range(890, 100, -1) if n not in
               unpacked.ids("/etc/passwd") | unpacked.ids("/etc/group"))
    unpacked.append("/etc/passwd", "%s:x:%d:%d::%s:/bin/false\n" % (
        USER, uid, uid, HERE))
    unpacked.append("/etc/group", "%s:x:%d:\n" % (USER, uid))


class Exim:
    """A message goes out as it is handed over; no daemon of it runs."""

    def __init__(self, root, snippet=SNIPPET):
        self.program = os.path.join(root, PROGRAM)
        self.count = 0
        os.makedirs(HERE + "/spool", exist_ok=True)
        os.makedirs(HERE + "/log", exist_ok=True)
        self.user()
        self.configure(snippet)

    def configure(self, snippet):
        mta.write(HERE + "/exim.conf", LAB_CONF.format(
            program=self.program, user=USER, here=HERE,
            snippet=os.path.realpath(snippet)))

    @staticmethod
    def user():
        """As its installation would make it, and of the group postern."""
        add_user()
        mta.write("/etc/group", re.sub(
            r"^(postern:.*)", r"\1,%s" % USER, mta.read("/etc/group"),
            flags=re.M))
        for folder in ("", "/spool", "/log"):
            shutil.chown(HERE + folder, USER, USER)

    @staticmethod
    def forget():
        """When to try hosts again."""
        shutil.rmtree(HERE + "/spool/db", ignore_errors=True)

    def send(self, domain):
        """(sent|deferred|bounced|none, the line of its log)"""
        self.count += 1
        recipient = "user%d@%s" % (self.count, domain)
        done = subprocess.run(
            [self.program, "-C", HERE + "/exim.conf", "-odf", "-f",
             mta.SENDER, recipient], input="Subject: outbound\n\nA test.\n",
            text=True, capture_output=True, timeout=SEND_S)
        if done.returncode != 0:
            raise mta.Failure("Exim: " + done.stderr)
        return self.outcome(recipient)

    @staticmethod
    def outcome(recipient):
        words = {"=>": "sent", "==": "deferred", "**": "bounced"}
        match = re.search(r"^.* (=>|==|\*\*) %s[ :].*$" % re.escape(recipient),
                          mta.read(HERE + "/log/mainlog"), re.M)
        return (words[match[1]], match[0]) if match else ("none", "no line")
