# SPDX-License-Identifier: GPL-2.0-only
"""Libraries for LD_PRELOAD that teach Bochs what it cannot do by itself: host/*.c."""

from pathlib import Path

from . import cache
from .tools import run

SOURCES = Path(__file__).parent / "host"


def library(name: str) -> Path:
    """NAME.so, from host/NAME.c."""
    source = SOURCES / f"{name}.c"

    def build(directory: Path):
        run("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
            directory / f"{name}.so", source)

    return cache.entry("preload", cache.key_of(source), build) / f"{name}.so"


def variable(*names: str) -> dict:
    """The environment that has these libraries loaded."""
    return {"LD_PRELOAD": " ".join(str(library(name)) for name in names)}
