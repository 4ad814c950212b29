"""Recordings of drawn events: features that wander, with a cut now and then."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import FrameFeatures

_TICKS = 30
"""Moments of an event in a second."""


@dataclass(frozen=True)
class Event:
    """What happens, as a feature for each thirtieth of a second."""

    features: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        return len(self.features) / _TICKS


def make_event(seed: int, seconds: float, dimensions: int = 32) -> Event:
    """A walk of small steps that jumps every few seconds, as shots do."""
    random = np.random.default_rng(seed)
    count = round(seconds * _TICKS)
    steps = 0.12 * random.standard_normal((count, dimensions))
    steps[random.random(count) < 1 / (4 * _TICKS)] *= 20.0
    return Event(np.cumsum(steps, axis=0) + random.standard_normal(dimensions))


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
    """A recording of the event between two of its seconds, played at a speed.

    ``phase``: time of the first frame. ``noise``: its length beside that of a feature; half of it stays the same for
    all frames, like the view of a camera, and half differs from frame to frame.
    """
    random = np.random.default_rng(seed)
    times = np.arange(phase, (end - start) / speed - 1e-9, 1 / fps)
    rows = np.clip(np.rint((start + times * speed) * _TICKS).astype(int), 0, len(event.features) - 1)
    features = event.features[rows]
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    view, each = random.standard_normal(features.shape[1]), random.standard_normal(features.shape)
    features = features + noise / np.sqrt(2 * features.shape[1]) * (view + each)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return FrameFeatures(features.astype(np.float32), times, (end - start) / speed)
