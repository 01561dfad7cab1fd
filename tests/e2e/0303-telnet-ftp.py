#!/usr/bin/env python3
# packages: inetutils-telnetd inetutils-ftpd inetutils-telnet inetutils-ftp tnftp
# packages: openbsd-inetd tcpd libwrap0
# timeout: 300
# seconds: 8
"""The walk that every text about TCP Wrappers describes: telnet and ftp by their names, an inetd,
our tcpd, Debian's telnetd and ftpd. One address gets in, one does not, and the log has the frozen
lines. Each walk with our inetd and with openbsd-inetd; and the same with Debian's tcpd."""
import functools
import pty
import re
import select
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

FTP, TELNET, MOVED = 21, 23, 2323
REFUSALS = 100
CONF = """\
telnet\tstream\ttcp\tnowait\troot\t{tcpd}\t{telnetd}
ftp\tstream\ttcp\tnowait\troot\t{tcpd}\t{ftpd}
"""
USUAL = {"tcpd": "/usr/sbin/tcpd", "telnetd": "/usr/sbin/telnetd", "ftpd": "/usr/sbin/ftpd"}
ALLOW = f"telnetd, ftpd: {ALLOWED}\n"
IAC = b"\xff"  # telnetd opens with its options
GREETING = rb"220 \S+ FTP server \(GNU inetutils 2\.4\) ready\.\r\n"
DATA = "all of it\n"


def ours():
    return Daemon(OURS / "inetd", "-f", "-p", "none", port=TELNET)


def openbsds(*options):
    return Daemon(packages / "usr/sbin/inetd", "-i", *options, port=TELNET)


INETDS = {"our inetd": ours, "openbsd-inetd": openbsds}


def walk(what):
    """Register a test for each inetd, which it gets running, with the usual lines and tables."""
    def run_it(function, start):
        inetd_conf()
        tables(ALLOW)
        with start() as inetd:
            function(inetd)

    def register(function):
        for name, start in INETDS.items():
            test(f"{name}: {what}")(functools.partial(run_it, function, start))
    return register


def inetd_conf(**words):
    pathlib.Path("/etc/inetd.conf").write_text(CONF.format(**{**USUAL, **words}))


class Terminal:
    """A program on a terminal, and somebody who waits for words to appear."""

    def __init__(self, *command):
        self.shown = ""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(command[0], [str(word) for word in command])
        self.pid = pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text):
        """Wait for a text, and forget what is shown up to its end."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.shown:
            if not select.select([self.fd], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise AssertionError(f"no {text!r} on the terminal: {self.shown!r}")
            try:
                self.shown += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:  # the program has gone
                raise AssertionError(f"ended, without {text!r}: {self.shown!r}") from None
        self.shown = self.shown.partition(text)[2]


def telnet(client, port="telnet"):
    return Terminal(packages / "usr/bin/inetutils-telnet", "-K", "-c", "-b", client, SERVER, port)


def ftp(program, *words, commands):
    """A session of a real client: all that it wrote."""
    done = subprocess.run([packages / "usr/bin" / program, *words, SERVER], input=commands,
                          cwd="/run", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=30)
    return done.stdout


def first_bytes(client, port):
    """Until the server waits for an answer: telnetd's first option, or a line of ftpd."""
    with connect(port, client) as s:
        return s.recv(1) if port == TELNET else s.makefile("rb").readline()


# ---- the walk ----

@walk("telnet, the real one: a login prompt, a login, a command")
def _(inetd):
    with telnet(ALLOWED) as terminal:
        terminal.expect(f"Connected to {SERVER}")
        terminal.expect("login: ")
        terminal.type(f"{GUEST}\n")
        terminal.expect("$ ")
        terminal.type("echo $((6 * 7)) $(id -un)\n")
        terminal.expect(f"42 {GUEST}")
        terminal.type("exit\n")
        terminal.expect("Connection closed by foreign host.")


@walk("ftp, two real ones: 220 and replies; a whole file")
def _(inetd):
    tables(ALLOW + f"ftpd: {SERVER}\n")  # inetutils-ftp cannot be told an address of its own
    got = pathlib.Path("/run/got")
    for words in (("inetutils-ftp", "-n", "-v", "-p"), ("tnftp", "-n", "-v", "-p", "-s", ALLOWED)):
        got.unlink(missing_ok=True)
        said = ftp(*words, commands="user anonymous me@here\nget /file got\nquit\n")
        replies = re.findall(r"^(\d{3})[ -]", said, re.M)
        equal((replies[0], replies[-1], "230" in replies, "226" in replies),
              ("220", "221", True, True))
        equal(got.read_text(), DATA)


@walk("the denied address: closed without one byte, even if it speaks; the real clients say so")
def _(inetd):
    for port in (TELNET, FTP):
        equal(bytes_for(DENIED, port), b"")
        # an end, not a reset
        equal(bytes_after(b"\xff\xfd\x03USER anonymous\r\n", DENIED, port, inetd), b"")
    with telnet(DENIED) as terminal:
        terminal.expect("Escape character is '^]'.\r\n")
        terminal.expect("Connection closed by foreign host.")
    said = ftp("tnftp", "-n", "-v", "-s", DENIED, commands="quit\n")
    equal((re.findall(r"^220", said, re.M), "421 Service not available" in said), ([], True))
    equal(first_bytes(ALLOWED, TELNET), IAC)
    equal(bool(re.fullmatch(GREETING, first_bytes(ALLOWED, FTP))), True)


@walk("the frozen lines, whole: priority, name, process, text; one for each connection")
def _(inetd):
    for port, name in ((TELNET, "telnetd"), (FTP, "ftpd")):
        since = log.mark()
        with connect(port, ALLOWED) as s:
            equal(len(s.recv(1)), 1)
            equal([line for line in log.wait("connect from", since)],
                  [f"{DAEMON_INFO}{name}[{pid}]: connect from {ALLOWED} ({ALLOWED})"
                   for pid, command in processes().items() if command == name])
        since = log.mark()
        bytes_for(DENIED, port)
        lines = log.wait("connect from", since)
        equal([nameless(line) for line in lines],
              [f"{DAEMON_WARNING}{name}[PID]: refused connect from {DENIED} ({DENIED})"])
        equal(int(re.search(r"\[(\d+)\]", lines[0])[1]) >= inetd.pid, True)  # tcpd's, or inetd's
        equal(len([d for d in log.datagrams[since:] if DENIED in d]), 1)


@walk(f"{REFUSALS} refusals at once: a line for each, and no process is left")
def _(inetd):
    time.sleep(1.1)  # inetd counts on, whatever becomes of the file: no refusal of before in this second
    since = log.mark()
    burst(REFUSALS, DENIED, TELNET)
    until(lambda: processes() == {inetd.pid: "inetd"}, "nothing but inetd runs", 2)
    lines = log.wait("refused connect", since, REFUSALS)
    equal(len(lines), REFUSALS)
    equal(len(set(lines)) in (1, REFUSALS), True)  # each from a process of its own, or all from inetd
    equal(first_bytes(ALLOWED, TELNET), IAC)


@walk("an edit counts at the next connection, both ways; a session that runs stays")
def _(inetd):
    with telnet(ALLOWED) as terminal:
        terminal.expect("login: ")
        for client, other in ((DENIED, ALLOWED), (ALLOWED, DENIED), (DENIED, ALLOWED)):
            tables(ALLOW.replace(ALLOWED, client))  # of the same length as before
            equal((first_bytes(client, TELNET), bytes_for(other, TELNET)), (IAC, b""))
            equal((first_bytes(client, FTP)[:4], bytes_for(other, FTP)), (b"220 ", b""))
        with open("/etc/hosts.allow", "a") as table:
            table.write(ALLOW)
        equal(first_bytes(ALLOWED, TELNET), IAC)
        terminal.type(f"{GUEST}\n")
        terminal.expect("$ ")


@walk("in.telnetd and in.ftpd without a path: /usr/sbin, and these names in rules and lines")
def _(inetd):
    inetd_conf(telnetd="in.telnetd", ftpd="in.ftpd")
    os.kill(inetd.pid, signal.SIGHUP)
    tables(f"in.telnetd: {ALLOWED}\nin.ftpd: {DENIED}\n")
    until(lambda: first_bytes(ALLOWED, TELNET) == IAC, "inetd has read its configuration")
    since = log.mark()
    equal((first_bytes(DENIED, FTP)[:4], bytes_for(DENIED, TELNET)), (b"220 ", b""))
    equal([nameless(line) for line in log.wait("connect from", since, 2)],
          [f"{DAEMON_INFO}in.ftpd[PID]: connect from {DENIED} ({DENIED})",
           f"{DAEMON_WARNING}in.telnetd[PID]: refused connect from {DENIED} ({DENIED})"])


@walk("a service is where /etc/services says, and after an edit and SIGHUP where it says now")
def _(inetd):
    services = pathlib.Path("/etc/services")
    before = services.read_text()
    after, changes = re.subn(rf"^(telnet\s+){TELNET}/tcp", rf"\g<1>{MOVED}/tcp", before, flags=re.M)
    equal((inetd_lab.inode(MOVED), changes), (None, 1))
    services.write_text(after)
    try:
        os.kill(inetd.pid, signal.SIGHUP)
        until(lambda: inetd_lab.inode(MOVED) and not inetd_lab.inode(TELNET), "telnet moves")
        with telnet(ALLOWED) as terminal:
            terminal.expect("login: ")
        equal(bytes_for(DENIED, MOVED), b"")
    finally:
        services.write_text(before)


# ---- in comparison ----

@test("Debian's tcpd: the clients see the same, and the log has the same lines")
def _():
    def outcome(tcpd):
        inetd_conf(tcpd=tcpd)
        tables(ALLOW)
        since = log.mark()
        with ours():
            waiting = [connect(port, DENIED) for port in (TELNET, FTP)]  # Debian's takes its time
            got = [first_bytes(ALLOWED, port) for port in (TELNET, FTP)]
            for s in waiting:
                with s:
                    got.append(read_all(s))
        return got, sorted(nameless(line) for line in log.wait("connect from", since, 4))
    use(OURS)
    mine = outcome("/usr/sbin/tcpd")
    use(DEBIANS)
    equal(mine, outcome(packages / "usr/sbin/tcpd"))
    equal((mine[0][0], mine[0][2:], len(mine[1])), (IAC, [b"", b""], 4))


@test("openbsd-inetd -l judges by itself: our libwrap in it, and the same as with Debian's")
def _():
    def outcome(library):
        use(library)
        since = log.mark()
        with openbsds("-l") as inetd:
            equal({pathlib.Path(path).parent for path in wrappers(inetd.pid)}, {library})
            got = [ask(client, port)
                   for ask, client in ((first_bytes, ALLOWED), (bytes_for, DENIED))
                   for port in (TELNET, FTP)]
        return got, sorted(nameless(line) for line in log.lines("connection", since))
    inetd_conf()
    tables(ALLOW)
    results = [outcome(library) for library in (OURS, DEBIANS)]
    equal(results[0], results[1])
    equal((results[0][0][0], results[0][0][2:]), (IAC, [b"", b""]))
    equal(results[0][1], [
        f"{priority}inetd[PID]: {what}connection from {client}, service {name} (tcp)"
        for priority, what, client in ((DAEMON_WARNING, "refused ", DENIED),
                                       (DAEMON_INFO, "", ALLOWED))
        for name in ("ftp", "telnet")])


install("telnetd", "ftpd", **{"in.telnetd": "telnetd", "in.ftpd": "ftpd"})
pathlib.Path("/run/ftp/file").write_text(DATA)
main()
