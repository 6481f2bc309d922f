# SPDX-License-Identifier: GPL-2.0-only
"""The host's end of guest/frame.h."""

from .errors import LabError

MARK = 0xA5
HEAD = 4

STAGE = "S"
STDOUT = "O"
STDERR = "E"
EVENT = "V"
ERROR = "X"
DONE = "Z"
TYPES = {STAGE, STDOUT, STDERR, EVENT, ERROR, DONE}


class FrameReader:
    """Cuts a byte stream into (type, data) frames."""

    def __init__(self):
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        self._pending += data
        frames = []
        while len(self._pending) >= HEAD:
            kind = chr(self._pending[1])
            if self._pending[0] != MARK or kind not in TYPES:
                raise LabError("the second serial port carries something that is no frame: "
                               f"{bytes(self._pending[:32])!r} (did the command write to ttyS1?)")
            end = HEAD + int.from_bytes(self._pending[2:4], "little")
            if len(self._pending) < end:
                break
            frames.append((kind, bytes(self._pending[HEAD:end])))
            del self._pending[:end]
        return frames
