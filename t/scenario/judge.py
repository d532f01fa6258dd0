#!/usr/bin/env python3
"""judge - facts that "postern check --facts" wrote, judged again.

Every destination of the lab, by several rules: what "postern judge" says of its
facts is what "postern check" said of it, without a network.  And what it says
of them at another time, level or setting; and of what is no facts.  TAP.
"""
import copy
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import check
import cli
import json_page
import mta
import tap

FILE = "/run/lab/judge.facts"

# What posternd would do and what it would have MTAs do is by the configuration
# of the host that judges.
LOCAL = ("action", "postfix")


def judge(*words, given=None):
    """In a network namespace of its own, where nothing is in reach."""
    return subprocess.run(
        ["unshare", "-n", mta.program("postern"), "judge", *words],
        input=given or "", capture_output=True, text=True, timeout=cli.ASK_S)


def answers_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def without(answer, keys):
    return {key: value for key, value in answer.items() if key not in keys}


def different(said, judged, keys=()):
    return ["%s: %s" % (one["domain"], " ".join(
        key for key in sorted(set(one) | set(other))
        if key not in keys and one.get(key) != other.get(key)))
        for one, other in zip(said, judged)
        if without(one, keys) != without(other, keys)]


# -- every destination -------------------------------------------------------

def check_way(out, what, words, names, conf):
    """Returns the facts."""
    done = check.run("--json", "--facts", "-j", "32", "-f", "-", *words,
                     given=names)
    said = answers_of(done)
    facts = [answer.pop("facts") for answer in said]
    with open(FILE, "w") as file:
        for one in facts:
            file.write(json.dumps(one) + "\n")
    alone, again = judge("--json", FILE), judge("--json", "-c", conf, FILE)
    out.test(len(said) == len(names.split("\n")) and not done.stderr and
             not alone.stderr and len(answers_of(alone)) == len(said) and
             not different(said, answers_of(alone), LOCAL),
             "by the file alone, facts %s are judged as the check was" % what,
             different(said, answers_of(alone), LOCAL) +
             [done.stderr, alone.stderr])
    out.test(alone.returncode == done.returncode,
             "with the same exit status",
             ["%d, not %d" % (alone.returncode, done.returncode)])
    if "--level" not in words:
        out.test(not different(said, answers_of(again)) and
                 not again.stderr and len(answers_of(again)) == len(said),
                 "and by the same configuration to the last word",
                 different(said, answers_of(again)) + [again.stderr])
    return facts


def check_all(out, conf, rules):
    names = "\n".join(check.domains() + [
        "a..b", "user@[192.0.2.1]", "mx:mx1.d01.example", "x@plain.example"])
    every = []
    for what, words, own in (
            ("as published", ["-c", conf], conf),
            ("by rules", ["-c", rules], rules),
            ("by level secure", ["-c", conf, "--level", "secure"], conf),
            ("by level dane-only", ["-c", conf, "--level", "dane-only"], conf),
            ("without probes", ["-c", conf, "--depth", "dns"], conf)):
        every += check_way(out, what, words, names, own)
    return every


# -- words -------------------------------------------------------------------

def head_cut(text):
    """A text but for the line of the resolver, or that of the facts."""
    return re.sub(r"^  (resolver|facts) .*\n(      .*\n)*", "", text,
                  flags=re.M)


def check_words(out, conf):
    for name in check.PLAIN.split():
        given = check.run("-c", conf, "--facts", name + ".example").stdout
        done = judge("-c", conf, "-", given=given)
        text = "%s=> exit %d\n" % (check.normal(done.stdout), done.returncode)
        wanted = check.expected(name)
        out.test(head_cut(text) == head_cut(wanted) and
                 "  facts       learnt at 20" in text,
                 "the text for facts of %s is that of the check" % name,
                 check.differences(head_cut(text), head_cut(wanted)) +
                 done.stderr.splitlines())


# -- what if -----------------------------------------------------------------

def check_what_if(out, conf, facts):
    by_domain = {one["domain"]: one for one in facts}

    def verdict(domain, *words):
        done = judge("--json", *words, given=json.dumps(by_domain[domain]))
        answer = answers_of(done)[0] if done.stdout else {}
        return " ".join(answer.get(key, "?") for key in
                        ("result", "policy", "level", "reason"))

    may = cli.configuration("embedded", "InsecureMX may\n")
    expectations = (
        ("at another time", "sts.example", ["--at", "2099-01-01T00:00:00Z"],
         "fail sts secure certificate-expired"),
        ("at another time, where no date counts", "dane-ee.example",
         ["--at", "2099-01-01T00:00:00Z"], "pass tlsa dane-only ok"),
        ("by another level", "plain.example", ["--level", "dane-only"],
         "fail tlsa dane-only dane-required"),
        ("by a level that asks for less", "dane-mismatch.example",
         ["--level", "may"], "none local may no-policy"),
        ("by another InsecureMX", "half-dane.example", ["-c", may],
         "none no-policy-found may no-policy"),
        ("by nothing else", "half-dane.example", [],
         "pass tlsa half-dane insecure-mx"))
    for what, domain, words, wanted in expectations:
        out.test(verdict(domain, *words) == wanted,
                 "facts are judged %s" % what,
                 [domain, verdict(domain, *words), wanted])
    given = json.dumps(by_domain["sts.example"])
    done = judge("--at", "2099-01-01T00:00:00Z", given=given)
    out.test("judged for 2099-01-01T00:00:00Z" in done.stdout and
             "expired" in done.stdout,
             "the text says what time it is judged for", [done.stdout])


# -- what is no facts --------------------------------------------------------

def check_refused(out, facts):
    good = json.dumps(facts[0])
    second = copy.deepcopy(facts[0])
    second["hosts"] = {}
    for what, given, why in (
            ("nothing", "", "not a JSON object"),
            ("half of it", good[:len(good) // 2], "it does not end"),
            ("no JSON", good.replace(":", "=", 1), "line 1: "),
            ("an answer of check", '{"schema":1,"domain":"a.example"}',
             'kind: is not "facts"'),
            ("a key twice", good.replace('"kind"', '"ms":1,"kind"', 1),
             "duplicate"),
            ("what is nested without end", '{"a":' * 100000, "too deep"),
            ("a list where an object is to be", json.dumps(second),
             "hosts: is of the wrong type"),
            ("a NUL", good + "\0", "there is a NUL in it")):
        done = judge(given=given)
        out.test(done.returncode == 65 and why in done.stderr and
                 not done.stdout, "%s is refused" % what,
                 ["exit %d: %s" % (done.returncode, done.stderr[:300])])
    done = judge("--json", "-", given=good + "\n" + json.dumps(second))
    lines = done.stdout.splitlines()
    out.test(done.returncode == 65 and len(lines) == 2 and
             json.loads(lines[0])["domain"] == facts[0]["domain"] and
             "error" in json.loads(lines[1]),
             "what stands before a mistake is judged", [done.stdout[:300]])
    done = judge("/nonexistent")
    out.test(done.returncode == 66, "a file that is not there is told",
             [done.stderr])


def check_schema(out, facts):
    schema = check.validator("facts")
    wrong = [text for one in facts for text in check.mistakes(schema, one)]
    out.test(facts and not wrong, "facts of all are as the schema has them",
             wrong)
    out.test(not list(check.open_objects(schema.schema)),
             "and no object takes keys that nobody promised",
             list(check.open_objects(schema.schema)))
    json_page.compare(out, "check --facts", json_page.keys_of(facts, {}))


def inside():
    out = tap.Tap()
    try:
        conf = cli.configuration("embedded")
        with open("/run/lab/judge.rules", "w") as file:
            file.write(check.RULES)
        rules = cli.configuration("embedded", "Destinations "
                                  "/run/lab/judge.rules\n" + check.EXEMPT)
        facts = check_all(out, conf, rules)
        check_schema(out, facts)
        check_words(out, conf)
        check_what_if(out, conf, facts[:len(check.domains())])
        check_refused(out, facts)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()


if __name__ == "__main__":
    sys.exit(check.main(__file__, inside))
