#!/usr/bin/env python3
# timeout: 120
# seconds: 6
"""Images and kept texts of tables and lists under clocks that are set, files that get times of the past and the
future, calls that read and write less than they are asked to; and a process that goes over from the image of
a list to keeping it. The verdict is always that of the last text. With --all more of it, as
0523-image-clocks-long.py has it."""
import ctypes
import mmap
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import image_lab as images  # noqa: E402
from image_lab import JUDGE, TCPWRAP, equal, image_of, judge, lab, leftovers, ok, write  # noqa: E402

ALL = "--all" in sys.argv
STEPS = 700 if ALL else 90  # of each kind
FRONT = images.BUILD / "tests/fault/image_front.so"
LIBRARY = images.BUILD / "src/libwrap/libwrap.so.0"
IMAGE_USE_BYTES = 1600  # src/table/store.c
CLIENT, OTHER = "192.0.2.1", "192.0.2.2"
# Milliseconds: within a tick of a kernel, within what counts as young, within whole seconds, far away.
STEPS_MS = (-1, -4, -20, -60, -900, -1500, -2500, -60_000, -3_600_000, -10**10, 3, 40, 700, 3000, 3_600_000, 10**10)

# Asks the library, as a process that stays does: a line in, a line out.
RESIDENT = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
allow, deny = b"/nonexistent", sys.argv[2].encode()
ctypes.c_char_p.in_dll(library, "hosts_allow_table").value = allow
ctypes.c_char_p.in_dll(library, "hosts_deny_table").value = deny
for line in sys.stdin:
    daemon, address, name = line.encode().split()
    name = b"unknown" if name == b"-" else name
    print(library.hosts_ctl(daemon, name, address, b"unknown"), flush=True)
"""


class Front:
    """The clock and the files of programs that are started with environment()."""

    def __init__(self, **more):
        self.path = lab.dir / f"front{len(list(lab.dir.glob('front*')))}"
        self.path.write_bytes(bytes(24))
        with self.path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 24)
        self.more = {name: str(value) for name, value in more.items()}

    def environment(self):
        return {"PATH": os.environ["PATH"], "LD_PRELOAD": str(FRONT), "FRONT_FILE": str(self.path), **self.more}

    def get(self, place):
        return struct.unpack_from("<q", self.map, 8 * place)[0]

    def put(self, place, value):
        struct.pack_into("<q", self.map, 8 * place, value)

    def set_clock(self, ms):
        self.put(0, ms)

    def note_edit(self):
        """What is written now has the times of the clock as it is now."""
        self.put(1, self.get(0))

    def take_preads(self):
        count = self.get(2)
        self.put(2, 0)
        return count

    def run(self, *words):
        done = subprocess.run([*map(str, words)], env=self.environment(), capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.strip(), done.stderr

    def refuses(self, table, address=CLIENT):
        status, out, err = self.run(JUDGE, "/nonexistent", table, "sshd", address)
        if status != 0:
            raise AssertionError(f"judge: {status} {err}")
        return out.startswith("refuse")


class Resident:
    def __init__(self, front, table):
        self.child = subprocess.Popen([sys.executable, "-ISBc", RESIDENT, LIBRARY, table], env=front.environment(), text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1)

    def ask(self, question):
        self.child.stdin.write(f"{question}\n")
        return {"0": "refuse", "1": "grant"}[self.child.stdout.readline().strip()]

    def refuses(self, address=CLIENT):
        return self.ask(f"sshd {address} -") == "refuse"

    def end(self):
        self.child.stdin.close()
        return self.child.wait(20)


# ---- clocks ----

class Subject:
    """A table, or a list that a table names. All its texts are of one size."""

    def __init__(self, kind):
        self.kind, self.table = kind, lab.dir / f"{kind}.deny"
        self.path = self.table if kind == "table" else lab.dir / "names"
        if kind == "list":
            write(self.table, f"sshd: {self.path}\n")
        before = "ALL: " if kind == "table" else ""
        filler = [f"{before}10.{i >> 8}.{i & 255}.9\n" for i in range(2000)]
        self.texts = {}
        for has_client in (True, False):
            lines = filler.copy()
            lines[1000] = f"{before}{CLIENT if has_client else OTHER}\n"
            self.texts[has_client] = "".join(lines)

    def edit(self, has_client, chance, back=None):
        """In place or by another file; sometimes somebody gives it other times then, even those it had."""
        stamp = os.stat(self.path) if self.path.exists() else None
        if chance.randrange(2):
            self.path.write_text(self.texts[has_client])
        else:
            other = self.path.with_name("other")
            other.write_text(self.texts[has_client])
            other.rename(self.path)
        way = chance.randrange(4)
        if way == 0 and stamp:
            os.utime(self.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        elif way == 1:
            then = time.time() + chance.choice((-10**8, -3600, -1, 1, 3600, 10**8))
            os.utime(self.path, (then, then))


def check_clocks(kind, is_coarse):
    """Steps of all kinds, in any order. Where a file system has whole seconds the clock does not come back to a
    second that it has left for the future: nobody could tell what is written then."""
    chance = random.Random(f"{kind}{is_coarse}")
    subject, front = Subject(kind), Front(**({"FRONT_COARSE": 1} if is_coarse else {}))
    wrong, seen, by_image = [], {"compiled": 0, "edits": 0, "decided": 0}, 0
    steps = STEPS // 3 if is_coarse else STEPS  # compile waits there
    has_client, latest = True, 0
    subject.edit(has_client, chance)
    resident = Resident(front, subject.table)
    for step in range(steps):
        what = chance.choice(("clock", "clock", "edit", "edit", "compile", "decide", "decide", "decide", "stay"))
        if what == "clock":
            ms = chance.choice(STEPS_MS)
            now = front.get(0) + ms
            if is_coarse and now <= latest:
                # Back to before the last edit, and then on from there, but not back to in between.
                now = front.get(1) - chance.choice((1, 400, 1000, 5000, 3_600_000))
            front.set_clock(now)
        elif what == "edit":
            if is_coarse:  # when the clock is where it was at the last edit, or beyond what anybody has seen
                front.set_clock(front.get(1) if latest <= front.get(1) else latest + 5000)
            front.note_edit()
            has_client = not has_client
            subject.edit(has_client, chance)
            seen["edits"] += 1
        elif what == "compile":
            status, _, err = front.run(TCPWRAP, "compile", "-q", *(["--lists"] if kind == "list" else []), subject.path)
            seen["compiled"] += status == 0
            if status not in (0, 1) or (status == 1 and "keeps changing" not in err):
                wrong.append(f"{step} compile: {status} {err}")
        elif what == "decide":
            front.take_preads()
            if front.refuses(subject.table) != has_client:
                wrong.append(f"{step}: one-shot, clock {front.get(0)}, stamps {front.get(1)}")
            seen["decided"] += 1
            by_image += front.take_preads() > 2  # a text takes two at most
        for _ in range(3 if what == "stay" else 1):
            if resident.refuses() != has_client:
                wrong.append(f"{step} after {what}: resident, clock {front.get(0)}, stamps {front.get(1)}")
        latest = max(latest, front.get(0))
    ok(resident.end() == 0 and not wrong and min(seen.values()) > 0,
       f"{kind}, {'whole seconds' if is_coarse else 'nanoseconds'}: {steps} steps of clock, edit, compile and decision",
       seen, *wrong[:10])
    return by_image


# ---- less at a time ----

def check_short():
    for kind in ("table", "list"):
        subject, front = Subject(kind), Front(FRONT_SHORT=997)
        write(subject.path, subject.texts[True])
        words = ["compile", "-q", "-f", *(["--lists"] if kind == "list" else []), subject.path]
        image = image_of(subject.path, "list" if kind == "list" else "image")
        images.tcpwrap(*words)
        whole = image.read_bytes()
        front.take_preads()
        status = front.run(TCPWRAP, *words)
        equal((status, image.read_bytes() == whole, leftovers()), ((0, "", ""), True, []),
              f"{kind}: an image that is written 997 bytes at a time is the same")
        equal([front.refuses(subject.table, address) for address in (CLIENT, OTHER)], [True, False],
              f"{kind}: and is read so")
        ok((preads := front.take_preads()) > 4, f"{kind}: it was read", preads)


# ---- a process that stays ----

def check_switch():
    """A process decides by the image of a list until that has cost as much as keeping it; then it keeps it."""
    names, table = lab.dir / "switching", lab.dir / "switching.deny"
    text, asked = images.words(6000 if ALL else 3000)
    write(names, text)
    write(table, f"sshd: {names}\n")
    front = Front()
    want = [judge(table, question).split()[0] for question in asked]
    ok(len(set(want)) == 2, "the questions have either answer", want)
    equal(images.compile("-q", table)[0], 0, "the list is compiled")
    resident = Resident(front, table)
    uses, wrong = -(-names.stat().st_size // IMAGE_USE_BYTES), []
    counts = []
    for number in range(uses + 3 * len(asked)):
        question, answer = asked[number % len(asked)], want[number % len(asked)]
        front.take_preads()
        if resident.ask(question) != answer:
            wrong.append((number, question))
        counts.append((question.startswith("sshd "), front.take_preads()))
    by_list = [preads for is_asked, preads in counts if is_asked]  # the others never reach it
    used = next((i for i, preads in enumerate(by_list) if preads <= 2), len(by_list))
    ok(not wrong, f"{len(counts)} verdicts of a process that stays are those of the text", wrong)
    equal(used, uses, f"{uses} decisions by the image of {names.stat().st_size} bytes", by_list)
    # One to see whether it ends as it should, and one for all of it.
    equal((by_list[used], set(by_list[used + 1:])), (2, {0}), "then it reads the text once, and nothing after that", by_list)
    for round_ in range(2):
        write(names, text + f"\n192.0.2.{100 + round_}\n")
        found = [resident.ask(f"sshd 192.0.2.{100 + round_} -") for _ in range(3)]
        equal(found, ["refuse"] * 3, "an edit counts at once")
    for _ in range(3):  # to its end, as a match ends the reading
        resident.refuses("192.0.2.99")
    images.compile("-q", table)
    front.take_preads()
    equal((resident.ask("sshd 192.0.2.101 -"), front.take_preads()), ("refuse", 0), "what is kept needs no image")
    equal(resident.end(), 0, "it ends as it should")


# ---- somebody else's ----

def check_owners():
    """Lists and their images that are replaced, are given to others, and have others' names."""
    subject = Subject("list")
    write(subject.path, subject.texts[True])
    equal(images.compile("-q", subject.table)[0], 0, "a list is compiled")
    image = image_of(subject.path, "list")
    data, forged, replacing = image.read_bytes(), images.FOLDER / "forged", subject.path.with_name("replacing")
    other = lab.dir / "other.names"
    write(other, subject.texts[False])
    images.tcpwrap("compile", "-q", "--lists", other)
    false_image = image_of(other, "list").read_bytes()

    def restore():
        if image.is_dir():
            image.rmdir()
        image.unlink(missing_ok=True)
        image.write_bytes(data)
        image.chmod(0o644)

    changes = {
        "its image is another list's": lambda: image.write_bytes(false_image),
        "its image is another list's, by rename": lambda: (forged.write_bytes(false_image), shutil.move(forged, image)),
        "its image may be written by its group": lambda: image.chmod(0o664),
        "its image may be written by others": lambda: image.chmod(0o646),
        "its image is a symbolic link": lambda: (image.rename(forged), image.symlink_to(forged)),
        "its image is a FIFO": lambda: (image.unlink(), os.mkfifo(image)),
        "its image is a folder": lambda: (image.unlink(), image.mkdir()),
        "its image is empty": lambda: image.write_bytes(b""),
    }
    if lab.REAL_ROOT:
        changes["its image is somebody else's"] = lambda: (image.write_bytes(false_image), os.chown(image, 1000, 0))
        changes["it is somebody else's"] = lambda: os.chown(subject.path, 1000, 1000)
        changes["and root's again"] = lambda: os.chown(subject.path, 0, 0)
    wrong = []
    for what, change in changes.items():
        restore()
        front = Front()
        resident = Resident(front, subject.table)
        before = resident.refuses()
        change()
        verdicts = [front.refuses(subject.table), front.refuses(subject.table, OTHER), before, resident.refuses(),
                    resident.refuses(OTHER)]
        if verdicts != [True, False, True, True, False] or resident.end() != 0:
            wrong.append((what, verdicts))
    ok(not wrong, f"{len(changes)} things that an image and a list should not be: the verdicts are those of the text", *wrong)
    restore()
    for has_client in (False, True) * (20 if ALL else 4):
        replacing.write_text(subject.texts[has_client])
        replacing.rename(subject.path)
        if judge(subject.table, f"sshd {CLIENT} -").startswith("refuse") != has_client:
            wrong.append(has_client)
    ok(not wrong, "another list in its place counts at once, with an image of the one before", wrong)


def main():
    if not FRONT.exists():
        lab.skip_all("nothing is preloaded into a sanitized build")
    by_image = [check_clocks(kind, is_coarse) for kind in ("table", "list") for is_coarse in (False, True)]
    ok(sum(by_image) > 0, "some of them were decided by images", by_image)
    check_short()
    check_switch()
    check_owners()
    images.finish()


main()
