"""What ../vectors.list says of each case."""
import os

LIST = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + \
    "/vectors.list"


def load_list():
    """{number: (verdict, result type, text)}"""
    listed = {}
    with open(LIST) as file:
        for line in file:
            if not line.startswith("#"):
                number, verdict, rt, text = line.split(None, 3)
                listed[number] = (verdict, rt.strip("-"), text.strip())
    return listed
