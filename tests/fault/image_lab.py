"""Images of tables, in a mount namespace with a /var/lib/tcpwrap and an /etc of its own. Imported by the
tests of images, here and in tests/e2e."""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import inetd_lab as lab  # noqa: E402

BUILD = lab.BUILD
TCPWRAP, JUDGE = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/judge/judge"
FOLDER = pathlib.Path("/var/lib/tcpwrap")
PAGE, ROOM = 2048, 2040
SETTLED_SECONDS = 0.06

if lab.libc.mount(b"none", b"/var/lib", b"tmpfs", 0, b"mode=755") != 0:
    lab.skip_all("no tmpfs can be mounted here")
FOLDER.mkdir()

count = 0


def ok(good, name, *notes):
    global count
    count += 1
    for note in [] if good else notes:
        print("#", str(note).strip()[:3000].replace("\n", "\n# "))
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)


def skip(reason):
    global count
    count += 1
    print(f"ok {count} # SKIP {reason}", flush=True)


def equal(got, want, name, *notes):
    ok(got == want, name, f"got {got!r}, not {want!r}", *notes)


def tcpwrap(*arguments, **more):
    """Status, output, errors."""
    done = subprocess.run([TCPWRAP, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          errors="surrogateescape", **more)
    return done.returncode, done.stdout, done.stderr


def compile(*arguments, **more):
    return tcpwrap("compile", *arguments, **more)


def report(command, *arguments):
    """What --json says of the first table, and the status."""
    status, out, _ = tcpwrap(command, "--json", *arguments)
    return json.loads(out)["tables"][0], status


def rules(number, seed=1):
    """A table that has something of everything, and the questions that it answers at its first line, its
    last, in between, and nowhere."""
    chance = random.Random(seed)
    lines = ["sshd: 192.0.2.1\n"]
    for i in range(number - 3):
        quad = f"{chance.randrange(11, 172)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
        lines.append(chance.choice((
            f"ALL: {quad}\n", f"ALL: {quad}\n", f"sshd, vsftpd: {quad.rsplit('.', 1)[0]}.\n",
            f"ALL EXCEPT sshd: [2001:db8:{i:x}::]/48\n", f"vsftpd: .h{i}.example.org\n",
            f"ALL: 10.{i % 256}.{i // 256}.0/24 EXCEPT 10.{i % 256}.{i // 256}.7 : severity auth.info\n")))
    lines.insert(number // 2, "ALL: 198.51.100.0/24 .middle.example.net\n")
    lines.append("other: 203.0.113.9 [2001:db8:ffff::9]\n")
    name = next(line.split()[1] for line in lines if "example.org" in line)
    questions = ["sshd 192.0.2.1 -", "vsftpd 198.51.100.77 -", "sshd 9.9.9.9 a.middle.example.net",
                 "other 2001:db8:ffff::9 -", f"vsftpd 203.0.113.8 b{name}", "sshd 9.9.9.8 -"]
    return "".join(lines), questions


def words(number, seed=3):
    """Words of a list, of all kinds and with all that may stand between them; and questions about them."""
    chance = random.Random(seed)
    text = []
    for i in range(number):
        quad = f"{chance.randrange(11, 172)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
        net = quad.rsplit(".", 1)[0]
        text.append(chance.choice((f"{quad}\n", f"{quad}\n", f"{net}.0/24\n", f"{net}.\n", f".h{i}.example.org\n",
                                   f"[2001:db8:{i:x}::]/48\n", f"{quad},{net}.7 # {quad}\n", f"10.{i % 256}.0.0/16 ")))
    text.insert(number // 2, "192.0.2.1,#x 192.0.2.2\n")
    text.append(".last.example.net 192.0.2.3 # 192.0.2.4")
    questions = ["sshd 192.0.2.1 -", "sshd 192.0.2.2 -", "sshd 192.0.2.3 -", "sshd 192.0.2.4 -", "sshd 192.0.2.5 -",
                 "sshd 9.9.9.9 a.last.example.net", "vsftpd 192.0.2.1 -", "sshd 10.77.1.1 -"]
    return "".join(text), questions


def write(path, text):
    """A table that nobody is writing to any more."""
    path.write_text(text, errors="surrogateescape")
    time.sleep(SETTLED_SECONDS)


def image_of(path, ending="image"):
    """As the programs name it: FNV-1a of the path. That of a list ends otherwise."""
    number = 0xcbf29ce484222325
    for byte in str(path).encode():
        number = (number ^ byte) * 0x100000001b3 % 2**64
    return FOLDER / f"{number:016x}.{ending}"


def page_sum(page, number):
    total = (0x9e3779b97f4a7c15 + number) % 2**64
    for word, added in struct.iter_unpack("<QQ", page[:ROOM] + bytes(8)):
        total = ((total ^ word) * 0xff51afd7ed558ccd + added) % 2**64
        total = (total << 29 | total >> 35) % 2**64
    return total


def forge(image, number, change):
    """Another page, with a check sum that holds."""
    data = bytearray(image.read_bytes())
    page = bytearray(data[number * PAGE:(number + 1) * PAGE])
    change(page)
    page[ROOM:] = page_sum(page, number).to_bytes(8, "big")
    data[number * PAGE:(number + 1) * PAGE] = page
    image.write_bytes(data)


def judge(table, question):
    daemon, address, name = question.split()
    names = [] if name == "-" else [name]
    done = subprocess.run([JUDGE, "/nonexistent/hosts.allow", table, daemon, address, *names], capture_output=True,
                          text=True, timeout=20)
    return done.stdout.strip()


def leftovers(folder=FOLDER):
    return sorted(path.name for path in folder.glob("*.new*"))


def finish():
    print(f"1..{count}")
