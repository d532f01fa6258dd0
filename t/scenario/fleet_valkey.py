#!/usr/bin/env python3
"""fleet_valkey - the tests of fleet.py with Valkey, where those have had Redis:
that of the next Debian, whose root t/release has made and which is only read.
TAP.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE + "/../lab")

import fleet
import newer
import tap

PROGRAM = newer.OTHER + "/usr/bin/valkey-server"
LIBRARIES = newer.OTHER + "/usr/lib/x86_64-linux-gnu"


def why_not():
    """Why there is nothing to be done, or None."""
    if shutil.which("valkey-server"):
        return "fleet.py has had Valkey"
    if not os.path.exists(PROGRAM):
        return "no %s (t/release run debian13 apt-get install valkey-server)" \
            % PROGRAM
    return None


def inside():
    fleet.SERVER[:] = [LIBRARIES + "/ld-linux-x86-64.so.2", "--library-path",
                       LIBRARIES, PROGRAM]
    return fleet.inside()


def main():
    why = why_not()
    if why and "--inside" not in sys.argv:
        print("1..0 # SKIP " + why)
        return 0
    return tap.main(__file__, inside, "redis-cli")


if __name__ == "__main__":
    sys.exit(main())
