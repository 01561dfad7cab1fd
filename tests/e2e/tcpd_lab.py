"""A laboratory for tcpd: the namespaces of inetd_lab, and in them a log that keeps every datagram,
a /usr/sbin for services, and for each run tables of its own. Debian's tcpd can be run on the same
scene. Imported by the tests 021N-tcpd*.py."""
import atexit
import functools
import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])


def fetch_debian():
    """(where Debian's packages are unpacked, None), or (None, why they are not)."""
    done = subprocess.run([ROOT / "tools/fetch-daemons", "tcpd", "libwrap0"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.splitlines() or ["tools/fetch-daemons failed"])[-1]
    return pathlib.Path(done.stdout.strip()), None


DEBIAN_ROOT, no_debian = fetch_debian()  # before the namespaces, which have no network

sys.path.append(str(ROOT / "tools/demo.d"))
from inetd_lab import *  # noqa: E402
import stage  # noqa: E402

TCPD, FULL = dir / "tcpd", dir / "tcpd-full"  # the latter is its second stage, if it has one
for stage_of_tcpd in BUILD.glob("src/cmd/tcpd/tcpd*"):
    if stage_of_tcpd.is_file():
        shutil.copy(stage_of_tcpd, dir)
DEBIAN = DEBIAN_ROOT and DEBIAN_ROOT / "usr/sbin/tcpd"
DEBIAN_LIBRARIES = DEBIAN_ROOT and ":".join(map(str, DEBIAN_ROOT.glob("usr/lib/*-linux-gnu")))

AT_ONCE = 1  # seconds; the original keeps a refused client for 5
MS_RDONLY, MNT_DETACH = 1, 2
SERVED = b"served\n"
GUEST, HOSTILE, NAMELESS = "127.0.0.3", "127.0.0.4", "127.0.0.9"
ETC = {
    "hosts": "127.0.0.1 localhost\n::1 localhost\n"
             f"{GUEST} guest.example.org\n{HOSTILE} ev$(id)l;x\n",
    "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\nnetgroup: files\n",
    "passwd": "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "group": "root:x:0:\nkmem:x:15:\nstaff:x:50:nobody\nnogroup:x:65534:\n",
}


# ---- the house ----

class Syslog:
    """Every datagram that came to /dev/log, as `<PRIORITY>NAME: TEXT`, by process."""

    form = re.compile(rb"(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d (.*?)\[(\d+)\]: (.*)", re.S)

    def __init__(self):
        # Who logs must not wait until we read: the queue has 10 places by default.
        try:
            pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").write_text("1000")
        except OSError:
            pass
        try:
            self.socket = stage.private_dev(dir / "dev")
        except stage.Trouble as reason:
            skip_all(reason)
        atexit.register(libc.umount2, bytes(dir / "dev"), MNT_DETACH)  # it would outlive its folder
        os.chmod("/dev/log", 0o666)
        self.socket.setblocking(False)
        self.lines = {}

    def drain(self):
        while True:
            try:
                raw = self.socket.recv(65536)
            except BlockingIOError:
                return
            found = self.form.fullmatch(raw)
            if not found:
                raise AssertionError(f"no line of syslog(3): {raw!r}")
            priority, name, pid, text = found.groups()
            self.lines.setdefault(int(pid), []).append(priority + name + b": " + text)

    def of(self, pid):
        self.drain()
        return self.lines.pop(pid, [])


def service(name, body=None):
    """A program in /usr/sbin: in Python, or cat."""
    path = pathlib.Path("/usr/sbin") / name
    path.parent.mkdir(exist_ok=True)
    if body is None:
        shutil.copy(os.path.realpath("/bin/cat"), path)
    else:
        path.write_text(f"#!{sys.executable} -ISB\n{body}\n")
    path.chmod(0o755)
    return path


def furnish():
    (dir / "sbin").mkdir()
    bind_mount(dir / "sbin", "/usr/sbin")
    # So that every refusal has its line, however many tests there are in a second.
    stage.mount("tmpfs", "/run", "tmpfs", MS_RDONLY)
    (dir / "served").write_bytes(SERVED)
    service("svc")
    return Syslog()


syslog = furnish()
SERVE = ["svc", str(dir / "served")]  # what tcpd is started as, unless a test says otherwise


@functools.lru_cache(maxsize=None)
def etc(allow, deny):
    """A folder to be /etc, with these tables. None: there is no such table."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="etc-", dir=dir))
    path.chmod(0o755)
    tables = {"hosts.allow": allow, "hosts.deny": deny}
    for name, text in [*ETC.items(), *tables.items()]:
        if text is not None:
            (path / name).write_text(text)
    return path


NOBODY_GETS_IN = {"deny": "ALL: ALL\n"}


def only(rule):
    """Tables that let in whom the rest of a rule for svc says."""
    return {"allow": f"svc: {rule}\n", "deny": "ALL: ALL\n"}


def rule(text, table="allow"):
    """Tables of a single rule for svc."""
    return {table: f"svc: {text}\n"}


# ---- connections: the client's end, and the one that is tcpd's standard input ----

def accept_from(client, listener):
    where = listener.getsockname()
    if client.family == socket.AF_INET:
        where = ("127.0.0.1", where[1])
    client.settimeout(WAIT_SECONDS)
    client.connect(where)
    served, _ = listener.accept()
    listener.close()
    return client, served


def dual_stack():
    return socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)


def client_socket(client, options=None, kind=socket.SOCK_STREAM):
    """options: those of IP, that the client sends."""
    s = socket.socket(socket.AF_INET6 if ":" in client else socket.AF_INET, kind)
    s.bind((client, 0))
    if options:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
    return s


def tcp_pair(client="127.0.0.1", options=None):
    s = client_socket(client, options)
    listener = socket.create_server(("::1" if ":" in client else "127.0.0.1", 0), family=s.family)
    return accept_from(s, listener)


def mapped_pair(client="127.0.0.1", options=None):
    """An IPv4 client of an IPv6 socket."""
    return accept_from(client_socket(client, options), dual_stack())


def udp_pair(*messages, client="127.0.0.1"):
    """Who sent some messages, and a socket that has them in its queue."""
    s = client_socket(client, kind=socket.SOCK_DGRAM)
    served = client_socket("::1" if ":" in client else "127.0.0.1", kind=socket.SOCK_DGRAM)
    for message in messages:
        s.sendto(message, served.getsockname())
    return s, served


def one_two(**words):
    return functools.partial(udp_pair, b"one", b"two", **words)


def unix_pair():
    """A client of a named unix socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(tempfile.mkdtemp(dir=dir) + "/socket")
    listener.listen()
    return accept_from(socket.socket(socket.AF_UNIX), listener)


def unix_datagrams():
    """From a client without a name of its own."""
    client, served = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    served.bind(tempfile.mkdtemp(dir=dir) + "/socket")
    for message in (b"one", b"two"):
        client.sendto(message, served.getsockname())
    return client, served


def queued(served):
    """The messages in the queue of a datagram socket."""
    messages = []
    while select.select([served], [], [], 0)[0]:
        messages.append(served.recv(65536))
    return messages


def waiting(s):
    """The number of bytes in the queue of a stream."""
    return struct.unpack("i", fcntl.ioctl(s, 0x541B, b"\0" * 4))[0]  # FIONREAD


def send(pair, count):
    """Have bytes wait in the queue."""
    pair[0].sendall(b"x" * count)
    until(lambda: waiting(pair[1]) == count, f"{count} bytes in the queue")
    return pair


def is_of(s, kind):
    return isinstance(s, socket.socket) and s.type == kind


# ---- a source-routed connection: the handshake made by hand, as replies take the route back ----

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(ports, numbers, flags, options):
    """A packet from 127.0.0.2 to 127.0.0.1."""
    ends = socket.inet_aton("127.0.0.2") + socket.inet_aton("127.0.0.1")
    tcp = struct.pack("!HHIIBBHHH", *ports, *numbers, 5 << 4, flags, 65535, 0, 0)
    pseudo = ends + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    length = 20 + len(options)
    ip = struct.pack("!BBHHHBBH", 0x40 | length // 4, 0, length + len(tcp), 0, 0, 64,
                     socket.IPPROTO_TCP, 0)
    return ip + ends + options + tcp


def answer_to(wire, ports):
    """The sequence number of the answer to a SYN."""
    while True:
        packet = wire.recv(65536)[14:]
        tcp = packet[(packet[0] & 15) * 4:]
        is_ours = packet[9] == socket.IPPROTO_TCP and struct.unpack("!HH", tcp[:4]) == ports[::-1]
        if is_ours and tcp[13] == 0x12:
            return struct.unpack("!I", tcp[4:8])[0]


def routed_pair(options, listener):
    """A connection from 127.0.0.2 that came with these IP options."""
    ports = (4000, listener.getsockname()[1])
    try:
        for name in ("all", "lo"):
            pathlib.Path(f"/proc/sys/net/ipv4/conf/{name}/accept_source_route").write_text("1")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as wire, \
                socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw, listener:
            wire.bind(("lo", 0))
            wire.settimeout(WAIT_SECONDS)
            raw.sendto(segment(ports, (100, 0), 0x02, options), ("127.0.0.1", 0))
            ack = answer_to(wire, ports) + 1
            raw.sendto(segment(ports, (101, ack), 0x10, options), ("127.0.0.1", 0))
            listener.settimeout(WAIT_SECONDS)
            return None, listener.accept()[0]
    except OSError as error:
        raise Skip(f"no source-routed connection can be made here: {error}")


# ---- tcpd ----

class Visit:
    """A run of tcpd as inetd would start it: a socket as its standard input, output and error. That
    is one end of the pair, which is given, made by a function, or a TCP connection from `client`.
    before  a function to call in the process
    launcher  words of a program that executes tcpd
    output  another place than the socket
    finish() waits for the end; then these hold:
    got     what the client received, or was put out elsewhere; "reset" if there was no orderly end
    log     lines, without time and process id
    rest    of a datagram socket: the messages that are still in its queue
    status  of the process, and seconds after which the client saw the end"""

    def __init__(self, pair=None, argv=None, allow=None, deny=None, *, client="127.0.0.1",
                 binary=TCPD, launcher=(), before=None, env=None, output=None, **popen):
        self.client, self.served = pair() if callable(pair) else pair or tcp_pair(client)
        argv = SERVE if argv is None else argv
        env = dict(os.environ if env is None else env)
        if binary == DEBIAN:
            env["LD_LIBRARY_PATH"] = DEBIAN_LIBRARIES
        output = self.served if output is None else output
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*launcher, binary, *argv] if launcher else argv,
            executable=None if launcher else binary, stdin=self.served, stdout=output,
            stderr=output, env=env, preexec_fn=functools.partial(settle, etc(allow, deny), before),
            **popen)
        self.pid = self.process.pid
        if is_of(self.served, socket.SOCK_STREAM):
            self.served.close()

    def finish(self):
        self.got = self.receive()
        self.seconds = time.monotonic() - self.started
        self.wait()
        self.status, self.log = self.process.returncode, syslog.of(self.pid)
        self.rest = queued(self.served) if is_of(self.served, socket.SOCK_DGRAM) else None
        return self

    def wait(self):
        until(lambda: syslog.drain() or self.process.poll() is not None, "end of tcpd")
        return time.monotonic() - self.started

    def receive(self):
        if self.process.stdout is not None:
            with self.process.stdout as out:
                return out.read()
        if not is_of(self.client, socket.SOCK_STREAM):
            return None
        with self.client:
            try:
                return read_all(self.client)
            except ConnectionResetError:
                return "reset"


def settle(folder, before):
    """In the child: its own /etc."""
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    bind_mount(folder, "/etc")
    if before:
        before()


def visit(*arguments, **words):
    return Visit(*arguments, **words).finish()


# ---- what is to be seen ----

def connect(client="127.0.0.1", name=None, priority=30, daemon="svc"):
    return f"<{priority}>{daemon}: connect from {name or client} ({client})"


def refuse(client="127.0.0.1", name=None, priority=28, daemon="svc"):
    return f"<{priority}>{daemon}: refused connect from {name or client} ({client})"


def finding(kind, text, table=None, line=1, daemon="svc"):
    """kind: "warning" or "error"; table: "allow" or "deny", that it is about."""
    place = f"/etc/hosts.{table}, line {line}: " if table else ""
    return f"<27>{daemon}: {kind}: {place}{text}"


def check_served(seen, *log, got=SERVED):
    equal((seen.got, seen.log, seen.status), (got, [line.encode() for line in log], 0))


def check_refused(seen, *log, got=b""):
    """An orderly end at once, status 0, exactly these lines, and nothing else for the client."""
    check_served(seen, *log, got=got)
    if seen.seconds > AT_ONCE:
        raise AssertionError(f"it took {seen.seconds:.2f} s")


# ---- scenes for both ----

scenes = []


def scene(what, **words):
    """A test: Debian's tcpd and ours are to log and send the same, byte for byte."""
    scenes.append(words)
    number = len(scenes) - 1

    @test(f"as Debian's: {what}")
    def _():
        need_debian()
        theirs, ours = debian_visits()[number].finish(), visit(**words)
        if not theirs.log:
            raise AssertionError("Debian's logs nothing: this compares nothing")
        equal(ours.log, theirs.log)
        equal((ours.got, ours.status, ours.rest), (theirs.got, theirs.status, theirs.rest))


def need_debian():
    if DEBIAN is None:
        raise Skip(no_debian)


@functools.lru_cache(maxsize=None)
def debian_visits():
    """All at a time: it keeps each refused client for 5 seconds."""
    return [Visit(**words, binary=DEBIAN) for words in scenes]
