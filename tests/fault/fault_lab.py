"""A laboratory for faults: drives tests/fault/failing, which decides by odd tables and with calls
that fail; the same under AddressSanitizer; a corner of the machine for tcpd. Imported by the tests
here; files and TAP come from tests/compat/rig.py."""
import ctypes
import fcntl
import multiprocessing
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
import rig  # noqa: E402 - the neighbour's
from rig import BUILD, ROOT, Tap  # noqa: E402,F401 - for the tests

DRIVER = BUILD / "tests/fault/failing"
MODES = {"none": b"", "classic": b"#!tcpwrap classic\n", "modern": b"#!tcpwrap modern\n"}
ORDER = {"R": 0, "T": 1, "G": 2}  # verdicts, the narrowest first
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND_ALL, MS_REC_PRIVATE = 0x5000, 0x44000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
LATE_SECONDS = 10


# ---- decisions ----

class Point:
    """One decision by the driver (run_point in failing.c)."""

    def __init__(self, line):
        words = line.rstrip("\n").split("\t")
        self.nth, self.reached, self.end, self.verdicts = int(words[0]), words[1] == "1", words[2], words[3]
        self.descriptors, self.children, self.grown = map(int, words[4:7])
        self.microseconds, self.pauses, self.kilobytes = map(int, words[7:10])
        self.errno_kept, self.mask_kept = words[10] == "1", words[11] == "1"
        self.made, self.client = set(words[12].split()), words[13]
        self.logs = [text for text in words[14].split("\x1f") if text]

    def verdict(self, before=0):
        """R, T or G; what else happened to the process, if that is what happened."""
        if self.end == "twisted":
            return "T"
        return self.verdicts[before] if self.end == "returned" else self.end


class Driver:
    """A running driver with one library in it. Use as a context manager."""

    def __init__(self, library=rig.OURS, pass_fds=()):
        self.child = subprocess.Popen([DRIVER, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, encoding="latin-1", pass_fds=pass_fds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def points(self, **job):
        """The points of a job: keys as failing/job.h has them. Without `fail` there is one."""
        text = "".join(f"{key} {value}\n" for key, value in job.items() if value not in ("", None))
        self.child.stdin.write(text + "go\n")
        self.child.stdin.flush()
        found = []
        for line in iter(self.child.stdout.readline, "end\n"):
            if not line:
                raise RuntimeError(f"the driver is gone (status {self.child.wait()}) at:\n{text}")
            found.append(Point(line))
        return found

    def decide(self, **job):
        return self.points(**job)[0]


def need_driver():
    if not DRIVER.exists():
        print(f"1..0 # SKIP {DRIVER} is not built (a sanitizer's build has none)")
        sys.exit(0)


class Scratch(rig.Scratch):
    """Files that look old, where anybody may read them."""

    def __init__(self):
        super().__init__()
        os.chmod(self.dir, 0o755)


class Sanitized(rig.Probe):
    """Our library under AddressSanitizer and UBSan, as tools/check builds it; `reason` when it did not."""

    def __init__(self):
        library = BUILD / "asan/src/libwrap/libwrap.so.0"
        super().__init__(library)  # one process for all: forking one of that size takes long
        found = subprocess.run(["sh", "-c", "gcc -print-file-name=libasan.so"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        preload = found.stdout.strip()
        self.env.update(LD_PRELOAD=preload, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="halt_on_error=1")
        self.reason = None if library.exists() else "there is no build/asan (tools/check makes one)"
        if self.reason is None and not os.path.isabs(preload):
            self.reason = "gcc has no libasan.so"

    def end(self):
        """Its status; a leak is one."""
        self.child.stdin.close()
        self.child.stdout.close()
        return self.child.wait()


# ---- tcpd, in a corner of the machine ----

class Corner:
    """Namespaces with an /etc that holds two tables at most, and a /dev with null, zero and a log."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, folder):
        self.etc, self.dev = folder / "etc", folder / "dev"
        self.enter()
        self.etc.mkdir()
        self.dev.mkdir()
        for device in ("null", "zero"):
            (self.dev / device).touch()
            self.bind(f"/dev/{device}", self.dev / device)
        self.bind(self.etc, "/etc")
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(str(self.dev / "log"))
        self.log.settimeout(0)
        self.bind(self.dev, "/dev")
        self.libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None)  # where refusals are counted

    def enter(self):
        uid, gid, is_root = os.getuid(), os.getgid(), os.geteuid() == 0
        if self.libc.unshare(CLONE_NEWNS | CLONE_NEWNET | (0 if is_root else CLONE_NEWUSER)) != 0:
            raise OSError(ctypes.get_errno(), "no namespaces here")
        if not is_root:
            pathlib.Path("/proc/self/setgroups").write_text("deny")
            pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
        self.libc.mount(None, b"/", None, MS_REC_PRIVATE, None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))

    def bind(self, source, target):
        if self.libc.mount(str(source).encode(), str(target).encode(), None, MS_BIND_ALL, None) != 0:
            raise OSError(ctypes.get_errno(), f"mount on {target}")

    def set_tables(self, **makers):
        """allow, deny: who makes the file of a path, or None."""
        for table, make in makers.items():
            path = pathlib.Path(f"/etc/hosts.{table}")
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            path.unlink(missing_ok=True)
            if make:
                make(str(path))

    def lines(self):
        """What was logged since, without priority, time and process."""
        found = []
        while True:
            try:
                line = self.log.recv(8192).decode("latin-1")
            except BlockingIOError:
                return found
            found.append(re.sub(r"^<\d+>.{15} \S+?\[\d+\]: ", "", line))

    def connect(self, say=b"", reset=False):
        """A client of tcpd, which guards a service. The client says something and ends, or resets the
        connection before tcpd looks. What it got (None after a reset), what the service read (None: there
        was none), tcpd's status, the log, seconds."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname(), timeout=LATE_SECONDS)
            server, _ = listener.accept()
        client.sendall(say)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        else:
            client.shutdown(socket.SHUT_WR)
        heard = self.dev / "heard"
        heard.unlink(missing_ok=True)
        start = time.monotonic()
        tcpd = subprocess.Popen(["/bin/sh", "-c", "cat >/dev/heard; echo in"], stdin=server, stdout=server,
                                executable=BUILD / "src/cmd/tcpd/tcpd", stderr=subprocess.DEVNULL)
        server.close()
        got = None if reset else receive_all(client)
        status = tcpd.wait(LATE_SECONDS)
        served = heard.read_bytes() if heard.exists() else None
        return got, served, status, self.lines(), time.monotonic() - start


def receive_all(client):
    with client:
        got = b""
        while piece := client.recv(4096):
            got += piece
        return got


def in_corner(work):
    """work(Corner) in a process of its own, and what it returned: (answer, None), or (None, why not)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tcpwrap-fault-"))
    folder.chmod(0o755)
    try:
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.apply(corner_main, (work, folder))
    finally:
        # Of the mounts in there nothing is left, as their process has ended.
        shutil.rmtree(folder, ignore_errors=True)


def corner_main(work, folder):
    try:
        corner = Corner(folder)
    except OSError as reason:
        return None, str(reason)
    return work(corner), None
