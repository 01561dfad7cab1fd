#!/usr/bin/env python3
# timeout: 240
# tier: deep
"""docs/samples/tcpwrap-compile*, under systemd, which is process 1 of namespaces of its own: with
its own root, /etc, /run and part of the control groups. The image of a table is current again after each
edit, after a burst of them, and after one that comes while the service runs."""
import ctypes
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import image_lab as images  # noqa: E402
from image_lab import equal, lab, ok  # noqa: E402

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs/samples"
GROUP = "tcpwrap-units-"
SERVICES = SERVICE, AGAIN = "tcpwrap-compile.service", "tcpwrap-compile-again.service"
WATCHES = ("tcpwrap-compile@etc-hosts.allow.path", "tcpwrap-compile@etc-hosts.deny.path")
FILES = ("tcpwrap-compile@.path", SERVICE, AGAIN)
SYSTEMD = pathlib.Path("/lib/systemd/systemd")
NEW_PID, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_NET = 0x20000000, 0x02000000, 0x04000000, 0x08000000, 0x40000000
NEW_NS = 0x00020000
BIND, REC, READ_ONLY, REMOUNT, DETACH = 0x1000, 0x4000, 1, 32, 2
DEATH_SIGNAL = 1
SECONDS = 20
BURST, STARTS = 50, 8  # systemd's own limit is 5 starts in 10 s
RULES = 2000
libc = lab.libc


def mount(source, target, kind, flags=0, data=""):
    target.mkdir(parents=True, exist_ok=True)
    if libc.mount(str(source).encode(), str(target).encode(), kind.encode(), flags, data.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount on {target}")


# ---- a systemd of our own ----

def own_group():
    """A control group to be the root of what systemd sees; None: there is no such tree here."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if line.partition(" - ")[2].startswith("cgroup2 "):
            group = pathlib.Path(line.split()[4]) / f"{GROUP}{os.getpid()}"
            for other in group.parent.glob(f"{GROUP}*"):  # of a test that was killed
                if not os.path.exists(f"/proc/{other.name[len(GROUP):]}"):
                    remove_group(other)
            try:
                group.mkdir()
                return group
            except OSError:
                return None
    return None


def remove_group(group):
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True


def make_root(root):
    """What systemd and the service need, and nothing that could reach the host: the kernel's settings can
    only be read."""
    mount("none", root, "tmpfs", 0, "mode=755")
    mount("/usr", root / "usr", "", BIND | REC)
    mount("none", root / "usr", "", BIND | REMOUNT | READ_ONLY)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    mount("none", root / "usr/local", "tmpfs", 0, "mode=755")
    (root / "usr/local/bin").mkdir()
    shutil.copy(images.TCPWRAP, root / "usr/local/bin/tcpwrap")
    for name in ("etc/systemd/system", "var/lib", "var/tmp", "tmp", "root", "home", "generators"):
        (root / name).mkdir(parents=True)
    for name in ("passwd", "group", "ld.so.cache"):
        shutil.copy(f"/etc/{name}", root / "etc")
    (root / "var/run").symlink_to("../run")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    for name in FILES:
        shutil.copy(SAMPLES / name, root / "etc/systemd/system")
    # So little of the host's own comes up with it: none of its units is known there.
    for name in ("sysinit", "basic", "multi-user", "shutdown", "umount"):
        (root / f"etc/systemd/system/{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    mount("none", root / "dev", "tmpfs", 0, "mode=755")
    (root / "dev/console").touch()
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (root / "dev" / name).touch()
        lab.bind_mount(f"/dev/{name}", root / "dev" / name)
    for name in ("shm", "mqueue", "hugepages"):
        (root / "dev" / name).mkdir()
    mount("devpts", root / "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    mount("none", root / "run", "tmpfs", 0, "mode=755")


def become_systemd(root, console):
    """In a child that is process 1."""
    libc.unshare(NEW_NS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_NET)
    lab.bind_mount(console, root / "dev/console")
    mount("proc", root / "proc", "proc")
    mount(root / "proc/sys", root / "proc/sys", "", BIND)
    mount("none", root / "proc/sys", "", BIND | REMOUNT | READ_ONLY)
    mount("sysfs", root / "sys", "sysfs", READ_ONLY)
    mount("none", root / "sys/fs/cgroup", "cgroup2")
    os.chdir(root)  # and not chroot: units have roots of their own
    if libc.pivot_root(b".", b".") != 0 or libc.umount2(b".", DETACH) != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    os.chdir("/")
    environment = {"container": "tcpwrap", "PATH": "/usr/bin:/usr/sbin", "SYSTEMD_UNIT_PATH": "/etc/systemd/system",
                   "SYSTEMD_GENERATOR_PATH": "/generators", "SYSTEMD_LOG_COLOR": "no"}
    os.execve(SYSTEMD, ["systemd", "--system", "--unit=multi-user.target", "--log-target=console", "--show-status=no"],
              environment)


class Systemd:
    def __init__(self, group):
        self.group, self.root = group, lab.dir / "root"
        make_root(self.root)
        main, side = pty.openpty()
        console, self.text = os.ttyname(side), lab.dir / "console"
        self.listener = subprocess.Popen(["cat"], stdin=main, stdout=self.text.open("wb"), stderr=subprocess.DEVNULL)
        os.close(main)  # one that nobody reads would stop it
        if libc.unshare(NEW_PID) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.pid = os.fork()
        if self.pid == 0:
            try:
                libc.prctl(DEATH_SIGNAL, signal.SIGKILL)
                (group / "cgroup.procs").write_text("0")
                os.setsid()
                for fd in range(3):
                    os.dup2(side, fd)
                become_systemd(self.root, console)
            except BaseException as reason:  # whatever: nothing of the test goes on in this process
                print("cannot start systemd:", reason, flush=True)
            os._exit(1)
        os.close(side)
        self.root = pathlib.Path(f"/proc/{self.pid}/root")

    def said(self):
        return self.text.read_text(errors="replace")[-3000:]

    def has_ended(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def run(self, *command):
        """In there, as its root."""
        return subprocess.run(["/usr/sbin/chroot", self.root, *map(str, command)], capture_output=True, text=True,
                              timeout=SECONDS, env={"PATH": "/usr/local/bin:/usr/bin:/usr/sbin"})

    def show(self, units, *properties):
        """Of each unit."""
        out = self.run("systemctl", "show", "--property", ",".join(properties), *units).stdout
        found = [dict(line.split("=", 1) for line in part.splitlines()) for part in out.split("\n\n")]
        return [tuple(unit.get(name) for name in properties) for unit in found]

    def end(self):
        os.kill(self.pid, signal.SIGKILL)  # and with it all that is in there
        os.waitpid(self.pid, 0)
        self.listener.wait()
        until_gone = time.monotonic() + SECONDS
        while not remove_group(self.group) and time.monotonic() < until_gone:
            time.sleep(0.05)


# ---- what is seen ----

class Table:
    """/etc/hosts.deny in there."""

    def __init__(self, systemd, name="hosts.deny"):
        self.systemd, self.inside = systemd, pathlib.Path("/etc") / name
        self.path, self.edits = systemd.root / "etc" / name, 0

    def edit(self, rules=RULES):
        self.edits += 1
        self.path.write_text("".join(f"ALL: 10.{self.edits % 256}.{i >> 8}.{i & 255}\n" for i in range(rules)))

    def verdict(self):
        return re.sub(r".*\"verdict\": ?\"([^\"]*)\".*", r"\1",
                      self.systemd.run("tcpwrap", "verify", "--json", self.inside).stdout, flags=re.S)

    def is_current(self):
        """Within the time that there is."""
        end = time.monotonic() + SECONDS
        while (verdict := self.verdict()) != "proved" and time.monotonic() < end:
            time.sleep(0.05)
        return verdict == "proved"


def at_rest(systemd):
    """States and results, when both services have ended; one of them begins when the other ends."""
    def is_done():
        return all(state == "inactive" and job in (None, "", "0") for state, job in systemd.show(SERVICES, "ActiveState", "Job"))

    lab.until(is_done, "the services end", SECONDS)
    return systemd.show((*WATCHES, *SERVICES), "ActiveState", "SubState", "Result")


RESTED = [("active", "waiting", "success")] * 2 + [("inactive", "dead", "success")] * 2


def check_sections():
    how = [(SAMPLES / name).read_text().partition("[Service]\n")[2].partition("\n[Install]")[0] for name in (SERVICE, AGAIN)]
    equal(how[1], how[0], "both services are run in the same way")


def check_start(systemd, table):
    table.edit()
    done = systemd.run("systemctl", "enable", "--now", *WATCHES, SERVICE)
    ok(done.returncode == 0, "the units are enabled as README says", done, systemd.said())
    ok(table.is_current(), "when they start, the image is made", systemd.said())
    equal(at_rest(systemd), RESTED, "and the files are watched", systemd.said())
    image = systemd.root / "var/lib/tcpwrap"
    equal((image.stat().st_mode & 0o7777, image.stat().st_uid), (0o755, 0), "in a folder for everybody to read")


def check_edits(systemd, table):
    table.edit()
    ok(table.is_current(), "an edit: the image is current again", systemd.said())
    at_rest(systemd)
    other = table.path.with_name("other")
    other.write_text("ALL: 192.0.2.7\n" * RULES)
    other.rename(table.path)
    ok(table.is_current(), "another file in its place: the same", systemd.said())
    at_rest(systemd)
    allow = Table(systemd, "hosts.allow")
    allow.edit()
    ok(allow.is_current(), "a table that did not exist: the same", systemd.said())
    allow.path.unlink()
    at_rest(systemd)


def check_burst(systemd, table):
    for _ in range(BURST):
        table.edit()
        time.sleep(0.01)
    ok(table.is_current(), f"{BURST} edits in a burst: the image is that of the last", systemd.said())
    equal(at_rest(systemd), RESTED, "and no limit has ended the watch", systemd.said())
    for _ in range(STARTS):
        runs = systemd.show([SERVICE], "InvocationID")
        table.edit()
        lab.until(lambda: systemd.show([SERVICE], "InvocationID") != runs, "it is started", SECONDS)
        at_rest(systemd)
    ok(table.is_current(), f"{STARTS} edits, each of which starts the service: the same", systemd.said())
    equal(at_rest(systemd), RESTED, "and no limit has ended the watch", systemd.said())


def check_meanwhile(systemd, table):
    """While it works; and when its work is done and systemd does not know yet: for that the service is made to
    stay for a moment."""
    folder = systemd.root / "var/lib/tcpwrap"
    image, seen, tries = folder / images.image_of(table.inside).name, 0, 0
    while 0 <= seen < 2 and tries < 10:
        tries, before = tries + 1, image.stat().st_ino
        table.edit(200_000)
        end = time.monotonic() + SECONDS
        while not (is_seen := list(folder.glob("*.new"))) and image.stat().st_ino == before and time.monotonic() < end:
            time.sleep(0.001)
        table.edit()
        seen = seen + bool(is_seen) if table.is_current() else -1
        at_rest(systemd)
    ok(seen > 0, "an edit while the image is written: it is current after all", seen, systemd.said())
    more = systemd.root / f"etc/systemd/system/{SERVICE}.d"
    more.mkdir()
    (more / "stay.conf").write_text("[Service]\nExecStartPost=/bin/sleep 0.5\n")
    done = systemd.run("systemctl", "daemon-reload")
    table.edit()
    lab.until(lambda: systemd.show([SERVICE], "SubState") == [("start-post",)], "it stays", SECONDS)
    table.edit()
    is_during = systemd.show([SERVICE], "SubState") == [("start-post",)]
    ok(table.is_current() and is_during and done.returncode == 0, "an edit between its work and its end: the same", is_during,
       done, systemd.said())
    equal(at_rest(systemd), RESTED, "and the files are watched", systemd.said())
    shutil.rmtree(more)
    systemd.run("systemctl", "daemon-reload")


def check_failure(systemd, table):
    """One table cannot be compiled: the other one's edits count all the same, those that come then, too."""
    allow = Table(systemd, "hosts.allow")
    allow.path.mkdir()
    table.edit()
    ok(table.is_current(), "beside a table that cannot be read: an edit is seen", systemd.said())
    lab.until(lambda: systemd.show(SERVICES, "ActiveState") == [("failed",)] * 2,
              "both services fail", SECONDS)
    table.edit()
    ok(table.is_current(), "and the next one", systemd.said())
    allow.path.rmdir()
    table.edit()
    ok(table.is_current(), "and when it can be read again", systemd.said())
    equal(at_rest(systemd), RESTED, "all is well", systemd.said())


def main():
    if not lab.REAL_ROOT:
        lab.skip_all("systemd as process 1 takes root")
    if not SYSTEMD.exists() or not shutil.which("systemctl"):
        lab.skip_all("there is no systemd")
    group = own_group()
    if group is None:
        lab.skip_all("no control group (version 2) can be made here")
    check_sections()
    systemd = Systemd(group)
    try:
        lab.until(lambda: systemd.has_ended() or systemd.run("systemctl", "is-system-running").stdout.strip() == "running",
                  f"systemd runs: {systemd.said()}", SECONDS)
        if systemd.has_ended():
            lab.skip_all(f"systemd does not run here: {' '.join(systemd.said().split())[-200:]}")
        table = Table(systemd)
        check_start(systemd, table)
        check_edits(systemd, table)
        check_burst(systemd, table)
        check_meanwhile(systemd, table)
        check_failure(systemd, table)
    finally:
        systemd.end()
    images.finish()


main()
