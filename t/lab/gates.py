"""The MTAs that ../mta and ../mta_life drive, and stories told to them."""
from concurrent.futures import ThreadPoolExecutor

import fetched
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
    return fetched.main(script, lambda root: inside(run, root), fetch, "m4")


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
