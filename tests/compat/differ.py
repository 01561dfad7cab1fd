"""differ - ask two libraries the same questions and shrink what they disagree about.

The promise under test (ARCHITECTURE.md, "Two readings"): with `#!tcpwrap classic` a verdict is
Debian's; without, nobody is granted whom Debian refuses. Where a word names a list that exists and
cannot be read, ours refuses by design, so there only the second half is asked for."""
import os
import re
import time

import rig

SETTLED = 0.06  # a reading counts for later calls when the file was at rest for 50 ms
REPEAT = 3  # as read, again (now it is kept), and from what was kept


class Finding:
    """A policy with one request, and what the libraries said."""

    def __init__(self, policy, way, ours, theirs):
        self.policy, self.way, self.ours, self.theirs = policy, way, ours, theirs

    def __str__(self):
        return "\n".join([
            f"{self.way}: ours {self.ours.verdict}, Debian's {self.theirs.verdict}",
            f"  replay  {self.policy!r}",
            f"  ours    {' // '.join(self.ours.logs)} | {self.ours.state}",
            f"  Debian  {' // '.join(self.theirs.logs)} | {self.theirs.state}"])


# Numbers that the original cuts to 32 bits, or takes behind odd blanks: ours says that they are bad.
ODD_NUMBER = re.compile(r'error: .*: bad (umask|linger|nice|rfc931) (value|timeout): "(?![-+]?[0-9]{1,9}")')


def effects(answer, request):
    """What options changed in the process. The port of a socket that has none is no port."""
    has_port = request.get("sport", "2 ")[:2] in ("2 ", "10")
    return [answer.fact(key) for key in ("umask", "sev", "rfc", *["env"] * has_port)] + [
        line for line in answer.logs if line.startswith("SHELL")]


def disagreement(way, request, ours, theirs, lenient):
    """Which promise is broken, or None."""
    if ours.verdict not in ("granted", "denied"):
        return "ours is " + ours.verdict.split()[0]
    if ours.granted and not theirs.granted:
        return f"{way} grants"
    if way == "default" or not ours.granted and (lenient or theirs.verdict == "no-return" or
                                                 any(map(ODD_NUMBER.search, ours.logs))):
        return None
    if ours.verdict != theirs.verdict:
        return f"{way} refuses"
    if not any(" error: " in line for line in theirs.logs) and effects(ours, request) != effects(theirs, request):
        return f"{way} options"
    return None


class Differ:
    """Two probes and a scratch directory. Use as a context manager."""

    def __init__(self, ours, theirs, settle=True):
        self.ours, self.theirs, self.settle = ours, theirs, settle
        self.scratch = rig.Scratch()
        self.decisions = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scratch.__exit__()
        self.ours.close()
        self.theirs.close()

    def write(self, policy):
        """Place a policy: (placed policy, case as it stands, the same with directives)."""
        directory = self.scratch.path("v")
        os.mkdir(directory)
        placed = policy.place(directory)
        for name, text in placed.files.items():
            self.scratch.write(text, f"{directory}/{name}")
        paths = []
        for directive in (b"", rig.DIRECTIVE):
            for name, text in (("A", placed.allow), ("D", placed.deny)):
                paths.append(f"{directory}/{name}{len(directive)}")
                if text is not None:
                    self.scratch.write((directive if text else b"") + text, paths[-1])
        repeat = REPEAT if self.settle else 1
        return (placed, rig.Case(*paths[:2], policy.requests, repeat),
                rig.Case(*paths[2:], policy.requests, repeat))

    def compare(self, policies):
        """Findings of some policies, at most one for each."""
        written = [self.write(policy) for policy in policies]
        if self.settle:
            time.sleep(SETTLED)
        findings, per_post = [], max(1, rig.POST_MAX // (2 * max(len(p.requests) for p in policies)))
        for at in range(0, len(written), per_post):
            part = written[at:at + per_post]
            self.theirs.post([rig.Case(c.allow, c.deny, c.requests) for _, c, _ in part])
            self.ours.post([case for _, plain, classic in part for case in (plain, classic)])
            theirs, ours = self.theirs.collect(), self.ours.collect()
            for i, policy in enumerate(policies[at:at + per_post]):
                finding = self.judge(policy, part[i][0], ours[2 * i:2 * i + 2], theirs[i])
                findings += [finding] if finding else []
                self.remove(part[i])
        return findings

    def judge(self, policy, placed, ours, theirs):
        lenient = None
        for way, answers in zip(("default", "classic"), ours):
            for request, mine, other in zip(policy.requests, answers, theirs):
                self.decisions += 1
                if mine.verdict == other.verdict and (way == "default" or effects(mine, request) == effects(other, request)):
                    continue
                if lenient is None:
                    lenient = placed.names_unreadable_list()
                broken = disagreement(way, request, mine, other, lenient)
                if broken:
                    alone = type(policy)(policy.allow, policy.deny, policy.files, [request])
                    return Finding(alone, broken, mine, other)
        return None

    def remove(self, written):
        placed, plain, classic = written
        directory = os.path.dirname(plain.allow)
        for name in os.listdir(directory):
            os.unlink(f"{directory}/{name}")
        os.rmdir(directory)

    # ---- shrinking ----

    def shrink(self, finding):
        """The smallest policy that shows the same disagreement, as far as one walk downhill finds it."""
        smaller = True
        while smaller:
            smaller = False
            candidates = list(reductions(finding.policy))
            for at in range(0, len(candidates), 200):
                found = [f for f in self.compare(candidates[at:at + 200]) if f.way == finding.way]
                if found:
                    finding = min(found, key=lambda f: len(repr(f.policy)))
                    smaller = True
                    break
        return finding


def reductions(policy):
    """Policies a step smaller: a request field, a list, a run of bytes less."""
    request, make = policy.requests[0], type(policy)
    for key in request:
        yield make(policy.allow, policy.deny, policy.files, [{k: v for k, v in request.items() if k != key}])
    for name in policy.files:
        yield make(policy.allow, policy.deny, {k: v for k, v in policy.files.items() if k != name}, [request])
        for text in cuts(policy.files[name]):
            yield make(policy.allow, policy.deny, {**policy.files, name: text}, [request])
    for text in cuts(policy.allow):
        yield make(text, policy.deny, policy.files, [request])
    for text in cuts(policy.deny):
        yield make(policy.allow, text, policy.files, [request])


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
