# SPDX-License-Identifier: GPL-2.0-only
"""Directories of runs: one that goes with the run, and the logs of the last runs, which stay."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from . import cache

KEEP_LOGS = 20


@contextlib.contextmanager
def held(path: Path):
    """As long as this process holds a directory, no other run removes it."""
    with open(path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path


def remove_unless_held(paths):
    """Removes directories of runs that are over, or were killed."""
    for path in paths:
        with contextlib.suppress(OSError), held(path):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def temporary():
    """A directory for disks and pipes of one run."""
    parent = cache.cache_dir() / "tmp"
    parent.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        with cache.locked("tmp"):
            remove_unless_held(parent.glob("run-*"))
            path = stack.enter_context(held(Path(tempfile.mkdtemp(prefix="run-", dir=parent))))
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        yield path


@contextlib.contextmanager
def logs(wanted: Path | None):
    """The directory the logs of this run go to."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    parent = cache.cache_dir() / "runs"
    parent.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        with cache.locked("runs"):
            remove_unless_held(sorted(parent.iterdir())[:-KEEP_LOGS])
            path = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
            path.mkdir()
            stack.enter_context(held(path))
        yield path
