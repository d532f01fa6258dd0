"""What programs behind the gate make of a message, by the samples of etc/."""
import os
import re
import shutil
import smtplib
import socket
import subprocess
import time

import exim as exim_mta
import mta

DIR = "/run/lab/filters"
NOBODY = 65534
START_S = 60
EXIM_CONF = """primary_hostname = gate.sender.example
spool_directory = %(dir)s/spool
log_file_path = %(dir)s/spool/%%slog
begin acl
begin routers
begin transports
"""
RSPAMD_CONF = """options {
  pidfile = "%(dir)s/rspamd.pid"; tempdir = "%(dir)s"; filters = [];
  url_tld = "%(dir)s/tld"; disable_hyperscan = true;
  control_socket = "%(dir)s/rspamd.sock mode=0600";
  dns { nameserver = ["127.0.0.1"]; }
}
logging { type = "file"; filename = "%(dir)s/rspamd.log"; level = "warning"; }
worker "normal" { bind_socket = "127.0.0.1:%(port)d"; count = 1; }
lua = "%(dir)s/filter-rspamd.lua";
"""
RSPAMD_PORT = 11333
# No scanner of its own: what is in the score comes from the sample.
AMAVIS_CONF = """use strict;
$MYHOME = $TEMPBASE = $QUARANTINEDIR = '%(dir)s/amavis';
$pid_file = '%(dir)s/amavis/pid'; $lock_file = '%(dir)s/amavis/lock';
$daemon_user = 'nobody'; $daemon_group = 'nogroup'; $max_servers = 1;
$enable_db = 0; $enable_zmq = 0; $do_syslog = 0; $log_level = 1;
$logfile = '%(dir)s/amavis/log'; $myhostname = 'filter.sender.example';
$inet_socket_port = %(port)d; $inet_socket_bind = '127.0.0.1';
$unix_socketname = undef; $protocol = 'SMTP'; $enable_dkim_verification = 0;
$forward_method = $notify_method = 'smtp:[127.0.0.1]:%(sink)d';
@bypass_virus_checks_maps = @bypass_banned_checks_maps = (1);
@bypass_header_checks_maps = @local_domains_maps = (1);
@spam_scanners = @decoders = (); $sa_tag_level_deflt = undef;
$sa_tag2_level_deflt = $sa_kill_level_deflt = 100;
1;
"""
AMAVIS_PORT, SINK_PORT = 10024, 10025


def run(*command, text=None, statuses=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                          input=text, env={**os.environ, "HOME": DIR})
    if done.returncode not in statuses or done.returncode and done.stderr:
        raise mta.Failure("%s: exit status %d: %s" % (
            command[0], done.returncode, done.stderr or done.stdout))
    return done.stdout


def exim(message):
    """What the system filter does, or None."""
    if not os.path.exists(DIR + "/exim.conf"):
        exim_mta.add_user()
        mta.write(DIR + "/exim.conf", EXIM_CONF % {"dir": DIR})
        os.makedirs(DIR + "/spool", 0o777)
        os.chmod(DIR + "/spool", 0o777)
    said = run("exim4", "-C", DIR + "/exim.conf", "-bF", DIR + "/filter.exim",
               "-f", mta.SENDER, text=message)
    match = re.search(r'^(Freeze|Logwrite) (?:text )?"(.*)"$', said, re.M)
    if not match and "Normal delivery will occur" not in said:
        raise mta.Failure("exim4: " + said)
    return match and (match[2] if match[1] == "Freeze" else "logged")


def procmail(message):
    """The mailbox."""
    folder = DIR + "/procmail"
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    run("procmail", "-m", "MAILDIR=" + folder, "DEFAULT=INBOX",
        DIR + "/filter.procmailrc", text=message)
    return " ".join(os.listdir(folder))


class Rspamd:
    def __init__(self):
        mta.write(DIR + "/tld", "example\n")
        mta.write(DIR + "/rspamd.conf", RSPAMD_CONF % {
            "dir": DIR, "port": RSPAMD_PORT})
        # it asks for leave to be root, as all is in the lab
        self.process = subprocess.Popen(
            ["rspamd", "-f", "-i", "-c", DIR + "/rspamd.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def symbols(self, message):
        """{symbol: what stands with it}"""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            done = subprocess.run(
                ["rspamc", "-h", "127.0.0.1:%d" % RSPAMD_PORT, "symbols"],
                input=message, text=True, capture_output=True, timeout=60)
            if "[Metric: default]" in done.stdout:
                return {name: words for name, words in re.findall(
                    r"^Symbol: (\w+) \([-0-9.]+\)(?:\[(.*)\])?$",
                    done.stdout, re.M)}
            time.sleep(0.2)
        raise mta.Failure("rspamc: %s\n%s" % (
            done.stdout + done.stderr, mta.read(DIR + "/rspamd.log")))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def connects(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Amavis:
    """amavisd, which takes mail by SMTP, and where it sends it to."""

    def __init__(self):
        self.folder = DIR + "/amavis"
        self.sunk = self.folder + "/sunk"
        os.makedirs(self.sunk)
        for folder in (self.folder, self.sunk):
            os.chown(folder, NOBODY, NOBODY)
        # it takes none from a folder that its own user can write to
        rules = DIR + "/rules/"
        mta.write(rules + "amavisd.conf", AMAVIS_CONF % {
            "dir": DIR, "port": AMAVIS_PORT, "sink": SINK_PORT})
        self.said = open(DIR + "/amavisd.err", "w")
        self.processes = [subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self.said,
            stderr=self.said) for words in (
                ["smtp-sink", "-u", "nobody", "-R", self.sunk, "-d", "%s.",
                 "127.0.0.1:%d" % SINK_PORT, "10"],
                ["amavisd", "-c", rules + "amavisd.conf",
                 "-c", rules + "filter-amavis.conf", "foreground"])]
        try:
            for port in (SINK_PORT, AMAVIS_PORT):
                mta.await_true(lambda p=port: connects(p), START_S,
                               "port %d" % port)
        except mta.Failure as error:
            self.stop()
            raise mta.Failure("%s: %s" % (error, mta.read(
                DIR + "/amavisd.err"))) from None

    def read(self, message):
        """[({test: score}, [recipients])] of the messages it makes of one to
        all who are named in it."""
        with smtplib.SMTP("127.0.0.1", AMAVIS_PORT, timeout=60) as client:
            client.sendmail(mta.SENDER, re.findall(
                r"[\w.-]+@[\w.-]+", mta.headers(message, "To")[0]),
                message.encode())
        found = []
        for name in sorted(os.listdir(self.sunk)):
            text = mta.read(os.path.join(self.sunk, name))
            os.unlink(os.path.join(self.sunk, name))
            status = mta.headers(text, "X-Spam-Status")[0]
            tests = re.sub(r"\s", "", status).partition("tests=[")[2]
            found.append((dict(re.findall(r"([A-Z_]+)=([\d.]+)", tests)),
                          re.findall("^X-Rcpt-Args: <(.*)>", text, re.M)))
        return found

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()
        self.said.close()
