# SPDX-License-Identifier: GPL-2.0-only
"""`vm path`: where other scripts find what the lab has unpacked."""

from pathlib import Path
from typing import Callable

from . import cache, kernels, rootfs, vmlinux
from .errors import LabError
from .kernels import Kernel


def vmlinux_file(kernel: Kernel) -> Path:
    def build(directory: Path):
        (directory / "vmlinux").write_bytes(vmlinux.extract(kernel.image))

    return cache.entry("vmlinux", kernel.key, build) / "vmlinux"


def kvm_file(kernel: Kernel) -> Path:
    data = kernel.module("kvm")
    if data is None:
        raise LabError(f"kernel {kernel.name} has no kvm module")

    def build(directory: Path):
        (directory / "kvm.ko").write_bytes(data)

    return cache.entry("kvm", kernel.key, build) / "kvm.ko"


THINGS: dict[str, Callable[[Kernel], Path]] = {
    "image": lambda kernel: kernel.image,
    "modules": lambda kernel: kernel.modules,
    "vmlinux": vmlinux_file,
    "kvm": kvm_file,
    "root": rootfs.root_image,
}

NAMES = [f"{thing}-{series}" for series in kernels.PACKAGES for thing in THINGS]


def find(name: str) -> Path:
    thing, _, series = name.partition("-")
    return THINGS[thing](kernels.find(series))
