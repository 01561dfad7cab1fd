#!/usr/bin/env python3
# packages: fail2ban libwrap0
# timeout: 480
# seconds: 14
"""contrib/fail2ban under Debian's fail2ban, with Debian's jails: who is banned is refused, whatever else
hosts.allow says, who is not is not; in IPv4 and IPv6, for both readings, and by the hundred; in the deep tier
by the thousand."""
import concurrent.futures
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

FOLDER = pathlib.Path("/var/lib/fail2ban")
LIST = FOLDER / "hosts.sshd"
LOG = pathlib.Path("/run/auth.log")
CLIENT = packages / "usr/bin/fail2ban-client"
SERVER = packages / "usr/bin/fail2ban-server"
JUDGE, TCPWRAP = BUILD / "src/cmd/judge/judge", BUILD / "src/cmd/tcpwrap/tcpwrap"
ALLOW = f"sshd : {LIST} : deny\nALL : ALL\n"
MANY = 1000 if os.environ.get("TIER") == "deep" else 100
MANY_SECONDS = 240  # an idle machine takes a tenth of it for a thousand
SETTINGS = """[DEFAULT]
banaction = tcpwrap
backend = polling
maxretry = 3
findtime = 600
[sshd]
enabled = true
logpath = /run/auth.log
[other]
enabled = true
filter = sshd
logpath = /run/auth.log
"""
os.environ["PYTHONPATH"] = str(packages / "usr/lib/python3/dist-packages")


def client(*words, want=0):
    done = subprocess.run([sys.executable, CLIENT, "-c", "/run/f2b", "-s", "/run/f2b.sock", "-p", "/run/f2b.pid",
                           *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=MANY_SECONDS)
    if (done.returncode == 0) != (want == 0):
        raise AssertionError(f"fail2ban-client {' '.join(words)}: {done.stdout}")
    return done.stdout


class Fail2ban:
    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, SERVER, "-f", "-c", "/run/f2b", "-s", "/run/f2b.sock", "-p", "/run/f2b.pid", "start"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: subprocess.run([sys.executable, CLIENT, "-s", "/run/f2b.sock", "status", "other"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0,
              "fail2ban", 60)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            client("stop")
            self.process.wait(60)


def prepare():
    shutil.copytree(packages / "etc/fail2ban", "/run/f2b")
    shutil.copy(ROOT / "contrib/fail2ban/tcpwrap.conf", "/run/f2b/action.d/tcpwrap.conf")
    pathlib.Path("/run/f2b/jail.d/defaults-debian.conf").unlink()
    pathlib.Path("/run/f2b/jail.local").write_text(SETTINGS)
    pathlib.Path("/run/f2b/fail2ban.local").write_text(
        "[Definition]\nallowipv6 = yes\nloglevel = INFO\nlogtarget = /run/f2b.log\ndbfile = /run/f2b.sqlite3\n")
    LOG.write_text("")
    rules = "".join(f"sshd : {FOLDER}/hosts.{jail} : deny\n" for jail in ("sshd", "other"))
    pathlib.Path("/etc/hosts.allow").write_text(rules)


def banned(path=LIST):
    return sorted(path.read_text().split())


def verdict(address, allow=ALLOW):
    tables = []
    for name, text in (("allow", allow), ("deny", "")):
        tables.append(dir / f"judged.{name}")
        tables[-1].write_text(text)
    said = subprocess.run([JUDGE, *tables, "sshd", address], text=True, stdout=subprocess.PIPE).stdout
    return said.split()[0]


def both_readings(address):
    """The verdicts by each reading alone."""
    return [verdict(address, f"#!tcpwrap {reading}\n{ALLOW}") for reading in ("classic", "modern")]


def fail(address, pid):
    with LOG.open("a") as file:
        for n in range(3):
            file.write(time.strftime("%b %e %H:%M:%S") +
                       f" host sshd[{pid + n}]: Failed password for root from {address} port {5000 + n} ssh2\n")


def faults():
    """Of actions and the commands that they run."""
    return [line for line in pathlib.Path("/run/f2b.log").read_text().splitlines()
            if re.search(r"fail2ban\.(actions?|utils) .* ERROR", line)]


def within(condition, what, seconds):
    try:
        until(condition, what, seconds)
    except AssertionError as late:
        raise AssertionError(f"{late}; {faults()[:5]}") from None


prepare()


@test("who fails in the log is in the list of each jail, and refused by both readings")
def _():
    with Fail2ban():
        equal([banned(), verdict("192.0.2.7")], [[], "grant"])
        fail("192.0.2.7", 4000)
        fail("2001:db8::7", 4100)
        within(lambda: len(banned()) == 2, "the bans", 30)
        equal(banned(), ["192.0.2.7", "[2001:db8::7]"])
        within(lambda: len(banned(FOLDER / "hosts.other")) == 2, "the bans of the other jail", 30)
        for address in ("192.0.2.7", "2001:db8::7"):
            equal([address, *both_readings(address)], [address, "refuse", "refuse"])
        equal([verdict("192.0.2.70"), verdict("2001:db8::70")], ["grant", "grant"])
        client("set", "other", "unbanip", "192.0.2.7")
        equal([banned(), banned(FOLDER / "hosts.other")], [["192.0.2.7", "[2001:db8::7]"], ["[2001:db8::7]"]])
    equal(banned(), [])  # and the list is still there
    equal(faults(), [])


@test("bans outlive fail2ban, even if it was killed")
def _():
    with Fail2ban() as f2b:
        within(lambda: len(banned()) == 2, "the bans that it remembers", 30)
        f2b.process.kill()
        f2b.process.wait()
        pathlib.Path("/run/f2b.sock").unlink()  # as its unit would do it
    equal(len(banned()), 2)
    LIST.write_text(LIST.read_text() + "203.0.113.1\n")  # of which nobody knows any more
    with Fail2ban():
        within(lambda: banned() == ["192.0.2.7", "[2001:db8::7]"], "the bans that it remembers, alone", 30)
        client("unban", "--all")
        equal(banned(), [])


@test("only the address that is meant is freed; networks are banned, too")
def _():
    with Fail2ban():
        client("set", "sshd", "banip", "192.0.2.1", "192.0.2.10", "1.192.0.2", "198.51.100.0/24", "2001:db8:1::/48",
               "2001:db8::1", "2001:db8::10")
        within(lambda: len(banned()) == 7, "seven bans", 30)
        for address in ("198.51.100.99", "2001:db8:1:2::3", "192.0.2.10"):
            equal([address, *both_readings(address)], [address, "refuse", "refuse"])
        client("set", "sshd", "unbanip", "192.0.2.1", "2001:db8::1", "198.51.100.0/24", "2001:db8:1::/48")
        equal(banned(), ["1.192.0.2", "192.0.2.10", "[2001:db8::10]"])
        equal([verdict("192.0.2.1"), verdict("192.0.2.10"), verdict("2001:db8:1:2::3")], ["grant", "refuse", "grant"])
        equal(subprocess.run([TCPWRAP, "check", "--differences", dir / "judged.allow"], stdout=subprocess.DEVNULL).returncode, 0)
        client("unban", "--all")


@test("what is no address never comes into a list; what no rule names, and what none can, is an error")
def _():
    log = pathlib.Path("/run/f2b.log")
    jails = pathlib.Path("/run/f2b/jail.local")
    log.write_text("")
    jails.write_text(SETTINGS + "[lonely]\nenabled = true\nfilter = sshd\nlogpath = /run/auth.log\n"
                     "[odd (one)]\nenabled = true\nfilter = sshd\nlogpath = /run/auth.log\n")
    with Fail2ban():
        for word in ("x'; touch hurt; '", "$(touch hurt)", "ALL", "ab.cd EXCEPT 192.0.2.1"):
            client("set", "sshd", "banip", word)
        client("set", "sshd", "banip", "192.0.2.1")
        within(lambda: banned() == ["192.0.2.1"], "the ban", 30)
        within(lambda: "bans do nothing" in log.read_text(), "the complaint about a rule", 30)
        within(lambda: "no name that a rule" in log.read_text(), "the complaint about a name", 30)
        client("unban", "--all")
    said = log.read_text()
    equal([f"names {FOLDER}/hosts.{jail}: bans do nothing" in said for jail in ("lonely", "sshd", "other")],
          [True, False, False])
    equal([pathlib.Path("hurt").exists(), sorted(path.name for path in FOLDER.glob("hosts.*odd*"))], [False, []])
    jails.write_text(SETTINGS)
    log.write_text("")


@test(f"{MANY} bans and their end, while readers look")
def _():
    addresses = [f"10.{n // 250}.{n % 250}.1" for n in range(MANY)]
    stop = threading.Event()

    def read():
        """Every line that a reader sees is whole, and the first ban is always there."""
        seen = 0
        while not stop.wait(0.001):
            text = LIST.read_text()
            seen += 1
            if not text.endswith("\n") or "10.0.0.1\n" not in text or not set(text.split()) <= set(addresses):
                raise AssertionError(f"torn: {text[-80:]!r}")
        return seen

    with concurrent.futures.ThreadPoolExecutor() as pool, Fail2ban():
        client("set", "sshd", "banip", addresses[0])
        within(lambda: banned() == [addresses[0]], "the first ban", 30)
        reader = pool.submit(read)
        start = time.monotonic()
        try:
            client("set", "sshd", "banip", *addresses[1:])
            within(lambda: len(banned()) == MANY, "all bans", MANY_SECONDS)
        finally:
            stop.set()
        seconds = time.monotonic() - start
        equal(reader.result() > 0, True)
        print(f"# {MANY} bans in {seconds:.1f} s; the list was read {reader.result()} times")
        equal(banned(), sorted(addresses))
        equal([both_readings(addresses[-1]), both_readings("10.9.0.1")], [["refuse"] * 2, ["grant"] * 2])
        client("set", "sshd", "unbanip", *addresses[:20])
        equal(banned(), sorted(addresses[20:]))
        client("unban", "--all")
        equal(banned(), [])
    equal(faults(), [])
    equal([path.name for path in FOLDER.iterdir() if path.name.endswith(".new")], [])


main()
