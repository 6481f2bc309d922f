# SPDX-License-Identifier: GPL-2.0-only
"""What the two engines have in common."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .process import Emulator


@dataclass(frozen=True)
class Options:
    """The machine that was asked for."""

    cpu: str
    smp: int
    memory: int
    append: str


class Machine:
    """A machine ready to be started. Its streams are named pipes, so nothing has to be polled."""

    name: str
    command_line: str
    default_cpu: str
    fatal: re.Pattern

    def __init__(self, options: Options):
        self.options = options

    def full_command_line(self) -> str:
        return f"{self.command_line} {self.options.append}".strip()

    def check(self):
        """Raises LabError when the host cannot run this engine."""
        raise NotImplementedError

    def prepare(self, directory: Path, boot_disk: Path, root_disk: Path, run_disk: Path):
        self.boot_disk, self.root_disk, self.run_disk = boot_disk, root_disk, run_disk
        self.console, self.frames, self.log = (
            directory / name for name in ("console.pipe", "frames.pipe", "log.pipe"))
        for pipe in (self.console, self.frames, self.log):
            os.mkfifo(pipe)

    def emulator(self, directory: Path, output: Path) -> Emulator:
        raise NotImplementedError
