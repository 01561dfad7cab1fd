#!/usr/bin/env python3
"""What all commands of tcpwrap have in common: how they complain, the flags that go by one letter in each of them, and
that an answer nobody could read is told apart from every answer."""
import collections
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP = BUILD / "src/cmd/tcpwrap/tcpwrap"
SOURCE = ROOT / "src/cmd/tcpwrap"
COMMANDS = re.findall(r'^COMMAND\("(\w+)"', (SOURCE / "commands.def").read_text(), re.M)
TROUBLE = 2
# Flags that mean the same wherever they are.
LETTERS = {"allow": "a", "deny": "d", "json": "j", "quiet": "q", "dry-run": "n", "limit": "l", "port": "p", "server": "s",
           "ranges": "r", "folder": "F", "lists": "l", "all": "A"}


def run(*words, **streams):
    streams = {"stdout": subprocess.PIPE, **streams}
    done = subprocess.run([TCPWRAP, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=30,
                          **streams)
    return done.returncode, done.stdout or "", done.stderr


def closed(*words):
    done = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&-', "sh", TCPWRAP, *words], stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


def check_front_door():
    status, out, err = run()
    ok(status == TROUBLE and not out and err.startswith("usage: tcpwrap "), "without a command: how it is used", err)
    status, out, err = run("exlain")
    ok(status == TROUBLE and not out and err.startswith("tcpwrap: ") and "explain" in err, "a slip is guessed at", err)
    status, out, _ = run("--help")
    ok(status == 0 and re.findall(r"^  (\w+)  ", out, re.M) == COMMANDS, "--help has every command", out)


def check_command(name):
    called = f"tcpwrap {name}"
    status, out, err = run(name, "--no-such-flag")
    ok(status == TROUBLE and not out and err.startswith(f"{called}: ") and f"\nusage: {called} " in err and
       f"{called} --help" in err, f"{called}: a flag that it has not", status, err)
    status, out, err = run(name, "--help")
    ok(status == 0 and not err and out.startswith(f"usage: {called} ") and "\nExit status: 0 " in out and
       out == run(name, "-h")[1], f"{called} --help", out)
    glued = [line for line in out.splitlines() if re.match(r"  -\w, ", line) and not re.match(r"  .*\S  +\S", line)]
    columns = {re.match(r"  -.{21} ?", line).end() for line in out.splitlines() if re.match(r"  -\w, ", line)}
    ok(len(columns) == 1, "its columns", glued)
    status, out, err = run(name, "--version")
    ok(status == 0 and out == run(name, "-V")[1] and re.fullmatch(rf"{called} \(tcpwrap\) [\d.]+\n", out),
       f"{called} --version", out)
    status, err = closed(name, "--version")
    ok(status == TROUBLE and err == f"{called}: standard output is closed\n", "standard output is closed", status, err)
    with open("/dev/full", "w") as full:
        status, _, err = run(name, "--help", stdout=full)
    ok(status == TROUBLE and err == f"{called}: cannot write to standard output\n", "or full", status, err)


def check_letters():
    letters = collections.defaultdict(set)
    for path in sorted(SOURCE.rglob("*.def")):
        for letter, name in re.findall(r"^(?:FLAG|ADDED)\('(\w)', \"([\w-]+)\"", path.read_text(), re.M):
            letters[name].add(letter)
    wrong = {name: letters[name] for name, letter in LETTERS.items() if letters[name] != {letter}}
    ok(not wrong, "the same letter for the same thing", wrong)


def check_absent():
    """A table that was named by mistake: what is asked goes on, as without one, and is not silent."""
    for name, words in (("who", ("sshd",)), ("explain", ("sshd", "192.0.2.1")), ("diff", (str(ROOT / "absent"),)),
                        ("diff", ("/dev/null", "/dev/null", "-t", "deny")), ("audit", ("-n", "own"))):
        _, _, err = run(name, "-a", "absent\x1b.allow", "-d", "/dev/null", *words)
        note = f"tcpwrap {name}: note: absent\\x1b.allow: there is no such table, and it is taken as empty\n"
        ok(err.startswith(note), f"{name} says that a table is absent", err)
        _, _, err = run(name, "-a", "/dev/null", "-d", "/dev/null", *words)
        ok("is taken as empty" not in err, "and does not, of one that is there", err)


def main():
    check_front_door()
    for name in COMMANDS:
        check_command(name)
    check_letters()
    check_absent()
    tap.finish()


if __name__ == "__main__":
    main()
