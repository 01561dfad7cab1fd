#!/usr/bin/env -S python3 -B
"""What a decision costs with our libwrap.so.0 and with Debian's, measured in one run.

usage: bench/decide.py [--build DIR] [--rounds N] [--seconds S]

The two alternate (A B B A ...), because the speed of a machine drifts; what counts is the median
of the ratios of neighbours. Exit status 1: a promise is broken; 77: there is nothing to compare with."""
import collections
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from common import fetched, machine, options, report

DAY = 86400
SIZES = (10, 1000, 100000)
MODES = ("resident", "oneshot")
PLACES = ("first", "last", "none")
STRACE_DECISIONS = 50

# Times as fast as Debian's, at least. A first match is found as the table is read, so there the
# promise is only that nobody pays for what larger tables gain.
PROMISES = {(mode, size, "first"): 1.0 for mode in MODES for size in SIZES}
PROMISES |= {("resident", 10, place): 2.5 for place in ("last", "none")}
PROMISES |= {("oneshot", 10, place): 1.8 for place in PLACES}

Cost = collections.namedtuple("Cost", "verdict decisions wall cpu")


def rule_address(i):
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


class Bench:
    def __init__(self, build, folder):
        self.decide = build / "bench/decide"
        self.ours = build / "src/libwrap"
        self.folder = pathlib.Path(folder)
        self.allow = self.table("hosts.allow", "# hosts.allow(5): who may use the services of this host\n")
        self.deny = {size: self.table(f"hosts.deny.{size}", "".join(
            f"ALL: {rule_address(i)}\n" for i in range(size))) for size in SIZES}
        time.sleep(0.1)  # ctime cannot be set back, and only tables at rest are kept

    def table(self, name, text):
        path = self.folder / name
        path.write_text(text)
        then = time.time() - DAY
        os.utime(path, (then, then))
        return path

    def client(self, size, place):
        return {"first": rule_address(0), "last": rule_address(size - 1), "none": "192.0.2.1"}[place]

    def command(self, mode, amount, size, place):
        return [self.decide, mode, str(amount), self.allow, self.deny[size], self.client(size, place)]

    def run(self, folder, *what):
        env = dict(os.environ, LD_LIBRARY_PATH=str(folder))
        done = subprocess.run(self.command(*what), env=env, stdout=subprocess.PIPE, text=True, check=True)
        verdict, decisions, wall, cpu = done.stdout.split()
        expected = "granted" if what[-1] == "none" else "denied"
        if verdict != expected:
            sys.exit(f"bench/decide.py: {' '.join(map(str, what))} with {folder}: {verdict}, must be {expected}")
        return Cost(verdict, int(decisions), float(wall), float(cpu))

    def strace(self, size):
        """System calls of a warm resident decision: {name: calls a decision}."""
        trace = self.folder / "trace"
        subprocess.run(["strace", "-o", trace, *self.command("count", STRACE_DECISIONS, size, "none")],
                       env=dict(os.environ, LD_LIBRARY_PATH=str(self.ours)), stdout=subprocess.DEVNULL, check=True)
        calls = re.findall(r"^(\w+)\(", trace.read_text(), re.M)
        begin = calls.index("getppid")
        end = calls.index("getppid", begin + 1)
        return {name: n / STRACE_DECISIONS for name, n in collections.Counter(calls[begin + 1:end]).items()}


def debian_folder():
    return next(fetched("libwrap0").glob("usr/lib/*/libwrap.so.0")).parent


def measure(bench, theirs, rounds, seconds, what):
    """Medians of both, and of the ratios (wall, CPU)."""
    pairs = []
    for i in range(rounds):  # A B B A: whoever goes second is not always the same
        pair = {}
        for folder in (bench.ours, theirs) if i % 2 == 0 else (theirs, bench.ours):
            pair[folder] = bench.run(folder, what[0], seconds, *what[1:])
        pairs.append((pair[bench.ours], pair[theirs]))
    middle = lambda values: statistics.median(values)
    return (middle([o.wall for o, _ in pairs]), middle([t.wall for _, t in pairs]),
            middle([t.wall / o.wall for o, t in pairs]), middle([t.cpu / o.cpu for o, t in pairs if o.cpu]))


def compare(bench, theirs, args):
    """Prints the table; returns the promises that are broken."""
    broken = []
    print(f"{'':9} {'rules':>7} {'match':6} {'ours':>11} {'Debian':>11} {'times as fast':>14} {'CPU':>7}  promise")
    for mode in MODES:
        for size in SIZES:
            for place in PLACES:
                what = (mode, size, place)
                ours, other, wall, cpu = measure(bench, theirs, args.rounds, args.seconds, what)
                promise = PROMISES.get(what)
                kept = promise is None or wall >= promise
                if not kept:
                    broken.append(f"{mode}, {size} rules, {place} match: {wall:.2f}, promised {promise}")
                mark = "" if promise is None else f">= {promise} " + ("kept" if kept else "BROKEN")
                print(f"{mode:9} {size:7} {place:6} {ours / 1000:8.2f} us {other / 1000:8.2f} us {wall:14.2f} {cpu:7.2f}  {mark}",
                      flush=True)
    return broken


def count_calls(bench):
    """A warm resident decision asks for stamps only. getpid is request_init's."""
    if not shutil.which("strace"):
        print("system calls not counted: no strace here")
        return []
    broken = []
    for size in SIZES:
        calls = bench.strace(size)
        print(f"system calls of a warm decision at {size} rules: " +
              ", ".join(f"{n:g} {name}" for name, n in sorted(calls.items())))
        if set(calls) - {"newfstatat", "stat", "statx", "fstatat64", "getpid"}:
            broken.append(f"a warm resident decision at {size} rules does more than stat")
    return broken


def main():
    args = options(__doc__.splitlines()[0], rounds=11, seconds=0.1).parse_args()
    theirs = debian_folder()
    scratch = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="tcpwrap-bench-", dir=scratch) as folder:
        bench = Bench(args.build, folder)
        print(f"bench/decide on {machine()}; medians of {args.rounds} alternations")
        return report(compare(bench, theirs, args) + count_calls(bench))


if __name__ == "__main__":
    sys.exit(main())
