"""A Debian host in namespaces, on which Debian's daemons run unmodified: inetd_lab, and on top of
it a /etc, /dev, /run, /var/lib, /var/log and process ids of its own, a log, and our libwrap or Debian's.

Imported by the tests 03NN-*.py, which name what they need in a line `# packages: NAME...` among
their first ten. Nothing is installed: packages are unpacked in the cache of tools/fetch-daemons,
and what an installation would do is done to the private /etc and /usr/sbin only."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
CLONE_NEWPID = 0x20000000
PR_SET_PDEATHSIG = 1
HEAD_LINES = 10


def skip_script(reason):
    """Before there are tests to be skipped one by one."""
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def fetch_packages():
    """Where they are unpacked. To be called while the host's network can be reached."""
    head = pathlib.Path(sys.argv[0]).read_text().splitlines()[:HEAD_LINES]
    names = [name for line in head if line.startswith("# packages: ") for name in line.split()[2:]]
    fetched = subprocess.run([ROOT / "tools/fetch-daemons", *names], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    if fetched.returncode != 0:
        skip_script((fetched.stderr.strip().splitlines() or ["no download"])[-1])
    return pathlib.Path(fetched.stdout.strip())


def enter_pid_namespace():
    """Return as a process of a new namespace; its first process reaps orphans, and ends it with us.
    So no daemon outlives a test, whatever becomes of the test."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWPID) != 0:
        skip_script(f"no namespaces here: {os.strerror(ctypes.get_errno())}")
    sys.stdout.flush()
    for _ in ("the first process", "the test"):
        child = os.fork()
        if child == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            continue
        pid = status = None
        while pid != child:
            pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 1)


if os.geteuid() != 0:
    skip_script("needs root")
packages = fetch_packages()
enter_pid_namespace()

import inetd_lab  # noqa: E402
from inetd_lab import *  # noqa: E402,F401,F403
from inetd_lab import BUILD, WAIT_SECONDS, bind_mount, dir, equal, libc  # noqa: E402
from inetd_lab import read_all, until  # noqa: E402

MS_NOSUID, MS_NOEXEC, MS_NODEV = 2, 8, 4
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
SERVICES = pathlib.Path("/usr/sbin")
OURS, DEBIANS = dir / "ours", next(packages.glob("usr/lib/*-linux-gnu"))
MARKER = b"caught up"
LINE = re.compile(r"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (.*)", re.S)
DATABASES = ("passwd", "group", "shadow", "hosts", "services", "protocols")
GUEST, GUEST_UID = "guest", 1999
PASSWD = ["sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin",
          "ftp:x:65532:65534::/run/ftp:/usr/sbin/nologin",
          "_rpc:x:65531:65534::/run/rpcbind:/usr/sbin/nologin",
          f"{GUEST}:x:{GUEST_UID}:100::/run/{GUEST}:/bin/sh"]
SHADOW = ["sshd:*:19000::::::", "ftp:*:19000::::::", f"{GUEST}::19000::::::"]  # no password
SERVER, ALLOWED, DENIED = "127.0.0.1", "127.0.0.2", "127.0.0.6"
DEBIANS_SLEEP = 5  # seconds that a refusal by refuse() or tcpd takes there
DAEMON_INFO, DAEMON_WARNING = "<30>", "<28>"


# ---- the host ----

def mount(source, target, kind, flags=0, options=None):
    words = [os.fsencode(str(word)) for word in (source, target, kind)]
    if libc.mount(*words, flags, options and options.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount on {target}")


def copy_tree(source, target):
    """Files and links; all else is not needed."""
    for folder, folders, files in os.walk(source):
        place = target / os.path.relpath(folder, source)
        place.mkdir(exist_ok=True)
        for name in files + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            path = pathlib.Path(folder, name)
            (place / name).unlink(missing_ok=True)
            if path.is_symlink():
                (place / name).symlink_to(os.readlink(path))
            elif stat.S_ISREG(path.lstat().st_mode):
                shutil.copy2(path, place / name)


def private_etc():
    """A copy of the host's, with what the packages have; names come from files only."""
    etc = dir / "etc"
    copy_tree("/etc", etc)
    copy_tree(packages / "etc", etc)
    bind_mount(etc, "/etc")
    for name in ("hosts.allow", "hosts.deny", "nologin", "ld.so.preload", "profile"):
        (etc / name).unlink(missing_ok=True)
    kinds = ("auth", "account", "session")
    for kind in kinds:
        (etc / f"pam.d/common-{kind}").write_text(f"{kind} required pam_unix.so nullok\n")
    (etc / "pam.d/login").write_text("".join(f"@include common-{kind}\n" for kind in kinds))
    (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (etc / "nsswitch.conf").write_text("".join(f"{kind}: files\n" for kind in DATABASES))
    for file, own in (("passwd", PASSWD), ("shadow", SHADOW)):
        names = [line.split(":")[0] for line in own]
        host = [line for line in (etc / file).read_text().splitlines()
                if line.split(":")[0] not in names]
        (etc / file).write_text("\n".join(host + own) + "\n")


def private_dev():
    """With terminals, and a log of our own in it; its socket."""
    dev = pathlib.Path("/run/dev")
    dev.mkdir()
    mount("tmpfs", dev, "tmpfs", options="mode=755")
    for name in filter(lambda n: os.path.exists(f"/dev/{n}"), DEVICES):
        (dev / name).touch()
        bind_mount(f"/dev/{name}", dev / name)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (dev / name).symlink_to(f"/proc/self/fd{target}")
    (dev / "pts").mkdir()
    mount("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC,
          "newinstance,ptmxmode=0666,mode=620,gid=5")
    (dev / "ptmx").symlink_to("pts/ptmx")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(dev / "log"))
    (dev / "log").chmod(0o666)
    mount(dev, "/dev", "", 0x5000)  # MS_BIND | MS_REC
    return log


def install(*names, **others):
    """Put programs of the packages, some by other names, and tcpd of ours, into /usr/sbin."""
    programs = dict(zip(names, names)) | others
    links = {name: packages / "usr/sbin" / program for name, program in programs.items()}
    fill(SERVICES, links | {"tcpd": OURS / "tcpd"})


def fill(folder, links):
    """Lay over a folder one that has links besides. What was there is mounted below /run, which is
    ours and never emptied: not in the scratch directory, whose files are removed at the end."""
    before, after = (pathlib.Path(f"/run/{folder.name}.{when}") for when in ("before", "after"))
    before.mkdir()
    after.mkdir()
    bind_mount(folder, before)
    for name in os.listdir(before):
        (after / name).symlink_to(before / name)
    for name, target in links.items():
        (after / name).unlink(missing_ok=True)
        (after / name).symlink_to(target)
    bind_mount(after, folder)


def use(library):
    """From now on programs are loaded with the libwrap.so.0 in this folder: OURS or DEBIANS."""
    conf = pathlib.Path("/etc/ld.so.conf")
    folders = [library, DEBIANS]
    conf.write_text("".join(f"{f}\n" for f in folders) + "include /etc/ld.so.conf.d/*.conf\n")
    subprocess.run(["/sbin/ldconfig", "-X"], check=True, stderr=subprocess.DEVNULL)


def both(scenario):
    """What a function gives with our library and with Debian's."""
    results = []
    for library in (OURS, DEBIANS):
        use(library)
        results.append(scenario())
    return results


def prepare():
    """-> the log"""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV)
    OURS.mkdir()
    for built in ("libwrap/libwrap.so.0", "cmd/tcpd/tcpd", "cmd/tcpd/tcpd-full", "cmd/inetd/inetd"):
        if (BUILD / "src" / built).exists():  # tcpd is in one piece where it cannot be linked static
            shutil.copy(BUILD / "src" / built, OURS)
    for folder in ("/run", "/var/log", "/var/lib", "/var/cache/ldconfig"):
        if os.path.isdir(folder):
            mount("tmpfs", folder, "tmpfs", options="mode=755")
    private_etc()
    log = private_dev()
    for home, owner in ((f"/run/{GUEST}", GUEST_UID), ("/run/ftp", 0), ("/run/sshd", 0),
                        ("/run/rpcbind", 0), ("/run/vsftpd", 0), ("/run/vsftpd/empty", 0)):
        os.mkdir(home, 0o755)
        os.chown(home, owner, owner and 100)
    os.environ["HOME"] = "/run"  # clients look there for what they do not need
    use(OURS)
    return Log(log)


def tables(allow, deny="ALL: ALL\n"):
    pathlib.Path("/etc/hosts.allow").write_text(allow)
    pathlib.Path("/etc/hosts.deny").write_text(deny)


# ---- the log ----

class Log:
    """Datagrams of syslog, taken at once, so that no daemon waits."""

    def __init__(self, log):
        self.socket, self.datagrams, self.asked, self.seen = log, [], 0, 0
        self.ourselves = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ourselves.connect(log.getsockname())
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            datagram = self.socket.recv(65536)
            if datagram == MARKER:
                self.seen += 1
            else:
                self.datagrams.append(datagram.decode(errors="backslashreplace"))

    def catch_up(self):
        """Return when all is taken that was sent before."""
        self.asked += 1
        self.ourselves.send(MARKER)
        until(lambda: self.seen >= self.asked, "the log takes what is sent")

    def lines(self, text="", since=0):
        """As they came, but for the date: `<28>telnetd[7]: refused ...`."""
        self.catch_up()
        found = []
        for datagram in self.datagrams[since:]:
            match = LINE.fullmatch(datagram)
            line = f"<{match[1]}>{match[2]}" if match else datagram
            if text in line:
                found.append(line)
        return found

    def wait(self, text, since=0, times=1):
        """The lines with a text, when there are so many."""
        return until(lambda: len(found := self.lines(text, since)) >= times and found,
                     f"{text!r} in the log {self.datagrams[since:]}")

    def mark(self):
        self.catch_up()
        return len(self.datagrams)

    def settle(self):
        """Wait until nobody has said anything for a while."""
        seen = -1
        while seen != (seen := self.mark()):
            time.sleep(0.2)


def nameless(line):
    """Without the process id."""
    return re.sub(r"\[\d+\]", "[PID]", line)


# ---- processes ----

def is_bound(port):
    return any(inetd_lab.inode(port, table) for table in ("tcp", "tcp6", "udp", "udp6"))


class Daemon:
    """A daemon in the foreground, from the time it listens."""

    count = 0

    def __init__(self, *command, port):
        Daemon.count += 1
        self.output = dir / f"daemon{Daemon.count}"
        until(lambda: not is_bound(port), f"port {port} is free")
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd="/", env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}, start_new_session=True)
        self.pid = self.process.pid
        until(lambda: self.listens(port), f"{command[0]} listens on {port}")

    def listens(self, port):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.process.args} ended: {self.output.read_text()[-1500:]}"
                                 f"{log.datagrams[-5:]}")
        return is_bound(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(WAIT_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()


def processes():
    """Of the namespace, but its first and us: {pid: command}, with " (dead)" if nobody waited."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid, (name, state) = int(folder.name), stat.partition("(")[2].rsplit(")", 1)
        if pid not in (1, os.getpid()):
            found[pid] = name + " (dead)" * (state.split()[0] == "Z")
    return found


def wrappers(pid):
    """The files called libwrap that a process has mapped."""
    lines = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if "libwrap" in line}


def run(*command, **options):
    """A program of the packages or of the host: exit status, stdout, stderr."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, **options)
    return done.returncode, done.stdout, done.stderr


def make_key(path):
    equal(run(packages / "usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)[0], 0)


# ---- clients ----

def connect(port, client=ALLOWED, server=SERVER):
    return socket.create_connection((server, port), WAIT_SECONDS, source_address=(client, 0))


def bytes_for(client, port):
    """All that a client gets until the server closes. Not a reset: that is an error."""
    with connect(port, client) as s:
        return read_all(s)


def bytes_after(send, client, port, daemon):
    """The same for a client that has spoken before the daemon looks."""
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        s = connect(port, client)
        s.sendall(send)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    with s:
        return read_all(s)


def burst(count, client, *ports, reply=b""):
    """So many refusals at once at each port, each with the same reply, and faster than one of
    Debian's library. Not counted together with those of a moment ago, nor with what follows."""
    bursts = pathlib.Path("/run/tcpwrap/bursts")
    bursts.unlink(missing_ok=True)
    began = time.monotonic()
    sockets = [connect(port, client) for _ in range(count) for port in ports]
    for s in sockets:
        with s:
            equal(read_all(s), reply)
    bursts.unlink(missing_ok=True)
    equal(time.monotonic() - began < DEBIANS_SLEEP, True)


log = prepare()
