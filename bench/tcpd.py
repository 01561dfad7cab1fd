#!/usr/bin/env -S python3 -B
"""What tcpd costs a connection under openbsd-inetd, ours and Debian's, measured in one run.

usage: bench/tcpd.py [--build DIR] [--rounds N] [--seconds S]

The same service is reached without tcpd, through ours and through Debian's; the three alternate, so
that the two tcpd come in the order A B B A, and what counts is the median of the ratios within a
round. All of it plays in a private corner as make demo's does (tools/demo.d/stage.py), and Debian's
library is found where it always is, through ld.so.cache.
Exit status 1: a promise is broken; 77: it cannot be measured here."""
import collections
import pathlib
import statistics
import sys
import time

from common import machine, options, report
from corner import UNLIMITED, WAIT_SECONDS, Corner, Trouble, children, cpu_seconds, enter

ADDED_MAX = 0.40  # of the CPU that Debian's tcpd adds to a connection
RATE_MIN = 1.8    # times the connections a second
REFUSALS = 100    # which leave no process behind, LEFT_SECONDS later

NEEDED = ("src/cmd/tcpd/tcpd", "bench/hello", "bench/load")
CLIENTS = 8
REFUSAL_ROUNDS = 3
LEFT_SECONDS = 1  # Debian's tcpd sleeps for five seconds before it closes a connection

ALL = DIRECT, OURS, THEIRS = "direct", "ours", "debian"
PORTS = {DIRECT: 7001, OURS: 7002, THEIRS: 7003}
REFUSED_PORTS = {OURS: 7004, THEIRS: 7005}

# Connections a second; CPU seconds for each; processes after LEFT_SECONDS.
Granted = collections.namedtuple("Granted", "rate cpu")
Refused = collections.namedtuple("Refused", "cpu left")


class Bench(Corner):
    def __init__(self, build, scratch, debian):
        super().__init__(build, scratch, debian)
        self.write({"/run/inetd.conf": self.configuration()})

    def configuration(self):
        """Short names for inetd.conf, which knows no quotes."""
        hello = self.build / "bench/hello"
        links = {OURS: self.build / "src/cmd/tcpd/tcpd", THEIRS: self.debian / "usr/sbin/tcpd",
                 "hello": hello, "nobody": hello}
        for name, target in links.items():
            pathlib.Path(f"/run/{name}").symlink_to(target)
        line = f"127.0.0.1:{{}} stream tcp4 nowait.{UNLIMITED} root /run/{{}} {{}}\n".format
        return (line(PORTS[DIRECT], "hello", "hello")
                + "".join(line(PORTS[who], who, "/run/hello") for who in (OURS, THEIRS))
                + "".join(line(port, who, "/run/nobody") for who, port in REFUSED_PORTS.items()))

    def start_inetd(self):
        inetd = [self.debian / "usr/sbin/inetd", "-i", "/run/inetd.conf"]
        return self.start(inetd, max(REFUSED_PORTS.values()))

    def finish(self, load, lines):
        """Each connection must have left that many lines in the log."""
        done = super().finish(load)
        if done.lines != lines * done.connections:
            raise Trouble(f"{done.lines} lines in the log of {done.connections} connections")
        return done

    def measure(self, who, seconds):
        inetd = self.start_inetd()
        before = cpu_seconds(inetd.pid)
        load = self.load(PORTS[who], c=CLIENTS, t=seconds, r="hello\n")
        done = self.finish(load, lines=0 if who == DIRECT else 1)
        return Granted(done.connections / done.seconds,
                       (self.stop(inetd) - before) / done.connections)

    def refuse(self, who):
        inetd = self.start_inetd()
        before = cpu_seconds(inetd.pid)
        load = self.load(REFUSED_PORTS[who], c=REFUSALS, t=WAIT_SECONDS, n=REFUSALS, r="")
        deadline = time.monotonic() + LEFT_SECONDS
        while (left := children(inetd.pid)) > 0 or load.poll() is None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        self.finish(load, lines=1)
        return Refused((self.stop(inetd) - before) / REFUSALS, left)


class Table:
    """Rows as they are printed; a row with a promise keeps it or breaks it."""

    def __init__(self):
        self.broken = []
        print(f"{'':28}{'no tcpd':>11}{'ours':>11}{'Debian':>11} {'ours/Debian':>13}  promise",
              flush=True)

    def row(self, what, values, ratio=None, unit=" us", promise="", kept=True):
        """values: by who; ratio: None where there is none to tell."""
        shown = "".join(f"{f'{values[w]:.0f}{unit}' if w in values else '':>11}" for w in ALL)
        ratio = "" if ratio is None else f"{ratio:.2f}"
        mark = f"{promise} {'kept' if kept else 'BROKEN'}" if promise else ""
        print(f"{what:28}{shown} {ratio:>13}  {mark}".rstrip(), flush=True)
        if not kept:
            self.broken.append(f"{what}: {ratio or values[OURS]}, promised {promise}")


def by_who(rounds, value, whose=ALL):
    return {who: statistics.median(value(r, who) for r in rounds) for who in whose}


def ratio_of(rounds, value):
    return statistics.median(value(r, OURS) / value(r, THEIRS) for r in rounds)


def compare_granted(bench, args, table):
    rounds = []
    for i in range(args.rounds):
        order = ALL if i % 2 == 0 else ALL[::-1]
        rounds.append({who: bench.measure(who, args.seconds) for who in order})

    def cpu(one, who):
        return one[who].cpu * 1e6

    def added(one, who):
        return cpu(one, who) - cpu(one, DIRECT)

    def rate(one, who):
        return one[who].rate

    table.row("CPU a connection", by_who(rounds, cpu), ratio_of(rounds, cpu))
    ratio = ratio_of(rounds, added)
    table.row("CPU that tcpd adds", by_who(rounds, added, (OURS, THEIRS)), ratio,
              promise=f"<= {ADDED_MAX}", kept=ratio <= ADDED_MAX)
    ratio = ratio_of(rounds, rate)
    table.row("connections a second", by_who(rounds, rate), ratio, "",
              promise=f">= {RATE_MIN}", kept=ratio >= RATE_MIN)


def compare_refused(bench, table):
    rounds = [{who: bench.refuse(who) for who in (OURS, THEIRS)} for _ in range(REFUSAL_ROUNDS)]

    def cpu(one, who):
        return one[who].cpu * 1e6

    table.row("CPU a refusal", by_who(rounds, cpu, (OURS, THEIRS)), ratio_of(rounds, cpu))
    left = {who: max(one[who].left for one in rounds) for who in (OURS, THEIRS)}
    table.row(f"left after {REFUSALS} refusals", left, unit="", promise="0", kept=left[OURS] == 0)


def inside(args):
    bench = Bench(args.build, args.corner, args.debian)
    print(f"tcpd under openbsd-inetd on {machine()}; {CLIENTS} clients, 10 rules, "
          f"medians of {args.rounds} alternations")
    table = Table()
    compare_granted(bench, args, table)
    compare_refused(bench, table)
    return report(table.broken)


if __name__ == "__main__":
    sys.exit(enter(options(__doc__.splitlines()[0], rounds=21, seconds=0.2), NEEDED,
                   ("openbsd-inetd", "tcpd", "libwrap0"), inside))
