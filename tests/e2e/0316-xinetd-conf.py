#!/usr/bin/env python3
# packages: xinetd tcpd libwrap0
# timeout: 120
"""Debian's xinetd as an oracle for its notation: what inetd --print makes of a configuration, xinetd
dumps as it dumps the original; and Debian's own files are read."""
import signal
import sys

sys.dont_write_bytecode = True
from daemon_lab import *  # noqa: E402

INETD = BUILD / "src/cmd/inetd/inetd"
CONF, DUMP = pathlib.Path("/run/xinetd.conf"), pathlib.Path("/run/xinetd.dump")
FIRST_PORT = 7101
# What the dump says of a service: its configuration, not what it did.
VALUES = re.compile(r"^\t\t(.*\S)\s*$", re.M)


def service(number, more="", **changed):
    """As xinetd needs it; changed: attributes, None to leave one out."""
    values = {"type": "UNLISTED", "port": FIRST_PORT + number, "socket_type": "stream", "protocol": "tcp",
              "wait": "no", "user": "root", "server": "/bin/cat", **changed}
    return f"service s{number}\n{{\n" + "".join(
        f"\t{name} = {value}\n" for name, value in values.items() if value is not None) + more + "}\n"


def dump(text):
    """{id: what xinetd has of it} and its complaints."""
    CONF.write_text(text)
    DUMP.unlink(missing_ok=True)
    since = log.mark()
    with Daemon("/usr/sbin/xinetd", "-dontfork", "-stayalive", "-f", CONF, port=FIRST_PORT) as daemon:
        daemon.process.send_signal(signal.SIGUSR1)
        until(lambda: DUMP.exists() and "END OF DUMP" in DUMP.read_text(), "the dump")
        found = {}
        for part in re.split(r"^Service = ", DUMP.read_text(), flags=re.M)[1:]:
            part = part.split("Environment strings:")[0].split("Server table dump")[0]
            values = [v for v in VALUES.findall(part) if not v.startswith("Environment additions")]
            found[part.split("\n", 1)[0].strip()] = sorted(values)
    return found, [line for line in log.lines("xinetd", since) if "ERROR" in line or "WARNING" in line]


def printed(text):
    """log_type has no effect, and a quote is a byte: that is told, and nothing else is wrong."""
    path = dir / "printed.conf"
    path.write_text(text)
    status, out, err = run(INETD, "--print", path)
    equal((status, [word for word in ("'log_type'", "quotes are bytes") if word not in err], err.count("\n")),
          (0, [], 2))
    return out


DEFAULTS = """\
defaults
{
\tinstances = 40
\tper_source = 7
\tonly_from = 127.0.0.1 192.168.0.0
\tonly_from = 10.1.1.1
\tno_access += 10.2.2.2
\tpassenv = PATH TZ
\tlog_on_success = HOST PID
\tlog_on_failure = HOST
\tlog_type = SYSLOG daemon info
\tumask = 27
\tgroups = yes
\tcps = 100 5
}
"""
ORIGINAL = DEFAULTS + "".join((
    service(0),
    service(1, "\tonly_from = 10.0.0.1\n\tonly_from = 10.0.0.2\n"),
    service(2, "\tonly_from += 10.0.0.0/8 2001:db8::/32 .example.org\n"),
    service(3, "\tonly_from -= 192.168.0.0\n\tno_access -= 10.2.2.2\n"),
    service(4, "\tonly_from =\n\tpassenv =\n"),
    service(5, "\tinstances = 9\n\tper_source = 3\n\tgroups = no\n\tumask = 77\n"),
    service(6, "\tenv = A=1 B=2\n\tenv = C=3\n\tenv += D=4\n\tpassenv += HOME\n"),
    service(7, "\tserver_args = -u \"two words\" x\n"),
    service(8, "\tflags = NAMEINARGS NODELAY KEEPALIVE\n\tserver_args = kitten -u\n"),
    service(9, "\tnice = -5\n\trlimit_cpu = 20\n\trlimit_as = 64M\n\trlimit_files = 30\n\trlimit_stack = UNLIMITED\n"),
    service(10, "\taccess_times = 8:00-17:59 22:00-23:30\n\tmax_load = 2.5\n"),
    service(11, "\tbind = 127.0.0.1\n\tflags = IPv4\n"),
    service(12, "\tlibwrap = other\n\tflags = NOLIBWRAP\n"),
    service(13, "\tlog_on_success -= PID\n\tlog_on_success += EXIT DURATION\n\tlog_on_failure = ATTEMPT\n"),
    service(14, "\tbanner = /etc/a\n\tbanner_success = /etc/b\n\tbanner_fail = /etc/c\n"),
    service(15, "\tdisable = yes\n"),
    service(16, "\tid = another\n"),
    service(17, socket_type="dgram", protocol="udp", wait="yes", user="nobody"),
    service(18, "\tredirect = 127.0.0.1 7000\n", server=None),
    service(19, user="65534", group="65534"),
    "service time\n{\n\ttype = INTERNAL UNLISTED\n\tid = time-stream\n\tsocket_type = stream\n\tprotocol = tcp\n"
    "\tport = 7201\n\twait = no\n\tuser = root\n}\n",
))


def comparable(values, name):
    """xinetd dumps only what stands in a service of instances and of cps; the defaults' hold all the same."""
    return [v for v in values if not v.startswith("CPS") and (name == "s5" or not v.startswith("Instances"))]


@test("xinetd takes what --print makes of its configuration for the same")
def _():
    theirs, complaints = dump(ORIGINAL)
    ours, again = dump("defaults\n{\n\tlog_type = SYSLOG daemon info\n}\n" + printed(ORIGINAL))
    equal(sorted(ours), sorted(theirs))
    for name in theirs:
        equal((name, comparable(ours[name], name)), (name, comparable(theirs[name], name)))
    print(f"# {len(theirs)} services, {sum(map(len, theirs.values()))} values")
    equal(len(theirs), 20)
    equal(complaints, [])
    equal(again, [])


@test("the configuration that Debian ships with xinetd has no error")
def _():
    shutil.copy(packages / "etc/xinetd.conf", "/etc/xinetd.conf")
    shutil.copytree(packages / "etc/xinetd.d", "/etc/xinetd.d", dirs_exist_ok=True)
    status, out, err = run(INETD, "--check", "/etc/xinetd.conf")
    equal((status, err), (0, ""))
    # Two that xinetd itself no longer has, and both are off.
    equal(re.findall(r": warning: no internal service has this name '(\w+)'", out), ["servers", "services"])
    equal("0 errors, 2 warnings" in out, True)


install("xinetd")
main()
