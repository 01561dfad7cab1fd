#!/usr/bin/env python3
# timeout: 90
"""An inetd that lacks something, clients that storm and services that misbehave: who is not concerned is
served as ever, nobody spins, and what was lacking is used within a second of its return."""
import collections
import contextlib
import ctypes
import errno
import fcntl
import os
import pathlib
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from inetd_lab import *  # noqa: E402
import notify_lab  # noqa: E402

SIOCADDRT = 0x890B
ACCEPT, PROCESS, MEMORY = "accept", "process", "memory"
STARVED_SECONDS = 0.7  # is inetd watched for while it lacks something
CPU_MAX = 0.2
RECOVERY_SECONDS = 1
PATIENCE_SECONDS = 1  # of whoever is not concerned

ECHO, OTHER, WAITING = 7001, 7002, 7003  # WAITING: a wait service, whose server is there already
crash = dir / "crash"
crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
crash.chmod(0o755)
answer = script("answer", """import socket
s = socket.socket(fileno=0)
while True:
    data, client = s.recvfrom(100)
    s.sendto(data, client)""")
CONF = f"""\
127.0.0.1:{ECHO} stream tcp nowait root /bin/echo echo x
127.0.0.1:{OTHER} stream tcp nowait root /bin/echo echo x
127.0.0.1:{WAITING} dgram udp wait root {answer}
"""


def cpu_seconds(pid):
    return time.clock_gettime(~pid << 3 | 2)  # CPUCLOCK_SCHED, of the process


@contextlib.contextmanager
def frugal(inetd, seconds=STARVED_SECONDS):
    """What is done in here takes inetd less than a fifth of the time, and the time is that long."""
    begin, before = time.monotonic(), cpu_seconds(inetd.pid)
    yield
    time.sleep(max(seconds - (time.monotonic() - begin), 0))
    part = (cpu_seconds(inetd.pid) - before) / (time.monotonic() - begin)
    print(f"# {part:.1%} of a processor")
    equal(part <= CPU_MAX, True)


def troubles(inetd):
    return [line for line in inetd.log().splitlines() if "cannot" in line]


def soon(ask, want="x\n", seconds=PATIENCE_SECONDS):
    begin = time.monotonic()
    equal(ask(), want)
    took = time.monotonic() - begin
    if took > seconds:
        raise AssertionError(f"answered after {took:.2f} s")


def knock(port=ECHO):
    return socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)


def recovered(clients, lost_max=0):
    """Those in the queue are served, and a new one, within a second of now. Lost are those whom inetd
    took out of the queue while it did not know yet."""
    begin, lost = time.monotonic(), 0
    for s in clients:
        with s:
            lost += read_all(s) != b"x\n"
    equal(tcp(ECHO), "x\n")
    took = time.monotonic() - begin
    print(f"# recovered after {took * 1e3:.0f} ms, {lost} lost")
    equal((took <= RECOVERY_SECONDS, lost <= lost_max), (True, True))


class Ended(Inetd):
    """With whatever it has started: a server of one test must not keep a port from the next."""

    def __exit__(self, *what):
        started = [pid for pid, _ in self.children()]
        super().__exit__(*what)
        for pid in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(is_alive, started)), "its servers have ended")


def is_alive(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return "\nState:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    return False


class Starved(Ended):
    """Calls of an inetd that fail; what it starts is not starved. The calls really fail, in the kernel,
    whoever makes them and by whatever wrapper."""

    CALLS = {ACCEPT: {"accept4"}, PROCESS: {"clone", "clone3", "fork", "vfork"}, MEMORY: {"mmap", "brk"}}

    def __init__(self, conf):
        if reason := notify_lab.why_not():
            raise Skip(reason)
        self.errors, self.left, self.counts = {}, {}, collections.Counter()
        ours, theirs = socket.socketpair()

        def install():
            socket.send_fds(theirs, [b"x"], [notify_lab.install(set.union(*self.CALLS.values()))])
        # Python makes such calls too before it becomes inetd: they are answered by then.
        threading.Thread(target=self.answer, args=(ours,), daemon=True).start()
        super().__init__(conf, "-R", "0", preexec_fn=install)

    def answer(self, link):
        listener = notify_lab.Listener(socket.recv_fds(link, 1, 1)[1][0])
        listener.decide = self.decide
        poll = select.poll()
        poll.register(listener.fd, select.POLLIN)
        while not poll.poll()[0][1] & select.POLLHUP:
            listener.answer()
        os.close(listener.fd)

    def decide(self, pid, call):
        for what, error in list(self.errors.items()):
            if call.name in self.CALLS[what] and pid == self.pid and self.left[what] > 0:
                self.left[what] -= 1
                self.counts[what] += 1
                return error
        return None

    def lack(self, what, error, times=float("inf")):
        self.left[what] = times
        self.errors[what] = error

    def failed(self, what):
        return self.counts[what]

    def relieve(self, what):
        del self.errors[what]


# ---- what inetd lacks ----

@test("EMFILE: who has a server already is not concerned, and inetd recovers")
def _():
    with Ended(CONF, "-R", "0") as inetd:
        soon(lambda: udp(WAITING, "x"), "x")
        limits = inetd.take_descriptors()
        clients = [knock() for _ in range(20)]
        with frugal(inetd):
            inetd.wait_log("cannot accept a client: Too many open files")
            soon(lambda: udp(WAITING, "x"), "x")
        resource.prlimit(inetd.pid, resource.RLIMIT_NOFILE, limits)
        recovered(clients)


def lacking(what, error, work):
    @test(f"cannot {work}, by {errno.errorcode[error]}: the same")
    def _():
        with Starved(CONF) as inetd:
            soon(lambda: udp(WAITING, "x"), "x")
            inetd.lack(what, error)
            clients = [knock() for _ in range(20)]
            with frugal(inetd):
                until(lambda: inetd.failed(what) > 0, "a call that fails")
                soon(lambda: udp(WAITING, "x"), "x")
            print(f"# {inetd.failed(what)} calls")
            equal(inetd.log().count(f"cannot {work}"), 1)
            inetd.relieve(what)
            recovered(clients, lost_max=5 if what == PROCESS else 0)


for error in (errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
    lacking(ACCEPT, error, "accept a client")
for error in (errno.EAGAIN, errno.ENOMEM):
    lacking(PROCESS, error, "make a process for a client")


@test("ECONNABORTED: many clients that have gone are no matter to those that follow")
def _():
    with Starved(CONF) as inetd:
        inetd.lack(ACCEPT, errno.ECONNABORTED, 500)
        soon(lambda: tcp(ECHO), "x\n")
        until(lambda: inetd.failed(ACCEPT) == 500, "500 calls that fail")
        equal(troubles(inetd), [])


@test("an accept that fails for ever, by an error that nobody has heard of, is no reason to spin")
def _():
    with Starved(CONF) as inetd:
        inetd.lack(ACCEPT, errno.EPERM)
        clients = [knock()]
        with frugal(inetd):
            until(lambda: inetd.failed(ACCEPT) > 0, "a call that fails")
        inetd.relieve(ACCEPT)
        recovered(clients)


@test("no memory: clients wait or are turned away, and inetd recovers")
def _():
    with Starved(CONF) as inetd:
        soon(lambda: udp(WAITING, "x"), "x")
        inetd.lack(MEMORY, errno.ENOMEM)
        sleepers = []
        try:
            with frugal(inetd):
                sleepers += [knock() for _ in range(100)]
                soon(lambda: udp(WAITING, "x"), "x")
        finally:
            for s in sleepers:
                s.close()
        inetd.relieve(MEMORY)
        recovered([])


# ---- storms ----

def route(network):
    """Through loopback: there is nobody, but replies have a way to go."""
    def address(text):
        return struct.pack("=H2x4s8x", socket.AF_INET, socket.inet_aton(text))
    name = ctypes.create_string_buffer(b"lo")
    request = struct.pack("@L16s16s16sHhLPhPLLH", 0, address(network), address("0.0.0.0"),
                          address("255.0.0.0"), 1, 0, 0, 0, 0, ctypes.addressof(name), 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCADDRT, request)


def syn(source, port, destination="127.0.0.1"):
    """A packet that asks for a connection, from an address where nobody answers."""
    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        total = (total >> 16) + (total & 0xFFFF)
        return ~(total + (total >> 16)) & 0xFFFF
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    words = (1024 + hash(source) % 60000, port, hash(source) & 0xFFFFFFFF, 0, 5 << 4, 2, 64240)
    tcp_head = struct.pack("!HHIIBBHHH", *words, 0, 0)
    tcp_head = struct.pack("!HHIIBBHHH", *words, checksum(
        ends + struct.pack("!BBH", 0, 6, len(tcp_head)) + tcp_head), 0)
    return struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ends + tcp_head


@test("half-open connections by the thousand cost inetd nothing; others are served beside them")
def _():
    with Ended(CONF, "-R", "0") as inetd:
        route("10.0.0.0")
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw, frugal(inetd):
            for i in range(5000):
                raw.sendto(syn(f"10.9.{i >> 8}.{i & 255}", ECHO), ("127.0.0.1", 0))
            half = [line for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()
                    if line.split()[3] == "03"]
            print(f"# {len(half)} are half open")
            equal(len(half) > 0, True)
            for port in (OTHER, ECHO):
                soon(lambda: tcp(port), "x\n")
        soon(lambda: tcp(ECHO), "x\n")


@test("clients that come and say nothing, and those that go at once, keep nobody waiting")
def _():
    silent = script("silent", "import sys; sys.stdin.read()")
    with Ended(CONF + f"127.0.0.1:7005 stream tcp nowait root /bin/cat cat\n"
               f"127.0.0.1:7006 stream tcp nowait root {silent}\n", "-R", "0") as inetd:
        before = inetd.sockets()
        with contextlib.ExitStack() as held:
            with frugal(inetd, 1):
                for _ in range(100):
                    held.enter_context(knock(7005))
                    s = knock(7005)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    s.close()
                soon(lambda: tcp(ECHO), "x\n")
        until(lambda: not inetd.children() and inetd.sockets() == before, "nothing is left")


# ---- services that misbehave ----

@contextlib.contextmanager
def hammered(port, clients=3):
    """By clients that come one after the other."""
    ended = threading.Event()

    def client():
        while not ended.is_set():
            with contextlib.suppress(OSError):
                tcp(port)
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@test("a service that crashes at once: the others are served, and nothing is left of it")
def _():
    with Ended(CONF + f"127.0.0.1:7005 stream tcp nowait root {crash}\n", "-R", "0") as inetd:
        before = inetd.sockets()
        with hammered(7005):
            for _ in range(5):
                soon(lambda: tcp(ECHO), "x\n")
                time.sleep(0.1)
        until(lambda: not inetd.children() and inetd.sockets() == before, "nothing is left")
        crashes = inetd.log().count("was ended by signal 11")
        print(f"# {crashes} crashes")
        equal(crashes >= 5, True)


@test("a wait server that crashes at once, its datagram still there: no spinning, the others are served")
def _():
    with Ended(CONF + f"127.0.0.1:7005 dgram udp wait root {crash}\n", "-R", "30") as inetd:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, frugal(inetd, 1):
            s.sendto(b"x", ("127.0.0.1", 7005))
            soon(lambda: tcp(ECHO), "x\n")
            soon(lambda: udp(WAITING, "x"), "x")


@test("servers that never read their datagrams: no spinning, the others are served")
def _():
    with Ended(CONF + "127.0.0.1:7005 dgram udp nowait root /bin/sleep sleep 5\n"
               "127.0.0.1:7006 dgram udp wait root /bin/sleep sleep 5\n"
               "127.0.0.1:7007 dgram udp nowait root /bin/true\n", "-R", "0") as inetd:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, frugal(inetd):
            for port in (7005, 7006, 7007):
                for _ in range(10):
                    s.sendto(b"x", ("127.0.0.1", port))
            soon(lambda: tcp(ECHO), "x\n")
            soon(lambda: udp(WAITING, "x"), "x")


def holders(program):
    """Processes that run a script."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if str(program).encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


@test("servers that leave somebody behind who holds their sockets: the services go on")
def _():
    left = script("left", """import os, socket, sys, time
if os.fork() == 0:
    time.sleep(60)
    os._exit(0)
s = socket.socket(fileno=0)
if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
    s.accept()[0].sendall(b"x\\n")
else:
    s.sendall(b"x\\n")""")
    with Ended(CONF + f"127.0.0.1:7005 stream tcp nowait root {left}\n"
               f"127.0.0.1:7006 stream tcp wait root {left}\n", "-R", "0") as inetd:
        before = inetd.sockets()
        try:
            for _ in range(3):
                for port in (7005, 7006):
                    with knock(port) as s:
                        soon(lambda: s.recv(10), b"x\n")
            soon(lambda: tcp(ECHO), "x\n")
            until(lambda: not inetd.children(), "no child is left")
            equal((inetd.sockets(), len(holders(left))), (before, 6))
            equal(troubles(inetd), [])
        finally:
            for pid in holders(left):
                os.kill(pid, signal.SIGKILL)


main()
