#!/usr/bin/env python3
# timeout: 300
# seconds: 7
"""What a server of inetd gets: kinds of services x what their lines ask for x system calls that fail, or
say that they did what they did not do. Each call that a child of inetd makes on its way is one to fail;
of most kinds only every third, with all options; all with --all, as 0512-inetd-privileges-long.py has it.
The server says itself what it got: exactly what its line asks for; or it was not started, its client
got nothing, and the log names the step."""
import ctypes
import errno
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import inetd_lab as lab  # noqa: E402
import notify_lab  # noqa: E402

LIE = 0
MANY = 100  # services of one inetd
THOROUGH = {"tcp", "unix listen_fds", "tcp judged"}  # kinds of which nothing is left out
# A "wait" service that failed is tried again after a second, after a quarter if there was no process.
HELD_SECONDS, SHORT_SECONDS = 0.5, 0.12
GIVEN_FILES = 77  # inetd's soft limit on descriptors
INETD_GROUPS = [1, 2, 3]
CAPABILITY_VERSION_3, CAP_SETUID, CAP_SYS_RESOURCE = 0x20080522, 7, 24
ENVIRONMENT = {"KEPT": "a b", "PATH": "/inetd", "LD_PRELOAD_X": "1", "REMOTE_ADDR": "192.0.2.9"}
TRIED_AGAIN = "cannot make a process for a client"
OVER = re.compile(r"server \[\d+\] (ended|was ended)")

# call -> the steps that make it, and the ways in which it fails
CALLS = {
    "clone": (("judge the client in a process of its own",), (errno.EAGAIN,)),
    "setpgid": (("leave the group",), (errno.EPERM,)),
    "openat": (("hold the socket",), (errno.EMFILE, errno.ENOENT)),
    "dup2": (("pass the socket",), (errno.EBUSY,)),
    "dup3": (("pass the socket",), (errno.EBUSY,)),
    "close_range": (("have its own descriptors", "hold the socket", "pass the socket"),
                    (errno.ENOMEM, errno.ENOSYS)),
    "prlimit64": (("raise a limit", "set a limit"), (errno.EPERM, LIE)),
    "setpriority": (("set the priority",), (errno.EACCES, LIE)),
    "getpriority": (("set the priority",), (errno.ESRCH, LIE)),
    "newfstatat": (("change the root folder",), (errno.ENOENT, LIE)),
    "chroot": (("change the root folder",), (errno.EPERM, LIE)),
    "chdir": (("change the root folder",), (errno.EACCES, LIE)),
    "setgroups": (("become the user", "be sure of the user"), (errno.EPERM, errno.ENOMEM, LIE)),
    "setresgid": (("become the user", "be sure of the user"), (errno.EPERM, LIE)),
    "setresuid": (("become the user", "be sure of the user"), (errno.EPERM, errno.EAGAIN, LIE)),
    "getresuid": (("be sure of the user",), (errno.EFAULT, LIE)),
    "getresgid": (("be sure of the user",), (errno.EFAULT, LIE)),
    "getgroups": (("be sure of the user",), (errno.EINVAL, LIE)),
    "capset": (("drop capabilities",), (errno.EPERM, LIE)),
    "capget": (("drop capabilities",), (errno.EINVAL, LIE)),
    "prctl": (("renounce new privileges",), (errno.EINVAL, LIE)),
    "rt_sigaction": (("reset signals",), (errno.EINVAL,)),
    "rt_sigprocmask": (("reset signals",), (errno.EINVAL,)),
    "execve": (("execute",), (errno.ENOENT, errno.EACCES, errno.ENOMEM)),
}
# For the first there are other ways; the others may find done what they do not do.
HARMLESS = {("close_range", errno.ENOSYS), ("prlimit64", LIE), ("setpriority", LIE), ("chroot", LIE),
            ("chdir", LIE), ("setgroups", LIE), ("setresgid", LIE), ("setresuid", LIE), ("capset", LIE),
            ("prctl", LIE)}

PASSWD = "root:x:0:0::/:/bin/sh\nlab:x:7001:7001::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
HOSTS = "127.0.0.1 localhost\n"
ALLOW, DENY = "judged: localhost\n", "judged: ALL\n"
GROUP = ("root:x:0:\nlab:x:7001:\nmore:x:7070:lab\nmost:x:7071:lab\nother:x:7072:\nnogroup:x:65534:\n"
         "wheel:x:7073:root\n")


# ---- what lines ask for ----

class Option:
    """Attributes of a line, and how they change what a server says."""

    def __init__(self, name, user, uid, gid, groups, **more):
        self.name, self.uid, self.gid, self.groups = name, uid, gid, groups
        self.lines = [f"user = {user}"] + more.pop("lines", [])
        self.umask, self.nice = more.pop("umask", 0o22), more.pop("nice", 0)
        self.limits, self.env = more.pop("limits", {}), more.pop("env", ["KEPT=a b"])
        self.jailed, self.renounced = more.pop("jailed", False), more.pop("renounced", False)
        assert not more, more

    def expected(self, kind, service, client):
        """Lines of the probe, sorted."""
        limits = GIVEN_LIMITS | self.limits
        power = int(self.uid == 0)
        root = JAIL if self.jailed else pathlib.Path("/")
        lines = ["uid" + f" {self.uid}" * 3, "gid" + f" {self.gid}" * 3,
                 "groups " + " ".join(map(str, self.groups)), f"permitted {power}", f"effective {power}",
                 f"inheritable {power}", f"no_new_privs {int(self.renounced)}", f"umask {self.umask:04o}",
                 "folder /", f"root {root.stat().st_ino}", f"descriptors {kind.descriptors}",
                 "blocking 1", f"nice {self.nice}", "group 1", "signals 0",
                 "argument probe"]
        lines += [f"limit {number} {soft} {hard}" for number, (soft, hard) in limits.items()]
        lines += [f"env {variable}" for variable in self.env + kind.told(service, client)]
        return sorted(lines + (["pid 1"] if kind.is_listener else []))


LAB = [7001, 7070, 7071]
FEW = {resource.RLIMIT_NOFILE: (16, 20), resource.RLIMIT_CPU: (10, 20), resource.RLIMIT_CORE: (0, 0)}
LOCKED = 64 << 10  # inetd's own limit on locked memory, soft and hard
RAISED_LINES = ["rlimit_memlock = 64K:128K"]
FEW_LINES = ["rlimit_files = 16:20", "rlimit_cpu = 10:20", "rlimit_core = 0"]


def options(jail):
    root = {"user": "root", "uid": 0, "gid": 0, "groups": [0]}
    nobody = {"user": "nobody", "uid": 65534, "gid": 65534, "groups": [65534]}
    lab_user = {"user": "lab", "uid": 7001, "gid": 7001}
    jailed = {"jailed": True, "lines": [f"chroot = {jail}"]}
    raised = [Option("raised limit", **nobody, lines=RAISED_LINES,
                     limits={resource.RLIMIT_MEMLOCK: (LOCKED, 2 * LOCKED)})]
    return raised * CAN_RAISE + [
        Option("root", **root),
        Option("root, groups", **dict(root, groups=[0, 7073]), lines=["groups = yes"]),
        Option("user", **nobody),
        Option("user, groups", **lab_user, groups=LAB, lines=["groups = yes"]),
        Option("user, no groups", **lab_user, groups=[7001], lines=["groups = no"]),
        Option("group", "lab", 7001, 7072, [7070, 7071, 7072], lines=["group = other", "groups = yes"]),
        Option("numbers", "7001", 7001, 7072, [7070, 7071, 7072], lines=["group = 7072", "groups = yes"]),
        Option("nobody's numbers", "70000", 70000, 70001, [70001], lines=["group = 70001", "groups = yes"]),
        Option("nice", **nobody, nice=5, lines=["nice = 5"]),
        Option("root, umask", **root, umask=0, lines=["umask = 0"]),
        Option("umask", **nobody, umask=0o77, lines=["umask = 077"]),
        Option("limits", **nobody, limits=FEW, lines=FEW_LINES),
        Option("chroot", **nobody, **jailed),
        Option("root, chroot", **root, **jailed),
        Option("no_new_privs", **nobody, renounced=True, lines=["no_new_privs = yes"]),
        Option("env", **nobody, env=["KEPT=x", "NEW=a=b"], lines=["env = NEW=a=b KEPT=x"]),
        Option("passenv", **nobody, env=["PATH=/inetd", "NEW="],
               lines=["passenv = PATH REMOTE_ADDR NONE", "env = NEW="]),
        Option("everything", **lab_user, groups=LAB, nice=3, umask=0o27, limits=FEW, jailed=True,
               renounced=True, env=["PATH=/server"],
               lines=["groups = yes", "nice = 3", "umask = 027", *FEW_LINES, f"chroot = {jail}",
                      "no_new_privs = yes", "env = PATH=/server", "passenv ="]),
    ]


# ---- kinds of services ----

class Kind:
    """How a service listens, and how to be its client."""
    descriptors = "0socket 1socket 2socket"

    def __init__(self, name, type, protocol, waits=False, is_listener=False, is_judged=False):
        self.name, self.type, self.protocol, self.waits = name, type, protocol, waits
        self.is_judged = is_judged  # by a rule that needs the client's name: in a child
        self.is_unix, self.is_datagram = protocol == "unix", type == "dgram"
        self.is_listener = is_listener
        if is_listener:
            self.descriptors = "0null 1null 2null 3socket"

    def text(self, service):
        option = service.option
        where = ["socket_mode = 0666"] if self.is_unix else \
            ["type = UNLISTED", "bind = 127.0.0.1", f"port = {service.port}"]
        server = ["server = /probe" if option.jailed else f"server = {PROBE}"]
        if self.name == "tcpd":
            server = [f"server = {TCPD}", "flags = NAMEINARGS", f"server_args = {PROBE}"]
        lines = [f"socket_type = {self.type}", f"protocol = {self.protocol}", *where,
                 f"wait = {'yes' if self.waits else 'no'}", *server, *option.lines]
        lines += ["listen_fds = yes"] * self.is_listener + ["libwrap = judged"] * self.is_judged
        body = "".join(f"\t{line}\n" for line in lines)
        return f"service {service.name}\n{{\n{body}}}\n"

    def told(self, service, client):
        if self.is_unix:
            lines = ["PROTO=UNIX"]
        elif self.is_datagram:
            lines = ["LOCAL_ADDR=127.0.0.1", f"LOCAL_PORT={service.port}", "PROTO=UDP"]
        else:
            ends = [("LOCAL", "127.0.0.1", service.port)]
            if not self.waits:
                ends.append(("REMOTE", *client.getsockname()))
            lines = ["PROTO=TCP"]
            if self.is_judged:
                lines += ["REMOTE_HOST=localhost", "TCPREMOTEHOST=localhost"]
            for end, address, port in ends:
                lines += [f"{end}_ADDR={address}", f"{end}_PORT={port}",
                          f"TCP{end}IP={address}", f"TCP{end}PORT={port}"]
        return lines + [f"INETD_SERVICE={service.name}"] + (["LISTEN_FDS=1"] if self.is_listener else [])

    def connect(self, service):
        family = socket.AF_UNIX if self.is_unix else socket.AF_INET
        type = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM,
                "seqpacket": socket.SOCK_SEQPACKET}[self.type]
        client = socket.socket(family, type)
        client.connect(service.name if self.is_unix else ("127.0.0.1", service.port))
        client.setblocking(False)
        if self.is_datagram:
            client.send(b"?")
        return client


KINDS = [
    Kind("tcp", "stream", "tcp4"),
    Kind("tcp46", "stream", "tcp46"),
    Kind("unix", "stream", "unix"),
    Kind("seqpacket", "seqpacket", "unix"),
    Kind("tcpd", "stream", "tcp4"),
    Kind("tcp wait", "stream", "tcp4", waits=True),
    Kind("unix wait", "stream", "unix", waits=True),
    Kind("udp wait", "dgram", "udp4", waits=True),
    Kind("udp listen_fds", "dgram", "udp4", waits=True, is_listener=True),
    Kind("unix listen_fds", "stream", "unix", waits=True, is_listener=True),
    Kind("tcp judged", "stream", "tcp4", is_judged=True),
]
# Options of one that is judged: it makes many calls, most of them not ours.
JUDGED = {"root", "group", "limits", "chroot", "no_new_privs", "everything"}
# A judge fails by these, or does without.
JUDGES_CALLS = {"openat", "newfstatat", "rt_sigaction", "rt_sigprocmask", "prlimit64", "prctl"}


class Service:
    """No two have one place: a server may outlive its inetd for a moment."""

    count = 0

    def __init__(self, kind, option):
        Service.count += 1
        self.kind, self.option, self.port = kind, option, 1024 + Service.count
        self.name = f"{lab.dir}/s{Service.count}" if kind.is_unix else f"s{Service.count}"


# ---- a running inetd ----

class Fault:
    """The nth call of a child's (0: inetd's own, that makes the child), and what becomes of it."""

    def __init__(self, nth, call, code):
        self.nth, self.call, self.code = nth, call, code

    def __str__(self):
        return f"{self.call} (call {self.nth}) {'lies' if self.code == LIE else errno.errorcode[self.code]}"


class Bench:
    """An inetd with some services of one kind. Use as a context manager."""

    def __init__(self, kind, services):
        self.kind = kind
        conf = lab.dir / "conf"
        conf.write_text("".join(kind.text(service) for service in services))
        self.watch = notify_lab.Watch([str(lab.binary), "-d", "-R", "0", str(conf)], CALLS, ENVIRONMENT)
        self.trace, self.running, self.owners, self.fault = [], set(), {}, None
        while "sockets:" not in self.watch.text:
            self.watch.wait([], lab.WAIT_SECONDS)
        if "error" in self.watch.text:
            raise AssertionError(self.watch.text)
        self.watch.decide = self.decide

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watch.end(signal.SIGTERM)

    def decide(self, pid, call):
        """What the watch asks. A program that runs has its calls; so has inetd, but for one."""
        if pid in self.running or self.is_inetd(pid) and (call.name != "clone" or self.trace):
            return None
        number = len(self.trace)
        self.trace.append(call.name)
        if self.fault is not None and number == self.fault.nth:
            self.happened = call.name
            return self.fault.code
        if call.name == "execve":
            self.running.add(pid)
        return None

    def is_inetd(self, pid):
        """Or a thread of it, which may read tables."""
        if pid not in self.owners:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            self.owners[pid] = int(re.search(r"^Tgid:\t(\d+)", status, re.M).group(1))
        return self.owners[pid] == self.watch.pid

    def serve(self, service, fault=None):
        """One client. What it got, its socket, what was logged."""
        self.trace, self.running, self.owners = [], set(), {}
        self.fault, self.happened = fault, None
        mark, got = len(self.watch.text), b""
        client = self.kind.connect(service)
        is_open, until = True, time.monotonic() + lab.WAIT_SECONDS
        while not self.is_over(mark) or (got == b"" and is_open and not self.has_failed(mark)):
            ready = self.watch.wait([client.fileno()] if is_open else [], until - time.monotonic())
            if client.fileno() in ready:
                piece = client.recv(65536)
                got += piece
                is_open = piece != b"" and not self.kind.is_datagram
        return got.decode(), client, self.watch.text[mark:]

    def has_failed(self, mark):
        return ": cannot " in self.watch.text[mark:]

    def is_over(self, mark):
        text = self.watch.text[mark:]
        return OVER.search(text) is not None or TRIED_AGAIN in text


# ---- combinations ----

def check(service, got, client, log, fault=None, happened=None):
    """Nothing else may have come of it. A text says what is wrong."""
    want = service.option.expected(service.kind, service, client)
    client.close()
    if got:
        lines = sorted(got.splitlines())
        if lines != want:
            return f"{sorted(set(lines) - set(want))}, not {sorted(set(want) - set(lines))}"
        is_harmless = fault is None or (fault.call, fault.code) in HARMLESS or (
            service.kind.is_judged and fault.call in JUDGES_CALLS)
        return None if is_harmless else "it was served"
    if fault is None:
        return f"nothing came: {log}"
    if fault.nth == 0:
        return None if TRIED_AGAIN in log else f"not said: {log}"
    if happened != fault.call:
        return f"{happened} was the call"
    is_said = any(re.search(f": cannot {step}( /\\S+)?: ", log) for step in CALLS[fault.call][0])
    return None if is_said or service.kind.is_judged else f"not said: {log}"


def faults(trace):
    return [Fault(nth, call, code) for nth, call in enumerate(trace) for code in CALLS[call][1]]


def applicable(kind, all_options):
    """tcpd is linked with libraries, which a chroot would have to have; and its umask is its own."""
    if kind.name == "tcpd":
        return [option for option in all_options if not option.jailed and option.umask == 0o22]
    return [option for option in all_options if not kind.is_judged or option.name in JUDGED]


def run_jobs(kind, jobs):
    """(option, fault) after the other, each with a service of its own, as inetd rests one whose servers
    fail. One that waits is tried again after a while, which could be in the middle of another job: so
    an inetd with such has a short life. What is done is taken off jobs; [(option, fault, what is
    wrong or None, calls)]."""
    services = [Service(kind, option) for option, _ in jobs[:MANY]]
    results = []
    with Bench(kind, services) as bench:
        held = SHORT_SECONDS if jobs[0][1] and jobs[0][1].nth == 0 else HELD_SECONDS
        end = None
        for service in services:
            option, fault = jobs[0]
            wrong = check(service, *bench.serve(service, fault), fault, bench.happened)
            now = time.monotonic()
            if end and now > end + held / 2:
                break  # the first one may have been tried again: nobody knows what came of this one
            results.append((option, fault, wrong, bench.trace))
            jobs.pop(0)
            end = end or now + (held if kind.waits else 3600)
            if now > end:
                break
    return results


def run_kind(kind, all_options):
    """{option: [(fault, what is wrong or None)]}"""
    jobs = [(option, None) for option in applicable(kind, all_options)]
    results = {option.name: [] for option, _ in jobs}
    last = []  # no process
    step = 1 if "--all" in sys.argv or kind.name in THOROUGH else 3
    while jobs or last:
        for option, fault, wrong, trace in run_jobs(kind, jobs or last):
            results[option.name].append((fault, wrong))
            if fault is None:
                begin = list(results).index(option.name) % step
                found = [(option, more) for more in faults(trace)[begin::step]]
                jobs += [job for job in found if job[1].nth > 0]
                last += [job for job in found if job[1].nth == 0]
    return results


def build_probe():
    done = subprocess.run(["cc", "-static", "-O1", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", PROBE,
                           HERE / "privileges/probe.c"], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    shutil.copy(PROBE, JAIL / "probe")


def change_capabilities():
    """inetd has one that its children inherit, whoever they are. Can it raise a limit?"""
    head = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION_3, 0), 8)
    sets = ctypes.create_string_buffer(24)
    if notify_lab.libc.syscall(notify_lab.NUMBER["capget"], head, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    words = list(struct.unpack("6I", sets.raw))
    words[2] |= 1 << CAP_SETUID
    sets = ctypes.create_string_buffer(struct.pack("6I", *words), 24)
    if notify_lab.libc.syscall(notify_lab.NUMBER["capset"], head, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    return bool(words[0] & 1 << CAP_SYS_RESOURCE)


def check_unraised():
    """Without that right a limit over inetd's own turns the service off when the line is read."""
    conf = lab.dir / "conf"
    text = KINDS[0].text(Service(KINDS[0], options(JAIL)[0]))
    conf.write_text(text.replace("}", "".join(f"\t{line}\n" for line in RAISED_LINES) + "}"))
    done = subprocess.run([lab.binary, "-c", conf], capture_output=True, text=True)
    if CAN_RAISE:
        return "raised limit" in {option.name for option in options(JAIL)}
    return done.returncode == 1 and "a limit over inetd's own, which it may not raise" in done.stdout


def prepare():
    """The world that inetd is started in: its limits, and whether it can raise them."""
    for name, text in (("passwd", PASSWD), ("group", GROUP), ("hosts", HOSTS), ("hosts.allow", ALLOW),
                       ("hosts.deny", DENY)):
        (lab.dir / name).write_text(text)
        pathlib.Path(f"/etc/{name}").touch()
        lab.bind_mount(lab.dir / name, f"/etc/{name}")
    JAIL.mkdir(mode=0o755)
    build_probe()
    shutil.copy(lab.BUILD / "src/cmd/tcpd/tcpd", TCPD)
    os.setgroups(INETD_GROUPS)
    os.umask(0)
    can_raise = change_capabilities()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (GIVEN_FILES, hard))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (LOCKED, LOCKED))
    return {number: resource.getrlimit(number) for number in range(16)}, can_raise


JAIL, PROBE, TCPD = lab.dir / "jail", lab.dir / "probe", lab.dir / "tcpd"


def main():
    global GIVEN_LIMITS, CAN_RAISE
    if not lab.REAL_ROOT:
        lab.skip_all("needs root")
    reason = notify_lab.why_not() or (None if shutil.which("cc") else "no C compiler for the probe")
    if reason:
        lab.skip_all(reason)
    GIVEN_LIMITS, CAN_RAISE = prepare()
    failed, count, number = not check_unraised(), 0, 1
    print(f"{'not ' * failed}ok 1 - a limit over inetd's own is {'tried below' if CAN_RAISE else 'an error'}")
    for kind in KINDS:
        for name, tried in run_kind(kind, options(JAIL)).items():
            wrong = [f"{fault or 'no fault'}: {what}" for fault, what in tried if what]
            number, count, failed = number + 1, count + len(tried), failed + bool(wrong)
            for text in wrong:
                print("#", text.replace("\n", "\n# "))
            print(f"{'not ok' if wrong else 'ok'} {number} - {kind.name}, {name}: as it says in {len(tried)} "
                  f"combinations", flush=True)
    print(f"{'ok' if count >= 1000 else 'not ok'} {number + 1} - {count} combinations\n1..{number + 1}")
    sys.exit(failed > 0 or count < 1000)


main()
