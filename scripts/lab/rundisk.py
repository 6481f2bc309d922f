# SPDX-License-Identifier: GPL-2.0-only
"""The disk that carries what one run brings and leaves; guest/rundisk.h tells its layout."""

import os
import shlex
import shutil
import struct
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError
from .tools import run

GUEST = Path(__file__).parent / "guest"

# One layout for all runs, so that a machine resumed from a snapshot finds the disk it knows. Whole
# cylinders of 16 heads and 63 sectors; the file is sparse.
SECTOR = 512
SECTORS = 1024 * 16 * 63
RUN_START = 2048
RESULT_START = SECTORS // 2
RUN_SIZE = (RESULT_START - RUN_START) * SECTOR


@dataclass
class Payload:
    """What a run brings into the machine."""

    command: list[str]
    module: bytes | None = None
    module_args: str = ""
    kvm_args: str = ""
    module_may_fail: bool = False
    add: list[Path] = field(default_factory=list)

    def run_conf(self) -> str:
        values = {
            "module_args": self.module_args,
            "kvm_args": self.kvm_args,
            "module_may_fail": str(int(self.module_may_fail)),
        }
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())

    def command_sh(self) -> str:
        """One word is a line for the shell; several are a program and its arguments."""
        words = ["bash", "-c", *self.command] if len(self.command) == 1 else self.command
        return f"exec {shlex.join(words)}\n"


def partition_entry(start: int, end: int) -> bytes:
    # status, CHS of the first sector (unused), type Linux, CHS of the last (unused), LBA, count
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", start, end - start)


def partition_table() -> bytes:
    return partition_entry(RUN_START, RESULT_START) + partition_entry(RESULT_START, SECTORS)


def create_blank(path: Path):
    """A disk with nothing but its partition table."""
    with open(path, "wb") as disk:
        disk.truncate(SECTORS * SECTOR)
        disk.seek(446)
        disk.write(partition_table().ljust(64, b"\0") + b"\x55\xaa")


def stage(directory: Path, payload: Payload):
    """Lays out the run partition's content in a directory."""
    (directory / "add").mkdir()
    (directory / "time").write_text(f"{int(time.time())}\n")
    (directory / "run.conf").write_text(payload.run_conf())
    (directory / "command.sh").write_text(payload.command_sh())
    shutil.copy(GUEST / "start.sh", directory)
    if payload.module is not None:
        (directory / "kvm-intel.ko").write_bytes(payload.module)
    for source in payload.add:
        target = directory / "add" / source.resolve().name
        if target.exists():
            raise LabError(f"--add {source}: something else comes as {target.name} already")
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)


def check_size(directory: Path):
    size = sum(-(-os.lstat(os.path.join(parent, name)).st_size // 4096) * 4096
               for parent, _, names in os.walk(directory) for name in names)
    limit = RUN_SIZE * 9 // 10  # the rest is the file system's own
    if size > limit:
        raise LabError(f"the files of this run take {size >> 20} MiB, the run disk has room for "
                       f"{limit >> 20} MiB: add fewer or smaller files")


def create(path: Path, payload: Payload):
    """Writes the disk of one run."""
    create_blank(path)
    directory = path.with_suffix(".stage")
    directory.mkdir()
    stage(directory, payload)
    check_size(directory)
    run("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0",
        "-O", "^has_journal,^resize_inode,^metadata_csum",
        "-E", f"root_owner=0:0,nodiscard,offset={RUN_START * SECTOR}",
        "-d", directory, path, str(RUN_SIZE // 4096))
    shutil.rmtree(directory)


def unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, out: Path):
    """One file of the archive, below `out`: what the guest wrote has no say in where it goes."""
    relative = Path(os.path.normpath(member.name))
    if relative.is_absolute() or ".." in relative.parts:
        raise LabError(f"/lab/out holds a name that leads out of it: {member.name}")
    target = out / relative
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif member.isfile():
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as file:
            shutil.copyfileobj(archive.extractfile(member), file)
        target.chmod(member.mode & 0o777)


def results(path: Path, out: Path | None) -> str:
    """Unpacks what the run left in /lab/out into `out`; returns the guest's dmesg."""
    dmesg = ""
    with open(path, "rb") as disk:
        disk.seek(RESULT_START * SECTOR)
        with tarfile.open(fileobj=disk, mode="r|") as archive:
            for member in archive:
                if member.name == "./.dmesg":
                    dmesg = archive.extractfile(member).read().decode(errors="replace")
                elif out is not None:
                    unpack(archive, member, out)
    return dmesg
