#!/usr/bin/env python3
# timeout: 180
# seconds: 12
"""tcpwrap check: every finding of data/lints.def has a case that it is found in, a mended line that
makes it go away, an entry in the manual page and one that --explain shows; tables that people write
have none; every row about text in the ledger names its findings."""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP, JUDGE = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/judge/judge"
LINTS = dict(re.findall(r'^LINT\(\w+, "([A-Z0-9-]+)", (NOTE|WARNING|ERROR)',
                        (ROOT / "data/lints.def").read_text(), re.M))
# What a text alone cannot show: tests/unit/test_lint.c has its case.
ELSEWHERE = {"NAMELESS-MEMBER"}
# What takes a host, a feed or two tables: 0021-check-traps.py and 0023-check-shadows.py have their cases.
WHOLE = {"TABLE-ABSENT", "NO-IMAGE", "ALLOW-WITHOUT-DENY", "NO-WAY-BACK", "OWN-ADDRESS", "DAEMON-UNKNOWN",
         "DAEMON-DEAF", "FILE-WRITABLE", "FILE-HIDDEN", "PRIVATE-NET", "SHADOWED", "UNREACHABLE", "REDUNDANT"}
# What takes more than a line to show.
NO_EXAMPLE = {name for name in LINTS if name.startswith(("TABLE-", "LIST-"))} | ELSEWHERE | WHOLE | {
    "LONG-LINE", "LINE-OVER-LIMIT", "NUL-BYTE"}

ALLOW_ONLY = {"ALLOW-ALL", "ALLOW-SERVICE", "SPAWN-NO-VERDICT"}

# ID, the table or (table, list), the line mended; None: it has none. A table is hosts.allow, unless it
# stands in DENY. LIST stands for the path of the list.
LONG = "ALL: " + " ".join(["10.0.0.1"] * 300)
CASES = [
    ("TABLE-UNREADABLE", "(mode 0)", None),
    ("TABLE-IRREGULAR", "(directory)", None),
    ("LIST-ABSENT", "ALL: /nonexistent/list\n", None),
    ("LIST-UNREADABLE", "ALL: /etc/passwd/list\n", None),
    ("LIST-IRREGULAR", "ALL: 10.0.0.0 / 8\n", None),
    ("LIST-DEEP", ("ALL: LIST\n", "LIST\n"), None),
    ("LIST-LONG-WORD", ("ALL: LIST\n", "x" * 8192), None),
    ("LIST-COMMENT", ("ALL: LIST\n", "10.0.0.1\n10.0.0.2 # the printers\n"), "10.0.0.2"),
    ("LIST-COMMENT", ("ALL: LIST\n", "# printers\n10.0.0.2\n"), ""),
    ("LIST-COMMA", ("ALL: LIST\n", "10.0.0.1,10.0.0.2 10.0.0.3\n"), "10.0.0.1 10.0.0.2 10.0.0.3"),
    ("LIST-NUL", ("ALL: LIST\n", "10.0.0.1\0\n"), None),
    ("LIST-EXCEPT", ("ALL: LIST\n", "10. EXCEPT 10.0.0.1\n"), None),
    ("BARE-IPV6", ("ALL: LIST\n", "10.0.0.1\n2001:db8::/32\n"), "[2001:db8::]/32"),
    ("HOST-BITS", ("ALL: LIST\n", " 10.1.2.3/8\n"), " 10.0.0.0/8"),
    ("BAD-DIRECTIVE", "#!tcpwrap Modern \n", "#!tcpwrap modern"),
    ("BAD-DIRECTIVE", "\ufeff#!tcpwrap clasic\n", "#!tcpwrap classic"),
    ("BAD-DIRECTIVE", "#!tcpwrap modern \\\nALL: ALL\n", "#!tcpwrap modern"),
    ("BAD-DIRECTIVE", "#!tcpwrap strict\n", None),
    ("LATE-DIRECTIVE", "# my table\n#!tcpwrap modern\n", None),
    ("BOM", "\ufeffsshd: 10.0.0.1\n", "sshd: 10.0.0.1"),
    ("BOM", "\ufeff# comment\nsshd: 10.0.0.1\n", "# comment"),
    ("NO-FINAL-NEWLINE", "sshd: 10.0.0.1\nsshd: 10.0.0.2", "sshd: 10.0.0.2"),
    ("NO-FINAL-NEWLINE", "# vim: set ft=conf", "# vim: set ft=conf"),
    ("NO-FINAL-NEWLINE", "sshd: 10.0.0.1 \\\n", "sshd: 10.0.0.1 "),
    ("LONG-LINE", LONG + "\n", None),
    ("LONG-LINE", "#" * 3000 + "\n", None),
    ("LINE-OVER-LIMIT", "ALL: " + "10.0.0.1 " * 120000 + "\n", None),
    ("NUL-BYTE", "sshd: 10.0.0.1\0\n", None),
    ("NUL-BYTE", "sshd\0: 10.0.0.1\n", None),
    ("INDENTED-COMMENT", "  # sshd: ALL\n", "# sshd: ALL"),
    ("INDENTED-REMARK", "\t# the printers\n", "# the printers"),
    ("TRAILING-COMMENT", "sshd: 192.168.1.9 # open for all admins\n", "sshd: 192.168.1.9"),
    ("TRAILING-COMMENT", "sshd: 10.0.0.1 #: deny\n", "sshd: 10.0.0.1"),
    ("TRAILING-COMMENT", "sshd: 10.0.0.1 \\\n # and \\\n 10.0.0.2\n", "sshd: 10.0.0.1"),
    ("TRAILING-COMMENT", "sshd # the daemon: ALL\n", None),
    ("CONTINUED-COMMENT", "# see C:\\etc\\\nsshd: 10.0.0.1\n", "# see C:\\etc"),
    ("CONTINUED-COMMENT", "# a \\\n# b \\\nsshd: 10.0.0.1\n", "# b"),
    ("NO-COLON", "sshd 10.0.0.1\n", None),
    ("OPEN-BRACKET", "sshd: [2001:db8::1 : deny\n", None),
    ("OPEN-BRACKET", "sshd]: ALL\n", None),
    ("READINGS-DIFFER", "sshd: 1-2.\n", None),
    ("BARE-IPV6", "ALL: ::1\n", "ALL: [::1]"),
    ("BARE-IPV6", "ALL: 10.0.0.1, 2001:db8::/32 fe80::1: deny\n", "ALL: 10.0.0.1, [2001:db8::]/32 [fe80::1]: deny"),
    ("BARE-IPV6", "ALL: ::ffff:10.0.0.1\n", "ALL: 10.0.0.1"),
    ("EMPTY-LIST", "sshd:\n", None),
    ("EMPTY-LIST", ": ALL\n", None),
    ("EXCEPT-FIRST", "sshd: EXCEPT 10.0.0.1\n", None),
    ("EXCEPT-LAST", "sshd: ALL EXCEPT\n", None),
    ("HOST-BITS", "sshd: 10.1.2.3/8\n", "sshd: 10.0.0.0/8"),
    ("HOST-BITS", "sshd: 10.1.2.3/255.255.0.0, LOCAL\n", "sshd: 10.1.0.0/16, LOCAL"),
    ("HOST-BITS", "sshd: root@10.1.2.3/255.0.255.0\n", "sshd: root@10.0.2.0/255.0.255.0"),
    ("HOST-BITS", "sshd@10.1.2.3/8: ALL: spawn x\n", "sshd@10.0.0.0/8: ALL: spawn x"),
    ("SLASH-ZERO", "ALL: 0.0.0.0/0\n", "ALL: 0.0.0.0/0.0.0.0"),
    ("SLASH-ZERO", "ALL: 10.0.0.0/0\n", "ALL: 0.0.0.0/0.0.0.0"),
    ("ALL-ONES", "ALL: 10.0.0.1/255.255.255.255\n", "ALL: 10.0.0.1"),
    ("ALL-ONES", "ALL: 255.255.255.255/32\n", "ALL: 255.255.255.255"),
    ("LENGTH-IN-BRACKETS", "ALL: [2001:db8::/32]\n", "ALL: [2001:db8::]/32"),
    ("MAPPED", "ALL: [::ffff:10.0.0.1]\n", "ALL: 10.0.0.1"),
    ("MAPPED", "ALL: [::ffff:10.0.0.0]/104\n", "ALL: 10.0.0.0/8"),
    ("MAPPED", "ALL: [::ffff:0:0/96]\n", "ALL: 0.0.0.0/0.0.0.0"),
    ("OCTAL", "ALL: 012.0.0.0/8\n", None),
    ("OCTAL", "ALL: 10.0.0.0/0xff.0.0.0\n", None),
    ("RUBBISH-LENGTH", "ALL: 10.0.0.0/8x\n", "ALL: 10.0.0.0/8"),
    ("RUBBISH-LENGTH", "ALL: 10.0.0.0/08\n", "ALL: 10.0.0.0/8"),
    ("RUBBISH-LENGTH", "ALL: [2001:db8::]/+32\n", "ALL: [2001:db8::]/32"),
    ("NO-LENGTH", "ALL: [2001:db8::]/\n", None),
    ("NO-LENGTH", "ALL: [2001:db8::]/xyz\n", None),
    ("SCOPE", "ALL: [fe80::1%eth0]\n", None),
    ("IPV6-ALL", "ALL: [::]/0\n", None),
    ("BAD-NET", "ALL: 10.0.0.0/33\n", None),
    ("BAD-NET", "ALL: 10/8\n", None),
    ("BAD-NET", "ALL: [10.0.0.0/8]\n", "ALL: 10.0.0.0/8"),
    ("BAD-ADDRESS", "ALL: 192.168.1\n", "ALL: 192.168.1."),
    ("BAD-ADDRESS", "ALL: 010.0.0.1\n", None),
    ("RANGE", "ALL: 10.0.0.1-10.0.0.9\n", None),
    ("BAD-BRACKETS", "ALL: [10.0.0.1]\n", "ALL: 10.0.0.1"),
    ("BAD-BRACKETS", "ALL: [localhost]\n", None),
    ("EMPTY-HOST", "ALL: root@\n", None),
    ("EMPTY-HOST", "sshd@: ALL\n", None),
    ("GLOB-DIGITS", "ALL: 192.168.*\n", "ALL: 192.168."),
    ("GLOB-DIGITS", "ALL: 10.?.0.1\n", None),
    ("GLOB-STARS", "ALL: www**\n", "ALL: www*"),
    ("GLOB-STARS", "ALL: 10.**\n", "ALL: 10."),
    ("GLOB-STARS", "in.**: ALL\n", "in.*: ALL"),
    ("NAMELESS-GLOB", "ALL: *n\n", None),
    ("STATE-NAME", "ALL: PARANOID\n", None),
    ("NAME-DOT", "ALL: host.example.org.\n", None),
    ("ODD-NAME", "ALL: 10.0.0.1;10.0.0.2\n", "ALL: 10.0.0.1 10.0.0.2"),
    ("ODD-NAME", "ALL: (10.0.0.1)\n", None),
    ("ODD-NAME", "ALL: 10.0.0.1 - 10.0.0.9\n", None),
    ("PORT-WRAP", "4294967318: ALL\n", None),
    ("PORT-SIGN", "+22: ALL\n", "22: ALL"),
    ("PORT-RANGE", "70000: ALL\n", None),
    ("PORT", "22: ALL\n", None),
    ("BRACKETED-NAME", "[sshd]: ALL\n", None),
    ("OPTION-EMPTY", "ALL: ALL:\n", "ALL: ALL"),
    ("OPTION-EMPTY", "ALL: ALL: : deny\n", "ALL: ALL: deny"),
    ("OPTION-EMPTY", "ALL: ALL: spawn x : \n", "ALL: ALL: spawn x "),
    ("OPTION-UNKNOWN", "ALL: ALL: (/bin/mail root) &\n", "ALL: ALL: spawn (/bin/mail root) &"),
    ("OPTION-UNKNOWN", "ALL: ALL: tiwst x\n", "ALL: ALL: twist x"),
    ("OPTION-UNKNOWN", "ALL: ALL: nosuch\n", None),
    ("OPTION-NO-VALUE", "ALL: ALL: spawn\n", None),
    ("OPTION-VALUE", "ALL: ALL: deny all\n", None),
    ("OPTION-NOT-LAST", "ALL: ALL: allow: spawn x\n", None),
    ("SEVERITY-NAME", "ALL: ALL: severity loud\n", None),
    ("SEVERITY-NEW", "ALL: ALL: severity auth.warn: deny\n", "ALL: ALL: severity auth.warning: deny"),
    ("SEVERITY-NEW", "ALL: ALL: severity = error\n", "ALL: ALL: severity = err"),
    ("SEVERITY-NEW", "ALL: ALL: severity authpriv.warn\n", None),
    ("BAD-NUMBER", "ALL: ALL: linger soon\n", None),
    ("BAD-NUMBER", "ALL: ALL: umask 888\n", None),
    ("ODD-NUMBER", "ALL: ALL: linger 99999999999\n", None),
    ("ODD-NUMBER", "ALL: ALL: umask -1\n", None),
    ("SETENV-EQUALS", "ALL: ALL: setenv A=b\n", "ALL: ALL: setenv A b"),
    ("EXPANSION-UNKNOWN", "ALL: ALL: spawn date +%%s %z\n", "ALL: ALL: spawn date +%%s %%z"),
    ("TWIST-RESIDENT", "ALL: ALL: twist echo\n", None),
    ("USER-OPTION", "ALL: ALL: user nobody\n", None),
    ("USER-OPTION", "ALL: ALL: group nogroup\n", None),
    ("ACLEXEC-STATUS", "ALL: ALL: aclexec /bin/true\n", None),
    ("COMMAND-COLON", "ALL: ALL: spawn logger time 12:30 &\n", "ALL: ALL: spawn logger time 12\\:30 &"),
    ("COMMAND-COLON", "ALL: ALL: twist /bin/echo 421 go away: closed\n",
     "ALL: ALL: twist /bin/echo 421 go away\\: closed"),
    ("COMMAND-COLON", "ALL: ALL: setenv URL http://x/\n", "ALL: ALL: setenv URL http\\://x/"),
    ("CLIENT-PORT", "sshd: 10.0.0.1:22\n", "sshd: 10.0.0.1"),
    ("CLIENT-PORT", "sshd: 10.0.0.1:22 : deny\n", "sshd: 10.0.0.1 : deny"),
    ("SPAWN-NO-VERDICT", "sshd: ALL: spawn /usr/local/bin/geo.sh %a\n", "sshd: ALL: aclexec /usr/local/bin/geo.sh %a"),
    ("CR-LF", "# x\nsshd: 10.0.0.1\r\n", None),
    ("CONTINUED-CR", "sshd: 10.0.0.1 \\\r\n 10.0.0.2\r\n", None),
    ("TYPOGRAPHY", "sshd: \u201c10.0.0.1\u201d\n", "sshd: 10.0.0.1"),
    ("TYPOGRAPHY", "sshd:\u00a010.0.0.1\n", "sshd: 10.0.0.1"),
    ("TYPOGRAPHY", "sshd\u00a0: 10.0.0.1\n", "sshd : 10.0.0.1"),
    ("TYPOGRAPHY", "'sshd': 10.0.0.1\n", "sshd: 10.0.0.1"),
    ("TYPOGRAPHY", "sshd: www\u2013a.example.org\n", "sshd: www-a.example.org"),
    ("GLUED-RULES", "sshd: 10.0.0.1ALL: 203.0.113.9\n", None),
    ("GLUED-RULES", "sshd: .example.orgALL: [2001:db8::1]\n", None),
    ("DUPLICATE", "sshd: 10.0.0.1\n# x\nsshd: 10.0.0.1\n", ""),
    ("ALLOW-ALL", "sshd: 10.0.0.1\nALL: ALL\n", None),
    ("ALLOW-SERVICE", "sshd : ALL : ALLOW\n", None),
    ("EXCEPT-USELESS", "sshd: 10. EXCEPT 10.0.0.1 192.168.\n", None),
    ("EXCEPT-USELESS", "sshd: [2001:db8::]/32 EXCEPT [2001:db9::1]\n", None),
    ("OPTION-AS-CLIENT", "sshd: ALL deny\n", "sshd: ALL : deny"),
    ("OPTION-AS-CLIENT", "sshd: allow\n", None),
    ("BAN-128", "ALL: [2001:db8:1:2:3::bad]: deny\n", "ALL: [2001:db8:1:2::]/64: deny"),
    ("ANY-WORD", "sshd: any\n", "sshd: ALL"),
    ("LOCALHOST-NAME", "sshd: localhost\n", "sshd: 127.0.0.1 [::1]"),
    ("DOMAIN-BARE", "sshd: example.org\n", None),
    ("NAME-DENIED", "ALL: .evil.example: deny\n", None),
    ("NAME-FIRST", "sshd: .example.org 10.\n", None),
    ("NAME-FIRST", "ALL: LOCAL\nsshd: 10.\n", None),
    ("ADDRESS-DAEMON", "10.0.0.1: sshd\n", None),
    ("ADDRESS-DAEMON", ".example.org: sshd\n", None),
    ("WILDCARD-DAEMON", "LOCAL: ALL\n", None),
    ("SERVICE-NAME", "ssh: ALL\n", "sshd: ALL"),
    ("SERVICE-NAME", "ftp: ALL\n", None),
]


class Desk:
    """Tables in a scratch directory, and what is said about them."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.list = self.dir / "list"

    def place(self, name, case):
        table, listed = case if isinstance(case, tuple) else (case, None)
        path = self.dir / name
        if listed is not None:
            self.list.write_bytes(listed.replace("LIST", str(self.list)).encode())
        path.write_bytes(table.replace("LIST", str(self.list)).encode())
        return path

    def check(self, *words):
        done = subprocess.run([TCPWRAP, "check", "--json", *words], stdin=subprocess.DEVNULL,
                              capture_output=True)
        said = json.loads(done.stdout)
        want = 2 if said["errors"] else 1 if said["warnings"] else 0
        if done.returncode != want or done.stderr:
            raise AssertionError(f"status {done.returncode}, not {want}: {done.stderr}")
        return said["findings"]


def mended(finding):
    """The file of a finding, its lines replaced."""
    lines = pathlib.Path(finding["file"]).read_bytes().split(b"\n")
    line = finding["mended"].encode(errors="surrogateescape")
    first, last = finding["first_line"], finding["line"]
    if lines[-1] != b"":
        lines.append(b"")  # with a mended last line comes its newline
    return b"\n".join(lines[:first - 1] + [line] * (line != b"") + lines[last:])


def check_case(desk, name, case, want):
    table = "allow" if case is not None else "deny"
    if case == "(directory)":
        path = desk.dir
    elif case == "(mode 0)":
        path = pathlib.Path("/proc/self/mem")  # read() fails, for root as well
    else:
        path = desk.place("hosts.allow", case)
    found = [f for f in desk.check(path) if f["id"] == name]
    if len(found) == 0:
        return f"not found in {case!r}"
    finding = found[0]
    if finding["mended"] != want:
        return f"mended {finding['mended']!r}, not {want!r}"
    if [finding["severity"].upper(), finding["table"]] != [LINTS[name], table]:
        return f"{finding['severity']}, {finding['table']}"
    if want is None:
        return None
    pathlib.Path(finding["file"]).write_bytes(mended(finding))
    left = [f for f in desk.check(path) if f["id"] == name and f["line"] == finding["line"] and want]
    return f"still there: {left}" if left else None


def check_cases(desk):
    wrong = [(name, why) for name, case, want in CASES if (why := check_case(desk, name, case, want))]
    ok(not wrong, f"{len(CASES)} cases: each is found, and gone where its line is mended", *wrong)
    same = {name for name, _, _ in CASES} | ELSEWHERE | WHOLE
    ok(same == set(LINTS), f"each of {len(LINTS)} findings has a case", same ^ set(LINTS))
    unit = (ROOT / "tests/unit/test_lint.c").read_text()
    others = "".join((ROOT / f"tests/golden/{name}.py").read_text() for name in ("0021-check-traps", "0023-check-shadows"))
    lost = [name for name in WHOLE if f'"{name}"' not in others]
    ok(not lost, "those that take a host or several rules stand in other tests", lost)
    lost = [name for name in ELSEWHERE if f"LINT_{name.replace('-', '_')}" not in unit]
    ok(not lost, "those that stand elsewhere do", lost)


# ---- what comes of it for clients ----

NARROW, WIDE, GLOB = "10.1.2.3/8", "012.0.0.0/8", "10.*"
LATER = "ALL: ALL: deny"  # the later rule that refuses
EFFECTS = [  # table, rule, what has to be said; the verdict then, and that of Debian's library
    ("allow", f"d: {NARROW}\n{LATER}", "lets nobody in", "refuse refuse"),
    ("deny", f"d: {NARROW}", "keeps out whom the plain", "refuse grant"),
    ("allow", f"d: {NARROW}: deny", "keeps out whom the plain", "refuse grant"),
    ("deny", f"d: {NARROW}: allow\n{LATER}", "lets nobody in", "refuse refuse"),
    ("deny", f"d: {NARROW}: twist x", "keeps out whom the plain", "twist grant"),
    ("allow", f"d: {NARROW}: nosuch", "keeps out whom the plain", "refuse grant"),
    ("allow", f"d: {WIDE}\n{LATER}", "Debian's library lets in whom the classic", "refuse grant"),
    ("deny", f"d: {WIDE}", "keeps out whom the classic", "refuse refuse"),
    ("allow", f"d: ALL EXCEPT {NARROW}\n{LATER}", "lets nobody in whom the plain reading excepts", "refuse grant"),
    ("deny", f"d: ALL EXCEPT {NARROW}", "it excepts nobody, as with", "refuse refuse"),
    ("allow", f"d: ALL EXCEPT {WIDE}\n{LATER}", "excepts whom the classic", "refuse refuse"),
    ("deny", f"d: ALL EXCEPT {WIDE}", "it excepts nobody; Debian", "refuse grant"),
    ("deny", f"d: ALL EXCEPT 10. EXCEPT {NARROW}", "keeps out whom the plain", "refuse grant"),
    ("allow", f"d: {GLOB}\n{LATER}", "who matches in one reading alone does not get in", "refuse grant"),
    ("deny", f"d: {GLOB}", "who matches in either", "refuse refuse"),
    ("allow", f"d: ALL EXCEPT {GLOB}\n{LATER}", "excepts who matches in either", "refuse refuse"),
    ("deny", f"d: ALL EXCEPT {GLOB}", "excepts only who", "refuse grant"),
    ("allow", f"d: 10/8\n{LATER}", "nobody gets in by it", "refuse refuse"),
    ("deny", "d: 10/8", "nobody is kept out by it", "grant grant"),
    ("deny", "d: ALL EXCEPT 10/8", "excepts nobody", "refuse refuse"),
    ("allow", f"no colon\n{LATER}", "nobody gets in", "refuse refuse"),
    ("deny", "no colon", "nobody is kept out", "grant grant"),
    ("deny", "d: ALL: severity warn", "refused, as there", "refuse refuse"),
    ("allow", f"d: 10.9.9.9 # ALL\n{LATER}", "with Debian's library the classic", "grant grant"),
    ("allow", f"d: 1.1.1.1 # ALL\n{LATER}", "with Debian's library the classic", "refuse grant"),
    ("allow", f"  # d: ALL\n{LATER}", "Debian's library lets in whom the classic", "refuse grant"),
    ("deny", "# x \\\nd: 10.", "keeps out whom the plain", "refuse grant"),
]


def check_effects(desk):
    wrong = []
    for table, rule, want, verdicts in EFFECTS:
        path, other = desk.place("table", rule + "\n"), desk.place("other", "# none\n")
        classic = desk.place("classic", f"#!tcpwrap classic\n{rule}\n")
        # Under the glob it is a name that matches, in the classic reading.
        client = ["9.9.9.9", "10.example"] if GLOB in rule else ["10.9.9.9"]
        judged = []
        for at in (path, classic):
            tables = [at, other] if table == "allow" else [other, at]
            done = subprocess.run([JUDGE, *tables, "d", *client], text=True, capture_output=True)
            judged.append(done.stdout.split()[0])
        said = [f["effect"] for f in desk.check(f"--{table}", path)]
        if not said or want not in said[0] or judged != verdicts.split():
            wrong.append(f"{table} {rule}: {judged} {said}")
    ok(not wrong, f"{len(EFFECTS)} rules: what is said to come of it does", *wrong)


# ---- tables that people write ----

POLICIES = [
    "ALL: LOCAL .example.org EXCEPT guest.example.org\n",
    "ALL: ALL\n",
    "# closed\nALL : ALL : deny\n",
    "sshd : 192.0.2.0/24 : allow\nsshd : ALL : deny\n",
    "sshd, in.telnetd: 192.0.2., 198.51.100.0/255.255.255.0\n",
    "in.tftpd: ALL: spawn (/usr/sbin/safe_finger -l @%h | /usr/bin/mail -s %d-%h root) &\n",
    "ALL EXCEPT in.fingerd: .example.org\nin.fingerd: LOCAL, .example.org\n",
    "vsftpd: ALL: banners /etc/banners: severity local7.notice\n",
    "sshd: [2001:db8::]/32 [::1] 127.0.0.1\n",
    "sshd: [fe80::]/10\n",
    "in.ftpd: ALL: twist /bin/echo 421 Some bizarre error message.\n",
    "ALL: ALL: spawn /usr/bin/logger -p auth.notice refused %c for %d &: deny\n",
    "portmap: 192.168.1.0/255.255.255.0\nmountd: 192.168.1.0/255.255.255.0\n",
    "sshd@192.0.2.1: ALL\nsshd@198.51.100.1: LOCAL\n",
    "sshd: admin@10.0.0.1, KNOWN@10.0.0.2\n",
    "sshd: \\\n    192.0.2.1, \\\n    192.0.2.2, \\\n    192.0.2.3\n",
    "ALL: host.example.org www.example.com 203.0.113.7\n",
    "in.rlogind: KNOWN@.example.org: rfc931 5\n",
    "slapd: 127.0.0.1 10. 172.16.0.0/12\n",
    "smtp: ALL: keepalive: linger 30: nice 5\n",
    "rsync: *.backup.example.org\n",
    "ALL: 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16\nALL: KNOWN EXCEPT .evil.example\n",
    "nrpe: 192.0.2.10\n# Puppet\nsshd: 192.0.2.0/255.255.255.0,[2001:db8:1::]/48\n",
    "DENYHOSTS: LOCAL\n# DenyHosts: Fri Nov 27 10:00:00 2026 | sshd: 203.0.113.9\nsshd: 203.0.113.9\n",
    "ALL: 203.0.113.9\nALL: [2001:db8::bad]\n",
    "ALL : 203.0.113.9 : DENY\nALL : ALL : ALLOW\n",
    "stunnel.imaps: ALL: setenv CLIENT %a: umask 027\n",
    "proftpd : ALL EXCEPT 203.0.113. 198.51.100.0/24\n",
    "xinetd: 127.0.0.1\r\nsshd: 127.0.0.1\r\n",
    "ALL: LIST\n",
    "#!tcpwrap modern\nALL: 10.1.2.3/8 ::1 2001:db8::/32 # all fine here\nALL: ALL: severity authpriv.warn\n",
    "#!tcpwrap classic\nsshd: 10.1.2.3 .example.org [2001:db8::]/32\n",
    "",
    "\n\n# nothing\n",
]


# What is not wrong, but is told: a name in a rule that keeps out, and a table that is open.
TOLD = {"NAME-DENIED", "ALLOW-ALL", "NAME-FIRST"}


def check_policies(desk):
    desk.list.write_text("192.0.2.0/24\nhost.example.org .example.net\n[2001:db8::]/32\n")
    wrong = []
    for policy in POLICIES:
        for table in ("allow", "deny"):
            path = desk.dir / "policy"
            path.write_bytes(policy.replace("LIST", str(desk.list)).encode())
            said = [f for f in desk.check(f"--{table}", path) if (f["severity"] != "note" or f["differs"]) and f["id"] not in TOLD]
            wrong += [f"{policy!r}: {said}"] * bool(said)
    ok(not wrong, f"{len(POLICIES)} tables that people write, in both places: nothing", *wrong)


def check_one_reading(desk):
    """In a table with a directive only what does not work is told."""
    wrong = []
    for name, case, _ in CASES:
        if case in ("(directory)", "(mode 0)") or name in ("BAD-DIRECTIVE", "LATE-DIRECTIVE"):
            continue
        for directive in ("modern", "classic"):
            table, listed = case if isinstance(case, tuple) else (case, None)
            table = f"#!tcpwrap {directive}\n{table}"
            path = desk.place("hosts.allow", (table, listed) if listed is not None else table)
            for f in desk.check(path):
                ledger = f["id"] in ("USER-OPTION", "ACLEXEC-STATUS") or f["id"].startswith("LIST-") or \
                    f["id"] == "LINE-OVER-LIMIT"
                if f["differs"] and not ledger or directive == "classic" and f["plain"]:
                    wrong.append((directive, case, f))
    ok(not wrong, "a table with a directive has one reading", *wrong)
    dead = desk.check(desk.place("hosts.allow", "#!tcpwrap classic\nALL: 10.1.2.3/8\n"))
    ok([(f["id"], f["effect"]) for f in dead] == [("HOST-BITS", "nobody gets in by it")],
       "classic: a network with host bits is told, as a word that names nobody", dead)
    fine = desk.check(desk.place("hosts.allow", "#!tcpwrap modern\nALL: 10.1.2.3/8\n"))
    ok(fine == [], "modern: it is fine", fine)


# ---- documents ----

def check_documents():
    page = (ROOT / "man/tcpwrap-check.1").read_text()
    told = dict(re.findall(r"^\.It Sy ([A-Z0-9-]+) Pq (\w+)$", page, re.M))
    want = {name: severity.lower() for name, severity in LINTS.items()}
    ok(told == want, "tcpwrap-check(1) has every finding with its severity, and no other",
       set(told.items()) ^ set(want.items()))
    wrong = []
    for name, severity in LINTS.items():
        done = subprocess.run([TCPWRAP, "check", "--explain", name.lower()], text=True, capture_output=True)
        head, *rest = done.stdout.splitlines()
        places = [line.split(":")[0] for line in rest if line.endswith(f"[{name}]")]
        wants = [["hosts.allow", "hosts.deny"]] + [[]] * (name in NO_EXAMPLE) + \
            [["hosts.allow"]] * (name in ALLOW_ONLY)
        if done.returncode != 0 or head != f"{name} ({severity.lower()})" or places not in wants:
            wrong.append(done)
    ok(not wrong, "--explain explains each, and shows its example in both tables", *wrong)
    ledger = (ROOT / "docs/decisions/divergences.md").read_text()
    part = re.search(r"^## How the text is read\n(.*?)^## ", ledger, re.M | re.S).group(1)
    rows = [row for row in part.splitlines() if row.startswith("| ")][1:]
    bad = [row for row in rows if not (ids := re.findall(r"`([A-Z0-9-]+)`", row.split(" | ")[-1])) or
           set(ids) - set(LINTS)]
    ok(len(rows) > 20 and not bad, f"the {len(rows)} rows about text in the ledger name their findings", *bad)


# ---- the program ----

def run(*words, **more):
    done = subprocess.run([TCPWRAP, *words], text=True, capture_output=True, stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout, done.stderr


def on_terminal(path, **env):
    leader, follower = pty.openpty()
    subprocess.run([TCPWRAP, "check", path], stdout=follower, stdin=subprocess.DEVNULL,
                   env={"TERM": "xterm", **env})
    os.close(follower)
    said = os.read(leader, 65536)
    os.close(leader)
    return said


def check_program(desk):
    path = desk.place("a.deny", "sshd: 10.1.2.3/8\n")
    status, out, _ = run("check", path)
    ok(status == 1 and out.startswith(f"{path}:1:7: warning: ") and out.splitlines()[0].endswith("[HOST-BITS]") and
       "\tmended: sshd: 10.0.0.0/8\n" in out and "keeps out" in out, "text: place, severity, ID; .deny is a deny table", out)
    ok("lets nobody in" in run("check", "--allow", path)[1], "--allow is stronger than a name")
    status, out, _ = run("check", desk.place("n", "22: ALL\n"))
    ok((status, out) == (0, ""), "notes alone: nothing is said, and the status is 0", out)
    status, out, _ = run("check", "--notes", desk.dir / "n")
    ok(status == 0 and "[PORT]" in out, "--notes shows them", out)
    many = desk.place("many", "".join(f"d: 10.0.{i}.1/16\n" for i in range(50)))
    shown = [run("check", *words, many)[1].count("[HOST-BITS]") for words in ([], ["--all"])]
    ok(shown == [20, 50] and "30 more of HOST-BITS" in run("check", many)[1], "of a kind 20 are shown, or --all", shown)
    status, out, errors = run("check", "--quiet", many)
    ok((status, out, errors) == (1, "", ""), "--quiet says nothing")
    names = re.findall(r"^([A-Z0-9-]+) \((\w+)\)  ", run("check", "--list")[1], re.M)
    ok(names == [(name, severity.lower()) for name, severity in LINTS.items()], "--list lists all", names)
    for words in (["--explain"], ["-e", *LINTS], ["--explain=host-bits", *list(LINTS)[1:]]):
        status, out, errors = run("check", *words)
        heads = re.findall(r"^([A-Z0-9-]+) \(\w+\)$", out, re.M)
        ok(status == 0 and not errors and len(heads) == len(LINTS), f"{words[0]} with {len(words) - 1} IDs", heads)
    ok("did you mean HOST-BITS?" in run("check", "-e", "HOSTBITS")[2], "a slip in an ID: did you mean")
    status, out, _ = run("check", "--differences", desk.place("d", "ALL: 10/8\nALL: 10.0.0.1/8\n"))
    ok(status == 1 and "HOST-BITS" in out and "BAD-NET" not in out, "--differences leaves out the rest", out)
    for words in (["check", "--nosuch"], ["check", "/nonexistent"], ["chekc"], [], ["check", "--explain", "X"]):
        status, out, errors = run(*words)
        ok(status == 2 and errors and not out, f"{words}: status 2, told on standard error", out)
    ok(run("check", "--nosuch")[2].startswith("tcpwrap check: "), "it says who complains")
    ok("did you mean check?" in run("chekc")[2], "a slip in a command: did you mean")
    for words in (["--help"], ["--version"], ["check", "--help"]):
        status, out, errors = run(*words)
        ok(status == 0 and out and not errors, f"{words} goes to standard output")
    for words in (["check", path], ["check", "--help"], ["--help"], ["-V"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TCPWRAP, *words], stdout=full, stderr=subprocess.PIPE)
        ok(done.returncode == 2 and done.stderr, f"{words[0]}: output that cannot be written is trouble")
    ok(b"\033[" in on_terminal(path) and b"\033[" not in on_terminal(path, NO_COLOR="1") and
       b"\033[" not in on_terminal(path, TERM="dumb"), "colour on a terminal, not with NO_COLOR or TERM=dumb")
    hostile = desk.dir / "h"
    hostile.write_bytes(b"sshd: \x1b[2J\xff\xc3\xa9\"\\;/8\n" + b"d: \xed\xa0\x80 10.1.2.3/8\n")
    out = subprocess.run([TCPWRAP, "check", "--notes", hostile], capture_output=True).stdout
    ok(all(c in b"\n\t" or 32 <= c < 127 for c in out), "no byte of a table reaches the terminal as it is", out)
    found = desk.check(hostile)
    ok({os.fsencode(f["text"]) for f in found} == set(hostile.read_bytes().splitlines()),
       "JSON gives every byte back", found)


def main():
    with tempfile.TemporaryDirectory(prefix="tcpwrap-lint-") as name:
        desk = Desk(name)
        check_cases(desk)
        check_effects(desk)
        check_policies(desk)
        check_one_reading(desk)
        check_documents()
        check_program(desk)
    tap.finish()


sys.stdout.reconfigure(errors="backslashreplace")
main()
