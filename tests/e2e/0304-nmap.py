#!/usr/bin/env python3
# packages: nmap inetutils-telnetd inetutils-ftpd openssh-server openssh-client tcpd libwrap0
# timeout: 300
# seconds: 8
"""What a scanner makes of us: nmap -sV calls a port that refuses it `tcpwrapped`, behind tcpd and
in a daemon with libwrap, and calls it by its service when the same client may come in. So it calls a decoy."""
import sys
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

FTP, SSH, TELNET, CLOSED, DECOY = 21, 22, 23, 24, 25
SCANNER = SERVER  # nmap is on this host, and has its address


def configure():
    pathlib.Path("/run/sshd_config").write_text(
        f"Port {SSH}\nListenAddress {SERVER}\nHostKey /run/host_key\nPidFile none\nUsePAM no\n")
    make_key("/run/host_key")
    pathlib.Path("/etc/inetd.d").mkdir(exist_ok=True)
    pathlib.Path("/etc/inetd.d/decoy").write_text(
        f"service decoy\n{{\n\ttype = INTERNAL UNLISTED\n\tport = {DECOY}\n"
        "\tsocket_type = stream\n\tprotocol = tcp\n}\n")


def scan(allow, *ports, tcpd="/usr/sbin/tcpd"):
    """{port: (state, service, product)} as nmap tells it, and the lines about refusals."""
    pathlib.Path("/etc/inetd.conf").write_text("".join(
        f"{name} stream tcp nowait root {tcpd} /usr/sbin/{name}d\n" for name in ("telnet", "ftp")))
    tables(allow, f"ALL: {SCANNER}\n")
    since = log.mark()
    with Daemon(OURS / "inetd", "-f", "-p", "none", port=FTP), \
            Daemon("/usr/sbin/sshd", "-D", "-f", "/run/sshd_config", port=SSH):
        status, out, errors = run(
            packages / "usr/bin/nmap", "-n", "-Pn", "-sT", "-sV", "-oX", "-", SERVER,
            "-p", ",".join(str(port) for port in ports),
            env={"PATH": "/usr/bin", "NMAPDIR": str(packages / "usr/share/nmap")})
    equal((status, errors), (0, ""))
    found = {}
    for port in xml.etree.ElementTree.fromstring(out).iter("port"):
        service = port.find("service")
        found[int(port.get("portid"))] = (port.find("state").get("state"), service.get("name"),
                                          service.get("product"))
    # The scanner resets some of its connections before anybody can see who it is.
    return found, {nameless(line) for line in log.lines("refused connect", since)
                   if "from unknown (unknown)" not in line}


def refusals(*names):
    return {f"{priority}{name}[PID]: refused connect from {SCANNER} ({SCANNER})"
            for name, priority in names}


WRAPPED = ("open", "tcpwrapped", None)
OPEN_FTP, OPEN_SSH = ("open", "ftp", "GNU Inetutils FTPd"), ("open", "ssh", "OpenSSH")
BY_FTPD, BY_TELNETD = ("ftpd", DAEMON_WARNING), ("telnetd", DAEMON_WARNING)
BY_SSHD = ("sshd", "<38>")  # see 0301-sshd.py


# nmap says so only of a port that closes within three seconds. Debian's library sleeps for five:
# its refusals are not recognized, which takes nmap minutes, and is not compared here.
@test("a scanner that may not come in: tcpwrapped, behind tcpd and in sshd; each refusal is logged")
def _():
    found, refused = scan("", FTP, SSH, TELNET, CLOSED)
    equal([found[port] for port in (FTP, SSH, TELNET)], [WRAPPED] * 3)
    equal(found[CLOSED][0], "closed")
    equal(refused, refusals(BY_FTPD, BY_SSHD, BY_TELNETD))


@test("the same scanner, let in to ftpd: its service; the others stay tcpwrapped")
def _():
    found, refused = scan(f"ftpd: {SCANNER}\n", FTP, SSH, TELNET)
    equal(found, {FTP: OPEN_FTP, SSH: WRAPPED, TELNET: WRAPPED})
    equal(refused, refusals(BY_SSHD, BY_TELNETD))


@test("the same scanner, let in to sshd")
def _():
    found, refused = scan(f"sshd: {SCANNER}\n", FTP, SSH, TELNET)
    equal(found, {FTP: WRAPPED, SSH: OPEN_SSH, TELNET: WRAPPED})
    equal(refused, refusals(BY_FTPD, BY_TELNETD))


@test("a decoy, to which the scanner is let in: tcpwrapped all the same")
def _():
    found, refused = scan(f"decoy: {SCANNER}\n", DECOY, FTP)
    equal(found, {DECOY: WRAPPED, FTP: WRAPPED})
    equal(refused, refusals(BY_FTPD))


@test("with Debian's tcpd and libwrap the open services are labelled the same")
def _():
    use(DEBIANS)
    debians = scan(f"ftpd, sshd: {SCANNER}\n", FTP, SSH, tcpd=packages / "usr/sbin/tcpd")
    use(OURS)
    equal(debians, ({FTP: OPEN_FTP, SSH: OPEN_SSH}, set()))
    equal(scan(f"ftpd, sshd: {SCANNER}\n", FTP, SSH), debians)


install("telnetd", "ftpd", "sshd")
configure()
main()
