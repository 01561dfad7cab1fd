"""The private corner in which the demonstration plays: mounts, loopback, log, daemons, clients.

Runs as the first process of its own mount, network and process namespaces; nothing done here
reaches the host, and nothing outlives this process."""
import ctypes
import fcntl
import os
import pathlib
import re
import shutil
import socket
import stat
import struct
import subprocess
import time

MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LISTENING = "0A"  # in /proc/net/tcp
WAIT_SECONDS = 5
FETCH_SECONDS = 240

libc = ctypes.CDLL(None, use_errno=True)


class Trouble(Exception):
    """The show cannot go on; the text says why."""


def mount(source, target, kind=None, flags=0):
    words = [None if w is None else os.fsencode(str(w)) for w in (source, target, kind)]
    if libc.mount(*words, flags, None) != 0:
        raise Trouble(f"cannot mount {target}: {os.strerror(ctypes.get_errno())}")


def copy_tree(source, target):
    """Files and links that we may read; all else is not needed."""
    for folder, folders, files in os.walk(source):
        place = target / os.path.relpath(folder, source)
        place.mkdir(exist_ok=True)
        for name in files + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            path = os.path.join(folder, name)
            try:
                if os.path.islink(path):
                    os.symlink(os.readlink(path), place / name)
                elif stat.S_ISREG(os.lstat(path).st_mode):
                    shutil.copy2(path, place / name)
            except PermissionError:
                pass


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def private_dev(dev):
    """A /dev with a log of our own in it."""
    dev.mkdir()
    mount("tmpfs", dev, "tmpfs")
    for name in filter(lambda n: os.path.exists(f"/dev/{n}"), DEVICES):
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, None, MS_BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (dev / name).symlink_to(f"/proc/self/fd{target}")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(dev / "log"))
    mount(dev, "/dev", None, MS_BIND | MS_REC)
    return log


class Stage:
    """Set up by making one."""

    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        copy_tree("/etc", scratch / "etc")
        mount(scratch / "etc", "/etc", None, MS_BIND)
        self.log = private_dev(scratch / "dev")
        mount("tmpfs", "/run", "tmpfs")
        loopback_up()

    # ---- daemons ----

    def start(self, command, port, env=None):
        """Start a daemon and wait until it listens."""
        child = subprocess.Popen(command, env={**os.environ, **(env or {})}, cwd="/",
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        deadline = time.monotonic() + WAIT_SECONDS
        while not listens(port):
            if child.poll() is not None:
                raise Trouble(f"{command[0]} ended: {child.stderr.read().decode(errors='replace')}"
                              f"{' '.join(self.log_lines(0))}")
            if time.monotonic() > deadline:
                raise Trouble(f"{command[0]} does not listen on port {port}")
            time.sleep(0.01)
        return child

    def start_inetd(self, port, server):
        """Our inetd, with our tcpd in front of a server."""
        tcpd, conf = pathlib.Path("/run/tcpd"), pathlib.Path("/run/inetd.conf")
        tcpd.symlink_to(self.build / "src/cmd/tcpd/tcpd")
        conf.write_text(f"{port} stream tcp nowait root {tcpd} {server}\n")
        self.start([self.build / "src/cmd/inetd/inetd", "-f", "-p", "none", conf], port)
        return conf.read_text().strip()

    def fetched(self):
        """Where the Debian packages are unpacked, once the download is over."""
        deadline = time.monotonic() + FETCH_SECONDS
        while not (self.scratch / "fetched").exists():
            if time.monotonic() > deadline:
                raise Trouble("the download takes too long")
            time.sleep(0.05)
        status, said = (self.scratch / "fetched").read_text().splitlines()
        if status != "0":
            raise Trouble(said)
        return pathlib.Path(said)

    # ---- clients ----

    def visit(self, client, port):
        """Connect from an address; what came until the server closed, or said a line of greeting."""
        family = socket.AF_INET6 if ":" in client else socket.AF_INET
        with socket.socket(family) as s:
            s.settimeout(WAIT_SECONDS)
            s.bind((client, 0))
            s.connect(("::1" if ":" in client else "127.0.0.1", port))
            got = b""
            while piece := s.recv(4096):
                got += piece
                if got.startswith(b"SSH-") and b"\n" in got:
                    break
        return got.decode(errors="replace")

    def log_lines(self, seconds):
        """Lines that arrive within that time, as a log file would show them, less date and host."""
        deadline = time.monotonic() + seconds
        while True:
            self.log.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                line = self.log.recv(65536).decode(errors="replace").rstrip("\n\0")
            except (TimeoutError, BlockingIOError):
                return
            yield re.sub(r"^<\d+>(\w{3} [ \d]\d [\d:]{8} )?", "", line)

    def log_of(self, client):
        """The line about a client."""
        for line in self.log_lines(WAIT_SECONDS):
            if re.search(rf"(?<![\w.:]){re.escape(client)}(?![\w.:])", line):
                return line
        return None

    def judge(self, daemon, client):
        """(verdict, FILE:LINE) of the same engine, on the same tables, for the same client."""
        asked = subprocess.run([self.build / "src/cmd/judge/judge", "/etc/hosts.allow",
                                "/etc/hosts.deny", daemon, client], capture_output=True, text=True)
        if asked.returncode != 0:
            raise Trouble(f"judge: {asked.stderr}")
        return asked.stdout.split()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def listens(port):
    for table in ("tcp", "tcp6"):
        path = pathlib.Path(f"/proc/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            local, state = line.split()[1], line.split()[3]
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                return True
    return False
