#!/usr/bin/env python3
"""turned - each rule of the lint fails when one file is turned around.

In a copy of the source, in which the rule holds before.  No lab.  TAP.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import tap

TREE = os.path.dirname(os.path.dirname(HERE))
SPDX = "/* SPDX-License-Identifier: BSD-2-Clause */\n"
LONG = "static void\nrun_on(void)\n{\n" + "\t;\n" * 58 + "}\n"
LINT_S = 120


def end(text):
    """A turn that adds to a file."""
    return lambda old: old + text


def begin(text):
    """One that includes more."""
    return lambda old: old.replace("\n#include ", "\n%s\n#include " % text, 1)


def put(text):
    """One that makes the file."""
    return lambda old: SPDX + text


def swap(old_text, new_text):
    return lambda old: old.replace(old_text, new_text, 1)


# A rule, and one turn or several: what is done, the file, how, and whether the
# whole copy is needed for it or just that file.
TURNS = [
    ("floors", "a lower floor includes a higher one",
     "common/base/text.c", begin('#include "common/judge/judge.h"')),
    ("floors", "the command includes a part of the daemon",
     "milter/cli/main.c", begin('#include "milter/serve/service.h"')),
    ("floors", "an include is not rooted",
     "common/base/text.c", begin('#include "text.h"')),
    ("circles", "a header includes one that includes it",
     "common/base/err.h",
     swap("_ERR_H\n\n", '_ERR_H\n\n#include "common/base/pool.h"\n')),
    ("foreign", "SQLite comes to another module",
     "common/base/text.c", begin("#include <sqlite3.h>")),
    ("banned", "strcpy is called", "common/base/text.c",
     end("\nchar *\ntext_turn(char *out)\n{\n"
         "\treturn strcpy(out, \"\");\n}\n")),
    ("statics", "a static function is of one word",
     "common/base/text.c", end("\nstatic void\nturn(void)\n{\n}\n")),
    ("statics", "two files have a static function of one name",
     "common/base/turned.c",
     put("static void *\nor_abort(void *p)\n{\n\treturn p;\n}\n")),
    ("head", "a file has no licence", "common/base/text.c", swap(SPDX, "")),
    ("head", "a header does not say what it is",
     "common/base/text.h", swap("/* text - ", "/* ")),
    ("head", "a guard is another's",
     "common/base/text.h", swap("#define COMMON_BASE_TEXT_H",
                                "#define COMMON_BASE_TURNED_H")),
    ("width", "a line has 81 columns",
     "common/base/text.c", end("/* %s */\n" % ("x" * 75))),
    ("length", "a function has 61 lines", "common/base/text.c", end(LONG)),
    ("size", "a source has over 600 lines",
     "common/base/err.c", end("/* turned */\n" * 600)),
    ("settings", "a setting is not in the man page",
     "milter/man/postern.conf.5",
     lambda old: old.replace("ProbePerHost", "ProbeForHost")),
    ("settings", "a setting is not in the sample",
     "etc/postern.conf", lambda old: old.replace("ProbePerHost", "Probes")),
    ("limits", "a limit bounds nothing and has no test",
     "common/base/limits.h", swap("enum {", "enum {\n\tLIMIT_TURNED = 1,")),
    ("limits", "a test names a limit no more", "t/unit/x509_name.c",
     lambda old: old.replace("LIMIT_CERT_NAMES", "100")),
    ("proven", "a module has no unit program",
     "common/base/turned.c", put("int turned;\n")),
    ("proven", "a reason is missing", "t/lint/proven.list",
     end("common/base/text t/unit/text.c\n")),
    ("proven", "a reason is out of date", "t/lint/proven.list",
     end("common/base/text  t/unit/text.c  for no reason\n")),
    ("proven", "a test is not there", "t/lint/proven.list",
     swap("t/unit/pool.c", "t/unit/pools.c")),
    ("package", "the version is another", "configure.ac",
     swap("[postern], [", "[postern], [9")),
    ("package", "a library is missing", "etc/debian/control",
     lambda old: re.sub(r"(?m)^ +libldns-dev,?\n", "", old)),
    ("format", "a line is put otherwise",
     "common/base/text.c", end("int   text_turn;\n")),
    ("cppcheck", "a pointer that is NULL is followed",
     "common/base/turned.c",
     put("int\nturn_around(void)\n{\n\tint *p = 0;\n\n\treturn *p;\n}\n")),
    ("pages", "a page ends within a list", "milter/man/postern.1",
     end(".Bl -tag -width Ds\n")),
    ("archive", "a file is not packed", "t/scenario/turned.py", put("")),
]

# These look at each file for itself, and take long for all of them.
ALONE = ("format", "cppcheck", "pages")

# What the lint reads; without what make and the tests have left there.
LEFT = shutil.ignore_patterns("*.o", "*.a", "*.log", "*.trs", "*.db", "corpus",
                              ".deps", ".dirstamp", "__pycache__")


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def lint(copy, rule):
    """ok, not ok or skip, and what was said."""
    env = dict(os.environ, POSTERN_SRCDIR=copy)
    env.setdefault("POSTERN_BUILDDIR", TREE)
    done = subprocess.run(
        ["perl", TREE + "/t/lint/lint.t", rule], text=True, timeout=LINT_S,
        capture_output=True, env=env)
    told = done.stdout + done.stderr
    found = re.search(r"^((?:not )?ok) 1 - .*?(# SKIP.*)?$", told, re.M)
    if not found:
        return "broken", told
    return "skip" if found[2] else found[1], told


def copy_all(copy):
    for part in ("common", "milter", "etc", "t"):
        shutil.copytree("%s/%s" % (TREE, part), "%s/%s" % (copy, part),
                        symlinks=True, ignore=LEFT)
    for name in (".clang-format", "configure.ac", "NEWS", "bootstrap"):
        shutil.copy("%s/%s" % (TREE, name), copy)


def copy_one(copy, path):
    """The file that is turned alone, and where the lint wants to look."""
    shutil.copy(TREE + "/.clang-format", copy)
    for part in ("common/base", "milter/man"):
        os.makedirs("%s/%s" % (copy, part), exist_ok=True)
    for name in ("common/base/err.c", path):
        if os.path.exists("%s/%s" % (TREE, name)):
            shutil.copy("%s/%s" % (TREE, name), "%s/%s" % (copy, name))


def track(copy, path):
    """For the rule that asks git which files there are."""
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    subprocess.run(["git", "add", "-f", path], cwd=copy, check=True)


def turn(copy, rule, path, how):
    """What the rule says before and after."""
    whole = "%s/%s" % (copy, path)
    there = os.path.exists(whole)
    old = read(whole)
    before, told = lint(copy, rule)
    write(whole, how(old))
    if rule == "archive":
        track(copy, path)
    after = "same file"
    if how(old) != old:
        after, told = lint(copy, rule)
    if there:
        write(whole, old)
    else:
        os.remove(whole)
    return before, after, told


def main():
    t = tap.Tap()
    with tempfile.TemporaryDirectory() as top:
        copy_all(top + "/all")
        if shutil.which("git"):
            track(top + "/all", ".clang-format")
        for number, (rule, name, path, how) in enumerate(TURNS):
            copy = top + "/all"
            if rule in ALONE:
                copy = "%s/%d" % (top, number)
                os.makedirs(copy)
                copy_one(copy, path)
            if rule == "archive" and not shutil.which("git"):
                t.test(True, "%s: %s # SKIP no tool for it" % (rule, name))
                continue
            before, after, told = turn(copy, rule, path, how)
            skip = " # SKIP no tool for it" if before == "skip" else ""
            good = bool(skip) or (before, after) == ("ok", "not ok")
            t.test(good, "%s: %s%s" % (rule, name, skip),
                   ["before: %s, after: %s" % (before, after)] +
                   told.splitlines()[:20])
    rules = re.findall(r"^\t\[(\w+) =>", read(HERE + "/lint.t"), re.M)
    t.test(len(rules) > 10 and set(rules) == {turn[0] for turn in TURNS},
           "every rule of the lint is turned", [" ".join(rules)])
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
