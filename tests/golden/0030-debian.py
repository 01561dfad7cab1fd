#!/usr/bin/env python3
"""debian/ agrees with the tree: version, names of both libraries, pages, what is put aside for whom, scripts that a
shell can read. tests/e2e/0430-debian-package.py builds and installs."""
import fnmatch
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat"))
from rig import ROOT, Tap  # noqa: E402

tap = Tap()
ok = tap.ok
DEBIAN = ROOT / "debian"
FIELDS = {"libwrap0-tcpwrap": ("same", "libwrap0 (= ${libwrap:Version})"), "libtcpwrap0": ("same", ""),
          "libtcpwrap-dev": ("same", "libwrap-dev, libwrap0-dev (= ${libwrap:Version})"),
          "tcpwrap": ("foreign", "tcpd (= ${libwrap:Version})"), "tcpwrap-inetd": ("foreign", "openbsd-inetd (= ${inetd:Version})")}

OURS_ALONE = {"usr/sbin/inetctl", "usr/share/man/man8/inetctl.8"}  # nobody else has these


def text(path):
    return (ROOT / path).read_text()


def field(paragraph, name):
    found = re.search(rf"^{name}: (.*)$", paragraph, re.M)
    return found.group(1) if found else ""


def check_names():
    version = re.match(r"tcpwrap \((\S+)\)", text("debian/changelog")).group(1)
    ok(f"version: '{version}'" in text("meson.build"), "the version is the project's", version)
    packages = {field(part, "Package"): part for part in text("debian/control").split("\n\n")[1:]}
    got = {name: (field(part, "Multi-Arch"), field(part, "Provides")) for name, part in packages.items()}
    ok(got == FIELDS, "packages, whom they serve and what they provide", got)
    ok("Conflicts" not in "".join(packages[name] for name in ("libwrap0-tcpwrap", "tcpwrap", "tcpwrap-inetd")),
       "no conflict takes Debian's library, tcpd or inetd away before the look at the tables")
    exported = set(re.findall(r"\b([a-z]\w+)\b(?=;)", text("src/libwrap/libwrap.map")))
    listed = re.findall(r"^ (\w+)@Base 7\.6-4~$", text("debian/libwrap0-tcpwrap.symbols"), re.M)
    ok(set(listed) == exported and len(listed) == 40, "the symbols of libwrap.so.0", set(listed) ^ exported)
    nodes = re.findall(r"^(TCPWRAP_[\d.]+) \{", text("src/libtcpwrap/libtcpwrap.map"), re.M)
    listed = re.findall(r"^ \(symver\)(\S+) ", text("debian/libtcpwrap0.symbols"), re.M)
    ok(nodes == listed, "the nodes of libtcpwrap.so.0", nodes, listed)


def check_diverted(package):
    rows = [line.split() for line in text(f"debian/{package}.diverted").splitlines()]
    installed = {line.split()[0] for line in text(f"debian/{package}.install").splitlines()} - OURS_ALONE
    programs = {f"/{path}" for path in installed if path.startswith("usr/sbin/")}
    pages = {f"/{path}.gz" for path in installed if re.search(r"/man[58]/", path)}
    links = DEBIAN / f"{package}.links"
    pages |= {f"/{line.split()[1]}" for line in links.read_text().splitlines()} if links.exists() else set()
    ok({path for path, _ in rows} == programs | pages, f"{package}: what Debian's packages have, too, is put aside",
       {path for path, _ in rows} ^ (programs | pages))
    ok(all(".distrib" in aside and aside.replace(".distrib", "") == path for path, aside in rows), "each by its name")


def check_installed():
    """Every page has a package, but no page needs a line here that no other package has under its name."""
    lines = [line.split()[0] for path in DEBIAN.glob("*.install") for line in path.read_text().splitlines()]
    pages = {f"usr/share/man/man{path.suffix[1:]}/{path.name}" for path in (ROOT / "man").glob("*.[1-8]")}
    lost = {page for page in pages if not any(fnmatch.fnmatch(page, line) or page.startswith(line + "/") for line in lines)}
    ok(not lost, "every page has a package", lost)


def check_scripts():
    bad = []
    for path in sorted(DEBIAN.glob("*.p[ro]*")):
        if not re.search(r"\.(preinst|postinst|prerm|postrm)$", path.name):
            continue
        script = path.read_text().replace("#LOOK#", text("debian/look.sh")).replace("#ASIDE#", text("debian/aside.sh"))
        script = re.sub(r"^#(PUT_ASIDE|PUT_BACK)#$", lambda found: f"{found.group(1).lower()} a b", script, flags=re.M)
        done = subprocess.run(["sh", "-n"], input=script, text=True, stderr=subprocess.PIPE)
        if done.returncode or "\nset -e\n" not in script or "#DEBHELPER#" not in script:
            bad.append((path.name, done.stderr))
    ok(not bad, "scripts can be read, and end at an error", bad)
    asked = [path.name for path in DEBIAN.iterdir() if path.is_file() and
             re.search(r"\bread -[a-z]*p|debconf|/dev/tty", path.read_text())]
    ok(not asked, "nothing asks anybody", asked)
    bare = [path.name for path in DEBIAN.glob("*.lintian-overrides")
            if re.search(r"\A[^#]|\n[^#\n]", re.sub(r"#[^\n]*\n(?:#[^\n]*\n)*[^#\n][^\n]*\n(?:[^#\n][^\n]*\n)*", "", path.read_text()))]
    ok(not bare, "each exception from lintian has its reason", bare)


check_names()
check_diverted("tcpwrap")
check_diverted("tcpwrap-inetd")
check_installed()
check_scripts()
tap.finish()
