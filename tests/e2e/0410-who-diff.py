#!/usr/bin/env python3
# timeout: 120
"""tcpwrap who and tcpwrap diff as somebody runs them: the sets they print beside the verdicts of the engine, at the
borders of tables with 10,000 rules too (in the deep tier 100,000); what is told of an edit; options, documents,
faults and statuses."""
import ipaddress
import json
import os
import pathlib
import pty
import random
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
TCPWRAP, JUDGE = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/judge/judge"
RULES = 100_000 if os.environ.get("TIER") == "deep" else 10_000
KINDS = {"admitted": "grant", "refused": "refuse", "twisted": "twist"}
ALLOW = """\
sshd : 192.0.2.0/24 [2001:db8::]/32
vsftpd : .example.org EXCEPT guest.example.org
sshd: 10.0.0.0/8 EXCEPT 10.1.0.0/16, bob@10.1.2.3
"""
DENY = "in.fingerd : ALL : twist /bin/echo nobody home\nALL : ALL\n"


def run(*words, **how):
    done = subprocess.run([TCPWRAP, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)
    return done.returncode, done.stdout, done.stderr


def tables(folder, allow=ALLOW, deny=DENY):
    folder.mkdir(exist_ok=True)
    for name, text in ("hosts.allow", allow), ("hosts.deny", deny):
        (folder / name).write_text(text)
    return folder


def who(folder, *words):
    return run("who", "-a", folder / "hosts.allow", "-d", folder / "hosts.deny", *words)


def verdict(folder, daemon, address, *name):
    done = subprocess.run([JUDGE, folder / "hosts.allow", folder / "hosts.deny", daemon, str(address), *name],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    word, place = done.stdout.split(" ", 1)
    return word, place.strip()


def intervals(folder, daemon, *words):
    status, out, err = who(folder, "--json", "--rules", *words, daemon)
    if status != 0 or err:
        ok(False, "who answers", status, err)
        return {"intervals": []}
    return json.loads(out)


def is_of(address, interval):
    first, last = map(ipaddress.ip_address, (interval["first"], interval["last"]))
    return first.version == address.version and first <= address <= last


def check_against_engine(folder, daemon, addresses, name):
    """Each address is in one interval, and fares as that says."""
    document, wrong = intervals(folder, daemon), []
    for address in addresses:
        found = [each for each in document["intervals"] if is_of(address, each)]
        got, place = verdict(folder, daemon, address)
        if len(found) != 1 or (found[0]["outcome"] != "depends" and (
                KINDS[found[0]["outcome"]] != got or
                place != (f"{found[0]['rule']['file']}:{found[0]['rule']['line']}" if found[0]["rule"] else "-"))):
            wrong.append((str(address), got, place, found))
    ok(addresses and not wrong, name, wrong[:3])
    return document


def check_sets(root):
    folder = tables(root / "small")
    samples = [ipaddress.ip_address(text) for text in (
        "0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.255.255", "10.1.0.0", "10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.255.255",
        "10.2.0.0", "10.255.255.255", "11.0.0.0", "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "255.255.255.255",
        "::", "::1", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    for daemon in "sshd", "vsftpd", "in.fingerd", "nobody":
        check_against_engine(folder, daemon, samples, f"{daemon} fares as the sets say")
    status, out, err = who(folder, "sshd")
    lines = out.splitlines()
    ok(status == 0 and not err and lines[0] == "admitted 16711936 of IPv4 in 9 prefixes, "
       "79228162514264337593543950336 of IPv6 in 1 prefix" and lines[1] == "depends  none",
       "all addresses are counted first", status, err, out[:400])
    ok(re.search(r"(?m)^admitted 192\.0\.2\.0/24 +\S*/hosts\.allow:1$", out) is not None and
       re.search(r"(?m)^refused  10\.1\.0\.0/16 +\S*/hosts\.deny:2$", out) is not None, "and then told, with their rules", out[:600])
    status, out, _ = who(folder, "vsftpd")
    ok("refused by " in out and re.search(r"(?m)^depends  ::/0 .*hosts\.deny:2, unless \S*hosts\.allow:2 matches$", out)
       is not None, "what depends says on what, and all of IPv6 is one prefix", out)
    status, out, _ = who(folder, "--quiet", "--only", "admitted", "sshd")
    nets = [ipaddress.ip_network(line) for line in out.split()]
    want = [net for net in ipaddress.ip_network("10.0.0.0/8").address_exclude(ipaddress.ip_network("10.1.0.0/16"))]
    want += [ipaddress.ip_network("192.0.2.0/24")]
    ok(sorted(n for n in nets if n.version == 4) == sorted(want) and status == 0, "a packet filter gets bare prefixes, the fewest", out)
    _, out, _ = who(folder, "--ranges", "--only", "refused", "sshd")
    ok("refused  10.1.0.0-10.1.255.255 " in out and "refused  ::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff " in out, "or ranges", out)
    _, out, _ = who(folder, "--limit", "2", "sshd")
    ok(len(out.splitlines()) == 5 + 6 and "and 8 more" in out, "or a few of them", out)


def check_questions(root):
    folder = tables(root / "asked", "sshd@10.9.9.9: 192.0.2.1\n22: 192.0.2.2\n", "ALL: ALL\n")
    totals = [who(folder, *words, "-q", "-o", "admitted", "sshd")[1].split() for words in (
        (), ("-s", "10.9.9.9"), ("-s", "10.9.9.8"), ("-p", "22"), ("-p", "23", "--server", "10.9.9.9"))]
    ok(totals == [[], ["192.0.2.1"], [], ["192.0.2.2"], ["192.0.2.1"]], "server and port are conditions, unless they are said", totals)
    _, out, err = who(folder, "shd")
    ok("did you mean sshd?" in err and out.startswith("admitted"), "a slip in a daemon's name is told, and answered", err)
    missing = tables(root / "list", f"sshd: {root}/nowhere.list 192.0.2.3\nsshd: /\n", "")
    document = check_against_engine(missing, "sshd", [ipaddress.ip_address("192.0.2.3"), ipaddress.ip_address("::1")],
                                    "a list that is not there matches nobody, and one that cannot be read refuses")
    ok([each["fault"] for each in document["intervals"] if each["outcome"] == "refused"].count(True) > 0, "and that is told", document)
    (root / "here.list").write_text("198.51.100.0/25\n198.51.100.200 # x\n")
    listed = tables(root / "listed", f"sshd: {root}/here.list EXCEPT 198.51.100.7\n", "ALL: ALL\n")
    check_against_engine(listed, "sshd", [ipaddress.ip_address(f"198.51.100.{n}") for n in (0, 6, 7, 8, 127, 128, 199, 200, 201)],
                         "lists are read")
    _, out, _ = who(listed, "-q", "-o", "admitted", "sshd")
    ok(len(out.split()) == 8, "word for word", out)
    wide = tables(root / "wide", "sshd: *.*.1.1\n", "ALL: ALL\n")
    _, out, _ = who(wide, "sshd")
    ok(re.search(r"(?m)^depends  0\.0\.0\.0/0 .*hosts\.allow:1 matches$", out) is not None or
       "admitted 65536 of IPv4" in out, "a pattern of just 65,536 pieces is exact, or a condition", out[:300])
    wider = tables(root / "wider", "sshd: *1.*.*.1\n", "ALL: ALL\n")
    _, out, _ = who(wider, "sshd")
    ok(re.search(r"(?m)^depends  0\.0\.0\.0/0 .*hosts\.allow:1 matches$", out) is not None, "of more pieces it is a condition", out[:300])


def check_diff(root):
    old, new = tables(root / "old"), tables(root / "new")
    status, out, err = run("diff", old, new)
    ok(status == 0 and "no change: proved" in out and not err, "no change is a proof", status, out, err)
    (new / "hosts.deny").write_text("# a comment\n" + DENY)
    status, out, _ = run("diff", old, new)
    ok(status == 0 and "no change" in out, "lines may move", out)
    tables(new, ALLOW.replace("10.1.0.0", "10.2.0.0").replace("guest", "visitor"), DENY.replace("nobody home", "go away"))
    status, out, err = run("diff", old, new)
    ok(status == 1 and not err, "a change is 1", status, err)
    ok(re.search(r"(?m)^- refused +10\.2\.0\.0/16 +admitted by \S*old/hosts\.allow:3 -> refused by \S*new/hosts\.deny:2$", out)
       is not None and re.search(r"(?m)^  newly refused: 65536 of IPv4$", out) is not None, "newly refused, with both lines", out)
    ok("+ admitted   10.1.0.0/23 " in out and "newly admitted: 65535 of IPv4" in out and
       re.search(r"(?m)^\? may-change 10\.1\.2\.3 .*unless \S*new/hosts\.allow:3 matches$", out) is not None,
       "newly admitted, but for one who may be", out)
    ok(re.search(r"(?m)^~ options +0\.0\.0\.0/0 .*nobody home\).*go away\)$", out) is not None, "other options are told", out)
    ok(re.search(r"(?ms)^vsftpd:\n\? may-change 0\.0\.0\.0/0 ", out) is not None, "other conditions may change it", out)
    document = json.loads(run("diff", "--json", old, new)[1])
    groups = {group["daemons"][0]: group for group in document["groups"]}
    ok(document["changed"] and sorted(groups) == ["in.fingerd", "sshd", "vsftpd"] and
       groups["sshd"]["addresses"]["admitted"] == {"ipv4": "65535", "ipv6": "0"}, "all of it is in the document", document)
    prefixes = [ipaddress.ip_network(p) for each in groups["sshd"]["changes"] if each["change"] == "admitted" for p in each["prefixes"]]
    ok(sum(net.num_addresses for net in prefixes) == 65535, "with its prefixes", prefixes)
    wrong = []
    for address in ("10.0.0.1", "10.1.0.0", "10.1.2.2", "10.1.2.4", "10.1.255.255", "10.2.0.0", "10.2.255.255", "10.3.0.0", "::1"):
        told = [each["change"] for each in groups["sshd"]["changes"] if is_of(ipaddress.ip_address(address), each)]
        before, after = verdict(old, "sshd", address)[0], verdict(new, "sshd", address)[0]
        if told != ([{"grant": "admitted", "refuse": "refused"}[after]] if before != after else []):
            wrong.append((address, told, before, after))
    ok(not wrong, "the engine agrees", wrong)
    running = ("-a", old / "hosts.allow", "-d", old / "hosts.deny")
    ok(run("diff", *running, new / "hosts.allow", "--daemon", "sshd")[1].startswith("sshd:\n+ admitted   10.1.0.0/23"),
       "a table is compared with the running one")
    ok(run("diff", *running, old / "hosts.deny")[0] == 0 and run("diff", *running, "-q", new / "hosts.deny")[0:2] == (1, ""),
       "and the status says whether there is a change")
    (root / "x").write_text(DENY)
    ok(run("diff", *running, "--table", "deny", root / "x")[0] == 0, "a table of any name")
    ok(run("diff", *running, "/dev/null", old / "hosts.deny", "-D", "vsftpd")[0] == 1, "nothing as a table")


def check_left(root):
    """Of a condition that is edited, what is left of it counts, where it is asked."""
    old, new = tables(root / "left", "uptime: .example.org\n"), tables(root / "left2", "uptime: .example.org 198.51.100.0/24\n")
    status, out, _ = run("diff", old, new)
    ok(status == 1 and out.count("\n?") == 1 and re.search(r"(?m)^\? may-change 198\.51\.100\.0/24 +\S", out) is not None and
       "  may change: 256 of IPv4\n" in out, "a network beside a name changes that network, and no other address", out)
    tables(new, "uptime: 198.51.100.0/33 .example.org EXCEPT [2001:db8::1]/128, bob@192.0.2.1\n")
    document = json.loads(run("diff", "-j", old, new)[1])
    told = sorted(each["first"] for group in document["groups"] for each in group["changes"])
    ok(told == ["192.0.2.1", "2001:db8::1"], "through EXCEPT and users, too", document)
    tables(old, "", "ALL: ALL EXCEPT 198.51.100.7\n")
    tables(new, "", "ALL: 198.51.100.7\n")
    counts = [sum(line[:1] in ("+", "-") for line in run("diff", *words, old, new)[1].splitlines()) for words in ((), ("-r",), ("-P",))]
    ok(counts[0] == counts[1] == 4 and counts[2] > 30, "all but one address are ranges, unless they are asked for", counts)
    document = json.loads(run("diff", "-j", old, new)[1])["groups"][0]["changes"]
    ok(all(each["first"] and each["last"] and each["prefixes"] for each in document), "a document has both", document)
    ok(run("diff", "-r", "-P", old, new)[0] == 2, "not both at once")


def check_usage(root):
    folder = tables(root / "usage")
    for command in "who", "diff":
        status, out, err = run(command, "--help")
        flags = re.findall(r"^FLAG\('(\w)', \"([\w-]+)\"", (ROOT / f"src/cmd/tcpwrap/sets/{command}.def").read_text(), re.M)
        page = (ROOT / f"man/tcpwrap-{command}.1").read_text()
        lost = [name for letter, name in flags if f"--{name}" not in out or f".It Fl {letter} , -{name}" not in page]
        ok(status == 0 and not err and not lost and "Exit status" in out, f"{command}: help and page have every option", lost)
        ok(run(command, "--nonsense")[0] == 2 and run(command)[0] == 2, f"{command}: bad usage is 2")
        with open("/dev/full", "w") as full:
            done = subprocess.run([TCPWRAP, command, "--help"], stdout=full, stderr=subprocess.PIPE)
        ok(done.returncode != 0, f"{command}: an output that nobody gets is no success", done.stderr)
    bad = [who(folder, *words, "sshd") for words in (("-o", "all"), ("-l", "x"), ("-p", "0"), ("-p", "65536"), ("-s", "host"))]
    ok(all(status == 2 and err.startswith("tcpwrap who: ") and not out for status, out, err in bad), "bad values are told", bad)
    (root / "dir").mkdir()
    status, out, err = run("who", "-a", root / "dir", "-d", folder / "hosts.deny", "sshd")
    ok(status == 2 and not out and "no regular file" in err and str(root / "dir") in err, "a table that cannot be read is 2", err)
    (root / "long").write_text("sshd: " + "1.2.3.4 " * 140000 + "\n")
    status, out, err = run("who", "-a", root / "long", "-d", folder / "hosts.deny", "sshd")
    ok(status == 2 and "long:1: error: " in err, "a line over the limit, too", err)
    bad = [run("diff", *words) for words in ((root / "absent",), (root / "dir",), (root / "long",), (folder / "hosts.allow", folder / "hosts.deny"))]
    ok(all(status == 2 and err.startswith("tcpwrap diff: ") and not out for status, out, err in bad), "what cannot be compared is told", bad)
    evil = root / "e\x1b[2Jvil"
    tables(evil, "s\x1b[1md: 1.2.3.4\n", "ALL: ALL : spawn \x1b[7m\n")
    tables(root / "tame", "", "ALL: ALL : spawn x\n")
    out = "".join(part for done in (who(evil, "x"), run("diff", evil, root / "tame"), run("diff", root / "tame", evil)) for part in done[1:])
    ok("\x1b" not in out and "\\x1b" in out, "nothing of a stranger's is printed raw", out[:300])
    document = json.loads(run("diff", "-j", evil, root / "tame")[1])
    ok(document["changed"] and document["old_allow"].endswith("\x1b[2Jvil/hosts.allow"), "nor in a document", document)


def check_large(root, rules=RULES):
    """One-address rules, networks and rules before others: the borders of a sample of them."""
    chance = random.Random(7)
    addresses = [chance.getrandbits(32) for _ in range(rules)]
    text = ["ALL: %s" % ipaddress.ip_address(a) for a in addresses]
    for at in range(0, rules, 500):
        length = chance.randrange(9, 30)
        text[at] = "sshd: %s/%d%s" % (ipaddress.ip_network((addresses[at], length), strict=False).network_address, length,
                                      chance.choice(["", ": allow", ": deny"]))
    folder = tables(root / "large", "", "#!tcpwrap modern\n" + "\n".join(text) + "\n")
    document = intervals(folder, "sshd")
    found = [each for each in document["intervals"] if ":" not in each["first"]]
    wrong = []
    for each in chance.sample(found, 60) + found[:2] + found[-2:]:
        for address in each["first"], each["last"]:
            got, place = verdict(folder, "sshd", address)
            line = f"{each['rule']['file']}:{each['rule']['line']}" if each["rule"] else "-"
            if got != KINDS.get(each["outcome"]) or place != line:
                wrong.append((address, each, got, place))
    ok(len(found) > rules and not wrong, f"{rules} rules: what the borders of a sample of intervals come to", len(found), wrong[:3])
    total = sum(int(ipaddress.ip_address(e["last"])) - int(ipaddress.ip_address(e["first"])) + 1 for e in found)
    ok(total == 1 << 32, "no address is lost, and none is told twice", total)
    edited = text[:]
    # Of those whose address no other rule has anything to do with.
    gone = [at for at in range(1, rules, 997) if at % 500][:40]
    for at in gone:
        edited[at] = "# out"
    other = tables(root / "edited", "", "#!tcpwrap modern\n" + "\n".join(edited) + "\n")
    status, out, _ = run("diff", "-j", folder, other)
    changes = [each for group in json.loads(out)["groups"] if group["any_other"] for each in group["changes"]]
    want = {str(ipaddress.ip_address(addresses[at])) for at in gone if addresses.count(addresses[at]) == 1}
    ok(status == 1 and {each["first"] for each in changes} == want == {each["last"] for each in changes} and
       all(each["change"] == "admitted" for each in changes), f"of {rules} rules an edit changes just what it says", changes[:2])
    parent, child = pty.openpty()
    done = subprocess.run([TCPWRAP, "who", "-q", "-o", "twisted", "-a", "/dev/null", "-d", folder / "hosts.deny", "sshd"],
                          stdout=subprocess.PIPE, stderr=child, env={**os.environ, "TERM": "xterm"})
    os.close(child)
    os.close(parent)
    ok(done.returncode == 0 and not done.stdout, "quiet is quiet on a terminal, too")


def main():
    with tempfile.TemporaryDirectory(prefix="tcpwrap-who-") as name:
        root = pathlib.Path(name)
        check_sets(root)
        check_questions(root)
        check_diff(root)
        check_left(root)
        check_usage(root)
        check_large(root)
    tap.finish()


main()
