"""What bench/size.py has measured: files of it, tables of it, and what was promised of it."""
import collections
import itertools
import pathlib

import tables

MILLION = 1000000
SIZES = (10, 1000, 10000, 100000, MILLION, 10 * MILLION)
OURS, DEBIAN, EMPTY = "ours", "Debian", "no rule"
MODES = ("resident", "edited", "image", "oneshot")
SHOWN = {"resident": "resident, warm", "edited": "resident, after an edit beside",
         "image": "one-shot, with an image",
         "oneshot": "one-shot, without an image"}
MADE = ("compile", "compile peak", "image")  # for whoever comes
HEAVY = 100000      # from here on, fewer repetitions
SKIMMED = {"prefixes": 300, "suffixes": 300, "mix": 300, "ipv6": 400}  # instructions a rule, at most
STAMPS = {"newfstatat", "stat", "statx", "fstatat64", "getpid"}  # getpid is request_init's

# A row of the TSV: what was measured of whom.
Cell = collections.namedtuple("Cell", "who kind rules client what value unit")


# ---- promises ----

class Figures:
    """What was measured, by what it is."""

    def __init__(self, cells):
        self.values = {(c.who, c.kind, c.rules, c.client, c.what): c.value for c in cells}
        self.units = {(c.who, c.kind, c.rules, c.client, c.what): c.unit for c in cells}

    def get(self, *key):
        return self.values.get(key)

    def ratio(self, above, below):
        a, b = self.values.get(above), self.values.get(below)
        return a / b if a is not None and b else None

    def times(self, kind, rules, place, mode, other=DEBIAN):
        """As fast as the other one, or as no rule: the median of the ratios of neighbours."""
        return self.values.get((f"{other}/{OURS}", kind, rules, place, mode))


def promised(figures):
    """(what, seen, promise, is it kept) of all that was measured."""
    rows = []

    def at_least(what, seen, limit):
        if seen is not None:
            rows.append((what, f"{seen:,.2f}", f">= {limit:,}", seen >= limit))

    def at_most(what, seen, limit):
        if seen is not None:
            rows.append((what, f"{seen:,.2f}", f"<= {limit:,}", seen <= limit))

    for place in ("last", "none"):
        for mode, limit in (("resident", 40000), ("image", 200), ("oneshot", 8)):
            at_least(f"{SHOWN[mode]}: 1M addresses, {place} match: times as fast as Debian's",
                     figures.times("addresses", MILLION, place, mode), limit)
    for rules, limit in ((MILLION, 1.5), (10 * MILLION, 2)):
        seen = figures.times("addresses", rules, "none", "resident", EMPTY)
        at_most(f"resident: {rules // MILLION}M addresses beside no rule, cost", seen and 1 / seen, limit)
    for place in tables.PLACES:
        both = [figures.times(kind, MILLION, place, "resident", EMPTY) for kind in ("addresses", "suffixes")]
        at_most(f"resident: 1M suffixes beside 1M addresses, {place} match, cost",
                None if None in both else both[0] / both[1], 3)
    for mode in MODES:
        for kind in tables.KINDS:
            seen = [figures.times(kind, size, "first", mode) for size in SIZES]
            at_least(f"{SHOWN[mode]}: first match of {kind}, any size: times as fast as Debian's",
                     min((s for s in seen if s is not None), default=None), 1)

    def keeping(rules):
        return OURS, "addresses", rules, "none", "keeping"

    edited, warm = (figures.get(OURS, "addresses", 10 * MILLION, "none", m) for m in ("edited", "resident"))
    if edited is not None and warm is not None:
        at_most("10M addresses: ms that an edit of hosts.allow costs", (edited - warm) / 1e6, 1)
    for who, kind, rules, place, what in figures.values:
        if who == OURS and what == "system calls, resident":
            names = figures.units[who, kind, rules, place, what]
            rows.append((f"{rules} {kind}, resident: system calls", names, "stat", set(names.split()) <= STAMPS))
    for rules, limit in ((MILLION, 200), (10 * MILLION, 1536)):
        peak = figures.get(OURS, "addresses", rules, "none", "resident peak")
        if peak is not None:
            at_most(f"{rules // MILLION}M addresses kept: peak RSS, MiB", peak / 1024, limit)
    at_most("keeping 10M addresses beside 1M, time", figures.ratio(
        keeping(10 * MILLION), keeping(MILLION)), 12)
    at_most("keeping 1M addresses beside tcprules, time", figures.ratio(
        keeping(MILLION), ("tcprules (CDB)", "addresses", MILLION, "", "build")), 1)
    at_most("compiling 1M addresses beside tcprules, time", figures.ratio(
        (OURS, "addresses", MILLION, "", "compile"), ("tcprules (CDB)", "addresses", MILLION, "", "build")), 1)
    at_most("compiling 10M addresses beside 1M, time", figures.ratio(
        (OURS, "addresses", 10 * MILLION, "", "compile"), (OURS, "addresses", MILLION, "", "compile")), 12)
    for rules, limit in ((MILLION, 200), (10 * MILLION, 1536)):
        peak, image = (figures.get(OURS, "addresses", rules, "", what) for what in ("compile peak", "image"))
        if image is not None:
            at_most(f"compiling {rules // MILLION}M addresses: peak RSS, MiB", peak / 1024, limit)
            at_most(f"image of {rules // MILLION}M addresses: bytes a rule", image / rules, 13)
    for kind, rules in itertools.product(tables.KINDS, (MILLION, 10 * MILLION)):
        for place in tables.PLACES:
            what = f"one-shot, with an image of {rules // MILLION}M {kind}, {place} match: "
            # A word of a list stands in another file. To open that, look at it twice, read and close it takes five.
            beside = "nothing listed" if tables.KINDS[kind].is_list and place != "none" else "no rule"
            both = [figures.get(OURS, kind, rules, place, f"system calls, {name}") for name in ("image", beside)]
            if None not in both:
                at_most(what + f"system calls more than with {beside}", both[0] - both[1], 8)
            at_most(what + "instructions beside no rule", figures.ratio(*(
                (OURS, kind, rules, place, f"instructions, {name}") for name in ("image", "no rule"))), 1.05)
    nothing = figures.get(OURS, "addresses", 0, "none", "instructions, oneshot")
    for kind, limit in {"addresses": 300, **SKIMMED}.items():
        all_rules = figures.get(OURS, kind, HEAVY, "none", "instructions, oneshot")
        if None not in (nothing, all_rules):
            at_most(f"one-shot without image: instructions a rule of {kind}", (all_rules - nothing) / HEAVY, limit)
    return rows


# ---- showing ----

def amount(ns):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def mebibytes(kib):
    return f"{kib / 1024:.3g} MiB"


def table(head, rows):
    """Markdown that can be read as it stands."""
    rows = [[str(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    lines = [head, ["-" * (w - 1) + ":" if i else "-" * w for i, w in enumerate(widths)], *rows]
    padded = [[word.rjust(w) if i else word.ljust(w) for i, (word, w) in enumerate(zip(line, widths))]
              for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in padded)


def decision_tables(cells, figures):
    sizes = sorted({c.rules for c in cells if c.what in MODES})
    kinds = [kind for kind in tables.KINDS if any(c.kind == kind and c.what in MODES for c in cells)]
    for mode in MODES:
        rows = []
        for kind in (kind for kind in kinds if any(c.what == mode and c.kind == kind for c in cells)):
            for place in tables.PLACES:
                for who in (OURS, DEBIAN):
                    seen = [figures.get(who, kind, size, place, mode) for size in sizes]
                    rows.append([f"{kind}, {place}", who, *("" if s is None else amount(s) for s in seen)])
                ratios = [figures.times(kind, size, place, mode) for size in sizes]
                rows.append(["", "times", *("" if r is None else f"{r:,.3g}" if r < 1000 else f"{r:,.0f}"
                                            for r in ratios)])
        if rows:
            yield SHOWN[mode], table(["kind, match", "", *(f"{size:,}" for size in sizes)], rows)


def other_tables(cells, figures):
    sizes = sorted({c.rules for c in cells if c.what == "resident peak"})
    rows = []
    for kind in tables.KINDS:
        for what, who, show in (("first decision", OURS, amount), ("keeping", OURS, amount),
                                ("resident peak", OURS, mebibytes), ("resident peak", DEBIAN, mebibytes),
                                ("oneshot peak", OURS, mebibytes), ("compile", OURS, amount),
                                ("compile peak", OURS, mebibytes), ("image", OURS, lambda v: f"{v:,.0f} bytes")):
            seen = [figures.get(who, kind, size, "" if what in MADE else "none", what) for size in sizes]
            if any(s is not None for s in seen):
                rows.append([kind, f"{what}, {who}", *("" if s is None else show(s) for s in seen)])
    if rows:
        yield "What it takes to have a table", table(["kind", "", *(f"{size:,}" for size in sizes)], rows)
    rows = [[c.kind, c.who, f"{c.rules:,}", c.what, f"{c.value:,.0f}", c.unit] for c in cells
            if c.what.startswith(("system calls", "instructions"))]
    if rows:
        yield "System calls and instructions", table(["kind", "who", "rules", "what", "number", ""], rows)
    rows = []
    for who in dict.fromkeys(c.who for c in cells if c.what == "lookup"):
        for size in sorted({c.rules for c in cells if c.who == who and c.what == "lookup"}):
            found = {c.client: c.value for c in cells if (c.who, c.rules, c.what) == (who, size, "lookup")}
            build, took = (figures.get(who, "addresses", size, "", what) for what in ("build", "bytes"))
            rows.append([who, f"{size:,}", amount(found["last"]), amount(found["none"]),
                         "" if build is None else amount(build), "" if took is None else f"{took / max(size, 1):.3g}"])
    if rows:
        yield "The lookup alone", table(["who", "rules", "last match", "no match", "made in", "bytes a rule"], rows)


def shown(cells, where):
    figures = Figures(cells)
    promises = promised(figures)
    text = f"{where}\n\n"
    text += "## Promises\n\n" + table(["what", "seen", "promised", ""], [
        (what, seen, limit, "kept" if kept else "BROKEN") for what, seen, limit, kept in promises]) + "\n"
    for title, body in (*decision_tables(cells, figures), *other_tables(cells, figures)):
        text += f"## {title}\n\n{body}\n"
    return text, [f"{what}: {seen}, promised {limit}" for what, seen, limit, kept in promises if not kept]


# ---- files ----

def save(path, cells, where):
    with open(path, "w") as out:
        out.write(f"# {where}\n" + "\t".join(Cell._fields) + "\n")
        out.writelines("\t".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in cell) + "\n" for cell in cells)


def restored(paths):
    """The cells of all files; of one that was measured twice, the last."""
    cells, where = {}, ""
    for path in paths.split(","):
        first, _head, *lines = pathlib.Path(path).read_text().splitlines()
        where = first.removeprefix("# ")
        for who, kind, rules, client, what, value, unit in (line.split("\t") for line in lines):
            cells[who, kind, rules, client, what] = Cell(who, kind, int(rules), client, what, float(value), unit)
    return list(cells.values()), where
