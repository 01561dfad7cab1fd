#!/usr/bin/env python3
# timeout: 120
"""Commands that decide, asked of Debian's library and of ours: each tail of a command and an option, in
either table, before what catches a "no"; and a sample of longer ones. A process for each decision, as
Debian's library never forgets a "no".

Each command leaves a letter. Verdict and letters are those of the model below, which is written from
hosts_options(5), and Debian's too where no row of the ledger says otherwise. Where a rule is for one
reading only: ours is not wider, and nothing runs twice."""
import itertools
import os
import random

import rig

SEED, SAMPLE = 1995, 260
CLIENT = {"daemon": "d", "addr": "10.1.2.3", "name": "host.ex.org"}
YES, NO, LOST = ("exit 0",), ("exit 1", "exit 255"), ("exit 126", "exit 127", "exit 139", "kill -9 $$")
ENDS = ("", "allow", "deny", "twist exit 0", "frob", "user no-such-user")
CATCHERS = (None, "", "allow", "deny", "spawn exit 0")  # None: no rule
BOTH, NOBODY, PLAIN_ONLY, CLASSIC_ONLY = "ALL", "9.9.9.9", "10.1.2.3/8", "9.9.9.9 # ALL"
MODES = ("", "#!tcpwrap classic\n", "#!tcpwrap modern\n")


class Rule:
    def __init__(self, fields, clients=BOTH):
        self.fields, self.clients = [field for field in fields if field], clients


class Case:
    """Two lists of rules. Commands are lettered in order."""

    def __init__(self, tables, modes):
        self.tables, self.modes = tables, modes
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        self.letters = {(id(rule), i): next(letters) for rules in tables for rule in rules
                        for i, field in enumerate(rule.fields) if field.split()[0] in ("aclexec", "spawn")}

    def text(self, table, note):
        lines = [self.modes[table]]
        for rule in self.tables[table]:
            words = ["ALL", rule.clients]
            for i, field in enumerate(rule.fields):
                keyword, _, command = field.partition(" ")
                letter = self.letters.get((id(rule), i))
                words.append(f"{keyword} printf {letter} >>{note}; {command}" if letter else field)
            lines.append(": ".join(words) + "\n")
        return "".join(lines).encode()

    def one_reading(self):
        return all(rule.clients in (BOTH, NOBODY) for rules in self.tables for rule in rules)

    def model(self):
        """(granted, letters, is it a row of the ledger?)"""
        ran, ledger, said_no = "", False, False
        for by_table, rules in ((True, self.tables[0]), (False, self.tables[1])):
            rule = next((rule for rule in rules if rule.clients == BOTH), None)
            verdict, passes = by_table, False
            for i, field in enumerate(rule.fields if rule else []):
                keyword, _, command = field.partition(" ")
                ran += self.letters.get((id(rule), i), "")
                if keyword == "aclexec":
                    passes = said_no = command in NO
                if command in LOST or keyword in ("twist", "frob", "user"):
                    return False, ran, ledger or command in LOST
                if keyword in ("allow", "deny"):
                    verdict, passes = keyword == "allow", False
                # Debian's library takes its end for a "no", if nothing decides by itself.
                ledger = ledger or (said_no and not passes and keyword != "aclexec")
            if rule and not passes:
                return verdict, ran, ledger
        return True, ran, ledger


def each_tail():
    for table, command, end, catcher in itertools.product((0, 1), (*YES, NO[0], *LOST), ENDS, CATCHERS):
        tables = [[], []]
        tables[table].append(Rule([f"aclexec {command}", end]))
        if catcher is not None:
            tables[1].append(Rule([catcher]))
        yield tables


def sample(rng):
    fields = [f"aclexec {c}" for c in (*YES * 3, *NO * 2, *LOST)] + ["spawn exit 1", "severity info"]
    for _ in range(SAMPLE):
        tables = [[], []]
        for _ in range(rng.randint(1, 4)):
            body = [rng.choice(fields) for _ in range(rng.randint(1, 3))]
            clients = rng.choice((BOTH, BOTH, NOBODY, PLAIN_ONLY, CLASSIC_ONLY))
            tables[rng.randint(0, 1)].append(Rule([*body, rng.choice(("", *ENDS))], clients))
        catcher = rng.choice(CATCHERS)
        if catcher is not None:
            tables[1].append(Rule([catcher]))
        yield tables


def ask(probe, scratch, case):
    """(answer, letters)"""
    note = scratch.path("note")
    paths = [scratch.write(case.text(table, note)) for table in (0, 1)]
    answer = probe.ask(rig.Case(*paths, [CLIENT]))[0]
    letters = ""
    if os.path.exists(note):
        with open(note) as file:
            letters = file.read()
        os.unlink(note)
    for path in paths:
        os.unlink(path)
    return answer, letters


def problem(case, ours, theirs):
    """What is wrong, or None. A process that left in the middle served nobody."""
    (our, our_letters), (their, their_letters) = ours, theirs
    granted, letters, ledger = case.model()
    if our.verdict not in ("granted", "denied"):
        return f"ours is {our.verdict}"
    if our.granted and not their.granted:
        return "ours is wider"
    if len(set(our_letters)) != len(our_letters):
        return "a command ran twice"
    if not case.one_reading():
        return None
    if (our.granted, our_letters) != (granted, letters):
        return f"the manual says {'granted' if granted else 'denied'}, and {letters!r}"
    if not ledger and (their.granted, their_letters) != (granted, letters):
        return "Debian's is another, and it is not in the ledger"
    return None


def compare(tap, scratch, probes, name, all_tables, rng):
    count, alike, exact, found = 0, 0, 0, []
    for tables in all_tables:
        case = Case(tables, [rng.choice(MODES) for _ in range(2)])
        if not case.one_reading():
            case.modes = ["" if "modern" in mode else mode for mode in case.modes]
        answers = [ask(probe, scratch, case) for probe in probes]
        wrong = problem(case, *answers)
        count += 1
        exact += case.one_reading()
        alike += answers[0][0].granted == answers[1][0].granted
        if wrong:
            found.append((wrong, case, answers))
    for wrong, case, answers in found[:10]:
        tap.note(f"{wrong}: allow {case.text(0, 'N')!r} deny {case.text(1, 'N')!r}")
        for side, (answer, letters) in zip(("ours", "Debian's"), answers):
            tap.note(f"  {side}: {answer.verdict}, ran {letters!r}; {' // '.join(answer.logs)}")
    tap.note(f"{name}: {count} pairs of tables, {exact} for both readings, {alike} verdicts as Debian's")
    tap.ok(not found and alike > count // 2, f"{name}: as the manual says, as Debian's, never wider"
           + (f" ({len(found)} are not)" if found else ""))


def main():
    tap, debian = rig.Tap(), rig.Debian()
    if not debian.library:
        tap.skip("commands decide as Debian's", debian.reason)
        tap.finish()
    rng = random.Random(SEED)
    with rig.Scratch() as scratch, rig.Probe(rig.OURS, fork=True) as ours, debian.probe(fork=True) as theirs:
        compare(tap, scratch, (ours, theirs), "each tail", each_tail(), rng)
        compare(tap, scratch, (ours, theirs), "a sample", sample(rng), rng)
    tap.finish()


if __name__ == "__main__":
    main()
