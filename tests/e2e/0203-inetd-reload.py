#!/usr/bin/env python3
"""SIGHUP: what stays keeps its socket and its clients, what changed changes, what is wrong is said,
and a file that cannot be read changes nothing."""
import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402


def listen(what, port=7001, protocol="tcp4", wait="nowait"):
    return f"{port} stream {protocol} {wait} root {what}\n"


def say(word):
    return f"/bin/echo echo {word}"


@test("a place that stays keeps its socket, a new one is opened, one that went is closed")
def _():
    with Inetd(listen(say("a")) + listen(say("b"), 7002)) as inetd:
        before = inode(7001)
        inetd.reload(listen(say("c")) + listen(say("d"), 7003))
        equal((inode(7001) == before, refused(7002)), (True, True))
        equal((tcp(7001), tcp(7003)), ("c\n", "d\n"))
        equal("2 sockets: 1 kept, 1 new, 1 closed" in inetd.log(), True)


@test("a client in the queue is served, by the line that holds then")
def _():
    with Inetd(listen(say("old"), wait="nowait.1")) as inetd:
        equal(tcp(7001), "old\n")
        with socket.create_connection(("127.0.0.1", 7001), WAIT_SECONDS) as s:
            inetd.wait_log("(clients wait)")
            inetd.reload(listen(say("new")))
            equal(read_all(s), b"new\n")


@test("no client is lost under load: 40 reloads, 4 clients at a time")
def _():
    done, lost, stop = [], [], threading.Event()

    def client():
        while not stop.is_set():
            try:
                answer = tcp(7001)
            except OSError as error:
                answer = str(error)
            (done if answer in ("1\n", "2\n") else lost).append(answer)

    with Inetd(listen(say(1)) + listen(say(1), 7002), "-R", "0") as inetd:
        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(40):
            inetd.reload(listen(say(i % 2 + 1)) + listen(say(1), 7003 - i % 2))
            time.sleep(0.02)
        stop.set()
        for thread in threads:
            thread.join()
        equal(lost, [])
        equal(set(done), {"1\n", "2\n"})
        print(f"# {len(done)} clients")
        equal(len(done) > 200, True)
        until(lambda: not inetd.children(), "no zombie")
        # a descriptor a reload would be 40 by now
        equal(len(inetd.sockets()), 2)


@test("a bad line is reported with its place, and nothing changes; at the start it loses itself only")
def _():
    bad = ("# one\n" + listen(say("b"), wait="sometimes") + listen(say("c"), 7002) +
           "7003 stream tcp\n")

    def is_told(inetd):
        for text in (":2:18: error: neither wait nor nowait 'sometimes' (write wait, nowait, wait.N "
                     "or nowait.N)", ":4:13: error: entry is not complete behind 'tcp'"):
            equal(f"{inetd.conf}{text}" in inetd.log(), True)

    with Inetd(listen(say("a"))) as inetd:
        before = inode(7001)
        inetd.reload_fails(bad)
        equal((inode(7001) == before, tcp(7001), refused(7002)), (True, "a\n", True))
        is_told(inetd)
    with Inetd(bad) as inetd:
        equal((refused(7001), tcp(7002)), (True, "c\n"))
        is_told(inetd)


@test("a file that is missing, empty, a folder or a FIFO changes nothing")
def _():
    with Inetd(listen(say("a"))) as inetd:
        before = inode(7001)
        for number, (make, unmake) in enumerate((
                (lambda: None, lambda: None), (inetd.conf.mkdir, inetd.conf.rmdir),
                (lambda: os.mkfifo(inetd.conf), inetd.conf.unlink)), 1):
            inetd.conf.unlink(missing_ok=True)
            make()
            inetd.process.send_signal(signal.SIGHUP)
            inetd.wait_log("services stay as they are", number)
            equal((tcp(7001), inode(7001)), ("a\n", before))
            unmake()
        equal(inetd.log().count(f"{inetd.conf}: error: cannot read ("), 3)
        for text in "", "# nothing\n":
            inetd.reload_fails(text)
            equal((tcp(7001), inode(7001)), ("a\n", before))
        equal(inetd.log().count(f"{inetd.conf}: error: no services in it"), 2)
        inetd.reload(listen(say("b")))
        equal((tcp(7001), inode(7001)), ("b\n", before))


@test("a server that has the socket keeps it, and is not started twice")
def _():
    slow = script("slow", """import socket, time
s = socket.socket(fileno=0)
while True:
    c, peer = s.accept()
    c.sendall(str(__import__('os').getpid()).encode())
    c.close()""")
    with Inetd(listen(slow, wait="wait")) as inetd:
        first = tcp(7001)
        for i in range(3):
            inetd.reload()
            equal(tcp(7001), first)
        equal(inetd.log().count("started"), 1)
        os.kill(int(first), signal.SIGKILL)
        inetd.wait_log("was ended by signal 9")
        equal(tcp(7001) == first, False)
        equal(inetd.log().count("started"), 2)
        inetd.reload(listen(say("other"), 7009))
        os.kill(inetd.children()[0][0], signal.SIGKILL)


@test("a place may change its kind: two families, one socket for both, wait")
def _():
    slow = script("once", "import socket; socket.socket(fileno=0).accept()[0].sendall(b'w')")
    with Inetd(listen(say("a"), protocol="tcp")) as inetd:
        inetd.reload(listen(say("b"), protocol="tcp46"))
        equal((tcp(7001), tcp(7001, "::1")), ("b\n", "b\n"))
        until(lambda: len(inetd.sockets()) == 1, "one socket")
        inetd.reload(listen(slow, protocol="tcp"))
        until(lambda: len(inetd.sockets()) == 2, "two sockets")
        inetd.reload(listen(slow, protocol="tcp4", wait="wait"))
        equal((tcp(7001), refused(7001, "::1")), ("w", True))
        until(lambda: not inetd.children(), "the end of the server, which has the socket")


@test("of two lines for one place the later holds, and the earlier is told")
def _():
    with Inetd(listen(say("a")) + listen(say("b"))) as inetd:
        equal(tcp(7001), "b\n")
        equal(f"{inetd.conf}:1:1: warning: a later line" in inetd.log(), True)


@test("a port that somebody holds is tried again until it is free; on reload it changes nothing")
def _():
    who = f"[{os.getpid()}]"
    with socket.create_server(("127.0.0.1", 7001)) as other:
        with Inetd(listen(say("b"), 7002)) as inetd:
            inetd.reload_fails(listen(say("c"), 7002) + f"127.0.0.1:{listen(say('a'))}")
            text = f"{inetd.conf}:2:11: error: cannot listen on 127.0.0.1 port 7001 for '7001/tcp4': Address already in use, by "
            equal(text in inetd.log() and who in inetd.log(), True)
            equal(tcp(7002), "b\n")
        inetd = Inetd(f"127.0.0.1:{listen(say('a'))}{listen(say('b'), 7002)}")
        inetd.wait_log(":1:11: error: cannot listen on 127.0.0.1 port 7001 for '7001/tcp4': Address already in use, by ")
        equal(tcp(7002), "b\n")
        other.shutdown(socket.SHUT_RDWR)
    with inetd:
        inetd.wait_log("listening on 127.0.0.1 port 7001 at last")
        equal(tcp(7001), "a\n")


main()
