# SPDX-License-Identifier: GPL-2.0-only
"""Unpacks the ELF file a bzImage carries."""

import ctypes
import lzma
import struct
from pathlib import Path

from .errors import LabError
from .tools import missing

# Offsets of the boot protocol's setup header (Documentation/arch/x86/boot.rst)
SETUP_SECTORS = 0x1F1
PAYLOAD = 0x248  # offset and length, both u32

LZ4_MAGIC = b"\x02\x21\x4c\x18"
LZ4_BLOCK = 8 << 20
XZ_MAGIC = b"\xfd7zXZ\0"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def library(name: str, package: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise missing(name, package) from error


def unpack_lz4(data: bytes) -> bytes:
    """LZ4's legacy frame: blocks of a length and that many bytes, each up to 8 MiB unpacked."""
    decompress = library("liblz4.so.1", "liblz4-1").LZ4_decompress_safe
    buffer = ctypes.create_string_buffer(LZ4_BLOCK)
    out = bytearray()
    at = len(LZ4_MAGIC)
    # the kernel's build appends the unpacked size, which is no block
    while at + 4 < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        block = data[at + 4:at + 4 + length]
        size = decompress(block, buffer, len(block), LZ4_BLOCK)
        if size < 0:
            raise LabError("the kernel's LZ4 payload is damaged")
        out += buffer.raw[:size]
        at += 4 + length
    return bytes(out)


def unpack_zstd(data: bytes) -> bytes:
    decompress = library("libzstd.so.1", "libzstd1").ZSTD_decompress
    decompress.restype = ctypes.c_size_t
    (size,) = struct.unpack_from("<I", data, len(data) - 4)
    buffer = ctypes.create_string_buffer(size)
    done = decompress(buffer, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data) - 4))
    if done != size:
        raise LabError("the kernel's Zstandard payload is damaged")
    return buffer.raw


def extract(image: Path) -> bytes:
    data = image.read_bytes()
    start = ((data[SETUP_SECTORS] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", data, PAYLOAD)
    payload = data[start + offset:start + offset + length]
    if payload.startswith(LZ4_MAGIC):
        elf = unpack_lz4(payload)
    elif payload.startswith(ZSTD_MAGIC):
        elf = unpack_zstd(payload)
    elif payload.startswith(XZ_MAGIC):
        elf = lzma.LZMADecompressor().decompress(payload)
    else:
        raise LabError(f"{image}: expected an LZ4, Zstandard or XZ payload, found "
                       f"{payload[:4].hex()}")
    if not elf.startswith(b"\x7fELF"):
        raise LabError(f"{image}: its payload is no ELF file")
    return elf
