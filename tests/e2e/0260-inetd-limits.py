#!/usr/bin/env python3
# timeout: 120
# seconds: 7
"""Limits by real connections: exactly so many are served, whoever is over his own limit concerns nobody
else, who is refused takes no place, and what has paused is back within seconds."""
import os
import pathlib
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
HERE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
ECHO = {"server": "/bin/echo", "server_args": "x"}
CAT = {"server": "/bin/cat"}

for table in ("hosts.allow", "hosts.deny"):
    (dir / table).write_text("")
    if pathlib.Path("/etc", table).exists():
        bind_mount(dir / table, pathlib.Path("/etc", table))


def block(port, **attributes):
    """A service in xinetd's notation; a value that is None is left out."""
    attributes = {"type": "UNLISTED", "socket_type": "stream", "protocol": "tcp", "bind": HERE,
                  "port": port, "wait": "no", "user": "root", "rate": "UNLIMITED", **attributes}
    lines = [f"\t{name} = {value}\n" for name, value in attributes.items() if value is not None]
    return f"service s{port}\n{{\n{''.join(lines)}}}\n"


def connect(port, source=HERE, host=HERE):
    return socket.create_connection((host, port), WAIT_SECONDS, source_address=(source, 0))


def has_end(s, seconds):
    """What comes of a connection within that time: its bytes if it ends, None if it waits."""
    s.settimeout(seconds)
    try:
        return read_all(s)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return b""


def visit(port, source=HERE, host=HERE, seconds=WAIT_SECONDS):
    """b"x\\n" if it was served, b"" if it was closed, None if it waits for so long."""
    with connect(port, source, host) as s:
        return has_end(s, seconds)


def visits(count, *where, **how):
    return [visit(*where, **how) for _ in range(count)]


SERVED, CLOSED, WAITS = b"x\n", b"", None


class Client:
    """Of /bin/cat: it is served as soon as what it says comes back."""

    def __init__(self, port, source=HERE):
        self.s = connect(port, source)
        self.s.sendall(b"x")

    def is_served(self, seconds=0.05):
        self.s.settimeout(seconds)
        try:
            return self.s.recv(1, socket.MSG_PEEK) == b"x"
        except (TimeoutError, ConnectionResetError):
            return False

    def is_closed(self, seconds=WAIT_SECONDS):
        self.s.settimeout(seconds)
        try:
            return self.s.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    def close(self):
        self.s.close()


def served(clients):
    return sum(c.is_served() for c in clients)


def is_idle(inetd, seconds=0.5):
    before = inetd.cpu_ticks()
    time.sleep(seconds)
    return inetd.cpu_ticks() - before <= max(2, seconds * TICKS / 10)


# Its end is told in the log ten seconds later, while the others run.
first = Inetd("127.0.0.1:7901 stream tcp nowait.60 root /bin/echo echo x\n"
              "127.0.0.1:7902 stream tcp nowait root /bin/echo echo x\n")


@test("nowait.60: 60 at once, then one a second; the service beside it is not concerned")
def _():
    first.process.send_signal(signal.SIGSTOP)
    clients = [connect(7901) for _ in range(62)]
    first.process.send_signal(signal.SIGCONT)
    begin = time.monotonic()
    equal([has_end(s, WAIT_SECONDS) for s in clients[:60]], [SERVED] * 60)
    took = time.monotonic() - begin
    equal(visits(5, 7902), [SERVED] * 5)
    for number, s in enumerate(clients[60:], 1):
        equal(has_end(s, WAIT_SECONDS), SERVED)
        equal(number - 0.1 < time.monotonic() - begin < number + took + 1, True)
    for s in clients:
        s.close()
    text = "7901/tcp: more than 60 starts a minute (clients wait)"
    equal(first.log().count(text), 1)
    equal(first.log().count("starts a minute"), 1)


@test("over_limit = close: exactly N are served, the others are closed at once; a second later N again")
def _():
    with Inetd(block(7001, **ECHO, rate="5/second", over_limit="close")) as inetd:
        for pause_s in (0, 1.1):
            time.sleep(pause_s)
            begin = time.monotonic()
            got = visits(40, 7001)
            # What flows in meanwhile is served too.
            meanwhile = int(5 * (time.monotonic() - begin)) + 1
            equal(5 <= got.count(SERVED) <= 5 + meanwhile, True)
            equal(got.count(SERVED) + got.count(CLOSED), 40)
            equal(got[:5], [SERVED] * 5)
        equal(inetd.log().count("more than 5 starts a second (clients are closed)"), 1)


@test("instances: three run, the fourth waits until one ends; a reload with more serves at once")
def _():
    with Inetd(block(7001, **CAT, instances=3)) as inetd:
        clients = [Client(7001) for _ in range(9)]
        until(lambda: served(clients[:3]) == 3, "three served")
        time.sleep(0.2)
        equal(served(clients), 3)
        equal(len(inetd.children()), 3)
        for ended in range(2):
            clients.pop(0).close()
            until(lambda: served(clients) == 3, "the next one served")
        equal(is_idle(inetd), True)
        equal(len(inetd.children()), 3)
        inetd.reload(block(7001, **CAT, instances=5))
        until(lambda: served(clients) == 5, "two more served")
        inetd.reload(block(7001, **CAT, instances=2))
        for left in (4, 3, 2):
            clients.pop(0).close()
            until(lambda: len(inetd.children()) == left, f"{left} run")
        time.sleep(0.1)
        equal(served(clients), 2)
        clients.pop(0).close()
        until(lambda: served(clients) == 2, "the next one served")
        equal(inetd.log().count("no more than 3 may run at a time (clients wait)"), 1)
        for c in clients:
            c.close()


@test("per_source: two run for each source, its third is closed; others have the places it did not get")
def _():
    with Inetd(block(7001, **CAT, per_source=2, instances=4)) as inetd:
        greedy = [Client(7001, OTHER) for _ in range(50)]
        until(lambda: served(greedy[:2]) == 2, "two served")
        equal([c.is_closed() for c in greedy[2:]], [True] * 48)
        modest = [Client(7001, THIRD) for _ in range(2)]
        until(lambda: served(modest) == 2, "two of another served")
        equal(len(inetd.children()), 4)
        greedy[0].close()
        until(lambda: len(inetd.children()) == 3, "one ended")
        again = Client(7001, OTHER)
        until(again.is_served, "the next of the source")
        equal(inetd.log().count("127.0.0.2: no more than 2 may run at a time "
                                "(its clients are closed; others are served)"), 1)
        for c in [*greedy, *modest, again]:
            c.close()


def flood(port, source, stop, counts):
    """Connections one after the other as fast as may be. Served and others are counted."""
    while not stop.is_set():
        try:
            counts[visit(port, source)] += 1
        except OSError:
            counts["error"] += 1


@test("a flood of one source: it gets what is its own, others are served at once, so is another service")
def _():
    conf = block(7001, **ECHO, source_rate="4/minute", rate="200/minute") + block(7002, **ECHO)
    with Inetd(conf) as inetd:
        stop = threading.Event()
        counts = [{SERVED: 0, CLOSED: 0, WAITS: 0, "error": 0} for _ in range(3)]
        threads = [threading.Thread(target=flood, args=(7001, OTHER, stop, c)) for c in counts]
        for t in threads:
            t.start()
        try:
            time.sleep(0.2)
            slowest = 0
            for number in range(20):
                begin = time.monotonic()
                equal(visit(7001, f"127.0.1.{number}"), SERVED)
                equal(visit(7002, f"127.0.1.{number}"), SERVED)
                slowest = max(slowest, time.monotonic() - begin)
        finally:
            stop.set()
            for t in threads:
                t.join()
        total = {key: sum(c[key] for c in counts) for key in counts[0]}
        print(f"# {total[CLOSED]} closed meanwhile; slowest of the others {slowest * 1000:.0f} ms")
        equal(total[SERVED], 4)
        equal(total[CLOSED] > 100, True)
        equal(inetd.log().count("127.0.0.2: more than 4 starts a minute "
                                "(its clients are closed; others are served)"), 1)
        equal(inetd.log().count("starts a minute"), 1)


@test("who is refused by a rule takes nothing: all of N is left for those who are not")
def _():
    with Inetd(block(7001, **ECHO, rate="4/minute", only_from=THIRD, source_rate="3/minute",
                     instances=1, per_source=1)):
        equal(visits(50, 7001, OTHER), [CLOSED] * 50)
        equal(visits(4, 7001, THIRD), [SERVED] * 3 + [CLOSED])


@test("who is judged by a child takes a place when it is admitted, and waits for one; a refused one does not")
def _():
    allow = pathlib.Path("/etc/hosts.allow")
    allow.write_text(f"cat: {OTHER}: spawn true: deny\ncat: ALL: spawn true\n")
    try:
        with Inetd(block(7001, **CAT, instances=2, rate="4/minute")) as inetd:
            refused_ones = [Client(7001, OTHER) for _ in range(20)]
            equal([c.is_closed() for c in refused_ones], [True] * 20)
            clients = [Client(7001, THIRD) for _ in range(5)]
            until(lambda: served(clients) == 2, "two served")
            time.sleep(0.2)
            for left in (4, 3):
                next(c for c in clients if c.is_served()).close()
                clients = [c for c in clients if c.s.fileno() >= 0]
                until(lambda: served(clients) == 2, "the next one served")
            next(c for c in clients if c.is_served()).close()
            clients = [c for c in clients if c.s.fileno() >= 0]
            time.sleep(0.3)
            equal(served(clients), 1)  # for the fifth there is a place, but no credit
            equal(inetd.log().count("no more than 2 may run at a time (clients wait)"), 1)
            equal(inetd.log().count("more than 4 starts a minute (clients wait)"), 1)
            for c in clients:
                c.close()
    finally:
        allow.unlink()


@test("internal services and redirects have places as servers have, and so have all sockets of a service together")
def _():
    internal = block("7001 7002", type="INTERNAL UNLISTED", id="echo-tcp", per_source=2, instances=3)
    conf = internal.replace("service s7001 7002", "service echo") + block(
        7003, redirect=f"{HERE} 7002", instances=1)
    with Inetd(conf) as inetd:
        one = []
        for port in (7001, 7002):
            one.append(Client(port, OTHER))
            until(one[-1].is_served, "served")
        one.append(Client(7001, OTHER))
        equal(one[2].is_closed(), True)
        passed_on = Client(7003)
        until(passed_on.is_served, "served through the redirect, the third of echo's places")
        waiting = [Client(7001, THIRD), Client(7002, THIRD), Client(7003, THIRD)]
        time.sleep(0.3)
        equal(served(waiting), 0)
        equal(len(inetd.children()), 0)
        passed_on.close()
        until(lambda: served(waiting) >= 1, "the next one served")
        time.sleep(0.2)
        equal(served(waiting), 1)
        for c in [*one, *waiting]:
            c.close()


@test("a source is a /64 of IPv6, all spellings of an IPv4 address are one, a prefix makes them larger")
def _():
    near, same, next_one = (add_ipv6(f"2001:db8:0:{n}") for n in ("1::1", "1:ffff::2", "2::1"))
    v6 = block(7001, **{**ECHO, "bind": "::", "protocol": "tcp46", "source_rate": "2/minute"})
    v4 = block(7002, **ECHO, source_rate="2/minute", source_prefix="24 48")
    with Inetd(v6 + v4) as inetd:
        equal(visits(2, 7001, near, near), [SERVED] * 2)
        equal(visits(2, 7001, same, near), [CLOSED] * 2)
        equal(visits(3, 7001, next_one, near), [SERVED] * 2 + [CLOSED])
        equal(visits(3, 7001, OTHER), [SERVED] * 2 + [CLOSED])
        equal(visits(3, 7001, THIRD), [SERVED] * 2 + [CLOSED])
        equal(visits(1, 7002, OTHER) + visits(2, 7002, THIRD), [SERVED] * 2 + [CLOSED])
        equal(visits(1, 7002, "127.0.1.1"), [SERVED])
        inetd.wait_log("2001:db8:0:1::/64: more than 2 starts a minute")
        inetd.wait_log("127.0.0.0/24: more than 2 starts a minute")


def hours(shift):
    """Two hours around a time so many hours from now."""
    minute = time.localtime().tm_hour * 60 + time.localtime().tm_min
    return "-".join(f"{m // 60:02}:{m % 60:02}" for m in
                    ((minute + shift * 60 + d) % 1440 for d in (-60, 60)))


@test("access_times: closed outside of them, and open again with the hour, here by a reload")
def _():
    with Inetd(block(7001, **ECHO, access_times=hours(6)) +
               block(7002, **ECHO, access_times=f"{hours(-6)} {hours(0)}")) as inetd:
        equal(visits(3, 7001), [CLOSED] * 3)
        equal(visit(7002), SERVED)
        opens = hours(6).partition("-")[0]
        inetd.wait_log(f"outside of its hours; opens at {opens} (clients are closed)")
        equal(inetd.log().count("outside of its hours"), 1)
        inetd.reload(block(7001, **ECHO, access_times=hours(0)))
        equal(visit(7001), SERVED)


@test("outside of its hours a service refuses: with its banner, and so says the record")
def _():
    banner = dir / "closed"
    banner.write_text("closed\n")
    with Inetd(block(7001, **ECHO, access_times=hours(6), banner_fail=banner, id="shop"),
               "--records", "all") as inetd:
        equal(tcp(7001), "closed\n")
        inetd.wait_log("inetd: shop: outside of its hours")
        inetd.wait_log("verdict=refused reason=\"outside of the service's hours\"")


@test("max_load: clients wait while the host is busy, or are closed; a reload lets them in")
def _():
    if os.getloadavg()[0] < 0.01:
        raise Skip("the load of this host is 0")
    conf = block(7001, **ECHO, max_load="0.001") + block(7002, **ECHO, max_load=1000)
    with Inetd(conf + block(7003, **ECHO, max_load="0.001", over_limit="close")) as inetd:
        with connect(7001) as s:
            equal(has_end(s, 0.3), WAITS)
            equal(visit(7002), SERVED)
            equal(visit(7003), CLOSED)
            inetd.wait_log("load of the host is not below 0.001 (clients wait)")
            inetd.reload(block(7001, **ECHO))
            equal(has_end(s, WAIT_SECONDS), SERVED)


def crasher(name):
    """A server that crashes until a file is there, and the number of its starts."""
    well, starts = dir / f"{name}.well", dir / f"{name}.starts"
    starts.write_text("")
    path = dir / name
    path.write_text(f"#!/bin/sh\necho >> {starts}\n[ -e {well} ] || kill -SEGV $$\necho x\n")
    path.chmod(0o755)
    return path, well, lambda: len(starts.read_text())


@test("a crash loop: one at a time is tried, with pauses; the first that works ends it, and all are served")
def _():
    path, well, starts = crasher("broken")
    with Inetd(block(7001, server=path) + block(7002, **ECHO)) as inetd:
        equal([visit(7001, f"127.0.2.{n}") for n in range(5)], [CLOSED] * 5)
        inetd.wait_log("was ended by signal 11", 5)
        waiting = [connect(7001, f"127.0.3.{n}") for n in range(12)]
        inetd.wait_log("5 servers in a row crashed; one at a time is tried (clients wait)")
        equal(visit(7002), SERVED)
        equal(starts(), 5)
        equal(is_idle(inetd), True)
        time.sleep(0.9)
        equal(starts(), 6)  # after a second; the next one comes two seconds later
        well.touch()
        equal([has_end(s, WAIT_SECONDS) for s in waiting].count(SERVED), 11)
        equal(starts(), 17)
        equal(inetd.log().count("servers in a row crashed"), 1)
        for s in waiting:
            s.close()


@test("one source that crashes its servers is paused alone, and for a second")
def _():
    path, well, starts = crasher("fragile")
    with Inetd(block(7001, server=path)) as inetd:
        equal([visit(7001, OTHER) for _ in range(5)], [CLOSED] * 5)
        inetd.wait_log("was ended by signal 11", 5)
        well.touch()
        equal(visits(20, 7001, OTHER), [CLOSED] * 20)
        equal(starts(), 5)
        equal(visits(5, 7001, THIRD), [SERVED] * 5)
        equal(inetd.log().count("127.0.0.2: 5 servers in a row crashed "
                                "(its clients are closed; others are served)"), 1)
        time.sleep(1)
        equal(visits(5, 7001, OTHER), [SERVED] * 5)


@test("what clients can bring about by hanging up is no crash loop, whoever they are; a missing server is one")
def _():
    hung_up = dir / "hung-up"
    hung_up.write_text("#!/bin/sh\nkill -PIPE $$\n")
    hung_up.chmod(0o755)
    with Inetd(block(7001, server="/bin/false") + block(7002, server=hung_up) +
               block(7003, server="/none")) as inetd:
        for port in (7001, 7002):
            equal([visit(port, f"127.0.2.{n}") for n in range(8)], [CLOSED] * 8)
        equal(inetd.log().count("started /bin/false"), 8)
        equal(inetd.log().count(f"started {hung_up}"), 8)
        equal("crashed" in inetd.log(), False)
        equal([visit(7003, f"127.0.2.{n}") for n in range(5)], [CLOSED] * 5)
        until(lambda: not inetd.children(), "all reaped")
        with connect(7003) as s:
            inetd.wait_log("s7003/tcp: 5 servers in a row crashed")


@test("overload is no crash loop, and a reload with more credit serves those who wait at once")
def _():
    with Inetd(block(7001, **ECHO, rate="2/hour")) as inetd:
        equal(visits(2, 7001), [SERVED] * 2)
        with connect(7001) as s:
            equal(has_end(s, 0.2), WAITS)
            equal(is_idle(inetd), True)
            equal("crashed" in inetd.log(), False)
            inetd.reload(block(7001, **ECHO, rate="3/hour"))
            equal(has_end(s, WAIT_SECONDS), SERVED)
        equal(visit(7001, seconds=0.3), WAITS)


@test("a wait service that is closed for now drops its clients and datagrams, and does not spin")
def _():
    dgram = {"socket_type": "dgram", "protocol": "udp"}
    with Inetd(block(7001, **ECHO, access_times=hours(6)) +
               block(7002, **{**ECHO, "wait": "yes"}, access_times=hours(6)) +
               block(7003, **{**ECHO, "wait": "yes"}, **dgram, access_times=hours(6)) +
               block(7004, **ECHO, **dgram, access_times=hours(6))) as inetd:
        equal(visit(7002), CLOSED)
        for port in (7003, 7004):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(b"x", (HERE, port))
        equal(inetd.log().count("started"), 0)
        equal(is_idle(inetd), True)
        inetd.wait_log("outside of its hours", 3)


@test("datagrams of a source over its rate are dropped; another's start a server")
def _():
    dgram = {"socket_type": "dgram", "protocol": "udp", "wait": "yes"}
    eat = script("eat", "import socket; s = socket.socket(fileno=0); d, a = s.recvfrom(9)\n"
                        "s.sendto(d, a)")
    with Inetd(block(7001, server=eat, **dgram, source_rate="2/hour")) as inetd:
        def say(source, seconds=WAIT_SECONDS):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((source, 0))
                s.settimeout(seconds)
                s.sendto(b"hello", (HERE, 7001))
                try:
                    return s.recv(9)
                except TimeoutError:
                    return None
        equal([say(OTHER) for _ in range(2)], [b"hello"] * 2)
        equal([say(OTHER, 0.3) for _ in range(2)], [None] * 2)
        equal(say(THIRD), b"hello")
        equal(is_idle(inetd), True)


@test("sources that may wait are held, but not so many that others find no place")
def _():
    with Inetd(block(7001, **ECHO, source_rate="1/second", over_limit="wait")) as inetd:
        begin = time.monotonic()
        equal(visit(7001, OTHER), SERVED)
        held = [connect(7001, OTHER) for _ in range(400)]
        equal(visit(7001, THIRD), SERVED)
        equal(visit(7001, THIRD, seconds=0.3) in (CLOSED, WAITS), True)
        equal(visit(7001, "127.0.0.4"), SERVED)
        equal(has_end(held[0], WAIT_SECONDS), SERVED)  # the first of them is the next one
        equal(time.monotonic() - begin > 0.9, True)
        for s in held:
            s.close()
        inetd.wait_log("127.0.0.2: more than 1 starts a second (its clients wait; others are served)")


@test("ten seconds later the log says that it is over, and how many have waited")
def _():
    first.wait_log("7901/tcp: within its rate again (clients that waited: 2)")
    equal(sum("7901/tcp: " in line and "started" not in line for line in first.log().splitlines()), 2)
    first.__exit__()


main()
