#!/usr/bin/env python3
# timeout: 60
"""Names and users by libtcpwrap.so.0, for real: docs/samples/greeter.c in a network namespace, with a scripted
name server and ident servers of all kinds; and the time that they may take."""
import os
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402
from dns_server import SILENCE, DnsServer, a, answer, ptr  # noqa: E402

GREETER = BUILD / "tests/compat/greeter"
BUDGET = 2.0  # seconds: what the greeter gives to lookups
LATE = 1.0 + 1.0  # names are timed by whole seconds; and a busy machine
ALLOW, DENY = dir / "hosts.allow", dir / "hosts.deny"

etc = {"resolv.conf": "", "nsswitch.conf": "hosts: files dns\n", "hosts": "", "host.conf": "multi on\n"}
for name, text in etc.items():
    (dir / name).write_text(text)
    if not os.path.exists(f"/etc/{name}"):
        skip_all(f"there is no /etc/{name} to stand in for")
    bind_mount(dir / name, f"/etc/{name}")
dns = DnsServer()


def table(path, text):
    path.write_text(text)
    os.utime(path, (1, 1))  # old: nobody waits for a writer


def greet(rules, replies, client="127.0.0.2", server="127.0.0.1"):
    """(whether it greeted, seconds, queries) for a client, by a name server that has these replies."""
    ns = dns.serve(replies)
    (dir / "resolv.conf").write_text(f"nameserver {ns.address}\noptions timeout:30 attempts:5\n")
    table(ALLOW, rules)
    table(DENY, "ALL: ALL\n")
    with socket.create_server((server, 0)) as listener, \
            socket.create_connection(listener.getsockname(), source_address=(client, 0)) as end:
        accepted, _ = listener.accept()
        start = time.monotonic()
        with accepted:
            subprocess.run([GREETER, ALLOW, DENY], stdin=accepted, stderr=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - start
        return end.recv(100) == b"welcome\r\n", seconds, len(ns.queries)


def verified(name, address):
    reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    return {f"PTR {reverse}": answer(ptr(name)), f"A {name}": answer(a(address))}


@test("a name that leads back is believed; it is asked for only if a rule needs it")
def _():
    replies = verified("a.ex.org", "127.0.0.2")
    equal(greet("greeter: .ex.org\n", replies)[0::2], (True, 2))
    equal(greet("greeter: .ex.com\n", replies)[0::2], (False, 2))
    equal(greet("greeter: 127.\ngreeter: .ex.org\n", replies)[0::2], (True, 0))


@test("a name that leads elsewhere is paranoid, and none is unknown")
def _():
    elsewhere = {**verified("a.ex.org", "127.0.0.2"), "A a.ex.org": answer(a("127.0.0.3"))}
    equal(greet("greeter: .ex.org\n", elsewhere)[0], False)
    equal(greet("greeter: PARANOID\n", elsewhere)[0], True)
    equal(greet("greeter: UNKNOWN\n", {})[0], True)
    equal(greet("greeter: KNOWN\n", {})[0], False)


@test("the name of the server's end, too")
def _():
    equal(greet("greeter@b.ex.org: ALL\n", verified("b.ex.org", "127.0.0.1"))[0], True)
    equal(greet("greeter@b.ex.org: ALL\n", verified("c.ex.org", "127.0.0.1"))[0], False)


@test("a name server that is silent costs no more than the time that was given")
def _():
    silent = {"PTR 2.0.0.127.in-addr.arpa": SILENCE}
    welcome, seconds, _ = greet("greeter: KNOWN\n", silent)
    print(f"# {seconds:.2f} s")
    equal(welcome, False)
    equal(0.9 < seconds < BUDGET + LATE, True)


def ident(reply, address):
    """An ident server on the client's host: a function of the query gives the reply; None: silence."""
    listener = socket.create_server((address, 113))

    def serve():
        connection, _ = listener.accept()
        with connection, listener:
            said = reply(connection.recv(100))
            if said is None:
                time.sleep(BUDGET + LATE)
            else:
                connection.sendall(said)

    threading.Thread(target=serve, daemon=True).start()


@test("a user as the client's host says it")
def _():
    ident(lambda query: query.strip() + b" : USERID : UNIX : me\r\n", "127.0.0.2")
    equal(greet("greeter: me@127.0.0.2\n", {})[0], True)
    equal(greet("greeter: me@127.0.0.3\n", {}, client="127.0.0.3")[0], False)  # nobody there says so
    ident(lambda query: query.strip() + b" : ERROR : NO-USER\r\n", "127.0.0.4")
    equal(greet("greeter: UNKNOWN@127.0.0.4\n", {}, client="127.0.0.4")[0], True)


@test("an ident server that is silent costs exactly the time that was given")
def _():
    ident(lambda query: None, "127.0.0.5")
    welcome, seconds, _ = greet("greeter: me@127.0.0.5\n", {}, client="127.0.0.5")
    print(f"# {seconds:.2f} s")
    equal(welcome, False)
    equal(BUDGET - .01 < seconds < BUDGET + 1, True)


main()
