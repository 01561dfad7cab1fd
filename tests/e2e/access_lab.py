"""A laboratory for inetd's verdicts: tables that everybody sees and that change; an inetd that judges for
tcpd, one that starts it, and what both make of the same client. Imported by the tests 028N-inetd-access*.py."""
import functools
import sys

sys.dont_write_bytecode = True
from tcpd_lab import *  # noqa: E402

NOWAIT = "stream tcp nowait.1000000"
CUT, PLAIN = 7001, 7002  # judged for tcpd, and by it
WORD, USERS, USERS_PLAIN, FREE = 7003, 7004, 7005, 7006
V6 = 100  # further up: the same on ::1
CLIENTS = ["127.0.0.1", GUEST, HOSTILE, NAMELESS, "127.2.3.4", "::1"]

place = pathlib.Path(etc("", ""))  # everybody's /etc; its tables change
place.joinpath("banners").mkdir()
place.joinpath("banners/svc").write_text("go away, %a\n")
place.joinpath("list").write_text(f"{GUEST} 127.2.\n")
place.joinpath("services").write_text("")


def tables(allow="", deny=""):
    """As an editor saves them: the new file takes the old one's place. None: there is none. An empty one
    would look half written for a second."""
    for name, text in (("hosts.allow", allow), ("hosts.deny", deny)):
        text = "# none\n" if text == "" else text
        if text is None:
            place.joinpath(name).unlink(missing_ok=True)
            continue
        new = place / f".{name}"
        new.write_text(text)
        new.chmod(0o644)
        new.rename(place / name)


def in_place():
    return functools.partial(settle, place, None)


def line(port, rest, host="127.0.0.1", kind=NOWAIT):
    return f"{host}:{port} {kind} {rest}\n"


def everywhere(port, rest):
    return line(port, rest) + line(port + V6, rest, "[::1]")


def fresh_log():
    syslog.drain()
    syslog.lines.clear()


def said():
    syslog.drain()
    lines = [line for of_pid in syslog.lines.values() for line in of_pid]
    return sorted(lines)


def knock(port, client="127.0.0.1", send=b""):
    """What a client gets; "reset" if there was no orderly end."""
    is_v6 = ":" in client
    with socket.create_connection(("::1" if is_v6 else "127.0.0.1", port + V6 * is_v6),
                                  WAIT_SECONDS, (client, 0)) as s:
        try:
            if send:
                s.sendall(send)
            return read_all(s)
        except ConnectionResetError:
            return "reset"


def visit_port(port, client, count=None):
    """(what the client got, what the log got); count: lines to wait for."""
    fresh_log()
    got = knock(port, client)
    if count is not None:
        try:
            until(lambda: len(said()) >= count, "as many lines", 2)
        except AssertionError:
            pass  # told by who compares
    return got, said()


def of_loop(running, lines):
    """Those that inetd itself has said."""
    syslog.drain()
    return syslog.lines.get(running.pid, [])


@functools.lru_cache(maxsize=None)
def house():
    """An inetd for all that only looks at tables."""
    conf = (everywhere(CUT, f"root {TCPD} svc {dir}/served")
            + everywhere(WORD, f"root /usr/sbin/svc svc {dir}/served")
            + line(USERS, f"nobody {TCPD} svc {dir}/served")
            + line(FREE, f"root /usr/sbin/free free {dir}/served"))
    running = Inetd(conf, preexec_fn=in_place())
    atexit.register(running.__exit__)
    return running


@functools.lru_cache(maxsize=None)
def house_of_tcpd():
    conf = (everywhere(PLAIN, f"root {TCPD} svc {dir}/served")
            + line(USERS_PLAIN, f"nobody {TCPD} svc {dir}/served"))
    running = Inetd(conf, "--no-shortcut", preexec_fn=in_place())
    atexit.register(running.__exit__)
    return running


def compare(client, cut=CUT, plain=PLAIN):
    want = visit_port(plain, client)
    got = visit_port(cut, client, len(want[1]))
    equal((client, *got), (client, *want))
