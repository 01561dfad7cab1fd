#!/usr/bin/env python3
# timeout: 300
# seconds: 6
"""tcpwrap check --fix writes the mends that let nobody in, and no other: each kind in the places where it does and
does not; lines around them to the byte; a backup, mode and owner; no second change. And for tables of all
kinds of mistakes the library itself is asked, in each reading, whether anybody gets in afterwards who did not."""
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
import rig  # noqa: E402
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP = BUILD / "src/cmd/tcpwrap/tcpwrap"
MENDS = dict(re.findall(r'^LINT\(\w+, "([A-Z0-9-]+)", \w+, (\w+)', (ROOT / "data/lints.def").read_text(), re.M))
WRITTEN = {name for name, mend in MENDS.items() if mend in ("SAME", "MORE", "LESS", "REFUSES")}

# Finding, table, text, the text mended; None: it is shown, and not written.
CASES = [
    ("HOST-BITS", "deny", "d: 10.1.2.3/8\n", "d: 10.0.0.0/8\n"),
    ("HOST-BITS", "allow", "d: 10.1.2.3/8\n", None),
    ("HOST-BITS", "allow", "d: 10.1.2.3/8: deny\n", "d: 10.0.0.0/8: deny\n"),
    ("HOST-BITS", "deny", "d: 10.1.2.3/8: allow\n", None),
    ("HOST-BITS", "deny", "d: 10.1.2.3/8: twist x\n", None),
    ("HOST-BITS", "deny", "d: 10.1.2.3/8: aclexec x\n", None),
    ("HOST-BITS", "deny", "d: ALL EXCEPT 10.1.2.3/8\n", None),
    ("HOST-BITS", "allow", "d: ALL EXCEPT 10.1.2.3/8\n", "d: ALL EXCEPT 10.0.0.0/8\n"),
    ("HOST-BITS", "allow", "d: ALL EXCEPT 10. EXCEPT 10.1.2.3/16\n", None),
    ("HOST-BITS", "deny", "d: 10.1.2.3/8, 1.1.1.1\t11.1.1.1/8 \\\n 12.1.1.1/8\nx: y\n",
     "d: 10.0.0.0/8, 1.1.1.1\t11.0.0.0/8  12.0.0.0/8\nx: y\n"),
    ("SLASH-ZERO", "deny", "ALL: 0.0.0.0/0\n", "ALL: 0.0.0.0/0.0.0.0\n"),
    ("SLASH-ZERO", "allow", "ALL: 0.0.0.0/0\n", None),
    ("ALL-ONES", "deny", "ALL: 10.0.0.1/32 10.0.0.1/255.255.255.255\n", "ALL: 10.0.0.1/32 10.0.0.1\n"),
    ("ALL-ONES", "allow", "ALL: 10.0.0.1/255.255.255.255\n", None),
    ("LENGTH-IN-BRACKETS", "deny", "ALL: [2001:db8::/32]\n", "ALL: [2001:db8::]/32\n"),
    ("LENGTH-IN-BRACKETS", "allow", "ALL: [2001:db8::/32]\n", None),
    ("RUBBISH-LENGTH", "deny", "ALL: 10.0.0.0/8x\n", "ALL: 10.0.0.0/8\n"),
    ("RUBBISH-LENGTH", "allow", "ALL: 10.0.0.0/8x\n", None),
    ("BAD-NET", "deny", "ALL: [10.0.0.0/8]\n", "ALL: 10.0.0.0/8\n"),
    ("BAD-NET", "allow", "ALL: [10.0.0.0/8]\n", None),
    ("BAD-ADDRESS", "deny", "ALL: 192.168.1\n", "ALL: 192.168.1.\n"),
    ("BAD-ADDRESS", "allow", "ALL: 192.168.1\n", None),
    ("BAD-BRACKETS", "deny", "ALL: [10.0.0.1]\n", "ALL: 10.0.0.1\n"),
    ("BAD-BRACKETS", "allow", "ALL: [10.0.0.1]\n", None),
    ("GLOB-DIGITS", "allow", "ALL: 10.*\n", "ALL: 10.\n"),
    ("GLOB-DIGITS", "deny", "ALL: 10.*\n", None),
    ("GLOB-STARS", "deny", "ALL: www**\n", "ALL: www*\n"),
    ("GLOB-STARS", "allow", "ALL: www**\n", None),
    ("GLOB-STARS", "deny", "ALL: 10.**\n", None),
    ("BARE-IPV6", "deny", "ALL: 2001:db8::1\n", "ALL: [2001:db8::1]\n"),
    ("BARE-IPV6", "deny", "ALL: 10.0.0.1 ::1 fe80::/10\n", "ALL: 10.0.0.1 [::1] [fe80::]/10\n"),
    ("BARE-IPV6", "deny", "ALL: fe80::1\n", None),  # "fe80" may be a host's name
    ("BARE-IPV6", "allow", "ALL: 2001:db8::1\n", None),
    ("BARE-IPV6", "deny", "ALL: ALL EXCEPT ::1\n", None),
    ("BOM", "deny", "\ufeffd: 10.0.0.1\n", "d: 10.0.0.1\n"),
    ("BOM", "allow", "\ufeffd: 10.0.0.1\n", None),
    ("BOM", "deny", "\ufeff# x: y\n", None),
    ("NO-FINAL-NEWLINE", "allow", "d: 10.0.0.1: deny", "d: 10.0.0.1: deny\n"),
    ("NO-FINAL-NEWLINE", "allow", "# end", "# end\n"),
    ("NO-FINAL-NEWLINE", "allow", "d: 10.0.0.1", None),
    ("NO-FINAL-NEWLINE", "deny", "d: 10.0.0.1", None),
    ("NO-FINAL-NEWLINE", "deny", "# end", None),
    ("INDENTED-COMMENT", "allow", "  # d: ALL\n", "# d: ALL\n"),
    ("INDENTED-COMMENT", "deny", "  # d: ALL\n", None),
    ("INDENTED-COMMENT", "allow", "  # d: \\\nd: ALL\n", None),
    ("INDENTED-REMARK", "deny", "\t# printers\n", "# printers\n"),
    ("INDENTED-REMARK", "allow", "\t# printers\n", "# printers\n"),
    ("TRAILING-COMMENT", "allow", "d: 192.168.1.9 # open for all\n", "d: 192.168.1.9\n"),
    ("TRAILING-COMMENT", "deny", "d: 192.168.1.9 # all of them\n", None),
    ("TRAILING-COMMENT", "allow", "d: 192.168.1.9 # so: it is\n", None),
    ("TRAILING-COMMENT", "allow", "d: 192.168.1.9 # all EXCEPT x\n", None),
    ("TRAILING-COMMENT", "allow", "d: 192.168.1.9 # x \\\ne: ALL\n", None),
    ("CONTINUED-COMMENT", "deny", "# C:\\etc\\\nd: 10.\n", "# C:\\etc\nd: 10.\n"),
    ("CONTINUED-COMMENT", "allow", "# C:\\etc\\\nd: 10.\n", None),
    ("CONTINUED-COMMENT", "deny", "e: f # x \\\nd: 10.\n", None),
    ("DUPLICATE", "deny", "d: 10.\n# x\nd: 10.\ne: 11.\nd: 10.\n", "d: 10.\n# x\ne: 11.\n"),
    ("DUPLICATE", "allow", "d: 10.\nd: 10.\n", "d: 10.\n"),
    ("DUPLICATE", "deny", "d: 10.: aclexec x\nd: 10.: aclexec x\n", None),
    ("OPTION-EMPTY", "deny", "d: ALL:\n", "d: ALL\n"),
    ("OPTION-EMPTY", "deny", "d: ALL: : deny\n", "d: ALL: deny\n"),
    ("OPTION-EMPTY", "deny", "d: ALL: : allow\n", None),
    ("OPTION-EMPTY", "allow", "d: ALL:\n", None),
    ("OPTION-EMPTY", "allow", "d: ALL: : deny\n", "d: ALL: deny\n"),
    ("SEVERITY-NEW", "deny", "d: ALL: severity warn\n", "d: ALL: severity warning\n"),
    ("SEVERITY-NEW", "allow", "d: ALL: severity warn\n", None),
    ("SETENV-EQUALS", "deny", "d: ALL: setenv A=b\n", "d: ALL: setenv A b\n"),
    ("SETENV-EQUALS", "allow", "d: ALL: setenv A=b\n", None),
    ("EXPANSION-UNKNOWN", "allow", "d: ALL: spawn date +%Y\n", "d: ALL: spawn date +%%Y\n"),
    ("EXPANSION-UNKNOWN", "allow", "d: ALL: aclexec date +%Y\n", None),
    ("OPTION-UNKNOWN", "deny", "d: ALL: spwan x\n", None),
    ("COMMAND-COLON", "deny", "d: ALL: spawn x 12:30\n", None),
    ("ODD-NAME", "deny", "d: 10.0.0.1;10.0.0.2\n", None),
    ("BAN-128", "deny", "d: [2001:db8::1]\n", None),
    ("SERVICE-NAME", "deny", "ssh: ALL\n", None),
]
MIXED = 80 if os.environ.get("TIER") == "deep" else 25  # tables of several cases
AROUND = "# before \t\n\n", "\n  \nz:  z.example.org  \n# behind\n"


def run(*words):
    done = subprocess.run([TCPWRAP, "check", *words], capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode()


def found(kind, path, *words):
    return json.loads(run("--json", f"--{kind}", path, *words)[1])


def place(directory, text, *, around=False):
    path = directory / "table"
    text = AROUND[0] + text + AROUND[1] if around else text
    path.write_bytes(text.encode(errors="surrogateescape"))
    return path


def can_stand_between(name, text):
    return name not in ("BOM", "NO-FINAL-NEWLINE")


def check_case(directory, name, kind, text, want, around):
    path = place(directory, text, around=around)
    before = path.read_bytes()
    said = [f for f in found(kind, path)["findings"] if f["id"] == name]
    if not said or any(f["safe"] != (want is not None) for f in said if want is None):
        return f"safe: {[f['safe'] for f in said]}"
    status = run("--fix", f"--{kind}", path)
    whole = want if want is not None else text
    if around:
        whole = AROUND[0] + whole + AROUND[1]
    if path.read_bytes() != whole.encode(errors="surrogateescape"):
        return f"{path.read_bytes()!r}, not {whole!r}, {status}"
    backup = path.with_name("table.~1~")
    if want is None:
        return "a backup of nothing" if backup.exists() else None
    if backup.read_bytes() != before:
        return "the backup is another text"
    backup.unlink()
    left = [f for f in found(kind, path)["findings"] if f["id"] == name]
    if left:
        return f"still there: {left}"
    again = run("--fix", f"--{kind}", path)
    return f"a second run changes it: {again}" if backup.exists() else None


def check_cases(directory):
    wrong = []
    for name, kind, text, want in CASES:
        for around in (False, True) if can_stand_between(name, text) else (False,):
            why = check_case(directory, name, kind, text, want, around)
            wrong += [f"{name} {kind} {text!r}: {why}"] * bool(why)
            for path in directory.glob("table.~*"):
                path.unlink()
    ok(not wrong, f"{len(CASES)} cases: what is safe is written, and only that", *wrong)
    does = {name for name, _, _, want in CASES if want is not None}
    does_not = {name for name, _, _, want in CASES if want is None}
    ok(does == WRITTEN, "each finding whose mend may be written has a case", does ^ WRITTEN)
    lost = {name for name in WRITTEN if MENDS[name] in ("MORE", "LESS", "REFUSES")} - does_not
    ok(not lost, "and one where it is not", lost)


# ---- the file ----

def check_file(directory):
    path = place(directory, "d: 10.1.2.3/8\nd: x\n")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    was = path.stat()
    status, out, errors = run("--fix", "--dry-run", "--deny", path)
    ok(path.read_text() == "d: 10.1.2.3/8\nd: x\n" and "-d: 10.1.2.3/8\n+d: 10.0.0.0/8\n" in out and status == 1 and
       not errors and len(list(directory.glob("table*"))) == 1, "--dry-run shows a diff and writes nothing", out)
    for taken in ("table.~1~", "table.~3~"):
        (directory / taken).write_text("precious\n")
    status, out, errors = run("--fix", "--deny", path)
    now = path.stat()
    ok((now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid), "mode and owner stay")
    ok((directory / "table.~1~").read_text() == (directory / "table.~3~").read_text() == "precious\n" and
       (directory / "table.~2~").read_text() == "d: 10.1.2.3/8\nd: x\n" and "table.~2~" in out,
       "the backup takes no name that is taken, and is named", out)
    ok("@@ -1,2 +1,2 @@" in out and status == 1 and not errors, "the diff is shown; the status is about what is left")
    ok(not [p for p in directory.iterdir() if p.name.startswith(".table")], "nothing else is left behind")
    for left in directory.glob("table.~*"):
        left.unlink()
    link = directory / "link"
    place(directory, "d: 10.1.2.3/8\n")
    link.symlink_to("table")
    run("--fix", "--deny", link)
    ok(link.is_symlink() and path.read_text() == "d: 10.0.0.0/8\n", "a link stays, and its file is mended")
    place(directory, "d: 10.1.2.3/8\n# \x1b[2J \x00\n")
    status, out, errors = run("--fix", "--json", "--deny", path)
    table = json.loads(out)["tables"][0]
    ok(table["mends"] == 1 and table["backup"] == str(directory / "table.~2~") and table["fault"] is None,
       "JSON says how many, and where the backup is", table)
    place(directory, "# x \\\nd: 10.1.1.1/8: : deny\nd: 10.1.1.1/8: : deny\n")
    run("--fix", "--deny", path)
    ok(path.read_text() == "# x\nd: 10.0.0.0/8: deny\n", "what lies below another mistake is mended, too",
       path.read_text())
    status, out, errors = run("--fix", "--deny", directory / "nothing.deny")
    ok(status == 2 and "no such file" in errors, "a table that does not exist is told once", errors)
    status, out, errors = run("--fix", "--deny", directory)
    ok(status == 2 and errors, "a folder is no table", errors)


# ---- who gets in ----

DAEMONS = ["d", "e", "sshd"]
CLIENTS = [(a, n) for a in ("10.0.0.1", "10.1.2.3", "10.9.9.9", "11.1.1.1", "192.168.1.9", "192.168.2.1", "1.1.1.1",
                            "2001:db8::1", "::1", "fe80::1") for n in ("h.example.org", "www1", "10.x")]


def tables():
    """Texts with several mistakes on neighbouring lines, and on one."""
    chance = random.Random(6)
    texts = [text for _, _, text, _ in CASES]
    whole = [text for text in texts if text.endswith("\n") and not text.startswith("\ufeff")]
    for text in texts:
        yield text
    for _ in range(MIXED):
        yield "".join(chance.choice(whole) for _ in range(chance.randint(2, 5))) + chance.choice(["", "d: ALL", "# x"])


def sides(scratch, text, kind):
    """The tables of a case, before or behind the mends, in each way to read them."""
    other = b"d: 1.1.1.1\n" if kind == "deny" else b"ALL: ALL\n"
    for head in (b"", b"#!tcpwrap classic\n", b"#!tcpwrap modern\n"):
        if head and text.startswith(b"\xef\xbb\xbf"):
            continue
        mine = scratch.write(head + text)
        yield (mine, scratch.write(other)) if kind == "allow" else (scratch.write(other), mine)


def check_verdicts(directory):
    wrong, mended, asked = [], 0, 0
    requests = [{"daemon": d, "addr": a, "name": n} for d, (a, n) in itertools.product(DAEMONS[:2], CLIENTS)]
    with rig.Scratch() as scratch, rig.Probe(rig.OURS, fork=False) as probe:
        for text, kind in itertools.product(tables(), ("allow", "deny")):
            path = place(directory, text)
            run("--fix", "--quiet", f"--{kind}", path)
            before, after = text.encode(), path.read_bytes()
            if before == after:
                continue
            mended += 1
            for old, new in zip(sides(scratch, before, kind), sides(scratch, after, kind)):
                answers = [probe.ask(rig.Case(*tables_, requests)) for tables_ in (old, new)]
                for request, was, now in zip(requests, *answers):
                    asked += 1
                    if now.granted and not was.granted:
                        wrong.append((kind, text, after, request))
            for left in directory.glob("table.~*"):
                left.unlink()
    ok(not wrong, f"{asked} questions about {mended} mended tables: nobody gets in who did not", *wrong[:5])
    ok(mended > len(CASES) / 2 + MIXED, f"{mended} tables were mended")


def main():
    with tempfile.TemporaryDirectory(prefix="tcpwrap-fix-") as name:
        directory = pathlib.Path(name)
        check_cases(directory)
        check_file(directory)
        for left in directory.glob("table*"):
            left.unlink()
        check_verdicts(directory)
    tap.finish()


main()
