"""Pairs of recordings with a known offset and speed, made of events: of drawn ones, or of features of real videos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vdup.temporal.recordings import Alignment
from vdup.types import FloatArray, FrameFeatures

_SPEEDS = (1.0, 1.0, 1.0, 25 / 24, 24 / 25, 0.8, 1.25, 2.0)
NOISE_LEVELS = (0.0, 0.5, 1.0, 2.0)
"""Length of what is added to a feature, beside its own."""
_LEAST_OVERLAP_SECONDS = 4.0
RIGHT_SECONDS = 0.5
"""An alignment is right when it is no further off in the middle of the overlap."""


@dataclass(frozen=True)
class Event:
    """What happens, as features at a steady rate."""

    features: FloatArray
    """float32 [N, d]."""
    rate: float
    """Features a second."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.features) / self.rate


@dataclass(frozen=True)
class RecordingPair:
    """Two recordings; ``noise`` None: of different events."""

    a: FrameFeatures
    b: FrameFeatures
    offset_seconds: float = 0.0
    speed: float = 1.0
    noise: float | None = None

    def error_seconds(self, alignment: Alignment | None) -> float:
        """How far an alignment is off, in a, in the middle of the true overlap; infinite without one."""
        if alignment is None or self.noise is None:
            return np.inf
        start = max(0.0, -self.offset_seconds / self.speed)
        end = min(self.b.duration_seconds, (self.a.duration_seconds - self.offset_seconds) / self.speed)
        middle = (start + end) / 2
        found = alignment.offset_seconds + alignment.speed * middle
        return abs(found - self.offset_seconds - self.speed * middle)


def make_event(seed: int, seconds: float, dimensions: int = 32, *, cut_seconds: float = 4.0) -> Event:
    """A walk of small steps, thirty a second, that jumps every ``cut_seconds`` or so, as shots do."""
    random = np.random.default_rng(seed)
    count = round(seconds * 30)
    steps = 0.12 * random.standard_normal((count, dimensions))
    steps[random.random(count) < 1 / (30 * cut_seconds)] *= 20.0
    walk = np.cumsum(steps, axis=0) + random.standard_normal(dimensions)
    return Event((walk / np.linalg.norm(walk, axis=1, keepdims=True)).astype(np.float32), 30.0)


def record(
    event: Event,
    start: float,
    end: float,
    *,
    fps: float = 5.0,
    phase: float = 0.0,
    speed: float = 1.0,
    noise: float = 0.0,
    seed: int = 0,
) -> FrameFeatures:
    """A recording of an event between two of its seconds, played at a speed.

    Args:
        event: what is recorded.
        start: in the event, seconds.
        end: in the event, seconds.
        fps: frames a second of the recording.
        phase: time of its first frame.
        speed: seconds of the event in one second of the recording.
        noise: length of what is added to features of length 1; half of its power is the same for all frames, like the
            view of a camera, and half differs from frame to frame.
        seed: of the noise.
    """
    random = np.random.default_rng(seed)
    times = np.arange(phase, (end - start) / speed - 1e-9, 1 / fps)
    rows = np.clip(np.rint((start + times * speed) * event.rate).astype(np.int64), 0, len(event.features) - 1)
    features = event.features[rows].astype(np.float64)
    view, each = random.standard_normal(features.shape[1]), random.standard_normal(features.shape)
    features = features + noise / np.sqrt(2 * features.shape[1]) * (view + each)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    return FrameFeatures(features.astype(np.float32), times, (end - start) / speed)


def draw_pairs(events: Sequence[Event], count: int, seed: int) -> Iterator[RecordingPair]:
    """Pairs of random stretches, speeds and noise, every other one of two different events.

    Args:
        events: two or more.
        count: number of pairs.
        seed: of everything random.
    """
    random = np.random.default_rng(seed)
    for number in range(count):
        noise = float(random.choice(NOISE_LEVELS))
        first, second = random.choice(len(events), 2, replace=False)
        related = number % 2 == 0
        a_event, b_event = events[first], events[first if related else second]
        speed = float(random.choice(_SPEEDS))
        a_start, a_end = _stretch(random, a_event.seconds)
        b_start, b_end = _stretch(random, b_event.seconds)
        while related and min(a_end, b_end) - max(a_start, b_start) < min(_LEAST_OVERLAP_SECONDS, a_event.seconds / 3):
            b_start, b_end = _stretch(random, b_event.seconds)
        a, b = (
            record(
                event, start, end, phase=float(random.uniform(0, 0.2)), speed=own, noise=noise, seed=2 * number + side
            )
            for side, (event, start, end, own) in enumerate(
                ((a_event, a_start, a_end, 1.0), (b_event, b_start, b_end, speed))
            )
        )
        yield RecordingPair(a, b, b_start - a_start, speed, noise) if related else RecordingPair(a, b)


def _stretch(random: np.random.Generator, seconds: float) -> tuple[float, float]:
    length = float(random.uniform(0.35, 1.0)) * seconds
    start = float(random.uniform(0, seconds - length))
    return start, start + length
