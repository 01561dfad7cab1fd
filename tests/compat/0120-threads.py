#!/usr/bin/env python3
# serial
# timeout: 400
"""Eight threads ask the library at once. No verdict, text or log line may be another's.

Policies here are made of kinds: rules for daemons of their own, and requests whose verdicts are
known because they were made up together. The same requests are asked one by one in a fresh process,
which has to agree; then tests/compat/threads asks them from all threads. Meanwhile, in turns,
tables and lists are replaced, the process forks, commands run, and the host has children. The
build under ThreadSanitizer in $BUILD/tsan, if there is one, has to be silent."""
import collections
import ctypes
import os
import pathlib
import signal
import subprocess
import time

import rig

THREADS = 8
CALLS = 200000 if os.environ.get("TIER") == "deep" else 50000
FEWER_CALLS, COMMAND_CALLS = 20000, 1000
TSAN_CALLS, TSAN_FEWER_CALLS = 20000, 2000
FORKS, CHILDREN = 500, 1000
ROUNDS = 100000  # of which a few overlap closely enough
ASKED = 16  # clients of each kind
SECONDS = 120
DEBIAN_SECONDS = 15
NONE = "-"
KEYS = ("daemon", "user", "name", "addr", "sin", "sname", "saddr", "ssin")
PROGRAM = rig.BUILD / "tests/compat/threads"
TSAN = rig.BUILD / "tsan/tests/compat/threads"


class Policy:
    """Two tables and what is to be asked. closed: rules admit, and deny ends in ALL : ALL; else
    they refuse. historic: only what the original can do without ending the process. setenv: with
    this option, which waits for a lock of the C library."""

    def __init__(self, scratch, kinds, closed=True, directive=None, historic=False, setenv=True):
        self.scratch, self.closed, self.historic, self.setenv = scratch, closed, historic, setenv
        self.tables = {table: [directive] * bool(directive) for table in ("allow", "deny")}
        self.queries = []
        self.number = 0
        for kind in kinds:
            kind(self)
        self.rule("ALL : ALL" if closed else "nobody : ALL", "deny")

    def new(self, kind):
        """A daemon's name, and the beginning of addresses, that no other rule has."""
        self.number += 1
        return f"{kind}{self.number}", f"10.{self.number}."

    def rule(self, text, table=None):
        """Add it; its line number."""
        lines = self.tables[table or ("allow" if self.closed else "deny")]
        lines.append(text)
        return len(lines)

    def list(self, *lines):
        return self.scratch.write("".join(f"{line}\n" for line in lines).encode())

    def ask(self, hit, log="0", granted=None, found=None, **request):
        """hit: the rule matches. granted: if that is not what makes the verdict. found: the name
        that a lookup finds."""
        if granted is None:
            granted = hit == self.closed
        request = dict(dict.fromkeys(KEYS, NONE), **request)
        name = NONE if request["name"] in ("unknown", "paranoid") else request["name"]
        host = first_known(found, name, request["addr"], request["sin"].split(",")[0])
        place = first_known(request["sname"], request["saddr"], request["ssin"].split(",")[0])
        user = "" if request["user"] in (NONE, "unknown") else f"{request['user']}@"
        server = request["daemon"] + (f"@{place}" if place else "")
        self.queries.append([str(int(granted)), str(log), user + host, server,
                             *(request[key] for key in KEYS)])

    def ask_texts(self, daemon, addr, hit, name="unknown", user="unknown", **more):
        self.ask(hit, daemon=daemon, user=user, name=name, addr=addr, **more)

    def write(self, mode=0o644):
        """Paths of the tables and the queries."""
        paths = [self.list(*self.tables["allow"]), self.list(*self.tables["deny"])]
        for path in paths:
            os.chmod(path, mode)
        return paths + [self.list(*("\t".join(query) for query in self.queries))]


def first_known(*texts):
    return next((text for text in texts if text and text != NONE), "")


# ---- kinds: rules, and requests whose verdicts follow from them ----

def addresses(policy):
    patterns = {"{n}3.4": "{n}3.4", "{n}": "{n}77.{i}", "{n}8.0/255.255.255.0": "{n}8.{i}",
                "{n}16.0/20": "{n}31.{i}", "{n}*.?": "{n}{i}.7", "KNOWN": ""}
    for pattern, inside in patterns.items():
        daemon, n = policy.new("address")
        policy.rule(f"{daemon}, other : 192.0.2.1 " + pattern.format(n=n, i=0))
        for i in range(ASKED):
            policy.ask_texts(daemon, inside.format(n=n, i=i) or "192.0.2.1", True)
            policy.ask_texts(daemon, f"172.16.{i}.{i + 1}", False)


def exceptions(policy):
    daemon, n = policy.new("except")
    policy.rule(f"{daemon} : {n} EXCEPT {n}5. EXCEPT {n}5.7")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}6.{i}", True)
        policy.ask_texts(daemon, f"{n}5.{i}", i == 7)
    daemon, n = policy.new("except")
    policy.rule(f"ALL EXCEPT {daemon} : {n}")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}6.{i}", False)
        policy.ask_texts(f"not-{daemon}", f"{n}6.{i}", True)


def ipv6(policy):
    daemon, _ = policy.new("six")
    policy.rule(f"{daemon} : [2001:db8:6::]/48 EXCEPT [2001:db8:6:7::]/64")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"2001:db8:6:8::{i:x}", True)
        policy.ask_texts(daemon, f"2001:db8:6:7::{i:x}", False)
        policy.ask_texts(daemon, f"192.0.2.{i}", False)


def sockets(policy):
    """Addresses as a program that has accepted a connection has them; daemons at ports and hosts."""
    daemon, n = policy.new("socket")
    policy.rule(f"2525 : {n}0.0/255.255.0.0")
    policy.rule(f"{daemon}@192.0.2.7 : [2001:db8::]/32")
    for i in range(ASKED):
        request = {"daemon": daemon, "name": "unknown"}
        for port in (2525, 2526):
            policy.ask(port == 2525, sin=f"{n}1.{i},{4000 + i}", ssin=f"192.0.2.9,{port}", **request)
        for place in (7, 8):
            policy.ask(place == 7, sin=f"2001:db8::{i + 1:x},{5000 + i}",
                       ssin=f"192.0.2.{place},99", **request)
            policy.ask(place == 7, addr=f"2001:db8::{i:x}", saddr=f"192.0.2.{place}",
                       sname=f"s{i}.example.org", **request)


def names(policy):
    daemon, _ = policy.new("name")
    policy.rule(f"{daemon} : .example.org db*.example.net EXCEPT bad.example.org")
    for i in range(ASKED):
        for name, hit in ((f"h{i}.example.org", True), (f"DB{i}.example.net", True),
                          ("bad.EXAMPLE.org", False), (f"h{i}.example.com", False),
                          ("paranoid", False)):
            policy.ask_texts(daemon, "192.0.2.1", hit, name=name)
    daemon, _ = policy.new("word")
    policy.rule(f"{daemon} : KNOWN EXCEPT LOCAL")
    policy.rule(f"{daemon} : PARANOID")
    for i in range(ASKED):
        for name, hit in ((f"h{i}.example.org", True), (f"h{i}", False), ("unknown", False),
                          ("paranoid", True)):
            policy.ask_texts(daemon, f"192.0.2.{i}", hit, name=name)


def users(policy):
    daemon, n = policy.new("user")
    policy.rule(f"{daemon} : alice@{n} KNOWN@{n}8.0/255.255.255.0")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}1.{i}", True, user="alice")
        policy.ask_texts(daemon, f"{n}1.{i}", False, user=f"bob{i}")
        policy.ask_texts(daemon, f"{n}8.{i}", True, user=f"bob{i}")
        policy.ask_texts(daemon, f"{n}8.{i}", False)


def lists(policy):
    """A list that names another, a large one, and one that is not there: told, once a minute."""
    daemon, n = policy.new("list")
    inner = policy.list(*(f"{n}{i}." for i in range(0, 40, 2)))
    policy.rule(f"{daemon} : {policy.list('192.0.2.0/255.255.255.0', inner)}")
    for i in range(40):
        policy.ask_texts(daemon, f"{n}{i}.9", i % 2 == 0)
    daemon, n = policy.new("list")
    large = policy.list(*(f"{n}{i}.{j}" for i in range(4) for j in range(256)))
    policy.rule(f"{daemon} : {n} EXCEPT {large}")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}4.{i}", True)
        policy.ask_texts(daemon, f"{n}3.{i}", False)
    daemon, n = policy.new("list")
    line = policy.rule(f"{daemon} : {policy.scratch.dir}/absent {n}1.")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}1.{i}", True, log=f"?{line}")
        policy.ask_texts(daemon, f"{n}2.{i}", False, log=f"?{line}")


def turned(policy):
    """allow and deny as options, in either table."""
    daemon, n = policy.new("turned")
    policy.rule(f"{daemon} : {n}1. : deny", "allow")
    policy.rule(f"{daemon} : {n}", "allow")
    policy.rule(f"{daemon} : 192.0.2. : allow", "deny")
    policy.rule(f"{daemon} : ALL", "deny")
    for i in range(ASKED):
        for addr, granted in ((f"{n}1.{i}", False), (f"{n}2.{i}", True), (f"192.0.2.{i}", True),
                              (f"198.51.100.{i}", False)):
            policy.ask_texts(daemon, addr, None, granted=granted)


def options(policy):
    """Such as a process hardly notices."""
    for text in ("severity local3.notice", "keepalive : severity crit", "umask 022", "nice 0",
                 "umask 022 : nice 0 : severity mail.info", "severity debug : linger 3",
                 "setenv THREADS_%d %a", "setenv THREADS none : severity alert"):
        if "setenv" in text and not policy.setenv:
            continue
        daemon, n = policy.new("option")
        line = policy.rule(f"{daemon} : {n} : {text}")
        # Without a socket there is nothing to keep alive.
        told = "keepalive" in text or "linger" in text
        for i in range(ASKED):
            policy.ask_texts(daemon, f"{n}0.{i}", True, log=line if told else 0)
            policy.ask_texts(daemon, f"192.0.2.{i}", False)


def errors(policy):
    names = [] if policy.historic else ["severity info : user nosuchuser"]
    for table in ("allow", "deny"):
        for text in ["severity nonsense", "umask 999", "frobnicate", "nice x",
                     "allow : severity info", "severity info : linger x", "twist /bin/echo no",
                     "rfc931 0", *names]:
            daemon, n = policy.new("error")
            line = policy.rule(f"{daemon} : {n} : {text}", table)
            for i in range(ASKED // 2):
                policy.ask_texts(daemon, f"{n}0.{i}", None, granted=False, log=line)
                policy.ask_texts(daemon, f"192.0.2.{i}", False)


def expansions(policy):
    """Too long for some clients only."""
    daemon, _ = policy.new("expand")
    line = policy.rule(f"{daemon} : .example.org : setenv THREADS_LONG " + "%n" * 80)
    for i in range(ASKED):
        policy.ask_texts(daemon, "192.0.2.1", True, name=f"h{i}.example.org")
        policy.ask_texts(daemon, "192.0.2.1", None, granted=False, log=line,
                         name=f"h{i}." + "long." * 21 + "example.org")


def readings(policy):
    """Where the two differ: refused, and told once a minute."""
    daemon, n = policy.new("reading")
    line = policy.rule(f"{daemon} : {n}3.4/255.255.0.0")
    if policy.closed:
        line = policy.rule(f"{daemon} : ALL", "deny")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", None, granted=False, log=f"?{line}")
        policy.ask_texts(daemon, f"192.0.2.{i}", False)


def modern(policy):
    """Rules that only the plain reading understands."""
    daemon, n = policy.new("modern")
    policy.rule(f"{daemon} : {n}3.4/16 2001:db8:9::1 2001:db8:a::/48 # ALL")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", True)
        policy.ask_texts(daemon, f"2001:db8:a::{i:x}", True)
        policy.ask_texts(daemon, "2001:DB8:9:0:0:0:0:1", True)
        policy.ask_texts(daemon, f"192.0.2.{i}", False)


def commands(policy, note):
    """note is a file that each command of a daemon spawn... writes a line to."""
    daemon, n = policy.new("spawn")
    policy.rule(f"{daemon} : {n} : spawn echo %d %a >>{note} : severity info")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", True)
    daemon, n = policy.new("spawn")
    policy.rule(f"{daemon} : {n} : spawn echo %d %a >>{note}; kill -9 $$", "deny")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", None, granted=False)
    for status in (0, 1):
        daemon, n = policy.new("spawn")
        policy.rule(f"{daemon} : {n} : aclexec echo %d %a >>{note}; exit {status} : severity info")
        for i in range(ASKED):
            policy.ask_texts(daemon, f"{n}0.{i}", None, granted=status == 0, log="-")
    daemon, n = policy.new("aclexec")
    line = policy.rule(f"{daemon} : {n} : aclexec exit 127")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", None, granted=False, log=line)
    daemon, n = policy.new("spawn")
    line = policy.rule(f"{daemon} : {n} : spawn echo %d %a >>{note} : twist echo no")
    for i in range(ASKED):
        policy.ask_texts(daemon, f"{n}0.{i}", None, granted=False, log=line)


def looked_up(policy):
    """Names that the library finds in /etc/hosts (see Hosts)."""
    daemon, _ = policy.new("lookup")
    policy.rule(f"{daemon} : .lab.example")
    for i in range(ASKED):
        policy.ask(True, daemon=daemon, sin=f"10.200.0.{i},{1000 + i}", found=f"h{i}.lab.example")
        policy.ask(False, daemon=daemon, sin=f"10.201.0.{i},{1000 + i}", found=f"h{i}.else.example")
        policy.ask(False, daemon=daemon, sin=f"10.202.0.{i},{1000 + i}")


HISTORIC = (addresses, exceptions, ipv6, sockets, names, users, lists, turned, options, errors)
MIXED = HISTORIC + (expansions, readings)
MODERN = tuple(kind for kind in MIXED if kind is not readings) + (modern,)


# ---- runs ----

class Run:
    """One run of the program: its numbers, its status, and what it said on stderr."""

    def __init__(self, program, words, env=None, seconds=SECONDS):
        began = time.monotonic()
        try:
            done = subprocess.run([str(w) for w in (program, *words)], text=True, timeout=seconds,
                                  env=dict(os.environ, **env or {}), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.status, self.text, self.errors = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired:
            self.status, self.text, self.errors = None, "", f"not done after {seconds} s"
        self.seconds = time.monotonic() - began
        words = self.text.split()
        self.verdicts = words[0] if words and "=" not in words[0] else ""
        self.numbers = {k: int(v) for k, v in (w.split("=") for w in words if "=" in w)}

    def __getitem__(self, name):
        return self.numbers.get(name)

    def good(self, **want):
        """Nothing wrong, nothing on stderr, no child left, no severity left; and these numbers."""
        want = dict(dict(wrong=0, left=0, severity=0), **want)
        return self.status == 0 and not self.errors and all(self[k] == v for k, v in want.items())

    def how(self):
        if self.status is None:
            return self.errors
        if self.status < 0:
            return f"died of {signal.Signals(-self.status).name} after {self.seconds:.2f} s"
        return f"status {self.status}, {self['wrong']} wrong, {self.seconds:.2f} s"


def check(tap, run, name, good=None):
    if not (run.good() if good is None else good):
        tap.note(f"{run.how()}\n{run.text}{run.errors[:4000]}")
        return tap.ok(False, name)
    return tap.ok(True, name)


def one_by_one(policy, paths):
    run = Run(PROGRAM, ["-v", "-l", *paths])
    return run, run.good() and run.verdicts == "".join(query[0] for query in policy.queries)


def policies(scratch):
    """Title, policy, mode of its tables, calls of each thread."""
    yield "closed", Policy(scratch, MIXED), 0o644, CALLS
    yield "open", Policy(scratch, MIXED, closed=False), 0o644, FEWER_CALLS
    modern_policy = Policy(scratch, MODERN, directive="#!tcpwrap modern")
    yield "modern, for its owner only", modern_policy, 0o600, FEWER_CALLS


def mixed_policies(tap, scratch, sanitized):
    for title, policy, mode, calls in policies(scratch):
        paths = policy.write(mode)
        run, good = one_by_one(policy, paths)
        count = len(policy.queries)
        check(tap, run, f"{title}: one by one, {count} verdicts are as constructed", good)
        run = Run(PROGRAM, ["-t", THREADS, "-n", calls, "-l", *paths])
        tap.note(f"{THREADS} x {calls}: {run.how()}, {run['granted']} granted")
        check(tap, run, f"{title}: {THREADS} threads, {calls} decisions each, nothing wrong")
        fewer = TSAN_CALLS if calls == CALLS else TSAN_FEWER_CALLS
        sanitized.append((title, ["-n", fewer, "-l", *paths]))


def names_in_threads(tap, scratch, hosts, sanitized):
    title = "names that are looked up by all threads"
    if hosts.reason:
        tap.skip(title, hosts.reason)
        return
    paths = Policy(scratch, (looked_up, addresses)).write()
    run = Run(PROGRAM, ["-t", THREADS, "-n", COMMAND_CALLS, "-l", *paths])
    check(tap, run, title)
    sanitized.append((title, ["-n", COMMAND_CALLS, "-l", *paths]))


def replaced_tables(tap, scratch, sanitized):
    """Two versions of each file, in all combinations, refuse the same clients, admit the same."""
    policy = Policy(scratch, ())
    for i in range(200):
        policy.ask_texts("swap", f"10.1.{i}.1", None, granted=True)
        policy.ask_texts("swap", f"10.2.{i}.1", None, granted=False)
    members, filler = scratch.path(), [f"d{i} : 192.0.2.{i % 256}" for i in range(1000)]
    versions = {
        "allow": ([f"swap : {members}"],
                  [*filler, f"swap : 10.1.0.0/16 EXCEPT {members}.none", f"swap : {members}"]),
        "deny": (["ALL : ALL"], [*filler, "swap : ALL EXCEPT 10.1.", "ALL : ALL"]),
        "members": (["10.1."], [f"10.1.{i}." for i in range(255)]),
    }
    scratch.write(b"172.16.\n", f"{members}.none")
    paths = [scratch.path(), scratch.path(), policy.write()[2]]
    words = ["-l", "-p", 500]
    for target, name in zip((*paths[:2], members), versions):
        files = [policy.list(*lines) for lines in versions[name]]
        scratch.write(pathlib.Path(files[0]).read_bytes(), target)
        words += ["-w", f"{target}={files[0]},{files[1]}"]
    run = Run(PROGRAM, ["-t", THREADS, "-n", FEWER_CALLS // 4, *words, *paths])
    tap.note(f"{run['replaced']} files replaced: {run.how()}")
    check(tap, run, "tables and a list are replaced by rename: who is refused by both versions is "
          "refused, who is admitted by both is admitted", run.good() and run["replaced"] > 100)
    sanitized.append(("replaced tables", ["-n", TSAN_FEWER_CALLS // 10, *words, *paths]))


def forks(tap, scratch):
    """The C library's own locks are not undone in a child: that of syslog, in front of which the
    program stands, and that of setenv, which is left out."""
    policy = Policy(scratch, [kind for kind in MIXED if kind is not expansions], setenv=False)
    run = Run(PROGRAM, ["-t", THREADS, "-n", 2 * FEWER_CALLS, "-l", "-f", FORKS, *policy.write()])
    tap.note(f"{run['forked']} forks: {run.how()}")
    check(tap, run, f"{FORKS} forks while {THREADS} threads decide: every child decides right, "
          "and none hangs", run.good(forked=FORKS, fork_wrong=0, fork_hung=0))


def picked(policy, thread, number):
    """As query_pick() in threads/query.c."""
    x, mask = thread << 32 | number, (1 << 64) - 1
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & mask
    x = (x ^ x >> 27) * 0x94d049bb133111eb & mask
    return policy.queries[(x ^ x >> 31) % len(policy.queries)]


def expected_notes(policy):
    """What all commands of all threads write: "DAEMON ADDRESS", and how often."""
    queries = (picked(policy, thread, number)
               for thread in range(THREADS) for number in range(COMMAND_CALLS))
    return collections.Counter(f"{q[4]} {q[7]}" for q in queries if q[4].startswith("spawn"))


def run_commands(tap, scratch):
    for title, more, own in (("a host without children", ["-c"], 0),
                             ("a host with children", ["-k", CHILDREN], CHILDREN)):
        path = pathlib.Path(scratch.path())
        policy = Policy(scratch, (lambda p: commands(p, path),))
        run = Run(PROGRAM, ["-t", THREADS, "-n", COMMAND_CALLS, "-l", *more, *policy.write()])
        notes = collections.Counter(path.read_text().splitlines() if path.exists() else [])
        tap.note(f"{THREADS} x {COMMAND_CALLS}: {run.how()}, {sum(notes.values())} commands, "
                 f"{run['sigchld']} SIGCHLD")
        check(tap, run, f"{title}: spawn, aclexec and twist in {THREADS} threads, nothing wrong, "
              "no zombie")
        good = run.good(seen=0, reaped_wrong=0) and run["sigchld"] <= own
        check(tap, run, f"{title}: it never sees a child or SIGCHLD of the library", good)
        wrong = (notes - expected_notes(policy)) + (expected_notes(policy) - notes)
        tap.note(wrong or "every command counted")
        tap.ok(not wrong, f"{title}: each command ran once, with the values of its own client")


def first_decisions(tap, scratch):
    """The second decision tells that a process goes on to other clients: twist refuses then."""
    run = Run(PROGRAM, ["-t", 2, "-r", ROUNDS, *Policy(scratch, (addresses,)).write()])
    tap.note(f"{run['lost']} of {ROUNDS} lost")
    check(tap, run, "two first decisions at the same instant are both counted", run.good(lost=0))


def thread_sanitizer(tap, scratch, sanitized):
    # What the resolver locks in the C library is not seen; what it allocates is.
    suppressions = scratch.write(b"called_from_lib:libc.so.6\n")
    env = {"TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:suppressions={suppressions}"}
    for title, words in sanitized:
        title = f"ThreadSanitizer is silent: {title}"
        if not TSAN.exists():
            tap.skip(title, f"no {TSAN.relative_to(rig.BUILD)} in this build")
            continue
        run = Run(TSAN, ["-t", THREADS, *words], env)
        tap.note(run.how())
        check(tap, run, title)
    if TSAN.exists():
        run = Run(TSAN, ["-x", "-t", 2, "-n", 10, *sanitized[0][1][2:]], env)
        tap.ok(run.status == 66 and "data race" in run.errors,
               "ThreadSanitizer would not be silent about a race")


def ask_debian(tap, scratch):
    """For the record. What the original does is no result of ours."""
    debian = rig.Debian()
    if not debian.library:
        tap.note(f"Debian's library was not asked: {debian.reason}")
        return
    env = {"LD_LIBRARY_PATH": str(debian.library.parent)}
    policy = Policy(scratch, HISTORIC, historic=True)
    paths = policy.write()
    alone = Run(PROGRAM, ["-v", *paths], env, DEBIAN_SECONDS)
    tap.note(f"Debian's library, {len(policy.queries)} requests one by one: {alone.how()}")
    run = Run(PROGRAM, ["-t", THREADS, "-n", FEWER_CALLS, *paths], env, DEBIAN_SECONDS)
    tap.note(f"Debian's library, {THREADS} threads x {FEWER_CALLS}: {run.how()}")


# ---- the host's names ----

class Hosts:
    """A mount namespace in which names come from an /etc/hosts of ours; or the reason why not."""

    NAMES = "".join(f"10.200.0.{i} h{i}.lab.example\n10.201.0.{i} h{i}.else.example\n"
                    for i in range(ASKED))
    MOUNTS = {"/etc/hosts": NAMES, "/etc/nsswitch.conf": "hosts: files\n", "/etc/resolv.conf": ""}

    def __init__(self, scratch):
        libc = ctypes.CDLL(None, use_errno=True)
        new_user, new_mounts = 0x10000000, 0x00020000
        uid, gid = os.getuid(), os.getgid()
        self.reason = None
        if libc.unshare(new_mounts | (0 if uid == 0 else new_user)) != 0:
            self.reason = f"no namespaces here: {os.strerror(ctypes.get_errno())}"
            return
        if uid != 0:
            pathlib.Path("/proc/self/setgroups").write_text("deny")
            pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
        libc.mount(None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
        for target, text in self.MOUNTS.items():
            source = scratch.write(text.encode())
            if libc.mount(source.encode(), target.encode(), None, 4096, None) != 0:
                self.reason = f"{target} cannot be replaced: {os.strerror(ctypes.get_errno())}"


def main():
    tap, sanitized = rig.Tap(), []
    with rig.Scratch() as scratch:
        hosts = Hosts(scratch)
        mixed_policies(tap, scratch, sanitized)
        names_in_threads(tap, scratch, hosts, sanitized)
        replaced_tables(tap, scratch, sanitized)
        forks(tap, scratch)
        run_commands(tap, scratch)
        first_decisions(tap, scratch)
        thread_sanitizer(tap, scratch, sanitized)
        ask_debian(tap, scratch)
    tap.finish()


if __name__ == "__main__":
    main()
