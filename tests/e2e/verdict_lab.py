"""One table of questions for many daemons: rows of rule files, clients with and without names, and
who of them may come in. Imported by the tests 031N-*.py, which describe daemons (Service).

A daemon is started once with each library and goes on running while rule files are replaced under
it. In each row every client asks. Who is admitted must be who the row says; what the clients saw
and what came to the log must be the same with Debian's libwrap; and the process that decided must
have mapped the library in question, and no other."""
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import ipaddress
import re
import select
import sys
import typing

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402,F401,F403
from daemon_lab import (DEBIANS, OURS, SERVER, WAIT_SECONDS, Daemon, equal, inetd_lab,  # noqa: E402
                        log, nameless, os, packages, pathlib, socket, test, tests, time, use,
                        wrappers)
from dns_server import DnsServer, SERVFAIL, a, aaaa, answer, failure, ptr  # noqa: E402

SERVER6, OWN6 = "::1", "fd00::2"
CLIENTS = {  # by letters, of which the rows below make words
    "n": "127.0.0.2",  # no name
    "b": "127.0.0.3",  # bob.ex.org
    "l": "127.0.1.9",  # box: a name without a dot
    "p": "127.0.0.6",  # says liar.ex.org, which has another address
    "e": "127.9.0.1",  # Eve.Other.net
    "h": "127.0.0.1",  # localhost
    "o": SERVER6,  # localhost
    "6": OWN6,  # six.ex.org
}
DNS = {
    "PTR 2.0.0.127.in-addr.arpa": failure(SERVFAIL),
    "PTR 3.0.0.127.in-addr.arpa": answer(ptr("bob.ex.org")), "A bob.ex.org": answer(a("127.0.0.3")),
    "PTR 9.1.0.127.in-addr.arpa": answer(ptr("box")), "A box": answer(a("127.0.1.9")),
    "PTR 6.0.0.127.in-addr.arpa": answer(ptr("liar.ex.org")),
    "A liar.ex.org": answer(a("127.0.0.77")),
    "PTR 1.0.9.127.in-addr.arpa": answer(ptr("Eve.Other.net")),
    "A eve.other.net": answer(a("127.9.0.1")),
    "A two.ex.org": answer(a("127.0.0.3"), a("127.0.1.9")),
    f"PTR {ipaddress.ip_address(OWN6).reverse_pointer}": answer(ptr("six.ex.org")),
    "AAAA six.ex.org": answer(aaaa(OWN6)),
}
FILES = {
    "/etc/netgroup": "friends (bob.ex.org,,) (eve.other.net,,)\n",
    "/run/list": "127.0.0.3 127.0.1.\n[::1]\n/run/more\n", "/run/more": ".other.net\n",
    # Looks at the process that decides, while it does so.
    "/run/witness": "#!/bin/sh\n"
                    "while read -r _ _ _ _ _ file; do case $file in *libwrap*) break;; esac; done"
                    " </proc/$1/maps\nexec /usr/bin/logger -t witness \"$file $2 $3\"\n",
}
ALL = "ALL: ALL\n"
DATA = "all of it\n"
LIBWRAPS_LINES = re.compile("(?i)warning: |error: /|refused|denied|reject|unauthori|"
                            "connect(ion)? from|witness:|twist")
POLL_SECONDS = 0.005
SILENCE, SILENCE_SECONDS = object(), 1
NO_END = ("server", "port")  # the daemon says nothing of the server's end


@dataclasses.dataclass
class Row:
    """What the files have to say ({d}: the daemon's name, {port}: its port), and the letters of the
    clients that get in; unnamed: if the daemon's requests have no names, believed: if it looks them
    up by itself, unchecked. kind: what not every daemon has."""
    allow: typing.Optional[str]
    deny: typing.Optional[str]
    admits: str
    unnamed: typing.Optional[str] = None
    believed: typing.Optional[str] = None
    kind: str = ""


# A bracketed address without a length is reached by its own client only: others make the original
# look for a name, as the ledger says, and it then appears in lines of the log.
ROWS = [
    Row("{d}: 127.0.0.2 127.0.0.3\n", ALL, "nb"),
    Row("{d}: 127.0.0.2 127.9.0.1\n", ALL, "ne"),  # of the same length
    Row("{d}: 127.0.0. EXCEPT 127.0.0.3\n", ALL, "nph"),
    Row("{d}: 127.0.0.0/255.255.255.0\n", "{d}: ALL\n", "nbph"),
    Row("{d}: 127.0.0.0/23, [fd00::]/16\n", ALL, "nblph6"),
    Row("{d}: [::1]/128\nelse: ALL\n", ALL, "o"),
    Row("{d}: 127.0.1.: deny\n{d}: 127. [fd00::]/16 [0:0::1]\n", ALL, "nbpeho6"),
    Row("{d}: .ex.org\n", ALL, "b6", unnamed="", believed="bp6"),
    Row("{d}: .EX.org EXCEPT BOB.*\n", ALL, "6", unnamed="", believed="p6"),
    Row("{d}: KNOWN\n", ALL, "bleho6", unnamed="", believed="blpeho6"),
    Row("else: ALL\n", "{d}: UNKNOWN\n", "blpeho6", unnamed=""),
    Row("else: ALL\n", "{d}: PARANOID\n", "nbleho6", unnamed="nblpeho6", believed="nblpeho6"),
    Row("{d}: LOCAL\n", ALL, "lho", unnamed=""),
    Row("{d}: *.other.net 127.0.?.9\n", ALL, "el", unnamed="l"),
    Row("{d}: @friends\n", ALL, "be", unnamed=""),
    Row("else: ALL\n", "ALL EXCEPT {d}: ALL\n", "nblpeho6"),
    Row("{d}: 127.0.0.3: deny\n{d}: ALL\n", ALL, "nlpeho6"),
    Row("else: ALL\n", "{d}: 127.0.0.3 127.9.: allow\n" + ALL, "be"),
    Row("{d}: 127.0.0.3: keepalive: allow\n{d}: ALL: rubbish\n", ALL, "b"),
    Row("{d}: 127.0.0.2: umask 9\n{d}: 127.\n", ALL, "blpeh"),
    Row("else: ALL\n", "{d}: /run/list\n", "nph6", unnamed="npeh6"),
    Row("{d}@127.0.0.1: ALL\n", ALL, "nblpeh", kind="server"),
    Row("{port}: 127.0.0.2 [::1]/128\n", ALL, "no", kind="port"),
    Row("".join(f"{{d}}: 10.0.{i >> 8}.{i & 255}\n" for i in range(2000)) + "{d}: 127.0.0.3\n", ALL,
        "b", kind="long"),
    Row("{d}: 127.0.\\\n0.2,\\\n bob.EX.org\n", ALL, "nb", unnamed="n"),
    Row("{d}: no colon behind it\n{d} 127.0.0.2\n{d}: 127.0.0.3\n", ALL, "b"),
    Row("#!tcpwrap classic\n{d}: 127.0.0.2 # not 127.0.0.3\n", ALL, "nb"),
    Row("{d}: 127.0.0.2 [::1]/127: keepalive: linger 3\n", ALL, "no"),
    Row("{d}: ALL: umask 027\n", None, "nblpeho6"),
    Row(None, "{d}: 127.0.0.2\n", "blpeho6"),
    Row("{d}: 127.0.0.3: spawn /run/witness %p %d %a\n", ALL, "b", kind="spawn"),
    Row("{d}: 127.0.0.3: twist /bin/echo instead of %d for %a\n{d}: ALL\n", ALL, "nlpeho6",
        kind="twist"),
    # At the end, and in each rule: the original never forgets a severity.
    Row("{d}: 127.0.0.3: severity local1.notice: deny\n{d}: 127.: severity local1.info\n",
        "ALL: ALL: severity local1.err\n", "nlpeh"),
]


@dataclasses.dataclass
class Service:
    """A daemon. start: a program of the packages and its words, or a function that gives a context
    manager. ask: port, address of a client, address of the server -> what the client saw. admits:
    whether that is what an admitted client sees."""
    name: str  # that rules have for it
    port: int
    start: typing.Any
    ask: typing.Callable
    admits: typing.Callable
    clients: str = "".join(CLIENTS)
    names: str = "checked"  # by libwrap; "believed" as the daemon looks them up; "none"
    lacks: tuple = ()  # rows of these kinds admit nobody
    without: tuple = ()  # kinds of rows that it has no use for
    at_once: bool = False  # a row's clients ask at a time: each takes a while
    remembers: bool = False  # verdicts, by itself: it is started anew for each row
    folder: str = "/etc"  # of the rule files
    is_hidden: bool = False  # from its own children, having changed its user: no witness sees it

    def run(self):
        if callable(self.start):
            return self.start()
        return Daemon(program(self.start[0]), *self.start[1:], port=self.port)

    def rows(self):
        return [row for row in ROWS if row.kind not in self.without]

    def admitted(self, row):
        others = {"none": row.unnamed, "believed": row.believed}.get(self.names)
        letters = row.admits if others is None else others
        if row.kind in self.lacks:
            letters = ""
        return "".join(c for c in self.clients if c in letters)


# ---- the host ----

def prepare():
    inetd_lab.add_ipv6(OWN6)
    with open("/etc/hosts", "a") as hosts:
        hosts.write(f"127.0.0.254 {socket.gethostname()}\n")
    name_server = DnsServer().serve(DNS)
    etc = pathlib.Path("/etc")
    (etc / "resolv.conf").unlink(missing_ok=True)
    (etc / "resolv.conf").write_text(f"nameserver {name_server.address}\n")
    nsswitch = (etc / "nsswitch.conf").read_text().replace("hosts: files", "hosts: files dns")
    (etc / "nsswitch.conf").write_text(nsswitch + "netgroup: files\n")
    for path, text in FILES.items():
        pathlib.Path(path).write_text(text)
    os.chmod("/run/witness", 0o755)
    # So many clients are refused at once that a fast machine would have a number for some of them, which
    # Debian's has not. Without a folder for the counts every line is said.
    pathlib.Path("/run/tcpwrap").touch()


def in_place(path, text):
    path.write_text(text)


def in_place_and_old(path, text):
    path.write_text(text)
    then = time.time() - 1
    os.utime(path, (then, then))


def renamed(path, text):
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


WRITERS = (in_place, renamed, in_place_and_old)


def write(row, number, service):
    for name, text in (("allow", row.allow), ("deny", row.deny)):
        path = pathlib.Path(service.folder, f"hosts.{name}")
        if text is None:
            path.unlink(missing_ok=True)
        else:
            text = text.replace("{d}", service.name).replace("{port}", str(service.port))
            WRITERS[number % len(WRITERS)](path, text)


# ---- descriptions ----

def program(name):
    """Of the packages, or of the host."""
    for folder in ("usr/sbin", "usr/bin"):
        if (packages / folder / name).exists():
            return str(packages / folder / name)
    return name


def conf(name, text):
    path = pathlib.Path("/run", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def begins(word):
    return lambda seen: seen.startswith(word)


def stream(send=b"", enough=1, keep=bytes):
    """Ask over TCP: what was sent back, up to so many bytes, until it suffices, or to the end. A
    reset is an end."""
    def ask(port, client, server):
        since = len(log.datagrams)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError), \
                socket.create_connection((server, port), WAIT_SECONDS, (client, 0)) as s:
            s.sendall(send)
            return keep(read_some(s, enough, lambda: refused_by_name(client, since)))
        return b""
    return ask


def datagram(send, refusal=None, keep=bytes, end=b""):
    """Ask over UDP: the first answer, or nothing once the log has a line of refusal. Of a daemon that
    refuses by SILENCE: nothing once the question was taken a while ago. send may be a function of
    the client's address; end: what it answers to the answer."""
    def ask(port, client, server):
        since, deadline = len(log.datagrams), time.monotonic() + WAIT_SECONDS
        family = socket.AF_INET6 if ":" in client else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind((client, 0))
            s.sendto(send(s.getsockname()) if callable(send) else send, (server, port))
            while time.monotonic() < deadline:
                if select.select([s], [], [], POLL_SECONDS)[0]:
                    answer, responder = s.recvfrom(65536)
                    if end:
                        s.sendto(end, responder)
                    return keep(answer)
                if refusal is SILENCE:
                    if is_taken(port) and not select.select([s], [], [], SILENCE_SECONDS)[0]:
                        return b""
                elif refusal and any(refusal in line for line in log.datagrams[since:]):
                    return b""
        raise AssertionError("neither an answer nor a refusal")
    return ask


def is_taken(port):
    """Nothing waits in the queue of the socket that is bound to a port."""
    for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            return int(fields[4].rpartition(":")[2], 16) == 0
    return False


def read_some(s, enough, is_refused):
    data, deadline = b"", time.monotonic() + WAIT_SECONDS
    while not (enough(data) if callable(enough) else len(data) >= enough):
        if select.select([s], [], [], POLL_SECONDS)[0]:
            piece = s.recv(65536)
            if not piece:
                return data
            data += piece
        elif is_refused():
            return b""
        elif time.monotonic() > deadline:
            raise AssertionError(f"neither an answer nor an end, but {data!r}")
    return data


def refused_by_name(client, since):
    """Debian's refuse() says so, and sleeps for five seconds before it closes."""
    return any("refused connect from" in line and f"({client})" in line
               for line in log.datagrams[since:])


# ---- the run ----

def run_rows(service, library):
    """-> {(row, client): what it saw}, who was admitted in each row, the log"""
    since, seen, admitted = log.mark(), {}, []
    rows = list(enumerate(service.rows()))
    for some in [[row] for row in rows] if service.remembers else [rows]:
        write(some[0][1], 0, service)
        with service.run() as daemon, explained(daemon, seen):
            for number, row in some:
                write(row, number, service)
                seen.update(((number, client), what) for client, what in ask_all(service))
                admitted.append("".join(filter(
                    lambda client: service.admits(seen[number, client]), service.clients)))
                if number == some[0][0]:
                    check_mapped(daemon, library, service)
            log.settle()
    return seen, admitted, log_lines(service, library, since)


def ask_all(service):
    """-> what each client saw"""
    addresses = [CLIENTS[client] for client in service.clients]
    servers = [SERVER6 if ":" in address else SERVER for address in addresses]
    ask = functools.partial(service.ask, service.port)
    if service.at_once:
        with concurrent.futures.ThreadPoolExecutor(len(addresses)) as pool:
            return list(zip(service.clients, pool.map(ask, addresses, servers)))
    return list(zip(service.clients, map(ask, addresses, servers)))


@contextlib.contextmanager
def explained(daemon, seen):
    """With what the daemon itself has to say, if something goes wrong."""
    try:
        yield
    except Exception as error:
        said = daemon.output.read_text(errors="replace")[-500:]
        raise AssertionError(f"after {len(seen)} cases: {error}: status {daemon.process.poll()}, "
                             f"{said} {log.lines()[-5:]}") from error


def check_mapped(daemon, library, service):
    """One of its processes has the library, and none has another."""
    found = set()
    for pid in [daemon.pid, *children(daemon.pid)]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {pathlib.Path(path).parent for path in wrappers(pid)}
    equal((service.name, found), (service.name, {library}))


def children(pid):
    return [int(word) for task in pathlib.Path(f"/proc/{pid}/task").glob("*")
            for word in (task / "children").read_text().split()]


def log_lines(service, library, since):
    """The lines that matter, without numbers that change, and without the path of the library where
    the witness saw the right one."""
    lines = []
    for line in filter(LIBWRAPS_LINES.search, log.lines("", since)):
        line = re.sub(r"\b\d{4,}\b", "N", re.sub(r"\b(pid|fd)=\d+", r"\1=N", nameless(line)))
        lines.append(re.sub(rf"{re.escape(str(library))}/libwrap\.so\.0\S*", "LIBRARY", line))
    witnesses = [line for line in lines if "witness:" in line]
    if not witnesses or "witness: LIBRARY " not in witnesses[0] and not service.is_hidden:
        raise AssertionError(f"no witness of {library}: {witnesses}")
    return sorted(lines)


def compare(*words, **facts):
    """Register the test of a daemon, described as Service is."""
    service = Service(*words, **facts)
    count = len(service.rows()) * len(service.clients)

    @test(f"{service.name}: {count} cases as the table says, and the same with Debian's library")
    def _():
        results = []
        for library in (OURS, DEBIANS):
            use(library)
            results.append(run_rows(service, library))
        problems = differences(service, *results)
        if problems:
            raise AssertionError("\n" + "\n".join(problems))


def differences(service, ours, debians):
    """In words."""
    (seen, admitted, lines), (debians_seen, debians_admitted, debians_lines) = ours, debians
    wanted = [service.admitted(row) for row in service.rows()]
    return [
        *(f"{row.allow!r:.150} {row.deny!r}: wanted, ours, Debian's: {who}"
          for row, *who in zip(service.rows(), wanted, admitted, debians_admitted)
          if len(set(who)) > 1),
        *(f"{case}: {seen[case]!r}, Debian's {debians_seen[case]!r}" for case in seen
          if seen[case] != debians_seen[case]),
        *(f"only ours: {line}" for line in left_over(lines, debians_lines)),
        *(f"only Debian's: {line}" for line in left_over(debians_lines, lines))]


def only_wanted():
    """By hand: the daemons whose names are among the arguments."""
    if sys.argv[1:]:
        tests[:] = [entry for entry in tests if entry[0].partition(":")[0] in sys.argv[1:]]


def left_over(lines, others):
    """Each as often as it is there."""
    return sorted((collections.Counter(lines) - collections.Counter(others)).elements())


prepare()
