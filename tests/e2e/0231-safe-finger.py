#!/usr/bin/env python3
# timeout: 90
# seconds: 14
"""safe_finger: what it asks, what it prints, when it ends and who it is then, in front of scripted
finger servers. What it prints is compared with what Debian's makes of the same answer, which a
scripted finger(1) gives it, and with what Debian's pair of both prints of the same server."""
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
# The download needs the network that the laboratory takes away.
fetched = subprocess.run([ROOT / "tools/fetch-daemons", "finger"], capture_output=True, text=True)
from tcpd_lab import *  # noqa: E402

OURS = dir / "safe_finger"
shutil.copy(BUILD / "src/cmd/safe_finger/safe_finger", OURS)
DEBIANS = DEBIAN_ROOT and DEBIAN_ROOT / "usr/sbin/safe_finger"
SERVER, FINGER_PORT = "127.0.0.1", 79
TWICE, TWICE_REFUSES, TWICE_ANSWERS = "twice.example.org", "127.0.7.1", "127.0.7.2"
ETC["hosts"] += f"{TWICE_REFUSES} {TWICE}\n{TWICE_ANSWERS} {TWICE}\n"
ETC["host.conf"] = "multi on\n"
INPUT_MAX, TARGET_MAX, HOST_MAX = 100000, 500, 253
CUT = b"\n\n Input truncated to 100000 bytes...\n"
CAP_SETGID, CAP_SETUID, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 6, 7, 24, 28
SECBIT_NO_SETUID_FIXUP, PR_SET_SECCOMP = 4, 22
SYSTEM_CALLS = {"x86_64": {"setgroups": 116, "setresuid": 117, "setresgid": 119},
                "aarch64": {"setgroups": 159, "setresuid": 147, "setresgid": 149}}
SOMEBODY = 1234
NO_TIME = b"safe_finger: out of time (--timeout)\n"


# ---- servers ----

class Server:
    """Answers by a function of the connection. questions: what came until it answered; uids: of who
    asked, as the kernel has them."""

    def __init__(self, answer, address=SERVER, port=0):
        self.listener = socket.create_server(
            (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self.answer, self.questions, self.uids = answer, [], []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection, peer = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection, peer), daemon=True).start()

    def serve(self, connection, peer):
        try:
            with connection:
                question = b""
                while not question.endswith(b"\n") and (piece := connection.recv(1000)):
                    question += piece
                self.uids += uids_of(peer[1], self.port)
                self.questions.append(question)
                self.answer(connection)
                connection.shutdown(socket.SHUT_WR)
                self.rest = read_all(connection)
        except OSError:
            pass  # whoever asked has gone


def uids_of(*ports):
    """The owner of the socket with a local and a remote port."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [int(fields[7]) for fields in map(str.split, lines)
            if tuple(int(end.rpartition(":")[2], 16) for end in fields[1:3]) == ports]


def says(answer):
    return lambda connection: connection.sendall(answer)


def hangs(connection):
    connection.recv(1)


def drips(connection):
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def floods(connection):
    while True:
        connection.sendall(b"x" * 65536)


def resets(connection):
    connection.sendall(b"half a l")
    time.sleep(0.1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


hello = Server(says(b"hello\r\n"))
hello6 = Server(says(b"hello\r\n"), "::1") if stage.has_ipv6() else None
silent = Server(hangs)


# ---- runs ----

def be_somebody():
    """It would not be able to leave a namespace's root; it is somebody there from the start."""
    if REAL_ROOT:
        return
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    pathlib.Path("/proc/self/uid_map").write_text(f"{SOMEBODY} 0 1")


class Run:
    """finish() waits for (status, output, error output), and seconds."""

    def __init__(self, *arguments, folder=None, before=be_somebody, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            ["safe_finger", *map(str, arguments)], executable=OURS, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=stderr, env={"PATH": "/nowhere"},
            preexec_fn=functools.partial(settle, folder or etc(None, None), before))

    def finish(self):
        out, err = self.process.communicate(timeout=WAIT_SECONDS)
        self.seconds = time.monotonic() - self.began
        return self.process.returncode, out, err


def run(*arguments, **words):
    return Run(*arguments, **words).finish()


def ask(server, target, *options, **words):
    return run(f"--port={server.port}", *options, "--", target, **words)


def complains(result, text):
    """Status 1, nothing printed, one line of printable ASCII that says it."""
    status, out, err = result
    equal((status, out, err.count(b"\n")), (1, b"", 1))
    if text.encode() not in err or not re.fullmatch(rb"safe_finger: [\x20-\x7e]+\n", err):
        raise AssertionError(f"{err!r} does not say {text!r}")


# ---- what is asked ----

ASKED = [
    (f"@{SERVER}", b"\r\n", b"/W\r\n"),
    (f"joe@{SERVER}", b"joe\r\n", b"/W joe\r\n"),
    (f"joe@in.example.org@{SERVER}", b"joe@in.example.org\r\n", b"/W joe@in.example.org\r\n"),
    (f"@a@[::1]@2001:db8::1@{SERVER}", b"@a@[::1]@2001:db8::1\r\n", b"/W @a@[::1]@2001:db8::1\r\n"),
    ("@localhost", b"\r\n", b"/W\r\n"),
    ("@LOCALHOST", b"\r\n", b"/W\r\n"),
    (f"a$(id)`b`;c|d%n!~@{SERVER}", b"a$(id)`b`;c|d%n!~\r\n", b"/W a$(id)`b`;c|d%n!~\r\n"),
]


@test("the question is one line of RFC 1288")
def _():
    for target, plain, long in ASKED:
        server = Server(says(b"hello\r\n"))
        equal(ask(server, target), (0, b" hello\n", b""))
        equal(ask(server, target, "-l"), (0, b" hello\n", b""))
        equal(ask(server, target, "--long", "-ms", "-p"), (0, b" hello\n", b""))
        equal((server.questions, server.rest), ([plain, long, long], b""))


@test("IPv6: in brackets and bare")
def _():
    if hello6 is None:
        raise Skip("no IPv6 here")
    for target in ("@::1", "@[::1]", "@0:0::1"):
        equal(ask(hello6, target), (0, b" hello\n", b""))
    equal(ask(hello, f"@::ffff:{SERVER}"), (0, b" hello\n", b""))


@test("an address that refuses is followed by the next one of the name")
def _():
    server = Server(says(b"hello\r\n"), TWICE_ANSWERS)
    equal(ask(server, f"@{TWICE}"), (0, b" hello\n", b""))


BAD = ["", "joe", "@", "joe@", "@@", f"joe@@{SERVER}", f"@{SERVER}@", f"joe\r\nroot@{SERVER}",
       f"joe\n@{SERVER}", f"joe\r@{SERVER}", f"joe smith@{SERVER}", f"joe\t@{SERVER}",
       f"/W@{SERVER}", f"/w joe@{SERVER}", f"caf\u00e9@{SERVER}", f"joe\x7f@{SERVER}",
       f"@inner\r\nroot@{SERVER}", f"@inner root@{SERVER}", f"@{SERVER}\r\nroot", f"@{SERVER} ",
       f"@ {SERVER}", "@local host", "@ev$(id)l", "@a/b", "@a:79", "@127.1", "@2130706433",
       "@0x7f.1", "@0x7f000001", "@127.0.0.01", "@017700000001", "@127.0.0.1.", "@256.0.0.1", "@.",
       "@.localhost", "@localhost..", "@-localhost", "@a.-b", "@[127.0.0.1]", "@[::1", "@::1]",
       "@[]", "@[::1]]", "@::1%lo lo", "@::1%" + "x" * 33, "@:::", "@1:2", "@\x1b[1m",
       "@" + "a." * 127, f"{'u' * TARGET_MAX}@{SERVER}"]


@test("what is no target is refused, and nobody is asked")
def _():
    before = len(hello.questions)
    for target in BAD:
        complains(ask(hello, target), "")
    equal(len(hello.questions), before)
    complains(ask(hello, "@\x1b[1m\n"), "@\\x1b[1m\\x0a")


@test("a target has 500 bytes, a host 253")
def _():
    user = "u" * (TARGET_MAX - 1 - len(SERVER))
    equal(ask(hello, f"{user}@{SERVER}"), (0, b" hello\n", b""))
    equal(hello.questions[-1], user.encode() + b"\r\n")
    complains(ask(hello, f"u{user}@{SERVER}"), "too long")
    host = ("h" * 49 + ".") * 5 + "org"
    equal(len(host), HOST_MAX)
    equal(ask(hello, f"@{host}@{SERVER}")[0], 0)
    complains(ask(hello, f"@h{host}@{SERVER}"), "neither a name nor an address")


@test("bad usage is told in a line, with hostile words left out or escaped")
def _():
    for arguments in ([], ["a@b", "c@d"], ["-x", "@b"], ["--nosuch", "@b"], ["--port", "@b"],
                      ["--port=0", "@b"], ["--port=65536", "@b"], ["--port=+79", "@b"],
                      ["--timeout=0", "@b"], ["--timeout=3601", "@b"], ["--timeout=1s", "@b"],
                      ["-\x1b", "@b"], ["-l@b"]):
        complains(run(*arguments), "")
    status, out, err = run("--help")
    equal((status, out[:19], err), (0, b"usage: safe_finger ", b""))
    equal(run("-V")[:2], run("--version")[:2])
    for word in ("--help", "-V"):
        with open("/dev/full", "w") as full:
            equal(subprocess.run([OURS, word], stdout=full, stderr=subprocess.DEVNULL).returncode, 1)
    equal(run("--version")[1].startswith(b"safe_finger (tcpwrap) "), True)


# ---- what is printed ----

def ours_of(answer):
    return ask(Server(says(answer)), f"@{SERVER}")


def install_finger(program):
    """Where Debian's safe_finger finds it first. The laboratory has a /usr/sbin of its own."""
    for folder in ("/bin", "/usr/bin"):
        if os.path.exists(f"{folder}/finger"):
            bind_mount(program, f"{folder}/finger")
    os.chmod("/usr/sbin", 0o755)
    shutil.copy(program, "/usr/sbin/finger")


def scripted_finger():
    """A finger(1) that prints a file."""
    script = dir / "finger"
    script.write_text(f"#!/bin/sh\nexec cat {dir}/answer\n")
    script.chmod(0o755)
    install_finger(script)


def debians_of(answer):
    (dir / "answer").write_bytes(answer)
    done = subprocess.run(["safe_finger", "@host"], executable=DEBIANS, capture_output=True,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def random_answer(numbers):
    kinds = (b"abc ~!", b"\\", b"\n", b"\t\v\f\r", bytes(range(256)))
    return b"".join(bytes(numbers.choices(numbers.choice(kinds), k=numbers.randrange(150)))
                    for _ in range(numbers.randrange(20)))


ANSWERS = [b"", b"\n", b"\n\n\n", b"a", b"a\n", b"a\n\nb", b"~!id\n.\nFrom x\n",
           bytes(range(256)), b"\0", b"a\rb\r", b"\r\r\r", b"\t" * 300, b"\\" * 300, b"\xff" * 300, b"x" * 1000 + b"\n",
           *(b"x" * count + tail for count in range(122, 131)
             for tail in (b"", b"\n", b"yz", b"\\\\", b"\xff\xff", b"\t\t\n\n")),
           *(b"x\n" * (count // 2) + b"y" * (count % 2)
             for count in (INPUT_MAX - 1, INPUT_MAX, INPUT_MAX + 1, 2 * INPUT_MAX)),
           b"\x80" * (INPUT_MAX + 5)]


@test("harmless text: byte for byte what Debian's makes of it")
def _():
    need_debian()
    scripted_finger()
    numbers = random.Random(20261127)
    for answer in ANSWERS + [random_answer(numbers) for _ in range(40)]:
        theirs, ours = debians_of(answer.replace(b"\r\n", b"\n")), ours_of(answer)
        is_cut = len(answer) > INPUT_MAX
        equal((theirs[0] == 0 or is_cut, theirs[2]), (True, b""))
        equal((answer, ours[1]), (answer, theirs[1]))
        equal(ours[0], 1 if is_cut else 0)


@test("CR LF is the end of a line, however it is divided into packets")
def _():
    def in_pieces(connection):
        for byte in b"a\r\nb\r\r\n\r\nc\r":
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
    server = Server(in_pieces)
    server.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    equal(ask(server, f"@{SERVER}"), (0, b" a\n b\r\n\n c\r", b""))


@test("100000 bytes, and what is said of more; a flood ends there")
def _():
    text = ours_of(b"x\n" * (INPUT_MAX // 2) + b"y")[1]
    equal(text, b" x\n" * (INPUT_MAX // 2) + CUT)
    began = time.monotonic()
    status, out, err = ask(Server(floods), f"@{SERVER}")
    equal((status, out[-len(CUT):], out.count(b"x")), (1, CUT, INPUT_MAX))
    equal((b"too long" in err, time.monotonic() - began < AT_ONCE), (True, True))


@test("an ordinary server: asked and printed as by Debian's safe_finger and finger together")
def _():
    need_debian()
    if fetched.returncode != 0:
        raise Skip(fetched.stderr.strip() or "no finger")
    install_finger(DEBIAN_ROOT / "usr/bin/finger")
    answer = b"Login: joe \t\tName: Joe\r\nDirectory: /\r\n\r\nNo Plan.\r\n" + b"x" * 300
    server = Server(says(answer), SERVER, FINGER_PORT)
    for arguments in ([f"@{SERVER}"], [f"joe@{SERVER}"], ["-l", f"joe@{SERVER}"],
                      [f"joe@inner@{SERVER}"]):
        done = subprocess.run(["safe_finger", *arguments], executable=DEBIANS, capture_output=True,
                              stdin=subprocess.DEVNULL)
        equal((done.returncode, done.stderr, len(done.stdout) > 300), (0, b"", True))
        equal(run(*arguments), (0, done.stdout, b""))
        equal(server.questions[-1], server.questions[-2])


# ---- when it ends ----

def waits(what, start, said=NO_TIME):
    """A run that nobody answers: all are started first, and end at their deadline."""
    runs.append(start)
    number = len(runs) - 1

    @test(f"the deadline: {what}")
    def _():
        run = started()[number]
        status, out, err = run.finish()
        equal((status, err), (1, said))
        if not 0.9 < run.seconds < 5:
            raise AssertionError(f"it took {run.seconds:.2f} s")


runs = []


@functools.lru_cache(maxsize=None)
def started():
    return [start() for start in runs]


def deaf_names():
    """An /etc whose name server listens and never answers."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="etc-", dir=dir))
    folder.chmod(0o755)
    for name, text in ETC.items():
        (folder / name).write_text(text)
    (folder / "nsswitch.conf").write_text("hosts: dns\npasswd: files\ngroup: files\n")
    (folder / "resolv.conf").write_text(f"nameserver {SERVER}\noptions timeout:30 attempts:5\n")
    return folder


def full_socket(address=SERVER):
    """A port whose queue is full: packets for it are dropped."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(0)
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(listener.getsockname())
        kept.append(s)
    kept.append(listener)
    return listener.getsockname()[1]


def full_pipe():
    """Standard output that nobody reads any more."""
    out, into = os.pipe()
    fcntl.fcntl(into, 1031, 4096)  # F_SETPIPE_SZ
    os.write(into, b"x" * 4096)
    kept.extend([open(out, "rb"), open(into, "wb")])
    return kept[-1]


def ignore_alarms():
    be_somebody()
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])


kept = []
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind((SERVER, 53))
SHORT = "--timeout=1"
waits("a server that says nothing", lambda: Run(SHORT, f"--port={silent.port}", f"@{SERVER}"))
waits("a drip", lambda: Run(SHORT, f"--port={Server(drips).port}", f"@{SERVER}"))
waits("packets that are swallowed",
      lambda: Run(SHORT, f"--port={full_socket()}", f"@{SERVER}"))
waits("a name server that says nothing",
      lambda: Run(SHORT, "@host.example.org", folder=deaf_names()))
waits("an output that nobody reads",
      lambda: Run(SHORT, f"--port={Server(floods).port}", f"@{SERVER}", stdout=full_pipe()))
waits("nor its errors", lambda: Run(SHORT, f"--port={silent.port}", f"@{SERVER}", stdout=full_pipe(),
                                    stderr=kept[-1]), said=None)
waits("whoever started it ignores the signal",
      lambda: Run(SHORT, f"--port={silent.port}", f"@{SERVER}", before=ignore_alarms))


@test("the first address swallows packets: the next is asked in time")
def _():
    port = full_socket(TWICE_REFUSES)
    Server(says(b"hello\r\n"), TWICE_ANSWERS, port)
    done = Run("--timeout=2", f"--port={port}", f"@{TWICE}")
    equal(done.finish(), (0, b" hello\n", b""))
    equal(0.8 < done.seconds < 2, True)


@test("a reset: what came is printed, and the status says it was not all")
def _():
    status, out, err = ask(Server(resets), f"@{SERVER}")
    equal((status, out, b"Connection reset" in err), (1, b" half a l", True))


@test("an answer that comes slowly to its end is an answer")
def _():
    def slowly(connection):
        for piece in (b"one\r\n", b"two\r\n"):
            time.sleep(0.3)
            connection.sendall(piece)
    equal(ask(Server(slowly), f"@{SERVER}", "--timeout=5"), (0, b" one\n two\n", b""))


@test("nobody listens, no such name, no output: told, status 1")
def _():
    complains(run("--port=1", f"@{SERVER}"), "Connection refused")
    complains(run("@nosuch.example.org"), "@nosuch.example.org: ")
    out, into = os.pipe()
    os.close(out)
    status, _, err = ask(hello, f"@{SERVER}", stdout=into)
    os.close(into)
    equal((status, b"cannot print" in err), (1, True))


# ---- who it is ----

def ids(process):
    """Uid, Gid, Groups, CapEff, CapPrm of a process."""
    lines = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    found = dict(re.findall(r"^(Uid|Gid|Groups|CapEff|CapPrm):\t(.*?) *$", lines, re.M))
    return [found[name] for name in ("Uid", "Gid", "Groups", "CapEff", "CapPrm")]


def is_nobody(before=None, folder=None, number=NOBODY):
    """It has become nobody, for good, before it asks."""
    server = Server(hangs)
    asking = Run("--timeout=9", f"--port={server.port}", f"@{SERVER}", before=before, folder=folder)
    until(lambda: server.questions, "a question")
    four = "\t".join([str(number)] * 4)
    equal(ids(asking.process), [four, four, "", "0" * 16, "0" * 16])
    asking.process.kill()
    asking.finish()
    equal(server.uids, [number])


def etc_with(passwd):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="etc-", dir=dir))
    folder.chmod(0o755)
    for name, text in {**ETC, "passwd": passwd}.items():
        (folder / name).write_text(text)
    return folder


def with_groups(*uids):
    def before():
        os.setgroups([0, 4, 24])
        os.setresuid(*uids)
    return before


@test("root becomes nobody: all uids, gids, groups, capabilities", need_root=True)
def _():
    is_nobody(with_groups(0, 0, 0))


@test("so does who has root's uid as the real or the effective one alone", need_root=True)
def _():
    is_nobody(with_groups(SOMEBODY, 0, 0))
    is_nobody(with_groups(0, SOMEBODY, SOMEBODY))


@test("nobody is who passwd says, if that is not root, or 65534", need_root=True)
def _():
    is_nobody(folder=etc_with("nobody:x:4321:4321::/:/bin/sh\n"), number=4321)
    is_nobody(folder=etc_with("root:x:0:0::/:/bin/sh\n"), number=NOBODY)
    for ids in ("0:65533", "65533:0"):
        is_nobody(folder=etc_with(f"nobody:x:{ids}::/:/bin/sh\n"), number=NOBODY)


def stays_root(text, before=None, folder=None):
    """It does not, as it cannot become nobody: nobody is asked, nothing printed."""
    server = Server(says(b"hello\r\n"))
    complains(ask(server, f"@{SERVER}", before=before, folder=folder), text)
    equal(server.questions, [])


KEPT = "not become nobody: the kernel says otherwise"


GROUPS = [0, 4, 24]  # not nobody's, which would be no reason to change any


def prctl(*words):
    def before():
        os.setgroups(GROUPS)
        if libc.prctl(*words, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    return before


def namespace_without_setgroups():
    os.setgroups(GROUPS)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
        pathlib.Path(f"/proc/self/{name}").write_text(text)


@test("who cannot become nobody does nothing", need_root=True)
def _():
    stays_root("setgroups(nobody): Operation not permitted", prctl(PR_CAPBSET_DROP, CAP_SETGID, 0))
    stays_root("setuid(nobody): Operation not permitted", prctl(PR_CAPBSET_DROP, CAP_SETUID, 0))


def makes_nothing_of(name):
    """From now on the kernel says yes to a system call, and does not carry it out."""
    number = SYSTEM_CALLS.get(os.uname().machine, {}).get(name)
    if number is None:
        raise Skip("the numbers of this machine's system calls are not known here")
    words = [(0x20, 0, 0, 0), (0x15, 0, 1, number),  # load the number; if it is this one
             (0x06, 0, 0, 0x00050000), (0x06, 0, 0, 0x7fff0000)]  # fail with 0; else go ahead
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *word) for word in words))
    filter = struct.pack("HxxxxxxP", len(words), ctypes.addressof(program))

    def before():
        assert program  # it is still there
        os.setgroups(GROUPS)
        if libc.prctl(PR_SET_SECCOMP, 2, filter, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")
    return before


@test("nor who is told so, and is still root when that is read back", need_root=True)
def _():
    for name in ("setgroups", "setresgid", "setresuid"):
        stays_root(KEPT, makes_nothing_of(name))


@test("nor who could become root again", need_root=True)
def _():
    stays_root(KEPT, prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0))


@test("nor the root of a namespace that forbids to change groups")
def _():
    if REAL_ROOT:
        stays_root("setgroups(nobody): Operation not permitted", namespace_without_setgroups)
    else:
        stays_root("(nobody): ")  # the laboratory is one; what fails first depends on who came in


@test("somebody else stays who he is", need_root=True)
def _():
    def before():
        os.setresgid(SOMEBODY, SOMEBODY, SOMEBODY)
        os.setgroups([4321])
        os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)
    server = Server(says(b"hello\r\n"))
    equal(ask(server, f"@{SERVER}", before=before), (0, b" hello\n", b""))
    equal(server.uids, [SOMEBODY])


@test("standard descriptors that are closed are not taken for the connection")
def _():
    for closed in ([0], [1], [2], [0, 1, 2]):
        def before():
            be_somebody()
            for fd in closed:
                os.close(fd)
        server = Server(says(b"hello\r\n"))
        printed = b"" if 1 in closed else b" hello\n"
        equal(ask(server, f"@{SERVER}", before=before), (0, printed, b""))
        until(lambda: hasattr(server, "rest"), "its end")
        equal((server.questions, server.rest), ([b"\r\n"], b""))


# ---- the trap ----

@test("the classic trap: a rule of hosts.deny asks who it was, at port 79", need_root=True)
def _():
    mail = dir / "mail"
    server = Server(says(b"Login: eve\r\n~!id\r\n"), GUEST, FINGER_PORT)
    trap = f"svc: ALL: spawn ({OURS} -l @%h >{mail}.new; mv {mail}.new {mail}) &\n"
    seen = visit(client=GUEST, deny=trap)
    check_refused(seen, refuse(GUEST))
    until(mail.exists, "mail")
    equal((mail.read_bytes(), server.questions, server.uids),
          (b" Login: eve\n ~!id\n", [b"/W\r\n"], [NOBODY]))


main()
