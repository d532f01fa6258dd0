#!/usr/bin/env python3
"""verbs - what every verb of postern says to words that are wrong.

The verbs and their options are those that "postern --help" and the verbs' own
help tell: one that is new is put to the same questions.  So is completion in
bash.  No network and no lab: the resolver that is asked is not there.  TAP.
"""
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import termios

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import tap

POSTERN = os.path.join(os.environ.get("POSTERN_BUILDDIR", HERE + "/../.."),
                       "milter", "postern")
WIDTH = 80
RUN_S = 60
USAGE, BAD_DATA, NO_INPUT, UNAVAILABLE, NOT_WRITTEN, IO_ERROR, AGAIN, ROOT, \
    CONFIG = 64, 65, 66, 69, 73, 74, 75, 77, 78

# All exit statuses that a verb may have.
PROMISED = {0, 1, 2, 3, USAGE, BAD_DATA, NO_INPUT, UNAVAILABLE, NOT_WRITTEN,
            IO_ERROR, AGAIN, ROOT, CONFIG}

# A resolver that is not there, and nothing that is kept; beside it one rule.
LONELY = """Nameservers 127.0.0.1@9
DNSTimeout 300ms
Store none
"""

# What may stand for a word of a usage.
WORDS = {"DOMAIN": "x.example", "DOMAIN|ADDRESS|mx:HOST": "x.example",
         "DOMAIN|ADDRESS|mx:HOST[:PORT]": "x.example", "FILE": "/dev/null",
         "FILE|-|DIR": "/dev/null",
         "FILE|mx:HOST[:PORT]": "mx:x.example",
         "NAME": "x.example", "'USAGE SELECTOR MTYPE HEX'": "3 1 1 " +
         "00" * 32}

# Of two things one must be there.
EITHER = {"explain": ["--domain", "x.example"]}

# Verbs whose very answer it is that the configuration is no good.
DOCTORS = {"doctor"}

# Verbs that ask a resolver, and cannot do without.
ONLINE = {"advise", "check", "sts check", "survey scan"}


def run(*words, stdout=subprocess.PIPE):
    return subprocess.run([POSTERN, *words], stdin=subprocess.DEVNULL,
                          stdout=stdout, stderr=subprocess.PIPE, text=True,
                          timeout=RUN_S)


class Verb:
    def __init__(self, name):
        self.name = name
        self.words = name.split()
        self.help = run(*self.words, "--help")
        self.usage = self.help.stdout.split("\n\n")[0]
        # "  -c, --config FILE   configuration": (--config, its value or "")
        self.options = dict(re.findall(
            r"^  (?:-\w, |    )(--[\w-]+)(?: (\S+))?  ", self.help.stdout,
            re.M))
        flat = " ".join(self.usage.split())
        self.rest = re.sub(r"^usage: postern %s ?" % name, "", flat)
        self.rest = re.sub(r"\[-[^][]*\](?: \.\.\.)? ?", "", self.rest)

    def needs(self):
        """Words that must be there: ["DOMAIN", ...]."""
        rest = re.sub(r"(?<!\S)\[[^]]*\]", "", self.rest)
        return [word for word in re.findall(r"'[^']*'|\S+", rest)
                if word != "..."]

    def sample(self):
        """Words that do, or None where the table has none for one of them."""
        words = [word if word.startswith("-") else WORDS.get(word)
                 for word in self.needs()]
        return None if None in words else words + EITHER.get(self.name, [])


def verbs():
    text = run("--help").stdout
    return [Verb(name) for name in
            re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", text, re.M)]


def because(done):
    return ["exit %s" % done.returncode, "stdout: " + str(done.stdout),
            "stderr: " + done.stderr]


class Questions:
    def __init__(self, out, folder):
        self.out = out
        self.folder = folder
        self.lonely = folder + "/lonely.conf"
        with open(self.lonely, "w") as file:
            file.write(LONELY + "Destinations %s/rules\n" % folder)
        with open(folder + "/rules", "w") as file:
            file.write("x.example may\n")

    def test(self, done, good, name):
        self.out.test(bool(good), name, because(done))

    def refused(self, verb, what, *words):
        """A usage error: 64, nothing on stdout, and the verb's own usage."""
        done = run(*verb.words, *words)
        self.test(done, done.returncode == USAGE and not done.stdout and
                  done.stderr.startswith("postern: ") and
                  done.stderr.endswith(verb.usage + "\n"),
                  "%s: %s is a usage error" % (verb.name, what))

    def help(self, verb):
        done, flat = verb.help, verb.help.stdout.split("\n")
        self.test(done, done.returncode == 0 and not done.stderr and
                  done.stdout.startswith("usage: postern %s" % verb.name) and
                  max(map(len, flat)) <= WIDTH,
                  "%s: has a help of its own" % verb.name)
        told = set(re.findall(r"(?<=[ [])(-\w|--[\w-]+)", verb.usage))
        letters = dict(re.findall(r"^  (-\w), (--[\w-]+)", done.stdout, re.M))
        self.test(done, {letters.get(name, name) for name in told} ==
                  set(verb.options) - {"--help", "--version"},
                  "%s: usage and options say the same" % verb.name)
        for what, stdout in (("a full disk", "/dev/full"),
                             ("a closed pipe", None)):
            done = self.into(stdout, *verb.words, "--help")
            self.test(done, done.returncode == IO_ERROR,
                      "%s: %s is an error" % (verb.name, what))

    @staticmethod
    def into(path, *words):
        """Into a file, or into a pipe that nobody reads."""
        if path is not None:
            with open(path, "w") as file:
                return run(*words, stdout=file)
        ours, theirs = os.pipe()
        os.close(ours)
        done = run(*words, stdout=theirs)
        os.close(theirs)
        return done

    def wrong(self, verb, others):
        self.refused(verb, "an option that is none", "--no-such-option")
        self.refused(verb, "a letter that is none", "-Z")
        for name, value in verb.options.items():
            if value:
                self.refused(verb, name + " without its value", name)
            else:
                self.refused(verb, name + " with a value", name + "=x")
        foreign = sorted(set(others) - set(verb.options))
        for name in foreign[:3] + foreign[-2:]:
            words = [name, "1"] if others[name] else [name]
            done = run(*verb.words, *words)
            self.test(done, done.returncode == USAGE and not done.stdout and
                      done.stderr.endswith(verb.usage + "\n"),
                      "%s: %s is not for it" % (verb.name, name))
        if verb.needs():
            self.refused(verb, "no argument")
        if not verb.rest:
            self.refused(verb, "an argument too many", "x.example")

    def settings(self, verb):
        """Only where the words that it needs are known is it certain to come
        so far as to read them."""
        sample = verb.sample()
        for what, path in (("no", self.folder + "/none"),
                           ("an unreadable", self.folder),
                           ("a wrong", self.folder + "/wrong.conf")):
            words = ["x.example"] if sample is None else sample
            done = run(*verb.words, "-c", path, *words)
            wanted = {CONFIG} if sample is not None else \
                PROMISED - {0, 1, 2, 3}
            told = done.stderr.startswith("postern: ") and not done.stdout
            if verb.name in DOCTORS:
                wanted, told = {2}, path in done.stdout
            self.test(done, done.returncode in wanted and told,
                      "%s: %s configuration is told" % (verb.name, what))

    def network(self, verb):
        sample = verb.sample()
        done = run(*verb.words, "-c", self.lonely, *(sample or []))
        wanted = {UNAVAILABLE} if verb.name in ONLINE else PROMISED
        self.test(done, done.returncode in wanted and
                  (done.returncode < USAGE or
                   done.stderr.startswith("postern: ")),
                  "%s: without a network it ends as promised" % verb.name)
        done = self.into(None, *verb.words, "-c", self.lonely,
                         *(sample or []))
        self.test(done, done.returncode in PROMISED - {0} or
                  not done.stderr,
                  "%s: and into a closed pipe" % verb.name)

    def ask(self, verb, others):
        self.help(verb)
        self.wrong(verb, others)
        if "--config" in verb.options:
            self.settings(verb)
            self.network(verb)


def check_overview(out, found):
    done = run("--help")
    out.test(done.returncode == 0 and not done.stderr and len(found) > 5 and
             max(map(len, done.stdout.split("\n"))) <= WIDTH,
             "the overview tells %d verbs" % len(found), because(done))
    for words, status in (((), USAGE), (("no-such-verb",), USAGE),
                          (("--no-such-option",), USAGE), (("-V",), 0),
                          (("-h",), 0), (("--json",), USAGE)):
        done = run(*words)
        out.test(done.returncode == status and
                 bool(done.stdout) == (status == 0 or "--json" in words) and
                 bool(done.stderr) == (status != 0),
                 "postern %s: exit %d" % (" ".join(words), status),
                 because(done))
    for word in sorted({verb.words[0] for verb in found
                        if len(verb.words) > 1}):
        done = run(word)
        out.test(done.returncode == USAGE and not done.stdout and
                 all("  %s " % verb.name in done.stderr for verb in found
                     if verb.words[0] == word),
                 "half a verb, %s, is answered with the whole ones" % word,
                 because(done))


def check_near(out):
    for words, near in ((("chekc",), '"check"'), (("docter",), '"doctor"'),
                        (("tlsa", "chek"), '"tlsa check"'),
                        (("tlsa-check",), '"tlsa check"'),
                        (("lint",), '"sts lint"'), (("hlep",), '"help"'),
                        (("help", "chekc"), '"check"'),
                        (("help", "tlsa", "gne"), '"tlsa gen"'),
                        (("gen",), '"tlsa gen" or "sts gen"'),
                        (("frobnicate",), None), (("x" * 5000,), None)):
        done = run(*words)
        out.test(done.returncode == USAGE and not done.stdout and
                 ("did you mean %s?" % near in done.stderr if near
                  else "did you mean" not in done.stderr),
                 "%s is near to %s" % (" ".join(words)[:20], near),
                 because(done))


def on_terminal(columns, *words):
    """(exit status, what a terminal of that width shows)"""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    child = subprocess.Popen([POSTERN, *words], stdin=subprocess.DEVNULL,
                             stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    while True:
        try:
            got = os.read(master, 65536)
        except OSError:
            break
        if not got:
            break
        shown += got
    os.close(master)
    return child.wait(RUN_S), shown.decode()


def check_terminal(out, folder):
    """People read text, programs read objects, from the same verb."""
    policy = folder + "/policy"
    with open(policy, "w") as file:
        file.write("version: STSv2\n mode: enforce\nmax_age: x\n"
                   "mx: a.example\n")
    words = ("sts", "lint", "--txt", "v=STSv1", policy)
    status, shown = on_terminal(80, *words)
    out.test(status == 2 and not shown.startswith("{") and
             all(part in shown for part in (
                 "not valid", "behind v=STSv1", "version is not STSv1",
                 "is indented", "max_age is not 1 to 10 digits")),
             "on a terminal sts lint prints all mistakes as text", [shown])
    status, shown = on_terminal(80, "--json", *words)
    told = json.loads(shown)
    out.test(status == 2 and len(told["policy"]["mistakes"]) == 3 and
             told["policy"]["reason"] == told["policy"]["mistakes"][0] and
             told["record"]["mistakes"] == [told["record"]["reason"]],
             "and an object with --json", [shown])
    done = run(*words)
    out.test(json.loads(done.stdout) == told, "or into a pipe", because(done))
    status, shown = on_terminal(80, "tlsa", "match", "--chain", "/nowhere",
                                "--name", "x.example", "3 1 1 " + 32 * "00")
    out.test(status == NO_INPUT and not shown,
             "tlsa match has nothing to say of no chain", [shown])
    for columns, least, most in ((20, 40, 60), (60, 40, 60), (100, 81, 100),
                                 (300, 110, 132), (0, 61, 80)):
        _, shown = on_terminal(columns, "tlsa", "plan", "--help")
        width = max(len(line) for line in shown.split("\n\n")[0].split("\n"))
        out.test(least <= width <= most, "on %d columns lines have %d" % (
            columns, width), [shown])


def check_help_width(out, found):
    """Help is as wide as the terminal, commands in it aside."""
    wide = []
    for columns in (60, 80, 132):
        for words in [(), ("tlsa",)] + [tuple(verb.words) for verb in found]:
            _, shown = on_terminal(columns, "help", *words)
            wide += ["%d: %s" % (columns, line) for line in shown.splitlines()
                     if len(line) > columns]
    out.test(not wide, "no line of help is wider than the terminal", wide)


def check_help_word(out, found):
    for verb in found:
        done = run("help", *verb.words)
        out.test(done.returncode == 0 and done.stdout == verb.help.stdout,
                 "help %s is its --help" % verb.name, because(done))
    done = run("help")
    out.test(done.returncode == 0 and done.stdout == run("--help").stdout,
             "help is the overview", because(done))
    done = run("help", "frob")
    out.test(done.returncode == USAGE and not done.stdout,
             "help for no verb is none", because(done))


def check_json_errors(out, found, folder):
    """One object with "error" for each end; the exit status is as without."""
    rows = [(verb.words, ("--no-such-option",)) for verb in found] + \
        [(verb.words, ("-c", folder + "/nowhere")) for verb in found
         if "--config" in verb.options and verb.sample() is not None and
         verb.name not in DOCTORS] + [((), ()), (("chekc",), ()),
                                      (("tlsa",), ())]
    samples = {tuple(verb.words): verb.sample() for verb in found}
    for verb, words in rows:
        if words and words[0] == "-c":
            words += tuple(samples[tuple(verb)])
        done, plain = run("--json", *verb, *words), run(*verb, *words)
        try:
            told = json.loads(done.stdout)
        except ValueError:
            told = {}
        out.test(done.returncode == plain.returncode and
                 done.stderr == plain.stderr and not plain.stdout and
                 told.get("exit") == done.returncode and
                 isinstance(told.get("error"), str) and
                 told.get("schema") == 1 and done.stdout.count("\n") == 1,
                 "--json %s: an object tells the error" %
                 " ".join((*verb, *words[:1])), because(done))


# -- completion --------------------------------------------------------------

COMPLETE = """. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_postern
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words, cwd=None):
    """(what bash has for the last of the words, what it said)"""
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash",
         os.path.abspath(HERE + "/../../etc/postern.bash-completion"), POSTERN,
         *words], cwd=cwd, capture_output=True, text=True, timeout=RUN_S)
    return sorted(set(done.stdout.split())), done.stderr


def check_completion(out, found, folder):
    def test(name, wanted, *words):
        got, said = complete(*words, cwd=folder)
        out.test(got == sorted(wanted) and not said,
                 "completion: " + name,
                 ["got: " + " ".join(got), "wanted: " + " ".join(
                     sorted(wanted)), said])

    os.mkdir(folder + "/files")
    folder += "/files"
    for name in ("one.conf", "two"):
        with open(folder + "/" + name, "w"):
            pass
    test("verbs", {verb.words[0] for verb in found}, "")
    test("the begin of a verb", ["check"], "che")
    test("no such verb", [], "zzz")
    test("a file before the verb", ["one.conf"], "-c", "on")
    for verb in found:
        if len(verb.words) > 1:
            test("what follows " + verb.words[0],
                 {other.words[1] for other in found
                  if other.words[0] == verb.words[0]}, verb.words[0], "")
        test("options of " + verb.name, verb.options, *verb.words, "-")
        test("options of %s behind others" % verb.name, verb.options, "-c",
             "x", *verb.words, "x.example", "--")
        for name, value in verb.options.items():
            if value.startswith("FILE"):
                test("files for %s of %s" % (name, verb.name),
                     ["one.conf", "two"], *verb.words, name, "")
                test("files for %s= of %s" % (name, verb.name),
                     ["one.conf"], *verb.words, name, "=", "o")
            elif re.fullmatch(r"[a-z|]+", value):
                test("words for %s of %s" % (name, verb.name),
                     value.split("|"), *verb.words, name, "")
    test("files for tlsrpt read", ["one.conf", "two"], "tlsrpt", "read", "")
    levels = re.search(r"--level LEVEL +judge by (.*?), not", " ".join(
        run("check", "--help").stdout.split()))[1]
    test("levels", set(re.findall(r"[a-z-]+", levels)) - {"or"}, "check",
         "--level", "")


def main():
    out = tap.Tap()
    found = verbs()
    check_overview(out, found)
    others = {}
    for verb in found:
        others.update(verb.options)
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/wrong.conf", "w") as file:
            file.write("Frob yes\n")
        questions = Questions(out, folder)
        for verb in found:
            questions.ask(verb, others)
        check_near(out)
        check_terminal(out, folder)
        check_help_word(out, found)
        check_help_width(out, found)
        check_json_errors(out, found, folder)
        check_completion(out, found, folder)
    return out.close()


if __name__ == "__main__":
    sys.exit(main())
