"""Frames spread evenly over a video, for networks that see the whole of it as one clip.

Runs in decoding processes and imports no network library.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vdup.config import SamplingConfig
from vdup.errors import VideoDecodeError
from vdup.types import FrameBatch, VideoEnd, VideoInfo
from vdup.video.decoding_process import SamplingPlan
from vdup.video.reader import VideoReader, open_video
from vdup.video.scaling import squash
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)

_NOMINAL_FRAMES_PER_SECOND = 0.1
"""Only the limit on the time between two frames looks at it: those of a film lie minutes apart."""
_SURVEY_FRAMES_PER_SECOND = 1.0

Picture = TypeVar("Picture")


def clip_pool(sampling: SamplingConfig, frames: int, side_pixels: int) -> DecoderPool:
    """Decoding processes that give one clip of every video; see :func:`read_clip`.

    Args:
        sampling: processes and time limits; its rates and its cropping of bars play no part.
        frames: of a clip.
        side_pixels: width and height of a clip; the aspect is squashed.
    """
    return DecoderPool(
        workers=sampling.workers,
        frames_per_second=_NOMINAL_FRAMES_PER_SECOND,
        side_pixels=side_pixels,
        crop_bars=False,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
        batch_size=frames,
        sample=sample_clip,
    )


def read_clip(video: DecodedVideo) -> NDArray[np.uint8]:
    """The clip of a video of :func:`clip_pool`, uint8 [frames, side, side, 3].

    Raises:
        VideoError: the file cannot be read.
    """
    batches = [batch.images for batch in video]
    if not batches:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
    return np.concatenate(batches)


def sample_clip(path: Path, plan: SamplingPlan) -> Iterator[VideoInfo | FrameBatch | VideoEnd]:
    """Frames at the middles of ``plan.batch_size`` equal parts of a video, each a batch of its own.

    A video with fewer frames shows some of them more than once, so that every clip is equally long.

    Raises:
        VideoError: the file cannot be read.
    """
    with closing(open_video(path)) as reader:
        yield reader.info
        duration_seconds = _length_of(reader)
        count = plan.batch_size
        moments = (np.arange(count) + 0.5) * (duration_seconds / count)
        # Twice as many ticks as parts: every second one is a middle.
        frames = reader.frames_at(2 * count / duration_seconds)
        for moment, picture in zip(moments.tolist(), on_screen(frames, moments.tolist()), strict=True):
            yield FrameBatch(
                images=squash(picture, plan.side_pixels)[None],
                times_seconds=np.array([moment]),
                searchable=np.ones(1, dtype=np.bool_),
            )
        yield VideoEnd(reader.duration_seconds, reader.damaged_seconds)


def on_screen(frames: Iterable[tuple[float, Picture]], moments_seconds: Sequence[float]) -> Iterator[Picture]:
    """The frame on screen at each moment: the last one that began no later, or the first of all.

    Args:
        frames: begin and picture of each, in order; one at least, or nothing is yielded.
        moments_seconds: increasing.
    """
    waiting = iter(moments_seconds)
    moment = next(waiting, None)
    shown: Picture | None = None
    for begin_seconds, picture in frames:
        while moment is not None and shown is not None and begin_seconds > moment:
            yield shown
            moment = next(waiting, None)
        shown = picture
    while moment is not None and shown is not None:
        yield shown
        moment = next(waiting, None)


def _length_of(reader: VideoReader) -> float:
    """Length in seconds; a video whose container does not say is read once to find its end."""
    if not reader.info.duration_seconds:
        for _ in reader.frames_at(_SURVEY_FRAMES_PER_SECOND):
            pass
    return max(reader.info.duration_seconds or reader.duration_seconds, 1e-3)
