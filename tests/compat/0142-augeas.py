#!/usr/bin/env python3
"""Debian's Augeas lens reads what this project adds to hosts.allow and hosts.deny, and writes it back as it was;
what it cannot read is known, and contrib/README.md says it."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from rig import ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
# What the lens has a name for; others it reads as a command, up to the end of the line.
LENS_KNOWS = {"allow", "deny", "severity", "spawn", "twist", "keepalive", "linger", "rfc931", "banners", "nice",
              "setenv", "umask", "user"}
VALUES = {"severity": "auth.notice", "setenv": "A b", "umask": "022", "spawn": "/bin/echo %a", "twist": "/bin/echo %a",
          "aclexec": "/bin/test %a"}
READ = """#!tcpwrap modern
#!tcpwrap classic
sshd : 192.0.2.0/24 [2001:db8::]/32
sshd : [fe80::1%eth0]
sshd : /var/lib/fail2ban/hosts.sshd : deny
2222 : 198.51.100.0/255.255.255.0
sshd@192.0.2.1, vsftpd : root@.example.org EXCEPT guest.example.org
ALL EXCEPT sshd : @friends LOCAL KNOWN UNKNOWN PARANOID
in.telnetd : ALL : spawn /bin/echo "%d\\: knocked" & : severity auth.notice : deny
ALL : ALL : aclexec /bin/test %a : allow
""".splitlines()
NOT_READ = {
    "sshd : ::1": "IPv6 without brackets",
    "sshd : fe80::1%eth0": "IPv6 without brackets",
    "sshd : [::ffff:192.0.2.1]": "a dot in brackets",
    "sshd : [2001:db8::/32]": "a length in brackets",
    "sshd : ALL : severity info : group staff": "aclexec and group behind another option",
    "sshd : ALL : severity info : aclexec /bin/test": "aclexec and group behind another option",
    "sshd : 10. # a comment": "a comment behind a rule",
    "sshd : country=FR": "a word with an equals sign",
}


def augeas():
    """Environment and command of augtool, or why there is none."""
    fetched = subprocess.run([ROOT / "tools/fetch-daemons", "augeas-tools", "augeas-lenses"], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if fetched.returncode != 0:
        return None, None, (fetched.stderr.strip().splitlines() or ["no download"])[-1]
    root = pathlib.Path(fetched.stdout.strip())
    libraries = ":".join(str(path) for path in root.glob("usr/lib/*-linux-gnu"))
    env = dict(os.environ, LD_LIBRARY_PATH=libraries, AUGEAS_LENS_LIB=str(root / "usr/share/augeas/lenses/dist"))
    return env, root / "usr/bin/augtool", None


class Host:
    """One whose tables Augeas reads."""

    def __init__(self, env, tool, folder):
        self.env, self.tool, self.folder = env, tool, folder
        (folder / "etc").mkdir()

    def ask(self, text, commands, name="hosts.allow"):
        """What augtool prints, and the table afterwards."""
        path = self.folder / "etc" / name
        path.write_text(text)
        script = "".join(f"{line}\n" for line in (
            "set /augeas/load/Hosts/lens Hosts_Access.lns", f"set /augeas/load/Hosts/incl /etc/{name}", "load", *commands))
        done = subprocess.run([self.tool, "-r", self.folder, "--noautoload", "--noload"], env=self.env, input=script,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout, path.read_text()

    def reads(self, text, name="hosts.allow"):
        """The tree, or None."""
        said, _ = self.ask(text, [f"print /files/etc/{name}", "print /augeas//error"], name)
        return None if "/error" in said or "/files/etc" not in said else said


def check(host):
    bad = [line for line in READ if host.reads(line + "\n") is None]
    ok(not bad, "directives, words and options are read", bad)
    odd = [line for line in NOT_READ if host.reads(line + "\n") is not None]
    ok(not odd, "what the lens cannot read is what we think", odd)
    told = (ROOT / "contrib/README.md").read_text()
    lost = sorted(what for what in set(NOT_READ.values()) if what not in told)
    ok(not lost, "and contrib/README.md says it", lost)
    tree = host.reads("sshd : 2001:db8::/32\n") or ""
    ok('client = "2001"' in tree and 'shell_command = "db8::/32"' in tree, "some such line is even read as another one", tree)
    check_options(host)
    for name in ("hosts.allow", "hosts.deny"):
        text = (ROOT / "docs/samples" / name).read_text()
        whole = re.sub(r"^# (?=\S+ : )", "", text, flags=re.M)
        ok(whole != text and host.reads(text, name) and host.reads(whole, name),
           f"docs/samples/{name} is read, with all that is switched off, too")
        _, after = host.ask(whole, [f"set /files/etc/{name}/01/process vsftpd", f"set /files/etc/{name}/01/client ALL", "save"], name)
        ok(after == whole + "vsftpd: ALL\n", "and an edit leaves all the rest of it as it was", after[-400:])


def check_options(host):
    text = (ROOT / "data/options.def").read_text()
    words = re.findall(r'^OPTION\(\w+, "(\w+)", (\w+)', text, re.M)
    seen = {}
    for word, kind in words:
        value = "" if kind == "NONE" else " " + VALUES.get(word, "5")
        tree = host.reads(f"sshd : ALL : {word}{value}\n") or ""
        named = re.search(rf"^/files/etc/hosts.allow/1/({word}|shell_command)\b", tree, re.M)
        seen[word] = named.group(1) if named else "not read"
    ok(len(words) > 12 and seen == {word: word if word in LENS_KNOWS else "shell_command" for word, _ in words},
       "each option of data/options.def is read", seen)


environment, augtool, why = augeas()
if why:
    tap.skip("Debian's Augeas lens", why)
else:
    with tempfile.TemporaryDirectory() as scratch:
        check(Host(environment, augtool, pathlib.Path(scratch)))
tap.finish()
