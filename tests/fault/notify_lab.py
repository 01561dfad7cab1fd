"""Watches system calls of a process and its children (seccomp's user notification), and answers some
of them in the kernel's place: with an error, or with a success that is none. Imported by the tests
here. Single-threaded: whoever waits for anything else waits for it in Watch.wait, too."""
import collections
import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct

SECCOMP_SET_MODE_FILTER, FLAG_NEW_LISTENER = 1, 8
NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101
NOTIF_BYTES, RESPONSE_BYTES = 80, 24
CONTINUE = 1
PR_SET_PDEATHSIG = 1
RET_NOTIF, RET_ALLOW = 0x7FC00000, 0x7FFF0000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ARGUMENT_0 = 16  # in struct seccomp_data; the lower half on these machines

# name: x86_64, aarch64; None where there is none
NUMBERS = {
    "seccomp": (317, 277), "clone": (56, 220), "setpgid": (109, 154), "openat": (257, 56),
    "dup2": (33, None), "dup3": (292, 24), "close_range": (436, 436), "prlimit64": (302, 261),
    "setpriority": (141, 140), "getpriority": (140, 141), "umask": (95, 166),
    "newfstatat": (262, 79), "chroot": (161, 51), "chdir": (80, 49), "setgroups": (116, 159),
    "setresgid": (119, 149), "setresuid": (117, 147), "getresuid": (118, 148),
    "getresgid": (120, 150), "getgroups": (115, 158), "capset": (126, 91), "capget": (125, 90),
    "accept4": (288, 242), "clone3": (435, 435), "fork": (57, None), "vfork": (58, None),
    "mmap": (9, 222), "brk": (12, 214), "mkdir": (83, None), "flock": (73, 32), "fchown": (93, 55),
    "fchmod": (91, 52), "pwrite64": (18, 68), "pread64": (17, 67), "fsync": (74, 82), "renameat": (264, 38),
    "unlinkat": (263, 35), "read": (0, 63), "getdents64": (217, 61), "close": (3, 57), "exit_group": (231, 94),
    "prctl": (157, 167), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "execve": (59, 221),
}
MACHINE = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
NUMBER = {} if MACHINE is None else {
    name: both[MACHINE] for name, both in NUMBERS.items() if both[MACHINE] is not None}
NAME = {number: name for name, number in NUMBER.items()}
SIGPIPE = 13

libc = ctypes.CDLL(None, use_errno=True)
Call = collections.namedtuple("Call", "name arguments")


def program(names):
    """A filter that asks us about these calls. Of a program that looks at all its signals only one is
    of interest."""
    asked = [NUMBER[name] for name in names if name in NUMBER and name != "rt_sigaction"]
    code = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, NUMBER["rt_sigaction"]), (LOAD, 0, 0, ARGUMENT_0),
            (EQUAL, 0, len(asked) + 1, SIGPIPE), (RETURN, 0, 0, RET_NOTIF)]
    code += [(EQUAL, len(asked) - i, 0, number) for i, number in enumerate(asked)]
    code += [(RETURN, 0, 0, RET_ALLOW), (RETURN, 0, 0, RET_NOTIF)]
    return b"".join(struct.pack("HBBI", *line) for line in code), len(code)


def install(names):
    """In this process, for good. The descriptor by which it is watched."""
    text, count = program(names)
    code = ctypes.create_string_buffer(text, len(text))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", count, ctypes.addressof(code)))
    fd = libc.syscall(NUMBER["seccomp"], SECCOMP_SET_MODE_FILTER, FLAG_NEW_LISTENER, head)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return fd


def why_not():
    """Why nothing can be watched here; None: it can."""
    if MACHINE is None:
        return f"system call numbers of {platform.machine()} are not known here"
    pid = os.fork()
    if pid == 0:
        try:
            install(["chroot"])
        except OSError as reason:
            os._exit(reason.errno)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None if status == 0 else f"no system calls can be watched here: {os.strerror(status)}"


class Listener:
    """Answers to calls."""

    def __init__(self, fd):
        self.fd, self.buffer = fd, bytearray(NOTIF_BYTES)
        self.decide = lambda pid, call: None

    def answer(self):
        """One call. decide(pid, call) says None: it is carried out; a number: that is the error, 0: a
        success that is none."""
        self.buffer[:] = bytes(NOTIF_BYTES)
        try:
            fcntl.ioctl(self.fd, NOTIF_RECV, self.buffer)
        except OSError as reason:
            if reason.errno in (errno.ENOENT, errno.EINTR):  # whoever asked is gone
                return
            raise
        id, pid, _, number, _, _, *arguments = struct.unpack("=QIIiIQ6Q", self.buffer)
        code = self.decide(pid, Call(NAME[number], arguments))
        response = struct.pack("=QqiI", id, 0, -(code or 0), CONTINUE if code is None else 0)
        try:
            fcntl.ioctl(self.fd, NOTIF_SEND, response)
        except OSError as reason:
            if reason.errno != errno.ENOENT:
                raise


class Watch(Listener):
    """A running program, watched. Its standard error is a pipe."""

    def __init__(self, command, names, environment):
        ours, theirs = socket.socketpair()
        error, error_theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.become(command, names, environment, theirs, error_theirs)
        theirs.close()
        os.close(error_theirs)
        self.error_fd, self.text = error, ""
        os.set_blocking(error, False)
        super().__init__(socket.recv_fds(ours, 1, 1)[1][0])
        ours.close()
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.poll.register(error, select.POLLIN)

    @staticmethod
    def become(command, names, environment, link, error):
        try:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            null = os.open("/dev/null", os.O_RDWR)
            for fd, to in ((null, 0), (null, 1), (error, 2)):
                os.dup2(fd, to)
            socket.send_fds(link, [b"x"], [install(names)])
            os.execve(command[0], command, environment)
        finally:
            os._exit(126)

    def wait(self, fds, seconds):
        """Until one of these can be read, or there is something new in text. Those that can."""
        for fd in fds:
            self.poll.register(fd, select.POLLIN)
        try:
            return self.wait_registered(seconds)
        finally:
            for fd in fds:
                self.poll.unregister(fd)

    def wait_registered(self, seconds):
        while True:
            ready = dict(self.poll.poll(max(seconds, 0) * 1000))
            if not ready:
                raise TimeoutError(f"nothing happened any more:\n{self.text}")
            if ready.pop(self.fd, 0) & select.POLLIN:
                self.answer()
            found = ready.pop(self.error_fd, 0)
            if found & select.POLLIN:
                self.text += os.read(self.error_fd, 65536).decode(errors="replace")
            if found or ready:
                return set(ready)

    def end(self, number):
        """With a signal; its status."""
        os.kill(self.pid, number)
        os.close(self.fd)  # from now on such calls fail
        os.close(self.error_fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
