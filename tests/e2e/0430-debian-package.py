#!/usr/bin/env python3
# tier: deep
# packages: mmdebstrap
# timeout: 1500
"""debian/ in a Debian 12 of its own: packages are built twice to the same bytes, lintian has nothing to say, and
installing, being stopped by the tables, removing and purging do to the host what they say."""
import filecmp
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
CACHE = pathlib.Path(os.environ.get("TCPWRAP_DAEMONS") or ROOT / ".cache/daemons")
# What builds, looks and is looked at. The downloads are for going back without a network.
INCLUDED = ("build-essential,debhelper,libcmocka-dev,meson,musl-dev,pkgconf,lintian,"
            "openssh-server,vsftpd,openbsd-inetd,tcpd")
DOWNLOADED = "libwrap0 tcpd openbsd-inetd"


def skip_script(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def bootstrap():
    """A tar file of that Debian, made once."""
    made = CACHE / f"debian-{hashlib.sha256((INCLUDED + DOWNLOADED).encode()).hexdigest()[:12]}.tar"
    if made.exists():
        return made
    fetched = subprocess.run([ROOT / "tools/fetch-daemons", "mmdebstrap"], text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    if fetched.returncode != 0:
        skip_script((fetched.stderr.strip().splitlines() or ["no download"])[-1])
    root = pathlib.Path(fetched.stdout.strip())
    part = made.with_suffix(f".{os.getpid()}.tar")
    done = subprocess.run(
        [root / "usr/bin/mmdebstrap", "--variant=apt", f"--include={INCLUDED}",
         f"--customize-hook=chroot $1 sh -c 'mkdir /debs; cd /debs; apt-get download {DOWNLOADED}'",
         "bookworm", part],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        skip_script("no Debian to be had: " + (done.stdout.strip().splitlines() or ["mmdebstrap failed"])[-1])
    part.rename(made)
    return made


if os.geteuid() != 0:
    skip_script("needs root")
archive = bootstrap()

from inetd_lab import *  # noqa: E402,F403
from inetd_lab import dir, equal, libc, main, test  # noqa: E402

HOST = dir / "host"
OURS = ("libwrap0-tcpwrap", "libtcpwrap0", "libtcpwrap-dev", "tcpwrap", "tcpwrap-inetd")
LIBRARY = "/usr/lib/x86_64-linux-gnu/tcpwrap/libwrap.so.0"
KEPT = {"/proc", "/run", "/tmp", "/first", "/second", "/source", "/var/lib/dpkg", "/var/lib/apt", "/var/log", "/var/cache"}
IN_MOVED_FROM, IN_DELETE = 0x40, 0x200  # <sys/inotify.h>
SWITCH = "etc/systemd/system/multi-user.target.wants/tcpwrap-inetd.service"
TRAP = "sshd: 10.1.2.3/8\n"
VISIT = """
import socket, subprocess, sys, time
port, source, program = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
daemon = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(200):
    try:
        client = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        break
    except ConnectionRefusedError:
        time.sleep(0.05)
try:
    print(client.recv(200).decode(errors="replace")[:8].strip() or "nothing")
except ConnectionResetError:
    print("nothing")
daemon.kill()
"""


def there(*words, text=None, want=0, **env):
    """Run a command on that host, in processes of its own; what it said."""
    script = f'mount -t proc proc {HOST}/proc && exec chroot {HOST} "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", *words], input=text or "",
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root",
             "DEBIAN_FRONTEND": "noninteractive", **env})
    if want is not None and (done.returncode == 0) != (want == 0):
        raise AssertionError(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout


def apt(*words, want=0, **env):
    return there("apt-get", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *words, want=want, **env)


def build(folder, *options, **env):
    """Below that folder, on that host, by tools/deb."""
    shutil.copytree(ROOT, HOST / folder / "tree", symlinks=True,
                    ignore=shutil.ignore_patterns(".git", ".cache", "build", "__pycache__"))
    return there(f"/{folder}/tree/tools/deb", f"/{folder}/out", *options, **env)


def debs(*names, folder="first"):
    return [f"/{folder}/out/{path.name}" for name in names or OURS
            for path in (HOST / folder / "out").glob(f"{name}_*.deb")]


def tables(allow="", deny=""):
    (HOST / "etc/hosts.allow").write_text(allow)
    (HOST / "etc/hosts.deny").write_text(deny)


def state():
    """{package: version and how it is}, of those that left something."""
    lines = there("dpkg-query", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n", "-W").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if line.split()[-1] != "un"}


def changed(before):
    """{package: [was, is]}"""
    now = state()
    return {name: [before.get(name), now.get(name)] for name in {*before, *now} if before.get(name) != now.get(name)}


def library(program):
    words = [line.split() for line in there("ldd", program).splitlines() if "libwrap.so.0" in line]
    return words[0][2]


class Watch:
    """While it lasts: how often sshd could not start, and which programs had no file under their name."""

    def __enter__(self):
        self.stop = HOST / "tmp/stop"
        self.stop.unlink(missing_ok=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        libc.inotify_add_watch(self.fd, bytes(HOST / "usr/sbin"), IN_DELETE | IN_MOVED_FROM)
        self.loop = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", HOST, "/bin/sh", "-c",
             "while [ ! -e /tmp/stop ]; do if /usr/sbin/sshd -t; then echo started; else echo failed; fi; done"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.stop.touch()
        said = self.loop.communicate(timeout=60)[0].splitlines()
        self.stop.unlink()
        self.started, self.failed = said.count("started"), said.count("failed")
        self.said = sorted(set(said) - {"started", "failed"})
        self.gone = sorted({name for name in names_of_events(self.fd) if name in ("inetd", "tcpd", "tcpdmatch")})
        os.close(self.fd)

    def saw_no_gap(self, gone=()):
        """Nothing but programs that went for good, or until postrm."""
        print(f"# sshd -t started {self.started} times")
        equal([self.started > 0, self.failed, self.said, self.gone], [True, 0, [], list(gone)])


def names_of_events(fd):
    found = []
    while True:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return found
        while data:
            length = struct.unpack("iIII", data[:16])[3]
            found.append(data[16:16 + length].rstrip(b"\0").decode())
            data = data[16 + length:]


def files():
    """All of that host but what package management and the loader keep for themselves."""
    found = {}
    for at, folders, names in os.walk(HOST):
        place = "/" + os.path.relpath(at, HOST).removeprefix(".")
        folders[:] = [name for name in folders if os.path.join(place, name) not in KEPT]
        for name in names:
            path = os.path.join(at, name)
            found[os.path.join(place, name)] = os.readlink(path) if os.path.islink(path) else os.stat(path).st_size
        found[place] = "folder"
    del found["/etc/ld.so.cache"]
    return found


def visit(port, source, *program):
    return there("python3", "-", str(port), source, *program, text=VISIT).strip()


def sshd(source):
    return visit(22, source, "/usr/sbin/sshd", "-D")


def in_force(want):
    """Which library sshd and vsftpd have, and that nothing is broken."""
    equal([library("/usr/sbin/sshd"), library("/usr/sbin/vsftpd")], [want, want])
    there("apt-get", "check")
    equal(there("dpkg", "--audit"), "")
    equal("openssh-server install ok installed" in there(
        "dpkg-query", "-f", "${Package} ${Status}\n", "-W", "openssh-server"), True)


HOST.mkdir()
subprocess.run(["tar", "-x", "-C", HOST, "-f", archive], check=True)
policy = HOST / "usr/sbin/policy-rc.d"
policy.write_text("#!/bin/sh\nexit 101\n")  # nothing is started by being installed
policy.chmod(0o755)
(HOST / "run/sshd").mkdir(exist_ok=True)
(HOST / "run/vsftpd/empty").mkdir(parents=True, exist_ok=True)
DEBIANS = library("/usr/sbin/sshd")
tables()


@test("the packages are built, unit tests among them")
def _():
    said = build("first")
    equal(" 0 failed" in said and "passed" in said, True)
    equal(len(debs()), len(OURS))


@test("lintian has nothing to say")
def _():
    said = there("lintian", "--allow-root", "-E", "--tag-display-limit", "0", "--fail-on", "error,warning",
                 *[f"/first/out/{path.name}" for path in (HOST / "first/out").glob("*.changes")])
    equal([line for line in said.splitlines() if line[:2] in ("E:", "W:")], [])


@test("elsewhere and later, the same bytes come out")
def _():
    build("second", DEB_BUILD_OPTIONS="nocheck")
    for name in debs():
        second = HOST / "second" / pathlib.Path(name).relative_to("/first")
        equal([name, filecmp.cmp(str(HOST) + name, second, shallow=False)], [name, True])


@test("a source package has the tree, and nothing that was built")
def _():
    build("source", "-us", "-uc", "-S", "-d")
    there("sh", "-c", "cd /source/out && dpkg-source -x *.dsc unpacked")
    equal((HOST / "source/out/unpacked/debian/rules").exists(), True)
    equal([name for name in ("build", ".git", ".cache") if (HOST / "source/out/unpacked" / name).exists()], [])


@test("a line that would be taken differently stops everything, and changes nothing")
def _():
    tables(TRAP)
    before, tree = state(), files()
    for packages in (["libwrap0-tcpwrap"], ["tcpwrap"], ["tcpwrap", "tcpwrap-inetd"], OURS):
        said = apt("install", *debs(*packages), want=1)
        for words in ("/etc/hosts.allow:1:7: warning:", "mended: sshd: 10.0.0.0/8", "TCPWRAP_FORCE=1"):
            equal([packages, words, words in said], [packages, words, True])
        equal([packages, library("/usr/sbin/sshd")], [packages, DEBIANS])
        there("dpkg", "--triggers-only", "--pending")  # a dpkg that is stopped leaves ldconfig's to the next one
        equal([packages, changed(before)], [packages, {}])
        in_force(DEBIANS)
    after = files()
    equal([path for path in {*tree, *after} if tree.get(path) != after.get(path)], [])


@test("packages that cannot be unpacked whole leave everything as it was")
def _():
    tables()
    apt("install", *debs("tcpwrap"))  # without which dpkg does not begin with tcpwrap-inetd
    cut = []
    before, tree = state(), files()
    for name in debs("libwrap0-tcpwrap", "tcpwrap-inetd"):
        cut.append(name.replace(".deb", ".cut"))
        whole = (HOST / name[1:]).read_bytes()
        (HOST / cut[-1][1:]).write_bytes(whole[:len(whole) * 3 // 4])
        with Watch() as watch:
            there("dpkg", "-i", cut[-1], want=1)
        watch.saw_no_gap()
    there("dpkg", "--triggers-only", "--pending")
    equal(changed(before), {})
    after = files()
    equal([path for path in {*tree, *after} if tree.get(path) != after.get(path)], [])
    in_force(DEBIANS)
    apt("purge", "tcpwrap")


@test("tools where there was no tcpd are installed all the same")
def _():
    tables(TRAP)
    before = state()
    apt("purge", "tcpd", "openbsd-inetd")
    apt("install", *debs("tcpwrap"))
    equal("HOST-BITS" in there("tcpwrap", "check", "--differences", want=1), True)
    apt("purge", "tcpwrap")
    apt("install", *[f"/debs/{path.name}" for path in (HOST / "debs").glob("*.deb")])
    equal(changed(before), {})


@test("inetd is not switched on beside a super-server that openbsd-inetd's lines are nothing to")
def _():
    tables()
    before, tree = state(), files()
    other = HOST / "usr/sbin/xinetd"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    said = apt("install", *debs("tcpwrap", "tcpwrap-inetd"))
    equal(["README.Debian" in said, os.path.lexists(HOST / SWITCH)], [True, False])
    apt("purge", "tcpwrap", "tcpwrap-inetd")
    other.unlink()
    equal(changed(before), {})
    after = files()
    equal([path for path in {*tree, *after} if tree.get(path) != after.get(path)], [])


@test("TCPWRAP_FORCE=1 installs, and says so")
def _():
    tables(TRAP)
    said = apt("install", *debs("libwrap0-tcpwrap"), TCPWRAP_FORCE="1")
    equal("installing all the same" in said, True)
    in_force(LIBRARY)
    apt("purge", "libwrap0-tcpwrap")
    in_force(DEBIANS)


before = {}


@test("installed: programs link ours, verdicts are ours, everything that was there still is")
def _():
    tables()
    before.update(files())
    packages = state()
    with Watch() as watch:
        apt("install", *debs())
    watch.saw_no_gap()
    in_force(LIBRARY)
    equal([sorted(changed(packages)), os.path.lexists(HOST / SWITCH)], [sorted(OURS), True])
    tables(deny="#!tcpwrap modern\nALL: 127.0.0.2/31\n")  # Debian's library matches nobody
    equal([sshd("127.0.0.1"), sshd("127.0.0.2"), sshd("127.0.0.3")], ["SSH-2.0-", "nothing", "nothing"])
    (HOST / "etc/vsftpd.test").write_text("listen=YES\nlisten_ipv6=NO\ntcp_wrappers=YES\nbackground=NO\n")
    equal([visit(21, f"127.0.0.{n}", "/usr/sbin/vsftpd", "/etc/vsftpd.test")[:3] for n in (1, 2)], ["220", "421"])
    (HOST / "etc/vsftpd.test").unlink()


@test("installed: tcpd, tools, pages and inetd are ours, and Debian's are put aside")
def _():
    version = there("tcpwrap", "--version")
    equal([there(f"/usr/sbin/{name}", "--version").split()[-1] for name in ("tcpdmatch", "tcpdchk", "inetd")],
          [version.split()[-1]] * 3)
    equal("diversion by tcpwrap to: /usr/sbin/tcpd.distrib" in there("dpkg", "-S", "/usr/sbin/tcpd"), True)
    for path in ("/usr/sbin/tcpd", "/usr/share/man/man5/hosts_access.5.gz"):
        equal([path, (HOST / path[1:]).exists()], [path, True])
    equal([(HOST / f"usr/sbin/{name}.distrib").exists() for name in ("tcpd", "tcpdchk", "safe_finger", "inetd")],
          [True] * 4)
    equal("granted" in there("tcpdmatch", "sshd", "127.0.0.1"), True)
    equal("denied" in there("tcpdmatch", "sshd", "127.0.0.3"), True)
    (HOST / "etc/inetd.test").write_text(
        "13 stream tcp nowait root /usr/sbin/tcpd /bin/echo served\n")
    tables(deny="#!tcpwrap modern\necho: 127.0.0.2\n")
    equal([visit(13, f"127.0.0.{n}", "/usr/sbin/inetd", "-d", "-f", "/etc/inetd.test") for n in (1, 2)],
          ["served", "nothing"])
    (HOST / "etc/inetd.test").unlink()


@test("installed again, as by an upgrade: nothing is missing for a moment, and nothing else changes")
def _():
    tables()
    tree = files()
    with Watch() as watch:
        there("dpkg", "-i", *debs())
    watch.saw_no_gap()
    in_force(LIBRARY)
    after = files()
    equal([path for path in {*tree, *after} if tree.get(path) != after.get(path)], [])


@test("installed: what is built against it runs with either library")
def _():
    (HOST / "tmp/old.c").write_text(
        "#include <tcpd.h>\nint allow_severity, deny_severity;\n"
        "int main(void) { return !hosts_ctl(\"x\", \"\", \"192.0.2.1\", \"\"); }\n")
    there("sh", "-c", "cd /tmp && cc old.c -o old $(pkg-config --cflags --libs libwrap)")
    there("sh", "-c", "cc /usr/share/doc/tcpwrap/examples/greeter.c -o /tmp/new $(pkg-config --cflags --libs libtcpwrap)")
    there("sh", "-c", "mkdir -p /tmp/d/debian && cd /tmp/d && cp /first/tree/debian/control debian && "
          "dpkg-shlibdeps -O /tmp/old /tmp/new >needs 2>/dev/null")
    needs = (HOST / "tmp/d/needs").read_text()
    equal([words in needs for words in ("libwrap0 (>= 7.6-4~)", "libtcpwrap0 (>= 0.1)")], [True, True])
    tables(deny="#!tcpwrap modern\nx: 192.0.2.1\n")
    there("/tmp/old", want=1)


@test("without Debian's packages ours are enough, and apt goes back")
def _():
    with Watch() as watch:
        apt("remove", "libwrap0", "tcpd", "openbsd-inetd")  # a purge takes /etc/inetd.conf
        there("dpkg", "-i", *debs())
    watch.saw_no_gap()
    # What a package keeps of its configuration is not the package.
    installed = [name for name, how in state().items() if how[-1].startswith("i")]
    equal([library("/usr/sbin/sshd"), sorted({"libwrap0", "tcpd"} & set(installed))], [LIBRARY, []])
    there("apt-get", "check")
    back = [f"/debs/{path.name}" for path in (HOST / "debs").glob("*.deb")]
    with Watch() as watch:
        apt("install", *back, "libwrap0-tcpwrap-", "libtcpwrap-dev-")
    watch.saw_no_gap()
    in_force(DEBIANS)


@test("Debian's library goes in the same run in which ours comes, and sshd starts all the while")
def _():
    with Watch() as watch:
        apt("install", *debs("libwrap0-tcpwrap"), "libwrap0-")
    watch.saw_no_gap()
    equal(library("/usr/sbin/sshd"), LIBRARY)
    with Watch() as watch:
        apt("install", *[f"/debs/{path.name}" for path in (HOST / "debs").glob("*.deb")])
    watch.saw_no_gap()


@test("removed and purged: Debian's are in force, and nothing of ours is left")
def _():
    in_force(LIBRARY)
    tables(deny="".join(f"ALL: 10.{n // 250}.{n % 250}.1\n" for n in range(2000)))
    there("tcpwrap", "compile")  # an image, which is no file of a package
    equal(len(list((HOST / "var/lib/tcpwrap").iterdir())) > 0, True)
    with Watch() as watch:
        apt("remove", *[name for name in OURS if name in state()])
    watch.saw_no_gap(["inetd", "tcpd", "tcpdmatch"])
    in_force(DEBIANS)
    equal(sorted(path.name for path in (HOST / "usr/sbin").glob("*.distrib")), [])
    apt("purge", *[name for name in OURS if name in state()])
    equal([name for name in OURS if name in state()], [])
    tables()
    in_force(DEBIANS)
    after = files()
    equal(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)), [])
    equal([line for line in there("dpkg-divert", "--list").splitlines() if "tcpwrap" in line], [])


main()
