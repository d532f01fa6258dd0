"""The keys that postern-json(7) tells of, beside those that are printed."""

import os

PAGE = os.path.dirname(os.path.realpath(__file__)) + \
    "/../../milter/man/postern-json.7"


def page_keys():
    """{verb: tree of its keys}, as postern-json(7) has them."""
    with open(PAGE) as file:
        text = file.read().split(".Sh VERBS\n")[1].split("\n.Sh ")[0]
    found = {}
    for block in text.split("\n.Ss ")[1:]:
        stack = [{}]
        for line in block.splitlines():
            if line.startswith(".Bl "):
                stack.append(last if len(stack) > 1 else stack[0])
            elif line == ".El":
                stack.pop()
            elif line.startswith(".It Ql "):
                last = stack[-1].setdefault(line[7:], {})
        found[block.split("\n")[0]] = stack[0]
    return found


def keys_of(value, into):
    if isinstance(value, list):
        for item in value:
            keys_of(item, into)
    elif isinstance(value, dict):
        for key, item in value.items():
            keys_of(item, into.setdefault(key, {}))
    return into


def paths(tree, path=""):
    for key, below in tree.items():
        yield path + key
        yield from paths(below, path + key + ".")


def compare(out, verb, tree, levels=None):
    """A tree of keys_of, to so many levels."""
    printed, told = ({path for path in paths(keys)
                      if levels is None or path.count(".") < levels}
                     for keys in (tree, page_keys()[verb]))
    out.test(printed == told and printed,
             "the keys of %s are those of postern-json(7)" % verb,
             ["only printed: " + " ".join(sorted(printed - told)),
              "only in the manual: " + " ".join(sorted(told - printed))])
