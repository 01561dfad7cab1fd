#!/usr/bin/env python3
# timeout: 90
"""Whoever has a large network of IPv6: more sources than inetd remembers. Its memory stays, newcomers are
served, and who has used up his limit stays known, with this service and with another."""
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

NETWORKS = 12000
REMEMBERED = 8192  # SOURCES_OWING_MAX
GROWTH_KB = 3072  # of which the sources are 1.25 MiB
IPV6_FREEBIND = 78
HOST = "2001:db8::1"

if not shutil.which("ip"):
    skip_all("no ip(8) to have a network on loopback")
add_ipv6(HOST)
if subprocess.run(["ip", "-6", "route", "add", "local", "2001:db8::/32", "dev", "lo"]).returncode != 0:
    skip_all("no local route for a network")


def block(name, port, rate):
    return (f"service {name}\n{{\n\ttype = INTERNAL UNLISTED\n\tid = {name}{port}\n\tsocket_type = stream\n"
            f"\tprotocol = tcp6\n\tbind = {HOST}\n\tport = {port}\n\twait = no\n\tflags = NOLIBWRAP\n"
            f"\tsource_rate = {rate}\n}}\n")


def network(number):
    return f"2001:db8:{1 + (number >> 16):x}:{number & 0xffff:x}::5"


def is_served(port, source):
    with socket.socket(socket.AF_INET6) as s:
        s.settimeout(WAIT_SECONDS)
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        s.bind((source, 0))
        s.connect((HOST, port))
        return read_all(s) != b""


def rss_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])


@test(f"{NETWORKS} networks, each served; who is over stays over, memory stays within {GROWTH_KB} KiB")
def _():
    over, other = "2001:db8:ffff:1::1", "2001:db8:ffff:2::1"
    with Inetd(block("daytime", 7001, "3/hour") + block("daytime", 7002, "2/hour"), "--records", "off") as inetd:
        equal([is_served(7001, over) for _ in range(4)], [True] * 3 + [False])
        equal([is_served(7002, other) for _ in range(3)], [True] * 2 + [False])
        before, begin = rss_kb(inetd.pid), time.monotonic()
        for number in range(NETWORKS):
            if not is_served(7001, network(number)):
                raise AssertionError(f"the newcomer number {number} was not served")
        rate = NETWORKS / (time.monotonic() - begin)
        growth = rss_kb(inetd.pid) - before
        print(f"# {rate:.0f} a second; memory has grown by {growth} KiB")
        equal(growth < GROWTH_KB, True)
        equal([is_served(7001, over), is_served(7002, other)], [False] * 2)
        # The last ones are remembered, as far as there is room.
        for number in (NETWORKS - 1, NETWORKS - REMEMBERED // 2):
            equal([is_served(7001, network(number)) for _ in range(3)], [True] * 2 + [False])
        inetd.wait_log("2001:db8:ffff:1::/64: more than 3 starts an hour")


main()
