#!/usr/bin/env python3
# timeout: 120
"""docs/samples/greeter.c as a stranger builds it: with pkg-config, against what was installed into a scratch
directory; in C and in C++; and run as inetd would, with real connections."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
import rig  # noqa: E402

CASES = (  # hosts.allow, hosts.deny, whether it greets, what it tells
    ("", "", True, "grant: no rule matches (none), no table line 0"),
    ("greeter: 127.\n", "ALL: ALL\n", True, "grant: a rule matches (none), {allow} line 1"),
    ("#\nother: ALL\n", "#\nALL: ALL\n", False, "refuse: a rule matches (none), {deny} line 2"),
    ("", "ALL: 127.0.0.9/8\n", False, "refuse: a rule matches (none), {deny} line 1"),
    ("greeter: 127.0.0.9/8\n", "ALL: ALL\n", False, "refuse: a rule matches (none), {deny} line 1"),
    ("greeter: ALL: twist echo no\n", "", False, "twist: a rule matches (none), {allow} line 1"),
    ("greeter: ALL: frob\n", "", False, "refuse: a fault (an option of the rule is wrong, or cannot be had here), {allow} line 1"),
    ("", "ALL: 9.9.9.9", False, "refuse: a fault (a table ends in an incomplete line), {deny} line 0"),
    ("greeter: {dir}\n", "", False, "refuse: a fault (it cannot be told whether a rule matches), {allow} line 1"),
)


def run(*command, env=None):
    return subprocess.run([str(word) for word in command], text=True, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def pkg_config(staged, prefix, *words):
    env = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": str(staged)}
    return run("pkg-config", *words, "libtcpwrap", env=env)


def greet(program, prefix, *arguments):
    """What a client on loopback is sent, and what the server tells."""
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()) as client:
        server, _ = listener.accept()
        with server:
            done = subprocess.run([program, *arguments], stdin=server, stderr=subprocess.PIPE, text=True,
                                  env={"LD_LIBRARY_PATH": f"{prefix}/lib"})
        sent = b""
        while data := client.recv(100):
            sent += data
        return sent.decode(), done.stderr.strip()


def check_program(tap, name, program, prefix, dir):
    allow, deny = dir / "hosts.allow", dir / "hosts.deny"
    for allow_text, deny_text, welcome, told in CASES:
        allow_text = allow_text.format(dir=dir)
        for path, text in ((allow, allow_text), (deny, deny_text)):
            path.write_text(text)
            os.utime(path, (1, 1))  # old: nobody waits for a writer
        got = greet(program, prefix, allow, deny)
        want = ("welcome\r\n" if welcome else "", told.format(allow=allow, deny=deny))
        if got != want:
            tap.note(f"{got}, wanted {want}")
        tap.ok(got == want, f"{name}: {allow_text!r} {deny_text!r} {'greets' if welcome else 'is silent'}")
    got = greet(program, prefix, "hosts.allow", deny)
    tap.note(got)
    tap.ok(got == ("", "refuse: a fault (there is no policy), no table line 0"), f"{name}: a relative path is refused")


def build(tap, staged, prefix, compiler, *options):
    """The program, or None."""
    name = f"builds with {compiler} and pkg-config"
    if not shutil.which(compiler):
        tap.skip(name, f"needs {compiler}")
        return None
    program = staged.parent / f"greeter-{compiler}"
    flags = pkg_config(staged, prefix, "--cflags", "--libs").stdout.split()
    done = run(compiler, *options, "-Wall", "-Wextra", "-Werror", prefix / "share/doc/tcpwrap/greeter.c",
               "-x", "none", *flags, "-o", program)
    tap.note(done.stdout)
    tap.ok(done.returncode == 0, name)
    return program if done.returncode == 0 else None


def main():
    tap = rig.Tap()
    for needed in ("meson", "pkg-config"):
        if not shutil.which(needed):
            tap.skip("the example is built and run", f"needs {needed}")
            tap.finish()
    with tempfile.TemporaryDirectory(prefix="tcpwrap-api-") as name:
        dir = pathlib.Path(name)
        staged = dir / "staged"
        done = run("meson", "install", "-C", rig.BUILD, "--no-rebuild", "--destdir", staged)
        tap.note(done.stdout if done.returncode != 0 else "")
        tap.ok(done.returncode == 0, "it is installed into a scratch directory")
        found = list(staged.rglob("libtcpwrap.pc"))  # wherever the build folder says
        prefix = found[0].parents[2] if found else staged
        version = pkg_config(staged, prefix, "--modversion").stdout.strip()
        tap.ok(f"version: '{version}'" in (rig.ROOT / "meson.build").read_text(), f"pkg-config knows version {version}")
        sample = (rig.ROOT / "docs/samples/greeter.c").read_text()
        tap.ok(sample.count("\n") <= 40, "the example has at most 40 lines")
        for compiler, options in (("cc", []), ("c++", ["-x", "c++"])):
            program = build(tap, staged, prefix, compiler, *options)
            if program:
                check_program(tap, compiler, program, prefix, dir)
    tap.finish()


main()
