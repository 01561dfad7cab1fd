"""The private corner in which servers are measured: that of make demo (tools/demo.d/stage.py), with
Debian's packages as if they were installed, the same tables for all, bench/load, and what a tree of
processes has cost."""
import argparse
import collections
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common import ROOT, SKIP, fetched

sys.path.insert(0, str(ROOT / "tools/demo.d"))
import stage  # noqa: E402
from stage import Trouble  # noqa: E402,F401 - for the benches

WAIT_SECONDS = 10
LOG_QUEUE = 512  # datagrams, as systemd has it
UNLIMITED = 10**6  # connections a minute; openbsd-inetd stops a service after 256, unless told

# Ten rules, of which a granted client meets seven and a refused one all.
ALLOW = """\
# who may use the services of this host
sshd: 192.0.2.0/255.255.255.0, [2001:db8::]/32
sshd: 198.51.100.7 EXCEPT 198.51.100.8
vsftpd: .example.org EXCEPT guest.example.org
in.telnetd, in.rlogind: 10. 172.16.
in.tftpd: LOCAL
imapd, ipop3d: ALL EXCEPT 203.0.113.0/255.255.255.0
hello, echo, discard, daytime: 127.0.0.1
rpcbind: 192.168.
"""
DENY = """\
in.fingerd: ALL: DENY
ALL: ALL
"""
NSSWITCH = "hosts: files dns\nprotocols: db files\n"  # as on any Debian

Load = collections.namedtuple("Load", "connections seconds lines p50 p99 worst")  # in seconds


def cpu_seconds(pid):
    """Of a running process, without its children, to the nanosecond."""
    clock = ctypes.c_int()
    if stage.libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise Trouble(f"no CPU clock of process {pid}")
    return time.clock_gettime(clock.value)


def children(pid, zombies=True):
    found = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            found += int(parent) == pid and (zombies or state != "Z")
    return found


class Corner(stage.Stage):
    def __init__(self, build, scratch, debian):
        with contextlib.suppress(OSError):  # or a log that is full loses lines, of some more than others
            pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").write_text(str(LOG_QUEUE))
        super().__init__(build, scratch)
        self.debian = debian
        self.write({"/etc/hosts.allow": ALLOW, "/etc/hosts.deny": DENY,
                    "/etc/nsswitch.conf": NSSWITCH})
        self.install_debian()

    def write(self, files):
        for path, text in files.items():
            pathlib.Path(path).write_text(text)

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
            raise Trouble(f"Debian's tcpd does not find its libraries: {listed}")

    def stop(self, server, zombies=True):
        """Once it has waited for all its children; CPU seconds of all of them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while children(server.pid, zombies) > 0:
            if time.monotonic() > deadline:
                raise Trouble(f"what {server.args[0]} has started does not end")
            time.sleep(0.005)
        server.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(server.pid, 0)
        server.returncode = os.waitstatus_to_exitcode(status)
        server.stderr.close()
        return usage.ru_utime + usage.ru_stime

    def load(self, port, **options):
        """bench/load at work: its options by letter."""
        words = [word for letter, value in options.items() for word in (f"-{letter}", str(value))]
        return subprocess.Popen([self.build / "bench/load", *words, str(port)], stdin=self.log,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, load):
        said, trouble = load.communicate()
        if load.returncode != 0:
            raise Trouble(f"the clients were not served as they should: {trouble.strip()}")
        numbers = [int(word) for word in said.split()]
        return Load(numbers[0], numbers[1] / 1e9, numbers[2], *(n / 1e9 for n in numbers[3:]))


def private_corner():
    """The command that enters one; or (None, why not)."""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    if not shutil.which("unshare"):
        return None, "no unshare here"
    tried = subprocess.run(command + ["true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    if tried.returncode != 0:
        return None, f"no private namespace here: {tried.stderr.strip()}"
    return command, None


def enter(parser, needed, packages, inside):
    """The exit status of inside(args), called in a corner with args.corner and args.debian."""
    for hidden in ("--corner", "--debian"):  # told to ourselves, once in the corner
        parser.add_argument(hidden, type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.corner and os.getpid() == 1:  # never among the host's own mounts
        try:
            return inside(args)
        except Trouble as trouble:
            sys.exit(f"{sys.argv[0]}: {trouble}")
    missing = [name for name in needed if not (args.build / name).exists()]
    if missing:
        sys.exit(f"{sys.argv[0]}: not built yet: {' '.join(missing)}")
    command, reason = private_corner()
    if reason:
        print(f"{pathlib.Path(sys.argv[0]).stem} is not measured: {reason}")
        return SKIP
    debian = fetched(*packages)
    with tempfile.TemporaryDirectory(prefix="tcpwrap-bench-") as folder:
        again = [sys.executable, "-B", *sys.argv, "--corner", folder, "--debian", debian]
        return subprocess.run(command + again, stdin=subprocess.DEVNULL).returncode
