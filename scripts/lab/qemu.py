# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU engine: for hosts whose own KVM offers nested VMX."""

import os
import re
from pathlib import Path

from .errors import LabError
from .machine import Machine
from .process import Emulator
from .tools import tool

COMMAND_LINE = ("console=ttyS0,115200 quiet nokaslr mitigations=off random.trust_cpu=on "
                "oops=panic panic=0 log_buf_len=1M")
NESTED = Path("/sys/module/kvm_intel/parameters/nested")


class Qemu(Machine):
    name = "qemu"
    command_line = COMMAND_LINE
    default_cpu = "host"
    fatal = re.compile(r"(?!)")  # it has no log that would tell; it ends instead
    accelerator = "kvm"

    def check(self):
        tool("qemu-system-x86_64")
        if self.accelerator == "tcg":
            return
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise LabError("--engine qemu: /dev/kvm is missing or not writable for you: "
                           "use --engine bochs")
        nested = NESTED.read_text().strip() if NESTED.exists() else "absent"
        if nested not in ("Y", "1"):
            raise LabError(f"--engine qemu: this host's KVM offers no nested VMX ({NESTED} is "
                           f"{nested}, expected Y): load kvm_intel with nested=1 on an Intel CPU, "
                           "or use --engine bochs")

    def emulator(self, directory: Path, output: Path) -> Emulator:
        options = self.options
        cpu = "max" if self.accelerator == "tcg" and options.cpu == "host" else options.cpu
        drives = []
        for index, image in enumerate((self.boot_disk, self.root_disk, self.run_disk)):
            # the first two are shared by all runs
            shared = "on" if image is not self.run_disk else "off"
            drives += ["-drive", f"file={image},format=raw,if=ide,index={index},snapshot={shared}"]
        command = [
            tool("qemu-system-x86_64"), "-machine", f"pc,accel={self.accelerator}", "-cpu", cpu,
            "-smp", str(options.smp), "-m", str(options.memory), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", *drives, "-serial", f"file:{self.console}", "-serial",
            f"file:{self.frames}"]
        return Emulator(command, directory, output, {})
