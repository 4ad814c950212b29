"""Temporal Match Kernel score of one matched segment, and the small time offset at which it is best."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch

from vdup.temporal.tmk import TMK
from vdup.types import FloatArray, TimeArray

_PERIODS_SECONDS = (29.0, 67.0, 151.0)
"""Mutually prime, each a little over twice the one before. With beta = 32 their kernels are 0.8, 1.9 and 4.2 s wide
(one standard deviation). The shortest is wide enough for frames taken once a second, whose grids may lie half a second
apart. What repeats after 29 s is told apart by the two longer ones; all three repeat together after 81 hours."""

_FREQUENCIES = 16
"""The first term left out has 2 % of the weight of the first one kept."""


_threads = threading.Lock()


@lru_cache(maxsize=1)
def _kernel() -> TMK:
    return TMK(_PERIODS_SECONDS, m=_FREQUENCIES, normalization="feat_freq", beta=32.0)


@contextmanager
def _in_one_thread() -> Iterator[None]:
    """Keeps torch from sharing these small sums out among threads.

    One segment takes 3 ms in one thread; in two it took 150-390 ms on a machine with two busy cores, where every
    operation ends with a wait for the thread that has no processor.
    """
    with _threads:  # the setting is one for the whole process
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _check(features: FloatArray, times: TimeArray, side: str) -> None:
    if features.ndim != 2 or times.shape != (len(features),):
        raise ValueError(f"{side} features must be [N, d] and times [N], got {features.shape} and {times.shape}")


def score_segment(
    query_features: FloatArray,
    query_times_seconds: TimeArray,
    reference_features: FloatArray,
    reference_times_seconds: TimeArray,
    *,
    speed: float,
    search_seconds: float,
    step_seconds: float,
) -> tuple[float, float]:
    """How well two stretches of frames agree in content and order.

    Query times are put on the reference's clock (multiplied by speed); both sides become TMK descriptors, which are
    compared at the offsets 0, +-step, +-2 step ... within the search range. The best one is taken; of offsets that
    score the same within 1e-6, the one nearest to 0. Method: :class:`vdup.temporal.tmk.TMK` with ``feat_freq``, for
    segments of 1-300 s with one or two frames a second.

    Args:
        query_features: float32 [Nq, d]; each frame counts by its length, so scale them to unit length.
        query_times_seconds: float64 [Nq], measured so that ``speed * query time`` is about the reference time of the
            same content (for instance both from the start of the segment).
        reference_features: float32 [Nr, d].
        reference_times_seconds: float64 [Nr].
        speed: reference seconds that pass in one query second.
        search_seconds: largest offset tried, 0 or more.
        step_seconds: distance of the offsets tried.

    Returns:
        Score, -1 to 1: 1 for a segment with itself, near 0 for unrelated content; and the offset c, in seconds, for
        which ``reference time = speed * query time + c`` agrees best. (0, 0) when a side has no frames.

    Raises:
        ValueError: shapes do not fit, times are not finite, or a keyword is out of its range.
    """
    _check(query_features, query_times_seconds, "query")
    _check(reference_features, reference_times_seconds, "reference")
    if query_features.shape[1] != reference_features.shape[1]:
        raise ValueError(f"query features are {query_features.shape[1]} wide, reference {reference_features.shape[1]}")
    if not (math.isfinite(speed) and speed > 0):
        raise ValueError(f"speed must be a finite number above 0, got {speed}")
    if not (math.isfinite(search_seconds) and search_seconds >= 0 and math.isfinite(step_seconds) and step_seconds > 0):
        raise ValueError(f"need search_seconds >= 0 and step_seconds > 0, got {search_seconds} and {step_seconds}")
    if len(query_features) == 0 or len(reference_features) == 0:
        return 0.0, 0.0
    kernel = _kernel()
    # The small allowance keeps 2.0 / 0.1 at 20 steps.
    steps = math.floor(search_seconds / step_seconds + 1e-9)
    offsets = np.arange(-steps, steps + 1) * step_seconds
    with _in_one_thread(), torch.inference_mode():
        query, reference = (
            kernel.single_fv(
                torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))[None],
                torch.from_numpy(np.ascontiguousarray(times, dtype=np.float64))[None],
            )
            for features, times in (
                (query_features, query_times_seconds * speed),
                (reference_features, reference_times_seconds),
            )
        )
        scores = kernel.score_pair(reference, query, torch.from_numpy(offsets)[None])[0].double().numpy()
    near_best = np.flatnonzero(scores >= scores.max() - 1e-6)
    best = near_best[np.argmin(np.abs(offsets[near_best]))]
    return float(np.clip(scores[best], -1.0, 1.0)), float(offsets[best])
