#!/usr/bin/env python3
# timeout: 120
"""Whose connection it is, as the client's host says (RFC 1413): honest, odd and hostile answers, each
given to our tcpd and, where the two are to agree, to Debian's."""
import sys
import threading

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

IDENT_PORT, TIMEOUT = 113, 2
LATE = TIMEOUT + 0.7  # what a run may take, with all others beside it
ENVIRONMENT = ["svc", "/proc/self/environ"]
RULE = f"svc: ALL: rfc931 {TIMEOUT}: setenv U %u\n"
USER = "joe"


def says(form):
    """An answer in one piece; {c} and {s} are the ports of the question."""
    def behave(connection, client_port, server_port):
        text = form if isinstance(form, bytes) else form.encode("latin-1")
        connection.sendall(text.replace(b"{c}", client_port).replace(b"{s}", server_port))
    return behave


def in_pieces(connection, client_port, server_port):
    for byte in client_port + b"," + server_port + b":USERID:UNIX:joe\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(0.002)


def drips(connection, *_):
    """A byte in a while, never a line."""
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.1)


def floods(connection, *_):
    """A line that does not end."""
    for _ in range(1024):
        connection.sendall(b"x" * 1024)


def hangs(connection, *_):
    connection.recv(1)


def resets(connection, *_):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_then_resets(connection, client_port, server_port):
    says("{c},{s}:USERID:UNIX:joe\r\n")(connection, client_port, server_port)
    time.sleep(0.1)
    resets(connection)


def half_closes(connection, *ports):
    says("{c},{s}:USERID:UNIX:joe\r\n")(connection, *ports)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


GOOD = "{c},{s}:USERID:UNIX:"
# What the host does, the user that comes of it (as %u shows it), what the log calls it.
CASES = {
    "an honest answer": (says(GOOD + "joe\r\n"), USER),
    "a newline alone ends it": (says(GOOD + "joe\n"), USER),
    "blanks everywhere": (says(" {c} , {s} : USERID : UNIX : joe \r\n"), USER),
    "a system with a character set": (says("{c},{s}:USERID:OTHER , US-ASCII:joe\r\n"), USER),
    "two words": (says(GOOD + "joe smith\r\n"), USER),
    "an at sign in it": (says(GOOD + "joe@evil\r\n"), "joe@evil"),
    "a colon in it": (says(GOOD + "joe:x\r\n"), "joe:x"),
    "a second line": (says(GOOD + "joe\r\n{c},{s}:USERID:UNIX:eve\r\n"), USER),
    "more behind the line": (says(GOOD + "joe\r\n" + "x" * 5000), USER),
    "byte by byte": (in_pieces, USER),
    "a close behind it": (half_closes, USER),
    "of 127 bytes": (says(GOOD + "u" * 127 + "\r\n"), "u" * 127),
    "of 128 bytes": (says(GOOD + "u" * 128 + "\r\n"), "u" * 127),
    "of 255 bytes": (says(GOOD + "u" * 255 + "\r\n"), "u" * 127),
    "no user": (says(GOOD + "\r\n"), "unknown"),
    "blanks for a user": (says(GOOD + "   \r\n"), "unknown"),
    "no line end": (says(GOOD + "joe"), "unknown"),
    "an error": (says("{c},{s}:ERROR:NO-USER\r\n"), "unknown"),
    "ports of others": (says("1,2:USERID:UNIX:joe\r\n"), "unknown"),
    "ports the other way round": (says("{s},{c}:USERID:UNIX:joe\r\n"), "unknown"),
    "no system": (says("{c},{s}:USERID::joe\r\n"), "unknown"),
    "small letters": (says("{c},{s}:userid:UNIX:joe\r\n"), "unknown"),
    "no colon": (says("{c},{s} USERID UNIX joe\r\n"), "unknown"),
    "nothing": (lambda *_: None, "unknown"),
    "an empty line": (says("\r\n"), "unknown"),
    "a line of a megabyte": (floods, "unknown"),
    "silence": (hangs, "unknown"),
    "a drip": (drips, "unknown"),
    "a reset": (resets, "unknown"),
    "an answer, then a reset": (says_then_resets, USER),
    "unknown, by name": (says(GOOD + "unknown\r\n"), "unknown"),
    "shell characters": (says(GOOD + "a$(id)`b`;c\r\n"), "a__id__b__c"),
    "letters after percent signs": (says(GOOD + "%n%s%u\r\n"), "%n%s%u"),
    "control bytes": (says(GOOD + "a\x1b[1m\x01b\r\n"), "a__1m_b"),
    "bytes over 127": (says(GOOD + "caf\xe9\r\n"), "caf_"),
}
OURS_ALONE = {"a NUL in the line": (says(b"{c},{s}:USERID:UNIX:jo\0e\r\n"), "unknown")}


class Host:
    """The client's: an address of its own, with somebody who answers at port 113."""

    count = 0

    def __init__(self, behave):
        Host.count += 1
        self.address = f"127.0.2.{Host.count}"
        self.behave, self.questions = behave, []
        self.listener = socket.create_server((self.address, IDENT_PORT))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection, peer = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection, peer), daemon=True).start()

    def answer(self, connection, peer):
        try:
            with connection:
                question = b""
                while not question.endswith(b"\n") and (piece := connection.recv(100)):
                    question += piece
                self.questions.append((question, peer[0]))
                self.behave(connection, *question.strip().split(b","))
        except (OSError, ValueError, TypeError):
            pass  # whoever asked has gone


def start(host, **words):
    return Visit(client=host.address, argv=ENVIRONMENT, env={}, output=subprocess.PIPE, allow=RULE,
                 **words)


def check(case, behave, want, compared):
    host = Host(behave)
    ours = start(host)
    theirs = start(host, binary=DEBIAN) if compared and DEBIAN else None

    @test(f"{case}: {want[:20]}")
    def _():
        ours.finish()
        equal((ours.got, ours.status), (b"U=" + want.encode() + b"\0", 0))
        if ours.seconds > LATE + start_seconds:
            raise AssertionError(f"it took {ours.seconds:.2f} s")
        equal(len(ours.log), 1)
        line = ours.log[0].decode("latin-1")
        equal((line.isprintable(), line.startswith("<30>svc: connect from "),
               line.endswith(f"{host.address} ({host.address})")), (True, True, True))
        equal("@" in line, want != "unknown")
        question, asker = host.questions[0]
        equal((re.fullmatch(rb"\d+,\d+\r\n", question) is not None, asker), (True, "127.0.0.1"))
        if theirs:
            theirs.finish()
            loader = f"LD_LIBRARY_PATH={DEBIAN_LIBRARIES}\0".encode()
            equal((ours.got, ours.log if want.isalnum() else None),
                  (theirs.got.replace(loader, b""), theirs.log if want.isalnum() else None))


began = time.monotonic()
silent = Host(hangs)
patient = Visit(client=silent.address, output=subprocess.PIPE, **only("ALL: rfc931 60"))
for case, (behave, want) in CASES.items():
    check(case, behave, want, True)
for case, (behave, want) in OURS_ALONE.items():
    check(case, behave, want, False)
start_seconds = time.monotonic() - began  # all of them start before the first is looked at

joe = Host(says(GOOD + "joe\r\n"))


@test("nobody listens: unknown, at once")
def _():
    seen = visit(client="127.0.3.1", **only("UNKNOWN@ALL"))
    check_served(seen, connect("127.0.3.1"))
    equal(seen.seconds < AT_ONCE, True)


@test("user@host: asked only where the host matches, and once")
def _():
    count = len(joe.questions)
    check_refused(visit(client=joe.address, **only("joe@127.0.0.8 bob@127.0.0.9")),
                  refuse(joe.address))
    equal(len(joe.questions), count)
    named = f"joe@{joe.address}"
    check_served(visit(client=joe.address, **only(f"bob@ALL JOE@{joe.address}")),
                 connect(joe.address, named))
    check_refused(visit(client=joe.address, **only("bob@ALL jo@ALL")), refuse(joe.address, named))
    check_refused(visit(client=joe.address, **rule("KNOWN@ALL", "deny")), refuse(joe.address, named))
    check_served(visit(client=joe.address, **rule("UNKNOWN@ALL", "deny")), connect(joe.address, named))
    equal(len(joe.questions), count + 4)


@test("%u in a command")
def _():
    check_served(visit(client=joe.address, allow="svc: ALL: twist /bin/echo %u %c\n"),
                 f"<28>svc: twist joe@{joe.address} to /bin/echo joe joe@{joe.address}",
                 got=f"joe joe@{joe.address}\n".encode())


@test("no time that a rule gives is more than ten seconds")
def _():
    check_served(patient.finish(), connect(silent.address))
    equal(9 < patient.seconds < 12, True)


@test("a datagram's sender is not asked")
def _():
    count = len(joe.questions)
    pair = udp_pair(b"one", client=joe.address)
    seen = visit(pair, argv=ENVIRONMENT, env={}, output=subprocess.PIPE, allow=RULE)
    equal((seen.got, len(joe.questions)), (b"U=unknown\0", count))


main()
