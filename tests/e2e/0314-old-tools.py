#!/usr/bin/env python3
# packages: tcpd openbsd-inetd libwrap0
# timeout: 300
# seconds: 11
"""Debian's own tcpd, tcpdmatch, tcpdchk and try-from, as they are, on our library and on theirs."""
import sys

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

TCPD_PORT, TRY_PORT = 7301, 7302
TOOLS = ("tcpd", "tcpdmatch", "tcpdchk", "try-from")
WORDS = {TCPD_PORT: f"{program('tcpd')}\t/bin/cat {conf('file', DATA)}",
         TRY_PORT: f"{program('try-from')}\ttry-from"}
INETD_CONF = conf("inetd.conf", "".join(
    f"{port}\tstream\t{family}\tnowait\troot\t{words}\n"
    for family in ("tcp", "tcp6") for port, words in WORDS.items()))


def inetd():
    return Daemon(program("inetd"), "-i", "-R", "100000", INETD_CONF, port=TRY_PORT)


# Each connection has a tcpd of its own, which twist may replace.
compare("cat", TCPD_PORT, inetd, stream(enough=1000), begins(DATA.encode()))

# These programs have a syslog() of their own that writes to standard output. Debian's library calls
# another function, and so what they should show is in the log instead; ours calls theirs.
DIAGNOSTIC = re.compile("(warning|error): |(matched|option):  ")


def divide(output, since, is_shown):
    """-> what it printed by itself, diagnostics: which must be shown, or be in the log"""
    printed, shown = [], []
    for line in output.splitlines():
        (shown if DIAGNOSTIC.match(line) else printed).append(line)
    logged = [re.sub(r"^<\d+>[a-z-]+: ", "", line) for line in log.lines("", since)]
    equal(logged if is_shown else shown, [])
    return printed, [re.sub(r"witness \d+", "witness PID", line)
                     for line in without_bad_options(shown + logged)]


def without_bad_options(lines):
    """The original tells an option also where its value is an error, which comes next."""
    return [line for line, after in zip(lines, [*lines[1:], ""])
            if not (line.startswith("option: ") and re.match("error: .*: bad ", after))]


def on_both(scenario):
    """Without and with what is shown being shown."""
    results = []
    for library in (OURS, DEBIANS):
        use(library)
        check_loaded(library)
        results.append(scenario(library == OURS))
    return results


def check_loaded(library):
    """The loader's own word, for programs that end too soon to be looked at."""
    for tool in TOOLS:
        maps = run("/usr/bin/env", "LD_TRACE_LOADED_OBJECTS=1", program(tool))[1]
        equal((tool, re.findall(r"libwrap\.so\.0 => (\S+)", maps)),
              (tool, [str(library / "libwrap.so.0")]))


def on_rows(tool, runs, **facts):
    """Register a test of a program: in each row, these are its command lines."""
    service = Service("cat", TCPD_PORT, inetd, None, None, **facts)

    def scenario(is_shown):
        given = []
        for number, row in enumerate(service.rows()):
            write(row, number, service)
            for words in runs:
                since = log.mark()
                status, output, errors = run(program(tool), *words)
                given.append((row.allow and row.allow[:80], words, status, errors,
                              *divide(output, since, is_shown)))
        return given

    @test(f"{tool}: {len(service.rows()) * len(runs)} runs, and the same with Debian's library")
    def _():
        ours, debians = on_both(scenario)
        for one, other in zip(ours, debians):
            equal(one, other)
        said = {line for *_, printed, _ in ours for line in printed}
        equal({"access:   granted", "access:   denied"} <= said, True)


CONF = ("-i", str(INETD_CONF))
on_rows("tcpdmatch", [(*CONF, "cat", client) for client in (
    "127.0.0.2", "127.0.0.3", "127.0.1.9", "::1", "bob.ex.org", "two.ex.org", "unknown", "paranoid",
    "me@127.0.0.3")])
on_rows("tcpdchk", [(*CONF, "-v"), (*CONF, "-a")], without=("long",))  # it asks for each address


@test("try-from: eight lines for each client, and the same with Debian's library")
def _():
    def scenario(is_shown):
        given = []
        with inetd():
            for client in CLIENTS.values():
                since = log.mark()
                server = SERVER6 if ":" in client else SERVER
                output = stream(enough=10000)(TRY_PORT, client, server).decode()
                given.append(divide(output, since, is_shown))
        return given
    ours, debians = on_both(scenario)
    equal(ours, debians)
    equal(ours[1], (["client address  (%a): 127.0.0.3", "client hostname (%n): bob.ex.org",
                     "client username (%u): unknown", "client info     (%c): bob.ex.org",
                     "server address  (%A): 127.0.0.1", "server hostname (%N): localhost",
                     "server process  (%d): try-from", "server info     (%s): try-from@localhost"],
                    []))


only_wanted()
main()
