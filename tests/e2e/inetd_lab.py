"""A laboratory for inetd: a network namespace with only loopback, a scratch directory, a running
inetd, clients. Imported by the tests 02NN-inetd-*.py; each runs wholly inside its own namespace, so
that any port is free and tests may run side by side."""
import atexit
import ctypes
import fcntl
import ipaddress
import os
import pathlib
import resource
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8913, 0x8914, 0x8916, 1
NOBODY = 65534
WAIT_SECONDS = 10
REAL_ROOT = os.geteuid() == 0

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
tests = []


class Skip(Exception):
    """Why a test cannot run here."""


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def enter_namespaces():
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNET | CLONE_NEWNS | (0 if REAL_ROOT else CLONE_NEWUSER)
    if libc.unshare(flags) != 0:
        skip_all(f"no namespaces here: {os.strerror(ctypes.get_errno())}")
    if not REAL_ROOT:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    libc.mount(None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE: what we mount stays ours
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
    return libc


libc = enter_namespaces()
dir = pathlib.Path(tempfile.mkdtemp(prefix="inetd-"))
dir.chmod(0o755)
atexit.register(shutil.rmtree, dir, ignore_errors=True)
binary = dir / "inetd"
shutil.copy(BUILD / "src/cmd/inetd/inetd", binary)


def bind_mount(source, target):
    if libc.mount(str(source).encode(), str(target).encode(), None, 4096, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount on {target}")


def private_etc():
    """Whatever the host's tables say, and whoever writes them: here are none, and a test may make some."""
    etc = dir / "etc.lab"
    subprocess.run(["cp", "-a", "/etc", etc], stderr=subprocess.DEVNULL)  # less what we may not read
    for table in ("hosts.allow", "hosts.deny"):
        (etc / table).unlink(missing_ok=True)
    bind_mount(etc, "/etc")


private_etc()


def add_ipv6(address):
    """To loopback."""
    packed = ipaddress.IPv6Address(address.partition("%")[0]).packed
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, packed + struct.pack("Ii", 128, socket.if_nametoindex("lo")))
    until(lambda: can_bind(address), f"{address} on loopback")
    return address


def can_bind(address):
    """A new address is tentative for a moment."""
    with socket.socket(socket.AF_INET6) as s:
        try:
            s.bind(socket.getaddrinfo(address, 0, socket.AF_INET6)[0][4])
        except OSError:
            return False
        return True


def script(name, body):
    """A server in Python; its path."""
    path = dir / name
    path.write_text(f"#!{sys.executable} -ISB\n{body}\n")
    path.chmod(0o755)
    return path


def build_guest(name, *words):
    """The program NAME.c of this folder, with our library in it; its path."""
    folder, library = pathlib.Path(__file__).resolve().parent, BUILD / "src/libwrap"
    path, include = dir / name, folder.parents[1] / "include"
    cc = shlex.split(os.environ.get("CC", "cc"))
    if not shutil.which(cc[0]):
        skip_all(f"no C compiler for {name}.c")
    done = subprocess.run(
        [*cc, "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-I",
         include, "-o", path, folder / f"{name}.c", library / "libwrap.so.0",
         f"-Wl,-rpath,{library}", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return path


def until(condition, what, seconds=WAIT_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s: {what}")


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


class Inetd:
    """A running `inetd -d`; its log is a file."""

    count = 0
    has_control = False  # a socket for inetctl

    def __init__(self, conf, *options, ready="sockets", **popen):
        Inetd.count += 1
        self.conf = dir / f"inetd{Inetd.count}.conf"
        self.log_path = dir / f"log{Inetd.count}"
        self.control = dir / f"control{Inetd.count}" if self.has_control else "none"
        if "--control" not in options:
            options = ("--control", self.control, *options)
        self.conf.write_text(conf)
        command = popen.pop("command", [])
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, binary, "-d", *options, self.conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, **popen)
        self.pid = self.process.pid
        if ready:
            self.wait_log(ready)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, text, times=1):
        def there():
            if self.log().count(text) >= times:
                return True
            if self.process.poll() is not None:
                raise AssertionError(f"inetd ended: {self.log()}")
            return False
        until(there, f"{text!r} in the log:\n{self.log()}")

    def reload(self, conf=None):
        if conf is not None:
            self.conf.write_text(conf)
        before = self.log().count("sockets:")
        self.process.send_signal(signal.SIGHUP)
        self.wait_log("sockets:", before + 1)

    def reload_fails(self, conf=None):
        if conf is not None:
            self.conf.write_text(conf)
            os.utime(self.conf, (1, 1))  # nobody is writing it just now
        before = self.log().count("stay as they are")
        self.process.send_signal(signal.SIGHUP)
        self.wait_log("stay as they are", before + 1)

    def sockets(self):
        """Numbers of descriptors that are sockets -> inodes."""
        found = {}
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.pid}/fd/{fd}")
            except FileNotFoundError:
                continue
            if target.startswith("socket:"):
                found[int(fd)] = int(target[8:-1])
        return found

    def take_descriptors(self):
        """None is left; the limits to give it back by."""
        limits = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        taken = set(map(int, os.listdir(f"/proc/{self.pid}/fd")))
        free = next(number for number in range(len(taken) + 1) if number not in taken)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (free, limits[1]))
        return limits

    def cpu_ticks(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def children(self):
        """(pid, state) of each child."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == self.pid:
                found.append((int(name), fields[0]))
        return found


def inode(port, table="tcp"):
    """Of the socket that listens on (or is bound to) a port."""
    for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        fields = line.split()
        listens = table.startswith("udp") or fields[3] == "0A"
        if listens and int(fields[1].rpartition(":")[2], 16) == port:
            return int(fields[9])
    return None


def read_all(s):
    data = b""
    while piece := s.recv(65536):
        data += piece
    return data


def tcp(port, host="127.0.0.1", send=b""):
    with socket.create_connection((host, port), WAIT_SECONDS) as s:
        if send:
            s.sendall(send)
        return read_all(s).decode()


def unix(path, send=b""):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(WAIT_SECONDS)
        s.connect(str(path))
        if send:
            s.sendall(send)
        return read_all(s).decode()


def udp(port, message, host="127.0.0.1", seconds=WAIT_SECONDS):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.sendto(message.encode(), (host, port))
        return s.recv(65536).decode()


def refused(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), WAIT_SECONDS):
            return False
    except ConnectionRefusedError:
        return True


def equal(got, want):
    if got != want:
        raise AssertionError(f"{got!r}, not {want!r}")


def test(what, need_root=False):
    """Register a function as one result. need_root: real root, not that of a user namespace."""
    def register(function):
        tests.append((what, function, need_root))
        return function
    return register


def main():
    print(f"1..{len(tests)}")
    failed = 0
    for number, (what, function, need_root) in enumerate(tests, 1):
        if need_root and not REAL_ROOT:
            print(f"ok {number} - {what} # SKIP needs root")
            continue
        try:
            function()
            print(f"ok {number} - {what}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {what} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {what}", flush=True)
    sys.exit(1 if failed else 0)
