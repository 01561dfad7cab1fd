#!/usr/bin/env python3
# timeout: 60
"""tcpwrap explain: the verdict and the way to it, as text and as JSON; each kind of near miss; names that are looked
up, and those that are not; options, none of which is run; batches; images."""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import tools_lab as tools
from inetd_lab import Skip, equal, main, test

TCPWRAP = tools.BUILD / "src/cmd/tcpwrap/tcpwrap"
TABLES = ("-a", "hosts.allow", "-d", "hosts.deny")
CLOSED = "ALL: ALL\n"
MISS_NAMES = re.findall(r'^MISS\(\w+, "([\w-]+)"', (tools.ROOT / "src/cmd/tcpwrap/explain/miss.def").read_text(), re.M)
# kind: allow table, words in front, daemon and client, the word, the better one.
MISSES = {
    "host-bits": ("sshd: 10.1.2.3/8\n", "sshd 10.9.9.9", "10.1.2.3/8", "10.0.0.0/8"),
    "zero-length": ("sshd: 0.0.0.0/0\n", "sshd 10.9.9.9", "0.0.0.0/0", "0.0.0.0/0.0.0.0"),
    "leading-dot": ("sshd: ex.org\n", "sshd 192.0.2.1", "ex.org", ".ex.org"),
    "final-dot": ("sshd: 192.0.2\n", "sshd 192.0.2.77", "192.0.2", "192.0.2."),
    "brackets": ("sshd: 2001:db8::9\n", "sshd 2001:db8::9", "2001:db8::9", "[2001:db8::9]"),
    "user": ("sshd: bob@10.\n", "sshd eve@10.1.2.3", "bob@10.", "10."),
    "server": ("sshd@192.0.2.1: 10.\n", "sshd@192.0.2.2 10.1.2.3", "sshd@192.0.2.1", "sshd"),
    "daemon": ("sshd: 10.\n", "ssh 10.1.2.3", "sshd", "ssh"),
    "except": ("sshd: 10. EXCEPT 10.1.\n", "sshd 10.1.2.3", "10.1.", ""),
    "name": ("sshd: good.ex.org\n", "sshd 192.0.2.4", "good.ex.org", "good.ex.org"),
    "reading": ("sshd: 012.0.0.0/8\n", "sshd 10.1.2.3", "012.0.0.0/8", ""),
}
CLASSIC = ("host-bits", "zero-length", "brackets")  # also without the other reading


def ask(made, *words):
    status, out, err = made.ours("tcpwrap", "explain", "--json", *TABLES, *words)
    assert out, err
    told = json.loads(out)
    equal((told["version"], err), (1, ""))
    for answer in told["answers"]:
        assert answer["complete"], answer
    return told["answers"], status


def ask_one(made, *words):
    (answer,), status = ask(made, *words)
    return answer, status


def lookups(answer):
    return {lookup["fact"]: lookup for lookup in answer["lookups"]}


def batch(made, lines, *words):
    done = subprocess.run([TCPWRAP, "explain", "--batch", *TABLES, *words], cwd=made.path, input=lines,
                          capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@test("the verdict, the rule and its words; what was passed on the way")
def _():
    made = tools.Place("vsftpd: 10.\nsshd: 192.0.2.\nsshd, vsftpd: 172.16. 10.1.\n", CLOSED)
    answer, status = ask_one(made, "-n", "unknown", "sshd", "10.1.2.3")
    equal((status, answer["verdict"], answer["reading"], answer["decided"]["file"], answer["decided"]["line"]),
          (0, "admitted", "both", "hosts.allow", 3))
    equal([(r["line"], r["outcome"], r["daemon_word"], r["client_word"], r["decides"]) for r in answer["rules"]],
          [(2, "other-client", "sshd", None, False), (3, "matches", "sshd", "10.1.", True)])
    equal(answer["other_daemons"], 1)
    equal(ask_one(made, "-n", "unknown", "/usr/sbin/sshd", "10.1.2.3")[0]["decided"], answer["decided"])
    answer, status = ask_one(made, "--all", "-n", "unknown", "sshd", "127.0.0.1")
    equal((status, answer["verdict"], answer["decided"]["line"]), (1, "refused", 1))
    equal([r["outcome"] for r in answer["rules"]], ["other-daemon", "other-client", "other-client", "matches"])
    equal(answer["rules"][-1]["text"], "ALL: ALL")


@test("as text: the same, on one line each")
def _():
    made = tools.Place("vsftpd: 10.\nsshd: 192.0.2.\nsshd: 10.1.2.3/8 : spawn echo %a\n", CLOSED)
    status, out, err = made.ours("tcpwrap", "explain", *TABLES, "-n", "a.ex.org", "-u", "bob", "sshd", "10.9.9.9")
    equal((status, err), (1, ""))
    for line in ("client   bob@10.9.9.9 (a.ex.org)", "daemon   sshd", "verdict  refused by hosts.deny:1", "rule     ALL: ALL",
                 "reading  classic; the plain one: admitted by hosts.allow:3", "  1 rule for other daemons",
                 "  hosts.allow:2  for this daemon, and other clients",
                 "  hosts.allow:3  matches by 'sshd' '10.1.2.3/8' (plain reading), decides",
                 "  client-name  given: a.ex.org; no rule on the way wants it",
                 "  hosts.allow:3  '10.1.2.3/8' would match if host bits were ignored: write '10.0.0.0/8' "
                 "(the plain reading takes it so)"):
        assert f"{line}\n" in out, (line, out)
    assert "\033" not in out


@test("colour on a terminal only, and not with NO_COLOR")
def _():
    made = tools.Place("", CLOSED)
    for env, want in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        master, slave = pty.openpty()
        subprocess.run([TCPWRAP, "explain", *TABLES, "sshd", "127.0.0.1"], cwd=made.path, stdout=slave,
                       env={"PATH": "/usr/bin:/bin", **env})
        os.close(slave)
        out = os.read(master, 65536)
        os.close(master)
        equal(b"\033[" in out, want)


@test("a table that is no table: refused, and why, as text, too")
def _():
    made = tools.Place("", CLOSED)
    for kind in ("folder", "loop", "hosts.allow"):
        path = pathlib.Path(made.path, kind)
        if kind == "folder":
            path.mkdir()
        elif kind == "loop":
            path.symlink_to(path)
        for words in (("-a", kind, "-d", "hosts.deny"), ("-a", "/dev/null", "-d", kind)):
            status, out, err = made.ours("tcpwrap", "explain", *words, "sshd", "192.0.2.1")
            wrong = kind != "hosts.allow"
            told = f"cannot {'use' if kind == 'folder' else 'open'} {kind}: " in out
            equal((kind, words, status, "\nverdict  refused, as something is wrong\n" in out, told, err),
                  (kind, words, int(wrong or words[0] == "-a" and words[1] == kind), wrong, wrong, ""))


@test("many rules: the last ten, and --all")
def _():
    made = tools.Place("".join(f"sshd: 192.0.2.{i}\n" for i in range(50)), CLOSED)
    answer, _ = ask_one(made, "sshd", "10.1.2.3")
    equal(([r["line"] for r in answer["rules"]], answer["not_shown"]), ([*range(42, 51), 1], 41))
    answer, _ = ask_one(made, "-A", "sshd", "10.1.2.3")
    equal((len(answer["rules"]), answer["not_shown"]), (51, 0))
    # What decides in one reading stays, however long the other one goes on.
    made = tools.Place("sshd: 012.0.0.0/8\n" + "".join(f"sshd: 192.0.2.{i}\n" for i in range(50)), CLOSED)
    answer, _ = ask_one(made, "sshd", "10.1.2.3")
    equal([r["line"] for r in answer["rules"]], [1, *range(44, 52), 1])
    equal([(r["verdict"], r["text"]) for r in answer["readings"]],
          [("admitted", "sshd: 012.0.0.0/8"), ("refused", "ALL: ALL")])


@test("every kind of near miss")
def _():
    equal(sorted(MISSES), sorted(MISS_NAMES))
    for kind, (allow, words, word, better) in MISSES.items():
        for directive in ("", "#!tcpwrap classic\n") if kind in CLASSIC else ("",):
            made = tools.Place(directive + allow, CLOSED)
            answer, status = ask_one(made, *words.split())
            found = [(m["kind"], m["line"], m["word"], m["better"]) for m in answer["near_misses"]]
            equal((kind, status, found), (kind, 1, [(kind, 1 + bool(directive), word, better)]))
            # Written so, the rule matches.
            if kind in ("host-bits", "zero-length", "leading-dot", "final-dot", "brackets", "user", "server"):
                equal((kind, ask_one(tools.Place(directive + allow.replace(word, better), CLOSED),
                                     *words.split())[1]), (kind, 0))


@test("no near miss where there is none")
def _():
    made = tools.Place("sshd: 10.1.2.3/8 net.example 172.16 [::1] bob@172. EXCEPT 192.0.2.\n"
                       "rpcbind: 192.0.2.1\n", "")
    equal(ask_one(made, "sshd", "192.0.2.1")[0]["near_misses"], [])


@test("names: looked up when a word wants them, by whom, and what is wrong with them")
def _():
    made = tools.Place("vsftpd: .ex.org\nsshd: 10. 127.\nsshd: 172.16. .ex.org EXCEPT liar.ex.org\n", CLOSED)
    answer, status = ask_one(made, "sshd", "127.0.0.9")
    equal((status, lookups(answer)["client-name"]["source"], lookups(answer)["client-name"]["wanted"]),
          (0, "not-wanted", False))
    answer, status = ask_one(made, "sshd", "192.0.2.1")
    found = lookups(answer)["client-name"]
    equal((status, found["source"], found["value"]), (0, "looked-up", "good.ex.org"))
    equal(found["first_wanted"], {"line": 3, "file": "hosts.allow", "word": ".ex.org"})
    answer, status = ask_one(made, "sshd", "192.0.2.4")
    equal((status, lookups(answer)["client-name"]["value"]), (1, "paranoid"))
    _, out, _ = made.ours("tcpwrap", "explain", *TABLES, "sshd", "192.0.2.4")
    assert "not among the addresses of its name: good.ex.org" in out, out
    answer, status = ask_one(made, "-n", "x.ex.org", "sshd", "192.0.2.4")
    equal((status, lookups(answer)["client-name"]["source"]), (0, "given"))


@test("a name: each of its addresses")
def _():
    made = tools.Place("sshd: 192.0.2.2\n", CLOSED)
    answers, status = ask(made, "sshd", "two.ex.org")
    equal((status, sorted((a["client"]["address"], a["verdict"]) for a in answers)),
          (1, [("192.0.2.2", "admitted"), ("192.0.2.3", "refused")]))
    status, out, err = made.ours("tcpwrap", "explain", *TABLES, "sshd", "absent.ex.org")
    equal((status, out), (2, ""))
    assert "absent.ex.org" in err, err


@test("states, users, servers, ports")
def _():
    made = tools.Place("sshd: UNKNOWN EXCEPT PARANOID\n22: 10.\nsshd@192.0.2.1: bob@172.16.\n"
                       "sshd@good.ex.org: 172.17.\n", CLOSED)
    for words, want in (("sshd unknown", 0), ("sshd paranoid", 1), ("-n unknown -p 22 x 10.1.2.3", 0),
                        ("-n unknown -p 23 x 10.1.2.3", 1), ("-n a.b sshd@192.0.2.1 bob@172.16.1.1", 0),
                        ("-n a.b -u bob sshd@192.0.2.1 172.16.1.1", 0), ("-n a.b sshd@192.0.2.1 eve@172.16.1.1", 1),
                        ("-n a.b sshd@192.0.2.1 172.17.1.1", 0), ("-n a.b sshd@192.0.2.2 172.17.1.1", 1)):
        answer, status = ask_one(made, *words.split())
        equal((words, status, answer["verdict"] == "admitted"), (words, want, want == 0))
    answer, _ = ask_one(made, "-n", "a.b", "sshd@192.0.2.1", "172.17.1.1")
    equal(lookups(answer)["user"]["source"], "not-wanted")
    equal(lookups(answer)["server-name"]["first_wanted"]["word"], "sshd@good.ex.org")


@test("options as they would run, filled in; none is run")
def _():
    mark = tools.lab.dir / "explain-mark"
    made = tools.Place(f"sshd: 10. : severity mail.info : spawn touch {mark} %a %n %d %c %%x : setenv A %h : allow\n"
                       f"vsftpd: 10. : aclexec touch {mark} : twist touch {mark} %u\n", CLOSED)
    answer, status = ask_one(made, "-n", "a.b", "-u", "bob", "sshd", "10.1.2.3")
    equal((status, [(o["option"], o["value"]) for o in answer["options"]]),
          (0, [("severity", "mail.info"), ("spawn", f"touch {mark} 10.1.2.3 a.b sshd bob@a.b %x"),
               ("setenv", "A a.b"), ("allow", "")]))
    answer, status = ask_one(made, "-n", "a.b", "vsftpd", "10.1.2.3")
    equal((status, answer["verdict"], [o["option"] for o in answer["options"]]), (1, "twisted", ["aclexec", "twist"]))
    equal(lookups(answer)["user"]["source"], "not-available")
    assert not mark.exists()


@test("an option that is wrong refuses, and says why; so does a table that cannot be read")
def _():
    made = tools.Place("sshd: 10. : frob\n", "")
    answer, status = ask_one(made, "sshd", "10.1.2.3")
    equal((status, answer["verdict"], [f["id"] for f in answer["findings"]]), (1, "refused", ["OPTION_BAD_NAME"]))
    made = tools.Place(None, "")
    (made.path / "hosts.allow").mkdir()
    status, out, err = made.ours("tcpwrap", "explain", "-j", *TABLES, "sshd", "10.1.2.3")
    answer, = json.loads(out)["answers"]
    equal((status, err, answer["decided"]["by"], answer["complete"]), (1, "", "fault", False))


@test("what comes from tables is harmless to a terminal")
def _():
    made = tools.Place("sshd: 10.\x1b[2J\x07\nsshd: 10. : setenv A \x1b[2J\n", CLOSED)
    status, out, _ = made.ours("tcpwrap", "explain", *TABLES, "-n", "a\x1b[1mb", "sshd", "10.1.2.3")
    assert status == 0 and "\x1b" not in out and "\x07" not in out, out


@test("a batch: a line a client, in order; what nobody gave is told")
def _():
    made = tools.Place("sshd: 10. .ex.org\nvsftpd: bob@172.16.\nin.d: ALL : twist x\n", CLOSED)
    lines = ("# clients\n\n10.1.2.3\n192.0.2.1\n192.0.2.1 name=a.ex.org\n172.16.1.1 vsftpd\nbob@172.16.1.1 vsftpd\n"
             "10.1.2.3 in.d\nhost.example\n10.1.2.3 colour=red\n2001:DB8::1 sshd name=unknown\n- addr=10.x\n"
             "172.16.9.9 vsftpd user=bob port=7")
    status, out, err = batch(made, lines.encode(), "sshd")
    equal([line.split("\t") for line in out.splitlines()],
          [["10.1.2.3", "admitted", "hosts.allow:1", "both", "-"],
           ["192.0.2.1", "refused", "hosts.deny:1", "both", "name"],
           ["192.0.2.1", "admitted", "hosts.allow:1", "both", "-"],
           ["172.16.1.1", "refused", "hosts.deny:1", "both", "user"],
           ["172.16.1.1", "admitted", "hosts.allow:2", "both", "-"],
           ["10.1.2.3", "twisted", "hosts.allow:3", "both", "-"],
           ["host.example", "error", "-", "-", "-"],
           ["10.1.2.3", "error", "-", "-", "-"],
           ["2001:DB8::1", "refused", "hosts.deny:1", "both", "-"],
           ["-", "admitted", "hosts.allow:1", "both", "-"],
           ["172.16.9.9", "admitted", "hosts.allow:2", "both", "-"]])
    equal((status, [line.split(": ")[1] for line in err.splitlines()]), (2, ["line 9", "line 10"]))
    status, out, _ = batch(made, b"10.1.2.3\n", "--json", "sshd")
    equal((status, json.loads(out)), (0, {"client": "10.1.2.3", "daemon": "sshd", "verdict": "admitted",
                                          "file": "hosts.allow", "line": 1, "reading": "both", "missing": "-"}))
    equal(batch(made, b"1.1.1.1 name=x\n", "sshd")[0], 1)
    equal(batch(made, b"10.1.2.3\n10.\0\n", "sshd")[0], 2)
    equal(batch(made, b"", "sshd"), (0, "", ""))


@test("a long batch on all processors: what one after the other comes to, from a file and from a pipe")
def _():
    made = tools.Place("sshd: 10.7.\n", "".join(f"ALL: 10.{i}.\n" for i in range(0, 256, 3)))
    clients = [f"10.{i % 251}.{i % 256}.{i % 7}" for i in range(200000)]
    verdict = lambda c: "admitted" if int(c.split(".")[1]) == 7 or int(c.split(".")[1]) % 3 else "refused"
    text = "".join(f"{c}\n" for c in clients).encode()
    (made.path / "clients").write_bytes(text)
    for stdin, words in ((text, ()), (b"", ("clients",))):
        status, out, err = batch(made, stdin, "sshd", *words)
        equal((status, err), (1, ""))
        equal([tuple(line.split("\t")[:2]) for line in out.splitlines()], [(c, verdict(c)) for c in clients])


@test("whoever waits for an answer gets it, by the tables as they are then")
def _():
    made = tools.Place("sshd: 10.\n", CLOSED)
    child = subprocess.Popen([TCPWRAP, "explain", "-b", *TABLES, "sshd"], cwd=made.path, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    for text, want in (("sshd: 10.\n", b"admitted"), ("sshd: 11.\n", b"refused"), ("ALL: 10.1.\n", b"admitted"),
                       (None, b"refused"), ("sshd: ALL\n", b"admitted")):
        allow = made.path / "hosts.allow"
        new = made.path / "new"
        if text is None:
            allow.unlink()
        else:
            new.write_text(text)
            new.rename(allow)
        for _ in range(3):
            child.stdin.write(b"10.1.2.3\n")
            child.stdin.flush()
            equal((text, child.stdout.readline().split()[1]), (text, want))
    child.stdin.close()
    equal(child.wait(), 1)


@test("with an image: the lines that it names, and how many others; --all reads the text")
def _():
    if tools.lab.libc.mount(b"none", b"/var/lib", b"tmpfs", 0, b"mode=755") != 0:
        raise Skip("no tmpfs can be mounted here")
    os.mkdir("/var/lib/tcpwrap")
    made = tools.Place("", "".join(f"ALL: 10.{i >> 8}.{i & 255}.7\n" for i in range(3000)) +
                       "sshd: 192.0.2.1/24\nsshd: \\\n 192.0.2.9\nALL: .ex.org\n" + "vsftpd: 10.\n" * 3000)
    path = made.path / "hosts.deny"
    words = ("-a", str(made.path / "hosts.allow"), "-d", str(path), "-n", "x.example", "sshd")
    time.sleep(.1)
    text = {client: ask_one(made, *words, client)[0] for client in ("10.1.1.7", "192.0.2.9", "10.1.2.3")}
    status, _, err = made.ours("tcpwrap", "compile", str(path))
    equal((status, err), (0, ""))
    for client, before in text.items():
        answer, _ = ask_one(made, *words, client)
        for key in ("verdict", "reading", "decided", "readings"):
            equal((client, answer[key]), (client, before[key]))
        deciding = [rule for rule in answer["rules"] if rule["decides"]]
        equal((client, deciding), (client, [rule for rule in before["rules"] if rule["decides"]]))
        equal((client, answer["indexed"], before["indexed"]), (client, True, False))
        last = before["decided"]["line"] or 6004
        shown = sum(1 for rule in answer["rules"]) + answer["other_daemons"] + answer["not_shown"]
        equal((client, answer["index_left_out"] >= last - shown - 1), (client, True))
        assert answer["index_left_out"] <= last - shown, (client, answer)
        whole, _ = ask_one(made, "--all", *words, client)
        equal((client, whole["indexed"], whole["decided"]), (client, False, before["decided"]))


@test("used wrong: status 2; and an answer that cannot be printed is none")
def _():
    made = tools.Place("", CLOSED)
    for words in ([], ["sshd"], ["a", "b", "c"], ["-z", "a", "b"], ["-p", "70000", "a", "10.1.2.3"],
                  ["-b"], ["-b", "sshd", "nowhere"], ["sshd@two.ex.org", "10.1.2.3"]):
        status, out, err = made.ours("tcpwrap", "explain", *TABLES, *words)
        equal((words, status, out), (words, 2, ""))
        assert err, words
    equal(made.unprinted("tcpwrap", "explain", *TABLES, "sshd", "10.1.2.3")[0], 2)
    status, out, _ = made.ours("tcpwrap", "explain", "--help")
    assert status == 0 and "--batch" in out and "Exit status" in out, out


tools.start()
main()
