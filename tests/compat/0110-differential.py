#!/usr/bin/env python3
# timeout: 240
# seconds: 14
"""The edges of the language and random policies, asked of Debian's library and of ours: verdicts, log
lines, effects and what is left behind.

usage: 0110-differential.py [--seed N] [--first N] [--policies N] [--jobs N] [--state FILE] [--findings N]
                            [--replay SEED:NUMBER[:REQUEST] | --replay LITERAL]

The sample is the same each time, and twice as large in the deep tier; 0111-differential-deep.py takes a
hundred million pairs. A finding is shrunk and printed with a literal that --replay takes, and that belongs into
edges.py once it is mended.
What may differ is in ledger.def: each entry has to be needed, and explained in divergences.md."""
import argparse
import ast
import os
import re

import differ
import edges
import rig

SEED = 1995
ALL = os.environ.get("TIER") == "deep"
POLICIES = 16000 if ALL else 8000
PAIRS_MIN = 900000 if ALL else 450000  # of the sample
BEYOND_FIRST_MIN = 0.30  # of the pairs whose rule is known
SUBSETS = 512  # of the nine fields of a request
LEDGER = rig.ROOT / "docs/decisions/divergences.md"


def report(tap, findings, limit, rig_):
    """Shrunk findings, as far as the limit goes."""
    for finding in findings[:limit]:
        tap.note(rig_.shrink(finding))
    if len(findings) > limit:
        tap.note(f"and {len(findings) - limit} more")


def check_eyes(tap, debian):
    """With the libraries exchanged each difference on purpose is one in the forbidden direction."""
    cases = {"classic admits": differ.Policy(None, b"d: /etc\n", {}, [edges.H]),
             "classic says otherwise": differ.Policy(None, b"d: /nonexistent\n", {}, [edges.H]),
             "classic leaves another state": differ.Policy(b"d: [x] ALL\n", None, {}, [edges.KNOWN])}
    with differ.Differ(debian, exchanged=True) as rig_:
        found = [finding.way for finding in rig_.ask(list(cases.values()))]
    tap.note("found: " + ", ".join(found))
    tap.ok(found == list(cases), "the rig sees what it is there to see")


def check_edges(tap, rig_, limit):
    policies = list(edges.policies())
    findings = rig_.ask(policies)
    tap.note(f"edges: {len(policies)} policies, {sum(len(p.requests) for p in policies)} pairs")
    report(tap, findings, limit, rig_)
    tap.ok(not findings, "edges: no difference but those of the ledger")


def check_random(tap, rig_, args):
    found, figures = rig_.run(args.seed, args.first, args.policies, args.jobs, args.state, tap.note)
    seconds = max(figures["seconds"], 1e-9)
    tap.note(f"seed {args.seed}, policies {args.first} to {args.first + args.policies - 1}: "
             f"{figures['pairs']:.0f} pairs, {seconds:.0f} s, {figures['pairs'] / seconds:.0f} pairs a second")
    tap.note(f"granted {figures['granted']:.0f}, by default refused of those {figures['default_refuses']:.0f}")
    findings = [differ.Finding(rig_.generated(args.seed, number, request), way) for number, request, way in found]
    report(tap, findings, args.findings, rig_)
    for way, promise in (("default admits", "by default nobody gets in whom the original refuses"),
                         ("classic admits", "classic: nobody gets in whom the original refuses"),
                         ("", "no difference but those of the ledger")):
        broken = [f for f in findings if f.way.startswith(way)]
        tap.ok(not broken and figures["status"] in (0, 1) and (way or not figures["findings"]), f"random: {promise}")
    return figures


def check_sample(tap, figures, pairs_min):
    tap.ok(figures["pairs"] >= pairs_min, f"random: at least {pairs_min} pairs")
    beyond = figures["beyond_first"] / max(figures["known_rule"], 1)
    tap.note(f"decided beyond the first rule: {100 * beyond:.1f} % of {figures['known_rule']:.0f}")
    tap.ok(beyond >= BEYOND_FIRST_MIN, f"random: {100 * BEYOND_FIRST_MIN:.0f} % are decided beyond the first rule")
    tap.ok(figures["subsets"] == SUBSETS, f"random: all {SUBSETS} subsets of request fields")


def check_ledger(tap, rig_):
    rows = set(re.findall(r"^\| ([^|]+?) \|", LEDGER.read_text(), re.M))
    entries = differ.ledger_entries()
    unneeded = [name for name, *_ in entries if not rig_.ledger.get(name)]
    tap.note("entries that nothing needed: " + " ".join(unneeded))
    tap.ok(not unneeded, "ledger: each entry is needed")
    unexplained = sorted({row for *_, row in entries if row not in rows})
    tap.note("rows that divergences.md does not have: " + "; ".join(unexplained))
    tap.ok(not unexplained, "ledger: each entry has its row in divergences.md")


def replay(rig_, what):
    if re.fullmatch(r"[\d:]+", what):
        return rig_.generated(*map(int, what.split(":")))
    return differ.Policy(*ast.literal_eval(what))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--policies", type=int, default=POLICIES)
    parser.add_argument("--pairs-min", type=int, default=PAIRS_MIN)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--state")
    parser.add_argument("--findings", type=int, default=3)
    parser.add_argument("--replay")
    args = parser.parse_args()
    tap, debian = rig.Tap(), rig.Debian()
    if not debian.library:
        tap.skip("ours and Debian's agree", debian.reason)
        tap.finish()
    with differ.Differ(debian) as rig_:
        if args.replay:
            findings = rig_.ask([replay(rig_, args.replay)])
            report(tap, findings, args.findings, rig_)
            tap.ok(not findings, "replay: no difference but those of the ledger")
            tap.finish()
        check_eyes(tap, debian)
        check_edges(tap, rig_, args.findings)
        check_sample(tap, check_random(tap, rig_, args), args.pairs_min)
        check_ledger(tap, rig_)
    tap.finish()


if __name__ == "__main__":
    main()
