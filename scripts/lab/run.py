# SPDX-License-Identifier: GPL-2.0-only
"""One run: from the options to an exit status."""

import os
import sys
from pathlib import Path

from . import bootdisk, dmesg, kernels, modules, rootfs, rundir, rundisk, snapshot
from .bochs import Bochs
from .errors import EXIT_MODULE, EXIT_WARNING, LabError
from .machine import Machine, Options
from .progress import Progress
from .qemu import Qemu
from .watch import Watch

ENGINES = {"bochs": Bochs, "qemu": Qemu}


def make_machine(arguments) -> Machine:
    engine = ENGINES[arguments.engine]
    cpu = arguments.cpu or engine.default_cpu
    machine = engine(Options(cpu, arguments.smp, arguments.memory, arguments.append))
    if arguments.trace:
        if not isinstance(machine, Bochs) or not arguments.snapshot:
            raise LabError("--trace needs Bochs and a snapshot")
        machine.trace = True
    if arguments.accelerator:
        machine.accelerator = arguments.accelerator
    return machine


def make_payload(arguments, kernel: kernels.Kernel) -> rundisk.Payload:
    for source in arguments.add:
        if not os.path.exists(source):
            raise LabError(f"--add {source}: no such file or directory")
    return rundisk.Payload(
        command=arguments.command, module=modules.backend(arguments.module, kernel),
        module_args=arguments.module_args, kvm_args=arguments.kvm_args,
        module_may_fail=arguments.module_may_fail, add=[Path(path) for path in arguments.add])


def execute(arguments) -> int:
    """Runs the command in a machine and returns the exit status of `vm run`."""
    progress = Progress("vm", arguments.quiet)
    machine = make_machine(arguments)
    machine.check()
    progress.stage("preparing")
    kernel = kernels.find(arguments.kernel)
    payload = make_payload(arguments, kernel)
    boot_disk = bootdisk.boot_disk(kernel, machine.full_command_line())
    root_disk = rootfs.root_image(kernels.debian_kernel("6.1"))
    if arguments.snapshot and isinstance(machine, Bochs):
        snapshot.ensure(machine, boot_disk, root_disk, progress)
    with rundir.logs(arguments.log_dir) as logs, rundir.temporary() as directory:
        watch = Watch(machine, logs, progress)
        run_disk = directory / "run.img"
        rundisk.create(run_disk, payload)
        machine.prepare(directory, boot_disk, root_disk, run_disk)
        watch.open()
        try:
            progress.stage(f"starting {kernel.name} in {machine.name}")
            with machine.emulator(directory, logs / "emulator.out") as emulator:
                watch.run(emulator, arguments.timeout)
            log = rundisk.results(run_disk, arguments.out)
        finally:
            progress.stop()
            watch.close()
        (logs / "dmesg.log").write_text(log)
    return conclude(arguments, watch, log, progress)


def conclude(arguments, watch: Watch, log: str, progress: Progress) -> int:
    if arguments.dmesg:
        sys.stderr.write(log)
    if arguments.timing:
        loaded = "-" if watch.loaded_at is None else f"{watch.loaded_at:.1f}"
        print(f"vm: machine there {watch.ready_at:.1f} s, module loaded {loaded} s, end "
              f"{progress.elapsed():.1f} s", file=sys.stderr)
    if watch.insmod_failed and not arguments.module_may_fail:
        print(f"vm: insmod failed (--module {arguments.module}); the end of dmesg:",
              *dmesg.of_the_run(log).splitlines()[-20:], sep="\n", file=sys.stderr)
        return EXIT_MODULE
    splat = dmesg.first_splat(log)
    if splat and arguments.fail_on_warn:
        line, context = splat
        print(context, f"vm: the guest's kernel warned (the command ended with {watch.status}): "
              f"{line}", sep="\n", file=sys.stderr)
        return EXIT_WARNING
    return watch.status
