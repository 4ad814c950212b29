"""Two recordings on one clock: their features as samples that show what changes."""

import math
from dataclasses import dataclass

import numpy as np

from vdup.temporal.window_means import WindowMeans
from vdup.types import BoolArray, FloatArray, FrameFeatures, TimeArray

_COMPONENTS = 96
_FRAMES_FOR_COMPONENTS = 256
"""Frames of each recording that the components are found on, evenly over its length."""
_NEIGHBOURS = 16
"""Samples on either side whose mean is taken off a sample."""


@dataclass(frozen=True)
class Line:
    """Time in recording a as a function of time in recording b."""

    speed: float
    """Seconds of a that pass in one second of b."""
    offset_seconds: float
    """Time in a at which b's time 0 lies; may lie outside a."""

    def a_at(self, b_seconds: float) -> float:
        """Time in a for a time in b."""
        return self.offset_seconds + self.speed * b_seconds

    def b_at(self, a_seconds: float) -> float:
        """Time in b for a time in a."""
        return (a_seconds - self.offset_seconds) / self.speed

    def overlap_in_b(self, a_end_seconds: float, b_end_seconds: float) -> tuple[float, float]:
        """Times in b between which both recordings run; the second is not above the first when they never do."""
        return max(0.0, self.b_at(0.0)), min(b_end_seconds, self.b_at(a_end_seconds))

    def turned(self, speed: float, b_seconds: float) -> "Line":
        """The line of another speed that agrees with this one at a time in b."""
        return Line(speed, self.a_at(b_seconds) - speed * b_seconds)


class Recordings:
    """The samples of two recordings at any rate, a at its own speed and b at any.

    A sample is the mean feature of a short time, blended with its neighbours, less the mean of the 16 samples on either
    side. What stays the same, such as a camera's view of a place, is taken off by that; what happens at one moment is
    left. Its length is brought towards 1, so that one flash does not outweigh a minute: it is divided by itself plus
    the median length.
    """

    def __init__(self, a: FrameFeatures, b: FrameFeatures) -> None:
        """Prepares the recordings.

        Args:
            a: features [Na, d]; a row of zeros is a picture that says nothing.
            b: features [Nb, d].

        Raises:
            ValueError: shapes do not fit, or the times of the frames do not increase.
        """
        self._a, self._b = (WindowMeans(video) for video in _reduced(a, b))
        self.a_end_seconds, self.b_end_seconds = self._a.end_seconds, self._b.end_seconds
        self.step_seconds = max(self._a.step_seconds, self._b.step_seconds)
        """The usual distance of frames in the recording that has fewer a second."""

    def of_a(self, start_seconds: float, step_seconds: float, count: int) -> FloatArray:
        """Samples of a: float32 [count, components], zeros where nothing is known.

        Args:
            start_seconds: where the first sample begins, in a.
            step_seconds: length of a sample.
            count: number of samples.
        """
        return _changes(self._a, start_seconds, step_seconds, count, 1.0)

    def of_b(self, start_seconds: float, step_seconds: float, count: int, speed: float) -> FloatArray:
        """Samples of b on a clock on which b runs at a speed.

        Args:
            start_seconds: where the first sample begins, on that clock, which starts with b.
            step_seconds: length of a sample on that clock.
            count: number of samples.
            speed: seconds of that clock that pass in one second of b.
        """
        return _changes(self._b, start_seconds, step_seconds, count, speed)

    def whole(self, step_seconds: float, speed: float) -> tuple[FloatArray, FloatArray]:
        """All samples of both, from the start of each."""
        count_a = max(1, math.ceil(self.a_end_seconds / step_seconds))
        count_b = max(1, math.ceil(self.b_end_seconds * speed / step_seconds))
        return self.of_a(0.0, step_seconds, count_a), self.of_b(0.0, step_seconds, count_b, speed)

    def on(self, line: Line, step_seconds: float, margin: int) -> tuple[FloatArray, FloatArray]:
        """Samples of the stretch that both share along a line, row by row of the same moment.

        Args:
            line: where b lies on a.
            step_seconds: length of a sample, in a.
            margin: samples by which the line may yet be shifted; the stretch is longer by these on both sides.

        Returns:
            Float32 [K, components] of a and of b; K = 0 where they share nothing.
        """
        start, end = line.overlap_in_b(self.a_end_seconds, self.b_end_seconds)
        count = math.floor((end - start) * line.speed / step_seconds)
        if count < 1:
            return self.of_a(0.0, step_seconds, 0), self.of_a(0.0, step_seconds, 0)
        # Samples further out give those inside their means.
        before = margin + _NEIGHBOURS
        first, count = start * line.speed - before * step_seconds, count + 2 * before
        return (
            self.of_a(line.offset_seconds + first, step_seconds, count),
            self.of_b(first, step_seconds, count, line.speed),
        )


def backwards(video: FrameFeatures) -> FrameFeatures:
    """The recording played backwards."""
    times = video.times_seconds
    turned = times[0] + times[-1] - times if len(times) else times
    return FrameFeatures(video.features[::-1].copy(), turned[::-1].copy(), video.duration_seconds)


def _reduced(a: FrameFeatures, b: FrameFeatures) -> tuple[FrameFeatures, FrameFeatures]:
    """Both in the components in which their frames differ most: a tenth of the arithmetic, and less noise."""
    if a.features.ndim != 2 or b.features.ndim != 2 or a.features.shape[1] != b.features.shape[1]:
        raise ValueError(f"features must be [Na, d] and [Nb, d], got {a.features.shape} and {b.features.shape}")
    shown_a, shown_b = _shown(a), _shown(b)
    rows = np.concatenate([_evenly(video.features[shown]) for video, shown in ((a, shown_a), (b, shown_b))])
    mean = rows.mean(axis=0) if len(rows) else np.zeros(a.features.shape[1], dtype=np.float32)
    centred = (rows - mean).astype(np.float64)
    # The products of few rows give the same components as those of many columns, sooner.
    powers, weights = np.linalg.eigh(centred @ centred.T)
    powers, weights = powers[::-1][:_COMPONENTS], weights[:, ::-1][:, :_COMPONENTS]
    kept = powers > 1e-9 * max(1.0, float(powers.max(initial=0.0)))
    basis = centred.T @ weights[:, kept] / np.sqrt(powers[kept])
    parts = []
    for video, shown in ((a, shown_a), (b, shown_b)):
        features = ((video.features - mean) @ basis.astype(np.float32)).astype(np.float32)
        parts.append(
            FrameFeatures(np.where(shown[:, None], features, 0.0), video.times_seconds, video.duration_seconds)
        )
    return parts[0], parts[1]


def _shown(video: FrameFeatures) -> BoolArray:
    return np.asarray(video.features.any(axis=1), dtype=np.bool_)


def _evenly(features: FloatArray) -> FloatArray:
    if len(features) <= _FRAMES_FOR_COMPONENTS:
        return features
    return features[np.linspace(0, len(features) - 1, _FRAMES_FOR_COMPONENTS).astype(np.int64)]


def _changes(video: WindowMeans, start_seconds: float, step_seconds: float, count: int, speed: float) -> FloatArray:
    """The samples of one recording; times are on a clock on which it runs at a speed."""
    # A window a step long holds one frame or halves of two, whichever way it lies, and noise counts more in the former.
    # Blending three windows makes that the same everywhere; otherwise some offsets and speeds would look better.
    edges: TimeArray = (start_seconds + np.arange(-1, count + 2, dtype=np.float64) * step_seconds) / speed
    parts, shares = video.means(edges)
    weights = np.stack([shares[:-2], 2.0 * shares[1:-1], shares[2:]])
    total = weights.sum(axis=0)
    blended = parts[:-2] * weights[0, :, None] + parts[1:-1] * weights[1, :, None] + parts[2:] * weights[2, :, None]
    known = shares[1:-1] > 0
    means = np.where(known[:, None], blended / np.maximum(total, 1e-9)[:, None], 0.0)
    rows = np.arange(len(means))
    first, last = np.maximum(rows - _NEIGHBOURS, 0), np.minimum(rows + _NEIGHBOURS + 1, len(means))
    sums = np.concatenate([np.zeros((1, means.shape[1])), np.cumsum(means, axis=0, dtype=np.float64)])
    counts = np.concatenate([[0], np.cumsum(known)])
    around = (sums[last] - sums[first]) / np.maximum(counts[last] - counts[first], 1)[:, None]
    changes = np.where(known[:, None], means - around, 0.0).astype(np.float32)
    lengths = np.sqrt(np.einsum("nd,nd->n", changes, changes))
    moving = lengths > 1e-6
    typical = float(np.median(lengths[moving])) if moving.any() else 1.0
    # What covers a part of its window counts for that part, so nothing jumps as an end moves across a window.
    changes *= np.where(moving, shares[1:-1] / (lengths + typical), 0.0).astype(np.float32)[:, None]
    return changes
