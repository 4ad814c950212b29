"""Which packets hold a picture that is on screen at no tick, so that the decoder may leave it out.

At one frame a second most pictures are decoded for nothing. Those that no other picture is built from can be left out
without any effect on the rest: in everyday H.264 and HEVC files that saves a third of the time. FFmpeg knows them
(``skip_frame=NONREF``); what it does not know is which of them are asked for.

The rule is careful: where it is not sure, the picture is decoded.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import av

from vdup.video.ticks import first_tick_at

VideoPacket: TypeAlias = "av.Packet[av.VideoStream]"

SKIPPING_CODECS = frozenset({"h264", "hevc"})
"""Codecs whose decoders leave out exactly the pictures that are no reference, and whose packets are one picture."""

_REACH_PACKETS = 40
"""Packets looked at before and after one for the picture shown next. H.264 and HEVC reorder by 16 pictures at most."""
_SLACK_SECONDS = 0.002
"""A tick this near to a picture counts as its own, as containers round times."""
_LAST_PICTURES = 3
"""The last pictures are all wanted: the length of the video is told from the distance between them."""
_BACKWARDS_SECONDS = 1.0
"""Time that runs back by more than reordering does: the recording is joined from several."""


class TickSelection:
    """Follows the packets of a stream and tells which pictures are wanted."""

    def __init__(self, time_base: float, frames_per_second: float) -> None:
        """Takes the seconds of one unit of time, and the rate of the ticks."""
        self._time_base = time_base
        self._frames_per_second = frames_per_second
        self._origin_pts: int | None = None
        self._latest_pts: int | None = None
        self._trusted = True

    def starts_at(self, pts: int | None) -> None:
        """Sets the time of the first picture that the decoder gave, from which ticks are counted; needed once."""
        if self._origin_pts is None:
            self._origin_pts = pts
            self._trusted &= pts is not None

    def packets(self, source: Iterator[VideoPacket]) -> Iterator[tuple[VideoPacket, bool]]:
        """All packets in order, each with False when its picture is on screen at no tick, True otherwise.

        Every picture is wanted until :meth:`starts_at` was called, and from the first packet on whose time is missing,
        marked as not to be shown, or runs backwards.
        """
        behind: deque[int] = deque(maxlen=_REACH_PACKETS)
        ahead: deque[VideoPacket] = deque(islice(source, _REACH_PACKETS + 1))
        while ahead:
            packet = ahead.popleft()
            self._check(packet)
            yield packet, self._wanted(packet, behind, ahead)
            if packet.pts is not None:
                behind.append(packet.pts)
            ahead.extend(islice(source, 1))

    def _check(self, packet: VideoPacket) -> None:
        if packet.size == 0:  # the end of the stream
            return
        pts, latest = packet.pts, self._latest_pts
        if pts is None or packet.is_discard or packet.is_corrupt:
            self._trusted = False
            return
        if latest is not None and (latest - pts) * self._time_base > _BACKWARDS_SECONDS:
            self._trusted = False
        self._latest_pts = pts if latest is None else max(latest, pts)

    def _wanted(self, packet: VideoPacket, behind: deque[int], ahead: deque[VideoPacket]) -> bool:
        pts, origin = packet.pts, self._origin_pts
        if not self._trusted or pts is None or origin is None:
            return True
        later = [moment for moment in behind if moment > pts]
        later += [one.pts for one in ahead if one.size and one.pts is not None and one.pts > pts]
        if len(later) < _LAST_PICTURES:
            return True
        start, end = ((moment - origin) * self._time_base for moment in (pts, min(later)))
        first = first_tick_at(start - _SLACK_SECONDS, self._frames_per_second)
        return first_tick_at(end + _SLACK_SECONDS, self._frames_per_second) > first
