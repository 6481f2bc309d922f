# SPDX-License-Identifier: GPL-2.0-only
"""Which kvm-intel a run loads."""

import re
import sys
from pathlib import Path

from .errors import LabError
from .kernels import Kernel

REPOSITORY = Path(__file__).resolve().parents[2]
# What the repository's module is made from
SOURCES = ("include", "src")
SOURCE_ENDINGS = (".c", ".cpp", ".h", ".hpp", ".S")


def backend(wanted: str, kernel: Kernel) -> bytes | None:
    """The content of the kvm-intel that --module names."""
    if wanted == "none":
        return None
    if wanted == "distro":
        data = kernel.module("kvm-intel")
        if data is None:
            raise LabError(f"kernel {kernel.name} has no kvm-intel module: "
                           "--module ours or PATH.ko")
        return data
    path = REPOSITORY / "kvm-intel.ko" if wanted == "ours" else Path(wanted)
    if not path.is_file():
        hint = "run make first" if wanted == "ours" else "expected ours, distro, none or a .ko"
        raise LabError(f"--module {wanted}: {path} is no file: {hint}")
    if wanted == "ours" and (line := staleness(path, REPOSITORY)):
        print(f"vm: {line}", file=sys.stderr)
    data = path.read_bytes()
    check_release(path, data, kernel)
    return data


def staleness(module: Path, repository: Path) -> str | None:
    """That a source is newer than the module, in words. It may be meant so: a run never builds."""
    sources = [path for directory in SOURCES for path in (repository / directory).rglob("*")
               if path.suffix in SOURCE_ENDINGS]
    newest = max(sources, key=lambda path: path.stat().st_mtime)
    seconds = newest.stat().st_mtime - module.stat().st_mtime
    if seconds <= 0:
        return None
    age = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return (f"{module.name} is {age} older than {newest.relative_to(repository)}: "
            "without make, this is not what the sources say")


def check_release(path: Path, module: bytes, kernel: Kernel):
    """insmod would say no more than "Invalid module format"."""
    found = re.search(rb"\0vermagic=([^ \0]+)", module)
    if found and found.group(1).decode() != kernel.release:
        raise LabError(f"{path} is built for {found.group(1).decode()}, the machine runs "
                       f"{kernel.release}: build with KVER={kernel.release}, or choose another "
                       "--kernel")
