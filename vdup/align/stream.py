"""Streams: hypotheses "the query follows this reference from here, at this speed", fed frame by frame.

The idea is that of the "Detect Videos in Videos" seed: good hits open streams, each further frame extends or discards
them. Here a stream carries a speed, many live at once, and what extends it is the log-likelihood ratio of the frame
pair, so that its running sum is the evidence for a copy (a CUSUM test, Page 1954).
"""

from dataclasses import dataclass

import numpy as np

from vdup.align.track import ReferenceTrack
from vdup.types import BoolArray, FloatArray, RowArray

_POSITION_GAIN = 0.3
_SPEED_GAIN = 0.1
"""Gains of the alpha-beta filter that keeps a stream on its reference when its speed is slightly off."""

_SPEED_RATIO = 1.07
"""Neighbouring speeds of the opening grid. Half a ratio off is 0.3 s of drift in 10 s, which the filter follows."""

_LIVE = np.dtype(
    [
        ("reference", "f8"),  # where in the reference the stream is now
        ("speed", "f8"),
        ("slot", "i8"),  # which speed of the grid it was opened with
        ("opened", "f8"),  # query time of its first frame, and where in the reference it began
        ("opened_reference", "f8"),
        ("agreed", "f8"),  # query time of its last frame with evidence for a copy
        ("sum", "f8"),
        ("peak", "f8"),  # highest sum so far, and where that was
        ("peak_time", "f8"),
        ("peak_reference", "f8"),
        ("peak_speed", "f8"),
    ]
)

_ANCHORS_PER_FRAME = 6
_MOST_STREAMS = 4000


@dataclass(frozen=True)
class StreamRules:
    """When streams open and end."""

    min_speed: float
    max_speed: float
    max_gap_seconds: float
    open_evidence: float
    """Least evidence of a frame pair that opens streams, before it is weighted."""
    keep_evidence: float
    """Least peak of a stream that is reported."""
    give_up_below_peak: float
    """A stream ends when its sum falls this far under its peak."""

    def speeds(self) -> FloatArray:
        """Geometric grid that holds 1 and spans the allowed speeds."""
        slower = int(np.floor(np.log(1 / self.min_speed) / np.log(_SPEED_RATIO) + 1e-9))
        faster = int(np.floor(np.log(self.max_speed) / np.log(_SPEED_RATIO) + 1e-9))
        grid = _SPEED_RATIO ** np.arange(-slower, faster + 1, dtype=np.float64)
        return np.unique(np.concatenate([[self.min_speed], grid, [self.max_speed]])).astype(np.float32)


@dataclass(frozen=True)
class Stream:
    """A stream that has ended, from its opening to its peak."""

    query_start_seconds: float
    query_end_seconds: float
    reference_end_seconds: float
    """Reference time at ``query_end_seconds``."""
    speed: float
    evidence: float
    """Sum of log-likelihood ratios up to the peak."""

    def reference_at(self, query_seconds: float) -> float:
        """Reference time that belongs to a query time."""
        return self.reference_end_seconds + self.speed * (query_seconds - self.query_end_seconds)


class StreamMatcher:
    """Follows one reference through the frames of one query, which arrive in time order."""

    def __init__(self, track: ReferenceTrack, rules: StreamRules, weights: FloatArray | None = None) -> None:
        """Starts before the first frame.

        Args:
            track: the reference.
            rules: when streams open and end.
            weights: what the evidence of each row has been multiplied with, float32 [M]: common content counts less
                towards a match, but opens streams as readily, or else a video made of it would never be found.
        """
        self._track = track
        self._open_evidence = rules.open_evidence * (np.ones(len(track)) if weights is None else weights)
        self._rules = rules
        self._speeds = rules.speeds().astype(np.float64)
        self._reach_seconds = 0.75 * track.step_seconds
        self._ended: list[Stream] = []
        self._time_seconds = -np.inf
        self._streams = np.empty(0, dtype=_LIVE)

    @property
    def live(self) -> int:
        """Number of streams that may still grow."""
        return len(self._streams)

    def push(self, time_seconds: float, evidence: FloatArray) -> None:
        """Extends, discards and opens streams with the next query frame.

        Args:
            time_seconds: time of the frame, later than that of the frame before.
            evidence: log-likelihood ratio of the frame against every row of the reference, float32 [M].

        Raises:
            ValueError: the frame is not later than the one before, or ``evidence`` has another length than the track.
        """
        if len(evidence) != len(self._track):
            raise ValueError(f"evidence has {len(evidence)} values, the reference {len(self._track)} rows")
        if time_seconds <= self._time_seconds:
            raise ValueError(f"frame at {time_seconds} s pushed after one at {self._time_seconds} s")
        if self.live:
            self._extend(time_seconds, evidence)
        self._time_seconds = time_seconds
        self._open(time_seconds, evidence)

    def finish(self) -> list[Stream]:
        """Ends all streams and returns those with enough evidence, best first."""
        self._end(np.ones(self.live, dtype=bool))
        return sorted(self._ended, key=lambda stream: (-stream.evidence, abs(np.log(stream.speed))))

    def _extend(self, time_seconds: float, evidence: FloatArray) -> None:
        live = self._streams
        predicted = live["reference"] + live["speed"] * (time_seconds - self._time_seconds)
        gained, nearest = self._track.look_up(predicted, evidence, self._reach_seconds)
        agrees = gained > 0
        error = np.where(agrees, nearest - predicted, 0.0)
        age = np.maximum(time_seconds - live["opened"], 1.0)
        live["reference"] = predicted + _POSITION_GAIN * error
        live["speed"] = np.clip(live["speed"] + _SPEED_GAIN * error / age, self._rules.min_speed, self._rules.max_speed)
        live["sum"] += gained
        live["agreed"][agrees] = time_seconds
        higher = live["sum"] > live["peak"]
        live["peak"][higher] = live["sum"][higher]
        live["peak_time"][higher] = time_seconds
        live["peak_reference"][higher] = live["reference"][higher]
        live["peak_speed"][higher] = live["speed"][higher]
        self._end(
            (live["sum"] <= 0)
            | (live["sum"] < live["peak"] - self._rules.give_up_below_peak)
            | (time_seconds - live["agreed"] > self._rules.max_gap_seconds)
            | ~self._track.contains(live["reference"])
        )

    def _open(self, time_seconds: float, evidence: FloatArray) -> None:
        rows = self._anchors(evidence)
        if not len(rows):
            return
        middles = (self._track.starts_seconds[rows] + self._track.ends_seconds[rows]) / 2
        opened = np.empty((len(rows), len(self._speeds)), dtype=_LIVE)
        opened["reference"] = opened["opened_reference"] = opened["peak_reference"] = middles[:, None]
        opened["speed"] = opened["peak_speed"] = self._speeds
        opened["slot"] = np.arange(len(self._speeds))
        opened["opened"] = opened["peak_time"] = opened["agreed"] = time_seconds
        opened["sum"] = opened["peak"] = evidence[rows][:, None]
        new = opened.ravel()
        # A stream of the same speed that already passes here stands for the new one.
        near = np.abs(self._streams["reference"] - new["reference"][:, None]) <= self._track.step_seconds
        taken = (near & (self._streams["slot"] == new["slot"][:, None])).any(axis=1)
        self._streams = np.concatenate([self._streams, new[~taken]])
        if self.live > _MOST_STREAMS:
            over = np.zeros(self.live, dtype=np.bool_)
            over[np.argsort(self._streams["sum"], kind="stable")[: self.live - _MOST_STREAMS]] = True
            self._end(over)

    def _anchors(self, evidence: FloatArray) -> RowArray:
        """Rows that open streams: the best few above the bar that are not beaten by a direct neighbour."""
        summit = evidence >= self._open_evidence
        summit[1:] &= evidence[1:] >= evidence[:-1]
        summit[:-1] &= evidence[:-1] > evidence[1:]
        rows = np.flatnonzero(summit)
        best = np.argsort(-evidence[rows], kind="stable")[:_ANCHORS_PER_FRAME]
        return rows[best]

    def _end(self, over: BoolArray) -> None:
        if not over.any():
            return
        for live in self._streams[over & (self._streams["peak"] >= self._rules.keep_evidence)]:
            # The way it went tells the speed better than the filter's last state, which its corrections disturb.
            seconds = live["peak_time"] - live["opened"]
            speed = (live["peak_reference"] - live["opened_reference"]) / seconds if seconds > 0 else live["peak_speed"]
            self._ended.append(
                Stream(
                    query_start_seconds=float(live["opened"]),
                    query_end_seconds=float(live["peak_time"]),
                    reference_end_seconds=float(live["peak_reference"]),
                    speed=float(np.clip(speed, self._rules.min_speed, self._rules.max_speed)),
                    evidence=float(live["peak"]),
                )
            )
        self._streams = self._streams[~over]
