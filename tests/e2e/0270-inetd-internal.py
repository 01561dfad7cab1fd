#!/usr/bin/env python3
# timeout: 120
# seconds: 6
"""What inetd serves itself, over real sockets: streams, datagrams that cannot be made to loop or to
amplify, decoy, tarpit, redirect; all of it in one process."""
import contextlib
import random
import select
import struct
import sys
import threading

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

KINDS = {"echo": 7, "discard": 9, "daytime": 13, "chargen": 19, "time": 37}
PATTERN = b"".join(bytes(32 + (line + i) % 95 for i in range(72)) + b"\r\n" for line in range(95))
VICTIMS = 3000


def own_etc():
    """With tables that nobody else changes."""
    (dir / "etc").mkdir()
    for name in ("passwd", "group", "services", "protocols", "nsswitch.conf", "hosts", "localtime", "ld.so.cache"):
        if pathlib.Path("/etc", name).exists():
            shutil.copy(f"/etc/{name}", dir / "etc")
    (dir / "etc/host.conf").write_text("multi on\n")  # all addresses of a name in hosts
    for name in ("hosts.allow", "hosts.deny"):
        (dir / "etc" / name).write_text("# none\n")
    bind_mount(dir / "etc", "/etc")


def block(name, port, proto="tcp", **more):
    attributes = {"id": f"{name}-{port}-{proto}", "type": "INTERNAL UNLISTED", "port": port,
                  "socket_type": "dgram" if proto.startswith("udp") else "stream",
                  "protocol": proto, "wait": "no", "user": "nobody" if REAL_ROOT else "root"} | more
    return f"service {name}\n{{\n" + "".join(
        f"\t{key} = {value}\n" for key, value in attributes.items() if value is not None) + "}\n"


def redirect(port, target, **more):
    return block("relay", port, type="UNLISTED", redirect=target, **more)


def ask(port, message, host="127.0.0.1", source=None, seconds=WAIT_SECONDS):
    """(answer or None, who it came from)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        if source is not None:
            s.bind(source)
        s.sendto(message, (host, port))
        try:
            answer, peer = s.recvfrom(70000)
        except TimeoutError:
            return None, None
        return answer, peer[0]


def unanswered(port, message, host="127.0.0.1", source=None):
    equal(ask(port, message, host, source, seconds=0.3), (None, None))


def forge(source, target, message):
    """A datagram between two sockets of loopback, neither of them ours."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(message), 0) + message
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                     socket.inet_aton(source[0]), socket.inet_aton(target[0]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(ip + udp, (target[0], 0))


def datagrams():
    """That arrived in this namespace."""
    for line in pathlib.Path("/proc/net/snmp").read_text().splitlines():
        if line.startswith("Udp: ") and line.split()[1].isdigit():
            return int(line.split()[1])
    raise AssertionError("no counters")


def descriptors(inetd):
    return len(os.listdir(f"/proc/{inetd.pid}/fd"))


def memory_kb(pid):
    """Its share, without what is shared with others. Of a build with sanitizers nothing can be said."""
    if "libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text() or BUILD.name in ("asan", "tsan"):
        return 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


own_etc()

# The first lines of a tarpit come after ten seconds: it begins here, and is looked at in the end.
pit = Inetd(block("tarpit", 7100) + block("echo", 7101))
early = [socket.create_connection(("127.0.0.1", 7100)) for _ in range(20)]
early_at = time.monotonic()


@test("lines of inetd.conf: the five services, IPv4 and IPv6, streams and datagrams")
def _():
    lines = "".join(f"{kind} stream tcp nowait root internal\n{kind} dgram udp wait root internal\n"
                    for kind in KINDS)
    with Inetd(lines) as inetd:
        for host in ("127.0.0.1", "::1"):
            equal(tcp(13, host)[-2:], "\r\n")
            with socket.create_connection((host, 37)) as s:
                equal(abs(int.from_bytes(read_all(s)) - 2208988800 - time.time()) < 3, True)
            with socket.create_connection((host, 19)) as s:
                got = b""
                while len(got) < 20000:
                    got += s.recv(4096)
                equal(got, (PATTERN * 4)[:len(got)])
            with socket.create_connection((host, 7)) as s:
                s.sendall(b"hello")
                equal(s.recv(100), b"hello")
                s.sendall(b"bye")
                s.shutdown(socket.SHUT_WR)
                equal(read_all(s), b"bye")
            with socket.create_connection((host, 9)) as s:
                s.sendall(b"x" * 100000)
                s.shutdown(socket.SHUT_WR)
                equal(read_all(s), b"")
            x = b"x" * 600
            equal(ask(7, x, host), (x, host))
            unanswered(9, x, host)
            equal(ask(19, x, host), (PATTERN[:512], host))
            equal(ask(13, x, host)[0][-2:], b"\r\n")
            equal(abs(int.from_bytes(ask(37, x, host)[0]) - 2208988800 - time.time()) < 3, True)
        equal(inetd.children(), [])


@test("datagrams are answered from the address that was asked")
def _():
    with Inetd(block("echo", 7007, "udp") + block("echo", 7008, "udp46")):
        add_ipv6("fe80::77%lo")
        for port, host in ((7007, "127.0.0.1"), (7007, "127.0.0.9"), (7008, "127.0.0.7"), (7008, "::1"),
                           (7008, "fe80::77%lo")):
            equal(ask(port, b"x", host), (b"x", host.partition("%")[0]))


@test("a reload makes a program's datagram service one of inetd's own, and it answers")
def _():
    program = block("echo", 7007, "udp", id="x", type="UNLISTED", wait="yes", user="root", server="/bin/true")
    with Inetd(program) as inetd:
        inetd.reload(block("echo", 7007, "udp", id="x"))
        equal(ask(7007, b"x", "127.0.0.9"), (b"x", "127.0.0.9"))


@test("no answer is longer than what was asked")
def _():
    with Inetd("".join(block(kind, 7000 + port, "udp", per_source="UNLIMITED", cps="1000000 1")
                       for kind, port in KINDS.items())):
        silent = []
        for size in (0, 1, 3, 4, 25, 26, 27, 100, 511, 512, 513, 1472, 9000, 65507):
            wanted = {"echo": size, "chargen": min(size, 512) or None,
                      "daytime": 26 if size >= 26 else None, "time": 4 if size >= 4 else None}
            for kind, port in KINDS.items():
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.settimeout(WAIT_SECONDS)
                s.sendto(b"a" * size, ("127.0.0.1", 7000 + port))
                if wanted.get(kind) is None:
                    silent.append(s)
                else:
                    equal((kind, size, len(s.recv(70000))), (kind, size, wanted[kind]))
                    s.close()
        equal(select.select(silent, [], [], 0.3)[0], [])
        for s in silent:
            s.close()


@test("no answer to ports of services, nor to many at once")
def _():
    with Inetd(block("echo", 7007, "udp") + block("chargen", 7019, "udp")):
        for port in (7, 19, 37, 53, 1023):
            unanswered(7007, b"x" * 30, source=("127.0.0.1", port))
        equal(ask(7007, b"x", source=("127.0.0.1", 1024)), (b"x", "127.0.0.1"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            s.settimeout(0.3)
            s.sendto(b"x", ("127.255.255.255", 7007))
            try:
                raise AssertionError(s.recv(10))
            except TimeoutError:
                pass
        # Two services of one inetd, and one with itself.
        before = datagrams()
        for source, target in ((7019, 7007), (7007, 7019), (7007, 7007)):
            forge(("127.0.0.1", source), ("127.0.0.1", target), b"x" * 100)
        time.sleep(0.2)
        equal(datagrams() - before, 3)


@test("two inetds that are set on each other stop at the rate of a source")
def _():
    with Inetd(block("echo", 7007, "udp")), Inetd(block("echo", 7008, "udp")):
        before = datagrams()
        forge(("127.0.0.2", 7008), ("127.0.0.1", 7007), b"x" * 100)  # not where it listens: no echo
        forge(("127.0.0.1", 7008), ("127.0.0.1", 7007), b"x" * 100)
        until(lambda: datagrams() - before > 60, "they talk")
        time.sleep(0.5)
        loop = datagrams() - before
        print(f"# {loop} datagrams")
        equal(60 < loop < 300, True)
        time.sleep(1.5)
        equal(datagrams() - before, loop)


def answered(port, sources, times):
    """How many of so many datagrams from each address have an answer."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sources)]
    count = 0
    for number, s in enumerate(sockets):
        s.bind((f"127.0.1.{1 + number}", 0))
    for _ in range(times):
        for s in sockets:
            s.sendto(b"x", ("127.0.0.1", port))
    while ready := select.select(sockets, [], [], 0.3)[0]:
        for s in ready:
            s.recv(10)
            count += 1
    for s in sockets:
        s.close()
    return count


@test("the rate: 64 a minute for a source, 256 for a service, or what is configured; said once")
def _():
    conf = block("echo", 7007, "udp") + block("echo", 7008, "udp", cps="10 60") + block("echo", 7009, "udp")
    with Inetd(conf) as inetd:
        equal(64 <= answered(7007, 1, 100) <= 65, True)
        equal(answered(7007, 2, 1), 1)  # the other is not held responsible
        equal(256 <= answered(7009, 8, 60) <= 258, True)
        equal(10 <= answered(7008, 3, 30) <= 11, True)
        equal(inetd.log().count("echo-7007") + inetd.log().count("echo/udp") < 12, True)


@test("rules: datagrams and streams of whoever may not come are not answered")
def _():
    with Inetd(block("echo", 7007, "udp", no_access="127.0.0.5") +
               block("echo", 7007, no_access="127.0.0.5")) as inetd:
        unanswered(7007, b"x", source=("127.0.0.5", 0))
        equal(ask(7007, b"x", source=("127.0.0.6", 0))[0], b"x")
        with socket.create_connection(("127.0.0.1", 7007), 5, ("127.0.0.5", 0)) as s:
            equal(read_all(s), b"")
        equal(inetd.log().count("refused connect from 127.0.0.5"), 2)


@test("rules that take a name or an option: a child judges, inetd serves; a datagram has no answer")
def _():
    (dir / "etc/hosts").write_text("127.0.0.5 bad.example\n127.0.0.6 good.example\n127.0.0.1 localhost\n")
    (dir / "etc/hosts.deny").write_text("echo-7007-tcp, echo-7007-udp: bad.example, .bad.example\n")
    (dir / "etc/hosts.allow").write_text("discard-7009-tcp: 127.0.0.7: severity mail.info: keepalive\n")
    try:
        with Inetd(block("echo", 7007) + block("echo", 7007, "udp") + block("discard", 7009)) as inetd:
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", 7007), 5, ("127.0.0.6", 0)) as s:
                    s.sendall(b"hello")
                    equal(s.recv(100), b"hello")
                    until(lambda: not inetd.children(), "no child")
                    s.sendall(b"still there")
                    equal(s.recv(100), b"still there")
            with socket.create_connection(("127.0.0.1", 7007), 5, ("127.0.0.5", 0)) as s:
                equal(read_all(s), b"")
            unanswered(7007, b"x", source=("127.0.0.6", 0))
            with socket.create_connection(("127.0.0.1", 7009), 5, ("127.0.0.7", 0)) as s:
                s.sendall(b"hello")
                s.shutdown(socket.SHUT_WR)
                equal(read_all(s), b"")
            until(lambda: not inetd.children(), "no child")
            until(lambda: inetd.log().count("record service=echo-7007-tcp client=127.0.0.6") == 5, "five records")
            equal(" cannot " in inetd.log(), False)
    finally:
        (dir / "etc/hosts.deny").write_text("# none\n")
        (dir / "etc/hosts.allow").write_text("# none\n")


@test("clients that do not read, that reset, that vanish: nothing is kept of them, and others are served")
def _():
    with Inetd(block("echo", 7007) + block("chargen", 7019) + block("discard", 7009)) as inetd:
        before = descriptors(inetd)
        deaf = [socket.create_connection(("127.0.0.1", 7019)) for _ in range(200)]
        for s in deaf[:100]:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        flood = [socket.create_connection(("127.0.0.1", 7007)) for _ in range(20)]
        for s in flood:
            s.setblocking(False)
            try:
                while True:
                    s.send(b"x" * 65536)
            except BlockingIOError:
                pass
        time.sleep(0.2)
        ticks = inetd.cpu_ticks()
        with socket.create_connection(("127.0.0.1", 7007), 5) as s:
            s.sendall(b"hello")
            equal(s.recv(100), b"hello")
        time.sleep(0.5)
        equal(inetd.cpu_ticks() - ticks <= 5, True)
        equal(memory_kb(inetd.pid) < 3000, True)
        for s in deaf + flood:
            s.close()
        until(lambda: descriptors(inetd) <= before, "descriptors are closed")


@test("a reload to another kind of service leaves connections alone")
def _():
    cat = "service echo\n{\n\tport = 7007\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n" \
          "\twait = no\n\tuser = root\n\tserver = /bin/cat\n\tid = x\n}\n"
    with Inetd(block("echo", 7007, id="x")) as inetd, \
            socket.create_connection(("127.0.0.1", 7007), 5) as s:
        s.sendall(b"1")
        equal(s.recv(10), b"1")
        inetd.reload(cat)
        s.sendall(b"2")
        equal(s.recv(10), b"2")
        with socket.create_connection(("127.0.0.1", 7007), 5) as other:
            other.sendall(b"3")
            equal(other.recv(10), b"3")
            equal(len(inetd.children()), 1)
        s.shutdown(socket.SHUT_WR)
        equal(read_all(s), b"")


@test("a decoy is closed without a byte, and logged")
def _():
    with Inetd(block("decoy", 7200)) as inetd:
        equal(tcp(7200), "")
        with socket.create_connection(("127.0.0.1", 7200)) as s:
            equal(s.recv(10), b"")
        inetd.wait_log("connect from 127.0.0.1", 2)


@test("streams and records on unix sockets, by the last part of the path")
def _():
    echo, records = dir / "a/echo", dir / "b/echo"
    for path in (echo, records):
        path.parent.mkdir()
    with Inetd(f"{echo} stream unix nowait root internal\n{records} seqpacket unix nowait root internal\n"):
        for path, kind in ((echo, socket.SOCK_STREAM), (records, socket.SOCK_SEQPACKET)):
            with socket.socket(socket.AF_UNIX, kind) as s:
                s.connect(str(path))
                for piece in (b"one", b"three"):
                    s.send(piece)
                    equal(s.recv(100), piece)
                s.shutdown(socket.SHUT_WR)
                equal(s.recv(100), b"")


# ---- redirect ----

class Target:
    """A server: answer(connection) in a thread for each."""

    def __init__(self, answer, host="127.0.0.1"):
        self.socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else
                                           socket.AF_INET, backlog=1024)
        self.port = self.socket.getsockname()[1]
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.attend, args=(connection,), daemon=True).start()

    def attend(self, connection):
        with connection:
            self.answer(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def pump(s, data):
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)


def both_ways(s, data):
    """Send it all while reading all; what was read."""
    sender = threading.Thread(target=pump, args=(s, data))
    sender.start()
    got = read_all(s)
    sender.join()
    return got


@test("redirect: 16 MB both ways at once, each half with its own end; IPv4 to IPv6; no process")
def _():
    there, back = random.Random(1).randbytes(16 << 20), random.Random(2).randbytes(16 << 20)
    heard = []
    with Target(lambda s: heard.append(both_ways(s, back)), "::1") as target, \
            Inetd(redirect(7300, f"::1 {target.port}", log_on_success="TRAFFIC HOST")) as inetd:
        with socket.create_connection(("127.0.0.1", 7300)) as s:
            equal(both_ways(s, there) == back, True)
        until(lambda: heard, "the target has read all")
        equal(heard[0] == there, True)
        equal(inetd.children(), [])
        inetd.wait_log(f"in={16 << 20} out={16 << 20}")


@test("redirect: who has said all may still be answered")
def _():
    def upper(s):
        s.sendall(read_all(s).upper())
    with Target(upper) as target, Inetd(redirect(7300, f"127.0.0.1 {target.port}")):
        with socket.create_connection(("127.0.0.1", 7300)) as s:
            pump(s, b"question")
            equal(read_all(s), b"QUESTION")


@test("redirect: a name with a dead address and a live one; no address at all is a reset")
def _():
    (dir / "etc/hosts").write_text("::1 two.example\n127.0.0.1 two.example localhost\n")
    with Target(lambda s: s.sendall(b"here")) as target:
        conf = redirect(7300, f"two.example {target.port}") + redirect(7301, "127.0.0.1 1")
        with Inetd(conf):
            equal(tcp(7300), "here")
            with socket.create_connection(("127.0.0.1", 7301)) as s:
                try:
                    raise AssertionError(s.recv(10))
                except ConnectionResetError:
                    pass


@test("redirect: what the target resets is reset for the client")
def _():
    def rude(s):
        s.sendall(b"x" * 1000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with Target(rude) as target, Inetd(redirect(7300, f"127.0.0.1 {target.port}")):
        with socket.create_connection(("127.0.0.1", 7300)) as s:
            try:
                raise AssertionError(read_all(s)[:10])
            except ConnectionResetError:
                pass


@test("redirect: 200 at once, in one process")
def _():
    gate = threading.Event()

    def late(s):
        gate.wait(WAIT_SECONDS)
        s.sendall(read_all(s)[::-1])
    with Target(late) as target, Inetd(redirect(7300, f"127.0.0.1 {target.port}")) as inetd:
        clients = [socket.create_connection(("127.0.0.1", 7300)) for _ in range(200)]
        for number, s in enumerate(clients):
            pump(s, b"%06d" % number)
        until(lambda: descriptors(inetd) >= 400, "400 sockets")
        equal(inetd.children(), [])
        gate.set()
        for number, s in enumerate(clients):
            equal(read_all(s), (b"%06d" % number)[::-1])
            s.close()
        until(lambda: descriptors(inetd) < 30, "sockets are closed")


@test("redirect: to itself, to an unknown host, by datagrams: errors of the configuration")
def _():
    conf = dir / "bad.conf"
    for text, what in ((redirect(7300, "127.0.0.1 7300"), "redirects to itself"),
                       (redirect(7300, "localhost 7300"), "redirects to itself"),
                       (redirect(7300, "127.0.0.1 7301") + redirect(7301, "::1 7302") +
                        redirect(7302, "localhost 7300"), ":32:13: error: redirects to itself, or in a circle"),
                       (redirect(7300, "no.such.example 80"), "host has no such address"),
                       (redirect(7300, "127.0.0.1 53", proto="udp"), "streams only")):
        conf.write_text(text)
        done = subprocess.run([binary, "--check", conf], capture_output=True, text=True)
        equal((done.returncode, what in done.stdout), (1, True))
    conf.write_text(redirect(7300, "127.0.0.1 7301") + redirect(7301, "192.0.2.1 7300"))
    equal(subprocess.run([binary, "--check", conf], capture_output=True).returncode, 0)


@test("at its end inetd lets everybody go, and says so")
def _():
    ports = {"echo": 7007, "discard": 7009, "chargen": 7019, "tarpit": 7102}
    def wait(s):
        with contextlib.suppress(ConnectionResetError):
            s.recv(1)
    with Target(wait) as target:
        with Inetd("".join(block(*item) for item in ports.items()) +
                   redirect(7300, f"127.0.0.1 {target.port}")) as inetd:
            clients = [socket.create_connection(("127.0.0.1", port)) for port in (*ports.values(), 7300)]
            until(lambda: inetd.log().count("connect from 127.0.0.1") == 5, f"all are in: {inetd.log()}")
        equal(inetd.process.returncode, 0)
        equal(inetd.log().count("end=stopped"), 5)
        equal("Sanitizer" in inetd.log(), False)
        for s in clients:
            s.close()


# ---- tarpit ----

@test(f"tarpit: {VICTIMS} clients in one process, with bounded memory, and nobody waits for them")
def _():
    before = memory_kb(pit.pid)
    victims = []
    while len(victims) < VICTIMS:  # fewer at a time than its queue holds
        victims += [socket.create_connection(("127.0.0.1", 7100)) for _ in range(100)]
        until(lambda: descriptors(pit) >= len(victims), "they are in")
    grown = memory_kb(pit.pid) - before
    print(f"# {grown * 1024 // VICTIMS} bytes of memory a client")
    equal(grown < VICTIMS, True)  # a KiB each, with what inetd knows of every connection
    equal(pit.children(), [])
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", 7101), 5) as s:
        s.sendall(b"hello")
        equal(s.recv(100), b"hello")
    equal(time.monotonic() - begin < 1, True)
    for s in victims:
        s.close()
    until(lambda: descriptors(pit) < 50, "they are gone")


@test("tarpit: a line of nonsense after ten seconds, and what is said to it is not read")
def _():
    for s in early:
        s.setblocking(False)
        try:
            for _ in range(10000):
                s.send(b"x" * 10000)
        except BlockingIOError:
            pass
        s.setblocking(True)
        s.settimeout(WAIT_SECONDS + 5)
    for s in early:
        for line in s.recv(200).splitlines(keepends=True):
            equal(10 <= len(line) <= 34 and line[-2:] == b"\r\n" and line[:-2].isalpha(), True)
        s.close()
    equal(9.5 < time.monotonic() - early_at, True)


try:
    main()
finally:
    with pit:
        pass
