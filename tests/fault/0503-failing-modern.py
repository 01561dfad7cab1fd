#!/usr/bin/env python3
# timeout: 200
"""The same as 0502-failing-calls.py for libtcpwrap.so.0: each call of the C library that it makes fails once,
and no verdict is wider, nothing is left behind, and what follows is as if it had not been."""
import importlib
import re
import sys

sys.dont_write_bytecode = True
import fault_lab as lab  # noqa: E402

failing = importlib.import_module("0502-failing-calls")

FRONT = lab.BUILD / "tests/fault/modern_front.so"
# What is carried out is none of this library's business; nor are threads that it does not know.
LEFT_OUT = re.compile(r": *(setenv|severity|spawn|twist|banners|aclexec|user|group) ")
# The engine is tried by 0502-failing-calls.py; of what asks nothing but it, these are enough.
ENGINE = {"nothing but an open door", "no tables", "refused by network", "admitted by list", "refused by a list in a list",
          "refused by a private table", "refused by a table just written", "refused by an option with an error",
          "refused by the server's port", "refused, as the table keeps changing"}
NOT_CALLED = {"openat64", "realloc", "mmap64", "mprotect", "munmap", "clone", "raw_wait4", "raw_close_range",
              "raw_openat", "raw_dup", "raw_execve", "setsockopt", "send", "setenv", "nice", "dup2", "fcntl64", "execve",
              "pthread_key_create", "pthread_setspecific", "getpwnam_r", "getgrnam_r", "getgrouplist"}


def main():
    lab.need_driver()
    failing.SCENARIOS = [s for s in failing.SCENARIOS if not LEFT_OUT.search(f"{s.allow}{s.deny}") and
                         "second" not in s.more and (s.request is not failing.SOCKET or s.what in ENGINE)]
    failing.CALLS = {call: ways for call, ways in failing.CALLS.items() if call not in NOT_CALLED}
    failing.WAYS = [("none", 0, ""), ("none", 3, "")]
    failing.ALL, failing.POINTS_MIN = True, 1000  # what is left is little
    tap = lab.Tap()
    with lab.Scratch() as scratch, lab.Driver(FRONT) as driver:
        failing.check_scenarios(tap, scratch, [driver])
    tap.finish()


main()
