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
REQUESTS = 96  # of a policy; at least 60 of them, on average, are such as a batch can say
COMPARED = 60


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    script = pathlib.Path(__file__).with_name("0140-explain.py")
    words = ["--seed", seed, "--policies", -(-DECISIONS // COMPARED), "--requests", REQUESTS,
             "--pairs-min", DECISIONS, "--jobs", os.cpu_count() or 1]
    os.execv(sys.executable, [sys.executable, str(script), *map(str, words)])


if __name__ == "__main__":
    main()
