#!/usr/bin/env python3
# tier: deep
# timeout: 7200
"""Decisions by an index are those without one: tests/unit/test_image.c, with a thousand policies for every
address, name, user and daemon of its small universe, and a hundred thousand for every address.

usage: 0004-index-deep.py [SEED]"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

PARTS = 20
WHOLE, POLICIES = 1000 // PARTS, 100_000 // PARTS
SEED = 1_000_000  # far from those of the quick tier
APART = 3 * POLICIES  # seeds that a part uses

PROGRAM = pathlib.Path(os.environ["BUILD"]) / "tests/unit/test_image"


def run(seed):
    done = subprocess.run([PROGRAM, str(WHOLE), str(POLICIES), str(seed)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="STDOUT"))
    return done.returncode, done.stdout


def main():
    first = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    seeds = [first + part * APART for part in range(PARTS)]
    failed = False
    print(f"1..{PARTS}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (seed, (status, out)) in enumerate(zip(seeds, pool.map(run, seeds)), 1):
            for line in out.splitlines() if status != 0 else ():
                print(f"# {line}")
            print(f"{'ok' if status == 0 else 'not ok'} {number} - "
                  f"{WHOLE} and {POLICIES} policies from seed {seed}", flush=True)
            failed |= status != 0
    return 1 if failed else 0


sys.exit(main())
