# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/vm."""

import argparse
import signal
import sys
import traceback
from pathlib import Path

from . import bochs, bootdisk, kernels, paths, rootfs, run
from .errors import EXIT_INTERRUPTED, EXIT_LAB, LabError

EPILOG = """\
exit status of `vm run`:
  the command's own, or
  123  insmod failed (not with --module-may-fail)
  124  the time given by --timeout was up
  125  the machine died (panic, triple fault), or the lab could not start it
  126  the guest's kernel warned (not with --no-fail-on-warn)
  130  interrupted

in the guest:
  /lab/add            the command's directory, and what --add brought
  /lab/out            what is put here arrives in --out DIR
  /lab/guest          vmlinuz, initrd and modules.cpio for QEMU guests; /lab/guest/boot boots one
  /lab/modules        kvm.ko and the backend that was asked for
  /lab/insmod-status  exit status of insmod
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="vm",
        description="Runs a command on a machine with VMX, emulated where there is none.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="action", required=True, metavar="run|build|path|models")

    one = commands.add_parser(
        "run", help="boot a machine, load a module, run a command", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("--kernel", default="6.1", metavar="6.1|6.12|RELEASE|DIR",
                     help="Debian's cloud kernel (default %(default)s), a release such as "
                     "6.1.0-56-amd64, or a directory with bzImage and modules/")
    one.add_argument("--engine", choices=run.ENGINES, default="bochs",
                     help="bochs emulates VMX on any host (default); qemu is for hosts with "
                     "nested VMX")
    one.add_argument("--accelerator", help=argparse.SUPPRESS)
    one.add_argument("--cpu", metavar="MODEL",
                     help="CPU model, see `vm models` (default corei7_skylake_x; qemu: host)")
    one.add_argument("--smp", type=int, default=1, metavar="N", help="CPUs (default 1)")
    one.add_argument("--memory", type=int, default=1536, metavar="MB",
                     help="memory (default %(default)s)")
    one.add_argument("--module", default="ours", metavar="ours|distro|none|PATH",
                     help="the kvm-intel to load: the repository's (default), the kernel "
                     "package's, none, or a file")
    one.add_argument("--module-args", default="", metavar='"…"', help="its parameters")
    one.add_argument("--kvm-args", default="", metavar='"…"', help="parameters of kvm.ko")
    one.add_argument("--module-may-fail", action="store_true",
                     help="run the command even if insmod fails")
    one.add_argument("--add", action="append", default=[], metavar="FILE_OR_DIR",
                     help="bring it as /lab/add/NAME; may be given more than once")
    one.add_argument("--out", type=Path, metavar="DIR", help="unpack the guest's /lab/out there")
    one.add_argument("--timeout", type=float, default=120, metavar="S",
                     help="give up after S seconds (default %(default)s)")
    one.add_argument("--append", default="", metavar='"…"', help="more kernel parameters")
    one.add_argument("--no-snapshot", dest="snapshot", action="store_false",
                     help="boot in full instead of resuming a booted machine")
    one.add_argument("--quiet", action="store_true", help="no progress line")
    one.add_argument("--dmesg", action="store_true", help="print the guest's dmesg at the end")
    one.add_argument("--timing", action="store_true", help="print how long each stage took")
    one.add_argument("--no-fail-on-warn", dest="fail_on_warn", action="store_false",
                     help="a kernel warning does not fail the run")
    one.add_argument("--trace", action="store_true",
                     help="write each instruction between two xchg %%bx, %%bx to emulator.out")
    one.add_argument("--log-dir", type=Path, metavar="DIR",
                     help="where console.log, dmesg.log and the emulator's log go")
    one.add_argument("command", nargs="+", metavar="COMMAND",
                     help="one word: a line for bash; more: a program and its arguments")

    commands.add_parser("build", help="prepare all that is cached").add_argument(
        "--update", action="store_true", help="look for newer kernel packages")
    where = commands.add_parser("path", help="print where something of the cache is")
    where.add_argument("name", metavar="NAME", choices=paths.NAMES,
                       help=", ".join(paths.NAMES))
    commands.add_parser("models", help="list CPU models")
    return top


def build(arguments) -> int:
    if arguments.update:
        kernels.forget_packages()
    for series in kernels.PACKAGES:
        kernel = kernels.find(series)
        print(f"{series}: {kernel.name}, {bootdisk.boot_disk(kernel, bochs.COMMAND_LINE)}")
    print(f"root: {rootfs.root_image(kernels.find('6.1'))}")
    return 0


def path(arguments) -> int:
    print(paths.find(arguments.name))
    return 0


def models(_) -> int:
    for name, features in bochs.MODELS.items():
        print(f"{name:26} {features}")
    print("\nwithout VMX, or without 64-bit mode:")
    for name in bochs.all_models():
        if name not in bochs.MODELS:
            print(f"{name:26} {bochs.OTHERS.get(name, 'not tried')}")
    return 0


def interrupted(*_):
    raise KeyboardInterrupt


def main() -> int:
    # explicitly: a shell starts background jobs with SIGINT ignored
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    arguments = parser().parse_args()
    actions = {"run": run.execute, "build": build, "path": path, "models": models}
    try:
        return actions[arguments.action](arguments)
    except LabError as error:
        if error.tail:
            print("--- the console's last lines", error.tail, "---", sep="\n", file=sys.stderr)
        print(f"vm: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("vm: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception:  # the command's own status might be Python's 1
        traceback.print_exc()
        return EXIT_LAB
