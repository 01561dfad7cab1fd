#!/usr/bin/env python3
# timeout: 300
# seconds: 7
"""tcpd: what it starts, what it logs, how it turns clients away, and what it does on sockets of
every kind. Log lines are compared whole; where they are to be Debian's, with those of Debian's."""
import os
import resource
import signal
import sys
import threading

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

CMDLINE, ENVIRON, STATUS = "/proc/self/cmdline", "/proc/self/environ", "/proc/self/status"
PATH_MAX = 4096
DRAIN_BYTES = 4 << 20
SO_RCVBUFFORCE = 33


def not_started(path):
    return finding("error", f"cannot execute {path}: Invalid argument", daemon="tcpd")


def no_service(name):
    text = f"cannot execute /usr/sbin/{name}: No such file or directory"
    return finding("error", text, daemon=name)


# ---- what is started ----

@test("a name is a program in /usr/sbin; all arguments are handed on as they are")
def _():
    for more in (["/dev/null", "--", "/dev/null"], ["/dev/null"] * 500):
        words = ["svc", CMDLINE, *more]
        check_served(visit(argv=words), connect(), got="".join(f"{w}\0" for w in words).encode())


@test("arguments may be empty or any bytes")
def _():
    service("words", "import os, sys\nprint(*map(os.fsencode, sys.argv[1:]))")
    seen = visit(argv=[b"words", b"", b"\xff\n", b"-a", b"/etc/hosts.allow", b"%n%s"])
    check_served(seen, connect(daemon="words"),
                 got=rb"b'' b'\xff\n' b'-a' b'/etc/hosts.allow' b'%n%s'" + b"\n")


@test("an absolute path is that file; its name in argv[0], rules and log is the last part")
def _():
    (dir / "far").mkdir()
    path = str(shutil.copy("/usr/sbin/svc", dir / "far/away"))
    check_served(visit(argv=[path, CMDLINE], allow="away: ALL\n", **NOBODY_GETS_IN),
                 connect(daemon="away"), got=f"away\0{CMDLINE}\0".encode())
    check_refused(visit(argv=[path], allow=f"{path}: ALL\n", **NOBODY_GETS_IN),
                  refuse(daemon="away"))


@test("the environment is handed on as it is, also an empty one")
def _():
    env = {"B": "2", "A": "1 = x", "TCPD": "/tmp", "LD_X": "", "PATH": "/nowhere"}
    want = "".join(f"{k}={v}\0" for k, v in env.items()).encode()
    check_served(visit(argv=["svc", ENVIRON], env=env), connect(), got=want)
    check_served(visit(argv=["svc", ENVIRON], env={}), connect(), got=b"")


@test("umask is 022; signals, limits and nice value are those tcpd was started with")
def _():
    def before():
        os.umask(0o777)
        os.nice(1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for number in (signal.SIGPIPE, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1, signal.SIGALRM])
        resource.setrlimit(resource.RLIMIT_NOFILE, (77, 99))

    def bits(*numbers):
        return sum(1 << n - 1 for n in numbers)

    for tail in ("", ": spawn true", f": banners {dir}"):
        text = visit(argv=["svc", STATUS], before=before, **rule(f"ALL{tail}")).got.decode()
        facts = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        equal(facts["Umask"], "0022")
        blocked, ignored, caught = (int(facts[k], 16) for k in ("SigBlk", "SigIgn", "SigCgt"))
        equal((blocked, caught), (bits(signal.SIGUSR1, signal.SIGALRM), 0))
        equal(ignored & bits(signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP), bits(signal.SIGCHLD))
    limits = visit(argv=["svc", "/proc/self/limits"], before=before).got.decode()
    equal(limits.split("Max open files")[1].split()[:2], ["77", "99"])
    stat = visit(argv=["svc", "/proc/self/stat"], before=before).got.decode().split()
    equal(int(stat[18]), min(19, os.nice(0) + 1))


@test("the service has the descriptors that tcpd was started with, and none of tcpd's")
def _():
    service("fds", "import os\nfor n in os.listdir('/proc/self/fd'):\n"
                   " try: print(n, os.readlink('/proc/self/fd/' + n))\n except OSError: pass")
    (dir / "list").write_text("127.0.0.9\n")
    allow = f"fds: {dir}/list, .example.org: banners {dir}: spawn true: severity info\n"
    for passed in ((), os.pipe()):
        seen = visit(argv=["fds"], client=GUEST, allow=allow, pass_fds=passed, **NOBODY_GETS_IN)
        found = dict(line.split() for line in seen.got.decode().splitlines())
        equal(sorted(map(int, found)), sorted([0, 1, 2, *passed]))
        equal(len({found["0"], found["1"], found["2"]}), 1)
        equal(seen.log, [connect(GUEST, "guest.example.org", daemon="fds").encode()])


@test("standard output and error may be closed")
def _():
    service("mark", f"open('{dir}/mark', 'w').close()")
    seen = visit(argv=["mark"], before=lambda: os.closerange(1, 3))
    check_served(seen, connect(daemon="mark"), got=b"")
    equal((dir / "mark").exists(), True)


@test("without a log everything goes on")
def _():
    def before():
        bind_mount(dir / "served", "/dev/log")
    check_served(visit(before=before))
    check_refused(visit(before=before, **NOBODY_GETS_IN))


# ---- what is not started ----

@test("a relative name with a slash is refused, although there is such a file")
def _():
    service("below/svc")
    for name in ("below/svc", "../sbin/svc", "./svc", "svc/", "below/"):
        check_refused(visit(argv=[name, *SERVE[1:]]), not_started(name))


@test("an empty argv[0], and none, are refused")
def _():
    check_refused(visit(argv=[""]), not_started(""))
    # Newer kernels put an empty argv[0] where there is none; with older ones argc is 0.
    code = "import ctypes, sys; libc = ctypes.CDLL(None); none = (ctypes.c_char_p * 1)();" \
           "libc.execve(sys.argv[1].encode(), none, none)"
    check_refused(visit(argv=[], launcher=[sys.executable, "-ISc", code]), not_started(""))


@test("a path that ends in a slash is refused, and so is /")
def _():
    for path in ("/usr/sbin/svc/", "/", "//", "/usr/sbin/"):
        check_refused(visit(argv=[path, *SERVE[1:]]), not_started(path))


@test("tcpd does not start itself")
def _():
    check_refused(visit(argv=[str(TCPD), *SERVE[1:]]), not_started(TCPD))


@test("a path of PATH_MAX - 1 bytes is started, a longer one refused")
def _():
    check_served(visit(argv=["/usr/sbin/svc".rjust(PATH_MAX - 1, "/"), *SERVE[1:]]), connect())
    longest = PATH_MAX - 1 - len("/usr/sbin/")
    for path in ("/usr/sbin/svc".rjust(PATH_MAX, "/"), "n" * (longest + 1), "n" * 5000):
        check_refused(visit(argv=[path, *SERVE[1:]]), not_started(path))
    seen = visit(argv=["n" * longest])
    equal((seen.got, seen.status, len(seen.log)), (b"", 0, 2))
    equal(seen.log[1].endswith(b": File name too long"), True)


@test("argv[0] of 100,000 bytes is refused, and its line in the log is cut")
def _():
    seen = visit(argv=["/usr/sbin/svc".rjust(100000, "/"), *SERVE[1:]])
    equal((seen.got, seen.status, len(seen.log)), (b"", 0, 1))
    equal(seen.log[0].startswith(b"<27>tcpd: error: cannot execute /////"), True)
    equal(len(seen.log[0]) < 10000, True)


@test("bytes of argv[0] cannot forge a line of the log")
def _():
    name = "a/b\n<30>svc: connect from 1.2.3.4 (1.2.3.4)\r\x1b[2J\x7f%n%s"
    shown = name.translate({10: "\\x0a", 13: "\\x0d", 27: "\\x1b", 127: "\\x7f"})
    check_refused(visit(argv=[name]), not_started(shown))


@test("nor can they where they name the service, in front of each line")
def _():
    name = "a\nb\x1b[1m: connect from 1.2.3.4 (1.2.3.4)\x9b"
    shown = "a_b__1m__connect_from_1.2.3.4_(1.2.3.4)__"
    path = str(shutil.copy("/usr/sbin/svc", dir / name))
    check_served(visit(argv=[path, *SERVE[1:]]), connect(daemon=shown))
    check_refused(visit(argv=[path], **NOBODY_GETS_IN), refuse(daemon=shown))


@test("none of these asks the tables, nor carries out an option")
def _():
    for argv in ([""], ["a/b"], ["/"], ["/" * 5000]):
        visit(argv=argv, allow=f"ALL: ALL: spawn touch {dir}/asked\n")
    visit(argv=["nosuchd"], allow=f"ALL: ALL: spawn touch {dir}/would\n")
    equal(((dir / "asked").exists(), (dir / "would").exists()), (False, True))


@test("a service that cannot be started: a line behind that of the connection, an orderly end")
def _():
    seen = visit(send(tcp_pair(), 10000), argv=["nosuchd"])
    check_refused(seen, connect(daemon="nosuchd"), no_service("nosuchd"))


def unfit(name, mode, text):
    path = dir / name
    path.write_text(text)
    path.chmod(mode)
    return [str(path)]


scene("a service that is not there", argv=["nosuchd"])
scene("a service that is not executable", argv=unfit("plain", 0o644, "#!/bin/sh\n"))
scene("a service that is no program", argv=unfit("rubbish", 0o755, "rubbish\n"))
scene("a service whose interpreter is not there", argv=unfit("orphan", 0o755, "#!/nowhere\n"))
scene("a service that is a directory", argv=["/usr/sbin"])
scene("a service that is not there, for datagrams", argv=["nosuchd"], pair=one_two())


# ---- how a client is turned away ----

@test("a refused client sees a handshake and a close, at once and without a byte")
def _():
    check_refused(visit(**NOBODY_GETS_IN), refuse())


@test("a refused client that has sent 64 KiB sees a close, not a reset")
def _():
    check_refused(visit(send(tcp_pair(), 64 << 10), **NOBODY_GETS_IN), refuse())


@test("a reset would be seen: Debian's sends one")
def _():
    need_debian()
    seen = visit(send(tcp_pair(), 64 << 10), binary=DEBIAN, **NOBODY_GETS_IN)
    equal((seen.got, seen.log), ("reset", [refuse().encode()]))


def full_pair(count):
    """A connection with that many bytes waiting."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    except PermissionError:
        raise Skip("no such receive buffer without privileges")
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return send(accept_from(socket.socket(), listener), count)


@test("4 MiB that a refused client has sent are read, and no more")
def _():
    check_refused(visit(full_pair(DRAIN_BYTES), **NOBODY_GETS_IN), refuse())
    client, served = full_pair(2 * DRAIN_BYTES)
    with served.dup() as still_open:
        seen = Visit((client, served), **NOBODY_GETS_IN)
        seen.wait()
        left = waiting(still_open)
    equal(DRAIN_BYTES - 65536 <= left <= DRAIN_BYTES, True)
    seen.finish()
    equal((seen.got, seen.status, seen.log), ("reset", 0, [refuse().encode()]))


@test("a client that goes on sending does not keep tcpd")
def _():
    client, served = tcp_pair()
    over = threading.Event()

    def flood():
        try:
            while not over.is_set():
                client.send(bytes(1 << 20))
        except OSError:
            pass
    sender = threading.Thread(target=flood)
    sender.start()
    try:
        seen = Visit((client, served), **NOBODY_GETS_IN)
        seconds = seen.wait()
    finally:
        over.set()
        sender.join(WAIT_SECONDS)
        client.close()
    equal((seen.process.returncode, seconds < 2 * AT_ONCE, sender.is_alive()), (0, True, False))


@test("a client that neither reads nor closes is not waited for")
def _():
    seen = Visit(**NOBODY_GETS_IN)
    equal(seen.wait() < AT_ONCE, True)
    check_refused(seen.finish(), refuse())


# ---- clients who have gone ----

def gone_pair(data, fin):
    """A connection whose client has sent something, and then reset it."""
    client, served = tcp_pair("127.0.0.2")
    client.sendall(data)
    if fin:
        client.shutdown(socket.SHUT_WR)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    until(lambda: is_gone(served), "reset")
    return None, served


def is_gone(served):
    try:
        return not served.getpeername()
    except OSError:
        return True


@test("a client that resets the connection is nobody: no rule about localhost lets it in")
def _():
    for data in (b"", b"DELETE ALL\n"):
        for fin in (False, True):
            seen = visit(gone_pair(data, fin), argv=["svc"], output=subprocess.PIPE,
                         **only("localhost 127. LOCAL KNOWN"))
            equal((seen.got, seen.status), (b"", 0))
            equal(seen.log[-1:], [refuse("unknown").encode()])


@test("a client that has closed its side is judged, and what it sent is for the service")
def _():
    client, served = tcp_pair("127.0.0.2")
    client.sendall(b"bye\n")
    client.shutdown(socket.SHUT_WR)
    seen = visit((client, served), argv=["svc"], **only("127.0.0.2"))
    check_served(seen, connect("127.0.0.2"), got=b"bye\n")


# ---- datagrams ----

@test("a granted datagram and those behind it stay in the queue")
def _():
    seen = visit(one_two(), output=subprocess.PIPE)
    check_served(seen, connect())
    equal(seen.rest, [b"one", b"two"])


@test("of a refused client's datagrams exactly one is taken, however long, and at once")
def _():
    for first in (b"one", b"", b"x" * 60000):
        seen = visit(udp_pair(first, b"two", b"three"), **NOBODY_GETS_IN)
        check_refused(seen, refuse(), got=None)
        equal(seen.rest, [b"two", b"three"])


@test("the client of a datagram socket is who sent the first datagram")
def _():
    client, served = udp_pair(b"one", client="127.0.0.5")
    with client_socket("127.0.0.6", kind=socket.SOCK_DGRAM) as other:
        other.sendto(b"two", served.getsockname())
    with served.dup() as still_open:
        seen = Visit((client, served), **only("127.0.0.6"))
        seen.wait()
        equal(syslog.of(seen.pid), [refuse("127.0.0.5").encode()])
        seen = visit((client, still_open), output=subprocess.PIPE, **only("127.0.0.6"))
    check_served(seen, connect("127.0.0.6"))
    equal(seen.rest, [b"two"])


@test("a datagram service that is not started takes one datagram")
def _():
    for argv, *log in ((["nosuchd"], connect(daemon="nosuchd"), no_service("nosuchd")),
                       (["a/b"], not_started("a/b"))):
        seen = visit(one_two(), argv=argv)
        check_refused(seen, *log, got=None)
        equal(seen.rest, [b"two"])


@test("no datagram: tcpd does not wait, and refuses, since anybody may send one in a moment")
def _():
    warning = finding("warning", "can't get client address: Resource temporarily unavailable")
    for policy in (only("127. localhost KNOWN"), only("UNKNOWN"), only("ALL")):
        seen = visit(udp_pair(), **policy)
        check_refused(seen, warning, refuse("unknown"), got=None)


scene("datagrams, granted", pair=one_two(), output=subprocess.PIPE)
scene("datagrams, refused", pair=one_two(), **NOBODY_GETS_IN)
scene("datagrams, refused by user@host", pair=one_two(), deny="ALL: ALL@ALL\n")
scene("datagrams over IPv6", pair=one_two(client="::1"), **rule("[::1]", "deny"))
scene("a datagram of no bytes", pair=functools.partial(udp_pair, b"", b"two"),
      output=subprocess.PIPE)


# ---- sockets of other kinds, and what is none ----

def listening():
    """For a service that accepts its connections itself; one client waits."""
    listener = socket.create_server(("127.0.0.1", 0))
    listening.clients.append(socket.create_connection(listener.getsockname()))
    return None, listener


listening.clients = []


@test("the other end of a unix socket is localhost")
def _():
    for pair in (socket.socketpair, unix_pair):
        check_served(visit(pair, **only("localhost")), connect("localhost"))
        for word in ("LOCAL", "KNOWN", "127.0.0.1"):
            check_refused(visit(pair, **only(word)), refuse("localhost"))


@test("of unix datagrams one is taken")
def _():
    seen = visit(unix_datagrams, **NOBODY_GETS_IN)
    check_refused(seen, refuse("localhost"), got=None)
    equal(seen.rest, [b"two"])


@test("a listening socket has no client, and can be handed on")
def _():
    warning = finding("warning", "can't get client address: Transport endpoint is not connected")
    check_served(visit(listening, output=subprocess.PIPE), warning, connect("unknown"))
    seen = visit(listening, output=subprocess.PIPE, **only("localhost KNOWN"))
    check_refused(seen, warning, refuse("unknown"))


@test("what is no socket is refused, whatever the tables say")
def _():
    end, other = os.pipe()
    for what in (open("/dev/null"), open(end), open(other, "w"), open(dir / "served")):
        with what:
            seen = visit((None, what), output=subprocess.PIPE, allow="ALL: ALL\n")
        no_socket = "Socket operation on non-socket"
        check_refused(seen, finding("warning", f"can't get client address: {no_socket}"),
                      f"<27>svc: cannot look at IP options: {no_socket}")


@test("a closed standard input is refused, whatever the tables say")
def _():
    seen = visit((None, subprocess.DEVNULL), before=lambda: os.close(0), output=subprocess.PIPE,
                 allow="ALL: ALL\n")
    equal((seen.got, seen.status), (b"", 0))
    equal([line for line in seen.log if b"connect from" in line], [])


scene("a unix socket", pair=socket.socketpair)
scene("a unix socket with a name", pair=unix_pair)
for word in ("localhost", "UNKNOWN", "LOCAL", "KNOWN", "127.0.0.1", "ALL EXCEPT localhost"):
    scene(f"a unix socket and {word}", pair=unix_pair, **only(word))
scene("a listening socket", pair=listening, output=subprocess.PIPE)
scene("a listening socket, refused", pair=listening, output=subprocess.PIPE, **NOBODY_GETS_IN)


# ---- addresses ----

@test("an IPv4 client of an IPv6 socket is logged as mapped, and matched as IPv4")
def _():
    for word in ("127.0.0.1", "127.", "127.0.0.0/8", "127.0.0.0/255.0.0.0", "localhost", "LOCAL"):
        name = "localhost" if word in ("localhost", "LOCAL") else None
        check_served(visit(mapped_pair, **only(word)), connect("::ffff:127.0.0.1", name))
    for word in ("127.0.0.2", "[::1]", "[::]/0", "10."):
        check_refused(visit(mapped_pair, **only(word)), refuse("::ffff:127.0.0.1"))
    seen = visit(mapped_pair, argv=["svc", ENVIRON], env={}, **rule("127.: setenv A %a"))
    equal(seen.got, b"A=::ffff:127.0.0.1\0")


@test("an IPv6 client")
def _():
    seen = visit(client="::1", argv=["svc", ENVIRON], env={}, **only("[::1]: setenv A %a"))
    check_served(seen, connect("::1"), got=b"A=::1\0")
    check_refused(visit(client="::1", **only("127.0.0.1")), refuse("::1"))


scene("no tables")
scene("refused", **NOBODY_GETS_IN)
scene("a path", argv=["/usr/sbin/svc", *SERVE[1:]], deny="/usr/sbin/svc: ALL\n")
scene("a path, refused by its name", argv=["/usr/sbin/svc"], deny="svc: ALL\n")
scene("a long name", argv=["n" * 200], deny="n" * 127 + ": ALL\n")
scene("a server's address", client=GUEST, allow=f"svc@127.0.0.1: {GUEST}\n", **NOBODY_GETS_IN)
scene("IPv6", client="::1")
scene("IPv6, by name", client="::1", **only("localhost"))
scene("a name that a rule looked up", client=GUEST, **only(".example.org"))
scene("a name that a rule looked up in vain", client=NAMELESS, **only(".example.org"))
for word in ("127.0.0.1", "127.", "127.0.0.0/8", "localhost", "10."):
    scene(f"a mapped address and {word}", pair=mapped_pair, **only(word))


# ---- IP options ----

HOP = socket.inet_aton("127.0.0.9")
LOOSE, STRICT = bytes([0x83, 7, 8]) + HOP, bytes([0x89, 7, 8]) + HOP
RECORD_ROUTE = bytes([7, 11, 4]) + bytes(9)
NOTHING = b"\1\1\1\1"


def check_routed(listener, client):
    for options in (LOOSE + b"\0", b"\1" + LOOSE, STRICT + b"\0"):
        pair = routed_pair(options, listener())
        there = pair[1].getsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, 40)
        equal(there[:1] in (LOOSE[:1], STRICT[:1]), True)
        seen = visit(pair, output=subprocess.PIPE, allow="ALL: ALL\n")
        line = f"<28>svc: refused connect from {client} with IP source routing options"
        check_refused(seen, line)


@test("a source-routed client is refused at once, whatever the tables say")
def _():
    check_routed(lambda: socket.create_server(("127.0.0.1", 0)), "127.0.0.2")


def with_options(options):
    client, served = tcp_pair()
    served.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
    return client, served


service("options", "import socket\nprint(socket.socket(fileno=0).getsockopt(0, 4, 40))")


@test("other IP options are logged and switched off")
def _():
    line = "<29>options: connect from 127.0.0.1 with IP options (ignored): 01 01 01 01"
    seen = visit(with_options(NOTHING), argv=["options"])
    check_served(seen, line, connect(daemon="options"), got=b"b''\n")
    seen = visit(with_options(NOTHING), argv=["options"], **NOBODY_GETS_IN)
    check_refused(seen, line, refuse(daemon="options"))


@test("both also when an IPv4 client comes to an IPv6 socket")
def _():
    client = "::ffff:127.0.0.2"
    seen = visit(mapped_pair("127.0.0.2", RECORD_ROUTE), argv=["options"])
    equal(seen.log[1:], [connect(client, daemon="options").encode()])
    line = f"<29>options: connect from {client} with IP options (ignored): 07 0b ".encode()
    equal((seen.got, seen.log[0].startswith(line)), (b"b''\n", True))
    check_routed(dual_stack, client)


scene("IP options: no operation", pair=functools.partial(with_options, NOTHING))
scene("IP options: a recorded route", pair=functools.partial(tcp_pair, options=RECORD_ROUTE))


# ---- two stages ----

def need_stages():
    if not FULL.exists():
        raise Skip("this tcpd comes in one piece")


OPTION = "ALL: severity info"  # needs the second stage


@test("the second stage is found beside tcpd, or below ../libexec, and nowhere else")
def _():
    need_stages()
    for first, second in (("a/tcpd", "a/tcpd-full"),
                          ("b/sbin/in.x", "b/libexec/tcpwrap/tcpd-full")):
        for source, name in ((TCPD, first), (FULL, second)):
            (dir / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, dir / name)
        check_served(visit(binary=dir / first, env={}, **rule(OPTION)), connect())
    (dir / "link").symlink_to(TCPD)
    check_served(visit(binary=dir / "link", cwd="/", **rule(OPTION)), connect())


@test("without its second stage tcpd refuses where it would be needed, and says so")
def _():
    need_stages()
    alone = dir / "alone/sbin/tcpd"
    alone.parent.mkdir(parents=True)
    shutil.copy(TCPD, alone)
    shutil.copy(FULL, alone.parent.parent / "tcpd-full")  # not where it belongs
    words = {"binary": alone, "before": hide_installed, "env": {"PATH": str(dir)}, "cwd": dir}
    check_served(visit(**words, **only("127.0.0.1")), connect())
    check_refused(visit(**words, **NOBODY_GETS_IN), refuse())
    for text in (OPTION, "localhost", "@group", "ALL: spawn true", "10.0.0.0/99"):
        seen = visit(pair=send(tcp_pair(), 1000), **words, **rule(text))
        equal((seen.got, seen.status, len(seen.log)), (b"", 0, 1))
        equal(seen.log[0].startswith(b"<27>svc: error: cannot execute /"), True)
        equal(seen.log[0].endswith(b"/tcpd-full: No such file or directory"), True)


def hide_installed():
    """tcpd knows one more place: the one that it was configured for."""
    found = re.search(rb"/[^\0]*/tcpd-full\0", TCPD.read_bytes())
    installed = pathlib.Path(os.fsdecode(found[0][:-1]))
    if installed.exists():
        bind_mount(tempfile.mkdtemp(dir=dir), installed.parent)


@test("what both stages see is told once")
def _():
    no_client = finding("warning", "can't get client address: Transport endpoint is not connected")
    seen = visit(listening, output=subprocess.PIPE, **rule(OPTION))
    check_served(seen, no_client, connect("unknown"))
    seen = visit(with_options(NOTHING), argv=["options"], allow="options: ALL: severity info\n")
    check_served(seen, "<29>options: connect from 127.0.0.1 with IP options (ignored): 01 01 01 01",
                 connect(daemon="options"), got=b"b''\n")


@test("the second stage has the same arguments, environment, umask and process")
def _():
    words = ["svc", CMDLINE, ENVIRON, "/dev/null"]
    env = {"B": "2", "A": "1"}
    seen = visit(argv=words, env=env, before=lambda: os.umask(0o777), **rule(OPTION))
    check_served(seen, connect(), got="".join(f"{w}\0" for w in [*words, "B=2", "A=1"]).encode())
    check_served(visit(argv=["/usr/sbin/svc", *SERVE[1:]], **only("ALL: setenv A b")), connect())


# ---- lean ----

def readelf(path, *words):
    if not shutil.which("readelf"):
        raise Skip("needs readelf")
    return subprocess.check_output(["readelf", "-W", *words, path], text=True).splitlines()


def libraries(path):
    lines = readelf(path, "-d")
    equal([line for line in lines if "RPATH" in line or "RUNPATH" in line], [])
    return [line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line]


def need_plain_build():
    if any("san" in name for name in libraries(TCPD)):
        raise Skip("a build with sanitizers")


@test("tcpd loads nothing, its second stage the C library and nothing else")
def _():
    need_plain_build()
    equal([libraries(TCPD), libraries(FULL)] if FULL.exists() else libraries(TCPD),
          [[], ["libc.so.6"]] if FULL.exists() else ["libc.so.6"])


@test("there is nothing in it that reads the environment, sets an alarm or sleeps long")
def _():
    need_plain_build()
    lines = readelf(FULL if FULL.exists() else TCPD, "--dyn-syms")
    lines = [line.split() for line in lines if " UND " in line]
    names = {words[7].split("@")[0] for words in lines if len(words) > 7}
    equal({"getpeername", "execv"} - names, set())
    unwanted = {"getenv", "secure_getenv", "alarm", "setitimer", "signal", "sleep",
                "usleep", "system", "popen", "dlopen", "setjmp", "_setjmp", "__sigsetjmp"}
    equal(names & unwanted, set())


EXEC = [sys.executable, "-ISc", "import os, sys; os.execv(sys.argv[1], sys.argv[2:])"]


def count_calls(**tables):
    """System calls from the exec of tcpd to its end, or to the exec of the service."""
    if not shutil.which("strace"):
        raise Skip("needs strace")
    trace = dir / "trace"
    seen = visit(launcher=["strace", "-qq", "-o", str(trace), *EXEC], **tables)
    if not trace.exists() or "execve(" not in trace.read_text():
        raise Skip(f"strace does not work here: {seen.got!r}")
    calls = trace.read_text().splitlines()
    begins = [call.startswith(f'execve("{TCPD}"') for call in calls].index(True)
    ends = ('execve("/usr/sbin/', "exit_group(")
    return [call.startswith(ends) for call in calls[begins:]].index(True) + 1


# Measured 29, 33, 40 and 95 with glibc 2.36, and a quarter more.
BOUNDS = {"no tables": 36, "let in": 41, "turned away": 50, "let in, with an option": 119}
LOADER = 45  # where tcpd comes in one piece


@test("a connection costs few system calls, whether let in or turned away")
def _():
    need_plain_build()
    rules = "".join(f"d{i}: 10.0.{i}.0/255.255.255.0\n" for i in range(100))
    cases = {"no tables": {}, "let in": {"allow": f"{rules}svc: 127.0.0.1\n", **NOBODY_GETS_IN},
             "turned away": {"allow": rules, **NOBODY_GETS_IN},
             "let in, with an option": rule(OPTION)}
    for what, tables in cases.items():
        count, bound = count_calls(**tables), BOUNDS[what] + (0 if FULL.exists() else LOADER)
        print(f"# {what}: {count} system calls")
        if count > bound:
            raise AssertionError(f"{what}: {count} system calls, more than {bound}")


@test("neither environment, arguments nor directory lead to other tables")
def _():
    other = etc(None, NOBODY_GETS_IN["deny"])
    for name in ("etc", "usr"):
        (other / name).mkdir()
    shutil.copy(other / "hosts.deny", other / "etc/hosts.deny")
    names = ("HOSTS_ALLOW", "HOSTS_DENY", "HOSTS_ALLOW_TABLE", "HOSTS_DENY_TABLE",
             "hosts_allow_table", "hosts_deny_table", "TCPD", "TCPD_DENY", "TCPWRAP_DENY",
             "REAL_DAEMON_DIR", "HOME", "PATH")
    service("first", "print('served')")
    for path in (other, other / "hosts.deny"):
        seen = visit(argv=["first", "-d", str(path), "-f", str(path), f"--deny={path}", str(path)],
                     env={name: str(path) for name in names}, cwd=other)
        check_served(seen, connect(daemon="first"))
    none = {name: "/dev/null" for name in names}
    check_refused(visit(argv=[*SERVE, "--no-access"], env=none, **NOBODY_GETS_IN), refuse())


main()
