# SPDX-License-Identifier: GPL-2.0-only
"""The VMX instructions that a kernel executes between two marks of a guest, from the emulator's trace."""

import re
from collections import Counter

# What a nested L0 has to see to, each an exit from a module that runs as L1 without shadow VMCSs
KINDS = {
    "vmread": "VMREAD",
    "vmwrite": "VMWRITE",
    "vmptrld": "VMPTRLD",
    "vmclear": "VMCLEAR",
    "invept": "INVEPT",
    "invvpid": "INVVPID",
    "rdmsr": "RDMSR",
    "wrmsr": "WRMSR",
}

# The CPU's number, the time, where the code lies physically and linearly, its symbol, itself
INSTRUCTION = re.compile(r"\(\d+\)\.\[\d+\] \[0x[0-9a-f]+\] [0-9a-f]+:([0-9a-f]+) \([^)]*\): (\w+)")

KERNEL = 1 << 63


def sections(path):
    """A Counter of mnemonics for each pair of marks; what guests execute is not counted."""
    found, current = [], None
    with open(path, errors="replace") as log:
        for line in log:
            if line.startswith("Tracing enabled"):
                current = Counter()
            elif line.startswith("Tracing disabled"):
                found.append(current)
                current = None
            elif (current is not None and (instruction := INSTRUCTION.match(line))
                  and int(instruction[1], 16) & KERNEL and instruction[2] in KINDS):
                current[instruction[2]] += 1
    return found
