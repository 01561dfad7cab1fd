#!/usr/bin/env python3
# timeout: 60
"""Clients who come in numbers to what inetd serves itself, and stay: one source has a bound, and all of them
together never have the descriptors that inetd serves others with."""
import contextlib
import sys

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

PER_SOURCE, DESCRIPTORS = 256, 200
ROOM = DESCRIPTORS - DESCRIPTORS // 4
ECHO, CHARGEN, SERVER, RELAY, PIT = range(7401, 7406)
SOON = 2


def block(name, port, **more):
    attributes = {"id": f"{name}-{port}", "type": "INTERNAL UNLISTED", "port": port, "socket_type": "stream",
                  "protocol": "tcp", "wait": "no"} | more
    return f"service {name}\n{{\n" + "".join(f"\t{key} = {value}\n" for key, value in attributes.items()) + "}\n"


OTHER = block("other", SERVER, type="UNLISTED", user="root", server="/bin/echo", server_args="x")


def connect(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), WAIT_SECONDS, (source, 0))


def is_answered(client):
    client.settimeout(WAIT_SECONDS)
    try:
        client.sendall(b"hello")
        return client.recv(100) == b"hello"
    except (ConnectionResetError, BrokenPipeError):
        return False


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def descriptors(inetd):
    return len(os.listdir(f"/proc/{inetd.pid}/fd"))


def others_are_served(inetd):
    start = time.monotonic()
    equal(tcp(SERVER), "x\n")
    equal(time.monotonic() - start < SOON, True)
    equal(" cannot " in inetd.log(), False)
    equal(descriptors(inetd) < DESCRIPTORS * 7 // 8, True)


@test("echo: a source has 256 connections, whoever comes from elsewhere is served; per_source says otherwise")
def _():
    conf = block("echo", ECHO) + block("chargen", CHARGEN, per_source="UNLIMITED") + OTHER
    with Inetd(conf) as inetd, contextlib.ExitStack() as held:
        clients = [held.enter_context(connect(ECHO)) for _ in range(PER_SOURCE)]
        equal(sum(map(is_answered, clients)), PER_SOURCE)
        equal([is_answered(held.enter_context(connect(ECHO))) for _ in range(3)], [False] * 3)
        with connect(ECHO, "127.0.0.2") as elsewhere:
            equal(is_answered(elsewhere), True)
        clients[7].close()
        until(lambda: is_answered(held.enter_context(connect(ECHO))), "a place")
        many = [held.enter_context(connect(CHARGEN)) for _ in range(PER_SOURCE + 3)]
        equal(all(client.recv(1) == b" " for client in many), True)
        equal("no more than 256 may run at a time" in inetd.log(), True)


@test("a line of inetd.conf has the same bound, and FreeBSD's 0 is none")
def _():
    for word, want in ("nowait", False), ("nowait/0/0/0", True):
        etc_services = dir / "etc.lab/services"
        etc_services.write_text(f"echo {ECHO}/tcp\n")
        with Inetd(f"127.0.0.1:echo stream tcp {word} root internal\n") as inetd, contextlib.ExitStack() as held:
            clients = [held.enter_context(connect(ECHO)) for _ in range(PER_SOURCE)]
            equal(sum(map(is_answered, clients)), PER_SOURCE)
            equal(is_answered(held.enter_context(connect(ECHO))), want)


@test("whoever says nothing for longest makes room, and a program is started at once, however many there are")
def _():
    conf = block("echo", ECHO, per_source="UNLIMITED") + OTHER
    with Inetd(conf, preexec_fn=few_descriptors) as inetd, contextlib.ExitStack() as held:
        clients = []
        for number in range(2 * DESCRIPTORS):
            clients.append(held.enter_context(connect(ECHO)))
            equal((number, is_answered(clients[-1]), is_answered(clients[0])), (number, True, True))
        others_are_served(inetd)
        gone = inetd.log().count('end="pushed out"')
        print(f"# {descriptors(inetd)} descriptors, {gone} pushed out")
        equal(2 * DESCRIPTORS - ROOM <= gone <= 2 * DESCRIPTORS - ROOM + 20, True)
        equal(is_answered(clients[1]), False)


@test("redirects are never pushed out: who comes is turned away; a tarpit gives way to them")
def _():
    conf = (block("relay", RELAY, type="UNLISTED", user="root", redirect=f"127.0.0.1 {ECHO}") + OTHER
            + block("tarpit", PIT))
    with socket.create_server(("127.0.0.1", ECHO), backlog=DESCRIPTORS) as silent, \
            Inetd(conf, preexec_fn=few_descriptors) as inetd, contextlib.ExitStack() as held:
        for _ in range(DESCRIPTORS // 4):
            held.enter_context(connect(PIT))
        until(lambda: inetd.log().count("connect from 127.0.0.1") == DESCRIPTORS // 4, "they are in")
        relayed = [held.enter_context(connect(RELAY))]
        for _ in range(DESCRIPTORS):
            with contextlib.suppress(ConnectionResetError):  # turned away before it knows that it is in
                relayed.append(held.enter_context(connect(RELAY)))
        until(lambda: "Too many open files" in inetd.log(), "no room")
        others_are_served(inetd)
        equal(inetd.log().count('end="pushed out"'), DESCRIPTORS // 4)
        held.enter_context(silent.accept()[0]).sendall(b"kept")
        relayed[0].settimeout(WAIT_SECONDS)
        equal(relayed[0].recv(4), b"kept")


main()
