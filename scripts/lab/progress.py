# SPDX-License-Identifier: GPL-2.0-only
"""The progress line: one that updates itself on a terminal, one line a stage elsewhere."""

import sys
import time


class Progress:
    def __init__(self, label: str, quiet: bool):
        self._label = label
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._start = time.monotonic()
        self._stage = ""
        self._shown = False

    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def stage(self, text: str):
        if text != self._stage:
            self._stage = text
            self._show()

    def tick(self):
        if self._live:
            self._show()

    def _show(self):
        if self._quiet:
            return
        line = f"[{self._label}] {self.elapsed():5.1f} s  {self._stage}"
        if self._live:
            sys.stderr.write("\r\033[K" + line)
            self._shown = True
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def clear(self):
        """Takes the line away before other output."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._shown = False

    def stop(self):
        """No more lines: the command's own output has begun."""
        self.clear()
        self._quiet = True
