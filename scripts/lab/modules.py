# SPDX-License-Identifier: GPL-2.0-only
"""Which kvm-intel a run loads."""

import re
from pathlib import Path

from .errors import LabError
from .kernels import Kernel

REPOSITORY = Path(__file__).resolve().parents[2]


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
    data = path.read_bytes()
    check_release(path, data, kernel)
    return data


def check_release(path: Path, module: bytes, kernel: Kernel):
    """insmod would say no more than "Invalid module format"."""
    found = re.search(rb"\0vermagic=([^ \0]+)", module)
    if found and found.group(1).decode() != kernel.release:
        raise LabError(f"{path} is built for {found.group(1).decode()}, the machine runs "
                       f"{kernel.release}: build with KVER={kernel.release}, or choose another "
                       "--kernel")
