# SPDX-License-Identifier: GPL-2.0-only
"""Kernels to boot: Debian's, unpacked from their packages, or one of the user's own."""

import hashlib
import lzma
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import cache
from .errors import LabError
from .tools import run

# The series offered by name, and the newest package of each that apt knows
PACKAGES = {
    "6.1": r"linux-image-6\.1\.0-(\d+)-cloud-amd64",
    "6.12": r"linux-image-6\.12\.(\d+)\+deb12-cloud-amd64(?:-unsigned)?",
}


@dataclass(frozen=True)
class Kernel:
    """A kernel image and the directory tree its modules are in."""

    name: str
    image: Path
    modules: Path

    @cached_property
    def _module_files(self) -> dict[str, Path]:
        found = {}
        for path in self.modules.rglob("*.ko*"):
            name, _, suffix = path.name.partition(".ko")
            if suffix in ("", ".xz"):
                found[name.replace("-", "_")] = path
        return found

    def module_path(self, name: str) -> Path | None:
        return self._module_files.get(name.replace("-", "_"))

    def module(self, name: str) -> bytes | None:
        """A module's content, uncompressed, or None where it is built in."""
        path = self.module_path(name)
        if path is None:
            return None
        data = path.read_bytes()
        return lzma.decompress(data) if path.name.endswith(".xz") else data

    def module_closure(self, names: list[str]) -> dict[str, bytes]:
        """Modules with all they depend on, dependencies first; built-in ones are left out."""
        closure: dict[str, bytes] = {}

        def visit(name: str):
            data = self.module(name)
            if data is None or name in closure:
                return
            depends = re.search(rb"\0depends=([^\0]*)\0", data)
            for dependency in depends.group(1).decode().split(",") if depends else ():
                if dependency:
                    visit(dependency.replace("-", "_"))
            closure[name] = data

        for name in names:
            visit(name.replace("-", "_"))
        return closure

    @cached_property
    def release(self) -> str:
        """What `uname -r` will say, from the boot protocol's setup header."""
        data = self.image.read_bytes()
        (at,) = struct.unpack_from("<H", data, 0x20E)
        return data[0x200 + at:].split(b" ", 1)[0].decode(errors="replace")

    @cached_property
    def key(self) -> str:
        return f"{self.name}-{cache.key_of(self.image)}"


def newest_package(series: str) -> str:
    """apt's newest image package of a series; of signed and unsigned, alike inside, the signed."""
    pattern = re.compile(PACKAGES[series])
    best: tuple[int, int, str] | None = None
    prefix = "linux-image-" + series.replace(".", r"\.") + r"\."
    for line in run("apt-cache", "search", "--names-only", "^" + prefix).splitlines():
        name = line.split(" ", 1)[0]
        match = pattern.fullmatch(name)
        if match:
            candidate = (int(match.group(1)), -len(name), name)
            best = max(best, candidate) if best else candidate
    if best is None:
        raise LabError(f"apt knows no {series} cloud kernel: apt-get update")
    return best[2]


def unpack(package: str, into: Path):
    """Downloads a package as this user and unpacks it; nothing is installed."""
    run("apt-get", "download", package, cwd=into)
    (archive,) = into.glob("*.deb")
    run("dpkg-deb", "-x", archive, into)
    archive.unlink()


def debian_kernel(name: str) -> Kernel:
    """The kernel of a series or a release."""
    package = remembered_package(name)
    root = cache.entry("kernels", package, lambda directory: unpack(package, directory))
    images = list((root / "boot").glob("vmlinuz-*"))
    if len(images) != 1:
        raise LabError(f"{root}/boot holds {len(images)} kernels, expected one: remove {root}")
    return Kernel(package.partition("=")[0].removeprefix("linux-image-"), images[0], root / "lib/modules")


def remembered_package(name: str) -> str:
    """PACKAGE=VERSION. Asking apt takes a second: the answer is kept until forget_packages()."""
    note = cache.cache_dir() / f"newest-{name}"
    if note.exists():
        return note.read_text().strip()
    package = newest_package(name) if name in PACKAGES else f"linux-image-{name}"
    shown = run("apt-cache", "show", "--no-all-versions", package)
    package += "=" + re.search(r"^Version: (\S+)$", shown, re.MULTILINE)[1]
    temporary = note.with_name(f".{note.name}-{package}")
    temporary.write_text(package + "\n")
    temporary.replace(note)
    return package


def forget_packages():
    for note in cache.cache_dir().glob("newest-*"):
        note.unlink()


def own_kernel(path: Path) -> Kernel:
    for name in ("bzImage", "vmlinuz", "arch/x86/boot/bzImage"):
        image = path / name
        if image.exists():
            modules = path / "modules"
            return Kernel("own", image, modules if modules.is_dir() else path)
    raise LabError(f"{path} holds no kernel: expected bzImage or vmlinuz, and modules/ next to it")


def find(name: str) -> Kernel:
    """The kernel that --kernel names: a Debian series, a release or a directory."""
    if name in PACKAGES:
        return debian_kernel(name)
    path = Path(name)
    if re.fullmatch(r"\d+\.\d+\S*-amd64", name) and not path.exists():
        return debian_kernel(name)
    if not path.is_dir():
        raise LabError(f"--kernel {name}: expected {', '.join(PACKAGES)}, a release that Debian "
                       "has a linux-image package of, or a directory with bzImage and modules/")
    return own_kernel(path.resolve())


def content_key(modules: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in modules.items():
        digest.update(name.encode() + b"\0" + data)
    return digest.hexdigest()[:16]
