"""Asking "postern check" inside the lab."""
import json
import re
import subprocess

import mta

ASK_S = 120

# On a busy machine all things take long; only what never answers is late.
PATIENCE = """DNSTimeout 8s
GreetingTimeout 8s
ProbeTimeout 8s
STSTimeout 8s
RcptWait 60s
"""
LATE = re.compile(r'"(dns-timeout|probe-timeout|deadline)"')


def configuration(resolver, extra=""):
    """A file with the lab's settings, those given before them; mta.Failure
    if posternd does not take it."""
    own = "Resolver %s\n%s" % (resolver, extra)
    path = "%s/%s.conf" % (mta.HERE, re.sub(r"\W+", "-", own).strip("-"))
    own += PATIENCE
    keywords = {line.split()[0] for line in own.splitlines()}
    with open(path, "w") as out:
        out.write(own + "".join(
            line for line in mta.read(mta.CONF).splitlines(True)
            if line.split()[0] not in keywords))
    done = subprocess.run([mta.program("posternd"), "-n", "-c", path],
                          capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise mta.Failure(done.stderr.strip())
    return path


def run(conf, *words):
    """(exit status, stdout, stderr); status None if it does not end."""
    command = [mta.program("postern"), "check", "--json", "-c", conf, *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=ASK_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, "", "does not end"
    return done.returncode, done.stdout, done.stderr.strip()


def check(conf, *words):
    """({domain: answer}, what was wrong in words)."""
    status, text, error = run(conf, *words)
    answers = {}
    for line in text.splitlines():
        answer = json.loads(line)
        if "error" not in answer:
            answers[answer["domain"]] = answer
    return answers, "exit status %s: %s" % (status, error)


def is_late(answer, expect):
    """Whether an answer that is not the expected one speaks of a time-out,
    as a busy machine can make them: such a one is asked for again."""
    expected = answer["result"] == expect.result and \
        answer["reason"] in expect.reasons()
    return not expected and bool(LATE.search(json.dumps(answer)))
