"""Frames of a video, cut to their picture and scaled, in batches."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vdup.types import MOVIE_VIEW, FrameBatch, VideoEnd, VideoInfo
from vdup.video.bars import find_picture
from vdup.video.blank import is_blank
from vdup.video.layout import LayoutTracker
from vdup.video.movie_ticks import SampledFrame, movie_ticks, parted_at_cut, ticks_between
from vdup.video.rate import rate_for
from vdup.video.reader import DEFAULT_SHORT_SIDE_PIXELS, VideoReader, open_video
from vdup.video.scaling import shrink, squash
from vdup.video.shots import is_cut

SHOT_LIMIT_FRAMES = 32
"""A shot is handed on after this many sampled frames; its bars are then decided from these."""

STRETCH_FRAMES = 6
"""Shots are put together until there are so many frames to find panels in: a layout often outlasts a shot."""

_Box = tuple[float, float, float, float]
"""Top, left, height and width in shares of the frame's sides."""
_Sample = tuple[float, NDArray[np.uint8], bool, _Box]
_WHOLE: _Box = (0.0, 0.0, 1.0, 1.0)


class VideoSampler:
    """Samples one video; iterate it to get the batches.

    Memory is bounded by one shot of at most ``SHOT_LIMIT_FRAMES`` decoded frames plus one batch, whatever the length;
    with ``panels`` by ``SHOT_LIMIT_FRAMES + STRETCH_FRAMES`` frames and five batches.
    """

    def __init__(
        self,
        reader: VideoReader,
        *,
        frames_per_second: float,
        side_pixels: int,
        crop_bars: bool,
        panels: bool = False,
        batch_size: int = 32,
        least_frames: int = 1,
        movie_fps: float = 0.0,
    ) -> None:
        """Take over an open reader.

        Args:
            reader: closed together with the sampler.
            frames_per_second: frames taken from each second of presentation.
            side_pixels: width and height of the images; the aspect is squashed.
            crop_bars: find black bars shot by shot and cut them off.
            panels: besides whole frames, give the views that :mod:`~vdup.video.layout` finds, in batches of their own.
            batch_size: most frames in one batch.
            least_frames: of a short video more frames a second are taken, to have so many; see :mod:`.rate`.
            movie_fps: besides whole frames give at least so many small grey pictures a second
                (:mod:`vdup.movies.movie`) in batches with the view ``MOVIE_VIEW``, evenly spaced, held ones repeated;
                0 gives none.

        Raises:
            ValueError: ``side_pixels`` or ``batch_size`` is below 1.
        """
        if side_pixels < 1 or batch_size < 1:
            raise ValueError(f"side_pixels={side_pixels} and batch_size={batch_size} must be 1 or more")
        self._reader = reader
        self._frames_per_second = rate_for(frames_per_second, reader.info.duration_seconds, least_frames)
        self._side_pixels = side_pixels
        self._crop_bars = crop_bars
        self._panels = panels
        self._batch_size = batch_size
        self._movie_ticks = ticks_between(self._frames_per_second, movie_fps)

    @property
    def info(self) -> VideoInfo:
        """What the container says of the stream."""
        return self._reader.info

    @property
    def duration_seconds(self) -> float:
        """End of the last frame once all batches were taken; before that what the container says."""
        return self._reader.duration_seconds

    @property
    def end(self) -> VideoEnd:
        """What is known once all batches were taken."""
        return VideoEnd(self._reader.duration_seconds, self._reader.damaged_seconds)

    def __iter__(self) -> Iterator[FrameBatch]:
        """Read the video from its start.

        Times increase from batch to batch of the same ``view``.

        Raises:
            ValueError: ``frames_per_second`` is not a positive number.
            VideoDecodeError: no frame can be decoded.
        """
        batches: dict[int, list[_Sample]] = {}
        for view, sample in self._samples():
            batch = batches.setdefault(view, [])
            batch.append(sample)
            if len(batch) == self._batch_size * (self._movie_ticks if view == MOVIE_VIEW else 1):
                yield _pack(view, batch)
                batches[view] = []
        for view, batch in batches.items():
            if batch:
                yield _pack(view, batch)

    def _samples(self) -> Iterator[tuple[int, _Sample]]:
        """Samples with the number of their view, those of each view in order."""
        tracker = LayoutTracker(self._crop_bars)
        movie_rate = self._frames_per_second * self._movie_ticks
        pictures = 0
        for stretch in gather_shots(split_shots(self._frames()), STRETCH_FRAMES if self._panels else 1):
            for shot in stretch:
                rows, columns = self._picture(shot)
                for frame in shot:
                    picture = np.ascontiguousarray(frame.picture[rows, columns])
                    box = _shares(rows, columns, frame.picture)
                    yield 0, self._sample(frame.time_seconds, picture, box)
                    for grey in frame.movie:
                        small = shrink(grey[rows, columns])[:, :, None]
                        yield MOVIE_VIEW, (pictures / movie_rate, small, True, box)
                        pictures += 1
            if not self._panels:
                continue
            frames = [frame for shot in stretch for frame in shot]
            for number, view in tracker.views([frame.picture for frame in frames]).items():
                rows, columns = slice(view.box.top, view.box.bottom), slice(view.box.left, view.box.right)
                for frame in frames:
                    box = _shares(rows, columns, frame.picture)
                    yield number, self._sample(frame.time_seconds, view.show(frame.picture), box)

    def _frames(self) -> Iterator[SampledFrame]:
        if not self._movie_ticks:
            for time_seconds, picture in self._reader.frames_at(self._frames_per_second):
                yield SampledFrame(time_seconds, picture)
            return
        frames = self._reader.frames_at(self._frames_per_second * self._movie_ticks)
        yield from movie_ticks(
            frames, self._frames_per_second, self._movie_ticks, lambda: self._reader.duration_seconds
        )

    def _sample(self, time_seconds: float, picture: NDArray[np.uint8], box: _Box) -> _Sample:
        return time_seconds, squash(picture, self._side_pixels), not is_blank(picture), box

    def _picture(self, shot: list[SampledFrame]) -> tuple[slice, slice]:
        """Rows and columns of the picture of a shot, its bars left out."""
        if not self._crop_bars:
            return slice(None), slice(None)
        top, bottom, left, right = find_picture(np.stack([frame.picture for frame in shot]))
        return slice(top, bottom), slice(left, right)

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sample_video(
    path: Path,
    *,
    frames_per_second: float,
    side_pixels: int,
    crop_bars: bool,
    panels: bool = False,
    batch_size: int = 32,
    least_frames: int = 1,
    movie_fps: float = 0.0,
) -> VideoSampler:
    """Open a video and sample it.

    Args:
        path: the video file.
        frames_per_second: frames taken from each second of presentation.
        side_pixels: width and height of the images; the aspect is squashed.
        crop_bars: find black bars shot by shot and cut them off.
        panels: give the views of the layout besides whole frames.
        batch_size: most frames in one batch.
        least_frames: of a short video more frames a second are taken, to have so many.
        movie_fps: give small grey pictures as well; see :class:`VideoSampler`.

    Returns:
        A sampler to iterate; use it as a context manager, so that the file is closed.

    Raises:
        VideoError: see :func:`~vdup.video.reader.open_video`.
        ValueError: ``side_pixels`` or ``batch_size`` is below 1.
    """
    # A quarter more than needed, as bars may be cut off.
    short_side_pixels = max(DEFAULT_SHORT_SIDE_PIXELS, side_pixels * 5 // 4)
    reader = open_video(path, short_side_pixels)
    try:
        return VideoSampler(
            reader,
            frames_per_second=frames_per_second,
            side_pixels=side_pixels,
            crop_bars=crop_bars,
            panels=panels,
            batch_size=batch_size,
            least_frames=least_frames,
            movie_fps=movie_fps,
        )
    except ValueError:
        reader.close()
        raise


def split_shots(frames: Iterable[SampledFrame]) -> Iterator[list[SampledFrame]]:
    """Group frames into shots of at most ``SHOT_LIMIT_FRAMES``; times and order are kept.

    Grey pictures between two frames go to the shot whose frame they are more like: they are cut to its picture.
    """
    shot: list[SampledFrame] = []
    for sampled in frames:
        frame = sampled
        if shot and (len(shot) == SHOT_LIMIT_FRAMES or is_cut(shot[-1].picture, frame.picture)):
            shot[-1], frame = parted_at_cut(shot[-1], frame)
            yield shot
            shot = []
        shot.append(frame)
    if shot:
        yield shot


def gather_shots(shots: Iterable[list[SampledFrame]], least_frames: int) -> Iterator[list[list[SampledFrame]]]:
    """Puts consecutive shots together until they have ``least_frames`` frames; the last group may have fewer."""
    gathered: list[list[SampledFrame]] = []
    for shot in shots:
        gathered.append(shot)
        if sum(map(len, gathered)) >= least_frames:
            yield gathered
            gathered = []
    if gathered:
        yield gathered


def _shares(rows: slice, columns: slice, frame: NDArray[np.uint8]) -> _Box:
    """Where rows and columns of a frame lie in it."""
    if rows == columns == slice(None):
        return _WHOLE
    height, width = frame.shape[:2]
    tall, wide = rows.stop - rows.start, columns.stop - columns.start
    return rows.start / height, columns.start / width, tall / height, wide / width


def _pack(view: int, samples: list[_Sample]) -> FrameBatch:
    times, images, searchable, boxes = zip(*samples, strict=True)
    return FrameBatch(
        images=np.stack(images),
        times_seconds=np.array(times, dtype=np.float64),
        searchable=np.array(searchable, dtype=np.bool_),
        view=view,
        boxes=None if view == MOVIE_VIEW else np.array(boxes, dtype=np.float32),
    )
