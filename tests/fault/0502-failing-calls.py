#!/usr/bin/env python3
# timeout: 300
# seconds: 24
"""Each call of the C library that the library makes fails once, in scenarios that decide in many ways: no
verdict is wider than without the fault (or, where a name service fails, than that of the same client
without a name), an interrupted call changes none, and nothing is left behind: no descriptor, no
memory, no child, and no difference in the decisions that follow. In each scenario and reading a call fails in
one of its ways, in turns; in the deep tier in each of them."""
import collections
import concurrent.futures
import errno
import os
import re
import sys
import time

sys.dont_write_bytecode = True
import fault_lab as lab  # noqa: E402
from fault_lab import ORDER  # noqa: E402

ALL = os.environ.get("TIER") == "deep"
POINTS_MIN = 5000
AFTER = 4  # decisions: in these a table that is worth keeping is kept, whatever happened before
AGAIN = 2  # the first time slots of the store are filled, the second time nothing may be left
SETTLED_SECONDS = 0.06
# (directive, decisions before the one with the fault, whether no table is ever kept)
WAYS = [("none", 0, ""), ("none", 3, ""), ("modern", 3, ""), ("none", 0, "1")]
EAI_MEMORY = -10
INTERNAL, TRY_AGAIN, NO_RECOVERY = -1, 2, 3  # h_errno

# ---- calls, and how they fail ----

OUT_OF = ("ENOMEM", "EMFILE", "ENFILE")
SHORT = ("EINTR", 1)  # a byte, and no error
EMPTY = ("EIO", 0)  # none, as if the file had been cut and written again within one tick of the clock
# A client may lose its name by these: time for names has to be told, too.
NAME_SERVICES = ("gethostbyaddr_r", "gethostbyname2_r", "innetgr", "socket", "res_mkquery",
                 "clock_gettime")
NO_NAME = (*((e, INTERNAL) for e in (*OUT_OF, "EAGAIN", "ERANGE", "EIO", "EACCES", "EINTR")),
           ("EAGAIN", TRY_AGAIN), ("EIO", NO_RECOVERY))
MEMORY = ("malloc", "calloc", "realloc")
# Where an option's text could not be copied in one reading, only that the other one differs is told.
SAID_SO = "memory|out of resources|refused by the (classic|plain) reading"
# call -> ways: an errno, or (errno, what it returns)
CALLS = {
    "malloc": ("ENOMEM",),
    "calloc": ("ENOMEM",),
    "realloc": ("ENOMEM",),
    "open64": (*OUT_OF, "EIO", "EACCES", "EINTR"),
    "openat64": (*OUT_OF, "EIO", "EACCES", "EINTR"),
    "read": ("EIO", "ENOMEM", "EINTR", SHORT, EMPTY),
    "pread64": ("EIO", "ENOMEM", "EINTR"),
    "fstat64": ("EIO", "ENOMEM", "EACCES"),
    "stat64": ("EIO", "ENOMEM", "EACCES"),
    "close": ("EIO", "EINTR"),
    "getgroups": ("EIO", "ENOMEM"),
    "clock_gettime": ("EIO",),
    "nanosleep": ("EINTR",),
    "mmap64": ("ENOMEM", "EACCES"),
    "mprotect": ("ENOMEM", "EACCES"),
    "munmap": ("ENOMEM",),
    "clone": ("ENOMEM", "EAGAIN"),
    "raw_wait4": ("EINTR",),
    "raw_close_range": ("ENOSYS",),
    "raw_openat": (*OUT_OF, "EACCES", "EINTR"),
    "raw_dup": ("EMFILE",),
    "raw_execve": ("ENOMEM", "EACCES"),
    "getpeername": ("ENOBUFS", "ENOMEM", "EIO", "EACCES"),
    "getsockname": ("ENOBUFS", "ENOMEM", "EIO", "EACCES"),
    "recvfrom": ("ENOBUFS", "ENOMEM", "EIO", "EACCES"),
    "setsockopt": ("ENOMEM", "EACCES"),
    "getsockopt": ("ENOMEM", "EACCES"),
    "send": ("ENOMEM", "EIO", "EINTR"),
    "poll": ("ENOMEM", "EINTR"),
    "setenv": ("ENOMEM",),
    "nice": ("EACCES",),
    "dup2": ("EMFILE",),
    "fcntl64": ("EIO",),
    "execve": ("ENOMEM", "EACCES"),
    "pthread_key_create": ("EAGAIN",),
    "pthread_setspecific": ("ENOMEM",),
    "if_nametoindex": (*OUT_OF, "EIO"),
    "if_indextoname": (*OUT_OF, "EIO"),
    "getdomainname": ("EIO",),
    "gethostbyaddr_r": NO_NAME,
    "gethostbyname2_r": NO_NAME,
    "getaddrinfo": (("EIO", EAI_MEMORY),),
    "socket": (*OUT_OF, "EACCES"),
    "res_mkquery": ("ENOMEM", "EMFILE"),
    "bind": ("EACCES", "ENOMEM"),
    "connect": ("EACCES", "ENOMEM", "EINTR"),
    "getpwnam_r": (*OUT_OF, "EIO", "EINTR"),
    "getgrnam_r": (*OUT_OF, "EIO", "EINTR"),
    "getgrouplist": ("ENOMEM",),
    "innetgr": (*OUT_OF, "EIO", "EACCES", "EINTR"),
}
# What fails here changes no verdict at all.
HARMLESS = {"close", "munmap", "nanosleep", "getgroups", "pthread_key_create", "pthread_setspecific"}

# ---- scenarios ----

SOCKET = {"peer": "10.1.2.3", "server": "10.0.0.1"}
NAMED = {**SOCKET, "reverse": "host.ex.org", "forward": "10.1.2.9 10.1.2.3"}
LOOPBACK = {"peer": "127.0.0.2", "server": "127.0.0.1"}
LINK_LOCAL = {"peer": "fe80::1%1", "server": "fe80::2%1"}  # interface 1 is lo
CLOSED, OPEN = "ALL: ALL\n", "# nothing\n"
PADDING = "".join(f"sshd: 192.0.2.{i} \\\n  192.0.3.{i} 2001:db8::{i:x} .name{i}.test : deny\n" for i in range(250))


class Scenario:
    """Two tables and a client. names: what stands for a path in them; see make_files."""

    def __init__(self, what, verdict, allow, deny, request, private=False, young=False, **more):
        self.what, self.verdict, self.allow, self.deny = what, verdict, allow, deny
        self.request, self.private, self.young, self.more = request, private, young, more


SCENARIOS = [
    Scenario("nothing but an open door", "G", OPEN, OPEN, SOCKET),
    Scenario("no tables", "G", None, None, SOCKET),
    Scenario("refused by address", "R", OPEN, "sshd: 10.1.2.3\n", SOCKET),
    Scenario("refused by network", "R", OPEN, "ALL: 10.1.2.3/8\n", SOCKET),
    Scenario("refused by daemon", "R", OPEN, "x: ALL\nsshd: ALL\n", SOCKET),
    Scenario("refused in a second thread", "R", OPEN, "ALL: 10.\n", SOCKET, second=1),
    Scenario("admitted in a second thread", "G", "ALL: .ex.org\n", CLOSED, NAMED, second=1),
    Scenario("refused by text alone", "R", OPEN, "sshd: 10.1.2.3 host.ex.org\n",
             {"addr": "10.1.2.3", "name": "host.ex.org"}),
    Scenario("refused by list", "R", OPEN, "ALL: LIST\n", SOCKET),
    Scenario("refused by a list in a list", "R", OPEN, "ALL: NESTED\n", SOCKET),
    Scenario("refused by a list that is wrong at its end", "R", OPEN, "ALL: WRONG\n", SOCKET),
    Scenario("refused behind a list", "R", OPEN, "ALL: OTHERS 10.1.2.3\n", SOCKET),
    Scenario("refused by a long table", "R", OPEN, PADDING + "ALL: ALL\n", {"addr": "10.1.2.3", "name": "unknown"}),
    Scenario("refused by a private table", "R", OPEN, "ALL: 10.\n", SOCKET, private=True),
    Scenario("refused by a table just written", "R", OPEN, "ALL: ALL", SOCKET, young=True),
    Scenario("admitted, as the table was emptied", "G", OPEN, "", SOCKET, young=True),
    Scenario("refused by the server's address", "R", OPEN, "sshd@10.0.0.1: ALL\n", SOCKET),
    Scenario("refused by the server's port", "R", OPEN, "1024: ALL\n", SOCKET),
    Scenario("refused as a mapped address", "R", OPEN, "ALL: 10.\n", {"peer": "::ffff:10.1.2.3", "server": "::ffff:10.0.0.1"}),
    Scenario("refused at an interface", "R", OPEN, "ALL: [fe80::1%lo]\n", LINK_LOCAL),
    Scenario("refused by link-local network", "R", OPEN, "ALL: [fe80::]/10\n", LINK_LOCAL),
    Scenario("refused by the text of an address", "R", OPEN, "ALL: *%lo\n", LINK_LOCAL),
    Scenario("refused datagram", "R", OPEN, "ALL: 10.\n", {**SOCKET, "datagram": "1"}),
    Scenario("admitted by address", "G", "sshd: 10.1.2.3\n", CLOSED, SOCKET),
    Scenario("admitted by list", "G", "ALL: OTHERS LIST\n", CLOSED, SOCKET),
    Scenario("admitted by a long table", "G", PADDING + "ALL: 10.\n", CLOSED, {"addr": "10.1.2.3", "name": "unknown"}),
    Scenario("admitted by nobody", "R", "sshd: 9.9.9.9 OTHERS\nx: ALL\n", CLOSED, SOCKET),
    Scenario("admitted EXCEPT by list", "R", "ALL: 10. EXCEPT LIST\n", CLOSED, SOCKET),
    Scenario("refused EXCEPT by list", "G", OPEN, "ALL: ALL EXCEPT NESTED\n", SOCKET),
    Scenario("refused EXCEPT by list EXCEPT by list", "R", OPEN, "ALL: ALL EXCEPT NESTED EXCEPT LIST\n", SOCKET),
    Scenario("refused in the allow table", "R", "ALL: 10. : deny\n", OPEN, SOCKET),
    Scenario("admitted in the deny table", "G", OPEN, "ALL: 10. : allow\nALL: ALL\n", SOCKET),
    Scenario("options with letters", "G", "ALL: 10. : setenv TV %a%A%c%d%h%H%s%p%r%R%% : allow\n", CLOSED, SOCKET),
    Scenario("a long option", "G", "ALL: 10. : setenv TV " + "x%a" * 300 + "\n", CLOSED, SOCKET),
    Scenario("settings", "G", "ALL: 10. : severity mail.info : umask 077 : nice 1 : linger 5 : keepalive\n", CLOSED, SOCKET),
    Scenario("refused by an option with an error", "R", "ALL: 10. : umask 8\n", OPEN, SOCKET),
    Scenario("admitted, and a command", "G", "ALL: 10. : spawn exit %r\n", CLOSED, SOCKET),
    Scenario("refused, and a command", "R", OPEN, "ALL: 10. : spawn exit %r\n", SOCKET),
    Scenario("handed to a command", "T", "ALL: 10. : twist exit 42\n", OPEN, SOCKET),
    Scenario("handed to a command while refused", "T", OPEN, "ALL: 10. : setenv TV %h : twist exit 42\n", SOCKET),
    Scenario("handed to a command at standard input", "T", "ALL: 10. : twist exit 42\n", OPEN,
             {**SOCKET, "descriptor": "0"}),
    Scenario("a banner", "G", "ALL: 10. : banners BANNERS : allow\n", CLOSED, SOCKET),
    Scenario("a banner with a name, refused", "R", OPEN, "ALL: 10. : banners NAMES\n", NAMED),
    Scenario("a name in an option", "G", "ALL: 10. : setenv TV %n : allow\n", CLOSED, NAMED),
    Scenario("admitted by name", "G", "ALL: .ex.org\n", CLOSED, NAMED),
    Scenario("refused by name", "R", OPEN, "ALL: host.ex.org\n", NAMED),
    Scenario("refused by a name in a list", "R", OPEN, "ALL: NAMES_LIST\n", NAMED),
    Scenario("admitted EXCEPT by name", "R", "ALL: ALL EXCEPT .ex.org\n", CLOSED, NAMED),
    Scenario("refused EXCEPT by name", "G", OPEN, "ALL: ALL EXCEPT .ex.org\n", NAMED),
    Scenario("admitted as KNOWN", "G", "ALL: KNOWN\n", CLOSED, NAMED),
    Scenario("refused as LOCAL", "R", OPEN, "ALL: LOCAL\n", {**NAMED, "reverse": "host"}),
    Scenario("refused as UNKNOWN", "R", OPEN, "ALL: UNKNOWN\n", SOCKET),
    Scenario("refused as PARANOID by address", "R", OPEN, "ALL: PARANOID\n", {**NAMED, "forward": "10.9.9.9"}),
    Scenario("refused as PARANOID by alias", "R", OPEN, "ALL: PARANOID\n", {**NAMED, "official": "other.ex.org"}),
    Scenario("a name that is an address", "R", "ALL: KNOWN\n", CLOSED, {**SOCKET, "reverse": "10.1.2.3"}),
    Scenario("a name with too many addresses", "R", "ALL: .ex.org\n", OPEN,
             {**SOCKET, "reverse": "host.ex.org", "forward": "10.9.9.9", "copies": "1100"}),
    Scenario("a name of an IPv6 address", "R", OPEN, "ALL: .ex.org\n",
             {"peer": "2001:db8::1", "server": "2001:db8::2", "reverse": "host.ex.org", "forward": "2001:db8::1"}),
    Scenario("refused by name and address of the server", "R", OPEN, "sshd@host.ex.org: ALL\n",
             {**NAMED, "forward": "10.0.0.1 10.1.2.3"}),
    Scenario("admitted by netgroup", "G", "ALL: @trusted\n", CLOSED,
             {**NAMED, "group": "trusted host.ex.org here.example", "domain": "here.example"}),
    Scenario("refused by netgroup", "R", OPEN, "ALL: @bad\n", {**NAMED, "group": "bad host.ex.org"}),
    Scenario("a netgroup of another domain", "R", "ALL: @trusted\n", CLOSED,
             {**NAMED, "group": "trusted host.ex.org there.example", "domain": "here.example"}),
    Scenario("refused by the plain reading", "R", OPEN, "ALL: ::1 2001:db8::/32\n",
             {"peer": "2001:db8::1", "server": "2001:db8::2"}),
    Scenario("admitted, as a command says", "G", "ALL: 10. : setenv TV %n : aclexec exit 0 : umask 077\n", CLOSED, NAMED),
    Scenario("refused, as a command says", "R", "ALL: 10. : aclexec exit 1\n", CLOSED, SOCKET),
    Scenario("refused in the deny table, as a command says", "R", OPEN, "ALL: 10. : aclexec exit 0\n", SOCKET),
    Scenario("admitted in the deny table, as a command says", "G", OPEN, "ALL: 10. : aclexec exit 1\n", SOCKET),
    Scenario("refused, as a command says nothing", "R", "ALL: 10. : aclexec exit 127\n", OPEN, SOCKET),
    Scenario("refused, as a command knows the server's address", "R", OPEN,
             "ALL: ALL : aclexec test %A-%H-%s = fe80\\:\\:2%%lo-fe80\\:\\:2%%lo-sshd@fe80\\:\\:2%%lo\n", LINK_LOCAL),
    Scenario("refused, as an option behind a no is wrong", "R", OPEN, "ALL: 10. : aclexec exit 1 : user no-such-user\n", SOCKET),
    Scenario("admitted behind a no", "G", OPEN, "ALL: 10. : aclexec exit 1 : setenv TV %n : spawn exit 0\n", NAMED),
    Scenario("two commands", "G", "ALL: 10. : aclexec exit 1 : spawn exit 0 : aclexec exit 0 : allow\n", CLOSED, SOCKET),
    Scenario("a user and a group", "G", "ALL: 10. : user nobody.nogroup : group nogroup : allow\n", CLOSED, SOCKET),
    Scenario("a user that there is not", "R", "ALL: 10. : user no-such-user\n", OPEN, SOCKET),
    Scenario("a group that there is not", "R", "ALL: 10. : group no-such-group\n", OPEN, SOCKET),
    Scenario("admitted as a user whom nobody knows", "G", "ALL: UNKNOWN@127.\n", CLOSED, LOOPBACK),
    Scenario("refused as a user whom nobody knows", "R", OPEN, "ALL: UNKNOWN@127.\n", LOOPBACK),
    Scenario("not admitted as a user", "R", "ALL: KNOWN@127.\n", CLOSED, LOOPBACK),
    Scenario("refused, as the table keeps changing", "R", "ALL: ALL\n", OPEN, SOCKET, restless=1),
]


def make_files(scratch):
    """What the words in capitals stand for."""
    here = {"LIST": scratch.write(b"9.9.9.9\n10.1.2.3\n"), "OTHERS": scratch.write(b"9.9.9.9 192.0.2.\n" * 600),
            "WRONG": scratch.write(b"10.1.2.3\n" + b"x" * 9000 + b"\n"),
            "NAMES_LIST": scratch.write(b"# names\n.example.com\n.ex.org\n")}
    here["NESTED"] = scratch.write(b"192.0.2.1\n" + here["LIST"].encode() + b"\n")
    for word, text in (("BANNERS", b"hello %a\n" * 3), ("NAMES", b"go away, %n\n")):
        here[word] = scratch.path("banners")
        os.mkdir(here[word])
        scratch.write(text, here[word] + "/sshd")
    return here


def make_table(scratch, text, scenario, mode, here):
    if text is None:
        return scratch.path("absent")
    for word in sorted(here, key=len, reverse=True):
        text = text.replace(word, here[word])
    path = scratch.write(lab.MODES[mode] * (text != "") + text.encode())
    if scenario.private:
        os.chmod(path, 0o600)
    return path


# ---- checks ----

class Check:
    def __init__(self, driver, first):
        self.driver = driver
        self.first, self.used = first, collections.Counter()  # of ways; times, by call
        self.points = {}  # by call
        self.ways = set()  # of calls
        self.narrower = self.jobs = 0

    def scenario(self, scenario, tables, before, unkept):
        """What is wrong with this scenario, after so many decisions without a fault."""
        # The C library never gives back what setenv has taken.
        again = AGAIN if unkept and "setenv" not in f"{scenario.allow}{scenario.deny}" else ""
        job = {"daemon": "sshd", "before": before, "after": AFTER, "unkept": unkept,
               "again": again, **scenario.request, **scenario.more, **tables}
        if scenario.verdict == "T":
            job.update(before=0, after=0, again="")
        sound = self.driver.decide(**job)
        nameless = self.driver.decide(**{**job, "reverse": "", "before": 0, "after": 0}).verdict()
        if sound.verdict(before) != scenario.verdict:
            return [f"without a fault {sound.verdict(before)}, not {scenario.verdict}: {sound.logs}"]
        found = []
        for call in sorted(sound.made & set(CALLS)):
            for way in self.ways_of(call):
                error, result = way if isinstance(way, tuple) else (way, "")
                points = self.driver.points(**job, fail=call, error=getattr(errno, error), result=result)
                self.jobs += 1
                # Where the n-th call was not made, nothing failed.
                self.ways.add((call, way))
                for point in [p for p in points if p.reached]:
                    self.points[call] = self.points.get(call, 0) + 1
                    wrong = list(self.wrong(call, error, point, sound, nameless, job["before"]))
                    found += [f"{call} {point.nth} fails with {error} {result}: {text}" for text in wrong]
        return found

    def ways_of(self, call):
        """In which it fails now: in turns, and not the same one in each reading for ever."""
        if ALL:
            return CALLS[call]
        used = self.used[call]
        self.used[call] += 1
        turn = self.first + used + used // (2 * len(WAYS))
        return CALLS[call][turn % len(CALLS[call])],

    def wrong(self, call, error, point, sound, nameless, before):
        want, got = sound.verdict(before), point.verdict(before)
        if got not in ORDER:
            yield f"{got}; {point.logs}"
            return
        widest = max(want, nameless, key=ORDER.get) if call in NAME_SERVICES else want
        if call in NAME_SERVICES and error in OUT_OF:
            widest = "R"  # that is this host's trouble, and says nothing about the name
        if ORDER[got] > ORDER[widest]:
            yield f"wider: {got}, not {want}; {point.logs}"
        if got != want and (call in HARMLESS or (error == "EINTR" and call not in NAME_SERVICES)):
            yield f"{got}, not {want}; {point.logs}"
        self.narrower += ORDER[got] < ORDER[want]
        if got != want and call not in NAME_SERVICES and not any(line[0] == "3" for line in point.logs):
            yield f"{got}, not {want}, and not a word about it: {point.logs}"
        if got != want and call in MEMORY and not re.search(SAID_SO, " ".join(point.logs)):
            yield f"a lack of memory is told as something else: {point.logs}"
        if point.end != "returned":
            return
        # A twist that fails has given the standard descriptors away: there is no way back.
        if (point.descriptors != 0 and sound.end != "twisted") or point.children != 0:
            yield f"left {point.descriptors} descriptors, {point.children} children"
        if not point.errno_kept or not point.mask_kept:
            yield "changed errno or the signal mask"
        if sound.end == "returned" and point.verdicts[before + 1:] != sound.verdicts[before + 1:]:
            yield f"then {point.verdicts[before + 1:]}, not {sound.verdicts[before + 1:]}"
        if point.grown > 0:
            yield f"leaves {point.grown} blocks of memory each time"


def problems_of(check, scenario):
    problems = []
    for mode, before, unkept in WAYS:
        tables = scenario.made[mode]
        if scenario.young:
            now = time.time()
            for path in tables.values():
                os.utime(path, (now, now))
        found = check.scenario(scenario, tables, before, unkept)
        problems += [f"{mode}, {before} before, unkept={unkept}: {text}" for text in found]
    return problems


def check_scenarios(tap, scratch, drivers):
    """By several drivers at a time: each waits for its processes most of the time."""
    here = make_files(scratch)
    checks = [Check(driver, number * len(WAYS)) for number, driver in enumerate(drivers)]
    for scenario in SCENARIOS:
        made = {mode: {"allow": make_table(scratch, scenario.allow, scenario, mode, here),
                       "deny": make_table(scratch, scenario.deny, scenario, mode, here)}
                for mode in ("none", "modern")}
        scenario.made = made
    time.sleep(SETTLED_SECONDS)  # files as young as that are not kept
    # Those in which time counts have it for themselves.
    hasty = [scenario for scenario in SCENARIOS if scenario.young or scenario.more]
    others = [scenario for scenario in SCENARIOS if scenario not in hasty]
    found = {scenario: problems_of(checks[0], scenario) for scenario in hasty}
    share = [others[i::len(checks)] for i in range(len(checks))]
    with concurrent.futures.ThreadPoolExecutor(len(checks)) as pool:
        for part in pool.map(lambda check, part: {s: problems_of(check, s) for s in part}, checks, share):
            found.update(part)
    for scenario in SCENARIOS:
        problems = found[scenario]
        for problem in problems[:40]:
            tap.note(problem[:600])
        tap.ok(not problems, scenario.what)
    points = sum((collections.Counter(check.points) for check in checks), collections.Counter())
    tap.note(f"{sum(points.values())} points: " + ", ".join(f"{call} {n}" for call, n in sorted(points.items())))
    tap.note(f"{sum(check.narrower for check in checks)} verdicts narrower than without a fault")
    tap.ok(sum(points.values()) >= POINTS_MIN, f"at least {POINTS_MIN} points")
    missing = sorted(set(CALLS) - set(points))
    tap.note(f"never made: {', '.join(missing)}")
    tap.ok(not missing, "every call is made in some scenario")
    unused = {(call, way) for call, ways in CALLS.items() for way in ways}.difference(*(check.ways for check in checks))
    tap.ok(not unused, "and fails in each of its ways", *unused)


# ---- a client that is gone ----

def ask_tcpd(corner):
    """Clients that say something, and one that has reset the connection before tcpd looks."""
    def write(text):
        return lambda path: open(path, "w").write(text)

    found = []
    for allow, deny, reset in [(None, "ALL: 10.9.9.9\n", False), ("ALL: localhost\n", "ALL: ALL\n", True),
                               (None, "ALL: 127.0.0.1\n", True), (None, "ALL: 127.0.0.1\n", False)]:
        corner.set_tables(allow=allow and write(allow), deny=write(deny))
        found.append(corner.connect(b"hello", reset))
    return found


def check_gone(tap):
    """What a client has sent outlives its connection, whose address is lost: nobody may be served for it."""
    names = ["served, when nothing speaks against it", "not taken for localhost, when it has reset its connection",
             "refused by address, when it has reset its connection", "refused by address"]
    found, reason = lab.in_corner(ask_tcpd)
    for i, name in enumerate(names):
        if reason:
            tap.skip(f"tcpd: a client is {name}", reason)
            continue
        got, heard, status, lines, _ = found[i]
        if (heard, status) != (b"hello" if i == 0 else None, 0):
            tap.note(f"the client got {got}, the service read {heard}, tcpd ended with {status}: {lines}")
        tap.ok((heard, status) == (b"hello" if i == 0 else None, 0), f"tcpd: a client is {name}")


if __name__ == "__main__":
    lab.need_driver()
    tap = lab.Tap()
    with lab.Scratch() as scratch, lab.Driver() as one, lab.Driver() as other:
        check_scenarios(tap, scratch, [one, other])
    check_gone(tap)
    tap.finish()
