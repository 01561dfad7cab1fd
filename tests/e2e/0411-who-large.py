#!/usr/bin/env python3
# tier: deep
# serial
# timeout: 300
"""tcpwrap who and tcpwrap diff of a million rules: three seconds of the processor each, and so much memory."""
import ipaddress
import os
import pathlib
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, Tap  # noqa: E402

tap = Tap()
TCPWRAP = BUILD / "src/cmd/tcpwrap/tcpwrap"
RULES, SECONDS, KIB = 1_000_000, 3.0, 600_000


def measured(*words):
    """Status, seconds of the processor, KiB at most."""
    child = os.fork()
    if child == 0:
        null = os.open("/dev/null", os.O_WRONLY)
        os.dup2(null, 1)
        os.execv(TCPWRAP, [str(TCPWRAP), *map(str, words)])
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def check(name, want, *words):
    status, seconds, kib = measured(*words)
    print(f"# {name}: {seconds:.2f} s, {kib} KiB")
    tap.ok(status == want and seconds <= SECONDS and kib <= KIB, name, status, seconds, kib)


def main():
    chance = random.Random(11)
    addresses = chance.sample(range(1 << 24, (1 << 32) - (1 << 29)), RULES)
    with tempfile.TemporaryDirectory(prefix="tcpwrap-large-") as name:
        root = pathlib.Path(name)
        for order, numbers in ("random", addresses), ("sorted", sorted(addresses)):
            table = root / f"{order}.deny"
            table.write_text("".join(f"ALL: {ipaddress.ip_address(a)}\n" for a in numbers))
            check(f"who is refused by a million {order} rules", 0, "who", "-a", "/dev/null", "-d", table, "-o", "refused", "sshd")
            edited = root / f"{order}-new.deny"
            edited.write_text(table.read_text() + "ALL: 0.0.0.1\n")
            check(f"what one more of a million {order} rules changes", 1, "diff", "-a", "/dev/null", table, edited)
        names = root / "names.deny"
        names.write_text("".join(f"ALL: h{a}.example.org\n" for a in addresses))
        check("who depends on a million names", 0, "who", "-a", "/dev/null", "-d", names, "sshd")
        check("and that nothing changes in them", 0, "diff", "-a", "/dev/null", names, names)
    tap.finish()


main()
