#!/usr/bin/env python3
# timeout: 200
"""Random policies and the edges of the language, asked of Debian's library and of ours.

usage: 0110-differential.py [--seed N] [--policies N] [--findings N] [--replay LITERAL]

The sample is the same each time; 0111-differential-deep.py takes a longer one. A finding is shrunk and
printed with a literal that --replay takes, and that belongs into edges.py once it is mended."""
import argparse
import ast
import random
import time

import differ
import edges
import generate
import rig

BATCH = 400


def sample(seed, count):
    generator = generate.Generator(random.Random(seed))
    return [generator.policy() for _ in range(count)]


def report(tap, found, limit, differ_):
    """One shrunk finding for each kind of disagreement and text, as far as the limit goes."""
    for finding in found[:limit]:
        tap.note(differ_.shrink(finding))
    if len(found) > limit:
        tap.note(f"and {len(found) - limit} more")


def run(tap, differ_, name, batches, limit):
    start, before, count, found = time.monotonic(), differ_.decisions, 0, []
    for policies in batches:
        count += len(policies)
        found += differ_.compare(policies)
    seconds = time.monotonic() - start
    tap.note(f"{name}: {count} policies, {differ_.decisions - before} pairs of decisions, {seconds:.1f} s")
    for promise in ("default grants", "classic grants", "classic refuses", "classic options", "ours is"):
        broken = [f for f in found if f.way.startswith(promise)]
        report(tap, broken, limit, differ_)
        tap.ok(not broken, f"{name}: no '{promise}'" + (f" ({len(broken)} do)" if broken else ""))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1995)
    parser.add_argument("--policies", type=int, default=8000)
    parser.add_argument("--findings", type=int, default=3)
    parser.add_argument("--replay")
    args = parser.parse_args()
    tap, debian = rig.Tap(), rig.Debian()
    if not debian.library:
        tap.skip("ours and Debian's agree", debian.reason)
        tap.finish()
    with differ.Differ(rig.Probe(rig.OURS, stand_in=True), debian.probe(stand_in=True)) as differ_:
        if args.replay:
            run(tap, differ_, "replay", [[generate.Policy(*ast.literal_eval(args.replay))]], args.findings)
            tap.finish()
        run(tap, differ_, "edges", [list(edges.policies())], args.findings)
        seeds = range(args.seed, args.seed + -(-args.policies // BATCH))
        run(tap, differ_, "random", (sample(seed, BATCH) for seed in seeds), args.findings)
    tap.finish()


if __name__ == "__main__":
    main()
