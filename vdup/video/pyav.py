"""Frames by way of PyAV: streaming, bounded in memory, forgiving of damaged packets."""

import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from vdup.errors import NoVideoStreamError, VideoDecodeError
from vdup.types import Intervals, VideoInfo
from vdup.video.container import open_container
from vdup.video.damaged_moments import DamagedMoments
from vdup.video.scaling import scaled_size
from vdup.video.skipping import SKIPPING_CODECS, TickSelection, VideoPacket
from vdup.video.ticks import TickClock

logger = logging.getLogger(__name__)

_DECODER_THREADS = 2
_FALLBACK_FRAME_SECONDS = 0.04
# A step back in time longer than this is a new time line (joined recordings); a shorter one is a stray frame.
_NEW_TIME_LINE_SECONDS = 1.0


class PyAVReader:
    """Reads one video with FFmpeg's libraries as PyAV ships them.

    Construction decodes one frame, so a file that opens but cannot be decoded is refused at once. Damaged packets are
    skipped. Nothing is held open between two calls of :meth:`frames_at`.
    """

    def __init__(self, path: Path, short_side_pixels: int = 320) -> None:
        """Open and probe a file.

        Args:
            path: the video file.
            short_side_pixels: frames are scaled down until their short side has at most this many pixels.

        Raises:
            VideoOpenError: the file is missing, unreadable or not a media file.
            NoVideoStreamError: it has no moving picture.
            VideoDecodeError: no frame of it can be decoded.
        """
        self._path = path
        self._open_containers: list[InputContainer] = []
        self._damaged: Intervals = ()
        with open_container(path) as container:
            stream = moving_stream(path, container)
            first = next(_decoded_frames(path, container, stream, DamagedMoments()), None)
            if first is None:
                raise VideoDecodeError(path, "it opens as a video, but no frame of it can be decoded")
            self.info = _describe(container, stream, first)
        size = scaled_size(self.info.width, self.info.height, short_side_pixels)
        # Scaling happens before rotation: on fewer pixels.
        self._width, self._height = size if self.info.rotation_degrees % 180 == 0 else size[::-1]
        self._end_seconds = self.info.duration_seconds or 0.0

    @property
    def duration_seconds(self) -> float:
        """End of the last frame once all were read; before that what the container says, 0 if it says nothing."""
        return self._end_seconds

    @property
    def damaged_seconds(self) -> Intervals:
        """Stretches whose pictures were damaged, once all were read."""
        return self._damaged

    def frames_at(
        self, frames_per_second: float, start_seconds: float = 0.0
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Frames on screen at the ticks of a clock; see :class:`~vdup.video.reader.VideoReader`.

        Frames before ``start_seconds`` are decoded and dropped rather than sought past: seeking is exact only in some
        containers.
        """
        clock = TickClock(frames_per_second, start_seconds)
        container = open_container(self._path)
        self._open_containers.append(container)
        try:
            stream = moving_stream(self._path, container)
            scaler = VideoReformatter()
            end_seconds = 0.0
            selection = None
            if stream.codec_context.codec.canonical_name in SKIPPING_CODECS and stream.time_base:
                selection = TickSelection(float(stream.time_base), frames_per_second)
            damaged = DamagedMoments()
            frames = _decoded_frames(self._path, container, stream, damaged, selection)
            for start, end_seconds, frame in _presented_frames(stream, frames):
                if clock.shows(end_seconds):
                    yield start, self._upright(scaler, frame)
            if end_seconds == 0.0:
                raise VideoDecodeError(self._path, "it opens as a video, but no frame of it can be decoded")
            self._end_seconds = end_seconds
            self._damaged = damaged.intervals(float((stream.start_time or 0) * (stream.time_base or 0)), end_seconds)
        finally:
            container.close()
            if container in self._open_containers:
                self._open_containers.remove(container)

    def _upright(self, scaler: VideoReformatter, frame: av.VideoFrame) -> NDArray[np.uint8]:
        try:
            # Bicubic, as decord scales, so that both readers give the same pictures.
            scaled = scaler.reformat(
                frame, width=self._width, height=self._height, format="rgb24", interpolation="BICUBIC"
            )
            pixels: NDArray[np.uint8] = np.asarray(scaled.to_ndarray(), dtype=np.uint8)
        except (av.FFmpegError, ValueError) as error:
            raise VideoDecodeError(self._path, f"a frame cannot be converted to RGB: {error}") from error
        return np.ascontiguousarray(np.rot90(pixels, k=-(self.info.rotation_degrees // 90)))

    def close(self) -> None:
        """Close the file if a call of :meth:`frames_at` still has it open."""
        for container in self._open_containers:
            container.close()
        self._open_containers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def moving_stream(path: Path, container: InputContainer) -> av.VideoStream:
    """The moving picture of a file, set up for decoding.

    Raises:
        NoVideoStreamError: there is none.
        VideoDecodeError: there is no decoder for it.
    """
    # Cover art of a sound file is stored as a video stream of one picture.
    moving = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not moving:
        raise NoVideoStreamError(path, "the file has no video stream (sound only?)")
    best = container.streams.best("video")
    stream = next((candidate for candidate in moving if best is not None and candidate.index == best.index), moving[0])
    if stream.codec_context is None:
        raise VideoDecodeError(path, "there is no decoder for the format of its video stream")
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = _DECODER_THREADS
    return stream


def _decoded_frames(
    path: Path,
    container: InputContainer,
    stream: av.VideoStream,
    moments: DamagedMoments,
    selection: TickSelection | None = None,
) -> Iterator[av.VideoFrame]:
    """All frames that can be decoded, in presentation order; damage costs only the frames it touches, and is noted.

    With a selection, frames that are on screen at no tick may be missing.
    """
    damaged = 0
    packets = _packets(path, container, stream)
    for packet, wanted in selection.packets(packets) if selection else ((packet, True) for packet in packets):
        # At the end, when the decoder gives out what it holds, nothing is left to skip.
        stream.codec_context.skip_frame = "DEFAULT" if wanted else "NONREF"
        try:
            for frame in packet.decode():
                if selection:
                    selection.starts_at(frame.pts)
                if frame.is_corrupt:
                    moments.note(frame.time)
                elif frame.key_frame:
                    moments.note_whole_key(frame.time)
                yield frame
        except av.FFmpegError as error:
            damaged += 1
            moments.note(None if packet.pts is None else float(packet.pts * packet.time_base))
            logger.debug("%s: a packet cannot be decoded: %s", path, error.strerror)
    if damaged:
        logger.warning("%s: %d damaged packets were skipped", path, damaged)


def _packets(path: Path, container: InputContainer, stream: av.VideoStream) -> Iterator[VideoPacket]:
    """The packets of a stream up to its end or to where the file breaks off."""
    try:
        yield from container.demux(stream)
    except av.FFmpegError as error:
        logger.warning("%s: the file ends early or is damaged: %s", path, error.strerror)


def _presented_frames(
    stream: av.VideoStream, frames: Iterator[av.VideoFrame]
) -> Iterator[tuple[float, float, av.VideoFrame]]:
    """Each frame with its start and end, from 0 for the first one and always increasing."""
    time_base = float(stream.time_base or 0)
    usual_length = 1 / float(stream.average_rate) if stream.average_rate else _FALLBACK_FRAME_SECONDS
    origin = 0.0
    held: tuple[float, av.VideoFrame] | None = None
    gap = usual_length
    skipped = 0.0, 0.0
    for frame in frames:
        time = None if frame.pts is None else frame.pts * time_base
        if held is None:
            origin, start = time or 0.0, 0.0
        elif time is None:
            start = held[0] + gap
        else:
            start = time - origin
            if skipped[0] < start < skipped[1]:
                continue  # it comes late, behind a frame from beyond what is damaged
            if start < held[0] - _NEW_TIME_LINE_SECONDS:
                origin, start = time - held[0] - gap, held[0] + gap
            if start <= held[0]:
                continue
        if held is not None:
            gap = start - held[0]
            if gap > _NEW_TIME_LINE_SECONDS:
                skipped = held[0], start
            yield held[0], start, held[1]
        held = start, frame
    if held is not None:
        length = (held[1].duration or 0) * time_base
        yield held[0], held[0] + (length if length > 0 else gap), held[1]


def _describe(container: InputContainer, stream: av.VideoStream, first: av.VideoFrame) -> VideoInfo:
    # FFmpeg counts counter-clockwise, and phones write odd angles only by mistake.
    rotation = round(-first.rotation / 90) * 90 % 360
    width, height = (first.width, first.height) if rotation % 180 == 0 else (first.height, first.width)
    duration: float | None = None
    if stream.duration and stream.time_base:
        duration = float(stream.duration * stream.time_base)
    elif container.duration:
        duration = container.duration / av.time_base
    codec = stream.codec_context.codec.canonical_name
    return VideoInfo(width, height, duration, codec, rotation)
