# SPDX-License-Identifier: GPL-2.0-only
"""Follows a machine from start to end: output, events, and every way it can die."""

import os
import re
import selectors
import sys
import time
from pathlib import Path

from . import dmesg, frames
from .errors import EXIT_LAB, EXIT_TIMEOUT, LabError
from .machine import Machine
from .process import Emulator
from .progress import Progress

PANIC = re.compile(rb"Kernel panic - not syncing.*")
PANIC_END = b"end Kernel panic"
# A panic's trace takes a moment to print; one that never ends must not hold us.
PANIC_GRACE = 5.0
TAIL_LINES = 40
REPORT_LINES = 70


def tail(console: str) -> str:
    """The last lines, or more of them where they are the end of a kernel's report."""
    lines = [line.rstrip() for line in console.splitlines()]
    start = max(len(lines) - TAIL_LINES, 0)
    for number, line in enumerate(lines):
        if dmesg.SPLAT.search(line) or "Kernel panic" in line:
            start = min(start, max(number, len(lines) - REPORT_LINES))
            break
    return "\n".join(lines[start:])


class Watch:
    """Runs the event loop of one machine; `status` is the command's, None until known."""

    def __init__(self, machine: Machine, logs: Path, progress: Progress):
        self._machine = machine
        self._logs = logs
        self._progress = progress
        self._selector = selectors.DefaultSelector()
        self._reader = frames.FrameReader()
        self._events = b""
        self._console = bytearray()
        self._log = ""
        self._panic_deadline: float | None = None
        self._done = False
        self._end_wanted = False
        self.status: int | None = None
        self.insmod_failed = False
        self.ready_at: float | None = None
        self.loaded_at: float | None = None

    def open(self):
        """Opens the reading ends, so that the emulator can open the writing ones."""
        for pipe, name, handler in (
                (self._machine.console, "console.log", self._on_console),
                (self._machine.frames, None, self._on_frames),
                (self._machine.log, f"{self._machine.name}.log", self._on_log)):
            fd = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            copy = open(self._logs / name, "wb", buffering=0) if name else None
            self._selector.register(fd, selectors.EVENT_READ, (handler, copy))

    def close(self):
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                os.close(key.fd)
                if key.data[1]:
                    key.data[1].close()
        self._selector.close()

    def run(self, emulator: Emulator, timeout: float):
        """Returns when the results are there; raises LabError when they never will be."""
        deadline = time.monotonic() + timeout
        self._selector.register(emulator.pidfd, selectors.EVENT_READ, None)
        while not self._done:
            ended = False
            for key, _ in self._selector.select(timeout=1.0):
                if key.data is None:
                    ended = True
                else:
                    self._read(key.fd, *key.data)
            self._progress.tick()
            if self._done:
                break
            if ended:
                self._drain()
                self._on_end(emulator)
            self._check_panic()
            if time.monotonic() > deadline:
                raise self._failure(f"no end after {timeout:g} s (--timeout)", EXIT_TIMEOUT)

    def until_end(self, emulator: Emulator, timeout: float):
        """Returns when the emulator ends by itself after the boot, with success."""
        self._end_wanted = True
        self.run(emulator, timeout)

    def _read(self, fd: int, handler, copy) -> bool:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return False
        if not data:
            return False
        if copy:
            copy.write(data)
        handler(data)
        return True

    def _drain(self):
        for key in list(self._selector.get_map().values()):
            while key.data is not None and self._read(key.fd, *key.data):
                pass

    def _on_console(self, data: bytes):
        self._console += data
        if self._panic_deadline is None and PANIC.search(self._console):
            self._panic_deadline = time.monotonic() + PANIC_GRACE

    def _check_panic(self):
        if self._panic_deadline is None:
            return
        if PANIC_END in self._console or time.monotonic() > self._panic_deadline:
            line = PANIC.search(self._console).group().decode(errors="replace").strip()
            raise self._failure(f"the guest's kernel died: {line}")

    def _on_log(self, data: bytes):
        self._log += data.decode(errors="replace")
        *lines, self._log = self._log.split("\n")
        for line in lines:
            if self._machine.fatal.search(line):
                raise self._failure(f"the machine died: {line.strip()}")

    def _on_frames(self, data: bytes):
        for kind, content in self._reader.feed(data):
            if kind == frames.STDOUT:
                self._pass_on(sys.stdout, content)
            elif kind == frames.STDERR:
                self._pass_on(sys.stderr, content)
            elif kind == frames.EVENT:
                self._on_event(content)
            elif kind == frames.STAGE:
                self.ready_at = self._progress.elapsed()
                self._progress.stage(content.decode())
            elif kind == frames.ERROR:
                raise self._failure(f"the guest's agent gave up: {content.decode()}")
            elif kind == frames.DONE:
                if self.status is None:
                    raise self._failure("the guest's start.sh was killed before the command ended")
                self._done = True

    def _pass_on(self, stream, content: bytes):
        self._progress.stop()
        stream.buffer.write(content)
        stream.flush()

    def _on_event(self, content: bytes):
        *lines, self._events = (self._events + content).split(b"\n")
        for line in lines:
            word, _, value = line.decode().partition(" ")
            if word == "exit":
                self.status = int(value)
            elif word == "module-loaded":
                self.loaded_at = self._progress.elapsed()
                self._progress.stage("module loaded")
            elif word == "insmod-failed":
                self.insmod_failed = True

    def _on_end(self, emulator: Emulator):
        status = emulator.status()
        if self._end_wanted and status == 0 and self.ready_at is not None:
            self._done = True
            return
        raise self._failure(f"{self._machine.name} ended (status {status}) before the command did; "
                            f"see {self._logs}")

    def _failure(self, message: str, status: int = EXIT_LAB) -> LabError:
        return LabError(message, status, tail(self._console.decode(errors="replace")))
