#!/usr/bin/env python3
"""The recorded cases (vectors.tsv: what Debian's libwrap did) asked of our library and of Debian's.

classic: with a first line `#!tcpwrap classic` in each table our verdict is the recorded one (but
         for STICKY).
default: as the tables stand we never grant what was refused; each other difference, and no
         other, is named by its id in docs/decisions/divergences.md.
debian:  the probe gets the recorded verdicts, log lines and side effects out of Debian's library:
         the proof that the two checks above compare with the truth."""
import re
import sys

import rig

# Here Debian's grants by mistake what one reading of the text alone refuses: a rule of the deny table,
# because of an aclexec in the other one.
STICKY = {"V384", "V404"}
LEDGER = rig.ROOT / "docs/decisions/divergences.md"
ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\x0b": "\x0b", "\\\\": "\\"}


class Vector:
    """One row, unescaped: tables are bytes or None (absent), files a dict of path to bytes."""

    def __init__(self, row):
        (self.id, _, allow, deny, daemon, client, files, self.verdict, _, self.logs,
         self.state) = row.rstrip("\n").split("\t")
        self.allow, self.deny = table(allow), table(deny)
        self.request = dict([("daemon", daemon)] + [w.split("=", 1) for w in client.split(";") if w])
        if "sport" in self.request:
            self.request["sport"] = f"2 {self.request['sport']}"  # 2: AF_INET
        self.files = dict((p, unescape(c)) for p, c in (w.split("=", 1) for w in files.split(";") if w))

    def ask(self, probe, directive=b""):
        """The answer, its texts spelled as the row spells them."""
        with rig.Scratch() as scratch:
            place = lambda text: text.replace(b"@V@", scratch.dir.encode())
            for path, content in self.files.items():
                scratch.write(content, place(path.encode()).decode())
            paths = []
            for text in (self.allow, self.deny):
                paths.append(scratch.path())
                if text is not None:
                    scratch.write((directive if text else b"") + place(text), paths[-1])
            answer = probe.ask(rig.Case(*paths, [self.request]))[0]
            spelled = {paths[0]: "A", paths[1]: "D", scratch.dir: "@V@"}
            for real, short in spelled.items():
                answer.state = answer.state.replace(real, short)
                answer.logs = [line.replace(real, short) for line in answer.logs]
        answer.state = re.sub(r" asked=.*", "", answer.state) if answer.verdict != "no-return" else ""
        return answer


def unescape(text):
    spelled = re.sub(r"\\x0b|\\.", lambda m: ESCAPES.get(m.group(), m.group()), text)
    return spelled.encode()


def table(text):
    return None if text == "<absent>" else unescape(text)


def refuses(verdict):
    """A process that left in the middle served nobody."""
    return verdict in ("denied", "no-return")


def check_classic(tap, vectors):
    with rig.Probe(rig.OURS, fork=True) as probe:
        for v in vectors:
            name = f"classic {v.id} is {v.verdict}"
            got = v.ask(probe, rig.DIRECTIVE)
            good = got.verdict == v.verdict or refuses(got.verdict) and refuses(v.verdict)
            if v.id in STICKY:
                name, good = f"classic {v.id} is denied", got.verdict == "denied"
            if not good:
                explain(tap, v, got)
            tap.ok(good, name)


def check_default(tap, vectors):
    """Returns the ids whose verdict differs from the recorded one."""
    differing = []
    with rig.Probe(rig.OURS, fork=True) as probe:
        for v in vectors:
            name = f"default {v.id} grants nothing that was {v.verdict}"
            got = v.ask(probe)
            good = refuses(got.verdict) or got.granted and v.verdict == "granted"
            if not good:
                explain(tap, v, got)
            if got.verdict != v.verdict:
                differing.append(v.id)
            tap.ok(good, name)
    return differing


def check_ledger(tap, differing):
    named = set(re.findall(r"\bV\d{3}\b", LEDGER.read_text() if LEDGER.exists() else ""))
    unnamed = sorted(set(differing) - named)
    stale = sorted(named - set(differing))
    tap.note("verdict differs from the original: " + " ".join(differing))
    tap.note("not in divergences.md: " + " ".join(unnamed))
    tap.ok(not unnamed, "each vector that differs is named in divergences.md")
    tap.note("in divergences.md, but the same: " + " ".join(stale))
    tap.ok(not stale, "each vector named in divergences.md differs")


def check_debian(tap, vectors):
    debian = rig.Debian()
    if not debian.library:
        tap.skip("the probe reproduces what was recorded", debian.reason)
        return
    with debian.probe(fork=True) as probe:
        for v in vectors:
            got = v.ask(probe)
            same = (got.verdict, " // ".join(got.logs), got.state) == (v.verdict, v.logs, v.state)
            if not same:
                explain(tap, v, got)
            tap.ok(same, f"debian {v.id} is as recorded")


def explain(tap, vector, got):
    tap.note(f"{vector.id} allow {vector.allow} deny {vector.deny} request {vector.request}")
    tap.note(f"  recorded {vector.verdict} | {vector.logs} | {vector.state}")
    tap.note(f"  now      {got.verdict} | {' // '.join(got.logs)} | {got.state}")


def main():
    tap = rig.Tap()
    rows = (rig.ROOT / "tests/compat/vectors.tsv").read_text().splitlines()
    vectors = [Vector(row) for row in rows if row.startswith("V")]
    only = set(sys.argv[1:])  # by hand: 0101-vectors.py V023 V046
    vectors = [v for v in vectors if not only or v.id in only]
    check_classic(tap, vectors)
    differing = check_default(tap, vectors)
    if not only:
        check_ledger(tap, differing)
    check_debian(tap, vectors)
    tap.finish()


if __name__ == "__main__":
    main()
