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
import json
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
from figures import DEBIAN, EMPTY, HEAVY, MILLION, OURS, SIZES, SKIMMED, Cell, restored, save, shown

DEBIAN_MAX = MILLION  # it takes 0.2 s a decision there
EDITS = 10
LIGHT = {"edited": 15}  # times as many alternations of a first match: two decisions of 10 us each
LOADS = 3           # the third decision is one of a text that is kept
COUNTED = 50        # decisions under strace
MOMENT = 0.1        # for tables to be at rest
COMPILED = 3        # times, as others may be at work
# Images of our own, where nobody else has any: says what making one took, so many times, and goes on as the command.
IMAGED = """
mount -t tmpfs images /var/lib && mkdir /var/lib/tcpwrap || exit 1
for i in $(seq "$3"); do "$1" compile --force --json "$2" | tr -d '\\n' && echo || exit 1; done
shift 3 && exec "$@"
"""

INTRODUCTION = """# Any size, measured

`make bench` measures this beside its peers; `bench/size.py --publish` does, and makes this page of it. The peers come
from Debian's packages. A decision costs what stands here when the first rule matches, the last one, or none; Debian's libwrap0
reads the same tables in turn with ours, and *times* is the median of how much longer it took than its neighbour. So
the ratios hold on a busy machine, too, but times are longer there: the load stands below. `bench/tables.py` has
the rules.

![Cost of a decision over rules, when no rule matches](docs/benchmarks.svg)

"""


class Process:
    """bench/size with one of the libraries, asked line by line."""

    def __init__(self, bench, who, allow, deny):
        command = [*self.before(bench, deny), bench.build / "bench/size", allow, deny]
        self.child = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      env=bench.environment(who))

    def before(self, _bench, _deny):
        return ()

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


class Imaged(Process):
    """In a mount namespace with an image of the table."""

    def before(self, bench, deny):
        return bench.imaged(deny, COMPILED)

    def made(self):
        return [json.loads(self.child.stdout.readline()) for _ in range(COMPILED)]


class Bench:
    def __init__(self, args, debian, folder):
        self.build, self.args, self.folder = args.build, args, pathlib.Path(folder)
        self.libraries = {OURS: args.build / "src/libwrap", DEBIAN: debian}
        self.cells = []
        self.tcpwrap = args.build / "src/cmd/tcpwrap/tcpwrap"
        self.why_no_image = self.reason_for_no_image()
        # Alternates with whatever is measured: is that as quick as with no rule at all?
        self.empty = Process(self, OURS, *self.nothing("addresses"))

    def environment(self, who):
        return dict(os.environ, LD_LIBRARY_PATH=str(self.libraries[who]))

    def reason_for_no_image(self):
        if os.geteuid() != 0:
            return "only root's images are believed"
        if subprocess.run([self.tcpwrap, "compile", "--help"], capture_output=True).returncode != 0:
            return "this tcpwrap has no compile"
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            return "no mount namespace"
        return None

    def imaged(self, deny, times=1):
        """What a command is told behind, to find an image."""
        return ("unshare", "-m", "sh", "-c", IMAGED, "sh", self.tcpwrap, deny, str(times))

    def nothing(self, kind):
        """The tables of a kind with no rule. Their names are short, as usual ones are, too."""
        folder = self.folder / kind.capitalize()
        folder.mkdir(exist_ok=True)
        return tables.write(folder, kind, 0, 0)[:2]

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
        for i in range(self.args.rounds * (LIGHT.get(mode, 3) if place == "first" else 1)):
            for who in list(processes)[::1 if i % 2 == 0 else -1]:  # A B B A
                if mode == "edited":
                    self.replenish(kind)
                seen[who].append(processes[who].ask("oneshot" if mode == "image" else mode,
                                                    self.amount(who, mode, size, place), client, expected))
            if mode == "resident":
                seen[EMPTY].append(self.empty.ask(mode, int(self.args.seconds * 1000),
                                                  tables.client("addresses", 0, "none"), "granted"))
        for who in processes:
            self.note(who, kind, size, place, mode, statistics.median(c[0] for c in seen[who]), "ns")
            self.note(who, kind, size, place, f"{mode} CPU", statistics.median(c[1] for c in seen[who]), "ns")
            if mode in ("oneshot", "image"):
                self.note(who, kind, size, place, f"{mode} peak", max(c[2] for c in seen[who]), "KiB")
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
        """Of a warm decision, and of a process without an image."""
        client = tables.client(kind, size, "none")
        words = f"{client.addr} {client.name or '-'}"
        trace = self.folder / "trace"
        for who in self.who(size):
            if size >= HEAVY and who == DEBIAN:
                continue
            env = self.environment(who)
            done = subprocess.run(["strace", "-o", trace, self.build / "bench/size", self.allow, self.deny],
                                  input=f"load {LOADS} {words}\ncount {COUNTED} {words}\n", text=True,
                                  stdout=subprocess.DEVNULL, env=env)
            if done.returncode != 0:
                sys.exit("bench/size.py: strace failed")
            calls = re.findall(r"^(\w+)\(", trace.read_text(), re.M)
            begin = calls.index("getppid")
            counted = collections.Counter(calls[begin + 1:calls.index("getppid", begin + 1)])
            self.note(who, kind, size, "none", "system calls, resident", sum(counted.values()) / COUNTED,
                      " ".join(sorted(counted)))
            self.note(who, kind, size, "none", "system calls, oneshot",
                      self.calls_once(who, (self.allow, self.deny), client), "")

    def calls_once(self, who, both, client, before=()):
        """Of a whole process."""
        trace = self.folder / "trace"
        subprocess.run([*before, "strace", "-f", "-o", trace, self.build / "bench/once", *both,
                        *filter(None, client)], env=self.environment(who), stdout=subprocess.DEVNULL)
        return len(re.findall(r"^\d+ +\w+\(", trace.read_text(), re.M))

    def once_with_image(self, count, what, kind, size):
        """What a process with an image takes beside one with no rule, and, of a list, beside an empty one."""
        for place in tables.PLACES:
            client = tables.client(kind, size, place)
            allow, deny = self.nothing(kind)
            for name, both, before in (
                    ("image", (self.allow, self.deny), self.imaged(self.deny)),
                    ("no rule", (allow, self.nothing("addresses")[1]), ()), ("nothing listed", (allow, deny), ())):
                self.note(OURS, kind, size, place, f"{what}, {name}", count(OURS, both, client, before), "")

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
            for mode in ("resident", "edited", "oneshot"):
                for place in places:
                    self.measure(starters if mode == "oneshot" else residents, kind, size, place, mode)
            if not self.why_no_image:
                self.with_image(starters, kind, size, places)
        if size in (0, 1000, MILLION) and shutil.which("strace"):
            self.system_calls(kind, size)
        if size >= MILLION and shutil.which("strace") and not self.why_no_image:
            self.once_with_image(self.calls_once, "system calls", kind, size)
        print(f"{kind:10} {size:9} rules: {time.monotonic() - begun:5.1f} s", file=sys.stderr, flush=True)

    def with_image(self, starters, kind, size, places):
        with contextlib.closing(Imaged(self, OURS, self.allow, self.deny)) as imaged:
            made = imaged.made()
            table = made[0]["tables"][-1]  # the list, if it names one
            if table["outcome"] == "compiled":
                self.note(OURS, kind, size, "", "compile",
                          statistics.median(m["tables"][-1]["seconds"] for m in made) * 1e9, "ns")
                self.note(OURS, kind, size, "", "compile peak", made[0]["peak_kib"], "KiB")
                self.note(OURS, kind, size, "", "image", table["image_bytes"], "bytes")
                for place in places:
                    self.measure({**starters, OURS: imaged}, kind, size, place, "image")

    # ---- instructions ----

    def instructions_once(self, who, both, client, before=()):
        return self.callgrind(who, self.build / "bench/once", *both, *filter(None, client), before=before)

    def callgrind(self, who, *command, commands="", before=()):
        done = subprocess.run([*before, "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
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
                          self.instructions_once(who, (self.allow, self.deny), client), "")
        for kind in SKIMMED:
            self.allow, self.deny, _ = tables.write(self.folder, kind, HEAVY, 0)
            self.note(OURS, kind, HEAVY, "none", "instructions, oneshot", self.instructions_once(
                OURS, (self.allow, self.deny), tables.client(kind, HEAVY, "none")), "")
        for kind in () if self.why_no_image else self.args.kinds:
            self.allow, self.deny, _ = tables.write(self.folder, kind, MILLION, 0)
            time.sleep(MOMENT)
            self.once_with_image(self.instructions_once, "instructions", kind, MILLION)


def measured(args):
    debian = next(fetched("libwrap0").glob("usr/lib/*/libwrap.so.0")).parent
    scratch = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    where = (f"Measured on {machine()}, {datetime.date.today()}; medians of {args.rounds} alternations.")
    with tempfile.TemporaryDirectory(prefix="tcpwrap-", dir=scratch) as folder:
        bench = Bench(args, debian, folder)
        if bench.why_no_image:
            where += f" Nothing with an image: {bench.why_no_image}."
        if args.instructions:
            bench.instructions()
            return bench.cells, where
        for kind in args.kinds:
            for size in (*((0,) if kind == "addresses" else ()), *args.sizes):
                bench.table(kind, size)
        if args.peers:
            lookup.measure(bench, [size for size in args.sizes if size <= MILLION])
        if args.peers and shutil.which("valgrind"):
            bench.instructions()
        return bench.cells, where


def words_of(kind):
    return lambda text: [kind(word) for word in text.split(",")]


def main():
    parser = options(__doc__.splitlines()[0], rounds=3, seconds=0.02)
    parser.add_argument("--kinds", type=words_of(str), default=list(tables.KINDS), help="of " + ",".join(tables.KINDS))
    parser.add_argument("--sizes", type=words_of(int), default=list(SIZES), help="numbers of rules")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="libraries only, in time")
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
