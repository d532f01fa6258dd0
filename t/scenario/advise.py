#!/usr/bin/env python3
"""advise - what "postern advise" tells the owners of the lab's domains.

The text for some destinations against the texts of advise.expected/, their
JSON against advise.schema.json, the other forms, who stands behind a mail host
by a table of the test's own, lists, and what is no domain.  "--write" writes
the expected texts anew, for a look at the difference.  TAP.
"""
import contextlib
import datetime
import html.parser
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import change
import check
import cli
import json_page
import mta
import tap

EXPECTED = HERE + "/advise.expected/"
TABLE = "/etc/postern/providers"
STORE = "/var/lib/postern/state.db"
TRIES = 3
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
AT, SOON = ((NOW + datetime.timedelta(days=days)).strftime(
    "%Y-%m-%dT%H:%M:%SZ") for days in (1, 15))

# A destination, and the options it is not only asked with.
TEXTS = {"dane-ee": [], "dane-mismatch": [], "bogus": [], "plain": [],
         "sts": ["--standard", "bsi"], "sts-testing": [], "sts-mx": [],
         "half-dane": ["--regulated"], "second-mx": [], "null-mx": [],
         "d71": [], "d35": [], "unsigned-tlsa": ["--cannot-sign"],
         "m17-404": [], "refused": []}

# What is seen of each: steps with their states, and the exit status.
STEPS = {
    "dane-ee": ("P1:do P2:done P9:do P3:wait P4:wait P11:do", 1),
    "sts": ("P1:do P2:done P8:do P3:done P4:done P11:do", 1),
    # A10
    "bogus": ("P0:do", 2),
    # A14
    "sts-testing": ("P1:do P2:do P8:do P3:done P4:wait P11:do", 1),
    "dane-mismatch": ("P0:do P1:do P2:done P9:do P3:wait P4:wait P11:do", 2),
    "half-dane": ("P1:do P2:done P3:wait P4:wait P5:do P6:wait P11:do", 1),
    "null-mx": ("", 0),
    "d71": ("", 1),
    # A23: of smtp-421 a must could not be tested
    "refused": ("P1:do P2:do P8:do P3:wait P4:wait P11:wait", 1),
    "d62-lame": ("P0:do", 2),
    "ed448": ("P0:do P1:do P2:done P9:do P3:wait P4:wait P11:do", 2),
    "smtp-421": ("P1:do P2:do P9:do P3:wait P4:wait P11:do", 3),
    "d66": ("P1:do P2:done P5:do P6:wait P8:wait P3:wait P4:wait P11:wait",
            1),
}


def advise(*words, given=None):
    kept = {"input": given} if given is not None else \
        {"stdin": subprocess.DEVNULL}
    return subprocess.run([mta.program("postern"), "advise", *words],
                          capture_output=True, text=True, timeout=cli.ASK_S,
                          **kept)


def table(text=None):
    """Who stands behind names: the table that is installed, or another."""
    if text is None:
        shutil.copy(HERE + "/../../etc/providers", TABLE)
    else:
        with open(TABLE, "w") as file:
            file.write(text)


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def asked(conf, name, *words):
    """({its object}, exit status); again where a busy machine may be why."""
    for _ in range(TRIES):
        done = advise("-c", conf, "--json", *words, name + ".example")
        found = objects(done)[0]
        if found["now"]["out"]["may"] != "u":
            break
    return found, done.returncode


def steps_of(answer):
    return " ".join("%s:%s" % (step["id"], step["state"])
                    for step in answer["steps"])


# -- texts -------------------------------------------------------------------

def normal(text):
    return text.replace(AT, "AT").replace(SOON[:10], "SOON")


def say(conf, name):
    done = advise("-c", conf, "--at", AT, *TEXTS[name], name + ".example")
    return "%s=> exit %d\n" % (normal(done.stdout), done.returncode), \
        done.stderr


def wanted_text(name):
    try:
        with open(EXPECTED + name) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def check_texts(out, conf):
    for name in TEXTS:
        for _ in range(TRIES):
            text, error = say(conf, name)
            if text == wanted_text(name):
                break
        out.test(text == wanted_text(name) and not error,
                 "the text for %s is the one that is kept" % name,
                 check.differences(text, wanted_text(name)) + [error])
        wide = [line for line in text.splitlines() if len(line) > 80]
        out.test(not wide, "and is 80 columns wide", wide)


# -- JSON --------------------------------------------------------------------

def check_json(out, conf):
    """A25, and what the steps come to."""
    schema = check.validator("advise")
    every, wrong = [], []
    for name, (steps, status) in STEPS.items():
        found, exit_status = asked(conf, name, "--standard", "rfc",
                                   "--standard", "rfc")
        every.append(found)
        out.test(steps_of(found) == steps and exit_status == status,
                 "%s: its steps are in order, its exit status fits" % name,
                 [steps_of(found), "exit %d" % exit_status])
        wrong += check.mistakes(schema, found)
    found, _ = asked(conf, "dane-ee", "--standard", "bsi", "--standard", "nl")
    every.append(found)
    wrong += check.mistakes(schema, found)
    out.test(not wrong, "all of it is as the schema has it", wrong)
    out.test(not list(check.open_objects(schema.schema)),
             "and no object takes keys that nobody promised",
             list(check.open_objects(schema.schema)))
    ids = [(one["standard"], one["id"]) for one in found["checks"]]
    out.test(len(ids) == len(set(ids)) == 16 + 33,
             "each requirement stands there once", [str(ids)])
    out.test(found["scenario"][0] == 8, "who asks for BSI is regulated",
             [str(found["scenario"])])
    json_page.compare(out, "advise", json_page.keys_of(every, {}))
    again = advise("-c", conf, "--at", AT, "--json", "sts.example")
    more = advise("-c", conf, "--at", AT, "--json", "sts.example")
    out.test(again.stdout == more.stdout and AT in again.stdout,
             "with --at the answer is the same to the octet")


def results(conf, name, *words):
    found, _ = asked(conf, name, "--standard", "rfc", "--standard", "bsi",
                     "--standard", "nl", *words)
    return {one["id"]: one["result"] for one in found["checks"]}


def check_requirements(out, conf):
    """What only a connection shows."""
    for name, wanted in (
            ("dane-ee", dict(R1="pass", R3="pass", R4="warning", R12="pass",
                             **{"03-M": "pass", "05-M": "warning",
                                "07-R": "fail", "10-M": "fail",
                                "mail_starttls_tls_available": "pass",
                                "mail_starttls_dane_valid": "pass",
                                "mail_starttls_cert_chain": "pass",
                                "mail_starttls_cert_pubkey": "pass"})),
            ("dane-mismatch", dict(R3="fail", **{
                "05-M": "fail", "mail_starttls_dane_valid": "fail"})),
            ("second-mx", dict(R3="fail", R12="pass")),
            ("dane-stripped", dict(R12="fail", **{
                "03-M": "fail", "mail_starttls_tls_available": "fail"})),
            ("d47", dict(**{"03-M": "fail"})),
            ("sts-untrusted", dict(R12="fail", **{
                "mail_starttls_cert_chain": "fail"})),
            # A20
            ("m22", {"08-R": "warning"}), ("sts", {"08-R": "not-tested"}),
            ("ipv6", dict(mail_ipv6_mx_address="pass",
                          mail_ipv6_mx_reach="pass")),
            ("refused", dict(R12="not-tested", **{
                "03-M": "not-tested",
                "mail_starttls_tls_available": "not-tested"}))):
        found = results(conf, name)
        out.test(all(found[key] == value for key, value in wanted.items()),
                 "%s: what is seen of it counts" % name,
                 ["%s %s, not %s" % (key, found[key], value)
                  for key, value in wanted.items() if found[key] != value])
    found = results(conf, "dane-ee", "--depth", "dns")
    out.test(found["R1"] == "pass" and
             found["R3"] == found["R12"] == found["03-M"] == "not-tested",
             "depth dns passes nothing that it did not see", [str(found)])


def evidence(found, name):
    return next(" ".join(one["evidence"]) for one in found["checks"]
                if one["id"] == name)


def check_evidence(out, conf):
    """V30, R3: which address, and what it shows."""
    found, _ = asked(conf, "dual-rsa", "--standard", "rfc")
    said = evidence(found, "R3")
    out.test("mx1.dual-rsa.example [127." in said and "ECDSA 256" in said and
             "validation-failure" in said,
             "V30: where a key of another kind is shown, it is named", [said])
    found, _ = asked(conf, "m50", "--standard", "rfc")
    out.test("not mx1.m50.example" in evidence(found, "R8"),
             "R8: hosts that a policy does not name are told",
             [evidence(found, "R8")])


def check_mailbox(out, conf):
    """A19, and 10-M of a mailbox that mail may not get to."""
    for rua, wanted in (("mailto:r@plain.example", "pass pass"),
                        ("mailto:r@dane-ee.example", "pass warning"),
                        ("mailto:r@sts.example", "pass warning"),
                        ("https://plain.example/r", "pass fail")):
        change.records("sts.example", "_smtp._tls.sts.example", "TXT",
                       ['"v=TLSRPTv1; rua=%s"' % rua])
        found = results(conf, "sts")
        out.test("%s %s" % (found["R11"], found["10-M"]) == wanted,
                 "A19: reports to %s: R11 and 10-M are %s" % (rua, wanted),
                 [found["R11"], found["10-M"]])


# -- who stands behind -------------------------------------------------------

def check_providers(out, conf):
    half = ".mx.hosting %s mailbox 2026-02 test dane=optin\n"
    for name, scenario, dane, words in (
            ("microsoft", 4, "provider", "Enable-DnssecForVerifiedDomain"),
            ("google", 5, "no", "not signed")):
        table(half % name)
        found, _ = asked(conf, "half-dane")
        out.test(found["scenario"][0] == scenario and
                 found["publish"]["dane"] == dane and
                 found["provider"] == {"name": name, "class": "mailbox",
                                       "as_of": "2026-02"} and
                 words in json.dumps(found) and
                 "tlsa gen" not in json.dumps(found["steps"]),
                 "a host of %s is advised as such" % name,
                 [json.dumps(found)[:1500]])
    table("ns:.half-dane.example dns 2026-02 test dnssec=no\n")
    found, _ = asked(conf, "half-dane")
    out.test(found["scenario"] == [1] and found["publish"]["dane"] == "no",
             "so is a DNS host that signs no zones", [str(found["scenario"])])
    table(half % "microsoft" + "nonsense\n")
    done = advise("-c", conf, "plain.example")
    out.test(done.returncode == 78 and TABLE + ": line 2" in done.stderr,
             "a mistake in the table is told with its line", [done.stderr])
    os.unlink(TABLE)
    done = advise("-c", conf, "plain.example")
    out.test(done.returncode == 1 and "providers" in done.stderr,
             "so is that there is none", [done.stderr])
    table()


# -- what posternd has kept --------------------------------------------------

def keep(domain, body, text_id, **past):
    """A row as posternd left it, which has made the file; past: days ago."""
    now = int(NOW.timestamp())
    row = dict(domain=domain, id=text_id, body=body.encode(),
               fetched=now - 3600, expires=now + 86400, failed_id="",
               failed=0, failed_how="", failed_detail="", use=2, used=now,
               source="", mode_since=0, renewed=0, same_id=0)
    row.update((key, now - days * 86400) for key, days in past.items())
    with contextlib.closing(sqlite3.connect(STORE)) as database, database:
        database.execute("REPLACE INTO policy (%s) VALUES (%s)" % (
            ", ".join(row), ", ".join("?" * len(row))), list(row.values()))


def published(domain):
    """(a policy like its own, its id)."""
    done = subprocess.run([mta.program("postern"), "check", "--json", "-c",
                           mta.CONF, domain], capture_output=True, text=True,
                          timeout=cli.ASK_S)
    sts = json.loads(done.stdout)["sts"]
    return "".join(["version: STSv1\nmode: %s\n" % sts["mode"],
                    *("mx: %s\n" % mx for mx in sts["mx"]),
                    "max_age: %d\n" % sts["max_age"]]), sts["id"]


def check_memory(out):
    """A14, R10: since when a policy is tested, and how its id has changed."""
    daemon = mta.Posternd("advise")
    daemon.stop()
    domain = "sts-testing.example"
    body, text_id = published(domain)
    for past, text, its_id, wanted in (
            (dict(mode_since=3), body, text_id, "wait not-applicable"),
            (dict(mode_since=15), body, text_id, "do not-applicable"),
            (dict(mode_since=15), body.replace("86400", "3600"), "before",
             "do pass"),
            (dict(mode_since=15), body.replace("86400", "3600"), text_id,
             "do fail"),
            (dict(mode_since=15), body.replace("testing", "none"), "before",
             "wait pass")):
        keep(domain, text, its_id, **past)
        found, _ = asked(daemon.conf, "sts-testing", "--standard", "rfc")
        step = next(one for one in found["steps"] if one["id"] == "P4")
        day = step["not_before"] <= found["time"]
        result = next(one["result"] for one in found["checks"]
                      if one["id"] == "R10")
        out.test("%s %s" % ("do" if day else "wait", result) == wanted,
                 "A14, R10: of %s: %s" % (past, wanted),
                 [json.dumps(step), evidence(found, "R10")])


# -- forms and lists ---------------------------------------------------------

class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.loads = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for key, value in attributes
                       if key in ("src", "href") or
                       value and "url(" in value]


def check_forms(out, conf):
    path = mta.HERE + "/advice"
    words = ["-c", conf, "--at", AT, "--standard", "bsi", "sts.example"]
    done = advise("--as", "html", "-o", path, *words)
    text = mta.read(path)
    page = Page(text)
    out.test(done.returncode == 2 and not done.stdout and not page.loads and
             "script" not in page.tags and "16-M" in text and
             "default-src 'none'" in text and len(text) < 400 * 1024,
             "HTML has all requirements, and loads nothing", [done.stderr])
    done = advise("--as", "markdown", *words)
    rows = re.findall(r"^\| \d\d-[MR] \|.*\|$", done.stdout, re.M)
    out.test(done.returncode == 2 and len(rows) == 16 and
             done.stdout.startswith("# Advice on "),
             "so has Markdown, as a table", [done.stdout[:1000]])
    done = advise("--as", "markdown", "-c", conf, "sts.example",
                  "dane-ee.example")
    out.test(re.findall(r"^## (.*example)$", done.stdout, re.M) ==
             ["sts.example", "dane-ee.example"],
             "domains stand there in the order in which they were asked for",
             [done.stdout[:300]])
    done = advise("--as", "csv", *words)
    out.test(done.returncode == 64, "there is no CSV of it", [done.stderr])


def check_lists(out, conf):
    """A07, A21."""
    names = ["sts.example", "dane-ee.example  # a word", "null-mx.example"]
    done = advise("-c", conf, "--list", "-", given="\n".join(names * 40))
    flat = " ".join(done.stdout.split())
    out.test(done.returncode == 1 and "3 states." in flat and
             flat.count(" 40 ") == 3,
             "120 domains in three states are three rows",
             [done.stdout, done.stderr])
    done = advise("-c", conf, "--json", "--list", "-", "plain.example",
                  given="\n\n# none\r\nsts.example\r\n")
    out.test([one["domain"] for one in objects(done)] ==
             ["plain.example", "sts.example"],
             "a list has comments, blank lines and CRLF", [done.stdout[:200]])
    # LIMIT_ADVISE_DOMAINS is 1000
    for given, status in (("", 66), ("#\n", 66), ("x" * 3000, 65),
                          ("a.example\n" * 1001, 64)):
        done = advise("-c", conf, "--list", "-", given=given)
        out.test(done.returncode == status and not done.stdout,
                 "a list of %d octets that will not do: exit %d" % (
                     len(given), status), [done.stderr])
    done = advise("-c", conf, "--list", "/", "plain.example")
    out.test(done.returncode == 66 and not done.stdout,
             "a list that cannot be read to its end is no shorter list",
             [str(done.returncode), done.stderr])
    done = advise("-c", conf, "--list", "/nonexistent")
    out.test(done.returncode == 66, "nor will one that is not there",
             [done.stderr])
    for words in (["mx:mx1.sts.example"], ["a..b"], ["--standard", "iso",
                                                     "sts.example"]):
        done = advise("-c", conf, *words)
        out.test(done.returncode == 64 and not done.stdout,
                 "%s is a usage error" % " ".join(words),
                 [str(done.returncode), done.stderr])
    for wrong in ("a..b", "[192.0.2.1]", "user@[192.0.2.1]"):
        done = advise("-c", conf, "sts.example", wrong)
        out.test(done.returncode == 64 and not done.stdout and
                 "is no domain" in done.stderr,
                 "%s is said before any other is looked at" % wrong,
                 [str(done.returncode), done.stdout[:100], done.stderr])


def inside():
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded")
        table()
        if "--write" in sys.argv:
            os.makedirs(EXPECTED, exist_ok=True)
            for name in TEXTS:
                with open(EXPECTED + name, "w") as file:
                    file.write(say(conf, name)[0])
            return 0
        check_texts(out, conf)
        check_json(out, conf)
        check_requirements(out, conf)
        check_evidence(out, conf)
        check_providers(out, conf)
        check_forms(out, conf)
        check_lists(out, conf)
        check_mailbox(out, conf)
        check_memory(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(check.main(__file__, inside))
