#!/usr/bin/env python3
# timeout: 240
# seconds: 14
"""Odd tables and odd lists: each gets the verdict and the log lines that are written down, in every way
of reading, within a second and 64 MB. Nothing here is a table that anybody should have."""
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
import fault_lab as lab  # noqa: E402
from fault_lab import ORDER  # noqa: E402
import rig  # noqa: E402

CLIENT = {"daemon": "d", "addr": "10.1.2.3"}
SECOND = 1_000_000
PAUSES_MAX = 2 * 10  # of 5 ms: each table may be waited for
MEGABYTES_MAX = 64
MIB = 1 << 20
LARGE_BLOCKS = (MIB + 8192) // 512  # of a table: what is longer shows sanitizers nothing new
BOM = b"\xef\xbb\xbf"
ENDED = ["warning {}: missing newline or line too long",
         "warning {}: all the subsequent rules will be ignored"]
OVER = "error {}: a line is longer than 1 MiB"
NUL = "warning {}: the line has a NUL byte and is no rule"
NO_COLON = 'warning {}: missing ":" separator'
CANNOT_TELL = "error 1: cannot tell whether the rule matches: refused"
DIFFER = re.compile(r"3 warning: \S+, line \d+: (refused|granted) by the (\w+) reading; the (\w+) one: "
                    r"(refused|granted)(, as no rule matches| at \S+, line \d+)?$")
NOBODY = 65534


def at(line, *texts):
    return [text.format(line) for text in texts]


def line_of(total, end=b" 10.1.2.3\n"):
    """A rule of so many bytes, its newline included, that matches by its last word only."""
    words = b"d:" + b" 9.9.9.9" * (total // 8)
    return words[:total - len(end)].rstrip(b"9. ").ljust(total - len(end)) + end


def joined(total):
    """The same of lines of ten bytes, each but the last with a backslash at its end."""
    first, last = b"d:\\\n", b" 10.1.2.3\n"
    pieces, left = divmod(total - len(first) - len(last), 10)
    return first + b" 9.9.9.9\\\n" * pieces + b" " * left + last


def deep_except(count):
    return b"d EXCEPT " * count + b"d : ALL\n"


# ---- what a text is in each way of reading ----
#
# match: the rule is about the client. pass: it is not. fault: whoever comes here is refused. end: the
# table ends here in error: passed by as an allow table, a fault as a deny table. error: the rule is about
# the client, and one of its options is wrong. Two of them: what the classic and the plain reading make of
# it. Then the log's lines, numbered from the first of the text; `!` for one that is told only if the
# reading with the error is the one that counts; `...` for more of the same.

def every(outcome, *findings):
    return {mode: (outcome, list(findings)) for mode in lab.MODES}


def each(none, classic, modern):
    return {"none": none, "classic": classic, "modern": modern}


TABLES = [
    ("nothing", b"", every("pass")),
    ("a newline", b"\n", every("pass")),
    ("blanks and comments", b"# c\n \t \n\n#\n", every("pass")),
    ("CRLF", b"d: ALL\r\n", every("match")),
    ("CRLF and an option", b"d: ALL: allow\r\n", {"none": ("allowed", [])}),
    ("a backslash before CRLF", b"d: \\\r\n ALL\r\n", every("pass", *at(2, NO_COLON))),
    ("a byte order mark in the second line", b"\n" + BOM + b"d: ALL\n", every("pass")),
    ("no final newline", b"d: ALL",
     each(("end/match", at(0, *ENDED)), ("end", at(0, *ENDED)), ("match", []))),
    ("only a backslash", b"\\\n", each(("pass", []), ("pass", []), ("pass", []))),
    ("a NUL byte behind a rule", b"d: ALL\0\n",
     each(("end/pass", at(1, *ENDED, NUL)), ("end", at(1, *ENDED)), ("pass", at(1, NUL)))),
    ("a NUL byte that swallows the next line", b"d: ALL\0\n, 10.1.2.3 : x\n",
     each(("error/pass", [*at(1, NUL), 'error 2: bad option name: "x"']),
          ("error", ['error 2: bad option name: "x"']), ("pass", at(1, NUL)))),
    ("NUL bytes only", b"\0" * 4096 + b"\n",
     each(("pass", at(1, NUL)), ("pass", []), ("pass", at(1, NUL)))),
    ("UTF-16", "\ufeffd: ALL\n".encode("utf-16-le"),
     each(("end/pass", at(1, *ENDED, NUL) + at(2, NUL)), ("end", at(1, *ENDED)),
          ("pass", at(1, NUL) + at(2, NUL)))),
    ("bytes that are no UTF-8", b"\xff\xfe d: \xc3\x28 10.1.2.3 \x80\n", every("match")),
    ("Latin-1 without a colon", b"\xe9t\xe9\nd: ALL\n", every("match", *at(1, NO_COLON))),
    ("control characters", b"d\x01: ALL\nd: \x1b[2J\x07\n d:\x0b10.1.2.3\n",
     each(("pass", ["warning 2: unclosed bracket: d: \\x1b[2J\\x07"]), ("pass", []),
          ("pass", ["warning 2: unclosed bracket: d: \\x1b[2J\\x07"]))),
    ("a line of 2046 bytes", line_of(2046), every("match")),
    ("a line of 2047 bytes", line_of(2047), every("match")),
    ("a line of 2048 bytes", line_of(2048),
     each(("end/match", at(0, *ENDED)), ("end", at(0, *ENDED)), ("match", []))),
    ("a line of 1 MiB - 1", line_of(MIB - 1),
     each(("end/match", at(0, *ENDED)), ("end", at(0, *ENDED)), ("match", []))),
    ("a line of 1 MiB", line_of(MIB),
     each(("end/match", at(0, *ENDED)), ("end", at(0, *ENDED)), ("match", []))),
    ("a line of 1 MiB + 1", line_of(MIB + 1),
     each(("fault", at(0, *ENDED) + at(1, OVER)), ("fault", at(1, OVER)), ("fault", at(1, OVER)))),
    ("a line of 10 MB behind two others", b"x: ALL\n\n" + line_of(10 * MIB),
     each(("fault", at(2, *ENDED) + at(3, OVER)), ("fault", at(3, OVER)), ("fault", at(3, OVER)))),
    ("10 MB of one word without a newline", b"d" * 10 * MIB,
     each(("fault", at(0, *ENDED) + at(1, OVER)), ("fault", at(1, OVER)), ("fault", at(1, OVER)))),
    ("a thousand empty continuations", b"\\\n" * 1000 + b"d: ALL\n", every("match")),
    ("a million empty continuations", b"\\\n" * 1000000 + b"d: ALL\n", every("fault", *at(1, OVER))),
    ("a line joined of 1 MiB", joined(MIB),
     each(("end/match", at(256, *ENDED)), ("end", at(256, *ENDED)), ("match", []))),
    ("a line joined of 1 MiB + 1", joined(MIB + 1),
     each(("fault", at(256, *ENDED) + at(1, OVER)), ("end", at(256, *ENDED)),
          ("fault", at(1, OVER)))),
    ("a hundred EXCEPTs", deep_except(100), every("match")),
    ("one more", deep_except(101), every("pass")),
    ("100,000 EXCEPTs", deep_except(100000),
     each(("end/match", at(0, *ENDED)), ("end", at(0, *ENDED)), ("match", []))),
    ("100,001 EXCEPTs of clients", b"d: " + b"* EXCEPT " * 100001 + b"*\n",
     each(("end/pass", at(0, *ENDED)), ("end", at(0, *ENDED)), ("pass", []))),
    ("a million rules", b"d: 9.9.9.9\n" * 1000000 + b"d: 10.1.2.3\n", every("match")),
    ("a million comments", b"# d: 9.9.9.9\n" * 1000000 + b"d: 10.1.2.3\n", every("match")),
    ("a million lines that are no rules", b"?\n" * 1000000 + b"d: 10.1.2.3\n",
     every("match", *at(1, NO_COLON), *at(2, NO_COLON), ...)),
    ("a million words", (b"d:" + b" 9.9.9.9" * 200 + b"\n") * 5000 + b"d: 10.1.2.3\n", every("match")),
    ("colons", b"d: ALL" + b":" * 1000 + b"\n", every("error", "error 1: missing option name")),
    ("nothing but colons", b":" * 1000 + b"\n", every("pass")),
    ("100,000 colons", b"d: ALL" + b":" * 100000 + b"\n",
     each(("end/error", [*at(0, *ENDED), "!error 1: missing option name"]), ("end", at(0, *ENDED)),
          ("error", ["!error 1: missing option name"]))),
    ("an open bracket", b"d: [::1\n",
     each(("pass", ["warning 1: unclosed bracket: d: [::1"]), ("pass", []),
          ("pass", ["warning 1: unclosed bracket: d: [::1"]))),
    ("a closing bracket", b"]d: ALL\n",
     each(("pass", at(1, NO_COLON) + ["warning 1: unclosed bracket: ]d: ALL"]), ("pass", at(1, NO_COLON)),
          ("pass", ["warning 1: unclosed bracket: ]d: ALL"]))),
    ("1,000 brackets", b"d: " + b"[" * 1000 + b"\n",
     each(("pass", ["warning 1: unclosed bracket: d: " + "[" * 124]), ("pass", []),
          ("pass", ["warning 1: unclosed bracket: d: " + "[" * 124]))),
    ("no such % letter", b"d: ALL: setenv TV %z%%%: deny\n",
     {"none": ("denied", ["warning 1: unrecognized %z"])}),
    ("an option too long", b"d: ALL: setenv TV " + b"x" * 8189 + b"\n",
     {"modern": ("error", ["warning 1: percent_x: expansion too long: TV " + "x" * 27 + "..."])}),
    ("an option of 8191 bytes", b"d: ALL: setenv TV " + b"x" * 8188 + b"\n", {"modern": ("match", [])}),
    ("100,000 % letters", b"d: ALL: setenv TV " + b"%a" * 100000 + b"\n",
     {"modern": ("error", ["warning 1: percent_x: expansion too long: TV 10.1.2.310.1.2.310.1.2.310...."])}),
    ("an option without an end", b"d: ALL: spawn \\\n", 
     each(("end/error", [*at(1, *ENDED), '!error 1: option "spawn" requires value']), ("end", at(1, *ENDED)),
          ("error", ['!error 1: option "spawn" requires value']))),
]

# A first line that is, or only resembles, a directive; whole files.
FIRST_LINES = [
    ("only a directive", b"#!tcpwrap modern\n", "pass", []),
    ("a directive without newline", b"#!tcpwrap modern", "pass", []),
    ("a directive with CRLF", b"#!tcpwrap modern\r\nd: 10.1.2.3/8\r\n", "match", []),
    ("a directive and blanks", b"#!tcpwrap \t classic \t\nd: 10.1.2.3/8\n", "pass", []),
    ("a byte order mark and a rule", BOM + b"d: ALL\n", "pass/match", []),
    ("a byte order mark and a directive", BOM + b"#!tcpwrap modern\nd: 10.1.2.3/8\n", "pass/match",
     ["warning 1: not a directive: #!tcpwrap modern", 'warning 1: missing ":" separator']),
    ("a directive that goes on", b"#!tcpwrap modern\\\nd: 10.1.2.3/8\nd: 10.1.2.3/8\n", "pass/match",
     ["warning 1: not a directive: #!tcpwrap modern\\x5c"]),
    ("an unknown directive", b"#!tcpwrap strict\nd: 10.1.2.3/8\n", "pass/match",
     ["warning 1: not a directive: #!tcpwrap strict"]),
    ("a directive in capitals", b"#!TCPWRAP MODERN\nd: 10.1.2.3/8\n", "pass/match", []),
    ("a directive in the second line", b"\n#!tcpwrap modern\nd: 10.1.2.3/8\n", "pass/match", []),
    ("a directive and a NUL byte", b"#!tcpwrap modern\0\nd: 10.1.2.3/8\n", "pass/match",
     ["warning 1: not a directive: #!tcpwrap modern"]),
]

NO_ADDRESSES = [f"warning 1: matches nobody: no IPv6 address in {word}"
                for word in ("[", "]", "[]", "]]", "[[::1]")]
LISTS = [
    ("an empty list", b"", every("pass")),
    ("an address", b"10.1.2.3\n", every("match")),
    ("no final newline", b"10.1.2.3", every("match")),
    ("CRLF", b"9.9.9.9\r\n10.1.2.3\r\n", every("match")),
    ("a byte order mark", BOM + b"10.1.2.3\n", every("pass")),
    ("a NUL byte", b"10.1.2.3\0x\n", each(("match/pass", []), ("match", []), ("pass", []))),
    ("NUL bytes only", b"\0" * 4096, every("pass")),
    ("bytes that are no UTF-8", b"\xff\xfe\x80 \xc3\x28\n10.1.2.3\n", every("match")),
    ("a comment", b"# 10.1.2.3\n", each(("match/pass", []), ("match", []), ("pass", []))),
    ("a comma", b"9.9.9.9,10.1.2.3\n", each(("pass/match", []), ("pass", []), ("match", []))),
    ("EXCEPT", b"ALL EXCEPT 10.1.2.3\n", every("match")),
    ("a word of 8191 bytes", b"x" * 8191 + b"\n10.1.2.3\n", every("match")),
    ("a word of 8192 bytes", b"x" * 8192 + b"\n10.1.2.3\n",
     every("fault", "error 1: a word is longer than 8191 bytes", CANNOT_TELL)),
    ("a word of 8192 bytes behind a match", b"10.1.2.3\n" + b"x" * 8192 + b"\n", every("match")),
    ("a word of 10 MB", b"x" * 10 * MIB,
     every("fault", "error 1: a word is longer than 8191 bytes", CANNOT_TELL)),
    ("a line of 10 MB", b"9.9.9.9 " * (10 * MIB // 8) + b"10.1.2.3\n", every("match")),
    ("a million words", b"9.9.9.9\n" * 1000000 + b"10.1.2.3\n", every("match")),
    ("a million commas", b"," * 4000 + b"\n" + b",\n" * 1000000 + b"10.1.2.3\n", every("match")),
    ("brackets", b"[ ] [] ]] [[::1] 10.1.2.3\n", each(
        ("match", NO_ADDRESSES), ("match", []), ("match", NO_ADDRESSES))),
]


# ---- verdicts ----

def verdict(outcome, role, house):
    """R or G of one reading."""
    if outcome == "end":
        outcome = "pass" if role == "allow" else "fault"
    if outcome in ("fault", "error", "denied"):
        return "R"
    if outcome == "pass":
        return "R" if house == "closed" else "G"
    return "G" if role == "allow" or outcome == "allowed" else "R"


def wanted(outcome, role, house):
    """The verdict, and whether the readings differ."""
    readings = [verdict(part, role, house) for part in outcome.split("/")]
    return min(readings, key=ORDER.get), len(set(readings)) > 1


def told(findings, outcome, role, house, spell):
    """The lines of the log."""
    classic, plain = (outcome.split("/") * 2)[:2]
    is_lower = ORDER[verdict(plain, role, house)] < ORDER[verdict(classic, role, house)]
    counts = plain if is_lower else classic
    return [text if text is ... else spell(text.lstrip("!")) for text in findings
            if text is ... or text[0] != "!" or counts == "error"]


class Check:
    """Asks, compares, and remembers what was dearest."""

    def __init__(self, scratch, driver):
        self.driver = driver
        self.scratch = scratch
        self.slowest, self.largest, self.asked, self.wrong = (0, ""), (0, ""), 0, []
        self.sanitized = lab.Sanitized()
        self.closed = scratch.write(b"#!tcpwrap modern\nALL: ALL\n")
        self.open = scratch.write(b"#!tcpwrap modern\n# nothing\n")
        self.absent = scratch.path("absent")

    def settings(self, path):
        """(role, house, tables): as an allow table before a closed and an open door, and as a deny table."""
        return [("allow", "closed", {"allow": path, "deny": self.closed}),
                ("allow", "open", {"allow": path, "deny": self.open}),
                ("deny", "open", {"allow": self.absent, "deny": path})]

    def ask(self, name, tables, **more):
        point = self.driver.decide(**{**CLIENT, **tables, **more})
        self.slowest = max(self.slowest, (point.microseconds, name))
        self.largest = max(self.largest, (point.kilobytes, name))
        return point

    def ask_sanitized(self, name, tables, want, more):
        """The same of the library with sanitizers in it, as far as its driver can put the question."""
        is_large = any(os.path.exists(path) and os.stat(path).st_blocks > LARGE_BLOCKS
                       for path in tables.values())
        if self.sanitized.reason is None and not more and not is_large:
            case = rig.Case(tables["allow"], tables["deny"], [CLIENT])
            got = self.sanitized.ask(case)[0].verdict
            self.asked += 1
            if got != {"G": "granted", "R": "denied"}[want]:
                self.wrong.append(f"{name}: {got}")

    def problems(self, name, path, outcome, findings, shift=0, subject=None, **more):
        """What is wrong with this file, in all settings."""
        found = []
        for role, house, tables in self.settings(path):
            point = self.ask(name, tables, **more)
            want, differs = wanted(outcome, role, house)
            self.ask_sanitized(f"{name} ({role}, {house})", tables, want, more)
            said = told(findings, outcome, role, house, lambda text: place(text, path, shift, subject))
            lines = [line for line in point.logs if not DIFFER.match(line)]
            where = f"as {role} table, {house}:"
            if point.verdict() != want:
                found.append(f"{where} {point.verdict()}, not {want}; {point.logs[:4]}")
            if (len(lines) < len(point.logs)) != differs:
                found.append(f"{where} the readings {'agree' if differs else 'differ'}: {point.logs[:4]}")
            if (lines[:len(said) - 1] != said[:-1]) if said[-1:] == [...] else lines != said:
                found.append(f"{where} said {lines[:4]}, not {said}")
            found += [f"{where} {text}" for text in bounds(point)]
        return found


def bounds(point):
    """A decision leaves nothing behind, and takes neither long nor much."""
    if point.microseconds > SECOND or point.pauses > PAUSES_MAX:
        yield f"took {point.microseconds / SECOND:.2f} s and {point.pauses} pauses"
    if point.kilobytes > MEGABYTES_MAX << 10:
        yield f"took {point.kilobytes >> 10} MB"
    if point.end == "returned" and (point.descriptors, point.children) != (0, 0):
        yield f"left {point.descriptors} descriptors and {point.children} children"
    if point.end == "returned" and not (point.errno_kept and point.mask_kept):
        yield "changed errno or the signal mask"


def place(text, path, shift, subject):
    """`warning 2: text` as it is logged; without a number there is no place in it."""
    kind, _, rest = text.partition(": ")
    kind, _, number = kind.partition(" ")
    rest = rest.replace("PATH", subject or path)
    return f"3 {kind}: {path}, line {int(number) + shift}: {rest}" if number else f"3 {kind}: {rest}"


def tell(tap, name, problems):
    for problem in problems:
        tap.note(problem[:1000])
    tap.ok(not problems, name)


# ---- texts ----

def check_texts(tap, check):
    for name, text, expected in TABLES:
        problems = []
        for mode, (outcome, findings) in expected.items():
            path = check.scratch.write(lab.MODES[mode] + text)
            found = check.problems(name, path, outcome, findings, shift=int(mode != "none"))
            problems += [f"{mode}: {problem}" for problem in found]
            if len(text) > MIB:
                os.unlink(path)
        tell(tap, f"a table: {name}", problems)
    for name, text, outcome, findings in FIRST_LINES:
        tell(tap, f"a table: {name}", check.problems(name, check.scratch.write(text), outcome, findings))


def check_list(check, name, list_path, expected, **more):
    problems = []
    for mode, (outcome, findings) in expected.items():
        path = check.scratch.write(lab.MODES[mode] + f"d: {list_path}\n".encode())
        found = check.problems(name, path, outcome, findings, shift=int(mode != "none"),
                               subject=list_path, **more)
        problems += [f"{mode}: {problem}" for problem in found]
    return problems


def check_lists(tap, check):
    for name, text, expected in LISTS:
        path = check.scratch.write(text, check.scratch.path("list"))
        tell(tap, f"a list: {name}", check_list(check, name, path, expected))




# ---- what is no text ----

def fifo(path):
    os.mkfifo(path)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)


def link(target):
    return lambda path: os.symlink(target, path)


def sparse(path, head=b""):
    """A terabyte, and not a block but of its head."""
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(1 << 40)


def loop(path):
    os.symlink(path + "b", path)
    os.symlink(path, path + "b")


def chain(path):
    """More links than the kernel follows."""
    for i in range(50):
        os.symlink(f"{path}.{i + 1}", path if i == 0 else f"{path}.{i}")


def private(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def behind(make, tail):
    """What is called PATH/TAIL, where PATH was made so."""
    def made(path):
        make(path)
        return path + tail
    return made


def closed_directory(path):
    os.mkdir(path, 0o700)


NOT_REGULAR = "error: cannot use PATH: not a regular file"
LIST_NOT_REGULAR = "error 1: cannot use list PATH: not a regular file"
CANNOT_OPEN = "warning: cannot open PATH: {}"
UNREADABLE = "warning 1: open PATH: {}"
ABSENT = "error 1: open PATH: No such file or directory"

# (what, how to make it, as a table, its lines, as a list, its lines, other keys of the job). A path that
# is longer than 127 bytes is cut in a line.
THINGS = [
    ("nothing of the name", lambda path: None, "pass", [], "pass", [ABSENT], {}),
    ("/dev/null", link("/dev/null"), "pass", [], "pass", [], {}),
    ("/dev/zero", link("/dev/zero"), "fault", [NOT_REGULAR], "fault", [LIST_NOT_REGULAR], {}),
    ("/dev/full", link("/dev/full"), "fault", [NOT_REGULAR], "fault", [LIST_NOT_REGULAR], {}),
    ("a directory", os.mkdir, "fault", [NOT_REGULAR], "fault", [LIST_NOT_REGULAR], {}),
    ("a FIFO", fifo, "fault", [NOT_REGULAR], "fault", [LIST_NOT_REGULAR], {}),
    ("a socket", unix_socket, "fault", [CANNOT_OPEN.format("No such device or address")],
     "fault", [UNREADABLE.format("No such device or address")], {}),
    ("a dangling link", link("nowhere"), "pass", [], "pass", [ABSENT], {}),
    ("a link to itself", lambda path: os.symlink(path, path),
     "fault", [CANNOT_OPEN.format("Too many levels of symbolic links")],
     "fault", [UNREADABLE.format("Too many levels of symbolic links")], {}),
    ("two links to each other", loop, "fault", [CANNOT_OPEN.format("Too many levels of symbolic links")],
     "fault", [UNREADABLE.format("Too many levels of symbolic links")], {}),
    ("fifty links", chain, "fault", [CANNOT_OPEN.format("Too many levels of symbolic links")],
     "fault", [UNREADABLE.format("Too many levels of symbolic links")], {}),
    ("a file as a directory", behind(private, "/x"), "fault", [CANNOT_OPEN.format("Not a directory")],
     "fault", [UNREADABLE.format("Not a directory")], {}),
    ("a name too long", lambda path: path + "x" * 256, "fault", [CANNOT_OPEN.format("File name too long")],
     "fault", [UNREADABLE.format("File name too long")], {}),
    ("a file that reads with an error", link("/proc/self/mem"),
     "fault", ["error: cannot read PATH: Input/output error"],
     "fault", [UNREADABLE.format("Input/output error")], {}),
    ("a file of somebody else", private, "fault", [CANNOT_OPEN.format("Permission denied")],
     "fault", [UNREADABLE.format("Permission denied")], {"uid": NOBODY}),
    ("a directory of somebody else", behind(closed_directory, "/x"),
     "fault", [CANNOT_OPEN.format("Permission denied")],
     "fault", [UNREADABLE.format("Permission denied")], {"uid": NOBODY}),
    ("no descriptor left", lambda path: path, "fault", ["warning: cannot open ALLOW: Too many open files"],
     None, [], {"starved": 1}),
]


def check_things(tap, check):
    for name, make, outcome, findings, as_list, list_findings, more in THINGS:
        if "uid" in more and os.geteuid() != 0:
            tap.skip(f"{name}", "only root can become somebody else")
            continue
        path = check.scratch.path("thing")
        path = make(path) or path
        cut = path[:127]
        # Without descriptors it is the allow table that fails, whichever that is.
        shown = [text.replace("PATH", cut) for text in findings]
        problems = check.problems(name, path, outcome, shown, **more) if "starved" not in more else \
            check_starved(check, name, path, findings, more)
        tell(tap, f"as a table: {name}", problems)
        if as_list:
            lines = list_findings + [CANNOT_TELL] * (as_list == "fault")
            lines = [text.replace("PATH", cut) for text in lines]
            tell(tap, f"as a list: {name}", check_list(check, name, path, every(as_list, *lines), **more))


def check_starved(check, name, path, findings, more):
    found = []
    for role, house, tables in check.settings(path):
        point = check.ask(name, tables, **more)
        said = [place(text.replace("ALLOW", tables["allow"]), "", 0, None) for text in findings]
        # An absent table is absent for everybody.
        if (point.verdict(), point.logs) != ("R", said):
            found.append(f"as {role} table, {house}: {point.verdict()}, said {point.logs}, not {said}")
    return found


def check_sparse(tap, check):
    for mode, head in lab.MODES.items():
        path = check.scratch.path("sparse")
        sparse(path, head)
        problems = check.problems("sparse", path, "fault", at(1, OVER), shift=int(mode != "none"))
        tell(tap, f"as a table: a terabyte of nothing ({mode})", problems)
    lines = ["error 1: a word is longer than 8191 bytes", CANNOT_TELL]
    tell(tap, "as a list: a terabyte of nothing", check_list(check, "sparse", path, every("fault", *lines)))


# ---- lists that name lists ----

TOO_DEEP = "error 1: list PATH nests too deep, or names itself"


def nested(check, depth, last=b"10.1.2.3\n"):
    """A list of so many levels, and the path of the innermost."""
    path = innermost = check.scratch.write(last, check.scratch.path("list"))
    for _ in range(depth - 1):
        path = check.scratch.write(path.encode() + b"\n", check.scratch.path("list"))
    return path, innermost


def many(check, count, word=b"9.9.9.9\n"):
    """A list that names others, so many with itself, and the path of the last one."""
    inner = [check.scratch.write(word, check.scratch.path("list")) for _ in range(count - 1)]
    text = "\n".join(inner).encode() + b"\n"
    return check.scratch.write(text, check.scratch.path("list")), inner[-1]


def own_name(check, *words):
    """A list that names itself between other words."""
    path = check.scratch.path("list")
    return check.scratch.write(b" ".join(words).replace(b"SELF", path.encode()) + b"\n", path)


def check_nesting(tap, check):
    def expect(name, path, outcome, *lines, subject=None):
        shown = [line.replace("PATH", subject or path) for line in lines]
        tell(tap, f"lists: {name}", check_list(check, name, path, every(outcome, *shown)))

    unknown = [TOO_DEEP, CANNOT_TELL]
    for depth in (1, 2, 15, 16):
        expect(f"{depth} deep", nested(check, depth)[0], "match")
    path, innermost = nested(check, 17)
    expect("17 deep", path, "fault", *unknown, subject=innermost)
    path, innermost = nested(check, 16, b"/nonexistent 10.1.2.3\n")
    expect("16 deep, and one that does not exist", path, "match", TOO_DEEP, subject="/nonexistent")
    for count in (255, 256):
        expect(f"{count}", many(check, count)[0], "pass")
    path, last = many(check, 257)
    expect("257", path, "fault", *unknown, subject=last)
    expect("one names itself", own_name(check, b"SELF"), "fault", *unknown)
    expect("one names itself behind a match", own_name(check, b"10.1.2.3", b"SELF"), "match")
    expect("one names itself before a match", own_name(check, b"SELF", b"10.1.2.3"), "match", TOO_DEEP)
    one, two = check.scratch.path("list"), check.scratch.path("list")
    check.scratch.write(two.encode() + b"\n", one)
    check.scratch.write(one.encode() + b"\n", two)
    expect("two name each other", one, "fault", *unknown)
    path, last = many(check, 3)
    expect("one is named twice", own_name(check, path.encode(), path.encode()), "pass")
    words = b" ".join([b"/nonexistent"] * 30000)
    expect("30,000 times one that does not exist", own_name(check, words), "pass",
           "error 1: open /nonexistent: No such file or directory")
    words = b"\n".join(b"/dev" for _ in range(30000))
    expect("30,000 times a directory", own_name(check, words), "fault",
           "error 1: cannot use list /dev: not a regular file", CANNOT_TELL)


def check_unknown(tap, check):
    """A list that cannot be read, and what stands beside it: only what depends on it refuses."""
    bad = check.scratch.path("directory")
    os.mkdir(bad)
    said = LIST_NOT_REGULAR.replace("PATH", bad)
    for rule, outcome, lines in [
            ("d: BAD", "fault", [said, CANNOT_TELL]),
            ("d: BAD 10.1.2.3", "match", [said]),
            ("d: 10.1.2.3 BAD", "match", []),
            ("d: ALL EXCEPT BAD", "fault", [said, CANNOT_TELL]),
            ("d: 9.9.9.9 EXCEPT BAD", "pass", []),
            ("d: ALL EXCEPT 10.1.2.3 BAD", "pass", []),
            ("d: ALL EXCEPT BAD EXCEPT 10.1.2.3", "match", [said]),
            ("d: BAD EXCEPT 10.1.2.3", "pass", [said]),
            ("d: BAD EXCEPT BAD", "fault", [said, CANNOT_TELL]),
            ("x: BAD", "pass", []),
            ("x@BAD: ALL", "pass", []),
            ("d@BAD: ALL", "fault", [said, CANNOT_TELL]),
            ("d EXCEPT x@BAD: ALL", "match", []),
            ("d: user@BAD", "pass", [said]),
            ("d: ALL@BAD", "fault", [said, CANNOT_TELL])]:
        problems = []
        for mode, head in lab.MODES.items():
            path = check.scratch.write(head + rule.replace("BAD", bad).encode() + b"\n")
            problems += check.problems(rule, path, outcome, lines, shift=int(mode != "none"))
        tell(tap, f"a list that is a directory: {rule}", problems)


# ---- tcpd ----

def write_as(text):
    def make(path):
        with open(path, "wb") as file:
            file.write(text)
        os.utime(path, (0, 0))
    return make


def write_now(path):
    open(path, "wb").close()


REFUSED = "refused connect from 127.0.0.1 (127.0.0.1)"
ADMITTED = "connect from 127.0.0.1 (127.0.0.1)"
ETC_NOT_REGULAR = "error: cannot use /etc/hosts.{}: not a regular file"

# (what, hosts.allow, hosts.deny, is let in, lines before the last)
TCPD = [
    ("no table", None, None, True, []),
    ("hosts.deny is a directory", None, os.mkdir, False, [ETC_NOT_REGULAR.format("deny")]),
    ("hosts.allow is a FIFO", fifo, None, False, [ETC_NOT_REGULAR.format("allow")]),
    ("hosts.deny is /dev/zero", None, link("/dev/zero"), False, [ETC_NOT_REGULAR.format("deny")]),
    ("hosts.deny is /dev/null", None, link("/dev/null"), True, []),
    ("hosts.deny is a dangling link", None, link("nowhere"), True, []),
    ("hosts.allow is a link to itself", link("hosts.allow"), None, False,
     ["warning: cannot open /etc/hosts.allow: Too many levels of symbolic links"]),
    ("hosts.allow is a terabyte of nothing", sparse, None, False,
     ["error: /etc/hosts.allow, line 1: a line is longer than 1 MiB"]),
    ("hosts.deny has a line of 10 MB", None, write_as(line_of(10 * MIB)), False,
     ["warning: /etc/hosts.deny, line 0: missing newline or line too long",
      "warning: /etc/hosts.deny, line 0: all the subsequent rules will be ignored",
      "error: /etc/hosts.deny, line 1: a line is longer than 1 MiB"]),
    ("hosts.deny begins with a byte order mark", None, write_as(BOM + b"ALL: ALL\n"), False,
     ["warning: /etc/hosts.deny, line 1: refused by the plain reading; the classic one: granted, "
      "as no rule matches"]),
    ("hosts.allow has 100,000 EXCEPTs", write_as(b"#!tcpwrap modern\nALL: " + b"* EXCEPT " * 100001 + b"*\n"),
     write_as(b"ALL: ALL\n"), False, []),
    ("hosts.deny was emptied just now", None, write_now, True, []),
    ("hosts.deny names a list that names itself", None, write_as(b"ALL: /etc/hosts.deny\n"), False, [
        "error: /etc/hosts.deny, line 1: list /etc/hosts.deny nests too deep, or names itself",
        "error: /etc/hosts.deny, line 1: cannot tell whether the rule matches: refused"]),
]


def ask_tcpd(corner):
    """What is wrong, for each row of TCPD."""
    found = []
    for name, allow, deny, is_in, lines in TCPD:
        corner.set_tables(allow=allow, deny=deny)
        got, served, status, said, seconds = corner.connect(b"hello")
        wanted_bytes = (b"in\n", b"hello") if is_in else (b"", None)
        wanted_lines = lines + [ADMITTED if is_in else REFUSED]
        problems = []
        if (got, served, status) != (*wanted_bytes, 0):
            problems.append(f"the client got {got}, the service {served}, tcpd ended with {status}")
        if said != wanted_lines:
            problems.append(f"said {said}, not {wanted_lines}")
        if seconds > 1:
            problems.append(f"took {seconds:.1f} s")
        found.append(problems)
    return found


def check_tcpd(tap):
    found, reason = lab.in_corner(ask_tcpd)
    for i, row in enumerate(TCPD):
        if reason:
            tap.skip(f"tcpd: {row[0]}", reason)
        else:
            tell(tap, f"tcpd: {row[0]}", found[i])


def check_all(tap, scratch):
    with lab.Driver() as driver:
        check = Check(scratch, driver)
        check_texts(tap, check)
        check_lists(tap, check)
        check_things(tap, check)
        check_sparse(tap, check)
        check_nesting(tap, check)
        check_unknown(tap, check)
        tap.note(f"slowest: {check.slowest[0] / 1000:.0f} ms, {check.slowest[1]}; "
                 f"largest: {check.largest[0] >> 10} MB, {check.largest[1]}")
        name = "the same verdicts under AddressSanitizer and UBSan"
        if check.sanitized.reason:
            tap.skip(name, check.sanitized.reason)
        else:
            status = check.sanitized.end()
            tap.note(f"{check.asked} decisions with sanitizers; the process ended with {status}")
            check.wrong += ["it leaks, or died"] * (status != 0)
            tell(tap, name, check.wrong[:20])


if __name__ == "__main__":
    lab.need_driver()
    tap = lab.Tap()
    with lab.Scratch() as scratch:
        check_all(tap, scratch)
    check_tcpd(tap)
    tap.finish()
