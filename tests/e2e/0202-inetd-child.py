#!/usr/bin/env python3
"""What a server is started with: descriptors, identity, signals, limits, environment; and that
nothing is started if its identity cannot be had."""
import ctypes
import fcntl
import os
import pathlib
import platform
import re
import resource
import signal
import struct
import sys
import termios

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

OWN = (pathlib.Path(__file__).resolve().parents[2] / "src/cmd/inetd/environment.def").read_text()
STATUS = "/bin/cat cat /proc/self/status"
CAP_SETGID, CAP_SETUID = 6, 7
# setgroups, setresgid, setresuid
CALLS = {"x86_64": (116, 119, 117), "aarch64": (159, 149, 147)}.get(platform.machine())


def status(port=7001):
    return dict(line.split(":\t", 1) for line in tcp(port).splitlines() if ":\t" in line)


def own_name(variable):
    return re.search(rf"^VARIABLE\(\"{variable.split('=')[0]}\"", OWN, re.M)


def inherited(text):
    return sorted(v for v in text.split("\0") if v and not own_name(v))


def listen(what, port=7001, user="root", wait="nowait"):
    return f"127.0.0.1:{port} stream tcp {wait} {user} {what}\n"


def prctl(*arguments):
    if libc.prctl(*[ctypes.c_ulong(a) for a in arguments]) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def without(capability):
    return lambda: prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def lying(call):
    """A kernel in which a system call does nothing, and says that all went well."""
    def install():
        program = b"".join(struct.pack("HBBI", *code) for code in (
            (0x20, 0, 0, 0),            # load the number of the call
            (0x15, 0, 1, call),         # the one?
            (0x06, 0, 0, 0x00050000),   # SECCOMP_RET_ERRNO with 0: success
            (0x06, 0, 0, 0x7fff0000)))  # SECCOMP_RET_ALLOW
        code = ctypes.create_string_buffer(program)
        head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(code)))
        prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        prctl(22, 2, ctypes.addressof(head), 0, 0)  # PR_SET_SECCOMP, filter
    return install


@test("descriptors are 0, 1, 2, the same socket, and no other, whatever inetd inherited")
def _():
    leak, other = os.pipe()
    os.set_inheritable(leak, True)
    with Inetd(listen("/bin/ls ls -l /proc/self/fd") + listen("/bin/cat", 7002),
               pass_fds=(leak, other)):
        lines = [line.split()[-3:] for line in tcp(7001).splitlines() if "->" in line]
        equal([line[0] for line in lines], ["0", "1", "2", "3"])  # 3 is ls's own
        equal(len({line[2] for line in lines[:3]}), 1)
        equal(lines[0][2].startswith("socket:"), True)
        equal(lines[3][2].startswith("/proc/"), True)
    os.close(leak)
    os.close(other)


@test("no signal is blocked, ignored or caught, whatever inetd inherited")
def _():
    def spoil():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGALRM})
    with Inetd(listen(STATUS), preexec_fn=spoil):
        seen = status()
        equal([int(seen[key], 16) for key in ("SigBlk", "SigIgn", "SigCgt")], [0, 0, 0])


@test("its own process group, the root folder, umask 022")
def _():
    show = script("show", "import os; print(os.getpid() == os.getpgrp(), os.getcwd())")
    with Inetd(listen(show) + listen(STATUS, 7002), preexec_fn=lambda: os.umask(0)):
        equal(tcp(7001), "True /\n")
        equal(status(7002)["Umask"], "0022")


@test("where inetd has a terminal a server has a session of its own, and does not get through to it")
def _():
    show = script("show", """import os
try:
    os.open("/dev/tty", os.O_RDWR)
except OSError as error:
    print(os.getpid() == os.getsid(0), os.strerror(error.errno))""")
    for end in os.openpty():
        terminal = end

    def take_terminal():
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    with Inetd(listen(show), preexec_fn=take_terminal):
        equal(tcp(7001), "True No such device or address\n")


@test("the limit on descriptors is what inetd was started with, though its own is raised")
def _():
    with Inetd(listen("/bin/cat cat /proc/self/limits"),
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (77, 500))) as inetd:
        line = [x for x in tcp(7001).splitlines() if x.startswith("Max open files")][0]
        equal(line.split()[3:5], ["77", "500"])
        equal(resource.prlimit(inetd.pid, resource.RLIMIT_NOFILE), (500, 500))


@test("the environment: nothing of a login, a loader, an interpreter; all with -E but the supervisor's")
def _():
    env = {"TZ": "UTC", "PATH": "/bin", "LD_X": "1", "BASH_ENV": "/x", "SUDO_USER": "x",
           "KEPT": "a b"}
    supervisor = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "9", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"}
    own = supervisor | {"REMOTE_ADDR": "192.0.2.1", "TCPREMOTEHOST": "x", "LISTEN_PID": "1"}
    conf = listen("/bin/cat cat /proc/self/environ")
    with Inetd(conf, env=env | own):
        equal(inherited(tcp(7001)), ["KEPT=a b", "TZ=UTC"])
    with Inetd(conf, "-E", env=env | own):
        equal(inherited(tcp(7001)), sorted(f"{k}={v}" for k, v in env.items() if k != "NOTIFY_SOCKET"))


@test("the environment: both ends of the connection, and no more than is known")
def _():
    def told(port):
        return dict(v.split("=", 1) for v in tcp(port).split("\0") if v and own_name(v))

    server = "/bin/cat cat /proc/self/environ"
    with Inetd(listen(server) + f"7002 stream tcp46 nowait root {server}\n" +
               f"{dir}/socket stream unix nowait root {server}\n", env={}):
        got = told(7001)
        port = got["REMOTE_PORT"]
        equal(got, {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": port, "LOCAL_ADDR": "127.0.0.1",
                    "LOCAL_PORT": "7001", "TCPREMOTEIP": "127.0.0.1", "TCPREMOTEPORT": port,
                    "TCPLOCALIP": "127.0.0.1", "TCPLOCALPORT": "7001", "PROTO": "TCP",
                    "INETD_SERVICE": "7001"})
        equal(int(port) > 1023, True)
        got = told(7002)
        equal([got["REMOTE_ADDR"], got["TCPLOCALIP"]], ["127.0.0.1"] * 2)  # mapped, and not shown so
        equal(unix(dir / "socket"), f"PROTO=UNIX\0INETD_SERVICE={dir}/socket\0")


@test("user, user:group, user.group: all ids, all groups, no capability", need_root=True)
def _():
    group = dir / "group"
    group.write_text("root:x:0:\nlab:x:7070:nobody\nextra:x:7071:nobody\nother:x:7072:root\n"
                     "nogroup:x:65534:\ndaemon:x:1:\n")
    bind_mount(group, "/etc/group")
    with Inetd(listen(STATUS, 7001, "nobody") + listen(STATUS, 7002, "nobody:other") +
               listen(STATUS, 7003, "nobody.other") + listen(STATUS, 7004, "root"),
               preexec_fn=lambda: os.setgroups([1, 2, 3])):
        for port, gid, groups in ((7001, 65534, "7070 7071 65534"), (7002, 7072, "7070 7071 7072"),
                                  (7003, 7072, "7070 7071 7072"), (7004, 0, "0 7072")):
            seen = status(port)
            uid = 0 if port == 7004 else NOBODY
            equal((seen["Uid"].split(), seen["Gid"].split()), ([str(uid)] * 4, [str(gid)] * 4))
            equal(seen["Groups"].split(), groups.split())
            if uid != 0:
                equal([int(seen[key], 16) for key in ("CapPrm", "CapEff", "CapAmb")], [0, 0, 0])


@test("an unknown user or group turns its service off, and no other")
def _():
    with Inetd(listen(STATUS, 7001, "no-such") + listen(STATUS, 7002, "root:no-such") +
               listen(STATUS, 7003)) as inetd:
        equal((refused(7001), refused(7002), status(7003)["Name"]), (True, True, "cat"))
        for place in (":1:34: error: unknown user 'no-such'", ":2:39: error: unknown group 'no-such'"):
            equal(f"{inetd.conf}{place} (create it; the service stays off)" in inetd.log(), True)


@test("nothing is started if the kernel refuses the identity", need_root=True)
def _():
    mark = dir / "started"
    server = "/usr/bin/touch"  # and no script: Python may be where nobody cannot go
    line = listen(f"{server} touch {mark}", user="nobody")
    dir.chmod(0o777)
    for capability in (CAP_SETGID, CAP_SETUID):
        with Inetd(line, preexec_fn=without(capability)) as inetd:
            equal(tcp(7001), "")
            inetd.wait_log(f"{server}: cannot become the user: Operation not permitted")
            inetd.wait_log("ended with status 127")
            equal(mark.exists(), False)
    with Inetd(line):  # the mark is one that can be made
        equal(tcp(7001), "")
        equal(mark.exists(), True)
    mark.unlink()
    dir.chmod(0o755)


@test("nothing is started if the kernel claims the identity was set, and it was not", need_root=True)
def _():
    if CALLS is None:
        raise Skip(f"system call numbers of {platform.machine()} are not known here")
    for call in CALLS:
        def spoil():
            os.setgroups([1, 2, 3])
            lying(call)()
        with Inetd(listen(STATUS, user="nobody"), preexec_fn=spoil) as inetd:
            equal(tcp(7001), "")
            inetd.wait_log("cannot be sure of the user")


def block(name, port, *attributes):
    lines = ("type = UNLISTED", "socket_type = stream", "protocol = tcp4", f"port = {port}", "wait = no",
             "bind = 127.0.0.1", "user = root", *attributes)
    return f"service {name}\n{{\n" + "".join(f"\t{line}\n" for line in lines) + "}\n"


@test("banners: one for each client, one for those who are served, one for those who are not")
def _():
    for name, text in (("all", "hello\n"), ("in", "come in\n"), ("out", "go away\n"), ("long", "x" * 4097)):
        (dir / name).write_text(text)
    banners = [f"banner = {dir}/all", f"banner_success = {dir}/in", f"banner_fail = {dir}/out"]
    server = ["server = /bin/echo", "server_args = served"]
    nobody = "no_access = 127.0.0.1"
    with Inetd(block("a", 7001, *banners, *server) + block("b", 7002, *banners, *server, nobody) +
               block("daytime", 7003, *banners).replace("UNLISTED", "UNLISTED INTERNAL") +
               block("daytime", 7004, *banners, nobody, "id = x").replace("UNLISTED", "UNLISTED INTERNAL") +
               block("e", 7005, f"banner = {dir}/long", f"banner_success = {dir}/none", *server)) as inetd:
        equal(tcp(7001), "hello\ncome in\nserved\n")
        equal(tcp(7002), "hello\ngo away\n")
        equal(re.match("hello\ncome in\n.*20..\r\n$", tcp(7003)) is not None, True)
        equal(tcp(7004), "hello\ngo away\n")
        equal(tcp(7005), "served\n")
        for text in (f"warning: banner is longer than 4096 bytes '{dir}/long'",
                     f"warning: banner cannot be read, or is no regular file '{dir}/none'"):
            equal(text in inetd.log(), True)


@test("a server that is missing, or no program: the client is let go, the log says why")
def _():
    junk = dir / "junk"
    junk.write_bytes(b"\0junk")
    junk.chmod(0o755)
    with Inetd(listen("/none") + listen(junk, 7002) + listen(dir, 7003)) as inetd:
        equal([tcp(7001), tcp(7002), tcp(7003)], ["", "", ""])
        inetd.wait_log("/none: cannot execute: No such file or directory")
        inetd.wait_log(f"{junk}: cannot execute: Exec format error")
        inetd.wait_log(f"{dir}: cannot execute: Permission denied")
        inetd.wait_log("ended with status 127", 3)


@test("a root folder that others can write to by now is none", need_root=True)
def _():
    jail = dir / "jail"
    jail.mkdir(mode=0o755)
    conf = block("a", 7001, "server = /cat", f"chroot = {jail}")
    with Inetd(conf) as inetd:
        equal(tcp(7001), "")
        inetd.wait_log("/cat: cannot execute: No such file or directory")
        jail.chmod(0o775)
        equal(tcp(7001), "")
        inetd.wait_log("/cat: cannot change the root folder: Operation not permitted")
    with Inetd(conf, ready="0 sockets") as inetd:
        equal(f"others than root can write to the chroot folder '{jail}'" in inetd.log(), True)


@test("an unprivileged inetd runs services of its own user, and of no other", need_root=True)
def _():
    conf = listen(STATUS, 7001, "nobody") + listen(STATUS, 7002, "root") + \
        listen(STATUS, 7003, "nobody:daemon") + listen(STATUS, 7004, "nobody:nogroup")
    with Inetd(conf, preexec_fn=as_nobody) as inetd:
        equal((status(7001)["Uid"].split()[0], status(7004)["Gid"].split()[0]), (str(NOBODY),) * 2)
        equal((refused(7002), refused(7003)), (True, True))
        equal(inetd.log().count("only root can run a service as another user or group"), 2)


main()
