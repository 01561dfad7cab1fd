#!/usr/bin/env python3
"""Samples and examples for inetd: inetd --check takes them, as they are and with everything switched on;
what a page says is refused is refused; systemd takes the units."""
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
INETD, SAMPLES = BUILD / "src/cmd/inetd/inetd", ROOT / "docs/samples"
PAGES = [ROOT / "docs/from-xinetd.md", ROOT / "docs/from-socket-units.md"]
BLOCK = re.compile(r"^```([\w.-]+)\n(.*?)^```$", re.M | re.S)
# What an example has for its reader, and a host may lack.
USERS = re.compile(r"\b(mail|www-data:www-data)\b")


def check(folder, name, text):
    """Sockets, errors and warnings; and what was said."""
    path = folder / name
    text = re.sub(r"^(\tchroot +=) .*", rf"\1 {folder}", text, flags=re.M)
    text = re.sub(r"^(\tbanner\w* +=) .*", rf"\1 {path}", text, flags=re.M)
    path.write_text(USERS.sub("root", text))
    done = subprocess.run([INETD, "--check", path], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found = re.search(r": (\d+) sockets, (\d+) errors, (\d+) warnings$", done.stdout.strip())
    numbers = tuple(map(int, found.groups())) if found else None
    if numbers and (done.returncode == 0) != (numbers[1] == 0):
        return None, f"status {done.returncode}\n{done.stdout}"
    return numbers, done.stdout


def check_samples(folder):
    for name, on, off, added in (("inetd.conf", "", "#off# ", 10), ("xinetd.conf", "= no", "= yes", 8)):
        text = (SAMPLES / name).read_text()
        numbers, said = check(folder, name, text)
        ok(numbers == (1, 0, 0), f"{name}: one service is on, and nothing is found", said)
        switch = rf"^(\tdisable +){off}$" if name == "xinetd.conf" else f"^{off}"
        live, switched = re.subn(switch, (r"\g<1>" if name == "xinetd.conf" else "") + on, text, flags=re.M)
        numbers, said = check(folder, name, live)
        ok(switched > 3 and numbers == (1 + added, 0, 0), f"{name}: nor with its {switched} examples on", said)


def check_page(folder, page):
    blocks = [(kind, text) for kind, text in BLOCK.findall(page.read_text())]
    ok(len(blocks) >= 3, f"{page.name} has examples", blocks)
    for number, (kind, text) in enumerate(blocks, 1):
        numbers, said = check(folder, f"example{number}", text)
        services = len(re.findall(r"^service ", text, re.M)) or len(text.splitlines())
        if kind.endswith("-refused"):
            ok(numbers and numbers[0] == 0 and numbers[1] >= services, f"{page.name}: example {number} is refused", said)
            lines = [int(line) for line in re.findall(r"example\d+:(\d+):\d+: error: ", said)]
            starts = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("service ")]
            hit = {max(s for s in starts if s <= line) for line in lines}
            ok(hit == set(starts), f"{page.name}: each service of it", said)
        else:
            ok(numbers and numbers[0] >= services and numbers[1:] == (0, 0),
               f"{page.name}: example {number} is taken", said)


def check_attributes(page):
    """A page names no attribute that there is not."""
    known = set(re.findall(r"^ATTRIBUTE\((\w+),", (ROOT / "data/attributes.def").read_text(), re.M))
    known |= set(re.findall(r"^REFUSED\(attribute, (\w+),", (ROOT / "data/attributes.def").read_text(), re.M))
    text = BLOCK.sub("", page.read_text())
    named = set(re.findall(r"`(\w+) [+-]?= [^`]*`", text)) | set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
    ok(len(named) > 5 and named <= known, f"{page.name}: every attribute that it names is one", named - known)


def check_units(folder):
    if not shutil.which("systemd-analyze"):
        skip("systemd takes the units", "needs systemd-analyze")
        return
    units = []
    for path in sorted(SAMPLES.glob("tcpwrap-*.*")):
        text = re.sub(r"/usr/local/s?bin/\w+", "/bin/true", path.read_text())
        units.append(folder / path.name)
        units[-1].write_text(re.sub(r"^#(Listen|Protect|NoNew)", r"\1", text, flags=re.M))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    own = [line for line in done.stdout.splitlines() if re.search("tcpwrap-(inetd|compile)", line)]
    ok(len(units) == 5 and not own, "systemd takes the units, also with all switched on", done.stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="tcpwrap-samples-") as name:
        folder = pathlib.Path(name)
        check_samples(folder)
        for page in PAGES:
            check_page(folder, page)
            check_attributes(page)
        check_units(folder)
    listed = re.findall(r"'((?:samples/)?[\w.@-]+)'", (ROOT / "docs/meson.build").read_text())
    there = {f"samples/{path.name}" for path in SAMPLES.iterdir()} | {page.name for page in PAGES}
    ok(there <= set(listed), "all of them are installed", there - set(listed))
    tap.finish()


main()
