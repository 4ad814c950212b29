"""How well two recordings are brought into step, and what the confidence is worth.

::

    python -m benchmarks.recordings [features=DIR] [pairs=400] [seed=0]

``features`` is a folder of ``python -m vdup.features``, best at 15 frames a second or more; without it events are
drawn: walks through 64 dimensions that jump every few seconds. Recordings are random stretches of an event at five
frames a second, with noise, a view of their own and a speed; every other pair shows two different events.

First table: pairs of one event by noise, which counts in lengths of a feature. Second table: all pairs by confidence,
and the share of them that were right, within half a second in the middle of the overlap. Then the logistic function
that fits best; the one in use is near that for features of real videos.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.recording_cases import NOISE_LEVELS, RIGHT_SECONDS, Event, RecordingPair, draw_pairs, make_event
from vdup.feature_files.read import is_feature_file, read_features
from vdup.temporal.recordings import Alignment, align_recordings

_USAGE = __doc__.split("::")[1].split("\n\n")[1].strip()
_CONFIDENCES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
_DRAWN_EVENTS = 24

Result = tuple[RecordingPair, Alignment | None]


def main() -> None:
    """Prints both tables."""
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    if settings.keys() - {"features", "pairs", "seed"}:
        sys.exit(f"usage: {_USAGE}")
    seed = int(settings.get("seed", 0))
    events = _real_events(Path(settings["features"])) if "features" in settings else _drawn_events(seed)
    started = time.process_time()
    pairs = draw_pairs(events, int(settings.get("pairs", 400)), seed)
    results = [(pair, align_recordings(pair.a, pair.b)) for pair in pairs]
    console = Console(highlight=False)
    console.print(by_noise(results))
    console.print(by_confidence(results))
    even, slope = fitted([rivalry(alignment) for _, alignment in results], [is_right(*result) for result in results])
    console.print(f"confidence that fits best: 1 / (1 + exp({slope:.1f} (rivalry - {even:.3f})))")
    console.print(f"{(time.process_time() - started) / len(results):.2f} s of processor time a pair")


def is_right(pair: RecordingPair, alignment: Alignment | None) -> bool:
    """Whether an alignment is that of the pair."""
    return pair.error_seconds(alignment) <= RIGHT_SECONDS


def rivalry(alignment: Alignment | None) -> float:
    """Rivalry of an alignment, cut off at 2; that is also the value where there is none."""
    return 2.0 if alignment is None else min(alignment.rivalry, 2.0)


def by_noise(results: list[Result]) -> Table:
    """Errors of the pairs of one event."""
    table = Table(
        "noise", "pairs", "within 0.1 s", f"within {RIGHT_SECONDS} s", "median error", "called found", box=None
    )
    for noise in NOISE_LEVELS:
        of_level = [(pair, alignment) for pair, alignment in results if pair.noise == noise]
        if not of_level:
            continue
        errors = np.array([pair.error_seconds(alignment) for pair, alignment in of_level])
        found = np.mean([alignment is not None and alignment.confidence >= 0.5 for _, alignment in of_level])
        shares = [f"{np.mean(errors <= limit):.1%}" for limit in (0.1, RIGHT_SECONDS)]
        table.add_row(f"{noise:g}", f"{len(errors)}", *shares, f"{np.median(errors):.3f} s", f"{found:.1%}")
    return table


def by_confidence(results: list[Result]) -> Table:
    """How often alignments of each confidence are right, over all pairs."""
    table = Table("confidence", "pairs", "mean confidence", "right", box=None)
    confidences = np.array([0.0 if alignment is None else alignment.confidence for _, alignment in results])
    right = np.array([is_right(*result) for result in results])
    for low, high in pairwise(_CONFIDENCES):
        inside = (confidences >= low) & ((confidences < high) | (high == 1.0))
        if inside.any():
            shares = f"{confidences[inside].mean():.3f}", f"{right[inside].mean():.3f}"
            table.add_row(f"{low:g} - {high:g}", f"{inside.sum()}", *shares)
    return table


def fitted(rivalries: list[float], right: list[bool]) -> tuple[float, float]:
    """The logistic function of the highest likelihood, by Newton's method with a weak prior on the slope.

    Returns:
        The rivalry at which it is one half, and its slope.
    """
    inputs = np.stack((np.ones(len(rivalries)), np.array(rivalries) - 0.6), axis=1)
    target = np.array(right, dtype=np.float64)
    weights: NDArray[np.float64] = np.array([0.0, -10.0])
    prior = np.array([0.0, 1e-3])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(inputs @ weights, -50, 50)))
        bend = (inputs * (likely * (1 - likely))[:, None]).T @ inputs + np.diag(prior + 1e-9)
        weights = weights + np.linalg.solve(bend, inputs.T @ (target - likely) - prior * weights)
    return float(0.6 - weights[0] / weights[1]), float(-weights[1])


def _drawn_events(seed: int) -> list[Event]:
    random = np.random.default_rng([seed, 1])
    return [
        make_event(
            seed * 1000 + number,
            seconds=float(random.uniform(12, 60)),
            dimensions=64,
            cut_seconds=float(random.uniform(1.5, 10)),
        )
        for number in range(_DRAWN_EVENTS)
    ]


def _real_events(folder: Path) -> list[Event]:
    events = []
    for path in sorted(path for path in folder.rglob("*") if is_feature_file(path)):
        video = read_features(path)
        times = np.arange(0, video.duration_seconds, 1 / 15)
        rows = np.searchsorted(video.times_seconds, times).clip(0, len(video) - 1)
        events.append(Event(video.features[rows], 15.0))
    return events


if __name__ == "__main__":
    main()
