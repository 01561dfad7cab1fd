#!/usr/bin/env python3
# timeout: 120
# seconds: 6
"""Names in a program that decides more than once: its resolver, its clients and its memory are as
they were, whatever the name servers do. tests/e2e/naming.c is the program."""
import sys

sys.dont_write_bytecode = True
from names_lab import *  # noqa: E402
from dns_server import *  # noqa: E402

NAMING = lab.build_guest("naming", "-pthread", "-lresolv")


class Program:
    """A program with our library in it, and what it is told to do at once."""

    def __init__(self, tables, commands="", allow=RULES, resolv="", deny="", clients=(CLIENT,),
                 launcher=()):
        self.place = Place(tables, resolv, {"hosts.allow": allow, "hosts.deny": deny})
        near, self.far = zip(*map(meet, clients))
        numbers = [s.fileno() for s in near]
        self.process = subprocess.Popen([*launcher, NAMING, *map(str, numbers)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        pass_fds=numbers, preexec_fn=self.place.enter)
        for s in near:
            s.close()
        self.process.stdin.write(commands)
        self.process.stdin.flush()

    def answer(self):
        lines = []
        while (line := self.process.stdout.readline()) not in (".\n", ""):
            lines.append(line.rstrip("\n"))
        return lines

    def ask(self, command):
        self.process.stdin.write(command)
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        lab.equal(self.process.wait(lab.WAIT_SECONDS), 0)
        for s in self.far:
            s.close()
        return [parse(message) for _, message in log.of(self.process)]


def settings(line, word):
    """The settings in a line of the program."""
    lab.equal(line.split(" ")[0], word)
    return line.split(" ", 1)[1]


def same_settings(lines, wanted):
    """Before and after a decision."""
    lab.equal([settings(lines[0], "before"), settings(lines[-1], "after")], [wanted, wanted])


# Started now; looked at in their turn.
names_of_both = Program([DEAD] * 3, "dd", allow=BOTH_NAMES)
own = Program([DEAD], "sdn")


@lab.test("a program's resolver is as it was: also if it was not set up yet")
def _():
    program = Program([GOOD_TABLE, ("IPv6", GOOD_TABLE)] if stage.has_ipv6() else [GOOD_TABLE],
                      resolv="search a.test b.test\noptions ndots:3 rotate timeout:9\n")
    fresh = settings(program.ask("f")[0], "fresh")
    descriptor = program.ask("o")
    first = program.ask("d")
    lab.equal([first[1], settings(first[2], "after")], [f"granted {GOOD}", fresh])
    for command in "dtd":
        again = program.ask(command)
        lab.equal([again[1], settings(again[-1], "after")], [f"granted {GOOD}", fresh])
        if command == "d":
            same_settings(again, fresh)
    lab.equal(program.ask("o"), descriptor)
    lab.equal(program.end(), [])


@lab.test("each kind of lookup leaves errno and the settings alone")
def _():
    for table, name in (({}, "unknown"), ({P: answer(ptr(GOOD))}, "paranoid"),
                        (leads_to(GOOD, *crowd(2000)), "")):
        program = Program([table])
        program.ask("s")
        lines = program.ask("d")
        lab.equal(lines[1], f"{'granted' if name else 'refused'} {name}")
        same_settings(lines, settings(program.ask("s")[0], "own"))
        program.end()


@lab.test("a program's own settings stay, and do not count for names")
def _():
    own_settings = settings(own.answer()[0], "own")
    lines = own.answer()
    lab.equal([own_settings.split(" ")[:2], lines[1]], [["7", "4"], "granted unknown"])
    same_settings(lines, own_settings)
    lab.equal([own.answer(), own.place.queries], [["unknown"], [P, P]])
    own.end()


@lab.test("a new decision has new time, and servers that were left out are back")
def _():
    first, second = names_of_both.answer(), names_of_both.answer()
    fresh = settings(names_of_both.ask("f")[0], "fresh")
    lab.equal([first[1], second[1], settings(first[2], "after")],
              ["granted unknown", "granted unknown", fresh])
    same_settings(second, fresh)
    lab.equal([ns.queries for ns in names_of_both.place.servers],
              [[S, P, S, P], [S, P, S, P], [S, S]])
    names_of_both.end()


@lab.test("what was found of a client says nothing of another, nor of the next decision")
def _():
    # One known, one that is called "unknown", one without a name, one whose name is another's.
    clients = [CLIENT, "127.0.0.3", "127.0.0.4", "127.0.0.5"]
    table = {**GOOD_TABLE, reverse(clients[1]): answer(ptr("unknown")),
             "A unknown": answer(a(clients[1])), reverse(clients[3]): answer(ptr(GOOD))}
    program = Program([table], allow="ALL: UNKNOWN\nALL: PARANOID\n", deny=REFUSE_ALL,
                      clients=clients)
    want = [f"refused {GOOD}", "refused unknown", "granted unknown", "granted paranoid"]
    for turn in ("0123", "1212", "3210", "2131", "0303", "1302"):
        for i in turn:
            program.ask(i)
            lab.equal(program.ask("d")[1], want[int(i)])
            lab.equal(program.ask("c"), ["granted"])
    lab.equal(program.ask("T"), want)
    for _ in range(4):
        program.ask("m")  # the tables are kept now
    bytes_first, descriptor = program.ask("m"), program.ask("o")
    for _ in range(20):
        program.ask("m")
    lab.equal((program.ask("m"), program.ask("o")), (bytes_first, descriptor))
    program.end()


@lab.test("resolv.conf is edited between two decisions")
def _():
    program = Program([GOOD_TABLE])
    other = dns.serve(leads_to("edited.ex.org"))
    lab.equal(program.ask("d")[1], f"granted {GOOD}")
    program.place.write("resolv.conf",
                        f"search x.test\nnameserver {other.address}\nnameserver 127.99.0.1\n")
    lines = program.ask("d")
    lab.equal(lines[1], "granted edited.ex.org")
    lab.equal(settings(lines[2], "after"), settings(program.ask("f")[0], "fresh"))
    program.place.write("resolv.conf", program.place.resolv_conf())
    lab.equal(program.ask("d")[1], f"granted {GOOD}")
    lab.equal(program.place.queries, GOOD_QUERIES * 2)
    lab.equal(other.queries, [P, "A edited.ex.org"])
    program.end()


@lab.test("no descriptors are left for a lookup: refused")
def _():
    deny = f"names: {GOOD}: deny\n"
    program = Program([GOOD_TABLE], allow=deny)
    lab.equal(program.ask("d")[1], f"refused {GOOD}")
    program.ask("l")
    for _ in range(3):
        # A table so young is not kept, and its file takes what there is.
        program.place.write("hosts.allow", deny)
        lab.equal(program.ask("d")[1].split(" ")[0], "refused")
    program.end()


@lab.test("a name that a program asks for itself: the line names no table")
def _():
    program = Program([{P: answer(ptr(GOOD))}])
    lab.equal(program.ask("n"), ["paranoid"])
    lab.equal(program.end(),
              [("err", f"warning: can't verify hostname: getaddrinfo({GOOD}, AF_INET) failed")])


@lab.test("in the program no signal, no timer and no process is made for names")
def _():
    if not shutil.which("strace"):
        raise lab.Skip("needs strace")
    trace = lab.dir / "strace"
    program = Program([{P: answer(ptr(GOOD)), f"A {GOOD}": SILENCE}],
                      launcher=["strace", "-f", "-o", trace])
    for _ in range(2):
        lab.equal(program.ask("d")[1], "granted paranoid")
    program.end()
    calls = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(errors="replace"), re.M))
    lab.equal("poll" in calls or "ppoll" in calls, True)
    unwanted = "sig|alarm|itimer|timer_|timerfd|fork|clone"
    lab.equal([call for call in calls if re.search(unwanted, call)], [])


lab.main()
