"""What the audience sees: show.py BUILD SCRATCH, run by tools/demo in its private corner."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import stage
from stage import Trouble

DATE_PORT, SSH_PORT = 7013, 7022
ALLOW = """\
# who may ask this machine for the date
date: 127.0.0.2, [::1]
date: 127.0.0.3 : banners /etc/banners
date: 127.0.0.4 : twist /bin/echo No date for %a. This line is all you get.
sshd: 127.0.0.2
"""
DENY = """\
# everybody else
ALL: ALL
"""
BANNER = "Welcome, %a. Every visit is logged.\n"
EDIT = "date: 127.0.0.5\n"
TABLES = {"/etc/hosts.allow": ALLOW, "/etc/hosts.deny": DENY, "/etc/banners/date": BANNER}

DATE = r"[^\n]*\d\d:\d\d:\d\d[^\n]*\n"
SSH = r"SSH-2\.0-OpenSSH[^\n]*\n"
NOTHING = r""
CONNECT, REFUSED, TWIST = r"connect from ", r"refused connect from ", r"twist "
VISIT = r"Connection from "  # sshd's own

TTY = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
PAUSE_SECONDS = 0.3 if sys.stdout.isatty() else 0
COLOURS = {"grant": "32", "refuse": "31", "twist": "35", "dim": "2", "bold": "1"}


def paint(style, text):
    return f"\033[{COLOURS[style]}m{text}\033[0m" if TTY else text


def say(text=""):
    print(text, flush=True)


def title(text):
    say()
    say(paint("bold", text))


def show_file(path):
    say(f"  {path}")
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        say(f"    {number:2}  {line}")


class Programme:
    """Visits, and whether each client got what the policy says."""

    def __init__(self, build, scratch):
        self.stage = stage.Stage(build, scratch)
        self.visits = self.wrong = 0

    def heading(self):
        say(paint("dim", f"  {'CLIENT':11} {'POLICY':7} {'DECIDED BY':21} THE CLIENT GOT"))

    def visit(self, daemon, client, port, verdict, reply, log):
        """One client. The policy has to say `verdict`, the client has to get `reply` and the log
        has to have `log` (regular expressions)."""
        said, where = self.stage.judge(daemon, client)
        try:
            got = self.stage.visit(client, port)
        except OSError as error:
            got = f"({error})"
        line = self.stage.log_of(client) or "(no log line)"
        good = said == verdict and re.fullmatch(reply, got) and re.search(rf"\]: {log}", line)
        self.visits += 1
        self.wrong += 0 if good else 1
        lines = got.splitlines() or ["the connection closed, without one byte"]
        say(f"  {client:11} {paint(said, f'{said:7}')} {where:21} {lines[0]}"
            + ("" if good else paint("refuse", "   <- WRONG")))
        for more in lines[1:]:
            say(f"{'':43} {more}")
        say(paint("dim", f"{'':13} log: {line}"))
        time.sleep(PAUSE_SECONDS)

    # ---- first act: inetd, tcpd, a service ----

    def guard_date(self):
        title("1. Our inetd listens, our tcpd judges, /bin/date serves")
        line = self.stage.start_inetd(DATE_PORT, shutil.which("date"))
        for path, text in TABLES.items():
            pathlib.Path(path).parent.mkdir(exist_ok=True)
            pathlib.Path(path).write_text(text)
        say(f"  /run/inetd.conf\n     1  {line}")
        show_file("/etc/hosts.allow")
        show_file("/etc/hosts.deny")
        say()
        self.heading()
        welcome = re.escape(BANNER.replace("%a", "127.0.0.3").replace("\n", "\r\n"))
        self.visit("date", "127.0.0.2", DATE_PORT, "grant", DATE, CONNECT)
        if stage.has_ipv6():
            self.visit("date", "::1", DATE_PORT, "grant", DATE, CONNECT)
        self.visit("date", "127.0.0.3", DATE_PORT, "grant", welcome + DATE, CONNECT)
        self.visit("date", "127.0.0.4", DATE_PORT, "twist", r"No date for 127\.0\.0\.4\..*\n", TWIST)
        self.visit("date", "127.0.0.5", DATE_PORT, "refuse", NOTHING, REFUSED)

    # ---- second act: an edit ----

    def edit(self):
        title("2. Somebody saves the table; nobody reloads anything")
        with open("/etc/hosts.allow", "a") as table:
            table.write(EDIT)
        say(f"  $ echo '{EDIT.strip()}' >> /etc/hosts.allow")
        self.heading()
        self.visit("date", "127.0.0.5", DATE_PORT, "grant", DATE, CONNECT)

    # ---- third act: a daemon of Debian's ----

    def guard_sshd(self):
        title("3. An unmodified Debian daemon: sshd, with our libwrap in it")
        root = self.stage.fetched()
        ours = self.stage.build / "src/libwrap"
        folders = [ours, *root.glob("usr/lib/*-linux-gnu*"), root / "usr/lib"]
        env = {"LD_LIBRARY_PATH": ":".join(str(f) for f in folders)}
        sshd = root / "usr/sbin/sshd"
        listed = subprocess.run(["ldd", sshd], env={**os.environ, **env}, capture_output=True, text=True)
        found = [l.split(" (")[0].strip() for l in listed.stdout.splitlines() if "libwrap" in l]
        say(f"  $ ldd {sshd}")
        say(f"    {' '.join(found) or 'no libwrap in it'}")
        pid = self.stage.start([sshd, "-D", "-f", self.sshd_config(root, env)], SSH_PORT, env).pid
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        mapped = [l for l in maps if "libwrap" in l]
        say(f"  $ grep libwrap /proc/{pid}/maps")
        for line in [l for l in mapped if "r-xp" in l]:
            say(f"    {' '.join(line.split())}")
        real = str((ours / "libwrap.so.0").resolve())
        if not mapped or any(l.split()[-1] != real for l in mapped) or len(found) != 1:
            raise Trouble(f"sshd does not use {real}")
        self.heading()
        self.visit("sshd", "127.0.0.2", SSH_PORT, "grant", SSH, VISIT)
        self.visit("sshd", "127.0.0.6", SSH_PORT, "refuse", NOTHING, REFUSED)

    def sshd_config(self, root, env):
        """With a key of its own, and the account that sshd drops its rights to."""
        config, key = pathlib.Path("/run/sshd_config"), pathlib.Path("/run/sshd_key")
        keygen = root / "usr/bin/ssh-keygen"
        command = [keygen if keygen.exists() else "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]
        made = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True)
        if made.returncode != 0:
            raise Trouble(f"ssh-keygen: {made.stderr}")
        with open("/etc/passwd", "r+") as passwd:
            if not re.search("^sshd:", passwd.read(), re.M):
                passwd.write("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
        os.mkdir("/run/sshd", 0o755)
        config.write_text(f"Port {SSH_PORT}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\n"
                          "UsePAM no\nLogLevel VERBOSE\n")
        return config


def main():
    build, scratch = map(pathlib.Path, sys.argv[1:])
    trouble = 0
    try:
        programme = Programme(build, scratch)
        say("tcpwrap, live. A private corner of this machine: its own network, /etc, /dev and processes.")
        for act in (programme.guard_date, programme.edit, programme.guard_sshd):
            try:
                act()
            except BrokenPipeError:
                raise
            except (Trouble, OSError) as error:
                say(paint("refuse", f"  this could not be shown: {error}"))
                trouble += 1
    except Trouble as error:
        sys.exit(f"demo: {error}")
    say()
    right = programme.visits - programme.wrong
    say(f"{right} of {programme.visits} clients got what the policy says"
        + (f"; {trouble} part{'s'[:trouble > 1]} could not be shown" if trouble else ""))
    say("\"decided by\" comes from the same engine, asked about the same client and tables "
        "just before the visit")
    return 1 if trouble or programme.wrong else 0


if __name__ == "__main__":
    try:
        status = main()
    except BrokenPipeError:  # nobody watches any more
        os._exit(1)
    sys.exit(status)
