#!/usr/bin/env python3
# timeout: 60
"""What `tcpwrap check` says that Debian's library makes of a line is what it does: for each kind of finding
that says so, a table and clients, asked of Debian's library itself."""
import json
import re
import subprocess

import rig

TCPWRAP = rig.BUILD / "src/cmd/tcpwrap/tcpwrap"
LINTS = re.findall(r'^LINT\(\w+, "([A-Z0-9-]+)"', (rig.ROOT / "data/lints.def").read_text(), re.M)
# Their sentences are about more than one decision, or about resources: the ledger has the cases.
ELSEWHERE = {"TABLE-UNREADABLE", "LIST-UNREADABLE", "LIST-DEEP", "LIST-LONG-WORD", "LINE-OVER-LIMIT", "SCOPE",
             "NAMELESS-MEMBER", "ODD-NUMBER", "TWIST-RESIDENT", "ACLEXEC-STATUS", "IPV6-ALL", "READINGS-DIFFER",
             "BAD-DIRECTIVE", "LATE-DIRECTIVE", "ODD-NAME",
             # These are about files, hosts, or several rules, and the same in each library.
             "FILE-WRITABLE", "FILE-HIDDEN", "TABLE-ABSENT", "NO-IMAGE", "ALLOW-WITHOUT-DENY", "NO-WAY-BACK",
             "ALLOW-ALL", "ALLOW-SERVICE", "PRIVATE-NET", "OWN-ADDRESS", "NAME-FIRST", "DAEMON-UNKNOWN",
             "DAEMON-DEAF", "SPAWN-NO-VERDICT", "SHADOWED", "UNREACHABLE", "REDUNDANT"}
TEN, ONE, SIX = "10.9.9.9", "192.168.1.9", "2001:db8::1"


def by(addr, name=None, **more):
    return {"daemon": "sshd", "addr": addr, **({"name": name} if name else {}), **more}


# ID, hosts.deny, who is refused, who gets in, and what is logged about those who are refused, if any are. LIST stands for a list's path.
CLAIMS = [
    ("TABLE-IRREGULAR", None, [], [by(TEN)], ""),
    ("LIST-ABSENT", "ALL: /nonexistent/list\n", [], [by(TEN)], ""),
    ("LIST-IRREGULAR", "ALL: 10.0.0.0 / 8\n", [], [by(TEN)], ""),
    ("LIST-COMMENT", ("ALL: LIST\n", "# ALL\n"), [by(TEN)], [], ""),
    ("LIST-COMMA", ("ALL: LIST\n", "10.9.9.9,10.9.9.8\n"), [], [by(TEN)], ""),
    ("LIST-NUL", ("ALL: LIST\n", "10.9.9.9\0x\n"), [by(TEN)], [], ""),
    ("LIST-EXCEPT", ("ALL: LIST\n", "11. EXCEPT 10.9.9.9\n"), [by(TEN)], [], ""),
    ("BOM", "\ufeffsshd: 10.9.9.9\n", [], [by(TEN)], ""),
    ("NO-FINAL-NEWLINE", "ftpd: 1.1.1.1", [by(TEN)], [], "missing newline or line too long"),
    ("LONG-LINE", "ftpd: " + "1.1.1.1 " * 300 + "\n", [by(TEN)], [], "missing newline or line too long"),
    ("NUL-BYTE", "ftpd: 1.1.1.1\0\n 10.9.9.9 : deny\nx: y\n", [], [by(TEN)], ""),
    ("NUL-BYTE", "sshd: 1.1.1.1\0hidden 10.9.9.9\n 10.9.9.8\n", [by("10.9.9.8")], [by(TEN)], ""),
    ("INDENTED-COMMENT", "  # sshd: ALL\n", [by(TEN)], [], ""),
    ("INDENTED-REMARK", "  # printers\n", [], [by(TEN)], 'missing ":" separator'),
    ("TRAILING-COMMENT", "sshd: 192.168.1.9 # open for all admins\n", [by(TEN)], [], ""),
    ("CONTINUED-COMMENT", "# C:\\etc\\\nsshd: ALL\n", [], [by(TEN)], ""),
    ("NO-COLON", "sshd ALL\n", [], [by(TEN)], 'missing ":" separator'),
    ("OPEN-BRACKET", "sshd: [2001:db8::1 : deny\n", [], [by(SIX)], ""),
    ("OPEN-BRACKET", "sshd: [x : ALL\n", [by(TEN)], [], ""),
    ("BARE-IPV6", "ALL: 2001:db8::1\n", [], [by(SIX)], ""),
    ("BARE-IPV6", "ALL: 10.9.9.9 2001:db8::1\n", [by(TEN)], [by(SIX)], "bad option name"),
    ("EMPTY-LIST", "sshd:\n", [], [by(TEN)], ""),
    ("EMPTY-LIST", ": ALL\n", [], [by(TEN)], ""),
    ("EXCEPT-FIRST", "sshd: EXCEPT 10.9.9.9\n", [], [by(TEN), by(ONE)], ""),
    ("EXCEPT-LAST", "sshd: ALL EXCEPT\n", [by(TEN)], [], ""),
    ("HOST-BITS", "sshd: 10.1.2.3/8\n", [], [by(TEN), by("10.1.2.3")], ""),
    ("SLASH-ZERO", "sshd: 0.0.0.0/0\n", [], [by(TEN)], ""),
    ("ALL-ONES", "sshd: 10.9.9.9/255.255.255.255\n", [], [by(TEN)], ""),
    ("LENGTH-IN-BRACKETS", "sshd: [2001:db8::/32]\n", [], [by(SIX)], ""),
    ("MAPPED", "sshd: [::ffff:10.9.9.9]\n", [], [by(TEN), by("::ffff:10.9.9.9")], ""),
    ("MAPPED", "sshd: [::ffff:0:0]/96\n", [], [by(TEN), by("::ffff:10.9.9.9")], ""),
    ("OCTAL", "sshd: 012.0.0.0/8\n", [by(TEN)], [by("12.0.0.1")], ""),
    ("RUBBISH-LENGTH", "sshd: 10.0.0.0/8x\n", [by(TEN)], [by(ONE)], ""),
    ("NO-LENGTH", "sshd: [2001:db8::]/\n", [by(SIX), by("::1")], [by(TEN)], ""),
    ("BAD-NET", "sshd: 10.0.0.0/33 10/8\n", [], [by(TEN), by("10.0.0.0")], ""),
    ("BAD-ADDRESS", "sshd: 10.9.9 010.9.9.9\n", [], [by(TEN)], ""),
    ("RANGE", "sshd: 10.9.9.1-10.9.9.9\n", [by(ONE, "10.9.9.1-10.9.9.9")], [by(TEN)], ""),
    ("BAD-BRACKETS", "sshd: [10.9.9.9]\n", [], [by(TEN), by(ONE, "[10.9.9.9]")], ""),
    ("BAD-BRACKETS", "sshd: a[b]c\n", [by(ONE, "a[b]c")], [by(TEN)], ""),
    ("EMPTY-HOST", "sshd: root@\n", [], [by(TEN, user="root")], ""),
    ("GLOB-DIGITS", "sshd: 10.*\n", [by(TEN), by(ONE, "10.evil.example")], [by(ONE, "x")], ""),
    ("GLOB-STARS", "sshd: www**\n", [by(ONE, "www1")], [by(ONE, "www")], ""),
    ("NAMELESS-GLOB", "sshd: *n\n", [by(TEN)], [by(ONE, "x")], ""),
    ("STATE-NAME", "sshd: PARANOID\n", [by(ONE, "paranoid")], [by(ONE, "x")], ""),
    ("NAME-DOT", "sshd: host.example.org.\n", [by(ONE, "host.example.org.evil.example")],
     [by(ONE, "host.example.org")], ""),
    ("PORT-WRAP", "4294967318: ALL\n", [by(TEN, sport="2 22")], [by(TEN, sport="2 23")], ""),
    ("PORT-SIGN", "+22: ALL\n", [by(TEN, sport="2 22")], [by(TEN, sport="2 23")], ""),
    ("PORT-RANGE", "70000: ALL\n", [{"daemon": "70000", "addr": TEN}], [by(TEN, sport="2 4464")], ""),
    ("PORT", "22: ALL\n", [by(TEN, sport="1 22")], [], ""),
    ("BRACKETED-NAME", "[sshd]: ALL\n", [], [by(TEN)], ""),
    ("OPTION-EMPTY", "sshd: ALL:\n", [by(TEN)], [], "missing option name"),
    ("OPTION-EMPTY", "sshd: ALL: : allow\n", [by(TEN)], [], "missing option name"),
    ("OPTION-UNKNOWN", "sshd: ALL: nosuch: allow\n", [by(TEN)], [], "bad option name"),
    ("OPTION-NO-VALUE", "sshd: ALL: spawn: allow\n", [by(TEN)], [], "requires value"),
    ("OPTION-VALUE", "sshd: ALL: allow all\n", [by(TEN)], [], "requires no value"),
    ("OPTION-NOT-LAST", "sshd: ALL: allow: severity info\n", [by(TEN)], [], "must be at end"),
    ("SEVERITY-NAME", "sshd: ALL: severity loud: allow\n", [by(TEN)], [], "bad syslog facility or severity"),
    ("SEVERITY-NEW", "sshd: ALL: severity warn: allow\n", [by(TEN)], [], "bad syslog facility or severity"),
    ("BAD-NUMBER", "sshd: ALL: linger soon: allow\n", [by(TEN)], [], "bad linger value"),
    ("SETENV-EQUALS", "sshd: ALL: setenv A=b: allow\n", [by(TEN)], [], "memory allocation failure"),
    ("EXPANSION-UNKNOWN", "sshd: ALL: spawn \\: %z: allow\n", [], [by(TEN)], "unrecognized %z"),
    ("USER-OPTION", "sshd: ALL: user nobody: allow\n", [], [by(TEN)], ""),
    ("CR-LF", "sshd: 10.9.9.9\r\n", [by(TEN)], [by(ONE)], ""),
    ("CONTINUED-CR", "sshd: 10.9.9.9 \\\r\n 192.168.1.9 : deny\r\n", [by(TEN)], [by(ONE)], ""),
    ("TYPOGRAPHY", "sshd: \u201c10.9.9.9\u201d\n", [], [by(TEN)], ""),
    ("GLUED-RULES", "sshd: 10.9.9.9, ALL: 203.0.113.9\n", [by(TEN)], [], "bad option name"),
    ("DUPLICATE", "sshd: 10.9.9.9\nsshd: 10.9.9.9\n", [by(TEN)], [by(ONE)], ""),
    ("EXCEPT-USELESS", "sshd: 10. EXCEPT 10.0.0.1 192.168.\n", [by(TEN)], [by(ONE), by("10.0.0.1")], ""),
    ("OPTION-AS-CLIENT", "sshd: 10.9.9.9 allow\n", [by(TEN), by(ONE, "allow")], [by(ONE, "x")], ""),
    ("BAN-128", "sshd: [2001:db8::1]\n", [by(SIX)], [by("2001:db8::2")], ""),
    ("ANY-WORD", "sshd: any\n", [by(TEN, "any")], [by(TEN, "x"), by(TEN)], ""),
    ("LOCALHOST-NAME", "sshd: localhost\n", [by("::1", "localhost")], [by("::1", "ip6-localhost"), by("::1")], ""),
    ("DOMAIN-BARE", "sshd: example.org\n", [by(TEN, "example.org")], [by(TEN, "www.example.org")], ""),
    ("NAME-DENIED", "sshd: .evil.example\n", [by(TEN, "a.evil.example")], [by(TEN, "a.example"), by(TEN)], ""),
    ("ADDRESS-DAEMON", "10.9.9.9: sshd\n", [], [by(TEN)], ""),
    ("WILDCARD-DAEMON", "LOCAL: ALL\n", [{"daemon": "LOCAL", "addr": TEN}], [by(TEN)], ""),
    ("SERVICE-NAME", "ssh: ALL\n", [{"daemon": "ssh", "addr": TEN}], [by(TEN)], ""),
    ("COMMAND-COLON", "sshd: ALL: spawn true 12:30: allow\n", [by(TEN)], [], "bad option name"),
    ("CLIENT-PORT", "sshd: 10.9.9.9:22\n", [by(TEN)], [], "bad option name"),
]


def found_by(path):
    done = subprocess.run([TCPWRAP, "check", "--json", "--deny", path], capture_output=True)
    return {f["id"] for f in json.loads(done.stdout)["findings"]}


def check_claim(scratch, probe, claim):
    name, table, refused, granted, logged = claim
    table, listed = table if isinstance(table, tuple) else (table, None)
    path = scratch.dir
    if table is not None:
        listed = scratch.write(listed.encode()) if listed is not None else ""
        path = scratch.write(table.replace("LIST", listed).encode())
    if name not in found_by(path):
        return f"check does not find it in {table!r}"
    case = rig.Case(scratch.path(), path, refused + granted)
    for request, answer in zip(refused + granted, probe.ask(case)):
        want = "denied" if request in refused else "granted"
        if answer.verdict != want:
            return f"{table!r} {request}: {answer.verdict}, not {want}"
        line = logged if request in (refused or granted) else ""
        if line not in " ".join(answer.logs) or (not line and answer.logs):
            return f"{table!r}: logged {answer.logs}, not {line!r}"
    return None


def main():
    tap, debian = rig.Tap(), rig.Debian()
    same = {claim[0] for claim in CLAIMS} ^ set(LINTS) ^ ELSEWHERE
    if same:
        tap.note(" ".join(sorted(same)))
    tap.ok(not same, "each finding is asked about here, or named as one that cannot be")
    if not debian.library:
        tap.skip("Debian's library does what the findings say", debian.reason)
        tap.finish()
    with rig.Scratch() as scratch, debian.probe(fork=True) as probe:
        for claim in CLAIMS:
            wrong = check_claim(scratch, probe, claim)
            if wrong:
                tap.note(wrong)
            tap.ok(not wrong, f"{claim[0]}: Debian's library does what is said")
    tap.finish()


main()
