"""Tests that run in a lab: TAP, and the way in."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = HERE + "/lab"
PROGRAMS = ("posternd", "postern")


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def say(self, text=""):
        for line in text.splitlines():
            print("# " + line, flush=True)

    def test(self, good, name, why=()):
        self.count += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name),
              flush=True)
        if not good:
            for line in why:
                self.say(line)

    def close(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


def why_not(*tools):
    """Why there can be no lab here with these tools in it, or None."""
    done = subprocess.run([sys.executable, "-B", LAB, "can"], text=True,
                          capture_output=True, timeout=60)
    if done.returncode != 0:
        return done.stdout.strip() or done.stderr.strip()
    for tool in tools:
        if subprocess.run(["sh", "-c", "command -v " + tool],
                          capture_output=True).returncode != 0:
            return "packages are missing: " + tool
    return None


def not_built():
    """Which program is not built, or None."""
    os.environ.setdefault("POSTERN_BUILDDIR", os.path.dirname(
        os.path.dirname(HERE)))
    for name in PROGRAMS:
        path = os.path.join(os.environ["POSTERN_BUILDDIR"], "milter", name)
        if not os.access(path, os.X_OK):
            return path + " is not built"
    return None


def enter(script, *words):
    """Exit status of this script, started once more inside a lab.

    Control-C is sent to the lab as well, which ends and takes away what it
    made: that is waited for."""
    lab = subprocess.Popen([sys.executable, "-B", LAB, "run", "--",
                            sys.executable, "-B", os.path.abspath(script),
                            "--inside", *words])
    interrupted = False
    while True:
        try:
            status = lab.wait()
            return 130 if interrupted else status
        except KeyboardInterrupt:
            interrupted = True


def main(script, inside, *tools):
    """A test's main: skip, or go into a lab and run inside()."""
    if "--inside" in sys.argv[1:]:
        return inside()
    why = why_not(*tools)
    if why:
        print("1..0 # SKIP " + why)
        return 0
    why = not_built()
    if why:
        print("Bail out! " + why)
        return 70
    return enter(script, *sys.argv[1:])
