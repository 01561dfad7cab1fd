#!/usr/bin/env python3
# timeout: 60
"""tcpdchk: line by line what Debian's says, with the diagnostics that Debian's loses, on deliberate
mistakes; what differs on purpose; the same as JSON; services of a whole host; statuses."""
import re
import shutil
import subprocess

import tools_lab as tools
from inetd_lab import Skip, equal, main, test

# Each rule is a table of its own.
ALIKE = r"""
sshd: ALL
sshd: ALL: allow
sshd: ALL: deny
sshd: 10.0.0.0/8 10. .ex.org LOCAL KNOWN UNKNOWN PARANOID : severity info : spawn (echo %h %u) & : allow
sshd , x.y, ALL EXCEPT sshd : ALL EXCEPT 10., good.ex.org EXCEPT 10.1.2.3
@d: ALL
/x: ALL
.y: ALL
z.: ALL
FAIL: ALL
KNOWN LOCAL PARANOID UNKNOWN ALL: ALL
sshd@two.ex.org: ALL
sshd@good.ex.org sshd@nameless.ex.org: ALL
sshd@alias.ex.org: ALL
sshd@absent.ex.org: ALL
sshd@192.0.2.1 sshd@192.0.2.5 sshd@KNOWN: ALL
sshd@@nogroup: ALL
sshd: @u@10.1.2.0/255.255.255.0 /u@ALL .u@ALL u.@ALL
sshd: LOCAL@ALL PARANOID@ALL FAIL@ALL KNOWN@ALL UNKNOWN@ALL ALL@ALL joe@FAIL a@b@c
sshd: @nogroup
sshd: ./rel a/b/c
sshd: 10.0.0.0/33 10.0.0.0/0 0.0.0.0/0 10/8 10.0.0.0/ 10.0.0.0/255.255.255.255
sshd: 10.1.2.3/8 10.0.0.0/255.0.0.0 10.0.0.0/8x 012.0.0.0/8
sshd: [2001:db8::]/32 [2001:db8::]/129 [2001:db8::]/ [zz]/3 [2001:db8::1]
sshd: ex.org. .10.1 10.1.
sshd: good.ex.org two.ex.org liar.ex.org nameless.ex.org alias.ex.org alias2.ex.org gone.ex.org case.ex.org
sshd: six.ex.org numeric.ex.org absent.ex.org 0.0.0.0 255.255.255.255
sshd: 192.0.2.1 192.0.2.5 192.0.2.4 10.1.2 300.1.2.3 010.1.2.3
sshd: FAIL EXCEPT ALL
sshd: 
: ALL
sshd EXCEPT: ALL EXCEPT
sshd: ALL: severity foo
sshd: ALL: frob
sshd: ALL: rfc931 0: allow
sshd: ALL: allow: deny
sshd: ALL: allow yes
sshd: ALL: spawn
sshd: ALL: user nosuchuser
sshd: ALL: spawn foo %z: keepalive: linger x
sshd: ALL: spawn %a %A %c %d %h %H %n %N %r %R %s %u %% : setenv A %c : umask 77 : nice 3 : linger 1
sshd: ALL: twist /bin/echo %d: allow
sshd: ALL: twist /bin/echo %d
sshd: ALL: aclexec true %d : severity mail.info : aclexec false
sshd: ALL: banners /nonexistent: nice x: umask 999
sshd: ALL: umask 999
sshd: ALL:
sshd ALL
sshd: ALL: spawn a \: b : allow
x in.ftpd: \
  10. \
  192.0.2.1
sshd: /etc/shadow/x
sshd: {list}
""".strip("\n")
# Rules that the tools take differently: what Debian's says, what ours says.
APART = [
    ("sshd: *.ex.org", ["*.ex.org: host not found"], []),
    ("in.*: 10.", ["in.*: no such process name"], []),
    ("022: 10.", ["022: no such process name"], []),
    ("sshd: /nonexistent", [], ["open /nonexistent: No such file or directory"]),
    ("sshd: {list} 10/8", [], ["10/8: bad net/mask pattern"]),
    ("sshd: ALL: setenv A=b", [], []),
    ("[sshd: ALL", [], ["unclosed bracket"]),
    ("sshd: {folder}", [], ["not a regular file"]),
]
SERVICES = re.compile(r"^warning: .*: (no such process name in .*|service possibly not wrapped)\n", re.M)
HEAD = re.compile(r"^Using network configuration file: .*\n", re.M)


def place(allow, deny=""):
    made = tools.Place(list="x.ex.org  good.ex.org\n10.0.0.0/99 10.\n@nogroup 192.0.2.5\n")
    for name, text in (("hosts.allow", allow), ("hosts.deny", deny)):
        text = text.replace("{list}", str(made.path / "list")).replace("{folder}", str(made.path))
        (made.path / name).write_text(text)
    return made


def in_common(result):
    status, out, err = result
    return HEAD.sub("", SERVICES.sub("", out)), err


def rules():
    found = []
    for line in ALIKE.splitlines():
        if found and found[-1].endswith("\\\n"):
            found[-1] += line + "\n"
        else:
            found.append(line + "\n")
    return found


def need_oracle():
    if not tools.has_oracle():
        raise Skip(tools.why_no_oracle())


@test("line by line what Debian's says, its lost diagnostics with them")
def _():
    need_oracle()
    jobs = [(rule, options, place(*tables)) for rule in rules()
            for options, tables in (("-dv", (rule, rule)), ("-da", (rule,)))]
    ran = tools.parallel(jobs, lambda job: (job[2].ours("tcpdchk", "-c", job[1]), job[2].debian("tcpdchk", job[1])))
    wrong = [f"tcpdchk {options}: {rule}ours   {ours}\nDebian {debian}"
             for (rule, options, _), (ours, debian) in zip(jobs, ran) if in_common(ours) != in_common(debian)]
    print(f"# {len(jobs)} tables, {len(wrong)} differ")
    assert not wrong, "\n".join(wrong[:5])
    assert sum("warning: " in ours[1] for ours, _ in ran) > 30


@test("what differs on purpose")
def _():
    need_oracle()
    for rule, theirs, ours in APART:
        made = place(rule + "\n")
        said = [set(made.debian("tcpdchk", "-d")[1].splitlines()), set(made.ours("tcpdchk", "-cd")[1].splitlines())]
        for lines, wanted in ((said[0] - said[1], theirs), (said[1] - said[0], ours)):
            lines = {line for line in lines if wanted and "process name" in wanted[0] or not SERVICES.match(line + "\n")}
            lines = {line for line in lines if "memory allocation" not in line}
            equal((rule, len(lines)), (rule, len(wanted)))
            assert all(want in line for want, line in zip(wanted, lines)), (rule, lines)


@test("a place that the readings divide differently is shown in both, and nothing is told twice")
def _():
    made = place("sshd: ALL # @nogroup ./rel\nsshd: ::1\nx: 10. \\\n 10/8\n", "ALL: ALL")
    _, out, _ = made.ours("tcpdchk", "-cdv")
    heads = re.findall(r"^>>> Rule (.*):$", out, re.M)
    equal(heads, ["hosts.allow line 1", "hosts.allow line 1, plain reading", "hosts.allow line 2",
                  "hosts.allow line 2, plain reading", "hosts.allow line 4", "hosts.deny line 1"])
    equal(out.count("nogroup: unknown"), 1)
    equal(out.count("bad net/mask"), 2)
    assert "clients:  ::1\n" in out and "missing newline or line too long" in out, out


@test("without a look at hosts, if that is wanted")
def _():
    made = place("sshd@absent.ex.org: absent.ex.org 10/8\n")
    equal(made.ours("tcpdchk", "-d")[1].count("host not found"), 2)
    out = made.ours("tcpdchk", "-d", "--no-names")[1]
    assert "not found" not in out and "bad net/mask" in out, out


@test("behind that, what the linter finds, and not with --classic")
def _():
    made = place("sshd: 10.1.2.3/8 # no\nsshd: 10.: frob\n", "ALL: ::1\n")
    classic, whole = made.ours("tcpdchk", "-cd")[1], made.ours("tcpdchk", "-d")[1]
    assert whole.startswith(classic), whole
    places = [re.match(r"(?:warning|error): (\S+), line (\d)", line).groups()
              for line in whole[len(classic):].splitlines()]
    assert places == sorted(places) and set(places) == {
        ("hosts.allow", "1"), ("hosts.allow", "2"), ("hosts.deny", "1")}, whole
    findings, status, _ = made.json("tcpdchk", "-d")
    equal((list(findings_of(findings)), status), (whole.splitlines(), 3))


@test("a table with a directive has one reading")
def _():
    for word, clients in (("modern", "ALL"), ("classic", "ALL # x")):
        made = place(f"#!tcpwrap {word}\nsshd: ALL # x\n")
        status, out, _ = made.ours("tcpdchk", "-dv")
        equal(re.findall(r"^clients:  (.*)$", out, re.M), [clients])


def findings_of(result):
    for finding in result["findings"]:
        where = f"{finding['file']}, line {finding['line']}: " if "file" in finding else ""
        yield f"{finding['severity']}: {where}{finding['message']}"


def blocks_of(result):
    for rule in result["rules"]:
        yield "\n".join([f">>> Rule {rule['file']} line {rule['line']}:", "daemons:  " + " ".join(rule["daemons"]),
                         "clients:  " + " ".join(rule["clients"])] +
                        [f"option:   {o['option']} {o['value']}" for o in rule["options"]] +
                        [f"access:   {rule['access']}"])


@test("JSON says the same")
def _():
    for rule in rules()[::3]:
        made = place(rule)
        _, out, _ = made.ours("tcpdchk", "-dv")
        result, status, err = made.json("tcpdchk", "-dv")
        lines = HEAD.sub("", out).splitlines()
        told = [line for line in lines if line.startswith(("warning: ", "error: "))]
        equal((rule, list(findings_of(result)), err), (rule, told, ""))
        shown = "\n".join(line for line in lines if line not in told).strip("\n")
        equal((rule, "\n\n".join(blocks_of(result))), (rule, shown))
        equal(status, made.ours("tcpdchk", "-d")[0])


@test("statuses: nothing 0, no check 1, warnings 2, errors 3")
def _():
    for rule, want in (("sshd: 10.: allow\n", 0), ("", 0), ("sshd: 10.1.2.3/8\n", 2), ("sshd: 10.: frob\n", 3)):
        equal((rule, place(rule).ours("tcpdchk", "-d")[0]), (rule, want))
    equal(place("").ours("tcpdchk", "-r", "nowhere"), (1, "", "open nowhere: No such file or directory\n"))
    for words in (["--help"], ["--version"], ["-d"], ["-dj"], ["-dv"]):
        equal((words, place("sshd: 10.1.2.3/8\n").unprinted("tcpdchk", *words)), (words, (1, 1)))
    for words in (["-z"], ["x"], ["-i", "nowhere"]):
        made = place("")
        status, out, err = made.ours("tcpdchk", *words)
        equal((status, out), (1, ""))
        if tools.has_oracle():
            name = re.compile(r"\S*/tcpdchk")
            equal(name.sub("T", err), name.sub("T", made.debian("tcpdchk", *words)[2]))
    assert "Exit status" in place("").ours("tcpdchk", "--help")[1]
    assert re.fullmatch(r"tcpdchk \(tcpwrap\) \S+\n", place("").ours("tcpdchk", "--version")[1])


@test("tables that cannot be read, or may be written by anybody")
def _():
    made = place("")
    (made.path / "hosts.deny").unlink()
    equal(made.ours("tcpdchk", "-d")[0], 0)
    (made.path / "hosts.deny").mkdir()
    assert "not a regular file" in made.ours("tcpdchk", "-d")[1]
    (made.path / "hosts.allow").chmod(0o666)
    equal(made.ours("tcpdchk", "-d")[1].count("warning: hosts.allow: world writable\n"), 1)


@test("a table that only others may read is told as the library tells it, and as Debian's", need_root=True)
def _():
    made = place("sshd: ALL\n")
    (made.path / "hosts.allow").chmod(0)
    program = shutil.copy(tools.BUILD / "src/cmd/tcpdchk/tcpdchk", made.path)
    done = subprocess.run([program, "-cd"], cwd=made.path, text=True, capture_output=True,
                          preexec_fn=tools.lab.as_nobody)
    equal((done.returncode, done.stdout), (2, "warning: cannot open hosts.allow: Permission denied\n"))


@test("lists that name each other end")
def _():
    made = tools.Place("x: ./a\n", "")
    (made.path / "a").write_text(f"{made.path}/a {made.path}/b 10/8\n")
    (made.path / "b").write_text(f"{made.path}/a {made.path}/a\n")
    (made.path / "hosts.allow").write_text(f"sshd: {made.path}/a\n")
    status, out, _ = made.ours("tcpdchk", "-cd")
    assert status == 3 and "nests too deep" in out, out[:2000]


DIALECTS = """# comment
  # indented
ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd -l
telnet stream tcp nowait root /usr/sbin/tcpd /nonexistent/in.telnetd
daytime stream tcp nowait root internal
finger stream tcp nowait root /usr/sbin/in.fingerd in.fingerd
login stream tcp nowait root /bin/cat kitten
tftp dgram udp wait root /usr/sbin/tcpd tcpd
misc stream tcp nowait root /usr/sbin/miscd x
rexd/1 stream rpc/tcp wait root /bin/rexd rpc.rexd
rst/1 stream rpc/tcp wait root /usr/sbin/tcpd /bin/true
q stream tcp nowait root ?/usr/sbin/tcpd ?x
nouser stream tcp nowait /usr/sbin/tcpd in.nouser
ww stream tcp nowait root {folder}/ww ww
nx stream tcp nowait root {folder}/nx nx
ver stream tcp nowait root 1 /bin/echo ver
tli stream tcp nowait root /usr/sbin/tcpd 2 in.tli x
cont stream tcp nowait root \\
  /usr/sbin/tcpd in.cont
stream rpc/tcp wait root /usr/sbin/tcpd /bin/ls ls
suid stream tcp nowait root {folder}/tcpd kitten2
noarg stream tcp nowait root /usr/sbin/tcpd
last stream tcp nowait root relative in.last
"""


@test("inetd.conf in all dialects, and what is wrong in it, as Debian's says")
def _():
    need_oracle()
    made = place("in.ftpd in.telnetd in.fingerd kitten kitten2 miscd x rpc.rexd in.nouser ww nx ver in.tli in.cont "
                 "in.last suid noarg zzz in.ftpd zzz : ALL\n")
    for name, mode in (("ww", 0o777), ("nx", 0o644), ("tcpd", 0o4755)):
        shutil.copy("/bin/true", made.path / name)
        (made.path / name).chmod(mode)
    (made.path / "conf").write_text(DIALECTS.replace("{folder}", str(made.path)))
    ours, debian = (run("tcpdchk", *words, "-d", "-i", "conf")
                    for run, words in ((made.ours, ["-c"]), (made.debian, [])))
    equal((ours[1].splitlines(), ours[2]), (debian[1].splitlines(), debian[2]))
    assert len(ours[1].splitlines()) > 30, ours[1]
    ours, debian = (run("tcpdmatch", "-d", "-i", "conf", "zzz", "10.1.2.3") for run in (made.ours, made.debian))
    equal(ours, debian)


HOST = {
    "etc/hosts.allow": "in.ftpd by.xinetd off.xinetd named.xinetd skips.xinetd internal tcpded by.unit by.drop "
                       "listener linked unlinked absent vsftpd mountd snmpd inetded : 10.\n",
    "etc/inetd.conf": "ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd\n",
    "etc/inetd.d/more": "x stream tcp nowait root /usr/sbin/tcpd inetded\n",
    "etc/xinetd.conf": "defaults\n{\n}\ninclude /etc/absent\nincludedir /etc/xinetd.d\n",
    "etc/xinetd.d/one": "service a\n{\n\tserver = /usr/sbin/by.xinetd\n}\n"
                        "service b\n{\n\tdisable = yes\n\tserver = /usr/sbin/off.xinetd\n}\n"
                        "service c\n{\n\tserver = /usr/sbin/c\n\tlibwrap = named.xinetd\n}\n"
                        "service d\n{\n\tserver = /usr/sbin/skips.xinetd\n\tflags = NOLIBWRAP\n}\n"
                        "service internal\n{\n\ttype = INTERNAL\n}\n"
                        "service e\n{\n\tflags = NAMEINARGS\n\tserver = /usr/sbin/tcpd\n"
                        "\tserver_args = /usr/sbin/tcpded -x\n}\n"
                        "service f\n{\n\tserver = /usr/sbin/tcpd\n\tserver_args = x\n}\n",
    "etc/xinetd.d/not.this": "service z\n{\n\tserver = /usr/sbin/absent\n}\n",
    "usr/lib/systemd/system/by@.service": "[Service]\nExecStart=-@/usr/sbin/tcpd /usr/sbin/by.unit -i\n",
    "usr/lib/systemd/system/by.socket": "[Socket]\nAccept=yes\n",
    "usr/lib/systemd/system/drop.service": "[Service]\nExecStart=/usr/sbin/unlinked\n",
    "etc/systemd/system/drop.service.d/a.conf": "[Service]\nExecStart=\nExecStart=@/usr/sbin/tcpd by.drop\n",
    "usr/lib/systemd/system/wrong.service": "[Service]\nExecStart=/usr/sbin/tcpd /usr/sbin/unlinked\n",
    "usr/lib/systemd/system/listener.service": "[Service]\nExecStart=@/usr/sbin/tcpd /usr/sbin/listener\n",
    "usr/lib/systemd/system/listener.socket": "[Socket]\nListenStream=1\n",
    "usr/lib/systemd/system/over.service": "[Service]\nExecStart=/usr/sbin/tcpd x\n",
    "etc/systemd/system/over.service": "[Service]\nExecStart=/usr/sbin/unlinked\n",
}
WRAPPED = {"in.ftpd": "wrapped", "inetded": "wrapped", "by.xinetd": "wrapped", "off.xinetd": "unknown",
           "named.xinetd": "wrapped", "skips.xinetd": "not wrapped", "internal": "wrapped", "tcpded": "wrapped",
           "by.unit": "wrapped", "by.drop": "wrapped", "linked": "wrapped", "unlinked": "not wrapped",
           "absent": "unknown", "vsftpd": "not wrapped", "mountd": "wrapped", "snmpd": "maybe"}


def make_host():
    need_oracle()  # its tcpd is a program with libwrap
    made = tools.Place(**HOST)
    folder = made.path / "usr/sbin"
    folder.mkdir(parents=True)
    for name in ("tcpd", "linked", "in.ftpd"):
        shutil.copy(tools.debian / "usr/sbin/tcpd", folder / name)
    for name in ("unlinked", "vsftpd", "snmpd", "by.unit", "by.drop", "tcpded", "listener", "inetded"):
        shutil.copy("/bin/true", folder / name)
    return made


@test("services of a host: inetd.d, xinetd.d, units, programs")
def _():
    made = make_host()
    for name, want in WRAPPED.items():
        result, _, _ = made.json("tcpdmatch", "--root", str(made.path), name, "10.1.2.3")
        equal((name, result["service"]), (name, want))


@test("and what is wrong with them, with file and line")
def _():
    made = make_host()
    status, out, _ = made.ours("tcpdchk", "--classic", "--root", str(made.path))
    lines = [line for line in out.splitlines() if line != "warning: /tmp: world writable"]
    equal((status, [re.sub(r"\S*/hosts\.allow", "T", line) for line in lines]), (2, [
        "warning: /etc/xinetd.conf, line 4: cannot include /etc/absent: No such file or directory",
        "warning: /etc/xinetd.d/one, line 30: tcpd is recursively calling itself",
        "warning: /usr/lib/systemd/system/listener.service, line 2: "
        "listener.service: tcpd is given the listening socket",
        "warning: /usr/lib/systemd/system/wrong.service, line 2: tcpd is recursively calling itself",
        "warning: T, line 1: off.xinetd: no such process name in the configuration of this host",
        "warning: T, line 1: skips.xinetd: service possibly not wrapped",
        "warning: T, line 1: unlinked: service possibly not wrapped",
        "warning: T, line 1: absent: no such process name in the configuration of this host",
        "warning: T, line 1: vsftpd: service possibly not wrapped"]))


@test("whatever bytes a table and a configuration have, the look at them comes to an end")
def _():
    import random
    random.seed(7)
    parts = [b"sshd", b":", b"ALL", b"\n", b" ", b"#", b"[", b"]", b"@", b"/", b"\\\n", b"\0", b"10.", b"::1", b"EXCEPT",
             b"stream tcp nowait root ", b"/usr/sbin/tcpd ", b"service", b"{", b"}", b"\xff", b"\x1b", b"user nobody"]
    jobs = []
    for _ in range(40):
        made = tools.Place()
        for name in ("hosts.allow", "hosts.deny", "conf"):
            (made.path / name).write_bytes(b"".join(random.choices(parts, k=60)))
        jobs.append(made)
    for status, out, err in tools.parallel(jobs, lambda made: made.ours("tcpdchk", "-dva", "-i", "conf")):
        assert status in (0, 2, 3) and not err, (status, err)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out), repr(out)


tools.start()
main()
