"""The MTAs that ../mta and ../mta_life drive, and stories told to them."""
import os
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import mta
import rows
import tap
from postfix import Postfix
from sendmail import Sendmail, fetch


def actions(on_fail, on_temperror, on_softfail, on_none, at):
    """Lines of postern.conf."""
    return "On-Fail %s\nOn-TempError %s\nOn-SoftFail %s\nOn-None %s\n" \
        "DecideAt %s\n" % (on_fail, on_temperror, on_softfail, on_none, at)


class Notes:
    """Tests of a story, until they are told."""

    def __init__(self, gate):
        self.gate = gate
        self.tests = []

    def test(self, good, name, why=()):
        self.tests.append((good, "%s: %s" % (self.gate.name, name), why))

    def row(self, row, dialogue=None):
        seen = rows.run(self.gate, row, dialogue)
        self.test(not seen.problems, "%s: %s" % (row.name, seen),
                  seen.problems)


def told(story, gate):
    notes = Notes(gate)
    start = mta.syslog_size()
    try:
        story(gate, notes)
    except mta.Failure as error:
        notes.test(False, story.__name__, [
            *str(error).splitlines(), *rows.complaints(start)])
    return notes.tests


def tell(out, gates, *stories):
    """Each story with each MTA, all at once."""
    with ThreadPoolExecutor(len(gates) * len(stories)) as pool:
        for tests in [pool.submit(told, story, gate)
                      for story in stories for gate in gates]:
            for test in tests.result():
                out.test(*test)


def main(script, run):
    """A test's main: skip, or go into a lab with an unpacked Sendmail, start
    both MTAs, and run(out, postfix, sendmail)."""
    if "--inside" in sys.argv[1:]:
        return inside(run, sys.argv[-1])
    why = tap.why_not("m4", "dpkg", "apt-get")
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = tap.not_built()
    if why:
        print("Bail out! " + why)
        return 70
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    root = tempfile.mkdtemp(prefix="postern-sendmail.")
    try:
        os.chmod(root, 0o755)
        why = fetch(root)
        if why:
            print("1..0 # SKIP " + why)
            return 0
        return tap.enter(script, root)
    finally:
        shutil.rmtree(root)


def inside(run, root):
    def both(out):
        sendmail = Sendmail(root)
        run(out, Postfix(), sendmail)
        sendmail.stop()
    return guarded(both)


def guarded(run):
    """Exit status of a run(out)."""
    out = tap.Tap()
    try:
        run(out)
    except mta.Failure as error:
        print("Bail out! " + str(error).replace("\n", " / "))
        return 1
    return out.close()
