# SPDX-License-Identifier: GPL-2.0-only
"""The root image shared by all runs: the host's own Debian programs, QEMU and what guests need."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import cache
from .cpio import Cpio
from .kernels import Kernel
from .tools import host_file, missing, package_files, package_version, run, tool

HERE = Path(__file__).parent
GUEST = HERE / "guest"

# Packages whose programs go in whole
PROGRAM_PACKAGES = ["bash", "coreutils", "kmod", "strace", "grep", "sed", "util-linux", "procps"]
PROGRAM_DIRS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
QEMU_PACKAGES = ["qemu-system-x86", "qemu-system-data", "seabios", "ipxe-qemu"]
# What test programs brought by --add commonly link to
LIBRARIES = [f"/lib/x86_64-linux-gnu/{name}" for name in (
    "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1", "libdl.so.2",
    "libnuma.so.1")]
ROMS = [
    ("seabios", "/usr/share/seabios", "*.bin"),
    ("qemu-system-data", "/usr/share/qemu", "*.bin"),
    ("qemu-system-data", "/usr/share/qemu", "*.rom"),
    ("ipxe-qemu", "/usr/lib/ipxe/qemu", "pxe-*.rom"),
    ("ipxe-qemu", "/usr/lib/ipxe/qemu", "efi-e1000.rom"),
    ("ipxe-qemu", "/usr/lib/ipxe/qemu", "efi-virtio.rom"),
]
SCRIPTS = ["boot.sh", "guest-init.sh", "load.sh", "warm.sh"]
MOUNT_POINTS = ["dev", "proc", "sys", "lab", "tmp", "run", "var", "root", "mnt", "etc"]


class Tree:
    """A root file system in the making, filled from the host's files."""

    def __init__(self, root: Path):
        self.root = root
        for name in MOUNT_POINTS:
            (root / name).mkdir()
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")

    def inside(self, path: str) -> Path:
        """Where a host path goes; the directories that merged into /usr are followed."""
        for name in ("bin", "sbin", "lib64", "lib"):
            if path.startswith(f"/{name}/"):
                path = "/usr" + path
        return self.root / path.lstrip("/")

    def copy(self, path: str):
        """Copies a file; a link is copied with what it points to."""
        target = self.inside(path)
        if os.path.lexists(target):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.islink(path):
            target.symlink_to(os.readlink(path))
            self.copy(os.path.realpath(path))
        else:
            shutil.copy2(path, target)

    def copy_programs(self, paths: list[str]):
        """Copies programs and all the libraries they are linked to."""
        for path in paths:
            self.copy(path)
        self.copy_libraries([path for path in paths if is_elf(path)])

    def copy_libraries(self, paths: list[str]):
        listed = subprocess.run([tool("ldd"), *paths], capture_output=True, text=True).stdout
        for line in listed.splitlines():
            match = re.match(r"\s+(?:\S+ => )?(/\S+) \(0x", line)
            if match:
                self.copy(match.group(1))


def is_elf(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def programs_of(package: str) -> list[str]:
    return [path for path in package_files(package)
            if path.startswith(PROGRAM_DIRS) and os.path.exists(path)]


def busybox_links(tree: Tree, busybox: str):
    """Every busybox applet no real program was installed for."""
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        if not any(os.path.lexists(tree.root / "usr" / directory / applet)
                   for directory in ("bin", "sbin")):
            (tree.root / "usr/bin" / applet).symlink_to("busybox")


def add_system(tree: Tree):
    busybox = tool("busybox")
    with open(busybox, "rb") as file:
        if b"ld-linux" in file.read(4096):
            raise missing("a static busybox", "busybox-static")
    tree.copy(busybox)
    programs = [path for package in PROGRAM_PACKAGES for path in programs_of(package)]
    tree.copy_programs(programs)
    for path in filter(os.path.exists, LIBRARIES):
        tree.copy(path)
        tree.copy_libraries([path])
    busybox_links(tree, busybox)
    (tree.root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tree.root / "etc/group").write_text("root:x:0:\nkvm:x:104:\n")
    (tree.root / "etc/hostname").write_text("lab\n")
    (tree.root / "etc/mtab").symlink_to("/proc/self/mounts")
    run("ldconfig", "-r", tree.root)


def add_qemu(tree: Tree):
    tree.copy_programs([tool("qemu-system-x86_64")])
    for package, directory, pattern in ROMS:
        for rom in host_file(directory, package).glob(pattern):
            tree.copy(str(rom))
    keymaps = tree.root / "usr/share/qemu/keymaps"
    shutil.copytree(host_file("/usr/share/qemu/keymaps", "qemu-system-data"), keymaps)


def add_guest(tree: Tree, kernel: Kernel):
    """What QEMU boots inside the lab."""
    home = tree.root / "usr/lib/lab/guest"
    home.mkdir(parents=True)
    shutil.copy(kernel.image, home / "vmlinuz")

    initrd = Cpio()
    for directory in ("bin", "dev", "proc", "sys"):
        initrd.directory(directory)
    initrd.character_device("dev/console", 5, 1)
    initrd.file("bin/busybox", Path(tool("busybox")).read_bytes(), 0o755)
    initrd.file("init", (GUEST / "guest-init.sh").read_bytes(), 0o755)
    initrd.write(home / "initrd")

    shutil.copy(GUEST / "warm.sh", home.parent / "warm.sh")
    shutil.copy(GUEST / "boot.sh", home / "boot")
    (home / "boot").chmod(0o755)

    modules = Cpio()
    modules.directory("modules")
    for name, data in kernel.module_closure(["irqbypass", "kvm", "kvm-intel"]).items():
        modules.file(f"modules/{name.replace('_', '-')}.ko", data)
    modules.write(home / "modules.cpio")

    load = Cpio()
    load.directory("drivers")
    drivers = kernel.module_closure(["virtio_pci", "virtio_blk"])
    for number, (name, data) in enumerate(drivers.items()):
        load.file(f"drivers/{number}-{name}.ko", data)
    load.file("load", (GUEST / "load.sh").read_bytes(), 0o755)
    load.write(home / "load.cpio")


def root_image(guest_kernel: Kernel) -> Path:
    """The ext4 image, as small as it can be: it is mounted read-only."""
    packages = sorted({*PROGRAM_PACKAGES, *QEMU_PACKAGES, "busybox-static", "libc6"})
    versions = [f"{package} {package_version(package)}" for package in packages]

    def build(directory: Path):
        root = directory / "root"
        root.mkdir()
        tree = Tree(root)
        add_system(tree)
        add_qemu(tree)
        add_guest(tree, guest_kernel)
        image = directory / "root.img"
        size = sum(path.lstat().st_size + 4096 for path in root.rglob("*"))
        with open(image, "wb") as file:
            # whole cylinders of 16 heads and 63 sectors, as for every disk of the lab
            file.truncate((size * 5 // 4 + (16 << 20)) // 516096 * 516096)
        run("mkfs.ext4", "-q", "-F", "-O", "^has_journal,^metadata_csum", "-m", "0", "-E",
            "root_owner=0:0", "-d", root, image)
        shutil.rmtree(root)

    key = cache.key_of(*versions, guest_kernel.key, Path(__file__), HERE / "cpio.py", HERE / "kernels.py",
                       *map(Path, filter(os.path.exists, LIBRARIES)),
                       *(GUEST / script for script in SCRIPTS))
    return cache.entry("root", key, build) / "root.img"
