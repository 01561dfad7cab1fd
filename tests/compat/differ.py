"""differ - drive tests/compat/differential: ask two libraries the same questions, and shrink what they
disagree about.

The promise under test (docs/decisions/two-readings.md): with `#!tcpwrap classic` we do and say what
Debian's library does and says; without, nobody is granted whom it refuses. What may differ nevertheless
is in ledger.def, and nowhere else."""
import os
import re
import subprocess

import rig

PROGRAM = rig.BUILD / "tests/compat/differential/differ"
REPEAT = 3  # as read, again (now it is kept), and from what was kept
VERBOSE = 2  # matched rules and options are told, and compared
# Request fields as rig.KEYS calls them, and as spell.h does.
FIELDS = {"fd": "1", "daemon": "2", "user": "3", "name": "4", "addr": "5", "csin": "6", "sname": "7", "saddr": "8",
          "sport": "9", "told": "name", "ident": "user", "resident": "resident"}


class Policy:
    """Tables (None: absent), list files by name, and requests (dicts of FIELDS, str values). @V@ in a text
    is the folder where it will be."""

    def __init__(self, allow, deny, files, requests):
        self.allow, self.deny, self.files, self.requests = allow, deny, files, requests

    def __repr__(self):
        return repr((self.allow, self.deny, self.files, self.requests))

    def spell(self, number):
        lines = [f"policy {number} {VERBOSE} {REPEAT} 0"]
        lines += [f"{what} {quoted(text)}" for what, text in (("allow", self.allow), ("deny", self.deny)) if text is not None]
        lines += [f"file {name} {quoted(text)}" for name, text in self.files.items()]
        for request in self.requests:
            fields = (f" {FIELDS[k]}={quoted(v.encode('latin-1'))}" for k, v in request.items())
            lines.append("request" + "".join(fields))
        return "\n".join([*lines, "end\n"])


def quoted(text):
    plain = lambda byte: 0x20 <= byte <= 0x7e and byte not in b'\\"'
    return '"' + "".join(chr(b) if plain(b) else f"\\x{b:02x}" for b in text) + '"'


def parsed(spelled):
    """The Policy of a spelled one."""
    bytes_of = lambda text: re.sub(rb"\\x(..)", lambda m: bytes([int(m.group(1), 16)]), text.encode())
    names = {spelling: name for name, spelling in FIELDS.items()}
    policy = Policy(None, None, {}, [])
    for line in spelled.splitlines():
        what, _, rest = line.partition(" ")
        if what in ("allow", "deny"):
            setattr(policy, what, bytes_of(rest[1:-1]))
        elif what == "file":
            name, _, text = rest.partition(" ")
            policy.files[name] = bytes_of(text[1:-1])
        elif what == "request":
            policy.requests.append({names[k]: bytes_of(v).decode("latin-1") for k, v in re.findall(r'(\w+)="([^"]*)"', rest)})
    return policy


class Finding:
    """A policy with one request, what is wrong, and what the libraries said."""

    def __init__(self, policy, way, answers=()):
        self.policy, self.way, self.answers = policy, way, list(answers)

    def __str__(self):
        return "\n".join([self.way, f"  replay {self.policy!r}", *self.answers])


class Differ:
    """Both libraries, and a scratch folder. Use as a context manager. exchanged: ours is to be as Debian's
    is, which it is not."""

    def __init__(self, debian, exchanged=False):
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
        self.env["LD_LIBRARY_PATH"] = str(debian.library.parent)
        self.libraries = [str(rig.OURS), str(debian.library)][::-1 if exchanged else 1]
        self.scratch = rig.Scratch()
        self.ledger = {}  # how often each entry was needed
        self.child = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.communicate()
        self.scratch.__exit__()

    # ---- policies that somebody wrote ----

    def start(self):
        folder = self.scratch.path("ask")
        os.mkdir(folder)
        self.child = subprocess.Popen([PROGRAM, "ask", *self.libraries, folder], env=self.env, text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, policies):
        """Findings of some policies, at most one for each. A process that dies of one is a finding."""
        if not self.child:
            self.start()
        try:
            for number, policy in enumerate(policies):
                self.child.stdin.write(policy.spell(number))
            self.child.stdin.write("go\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        findings, at, counts = [], 0, {}
        for line in self.child.stdout:
            words = line.split()
            if words[0] == "policy":
                at = int(words[1])
            elif words[0] == "finding":
                policy = policies[at]
                alone = Policy(policy.allow, policy.deny, policy.files, [policy.requests[int(words[2])]])
                findings.append(Finding(alone, " ".join(words[3:])))
            elif words[0] == "|":
                findings[-1].answers.append(line.rstrip("\n")[:2000])
            elif words[0] == "ledger":
                counts[words[1]] = int(words[2])
            elif words[0] == "done":
                self.add_ledger(counts)
                return findings
        status, self.child = self.child.wait(), None
        return findings + [Finding(policies[at], f"one of the two ends the rig: status {status}")]

    def add_ledger(self, counts):
        # Counts of one process grow; those of several add up.
        before = self.child.__dict__.setdefault("told", {})
        for name, count in counts.items():
            self.ledger[name] = self.ledger.get(name, 0) + count - before.get(name, 0)
        before.update(counts)

    # ---- generated ones ----

    def run(self, seed, first, count, jobs, state=None, tell=lambda line: None):
        """Ask a range of generated policies: (findings as (number, request, way), figures)."""
        folder = self.scratch.path("run")
        os.mkdir(folder)
        words = [PROGRAM, "run", *self.libraries, folder, seed, first, count, jobs, *[state] * bool(state)]
        child = subprocess.Popen([str(w) for w in words], env=self.env, text=True, stdout=subprocess.PIPE)
        findings, figures = [], {}
        for line in child.stdout:
            words = line.split()
            if words[0] == "finding":
                findings.append((int(words[1]), int(words[2]), " ".join(words[3:])))
            elif words[0] == "figure":
                figures[words[1]] = float(words[2])
            elif words[0] == "ledger":
                self.ledger[words[1]] = self.ledger.get(words[1], 0) + int(words[2])
            else:
                tell(line.rstrip())
        figures["status"] = child.wait()
        return findings, figures

    def generated(self, seed, number, request=None):
        words = [PROGRAM, "print", seed, number, *[request] * (request is not None)]
        return parsed(subprocess.run([str(w) for w in words], check=True, text=True, stdout=subprocess.PIPE).stdout)

    # ---- shrinking ----

    def shrink(self, finding):
        """The smallest policy that shows the same disagreement, as far as one walk downhill finds it."""
        smaller = True
        while smaller:
            smaller = False
            candidates = list(reductions(finding.policy))
            for at in range(0, len(candidates), 200):
                found = [f for f in self.ask(candidates[at:at + 200]) if f.way == finding.way]
                if found:
                    finding = min(found, key=lambda f: len(repr(f.policy)))
                    smaller = True
                    break
        return finding


def ledger_entries():
    """(name, way, kind, row) of each allowed difference."""
    text = subprocess.run([PROGRAM, "ledger"], check=True, text=True, stdout=subprocess.PIPE).stdout
    return [line.split("\t") for line in text.splitlines()]


def reductions(policy):
    """Policies a step smaller: a request field, a list, a run of bytes less."""
    request = policy.requests[0]
    for key in request:
        yield Policy(policy.allow, policy.deny, policy.files, [{k: v for k, v in request.items() if k != key}])
    for name in policy.files:
        yield Policy(policy.allow, policy.deny, {k: v for k, v in policy.files.items() if k != name}, [request])
        for text in cuts(policy.files[name]):
            yield Policy(policy.allow, policy.deny, {**policy.files, name: text}, [request])
    for text in cuts(policy.allow):
        yield Policy(text, policy.deny, policy.files, [request])
    for text in cuts(policy.deny):
        yield Policy(policy.allow, text, policy.files, [request])


def cuts(text):
    """The text without one line, without one run of bytes of some sizes; long runs first."""
    if not text:
        return
    yield b""
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        for i in range(len(lines)):
            yield b"".join(lines[:i] + lines[i + 1:])
    size = len(text) // 2
    while size >= 1:
        for at in range(0, len(text), size):
            yield text[:at] + text[at + size:]
        size //= 2
