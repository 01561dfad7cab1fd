#!/usr/bin/env python3
# tier: deep
"""libabigail compares our library with Debian's: symbols of the libraries themselves, and types of
the interface, from libraries that are made of nothing but the two tcpd.h. (Debian's has no debug
information to compare.) 0102-abi.py is the same by hand."""
import os
import subprocess
import tempfile

import header
import rig

CHANGED = 4  # abidiff's exit status, also if something was only added
VARIABLES = ("allow_severity", "deny_severity", "hosts_allow_table", "hosts_deny_table",
             "hosts_access_verbose", "resident", "dry_run", "tcpd_context")


def shape(folder, define, path):
    """A library with the types of a tcpd.h, and nothing in it."""
    source = header.INCLUDES
    source += "".join(f"{text} {{ __builtin_trap(); }}\n"
                      for text in header.prototypes(folder, define).values())
    source += "".join(f"__typeof__({name}) {name};\n" for name in VARIABLES)
    subprocess.run(["gcc", *header.flags(folder, define), "-std=gnu2x", "-g", "-shared", "-fPIC",
                    "-x", "c", "-", "-o", path, "-Wl,-soname,libwrap.so.0"],
                   input=source, text=True, check=True)
    return path


def abidiff(debian, *libraries):
    done = subprocess.run([debian.root / "usr/bin/abidiff", *libraries], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(debian.library.parent)))
    return done.returncode, done.stdout


def check(tap, name, status, report):
    summary = [line for line in report.splitlines() if "changes summary" in line]
    tap.note(report)
    tap.ok(status in (0, CHANGED) and all("0 Removed, 0 Changed" in line for line in summary), name)


def main():
    tap, debian = rig.Tap(), rig.Debian("libwrap0-dev", "abigail-tools")
    if not debian.library or not header.HAS_GCC:
        tap.skip("abidiff finds no incompatible change",
                 "needs gcc" if debian.library else debian.reason)
        tap.finish()
    status, report = abidiff(debian, debian.library, rig.OURS)
    tap.note(report)
    tap.ok((status, report) == (0, ""), "abidiff finds the same symbols in the libraries")
    with tempfile.TemporaryDirectory() as scratch:
        theirs = debian.root / "usr/include"
        for define in ("APPLICATION", "INET6"):
            check(tap, f"and compatible types in the headers ({define})",
                  *abidiff(debian, shape(theirs, define, f"{scratch}/debian{define}.so"),
                           shape(rig.ROOT / "include", define, f"{scratch}/ours{define}.so")))
        other = f"{scratch}/include"
        os.mkdir(other)
        with open(rig.ROOT / "include/tcpd.h") as ours, open(f"{other}/tcpd.h", "w") as changed:
            changed.write(ours.read().replace("daemon[STRING_LENGTH]", "daemon[STRING_LENGTH + 8]"))
        status, report = abidiff(debian, shape(theirs, "INET6", f"{scratch}/debian.so"),
                                 shape(other, "INET6", f"{scratch}/other.so"))
        tap.ok(status == CHANGED and "clean_exit" in report, "and notices eight bytes more in a struct")
    tap.finish()


if __name__ == "__main__":
    main()
