"""The constants of common/base/limits.h, by their names."""
import os
import re

HEADER = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                      "../../common/base/limits.h")


def load():
    """Their values, which C and Python write alike."""
    with open(HEADER) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for name, value in re.findall(r"(LIMIT_\w+) = ([^,]+),", text):
        globals()[name] = eval(value, globals())


load()
