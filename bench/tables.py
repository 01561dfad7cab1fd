"""Tables of any size for bench/size.py, the same ones each time, and clients of which the first rule, the
last one, or none tells. Each rule is of its own text; nothing is looked up for any of them."""
import collections
import os
import time

DAY = 86400
CHUNK = 100000  # lines at a time: ten million at once would take a gigabyte
STRANGER = "192.0.2.1"
STRANGER6 = "2001:db8:ffff::1"
STRANGER_NAME = "www.elsewhere.net"
EVERYDAY = ("# hosts.allow(5): who may use the services of this host\n",)
# What an administrator has beside a block list. No client of the bench is one of them.
MIXED_ALLOW = EVERYDAY + tuple(line for i in range(12) for line in (
    f"sshd: 198.18.{i}.0/255.255.255.0, 198.19.{i}.7\n",
    f"in.ftpd, vsftpd: .office{i}.example EXCEPT guest.office{i}.example\n",
    f"ALL: [2001:db8:{i + 1:x}::]/48\n",
    f"smtpd: .partner{i}.example, 198.51.100.{i} : severity mail.info\n"))
PLACES = ("first", "last", "none")

Client = collections.namedtuple("Client", "addr name")
# line(i): of hosts.deny, or of the list. client(i): of whom it tells.
Kind = collections.namedtuple("Kind", "line client stranger allow is_list", defaults=(EVERYDAY, False))


def quad(base, i):
    value = base + i
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def address(i):
    """Each once, and in no order."""
    return quad(10 << 24, i * 0x9e3779 & 0xffffff)


def network(i):
    return quad(11 << 24, i << 8)


def host6(i):
    return f"2a00::{(i >> 16) + 1:x}:{i & 0xffff:x}"


def mixed(i):
    """Of 20 lines 12 are addresses, the first among them and the last."""
    kind = i % 20
    if kind in (3, 7, 12, 16):
        return f"ALL: {network(i)}/255.255.255.0\n"
    if kind in (5, 14):
        return f"ALL: .x{i}.org\n"
    if kind == 8:
        return f"sshd, in.telnetd: {network(i)}/255.255.255.0 EXCEPT {network(i)[:-1]}7\n"
    if kind == 10:
        return f"ALL: {address(i)}, {network(i)}/24 : severity auth.info\n"
    return f"ALL: {address(i)}\n"


def of_address(i):
    return Client(address(i), None)


def of_name(i):
    return Client(STRANGER, f"www.x{i}.org")


KINDS = {
    "addresses": Kind(lambda i: f"ALL: {address(i)}\n", of_address, Client(STRANGER, None)),
    "prefixes": Kind(lambda i: f"ALL: {network(i)}/24\n", lambda i: Client(network(i)[:-1] + "9", None),
                     Client("192.0.2.1", None)),
    "list": Kind(lambda i: f"{address(i)}\n", of_address, Client(STRANGER, None), is_list=True),
    "suffixes": Kind(lambda i: f"ALL: .x{i}.org\n", of_name, Client(STRANGER, STRANGER_NAME)),
    "mix": Kind(mixed, lambda i: Client(address(i), STRANGER_NAME), Client(STRANGER, STRANGER_NAME), MIXED_ALLOW),
    "ipv6": Kind(lambda i: f"ALL: [{host6(i)}]\n", lambda i: Client(host6(i), None), Client(STRANGER6, None)),
}


def client(kind, size, place):
    if place == "none":
        return KINDS[kind].stranger
    return KINDS[kind].client(0 if place == "first" else size - 1)


def settle(*paths):
    """Only tables at rest are kept; ctime cannot be set back, so whoever calls waits a moment."""
    then = time.time() - DAY
    for path in paths:
        os.utime(path, (then, then))


def write(folder, kind, size, copies):
    """hosts.allow with copies to be put in its place, and hosts.deny. The rules are size lines of hosts.deny,
    or of the list that it names."""
    allow, deny = folder / "hosts.allow", folder / "hosts.deny"
    rules = folder / "list" if KINDS[kind].is_list else deny
    if KINDS[kind].is_list:
        deny.write_text(f"ALL: {rules}\n")
    line = KINDS[kind].line
    with open(rules, "w") as out:
        for begin in range(0, size, CHUNK):
            out.write("".join(map(line, range(begin, min(begin + CHUNK, size)))))
        if size == 0:
            out.write("# none\n")
    edited = [folder / f"hosts.allow.{i}" for i in range(copies)]
    for number, path in enumerate((allow, *edited)):
        path.write_text("".join(KINDS[kind].allow) + f"# edited {number} times\n")
    settle(allow, deny, rules, *edited)
    return allow, deny, rules.stat().st_size
