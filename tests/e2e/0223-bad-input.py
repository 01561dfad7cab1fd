#!/usr/bin/env python3
# timeout: 180
# seconds: 10
"""Hostile text, byte by byte, in everything that comes from outside: what commands, variables,
banners, requests and the log got of it, to the byte. No command runs but the rule's, no line of the
log is two, and no letter behind a percent sign does anything."""
import os
import queue
import sys
import threading

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402
from dns_server import DnsServer, a, answer, ptr  # noqa: E402

PROGRAM = build_guest("bad_input")
OUT, HARMLESS = dir / "out", b"!@%-_=+:,./"
FIELD_MAX, IDENT_PORT = 127, 113
LETTERS = ("d", "n", "a", "h", "c", "u", "s", "N", "A", "H")
WORDS = " ".join(f"%{letter}" for letter in LETTERS)
COMMAND = f"{PROGRAM} record {OUT} {WORDS} '%n' \"%u\" %%n"
TAG = "bad"

# Beside each byte alone: what somebody would try.
TEXTS = [b"%n%s%n%s%99999999d%hhn", b"%d%h%u%%n", b"$(touch X)", b"`touch X`", b";touch X;",
         b"&touch X&", b"|touch X|", b"\ntouch X\n", b"\n<30>sshd[1]: Accepted password for root",
         b"a\r\n\r\nb", b"'; touch X; '", b"\"; touch X; \"", b"\\", b"\\\n", b"a\\", b">X", b"<X",
         b"~root", b"$HOME", b"${IFS}", b"*", b"?", b"[a]", b"#", b"# touch X", b"!!",
         b"\x1b]0;x\x07",
         b"\x9b2J", "\u009b2J\u2028\u202e".encode(), "b\u00fccher".encode(), b"\xff\xfe\xc0\x8a",
         b"unknown@paranoid", b"-rf", b"../../../etc/passwd", b"x" * FIELD_MAX, b"\xff" * FIELD_MAX,
         b"\n" * FIELD_MAX, b"%" * FIELD_MAX]


# ---- what is to come of bytes ----

def filtered(text):
    """As commands, variables and banners have it."""
    return bytes(b if chr(b).isalnum() and b < 128 or b in HARMLESS else ord("_") for b in text)


HIDDEN = {*range(0x20), *range(0x7f, 0xa0), 0x200e, 0x200f, *range(0x2028, 0x202f),
          *range(0x2066, 0x206a), *range(0xdc80, 0xdd00)}  # the last: bytes that are no UTF-8


def logged(text):
    """As a line of the log has it: what is UTF-8 and seen as it is, other bytes by number."""
    shown = ""
    for c in text.decode("utf-8", "surrogateescape"):
        raw = c.encode("utf-8", "surrogateescape")
        shown += c if ord(c) not in HIDDEN else "".join(f"\\x{b:02x}" for b in raw)
    return shown.encode()


def found(text):
    """As a finding names its subject and its file."""
    return b"".join(bytes([b]) if 0x20 <= b < 0x7f and b != 0x5c else b"\\x%02x" % b for b in text)


def tag(name):
    """As the name in front of a line has it."""
    return bytes(b if 0x20 < b < 0x7f and b not in b":[]<>" else ord("_") for b in name)


class Values:
    """The same bytes in each field, and a letter that tells the fields apart."""

    def __init__(self, text=None, byte=None):
        made = [text or b"%c%c%c" % (byte, letter, byte) for letter in b"dnau"]
        self.daemon, self.name, self.addr, self.user = [value[:FIELD_MAX] for value in made]

    @property
    def client(self):
        return self.user + b"@" + self.name

    def letters(self, has_server):
        """What WORDS stand for."""
        name, addr = (self.name, self.addr) if has_server else (b"unknown", b"unknown")
        server = self.daemon + b"@" + name if has_server else self.daemon
        return [self.daemon, self.name, self.addr, self.name, self.client, self.user, server, name,
                addr, name]


ALL = [Values(byte=byte) for byte in range(1, 256)] + [Values(text) for text in TEXTS]


# ---- the program ----

def etc_with(hosts=b"", allow=b"", resolv="options timeout:1 attempts:1\n"):
    """An /etc of its own."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="etc-", dir=dir))
    for name, text in {**ETC, "nsswitch.conf": "hosts: files dns\n", "resolv.conf": resolv}.items():
        (folder / name).write_text(text)
    (folder / "hosts").write_bytes(hosts)
    (folder / "hosts.allow").write_bytes(allow)
    return folder


def fresh(cases):
    """(program, case): a new one now and then; some findings are told 64 times a minute at most."""
    for number, case in enumerate(cases):
        if number % 50 == 0:
            now = Program(etc_with())
        yield now, case


class Answer:
    def __init__(self, line):
        verdict, pid, *fields = line.split(" ")
        self.granted, self.pid = verdict == "1", int(pid)
        self.fields = [bytes.fromhex(field[1:]) for field in fields]
        self.request, self.variable, self.received = self.fields[:4], *self.fields[4:]
        self.log = syslog.of(self.pid)


class Program:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=dir / "here",
            env={"PATH": "/usr/bin:/bin"}, preexec_fn=lambda: settle(folder, None))

    def ask(self, way, table, *fields):
        OUT.unlink(missing_ok=True)
        words = [f".{os.fsencode(field).hex()}" for field in (table, *fields)]
        self.process.stdin.write(f"{way} {' '.join(words)}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the program is gone ({self.process.wait()}) at {way} {fields}")
        return Answer(line.rstrip("\n"))

    def ask_values(self, way, table, values):
        return self.ask(way, table, values.daemon, values.name, values.addr, values.user)


def file(name, text):
    path = dir / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def recorded():
    return OUT.read_bytes().split(b"\0")[:-1] if OUT.exists() else None


def check_quiet():
    equal(os.listdir(dir / "here"), [])


def in_words(values, has_server=True):
    return [*map(filtered, [*values.letters(has_server), values.name, values.user]), b"%n"]


(dir / "here").mkdir()
program = Program(etc_with())
SPAWN = file("spawn", f"ALL: ALL: spawn {COMMAND}\n")
line_of = b"<31>%s: " % TAG.encode()


def told_option(keyword, value):
    return line_of + b"option:   " + keyword + b" " + value


def told_match(table):
    return line_of + b"matched:  " + logged(os.fsencode(table)) + b" line 1"


def command_with(words):
    """COMMAND, expanded."""
    name, user, last = words[len(LETTERS):]
    quoted = (b"'" + name + b"'", b'"' + user + b'"', last)
    return b" ".join([os.fsencode(f"{PROGRAM} record {OUT}"), *words[:len(LETTERS)], *quoted])


# ---- each field, each byte ----

@test("spawn: a command gets its words, and the log them too; the request stays as it was")
def _():
    for values in ALL:
        for way in ("request", "ctl"):
            words = in_words(values, way == "request")
            got = program.ask_values(way, SPAWN, values)
            equal((got.granted, recorded()), (True, words))
            equal(got.log, [told_match(SPAWN), told_option(b"spawn", command_with(words))])
            equal(got.request, [values.daemon, values.name, values.addr, values.user])
    check_quiet()


@test("setenv: a variable has the filtered text")
def _():
    table = file("setenv", f"ALL: ALL: setenv V {WORDS}\n")
    for values in ALL:
        got = program.ask_values("request", table, values)
        text = b" ".join(map(filtered, values.letters(True)))
        equal((got.granted, got.variable), (True, text))
        equal(got.log, [told_match(table), told_option(b"setenv", b"V " + text)])


@test("setenv: a name that is made of it is a name, or refuses")
def _():
    table = file("name", "ALL: ALL: setenv %d x: setenv V y\n")
    for values in ALL:
        got = program.ask_values("request", table, values)
        good = b"=" not in values.daemon
        equal((got.granted, got.variable), (good, b"y" if good else b""))


@test("banners: the client receives the filtered text, and all of the file's own bytes")
def _():
    table = file("banners", f"ALL: ALL: banners {dir}/banner\n")
    (dir / "banner").mkdir()
    own = bytes(b for b in range(1, 256) if b not in b"%\n") + b"\0"
    for values in ALL:
        if b"/" in values.daemon or len(values.daemon) == 0:
            continue
        path = os.path.join(os.fsencode(dir / "banner"), values.daemon)
        with open(path, "wb") as banner:
            banner.write(own + b"\n" + WORDS.encode() + b"\n")
        got = program.ask_values("request", table, values)
        os.unlink(path)
        text = b" ".join(map(filtered, values.letters(True)))
        equal((got.granted, got.received), (True, own + b"\r\n" + text + b"\r\n"))
        equal(got.log, [told_match(table), told_option(b"banners", os.fsencode(dir / "banner"))])


@test("banners: a daemon whose name is a path gets none, and the log says so in a line")
def _():
    table = file("paths", f"ALL: ALL: banners {dir}/banner\n")
    for daemon in (b"/", b"../out", b"\n/%n", b"\xff/\\", b"..", b"."):
        got = program.ask("request", table, daemon, b"n", b"a", b"u")
        equal((got.granted, got.received), (True, b""))
        equal(got.log[2:], [b"<27>bad: warning: %s, line 1: no banner: \"%s\" is no file name"
                            % (os.fsencode(table), found(daemon))])


@test("twist: the command gets its words, and the line names the client")
def _():
    table = file("twist", f"ALL: ALL: twist {COMMAND}\n")
    for values in ALL:
        words = in_words(values)
        got = program.ask_values("twist", table, values)
        equal(recorded(), words)
        equal(got.log, [told_match(table), told_option(b"twist", command_with(words)),
                        b"<28>bad: twist %s to %s" % (logged(values.client), command_with(words))])
    check_quiet()


@test("a refusal is one line")
def _():
    for values in ALL:
        got = program.ask_values("refuse", SPAWN, values)
        equal(got.log, [b"<28>bad: refused connect from %s (%s)"
                        % (logged(values.client), logged(values.addr))])


@test("percent_x: a program's own text stays as it is, what it expands to is filtered")
def _():
    for values in ALL:
        got = program.ask_values("percent", b"\xff\n;%z" + WORDS.encode() + b" %%n %", values)
        words = b" ".join(map(filtered, values.letters(True)))
        equal((got.variable, got.log),
              (b"\xff\n;" + words + b" %n %", [b"<27>bad: warning: unrecognized %z"]))


@test("tcpd_warn: a program's own place and subject")
def _():
    for values in ALL:
        got = program.ask_values("warn", values.daemon, values)
        equal(got.log, [b"<27>bad: warning: %s, line 7: <%s>"
                        % (logged(values.daemon), logged(values.name))])


# ---- what is looked up ----

def client_address(byte, net):
    return f"127.{net}.0.{byte}".encode()


@test("names in /etc/hosts, of which the C library takes any bytes")
def _():
    taken = [b for b in range(1, 256) if b not in b" \t\n\v\f\r#"]
    names = {b: b"x%cy%d" % (b, b) for b in taken}
    hosts = b"".join(client_address(b, 2) + b" " + name + b"\n" for b, name in names.items())
    asks = Program(etc_with(hosts))
    for b, name in names.items():
        got = asks.ask("lookup", SPAWN, b"d", b"", client_address(b, 2), b"u")
        equal((got.granted, got.request[1]), (True, name))
        equal(recorded()[1:5:2], [filtered(name)] * 2)
        equal(len(got.log), 2)


@test("names by DNS: the C library takes those of hosts, and all others are none")
def _():
    labels = {b: [b"x" + bytes([b]) + b"y", b"ex", b"org"] for b in range(256)}
    table = {f"PTR {b}.0.3.127.in-addr.arpa": answer(ptr(label)) for b, label in labels.items()}
    good = {b: f"x{chr(b)}y.ex.org" for b in range(128) if chr(b).isalnum() or chr(b) in "-_"}
    table.update((f"A {name.lower()}", answer(*[
        a(client_address(b, 3).decode()) for b in good if good[b].lower() == name.lower()]))
        for name in good.values())
    server = DnsServer().serve(table)
    asks = Program(etc_with(resolv=f"nameserver {server.address}\n"))
    for b in range(256):
        name = good.get(b, "unknown").encode()
        got = asks.ask("lookup", SPAWN, b"d", b"", client_address(b, 3), b"u")
        equal((got.granted, got.request[1]), (True, name))
        equal(recorded()[1], filtered(name))
        equal(len(got.log), 2)
    equal(len(server.queries), 256 + len(good))


class Ident:
    """The client's host: the next user in the queue is whose each connection is."""

    def __init__(self, address="127.0.0.1"):
        self.users = queue.Queue()
        self.listener = socket.create_server((address, IDENT_PORT))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            with self.listener.accept()[0] as connection:
                ports = connection.recv(100).strip()
                connection.sendall(ports + b":USERID:UNIX:" + self.users.get() + b"\r\n")


@test("users by ident: any byte but blanks and NUL, which end the word")
def _():
    ident = Ident()
    for text in [b"x%cy%c" % (b, b) for b in range(256)] + TEXTS:
        ident.users.put(text)
        word = re.match(rb"[\t\v\f\r ]*([^\0\t\n\v\f\r ]*)", text)[1][:FIELD_MAX] or b"unknown"
        got = program.ask("ident", SPAWN, b"d", b"", b"", b"")
        equal((got.granted, got.request[3]), (True, word))
        equal(recorded()[5], filtered(word))
        equal(got.log[1:], [told_option(b"spawn", command_with(recorded()))])
    check_quiet()


# ---- paths ----

def odd_paths():
    """Names of files for each byte and text that may be in one."""
    for values in ALL:
        name = values.daemon + b"%n%s"
        if b"/" not in name:
            yield os.path.join(os.fsencode(dir / "odd"), name)


@test("a table's path, in findings and in lines of old")
def _():
    (dir / "odd").mkdir()
    for path in odd_paths():
        with open(path, "wb") as table:
            table.write(b"ALL: ALL: severity info: frob\n")
        got = program.ask("request", path, b"d", b"n", b"a", b"u")
        equal((got.granted, got.log),
              (False, [told_match(path), told_option(b"severity", b"info"),
                       b"<27>bad: error: %s, line 1: bad option name: \"frob\"" % cut(path)]))
        with open(path, "wb") as table:
            table.write(b"ALL ALL\n")
        equal(program.ask("request", path, b"d", b"n", b"a", b"u").log,
              [b"<27>bad: warning: %s, line 1: missing \":\" separator" % cut(path)])
        os.unlink(path)


def cut(path, most=384):
    """A finding shows so many bytes of a path."""
    shown = b""
    for byte in path:
        if len(shown) + 4 > most:
            break
        shown += found(bytes([byte]))
    return shown


@test("a table that cannot be used: its path is the subject, too")
def _():
    for asks, path in fresh(odd_paths()):
        os.mkdir(path)
        got = asks.ask("request", path, b"d", b"n", b"a", b"u")
        os.rmdir(path)
        equal((got.granted, got.log),
              (False, [b"<27>bad: error: cannot use %s: not a regular file" % found(path[:127])]))


@test("a list that a table names")
def _():
    usual = [path for path in odd_paths() if not re.search(rb"[ \t\r\n,:@\[\]]|\\$", path)]
    for asks, path in fresh(usual):
        table = file("lists", b"ALL: " + path + b"\n")
        os.utime(table, (0, 0))
        got = asks.ask("request", table, b"d", b"n", b"a", b"u")
        equal(got.log, [b"<27>bad: error: %s, line 1: open %s: No such file or directory"
                        % (os.fsencode(table), found(path[:127]))])


@test("a word of a table that is no option, no client, no letter")
def _():
    for values in ALL:
        word = values.name
        if re.search(rb"[\s:=\0\\]", word):
            continue
        table = file("words", b"ALL: ALL: " + word + b"\n")
        os.utime(table, (0, 0))
        got = program.ask("request", table, b"d", b"n", b"a", b"u")
        equal((got.granted, got.log[1:]),
              (False, [b"<27>bad: error: %s, line 1: bad option name: \"%s\""
                       % (os.fsencode(table), found(word))]))


# ---- tcpd ----

def names_of_services():
    """All bytes that may be in one, some at a time, and the texts."""
    usual = [b for b in range(1, 256) if b != ord("/")]
    for at in range(0, len(usual), 16):
        yield b"x".join(bytes([b]) for b in usual[at:at + 16])
    yield from (text for text in TEXTS if b"/" not in text)


@test("argv[0]: in the tag of the log, in its lines and in a command")
def _():
    for name in names_of_services():
        path = os.fsencode(dir / "here") + b"/" + name
        OUT.unlink(missing_ok=True)
        seen = visit(argv=[path], cwd=dir / "here",
                     allow=f"ALL: ALL: twist {PROGRAM} record {OUT} %d '%d'\n")
        word = filtered(name[:FIELD_MAX])
        equal(recorded(), [word, word])
        said = b"twist 127.0.0.1 to %s record %s %s '%s'" % (
            os.fsencode(PROGRAM), os.fsencode(OUT), word, word)
        equal(seen.log, [b"<28>" + tag(name) + b": " + said])
        seen = visit(argv=[path])
        text = b"error: cannot execute %s: No such file or directory" % logged(path)
        equal(seen.log, [b"<30>" + tag(name) + b": connect from 127.0.0.1 (127.0.0.1)",
                         b"<27>" + tag(name) + b": " + text])
    check_quiet()


@test("argv[0] decides as what it is")
def _():
    for name in names_of_services():
        if re.search(rb"[\s,:@*?\[\]\\#]", name):
            continue
        path = os.fsencode(dir / "here") + b"/" + name
        folder = etc_with(allow=b"other " + name[:FIELD_MAX] + b": ALL: deny\n")
        seen = visit(argv=[path], before=lambda: bind_mount(folder, "/etc"))
        equal(seen.log, [b"<28>" + tag(name) + b": refused connect from 127.0.0.1 (127.0.0.1)"])


@test("a user of a hostile host, in tcpd's own lines")
def _():
    hosts = [b"a%cb" % b for b in range(1, 256) if b not in b" \t\n\v\f\r"]
    ident = Ident("127.0.0.5")
    for user in hosts[::4] + [b"\xff\xfe", "\u009b".encode()]:
        ident.users.put(user)
        seen = visit(client="127.0.0.5", deny="svc: ALL@ALL\n")
        equal(seen.log, [b"<28>svc: refused connect from %s@127.0.0.5 (127.0.0.5)" % logged(user)])


main()
