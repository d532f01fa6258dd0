#!/usr/bin/env python3
"""explain - "postern explain" on the logs of real mail.

posternd tags, refuses and holds mail in the lab, and Postfix delivers it or
does not; then each message is explained from the log as syslog wrote it, in
the forms that other syslogs have, and from a journal.  TAP.
"""
import gzip
import json
import os
import re
import resource
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import mta
import tap

DIR = "/run/lab/explain"
LOG = DIR + "/log"
MAIL_LOG = "/var/log/mail.log"
ASK_S = 120
NOISE_LINES = 400000
MEMORY_KIB = 64 * 1024
STATUS = {"pass": 0, "none": 1, "softfail": 1, "fail": 2, "temperror": 3,
          "skip": 3}

# On-Fail, smtp_tls_security_level, domains; for each domain of the answer
# (result, reason, status of its recipient, outcome).
ROWS = (
    ("tag", "may", ("two-good", "two-bad", "plain"), {
        "two-good": ("pass", "ok", "sent", "as-predicted"),
        "two-bad": ("fail", "validation-failure", "sent", "not-as-predicted"),
        "plain": ("none", "no-policy", "sent", "as-predicted")}),
    ("tag", "may", ("null-mx",), {
        "null-mx": ("none", "null-mx", "bounced", "as-predicted")}),
    ("tag", "dane", ("dane-ee", "dane-mismatch"), {
        "dane-ee": ("pass", "ok", "sent", "as-predicted"),
        "dane-mismatch": ("fail", "validation-failure", "deferred",
                          "as-predicted")}),
    ("tag", "dane", ("bogus",), {
        "bogus": ("temperror", "dnssec-invalid", "deferred",
                  "nothing-predicted")}),
    ("defer", "dane", ("two-good", "two-bad"), {
        "two-good": ("pass", "ok", "sent", "as-predicted"),
        "two-bad": ("fail", "validation-failure", "refused", "refused")}),
    ("hold", "dane", ("two-good", "two-bad"), {
        "two-good": ("pass", "ok", None, None),
        "two-bad": ("fail", "validation-failure", None, None)}),
)
ACTIONS = {"tag": ("tag", False), "defer": ("none", False),
           "hold": ("hold", True)}


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def run(*command):
    subprocess.run(command, capture_output=True, check=True, timeout=60)


def ask(queue_id, *words, text=None, **env):
    """(exit status, stdout, stderr)"""
    done = subprocess.run(
        [mta.program("postern"), "explain", *words, queue_id],
        capture_output=True, timeout=ASK_S, input=text or b"",
        env={**os.environ, **env})
    return (done.returncode, done.stdout.decode("utf-8", "backslashreplace"),
            done.stderr.decode("utf-8", "backslashreplace"))


def answer(queue_id, *words, **how):
    """(exit status, object), without what tells the time."""
    status, text, error = ask(queue_id, "--json", *words, **how)
    if not text:
        raise mta.Failure("exit status %d: %s" % (status, error))
    found = json.loads(text)
    del found["first"], found["last"]
    return status, found


# -- mail --------------------------------------------------------------------

def settled(queue_id, expected, start):
    """Until the log has the last word of each recipient."""
    lines = [line for line in mta.syslog(start) if queue_id + ": " in line]
    wanted = sum(v[2] not in (None, "refused") for v in expected.values())
    return any("event=message" in line for line in lines) and sum(
        " to=<" in line and " status=" in line for line in lines) >= wanted


def send_all():
    """[(row, queue id)]; the log is whole then."""
    found = []
    daemon, now = None, None
    for row in ROWS:
        mode, level, domains, expected = row
        if (mode, level) != now:
            now = (mode, level)
            if daemon:
                daemon.stop()
            run("postconf", "-e", "smtp_tls_security_level = " + level,
                "smtp_dns_support_level = dnssec")
            run("postfix", "reload")
            daemon = mta.Posternd("explain-%s-%s" % now,
                                  "On-Fail %s\nLogWhy yes\n" % mode)
        start = mta.syslog_size()
        sent = mta.send(["user@%s.example" % d for d in domains], mode)
        if not sent.queue_id():
            raise mta.Failure("not queued: %s" % sent)
        mta.await_true(lambda: settled(sent.queue_id(), expected, start),
                       mta.DELIVERY_S, "the end of " + sent.queue_id())
        found.append((row, sent.queue_id()))
    daemon.stop()
    return found


# -- what is said of it ------------------------------------------------------

def told(found):
    """{name: (result, reason, status, outcome)} of an answer."""
    return {d["domain"].removesuffix(".example"): (
        d["result"], d["reason"],
        d["recipients"][0]["status"] if d["recipients"] else None,
        d["recipients"][0].get("outcome") if d["recipients"] else None)
        for d in found["domains"]}


def dane_of(domain):
    """DANE's own word; a lookup that failed leaves it open."""
    return domain["result"] if domain["policy"] == "tlsa" or \
        domain["reason"].startswith("dns") else "none"


def check_row(out, row, queue_id):
    mode, level, domains, expected = row
    name = "On-Fail %s, level %s, mail to %s" % (mode, level,
                                                 " ".join(domains))
    status, found = answer(queue_id, "--log", LOG)
    out.test(told(found) == expected, name, [json.dumps(found)])
    worst = max(STATUS[v[0]] for v in expected.values())
    out.test(status == worst, "its exit status is that of the verdict",
             [str(status)])
    action, held = ACTIONS[mode]
    if mode == "tag" and not any(v[0] in ("fail", "temperror")
                                 for v in expected.values()):
        action = "none"
    out.test((found["action"], found["held"], found["sender"],
              found["others"]) == (action, held, mta.SENDER, []),
             "message, sender and queue are told", [json.dumps(found)])
    refused = {d["domain"] for d in found["domains"] if d["refused"]}
    out.test(refused == {n + ".example" for n, v in expected.items()
                         if v[2] == "refused"},
             "and what was refused before it had a queue id", [str(refused)])
    odd = [d for d in found["domains"] if
           d["dane"] != dane_of(d) or
           d["mx"] and not d["hosts"].startswith(d["mx"] + "/")]
    out.test(not odd, "and what LogWhy adds", [json.dumps(odd)])
    check_text(out, queue_id, found)


def check_text(out, queue_id, found):
    _, text, _ = ask(queue_id, "--log", LOG)
    plain = " ".join(text.split())
    missing = [words for d in found["domains"] for words in
               [d["domain"], d["why"], d["who"], d["try"],
                "%s (%s)" % (d["result"], d["reason"]),
                "each alone DANE " + d["dane"]] +
               [r["address"] + ": " + r["status"] for r in d["recipients"]]
               if words not in plain]
    out.test(not missing and max(map(len, text.splitlines())) <= 80,
             "the text says the same, in 80 columns", missing + [text])


# -- other logs --------------------------------------------------------------

def traditional(line):
    return re.sub(rb"^\S+ (\S+ +\d+ \S+) ", rb"\1 gate ", line)


def rfc3339(line):
    return re.sub(rb"^\S+ \S+ +\d+ (\S+) ",
                  rb"2026-11-22T\1.123456+00:00 gate ", line)


def journal(line):
    return re.sub(rb"^\S+ \S+ +\d+ (\S+) ", rb"2026-11-22T\1+0000 gate ",
                  line)


def untimed(line):
    return re.sub(rb"^\S+ \S+ +\d+ \S+ ", b"", line)


def structured(line):
    """RFC 5424, as rsyslog and syslog-ng forward it."""
    return re.sub(rb"^\S+ \S+ +\d+ (\S+) ([^ []+)(?:\[(\d+)\])?: ",
                  rb'<22>1 2026-11-22T\1.123456Z gate \2 \3 - [a@1 b="c"] ',
                  line).replace(b" gate postfix  - ", b" gate postfix - - ")


def docker(line):
    text = line.decode("latin-1")
    return json.dumps({"log": text, "stream": "stdout", "time":
                       "2026-11-22T07:00:00.1Z"},
                      separators=(",", ":")).encode() + b"\n"


def kubernetes(line):
    return b"2026-11-22T07:00:00.123456789Z stdout F " + untimed(line)


def compose(line):
    return b"mail-1  | " + traditional(line)


FORMS = (traditional, rfc3339, journal, untimed, structured, docker,
         kubernetes, compose)


def check_forms(out, log, ids):
    plain = [answer(i, "--log", LOG) for i in ids]
    for form in FORMS:
        text = b"".join(form(line) for line in log.splitlines(True))
        said = [answer(i, "--log", "-", text=text) for i in ids]
        out.test(said == plain, "the form %s is read" % form.__name__,
                 [str(said)])
    text = ask(ids[0], "--log", "-", text=rfc3339(log.splitlines()[0]) +
               b"\n" + b"".join(map(rfc3339, log.splitlines(True))))[1]
    out.test(re.search(r"when +2026-11-22T\S+\s+to\s+2026-11-22T", text),
             "the time is told as the log has it", [text])
    half = len(log.splitlines(True)) // 2
    lines = log.splitlines(True)
    write(DIR + "/1", b"".join(lines[:half]).decode("latin-1"))
    write(DIR + "/2", b"".join(lines[half:]).decode("latin-1"))
    said = [answer(i, "--log", DIR + "/1", "--log", DIR + "/2") for i in ids]
    out.test(said == plain, "several logs are one", [str(said)])


def check_default(out, log, queue_id):
    """/var/log is the host's: a copy is put over it."""
    plain = answer(queue_id, "--log", LOG)
    os.mkdir(DIR + "/var-log")
    run("mount", "--bind", DIR + "/var-log", "/var/log")
    write(DIR + "/journalctl", "#!/bin/sh\necho \"$@\" >%s/args\n"
          "cat %s\n" % (DIR, LOG))
    os.chmod(DIR + "/journalctl", 0o755)
    path = DIR + ":" + os.environ["PATH"]
    said = answer(queue_id, PATH=path)
    out.test(said == plain, "without a log the journal is asked", [str(said)])
    args = mta.read(DIR + "/args").split()
    out.test("SYSLOG_FACILITY=2" in args and
             "SYSLOG_IDENTIFIER=posternd" in args,
             "for mail's lines and posternd's", args)
    write(DIR + "/journalctl", "#!/bin/sh\nexit 3\n")
    status, _, error = ask(queue_id, PATH=path)
    out.test(status == 66 and "exit status 3" in error,
             "a journal that fails is told", [error])
    os.unlink(DIR + "/journalctl")
    status, _, error = ask(queue_id, PATH=DIR)
    out.test(status == 66 and "--log" in error,
             "without either one is told to name the log", [error])
    with open(MAIL_LOG, "wb") as file:
        file.write(log)
    said = answer(queue_id)
    out.test(said == plain, MAIL_LOG + " is the default", [str(said)])
    check_rotated(out, log, queue_id, plain)
    run("umount", "/var/log")


def check_rotated(out, log, queue_id, plain):
    """Half of the log is in the file before."""
    lines = log.splitlines(True)
    at = next(i for i, line in enumerate(lines)
              if queue_id.encode() in line) + 1
    with open(MAIL_LOG, "wb") as file:
        file.write(b"".join(lines[at:]))
    write(MAIL_LOG + ".2", "not this one\n")
    for name in (".1", "-20261122"):
        with open(MAIL_LOG + name, "wb") as file:
            file.write(b"".join(lines[:at]))
        for word, ending in (((), ""), (("gzip",), ".gz"),
                             (("xz",), ".xz"), (("zstd", "-q", "--rm"),
                                                ".zst")):
            if word:
                run(*word, MAIL_LOG + name)
            said = answer(queue_id)
            out.test(said == plain, "and mail.log%s%s before it" % (
                name, ending), [str(said)])
            os.unlink(MAIL_LOG + name + ending)
            with open(MAIL_LOG + name, "wb") as file:
                file.write(b"".join(lines[:at]))
        os.unlink(MAIL_LOG + name)
    with open(MAIL_LOG + ".1.gz", "wb") as file:
        file.write(b"\x1f\x8b no gzip")
    with open(MAIL_LOG, "wb") as file:
        file.write(log)
    status, text, error = ask(queue_id)
    out.test(status == plain[0] and text and "gzip" in error,
             "one that is broken is told, and the rest is read",
             [text, error])


def check_hostile(out, log, queue_id):
    evil = (b"mail.info Nov 22 07:00:00 postfix/smtp[1]: %s: to=<\033]0;x\007"
            b"\xff@two-good.example>, relay=\033[2J, delay=1, dsn=2.0.0, "
            b"status=sent (\033[31m\r\n" % queue_id.encode() +
            b"mail.info Nov 22 07:00:00 postfix/smtp[1]: %s: to=<a\0b@"
            b"two-good.example>, dsn=2.0.0, status=sent (x)\n" %
            queue_id.encode() + b"x" * 100000 + b"\n" + b"\0" * 5000 + b"\n")
    for words in ((), ("--json",)):
        _, text, _ = ask(queue_id, "--log", "-", *words, text=log + evil)
        out.test(text and all(c == "\n" or " " <= c <= "~" for c in text) and
                 r"x1b[31m" in text and "a?b@" in text,
                 "what would drive a terminal is escaped %s" % (words,),
                 [repr(text)])


def check_large(out, log, queue_id):
    """More than 50 MB, of which all lines but ours are others'."""
    line = b"Nov 22 07:00:00 gate postfix/smtp[1]: NOQUEUE0%d: to=<u@x>, " \
        b"relay=mx.x.example[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent " \
        b"(250 2.0.0 ok)\n"
    with open(DIR + "/large", "wb") as file:
        for i in range(NOISE_LINES // 1000):
            file.write(line % i * 1000)
        file.write(log)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    said = answer(queue_id, "--log", DIR + "/large")
    out.test(said == answer(queue_id, "--log", LOG),
             "a message is found in %d MB" %
             (os.path.getsize(DIR + "/large") >> 20), [str(said)])
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    out.test(after <= max(before, MEMORY_KIB),
             "and it takes no more memory than before",
             ["%d KiB, before %d" % (after, before)])
    os.unlink(DIR + "/large")


PACKERS = (("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst"))


def check_packed(out, log, queue_id):
    plain = answer(queue_id, "--log", LOG)
    for program, ending in PACKERS:
        path = DIR + "/packed." + ending
        with open(path, "wb") as file:
            subprocess.run([program, "-c"], input=log, stdout=file,
                           check=True, timeout=60)
        said = answer(queue_id, "--log", path)
        out.test(said == plain, "a log of %s is read" % program, [str(said)])
        with open(path, "rb") as file:
            octets = file.read()
        status, text, error = ask(queue_id, "--log", "-", text=octets)
        out.test(status == 65 and not text and program + " -dc" in error,
                 "from a pipe its program is told", [error])
        with open(path, "wb") as file:
            file.write(octets[:len(octets) // 2])
        status, text, error = ask(queue_id, "--log", path)
        out.test(status == 65 and not text and program in error,
                 "half of it is no log", [error])
        status, text, error = ask(queue_id, "--log", path, PATH=DIR)
        out.test(status == 65 and not text and program in error,
                 "without %s that is told" % program, [error])


def check_bomb(out, log, queue_id):
    """A line without an end, of which 8 KiB are kept."""
    path = DIR + "/bomb.gz"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with gzip.open(path, "wb", 1) as file:
        for _ in range(256):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + log)
    said = answer(queue_id, "--log", path)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    out.test(said == answer(queue_id, "--log", LOG) and
             used <= max(before, MEMORY_KIB),
             "a line of 256 MiB takes no memory",
             ["%d KiB, before %d" % (used, before)])


def check_hops(out):
    """Two next hops of one domain: neither line hides the other."""
    def line(result, mx, action):
        return "gate posternd[1]: F1: event=check domain=two.example " \
            "result=%s policy=tlsa level=dane-only reason=ok action=%s " \
            "rcpts=1 mx=%s\n" % (result, action, mx)
    said = "gate postfix/smtp[2]: F1: to=<%s@two.example>, relay=%s[192.0.2." \
        "1]:25, dsn=2.0.0, status=sent (ok)\n"
    pair = (line("fail", "mx.bad.example", "hold"),
            line("pass", "mx.good.example", "none"))
    for pair in (pair, pair[::-1]):
        status, found = answer("F1", "--log", "-", text="".join(
            (*pair, said % ("a", "mx.bad.example"),
             said % ("b", "mx.good.example"),
             said % ("c", "mx.third.example"))).encode())
        got = {(d["result"], d["mx"]): [(r["address"][0], r["outcome"])
                                        for r in d["recipients"]]
               for d in found["domains"]}
        out.test(status == 2 and got == {
            ("fail", "mx.bad.example"): [("a", "not-as-predicted"),
                                         ("c", "nothing-predicted")],
            ("pass", "mx.good.example"): [("b", "as-predicted")]},
            "of two next hops each is told", [json.dumps(found)])


def check_wrong(out, log, queue_id):
    write(DIR + "/bad.conf", "Sokcet x\n")
    for name, status, words, about in (
            ("a message that is not there", 66, ("--log", LOG), "0" * 12),
            ("a log that is not there", 66, ("--log", DIR + "/none"), "F1"),
            ("a log that is a folder", 66, ("--log", DIR), "F1"),
            ("no queue id", 64, ("--log", LOG), "F1 F2"),
            ("a queue id that is too long", 64, ("--log", LOG), "F" * 33),
            ("NOQUEUE", 64, ("--log", LOG), "NOQUEUE"),
            ("--since without --domain", 64,
             ("--log", LOG, "--since", "2026-01-01T00:00:00Z"), "F1"),
            ("a queue id beside --domain", 64,
             ("--log", LOG, "--domain", "a.example"), "F1"),
            ("a bad configuration", 78,
             ("-c", DIR + "/bad.conf", "--log", LOG), "F1")):
        got, text, error = ask(about, *words)
        out.test(got == status and not text and error, "%s: exit status %d"
                 % (name, status), [str(got), text, error])
    done = subprocess.run(
        [mta.program("postern"), "explain", "--log", LOG, "--domain",
         "nobody.example"], capture_output=True, timeout=ASK_S)
    out.test(done.returncode == 66 and not done.stdout,
             "a domain of which nobody was refused: exit status 66",
             [done.stderr.decode()])
    conf = DIR + "/other.conf"
    write(conf, "SyslogName other\n")
    _, found = answer(queue_id, "-c", conf, "--log", LOG)
    out.test(not found["domains"] and found["others"],
             "lines of a program that is not posternd are not believed",
             [json.dumps(found)])


def check_domain(out):
    """Recipients that were refused before their message had a queue id."""
    daemon = mta.Posternd("explain-refused", "On-Fail defer\nLogWhy yes\n")
    sent = mta.send(["first@two-bad.example", "second@two-bad.example"],
                    "refused")
    out.test(not sent.queue_id(), "nobody is left: no queue id", [str(sent)])
    daemon.stop()
    with open(mta.HERE + "/syslog", "rb") as file:
        log = file.read()
    done = subprocess.run(
        [mta.program("postern"), "explain", "--json", "--log", "-",
         "--domain", "two-bad.example"], input=log, capture_output=True,
        timeout=ASK_S)
    found = json.loads(done.stdout)
    out.test(done.returncode == 2 and [
        r["address"] for r in found["refused"] if r["id"] == "NOQUEUE"][-2:]
        == ["first@two-bad.example", "second@two-bad.example"],
        "they are found by their domain", [json.dumps(found)])
    out.test([(c["result"], c["reason"], c["action"], c["dane"])
              for c in found["checks"]] ==
             [("fail", "validation-failure", "defer", "")],
             "with what was found", [json.dumps(found)])
    for form, since, some in ((rfc3339, "2026-11-22T00:00:00Z", True),
                              (rfc3339, "2026-11-23T00:00:00Z", False)):
        done = subprocess.run(
            [mta.program("postern"), "explain", "--log", "-", "--since",
             since, "--domain", "two-bad.example"],
            input=b"".join(map(form, log.splitlines(True))),
            capture_output=True, timeout=ASK_S)
        out.test((done.returncode == 2) == some and
                 (b"second@two-bad.example" in done.stdout) == some,
                 "since %s: %s" % (since, "found" if some else "nothing"),
                 [done.stdout.decode(), done.stderr.decode()])


def check_unseen(out):
    """The MTA's own lines tell that posternd was not there."""
    run("postconf", "-e", "milter_default_action = accept")
    run("postfix", "reload")
    sent = mta.send(["user@two-good.example"], "unseen")
    queue_id = sent.queue_id()
    mta.await_true(lambda: any(queue_id + ": " in line and "status=" in line
                               for line in mta.syslog(0)),
                   mta.DELIVERY_S, "the end of " + queue_id)
    status, found = answer(queue_id, "--log", mta.HERE + "/syslog")
    out.test(status == 3 and "Milter service" in found["unseen"] and
             not found["domains"], "a message that passed while posternd was "
             "down is told", [json.dumps(found)])
    _, text, _ = ask(queue_id, "--log", mta.HERE + "/syslog")
    out.test("it passed unseen" in text, "in words too", [text])


def inside():
    out = tap.Tap()
    os.mkdir(DIR)
    try:
        sent = send_all()
        with open(mta.HERE + "/syslog", "rb") as file:
            log = file.read()
        with open(LOG, "wb") as file:
            file.write(log)
        for row, queue_id in sent:
            check_row(out, row, queue_id)
        ids = [queue_id for _, queue_id in sent]
        check_forms(out, log, ids)
        check_default(out, log, ids[0])
        check_hostile(out, log, ids[0])
        check_large(out, log, ids[0])
        check_packed(out, log, ids[0])
        check_bomb(out, log, ids[0])
        check_hops(out)
        check_domain(out)
        check_unseen(out)
        check_wrong(out, log, ids[0])
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks", "bzip2", "xz", "zstd"))
