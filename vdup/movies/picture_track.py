"""Where the picture lies in its frame, and its colours, at sampled moments of a video; how that is stored.

The codes and the movie of a video show its picture inside the bars, in grey. What is kept here leads back to the whole
frame, and tells whether a copy has the colours of its reference: two colour differences (Cb and Cr of BT.601) in the
cells of a coarse grid.
"""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.errors import LibraryDamagedError
from vdup.types import FloatArray, FrameBatch, TimeArray

STORED_CELLS = 4
"""Cells along a side of the grid that a library keeps,"""
STORED_STEP_SECONDS = 2.0
"""and how far apart its moments are: together about five bytes a second."""
QUERY_CELLS = 16

_TO_COLOUR = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=np.float32)
_COLOUR_STEP = 2
"""Levels of a colour difference in one step of what is stored."""
_BOX_STEPS = 255
_TIME_STEP_SECONDS = 0.001

_HEADER = struct.Struct("<BBI")
"""Format, cells along a side, moments."""
_FORMAT = 1
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class PictureTrack:
    """Moments of a video, in order."""

    times_seconds: TimeArray
    """float64 [N]."""
    boxes: FloatArray
    """Top, left, height and width of the picture in shares of the frame's sides, float32 [N, 4]."""
    colours: NDArray[np.int8]
    """Mean Cb and Cr, -127 to 127, of the cells of a square grid over the picture, int8 [N, C, C, 2]."""

    def __post_init__(self) -> None:
        count = len(self.times_seconds)
        cells = self.colours.shape[1] if self.colours.ndim == 4 else 0
        if self.boxes.shape != (count, 4) or self.colours.shape != (count, cells, cells, 2):
            raise ValueError(f"{count} moments, boxes {self.boxes.shape} and colours {self.colours.shape} do not fit")

    def __len__(self) -> int:
        return len(self.times_seconds)

    def box_between(self, start_seconds: float, end_seconds: float) -> FloatArray:
        """The usual box from a moment to another, float32 [4]: the median of each number.

        That of the nearest moment where none lies between; the whole frame where there is no moment at all.
        """
        if not len(self):
            return np.array([0, 0, 1, 1], dtype=np.float32)
        inside = (self.times_seconds >= start_seconds) & (self.times_seconds <= end_seconds)
        if not inside.any():
            inside[np.argmin(np.abs(self.times_seconds - (start_seconds + end_seconds) / 2))] = True
        usual: FloatArray = np.median(self.boxes[inside], axis=0).astype(np.float32)
        return usual


class PictureTrackMaker:
    """Takes the batches of one view of a video as they come."""

    def __init__(self, cells: int, step_seconds: float = 0.0) -> None:
        """Starts empty.

        Args:
            cells: along a side of the grid.
            step_seconds: moments nearer than this to the one before are left out.
        """
        self._cells = cells
        self._step_seconds = step_seconds
        self._times: list[float] = []
        self._boxes: list[FloatArray] = []
        self._colours: list[NDArray[np.int8]] = []

    def take(self, batch: FrameBatch) -> None:
        """Adds the frames of a batch."""
        whole = np.array([0, 0, 1, 1], dtype=np.float32)
        for number, time in enumerate(batch.times_seconds.tolist()):
            # Steps are sums of binary fractions: a moment that is due must not wait for the next one.
            if self._times and time < self._times[-1] + self._step_seconds - 1e-6:
                continue
            self._times.append(time)
            self._boxes.append(whole if batch.boxes is None else batch.boxes[number])
            self._colours.append(colours_of(batch.images[number], self._cells))

    def track(self) -> PictureTrack:
        """What was taken so far."""
        cells = self._cells
        return PictureTrack(
            np.array(self._times, dtype=np.float64),
            np.array(self._boxes, dtype=np.float32).reshape(-1, 4),
            np.array(self._colours, dtype=np.int8).reshape(-1, cells, cells, 2),
        )


def colours_of(picture: NDArray[np.uint8], cells: int) -> NDArray[np.int8]:
    """Mean Cb and Cr in the cells of a grid.

    Args:
        picture: RGB, uint8 [H, W, 3].
        cells: along a side of the grid.

    Returns:
        int8 [cells, cells, 2], -127 to 127, 0 without colour.
    """
    small = np.asarray(Image.fromarray(picture).resize((cells, cells), Image.Resampling.BOX), dtype=np.float32)
    colours: NDArray[np.int8] = np.clip(np.rint(small @ _TO_COLOUR.T), -127, 127).astype(np.int8)
    return colours


def pack_picture_track(track: PictureTrack) -> bytes:
    """A track as it is stored; each moment as what differs from the one before, so that zlib finds little."""
    times = np.rint(track.times_seconds / _TIME_STEP_SECONDS).astype("<u4")
    boxes = np.rint(np.clip(track.boxes, 0, 1) * _BOX_STEPS).astype(np.uint8)
    colours = np.rint(track.colours / _COLOUR_STEP).astype(np.int8).reshape(len(track), 2 * track.colours.shape[1] ** 2)
    columns = (times[:, None], boxes, colours)
    body = b"".join(np.ascontiguousarray(_differences(column).T).tobytes() for column in columns)
    return _HEADER.pack(_FORMAT, track.colours.shape[1], len(track)) + zlib.compress(body, 9)


def unpack_picture_track(data: bytes, name: str = "a picture track") -> PictureTrack:
    """The track that was stored.

    Args:
        data: from :func:`pack_picture_track`.
        name: for the message.

    Raises:
        LibraryDamagedError: it is damaged.
    """
    try:
        return _unpack(data)
    except (ValueError, struct.error, zlib.error) as error:
        raise LibraryDamagedError(f"{name} is damaged: {error}; index the video again") from error


def _unpack(data: bytes) -> PictureTrack:
    version, cells, count = _HEADER.unpack_from(data)
    size = count * (4 + 4 + 2 * cells * cells)
    if version != _FORMAT or not cells or size > _MOST_BYTES:
        raise ValueError(f"it begins with {version}, {cells}, {count}")
    opened = zlib.decompressobj()
    body = opened.decompress(data[_HEADER.size :], size + 1)  # a forged one must not fill the memory
    if len(body) != size or not opened.eof:
        raise ValueError(f"it unpacks to another size than {size} bytes")
    times = np.frombuffer(body, dtype="<u4", count=count).reshape(1, count)
    boxes = np.frombuffer(body, dtype=np.uint8, count=4 * count, offset=4 * count).reshape(4, count)
    colours = np.frombuffer(body, dtype=np.int8, offset=8 * count).reshape(2 * cells * cells, count)
    levels = np.cumsum(colours, axis=1, dtype=np.int8).T.reshape(count, cells, cells, 2)
    return PictureTrack(
        np.cumsum(times[0], dtype="<u4").astype(np.float64) * _TIME_STEP_SECONDS,
        (np.cumsum(boxes, axis=1, dtype=np.uint8).T / np.float32(_BOX_STEPS)).astype(np.float32),
        np.clip(levels.astype(np.int16) * _COLOUR_STEP, -127, 127).astype(np.int8),
    )


def _differences(column: NDArray[np.generic]) -> NDArray[np.generic]:
    """Rows less the row before them, the first as it is; whole numbers wrap round, and back when they are added up."""
    differences: NDArray[np.generic] = np.diff(column, axis=0, prepend=np.zeros_like(column[:1]))
    return differences
