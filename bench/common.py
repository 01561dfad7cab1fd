"""What the benches share: options, the packages of the peers, the machine's name, promises."""
import argparse
import contextlib
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIP = 77


def absolute(path):
    return pathlib.Path(path).absolute()


def options(description, rounds, seconds):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", type=absolute, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=rounds, help="alternations")
    parser.add_argument("--seconds", type=float, default=seconds, help="of each measurement")
    return parser


def fetched(*packages):
    """Where Debian's packages are unpacked; without them there is nothing to compare with."""
    done = subprocess.run([ROOT / "tools/fetch-daemons", *packages], stdout=subprocess.PIPE,
                          text=True)
    if done.returncode != 0:
        sys.exit(SKIP)
    return pathlib.Path(done.stdout.strip())


def machine():
    model = "unknown processor"
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
        model = found.group(1) if found else model
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"


def report(broken):
    """The exit status, after a line for each broken promise."""
    for promise in broken:
        print(f"BROKEN: {promise}")
    return 1 if broken else 0
