#!/usr/bin/env python3
# timeout: 60
"""The configuration of inetd, as people break it: each line that some inetd stumbles over has its
finding, with file, line and column, and an outcome of its own; so has each block of xinetd.conf, and
each way in which files and folders go wrong. Every finding of notes.def is shown here. What --print says
is read as the same."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
INETD = BUILD / "src/cmd/inetd/inetd"
NOTES = dict(re.findall(r"^NOTE\((\w+), (\w+)", (ROOT / "src/cmd/inetd/conf/notes.def").read_text(), re.M))
seen = set()
dir = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))


def run(*words):
    done = subprocess.run([INETD, *words], capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
    return path


def check(path):
    """(status, [LINE:COLUMN CODE of each finding that is no notice], the report)"""
    status, out, err = run("--check", "--json", path)
    report = json.loads(out)
    findings = []
    for found in report["findings"]:
        seen.add(found["code"].replace("-", "_").upper())
        where = "" if found["file"] == str(path) else pathlib.Path(found["file"]).name + ":"
        if found["severity"] != "notice":
            findings.append(f"{where}{found['line']}:{found['column']} {found['code']}")
    return status, findings, report


def case(what, text, want, outcome):
    """Text alone has the findings; with a good line behind it, which must not be lost, the outcome."""
    path = write(dir / "inetd.conf", text)
    status, findings, report = check(path)
    errors = [f for f in report["findings"] if f["severity"] == "error"]
    write(path, text + ("" if text.endswith("\n") else "\n") + GOOD)
    printed = run("--print=inetd", path)[1]
    ok(findings == want and (status == 1) == bool(errors), what, f"{status} {findings}, not {want}")
    ok(printed == outcome + GOOD, f"{what}: what is left of it, and the next line", printed, f"not {outcome!r}")


GOOD = "7999 stream tcp4 nowait root /bin/true true\n"
REST = " stream tcp4 nowait root /bin/true"
# What, the text, its findings, and what is left of it. The port of a line is 7001.
LINES = [
    ("an ordinary line", "7001" + REST, [], "7001" + REST + " true\n"),
    ("CRLF", "7001" + REST + " x y\r\n", [], "7001" + REST + " x y\n"),
    ("a carriage return within the line", "7001" + REST + " x\r y\n", ["1:41 cr"], ""),
    ("no final newline", "7001" + REST + " x", [], "7001" + REST + " x\n"),
    ("a byte order mark", "\ufeff7001" + REST + " x", [], "7001" + REST + " x\n"),
    ("a comment", "#7001" + REST + "\n", ["0:0 no-services"], ""),
    ("Debian's off", "#<off># 7001" + REST + "\n", ["0:0 no-services"], ""),
    ("an indented comment under a line", "7001" + REST + " x\n\t# rm -rf comment\n",
     ["2:2 comment-argument"], "7001" + REST + " x # rm -rf comment\n"),
    ("an indented comment alone", "  # ftp\n", ["1:3 indented-comment"], ""),
    ("a comment behind the arguments", "7001" + REST + " x # y\n", ["1:42 comment-argument"],
     "7001" + REST + " x # y\n"),
    ("a continued line", "7001 stream tcp4\n\tnowait root\n  /bin/true x\n y\n", [], "7001" + REST + " x y\n"),
    ("the twenty-first argument", "7001" + REST + " " + " ".join(map(str, range(30))), [],
     "7001" + REST + " " + " ".join(map(str, range(30))) + "\n"),
    ("a thousand arguments", "7001" + REST + " x" * 1018, [], "7001" + REST + " x" * 1018 + "\n"),
    ("more than a thousand", "7001" + REST + " x" * 1019, ["1:2076 many-words"], ""),
    ("a line of 65536 bytes", "7001" + REST + " " + "x" * 65497, [], "7001" + REST + " " + "x" * 65497 + "\n"),
    ("a longer line", "7001" + REST + " " + "x" * 65498, ["1:1 entry-long"], ""),
    ("a line of 2000 bytes is one line", "7001" + REST + " " + "x" * 2000, [], "7001" + REST + " " + "x" * 2000 + "\n"),
    ("NUL", "7001" + REST + " x\0y", ["1:41 nul"], ""),
    ("bytes beyond ASCII", "7001" + REST + " \udcff\xe4", [], "7001" + REST + " \ufffd\xe4\n"),
    ("VT does not divide", "7001" + REST + " x\vy", [], "7001" + REST + " x\vy\n"),
    ("too few fields", "7001 stream tcp4 nowait\n", ["1:18 few-fields"], ""),
    ("five fields", "7001 stream tcp4 nowait root\n", ["1:25 few-fields"], ""),
    ("no arguments", "7001" + REST, [], "7001" + REST + " true\n"),
    ("a server that is not there", "7001 stream tcp4 nowait root /no/such x", [],
     "7001 stream tcp4 nowait root /no/such x\n"),
    ("quotes", "7001" + REST + " d \"x y\"", ["1:42 quote"], "7001" + REST + " d \"x y\"\n"),
    ("an open quote", "7001" + REST + " d 'x y", ["1:42 quote"], "7001" + REST + " d 'x y\n"),
    ("a quote within a word", "7001" + REST + " a\"b", [], "7001" + REST + " a\"b\n"),
    # where
    ("port 0", "0" + REST, ["1:1 bad-port"], ""),
    ("port 70000", "70000" + REST, ["1:1 bad-port"], ""),
    ("port -1", "-1" + REST, ["1:1 bad-port"], ""),
    ("port 65535", "65535" + REST, [], "65535" + REST + " true\n"),
    ("port 65536", "65536" + REST, ["1:1 bad-port"], ""),
    ("an unknown service", "no-such-service" + REST, ["1:1 unknown-service"], "no-such-service" + REST + " true\n"),
    ("an upper-case name", "NO-SUCH" + REST, ["1:1 unknown-service"], "NO-SUCH" + REST + " true\n"),
    ("behind tcpmux", "tcpmux/+x" + REST, ["1:1 unknown-service"], "tcpmux/+x" + REST + " true\n"),
    ("the same port twice", "7001" + REST + " a\n7001" + REST + " b\n", ["1:1 duplicate"],
     "7001" + REST + " a\n7001" + REST + " b\n"),
    ("an address", "127.0.0.1:7001" + REST, [], "127.0.0.1:7001" + REST + " true\n"),
    ("a bare IPv6 address", "::1:7001 stream tcp6 nowait root /bin/true", [],
     "[::1]:7001 stream tcp6 nowait root /bin/true true\n"),
    ("one in brackets", "[::1]:7001 stream tcp6 nowait root /bin/true", [],
     "[::1]:7001 stream tcp6 nowait root /bin/true true\n"),
    ("an open bracket", "[::1:7001 stream tcp6 nowait root /bin/true", ["1:1 bad-address"], ""),
    ("an unknown host", "no-such-host.invalid:7001" + REST, ["1:1 unknown-host"],
     "no-such-host.invalid:7001" + REST + " true\n"),
    ("an address of the other family", "[::1]:7001" + REST, ["1:2 wrong-family"], "[::1]:7001" + REST + " true\n"),
    ("a scope that is none", "[fe80::1%nosuch]:7001 stream tcp6 nowait root /bin/true", ["1:2 unknown-scope"],
     "[fe80::1%nosuch]:7001 stream tcp6 nowait root /bin/true true\n"),
    ("an address line, and its end", "127.0.0.1:\n7001" + REST + "\n*:\n7002" + REST, [],
     "127.0.0.1:7001" + REST + " true\n7002" + REST + " true\n"),
    ("a dangling *:", "127.0.0.1:\n*:\n7001" + REST + "\n", [], "7001" + REST + " true\n"),
    ("a bad address line holds for nobody", "h,,:\n7001" + REST + "\n*:\n", ["1:3 bad-address", "2:1 lost-address"], ""),
    ("an address without a service", "127.0.0.1:" + REST, ["1:1 no-service"], ""),
    ("a colon alone in front", ":7001" + REST, ["1:1 bad-address"], ""),
    ("a path that is too long", "/" + "x" * 107 + " stream unix nowait root /bin/true", ["1:1 path-long"], ""),
    ("a path without unix", "/run/x" + REST, ["1:1 unknown-service"], ""),
    ("unix without a path", "x stream unix nowait root /bin/true", ["1:1 bad-path"], ""),
    ("a unix socket", "/run/no-such/x seqpacket unix nowait root /bin/true", [],
     "/run/no-such/x seqpacket unix nowait root /bin/true true\n"),
    # what
    ("stream udp", "7001 stream udp nowait root /bin/true", ["1:13 mixed"], ""),
    ("dgram tcp", "7001 dgram tcp wait root /bin/true", ["1:12 mixed"], ""),
    ("seqpacket tcp", "7001 seqpacket tcp nowait root /bin/true", ["1:16 mixed"], ""),
    ("seqpacket sctp", "7001 seqpacket sctp nowait root /bin/true", ["1:16 unknown-protocol"], ""),
    ("raw", "7001 raw tcp nowait root /bin/true", ["1:6 unknown-socktype"], ""),
    ("tcp6only", "7001 stream tcp6only nowait root /bin/true", ["1:13 unknown-protocol"], ""),
    ("tcp4", "7001" + REST, [], "7001" + REST + " true\n"),
    ("tcp46", "7001 stream tcp46 nowait root /bin/true", [], "7001 stream tcp46 nowait root /bin/true true\n"),
    ("rpc", "rusersd/2-3 dgram rpc/udp wait root /bin/true", ["1:19 rpc"], ""),
    ("buffers", "7001 stream tcp4,sndbuf=64k,rcvbuf=1m nowait root /bin/true", [],
     "7001 stream tcp4,sndbuf=65536,rcvbuf=1048576 nowait root /bin/true true\n"),
    ("a bad buffer", "7001 stream tcp4,rcvbuf=64q nowait root /bin/true", ["1:18 bad-buffer"], ""),
    ("an unknown wait word", "7001 stream tcp4 sometimes root /bin/true", ["1:18 bad-wait"], ""),
    ("nowait.0", "7001 stream tcp4 nowait.0 root /bin/true", ["1:18 bad-rate"], ""),
    ("nowait.-1", "7001 stream tcp4 nowait.-1 root /bin/true", ["1:18 bad-rate"], ""),
    ("nowait.abc", "7001 stream tcp4 nowait.abc root /bin/true", ["1:18 bad-rate"], ""),
    ("nowait. and nothing", "7001 stream tcp4 nowait. root /bin/true", ["1:18 bad-rate"], ""),
    ("nowait.5", "7001 stream tcp4 nowait.5 root /bin/true", [], "7001 stream tcp4 nowait.5 root /bin/true true\n"),
    ("a huge N", "7001 stream tcp4 nowait.4294967299 root /bin/true", ["1:18 huge-rate"],
     "7001 stream tcp4 nowait.1000001 root /bin/true true\n"),
    ("NetBSD's colon", "7001 stream tcp4 nowait:5 root /bin/true", ["1:18 dialect"],
     "7001 stream tcp4 nowait.5 root /bin/true true\n"),
    ("FreeBSD's slashes", "7001 stream tcp4 nowait/5/2/1 root /bin/true", ["1:18 dialect"],
     "# 7001 has besides: source_rate = 2/minute; instances = 5; per_source = 1\n#<off># 7001" + REST + " true\n"),
    ("NetBSD's number of servers", "7001 stream,2 tcp4 nowait root /bin/true", ["1:6 dialect"],
     "# 7001 has besides: instances = 2\n#<off># 7001" + REST + " true\n"),
    ("NetBSD's blocks", "7001 on socktype=stream exec=/bin/true;\n", ["1:25 few-fields"], ""),
    ("NetBSD's include", ".include /etc/inetd/*\n", ["1:10 few-fields"], ""),
    ("FreeBSD's policies", "#@ ipsec in\n", ["0:0 no-services"], ""),
    # who
    ("an unknown user", "7001 stream tcp4 nowait no-such-user /bin/true", ["1:25 unknown-user"],
     "7001 stream tcp4 nowait no-such-user /bin/true true\n"),
    ("an unknown group", "7001 stream tcp4 nowait root:no-such-group /bin/true", ["1:30 unknown-group"],
     "7001 stream tcp4 nowait root:no-such-group /bin/true true\n"),
    ("user.group", "7001 stream tcp4 nowait root.daemon /bin/true", [], "7001 stream tcp4 nowait root:daemon /bin/true true\n"),
    ("a login class", "7001 stream tcp4 nowait root/daemon /bin/true", ["1:25 bad-user"], ""),
    ("a relative path", "7001 stream tcp4 nowait root true", ["1:30 relative"], ""),
    ("an internal service that there is", "time stream tcp nowait root internal", [],
     "time stream tcp nowait root internal\n"),
    ("one that there is not", "ftp stream tcp nowait root internal", ["1:28 internal"], ""),
    ("one in capitals", "ECHO stream tcp nowait root internal", ["1:29 internal"], ""),
    ("one server for it", "time stream tcp wait root internal", ["1:27 internal-wait"], ""),
    ("every fault of a line", "0 x y z : q", ["1:1 bad-port", "1:3 unknown-socktype", "1:5 unknown-protocol",
                                          "1:7 bad-wait", "1:9 bad-user", "1:11 relative"], ""),
]

for row in LINES:
    case(*row)

# All of them in one file: each finding at its own line.
text, want = "", []
for what, line, findings, outcome in LINES:
    if any("no-services" in f for f in findings) or line.startswith(("\ufeff", "127.0.0.1:\n", " ")):
        continue
    before = text.count("\n")
    text += line + ("" if line.endswith("\n") else "\n")
    for finding in findings:
        number, rest = finding.split(":", 1)
        want.append((before + int(number), rest))
status, findings, report = check(write(dir / "all.conf", text))
got = [(int(f.split(":", 1)[0]), f.split(":", 1)[1]) for f in findings if "duplicate" not in f]
ok(status == 1 and got == [w for w in want if "duplicate" not in w[1]], "all lines in one file, each at its place",
   [w for w in want if w not in got], [g for g in got if g not in want])

# ---- blocks ----

BODY = "\tsocket_type = stream\n\tprotocol = tcp4\n\twait = no\n\tuser = root\n\tgroups = yes\n\tserver = /bin/true\n"


def block(name, more="", port=7001):
    return f"service {name}\n{{\n\ttype = UNLISTED\n\tport = {port}\n{BODY}{more}}}\n"


AFTER = block("after", port=7999)
BLOCKS = [
    ("a brace behind the name", "service zz {\n" + BODY + "}\n", ["1:12 brace-line"], ""),
    ("no brace", "service zz\n" + BODY + "}\n", ["2:2 no-brace"], ""),
    ("no closing brace", "service zz\n{\n" + BODY, ["9:1 brace-missing"], ""),
    ("words behind the closing brace", "service zz\n{\n" + BODY + "} x\n", ["9:3 brace-line"], ""),
    ("an attribute twice", block("zz", "\tinstances = 5\n\tinstances = 6\n"), ["12:2 twice"],
     "# zz has besides: instances = 5\n#<off># 7001" + REST + " true\n"),
    ("an unknown attribute", block("zz", "\tonly_form = 10.0.0.0\n"), ["11:2 unknown-attribute"], ""),
    ("no blanks around the sign", block("zz", "\tnice=3\n"), ["11:2 no-sign"], ""),
    ("a bad value", block("zz", "\tnice = 20\n"), ["11:9 bad-value"], ""),
    ("no value", block("zz", "\tnice =\n"), ["11:2 no-value"], ""),
    ("a value too many", block("zz", "\tnice = 3 4\n"), ["11:11 extra-value"], ""),
    ("a bad sign", block("zz", "\tnice += 3\n"), ["11:2 bad-sign"], ""),
    ("quotes", block("zz", "\tserver_args = \"a b\"\n"), ["11:16 quote"], "7001" + REST + " true \"a b\"\n"),
    ("a bad client", block("zz", "\tonly_from = 10.0.0.0/33 10.1.1.1\n"), ["11:14 bad-origin"],
     "# zz has besides: only_from = 10.0.0.0/33 10.1.1.1\n#<off># 7001" + REST + " true\n"),
    ("a port of 70000", block("zz", port=70000), ["4:9 bad-port"], ""),
    ("an unknown user", block("zz").replace("root", "no-such-user"), ["8:9 unknown-user"],
     "7001 stream tcp4 nowait no-such-user /bin/true true\n"),
    ("a server that is no path", block("zz").replace("/bin/true", "true"), ["10:11 bad-value"], ""),
    ("no server", "service time\n{\n\tprotocol = tcp\n\twait = no\n\tuser = root\n}\n", ["1:9 missing"], ""),
    ("RPC", block("zz", "\trpc_version = 2-3\n").replace("UNLISTED", "RPC UNLISTED"),
     ["3:9 refused", "11:2 refused"], ""),
    ("tcpmux", block("zz").replace("UNLISTED", "TCPMUX"), ["3:9 refused"], ""),
    ("sensors", block("zz", "\tflags = SENSOR\n\tdeny_time = 5\n"), ["11:10 refused", "12:2 ignored"], ""),
    ("only in the defaults", block("zz", "\tenabled = zz\n"), ["11:2 not-in-service"], ""),
    ("a set that is too long", block("zz", "\tno_access = " + "x " * 1022 + "\n\tno_access += y z zz\n"),
     ["12:19 set-long"], ""),
    ("nothing to take away", block("zz", "\tpassenv = A\n\tpassenv -= B\n"), ["12:13 not-there"],
     "# zz has besides: passenv = A\n#<off># 7001" + REST + " true\n"),
    ("an id twice", block("zz") + block("yy", "\tid = zz\n", 7002), ["22:7 id-twice"], "7001" + REST + " true\n"),
    ("two families", block("zz", "\tflags = IPv6\n"), ["6:13 families"], ""),
    ("internal and redirect", "service time\n{\n\ttype = INTERNAL\n\tprotocol = tcp\n\tredirect = ::1 9\n}\n",
     ["5:13 two-kinds"], ""),
    ("a redirect to itself", "service zz\n{\n\tsocket_type = stream\n\tport = 7001\n\tbind = 127.0.0.1\n"
     "\tredirect = 127.0.0.1 7001\n}\n", ["6:13 itself"],
     "# zz has besides: redirect = 127.0.0.1 7001\n"),
    ("clients of a server that accepts them itself", block("zz", "\tno_access = 10.1.1.1\n").replace("wait = no", "wait = yes"),
     ["1:9 origin-wait"], "# zz has besides: no_access = 10.1.1.1\n#<off># 7001 stream tcp4 wait root /bin/true true\n"),
    ("a tarpit for datagrams", "service tarpit\n{\n\ttype = INTERNAL\n\tprotocol = udp\n\tport = 7001\n}\n",
     ["1:9 stream-only"], ""),
    ("LISTEN_FDS for a server of one client", block("zz", "\tlisten_fds = yes\n"), ["1:9 listen-fds"], ""),
    ("an owner of a port", block("zz", "\tsocket_mode = 0600\n"), ["1:9 not-unix"], ""),
    ("flags of TCP for datagrams", block("zz", "\tflags = NODELAY KEEPALIVE NOLIBWRAP\n").replace("stream", "dgram")
     .replace("tcp4", "udp4").replace("wait = no", "wait = yes"), ["1:9 ignored", "1:9 ignored"],
     "# zz has besides: flags = NODELAY KEEPALIVE NOLIBWRAP IPv4\n7001 dgram udp4 wait root /bin/true true\n"),
    ("flags of TCP for a path", block("/run/zz", "\tflags = KEEPALIVE\n").replace("\tport = 7001\n", "")
     .replace("tcp4", "unix").replace("\ttype = UNLISTED\n", ""), ["1:9 ignored"],
     "# /run/zz has besides: flags = KEEPALIVE\n/run/zz stream unix nowait root /bin/true true\n"),
    ("an interface that is not there", block("zz", "\tinterface = nodevice0\n"), ["1:9 no-device"],
     "# zz has besides: interface = nodevice0\n#<off># 7001" + REST + " true\n"),
    ("one that is there", block("zz", "\tinterface = lo\n"), [],
     "# zz has besides: interface = lo\n#<off># 7001" + REST + " true\n"),
    ("a port of a path", block("/run/zz").replace("tcp4", "unix"), ["4:9 unix-port"], ""),
]

for what, text, want, outcome in BLOCKS:
    path = write(dir / "blocks.conf", "defaults\n{\n}\n" + text)
    status, findings, report = check(path)
    want = [f"{int(w.split(':', 1)[0]) + 3}:{w.split(':', 1)[1]}" for w in want]
    if want and "brace-missing" in want[0]:
        want = ["4:9 brace-missing"]
    ok(findings == want, f"block: {what}", f"{findings}, not {want}")
    write(path, "defaults\n{\n}\n" + text + AFTER)
    printed = run("--print=inetd", path)[1]
    ok(printed == outcome + GOOD, f"block: {what}: what is left of it, and the next", printed, f"not {outcome!r}")

# Without sure defaults nothing is served: they may have kept clients out.
for what, text, want in (
        ("bad defaults", "defaults\n{\n\tonly_form = 10.0.0.1\n}\n", ["3:2 unknown-attribute"]),
        ("defaults twice", "defaults\n{\n}\ndefaults\n{\n}\n", ["4:1 defaults-twice"]),
        ("defaults without an end", "defaults\n{\n", ["3:1 brace-missing"]),
        ("a misspelt head", "default\n{\n\tonly_from = 10.0.0.1\n}\n", ["1:1 few-fields"]),
        ("a misspelt head, further down", "service\n{\n}\ndefault\n{\n\tonly_from = 10.0.0.1\n}\n",
         ["1:1 no-name", "1:1 lost-defaults", "4:1 no-keyword", "5:1 brace-stray"]),
        ("a head without a path", "include\n", ["1:1 no-path"]),
        ("a word too many", "includedir a b\n", ["1:14 extra-word"]),
        ("what is no default", "defaults\n{\n\tserver = /x\n}\n", ["3:2 not-in-defaults"])):
    path = write(dir / "blocks.conf", text + AFTER)
    status, findings, report = check(path)
    ok(status == 1 and findings[:len(want)] == want and run("--print", path)[1] == "",
       f"{what}: no service", findings, run("--print", path)[1])

path = write(dir / "blocks.conf", block("zz", "\tdisable = yes\n\tnice = 99\n").replace("root", "no-such-user") + AFTER)
status, findings, report = check(path)
ok(status == 0 and findings == ["12:9 bad-value"] and report["findings"][0]["severity"] == "warning",
   "what is wrong with a service that is off is a warning", status, findings)
write(path, block("zz", "\tdisable = yes\n").replace("root", "no-such-user") + AFTER)
status, findings, report = check(path)
ok(status == 0 and findings == ["8:9 unknown-user"] and report["warnings"] == 1,
   "so is a user whom it would need", status, findings)

path = write(dir / "blocks.conf", "defaults\n{\n\tdisabled = nobody-is\n}\n" + AFTER)
ok(check(path)[1] == ["3:13 unknown-id"], "an id that no service has", check(path)[1])

path = write(dir / "blocks.conf", "service x\n{\n\ttype = UNLISTED\n\tport = 7003\n\tsocket_type = stream\n"
             "\tprotocol = tcp\n\twait = yes\n\tuser = root\n\tserver = /bin/cat\n"
             "\tonly_from = 10.0.0.0/8 10.0.0.0/33\n\tno_access = 10.{1,2,}\n}\n")
ok(check(path)[:2] == (1, ["1:9 origin-wait", "10:25 bad-origin", "11:14 bad-origin"]),
   "only_from and no_access: words that are nobody, and a server that accepts by itself", check(path)[1])

# ---- files ----


def files(**texts):
    """A fresh folder; the names' double underscores are slashes, single trailing ones nothing."""
    shutil.rmtree(dir / "f", ignore_errors=True)
    for name, text in texts.items():
        write(dir / "f" / name.replace("__", "/").replace("_conf", ".conf"), text)
    return dir / "f"


def services(path):
    return re.findall(r"^service (\S+)", run("--print", path)[1], re.M)


folder = files(inetd_conf="7001" + REST + "\n", inetd_d__b="7002" + REST + "\n", inetd_d__a_conf=block("x", port=7003))
(folder / "inetd_d").rename(folder / "inetd.d")
for name in ("z~", "z.dpkg-old", ".z", "README.md"):
    write(folder / "inetd.d" / name, "rubbish\n")
(folder / "inetd.d" / "folder").mkdir()
status, findings, report = check(folder / "inetd.conf")
ok(services(folder / "inetd.conf") == ["7001", "x", "7002"] and findings == [],
   "inetd.d beside inetd.conf, in sorted order, in either notation", findings)
ok(sorted(pathlib.Path(f["subject"]).name for f in report["findings"] if f["code"] == "skipped") ==
   ["README.md", "z.dpkg-old", "z~"], "what is passed over there is said", report)
write(folder / "inetd.d/b", "7002 stream\n7001" + REST + "\n")
ok(check(folder / "inetd.conf")[1] == ["1:1 duplicate", "b:1:6 few-fields"],
   "each finding shows its own file; the later file holds", check(folder / "inetd.conf")[1])
write(folder / "inetd.conf", "# all in the folder\n")
write(folder / "inetd.d/b", "7002" + REST + "\n")
ok(check(folder / "inetd.conf")[0] == 0, "all services may be in the folder", check(folder / "inetd.conf"))

folder = files(xinetd_conf="defaults\n{\n\tper_source = 3\n}\nincludedir d\ninclude more\n", more=block("m", port=7001),
               d__b=block("b", port=7002), d__a=block("a", port=7003), d__c_conf="rubbish\n", d__d="7004" + REST + "\n")
write(folder / "d" / "e~", "rubbish\n")
ok(services(folder / "xinetd.conf") == ["a", "b", "7004", "m"],
   "include and includedir, sorted, without names that have a dot or a tilde", services(folder / "xinetd.conf"))
ok(run("--print", folder / "xinetd.conf")[1].count("per_source = 3") == 4,
   "the defaults hold for all files, and for lines")

for what, texts, want in (
        ("a file that is not there", {"x_conf": "include none\n" + AFTER}, ["1:9 no-file", "2:9 lost-defaults"]),
        ("a folder that is not there, with the defaults in hand",
         {"x_conf": "defaults\n{\n}\nincludedir none\n" + AFTER}, ["4:12 no-file"]),
        ("a file that includes itself", {"x_conf": "include x.conf\n" + AFTER}, ["1:9 read-twice"]),
        ("the same twice", {"x_conf": "include a\ninclude a\n", "a": AFTER}, ["2:9 read-twice"]),
        ("defaults in two files", {"x_conf": "include a\ninclude b\n" + AFTER, "a": "defaults\n{\n}\n",
                                   "b": "defaults\n{\n}\n"}, ["3:9 lost-defaults", "b:1:1 defaults-twice"]),
        ("nine includes deep", {"x_conf": "defaults\n{\n}\ninclude a1\n",
                                **{f"a{i}": f"include a{i + 1}\n" for i in range(1, 9)}, "a9": AFTER},
         ["a8:1:9 deep"]),
        ("eight includes deep", {"x_conf": "include a1\n", **{f"a{i}": f"include a{i + 1}\n" for i in range(1, 8)},
                                 "a8": AFTER}, []),
        ("more than 4 MiB", {"x_conf": "defaults\n{\n}\ninclude a\ninclude b\n" + AFTER, "a": "#\n" * (3 << 19),
                             "b": "#\n" * (1 << 20)}, ["5:9 large"]),
        ("one of more than 4 MiB", {"x_conf": "defaults\n{\n}\ninclude a\n" + AFTER, "a": "#" * (5 << 20)},
         ["4:9 no-file"]),
        ("a folder as a file", {"x_conf": "defaults\n{\n}\ninclude d\n" + AFTER, "d__x": ""}, ["4:9 no-file"])):
    folder = files(**texts)
    findings = check(folder / "x.conf")[1]
    ok(findings == want, f"include: {what}", findings, f"not {want}")

folder = files(x_conf="defaults\n{\n}\nincludedir d\n" + AFTER)
(folder / "d").mkdir()
for i in range(4100):
    (folder / "d" / str(i)).touch()
ok(check(folder / "x.conf")[1] == ["4:12 many-files"] and services(folder / "x.conf") == ["after"],
   "a folder of 4100 files", check(folder / "x.conf")[1])

for what, path, word in (("missing", dir / "none", "no-file"), ("empty", write(dir / "empty", ""), "no-services"),
                         ("of comments", write(dir / "empty2", "# x\n"), "no-services"), ("a folder", dir, "no-file")):
    status, findings, report = check(path)
    ok(status == 1 and findings == [f"0:0 {word}"], f"a file that is {what} is an error", status, findings)

# ---- reports ----

status, out, err = run("--check", write(dir / "report.conf", "7001" + REST + "\n0" + REST + "\nsshd" + REST + "\n"))
ok(status == 1 and err == "" and f"{dir}/report.conf:2:1: error: no port number '0' (ports are 1 to 65535)\n" in out,
   "file:line:column: message", out, err)
ok(re.search(r"report.conf:1:1: notice: .*tcpd.* 'true' ", out) is not None,
   "a line without tcpd is named, since it is judged here", out)
path = write(dir / "tcpd.conf", "7001 stream tcp4 nowait root /usr/sbin/tcpd /bin/true\n")
ok("judged by" not in run("--check", path)[1], "one with tcpd is not")
ok("notice" not in run("--check", write(dir / "x.conf", AFTER))[1], "nor one of xinetd, who asked the tables")
status, out, err = run("-R", "40", "--print", path)
ok(status == 0 and "\trate = 40/minute\n" in out, "-R is printed where a service says nothing", out)
status, out, err = run("--print", dir / "report.conf")
ok(status == 1 and "2:1: error" in err and "service 7001" in out, "--print reports to stderr, and fails", out, err)
ok(run("--print=xml", path)[0] == 2, "--print knows two notations")

# In lines: what they can say is said, the rest is named, and a line never serves more or with more rights.
EXPRESSED = [
    ("no limit, where others have one", block("zz", "\trate = UNLIMITED\n"),
     "7001 stream tcp4 nowait.1000001 root /bin/true true\n"),
    ("a rate a minute", block("zz", "\trate = 7/minute\n"), "7001 stream tcp4 nowait.7 root /bin/true true\n"),
    ("a rate a second", block("zz", "\trate = 7/second\n"),
     "# zz has besides: rate = 7/second\n#<off># 7001" + REST + " true\n"),
    ("no limit of a source", block("zz", "\tper_source = UNLIMITED\n\tinstances = UNLIMITED\n"), "7001" + REST + " true\n"),
    ("root in no other group", block("zz").replace("groups = yes", "groups = no"),
     "# zz has besides: groups = no\n7001" + REST + " true\n"),
    ("by number", block("zz").replace("groups = yes", "groups = no").replace("root", "0"),
     "# zz has besides: groups = no\n7001 stream tcp4 nowait 0 /bin/true true\n"),
    ("somebody else in no other group", block("zz").replace("groups = yes", "groups = no").replace("root", "nobody"),
     "# zz has besides: groups = no\n#<off># 7001 stream tcp4 nowait nobody /bin/true true\n"),
    ("no limit of a source of inetd's own service",
     "service echo\n{\n\ttype = INTERNAL\n\tprotocol = tcp\n\tper_source = UNLIMITED\n}\n",
     "# echo has besides: per_source = UNLIMITED\necho stream tcp nowait nobody internal\n"),
]
for what, text, outcome in EXPRESSED:
    printed = run("--print=inetd", write(dir / "blocks.conf", text))[1]
    ok(printed == outcome, f"in lines: {what}", printed, f"not {outcome!r}")
for what, line, _, outcome in LINES:
    if outcome and "#" not in outcome:
        whole = run("--print", write(dir / "a.conf", line + "\n"))[1]
        lines = run("--print=inetd", dir / "a.conf")[1]
        again = run("--print", write(dir / "b.conf", lines))[1], run("--print=inetd", dir / "b.conf")[1]
        ok(again == (whole, lines), f"{what}: the same when it was printed in lines and is read again", again, whole)

# Print, read again, print: all lines that have an outcome in one file, all such blocks in another.
for what, texts in (
        ("lines", [f"*:\n{line}\n" for _, line, _, outcome in LINES if outcome and "\ufeff" not in line]),
        ("blocks", [text for what, text, _, outcome in BLOCKS if outcome and "id twice" not in what])):
    first = run("--print", write(dir / "a.conf", "".join(texts)))[1]
    second = run("--print", write(dir / "b.conf", first))[1]
    ok(first == second and first.count("service ") >= len(texts),
       f"{len(texts)} {what} are printed, read and printed as the same",
       [pair for pair in zip(first.splitlines(), second.splitlines()) if pair[0] != pair[1]][:3], len(first))

ok(subprocess.run([ROOT / "tools/attributes-man", "--check"]).returncode == 0,
   "inetd.conf(5) says of each attribute what data/attributes.def does")

# What this host or the rest of the tree shows; the tests that do stand beside them.
ELSEWHERE = {
    "LOOKUP_FAILED", "NOT_ROOT", "NUMBER_ALONE", "RLIMIT_ORDER", "RLIMIT_HIGH", "CHROOT_RELATIVE", "CHROOT_MISSING",
    "CHROOT_OPEN", "CHROOT_POWER", "BAD_ENV", "OWN_ENV", "MANY_ENV", "NAME_LONG", "NO_BANNER", "BANNER_LONG",
}
missing = set(NOTES) - seen - ELSEWHERE
ok(not missing, "every finding of notes.def is shown", sorted(missing))
shutil.rmtree(dir)
tap.finish()
