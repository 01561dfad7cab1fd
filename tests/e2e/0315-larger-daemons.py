#!/usr/bin/env python3
# packages: cyrus-imapd snmptrapd apt-cacher-ng nfs-kernel-server libwrap0
# tier: deep
# timeout: 600
"""Further daemons, whose packages are a large download, on our library and on Debian's."""
import contextlib
import struct
import sys

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

# cyrus: a master starts processes that decide.
with open("/etc/passwd", "a") as passwd:
    passwd.write("cyrus:x:65530:8::/run/cyrus:/bin/false\n")
for folder in (".", "db", "lock", "log", "mail", "msg", "proc", "quota", "socket", "user"):
    os.makedirs(f"/run/cyrus/{folder}", exist_ok=True)
    os.chown(f"/run/cyrus/{folder}", 65530, 8)
imapd_conf = conf("imapd.conf", """\
configdirectory: /run/cyrus
partition-default: /run/cyrus/mail
servername: here
allowplaintext: yes
sasl_pwcheck_method: alwaystrue
""")
cyrus = packages / "usr/lib/cyrus/bin"
compare("imap", 7401, ["cyrmaster", "-D", "-C", imapd_conf, "-p", "/run/cyrus.pid", "-M",
                       conf("cyrus.conf", f"""\
START {{
  recover cmd="{cyrus}/ctl_cyrusdb -C {imapd_conf} -r"
}}
SERVICES {{
  imap cmd="{cyrus}/imapd -C {imapd_conf}" listen="0.0.0.0:7401" prefork=1
}}
EVENTS {{
}}
""")], stream(enough=5), begins(b"* OK "), clients="nblpeh")


def ber(tag, *parts):
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


def number(value):
    return ber(2, bytes([value]))


def name(text):
    """An object identifier below 1.3.6.1."""
    return ber(6, bytes([0x2b, 6, 1, *map(int, text.split("."))]))


def inform():
    uptime = ber(0x30, name("2.1.1.3.0"), ber(0x43, b"\1"))
    event = ber(0x30, name("6.3.1.1.4.1.0"), name("6.3.1.1.5.1"))
    return ber(0x30, number(1), ber(4, b"public"),
               ber(0xa6, number(7), number(0), number(0), ber(0x30, uptime, event)))


compare("snmptrapd", 7402, ["snmptrapd", "-f", "-Lsd", "-C", "-m", "", "-c",
                            conf("snmptrapd.conf", "disableAuthorization yes\n"), "udp:7402"],
        datagram(inform(), SILENCE), lambda seen: b"\xa2" in seen, clients="nblpeh", names="none",
        lacks=NO_END, at_once=True)

# rpc.mountd admits addresses of its own host, and whom it has admitted before.
os.mkdir("/var/lib/nfs")
for file in ("etab", "rmtab", "xtab"):
    pathlib.Path("/var/lib/nfs", file).touch()


@contextlib.contextmanager
def mountd():
    with Daemon(program("rpcbind"), "-f", port=111):
        with Daemon(program("rpc.mountd"), "-F", "-p", "7403", port=7403) as daemon:
            yield daemon


export = struct.pack("!10I", 7, 0, 2, 100005, 3, 5, 0, 0, 0, 0)
compare("mountd", 7403, mountd, datagram(export), lambda seen: seen[8:12] == bytes(4),
        clients="nblpe", lacks=NO_END, without=("twist",), remembers=True)

conf("acng/acng.conf", """\
ForeGround: 1
Port: 7404
UseWrap: 1
CacheDir: /run/acng
LogDir: /run/acng
""")
compare("apt-cacher-ng", 7404, ["apt-cacher-ng", "-c", "/run/acng"],
        stream(b"GET / HTTP/1.0\r\n\r\n", enough=5), begins(b"HTTP/"))

only_wanted()
main()
