# SPDX-License-Identifier: GPL-2.0-only
"""Host programs and files, and the Debian package each comes from."""

import os
import shutil
import subprocess
from pathlib import Path

from .errors import LabError

PACKAGE_OF = {
    "apt-cache": "apt",
    "apt-get": "apt",
    "bash": "bash",
    "bochs-bin": "bochs",
    "busybox": "busybox-static",
    "dpkg-query": "dpkg",
    "dpkg-deb": "dpkg",
    "gcc": "gcc",
    "kmod": "kmod",
    "ldconfig": "libc-bin",
    "ldd": "libc-bin",
    "mcopy": "mtools",
    "mformat": "mtools",
    "mkfs.ext4": "e2fsprogs",
    "qemu-system-x86_64": "qemu-system-x86",
    "strace": "strace",
    "syslinux": "syslinux",
}

# /usr/sbin is not in the PATH of every user, and mkfs lives there
SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing(what: str, package: str) -> LabError:
    return LabError(f"{what} not found: apt-get install {package}")


def tool(name: str) -> str:
    """The full path of a host program."""
    path = shutil.which(name, path=SEARCH_PATH)
    if path is None:
        raise missing(name, PACKAGE_OF[name])
    return path


def host_file(path: str, package: str) -> Path:
    if not os.path.exists(path):
        raise missing(path, package)
    return Path(path)


def run(name: str, *args, **options) -> str:
    """Runs a host program to its end; its output is shown only when it fails."""
    command = [tool(name), *map(str, args)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def package_version(package: str) -> str:
    done = subprocess.run(
        [tool("dpkg-query"), "-W", "-f=${db:Status-Abbrev}${Version}", package],
        capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout.startswith("ii"):
        raise missing(f"package {package}", package)
    return done.stdout[2:].strip()


def package_files(package: str) -> list[str]:
    """Every file and link a package installed."""
    listed = run("dpkg-query", "-L", package).splitlines()
    return [path for path in listed if os.path.islink(path) or os.path.isfile(path)]
