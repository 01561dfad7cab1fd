#!/usr/bin/env python3
# timeout: 120
# seconds: 8
"""Corners of inetd in which somebody could come in unasked, wait for ever, or keep the loop busy."""
import sys

sys.dont_write_bytecode = True
from access_lab import *  # noqa: E402
from dns_server import DnsServer, SILENCE  # noqa: E402


COMMANDS = JUDGED = 256  # COMMANDS_MAX, JUDGED_MAX
COMMANDS_OF_SOURCE = JUDGED_OF_SOURCE = 32


def block(name, *words, kind="stream", protocol="tcp", wait="no", user="root"):
    words = "".join(f" {word}\n" for word in words)
    return (f"service {name}\n{{\n type = UNLISTED\n socket_type = {kind}\n protocol = {protocol}\n"
            f" wait = {wait}\n user = {user}\n{words}}}\n")


server = DnsServer().serve({"A slow.example.org": SILENCE, "AAAA slow.example.org": SILENCE})


def ask_silence():
    """From now on name service waits for one that says nothing."""
    place.joinpath("resolv.conf").write_text(f"nameserver {server.address}\n")
    place.joinpath("nsswitch.conf").write_text("hosts: files dns\npasswd: files\ngroup: files\n")


# ---- who comes in ----

@test("a datagram of a unix socket without a name is judged as any other")
def _():
    mark = dir / "served-datagram"
    service("one", f"import socket\nsocket.socket(fileno=0).recv(9)\nopen('{mark}', 'w').close()")
    for wait, words in (("wait", ""), ("nowait", ""), ("wait", "only_from = 127.0.0.1")):
        path = dir / f"unix-{wait}{len(words)}"
        conf = f"{path} dgram unix {wait} root /usr/sbin/one one\n"
        if words:
            conf = block(path, "server = /usr/sbin/one", words, kind="dgram", protocol="unix", wait="yes")
        tables("", "" if words else "ALL: ALL\n")
        with Inetd(conf, preexec_fn=in_place()) as running, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            fresh_log()
            s.sendto(b"x", str(path))
            until(lambda: len(said()) == 1, "a line")
            equal((wait, said()), (wait, [refuse("localhost", daemon="one").encode()]))
            until(lambda: not running.children(), "nobody's end")
            equal(mark.exists(), False)
            tables("", "")
            if not words:
                s.sendto(b"x", str(path))
                until(mark.exists, "the server's mark")
                mark.unlink()


def shared_memory(pid):
    """What a process could change in memory of inetd's."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [mapping for mapping in maps if mapping.split()[1] == "rw-s"]


@test("who judges cannot change the configuration: not the one that holds, nor one that is being read",
      need_root=True)
def _():
    tables("svc: ALL: aclexec sleep 60\n", "ALL: ALL\n")
    conf = line(7201, f"nobody /usr/sbin/svc svc {dir}/served")
    ask_silence()
    clients = []

    def judges():
        return [pid for pid, state in running.children()
                if pathlib.Path(f"/proc/{pid}").stat().st_uid == NOBODY]

    try:
        with Inetd(conf, preexec_fn=in_place()) as running:
            for number in (1, 2):
                clients.append(socket.create_connection(("127.0.0.1", 7201), WAIT_SECONDS))
                until(lambda: len(judges()) == number, "a judge")
                equal([shared_memory(pid) for pid in judges()], [[]] * number)
                running.conf.write_text(conf + line(7202, "root /usr/sbin/svc svc", "slow.example.org"))
                running.process.send_signal(signal.SIGHUP)
                until(lambda: len(running.children()) == number + 1, "a reader")
            for pid in judges():
                os.kill(pid, signal.SIGKILL)
    finally:
        place.joinpath("nsswitch.conf").write_text(ETC["nsswitch.conf"])
        for client in clients:
            client.close()

# ---- who waits ----

waiting = []


def begin_to_wait():
    """A source may have one client, and its second waits, longer than the log speaks of it."""
    conf = block(7203, "bind = 127.0.0.1", "server = /bin/cat", "per_source = 1", "over_limit = wait",
                 "port = 7203")
    waiting.append(Inetd(conf, preexec_fn=in_place()))
    atexit.register(waiting[0].__exit__)
    for _ in (1, 2):
        waiting.append(socket.create_connection(("127.0.0.1", 7203), WAIT_SECONDS))
        waiting[-1].sendall(b"x")
        until(lambda: "may run at a time" in waiting[0].log() or len(waiting) < 3, "the limit")
    equal(waiting[1].recv(1), b"x")


begin_to_wait()


def end_waiting():
    tables("", "")
    running, first, second = waiting
    until(lambda: "no source has too many" in running.log(), "the end of the news", 20)
    first.close()
    second.settimeout(WAIT_SECONDS)
    equal(second.recv(1), b"x")
    second.close()


@test("a client whose source had its place meanwhile is served, though nobody spoke of it for long")
def _():
    end_waiting()


def shared_place():
    """A table that has a child decide, and lets everybody in."""
    tables("ALL: ALL: spawn true\n", "")


@test("a client that a child has judged, and who waits for a place, is let go if he would be judged otherwise now")
def _():
    shared_place()
    words = ["port = 7204", "bind = 127.0.0.1", "server = /bin/cat"]
    for change, is_served in ((["instances = 2"], True), (["no_access = 127.0.0.1"], False),
                              (["flags = NOLIBWRAP"], False), (["server = /bin/tac"], False)):
        with Inetd(block(7204, *words, "instances = 1"), preexec_fn=in_place()) as running, \
                socket.create_connection(("127.0.0.1", 7204), WAIT_SECONDS) as first, \
                socket.create_connection(("127.0.0.1", 7204), WAIT_SECONDS) as second:
            second.sendall(b"x")
            first.sendall(b"x")
            served, waits = (first, second) if select.select([first, second], [], [], 5)[0] == [first] \
                else (second, first)
            until(lambda: len(running.children()) == 2, "a judge that waits")
            kept = [word for word in words if not (word.startswith("server") and "server" in change[0])]
            running.reload(block(7204, *kept, *change))
            served.shutdown(socket.SHUT_WR)
            equal(read_all(served), b"x")
            waits.settimeout(WAIT_SECONDS)
            waits.shutdown(socket.SHUT_WR)
            try:
                got = read_all(waits)
            except ConnectionResetError:
                got = b""
            equal((change, got), (change, b"x" if is_served else b""))
            until(lambda: not running.children(), "nobody")


@test("a client that waits when its service becomes one that accepts by itself is not let in unasked")
def _():
    tables("", "")
    mark = dir / "stranded"
    service("strand", f"open('{mark}', 'w').close()")
    words = ["port = 7205", "bind = 127.0.0.1"]
    with Inetd(block(7205, *words, "server = /bin/cat", "per_source = 1", "over_limit = wait"),
               preexec_fn=in_place()) as running, \
            socket.create_connection(("127.0.0.1", 7205), WAIT_SECONDS) as first, \
            socket.create_connection(("127.0.0.1", 7205), WAIT_SECONDS) as second:
        running.wait_log("may run at a time")
        tables("", "ALL: ALL\n")
        running.reload(block(7205, *words, "server = /usr/sbin/strand", wait="yes"))
        second.settimeout(WAIT_SECONDS)
        equal(second.recv(1), b"")
        time.sleep(0.3)
        equal(mark.exists(), False)


class Crowd(Inetd):
    """An inetd of the service svc, and clients who stay, as do its children, until the end."""

    def __init__(self, port):
        self.port, self.clients = port, []
        super().__init__(line(port, f"root /usr/sbin/svc svc {dir}/served"), preexec_fn=in_place())

    def come(self, source):
        self.clients.append(socket.create_connection(("127.0.0.1", self.port), WAIT_SECONDS, (source, 0)))

    def kill_children(self):
        for pid, _ in self.children():
            os.killpg(pid, signal.SIGKILL)

    def __exit__(self, *how):
        for client in self.clients:
            client.close()
        self.kill_children()
        super().__exit__(*how)


@test("commands that run in the server's place take nobody's place: others are served, as many as they are")
def _():
    tables("svc: 127.0.0.1\nsvc: ALL: twist sleep 60\n", "ALL: ALL\n")
    with Crowd(7211) as running:
        for number in range(COMMANDS):
            running.come(f"127.1.{number % 10}.1")
        until(lambda: len(running.children()) >= COMMANDS, "all of them", 30)
        equal(knock(7211), SERVED)
        # Nor are there more: who may be one of them is let go.
        running.come("127.1.77.1")
        equal(running.clients[-1].recv(1), b"")


@test("as many children judge as may: whom the loop can judge is served, and who needs a child waits for one")
def _():
    tables("svc: 127.0.0.1\nsvc: ALL: aclexec sleep 60\n", "ALL: ALL\n")
    with Crowd(7212) as running:
        for number in range(JUDGED):
            running.come(f"127.1.{number // JUDGED_OF_SOURCE}.1")
        until(lambda: len(running.children()) >= JUDGED, "all of them", 30)
        judges = [pid for pid, _ in running.children()]
        running.come("127.1.77.1")
        equal(knock(7212), SERVED)
        time.sleep(0.3)
        equal(len(running.children()), JUDGED)
        running.kill_children()
        until(lambda: [pid for pid, _ in running.children() if pid not in judges], "one more")


@test("a start that waits for a name server that says nothing ends when it is told to")
def _():
    ask_silence()
    try:
        with Inetd("".join(line(7213 + n, "root /usr/sbin/svc svc", "slow.example.org") for n in range(3)),
                   ready=None, preexec_fn=in_place()) as running:
            until(lambda: running.children(), "a reader")
            start = time.monotonic()
            running.process.terminate()
            equal(running.process.wait(WAIT_SECONDS), 1)
            equal(time.monotonic() - start < 2, True)
    finally:
        place.joinpath("nsswitch.conf").write_text(ETC["nsswitch.conf"])


# ---- a loop that has nothing to do ----

def is_idle(running, seconds=0.5):
    before = running.cpu_ticks()
    time.sleep(seconds)
    return running.cpu_ticks() - before <= seconds * os.sysconf("SC_CLK_TCK") / 10


@test("a user who keeps his program from being opened stops his own service, and nobody's else",
      need_root=True)
def _():
    tables("", "")
    own = dir / "own"
    shutil.copy("/bin/true", own)
    os.chown(own, NOBODY, NOBODY)
    holder = script("holder", f"""import fcntl, os, signal, time
os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open("{own}", os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print(flush=True)
time.sleep(60)""")
    with Inetd(line(7210, f"nobody {own} own") + line(7209, f"root /usr/sbin/svc svc {dir}/served"),
               preexec_fn=in_place()) as running, \
            subprocess.Popen([holder], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            with socket.create_connection(("127.0.0.1", 7210), WAIT_SECONDS) as client:
                for _ in range(20):
                    equal(knock(7209), SERVED)
                equal("cannot be started" in running.log(), False)
                equal(client.recv(1), b"")
            running.wait_log("its file cannot be had")
        finally:
            process.kill()


@test("a datagram that starts one command too many is dropped, and no reason to spin")
def _():
    tables("two: ALL: twist dd bs=9 count=1 2>/dev/null; sleep 60\n", "")
    service("two")
    with Inetd(line(7212, "root /usr/sbin/two two", kind="dgram udp nowait.1000000"), "--records=all",
               preexec_fn=in_place()) as running, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for number in range(COMMANDS_OF_SOURCE):
            s.sendto(b"x", ("127.0.0.1", 7212))
            until(lambda: len(running.children()) == number + 1, "one more")
        s.sendto(b"x", ("127.0.0.1", 7212))
        running.wait_log("verdict=limited")
        equal(is_idle(running), True)
        equal(running.log().count("verdict=limited"), 1)
        for pid, _ in running.children():
            os.killpg(pid, signal.SIGKILL)


@test("errors that a datagram server leaves unread are no reason to spin")
def _():
    tables("", "")
    service("icmp", "import socket, time\ns = socket.socket(fileno=0)\n"
            "s.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR\ns.recv(9)\n"
            "for _ in range(100):\n    try: s.sendto(b'x', ('127.0.0.1', 9))\n    except OSError: pass\n"
            "time.sleep(0.1)")
    with Inetd(line(7206, "root /usr/sbin/icmp icmp", kind="dgram udp wait.1000000"),
               preexec_fn=in_place()) as running, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("127.0.0.1", 7206))
        until(lambda: running.children(), "a server")
        until(lambda: not running.children(), "its end")
        equal(is_idle(running), True)


@test("no descriptor left, while clients of an address that went are still in the queue: inetd rests")
def _():
    tables("", "")
    words = ["id = corner", "port = 7207", "server = /bin/cat", "instances = 1"]
    with Inetd(block(7207, *words), preexec_fn=in_place()) as running:
        with socket.create_connection(("127.0.0.1", 7207), WAIT_SECONDS) as s:  # tables are known then
            s.sendall(b"x")
            equal(s.recv(1), b"x")
        until(lambda: not running.children(), "its end")
        clients = []
        for _ in range(3):
            clients.append(socket.create_connection(("127.0.0.1", 7207), WAIT_SECONDS))
            clients[-1].sendall(b"x")
        equal(clients[0].recv(1), b"x")
        running.wait_log("may run at a time")
        running.reload(block(7207, *words, "bind = 127.0.0.1"))
        time.sleep(0.5)
        limits = running.take_descriptors()
        clients[0].close()
        running.wait_log("cannot accept")
        equal(is_idle(running, 1), True)
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, limits)
        for client in clients[1:]:
            equal(client.recv(1), b"x")
            client.close()


main()
