#!/usr/bin/env python3
# timeout: 120
"""tcpwrap check proves which rules are never reached: those are told, with the line that takes their clients, and
whether it matters; and whatever is told, the verdicts of the library are the same without the rule."""
import json
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
import rig  # noqa: E402
from rig import BUILD, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP = BUILD / "src/cmd/tcpwrap/tcpwrap"
KINDS = {"SHADOWED", "UNREACHABLE", "REDUNDANT"}
# hosts.allow, hosts.deny, what is told: table, line, finding, a part of its message.
CASES = [
    ("d: 10.\nd: 10.1.\n", "ALL: ALL\n", [("allow", 2, "REDUNDANT", "line 1 ")]),
    ("d: 10.\n", "", [("allow", 1, "REDUNDANT", "behind")]),  # who is not named gets in, too
    ("d: 10.\nd: 10.1.: deny\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),
    ("d: 10.\nd: 10.1.: spawn x\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),
    ("d: 10.\n", "d: 10.1.\n", [("deny", 1, "SHADOWED", "line 1 of hosts.allow")]),
    ("ALL: ALL\n", "d: 10.\ne: .x.org\n", [("deny", 1, "SHADOWED", "line 1 of hosts.allow"),
                                           ("deny", 2, "SHADOWED", "line 1 of hosts.allow")]),
    ("ALL: 10.\nd: 10.1.: deny\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),
    ("d: 10.\ne: 10.1.: deny\n", "ALL: ALL\n", []),  # other options, though they come to the same
    ("d: 10.\nd, e: 10.1.: deny\n", "", []),
    ("d: 10.\ne: 10.\nd, e: 10.1.: deny\n", "", [("allow", 3, "UNREACHABLE", "line 1 ")]),
    ("d: 10.0.0.0/9\nd: 10.128.0.0/9\nd: 10.: deny\n", "", [("allow", 3, "UNREACHABLE", "line 1 ")]),
    ("d: 10.0.0.0/9\nd: 10.128.0.0/9\nd: 10.\n", "", [("allow", 1, "REDUNDANT", "behind"), ("allow", 2, "REDUNDANT", "behind"),
                                                       ("allow", 3, "REDUNDANT", "line 1 and others")]),
    ("d: 10.1.\nd: 10.\n", "ALL: ALL\n", [("allow", 1, "REDUNDANT", "behind does")]),
    ("d: 10.1.: severity info\nd: 10.\n", "ALL: ALL\n", []),
    ("d: 10.1.\ne: 10.\n", "ALL: ALL\n", []),
    ("d: 10.0.0.0/9\nd: 10.128.0.0/10\nd: 10.: deny\n", "", []),
    ("d: .x.org\nd: a.x.org: deny\n", "", []),
    ("d: ALL\nd: a.x.org: deny\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),
    ("d: 10. EXCEPT 10.1.\nd: 10.1.2.3: deny\n", "e: ALL\n", [("allow", 1, "REDUNDANT", "behind")]),
    ("d: 10. EXCEPT 10.1.\nd: 10.2.2.3: deny\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),
    ("d: 10.1.2.3/8\nd: 10.1.: deny\n", "d: ALL: spawn x\n", [("allow", 1, "REDUNDANT", "behind")]),  # the classic reading reaches it
    ("#!tcpwrap modern\nd: 10.1.2.3/8\nd: 10.1.: deny\n", "", [("allow", 3, "SHADOWED", "line 2 ")]),
    ("d: 10.\nd: 10.\n", "ALL: ALL\n", [("allow", 1, "REDUNDANT", "behind")]),  # twins have a name of their own
    ("d: 10.: aclexec x\nd: 10.1.: deny\n", "", [("allow", 2, "SHADOWED", "line 1 ")]),  # yes, or no to all behind
    ("d: \\\n 10.\nd: 10.1.\\\n2.3 : deny\n", "", [("allow", 4, "SHADOWED", "line 2 ")]),
    ("d: 10.9.9.9 10.1.2.3/8 # x\n", "d: 10.9.9.9\nALL: ALL\nd: 11.\n",
     [("deny", 1, "UNREACHABLE", "line 1 of hosts.allow"), ("deny", 3, "REDUNDANT", "line 2 ")]),
]


def check(*words):
    done = subprocess.run([TCPWRAP, "check", "--json", *words], capture_output=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    return [f for f in json.loads(done.stdout)["findings"] if f["id"] in KINDS]


def check_cases(scratch):
    wrong = []
    for allow, deny, want in CASES:
        said = check("--allow", scratch.write(allow.encode()), "--deny", scratch.write(deny.encode()))
        got = [(f["table"], f["line"], f["id"]) for f in said]
        texts = all(part in f["message"] for f, (*_, part) in zip(said, want))
        if got != [w[:3] for w in want] or not texts:
            wrong.append((allow, deny, [(f["table"], f["line"], f["id"], f["message"]) for f in said]))
    ok(not wrong, f"{len(CASES)} policies: what is never reached is told, and by whom", *wrong)
    said = check("--deny", scratch.write(b"d: 10.\nd: 10.1.2.3\n"))
    ok([f["id"] for f in said] == ["REDUNDANT"], "a table by itself is looked at, too", said)


# ---- at random ----

WORDS = ["10.", "10.1.", "10.1.2.3", "10.0.0.0/9", "10.128.0.0/9", "11.0.0.0/8", "ALL", "LOCAL", "KNOWN", "UNKNOWN",
         ".x.org", "a.x.org", "[2001:db8::]/32", "[::]/0", "0.0.0.0/0.0.0.0", "10.1.2.3/8", "::1", "u@10.", "*.org"]
TAILS = ["", "", "", ": deny", ": allow", ": twist x", ": severity warn", ": nosuch"]
REQUESTS = [{"daemon": d, "addr": a, **({"name": n} if n else {}), **({"user": u} if u else {})}
            for d in ("d", "e", "f") for a in ("10.1.2.3", "10.1.9.9", "10.200.0.1", "11.0.0.1", "12.0.0.1", "2001:db8::1",
                                               "::1") for n, u in (("a.x.org", "u"), ("local", ""), ("", ""))]


def rule(chance):
    daemons = ", ".join(chance.sample(["d", "e", "ALL"], chance.choice([1, 1, 2])))
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, 3))]
    if len(words) > 1 and chance.random() < 0.3:
        words.insert(-1, "EXCEPT")
    return f"{daemons}: {' '.join(words)} {chance.choice(TAILS)}\n"


def check_random(scratch, probe):
    chance, told, wrong = random.Random(7), 0, []
    for _ in range(150):
        tables = {kind: [rule(chance) for _ in range(chance.randint(1, 5))] for kind in ("allow", "deny")}
        paths = {kind: scratch.write("".join(lines).encode()) for kind, lines in tables.items()}
        said = check("--allow", paths["allow"], "--deny", paths["deny"])
        if not said:
            continue
        told += len(said)
        before = [a.verdict for a in probe.ask(rig.Case(paths["allow"], paths["deny"], REQUESTS))]
        # Two that can be spared need not be so together, if one would do the other's work.
        all_of_them = {(f["table"], f["line"]) for f in said if "behind" not in f["message"]}
        for gone in [{(f["table"], f["line"])} for f in said] + [all_of_them]:
            left = {kind: scratch.write("".join(line for number, line in enumerate(lines, 1)
                                                if (kind, number) not in gone).encode())
                    for kind, lines in tables.items()}
            after = [a.verdict for a in probe.ask(rig.Case(left["allow"], left["deny"], REQUESTS))]
            if before != after:
                wrong.append((tables, gone))
    ok(not wrong, f"{told} rules that are never reached: the verdicts are the same without them", *wrong[:3])
    ok(told > 100, f"{told} were told")


def main():
    with rig.Scratch() as scratch, rig.Probe(rig.OURS) as probe:
        check_cases(scratch)
        check_random(scratch, probe)
    tap.finish()


main()
