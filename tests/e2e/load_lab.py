"""Many clients a second at an inetd, and what is left of them: memory, descriptors, processes. Imported by
0296-inetd-load.py and 0297-inetd-load-long.py; clients are bench/load's, the corner make demo's."""
import os
import pathlib
import subprocess
import sys
import time

from inetd_lab import BUILD, WAIT_SECONDS, Skip, dir, equal, main, tcp, test, until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/demo.d"))
import stage  # noqa: E402 - after the namespaces of inetd_lab

PER_SECOND = 10000
CLIENTS = 128      # at once: below the queue of an inetd
SOURCES = 10000    # addresses: more than an inetd keeps an account of, so that it must forget some
WARM_SECONDS = 2   # until every buffer and account has the size that it will have
GROWTH_KB_MAX = 64
PATIENCE_SECONDS = 1  # of a client of another service

ECHO, REFUSED, OTHER = 7100, 7101, 7102
CONF = f"""\
127.0.0.1:echo stream tcp nowait root internal
127.0.0.1:{REFUSED} stream tcp nowait root {dir}/nobody nobody x
127.0.0.1:{OTHER} stream tcp nowait root {dir}/other other x
"""
ALLOW = "echo, other: 127.\n"
DENY = "ALL: ALL\n"
KINDS = {ECHO: ("-s", "hello\n", "-r", "hello\n"), REFUSED: ("-r", "")}


def vm_rss_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(f"no VmRSS of {pid}")


class Loaded(stage.Stage):
    """An inetd that logs into a socket which bench/load reads."""

    def __init__(self):
        if not (BUILD / "bench/load").exists():
            raise Skip("bench/load is not built (meson configure -Dtests=true)")
        super().__init__(BUILD, dir)
        for name, text in {"hosts.allow": ALLOW, "hosts.deny": DENY}.items():
            pathlib.Path("/etc", name).write_text(text)
        path = pathlib.Path("/etc/services")
        path.write_text(f"echo {ECHO}/tcp\n" + path.read_text())
        for name in ("nobody", "other"):
            (dir / name).symlink_to("/bin/echo")
        pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("10000 65000")
        conf = dir / "load.conf"
        conf.write_text(CONF)
        self.inetd = self.start([dir / "inetd", "-f", "-R", "0", "-p", "none", conf], OTHER)
        self.pid = self.inetd.pid

    def end(self):
        self.inetd.terminate()
        equal(self.inetd.wait(WAIT_SECONDS), 0)

    def state(self):
        """Descriptors, children (zombies are some), kB."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return len(os.listdir(f"/proc/{self.pid}/fd")), len(children), vm_rss_kb(self.pid)

    def at_rest(self):
        until(lambda: self.state()[1] == 0, "no child and no zombie is left")
        return self.state()

    def load(self, port, *amount):
        """(connections, seconds), while another service goes on."""
        slowest = 0
        with subprocess.Popen([BUILD / "bench/load", "-c", str(CLIENTS), "-a", str(SOURCES), *amount,
                               *KINDS[port], str(port)], stdin=self.log, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as load:
            while load.poll() is None:
                begin = time.monotonic()
                equal(tcp(OTHER), "x\n")
                slowest = max(slowest, time.monotonic() - begin)
                time.sleep(0.25)
            said, trouble = load.communicate()
        equal((load.returncode, trouble), (0, ""))
        print(f"# a client of another service waited {slowest * 1e3:.0f} ms at most")
        equal(slowest < PATIENCE_SECONDS, True)
        words = said.split()
        return int(words[0]), int(words[1]) / 1e9

    def hold(self, port, *amount):
        """Nothing is left of the load. Connections a second."""
        self.load(port, "-p", str(PER_SECOND), "-t", str(WARM_SECONDS))
        before = self.at_rest()
        connections, seconds = self.load(port, *amount)
        after = self.at_rest()
        print(f"# {connections} connections, {connections / seconds:.0f} a second; descriptors {before[0]} "
              f"and {after[0]}, kB {before[2]} and {after[2]}")
        equal(after[:2], before[:2])
        equal(after[2] - before[2] <= GROWTH_KB_MAX, True)
        return connections / seconds

    def hold_rate(self, port, seconds):
        rate = self.hold(port, "-p", str(PER_SECOND), "-t", str(seconds))
        if rate < PER_SECOND * 0.99:
            raise Skip(f"nothing is left, but this machine reaches only {rate:.0f} a second")


def run(seconds, refusals=0):
    """The tests; refusals: as fast as they go."""
    loaded = Loaded()

    @test(f"echo: 10,000 a second for {seconds} s")
    def _():
        loaded.hold_rate(ECHO, seconds)

    @test(f"refused: 10,000 a second for {seconds} s")
    def _():
        loaded.hold_rate(REFUSED, seconds)

    if refusals:
        @test(f"{refusals} refusals")
        def _():
            loaded.hold(REFUSED, "-n", str(refusals))
    try:
        main()
    finally:
        loaded.end()
