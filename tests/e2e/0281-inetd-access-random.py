#!/usr/bin/env python3
# timeout: 300
# tier: deep
"""Tables made at random, of all that rules are made of: inetd and tcpd come to the same, bytes and lines."""
import random
import sys

sys.dont_write_bytecode = True
from access_lab import *  # noqa: E402

TABLES, SEED = 200, 20261127
DAEMONS = ["svc", "ALL", "svc other", "other", "ALL EXCEPT svc", "svc@127.0.0.1", "svc@[::1]", "*vc"]
PLAIN_HOSTS = ["ALL", GUEST, "127.", "127.0.0.", "127.0.0.0/255.255.255.0", "127.0.0.0/30", "[::1]",
               "/etc/list", "ALL EXCEPT 127.0.0.", f"127. EXCEPT {GUEST}", "192.0.2."]
HOSTS = [*PLAIN_HOSTS, "127.0.0.1/8", "[::1]/64", "::1", "0.0.0.0/0", "LOCAL", "KNOWN", "UNKNOWN", "PARANOID", ".example.org",
         "guest.example.org", "localhost", "/etc/none", "127.0.0.?", "10.0.0.0/33", "root@ALL",
         "192.0.2.9 # all", "@group"]
PLAIN_OPTIONS = ["severity err", "severity local2.info", "allow", "deny"]
OPTIONS = [*PLAIN_OPTIONS, "severity loud", "twist echo %a",
           "spawn true", "banners /etc/banners", "aclexec [ %a = 127.0.0.3 ]", "nice", "umask 077",
           "setenv A %h", "keepalive", "rfc931 1", "fly", ""]


def table(rng, is_plain):
    hosts, options = (PLAIN_HOSTS, PLAIN_OPTIONS) if is_plain else (HOSTS, OPTIONS)
    lines = ["#!tcpwrap modern"] * (rng.random() < 0.1)
    for _ in range(rng.randint(0, 4)):
        words = " ".join(rng.sample(hosts, rng.randint(1, 3)))
        tail = "".join(f": {option}" for option in rng.sample(options, rng.choice((0, 0, 0, 1, 1, 2))))
        lines.append(f"{rng.choice(DAEMONS)}: {words}{tail}")
    return "".join(f"{line}\n" for line in lines)


@test(f"{TABLES} pairs of tables, {len(CLIENTS)} clients each")
def _():
    house(), house_of_tcpd()
    rng, alone = random.Random(SEED), 0
    for _ in range(TABLES):
        is_plain = rng.random() < 0.5
        both = table(rng, is_plain), table(rng, is_plain)
        tables(*both)
        for client in CLIENTS:
            try:
                compare(client)
            except AssertionError as error:
                raise AssertionError(f"{both}: {error}")
            alone += not syslog.lines.keys() - {house().pid}
    print(f"# {alone} of {TABLES * len(CLIENTS)} clients were refused in the loop")
    if not TABLES // 2 < alone < TABLES * len(CLIENTS) // 2:
        raise AssertionError("hardly a comparison")


main()
