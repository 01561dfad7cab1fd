#!/usr/bin/env python3
# timeout: 120
"""libtcpwrap.so.0 beside hosts_access of our libwrap.so.0: the same verdicts, by files and by texts, on
all recorded cases (vectors.tsv) and on random policies; and its binary interface and header.

What is carried out may fail; nothing is carried out here. So where a command, an environment or a banner is
in play, a grant here may be a refusal there; and where aclexec is, a refusal here may be a grant."""
import importlib
import pathlib
import random
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import generate  # noqa: E402
import rig  # noqa: E402

vectors = importlib.import_module("0101-vectors")
abi = importlib.import_module("0102-abi")

LIBRARY = rig.BUILD / "src/libtcpwrap/libtcpwrap.so.0"
HEADER = rig.ROOT / "include/tcpwrap.h"
DRIVER = rig.BUILD / "tests/compat/modern"
SEED, POLICIES = 20261127, 1500
# Options whose carrying out can fail though there is nothing wrong with their text.
MAY_FAIL = re.compile(rb"(?i)spawn|twist|setenv|banners|rfc931|user|group")
ASKS_A_COMMAND = re.compile(rb"(?i)aclexec")
KEYS = ("daemon", "addr", "name", "user", "saddr", "sname")


class Side:
    """What one form of the tables came to."""

    def __init__(self, words):
        self.verdict, self.reason, self.fault, self.reading, self.file, self.line, self.findings = words

    @property
    def granted(self):
        return self.verdict == "grant"

    def __repr__(self):
        return f"{self.verdict} ({self.reason}, {self.fault}, {self.reading}) {self.file}:{self.line} {self.findings}"


def spell(request):
    """The keys that the driver takes; None: the request has others."""
    request = dict(request)
    if "told" in request:
        request["name"] = request.pop("told")
    if "sport" in request:
        family, request["sport"] = request["sport"].split()
        if family != "2":
            return None
    request.pop("resident", None)
    if set(request) - {*KEYS, "sport"} or any(re.search("[\t\n\0]", v) for v in request.values()):
        return None
    return request


def ask(cases):
    """Pairs of (files, texts), or None, for pairs of (paths, request)."""
    lines = ["\t".join([f"allow={paths[0]}", f"deny={paths[1]}", *(f"{k}={v}" for k, v in request.items())])
             for paths, request in cases]
    done = subprocess.run([DRIVER], input="".join(f"{line}\n" for line in lines).encode("latin-1"),
                          stdout=subprocess.PIPE, check=True)
    answers = []
    for line in done.stdout.decode("latin-1").splitlines():
        words = line.split("\t")
        answers.append((Side(words[:7]), Side(words[7:])) if len(words) == 14 else None)
    assert len(answers) == len(cases)
    return answers


def same_forms(files, texts, paths):
    """As a file and as a text: all the same but for the name."""
    names = {"<allow>": paths[0].rsplit("/", 1)[1], "<deny>": paths[1].rsplit("/", 1)[1], "-": "-"}
    return repr(files) == repr(texts).replace(texts.file, names[texts.file])


def check(tap, name, cases, wanted):
    """cases: (paths, request, tables' text, label); wanted: whether hosts_access grants each."""
    told = ask([case[:2] for case in cases])
    compared = carried_out = 0
    wrong, forms = [], []
    for (paths, request, text, label), answer, want in zip(cases, told, wanted):
        if answer is None:
            continue
        files, texts = answer
        compared += 1
        if not same_forms(files, texts, paths):
            forms.append((label, request, files, texts))
        if files.granted == want:
            continue
        if (MAY_FAIL if files.granted else ASKS_A_COMMAND).search(text):
            carried_out += 1
        else:
            wrong.append((label, request, want, files))
    tap.note(f"{name}: {compared} of {len(cases)} compared, {carried_out} where what is carried out decides")
    for finding in wrong[:5] + forms[:5]:
        tap.note(finding)
    tap.ok(not wrong, f"{name}: the verdict of hosts_access")
    tap.ok(not forms, f"{name}: files and texts come to the same")
    return compared


def recorded(scratch, directive):
    """The recorded cases, with their tables in place; and what hosts_access makes of each."""
    cases, wanted = [], []
    rows = (rig.ROOT / "tests/compat/vectors.tsv").read_text().splitlines()
    with rig.Probe(rig.OURS, fork=True) as probe:
        for number, row in enumerate(row for row in rows if row.startswith("V")):
            v = vectors.Vector(row)
            request = spell(v.request)
            if request is None:
                continue
            place = lambda text: text.replace(b"@V@", f"{scratch.dir}/{number}".encode())
            for path, content in v.files.items():
                path = place(path.encode()).decode()
                pathlib.Path(path).parent.mkdir(exist_ok=True)
                scratch.write(content, path)
            paths = [scratch.path(), scratch.path()]
            for path, text in zip(paths, (v.allow, v.deny)):
                if text is not None:
                    scratch.write((directive if text else b"") + place(text), path)
            cases.append((paths, request, (v.allow or b"") + (v.deny or b""), v.id))
            wanted.append(probe.ask(rig.Case(*paths, [v.request]))[0].granted)
    return cases, wanted


def is_spellable(request):
    """The daemon is named, and a server's address and port come together, as from a socket."""
    return "daemon" in request and ("saddr" in request) == ("sport" in request)


def random_cases(scratch):
    generator = generate.Generator(random.Random(SEED))
    cases, wanted = [], []
    with rig.Probe(rig.OURS, stand_in=True) as probe:
        for number in range(POLICIES):
            place = pathlib.Path(scratch.dir) / f"p{number}"
            place.mkdir()
            policy = generator.policy().place(str(place))
            for name, text in policy.files.items():
                scratch.write(text, str(place / name))
            paths = [str(place / "allow"), str(place / "deny")]
            for path, text in zip(paths, (policy.allow, policy.deny)):
                if text is not None:
                    scratch.write(text, path)
            requests = [r for r in policy.requests if is_spellable(r) and spell(r) is not None][:4]
            if not requests:
                continue
            answers = probe.ask(rig.Case(*paths, requests))
            for request, answer in zip(requests, answers):
                cases.append((paths, spell(request), b"".join(t or b"" for t in (policy.allow, policy.deny)), number))
                wanted.append(answer.granted)
    return cases, wanted


# ---- the binary interface ----

def check_symbols(tap):
    header = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    declared = set(re.findall(r"^[a-z][\w ]*?[ *](tw_\w+)\(", header, re.M))
    found = {name for name, (kind, _) in abi.symbols(LIBRARY).items() if kind != "OBJECT"}
    versions = {name for name in found if "@" not in name}
    exported = {name.split("@@")[0] for name in found} - versions
    tap.note(f"{len(declared)} declared")
    for name in sorted(declared ^ exported):
        tap.note(f"{name} is {'declared' if name in declared else 'exported'} only")
    tap.ok(declared == exported and len(declared) == 24, "exports what tcpwrap.h declares, and nothing more")
    tap.ok({name.split("@@")[1] for name in found - versions} == {"TCPWRAP_0.1"} and
           versions <= {"TCPWRAP_0.1"}, "each in the version TCPWRAP_0.1")
    tap.ok(abi.dynamic(LIBRARY, "NEEDED") == ["libc.so.6"], "needs libc and nothing else")
    tap.ok(abi.dynamic(LIBRARY, "SONAME") == ["libtcpwrap.so.0"], "SONAME is libtcpwrap.so.0")


def imports(library):
    lines = abi.output("readelf", "-W", "--dyn-syms", library).splitlines()
    return {line.split()[7].split("@")[0] for line in lines if " UND " in line and len(line.split()) > 7}


def check_imports(tap):
    """What it never does, it cannot do."""
    banned = {"syslog", "__syslog_chk", "vsyslog", "openlog", "printf", "__printf_chk", "fprintf", "__fprintf_chk",
              "puts", "exit", "_exit", "abort", "getenv", "secure_getenv", "setenv", "putenv", "fork", "vfork", "clone",
              "execve", "system", "popen", "signal", "sigaction", "alarm", "setitimer", "umask", "chdir", "setlocale",
              "longjmp", "siglongjmp", "pthread_create", "pthread_mutex_lock"}
    found = imports(LIBRARY) & banned
    tap.note(sorted(found))
    tap.ok(not found and "open64" in imports(LIBRARY), "calls nothing that logs, prints, leaves, starts or waits for a lock")


def check_header(tap, scratch):
    text = b"#include <tcpwrap.h>\nint main(void) { return tw_decide(NULL, NULL, TW_TIMEOUT_DEFAULT) == NULL; }\n"
    for compiler, language, suffix in (("cc", "c11", "c"), ("clang", "c11", "c"), ("c++", "c++11", "cc"),
                                       ("c++", "c++20", "cc"), ("clang++", "c++17", "cc")):
        label = f"the header alone compiles: {compiler} -std={language}"
        if not shutil.which(compiler):
            tap.skip(label, f"needs {compiler}")
            continue
        path = scratch.write(text, f"{scratch.path()}.{suffix}")
        done = subprocess.run([compiler, f"-std={language}", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
                               "-Wconversion", "-Werror", f"-I{HEADER.parent}", "-fsyntax-only", path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tap.note(done.stdout)
        tap.ok(done.returncode == 0, label)


def main():
    tap = rig.Tap()
    check_symbols(tap)
    check_imports(tap)
    with rig.Scratch() as scratch:
        check_header(tap, scratch)
        for name, directive in (("recorded", b""), ("recorded, classic", rig.DIRECTIVE)):
            compared = check(tap, name, *recorded(scratch, directive))
            tap.ok(compared >= 150, f"{name}: nearly all of them")
        compared = check(tap, f"random, seed {SEED}", *random_cases(scratch))
        tap.ok(compared >= POLICIES, "random: enough of them")
    tap.finish()


if __name__ == "__main__":
    main()
