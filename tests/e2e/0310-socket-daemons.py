#!/usr/bin/env python3
# packages: openssh-server openssh-client vsftpd xinetd stunnel4 rlinetd mosquitto
# packages: conserver-server ser2net nagios-nrpe-server libwrap0
# timeout: 300
# seconds: 20
"""Daemons that hand their connected sockets to libwrap, on our library and on Debian's."""
import struct
import sys
import zlib

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

IPV4 = "nblpeh"  # the clients of a daemon that knows nothing else
FILE = conf("file", DATA)

make_key("/run/host_key")
compare("sshd", 7001, ["/usr/sbin/sshd", "-D", "-f", conf("sshd_config", """\
Port 7001
ListenAddress ::
ListenAddress 0.0.0.0
HostKey /run/host_key
PidFile none
UsePAM no
MaxStartups 1000
""")], stream(), begins(b"SSH-2.0-"), at_once=True)

compare("vsftpd", 7002, ["vsftpd", conf("vsftpd.conf", """\
listen=NO
listen_ipv6=YES
listen_port=7002
background=NO
anonymous_enable=YES
tcp_wrappers=YES
secure_chroot_dir=/run/vsftpd/empty
ftpd_banner=welcome
syslog_enable=YES
""")], stream(enough=6), begins(b"220 "))

compare("cat", 7003, ["xinetd", "-dontfork", "-f", conf("xinetd.conf", f"""\
defaults
{{
    log_type = SYSLOG daemon info
    log_on_success = PID HOST
    log_on_failure = HOST
}}
service cat
{{
    type = UNLISTED
    port = 7003
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
    server = /bin/cat
    server_args = {FILE}
    flags = IPv6
    cps = 10000 1
    instances = UNLIMITED
    per_source = UNLIMITED
}}
""")], stream(enough=1000), begins(DATA.encode()))

# Its helpers decide, and go on. What follows is no handshake: it answers with an alert.
conf("psk", "anybody:" + "5a" * 32 + "\n")
compare("tunnel", 7004, ["stunnel4", conf("stunnel.conf", """\
foreground = yes
syslog = yes
debug = 4
pid =
[tunnel]
accept = :::7004
connect = 127.0.0.1:1
libwrap = yes
ciphers = PSK
PSKsecrets = /run/psk
""")], stream(b"\x16\x03\x01\x00\x04rubbish"), begins(b"\x15"))

compare("lines", 7005, ["rlinetd", "-d", "-f", conf("rlinetd.conf", f"""\
service "lines" {{ port 7005; user "root"; instances 1000; exec "/bin/cat {FILE}"; tcpd "lines"; }}
"""), "-p", next(packages.glob("usr/lib/*/rlinetd/libparse.so"))],
        stream(enough=1000), begins(DATA.encode()), clients=IPV4)

CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"
compare("mosquitto", 7006, ["mosquitto", "-c", conf("mosquitto.conf", """\
listener 7006
allow_anonymous true
log_dest syslog
user root
""")], stream(CONNECT, enough=4), begins(b"\x20\x02\x00\x00"))

compare("conserver", 7007, ["conserver", "-p", "7007", "-C", conf("conserver.cf", """\
config * { defaultaccess allowed; daemonmode false; }
console any { master localhost; type exec; exec /bin/cat; }
access * { allowed 0.0.0.0/0; }
""")], stream(enough=4), begins(b"ok\r\n"), clients=IPV4)

# ser2net by libgensio, whose parts are looked for in a fixed place.
gensio = next(packages.glob("usr/libexec/*-linux-gnu"))
fill(pathlib.Path("/usr/libexec"), {gensio.name: gensio})
compare("echoes", 7008, ["ser2net", "-n", "-d", "-l", "-c", conf("ser2net.yaml", """\
connection: &echo
  accepter: tcp(tcpd=on,tcpdname=echoes),7008
  connector: echo
  options:
    banner: welcome
    max-connections: 100
""")], stream(enough=7), begins(b"welcome"))


def nrpe_query():
    body = struct.pack("!hhIh1024s2x", 2, 1, 0, 0, b"_NRPE_CHECK")
    return body[:4] + struct.pack("!I", zlib.crc32(body)) + body[8:]


def nrpe_answer(message):
    """Its text. What a twisted client gets may be lost: nobody reads the question, which resets."""
    return message[10:22] if len(message) == 1036 else b""


compare("nrpe", 7009, ["nrpe", "-n", "-f", "-c", conf("nrpe.cfg", """\
server_port=7009
nrpe_user=nobody
nrpe_group=nogroup
log_facility=daemon
""")], stream(nrpe_query(), 1036, nrpe_answer), begins(b"NRPE v4.1.0\0"))

install("sshd")  # which starts itself anew, by the name it was called
only_wanted()
main()
