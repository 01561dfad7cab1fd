#!/usr/bin/env python3
# timeout: 300
# seconds: 7
"""The library is a guest in its host's process: whatever state that is in, verdicts are right, and
afterwards everything is where it was. tests/compat/guest is the host."""
import os
import pathlib
import re
import shutil
import subprocess

import rig

SECONDS = 120
PROGRAM = rig.BUILD / "tests/compat/guest"
MOVED_US_MAX = 50000
STACK_MAX = 64 << 10
TLS_MAX = 64  # of the 1664 bytes or so that a process has for all libraries that it loads late
DECISIONS = 1_000_000 if os.environ.get("TIER") == "deep" else 200_000
HEAP_GROWN_MAX, GROWN_KIB_MAX = 16384, 256  # for what the C library does; a leak would be far above
LIST_DEPTH = 16

# What a decision may ask of the kernel: look at files, read them, and have memory.
CALLS = set("openat newfstatat fstat stat read pread64 lseek close brk mmap munmap mremap".split())
COMMAND_CALLS = CALLS | {"mprotect", "rt_sigprocmask", "clone", "wait4"}

# What no guest does. (The library has sigaction, for the child that becomes a shell, and longjmp,
# for process_options and tcpd_jump.)
NEVER = set("""getenv secure_getenv __secure_getenv signal bsd_signal alarm ualarm setitimer
    timer_create sleep usleep setlocale uselocale chdir fchdir fork vfork system popen pthread_create
    __register_atfork pthread_atfork atexit pthread_mutex_lock pthread_rwlock_rdlock
    sem_wait""".split())


class Host:
    """Tables, and queries by name. Commands write to `note`."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.note = pathlib.Path(scratch.path("note"))
        banners = pathlib.Path(scratch.path("banners"))
        banners.mkdir()
        (banners / "banner").write_text("hello %a\n" * 20)
        inner = scratch.write(b"10.3.\n")
        outer = scratch.write(f"192.0.2.1 {inner}\n".encode())
        self.allow = scratch.write(f"""
plain : 10.1.
minus : 10.2. EXCEPT 10.2.5.0/255.255.255.0
list : {outer}
deep : {self.nested_lists()}
name : .example.org
lookup : localhost
differ : 10.4.1.1/255.255.0.0
absent : {scratch.dir}/absent 10.5.
error : 10.6. : severity nonsense
options : 10.7. : severity local3.notice
banner : 10.9. : banners {banners}
spawn : 10.10. : spawn echo %d %a >>{self.note}
expand : ALL : setenv GUEST {"%n" * 79}
""".lstrip().encode())
        long = b"172.16.17.18 " * 50000 + b"10.8."
        self.modern = scratch.write(b"#!tcpwrap modern\nlong : " + long + b"\n")
        self.deny = scratch.write(b"spawn : 10.11. : spawn exit 3\nALL : ALL\n")

    def nested_lists(self):
        path = self.scratch.write(b"10.12.\n")
        for _ in range(LIST_DEPTH - 1):
            path = self.scratch.write(f"{path}\n".encode())
        return path

    def command(self, mode, calls, queries, allow=None):
        words = (PROGRAM, mode, rig.OURS, allow or self.allow, self.deny, calls, *queries)
        return [str(word) for word in words]

    def run(self, mode, calls, queries, env=None, allow=None):
        return Run(self.command(mode, calls, queries, allow), env)

    def commands(self):
        """How many have run since this was asked last."""
        lines = self.note.read_text().splitlines() if self.note.exists() else []
        self.note.unlink(missing_ok=True)
        return len(lines)


class Run:
    """The numbers that a host told, and the rest of its text."""

    def __init__(self, command, env=None):
        try:
            done = subprocess.run(command, env=dict(os.environ, **env or {}), text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=SECONDS)
            self.status, self.text = done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            self.status, self.text = None, f"not done after {SECONDS} s\n"
        told = "".join(line for line in self.text.splitlines(True) if not line.startswith("#"))
        self.numbers = {k: int(v) for k, v in re.findall(r"(\w+)=(-?\d+)(?=[ \n])", told)}

    def __getitem__(self, name):
        return self.numbers.get(name)

    def good(self, **want):
        return self.status == 0 and all(self[k] == v for k, v in dict(wrong=0, **want).items())


PLAIN = ["1,plain,unknown,10.1.2.3", "0,plain,unknown,10.100.2.3",
         "1,minus,unknown,10.2.3.4", "0,minus,unknown,10.2.5.6",
         "1,list,unknown,10.3.1.2", "0,list,unknown,10.4.1.2",
         "1,name,www.example.org,192.0.2.9", "0,name,www.example.com,192.0.2.9",
         "0,differ,unknown,10.4.2.2", "0,error,unknown,10.6.1.1",
         "1,absent,unknown,10.5.1.1", "0,absent,unknown,10.15.1.1"]
OPTIONS = ["1,options,unknown,10.7.1.1", "1,expand,a.example.org,192.0.2.3",
           f"0,expand,{'long.' * 23}example,192.0.2.3"]
DEEP = ["1,deep,unknown,10.12.1.1", "0,deep,unknown,10.13.1.1"]
LONG = ["1,long,unknown,10.8.1.1", "0,long,unknown,10.88.1.1"]  # in a table of its own
BANNER = ["1,banner,unknown,10.9.1.1"]
SPAWN = ["1,spawn,unknown,10.10.1.1", "0,spawn,unknown,10.11.1.1"]


def lookups():
    """A client whose name the library looks up; [] if this machine might ask a network for it."""
    hosts = pathlib.Path("/etc/hosts").read_text() if os.path.exists("/etc/hosts") else ""
    known = re.search(r"^127\.0\.0\.1\s+localhost(\s|$)", hosts, re.M)
    return ["1,lookup,?,127.0.0.1"] if known else []


def output(*command):
    return subprocess.run([str(w) for w in command], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def check(tap, run, name, good):
    if not good:
        tap.note(f"status {run.status}\n{run.text[:4000]}")
    tap.ok(good, name)


# ---- results ----

def timers(tap, host):
    run = host.run("alarm", 200, PLAIN + OPTIONS + SPAWN)
    tap.note(f"{run['busy_ms']} ms of decisions moved an alarm by {run['moved_us']} us; it came "
             f"{run['late_us']} us late")
    check(tap, run, "an alarm of the host is not moved, and comes once",
          run.good(ticks=1) and run["busy_ms"] > 100 and abs(run["moved_us"]) <= MOVED_US_MAX
          and run["late_us"] >= -MOVED_US_MAX)
    host.commands()
    run = host.run("timer", 100, PLAIN + OPTIONS + SPAWN + BANNER + lookups())
    tap.note(f"{run['ticks']} interruptions")
    check(tap, run, "verdicts are right under a timer of 1 kHz that interrupts system calls",
          run.good() and run["ticks"] > 50)
    tap.ok(host.commands() == 100, "and each command has run")


def children(tap, host):
    for how in ("default", "ignored", "handled"):
        run = host.run(f"sigchld-{how}", 50, PLAIN + SPAWN)
        check(tap, run, f"SIGCHLD {how}: verdicts are right, the host gets none, keeps its setting, "
              "and has no child left", run.good(sigchlds=0, same=1, children=0))
        tap.ok(host.commands() == 50, f"SIGCHLD {how}: each command has run")
        check(tap, run, f"SIGCHLD {how}: children of the host end as they always did",
              run.good(own=1))


def descriptors(tap, host):
    run = host.run("closed", 20, PLAIN + OPTIONS + DEEP + SPAWN)
    check(tap, run, "without descriptors 0 to 2: verdicts are right, and none is open afterwards",
          run.good(fds_differ=0))
    tap.ok(host.commands() == 20, "without descriptors 0 to 2: each command has run")
    run = host.run("few-fds", 20, PLAIN + OPTIONS + SPAWN)
    check(tap, run, "with 5 descriptors left: verdicts are right, and none is open afterwards",
          run.good(fds_differ=0))
    granted = [query for query in PLAIN if query.startswith("1")]
    run = host.run("no-fds", 20, granted)
    check(tap, run, "with none left nobody gets in; when there are some again, verdicts are right",
          run.good(granted_without=0, refused_without=len(granted), fds_differ=0))
    host.commands()


def everything(tap, host):
    """Warm: what a thread would have to open, in a process that has few descriptors, is kept."""
    host.commands()
    queries = PLAIN + OPTIONS + SPAWN
    run = host.run("everything", 15, queries)
    tap.note(f"{run['ticks']} interruptions, an alarm moved by {run['moved_us']} us")
    check(tap, run, "16 threads, SIGCHLD ignored, 0 to 2 closed, 8 descriptors at most, an alarm, errno, a "
          "signal a millisecond: verdicts are right, and all is as it was",
          run.good(children=0) and run["ticks"] > 50 and abs(run["moved_us"]) <= MOVED_US_MAX
          and run["open_fd"] is None and run["errno_lost"] is None)
    host.commands()  # a shell that has 8 descriptors cannot write to a file


def state(tap, host):
    run = host.run("errno", 1, PLAIN + OPTIONS + SPAWN + lookups())
    check(tap, run, "errno is kept by each function", run.good())
    env = {"TCPWRAP": "1", "HOSTS_ALLOW": "/dev/null", "LIBWRAP_DEBUG": "1", "POSIXLY_CORRECT": "1"}
    run = host.run("state", 50, PLAIN + DEEP + SPAWN + lookups(), env)
    check(tap, run, "umask, directory, locale, environment, signals, timers, ids, descriptors and "
          "threads are as before", run.good(changed=0, threads=1))
    check(tap, run, "the environment was not asked", run.good(getenv=0))
    undefined = set(re.findall(r" UND (\w+)", output("readelf", "-W", "--dyn-syms", rig.OURS)))
    tap.note(f"{len(undefined)} functions of the C library; not for guests: "
             f"{sorted(undefined & NEVER)}")
    tap.ok(len(undefined) > 20 and not undefined & NEVER, "it has no function that no guest needs")
    host.commands()


def traced(tap, host, name, calls, queries):
    """(pid of the caller, pid, system call) for each call in decisions; None: skipped, or failed."""
    strace, out = shutil.which("strace"), pathlib.Path(host.scratch.path("strace"))
    if not strace or subprocess.call([strace, "-o", out, "true"], stderr=subprocess.DEVNULL) != 0:
        tap.skip(name, "strace does not work here" if strace else "no strace")
        return None
    run = Run([strace, "-f", "-o", str(out), *host.command("trace", calls, queries)])
    if not run.good():
        check(tap, run, name, False)
        return None
    made, caller = [], None
    for line in out.read_text(errors="replace").splitlines():
        pid, _, rest = line.partition(" ")
        if "guest-begins" in line:
            caller = pid
        elif "guest-ended" in line:
            caller = None
        elif caller and (call := re.match(r"\s*(\w+)\(", rest)):
            made.append((caller, pid, call.group(1)))
    return made


def system_calls(tap, host):
    queries = PLAIN + OPTIONS[:1] + DEEP
    name = "a decision looks at files, reads them, and does nothing else"
    made = traced(tap, host, name, 4, queries)
    if made is not None:
        seen = {call for _, _, call in made}
        tap.note(f"{len(made) / len(queries) / 4:.1f} system calls for a decision: "
                 f"{', '.join(sorted(seen))}")
        tap.ok(seen and seen <= CALLS, name)
    name = "a command changes no disposition and no timer of the caller"
    made = traced(tap, host, name, 2, SPAWN)
    if made is not None:
        seen = {call for caller, pid, call in made if pid == caller}
        tap.note(f"the caller of a command: {', '.join(sorted(seen))}")
        tap.ok("clone" in seen and seen <= COMMAND_CALLS, name)
    host.commands()


def loading(tap, host):
    run = host.run("reload", 1, PLAIN)
    check(tap, run, "loaded late and unloaded 100 times by each of 8 threads", run.good())
    run = host.run("reload", 1, PLAIN,
                   {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=0:glibc.rtld.nns=1"})
    check(tap, run, "and with as little thread-local storage as there can be", run.good())
    found = re.search(r"^\s*TLS(?:\s+\S+){4}\s+(0x\w+)", output("readelf", "-lW", rig.OURS), re.M)
    size = int(found.group(1), 16) if found else 0
    tap.note(f"{size} bytes of thread-local storage")
    tap.ok(0 < size <= TLS_MAX, f"its thread-local storage is at most {TLS_MAX} bytes")


def memory(tap, host):
    usual = PLAIN + OPTIONS + DEEP + SPAWN + lookups()
    for title, allow, queries in (("", None, usual), (" in a long line", host.modern, LONG)):
        run = host.run("stack", 1, queries, allow=allow)
        tap.note("\n".join(re.findall(r"^# (.*)", run.text, re.M)))
        check(tap, run, f"a decision{title} takes at most {STACK_MAX >> 10} KiB of stack",
              run.good() and 0 < run["stack"] <= STACK_MAX)
    queries = PLAIN + OPTIONS[:1]
    for mode, calls, name in (
            ("memory", DECISIONS // len(queries), f"after {DECISIONS} decisions"),
            ("memory-threads", 1, "after 20,000 threads that decide once"),
            ("memory-rewrites", 10, "after 30 rewritten tables, kept and dropped")):
        run = host.run(mode, calls, queries)
        tap.note(f"{mode}: heap {run['heap_grown']} bytes, process {run['grown_kib']} KiB more")
        check(tap, run, f"no more memory is used {name}",
              run.good() and run["heap_grown"] <= HEAP_GROWN_MAX
              and run["grown_kib"] <= GROWN_KIB_MAX)


def main():
    tap = rig.Tap()
    with rig.Scratch() as scratch:
        host = Host(scratch)
        for part in (timers, children, descriptors, everything, state, system_calls, loading, memory):
            part(tap, host)
    tap.finish()


if __name__ == "__main__":
    main()
