#!/usr/bin/env python3
# timeout: 60
"""try-from: eight lines about every kind of connection, in front of our library and Debian's; both
are to print and log the same, byte for byte."""
import resource
import sys
import threading

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

OURS = dir / "try-from"
shutil.copy(BUILD / "src/cmd/try-from/try-from", OURS)
DEBIANS = DEBIAN_ROOT and DEBIAN_ROOT / "usr/sbin/try-from"
NUMERIC, IDENT_PORT = "127.0.0.5", 113
ETC["hosts"] += f"{NUMERIC} 1.2.3.4\n"
LINES = """client address  (%%a): %s
client hostname (%%n): %s
client username (%%u): %s
client info     (%%c): %s
server address  (%%A): %s
server hostname (%%N): %s
server process  (%%d): %s
server info     (%%s): %s
"""
NOT_A_SOCKET = "Socket operation on non-socket"
NO_CLIENT = f"<11>try-from: warning: can't get client address: {NOT_A_SOCKET}"
NUMERIC_NAME = ("<11>try-from: warning: host name/name mismatch: reverse lookup results in "
                "non-FQDN 1.2.3.4")


def printed(client, name="unknown", user="unknown", server="127.0.0.1", server_name="localhost",
            daemon="try-from"):
    """A name or address that is known stands in the descriptions."""
    host, server_host = (at if known in ("unknown", "paranoid") else known
                         for known, at in ((name, client), (server_name, server)))
    info = host if user == "unknown" else f"{user}@{host}"
    server_info = daemon if server_host == "unknown" else f"{daemon}@{server_host}"
    return (LINES % (client, name, user, info, server, server_name, daemon, server_info)).encode()


def log_lines():
    """Without a process id, as programs log that do not open the log; less the date."""
    lines = []
    while select.select([syslog.socket], [], [], 0)[0]:
        lines.append(re.sub(r">\w{3} [ \d]\d [\d:]{8} ", ">", syslog.socket.recv(65536).decode()))
    return lines


def run(stdin, *arguments, name="try-from", binary=OURS, before=None):
    """(status, output, error output, log)"""
    env = {"PATH": "/usr/bin:/bin"}
    if binary != OURS:
        env["LD_LIBRARY_PATH"] = DEBIAN_LIBRARIES
    done = subprocess.run([name, *arguments], executable=binary, stdin=stdin, env=env,
                          capture_output=True, timeout=WAIT_SECONDS,
                          preexec_fn=functools.partial(settle, etc(None, None), before))
    return done.returncode, done.stdout, done.stderr, log_lines()


def ident(address, answer):
    """Somebody who answers at a client's address; {p} stands for the ports of the question."""
    listener = socket.create_server((address, IDENT_PORT))

    def serve():
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answer.replace(b"{p}", connection.recv(100).strip()))
    threading.Thread(target=serve, daemon=True).start()
    return address


def not_a_socket():
    return None, open("/dev/null", "rb")


def tcp(client):
    return functools.partial(tcp_pair, client)


JOE = ident("127.0.1.1", b"{p}:USERID:UNIX:joe\r\n")
EVIL = ident("127.0.1.2", b"{p}:USERID:UNIX:a$(id)`b`;%n\x1b[1m\xe9|c\r\n")
EVIL_USER = "a__id__b__%n__1m__c"
NOBODY_THERE = printed("unknown", server="unknown", server_name="unknown")
LONGEST = printed("127.0.0.1", "localhost", daemon="d" * 127)
# What, a pair of sockets, what is printed, what is logged, and how it is started.
SCENES = [
    ("IPv4", tcp("127.0.0.1"), printed("127.0.0.1", "localhost"), []),
    ("a name", tcp(GUEST), printed(GUEST, "guest.example.org"), []),
    ("no name", tcp(NAMELESS), printed(NAMELESS), []),
    ("a hostile name", tcp(HOSTILE), printed(HOSTILE, "ev__id_l_x"), []),
    ("a name that is a number", tcp(NUMERIC), printed(NUMERIC, "paranoid"), [NUMERIC_NAME]),
    ("a user", tcp(JOE), printed(JOE, user="joe"), []),
    ("a hostile user", tcp(EVIL), printed(EVIL, user=EVIL_USER), []),
    ("an IPv4 client of an IPv6 socket", mapped_pair,
     printed("::ffff:127.0.0.1", "localhost", server="::ffff:127.0.0.1"), []),
    ("a unix socket", unix_pair,
     printed("localhost", server="localhost", server_name="unknown"), []),
    ("a datagram", functools.partial(udp_pair, b"x"), printed("127.0.0.1", "localhost"), []),
    ("a file", not_a_socket, NOBODY_THERE, [NO_CLIENT]),
    ("a path for a name", tcp("127.0.0.1"), printed("127.0.0.1", "localhost", daemon="in.svc"), [],
     "/usr/local/x/in.svc"),
    ("a hostile path", tcp("127.0.0.1"), printed("127.0.0.1", "localhost", daemon="a_b_c"), [],
     "x/a`b\nc"),
    ("a name of 127 bytes", tcp("127.0.0.1"), LONGEST, [], "d" * 127),
    ("a name of 128 bytes", tcp("127.0.0.1"), LONGEST, [], "d" * 128),
    ("an empty name", tcp("127.0.0.1"), printed("127.0.0.1", "localhost", daemon=""), [], "x/"),
    ("arguments that mean nothing", tcp("127.0.0.1"), printed("127.0.0.1", "localhost"), [],
     "try-from", "-x", "--help"),
]
if stage.has_ipv6():
    SCENES.append(("IPv6", tcp("::1"), printed("::1", "localhost", server="::1"), []))


def check(what, pair, output, log, name="try-from", *arguments):
    @test(what)
    def _():
        client, served = pair()
        ours = run(served, *arguments, name=name)
        equal(ours, (0, output, b"", log))
        if DEBIANS:
            equal(run(served, *arguments, name=name, binary=DEBIANS), ours)
        served.close()
        if client:
            client.close()


for scene in SCENES:
    check(*scene)


@test("Debian's try-from was asked, too")
def _():
    need_debian()


@test("--help and --version, as the first argument, are answered without a look at the client")
def _():
    client, served = tcp_pair("127.0.0.1")
    for word, said in (("--help", b"usage: try-from "), ("--version", b"try-from (tcpwrap) ")):
        status, out, err, log = run(served, word)
        equal((status, out[:len(said)], err, log), (0, said, b"", []))
        equal(b"client" in out and b"(%a)" in out, False)


@test("no standard input: a client that is unknown")
def _():
    ours = run(None, before=lambda: os.close(0))
    equal(ours, (0, NOBODY_THERE, b"", [NO_CLIENT.replace(NOT_A_SOCKET, "Bad file descriptor")]))
    if DEBIANS:
        equal(run(None, before=lambda: os.close(0), binary=DEBIANS), ours)


@test("what cannot be printed is an error")
def _():
    client, served = tcp_pair("127.0.0.1")
    for word in ([], ["--help"]):
        with open(os.open("/dev/full", os.O_WRONLY), "wb") as full:
            equal(subprocess.run([OURS, *word], stdin=served, stdout=full).returncode, 1)
    log_lines()


@test("no descriptors to look a name up: the lines until there, and the rest is not guessed")
def _():
    client, served = tcp_pair(NAMELESS)
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_NOFILE, (4, 4))
    status, out, err, _ = run(served, before=limit)
    equal((status, out, err), (0, f"client address  (%a): {NAMELESS}\n".encode(), b""))


@test("as a service: the client reads it, and then the end")
def _():
    client, served = tcp_pair(GUEST)
    with client:
        subprocess.run(["in.guests"], executable=OURS, stdin=served, stdout=served, stderr=served,
                       preexec_fn=functools.partial(settle, etc(None, None), None), check=True)
        served.close()
        equal(read_all(client), printed(GUEST, "guest.example.org", daemon="in.guests"))


main()
