#!/usr/bin/env python3
# packages: vsftpd xinetd tcpd libwrap0
# timeout: 300
# seconds: 7
"""Debian's vsftpd and xinetd, unmodified, on our libwrap: FTP and services for those who may, what
each daemon does to those who may not, options of rules, an edit at the next connection; and the
same with Debian's libwrap."""
import ftplib
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

FTP_PORT, CAT_PORT, NAMED_PORT, TCPD_PORT = 7021, 7101, 7102, 7103
REFUSALS = 50
NOT_AVAILABLE = b"421 Service not available.\r\n"
MAPPED = "::ffff:"  # vsftpd, as Debian configures it, listens on an IPv6 socket for both families
DATA = "all of it\n"
VSFTPD = f"""
tcp_wrappers=YES
listen_port={FTP_PORT}
background=NO
anonymous_enable=YES
anon_root=/run/ftp
ftpd_banner=welcome
"""
XINETD = """\
defaults
{
    log_type = SYSLOG daemon info
    log_on_success = HOST
    log_on_failure = HOST
    cps = 1000 1
}
"""
SERVICE = """
service {name}
{{
    type = UNLISTED
    port = {port}
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
{more}    server = {server}
    server_args = {args}
}}
"""


def configure():
    # What stands in the place of {more} is no matter of taste: NAMEINARGS counts for server_args
    # that come after it.
    pathlib.Path("/run/ftp/file").write_text(DATA)
    debians = pathlib.Path("/etc/vsftpd.conf").read_text()
    pathlib.Path("/run/vsftpd.conf").write_text(debians + VSFTPD)
    pathlib.Path("/run/other.conf").write_text("ftpd_banner=by setenv\n")
    banner = pathlib.Path("/run/banners/cat")
    banner.parent.mkdir()
    banner.write_text("hello %a\n")
    services = (("lines", CAT_PORT, "/bin/cat", "/run/ftp/file", ""),
                ("named", NAMED_PORT, "/bin/cat", "/run/ftp/file", "    libwrap = other\n"),
                ("guarded", TCPD_PORT, "/usr/sbin/tcpd", "/bin/cat /run/ftp/file",
                 "    flags = NAMEINARGS NOLIBWRAP\n"))
    pathlib.Path("/run/xinetd.conf").write_text(XINETD + "".join(
        SERVICE.format(name=name, port=port, server=server, args=args, more=more)
        for name, port, server, args, more in services))


def vsftpd():
    return Daemon("/usr/sbin/vsftpd", "/run/vsftpd.conf", port=FTP_PORT)


def xinetd():
    return Daemon("/usr/sbin/xinetd", "-dontfork", "-f", "/run/xinetd.conf", port=CAT_PORT)


def dialogue(client, server=SERVER):
    """A whole FTP session: what the server said, the files, and the contents of one."""
    with ftplib.FTP() as ftp:
        ftp.connect(server, FTP_PORT, WAIT_SECONDS, (client, 0))
        said, got = [ftp.welcome, ftp.login()], []
        files = ftp.nlst()
        said.append(ftp.retrlines("RETR file", got.append))
        said.append(ftp.quit())
    return said, files, got


SESSION = (["220 welcome", "230 Login successful.", "226 Transfer complete.", "221 Goodbye."],
           ["file"], [DATA.rstrip()])


def first_line(client):
    with connect(FTP_PORT, client) as s:
        return s.makefile("rb").readline()


def is_over():
    """Only the listener is left of a daemon."""
    return len(processes()) == 1


# ---- vsftpd ----

@test("vsftpd: a whole dialogue for the allowed address; 421 and the end for the denied one")
def _():
    with vsftpd():
        tables(f"vsftpd: {ALLOWED} [::1]\n")
        equal(dialogue(ALLOWED), SESSION)
        equal(dialogue("::1", "::1"), SESSION)
        equal(bytes_for(DENIED, FTP_PORT), NOT_AVAILABLE)


@test("vsftpd: no other libwrap is mapped, in any of its processes")
def _():
    with vsftpd() as daemon:
        tables(f"vsftpd: {ALLOWED}\n")
        with ftplib.FTP() as ftp:
            ftp.connect(SERVER, FTP_PORT, WAIT_SECONDS, (ALLOWED, 0))
            ftp.login()
            pids = [pid for pid, name in processes().items() if name == "vsftpd"]
            equal((len(pids) >= 2, daemon.pid in pids), (True, True))
            for pid in pids:
                equal(wrappers(pid), {str(OURS / "libwrap.so.0")})


@test("vsftpd: an edit counts at the next connection, both ways; a session that runs stays")
def _():
    with vsftpd():
        tables(f"vsftpd: {ALLOWED}\n")
        with ftplib.FTP() as ftp:
            ftp.connect(SERVER, FTP_PORT, WAIT_SECONDS, (ALLOWED, 0))
            equal(bytes_for(DENIED, FTP_PORT), NOT_AVAILABLE)
            tables(f"vsftpd: {DENIED}\n")
            equal(dialogue(DENIED), SESSION)
            equal(bytes_for(ALLOWED, FTP_PORT), NOT_AVAILABLE)
            equal(ftp.login(), "230 Login successful.")


@test("vsftpd: setenv VSFTPD_LOAD_CONF in a rule gives a client a configuration of its own")
def _():
    with vsftpd():
        tables(f"vsftpd: {DENIED}: setenv VSFTPD_LOAD_CONF /run/other.conf\nvsftpd: {ALLOWED}\n")
        equal((first_line(DENIED), first_line(ALLOWED)), (b"220 by setenv\r\n", b"220 welcome\r\n"))


@test(f"vsftpd: {REFUSALS} refusals at once leave no process behind")
def _():
    with vsftpd():
        tables(f"vsftpd: {ALLOWED}\n")
        burst(REFUSALS, DENIED, FTP_PORT, reply=NOT_AVAILABLE)
        until(is_over, "only the listener is left", 2)
        equal(dialogue(ALLOWED), SESSION)


# ---- xinetd ----

@test("xinetd: a service for the allowed address, not a byte for the denied one; its own log lines")
def _():
    with xinetd() as daemon:
        tables(f"cat: {ALLOWED}\n")
        since = log.mark()
        equal(bytes_for(ALLOWED, CAT_PORT), DATA.encode())
        equal(bytes_for(DENIED, CAT_PORT), b"")
        lines = log.wait("FAIL: ", since)
        equal([nameless(line) for line in lines + log.lines("libwrap refused", since)], [
            f"{DAEMON_INFO}xinetd[PID]: FAIL: lines libwrap from={MAPPED}{DENIED}",
            f"{DAEMON_INFO}xinetd[PID]: libwrap refused connection to lines (libwrap=cat)"
            f" from {MAPPED}{DENIED}"])
        equal(wrappers(daemon.pid), {str(OURS / "libwrap.so.0")})


@test("xinetd: `libwrap = other` is the name that rules are asked for")
def _():
    with xinetd():
        tables(f"cat: {ALLOWED}\nother: {DENIED}\n")
        equal([bytes_for(client, NAMED_PORT) for client in (ALLOWED, DENIED)], [b"", DATA.encode()])


@test("xinetd: an edit counts at the next connection, both ways")
def _():
    with xinetd():
        for client, other in ((ALLOWED, DENIED), (DENIED, ALLOWED)) * 3:
            tables(f"cat: {client}\n")
            equal([bytes_for(c, CAT_PORT) for c in (client, other)], [DATA.encode(), b""])
            # of the same length, which a daemon that trusts sizes would not notice
            tables(f"cat: {other}\n")
            equal([bytes_for(c, CAT_PORT) for c in (client, other)], [b"", DATA.encode()])


@test("xinetd starts our tcpd: its lines, whole")
def _():
    with xinetd():
        tables(f"cat: {ALLOWED}\n")
        since = log.mark()
        equal([bytes_for(c, TCPD_PORT) for c in (ALLOWED, DENIED)], [DATA.encode(), b""])
        log.wait("refused connect from", since)
        equal([nameless(line) for line in log.lines("connect from", since)], [
            f"{DAEMON_INFO}cat[PID]: connect from {ALLOWED} ({ALLOWED})",
            f"{DAEMON_WARNING}cat[PID]: refused connect from {DENIED} ({DENIED})"])


@test(f"xinetd: {REFUSALS} refusals at once, by libwrap and by tcpd, leave no process behind")
def _():
    with xinetd():
        tables(f"cat: {ALLOWED}\n")
        burst(REFUSALS, DENIED, CAT_PORT, TCPD_PORT)
        until(is_over, "only the listener is left", 2)
        equal(bytes_for(ALLOWED, CAT_PORT), DATA.encode())


# ---- the other library ----

CLIENTS = (ALLOWED, "127.0.0.3", "127.0.0.4", "127.0.0.5", DENIED)
RULES = """\
{daemon}: 127.0.0.2
{daemon}: 127.0.0.3: spawn /usr/bin/logger spawned for %a %d %c
{daemon}: 127.0.0.4: twist /bin/echo instead of %d for %a
{daemon}: 127.0.0.5: banners /run/banners: severity local0.notice
"""


def outcome(daemon, ask):
    """What each client gets under rules with options, and the log but for process ids and order."""
    tables(RULES.format(daemon=daemon.__name__))
    since = log.mark()
    with daemon():
        got = [ask(client) for client in CLIENTS]
        log.wait("spawned for", since)
    return got, sorted(nameless(line) for line in log.lines("", since))


@test("with Debian's libwrap the clients of vsftpd see the same, and the log has the same lines")
def _():
    def whole():
        tables(f"vsftpd: {ALLOWED}\n")
        with vsftpd():
            return dialogue(ALLOWED), bytes_for(DENIED, FTP_PORT)

    def scenario():
        return whole(), outcome(vsftpd, first_line)
    ours, debians = both(scenario)
    equal(ours, debians)
    equal(ours[0], (SESSION, NOT_AVAILABLE))
    equal(ours[1][0], [b"220 welcome\r\n", b"220 welcome\r\n",
                       f"instead of vsftpd for {MAPPED}127.0.0.4\n".encode(),
                       b"220 welcome\r\n", NOT_AVAILABLE])


@test("with Debian's libwrap the clients of xinetd see the same, and the log has the same lines")
def _():
    def cat():  # the daemon that rules are about
        return xinetd()
    ours, debians = both(lambda: outcome(cat, lambda client: bytes_for(client, CAT_PORT)))
    equal(ours, debians)
    equal(ours[0], [DATA.encode(), DATA.encode(), b"instead of cat for 127.0.0.4\n",
                    f"hello 127.0.0.5\r\n{DATA}".encode(), b""])


install("vsftpd", "xinetd")
configure()
main()
