"""A Postfix that tells of TLS sessions: the host's where it is new enough, else
that of a root that t/release made, which is only read.

It has a queue and a configuration of its own, takes mail by sendmail(1), and by
SMTP where it is given a port, and shares the rest with the lab: network,
resolver, syslog, /etc, /run.
"""
import os
import re
import shutil
import subprocess
import sys

import mta
import tap

SINCE = (3, 10)
OTHER = os.path.join(os.environ.get("POSTERN_ROOTS", "/var/cache/postern"),
                     "debian13")
ROOT = "/mnt"
HERE = mta.HERE + "/newer"
CONF = HERE + "/conf"
SHARED = ("etc", "run", "dev", "proc", "tmp")
SMTP = "/usr/lib/postfix/sbin/smtp"
LISTENS = re.compile(r"^smtp +inet .*\n", re.M)


def host_is_newer():
    done = subprocess.run(["postconf", "-dh", "mail_version"], text=True,
                          capture_output=True)
    return tuple(int(n) for n in re.findall(r"\d+", done.stdout)[:2]) >= SINCE


def why_not():
    """Why there is none, or None."""
    if host_is_newer() or os.path.exists(OTHER + SMTP):
        return None
    return "no Postfix 3.10 here, nor in %s (t/release make debian13; t/release " \
        "run debian13 sh -c 'apt-get update; apt-get install postfix')" % OTHER


def main(script, inside, *tools):
    """As tap.main, of a test that needs one."""
    why = why_not()
    if why and "--inside" not in sys.argv[1:]:
        print("1..0 # SKIP " + why)
        return 0
    return tap.main(script, inside, *tools)


class Newer:
    def __init__(self, *settings, services=""):
        """settings of main.cf and services of master.cf, beside those of the
        lab's."""
        self.enter = []
        files = "/etc/postfix"
        if not host_is_newer():
            files = OTHER + files
            self._mount()
            self.enter = ["chroot", ROOT]
        for folder in ("/conf", "/spool", "/data"):
            os.makedirs(HERE + folder, exist_ok=True)
        mta.run("chown", "postfix", HERE + "/data")
        for name in ("postfix-files", "dynamicmaps.cf"):
            shutil.copy(files + "/" + name, CONF)
        self._configure(
            services, "queue_directory=%s/spool" % HERE,
            "data_directory=%s/data" % HERE, "meta_directory=" + CONF, "shlib_directory=/usr/lib/postfix",
            "smtpd_milters=", "syslog_name=newer", *settings)
        self.run("postfix", "-c", CONF, "start")

    @staticmethod
    def _configure(services, *settings):
        master = mta.read("/etc/postfix/master.cf")
        mta.write(CONF + "/master.cf", LISTENS.sub("", master) + services)
        new = dict(setting.split("=", 1) for setting in settings)
        mta.write(CONF + "/main.cf", "".join(
            line for line in mta.read("/etc/postfix/main.cf").splitlines(True)
            if line.split("=")[0].strip() not in new) +
            "".join("%s = %s\n" % pair for pair in new.items()))

    @staticmethod
    def _mount():
        mta.run("mount", "--bind", OTHER, ROOT)
        for folder in SHARED:
            mta.run("mount", "--rbind", "/" + folder, ROOT + "/" + folder)

    def run(self, *command):
        return mta.run(*self.enter, *command)

    def stop(self):
        self.run("postfix", "-c", CONF, "stop")

    def send(self, recipient):
        """(sent|deferred|bounced, the line of the log)"""
        start = mta.syslog_size()
        subprocess.run([*self.enter, "sendmail", "-C", CONF, "-f", mta.SENDER,
                        recipient], input="Subject: outbound\n\nA test.\n",
                       text=True, check=True, timeout=mta.RUN_S)
        said = re.compile(r"newer/[\w/]+\[\d+\]: \w+: to=<%s>, .*status=(\w+)"
                          % re.escape(recipient))

        def look():
            for line in mta.syslog(start):
                found = said.search(line)
                if found:
                    return found[1], line
            return None
        return mta.await_true(look, mta.DELIVERY_S, "mail to " + recipient)
