#!/usr/bin/env python3
"""The binary interface: symbols, sizes, bindings, layouts and prototypes that old programs were
linked with. (0106-abidiff.py asks libabigail the same, which is a larger download.)"""
import header
import re
import subprocess
import tempfile

import header
import rig

# From compiling and inspecting Debian's package on x86_64: OFFSET and SIZE of a member.
LAYOUT = """
host_info 280
host_info.name 0 128
host_info.addr 128 128
host_info.sin 256 8
host_info.unit 264 8
host_info.request 272 8
request_info 872
request_info.fd 0 4
request_info.user 4 128
request_info.daemon 132 128
request_info.pid 260 10
request_info.client 272 280
request_info.server 552 280
request_info.sink 832 8
request_info.hostname 840 8
request_info.hostaddr 848 8
request_info.cleanup 856 8
request_info.config 864 8
RQ_FILE 1
RQ_DAEMON 2
RQ_USER 3
RQ_CLIENT_NAME 4
RQ_CLIENT_ADDR 5
RQ_CLIENT_SIN 6
RQ_SERVER_NAME 7
RQ_SERVER_ADDR 8
RQ_SERVER_SIN 9
AC_PERMIT 1
AC_DENY -1
AC_ERROR -1
STRING_LENGTH 128
STRING_UNKNOWN unknown
STRING_PARANOID paranoid
HOSTNAME_KNOWN(unknown) 0
HOSTNAME_KNOWN(Paranoid) 0
HOSTNAME_KNOWN(host) 1
NOT_INADDR(1.2.3/4) 0
NOT_INADDR(host) 1
STR_EQ(a,A) 1
STR_NE(a,b) 1
STRN_EQ(ab,AC,1) 1
STRN_NE(ab,ac,2) 1
""".split("\n")[1:-1]

# NAME, nm's letter, size of an object. V is a weak object, D and B are data.
FUNCTIONS = """cidr_mask_addr clean_exit dot_quad_addr eval_client eval_hostaddr eval_hostinfo
    eval_hostname eval_port eval_server eval_user fix_options hosts_access hosts_ctl percent_m percent_x
    process_options refuse request_init request_set rfc931 shell_cmd sock_host sock_hostaddr sock_hostname
    split_at tcpd_jump tcpd_warn xgets""".split()
OBJECTS = {"allow_severity": ("V", 4), "deny_severity": ("V", 4), "hosts_allow_table": ("O", 8),
           "hosts_deny_table": ("O", 8), "hosts_access_verbose": ("O", 4), "rfc931_timeout": ("O", 4),
           "resident": ("O", 4), "dry_run": ("O", 4), "tcpd_context": ("O", 16), "tcpd_buf": ("O", 200),
           "unknown": ("O", 8), "paranoid": ("O", 9)}
EXPECTED = {**{name: ("T", None) for name in FUNCTIONS}, **OBJECTS}


def output(*command):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True).stdout


def symbols(library):
    """NAME[@VERSION] → (T function, W weak function, O object, V weak object; size of an object)."""
    found = {}
    for line in output("readelf", "-W", "--dyn-syms", library).splitlines():
        words = line.split()
        if len(words) < 8 or not words[0].rstrip(":").isdigit() or words[6] == "UND":
            continue
        size, kind, binding, name = int(words[2], 0), words[3], words[4], words[7]
        if kind == "OBJECT":
            found[name] = ("V" if binding == "WEAK" else "O", size)
        elif kind == "FUNC":
            found[name] = ("W" if binding == "WEAK" else "T", None)
        else:
            found[name] = (kind, size)
    return found


def dynamic(library, tag):
    return re.findall(rf"\({tag}\).*\[(.*)\]", output("readelf", "-Wd", library))


def compare(tap, name, got, want):
    for symbol in sorted(set(got) | set(want)):
        if got.get(symbol) != want.get(symbol):
            tap.note(f"{symbol}: {got.get(symbol)}, wanted {want.get(symbol)}")
    tap.ok(got == want, name)


def without_const(prototypes):
    """How a function is called does not depend on it."""
    return {name: re.sub(r"\bconst ", "", text) for name, text in prototypes.items()}


def check_header(tap, debian):
    """As applications are compiled, and as the library is."""
    theirs = debian.root / "usr/include"
    for define in ("APPLICATION", "INET6"):
        ours, want = (without_const(header.prototypes(folder, define))
                      for folder in (rig.ROOT / "include", theirs))
        compare(tap, f"include/tcpd.h declares what Debian's does, as Debian's does ({define})",
                {name: ours.get(name) for name in want}, want)
        tap.ok(len(want) >= 25 and set(ours) <= set(FUNCTIONS), "and no function that is not public")
    with tempfile.TemporaryDirectory() as scratch:
        program = f"{scratch}/layout"
        output("gcc", *header.flags(theirs, "APPLICATION"), rig.ROOT / "tests/compat/layout.c",
               rig.OURS, f"-Wl,-rpath,{rig.OURS.parent}", "-o", program)
        tap.ok(output(program).splitlines() == LAYOUT, "Debian's tcpd.h has that layout and these values")


def main():
    tap, debian = rig.Tap(), rig.Debian("libwrap0-dev")
    ours = symbols(rig.OURS)
    compare(tap, "the 40 names, their types, sizes and bindings, nothing more, no versions", ours, EXPECTED)
    if debian.library:
        compare(tap, "nm -D agrees with Debian's library", ours, symbols(debian.library))
    else:
        tap.skip("nm -D agrees with Debian's library", debian.reason)
    tap.note(dynamic(rig.OURS, "NEEDED"))
    tap.ok(dynamic(rig.OURS, "NEEDED") == ["libc.so.6"], "needs libc and nothing else")
    tap.ok(dynamic(rig.OURS, "SONAME") == ["libwrap.so.0"], "SONAME is libwrap.so.0")
    everything = output("readelf", "-Wd", rig.OURS)
    tap.ok("(SYMBOLIC)" not in everything and "SYMBOLIC" not in "".join(re.findall(r"\(FLAGS\).*", everything)),
           "is not linked -Bsymbolic: old programs stand in front of its functions")
    tap.ok("(TEXTREL)" not in everything, "has no text relocations")
    layout = output(rig.BUILD / "tests/compat/layout").splitlines()
    for got, want in zip(layout, LAYOUT):
        if got != want:
            tap.note(f"{got}, wanted {want}")
    tap.ok(layout == LAYOUT, "include/tcpd.h has the frozen layout and values")
    if debian.library and header.HAS_GCC:
        check_header(tap, debian)
    else:
        tap.skip("include/tcpd.h declares what Debian's does",
                 "needs gcc" if debian.library else debian.reason)
    tap.finish()


if __name__ == "__main__":
    main()
