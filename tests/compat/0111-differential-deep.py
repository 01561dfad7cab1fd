#!/usr/bin/env python3
# tier: deep
# timeout: 1200
"""0110-differential.py with a sample fifty times as large, another one each day."""
import datetime
import os
import pathlib
import sys

day = datetime.date.today().toordinal() * 1000
script = pathlib.Path(__file__).with_name("0110-differential.py")
print(f"# seed {day}", flush=True)
os.execv(sys.executable, [sys.executable, str(script), "--seed", str(day), "--policies", "400000"])
