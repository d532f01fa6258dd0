#!/usr/bin/env python3
"""e2e - the demo's rows as tests: real mail through Postfix and posternd."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
os.execv(sys.executable,
         [sys.executable, "-B", HERE + "/../demo", "--tap"])
