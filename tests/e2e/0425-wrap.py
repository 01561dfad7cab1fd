#!/usr/bin/env python3
# packages: xinetd tcpd libwrap0
# timeout: 120
"""tcpwrap wrap and unwrap: services of xinetd and of inetd are judged by tcpd from then on, and not
after; the files are what they were; what cannot be done is told; nothing is lost."""
import json
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

TCPWRAP, INETD = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/inetd/inetd"
XINETD_PORT, INETD_PORT = 7201, 7202
DATA = b"all of it\n"
FILE = pathlib.Path("/run/file")
XINETD_CONF = pathlib.Path("/etc/xinetd.d/lines")
INETD_CONF = pathlib.Path("/etc/inetd.conf")
UNIT = pathlib.Path("/etc/systemd/system/greet@.service")
DROP_IN = UNIT.parent / "greet@.service.d/50-tcpwrap.conf"
ENTRY = f"""\
# by hand
service lines
{{
    type = UNLISTED
    port = {XINETD_PORT}
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
    server = /bin/cat
    server_args = {FILE}
    flags = IPv4 NOLIBWRAP
}}
"""
LINES = f"""\
# by hand
{INETD_PORT}\tstream\ttcp\tnowait\troot\t/bin/cat\tcat {FILE}
echo stream tcp nowait root internal
waits stream tcp wait root /bin/cat cat
box stream tcp nowait root /bin/busybox cat
"""


def lay_out():
    """A host as an administrator left it."""
    XINETD_CONF.parent.mkdir(exist_ok=True)
    for old in [*XINETD_CONF.parent.iterdir(), *INETD_CONF.parent.glob("inetd.conf.~*")]:
        old.unlink()
    FILE.write_bytes(DATA)
    pathlib.Path("/etc/xinetd.conf").write_text("defaults\n{\n}\nincludedir /etc/xinetd.d\n")
    XINETD_CONF.write_text(ENTRY)
    XINETD_CONF.chmod(0o640)
    INETD_CONF.write_text(LINES)
    UNIT.parent.mkdir(parents=True, exist_ok=True)
    (UNIT.parent / "greet.socket").write_text("[Socket]\nListenStream=7\nAccept=yes\n")
    UNIT.write_text("[Service]\nExecStart=-/bin/cat /run/file $OPTIONS\nStandardInput=socket\n")


def tool(*words):
    """Exit status and both outputs."""
    return run(TCPWRAP, *words, env={"PATH": "/usr/bin:/bin"})


def json_of(*words):
    status, out, err = tool(*words, "--json")
    equal(err, "")
    return status, json.loads(out)


def outcomes(answer):
    return [(place["file"], place["line"], place["outcome"]) for place in answer["places"]]


def served(daemon, port):
    """What the two clients get, and what tcpd says of them."""
    tables(f"cat: {ALLOWED}\n")
    since = log.mark()
    with daemon:
        got = [bytes_for(client, port) for client in (ALLOWED, DENIED)]
        log.settle()
    return got, [nameless(line) for line in log.lines("connect from", since)]


BY_TCPD = ([DATA, b""], [f"{DAEMON_INFO}cat[PID]: connect from {ALLOWED} ({ALLOWED})",
                         f"{DAEMON_WARNING}cat[PID]: refused connect from {DENIED} ({DENIED})"])
BY_NOBODY = ([DATA, DATA], [])


def xinetd():
    return Daemon("/usr/sbin/xinetd", "-dontfork", "-f", "/etc/xinetd.conf", port=XINETD_PORT)


def inetd():
    return Daemon(INETD, "--foreground", "--no-access", INETD_CONF, port=INETD_PORT)


@test("a service of xinetd: judged by nobody, then by tcpd, which is there once and not asked twice")
def _():
    lay_out()
    equal(served(xinetd(), XINETD_PORT), BY_NOBODY)
    status, out, err = tool("wrap", "lines")
    equal((status, err), (0, ""))
    for part in ("-    server = /bin/cat\n", "+    server = /usr/sbin/tcpd\n", f"{XINETD_CONF}:2: tcpd starts /bin/cat",
                 f"kept as {XINETD_CONF}.~1~\n", "systemctl reload xinetd"):
        equal((part, part in out), (part, True))
    equal(served(xinetd(), XINETD_PORT), BY_TCPD)
    equal((XINETD_CONF.stat().st_mode & 0o777, pathlib.Path(f"{XINETD_CONF}.~1~").read_text()), (0o640, ENTRY))


@test("taken away again, it is xinetd that asks: the flag that kept it from asking has gone, too")
def _():
    status, out, err = tool("unwrap", "cat")
    equal((status, err, "/bin/cat is started without tcpd now" in out), (0, "", True))
    equal(XINETD_CONF.read_text(), ENTRY.replace(" NOLIBWRAP", "").replace("    flags = IPv4\n", "").replace(
        "    server_args", "    flags           = IPv4\n    server_args"))
    equal(served(xinetd(), XINETD_PORT)[0], [DATA, b""])


@test("a line of inetd.conf, by its service and by its program; back to the same bytes")
def _():
    lay_out()
    equal(served(inetd(), INETD_PORT), BY_NOBODY)
    equal(tool("wrap", str(INETD_PORT))[0], 0)
    equal(INETD_CONF.read_text(), LINES.replace("/bin/cat\tcat ", "/usr/sbin/tcpd\t/bin/cat ", 1))
    equal(served(inetd(), INETD_PORT), BY_TCPD)
    equal(outcomes(json_of("wrap", str(INETD_PORT))[1]), [(str(INETD_CONF), 2, "wrapped")])
    equal(tool("unwrap", str(INETD_PORT))[0], 0)
    equal(INETD_CONF.read_text(), LINES)
    equal(served(inetd(), INETD_PORT), BY_NOBODY)


@test("a socket unit: a drop-in, and no drop-in")
def _():
    lay_out()
    status, answer = json_of("wrap", "greet")
    equal((status, outcomes(answer)), (0, [(str(DROP_IN), 2, "changed")]))
    equal(DROP_IN.read_text().splitlines()[1:],
          ["[Service]", "ExecStart=", "ExecStart=-@/usr/sbin/tcpd /bin/cat /run/file $OPTIONS"])
    equal(outcomes(json_of("wrap", "greet.socket")[1]), [(str(DROP_IN), 4, "wrapped")])
    equal(outcomes(json_of("unwrap", "greet@.service")[1]), [(str(DROP_IN), 0, "restored")])
    equal(DROP_IN.parent.exists(), False)
    equal(outcomes(json_of("unwrap", "greet")[1]), [(str(DROP_IN), 2, "bare")])


@test("somebody else's drop-in stays, whatever is asked")
def _():
    lay_out()
    DROP_IN.parent.mkdir()
    for text, words, want in (
            ("[Service]\nExecStart=\nExecStart=@/usr/sbin/tcpd /bin/cat\n", ("unwrap", "greet"), "elsewhere"),
            ("[Service]\nNice=5\n", ("wrap", "greet"), "changed")):
        DROP_IN.write_text(text)
        status, answer = json_of(*words)
        equal((status, [place["outcome"] for place in answer["places"]], answer["places"][0]["done"]),
              (1, [want], False))
        equal(DROP_IN.read_text(), text)
    shutil.rmtree(DROP_IN.parent)


@test("what cannot be: said with its place, and nothing is written")
def _():
    lay_out()
    for service, outcome in (("echo", "internal"), ("waits", "listener"), ("box", "name")):
        status, answer = json_of("wrap", service)
        equal((status, [place["outcome"] for place in answer["places"]]), (1, [outcome]))
    (UNIT.parent / "greet.socket").write_text("[Socket]\nListenStream=7\n")
    (UNIT.parent / "greet.service").write_text("[Service]\nExecStart=/bin/cat\n")
    equal(outcomes(json_of("wrap", "greet")[1]), [(str(UNIT.parent / "greet.service"), 2, "listener")])
    equal((INETD_CONF.read_text(), XINETD_CONF.read_text()), (LINES, ENTRY))
    status, out, err = tool("wrap", "nobody")
    equal((status, "no service 'nobody'" in err), (1, True))
    equal(tool("wrap", "--force", "box")[0], 0)


@test("--dry-run shows the change and makes none; a tcpd that is not there is told")
def _():
    lay_out()
    status, out, _ = tool("wrap", "-n", "lines")
    equal((status, "+    server = /usr/sbin/tcpd" in out, "not written" in out), (0, True, True))
    equal((XINETD_CONF.read_text(), list(XINETD_CONF.parent.iterdir())), (ENTRY, [XINETD_CONF]))
    INETD_CONF.write_text("a stream tcp nowait root /nowhere/a a\n")
    status, answer = json_of("wrap", "-T", "/run/tcpd", "a")
    equal((status, [note["message"] for note in answer["findings"]]),
          (0, ["/run/tcpd: not found: No such file or directory"]))


@test("a link stays one; a second backup takes the next number; --file looks into one file only")
def _():
    lay_out()
    elsewhere = pathlib.Path("/run/inetd.conf")
    elsewhere.write_text(LINES)
    INETD_CONF.unlink()
    INETD_CONF.symlink_to(elsewhere)
    for words in (("wrap",), ("unwrap",)):
        equal(tool(*words, "--file", INETD_CONF, "cat")[0], 0 if words == ("unwrap",) else 1)
    equal((INETD_CONF.is_symlink(), elsewhere.read_text(), XINETD_CONF.read_text()), (True, LINES, ENTRY))
    equal([pathlib.Path(f"/run/inetd.conf.~{n}~").exists() for n in (1, 2, 3)], [True, True, False])
    INETD_CONF.unlink()


@test("bad usage")
def _():
    for words in (("wrap",), ("wrap", "a", "b"), ("wrap", "--tcpd", "tcpd", "a"), ("unwrap", "--nothing", "a")):
        equal(tool(*words)[0], 2)
    equal(tool("wrap", "--file", "/nowhere", "a")[0], 2)
    for command in ("wrap", "unwrap"):
        status, out, _ = tool(command, "--help")
        equal((status, "--dry-run" in out), (0, True))


install("xinetd")
main()
