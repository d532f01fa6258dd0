#!/usr/bin/env python3
"""tlsrpt_read - "postern tlsrpt read" on files, messages and mailboxes.

E12: reports are made here by Python's email, gzip and json, with each oddity
that real reporters are known for, T01 to T23; what is read must be what was put
in, in each form.  Then what nobody should send: bombs, floods, terminal
sequences.  No lab.  TAP.
"""
import base64
import csv
import gzip
import html.parser
import io
import json
import mailbox
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from email.message import EmailMessage

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import contrast
import json_page
import mta
import tap
import watched

POSTERN = os.path.join(
    os.environ.get("POSTERN_BUILDDIR", HERE + "/../.."), "milter", "postern")
SCHEMA = HERE + "/tlsrpt.schema.json"
RUN_S = 300
MEMORY_KIB = 300 * 1024
STS = ["version: STSv1", "mode: enforce", "mx: mx1.d.ex", "max_age: 86400"]
TESTING = ["version: STSv1", "mode: testing", "mx: mx1.d.ex"]
DAY = "2026-11-28"
PRINTED = {}


# -- reports -----------------------------------------------------------------

def detail(result, count=1, **more):
    return {"result-type": result, "failed-session-count": count,
            **{key.replace("_", "-"): value for key, value in more.items()}}


def policy(kind, domain, good, bad, strings=(), details=(), **more):
    inner = {"policy-type": kind, "policy-string": list(strings),
             "policy-domain": domain}
    if kind == "sts":
        inner["mx-host"] = ["mx1.d.ex"]
    inner.update({key.replace("_", "-"): value for key, value in more.items()})
    return {"policy": inner,
            "summary": {"total-successful-session-count": good,
                        "total-failure-session-count": bad},
            "failure-details": list(details)}


def report(ident="r1", policies=None, day=DAY, org="Sender", **more):
    if policies is None:
        policies = [policy("sts", "d.ex", 5, 0, STS)]
    made = {"organization-name": org,
            "date-range": {"start-datetime": day + "T00:00:00Z",
                           "end-datetime": day + "T23:59:59Z"},
            "contact-info": "tls@s.ex", "report-id": ident,
            "policies": policies}
    made.update({key.replace("_", "-"): value for key, value in more.items()})
    return {key: value for key, value in made.items() if value != "absent"}


def octets(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def packed(value):
    return gzip.compress(octets(value), mtime=0)


def message(content, kind="application/tlsrpt+gzip", submitter="s.ex",
            domain="d.ex", ident="r1", name=None, extra=(), encoding="base64",
            header=True):
    mail = EmailMessage()
    mail["From"] = "noreply@" + submitter
    mail["To"] = "tlsrpt@d.ex"
    mail["Subject"] = "Report Domain: %s Submitter: %s Report-ID: <%s>" % (
        domain, submitter, ident)
    if header:
        mail["TLS-Report-Domain"] = domain
        mail["TLS-Report-Submitter"] = submitter
    for key, value in extra:
        mail[key] = value
    mail.set_content("A report.\n")
    mail.add_attachment(content, *kind.split("/"), cte=encoding,
                        filename=name or "report.json.gz")
    return mail.as_bytes()


# -- the command -------------------------------------------------------------

def limit():
    """What a bomb may not reach."""
    resource.setrlimit(resource.RLIMIT_CPU, (RUN_S, RUN_S))


def run(*words, text=b"", under=()):
    """(exit status, stdout, stderr) as octets."""
    done = subprocess.run([*under, POSTERN, "tlsrpt", "read", *words],
                          input=text, capture_output=True, timeout=RUN_S,
                          preexec_fn=limit)
    return done.returncode, done.stdout, done.stderr


def read_json(text, *words):
    """(exit status, the object) of what stands on standard input."""
    status, out, error = run("--json", *words, "-", text=text)
    if error:
        raise AssertionError(error)
    found = json.loads(out)
    json_page.keys_of({**found, "reports": []},
                      PRINTED)
    return status, found


class Corpus:
    """A folder of files."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="tlsrpt.")

    def put(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text)
        return path

    def close(self):
        shutil.rmtree(self.path)


# -- T01 to T23 --------------------------------------------------------------

def quirks(found):
    return sorted({one for note in found["notes"] for one in note["tolerated"]})


def state(found):
    return [key for key, count in found["counts"].items() if count]


def sample(ident):
    """The oddities of reporters: {row: (octets, what is looked for)}; each
    text must be one report with that row's number, and hold the piece."""
    plain = policy("sts", "d.ex", 5, 1, STS, [detail("certificate-expired")])
    return {
        "T01": message(packed(report()), ident="2026.11.28+d.ex@s.ex"),
        "T02": message(packed(report())).replace(b"<r1>", b"r1").replace(
            b"text/plain", b"text/html"),
        "T03": octets(report(date_range={
            "start-datetime": DAY + "T00:00:00",
            "end-datetime": DAY + "T23:59:59"})),
        "T04": octets(report(policies=[{
            "policy": {"policy-type": "sts", "policy-string": STS,
                       "policy-domain": "d.ex"},
            "summary": {"total-successful-session-count": 5,
                        "total-failure-session-count": 0}}])),
        "T05": octets(report(policies=[policy(
            "sts", "d.ex", 5, 0, mx_host="mx1.d.ex",
            policy_string="version: STSv1; mode: enforce; mx: mx1.d.ex")])),
        "T06": octets(report(date_range={
            "start-datetime": DAY + "T00:00:00Z",
            "end-datetime": "2026-11-29T00:00:00Z"})),
        "T08": octets(report(policies=[policy(
            "sts", "d.ex", 0, 1, [], [detail(
                "sts-policy-fetch-error", 2, failure_reason_code=
                "bad https response code: 404")])])),
        "T09": octets(report(contact_info=None)),
        "T10": message(packed(report(policies=[policy(
            "no-policy-found", "d.ex", 5, 0, policy_domain=None)]))),
        "T11": octets(report(policies=[{**plain, "summary": {
            "total-failure-session-count": 1}}])),
        "T12": octets(report(policies=[policy("sts", "d.ex", "5", 0.0, STS)])),
        "T13": octets(report(policies=[policy(
            "smtp-magic", "d.ex", 5, 1, [], [detail("odd-thing")])], x=1)),
        "T14": octets(report(policies=[policy(
            "sts", "d.ex", 5, 1, STS, [detail(
                "certificate-expired",
                additional_info_uri="https://s.ex/1")])])),
        "T15": message(packed(report()), "application/octet-stream"),
        "T16": forwarded(message(packed(report()))),
        "T18": b"\xef\xbb\xbf" + octets(report()) + b"\n-- \nsent by a list\n",
        "T19": packed(octets(report())[:50]) + packed(octets(report())[50:]),
        "T22": octets(report(organization_name="absent",
                             report_id="absent")),
        "T23": octets([report("r1"), report("r2")]),
    }[ident]


def forwarded(inner):
    mail = EmailMessage()
    mail["From"] = "colleague@d.ex"
    mail["Subject"] = "Fwd: report"
    mail.set_content("What is this?\n")
    text = mail.as_bytes()
    return (b"From: colleague@d.ex\nSubject: Fwd: report\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=outer\n\n--outer\n" +
            text.split(b"\n\n", 1)[1] +
            b"--outer\nContent-Type: message/rfc822\n\n" + inner +
            b"\n--outer--\n")


ROWS = ("T01 T02 T03 T04 T05 T06 T08 T09 T10 T11 T12 T13 T14 T15 T16 T18 T19 "
        "T22 T23").split()


def oddities(out):
    for ident in ROWS:
        status, found = read_json(sample(ident))
        wanted = 2 if ident == "T23" else 1
        out.test(found["counts"]["tolerated"] == wanted and
                 quirks(found) == [ident] and not found["counts"]["invalid"],
                 "%s is tolerated, and told" % ident,
                 [str(found["counts"]), str(found["notes"])])


def known(out):
    """What of them is read."""
    def first(ident):
        return read_json(sample(ident))[1]["reports"][0]

    out.test(first("T01")["report-id"] == "r1",
             "T01: the report-id is the JSON's")
    out.test(first("T05")["policies"][0]["policy"] == {
        "policy-type": "sts", "policy-domain": "d.ex",
        "policy-string": ["version: STSv1", "mode: enforce", "mx: mx1.d.ex"],
        "mx-host": ["mx1.d.ex"]}, "T05: strings become lists")
    out.test(first("T06")["date-range"]["end-datetime"] == DAY + "T23:59:59Z",
             "T06: a day ends with its last second")
    status, found = read_json(octets(report("1+d.ex+", policies=[policy(
        "sts", "d.ex", 0, 1, [], [detail("sts-policy-fetch-error")])])))
    out.test(state(found) == ["valid"] and status == 1 and
             found["reports"][0]["report-id"] == "1+d.ex+",
             "T07: a fetch error without policy is fine", [str(found)])
    found = read_json(sample("T08"))[1]
    out.test(found["domains"][0]["failure"] == 1 and
             found["findings"][0]["count"] == 2 and
             found["findings"][0]["reason"] ==
             "bad https response code: 404", "T08: both counts are shown",
             [str(found["findings"])])
    out.test(first("T10")["policies"][0]["policy"]["policy-domain"] == "d.ex",
             "T10: the header tells the domain")
    found = read_json(sample("T13"))[1]
    out.test(found["domains"][0]["policy"] == "smtp-magic" and
             found["findings"][0]["rt"] == "odd-thing" and
             found["reports"][0]["x"] == 1, "T13: words are kept as written")
    out.test(first("T14")["policies"][0]["failure-details"][0][
        "additional-information"] == "https://s.ex/1",
        "T14: a key by another name is that key")
    out.test(first("T22")["report-id"] and
             len(first("T22")["report-id"]) == 64 and
             "organization-name" not in first("T22"),
             "T22: an id is made, a name is not")
    weekly = {"start-datetime": "2026-11-21T00:00:00Z",
              "end-datetime": "2026-11-27T23:59:59Z"}
    found = read_json(octets(report(date_range=weekly)))[1]
    out.test(state(found) == ["valid"] and
             found["reports"][0]["date-range"] == weekly,
             "T20: a week is shown as it is")


def several(out):
    """T21: several policies, several reports in one message."""
    mail = EmailMessage()
    mail["From"] = "x@s.ex"
    for number in (1, 2):
        mail.add_attachment(packed(report("r%d" % number, [
            policy("tlsa", "mx1.d.ex", 3, 0, ["3 1 1 AB"]),
            policy("tlsa", "mx2.d.ex", 4, 0, ["3 1 1 CD"]),
            policy("sts", "d.ex", 7, 0, STS)])),
            "application", "tlsrpt+gzip", filename="x.json.gz")
    status, found = read_json(mail.as_bytes())
    rows = {(row["policy"], row["policy_domain"]): row["success"]
            for row in found["domains"]}
    out.test(status == 0 and len(found["reports"]) == 2 and rows == {
        ("tlsa", "mx1.d.ex"): 6, ("tlsa", "mx2.d.ex"): 8,
        ("sts", "d.ex"): 14} and
        {row["domain"] for row in found["domains"]} == {"d.ex"},
        "T21: each policy is counted by itself", [str(found["domains"])])


def media_types(out):
    """T15: by content, whatever it is called."""
    text = octets(report())
    for kind in ("application/tlsrpt+gzip", "application/gzip",
                 "application/x-gzip", "application/octet-stream",
                 "application/tlsrpt", "application/json", "text/plain",
                 "application/tlsrpt+json"):
        for content in (text, gzip.compress(text)):
            mail = message(content, kind) if kind != "text/plain" else \
                message(content, "application/zip").replace(
                    b"application/zip", b"text/plain")
            status, found = read_json(mail)
            right = kind == ("application/tlsrpt+json" if content is text
                             else "application/tlsrpt+gzip")
            out.test(status == 0 and len(found["reports"]) == 1 and
                     quirks(found) == ([] if right else ["T15"]),
                     "T15: %s in %s" % ("JSON" if content is text else "gzip",
                                        kind), [str(found)])
    for encoding in ("quoted-printable", "7bit"):
        mail = message(b"@", "application/json", encoding="base64").replace(
            b"QA==", b"\n".join(
                re.findall(rb".{1,70}", text.replace(b"=", b"=3D")))
            if encoding == "7bit" else b"=\n".join(
                re.findall(rb".{1,70}", text.replace(b"=", b"=3D"))))
        mail = mail.replace(b"Transfer-Encoding: base64",
                            b"Transfer-Encoding: " + encoding.encode())
        if encoding == "quoted-printable":
            status, found = read_json(mail)
            out.test(len(found["reports"]) == 1,
                     "T16: quoted-printable is decoded", [str(found)])
    mail = message(packed(report()))
    for name, changed in (
            ("bare LF", mail.replace(b"\r\n", b"\n")),
            ("CRLF", mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
            ("garbage behind", mail.replace(
                b"==\n", b"==\n!!garbage*\n").replace(
                b"=\n\n--", b"=\n!!garbage*\n\n--")),
            ("a banner before", mail.replace(
                b"A report.", b"[EXTERNAL] careful!\n\nA report."))):
        found = read_json(changed)[1]
        out.test(len(found["reports"]) == 1 and state(found) == ["valid"],
                 "T16: %s" % name, [str(found["notes"])])


def other_mail(out):
    """T17"""
    corpus = Corpus()
    corpus.put("a.eml", message(b"PK\x03\x04zip", "application/zip"))
    corpus.put("b.xml", b"<?xml version='1.0'?><feedback/>")
    corpus.put("c.eml", message(gzip.compress(b"<feedback/>"),
                                "application/gzip"))
    corpus.put("d.zip", b"PK\x03\x04zip")
    corpus.put("e.eml", b"From: a@b\nSubject: hello\n\nhello\n")
    corpus.put("f.json", b'{"some": "thing"}')
    corpus.put("g", b"")
    corpus.put("h.eml", message(b'{"a": 1', "application/json"))
    corpus.put("r.json", octets(report()))
    status, text, error = run("--json", corpus.path)
    found = json.loads(text)
    out.test(status == 0 and found["counts"] == {
        "invalid": 0, "zip": 2, "no-report": 6, "outside": 0,
        "unauthenticated": 0, "duplicate": 0, "conflict": 0, "tolerated": 0,
        "valid": 1}, "T17: other mail is counted apart", [text.decode()])
    corpus.put("a.eml", message(b"PK\x03\x04zip", "application/tlsrpt+zip"))
    out.test(run("--json", corpus.path)[0] == 1,
             "T17: a report in a zip is one that nobody read")
    corpus.close()


def invalid(out):
    """What cannot be read is told, and the rest goes on."""
    good = octets(report("good"))
    cases = {
        "T12": (octets(report(policies=[policy("sts", "d.ex", -1, 0)])),
                "negative"),
        "T18 surrogate": (good.replace(b"Sender", b"\\ud800"), "Unicode"),
        "T18 newline": (good.replace(b"Sender", b"Sen\nder"), "line"),
        "T18 NaN": (good.replace(b": 5", b": NaN"), "line"),
        "T18 64 bits": (good.replace(b": 5", b": 99999999999999999999"),
                        "too big"),
        "T18 1e999": (good.replace(b": 5", b": 1e999"), "overflow"),
        "T19": (packed(report())[:100], "gzip ends early, after"),
        "T20": (octets(report(date_range={
            "start-datetime": DAY + "T00:00:00Z",
            "end-datetime": "2026-11-01T00:00:00Z"})), "ends before"),
        "T22 policies": (octets(report(policies="absent")), "no policies"),
        "T22 range": (octets(report(date_range="absent")), "no date-range"),
        "no JSON": (message(b"hello"), "no JSON"),
        "depth": (b'{"policies":' + b"[" * 100000, "deeper than 32"),
        "policies": (octets(report(policies=[{}] * 1001)),
                     "over 1000 policies"),
        "details": (octets(report(policies=[policy(
            "sts", "d.ex", 1, 1, STS, [detail("x")] * 10001)])),
            "over 10000 details"),
    }
    for name, (text, why) in cases.items():
        corpus = Corpus()
        corpus.put("a", text)
        corpus.put("b", good)
        status, printed, error = run("--json", corpus.path)
        found = json.loads(printed)
        told = [note["why"] for note in found["notes"]
                if note["state"] == "invalid"]
        out.test(status == 1 and len(found["reports"]) == 1 and
                 len(told) == 1 and why in told[0],
                 "%s: invalid, and the rest is read" % name,
                 [str(told), str(found["counts"]), error.decode()])
        corpus.close()
    latin = octets(report(org="M")).replace(b'"M"', b'"M\xfcller\\u0000"')
    found = read_json(latin)[1]
    out.test(found["reports"][0]["organization-name"] == "M\ufffdller\ufffd",
             "T18: other octets and NULs become U+FFFD")
    found = read_json(good.replace(
        b'"report-id"', b'"report-id": "first", "report-id"'))[1]
    out.test(found["reports"][0]["report-id"] == "good" and
             quirks(found) == ["T18"], "T18: the last of equal keys wins")


# -- duplicates, filters, DKIM -----------------------------------------------

def duplicates(out):
    corpus = Corpus()
    failing = [policy("sts", "d.ex", 6, 0, STS)]
    for name, text in enumerate((
            message(packed(report())), message(packed(report())),
            message(packed(report(policies=failing))),
            message(packed(report()), submitter="t.ex"),
            message(packed(report(day="2026-11-27"))),
            message(packed(report("r2"))))):
        corpus.put("%d.eml" % name, text)
    status, text, error = run("--json", corpus.path)
    found = json.loads(text)
    out.test(len(found["reports"]) == 4 and
             found["counts"]["duplicate"] == 1 and
             found["counts"]["conflict"] == 1 and
             found["domains"][0]["success"] == 20 and status == 0,
             "a report counts once, the first one",
             [str(found["counts"]), str(found["domains"])])
    corpus.close()


def filters(out):
    corpus = Corpus()
    for day in range(1, 6):
        corpus.put("%d.json" % day, octets(report(
            "r%d" % day, [policy("sts", "d.ex", day, 0, STS),
                          policy("sts", "e.ex", 100, int(day == 3), STS)],
            day="2026-11-%02d" % day)))

    def found(*words):
        status, text, error = run("--json", *words, corpus.path)
        return status, json.loads(text)

    status, some = found("--from", "2026-11-02", "--to", "2026-11-03")
    out.test([one["report-id"] for one in some["reports"]] == ["r2", "r3"] and
             status == 2, "--from and --to are days of reports")
    status, some = found("--domain", "D.EX.")
    out.test([row["domain"] for row in some["domains"]] == ["d.ex"] and
             status == 0, "--domain counts it alone", [str(some["domains"])])
    status, some = found("--failures")
    out.test([one["report-id"] for one in some["reports"]] == ["r3"] and
             [row["domain"] for row in some["domains"]] == ["e.ex"] and
             status == 2, "--failures leaves out the rest", [str(some)])
    status, some = found("--from", "2027-01-01")
    out.test(status == 3 and not some["reports"],
             "without a report the status is 3")
    corpus.close()


def dkim(out):
    corpus = Corpus()
    passed = [("Authentication-Results",
               "mx.d.ex; spf=pass; dkim=pass header.d=s.ex header.s=k")]
    corpus.put("1.eml", message(packed(report("r1")), extra=passed))
    corpus.put("2.eml", message(packed(report("r2")), extra=[(
        "Authentication-Results", "mx.d.ex; dkim=pass header.d=evil.ex")]))
    corpus.put("3.eml", message(packed(report("r3"))))
    corpus.put("4.json", octets(report("r4")))

    def ids(*words):
        text = run("--json", *words, corpus.path)[1]
        found = json.loads(text)
        json_page.keys_of({**found, "reports": []},
                          PRINTED)
        return sorted(one["report-id"] for one in found["reports"])

    out.test(ids() == ["r1", "r2", "r3", "r4"], "nobody asks without --auth")
    out.test(ids("--auth", "mx.d.ex") == ["r1"],
             "--auth: what its submitter did not sign does not count")
    out.test(ids("--auth", "mx.e.ex") == [], "--auth: of that server alone")
    out.test(ids("--auth", "mx.d.ex", "--all") == ["r1", "r2", "r3", "r4"],
             "--all: and yet it does")
    text = run("--auth", "mx.d.ex", corpus.path)[1].decode()
    out.test("unauthenticated: 3 reports" in text, "and is told", [text])
    corpus.close()


# -- where reports lie -------------------------------------------------------

def places(out):
    corpus = Corpus()
    mails = [message(packed(report("m%d" % n))) for n in range(3)]
    for number, mail in enumerate(mails):
        corpus.put("maildir/%s/%d" % (("new", "cur", "tmp")[number], number),
                   mail)
    corpus.put("maildir/other", mails[2])
    box = mailbox.mbox(os.path.join(corpus.path, "box"))
    for mail in mails:
        box.add(mail)
    box.close()
    corpus.put("folder/a", mails[0])
    corpus.put("folder/s.ex!d.ex!1!2!x.json", packed(report("m1")))
    corpus.put("folder/below/c", mails[2])
    os.symlink(os.path.join(corpus.path, "box"),
               os.path.join(corpus.path, "folder/link"))
    os.mkfifo(os.path.join(corpus.path, "folder/pipe"))

    def ids(*words, text=b""):
        status, printed, error = run("--raw", *words, text=text)
        return sorted(json.loads(line)["report-id"]
                      for line in printed.splitlines())

    def at(name):
        return os.path.join(corpus.path, name)

    out.test(ids(at("maildir")) == ["m0", "m1"],
             "a Maildir: new and cur, not tmp")
    out.test(ids(at("box")) == ["m0", "m1", "m2"], "an mbox")
    out.test(ids(at("folder")) == ["m0", "m1"],
             "a folder: files, no links, no pipes, one level")
    out.test(ids(at("folder/link")) == ["m0", "m1", "m2"],
             "a link that is named is followed")
    out.test(ids(at("folder/a"), at("folder/s.ex!d.ex!1!2!x.json"), at("maildir")) ==
             ["m0", "m1"], "several at once, each report once")
    for name, text in (("message", mails[0]), ("gzip", packed(report("m0"))),
                       ("JSON", octets(report("m0")))):
        out.test(ids("-", text=text) == ["m0"],
                 "standard input: a " + name)
    out.test(ids("-", text=open(at("box"), "rb").read()) ==
             ["m0", "m1", "m2"], "standard input: an mbox")
    corpus.put("s.ex!d.ex!1795824000!1795910399!1.json.gz", packed(report(
        organization_name="absent", date_range="absent")))
    status, printed, error = run(
        "--raw", at("s.ex!d.ex!1795824000!1795910399!1.json.gz"))
    out.test(json.loads(printed)["organization-name"] == "s.ex" and
             json.loads(printed)["date-range"]["end-datetime"] ==
             DAY + "T23:59:59Z", "T22: the name of a file tells the rest",
             [printed.decode()])
    status, printed, error = run("--raw", at("nowhere"), at("folder/a"))
    out.test(status == 66 and b"nowhere" in error and printed.count(b"\n") == 1,
             "a file that is not there is 66, and the rest is read",
             [error.decode()])
    corpus.close()


# -- the forms ---------------------------------------------------------------

def full(corpus):
    """Several domains, days and reporters."""
    expired = detail("certificate-expired", 3, receiving_mx_hostname="mx1.d.ex",
                     sending_mta_ip="192.0.2.9", receiving_ip="192.0.2.1")
    stale = detail("certificate-not-trusted", 6,
                   receiving_mx_hostname="mx2.d.ex",
                   sending_mta_ip="192.0.2.9")
    for day in range(1, 29):
        for who in ("a.example", "b.example", "c.example"):
            late = day > 20
            made = report("%s-%d" % (who, day), [
                policy("sts", "d.ex", 40 + day, 3 * (day == 3), STS,
                       [expired] * (day == 3 and who == "a.example")),
                policy("tlsa", "mx2.d.ex", 10, 6 * late, ["3 1 1 AB"],
                       [stale] * late),
                policy("sts", "e.ex", 9, 1, TESTING, [detail(
                    "starttls-not-supported",
                    receiving_mx_hostname="mx.e.ex")]),
                policy("no-policy-found", "d.ex", 2, 0)],
                day="2026-11-%02d" % day, org=who)
            corpus.put("new/%s%d" % (who, day),
                       message(packed(made), submitter=who,
                               ident="%s-%d" % (who, day)))
    os.makedirs(os.path.join(corpus.path, "cur"), exist_ok=True)


def fits(text):
    lines = text.decode("ascii").split("\n")
    return [line for line in lines if len(line) > 80 or
            re.search(r"[^ -~]", line)]


def text_form(out, corpus):
    status, text, error = run(corpus.path)
    shown = text.decode()
    words = " ".join(shown.split())
    out.test(status == 2 and not fits(text) and not error,
             "text fits 80 columns", fits(text))
    out.test(shown.startswith(
        "84 reports of 3 reporters, 2026-11-01 to 2026-11-28"),
        "it begins with what was read", [shown])
    out.test(re.search(r"^d\.ex +tlsa mx2\.d\.ex +984 +144 +"
                       r"certificate-not-trusted$", shown, re.M) and
             re.search(r"^DOMAIN +POLICY +SESSIONS +FAILED +WORST$", shown,
                       re.M), "a line for each policy", [shown])
    out.test("mx2.d.ex certificate-not-trusted 144 a.example, b.example, "
             "c.example; since 2026-11-21" in words and
             "No TLSA record of mx2.d.ex matches its key. Yours to mend: "
             "postern tlsa check d.ex" in words,
             "what failed, who says so, and what to do", [shown])
    out.test("mx1.d.ex certificate-expired 3 a.example; 2026-11-03 only" in
             words and "their side, probably" in words and
             "that host" in words, "whose side it is", [shown])
    out.test(shown.index("certificate-not-trusted  144") <
             shown.index("certificate-expired  3") <
             shown.index("starttls-not-supported  84"),
             "what is enforced goes first", [shown])
    out.test("no-policy-found 168" in words,
             "that no policy was found is told where there is one", [shown])
    text = run("--failures", corpus.path)[1].decode()
    out.test("no-policy-found" not in text and "mx2.d.ex" in text,
             "--failures leaves out what did not fail", [text])


CSV_HEAD = ("start,end,reporter,report_id,policy_domain,policy_type,mode,"
            "success,failure,result_type,mx,sending_ip,receiving_ip,count,"
            "reason,advice")


def csv_form(out, corpus):
    status, text, error = run("--format", "csv", corpus.path)
    lines = text.decode().split("\r\n")
    rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    out.test(lines[0] == CSV_HEAD and len(rows) == 4 * 84 and status == 2,
             "CSV: a line for each detail, and for each policy without")
    out.test(sum(int(row["count"] or 0) for row in rows
                 if row["result_type"] == "certificate-not-trusted") == 144 and
             all(row["advice"] for row in rows if row["result_type"]),
             "its numbers are those")
    names = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'a"b,c\nd']
    status, text, error = run("--format", "csv", "-", text=octets(
        [report(name + str(n), [policy("sts", "d.ex", 1, 0, STS)], org="S")
         for n, name in enumerate(names)]))
    found = [row["report_id"] for row in csv.DictReader(
        io.StringIO(text.decode(), newline=""))]
    out.test(found == ["'" + name + str(n) if n < 6 else name + str(n)
                       for n, name in enumerate(names)],
             "no cell is a formula, and quotes are doubled", [repr(found)])


class Page(html.parser.HTMLParser):
    """What a page has: tags, attributes that load, text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.text, self.titles = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for key, value in attrs
                       if key in ("src", "href", "srcset", "action", "data") or
                       key.startswith("on")]

    def handle_data(self, data):
        self.text.append(data)


def html_form(out, corpus):
    status, text, error = run("--format", "html", corpus.path)
    page = Page(text.decode())
    words = " ".join("".join(page.text).split())
    out.test(status == 2 and "script" not in page.tags and
             not page.loads and "http" not in text.decode().replace(
                 "http-equiv", ""), "HTML: nothing is loaded, nothing runs",
             [str(page.loads)])
    out.test("default-src 'none'; style-src 'unsafe-inline'" in text.decode(),
             "and its policy forbids it")
    out.test(page.tags.count("svg") > 28 and
             page.tags.count("desc") == page.tags.count("svg") - 1,
             "each chart has words")
    out.test(re.search(r"<title>2026-11-28</title><desc>successful \d+, "
                       r"failed 21</desc>", text.decode()),
             "days are stacked bars, with their numbers for who hears them")
    out.test("by policy" in words and "mx2.d.ex" in words and
             "prefers-color-scheme:dark" in text.decode(),
             "tables stand below")
    out.test(list(contrast.schemes(text.decode())) == [
        "", "screen and (prefers-color-scheme:dark)", "print"] and
             not contrast.faint(text.decode()),
             "text and charts stand out, light, dark and on paper",
             contrast.faint(text.decode()))
    evil = "<script>alert(1)</script>\"'&\x1b[31m"
    text = run("--format", "html", "-", text=octets(report(
        evil, [policy("sts", evil, 1, 2, STS, [detail(
            evil, receiving_mx_hostname=evil, failure_reason_code=evil)])],
        org=evil)))[1].decode()
    out.test("<script" not in text and "\x1b" not in text and
             "&lt;script&gt;" in text, "HTML is escaped")


def json_form(out, corpus):
    status, text, error = run("--format", "json", corpus.path)
    found = json.loads(text)
    out.test(set(found) == {"schema", "reports", "domains", "findings",
                            "notes", "counts"} and found["schema"] == 1 and
             len(found["reports"]) == 84, "JSON: reports, and what they say")
    first = found["findings"][0]
    out.test({key: first[key] for key in first if key != "advice"} == {
        "domain": "d.ex", "policy": "tlsa mx2.d.ex", "mx": "mx2.d.ex",
        "rt": "certificate-not-trusted", "count": 144,
        "reporters": ["a.example", "b.example", "c.example"],
        "first": "2026-11-21", "last": "2026-11-28", "reason": ""},
        "a finding has its keys", [str(first)])
    out.test(run("--json", corpus.path)[1] == text,
             "--json is --format json")
    raw = run("--raw", corpus.path)[1].splitlines()
    out.test([json.loads(line) for line in raw] == found["reports"],
             "--raw: the reports alone, a line each")
    out.test(list(found["reports"][0]) == [
        "organization-name", "date-range", "contact-info", "report-id",
        "policies"] and [one["policy"]["policy-type"] for one in
                         found["reports"][0]["policies"]] == [
        "tlsa", "sts", "sts", "no-policy-found"],
        "J01, J04: in the order of RFC 8460, policies sorted")
    corpus = Corpus()
    path = corpus.put("r.json", octets(report()))
    page = os.path.join(corpus.path, "page.html")
    status, text, error = run("--format", "html", "-o", page, path)
    out.test(status == 0 and text == b"" and
             open(page).read().startswith("<!DOCTYPE html>"),
             "-o writes it to a file")
    corpus.close()


def schema(out, corpus):
    """E10: RFC 8460 section 4.4, for what was read of anybody."""
    try:
        import jsonschema
    except ImportError:
        out.say("no python3-jsonschema: the schema is not used")
        return
    with open(SCHEMA) as file:
        checker = jsonschema.Draft7Validator(json.load(file))
    made = [("the whole corpus", run("--raw", corpus.path)[1])]
    made += [(ident, run("--raw", "-", text=sample(ident))[1])
             for ident in ROWS if ident not in ("T09", "T13", "T22")]
    for name, text in made:
        wrong = [error.message for line in text.splitlines()
                 for error in checker.iter_errors(json.loads(line))]
        out.test(text and not wrong, "E10: %s keeps to RFC 8460" % name,
                 wrong[:5])
    for key in ("organization-name", "report-id", "policies", "date-range"):
        out.test(not checker.is_valid(report(**{key: "absent"})),
                 "E10: the schema wants " + key)
    out.test(not checker.is_valid(report(policies=[
        {**policy("sts", "d.ex", 1, 0, STS), "summary": {}}])),
        "E10: the schema wants both counts")


# -- exit status, usage ------------------------------------------------------

def statuses(out):
    def one(*policies):
        return run("-", text=octets(report(policies=list(policies))))[0]

    bad = [detail("certificate-expired")]
    rows = (
        ("all is well", 0, [policy("sts", "d.ex", 1, 0, STS)]),
        ("testing fails", 1, [policy("sts", "d.ex", 1, 1, TESTING, bad)]),
        ("no policy, and it fails", 1,
         [policy("no-policy-found", "d.ex", 1, 1, [], bad)]),
        ("enforce fails", 2, [policy("sts", "d.ex", 1, 1, STS, bad)]),
        ("tlsa fails", 2, [policy("tlsa", "mx.d.ex", 1, 1, ["3 1 1 AB"], bad)]),
        ("both fail", 2, [policy("sts", "d.ex", 1, 1, TESTING, bad),
                          policy("tlsa", "mx.d.ex", 1, 1, [], bad)]),
        ("a failure that was made good", 0,
         [policy("sts", "d.ex", 1, 0, STS, bad)]),
    )
    for name, wanted, policies in rows:
        status = one(*policies)
        out.test(status == wanted, "%s: exit status %d" % (name, wanted),
                 [str(status)])
    out.test(run("-", text=b"{")[0] == 3 and run("-", text=b"")[0] == 3,
             "no report at all: 3")
    for words in (["--format", "xml", "-"], ["--from", "yesterday", "-"],
                  ["--to", "2026-02-30", "-"], ["--all", "-"], [],
                  ["--raw", "--format", "csv", "-"], ["--domain", "a b", "-"],
                  ["--json", "--format", "csv", "-"]):
        status, text, error = run(*words)
        out.test(status == 64 and error, "usage: " + " ".join(words))


# -- hostile input -----------------------------------------------------------

def bomb(size):
    """So many MiB of spaces, a thousandth as large."""
    return gzip.compress(b'{"report-id":"' + b" " * (size << 20), 9)


def lines(count):
    """So many, of a letter each, some of which repeat nothing."""
    return "".join("a;" * 1000 + "%x;" % (number * 0x9e3779b97f4a7c15 >> 3)
                   for number in range(count // 1001))


def crammed(content, count):
    """A message of that part so many times."""
    part = (b"Content-Type: application/gzip\n"
            b"Content-Transfer-Encoding: base64\n\n" +
            base64.encodebytes(content))
    return (b"Content-Type: multipart/mixed; boundary=a\n\n" +
            (b"--a\n" + part) * count + b"--a--\n")


def hostile(out):
    flood = b"Content-Type: multipart/mixed; boundary=a\n\n"
    part = b"Subject: x\n" + flood + b"--a\n"
    cases = {
        "300,000 empty parts": (flood + b"--a\n\n" * 300000, "lines"),
        "a million header lines": (b"a: b\n" * 1000000 + b"\n", "header"),
        "a million fields of a part": (part + b"a: b\n" * 1000000, "field"),
        "a million parameters": (
            part + b"Content-Type: a/b" + b";\n a=b" * 1000000, "fields"),
        "a million addresses": (b"To: a@b" + b",a@b" * 1000000 + b"\n\n",
                                "fields"),
        "groups of addresses in each other": (
            b"From: " + b"a:" * 400000 + b"\n\n", "colons"),
        "a gzip bomb": (bomb(200), "over 20 MiB"),
        "a dense one, in mail": (message(bomb(15)), "times its size"),
        "a message over 32 MiB": (b"A: b\n\n" + b"x" * (33 << 20), "32 MiB"),
        # LIMIT_TLSRPT_PACKED, LIMIT_TLSRPT_JSON
        "gzip over 16 MiB": (gzip.compress(os.urandom(17 << 20), 1), "16 MiB"),
        "JSON over 20 MiB": (b'{"policies":["' + b"x" * (21 << 20) + b'"]}',
                             "20 MiB"),
        "a text of nine million lines": (packed(report(policies=[policy(
            "sts", "d.ex", 1, 0, policy_string=lines(9000000))])),
            "over 400000 lines"),
        "1 GB of gzip in 1 MB of mail": (crammed(gzip.compress(
            b'{"a":"' + b" " * 1000000 + b'"}', 9), 900),
            "over 20 MiB in one message"),
        "two million values": (b'{"policies":[' + b"{}," * 2000000 + b"{}]}",
                               "values"),
        "depth 100,000": (b'{"policies":' + b'{"a":' * 100000, "deeper"),
    }
    for name, (text, why) in cases.items():
        corpus = Corpus()
        corpus.put("a", text)
        corpus.put("b", octets(report()))
        usage = os.path.join(corpus.path, "..", os.path.basename(
            corpus.path) + ".usage")
        status, printed, error = run(
            "--json", corpus.path, under=("/usr/bin/env", "python3", "-c", (
                "import resource, subprocess, sys\n"
                "status = subprocess.call(sys.argv[2:])\n"
                "open(sys.argv[1], 'w').write(str(resource.getrusage("
                "resource.RUSAGE_CHILDREN).ru_maxrss))\n"
                "sys.exit(status)"), usage))
        found = json.loads(printed)
        told = [note["why"] for note in found["notes"]]
        with open(usage) as file:
            memory = int(file.read())
        os.unlink(usage)
        out.test(status == 1 and len(found["reports"]) == 1 and
                 len(told) == 1 and why in told[0] and not error,
                 "%s: one is invalid, the rest is read" % name,
                 [str(told), str(found["counts"]), error.decode()[-500:]])
        out.say("%s: %d KiB" % (name, memory))
        if not mta.is_sanitized("postern"):
            out.test(memory < MEMORY_KIB, "and memory stays small",
                     ["%d KiB" % memory])
        corpus.close()


def terminal(out):
    """What a reporter writes is no command to a terminal."""
    evil = "\x1b]0;x\x07\x1b[2J\u202e\u009b31m" + "long" * 400
    made = octets(report(evil, [policy(
        "sts", "d.ex", 1, 2, STS, [detail(
            evil, receiving_mx_hostname=evil, failure_reason_code=evil,
            sending_mta_ip=evil)]), policy(evil, evil, 0, 1)], org=evil))
    status, text, error = run("-", text=made)
    out.test(status == 2 and not fits(text) and b"\\x1b" in text,
             "text: all that is not printable is escaped, in 80 columns",
             fits(text)[:5])
    text = run("--format", "csv", "-", text=made)[1]
    out.test(b"\x1b" not in text and b"\x07" not in text and
             b"\\x1b" in text, "CSV: likewise")
    text = run("--json", "-", text=made)[1]
    out.test(b"\x1b" not in text and json.loads(text)["reports"][0][
        "report-id"] == evil, "JSON: escaped, and whole")
    corpus = Corpus()
    corpus.put("\x1b[2J\xff", b'{"policies":')
    text = run(corpus.path)[1]
    out.test(b"\x1b" not in text and b"\\x1b[2J" in text,
             "a file's name as well", [repr(text)])
    corpus.close()


def most(out):
    """LIMIT_TLSRPT_REPORTS, and LIMIT_TLSRPT_NOTES of what is told of them."""
    reports, notes, files = 100000, 1000, 5
    each = reports // files + 1
    corpus = Corpus()
    for name in range(files):
        corpus.put("%d.json" % name, octets([
            report("r%d-%d" % (name, number), [], contact_info="absent")
            for number in range(each)]))
    status, text, error = run(corpus.path)
    out.test(status == 1 and text.startswith(b"%d reports" % reports) and
             b"beyond 100000 reports is not read" in b" ".join(text.split()),
             "100,000 reports are read, and no more", [text.decode()])
    status, text, error = run("--format", "html", corpus.path)
    out.test(b"and %d more" % (reports - 200) in text,
             "so many rows on a page, and how many more there are")
    found = json.loads(run("--json", corpus.path)[1])
    out.test(len(found["notes"]) == notes, "notes are bounded")
    corpus.close()


def of_one_message(out):
    """LIMIT_TLSRPT_OF_MESSAGE: who sends one leaves room for others."""
    limit = 1000
    corpus = Corpus()
    corpus.put("a", message(packed([
        report("r%d" % number, []) for number in range(limit + 500)])))
    corpus.put("b", message(packed(report("other"))))
    status, text, error = run("--json", corpus.path)
    found = json.loads(text)
    told = b" ".join(run(corpus.path)[1].split())
    out.test(status == 1 and len(found["reports"]) == limit + 1 and
             found["counts"]["invalid"] == 1 and b"1 unreadable" in told,
             "1,000 reports in a message are read, no more, and the next "
             "message", [str(found["counts"]), str(told)])
    corpus.close()


def many(out):
    """Memory does not grow with the reports."""
    corpus = Corpus()
    with open(os.path.join(corpus.path, "box"), "wb") as box:
        for number in range(3000):
            box.write(b"From x\n" + message(packed(report(
                "r%d" % number, [policy("sts", "d.ex", 1, 0, STS, [])] * 20)))
                + b"\n")
    status, text, error = run(corpus.path)
    out.test(status == 0 and text.startswith(b"3000 reports"),
             "3,000 reports of one mailbox", [text.decode(), error.decode()])
    corpus.close()


def stopped(out):
    """A terminal sees how far it is; Ctrl-C leaves the rest."""
    corpus = Corpus()
    corpus.put("large", message(packed(report("last", [policy(
        "sts", "unread.ex", 5, 0, STS)])), domain="unread.ex", ident="last") +
        b"x" * 3000000)
    mail = b"From a\n" + message(packed(report("first"))) + b"\n\n"
    child = watched.Watched(POSTERN, "tlsrpt", "read", "-",
                            os.path.join(corpus.path, "large"))
    drawn = child.until(r"\r\033\[Kreading: \d+ MB of 3, \d+%, [\d.]+ "
                        r"MB/s, \d+ s left", mail)
    status, text = child.interrupt()
    out.test(drawn, "a terminal sees how far it is, at what rate and for how "
             "long", [repr(child.seen)])
    out.test(status == 0 and "d.ex" in text and "unread.ex" not in text and
             child.seen.endswith("\r\033[Kpostern: stopped: this is what was "
                                 "read until then\r\n"),
             "Ctrl-C prints what there is, and says so",
             [str(status), text, repr(child.seen)])
    corpus.close()


# -- no network --------------------------------------------------------------

def offline(out):
    """In a network namespace of its own, without even a loopback, and with no
    configuration to read: the same answer.  And no socket is made."""
    made = octets(report())
    plain = run("--json", "-", text=made)
    if shutil.which("unshare") and os.geteuid() == 0:
        alone = run("--json", "-", text=made,
                    under=("unshare", "--net", "--"))
        out.test(alone == plain and plain[0] == 0,
                 "it reads without a network")
    code = ("import ctypes, os, sys\n"
            "class F(ctypes.Structure): _fields_ = [('c', ctypes.c_ushort), "
            "('t', ctypes.c_ubyte), ('f', ctypes.c_ubyte), "
            "('k', ctypes.c_uint)]\n"
            "class P(ctypes.Structure): _fields_ = [('n', ctypes.c_ushort), "
            "('f', ctypes.POINTER(F))]\n"
            "rows = (F * 4)(F(0x20, 0, 0, 0), F(0x15, 0, 1, %d), "
            "F(0x06, 0, 0, 0x80000000), F(0x06, 0, 0, 0x7fff0000))\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
            "assert libc.prctl(22, 2, ctypes.byref(P(4, rows)), 0, 0) == 0\n"
            "os.execv(sys.argv[1], sys.argv[1:])\n")
    number = {"x86_64": 41, "aarch64": 198}.get(os.uname().machine)
    if number is None:
        return
    under = ("python3", "-c", code % number)
    out.test(run("--json", "-", text=made, under=under) == plain,
             "it never calls socket(2): a filter would kill it")
    done = subprocess.run([*under, "/usr/bin/python3", "-c",
                           "import socket; socket.socket()"],
                          capture_output=True)
    out.test(done.returncode != 0, "and that filter does kill")


def main():
    out = tap.Tap()
    corpus = Corpus()
    full(corpus)
    for test in (oddities, known, several, media_types, other_mail, invalid,
                 duplicates, filters, dkim, places, statuses, hostile,
                 terminal, of_one_message, many, most, stopped, offline):
        test(out)
    for test in (text_form, csv_form, html_form, json_form, schema):
        test(out, corpus)
    corpus.close()
    json_page.compare(out, "tlsrpt read", PRINTED)
    return out.close()


if __name__ == "__main__":
    sys.exit(main())
