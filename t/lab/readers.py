"""What programs behind the gate make of a message, by the samples of etc/."""
import os
import re
import shutil
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
