#!/usr/bin/env python3
"""agree_chance - some destinations of ../agree as a test: always the same."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
os.execv(sys.executable, [sys.executable, "-B", HERE + "/../agree", "--tap",
                          "--worlds", "24", "--seed", "4"])
