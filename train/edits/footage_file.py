"""Frames to H.264 and back, through PyAV; whole clips in memory, long ones in pieces."""

import io
import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vdup.errors import VideoDecodeError, VideoError, VideoOpenError

from .types import Frames, check_frames

logger = logging.getLogger(__name__)

_TIME_SLACK_SECONDS = 1e-4


def _pixels(frame: av.VideoFrame, size: tuple[int, int], scaler: VideoReformatter) -> Frames:
    picture = scaler.reformat(frame, size[0], size[1], "rgb24", interpolation="BILINEAR")
    return np.asarray(picture.to_ndarray(), np.uint8)


def even(pixels: float) -> int:
    """Nearest even number of pixels, 2 or more: 4:2:0 video halves its colour planes."""
    return max(2, 2 * round(pixels / 2))


def write_frames(
    target: Path | io.BytesIO,
    pieces: Iterable[Frames],
    size: tuple[int, int],
    rate: Fraction,
    crf: int = 23,
    preset: str = "veryfast",
) -> int:
    """Encodes frames as H.264 in an MP4 file.

    Args:
        target: File to write, or a buffer in memory.
        pieces: Consecutive stretches of the clip, each uint8 [N, H, W, 3]; scaled to ``size`` where they differ.
        size: Width and height in pixels, both even.
        rate: Frames a second.
        crf: Constant rate factor of x264: 18 looks like the source, 45 is nearly unrecognisable.
        preset: Speed preset of x264.

    Returns:
        The number of frames written.

    Raises:
        ValueError: ``size`` is not even.
    """
    if size[0] % 2 or size[1] % 2:
        raise ValueError(f"size={size} must be even in width and height")
    name = str(target) if isinstance(target, Path) else target
    written = 0
    # One scaler for all frames: each keeps tables that take longer to make than to use.
    scaler = VideoReformatter()
    with av.open(name, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"crf": str(crf), "preset": preset}
        for piece in pieces:
            check_frames(piece, "write_frames")
            for frame in piece:
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
                scaled = scaler.reformat(picture, *size, "yuv420p", interpolation="BILINEAR")
                scaled.pts, scaled.time_base = written, 1 / rate
                container.mux(stream.encode(scaled))
                written += 1
        container.mux(stream.encode())
    return written


def read_frames(
    source: Path | io.BytesIO, size: tuple[int, int] | None = None, start_frame: int = 0, stop_frame: int | None = None
) -> Iterator[Frames]:
    """Frames of a file one by one, in the order of presentation.

    Args:
        source: Video file, or a buffer that holds one.
        size: Width and height to scale to; None keeps the file's.
        start_frame: First frame that is wanted.
        stop_frame: First frame that is not wanted any more; None reads to the end.

    Yields:
        uint8 [H, W, 3].

    Raises:
        VideoOpenError: Not a video with a picture.
        VideoDecodeError: Damaged inside.
    """
    name = str(source) if isinstance(source, Path) else source
    shown = source if isinstance(source, Path) else "memory"
    scaler = VideoReformatter()
    try:
        container = av.open(name, "r")
    except (OSError, av.FFmpegError) as error:
        raise VideoOpenError(shown, f"cannot be opened ({error}); give a video file") from error
    with container:
        if not container.streams.video:
            raise VideoOpenError(shown, "holds no picture; give a video file")
        try:
            for number, frame in enumerate(container.decode(container.streams.video[0])):
                if stop_frame is not None and number >= stop_frame:
                    return
                if number >= start_frame:
                    yield _pixels(frame, size or (frame.width, frame.height), scaler)
        except av.FFmpegError as error:
            raise VideoDecodeError(shown, f"cannot be decoded ({error}); leave it out") from error


def recode(frames: Frames, coded_size: tuple[int, int], rate: Fraction, crf: int) -> Frames:
    """The clip after a real trip through x264 at another size, uint8 [N, H, W, 3] in and out."""
    buffer = io.BytesIO()
    write_frames(buffer, [frames], coded_size, rate, crf=crf)
    buffer.seek(0)
    return np.stack(list(read_frames(buffer, (frames.shape[2], frames.shape[1]))))


def picture_size(path: Path) -> tuple[int, int]:
    """Coded width and height of a video.

    Raises:
        VideoOpenError: Not a video with a picture.
    """
    try:
        with av.open(str(path), "r") as container:
            if container.streams.video:
                return container.streams.video[0].width, container.streams.video[0].height
    except (OSError, av.FFmpegError) as error:
        raise VideoOpenError(path, f"cannot be opened ({error}); give a video file") from error
    raise VideoOpenError(path, "holds no picture; give a video file")


def length_seconds(path: Path) -> float:
    """Length that a video's container tells; 0 where it tells none.

    Raises:
        VideoOpenError: Not a video with a picture.
    """
    try:
        with av.open(str(path), "r") as container:
            if container.streams.video:
                return (container.duration or 0) / av.time_base
    except (OSError, av.FFmpegError) as error:
        raise VideoOpenError(path, f"cannot be opened ({error}); give a video file") from error
    raise VideoOpenError(path, "holds no picture; give a video file")


def video_frames(
    path: Path, rate: Fraction, size: tuple[int, int], seconds: float, start_seconds: float = 0.0
) -> Iterator[Frames]:
    """Frames of a user's video at a constant rate: the frame on screen at each moment of a regular grid.

    Args:
        path: Any video that FFmpeg reads; its own frame rate may vary.
        rate: Frames a second of the result.
        size: Width and height to scale to.
        seconds: Most seconds to read; the result is shorter when the video is.
        start_seconds: Where to begin.

    Yields:
        uint8 [H, W, 3].

    Raises:
        VideoOpenError: Not a video with a picture.
        VideoDecodeError: Damaged inside.
    """
    try:
        container = av.open(str(path), "r")
    except (OSError, av.FFmpegError) as error:
        raise VideoOpenError(path, f"cannot be opened ({error}); give a video file") from error
    with container:
        if not container.streams.video:
            raise VideoOpenError(path, "holds no picture; give a video file")
        count = int(seconds * rate)
        number, first = 0, None
        scaler = VideoReformatter()
        held: av.VideoFrame | None = None
        shown: Frames | None = None
        try:
            for frame in container.decode(container.streams.video[0]):
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                # Everything before this frame's time still shows the frame before it.
                while held is not None and number < count:
                    if start_seconds + number / float(rate) >= frame.time - first - _TIME_SLACK_SECONDS:
                        break
                    if shown is None:
                        shown = _pixels(held, size, scaler)
                    yield shown
                    number += 1
                if number >= count:
                    return
                held, shown = frame, None
        except av.FFmpegError as error:
            raise VideoDecodeError(path, f"cannot be decoded ({error}); leave it out") from error
        if held is not None and number < count:
            yield _pixels(held, size, scaler)


def real_clips(paths: Iterable[Path], rate: Fraction, size: tuple[int, int], seconds: float) -> Iterator[Frames]:
    """One clip for each of a user's videos that can be read; the others are logged and left out.

    Args:
        paths: Video files.
        rate: Frames a second of the clips.
        size: Width and height of the clips.
        seconds: Most seconds of each clip.

    Yields:
        uint8 [N, H, W, 3].
    """
    for path in paths:
        try:
            frames = list(video_frames(path, rate, size, seconds))
        except VideoError as error:
            logger.warning("left out: %s", error)
            continue
        if frames:
            yield np.stack(frames)
        else:
            logger.warning("left out: %s: no frame could be decoded", path)
