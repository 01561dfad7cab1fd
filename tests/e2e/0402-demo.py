#!/usr/bin/env python3
# timeout: 300
# seconds: 12
"""make demo: every client gets what the policy says, a tcpd that does otherwise is found out, and
nothing is left behind: no process, no file, no mount, no change to the host's tables."""
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()
DEMO = ROOT / "tools/demo"
ROW = re.compile(r"^  (127\.0\.0\.\d|::1) +(grant|refuse|twist) +(/etc/hosts\.\w+:\d+) +(.*)$", re.M)
HOST_FILES = [pathlib.Path(p) for p in ("/etc/hosts.allow", "/etc/hosts.deny", "/etc/passwd", "/etc/banners")]
SHORT_SECONDS = 30

tests = []


def test(what):
    def register(function):
        tests.append((what, function))
        return function
    return register


def equal(got, want):
    if got != want:
        raise AssertionError(f"{got!r}, not {want!r}")


def demo(build=BUILD, **env):
    return subprocess.run([DEMO, build], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "TMPDIR": scratch, **env})


def on_terminal(**env):
    """What the demonstration shows on a terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TMPDIR=scratch, TERM="xterm", **env)
        os.execv(DEMO, [DEMO, BUILD])
    shown = b""
    try:
        while piece := os.read(fd, 65536):
            shown += piece
    except OSError:
        pass  # the other side is closed
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def leftovers():
    """Files in the scratch directory; mounts and processes that name it, or were told of it."""
    found = os.listdir(scratch)
    for path in [*pathlib.Path("/proc").glob("[0-9]*/cmdline"), *pathlib.Path("/proc").glob("[0-9]*/environ")]:
        try:
            if os.fsencode(scratch) in path.read_bytes():
                found.append(str(path))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return found + [l for l in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if scratch in l]


def host():
    return [(p.stat().st_mtime_ns, p.stat().st_ctime_ns) if p.exists() else None for p in HOST_FILES]


@test("every client gets what the policy says, within half a minute")
def _():
    before, began = host(), time.monotonic()
    done = demo()
    if done.returncode != 0:
        raise AssertionError(f"status {done.returncode}\n{done.stdout}")
    equal(time.monotonic() - began < SHORT_SECONDS, True)
    rows = ROW.findall(done.stdout)
    verdicts = [(client, verdict) for client, verdict, _, _ in rows if client != "::1"]
    equal(verdicts, [("127.0.0.2", "grant"), ("127.0.0.3", "grant"), ("127.0.0.4", "twist"),
                     ("127.0.0.5", "refuse"), ("127.0.0.5", "grant"), ("127.0.0.2", "grant"),
                     ("127.0.0.6", "refuse")])
    equal(["refused connect from 127.0.0.5" in done.stdout, str(BUILD / "src/libwrap") in done.stdout,
           "\033" in done.stdout], [True, True, False])
    for _, _, place, _ in rows:  # each deciding line is one that was shown
        equal(re.search(rf"^ +{place.rpartition(':')[2]}  ", done.stdout, re.M) is not None
              or place == "/etc/hosts.allow:6", True)
    equal(leftovers(), [])
    equal(host(), before)


@test("colour on a terminal only, and not if NO_COLOR is set")
def _():
    status, shown = on_terminal()
    equal([status, b"\033[" in shown], [0, True])
    status, shown = on_terminal(NO_COLOR="1")
    equal([status, b"\033[" in shown], [0, False])
    equal(leftovers(), [])


@test("a tcpd that lets everybody in is found out")
def _():
    fake = pathlib.Path(home) / "build"
    for name in ("src/cmd/inetd", "src/cmd/judge", "src/libwrap"):
        (fake / name).parent.mkdir(parents=True, exist_ok=True)
        (fake / name).symlink_to(BUILD / name)
    (fake / "src/cmd/tcpd").mkdir()
    (fake / "src/cmd/tcpd/tcpd").write_text("#!/bin/sh\nexec date\n")
    (fake / "src/cmd/tcpd/tcpd").chmod(0o755)
    done = demo(fake)
    equal([done.returncode, done.stdout.count("<- WRONG") >= 4], [1, True])
    equal(leftovers(), [])


@test("without a download that part is said to be missing, and the status is 1")
def _():
    tools, cache = pathlib.Path(home) / "bin", pathlib.Path(home) / "cache"
    tools.mkdir()
    for folder in ("/usr/sbin", "/usr/bin"):
        for name in set(os.listdir(folder)) - {"apt-get"}:
            if not (tools / name).is_symlink():
                (tools / name).symlink_to(f"{folder}/{name}")
    done = demo(PATH=str(tools), TCPWRAP_DAEMONS=str(cache))
    equal([done.returncode, "this could not be shown: " in done.stdout, "apt-get" in done.stdout,
           "WRONG" in done.stdout], [1, True, True, False])
    equal(leftovers(), [])


@test("a signal in the middle ends it, and nothing is left")
def _():
    child = subprocess.Popen([DEMO, BUILD], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "TMPDIR": scratch})
    for line in child.stdout:
        if "CLIENT" in line:
            break
    child.send_signal(signal.SIGTERM)
    child.stdout.read()
    equal(child.wait() != 0, True)
    deadline = time.monotonic() + 5
    while leftovers() and time.monotonic() < deadline:
        time.sleep(0.05)
    equal(leftovers(), [])


def why_not():
    """Why it cannot run here, or None."""
    command = ["unshare", "-mnpf"] + ([] if os.geteuid() == 0 else ["-Ur"]) + ["true"]
    if not shutil.which("unshare") or subprocess.run(command, capture_output=True).returncode != 0:
        return "no namespaces here"
    fetched = subprocess.run([ROOT / "tools/fetch-daemons", "openssh-server"], capture_output=True, text=True)
    return (fetched.stderr.strip().splitlines() or ["no download"])[-1] if fetched.returncode else None


def main():
    reason = why_not()
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    failed = 0
    print(f"1..{len(tests)}")
    for number, (what, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {what}", flush=True)
        except Exception as error:
            failed += 1
            print("".join(f"# {line}\n" for line in f"{type(error).__name__}: {error}".splitlines()), end="")
            print(f"not ok {number} - {what}", flush=True)
    return 1 if failed else 0


home = tempfile.mkdtemp(prefix="tcpwrap-0402-")
scratch = os.path.join(home, "tmp")
os.mkdir(scratch)
os.chmod(home, 0o755)
try:
    status = main()
finally:
    shutil.rmtree(home)
sys.exit(status)
