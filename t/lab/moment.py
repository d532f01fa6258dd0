"""A clock for posternd that a test sets, by scenario/moment.c; and what else is
put before it."""
import os
import re
import shutil

import mta

MOMENT = mta.HERE + "/moment"
SOURCES = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                       "../scenario/")


def set_clock(seconds):
    """Ahead of the system's by so many."""
    mta.write(MOMENT + ".new", str(seconds))
    os.rename(MOMENT + ".new", MOMENT)


def faked(*more):
    """What puts the clock into a test's hands, and what more sources do, and
    ""; or None, and why it cannot be had."""
    linked = mta.run("ldd", mta.program("posternd"))
    if "libtsan" in linked:
        return None, "ThreadSanitizer bears no clock but the system's"
    if shutil.which("cc") is None:
        return None, "no C compiler"
    # AddressSanitizer must be first
    libraries = re.findall(r"libasan\S+ => (\S+)", linked)
    for name in ("moment.c", *more):
        libraries.append("%s/%s.so" % (mta.HERE, name))
        mta.run("cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", libraries[-1],
                SOURCES + name)
    return ["LD_PRELOAD=" + ":".join(libraries), "MOMENT=" + MOMENT], ""
