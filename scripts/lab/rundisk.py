# SPDX-License-Identifier: GPL-2.0-only
"""The disk that carries what one run brings and leaves; guest/rundisk.h tells its layout."""

import io
import shlex
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError

GUEST = Path(__file__).parent / "guest"

# One size for all runs, so that a machine resumed from a snapshot finds the disk it knows. Whole
# cylinders of 16 heads and 63 sectors; the file is sparse.
SIZE = 1024 * 16 * 63 * 512
PAYLOAD_OFFSET = 4096
RESULT_OFFSET = SIZE // 2


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
            "module_file": "/lab/modules/kvm-intel.ko" if self.module else "",
            "module_args": self.module_args,
            "kvm_args": self.kvm_args,
            "module_may_fail": str(int(self.module_may_fail)),
        }
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())

    def command_sh(self) -> str:
        """One word is a line for the shell; several are a program and its arguments."""
        words = ["bash", "-c", *self.command] if len(self.command) == 1 else self.command
        return f"exec {shlex.join(words)}\n"


def add_bytes(archive: tarfile.TarFile, name: str, data: bytes):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o755
    archive.addfile(member, io.BytesIO(data))


def as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def create_blank(path: Path):
    with open(path, "wb") as disk:
        disk.truncate(SIZE)


def create(path: Path, payload: Payload):
    """Writes the disk of one run."""
    with open(path, "wb") as disk:
        disk.truncate(SIZE)
        disk.seek(PAYLOAD_OFFSET)
        with tarfile.open(fileobj=disk, mode="w", format=tarfile.GNU_FORMAT) as archive:
            add_bytes(archive, "run.conf", payload.run_conf().encode())
            add_bytes(archive, "command.sh", payload.command_sh().encode())
            add_bytes(archive, "start.sh", (GUEST / "start.sh").read_bytes())
            if payload.module is not None:
                add_bytes(archive, "modules/kvm-intel.ko", payload.module)
            for source in payload.add:
                if not source.exists():
                    raise LabError(f"--add {source}: no such file or directory")
                archive.add(source, f"add/{source.resolve().name}", filter=as_root)
        end = disk.tell()
        if end > RESULT_OFFSET:
            raise LabError(f"the files of this run take {end >> 20} MiB, the run disk has room for "
                           f"{RESULT_OFFSET >> 20} MiB: add fewer or smaller files")
        disk.seek(0)
        disk.write(f"kvmxx-lab {int(time.time())} {end - PAYLOAD_OFFSET} {RESULT_OFFSET}\n".encode())


def results(path: Path, out: Path | None) -> str:
    """Unpacks what the run left in /lab/out into `out`; returns the guest's dmesg."""
    dmesg = ""
    with open(path, "rb") as disk:
        disk.seek(RESULT_OFFSET)
        with tarfile.open(fileobj=disk, mode="r|") as archive:
            for member in archive:
                if member.name == "./.dmesg":
                    dmesg = archive.extractfile(member).read().decode(errors="replace")
                elif out is not None:
                    archive.extract(member, out, filter="data")
    return dmesg
