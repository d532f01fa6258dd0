"""Postfix where the host has another MTA: its package, unpacked by bootstrap
and never installed, is laid over the host's files inside the lab alone."""
import os
import shutil

ROOT = os.environ.get("POSTERN_UNPACKED", "/var/cache/postern/unpacked")
INSTALLED = "/usr/lib/postfix/sbin/master"
POSTDROP = ROOT + "/usr/sbin/postdrop"


def is_used():
    """An installed one goes before."""
    return not os.path.exists(INSTALLED) and os.path.exists(ROOT + INSTALLED)


def path():
    """Where else programs of the lab are found."""
    return ":" + ROOT + "/usr/sbin" if is_used() else ""


def lay(run):
    """Over /usr, and a place for the queue; in the lab's mount namespace."""
    for folder in ("/usr", "/var/spool"):
        run(["mount", "-t", "overlay", "-o",
             "lowerdir=%s%s:%s" % (ROOT, folder, folder), "overlay", folder])


def etc(base):
    """What its installation would have made of /etc, in the lab's copy."""
    shutil.copytree(ROOT + "/etc/postfix", base + "/postfix",
                    dirs_exist_ok=True)
    gid = os.stat(POSTDROP).st_gid
    taken = ids(base + "/passwd") | ids(base + "/group") | {gid}
    uid = next(n for n in range(890, 100, -1) if n not in taken)
    append(base + "/passwd", "postfix:x:%d:%d::/var/spool/postfix:"
           "/usr/sbin/nologin\n" % (uid, uid))
    append(base + "/group", "postfix:x:%d:\npostdrop:x:%d:\n"
           % (uid, gid))
    append(base + "/shadow", "postfix:!:19000::::::\n")


def ids(path):
    with open(path) as file:
        return {int(line.split(":")[2]) for line in file}


def append(path, text):
    with open(path, "a") as out:
        out.write(text)
