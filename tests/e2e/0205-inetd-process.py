#!/usr/bin/env python3
"""inetd as a process: command line, exit statuses, background, pid file, signals, syslog, --check, and
the files of unix sockets."""
import contextlib
import ctypes
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

ECHO = "127.0.0.1:7001 stream tcp nowait root /bin/echo echo x\n"
conf = dir / "plain.conf"
conf.write_text(ECHO)
pid_file = dir / "pid"
libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: a daemon is our child, to be waited for


def run(*arguments, **popen):
    """(status, stdout, stderr)"""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=WAIT_SECONDS,
                          stdin=subprocess.DEVNULL, **popen)
    return done.returncode, done.stdout, done.stderr


def status_of(pid):
    """The exit status of a daemon."""
    def ended():
        return os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(until(lambda: (r := ended())[0] and r, "its end")[1])


class Daemon:
    """inetd in the background."""

    def __init__(self, *arguments, **popen):
        self.answer = run("-p", pid_file, *arguments, **popen)
        equal(self.answer[:2], (0, ""))
        self.pid = int(pid_file.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        pid_file.unlink(missing_ok=True)


@test("--help names every option, on stdout, with status 0; so does --version its version")
def _():
    for flag in ("-h", "--help"):
        status, out, err = run(flag)
        equal((status, err), (0, ""))
        equal(re.findall(r"^  -(\w)", out, re.M), list("dfiElASpqRcjPhV"))
    for flag in ("-V", "--version"):
        status, out, err = run(flag)
        equal((status, err, bool(re.fullmatch(r"inetd \(tcpwrap\) \d\S*\n", out))), (0, "", True))
    for words in (["-h"], ["-V"], ["-c", conf]):
        with open("/dev/full", "w") as full:
            equal(subprocess.run([binary, *words], stdout=full, stderr=subprocess.DEVNULL).returncode, 1)


@test("bad usage is status 2, one line that says what, and nothing else")
def _():
    for arguments, text in (
            (["-x"], "'x'"), (["--no-such"], "--no-such"), (["-p"], "'p'"),
            (["-q", "0"], "-q takes a length from 1 on, not '0'"), (["-q", "x"], "not 'x'"),
            (["-R", "-1"], "-R takes a number from 0 to 1000000, not '-1'"),
            (["-R", "1000001"], "not '1000001'"), (["-R", ""], "not ''"),
            (["a", "b"], "more than one configuration file: 'b'")):
        status, out, err = run(*arguments)
        equal((status, out, text in err), (2, "", True))
        equal("--help" in err, True)


@test("--check: findings on stdout, status 1 with an error, 0 with warnings, no socket")
def _():
    bad = dir / "bad.conf"
    bad.write_text(ECHO + "7002 stream tcp nowait root relative\n" + ECHO)
    status, out, err = run("-c", bad)
    equal((status, err), (1, ""))
    equal([line for line in out.splitlines() if ": notice: " not in line], [
        f"{bad}:1:11: warning: a later line has the same address and service; this one gives way "
        "'7001' (delete one of the two)",
        f"{bad}:2:29: error: server is no absolute path 'relative' (write its whole path)",
        f"{bad}: 1 sockets, 1 errors, 1 warnings"])
    bad.write_text(ECHO + ECHO)
    equal(run("--check", bad)[0], 0)
    with socket.create_server(("127.0.0.1", 7001)):
        status, out, err = run("-c", conf)
        equal((status, out.splitlines()[-1], err), (0, f"{conf}: 1 sockets, 0 errors, 0 warnings", ""))
    bad.write_text("7001 stream tcp nowait root /etc/passwd\n7002 stream tcp nowait root /bin/sh\n"
                   "7003 stream tcp nowait root /no/such\n")
    equal([line for line in run("-c", bad)[1].splitlines() if "program" in line], [
        f"{bad}:{line}: notice: server is not there, or is no program '{path}' (install it, or mend the path)"
        for line, path in (("1:1", "/etc/passwd"), ("3:1", "/no/such"))])
    equal(run("-j", conf), (2, "", "inetd: --json goes with --check (inetd --help)\n"))
    status, out, err = run("-c", dir / "none")
    equal((status, out), (1, f"{dir}/none: error: cannot read (No such file or directory)\n{dir}/none: 0 sockets, 1 errors, 0 warnings\n"))


@test("in the background: status 0 when it listens, pid file, own session, /dev/null, no other fd")
def _():
    leak = os.open("/etc/passwd", os.O_RDONLY)
    with Daemon(conf, pass_fds=(leak,)) as daemon:
        equal((tcp(7001), daemon.answer[2]), ("x\n", ""))
        equal(pid_file.read_text(), f"{daemon.pid}\n")
        equal((os.getsid(daemon.pid), os.readlink(f"/proc/{daemon.pid}/cwd")), (daemon.pid, "/"))
        found = {int(fd): os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{daemon.pid}/fd")}
        equal([found[fd] for fd in range(3)], ["/dev/null"] * 3)
        equal("/etc/passwd" in found.values(), False)
        os.kill(daemon.pid, signal.SIGTERM)
        equal(status_of(daemon.pid), 0)
        equal((pid_file.exists(), refused(7001)), (False, True))
    os.close(leak)


@test("a relative configuration and pid file are found again after the change to /")
def _():
    equal(run("-p", "pid", "plain.conf", cwd=dir)[0], 0)
    pid = int(pid_file.read_text())
    conf.write_text(ECHO.replace("7001", "7002"))
    os.kill(pid, signal.SIGHUP)
    until(lambda: not refused(7002), "the new service")
    conf.write_text(ECHO)
    os.kill(pid, signal.SIGINT)
    equal((status_of(pid), pid_file.exists()), (0, False))


@test("one inetd for one pid file; a file that a dead one left is no obstacle")
def _():
    pid_file.write_text("1\nand some more text\n")
    with Daemon(conf) as daemon:
        equal(pid_file.read_text(), f"{daemon.pid}\n")
        status, _, err = run("-p", pid_file, conf)
        equal((status, err), (1, f"inetd: another inetd is running: it holds {pid_file}\n"))
        equal((pid_file.read_text(), tcp(7001)), (f"{daemon.pid}\n", "x\n"))


@test("a pid file that is a link is not followed, and inetd runs without one")
def _():
    target = dir / "target"
    target.write_text("precious")
    pid_file.symlink_to(target)
    status, _, err = run("-f", "-p", pid_file, dir / "none")
    equal((status, "cannot write pid file" in err, target.read_text()), (1, True, "precious"))
    pid_file.unlink()


@test("no configuration at the start: status 1, the reason on stderr, no pid file is left")
def _():
    for flags in ([], ["-f"], ["-d"]):
        status, out, err = run(*flags, "-p", pid_file, dir / "none")
        equal((status, out), (1, ""))
        equal(f"{dir}/none: error: cannot read (No such file or directory)" in err, True)
        equal(pid_file.exists(), False)


@test("whoever starts it sees the findings; the others run")
def _():
    bad = dir / "bad.conf"
    bad.write_text(ECHO + "7002 stream tcp nowait root relative\n")
    with Daemon(bad) as daemon:
        equal(f"{bad}:2:29: error: server is no absolute path" in daemon.answer[2], True)
        equal(tcp(7001), "x\n")


@test("signals that were blocked or ignored reach it")
def _():
    def spoil():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    with Inetd(ECHO, preexec_fn=spoil) as inetd:
        inetd.reload()
        inetd.process.send_signal(signal.SIGTERM)
        equal(inetd.process.wait(WAIT_SECONDS), 0)


@test("signals that mean something to other inetds do not end it")
def _():
    with Inetd(ECHO) as inetd:
        for name in "USR1", "USR2", "ALRM", "IO":
            inetd.process.send_signal(getattr(signal, f"SIG{name}"))
            inetd.wait_log(f"SIG{name.replace('IO', 'POLL')} means nothing here (ask with inetctl)")
        equal(tcp(7001), "x\n")


@test("SIGTERM, SIGINT and SIGQUIT end it, and leave neither pid file nor control socket nor the file of a socket")
def _():
    files = [dir / name for name in ("end.pid", "end.sock", "end.path")]
    for name in "TERM", "INT", "QUIT":
        with Inetd(f"{files[2]} stream unix nowait root /bin/echo echo x\n", "-p", files[0], "--control",
                   files[1]) as inetd:
            equal([path.exists() for path in files], [True] * 3)
            inetd.process.send_signal(getattr(signal, f"SIG{name}"))
            equal((name, inetd.process.wait(WAIT_SECONDS)), (name, 0))
        equal([path.exists() for path in files], [False] * 3)


@test("SIGTERM ends it at once, also under load, and leaves servers alone")
def _():
    with Inetd("127.0.0.1:7001 stream tcp nowait root /bin/cat\n") as inetd, \
            socket.create_connection(("127.0.0.1", 7001), WAIT_SECONDS) as s:
        inetd.wait_log("started")
        inetd.process.send_signal(signal.SIGTERM)
        equal(inetd.process.wait(1), 0)
        s.sendall(b"still here")
        equal(s.recv(100), b"still here")


@contextlib.contextmanager
def private_log(kind):
    """A socket of that type at /dev/log."""
    private = dir / f"dev{int(kind)}"
    private.mkdir()
    (private / "null").touch()
    bind_mount("/dev/null", private / "null")
    with socket.socket(socket.AF_UNIX, kind) as log:
        log.bind(str(private / "log"))
        log.settimeout(WAIT_SECONDS)
        if libc.mount(str(private).encode(), b"/dev", None, 4096 | 16384, None) != 0:
            raise Skip("/dev cannot be covered here")
        try:
            yield log
        finally:
            libc.umount2(b"/dev", 2)
            libc.umount2(str(private / "null").encode(), 2)
            conf.write_text(ECHO)


def reload_badly(daemon):
    conf.write_text(ECHO + "7002 stream tcp nowait root relative\n")
    os.kill(daemon.pid, signal.SIGHUP)
    return f"inetd[{daemon.pid}]: {conf}:2:29: error: server is no absolute path"


@test("what it has to say goes to syslog: daemon, inetd[pid]")
def _():
    with private_log(socket.SOCK_DGRAM) as log, Daemon(conf) as daemon:
        wanted = reload_badly(daemon)
        lines = []
        while not lines or "stay as they are" not in lines[-1]:
            lines.append(log.recv(2000).decode())
        found = [line for line in lines if wanted in line]
        equal((len(found), found[0][:4]), (1, f"<{3 * 8 + 3}>"))


@test("also where the log listens on a stream socket, as syslog(3) says lines to it; and to the next log")
def _():
    with private_log(socket.SOCK_STREAM) as log:
        log.listen()
        subprocess.run([sys.executable, "-c", "import syslog; syslog.openlog('inetd', syslog.LOG_PID, "
                        "syslog.LOG_DAEMON); syslog.syslog('a'); syslog.syslog('b')"], check=True)
        with log.accept()[0] as of_libc:
            first, second, rest = read_all(of_libc).split(b"\0")
        form = re.compile(rb"<\d+>\w{3} [ \d]\d \d\d:\d\d:\d\d inetd\[\d+\]: .+")
        equal([bool(form.fullmatch(line)) for line in (first, second)] + [rest], [True, True, b""])
        with Daemon(conf) as daemon:
            for _ in range(2):  # the second time the first connection is gone
                wanted, said = reload_badly(daemon).encode(), b""
                with log.accept()[0] as client:
                    client.settimeout(WAIT_SECONDS)
                    while b"stay as they are\0" not in said:
                        said += client.recv(2000)
                lines = said.split(b"\0")
                equal([bool(form.fullmatch(line)) for line in lines[:-1]], [True] * (len(lines) - 1))
                found = [line for line in lines if wanted in line]
                equal((len(found), found[0][:4]), (1, b"<27>"))
            equal(tcp(7001), "x\n")


@test("a unix socket: mode 0600, removed at the end, made anew if it is gone at SIGHUP")
def _():
    path = dir / "s"
    with Inetd(f"{path} stream unix nowait root /bin/echo echo u\n",
               preexec_fn=lambda: os.umask(0)) as inetd:
        equal((oct(path.lstat().st_mode), unix(path)), ("0o140600", "u\n"))
        path.chmod(0o666)
        inetd.reload()
        equal((oct(path.lstat().st_mode), unix(path)), ("0o140666", "u\n"))
        path.unlink()
        inetd.reload()
        equal((oct(path.lstat().st_mode), unix(path)), ("0o140600", "u\n"))
        inetd.reload(f"{path}2 stream unix nowait root /bin/echo echo u\n")
        equal(path.exists(), False)
        inetd.reload(f"{path} stream unix nowait root /bin/echo echo u\n")
    equal(path.exists(), False)


@test("a path in the way: a dead socket goes, a live one, a file and a link stay")
def _():
    dead, live, file, link = (dir / name for name in ("dead", "live", "file", "link"))
    socket.socket(socket.AF_UNIX).bind(str(dead))
    file.write_text("precious")
    link.symlink_to(dead)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(live))
        other.listen()
        before = live.lstat().st_ino
        with Inetd("".join(f"{path} stream unix nowait root /bin/echo echo u\n"
                           for path in (dead, live, file, link))) as inetd:
            equal(unix(dead), "u\n")
            for path in (live, file, link):
                equal(f"cannot listen on {path} for '{path}': Address already in use" in inetd.log(), True)
    equal((live.lstat().st_ino, file.read_text(), link.is_symlink()), (before, "precious", True))
    equal(dead.exists(), False)


@test("a path that somebody else has taken over is not removed at the end")
def _():
    path = dir / "s"
    with Inetd(f"{path} stream unix nowait root /bin/echo echo u\n"):
        path.unlink()
        path.write_text("theirs")
    equal(path.read_text(), "theirs")


main()
