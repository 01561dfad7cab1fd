#!/usr/bin/env python3
# tier: deep
# timeout: 1200
"""0510-inetd-privileges.py, with every failing call of every kind of service."""
import os
import pathlib
import sys

test = pathlib.Path(__file__).resolve().with_name("0510-inetd-privileges.py")
os.execv(sys.executable, [sys.executable, str(test), "--all"])
