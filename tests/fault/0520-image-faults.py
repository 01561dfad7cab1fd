#!/usr/bin/env python3
# timeout: 120
# seconds: 6
"""Images of tables and lists where everything goes wrong. tcpwrap compile is killed before each of its system calls, and
each of them fails; there is no room; folders, images and tables are what they should not be. The image is
the earlier one or the new one, and what is left behind goes with the next. Then images that are cut at
every 512 bytes, and have bits flipped: a client gets the verdict of the text, from either. With --all
every bit, as 0521-image-faults-long.py has it."""
import collections
import ctypes
import errno
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import image_lab as images  # noqa: E402
import notify_lab  # noqa: E402
from image_lab import FOLDER, compile, equal, image_of, judge, lab, leftovers, ok, tcpwrap, write  # noqa: E402

ALL = "--all" in sys.argv
TEXT, QUESTIONS = images.rules(900)
EARLIER, _ = images.rules(1000, seed=2)
SECONDS = 20
SOME_BITS = 211  # of so many one is flipped in the quick tier: all places in a byte and in a word
DAMAGE = images.BUILD / "tests/fault/damage"
table = lab.dir / "hosts.deny"
image = image_of(table)

# What has an image; its texts, of which one comes before the other and one is larger; and questions about the second.
Made = collections.namedtuple("Made", "what path image earlier text large questions")
TABLE = Made("a table", table, image, EARLIER, TEXT, images.rules(8000)[0], QUESTIONS)
listed = lab.dir / "made"
WORDS, ASKED = images.words(1500)
LIST = Made("a list", listed, image_of(listed, "list"), images.words(1600, seed=5)[0], WORDS, images.words(12000)[0], ASKED)
LIST_STEP = 1 if ALL else 4  # of its calls

# What compile calls, and how each fails. Those of no error are only killed at.
CALLS = {
    "mkdir": (errno.ENOENT, errno.ENOSPC), "openat": (errno.EMFILE, errno.EIO, errno.EINTR),
    "newfstatat": (errno.EIO,), "flock": (errno.EINTR, errno.ENOLCK), "getdents64": (errno.EIO,),
    "read": (errno.EIO, errno.EINTR), "unlinkat": (errno.EROFS,), "fchown": (errno.EPERM,), "fchmod": (errno.EPERM,),
    "pwrite64": (errno.ENOSPC, errno.EIO, errno.EINTR), "pread64": (errno.EIO, errno.EINTR),
    "fsync": (errno.EIO,), "renameat": (errno.EACCES,), "mmap": (errno.ENOMEM,), "brk": (errno.ENOMEM,),
    "close": (), "exit_group": (),
}
if b"__asan_init" in images.TCPWRAP.read_bytes():  # memory is its own affair then
    CALLS.pop("mmap"), CALLS.pop("brk")


# ---- calls that do not return, or fail ----

class Run:
    """tcpwrap compile, watched from its first call of its own on."""

    def __init__(self, nth=None, code=None, command=(images.TCPWRAP, "compile", "--quiet", table)):
        self.nth, self.code, self.trace = nth, code, []
        environment = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"}
        self.watch = notify_lab.Watch([str(word) for word in command], CALLS, environment)
        self.watch.decide = self.decide
        while self.step():
            pass
        os.close(self.watch.fd)
        os.close(self.watch.error_fd)
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.watch.pid, 0)[1])

    def decide(self, pid, call):
        if not self.trace and call.name != "mkdir":
            return None
        self.trace.append(call.name)
        if len(self.trace) - 1 != self.nth:
            return None
        if self.code is None:
            os.kill(pid, signal.SIGKILL)
        return self.code

    def step(self):
        """False: it has ended."""
        ready = dict(self.watch.poll.poll(SECONDS * 1000))
        if not ready:
            os.kill(self.watch.pid, signal.SIGKILL)
            raise TimeoutError(f"it hangs: {self.trace[-5:]}")
        if ready.get(self.watch.fd, 0) & select.POLLIN:
            self.watch.answer()
        if self.watch.error_fd in ready:
            piece = os.read(self.watch.error_fd, 65536)
            self.watch.text += piece.decode()
            return piece != b""
        return True


def put_earlier(made, data):
    """As it was before, but for what somebody left there who was killed."""
    made.image.write_bytes(data)
    made.image.chmod(0o644)


def verdicts(questions=QUESTIONS):
    return [judge(table, question) for question in questions]


def check_calls(made, step=1):
    if made.path != table:
        write(table, f"sshd: {made.path}\n")
    write(made.path, made.earlier)
    compile("-q", table)
    earlier = made.image.read_bytes()
    write(made.path, made.text)
    made.image.unlink()
    want = verdicts(made.questions)
    trace = Run().trace
    new = made.image.read_bytes()
    ok({"flock", "fsync", "renameat", "pwrite64", "fchmod", "exit_group"} <= set(trace), f"{made.what}: its calls are seen", trace)
    wrong, seen, killed = [], set(), range(len(trace) - 1, -1, -step)
    for nth in killed:
        put_earlier(made, earlier)
        run = Run(nth)
        now = made.image.read_bytes() if made.image.exists() else None
        seen.add(now == new)
        if run.status != -signal.SIGKILL or now not in (earlier, new) or verdicts(made.questions) != want:
            wrong.append((nth, trace[nth], run.status, now and len(now)))
    ok(len(killed) > 30 / step and not wrong and seen == {True, False},
       f"{made.what}: killed before {len(killed)} of {len(trace)} calls, the image is the earlier one or the new one", wrong)
    put_earlier(made, earlier)
    left = leftovers()
    status = compile("-q", table)[0]
    equal((status, leftovers(), made.image.read_bytes() == new), (0, [], True), f"{made.what}: what was left behind is removed", left)
    check_errors(made, list(enumerate(trace))[::step], earlier, new, want)


def judge_run(made, run, earlier, new, want):
    """What is wrong with an end in which something failed; None: nothing."""
    now = made.image.read_bytes() if made.image.exists() else None
    if now not in (earlier, new):
        return f"the image is {now and len(now)} bytes"
    if run.status == 0 and now != new:
        return "it says that all is well"
    if run.status not in (0, 1, 2):
        return f"status {run.status}"
    if run.status != 0 and "error: " not in run.watch.text and "out of memory" not in run.watch.text.lower():
        return f"nothing is said: {run.watch.text}"
    if leftovers() and run.code != errno.EROFS:
        return f"left behind: {leftovers()}"
    return None if verdicts(made.questions[:2]) == want[:2] else "other verdicts"


def check_errors(made, trace, earlier, new, want):
    wrong, count, failed = [], 0, 0
    for nth, call in trace:
        for code in CALLS[call]:
            put_earlier(made, earlier)
            run = Run(nth, code)
            count += 1
            failed += run.status != 0
            said = judge_run(made, run, earlier, new, want)
            if said:
                wrong.append(f"{nth} {call} {errno.errorcode[code]}: {said}")
    ok(count > len(trace) / 2 and failed > count / 3 and not wrong,
       f"{made.what}: {count} calls that fail: the same, it is said, and nothing is left behind", failed, *wrong)


# ---- no room ----

def check_room(made):
    if made.path != table:
        write(table, f"sshd: {made.path}\n")
    write(made.path, made.earlier)
    compile("-q", table)
    small = made.image.stat().st_size
    # As large as the earlier one, and half of what comes.
    if lab.libc.mount(b"none", str(FOLDER).encode(), b"tmpfs", 0, f"mode=755,size={small + 40960}".encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    compile("-q", table)
    earlier = made.image.read_bytes()
    write(made.path, made.large)
    want = verdicts(made.questions)
    status, out, err = compile(table)
    ok(status == 1 and "cannot write the image: No space left" in err and "remedy: " in err, f"{made.what}: no room is said",
       status, err)
    equal((made.image.read_bytes() == earlier, leftovers(), verdicts(made.questions) == want), (True, [], True),
          f"{made.what}: the earlier image stays, and is not used")
    lab.libc.umount2(str(FOLDER).encode(), 0)
    limit = (made.image.stat().st_size + 40960, resource.RLIM_INFINITY)
    status, out, err = compile(table, preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                         resource.setrlimit(resource.RLIMIT_FSIZE, limit)))
    ok(status == 1 and "File too large" in err and not leftovers(), f"{made.what}: nor may a file be cut by a limit", status, err)
    equal(compile("-q", table)[0], 0, f"{made.what}: with room all is well")


# ---- what is not as it should be ----

def check_images():
    write(table, TEXT)
    image.unlink(missing_ok=True)
    want = verdicts()
    compile("-q", table)
    data = image.read_bytes()
    aside = FOLDER / "aside"
    changes = {
        "others may write to it": lambda: image.chmod(0o646),
        "its group may": lambda: image.chmod(0o664),
        "it is a symbolic link": lambda: (image.rename(aside), image.symlink_to(aside)),
        "it is a FIFO": lambda: (image.unlink(), os.mkfifo(image)),
        "it is a folder": lambda: (image.unlink(), image.mkdir()),
        "it is empty": lambda: image.write_bytes(b""),
        "it has its first page only": lambda: image.write_bytes(data[:images.PAGE]),
        "it is another table's": lambda: (write(lab.dir / "other", EARLIER), compile("-q", lab.dir / "other"),
                                          shutil.copy(image_of(lab.dir / "other"), image)),
        "nobody may read it": lambda: image.chmod(0),
    }
    if lab.REAL_ROOT:
        changes["it is somebody else's"] = lambda: os.chown(image, 1000, 0)
    for what, change in changes.items():
        if image.is_dir():
            image.rmdir()
        image.unlink(missing_ok=True)
        image.write_bytes(data)
        change()
        begin = time.monotonic()
        got = verdicts()
        ok(got == want and time.monotonic() - begin < SECONDS / 4, f"{what}: the verdicts are those of the text", got)
        status, _, err = compile("--quiet", "--force", table)
        is_mended = status == 0 and image.is_file() and not image.is_symlink() and image.read_bytes() == data
        if what == "it is a folder":
            ok(status == 1 and "cannot write the image" in err and not leftovers(), f"{what}: compile says so", status, err)
        else:
            ok(is_mended and image.stat().st_mode & 0o777 == 0o644, f"{what}: compile mends it", status, err)
    if image.is_dir():
        image.rmdir()


class Disturbed(Run):
    """Somebody writes the table, the first few times that its image is about to be put in its place."""

    def __init__(self, times):
        self.times = times
        super().__init__()

    def decide(self, pid, call):
        if call.name == "renameat" and self.times > 0:
            self.times -= 1
            os.utime(table)
        return super().decide(pid, call)


def check_writer():
    """Somebody keeps writing; or he stops."""
    write(table, TEXT)
    image.unlink(missing_ok=True)
    run = Disturbed(1000)
    ok(run.status == 1 and "keeps changing" in run.watch.text and "remedy: " in run.watch.text,
       "a table that keeps changing is said", run.status, run.watch.text)
    equal((run.trace.count("renameat"), leftovers()), (5, []), "within bounds")
    equal(images.report("verify", table)[0]["verdict"], "stale", "its image is out of date")
    run = Disturbed(2)
    equal((run.status, run.watch.text, run.trace.count("renameat")), (0, "", 3), "if it comes to rest, all is well")
    equal(images.report("verify", table)[0]["verdict"], "proved", "and its image is of the last text")


def check_together():
    """One at a time: all end well, and so does what they have made."""
    write(table, TEXT)
    before = image.read_bytes() if image.exists() else None
    children = [subprocess.Popen([images.TCPWRAP, "compile", "--force", "--quiet", table]) for _ in range(8)]
    equal([child.wait(SECONDS) for child in children], [0] * 8, "eight at a time")
    equal((images.report("verify", table)[0]["verdict"], leftovers()), ("proved", []), "the image is whole", before and len(before))


# ---- damage ----

def run_damage(*arguments, damaged=image, asked=QUESTIONS):
    questions = lab.dir / "questions"
    questions.write_text("\n".join(asked) + "\n")
    done = subprocess.run([DAMAGE, table, damaged, questions, *map(str, arguments)], capture_output=True, text=True)
    words = done.stdout.splitlines()[-1].split() if done.stdout else []
    return done, int(words[0]) if words else 0, int(words[4]) if words else -1


def check_damage():
    write(table, TEXT)
    compile("-q", "--force", table)
    size = image.stat().st_size
    done, cases, wrong = run_damage("cut", 512)
    ok(done.returncode == 0 and cases > size // 512, f"{cases} images that are cut at 512 bytes", done.stdout, done.stderr)
    step = 1 if ALL else SOME_BITS
    done, cases, wrong = run_damage("flip", 0, step)
    ok(done.returncode == 0 and cases > size * 8 // step, f"{cases} images with another bit", done.stdout, done.stderr)
    done, cases, wrong = run_damage("forge", 0, step)
    ok(done.returncode == 0 and wrong > 0, f"{cases} images with another bit and a check sum that holds come to an end",
       done.stdout, done.stderr)
    if ALL:
        write(table, images.rules(3600)[0])
        compile("-q", table)
        size = image.stat().st_size
        done, cases, wrong = run_damage("flip", 0, 1)
        ok(done.returncode == 0 and size >= 65536 and cases > size * 8, f"every bit of {size} bytes", done.stdout, done.stderr)


class Saved(Run):
    """A decision, before whose nth read of a place somebody writes a file."""

    def __init__(self, nth, path, text):
        self.path, self.text, answer = path, text, lab.dir / "answer"
        super().__init__(nth, command=("/bin/sh", "-c", 'exec "$@" >"$0"', answer, images.JUDGE, "/nonexistent", table,
                                       "sshd", "192.0.2.77"))
        self.answer = answer.read_text().strip()

    def decide(self, pid, call):
        if call.name == "pread64":
            self.trace.append(call.name)
            if len(self.trace) - 1 == self.nth:
                self.path.write_text(self.text)


def check_list_saved():
    """Its index says where the word was, and there is another now."""
    names = lab.dir / "saved"
    text, _ = images.words(1500)
    write(table, f"sshd: {names}\n")
    answers, nth, count = [], 0, 1
    while nth < count:
        write(names, f"{text}\n192.0.2.77\n")
        compile("-q", table)
        run = Saved(nth, names, f"192.0.2.77\n{text}\n")
        answers.append(run.answer)
        nth, count = nth + 1, len(run.trace)
    ok(count > 5 and set(answers) == {f"refuse {table}:1"}, f"a list that is saved before one of {count} reads is read again",
       answers)


def check_list_damage():
    names = lab.dir / "names"
    text, asked = images.words(1500)
    write(names, text)
    write(table, f"sshd: {names}\n")
    compile("-q", table)
    damaged = image_of(names, "list")
    size = damaged.stat().st_size
    for what, *arguments in (("cut at 512 bytes", "cut", 512, 0), ("with another bit", "flip", 0, 1 if ALL else SOME_BITS)):
        done, cases, wrong = run_damage(*arguments, names, damaged=damaged, asked=asked)
        ok(done.returncode == 0 and cases > size // 512, f"{cases} images of a list, {what}", done.stdout, done.stderr)
    done, cases, wrong = run_damage("forge", 0, 1 if ALL else SOME_BITS, names, damaged=damaged, asked=asked)
    ok(done.returncode == 0 and wrong > 0, f"{cases} that are forged come to an end", done.stdout, done.stderr)
    # One of a list is none of a table, and the other way around.
    data = damaged.read_bytes()
    write(table, images.rules(900)[0])
    want = verdicts()
    compile("-q", table)
    other = image.read_bytes()
    for into, bytes_ in ((image, data), (damaged, other)):
        into.write_bytes(bytes_)
    equal((verdicts(), images.report("verify", table)[0]["verdict"]), (want, "untrusted"), "an image of a list is none of a table")
    equal(tcpwrap("verify", "--lists", names)[0], 1, "and the other way around")


def main():
    reason = notify_lab.why_not()
    if reason:
        images.skip(reason)
    else:
        check_calls(TABLE)
        check_calls(LIST, LIST_STEP)
        check_writer()
        check_list_saved()
    check_room(TABLE)
    check_room(LIST)
    check_images()
    check_together()
    check_damage()
    check_list_damage()
    images.finish()


main()
