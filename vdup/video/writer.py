"""Writes frames to a video file."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

_DEFAULT_OPTIONS = {"libx264": {"preset": "veryfast", "crf": "20"}}


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    frames_per_second: float | Fraction,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
) -> int:
    """Encode frames at a constant rate.

    Args:
        path: file to write; its extension decides the container.
        frames: RGB pictures, uint8 [H, W, 3], all of one size with even sides.
        frames_per_second: a fraction such as ``Fraction(30000, 1001)`` is kept exactly.
        codec: FFmpeg's name of an encoder.
        options: options of the encoder; None chooses fast ones for libx264 and the encoder's own for others.

    Returns:
        Number of frames written.

    Raises:
        ValueError: an unknown encoder, no frames, a frame of another size or type, odd sides, or a rate that is not
            positive.
    """
    rate = Fraction(frames_per_second).limit_denominator(100_000)
    if rate <= 0:
        raise ValueError(f"frames_per_second must be positive, got {frames_per_second}")
    count = 0
    shape: tuple[int, ...] = ()
    with av.open(str(path), "w") as container:
        stream = _video_stream(container, codec, rate, options)
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            if count == 0:
                shape = picture.shape
                _check_shape(shape)
                stream.height, stream.width = shape[:2]
            if picture.shape != shape or picture.dtype != np.uint8:
                raise ValueError(f"frame {count} is {picture.dtype} {picture.shape}, expected uint8 {shape}")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(stream.encode(frame))
            count += 1
        if count == 0:
            raise ValueError("a video needs at least one frame, got none")
        container.mux(stream.encode(None))
    return count


def _video_stream(
    container: OutputContainer, codec: str, rate: Fraction, options: Mapping[str, str] | None
) -> av.VideoStream:
    try:
        kind = av.Codec(codec, "w").type
    except av.codec.codec.UnknownCodecError as error:
        raise ValueError(f"codec={codec} is not an encoder that FFmpeg knows here") from error
    if kind != "video":
        raise ValueError(f"codec={codec} encodes {kind}, not video")
    stream = container.add_stream(codec, rate=rate, options=dict(options or _DEFAULT_OPTIONS.get(codec, {})))
    return cast("av.VideoStream", stream)


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 3 or shape[2] != 3 or shape[0] % 2 or shape[1] % 2 or 0 in shape:
        raise ValueError(f"frames must have shape [H, W, 3] with even H and W, got {shape}")
