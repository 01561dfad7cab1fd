"""What others make of a list of addresses, and what one lookup in it costs: for bench/size.py.

CDB as tcprules makes it and tcpserver asks it, LMDB, an mmdb, and a set of nftables. None of them knows an order of
rules, names, EXCEPT or options; each is warm and asked for one address again and again, as our library is."""
import os
import pathlib
import statistics
import subprocess
import sys
import time

import tables
from common import fetched

PACKAGES = ("ucspi-tcp", "libcdb-dev", "liblmdb-dev", "liblmdb0", "libmaxminddb-dev", "libmaxminddb0",
            "libmaxmind-db-writer-perl", "nftables")
HERE = pathlib.Path(__file__).resolve().parent
# Sizes that are made in a few seconds.
MAX = {"LMDB": 100000, "mmdb": 100000, "nftables set": 100000}
ROUNDS, MS = 5, 20
COPIES = 64  # of the kernel's rule: a datagram costs much more than a lookup
BASELINE = "203.0.113.7"  # in no list
WRITER = r"""
use strict; use warnings; use MaxMind::DB::Writer::Tree;
my $tree = MaxMind::DB::Writer::Tree->new(ip_version => 4, record_size => 28, database_type => 'bench',
    languages => ['en'], description => {en => 'bench'}, map_key_type_callback => sub { 'uint32' },
    remove_reserved_networks => 0);
my $n = 0;
while (<STDIN>) { chomp; $tree->insert_network("$_/32", {rule => $n++}); }
open my $out, '>:raw', $ARGV[0] or die; $tree->write_tree($out); close $out or die;
"""


class Unavailable(Exception):
    pass


class Peers:
    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.libraries = next(root.glob("usr/lib/*/liblmdb.so.0")).parent
        self.env = dict(os.environ, LD_LIBRARY_PATH=str(self.libraries))
        self.program = folder / "lookup"
        include = root / "usr/include"
        self.run("cc", "-O2", "-D_GNU_SOURCE", f"-I{include}", f"-I{include}/{self.libraries.name}", "-o", self.program,
                 HERE / "lookup.c", f"-L{self.libraries}", "-l:libcdb.a", "-l:liblmdb.so.0", "-l:libmaxminddb.so.0")

    def run(self, *command, stdin=subprocess.DEVNULL, **others):
        done = subprocess.run(command, stdin=stdin, text=True, capture_output=True, **others)
        if done.returncode != 0:
            raise Unavailable(f"{pathlib.Path(command[0]).name}: {(done.stderr.strip() or 'failed').splitlines()[0]}")
        return done.stdout

    def look(self, form, path, addr, expected):
        seen = []
        for _ in range(ROUNDS):
            found, ns = self.run(self.program, form, path, str(MS), addr, env=self.env).split()
            if expected is not None and int(found) != expected:
                raise Unavailable(f"{form} says {found} of {addr}")
            seen.append(float(ns))
        return statistics.median(seen)

    # ---- making, of a text on the standard input ----

    def make_cdb(self, path, text):
        self.run(self.root / "usr/bin/tcprules", path, f"{path}.new", stdin=text)

    def make_lmdb(self, path, text):
        self.run(self.program, "make-lmdb", path, stdin=text, env=self.env)

    def make_mmdb(self, path, text):
        folders = [self.root / "usr/share/perl5", *self.root.glob("usr/lib/*/perl5/*"),
                   *self.root.glob("usr/lib/*/perl-base")]
        self.run("perl", "-e", WRITER, path, stdin=text, env=dict(self.env, PERL5LIB=":".join(map(str, folders))))


# What it is called, how it is made, and what a line of the text has behind its address.
FORMS = {"tcprules (CDB)": ("cdb", Peers.make_cdb, ":deny"), "LMDB": ("lmdb", Peers.make_lmdb, ""),
         "mmdb": ("mmdb", Peers.make_mmdb, "")}


def ask_file(bench, peers, who, size):
    form, make, rest = FORMS[who]
    path, text = bench.folder / f"{form}.{size}", bench.folder / "text"
    text.write_text("".join(f"{tables.address(i)}{rest}\n" for i in range(size)))
    with open(text) as stdin:
        begun = time.monotonic()
        make(peers, path, stdin)
        bench.note(who, "addresses", size, "", "build", (time.monotonic() - begun) * 1e9, "ns")
    bench.note(who, "addresses", size, "", "bytes", path.stat().st_blocks * 512, "bytes")
    for place in ("last", "none"):
        addr = tables.client("addresses", size, place).addr
        bench.note(who, "addresses", size, place, "lookup", peers.look(form, path, addr, place != "none"), "ns")
    path.unlink()


def rules_text(addresses, match):
    elements = f" elements = {{ {', '.join(addresses)} }}" if addresses else ""
    return (f"table ip bench {{\n\tset listed {{ type ipv4_addr;{elements}\n\t}}\n"
            f"\tchain out {{\n\t\ttype filter hook output priority 0;\n" + f"\t\t{match}\n" * COPIES + "\t}\n}\n")


SCRIPT = """
ip link set lo up && ip address add 192.0.2.1/32 dev lo && ip route add local 10.0.0.0/8 dev lo || exit 1
"$1" -f "$2" || exit 1
for i in 1 2 3 4 5; do
  "$3" send - "$4" "$5" || exit 1
done
"""


def ask_kernel(bench, peers, who, size):
    """What a datagram costs more when its address is looked up in the set than when it is compared once."""
    addresses = [tables.address(i) for i in range(size)]
    nft = peers.root / "usr/sbin/nft"
    for place in ("last", "none"):
        costs = []
        for match in ("ip daddr @listed counter", f"ip daddr {BASELINE} counter"):
            path = bench.folder / "rules.nft"
            path.write_text(rules_text(addresses, match))
            out = peers.run("unshare", "-n" if os.geteuid() == 0 else "-rn", "sh", "-c", SCRIPT, "sh", nft, path,
                            peers.program, str(MS), tables.client("addresses", size, place).addr, env=peers.env)
            costs.append(statistics.median(float(line.split()[1]) for line in out.splitlines()))
        bench.note(who, "addresses", size, place, "lookup", max((costs[0] - costs[1]) / COPIES, 1), "ns")


def ours(bench, sizes):
    """A whole decision, with the look at both files that it begins with."""
    known = {(c.who, c.kind, c.rules, c.client, c.what): c.value for c in bench.cells}
    for size in sizes:
        for place in ("last", "none"):
            value = known.get(("ours", "addresses", size, place, "resident"))
            if value is not None:
                bench.note("ours, the whole decision", "addresses", size, place, "lookup", value, "ns")


def measure(bench, sizes):
    try:
        peers = Peers(fetched(*PACKAGES), bench.folder)
    except (Unavailable, SystemExit) as error:
        print(f"the lookup alone: not measured: {error}", file=sys.stderr)
        return
    ours(bench, sizes)
    for who in (*FORMS, "nftables set"):
        ask = ask_kernel if who == "nftables set" else ask_file
        try:
            for size in sizes:
                if size <= MAX.get(who, size):
                    ask(bench, peers, who, size)
        except Unavailable as error:
            print(f"{who}: not measured: {error}", file=sys.stderr)
