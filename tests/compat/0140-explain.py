#!/usr/bin/env python3
# timeout: 120
# seconds: 8
"""tcpwrap explain beside hosts_access of our libwrap.so.0: the same verdicts on all recorded cases (vectors.tsv),
one by one and in a batch, and on random policies.

usage: 0140-explain.py [--policies N] [--requests N] [--seed N] [--jobs N] [--pairs-min N]

What explain does not run may say no where it runs: cases with aclexec are counted, and left out."""
import argparse
import concurrent.futures
import importlib
import json
import pathlib
import random
import re
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
import generate  # noqa: E402
import rig  # noqa: E402

vectors = importlib.import_module("0101-vectors")

TCPWRAP = rig.BUILD / "src/cmd/tcpwrap/tcpwrap"
SEED, POLICIES, PAIRS_MIN = 20261128, 150, 2000
CHUNK = 50       # policies that one process asks about
ALONE = 10       # of so many policies, one is also explained alone
CLASSIC = 4      # of so many policies, one is read the classic way only
KEYS = {"daemon": "daemon", "addr": "addr", "name": "name", "user": "user", "saddr": "server", "sname": "server-name"}
ABSENT = re.compile(rb"tcpwrap explain: note: [^\n]*: there is no such table, and it is taken as empty\n")
ASKS_A_COMMAND = re.compile(rb"(?i)aclexec")


def spell(request):
    """The line of a batch; None: the request has something that lines do not say."""
    request = dict(request)
    if "told" in request:
        request["name"] = request.pop("told")
        if not request["name"]:
            return None  # a lookup that finds an empty name, which none does
    words = ["-"]
    if "sport" in request:
        family, port = request.pop("sport").split()[:2]
        if family != "2":
            return None
        words.append(f"port={port}")
    request.pop("resident", None)
    request.setdefault("daemon", "unknown")
    if set(request) - set(KEYS) or any(re.search(r"[\s\0]", value) for value in request.values()):
        return None
    return " ".join(words + [f"{KEYS[key]}={value}" for key, value in request.items()])


def run(*words, stdin=b""):
    return subprocess.run([TCPWRAP, "explain", *words], input=stdin, capture_output=True)


def batch(paths, lines):
    """Verdicts, by line."""
    done = run("--batch", "-a", paths[0], "-d", paths[1], "nobody",
               stdin="".join(f"{line}\n" for line in lines).encode("latin-1"))
    told = [line.split("\t")[1] for line in done.stdout.decode("latin-1").splitlines()]
    said = ABSENT.sub(b"", done.stderr)
    assert len(told) == len(lines) and not said, (lines, done)
    return told


def is_proper(addr):
    """As the resolver spells it: what else the library takes for text is asked in batches only."""
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, addr)) == addr
    except OSError:
        return False


def alone(paths, request):
    """(verdict, what is wrong with the answer) of explain for one client; (None, None): it is not asked so."""
    request = dict(request)
    daemon, addr = request.pop("daemon", ""), request.pop("addr", "")
    words = []
    for key, option in (("name", "-n"), ("user", "-u"), ("sport", "-p")):
        if key in request:
            words += [option, request.pop(key).rsplit(" ", 1)[-1]]
    # What is not given would be looked up.
    is_named = "-n" in words and words[words.index("-n") + 1] != ""
    if request or not is_named or not is_proper(addr) or daemon[:1] in ("", "-", "/") or "@" in daemon:
        return None, None
    done = run("--json", "-a", paths[0], "-d", paths[1], *words, "--", daemon, addr)
    if done.returncode == 2:
        return (None, None) if b"host '" in done.stderr else ("none", done)
    answer, = json.loads(done.stdout)["answers"]
    deciding = [rule for rule in answer["rules"] if rule["decides"]]
    by_rules = {reading["line"] for reading in answer["readings"] if reading["by"] == "rule"}
    shown = by_rules <= {rule["line"] for rule in deciding}
    good = answer["complete"] and shown and (done.returncode == 0) == (answer["verdict"] == "admitted")
    return answer["verdict"], None if good else done.stdout


class Asker:
    def __init__(self):
        self.compared = self.left_out = self.alone = 0
        self.wrong = []

    def ask(self, probe, paths, texts, requests, label, is_alone):
        lines = [spell(request) for request in requests]
        requests = [request for request, line in zip(requests, lines) if line is not None]
        lines = [line for line in lines if line is not None]
        if ASKS_A_COMMAND.search(b"\n".join(text for text in texts if text)):
            self.left_out += len(lines)
            return
        answers = probe.ask(rig.Case(*paths, requests)) if requests else []
        for request, line, answer, told in zip(requests, lines, answers, batch(paths, lines)):
            self.compared += 1
            if (told == "admitted") != answer.granted:
                self.wrong.append((label, texts, line, answer.verdict, told))
            if is_alone:
                self.ask_alone(paths, texts, request, answer, label)

    def ask_alone(self, paths, texts, request, answer, label):
        verdict, why = alone(paths, request)
        if verdict is None:
            return
        self.alone += 1
        if why is not None or (verdict == "admitted") != answer.granted:
            self.wrong.append((label, texts, request, answer.verdict, verdict, why))


def chunk(work):
    """Ask about some policies."""
    seed, requests = work
    generator = generate.Generator(random.Random(seed))
    asker = Asker()
    with rig.Probe(rig.OURS, stand_in=True) as probe, rig.Scratch() as scratch:
        for number in range(CHUNK):
            policy = generator.policy()
            policy.requests += [generator.request() for _ in range(requests - len(policy.requests))]
            placed = policy.place(scratch.dir)
            for name, text in placed.files.items():
                scratch.write(text, f"{scratch.dir}/{name}")
            directive = rig.DIRECTIVE if number % CLASSIC == 0 else b""
            paths = [scratch.path(), scratch.path()]
            for path, text in zip(paths, (placed.allow, placed.deny)):
                if text is not None:
                    scratch.write(directive + text if text else text, path)
            # More answers at a time than fit into a pipe would be waited for on both sides.
            assert requests <= rig.POST_MAX
            asker.ask(probe, paths, (placed.allow, placed.deny), placed.requests, f"{seed}:{number}",
                      number % ALONE == 0)
    return asker.compared, asker.left_out, asker.alone, asker.wrong


def check_vectors(tap):
    rows = (rig.ROOT / "tests/compat/vectors.tsv").read_text().splitlines()
    cases = [vectors.Vector(row) for row in rows if row.startswith("V")]
    for directive, name in ((rig.DIRECTIVE, "classic"), (b"", "default")):
        asker = Asker()
        with rig.Probe(rig.OURS, fork=True, stand_in=True) as probe, rig.Scratch() as scratch:
            for case in cases:
                place = lambda text: text.replace(b"@V@", scratch.dir.encode())
                for path, content in case.files.items():
                    scratch.write(content, place(path.encode()).decode())
                texts = [None if text is None else (directive if text else b"") + place(text)
                         for text in (case.allow, case.deny)]
                paths = [scratch.path(), scratch.path()]
                for path, text in zip(paths, texts):
                    if text is not None:
                        scratch.write(text, path)
                asker.ask(probe, paths, texts, [case.request], case.id, True)
        tap.note(f"{asker.compared} of {len(cases)} compared, {asker.alone} of them alone, too; "
                 f"{asker.left_out} with aclexec left out")
        tap.ok(not asker.wrong and asker.compared > .9 * len(cases), f"recorded cases, {name}: the verdict of hosts_access",
               *asker.wrong[:5])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--policies", type=int, default=POLICIES)
    parser.add_argument("--requests", type=int, default=24, help="of a policy")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pairs-min", type=int, default=PAIRS_MIN)
    args = parser.parse_args()
    tap = rig.Tap()
    check_vectors(tap)
    chunks = -(-args.policies // CHUNK)
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        results = list(pool.map(chunk, [(args.seed + i, args.requests) for i in range(chunks)]))
    compared, left_out, explained = (sum(result[i] for result in results) for i in range(3))
    wrong = [finding for result in results for finding in result[3]]
    tap.note(f"{chunks * CHUNK} policies: {compared} decisions compared, {explained} alone, too; {left_out} left out")
    tap.ok(not wrong, "random policies: the verdict of hosts_access", *wrong[:5])
    tap.ok(compared >= args.pairs_min and explained > compared / 100, f"{args.pairs_min} of them, and some alone")
    tap.finish()


if __name__ == "__main__":
    main()
