# SPDX-License-Identifier: GPL-2.0-only
"""The cache directory: entries are built once, under a lock, and appear whole by rename."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Callable

# Of each kind the last entries used are kept, and all used so lately that a run may need them.
KEEP_ENTRIES = 12
IN_USE_SECONDS = 3600


def cache_dir() -> Path:
    base = os.environ.get("KVMXX_CACHE")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                            "kvmxx")
    path = Path(base) / "lab"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key_of(*parts) -> str:
    """A short name for everything an entry was made from; paths count by their content."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def locked(name: str):
    """Holds the lock `name` of the cache; the kernel drops it should the holder die."""
    locks = cache_dir() / "locks"
    locks.mkdir(exist_ok=True)
    with open(locks / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_use(path: Path) -> float:
    """0 for what another run has just renamed or removed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0


def remove_unused(kind: Path):
    """Removes what an older kernel, program or version of the lab has left behind."""
    limit = time.time() - IN_USE_SECONDS
    for path in sorted(kind.iterdir(), key=last_use, reverse=True)[KEEP_ENTRIES:]:
        if last_use(path) < limit:
            shutil.rmtree(path, ignore_errors=True)


def entry(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """The directory kind/key, made by build(directory) when it is not there yet."""
    final = cache_dir() / kind / key
    with contextlib.suppress(FileNotFoundError):
        os.utime(final)  # when it was last used
        return final
    with locked(f"{kind}-{key}"):
        if final.is_dir():
            return final
        final.parent.mkdir(exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=final.parent))
        try:
            build(temporary)
            temporary.chmod(0o755)
            os.rename(temporary, final)
            remove_unused(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return final
