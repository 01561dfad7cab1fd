#!/usr/bin/env python3
# packages: socat proftpd-mod-wrap dante-server openbsd-inetd libwrap0
# timeout: 300
# seconds: 20
"""Daemons that write the library's variables, or hold copies of them, on our library and on
Debian's: paths of tables, severities, the buffer that an option jumps to."""
import sys

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

FILE = conf("file", DATA)
TABLES = conf("tables/none", "").parent  # which are not those of the host


def socat(port, options):
    return ["socat", "-lyauth", f"TCP6-LISTEN:{port},fork,reuseaddr,ipv6only=0,{options}",
            f"OPEN:{FILE},rdonly"]


compare("socat", 7101, socat(7101, "tcpwrap"), stream(enough=1000), begins(DATA.encode()))
compare("moved", 7102, socat(7102, f"tcpwrap=moved,tcpwrap-dir={TABLES}"), stream(enough=1000),
        begins(DATA.encode()), folder=TABLES)

# proftpd looks when somebody logs in, and sleeps a little when a process of it ends.
LOGIN = b"USER anonymous\r\nPASS me@here\r\n"
compare("ftp.wall", 7103, ["proftpd", "-n", "-c", conf("proftpd.conf", f"""\
ModulePath {packages}/usr/lib/proftpd
LoadModule mod_wrap.c
ServerName walled
ServerType standalone
Port 7103
UseIPv6 on
User nobody
Group nogroup
UseReverseDNS off
PidFile /run/proftpd.pid
ScoreboardFile none
DelayEngine off
WtmpLog off
TransferLog none
AuthOrder mod_auth_unix.c
<Anonymous /run/ftp>
User ftp
Group nogroup
UserAlias anonymous ftp
RequireValidShell off
</Anonymous>
TCPAccessFiles {TABLES}/hosts.allow {TABLES}/hosts.deny
TCPServiceName ftp.wall
""")], stream(LOGIN, lambda replies: re.search(rb"^(230|530) ", replies, re.M)),
        lambda seen: b"230 " in seen, folder=TABLES, at_once=True)

compare("cat", 7105, ["inetd", "-i", "-l", "-R", "100000", conf("inetd.conf", f"""\
7105\tstream\ttcp6\tnowait\troot\t/bin/cat\tcat {FILE}
7105\tstream\ttcp\tnowait\troot\t/bin/cat\tcat {FILE}
""")], stream(enough=1000), begins(DATA.encode()))

# ---- danted, which has copies of them all ----

SOCKS_HELLO, SOCKS_WELCOME = b"\5\1\0", b"\5\0"
DANTED = """\
logoutput: syslog
internal: 0.0.0.0 port = 7104
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
user.libwrap: nobody
libwrap.hosts_access: yes
{rules}client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
"""
# Options of its own rules. It says that it is resident, so that twist is an error when it counts.
OPTIONS = {"n": "keepalive", "b": "twist /bin/echo never", "l": "spawn /run/witness %p %d %a",
           "p": "setenv A b: banners /run/banners", "e": "severity local1.info: linger 3"}
NO_OPTIONS = ("allow", "deny", "rubbish", "umask 9", "severity x.y", "keepalive: banners")


def danted(rules=""):
    path = conf("danted.conf", DANTED.format(rules=rules))
    return Daemon(program("danted"), "-f", path, "-p", "/run/danted.pid", port=7104)


compare("danted", 7104, danted, stream(SOCKS_HELLO, enough=2), begins(SOCKS_WELCOME),
        clients="nblpeh", names="believed")


def danted_lines(since):
    """All of libwrap, and what danted made of it."""
    lines = [re.sub(r"witness: \S+ ", "witness: ", nameless(line)) for line in log.lines("", since)]
    return sorted(line for line in lines if re.search("error:|witness:", line))


@test("danted: options in its own rules; an error jumps to its copy of tcpd_buf")
def _():
    rules = "".join(f"client pass {{ from: {CLIENTS[c]}/32 to: 0.0.0.0/0\nlibwrap: {option}\n}}\n"
                    for c, option in OPTIONS.items())

    def scenario():
        since = log.mark()
        with danted(rules):
            ask = stream(SOCKS_HELLO, lambda data: data.endswith(SOCKS_WELCOME))
            seen = [ask(7104, CLIENTS[client], SERVER) for client in "nbbblpeh"]
        return seen, danted_lines(since)

    tables("ALL: ALL\n")
    conf("banners/danted", "hello %a\n")
    ours, debians = both(scenario)
    equal(ours, debians)
    # It starts in a dry run, which the first twist ends.
    equal(b" ".join(ours[0]), b"! ! - - ! hello 127.0.0.6\r\n! ! !".replace(b"!", SOCKS_WELCOME)
          .replace(b"-", b""))


@test("danted: what is no option is an error in its configuration, found by a jump as well")
def _():
    def outcome(option):
        conf("danted.conf", DANTED.format(
            rules=f"client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0\nlibwrap: {option}\n}}\n"))
        return run(program("danted"), "-V", "-f", "/run/danted.conf")

    def scenario():
        since = log.mark()
        return [outcome(option) for option in NO_OPTIONS], danted_lines(since)

    ours, debians = both(scenario)
    equal(ours, debians)
    equal([status for status, _, _ in ours[0]], [1] * len(NO_OPTIONS))


only_wanted()
main()
