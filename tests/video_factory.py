"""Tiny real videos whose pictures carry their own frame number."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

NUMBER_BITS = 10
MPEG_CLOCK = Fraction(1, 90_000)
LAST_FRAME_LENGTH = Fraction(1, 25)


def numbered_picture(number: int, width: int = 160, height: int = 96) -> NDArray[np.uint8]:
    """RGB picture of a moving texture; black and white blocks across its middle spell the number."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    shift = 3.0 * number
    picture = np.stack(
        [
            128 + 90 * np.sin((columns + shift) / 29.0) * np.cos(rows / 31.0),
            128 + 90 * np.sin((rows - shift) / 27.0),
            128 + 90 * np.cos((rows + columns + shift) / 43.0),
        ],
        axis=-1,
    ).astype(np.uint8)
    top, bottom = height * 3 // 10, height * 7 // 10
    for bit in range(NUMBER_BITS):
        left, right = width * bit // NUMBER_BITS, width * (bit + 1) // NUMBER_BITS
        picture[top:bottom, left:right] = 255 * (number >> (NUMBER_BITS - 1 - bit) & 1)
    return picture


def read_number(picture: NDArray[np.uint8]) -> int:
    """Read the number back, whatever the picture's size."""
    height, width = picture.shape[:2]
    band = picture[height * 4 // 10 : height * 6 // 10].mean(axis=(0, 2))
    number = 0
    for bit in range(NUMBER_BITS):
        centre = int(width * (bit + 0.5) / NUMBER_BITS)
        number = number * 2 + int(band[max(0, centre - 1) : centre + 2].mean() > 128)
    return number


def letterboxed(picture: NDArray[np.uint8], bar_rows: int) -> NDArray[np.uint8]:
    """The picture with black bars of ``bar_rows`` above and below."""
    return np.pad(picture, ((bar_rows, bar_rows), (0, 0), (0, 0)))


def regular_times(count: int, frames_per_second: int | Fraction) -> list[Fraction]:
    """Start times of ``count`` frames at a constant rate, exact."""
    return [Fraction(number) / frames_per_second for number in range(count)]


def write_pictures(
    target: Path | BinaryIO,
    pictures: Sequence[NDArray[np.uint8]],
    times: Sequence[Fraction],
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    container: str | None = None,
    rotation_degrees: int = 0,
    time_base: Fraction = MPEG_CLOCK,
) -> None:
    """Encode pictures at given times.

    ``rotation_degrees``: the clockwise turn that the metadata asks for; the stored pictures are turned the other way,
    so that a reader that obeys shows them upright.
    """
    output = av.open(str(target) if isinstance(target, Path) else target, "w", format=container)
    with output:
        stream = output.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, av.VideoStream)
        turned = [np.ascontiguousarray(np.rot90(picture, rotation_degrees // 90)) for picture in pictures]
        stream.height, stream.width = turned[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = time_base
        if rotation_degrees:
            stream.set_display_rotation(-rotation_degrees)
        for number, (picture, time) in enumerate(zip(turned, times, strict=True)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            end = times[number + 1] if number + 1 < len(times) else time + LAST_FRAME_LENGTH
            frame.pts, frame.time_base = round(time / time_base), time_base
            frame.duration = round((end - time) / time_base)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def write_numbered(
    target: Path | BinaryIO,
    times: Sequence[Fraction],
    *,
    width: int = 160,
    height: int = 96,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    container: str | None = None,
    rotation_degrees: int = 0,
    time_base: Fraction = MPEG_CLOCK,
) -> None:
    """Encode the numbered pictures 0, 1, 2, ... at given times; see :func:`write_pictures`."""
    write_pictures(
        target,
        [numbered_picture(number, width, height) for number in range(len(times))],
        times,
        codec=codec,
        options=options,
        container=container,
        rotation_degrees=rotation_degrees,
        time_base=time_base,
    )


def write_sound_only(path: Path, seconds: float = 0.5) -> None:
    """A media file that holds a tone and no picture."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        tone = np.sin(np.arange(int(16_000 * seconds)) / 10).astype(np.float32)
        for start in range(0, len(tone) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


class Unseekable:
    """A writable stream that cannot go back, as a pipe: muxers leave durations and indexes out."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(data)


def cut_short(source: Path, target: Path, share: float) -> None:
    """Copy the first ``share`` of a file's bytes."""
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])


def damage(source: Path, target: Path, start_share: float, length_bytes: int) -> None:
    """Copy a file with a stretch of its bytes overwritten."""
    content = bytearray(source.read_bytes())
    start = int(len(content) * start_share)
    content[start : start + length_bytes] = b"\xff" * len(content[start : start + length_bytes])
    target.write_bytes(bytes(content))
