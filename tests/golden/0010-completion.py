#!/usr/bin/env python3
"""bash's completion: every flag that --help shows is proposed, and nothing else; what flags take; words of
the host's files are proposed and never carried out."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok, skip = tap.ok, tap.skip
BASH = shutil.which("bash")
ASK = """
source "$1"
shift
COMP_CWORD=$(($# - 1))
COMP_WORDS=("$@")
_tcpwrap_complete "$1"
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""
# A program's place below src/cmd, where that is not its name.
PROGRAMS = ("inetctl", "inetd", "safe_finger", "tcpdchk", "tcpdmatch")


def complete(script, *words, cwd=None):
    """What is proposed for the last word."""
    done = subprocess.run([BASH, "--norc", "--noprofile", "-c", ASK, "bash", script, *words], cwd=cwd, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    if done.returncode != 0 or done.stderr:
        return [f"status {done.returncode}", done.stderr]
    return sorted(done.stdout.splitlines())


def long_flags(*command):
    """As --help has them."""
    done = subprocess.run([*map(str, command), "--help"], stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE)
    return sorted(set(re.findall(r"^ +(?:-\w,? +)?(--[a-z][\w-]*)", done.stdout, re.M)))


def same(got, want, name):
    ok(got == want, name, f"too much: {sorted(set(got) - set(want))}", f"missing: {sorted(set(want) - set(got))}")


def check_flags(script):
    tcpwrap = BUILD / "src/cmd/tcpwrap/tcpwrap"
    said = subprocess.run([tcpwrap, "--help"], text=True, stdout=subprocess.PIPE).stdout
    commands = re.findall(r"^  ([a-z]+)  ", said, re.M)
    same(complete(script, "tcpwrap", ""), sorted([*commands, "--help", "--version"]), "the commands of tcpwrap")
    asked = [((tcpwrap, command), ("tcpwrap", command)) for command in commands]
    asked += [((BUILD / "src/cmd" / name / name,), (name,)) for name in PROGRAMS]
    for command, words in asked:
        flags = long_flags(*command)
        got = [word for word in complete(script, *words, "--") if word != "--version"]
        same(got, sorted({*flags, "--help"} - {"--version"}), f"flags of {' '.join(words)}")
        ok(len(flags) > 1, f"and there are some of {' '.join(words)}", flags)


def check_arguments(script, folder):
    (folder / "a file").write_text("")
    (folder / "folder").mkdir()
    for words, want in ((("tcpwrap", "compile", "a"), ["a file"]),
                        (("tcpwrap", "compile", "--folder", ""), ["folder"]),
                        (("tcpwrap", "wrap", "--file", ""), ["a file", "folder"]),
                        (("tcpwrap", "check", "--explain", "HOST-B"), ["HOST-BITS"]),
                        (("inetctl", "re"), ["reload", "resume"]),
                        (("inetd", "--rate", ""), []),
                        (("tcpwrap", "nothing", "a"), [])):
        same(complete(script, *words, cwd=folder), want, f"behind {' '.join(words)}")


def check_hostile(script, folder):
    """Words of files that anybody may have written to: compgen carries out what looks like a command."""
    text = script.read_text()
    for place in ("/etc/hosts.allow", "/etc/hosts.deny", "/etc/inetd.conf", "/etc/xinetd.conf"):
        text = text.replace(place, str(folder / place.rsplit("/", 1)[1]))
    moved = folder / "moved.bash"
    moved.write_text(text.replace("/etc/xinetd.d/*", ""))
    hostile = "$(touch ran) `touch ran` $HOME"
    (folder / "hosts.allow").write_text(f"sshd: ALL\n{hostile}: ALL\nsshd.{hostile}: ALL\nin.ftpd, x: ALL\n# c: ALL\n")
    (folder / "hosts.deny").write_text("ALL: ALL\n")
    (folder / "inetd.conf").write_text(f"ftp stream tcp nowait root /x x\n$(touch ran) stream tcp\n#off stream tcp\n"
                                       "tftp\tdgram\tudp wait root /y y\n")
    (folder / "xinetd.conf").write_text(f"defaults\n{{\n}}\nservice git\n{{\n}}\nservice {hostile}\n")
    same(complete(moved, "tcpdmatch", "", cwd=folder), ["ALL", "in.ftpd", "sshd"], "daemons of the tables")
    same(complete(moved, "tcpwrap", "wrap", "", cwd=folder), ["ftp", "git", "tftp"], "services of the host")
    ok(not (folder / "ran").exists(), "and nothing of it is carried out")


def main():
    script = BUILD / "tools/tcpwrap"
    if BASH is None:
        skip("the completion", "there is no bash")
    else:
        with tempfile.TemporaryDirectory() as folder:
            check_flags(script)
            check_arguments(script, pathlib.Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            check_hostile(script, pathlib.Path(folder))
    tap.finish()


main()
