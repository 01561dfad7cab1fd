#!/usr/bin/env python3
# timeout: 120
"""IP options of real clients: a client and a server, each in a network of its own, and between them
a router that takes source routes. Whoever chose a route is turned away before anything else is asked
or done; other options are logged as they are and switched off."""
import contextlib
import sys

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

CLIENT, NEAR, FAR, SERVER = "10.1.0.2", "10.1.0.1", "10.2.0.1", "10.2.0.2"  # NEAR, FAR: the router
STRANGER = "192.0.2.7"  # an address that nobody routes to the client
IPV6_CLIENT, IPV6_ROUTER, IPV6_SERVER = "fd01::2", "fd01::1", "fd02::2"
PORT, PACKET_OUTGOING = 5000, 4
IP_OPTIONS_MAX = 40
SETTINGS = {"accept_source_route": "1", "rp_filter": "0", "forwarding": "1", "accept_local": "1",
            "seg6_enabled": "1", "rpl_seg_enabled": "1"}  # all that lets a route through


# ---- networks ----

def current():
    return open("/proc/thread-self/ns/net")


def enter(network):
    if libc.setns(network.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(network):
    here = current()
    enter(network)
    try:
        yield
    finally:
        enter(here)
        here.close()


def new_network():
    with inside(current()):
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        return current()


def ip(words):
    done = subprocess.run(["ip", *words.split()], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"ip {words}: {done.stderr.strip()}")


def link(here, there, other):
    """A cable from this network to another."""
    ip(f"link add {here} type veth peer name {there}")
    ip(f"link set {there} netns /proc/{os.getpid()}/fd/{other.fileno()}")


def settle_network(addresses, route):
    for device, *here in addresses:
        for address in here:
            ip(f"addr add {address} dev {device}" + " nodad" * (":" in address))
        ip(f"link set {device} up")
    for family, via in route:
        ip(f"-{family} route add default via {via}")
    for name, value in SETTINGS.items():
        for path in pathlib.Path("/proc/sys/net").glob(f"ipv[46]/conf/*/{name}"):
            path.write_text(value)


def furnish_networks():
    """(client's, router's); the server's is the one that we are in."""
    client, router = new_network(), new_network()
    link("s0", "r1", router)
    with inside(router):
        link("r0", "c0", client)
        settle_network([("lo",), ("r0", f"{NEAR}/24", f"{IPV6_ROUTER}/64"),
                        ("r1", f"{FAR}/24", "fd02::1/64")], [])
    with inside(client):
        settle_network([("lo", f"{STRANGER}/32"), ("c0", f"{CLIENT}/24", f"{IPV6_CLIENT}/64")],
                       [(4, NEAR), (6, IPV6_ROUTER)])
    settle_network([("s0", f"{SERVER}/24", f"{IPV6_SERVER}/64")], [(4, FAR), (6, "fd02::1")])
    return client, router


try:
    CLIENTS, ROUTERS = furnish_networks()
except OSError as reason:
    skip_all(f"no networks with a router between them: {reason}")


# ---- connections ----

def client_of(options=b"", kind=socket.SOCK_STREAM, address=CLIENT):
    with inside(CLIENTS):
        s = socket.socket(socket.AF_INET, kind)
    s.settimeout(WAIT_SECONDS)
    s.bind((address, 0))
    if options:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
    return s


def meet(options=b"", host="0.0.0.0", address=CLIENT):
    """A connection of a client that sends these options; what its socket has of them here."""
    client = client_of(options, address=address)
    if host == "::":
        listener = dual_stack()
    else:
        listener = socket.create_server((host, 0))
    with listener:
        client.connect((SERVER, listener.getsockname()[1]))
        served = listener.accept()[0]
    there = served.getsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, IP_OPTIONS_MAX)
    return (client, served), there


def hops(*addresses):
    return b"".join(map(socket.inet_aton, addresses))


def route(kind, *addresses):
    data = hops(*(addresses or [NEAR]))
    return bytes([kind, 3 + len(data), 4]) + data


LSRR, SSRR, NOP, END = 131, 137, b"\1", b"\0"
RECORD_ROUTE, TIMESTAMP = bytes([7, 15, 4]) + bytes(12), bytes([68, 12, 5, 0]) + bytes(8)
ROUTES = {
    "a loose route": route(LSRR) + END,
    "a strict route": route(SSRR) + END,
    "a loose route behind a NOP": NOP + route(LSRR),
    "a strict route behind a NOP": NOP + route(SSRR),
    "a loose route behind three NOPs, and two behind it": NOP * 3 + route(LSRR) + NOP * 2,
    "a loose route of two hops": route(LSRR, NEAR, FAR) + END,
    "a loose route behind a recorded one": bytes([7, 11, 4]) + bytes(8) + route(LSRR) + NOP * 2,
    "a strict route behind a timestamp": TIMESTAMP + route(SSRR) + END,
}
OTHERS = {
    "a recorded route": RECORD_ROUTE + END,
    "a recorded route that is full": bytes([7, 7, 4]) + bytes(4) + END,
    "a timestamp": TIMESTAMP,
    "a recorded route and a timestamp": RECORD_ROUTE + TIMESTAMP + NOP,
}
FORGOTTEN = {  # the kernel hands none of these to who accepts, and does not answer with them
    "a route that leads nowhere else": route(LSRR, SERVER) + END,
    "router alert": bytes([148, 4, 0, 0]),
    "security": bytes([130, 11]) + bytes(9) + END,
    "NOPs": NOP * 4,
}

mark = dir / "mark"
service("options", f"import socket\nopen('{mark}', 'w').close()\n"
                   "print(socket.socket(fileno=0).getsockopt(0, 4, 40))")
# Each would leave the mark, if its turn came.
banners = dir / "banners"
banners.mkdir()
(banners / "options").write_text("hello\n")
ANYBODY = {"allow": f"ALL: ALL: spawn touch {mark}: banners {banners}\n"}


def refused_route(client=CLIENT):
    return f"<28>options: refused connect from {client} with IP source routing options"


def check_routed(pair, client=CLIENT, **tables):
    check_refused(visit(pair, argv=["options"], **(tables or ANYBODY)), refused_route(client))
    equal(mark.exists(), False)


@test("a client without options comes through the router")
def _():
    pair, there = meet()
    equal(there, b"")
    check_served(visit(pair, argv=["options"]), connect(CLIENT, daemon="options"), got=b"b''\n")
    mark.unlink()


def register(what, options):
    kind = route(SSRR)[0] if "strict" in what else LSRR

    @test(f"{what}: turned away at once, and nothing is asked or started")
    def _():
        for tables in (ANYBODY, {"deny": None}, NOBODY_GETS_IN):
            pair, there = meet(options)
            equal(kind in there, True)
            check_routed(pair, **tables)


for what, options in ROUTES.items():
    register(what, options)


@test("the client of a route sees an orderly end, also if it has sent something")
def _():
    pair, _ = meet(route(LSRR) + END)
    check_routed(send(pair, 1000))


@test("a route is how somebody comes under an address that is not his")
def _():
    client = client_of(address=STRANGER)
    client.settimeout(0.5)
    listener = socket.create_server((SERVER, 0))
    try:
        client.connect(listener.getsockname())
        raise AssertionError("without a route there is a way, too: this shows nothing")
    except TimeoutError:
        pass
    pair, there = meet(route(LSRR, CLIENT, NEAR) + END, address=STRANGER)
    equal(pair[1].getpeername()[0], STRANGER)
    check_routed(pair, STRANGER)


@test("both families in one socket: turned away as well")
def _():
    for options in (route(LSRR) + END, NOP + route(SSRR)):
        pair, _ = meet(options, host="::")
        check_routed(pair, f"::ffff:{CLIENT}")


def register_other(what, options):
    @test(f"{what}: logged byte for byte, and switched off")
    def _():
        for tables, is_in in (({}, True), (NOBODY_GETS_IN, False)):
            pair, there = meet(options)
            equal(there[:1], options[:1])
            line = (f"<29>options: connect from {CLIENT} with IP options (ignored):"
                    + "".join(f" {byte:02x}" for byte in there))
            seen = visit(pair, argv=["options"], **tables)
            if is_in:
                check_served(seen, line, connect(CLIENT, daemon="options"), got=b"b''\n")
                mark.unlink()
            else:
                check_refused(seen, line, refuse(CLIENT, daemon="options"))
        equal(mark.exists(), False)


for what, options in OTHERS.items():
    register_other(what, options)


@test("options that the kernel keeps to itself: nothing is told, and the client is judged")
def _():
    for options in FORGOTTEN.values():
        pair, there = meet(options)
        equal(there, b"")
        check_served(visit(pair), connect(CLIENT))


@test("a route of a datagram is not seen: it is no option of the socket")
def _():
    client = client_of(route(LSRR) + END, socket.SOCK_DGRAM)
    served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    served.bind((SERVER, 0))
    client.sendto(b"one", served.getsockname())
    until(lambda: select.select([served], [], [], 0)[0], "a datagram")
    check_served(visit((client, served), output=subprocess.PIPE), connect(CLIENT))


# ---- routing headers of IPv6 ----

def packed(address):
    return socket.inet_pton(socket.AF_INET6, address)


def routing_header(kind, left, address):
    """Of one hop and TCP behind it, in the layout of kind 0."""
    return bytes([socket.IPPROTO_TCP, 2, kind, left]) + bytes(4) + packed(address)


def syn6(ports, target, routing):
    """From IPV6_CLIENT, by way of target, to IPV6_SERVER."""
    ends = packed(IPV6_CLIENT) + packed(IPV6_SERVER)
    tcp = struct.pack("!HHIIBBHHH", *ports, 100, 0, 5 << 4, 0x02, 65535, 0, 0)
    pseudo = ends + struct.pack("!II", len(tcp), socket.IPPROTO_TCP)
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    first = socket.IPPROTO_ROUTING if routing else socket.IPPROTO_TCP
    head = struct.pack("!IHBB", 6 << 28, len(routing + tcp), first, 64)
    return head + packed(IPV6_CLIENT) + packed(target) + routing + tcp


def answers6(sent, seconds):
    """Send packets; what comes back from the server: {client's port: whether TCP comes first}."""
    with inside(CLIENTS):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86dd))
        raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    found, deadline = {}, time.monotonic() + seconds
    with wire, raw:
        for packet in sent:
            raw.sendto(packet, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))
        while len(found) < len(sent) and (left := deadline - time.monotonic()) > 0:
            if not select.select([wire], [], [], left)[0]:
                break
            got, (_, _, kind, *_) = wire.recvfrom(65536)
            is_routed = got[6] == socket.IPPROTO_ROUTING
            at = 40 + is_routed * (8 + 8 * got[41])
            if kind != PACKET_OUTGOING and got[8:24] == packed(IPV6_SERVER) \
                    and (is_routed or got[6] == socket.IPPROTO_TCP):
                equal((got[24:40], got[at + 13]), (packed(IPV6_CLIENT), 0x12))
                found[struct.unpack("!H", got[at + 2:at + 4])[0]] = not is_routed
    return found


@test("IPv6: whatever route a client has taken, its answer goes straight to its address")
def _():
    with socket.create_server(("::", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
        until(lambda: answers6([syn6((3999, port), IPV6_SERVER, b"")], 0.5), "a plain answer")
        ways = [(kind, *way) for kind in (0, 2, 3, 4)
                for way in ((IPV6_SERVER, 0, IPV6_ROUTER), (IPV6_SERVER, 1, IPV6_SERVER),
                            (IPV6_ROUTER, 1, IPV6_SERVER))]
        sent = [syn6((4000 + n, port), target, routing_header(kind, left, other))
                for n, (kind, target, left, other) in enumerate(ways)]
        plain = 4000 + len(sent)
        found = answers6([*sent, syn6((plain, port), IPV6_SERVER, b"")], 0.5)
    equal(found.pop(plain), True)
    for client_port in found:
        kind, target, left, _ = ways[client_port - 4000]
        print(f"# kind {kind} to {target}, {left} hops left: answered")
    equal(set(found.values()) - {True}, set())


# ---- inetd, and the original ----

def log_behind_inetd(*flags):
    with Inetd(f"{PORT} stream tcp nowait root {TCPD} inside\n", *flags, ready="sockets"):
        syslog.drain()
        syslog.lines.clear()
        for options, got in ((route(LSRR) + END, b""), (NOP + route(SSRR), b""),
                             (b"", b"inside\n"), (TIMESTAMP, b"inside\n")):
            mark.unlink(missing_ok=True)
            with client_of(options) as client:
                client.connect((SERVER, PORT))
                equal(read_all(client), got)
            equal(mark.exists(), got != b"")
        # Two refusals, two that are served, and what one of these came with.
        until(lambda: syslog.drain() or sum(map(len, syslog.lines.values())) >= 5, "five lines")
        return sorted(line.partition(b"(ignored): ")[0]  # of the time
                      for of_pid in syslog.lines.values() for line in of_pid)


@test("behind inetd: the route gets nothing, others are served, and the log has the same lines with and "
      "without a tcpd between")
def _():
    (dir / "sbin/inside").unlink(missing_ok=True)
    service("inside", f"open('{mark}', 'w').close()\nprint('inside')")
    equal(log_behind_inetd(), log_behind_inetd("--no-shortcut"))
    mark.unlink()


@test("the original starts the service: the ledger says so")
def _():
    need_debian()
    logs = []
    for options in (route(LSRR) + END, NOP * 4 + route(LSRR) + END):
        pair, _ = meet(options)
        logs.append(visit(pair, argv=["options"], output=subprocess.PIPE, binary=DEBIAN).log)
        equal(mark.exists(), True)
        mark.unlink()
    equal([connect(CLIENT, daemon="options").encode() in log for log in logs], [True, True])


for what in ("a recorded route", "a recorded route that is full"):
    scene(what, pair=lambda options=OTHERS[what]: meet(options)[0])

main()
