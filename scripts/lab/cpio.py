# SPDX-License-Identifier: GPL-2.0-only
"""Writes initramfs archives (cpio, "newc"), with owners and device nodes nobody needs root for."""

import stat
from pathlib import Path


class Cpio:
    def __init__(self):
        self._data = bytearray()
        self._inode = 0

    def _add(self, name: str, mode: int, data: bytes = b"", rdev: tuple[int, int] = (0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(encoded), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self._pad()
        self._data += data
        self._pad()

    def _pad(self):
        self._data += bytes(-len(self._data) % 4)

    def directory(self, name: str):
        self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, mode: int = 0o644):
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name: str, major: int, minor: int):
        self._add(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def write(self, path: Path):
        self._add("TRAILER!!!", 0)
        path.write_bytes(self._data)
