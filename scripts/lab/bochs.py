# SPDX-License-Identifier: GPL-2.0-only
"""The Bochs engine: an emulated CPU with VMX on any host."""

import re
import subprocess
from pathlib import Path

from . import preload
from .errors import LabError
from .machine import Machine
from .process import Emulator
from .tools import host_file, tool

# Emulated instructions per emulated second, which is also the TSC's frequency
IPS = 50_000_000

BIOS = ("/usr/share/bochs/BIOS-bochs-latest", "bochsbios")
VGA_BIOS = ("/usr/share/bochs/VGABIOS-lgpl-latest", "bochs")

# What the option `megs` and the host's share of `memory` can hold
HOST_MEMORY_MAX = 2048

# Models with VMX and what KVM finds in them; none has posted interrupts, so no APICv
MODELS = {
    "tigerlake": "as corei7_icelake_u, MD_CLEAR, IBT",
    "corei7_icelake_u": "as corei7_skylake_x; IBRS, SSBD, ARCH_CAPABILITIES, MTF",
    "corei3_cnl": "EPT with A/D, VPID, unrestricted guest, shadow VMCS, TSC scaling",
    "corei7_skylake_x": "EPT with A/D, VPID, unrestricted guest, shadow VMCS, PML, TSC scaling",
    "broadwell_ult": "EPT with A/D, VPID, unrestricted guest, shadow VMCS",
    "corei7_haswell_4770": "EPT with A/D, VPID, unrestricted guest, shadow VMCS",
    "corei7_ivy_bridge_3770k": "EPT without A/D, VPID, unrestricted guest",
    "corei7_sandy_bridge_2600k": "EPT without A/D, VPID, unrestricted guest",
    "corei5_arrandale_m520": "EPT without A/D, VPID, unrestricted guest",
    "corei5_lynnfield_750": "EPT and VPID without unrestricted guest: real mode is emulated",
    "core2_penryn_t9600": "no EPT, no VPID: shadow paging",
}

# The others, and why KVM on VMX is not to be had there
OTHERS = {
    **dict.fromkeys(("pentium", "pentium_mmx", "p2_klamath", "p3_katmai", "p4_willamette",
                     "atom_n270"), "32-bit, no VMX"),
    "core_duo_t2400_yonah": "32-bit, with VMX: Debian's amd64 kernel says it needs another CPU",
    "p4_prescott_celeron_336": "64-bit, no VMX",
    "amd_k6_2_chomper": "AMD, 32-bit",
    **dict.fromkeys(("athlon64_clawhammer", "athlon64_venice"), "AMD, neither VMX nor SVM"),
    **dict.fromkeys(("turion64_tyler", "phenom_8650_toliman", "zambezi", "trinity_apu", "ryzen"),
                    "AMD, with SVM"),
    "bx_generic": "CPUID says VMX and AMD: kvm-intel declines",
}

# Kernel parameters that a model needs. Bochs shows FSRM without ERMS, no CPU does: the kernel's memmove()
# takes the one as a promise of the other, and writes past its end.
MODEL_PARAMETERS = dict.fromkeys(("corei7_icelake_u", "tigerlake"), "clearcpuid=fsrm")

# tsc_early_khz: CPUID tells 3.5 GHz, which would make every sleep 70 times as long as asked for.
# idle=nomwait: Bochs lets an idle CPU sleep through wake-ups in MWAIT until its next tick.
COMMAND_LINE = (
    "console=ttyS0,115200 quiet mitigations=off tsc=reliable no_timer_check nokaslr idle=nomwait "
    f"tsc_early_khz={IPS // 1000} lpj={IPS // 250} i8042.noaux i8042.nokbd i8042.noprobe=1 "
    "cryptomgr.notests random.trust_cpu=on oops=panic panic=0 log_buf_len=1M")

BOCHSRC = """\
plugin_ctrl: unmapped=1, biosdev=1, serial=1
display_library: term
memory: guest={memory}, host={host_memory}
romimage: file={bios}
vgaromimage: file={vgabios}
cpu: model={cpu}, count={smp}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=1
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=boot.img, mode=flat
ata0-slave: type=disk, path=root.img, mode=flat
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata1-master: type=disk, path=run.img, mode=flat
boot: disk
com1: enabled=1, mode=file, dev=console.pipe
com2: enabled=1, mode=file, dev=frames.pipe
log: log.pipe
clock: sync=none
magic_break: enabled=1
panic: action=report
error: action=ignore
info: action=ignore
debug: action=ignore
"""

# What the debugger is told where the guest stops at each xchg %bx, %bx: every second one ends a trace.
TRACE = "c\n" + "trace on\nc\ntrace off\nc\n" * 1000

# The log's lines that mean the machine is gone for good
FATAL = re.compile(r"\(13\) exception with no resolution|>>PANIC<<.*")


def all_models() -> list[str]:
    """Every model this Bochs knows, whether or not a kernel was ever booted on it."""
    listed = subprocess.run([tool("bochs-bin"), "--help", "cpu"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True).stderr
    _, _, models = listed.partition("Supported CPU models:\n\n")
    return models.partition("\n\n")[0].split()


class Bochs(Machine):
    name = "bochs"
    command_line = COMMAND_LINE
    default_cpu = "corei7_skylake_x"
    fatal = FATAL
    snapshot: Path | None = None
    trace = False
    shares_memory = False

    def check(self):
        tool("bochs-bin")
        host_file("/usr/lib/x86_64-linux-gnu/bochs/plugins/libbx_term_gui.so", "bochs-term")
        if self.options.cpu not in MODELS and self.options.cpu not in all_models():
            raise LabError(f"--cpu {self.options.cpu}: Bochs has no such model; those it has: "
                           f"{', '.join(all_models())}")

    def full_command_line(self) -> str:
        parameters = MODEL_PARAMETERS.get(self.options.cpu, "")
        return f"{super().full_command_line()} {parameters}".strip()

    def bochsrc(self) -> str:
        """The configuration; it names files of the run's directory only, so it fits every run."""
        options = self.options
        return BOCHSRC.format(
            memory=options.memory, host_memory=min(options.memory, HOST_MEMORY_MAX),
            bios=host_file(*BIOS), vgabios=host_file(*VGA_BIOS),
            cpu=options.cpu, smp=options.smp, ips=IPS)

    def files(self) -> list[Path]:
        """The emulator itself, and what it runs before the disk."""
        return [Path(tool("bochs-bin")), host_file(*BIOS), host_file(*VGA_BIOS)]

    def _start(self, directory: Path, output: Path, debugger: str, arguments: list[str],
               libraries: list[str], environment: dict) -> Emulator:
        # Bochs leaves a lock file next to an image, named after the path it was given
        for name, image in (("boot.img", self.boot_disk), ("root.img", self.root_disk)):
            (directory / name).symlink_to(image)
        (directory / "bochsrc").write_text(self.bochsrc())
        (directory / "rc").write_text(debugger)
        command = [tool("bochs-bin"), "-q", "-unlock", *arguments, "-rc", "rc"]
        return Emulator(command, directory, output, {
            "TERM": "xterm", **preload.variable("screen", *libraries), **environment})

    def emulator(self, directory: Path, output: Path) -> Emulator:
        # Debian's build has the debugger in and waits before the first instruction: continue.
        # Booted in full, it stops at the snapshot point as well.
        if self.snapshot:
            libraries = ["restore"] if self.shares_memory else []
            debugger = TRACE if self.trace else "c\n"
            return self._start(directory, output, debugger, ["-r", str(self.snapshot)],
                               libraries, {})
        return self._start(directory, output, "c\nc\n", ["-f", "bochsrc"], [], {})

    def snapshot_taker(self, directory: Path, output: Path, to: Path) -> Emulator:
        """A machine that boots, saves its state at the snapshot point and ends."""
        return self._start(directory, output, "c\nsnapshot\n", ["-f", "bochsrc"],
                           ["save"], {"LAB_SNAPSHOT": str(to)})
