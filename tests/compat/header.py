"""header - what a tcpd.h declares, by gcc's word."""
import re
import shutil
import subprocess
import tempfile

HAS_GCC = shutil.which("gcc") is not None

INCLUDES = "#include <sys/types.h>\n#include <setjmp.h>\n#include <tcpd.h>\n"
DECLARATION = re.compile(r"/\* \S*/?tcpd\.h:\S+ \*/ extern (.*?(\w+) \(.*\));")


def flags(folder, define):
    return ["-w", "-D_GNU_SOURCE", f"-D{define}", f"-I{folder}"]


def prototypes(folder, define):
    """Of each function of the tcpd.h in a folder: {name: C, parameters without names}."""
    with tempfile.TemporaryDirectory() as scratch:
        source, report = f"{scratch}/all.c", f"{scratch}/report"
        with open(source, "w") as file:
            file.write(INCLUDES)
        subprocess.run(["gcc", *flags(folder, define), "-fsyntax-only", "-aux-info", report, source],
                       check=True)
        with open(report) as file:
            return {match[2]: match[1] for match in map(DECLARATION.match, file) if match}
