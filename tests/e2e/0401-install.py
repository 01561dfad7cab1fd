#!/usr/bin/env python3
# timeout: 300
# seconds: 30
"""make install and make uninstall, from an unpacked tree without .git, in a private mount namespace
with an empty /usr/local and a copy of /etc; and the look at the host's tables that comes first."""
import ipaddress
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
LEFT_OUT = shutil.ignore_patterns(".git", ".cache", "build", "__pycache__")
sys.path.insert(0, str(ROOT / "tests/compat"))
import generate  # noqa: E402

TCPWRAP, JUDGE = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/judge/judge"
PREFIX = pathlib.Path("/usr/local")
# It is about places: compiling is the most of what this takes.
QUICKLY = dict(os.environ, CFLAGS="-O0 -g0 -U_FORTIFY_SOURCE")
LOCAL = ("/usr/local", "/var/cache/ldconfig")  # empty in here

if (shutil.which("meson") or "").startswith("/usr/local/"):
    skip_all("meson lives in /usr/local, which is emptied here")
for needed in ("make", "meson", "pkg-config", "cc"):
    if not shutil.which(needed):
        skip_all(f"needs {needed}")

tree, staged = dir / "tree", dir / "staged"
shutil.copytree(ROOT, tree, symlinks=True, ignore=LEFT_OUT)
subprocess.run(["cp", "-a", "/etc", dir / "etc"], stderr=subprocess.DEVNULL)  # less what we may not read
bind_mount(dir / "etc", "/etc")
for path in LOCAL:
    if os.path.isdir(path) and libc.mount(b"tmpfs", path.encode(), b"tmpfs", 0, None) != 0:
        skip_all(f"cannot mount on {path}")
for path in ("/etc/hosts.allow", "/etc/hosts.deny"):
    pathlib.Path(path).unlink(missing_ok=True)

ALWAYS = {"sbin/tcpd", "sbin/tcpdchk", "sbin/tcpdmatch", "sbin/inetd", "sbin/inetctl", "sbin/safe_finger", "sbin/try-from",
          "include/tcpd.h", "include/tcpwrap.h", "bin/tcpwrap", "share/man/man1/tcpwrap.1", "lib/libwrap.so.0",
          "lib/libtcpwrap.so.0", "lib/pkgconfig/libtcpwrap.pc", "lib/pkgconfig/libwrap.pc",
          "share/doc/tcpwrap/installed", "share/man/man5/hosts_access.5", "share/man/man5/hosts_options.5",
          "share/man/man3/hosts_access.3", "share/man/man8/tcpd.8", "share/man/man8/tcpdchk.8",
          "share/man/man8/tcpdmatch.8", "share/man/man8/inetd.8", "share/man/man8/inetctl.8", "share/man/man5/inetd.conf.5",
          "share/man/man8/try-from.8", "share/man/man8/safe_finger.8", "share/man/man3/tcpwrap.3",
          *(f"share/bash-completion/completions/{name}" for name in (
              "tcpwrap", "inetctl", "inetd", "safe_finger", "tcpdchk", "tcpdmatch"))}
SOMETIMES = re.compile(r"libexec/tcpwrap/tcpd-full|lib/lib(tcp)?wrap\.so(\.[0-9.]+)?|share/man/man[1-9]/[a-z_.-]+\.[1-9]"
                       r"|share/doc/tcpwrap/.+")


def make(*words, want=0):
    """Run make in the tree; what it said."""
    done = subprocess.run(["make", "-C", tree, *words], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=QUICKLY)
    if (done.returncode == 0) != (want == 0):
        raise AssertionError(f"make {' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def files(folder):
    """All that is no directory below it."""
    return {os.path.relpath(os.path.join(at, name), folder)
            for at, _, names in os.walk(folder) for name in names}


def is_complete(folder):
    found = files(folder)
    equal(sorted(ALWAYS - found), [])
    equal(sorted(f for f in found - ALWAYS if not SOMETIMES.fullmatch(f)), [])


def check(allow, deny=""):
    """Status and output of the look at two tables."""
    paths = [dir / "allow", dir / "deny"]
    for path, text in zip(paths, (allow, deny)):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = differences(*paths)
    return done.returncode, done.stdout


def differences(allow, deny):
    return subprocess.run([TCPWRAP, "check", "--differences", "--allow", allow, "--deny", deny], text=True,
                          capture_output=True)


@test("make install DESTDIR= puts every file in its place, and none elsewhere")
def _():
    (staged / "usr/local/lib").mkdir(parents=True)
    (staged / "usr/local/lib/other.so").touch()
    before = files("/usr/local")
    make("install", f"DESTDIR={staged}")
    (staged / "usr/local/lib/other.so").unlink()
    is_complete(staged / "usr/local")
    (staged / "usr/local/lib/other.so").touch()
    equal([sorted(files(staged) - {f"usr/local/{f}" for f in files(staged / "usr/local")}),
           files("/usr/local")], [[], before])
    library = staged / "usr/local/lib/libwrap.so.0"
    equal([library.is_symlink(), library.resolve().parent], [True, (staged / "usr/local/lib").resolve()])
    modes = {oct((staged / "usr/local" / f).stat().st_mode & 0o7777) for f in ("sbin/tcpd", "include")}
    equal(modes, {"0o755"})


@test("make uninstall leaves what was there before, even when the build folder is gone")
def _():
    (tree / "build").rename(dir / "hidden")
    make("uninstall", f"DESTDIR={staged}")
    (dir / "hidden").rename(tree / "build")
    equal(files(staged), {"usr/local/lib/other.so"})
    equal(sorted(os.listdir(staged / "usr/local")), ["lib"])
    make("uninstall", f"DESTDIR={staged}", want=1)


@test("where not everything can be put nothing is, and it is said")
def _():
    place = dir / "blocked"
    (place / "usr/local").mkdir(parents=True)
    (place / "usr/local/sbin").touch()
    for folder, culprit in ((place, place / "usr/local/sbin"),
                            (place / "usr/local/sbin", place / "usr/local/sbin")):
        out = make("install", f"DESTDIR={folder}", want=1)
        equal((f"tools/install: cannot write to {culprit} " in out, files(place)), (True, {"usr/local/sbin"}))


@test("installing twice is as once; a file that an earlier version had goes")
def _():
    make("install", f"DESTDIR={staged}")
    old = staged / "usr/local/lib/libwrap.so.0.0.1"
    old.touch()
    with open(staged / "usr/local/share/doc/tcpwrap/installed", "a") as listed:
        listed.write("f /usr/local/lib/libwrap.so.0.0.1\n")
    make("install", f"DESTDIR={staged}")
    equal(old.exists(), False)
    make("uninstall", f"DESTDIR={staged}")
    equal(files(staged), {"usr/local/lib/other.so"})


@test("a list that names files outside of PREFIX is not obeyed")
def _():
    make("install", f"DESTDIR={staged}")
    listed, victim = staged / "usr/local/share/doc/tcpwrap/installed", staged / "usr/victim"
    good = listed.read_text()
    victim.touch()
    for line in ("f /usr/victim", "f /usr/local/../victim", "d /usr/elsewhere", "x /usr/local/lib/y", "junk"):
        listed.write_text(f"{good}{line}\n")
        make("uninstall", f"DESTDIR={staged}", want=1)
        equal([victim.exists(), listed.exists()], [True, True])
    listed.write_text(good)
    victim.unlink()
    make("uninstall", f"DESTDIR={staged}")


@test("another PREFIX, written with a slash at its end, is the one that pkg-config tells")
def _():
    make("install", f"DESTDIR={staged}", "PREFIX=/opt/wrap/")
    is_complete(staged / "opt/wrap")
    pc = (staged / "opt/wrap/lib/pkgconfig/libwrap.pc").read_text()
    equal("prefix=/opt/wrap\n" in pc, True)
    make("uninstall", f"DESTDIR={staged}", "PREFIX=/opt/wrap")
    equal([(staged / "opt").exists(), files(staged)], [False, {"usr/local/lib/other.so"}])
    make("install", f"DESTDIR={staged}", "PREFIX=wrap", want=1)


@test("into the live system: the loader finds it, a program is built with it and obeys the tables")
def _():
    equal("daemons that start from now on use /usr/local/lib/libwrap.so.0" in make("install"), True)
    is_complete(PREFIX)
    source, program = dir / "program.c", dir / "program"
    source.write_text("""#include <stdio.h>
#include <tcpd.h>
int main(void)
{
	printf("%d\\n", hosts_ctl("program", STRING_UNKNOWN, "127.0.0.9", STRING_UNKNOWN));
	return 0;
}
""")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libwrap"], text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split()
    subprocess.run(["cc", "-Wall", "-Werror", "-o", program, source, *flags], check=True)
    linked = subprocess.run(["ldd", program], text=True, stdout=subprocess.PIPE, check=True).stdout
    equal("libwrap.so.0 => /usr/local/lib/libwrap.so.0" in linked, True)
    deny = pathlib.Path("/etc/hosts.deny")
    answers = []
    for text in ("", "program: 127.0.0.9\n", "program: 127.0.0.8\n"):
        deny.write_text(text)
        answers.append(subprocess.run([program], text=True, stdout=subprocess.PIPE, check=True).stdout)
    deny.unlink()
    equal(answers, ["1\n", "0\n", "1\n"])


@test("out of the live system: nothing is left, and the loader knows")
def _():
    equal("daemon" in make("uninstall"), True)
    equal(os.listdir(PREFIX), [])
    cached = subprocess.run(["/sbin/ldconfig", "-p"], text=True, stdout=subprocess.PIPE, check=True).stdout
    equal("/usr/local/lib/libwrap" in cached, False)


@test("a table that would be taken differently stops it, with file, line, the line and a remedy")
def _():
    allow = pathlib.Path("/etc/hosts.allow")
    for line, place, said in (
            ("sshd: 10.1.2.3/8", "2:7:", "plain:  the network 10.0.0.0/8"),
            ("ALL: ALL: aclexec /bin/true", "2:11:", "[ACLEXEC-STATUS]"),
            ("ALL: ALL: user nobody", "2:11:", "[USER-OPTION]")):
        allow.write_text(f"# a table\n{line}\n")
        out = make("install", want=1)
        equal([f"/etc/hosts.allow:{place}" in out, said in out, f"\t{line}\n" in out, "so:" in out,
               "FORCE=1" in out], [True] * 5)
        equal(os.listdir(PREFIX), [])
    make("install", f"DESTDIR={staged}")  # that is for another machine
    make("uninstall", f"DESTDIR={staged}")
    make("install", "FORCE=1")
    is_complete(PREFIX)
    make("uninstall")
    allow.write_text("sshd: 10.0.0.0/8\n")
    make("install")
    make("uninstall")
    allow.unlink()


# ---- the look at the tables by itself ----

SOUND = """\
# comment: with a colon
sshd, in.ftpd : 10.1.2.3 10.0.0.0/8 192.168.1. .example.org host.example.org
in.telnetd@10.0.0.1 : ALL EXCEPT 10.9.9.9, [2001:db8::]/32 : severity auth.info : allow
ALL : LOCAL, KNOWN, UNKNOWN, PARANOID : spawn (/bin/echo %a %% %h | mail root) &
sshd : 10.0.0.1 \\
  10.0.0.2 \\
  10.0.0.3
ALL: ALL: banners /nonexistent: setenv X y: twist /bin/echo hello
"""


@test("what the readings take alike is silent, however it is written")
def _():
    equal(check(SOUND, "ALL: ALL\n"), (0, ""))
    equal(check("#!tcpwrap modern\nALL: 10.1.2.3/8 ::1 # here\n", "")[0], 0)
    equal(check("#!tcpwrap classic\nALL: 10.1.2.3/8 ::1 # here\n", "")[0], 0)
    equal(check(SOUND * 1000)[0], 0)


@test("what does not work with Debian's library either stops nothing")
def _():
    equal(check("ALL: 10.0.0.0/33\nno colon here\nALL: ALL: nosuch\n"), (0, ""))


ODD = ("ALL: ALL", "  # ALL: ALL\n", "ALL: 1.2.3.4 # here\n", "ALL: ::1\n", "ALL: 0.0.0.0/0\n",
       "ALL: [::1\n", "\ufeffALL: ALL\n", "ALL: 10.*\n", "ALL: ALL: severity authpriv.info\n",
       "ALL: ALL: user nobody\n", "ALL: ALL: group nobody\n", "ALL: ALL: aclexec x\n", "22x: ALL\n4294967318: ALL\n",
       "ALL: u*\n", "ALL: [fe80::1%lo]\n", "ALL: ALL: linger 99999999999\n", "# continued \\\nALL: ALL\n", "ALL: \\\n# not\\\n ALL\n", "ALL: ALL \\\n", "x" * 3000 + ": ALL\n",
       "ALL: ALL\0\n", "ALL: ALL EXCEPT 012.0.0.0/8\n", "ALL@10.0.0.1/8: ALL\n")


@test("what they do not take alike, or what cannot be carried out, is told")
def _():
    equal([text for text in ODD if not check(text)[0] or not check("", text)[0]], [])


@test("files that tables name are looked into, and those that cannot be read are told")
def _():
    listed = dir / "list"
    for content, status in ((b"10.0.0.1\nhost.example.org .example.com\n", 0), (b"10.0.0.1 # here\n", 1),
                            (b"10.0.0.1,10.0.0.2\n", 1), (b"10.1.2.3/8\n", 1), (b"x" * 9000, 1)):
        listed.write_bytes(content)
        equal((content, check(f"ALL: {listed}\n")[0] > 0), (content, status > 0))
        # read as the rule that names it: an earlier modern table does not hide it
        equal(check(f"#!tcpwrap modern\nALL: {listed}\n", f"ALL: {listed}\n")[0] > 0, status > 0)
    again = dir / "again"
    again.write_text("10.0.0.1\n")
    listed.write_text(f"{again} {again}\n")
    equal(check(f"ALL: {listed} {again}\n", f"ALL: {listed}\n")[0], 0)
    again.write_text(f"{listed}\n")
    equal(check(f"ALL: {listed}\n")[0], 2)
    equal(check(f"ALL: {dir}\n")[0], 2)
    equal(check("ALL: /nonexistent/list\n")[0], 0)
    equal(differences(dir, "/dev/null").returncode, 2)


def unescaped(text):
    spelled = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\x0b": "\x0b", "\\\\": "\\"}
    return re.sub(r"\\x0b|\\.", lambda m: spelled.get(m.group(), m.group()), text)


def judged(row):
    """(recorded verdict, ours, status of the look) of a vector; None: it needs more than a judge has."""
    (_, _, allow, deny, daemon, client, named, verdict, *_) = row.split("\t")
    facts = dict(word.split("=", 1) for word in client.split(";") if word)
    if set(facts) - {"addr", "name"} or "addr" not in facts or named:
        return None
    for path, text in ((dir / "allow", allow), (dir / "deny", deny)):
        path.write_text("" if text == "<absent>" else unescaped(text), newline="")
    said = subprocess.run([JUDGE, dir / "allow", dir / "deny", daemon, facts["addr"],
                           *([facts["name"]] if facts.get("name") else [])], text=True, capture_output=True)
    looked = differences(dir / "allow", dir / "deny")
    return verdict, said.stdout.split()[0], looked.returncode


@test("each recorded case that we refuse and Debian's library grants is told")
def _():
    rows = (ROOT / "tests/compat/vectors.tsv").read_text().splitlines()
    results = {row[:4]: judged(row) for row in rows if row.startswith("V")}
    differing = {id for id, r in results.items() if r and r[0] == "granted" and r[1] == "refuse"}
    equal(len(differing) >= 10, True)
    equal(sorted(id for id in differing if not results[id][2]), [])


def is_ordinary(request):
    """As a socket and a name service make them: hosts_ctl may be told anything."""
    addr, name = request.get("addr", ""), request.get("name", "") or "unknown"
    try:
        parsed = ipaddress.ip_address(addr)
    except ValueError:
        return False
    if str(parsed) != addr or getattr(parsed, "ipv4_mapped", None):
        return False
    return bool(re.fullmatch(r"[a-z0-9.]+", request.get("daemon", "")) and
                re.fullmatch(r"[a-z0-9.-]*[a-z][a-z0-9.-]*[a-z0-9]", name))


def verdict(allow, deny, request):
    names = [request["name"]] if request.get("name") else []
    return subprocess.run([JUDGE, allow, deny, request["daemon"], request["addr"], *names],
                          capture_output=True).stdout.split()[0]


@test("no policy that is not told refuses a client that its classic reading alone would admit")
def _():
    policies = generate.Generator(random.Random(20261124))
    untold = differing = 0
    for _ in range(400):
        policy = policies.policy().place(str(dir))
        for name, text in policy.files.items():
            (dir / name).write_bytes(text)
        paths = {}
        for name, text in (("allow", policy.allow or b""), ("deny", policy.deny or b"")):
            for way, first in (("", b""), (".classic", b"#!tcpwrap classic\n")):
                path = paths[name + way] = dir / (name + way)
                path.write_bytes(first + text)
                os.utime(path, (1, 1))  # old: nobody waits for a writer
        told = differences(paths["allow"], paths["deny"]).returncode
        for request in [r for r in policy.requests if is_ordinary(r)][:3]:
            both = verdict(paths["allow"], paths["deny"], request)
            classic = verdict(paths["allow.classic"], paths["deny.classic"], request)
            differing += both != classic
            if both != classic and not told:
                untold += 1
                print(f"# {policy!r} {request}: {classic} alone, {both} by both")
    print(f"# {differing} verdicts differ")
    equal([untold, differing > 10], [0, True])


@test("whatever bytes a table has, the look at it comes to an end")
def _():
    source = random.Random(20261124)
    words = [b"ALL", b":", b" ", b"\n", b"\\\n", b"#", b"[", b"]", b"/", b"\0", b"EXCEPT", b"@", b"10.1.2.3",
             b"::1", b"2001:db8::/32", b"/8", b"spawn", b"%u", b",", b"severity", b"twist", b"=", b"\xef\xbb\xbf",
             b"#!tcpwrap", b" modern", b"*", b"x" * 700]
    for _ in range(300):
        text = b"".join(source.choice(words) for _ in range(source.randrange(60)))
        status, _ = check(text, text[::-1])
        if status not in (0, 1, 2):
            raise AssertionError(f"status {status}: {text!r}")


main()
