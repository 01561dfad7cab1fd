#!/usr/bin/env python3
# timeout: 300
# seconds: 8
"""The options of rules, as tcpd carries them out: what the client receives, what commands and the
service see, what is logged; which options refuse; and that nobody is ever asked for a user."""
import functools
import json
import os
import signal
import sys

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

BANNER_SECONDS = 5
ENVIRON = ["svc", "/proc/self/environ"]
BOTH = ("allow", "deny")

# What a process sees of itself, as JSON: on standard output, or to the file that is named first.
report = service("report", """
import json, os, socket, struct, sys
def links():
    for n in os.listdir('/proc/self/fd'):
        try: yield int(n), os.readlink('/proc/self/fd/' + n)
        except OSError: pass
def option(name, form):
    try: s = socket.socket(fileno=os.dup(0))
    except OSError: return [None]
    return struct.unpack(form, s.getsockopt(socket.SOL_SOCKET, name, struct.calcsize(form)))
lines = open('/proc/self/status').read().splitlines()
status = dict(line.split(':\\t', 1) for line in lines if ':\\t' in line)
facts = {'fds': dict(links()), 'env': dict(os.environ), 'nice': os.nice(0),
         'umask': status['Umask'], 'blocked': int(status['SigBlk'], 16),
         'ignored': int(status['SigIgn'], 16),
         'keepalive': option(socket.SO_KEEPALIVE, 'i')[0], 'linger': option(socket.SO_LINGER, 'ii')}
print(json.dumps(facts), file=open(sys.argv[1], 'w') if len(sys.argv) > 1 else sys.stdout)
""")


# The same for a user who may not come to where Python is.
plain_report = pathlib.Path("/usr/sbin/plain_report")
plain_report.write_text("#!/bin/sh\nexec cat /proc/self/status\n")
plain_report.chmod(0o755)


def service_facts(tail, **words):
    """What the service sees after the options of a rule."""
    seen = visit(argv=["report"], allow=f"report: ALL: {tail}\n", **words)
    equal((seen.status, seen.log), (0, [connect(daemon="report").encode()]))
    return json.loads(seen.got)


def command_facts(tail, **words):
    """What a command sees that a rule runs: %s in the tail stands for it, and where it writes."""
    path = pathlib.Path(tempfile.mkdtemp(dir=dir)) / "facts"
    seen = visit(**rule("ALL: " + tail % f"{report} {path}"), **words)
    return seen, json.loads(path.read_text())


# ---- spawn ----

@test("spawn: the command has /dev/null three times and nothing else; the client gets nothing")
def _():
    seen, facts = command_facts("spawn %s", pass_fds=os.pipe())
    check_served(seen, connect())
    equal(facts["fds"], {n: "/dev/null" for n in "012"})
    tail = "spawn echo LEAK; echo LEAK >&2; cat; echo LEAK >&0"
    check_served(visit(**rule(f"ALL: {tail}")), connect())


@test("spawn: no signal is blocked, only SIGHUP ignored, whatever tcpd was started with")
def _():
    def before():
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD])
    seen, facts = command_facts("spawn %s", before=before)
    check_served(seen, connect())
    python_ignores = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    equal((facts["blocked"], facts["ignored"] & ~python_ignores), (0, 1 << signal.SIGHUP - 1))


@test("spawn: the environment is tcpd's, with what setenv added before")
def _():
    env = {"A": "1", "PATH": "/bin:/usr/bin"}
    _, facts = command_facts("setenv SET %%a: spawn %s: setenv LATER x", env=env)
    of_shell_and_python = ("PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE")
    equal({k: v for k, v in facts["env"].items() if k not in of_shell_and_python},
          {**env, "SET": "127.0.0.1"})


@test("spawn: the client waits for the command, and not for one that ends in &")
def _():
    note = dir / "waited"
    seen = visit(argv=["svc", str(note)], **rule(f"ALL: spawn sleep 0.2; echo waited > {note}"))
    check_served(seen, connect(), got=b"waited\n")
    note = dir / "later"
    seen = visit(**rule(f"ALL: spawn (sleep 1.5; echo later > {note}) &"))
    check_served(seen, connect())
    equal((seen.seconds < AT_ONCE, note.exists()), (True, False))
    until(note.exists, "the command in the background")


@test("spawn: neither the status of a command nor its death changes anything")
def _():
    for command in ("false", "exit 127", "kill -9 $$", "/nowhere"):
        check_served(visit(**rule(f"ALL: spawn {command}"), **NOBODY_GETS_IN), connect())
        check_refused(visit(**rule(f"ALL: spawn {command}", "deny")), refuse())


@test("spawn: a command that kills its parent does not kill tcpd")
def _():
    check_served(visit(**rule("ALL: spawn kill -9 $PPID")),
                 finding("warning", "cannot fork: No child processes", "allow"), connect())


def no_shell():
    bind_mount(dir / "served", os.path.realpath("/bin/sh"))


@test("spawn: a shell that cannot be started is a warning")
def _():
    text = "execl /bin/sh: Permission denied"
    check_served(visit(before=no_shell, **rule("ALL: spawn true")),
                 finding("warning", text, "allow"), connect())
    check_refused(visit(before=no_shell, **rule("ALL: spawn true", "deny")),
                  finding("warning", text, "deny"), refuse())


@test("spawn: runs once, for the rule that decides and no other")
def _():
    note = dir / "spawned"
    rules = ("other: ALL", "svc: 127.0.0.9", "svc EXCEPT svc: ALL", "svc: 127.", "ALL: ALL")
    text = "".join(f"{r}: spawn echo {n} %d %a >> {note}\n" for n, r in enumerate(rules, 1))
    check_served(visit(allow=text, deny=text), connect())
    equal(note.read_text(), "4 svc 127.0.0.1\n")


@test("spawn and deny: the command runs, then the client is refused")
def _():
    note = dir / "alarm"
    check_refused(visit(**rule(f"ALL: spawn echo %a > {note}: deny")), refuse())
    equal(note.read_text(), "127.0.0.1\n")


@test("spawn: a colon is written with a backslash; #, % and quotes belong to the command")
def _():
    note = dir / "text"
    command = rf"""echo 'a\:b' "# c" 100%% \\ > {note} # d"""
    check_served(visit(**rule(f"ALL: spawn {command}")), connect())
    equal(note.read_text(), "a:b # c 100% \\\n")
    check_refused(visit(**rule("ALL: spawn echo 'x:y'")),
                  finding("error", "bad option name: \"y'\"", "allow"), refuse())


# ---- % letters ----

LETTERS = "a %a A %A c %c d %d h %h H %H n %n N %N h %h c %c s %s H %H p%% %%a"


@test("the letters of addresses, ports and process")
def _():
    pair = tcp_pair(GUEST)
    here, there = pair[0].getpeername()[1], pair[0].getsockname()[1]
    seen = visit(pair, **rule("ALL: twist /bin/echo %a %A %r %R %p %d %s"))
    equal(seen.got.decode(), f"{GUEST} 127.0.0.1 {there} {here} {seen.pid} svc svc@127.0.0.1\n")
    seen = visit(socket.socketpair, **rule("ALL: twist /bin/echo %a %A %r %R"))
    equal(seen.got, b"localhost localhost 0 0\n")


@test("a name is looked up for %n, and then known to %h, %c and the log; not for %h and %c")
def _():
    name = "guest.example.org"
    said = f"{GUEST} {name} {name} {name}"
    seen = visit(client=GUEST, **rule("ALL: twist /bin/echo %h %n %h %c"))
    check_served(seen, f"<28>svc: twist {name} to /bin/echo {said}", got=f"{said}\n".encode())
    seen = visit(client=GUEST, **rule("ALL: twist /bin/echo %h %c"))
    check_served(seen, f"<28>svc: twist {GUEST} to /bin/echo {GUEST} {GUEST}",
                 got=f"{GUEST} {GUEST}\n".encode())


@test("what comes from outside is harmless to the shell, and stays what it is in the log")
def _():
    path = shutil.copy("/usr/sbin/svc", dir / "it's $(touch x)")
    seen = visit(argv=[str(path)], client=HOSTILE,
                 allow="ALL: ALL: twist echo %d %n %h '%c' \"%d\"\n")
    equal(seen.got, b"it_s___touch_x_ ev__id_l_x ev__id_l_x ev__id_l_x it_s___touch_x_\n")
    check_served(visit(client=HOSTILE, **only("KNOWN: spawn true %n %h %c")),
                 connect(HOSTILE, "ev$(id)l;x"))


@test("every byte of a name but letters, digits and a few marks becomes _")
def _():
    kept = b"!@%-_=+:,.0123456789abcxyzABCXYZ"
    for name in (bytes(range(1, 47)), bytes(range(48, 128)), bytes(range(128, 240)), kept):
        name = name.replace(b"\n", b"")
        path = shutil.copy("/usr/sbin/svc", os.path.join(os.fsencode(dir), name))
        want = bytes(b if b in kept or (b < 128 and chr(b).isalnum()) else ord("_") for b in name)
        pair = tcp_pair()
        seen = Visit(pair, argv=[path], allow="ALL: ALL: twist printf '(%%s)' '%d'\n")
        equal(seen.receive(), b"(" + want + b")")
        seen.process.wait(WAIT_SECONDS)


@test("a value that expands to more than fits refuses, and the process ends in order")
def _():
    name = "n" * 127
    service(name)
    seen = visit(argv=[name, *SERVE[1:]], allow="ALL: ALL: spawn true " + "%d" * 90 + "\n")
    text = "percent_x: expansion too long: true " + "n" * 25 + "..."
    check_refused(seen, finding("warning", text, "allow", daemon=name), refuse(daemon=name))


SHOW_LETTERS = rule(f"ALL: twist /bin/echo {LETTERS}")
scene("% letters", client=GUEST, **SHOW_LETTERS)
scene("% letters, IPv6", client="::1", **SHOW_LETTERS)
scene("% letters, mapped", pair=mapped_pair, **SHOW_LETTERS)
scene("% letters, without a name", client=NAMELESS, **SHOW_LETTERS)
scene("% letters, unix", pair=socket.socketpair, **rule(f"ALL: twist /bin/echo {LETTERS} %u %r %R"))
scene("an unknown % letter", **rule("ALL: spawn true %z: setenv A %"))


# ---- twist ----

@test("twist: the command has the connection three times, and no other descriptor")
def _():
    seen = visit(output=subprocess.DEVNULL, **rule(f"ALL: twist {report}"))
    fds = json.loads(seen.got)["fds"]
    equal((sorted(fds), len(set(fds.values()))), (["0", "1", "2"], 1))
    equal(fds["0"].startswith("socket:"), True)
    equal(seen.log, [f"<28>svc: twist 127.0.0.1 to {report}".encode()])


@test("twist: in either table, instead of the service; its line has the rule's severity")
def _():
    for table in BOTH:
        for tail, priority in (("", 28), ("severity local1.notice: ", 17 * 8 + 5)):
            tables = {**NOBODY_GETS_IN, **rule(f"ALL: {tail}twist /bin/echo 421 no", table)}
            check_served(visit(**tables), f"<{priority}>svc: twist 127.0.0.1 to /bin/echo 421 no",
                         got=b"421 no\n")


@test("twist: the command talks with the client, and its status is that of the process")
def _():
    client, served = tcp_pair()
    client.sendall(b"hello\n")
    seen = visit((client, served), **rule('ALL: twist read a; echo "got $a"; exit 3'))
    equal((seen.got, seen.status), (b"got hello\n", 3))


@test("twist without a shell: the client is turned away, and the service not started")
def _():
    seen = visit(send(tcp_pair(), 1000), before=no_shell, **rule("ALL: twist echo x"))
    check_refused(seen, "<28>svc: twist 127.0.0.1 to echo x",
                  finding("warning", "twist_option: /bin/sh: Permission denied", "allow"), refuse())


for table in BOTH:
    scene(f"twist in hosts.{table}", **rule("ALL: twist /bin/echo 421 no %h, %d", table))
    scene(f"twist of a named client in hosts.{table}", client=GUEST,
          **rule(".example.org: severity info: twist /bin/echo no %h; exit 1", table))
scene("twist of a datagram", pair=one_two(), **rule("ALL: twist true"))
scene("twist is the last option", **rule("ALL: twist /bin/echo x: severity info"))


# ---- banners ----

def banner(content, daemon="svc"):
    """A directory with a banner in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="banner-", dir=dir))
    path.chmod(0o755)
    (path / daemon).write_bytes(content)
    return path


@test("banners: lines end in CRLF, % letters are expanded, for who is let in and who is not")
def _():
    path = banner(b"220-hello %a\n100%%\n\nlast %d")
    sent = b"220-hello 127.0.0.1\r\n100%\r\n\r\nlast svc"
    check_served(visit(**only(f"ALL: banners {path}")), connect(), got=sent + SERVED)
    check_refused(visit(**rule(f"ALL: banners {path}", "deny")), refuse(), got=sent)
    check_refused(visit(**rule(f"ALL: banners {path}: banners {path}: deny")), refuse(),
                  got=sent * 2)


@test("banners: an orderly end also for a refused client that has sent something")
def _():
    seen = visit(send(tcp_pair(), 8000), **rule(f"ALL: banners {banner(LINE)}", "deny"))
    check_refused(seen, refuse(), got=b"421 no\r\n")


LINE = b"421 no\n"


@test("banners: a client that does not read costs 5 seconds, and goes without the rest")
def _():
    path = banner((b"x" * 1022 + b"\n") * (32 << 10))
    seen = Visit(**rule(f"ALL: banners {path}", "deny"))
    seconds = seen.wait()
    seen.client.close()
    equal((seen.process.returncode, syslog.of(seen.pid)), (0, [refuse().encode()]))
    equal(BANNER_SECONDS - 0.1 <= seconds < BANNER_SECONDS + 3, True)


@test("banners: what is no regular file is not sent, and said")
def _():
    path = banner(b"")
    (path / "svc").unlink()
    os.mkfifo(path / "svc")
    for what, text in ((path, f"cannot use banner {path}/svc: not a regular file"),
                       (dir / "served", f"{dir}/served: Not a directory")):
        check_refused(visit(**rule(f"ALL: banners {what}", "deny")),
                      finding("warning", text, "deny"), refuse())


@test("banners: a daemon's name does not lead out of the directory")
def _():
    inside = banner(LINE, "out") / "in"
    inside.mkdir()
    seen = visit(argv=[f"{dir}/.."], deny=f"ALL: ALL: banners {inside}\n")
    check_refused(seen, finding("warning", 'no banner: ".." is no file name', "deny", daemon=".."),
                  refuse(daemon=".."))


BANNER = banner(b"\0\0220-hello %a, %h %n %h\n\n%d %z %%\nlast %a")
service("other")
for table in BOTH:
    scene(f"banners in hosts.{table}", client=GUEST, **rule(f"ALL: banners {BANNER}", table))
    scene(f"banners in hosts.{table}, no directory", **rule(f"ALL: banners {dir}/none", table))
    scene(f"banners in hosts.{table}, no file", argv=["other", *SERVE[1:]],
          **{table: f"ALL: ALL: banners {BANNER}\n"})
scene("banners of an empty file", **rule(f"ALL: banners {banner(b'')}", "deny"))
scene("banners of long lines",
      **rule(f"ALL: banners {banner(b'x' * 20000 + LINE + b'y' * 8190)}", "deny"))


# ---- the service's process, and the connection ----

@test("setenv: with % letters, empty, trimmed, in place of an old value")
def _():
    env = {"PATH": os.environ["PATH"], "OLD": "1", "STAYS": "2"}
    facts = service_facts("setenv HOST %a-%d: setenv EMPTY : setenv  BLANK \t a  b  : "
                          "setenv OLD new: setenv TWICE 1: setenv TWICE 2", env=env)
    facts["env"].pop("LC_CTYPE", None)  # Python's own
    equal(facts["env"], {**env, "OLD": "new", "HOST": "127.0.0.1-report", "EMPTY": "",
                         "BLANK": "a  b", "TWICE": "2"})
    seen = visit(client=GUEST, argv=ENVIRON, env={}, **rule("ALL: setenv GUEST %n"))
    check_served(seen, connect(GUEST, "guest.example.org"), got=b"GUEST=guest.example.org\0")


@test("umask, nice, linger, keepalive: the service has them")
def _():
    base = os.nice(0)
    more, some = min(19, base + 10), min(19, base + 3)
    for tail, want in (("umask 077: nice: linger 7: keepalive", ["0077", more, 1, [1, 7]]),
                       ("umask 0: nice 3: linger 7: linger 0", ["0000", some, 0, [0, 7]]),
                       ("severity info", ["0022", base, 0, [0, 0]])):
        facts = service_facts(tail)
        equal([facts[key] for key in ("umask", "nice", "keepalive", "linger")], want)


@test("nice to less: with permission no warning, without it one, and the rule goes on", True)
def _():
    def nobody():
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    check_served(visit(**only("ALL: nice -3: setenv X y")), connect())
    check_served(visit(before=nobody, **only("ALL: nice -3: setenv X y")),
                 finding("warning", "nice(-3): Operation not permitted", "allow"), connect())


@test("keepalive and linger on what is no internet socket")
def _():
    seen = visit(socket.socketpair, **rule("ALL: keepalive: linger 1"))
    check_served(seen, connect("localhost"))


# ---- severity ----

@test("severity: level and facility of the connection's line, and the last one counts")
def _():
    for tail, priority in (("mail.notice", 2 * 8 + 5), ("local3.err", 19 * 8 + 3),
                           ("debug", 3 * 8 + 7), ("mail.crit: severity alert", 3 * 8 + 1),
                           ("EMERG", 3 * 8), ("= mail.info", 2 * 8 + 6)):
        tail = f"ALL: severity {tail}"
        check_served(visit(**rule(tail)), connect(priority=priority))
        check_refused(visit(**rule(tail, "deny")), refuse(priority=priority))
        check_refused(visit(**rule(f"{tail}: deny")), refuse(priority=priority))
        check_served(visit(**rule(f"{tail}: allow", "deny")), connect(priority=priority))


@test("severity: of a rule that does not decide nothing is left")
def _():
    rules = "other: ALL: severity alert\nsvc: 10.: severity alert\nsvc: ALL\n"
    check_served(visit(allow=rules), connect())


for tail in ("mail.notice", "kern.info", "local7.debug", "err: setenv A b"):
    for table in BOTH:
        scene(f"severity {tail} in hosts.{table}", **rule(f"ALL: severity {tail}", table))


# ---- order, and errors ----

@test("options in front of a wrong one have been carried out, those behind it are not")
def _():
    first, last = dir / "first", dir / "last"
    for table in BOTH:
        tail = f"spawn touch {first}: severity mail.info: frob: spawn touch {last}"
        check_refused(visit(**rule(f"ALL: {tail}", table)),
                      finding("error", 'bad option name: "frob"', table), refuse(priority=22))
        equal((first.exists(), last.exists()), (True, False))
        first.unlink()


@test("setenv counts for commands behind it, umask for their files")
def _():
    notes = [dir / "note1", dir / "note2"]
    echo = [f'spawn echo "[$V]" > {note}' for note in notes]
    check_served(visit(env={"PATH": os.environ["PATH"]},
                       **rule(f"ALL: {echo[0]}: umask 077: setenv V x: {echo[1]}")), connect())
    equal([(n.read_text(), n.stat().st_mode & 0o777) for n in notes],
          [("[]\n", 0o644), ("[x]\n", 0o600)])


@test("allow and deny turn the answer of their table")
def _():
    check_served(visit(deny="svc: ALL: allow\nALL: ALL\n"), connect())
    check_refused(visit(allow="svc: ALL: deny\nALL: ALL\n"), refuse())


for tail in ("frob", "(/bin/true) &", ":", "severity info:", "allow: severity info", "deny: ",
             "allow yes", "spawn", "umask 999", "umask -1", "nice x", "linger -1", "rfc931 0",
             "severity loud", "setenv A=b", "severity info: frob: severity err",
             "spawn true: twist", "keepalive 1", "banners"):
    for table in BOTH:
        scene(f"{tail!r} in hosts.{table}", **rule(f"ALL: {tail}", table))
scene("a line that is no rule", allow="svc ALL\nsvc: ALL\n")
scene("continued lines", allow="# comment\n\nsvc: \\\n 127.0.0.1 \\\n : frob\n")

# ---- aclexec ----

SAYS_NO = "<30>svc: aclexec returned 1"


def marks(note):
    """How often each command ran, and a fresh start."""
    text = note.read_text() if note.exists() else ""
    note.unlink(missing_ok=True)
    return text


def lines(*tails):
    return "".join(f"svc: ALL: {tail}\n" for tail in tails)


@test("aclexec: its command says whether the rule counts, and the options around it run once")
def _():
    note = dir / "marks"
    mark = lambda letter, status=0: f"aclexec printf {letter} >>{note}; exit {status}"
    spawn = lambda letter: f"spawn printf {letter} >>{note}"
    everybody, nobody = "ALL: ALL\n", "ALL: ALL\n"
    for allow, deny, ran, log in (
            (lines(mark("a")), nobody, "a", [connect()]),
            (lines(mark("a", 1)), nobody, "a", [SAYS_NO, refuse()]),
            (lines(mark("a", 1)), "", "a", [SAYS_NO, connect()]),
            # its table has no more to say
            (lines(mark("a", 1), "allow"), nobody, "a", [SAYS_NO, refuse()]),
            # nothing of it stays: the original granted here
            (lines(mark("a", 1)), lines(spawn("b")), "ab", [SAYS_NO, refuse()]),
            (lines(mark("a", 1)), lines(mark("b")), "ab", [SAYS_NO, refuse()]),
            (lines(mark("a", 1)), lines(mark("b", 1)), "ab", [SAYS_NO, SAYS_NO, connect()]),
            ("", lines(mark("a")), "a", [refuse()]),
            ("", lines(mark("a", 1)), "a", [SAYS_NO, connect()]),
            # what stands behind it decides as always
            (lines(f"{spawn('a')}: {mark('b', 1)}: {spawn('c')}: allow"), nobody, "abc", [connect()]),
            (lines(f"{spawn('a')}: {mark('b')}: {spawn('c')}: deny"), "", "abc", [refuse()]),
            (lines(f"{mark('a', 1)}: {mark('b')}: {spawn('c')}"), nobody, "abc", [connect()]),
            (lines(f"{mark('a')}: {spawn('b')}: {mark('c', 1)}: {spawn('d')}"), nobody, "abcd",
             [SAYS_NO, refuse()]),
            (lines(f"severity mail.crit: {mark('a')}"), "", "a", [connect(priority=18)]),
            (lines(f"{mark('a', 1)}: severity mail.crit"), nobody, "a", [SAYS_NO, refuse(priority=18)]),
            # and so does an option that fails
            ("", lines(f"{mark('a', 1)}: user no-such-user"), "a",
             [finding("error", 'unknown user: "no-such-user"', "deny"), refuse()]),
            # no answer
            (lines(mark("a", 127)), "", "a",
             [finding("error", "the command of aclexec ended with status 127", "allow"), refuse()]),
            ("", lines(mark("a", 126)), "a",
             [finding("error", "the command of aclexec ended with status 126", "deny"), refuse()]),
            (lines(f"aclexec printf a >>{note}; kill -9 $$: allow"), "", "a",
             [finding("error", "the command of aclexec ended with signal 9", "allow"), refuse()]),
            (lines("aclexec /nonexistent/command"), "", "",
             [finding("error", "the command of aclexec ended with status 127", "allow"), refuse()]),
            # an error before it: not asked; behind it: asked, as it was read before
            (lines(f"frob: {mark('a')}"), "", "",
             [finding("error", 'bad option name: "frob"', "allow"), refuse()]),
            (lines(f"{mark('a')}: frob"), "", "a",
             [finding("error", 'bad option name: "frob"', "allow"), refuse()])):
        seen = visit(allow=allow, deny=deny)
        equal([marks(note), seen.log], [ran, [line.encode() for line in log]])
        equal(seen.got, SERVED if ": connect from" in log[-1] else b"")


@test("aclexec: twist behind it; its command has /dev/null, no descriptor, expansions, no child stays")
def _():
    seen = visit(**rule("ALL: aclexec exit 1: twist echo %d %a"))
    equal((seen.got, seen.status), (b"svc 127.0.0.1\n", 0))
    seen, facts = command_facts("aclexec %s", pass_fds=os.pipe())
    check_served(seen, connect())
    equal(facts["fds"], {n: "/dev/null" for n in "012"})
    check_served(visit(**rule("ALL: aclexec echo LEAK; echo LEAK >&2; cat; echo LEAK >&0")), connect())
    check_served(visit(**rule("ALL: aclexec test %a-%d = 127.0.0.1-svc")), connect())


@test("aclexec: where the readings part, each line is asked once, and the lower verdict counts")
def _():
    note = dir / "marks"
    mark = f"aclexec printf a >>{note}; exit"
    # the plain reading alone comes to the first line
    allow = f"svc: 127.0.0.1/8: {mark} 0\nsvc: ALL: aclexec printf b >>{note}; exit 1\n"
    seen = visit(allow=allow, deny="ALL: ALL\n")
    equal([sorted(marks(note)), seen.got], [["a", "b"], b""])
    seen = visit(allow="#!tcpwrap modern\n" + allow, deny="ALL: ALL\n")
    equal([marks(note), seen.got], ["a", SERVED])
    # both come to the same one, and do not understand it alike
    seen = visit(allow=f"svc: ALL: {mark} 0: severity authpriv.info\n")
    equal([marks(note), seen.got], ["a", b""])


# ---- user and group ----

def identity(tail, **words):
    """(four user ids, four group ids, groups, whether there are capabilities) of the service."""
    seen = visit(argv=["plain_report"], allow=f"plain_report: ALL: {tail}\n", **words)
    equal((seen.status, seen.log), (0, [connect(daemon="plain_report").encode()]))
    facts = dict(line.split(":\t", 1) for line in seen.got.decode().splitlines() if ":\t" in line)
    uid, gid, groups = ([int(n) for n in facts[k].split()] for k in ("Uid", "Gid", "Groups"))
    return uid, gid, sorted(groups), int(facts["CapEff"], 16) != 0


NOBODY, NOGROUP, STAFF, KMEM = 65534, 65534, 50, 15


@test("user and group: the service and later commands are that user, with its groups and no right left")
def _():
    for tail, uid, gid, groups in (
            ("user nobody", NOBODY, NOGROUP, [STAFF, NOGROUP]),
            ("USER = nobody.kmem", NOBODY, KMEM, [KMEM, STAFF]),
            ("group kmem", 0, KMEM, [KMEM]),
            ("group kmem: user nobody", NOBODY, NOGROUP, [STAFF, NOGROUP]),
            ("user root", 0, 0, [0]),
            ("user nobody: user nobody: setenv A b", NOBODY, NOGROUP, [STAFF, NOGROUP]),
            ("aclexec true: user nobody", NOBODY, NOGROUP, [STAFF, NOGROUP]),
            ("user nobody: aclexec true", NOBODY, NOGROUP, [STAFF, NOGROUP])):
        equal(identity(tail), ([uid] * 4, [gid] * 4, groups, uid == 0))
    for tail, uid in (("spawn id -u >%s: user nobody", "0"), ("user nobody: spawn id -u >%s", str(NOBODY)),
                      ("user nobody: aclexec id -u >%s", str(NOBODY))):
        with tempfile.NamedTemporaryFile("r", dir="/tmp") as out:
            os.chmod(out.name, 0o666)
            visit(**rule("ALL: " + tail % out.name))
            equal(out.read().strip(), uid)
    seen = visit(**rule("ALL: user nobody: twist id -u; id -G"))
    equal(seen.got.split()[0], str(NOBODY).encode())


@test("user and group: a name that is not known, or a right that is not there, refuses")
def _():
    for tail, text in (("user nosuchuser", 'unknown user: "nosuchuser"'),
                       ("user nobody.nosuch", 'unknown group: "nosuch"'),
                       ("user nobody.", 'unknown group: ""'), ("user .kmem", 'unknown user: ""'),
                       ("group nosuch", 'unknown group: "nosuch"'),
                       ("user 0", 'unknown user: "0"'),
                       ("user nobody: user root", "setgroups(root): Operation not permitted"),
                       ("user nobody: group kmem", "setgroups(kmem): Operation not permitted")):
        for table in BOTH:
            check_refused(visit(**rule(f"ALL: {tail}: allow", table)), finding("error", text, table),
                          refuse())


@test("user: started as that user already, nothing has to be done")
def _():
    def as_nobody():
        os.setgroups([STAFF, NOGROUP])
        os.setresgid(NOGROUP, NOGROUP, NOGROUP)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    equal(identity("user nobody", before=as_nobody),
          ([NOBODY] * 4, [NOGROUP] * 4, [STAFF, NOGROUP], False))
    check_refused(visit(**rule("ALL: user root"), before=as_nobody),
                  finding("error", "setgroups(root): Operation not permitted", "allow"), refuse())


@test("the line that is named is the one in the file")
def _():
    text = "# comment\n\nother: ALL: user x\nsvc: 127.0.0.1 : \\\n   user \\\n   nosuch\n"
    check_refused(visit(allow=text), finding("error", 'unknown user: "nosuch"', "allow", 6), refuse())


for text in ("bob@ALL", "KNOWN@ALL", "UNKNOWN@ALL", "ALL@ALL", "ALL: rfc931", "ALL: spawn true %u"):
    for tables in (only(text), rule(text, "deny")):
        where = f"{text} in hosts.{'allow' if 'allow' in tables else 'deny'}"
        scene(f"{where}, and a datagram", pair=one_two(), output=subprocess.PIPE, **tables)
        scene(f"{where}, and a unix socket", pair=socket.socketpair, **tables)

main()
