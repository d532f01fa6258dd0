#!/usr/bin/env python3
"""survey - what "postern survey" finds of the lab's domains, and keeps.

Lists with weights, each kind of destination by its vector's id, files that are
gone on with after kill -9, files of others, and the report in each form against
survey.expected/ ("--write" writes it anew).  TAP.
"""
import copy
import csv
import html.parser
import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from xml.etree import ElementTree

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import check
import cli
import json_page
import mta
import tap
import watched
import world

EXPECTED = HERE + "/survey.expected/"
DIR = "/run/lab/survey"
FORMS = ("text", "json", "ndjson", "csv", "markdown", "html")
AT, WHEN = "2026-11-30T12:00:00Z", 1796000000
KILLS = 20
SEED = 20

# A destination, and what must be found of it: "a.b=value".
VECTORS = {
    "V10": ("null-mx", "mx.state=null-mx protection=na out.may=b "
            "out.secure=b"),
    "V10 nxdomain": ("d71", "mx.state=nxdomain protection=na out.auto=b"),
    "V10 no address": ("d59", "mx.state=no-address protection=na "
                       "out.auto=b"),
    "V10 implicit": ("d69", "mx.state=implicit protection=dane"),
    "V11 bogus": ("bogus", "mx.state=error reason=dnssec-invalid out.may=t "
                  "out.secure=t protection=unknown dnssec.domain=bogus"),
    "V11 servfail": ("d62", "mx.state=error out.may=t out.auto=t"),
    "V20 V29": ("dane-ee", "dane.adoption=full dane.health=unknown "
                "protection=dane out.may=d out.dane=u out.dane-only=u "
                "dnssec.domain=secure dnssec.hosts=all mx.class=self"),
    "V29 of V26": ("dane-mismatch", "dane.adoption=full "
                   "dane.health=unknown out.dane=u out.auto=u depth=dns"),
    "V21": ("half-dane", "dane.adoption=half protection=partial "
            "out.dane-only=q mx.secure=False dnssec.domain=insecure "
            "mx.site=mx.hosting"),
    "V22": ("d91", "dane.adoption=partial protection=partial"),
    "V23": ("d35", "dane.adoption=unusable dane.health=na out.dane-only=q"),
    "V24": ("d53", "dane.adoption=insecure out.auto=d out.dane=d"),
    "V28": ("d55-servfail", "dane.adoption=error out.dane=t out.auto=t "
            "out.sts=d out.may=d"),
    "V40": ("sts", "sts.record=valid sts.policy=fetched sts.mode=enforce "
            "sts.cover=all sts.max_age=86400 sts.id=1 protection=sts "
            "sts.health=unknown"),
    "V40 testing": ("sts-testing", "sts.mode=testing "
                    "protection=sts-testing out.sts=d"),
    "V40 none": ("plain", "sts.record=none sts.policy=none "
                 "protection=neither out.auto=d out.encrypt=u"),
    "V41 two": ("m07", "sts.record=invalid sts.why=multiple"),
    "V41 no id": ("m12", "sts.record=invalid sts.why=no-id"),
    "V41 33": ("m13-long", "sts.record=invalid sts.why=bad-id"),
    "V42 404": ("m17-404", "sts.record=valid sts.policy=failed "
                "sts.health=broken sts.fault=sts-policy-fetch-error "
                "out.sts=d out.auto=d protection=neither"),
    "V42 name": ("m19", "sts.fault=sts-webpki-invalid sts.health=broken"),
    "V43": ("m25", "sts.fault=sts-policy-invalid sts.fetch=too-big"),
    "V44 all": ("sts-mx", "sts.cover=none sts.health=broken out.sts=q "
                "out.auto=q out.may=d result=fail"),
    "A20": ("m22", "sts.policy=fetched sts.mode=enforce"),
    "V46": ("m60", "sts.mode=none protection=neither"),
}

# Why no policy came: V42, V43.
FETCH = {"m17-nodns": "dns", "m17-refused": "connect", "m26-hang": "timeout",
         "m19": "cert-name", "m20-expired": "cert-expired",
         "m20-other": "cert-untrusted",
         "m17-404": "http-4xx", "m17-500": "http-5xx", "m25": "too-big",
         "m35": "version", "m36": "version", "m37": "mode", "m38": "mode",
         "m39": "max-age", "m42-unit": "max-age", "m43": "no-mx",
         "m33": "blank-line", "m31-colon": "syntax", "m23": "charset",
         "m47-star": "mx-syntax", "m18": "http-3xx",
         "sts": "", "plain": ""}

# What the golden report is of.
GOLDEN = """dane-ee dane-mismatch sts sts-mx sts-testing plain half-dane null-mx
bogus d35 d71 m12 m17-404 m19 second-mx""".split()


def survey(*words, given=None):
    kept = {"input": given} if given is not None else \
        {"stdin": subprocess.DEVNULL}
    return subprocess.run([mta.program("postern"), "survey", *words],
                          capture_output=True, text=True, timeout=cli.ASK_S,
                          **kept)


def scan(conf, path, *words, given=None):
    return survey("scan", "-c", conf, "--db", path, "--retry", "0", *words,
                  given=given)


def lines_of(path):
    done = survey("report", "--db", path, "--as", "ndjson")
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows_of(path):
    return {row["domain"]: row for row in lines_of(path)
            if row["kind"] == "domain"}


def status(path):
    return json.loads(survey("status", "--db", path, "--json").stdout)


def without_time(rows):
    rows = copy.deepcopy(rows)
    for row in rows.values():
        del row["time"], row["tries"]
    return rows


def failed(done):
    return ["exit %d" % done.returncode, done.stdout[:500], done.stderr[:500]]


# -- what is found -----------------------------------------------------------

def value_at(row, path):
    for key in path.split("."):
        row = row[key]
    return ",".join(row) if isinstance(row, list) else str(row)


def differing(row, wanted):
    """What is otherwise of the "a.b=value" that are wanted."""
    return ["%s is %s" % (pair, value_at(row, pair.split("=")[0]))
            for pair in wanted.split()
            if value_at(row, pair.split("=")[0]) != pair.split("=")[1]]


def check_vectors(out, conf):
    path = DIR + "/vectors"
    names = ["%s.example" % name for name, _ in VECTORS.values()]
    done = scan(conf, path, *names)
    rows = rows_of(path)
    out.test(done.returncode == 0 and not done.stderr and
             set(rows) == set(names), "all names are asked about",
             failed(done))
    for vector, (name, wanted) in VECTORS.items():
        wrong = differing(rows["%s.example" % name], wanted)
        out.test(not wrong, "%s: %s is told as it is" % (vector, name), wrong)
    schema = check.validator("survey")
    lines = lines_of(path)
    wrong = [text for row in lines for text in check.mistakes(schema, row)]
    out.test([lines[0]["kind"], lines[-1]["kind"]] == ["head", "summary"] and
             lines[0]["counts"]["done"] == len(rows) and
             lines[0]["sources"] == ["arguments"] and
             lines[0]["resolver"] == "embedded",
             "a line before them says what it is, one behind has the report",
             [json.dumps(lines[0])])
    out.test(not wrong, "all of it is as the schema has it", wrong)
    out.test(not list(check.open_objects(schema.schema)),
             "and no object takes keys that nobody promised")
    policies = {line["domain"]: line for line in lines
                if line["kind"] == "policy"}
    sts = policies["sts.example"]
    out.test((sts["mode"], sts["fetch"], sts["mx"], sts["cert_wildcard"],
              sts["id"]) == ("enforce", "", ["mx1.sts.example"], False,
                             "1") and
             policies["m22.example"]["cert_wildcard"] and
             policies["m17-404.example"]["fetch"] == "http-4xx" and
             "plain.example" not in policies,
             "A20: a line for each policy says how it was fetched",
             [json.dumps(sts)])
    lines[-1]["report"] = {}
    json_page.compare(out, "survey report", json_page.keys_of(lines, {}))
    json_page.compare(out, "survey status", json_page.keys_of(
        status(path), {}))


def check_fetches(out, conf):
    """V42, V43."""
    path = DIR + "/fetches"
    done = scan(conf, path, *["%s.example" % name for name in FETCH])
    rows = rows_of(path)
    wrong = ["%s: %s" % (name, row["sts"]) for name, row in (
        (name, rows.get("%s.example" % name)) for name in FETCH)
        if not row or row["sts"]["fetch"] != FETCH[name] or FETCH[name] and
        (row["out"]["sts"], row["out"]["auto"], row["sts"]["health"]) !=
        ("d", "d", "broken")]
    out.test(not wrong and done.returncode == 0,
             "V42, V43: each way to have no policy has its word", wrong +
             failed(done))


def check_retry(out, conf):
    """V11: a name whose lookup fails has three tries."""
    path = DIR + "/retry"
    done = survey("scan", "-c", conf, "--db", path, "--retry", "2",
                  "--retry-wait", "0", "d62.example", "plain.example")
    rows = rows_of(path)
    out.test(done.returncode == 0 and rows["d62.example"]["tries"] == 3 and
             rows["plain.example"]["tries"] == 1,
             "V11: a lookup that fails is tried three times", failed(done))


# -- lists -------------------------------------------------------------------

def check_lists(out, conf):
    """V01 to V03, V08."""
    path = DIR + "/lists"
    given = "\ufeffPlain.EXAMPLE. 2\r\n# none\n\nplain.example\t3\n" \
        "user@plain.example\n12,sts.example\nnull-mx.example,12\n" \
        "-x.example\n[192.0.2.1]\n%s\nm\u00fcller.example\na\0b\n" % (
            "x" * 1025)
    done = scan(conf, path, "--list", "-", given=given)
    rows = rows_of(path)
    out.test(done.returncode == 0 and
             {name: (row["weight"], row["rank"])
              for name, row in rows.items()} ==
             {"plain.example": (6, 0), "sts.example": (1, 12),
              "null-mx.example": (12, 0), "xn--mller-kva.example": (1, 0)} and
             [line.split()[2] for line in done.stderr.splitlines()] ==
             ["8", "9", "10", "12"],
             "V01, V02, V03: a list has weights, ranks, doubles, and lines "
             "that are told",
             [str(rows.keys())] + failed(done))
    done = scan(conf, path, "sts.example")
    out.test(done.returncode == 64 and "--add" in done.stderr,
             "V08: names for a file that has some are refused", failed(done))
    done = scan(conf, path, "--add", "sts.example", "dane-ee.example")
    rows = rows_of(path)
    out.test(done.returncode == 0 and rows["sts.example"]["weight"] == 2 and
             "dane-ee.example" in rows, "V08: but for --add", failed(done))
    done = scan(conf, path)
    out.test(done.returncode == 0 and not done.stderr,
             "and without any it goes on, here with nothing", failed(done))
    done = scan(conf, DIR + "/bad", "--list", "-", given="-x\n" * 25 +
                "plain.example\n")
    told = done.stderr.splitlines()
    out.test(done.returncode == 0 and len(told) == 21 and
             "line 20 " in told[19] and "25 lines are no names" in told[20],
             "V03: of bad lines twenty are told, and how many there are",
             failed(done))
    done = scan(conf, DIR + "/jobs", "-j", "2048", "plain.example")
    out.test(done.returncode == 0 and status(DIR + "/jobs")["done"] == 1,
             "there may be 2048 at once", failed(done))
    done = subprocess.run(
        [mta.program("postern"), "check", "-c", conf, "-j", "257",
         "plain.example"], capture_output=True, text=True, timeout=cli.ASK_S)
    out.test(done.returncode == 64 and "1 to 256" in done.stderr,
             "but of checks 256", failed(done))
    for words, code in ((["-j", "2049", "plain.example"], 64),
                        (["--dns-rate", "x", "plain.example"], 64),
                        (["--list", "/nonexistent"], 66),
                        (["-x.example"], 64), (["a..b"], 66), ([], 64),
                        (["--list", "/dev/null"], 66)):
        done = scan(conf, DIR + "/none%d" % len(words), *words)
        out.test(done.returncode == code and not done.stdout,
                 "%s: exit %d" % (" ".join(words), code), failed(done))
    done = survey("scan", "-c", conf, "--retry", "0", "plain.example")
    out.test(done.returncode == 0 and "Survey of 1 domains" in done.stdout,
             "without a file the report comes at once", failed(done))
    # LIMIT_SURVEY_MEMORY
    done = survey("scan", "-c", conf, "--list", "-", given="".join(
        "d%d.example\n" % i for i in range(10001)))
    out.test(done.returncode == 64 and "want --db" in done.stderr,
             "that is for 10,000 names at most", failed(done))


# What stands in place of postqueue, and what comes of it.
QUEUES = (
    ("three messages", """#!/bin/sh
echo '{"queue_id":"A","recipients":[{"address":"a@plain.example"},\
{"address":"b@plain.example"},{"address":"c@sts.example"}]}'
echo '{"queue_id":"B","recipients":[{"address":"a@plain.example"},\
{"address":"c@both.example"}]}'
echo '{"queue_id":"D","recipients":[{"address":"a@Both.Example."},\
{"address":"c@plain.example"}]}'
echo nonsense
echo '{"queue_id":"C","recipients":[{"address":"root"}]}'
""", 75, "1 entries of the queue"),
    # LIMIT_SURVEY_QUEUED
    ("a message that is too large", """#!/bin/sh
head -c 1048577 /dev/zero | tr '\\0' ' '
echo '{"queue_id":"A","recipients":[{"address":"a@plain.example"}]}'
echo '{"queue_id":"A","recipients":[{"address":"a@plain.example"}]}'
""", 0, "1 entries of the queue"),
    ("nothing", "#!/bin/sh\n", 66, "no name"),
    ("a failure", "#!/bin/sh\nexit 1\n", 69, "status 1"),
)


def put_postqueue(text):
    mta.write(DIR + "/postqueue", text)
    os.chmod(DIR + "/postqueue", 0o755)


def check_queue(out, conf):
    """V07; the one that hangs is looked at by queue_ends."""
    put_postqueue("")
    mta.run("mount", "--bind", DIR + "/postqueue", "/usr/sbin/postqueue")
    for name, text, code, words in QUEUES:
        path = DIR + "/queue%d" % code
        put_postqueue(text)
        done = scan(conf, path, "--queue", "--limit", "1")
        out.test(done.returncode == code and words in done.stderr,
                 "V07: a queue with %s: exit %d" % (name, code), failed(done))
    database = sqlite3.connect(DIR + "/queue75")
    rows = dict(database.execute("SELECT domain, weight FROM domain"))
    database.close()
    out.test(rows == {"plain.example": 3, "sts.example": 1,
                      "both.example": 2},
             "V07: its messages are the weights", [str(rows)])
    check_no_queue(out, conf)
    put_postqueue("#!/bin/sh\nexec sleep 600\n")
    return subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db",
         DIR + "/silent", "--queue"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def check_no_queue(out, conf):
    """V07: of a host without Postfix; and nothing is kept of it."""
    path = DIR + "/no-queue"
    os.mkdir(DIR + "/empty")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount --bind \"$0\" /usr/sbin && "
         "exec \"$@\"", DIR + "/empty", mta.program("postern"), "survey",
         "scan", "-c", conf, "--db", path, "--queue"], capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=cli.ASK_S)
    out.test(done.returncode == 69 and "the queue: " in done.stderr and
             "/usr/sbin/postqueue" in done.stderr,
             "V07: a host without a queue: exit 69", failed(done))
    out.test(not os.path.exists(path) or rows_of(path) == {},
             "V07: and no name is kept of it")


def queue_ends(out, child):
    error = child.communicate(timeout=cli.ASK_S)[1]
    out.test(child.returncode == 69 and "the queue" in error,
             "V07: one that says nothing ends the scan in time", [error])
    mta.run("umount", "/usr/sbin/postqueue")


def check_logs(out, conf):
    """V06: a log without a delivery, one that is not there, hostile ones."""
    path = DIR + "/hostile"
    with open(path, "wb") as file:
        file.write(b"to=<\0" * 9999 + b"\n" + b"x" * 99999 + b"\n" +
                   b"x postfix/smtp[1]: A: to=<" + b"a" * 9000 + b"\n" +
                   b"x postfix/smtp[1]: A: to=<q@sts.example>, status=sent\n"
                   b"x postfix/smtp[1]: A: to=<q b\"@x.example>, status=sent")
    for words, code in ((["--maillog", "/dev/null"], 66),
                        (["--maillog", "/nonexistent"], 66),
                        (["--maillog", path], 0)):
        name = DIR + "/log%d" % code
        done = scan(conf, name, *words)
        out.test(done.returncode == code and "q" not in
                 done.stderr.replace("queue", ""),
                 "%s: exit %d" % (" ".join(words), code), failed(done))
    out.test("2 deliveries in the log have no domain" in done.stderr and
             list(rows_of(name)) == ["sts.example"],
             "V06: what is forged is told by its number", failed(done))


# -- files -------------------------------------------------------------------

def steady():
    """Names whose answers do not depend on how busy the machine is, or, as
    those below an alias, on what the resolver has in its cache."""
    return [dest.domain for dest in world.WORLD.dests
            if dest.expect is not None and
            dest.expect.result != "temperror" and
            not any(record.startswith("{d} CNAME ")
                    for record in dest.records)][:240]


def await_progress(child, path, done, wait_s=60):
    """A machine that is busy may not have begun within two seconds."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until and child.poll() is None:
        try:
            if status(path)["done"] > done:
                return
        except ValueError:
            pass
        time.sleep(0.2)


def check_kills(out, conf):
    """V75: who is killed goes on, and finds the same."""
    whole, path = DIR + "/whole", DIR + "/killed"
    given = "\n".join(steady())
    done = scan(conf, whole, "--list", "-", given=given)
    out.test(done.returncode == 0, "a run that nobody kills", failed(done))
    dice = random.Random(SEED)
    seen, good = [], True
    with open(DIR + "/names", "w") as file:
        file.write(given)
    for i in range(KILLS):
        known = i > 0 and os.path.exists(path) and status(path)["names"] > 0
        child = subprocess.Popen(
            [mta.program("postern"), "survey", "scan", "-c", conf, "--db",
             path, "--retry", "0", "--rate", "60"] +
            ([] if known else ["--list", DIR + "/names"]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.1, 2))
        if i % 4 == 3:
            await_progress(child, path, seen[-1])
        child.send_signal(signal.SIGKILL)
        child.wait()
        database = sqlite3.connect(path)
        good &= database.execute("PRAGMA integrity_check").fetchone() == \
            ("ok",)
        database.close()
        try:
            seen.append(status(path)["done"])
        except ValueError:
            seen.append(0)
    out.test(good and seen == sorted(seen) and max(seen) > 0,
             "V75: after each of %d kills the file is whole, and nothing that "
             "was kept is lost" % KILLS, [str(seen)])
    done = scan(conf, path)
    one, other = without_time(rows_of(path)), without_time(rows_of(whole))
    out.test(done.returncode == 0 and one == other and
             len(one) == len(steady()),
             "V75: in the end it has what the other run has", failed(done) +
             ["%s: %s" % (name, part) for name in other for part in (
                 one.get(name), other[name]) if one.get(name) != other[name]])


def check_stops(out, conf):
    path = DIR + "/stops"
    names = ["plain.example", "sts.example", "dane-ee.example"]
    done = scan(conf, path, "-j", "1", "--limit", "2", *names)
    left = status(path)
    out.test(done.returncode == 75 and (left["done"], left["left"]) == (2, 1)
             and "1 names left" in done.stderr,
             "--limit stops, says so, and exits 75", failed(done))
    done = scan(conf, path)
    out.test(done.returncode == 0 and status(path)["left"] == 0,
             "and the next run does the rest", failed(done))
    database = sqlite3.connect(path)
    database.execute("UPDATE domain SET time = 5 WHERE domain = "
                     "'sts.example'")
    database.commit()
    database.close()
    done = scan(conf, path, "--max-age", "3600")
    rows = rows_of(path)
    out.test(done.returncode == 0 and not rows["sts.example"]["time"]
             .startswith("1970") and rows["sts.example"]["tries"] == 1,
             "what is older than --max-age is asked about again",
             failed(done))


def is_whole(path):
    database = sqlite3.connect(path)
    said = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    return said == ("ok",)


def fill_up(folder, left):
    """Take what room there is, but for so many octets."""
    with open(folder + "/filler", "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            file.truncate(max(0, file.tell() - left))


def check_full_disk(out, conf):
    """V75: no room for the names, or for what is found of them."""
    small = DIR + "/small"
    os.makedirs(small)
    mta.run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small)
    given = "".join("%s%d.example\n" % ("x" * 40, n) for n in range(20000))
    done = scan(conf, small + "/names", "--list", "-", given=given)
    out.test(done.returncode == 74 and "full" in done.stderr and
             is_whole(small + "/names") and
             status(small + "/names")["names"] == 0,
             "V75: where a list has no room nothing of it is kept",
             failed(done))
    for name in os.listdir(small):
        os.unlink(small + "/" + name)
    names, path = steady()[:60], small + "/answers"
    done = scan(conf, path, "--limit", "1", *names)
    known = status(path)["done"]
    fill_up(small, 0)
    none = scan(conf, path)
    out.test(none.returncode == 73, "V75: with no room at all it does not "
             "begin", failed(none))
    fill_up(small, 64 * 1024)
    full = scan(conf, path, "--rate", "20")
    os.unlink(small + "/filler")
    out.test((done.returncode, full.returncode) == (75, 74) and
             "full" in full.stderr and is_whole(path) and
             known <= status(path)["done"] < len(names),
             "V75: where answers have none the scan ends, and the file is "
             "whole", failed(full) + [str(status(path))])
    done = scan(conf, path)
    out.test(done.returncode == 0 and status(path)["left"] == 0,
             "V75: and goes on when there is some", failed(done))
    mta.run("umount", small)


def check_files(out, conf):
    """V75: files of others, and two scans."""
    path = DIR + "/two"
    scan(conf, path, "plain.example")
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db", path,
         "--add", "--rate", "1", "--retry", "0",
         *["d%02d.example" % i for i in range(1, 30)]],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        mta.await_true(lambda: status(path)["names"] > 1, cli.ASK_S,
                       "the second list")
        done = scan(conf, path)
        out.test(done.returncode == 69 and "another scan" in done.stderr,
                 "V75: a second scan of a file is refused", failed(done))
        out.test(survey("report", "--db", path).returncode == 0,
                 "while it is read")
    finally:
        child.kill()
        child.wait()
    out.test(os.stat(path).st_mode & 0o777 == 0o600,
             "nobody else may read it")
    for text, make in (("a text", lambda file: file.write(b"no" * 999)),
                       ("another's database", None)):
        foreign = DIR + "/foreign"
        if make:
            with open(foreign, "wb") as file:
                make(file)
        else:
            os.unlink(foreign)
            database = sqlite3.connect(foreign)
            database.execute("CREATE TABLE theirs (a)")
            database.commit()
            database.close()
        before = open(foreign, "rb").read()
        codes = [scan(conf, foreign, "plain.example").returncode,
                 survey("report", "--db", foreign).returncode]
        out.test(codes == [78, 78] and open(foreign, "rb").read() == before,
                 "V75: %s is refused, and stays as it is" % text, [str(codes)])
    other = DIR + "/other"
    scan(conf, other, "plain.example")
    for version, word in ((1, "older"), (3, "newer")):
        database = sqlite3.connect(other)
        database.execute("PRAGMA user_version = %d" % version)
        database.close()
        before = open(other, "rb").read()
        done = [scan(conf, other), survey("report", "--db", other)]
        out.test([each.returncode for each in done] == [78, 78] and
                 all("%s postern" % word in each.stderr for each in done) and
                 open(other, "rb").read() == before,
                 "so is the file of a%s postern" % (
                     "n older" if version == 1 else " newer"),
                 failed(done[0]) + failed(done[1]))
    database = sqlite3.connect(other)
    database.execute("PRAGMA user_version = 2")
    database.executemany(
        "INSERT INTO domain (domain, weight, rank) VALUES (?, 1, 0)",
        [("%0300d.example" % number,) for number in range(600)])
    database.commit()
    database.close()
    done = [scan(conf, other), survey("report", "--db", other),
            survey("diff", path, other)]
    out.test([each.returncode for each in done] == [78] * 3 and
             all("no survey writes" in each.stderr for each in done),
             "names that no scan writes are told, and asked about by none",
             sum((failed(each) for each in done), []))
    database = sqlite3.connect(other)
    database.execute("DELETE FROM domain WHERE length(domain) > 253")
    database.commit()
    database.close()
    for words, code in ((["status", "--db", "/nonexistent"], 66),
                        (["report"], 64), (["status"], 64),
                        (["report", "--db", path, "--as", "xml"], 64)):
        done = survey(*words)
        out.test(done.returncode == code and not done.stdout,
                 "survey %s: exit %d" % (" ".join(words), code), failed(done))
    database = sqlite3.connect(other)
    database.execute("PRAGMA user_version = 2")
    database.execute("UPDATE domain SET state = 0")
    database.commit()
    database.close()
    codes = [survey("report", "--db", other, "--as", form).returncode
             for form in FORMS]
    out.test(set(codes) == {66},
             "V82: of names that nobody asked about no form has a report",
             [str(codes)])


def check_dead_resolver(out, conf):
    """V74: a resolver that dies writes no failures of names."""
    path = DIR + "/dead"
    names = ["n%d.plain.example" % i for i in range(2000)]
    unbound = change.server("unbound")
    child = subprocess.Popen(
        [mta.program("postern"), "survey", "scan", "-c", conf, "--db", path,
         "--retry", "0", "--rate", "150", *names],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        mta.await_true(lambda: os.path.exists(path) and
                       status(path)["done"] > 0, cli.ASK_S, "first answers")
        os.kill(unbound, signal.SIGSTOP)
        began = time.monotonic()
        error = child.communicate(timeout=cli.ASK_S)[1]
        took = time.monotonic() - began
    finally:
        os.kill(unbound, signal.SIGCONT)
    found = status(path)
    out.test(child.returncode == 69 and "answers no more" in error and
             error.count("fails on more than half") == 1 and 60 < took < 90 and
             0 < found["done"] < 2000 and found["failing"] == 0,
             "V74: a resolver that dies ends the run in a minute and a half, "
             "and no name is blamed", [str(found), "%.0f s" % took, error])
    done = scan(conf, path)
    found = status(path)
    out.test(done.returncode == 0 and found["left"] == found["failing"] == 0,
             "V74: when it is back, the rest is asked about", failed(done) +
             [str(found)])


# -- the report --------------------------------------------------------------

def golden_file(conf):
    path = DIR + "/golden"
    scan(conf, path, "--list", "-", given="".join(
        "%s.example %d\n" % (name, i + 1) for i, name in enumerate(GOLDEN)))
    database = sqlite3.connect(path)
    database.execute("UPDATE domain SET time = %d" % WHEN)
    # keys are new in each lab, and addresses follow from its rows
    for name, facts in database.execute(
            "SELECT name, facts FROM host").fetchall():
        facts = re.sub(r"[0-9a-f]{64}", "0123456789abcdef" * 4, facts)
        facts = re.sub(r"127\.\d+\.\d+\.", "192.0.2.", facts)
        database.execute("UPDATE host SET facts = ? WHERE name = ?",
                         (facts, name))
    database.commit()
    database.close()
    return path


def report(path, form):
    return survey("report", "--db", path, "--at", AT, "--as", form).stdout


def put_words(database, domain, **words):
    """Other words for a domain alone, in a row of their own."""
    columns = [row[1] for row in database.execute(
        "PRAGMA table_info(finding)")][1:]
    row = database.execute(
        "SELECT finding.* FROM finding JOIN domain ON id = finding WHERE "
        "domain = ?", (domain,)).fetchone()
    found = dict(zip(columns, row[1:] if row else [""] * len(columns)), **words)
    database.execute("INSERT OR IGNORE INTO finding (%s) VALUES (%s)" % (
        ", ".join('"%s"' % name for name in columns),
        ", ".join("?" * len(columns))), list(found.values()))
    number, = database.execute("SELECT id FROM finding WHERE %s" % " AND ".join(
        '"%s" = ?' % name for name in columns), list(found.values())).fetchone()
    database.execute("UPDATE domain SET finding = ? WHERE domain = ?",
                     (number, domain))


# What is another in the later survey.
LATER = {"sts.example": {"auto": "q"},
         "dane-ee.example": {"protection": "sts"},
         "half-dane.example": {"dane": "partial"},
         "sts-mx.example": {"auto": "d"},
         "d35.example": {"depth": "probe", "dane_health": "ok"},
         '"new".example': {"protection": "both"}}
LATER_NAMES = """DELETE FROM domain WHERE domain = 'plain.example';
INSERT INTO domain (domain, weight, rank, state, mxset, policy) SELECT
'"new".example', 5, 0, 1, mxset, policy FROM domain WHERE domain =
'null-mx.example'"""


def later_file(old):
    new = DIR + "/later"
    shutil.copy(old, new)
    database = sqlite3.connect(new)
    database.executescript(LATER_NAMES)
    for domain, words in LATER.items():
        put_words(database, domain, **words)
    database.commit()
    database.close()
    return new


def check_diff(out, old):
    """V83: what changed, from a database or from an export."""
    new, export = later_file(old), DIR + "/export"
    with open(export, "w") as file:
        file.write(report(old, "ndjson"))
    said = survey("diff", old, new)
    with open(EXPECTED + "diff") as file:
        wanted = file.read()
    out.test(said.stdout == wanted and said.returncode == 1,
             "V83: what changed is told as it is kept, and exits 1",
             check.differences(said.stdout, wanted) + failed(said))
    other = survey("diff", export, new)
    out.test(other.stdout == wanted and other.returncode == 1,
             "V83: from an export it is the same", failed(other))
    told = survey("report", "--db", new, "--at", AT, "--baseline", export)
    out.test(wanted.split("\n", 2)[2].rstrip() in told.stdout and
             told.returncode == 0, "V83: so it is in a report", failed(told))
    page = survey("report", "--db", new, "--at", AT, "--baseline", export,
                  "--as", "html").stdout
    ids = re.findall(r'id="(s-[a-z]+)"', page)
    out.test(ids.count("s-diff") == 1 and "s-diff" not in re.findall(
        r'id="(s-[a-z]+)"', report(new, "html")) and
             ids.index("s-list") < ids.index("s-diff") < ids.index("s-method"),
             "V83: in HTML it is s-diff, between the others", ids)
    lines = [json.loads(line) for line in
             survey("diff", old, new, "--as", "ndjson").stdout.splitlines()]
    json_page.compare(out, "survey diff", json_page.keys_of(lines, {}))
    rows = list(csv.DictReader(io.StringIO(
        survey("diff", old, new, "--as", "csv").stdout)))
    out.test([row["domain"] for row in rows] ==
             [line.get("domain") for line in lines[:-1]] and
             rows[0]["auto_then"] + rows[0]["auto"] == "uq",
             "each form has the same rows", [str(rows)])
    schema = check.validator("survey_diff")
    wrong = [text for line in lines for text in check.mistakes(schema, line)]
    out.test(not wrong and not list(check.open_objects(schema.schema)),
             "each line is as its schema has it", wrong)
    done = survey("diff", new, new)
    out.test(done.returncode == 0, "nothing changed: exit 0", failed(done))
    for words, code in (([old], 64), ([old, "/nonexistent"], 66),
                        ([old, EXPECTED + "html"], 78),
                        ([EXPECTED + "../survey.schema.json", old], 65)):
        done = survey("diff", *words)
        out.test(done.returncode == code and not done.stdout,
                 "diff %s: exit %d" % (" ".join(words)[-30:], code),
                 failed(done))


class Nodes(html.parser.HTMLParser):
    """Elements of a page, ids, and what its links lead to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            if key == "id":
                self.ids.append(value)
            elif key in ("href", "src"):
                self.links.append(value)


SECTIONS = "protection levels defer dane sts rpt dnssec sites list method"


def check_sections(out, path):
    """Each section of a report, by its id."""
    found = json.loads(report(path, "json"))
    page = Nodes(report(path, "html"))
    wanted = ["s-" + name for name in SECTIONS.split()]
    out.test([name for name in page.ids if name.startswith("s-")] == wanted
             and page.links == ["#" + name for name in wanted] and
             list(found)[2:] == SECTIONS.split(),
             "a report has each section, and the page links to it",
             [str(page.ids), str(page.links), str(list(found))])
    rows = rows_of(path).values()
    taking = [row for row in rows if row["mx"]["state"] in ("mx", "implicit")]

    def sums(key, of):
        known = {}
        for row in of:
            one = known.setdefault(key(row), [0, 0])
            one[0] += 1
            one[1] += row["weight"]
        return known

    def told(table, *keys):
        return {tuple(row[key] for key in keys) if len(keys) > 1 else
                row[keys[0]]: [row["domains"], row["messages"]]
                for row in table}

    for name, table, keys, key in (
            ("s-protection", found["protection"]["protection"],
             ["protection"], lambda row: row["protection"]),
            ("s-dane", found["dane"]["adoption"], ["adoption"],
             lambda row: row["dane"]["adoption"]),
            ("s-dane health", found["dane"]["health"], ["health", "fault"],
             lambda row: (row["dane"]["health"], row["dane"]["fault"] or "-")),
            ("s-sts", found["sts"]["record"], ["record", "policy"],
             lambda row: (row["sts"]["record"], row["sts"]["policy"])),
            ("s-sts mode", found["sts"]["mode"], ["mode", "cover"],
             lambda row: (row["sts"]["mode"] or "-", row["sts"]["cover"])),
            ("s-sts health", found["sts"]["fault"], ["health", "fault"],
             lambda row: (row["sts"]["health"], row["sts"]["fault"] or "-")),
            ("s-rpt", found["rpt"]["records"], ["record"],
             lambda row: row["tlsrpt"]["record"]),
            ("s-rpt beside", found["rpt"]["reports"], ["record", "mode"],
             lambda row: (row["tlsrpt"]["record"], row["sts"]["mode"] or
                          "-"))):
        out.test(told(table, *keys) == sums(key, taking),
                 "%s counts domains that take mail, and messages" % name,
                 [str(told(table, *keys)), str(sums(key, taking))])
    fetch = sums(lambda row: row["sts"]["fetch"], taking)
    fetch.pop("", None)
    out.test(told(found["sts"]["fetch"], "fetch") == fetch,
             "s-sts fetch has why no policy came", [str(fetch)])
    for table, at in (("levels", 0), ("levels_messages", 1)):
        wrong = []
        for level in found["levels"][table]:
            ends = sums(lambda row, level=level["level"]: row["out"][level],
                        rows)
            wrong += ["%s %s" % (level, ends) for letter, word in zip(
                "dqtbu", "delivered queued lookup bounced unknown".split())
                if ends.get(letter, [0, 0])[at] != level[word]]
        out.test(not wrong and len(found["levels"][table]) == 7,
                 "s-levels has how mail ends under seven views: " + table,
                 wrong)
    wrong = []
    for level in found["levels"]["levels"]:
        by_end = {"q": 0, "t": 0}
        for row in found["defer"]["defer"]:
            if row["level"] == level["level"]:
                by_end[row["end"]] += row["domains"]
        if by_end != {"q": level["queued"], "t": level["lookup"]}:
            wrong.append("%s: %s" % (level["level"], by_end))
    out.test(not wrong and {row["level"] for row in found["defer"]["defer"]
                            if row["reason"] == "sts-mx-mismatch"} ==
             {"sts", "auto"},
             "s-defer has why it is queued under each view", wrong)
    sites = {row["site"]: row for row in found["sites"]["sites"]}
    out.test(len(sites) <= 20 and
             [sites["dane-ee.example"][key] for key in
              ("dane", "sts", "queued", "domains", "messages")] ==
             [1, 0, 0, 1, 1] and
             [sites["sts-mx.example"][key] for key in
              ("dane", "sts", "queued", "messages")] == [0, 1, 1, 4],
             "s-sites has what sites have, and what auto queues",
             [str(sites)])
    out.test([row["domain"] for row in found["list"]["list"]] ==
             ["sts-mx.example"], "s-list has domains that auto queues")
    method = " ".join(found["method"]["notes"])
    out.test(all(word in method for word in (
        "Resolver: embedded, which validated", "Depth dns", "not known")),
             "s-method says how it was found out, and what is not known",
             [method])


def check_charts(out, path):
    """Charts are XML, say what they show, and stand beside their numbers."""
    text = report(path, "html")
    drawn = [ElementTree.fromstring(one) for one in
             re.findall(r"<svg.*?</svg>", text, re.S)]
    charts = [one for one in drawn if one.get("aria-hidden") != "true"]
    out.test(len(charts) > 14 and all(
        one.get("viewBox") and one.get("role") == "img" and
        [part.tag for part in one[:2]] == ["title", "desc"] and
        one[0].text and one[1].text for one in charts),
             "each strip of a chart is told to who does not see it",
             [ElementTree.tostring(one).decode() for one in charts[:3]])
    out.test(text.count('<div class="chart">') == text.count("<details>") > 3,
             "each chart has its numbers folded below it")


def check_hostile(out, golden):
    """V90: text of strangers, in each form."""
    path = DIR + "/stranger"
    shutil.copy(golden, path)
    database = sqlite3.connect(path)
    for table, name, value in (
            ("policy", "sts_id", "<script>alert(1)</script>" + "x" * 40),
            ("policy", "sts_mx", "</svg>"), ("mxset", "hosts", "</svg>"),
            ("mxset", "site", "</svg><script>"), ("mxset", "provider", "<b>"),
            ("finding", "reason", "=cmd|x")):
        database.execute(
            "UPDATE %s SET %s = ? WHERE id = (SELECT %s FROM domain WHERE "
            "domain = 'sts-mx.example')" % (table, name, table), (value,))
    database.execute("UPDATE domain SET domain = '=cmd.example' WHERE domain "
                     "= 'sts-mx.example'")
    database.commit()
    database.close()
    page = Nodes(report(path, "html"))
    out.test("script" not in page.tags and "b" not in page.tags and
             page.tags.count("svg") == Nodes(
                 report(golden, "html")).tags.count("svg"),
             "V90: the page has no node of a stranger", [str(set(page.tags))])
    cells = list(csv.reader(io.StringIO(report(path, "csv"))))
    row = next(row for row in cells if row[0].endswith("cmd.example"))
    out.test(row[0] == "'=cmd.example" and "'=cmd|x" in row and
             not any(cell[:1] in "=+-@\t" for row in cells for cell in row
                     if cell), "V90: no cell of CSV is a formula", row)
    lines = [json.loads(line) for line in report(path, "ndjson").splitlines()]
    row = next(line for line in lines if line.get("domain") ==
               "=cmd.example" and line["kind"] == "domain")
    out.test(row["sts"]["id"] == "?script?alert?1??/script?xxxxxxx" and
             not re.search(r"(?<!\\)<(script|/svg)",
                           report(path, "markdown")),
             "V90: an id is cut at 32, and has no octets of another language",
             [str(row["sts"])])


def check_report(out, conf):
    """V80, V90."""
    path = golden_file(conf)
    for form in FORMS:
        with open(EXPECTED + form, newline="") as file:
            wanted = file.read()
        said = subprocess.run(
            [mta.program("postern"), "survey", "report", "--db", path, "--at",
             AT, "--as", form], capture_output=True,
            timeout=cli.ASK_S).stdout.decode()
        out.test(said == wanted,
                 "V80: the report as %s is the one that is kept" % form,
                 check.differences(said, wanted)[:40])
    check_sections(out, path)
    check_charts(out, path)
    check_hostile(out, path)
    rows = list(csv.DictReader(io.StringIO(report(path, "csv"))))
    out.test(len(rows) == len(GOLDEN) and all(
        row["dane_sender"] in "dqtbu" for row in rows), "CSV has all columns")
    page = report(path, "html")
    out.test("<script" not in page and "default-src 'none'" in page and
             len(page) < 400 * 1024, "the page runs nothing")
    wide = [line for line in report(path, "text").splitlines()
            if len(line) > 80]
    out.test(not wide, "text is 80 columns wide", wide)
    check_diff(out, path)
    short = survey("report", "--db", path, "--at", AT, "--json", "--top", "2",
                   "--min-weight", "5").stdout
    found = json.loads(short)
    out.test(len(found["sites"]["sites"]) == 2 and
             "Survey of 11 domains" in found["title"] and
             "weigh less than 5" in short and
             sum(row["domains"] for row in found["sts"]["record"]) == 8,
             "lists may be shorter, and domains of little weight left out",
             [short[:1500]])
    light = survey("report", "--db", path, "--as", "csv", "--min-weight",
                   "5").stdout.splitlines()[1:]
    lines = survey("report", "--db", path, "--as", "ndjson", "--min-weight",
                   "5").stdout.splitlines()
    out.test(len(light) == 11 and sum('"kind":"domain"' in line
                                      for line in lines) == 11,
             "and in the lines of CSV and NDJSON", light)
    target = DIR + "/written"
    done = survey("report", "--db", path, "--as", "csv", "-o", target)
    out.test(done.returncode == 0 and not done.stdout and
             mta.read(target).startswith("domain,weight,rank,tld"),
             "it can be written to a file", failed(done))


def check_interrupted(out, conf):
    """A terminal sees how far it is; what is left is asked for later."""
    path = DIR + "/interrupted"
    names = ["%s.example" % name for name, _ in VECTORS.values()]
    child = watched.Watched(mta.program("postern"), "survey", "scan", "-c",
                            conf, "--db", path, "--retry", "0", "--rate", "2",
                            *names)
    drawn = child.until(r"\r\033\[Kasking: \d+ domains of %d, \d+%%, [\d.]+ "
                        r"domains/s, \d+ s left" % len(set(names)))
    code, text = child.interrupt()
    out.test(drawn, "a terminal sees how far it is, at what rate and for how "
             "long", [repr(child.seen)])
    left = re.search(r"\r\033\[Kpostern: stopped, with (\d+) names left: run "
                     r"it again\r\n$", child.seen)
    out.test(code == 75 and not text and left and
             len(rows_of(path)) == len(set(names)) - int(left[1]) > 0,
             "Ctrl-C keeps what there is, and says so",
             [str(code), text, repr(child.seen)])
    done = scan(conf, path)
    out.test(done.returncode == 0 and set(rows_of(path)) == set(names),
             "and the next run asks about the rest", failed(done))


def inside():
    out = tap.Tap()
    os.makedirs(DIR, exist_ok=True)
    try:
        conf = cli.configuration("embedded")
        with open(HERE + "/../../etc/providers") as file:
            text = file.read()
        with open("/etc/postern/providers", "w") as file:
            file.write(text)
        if "--write" in sys.argv:
            os.makedirs(EXPECTED, exist_ok=True)
            path = golden_file(conf)
            for form in FORMS:
                with open(EXPECTED + form, "w", newline="") as file:
                    file.write(subprocess.run(
                        [mta.program("postern"), "survey", "report", "--db",
                         path, "--at", AT, "--as", form],
                        capture_output=True).stdout.decode())
            with open(EXPECTED + "diff", "w") as file:
                file.write(survey("diff", path, later_file(path)).stdout)
            return 0
        check_vectors(out, conf)
        check_fetches(out, conf)
        check_retry(out, conf)
        check_lists(out, conf)
        silent = check_queue(out, conf)
        check_logs(out, conf)
        check_stops(out, conf)
        check_interrupted(out, conf)
        check_full_disk(out, conf)
        check_files(out, conf)
        check_report(out, conf)
        check_dead_resolver(out, conf)
        check_kills(out, conf)
        queue_ends(out, silent)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(check.main(__file__, inside))
