#!/usr/bin/env python3
# seconds: 12
"""Check-and-swap: 500 reloads under load, with files that are good, bad, missing, empty and half
written. What stays is never lost; what changes its address loses next to nobody; nobody is served who
should not be; a wrong file changes nothing."""
# timeout: 120
import os
import random
import signal
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

RELOADS = 500
# Answers a connection with the number of its configuration, which its line has as argument.
tell = dir / "tell"
tell.symlink_to("/bin/echo")
shout = script("shout", """import socket, sys
s = socket.socket(fileno=0)
data, peer = s.recvfrom(1000)
s.sendto(sys.argv[1].encode() + b" " + data, peer)""")


def line(place, number, protocol="tcp4", program=tell):
    return f"{place} stream {protocol} nowait root {program} tell {number}\n"


class Follower:
    """Reloads an inetd whose log grows too long to be read whole each time."""

    def __init__(self, inetd):
        self.inetd, self.file = inetd, inetd.log_path.open(errors="replace")
        self.file.read()
        self.said = []

    def reload(self, wanted, meanwhile=lambda: None):
        self.inetd.process.send_signal(signal.SIGHUP)
        meanwhile()
        seen = ""

        def there():
            nonlocal seen
            seen += self.file.read()
            return "sockets:" in seen or "stay as they are" in seen

        until(there, "the end of a reload")
        self.said += [text for text in seen.splitlines() if ": error: " in text]
        if wanted not in seen:
            raise AssertionError(f"no {wanted!r} in {seen}")


class State:
    """The configuration that holds, as far as it is known to: its number, whom it serves."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number, self.loopback_2 = 0, True

    def get(self):
        with self.lock:
            return (self.number, self.loopback_2)


class Client(threading.Thread):
    """Connects until it is stopped. kept: a failure is a loss. Else: a reset is counted."""

    def __init__(self, state, port, host="127.0.0.1", kept=False, may_be_refused=False):
        super().__init__()
        self.state, self.port, self.host = state, port, host
        self.kept, self.may_be_refused = kept, may_be_refused
        self.served, self.resets, self.faults, self.is_over = 0, 0, [], False
        self.start()

    def run(self):
        while not self.is_over:
            before = self.state.get()
            try:
                answer = tcp(self.port, self.host)
            except ConnectionRefusedError:
                answer = "refused"
            except OSError as error:
                answer = f"lost: {error}"
            self.judge(before, answer)
            time.sleep(0.001)

    def judge(self, before, answer):
        number, loopback_2 = before
        is_sure = self.state.get() == before
        if answer.strip().isdigit():
            self.served += 1
            if int(answer) < number:
                self.faults.append(f"{answer.strip()} serves, though {number} holds")
            if self.may_be_refused and is_sure and not loopback_2:
                self.faults.append(f"served at {self.host}, which {number} does not have")
        elif self.kept or answer.startswith("lost: timed out"):
            self.faults.append(answer)
        elif self.may_be_refused and not loopback_2 or not is_sure:
            self.resets += answer != "refused" or not self.may_be_refused
        elif self.may_be_refused and answer == "":
            self.resets += 1
        else:
            self.resets += 1

    def stop(self):
        self.is_over = True
        self.join()


PLACES = ("*:7002", "tcp4"), ("127.0.0.1:7002", "tcp4"), ("*:7002", "tcp46"), ("*:7002", "tcp")


def good(number):
    """One port stays; one changes its address; one comes and goes at a second address."""
    place, protocol = PLACES[number % len(PLACES)]
    host = "127.0.0.2" if number % 2 else "127.0.0.3"
    return (line(7001, number) + line(place, number, protocol) + line(f"{host}:7003", number) +
            f"7004 dgram udp4 wait root {shout} shout {number}\n")


def spoil(inetd, kind, number):
    """A file that must change nothing."""
    text = good(number)
    inetd.conf.unlink(missing_ok=True)
    if kind == "bad":
        inetd.conf.write_text(text + "7005 stream tcp4 sometimes root /bin/echo\n")
    elif kind == "unbound":
        inetd.conf.write_text(text + line("127.0.0.1:7009", number))
    elif kind == "empty":
        inetd.conf.write_text("")
        os.utime(inetd.conf, (1, 1))  # nobody is writing it just now
    elif kind == "half":
        # Somewhere in a line: at its end nobody can know that more is to come.
        cut = random.choice([i for i in range(1, len(text)) if text[i - 1] != "\n" and text[i] != "\n"])
        inetd.conf.write_text(text[:cut])


def reload_often(inetd, state):
    spoilt, halves, number, follower = 0, 0, 0, Follower(inetd)

    def finish_writing():
        time.sleep(0.03)
        equal("sockets:" in follower.file.read(), False)
        inetd.conf.write_text(good(number))

    for i in range(RELOADS):
        kind = random.choice(("bad", "missing", "empty", "unbound", "half")) if i % 5 in (1, 3) else "good"
        if kind not in ("good", "half"):
            spoil(inetd, kind, number + 1)
            follower.reload("stay as they are")
            spoilt += 1
            continue
        with state.lock:
            state.loopback_2 = True  # from now on it may be served
        number += 1
        if kind == "half":
            spoil(inetd, kind, number)
            follower.reload("sockets:", finish_writing)
            halves += 1
        else:
            inetd.conf.write_text(good(number))
            follower.reload("sockets:")
        with state.lock:
            state.number, state.loopback_2 = number, number % 2 == 1
        time.sleep(random.random() * 0.01)
    return spoilt, halves, number


@test(f"{RELOADS} reloads under load")
def _():
    seed = int(os.environ.get("SEED", time.time_ns() % 100000))
    random.seed(seed)
    print(f"# SEED={seed}")
    state, start = State(), time.monotonic()
    state.loopback_2 = False
    with socket.create_server(("127.0.0.1", 7009)), Inetd(good(0), "-R", "0") as inetd:
        kept_inode = inode(7001)
        kept = [Client(state, 7001, kept=True) for _ in range(2)]
        moving = Client(state, 7002)
        absent = Client(state, 7003, "127.0.0.2", may_be_refused=True)
        try:
            spoilt, halves, switches = reload_often(inetd, state)
        finally:
            for client in (*kept, moving, absent):
                client.stop()
        seconds = time.monotonic() - start
        print(f"# {seconds:.1f} s, {spoilt} files kept out, {halves} half written first, {switches} switches; "
              f"{sum(c.served for c in kept)} + {moving.served} + {absent.served} served, "
              f"{moving.resets} resets where the address changed")
        equal([c.faults[:5] for c in (*kept, moving, absent)], [[]] * 4)
        equal(inode(7001), kept_inode)
        equal(moving.resets <= switches, True)
        equal(min(c.served for c in (*kept, moving)) > 100 and absent.served > 20, True)
        until(lambda: not inetd.children(), "no zombie")
        until(lambda: len(inetd.sockets()) <= 5, "no socket is left behind")


@test("clients in the queue of an address that goes are served by the one that has theirs")
def _():
    with Inetd(line("*:7001", 1).replace("nowait", "nowait.1"), "-R", "0") as inetd:
        equal(tcp(7001), "1\n")
        with socket.create_connection(("127.0.0.1", 7001)) as ours, \
                socket.create_connection(("127.0.0.2", 7001)) as other:
            inetd.wait_log("starts a minute")
            inetd.reload(line("127.0.0.1:7001", 2))
            ours.settimeout(WAIT_SECONDS)
            other.settimeout(WAIT_SECONDS)
            equal(read_all(ours), b"2\n")
            equal(read_all(other), b"")
        equal(refused(7001, "127.0.0.2"), True)
        until(lambda: len(inetd.sockets()) == 1, "the old socket's end")


@test("datagrams in the queue of an address that goes are handed over, those of other addresses dropped")
def _():
    stuck = script("stuck", """import socket, time
s = socket.socket(fileno=0)
s.recvfrom(1000)
time.sleep(1)""")
    with Inetd(f"7001 dgram udp4 wait root {stuck} stuck\n") as inetd, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT_SECONDS)
        s.sendto(b"wake", ("127.0.0.1", 7001))
        inetd.wait_log("started")
        time.sleep(0.2)
        s.sendto(b"other", ("127.0.0.2", 7001))
        s.sendto(b"ours", ("127.0.0.1", 7001))
        inetd.reload(f"127.0.0.1:7001 dgram udp4 wait root {shout} shout 2\n")
        equal(s.recv(100), b"2 ours")
        equal(udp(7001, "new"), "2 new")
        until(lambda: len(inetd.sockets()) == 1 and not inetd.children(), "the old socket's end")
        equal(inetd.log().count("started"), 3)


@test("a wait server whose place went gets no new clients")
def _():
    server = script("server", """import socket
s = socket.socket(fileno=0)
while True:
    c, peer = s.accept()
    c.sendall(b'old')
    c.close()""")
    with Inetd(f"7001 stream tcp4 wait root {server} server\n") as inetd:
        equal(tcp(7001), "old")
        inetd.reload(line("127.0.0.1:7001", 2))
        equal([tcp(7001) for _ in range(20)], ["2\n"] * 20)
        equal(refused(7001, "127.0.0.2"), True)
        os.kill([pid for pid, _ in inetd.children()][0], signal.SIGKILL)
        until(lambda: not inetd.children(), "its end, and that of its socket")


@test("a young file that is empty or has no final newline may be half of one: it is looked at again")
def _():
    with Inetd(line(7001, 1)) as inetd:
        inetd.conf.write_text(line(7001, 23)[:-2])
        inetd.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        equal(tcp(7001), "1\n")
        inetd.conf.write_text("")
        time.sleep(0.2)
        inetd.conf.write_text(line(7001, 23))
        inetd.wait_log("sockets:", 2)
        equal(tcp(7001), "23\n")
        inetd.conf.write_text(line(7001, 45)[:-1])  # it stays so
        inetd.reload()
        equal(tcp(7001), "45\n")


main()
