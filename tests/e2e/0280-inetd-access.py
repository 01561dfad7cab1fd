#!/usr/bin/env python3
# timeout: 120
# seconds: 6
"""Who may use a service, judged by inetd: the same verdicts, bytes and log lines as through tcpd, for
many rules and clients; services without tcpd; only_from and no_access; datagrams; tables that change, are
huge, or not to be read; names that take their time. Nobody else waits, and no process is left."""
import sys
import threading

sys.dont_write_bytecode = True
from access_lab import *  # noqa: E402
from dns_server import DnsServer, SILENCE, a, answer, ptr  # noqa: E402

DNS_CLIENT = "127.0.0.77"
MANY_RULES = 1_000_000


# ---- the same as through tcpd ----

RULES = [
    ("everybody", "", ""),
    ("no tables", None, None),
    ("an address", f"svc: {GUEST}\n", "ALL: ALL\n"),
    ("the start of an address", "svc: 127.2.\n", "ALL: ALL\n"),
    ("a network", "svc: 127.0.0.0/255.255.255.0\n", "ALL: ALL\n"),
    ("a length", "svc: 127.0.0.0/24\n", "ALL: ALL\n"),
    ("EXCEPT", f"ALL: 127.0.0. EXCEPT {GUEST} {HOSTILE}\n", "ALL: ALL\n"),
    ("daemons EXCEPT", "ALL EXCEPT svc: ALL\n", "ALL: ALL\n"),
    ("IPv6", "svc: [::1]\n", "ALL: ALL\n"),
    ("IPv6 bare", "svc: ::1\n", "ALL: ALL\n"),
    ("deny only", "", f"svc: {GUEST} [::1]\n"),
    ("a server's address", "svc@127.0.0.1: ALL\n", "ALL: ALL\n"),
    ("another server's address", "svc@127.0.0.2: ALL\n", "ALL: ALL\n"),
    ("a list", "svc: /etc/list\n", "ALL: ALL\n"),
    ("a list that is not there", "svc: /etc/none 127.\n", "ALL: ALL\n"),
    ("a list that is a folder", "svc: /etc/banners\n", "ALL: ALL\n"),
    ("severity", "svc: 127.: severity notice\n", "ALL: ALL: severity local3.err\n"),
    ("severities", "svc: ALL: severity err: severity auth.alert\n", ""),
    ("a severity that is none", "svc: ALL: severity loud\n", ""),
    ("deny in allow", f"svc: {GUEST}: deny\nsvc: ALL\n", ""),
    ("allow in deny", "", f"svc: {GUEST}: severity crit: allow\nALL: ALL\n"),
    ("twist", f"svc: {GUEST}: twist echo no %a %d\n", ""),
    ("a refusing twist", "", "svc: ALL: twist echo go away %c\n"),
    ("spawn", "svc: ALL: spawn true %a\n", f"ALL: ALL\n"),
    ("banners", "", "svc: ALL: banners /etc/banners\n"),
    ("banners, and served", "svc: ALL: banners /etc/banners\n", ""),
    ("aclexec", "svc: ALL: aclexec [ %a = 127.0.0.3 ]\n", "ALL: ALL\n"),
    ("options", "svc: ALL: nice 3: umask 077: setenv A b: keepalive: linger 1\n", ""),
    ("user", "svc: ALL: user nobody\n", ""),
    ("a user that is none", "svc: ALL: user noone\n", ""),
    ("an option that is none", "svc: ALL: fly\n", ""),
    ("an empty option", "svc: ALL:\n", ""),
    ("a name", "svc: guest.example.org localhost\n", "ALL: ALL\n"),
    ("a domain", "svc: .example.org\n", "ALL: ALL\n"),
    ("KNOWN", "svc: KNOWN\n", "ALL: ALL\n"),
    ("UNKNOWN", "svc: UNKNOWN: severity err\n", "ALL: ALL\n"),
    ("LOCAL", "svc: LOCAL\n", "ALL: ALL\n"),
    ("PARANOID", "", "svc: PARANOID\n"),
    ("names behind an address", f"svc: {GUEST}\nsvc: .example.org\n", "ALL: ALL\n"),
    ("a user", "svc: root@127.\n", "ALL: ALL\n"),
    ("rfc931", "svc: ALL: rfc931 1\n", ""),
    ("a network that is none", "svc: 127.0.0.1/8\n", "ALL: ALL\n"),
    ("readings that differ", "", "svc: 127.0.0.1/8\n"),
    ("no newline", "", "svc: ALL"),
    ("a line without a colon", "svc ALL\n", "ALL: ALL\n"),
    ("a comment", "svc: 192.0.2.9 # open for all\n", "ALL: ALL\n"),
    ("modern", "#!tcpwrap modern\nsvc: 127.0.0.1/8\n", "ALL: ALL\n"),
    ("another daemon", "other: ALL: twist echo x\n", "other: ALL\n"),
]


for what, allow, deny in RULES:
    @test(f"as through tcpd, for {len(CLIENTS)} clients: {what}")
    def _(allow=allow, deny=deny):
        house(), house_of_tcpd()
        tables(allow, deny)
        if deny is not None and not deny.endswith("\n") and deny:
            time.sleep(1.1)  # it looks half written
        for client in CLIENTS:
            compare(client)


@test("a client that nothing stands in the way of needs no process but its server; one that is refused, none")
def _():
    running = house()
    tables("svc: 127.0.0.1: severity notice\n", "ALL: ALL\n")
    got, log = visit_port(CUT, "127.0.0.1", 1)
    equal((got, log), (SERVED, [connect(priority=29).encode()]))
    equal(of_loop(running, log), [])  # the pid is the server's
    got, log = visit_port(CUT, GUEST, 1)
    equal((got, log), (b"", [refuse(GUEST).encode()]))
    equal(of_loop(running, log), log)


@test("what a rule changes, the server has: umask, nice, environment")
def _():
    service("show", "import os\nprint(oct(os.umask(0)), os.nice(0), os.environ.get('WHO'))")
    tables("show: ALL: umask 027: nice 7: setenv WHO %a\n", "ALL: ALL\n")
    with Inetd(line(7050, f"root {TCPD} show"), preexec_fn=in_place()):
        equal(knock(7050), f"0o27 {min(os.nice(0) + 7, 19)} 127.0.0.1\n".encode())


@test("arguments, argv[0] and a path as tcpd reads them; a daemon that is not there, in tcpd's words")
def _():
    tables("", "")
    conf = (line(7050, f"root {TCPD} /usr/sbin/svc /proc/self/cmdline") +
            line(7051, f"root {TCPD} none x") + line(7052, f"root {TCPD} sub/none"))
    seen = []
    for option in ([], ["--no-shortcut"]):
        with Inetd(conf, *option, preexec_fn=in_place()):
            seen.append([visit_port(port, "127.0.0.1", 1 + (port == 7051))
                         for port in (7050, 7051, 7052)])
    equal(seen[0], seen[1])
    equal(seen[0][0][0], b"svc\0/proc/self/cmdline\0")
    equal(b"cannot execute /usr/sbin/none" in b"".join(seen[0][1][1]), True)


@test("clients of a unix socket")
def _():
    lines = "".join(f"{dir}/sock{n} stream unix nowait root {TCPD} svc {dir}/served\n" for n in "12")
    with Inetd(lines.splitlines()[0] + "\n", preexec_fn=in_place()), \
            Inetd(lines.splitlines()[1] + "\n", "--no-shortcut", preexec_fn=in_place()):
        for allow, deny in (("", ""), ("svc: localhost\n", "ALL: ALL\n"), ("", "svc: LOCAL\n"),
                            ("svc: 127.\n", "ALL: ALL\n"), ("svc: ALL: severity err\n", "ALL: ALL\n")):
            tables(allow, deny)
            seen = []
            for number in "21":
                fresh_log()
                got = unix(dir / f"sock{number}")
                until(lambda: len(said()) >= (len(seen[0][1]) if seen else 1), "as many lines")
                seen.append((got, said()))
            equal((allow, deny, seen[1]), (allow, deny, seen[0]))


# ---- services without tcpd ----

def block(port, *words):
    """A service that is served by svc, with more attributes."""
    words = "".join(f" {word}\n" for word in words)
    return (f"service s{port}\n{{\n type = UNLISTED\n port = {port}\n socket_type = stream\n protocol = tcp\n"
            f" wait = no\n user = root\n server = /usr/sbin/svc\n server_args = {dir}/served\n{words}}}\n")


@test("a service without tcpd is judged by the name of its program; NOLIBWRAP, a name of its own, "
      "--no-access")
def _():
    tables("", f"svc: ALL\nweb: {GUEST}\n")
    conf = block(7060) + block(7061, "flags = NOLIBWRAP") + block(7062, "libwrap = web")
    with Inetd(conf, preexec_fn=in_place()):
        equal(visit_port(7060, "127.0.0.1", 1), (b"", [refuse().encode()]))
        equal(visit_port(7061, "127.0.0.1"), (SERVED, []))
        equal(visit_port(7062, "127.0.0.1", 1), (SERVED, [connect(daemon="web").encode()]))
        equal(visit_port(7062, GUEST, 1), (b"", [refuse(GUEST, daemon="web").encode()]))
    with Inetd(conf, "--no-access", preexec_fn=in_place()):
        equal([visit_port(port, GUEST) for port in (7060, 7061, 7062)], 3 * [(SERVED, [])])


@test("only_from and no_access: addresses in the loop, names in a child; both refuse; then the tables")
def _():
    tables("", "svc: 127.9.9.9\n")
    conf = (block(7070, "only_from = 127.0.0.0") +
            block(7071, "only_from = 127.0.0.0/8", f"no_access = {GUEST} 127.2.{{3,4}}") +
            block(7072, "only_from = .example.org") +
            block(7073, "no_access = guest.example.org") +
            block(7074, "only_from ="))
    clients = ["127.0.0.1", GUEST, "127.2.3.4", "127.9.9.9", "127.8.8.8"]
    want = {7070: "YYYNY", 7071: "YNNNY", 7072: "NYNNN", 7073: "YNYNY", 7074: "NNNNN"}
    with Inetd(conf, preexec_fn=in_place()) as running:
        for port, verdicts in want.items():
            for client, verdict in zip(clients, verdicts):
                got, log = visit_port(port, client, 1)
                equal((port, client, got), (port, client, SERVED if verdict == "Y" else b""))
                equal((len(log), b"refused" in log[-1]), (1, verdict == "N"))
            is_by_name = port in (7072, 7073)
            if not is_by_name:
                equal(of_loop(running, log) == [] , verdicts[-1] == "Y")


@test("a service in a chroot: rules are judged outside; no command and no option of a rule reaches in",
      need_root=True)
def _():
    ran = dir / "ran"
    cases = [("svc: guest.example.org", SERVED, 1, b"connect from guest"),
             ("svc: 127.0.0.3: severity err", SERVED, 1, b"connect from 127"),
             (f"svc: ALL: spawn touch {ran}", SERVED, 1, b"connect from 127"),
             (f"svc: ALL: twist touch {ran}; echo in", b"", 1, b"refused connect"),
             ("svc: .example.org: setenv A b", b"", 1, b"connect from guest"),
             ("svc: .example.com", b"", 1, b"refused connect")]
    with Inetd(block(7100, "chroot = /"), preexec_fn=in_place()) as running:
        for rule, want, count, text in cases:
            tables(f"{rule}\n", "ALL: ALL\n")
            ran.unlink(missing_ok=True)
            got, log = visit_port(7100, GUEST, count)
            equal((rule, got, text in b"".join(log)), (rule, want, True))
            if "spawn" in rule:
                until(ran.exists, "what spawn has made")
            equal(ran.exists(), "spawn" in rule)
            until(lambda: not running.children(), "no process is left")
        running.wait_log("outside of the chroot")


@test("datagrams: a refused sender's is taken away and logged, and nobody is started; a wait server gets "
      "the socket for the first that is let in")
def _():
    tables("one: 127.0.0.1\ntwo: 127.0.0.1\n", "ALL: ALL\n")
    body = ("import socket\ns = socket.socket(fileno=0)\ns.settimeout(0.5)\n"
            "m, c = s.recvfrom(100)\ns.sendto(m + b' served', c)")
    service("one", body), service("two", body)
    conf = (line(7080, "root /usr/sbin/one one", kind="dgram udp wait.1000000") +
            line(7081, "root /usr/sbin/two two", kind="dgram udp nowait.1000000"))
    with Inetd(conf, preexec_fn=in_place()) as running:
        for port, name in ((7080, "one"), (7081, "two")):
            fresh_log()
            with client_socket(GUEST, kind=socket.SOCK_DGRAM) as bad, \
                    client_socket("127.0.0.1", kind=socket.SOCK_DGRAM) as good:
                bad.settimeout(0.3)
                for text in (b"a", b"b"):
                    bad.sendto(text, ("127.0.0.1", port))
                until(lambda: len(said()) == 2, "two lines")
                equal(running.children(), [])
                bad.sendto(b"c", ("127.0.0.1", port))
                good.sendto(b"d", ("127.0.0.1", port))
                good.settimeout(WAIT_SECONDS)
                equal(good.recv(100), b"d served")
                until(lambda: len(said()) == 4, "four lines")
                equal(said(), sorted([connect(daemon=name).encode()] +
                                     3 * [refuse(GUEST, daemon=name).encode()]))
                until(lambda: not running.children(), "the server's end")


@test("datagrams of a name that has to be looked up: a child judges, and becomes the server")
def _():
    tables("one: guest.example.org\n", "ALL: ALL\n")
    with Inetd(line(7080, "root /usr/sbin/one one", kind="dgram udp wait.1000000"),
               preexec_fn=in_place()) as running:
        for client, served in ((NAMELESS, False), (GUEST, True)):
            fresh_log()
            with client_socket(client, kind=socket.SOCK_DGRAM) as s:
                s.settimeout(WAIT_SECONDS)
                s.sendto(b"x", ("127.0.0.1", 7080))
                if served:
                    equal(s.recv(100), b"x served")
                until(lambda: len(said()) == 1, "a line")
                equal(said(), [(connect if served else refuse)(
                    client, "guest.example.org" if served else None, daemon="one").encode()])
                until(lambda: not running.children(), "its end")


@test("datagrams when a table is no file: each is taken away and told, by a child")
def _():
    tables("other: ALL\n", None)
    place.joinpath("hosts.deny").mkdir()
    try:
        for kind in ("wait", "nowait"):
            with Inetd(line(7080, "root /usr/sbin/one one", kind=f"dgram udp {kind}.1000000"),
                       preexec_fn=in_place()) as running, \
                    client_socket("127.0.0.1", kind=socket.SOCK_DGRAM) as s:
                fresh_log()
                for number in (1, 2):
                    s.sendto(b"x", ("127.0.0.1", 7080))
                    until(lambda: len(said()) == 2 * number, "an error and a refusal")
                equal(said()[-1], refuse(daemon="one").encode())
                until(lambda: not running.children(), "its end")
    finally:
        place.joinpath("hosts.deny").rmdir()


# ---- tables that change ----

@test("an edit counts at the next connection, fifty times, however it is saved")
def _():
    house()
    for number in range(50):
        deny = "svc: ALL\n" if number % 2 == 0 else "# nobody\n"
        if number % 3 == 0:
            place.joinpath("hosts.deny").write_text(deny)
            place.joinpath("hosts.allow").write_text("# none\n")
        else:
            tables("", deny)
        equal((number, knock(CUT)), (number, b"" if number % 2 == 0 else SERVED))


@test(f"a table of {MANY_RULES} rules is read: who needs it waits, and is judged by it; others notice nothing")
def _():
    tables()
    with Inetd(block(7090) + block(7091, "flags = NOLIBWRAP"), "-R", "0", preexec_fn=in_place()):
        usual = [timed(7091) for _ in range(200)]
        tables("", "".join(f"svc: 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(MANY_RULES))
               + f"svc: {GUEST}\n")
        results = []
        waiting = [threading.Thread(target=lambda c=c: results.append((c, knock(7090, c))))
                   for c in ("127.0.0.1", GUEST)]
        began = time.monotonic()
        for thread in waiting:
            thread.start()
        meanwhile = []
        while any(thread.is_alive() for thread in waiting):
            meanwhile.append(timed(7091))
        took = time.monotonic() - began
        equal(sorted(results), [("127.0.0.1", SERVED), (GUEST, b"")])
        print(f"# read in {took:.2f} s; {len(meanwhile)} others meanwhile, median "
              f"{median(meanwhile) * 1e3:.2f} ms (before: {median(usual) * 1e3:.2f}), worst "
              f"{max(meanwhile) * 1e3:.1f}")
        # Were the loop to read, one client would wait for all of it, and the next found it done.
        if took < 0.1 or len(meanwhile) < 5 or median(meanwhile) > took / 5:
            raise AssertionError(f"others waited: {len(meanwhile)} in {took:.3f} s")
        tables("", "")


def timed(port):
    began = time.monotonic()
    equal(knock(port), SERVED)
    return time.monotonic() - began


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


@test("a table that the service's user may not read refuses, in tcpd's words; root's service goes on",
      need_root=True)
def _():
    house(), house_of_tcpd()
    tables("other: ALL\n", "other: ALL\n")
    compare("127.0.0.1", USERS, USERS_PLAIN)
    equal(knock(USERS), SERVED)
    for name in ("hosts.allow", "hosts.deny"):
        (place / name).chmod(0o600)
        compare("127.0.0.1", USERS, USERS_PLAIN)
        equal(knock(USERS), b"")
        compare("127.0.0.1")
        equal(knock(CUT), SERVED)
        (place / name).chmod(0o644)
    # The same for a folder on the way, and a list.
    place.joinpath("closed").mkdir(exist_ok=True)
    place.joinpath("closed/list").write_text("127.\n")
    tables("svc: /etc/closed/list\n", "ALL: ALL\n")
    equal((knock(USERS), knock(CUT)), (SERVED, SERVED))
    place.joinpath("closed").chmod(0o700)
    compare("127.0.0.1", USERS, USERS_PLAIN)
    equal((knock(USERS), knock(CUT)), (b"", SERVED))
    place.joinpath("closed").chmod(0o755)
    equal(knock(USERS), SERVED)


@test("a table that is no file refuses everybody, in tcpd's words")
def _():
    house(), house_of_tcpd()
    tables("svc: ALL\n", None)
    place.joinpath("hosts.deny").mkdir()
    try:
        compare("127.0.0.1")
        equal(knock(CUT), SERVED)  # by the first table
        tables_allow_only("other: ALL\n")
        compare("127.0.0.1")
        equal(knock(CUT), b"")
    finally:
        place.joinpath("hosts.deny").rmdir()


def tables_allow_only(text):
    new = place / ".hosts.allow"
    new.write_text(text)
    new.rename(place / "hosts.allow")


# ---- names ----

@functools.lru_cache(maxsize=None)
def name_server():
    dns = DnsServer()
    reverse = "PTR 77.0.0.127.in-addr.arpa"
    server = dns.serve({reverse: SILENCE})
    return dns, server


@test("a rule of names with a name server that says nothing: the client waits, nobody else does; a judge "
      "that is killed lets nobody in")
def _():
    _, server = name_server()
    place.joinpath("resolv.conf").write_text(f"nameserver {server.address}\n")
    place.joinpath("nsswitch.conf").write_text("hosts: files dns\npasswd: files\ngroup: files\n")
    tables("svc: .example.org\nfree: ALL\n", "ALL: ALL\n")
    service("free")
    conf = line(7095, f"root /usr/sbin/svc svc {dir}/served") + \
        line(7096, f"root /usr/sbin/free free {dir}/served")
    try:
        with Inetd(conf, preexec_fn=in_place()) as running:
            clients = [socket.create_connection(("127.0.0.1", 7095), WAIT_SECONDS, (DNS_CLIENT, 0))
                       for _ in range(5)]
            until(lambda: len(running.children()) == 5, "five judges")
            slowest = max(timed(7096) for _ in range(100))
            equal(knock(7095, GUEST), SERVED)
            if slowest > 0.5:
                raise AssertionError(f"another service took {slowest:.2f} s")
            until(lambda: len(running.children()) == 5, "the five judges alone")
            for pid, _ in running.children():
                os.kill(pid, signal.SIGKILL)
            for client in clients:
                with client:
                    try:
                        equal(client.recv(10), b"")
                    except ConnectionResetError:
                        pass
            until(lambda: not running.children(), "no process is left")
    finally:
        place.joinpath("nsswitch.conf").write_text(ETC["nsswitch.conf"])


# ---- refusals ----

@test("thousands are refused as fast as may be: no process, no descriptor, and lines and numbers are all")
def _():
    stage.mount("tmpfs", "/run", "tmpfs")
    tables("", "ALL: ALL\n")
    with Inetd(line(7097, f"root {TCPD} svc {dir}/served"), preexec_fn=in_place()) as running:
        equal(knock(7097), b"")
        before, processes, count = sorted(os.listdir(f"/proc/{running.pid}/fd")), 0, 3000
        fresh_log()
        for number in range(count):
            equal(knock(7097), b"")
            if number % 100 == 0:
                processes += len(running.children())
                syslog.drain()
        until(lambda: told_refusals() >= count, "all of them", 3)
        equal(told_refusals(), count)
        equal((processes, running.children()), (0, []))
        equal(sorted(os.listdir(f"/proc/{running.pid}/fd")), before)
    libc.umount2(b"/run", MNT_DETACH)


def told_refusals():
    lines = said()
    more = [int(m[1]) for l in lines if (m := re.search(rb"refused (\d+) more connects in 1 s", l))]
    return sum(b"refused connect from" in l for l in lines) + sum(more)


@test("what a refused client has sent does not turn the end into a reset")
def _():
    house()
    tables("", "ALL: ALL\n")
    equal(knock(CUT, send=b"x" * 100000), b"")


@test("a reload while a client waits for a table: it is served where its address stays, else closed")
def _():
    tables("", "")
    keep, go = (line(port, f"root /usr/sbin/svc svc {dir}/served") for port in (7098, 7099))
    with Inetd(keep + go, preexec_fn=in_place()) as running:
        equal((knock(7098), knock(7099)), (SERVED, SERVED))
        tables("", "# new\n")
        clients = [socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
                   for port in (7098, 7099)]
        running.reload(keep)
        for client in clients:
            with client:
                equal(read_all(client) in ((SERVED,) if client is clients[0] else (SERVED, b"")), True)
        equal(knock(7098), SERVED)


main()
