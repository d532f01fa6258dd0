"""Programs of Debian's packages that are not installed: unpacked, and laid over
the host's files inside the lab alone."""
import os
import re
import shutil
import subprocess

import fetched


def needed(folder, name):
    """The package, and what it needs that is not installed."""
    said, _ = fetched.apt(folder, "-s", "--no-install-recommends", "install",
                          name)
    found = re.findall(r"^Inst (\S+)", said or "", re.M)
    # beside another MTA there is no way to install it
    return found if name in found else [name]


def fetch(folder, wanted):
    """Unpack what brings these programs, {program: package}, where they are
    not installed; why not, or None."""
    names = []
    for program, package in wanted.items():
        if not shutil.which(program):
            names += needed(folder, package)
    return fetched.unpack(folder, names) if names else None


def lay(folder):
    """Over /usr, in the lab's mount namespace."""
    if os.path.isdir(folder + "/usr"):
        subprocess.run(["mount", "-t", "overlay", "-o",
                        "lowerdir=%s/usr:/usr" % folder, "overlay", "/usr"],
                       check=True, timeout=fetched.FETCH_S)


def missing(wanted):
    """Which of these programs do not run here, with the reason."""
    found = []
    for program in wanted:
        path = shutil.which(program)
        said = subprocess.run(["ldd", path], capture_output=True, text=True,
                              timeout=fetched.FETCH_S).stdout if path else ""
        if not path or "not found" in said:
            found.append(program + (": a library is missing" if path
                                    else " is not there"))
    return found
