"""The old administration tools, ours beside Debian's: in namespaces with a scripted name server.

Debian's binaries lose what their library has to say to the log; a library of this file's, in front of
it, prints that instead. Imported by 025N-*.py."""
import json
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(os.environ.get("ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()

# The download needs the network that the laboratory takes away.
fetched = subprocess.run([ROOT / "tools/fetch-daemons", "tcpd", "libwrap0"], capture_output=True,
                         text=True)
debian = pathlib.Path(fetched.stdout.strip() or "/nonexistent")

import inetd_lab as lab  # noqa: E402
from dns_server import DnsServer, a, aaaa, answer, cname, ptr  # noqa: E402

RUN_SECONDS = 30
CATCH = r"""
#include <stdarg.h>
#include <stdio.h>
void __vsyslog_chk(int priority, int flag, const char *format, va_list args);
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)priority, (void)flag;
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	__vsyslog_chk(priority, flag, format, args);
	va_end(args);
}
"""


def reverse(address):
    if ":" in address:
        import ipaddress
        digits = ipaddress.IPv6Address(address).exploded.replace(":", "")
        return "PTR " + ".".join(reversed(digits)) + ".ip6.arpa"
    return "PTR " + ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def dns_table():
    """Hosts with everything that may be odd about them, below ex.org."""
    table = {}

    def host(name, *addresses, back=None):
        table[f"A {name}.ex.org"] = answer(*map(a, addresses))
        for address in addresses:
            table[reverse(address)] = answer(ptr(f"{back or name}.ex.org"))

    host("good", "192.0.2.1")
    host("two", "192.0.2.2", "192.0.2.3")
    host("liar", "192.0.2.4", back="good")
    host("alias2", "192.0.2.6", back="other")
    host("gone", "192.0.2.8", back="nowhere")
    host("case", "192.0.2.10")
    table[reverse("192.0.2.10")] = answer(ptr("CASE.ex.ORG"))
    table["A other.ex.org"] = answer(a("192.0.2.6"))
    table["A nameless.ex.org"] = answer(a("192.0.2.5"))
    table["A alias.ex.org"] = answer(cname("good.ex.org"), a("192.0.2.1", owner="good.ex.org"))
    table["A numeric.ex.org"] = answer(a("192.0.2.7"))
    table[reverse("192.0.2.7")] = answer(ptr("1.2.3.4"))
    host("six", "192.0.2.9")
    table["AAAA six.ex.org"] = answer(aaaa("2001:db8::9"), aaaa("fe80::9"))
    table[reverse("2001:db8::9")] = answer(ptr("six.ex.org"))
    return table


class Place:
    """A folder with two tables and what they name; both tools run in it."""

    count = 0

    def __init__(self, allow="", deny="", **files):
        Place.count += 1
        self.path = lab.dir / f"place{Place.count}"
        self.path.mkdir()
        for name, text in {"hosts.allow": allow, "hosts.deny": deny, **files}.items():
            if text is not None:
                path = self.path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def run(self, command, *args, **env):
        done = subprocess.run([*command, *args], cwd=self.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **env})
        return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")

    def ours(self, tool, *args):
        return self.run([BUILD / f"src/cmd/{tool}/{tool}"], *args)

    def debian(self, tool, *args):
        library = next(debian.glob("usr/lib/*/libwrap.so.0")).parent
        return self.run([debian / "usr/sbin" / tool], *args, LD_LIBRARY_PATH=str(library),
                        LD_PRELOAD=str(lab.dir / "catch.so"))

    def unprinted(self, tool, *args):
        """Statuses when standard output is full, and when it is closed."""
        command = [BUILD / f"src/cmd/{tool}/{tool}", *args]
        with open("/dev/full", "w") as full:
            status = subprocess.run(command, cwd=self.path, stdout=full, stderr=subprocess.DEVNULL).returncode
        closed = subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command], cwd=self.path)
        return status, closed.returncode

    def json(self, tool, *args):
        status, out, err = self.ours(tool, "--json", *args)
        return json.loads(out), status, err


def has_oracle():
    return fetched.returncode == 0 and (lab.dir / "catch.so").exists()


def why_no_oracle():
    return (fetched.stderr.strip().splitlines() or ["needs cc"])[-1]


def start():
    (lab.dir / "catch.c").write_text(CATCH)
    subprocess.run(["cc", "-shared", "-fPIC", "-U_FORTIFY_SOURCE", "-o", lab.dir / "catch.so",
                    lab.dir / "catch.c"], check=False, stderr=subprocess.DEVNULL)
    (lab.dir / "empty").mkdir()
    server = DnsServer().serve(dns_table())
    etc = {"hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files dns\nnetgroup: files\n",
           "resolv.conf": f"nameserver {server.address}\noptions timeout:1 attempts:1\n"}
    for name, text in etc.items():
        (lab.dir / name).write_text(text)
        if pathlib.Path("/etc", name).exists():
            lab.bind_mount(lab.dir / name, f"/etc/{name}")


def parallel(jobs, run, width=4):
    """[run(job) for job in jobs], several at a time."""
    results, left, lock = [None] * len(jobs), list(enumerate(jobs)), threading.Lock()

    def work():
        while True:
            with lock:
                if not left:
                    return
                number, job = left.pop()
            results[number] = run(job)

    threads = [threading.Thread(target=work) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
