"""Who is measured beside our inetd, and how each is told of the same services. Each judges by the tables
of bench/corner.py or by its own of the same meaning, if it judges at all, and none has a limit.

Services have names, in an /etc/services of this corner; the programs of inetd.conf are links in /run."""
import collections
import pathlib
import re
import subprocess

from corner import UNLIMITED, Trouble

HELLO, NOBODY = "hello", "nobody"  # started for a client that may and for one that may not
ECHO, DISCARD, DAYTIME = INTERNAL = ("echo", "discard", "daytime")
ADDED = "added"                    # by a reload
MANY = 1000
MANY_NAMES = [f"bench{i:04}" for i in range(MANY)]
PORTS = {name: port for port, name in enumerate((HELLO, NOBODY, *INTERNAL, ADDED), 7001)}
PORTS |= {name: port for port, name in enumerate(MANY_NAMES, 8001)}
# Names are looked up for them; without root there is one user only.
MANY_USER = "nobody" if int(pathlib.Path("/proc/self/uid_map").read_text().split()[2]) > 65534 else "root"
PACKAGES = ("openbsd-inetd", "tcpd", "libwrap0", "xinetd", "ucspi-tcp", "ipsvd")

CLIENTS_MAX = 1000  # at once, where a limit must be named
BACKLOG = 128       # as openbsd-inetd has it
CDB_RULES = 100000
MILLION = 1000000

# name: as the tables show it. conf(services): text of its file, or None. command(bench, conf, services).
Contender = collections.namedtuple("Contender", "name conf command", defaults=(None, None))


# ---- configurations ----

def inetd_conf(services, tcpd=""):
    def line(name):
        user = MANY_USER if name in MANY_NAMES else "root"
        if name in INTERNAL:
            program = "internal"
        else:
            what = NOBODY if name == NOBODY else HELLO
            program = f"{tcpd} /run/{what}" if tcpd else f"/run/{what} {what}"
        return f"127.0.0.1:{name} stream tcp4 nowait.{UNLIMITED} {user} {program}\n"
    return "".join(map(line, services))


def tcpd_conf(services):
    return inetd_conf(services, tcpd="/run/tcpd")


def xinetd_conf(services, flags="NOLIBWRAP", nobody=""):
    def block(name):
        user = MANY_USER if name in MANY_NAMES else "root"
        lines = ["socket_type = stream", "protocol = tcp", "wait = no", f"user = {user}",
                 "bind = 127.0.0.1", f"flags = IPv4 {flags}"]
        if name in INTERNAL:
            lines += ["type = INTERNAL", f"id = {name}-stream"]
        else:
            what = NOBODY if name == NOBODY else HELLO
            lines += [f"server = /run/{what}", nobody if name == NOBODY else ""]
        return f"service {name}\n{{\n" + "".join(f"\t{line}\n" for line in lines) + "}\n"
    return (f"defaults\n{{\n\tinstances = UNLIMITED\n\tper_source = UNLIMITED\n\tcps = {UNLIMITED} 1\n}}\n"
            + "".join(map(block, services)))


def xinetd_libwrap_conf(services):
    return xinetd_conf(services, flags="")


def xinetd_no_access_conf(services):
    return xinetd_conf(services, nobody="no_access = 127.0.0.1")


# ---- commands ----

def ours(bench, conf, _services):
    return [bench.build / "src/cmd/inetd/inetd", "-f", "-R", "0", "-p", "none", conf]


def openbsd(*options):
    return lambda bench, conf, _services: [bench.debian / "usr/sbin/inetd", "-i", *options, conf]


def xinetd(bench, conf, _services):
    return [bench.debian / "usr/sbin/xinetd", "-dontfork", "-f", conf]


def tcpserver(bench, _conf, services):
    name, = services
    return [bench.debian / "usr/bin/tcpserver", "-H", "-R", "-l", "0", "-c", str(CLIENTS_MAX), "-b",
            str(BACKLOG), "-x", f"/run/{name}.cdb", "127.0.0.1", str(PORTS[name]), "/run/hello"]


def tcpsvd(bench, _conf, services):
    name, = services
    return [bench.debian / "usr/bin/tcpsvd", "-l", "0", "-c", str(CLIENTS_MAX), "-b", str(BACKLOG),
            "127.0.0.1", str(PORTS[name]), "/run/hello"]


def floor(bench, _conf, services):
    """Says what ours says, once bench.floor_lines knows it."""
    name, = services
    program = "-" if name == NOBODY else "/run/hello"
    return [bench.build / "bench/floor", str(PORTS[name]), program, *bench.floor_lines[name]]


OURS = Contender("ours", inetd_conf, ours)
OURS_MILLION = Contender("ours, 1M rules", inetd_conf, ours)
SPAWN = Contender("floor: accept+vfork+exec", None, floor)
CLOSE = Contender("floor: accept+close", None, floor)
INETD = Contender("openbsd-inetd", inetd_conf, openbsd())
INETD_L = Contender("openbsd-inetd -l", inetd_conf, openbsd("-l"))
INETD_TCPD = Contender("openbsd-inetd + tcpd", tcpd_conf, openbsd())
XINETD = Contender("xinetd", xinetd_conf, xinetd)
XINETD_LIBWRAP = Contender("xinetd + libwrap", xinetd_libwrap_conf, xinetd)
XINETD_NO_ACCESS = Contender("xinetd no_access", xinetd_no_access_conf, xinetd)
TCPSERVER = Contender("tcpserver + CDB of 100k", None, tcpserver)
TCPSVD = Contender("tcpsvd", None, tcpsvd)


# ---- what they find in the corner ----

def furnish(bench):
    """Programs, names of services, tcpserver's rules."""
    hello = bench.build / "bench/hello"
    for name, target in {HELLO: hello, NOBODY: hello, "tcpd": bench.debian / "usr/sbin/tcpd"}.items():
        pathlib.Path(f"/run/{name}").symlink_to(target)
    path = pathlib.Path("/etc/services")
    others = re.sub(r"^(echo|discard|daytime)\s.*\n", "", path.read_text(), flags=re.M)
    path.write_text("".join(f"{name} {port}/tcp\n" for name, port in PORTS.items()) + others)
    for name, verdict in ((HELLO, "allow"), (NOBODY, "deny")):
        rules = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}:deny\n" for i in range(CDB_RULES - 1))
        made = subprocess.run([bench.debian / "usr/bin/tcprules", f"/run/{name}.cdb", "/run/cdb.new"],
                              input=f"{rules}127.0.0.1:{verdict}\n", text=True, capture_output=True)
        if made.returncode != 0:
            raise Trouble(f"tcprules: {made.stderr.strip()}")


def million_rules():
    """A table of which no rule matches a client of ours."""
    return "".join(f"ALL: 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(MILLION))
