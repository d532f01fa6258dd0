#!/usr/bin/env python3
"""docs - code, samples and man pages say the same, in both directions.

Settings and their defaults, options, verbs, exit statuses, events of the log
with their keys, reasons and whose job they are.  No lab.  TAP.
"""
import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import tap

TREE = os.path.dirname(os.path.dirname(HERE))
POSTERN = os.path.join(os.environ.get("POSTERN_BUILDDIR", TREE), "milter",
                       "postern")
RUN_S = 60

# What sysexits.h has.
EXITS = dict(USAGE=64, DATAERR=65, NOINPUT=66, NOUSER=67, NOHOST=68,
             UNAVAILABLE=69, SOFTWARE=70, OSERR=71, OSFILE=72, CANTCREAT=73,
             IOERR=74, TEMPFAIL=75, PROTOCOL=76, NOPERM=77, CONFIG=78)


def read(path):
    with open(os.path.join(TREE, path)) as file:
        return file.read()


def page(name):
    """A man page without what is roff's own: "\\&", "\\-"."""
    return read("milter/man/" + name).replace("\\&", "").replace("\\-", "-")


def part(text, begin, end=r"\.S[hs] |\Z"):
    """What stands behind the line that matches begin."""
    found = re.search(r"^%s *$(.*?)(?=^(?:%s))" % (begin, end), text,
                      re.M | re.S)
    return found[1] if found else ""


def items(text):
    """{".It" line: what stands below it}, of the outermost list."""
    found, depth, head = {}, 0, None
    for line in text.splitlines():
        depth += line.startswith(".Bl ") - (line == ".El")
        if line.startswith(".It") and depth == 1:
            head = line[4:]
            found[head] = ""
        elif head is not None:
            found[head] += line + "\n"
        if depth == 0:
            head = None
    return found


def plain(text):
    """Words of mdoc, without its macros."""
    lines = (re.sub(r"^\.(Xr|Ql|Cm|Em|Pq|Sx|Pa|Ar|Va|No) ", "", line)
             for line in text.splitlines())
    text = " ".join(line for line in lines if not re.match(r"\.[A-Z]", line))
    return re.sub(r"\s+([.,;:)])", r"\1", " ".join(text.split()))


class Docs:
    def __init__(self):
        self.out = tap.Tap()

    def same(self, name, code, page, floor=2):
        """floor: fewer would mean that nothing was read."""
        code, page = set(code), set(page)
        self.out.test(code == page and len(code) >= floor, name,
                      ["only in the code: " + " ".join(sorted(code - page)),
                       "only in the page: " + " ".join(sorted(page - code))])

    def none(self, name, mistakes):
        self.out.test(not mistakes, name, mistakes)


# -- settings ----------------------------------------------------------------

def settings(docs):
    text = re.sub(r'"\s*"', "", read("milter/conf/setting_keywords.c"))
    code = dict(re.findall(
        r'^ +[A-Z_]+\(\s*"([A-Z][\w-]+)",\s*\w+,\s*("[^"]*"|\w+)', text,
        re.M))
    text = page("postern.conf.5")
    heads = re.findall(r"^\.It Cm (\S+)", text, re.M)
    docs.same("settings are in postern.conf(5)", code,
              [head for head in heads if head[0].isupper()], 30)
    sample = dict(re.findall(r"^#([A-Z][\w-]+) +(.*)$",
                             read("etc/postern.conf"), re.M))
    docs.same("settings are in the sample", code, sample, 30)
    docs.none("the sample has each default", [
        "%s: %s in the code, %s in the sample" % (name, code[name], value)
        for name, value in sample.items()
        if name in code and code[name].startswith('"') and
        value != code[name].strip('"')])
    docs.none("postern.conf(5) tells each default", [
        head for head in (re.split(r"^\.It ", text, flags=re.M)[1:])
        if head.startswith("Cm ") and head[3].isupper() and
        "Default:" not in head and not below_others(text, head)])


def below_others(text, item):
    """Whether the next item has its text: ".It" lines without one of their
    own, and those with "Default:" further below in lists of their own."""
    if not item.strip().count("\n"):
        return True
    rest = text[text.index(item):]
    end = re.search(r"^\.It Cm [A-Z]|^\.Ss ", rest[3:], re.M)
    return "Default:" in rest[:end.start() if end else None]


# -- posternd ----------------------------------------------------------------

def posternd(docs):
    text = page("posternd.8")
    letters = re.search(r'getopt_long\(\s*argc, argv, "([^"]*)"',
                        read("milter/daemon/arguments.c"))[1].replace(":", "")
    docs.same("options of posternd are in its page", letters, re.findall(
        r"^\.It Fl (\w)\b", part(text, r"\.Sh DESCRIPTION"), re.M), 5)
    synopsis = part(text, r"\.Sh SYNOPSIS")
    docs.same("and in its synopsis", letters, "".join(
        re.findall(r"^\.Op Fl (\w+)", synopsis, re.M)), 5)
    used = set()
    for path in ("daemon/main", "daemon/arguments", "daemon/start",
                 "daemon/daemon", "daemon/pid_file",
                 "serve/socket", "serve/service"):
        used |= {EXITS[word] for word in re.findall(
            r"\bEX_([A-Z]+)\b", read("milter/%s.c" % path)) if word != "OK"}
    told = {int(word) for word in re.findall(
        r"^\.It (\d+)$", part(text, r"\.Sh EXIT STATUS"), re.M)} - {0}
    docs.same("exit statuses of posternd are in its page",
              map(str, used), map(str, told), 5)
    docs.same("results are in its page",
              words("common/judge/verdict.c", "result_text"),
              re.findall(r"^\.It Cm (\S+)", part(text, r"\.Ss Results"),
                         re.M), 6)


def words(path, function):
    """The words that a function of this kind has for an enum."""
    body = re.search(r"^%s\(.*?^}" % function, read(path), re.M | re.S)[0]
    return re.findall(r'= "([\w-]+)"', body)


# -- postern -----------------------------------------------------------------

def help_of(*words):
    return subprocess.run([POSTERN, *words, "--help"], capture_output=True,
                          text=True, timeout=RUN_S).stdout


def verbs():
    """{verb: its options in long}"""
    found = {}
    for name in re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", help_of(), re.M):
        found[name] = set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)",
                                     help_of(*name.split()), re.M))
    return found


def synopses(text):
    """{verb: the options of its synopsis}"""
    found = {}
    for block in part(text, r"\.Sh SYNOPSIS").split(".Nm\n")[1:]:
        name = re.match(r"\.Cm ([a-z]+(?: [a-z]+)?)$", block, re.M)[1]
        found[name] = {"--" + word for word in
                       re.findall(r"\bFl Fl ([\w-]+)", block)}
        found[name] |= {"-" + word for word in
                        re.findall(r"(?<!Fl )\bFl (\w)\b", block)}
    return found


def postern(docs):
    text = page("postern.1")
    found = verbs()
    told = synopses(text)
    letters = dict(re.findall(r"^\.It Fl (\w) .*, Fl Fl ([\w-]+)", text, re.M))
    docs.same("verbs are in the synopsis of postern(1)", found, told, 8)
    below = part(text, r"\.Sh DESCRIPTION")
    docs.same("and described", found, re.findall(
        r"^\.It Cm ([a-z]+(?: [a-z]+)?)$", below, re.M), 8)
    for name in sorted(set(found) & set(told)):
        longs = {"--" + letters[word[1]] if word[1] != "-" and
                 word[1] in letters else word for word in told[name]}
        docs.same("options of " + name, found[name] - {"--help", "--version"},
                  longs, 1 if found[name] - {"--help", "--version"} else 0)
    options = set().union(*found.values())
    docs.same("options are described", options,
              {"--" + word for word in re.findall(
                  r"^\.It.* Fl Fl ([\w-]+)", below, re.M)}, 8)
    shown = {name.split(" --")[0] for name in
             re.findall(r"^\.Ss (.*)$", page("postern-json.7"), re.M)}
    docs.same("what each prints as JSON is in postern-json(7)", found,
              shown | {"cache show"}, 8)
    used = set()
    for path in glob.glob(TREE + "/milter/cli/**/*.c", recursive=True):
        used |= {EXITS[word] for word in re.findall(
            r"\bEX_([A-Z]+)\b", read(path)) if word in EXITS}
    docs.same("exit statuses are in its page", map(str, used), re.findall(
        r"\b(6\d|7\d)\b", part(text, r"\.Sh EXIT STATUS")), 6)
    docs.same("and in the overview", map(str, used), re.findall(
        r"\b(6\d|7\d)\b", help_of().split("Exit status")[1]), 6)


# -- destinations ------------------------------------------------------------

def destinations(docs):
    text = page("postern-destinations.5")
    code = set(re.findall(r'\[LEVEL_\w+\] = "([\w-]+)"',
                          read("common/judge/rules.c"))) - {"half-dane"}
    docs.same("levels are in postern-destinations(5)", code, re.findall(
        r"^\.It Cm (\S+)", part(text, r"\.Ss Levels"), re.M), 7)
    table = re.search(r"options\[OPTIONS\] = \{(.*?)\}",
                      read("milter/conf/destinations.c"), re.S)[1]
    docs.same("options of rules are there", re.findall(r'"([\w-]+)"', table),
              {head.split("=")[0] for head in re.findall(
                  r"^\.It Cm (\S+)", part(text, r"\.Ss Options"), re.M)}, 5)


# -- the log -----------------------------------------------------------------

BEGIN = r'begin_event\(\s*&text, line, [^;]*, "([\w-]+)"\)'


def line_bodies():
    """(event, body) of report_line.c, with what is said for several."""
    bodies = re.split(r"^}", read("milter/serve/report_line.c"), flags=re.M)
    shared = {word: body for word in ("check_severity", "severity_of_tlsrpt",
                                   "end_keeping")
              for body in bodies if re.search(r"^%s\(" % word, body, re.M)}
    for body in bodies:
        name = re.search(BEGIN, body)
        if name and "struct text *text" not in body:
            yield name[1], body + "".join(
                more for word, more in shared.items() if word + "(" in body)


def code_events():
    """{event: its keys}, as report_line.c writes them."""
    found = {}
    for name, body in line_bodies():
        keys = set(re.findall(r'report_add\(\s*&text, "(\w+)"', body))
        for text in re.findall(r'"((?: \w+=%\w+)+)"', body):
            keys |= set(re.findall(r" (\w+)=", text))
        keys |= {key for key in ("rule", "detail")
                 if "add_%s(" % key in body}
        found[name] = keys
    text = read("milter/serve/trace.c")
    found["step"] = set(
        re.findall(r'(?:report_add\(&line->text|add_lookup\(line), "(\w+)"',
                   text) + re.findall(r"[ \"](\w+)=(?:%|yes)", text)) | {"detail"}
    return found


def code_severities():
    """{"event severity", ...}"""
    words = r"\bLOG_(INFO|NOTICE|WARNING|ERR)\b"
    return {"%s/%s" % (name, word.lower()) for name, body in line_bodies()
            for word in re.findall(words, body)}


def page_severities(text):
    for head, below in items(part(text, r"\.Ss Severities")).items():
        for line in re.findall(r"^\.Cm (.*)", below, re.M):
            yield from ("%s/%s" % (word, head) for word in
                        re.findall(r"[a-z-]+", line))


def log(docs):
    text = page("postern-log.7")
    code = code_events()
    told = items(part(text, r"\.Sh EVENTS", r"\.S[hs] "))
    told = {word: below for head, below in told.items()
            for word in head.replace("Cm ", "").split(" , ")}
    docs.same("events are in postern-log(7)", code, told, 8)
    docs.same("severities are", code_severities(), [
        pair for pair in page_severities(text)
        if pair.split("/")[0] in code], 8)
    for name in sorted(set(code) & set(told)):
        docs.same("keys of " + name, code[name], re.findall(
            r"^\.It Ql (\w+)$", told[name], re.M), 0)


def reasons(docs):
    text = page("postern-log.7")
    below = {}
    for block in part(text, r"\.Sh REASONS", r"\.Sh ").split("\n.Ss "):
        below.update(items(block))
    below = {head.replace("Cm ", ""): said for head, said in below.items()}
    code = re.findall(r'\[REASON_(\w+)\] = "([\w-]+)"',
                      read("common/judge/verdict.c"))
    docs.same("reasons are in postern-log(7)", (word for _, word in code),
              below, 30)
    advice = (read("milter/act/advice_words.h") +
              read("milter/act/advice_reason.c"))
    who = dict(re.findall(r'^#define (\w+)\s+\\?\s*"([^"]*)"', advice, re.M))
    missing, wrong = [], []
    for name, word in code:
        row = re.search(r"\[REASON_%s\] =\s*\{(.*?)\}," % name, advice, re.S)
        if row is None:
            missing.append(word)
            continue
        job = re.search(r"\b(NOBODY|THEM|THEIR_DNS|THEIR_STS|US|SENDER|BOTH)"
                        r"\b", re.sub(r'"[^"]*"', "", row[1]))[1]
        said = plain(below.get(word, ""))
        if (job == "NOBODY") != ("Who:" not in said) or \
                "Who: " + who.get(job, "") not in said and job != "NOBODY":
            wrong.append("%s: %s in the advice, \"%s\" in the page" % (
                word, job, said))
    docs.none("each reason has its advice", missing)
    docs.none("page and advice name the same people", wrong)


# -- pages -------------------------------------------------------------------

def pages(docs):
    names = {os.path.basename(path) for path in
             glob.glob(TREE + "/milter/man/*.[1-8]")}
    docs.same("pages are installed", names, re.findall(
        r"%D%/man/(postern[\w.-]*\.[1-8])\b", read("milter/local.mk")), 6)
    linked = {}
    for name in names:
        for word in re.findall(r"^\.Xr (postern\S*) (\d)", page(name), re.M):
            linked.setdefault(".".join(word), []).append(name)
    docs.same("pages refer to pages that are there, and to all", names,
              linked, 6)


def main():
    docs = Docs()
    for check in (settings, posternd, postern, destinations, log, reasons,
                  pages):
        check(docs)
    return docs.out.close()


if __name__ == "__main__":
    sys.exit(main())
