#!/usr/bin/env python3
"""contrib/vim in a real Vim: each option, letter and wildcard of the tables of truth has its colour, what does
nothing is marked, and the samples have no mark."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
CONTRIB = ROOT / "contrib/vim"
# Groups at each byte of each line, runs of one group as NAME:LENGTH.
ASK = r"""
let out = []
for l in range(1, line('$'))
	let row = []
	for c in range(1, col([l, '$']) - 1)
		call add(row, synIDattr(synID(l, c, 1), 'name'))
	endfor
	call add(out, join(map(row, {_, name -> empty(name) ? '-' : name}), ' '))
endfor
call writefile(out + [&filetype], $WANT)
qall!
"""
MARKS = {"Error", "Nothing", "Unknown", "Remark"}
RUNTIME = list(pathlib.Path("/usr/share/vim").glob("vim*/filetype.vim"))
kinds = set()


def groups(folder, name, text):
    """The group of each character, line by line."""
    table, script, out = folder / name, folder / "ask.vim", folder / "groups"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(text)
    script.write_text(ASK)
    out.unlink(missing_ok=True)
    subprocess.run(["vim", "-u", "NONE", "-i", "NONE", "-n", "-N", "-es", "--not-a-term",
                    "--cmd", f"set runtimepath^={CONTRIB}", "-c", "filetype on", "-c", "syntax on",
                    "-c", f"edit {table}",
                    "-c", "if !exists('b:current_syntax') | source " + str(CONTRIB / "syntax/tcpwrap.vim") + " | endif",
                    "-S", script],
                   env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "WANT": str(out)}, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    *lines, kind = out.read_text().split("\n")[:-1]
    kinds.add(kind)
    return [[cell.removeprefix("tcpwrap") for cell in line.split(" ")] if line else [] for line in lines]


def words(text, found):
    """[(word, its group)]: of each run of characters that have one group."""
    pairs = []
    for line, cells in zip(text.splitlines(), found):
        for char, cell in zip(line, cells):
            if pairs and pairs[-1][1] == cell:
                pairs[-1][0] += char
            else:
                pairs.append([char, cell])
        pairs.append(["", ""])
    return {(word.strip(), group) for word, group in map(tuple, pairs) if word.strip()}


def table(name, macro):
    text = (ROOT / "data" / name).read_text()
    return re.findall(rf"^{macro}\((.*)$", text, re.M)


CASES = """sshd, vsftpd@192.0.2.1 : 192.0.2.0/24 [2001:db8::]/32 ALL EXCEPT .example.org @friends /etc/list : deny
# a comment
ALL : ::1 2001:db8::/32 fe80::1%eth0: spawn echo %a %z \\: x : allow
no colon here
sshd : 10. # a remark
    # indented
#!tcpwrap modern
sshd \\
  vsftpd : KNOWN, \\
  UNKNOWN : nosuch option : keepalive yes
sshd: LOCAL PARANOID LOCALHOST: severity \\
  auth.info: rfc931
"""
WANT = {("sshd, vsftpd@", "Daemons"), ("192.0.2.1", "Address"), ("192.0.2.0/24", "Address"), ("[2001:db8::]/32", "Address"),
        ("ALL", "Wildcard"), ("EXCEPT", "Operator"), ("@friends", "Netgroup"), ("/etc/list", "File"),
        ("deny", "Flag"), ("# a comment", "Comment"), ("::1", "Address"), ("2001:db8::/32", "Address"),
        ("fe80::1%eth0", "Address"), ("spawn", "Option"), ("%a", "Expansion"), ("%z", "Nothing"), ("\\:", "Escape"),
        ("allow", "Flag"), ("no colon here", "Error"), ("# a remark", "Remark"), ("# indented", "Remark"),
        ("#!tcpwrap modern", "Error"), ("KNOWN", "Wildcard"), ("UNKNOWN", "Wildcard"), ("nosuch option", "Unknown"),
        ("keepalive", "Flag"), ("yes", "Unknown"), ("LOCAL", "Wildcard"), ("PARANOID", "Wildcard"),
        ("severity", "Option"), ("auth.info", "Value"), ("rfc931", "Option")}


def check(folder):
    found = words(CASES, groups(folder, "etc/hosts.allow", CASES))
    lost = sorted(WANT - found)
    ok(not lost, "each kind of word has its group", lost, sorted(found))
    options = [re.match(r'\w+, "(\w+)", (\w+)', line).groups() for line in table("options.def", "OPTION")]
    text = "".join(f"ALL: ALL: {word}{'' if kind == 'NONE' else ' v'}\n" for word, kind in options)
    got = {word: cells[10] for (word, _), cells in zip(options, groups(folder, "etc/hosts.deny", text))}
    ok(len(options) > 12 and got == {word: "Flag" if kind == "NONE" else "Option" for word, kind in options},
       "each option of data/options.def, by whether it takes a value", got)
    letters = [line[1] for line in table("expansions.def", "EXPANSION")] + ["%"]
    text = "".join(f"ALL: ALL: spawn %{chr(code)}\n" for code in range(33, 127))
    got = {chr(code) for code, cells in zip(range(33, 127), groups(folder, "etc/hosts.deny", text))
           if cells[-1] == "Expansion"}
    ok(got == set(letters), "each letter of data/expansions.def, and no other", sorted(got ^ set(letters)))
    modern = "#!tcpwrap modern\nsshd : 10. # a remark\n  # indented\n"
    found = groups(folder, "etc/hosts.allow", modern)
    ok(found[0][0] == "Directive" and found[2][3] == "Comment", "a first line that is a directive", found)
    for name in ("hosts.allow", "hosts.deny"):
        text = (ROOT / "docs/samples" / name).read_text()
        # With all that is switched off, too.
        text += re.sub(r"^# (?=\S+ : )", "", text, flags=re.M)
        found = groups(folder, f"etc/{name}", text)
        bad = [text.splitlines()[n] for n, cells in enumerate(found) if set(cells) & MARKS
               and not text.splitlines()[n].startswith("#!")]
        ok(len(found) > 20 and not bad, f"nothing is marked in docs/samples/{name}", bad)
    long = "ALL:" + " 192.0.2.1 2001:db8::1 [2001:db8::2] a.example.org EXCEPT b \\\n" * 400 + ": allow\n"
    last = groups(folder, "etc/hosts.allow", long)[-1]
    ok(last[2:7] == ["Flag"] * 5, "a rule of 400 lines, to its end", last)
    ok(kinds == {"tcpwrap"}, "Vim knows the files by their names", kinds, skip=None if RUNTIME else "needs vim-runtime")


features = subprocess.run(["vim", "--version"], text=True, stdout=subprocess.PIPE).stdout if shutil.which("vim") else ""
if "+syntax" in features and "+eval" in features:
    with tempfile.TemporaryDirectory() as scratch:
        check(pathlib.Path(scratch))
else:
    tap.skip("contrib/vim in a real Vim", "needs vim with +syntax (vim-tiny has none)")
tap.finish()
