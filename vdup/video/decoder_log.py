"""What a decoder says of damaged pictures: it mends them and goes on, and only its messages tell.

FFmpeg inside decord writes them to the process's stderr. While a reader is open that goes to a file of its own; what is
not FFmpeg's is passed on afterwards.
"""

import os
import re
import tempfile
from threading import Lock
from typing import IO

_STDERR = 2
_OF_DECODER = re.compile(rb"^\[[^\]\n]* @ 0x[0-9a-f]+\].*\n?", re.MULTILINE)


class _Kept:
    """The one place where stderr goes while any reader is open."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._readers = 0
        self._file: IO[bytes] | None = None
        self._real = -1

    def begin(self) -> int:
        """Keeps what is written from now on; returns how much was written so far."""
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
                self._redirect()
            elif not os.path.sameopenfile(self._file.fileno(), _STDERR):
                os.close(self._real)  # somebody has given the process another stderr since
                self._redirect()
            self._readers += 1
            return self._written()

    def _redirect(self) -> None:
        assert self._file is not None
        self._real = os.dup(_STDERR)
        os.dup2(self._file.fileno(), _STDERR)

    def said_since(self, before: int) -> bool:
        """Whether the decoder has said anything behind this place."""
        with self._lock:
            if self._file is None or self._written() <= before:
                return False
            return _OF_DECODER.search(os.pread(self._file.fileno(), self._written() - before, before)) is not None

    def end(self) -> None:
        """Ends what :meth:`begin` began; the last one gives stderr back."""
        with self._lock:
            self._readers -= 1
            if self._readers or self._file is None:
                return
            os.dup2(self._real, _STDERR)
            rest = _OF_DECODER.sub(b"", os.pread(self._file.fileno(), self._written(), 0))
            os.write(self._real, rest)
            os.close(self._real)
            self._file.close()
            self._file = None

    def _written(self) -> int:
        assert self._file is not None
        return os.fstat(self._file.fileno()).st_size


_KEPT = _Kept()


class DecoderLog:
    """Tells whether the decoder complained since this was made. Readers that are open at once cannot be told apart."""

    def __init__(self) -> None:
        self._before = _KEPT.begin()
        self._is_open = True

    @property
    def complained(self) -> bool:
        """Whether there was any message."""
        return self._is_open and _KEPT.said_since(self._before)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Lets stderr go where it went before."""
        if self._is_open:
            self._is_open = False
            _KEPT.end()
