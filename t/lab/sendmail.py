"""Sendmail beside the lab's Postfix, from Debian's packages."""
import itertools
import os
import re
import stat
import subprocess

import fetched
import mta
from inside import speaks
from rows import GONE, LOCAL

PACKAGES = ("sendmail-bin", "sendmail-cf")
PROGRAM = "usr/libexec/sendmail/sendmail"
CF = "usr/share/sendmail/cf/"
HERE = mta.HERE + "/sendmail"
ETC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../etc/")
SNIPPET = ETC + "sendmail.mc"
STS_SNIPPET = ETC + "sendmail-sts.mc"

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
{more}
MAILER(`local')
MAILER(`smtp')
""" + "".join("MAILER(`%s')\n" % name for name in (
    "cyrus", "cyrusv2", "fax", "mail11", "phquery", "pop", "procmail",
    "qpage", "usenet", "uucp"))

# By these mail goes to other hosts; and nobody is routed to the others.
BY_SMTP = ("smtp", "esmtp", "smtp8", "dsmtp", "relay")
ROUTED = ("local", "prog")
WORDS = {"Sent": "sent", "Deferred": "deferred", "queued": "deferred"}
SEND_S = 240


def fetch(folder):
    """Unpack Sendmail into a folder; why that cannot be, or None."""
    why = fetched.unpack(folder, PACKAGES)
    if why:
        return "Sendmail cannot be fetched: " + why
    program = os.path.join(folder, PROGRAM)
    # it would be of use to no one here
    os.chmod(program, stat.S_IMODE(os.stat(program).st_mode) & 0o755)
    libraries = fetched.lacking(program)
    return "libraries of Sendmail are missing: " + libraries \
        if libraries else None


def compiled_with(root):
    """What it says of itself."""
    return subprocess.run([os.path.join(root, PROGRAM), "-d0.1", "-bt"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SEND_S).stdout


class Sendmail:
    name = "sendmail"
    port = 2525

    def __init__(self, root, snippet=SNIPPET, more=""):
        """root: where fetch unpacked it; more: lines of the .mc."""
        self.program = os.path.join(root, PROGRAM)
        self.numbers = itertools.count()
        os.makedirs(HERE + "/queue", 0o700)
        self.write("aliases", "user: /dev/null\n")
        self.write("local-host-names", LOCAL + "\n" + GONE + "\n")
        self.write("lab.mc", LAB_MC.format(
            here=HERE, port=self.port, more=more,
            snippet=os.path.realpath(snippet)))
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

    def send(self, domain):
        """As it is handed over: (sent|deferred|bounced|none, its status)"""
        recipient = "user%d@%s" % (next(self.numbers), domain)
        start = mta.syslog_size()
        subprocess.run(self.command("-odi", "-f", mta.SENDER, recipient),
                       input="Subject: outbound\n\nA test.\n", text=True,
                       capture_output=True, timeout=SEND_S)
        for line in mta.syslog(start):
            match = re.search(r" to=<?%s>?, .* stat=((\w+).*)"
                              % re.escape(recipient), line)
            if match:
                return WORDS.get(match[2], "bounced"), match[1]
        return "none", "no line"

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
        found = [pattern.search(line) for line in mta.syslog(start)
                 if queue_id in line]
        return {recipient: WORDS.get(match[3], "bounced")
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
