"""Presentation times of a stream read from its packets, for files in which every packet is exactly one shown frame.

A reader that finds frames by number, as decord does, is right only where number ``k`` of the sorted packet times really
is picture ``k``. This module checks that, and says why where it does not hold.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from vdup.errors import VideoDecodeError, VideoOpenError
from vdup.types import BoolArray, RowArray, TimeArray
from vdup.video.container import open_container

# Elsewhere a packet may hold no picture (VP8's hidden frames), half of one (fields in a transport stream) or two
# (packed B-frames in AVI), or may lack its time.
_CONTAINERS = ("mov", "matroska")
# HEVC is out for another reason: its decoder may give two frames for one packet, at which decord stops with an error.
_CODECS = {"h264", "vp9", "av1"}


@dataclass(frozen=True)
class PacketTimes:
    """When each frame of a stream is shown, exact to the container's time base."""

    times_seconds: TimeArray
    """Start of each frame, float64 [N], increasing, the first one 0."""
    end_seconds: float
    """When the last frame leaves the screen."""


def read_packet_times(path: Path) -> PacketTimes:
    """Read the presentation times of all frames without decoding any.

    Raises:
        VideoDecodeError: packets and frames do not correspond one to one, or frames depend on ones before a key frame,
            so that frame numbers cannot be trusted; the text says which.
    """
    try:
        with open_container(path) as container:
            stream = container.streams.best("video")
            if not isinstance(stream, av.VideoStream) or stream.time_base is None:
                raise VideoDecodeError(path, "no video stream with a time base")
            _check_kind(path, container.format.name, stream.codec_context.codec.canonical_name)
            # Only numbers are kept: the packets of a whole file would not be small.
            rows: list[tuple[int, int, bool]] = []
            for packet in container.demux(stream):
                if packet.size == 0:  # the end of the stream
                    continue
                if packet.pts is None:
                    raise VideoDecodeError(path, "some packets have no presentation time")
                if packet.is_discard or packet.is_corrupt:
                    raise VideoDecodeError(path, "some packets are cut off by an edit list or marked as corrupt")
                rows.append((packet.pts, packet.duration or 0, packet.is_keyframe))
            seconds = float(stream.time_base)
    except VideoOpenError as error:
        raise VideoDecodeError(path, error.reason) from error
    except av.FFmpegError as error:
        raise VideoDecodeError(path, f"its packets cannot be read: {error.strerror}") from error
    pts = np.array([row[0] for row in rows], dtype=np.int64)
    _check_order(path, pts, np.array([row[2] for row in rows], dtype=np.bool_))
    length = rows[int(np.argmax(pts))][1]
    pts.sort()
    if length <= 0:
        length = int(np.diff(pts)[-1:].sum())
    return PacketTimes((pts - pts[0]) * seconds, float(pts[-1] - pts[0] + length) * seconds)


def _check_kind(path: Path, container: str, codec: str) -> None:
    if not container.startswith(_CONTAINERS):
        raise VideoDecodeError(path, f"packets of container {container} do not always give one frame each")
    if codec not in _CODECS:
        raise VideoDecodeError(path, f"packets of codec {codec} do not always give one frame each")


def _check_order(path: Path, pts: RowArray, keys: BoolArray) -> None:
    if len(pts) == 0 or not keys[0]:
        raise VideoDecodeError(path, "the stream does not begin with a key frame")
    if len(np.unique(pts)) != len(pts):
        raise VideoDecodeError(path, "two packets have the same presentation time")
    # A frame sent after a key frame but shown before it cannot be decoded when a seek lands on that key frame.
    shown_before = np.maximum.accumulate(pts)
    latest_earlier = np.concatenate([[np.iinfo(np.int64).min], shown_before[:-1]])
    earliest_later = np.minimum.accumulate(pts[::-1])[::-1]
    if np.any(keys & ((latest_earlier > pts) | (earliest_later < pts))):
        raise VideoDecodeError(
            path, "frames on both sides of a key frame depend on each other (open groups of pictures)"
        )
