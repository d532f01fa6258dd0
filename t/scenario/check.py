#!/usr/bin/env python3
"""check - what postern check prints, in the lab.

The text for some thirty destinations against the texts of check.expected/, the
JSON for every destination there is against the schema of check.schema.json, and
lists of destinations from a file.  "t/scenario/check.py --write" writes the expected texts
anew, for a look at the difference.  TAP.
"""
import copy
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import cli
import json_page
import mta
import release
import tap
import world

WORKERS = 6
WIDTH = 80
TRIES = 3
EXPECTED = HERE + "/check.expected/"

RULES = """plain.example          dane-only
half-dane.example      dane-only
d35.example            dane-only
dane-mismatch.example  may         until=2090-01-01
m55.example            secure      match=mail.other.test
sts.example            dane        on-fail=defer
d01.example            encrypt
mx:.m45.example        none
"""
EXEMPT = "ExemptDomains d02.example\nInternalDomains .d04.example,d04.example\n"

# Destinations by the name of their file: what is asked, and with which options
# or rules it is not only by the name.
PLAIN = """dane-ee dane-mismatch dane-stripped dane-ta-name dane-over-sts
bogus unsigned-tlsa plain sts sts-untrusted sts-mx sts-testing half-dane
second-mx null-mx refused ipv6 smtp-421 d11 d22 d25 d35 d45 d46-alert d54 d59
d71 d75 m12 m17-404 m19 m33 m54 m55 m60"""
OTHER = {
    "literal": ["user@[192.0.2.1]"],
    "invalid": ["a..b"],
    "no-probe": ["--depth", "dns", "dane-ee.example"],
    "level": ["--level", "may", "dane-ee.example"],
    "host": ["mx:mx2.second-mx.example"],
    "rule-dane": ["-c", "RULES", "plain.example"],
    "rule-dane-mx": ["-c", "RULES", "half-dane.example"],
    "rule-dane-tlsa": ["-c", "RULES", "d35.example"],
    "rule-may": ["-c", "RULES", "dane-mismatch.example"],
    "rule-secure": ["-c", "RULES", "m55.example"],
    "rule-no-sts": ["-c", "RULES", "sts.example"],
    "rule-encrypt": ["-c", "RULES", "d01.example"],
    "rule-host": ["-c", "RULES", "m45.example"],
    "exempt": ["-c", "RULES", "d02.example"],
    "internal": ["-c", "RULES", "d04.example"],
}

# What differs from run to run, or when another destination is added.
NORMAL = ((re.compile(r"\b[0-9a-f]{32}\.\.\."), "HEX..."),
          (re.compile(r"until 20\d\d-\d\d-\d\d, chain"), "until DATE, chain"),
          (re.compile(r"\b127\.20\.\d+\."), "127.20.N."),
          (re.compile(r"\bfd00:1ab:0:[0-9a-f]+:"), "fd00:1ab:0:N:"))


def run(*words, given=None, **more):
    command = [mta.program("postern"), "check", *words]
    kept = {"input": given} if given is not None else \
        {"stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=cli.ASK_S, **kept, **more)


def normal(text):
    for pattern, word in NORMAL:
        text = pattern.sub(word, text)
    return text


def domains():
    return [dest.domain for dest in world.WORLD.dests]


# -- texts -------------------------------------------------------------------

def cases(rules):
    yield from ((name, [name + ".example"]) for name in PLAIN.split())
    for name, words in OTHER.items():
        yield name, [rules if word == "RULES" else word for word in words]


def expected(name):
    try:
        with open(EXPECTED + name) as file:
            return release.read(file.read())
    except FileNotFoundError:
        return ""


def say(conf, name, words):
    """The text for a case; again where a busy machine may be to blame."""
    own = words if "-c" in words else ["-c", conf, *words]
    for _ in range(TRIES):
        done = run(*own)
        text = "%s=> exit %d\n" % (normal(done.stdout), done.returncode)
        if text == expected(name):
            break
    return text, done.stderr


def differences(text, wanted):
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (("wanted", wanted), ("said", text)):
            with open("%s/%s" % (folder, name), "w") as out:
                out.write(value)
        done = subprocess.run(["diff", "-u", "wanted", "said"], cwd=folder,
                              capture_output=True, text=True)
        return done.stdout.splitlines()[2:]


def write_texts(conf, rules):
    for name, words in cases(rules):
        with open(EXPECTED + name, "w") as out:
            out.write(release.written(say(conf, name, words)[0]))


def check_texts(out, conf, rules):
    found = list(cases(rules))
    with ThreadPoolExecutor(WORKERS) as pool:
        texts = pool.map(lambda case: say(conf, *case), found)
        for (name, _), (text, error) in zip(found, texts):
            out.test(text == expected(name) and not error,
                     "the text for %s is as expected" % name,
                     differences(text, expected(name)) + error.splitlines())
    known = {name for name, _ in found}
    stale = set(os.listdir(EXPECTED)) - known
    out.test(not stale, "every expected text has its case", sorted(stale))


def check_width(out):
    done = run("-j", "32", *domains())
    wide = [line for line in done.stdout.splitlines() if len(line) > WIDTH
            and line.split()[0] not in ("reproduce", "postfix")]
    heads = [line for line in done.stdout.splitlines()
             if line and line[0] not in " "]
    out.test(not wide and done.stdout,
             "but for lines to be copied no text is wider than %d columns" %
             WIDTH, wide)
    out.test(heads == domains(), "texts come in the order given",
             [str(heads)])
    odd = [line for line in done.stdout.splitlines()
           if re.search(r"[^ -~]", line)]
    out.test(not odd, "nothing but printable ASCII is printed", odd)


# -- JSON --------------------------------------------------------------------

def validator(name="check"):
    import jsonschema
    with open("%s/%s.schema.json" % (HERE, name)) as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def mistakes(schema, answer):
    return ["%s: %s: %s" % (answer.get("domain"), "/".join(
        str(part) for part in error.path), error.message[:200])
        for error in schema.iter_errors(answer)]


def open_objects(schema, path="schema"):
    """Objects that would take keys which nobody promised."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and \
                schema.get("additionalProperties") is not False:
            yield path
        for key, value in schema.items():
            yield from open_objects(value, path + "/" + key)
    elif isinstance(schema, list):
        for i, value in enumerate(schema):
            yield from open_objects(value, "%s/%d" % (path, i))


def check_schema_bites(out, schema, answer):
    """The schema must refuse what is not promised."""
    bad = copy.deepcopy(answer)
    bad["extra"] = 1
    worse = copy.deepcopy(answer)
    worse["hosts"][0]["addresses"][0]["chain"][0]["not_after"] = "tomorrow"
    less = copy.deepcopy(answer)
    del less["sts"]["source"]
    out.test(not mistakes(schema, answer) and
             all(mistakes(schema, one) for one in (bad, worse, less)),
             "the schema refuses what is not promised")
    out.test(not list(open_objects(schema.schema)),
             "no object takes keys that nobody promised",
             list(open_objects(schema.schema)))


def check_json(out, rules):
    schema = validator()
    names = "\n".join(domains() + ["a..b", "user@[192.0.2.1]",
                                   "mx:mx1.d01.example", "x@plain.example"])
    ways = {"as published": [], "by rules": ["-c", rules],
            "by level secure": ["--level", "secure"],
            "by level dane-only": ["--level", "dane-only"],
            "without probe": ["--depth", "dns"]}
    with ThreadPoolExecutor(WORKERS) as pool:
        runs = list(pool.map(lambda options: run(
            "--json", "-j", "32", "-f", "-", *options, given=names),
            ways.values()))
    every = []
    for what, done in zip(ways, runs):
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        wrong = [text for answer in answers
                 for text in mistakes(schema, answer)]
        out.test(len(answers) == len(names.split("\n")) and not wrong and
                 not done.stderr,
                 "JSON of all destinations, %s, is as the schema has it"
                 % what, wrong + ["%d answers, exit %d: %s" % (
                     len(answers), done.returncode, done.stderr)])
        every += answers
        if what == "as published":
            check_schema_bites(out, schema, next(
                answer for answer in answers
                if answer["domain"] == "dane-mismatch.example"))
    return every


# -- keys of JSON ------------------------------------------------------------

QUEUE_ID = "4h5QLG1x3hz2jkk"
LOG = """Nov 22 08:00:00 gate posternd[7]: {0}: event=check domain=d.example \
result=fail policy=tlsa level=dane-only reason=validation-failure action=tag \
rcpts=1 mx=mx1.d.example depth=probe cache=miss ttl=300 ms=8
Nov 22 08:00:00 gate posternd[7]: {0}: event=message result=fail action=tag \
domains=1 rcpts=1 auth=no ms=8
Nov 22 08:00:01 gate postfix/smtp[8]: {0}: to=<u@d.example>, \
relay=mx1.d.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.7.5, \
status=deferred (Server certificate not trusted)
Nov 22 08:00:01 gate postfix/smtp[8]: {0}: to=<u@e.example>, \
relay=mx1.e.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, \
status=sent (250 2.0.0 Ok)
Nov 22 08:00:02 gate postfix/smtpd[9]: NOQUEUE: milter-reject: RCPT from \
x[192.0.2.1]: 451 4.7.5 d.example: validation-failure (outbound TLS \
precheck); from=<a@s.example> to=<v@d.example> proto=ESMTP helo=<h>
Nov 22 08:00:02 gate posternd[7]: NOQUEUE: event=check domain=d.example \
result=fail policy=tlsa level=dane-only reason=validation-failure \
action=defer rcpts=1
"""


def samples(conf, rules, folder):
    """Words of postern, with what they make it print as JSON."""
    host = "mx1.dane-ee.example"
    files = {name: folder + "/" + name for name in
             ("key", "cert", "policy", "log")}
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=" + host, "-addext",
                    "subjectAltName=DNS:" + host, "-keyout", files["key"],
                    "-out", files["cert"]], check=True, capture_output=True)
    with open(files["policy"], "w") as out:
        out.write("version: STSv1\nmode: none\nmax_age: 86400\n\n")
    with open(files["log"], "w") as out:
        out.write(LOG.format(QUEUE_ID).replace("\\\n", ""))
    gen = json.loads(postern("tlsa", "gen", "--name", host, files["cert"],
                             "--json").stdout)
    record = gen["records"][0]["rdata"]
    for words in (
            ["tlsa", "gen", "-c", conf, "mx:" + host],
            ["tlsa", "gen", "--name", host, files["cert"]],
            ["tlsa", "match", "--chain", files["cert"], "--name", host,
             record],
            ["tlsa", "check", "-c", conf, "dane-mismatch.example"],
            ["tlsa", "plan", "-c", conf, "--name", host, files["cert"],
             files["key"]],
            ["sts", "lint", "--txt", "v=STSv1; id=1;", files["policy"]],
            ["sts", "check", "-c", conf, "sts-mx.example"],
            ["sts", "gen", "-c", conf, "sts-untrusted.example"],
            ["doctor", "-c", conf],
            ["explain", "-c", conf, "--log", files["log"], QUEUE_ID],
            ["explain", "-c", conf, "--log", files["log"], "--domain",
             "d.example", "--since", "2026-01-01T00:00:00Z"],
            ["policy", "list", "-c", rules],
            ["policy", "test", "-c", rules, "m55.example"],
            ["policy", "test", "-c", rules, "mx:mx1.m45.example"]):
        yield words, postern(*words, "--json")


def postern(*words):
    return subprocess.run([mta.program("postern"), *words],
                          capture_output=True, text=True, timeout=cli.ASK_S,
                          stdin=subprocess.DEVNULL)


# What a running posternd is asked for: see control.
DAEMON = ("cache list", "cache flush", "stats")
# Their own scenarios compare them.
ELSEWHERE = ("advise", "advise --sending", "check --facts", "fleet key",
             "fleet show", "fleet status", "judge", "review", "setup", "status",
             "survey diff", "survey report", "survey scan", "survey status",
             "tlsrpt list", "tlsrpt read", "tlsrpt send", "tlsrpt show",
             "tlsrpt test", "top")


def check_keys(out, conf, rules, answers):
    """What is printed is in the manual, and the other way round."""
    told = json_page.page_keys()
    # what is seen of a message of the lab: kept.py
    told["explain"]["domains"]["seen"] = {}
    # "the members of domains, but without recipients"
    told["explain"]["checks"] = {
        key: tree for key, tree in told["explain"]["domains"].items()
        if key != "recipients"}
    found = {"check": json_page.keys_of(answers, {})}
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for words, done in samples(conf, rules, folder):
            name = " ".join(words[:2])
            name = name if name in told else words[0]
            try:
                json_page.keys_of([json.loads(line) for line in
                         done.stdout.splitlines()],
                        found.setdefault(name, {}))
            except ValueError:
                done.stdout = ""
            if not done.stdout:
                problems.append("%s: exit %d, %s" % (
                    " ".join(words), done.returncode, done.stderr))
    out.test(not problems, "each verb prints JSON", problems)
    for name in sorted(set(told) | set(found)):
        if name in DAEMON or name in ELSEWHERE:
            continue
        printed = set(json_page.paths(found.get(name, {})))
        manual = set(json_page.paths(told.get(name, {})))
        out.test(printed == manual and printed,
                 "the keys of %s are those of postern-json(7)" % name,
                 ["only printed: " + " ".join(sorted(printed - manual)),
                  "only in the manual: " + " ".join(sorted(
                      manual - printed))])


# -- lists -------------------------------------------------------------------

def check_list(out, conf):
    text = "# a list\n\n  plain.example  # none\r\nuser@dane-ee.example\n" \
        "a..b\n%s\nnull-mx.example" % ("x" * 3000)
    done = run("-c", conf, "-f", "-", given=text)
    rows = sorted(line.split()[0] + " " + line.split()[-2][:20] + " " +
                  line.split()[-1] for line in done.stdout.splitlines())
    out.test(rows == ["none a..b name-invalid", "none null-mx.example null-mx",
                      "none plain.example no-policy",
                      "none " + "x" * 20 + " name-invalid",
                      "pass dane-ee.example ok"],
             "a list may have comments, blank lines, and what is no name",
             rows)
    out.test(done.returncode == 1 and
             done.stderr == "5 checked: 4 none, 1 pass\n",
             "its exit status is the worst of all, and they are counted",
             [str(done.returncode), done.stderr])
    done = run("-c", conf, "-f", "-", "dane-mismatch.example",
               given="plain.example\n")
    out.test(done.returncode == 2 and len(done.stdout.splitlines()) == 2,
             "names and a list may stand together", [done.stdout])
    done = run("-c", conf, "-f", "-", given="# none\n")
    out.test(done.returncode == 66 and not done.stdout,
             "a list without a name is an error", [done.stderr])


def check_long_list(out, conf):
    names = ["n%d.nowhere.example" % i for i in range(1000)]
    done = run("-c", conf, "-f", "-", "-j", "64", given="\n".join(names))
    rows = sorted(line.split()[2] for line in done.stdout.splitlines())
    out.test(rows == sorted(names) and done.returncode == 1,
             "a thousand names in a list have a thousand answers",
             ["%d rows" % len(rows), done.stderr])


def check_stream(out, conf):
    """Answers come while the list still goes on."""
    with subprocess.Popen(
            [mta.program("postern"), "check", "-c", conf, "-f", "-", "--json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write("plain.example\n")
        child.stdin.flush()
        first = child.stdout.readline()
        child.stdin.write("dane-ee.example\n")
        rest, _ = child.communicate(timeout=cli.ASK_S)
    out.test('"plain.example"' in first and '"dane-ee.example"' in rest and
             child.returncode == 1, "an answer is printed when it is there",
             [first, rest])


def check_closed(out, conf):
    names = "\n".join(domains())
    with subprocess.Popen(
            [mta.program("postern"), "check", "-c", conf, "-f", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as child:
        child.stdout.close()
        try:
            child.stdin.write(names)
            child.stdin.close()
        except BrokenPipeError:
            pass
        error = child.stderr.read()
        child.wait(cli.ASK_S)
    out.test(child.returncode == 74 and
             error == "postern: cannot write the answer\n",
             "a reader that goes away ends it",
             ["exit %d" % child.returncode, error])


# -- terminals ---------------------------------------------------------------

def on_terminal(stream, *words, **more):
    """What comes to a terminal that is stream, and what to the other."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
            [mta.program("postern"), "check", *words],
            stdin=subprocess.DEVNULL, text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               stream: theirs}, **more) as child:
        os.close(theirs)
        other = "".join(child.communicate(timeout=cli.ASK_S)[i] or ""
                        for i in (0, 1))
    text = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(ours)
    return text.decode(), other


def check_terminal(out, conf):
    words = ("-c", conf, "dane-mismatch.example")
    terminal, _ = on_terminal("stdout", *words)
    out.test("\033[31mfail\033[0m: validation-failure" in terminal,
             "on a terminal the result has its colour", [repr(terminal)])
    terminal, _ = on_terminal("stdout", *words,
                              env={**os.environ, "NO_COLOR": "1"})
    out.test("fail: validation-failure" in terminal and
             "\033" not in terminal, "but not with NO_COLOR",
             [repr(terminal)])
    terminal, text = on_terminal("stderr", *words)
    out.test(terminal.startswith("\r\033[Kchecking: 0 done, ") and
             terminal.endswith("\r\033[K") and "\033" not in text,
             "a terminal sees how far it is, and nothing is left of that",
             [repr(terminal), repr(text)])
    terminal, _ = on_terminal("stderr", "--json", *words)
    out.test(terminal == "", "but not with --json", [repr(terminal)])


def check_file_progress(out, conf):
    """A file that is never at an end, and one that is."""
    path = "/run/lab/check.names"
    with open(path, "w") as file:
        file.write("# three\ndane-ee.example\n\nm26.example # slow\n"
                   "plain.example\n")
    terminal, text = on_terminal("stderr", "-c", conf, "-f", path)
    drawn = re.findall(r"\r\033\[K(checking: \d domains of 3, \d+%[^\r]*)",
                       terminal)
    out.test(drawn and any(re.search(r", [0-9.]+ domains/s, \d+ s left$", line)
                           for line in drawn) and
             len(text.splitlines()) == 3 and "checking" not in text,
             "of a file it tells rate and time left", [repr(terminal), text])
    reader, writer = os.pipe()
    with subprocess.Popen(
            [mta.program("postern"), "check", "-c", conf, "-f", "-"], stdin=reader,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        os.close(reader)
        os.write(writer, b"dane-ee.example\n")
        first = child.stdout.readline()
        child.send_signal(signal.SIGINT)
        os.write(writer, b"plain.example\n" * 3)
        os.close(writer)
        text, error = child.communicate(timeout=cli.ASK_S)
    out.test("dane-ee.example" in first and "plain" not in text and
             "stopped: this is what was checked" in error and
             "1 pass" in error,
             "Ctrl-C prints what there is, and says so", [first + text, error])


def inside():
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded")
        with open("/run/lab/check.rules", "w") as file:
            file.write(RULES)
        rules = cli.configuration("embedded",
                                  "Destinations /run/lab/check.rules\n" +
                                  EXEMPT)
        if "--write" in sys.argv[1:]:
            write_texts(conf, rules)
            return 0
        check_texts(out, conf, rules)
        check_width(out)
        answers = check_json(out, rules)
        check_keys(out, conf, rules, answers)
        check_list(out, conf)
        check_long_list(out, conf)
        check_stream(out, conf)
        check_closed(out, conf)
        check_terminal(out, conf)
        check_file_progress(out, conf)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


def main(path, inside):
    try:
        import jsonschema  # noqa: only whether it is there
    except ImportError:
        print("1..0 # SKIP packages are missing: python3-jsonschema")
        return 0
    return tap.main(path, inside)


if __name__ == "__main__":
    sys.exit(main(__file__, inside))
