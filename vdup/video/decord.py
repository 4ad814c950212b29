"""Frames by way of decord, for short files whose frame numbers can be trusted.

What measurements of decord2 3.4 showed, and what is done about each:

- Skipping gives up, with no more than a line on stderr, when the decoder is slower than 10,000 turns of a waiting loop
  (seen on 360p and 1080p files); the next frame would be a wrong one. So after each skip the position is read back and
  the skip repeated until it is right.
- It reads ahead without limit: while the caller is busy, packets and scaled frames pile up (1.7 GB in 15 seconds on a
  360p file). Only files whose packets and frames all fit a budget are taken; longer ones go to PyAV, which is as fast.
- Times come as float32, half a millisecond off after an hour, and frames are numbered by packets, which fails with edit
  lists, hidden frames and open groups of pictures. Times and that check come from :mod:`vdup.video.packets`.
- The CPU build loads every CUDA library that pip installed (600 MB, half a second). The import hides them.
- It has no list of allowed kinds or protocols and finds out by itself, with an FFmpeg of its own, what a file is. That
  answer must not be a list of other files, so it gets only files that PyAV takes for one of two kinds, that begin as
  files of these kinds do, and that are named as videos.
- It mends damaged pictures and goes on; only messages of FFmpeg tell (:mod:`vdup.video.decoder_log`).
- Rotation metadata is applied by decord itself, and the wanted width and height mean the upright picture.
- Rows are padded to what the processor's widest instructions take, 64 bytes or more with AVX-512. Where the width
  divides the length of a padded row, decord takes the quotient for the number of channels and copies rows with their
  padding: a picture 96 wide comes as [H, 96, 4] and one 2 wide as [H, 2, 96]. Elsewhere it leaves the padding out.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdup.errors import VideoDecodeError
from vdup.regular_file import open_regular
from vdup.types import Intervals, VideoInfo
from vdup.video.container import media_url
from vdup.video.decoder_log import DecoderLog
from vdup.video.discover import VIDEO_EXTENSIONS
from vdup.video.packets import read_packet_times
from vdup.video.scaling import scaled_size
from vdup.video.ticks import frames_at_ticks

READ_AHEAD_BUDGET_BYTES = 384 * 2**20
"""Most that a file's packets and scaled frames may take together for decord to be used on it."""

_DECODER_THREADS = 1
# decord counts frames that it replaced by the one before; a share this small allows none.
_REPLACED_FRAMES_SHARE = 0.0001
_STALLED_SKIPS = 100
_MATROSKA_HEAD = b"\x1a\x45\xdf\xa3"
_MP4_BOX = b"ftyp"


class DecordReader:
    """Reads one short video with decord."""

    def __init__(self, path: Path, info: VideoInfo, short_side_pixels: int = 320) -> None:
        """Open a file that PyAV could open.

        Args:
            path: the video file.
            info: what PyAV found out about it.
            short_side_pixels: frames are scaled down until their short side has at most this many pixels.

        Raises:
            VideoDecodeError: decord is missing, cannot open the file, or cannot be trusted with it.
        """
        self._path = path
        self.info = info
        _check_kind(path)
        width, height = scaled_size(info.width, info.height, short_side_pixels)
        self._shape = height, width, 3
        frame_bytes = width * height * 3
        file_bytes = path.stat().st_size
        if file_bytes > READ_AHEAD_BUDGET_BYTES:
            raise VideoDecodeError(path, "too long for decord, which reads ahead without limit")
        times = read_packet_times(path)
        if file_bytes + len(times.times_seconds) * frame_bytes > READ_AHEAD_BUDGET_BYTES:
            raise VideoDecodeError(path, "too long for decord, which reads ahead without limit")
        self._times = times
        self._end_seconds = info.duration_seconds or times.end_seconds
        library = _decord(path)
        self._errors = (library.DECORDError, library.DECORDLimitReachedError, RuntimeError, AssertionError)
        self._position_of = library.get_global_func("video_reader._CAPI_VideoReaderGetCurrentPosition")
        self._log = DecoderLog()
        try:
            self._decoder: Any = library.VideoReader(
                media_url(path),
                width=width,
                height=height,
                num_threads=_DECODER_THREADS,
                fault_tol=_REPLACED_FRAMES_SHARE,
            )
        except self._errors as error:
            self._log.close()
            raise VideoDecodeError(path, f"decord cannot open it: {_first_line(error)}") from error
        if len(self._decoder) != len(times.times_seconds):
            self._log.close()
            raise VideoDecodeError(
                path, f"decord counts {len(self._decoder)} frames instead of {len(times.times_seconds)}"
            )

    @property
    def duration_seconds(self) -> float:
        """End of the last frame once frames were read; before that what the container says."""
        return self._end_seconds

    @property
    def damaged_seconds(self) -> Intervals:
        """None: where decord mends pictures, reading stops, and the other decoder goes on and tells."""
        return ()

    def frames_at(
        self, frames_per_second: float, start_seconds: float = 0.0
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Frames on screen at the ticks of a clock; see :class:`~vdup.video.reader.VideoReader`."""
        times = self._times.times_seconds
        for row in frames_at_ticks(times, self._times.end_seconds, frames_per_second, start_seconds).tolist():
            yield float(times[row]), self._frame(row)
        self._end_seconds = self._times.end_seconds

    def _frame(self, row: int) -> NDArray[np.uint8]:
        if self._decoder is None:
            raise VideoDecodeError(self._path, "the reader was closed")
        try:
            self._skip_to(row)
            pixels: NDArray[np.uint8] = self._decoder.next().asnumpy()
        except (*self._errors, StopIteration) as error:
            raise VideoDecodeError(self._path, f"decord stopped at frame {row}: {_first_line(error)}") from error
        if self._position() != row + 1:
            raise VideoDecodeError(self._path, f"decord lost count at frame {row}")
        if self._log.complained:
            raise VideoDecodeError(self._path, f"decord mends damaged pictures at frame {row} or soon behind it")
        return self._unpadded(pixels)

    def _unpadded(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture, uint8 [H, W, 3], of an array [H, W, C] whose rows hold 3 W bytes of picture and then padding."""
        if pixels.shape == self._shape:
            return pixels
        height, width, channels = self._shape
        if pixels.ndim != 3 or pixels.shape[:2] != (height, width) or pixels.shape[2] < channels:
            raise VideoDecodeError(self._path, f"decord gives a picture {list(pixels.shape)} of {list(self._shape)}")
        rows = pixels.reshape(height, -1)[:, : width * channels]
        return np.ascontiguousarray(rows).reshape(self._shape)

    def _skip_to(self, row: int) -> None:
        """Move to a frame and make sure of it.

        A position one further is right as well: after a seek to a key frame decord keeps that frame for the next call.
        """
        stalled = 0
        self._decoder.seek_accurate(row)
        position = self._position()
        while position < row:
            self._decoder.seek_accurate(row)
            stalled = stalled + 1 if self._position() == position else 0
            if stalled >= _STALLED_SKIPS:
                raise VideoDecodeError(self._path, f"decord does not get past frame {position}")
            position = self._position()

    def _position(self) -> int:
        return int(self._position_of(self._decoder._handle))  # decord has no public call for it

    def close(self) -> None:
        """Free the decoder."""
        self._decoder = None
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_kind(path: Path) -> None:
    """Keeps from decord what its FFmpeg might take for something else than PyAV's took it for.

    Behind one of these heads FFmpeg finds MP4 or Matroska with the highest score there is, and no list of files with
    one that is higher: such a list begins with text, and text ends at the zero with which an MP4 file begins.

    Raises:
        VideoDecodeError: the file begins in another way, is not named as a video, or not in UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise VideoDecodeError(path, "decord takes names in UTF-8 only") from error
    try:
        with open_regular(path) as file:
            head = file.read(8)
    except OSError as error:
        raise VideoDecodeError(path, f"cannot be read: {error.strerror or error}") from error
    if not (head.startswith(_MATROSKA_HEAD) or (head[:1] == b"\0" and head[4:] == _MP4_BOX)):
        raise VideoDecodeError(path, "it does not begin as MP4 or Matroska files do")
    # Only names that end as those of pictures are patterns of numbered files to FFmpeg; which, depends on its version.
    if path.suffix and path.suffix[1:].lower() not in VIDEO_EXTENSIONS:
        raise VideoDecodeError(path, "it is not named as a video")


def _decord(path: Path) -> Any:
    try:
        return _import_decord()
    except (ImportError, OSError, RuntimeError) as error:
        raise VideoDecodeError(path, f"decord cannot be loaded: {error}") from error


@cache
def _import_decord() -> ModuleType:
    """Import decord while the ``nvidia`` packages cannot be seen, so that it does not load all of CUDA."""
    hidden = ModuleType("nvidia")
    hidden.__spec__ = None
    seen = sys.modules.get("nvidia")
    sys.modules["nvidia"] = hidden
    try:
        import decord
    finally:
        if seen is None:
            del sys.modules["nvidia"]
        else:
            sys.modules["nvidia"] = seen
    # What it says of damaged pictures is kept from the screen by the log of each reader.
    decord.logging.set_level(decord.logging.ERROR)
    return decord  # type: ignore[no-any-return]


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
