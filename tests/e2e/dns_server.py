"""A scripted name server: many addresses, one thread, UDP and TCP, the standard library alone.

    dns = DnsServer()
    ns = dns.serve({"PTR 2.0.0.127.in-addr.arpa": answer(ptr("a.ex.org")),
                    "A a.ex.org": answer(a("127.0.0.2"), delay=0.5)})
    # ns.address: what a resolv.conf names; ns.queries, ns.connections: what was asked of it

Each address is a server of its own, with its own table and record: tests that run at a time do not
see each other. A table maps "TYPE name" (the name in lower case; "TCP TYPE name" goes first where
TCP differs) to a reply: a function of the query that gives (delay in seconds, message) pairs, or
SILENCE. What is not in the table does not exist: NXDOMAIN."""
import heapq
import ipaddress
import selectors
import socket
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
QR, TC, RD, RA = 0x8000, 0x0200, 0x0100, 0x0080
QUESTION = b"\xc0\x0c"  # a pointer to the name that was asked for
TTL = 60
PORT = 53


# ---- messages ----

def wire_name(name):
    """A name as DNS sends it: of text, of a list of labels as bytes, or of bytes as they are."""
    if isinstance(name, bytes):
        return name
    labels = [l.encode() for l in name.split(".") if l] if isinstance(name, str) else name
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def label_text(label):
    """As master files spell it: bytes that a name does not usually have as numbers."""
    return "".join(chr(b) if 0x21 <= b < 0x7f and b not in b".\\" else f"\\{b:03d}" for b in label)


def record(kind, data, owner=QUESTION):
    number = TYPES[kind] if isinstance(kind, str) else kind
    return wire_name(owner) + struct.pack("!HHIH", number, 1, TTL, len(data)) + data


def a(address, owner=QUESTION):
    return record("A", ipaddress.IPv4Address(address).packed, owner)


def aaaa(address, owner=QUESTION):
    return record("AAAA", ipaddress.IPv6Address(address).packed, owner)


def ptr(name, owner=QUESTION):
    return record("PTR", wire_name(name), owner)


def cname(name, owner=QUESTION):
    return record("CNAME", wire_name(name), owner)


class Query:
    def __init__(self, message):
        self.id, self.flags, count = struct.unpack("!HHH", message[:6])
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]])
            at += 1 + message[at]
        kind, _ = struct.unpack("!HH", message[at + 1:at + 5])
        self.question = message[12:at + 5]
        self.name = ".".join(map(label_text, labels))
        self.type = TYPE_NAMES.get(kind, str(kind))
        if count != 1:
            raise ValueError("not one question")

    def __str__(self):
        return f"{self.type} {self.name}"

    def message(self, records=(), rcode=NOERROR, flags=0, id=None, question=None, count=None):
        """An answer to this query; id, question and count: other than they should be."""
        head = struct.pack("!HHHHHH", self.id if id is None else id, QR | RD | RA | flags | rcode,
                           1, len(records) if count is None else count, 0, 0)
        return head + (self.question if question is None else question) + b"".join(records)


# ---- replies ----

def answer(*records, delay=0, **how):
    """Records of the answer section; how: as for Query.message."""
    return lambda query: [(delay, query.message(records, **how))]


def failure(rcode, **how):
    return answer(rcode=rcode, **how)


def raw(build, delay=0):
    """Whatever build makes of the query."""
    return lambda query: [(delay, build(query))]


def SILENCE(query):
    return []


# ---- the server ----

class NameServer:
    """One address."""

    def __init__(self, address, table):
        self.address, self.table = address, table
        self.queries = []  # "TYPE name", as spelled in the query
        self.connections = 0  # over TCP

    def replies(self, query, is_tcp):
        self.queries.append(str(query))
        key = f"{query.type} {query.name.lower()}"
        reply = self.table.get(f"TCP {key}") if is_tcp else None
        return (reply or self.table.get(key) or failure(NXDOMAIN))(query)


class DnsServer:
    def __init__(self, first="127.53.0.1"):
        self.next = ipaddress.ip_address(first)
        self.selector = selectors.DefaultSelector()
        self.later = []  # heap of (when, number, function)
        self.count = 0
        threading.Thread(target=self.run, daemon=True).start()

    def serve(self, table, address=None):
        """A further name server, on a further address of loopback if none is given."""
        if address is None:
            address, self.next = str(self.next), self.next + 1
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        ns = NameServer(address, table)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for s in (udp, tcp):
            s.bind(socket.getaddrinfo(address, PORT, family, s.type)[0][4])
            s.setblocking(False)
        tcp.listen()
        self.selector.register(udp, selectors.EVENT_READ, lambda: self.datagram(ns, udp))
        self.selector.register(tcp, selectors.EVENT_READ, lambda: self.connection(ns, tcp))
        return ns

    def run(self):
        while True:
            wait = self.later[0][0] - time.monotonic() if self.later else None
            for key, _ in self.selector.select(wait if wait is None else max(wait, 0)):
                key.data()
            while self.later and self.later[0][0] <= time.monotonic():
                self.send(heapq.heappop(self.later)[2])

    @staticmethod
    def send(function):
        try:
            function()
        except OSError:
            pass  # who asked is gone

    def plan(self, delay, function):
        if delay == 0:
            self.send(function)
            return
        self.count += 1
        heapq.heappush(self.later, (time.monotonic() + delay, self.count, function))

    def datagram(self, ns, udp):
        try:
            message, client = udp.recvfrom(65536)
        except OSError:
            return  # an ICMP error of an earlier answer
        for delay, reply in ns.replies(Query(message), is_tcp=False):
            self.plan(delay, lambda reply=reply: udp.sendto(reply, client))

    def connection(self, ns, tcp):
        stream, _ = tcp.accept()
        ns.connections += 1
        self.selector.register(stream, selectors.EVENT_READ, lambda: self.request(ns, stream))

    def request(self, ns, stream):
        """A query over TCP; clients of tests send each in one piece."""
        try:
            message = stream.recv(65536)
        except OSError:
            message = b""
        if len(message) <= 2:
            self.selector.unregister(stream)
            stream.close()
            return
        for delay, reply in ns.replies(Query(message[2:]), is_tcp=True):
            message = struct.pack("!H", len(reply)) + reply
            self.plan(delay, lambda message=message: stream.sendall(message))
