#!/usr/bin/env python3
# timeout: 120
# seconds: 8
"""tcpwrap compile and tcpwrap verify: what they do with tables of all kinds, what they say, and with which
status; that an image says what its table says, and what is told if it does not."""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import image_lab as images  # noqa: E402
from image_lab import FOLDER, compile, equal, forge, image_of, judge, lab, ok, report, tcpwrap, write  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT, QUESTIONS = images.rules(2000)
table = lab.dir / "hosts.deny"


def check_usage():
    for command in ("compile", "verify"):
        status, out, err = tcpwrap(command, "--help")
        flags = re.findall(r"^FLAG\('(\w)', \"([\w-]+)\"", (ROOT / f"src/cmd/tcpwrap/images/{command}.def").read_text(), re.M)
        lost = [name for _, name in flags if f"--{name}" not in out]
        ok(status == 0 and not err and not lost and "Exit status" in out, f"{command} --help", lost, out)
        status, out, err = tcpwrap(command, "--nonsense")
        ok(status == 2 and not out and "usage: " in err, f"{command}: bad usage is 2", status, err)
        status = tcpwrap(command, "--version")
        ok(status[0] == 0 and status[1].startswith(f"tcpwrap {command} (tcpwrap) "), f"{command} --version", status)
        with open("/dev/full", "w") as full:
            done = subprocess.run([images.TCPWRAP, command, "/nonexistent"], stdout=full, stderr=subprocess.PIPE)
        equal(done.returncode, 2, f"{command}: an output that nobody gets is 2", done.stderr)


def check_compile():
    write(table, TEXT)
    before = [judge(table, question) for question in QUESTIONS]
    status, out, err = compile("--stats", table)
    image = image_of(table)
    ok(status == 0 and not err and f"2000 rules compiled to {image}" in out and "a rule" in out, "a table is compiled",
       status, out, err)
    ok(image.exists() and image.stat().st_mode & 0o777 == 0o644, "its image can be read by everybody")
    equal([judge(table, question) for question in QUESTIONS], before, "and answers as the text does")
    ok(len(set(before)) == len(QUESTIONS) - 1, "the questions are answered by different lines", before)
    # What no text says: so the image is what is asked.
    data = image.read_bytes()
    for number in range(1, image.stat().st_size // images.PAGE):
        forge(image, number, lambda page: page.__setitem__(slice(0, images.ROOM), bytes(images.ROOM)))
    ok([judge(table, question) for question in QUESTIONS] != before, "a forged one answers otherwise", before)
    image.write_bytes(data)
    inode = image.stat().st_ino
    status, out, err = compile(table)
    ok(status == 0 and "current" in out and image.stat().st_ino == inode, "a current image is left alone", out, err)
    status, out, err = compile("--force", "--quiet", table)
    ok(status == 0 and not out and not err and image.stat().st_ino != inode, "but with --force", out, err)
    data = bytearray(image.read_bytes())
    data[2 * images.PAGE + 17] ^= 1
    image.write_bytes(data)
    status, out, err = compile(table)
    ok(status == 0 and "compiled" in out, "a damaged one is made anew", out, err)
    equal(images.leftovers(), [], "nothing is left behind")


def check_changes():
    image = image_of(table)
    write(table, TEXT + "ALL: 203.0.113.200\n")
    found, status = report("verify", table)
    equal((found["verdict"], status), ("stale", 2), "an image of an earlier text is stale")
    ok(judge(table, "d 203.0.113.200 -").endswith(":2001"), "and is not asked")
    found, status = report("compile", table)
    equal((found["outcome"], found["rules"], status), ("compiled", 2001, 0), "a changed table is compiled anew")
    ok(judge(table, "d 203.0.113.200 -").endswith(":2001"), "and answers")
    write(table, "ALL: 203.0.113.200\n")
    found, status = report("compile", table)
    equal((found["outcome"], found["removed"], status, image.exists()), ("small", True, 0, False),
          "a small table needs no image, and its earlier one is removed")
    write(table, TEXT)
    compile(table)
    table.unlink()
    found, status = report("compile", table)
    equal((found["outcome"], found["removed"], status, image.exists()), ("absent", True, 0, False),
          "nor does one that is gone")
    equal(report("verify", table)[0]["verdict"], "not-due", "of which verify says as much")
    table.symlink_to("/dev/null")
    equal(report("compile", table)[0]["outcome"], "absent", "/dev/null is no table")
    table.unlink()


def check_kinds():
    """Tables that are read in other ways, or end in error."""
    lists = lab.dir / "list"
    lists.write_text("192.0.2.77\n")
    kinds = {
        "modern": "#!tcpwrap modern\n" + TEXT + "d: 192.0.2.78 # here\n",
        "classic": "#!tcpwrap classic\n" + TEXT,
        "no last newline": TEXT + "d: 192.0.2.78",
        "a line too long": TEXT + "d: " + "9.9.9.9 " * 400 + "\n" + "d: 192.0.2.78\n",
        "continued": TEXT.replace("ALL: ", "ALL: \\\n  ", 300),
        "odd lines": TEXT + "\n#\nno colon\nd: [::1\nd: 10.1.2.3/8\nd@[: ALL\n \\\n\nd: 192.0.2.78",
        "lists": TEXT + f"d: {lists}\nd@{lists}: 192.0.2.79\n",
    }
    found = [path.read_bytes() for kind in ("table", "lint") for path in sorted((ROOT / "fuzz/corpus" / kind).iterdir())]
    ok(len(found) > 250, "there is something that fuzzers have found", len(found))
    kinds["what fuzzers have found"] = b"\n".join(found).decode(errors="surrogateescape") + TEXT
    for name, text in kinds.items():
        table.unlink(missing_ok=True)
        image_of(table).unlink(missing_ok=True)
        write(table, text)
        asked = [*QUESTIONS, "d 192.0.2.77 -", "d 192.0.2.78 -", "d 9.9.9.9 -"]
        want = [judge(table, question) for question in asked]
        found, status = report("compile", table)
        proof = report("verify", table)
        # Fuzzers name folders as lists, of which the status tells.
        good = 1 if name.startswith("what fuzzers") else 0
        ok(status == good and found["outcome"] == "compiled" and proof[0]["verdict"] == "proved" and (good or proof[1] == 0),
           f"{name}: compiled and proved", found, proof)
        equal([judge(table, question) for question in asked], want, f"{name}: answers as the text does")
        if name == "lists":
            equal(found["rules_with_lists"], 2, "rules that name lists are counted")


def check_lists():
    """A small table names a large list, that another one; each has an image, and is read as its text is."""
    inner, outer = lab.dir / "inner", lab.dir / "outer"
    inner_text, _ = images.words(1200, seed=4)
    text, asked = images.words(1500)
    write(inner, inner_text + "\n192.0.2.5\n")
    write(outer, f"{text}\n{inner} /nonexistent/list\n")
    write(table, f"sshd: {outer}\n")
    want = [judge(table, question) for question in asked]
    equal([answer != "grant -" for answer in want], [True, True, True, True, True, True, False, True],
          "the questions are answered by words of all kinds")
    status, out, err = compile(table)
    ok(status == 0 and not err and "hosts.deny: no image" in out and "/nonexistent" not in out and
       all(re.search(rf"{path}: \d+ words compiled to {image_of(path, 'list')}\n", out) for path in (outer, inner)),
       "lists that are named are compiled, and lists that they name", out, err)
    equal([judge(table, question) for question in asked], want, "and answer as the text does")
    status, out, err = tcpwrap("verify", table)
    ok(status == 0 and out.count(" proved: ") == 2 and " words" in out, "and are proved", status, out, err)
    image = image_of(outer, "list")
    for number in range(1, image.stat().st_size // images.PAGE):
        forge(image, number, lambda page: page.__setitem__(slice(0, images.ROOM), bytes(images.ROOM)))
    ok([judge(table, question) for question in asked] != want, "a forged one answers otherwise")
    status, out, err = tcpwrap("verify", "--lists", outer)
    ok(status == 1 and f"{outer}" in err, "which verify finds", status, err)
    status, out, err = compile("--lists", "--force", outer)
    ok(status == 0 and f"{outer}: " in out and "hosts.deny" not in out, "a list is compiled by its name", out, err)
    ok(f"{inner}: its image is current" in compile(table)[1], "what is current is left alone")
    write(outer, text + "\n192.0.2.6\n")
    ok(judge(table, "sshd 192.0.2.6 -") != "grant -", "a list that was changed is read as text")
    equal(tcpwrap("verify", "-q", table)[0], 2, "and its image is stale")
    write(outer, "192.0.2.6\n")
    ok("its earlier image is removed" in compile(table)[1] and not image.exists(), "a small list needs none")
    write(outer, text + " " + "x" * 8192 + "\n")
    status, out, err = compile(table)
    ok(status == 1 and f"{outer}: error: a word of the list" in err, "a word that is too long is said", status, err)
    equal(tcpwrap("compile", "--lists")[0], 2, "--lists without a file is bad usage")


def check_faults():
    folder = lab.dir / "folder"
    folder.mkdir(exist_ok=True)
    found, status = report("compile", folder)
    equal((found["outcome"], found["problem"]["id"], status), ("failed", "TABLE_IRREGULAR", 1), "a folder is no table")
    status, out, err = compile(folder)
    ok(status == 1 and re.fullmatch(rf"tcpwrap compile: {folder}: error: [^\n]+\n\tremedy: [^\n]+\n", err),
       "an error has its place and its remedy", status, err)
    long = lab.dir / "long"
    write(long, "ALL: 192.0.2.1\n" * 2000 + "ALL: " + "9.9.9.9 " * 140000 + "\n")
    status, out, err = compile(long)
    ok(status == 1 and f"{long}:2001: error: a line is longer" in err, "a line over 1 MiB has its number", status, err)
    name = lab.dir / "a\nb\033[2J"
    write(name, TEXT)
    status, out, err = compile(name)
    ok(status == 0 and "a\\x0ab\\x1b[2J" in out and "\033" not in out, "paths are escaped", out)
    odd = os.fsencode(lab.dir) + b"/\xff"
    shutil.copy(name, odd)
    time.sleep(images.SETTLED_SECONDS)
    done = subprocess.run([images.TCPWRAP, "compile", "--json", odd], capture_output=True)
    equal(os.fsencode(json.loads(done.stdout)["tables"][0]["file"]), odd, "also in JSON, whatever bytes they have")
    relative = subprocess.run([images.TCPWRAP, "compile", name.name], cwd=lab.dir, capture_output=True, text=True)
    ok("current" in relative.stdout, "a relative path is the absolute one", relative)


def check_access():
    """Who can read the table can read the image, and nobody else."""
    write(table, TEXT)
    for mode, want in ((0o644, 0o644), (0o640, 0o640), (0o600, 0o600), (0o664, 0o644), (0o604, 0o604)):
        table.chmod(mode)
        if lab.REAL_ROOT:
            os.chown(table, 0, 7)
        time.sleep(images.SETTLED_SECONDS)
        done = compile(table, umask=0o077)
        st = image_of(table).stat()
        equal((done[0], st.st_mode & 0o777, st.st_uid, st.st_gid), (0, want, 0, 7 if lab.REAL_ROOT else 0),
              f"a table of mode {mode:o}", done)
    table.chmod(0o644)


def check_folders():
    other = lab.dir / "images"
    write(table, TEXT)
    status, out, err = compile("--folder", other, table, umask=0o077)
    ok(status == 0 and other.stat().st_mode & 0o777 == 0o755, "the folder is made, for all to read", out, err)
    ok(tcpwrap("verify", "-F", other, table)[0] == 0, "verify finds it there")
    other.chmod(0o775)
    status, out, err = compile("-F", other, table)
    ok(status == 2 and "root's alone" in err, "a folder that others can write to is refused", status, err)
    other.chmod(0o755)
    if lab.REAL_ROOT:
        os.chown(other, 1000, 0)
        status, out, err = compile("-F", other, table)
        ok(status == 2 and "root's alone" in err, "and one that is somebody else's", status, err)
        os.chown(other, 0, 0)
    link = lab.dir / "link"
    link.symlink_to(other)
    status = compile("-F", link, table)[0]
    ok(status == 2, "and a symbolic link", status)
    status = compile("-F", table, table)[0]
    ok(status == 2, "and a file", status)
    status = compile("-F", lab.dir / "no/such", table)[0]
    ok(status == 2, "and one in a folder that does not exist", status)


def check_verify():
    write(table, TEXT)
    compile("-f", table)
    image = image_of(table)
    data = image.read_bytes()
    found, status = report("verify", table)
    ok((found["verdict"], status) == ("proved", 0) and found["networks"] > 1000 and found["all_daemons"],
       "verify proves an image", found)
    status, out, err = tcpwrap("verify", table)
    ok(status == 0 and f"{table}: proved: 2000 rules" in out and not err, "and says so", out, err)

    def change_item(page):
        page[21] ^= 64  # of the second row of IPv4 addresses: the lowest byte of its item

    forge(image, 1, change_item)
    found, status = report("verify", table)
    ok((found["verdict"], status) == ("differs", 1) and found["line"] > 0, "a row that names another line is found", found)
    line = TEXT.splitlines()[found["line"] - 1]
    ok(found["detail"].split(",")[0].rsplit(".", 1)[0] in line, "with the line that is not shown, and to whom", found, line)
    status, out, err = tcpwrap("verify", table)
    ok(status == 1 and f"{table}:{found['line']}: error: " in err and "remedy: " in err, "also as text", err)
    for what, change, want in (
            ("a row that is somebody else's", lambda page: page.__setitem__(17, page[17] ^ 1), ("differs", 1)),
            ("another network", lambda page: page.__setitem__(15, page[15] - 1), ("differs", 1)),
            ("rows in another order", lambda page: page.__setitem__(11, 255), ("damaged", 1))):
        image.write_bytes(data)
        forge(image, 1, change)
        found, status = report("verify", table)
        equal((found["verdict"], status), want, f"{what} is found", found)
    for what, change, want in (
            ("a flipped bit", lambda: image.write_bytes(data[:5000] + bytes([data[5000] ^ 4]) + data[5001:]), ("damaged", 1)),
            ("a cut image", lambda: image.write_bytes(data[:-4096]), ("untrusted", 1)),
            ("a longer one", lambda: image.write_bytes(data + bytes(4096)), ("untrusted", 1)),
            ("an image that others can write to", lambda: image.chmod(0o666), ("untrusted", 1)),
            *([("somebody else's image", lambda: os.chown(image, 1000, 0), ("untrusted", 1))] if lab.REAL_ROOT else []),
            ("no image", image.unlink, ("missing", 2))):
        image.write_bytes(data)
        image.chmod(0o644)
        change()
        found, status = report("verify", table)
        equal((found["verdict"], status), want, f"{what} is found", found)


def check_usual():
    """Without a FILE, and as the unit starts it: with what it leaves root of its powers."""
    lab.private_etc()
    write(pathlib.Path("/etc/hosts.deny"), TEXT)
    status, out, err = compile()
    ok(status == 0 and "/etc/hosts.allow: there is no such table" in out and "/etc/hosts.deny: 2000 rules" in out,
       "the tables of the host", out, err)
    equal(tcpwrap("verify", "-q"), (0, "", ""), "and their proof")
    unit = (ROOT / "docs/samples/tcpwrap-compile.service").read_text()
    powers = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M).group(1).lower().replace("cap_", "").split()
    if shutil.which("setpriv") and lab.REAL_ROOT:
        shutil.rmtree(FOLDER)
        os.chown("/etc/hosts.deny", 1000, 7)
        os.chmod("/etc/hosts.deny", 0o640)
        time.sleep(images.SETTLED_SECONDS)
        done = subprocess.run(["setpriv", "--bounding-set=-all," + ",".join(f"+{power}" for power in powers),
                               images.TCPWRAP, "compile"], capture_output=True, text=True)
        st = image_of("/etc/hosts.deny").stat() if FOLDER.exists() else None
        ok(done.returncode == 0 and st and (st.st_mode & 0o777, st.st_gid) == (0o640, 7),
           "the unit's powers are enough", done, st)


def check_progress():
    """On a terminal; elsewhere there is none, as all the others show."""
    large = lab.dir / "large"
    write(large, "".join(f"ALL: 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(1 << 19)))
    main, side = pty.openpty()
    compile("-q", large)
    child = subprocess.Popen([images.TCPWRAP, "verify", large], stdout=subprocess.PIPE, stderr=side)
    out = child.stdout.read()
    child.wait()
    os.close(side)
    shown = b""
    try:
        while piece := os.read(main, 65536):
            shown += piece
    except OSError:
        pass
    ok(b"proved" in out and b"proving" in shown and b" %" in shown and shown.endswith(b"\r\033[K"),
       "long work is shown on a terminal", out, shown[-200:])


def main():
    check_usage()
    check_compile()
    check_changes()
    check_kinds()
    check_lists()
    check_faults()
    check_access()
    check_folders()
    check_verify()
    check_usual()
    check_progress()
    images.finish()


main()
