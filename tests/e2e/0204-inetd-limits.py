#!/usr/bin/env python3
# seconds: 6
"""Too many clients, too few descriptors or processes, clients and servers that misbehave: inetd slows
down, says so, neither spins nor stops, and recovers."""
import os
import resource
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def listen(what, port=7001, wait="nowait", user="root"):
    return f"127.0.0.1:{port} stream tcp {wait} {user} {what}\n"


ECHO = "/bin/echo echo x"


def connect(port=7001):
    return socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)


def is_idle(inetd, seconds=1.0):
    """Does inetd use less than a tenth of the time?"""
    before = inetd.cpu_ticks()
    time.sleep(seconds)
    return inetd.cpu_ticks() - before < seconds * TICKS / 10


@test("at most N at once, the next one waits, others are not concerned, the port stays taken")
def _():
    with Inetd(listen(ECHO, wait="nowait.5") + listen(ECHO, 7002)) as inetd:
        equal([tcp(7001) for _ in range(5)], ["x\n"] * 5)
        inetd.wait_log("ended with status 0", 5)
        equal("starts a minute" in inetd.log(), False)
        with connect() as late:
            inetd.wait_log("7001/tcp: more than 5 starts a minute (clients wait)")
            late.settimeout(0.3)
            try:
                late.recv(1)
                raise AssertionError("served at once")
            except TimeoutError:
                pass
            equal(tcp(7002), "x\n")
            try:
                socket.create_server(("127.0.0.1", 7001), reuse_port=False)
                raise AssertionError("the port was given up")
            except OSError:
                pass
            equal(is_idle(inetd), True)
        equal(inetd.log().count("starts a minute"), 1)


@test("a slowed service goes on with its rate, and serves those who waited")
def _():
    with Inetd(listen(ECHO, wait="nowait.120")) as inetd:
        begin = time.monotonic()
        equal([tcp(7001) for _ in range(124)], ["x\n"] * 124)
        equal(1.9 < time.monotonic() - begin < WAIT_SECONDS, True)  # 4 more than 120: 2 s at least
        equal(inetd.log().count("started"), 124)


@test("-R is the rate of lines without one, 0 is none; the rate of wait counts starts")
def _():
    once = script("once", "import socket; socket.socket(fileno=0).accept()[0].sendall(b'w')")
    with Inetd(listen(ECHO) + listen(ECHO, 7002, "nowait.3") + listen(once, 7003, "wait.2"),
               "-R", "2") as inetd:
        equal([tcp(7001) for _ in range(2)] + [tcp(7002) for _ in range(3)], ["x\n"] * 5)
        equal([tcp(7003) for _ in range(2)], ["w"] * 2)
        waiting = [connect(port) for port in (7001, 7002, 7003)]
        for text in ("7001/tcp: more than 2 ", "7002/tcp: more than 3 ", "7003/tcp: more than 2 "):
            inetd.wait_log(text)
        for s in waiting:
            s.close()
    with Inetd(listen("/bin/true true"), "-R", "0") as inetd:
        begin = time.monotonic()
        for _ in range(400):
            tcp(7001)
        rate = 400 / (time.monotonic() - begin)
        print(f"# {rate:.0f} connections a second, one after the other")
        equal(rate > 200, True)
        equal("starts a minute" in inetd.log(), False)
        until(lambda: not inetd.children(), "no zombie")


@test("many clients at once, queued at first: each is served once, no zombie, no descriptor is left")
def _():
    with Inetd(listen(ECHO), "-R", "0") as inetd:
        before = inetd.sockets()
        inetd.process.send_signal(signal.SIGSTOP)
        clients = [connect() for _ in range(100)]
        inetd.process.send_signal(signal.SIGCONT)
        equal([read_all(s) for s in clients], [b"x\n"] * 100)
        for s in clients:
            s.close()
        equal(inetd.log().count("started"), 100)
        until(lambda: not inetd.children(), "no zombie")
        equal(inetd.sockets(), before)


@test("no descriptor left: inetd rests, says so once, and serves when there is one again")
def _():
    with Inetd(listen(ECHO)) as inetd:
        equal(tcp(7001), "x\n")
        limits = inetd.take_descriptors()
        with connect() as s:
            inetd.wait_log("7001/tcp: cannot accept a client: Too many open files (pausing")
            equal(is_idle(inetd), True)
            equal(inetd.log().count("cannot accept"), 1)
            resource.prlimit(inetd.pid, resource.RLIMIT_NOFILE, limits)
            equal(read_all(s), b"x\n")


def set_processes(inetd, limits):
    """As the user whose process it is: no capability is needed then."""
    pid = os.fork()
    if pid == 0:
        try:
            as_nobody()
            resource.prlimit(inetd.pid, resource.RLIMIT_NPROC, limits)
            os._exit(0)
        finally:
            os._exit(1)
    equal(os.waitpid(pid, 0)[1], 0)


@test("no process left: inetd rests, says so, and serves when there is one again", need_root=True)
def _():
    with Inetd(listen(ECHO, user="nobody"), preexec_fn=as_nobody) as inetd:
        equal(tcp(7001), "x\n")
        limits = resource.getrlimit(resource.RLIMIT_NPROC)
        set_processes(inetd, (0, limits[1]))
        with connect() as s:
            inetd.wait_log("7001/tcp: cannot make a process for a client: Resource temporarily un")
            equal(s.recv(1), b"")
        with connect() as s:
            equal(is_idle(inetd), True)
        set_processes(inetd, limits)
        until(lambda: tcp(7001) == "x\n", "service again")


@test("a client that has gone again, by a reset, is no matter")
def _():
    with Inetd(listen(ECHO)) as inetd:
        inetd.process.send_signal(signal.SIGSTOP)
        for _ in range(10):
            s = connect()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        inetd.process.send_signal(signal.SIGCONT)
        equal(tcp(7001), "x\n")
        until(lambda: not inetd.children(), "no zombie")


@test("a datagram that its server leaves unread is dropped, and no reason to spin")
def _():
    with Inetd("127.0.0.1:7001 dgram udp nowait root /bin/true\n"
               "127.0.0.1:7002 dgram udp nowait root /bin/sleep sleep 3\n") as inetd:
        for port in (7001, 7002):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(b"x", ("127.0.0.1", port))
        inetd.wait_log("7001/udp: server ended without reading its datagram (dropped)")
        equal(is_idle(inetd), True)
        equal(inetd.log().count("started"), 2)
        for pid, _ in inetd.children():
            os.kill(pid, signal.SIGKILL)
        inetd.wait_log("7002/udp: server ended without reading its datagram (dropped)")
        equal(inetd.log().count("started"), 2)


@test("a wait server that never reads is started once for a datagram, which is dropped then")
def _():
    with Inetd("127.0.0.1:7001 dgram udp wait root /bin/true\n") as inetd:
        for number in (1, 2):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(b"x", ("127.0.0.1", 7001))
            inetd.wait_log("7001/udp: server ended without reading its datagram (dropped)", number)
        equal(is_idle(inetd), True)
        equal(inetd.log().count("started"), 2)


@test("a wait server that never accepts is started again, but not without a pause")
def _():
    with Inetd(listen("/bin/true true", wait="wait")) as inetd:
        with connect():
            equal(is_idle(inetd, 1.0), True)
            equal(5 <= inetd.log().count("started") <= 55, True)


@test("a wait server that cannot be started is tried again after a second, and not at once")
def _():
    with Inetd("127.0.0.1:7001 dgram udp wait root /none\n" + listen("/nil", 7002, wait="wait")) as inetd:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, connect(7002):
            s.sendto(b"x", ("127.0.0.1", 7001))
            inetd.wait_log("/none: cannot execute")
            inetd.wait_log("/nil: cannot execute")
            equal(is_idle(inetd, 1.5), True)
            for server in ("/none", "/nil"):
                equal(1 <= inetd.log().count(f"{server}: cannot execute") <= 3, True)


@test("a server that shuts the listening socket down does not take the service with it")
def _():
    rude = script("rude", """import socket
s = socket.socket(fileno=0)
s.accept()[0].sendall(b"r")
s.shutdown(socket.SHUT_RDWR)""")
    with Inetd(listen(rude, wait="wait")) as inetd:
        equal(tcp(7001), "r")
        inetd.wait_log("ended with status 0")
        until(lambda: not refused(7001), "service again")
        equal(is_idle(inetd), True)


@test("a user who stops what is started for him stops his own service only", need_root=True)
def _():
    # His process is in the middle of becoming a server: the identity is his already, and inetd waits.
    # All of it in a process namespace of its own, where he may stop whatever he can.
    attacker = script("attacker", f"""import os, signal, time
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
end = time.monotonic() + 20
while time.monotonic() < end:
    for i in range(1000):
        try:
            os.kill(-1, signal.SIGSTOP)
        except ProcessLookupError:
            pass""")
    inetd = Inetd(listen("/bin/true true", user="nobody") + listen(ECHO, 7002), "-R", "0", command=[
        "unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c",
        f'{attacker} & exec "$0" "$@"'])
    try:
        end = time.monotonic() + 5
        hits = 0
        while hits < 3 and time.monotonic() < end:
            with connect():
                equal(tcp(7002), "x\n")
            hits = inetd.log().count("cannot be started, since its user stopped it")
        print(f"# {hits} hits")
        equal(tcp(7002), "x\n")
    finally:
        inetd.process.kill()
        inetd.process.wait()


main()
