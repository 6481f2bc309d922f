# SPDX-License-Identifier: GPL-2.0-only
"""Snapshots of booted machines: one per kernel, CPU model, CPUs and memory, made on first use."""

import re
import shutil
from pathlib import Path

from . import cache, preload, rundir, rundisk
from .bochs import HOST_MEMORY_MAX, Bochs
from .progress import Progress
from .watch import Watch

BOOT_TIMEOUT = 600


def make_restorable(directory: Path, bochsrc: Path):
    """Turns what Bochs saved into what it can restore for many machines at once.

    Bochs 2.7 cannot read the configuration it writes, so it gets ours. And it would copy its copy
    of each disk over the disk: without the parameter "image" the disks stay as they are.
    """
    shutil.copy(bochsrc, directory / "config")
    for image in directory.glob("hard_drive.*.image"):
        image.unlink()
    drives = directory / "hard_drive"
    drives.write_text("".join(line for line in drives.read_text().splitlines(True)
                              if line.strip() != "image = true"))
    # Unused blocks are the default, and each line costs a search through all blocks.
    memory = directory / "memory"
    memory.write_text(re.sub(r"    blk\d+ = -1\n", "", memory.read_text()))
    actions = directory / "logopts"
    actions.write_text(actions.read_text().replace("PANIC=fatal", "PANIC=report"))


def take(machine: Bochs, boot_disk: Path, root_disk: Path, directory: Path, progress: Progress):
    """Boots a machine up to the agent's snapshot point and saves its state to `directory`."""
    with rundir.logs(None) as logs, rundir.temporary() as scratch:
        run_disk = scratch / "run.img"
        rundisk.create_blank(run_disk)
        machine.prepare(scratch, boot_disk, root_disk, run_disk)
        watch = Watch(machine, logs, progress)
        watch.open()
        try:
            output = logs / "emulator.out"
            with machine.snapshot_taker(scratch, output, directory) as emulator:
                watch.until_end(emulator, BOOT_TIMEOUT)
        finally:
            watch.close()
        make_restorable(directory, scratch / "bochsrc")


def ensure(machine: Bochs, boot_disk: Path, root_disk: Path, progress: Progress):
    """Makes the machine resume from its snapshot, which is taken now if there is none."""
    options = machine.options
    key = cache.key_of(boot_disk, root_disk.parent.name, options.cpu, options.smp, options.memory,
                       machine.bochsrc(), *machine.files(), rundisk.partition_table(),
                       preload.SOURCES / "save.c", Path(__file__))

    def build(directory: Path):
        progress.stage("booting once for a snapshot")
        take(Bochs(options), boot_disk, root_disk, directory, progress)

    machine.snapshot = cache.entry("snapshots", key, build)
    machine.shares_memory = options.memory <= HOST_MEMORY_MAX
