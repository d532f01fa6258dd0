#!/usr/bin/env python3
"""alone - what only the model finds: changes of the judge that no unit program
notices.

usage: t/model/alone.py [-j JOBS]
       t/model/alone.py [-j JOBS] [-n COUNT] [-s SEED] FILE.c ...

Without a FILE, what alone.list says is found so is tried again: a change that a
unit program notices by now, or that the model does not, is a fault.  Of a FILE,
changes as t/mutants makes them are tried, and such that put another fact in
place of one, a word of the same enum or a bool of the same struct; COUNT of
them, by chance, else all.  Those that only the model finds are shown, with the
cases that it finds them by, and what of model.py does not hold of these.

Run it at the top of a tree, as t/mutants.
"""
import argparse
import collections
import concurrent.futures
import glob
import importlib.machinery
import importlib.util
import itertools
import os
import random
import re
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")
sys.path.insert(0, HERE)

import model
import rules

LOADER = importlib.machinery.SourceFileLoader("mutants", HERE + "/../mutants")
mutants = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("mutants", LOADER))
LOADER.exec_module(mutants)

# -- changes -------------------------------------------------------------------

HEADERS = ("common/judge/*.h", "common/proto/*.h", "common/io/dns.h")
ENUM = re.compile(r"^enum(?: \w+)? \{(.*?)\}", re.M | re.S)
STRUCT = re.compile(r"^struct \w+ \{(.*?)^\}", re.M | re.S)
BOOLS = re.compile(r"^\t+bool ([^;]*);", re.M)


def kinds_of_facts():
    """The words of each enum, and the bools of each struct as ".NAME"."""
    for path in sorted(itertools.chain(*map(glob.glob, HEADERS))):
        with open(path) as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for body in ENUM.findall(text):
            if not re.search(r"= *\d", body):
                yield re.findall(r"\b[A-Z]\w+", body)
        for body in STRUCT.findall(text):
            yield ["." + name for names in BOOLS.findall(body)
                   for name in re.findall(r"\w+", names)]


def other_facts(line, kinds):
    """What one line may become that looks at another fact."""
    if line.lstrip().startswith(("case ", "assert(")):
        return
    for match in re.finditer(r"(?:->|\.)?\b(\w+)", line):
        sign = "" if match[0] == match[1] else "."
        for kind in kinds[sign + match[1]]:
            for word in kind:
                if word != sign + match[1]:
                    yield line[:match.start(1)] + word.lstrip(".") + \
                        line[match.end(1):]


def every_change(path):
    kinds = collections.defaultdict(list)
    for kind in kinds_of_facts():
        for word in kind:
            kinds[word].append(kind)
    with open(path) as file:
        text = file.read()
    for number, function, line in mutants.code_lines(text):
        for changed in dict.fromkeys(itertools.chain(
                mutants.changes(line), other_facts(line, kinds))):
            yield mutants.Mutant(path, number, function, line, changed)


# -- what finds them -----------------------------------------------------------

Answer = collections.namedtuple("Answer", "noticed said")


def ask(programs, environment):
    """Whether a unit program notices, else what the model's says."""
    modelled = None
    for program in programs:
        if isinstance(program, mutants.Model):
            modelled = program
        elif not program.is_content(environment):
            return Answer(True, None)
    return Answer(False, modelled.said(environment))


def model_of(programs):
    for program in programs:
        if isinstance(program, mutants.Model):
            return program
    raise SystemExit("mutants.list has no model for this file")


def broken_rules(case, said):
    return {name for name, holds in model.HOLDS.items()
            if not holds(rules.read(case), said.split())}


def tell_cases(modelled, said):
    if said is None:
        print("\tthe program of the model ends early", flush=True)
        return
    wrong = [(case, now, was) for case, now, was in zip(
        modelled.lines, said.decode().split("\n"),
        modelled.wanted.decode().split("\n")) if now != was]
    case, now, was = wrong[0]
    print("\t%d of %d cases, such as %s\n\t\tby the rules: %s\n"
          "\t\tby the judge: %s" % (len(wrong), len(modelled.lines), case, was,
                                    now))
    for name in sorted(set().union(*(broken_rules(case, now)
                                     for case, now, _ in wrong))):
        print("\t\tdoes not hold: " + name)
    sys.stdout.flush()


# -- of a file -----------------------------------------------------------------

def search(path, known, options):
    wanted = list(every_change(path))
    if options.n is not None and options.n < len(wanted):
        wanted = sorted(random.Random(options.s).sample(wanted, options.n))
    found = 0
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        module = mutants.Module(path, known.tests_of(path), folder, options.j,
                                wanted)
        programs = module.folded_programs
        modelled = model_of(programs)
        tried = [one for one in wanted if one in module.numbers]
        for mutant, answer in zip(tried, pool.map(
                lambda one: ask(programs, dict(
                    module.folded.environment,
                    MUTANT=str(module.numbers[one]))), tried)):
            if not answer.noticed and answer.said != modelled.wanted:
                found += 1
                mutants.show(mutant)
                tell_cases(modelled, answer.said)
    print("%s: %d changes, %d that only the model finds" % (
        path, len(tried), found), flush=True)


# -- alone.list ----------------------------------------------------------------

Listed = collections.namedtuple("Listed", "path function words pairs")


def listed_changes():
    with open(HERE + "/alone.list") as file:
        lines = [line.rstrip("\n") for line in file
                 if line.strip() and not line.startswith("#")]
    for line in lines:
        if not line.startswith("\t"):
            head, words = line.split(": ", 1)
            one = Listed(*head.split(), words, [])
            yield one
        else:
            one.pairs.append(line.strip())


def changed_text(text, listed):
    """All pairs of lines of it put in place, each once in its function."""
    lines = text.split("\n")
    for was, now in zip(listed.pairs[::2], listed.pairs[1::2]):
        at = [number for number, function, line in mutants.code_lines(text)
              if function == listed.function and line.strip() == was]
        if not at:
            raise SystemExit("alone.list: %s has no line %s" % (
                listed.path, was))
        line = lines[at[0]]
        lines[at[0]] = line[:len(line) - len(line.lstrip())] + now
    return "\n".join(lines)


def try_listed(path, listed, known):
    """Whether only the model finds each of them."""
    good = True
    with tempfile.TemporaryDirectory() as folder:
        module = mutants.Module(path, known.tests_of(path), folder, 1, [])
        place = module.places.get()
        modelled = model_of(module.programs)
        for one in listed:
            if not place.build(changed_text(module.text, one)):
                raise SystemExit("%s does not build: %s" % (path, one.words))
            answer = ask(module.programs, place.environment)
            print("%s %s: %s" % one[:3])
            for line in one.pairs:
                print("\t" + line)
            if answer.noticed or answer.said == modelled.wanted:
                good = False
                print("\tFAULT: %s" % ("a unit program notices it"
                                       if answer.noticed else
                                       "the model does not notice it"))
            else:
                tell_cases(modelled, answer.said)
    return good


def main():
    parser = argparse.ArgumentParser(
        usage="t/model/alone.py [-j JOBS] [-n COUNT] [-s SEED] [FILE.c ...]")
    parser.add_argument("-j", type=int, default=os.cpu_count())
    parser.add_argument("-n", type=int)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    os.environ.setdefault("POSTERN_BUILDDIR", os.getcwd())
    os.environ["ASAN_OPTIONS"] = mutants.SANITIZER_OPTIONS
    known = mutants.List(HERE + "/../mutants.list")
    for path in options.files:
        search(path, known, options)
    if options.files:
        return 0
    every = list(listed_changes())
    good = [try_listed(path, [one for one in every if one.path == path], known)
            for path in dict.fromkeys(one.path for one in every)]
    print("%d changes that only the model finds" % len(every) if all(good)
          else "alone.list is not true any more")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
