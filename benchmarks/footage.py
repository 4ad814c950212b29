"""Test videos: shots of moving texture with camera grain, and long videos that repeat a short one."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.video.writer import write_video

FRAMES_PER_SECOND = 25
_SHOT_SECONDS = 4
_ROOM_PIXELS = 160
"""A shot's texture is this much larger than the picture, so that the camera can travel."""
_GRAIN = 5.0
"""Standard deviation of the grain: it sets the bit rate, which decoding time follows."""

Picture = NDArray[np.uint8]


def moving_pictures(size: tuple[int, int], seconds: float, seed: int) -> Iterator[Picture]:
    """Pictures of a made-up video, 25 a second.

    Args:
        size: width and height in pixels.
        seconds: length.
        seed: videos of different seeds share nothing.

    Yields:
        RGB, uint8 [H, W, 3].
    """
    rng = np.random.default_rng(seed)
    width, height = size
    room_size = (width + _ROOM_PIXELS, height + _ROOM_PIXELS)
    grain = rng.normal(0, _GRAIN, (room_size[1], room_size[0], 3)).round().astype(np.int16)
    shot_frames = _SHOT_SECONDS * FRAMES_PER_SECOND
    for frame in range(round(seconds * FRAMES_PER_SECOND)):
        if frame % shot_frames == 0:
            texture = _texture(room_size, rng)
            path = rng.uniform(0, _ROOM_PIXELS, (2, 2))
        share = frame % shot_frames / shot_frames
        left, top = (path[0] + (path[1] - path[0]) * share).astype(int)
        grain_left, grain_top = rng.integers(0, _ROOM_PIXELS, 2)
        picture = texture[top : top + height, left : left + width] + grain[grain_top:, grain_left:][:height, :width]
        yield np.clip(picture, 0, 255).astype(np.uint8)


def _texture(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int16]:
    """Patches of all sizes and colours, int16 [H, W, 3]."""
    texture = np.full((size[1], size[0], 3), 128.0, dtype=np.float32)
    for patches in (3, 8, 24, 80):
        coarse = rng.integers(0, 256, (patches, patches, 3), dtype=np.uint8)
        texture += (np.asarray(Image.fromarray(coarse).resize(size), dtype=np.float32) - 128) * (1.5 / patches**0.4)
    return texture.clip(0, 255).astype(np.int16)


def write_moving_pictures(
    path: Path, size: tuple[int, int], seconds: float, seed: int, options: dict[str, str] | None = None
) -> None:
    """Writes them as H.264; ``options`` are x264's."""
    write_video(path, moving_pictures(size, seconds, seed), FRAMES_PER_SECOND, options=options)


def repeat_video(source: Path, target: Path, seconds: float) -> int:
    """Writes a video that shows another one over and over, without encoding anything again.

    Args:
        source: begins with a key frame; one video stream.
        target: file to write.
        seconds: least length of the target; its last repetition is whole.

    Returns:
        Number of frames.
    """
    written = 0
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream = reader.streams.video[0]
        if stream.time_base is None or stream.duration is None:
            raise ValueError(f"{source}: the container does not say how long the video is")
        copied = writer.add_stream_from_template(stream)
        repetitions = -(-seconds // float(stream.duration * stream.time_base))
        for repetition in range(int(repetitions)):
            reader.seek(0)
            for packet in reader.demux(stream):
                if packet.dts is None or packet.pts is None:  # the empty packet that ends the stream
                    continue
                packet.pts += repetition * stream.duration
                packet.dts += repetition * stream.duration
                packet.stream = copied
                writer.mux(packet)
                written += 1
    return written


def check_times(path: Path) -> float:
    """Reads through a video's packets and decodes its last seconds.

    Returns:
        Time of the last decoded frame in seconds.

    Raises:
        ValueError: decoding times do not increase, presentation times repeat, or frames come out in another order.
    """
    with av.open(str(path)) as reader:
        stream = reader.streams.video[0]
        times = [(packet.dts, packet.pts) for packet in reader.demux(stream) if packet.dts is not None]
        decoding, shown = np.array(times, dtype=np.int64).T
        if np.any(np.diff(decoding) <= 0) or len(np.unique(shown)) != len(shown):
            raise ValueError(f"{path}: packets do not follow one another in time")
        reader.seek(int(shown.max() - 5 / (stream.time_base or 1)), stream=stream)
        last = [frame.time for frame in reader.decode(stream)]
    if not last or last != sorted(last) or None in last:
        raise ValueError(f"{path}: its last frames do not play in order")
    return float(last[-1])
