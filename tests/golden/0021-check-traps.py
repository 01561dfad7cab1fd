#!/usr/bin/env python3
# timeout: 120
"""tcpwrap check finds each mistake that people are known to make with these files, where a table can show it,
names and explains it; and it finds no error in policies as manuals have them."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP = BUILD / "src/cmd/tcpwrap/tcpwrap"
TRAPS = ROOT / "tests/golden/traps"
# Number, what goes wrong, and by which finding of which file it is found; or where else it shows, if no table has it.
MISTAKES = [
    (1, "a service that never reads the tables", {"01-service-that-never-asks.deny": ["DAEMON-UNKNOWN"],
                                                "(program)": ["DAEMON-DEAF"]}),
    (2, "IPv6 without brackets", {"02-ipv6-without-brackets.deny": ["BARE-IPV6"]}),
    (3, "0.0.0.0/0 for everybody", {"03-everybody-as-slash-zero.deny": ["SLASH-ZERO"]}),
    (4, "no newline at the end", {"04-no-final-newline.deny": ["NO-FINAL-NEWLINE"]}),
    (5, "private networks in a feed", {"05-feed-with-private-ranges.deny": ["PRIVATE-NET"] * 3}),
    (6, "a big list locks its owner out", {"06-big-list-and-no-way-back.deny": ["NO-WAY-BACK"]}),
    (7, "a ban of oneself", {"07-ban-of-oneself.deny": ["OWN-ADDRESS"] * 2}),
    (8, "an unban by a text that is part of others", "the tool that edits: nothing is left of it in a table"),
    (9, "a tool that wipes hosts.deny", {"09-wiped-deny-table.allow": ["ALLOW-WITHOUT-DENY"]}),
    (10, "an unban that leaves a twin", {"10-unban-that-leaves-a-twin.deny": ["DUPLICATE"]}),
    (11, "a table that does not exist", {"(absent)": ["TABLE-ABSENT"]}),
    (12, "writers that collide", {"12-writers-that-collide.deny": ["GLUED-RULES"]}),
    (13, "names that do not match", {"13-localhost-by-name.allow": ["LOCALHOST-NAME"],
                                     "13-domain-without-dot.allow": ["DOMAIN-BARE"],
                                     "13-name-in-a-ban.deny": ["NAME-DENIED"]}),
    (14, "the name service before an address", {"14-names-before-addresses.allow": ["NAME-FIRST"]}),
    (15, "the firewall says something else", "the firewall: no table knows it"),
    (16, "spawn for aclexec", {"16-spawn-for-aclexec.allow": ["SPAWN-NO-VERDICT"]}),
    (17, "a colon in a command", {"17-colon-in-a-command.deny": ["COMMAND-COLON"],
                                  "17-colon-in-a-banner.deny": ["COMMAND-COLON"]}),
    (18, "a door left open", {"18-door-left-open.allow": ["ALLOW-ALL"],
                              "18-service-left-open.allow": ["ALLOW-SERVICE"]}),
    (19, "alarm about daemons that do ask", {"(known daemons)": []}),
    (20, "a big table", {"20-big-table.deny": ["NO-IMAGE"]}),
    (21, "a comment behind a rule", {"21-comment-behind-a-rule.allow": ["TRAILING-COMMENT"]}),
    (22, "a comment that swallows the next line", {"22-comment-that-swallows.deny": ["CONTINUED-COMMENT"]}),
    (23, "an included file is missing", {"23-include-that-is-missing.deny": ["LIST-ABSENT"]}),
    (24, "words that match nobody", {"24-host-bits.allow": ["HOST-BITS"],
                                     "24-length-in-brackets.allow": ["LENGTH-IN-BRACKETS"],
                                     "24-no-final-dot.allow": ["BAD-ADDRESS"],
                                     "24-blanks-around-the-slash.allow": ["LIST-IRREGULAR"],
                                     "24-range.allow": ["RANGE"], "24-semicolon.allow": ["ODD-NAME"],
                                     "24-ssh-for-sshd.allow": ["SERVICE-NAME"]}),
    (25, "a line that is too long", {"25-long-line.deny": ["LONG-LINE"]}),
    (26, "a table that daemons cannot read", {"(mode 0600)": ["FILE-HIDDEN"],
                                                  "(mode 0666)": ["FILE-WRITABLE"]}),
    (27, "the log says another name", "the filters of the log: no table has its tag"),
]
HOST = {"01-service-that-never-asks.deny", "07-ban-of-oneself.deny", "20-big-table.deny", "(known daemons)"}


def check(*words):
    env = dict(os.environ, SSH_CONNECTION="198.51.100.77 50000 192.0.2.1 22")
    done = subprocess.run([TCPWRAP, "check", "--json", *words], capture_output=True, env=env)
    if done.stderr:
        raise AssertionError(f"{words}: {done.stderr}")
    return json.loads(done.stdout)["findings"]


def look_at(name, directory):
    """The findings of one of the files above, with its counterpart if it has one."""
    if name == "(absent)":
        # Only of the host's own tables it is no mistake of whoever asks.
        return in_root(directory)
    path = TRAPS / name
    if name == "(mode 0600)":
        path = directory / "hosts.deny"
        path.write_text("ALL: 203.0.113.9\n")
        path.chmod(0o600)
    if name == "(mode 0666)":
        path = directory / "hosts.deny"
        path.chmod(0o666)
    if name == "(program)":
        path = directory / "program.deny"
        path.write_text("cat: ALL\n")
        return check("--host", path)
    if name == "(known daemons)":
        path = directory / "hosts.allow"
        path.write_text("sshd: 192.0.2.7\nrpcbind: 192.0.2.7\nslapd: 192.0.2.7\n")
        return [f for f in check("--host", path) if f["id"].startswith("DAEMON-")]
    pair = sorted(TRAPS.glob(name.rsplit(".", 1)[0] + ".*"))
    return check(*(["--host"] if name in HOST else []), *(pair if len(pair) == 2 else [path]))


def in_root(directory):
    """The tables of a host without any: a mount namespace whose /etc is an empty folder."""
    etc = directory / "etc"
    etc.mkdir()
    done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$1" /etc && exec "$2" check --json', "sh",
                           etc, TCPWRAP], capture_output=True)
    if done.returncode != 0 or not done.stdout:
        return None
    return json.loads(done.stdout)["findings"]


def check_mistakes(directory):
    ids = set()
    for number, what, where in MISTAKES:
        if isinstance(where, str):
            tap.note(f"{number}: {what}: {where}")
            continue
        wrong = []
        for name, want in where.items():
            found = look_at(name, directory)
            if found is None:
                tap.skip(f"{number}: {what}", "needs a mount namespace")
                want = []
                continue
            got = [f["id"] for f in found if f["id"] in want]
            texts = [f for f in found if f["id"] in want and not (f["message"] and (f["effect"] or f["plain"]))]
            if got != want and not (want == ["TABLE-ABSENT"] and set(got) == set(want)):
                wrong.append((name, want, [f["id"] for f in found]))
            wrong += [(name, "says nothing", f) for f in texts]
            if not want:
                wrong += [(name, f["id"]) for f in found]
            ids |= set(want)
        ok(not wrong, f"{number}: {what}: found and named", *wrong)
    ok([n for n, _, _ in MISTAKES] == list(range(1, 28)), "each of the 27 has its place")
    used = {name for _, _, where in MISTAKES if isinstance(where, dict) for name in where}
    files = {path.name for path in TRAPS.iterdir()}
    ok(files - used == {"06-big-list-and-no-way-back.allow", "09-wiped-deny-table.deny"}, "each file is looked at",
       files - used)
    for name in sorted(ids):
        done = subprocess.run([TCPWRAP, "check", "--explain", name], capture_output=True, text=True)
        parts = re.findall(r"^\t([\w .-]+:)", done.stdout, re.M)
        ok(done.returncode == 0 and {"what:", "why it is told:", "--fix:"} <= set(parts), f"{name} is explained",
           done.stdout)


def policies():
    text = (ROOT / "tests/golden/clean-policies.txt").read_text()
    for part in text.split("== ")[1:]:
        name, rest = part.split("\n", 1)
        allow, deny = re.fullmatch(r"-- allow\n(.*?)-- deny\n(.*)", rest, re.S).groups()
        yield name, allow, deny


def check_clean(directory):
    lists, warnings, wrong, count = directory / "list", [], [], 0
    lists.write_text("192.0.2.0/24\n[2001:db8::]/32\n")
    for name, allow, deny in policies():
        paths = [directory / "clean.allow", directory / "clean.deny"]
        for path, text in zip(paths, (allow, deny)):
            path.write_text(text.replace("LIST", str(lists)))
        found = check(*paths)
        wrong += [(name, f["id"], f["text"]) for f in found if f["severity"] == "error"]
        warnings += [(name, f["id"], f["text"]) for f in found if f["severity"] == "warning"]
        count += 1
    ok(count >= 30 and not wrong, f"no error in {count} policies as manuals have them", *wrong)
    ok(len(warnings) <= 2, f"and {len(warnings)} warnings", *warnings)


def main():
    with tempfile.TemporaryDirectory(prefix="tcpwrap-traps-") as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)
        check_mistakes(directory)
        check_clean(directory)
    tap.finish()


main()
