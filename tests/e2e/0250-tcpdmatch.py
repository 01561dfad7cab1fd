#!/usr/bin/env python3
# timeout: 60
# seconds: 8
"""tcpdmatch: line by line what Debian's says, on many tables and clients, with the diagnostics that
Debian's loses; the same as JSON; statuses; and nothing is done that a rule says."""
import re

import tools_lab as tools
from inetd_lab import Skip, equal, main, test

TABLES = {
    "nothing": ("", ""),
    "closed": ("", "ALL: ALL\n"),
    "ordinary": ("sshd: 10.0.0.0/8 : severity info : spawn (echo %h %u) & : allow\n"
                 "in.ftpd: .ex.org EXCEPT liar.ex.org\nsshd: LOCAL, 192.0.2.\n", "ALL: ALL\n"),
    "names": ("sshd: good.ex.org\nin.ftpd: PARANOID\nin.ftpd: KNOWN : allow\nALL: UNKNOWN : deny\n",
              "ALL: *.ex.org\n"),
    "users": ("ALL: bob@ALL\nALL: KNOWN@192.0.2.0/255.255.255.0\n", "ALL: ALL : severity mail.err\n"),
    "servers": ("sshd@192.0.2.1: ALL\nsshd@good.ex.org: 127.\nALL@UNKNOWN: 10.\n", "ALL: ALL\n"),
    "IPv6": ("sshd: [2001:db8::]/32 [::1]\n", "ALL: ALL\n"),
    "twist": ("in.ftpd: ALL : twist /bin/echo %d %c %a %n %s %%\n",
              "sshd: ALL : setenv X %h : keepalive : linger 3 : nice : twist /bin/false\n"),
    "banners": ("ALL: ALL : banners {ban} : umask 077 : allow\n", ""),
    "no banner": ("ALL: ALL : banners /nonexistent : rfc931 : allow\n", ""),
    "errors": ("sshd ALL\nsshd: 10.: frob\nsshd: ALL: severity foo\nin.ftpd: ALL: allow : deny\n",
               "ALL: ALL: spawn %z : linger x\n"),
    "continued": ("sshd: \\\n  10. \\\n 192.0.2.\n# comment\nALL: .ex.org: allow\n", "ALL: \\\nALL\n"),
    "lists": ("sshd: {list}\n", "sshd: /nonexistent {list} ALL\n"),
    "daemons": ("in.*: good.ex.org\nALL EXCEPT sshd: 10.\nbad.: ALL\n", "ALL: ALL EXCEPT LOCAL\n"),
    "commands": ("sshd: 10.: aclexec false %h : severity info : aclexec x : allow\n", "ALL: ALL: aclexec x\n"),
    "no deny table": ("sshd: 10.: deny\n", None),
    "odd text": ("sshd: 10.1.2.3: setenv A $(b)%d: spawn a \\: b: allow\n", "ALL: ALL\n"),
}
CLIENTS = """sshd 10.1.2.3|sshd 127.0.0.1|sshd localhost|in.ftpd 192.0.2.99|bad.d 10.0.0.1|sshd unknown|
in.ftpd paranoid|sshd bob@10.1.2.3|sshd bob@unknown|/usr/sbin/sshd ::1|sshd 2001:db8::7|sshd [::1]|sshd 10.1.2|
sshd good.ex.org|in.ftpd two.ex.org|in.ftpd liar.ex.org|sshd nameless.ex.org|sshd alias.ex.org|in.ftpd alias2.ex.org|
sshd numeric.ex.org|sshd gone.ex.org|sshd six.ex.org|in.ftpd case.ex.org|sshd absent.ex.org|
sshd@good.ex.org 127.0.0.9|sshd@192.0.2.1 10.1.2.3|sshd@two.ex.org 10.1.2.3|sshd@liar.ex.org x@10.9.9.9|
sshd@alias.ex.org good.ex.org|sshd@unknown 10.1.2.3|sshd@paranoid 10.1.2.3|sshd@absent.ex.org 10.1.2.3|@x y|a @|a@ b@""".replace("\n", "").split("|")
# What each knows of this host's services is compared elsewhere.
SERVICES = re.compile(r"^warning: .*: (no such process name in .*|service possibly not wrapped)\n", re.M)
# Units and programs of this host are not looked at hundreds of times.
NO_HOST = ("--root", str(tools.lab.dir / "empty"))
# That a list is not there is said by us alone.
MISSING = re.compile(r"^error: .*: open /nonexistent: No such file or directory\n", re.M)
# Tables that are asked about the first clients only, who have no names.
SHORT = ("closed", "commands", "IPv6", "errors", "continued", "daemons", "no deny table", "odd text")
NAMELESS = 13


def place(name):
    allow, deny = TABLES[name]
    made = tools.Place(ban="", list="10.1.2.3 good.ex.org\n.nowhere\n")
    folder = made.path / "banners"
    folder.mkdir()
    for daemon in ("sshd", "in.ftpd"):
        (folder / daemon).write_text("hello %h\nbye\n")
    for table, text in (("hosts.allow", allow), ("hosts.deny", deny)):
        path = made.path / table
        if text is None:
            path.unlink()
        else:
            path.write_text(text.replace("{ban}", str(folder)).replace("{list}", str(made.path / "list")))
    return made


def in_common(result):
    status, out, err = result
    return status, MISSING.sub("", SERVICES.sub("", out)), err


@test("line by line what Debian's says, its lost diagnostics with them")
def _():
    if not tools.has_oracle():
        raise Skip(tools.why_no_oracle())
    jobs = [(name, place(name), client.split()) for name in TABLES
            for client in CLIENTS[:NAMELESS if name in SHORT else None]]
    ran = tools.parallel(jobs, lambda job: (job[1].ours("tcpdmatch", *NO_HOST, "-d", *job[2]),
                                            job[1].debian("tcpdmatch", "-d", *job[2])))
    wrong = [f"{name}: tcpdmatch {' '.join(client)}\nours   {ours}\nDebian {debian}"
             for (name, _, client), (ours, debian) in zip(jobs, ran)
             if in_common(ours) != in_common(debian)]
    print(f"# {len(jobs)} answers, {len(wrong)} differ")
    assert not wrong, "\n".join(wrong[:5])
    accesses = {line for ours, _ in ran for line in ours[1].splitlines() if line.startswith("access:")}
    equal(accesses, {"access:   granted", "access:   denied", "access:   delegated"})


def lines_of(answers):
    """The text of old, out of the JSON."""
    out = []
    for number, answer in enumerate(answers["answers"]):
        out += [""] if number else []
        for end, keys in (("client", ("hostname", "address", "username")),
                          ("server", ("hostname", "address", "process"))):
            out += [f"{end}:   {key:8} {answer[end][key]}" for key in keys if key in answer[end]]
        if "matched" in answer:
            out.append(f"matched:  {answer['matched']['file']} line {answer['matched']['line']}")
        out += [f"option:   {option['option']} {option['value']}" for option in answer["options"]]
        out.append(f"access:   {answer['access']}")
    return out


def findings_of(answers):
    for finding in answers["findings"] + [f for a in answers["answers"] for f in a["findings"]]:
        where = f"{finding['file']}, line {finding['line']}: " if "file" in finding else ""
        yield f"{finding['severity']}: {where}{finding['message']}"


@test("JSON says the same")
def _():
    jobs = [(place(name), client.split()) for name in TABLES if name != "banners"
            for client in CLIENTS[::3]]
    ran = tools.parallel(jobs, lambda job: (job[0].ours("tcpdmatch", *NO_HOST, "-d", *job[1]),
                                            job[0].json("tcpdmatch", *NO_HOST, "-d", *job[1])))
    for (_, client), (text, (answers, status, err)) in zip(jobs, ran):
        lines = text[1].splitlines()
        told = [line for line in lines if line.startswith(("warning: ", "error: "))]
        equal((sorted(findings_of(answers)), lines_of(answers), status, err),
              (sorted(told), [line for line in lines if line not in told], text[0], text[2]))


@test("a banner is no part of the JSON")
def _():
    answers, status, _ = place("banners").json("tcpdmatch", "-d", "sshd", "10.1.2.3")
    equal((answers["answers"][0]["access"], answers["answers"][0]["options"][0]["option"], status),
          ("granted", "banners", 0))


@test("hostile text: control bytes and quotes stay where they are")
def _():
    made = tools.Place("sshd: 10.1.2.3: setenv A \x1b[2J\"\\\x7f\x80 : allow\n", "")
    status, out, _ = made.ours("tcpdmatch", "-d", "sshd", "10.1.2.3")
    assert status == 0 and "\x1b" not in out and "\x7f" not in out, out
    answers, _, _ = made.json("tcpdmatch", "-d", "s\"\n\x01shd", "10.1.2.3")
    equal(answers["daemon"], "s\"\n\x01shd")


@test("with --status the verdict is the status")
def _():
    for name, client, want in (("ordinary", "sshd 10.1.2.3", 0), ("closed", "sshd 10.1.2.3", 2),
                               ("twist", "in.ftpd two.ex.org", 3), ("errors", "sshd 10.1.2.3", 2),
                               ("names", "sshd absent.ex.org", 1)):
        made = place(name)
        equal((name, made.ours("tcpdmatch", "-d", "--status", *client.split())[0]), (name, want))
        equal(made.ours("tcpdmatch", "-d", *client.split())[0], 1 if want == 1 else 0)


@test("used wrong, or with a file that is not there: status 1, as Debian's")
def _():
    made = place("nothing")
    equal(made.ours("tcpdmatch", "-r", "nowhere", "a", "10.1.2.3"),
          (1, "", "open nowhere: No such file or directory\n"))
    for words in ([], ["sshd"], ["a", "b", "c"], ["-z", "a", "b"], ["-i", "nowhere", "a", "10.1.2.3"]):
        status, out, err = made.ours("tcpdmatch", *words)
        equal((status, out), (1, ""))
        assert "nowhere" in err or "usage: " in err, err
        if tools.has_oracle():
            name = re.compile(r"\S*/tcpdmatch")
            equal(name.sub("T", err), name.sub("T", made.debian("tcpdmatch", *words)[2]))


@test("--help and --version")
def _():
    made = place("nothing")
    status, out, _ = made.ours("tcpdmatch", "--help")
    assert status == 0 and "--status" in out and "Exit status" in out, out
    assert re.fullmatch(r"tcpdmatch \(tcpwrap\) \S+\n", made.ours("tcpdmatch", "--version")[1])


@test("an answer that cannot be printed is none, whatever the verdict")
def _():
    made = place("ordinary")
    for words in (["--help"], ["--version"], ["-d", "sshd", "10.1.2.3"], ["-ds", "sshd", "192.9.9.9"],
                  ["-dj", "sshd", "10.1.2.3"]):
        equal((words, made.unprinted("tcpdmatch", *words)), (words, (1, 1)))


@test("nothing is run")
def _():
    made = tools.Place()
    mark = made.path / "mark"
    for option in (f"spawn touch {mark}", f"twist touch {mark}"):
        (made.path / "hosts.allow").write_text(f"ALL: ALL: {option}\n")
        equal(made.ours("tcpdmatch", "-d", "sshd", "10.1.2.3")[0], 0)
    assert not mark.exists()


@test("the readings differ: the lower verdict, and a word about it")
def _():
    made = tools.Place("sshd: 9.9.9.9 # ALL\n", "ALL: ALL\n")
    status, out, _ = made.ours("tcpdmatch", "-d", "sshd", "10.1.2.3")
    assert out.endswith("access:   denied\n") and "the classic one: granted at hosts.allow" in out, out


tools.start()
main()
