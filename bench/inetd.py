#!/usr/bin/env -S python3 -B
"""What a connection costs with our inetd, with its peers and with the least that one can do.

usage: bench/inetd.py [--build DIR] [--rounds N] [--seconds S] [--only PART,...] [--tsv FILE] [--million]

Parts: started (a tiny static service), internal, refused, memory, reload, latency. All servers of a part
alternate, in this order and in the opposite one; what counts is the median of the ratios within a
round. They play in a private corner (bench/corner.py), and who they are is in bench/contenders.py.
What ours cannot do yet is said, and its promises are broken.
Exit status 1: a promise is broken; 77: it cannot be measured here."""
import collections
import contextlib
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time

import contenders as c
from common import machine, options, report
from corner import DENY, Corner, Trouble, children, cpu_seconds, enter
from stage import listens

NEEDED = ("src/cmd/inetd/inetd", "bench/hello", "bench/load", "bench/floor")
AT_ONCE = (1, 32)
RELOADS, PEER_RELOADS = 30, 8
WINDOW_SECONDS, WINDOW_HUP_SECONDS = 0.06, 0.02  # a client's, and when the reload comes in it
COUNTS = (1, 10, c.MANY)
PEER_SECONDS = 5  # until a peer has taken a reload up, at most

# At least so many times ours, or at most: from the issue that asked for this inetd.
STARTED = {c.INETD_TCPD: 7, c.INETD_L: 3, c.TCPSERVER: 1.3, c.SPAWN: 0.85}
REFUSED = {c.TCPSERVER: 3, c.CLOSE: 0.75}
INTERNAL = {1: 4, 32: 5}  # times the best peer
INTERNAL_PROMISED = (c.ECHO, c.DISCARD)
RELOAD_MS_MAX = 5
STALL_MS_MAX = 1
LATENCY_MAX = 1.10
PSS_KB_MAX = 1024

SERVERS = (c.OURS, c.INETD, c.XINETD)  # of many services

SAY = {c.ECHO: "hello\n", c.DISCARD: "hello\n"}
REPLY = {c.HELLO: "hello\n", c.NOBODY: "", c.ECHO: "hello\n", c.DISCARD: "", c.DAYTIME: None}

Cost = collections.namedtuple("Cost", "rate cpu lines p50 p99")


class Bench(Corner):
    def __init__(self, args):
        super().__init__(args.build, args.corner, args.debian)
        self.floor_lines = {c.HELLO: [], c.NOBODY: []}
        with contextlib.suppress(OSError):  # what ends first waits a minute for its port
            pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("10000 65000")
        c.furnish(self)

    @contextlib.contextmanager
    def draining(self):
        """Where bench/load does not read the log, or not always."""
        with subprocess.Popen(["cat"], stdin=self.log, stdout=subprocess.DEVNULL) as cat:
            try:
                yield
            finally:
                cat.kill()

    @contextlib.contextmanager
    def running(self, who, services):
        """In the end it is stopped, in peace or not."""
        conf = pathlib.Path("/run/conf")
        if who.conf:
            conf.write_text(who.conf(services))
        server = self.start(who.command(self, conf, services), c.PORTS[services[-1]])
        try:
            yield server
            if server.returncode is None:
                self.stop(server, zombies=who.command is not c.floor)
        finally:
            if server.returncode is None:
                server.kill()
                server.wait()

    def ask(self, service, at_once, **amount):
        words = {"c": at_once, **amount}
        if SAY.get(service):
            words["s"] = SAY[service]
        if REPLY[service] is not None:
            words["r"] = REPLY[service]
        return self.finish(self.load(c.PORTS[service], **words))

    def measure(self, who, service, at_once, seconds):
        with self.running(who, [service]) as server:
            before = cpu_seconds(server.pid)
            done = self.ask(service, at_once, t=seconds)
            cpu = self.stop(server, zombies=who.command is not c.floor) - before
        n = done.connections
        return Cost(n / done.seconds, cpu / n * 1e6, done.lines / n, done.p50 * 1e6, done.p99 * 1e6)

    def lacks(self, service):
        """Why ours cannot be measured with this service, or None."""
        with self.running(c.OURS, [c.HELLO]):
            pass  # starts at all
        try:
            with self.running(c.OURS, [service, c.HELLO]):
                if not listens(c.PORTS[service]):
                    return f"no internal {service} yet"
                self.ask(service, 1, n=1)
        except Trouble as trouble:
            return "does not judge yet" if service == c.NOBODY else str(trouble)
        return None

    def learn_lines(self, service):
        """Let the floor say to syslog what ours says for each connection, as often."""
        with self.running(c.OURS, [service]):
            time.sleep(0.05)
            self.drain()
            with socket.create_connection(("127.0.0.1", c.PORTS[service])) as s:
                s.recv(100)
            time.sleep(0.05)
            said = self.drain()
            under_load = self.ask(service, 32, t=0.2)
        each = round(under_load.lines / under_load.connections)
        self.floor_lines[service] = said[-each:] if each else []

    def drain(self):
        said = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said.append(self.log.recv(4096, socket.MSG_DONTWAIT).rstrip(b"\n\0").decode("latin-1"))
        return said


class Table:
    """Rows as they are printed, and as lines of a file if asked for."""

    def __init__(self, path):
        self.broken, self.file, self.section = [], path and path.open("w"), ""

    def head(self, section, *columns):
        self.section = section
        print(f"\n{section:26}" + "".join(f"{column:>11}" for column in columns)
              + f"{'ours/it':>11}  promise", flush=True)
        self.write("", *columns, "ratio", "promise", "verdict")

    def write(self, *words):
        if self.file:
            print(self.section, *words, sep="\t", file=self.file, flush=True)

    def row(self, name, values, ratio=None, promise="", kept=True):
        shown = "".join(f"{value:>11}" for value in values)
        ratio = "" if ratio is None else f"{ratio:.2f}"
        verdict = ("kept" if kept else "BROKEN") if promise else ""
        print(f"  {name:24}{shown}{ratio:>11}  {promise} {verdict}".rstrip(), flush=True)
        self.write(name, *values, ratio, promise, verdict)
        if not kept:
            self.broken.append(f"{self.section}: {name}: {ratio or values[0]}, promised {promise}")

    def missing(self, name, why, promises=True, section=""):
        """What is not there keeps no promise."""
        if section:
            self.section = section
            print(f"\n{section}")
        print(f"  {name:24}{why}" + ("  BROKEN" if promises else ""), flush=True)
        self.write(name, why)
        if promises:
            self.broken.append(f"{self.section}: {name}: {why}")


def able(bench, table, whose, service):
    """Ours, and the peers that work here: who cannot change the user, without root, does not. It shows
    where a client gets something."""
    found = []
    for who in whose:
        try:
            for asked in {service, c.HELLO}:
                with bench.running(who, [asked]):
                    bench.ask(asked, 1, n=1)
            found.append(who)
        except Trouble as trouble:
            if who is c.OURS:
                raise
            table.missing(who.name, str(trouble), promises=False)
    return found


def alternate(whose, rounds, measure):
    """rounds x {who: measure(who)}, in one order and the other."""
    found = []
    for i in range(rounds):
        order = whose if i % 2 == 0 else whose[::-1]
        found.append({who: measure(who) for who in order})
    return found


def medians(rounds, who):
    """A Cost of medians, as words for a row."""
    cost = Cost(*(statistics.median(values) for values in zip(*(one[who] for one in rounds))))
    return (f"{cost.rate:.0f}", f"{cost.cpu:.0f}", f"{cost.lines:.1f}", f"{cost.p50:.0f}",
            f"{cost.p99:.0f}")


def ratio_of(rounds, who, other):
    return statistics.median(one[who].rate / one[other].rate for one in rounds)


def compare(bench, table, args, title, service, whose, promises):
    """Ours is the first. promises: (at once) -> {who: at least so many times its rate}."""
    for at_once in AT_ONCE:
        kind = "serial" if at_once == 1 else f"{at_once} at once"
        table.head(f"{title}, {kind}", "conn/s", "CPU us", "log lines", "p50 us", "p99 us")
        there = able(bench, table, whose, service)
        rounds = alternate(there, args.rounds,
                           lambda who: bench.measure(who, service, at_once, args.seconds))
        for who in there:
            ratio = None if who is c.OURS else ratio_of(rounds, c.OURS, who)
            least = promises(at_once, rounds).get(who)
            table.row(who.name, medians(rounds, who), ratio, f">= {least}" if least else "",
                      least is None or ratio >= least)


# ---- parts ----

def started(bench, table, args):
    lack = bench.lacks(c.NOBODY)
    if lack:
        table.missing("ours", f"{lack}: its figures are too good", section="started")
    bench.learn_lines(c.HELLO)
    whose = [c.OURS, c.SPAWN, c.TCPSERVER, c.TCPSVD, c.XINETD, c.XINETD_LIBWRAP, c.INETD, c.INETD_L,
             c.INETD_TCPD]
    compare(bench, table, args, "started", c.HELLO, whose, lambda *_: STARTED)


def million(bench, table, args):
    """The same tables with a million rules behind the rest."""
    if not args.million:
        return table.missing("ours", "not asked for (--million)", False, "started, 1M rules")
    table.head("started, 1M rules", "conn/s", "CPU us", "log lines", "p50 us", "p99 us")
    pathlib.Path("/etc/hosts.deny").write_text(DENY.replace("ALL: ALL\n", c.million_rules()
                                                            + "ALL: ALL\n"))
    for at_once in AT_ONCE:
        rounds = alternate([c.OURS], args.rounds,
                           lambda who: bench.measure(who, c.HELLO, at_once, args.seconds))
        table.row(f"ours, {at_once} at once", medians(rounds, c.OURS))
    pathlib.Path("/etc/hosts.deny").write_text(DENY)


def internal(bench, table, args):
    for service in c.INTERNAL:
        lack = bench.lacks(service)
        if lack:
            table.missing("ours", lack, service in INTERNAL_PROMISED, section=service)
            continue

        def promises(at_once, rounds):
            if service not in INTERNAL_PROMISED:
                return {}
            peers = [who for who in rounds[0] if who is not c.OURS]
            best = min(peers, key=lambda who: ratio_of(rounds, c.OURS, who))
            return {best: INTERNAL[at_once]}
        compare(bench, table, args, service, service, [c.OURS, c.INETD, c.XINETD], promises)


def refused(bench, table, args):
    lack = bench.lacks(c.NOBODY)
    if lack:
        return table.missing("ours", lack, section="refused")
    bench.learn_lines(c.NOBODY)
    whose = [c.OURS, c.CLOSE, c.TCPSERVER, c.XINETD_NO_ACCESS, c.XINETD_LIBWRAP, c.INETD_L]
    compare(bench, table, args, "refused", c.NOBODY, whose, lambda *_: REFUSED)
    with bench.running(c.OURS, [c.NOBODY]) as server:
        bench.ask(c.NOBODY, 32, n=1000)
        held = children(server.pid)
    table.row("processes held by ours", (held,), promise="0", kept=held == 0)


def pss_kb(pid):
    """Of a process and its children."""
    def own(path):
        return sum(int(line.split()[1]) for line in (path / "smaps_rollup").read_text().splitlines()
                   if line.startswith("Pss:"))
    total = 0
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        total += own(path) if int(path.name) == pid or int(fields[1]) == pid else 0
    return total


def memory(bench, table, _args):
    table.head("PSS in kB, idle", *(f"{n} service{'s' * (n > 1)}" for n in COUNTS))
    for who in able(bench, table, SERVERS, c.HELLO):
        found = []
        for n in COUNTS:
            with bench.running(who, [*c.MANY_NAMES[:n - 1], c.HELLO]) as server:
                bench.ask(c.HELLO, 8, n=100)
                time.sleep(0.2)
                found.append(pss_kb(server.pid))
        promised = who is c.OURS
        table.row(who.name, found, promise=f"<= {PSS_KB_MAX}" if promised else "",
                  kept=not promised or found[-1] <= PSS_KB_MAX)


class Reloading:
    """A running server of many services; one more comes and goes."""

    def __init__(self, bench, who, server):
        self.bench, self.who, self.server, self.has_added = bench, who, server, False

    def prepare(self):
        self.has_added = not self.has_added
        added = [c.ADDED] if self.has_added else []
        path = pathlib.Path("/run/conf.new")
        path.write_text(self.who.conf([*c.MANY_NAMES, c.HELLO, *added]))
        path.rename("/run/conf")

    def reload(self):
        self.server.send_signal(signal.SIGHUP)

    def settle(self):
        deadline = time.monotonic() + PEER_SECONDS
        while listens(c.PORTS[c.ADDED]) != self.has_added:
            if time.monotonic() > deadline:
                raise Trouble(f"{self.who.name} does not take a reload up")
            time.sleep(0.02)
        time.sleep(0.02)

    def until_served(self):
        """Seconds from SIGHUP until the new service has answered."""
        begin = time.monotonic()
        self.reload()
        while time.monotonic() - begin < PEER_SECONDS:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", c.PORTS[c.ADDED])) == 0:
                    s.recv(100)
                    return time.monotonic() - begin
        raise Trouble(f"{self.who.name} does not take a reload up")

    def worst(self, with_reload):
        """Of the clients of an untouched service, in a window of time."""
        if with_reload:
            self.prepare()
        load = self.bench.load(c.PORTS[c.HELLO], t=WINDOW_SECONDS, r="hello\n")
        time.sleep(WINDOW_HUP_SECONDS)
        if with_reload:
            self.reload()
        worst = self.bench.finish(load).worst
        self.settle()
        return worst


def reload(bench, table, _args):
    table.head(f"reload of {c.MANY} services", "served ms", "worst ms", "without ms", "stall ms")
    for who in able(bench, table, SERVERS, c.HELLO):
        with bench.running(who, [*c.MANY_NAMES, c.HELLO]) as server, bench.draining():
            it = Reloading(bench, who, server)
            reloads = RELOADS if who is c.OURS else PEER_RELOADS
            times = []
            for _ in range(reloads):
                it.prepare()
                times.append(it.until_served() * 1e3)
                it.prepare()
                it.reload()
                it.settle()
            pairs = [(it.worst(True) * 1e3, it.worst(False) * 1e3) for _ in range(reloads)]
        served = statistics.median(times)
        stall = statistics.median(a - b for a, b in pairs)
        values = [served, *(statistics.median(column) for column in zip(*pairs)), stall]
        promised = who is c.OURS
        table.row(who.name, [f"{value:.2f}" for value in values],
                  promise=f"<= {RELOAD_MS_MAX} served, <= {STALL_MS_MAX} stall" if promised else "",
                  kept=not promised or (served <= RELOAD_MS_MAX and stall <= STALL_MS_MAX))


def latency(bench, table, args):
    """Of one service, alone and among many."""
    table.head(f"latency, 1 and {c.MANY} services", "p50, 1", f"p50, {c.MANY}", "p99, 1",
               f"p99, {c.MANY}", "p50 times")

    def ask(key):
        who, many = key
        with bench.running(who, [*(c.MANY_NAMES if many else ()), c.HELLO]):
            return bench.ask(c.HELLO, 1, t=args.seconds)
    servers = able(bench, table, SERVERS, c.HELLO)
    whose = [(who, many) for who in servers for many in (False, True)]
    rounds = alternate(whose, args.rounds, ask)
    for who in servers:
        def middle(which, many):
            return statistics.median(getattr(one[who, many], which) for one in rounds) * 1e6
        times = statistics.median(one[who, True].p50 / one[who, False].p50 for one in rounds)
        values = [f"{middle(which, many):.0f} us" for which in ("p50", "p99") for many in (False, True)]
        promised = who is c.OURS
        table.row(who.name, [*values, f"{times:.2f}"], promise=f"<= {LATENCY_MAX}" if promised else "",
                  kept=not promised or times <= LATENCY_MAX)


PARTS = {part.__name__: part for part in (started, million, internal, refused, memory, reload, latency)}


def inside(args):
    bench, table = Bench(args), Table(args.tsv)
    print(f"inetd on {machine()}; tables of 10 rules, medians of {args.rounds} alternations")
    for name, part in PARTS.items():
        if not args.only or name in args.only:
            part(bench, table, args)
    return report(table.broken)


def parts(text):
    names = text.split(",")
    unknown = set(names) - set(PARTS)
    if unknown:
        raise ValueError(unknown)
    return names


def main():
    parser = options(__doc__.splitlines()[0], rounds=9, seconds=0.15)
    parser.add_argument("--only", type=parts, help=f"of {','.join(PARTS)}")
    parser.add_argument("--tsv", type=lambda path: pathlib.Path(path).absolute(), help="the rows, to a file")
    parser.add_argument("--million", action="store_true", help="with a million rules, too")
    return enter(parser, NEEDED, c.PACKAGES, inside)


if __name__ == "__main__":
    sys.exit(main())
