#!/usr/bin/env python3
# packages: rsyslog s-nail inetutils-telnet
# timeout: 120
# seconds: 11
"""Traps and logs, as administrators have them: real clients through inetd and tcpd, the classic trap with
safe_finger and mail, a banner, a twist; and what a real rsyslog with Debian's configuration writes.
Real are inetd, tcpd, safe_finger, the shell, rsyslog, telnet and mail (s-nail). Made here: the attacker's
finger server, and a sendmail that keeps the letter."""
import email
import re
import sys
import threading

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

PORT, FINGER, MANY = 7001, 79, 500
SYSLOG, AUTH, FIELDS = (pathlib.Path("/var/log") / name for name in ("syslog", "auth.log", "fields"))
LETTER, NOTE, BANNERS = pathlib.Path("/run/letter"), pathlib.Path("/run/note"), pathlib.Path("/run/banners")
TRAP = "spawn (safe_finger -l @%h | mail -s %d-%h root) &"
HOSTILE = b"Login: root\r\n\x1b[2Jrm -rf /; $(id) `id`\r\n.\r\n~!touch /run/pwned\r\n"
# What rsyslog says of a line, beside its text.
TEMPLATE = ('template(name="fields" type="string" string="%syslogfacility-text%.%syslogseverity-text%|'
            '%programname%|%procid%|%msg%\\n")\n*.* action(type="omfile" file="/var/log/fields" '
            'template="fields")\n')


# ---- the house ----

def make_sendmail():
    path = pathlib.Path("/run/sendmail")
    path.write_text(f"#!/bin/sh\n(echo \"$@\"; cat) >{LETTER}.new && mv {LETTER}.new {LETTER}\n")
    path.chmod(0o755)
    return path


def furnish():
    """/usr/sbin is in the path of inetd, and so of traps. safe_finger becomes nobody, who cannot look
    into the build."""
    safe_finger = shutil.copy(BUILD / "src/cmd/safe_finger/safe_finger", OURS)
    fill(SERVICES, {"tcpd": OURS / "tcpd", "mail": packages / "usr/bin/s-nail", "safe_finger": safe_finger,
                    "sendmail": make_sendmail()})
    BANNERS.mkdir()


class Inetd(Daemon):
    def __init__(self, rate=256):
        service = inetd_lab.script("svc", "import os\nprint(os.getpid())")
        conf = dir / "inetd.conf"
        conf.write_text(f"{PORT} stream tcp4 nowait.{rate} root /usr/sbin/tcpd {service}\n")
        super().__init__(OURS / "inetd", "-f", "-p", "none", conf, port=PORT)


class FingerServer:
    """Of the attacker: it answers when the test says so, and is not polite."""

    def __init__(self):
        self.asked, self.socket = [], socket.create_server((DENIED, FINGER))
        self.answer = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                self.asked.append(client.makefile("rb").readline())
                self.answer.wait(WAIT_SECONDS)
                client.sendall(HOSTILE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def text_of(path):
    return path.read_text() if path.exists() else ""


class Rsyslog(Daemon):
    """As Debian starts and configures it, but for the kernel's messages, which are the host's."""

    def __init__(self):
        debians = pathlib.Path("/etc/rsyslog.conf").read_text()
        conf = dir / "rsyslog.conf"
        conf.write_text(re.sub(r"^(module\(load=\"imklog\"|\$WorkDirectory).*$", "", debians, flags=re.M)
                        + TEMPLATE)
        for path in (pathlib.Path("/dev/log"), FIELDS, SYSLOG, AUTH):
            path.unlink(missing_ok=True)
        super().__init__(packages / "usr/sbin/rsyslogd", "-n", "-f", conf, "-i", "/run/rsyslogd.pid",
                         "-M", DEBIANS / "rsyslog", port=None)

    def listens(self, _):
        return self.process.poll() is None and os.path.exists("/dev/log")

    @staticmethod
    def wait(line):
        """The process id in the file that has this line: FACILITY.LEVEL|NAME|PID|TEXT, with TEXT to match."""
        form = re.compile(rf"^{line}$", re.M)
        return until(lambda: form.search(text_of(FIELDS)), f"{line!r} in {text_of(FIELDS)!r}")[1]


def telnet(client):
    """What a real telnet client shows until the server closes; it is never the first to end."""
    command = [packages / "usr/bin/inetutils-telnet", "-K", "-c", "-b", client, SERVER, str(PORT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as program:
        shown = program.stdout.read()
    return shown.partition("Escape character is '^]'.\n")[2].replace("\r", "")


# ---- traps ----

@test("the classic trap: the client is gone at once; root gets a letter of who it was, and nothing else")
def _():
    tables(f"svc: {ALLOWED}\n", f"svc: ALL: {TRAP}\n")
    with Inetd(), FingerServer() as finger:
        since = log.mark()
        equal(bytes_for(DENIED, PORT), b"")
        finger.answer.set()
        equal([nameless(line) for line in log.wait("refused", since)],
              [f"{DAEMON_WARNING}svc[PID]: refused connect from {DENIED} ({DENIED})"])
        until(LETTER.exists, "the letter")
        equal((len(finger.asked), finger.asked[0].split()), (1, [b"/W"]))
        equal(bytes_for(ALLOWED, PORT) != b"", True)
    arguments, text = LETTER.read_text().split("\n", 1)
    letter = email.message_from_string(text)
    equal((arguments.split()[-1], letter["To"], letter["Subject"]), ("root", "root", f"svc-{DENIED}"))
    body = letter.get_payload(decode=True).decode()
    equal(("Login: root\n" in body.replace("\r", ""), "rm -rf /; $(id) `id`" in body, "~!touch" in body),
          (True, True, True))
    equal(("\x1b" in body, os.path.exists("/run/pwned")), (False, False))
    equal(len(finger.asked), 1)  # who is let in is not asked


@test("a banner: a real telnet client reads it, and is turned away")
def _():
    (BANNERS / "svc").write_text("you are %c, and this is logged\n")
    tables("", f"svc: ALL: banners {BANNERS}\n")
    with Inetd():
        since = log.mark()
        equal(telnet(DENIED), f"you are {DENIED}, and this is logged\n")
        equal([nameless(line) for line in log.wait("refused", since)],
              [f"{DAEMON_WARNING}svc[PID]: refused connect from {DENIED} ({DENIED})"])


@test("a twist: a real telnet client talks with the command in the place of the service")
def _():
    tables("", f"svc: ALL: twist /bin/echo nobody home for %h; echo $$ > {NOTE}\n")
    with Inetd():
        since = log.mark()
        equal(telnet(DENIED), f"nobody home for {DENIED}\n")
        line, = log.wait("twist", since)
        pid = until(NOTE.read_text, "the command").strip()
        equal(line, f"{DAEMON_WARNING}svc[{pid}]: twist {DENIED} to "
                    f"/bin/echo nobody home for {DENIED}; echo $$ > {NOTE}")
    NOTE.unlink()


# ---- rsyslog: the last ones, as it takes /dev/log ----

@test("rsyslog: who is let in, daemon.info, with the process id that the service has")
def _():
    tables("ALL: ALL\n")
    with Rsyslog(), Inetd():
        pid = bytes_for(ALLOWED, PORT).decode().strip()
        seen = Rsyslog.wait(rf"daemon\.info\|svc\|(\d+)\| connect from {ALLOWED} \({ALLOWED}\)")
        equal(seen, pid)
        until(lambda: re.search(rf"^\S+ \S+ svc\[{pid}\]: connect from {ALLOWED} \({ALLOWED}\)$",
                                text_of(SYSLOG), re.M), "the line in Debian's /var/log/syslog")


@test("rsyslog: refused, and a warning of the same process: daemon.warning, daemon.err")
def _():
    tables("", f"no rule\nsvc: ALL: spawn echo %p > {NOTE}\n")
    with Rsyslog(), Inetd():
        equal(bytes_for(DENIED, PORT), b"")
        pid = until(NOTE.read_text, "the command").strip()
        equal(Rsyslog.wait(rf"daemon\.warning\|svc\|(\d+)\| refused connect from {DENIED} \({DENIED}\)"),
              pid)
        equal(Rsyslog.wait(r"daemon\.err\|svc\|(\d+)\| warning: /etc/hosts\.deny, line 1: "
                           r'missing ":" separator'), pid)


@test("rsyslog: a twist, daemon.warning; a severity of a rule, in another file")
def _():
    tables(f"svc: {ALLOWED}: severity auth.notice\n", "svc: ALL: twist echo $$\n")
    with Rsyslog(), Inetd():
        pid = bytes_for(DENIED, PORT).decode().strip()
        equal(Rsyslog.wait(rf"daemon\.warning\|svc\|(\d+)\| twist {DENIED} to echo \$\$"), pid)
        pid = bytes_for(ALLOWED, PORT).decode().strip()
        equal(Rsyslog.wait(rf"auth\.notice\|svc\|(\d+)\| connect from {ALLOWED} \({ALLOWED}\)"), pid)
        until(lambda: f"svc[{pid}]: connect from {ALLOWED}" in text_of(AUTH), "the line in auth.log")
        equal(f"svc[{pid}]" in text_of(SYSLOG), False)


@test(f"rsyslog: {MANY} refusals as fast as may be are lines and numbers in its file")
def _():
    def told():
        text = text_of(FIELDS)
        more = re.findall(r"^daemon\.warning\|svc\|\d+\| refused (\d+) more connects in 1 s$", text, re.M)
        return len(re.findall(line, text, re.M)) + sum(map(int, more))

    line = rf"^daemon\.warning\|svc\|\d+\| refused connect from {SERVER} \({SERVER}\)$"
    tables("")
    nobody, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with Rsyslog(), Inetd(rate=MANY):
        subprocess.run([BUILD / "bench/load", "-c", "8", "-t", "60", "-n", str(MANY), "-r", "", str(PORT)],
                       stdin=nobody, stdout=subprocess.DEVNULL, check=True)
        until(lambda: told() >= MANY, "all of them")
        equal(told(), MANY)


@test("rsyslog: a name of the client's is one line, whatever is in it")
def _():
    pathlib.Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{DENIED} e\x1b[2Jv%s\x07l\n")
    tables("svc: KNOWN: deny\n")
    with Rsyslog(), Inetd():
        equal(bytes_for(DENIED, PORT), b"")
        Rsyslog.wait(rf"daemon\.warning\|svc\|(\d+)\| refused connect from e\\x1b\[2Jv%s\\x07l "
                     rf"\({DENIED}\)")


furnish()
main()
