#!/usr/bin/env python3
"""setup - what "postern setup" shows, does and takes back, on a real Postfix and
a real Sendmail.

Each row is a host that does not ask posternd.  It is shown what would be done,
and nothing changes; it is done, and mail gets its tag behind all filters that
were there; it is taken back, and each octet is as before.  Then come disks that
are full, two at once, and what nobody can be sure of.  TAP.
"""
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import beside
import json_page
import mta
import sendmail
import tap
from ask_doctor import (CONF, DIR, MAIN_CF, MASTER_CF, age, covered, findings,
                        prepare_conf, write)
from beside import GOOD, LIST, OURS, QUEUE, main_cf, master_cf
from dialogue import Dialogue

POSTCONF = "/usr/sbin/postconf"
GROUP, SHADOW = "/etc/group", "/etc/gshadow"
LOCK = "/run/postern-setup.lock"
FOLDER = QUEUE + "/postern"
BELOW = "unix:%s/milter.sock" % FOLDER
RUN_S = 60
SMTP = beside.SMTP
UNIT = "/etc/systemd/system/posternd.service"
NOBODY = 65534
# What setup has to do with, of all that the doctor looks at
COVERED = ("smtpd-milters", "non-smtpd-milters", "chroot", "default-action",
           "timeouts", "socket", "socket-user", "internal-domains",
           "probe-way")


def setup(*words, user=None, conf=CONF):
    """(exit status, stdout, stderr)"""
    command = [mta.program("postern"), "setup", *words]
    if conf is not None:
        command += ["-c", conf]
    if user is not None:
        command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user,
                   "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=RUN_S, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


PRINTED = {}


def plan(*words, **how):
    """(exit status, object)"""
    status, text, err = setup("--json", *words, **how)
    found = json.loads(text) if text else {"error": err}
    if "error" not in found:
        json_page.keys_of(found, PRINTED)
    return status, found


def files(*folders):
    """{path: octets, or where a link leads}, with owner and mode."""
    found = {}
    for folder in folders or ("/etc", DIR):
        for here, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(here, name)
                what = os.lstat(path)
                if os.path.islink(path):
                    text = os.readlink(path)
                elif not os.path.isfile(path):
                    continue
                else:
                    with open(path, "rb") as file:
                        text = file.read()
                found[path] = (text, what.st_uid, what.st_gid, what.st_mode)
    # of shadow-utils: the file before
    return {path: what for path, what in found.items() if path not in (
        "/etc/group-", "/etc/gshadow-")}


def changed(before, after):
    return sorted(path for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path))


# -- hosts -------------------------------------------------------------------

def fresh():
    main_cf("smtpd_milters =\nnon_smtpd_milters =\n")


def in_chroot():
    fresh()
    master_cf(SMTP % "y")


def four_filters():
    main_cf("smtpd_milters = %s\nnon_smtpd_milters = $smtpd_milters\n" % LIST)


def four_in_chroot():
    four_filters()
    master_cf(SMTP % "y")


def several_lines():
    beside.several_lines()
    main_cf("non_smtpd_milters =\n")


def names():
    beside.names()
    main_cf("non_smtpd_milters = $first\n")


def submission_and_reinjection():
    """Port 25 takes main.cf's list, submission has its own, and a content
    filter gives mail back where there is none, on purpose."""
    main_cf("smtpd_milters = %s\nnon_smtpd_milters =\n" % LIST)
    master_cf(SMTP % "n",
              beside.SUBMIT + "  -o smtpd_milters=%s\n" % beside.DENSE,
              "127.0.0.1:10025 inet n - n - - smtpd\n  -o smtpd_milters=\n"
              "  -o smtpd_recipient_restrictions=permit\n")


def service_braces():
    beside.service_braces()
    main_cf("non_smtpd_milters =\n")


def seen_by_today():
    """It asks already, from a chroot that hides the socket; an admin wrote
    half of it."""
    main_cf("smtpd_milters = %s, { %s, default_action=accept }\n"
            "non_smtpd_milters = %s\n" % (LIST, OURS, OURS))
    master_cf(SMTP % "y")


def no_member():
    fresh()
    lines = mta.read(GROUP).splitlines(True)
    write(GROUP, "".join(line.replace(":postfix\n", ":\n") if
                         line.startswith("postern:") else line
                         for line in lines))
    # a package that was purged may have left it
    write(SHADOW, "".join(line for line in mta.read(SHADOW).splitlines(True)
                          if not line.startswith("postern:")) +
          "postern:!::\n")


def another_way():
    main_cf("smtpd_milters =\nnon_smtpd_milters =\ninet_protocols = ipv4\n"
            "smtp_bind_address = 127.0.0.25\nsmtp_mx_address_limit = 2\n"
            "smtp_helo_name = other.sender.example\n"
            "smtp_tls_mandatory_protocols = >=TLSv1.3\n"
            "mydestination = kept.example, localhost\n")


# (host, what of posternd is in which list in the end, port)
ADDED = "smtpd_milters", "non_smtpd_milters"
ROWS = (
    (fresh, ADDED, 25),
    (in_chroot, ADDED, 25),
    (four_filters, ADDED, 25),
    (four_in_chroot, ADDED, 25),
    (several_lines, ADDED, 25),
    (names, ADDED, 25),
    (submission_and_reinjection,
     (*ADDED, "127.0.0.1:587/inet/smtpd_milters"), 587),
    (service_braces, ("smtp/inet/smtpd_milters", "non_smtpd_milters"), 25),
    (seen_by_today, ADDED, 25),
    (no_member, ADDED, 25),
    (another_way, ADDED, 25),
)


def asked_by():
    """Places whose list has posternd, and how often."""
    text = mta.run("postconf", "-x", *ADDED) + mta.run("postconf", "-xP")
    found = []
    for line in text.splitlines():
        place, _, value = line.partition(" =")
        found += [place] * (value.count("postern/milter.sock")
                            if place.endswith("smtpd_milters") else 0)
    return sorted(found)


@contextlib.contextmanager
def host_of(host, makes):
    """A host as a function makes it, and all as before in the end."""
    paths = (MAIN_CF, MASTER_CF, CONF, GROUP, SHADOW)
    texts = {path: mta.read(path) for path in paths}
    try:
        makes()
        age()
        yield
    finally:
        host.stop()
        for path, text in texts.items():
            write(path, text)
        for path in files():
            if ".before-setup-" in path or ".setup-new" in path:
                os.unlink(path)
        shutil.rmtree(FOLDER, ignore_errors=True)
        age()


def check_shown(out, name, before):
    status, shown = plan()
    out.test(status == 1 and shown["result"] == "shown" and shown["steps"] and
             not any(note["must"] for note in shown["notes"]),
             name + ": it is shown what is to be done", [str(shown)])
    text = setup()[1]
    told = [line for step in shown["steps"] if step["step"] == "file"
            for line in step["before"] + step["after"]]
    out.test(all(line in text for line in told) and not
             changed(before, files()), name + ": and nothing is changed",
             [text, *changed(before, files())])


def check_done(out, name, wanted, others):
    status, done = plan("--apply")
    out.test(status == 0 and done["result"] == "done",
             name + ": it is done", [str(done)])
    checked = subprocess.run(["postfix", "check"], capture_output=True,
                             text=True)
    out.test(checked.returncode == 0, name + ": Postfix finds no fault",
             [checked.stderr])
    out.test(beside.lists() == others, name + ": other filters stand as before",
             [str(others), str(beside.lists())])
    out.test(asked_by() == sorted(wanted),
             name + ": posternd is once in each list", [str(asked_by())])
    status, again = plan("--apply")
    out.test(status == 0 and again["steps"] == [],
             name + ": a second time there is nothing to do", [str(again)])


def check_good(out, name, host, port):
    host.restart()
    beside.reload()
    found = findings()[2]
    bad = {check: found[check] for check in COVERED
           if found[check]["state"] != "ok"}
    out.test(not bad, name + ": the doctor finds nothing", [str(bad)])
    fields = beside.passes(host, port)
    wanted = host.fields if any(beside.lists().values()) else []
    out.test([field for field in fields if field in wanted] == wanted and
             "X-TLS-Precheck" in fields, name + ": mail gets its tag",
             [str(fields)])


def check_row(out, host, makes, wanted, port):
    name = makes.__name__
    with host_of(host, makes):
        before, others = files(), beside.lists()
        check_shown(out, name, before)
        check_done(out, name, wanted, others)
        check_good(out, name, host, port)
        host.stop()
        status, undone = plan("--undo")
        out.test(status == 0 and undone["result"] == "taken back",
                 name + ": it is taken back", [str(undone)])
        out.test(not changed(before, files()) and not os.path.exists(FOLDER),
                 name + ": each octet is as before",
                 changed(before, files()))
        status, undone = plan("--undo")
        out.test(status == 0 and undone["result"] == "nothing",
                 name + ": once", [str(undone)])


# -- what is said ------------------------------------------------------------

def check_way(out, host):
    with host_of(host, another_way):
        setup("--apply")
        text = mta.read(CONF)
    lines = ["ProbeFamilies ipv4", "ProbeSource 127.0.0.25",
             "ProbeAddresses 2", "ProbeHelo other.sender.example",
             "ProbeProtocols >=TLSv1.3",
             "InternalDomains kept.example, localhost"]
    out.test(all(line in text.splitlines() for line in lines),
             "the way of the MTA's mail becomes posternd's", [text])
    with host_of(host, another_way):
        write(CONF, mta.read(CONF) + "ProbeFamilies all\n")
        status, done = plan("--apply")
        text = mta.read(CONF)
    out.test(status == 0 and "ProbeFamilies all\n" in text and
             "ProbeFamilies ipv4" not in text and any(
                 "ProbeFamilies stays" in note["text"]
                 for note in done["notes"]),
             "but not where the admin has said otherwise", [text, str(done)])


def unnamed():
    """The configuration, without a name of posternd's own for the tag."""
    return "".join(line for line in mta.read(CONF).splitlines(True)
                   if not line.startswith("AuthservID"))


def check_name(out, host):
    """The tag has the name that the MTA gives this host, where nobody chose
    one."""
    own = mta.read(CONF)
    for text, hostname, line in (
            (unnamed(), "Mail.Sender.Example",
             "AuthservID mail.sender.example"),
            (unnamed(), "mail.localdomain", None), (unnamed(), "mail", None),
            (own, "mail.sender.example", None)):
        with host_of(host, fresh):
            write(CONF, text)
            main_cf("myhostname = %s\n" % hostname)
            age()
            before = files()
            status = setup("--apply")[0]
            got = [line for line in set(mta.read(CONF).splitlines()) -
                   set(text.splitlines()) if line.startswith("AuthservID")]
            back = setup("--undo")[0]
            same = not changed(before, files())
        out.test((status, back) == (0, 0) and same and
                 got == ([line] if line else []),
                 "myhostname %s, %s AuthservID: %s is set" % (
                     hostname, "an" if text == own else "no", line),
                 [str((status, back, same, got))])


def check_conf_missing(out, host):
    """All defaults: it is made, and taken away."""
    with host_of(host, in_chroot):
        os.rename(mta.CONF, mta.CONF + ".away")
        before = files()
        status, done = plan("--apply", conf=None)
        text = mta.read(mta.CONF)
        back = plan("--undo")[0]
        same = not changed(before, files())
        os.rename(mta.CONF + ".away", mta.CONF)
    out.test(status == 0 and "Socket %s\n" % BELOW in text and back == 0 and
             same, "a configuration that is not there is made, and taken away",
             [str(done), text])


def check_link(out, host):
    real = "/etc/postfix/main.cf.real"
    with host_of(host, fresh):
        os.rename(MAIN_CF, real)
        os.symlink("main.cf.real", MAIN_CF)
        before = files()
        status = setup("--apply")[0]
        linked = os.path.islink(MAIN_CF)
        asked = asked_by()
        setup("--undo")
        same = not changed(before, files())
        os.rename(real, MAIN_CF)
    out.test(status == 0 and linked and asked == sorted(ADDED) and same,
             "main.cf may be a link, and stays one", [str(asked)])


# What nobody can be sure of: (host, words of the note, whether the rest is
# done)
def broken_list():
    main_cf("smtpd_milters = { unix:/a\nnon_smtpd_milters =\n")


def maps_in_chroot():
    fresh()
    main_cf("smtpd_milter_maps = static:DISABLE\n")
    master_cf(SMTP % "y")


def maps_beside_chroot():
    """A move is made whole or not at all, and one cannot be told."""
    in_chroot()
    master_cf(SMTP % "y",
              beside.SUBMIT + "  -o smtpd_milter_maps=static:DISABLE\n")


def words_of_a_service():
    fresh()
    beside.service_words()


def muted():
    fresh()
    main_cf("receive_override_options = no_milters\n")


def unsure_move():
    """The socket must move, and one list that names it cannot be written."""
    main_cf("smtpd_milters =\nnon_smtpd_milters =\n")
    master_cf(SMTP % "y" + "  -o { smtpd_milters = %s, ${no?{a b}:{%s}} }\n"
              % (beside.FIRST, OURS))


def all_empty():
    fresh()
    master_cf(SMTP % "n" + "  -o smtpd_milters=\n")


UNSURE = (
    (broken_list, "braces do not match", False),
    (maps_in_chroot, "smtpd_milter_maps", True),
    (maps_beside_chroot, "smtpd_milter_maps", False),
    (words_of_a_service, "add to smtpd_milters by hand, in master.cf at "
     "smtp/inet", True),
    (muted, "no_milters", True),
    (unsure_move, "change smtpd_milters by hand", False),
)


def check_unsure(out, host):
    for makes, words, rest in UNSURE:
        with host_of(host, makes):
            before = files()
            others = beside.lists()
            status, done = plan("--apply")
            must = [note["text"] for note in done["notes"] if note["must"]]
            good = status == 2 and any(words in text for text in must) and \
                beside.lists() == others
            if not rest:
                good = good and not changed(before, files()) and \
                    done["steps"] == []
            setup("--undo")
            good = good and not changed(before, files())
        out.test(good, "%s: it is explained%s" % (
            makes.__name__, "" if rest else ", and nothing is done"),
            [str(done)])
    with host_of(host, all_empty):
        status, done = plan("--apply")
        asked = asked_by()
        setup("--undo")
    out.test(asked == ["non_smtpd_milters"] and any(
        "no milters of its own" in note["text"] for note in done["notes"]),
        "a list that is empty on purpose stays so", [str(done), str(asked)])


def check_half_configured(out, host):
    with host_of(host, fresh):
        text = mta.read(MAIN_CF)
        os.unlink(MAIN_CF)
        status, done = plan()
        write(MAIN_CF, text)
    out.test(status == 3 and done["mta"] == "none" and done["steps"] == [],
             "without a main.cf nothing is known", [str(done)])
    with host_of(host, fresh):
        text = mta.read(MASTER_CF)
        os.unlink(MASTER_CF)
        status, done = plan("--apply")
        write(MASTER_CF, text)
    out.test(status in (2, 3) and done["steps"] == [],
             "nor without a master.cf", [str(done)])


# -- systemd's files ---------------------------------------------------------

def with_unit(text, drop_in=""):
    def make():
        in_chroot()
        os.makedirs(UNIT + ".d", exist_ok=True)
        write(UNIT, text)
        write(UNIT + ".d/override.conf", drop_in)
    return make


STRICT = "[Unit]\nBefore=postfix@-.service\n[Service]\nProtectSystem=strict\n"
# (unit, the admin's drop-in, whether it needs ours)
UNITS = (
    (STRICT, "", True),
    (STRICT + "ReadWritePaths=-%s\n" % FOLDER, "", False),
    (STRICT, "[Service]\nReadWritePaths=%s\n" % QUEUE, False),
    (STRICT + "ReadWritePaths=%s\n" % FOLDER,
     "[Service]\nReadWritePaths=\n", True),
    (STRICT, "[Service]\nProtectSystem=no\n", False),
)


def check_units(out, host):
    ours = UNIT + ".d/postern-setup.conf"
    for number, (text, drop_in, needs) in enumerate(UNITS):
        with host_of(host, with_unit(text, drop_in)):
            before = files()
            status, done = plan("--apply")
            made = mta.read(ours)
            again = plan()[1]["steps"]
            back = setup("--undo")[0]
            same = not changed(before, files())
            os.unlink(UNIT)
            shutil.rmtree(UNIT + ".d")
        out.test(status == 0 and
                 (("ReadWritePaths=%s\n" % FOLDER in made) == needs) and
                 again == [] and back == 0 and same,
                 "unit %d: posternd may write below the queue directory, "
                 "with %s drop-in" % (number + 1, "a" if needs else "no"),
                 [str(done), made, str(again)])


# -- faults ------------------------------------------------------------------

@contextlib.contextmanager
def full_disk(folder):
    """The same files, on a disk that has no octet left."""
    copy = tempfile.mkdtemp(dir="/run")
    shutil.copytree(folder, copy + "/all", symlinks=True)
    mta.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder)
    try:
        shutil.copytree(copy + "/all", folder, symlinks=True,
                        dirs_exist_ok=True)
        with contextlib.suppress(OSError), \
                open(folder + "/filler", "wb", buffering=0) as out:
            while True:
                out.write(b"x" * 4096)
        yield
    finally:
        mta.run("umount", folder)
        shutil.rmtree(copy)


@contextlib.contextmanager
def read_only(folder):
    mta.run("mount", "--bind", folder, folder)
    mta.run("mount", "-o", "remount,ro,bind", folder)
    try:
        yield
    finally:
        mta.run("umount", folder)


FAULTS = (
    (full_disk, "/etc/postfix", "No space left on device"),
    (full_disk, "/etc/postern", "No space left on device"),
    (read_only, "/etc/postfix", "Read-only file system"),
    (read_only, "/etc", "Read-only file system"),
)


def check_faults(out, host):
    for fault, folder, words in FAULTS:
        with host_of(host, four_in_chroot):
            with fault(folder):
                before = files()
                status, said, err = setup("--apply")
                after = files()
                folder_left = os.path.exists(FOLDER)
            whole = plan("--apply")[0]
            setup("--undo")
        out.test(status == 73 and words in err and not said,
                 "%s of %s: that is said" % (fault.__name__, folder),
                 [str(status), said, err])
        out.test(not changed(before, after) and not folder_left,
                 "and nothing is half done", changed(before, after))
        out.test(whole == 0, "and without it all can be done", [str(whole)])


def check_command_fails(out, host):
    """What was done before it is taken back."""
    def makes():
        no_member()
        master_cf(SMTP % "y")

    with host_of(host, makes):
        before = files()
        with covered("/usr/sbin/usermod"):
            status, _, err = setup("--apply")
        same = not changed(before, files()) and not os.path.exists(FOLDER)
    out.test(status == 73 and "usermod" in err and "taken back" in err and same,
             "a command that fails leaves nothing behind",
             [err, *changed(before, files())])


def check_lock(out, host):
    with host_of(host, fresh):
        before = files()
        with open(LOCK, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, _, err = setup("--apply")
            undo = setup("--undo")[0]
            shown = setup()[0]
        same = not changed(before, files())
    out.test((status, undo, shown) == (75, 75, 1) and "under way" in err and
             same, "two at once: the second changes nothing", [err])
    with host_of(host, four_filters):
        command = [mta.program("postern"), "setup", "-c", CONF, "--apply"]
        both = [subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
                for _ in range(4)]
        ends = sorted(process.wait(RUN_S) for process in both)
        asked = asked_by()
        setup("--undo")
    out.test(set(ends) <= {0, 75} and ends[0] == 0 and asked == sorted(ADDED),
             "four at once: it is done once", [str(ends), str(asked)])


def check_killed(out, host):
    """As it is when the process dies between two files."""
    with host_of(host, four_in_chroot):
        before = files()
        setup("--apply")
        os.rename(MAIN_CF + ".before-setup-1", MAIN_CF)
        status = setup("--undo")[0]
        same = not changed(before, files())
    out.test(status == 0 and same,
             "what a killed one did half is taken back",
             changed(before, files()))


def check_changed(out, host):
    with host_of(host, four_in_chroot):
        setup("--apply")
        write(MAIN_CF, mta.read(MAIN_CF) + "# mine\n")
        before = files()
        status, undone = plan("--undo")
        same = not changed(before, files())
    out.test(status == 2 and undone["paths"] == [MAIN_CF] and same,
             "what somebody changed since is not taken back", [str(undone)])


def check_twice(out, host):
    """Runs are taken back one by one."""
    with host_of(host, fresh):
        first = files()
        setup("--apply")
        second = files()
        write(MASTER_CF, (SMTP % "y"))
        master_cf(SMTP % "y")
        age()
        third = files()
        status = setup("--apply")[0]
        one = setup("--undo")[0]
        at_third = not changed(third, files())
        write(MASTER_CF, second[MASTER_CF][0].decode())
        two = setup("--undo")[0]
        at_first = not changed(first, files())
    out.test((status, one, two) == (0, 0, 0) and at_third and at_first,
             "two runs are taken back one by one",
             [str((status, one, two, at_third, at_first))])


def check_old_backup(out, host):
    """The package was purged, with its journals; the backups of Postfix's
    files stay."""
    with host_of(host, fresh):
        setup("--apply")
        for path in list(files("/etc/postern")):
            if "/journal.before-setup-" in path:
                os.unlink(path)
        fresh()
        age()
        before = files()
        status, done = plan("--apply")
        kept = [path for path in before if path in files()
                and before[path] == files()[path]]
        made = os.path.exists(MAIN_CF + ".before-setup-2")
        back = setup("--undo")[0]
        same = not changed(before, files())
    out.test(status == 0 and made and MAIN_CF + ".before-setup-1" in kept and
             back == 0 and same, "a backup that is there already keeps its "
             "number", [str(done), str((made, back, same))])


def no_folder():
    """As an admin has it who followed half of what there is to read."""
    main_cf("smtpd_milters = unix:postern/milter.sock\n"
            "non_smtpd_milters = $smtpd_milters\n")
    master_cf(SMTP % "y")
    text = mta.read(CONF).replace("Socket ", "#Socket ")
    write(CONF, text + "Socket %s\n" % BELOW)


def check_no_folder(out, host):
    with host_of(host, no_folder):
        found = findings()[2]["socket"]
        status, done = plan("--apply")
        made = os.path.isdir(FOLDER)
        host.restart()
        after = findings()[2]["socket"]
    out.test(found["state"] == "fail" and any(
        line.startswith("postern setup    #") for line in found["mend"]),
        "a socket where nothing lets posternd make it: the doctor knows who "
        "helps", [str(found)])
    out.test(status == 0 and made and after["state"] == "ok",
             "and setup does", [str(done), str(after)])


def check_usage(out, host):
    with host_of(host, fresh):
        before = files()
        shown = plan(user=NOBODY)
        applied = setup("--apply", user=NOBODY)
        both = setup("--apply", "--undo")
        write(CONF, mta.read(CONF) + "Nonsense 1\n")
        wrong = setup("--apply")
        same = changed(before, files()) == [CONF]
    out.test(shown[0] == 1 and shown[1]["steps"],
             "anybody may look", [str(shown)])
    out.test(applied[0] == 77 and "root" in applied[2], "root alone may do it",
             [str(applied)])
    out.test(both[0] == 64, "to do and to undo is a mistake", [str(both)])
    out.test(wrong[0] == 78 and "Nonsense" in wrong[2] and same,
             "a configuration with a mistake is told", [str(wrong)])


# -- Sendmail ----------------------------------------------------------------

class Sendmail(sendmail.Sendmail):
    """From /etc/mail, as Debian has it, without any filter of ours."""

    def __init__(self, root):
        self.root = root
        self.program = os.path.join(root, sendmail.PROGRAM)
        self.cf = os.path.join(root, sendmail.CF)
        self.process = None
        here = sendmail.HERE
        os.makedirs(here + "/queue", 0o700)
        os.makedirs("/etc/mail", exist_ok=True)
        self.write("aliases", "user: /dev/null\n")
        self.write("local-host-names", "")
        self.write("mailertable", sendmail.mailertable(
            mta.read("/etc/postfix/transport")))
        text = sendmail.LAB_MC.format(here=here, port=self.port, snippet="",
                                       more="")
        text = text.replace("include(`')\n", "%s")
        write("/etc/mail/template", text.replace(
            "divert(0)dnl\n", "divert(0)dnl\ninclude(`%sm4/cf.m4')dnl\n"
            % self.cf, 1))

    @staticmethod
    def configure(filters):
        write("/etc/mail/sendmail.mc",
              mta.read("/etc/mail/template").replace("%s", filters))
        write("/etc/mail/sendmail.cf", mta.run("m4", "/etc/mail/sendmail.mc"))

    def command(self, *words):
        return [self.program, "-C", "/etc/mail/sendmail.cf", *words]

    def start(self):
        mta.run(*self.command("-bi"))
        with open(sendmail.HERE + "/out", "w") as out:
            self.process = subprocess.Popen(
                self.command("-bD"), stdin=subprocess.DEVNULL, stdout=out,
                stderr=out)
        mta.await_true(lambda: sendmail.speaks("127.0.0.1", self.port),
                       mta.START_S, "Sendmail")


def tag_by(port):
    with Dialogue(port) as dialogue:
        sent = dialogue.send(["user@" + GOOD])
    mta.await_true(lambda: mta.in_sink(sent.message_id, "head"),
                   mta.DELIVERY_S, "the message")
    message = mta.in_sink(sent.message_id, "head")[0][1]
    return mta.headers(message, "X-TLS-Precheck")


FIRST_FILTER = "INPUT_MAIL_FILTER(`first', `S=inet:1@127.0.0.1, T=R:5s')\n"


def check_sendmail(out, host, root):
    server = Sendmail(root)
    for filters in ("", FIRST_FILTER):
        server.configure(filters)
        with host_of(host, lambda: None), covered(POSTCONF):
            host.restart()
            before = files()
            status, shown = plan()
            out.test(status == 1 and shown["mta"] == "sendmail" and
                     not changed(before, files()),
                     "Sendmail: it is shown, and nothing is changed",
                     [str(shown)])
            status, done = plan("--apply")
            again = plan()
            out.test(status == 0 and again[0] == 0 and
                     again[1]["steps"] == [], "Sendmail: it is done, once",
                     [str(done), str(again)])
            finding = findings()[2]["sendmail"]
            out.test(finding["state"] == "ok",
                     "Sendmail: the doctor finds nothing", [str(finding)])
            server.start()
            tags = tag_by(server.port)
            server.stop()
            out.test(len(tags) == 1, "Sendmail: mail gets its tag",
                     [str(tags)])
            text = mta.read("/etc/mail/sendmail.cf")
            names = "first, postern" if filters else "postern"
            out.test("\nO InputMailFilters=%s\n" % names in text,
                     "Sendmail: other filters come first", [])
            setup("--undo")
            out.test(not changed(before, files()),
                     "Sendmail: each octet is as before",
                     changed(before, files()))
    server.configure("define(`confDOMAIN_NAME', `mail.sender.example')dnl\n")
    with host_of(host, lambda: write(CONF, unnamed())), covered(POSTCONF):
        status = setup("--apply")[0]
        text = mta.read(CONF)
        setup("--undo")
    out.test(status == 0 and "AuthservID mail.sender.example\n" in text,
             "Sendmail: the tag has its name for this host", [text])
    check_sendmail_unsure(out, host, server)


def edited_cf(server):
    server.configure("")
    write("/etc/mail/sendmail.cf",
          mta.read("/etc/mail/sendmail.cf") + "O MaxHopCount=3\n")


def no_mc(server):
    server.configure("")
    os.unlink("/etc/mail/sendmail.mc")


def no_mailers(server):
    server.configure("")
    text = mta.read("/etc/mail/sendmail.mc").replace("MAILER(", "MAYBE(")
    write("/etc/mail/sendmail.mc", text)


def left_out(server):
    """The filter is there, and the list does not name it."""
    server.configure("MAIL_FILTER(`mine', `S=%s')\n" % OURS)


UNSURE_SENDMAIL = ((edited_cf, "changed by hand"), (no_mc, "no /etc/mail"),
                   (no_mailers, "not clear where"))


def check_sendmail_unsure(out, host, server):
    left_out(server)
    with host_of(host, lambda: None), covered(POSTCONF):
        status, done = plan()
    out.test(status == 2 and any("InputMailFilters leaves it out" in
                                 note["text"] for note in done["notes"])
             and any("add mine to the filters" in note["text"]
                     for note in done["notes"]),
             "Sendmail: a filter that no list names is told", [str(done)])
    for makes, words in UNSURE_SENDMAIL:
        makes(server)
        with host_of(host, lambda: None), covered(POSTCONF):
            before = files()
            status, done = plan("--apply")
            same = [path for path in changed(before, files())
                    if path.startswith("/etc/mail")]
            setup("--undo")
        must = [note["text"] for note in done["notes"] if note["must"]]
        out.test(status == 2 and not same and any(
            "INPUT_MAIL_FILTER(`postern'" in text and words in text
            for text in must),
            "Sendmail, %s: the line is told, and nothing is done" %
            makes.__name__, [str(done)])


def inside():
    out = tap.Tap()
    processes = []
    host = None
    root = sys.argv[-1]
    try:
        prepare_conf()
        processes, fields = beside.start_filters("/nonexistent")
        host = beside.Host(fields)
        for row in ROWS:
            check_row(out, host, *row)
        for check in (check_way, check_name, check_conf_missing, check_link,
                      check_unsure, check_half_configured, check_units,
                      check_faults, check_command_fails, check_lock,
                      check_killed, check_changed, check_twice,
                      check_old_backup, check_no_folder, check_usage):
            check(out, host)
        if os.path.exists(os.path.join(root, sendmail.PROGRAM)):
            check_sendmail(out, host, root)
        else:
            out.say("Sendmail cannot be had: its part is left out")
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    finally:
        for process in processes:
            process.terminate()
        if host:
            host.stop()
    json_page.compare(out, "setup", PRINTED)
    return out.close()


def main():
    if "--inside" in sys.argv[1:]:
        return inside()
    why = tap.why_not("m4", "apt-get", "usermod", "setpriv")
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = tap.not_built()
    if why:
        print("Bail out! " + why)
        return 70
    with tempfile.TemporaryDirectory(prefix="postern-setup.") as root:
        os.chmod(root, 0o755)
        lacks = sendmail.fetch(root)
        if lacks:
            print("# " + lacks)
            root = "/nonexistent"
        return tap.enter(__file__, root)


if __name__ == "__main__":
    sys.exit(main())
