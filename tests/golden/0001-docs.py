#!/usr/bin/env python3
"""The manual pages and the sample tables say what the tables of truth, the sources and the engine
say: clean mdoc, nothing undocumented, nothing documented that is not there, examples that work."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import BUILD, ROOT, Tap  # noqa: E402

tap = Tap()
ok, skip = tap.ok, tap.skip
MAN, SAMPLES = ROOT / "man", ROOT / "docs/samples"
TCPWRAP, JUDGE = BUILD / "src/cmd/tcpwrap/tcpwrap", BUILD / "src/cmd/judge/judge"
PAGES = {path.name: path.read_text() for path in sorted(MAN.glob("*.[1-8]"))}
# What this project has to document, and pages of the system that ours may point to.
OURS = {"hosts_access.3", "hosts_access.5", "hosts_options.5", "inetctl.8", "inetd.conf.5",
        "inetd.8",
        "safe_finger.8", "tcpd.8", "tcpdchk.8", "tcpdmatch.8", "tcpwrap.1", "tcpwrap.3", "try-from.8"}
# A command of tcpwrap may have a page; that each is described somewhere is another check.
COMMANDS = re.findall(r'^COMMAND\("(\w+)"', (ROOT / "src/cmd/tcpwrap/commands.def").read_text(), re.M)
OURS |= {f"tcpwrap-{command}.1" for command in COMMANDS if f"tcpwrap-{command}.1" in PAGES}
SYSTEM = re.compile(r"(pkg-config|fork|wait|exec\w*|syslog|innetgr|networks|nsswitch\.conf|services|hosts|"
                    r"resolv\.conf|systemd\.\w+|systemd|syslogd|signal|unix|group|passwd|setsockopt|"
                    r"socket|listen|umask|sd_listen_fds|sd_notify|protocols|getaddrinfo|nice|epoll|ipv6|ip|tcp|"
                    r"ss|diff|udp|setenv|update-inetd|tcpdump|kill|logger|inotify|getrlimit|capabilities)\.[1-8]")
OUR_NAMES = {re.sub(r"\.[1-8]$", "", page) for page in OURS}
DIRECTIVE = "#!tcpwrap modern\n"
RULE = re.compile(r"#? ?([A-Za-z0-9._@]+ )+: \S")


def same(got, want, name):
    """Two sets; what one of them lacks is told."""
    got, want = set(got), set(want)
    ok(got == want, name, f"too much: {sorted(got - want)}", f"missing: {sorted(want - got)}")


# ---- mdoc ----

def plain(text):
    """The text of a macro's argument: without mdoc's quotes and escapes."""
    return text.strip().replace("\\(dq", '"').replace("\\e", "\\").replace("\\&", "").strip()


def quoted(argument):
    """The same of .It "..." in a -diag list."""
    argument = argument.strip()
    return plain(argument[1:-1] if argument[:1] == argument[-1:] == '"' else argument)


def items(page, macro):
    """What stands behind .It MACRO, up to the next word."""
    return [plain(word) for word in re.findall(rf"^\.It {macro} (\S+)", PAGES[page], re.M)]


def section(page, title):
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", PAGES[page], re.M | re.S)
    return found.group(1) if found else ""


def links(text):
    return {f"{name}.{number}" for name, number in re.findall(r"\.?\bXr (\S+) ([1-8])", text)}


def diagnostics(page):
    lists = re.findall(r"^\.Bl -diag.*?^\.El", PAGES[page], re.M | re.S)
    return [quoted(item) for part in lists for item in re.findall(r"^\.It (.*)$", part, re.M)]


def check_mdoc():
    if not shutil.which("mandoc"):
        skip("mandoc finds nothing", "needs mandoc")
        return
    for page in PAGES:
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", MAN / page], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        ok(done.returncode == 0 and not done.stdout, f"mandoc finds nothing in {page}", done.stdout)


def check_links():
    same(PAGES, OURS, "every page that we owe is there, and no other")
    for page, text in PAGES.items():
        bad = [link for link in links(text) if link not in PAGES and
               (re.sub(r"\.[1-8]$", "", link) in OUR_NAMES or not SYSTEM.fullmatch(link))]
        ok(not bad, f"{page} points to pages that exist", bad)
        see = links(section(page, "SEE ALSO"))
        ok(see, f"{page} has SEE ALSO")
        ok(any(page in links(other) for name, other in PAGES.items() if name != page),
           f"some other page points to {page}")
    built = re.findall(r"'([^']+\.[1-8])'", (MAN / "meson.build").read_text())
    same(built, PAGES, "man/meson.build installs all of them")


# ---- tables of truth ----

def table(name, macro):
    """Lines MACRO(...) of data/NAME.def, as lists of raw arguments."""
    text = (ROOT / "data" / name).read_text()
    text = re.sub(r"^/\*.*?\*/", "", text, count=1, flags=re.S)
    return re.findall(rf"^{macro}\((.*?)$", text, re.M)


def check_options():
    words = {re.search(r'"(\w+)"', line).group(1): line for line in table("options.def", "OPTION")}
    same(items("hosts_options.5", "Ic"), words, "hosts_options(5) describes every option, and no other")
    entries = re.split(r"^\.It Ic ", PAGES["hosts_options.5"], flags=re.M)[1:]
    text = {entry.split()[0]: entry for entry in entries}
    for word, line in words.items():
        entry = text.get(word, "")
        entry = entry[:re.search(r"^\.(El|S[hs])\b|\Z", entry, re.M).start()]
        flags = line.split('",')[1]
        facts = [("LAST" in flags, "Must be the last option"), ("EXPAND" in flags, "expansion")]
        wrong = [phrase for want, phrase in facts if (phrase in entry) != want]
        ok(not wrong, f"{word}: last and expanded as data/options.def says", wrong)
    severities = table("severities.def", "(?:FACILITY|LEVEL)")
    names = [line.split('"')[1] for line in severities]
    shown = re.search(r"^\.It Ic severity.*?^\.El", PAGES["hosts_options.5"], re.M | re.S).group(0)
    missing = [name for name in names if not re.search(rf"\b{name}\b", shown) and
               not re.fullmatch("local[1-6]", name)]
    ok(not missing, "severity: every name is in the page", missing)


def check_expansions():
    letters = ["%" + line[1] for line in table("expansions.def", "EXPANSION")]
    same(items("hosts_access.5", "Ic"), [*letters, "%%"],
         "hosts_access(5) describes every % letter, and no other")


def check_flags():
    for program in ("inetd", "safe_finger"):
        text = (ROOT / f"src/cmd/{program}/flags.def").read_text()
        flags = [flag for letter, name in re.findall(r'^FLAG\((\S+), "([\w-]*)"', text, re.M)
                 for flag in (letter.strip("'") if letter[0] == "'" else "", name and f"-{name}") if flag]
        shown = [word for line in re.findall(r"^\.It Fl (.*)$", PAGES[f"{program}.8"], re.M)
                 for word in re.split(r"[ ,]+", line) if re.fullmatch(r"-?[\w-]+", word)]
        lost = [flag for flag in flags if flag not in shown]
        ok(len(flags) > 5 and not lost, f"{program}(8) describes every option", lost)


def check_environment():
    text = (ROOT / "src/cmd/inetd/environment.def").read_text()
    names = re.findall(r'^VARIABLE\("(\w+)"', text, re.M)
    shown = [name for line in re.findall(r"^(?:\.It )?\.?Ev (.*)$", section("inetd.8", "ENVIRONMENT"), re.M)
             for name in re.split(r"[ ,]+", line)]
    lost = [name for name in names if name not in shown]
    ok(len(names) > 10 and not lost, "inetd(8) describes every variable that it sets", lost)
    text = "".join((ROOT / f"src/cmd/inetd/steps.{end}").read_text() for end in "hc")
    steps = re.findall(r'^(?:    \{STEPS_\w+,|#define STEPS_\w+) "([^"]+)"', text, re.M)
    said = [plain(word).rstrip(" ;,.") for word in re.findall(r"^\.Ql (.*)$", PAGES["inetd.8"], re.M)]
    lost = [step for step in steps if step not in said]
    ok(len(steps) > 15 and not lost, "inetd(8) has every step on the way to a server", lost)


def literals():
    """All text in quotes in data and src, with adjacent pieces joined and blanks left out."""
    found = set()
    for path in [*ROOT.glob("data/*.def"), *ROOT.glob("src/**/*.[ch]")]:
        for run in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', path.read_text()):
            pieces = re.findall(r'"((?:[^"\\\n]|\\.)*)"', run)
            text = re.sub("^(error|warning): ", "", "".join(pieces).replace('\\"', '"'))
            found.add(squeeze(re.sub(r"%(m|\.\*s|lu)", "%s", text)))
    return found


def squeeze(text):
    return re.sub(r"\s", "", text)


def check_messages():
    said = set(diagnostics("hosts_access.5") + diagnostics("hosts_options.5"))
    texts = [re.search(r'"((?:[^"\\]|\\.)*)"', line).group(1).replace('\\"', '"')
             for line in table("messages.def", "MESSAGE")]
    missing = [text for text in texts if text != "%s" and text not in said]
    ok(len(texts) > 40 and not missing, "every message is explained", missing)
    known = literals()
    for page in ("hosts_access.3", "hosts_access.5", "hosts_options.5", "tcpd.8"):
        # Placeholders in capitals stand for %s; the tag is put in front when a line is logged.
        plain_texts = {text: re.sub(r"\b[A-Z]{4,}\b", "%s", re.sub("^(error|warning): ", "", text))
                       if page == "tcpd.8" else re.sub("^(error|warning): ", "", text)
                       for text in diagnostics(page)}
        invented = [text for text, form in plain_texts.items() if squeeze(form.replace("%m", "%s")) not in known]
        ok(plain_texts and not invented, f"every message in {page} is one of ours", invented)


def check_tools():
    """Tools with a table of flags; findings about services."""
    for tool in ("inetctl", "tcpdchk", "tcpdmatch"):
        text = (ROOT / f"src/cmd/{tool}/flags.def").read_text()
        flags = {f"{letter}, -{name}" if name else letter
                 for letter, name in re.findall(r"^FLAG\('(\w)', \"([\w-]*)\"", text, re.M)}
        shown = re.findall(r"^\.It Fl (\w(?: , -[\w-]+)?)", PAGES[f"{tool}.8"], re.M)
        same([flag.replace(" ,", ",") for flag in shown], flags | {"h, -help", "V, -version"},
             f"{tool}(8) describes every flag, and no other")
    said = diagnostics("tcpdchk.8")
    notes = re.findall(r'^NOTE\(\w+, "((?:[^"\\]|\\.)*)"', (ROOT / "src/services/notes.def").read_text(), re.M)
    forms = {note: re.escape(note).replace("%s", r"[\w/]+") for note in notes}
    missing = [note for note, form in forms.items()
               if not any(re.fullmatch(f"FILE, line N: {form}", text) for text in said)]
    ok(len(notes) > 12 and not missing, "tcpdchk(8) explains every finding about services", missing)


def check_tcpwrap():
    """The front door: commands, their flags, and why a table has no image."""
    commands = re.findall(r'^COMMAND\("(\w+)"', (ROOT / "src/cmd/tcpwrap/commands.def").read_text(), re.M)
    same(items("tcpwrap.1", "Cm"), commands, "tcpwrap(1) names each command")
    # A command has a page, which may be its counterpart's, too.
    parts = {}
    for name in [name for name in PAGES if name.startswith("tcpwrap-")]:
        for command in re.findall(r"^\.Nm tcpwrap-([\w-]+)", section(name, "NAME"), re.M):
            parts[command] = section(name, "DESCRIPTION")
    same([name for name in parts if name in commands], commands, "each command of tcpwrap is described")
    for path in sorted((ROOT / "src/cmd/tcpwrap").glob("*/*.def")):
        flags = re.findall(r"^(?:FLAG|ADDED)\('(\w)', \"([\w-]+)\"", path.read_text(), re.M)
        if flags and path.stem in commands:
            shown = re.findall(r"^\.It Fl (\w) , -([\w-]+)", parts.get(path.stem, ""), re.M)
            same(set(shown), {*flags, ("h", "help"), ("V", "version")},
                 f"every flag of tcpwrap {path.stem} is described, and no other")
    same(items("tcpwrap-audit.1", "Sy"), [line.split(",")[0] for line in table("listeners.def", "AUDIT")],
         "tcpwrap-audit(1) explains each warning, and no other")
    texts = [line.split('"')[1] for line in table("image.def", "PROBLEM")]
    same(diagnostics("tcpwrap-compile.1"), texts, "tcpwrap-compile(1) has every line of data/image.def")
    ok(".Pa /var/lib/tcpwrap" in PAGES["tcpwrap-compile.1"] and '"/var/lib/tcpwrap"' in
       (ROOT / "src/table/image_file.h").read_text(), "and the folder of images")


def check_control():
    """What inetctl and inetd say to each other."""
    page = PAGES["inetctl.8"]
    commands = [re.search(r'"([^"]+)"', line).group(1) for line in table("control.def", "COMMAND")]
    described = set(re.findall(r"^\.It Cm (\w+)", section("inetctl.8", "DESCRIPTION").split(".Ss")[0], re.M))
    same(described, {command.split()[0] for command in commands}, "inetctl(8) describes every command")
    ok("drop --running" in commands and "drop --running" in page, "and drop --running")
    for macro, column, form in (("STATE", 1, "Cm"), ("COUNTER", 0, "Va")):
        rows = [[cell.strip().strip('"') for cell in line.split(",")] for line in table("control.def", macro)]
        title = {"STATE": "States", "COUNTER": "Counters"}[macro]
        part = re.search(rf"^\.Ss {title}\n(.*?)^\.S[sh]", page, re.M | re.S).group(1)
        same(re.findall(rf"^\.It {form} (\w+)", part, re.M), [row[column] for row in rows],
             f"inetctl(8) describes every line {macro} of data/control.def")
    source = (ROOT / "src/cmd/inetd/record.c").read_text()
    keys = re.findall(r'\(line, " (\w+)="', source)
    part = re.search(r"^\.Ss Records\n(.*?)^\.S[sh]", PAGES["inetd.8"], re.M | re.S).group(1)
    listed = [word for line in re.findall(r"^\.It (Cm .*)$", part, re.M)
              for word in re.findall(r"\w+", line) if word not in ("Cm", "No", "or")]
    same(listed, keys, "inetd(8) describes every key of a record")


def check_interface():
    header = (ROOT / "include/tcpd.h").read_text() + (ROOT / "src/libwrap/public.h").read_text()
    header = re.sub(r"/\*.*?\*/| TCPD_WEAK\b", "", header, flags=re.S)
    functions = re.findall(r"^[a-z][\w ]*?[ *](\w+)\([^;]*;", header, re.M)
    objects = re.findall(r"^extern [\w ]+[ *](\w+)(?:\[\d+\])?;", header, re.M)
    names = set(functions) | set(objects)
    ok(len(names) == 40, "the headers declare 40 names", sorted(names))
    page = PAGES["hosts_access.3"]
    lost = [name for name in names if not re.search(rf"^\.(Fn|Vt|It Va).*\b{name}\b", page, re.M)]
    ok(not lost, "hosts_access(3) has each of them", lost)


def check_modern_interface():
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/tcpwrap.h").read_text(), flags=re.S)
    functions = re.findall(r"^[a-z][\w ]*?[ *](tw_\w+)\(", header, re.M)
    page = PAGES["tcpwrap.3"]
    same(re.findall(r"^\.Fn (tw_\w+) \"", section("tcpwrap.3", "SYNOPSIS"), re.M), functions,
         "tcpwrap(3) declares each function of tcpwrap.h")
    values = set(re.findall(r"^\t(TW_[A-Z_]+) = \d,? *$", header, re.M))
    prefix = {"FAULT": "TW_FAULT_", "READING": "TW_READING_"}
    told = {}
    for kind in ("STATUS", "VERDICT", "REASON", "FAULT", "READING"):
        for line in table("tcpwrap.def", kind):
            name, text = re.match(r'(\w+), "(.*)"\)', line).groups()
            told[prefix.get(kind, "TW_") + name] = text
    names = {value for value in values if value.startswith("TW_NAME_")}
    same(values - names, told, "data/tcpwrap.def has each value of the enums in tcpwrap.h")
    entries = dict(re.findall(r"^\.It Dv (TW_\w+)\n([^.\n].*)$", page, re.M))
    same(entries, values, "tcpwrap(3) describes each value")
    wrong = [name for name, text in told.items() if not entries.get(name, "").startswith(text)]
    ok(not wrong, "in the words of data/tcpwrap.def", wrong)
    limits = re.findall(r"\b(TW_[A-Z]+_MAX)\b", header)
    lost = [name for name in limits if f".Dv {name}\n" not in page]
    ok(len(limits) == 4 and not lost, "tcpwrap(3) has each limit", lost)


def check_numbers():
    numbers = [path.name[:4] for path in sorted((ROOT / "tests").glob("*/[0-9][0-9][0-9][0-9]-*"))]
    ok(len(numbers) > 40 and len(numbers) == len(set(numbers)), "a number names one test",
       sorted(number for number in set(numbers) if numbers.count(number) > 1))


# ---- examples ----

def blocks(page):
    """Literal examples of a page: .Bd -literal blocks, and .Dl lines as blocks of one."""
    text = PAGES[page]
    found = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", text, re.M | re.S)
    found += re.findall(r"^\.Dl (.*\n)", text, re.M)
    return [block.replace("\\e", "\\").replace("\\&", "") for block in found]


def findings(directory, text):
    """What the engine has to say about a table; lists and banners of others stand in for a file."""
    stand_in = directory / "list"
    stand_in.write_text("192.0.2.0/24\n")
    path = directory / "table"
    path.write_text(re.sub(r": /etc/\S+$", f": {stand_in}", text, flags=re.M))
    kind = "--deny" if re.search(r"^ALL : ALL$", text, re.M) else "--allow"
    done = subprocess.run([TCPWRAP, "check", kind, path], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.stdout if done.returncode == 0 else f"status {done.returncode}\n{done.stdout}"


def check_rules(directory):
    for page in ("hosts_access.5", "hosts_options.5", "safe_finger.8", "tcpd.8"):
        rules = [block for block in blocks(page) if re.search(r"^[\w.]+[^:\n]* +: ", block, re.M)]
        said = [findings(directory, block if block.startswith("#!") else DIRECTIVE + block) for block in rules]
        ok(rules and not any(said), f"the engine takes the {len(rules)} examples in {page}", *said)


def check_samples(directory):
    allow, deny = SAMPLES / "hosts.allow", SAMPLES / "hosts.deny"
    for path in (allow, deny):
        text = path.read_text()
        ok(text.startswith(DIRECTIVE), f"{path.name} begins with the directive")
        said = findings(directory, text)
        ok(not said, f"{path.name} has no finding", said)
        lines = text.splitlines(keepends=True)
        live = [re.sub("^# ", "", line) if RULE.match(line) else line for line in lines]
        enabled = sum(line != before for line, before in zip(live, lines))
        said = findings(directory, "".join(live))
        ok(enabled >= 3 and not said, f"nor if its {enabled} examples are switched on", said)
    for want, *question in JUDGED:
        done = subprocess.run([JUDGE, allow, deny, *question], text=True, stdout=subprocess.PIPE)
        ok(done.stdout.startswith(want + " "), f"samples: {want} {' '.join(question)}", done.stdout)


# Verdict, daemon, address, name.
JUDGED = [
    ("grant", "sshd", "127.0.0.1"), ("grant", "vsftpd", "::1"), ("refuse", "sshd", "8.8.8.8"),
    ("refuse", "anything", "2a00::1"), ("refuse", "anything", "9.9.9.9", "known.example.net"),
    ("grant", "sshd", "192.0.2.255"), ("refuse", "sshd", "192.0.3.0"),
    ("grant", "sshd", "2001:db8:1:ffff::1"), ("refuse", "sshd", "2001:db8:2::"),
    ("grant", "sshd", "9.9.9.9", "a.ops.example.org"), ("refuse", "sshd", "9.9.9.9", "ops.example.org"),
    ("grant", "vsftpd", "9.9.9.9", "pc"), ("grant", "vsftpd", "9.9.9.9", "www.example.org"),
    ("refuse", "vsftpd", "9.9.9.9", "guest.example.org"), ("refuse", "vsftpd", "9.9.9.9", "paranoid"),
    ("refuse", "vsftpd", "9.9.9.9", "x.lab.example.org"), ("grant", "in.ftpd", "192.0.2.98"),
    ("refuse", "in.ftpd", "192.0.2.99"), ("refuse", "in.telnetd", "192.0.2.98"),
]


def check_c(directory):
    if not shutil.which("cc"):
        skip("the C examples compile", "needs cc")
        return
    text = "".join(f"#include <{name}>\n" for name in
                   ("errno.h", "sys/socket.h", "syslog.h", "tcpd.h", "tcpwrap.h"))
    examples = blocks("hosts_access.3") + blocks("tcpwrap.3")
    for number, block in enumerate(examples):
        body = f"int example_{number}(int fd)\n{{\n(void)fd;\n{block}return 0;\n}}\n"
        text += block if block.startswith("static") else f"int example_{number}(int fd);\n" + body
    path = directory / "examples.c"
    path.write_text(text)
    done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
                           "-D_GNU_SOURCE", f"-I{ROOT / 'include'}", "-fsyntax-only", path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ok(len(examples) >= 4 and done.returncode == 0, "the C examples of the pages compile", done.stdout)


def main():
    check_mdoc()
    check_links()
    check_options()
    check_expansions()
    check_flags()
    check_environment()
    check_messages()
    check_tools()
    check_tcpwrap()
    check_control()
    check_interface()
    check_modern_interface()
    check_numbers()
    with tempfile.TemporaryDirectory(prefix="tcpwrap-docs-") as name:
        check_rules(pathlib.Path(name))
        check_samples(pathlib.Path(name))
        check_c(pathlib.Path(name))
    tap.finish()


main()
