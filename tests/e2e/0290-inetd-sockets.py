#!/usr/bin/env python3
"""Sockets: kinds, addresses that come later, sockets that were opened for inetd, and what it tells
its supervisor."""
# timeout: 60
import fcntl
import os
import pathlib
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

SO_BINDTODEVICE = 25
peer = script("peer", "import socket; s = socket.socket(fileno=0); s.sendall(s.getpeername()[0].encode())")
env = script("env", "import os, sys; sys.stdout.write(repr(sorted(os.environ)))")
shout = script("shout", """import socket
s = socket.socket(fileno=0)
data, peer = s.recvfrom(1000)
s.sendto(data.upper(), peer)""")
SIOCDIFADDR = 0x8936


def say(port, word, protocol="tcp4", kind="stream"):
    return f"{port} {kind} {protocol} nowait root /bin/echo echo {word}\n"


def drop_ipv6(address):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCDIFADDR, socket.inet_pton(socket.AF_INET6, address) +
                    struct.pack("Ii", 128, socket.if_nametoindex("lo")))


# Moves descriptors to 3 and on, as whoever starts a service does, and becomes inetd.
GIVE = """import fcntl, os, sys
fds = [int(fd) for fd in sys.argv[1].split(",") if fd]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
for to, fd in enumerate(high, 3):
    os.dup2(fd, to)
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[2]))
os.environ["LISTEN_FDNAMES"] = sys.argv[3]
os.execv(sys.argv[4], sys.argv[4:])"""


def given(conf, *sockets, names="", wrong=0, options=(), **more):
    fds = [s if isinstance(s, int) else s.fileno() for s in sockets]
    command = [sys.executable, "-ISBc", GIVE, ",".join(map(str, fds)), str(wrong), names]
    return Inetd(conf, *options, command=command, pass_fds=fds, **more)


def identity(s):
    return os.fstat(s.fileno()).st_ino


@test("seqpacket, as a service of its own kind")
def _():
    path = dir / "seq"
    with Inetd(say(path, "packet", "unix", "seqpacket")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(WAIT_SECONDS)
            s.connect(str(path))
            equal(s.recv(100), b"packet\n")
        equal(oct(path.lstat().st_mode), "0o140600")


@test("a path may change its kind")
def _():
    path = dir / "kind"
    with Inetd(say(path, "s", "unix")) as inetd:
        equal(unix(path), "s\n")
        inetd.reload(f"{path} dgram unix wait root {shout}\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.settimeout(WAIT_SECONDS)
            s.bind(str(dir / "kind-client"))
            s.sendto(b"hey", str(path))
            equal(s.recv(10), b"HEY")
        until(lambda: not inetd.children(), "the server's end")
        inetd.reload(say(path, "again", "unix"))
        equal(unix(path), "again\n")
    equal(path.exists(), False)


def block(name, *lines):
    return f"service {name}\n{{\n" + "".join(f"\t{text}\n" for text in (
        "wait = no", "user = root", *lines)) + "}\n"


def xinetd(*blocks, **more):
    return Inetd("defaults\n{\n}\n" + "".join(blocks), **more)


@test("several ports and addresses of one service; a name among them")
def _():
    services = dir / "services"
    services.write_text("lab 7001/tcp\nother 7002/tcp more\n")
    bind_mount(services, "/etc/services")
    with xinetd(block("lab", "socket_type = stream", "protocol = tcp4", "port = 7001 more 7003",
                      "bind = 127.0.0.1 127.0.0.2", f"server = {peer}")) as inetd:
        for host in "127.0.0.1", "127.0.0.2":
            equal([tcp(port, host) for port in (7001, 7002, 7003)], ["127.0.0.1"] * 3)
        equal(refused(7001, "127.0.0.3"), True)
        equal("6 sockets:" in inetd.log(), True)


@test("owner, group and mode of a unix socket, also when they change", need_root=True)
def _():
    path = dir / "owned"

    def owned(user, group, mode):
        return block(path, "socket_type = stream", "protocol = unix", f"socket_user = {user}",
                     f"socket_group = {group}", f"socket_mode = {mode}", "server = /bin/echo",
                     "server_args = u")

    def access():
        found = path.lstat()
        return found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)

    with xinetd(owned("nobody", "4711", "0660")) as inetd:
        before = path.lstat().st_ino
        equal(access(), (NOBODY, 4711, "0o660"))
        inetd.reload(owned("4712", "root", "0600"))
        equal((access(), path.lstat().st_ino, unix(path)), ((4712, 0, "0o600"), before, "u\n"))
        inetd.reload_fails(owned("nosuchuser", "root", "0666"))
        equal(access(), (4712, 0, "0o600"))


@test("bound to a device: only its clients, and another service beside it for all others")
def _():
    def on(device, name, port, word):
        return block(name, "socket_type = stream", "protocol = tcp4", f"port = {port}", f"id = {word}",
                     "type = UNLISTED", *device, "server = /bin/echo", f"server_args = {word}")

    with xinetd(on(["interface = lo"], "a", 7001, "lo"), on([], "b", 7001, "all")) as inetd:
        equal(tcp(7001), "lo\n")
        inetd.reload("defaults\n{\n}\n" + on([], "b", 7001, "all"))
        until(lambda: len(inetd.sockets()) == 1, "the other socket's end")
        equal(tcp(7001), "all\n")
        inetd.reload_fails("defaults\n{\n}\n" + on(["interface = none-such0"], "a", 7001, "x"))
        equal(tcp(7001), "all\n")


def tunnel(name):
    """A device that lives as long as the descriptor."""
    try:
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1001))  # TUNSETIFF
    except OSError as error:
        raise Skip(f"no device can be made here: {error}")
    return fd


@test("a device that was made anew is another one: a reload binds to it, or waits for it")
def _():
    device = tunnel("inetd7")
    conf = block("t", "socket_type = stream", "protocol = tcp4", "port = 7001", "type = UNLISTED",
                 "interface = inetd7", "server = /bin/echo") + \
        block("u", "socket_type = stream", "protocol = tcp4", "port = 7002", "type = UNLISTED",
              "server = /bin/echo", "server_args = u")
    with xinetd(conf) as inetd:
        before = inode(7001), inode(7002)
        inetd.reload()
        equal((inode(7001), inode(7002)), before)
        os.close(device)
        device = tunnel("inetd7")
        inetd.reload()
        equal((inode(7001) not in (None, before[0]), inode(7002)), (True, before[1]))
        os.close(device)
        inetd.reload()
        inetd.wait_log("cannot listen on 0.0.0.0 port 7001 on inetd7 again: No such device")
        device = tunnel("inetd7")
        inetd.wait_log("listening on 0.0.0.0 port 7001 on inetd7 at last")
        equal(tcp(7002), "u\n")
        os.close(device)


@test("free_bind: an address that comes later is listened on at once")
def _():
    address = "2001:db8::78"
    with xinetd(block("f", "socket_type = stream", "protocol = tcp6", "port = 7001", "type = UNLISTED",
                      f"bind = {address}", "free_bind = yes", "server = /bin/echo")) as inetd:
        equal("cannot listen" in inetd.log(), False)
        add_ipv6(address)
        equal(tcp(7001, address), "\n")
        drop_ipv6(address)


@test("an address that is not there yet is waited for, at the start and on reload")
def _():
    address = "2001:db8::77"
    conf = say(7002, "here")
    late = conf + f"[{address}]:" + say(7001, "late", "tcp6")
    with Inetd(late) as inetd:
        inetd.wait_log(f":2:16: warning: cannot listen on {address} port 7001 for '7001/tcp6': Cannot assign")
        equal(tcp(7002), "here\n")
        add_ipv6(address)
        inetd.wait_log(f"listening on {address} port 7001 at last")
        equal(tcp(7001, address), "late\n")
        inetd.reload(conf)
        drop_ipv6(address)
        inetd.reload(late)  # a state, and no error
        add_ipv6(address)
        inetd.wait_log(f"listening on {address} port 7001 at last", 2)
        equal(tcp(7001, address), "late\n")
        drop_ipv6(address)


@test("a special address beside the one that takes all: the kernel asks for no choice")
def _():
    with Inetd(say(7001, "all") + "127.0.0.2:" + say(7001, "special")) as inetd:
        equal((tcp(7001), tcp(7001, "127.0.0.2")), ("all\n", "special\n"))
        inetd.reload("127.0.0.2:" + say(7001, "special"))
        until(lambda: refused(7001), "no other address")
        equal(tcp(7001, "127.0.0.2"), "special\n")


@test("nobody of our user gets in beside us, and we get in beside nobody")
def _():
    with Inetd(say(7001, "ours")):
        for address in "0.0.0.0", "127.0.0.1":
            with socket.socket() as thief:
                thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                try:
                    thief.bind((address, 7001))
                    thief.listen()
                    raise AssertionError(f"a second process listens on {address}")
                except OSError:
                    pass
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("0.0.0.0", 7001))
        other.listen()
        with Inetd(say(7002, "b") + say(7001, "a")) as inetd:
            inetd.wait_log("cannot listen on 0.0.0.0 port 7001")
            equal(f"[{os.getpid()}] (it is tried again)" in inetd.log(), True)
            equal(tcp(7002), "b\n")


@test("sockets that were given are used where address and type fit, and kept on reload")
def _():
    conf = say(7001, "given") + say(dir / "g", "path", "unix") + f"7003 dgram udp4 wait root {shout}\n"
    with socket.create_server(("0.0.0.0", 7001)) as stream, socket.socket(socket.AF_UNIX) as path, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dgram:
        path.bind(str(dir / "g"))
        path.listen()
        dgram.bind(("0.0.0.0", 7003))
        stream.setblocking(False)
        inodes = sorted(map(identity, (stream, path, dgram)))
        with given(conf, stream, path, dgram, names="a:b:c") as inetd:
            for s in stream, path, dgram:
                s.close()
            equal(sorted(inetd.sockets().values()), inodes)
            for _ in range(2):
                equal((tcp(7001), unix(dir / "g"), udp(7003, "x")), ("given\n", "path\n", "X"))
                until(lambda: not inetd.children(), "the server's end")
                inetd.reload()
                equal(sorted(inetd.sockets().values()), inodes)
    equal((dir / "g").exists(), True)  # it is whose who made it


@test("one socket for both families, as systemd opens it, is that of tcp")
def _():
    both = socket.create_server(("::", 7001), family=socket.AF_INET6, dualstack_ipv6=True)
    with both, given(f"7001 stream tcp nowait root {peer}\n", both) as inetd:
        both.close()
        for _ in range(2):
            equal((tcp(7001), tcp(7001, "::1")), ("::ffff:127.0.0.1", "::1"))
            equal(len(inetd.sockets()), 1)
            inetd.reload()
        equal("cannot listen" in inetd.log(), False)


@test("of two sockets for one place the one with the service's name is taken")
def _():
    sockets = [socket.socket() for _ in range(2)]
    for s in sockets:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("0.0.0.0", 7001))
        s.listen()
    inode = identity(sockets[1])
    with given(say(7001, "named"), *sockets, names="x:7001") as inetd:
        for s in sockets:
            s.close()
        inetd.wait_log("descriptor 3 'x', bound to 0.0.0.0 port 7001, is of no service")
        equal(list(inetd.sockets().values()), [inode])
        equal(tcp(7001), "named\n")


@test("what fits no service is reported and closed; descriptors for another process are none of ours")
def _():
    with socket.create_server(("127.0.0.9", 7009)) as stray, open("/dev/null") as null:
        with given(say(7001, "a"), stray, null.fileno(), names="stray:null") as inetd:
            stray.close()
            inetd.wait_log("descriptor 3 'stray', bound to 127.0.0.9 port 7009, is of no service")
            inetd.wait_log("descriptor 4 'null' is no socket of a kind that services have: closed")
            equal((tcp(7001), refused(7009, "127.0.0.9")), ("a\n", True))
    with socket.create_server(("0.0.0.0", 7001)) as foreign:
        with given(say(7002, "b"), foreign, wrong=1) as inetd:
            foreign.close()
            equal((tcp(7002), refused(7001)), ("b\n", True))
            equal("descriptor" in inetd.log(), False)


@test("a dual socket is not taken for a line that says tcp6")
def _():
    both = socket.create_server(("::", 7001), family=socket.AF_INET6, dualstack_ipv6=True)
    with both, given(f"7001 stream tcp6 nowait root {peer}\n", both, ready="descriptor 3") as inetd:
        both.close()
        inetd.wait_log("listening on :: port 7001 at last")
        equal((tcp(7001, "::1"), refused(7001)), ("::1", True))


class Supervisor:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(WAIT_SECONDS)

    def next(self, wanted):
        while True:
            lines = self.socket.recv(4096).decode().splitlines()
            if any(line.startswith(wanted) for line in lines):
                return lines


@test("a supervisor hears READY, RELOADING, WATCHDOG and STOPPING; servers inherit none of it")
def _():
    for number, address in enumerate((str(dir / "notify"), "\0inetd-test-notify")):
        supervisor = Supervisor(address)
        variables = dict(os.environ, NOTIFY_SOCKET=address.replace("\0", "@"), WATCHDOG_USEC="200000")
        conf = f"7001 stream tcp4 nowait root {env}\n" + say(7002, "b")
        with given(conf, names="x", options=("-E",), env=variables) as inetd:
            equal(supervisor.next("READY=1")[1:], [f"MAINPID={inetd.pid}", "STATUS=2 services"])
            start = time.monotonic()
            for _ in range(5):
                supervisor.next("WATCHDOG=1")
            equal(0.3 < time.monotonic() - start < 1.5, True)
            for name in "NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES":
                equal(name in tcp(7001), False)
            before = time.monotonic_ns() // 1000
            inetd.reload(say(7001, "one"))
            told = supervisor.next("RELOADING=1")
            equal(before <= int(told[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000, True)
            equal(supervisor.next("READY=1")[2], "STATUS=1 service")
            inetd.reload_fails("7001 stream\n")
            equal(supervisor.next("READY=1")[2],
                  "STATUS=1 service; the configuration was not taken, see the log")
        supervisor.next("STOPPING=1")
        supervisor.socket.close()


@test("no signs of life to a supervisor that expects them from another process")
def _():
    supervisor = Supervisor(str(dir / "notify2"))
    variables = dict(os.environ, NOTIFY_SOCKET=str(dir / "notify2"), WATCHDOG_USEC="100000",
                     WATCHDOG_PID="1")
    with Inetd(say(7001, "a"), env=variables):
        supervisor.next("READY=1")
        supervisor.socket.settimeout(0.3)
        try:
            raise AssertionError(supervisor.socket.recv(1000))
        except TimeoutError:
            pass


@test("who is to tell a supervisor stays the process that was started, and has its pid file")
def _():
    supervisor = Supervisor(str(dir / "notify3"))
    (dir / "told.conf").write_text(say(7001, "a"))
    with subprocess.Popen([binary, "--control", "none", "--pid-file", dir / "told.pid", dir / "told.conf"],
                          env=dict(os.environ, NOTIFY_SOCKET=str(dir / "notify3"))) as inetd:
        equal(supervisor.next("READY=1")[1], f"MAINPID={inetd.pid}")
        equal((dir / "told.pid").read_text().strip(), str(inetd.pid))
        inetd.terminate()
        equal(inetd.wait(WAIT_SECONDS), 0)
    supervisor.socket.close()


@test("the pid file keeps a second inetd out, whoever of the first one's children lives on")
def _():
    sleeper = script("sleeper", "import time; print('x', flush=True); time.sleep(100)")
    pid_file = dir / "pid"
    with Inetd(f"7001 stream tcp4 nowait root {sleeper}\n", "-p", str(pid_file)) as inetd:
        equal(pid_file.read_text(), f"{inetd.pid}\n")
        with Inetd(say(7002, "b"), "-p", str(pid_file), ready=None) as second:
            equal(second.process.wait(WAIT_SECONDS), 1)
            equal("another inetd is running" in second.log(), True)
        equal(pid_file.read_text(), f"{inetd.pid}\n")
        client = socket.create_connection(("127.0.0.1", 7001))
        client.recv(1)
        server = inetd.children()[0][0]
        inetd.process.kill()
        inetd.process.wait()
        with Inetd(say(7002, "b"), "-p", str(pid_file)) as third:
            equal((tcp(7002), pid_file.read_text()), ("b\n", f"{third.pid}\n"))
        os.kill(server, signal.SIGKILL)
        client.close()
    equal(pid_file.exists(), False)


main()
