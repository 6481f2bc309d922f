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


def remove_abandoned(parent: Path):
    """Removes the directories of runs that were killed: nobody holds their lock any more."""
    for path in parent.glob("run-*"):
        with contextlib.suppress(OSError), open(path / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def temporary():
    """A directory for disks and pipes of one run."""
    parent = cache.cache_dir() / "tmp"
    parent.mkdir(exist_ok=True)
    with cache.locked("tmp"):
        remove_abandoned(parent)
        path = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
        lock = open(path / "lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        lock.close()


def logs(wanted: Path | None) -> Path:
    """The directory the logs of this run go to."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted
    parent = cache.cache_dir() / "runs"
    parent.mkdir(exist_ok=True)
    for old in sorted(parent.iterdir())[:-KEEP_LOGS]:
        shutil.rmtree(old, ignore_errors=True)
    path = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path.mkdir()
    return path
