"""The lab's Postfix, for tests that ask the same of several MTAs."""
import os
import re

import mta
from rows import GONE, LOCAL

SPOOL = "/var/spool/postfix"


class Postfix:
    name = "postfix"
    port = 25

    def __init__(self):
        self.change("mydestination=" + LOCAL, "local_transport=discard:",
                    "local_recipient_maps=", "virtual_alias_domains=" + GONE)

    @staticmethod
    def change(*settings):
        """Settings of main.cf; they are in force for the next client."""
        start = mta.syslog_size()
        mta.run("postconf", "-e", *settings)
        mta.run("postfix", "reload")
        mta.await_true(lambda: any(
            "postfix/master" in line and ": reload --" in line
            for line in mta.syslog(start)), mta.START_S, "Postfix's reload")

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
