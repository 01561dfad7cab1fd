#!/usr/bin/env python3
"""Every kind of service that inetd knows serves a client."""
import os
import socket
import sys

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

args = script("args", "import sys; sys.stdout.write(repr(sys.argv[1:]))")
peer = script("peer", "import socket; s = socket.socket(fileno=0); s.sendall(s.getpeername()[0].encode())")
shout = script("shout", """import socket
s = socket.socket(fileno=0)
data, peer = s.recvfrom(1000)
s.sendto(data.upper(), peer)""")
accepter = script("accepter", """import socket
s = socket.socket(fileno=0)
s.settimeout(None)
for i in range(2):
    client, peer = s.accept()
    client.sendall(b"%d" % i)
    client.close()""")


@test("tcp listens on IPv4 and IPv6, each as itself")
def _():
    with Inetd(f"7001 stream tcp nowait root {peer}"):
        equal(tcp(7001), "127.0.0.1")
        equal(tcp(7001, "::1"), "::1")


@test("tcp4 and tcp6 listen on their family only")
def _():
    with Inetd(f"7001 stream tcp4 nowait root {peer}\n7002 stream tcp6 nowait root {peer}\n"):
        equal(tcp(7001), "127.0.0.1")
        equal(refused(7001, "::1"), True)
        equal(tcp(7002, "::1"), "::1")
        equal(refused(7002), True)


@test("tcp46 is one socket that takes both")
def _():
    with Inetd(f"7001 stream tcp46 nowait root {peer}") as inetd:
        equal(tcp(7001), "::ffff:127.0.0.1")
        equal(tcp(7001, "::1"), "::1")
        equal("1 sockets:" in inetd.log(), True)


@test("a listening address, a list of them, and the address line")
def _():
    with Inetd(f"127.0.0.2:7001 stream tcp nowait root {peer}\n"
               f"127.0.0.2,[::1]:7002 stream tcp nowait root {peer}\n"
               f"::1:7003 stream tcp nowait root {peer}\n"
               f"127.0.0.3:\n7004 stream tcp nowait root {peer}\n*:\n"
               f"7005 stream tcp nowait root {peer}\n"
               f"127.0.0.4:7006 stream tcp46 nowait root {peer}\n"):
        equal((tcp(7001, "127.0.0.2"), refused(7001), refused(7001, "::1")),
              ("127.0.0.1", True, True))
        equal((tcp(7002, "127.0.0.2"), tcp(7002, "::1"), refused(7002)), ("127.0.0.1", "::1", True))
        equal((tcp(7003, "::1"), refused(7003)), ("::1", True))
        equal((tcp(7004, "127.0.0.3"), refused(7004)), ("127.0.0.1", True))
        equal((tcp(7005), tcp(7005, "::1")), ("127.0.0.1", "::1"))
        equal((tcp(7006, "127.0.0.4"), refused(7006)), ("::ffff:127.0.0.1", True))


@test("a host name is each of its addresses")
def _():
    hosts = dir / "hosts"
    hosts.write_text("127.0.0.5 lab.example\n127.0.0.6 lab.example\n::1 lab.example\n")
    bind_mount(hosts, "/etc/hosts")
    with Inetd(f"lab.example:7001 stream tcp nowait root {peer}"):
        equal([tcp(7001, "127.0.0.5"), tcp(7001, "127.0.0.6"), tcp(7001, "::1")],
              ["127.0.0.1", "127.0.0.1", "::1"])
        equal(refused(7001, "127.0.0.7"), True)


@test("a name or alias from the table of services is its port for the protocol")
def _():
    services = dir / "services"
    services.write_text("lab 7001/tcp laboratory\nlab 7002/udp\n")
    bind_mount(services, "/etc/services")
    with Inetd(f"laboratory stream tcp nowait root {peer}\nlab dgram udp wait root {shout}\n"
               f"laboratory dgram udp wait root {shout}\nnone stream tcp nowait root {peer}\n",
               ready="4:1:") as inetd:
        inetd.wait_log("sockets:")
        equal((tcp(7001), udp(7002, "a")), ("127.0.0.1", "A"))
        equal(f"{inetd.conf}:4:1: error: unknown service for this protocol 'none'" in inetd.log(), True)
        equal(f"{inetd.conf}:3:1: error: unknown service" in inetd.log(), True)


@test("arguments are passed word by word, argv[0] is the first")
def _():
    with Inetd(f"127.0.0.1:7001 stream tcp nowait root /bin/sh any-name -c echo\\ $0 \"x\n"
               f"127.0.0.1:7002 stream tcp nowait root {args} zero one \"two\n  three\n"
               f"127.0.0.1:7003 stream tcp nowait root {args}\n"):
        equal(tcp(7002), "['one', '\"two', 'three']")
        equal(tcp(7003), "[]")


@test("the line of tcpd: server and daemon are two words")
def _():
    tcpd = dir / "elsewhere/tcpd"  # beside inetd, it would be taken for ours
    tcpd.parent.mkdir()
    os.symlink("/bin/sh", tcpd)
    body = dir / "in.ftpd"
    body.write_text("echo $0 $1")
    with Inetd(f"127.0.0.1:7001 stream tcp nowait root {tcpd}  tcpd {body} -l\n"
               f"127.0.0.1:7002 stream tcp nowait root /bin/cat {body} /proc/self/cmdline\n"):
        equal(tcp(7001), f"{body} -l\n")
        equal(tcp(7002), f"{body}\0/proc/self/cmdline\0")


@test("more than 20 arguments arrive, whatever other inetds do")
def _():
    words = [f"a{i}" for i in range(500)]
    with Inetd(f"127.0.0.1:7001 stream tcp nowait root {args} x {' '.join(words)}"):
        equal(tcp(7001), repr(words))


@test("udp, wait: one server for all datagrams, then inetd listens again")
def _():
    with Inetd(f"7001 dgram udp wait root {shout}") as inetd:
        for i in range(3):
            equal(udp(7001, f"four{i}"), f"FOUR{i}")
            equal(udp(7001, f"six{i}", "::1"), f"SIX{i}")
        until(lambda: not inetd.children(), "the end of the servers, which have the port")


@test("udp, nowait: one server for each datagram, and no more")
def _():
    with Inetd(f"127.0.0.1:7001 dgram udp4 nowait root {shout}") as inetd:
        for i in range(5):
            equal(udp(7001, f"four{i}"), f"FOUR{i}")
        inetd.wait_log("ended with status 0", 5)
        equal(inetd.log().count("started"), 5)


@test("tcp, wait: the server gets a listening socket that blocks, and inetd waits for its end")
def _():
    with Inetd(f"127.0.0.1:7001 stream tcp wait root {accepter}") as inetd:
        equal([tcp(7001) for _ in range(4)], ["0", "1", "0", "1"])
        equal(inetd.log().count("started"), 2)


@test("unix stream, nowait and wait; unix dgram")
def _():
    with Inetd(f"{dir}/a stream unix nowait root {args} x y\n"
               f"{dir}/b stream unix wait root {accepter}\n"
               f"{dir}/c dgram unix wait root {shout}\n"):
        equal(unix(dir / "a"), "['y']")
        equal([unix(dir / "b") for _ in range(2)], ["0", "1"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            s.bind(str(dir / "client"))
            s.sendto(b"hey", str(dir / "c"))
            equal(s.recv(10), b"HEY")
        equal(oct(os.lstat(dir / "a").st_mode), "0o140600")


@test("buffer sizes reach the listening socket and its clients")
def _():
    size = script("size", """import socket
s = socket.socket(fileno=0)
print(s.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))""")
    with Inetd(f"127.0.0.1:7001 stream tcp,sndbuf=20k,rcvbuf=30000 nowait root {size}"):
        equal(tcp(7001), f"{2 * 20480} {2 * 30000}\n")


@test("a client's connection blocks, as servers expect")
def _():
    flags = script("flags", "import fcntl, os; print(fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK)")
    with Inetd(f"127.0.0.1:7001 stream tcp nowait root {flags}\n"
               f"127.0.0.1:7002 dgram udp wait root {shout}\n"):
        equal(tcp(7001), "0\n")


main()
