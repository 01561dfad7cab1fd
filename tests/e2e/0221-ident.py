#!/usr/bin/env python3
# timeout: 120
# seconds: 7
"""Whose connection it is, as the client's host says (RFC 1413): honest and hostile answers, each
given to our tcpd and to Debian's. And what a question does to the program that asks it."""
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


def drips_an_answer(connection, client_port, server_port):
    """All of it is right, and most of it late."""
    for byte in client_port + b"," + server_port + b":USERID:UNIX:joe\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(TIMEOUT / 10)


def floods_of(text, count=2000):
    """Many times the same, in large pieces."""
    def behave(connection, *_):
        for _ in range(count):
            connection.sendall(text * (1024 // len(text)))
    return behave


def late(seconds):
    def behave(connection, *ports):
        time.sleep(seconds)
        says(GOOD + "joe\r\n")(connection, *ports)
    return behave


def says_and_holds(connection, *ports):
    says(GOOD + "joe\r\n")(connection, *ports)
    hangs(connection)


def says_urgently(connection, *ports):
    connection.send(b"!", socket.MSG_OOB)
    says(GOOD + "joe\r\n")(connection, *ports)
    connection.send(b"!", socket.MSG_OOB)


def at_once(behave):
    """Before the question is read."""
    def begin(connection, *_):
        behave(connection)
    begin.does_not_read = True
    return begin


def holds_unread(connection):
    time.sleep(2 * TIMEOUT)


def deaf(*_):
    """The kernel answers no SYN: the queue of who listens is full."""


def half_closes(connection, *ports):
    says("{c},{s}:USERID:UNIX:joe\r\n")(connection, *ports)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


GOOD = "{c},{s}:USERID:UNIX:"


def line_of(length):
    """An answer of so many bytes, if ports have five digits; the user comes first."""
    return (GOOD + "joe").ljust(length - 11 + 7) + "\n"


# What the host does, the user that comes of it (as %u shows it), what the log calls it.
HONEST = {
    "an honest answer": (says(GOOD + "joe\r\n"), USER),
    "a newline alone ends it": (says(GOOD + "joe\n"), USER),
    "blanks everywhere": (says(" {c} , {s} : USERID : UNIX : joe \r\n"), USER),
    "tabs and the like": (says("\t{c}\v,\f{s}\r: USERID\t:\tUNIX\t:\tjoe\v\r\n"), USER),
    "a system with a character set": (says("{c},{s}:USERID:OTHER , US-ASCII:joe\r\n"), USER),
    "two words": (says(GOOD + "joe smith\r\n"), USER),
    "byte by byte": (in_pieces, USER),
    "a close behind it": (half_closes, USER),
    "slow, but in time": (late(TIMEOUT / 2), USER),
    "no user": (says(GOOD + "\r\n"), "unknown"),
    "an error": (says("{c},{s}:ERROR:NO-USER\r\n"), "unknown"),
    "of 127 bytes": (says(GOOD + "u" * 127 + "\r\n"), "u" * 127),
    "of 128 bytes": (says(GOOD + "u" * 128 + "\r\n"), "u" * 127),
    "of 255 bytes": (says(GOOD + "u" * 255 + "\r\n"), "u" * 127),
}
HOSTILE = {
    "silence": (hangs, "unknown"),
    "the question stays unread": (at_once(holds_unread), "unknown"),
    "no answer to a SYN": (deaf, "unknown"),
    "a close before the question is read": (at_once(lambda *_: None), "unknown"),
    "a reset before the question is read": (at_once(resets), "unknown"),
    "a reset": (resets, "unknown"),
    "an answer, then a reset": (says_then_resets, USER),
    "an answer, and no close": (says_and_holds, USER),
    "an answer among urgent data": (says_urgently, USER),
    "too late": (late(TIMEOUT + 0.5), "unknown"),
    "a drip": (drips, "unknown"),
    "a right answer that drips": (drips_an_answer, "unknown"),
    "a line of a megabyte": (floods, "unknown"),
    "a right line of two megabytes":
        (lambda *c: (says(GOOD + "joe")(*c), floods_of(b"x")(*c)), "joe" + "x" * 124),
    "a right line of two megabytes of words":
        (lambda *c: (says(GOOD + "joe")(*c), floods_of(b" x")(*c)), USER),
    "a flood of blanks": (floods_of(b" "), "unknown"),
    "a flood of newlines": (floods_of(b"\n"), "unknown"),
    "a flood of lines of others": (floods_of(b"1,2:USERID:UNIX:eve\r\n"), "unknown"),
    "a flood of NULs": (floods_of(b"\0"), "unknown"),
    "a second line": (says(GOOD + "joe\r\n{c},{s}:USERID:UNIX:eve\r\n"), USER),
    "somebody else's line first": (says("1,2:USERID:UNIX:eve\r\n" + GOOD + "joe\r\n"), "unknown"),
    "an empty line first": (says("\r\n" + GOOD + "joe\r\n"), "unknown"),
    "more behind the line": (says(GOOD + "joe\r\n" + "x" * 5000), USER),
    "no line end": (says(GOOD + "joe"), "unknown"),
    "a carriage return for a line end": (says(GOOD + "joe\r"), "unknown"),
    "a carriage return inside": (says(GOOD + "joe\reve\r\n"), USER),
    "carriage returns in front": (says(GOOD + "\r\rjoe\r\r\n"), USER),
    "half a line": (says("{c},{s}:USER"), "unknown"),
    "nothing": (lambda *_: None, "unknown"),
    "an empty line": (says("\r\n"), "unknown"),
    "blanks for a user": (says(GOOD + "   \r\n"), "unknown"),
    "ports of others": (says("1,2:USERID:UNIX:joe\r\n"), "unknown"),
    "ports the other way round": (says("{s},{c}:USERID:UNIX:joe\r\n"), "unknown"),
    "ports of zero": (says("0,0:USERID:UNIX:joe\r\n"), "unknown"),
    "one port": (says("{c}:USERID:UNIX:joe\r\n"), "unknown"),
    "three ports": (says("{c},{s},{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "a thousand zeros": (says("0" * 400 + "{c},{s}:USERID:UNIX:joe\r\n"), USER),
    "ports with a plus": (says("+{c},+{s}:USERID:UNIX:joe\r\n"), USER),
    "ports with a minus": (says("-{c},-{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "ports in hexadecimal": (says("0x{c},0x{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "a port with a blank in it": (says("1 {c},{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "no system": (says("{c},{s}:USERID::joe\r\n"), "unknown"),
    "a system of blanks": (says("{c},{s}:USERID: :joe\r\n"), USER),
    "small letters": (says("{c},{s}:userid:UNIX:joe\r\n"), "unknown"),
    "a longer word": (says("{c},{s}:USERIDS:UNIX:joe\r\n"), "unknown"),
    "an error with a user": (says("{c},{s}:ERROR:USERID:UNIX:joe\r\n"), "unknown"),
    "no colon": (says("{c},{s} USERID UNIX joe\r\n"), "unknown"),
    "telnet's words": (says(b"\xff\xfb\x01\xff\xfd\x03{c},{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "a byte order mark": (says(b"\xef\xbb\xbf{c},{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "a NUL first": (says(b"\0{c},{s}:USERID:UNIX:joe\r\n"), "unknown"),
    "a NUL in the user": (says(b"{c},{s}:USERID:UNIX:jo\0e\r\n"), "jo"),
    "a NUL in the system": (says(b"{c},{s}:USERID:UN\0IX:joe\r\n"), "unknown"),
    "a NUL for a line end": (says(GOOD + "joe\0"), "unknown"),
    "an at sign in it": (says(GOOD + "joe@evil\r\n"), "joe@evil"),
    "a colon in it": (says(GOOD + "joe:x\r\n"), "joe:x"),
    "unknown, by name": (says(GOOD + "unknown\r\n"), "unknown"),
    "UNKNOWN, by name": (says(GOOD + "UNKNOWN\r\n"), "UNKNOWN"),
    "a word of rules: ALL": (says(GOOD + "ALL\r\n"), "ALL"),
    "a word of rules: KNOWN": (says(GOOD + "KNOWN\r\n"), "KNOWN"),
    "a list": (says(GOOD + "/etc/passwd\r\n"), "/etc/passwd"),
    "a netgroup": (says(GOOD + "@trusted\r\n"), "@trusted"),
    "an option of commands": (says(GOOD + "-froot\r\n"), "-froot"),
    "a glob": (says(GOOD + "*?[a]\r\n"), "___a_"),
    "shell characters": (says(GOOD + "a$(id)`b`;c\r\n"), "a__id__b__c"),
    "more shell characters": (says(GOOD + "a|b&c<d>e'f\"g\\h~i#j{k}\r\n"),
                              "a_b_c_d_e_f_g_h_i_j_k_"),
    "letters after percent signs": (says(GOOD + "%n%s%u\r\n"), "%n%s%u"),
    "control bytes": (says(GOOD + "a\x1b[1m\x01b\r\n"), "a__1m_b"),
    "bytes over 127": (says(GOOD + "caf\xe9\x9b\xff\r\n"), "caf___"),
    "a next line of eight bits": (says((GOOD + "a\u0085b\u2028c\r\n").encode()), "a__b___c"),
    **{f"a line of {length} bytes": (says(line_of(length)), USER) for length in (510, 511, 512)},
}
CASES = {**HONEST, **HOSTILE}


class Host:
    """The client's: an address of its own, with somebody who answers at port 113."""

    count = 0

    def __init__(self, behave, address=None):
        Host.count += address is None
        self.address = address or f"127.0.2.{Host.count}"
        self.behave, self.questions = behave, []
        self.listener = socket.create_server(
            (self.address, IDENT_PORT), backlog=0 if behave == deaf else 64,
            family=socket.AF_INET6 if ":" in self.address else socket.AF_INET)
        if behave == deaf:
            self.queue = [self.knock() for _ in range(4)]
            return
        threading.Thread(target=self.listen, daemon=True).start()

    def knock(self):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((self.address, IDENT_PORT))
        return s

    def listen(self):
        while True:
            connection, peer = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection, peer), daemon=True).start()

    def answer(self, connection, peer):
        try:
            with connection:
                if hasattr(self.behave, "does_not_read"):
                    self.behave(connection)
                    return
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


def check(case, behave, want):
    host = Host(behave)
    ours = start(host)
    theirs = start(host, binary=DEBIAN) if DEBIAN else None

    @test(f"{case}: {want[:20]}")
    def _():
        ours.finish()
        equal((ours.got, ours.status), (b"U=" + want.encode() + b"\0", 0))
        if ours.seconds > LATE + start_seconds:
            raise AssertionError(f"it took {ours.seconds:.2f} s")
        equal(len(ours.log), 1)
        line = ours.log[0].decode("latin-1")
        equal((line.isascii() and line.isprintable(), line.startswith("<30>svc: connect from "),
               line.endswith(f"{host.address} ({host.address})")), (True, True, True))
        equal("@" in line, want.lower() != "unknown")
        if theirs:
            theirs.finish()
        for question, asker in host.questions:
            equal((re.fullmatch(rb"\d+,\d+\r\n", question) is not None, asker), (True, "127.0.0.1"))
        is_asked = behave != deaf and not hasattr(behave, "does_not_read")
        equal(len(host.questions), (2 if theirs else 1) * is_asked)
        if theirs:
            loader = f"LD_LIBRARY_PATH={DEBIAN_LIBRARIES}\0".encode()
            equal((ours.got, ours.log if want.isalnum() else None),
                  (theirs.got.replace(loader, b""), theirs.log if want.isalnum() else None))


began = time.monotonic()
silent = Host(hangs)
patient = Visit(client=silent.address, output=subprocess.PIPE, **only("ALL: rfc931 60"))
patient_until = []


def await_patient():
    patient.process.wait()
    patient_until.append(time.monotonic())


patience = threading.Thread(target=await_patient)
patience.start()  # looked at when all else is done
for case, (behave, want) in CASES.items():
    check(case, behave, want)
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


@test("ALL@host: anybody, and the log says who, as it always did")
def _():
    for binary in filter(None, (TCPD, DEBIAN)):
        check_served(visit(client=joe.address, binary=binary, **only("ALL@127.0.0.9 ALL@ALL")),
                     connect(joe.address, f"joe@{joe.address}"))
        seen = visit(client=joe.address, binary=binary, **rule(f"{joe.address} ALL@ALL"))
        check_served(seen, connect(joe.address))


@test("%u in a command")
def _():
    check_served(visit(client=joe.address, allow="svc: ALL: twist /bin/echo %u %c\n"),
                 f"<28>svc: twist joe@{joe.address} to /bin/echo joe joe@{joe.address}",
                 got=f"joe joe@{joe.address}\n".encode())


@test("IPv6 clients, and IPv4 clients of a socket of both families")
def _():
    six = Host(says(GOOD + "six\r\n"), "::1")
    four = Host(says(GOOD + "four\r\n"))
    for binary in filter(None, (TCPD, DEBIAN)):
        for pair, host, user, asker, address in (
                (tcp_pair("::1"), six, "six", "::1", "::1"),
                (mapped_pair(four.address), four, "four", "127.0.0.1", f"::ffff:{four.address}")):
            seen = visit(pair, binary=binary, allow=f"svc: {user}@ALL\n", deny="ALL: ALL\n")
            check_served(seen, connect(address, f"{user}@{address}"))
            equal(host.questions.pop()[1], asker)


# ---- a program that asks ----

ASKING = build_guest("asking", "-rdynamic")
CALLS = set("clock_gettime socket bind connect poll ppoll getsockopt sendto recvfrom close brk "
            "mmap munmap".split())


def ask(mode, behave, timeout, launcher=()):
    """What the program says after its question: {name: value}."""
    host = Host(behave)
    near = tcp_pair(host.address)
    out = subprocess.run([*launcher, ASKING, mode, str(timeout)], stdin=near[1],
                         capture_output=True, text=True, timeout=2 * WAIT_SECONDS)
    equal((out.returncode, out.stderr), (0, ""))
    return dict(word.split("=", 1) for word in out.stdout.split())


def check_asked(said, user, seconds, **want):
    equal({key: said[key] for key in ("user", "errno", "monotonic", "others", *want)},
          {"user": user, "errno": "1", "monotonic": "1", "others": "0", **want})
    took = int(said["ms"]) / 1000
    if not seconds - 0.05 <= took <= seconds + 0.5:
        raise AssertionError(f"{said}: not {seconds} s")


@test("the deadline is that of the monotonic clock, and no other is asked for")
def _():
    check_asked(ask("plain", says(GOOD + "joe\r\n"), 1), USER, 0, ticks="0", alarm="0")
    for behave, seconds in ((hangs, 1), (drips, 1), (deaf, 1), (floods, 0)):
        check_asked(ask("plain", behave, 1), "unknown", seconds, ticks="0", alarm="0")


@test("a timer of 1 kHz that interrupts calls neither ends nor prolongs it")
def _():
    said = ask("timer", drips, 1)
    check_asked(said, "unknown", 1)
    equal(int(said["ticks"]) > 50, True)
    check_asked(ask("timer", in_pieces, 1), USER, 0)


@test("an alarm that is pending stays so, and none is needed")
def _():
    check_asked(ask("alarm", hangs, 1), "unknown", 1, ticks="0", alarm="99")
    check_asked(ask("blocked", hangs, 1), "unknown", 1, ticks="0")


@test("no time at all is no limit, as of old, up to ours")
def _():
    for seconds in (0, -1, 11, 2**31 - 1):
        check_asked(ask("plain", says(GOOD + "joe\r\n"), seconds), USER, 0)
    check_asked(ask("plain", late(0.2), 0), USER, 0.2)


@test("system calls of a question: a socket's, and poll; no signal, no timer")
def _():
    if not shutil.which("strace"):
        raise Skip("needs strace")
    trace = dir / "strace"
    for behave in (says(GOOD + "joe\r\n"), drips, floods, resets, at_once(resets), deaf):
        ask("plain", behave, 1, launcher=["strace", "-f", "-o", trace])
        lines = trace.read_text(errors="replace").splitlines()
        marks = [i for i, line in enumerate(lines) if "/asking-" in line]
        equal(len(marks), 2)
        made = [re.match(r"\d+ +(\w+)\(|\d+ +[-+<]", line) for line in lines[marks[0] + 1:marks[1]]]
        seen = {call[1] for call in made if call[1]}
        equal((seen - CALLS, {"socket", "bind", "connect", "close"} - seen), (set(), set()))


@test("a datagram's sender is not asked")
def _():
    count = len(joe.questions)
    pair = udp_pair(b"one", client=joe.address)
    seen = visit(pair, argv=ENVIRONMENT, env={}, output=subprocess.PIPE, allow=RULE)
    equal((seen.got, len(joe.questions)), (b"U=unknown\0", count))


@test("no time that a rule gives is more than ten seconds")
def _():
    patience.join()
    check_served(patient.finish(), connect(silent.address))
    equal(9 < patient_until[0] - patient.started < 12, True)


@test("there are at least 30 hostile hosts")
def _():
    print(f"# {len(HOSTILE)} of them, {len(HONEST)} honest ones")
    equal(len(HOSTILE) >= 30, True)


main()
