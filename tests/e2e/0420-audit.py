#!/usr/bin/env python3
# packages: openssh-server vsftpd xinetd openbsd-inetd nginx redis-server tcpd libwrap0
# timeout: 300
# seconds: 17
"""tcpwrap audit on a host of its own that runs Debian's daemons, our inetd, and a static server: which
of them ask the tables, by which name, and what these say; what it says of what it cannot see."""
import ctypes
import json
import shlex
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

AUDIT = dir / "tcpwrap"
LISTENING = dir / "listening"
SSH, FTP, DEAF_FTP, NGINX, REDIS, STATIC = 7401, 7402, 7403, 7404, 7405, 7406
XINETD, OURS_PORT, DEBIANS_PORT, L_PORT = 7410, 7420, 7430, 7440  # the first of some

TABLES = (f"""\
sshd: 10.
vsftpd: 192.168.0.0/255.255.0.0 127.0.0.1
nginx: 10.
cat: 127.0.0.1
other: ALL
in.cat: 127. 10. 172.16. .example.org
redis-server: 127.0.0.1
""", "ALL: ALL\n")


def kill(name):
    for pid in [pid for pid, its in processes().items() if its == name]:
        os.kill(pid, signal.SIGKILL)
        until(lambda: processes().get(pid) != name, f"{name} ends")


def audit(*options, status=1, **popen):
    done = run(AUDIT, "audit", *options, **popen)
    equal((done[0], done[2]), (status, ""))
    return done[1]


def sockets(*options, status=1, **popen):
    """(protocol, family, port) -> the socket; and the document."""
    document = json.loads(audit("--json", *options, status=status, **popen))
    equal(document["version"], 1)
    found = {(s["protocol"], s["family"], s["port"]): s for s in document["sockets"]}
    equal(len(found), len(document["sockets"]))
    return found, document


def said(socket):
    """Who asks, by which names, and what becomes of: anybody, loopback, the networks of old."""
    verdicts = [v and v["verdict"] + "*" * v["some_otherwise"]
                for v in list(socket["verdicts"].values())[:5]]
    return [socket["guard"], "+".join(socket["daemons"]), *verdicts]


class Listener:
    """One of ours, started as a name."""

    def __init__(self, *words, program=LISTENING, port=None, **popen):
        self.process = subprocess.Popen([program, *map(str, words)], stdin=subprocess.DEVNULL, **popen)
        self.pid = self.process.pid
        if port:
            until(lambda: is_bound(port), f"port {port}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


# ---- the host ----

def entry(name, port, more, kind="stream"):
    return f"""\
service {name}
{{
    type = UNLISTED
    port = {port}
    socket_type = {kind}
    protocol = {"udp" if kind == "dgram" else "tcp"}
    wait = no
    user = root
{more}}}
"""


def configure():
    run_dir = pathlib.Path("/run")
    os.mkdir("/var/lib/nginx")
    (run_dir / "sshd_config").write_text(f"Port {SSH}\nListenAddress 0.0.0.0\nUsePAM no\n"
                                         "HostKey /run/host_key\nPidFile none\n")
    for port, setting in ((FTP, "tcp_wrappers=YES\n"), (7499, "tcp_wrappers=YES\n"), (DEAF_FTP, "")):
        (run_dir / f"vsftpd{port}.conf").write_text(
            f"listen=YES\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\n"
            f"secure_chroot_dir=/run/vsftpd/empty\n{setting}")
    (run_dir / "nginx.conf").write_text(
        f"daemon off;\npid /run/nginx.pid;\nuser root;\nworker_processes 2;\n"
        f"error_log stderr;\nevents {{}}\nhttp {{ access_log off; server {{ listen {NGINX}; }} }}\n")
    cat, own = "    server = /bin/cat\n", "    flags = NOLIBWRAP\n"
    tcpd = "    server = /usr/sbin/tcpd\n    server_args = /usr/sbin/in.cat\n"
    (run_dir / "xinetd.conf").write_text("defaults\n{\n}\n" + "".join((
        entry("one", XINETD, cat), entry("two", XINETD + 1, cat + "    libwrap = other\n"),
        entry("three", XINETD + 2, own + cat),
        entry("four", XINETD + 3, "    flags = NAMEINARGS NOLIBWRAP\n" + tcpd),
        entry("five", XINETD + 4, "    flags = NAMEINARGS\n" + tcpd),
        entry("off", XINETD + 5, cat + "    disable = yes\n"))))
    lines = "".join(f"{{{n}}}\tstream\ttcp\tnowait\troot\t{server}\n" for n, server in enumerate((
        "/usr/sbin/tcpd\t/usr/sbin/in.cat", "/bin/cat\tmeow", "/usr/sbin/in.cat\tin.cat")))
    (run_dir / "ours.conf").write_text(lines.format(*range(OURS_PORT, OURS_PORT + 3)) +
                                       "echo stream tcp nowait root internal\n")
    for port in (DEBIANS_PORT, L_PORT):
        (run_dir / f"inetd{port}.conf").write_text(lines.format(*range(port, port + 3)))


def compile_listening():
    cc = shlex.split(os.environ.get("CC", "cc"))
    if not shutil.which(cc[0]):
        skip_script("no C compiler for listening.c")
    done = run(*cc, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-static", "-o", LISTENING,
               pathlib.Path(__file__).parent / "listening.c")
    if done[0] != 0:
        skip_script(f"cannot link statically: {done[2].splitlines()[-1]}")


def start():
    def inetd(port, *options):
        return Daemon(packages / "usr/sbin/inetd", "-i", *options, f"/run/inetd{port}.conf", port=port)
    return [
        Daemon("/usr/sbin/sshd", "-D", "-f", "/run/sshd_config", port=SSH),
        Daemon("/usr/sbin/vsftpd", f"/run/vsftpd{FTP}.conf", port=FTP),
        Daemon("/usr/sbin/vsftpd", f"/run/vsftpd{DEAF_FTP}.conf", port=DEAF_FTP),
        Daemon("/usr/sbin/nginx", "-c", "/run/nginx.conf", port=NGINX),
        Daemon(packages / "usr/bin/redis-server", "--port", REDIS, "--bind", "127.0.0.1",
               "--save", "", "--dir", "/run", port=REDIS),
        Daemon(LISTENING, "udp", "::", STATIC, port=STATIC),
        Daemon("/usr/sbin/xinetd", "-dontfork", "-f", "/run/xinetd.conf", port=XINETD),
        Daemon(OURS / "inetd", "-f", "--control", "none", "/run/ours.conf", port=OURS_PORT),
        inetd(DEBIANS_PORT), inetd(L_PORT, "-l")]


def host():
    """What is true here: port -> families of its sockets, who asks, by which names, and what becomes of
    anybody, loopback (of IPv4, of IPv6, of both), 10/8, 172.16/12, 192.168/16."""
    open_, refused, admitted, some = "open", "refused", "admitted", "some"
    every = dict.fromkeys("46", open_) | {"46": open_}
    nobody = every | dict.fromkeys(every, refused)
    v4_only = {"4": admitted, "6": refused, "46": some}
    tcpd = [refused + "*", v4_only, admitted, some + "*", refused + "*"]
    cat = [refused, v4_only] + 3 * [refused]
    nothing = [open_, every] + 3 * [open_]
    return {
        SSH: ["4", "linked", "sshd", refused, nobody, admitted, refused, refused],
        FTP: ["4", "linked", "vsftpd", refused, v4_only, refused, refused, admitted],
        DEAF_FTP: ["4", "nothing", "vsftpd", *nothing],
        NGINX: ["4", "nothing", "nginx", *nothing],
        REDIS: ["4", "nothing", "redis-check-rdb+redis-server", None, every] + 3 * [None],
        STATIC: ["46", "nothing", "listening", *nothing],
        XINETD: ["46", "super-server", "cat", *cat],
        XINETD + 1: ["46", "super-server", "other", admitted, dict.fromkeys(every, admitted),
                     *3 * [admitted]],
        XINETD + 2: ["46", "nothing", "cat", *nothing],
        XINETD + 3: ["46", "tcpd", "in.cat", *tcpd],
        # xinetd asks by what is to be started, and then tcpd asks again
        XINETD + 4: ["46", "super-server", "in.cat", *tcpd],
        OURS_PORT: ["4 6", "super-server", "in.cat", *tcpd],
        OURS_PORT + 1: ["4 6", "super-server", "cat", *cat],
        OURS_PORT + 2: ["4 6", "super-server", "in.cat", *tcpd],
        7: ["4 6", "super-server", "echo", refused, nobody] + 3 * [refused],
        DEBIANS_PORT: ["4 6", "tcpd", "in.cat", *tcpd],
        DEBIANS_PORT + 1: ["4 6", "nothing", "cat", *nothing],
        DEBIANS_PORT + 2: ["4 6", "linked", "in.cat", *tcpd],
        L_PORT: ["4 6", "super-server", "in.cat", *tcpd],
        L_PORT + 1: ["4 6", "super-server", "meow", refused, nobody] + 3 * [refused],
        L_PORT + 2: ["4 6", "super-server", "in.cat", *tcpd],
    }


def whole():
    """The same, socket by socket, as said() has it."""
    found = {}
    for port, (families, guard, names, anybody, loopback, *nets) in host().items():
        for family in families.split():
            nets_here = [None] * 3 if family == "6" else nets
            # a rule on names concerns IPv6 clients, too
            found["udp" if port == STATIC else "tcp", "ipv6" if "6" in family else "ipv4", port] = [
                guard, names, anybody, loopback[family], *nets_here]
    return found


@test("every socket: who asks, by which name, and what becomes of whom")
def _():
    found, document = sockets("--namespace", "own")
    got, want = {key: said(s) for key, s in found.items()}, whole()
    equal(set(got), set(want))
    for key, value in want.items():
        equal((key, got[key]), (key, value))
    nothing = [key for key, value in want.items() if value[0] == "nothing"]
    equal(document["counts"], {"sockets": len(want), "asking": len(want) - len(nothing),
                               "nothing": len(nothing) - 1, "maybe": 0, "unseen": 0, "loopback": 1})
    equal(document["unseen"], {"processes": 0, "lists": 0, "lines": 0})


def answer(port):
    """What a client gets, and is told: bytes, or that the server hangs up."""
    with connect(port, "127.0.0.1") as s:
        s.settimeout(WAIT_SECONDS)
        try:
            s.sendall(b"PING\r\n" if port == REDIS else b"GET / HTTP/1.0\r\n\r\n")
            return s.recv(4)
        except (ConnectionResetError, BrokenPipeError):
            return b""


@test("that is so: who asks, and nobody else, serves otherwise with other tables, and by those names")
def _():
    ports = sorted(set(host()) - {STATIC})
    names = {port: value[2].split("+") for port, value in host().items()}
    tables("", "")
    admitted = {port: answer(port) for port in ports}
    tables("", "ALL: ALL\n")
    refused = {port: answer(port) for port in ports}
    asks = {port for port in ports if admitted[port] != refused[port]}
    equal(asks, {port for port in ports if host()[port][1] != "nothing"})
    for port in sorted(asks):
        tables(f"{' '.join(names[port])}: 127.0.0.1\n")
        equal((port, answer(port)), (port, admitted[port]))
        for name in names[port]:
            tables(f"ALL EXCEPT {name}: ALL\n")
            equal((port, name, answer(port)), (port, name, refused[port]))


@test("rules for a port, for an address of this host, and lists in files: who is in them, exactly")
def _():
    pathlib.Path("/run/list").write_text("192.168.0.0/16 172.16.0.1\n")
    tables(f"{SSH}: 10.\ncat@127.0.0.1: ALL\nvsftpd: /run/list\nmeow: [2001:db8::]/32 ALL\n")
    found = sockets("--namespace", "own")[0]
    refused = "refused"
    equal(said(found["tcp", "ipv4", SSH])[2:], [refused, refused, "admitted", refused, refused])
    equal(said(found["tcp", "ipv4", FTP])[2:], [refused, refused, refused, "some", "admitted"])
    equal(said(found["tcp", "ipv4", OURS_PORT + 1])[2:],
          [refused + "*", "admitted", refused + "*", refused + "*", refused + "*"])
    tables("", "cat: ALL EXCEPT 127.0.0.1\nALL: 10.1.2.3\n")
    found = sockets("--namespace", "own")[0]
    equal(said(found["tcp", "ipv4", OURS_PORT + 1])[2:], [refused, "admitted", *[refused] * 3])
    equal(said(found["tcp", "ipv4", SSH])[2:],
          ["admitted", "admitted", "some", "admitted", "admitted"])


@test("rules for daemons that never read them are told, with their lines, and no others")
def _():
    warnings = sockets("--namespace", "own")[1]["warnings"]
    equal([(w["id"], w["file"], w["line"]) for w in warnings], [
        ("RULE_UNREAD", "/etc/hosts.allow", 3), ("RULE_UNREAD", "/etc/hosts.allow", 7)])
    equal(warnings[0]["message"], f"nginx listens on tcp 0.0.0.0:{NGINX}, and never reads this rule")


@test("the library: which file, ours, and of which version; Debian's is not")
def _():
    def library(pid):
        process, = (p for s in sockets("--namespace", "own")[1]["sockets"] for p in s["programs"]
                    if p["pid"] == pid)
        return process["library"], process["ours"], process["version"], process["replaced"]
    version = run(AUDIT, "--version")[1].split()[1]
    equal(library(running[0].pid), (str(OURS / "libwrap.so.0"), True, f"libwrap {version}", False))
    use(DEBIANS)
    try:
        with Daemon("/usr/sbin/vsftpd", "/run/vsftpd7499.conf", port=7499) as daemon:
            path = os.path.realpath(DEBIANS / "libwrap.so.0")
            equal(library(daemon.pid), (path, False, None, False))
    finally:
        use(OURS)


@test("a library that was replaced: the daemon is to be restarted, and what it has is known all the same")
def _():
    folder = dir / "replaced"
    folder.mkdir()
    shutil.copy(OURS / "libwrap.so.0", folder)
    use(folder)
    try:
        with Daemon("/usr/sbin/vsftpd", "/run/vsftpd7499.conf", port=7499) as daemon:
            shutil.copy(OURS / "libwrap.so.0", folder / "new")
            os.rename(folder / "new", folder / "libwrap.so.0")
            found, document = sockets("--namespace", "own")
            process, = found["tcp", "ipv4", 7499]["programs"]
            equal((process["replaced"], process["ours"]), (True, True))
            equal([w["message"] for w in document["warnings"] if w["id"] == "LIBRARY_REPLACED"],
                  [f"vsftpd[{daemon.pid}] goes on with a libwrap that was replaced: "
                   f"{folder}/libwrap.so.0"])
    finally:
        use(OURS)


@test("programs and files of any name: one line each, and JSON that says which bytes they are")
def _():
    odd = os.fsencode(dir) + b"/a\n\x1b[31m\xff \\\" \xc3\xa9"
    shutil.copy(LISTENING, odd)
    with Listener("tcp", "127.0.0.1", 7498, program=odd, port=7498):
        found, _ = sockets("--tcp", "--namespace", "own")
        process, = found["tcp", "ipv4", 7498]["programs"]
        equal(os.fsencode(process["exe"]), odd)
        text = audit("--namespace", "own")
        equal([c for c in text if c not in "\n\t" and not " " <= c <= "~"], [])
        line, = (line for line in text.splitlines() if ":7498 " in line)
        equal("a\\x0a\\x1b[31m\\xff \\x5c\" \\xc3\\xa9" in line, True)


@test("a socket of several programs is told, and those of one program are not")
def _():
    with Listener("tcp", "127.0.0.1", 7498, "/bin/sleep", 1000, port=7498) as one:
        until(lambda: "sleep" in processes().values(), "the child is another program")
        found, document = sockets("--namespace", "own")
        equal([w["id"] for w in document["warnings"]], ["SOCKET_SHARED", "RULE_UNREAD", "RULE_UNREAD"])
        equal([p["name"] for p in found["tcp", "ipv4", 7498]["programs"]], ["listening", "sleep"])
        equal([p["name"] for p in found["tcp", "ipv4", NGINX]["programs"]], ["nginx"] * 3)
    kill("sleep")


# ---- what cannot be seen ----

@test("who may not look sees each socket all the same, with inode and user, and is told what is hidden")
def _():
    seen = sockets("--namespace", "own")[0]
    with Listener("tcp", "127.0.0.1", 7498, port=7498, preexec_fn=as_nobody) as own:
        found, document = sockets("--namespace", "own", preexec_fn=as_nobody)
        mine = found.pop(("tcp", "ipv4", 7498))
    equal((said(mine)[0], mine["programs"][0]["pid"], mine["user"]), ("nothing", own.pid, "nobody"))
    equal({key: s["inode"] for key, s in found.items()}, {k: s["inode"] for k, s in seen.items()})
    equal({(s["guard"], s["asks"], s["uid"], len(s["programs"])) for s in found.values()},
          {("unseen", None, 0, 0)})
    equal({v and v["verdict"] for s in found.values() for v in s["verdicts"].values()},
          {None, "unknown"})
    equal(document["unseen"]["processes"] > 0, True)
    text = audit("--namespace", "own", preexec_fn=as_nobody)
    inode = seen["tcp", "ipv4", SSH]["inode"]
    line, = (line for line in text.splitlines() if f":{SSH} " in line)
    equal(line.split()[:6], ["?", "tcp", f"0.0.0.0:{SSH}", "?[inode", f"{inode}]", "root"])
    equal("not seen: what " in text and "ask as root" in text, True)


@test("tables that may not be read say nothing to who asks; a library that was loaded as a module counts")
def _():
    redis = (packages / "usr/bin/redis-server", "--port", 7498, "--bind", "127.0.0.1", "--save", "")
    with Listener(*redis[1:], program=redis[0], port=7498, preexec_fn=as_nobody,
                  env={"LD_PRELOAD": str(OURS / "libwrap.so.0")}, stdout=subprocess.DEVNULL):
        table = pathlib.Path("/etc/hosts.deny")
        for mode, want in ((0o644, "some"), (0o600, "unknown")):
            table.chmod(mode)
            found = sockets("--namespace", "own", preexec_fn=as_nobody)[0]["tcp", "ipv4", 7498]
            equal(said(found)[:4], ["linked", "redis-check-rdb+redis-server", None, want])
        table.chmod(0o644)


def apart():
    """In a network of its own, loopback included."""
    equal(libc.unshare(CLONE_NEWNET), 0)


@test("other network namespaces: each with its number; own is one's own")
def _():
    here = os.stat("/proc/self/ns/net").st_ino
    with Listener("udp", "0.0.0.0", 7497, preexec_fn=apart) as other:
        there = os.stat(f"/proc/{other.pid}/ns/net").st_ino
        until(lambda: "1D49" in pathlib.Path(f"/proc/{other.pid}/net/udp").read_text(), "it is bound")
        for options in ({}, {"preexec_fn": as_nobody}):
            found, document = sockets("--udp", **options)
            socket = found["udp", "ipv4", 7497]
            equal(socket["namespace"]["own"], False)
            equal(found["udp", "ipv6", STATIC]["namespace"], {"id": here, "own": True})
            if not options:
                equal((socket["namespace"]["id"], socket["programs"][0]["pid"]), (there, other.pid))
        equal(f"namespace net:[{there}]\n" in audit("--udp"), True)
        equal(set(sockets("--udp", "--namespace", "own")[0]), {("udp", "ipv6", STATIC)})
        equal(here != there, True)


@test("a daemon with another /etc is judged by the tables that it sees")
def _():
    etc = dir / "etc2"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    (etc / "hosts.allow").write_text("vsftpd: ALL\n")

    def other_etc():
        equal(libc.unshare(CLONE_NEWNS), 0)
        bind_mount(etc, "/etc")
    with Listener("/run/vsftpd7499.conf", program="/usr/sbin/vsftpd", port=7499,
                  preexec_fn=other_etc) as daemon:
        found, document = sockets("--namespace", "own")
        equal(said(found["tcp", "ipv4", 7499]), ["linked", "vsftpd"] + ["admitted"] * 5)
        equal([w["message"] for w in document["warnings"] if w["id"] == "OTHER_TABLES"],
              [f"vsftpd[{daemon.pid}] sees another /etc: its tables are those below "
               f"/proc/{daemon.pid}/root"])


# ---- who starts others ----

@test("systemd holds the socket: what its unit starts is what counts")
def _():
    manager = dir / "systemd"
    shutil.copy(LISTENING, manager)
    units = pathlib.Path("/etc/systemd/system")
    units.mkdir(parents=True, exist_ok=True)
    (units / "x.socket").write_text("[Socket]\nListenStream=127.0.0.1:7496\nAccept=yes\n")
    service = units / "x@.service"
    with Listener("tcp", "127.0.0.1", 7496, program=manager, port=7496):
        for command, want in (("@/usr/sbin/tcpd in.x", ["tcpd", "in.x"]),
                              (str(packages / "usr/sbin/sshd"), ["linked", "sshd"]),
                              ("/bin/cat", ["nothing", "cat"]), ("/nowhere", ["unseen", "nowhere"])):
            service.write_text(f"[Service]\nExecStart={command}\n")
            found = sockets("--namespace", "own")[0]["tcp", "ipv4", 7496]
            equal(said(found)[:2], want)
            equal(found["line"]["file"], str(service))
        (units / "x.socket").unlink()
        equal(said(sockets("--namespace", "own")[0]["tcp", "ipv4", 7496])[:2], ["unseen", ""])


@test("our inetd that is told not to ask, and a server that was given the listening socket")
def _():
    conf = pathlib.Path("/run/more.conf")
    conf.write_text("7495 dgram udp wait root /usr/sbin/tcpd /bin/sleep 1000\n"
                    "7496 stream tcp4 nowait root /bin/cat cat\n")
    tables("sleep: 127.0.0.1\n")
    try:
        for options, guards in (((), ["maybe", "super-server"]), (("-A",), ["maybe", "nothing"])):
            with Daemon(OURS / "inetd", "-f", "--control", "none", *options, conf, port=7496):
                found = sockets("--namespace", "own")[0]
                equal([found["udp", "ipv4", 7495]["guard"], found["tcp", "ipv4", 7496]["guard"]], guards)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.sendto(b"x", ("127.0.0.1", 7495))
                until(lambda: "sleep" in processes().values(), "it has a server")
                waiting = sockets("--namespace", "own")[0]["udp", "ipv4", 7495]
                equal((waiting["guard"], waiting["reason"]),
                      ("maybe", found["udp", "ipv4", 7495]["reason"]))
                equal(waiting["reason"][:32], "only the first client is judged:")
                kill("sleep")
    finally:
        tables(*TABLES)


# ---- the command ----

@test("exit statuses: 0 all ask, or nobody listens; loopback counts if it is told to; 2 bad usage")
def _():
    with Daemon("/usr/sbin/vsftpd", "/run/vsftpd7499.conf", port=7499):
        equal("never ask the tables" in audit(status=1), True)
    equal(audit("--namespace", "own", status=0, preexec_fn=apart), "nothing listens here\n")

    def deaf(*options, status):
        """In a network of its own, with one listener on loopback."""
        with Listener("tcp", "127.0.0.1", 7494, preexec_fn=apart) as other:
            until(lambda: "1D46" in pathlib.Path(f"/proc/{other.pid}/net/tcp").read_text(), "it is bound")

            def join():
                fd = os.open(f"/proc/{other.pid}/ns/net", os.O_RDONLY)
                equal(libc.setns(fd, 0), 0)
            return audit("--namespace", "own", *options, status=status, preexec_fn=join)
    equal("1 of those that do not ask can be reached from this host only" in deaf(status=0), True)
    deaf("--loopback", status=1)
    equal(deaf("--quiet", status=0), "")
    for bad in (["x"], ["--namespace", "x"], ["--no-such"]):
        equal(run(AUDIT, "audit", *bad)[0], 2)
    equal(run(AUDIT, "audit", "--help")[0], 0)


@test("--tcp, --udp and --unprotected leave out the others; the sum is of all that was looked at")
def _():
    everything = set(whole())
    for options, want in (
            (["--tcp"], {key for key in everything if key[0] == "tcp"}),
            (["--udp"], {key for key in everything if key[0] == "udp"}),
            (["--tcp", "--udp"], everything),
            (["--unprotected"], {key for key, value in whole().items() if value[0] == "nothing"})):
        equal(set(sockets("--namespace", "own", *options)[0]), want)
    equal(f"of {len(everything)} listening sockets" in audit("--namespace", "own", "--unprotected"), True)


@test("colour on a terminal only, and not if it is not wanted")
def _():
    def on_terminal(**env):
        leader, follower = os.openpty()
        with subprocess.Popen([AUDIT, "audit", "--namespace", "own", "--udp"], stdout=follower,
                              env={"PATH": "/bin", "TERM": "vt100"} | env) as process:
            os.close(follower)
            text = b""
            try:
                while piece := os.read(leader, 65536):
                    text += piece
            except OSError:  # nobody has the other end any more
                pass
            os.close(leader)
        equal(process.wait(), 1)
        return text.decode().replace("\r", "")
    plain = audit("--namespace", "own", "--udp")
    equal("\033[1;31m" in on_terminal(), True)
    equal(re.sub(r"\033\[[0-9;]*m", "", on_terminal()), plain)
    equal(on_terminal(NO_COLOR="1"), plain)


compile_listening()
shutil.copy(BUILD / "src/cmd/tcpwrap/tcpwrap", AUDIT)
install("sshd", "vsftpd", "xinetd", "nginx", **{"in.cat": build_guest("wrapped")})
make_key("/run/host_key")
tables(*TABLES)
configure()
running = start()
for number, (what, function, need_root) in enumerate(tests):
    def fresh(function=function):
        tables(*TABLES)
        function()
    tests[number] = what, fresh, need_root
main()
