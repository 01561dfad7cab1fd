#!/usr/bin/env python3
# packages: slapd atftpd sslh p910nd libauthen-libwrap-perl uwsgi-plugin-router-access diod libwrap0
# timeout: 300
# seconds: 17
"""Daemons and modules that call hosts_ctl, on our library and on Debian's."""
import struct
import sys
import threading

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

IPV4 = "nblpeh"  # the clients of a daemon that knows nothing else
UNNAMED = {"names": "none", "lacks": NO_END}
BELIEVED = {"names": "believed", "lacks": NO_END}

BIND, BOUND = bytes.fromhex("300c020101600702010304008000"), bytes.fromhex("300c02010161070a0100")
compare("slapd", 7201, ["slapd", "-d", "0", "-f", conf("slapd.conf", ""), "-h", "ldap://:7201/"],
        stream(BIND, enough=14), begins(BOUND), **UNNAMED)

conf("tftp/file", DATA)
compare("in.tftpd", 7202, ["atftpd", "--daemon", "--no-fork", "--user", "root.root",
                           "--port", "7202", "/run/tftp"],
        datagram(b"\0\1file\0octet\0", "onnection refused from", end=b"\0\4\0\1"),
        lambda seen: seen[4:] == DATA.encode(), clients=IPV4, **UNNAMED)


def serve_data(listener):
    """What sslh is in front of."""
    while True:
        s, _ = listener.accept()
        with s:
            s.recv(100)
            s.sendall(DATA.encode())


behind = socket.create_server(("127.0.0.1", 0), backlog=100)
threading.Thread(target=serve_data, args=[behind], daemon=True).start()
compare("sshd", 7203, ["sslh", "-f", "-u", "root", "-p", "0.0.0.0:7203", "-p", "[::]:7203",
                       "--ssh", f"127.0.0.1:{behind.getsockname()[1]}"],
        stream(b"SSH-2.0-x\r\n", enough=1000), begins(DATA.encode()), at_once=True, **BELIEVED)

VERSION = struct.pack("<IBHIH8s", 21, 100, 0xffff, 65536, 8, b"9P2000.L")
compare("diod", 7204, ["diod", "-f", "-n", "-c", "/dev/null", "-U", "root", "-l", "127.0.0.1:7204",
                       "-e", "/run/tftp", "-L", "syslog"],
        stream(VERSION, enough=21), lambda seen: seen[4:5] == b"\x65",
        clients=IPV4.replace("n", ""), **BELIEVED)  # it does not talk with whom it cannot name

compare("perl", 7205, ["perl", f"-I{next(packages.glob('usr/lib/*-linux-gnu/perl5/*'))}",
                       conf("server.pl", r"""
use Authen::Libwrap qw(hosts_ctl STRING_UNKNOWN);
use IO::Socket::IP;
use Socket qw(inet_pton AF_INET);
my $server = IO::Socket::IP->new(LocalHost => "0.0.0.0", LocalPort => 7205, Listen => 10,
    ReuseAddr => 1) or die "$!";
while (my $client = $server->accept) {
    my $address = $client->peerhost;
    my $name = gethostbyaddr(inet_pton(AF_INET, $address), AF_INET) || STRING_UNKNOWN;
    print $client "welcome\n" if hosts_ctl("perl", $name, $address, STRING_UNKNOWN);
    close $client;
}
""")], stream(enough=8), begins(b"welcome\n"), clients=IPV4, **BELIEVED)

compare("web", 7206, ["uwsgi-core", conf("uwsgi.ini", f"""\
[uwsgi]
plugin = {packages}/usr/lib/uwsgi/plugins/router_access_plugin.so
http-socket = 0.0.0.0:7206
route-run = access:daemon=web
route-run = break:204 admitted
""")], stream(b"GET / HTTP/1.0\r\n\r\n", enough=1000), begins(b"HTTP/1.0 204 "),
        clients=IPV4, **UNNAMED)

os.makedirs("/run/lock/p910nd")
compare("p910nd", 9101, ["p910nd", "-d", "-b", "-f", conf("printer", DATA), "1"],
        stream(), begins(DATA.encode()), clients=IPV4, **UNNAMED)

only_wanted()
main()
