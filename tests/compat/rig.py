"""rig - drive tests/compat/probe.c from Python.

A Scratch makes table files under tmpfs, a day old, so that no library waits for a writer. A
Probe is one process with one libwrap.so.0 in it. Both sides of a comparison read the very same
files. Nothing here knows which library is right.
"""
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build")
OURS = BUILD / "src/libwrap/libwrap.so.0"
DIRECTIVE = b"#!tcpwrap classic\n"
DAY = 86400
PIPE_BYTES = 1 << 20
ANSWER_BYTES = 3 << 10  # the longest answer of the probe, a little rounded up
POST_MAX = PIPE_BYTES // ANSWER_BYTES
NOTE_CHARS = 3000

# A request as the probe spells it; vectors use the long names (hosts_access(3) on the right).
KEYS = {"daemon": "d", "user": "u", "name": "n", "addr": "a", "sname": "N", "saddr": "V",
        "told": "h", "ident": "i", "sport": "p", "resident": "r"}


class Answer:
    """What the library did: verdict granted|denied|no-return|signal N|unstable, logs, state."""

    def __init__(self, text):
        self.verdict, logs, self.state = (text.decode("latin-1").split("\t") + ["", ""])[:3]
        self.logs = [line for line in logs.split(" // ") if line]

    @property
    def granted(self):
        return self.verdict == "granted"

    def fact(self, key):
        """A word of the state: fact("sev") is "6/4"."""
        return next((w.split("=", 1)[1] for w in self.state.split() if w.startswith(key + "=")), None)


class Scratch:
    """A directory of files that look old. Use as a context manager."""

    def __init__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.dir = tempfile.mkdtemp(prefix="tcpwrap-compat-", dir=base)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, stem="t"):
        """A name never used before: libraries may remember files by name."""
        self.count += 1
        return f"{self.dir}/{stem}{self.count}"

    def write(self, content, path=None):
        path = path or self.path()
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        os.write(fd, content)
        os.close(fd)
        then = time.time() - DAY
        os.utime(path, (then, then))
        return path


class Case:
    """Two table paths and requests (dicts of KEYS) to decide by them, each `repeat` times."""

    def __init__(self, allow, deny, requests, repeat=1):
        self.allow, self.deny, self.requests, self.repeat = allow, deny, requests, repeat

    def after(self, done):
        return Case(self.allow, self.deny, self.requests[done:], self.repeat)

    def message(self):
        body = [field("A", self.allow), field("D", self.deny), field("R", self.repeat)]
        for request in self.requests:
            body += [field(KEYS[k], v) for k, v in request.items()]
            body.append(field("Q", b""))
        body = b"".join(body)
        return struct.pack("=I", len(body)) + body


class Probe:
    """One process with one library, started when needed; death in a decision is answered as
    "no-return" and mended. fork: a child for each request. stand_in: spawned commands are only noted."""

    def __init__(self, library, fork=False, stand_in=False, libpath=None):
        self.command = [str(BUILD / "tests/compat/probe"), *["-f"] * fork, *["-s"] * stand_in, str(library)]
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
        if libpath:
            self.env["LD_LIBRARY_PATH"] = str(libpath)
        self.child = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        self.child = subprocess.Popen(self.command, env=self.env, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, bufsize=1 << 16)
        fcntl.fcntl(self.child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def close(self):
        if self.child:
            try:
                self.child.stdin.close()
            except BrokenPipeError:
                pass
            self.child.stdout.close()
            self.child.wait()
            self.child = None

    def post(self, cases):
        """Send Cases without waiting; collect() brings a list of answers for each. The answers of
        one post must fit into the pipe: at most POST_MAX requests."""
        self.posted = cases
        if not self.child:
            self.start()
        try:
            self.child.stdin.write(b"".join(case.message() for case in cases))
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # collect() will see the end, and where it came

    def collect(self):
        answers = [[] for _ in self.posted]
        for i, case in enumerate(self.posted):
            while len(answers[i]) < len(case.requests):
                answer = self.receive()
                if answer is None:
                    answer = Answer(b"no-return\t\t-")
                    self.close()
                    rest = case.after(len(answers[i]) + 1)
                    before, self.posted = self.posted, None
                    self.post([rest] + before[i + 1:])
                    self.posted = before
                answers[i].append(answer)
        return answers

    def receive(self):
        """The next answer, or None when the process is gone."""
        head = self.child.stdout.read(4)
        if len(head) < 4:
            return None
        return Answer(self.child.stdout.read(struct.unpack("=I", head)[0]))

    def ask(self, case):
        self.post([case])
        return self.collect()[0]


class Debian:
    """Debian's own library, out of the cache of tools/fetch-daemons, and perhaps more packages;
    `library` is None when there is none, for a `reason`."""

    def __init__(self, *packages):
        fetched = subprocess.run([ROOT / "tools/fetch-daemons", "libwrap0", *packages], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.root = pathlib.Path(fetched.stdout.strip() or "/nonexistent")
        found = list(self.root.glob("usr/lib/*/libwrap.so.0"))
        self.library = found[0] if fetched.returncode == 0 and found else None
        self.reason = (fetched.stderr.strip().splitlines() or ["no libwrap.so.0 fetched"])[-1]

    def probe(self, **options):
        return Probe(self.library, libpath=self.library.parent, **options)


class Tap:
    """Results on stdout; the plan goes last. Explanations belong above the result they explain."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *notes, skip=None):
        """The notes explain why it is not so."""
        self.count += 1
        self.failed += not good
        for note in [] if good else notes:
            self.note(str(note).strip()[:NOTE_CHARS])
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}" + (f" # SKIP {skip}" if skip else ""),
              flush=True)

    def skip(self, name, reason):
        self.ok(True, name, skip=reason)

    def note(self, text):
        for line in str(text).splitlines():
            print(f"# {line}")

    def finish(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def field(key, value):
    if not isinstance(value, bytes):
        value = str(value).encode("latin-1")
    return key.encode() + struct.pack("=I", len(value)) + value

