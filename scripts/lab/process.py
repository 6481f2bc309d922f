# SPDX-License-Identifier: GPL-2.0-only
"""Emulator processes: started so that they cannot outlive us, ended at once."""

import ctypes
import os
import signal
import subprocess
from pathlib import Path

PR_SET_PDEATHSIG = 1


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Emulator:
    """A running emulator, as a context manager that ends it with SIGKILL.

    SIGKILL and nothing softer: Bochs answers SIGTERM and SIGINT by spinning on its prompt. The
    new session keeps Ctrl-C of the terminal away from it.
    """

    def __init__(self, command: list[str], directory: Path, output: Path, environment: dict):
        self._command = command
        self._directory = directory
        self._output = output
        self._environment = {**os.environ, **environment}

    def __enter__(self):
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                self._command, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, env=self._environment, start_new_session=True,
                preexec_fn=_die_with_parent)
        self.pidfd = os.pidfd_open(self._process.pid)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self.pidfd)

    def status(self) -> int:
        return self._process.wait()
