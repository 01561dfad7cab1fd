#!/usr/bin/env python3
# tier: deep
# timeout: 3600
"""0140-explain.py with a million decisions, on all cores.

usage: 0141-explain-deep.py [SEED]"""
import os
import pathlib
import sys

SEED = 1997
DECISIONS = 1_000_000
COMPARED = 15  # decisions of a policy, on average, at the least


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    script = pathlib.Path(__file__).with_name("0140-explain.py")
    words = ["--seed", seed, "--policies", -(-DECISIONS // COMPARED), "--pairs-min", DECISIONS, "--jobs", os.cpu_count() or 1]
    os.execv(sys.executable, [sys.executable, str(script), *map(str, words)])


if __name__ == "__main__":
    main()
