"""Sendmail beside the lab's Postfix, from Debian's packages.

To install them would remove Postfix: they are fetched before the lab is
entered, and unpacked into a folder.
"""
import os
import re
import stat
import subprocess

import mta
from inside import speaks
from rows import GONE, LOCAL

PACKAGES = ("sendmail-bin", "sendmail-cf")
PROGRAM = "usr/libexec/sendmail/sendmail"
CF = "usr/share/sendmail/cf/"
FETCH_S = 60
HERE = mta.HERE + "/sendmail"
SNIPPET = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../etc/sendmail.mc")

# The load of the machine is none of the rows' business, and hosts that hang
# cost seconds.
LAB_MC = """divert(-1)
define(`_USE_ETC_MAIL_')
divert(0)dnl
OSTYPE(`linux')
define(`confDOMAIN_NAME', `gate.sender.example')
define(`QUEUE_DIR', `{here}/queue')
define(`ALIAS_FILE', `{here}/aliases')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`confPID_FILE', `{here}/pid')
define(`confCW_FILE', `{here}/local-host-names')
define(`confTO_IDENT', `0')
define(`confTO_ICONNECT', `5s')
define(`confTO_CONNECT', `5s')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `1000')
define(`CYRUS_MAILER_USER', `nobody')
define(`CYRUS_BB_MAILER_USER', `nobody')
FEATURE(`no_default_msa')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`use_cw_file')
FEATURE(`mailertable', `text -k 0 -v 1 {here}/mailertable')
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Listen=128, Name=MTA')
include(`{snippet}')
MAILER(`local')
MAILER(`smtp')
""" + "".join("MAILER(`%s')\n" % name for name in (
    "cyrus", "cyrusv2", "fax", "mail11", "phquery", "pop", "procmail",
    "qpage", "usenet", "uucp"))

# By these mail goes to other hosts; and nobody is routed to the others.
BY_SMTP = ("smtp", "esmtp", "smtp8", "dsmtp", "relay")
ROUTED = ("local", "prog")


def fetch(folder):
    """Unpack Sendmail into a folder; why that cannot be, or None."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", "-o", "APT::Sandbox::User=root",
             "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1",
             "download", *PACKAGES], cwd=folder, text=True, timeout=FETCH_S,
            capture_output=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "Sendmail cannot be fetched: %s" % error
    if done.returncode != 0:
        return "Sendmail cannot be fetched: " + \
            (done.stderr.strip().splitlines() or ["apt-get failed"])[0]
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            mta.run("dpkg", "-x", os.path.join(folder, name), folder)
    return tame(os.path.join(folder, PROGRAM))


def tame(program):
    """Take the set-group-ID bit away: it is of use to no one here."""
    os.chmod(program, stat.S_IMODE(os.stat(program).st_mode) & 0o755)
    lacking = re.findall(r"(\S+) => not found", mta.run("ldd", program))
    return "libraries of Sendmail are missing: " + " ".join(lacking) \
        if lacking else None


class Sendmail:
    name = "sendmail"
    port = 2525

    def __init__(self, root):
        """root: where fetch unpacked it."""
        self.program = os.path.join(root, PROGRAM)
        os.makedirs(HERE + "/queue", 0o700)
        self.write("aliases", "user: /dev/null\n")
        self.write("local-host-names", LOCAL + "\n" + GONE + "\n")
        self.write("lab.mc", LAB_MC.format(
            here=HERE, port=self.port, snippet=os.path.realpath(SNIPPET)))
        cf = os.path.join(root, CF)
        self.write("sendmail.cf", mta.run(
            "m4", "-D_CF_DIR_=" + cf, cf + "m4/cf.m4", HERE + "/lab.mc"))
        self.write("mailertable", mailertable(mta.read(
            "/etc/postfix/transport")) + "".join(
                "%s %s:box\n" % (domain_of_mailer(name), name)
                for name in self.mailers()))
        mta.run(*self.command("-bi"))
        with open(HERE + "/out", "w") as out:
            self.process = subprocess.Popen(
                self.command("-bD"), stdin=subprocess.DEVNULL, stdout=out,
                stderr=out)
        mta.await_true(lambda: speaks("127.0.0.1", self.port), mta.START_S,
                       "Sendmail")

    @staticmethod
    def mailers():
        """Those of sendmail.cf that do without SMTP."""
        found = re.findall(r"^M([\w*-]+),", mta.read(HERE + "/sendmail.cf"),
                           re.M)
        return [name for name in found if name not in BY_SMTP + ROUTED]

    def command(self, *words):
        return [self.program, "-C", HERE + "/sendmail.cf", *words]

    @staticmethod
    def write(name, text):
        with open(os.path.join(HERE, name), "w") as out:
            out.write(text)

    @staticmethod
    def queue_id(sent):
        match = re.match(r"250 2\.0\.0 (\w+) Message accepted", sent.final)
        return match[1] if match else None

    @staticmethod
    def is_held(queue_id):
        return os.path.exists("%s/queue/hf%s" % (HERE, queue_id))

    @staticmethod
    def outcomes(queue_id, start):
        """As with Postfix."""
        pattern = re.compile(r"sendmail\[\d+\]: %s: to=(\S+), (?:ctladdr="
                             r"<(\S+)> .*)?delay=.*stat=(\w+)" % queue_id)
        words = {"Sent": "sent", "Deferred": "deferred"}
        found = [pattern.search(line) for line in mta.syslog(start)
                 if queue_id in line]
        return {recipient: words.get(match[3], "bounced")
                for match in found if match for recipient in
                re.findall(r"[^<>,]+", match[2] or match[1])}

    @staticmethod
    def hold_reason(queue_id):
        text = mta.read("%s/queue/hf%s" % (HERE, queue_id))
        return re.findall(r"^q(.*)", text, re.M)[0]

    @staticmethod
    def waiting(queue_id):
        """The header of a message in the queue."""
        for letter in "qh":
            text = mta.read("%s/queue/%sf%s" % (HERE, letter, queue_id))
            fields = re.findall(r"^H\?[^?]*\?(.*(?:\n[ \t].*)*)", text, re.M)
            if fields:
                return "\n".join(fields) + "\n\n"
        raise mta.Failure("no queue file of " + queue_id)

    def stop(self):
        self.process.terminate()
        self.process.wait(mta.STOP_S)


def domain_of_mailer(name):
    """Mail for it goes by that mailer."""
    return name.strip("*") + ".mailers.example"


def mailertable(transport):
    """Postfix's transport table in Sendmail's words, which know no ports."""
    return "".join("%s e%s\n" % (domain, hops.replace(", ", ":"))
                   for domain, hops in re.findall(
                       r"^(\S+) (smtp:[^:\n]+)$", transport, re.M))
