#!/usr/bin/env python3
# timeout: 120
"""inetctl and the control socket of a running inetd: every command, in text and JSON, against real
traffic; who is answered and who is not; what clients cannot do to the daemon."""
import errno
import json
import os
import pathlib
import pty
import re
import signal
import stat
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
from inetd_lab import *  # noqa: E402
from dns_server import SILENCE, DnsServer  # noqa: E402

Inetd.has_control = True
inetctl = dir / "inetctl"
shutil.copy(BUILD / "src/cmd/inetctl/inetctl", inetctl)
ERROR, USAGE, NO_INETD = 1, 2, 3

echo = script("echo", "import sys\nsys.stdout.write(sys.stdin.readline())")
hold = script("hold", "import sys\nprint('here', flush=True)\nsys.stdin.read()")
crash = script("crash", "import os\nos.kill(os.getpid(), 11)")
broken = dir / "broken"
broken.write_text("#!/nonexistent/interpreter\n")
broken.chmod(0o755)


def line(place, server=echo, kind="stream tcp4 nowait"):
    return f"{place} {kind} root {server} {pathlib.Path(server).name}\n"


def ctl(inetd, *words, want=0, **how):
    """What inetctl says on standard output; what it complains about is in ctl.errors."""
    where = ["--socket", inetd.control] if inetd is not None else []
    done = subprocess.run([inetctl, *words, *where], text=True, capture_output=True, timeout=WAIT_SECONDS, **how)
    ctl.errors = done.stderr
    if done.returncode != want:
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def ask(inetd, *words, want=0):
    return json.loads(ctl(inetd, "--json", *words, want=want))


def service(inetd, name):
    return ask(inetd, "status", name)["services"][0]


def raw(inetd, data, shut=False):
    """A connection to the control socket that has said something."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(WAIT_SECONDS)
    s.connect(str(inetd.control))
    s.sendall(data)
    if shut:
        s.shutdown(socket.SHUT_WR)
    return s


def said(s):
    with s:
        try:
            return read_all(s)
        except ConnectionResetError:
            return b""


def connect(port, host="127.0.0.1"):
    s = socket.create_connection((host, port), WAIT_SECONDS)
    s.settimeout(WAIT_SECONDS)
    return s


def is_silent(s, seconds=0.3):
    s.settimeout(seconds)
    try:
        return s.recv(1) is None
    except TimeoutError:
        s.settimeout(WAIT_SECONDS)
        return True


def can_take(port):
    """Could somebody else listen there?"""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen()
        except OSError as fault:
            equal(fault.errno, errno.EADDRINUSE)
            return False
        return True


CONF = line(7001) + line(7002, hold) + line("127.0.0.1:7003", crash) + line(dir / "sock", echo, "stream unix nowait")


@test("list and status: a table, an object, one service as a whole")
def _():
    with Inetd(CONF) as inetd:
        head, _, title, *rows = ctl(inetd, "list").splitlines()
        equal(bool(re.fullmatch(rf"inetd {inetd.pid}, up \ds, {inetd.conf} read \ds ago; 0 of 1 readings refused",
                                head)), True)
        equal(title.split(), ["SERVICE", "STATE", "RUNNING", "ADDRESSES"])
        at = title.index("ADDRESSES")
        equal([row[at:] for row in rows], ["0.0.0.0 port 7001", "0.0.0.0 port 7002", "127.0.0.1 port 7003",
                                          str(dir / "sock")])
        equal({row.split()[1] for row in rows}, {"online"})
        answer = ask(inetd, "list")
        equal([answer["version"], answer["ok"], answer["inetd"]["pid"]], [1, True, inetd.pid])
        ids = [s["id"] for s in answer["services"]]
        equal([row.split()[0] for row in rows], ids)
        equal([s["name"] for s in answer["services"]], ["7001/tcp4", "7002/tcp4", "7003/tcp4", str(dir / "sock")])
        whole = service(inetd, "7003")
        equal([whole[k] for k in ("type", "protocol", "wait", "server", "user", "file", "line", "kind")],
              ["stream", "tcp4", False, str(crash), "root", str(inetd.conf), 3, "server"])
        equal(whole["addresses"], [{"address": "127.0.0.1 port 7003", "state": "online", "error": None}])
        for name in (whole["id"], whole["name"], "7003"):
            shown = dict(row.split(None, 1) for row in ctl(inetd, "status", name).splitlines()[1:])
            equal([shown[k] for k in ("server", "state", "accepted")], [str(crash), "online", "0"])


@test("counters are exact")
def _():
    with Inetd(CONF + line(7004, broken)) as inetd:
        for _ in range(25):
            equal(tcp(7001, send=b"hi\n"), "hi\n")
        held = [connect(7002) for _ in range(4)]
        equal({s.recv(5) for s in held}, {b"here\n"})
        for _ in range(3):
            equal(tcp(7003), "")
            equal(tcp(7004), "")
        until(lambda: sum(s["running"] for s in ask(inetd, "list")["services"]) == 4, "servers end")
        counts = {s["name"]: s for s in ask(inetd, "status")["services"]}
        zero = dict.fromkeys(("accepted", "admitted", "refused", "limited", "failed", "crashed"), 0)
        for port, running, want in ((7001, 0, dict(accepted=25, admitted=25)), (7002, 4, dict(accepted=4, admitted=4)),
                                    (7003, 0, dict(accepted=3, admitted=3, crashed=3)),
                                    (7004, 0, dict(accepted=3, admitted=3, failed=3))):
            found = counts[f"{port}/tcp4"]
            equal((port, found["counters"], found["running"]), (port, {**zero, **want}, running))
        equal(counts["7004/tcp4"]["last_error"], "cannot execute: No such file or directory")
        equal([counts["7001/tcp4"][k] for k in ("last_error", "limit")], [None, None])
        columns = ctl(inetd, "status").splitlines()[2:]
        equal(columns[0].split()[2:], ["RUNNING", "ACCEPTED", "ADMITTED", "REFUSED", "LIMITED", "FAILED", "CRASHED"])
        equal(columns[1].split()[2:], ["0", "25", "25", "0", "0", "0", "0"])
        for s in held:
            s.close()
        inetd.reload(CONF)
        equal(service(inetd, "7001")["counters"]["accepted"], 25)


def block(name, port, *more):
    attributes = {"type": "UNLISTED", "socket_type": "stream", "protocol": "tcp4", "port": port, "wait": "no",
                  "user": "root", "server": echo, **dict(more)}
    return f"service {name}\n{{\n" + "".join(f"\t{k} = {v}\n" for k, v in attributes.items()) + "}\n"


def records(inetd):
    return [line.partition("record ")[2] for line in inetd.log().splitlines() if line.startswith("inetd: record ")]


NOT_US = ("only_from", "192.0.2.1")


@test("counters of what inetd does itself, and of what limits turn away")
def _():
    internal = ("type", "INTERNAL")
    with socket.create_server(("127.0.0.1", 7010)) as far:
        conf = block("echo", 7, internal) + block(
            "echo", 7, internal, ("id", "datagrams"), ("socket_type", "dgram"), ("protocol", "udp4")) + block(
            "limited", 7001, ("rate", "3/hour"), ("over_limit", "close")) + block(
            "away", 7002, ("redirect", "127.0.0.1 7010"))
        with Inetd(conf) as inetd:
            kept = connect(7)
            kept.sendall(b"hello")
            equal(kept.recv(5), b"hello")
            for _ in range(10):
                try:
                    tcp(7001, send=b"x\n")
                except ConnectionResetError:
                    pass
            for _ in range(4):
                equal(udp(7, "hello"), "hello")
            with connect(7002) as s, far.accept()[0] as other:
                other.sendall(b"far")
                equal(s.recv(3), b"far")
                equal(service(inetd, "away")["running"], 1)
            until(lambda: service(inetd, "away")["running"] == 0, "it is over")
            found = {s["id"].partition("/")[0]: s for s in ask(inetd, "status")["services"]}
            counts = {id: [s["counters"][k] for k in ("accepted", "admitted", "limited")] for id, s in found.items()}
            equal(sorted(counts.items()), [("away", [1, 1, 0]), ("datagrams", [4, 4, 0]), ("echo", [1, 1, 0]),
                                           ("limited", [10, 3, 7])])
            equal([found[id]["kind"] for id in ("away", "datagrams", "echo", "limited")],
                  ["redirect", "echo", "echo", "server"])
            equal([found["limited"]["limit"], found["echo"]["limit"], found["echo"]["running"]],
                  ["too many starts", None, 1])
            kept.close()


@test("a record at the end of each connection that was let in; of others, if somebody asks for it")
def _():
    conf = block("plain", 7001) + block("crashing", 7002, ("server", crash)) + block("short", 7003, (
        "log_on_success", "PID")) + block("daytime", 13, ("type", "INTERNAL")) + block("closed", 7005, NOT_US) + block(
            "noted", 7006, NOT_US, ("log_on_failure", "ATTEMPT"))
    client = r"client=127\.0\.0\.1 port=\d+"
    served = [rf"service=plain\S* {client} verdict=admitted pid=\d+ duration=\d\.\d{{3}} exit=0 cpu=\d\.\d{{6}}",
              rf"service=crashing\S* {client} verdict=admitted pid=\d+ duration=\d\.\d{{3}} signal=11 cpu=\d\.\d{{6}}",
              rf"service=short\S* {client} verdict=admitted pid=\d+",
              rf"service=daytime\S* {client} verdict=admitted duration=0\.0\d\d end=\w+ in=\d+ out=\d+"]
    closed, noted = [rf"service={name}\S* {client} verdict=refused\b.*" for name in ("closed", "noted")]
    for options, wanted in (((), served + [noted]), (("--records", "off"), []),
                            (("--records", "all"), served + [closed, noted])):
        with Inetd(conf, *options) as inetd:
            for port in (7001, 7002, 7003, 13, 7005, 7006):
                try:
                    tcp(port, send=b"x\n")
                except ConnectionResetError:
                    pass
            until(lambda: sum(s["running"] for s in ask(inetd, "list")["services"]) == 0, "servers end")
            found = records(inetd)
            missed = [form for form in wanted if not any(re.fullmatch(form, record) for record in found)]
            equal((missed, len(found)), ([], len(wanted)))
            counts = {s["name"].split("/")[0]: s["counters"] for s in ask(inetd, "status")["services"]}
            equal([(counts[n]["accepted"], counts[n]["refused"]) for n in ("plain", "daytime", "closed", "noted")],
                  [(1, 0), (1, 0), (1, 1), (1, 1)])


@test("a record names the rule that decided")
def _():
    etc = dir / "etc"
    etc.mkdir()
    for name in ("passwd", "group", "services", "nsswitch.conf", "hosts", "protocols"):
        if pathlib.Path("/etc", name).exists():
            shutil.copy(f"/etc/{name}", etc)
    (etc / "hosts.allow").write_text("# who may come\necho: 127.0.0.1\n")
    (etc / "hosts.deny").write_text("ALL: ALL\n")
    bind_mount(etc, "/etc")
    try:
        with Inetd(line(7001) + line(7002, hold), "--records", "all") as inetd:
            equal(tcp(7001, send=b"hi\n"), "hi\n")
            equal(tcp(7002), "")
            until(lambda: len(records(inetd)) == 2, "two records")
            rules = sorted(re.search(r"verdict=(\w+) rule=(\S+)", record).groups() for record in records(inetd))
            equal(rules, [("admitted", "/etc/hosts.allow:2"), ("refused", "/etc/hosts.deny:1")])
            equal([service(inetd, "7002")["counters"][k] for k in ("accepted", "admitted", "refused")], [1, 0, 1])
    finally:
        libc.umount(b"/etc")


@test("pause: clients wait in the queue, the port stays taken, and resume serves them")
def _():
    with Inetd(CONF) as inetd:
        id = service(inetd, "7002")["id"]
        equal(ctl(inetd, "pause", "7002"), f"{id}: paused\n")
        waiting = [connect(7002) for _ in range(20)]
        equal([is_silent(waiting[0]), inetd.children(), can_take(7002)], [True, [], False])
        equal(tcp(7001, send=b"hi\n"), "hi\n")
        equal(ctl(inetd, "pause", id), f"{id}: already paused\n")
        inetd.reload(CONF + line(7009))
        equal([service(inetd, "7002")[k] for k in ("state", "running")], ["paused", 0])
        equal(service(inetd, "7002")["counters"]["accepted"], 0)
        ticks = inetd.cpu_ticks()
        time.sleep(0.3)
        equal(inetd.cpu_ticks() - ticks < 5, True)
        ctl(inetd, "resume", "7002")
        equal({s.recv(5) for s in waiting}, {b"here\n"})
        found = service(inetd, "7002")
        equal([found["state"], found["counters"]["accepted"], found["running"]], ["online", 20, 20])
        equal("already resumed" in ctl(inetd, "resume", "7002"), True)
        for s in waiting:
            s.close()


@test("pause: who was let in already, and waits for a place, goes on waiting")
def _():
    with Inetd(block("one", 7001, ("server", hold), ("per_source", 1), ("over_limit", "wait"))) as inetd:
        first = connect(7001)
        equal(first.recv(5), b"here\n")
        second = connect(7001)
        until(lambda: service(inetd, "one")["waiting"] == 1, "the other one waits")
        ctl(inetd, "pause", "one")
        first.close()
        until(lambda: service(inetd, "one")["running"] == 0, "its place is free")
        equal(is_silent(second), True)
        ctl(inetd, "resume", "one")
        equal(second.recv(5), b"here\n")
        second.close()


@test("pause: datagrams wait, too")
def _():
    reply = script("reply", "import socket\ns = socket.socket(fileno=0)\nd, a = s.recvfrom(99)\ns.sendto(d, a)")
    with Inetd(line(7001, reply, "dgram udp4 wait")) as inetd:
        ctl(inetd, "pause", "7001/udp4")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(WAIT_SECONDS)
            s.sendto(b"hi", ("127.0.0.1", 7001))
            equal([is_silent(s), inetd.children()], [True, []])
            ctl(inetd, "resume", "7001")
            equal(s.recv(99), b"hi")
        until(lambda: service(inetd, "7001")["running"] == 0, "server ends")
        equal(service(inetd, "7001")["counters"]["accepted"], 1)


@test("drop: closed until the next reload; servers go on, or end with --running")
def _():
    with Inetd(CONF) as inetd:
        held = connect(7002)
        equal(held.recv(5), b"here\n")
        equal("dropped until the next reload\n" in ctl(inetd, "drop", "7002"), True)
        equal([refused(7002), can_take(7002), len(inetd.children())], [True, True, 1])
        equal([service(inetd, "7002")[k] for k in ("state", "running")], ["dropped", 1])
        equal(service(inetd, "7002")["addresses"][0]["state"], "dropped")
        equal("already" in ctl(inetd, "drop", "7002"), True)
        equal(ctl(inetd, "drop", dir / "sock").startswith(f"{dir}/sock: dropped"), True)
        equal((dir / "sock").exists(), False)
        inetd.reload()
        equal(unix(dir / "sock", send=b"hi\n"), "hi\n")
        with connect(7002) as other:
            equal(other.recv(5), b"here\n")
            equal("servers told to end: 2" in ctl(inetd, "drop", "--running", "7002"), True)
            equal([held.recv(1), other.recv(1), refused(7002)], [b"", b"", True])
        until(lambda: inetd.children() == [], "servers end")
        equal(tcp(7001, send=b"hi\n"), "hi\n")


waiter = script("waiter", """import os, select, socket
s = socket.socket(fileno=0)
while select.select([s], [], [], 60)[0]:
    if s.type == socket.SOCK_STREAM:
        c = s.accept()[0]
        c.sendall(b"%d" % os.getpid())
        c.close()
    else:
        s.sendto(b"%d" % os.getpid(), s.recvfrom(99)[1])""")


def pid_of(port, kind):
    return int(tcp(port) if kind == "stream" else udp(port, "x"))


@test("drop of a wait service: its server goes on, the port is free when it ends, and a reload before that takes it on")
def _():
    for kind, protocol in ("stream", "tcp4"), ("dgram", "udp4"):
        with Inetd(line(7001, waiter, f"{kind} {protocol} wait") + line(7002)) as inetd:
            def state():
                found = service(inetd, "7001")
                return found["state"], found["addresses"][0]["state"], found["running"]
            first = pid_of(7001, kind)
            ctl(inetd, "drop", "7001")
            equal((state(), pid_of(7001, kind)), (("dropped", "dropped", 1), first))
            equal("already" in ctl(inetd, "drop", "7001"), True)
            ctl(inetd, "reload")
            equal((state(), pid_of(7001, kind)), (("online", "online", 1), first))
            os.kill(first, signal.SIGTERM)
            until(lambda: state()[2] == 0, "its end")
            second = pid_of(7001, kind)
            equal(second != first, True)
            ctl(inetd, "drop", "7001")
            os.kill(second, signal.SIGTERM)
            until(lambda: inode(7001, protocol[:3]) is None, "the port is free")
            equal(state(), ("dropped", "dropped", 0))
            ctl(inetd, "reload")
            equal(pid_of(7001, kind) not in (first, second), True)
            ctl(inetd, "drop", "--running", "7001")
            until(lambda: inode(7001, protocol[:3]) is None and inetd.children() == [], "the port is free")
            equal(state(), ("dropped", "dropped", 0))


@test("a wait service that is dropped, and gets another address or no line, gives way as one that is not")
def _():
    with Inetd(line(7001, waiter, "stream tcp4 wait")) as inetd:
        first = int(tcp(7001))
        ctl(inetd, "drop", "7001")
        inetd.reload(line("127.0.0.1:7001"))
        equal([tcp(7001, send=b"hi\n") for _ in range(9)], ["hi\n"] * 9)
        os.kill(first, signal.SIGKILL)
        until(lambda: inetd.children() == [], "its end")
        inetd.reload(line(7001, waiter, "stream tcp4 wait") + line(7002))
        second = int(tcp(7001))
        ctl(inetd, "drop", "7001")
        inetd.reload(line(7002))
        equal(refused(7001), True)
        os.kill(second, signal.SIGKILL)


@test("drop --running: what a server has started ends with it")
def _():
    family = script("family", "import os, time\nif os.fork() == 0:\n time.sleep(60)\nprint(flush=True)\ntime.sleep(60)")
    with Inetd(line(7001, family)) as inetd:
        with connect(7001) as s:
            equal(s.recv(1), b"\n")
            ctl(inetd, "drop", "-r", "7001")
            equal(s.recv(1), b"")  # the last one that had it open


@test("reload waits for the outcome, says every finding, and changes nothing if there is an error")
def _():
    with Inetd(CONF) as inetd:
        inetd.conf.write_text(CONF + line(7005))
        equal(ctl(inetd, "reload"), "5 services\n")
        equal(tcp(7005, send=b"hi\n"), "hi\n")
        inetd.conf.write_text(line(7006) + "x stream\n" + line(7007, kind="stream tcp4 nowit"))
        findings = ctl(inetd, "reload", want=ERROR).splitlines()
        equal([f.partition(": error: ")[0] for f in findings], [f"{inetd.conf}:2:3", f"{inetd.conf}:3:18"])
        equal(ctl.errors, "inetctl: the configuration was not taken: services stay as they are\n")
        answer = ask(inetd, "reload", want=ERROR)
        equal([answer["ok"], len(answer["findings"]), answer["services"]], [False, 2, 5])
        equal({f["severity"] for f in answer["findings"]}, {"error"})
        equal([refused(7006), tcp(7005, send=b"hi\n")], [True, "hi\n"])
        about = ask(inetd, "list")["inetd"]
        equal([about[k] for k in ("loads", "failed_loads", "current")], [4, 2, False])
        equal("2 of 4 readings refused, the last one, too" in ctl(inetd, "list"), True)
        inetd.conf.unlink()
        equal("cannot read" in ctl(inetd, "reload", want=ERROR), True)
        inetd.conf.write_text("# nothing\n")
        equal("no services in it" in ctl(inetd, "reload", want=ERROR), True)
        inetd.conf.write_text(CONF)
        equal(ask(inetd, "reload"), {"version": 1, "ok": True, "findings": [], "services": 4})
        equal(ask(inetd, "list")["inetd"]["current"], True)
        equal(inetd.log().count("nothing taken from the file"), 4)


@test("a reload that waits for a name server keeps nobody waiting but who asked for it", need_root=True)
def _():
    silent = dir / "resolv.conf"
    silent.write_text("nameserver 127.0.0.9\noptions timeout:2 attempts:1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, Inetd(CONF) as inetd:
        server.bind(("127.0.0.9", 53))
        bind_mount(silent, "/etc/resolv.conf")
        inetd.conf.write_text(CONF + line("nowhere.example:7005"))
        asking = [subprocess.Popen([inetctl, "-s", inetd.control, "reload"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
                  for _ in range(2)]
        server.settimeout(WAIT_SECONDS)
        server.recv(512)
        equal(tcp(7001, send=b"hi\n"), "hi\n")
        equal(len(ask(inetd, "list")["services"]), 4)
        equal([a.poll() for a in asking], [None, None])
        for a in asking:
            said = a.communicate(timeout=WAIT_SECONDS)[0]
            equal([a.returncode, f"{inetd.conf}:5:1: error: " in said], [ERROR, True])
        libc.umount(b"/etc/resolv.conf")


@test("states: an address that is held by somebody else, and one that is not there")
def _():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 7011))
        holder.listen()
        with Inetd(line("127.0.0.1,192.0.2.77:7010") + line("127.0.0.1:7011")) as inetd:
            states = {s["name"]: s for s in ask(inetd, "list")["services"]}
            equal(states["7010/tcp4"]["state"], "degraded")
            equal(sorted(a["state"] for a in states["7010/tcp4"]["addresses"]), ["offline", "online"])
            equal("Cannot assign requested address" in json.dumps(states["7010/tcp4"]), True)
            equal([states["7011/tcp4"]["state"], states["7011/tcp4"]["addresses"][0]["error"]],
                  ["offline", "Address already in use"])
            equal("127.0.0.1 port 7011 (Address already in use)" in ctl(inetd, "list"), True)


@test("only its owner may connect; the folder is made")
def _():
    path = dir / "made/control"
    old = os.umask(0)
    try:
        with Inetd(CONF, "--control", path) as inetd:
            inetd.control = path
            equal([oct(path.stat().st_mode), oct(path.parent.stat().st_mode)], ["0o140600", "0o40755"])
            ask(inetd, "list")
        equal(path.exists(), False)
    finally:
        os.umask(old)
        path.parent.rmdir()


@test("a first reading with errors is shown as one, until a reload has none")
def _():
    with Inetd(line(7001) + line(7002, "relative") + line(7003, "relative")) as inetd:
        equal(ask(inetd, "list")["inetd"]["errors"], 2)
        equal(" ago with 2 errors (reload says which); 0 of 1 readings refused" in ctl(inetd, "list"), True)
        inetd.reload(line(7001))
        equal([ask(inetd, "list")["inetd"]["errors"], "errors" in ctl(inetd, "list")], [0, False])


@test("another user gets nothing, even if the socket lets him", need_root=True)
def _():
    with Inetd(CONF) as inetd:
        ctl(inetd, "list", want=ERROR, preexec_fn=as_nobody)
        equal("Permission denied" in ctl.errors, True)
        inetd.control.chmod(0o666)
        ctl(inetd, "pause", "7001", want=ERROR, preexec_fn=as_nobody)
        equal("(only root and inetd's own user are answered)" in ctl.errors, True)
        equal(service(inetd, "7001")["state"], "online")


@test("a private inetd answers its user and root", need_root=True)
def _():
    folder = dir / "private"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    path = folder / "control"
    with Inetd(line(7001).replace(" root ", " nobody:nogroup "), "--control", path, preexec_fn=as_nobody) as inetd:
        inetd.control = path
        equal(stat.S_IMODE(path.stat().st_mode), 0o600)
        equal(path.stat().st_uid, NOBODY)
        ctl(inetd, "list")
        ctl(inetd, "list", preexec_fn=as_nobody)


@test("nobody is asked who is neither root nor we", need_root=True)
def _():
    path = dir / "stranger"
    with socket.socket(socket.AF_UNIX) as s:
        pid = os.fork()
        if pid == 0:
            os.chmod(dir, 0o777)
            as_nobody()
            s.bind(str(path))
            s.listen()
            path.chmod(0o666)
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(0)
        os.waitpid(pid, os.WUNTRACED)
        done = subprocess.run([inetctl, "-s", path, "list"], text=True, capture_output=True,
                              preexec_fn=lambda: os.setuid(1))
        equal([done.returncode, "neither root nor you" in done.stderr], [ERROR, True])
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.chmod(dir, 0o755)
        path.unlink()


@test("what is no request is answered as that, and does nothing")
def _():
    with Inetd(CONF) as inetd:
        before = len(inetd.sockets())
        for data in (b"\n", b"list\n", b"2 list\n", b"1 nothing\n", b"1 pause\n", b"1 list 7001\n", b"\0\0\n",
                     b"\xff" * 50 + b"\n", b"1 pause 7001\r\n", b"1 pause 7001\0\n", b"x" * 1023 + b"\n"):
            answer = json.loads(said(raw(inetd, data)))
            equal((data, answer["ok"], sorted(answer)), (data, False, ["error", "ok", "version"]))
        equal(json.loads(said(raw(inetd, b"x" * 1024)))["ok"], False)
        with raw(inetd, b"") as s:
            try:
                s.sendall(b"1 pause 7001 " * 100000)
            except (BrokenPipeError, ConnectionResetError):
                pass
        equal(said(raw(inetd, b"1 pause 7001", shut=True)), b"")
        equal(json.loads(said(raw(inetd, b"1 list\n1 pause 7001\n")))["ok"], True)
        raw(inetd, b"1 status\n").close()
        equal(service(inetd, "7001")["state"], "online")
        until(lambda: len(inetd.sockets()) == before, "descriptors are given back")


@test("fifty at once, slow and silent ones among them, and clients of services are served")
def _():
    many = CONF + "".join(line(dir / f"s{n}", kind="stream unix nowait") for n in range(1000))
    with Inetd(many) as inetd:
        before = len(inetd.sockets())
        silent = [raw(inetd, b"") for _ in range(5)]
        slow = [raw(inetd, b"1 status\n") for _ in range(5)]
        slowest = 0.0

        def one(number, results):
            results[number] = len(ask(inetd, "status", "7001")["services"])

        results = {}
        threads = [threading.Thread(target=one, args=(n, results)) for n in range(40)]
        for t in threads:
            t.start()
        while any(t.is_alive() for t in threads):
            start = time.monotonic()
            with connect(7002) as s:
                equal(s.recv(5), b"here\n")
            slowest = max(slowest, time.monotonic() - start)
        for t in threads:
            t.join()
        equal(results, dict.fromkeys(range(40), 1))
        equal([slowest < 2, all(is_silent(s, 0.01) for s in silent)], [True, True])
        whole = json.loads(said(slow.pop()))  # it takes what has been waiting for it
        equal(len(whole["services"]), 1004)
        for s in silent + slow:
            s.close()
        until(lambda: len(inetd.sockets()) == before, "descriptors are given back")


@test("the usual place: found without a flag; a second inetd goes on without")
def _():
    if libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None) != 0:
        raise Skip("cannot mount on /run")
    usual = pathlib.Path("/run/tcpwrap/inetd.sock")
    with Inetd(CONF, "--control", usual):
        equal(len(json.loads(ctl(None, "--json", "list"))["services"]), 4)
        with Inetd(line(7020), "--control", usual) as second:
            second.wait_log("no control socket at /run/tcpwrap/inetd.sock: Address already in use"
                            " (another inetd answers there)")
            equal(tcp(7020, send=b"hi\n"), "hi\n")
        equal(len(json.loads(ctl(None, "--json", "list"))["services"]), 4)
    ctl(None, "list", want=NO_INETD)


@test("what a killed inetd left is replaced; what is no socket of ours stays")
def _():
    first = Inetd(CONF)
    first.process.kill()
    first.process.wait()
    equal(first.control.is_socket(), True)
    with Inetd(line(7030), "--control", first.control) as inetd:
        inetd.control = first.control
        equal([s["name"] for s in ask(inetd, "list")["services"]], ["7030/tcp4"])
    inetd.control.write_text("mine")
    with Inetd(line(7030), "--control", first.control) as inetd:
        inetd.wait_log("no control socket at")
        equal(first.control.read_text(), "mine")
    equal(first.control.read_text(), "mine")
    with Inetd(line(7030), "--control", "none") as inetd:
        equal(tcp(7030, send=b"hi\n"), "hi\n")


@test("statuses: usage, no inetd, refused")
def _():
    for words in ((), ("lst",), ("list", "x"), ("pause",), ("pause", "a", "b"), ("reload", "x"), ("status", "a", "b"),
                  ("--running", "pause", "x"), ("--nothing", "list"), ("--socket",)):
        done = subprocess.run([inetctl, *words], text=True, capture_output=True)
        equal((words, done.returncode, done.stdout, bool(done.stderr)), (words, USAGE, "", True))
    for path in (dir / "nowhere", "/nonexistent/x"):
        done = subprocess.run([inetctl, "-s", path, "list"], text=True, capture_output=True)
        equal([done.returncode, f"{path}: no inetd answers there" in done.stderr], [NO_INETD, True])
    equal(subprocess.run([inetctl, "-s", "x" * 200, "list"], capture_output=True).returncode, ERROR)
    with Inetd(CONF) as inetd:
        ctl(inetd, "status", "7000", want=ERROR)
        equal("did you mean" in ctl.errors, True)
        equal(ask(inetd, "pause", "nobody", want=ERROR)["ok"], False)
        ctl(inetd, "pause", "x" * 2000, want=ERROR)
        with open("/dev/full", "w") as full:
            equal(subprocess.run([inetctl, "-s", inetd.control, "list"], stdout=full,
                                 stderr=subprocess.DEVNULL).returncode, ERROR)
    equal(subprocess.run([inetctl, "--help"], stdout=subprocess.DEVNULL).returncode, 0)


def on_terminal(*words, **env):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(inetctl, [inetctl, *words], {"TERM": "xterm", **env})
    shown = b""
    try:
        while piece := os.read(fd, 4096):
            shown += piece
    except OSError:
        pass
    os.close(fd)
    equal(os.waitpid(pid, 0)[1], 0)
    return shown


@test("colour on a terminal only; no byte of a name reaches it raw")
def _():
    odd = dir / "odd\x1b[31m\xff"
    with Inetd(line(7001) + line(odd, kind="stream unix nowait")) as inetd:
        words = ("-s", str(inetd.control), "list")
        equal(on_terminal(*words).count(b"\x1b[32monline\x1b[m"), 2)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            equal(b"\x1b" in on_terminal(*words, **env), False)
        equal("\x1b" in ctl(inetd, "list"), False)
        found = [s for s in ask(inetd, "status")["services"] if "odd" in s["id"]]
        equal(found[0]["id"], f"{dir}/odd\\x1b[31m\\xc3\\xbf")
        equal("paused" in ctl(inetd, "pause", found[0]["id"]), True)


@test("a reload whose name server says nothing: inetctl waits, a second one too, and nobody else does")
def _():
    dns = DnsServer()
    silent = dns.serve({"A slow.example": SILENCE, "AAAA slow.example": SILENCE})
    resolv = dir / "resolv.conf"
    resolv.write_text(f"nameserver {silent.address}\noptions timeout:1 attempts:1\n")
    nsswitch = dir / "nsswitch.conf"
    nsswitch.write_text("hosts: files dns\npasswd: files\ngroup: files\nservices: files\n")
    bind_mount(resolv, "/etc/resolv.conf")
    bind_mount(nsswitch, "/etc/nsswitch.conf")
    with Inetd(line("7001")) as inetd:
        equal(tcp(7001, send=b"x\n"), "x\n")
        inetd.conf.write_text(line("7001") + line("slow.example:7002"))
        waiting = [subprocess.Popen([inetctl, "reload", "--socket", inetd.control], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        start, slowest, served = time.monotonic(), 0, 0
        while any(w.poll() is None for w in waiting):
            before = time.monotonic()
            equal(tcp(7001, send=b"x\n"), "x\n")
            ctl(inetd, "list")
            slowest, served = max(slowest, time.monotonic() - before), served + 1
        print(f"# {time.monotonic() - start:.1f} s, {served} served meanwhile, the slowest in {slowest:.2f} s")
        equal((time.monotonic() - start > 1, served > 3, slowest < 1), (True, True, True))
        for w in waiting:
            equal(w.returncode, ERROR)
            equal("error: host has no such address 'slow.example'" in w.communicate()[0], True)
        equal(refused(7002), True)
        # A reader that dies takes nothing along.
        waiting = subprocess.Popen([inetctl, "reload", "--socket", inetd.control], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        reader = until(inetd.children, "the reader")[0][0]
        os.kill(reader, signal.SIGKILL)
        equal(waiting.wait(WAIT_SECONDS), ERROR)
        equal("its reader ended before it was through" in waiting.communicate()[0], True)
        equal(tcp(7001, send=b"x\n"), "x\n")
    for path in "/etc/resolv.conf", "/etc/nsswitch.conf":
        libc.umount2(path.encode(), 2)


main()
