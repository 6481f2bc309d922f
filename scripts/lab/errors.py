# SPDX-License-Identifier: GPL-2.0-only
"""The ways a run can fail that are not the command's own exit status."""

EXIT_MODULE = 123  # insmod failed
EXIT_TIMEOUT = 124
EXIT_LAB = 125  # the machine died or the lab could not start it
EXIT_WARNING = 126  # the guest's kernel warned
EXIT_INTERRUPTED = 130


class LabError(Exception):
    """Ends the run with `status`; `tail` is console text that helps to see why."""

    def __init__(self, message: str, status: int = EXIT_LAB, tail: str = ""):
        super().__init__(message)
        self.status = status
        self.tail = tail
