#!/usr/bin/env python3
"""beside - what "postern doctor" prints is run on a Postfix that has filters.

OpenDKIM and two more stand beside posternd.  Each row breaks one thing and runs
every line that is printed, by a shell.  Then Postfix must find nothing wrong,
the doctor neither, the other filters must stand in their lists as before, and a
message must pass through all of them.  TAP.
"""
import contextlib
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import postfix
import tap
from ask_doctor import (CONF, DIR, MAIN_CF, MASTER_CF, age, findings, kept,
                        prepare_conf, run, write)
from dialogue import Dialogue

QUEUE = "/var/spool/postfix"
OURS = "unix:" + mta.SOCKET
# Below the queue directory they are seen from a chroot too; the names are so
# long that the list is no line of a screen.
FOLDER = QUEUE + "/beside"
NAMES = ["a-filter-with-a-name-that-is-long-%d" % i for i in (1, 2)]
FIRST, SECOND = ("unix:beside/" + name for name in NAMES)
DKIM = "inet:127.0.0.1:8891"
LIST = "%s, { %s, command_timeout=45s }, %s" % (FIRST, SECOND, DKIM)
DENSE = LIST.replace(" ", "")
KEY = DIR + "/dkim.key"
GOOD = "dane-ee.example"
PORT, SUBMISSION = 25, 587
PACKAGES = ("opendkim", "libopendkim11", "librbl1", "libvbr2",
            "libmemcached11", "libhashkit2", "libopendbx1")
FETCH_S = 60
DKIM_CONF = """Domain sender.example
Selector s
KeyFile %s
Mode s
UserID root
Socket inet:8891@127.0.0.1
Background no
Syslog no
RequireSafeKeys no
InternalHosts 0.0.0.0/0
""" % KEY


# -- the other filters -------------------------------------------------------

def fetch(folder):
    """Unpack OpenDKIM into a folder, if it can be had."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            ["apt-get", "-q", "-o", "APT::Sandbox::User=root",
             "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1",
             "download", *PACKAGES], cwd=folder, timeout=FETCH_S,
            capture_output=True, stdin=subprocess.DEVNULL)
    for path in glob.glob(folder + "/*.deb"):
        mta.run("dpkg-deb", "-x", path, folder)


def start(*command, **environment):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            env={**os.environ, **environment})


def null_filter(at, field):
    return start(os.path.join(os.environ["POSTERN_BUILDDIR"],
                              "t/bench/null_filter"), at, field)


def start_dkim(root):
    """OpenDKIM, or a null filter where it cannot run; the field it adds."""
    libraries = ":".join([*glob.glob(root + "/usr/lib/*-linux-gnu"),
                          root + "/usr/lib"])
    program = root + "/usr/sbin/opendkim"
    run("openssl", "genrsa", "-out", KEY, "2048")
    write(DIR + "/dkim.conf", DKIM_CONF)
    looked = subprocess.run(
        ["ldd", program], capture_output=True, text=True,
        env={**os.environ, "LD_LIBRARY_PATH": libraries})
    if looked.returncode == 0 and "not found" not in looked.stdout:
        return start(program, "-f", "-x", DIR + "/dkim.conf",
                     LD_LIBRARY_PATH=libraries), "DKIM-Signature"
    print("# OpenDKIM cannot be had: a null filter takes its place")
    return null_filter("inet:8891@127.0.0.1", "X-Dkim"), "X-Dkim"


def is_open(address, family=socket.AF_UNIX):
    with socket.socket(family) as client:
        return client.connect_ex(address) == 0


def start_filters(root):
    """Processes, and the fields that tell of them."""
    os.mkdir(FOLDER)
    dkim, field = start_dkim(root)
    processes = [dkim]
    for name in NAMES:
        path = FOLDER + "/" + name
        processes.append(null_filter("unix:" + path, "X-" + name))
        mta.await_true(lambda p=path: is_open(p), mta.START_S, path)
        os.chmod(path, 0o777)
    mta.await_true(lambda: is_open(("127.0.0.1", 8891), socket.AF_INET),
                   mta.START_S, field)
    return processes, ["X-" + name for name in NAMES] + [field]


# -- states of Postfix -------------------------------------------------------

def main_cf(text):
    """Lines, in the place of what stands there of the same parameters."""
    names = tuple(re.findall(r"^(\w+) *=", text, re.M))
    kept_lines = [line for line in mta.read(MAIN_CF).splitlines(True)
                  if not re.match(r"(%s) *=" % "|".join(names), line)]
    write(MAIN_CF, "".join(kept_lines) + text)


def master_cf(*services):
    """More services, or others in their place."""
    lines = mta.read(MASTER_CF).splitlines(True)
    for service in services:
        words = service.split()[:2]
        lines = [line for line in lines if line.split()[:2] != words]
        lines.append(service)
    write(MASTER_CF, "".join(lines))


SMTP = "smtp inet n - %s - - smtpd\n"
SUBMIT = "127.0.0.1:587 inet n - n - - smtpd\n"


def several_lines():
    main_cf("smtpd_milters =\n  %s,\n# the second one\n"
            "  { %s,\n    command_timeout=45s }\n  %s\n" % (
                FIRST, SECOND, DKIM))


def names():
    main_cf("first = %s\nsmtpd_milters = $first, "
            "${nothing?{unix:/none}:{{ %s, command_timeout=45s }}} "
            "$(first?%s)\n" % (FIRST, SECOND, DKIM))



def service_list():
    master_cf(SMTP % "n" + "  -o smtpd_milters=%s\n" % DENSE)


def service_braces():
    main_cf("more = %s\nsmtpd_milters =\n" % DKIM)
    master_cf(SMTP % "n" + "  -o { smtpd_milters = %s, { %s, command_timeout="
              "45s }, ${more} }\n" % (FIRST, SECOND))


def submission_only():
    """Port 25 leaves filters out on purpose."""
    main_cf("smtpd_milters =\n")
    master_cf(SMTP % "n" + "  -o smtpd_milters=\n",
              SUBMIT + "  -o smtpd_milters=%s\n" % DENSE)


def service_words():
    """Nothing of it can be said to "postconf -P"."""
    master_cf(SMTP % "n" + "  -o { smtpd_milters = %s, ${no?{a b}:{%s}} }\n"
              % (FIRST, SECOND))


def refuses():
    main_cf("smtpd_milters = %s, { %s, default_action=reject, "
            "command_timeout=5s }\n" % (LIST, OURS))


def gives_up():
    main_cf("smtpd_milters = { %s, content_timeout=3s }, %s\n"
            "milter_command_timeout = 10s\n" % (OURS, LIST))


def service_gives_up():
    master_cf(SMTP % "n" + "  -o smtpd_milters=%s,%s\n"
              "  -o milter_command_timeout=7s\n" % (OURS, DENSE))


def chroot():
    main_cf("smtpd_milters = %s, { %s, default_action=accept }\n"
            "non_smtpd_milters = $smtpd_milters\n" % (LIST, OURS))
    master_cf(SMTP % "y")


def chroot_without_us():
    main_cf("smtpd_milters = %s\nnon_smtpd_milters =\n" % LIST)
    master_cf(SMTP % "y")


def by_sendmail():
    main_cf("smtpd_milters = %s, %s\nnon_smtpd_milters = %s\n" % (
        LIST, OURS, LIST))


# (what is broken, the finding, port to send to)
ROWS = (
    (several_lines, "smtpd-milters", PORT),
    (names, "smtpd-milters", PORT),
    (service_list, "smtpd-milters", PORT),
    (service_braces, "smtpd-milters", PORT),
    (submission_only, "smtpd-milters", SUBMISSION),
    (refuses, "default-action", PORT),
    (refuses, "timeouts", PORT),
    (gives_up, "timeouts", PORT),
    (service_gives_up, "timeouts", PORT),
    (chroot, "chroot", PORT),
    (chroot_without_us, "smtpd-milters", PORT),
    (by_sendmail, "non-smtpd-milters", PORT),
)


# -- what is printed, done ---------------------------------------------------

class Host:
    """Postfix with its filters, and posternd, which may move."""

    def __init__(self, fields):
        self.fields = fields
        self.daemon = None

    def restart(self):
        self.stop()
        self.daemon = mta.Posternd("beside", mta.read(CONF))

    def stop(self):
        if self.daemon:
            self.daemon.stop()
        self.daemon = None


def do_line(host, line):
    """As an admin would; a line that is for a file goes there."""
    if line.startswith("Socket "):
        text = re.sub(r"^Socket .*\n", "", mta.read(CONF), flags=re.M)
        write(CONF, text + line.partition("    # ")[0] + "\n")
        host.restart()
    elif line.startswith(("postconf ", "install ")):
        run("sh", "-c", line)
    elif not line.startswith(("ReadWritePaths=", "postfix reload")):
        raise mta.Failure("what is to be done with: " + line)


def reload():
    """In force for the next client."""
    before = postfix.processes(*postfix.CLIENTS_OF_MILTERS)
    run("postfix", "reload")
    mta.await_true(lambda: not before.keys() & postfix.processes(
        *postfix.CLIENTS_OF_MILTERS), mta.START_S, "the end of processes")


def lists():
    """{place: milters other than posternd, as Postfix reads them}"""
    found = {}
    text = subprocess.run(
        ["postconf", "-x", "smtpd_milters", "non_smtpd_milters"],
        capture_output=True, text=True).stdout + subprocess.run(
        ["postconf", "-xP"], capture_output=True, text=True).stdout
    for place, value in re.findall(r"^(\S*smtpd_milters) = ?(.*)$", text,
                                   re.M):
        items = re.findall(r"\{[^}]*\}|[^\s,{}]+", value)
        found[place] = [re.sub(r"\s", "", item) for item in items
                        if "postern" not in item]
    return found


def passes(host, port):
    """The fields that a message has when it is delivered, and why none."""
    with Dialogue(port) as dialogue:
        sent = dialogue.send(["user@" + GOOD])
    if sent.queue_id() is None:
        return [sent.final, *sent.replies.values()]
    mta.await_true(lambda: mta.in_sink(sent.message_id, "head"),
                   mta.DELIVERY_S, "the message")
    message = mta.in_sink(sent.message_id, "head")[0][1]
    return [field for field in [*host.fields, "X-TLS-Precheck"]
            if len(mta.headers(message, field)) == 1]


@contextlib.contextmanager
def broken(host, breaks):
    with kept(MAIN_CF, MASTER_CF, CONF):
        breaks()
        age()
        yield
    host.stop()
    shutil.rmtree(QUEUE + "/postern", ignore_errors=True)


def check_row(out, host, breaks, check, port):
    name = "%s, %s" % (breaks.__name__, check)
    with broken(host, breaks):
        host.restart()
        before = lists()
        finding = findings()[2][check]
        out.test(finding["state"] in ("warn", "fail") and "postfix reload" in
                 finding["mend"], name + ": it is found", [str(finding)])
        for line in finding["mend"]:
            do_line(host, line)
        checked = subprocess.run(["postfix", "check"], capture_output=True,
                                 text=True)
        out.test(checked.returncode == 0, name + ": Postfix finds no fault",
                 [checked.stderr])
        after = findings()[2][check]
        out.test(after["state"] == "ok", name + ": it is mended",
                 [str(finding["mend"]), str(after)])
        out.test(lists() == before, name + ": other filters stand as before",
                 [str(before), str(lists())])
        reload()
        fields = passes(host, port)
        out.test(fields == [*host.fields, "X-TLS-Precheck"],
                 name + ": mail passes all filters", [str(fields)])


def check_words(out, host):
    """Where no command is sure to be right, there is none."""
    with broken(host, service_words):
        host.restart()
        finding = findings()[2]["smtpd-milters"]
    out.test(finding["state"] == "fail" and any(
        line.startswith("# add by hand to smtpd_milters, at smtp/inet in "
                        "master.cf: { ") for line in finding["mend"]) and
        not any(line.startswith("postconf") for line in finding["mend"]),
        "service_words: it is told in words", [str(finding)])


def check_both(out, host):
    """Two findings of one list: the second command does not undo the first."""
    with broken(host, refuses):
        host.restart()
        found = findings()[2]
        for check in ("default-action", "timeouts"):
            for line in found[check]["mend"]:
                do_line(host, line)
        after = findings()[2]
    out.test({after[c]["state"] for c in ("default-action", "timeouts")} ==
             {"ok"}, "refuses: all findings are mended, one after another",
             [str(after)])


def inside():
    out = tap.Tap()
    processes = []
    host = None
    try:
        prepare_conf()
        processes, fields = start_filters(sys.argv[-1])
        host = Host(fields)
        main_cf("non_smtpd_milters = %s\nsmtpd_milters = %s\n" % (OURS, LIST))
        for row in ROWS:
            check_row(out, host, *row)
        check_words(out, host)
        check_both(out, host)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        for process in processes:
            process.terminate()
        if host:
            host.stop()
    return out.close()


def main():
    if "--inside" in sys.argv[1:]:
        return inside()
    why = tap.why_not("apt-get", "dpkg-deb", "openssl")
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = tap.not_built()
    if why:
        print("Bail out! " + why)
        return 70
    with tempfile.TemporaryDirectory(prefix="postern-beside.") as root:
        os.chmod(root, 0o755)
        fetch(root)
        return tap.enter(__file__, root)


if __name__ == "__main__":
    sys.exit(main())
