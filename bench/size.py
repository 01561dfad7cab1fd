#!/usr/bin/env -S python3 -B
"""What a decision costs at any number of rules, with our libwrap.so.0 and with Debian's, in one run.

usage: bench/size.py [--build DIR] [--rounds N] [--seconds S] [--kinds K,...] [--sizes N,...] [--no-peers]
                     [--instructions] [--from TSV,...] [--publish]

Both libraries read the same tables, generated below a temporary folder, and alternate. Written are
size.tsv, size.md and size.svg in the build folder's bench; --publish makes BENCHMARKS.md of it. --from shows what was
measured before. Exit status 1: a promise is broken; 77: there is nothing to compare with."""
import collections
import contextlib
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import lookup
import plot
import tables
from common import ROOT, fetched, machine, options, report

MILLION = 1000000
SIZES = (10, 1000, 10000, 100000, MILLION, 10 * MILLION)
DEBIAN_MAX = MILLION  # it takes 0.2 s a decision there
OURS, DEBIAN, EMPTY = "ours", "Debian", "no rule"
MODES = ("resident", "edited", "oneshot")
SHOWN = {"resident": "resident, warm", "edited": "resident, after an edit beside",
         "oneshot": "one-shot, without an image"}
EDITS = 10
LOADS = 3           # the third decision is one of a text that is kept
HEAVY = 100000      # from here on, fewer repetitions
COUNTED = 50        # decisions under strace
STAMPS = {"newfstatat", "stat", "statx", "fstatat64", "getpid"}  # getpid is request_init's
MOMENT = 0.1        # for tables to be at rest

INTRODUCTION = """# Any size, measured

One command, `make bench`, measures this beside its peers; `bench/size.py --publish` alone writes this page (what it needs
comes from Debian's packages). A decision costs what these tables say when the first rule matches, the last one, or none;
Debian's libwrap0 reads the same tables in the same run. `bench/tables.py` has the rules.

![Cost of a decision over rules, when no rule matches](docs/benchmarks.svg)

"""

# A row of the TSV: what was measured of whom.
Cell = collections.namedtuple("Cell", "who kind rules client what value unit")


class Process:
    """bench/size with one of the libraries, asked line by line."""

    def __init__(self, bench, who, allow, deny):
        self.child = subprocess.Popen([bench.build / "bench/size", allow, deny], text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env=bench.environment(who))

    def ask(self, mode, amount, client, expected):
        """Wall ns and CPU ns of a decision, and peak KiB."""
        self.child.stdin.write(f"{mode} {amount} {client.addr} {client.name or '-'}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if not answer or answer[0] != expected:
            sys.exit(f"bench/size.py: {mode} {client}: {answer}, must be {expected}")
        return float(answer[2]), float(answer[3]), int(answer[4])

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


class Bench:
    def __init__(self, args, debian, folder):
        self.build, self.args, self.folder = args.build, args, pathlib.Path(folder)
        self.libraries = {OURS: args.build / "src/libwrap", DEBIAN: debian}
        self.cells = []
        # Alternates with whatever is measured: is that as quick as with no rule at all?
        nothing = self.folder / "nothing"
        nothing.mkdir()
        self.empty = Process(self, OURS, *tables.write(nothing, "addresses", 0, 0)[:2])

    def environment(self, who):
        return dict(os.environ, LD_LIBRARY_PATH=str(self.libraries[who]))

    def note(self, *cell):
        self.cells.append(Cell(*cell))

    # ---- one table ----

    def load(self, processes, kind, size):
        """The first decisions of a resident process: all that is read and kept."""
        for who, process in processes.items():
            client = tables.client(kind, size, "none")
            walls = [process.ask("load", 1, client, "granted") for _ in range(LOADS)]
            self.note(who, kind, size, "none", "first decision", walls[0][0], "ns")
            if who == OURS:
                self.note(who, kind, size, "none", "keeping", walls[1][0], "ns")
            self.note(who, kind, size, "none", "resident peak", walls[-1][2], "KiB")

    def amount(self, who, mode, size, place):
        """How much of it: a first match is never heavy, and with us only a process for each is."""
        heavy = size >= HEAVY and place != "first" and (who == DEBIAN or mode == "oneshot")
        if mode == "resident":
            return int(self.args.seconds * 1000)
        if mode == "edited":
            return 2 if heavy else EDITS
        return 1 if heavy else 20

    def measure(self, processes, kind, size, place, mode):
        client = tables.client(kind, size, place)
        expected = "granted" if place == "none" else "denied"
        seen = {who: [] for who in (*processes, EMPTY)}
        for i in range(self.args.rounds):
            for who in list(processes)[::1 if i % 2 == 0 else -1]:  # A B B A
                if mode == "edited":
                    self.replenish(kind)
                seen[who].append(processes[who].ask(mode, self.amount(who, mode, size, place), client, expected))
            if mode == "resident":
                seen[EMPTY].append(self.empty.ask(mode, int(self.args.seconds * 1000),
                                                  tables.client("addresses", 0, "none"), "granted"))
        for who in processes:
            self.note(who, kind, size, place, mode, statistics.median(c[0] for c in seen[who]), "ns")
            self.note(who, kind, size, place, f"{mode} CPU", statistics.median(c[1] for c in seen[who]), "ns")
            if mode == "oneshot":
                self.note(who, kind, size, place, "oneshot peak", max(c[2] for c in seen[who]), "KiB")
        for other in (DEBIAN, EMPTY):
            if seen.get(other):
                self.note(f"{other}/{OURS}", kind, size, place, mode, statistics.median(
                    theirs[0] / ours[0] for theirs, ours in zip(seen[other], seen[OURS])), "times")

    def replenish(self, kind):
        """New copies of hosts.allow, old enough to be kept."""
        for i in range(EDITS):
            path = self.folder / f"hosts.allow.{i}"
            path.write_text("".join(tables.KINDS[kind].allow) + f"# {time.monotonic_ns()}\n")
            tables.settle(path)

    def system_calls(self, kind, size):
        """Of a warm decision, and of a whole process."""
        client = tables.client(kind, size, "none")
        words = f"{client.addr} {client.name or '-'}"
        trace = self.folder / "trace"
        for who in self.who(size):
            if size >= HEAVY and who == DEBIAN:
                continue
            env = self.environment(who)
            done = subprocess.run(["strace", "-o", trace, self.build / "bench/size", self.allow, self.deny], text=True,
                                  input=f"load {LOADS} {words}\ncount {COUNTED} {words}\n", stdout=subprocess.DEVNULL,
                                  env=env)
            if done.returncode != 0:
                sys.exit("bench/size.py: strace failed")
            calls = re.findall(r"^(\w+)\(", trace.read_text(), re.M)
            begin = calls.index("getppid")
            counted = collections.Counter(calls[begin + 1:calls.index("getppid", begin + 1)])
            self.note(who, kind, size, "none", "system calls, resident", sum(counted.values()) / COUNTED,
                      " ".join(sorted(counted)))
            subprocess.run(["strace", "-f", "-o", trace, self.build / "bench/once", self.allow, self.deny,
                            *(word for word in client if word)], env=env)
            self.note(who, kind, size, "none", "system calls, oneshot",
                      len(re.findall(r"^\d+ +\w+\(", trace.read_text(), re.M)), "")

    def who(self, size):
        return (OURS, DEBIAN) if size <= DEBIAN_MAX else (OURS,)

    @contextlib.contextmanager
    def processes(self, size):
        with contextlib.ExitStack() as stack:
            started = {}
            for who in self.who(size):
                started[who] = Process(self, who, self.allow, self.deny)
                stack.callback(started[who].close)
            yield started

    def table(self, kind, size):
        begun = time.monotonic()
        self.allow, self.deny, size_bytes = tables.write(self.folder, kind, size, EDITS)
        time.sleep(MOMENT)
        self.note("", kind, size, "", "text", size_bytes, "bytes")
        places = tables.PLACES if size > 0 else ("none",)
        with self.processes(size) as residents, self.processes(size) as starters:
            self.load(residents, kind, size)
            for mode in MODES:
                for place in places:
                    self.measure(starters if mode == "oneshot" else residents, kind, size, place, mode)
        if size in (0, 1000, MILLION) and shutil.which("strace"):
            self.system_calls(kind, size)
        print(f"{kind:10} {size:9} rules: {time.monotonic() - begun:5.1f} s", file=sys.stderr, flush=True)

    # ---- instructions ----

    def callgrind(self, who, *command, commands=""):
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                              env=self.environment(who), input=commands, text=True, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if not found:
            sys.exit(f"bench/size.py: valgrind: {done.stderr[-200:]}")
        return int(found.group(1))

    def instructions(self):
        """In user space, on a few tables: callgrind is fifty times slower. A decision is the difference of runs of
        one process with more of them and fewer."""
        for size in (0, 1000, HEAVY):
            self.allow, self.deny, _ = tables.write(self.folder, "addresses", size, 0)
            time.sleep(MOMENT)
            for who in (OURS, DEBIAN):
                client = tables.client("addresses", size, "none")
                many = LOADS + (100 if who == OURS else 2)
                runs = [self.callgrind(who, self.build / "bench/size", self.allow, self.deny,
                                       commands=f"load {n} {client.addr} -\n") for n in (LOADS, many)]
                self.note(who, "addresses", size, "none", "instructions, resident",
                          (runs[1] - runs[0]) / (many - LOADS), "")
                self.note(who, "addresses", size, "none", "instructions, oneshot",
                          self.callgrind(who, self.build / "bench/once", self.allow, self.deny, client.addr), "")


# ---- promises ----

class Figures:
    """What was measured, by what it is."""

    def __init__(self, cells):
        self.values = {(c.who, c.kind, c.rules, c.client, c.what): c.value for c in cells}
        self.units = {(c.who, c.kind, c.rules, c.client, c.what): c.unit for c in cells}

    def get(self, *key):
        return self.values.get(key)

    def ratio(self, above, below):
        a, b = self.values.get(above), self.values.get(below)
        return a / b if a is not None and b else None

    def times(self, kind, rules, place, mode, other=DEBIAN):
        """As fast as the other one, or as no rule: the median of the ratios of neighbours."""
        return self.values.get((f"{other}/{OURS}", kind, rules, place, mode))


def promised(figures):
    """(what, seen, promise, is it kept) of all that was measured."""
    rows = []

    def at_least(what, seen, limit):
        if seen is not None:
            rows.append((what, f"{seen:,.2f}", f">= {limit:,}", seen >= limit))

    def at_most(what, seen, limit):
        if seen is not None:
            rows.append((what, f"{seen:,.2f}", f"<= {limit:,}", seen <= limit))

    for place in ("last", "none"):
        for mode, limit in (("resident", 40000), ("oneshot", 8)):
            at_least(f"{SHOWN[mode]}: 1M addresses, {place} match: times as fast as Debian's",
                     figures.times("addresses", MILLION, place, mode), limit)
    for rules, limit in ((MILLION, 1.5), (10 * MILLION, 2)):
        seen = figures.times("addresses", rules, "none", "resident", EMPTY)
        at_most(f"resident: {rules // MILLION}M addresses beside no rule, cost", seen and 1 / seen, limit)
    for place in tables.PLACES:
        both = [figures.times(kind, MILLION, place, "resident", EMPTY) for kind in ("addresses", "suffixes")]
        at_most(f"resident: 1M suffixes beside 1M addresses, {place} match, cost", None if None in both else both[0] / both[1], 3)
    for mode in MODES:
        for kind in tables.KINDS:
            seen = [figures.times(kind, size, "first", mode) for size in SIZES]
            at_least(f"{SHOWN[mode]}: first match of {kind}, any size: times as fast as Debian's",
                     min((s for s in seen if s is not None), default=None), 1)

    def keeping(rules):
        return OURS, "addresses", rules, "none", "keeping"

    edited, warm = (figures.get(OURS, "addresses", 10 * MILLION, "none", m) for m in ("edited", "resident"))
    if edited is not None and warm is not None:
        at_most("10M addresses: ms that an edit of hosts.allow costs", (edited - warm) / 1e6, 1)
    for who, kind, rules, place, what in figures.values:
        if who == OURS and what == "system calls, resident":
            names = figures.units[who, kind, rules, place, what]
            rows.append((f"{rules} {kind}, resident: system calls", names, "stat", set(names.split()) <= STAMPS))
    for rules, limit in ((MILLION, 200), (10 * MILLION, 1536)):
        peak = figures.get(OURS, "addresses", rules, "none", "resident peak")
        if peak is not None:
            at_most(f"{rules // MILLION}M addresses kept: peak RSS, MiB", peak / 1024, limit)
    at_most("keeping 10M addresses beside 1M, time", figures.ratio(
        keeping(10 * MILLION), keeping(MILLION)), 12)
    at_most("keeping 1M addresses beside tcprules, time", figures.ratio(
        keeping(MILLION), ("tcprules (CDB)", "addresses", MILLION, "", "build")), 1)
    per_rule = [figures.get(OURS, "addresses", size, "none", "instructions, oneshot") for size in (0, HEAVY)]
    if None not in per_rule:
        at_most("one-shot without image: instructions a rule", (per_rule[1] - per_rule[0]) / HEAVY, 300)
    return rows


# ---- showing ----

def amount(ns):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def table(head, rows):
    """Markdown that can be read as it stands."""
    rows = [[str(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    lines = [head, ["-" * (w - 1) + ":" if i else "-" * w for i, w in enumerate(widths)], *rows]
    return "".join("| " + " | ".join(word.rjust(w) if i else word.ljust(w) for i, (word, w) in enumerate(zip(line, widths)))
                   + " |\n" for line in lines)


def decision_tables(cells, figures):
    sizes = sorted({c.rules for c in cells if c.what in MODES})
    kinds = [kind for kind in tables.KINDS if any(c.kind == kind and c.what in MODES for c in cells)]
    for mode in MODES:
        rows = []
        for kind in kinds:
            for place in tables.PLACES:
                for who in (OURS, DEBIAN):
                    seen = [figures.get(who, kind, size, place, mode) for size in sizes]
                    rows.append([f"{kind}, {place}", who, *("" if s is None else amount(s) for s in seen)])
                ratios = [figures.times(kind, size, place, mode) for size in sizes]
                rows.append(["", "times", *("" if r is None else f"{r:,.3g}" if r < 1000 else f"{r:,.0f}" for r in ratios)])
        yield SHOWN[mode], table(["kind, match", "", *(f"{size:,}" for size in sizes)], rows)


def other_tables(cells, figures):
    sizes = sorted({c.rules for c in cells if c.what == "resident peak"})
    rows = []
    for kind in tables.KINDS:
        for what, who, show in (("first decision", OURS, amount), ("keeping", OURS, amount),
                                ("resident peak", OURS, lambda v: f"{v / 1024:.3g} MiB"),
                                ("oneshot peak", OURS, lambda v: f"{v / 1024:.3g} MiB"),
                                ("resident peak", DEBIAN, lambda v: f"{v / 1024:.3g} MiB")):
            seen = [figures.get(who, kind, size, "none", what) for size in sizes]
            if any(s is not None for s in seen):
                rows.append([kind, f"{what}, {who}", *("" if s is None else show(s) for s in seen)])
    if rows:
        yield "What it takes to have a table", table(["kind", "", *(f"{size:,}" for size in sizes)], rows)
    rows = [[c.kind, c.who, f"{c.rules:,}", c.what, f"{c.value:,.4g}" if c.value < 1e4 else f"{c.value:,.0f}", c.unit] for c in cells
            if c.what.startswith(("system calls", "instructions"))]
    if rows:
        yield "System calls and instructions", table(["kind", "who", "rules", "what", "number", ""], rows)
    rows = []
    for who in dict.fromkeys(c.who for c in cells if c.what == "lookup"):
        for size in sorted({c.rules for c in cells if c.who == who and c.what == "lookup"}):
            found = {c.client: c.value for c in cells if (c.who, c.rules, c.what) == (who, size, "lookup")}
            build, took = (figures.get(who, "addresses", size, "", what) for what in ("build", "bytes"))
            rows.append([who, f"{size:,}", amount(found["last"]), amount(found["none"]),
                         "" if build is None else amount(build), "" if took is None else f"{took / max(size, 1):.3g}"])
    if rows:
        yield "The lookup alone", table(["who", "rules", "last match", "no match", "made in", "bytes a rule"], rows)


def shown(cells, where):
    figures = Figures(cells)
    promises = promised(figures)
    text = f"{where}\n\n"
    text += "## Promises\n\n" + table(["what", "seen", "promised", ""], [
        (what, seen, limit, "kept" if kept else "BROKEN") for what, seen, limit, kept in promises]) + "\n"
    for title, body in (*decision_tables(cells, figures), *other_tables(cells, figures)):
        text += f"## {title}\n\n{body}\n"
    return text, [f"{what}: {seen}, promised {limit}" for what, seen, limit, kept in promises if not kept]


# ---- files ----

def save(path, cells, where):
    with open(path, "w") as out:
        out.write(f"# {where}\n" + "\t".join(Cell._fields) + "\n")
        out.writelines("\t".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in cell) + "\n" for cell in cells)


def restored(paths):
    """The cells of all files; of one that was measured twice, the last."""
    cells, where = {}, ""
    for path in paths.split(","):
        first, _head, *lines = pathlib.Path(path).read_text().splitlines()
        where = first.removeprefix("# ")
        for who, kind, rules, client, what, value, unit in (line.split("\t") for line in lines):
            cells[who, kind, rules, client, what] = Cell(who, kind, int(rules), client, what, float(value), unit)
    return list(cells.values()), where


def measured(args):
    debian = next(fetched("libwrap0").glob("usr/lib/*/libwrap.so.0")).parent
    scratch = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    where = (f"Measured on {machine()}, {datetime.date.today()}; medians of {args.rounds} alternations "
             "(one at ten million).")
    with tempfile.TemporaryDirectory(prefix="tcpwrap-size-", dir=scratch) as folder:
        bench = Bench(args, debian, folder)
        if args.instructions:
            bench.instructions()
            return bench.cells, where
        for kind in args.kinds:
            for size in (*((0,) if kind == "addresses" else ()), *args.sizes):
                bench.table(kind, size)
        if args.peers:
            lookup.measure(bench, [size for size in args.sizes if size <= MILLION])
        return bench.cells, where


def words_of(kind):
    return lambda text: [kind(word) for word in text.split(",")]


def main():
    parser = options(__doc__.splitlines()[0], rounds=3, seconds=0.02)
    parser.add_argument("--kinds", type=words_of(str), default=list(tables.KINDS), help="of " + ",".join(tables.KINDS))
    parser.add_argument("--sizes", type=words_of(int), default=list(SIZES), help="numbers of rules")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="libraries only")
    parser.add_argument("--instructions", action="store_true", help="count them, and nothing else (valgrind)")
    parser.add_argument("--from", dest="earlier", help="files of earlier runs; nothing is measured")
    parser.add_argument("--publish", action="store_true", help="write BENCHMARKS.md")
    args = parser.parse_args()
    if not set(args.kinds) <= set(tables.KINDS):
        parser.error(f"kinds are {', '.join(tables.KINDS)}")
    cells, where = restored(args.earlier) if args.earlier else measured(args)
    text, broken = shown(cells, where)
    print(text)
    folder = args.build / "bench"
    save(folder / "size.tsv", cells, where)
    (folder / "size.md").write_text(text)
    (folder / "size.svg").write_text(plot.svg(cells))
    if args.publish:
        (ROOT / "BENCHMARKS.md").write_text(INTRODUCTION + text)
        (ROOT / "docs/benchmarks.svg").write_text(plot.svg(cells))
    return report(broken)


if __name__ == "__main__":
    sys.exit(main())
