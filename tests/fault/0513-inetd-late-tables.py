#!/usr/bin/env python3
# timeout: 60
"""A file system that does not answer while inetd reads a table: who needs it is refused, and not left waiting;
everybody else is served, and the loop goes on. The kernel itself holds each open(2) of a file up, as long as we
do not answer for it: fanotify(7), FAN_OPEN_PERM."""
import json
import pathlib
import signal
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from access_lab import *  # noqa: E402

LATE_SECONDS, SOON = 5, 2
FAN_CLASS_CONTENT, FAN_CLOEXEC, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD = 4, 1, 1, 0x10000, -100
LISTED, OTHER, NAMED, OPEN, DGRAM, PRIVATE = range(7301, 7307)

inetctl = dir / "inetctl"
shutil.copy(BUILD / "src/cmd/inetctl/inetctl", inetctl)
Inetd.has_control = True
listed = place / "listed"


def block(port, *words):
    words = [f"port = {port}", "bind = 127.0.0.1", *words]
    return f"service {port}\n{{\n type = UNLISTED\n" + "".join(f" {word}\n" for word in words) + "}\n"


def stream(port, name, *words, user="root"):
    return block(port, "socket_type = stream", "protocol = tcp", "wait = no", f"user = {user}",
                 f"server = /usr/sbin/{name}", f"server_args = {dir}/served", *words)


CONF = (stream(LISTED, "listed") + stream(OTHER, "other") + stream(NAMED, "named")
        + stream(OPEN, "listed", "flags = NOLIBWRAP") + stream(PRIVATE, "other", user="nobody")
        + block(DGRAM, "socket_type = dgram", "protocol = udp", "wait = yes", "user = root", "server = /bin/sleep",
                "server_args = 60"))


class Hung:
    """Nobody gets a file open."""

    def __init__(self, path):
        self.fd = libc.fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, os.O_RDONLY)
        if self.fd < 0 or libc.fanotify_mark(self.fd, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN_PERM), AT_FDCWD,
                                             str(path).encode()) < 0:
            raise Skip(f"no fanotify: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)  # the kernel lets all of them go on


def change(path, text):
    path.write_text(text)
    path.chmod(0o644)
    os.utime(path, (1, 1))


def begin(port):
    return socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)


def soon(port, want, client="127.0.0.1"):
    start = time.monotonic()
    equal((port, knock(port, client)), (port, want))
    took = time.monotonic() - start
    if took > SOON:
        raise AssertionError(f"{port}: after {took:.1f} s")


def status(running, *words):
    return subprocess.run([inetctl, *words, "--socket", running.control], capture_output=True, text=True,
                          timeout=WAIT_SECONDS, check=True).stdout


def unread(running):
    return json.loads(status(running, "status", "--json"))["inetd"]["unread"]


def scene():
    for name in ("listed", "other", "named"):
        service(name)
    tables("other: ALL\nnamed: localhost\nlisted: /etc/listed\n", "ALL: ALL\n")
    change(listed, "127.0.0.1\n")


@test("who needs a list that is not answered for is refused after five seconds, then at once; others are served",
      need_root=True)
def _():
    scene()
    with Inetd(CONF, "--records", "all", preexec_fn=in_place()) as running:
        for port in (LISTED, OTHER, NAMED, PRIVATE):
            soon(port, SERVED)
        equal(unread(running), None)
        change(listed, "127.0.0.1 127.0.0.5\n")
        with Hung(listed):
            start = time.monotonic()
            with begin(LISTED) as first, begin(LISTED) as second:
                first.settimeout(WAIT_SECONDS)
                soon(OTHER, SERVED)
                equal(first.recv(1), b"")
                took = time.monotonic() - start
                equal(second.recv(1), b"")
            equal(LATE_SECONDS - 0.1 < took < LATE_SECONDS + SOON, True)
            soon(LISTED, b"")
            for port in (OTHER, NAMED, OPEN, PRIVATE):
                soon(port, SERVED)
            equal(running.log().count("/etc/listed cannot be read: no answer for 5 s"), 1)
            equal(running.log().count("verdict=refused reason=\"tables cannot be read\""), 3)
            equal(unread(running), "/etc/listed")
            equal("/etc/listed cannot be read, for " in status(running, "status"), True)
            running.reload(CONF + stream(7310, "other"))
            soon(7310, SERVED)
        running.wait_log("tables were read at last, after ")
        soon(LISTED, SERVED)
        soon(LISTED, SERVED, "127.0.0.5")
        equal((unread(running), running.log().count("cannot be read")), (None, 1 + 3))


@test("no table that is not answered for lets anybody in; datagrams are not left in the queue; an end is an end",
      need_root=True)
def _():
    scene()
    with Inetd(CONF, preexec_fn=in_place()) as running:
        soon(OTHER, SERVED)
        tables("other: ALL\n#\n", "ALL: ALL\n")
        with Hung(place / "hosts.allow"):
            with begin(OTHER) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                client.settimeout(WAIT_SECONDS)
                asker.sendto(b"x", ("127.0.0.1", DGRAM))
                equal(client.recv(1), b"")
                until(lambda: f"sleep[{running.pid}]: refused connect from 127.0.0.1" in running.log(), "its refusal")
            for port in (OTHER, LISTED, NAMED, PRIVATE):
                soon(port, b"")
            soon(OPEN, SERVED)
            start = time.monotonic()
            running.process.terminate()
            running.process.wait(WAIT_SECONDS)
            equal((running.process.returncode, time.monotonic() - start < SOON), (0, True))
            equal(running.control.exists(), False)


main()
