#!/usr/bin/env -S python3 -B
"""What tcpd costs a connection under openbsd-inetd, ours and Debian's, measured in one run.

usage: bench/tcpd.py [--build DIR] [--rounds N] [--seconds S]

The same service is reached without tcpd, through ours and through Debian's; the three alternate, so
that the two tcpd come in the order A B B A, and what counts is the median of the ratios within a
round. All of it plays in a private corner as make demo's does (tools/demo.d/stage.py), and Debian's
library is found where it always is, through ld.so.cache.
Exit status 1: a promise is broken; 77: it cannot be measured here."""
import argparse
import collections
import ctypes
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from common import ROOT, SKIP, fetched, machine, options, report

sys.path.insert(0, str(ROOT / "tools/demo.d"))
import stage  # noqa: E402

ADDED_MAX = 0.40  # of the CPU that Debian's tcpd adds to a connection
RATE_MIN = 1.8    # times the connections a second
REFUSALS = 100    # which leave no process behind, LEFT_SECONDS later

NEEDED = ("src/cmd/tcpd/tcpd", "bench/hello", "bench/load")
CLIENTS = 8
UNLIMITED = 10**9  # connections; also for inetd, which stops a service after 256 a minute
REFUSAL_ROUNDS = 3
LEFT_SECONDS = 1  # Debian's tcpd sleeps for five seconds before it closes a connection
WAIT_SECONDS = 10

ALL = DIRECT, OURS, THEIRS = "direct", "ours", "debian"
PORTS = {DIRECT: 7001, OURS: 7002, THEIRS: 7003}
REFUSED_PORTS = {OURS: 7004, THEIRS: 7005}

# Ten rules, of which a granted client meets seven and a refused one all.
ALLOW = """\
# who may use the services of this host
sshd: 192.0.2.0/255.255.255.0, [2001:db8::]/32
sshd: 198.51.100.7 EXCEPT 198.51.100.8
vsftpd: .example.org EXCEPT guest.example.org
in.telnetd, in.rlogind: 10. 172.16.
in.tftpd: LOCAL
imapd, ipop3d: ALL EXCEPT 203.0.113.0/255.255.255.0
hello: 127.0.0.1
rpcbind: 192.168.
"""
DENY = """\
in.fingerd: ALL: DENY
ALL: ALL
"""
NSSWITCH = "hosts: files dns\nprotocols: db files\n"  # as on any Debian

# Connections a second; CPU seconds for each; processes after LEFT_SECONDS.
Granted = collections.namedtuple("Granted", "rate cpu")
Refused = collections.namedtuple("Refused", "cpu left")


def cpu_seconds(pid):
    """Of a running process, without its children, to the nanosecond."""
    clock = ctypes.c_int()
    if stage.libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise stage.Trouble(f"no CPU clock of process {pid}")
    return time.clock_gettime(clock.value)


def children(pid):
    found = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found += int(path.read_text().rpartition(")")[2].split()[1]) == pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Bench(stage.Stage):
    def __init__(self, build, scratch, debian):
        super().__init__(build, scratch)
        self.debian = debian
        self.log.setblocking(False)
        files = {"/etc/hosts.allow": ALLOW, "/etc/hosts.deny": DENY,
                 "/etc/nsswitch.conf": NSSWITCH, "/run/inetd.conf": self.configuration()}
        for path, text in files.items():
            pathlib.Path(path).write_text(text)
        self.install_debian()

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

    def install_debian(self):
        """As the packages would: the libraries are in ld.so.cache. The host's is untouched."""
        folders = [*self.debian.glob("usr/lib/*-linux-gnu*"), self.debian / "usr/lib"]
        pathlib.Path("/etc/ld.so.conf").write_text("".join(f"{f}\n" for f in folders)
                                                   + "include /etc/ld.so.conf.d/*.conf\n")
        if os.path.isdir("/var/cache/ldconfig"):
            stage.mount("tmpfs", "/var/cache/ldconfig", "tmpfs")
        subprocess.run([shutil.which("ldconfig", path="/usr/sbin:/sbin"), "-X"], check=True)
        listed = subprocess.run(["ldd", self.debian / "usr/sbin/tcpd"], stdout=subprocess.PIPE,
                                text=True, env={"PATH": os.environ["PATH"]}, check=True).stdout
        if f"libwrap.so.0 => {self.debian}/" not in listed or "not found" in listed:
            raise stage.Trouble(f"Debian's tcpd does not find its libraries: {listed}")

    def start_inetd(self):
        inetd = [self.debian / "usr/sbin/inetd", "-i", "/run/inetd.conf"]
        return self.start(inetd, max(REFUSED_PORTS.values()))

    def stop_inetd(self, inetd):
        """Once it has waited for all its children; CPU seconds of all of them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while children(inetd.pid) > 0:
            if time.monotonic() > deadline:
                raise stage.Trouble("services of inetd do not end")
            time.sleep(0.005)
        inetd.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(inetd.pid, 0)
        inetd.returncode = os.waitstatus_to_exitcode(status)
        inetd.stderr.close()
        return usage.ru_utime + usage.ru_stime

    def load(self, port, clients, seconds, connections, reply):
        numbers = map(str, (port, clients, seconds, connections))
        command = [self.build / "bench/load", *numbers, reply]
        return subprocess.Popen(command, stdin=self.log, stdout=subprocess.PIPE, text=True)

    def finish(self, load, lines):
        """(connections, seconds); each must have left that many lines in the log."""
        said = load.communicate()[0].split()
        if load.returncode != 0 or int(said[2]) != lines * int(said[0]):
            raise stage.Trouble(f"the clients were not served as they should: {said}")
        return int(said[0]), float(said[1]) / 1e9

    def measure(self, who, seconds):
        inetd = self.start_inetd()
        before = cpu_seconds(inetd.pid)
        load = self.load(PORTS[who], CLIENTS, seconds, UNLIMITED, "hello\n")
        connections, wall = self.finish(load, lines=0 if who == DIRECT else 1)
        return Granted(connections / wall, (self.stop_inetd(inetd) - before) / connections)

    def refuse(self, who):
        inetd = self.start_inetd()
        before = cpu_seconds(inetd.pid)
        load = self.load(REFUSED_PORTS[who], REFUSALS, WAIT_SECONDS, REFUSALS, "")
        deadline = time.monotonic() + LEFT_SECONDS
        while (left := children(inetd.pid)) > 0 or load.poll() is None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        self.finish(load, lines=1)
        return Refused((self.stop_inetd(inetd) - before) / REFUSALS, left)


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


# ---- the corner ----


def skip(reason):
    print(f"tcpd is not measured: {reason}")
    sys.exit(SKIP)


def private_corner():
    """The command that enters one."""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    if not shutil.which("unshare"):
        skip("no unshare here")
    tried = subprocess.run(command + ["true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    if tried.returncode != 0:
        skip(f"no private namespace here: {tried.stderr.strip()}")
    return command


def inside(args):
    try:
        bench = Bench(args.build, args.corner, args.debian)
        print(f"tcpd under openbsd-inetd on {machine()}; {CLIENTS} clients, 10 rules, "
              f"medians of {args.rounds} alternations")
        table = Table()
        compare_granted(bench, args, table)
        compare_refused(bench, table)
    except stage.Trouble as trouble:
        sys.exit(f"bench/tcpd.py: {trouble}")
    return report(table.broken)


def main():
    parser = options(__doc__.splitlines()[0], rounds=21, seconds=0.2)
    for hidden in ("--corner", "--debian"):  # told to ourselves, once in the corner
        parser.add_argument(hidden, type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.corner and os.getpid() == 1:  # never among the host's own mounts
        return inside(args)
    missing = [name for name in NEEDED if not (args.build / name).exists()]
    if missing:
        sys.exit(f"bench/tcpd.py: not built yet: {' '.join(missing)}")
    debian = fetched("openbsd-inetd", "tcpd", "libwrap0")
    with tempfile.TemporaryDirectory(prefix="tcpwrap-bench-") as folder:
        again = [sys.executable, "-B", *sys.argv, "--corner", folder, "--debian", debian]
        return subprocess.run(private_corner() + again, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
