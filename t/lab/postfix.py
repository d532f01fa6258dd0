"""The lab's Postfix, for tests that ask the same of several MTAs."""
import glob
import os
import re

import mta
from rows import GONE, LOCAL

SPOOL = "/var/spool/postfix"
SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../etc/postfix-main.cf")
CLIENTS_OF_MILTERS = ("smtpd", "cleanup")


def map_settings():
    """{name: value} in etc/postfix-main.cf with which Postfix asks
    posternd, the first of each."""
    found = {}
    for name, value in re.findall(r"^#(smtp_(?:dns|tls)_\w+) = (.*)",
                                  mta.read(SAMPLE), re.M):
        found.setdefault(name, value)
    return found


def processes(*names):
    """{ID as text: root folder} of those with a name."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if mta.read(path + "/comm").rstrip("\n") in names:
                found[path.split("/")[2]] = os.readlink(path + "/root")
        except OSError:
            pass    # it has ended
    return found


class Postfix:
    name = "postfix"
    port = 25

    def __init__(self):
        """As etc/postfix-main.cf has it, but that milter_default_action says
        what becomes of mail while a filter is down."""
        sample = self.without_action(self.full_sample())
        self.change(*sample, "milter_default_action=tempfail",
                    "mydestination=" + LOCAL, "local_transport=discard:",
                    "local_recipient_maps=", "virtual_alias_domains=" + GONE)

    @staticmethod
    def without_action(lines):
        return [line.replace(" default_action=accept,", "") for line in lines]

    @staticmethod
    def full_sample():
        """The settings in etc/postfix-main.cf as they are."""
        return re.findall(r"^\w.*", mta.read(SAMPLE), re.M)

    @classmethod
    def sample(cls, begin):
        """The milters in etc/postfix-main.cf that begin with a word."""
        return cls.without_action(re.findall(
            r"^#?(\w*smtpd_milters = \{ %s.*)" % begin, mta.read(SAMPLE),
            re.M))

    @staticmethod
    def change(*settings):
        """Settings of main.cf; they are in force for the next client."""
        before = processes(*CLIENTS_OF_MILTERS)
        mta.run("postconf", "-e", *settings)
        mta.run("postfix", "reload")
        mta.await_true(lambda: not before.keys() & processes(
            *CLIENTS_OF_MILTERS), mta.START_S, "the end of Postfix's processes")

    @staticmethod
    def queue_id(sent):
        return sent.queue_id()

    @staticmethod
    def is_held(queue_id):
        return os.path.exists("%s/hold/%s" % (SPOOL, queue_id))

    @staticmethod
    def outcomes(queue_id, start):
        """{recipient as the client named it: sent|deferred|bounced} so far.
        """
        pattern = re.compile(
            r"postfix/\w+\[\d+\]: %s: to=<([^>]*)>, (?:orig_to=<([^>]*)>, )?"
            r".*status=(\w+)" % queue_id)
        found = [pattern.search(line) for line in mta.syslog(start)
                 if queue_id in line]
        return {match[2] or match[1]: match[3] for match in found if match}

    @staticmethod
    def waiting(queue_id):
        """The text of a message in the queue."""
        return mta.run("postcat", "-bhq", queue_id)

    @staticmethod
    def hold_reason(_):
        """Postfix does not keep it."""
        return ""

    def stop(self):
        """It ends with the lab."""
