#!/usr/bin/env python3
# tier: deep
# timeout: 14400
"""0110-differential.py with a hundred million pairs of decisions, on all cores.

usage: 0111-differential-deep.py [SEED]

How far it is stands in BUILD/differential.state: interrupted, it goes on from there, as long as neither
library nor rig were built anew."""
import os
import pathlib
import sys

import differ
import rig

SEED = 1997
PAIRS = 100_000_000
REQUESTS = 60  # of a policy: GENERATE_REQUESTS


def where_it_was(state, seed):
    """The first policy that was not asked yet."""
    built = max(path.stat().st_mtime for path in (rig.OURS, differ.PROGRAM))
    if not state.exists() or state.stat().st_mtime < built:
        return 0
    known, first = map(int, state.read_text().split())
    return first if known == seed else 0


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    total, state = -(-PAIRS // REQUESTS), rig.BUILD / "differential.state"
    first = where_it_was(state, seed)
    if first >= total:
        first = 0
    words = ["--seed", seed, "--first", first, "--policies", total - first, "--pairs-min", (total - first) * REQUESTS,
             "--jobs", os.cpu_count() or 1, "--state", state]
    script = pathlib.Path(__file__).with_name("0110-differential.py")
    print(f"# seed {seed}, from policy {first} of {total}", flush=True)
    os.execv(sys.executable, [sys.executable, str(script), *map(str, words)])


if __name__ == "__main__":
    main()
