#!/usr/bin/env python3
# timeout: 200
# seconds: 11
"""Programs that write hosts.deny, as they are: a client that is refused before and after an edit is
refused all the while, by processes that decide for ever and by processes that decide once.

What cannot be known is not asked for: a writer that takes the file away before it makes the new one,
that stops at the end of a line, or that stops for longer than a reader waits (50 ms). So no version of
the table has the end of a line where a buffer ends, and what happens during a command that took longer
is noted, not judged.

usage: [ROUNDS=N] 0130-writers.py [WORD...]   the writers that have all the words in their names"""
import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

import rig

PROGRAM = rig.BUILD / "tests/compat/decider"
ROUNDS = int(os.environ.get("ROUNDS", 8))
GRACE_SECONDS = 0.05  # as long as a reader waits for a table that looks torn
LINES = 3000
REFUSED, BANNED, FREE = "192.0.2.99", "203.0.113.7", "198.51.100.1"
BUFFER = 512  # every writer's buffer is a multiple of it
SETTLED_SECONDS = 0.12


# ---- tables ----

def table(banned):
    """The refused client stands in the last line; before it, or not, the one that comes and goes. No line
    ends where a buffer may."""
    filler = [f"ALL: 10.{i >> 8}.{i & 255}.{1 + i % 9}\n" for i in range(LINES)]
    tail = [f"ALL: {BANNED}\n"] * banned + [f"ALL: {REFUSED}\n"]
    for blank in range(BUFFER):
        text = f"# {'.' * blank}\n" + "".join(filler + tail)
        ends = {at + 1 for at, byte in enumerate(text) if byte == "\n"} - {len(text)}
        if not any(end % BUFFER == 0 for end in ends):
            return text
    raise AssertionError("a line ends at the end of each buffer")


# ---- who decides ----

class Decider:
    """decider.c, with the library that is to be asked."""

    def __init__(self, library, paths, kind):
        env = dict(os.environ, LD_LIBRARY_PATH=str(pathlib.Path(library).parent))
        self.kind = kind
        self.process = subprocess.Popen([PROGRAM, kind, *paths, REFUSED, FREE], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        out, _ = self.process.communicate()
        lines = [line.split() for line in out.splitlines()]
        self.wrong = [(float(words[1]), float(words[2])) for words in lines if words[0] == "wrong"]
        self.asked, self.shut = map(int, lines[-1][1::2]) if self.process.returncode == 0 else (0, 0)


# ---- who writes: words of a shell in which $F is the table, $N the other version of it ----

WRITERS = {
    "fail2ban bans": ('printf "ALL: %s\\n" "$IP" >>$F', None),
    "fail2ban unbans": (None, 'sed -i "/^ALL: $IP$/d" $F'),
    "an old fail2ban": ('echo "ALL: $IP" >>$F', "grep -v $IP $F >$F.tmp; mv $F.tmp $F"),
    "OSSEC cuts and writes again": ('echo "ALL: $IP" >>$F', "grep -v $IP $F >$F.tmp; cat $F.tmp >$F"),
    "portsentry renames": ('cp $F $F.tmp; echo "ALL: $IP" >>$F.tmp; mv $F.tmp $F', 'sed -i "/$IP/d" $F'),
    "DenyHosts writes all lines": (
        "python3 -c 'import sys; t = open(sys.argv[2]).read(); open(sys.argv[1], \"w\").write(t)' $F $N",) * 2,
    "cp over it": ("cp $N $F",) * 2,
    "tee": ("tee $F <$N >/dev/null",) * 2,
    "dd in small pieces": ("dd if=$N of=$F bs=512 status=none",) * 2,
    "sed and mv": ("sed '' $N >$F.new; mv $F.new $F",) * 2,
    "sort -o": ("sort -s -k 9 -o $F $N",) * 2,
    "ed": ("printf '0a\\n.\\n,d\\nr %s\\nw\\nq\\n' $N | ed -s $F >/dev/null",) * 2,
    "vim in place": ("vim.tiny -u NONE -es -c 'set bkc=yes' -c '%d' -c \"silent r $N\" -c wq $F",) * 2,
    "wget": ("wget -q -O $F $URL/$(basename $N)",) * 2,
    "curl": ("curl -s -o $F $URL/$(basename $N)",) * 2,
}


def needs(command):
    """Programs that this machine may lack."""
    return [word for word in ("ed", "vim.tiny", "wget", "curl", "python3") if f"{word} " in command]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Writer:
    """A table that a command edits, there and back."""

    def __init__(self, name, folder, url):
        self.name, self.commands = name, WRITERS[name]
        self.versions = [table(0), table(1)]
        if any(command and ">>" in command for command in self.commands):
            # what is appended stands behind the refused one
            self.versions[1] = self.versions[0] + f"ALL: {BANNED}\n"
        self.files = [folder / f"{name.split()[0]}{i}" for i in range(2)]
        self.table = folder / f"deny-{name.replace(' ', '-')}"
        for path, text in zip([*self.files, self.table], [*self.versions, self.versions[0]]):
            path.write_text(text)
        self.env = dict(os.environ, F=str(self.table), IP=BANNED, URL=url, LC_ALL="C")
        self.spans = []

    def write(self, to):
        """By the command, or at once if it writes one way only."""
        command = self.commands[1 - to]
        if command is None:
            new = self.table.with_suffix(".back")
            new.write_text(self.versions[to])
            new.rename(self.table)
            return
        start = time.monotonic()
        subprocess.run(["sh", "-c", command], env=dict(self.env, N=str(self.files[to])), check=True,
                       preexec_fn=urgent)
        self.spans.append((start, time.monotonic()))

    def run(self):
        for i in range(ROUNDS):
            for to in (1, 0):
                self.write(to)
                # one edit on a table at rest, the next on one that has just been written
                time.sleep(SETTLED_SECONDS if i % 4 == 0 else 0.002 * (i % 3))
                if self.table.read_text().split() != self.versions[to].split():
                    return f"{self.table} is not what it should be after round {i}"
        return None

    def slow(self, moment):
        """Was a command at work then that took longer than readers wait, or has one just ended?"""
        begin, end = moment
        return any(start <= end and begin <= stop + GRACE_SECONDS and stop - start > GRACE_SECONDS
                   for start, stop in self.spans)


def urgent():
    try:
        os.nice(-15)
    except PermissionError:
        pass


def check(tap, library, name, folder, url):
    writer = Writer(name, folder, url)
    missing = [word for command in writer.commands if command for word in needs(command)
               if not shutil.which(word)]
    if missing:
        tap.skip(f"{name}", f"no {missing[0]} here")
        return
    paths = [str(folder / "allow"), str(writer.table)]
    deciders = [Decider(library, paths, kind) for kind in ("resident", "fresh")]
    time.sleep(SETTLED_SECONDS)
    trouble = writer.run()
    tap.note(trouble or "")
    for decider in deciders:
        decider.end()
        known = [moment for moment in decider.wrong if not writer.slow(moment)]
        tap.note(f"{name}, {decider.kind}: {decider.asked} decisions, {decider.shut} times a free "
                 f"client was refused, {len(decider.wrong) - len(known)} during a slow command")
        tap.ok(not trouble and not known and decider.asked > 100,
               f"{name}: a refused client stays refused, {decider.kind} ({len(known)} admitted)")


def main():
    tap = rig.Tap()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    wanted = [name for name in WRITERS if all(word in name for word in sys.argv[1:])]
    library = os.environ.get("LIBRARY", str(rig.OURS))
    with rig.Scratch() as scratch:
        folder = pathlib.Path(scratch.dir)
        (folder / "allow").write_text("# nobody\n")
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in wanted:
            check(tap, library, name, folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    tap.finish()


if __name__ == "__main__":
    main()
