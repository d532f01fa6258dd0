"""The lab's Postfix, for tests that ask the same of several MTAs."""
import os
import re
import subprocess

import mta

SPOOL = "/var/spool/postfix"


class Postfix:
    name = "postfix"
    port = 25

    def __init__(self, local, gone):
        """local: a domain whose mail stays here.  gone: one whose recipients
        are all refused."""
        with open("/etc/postfix/transport", "a") as out:
            out.write("%s discard:\n" % local)
        self.change("virtual_alias_domains=" + gone)

    @staticmethod
    def change(*settings):
        """Settings of main.cf; they are in force for the next client."""
        mta.run("postconf", "-e", *settings)
        mta.run("postfix", "reload")

    @staticmethod
    def queue_id(sent):
        return sent.queue_id()

    @staticmethod
    def is_held(queue_id):
        return os.path.exists("%s/hold/%s" % (SPOOL, queue_id))

    @staticmethod
    def outcomes(queue_id, start):
        """{recipient: (sent|deferred|bounced, where to)} so far."""
        pattern = re.compile(
            r"postfix/(\w+)\[\d+\]: %s: to=<([^>]*)>, .*?relay=([^,\[]+).*"
            r"status=(\w+)" % queue_id)
        found = {}
        for line in mta.syslog(start):
            match = pattern.search(line)
            if match:
                found[match[2]] = match[4], match[3]
        return found

    @staticmethod
    def waiting(queue_id):
        """The text of a message in the queue."""
        return mta.run("postcat", "-bhq", queue_id)

    def stop(self):
        """It ends with the lab."""
