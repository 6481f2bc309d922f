# SPDX-License-Identifier: GPL-2.0-only
"""The disk a machine boots from: FAT with syslinux, the kernel and an initramfs with the agent."""

from pathlib import Path

from . import cache
from .cpio import Cpio
from .kernels import Kernel, content_key
from .tools import run, tool

HERE = Path(__file__).parent
GUEST = HERE / "guest"
# sha256_ssse3 first: it verifies the signatures of the others in a fifth of the instructions
DRIVERS = ["sha256_ssse3", "scsi_mod", "sd_mod", "libata", "ata_piix", "crc32c_generic",
           "ext4"]


def build_agent() -> Path:
    sources = sorted(GUEST.glob("*.[ch]"))

    def build(directory: Path):
        run("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-static", "-s", "-Wall", "-Wextra",
            "-Werror", "-o", directory / "agent", *(s for s in sources if s.suffix == ".c"))

    return cache.entry("agent", cache.key_of(*sources), build) / "agent"


def add_modules(archive: Cpio, directory: str, guest_directory: str, modules: dict[str, bytes]):
    archive.directory(directory)
    names = [f"{name.replace('_', '-')}.ko" for name in modules]
    for name, data in zip(names, modules.values()):
        archive.file(f"{directory}/{name}", data)
    lines = "".join(f"{guest_directory}/{name}\n" for name in names)
    archive.file(f"{directory}/list", lines.encode())


def write_initramfs(path: Path, agent: Path, drivers: dict[str, bytes], kvm: dict[str, bytes]):
    archive = Cpio()
    for directory in ("dev", "proc", "root", "sys"):
        archive.directory(directory)
    # The kernel opens the console for process 1 before anything can mount /dev.
    archive.character_device("dev/console", 5, 1)
    archive.file("init", agent.read_bytes(), 0o755)
    add_modules(archive, "drivers", "/drivers", drivers)
    add_modules(archive, "kvm", "/lab/modules", kvm)
    archive.write(path)


def boot_files(kernel: Kernel) -> Path:
    """A directory with `vmlinuz` and `initrd`."""
    agent = build_agent()
    drivers = kernel.module_closure(DRIVERS)
    kvm = kernel.module_closure(["kvm"])

    def build(directory: Path):
        (directory / "vmlinuz").write_bytes(kernel.image.read_bytes())
        write_initramfs(directory / "initrd", agent, drivers, kvm)

    key = cache.key_of(kernel.key, agent, content_key(drivers), content_key(kvm), HERE / "cpio.py",
                       Path(__file__))
    return cache.entry("boot", key, build)


def boot_disk(kernel: Kernel, command_line: str) -> Path:
    """A bootable disk image for the machines that have a BIOS and nothing else."""
    files = boot_files(kernel)

    def build(directory: Path):
        image = directory / "boot.img"
        size = sum(file.stat().st_size for file in files.iterdir())
        # whole tracks of 63 sectors, so that mformat and the BIOS agree on the geometry
        tracks = (size + (2 << 20)) // (63 * 512) // 16 * 16 + 16
        with open(image, "wb") as disk:
            disk.truncate(tracks * 63 * 512)
        config = directory / "syslinux.cfg"
        config.write_text("DEFAULT lab\nPROMPT 0\nTIMEOUT 0\nLABEL lab\n\tKERNEL vmlinuz\n"
                          f"\tINITRD initrd\n\tAPPEND {command_line}\n")
        run("mformat", "-i", image, "-h", "16", "-s", "63", "-t", str(tracks // 16), "-c", "8",
            "::")
        run("mcopy", "-i", image, files / "vmlinuz", files / "initrd", config, "::")
        run("syslinux", "--install", image)

    key = cache.key_of(files.name, command_line, Path(tool("syslinux")), Path(__file__))
    return cache.entry("bootdisk", key, build) / "boot.img"
