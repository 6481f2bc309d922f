# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs that speak TAP in one machine of the lab, shows what they say and counts it."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "kvm-intel.ko"

CASE = re.compile(r"(not )?ok\b[ \d]*-? *(.*?)(?:\s*# (SKIP|TODO)\b\s*(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)")

# An exception, so that the machine is ended and what is temporary removed.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class Command(subprocess.Popen):
    """A command that does not outlive its `with`: one that runs a machine ends it when it gets SIGTERM."""

    def __exit__(self, exception, *rest):
        if exception:
            self.terminate()
            self.wait()
        return super().__exit__(exception, *rest)


class Tally:
    """Reads lines of TAP. A program that ends before its plan is done, or with a status that its cases do not
    explain, counts as one more failure."""

    def __init__(self):
        self.passed = self.skipped = 0
        self.failures = []
        self.begin_program(None)

    def line(self, text):
        if text.startswith("# program: "):
            self.end_program("unknown, the next one began")
            self.begin_program(text.removeprefix("# program: ").strip())
        elif text.startswith("# status: "):
            self.end_program(text.removeprefix("# status: ").strip())
        elif plan := PLAN.match(text):
            self.planned = int(plan[1])
        elif case := CASE.match(text):
            self.case(case)

    def begin_program(self, name):
        self.program = name
        self.planned = self.seen = 0
        self.failed_before, self.skipped_before = len(self.failures), self.skipped

    def case(self, case):
        self.seen += 1
        if case[1]:
            self.failures.append(f"{self.program}: {case[2]}")
        elif case[3]:
            self.skipped += 1
        else:
            self.passed += 1

    def end_program(self, status):
        if self.program and (self.seen != self.planned or self.planned == 0):
            self.failures.append(f"{self.program}: ended with status {status} after "
                                 f"{self.seen} of {self.planned} cases")
        elif self.program and len(self.failures) == self.failed_before and status not in self.good_statuses():
            self.failures.append(f"{self.program}: ended with status {status}, no case failed")
        self.program = None

    def good_statuses(self):
        """Of a program without failures; 4 says that it skips, all of it."""
        return ("0", "4") if self.skipped - self.skipped_before == self.seen else ("0",)

    def summary(self):
        return f"{self.passed} passed, {len(self.failures)} failed, {self.skipped} skipped"


def build(module, *targets):
    """Makes what a suite needs, for the lab's kernel: the targets, and the module if it is the tree's."""
    if goals := [*(["modules"] if module == "ours" else []), *targets]:
        subprocess.run([ROOT / "scripts/make/for-lab", "-s", "-j2", *goals], check=True, stdout=sys.stderr)


def module_file(module):
    """The file behind --module ours|PATH; ours is made."""
    build(module)
    path = OURS if module == "ours" else Path(module)
    if not path.is_file():
        sys.exit(f"--module {module}: no such file; expected ours or a .ko")
    return path


def copy_modules(kernel, into, ours=OURS):
    """ours.ko and distro.ko, for a machine in which modules change."""
    found = subprocess.run([ROOT / "scripts/vm", "path", f"modules-{kernel}"], check=True,
                           capture_output=True, text=True).stdout.strip()
    (module,) = Path(found).rglob("kvm-intel.ko")
    copies = []
    for name, source in (("ours.ko", ours), ("distro.ko", module)):
        shutil.copy(source, into / name)
        copies.append(into / name)
    return copies


def cpio_archive(files, into):
    """A cpio archive of the files, flat, for the initramfs of a guest in the lab."""
    with tempfile.TemporaryDirectory() as flat:
        for name, source in files.items():
            target = Path(flat) / name
            target.write_bytes(source.read_bytes())
            target.chmod(0o755)
            if target.suffix == ".ko":
                # Debug information would only cost loading time.
                subprocess.run(["strip", "--strip-debug", target], check=True)
        names = "\n".join(files) + "\n"
        with into.open("wb") as output:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=flat, input=names.encode(),
                           stdout=output, check=True)


def parse_without_module(parser):
    """The arguments, and those for scripts/vm run. --module is not among them: the test has its own."""
    arguments, for_vm = parser.parse_known_args()
    if any(word.partition("=")[0] == "--module" for word in for_vm):
        parser.error("--module: this test brings the modules it is about")
    return arguments, for_vm


def run_in_lab(lab_arguments, command, out=sys.stdout):
    """Runs the shell line in the lab. Returns the tally and the status of scripts/vm."""
    tally = Tally()
    with Command([ROOT / "scripts/vm", "run", *lab_arguments, "--", command],
                 stdout=subprocess.PIPE, text=True, errors="replace") as vm:
        for line in vm.stdout:
            print(line, end="", file=out, flush=True)
            tally.line(line.rstrip())
    tally.end_program("unknown, the machine stopped")
    return tally, vm.returncode


def conclude(tally, status):
    """Prints the failures and the counts; the exit status of the whole run."""
    if status and not tally.failures:
        tally.failures.append(f"the lab: scripts/vm ended with status {status}")
    if not (tally.passed or tally.failures or tally.skipped):
        tally.failures.append("nothing ran")
    for failure in tally.failures:
        print(f"# failed: {failure}")
    print(tally.summary())
    return 1 if tally.failures else 0
