"""Destinations that ../agree makes up, and of the others only our own domain:
it names this module in POSTERN_LAB_WORLD, and in POSTERN_LAB_CHANCE the file
with their descriptions, {name: description} (chance.py)."""
import json
import os

import chance
from words import WORLD

WORLD.dests[:] = [WORLD.find("sender")]
with open(os.environ["POSTERN_LAB_CHANCE"]) as file:
    for name, found in json.load(file).items():
        chance.declare(WORLD, name, found)
