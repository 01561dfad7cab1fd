#!/usr/bin/env python3
"""Each public function but the decision, asked of Debian's library and of ours: same answers, same
lines, same side effects. What differs on purpose is listed here."""
import os
import subprocess

import rig

# Here a command's "no" refuses; with Debian's library it counts for later decisions alone: a row of the ledger.
NO = "process_options:no"


def answers(folder):
    env = dict(os.environ, LD_LIBRARY_PATH=str(folder), LC_ALL="C")
    done = subprocess.run([rig.BUILD / "tests/compat/functions"], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, errors="replace", timeout=60)
    return done.returncode, done.stdout.splitlines()


def main():
    tap, debian = rig.Tap(), rig.Debian()
    if not debian.library:
        tap.skip("the functions answer as Debian's", debian.reason)
        tap.finish()
    status, theirs = answers(os.path.dirname(debian.library))
    tap.ok(status == 0 and len(theirs) > 300, f"Debian's library gives {len(theirs)} answers")
    status, ours = answers(rig.OURS.parent)
    tap.ok(status == 0, "ours comes to the end")
    head, groups = None, {}
    for side, lines in enumerate((theirs, ours)):
        for line in lines:
            head = line.split()[0] if not line.startswith(" ") else head
            groups.setdefault(head, ([], []))[side].append(line)
    for name, (want, got) in groups.items():
        if name == NO:
            want = [line.replace("returns 0", "jumps -1") for line in want]
        for line in [f"Debian's {line}" for line in want if line not in got] + [
                     f"ours     {line}" for line in got if line not in want]:
            tap.note(line)
        tap.ok(want == got, f"{name}: {len(want)} lines")
    tap.finish()


if __name__ == "__main__":
    main()
