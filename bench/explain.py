#!/usr/bin/env -S python3 -B
"""What tcpwrap explain costs on a million rules: one client with an image, and many in a batch.

usage: bench/explain.py [--build DIR] [--rounds N] [--seconds S] [--rules N] [--clients N]

The table is bench/tables.py's mix, beside an allow table of 48 rules. Promised: one answer in 15 ms, and 500,000
clients a second by all processors: by the CPU time that they take, as others may be using the machine; what the clock
said stands beside it. Exit status 1: a promise is broken; 77: there is no place for an image."""
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import tables
from common import SKIP, machine, options, report

RULES, CLIENTS = 1_000_000, 2_000_000
ANSWER_MS, PER_SECOND = 15, 500_000
INSIDE = "TCPWRAP_BENCH_INSIDE"  # set in a mount namespace of our own
MOMENT = 0.1  # for tables to be at rest
# An image of our own, where nobody else has any.
IMAGED = """
mount -t tmpfs images /var/lib && mkdir /var/lib/tcpwrap || exit 77
"$1" compile --quiet "$2" "$3" || exit 77
shift 3 && exec "$@"
"""


def write_clients(path, rules, count):
    rng = random.Random(1997)
    with open(path, "w") as out:
        for _ in range(count):
            listed = tables.address(rng.randrange(rules))
            other = ".".join(str(rng.randrange(1, 224)) for _ in range(4))
            out.write(f"{rng.choice((listed, other))}\n")


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.tcpwrap = args.build / "src/cmd/tcpwrap/tcpwrap"
        self.allow, self.deny, self.bytes = tables.write(folder, "mix", args.rules, 0)
        self.clients = folder / "clients"
        write_clients(self.clients, args.rules, args.clients)
        time.sleep(MOMENT)

    def explain(self, *words):
        """Seconds, and CPU seconds of all threads."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run([self.tcpwrap, "explain", "-a", self.allow, "-d", self.deny, *words],
                              stdout=subprocess.DEVNULL)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            sys.exit(f"bench/explain.py: explain {words}: status {done.returncode}")
        return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def answers(self, name):
        """The median of seconds for one answer; lookups are the resolver's business."""
        words = ("-n", "www.elsewhere.net", "sshd")
        rng = random.Random(7)
        clients = [tables.address(rng.randrange(self.args.rules)) for _ in range(10 * self.args.rounds)]
        times = [self.explain(*words, client) for client in clients]
        wall, cpu = (1000 * statistics.median(column) for column in zip(*times))
        print(f"one answer    {name:8}  {wall:9.2f} ms  {cpu:9.2f} ms of CPU    promised {ANSWER_MS} ms")
        return wall

    def batches(self):
        """Clients judged a second; all else on the machine can only slow it down."""
        runs = [self.explain("--batch", "sshd", self.clients) for _ in range(self.args.rounds)]
        wall, cpu = (min(column) for column in zip(*runs))
        rate = self.args.clients * os.cpu_count() / cpu
        print(f"batch         {self.args.clients:8}  {rate:9.0f} a second  {1e9 * cpu / self.args.clients:6.0f} ns of CPU "
              f"each    promised {PER_SECOND}; by the clock {self.args.clients / wall:.0f}")
        return rate


def measure(args):
    with tempfile.TemporaryDirectory(prefix="tcpwrap-explain-") as folder:
        bench = Bench(args, pathlib.Path(folder))
        imaged = subprocess.run(["sh", "-c", IMAGED, "sh", bench.tcpwrap, bench.allow, bench.deny, "true"]).returncode
        if imaged != 0:
            sys.exit(SKIP)
        print(f"# {machine()}; {args.rules} rules, {bench.bytes >> 20} MiB; {args.rounds} rounds")
        return bench.answers("image"), bench.batches()


def main():
    parser = options(__doc__.splitlines()[0], 3, 1)
    parser.add_argument("--rules", type=int, default=RULES)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    args = parser.parse_args()
    if os.environ.get(INSIDE) != "1":
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            print("# no mount namespace to be had here")
            return SKIP
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])
    answer, rate = measure(args)
    broken = []
    if answer > ANSWER_MS:
        broken.append(f"one answer takes {answer:.1f} ms, more than {ANSWER_MS}")
    if rate < PER_SECOND:
        broken.append(f"{rate:.0f} clients a second, fewer than {PER_SECOND}")
    return report(broken)


if __name__ == "__main__":
    sys.exit(main())
