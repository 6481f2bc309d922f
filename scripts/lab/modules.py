# SPDX-License-Identifier: GPL-2.0-only
"""Which kvm-intel a run loads."""

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
            raise LabError(f"kernel {kernel.name} has no kvm-intel module: --module ours or PATH.ko")
        return data
    path = REPOSITORY / "kvm-intel.ko" if wanted == "ours" else Path(wanted)
    if not path.is_file():
        hint = "run make first" if wanted == "ours" else "expected ours, distro, none or a .ko"
        raise LabError(f"--module {wanted}: {path} is no file: {hint}")
    return path.read_bytes()
