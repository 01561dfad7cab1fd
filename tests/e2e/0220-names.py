#!/usr/bin/env python3
"""Verified names: tcpd between a scripted name server and the log, in namespaces of its own.

Each case is a DNS table, a client, and rules whose severity says which one matched. Our tcpd must
say and ask what the case wants, to the byte. Debian's tcpd, given the same, must do the same,
unless the case says what it does instead, or why it is not asked. Whatever waits is started first,
all at a time. At the end a program with our library in it decides more than once.

By hand: 0220-names.py [WORD...], the cases that have all the words in their names."""
import atexit
import fcntl
import functools
import ipaddress
import os
import pathlib
import re
import shutil
import socket
import struct
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
from dns_server import (DnsServer, FORMERR, NOTIMP, QUESTION, REFUSED, SERVFAIL, SILENCE, TC, a,
                        aaaa, answer, cname, failure, label_text, ptr, raw, record, wire_name)

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
CLONE_NEWNS, CLONE_NEWUTS, MS_BIND, MNT_DETACH = 0x00020000, 0x04000000, 0x1000, 2
SIOCSIFADDR = 0x8916

# ---- the place ----


def checked(status, what):
    if status != 0:
        raise OSError(f"{what}: {os.strerror(lab.ctypes.get_errno())}")


def add_ipv6(address):
    """To loopback."""
    packed = ipaddress.IPv6Address(address.partition("%")[0]).packed
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, packed + struct.pack("Ii", 128, socket.if_nametoindex("lo")))
    lab.until(lambda: can_bind(address), f"{address} on loopback")
    return address


def can_bind(address):
    """A new address is tentative for a moment."""
    with socket.socket(socket.AF_INET6) as s:
        try:
            s.bind(socket.getaddrinfo(address, 0, socket.AF_INET6)[0][4])
        except OSError:
            return False
        return True


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
        return dns.serve(table[1], add_ipv6(where))

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


def leads_to(name, *records):
    """A table: the client's name, and what is found there (if nothing is said, the client)."""
    return {P: answer(ptr(name)), f"A {name.lower()}": answer(*(records or [a(CLIENT)]))}


NO_RULE, ALLOW_RULE = "one: granted, as no rule matches", f"one: granted at {ALLOW}, line "

# ---- names that lead back, and names that do not ----

honest("a name that leads back is known", GOOD_TABLE, KNOWN, GOOD_QUERIES)
Case("forward lookup gives another address", leads_to(GOOD, a(ANOTHER)),
     paranoid(other_address(GOOD)), GOOD_QUERIES)
Case("forward lookup gives more than one address", leads_to(GOOD, a(ANOTHER), a(CLIENT)),
     KNOWN, GOOD_QUERIES)
Case("forward lookup: no such name", {P: answer(ptr(GOOD))}, NOT_THERE, GOOD_QUERIES)
Case("forward lookup: no address", {P: answer(ptr(GOOD)), f"A {GOOD}": answer()}, NOT_THERE,
     GOOD_QUERIES)
Case("no PTR: no such name", {}, UNKNOWN, [P])
Case("no PTR: no data", {P: answer()}, UNKNOWN, [P])
for rcode, text in ((SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED"), (NOTIMP, "NOTIMP"),
                    (FORMERR, "FORMERR")):
    Case(f"forward lookup: {text}", {P: answer(ptr(GOOD)), f"A {GOOD}": failure(rcode)},
         NOT_THERE, GOOD_QUERIES)
    Case(f"reverse lookup: {text}", {P: failure(rcode)}, UNKNOWN, [P])
for text in ("1.2.3.4", CLIENT, "0x7f.2", "2130706434", "0177.0.0.2", "0", "0x7f000002", "127.2",
             "255.255.255.255", "00000000000.0"):
    Case(f"PTR {text}: a number, and no forward lookup", leads_to(text), paranoid(numeric(text)),
         [P])
for text in ("1.2.3.256", "4294967296", "0x", "0x100000000", "1e9", "08.0.0.1", "127.0.0.2.ex.org"):
    Case(f"PTR {text}: much like a number", leads_to(text),
         [connect("notice" if "." in text else "err", text)], [P, f"A {text}"])
honest("PTR 1.2.3.4.5: no number", leads_to("1.2.3.4.5"), [connect("notice", "1.2.3.4.5")],
     [P, "A 1.2.3.4.5"])
Case("PTR to an alias", leads_to("alias.ex.org", cname(GOOD), a(CLIENT, owner=GOOD)),
     paranoid(other_name("alias.ex.org", GOOD)), [P, "A alias.ex.org"])
Case("reverse zone delegated by an alias (RFC 2317)",
     {**GOOD_TABLE, P: answer(cname("2.net.in-addr.arpa"), ptr(GOOD, owner="2.net.in-addr.arpa"))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: a circle of aliases",
     {P: answer(cname("b.ex.org"), cname("2.0.0.127.in-addr.arpa", owner="b.ex.org"))}, UNKNOWN,
     [P])
Case("forward lookup: a circle of aliases",
     leads_to(GOOD, cname("b.ex.org"), cname(GOOD, owner="b.ex.org")), NOT_THERE, GOOD_QUERIES)
ASKS_AGAIN = (None, None)  # the same, but whenever its buffer proves too small
LONG_WAY = [f"c{i}.ex.org" for i in range(1, 101)]


def chain(first, names):
    """Aliases, each of the one before."""
    return [cname(name, owner=owner) for owner, name in zip([first, *names], names)]


Case("forward lookup: a chain of 100 aliases",
     leads_to(GOOD, *chain(GOOD, LONG_WAY), a(CLIENT, owner=LONG_WAY[-1])),
     paranoid(other_name(GOOD, LONG_WAY[-1])), GOOD_QUERIES, debian=ASKS_AGAIN)
Case("forward lookup: a chain of 100 aliases, the last one first",
     leads_to(GOOD, a(CLIENT, owner=LONG_WAY[-1]), *reversed(chain(GOOD, LONG_WAY))),
     NOT_THERE, GOOD_QUERIES)
Case("forward lookup: a chain of 100 aliases that comes back",
     leads_to(GOOD, *chain(GOOD, [*LONG_WAY, GOOD]), a(CLIENT)), KNOWN, GOOD_QUERIES,
     debian=ASKS_AGAIN)
Case("forward lookup: an alias that leads nowhere", leads_to(GOOD, cname("none.ex.org")),
     NOT_THERE, GOOD_QUERIES)
Case("forward lookup: an alias of itself", leads_to(GOOD, cname(GOOD)), NOT_THERE, GOOD_QUERIES)
Case("forward lookup: an alias and an address of the same name",
     leads_to(GOOD, cname("b.ex.org"), a(CLIENT), a(CLIENT, owner="b.ex.org")),
     paranoid(other_name(GOOD, "b.ex.org")), GOOD_QUERIES)
Case("forward lookup: the address of another name", leads_to(GOOD, a(CLIENT, owner="evil.org")),
     NOT_THERE, GOOD_QUERIES)
Case("reverse lookup: a chain of 100 aliases",
     {**GOOD_TABLE, P: answer(*chain("2.0.0.127.in-addr.arpa", LONG_WAY),
                              ptr(GOOD, owner=LONG_WAY[-1]))}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: an alias of itself", {P: answer(cname("2.0.0.127.in-addr.arpa"))}, UNKNOWN,
     [P])
Case("reverse lookup: an alias that leads nowhere", {P: answer(cname("b.ex.org"))}, UNKNOWN, [P])
Case("PTR to its own question", leads_to("2.0.0.127.in-addr.arpa"),
     [connect("notice", "2.0.0.127.in-addr.arpa")], [P, "A 2.0.0.127.in-addr.arpa"])
for word in ("ALL", "LOCAL", "KNOWN", "EXCEPT", "allow", "DENY"):
    Case(f"PTR {word}: a name as any other", leads_to(word), [connect("err", word)],
         [P, f"A {word}"])
    Case(f"PTR {word}: no rule for others lets it in", leads_to(word),
         [("warning", f"refused connect from {word} ({CLIENT})")], [P, f"A {word}"],
         allow="names: .ex.org, good.ex.org, UNKNOWN, @odd\nALL EXCEPT names: ALL\n",
         deny=REFUSE_ALL)
Case("PTR localhost of a foreign address", leads_to("localhost", a(SERVER)),
     paranoid(other_address("localhost")), [P, "A localhost"])
Case("localhost may be an alias", leads_to("LocalHost", cname(GOOD), a(CLIENT, owner=GOOD)),
     [connect("err", "LocalHost")], [P, "A LocalHost"])
QUESTION_IN_LOWER_CASE = wire_name(GOOD) + struct.pack("!HH", 1, 1)
honest("the spelling of the PTR is kept",
     {P: answer(ptr("GoOd.Ex.ORG")),
      f"A {GOOD}": answer(a(CLIENT, owner=GOOD), question=QUESTION_IN_LOWER_CASE)},
     [connect("notice", "GoOd.Ex.ORG")], [P, "A GoOd.Ex.ORG"])
honest("a single label is LOCAL", leads_to("short"), [connect("err", "short")], [P, "A short"])
Case("of several PTRs the first counts: it is good",
     {**GOOD_TABLE, P: answer(ptr(GOOD), ptr("bad.ex.org"), ptr("1.2.3.4"))}, KNOWN, GOOD_QUERIES)
Case("of several PTRs the first counts: it is bad",
     {**GOOD_TABLE, P: answer(ptr("bad.ex.org"), ptr(GOOD))}, paranoid(no_forward("bad.ex.org")),
     [P, "A bad.ex.org"])
OTHERS = [ptr(f"n{i}.ex.org") for i in range(999)]
Case("1000 PTRs, the first is good", {**GOOD_TABLE, P: answer(ptr(GOOD), *OTHERS)}, KNOWN,
     GOOD_QUERIES)
Case("1000 PTRs, the last is good", {**GOOD_TABLE, P: answer(*OTHERS, ptr(GOOD))},
     paranoid(no_forward("n0.ex.org")), [P, "A n0.ex.org"])
honest("/etc/hosts: nobody is asked", {}, [connect("notice", "there.ex.org")], [],
     etc={"hosts": f"{CLIENT} there.ex.org there\n"})
honest("/etc/hosts, the short name first", {}, [connect("err", "there")], [],
     etc={"hosts": f"{CLIENT} there there.ex.org\n"})


def name_of(length):
    return (("n" * 49 + ".") * 6)[:length - 1] + "e"


for length in (126, 127):
    name = name_of(length)
    Case(f"a name of {length} bytes", leads_to(name), [connect("notice", name)], [P, f"A {name}"])
for length in (128, 160, 253):  # 253: the longest that fits into 255 bytes of a message
    cut = name_of(length)[:127]
    Case(f"a name of {length} bytes is cut, and does not lead back", leads_to(name_of(length)),
         paranoid(no_forward(cut)), [P, f"A {cut}"])
WIDEST, TOO_WIDE = [b"w" * 63] * 3 + [b"w" * 61], [b"w" * 63] * 3 + [b"w" * 62]  # 255, 256 bytes
DOT_AT_THE_END = "x" * 63 + "." + "y" * 62
NARROW = ".".join(["a"] * 127)
honest("a label of 63 bytes", leads_to("l" * 63 + ".ex.org"),
     [connect("notice", "l" * 63 + ".ex.org")], [P, "A " + "l" * 63 + ".ex.org"])
for what, name in {"a label of 64 bytes": b"\x40" + b"l" * 64 + b"\2ex\0",
                   "a label of a kind that is not in use": b"\x81" + b"l" * 129 + b"\0",
                   "a bit string for a label": b"\x41\x08\x7f\2ex\0",
                   "a name of 256 bytes": wire_name(TOO_WIDE),
                   "a name of 1000 bytes": wire_name([b"w" * 63] * 15),
                   "a name without an end": wire_name(GOOD)[:-1]}.items():
    Case(f"PTR: {what}", {**GOOD_TABLE, P: answer(ptr(name))}, UNKNOWN, [P])
    Case(f"PTR to an alias: {what}", leads_to(GOOD, cname(name), a(CLIENT, owner=name)), NOT_THERE)
Case("PTR: bytes behind the name",
     {**GOOD_TABLE, P: answer(ptr(wire_name(GOOD) + b"\5extra"))}, KNOWN, GOOD_QUERIES)
Case("PTR: a name that ends in its middle", {P: answer(ptr(b"\4good\0\2ex\0"))},
     paranoid(no_forward("good")), [P, "A good"])
cut = b".".join(WIDEST)[:127].decode()
Case("a name of 255 bytes, in labels of 63",
     {P: answer(ptr(WIDEST)), f"A {cut}": answer(a(CLIENT))}, [connect("notice", cut)],
     [P, f"A {cut}"])
Case("a name of 127 labels", {P: answer(ptr(NARROW)), f"A {NARROW[:127]}": answer(a(CLIENT))},
     [connect("notice", NARROW[:127])], [P, f"A {NARROW[:127]}"])
Case("a name that is cut behind a dot", leads_to(DOT_AT_THE_END + ".ex.org") |
     {f"A {DOT_AT_THE_END}": answer(a(CLIENT))},
     paranoid(other_name(DOT_AT_THE_END + ".", DOT_AT_THE_END)), [P, f"A {DOT_AT_THE_END}"])
cut = name_of(253)[:127]
Case("a name that is cut to one that leads back", {**leads_to(cut), P: answer(ptr(name_of(253)))},
     [connect("notice", cut)], [P, f"A {cut}"])

# ---- crowds of addresses ----


def crowd(count):
    return [a(f"127.1.{i >> 8}.{i & 255}") for i in range(count)]


Case("1024 addresses, one is the client's", leads_to(GOOD, *crowd(1023), a(CLIENT)), KNOWN)
Case("1024 addresses, none is the client's", leads_to(GOOD, *crowd(1024)),
     paranoid(other_address(GOOD)))
Case("1025 addresses, one is the client's: refused", leads_to(GOOD, *crowd(1024), a(CLIENT)),
     LOOKUP_FAULT, debian=(KNOWN, None))
Case("1025 addresses, none is the client's: refused", leads_to(GOOD, *crowd(1025)), LOOKUP_FAULT,
     debian=(paranoid(other_address(GOOD)), None))
Case("4000 addresses, a message of 64 KiB: refused", leads_to(GOOD, *crowd(4000)), LOOKUP_FAULT,
     debian=(paranoid(other_address(GOOD)), None))
Case("1100 addresses in /etc/hosts: refused", {P: answer(ptr(GOOD))}, LOOKUP_FAULT, [P],
     debian=(paranoid(other_address(GOOD)), [P]),
     etc={"hosts": "".join(f"127.1.{i >> 8}.{i & 255} {GOOD}\n" for i in range(1100))})

# ---- time ----

SLOWER = "its resolver has other settings"
DEAD = {P: SILENCE, S: SILENCE, f"A {GOOD}": SILENCE, f"A {SERVER_NAME}": SILENCE}
Case("reverse lookup: no answer", DEAD, UNKNOWN, [P], seconds=1)
Case("forward lookup: no answer", {P: answer(ptr(GOOD)), f"A {GOOD}": SILENCE}, NOT_THERE,
     GOOD_QUERIES, seconds=1)
honest("both answers are slow, but in time",
     {P: answer(ptr(GOOD), delay=0.5), f"A {GOOD}": answer(a(CLIENT), delay=0.5)}, KNOWN,
     GOOD_QUERIES, seconds=1)
Case("reverse lookup: the answer is late", {**GOOD_TABLE, P: answer(ptr(GOOD), delay=1.5)}, UNKNOWN,
     [P], seconds=1)
Case("two dead servers", [DEAD] * 2, UNKNOWN, [P] * 2, seconds=2)
Case("three dead servers", [DEAD] * 3, UNKNOWN, [P] * 3, seconds=3)
Case("three dead servers in turns", [DEAD] * 3, UNKNOWN, seconds=3, resolv="options rotate\n",
     debian=SLOWER)
Case("two dead servers, and one that answers", [DEAD, DEAD, GOOD_TABLE], KNOWN, GOOD_QUERIES * 3,
     seconds=4)
Case("the longest there is: two dead servers, and one that is slow and then silent",
     [DEAD, DEAD, {**DEAD, P: answer(ptr(GOOD), delay=0.5)}], NOT_THERE, GOOD_QUERIES * 3,
     seconds=5.5)
# A large answer is asked for again and again by those whose buffers grow.
Case("two dead servers, and one with a crowd of addresses",
     [DEAD, DEAD, {P: answer(ptr(GOOD)), f"A {GOOD}": answer(*crowd(4000), delay=0.5)}],
     LOOKUP_FAULT, seconds=4.5, debian=SLOWER)
BOTH_NAMES = f"names@{SERVER_NAME}: ALL\nnames: {GOOD}\n"
for rcode, text in ((SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED"), (NOTIMP, "NOTIMP")):
    Case(f"the first server says {text}, the second knows",
         [{P: failure(rcode), f"A {GOOD}": failure(rcode)}, GOOD_TABLE], KNOWN, GOOD_QUERIES * 2)
Case("the first server says that there is no such name, the second knows", [{}, GOOD_TABLE],
     UNKNOWN, [P])
Case("the servers do not agree on the way back", [{P: answer(ptr(GOOD))}, GOOD_TABLE], NOT_THERE,
     GOOD_QUERIES)
Case("a dead server, and one that says SERVFAIL", [DEAD, {P: failure(SERVFAIL)}], UNKNOWN, [P] * 2,
     seconds=1)
Case("the first server's answer comes while the second is asked, which is dead",
     [{**GOOD_TABLE, P: answer(ptr(GOOD), delay=1.3)}, DEAD], UNKNOWN, [P] * 2, seconds=2)
Case("a fourth server is none", [DEAD, DEAD, DEAD, GOOD_TABLE], UNKNOWN, [P] * 3, seconds=3)
Case("an answer in the last moment", {**GOOD_TABLE, P: answer(ptr(GOOD), delay=0.9)}, KNOWN,
     GOOD_QUERIES, seconds=0.9)
Case("names of both ends share the time", [DEAD] * 3, [connect("info")], [S, P, S, P, S],
     allow=BOTH_NAMES, seconds=5, debian=SLOWER)
Case("no time is left for the second name",
     [DEAD, DEAD, {**GOOD_TABLE, **DEAD, S: answer(ptr(SERVER_NAME), delay=0.5)}],
     [no_forward(SERVER_NAME), connect("info")], [S, f"A {SERVER_NAME}"] * 3, allow=BOTH_NAMES,
     seconds=5.5, debian=SLOWER)
Case("the environment has other settings", DEAD, UNKNOWN, [P], seconds=1, debian=SLOWER,
     env={"RES_OPTIONS": "timeout:30 attempts:5 ndots:9"})
Case("TCP alone, to a server that is silent", DEAD, UNKNOWN, seconds=1, resolv="options use-vc\n",
     debian="it waits for ever")

# ---- answers that are none ----


def misplaced(*records, times=1):
    """Answers to a query that nobody has sent."""
    return lambda query: [(0.05 * i, query.message(records, id=query.id ^ 1)) for i in range(times)]


Case("reverse lookup: another query's answer", {**GOOD_TABLE, P: misplaced(ptr(GOOD))}, UNKNOWN,
     [P], seconds=1)
Case("reverse lookup: a stream of other queries' answers",
     {**GOOD_TABLE, P: misplaced(ptr(GOOD), times=60)}, UNKNOWN, [P], seconds=1)
Case("forward lookup: another query's answer",
     {P: answer(ptr(GOOD)), f"A {GOOD}": misplaced(a(CLIENT))}, NOT_THERE, GOOD_QUERIES, seconds=1)
Case("another query's answer, and then the right one",
     {**GOOD_TABLE, P: lambda query: misplaced(ptr("bad.ex.org"))(query)
      + answer(ptr(GOOD), delay=0.1)(query)}, KNOWN, GOOD_QUERIES)
Case("an answer to another question",
     {**GOOD_TABLE, P: answer(ptr(GOOD), question=wire_name("x.org") + b"\0\x0c\0\1")}, UNKNOWN,
     [P], seconds=1)


def cut_at(length):
    return lambda q: q.message([ptr(GOOD)])[:length]


def sections(answers=(), authority=(), additional=()):
    """A message with records in all places, and their counts."""
    def build(q):
        text = q.message([*answers, *authority, *additional])
        counts = struct.pack("!HHH", len(answers), len(authority), len(additional))
        return text[:6] + counts + text[12:]
    return build


def points(*offsets):
    """A PTR record of names that point on: offsets from the record's data on."""
    def build(q):
        start = len(q.message()) + 12
        return q.message([record("PTR", b"".join(struct.pack("!H", 0xc000 | start + to)
                                                 for to in offsets))])
    return build


def flagged(flags):
    def build(q):
        text = q.message([ptr(GOOD)])
        return text[:2] + struct.pack("!H", flags) + text[4:]
    return build


ODD_ANSWERS = {
    "nothing": lambda q: b"",
    "one byte": lambda q: b"x",
    "a head alone": lambda q: q.message()[:12],
    "the query itself": lambda q: q.message()[:2] + b"\1\0" + q.message()[4:],
    "a count of records that are not there": lambda q: q.message(count=5),
    "a record cut short": lambda q: q.message([ptr(GOOD)])[:-4],
    "a name that points at itself":
        lambda q: q.message([record("PTR", struct.pack("!H", 0xc000 | len(q.message()) + 12))]),
    "a name that points behind the end": lambda q: q.message([record("PTR", b"\xff\xff")]),
    "a label longer than its record": lambda q: q.message([record("PTR", b"\x3fabc")]),
    "a record without a name": lambda q: q.message([record("PTR", b"")]),
    "another type": lambda q: q.message([record("TXT", b"\4good")]),
    "another address's name": lambda q: q.message([ptr(GOOD, owner="9.0.0.127.in-addr.arpa")]),
    "64 KiB of rubbish": lambda q: q.message() + b"\xff" * 65000,
    "two names that point at each other": points(2, 0),
    "a hundred names, each points at the next, the last at the first": points(
        *range(2, 200, 2), 0),
    "a name that points into the head": lambda q: q.message([record("PTR", b"\xc0\0")]),
    "half a pointer": lambda q: q.message([record("PTR", b"\xc0")]),
    "a name that runs into its own pointer": lambda q: q.message(
        [record("PTR", b"\4good" + struct.pack("!H", 0xc000 | len(q.message()) + 12))]),
    "no question": lambda q: q.message([ptr(GOOD)])[:4] + b"\0\0" + q.message([ptr(GOOD)])[6:],
    "two questions": lambda q: q.message([ptr(GOOD)])[:4] + b"\0\2" + q.message([ptr(GOOD)])[6:],
    "the question of another type": lambda q: q.message(
        [ptr(GOOD)], question=q.question[:-4] + b"\0\1\0\1"),
    "the question of another class": lambda q: q.message(
        [ptr(GOOD)], question=q.question[:-2] + b"\0\3"),
    "a record that claims 65535 bytes": lambda q: q.message(
        [QUESTION + struct.pack("!HHIH", 12, 1, 60, 65535) + wire_name(GOOD)]),
    "the name in the authority section": sections(authority=[ptr(GOOD)]),
    "the name in the additional section": sections(additional=[ptr(GOOD)]),
    "an address": lambda q: q.message([a(CLIENT)]),
    "code 15": lambda q: q.message(rcode=15),
    "a name, and that there is none": lambda q: q.message([ptr(GOOD)], rcode=3),
    "a name, and a failure": lambda q: q.message([ptr(GOOD)], rcode=SERVFAIL),
    **{f"the first {length} bytes": cut_at(length)
       for length in (2, 11, 13, 24, 40, 44, 50, 56, 60)},
}
for text, build in ODD_ANSWERS.items():
    Case(f"reverse lookup: {text}", {**GOOD_TABLE, P: raw(build)}, UNKNOWN)
for text, flags in (("a status", 0x9180), ("an update", 0xa980), ("all at once", 0xfdf0),
                    ("an answer alone", 0x8000)):
    Case(f"reverse lookup: an answer whose flags say {text}",
         {**GOOD_TABLE, P: raw(flagged(flags))}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: the name, and rubbish in the other sections",
     {**GOOD_TABLE,
      P: raw(sections([ptr(GOOD)], [record(99, b"\xff" * 99)], [record(41, b"\0" * 9)]))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: 65535 records, of which there is one",
     {**GOOD_TABLE, P: answer(ptr(GOOD), count=65535)}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: a record that is shorter than its name",
     {**GOOD_TABLE, P: answer(QUESTION + struct.pack("!HHIH", 12, 1, 60, 3) + wire_name(GOOD))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: a name of another class",
     {**GOOD_TABLE, P: answer(QUESTION + struct.pack("!HHIH", 12, 3, 60, 13) + wire_name(GOOD))},
     UNKNOWN, [P])
Case("PTR to the root", {P: answer(ptr(""))}, paranoid(no_forward(".")), [P, "A "])
for size in (0, 3, 5, 16):
    Case(f"forward lookup: an address of {size} bytes",
         leads_to(GOOD, record("A", b"\x7f\0\0\2".ljust(size, b"\0")[:size])), NOT_THERE,
         GOOD_QUERIES)
Case("a truncated answer: TCP is not tried",
     {**GOOD_TABLE, P: answer(flags=TC), f"TCP {P}": answer(ptr(GOOD))}, UNKNOWN, [P],
     debian=(KNOWN, [P, *GOOD_QUERIES]))
Case("truncated answers: what is there counts, and TCP is silent",
     {P: answer(ptr(GOOD), flags=TC), f"TCP {P}": SILENCE,
      f"A {GOOD}": answer(a(CLIENT), flags=TC)},
     KNOWN, GOOD_QUERIES, debian="it waits for ever")
Case("a truncated forward answer, the client's address behind the cut",
     {P: answer(ptr(GOOD)), f"A {GOOD}": answer(a(ANOTHER), flags=TC), f"TCP A {GOOD}": SILENCE},
     paranoid(other_address(GOOD)), GOOD_QUERIES, debian="it waits for ever")
Case("UDP says TC and no more, then TCP is silent", {P: answer(flags=TC), f"TCP {P}": SILENCE},
     UNKNOWN, [P], debian="it waits for ever")
Case("UDP says TC and no more, on the way back, then TCP is silent",
     {P: answer(ptr(GOOD)), f"A {GOOD}": answer(flags=TC), f"TCP A {GOOD}": SILENCE},
     NOT_THERE, GOOD_QUERIES, debian="it waits for ever")
Case("UDP says TC, then TCP drips: it is not tried",
     {P: answer(flags=TC), f"TCP {P}": lambda q: [(0.2 * i, b"") for i in range(1, 40)]},
     UNKNOWN, [P],
     debian="it waits as long as something comes")
honest("EDNS, and servers in turns", GOOD_TABLE, KNOWN, GOOD_QUERIES,
     resolv="options edns0 trust-ad rotate\n")
honest("no server listens", {}, UNKNOWN, [], etc={"resolv.conf": "nameserver 127.99.0.1\n"})
Case("no way leads to the server", {}, UNKNOWN, [], etc={"resolv.conf": "nameserver 192.0.2.1\n"})
honest("an empty resolv.conf", {}, UNKNOWN, [], etc={"resolv.conf": ""})
if stage.has_ipv6():
    Case("a dead server, and one on IPv6", [DEAD, ("IPv6", GOOD_TABLE)], KNOWN, GOOD_QUERIES * 2,
         seconds=2)
    honest("a server at a link-local address", [("a link", GOOD_TABLE)], KNOWN, GOOD_QUERIES)

# ---- what a name is looked up as ----

SEARCH = "search search.test\noptions ndots:4\n"
FOUND = "A short.search.test"
Case("the search list is not for forward lookups: a label",
     {P: answer(ptr("short")), FOUND: answer(a(CLIENT))}, paranoid(no_forward("short")),
     [P, "A short"], resolv=SEARCH,
     debian=(paranoid(other_name("short", "short.search.test")), [P, FOUND]))
Case("the search list is not for forward lookups: a name",
     {P: answer(ptr("host.ex")), "A host.ex.search.test": answer(a(CLIENT))},
     paranoid(no_forward("host.ex")), [P, "A host.ex"], resolv=SEARCH,
     debian=(paranoid(other_name("host.ex", "host.ex.search.test")), [P, "A host.ex.search.test"]))
Case("the search list is not for forward lookups: from the environment",
     {P: answer(ptr("short")), FOUND: answer(a(CLIENT))}, paranoid(no_forward("short")),
     [P, "A short"], env={"LOCALDOMAIN": "search.test"},
     debian=(paranoid(other_name("short", "short.search.test")), [P, FOUND]))
Case("the environment's aliases are not for forward lookups",
     {P: answer(ptr("short")),
      "A short.evil.org": answer(cname("short", owner="short.evil.org"), a(CLIENT, owner="short"))},
     paranoid(no_forward("short")), [P, "A short"], env={"HOSTALIASES": "/etc/aliases"},
     etc={"aliases": "short short.evil.org\n"},
     debian=([connect("err", "short")], [P, "A short.evil.org"]))

# ---- hostile names: whatever the C library lets through, it is one line, and as Debian's ----

for label in (b"$(id)`id`;|&<>", b"%n%s%h%u", b"a\nJan  1 00:00:00 sshd[1]: x", b"\x1b[2J", b"a\0b",
              b"a b", b"'\"\\", b"root@host", b"[::1]", b"*?", b"a,b", b"/etc/x", b"a_b", b"-rf",
              b"a-", b"\x7f", b"~!^={}+", b"*", b"**", b"[a]",
              b"%", b"\\", b"\xff\xfe", b"\x9b2J", b"a\tb", b"\r", b"sshd[1]:", b"<0>", b"-", b"_",
              "b\u00fccher".encode(), b"127.0.0.2"):
    key = label_text(label).lower()
    Case(f"PTR {label!r} and more labels",
         {P: answer(ptr([label, b"ex", b"org"])), f"A {key}.ex.org": answer(a(CLIENT))}, None)
    Case(f"PTR {label!r}", {P: answer(ptr([label])), f"A {key}": answer(a(CLIENT))}, None)
    Case(f"PTR to an alias of {label!r}", leads_to(GOOD, cname([label]), a(CLIENT, owner=[label])),
         None)
Case("a hostile name in /etc/hosts shows as what it is", {},
     [connect("notice", r"ev\x1bil%n$(id).ex.org")], [],
     etc={"hosts": f"{CLIENT} ev\x1bil%n$(id).ex.org\n"},
     debian=([connect("notice", "ev\x1bil%n$(id).ex.org")], []))
Case("a hostile name in an expansion", {},
     [("warning", rf"twist ev\x1b`id`$x to /bin/echo ev__id__x {CLIENT}")], [],
     etc={"hosts": f"{CLIENT} ev\x1b`id`$x\n"}, allow="ALL: ALL: twist /bin/echo %n %a\n",
     got=f"ev__id__x {CLIENT}\n".encode(),
     debian=([("warning", f"twist ev__id__x to /bin/echo ev__id__x {CLIENT}")], []))

# ---- other families ----

P6, AAAA = reverse(CLIENT6), "AAAA six.ex.org"
SIX, FOUR = {P6: answer(ptr("six.ex.org"))}, {reverse("127.0.0.3"): answer(ptr(GOOD))}
MAPPED, MAPPED_TEXT = "mapped 127.0.0.3", "::ffff:127.0.0.3"
if stage.has_ipv6():
    honest("::1 in /etc/hosts", {}, [connect("err", "localhost", "::1")], [], client="::1",
         etc={"hosts": "::1 localhost ip6-localhost\n"})
    honest("::1 by DNS",
         {reverse("::1"): answer(ptr("localhost")), "AAAA localhost": answer(aaaa("::1"))},
         [connect("err", "localhost", "::1")], [reverse("::1"), "AAAA localhost"], client="::1")
    honest("IPv6: a name that leads back", {**SIX, AAAA: answer(aaaa(CLIENT6))},
         [connect("notice", "six.ex.org", CLIENT6)], [P6, AAAA], client=CLIENT6)
    Case("IPv6: another address", {**SIX, AAAA: answer(aaaa("fd00::9"))},
         paranoid(other_address("six.ex.org", CLIENT6), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: a name with an IPv4 address alone", {**SIX, "A six.ex.org": answer(a(CLIENT))},
         paranoid(no_forward("six.ex.org", "AF_INET6"), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: PTR 1.2.3.4", {P6: answer(ptr("1.2.3.4"))},
         paranoid(no_forward("1.2.3.4", "AF_INET6"), CLIENT6), [P6], client=CLIENT6)
    Case("IPv6: no PTR", {}, [connect("crit", CLIENT6, CLIENT6)], [P6], client=CLIENT6)
    Case("IPv6: a link-local address has a scope, and a name has none",
         {reverse(LINK6): answer(ptr("six.ex.org")), AAAA: answer(aaaa("fe80::2"))},
         paranoid(other_address("six.ex.org", LINK6), LINK6), [reverse(LINK6), AAAA], client=LINK6)
    Case("IPv6: no answer", {P6: SILENCE}, [connect("crit", CLIENT6, CLIENT6)], [P6],
         client=CLIENT6, seconds=1)
    TURNED_AWAY6 = ("warning", f"refused connect from {CLIENT6} ({CLIENT6})")
    Case("IPv6: PTR unknown, admitted as that",
         {P6: answer(ptr("unknown")), "AAAA unknown": answer(aaaa(CLIENT6))},
         [differ("plain", f"classic {ALLOW_RULE}1"), TURNED_AWAY6], [P6, "AAAA unknown"],
         client=CLIENT6, allow="ALL: UNKNOWN: severity debug\n", deny=REFUSE_ALL,
         debian=([connect("debug", CLIENT6, CLIENT6)], None))
    Case("IPv6: an IPv4 address where an IPv6 one should be",
         {**SIX, AAAA: answer(record("AAAA", b"\x7f\0\0\2"))},
         paranoid(no_forward("six.ex.org", "AF_INET6"), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: 1025 addresses, one is the client's: refused",
         {**SIX, AAAA: answer(*[aaaa(f"fd01::{i:x}") for i in range(1024)], aaaa(CLIENT6))},
         [("err", OUT_OF_RESOURCES), TURNED_AWAY6], client=CLIENT6,
         debian=([connect("notice", "six.ex.org", CLIENT6)], None))
    Case("IPv6: an alias", {**SIX, AAAA: answer(cname("x.org"), aaaa(CLIENT6, owner="x.org"))},
         paranoid(other_name("six.ex.org", "x.org"), CLIENT6), [P6, AAAA], client=CLIENT6)
    honest("mapped: looked up as IPv4", {**FOUR, f"A {GOOD}": answer(a("127.0.0.3"))},
         [connect("notice", GOOD, MAPPED_TEXT)], [*FOUR, f"A {GOOD}"], client=MAPPED)
    Case("mapped: another address", {**FOUR, f"A {GOOD}": answer(a(CLIENT))},
         paranoid(other_address(GOOD, "127.0.0.3"), MAPPED_TEXT), [*FOUR, f"A {GOOD}"],
         client=MAPPED)
    Case("mapped: a name with an IPv6 address alone",
         {**FOUR, f"AAAA {GOOD}": answer(aaaa(MAPPED_TEXT))},
         paranoid(no_forward(GOOD), MAPPED_TEXT), [*FOUR, f"A {GOOD}"], client=MAPPED)
honest("the sender of a datagram", GOOD_TABLE, KNOWN, GOOD_QUERIES, client=f"udp {CLIENT}")
honest("a unix socket has no name", GOOD_TABLE, [connect("crit", "localhost", "localhost")], [],
     client="unix -")

# ---- which rules ask ----

BOTH_TABLE = {**GOOD_TABLE, S: answer(ptr(SERVER_NAME)), f"A {SERVER_NAME}": answer(a(SERVER))}
SERVER_QUERIES = [S, f"A {SERVER_NAME}"]
LISTS = {"addresses": "10.\n127.0.0.2\n", "names": f"x.org\n{GOOD}\n",
         "netgroup": f"trusted ({GOOD},,)\nodd (unknown,,) (paranoid,,)\n"}
DEBIANS_BRACKETS = ([connect("info", GOOD)], GOOD_QUERIES)


def rule_case(rule, matches, queries=(), debian=SAME):
    name = GOOD if queries == GOOD_QUERIES else CLIENT
    honest(f"{rule}: asks {', '.join(queries) or 'nobody'}", BOTH_TABLE,
         [connect("debug" if matches else "info", name)], list(queries),
         allow=f"{rule}: severity debug\n", etc=LISTS, debian=debian)


for rule in ("ALL: ALL", f"ALL: {CLIENT}", "ALL: 127.", "ALL: 127.0.0.0/8",
             "ALL: 127.0.0.0/255.0.0.0", f"names@{SERVER}: ALL", "ALL: ALL EXCEPT 10.",
             "ALL: /etc/addresses", f"ALL: {CLIENT}, foo.bar"):
    rule_case(rule, True)
for rule in ("ALL: 9. 8. 10.0.0.1 10.0.0.0/8", "other: foo.bar", "ALL EXCEPT names: foo.bar",
             "22: foo.bar", f"names@{ANOTHER}: LOCAL"):
    rule_case(rule, False)
for rule in ("[::1]", "[fd00::]/8", "[fe80::1%lo]"):
    rule_case(f"ALL: {rule}", False, debian=SAME if "/" in rule else DEBIANS_BRACKETS)
for rule in ("KNOWN", ".ex.org", "good.", "g*d.ex.?rg", "GOOD.EX.ORG", "@trusted", "/etc/names",
             "10. KNOWN"):
    rule_case(f"ALL: {rule}", True, GOOD_QUERIES)
for rule in ("LOCAL", "UNKNOWN", "PARANOID", "foo.bar", "@TRUSTED", "@odd", "@none", "ex.org"):
    rule_case(f"ALL: {rule}", False, GOOD_QUERIES)
rule_case(f"names@{SERVER_NAME}: ALL", True, SERVER_QUERIES)
rule_case("names@LOCAL: ALL", False, SERVER_QUERIES)
for letters, who, queries in (("%a %A %c %d %h %H %p %r %R %s", CLIENT, []),
                              ("%n", GOOD, GOOD_QUERIES), ("%N", CLIENT, SERVER_QUERIES)):
    honest(f"{letters}: asks {', '.join(queries) or 'nobody'}", BOTH_TABLE, [connect("info", who)],
         queries, allow=f"ALL: ALL: spawn /bin/true {letters}\n")

# ---- states are states: classic, default, modern ----

def reading_case(name, allow, deny, text, ours_by_directive, debian):
    """ours_by_directive: lines by default, classic and modern."""
    for directive, lines in zip(("", "classic", "modern"), ours_by_directive):
        head = f"#!tcpwrap {directive}\n" if directive else ""
        number = "2" if directive else "1"
        lines = [(severity, said.replace("line 1:", f"line {number}:")) for severity, said in lines]
        Case(f"PTR {name}, {text}, {directive or 'default'}", leads_to(name), lines,
             [P, f"A {name}"], allow=head + allow, deny=head + deny, debian=(debian, None))


GRANTED = [connect("debug")]
for state, severity in (("unknown", "crit"), ("paranoid", "alert"), ("UNKNOWN", "crit")):
    by_classic, by_plain = [connect(severity)], [connect("err")]
    reading_case(state, RULES, "", "by severity", (by_classic, by_classic, by_plain), by_classic)
    reading_case(state, f"ALL: {state.upper()}: severity debug\n", REFUSE_ALL, "admitted as that",
                 ([differ("plain", f"classic {ALLOW_RULE}1"), REFUSED_LINE], GRANTED, TURNED_AWAY),
                 GRANTED)
    reading_case(state, "ALL: LOCAL: severity debug\n", REFUSE_ALL, "admitted as LOCAL",
                 ([differ("classic", f"plain {ALLOW_RULE}1"), REFUSED_LINE], TURNED_AWAY, GRANTED),
                 TURNED_AWAY)
    reading_case(state, "", f"ALL: {state.upper()}\n", "refused as that",
                 ([differ("classic", f"plain {NO_RULE}"), REFUSED_LINE], TURNED_AWAY,
                  [connect("info")]), TURNED_AWAY)
for directive, lines in (("", [differ("plain", f"classic {ALLOW_RULE}1"), REFUSED_LINE]),
                         ("#!tcpwrap classic\n", GRANTED), ("#!tcpwrap modern\n", TURNED_AWAY)):
    Case(f"a netgroup member \"unknown\", {directive[10:-1] or 'default'}", {}, lines, [P],
         allow=directive + "ALL: @odd: severity debug\n", deny=directive + REFUSE_ALL, etc=LISTS,
         debian=(GRANTED, [P]))

# ---- a program that decides more than once ----

PROGRAM = r"""
#include <errno.h>
#include <pthread.h>
#include <arpa/inet.h>
#include <malloc.h>
#include <resolv.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include <tcpd.h>

int allow_severity = LOG_INFO, deny_severity = LOG_WARNING;
enum { CONNECTIONS_MAX = 8, ROUNDS = 10 };
static int connection, connections[CONNECTIONS_MAX], count;
static char answers[CONNECTIONS_MAX][ROUNDS][300];

static void
show(const char *when, const struct __res_state *s)
{
	printf("%s %d %d %lx %d %d", when, s->retrans, s->retry, (unsigned long)s->options,
	    s->nscount, s->ndots);
	for (int i = 0; i < s->nscount; i++)
		printf(" %d/%s", s->nsaddr_list[i].sin_family, inet_ntoa(s->nsaddr_list[i].sin_addr));
	for (int i = 0; s->dnsrch[i] != NULL; i++)
		printf(" %s", s->dnsrch[i]);
	putchar('\n');
}

static void *
decide(void *unused)
{
	struct request_info request;
	struct __res_state before;
	int verdict;

	request_init(&request, RQ_DAEMON, "names", RQ_FILE, connection, 0);
	sock_host(&request);
	show("before", &_res);
	before = _res;
	errno = EDOM;
	verdict = hosts_access(&request);
	printf("%s %s%s\n", verdict ? "granted" : "refused", request.client->name,
	    errno == EDOM ? "" : " errno!");
	show("after", &_res);
	/* All settings; behind them is what the resolver knows of its sockets and its last query. */
	before.id = _res.id;
	if (before.retrans != 0 && memcmp(&before, &_res, offsetof(struct __res_state, res_h_errno)) != 0)
		puts("and other settings");
	return unused;
}

/* Of one client, again and again, beside the threads of others. */
static void *
decide_often(void *at)
{
	int *fd = at;

	for (int i = 0; i < ROUNDS; i++) {
		struct request_info request;

		request_init(&request, RQ_DAEMON, "names", RQ_FILE, *fd, 0);
		sock_host(&request);
		snprintf(answers[fd - connections][i], sizeof answers[0][0], "%s %s",
		    hosts_access(&request) ? "granted" : "refused", request.client->name);
	}
	return NULL;
}

/* All clients at a time; what each was told, and whatever else it was told. */
static void
decide_all(void)
{
	pthread_t threads[CONNECTIONS_MAX];

	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, decide_often, &connections[i]);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		for (int k = 1; k < ROUNDS; k++)
			if (strcmp(answers[i][0], answers[i][k]) != 0)
				printf("and %s\n", answers[i][k]);
		puts(answers[i][0]);
	}
}

static void
name(void)
{
	struct request_info request;
	const char *text;

	request_init(&request, RQ_DAEMON, "names", RQ_FILE, connection, 0);
	sock_host(&request);
	errno = EDOM;
	text = eval_hostname(request.client);
	printf("%s%s\n", text, errno == EDOM ? "" : " errno!");
}

int
main(int argc, char **argv)
{
	struct __res_state fresh;
	pthread_t thread;
	int c, fd;

	for (count = 0; count + 1 < argc; count++)
		connections[count] = atoi(argv[count + 1]);
	connection = connections[0];
	openlog("names", LOG_PID, LOG_DAEMON);
	while ((c = getchar()) != EOF) {
		if (c == 'd')
			decide(NULL);
		if (c == 't' && pthread_create(&thread, NULL, decide, NULL) == 0)
			pthread_join(thread, NULL);
		if (c >= '0' && c <= '9')
			connection = connections[c - '0'];
		if (c == 'T')
			decide_all();
		if (c == 'c')
			puts(hosts_ctl("names", "unknown", "", "") ? "granted" : "refused");
		if (c == 'm') {
			for (int i = 0; i < ROUNDS; i++)
				decide_often(&connections[i % count]);
			printf("%zu bytes\n", mallinfo2().uordblks);
		}
		if (c == 'n')
			name();
		if (c == 'f') {
			memset(&fresh, 0, sizeof fresh);
			res_ninit(&fresh);
			show("fresh", &fresh);
			res_nclose(&fresh);
		}
		if (c == 's') {
			res_init();
			_res.retrans = 7;
			_res.retry = 4;
			_res.options |= RES_ROTATE | RES_IGNTC;
			show("own", &_res);
		}
		if (c == 'l') { /* room for a table, and for nothing else */
			fd = dup(0);
			setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)fd + 1, (rlim_t)fd + 1});
			close(fd);
		}
		if (c == 'o') {
			fd = dup(0);
			printf("next descriptor %d\n", fd);
			close(fd);
		}
		puts(".");
		fflush(stdout);
	}
	return 0;
}
"""


def build_program():
    (lab.dir / "program.c").write_text(PROGRAM)
    library = BUILD / "src/libwrap"
    subprocess.run([os.environ.get("CC", "cc"), "-pthread", "-I", ROOT / "include", "-o",
                    lab.dir / "program", lab.dir / "program.c", library / "libwrap.so.0",
                    f"-Wl,-rpath,{library}", "-lresolv"], check=True)


class Program:
    """A program with our library in it, and what it is told to do at once."""

    def __init__(self, tables, commands="", allow=RULES, resolv="", deny="", clients=(CLIENT,)):
        self.place = Place(tables, resolv, {"hosts.allow": allow, "hosts.deny": deny})
        near, self.far = zip(*map(meet, clients))
        numbers = [s.fileno() for s in near]
        self.process = subprocess.Popen([lab.dir / "program", *map(str, numbers)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        pass_fds=numbers, preexec_fn=self.place.enter)
        for s in near:
            s.close()
        self.process.stdin.write(commands)
        self.process.stdin.flush()

    def answer(self):
        lines = []
        while (line := self.process.stdout.readline()) not in (".\n", ""):
            lines.append(line.rstrip("\n"))
        return lines

    def ask(self, command):
        self.process.stdin.write(command)
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        lab.equal(self.process.wait(lab.WAIT_SECONDS), 0)
        for s in self.far:
            s.close()
        return [parse(message) for _, message in log.of(self.process)]


def settings(line, word):
    """The settings in a line of the program."""
    lab.equal(line.split(" ")[0], word)
    return line.split(" ", 1)[1]


def same_settings(lines, wanted):
    """Before and after a decision."""
    lab.equal([settings(lines[0], "before"), settings(lines[-1], "after")], [wanted, wanted])


def register_programs():
    """Started now; looked at in their turn."""
    names_of_both = Program([DEAD] * 3, "dd", allow=BOTH_NAMES)
    own = Program([DEAD], "sdn")

    @lab.test("a program's resolver is as it was: also if it was not set up yet")
    def _():
        program = Program([GOOD_TABLE, ("IPv6", GOOD_TABLE)] if stage.has_ipv6() else [GOOD_TABLE],
                          resolv="search a.test b.test\noptions ndots:3 rotate timeout:9\n")
        fresh = settings(program.ask("f")[0], "fresh")
        descriptor = program.ask("o")
        first = program.ask("d")
        lab.equal([first[1], settings(first[2], "after")], [f"granted {GOOD}", fresh])
        for command in "dtd":
            again = program.ask(command)
            lab.equal([again[1], settings(again[-1], "after")], [f"granted {GOOD}", fresh])
            if command == "d":
                same_settings(again, fresh)
        lab.equal(program.ask("o"), descriptor)
        lab.equal(program.end(), [])

    @lab.test("each kind of lookup leaves errno and the settings alone")
    def _():
        for table, name in (({}, "unknown"), ({P: answer(ptr(GOOD))}, "paranoid"),
                            (leads_to(GOOD, *crowd(2000)), "")):
            program = Program([table])
            program.ask("s")
            lines = program.ask("d")
            lab.equal(lines[1], f"{'granted' if name else 'refused'} {name}")
            same_settings(lines, settings(program.ask("s")[0], "own"))
            program.end()

    @lab.test("a program's own settings stay, and do not count for names")
    def _():
        own_settings = settings(own.answer()[0], "own")
        lines = own.answer()
        lab.equal([own_settings.split(" ")[:2], lines[1]], [["7", "4"], "granted unknown"])
        same_settings(lines, own_settings)
        lab.equal([own.answer(), own.place.queries], [["unknown"], [P, P]])
        own.end()

    @lab.test("a new decision has new time, and servers that were left out are back")
    def _():
        first, second = names_of_both.answer(), names_of_both.answer()
        fresh = settings(names_of_both.ask("f")[0], "fresh")
        lab.equal([first[1], second[1], settings(first[2], "after")],
                  ["granted unknown", "granted unknown", fresh])
        same_settings(second, fresh)
        lab.equal([ns.queries for ns in names_of_both.place.servers],
                  [[S, P, S, P], [S, P, S, P], [S, S]])
        names_of_both.end()

    @lab.test("what was found of a client says nothing of another, nor of the next decision")
    def _():
        # One known, one that is called "unknown", one without a name, one whose name is another's.
        clients = [CLIENT, "127.0.0.3", "127.0.0.4", "127.0.0.5"]
        table = {**GOOD_TABLE, reverse(clients[1]): answer(ptr("unknown")),
                 "A unknown": answer(a(clients[1])), reverse(clients[3]): answer(ptr(GOOD))}
        program = Program([table], allow="ALL: UNKNOWN\nALL: PARANOID\n", deny=REFUSE_ALL,
                          clients=clients)
        want = [f"refused {GOOD}", "refused unknown", "granted unknown", "granted paranoid"]
        for turn in ("0123", "1212", "3210", "2131", "0303", "1302"):
            for i in turn:
                program.ask(i)
                lab.equal(program.ask("d")[1], want[int(i)])
                lab.equal(program.ask("c"), ["granted"])
        lab.equal(program.ask("T"), want)
        for _ in range(4):
            program.ask("m")  # the tables are kept now
        bytes_first, descriptor = program.ask("m"), program.ask("o")
        for _ in range(20):
            program.ask("m")
        lab.equal((program.ask("m"), program.ask("o")), (bytes_first, descriptor))
        program.end()

    @lab.test("resolv.conf is edited between two decisions")
    def _():
        program = Program([GOOD_TABLE])
        other = dns.serve(leads_to("edited.ex.org"))
        lab.equal(program.ask("d")[1], f"granted {GOOD}")
        program.place.write("resolv.conf",
                            f"search x.test\nnameserver {other.address}\nnameserver 127.99.0.1\n")
        lines = program.ask("d")
        lab.equal(lines[1], "granted edited.ex.org")
        lab.equal(settings(lines[2], "after"), settings(program.ask("f")[0], "fresh"))
        program.place.write("resolv.conf", program.place.resolv_conf())
        lab.equal(program.ask("d")[1], f"granted {GOOD}")
        lab.equal(program.place.queries, GOOD_QUERIES * 2)
        lab.equal(other.queries, [P, "A edited.ex.org"])
        program.end()

    @lab.test("no descriptors are left for a lookup: refused")
    def _():
        deny = f"names: {GOOD}: deny\n"
        program = Program([GOOD_TABLE], allow=deny)
        lab.equal(program.ask("d")[1], f"refused {GOOD}")
        program.ask("l")
        for _ in range(3):
            # A table so young is not kept, and its file takes what there is.
            program.place.write("hosts.allow", deny)
            lab.equal(program.ask("d")[1].split(" ")[0], "refused")
        program.end()

    @lab.test("a name that a program asks for itself: the line names no table")
    def _():
        program = Program([{P: answer(ptr(GOOD))}])
        lab.equal(program.ask("n"), ["paranoid"])
        lab.equal(program.end(),
                  [("err", f"warning: can't verify hostname: getaddrinfo({GOOD}, AF_INET) failed")])


# ---- all of it ----

def leave():
    for place in ("/dev", lab.dir / "dev"):
        lab.libc.umount2(os.fsencode(place), MNT_DETACH)


def set_up():
    global dns, log, listeners, service, ours, debian
    checked(lab.libc.unshare(CLONE_NEWUTS), "unshare")
    socket.sethostname("lab")  # without a domain, of which a search list would come
    log = Log(stage.private_dev(lab.dir / "dev"))
    atexit.register(leave)
    (lab.dir / "kept").mkdir()
    for name in filter(lambda n: os.path.exists(f"/etc/{n}"), KEPT):
        shutil.copy(f"/etc/{name}", lab.dir / "kept")
    dns = DnsServer()
    listeners = {socket.AF_INET: socket.create_server((SERVER, 0), backlog=64)}
    if stage.has_ipv6():
        listeners[socket.AF_INET6] = listeners["mapped"] = socket.create_server(
            ("::", 0), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True)
        add_ipv6(CLIENT6)
        add_ipv6(LINK6)
    service = lab.dir / "names"
    service.symlink_to("/bin/echo")
    ours = BUILD / "src/cmd/tcpd/tcpd"
    root = pathlib.Path(fetched.stdout.strip())
    debian = root / "usr/sbin/tcpd" if fetched.returncode == 0 else None
    build_program()


def register(case):
    case.ours, case.debians = Run(case, True), None
    lab.test(case.what)(case.judge_ours)
    if isinstance(case.debian, str):
        print(f"# Debian's tcpd is not asked: {case.what}: {case.debian}")
        return
    if debian is not None:
        case.debians = Run(case, False)
    lab.test(f"Debian: {case.what}")(case.judge_debian if debian is not None else skip_debian)


def count_hostile():
    hostile = [case for case in cases if not case.honest]
    compared = sum(not isinstance(case.debian, str) for case in hostile)
    print(f"# {len(hostile)} hostile cases, {compared} of them Debian's tcpd's, too")

    @lab.test("there are at least 100 hostile cases, each of its own")
    def _():
        lab.equal((len(hostile) >= 100, len({case.what for case in cases})), (True, len(cases)))


def skip_ipv6():
    raise lab.Skip("no IPv6 here")


def skip_debian():
    raise lab.Skip((fetched.stderr.strip().splitlines() or ["no Debian tcpd"])[-1])


def main():
    set_up()
    chosen = [case for case in cases if all(word in case.what for word in sys.argv[1:])]
    for case in chosen:
        register(case)
    if not stage.has_ipv6():
        lab.test("clients and name servers on IPv6")(skip_ipv6)
    if chosen == cases:
        count_hostile()
    register_programs()
    play([run for case in chosen for run in case.runs()])
    lab.main()


main()
