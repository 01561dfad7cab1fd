#!/usr/bin/env python3
# packages: openssh-server openssh-client libwrap0
# timeout: 300
# seconds: 10
"""Debian's sshd, unmodified, on our libwrap: real logins from the address that may, a closed
connection and the frozen line for the one that may not, an edit at the next connection; and the
same with Debian's libwrap."""
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

PORT = 7022
SSH = [packages / "usr/bin/ssh", "-F", "none", "-p", str(PORT), "-i", "/run/key",
       "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/run/known_hosts",
       "-o", "StrictHostKeyChecking=yes"]
ALLOW = f"sshd: {ALLOWED}, [::1]\n"
REFUSALS = 20
# auth.info. sshd sets deny_severity to its own number for the facility, | LOG_WARNING: with
# Debian's library the line has the same priority, as the last test shows.
PRIORITY = "<38>"
GREETING = re.compile(rb"SSH-2\.0-OpenSSH_9\.2p1 Debian-[^\n]*\r\n")


def keys():
    for name in ("host_key", "key"):
        make_key(f"/run/{name}")
    host = pathlib.Path("/run/host_key.pub").read_text()
    pathlib.Path("/run/known_hosts").write_text(
        "".join(f"[{address}]:{PORT} {host}" for address in (SERVER, "::1")))
    shutil.copy("/run/key.pub", "/run/authorized")
    pathlib.Path("/run/sshd_config").write_text(
        f"Port {PORT}\nListenAddress {SERVER}\nListenAddress ::1\nHostKey /run/host_key\n"
        "PidFile none\nUsePAM no\nAuthorizedKeysFile /run/authorized\n"
        "PrintMotd no\nPrintLastLog no\nMaxStartups 100\n")


def sshd():
    return Daemon("/usr/sbin/sshd", "-D", "-f", "/run/sshd_config", port=PORT)


def ssh(client, command, server=SERVER):
    """A login and a command: exit status, what it wrote, what ssh had to say."""
    return run(*SSH, "-b", client, f"{GUEST}@{server}", command)


def session_that_stays():
    """Says `in`, and from then on what it is told, as long as its input is open."""
    return subprocess.Popen([*SSH, "-b", ALLOWED, f"{GUEST}@{SERVER}", "echo in; cat"], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def greeting(client):
    """What a client gets that waits for the server to speak: one line, or the end."""
    with connect(PORT, client) as s:
        return s.makefile("rb").readline()


def visits():
    """A scenario: what the clients see, and the lines of libwrap in the log."""
    tables(ALLOW)
    since, results = log.mark(), {}

    def refused(name, function, *words):
        results[name] = function(*words)
    with sshd():
        waiting = [threading.Thread(target=refused, args=words) for words in (
            ("bytes for the denied", bytes_for, DENIED, PORT),
            ("login of the denied", ssh, DENIED, "id -un"))]
        for thread in waiting:  # Debian's library takes five seconds for each
            thread.start()
        results["login"] = ssh(ALLOWED, "id -un; echo $SSH_CLIENT | cut -d' ' -f1; exit 7")
        results["IPv6"] = ssh("::1", "id -un", "::1")
        for thread in waiting:
            thread.join()
        tables(f"sshd: {DENIED}\n", "ALL: ALL\n")
        results["login after the edit"] = ssh(DENIED, "id -un")
        results["the other after the edit"] = bytes_for(ALLOWED, PORT)
    status, out, errors = results["login of the denied"]
    equal((out, errors != ""), ("", True))  # a close or a reset: there our library is kinder
    results["login of the denied"] = status
    results["log"] = sorted(nameless(line) for line in log.lines("refused connect", since))
    return results


@test("a real login and a command from the allowed address; the denied one gets not a byte")
def _():
    with sshd() as daemon:
        tables(ALLOW)
        equal(ssh(ALLOWED, "id -un; echo $SSH_CLIENT | cut -d' ' -f1"),
              (0, f"{GUEST}\n{ALLOWED}\n", ""))
        equal(ssh(ALLOWED, "exit 7")[0], 7)
        equal(bool(GREETING.fullmatch(greeting(ALLOWED))), True)
        equal(bytes_for(DENIED, PORT), b"")
        # an end, not a reset
        equal(bytes_after(b"SSH-2.0-anything\r\n", DENIED, PORT, daemon), b"")
        status, out, errors = ssh(DENIED, "id -un")
        equal((status, out), (255, ""))
        # it speaks at once, and if it does so too late for sshd, it gets a reset
        equal(bool(re.search("Connection (closed by remote host|reset by peer)", errors)), True)


@test("the frozen line, whole: priority, name, process, text; once, and no other about that client")
def _():
    with sshd() as daemon:
        tables(ALLOW)
        since = log.mark()
        bytes_for(DENIED, PORT)
        log.wait("refused connect", since)
        equal(ssh(ALLOWED, "true")[0], 0)
        datagrams = [d for d in log.datagrams[since:] if DENIED in d]
        match = re.fullmatch(rf"{PRIORITY}[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d sshd\[(\d+)\]: "
                             rf"refused connect from {DENIED} \({DENIED}\)", datagrams[0])
        equal((len(datagrams), bool(match)), (1, True))
        equal(int(match[1]) > daemon.pid, True)
        since = log.mark()
        tables("")
        equal(run(*SSH, f"{GUEST}@::1", "true")[0], 255)
        equal([nameless(line) for line in log.wait("refused connect", since)],
              [f"{PRIORITY}sshd[PID]: refused connect from ::1 (::1)"])


@test("no other libwrap is mapped: not in the listener, not in the processes of a session")
def _():
    with sshd() as daemon:
        tables(ALLOW)
        session = session_that_stays()
        try:
            equal(session.stdout.readline(), "in\n")
            pids = [pid for pid, name in processes().items() if name == "sshd"]
            equal((len(pids) >= 3, daemon.pid in pids), (True, True))
            for pid in pids:
                equal(wrappers(pid), {str(OURS / "libwrap.so.0")})
        finally:
            session.stdin.close()
            session.wait(WAIT_SECONDS)


@test("an edit counts at the next connection, both ways; a session that runs stays")
def _():
    with sshd():
        tables(ALLOW)
        session = session_that_stays()
        try:
            equal(session.stdout.readline(), "in\n")
            equal(bytes_for(DENIED, PORT), b"")
            with open("/etc/hosts.allow", "a") as table:
                table.write(f"sshd: {DENIED}\n")
            equal(ssh(DENIED, "id -un"), (0, f"{GUEST}\n", ""))
            tables("")
            equal((bytes_for(ALLOWED, PORT), bytes_for(DENIED, PORT)), (b"", b""))
            equal(session.communicate("still\n", WAIT_SECONDS)[0], "still\n")
        finally:
            session.kill()
            session.wait()
        tables(ALLOW)
        equal(ssh(ALLOWED, "id -un"), (0, f"{GUEST}\n", ""))


@test(f"{REFUSALS} refusals at once: a line for each, and no process is left")
def _():
    with sshd() as daemon:
        tables(ALLOW)
        since = log.mark()
        burst(REFUSALS, DENIED, PORT)
        until(lambda: processes() == {daemon.pid: "sshd"}, "nothing but the listener runs", 2)
        lines = log.wait("refused connect", since, REFUSALS)
        equal((len(lines), len(set(lines))), (REFUSALS, REFUSALS))  # each from a process of its own


@test("with Debian's libwrap all clients see the same, and the log has the same lines")
def _():
    ours, debians = both(visits)
    equal(ours, debians)
    del ours["log"]
    equal(ours, {"login": (7, f"{GUEST}\n{ALLOWED}\n", ""), "IPv6": (0, f"{GUEST}\n", ""),
                 "bytes for the denied": b"", "login of the denied": 255,
                 "login after the edit": (0, f"{GUEST}\n", ""), "the other after the edit": b""})


install("sshd")
keys()
main()
