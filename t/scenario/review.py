#!/usr/bin/env python3
"""review - "postern review" on the logs of real mail.

posternd tags mail in the lab and Postfix delivers it or does not; the review of
that log must say what the demo's table says.  Then one host is changed between
check and delivery, and the forecast is wrong once.  The same log comes packed,
rotated, from a journal, forged, cut and mixed.  TAP.
"""
import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import journal
import json_page
import mta
import tap
import watched
import weights
import world

DIR = "/run/lab/review"
LOG = DIR + "/log"
ASK_S = 120
MEMORY_KIB = 100 * 1024
NOISE_LINES = 300000
FORECAST = {"pass": "goes out", "none": "goes out", "softfail": "goes out",
            "fail": "waits", "temperror": "nothing"}
BOUNCED = ("null-mx", "nxdomain", "no-address")


def write(path, text):
    with open(path, "wb") as out:
        out.write(text)


def run(*command):
    subprocess.run(command, capture_output=True, check=True, timeout=60)


PRINTED = {}


def ask(*words, text=b"", **env):
    """(exit status, stdout, stderr)"""
    done = subprocess.run([mta.program("postern"), "review", *words],
                          capture_output=True, timeout=ASK_S, input=text,
                          env={**os.environ, **env})
    return (done.returncode, done.stdout.decode("ascii"),
            done.stderr.decode("utf-8", "backslashreplace"))


def answer(*words, **how):
    status, text, error = ask("--json", *words, **how)
    if status != 0:
        raise mta.Failure("exit status %d: %s" % (status, error))
    found = json.loads(text)
    json_page.keys_of(found, PRINTED)
    return found


def untitled(found):
    """Without what only tells the time of the lines."""
    return {k: v for k, v in found.items() if k != "title"}


# -- mail --------------------------------------------------------------------

def log_from(start):
    """The log as octets."""
    return "".join(line + "\n" for line in mta.syslog(start)).encode()


def enforce():
    """Postfix does what posternd foresees, MTA-STS by a table: of what it
    has no policy for, it knows nothing."""
    table = DIR + "/policy"
    write(table, "".join(
        "%s secure match=%s servername=hostname\n" % (d.domain, "hostname"
            if "sts-mx-mismatch" not in d.expect.reasons() else "no.invalid")
        for d in demo_rows() if d.expect.policy == "sts" and
        d.expect.result in ("pass", "fail")).encode())
    run("postconf", "-e", "smtp_tls_security_level = dane",
        "smtp_dns_support_level = dnssec",
        "smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt",
        "smtp_tls_policy_maps = texthash:" + table)
    run("postfix", "reload")


def settled(queue_id, count, start):
    lines = [line for line in mta.syslog(start) if queue_id + ": " in line]
    return any("event=message" in line for line in lines) and sum(
        " to=<" in line and " status=" in line for line in lines) >= count


def send(names, key):
    start = mta.syslog_size()
    sent = mta.send(["user@%s.example" % n for n in names], key)
    if not sent.queue_id():
        raise mta.Failure("not queued: %s" % sent)
    mta.await_true(lambda: settled(sent.queue_id(), len(names), start),
                   mta.DELIVERY_S, "the end of " + sent.queue_id())
    return sent.queue_id()


def demo_rows():
    """The destinations of the demo that this host has no say in."""
    return [d for d in world.WORLD.dests if d.demo and not d.relay
            and d.name != "huge-key"]


def send_demo():
    """{domain: (result, reason, what Postfix did)} as the log has it."""
    found = {}
    for dest in demo_rows():
        start = mta.syslog_size()
        sent = mta.send(["user@" + (dest.show or dest.domain)], dest.name)
        words = mta.check_line(dest.domain, start)
        outcome, _ = mta.status(sent.queue_id(),
                                "user@" + (dest.show or dest.domain), start)
        found[dest.domain] = (words["result"], words["reason"], outcome)
    return found


# -- what is said of it ------------------------------------------------------

def count(values):
    found = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def check_demo(out, sent):
    found = answer("--log", LOG)
    results = {r["result"]: r["messages"] for r in found["decided"]["results"]}
    out.test(results == count(v[0] for v in sent.values()),
             "results are those of the demo", [str(results), str(sent)])
    out.test(found["decided"]["counts"][0]["authenticated"] ==
             results["pass"], "of those that pass every domain was "
             "authenticated", [str(found["decided"]["counts"])])
    reasons = {r["reason"]: r["domain_checks"]
               for r in found["decided"]["reasons"]}
    out.test(reasons == count(v[1] for v in sent.values()),
             "so are reasons", [str(reasons)])
    fails = {name for name, v in sent.items() if v[0] == "fail"}
    would = {r["domain"]: r["messages"] for r in found["would"]["on_fail"]}
    out.test(would == dict.fromkeys(fails, 1),
             "what defer would have stopped is what failed",
             [str(would), str(fails)])
    changes = {r["change"]: r for r in found["would"]["changes"]}
    out.test(changes["On-Fail defer, or reject"]["messages"] == len(fails),
             "by messages too", [str(changes)])
    trouble = {r["domain"]: (r["result"], r["reason"])
               for r in found["failing"]["domains"]}
    out.test(trouble == {n: v[:2] for n, v in sent.items()
                         if v[0] in ("fail", "temperror", "softfail")},
             "who fails is told with the reason", [str(trouble)])
    advised = [r["domain"] for r in found["failing"]["domains"]
               if not r["advice"]]
    out.test(not advised, "and with advice", advised)
    check_forecast(out, found, sent)
    return found


def check_forecast(out, found, sent):
    summary = found["answer"]["summary"][0]
    judged = [v for v in sent.values() if v[0] not in ("temperror", "skip")
              and v[1] != "not-probed"]
    out.test((summary["as_foreseen"], summary["not_as_foreseen"]) ==
             (len(judged), 0), "the forecast was right in all cases",
             [str(summary), json.dumps(found["forecast"])])
    rows = {r["forecast"]: r for r in found["forecast"]["outcomes"]}
    waits = [v for v in sent.values() if v[0] == "fail"]
    back = [v for v in sent.values() if v[1] in BOUNCED]
    out.test(rows["waits"]["deferred"] == len(waits) and
             rows["comes back"]["bounced"] == len(back) and
             found["forecast"]["missed"] == [],
             "as a table too", [str(rows)])


def check_text(out):
    status, text, _ = ask("--log", LOG)
    lines = text.splitlines()
    out.test(status == 0 and max(map(len, lines)) <= 80,
             "the text keeps within 80 columns",
             [line for line in lines if len(line) > 80])
    top = text[:text.index("\nWhat was decided")].splitlines()
    words = " ".join(" ".join(top).split())
    out.test(len(top) <= 15 and "On-Fail defer" in words and
             "LOOK FIRST" in words and "would have stopped" in words and
             "forecast was right in 100.0%" in words,
             "the answer stands on top, in %d lines" % len(top), top)
    out.test(re.search(r"^Ours$", text, re.M), "five sections follow", [text])


def check_forms(out, found):
    status, text, _ = ask("--log", LOG, "--as", "csv")
    rows = list(csv.reader(io.StringIO(text)))
    cells = {tuple(r[:4]): r[4] for r in rows[1:]}
    out.test(status == 0 and rows[0] == ["section", "table", "row", "column",
                                         "value"] and
             cells[("answer", "summary", "1", "messages")] ==
             str(found["answer"]["summary"][0]["messages"]),
             "CSV has the same numbers", [text[:400]])
    status, text, _ = ask("--log", LOG, "--as", "html")
    out.test(status == 0 and text.startswith("<!DOCTYPE html>") and
             "<svg" in text and "<script" not in text and
             "://" not in text, "HTML stands for itself", [text[:300]])
    status, text, error = ask("--log", LOG, "--as", "xml")
    out.test((status, text) == (64, ""), "another form is a mistake", [error])
    for words in (("--json", "--as", "csv"), ("--since", "soon"),
                  ("--until", "2026-13-40"), ("--domain", "a..b"),
                  ("more",)):
        status, text, error = ask("--log", LOG, *words)
        out.test(status == 64, "so is " + " ".join(words), [text, error])


def check_addresses(out, log):
    """In no form does an address stand that the log has."""
    found = set(re.findall(rb"(?:to|from|orig_to)=<([^>@]+)@", log)) | {
        mta.SENDER.split("@")[0].encode()}
    found.add(b"user")
    bad = []
    for form in ("text", "json", "csv", "markdown", "html"):
        text = ask("--log", LOG, "--as", form)[1]
        bad += ["%s: %s" % (form, name) for name in found
                if name.decode() + "@" in text]
    out.test(not bad and len(found) >= 1, "no form has an address", bad)


# -- other logs --------------------------------------------------------------

def check_files(out, log, plain):
    write(DIR + "/log.gz", gzip.compress(log))
    out.test(untitled(answer("--log", DIR + "/log.gz")) == plain,
             "a packed log is read")
    out.test(untitled(answer("--log", "-", text=log)) == plain,
             "so is standard input")
    lines = log.splitlines(True)
    third = len(lines) // 3
    os.mkdir(DIR + "/var-log")
    run("mount", "--bind", DIR + "/var-log", "/var/log")
    try:
        write("/var/log/mail.log.2.gz", gzip.compress(b"".join(lines[:third])))
        write("/var/log/mail.log.1", b"".join(lines[third:2 * third]))
        write("/var/log/mail.log", b"".join(lines[2 * third:]))
        write("/var/log/mail.log.old", b"".join(lines))
        out.test(untitled(answer()) == plain, "rotated logs are one log")
        old = time.time() - 10 * 86400
        os.utime("/var/log/mail.log.2.gz", (old, old))
        with open("/var/log/mail.log.2.gz", "wb") as broken:
            broken.write(b"\x1f\x8bbroken")
        os.utime("/var/log/mail.log.2.gz", (old, old))
        status, _, error = ask("--since", "3d")
        out.test(status == 0 and not error,
                 "one from before the time asked for is not opened", [error])
        status, _, error = ask()
        out.test(status == 0 and "mail.log.2.gz" in error,
                 "one that cannot be unpacked is told, and passed over",
                 [error])
    finally:
        run("umount", "/var/log")


def check_journal(out, log, plain):
    """A journalctl that gives the log as it would."""
    write(DIR + "/journalctl", b"#!/bin/sh\necho \"$@\" >%s/asked\nexec cat %s"
          % (DIR.encode(), DIR.encode() + b"/journal"))
    os.chmod(DIR + "/journalctl", 0o755)
    write(DIR + "/journal", b"".join(
        re.sub(rb"^\S+ \S+ +\d+ (\S+) ", lambda m: time.strftime(
            "%Y-%m-%dT", time.gmtime()).encode() + m[1] + b"+0000 gate ",
            line) for line in log.splitlines(True)))
    os.mkdir(DIR + "/no-log")
    run("mount", "--bind", DIR + "/no-log", "/var/log")
    try:
        path = DIR + ":" + os.environ["PATH"]
        found = untitled(answer(PATH=path))
        with open(DIR + "/asked") as asked:
            words = asked.read()
        out.test(found["answer"] == plain["answer"] and
                 "SYSLOG_FACILITY=2" in words,
                 "without a file the journal is read", [str(found["answer"])])
        ask("--since", "2d", PATH=path)
        with open(DIR + "/asked") as asked:
            since = re.search(r"--since=@(\d+)", asked.read())
        out.test(since and abs(int(since[1]) - (time.time() - 2 * 86400)) < 60,
                 "from the time asked for on")
        ask("--until", "1d", PATH=path)
        with open(DIR + "/asked") as asked:
            until = re.search(r"--until=@(\d+)", asked.read())
        out.test(until and abs(int(until[1]) - (time.time() - 86400)) < 60,
                 "to the time asked for")
    finally:
        run("umount", "/var/log")


def check_times(out, log, plain):
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400))
    empty = answer("--log", LOG, "--since", day)
    out.test(empty["answer"]["summary"][0]["messages"] == 0 and
             empty["answer"]["summary"][0]["answer"] == "not-known",
             "of another time there is nothing to say")
    out.test(untitled(answer("--log", LOG, "--since", "1h", "--until", day))
             ["answer"] == plain["answer"], "of this time there is all")


def check_hostile(out, log, plain):
    ours = next(line for line in log.splitlines(True)
                if b"event=check" in line and b"result=fail" in line)
    text = ours.split(b": ", 1)[1]
    stamp = re.match(rb"^\S+ \S+ +\d+ \S+ ", ours)[0]
    forged = [stamp + b"dovecot[1]: " + text, stamp + b"x y posternd[1]: "
              + text, stamp + b"(sd)[1]: posternd[1]: " + text,
              stamp + b"postfix/smtp[1]: A1: to=<posternd[1]: " + text]
    same = untitled(answer("--log", "-", text=log + b"".join(forged)))
    out.test(same == plain, "a forged line counts for nothing")
    cut = [ours[:n] + b"\n" for n in range(len(stamp) + 12, len(ours), 17)]
    mixed = [ours[:60] + ours, b"\0" * 50 + b"\n", ours[:40] + b"\0" +
             ours[41:], bytes(range(1, 256)) + b"\n", b"\n", b"x" * 100000]
    found = answer("--log", "-", text=log + b"".join(cut + mixed))
    out.test(found["decided"]["results"] and
             found["decided"]["counts"][0]["damaged"] > 0 and
             found["would"]["on_fail"] == plain["would"]["on_fail"],
             "what is cut or mixed is counted apart",
             [str(found["decided"]["counts"]), str(found["would"])])
    late = re.sub(rb"^(\S+) \S+ +\d+ \S+", rb"\1 2099-01-01T00:00:00Z gate",
                  ours)
    back = re.sub(rb"^(\S+) \S+ +\d+", rb"\1 Okt 11", ours)
    status, text, error = ask("--log", "-", text=log + late + back)
    out.test(status == 0 and "2 lines have no time" in " ".join(text.split()),
             "wrong years and other names of months belong to no day",
             [text[:1500], error])


def check_output(out):
    os.mkdir(DIR + "/full")
    run("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=4", "none",
        DIR + "/full")
    try:
        write(DIR + "/full/a", b"before")
        status, _, error = ask("--log", LOG, "--as", "html", "-o",
                               DIR + "/full/a")
        out.test(status == 74 and open(DIR + "/full/a").read() == "before" and
                 os.listdir(DIR + "/full") == ["a"],
                 "on a full disk the old file stays whole", [error])
    finally:
        run("umount", DIR + "/full")
    status, _, error = ask("--log", LOG, "-o", DIR + "/none/a")
    out.test(status == 73, "a missing folder is told", [error])
    write(DIR + "/target", b"before")
    os.symlink(DIR + "/target", DIR + "/link")
    status, _, error = ask("--log", LOG, "-o", DIR + "/link")
    out.test(status == 0 and open(DIR + "/target").read() == "before" and
             not os.path.islink(DIR + "/link") and
             os.stat(DIR + "/link").st_mode & 0o777 == 0o644,
             "a link is replaced, not followed", [error])
    status, _, error = ask("--log", "/dev/null/x")
    out.test(status == 66, "a log that is not there is told", [error])
    with open("/dev/full", "w") as full:
        done = subprocess.run([mta.program("postern"), "review", "--log", LOG],
                              stdout=full, stderr=subprocess.PIPE,
                              timeout=ASK_S)
    out.test(done.returncode == 74, "so is an answer that cannot be written")


def catches(pid):
    """Whether a process has a handler of SIGINT."""
    caught = re.search(r"^SigCgt:\s*(\w+)", mta.read("/proc/%d/status" % pid),
                       re.M)
    return caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1


def check_size(out, log):
    """Ctrl-C, and memory on a log of many messages."""
    lines = [line for line in log.splitlines(True)]
    with open(DIR + "/large", "wb") as large:
        for i in range(NOISE_LINES // len(lines) + 1):
            for line in lines:
                large.write(re.sub(rb": ([0-9A-Za-z]{8,20}): ",
                                   b": \\g<1>%X: " % i, line))
    # what AddressSanitizer holds back of freed memory is not ours
    env = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") +
               ":quarantine_size_mb=4")
    with open(DIR + "/large.out", "w") as to:
        child = subprocess.Popen([mta.program("postern"), "review", "--log",
                                  DIR + "/large"], stdout=to, env=env)
        _, status, usage = os.wait4(child.pid, 0)
    out.test(status == 0 and usage.ru_maxrss <= MEMORY_KIB or mta.UNDER,
             "a large log needs little memory: %d KiB" % usage.ru_maxrss)
    reader, writer = os.pipe()
    child = subprocess.Popen([mta.program("postern"), "review", "--log", "-"],
                             stdin=reader, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    os.close(reader)
    os.write(writer, log[:60000])
    mta.await_true(lambda: catches(child.pid), ASK_S, "a handler of Ctrl-C")
    child.send_signal(signal.SIGINT)
    os.write(writer, b"\n" * 200)
    os.close(writer)
    text, error = child.communicate(timeout=ASK_S)
    out.test(child.returncode == 0 and b"Review of" in text and
             b"stopped" in error,
             "Ctrl-C prints what there is, and says so",
             [str(child.returncode), error.decode()])


def check_terminal(out, log):
    """How far it is, and that it goes when there is an answer."""
    child = watched.Watched(mta.program("postern"), "review", "--log", "-",
                            "--log", DIR + "/large")
    drawn = child.until(r"\r\033\[Kreading: \d+ MB of \d+, \d+%, [\d.]+ "
                        r"MB/s, \d+ s left", log[:60000])
    status, text = child.interrupt()
    out.test(drawn, "a terminal sees how far it is, at what rate and for how "
             "long", [repr(child.seen)])
    out.test(status == 0 and text.startswith("Review of") and
             "\033" not in text and child.seen.endswith(
                 "\r\033[Kpostern: stopped: this is what was read until "
                 "then\r\n"), "and nothing is left of that",
             [repr(child.seen)])


# -- a host that changes between check and delivery --------------------------

def check_changed(out):
    """Checked while it is well; broken when Postfix comes."""
    start = mta.syslog_size()
    send(["two-good"], "warm")
    changes = change.Changes()
    changes.host(world.WORLD.find("two-good"), "no-starttls")
    changes.apply()
    queue_id = send(["two-good"], "changed")
    write(LOG + ".changed", log_from(start))
    found = answer("--log", LOG + ".changed")
    summary = found["answer"]["summary"][0]
    missed = found["forecast"]["missed"]
    out.test((summary["as_foreseen"], summary["not_as_foreseen"]) == (1, 1),
             "one host changed: the forecast was wrong once", [str(summary)])
    out.test(len(missed) == 1 and missed[0]["domain"] == "two-good.example" and
             missed[0]["posternd"].startswith(queue_id + ": event=check ") and
             missed[0]["mta"].startswith(queue_id + ": to=<*@two-good.example>")
             and "status=deferred" in missed[0]["mta"],
             "and both lines are shown, without the address", [str(missed)])
    out.test(summary["answer"] == "not-yet", "the answer is: not yet",
             [str(summary)])


def check_weights(out, log, sent):
    """V04, V07: what a survey takes from this log, and from the queue."""
    wanted = weights.of_syslog(log.decode().splitlines())
    # what bounced went to the sender
    out.test(set(wanted) - {"sender.example"} <= set(sent) and
             len(wanted) > 15, "messages went to %d domains" % len(wanted),
             sorted(set(wanted) ^ set(sent)))
    weights.compare(out, "of a survey each weighs as much", mta.CONF, wanted,
                    "--maillog", LOG)
    half = log.index(b"\n", len(log) // 2) + 1
    write(DIR + "/one.gz", gzip.compress(log[:half]))
    write(DIR + "/two", log[half:])
    weights.compare(out, "so they do in two files, one of them packed",
                    mta.CONF, wanted, "--maillog", DIR + "/one.gz",
                    "--maillog", DIR + "/two")
    with journal.Journal() as kept:
        kept.take(log.decode().splitlines() + [
            "user.info postfix/smtp[1]: A: to=<q@other.example>, status=sent",
            "daemon.info posternd[1]: A: event=check domain=ours.example"])
        weights.compare(out, "and in the journal, of mail and of posternd",
                        mta.CONF, dict(wanted, **{"ours.example": 1}),
                        "--journal")
    weights.compare(out, "the queue has what waits", mta.CONF,
                    weights.of_queue(), "--queue")


def inside():
    out = tap.Tap()
    os.mkdir(DIR)
    enforce()
    daemon = mta.Posternd("review", "On-Fail tag\n")
    start = mta.syslog_size()
    sent = send_demo()
    log = log_from(start)
    write(LOG, log)
    found = check_demo(out, sent)
    plain = untitled(found)
    check_weights(out, log, sent)
    check_text(out)
    check_forms(out, found)
    check_addresses(out, log)
    check_files(out, log, plain)
    check_journal(out, log, plain)
    check_times(out, log, plain)
    check_hostile(out, log, plain)
    check_output(out)
    check_size(out, log)
    check_terminal(out, log)
    check_changed(out)
    json_page.compare(out, "review", PRINTED, 1)
    daemon.stop()
    return out.close()


if __name__ == "__main__":
    sys.exit(tap.main(__file__, inside, "swaks"))
