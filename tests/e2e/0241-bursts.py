#!/usr/bin/env python3
# timeout: 240
# seconds: 20
"""Many refusals in a second, through inetd and tcpd and in a daemon of its own: the first hundred lines
are said, the rest is counted, and lines and counts are all refusals. Where nobody may be trusted to have
counted, every line is said."""
import ctypes
import functools
import hashlib
import re
import signal
import sys

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

LINES, MANY, FEW = 100, 3000, 5
TRIES, ENOUGH = 10, 0.6  # of a second, for a few refusals on a machine that has other work
RUN, FILE = pathlib.Path("/run/tcpwrap"), pathlib.Path("/run/tcpwrap/bursts")
COUNT = struct.Struct("=QIIIIQ")  # name, second, number, somebody stays, nothing, check
FILE_BYTES = COUNT.size * (256 + 16 - 1)
PORT, OTHER_PORT, USERS_PORT = 7001, 7002, 7003
LOUD = "127.0.0.5"  # whose refusals are more urgent
ALERT, WARNING = 3 * 8 + 1, 3 * 8 + 4
TABLES = etc("", f"svc: {LOUD}: severity alert\nALL: ALL\n")
MORE = re.compile(rb"<(\d+)>(\w+): refused (\d+) more connects in 1 s")
RQ_FILE, RQ_DAEMON, REQUEST_BYTES = 1, 2, 8192  # tcpd.h


def fresh():
    """A /run of its own for each test, and nothing in the log."""
    stage.mount("tmpfs", "/run", "tmpfs")
    fresh_log()


def fresh_log():
    syslog.drain()
    syslog.lines.clear()


class Seen:
    """What the log got since the last look: lines, and the numbers told, both of one service."""

    def __init__(self, name="svc", priority=WARNING):
        syslog.drain()
        every = [line for lines in syslog.lines.values() for line in lines]
        syslog.lines.clear()
        mine = [line for line in every if line.startswith(f"<{priority}>{name}: ".encode())]
        self.others = [line for line in every if line not in mine]
        self.more = [int(m[3]) for line in mine if (m := MORE.fullmatch(line))]
        self.lines = [line for line in mine if b"refused connect from " in line]
        if len(self.lines) + len(self.more) != len(mine):
            raise AssertionError(f"other lines: {mine}")


def inetd(user="root"):
    nowait = f"stream tcp4 nowait.{10**6}"
    conf = (f"127.0.0.1:{PORT} {nowait} {user} {TCPD} svc\n"
            f"127.0.0.1:{OTHER_PORT} {nowait} {user} {TCPD} other\n"
            f"127.0.0.1:{USERS_PORT} {nowait} nobody {TCPD} svc\n")
    return Inetd(conf, "--no-shortcut", preexec_fn=functools.partial(settle, TABLES, None))


def all_end(running):
    """Nobody stays longer than the second."""
    until(lambda: not running.children() or syslog.drain(), "no tcpd is left", 3)


def knock(times=1, port=PORT, client="127.0.0.1"):
    """One after the other; the longest time that one took."""
    longest = 0
    for _ in range(times):
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS, (client, 0)) as s:
            equal(read_all(s), b"")
        longest = max(longest, time.monotonic() - started)
        syslog.drain()
    return longest


def load(connections, port=PORT):
    """As fast as they are served."""
    return subprocess.Popen([BUILD / "bench/load", "-c", "8", "-t", "60", "-n", str(connections), "-r", "", str(port)],
                            stdin=socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0],
                            stdout=subprocess.DEVNULL)


def checked(name, second, number):
    """A count as src/event/burst.c writes it."""
    count, check = COUNT.pack(name, second, number, 0, 0, 0), 0xcbf29ce484222325
    for byte in count[:-8]:
        check = (check ^ byte) * 0x100000001b3 % 2**64
    return count[:-8] + struct.pack("=Q", check)


def name_in_file():
    """Where the only one is, and what it is."""
    (at, name), = [(at, count[0]) for at, count in zip(range(0, FILE_BYTES, COUNT.size),
                                                      COUNT.iter_unpack(FILE.read_bytes())) if count[0]]
    return at, name


def burst(running, work):
    """Do what makes FEW lines, and then refusals that are only counted, in a second: by a count that is
    set as if the first lines of this second had been said."""
    knock()
    all_end(running)
    at, name = name_in_file()
    for _ in range(TRIES):
        left = 1 - time.monotonic() % 1
        time.sleep(left if left < ENOUGH else 0)
        second = int(time.monotonic())
        with FILE.open("r+b") as file:
            file.seek(at)
            file.write(checked(name, second, LINES - FEW))
        fresh_log()
        try:
            result = work()
            if int(time.monotonic()) == second:
                return result
        except AssertionError:
            if int(time.monotonic()) == second:
                raise
        all_end(running)
    raise AssertionError(f"a few refusals take longer than what is left of a second, {TRIES} times")


# ---- the counts ----

@test(f"{MANY} refusals, as fast as may be: lines and counts are all of them, and no second has more "
      f"than {LINES} lines and a count; another service has all its lines")
def _():
    fresh()
    with inetd() as running:
        began, others = int(time.monotonic()), 0
        clients = load(MANY)
        while clients.poll() is None:
            if others < LINES // 2:
                knock(port=OTHER_PORT)
                others += 1
            syslog.drain()
            time.sleep(0.005)
        equal(clients.returncode, 0)
        seconds = int(time.monotonic()) - began + 1
        all_end(running)
    seen = Seen()
    print(f"# {len(seen.lines)} lines, and {seen.more} more, in {seconds} seconds")
    equal(len(seen.lines) + sum(seen.more), MANY)
    equal((len(seen.lines) <= LINES * seconds, len(seen.more) <= seconds), (True, True))
    equal(set(seen.lines), {refuse().encode()})
    equal(seen.others, [refuse(daemon="other").encode()] * others)
    if MANY <= LINES * seconds:
        raise Skip(f"this machine is too slow: it took {seconds} seconds")
    equal(seen.more != [], True)


@test(f"up to {LINES} in a second each has its line, and nobody stays; one more is counted")
def _():
    fresh()
    with inetd() as running:
        def exactly():
            knock(FEW)
            until(lambda: not running.children(), "no tcpd is left", 0.5)
        burst(running, exactly)
        seen = Seen()
        equal((len(seen.lines), seen.more, seen.others), (FEW, [], []))
        burst(running, lambda: knock(FEW + 1))
        all_end(running)
        seen = Seen()
        equal((len(seen.lines), seen.more, seen.others), (FEW, [1], []))


@test("no client waits for the second to be over; one process does, and says the number")
def _():
    fresh()
    with inetd() as running:
        def work():
            longest = knock(FEW + 4)
            until(lambda: len(running.children()) == 1, "one tcpd is left", 0.5)
            return longest, Seen()
        longest, seen = burst(running, work)
        equal((longest < 0.5, len(seen.lines), seen.more), (True, FEW, []))
        all_end(running)
        seen = Seen()
        equal((seen.lines, seen.more, seen.others), ([], [4], []))


@test("a client that has sent something has an orderly end, whether its line is said or not")
def _():
    fresh()
    with inetd() as running:
        def talk():
            for _ in range(FEW + 4):
                with socket.create_connection(("127.0.0.1", PORT), WAIT_SECONDS) as s:
                    s.sendall(b"x" * 4000)
                    equal(read_all(s), b"")
        burst(running, talk)
        all_end(running)
        seen = Seen()
        equal((len(seen.lines), seen.more), (FEW, [4]))


@test("lines of another priority have a count of their own")
def _():
    fresh()
    with inetd() as running:
        burst(running, lambda: (knock(FEW + 4), knock(3, client=LOUD)))
        all_end(running)
        seen = Seen()
        equal((len(seen.lines), seen.more), (FEW, [4]))
        equal(seen.others, [refuse(LOUD, priority=ALERT).encode()] * 3)


@test("who stays is killed: the next refusal, whenever it comes, tells the number, once")
def _():
    fresh()
    with inetd() as running:
        def kill():
            knock(FEW + 4)
            until(lambda: len(running.children()) == 1, "one tcpd is left", 0.5)
            (pid, _), = running.children()
            os.kill(pid, signal.SIGKILL)
            knock(3)  # counted, and none of them stays
        burst(running, kill)
        all_end(running)
        time.sleep(1.2)
        seen = Seen()
        equal((len(seen.lines), seen.more), (FEW, []))
        for more in ([7], []):
            knock()
            all_end(running)
            seen = Seen()
            equal((len(seen.lines), seen.more), (1, more))


@test("who is let in costs nothing: there is no file before the first refusal")
def _():
    fresh()
    check_served(visit(), connect())
    equal(RUN.exists(), False)
    check_refused(visit(**NOBODY_GETS_IN), refuse())
    equal((FILE.stat().st_mode, FILE.stat().st_size), (0o100600, FILE_BYTES))


@test("a datagram's refusal has its line always: inetd waits for its process, which cannot stay")
def _():
    fresh()
    seen = visit(one_two(), **NOBODY_GETS_IN)
    equal((seen.log, seen.rest), ([refuse().encode()], [b"two"]))
    equal(RUN.exists(), False)


# ---- the library ----

def refusing_daemon(listener, library, daemon):
    """Accept for ever, and refuse each in a child: what sshd does."""
    libwrap = ctypes.CDLL(str(library))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            request = ctypes.create_string_buffer(REQUEST_BYTES)
            libwrap.request_init(request, RQ_DAEMON, daemon, RQ_FILE, client.fileno(), 0)
            libwrap.sock_host(request)
            libwrap.refuse(request)
        client.close()


@test("a daemon that forks and calls refuse of the library counts with all others of its name")
def _():
    fresh()
    library = shutil.copy(BUILD / "src/libwrap/libwrap.so.0", dir)
    listener = socket.create_server(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).openlog(b"svc", 1, 3 << 3)  # LOG_PID, LOG_DAEMON
        refusing_daemon(listener, library, b"svc")
    try:
        port = listener.getsockname()[1]
        with inetd() as running:
            longest = burst(running, lambda: max(knock(FEW, port), knock(2), knock(2, port)))
            all_end(running)
            time.sleep(1.2)
            seen = Seen()
            equal((longest < 0.5, len(seen.lines), seen.more, seen.others), (True, FEW, [4], []))
            burst(running, lambda: max(knock(FEW), knock(2, port), knock(2)))
            time.sleep(1.2)
            seen = Seen()
            equal((longest < 0.5, len(seen.lines), seen.more, seen.others), (True, FEW, [4], []))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


# ---- whom nobody trusts ----

def content():
    """Of all that stands for the file."""
    return [(path.name, path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(RUN.glob("*"))]


def every_line(what, port=PORT):
    """A refusal has its line, and nothing of it is in the file."""
    before = content()
    with inetd() as running:
        knock(2, port)
        all_end(running)
        seen = Seen()
    equal((what, len(seen.lines), seen.more, seen.others), (what, 2, [], []))
    equal((what, content()), (what, before))


def made(content=b"", mode=0o600):
    fresh()
    RUN.mkdir()
    FILE.write_bytes(content)
    FILE.chmod(mode)


def sound():
    """A file as tcpd makes it."""
    fresh()
    check_refused(visit(**NOBODY_GETS_IN), refuse())
    return FILE.read_bytes()


def symlink():
    content = sound()
    (RUN / "target").write_bytes(content)
    FILE.unlink()
    FILE.symlink_to("target")


def full():
    made()
    os.truncate(FILE, FILE_BYTES)
    libc.mount(None, b"/run", None, 32, b"size=4k")  # MS_REMOUNT
    pathlib.Path("/run/all").write_bytes(bytes(4096))


def read_only():
    fresh()
    libc.mount(None, b"/run", None, 33, None)  # MS_REMOUNT | MS_RDONLY


SPOILT = {
    "short": lambda: made(sound()[:-1]),
    "long": lambda: made(sound() + b"\0"),
    "of bytes that mean nothing": lambda: made(os.urandom(FILE_BYTES)),
    "full of other names": lambda: made(checked(1, 1, 1) * (FILE_BYTES // COUNT.size)),
    "writable for a group": lambda: (made(sound(), 0o620)),
    "a link": symlink,
    "a hard link": lambda: (sound(), os.link(FILE, RUN / "other")),
    "a folder": lambda: (fresh(), FILE.mkdir(parents=True)),
    "a pipe": lambda: (fresh(), RUN.mkdir(), os.mkfifo(FILE, 0o600)),
    "where no memory is left": full,
    "where nobody can write": read_only,
}


@test(f"every line is said when the file is spoilt: {', '.join(SPOILT)}")
def _():
    for what, spoil in SPOILT.items():
        spoil()
        every_line(what)


@test("also those of a burst")
def _():
    SPOILT["writable for a group"]()
    with inetd() as running:
        equal(load(4 * LINES).wait(), 0)
        all_end(running)
    seen = Seen()
    equal((len(seen.lines), seen.more, seen.others), (4 * LINES, [], []))


@test("every line is said when the file is somebody else's", True)
def _():
    sound()
    os.chown(FILE, NOBODY, 0)
    every_line("somebody else's")


@test("who is not root counts for nothing: every line is said, and root's count stays", True)
def _():
    sound()
    every_line("not root", USERS_PORT)
    program = dir / "tcpd-set-uid"
    for stage_of_tcpd in (TCPD, FULL):
        if stage_of_tcpd.exists():
            shutil.copy(stage_of_tcpd, dir / f"{stage_of_tcpd.name}-set-uid")
    program.chmod(0o4755)
    before = FILE.read_bytes()
    check_refused(visit(binary=program, before=as_nobody, **NOBODY_GETS_IN), refuse())
    equal(FILE.read_bytes(), before)


@test("nobody but root can read, change, replace or remove the count", True)
def _():
    before = sound()
    attempts = [lambda: FILE.read_bytes(), lambda: FILE.open("r+b"), lambda: os.truncate(FILE, 0),
                FILE.unlink, lambda: FILE.rename(RUN / "x"), lambda: (RUN / "y").touch(),
                lambda: RUN.rename("/run/z"), lambda: FILE.chmod(0o666),
                lambda: (RUN / "w").symlink_to("x")]
    pid = os.fork()
    if pid == 0:
        as_nobody()
        for number, attempt in enumerate(attempts, 1):
            try:
                attempt()
                os._exit(number)
            except PermissionError:
                pass
        os._exit(0)
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
    equal(FILE.read_bytes(), before)


main()
