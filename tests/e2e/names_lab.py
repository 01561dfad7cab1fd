"""A laboratory for names: tcpd, ours and Debian's, between a scripted name server and the log, in
namespaces of its own; and the words in which cases are written. Imported by 0220-names.py and
0224-names-twice.py."""
import atexit
import functools
import ipaddress
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()
sys.path.append(str(ROOT / "tools/demo.d"))

# The download needs the network that the laboratory takes away.
fetched = subprocess.run([ROOT / "tools/fetch-daemons", "tcpd", "libwrap0"], capture_output=True,
                         text=True)

import inetd_lab as lab
import stage
from dns_server import DnsServer, SILENCE, a, answer, ptr

SERVER, CLIENT, ANOTHER = "127.0.0.1", "127.0.0.2", "127.0.0.9"
CLIENT6, LINK6 = "fd00::2", "fe80::2%lo"
ALLOW, DENY = "/etc/hosts.allow", "/etc/hosts.deny"
SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
LOG_DAEMON = 3
RULES = ("ALL: PARANOID: severity alert\nALL: UNKNOWN: severity crit\n"
         "ALL: LOCAL: severity err\nALL: KNOWN: severity notice\n")
REFUSE_ALL = "ALL: ALL\n"
ETC = {"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nnetgroup: files\n",
       "host.conf": "multi on\n", "hosts": ""}
KEPT = ("passwd", "group", "ld.so.cache")  # of the host's

# Our lookups have settings of their own, whatever the administrator gives to others.
OUR_OPTIONS, DEBIAN_OPTIONS = "options timeout:30 attempts:5\n", "options timeout:1 attempts:1\n"
TOTAL_SECONDS = 6.5  # for all names of a decision: five, the last lookup's end, and a busy machine
SLACK_SECONDS = 1.5  # of a busy machine, where less than that is expected
LIMIT_SECONDS = 12  # a run that takes longer is ended, and has failed
AT_ONCE = 6  # runs that do not wait
CLONE_NEWNS, CLONE_NEWUTS = 0x00020000, 0x04000000
MS_RDONLY, MS_BIND, MNT_DETACH = 1, 0x1000, 2

# ---- the place ----


def checked(status, what):
    if status != 0:
        raise OSError(f"{what}: {os.strerror(lab.ctypes.get_errno())}")


class Log:
    """What arrives at /dev/log: for each process, (when, message)."""

    def __init__(self, receiver):
        self.receiver, self.messages, self.marks = receiver, {}, 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            message = self.receiver.recv(65536)
            if message == b"mark":
                self.marks += 1
                continue
            pid = re.search(rb"\[(\d+)\]: ", message)
            mine = self.messages.setdefault(int(pid[1]) if pid else 0, [])
            mine.append((time.monotonic(), message))

    def of(self, process):
        """Everything that a process has sent, which has just ended: its number may come again."""
        before = self.marks
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect("/dev/log")
            s.send(b"mark")
        lab.until(lambda: self.marks > before, "a mark in the log")
        return self.messages.pop(process.pid, [])


def parse(message, is_ours=True):
    """(severity, text) of a log message. One of ours is one line of printable ASCII."""
    text = rb"[\x20-\x7e]*" if is_ours else rb".*"
    found = re.fullmatch(rb"<(\d+)>[A-Z][a-z]{2} [ \d]\d [\d:]{8} names\[\d+\]: (" + text + rb")",
                         message, re.S)
    if not found or int(found[1]) >> 3 != LOG_DAEMON:
        raise AssertionError(f"a line that should not be: {message!r}")
    return SEVERITIES[int(found[1]) & 7], found[2].decode("latin-1")


class Place:
    """An /etc of its own, on name servers of its own. A table may say ("IPv6", table), or
    ("a link", table)."""

    count = 0

    def __init__(self, tables, resolv, etc):
        Place.count += 1
        self.etc = lab.dir / f"etc{Place.count}"
        self.etc.mkdir()
        self.servers = [self.serve(table, number) for number, table in enumerate(tables)]
        for name in KEPT:
            if (lab.dir / "kept" / name).exists():
                os.link(lab.dir / "kept" / name, self.etc / name)
        self.resolv = resolv
        self.write("resolv.conf", self.resolv_conf())
        for name, text in {**ETC, **etc}.items():
            self.write(name, text)

    @staticmethod
    def serve(table, number):
        if isinstance(table, dict):
            return dns.serve(table)
        where = f"fd53::{Place.count}:{number}" if table[0] == "IPv6" else f"fe80::{Place.count}%lo"
        return dns.serve(table[1], lab.add_ipv6(where))

    def resolv_conf(self):
        return "".join(f"nameserver {ns.address}\n" for ns in self.servers) + self.resolv

    def write(self, name, text):
        new = self.etc / f"{name}.new"
        new.write_text(text)
        new.rename(self.etc / name)

    def enter(self):
        """In a child, before it becomes something else."""
        checked(lab.libc.unshare(CLONE_NEWNS), "unshare")
        checked(lab.libc.mount(os.fsencode(self.etc), b"/etc", None, MS_BIND, None), "mount")

    @property
    def queries(self):
        return [query for ns in self.servers for query in ns.queries]

    @property
    def connections(self):
        return sum(ns.connections for ns in self.servers)


def meet(client):
    """(server's socket, client's socket) of a connection from an address, or of a datagram."""
    kind, address = client.split() if " " in client else ("tcp", client)
    if kind == "unix":
        return socket.socketpair()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    far = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    far.bind(socket.getaddrinfo(address, 0, family, far.type)[0][4])
    if kind == "udp":
        near = socket.socket(family, socket.SOCK_DGRAM)
        near.bind((SERVER, 0))
        far.sendto(b"x", near.getsockname())
        return near, far
    listener = listeners["mapped" if kind == "mapped" else family]
    server = address if "%" in address else "::1" if family == socket.AF_INET6 else SERVER
    far.connect((server, listener.getsockname()[1]))
    near, peer = listener.accept()
    lab.equal(peer[1], far.getsockname()[1])
    return near, far


# ---- runs ----


class Run:
    """One tcpd, ours or Debian's, in front of a service that says "served"."""

    def __init__(self, case, is_ours):
        self.case, self.is_ours, self.error = case, is_ours, None
        # Debian's sleeps before it turns a client away.
        self.waits = case.seconds is not None or not is_ours and case.debian_refuses()

    def start(self):
        options = OUR_OPTIONS if self.is_ours else DEBIAN_OPTIONS
        self.place = Place(self.case.tables, self.case.resolv + options, self.case.etc)
        near, self.far = meet(self.case.client)
        env = {"PATH": "/usr/bin:/bin", **self.case.env}
        if not self.is_ours:
            env["LD_LIBRARY_PATH"] = str(next(debian.parents[1].glob("lib/*/libwrap.so.0")).parent)
        self.began = time.monotonic()
        tcpd = ours if self.is_ours else debian
        self.process = subprocess.Popen([service, "served"], executable=tcpd, stdin=near,
                                        stdout=near, stderr=near, env=env,
                                        preexec_fn=self.place.enter)
        near.close()

    def is_over(self):
        if self.process.poll() is None:
            if time.monotonic() < self.began + LIMIT_SECONDS:
                return False
            self.process.kill()
            self.process.wait()
            self.error = f"not over within {LIMIT_SECONDS} s"
        return True

    def finish(self):
        messages = log.of(self.process)
        self.raw = [message for _, message in messages]
        self.seconds = (messages[-1][0] if messages else time.monotonic()) - self.began
        self.got = lab.read_all(self.far) if self.far.type == socket.SOCK_STREAM else b""
        self.far.close()

    def lines(self):
        if self.error:
            raise AssertionError(f"{self.error}; log {self.raw}; asked {self.place.queries}")
        return [parse(message, self.is_ours) for message in self.raw]


def play(runs):
    """Carry runs out: those that wait at once, the others a few at a time."""
    coming = sorted(runs, key=lambda run: not run.waits)
    active = []
    while coming or active:
        while coming and (coming[0].waits or sum(not run.waits for run in active) < AT_ONCE):
            active.append(coming.pop(0))
            active[-1].start()
        for run in [run for run in active if run.is_over()]:
            active.remove(run)
            run.finish()
        time.sleep(0.002)


# ---- cases ----

SAME = object()
cases = []


class Case:
    """What a DNS table, rules and a client come to.

    tables: one for each name server.  lines, queries: what the log has, and what was asked; None:
    not looked at.  debian: (lines, queries) where Debian's differ, or a text: why it is not asked.
    honest: nobody is up to anything.
    seconds: how long it takes, if it waits.  etc: further files.  got: what the client gets."""

    def __init__(self, what, tables, lines, queries=None, *, client=CLIENT, allow=RULES, deny=None,
                 debian=SAME, seconds=None, resolv="", env=None, etc=None, got=b"served\n",
                 honest=False):
        self.what, self.honest = what, honest
        self.tables = [tables] if isinstance(tables, dict) else tables
        self.lines, self.queries = lines, queries
        self.client, self.debian, self.seconds = client, debian, seconds
        self.resolv, self.env, self.got = resolv, env or {}, got
        self.etc = {"hosts.allow": allow, **({"hosts.deny": deny} if deny else {}), **(etc or {})}
        cases.append(self)

    def debian_wants(self):
        return (self.lines, self.queries) if self.debian is SAME else self.debian

    def debian_refuses(self):
        lines = None if isinstance(self.debian, str) else self.debian_wants()[0]
        return bool(lines) and lines[-1][1].startswith("refused")

    def runs(self):
        return [run for run in (self.ours, self.debians) if run is not None]

    def judge_ours(self):
        run = self.ours
        lines = run.lines()
        if self.lines is not None:
            lab.equal(lines, self.lines)
        if self.queries is not None:
            lab.equal(run.place.queries, self.queries)
        lab.equal(run.place.connections, 0)
        if run.far.type == socket.SOCK_STREAM:
            lab.equal(run.got, b"" if lines[-1][1].startswith("refused") else self.got)
        expected = self.seconds or 0
        if not expected - 0.1 <= run.seconds <= min(expected + SLACK_SECONDS, TOTAL_SECONDS):
            raise AssertionError(f"took {run.seconds:.2f} s, not {expected}")

    def judge_debian(self):
        lines, queries = self.debian_wants()
        lab.equal(self.debians.lines(), self.ours.lines() if lines is None else lines)
        if queries is not None:
            lab.equal(self.debians.place.queries, queries)


honest = functools.partial(Case, honest=True)


def reverse(address):
    return "PTR " + ipaddress.ip_address(address.partition("%")[0]).reverse_pointer


def warning(text, line=1, file=ALLOW):
    return "err", f"warning: {file}, line {line}: {text}"


def connect(severity, name=CLIENT, address=CLIENT):
    return severity, f"connect from {name} ({address})"


def no_forward(name, family="AF_INET"):
    return warning(f"can't verify hostname: getaddrinfo({name}, {family}) failed")


def other_address(name, address=CLIENT):
    return warning(f"host name/address mismatch: {address} != {name}")


def other_name(name, official):
    return warning(f"host name/name mismatch: {name} != {official}")


def numeric(name):
    return warning(f"host name/name mismatch: reverse lookup results in non-FQDN {name}")


def paranoid(doubt, address=CLIENT):
    return [doubt, connect("alert", address, address)]


def differ(counts, other, file=DENY):
    return warning(f"refused by the {counts} reading; the {other}", file=file)


P, S, GOOD, SERVER_NAME = reverse(CLIENT), reverse(SERVER), "good.ex.org", "server.ex.org"
GOOD_TABLE = {P: answer(ptr(GOOD)), f"A {GOOD}": answer(a(CLIENT))}
GOOD_QUERIES = [P, f"A {GOOD}"]
KNOWN, UNKNOWN, NOT_THERE = [connect("notice", GOOD)], [connect("crit")], paranoid(no_forward(GOOD))
REFUSED_LINE = ("warning", f"refused connect from {CLIENT} ({CLIENT})")
OUT_OF_RESOURCES = f"error: {ALLOW}, line 1: out of resources while looking up a name: refused"
LOOKUP_FAULT, TURNED_AWAY = [("err", OUT_OF_RESOURCES), REFUSED_LINE], [REFUSED_LINE]
DEAD = {P: SILENCE, S: SILENCE, f"A {GOOD}": SILENCE, f"A {SERVER_NAME}": SILENCE}
BOTH_NAMES = f"names@{SERVER_NAME}: ALL\nnames: {GOOD}\n"


def leads_to(name, *records):
    """A table: the client's name, and what is found there (if nothing is said, the client)."""
    return {P: answer(ptr(name)), f"A {name.lower()}": answer(*(records or [a(CLIENT)]))}


def crowd(count):
    return [a(f"127.1.{i >> 8}.{i & 255}") for i in range(count)]


NO_RULE, ALLOW_RULE = "one: granted, as no rule matches", f"one: granted at {ALLOW}, line "


# ---- all of it ----

def leave():
    for place in ("/dev", lab.dir / "dev"):
        lab.libc.umount2(os.fsencode(place), MNT_DETACH)


def set_up():
    global dns, log, listeners, service, ours, debian
    checked(lab.libc.unshare(CLONE_NEWUTS), "unshare")
    socket.sethostname("lab")  # without a domain, of which a search list would come
    log = Log(stage.private_dev(lab.dir / "dev"))
    stage.mount("tmpfs", "/run", "tmpfs", MS_RDONLY)  # every refusal has its line
    atexit.register(leave)
    (lab.dir / "kept").mkdir()
    for name in filter(lambda n: os.path.exists(f"/etc/{n}"), KEPT):
        shutil.copy(f"/etc/{name}", lab.dir / "kept")
    dns = DnsServer()
    listeners = {socket.AF_INET: socket.create_server((SERVER, 0), backlog=64)}
    if stage.has_ipv6():
        listeners[socket.AF_INET6] = listeners["mapped"] = socket.create_server(
            ("::", 0), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True)
        lab.add_ipv6(CLIENT6)
        lab.add_ipv6(LINK6)
    service = lab.dir / "names"
    service.symlink_to("/bin/echo")
    ours = BUILD / "src/cmd/tcpd/tcpd"
    root = pathlib.Path(fetched.stdout.strip())
    debian = root / "usr/sbin/tcpd" if fetched.returncode == 0 else None


def register(case):
    case.ours, case.debians = Run(case, True), None
    lab.test(case.what)(case.judge_ours)
    if isinstance(case.debian, str):
        print(f"# Debian's tcpd is not asked: {case.what}: {case.debian}")
        return
    if debian is not None:
        case.debians = Run(case, False)
    lab.test(f"Debian: {case.what}")(case.judge_debian if debian is not None else skip_debian)


def skip_ipv6():
    raise lab.Skip("no IPv6 here")


def skip_debian():
    raise lab.Skip((fetched.stderr.strip().splitlines() or ["no Debian tcpd"])[-1])


set_up()
