#!/usr/bin/env python3
# tier: deep
# timeout: 3600
"""0520-image-faults.py, with every bit of an image flipped."""
import os
import pathlib
import sys

test = pathlib.Path(__file__).resolve().with_name("0520-image-faults.py")
os.execv(sys.executable, [sys.executable, str(test), "--all"])
