#!/usr/bin/env python3
# packages: openssh-server openbsd-inetd tcpd libwrap0
# timeout: 120
"""docs/tutorial.md, typed line by line on a host like the one that it describes: each command does what
stands below it, and the clients fare as it says."""
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/tutorial.md"
# A block, or a heading outside of one.
PIECE = re.compile(r"^```(\S+)\n(.*?)^```$|^#+ (?:\d+\. )?(.*?)$", re.M | re.S)
SSH, STATUS = 22, 7979
FRIEND, STRANGER = "192.0.2.33", "198.51.100.7"
PATH = "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def lay_out():
    """The host as it is before."""
    tools = pathlib.Path("/run/bin")
    tools.mkdir()
    (tools / "tcpwrap").symlink_to(BUILD / "src/cmd/tcpwrap/tcpwrap")
    with open("/etc/services", "a") as services:
        services.write(f"status {STATUS}/tcp\n")
    pathlib.Path("/etc/inetd.conf").write_text(
        "status\tstream\ttcp\tnowait\tnobody\t/usr/bin/uptime\tuptime\n")
    for folder in ("/etc/xinetd.d", "/etc/inetd.d", "/etc/systemd/system"):
        shutil.rmtree(folder, ignore_errors=True)
    make_key("/run/host_key")
    pathlib.Path("/run/sshd_config").write_text(
        f"Port {SSH}\nListenAddress {SERVER}\nHostKey /run/host_key\nPidFile none\nUsePAM no\n")
    for address in (FRIEND, STRANGER):
        subprocess.run(["/sbin/ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)


def pattern(line):
    """An expected line: ... is anything."""
    return ".*".join(re.escape(part) for part in line.split("..."))


def agrees(said, want):
    """Do the lines come in this order? A line of ... is any number of lines."""
    whole = "".join("(?:.*\n)*?" if line == "..." else pattern(line) + "\n" for line in want)
    return re.fullmatch(whole, said) is not None


def type_in(block):
    for part in re.split(r"^# ", block, flags=re.M)[1:]:
        command, *want = part.splitlines()
        done = subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, env={"PATH": PATH, "HOME": "/run"})
        if "kill -HUP" in command:
            time.sleep(0.5)
        expects_failure = "No such file" in "".join(want)
        if (done.returncode != 0) != expects_failure or not agrees(done.stdout, want):
            raise AssertionError(f"# {command}\nstatus {done.returncode}\n{done.stdout}\n--- not\n" + "\n".join(want))


def status(client):
    with connect(STATUS, client) as s:
        return read_all(s)


def sections():
    """{heading: its blocks}"""
    found, blocks = {}, []
    for kind, block, heading in PIECE.findall(PAGE.read_text()):
        if heading:
            blocks = found.setdefault(heading, [])
        else:
            blocks.append((kind, block))
    return found


def walk(title):
    for kind, block in sections()[title]:
        if kind == "console":
            type_in(block)
        elif kind.startswith("file="):
            pathlib.Path(kind[5:]).write_text(block)


@test("every block of the page is typed in here, or written to its file")
def _():
    kinds = [kind for blocks in sections().values() for kind, _ in blocks]
    equal([kind for kind in kinds if kind != "console" and not kind.startswith("file=/")], [])
    equal(len(kinds) > 12, True)
    equal([title for title, blocks in sections().items() if blocks], walked)


walked = []


def step(title, friend, stranger):
    walked.append(title)

    @test(title)
    def _():
        walk(title)
        equal([b"load average" in status(client) for client in (FRIEND, STRANGER)], [friend, stranger])


step("From an open host to a checked policy", True, True)
step("What is open", True, True)
step("Put somebody at the door", True, True)
step("Write what you mean, somewhere else", True, True)
step("Is it what you mean?", True, True)
step("What will change", True, True)
step("Let it count", True, False)
step("Keep it so", True, False)

install("sshd")
lay_out()
with Daemon("/usr/sbin/sshd", "-D", "-f", "/run/sshd_config", port=SSH), \
        Daemon(packages / "usr/sbin/inetd", "-i", port=STATUS) as inetd:
    pathlib.Path("/run/inetd.pid").write_text(f"{inetd.pid}\n")
    main()
